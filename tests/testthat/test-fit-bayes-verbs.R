# Verbs that Bayesian fits of normal scores and of families share.

trial_by_bayes <- function(...) fit_recovery(score ~ week + (1 | subject), small_trial(), method = method_bayes(...))

events_by_bayes <- function(...) {
  events <- transform(small_trial(), y = c(0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 1, 0, 1))
  fit_recovery(y ~ week + (1 | subject), events, family = binomial(), method = method_bayes(...))
}

test_that("intervals of named or numbered rows are those of all, and others are refused by name", {
  for (fit in list(trial_by_bayes(), events_by_bayes())) {
    all <- confint(fit)
    expect_identical(confint(fit, "week"), all["week", , drop = FALSE])
    expect_identical(confint(fit, 2), all["week", , drop = FALSE])
    expect_error(confint(fit, "wek"), "\"wek\".*Parameters: .*\"week\"", class = "cordgain_invalid_input")
    expect_error(confint(fit, 9), "no such parameter", class = "cordgain_invalid_input")
  }
})

test_that("glance is one row: evidence with its error, engine, nodes and the largest error", {
  for (fit in list(trial_by_bayes(), events_by_bayes())) {
    row <- generics::glance(fit)
    expect_identical(nrow(row), 1L)
    expect_identical(row$nobs, 20L)
    expect_identical(row$sigma, sigma(fit))
    expect_identical(row$log.evidence, c(logLik(fit)))
    expect_identical(row$evidence.error, attr(logLik(fit), "num.error"))
    expect_identical(row$engine, "exact")
    expect_identical(row$nodes, length(fit$result$weight))
    expect_identical(row$num.error, max(tidy(fit)$num.error))
    expect_true(is.na(row$rhat) && is.na(row$divergent))
  }
})

test_that("glance of a sampled fit has the worst of its chains, and no evidence", {
  fit <- trial_by_bayes(engine = "nuts", seed = 1, draws = 100, warmup = 100)
  row <- generics::glance(fit)
  expect_identical(row$engine, "nuts")
  expect_identical(row$nodes, 400L)
  expect_true(is.na(row$log.evidence) && is.na(row$evidence.error))
  table <- tidy(fit)
  expect_equal(row$rhat, max(table$rhat))
  expect_equal(row$ess.bulk, min(table$ess.bulk))
  expect_equal(row$ess.tail, min(table$ess.tail))
  expect_equal(row$divergent, sum(fit$result$divergences))
})

test_that("augment adds fitted values and residuals that sum to the score", {
  fit <- trial_by_bayes()
  rows <- generics::augment(fit)
  expect_equal(rows$.fitted, unname(fitted(fit)))
  expect_equal(rows$.fitted + rows$.resid, rows$score)
  expect_equal(rows$.fixed, unname(predict(fit, re.form = NA)))
  new <- data.frame(week = 3, subject = "a")
  expect_equal(augment(fit, newdata = new)$.fitted, unname(predict(fit, new)))
  noted <- transform(small_trial(), note = seq_len(20))
  expect_identical(augment(fit, noted)$note, 1:20)
  expect_error(augment(fit, noted[1:4, ]), "rows that were fitted", class = "cordgain_invalid_input")
})

test_that("augment counts weights and an offset, and leaves out rows that were left out", {
  trial <- transform(small_trial(), w = rep(1:2, 10), known = 3)
  trial$score[4] <- NA
  fit <- fit_recovery(score ~ week + (1 | subject), trial, weights = w, offset = known, na.action = na.exclude,
    method = "bayes")
  rows <- augment(fit)
  expect_identical(rows$.rownames, as.character(setdiff(1:20, 4)))
  expect_equal(rows$.fitted + rows$.resid, trial$score[-4])
  expect_equal(rows$.fixed, unname(predict(fit, re.form = NA)[-4]))
  expect_identical(rows$.offset, rep(3, 19))
  expect_equal(rows$.wtres, sqrt(trial$w[-4]) * rows$.resid)
})

test_that("augment of a family has means, residuals and Pearson residuals", {
  fit <- events_by_bayes()
  rows <- augment(fit)
  expect_equal(c(rows$.fitted), unname(fitted(fit)))
  expect_equal(rows$.wtres, unname(residuals(fit, "pearson")))
  expect_lt(max(abs(c(rows$.fitted) + rows$.resid - rows$y)), 1e-3) # mean score with and without its quadrature
})

test_that("tests and the bootstrap are refused, with what to use instead", {
  for (fit in list(trial_by_bayes(), events_by_bayes())) {
    error <- expect_error(anova(fit), "likelihood-ratio", class = "cordgain_invalid_input")
    expect_match(conditionMessage(error), "log evidences")
    expect_identical(error$call[[1]], quote(anova)) # the user's call
    error <- expect_error(bootstrap(fit), "bootstrap", class = "cordgain_invalid_input")
    expect_match(conditionMessage(error), "posterior predictive")
  }
})
