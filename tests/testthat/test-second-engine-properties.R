# The second engine: its rules of quadrature against R's own, its parts against closed forms.

test_that("a rule of n points is exact for polynomials of degree 2 n - 1, and its weights add up to 2", {
  for (order in c(2, 5, 12, 16)) {
    rule <- legendre_rule(order)
    expect_equal(sum(rule$w), 2, tolerance = 1e-13) # eigenvectors, to rounding
    for (degree in c(2, 2 * order - 2)) {
      expect_equal(sum(rule$w * rule$x^degree), 2 / (degree + 1), tolerance = 1e-12)
    }
    expect_lt(abs(sum(rule$w * rule$x^(2 * order - 1))), 1e-13)
    expect_gt(abs(sum(rule$w * rule$x^(2 * order)) - 2 / (2 * order + 1)), 1e-12)
  }
})

test_that("panels cover their edges and integrate what R integrates", {
  grid <- legendre_panels(c(-2, 0, 1, 4))
  expect_equal(sum(grid$w), 6, tolerance = 1e-13)
  expect_true(all(grid$x > -2 & grid$x < 4))
  f <- \(x) exp(-x^2) * cos(3 * x)
  expect_equal(sum(grid$w * f(grid$x)), stats::integrate(f, -2, 4, rel.tol = 1e-12)$value, tolerance = 1e-11)
})

test_that("the panels of tau hold all of its prior", {
  for (prior in list(prior_half_normal(0.5), prior_half_normal(2), prior_exponential(2), prior_gamma(2, 4),
    prior_uniform(0.1, 0.9))) {
    # Cut at 8 scales, 32 means: what is beyond is below 1e-13.
    expect_equal(sum(exp(tau_nodes(prior)$log_w)), 1, tolerance = 1e-11)
  }
  # Half-t of three degrees: beyond 400 scales lie 2 P(t_3 > 400), which the panels leave out.
  beyond <- 2 * stats::pt(400, 3, lower.tail = FALSE)
  expect_equal(sum(exp(tau_nodes(prior_half_t(3, 0.5))$log_w)), 1 - beyond, tolerance = 1e-9)
  fixed <- tau_nodes(prior_fixed(0.4))
  expect_equal(c(fixed$x, exp(fixed$log_w)), c(0.4, 1), tolerance = 1e-14, ignore_attr = TRUE)
})

test_that("a source's likelihood is the integral over its own log odds, on either road", {
  for (case in list(c(3, 20, -1, 0.1), c(3, 20, -1, 1.5), c(0, 15, -2, 0.8), c(15, 15, 2, 0.8), c(40, 90, 0, 0.02),
    c(40, 90, 0.3, 2))) {
    kernel <- \(t) exp(log_binomial(t, case[1], case[2])) * stats::dnorm(t, case[3], case[4])
    # Around the peak of the product, twelve SDs of the normal: the rest is below e^-70 of it.
    naive <- stats::integrate(kernel, case[3] - 12 * case[4], case[3] + 12 * case[4], rel.tol = 1e-11,
      abs.tol = 0, subdivisions = 2000L)$value
    expect_equal(source_log_likelihood(case[1], case[2], case[3], case[4]), log(naive), tolerance = 1e-9)
  }
})

test_that("both roads to a source's likelihood agree where both are fine", {
  mu <- c(-3, -1, 0.5)
  sd <- 1 / sqrt(8 * (1 - 8 / 30))
  expect_equal(by_deviation(8, 30, mu, 0.6), by_log_odds(8, 30, mu, 0.6, sd), tolerance = 1e-9)
})

test_that("events and non-events changed over mirror the likelihood", {
  mu <- c(-2, 0, 1)
  for (tau in c(0.2, 1.2)) {
    expect_equal(source_log_likelihood(7, 25, mu, tau), source_log_likelihood(18, 25, -mu, tau), tolerance = 1e-10)
  }
})

test_that("a prior of the rate: the mean of a beta, a normal and a known rate", {
  mean_rate <- \(natural) second_expectation(second_nodes(second_components(natural)), stats::plogis)
  expect_equal(mean_rate(natural_rate(prior_beta(5, 20))), 0.2, tolerance = 1e-9)
  expect_equal(mean_rate(natural_rate(prior_mixture(c(0.3, 0.7), prior_beta(5, 20), prior_beta(1, 1)))), 0.41,
    tolerance = 1e-8)
  expect_equal(mean_rate(natural_rate(0.17)), 0.17, tolerance = 1e-14)
  spread <- stats::integrate(\(z) stats::plogis(stats::qlogis(0.17) + 0.6 * z) * stats::dnorm(z), -9, 9,
    rel.tol = 1e-11)$value
  expect_equal(mean_rate(natural_rate(0.17, shared_sd = 0.6)), spread, tolerance = 1e-9)
})

test_that("the treatment model is its integral over the effect", {
  skip_on_cran() # long
  model <- second_effect(2, 4, prior_normal(0, 1))
  for (theta in c(-3, -1.2, 0, 2)) {
    kernel <- \(d) stats::dnorm(d) * stats::dbinom(2, 4, stats::plogis(theta + d))
    # Splines of step 0.04 between nodes: an error of about 1e-8.
    expect_equal(model$one(theta), stats::integrate(kernel, -9, 9, rel.tol = 1e-10)$value, tolerance = 1e-7)
    expect_equal(model$benefit(theta), stats::integrate(kernel, 0, 9, rel.tol = 1e-10)$value, tolerance = 1e-7)
    expect_equal(model$delta(theta), stats::integrate(\(d) d * kernel(d), -9, 9, rel.tol = 1e-10)$value,
      tolerance = 1e-6)
  }
  # All outcomes together: the prior itself.
  total <- Reduce(`+`, lapply(0:4, \(y) second_effect(y, 4, prior_normal(0, 1))$one(0.3)))
  expect_equal(total, 1, tolerance = 1e-7)
})
