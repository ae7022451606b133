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

test_that("components hold all the mass, and their mean is that of the prior", {
  beta <- second_nodes(second_components(natural_rate(prior_beta(8, 56))))
  expect_equal(sum(beta$weight), 1, tolerance = 1e-9)
  expect_equal(second_expectation(beta, stats::plogis), 8 / 64, tolerance = 1e-9)
  skew <- second_nodes(second_components(natural_rate(prior_beta(0.5, 0.5))))
  expect_equal(second_expectation(skew, \(t) stats::plogis(t)^2), 3 / 8, tolerance = 1e-8)
  known <- second_nodes(second_components(natural_rate(0.2)))
  expect_equal(second_expectation(known, stats::plogis), 0.2, tolerance = 1e-14)
})
