test_that("Gauss-Legendre panels integrate polynomials of degree 2 n - 1", {
  rule <- legendre_rule(5)
  expect_equal(sum(rule$w * rule$x^8), 2 / 9, tolerance = 1e-13)
  grid <- legendre_panels(c(0, 1, 3), 6)
  expect_equal(sum(grid$w * grid$x^7), 3^8 / 8, tolerance = 1e-13)
})

test_that("one source's likelihood is the integral over its own log odds, narrow and wide", {
  for (tau in c(0.01, 0.5, 3)) {
    naive <- stats::integrate(\(t) stats::dbinom(3, 53, stats::plogis(t)) * stats::dnorm(t, -2, tau), -2 - 9 * tau,
      -2 + 9 * tau, rel.tol = 1e-11, subdivisions = 2000L)$value
    expect_lt(abs(source_log_likelihood(3, 53, -2, tau) + lchoose(53, 3) - log(naive)), 1e-9)
  }
})

test_that("log densities of priors are those of R", {
  x <- c(0.1, 0.7)
  mixture <- prior_mixture(c(0.3, 0.7), prior_half_normal(1), prior_half_normal(2))
  expect_equal(log_prior_density(mixture, x), log(0.6 * stats::dnorm(x) + 1.4 * stats::dnorm(x, 0, 2)),
    tolerance = 1e-14)
  expect_equal(log_prior_density(prior_gamma(2, 3), x), stats::dgamma(x, 2, 3, log = TRUE), tolerance = 1e-14)
  expect_equal(log_prior_density(prior_t(3, 1, 2), x), log(stats::dt((x - 1) / 2, 3) / 2), tolerance = 1e-14)
})

test_that("components hold all the mass, and their mean is that of the prior", {
  beta <- second_nodes(second_components(natural_rate(prior_beta(8, 56))))
  expect_equal(sum(beta$weight), 1, tolerance = 1e-9)
  expect_equal(second_expectation(beta, stats::plogis), 8 / 64, tolerance = 1e-9)
  skew <- second_nodes(second_components(natural_rate(prior_beta(0.5, 0.5))))
  expect_equal(second_expectation(skew, \(t) stats::plogis(t)^2), 3 / 8, tolerance = 1e-8)
  known <- second_nodes(second_components(natural_rate(0.2)))
  expect_equal(second_expectation(known, stats::plogis), 0.2, tolerance = 1e-14)
})

test_that("the treatment model is the integral over the effect", {
  f <- second_effect(2, 4, prior_normal(0, 1))
  for (theta in c(-6, -2.1, 0.3)) {
    naive <- \(from, g) stats::integrate(\(d) stats::dnorm(d) * g(d) * stats::dbinom(2, 4, stats::plogis(theta + d)),
      from,
      9, rel.tol = 1e-11)$value
    # Cubic splines on a grid of 0.04: error below 0.04^4 / 384 times the fourth derivative, below 1e-8.
    expect_lt(abs(f$one(theta) - naive(-9, \(d) 1)), 1e-8)
    expect_lt(abs(f$benefit(theta) - naive(0, \(d) 1)), 1e-8)
    expect_lt(abs(f$delta(theta) - naive(-9, identity)), 1e-8)
  }
})

test_that("natural responders under comonotone outcomes are the integral over the effect", {
  for (y in c(0, 1, 4)) {
    f <- second_effect(y, 4, prior_normal(0.3, 1.5))
    for (theta in c(-5, -2, 1)) {
      # Of responders p0 / p1 would have responded anyway; where the treated rate is the lower one, all of them would,
      # and (p0 - p1) / (1 - p1) of the others.
      natural <- \(d) {
        p0 <- stats::plogis(theta)
        p1 <- stats::plogis(theta + d)
        count <- ifelse(d > 0, y * p0 / p1, y + (4 - y) * (p0 - p1) / (1 - p1))
        stats::dnorm(d, 0.3, 1.5) * stats::dbinom(y, 4, p1) * count
      }
      naive <- stats::integrate(natural, -14, 0, rel.tol = 1e-11)$value +
        stats::integrate(natural, 0, 14, rel.tol = 1e-11)$value
      expect_lt(abs(f$natural(theta) - naive), 1e-8) # splines, as above
    }
  }
})
