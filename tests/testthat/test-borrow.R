control_arm <- function(responders = 1, n = 4, ...) two_of_four(responders, n, role = "control", ...)
one_history <- function() sources_of(32, 187)
borrowed <- function(method, ..., responders = 1, sources = one_history()) {
  borrow(control_arm(responders), sources, method, accept = every_difference, ...)
}
of <- function(x, term = "rate", column = "estimate") {
  rows <- tidy(x)
  rows[[column]][rows$term == term & rows$group != "none"]
}

# Refusal 5.
test_that("without concurrent controls, or with the treated arm, borrowing is refused with the reason", {
  refused <- function(...) expect_error(borrow(..., sources = one_history()), class = "cordgain_no_concurrent_controls")
  refused()
  refused(NULL)
  refused(two_of_four())
  refused(data.frame(responders = 1, n = 4))
  expect_error(borrow(two_of_four(), one_history()), "shrunk away")
  expect_s3_class(rlang::catch_cnd(borrow(two_of_four(), one_history())), "cordgain_error")
})

test_that("power priors agree with the checks", {
  expect_closed(of(borrowed("power", a0 = 0.1)), checks_value("F01"))
  for (case in list(c(1, "F02"), c(3, "N16p3"), c(4, "N16p4"))) {
    x <- borrowed("normalised_power", responders = as.numeric(case[1]))
    expect_integral(of(x, "weight"), checks_value(case[2]))
  }
})

test_that("a normalised power prior agrees with the closed form of the check A22", {
  x <- borrow(control_arm(40, 100), sources_of(40, 100), "normalised_power", accept = every_difference)
  # Printed to eight decimals.
  expect_lt(abs(of(x, "weight") - 0.57181097), 1e-8)
  expect_lt(abs(of(x) - 0.40129618), 1e-8)
  expect_lt(abs(of(x, column = "std.error") - 0.039329841), 1e-8)
})

test_that("the robust predictive prior's weight agrees with the check, and with the conjugate mixture", {
  x <- borrowed("robust_map", sources = natural_rate(prior_beta(8, 56)))
  expect_integral(of(x, "weight"), checks_value("F04"))
  conjugate <- tidy(update(prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1)), 1, 4))
  expect_integral(of(x), sum(conjugate$weight * conjugate$a / (conjugate$a + conjugate$b)))
  limit <- of(x, column = "conf.low")
  expect_integral(sum(conjugate$weight * stats::pbeta(limit, conjugate$a, conjugate$b)), 0.025)
})

test_that("a predictive prior that is a beta is updated as one", {
  x <- borrowed("map", sources = natural_rate(prior_beta(8, 56)))
  expect_integral(of(x), 9 / 68)
  expect_integral(of(x, column = "conf.high"), stats::qbeta(0.975, 9, 59))
})

test_that("SAM, elastic and LEAP weights agree with the checks", {
  expect_closed(of(borrowed("sam", delta = 0.15), "weight"), checks_value("F03"))
  expect_closed(of(borrowed("elastic"), "weight"), checks_value("F09"))
  expect_closed(of(borrowed("leap")), checks_value("F07"))
})

test_that("a commensurate prior by normal approximation agrees with the check; exactly, it is near for large counts", {
  x <- borrowed("commensurate", tau = prior_fixed(0.5))
  expect_closed(of(x, "log_odds_normal"), checks_value("F08"))
  large <- borrow(control_arm(250, 1000), sources_of(3200, 18700), "commensurate", tau = prior_fixed(0.1),
    accept = every_difference)
  # What the normal approximation leaves out: the cubic term n p q (1 - 2 p) = 94 of the controls' log likelihood,
  # 0.16 from its mode, moves the mode by v 94 0.16^2 / 2 = 0.0044 (v = 0.0035); mean of a rate against that of log
  # odds adds 0.001.
  expect_lt(abs(stats::qlogis(of(large)) - of(large, "log_odds_normal")), 6e-3)
})

test_that("a commensurate prior is the posterior of two normal log odds, by a plain double sum", {
  x <- borrowed("commensurate", tau = prior_fixed(0.7))
  grid <- expand.grid(theta = seq(-7, 5, length.out = 601), theta0 = seq(-3.2, -0.2, length.out = 301))
  weight <- stats::dnorm(grid$theta, grid$theta0, 0.7) * stats::dbinom(32, 187, stats::plogis(grid$theta0)) *
    stats::dbinom(1, 4, stats::plogis(grid$theta))
  expect_map(of(x), sum(weight * stats::plogis(grid$theta)) / sum(weight))
})

test_that("weights adapt: agreement keeps the history, conflict lets it go", {
  for (method in c("robust_map", "elastic", "leap", "normalised_power")) {
    weight <- vapply(0:4, \(y) of(borrowed(method, responders = y), "weight"), 0)
    expect_gt(max(weight[1:2]), weight[5])
  }
})

test_that("every method gives a posterior between that of the controls alone and the history's rate, at agreement", {
  x <- borrow(control_arm(1, 4), one_history(), names(borrow_methods()), a0 = 0.5, delta = 0.15,
    tau = prior_half_normal(0.5),
    accept = every_difference)
  rate <- tidy(x)[tidy(x)$term == "rate", ]
  expect_identical(nrow(rate), 9L)
  expect_true(all(rate$estimate[-1] > 0.15 & rate$estimate[-1] < rate$estimate[1]))
  expect_true(all(rate$num.error < 1e-6))
  expect_true(all(of(x, "ess_borrowed") > 0))
  expect_match(paste(capture.output(print(x)), collapse = " "), "controls \\(1 of 4\\)")
  skip_if_not_installed("ggplot2")
  expect_true(draws(plot(x)))
})

test_that("what decides the answer has no default", {
  refused <- function(...) expect_error(borrowed(...), class = "cordgain_invalid_input")
  refused("power")
  refused("sam")
  refused("commensurate")
  refused("commensurate", tau = prior_gamma(1, 1))
  refused("magic")
  refused("power", a0 = 2)
  refused("leap", sources = natural_rate(prior_beta(8, 56)))
  expect_error(borrow(control_arm(c(1, 2)), one_history(), "map", accept = every_difference),
    class = "cordgain_invalid_input")
  expect_error(borrow(control_arm(), one_history(), "map"), class = "cordgain_unmatched")
  expect_error(borrow(control_arm()), class = "cordgain_invalid_input")
})

test_that("an argument that does not exist is refused by name", {
  expect_error(borrow(control_arm(), one_history(), "sam", delat = 0.2), "no argument",
    class = "cordgain_invalid_input")
})

test_that("sources that are NULL are called by their name", {
  error <- invalid(borrow(two_of_four(1, 4, role = "control"), NULL), "`sources` is not given")
  expect_no_match(conditionMessage(error), "`x`")
  expect_identical(error$call[[1]], quote(borrow))
})
