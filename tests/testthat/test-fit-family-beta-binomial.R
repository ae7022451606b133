# Scores of 0 to k points. Expected values: the certified cbpp case, the formula of the density, the binomial limit.

# Six simulated patients at five visits, points out of ten.
ten_points <- function() {
  data.frame(
    id = rep(1:6, each = 5), week = rep(0:4, 6),
    y = c(1, 3, 2, 7, 5, 4, 4, 9, 6, 10, 0, 1, 0, 3, 1, 2, 8, 5, 3, 7, 6, 10, 8, 9, 4, 0, 2, 1, 0, 5)
  )
}

points_by_hand <- function(d, par, n = 10) {
  trapezoid_by_hand(d, par, \(y, eta) log_beta_binomial(y, n, plogis(eta), exp(par[4])))
}

test_that("cbpp is the certified optimum, exact and by Laplace", {
  case <- mixed_case("tmb03_cbpp_betabinomial")
  d <- mixed_data("tmb03_cbpp_betabinomial", c("period", "herd"))
  formula <- cbind(incidence, size - incidence) ~ period + (1 | herd)
  fit <- fit_recovery(formula, d, family = beta_binomial())
  truth <- case$certified_exact
  # the file's search stopped at a standard deviation of 2e-5, where the likelihood is 2e-10 lower than at zero
  expect_lt(abs(c(logLik(fit)) - truth$logLik), 1e-9)
  expect_gt(c(logLik(fit)), truth$logLik - 1e-11)
  expect_certified(fixef(fit), truth$par[1:4], 1e-8)
  expect_certified(fit$result$extra, truth$par$extra, 1e-8)
  expect_certified(sqrt(diag(vcov(fit, full = TRUE))), truth$se[c(1:4, 6)], 1e-7)
  expect_identical(c(VarCorr(fit)$herd), 0)
  expect_true(isSingular(fit))
  laplace <- fit_recovery(formula, d, family = beta_binomial(), method = method_ml(nodes = 1))
  polished <- case$laplace_polished
  expect_lt(abs(c(logLik(laplace)) - polished$logLik), 1e-8)
  expect_certified(c(fixef(laplace), laplace$result$extra), polished$par_internal[1:5], 1e-7)
  # second differences of the value
  expect_certified(sqrt(diag(vcov(laplace, full = TRUE))), polished$se_internal[1:5], 2e-6)
})

test_that("a small trial has the likelihood of the trapezoidal rule, and no point around is better", {
  skip_on_cran() # long
  d <- ten_points()
  fit <- fit_recovery(y ~ week + (1 | id), d, family = beta_binomial(10))
  par <- c(fixef(fit), attr(VarCorr(fit)$id, "stddev"), fit$result$extra)
  expect_lt(abs(points_by_hand(d, par) - c(logLik(fit))), 1e-9)
  for (j in 1:4) for (by in c(-1e-3, 1e-3)) {
    expect_lt(points_by_hand(d, replace(par, j, par[j] + by)), points_by_hand(d, par))
  }
  # observed information by differences of the formula: 1e-5
  information <- -optimHess(par, \(p) points_by_hand(d, p), control = list(ndeps = rep(1e-4, 4)))
  expect_equal(unname(sqrt(diag(vcov(fit, full = TRUE)))), unname(sqrt(diag(solve(information))))[c(1, 2, 4)],
    tolerance = 1e-4)
  expect_identical(tidy(fit)$term, c("(Intercept)", "week", "log_precision", "sd__(Intercept)"))
  expect_output(print(fit), "Logarithm of the precision")
  expect_identical(attr(logLik(fit), "df"), 4L)
  expect_identical(sigma(fit), 1)
})

test_that("scores that vary no more than binomial ones are fitted as these: the precision is infinite, and named", {
  d <- transform(ten_points(), y = rep(c(2, 3, 5, 6, 8), 6))
  fit <- fit_recovery(y ~ week + (1 | id), d, family = beta_binomial(10))
  binomial_fit <- fit_recovery(cbind(y, 10 - y) ~ week + (1 | id), d, family = binomial())
  expect_identical(fit$result$extra[["log_precision"]], Inf)
  expect_equal(c(logLik(fit)), c(logLik(binomial_fit)), tolerance = 1e-12)
  expect_equal(fixef(fit), fixef(binomial_fit), tolerance = 1e-9)
  expect_equal(vcov(fit), vcov(binomial_fit), tolerance = 1e-8)
  expect_output(print(fit), "On the boundary: the precision is infinite")
  own <- tidy(fit, effects = "family")
  expect_true(is.na(own$std.error) && own$num.error == 0)
  expect_equal(fitted(fit), 10 * fitted(binomial_fit), tolerance = 1e-9)
})

test_that("a highest score and points missed are one; points counted as missed turn the signs", {
  d <- ten_points()
  fit <- fit_recovery(y ~ week + (1 | id), d, family = beta_binomial(10))
  pairs <- fit_recovery(cbind(y, 10 - y) ~ week + (1 | id), d, family = beta_binomial)
  expect_equal(fixef(pairs), fixef(fit), tolerance = 1e-12)
  missed <- fit_recovery(10 - y ~ week + (1 | id), d[30:1, ], family = beta_binomial(10))
  expect_equal(fixef(missed), -fixef(fit), tolerance = 1e-7)
  expect_equal(missed$result$extra, fit$result$extra, tolerance = 1e-7)
  expect_equal(c(logLik(missed)), c(logLik(fit)), tolerance = 1e-11)
})

test_that("predicted are the mean score, or without a highest one the probability of a point", {
  d <- ten_points()
  fit <- fit_recovery(y ~ week + (1 | id), d, family = beta_binomial(10))
  eta <- fixef(fit)[[1]] + 2 * fixef(fit)[[2]]
  typical <- predict(fit, data.frame(week = 2), re.form = NA, type = "response", se.fit = TRUE)
  expect_equal(unname(typical$fit), 10 * plogis(eta), tolerance = 1e-12)
  at <- c(1, 2)
  expect_equal(unname(typical$se.fit), 10 * dlogis(eta) * sqrt(drop(at %*% vcov(fit) %*% at)), tolerance = 1e-12)
  pairs <- fit_recovery(cbind(y, 10 - y) ~ week + (1 | id), d, family = beta_binomial())
  expect_equal(10 * fitted(pairs), fitted(fit), tolerance = 1e-9)
})

test_that("scores off the scale are named with their row, single trials refused", {
  d <- ten_points()
  refused <- \(scores, words, size = 10) {
    expect_error(fit_recovery(y ~ week + (1 | id), transform(d, y = scores), family = beta_binomial(size)), words,
      class = "cordgain_invalid_input")
  }
  refused(replace(d$y, 4, 11), "`y` is 11 in row \"4\"")
  refused(replace(d$y, 9, -1), "row \"9\"")
  refused(replace(d$y, 2, 2.5), "row \"2\"")
  refused(as.character(d$y), "numeric")
  refused(d$y, "cbind\\(points, points missed\\)", NULL)
  expect_error(fit_recovery(cbind(y > 3, y <= 3) + 0 ~ week + (1 | id), d, family = beta_binomial()), "One trial",
    class = "cordgain_invalid_input")
  expect_error(fit_recovery(cbind(y, 10.5 - y) ~ week + (1 | id), d, family = beta_binomial()), "row \"1\"",
    class = "cordgain_invalid_input")
  for (size in list(1, 2.5, "a", c(3, 4), Inf)) {
    expect_error(beta_binomial(size), class = "cordgain_invalid_input")
  }
})

test_that("scores at the ends alone have no finite precision below, an error that names it", {
  d <- transform(ten_points(), y = 10 * (y > 3))
  e <- expect_error(fit_recovery(y ~ week + (1 | id), d, family = beta_binomial(10)),
    class = "cordgain_numerical_error")
  expect_match(conditionMessage(e), "log_precision")
})

test_that("random trials of three to six patients end in a fit or a classed error", {
  withr::local_seed(20261129)
  ends <- fit_ends(sweep_size(1000), \() {
    d <- random_visits()
    mu <- plogis(rnorm(1) + rnorm(1, 0, 0.5) * d$week + rnorm(max(d$id))[d$id])
    precision <- exp(rnorm(1, 1, 1.5))
    d$y <- rbinom(nrow(d), 20, rbeta(nrow(d), mu * precision, (1 - mu) * precision))
    fit_recovery(y ~ week + (1 | id), d, family = beta_binomial(20))
  })
  expect_true(all(ends %in% c("fit", "no maximum")))
  expect_gt(mean(ends == "fit"), 0.5)
})
