test_that("scaled residuals are whitened by the dense V", {
  trial <- small_trial()[-7, ]
  fit <- fit_recovery(score ~ week + (1 | subject), trial, weights = rep(c(1, 2), length.out = 19))
  v <- VarCorr(fit)$subject[1] * outer(trial$subject, trial$subject, `==`) +
    diag(sigma(fit)^2 / rep(c(1, 2), length.out = 19))
  marginal <- trial$score - cbind(1, trial$week) %*% fixef(fit)
  scaled <- residuals(fit, "scaled")
  # L^-1 (y - X beta) with the lower triangle of the whole V, whose blocks are subjects
  expect_equal(unname(scaled), c(forwardsolve(t(chol(v)), marginal)), tolerance = 1e-9)
  expect_equal(unname(residuals(fit, "marginal")), c(marginal), tolerance = 1e-12)
  # y'Py: the REML estimate makes it the degrees of freedom, here with the profiled residual variance
  expect_equal(sum(scaled^2), 17, tolerance = 1e-9)
})

test_that("scaled residuals of rows out of order are those of their subject", {
  set.seed(60)
  trial <- small_trial()
  mixed <- trial[sample(20), ]
  fit <- fit_recovery(score ~ week + (week | subject), mixed)
  one <- which(mixed$subject == "b")
  d <- VarCorr(fit)$subject[1:2, 1:2]
  z <- cbind(1, mixed$week[one])
  root <- t(chol(z %*% d %*% t(z) + sigma(fit)^2 * diag(5)))
  expect_equal(unname(residuals(fit, "scaled")[one]), forwardsolve(root, unname(residuals(fit, "marginal")[one])),
    tolerance = 1e-8)
})

test_that("scaled residuals of a residual covariance over visits are whitened by it", {
  data <- mixed_data("cov01_orthodont_mmrm_un")
  fit <- fit_recovery(distance ~ age + us(age | Subject), data)
  root <- t(chol(residual_covariances(fit)[[1]]))
  expect_equal(unname(residuals(fit, "scaled")[5:8]), c(forwardsolve(root, residuals(fit, "marginal")[5:8])),
    tolerance = 1e-9)
})

test_that("response residuals have their synonyms, names and places", {
  trial <- small_trial()
  trial$score[4] <- NA
  fit <- fit_recovery(score ~ week + (1 | subject), trial, na.action = na.exclude)
  expect_identical(names(residuals(fit)), as.character(1:20))
  expect_identical(unname(which(is.na(residuals(fit)))), 4L)
  expect_identical(residuals(fit, "deviance"), residuals(fit))
  expect_equal(residuals(fit) + fitted(fit), setNames(trial$score, 1:20))
})

test_that("weights and family are told", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  expect_identical(weights(fit), rep(1, 20))
  expect_identical(weights(update(fit, weights = rep(1:2, 10))), as.double(rep(1:2, 10)))
  expect_identical(family(fit)$link, "identity")
})

test_that("update() changes formula, data and method", {
  trial <- small_trial()
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  expect_identical(formula(update(fit, . ~ . - week)), score ~ (1 | subject))
  expect_equal(fixef(update(fit, . ~ . + I(week^2))),
    fixef(fit_recovery(score ~ week + I(week^2) + (1 | subject), trial)), tolerance = 1e-9)
  expect_identical(update(fit, method = "ml")$method$name, "ml")
  expect_identical(nobs(update(fit, data = trial[1:15, ])), 15L)
  expect_equal(AIC(fit), -2 * c(logLik(fit)) + 2 * 4)
  expect_equal(BIC(fit), -2 * c(logLik(fit)) + log(20) * 4)
})

test_that("arguments of lme4 and nlme that mean something else here are refused, not passed over", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  refused <- \(expr, says) expect_error(expr, says, class = "cordgain_invalid_input")
  refused(confint(fit, conf.level = 0.9), "is `level`")
  refused(predict(fit, interval = "confidence", conf.level = 0.9), "is `level`")
  refused(predict(fit, random.only = TRUE), "re.form")
  refused(simulate(fit, use.u = TRUE), "re.form = NULL")
  refused(fitted(fit, level = 0), "re.form = NA")
  refused(residuals(fit, scaled = TRUE), "pearson")
  refused(residuals(fit, level = 0), "marginal")
  expect_identical(fitted(fit, verbose = FALSE), fitted(fit)) # what other programs hand on
})

test_that("a fit has no picture, and says which there are", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  error <- expect_error(plot(fit), "no picture of its own", class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "plot(natural_curve(fit))", fixed = TRUE)
  error <- expect_error(plot(update(fit, method = "bayes")), class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "as_draws(fit)", fixed = TRUE)
  counts <- fit_recovery(score ~ week + (1 | subject), small_trial(), family = poisson())
  error <- expect_error(plot(counts), "residuals(fit)", fixed = TRUE, class = "cordgain_invalid_input")
  expect_no_match(conditionMessage(error), "natural_curve")
})

test_that("a fit with a covariance over visits is not sent to a natural course; autoplot() refuses as plot() does", {
  fit <- fit_recovery(distance ~ age + ar1(visit | Subject), transform(nlme::Orthodont, visit = factor(age)))
  words <- \(draw) {
    error <- expect_error(draw(fit), "no picture of its own", class = "cordgain_invalid_input")
    conditionMessage(error)
  }
  expect_no_match(words(plot), "natural_curve")
  skip_if_not_installed("ggplot2")
  expect_identical(words(ggplot2::autoplot), words(plot))
  plain <- fit_recovery(distance ~ age + (1 | Subject), nlme::Orthodont)
  expect_error(ggplot2::autoplot(plain), "natural_curve\\(fit\\)", class = "cordgain_invalid_input")
})

test_that("arguments of other verbs and packages are refused by fits of every engine, with what is meant", {
  d <- data.frame(id = rep(1:4, each = 3), week = rep(c(0, 4, 8), 4), n = c(2, 5, 9, 0, 1, 3, 6, 10, 15, 0, 0, 1))
  fits <- list(fit_recovery(n ~ week + (1 | id), d), fit_recovery(n ~ week + (1 | id), d, method = method_bayes(
    tolerance = 0.01)), fit_recovery(n ~ week + (1 | id), d, family = beta_binomial(20)))
  for (fit in fits) {
    expect_error(confint(fit, conf.level = 0.5), "is `level`", class = "cordgain_invalid_input")
    expect_error(predict(fit, conf.level = 0.5), "is `level`", class = "cordgain_invalid_input")
    expect_error(simulate(fit, 1, use.u = TRUE), "re.form = NULL", class = "cordgain_invalid_input")
    expect_error(fitted(fit, level = 0), "re.form = NA", class = "cordgain_invalid_input")
  }
  expect_error(confint(fits[[2]], method = "profile"), "quantiles", class = "cordgain_invalid_input")
  expect_error(residuals(fits[[2]], scaled = TRUE), "pearson", class = "cordgain_invalid_input")
  expect_error(predict(fits[[3]], interval = "confidence"), "method_bayes", class = "cordgain_invalid_input")
  expect_error(predict(fits[[3]], level = 0.5), "se.fit", class = "cordgain_invalid_input")
})
