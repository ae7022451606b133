# The treatment model by the second engine against integrate().

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
