# No change, or a positive change. Expected values: the formula of the density, logistic regression, the beta-binomial.

# Gains of six simulated patients at five visits, 0 to 20 points, half of them none.
gains <- function() {
  data.frame(
    id = rep(1:6, each = 5), week = rep(0:4, 6),
    y = c(0, 0, 2, 9, 3, 0, 0, 0, 6, 0, 3, 14, 5, 19, 8, 0, 0, 0, 0, 0, 0, 9, 0, 2, 13, 0, 1, 0, 0, 7)
  )
}

log_gain <- function(y, eta, a, k, precision) {
  y <- y + 0 * eta # a row for each score where eta has columns
  positive <- plogis(a + k * eta, log.p = TRUE) + log_beta_binomial(pmax(y - 1, 0), 19, plogis(eta), precision)
  ifelse(y == 0, plogis(a + k * eta, lower.tail = FALSE, log.p = TRUE), positive)
}

# par: intercept, week, sd, log precision, a, k
gains_by_hand <- function(d, par) {
  trapezoid_by_hand(d, par, \(y, eta) log_gain(y, eta, par[5], par[6], exp(par[4])))
}

test_that("one probability of change for all rows is their share; the rest is the beta-binomial of those who changed", {
  d <- gains()
  fit <- fit_recovery(y ~ week + (1 | id), d, family = hurdle(20))
  share <- mean(d$y > 0)
  expect_equal(fit$result$extra[["change_intercept"]], qlogis(share), tolerance = 1e-9)
  # the information of a logit is n p (1 - p)
  expect_equal(vcov(fit, full = TRUE)["change_intercept", "change_intercept"], 1 / (30 * share * (1 - share)),
    tolerance = 1e-7)
  changed <- d[d$y > 0, ]
  rest <- fit_recovery(y ~ week + (1 | id), transform(changed, y = y - 1), family = beta_binomial(19))
  expect_equal(fixef(fit), fixef(rest), tolerance = 1e-7)
  expect_equal(c(logLik(fit)), c(logLik(rest)) + 30 * (share * log(share) + (1 - share) * log(1 - share)),
    tolerance = 1e-11)
  expect_output(print(fit), "No change in 1[0-9] of 30 scores")
  expect_identical(attr(logLik(fit), "df"), 5L)
})

test_that("where change goes with its size the likelihood is that of the trapezoidal rule, no point around better", {
  skip_on_cran() # long
  d <- gains()
  fit <- fit_recovery(y ~ week + (1 | id), d, family = hurdle(20, change = "shared"))
  par <- c(fixef(fit), attr(VarCorr(fit)$id, "stddev"), fit$result$extra)
  expect_lt(abs(gains_by_hand(d, par) - c(logLik(fit))), 1e-9)
  for (j in 1:6) for (by in c(-1e-3, 1e-3)) {
    expect_lt(gains_by_hand(d, replace(par, j, par[j] + by)), gains_by_hand(d, par))
  }
  # observed information by differences of the formula: 1e-4
  information <- -optimHess(par, \(p) gains_by_hand(d, p), control = list(ndeps = rep(1e-4, 6)))
  expect_equal(unname(sqrt(diag(vcov(fit, full = TRUE)))), unname(sqrt(diag(solve(information))))[c(1, 2, 4:6)],
    tolerance = 1e-3)
  expect_identical(tidy(fit)$term,
    c("(Intercept)", "week", "log_precision", "change_intercept", "change_slope", "sd__(Intercept)"))
  constant <- fit_recovery(y ~ week + (1 | id), d, family = hurdle(20))
  expect_gt(c(logLik(fit)), c(logLik(constant))) # the constant one is the shared one with a slope of zero
})

test_that("predicted is the mean over all points, its standard error by differences", {
  d <- gains()
  for (change in c("constant", "shared")) {
    fit <- fit_recovery(y ~ week + (1 | id), d, family = hurdle(20, change = change))
    own <- fit$result$extra
    k <- if (change == "shared") own[["change_slope"]] else 0
    mean_at <- \(p) {
      eta <- p[1] + 2 * p[2]
      y <- 0:20
      sum(y * exp(log_gain(y, eta, p[4], if (change == "shared") p[5] else 0, exp(p[3]))))
    }
    par <- c(fixef(fit), own)
    typical <- predict(fit, data.frame(week = 2), re.form = NA, type = "response", se.fit = TRUE)
    expect_equal(unname(typical$fit), mean_at(par), tolerance = 1e-12)
    slope <- vapply(seq_along(par), \(j) {
      h <- replace(numeric(length(par)), j, 1e-5)
      (mean_at(par + h) - mean_at(par - h)) / 2e-5
    }, 0)
    expect_equal(unname(typical$se.fit), sqrt(drop(slope %*% vcov(fit, full = TRUE) %*% slope)), tolerance = 1e-6)
  }
})

test_that("scores off the scale, without zeros or of zeros alone are refused with what to do", {
  d <- gains()
  refused <- \(scores, words) {
    expect_error(fit_recovery(y ~ week + (1 | id), transform(d, y = scores), family = hurdle(20)), words,
      class = "cordgain_invalid_input")
  }
  refused(replace(d$y, 4, 21), "`y` is 21 in row \"4\"")
  refused(replace(d$y, 9, -1), "row \"9\"")
  refused(replace(d$y, 2, 2.5), "row \"2\"")
  refused(pmax(d$y, 1), "zero in no row")
  refused(pmax(d$y, 1), "beta_binomial\\(19\\)")
  refused(0 * d$y, "zero in every row")
  refused(as.character(d$y), "numeric")
  for (size in list(2, 2.5, "a", c(3, 4), Inf)) expect_error(hurdle(size), class = "cordgain_invalid_input")
  expect_error(hurdle(20, change = "none"), class = "cordgain_invalid_input")
})

test_that("gains that vary no more than binomial ones have an infinite precision, named", {
  d <- transform(gains(), y = rep(c(0, 3, 0, 6, 9), 6))
  fit <- fit_recovery(y ~ week + (1 | id), d, family = hurdle(20))
  expect_identical(fit$result$extra[["log_precision"]], Inf)
  expect_output(print(fit), "On the boundary: the precision is infinite")
})

test_that("random trials of three to six patients end in a fit or a classed error", {
  withr::local_seed(20261130)
  ends <- fit_ends(sweep_size(500), \() {
    d <- random_visits()
    eta <- rnorm(1) + rnorm(1, 0, 0.5) * d$week + rnorm(max(d$id))[d$id]
    d$y <- ifelse(runif(nrow(d)) < plogis(rnorm(1) + rnorm(1) * eta), 1 + rbinom(nrow(d), 19, plogis(eta)), 0)
    fit_recovery(y ~ week + (1 | id), d, family = hurdle(20, change = sample(c("constant", "shared"), 1)))
  })
  expect_true(all(ends %in% c("fit", "no maximum", "one level")))
  expect_gt(mean(ends == "fit"), 0.3)
})
