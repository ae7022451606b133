trial <- small_trial()

test_that("the print names method, formula, rows, variances, effects and the certificate", {
  printed <- capture.output(print(fit_recovery(score ~ week + (1 | subject), trial)))
  for (words in c(
    "REML", "score ~ week", "20 rows, 4 of subject", "Residual", "\\(Intercept\\)", "Newton decrement", "starts agree"
  )) {
    expect_true(any(grepl(words, printed)), label = words)
  }
})

test_that("a correlation of one is named as a boundary, not as a failure", {
  fit <- fit_recovery(score ~ week + (week | subject), trial)
  expect_true(isSingular(fit))
  expect_output(print(fit), "On the boundary: .* vary in 1 direction only")
  expect_gte(min(fit$result$certificate$bound_score), 0)
})

test_that("a word or an object names the method, other words are refused", {
  expect_equal(
    deviance(fit_recovery(score ~ week + (1 | subject), trial, method = "ml")),
    deviance(fit_recovery(score ~ week + (1 | subject), trial, method = method_ml()))
  )
  expect_error(fit_recovery(score ~ week + (1 | subject), trial, method = "gls"), class = "cordgain_invalid_input")
})

test_that("families that are not there are refused", {
  expect_error(
    fit_recovery(score ~ week + (1 | subject), trial, family = stats::poisson()), class = "cordgain_invalid_input"
  )
  expect_error(
    fit_recovery(score ~ week + (1 | subject), trial, family = stats::gaussian("log")),
    class = "cordgain_invalid_input"
  )
  expect_error(fit_recovery(score ~ week + (1 | subject), as.list(trial)), class = "cordgain_invalid_input")
})

test_that("scores fitted exactly have no variance to estimate", {
  expect_error(
    fit_recovery(score ~ week + (1 | subject), transform(trial, score = 3)), "exactly",
    class = "cordgain_invalid_input"
  )
  expect_error(
    fit_recovery(score ~ week + (1 | subject), transform(trial, score = 2 * week)), class = "cordgain_invalid_input"
  )
})

test_that("subjects whose scores all lie on their own lines leave no residual variance", {
  lines <- transform(
    trial, score = c(1, 2, 3, 4)[match(subject, letters)] * week + c(0, 2, 1, 5)[match(subject, letters)]
  )
  expect_error(
    fit_recovery(score ~ week + (week | subject), lines), "has no maximum", class = "cordgain_numerical_error"
  )
})

test_that("scores that are almost on lines are not said to have no maximum", {
  # [X Z] does not span these scores, so the likelihood is bounded: a fit, or an error that claims no more
  lines <- transform(trial, score = c(1, 2, 3, 4)[match(subject, letters)] * week)
  for (off in c(1e-1, 1e-3, 1e-5, 1e-7)) {
    near <- transform(lines, score = score + off * sin(seq_along(score)^2))
    said <- tryCatch(
      paste(capture.output(print(fit_recovery(score ~ week + (week | subject), near))), collapse = " "),
      cordgain_numerical_error = conditionMessage
    )
    expect_no_match(said, "has no maximum")
    expect_match(said, "Certified optimum|NOT CONVERGED|No maximum of the likelihood was found from")
  }
})

test_that("a model without random effects is a linear model", {
  fit <- fit_recovery(score ~ week, trial)
  lm <- stats::lm(score ~ week, trial)
  expect_equal(fixef(fit), coef(lm), tolerance = 1e-12)
  expect_equal(sigma(fit), sigma(lm), tolerance = 1e-12)
  expect_equal(as.numeric(logLik(fit)), as.numeric(logLik(lm, REML = TRUE)), tolerance = 1e-12)
  expect_equal(summary(fit)$coefficients[, "Pr(>|t|)"], summary(lm)$coefficients[, "Pr(>|t|)"], tolerance = 1e-9)
})

test_that("update() fits anew with another formula or method", {
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  expect_equal(
    deviance(update(fit, method = "ml")), deviance(fit_recovery(score ~ week + (1 | subject), trial, method = "ml"))
  )
})

test_that("the verbs mean what they mean for lme4", {
  skip_if_not_installed("lme4")
  ours <- fit_recovery(score ~ week + (1 | subject), trial)
  theirs <- lme4::lmer(score ~ week + (1 | subject), trial)
  near <- 1e-4 # lme4 stops early
  expect_equal(fixef(ours), lme4::fixef(theirs), tolerance = near)
  expect_equal(sigma(ours), sigma(theirs), tolerance = near)
  expect_equal(as.matrix(vcov(ours)), as.matrix(vcov(theirs)), tolerance = near)
  expect_equal(c(logLik(ours)), c(logLik(theirs)), tolerance = 1e-7)
  expect_equal(AIC(ours), AIC(theirs), tolerance = 1e-7)
  expect_equal(BIC(ours), BIC(theirs), tolerance = 1e-7)
  expect_equal(nobs(ours), nobs(theirs))
  expect_equal(df.residual(ours), df.residual(theirs))
  expect_equal(unname(fitted(ours)), unname(fitted(theirs)), tolerance = near)
  expect_equal(unname(residuals(ours)), unname(residuals(theirs)), tolerance = 1e-3)
  expect_equal(
    unname(residuals(ours, "pearson")), unname(residuals(theirs, "pearson", scaled = TRUE)), tolerance = 1e-3
  )
  expect_equal(ranef(ours)$subject[[1]], lme4::ranef(theirs)$subject[[1]], tolerance = 1e-3)
  expect_equal(attr(ranef(ours)$subject, "postVar"), attr(lme4::ranef(theirs)$subject, "postVar"), tolerance = 1e-3)
  expect_equal(coef(ours)$subject$week, coef(theirs)$subject$week, tolerance = near)
})

test_that("complete data are taken as they are, and an action of one's own on missing values is asked all the same", {
  trial <- small_trial()
  asked <- 0
  mine <- function(object, ...) {
    asked <<- asked + 1
    stats::na.omit(object, ...)
  }
  own <- fit_recovery(score ~ week + (1 | subject), trial, na.action = mine)
  expect_gte(asked, 1)
  plain <- fit_recovery(score ~ week + (1 | subject), trial, na.action = "na.omit")
  expect_identical(own$result, plain$result)
  expect_identical(names(plain$frame), names(own$frame))
})

test_that("a level that no row has is dropped with and without missing values", {
  trial <- small_trial()
  trial$arm <- factor(rep(c("a", "b"), each = 10), levels = c("a", "b", "never"))
  expect_identical(names(fixef(fit_recovery(score ~ arm + (1 | subject), trial))), c("(Intercept)", "armb"))
  trial$score[3] <- NA
  expect_identical(names(fixef(fit_recovery(score ~ arm + (1 | subject), trial))), c("(Intercept)", "armb"))
})

test_that("a missing value that an action lets pass is refused by name", {
  trial <- small_trial()
  trial$week[4] <- NA
  expect_error(fit_recovery(score ~ week + (1 | subject), trial, na.action = na.pass), "week.*NA.*4",
    class = "cordgain_invalid_input")
  trial <- small_trial()
  trial$subject <- as.character(trial$subject)
  trial$subject[4] <- NA
  expect_error(fit_recovery(score ~ week + (1 | subject), trial, na.action = na.pass), "subject.*4",
    class = "cordgain_invalid_input")
})
