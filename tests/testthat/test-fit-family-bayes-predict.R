# Predictions of Bayesian fits of families, by brute-force quadrature and against the closed forms of normal scores.

few <- data.frame(id = rep(1:3, each = 3), y = c(0, 1, 1, 0, 0, 0, 1, 0, 1), week = rep(0:2, 3))

# Intercept N(0, 1.5), effects N(0, 1): a lattice over intercept and effect, nothing of ours in it.
by_brute_force <- function() {
  a <- seq(-8, 8, 0.04)
  u <- seq(-7, 7, 0.05)
  p <- plogis(outer(a, u, `+`))
  du <- dnorm(u) / sum(dnorm(u))
  events <- c(2, 0, 2)
  each <- lapply(events, \(s) sweep(p^s * (1 - p)^(3 - s), 2, du, `*`))
  weight <- dnorm(a, 0, 1.5) * Reduce(`*`, lapply(each, rowSums))
  weight <- weight / sum(weight)
  list(a = a, p = p, du = du, weight = weight,
    known = lapply(each, \(e) e / rowSums(e) * weight), new = outer(weight, du))
}

quantile_of <- function(value, weight, prob) {
  by <- order(value)
  value[by][findInterval(prob, cumsum(weight[by])) + 1L]
}

few_fit <- function() {
  fit_recovery(y ~ 1 + (1 | id), few, family = binomial(),
    method = method_bayes(priors(fixed = list(`(Intercept)` = prior_normal(0, 1.5)), sd = prior_fixed(1)), 1e-4))
}

test_that("courses of patients, of a typical and of a new one are those of brute force", {
  fit <- few_fit()
  exact <- by_brute_force()
  ours <- predict(fit, type = "response", interval = "confidence", se.fit = TRUE, nodes = 1e4)
  for (i in 1:3) {
    w <- exact$known[[i]]
    mean <- sum(w * exact$p)
    expect_equal(ours$fit[[3 * i, "fit"]], mean, tolerance = 1e-4)
    expect_equal(ours$se.fit[[3 * i]], sqrt(sum(w * (exact$p - mean)^2)), tolerance = 1e-3)
    expect_equal(ours$fit[[3 * i, "lwr"]], quantile_of(exact$p, w, 0.025), tolerance = 0.02)
    expect_equal(ours$fit[[3 * i, "upr"]], quantile_of(exact$p, w, 0.975), tolerance = 0.02)
  }
  expect_identical(fitted(fit), predict(fit, type = "response"))
  one <- data.frame(week = 0)
  typical <- plogis(exact$a)
  expect_equal(predict(fit, one, re.form = NA, type = "response")[[1]], sum(exact$weight * typical), tolerance = 1e-4)
  all <- drop(exact$p %*% exact$du)
  average <- predict(fit, one, re.form = NA, type = "response", average = TRUE, se.fit = TRUE)
  expect_equal(average$fit[[1]], sum(exact$weight * all), tolerance = 1e-4)
  expect_equal(average$se.fit[[1]], sqrt(sum(exact$weight * (all - sum(exact$weight * all))^2)), tolerance = 1e-3)
  # a patient who was not fitted
  other <- data.frame(id = 9, week = 0)
  expect_equal(predict(fit, other, type = "response", allow.new.levels = TRUE)[[1]],
    predict(fit, one, re.form = NA, type = "response")[[1]])
  expect_error(predict(fit, other), "9", class = "cordgain_invalid_input")
})

test_that("linear predictors rest on the posterior means of all nodes", {
  fit <- few_fit()
  link <- predict(fit, interval = "confidence")
  expect_equal(unname(link[c(1, 4, 7), "fit"]), fixef(fit)[[1]] + ranef(fit)$id[[1]])
  expect_true(all(link[, "lwr"] < link[, "fit"] & link[, "fit"] < link[, "upr"]))
  expect_error(predict(fit, type = "class"), "levels", class = "cordgain_invalid_input")
})

test_that("residuals are those of each score's posterior predictive distribution", {
  fit <- few_fit()
  exact <- by_brute_force()
  p <- vapply(exact$known, \(w) sum(w * exact$p), 0)[few$id]
  expect_equal(unname(residuals(fit)), few$y - p, tolerance = 1e-4)
  expect_equal(unname(residuals(fit, "pearson")), (few$y - p) / sqrt(p * (1 - p)), tolerance = 1e-4)
  v <- with_stream(7, runif(9))
  expect_equal(unname(residuals(fit, "quantile", seed = 7)),
    qnorm(ifelse(few$y == 1, 1 - p + v * p, v * (1 - p))), tolerance = 1e-3)
  new <- sum(exact$new * exact$p)
  expect_equal(unname(residuals(fit, re.form = NA)), few$y - new, tolerance = 1e-4)
})

test_that("a censored score without ends is a normal one: predictions by closed forms agree", {
  skip_on_cran() # long
  d <- data.frame(id = rep(1:4, each = 3), week = rep(c(0, 2, 6), 4), y = c(3, 5, 9, 2, 4, 5, 6, 9, 14, 4, 6, 7))
  known <- priors(fixed = list(`(Intercept)` = prior_normal(4, 3), week = prior_normal(1, 1)),
    sd = prior_half_normal(2), sigma = prior_half_normal(2))
  ours <- fit_recovery(y ~ week + (1 | id), d, family = censored(), method = method_bayes(known, tolerance = 1e-3))
  normal <- fit_recovery(y ~ week + (1 | id), d, method = method_bayes(known))
  new <- data.frame(week = c(1, 8), id = c(2, 3))
  for (kind in c("confidence", "prediction")) {
    for (form in list(NULL, NA)) {
      a <- predict(ours, new, re.form = form, interval = kind, se.fit = TRUE, nodes = 2e4)
      b <- predict(normal, new, re.form = form, interval = kind, se.fit = TRUE)
      # means of scores, and limits, to two hundredths of a posterior standard deviation
      expect_lt(max(abs(a$fit - b$fit) / b$se.fit), 0.02)
      expect_equal(a$se.fit, b$se.fit, tolerance = 0.01)
    }
  }
  bounded <- fit_recovery(y ~ week + (1 | id), d, family = censored(2, 14), method = method_bayes(known))
  limits <- predict(bounded, data.frame(week = c(-5, 30)), re.form = NA, interval = "prediction", nodes = 200)
  expect_identical(unname(c(limits[1, "lwr"], limits[2, "upr"])), c(2, 14))
})

test_that("limits of scores are the smallest with their probability at or below them", {
  skip_on_cran() # long
  d <- data.frame(id = rep(1:4, each = 3), n = c(3, 0, 9, 2, 4, 5, 6, 9, 8, 4, 6, 7))
  for (family in list(poisson(), beta_binomial(10), hurdle(10))) {
    fit <- fit_recovery(n ~ 1 + (1 | id), d, family = family, method = "bayes")
    row <- data.frame(id = 2)
    ours <- predict(fit, row, interval = "prediction", nodes = 300)
    rows <- prediction_rows(fit, row, TRUE, TRUE, FALSE, FALSE, NULL, NULL)
    parts <- posterior_parts(fit, rows, 300)
    reached <- \(y) {
      law <- predictive_law(fit$result$family, parts, cbind(y, 10))
      law$below + law$equal
    }
    for (side in c("lwr", "upr")) {
      p <- c(lwr = 0.025, upr = 0.975)[[side]]
      expect_gte(reached(ours[[1, side]]), p - 1e-9)
      if (ours[[1, side]] > 0) expect_lt(reached(ours[[1, side]] - 1), p)
    }
  }
})

test_that("levels have probabilities that add up to one, intervals and a most probable one", {
  skip_on_cran() # long
  d <- data.frame(id = rep(1:4, each = 3), week = rep(0:2, 4),
    ais = ordered(strsplit("AABABCAABBCC", "")[[1]], levels = LETTERS[1:4]))
  fit <- fit_recovery(ais ~ week + (1 | id), d, family = cumulative(), method = method_bayes(engine = "nuts", seed = 1,
    draws = 200, warmup = 200))
  prob <- predict(fit, type = "prob", nodes = 200)
  expect_identical(dim(prob), c(12L, 4L))
  expect_equal(unname(rowSums(prob)), rep(1, 12))
  all <- predict(fit, type = "prob", interval = "confidence", nodes = 200, se.fit = TRUE)
  expect_identical(dimnames(all$fit)[2:3], list(LETTERS[1:4], c("fit", "lwr", "upr")))
  expect_equal(all$fit[, , "fit"], prob)
  expect_true(all(all$fit[, , "lwr"] <= prob & prob <= all$fit[, , "upr"]))
  expect_identical(as.character(predict(fit, type = "class", nodes = 200)), LETTERS[unname(apply(prob, 1, which.max))])
  expect_error(predict(fit, type = "class", se.fit = TRUE), "prob", class = "cordgain_invalid_input")
  score <- predict(fit, interval = "prediction", nodes = 200)
  expect_true(all(score[, c("lwr", "upr")] %in% 1:4))
  expect_equal(score[, "fit"], drop(prob %*% 1:4), tolerance = 1e-6)
})

test_that("missing rows stay where na.exclude left them, and new rows where they lack values", {
  d <- rbind(few, data.frame(id = 3, y = NA, week = 1))
  fit <- fit_recovery(y ~ week + (1 | id), d, family = binomial(), method = "bayes", na.action = na.exclude)
  expect_identical(unname(is.na(fitted(fit))), rep(c(FALSE, TRUE), c(9, 1)))
  expect_length(residuals(fit, nodes = 100), 10)
  new <- predict(fit, data.frame(week = c(1, NA), id = 1), nodes = 100)
  expect_identical(unname(is.na(new)), c(FALSE, TRUE))
})

test_that("no rows, or none that is complete, have as many predictions", {
  fit <- fit_recovery(y ~ week + (1 | id), few, family = binomial(), method = "bayes")
  none <- data.frame(week = numeric(), id = integer())
  unknown <- data.frame(week = NA_real_, id = 1L)
  for (type in c("link", "response")) {
    expect_identical(length(predict(fit, none, type = type, nodes = 100)), 0L)
    expect_identical(unname(predict(fit, unknown, type = type, nodes = 100)), NA_real_)
    for (interval in c("confidence", "prediction")) {
      shape <- \(new) dim(predict(fit, new, type = type, interval = interval, nodes = 100))
      expect_identical(shape(none), c(0L, 3L))
      expect_identical(shape(unknown), c(1L, 3L))
    }
  }
  expect_identical(dim(simulate(fit, 2, seed = 1, newdata = none)), c(0L, 2L))
})
