# Densities of priors against R's own.

test_that("log densities of priors are those of R", {
  x <- c(0.1, 0.7)
  mixture <- prior_mixture(c(0.3, 0.7), prior_half_normal(1), prior_half_normal(2))
  expect_equal(log_prior_density(mixture, x), log(0.6 * stats::dnorm(x) + 1.4 * stats::dnorm(x, 0, 2)),
    tolerance = 1e-14)
  expect_equal(log_prior_density(prior_gamma(2, 3), x), stats::dgamma(x, 2, 3, log = TRUE), tolerance = 1e-14)
  expect_equal(log_prior_density(prior_t(3, 1, 2), x), log(stats::dt((x - 1) / 2, 3) / 2), tolerance = 1e-14)
})

test_that("log densities of priors are those of R, and each integrates to 1", {
  cases <- list(
    list(prior_normal(1, 2), \(x) stats::dnorm(x, 1, 2), c(-Inf, Inf)),
    list(prior_t(4, 1, 2), \(x) stats::dt((x - 1) / 2, 4) / 2, c(-Inf, Inf)),
    list(prior_half_normal(0.7), \(x) 2 * stats::dnorm(x, 0, 0.7), c(0, Inf)),
    list(prior_half_t(4, 0.7), \(x) 2 * stats::dt(x / 0.7, 4) / 0.7, c(0, Inf)),
    list(prior_exponential(3), \(x) stats::dexp(x, 3), c(0, Inf)),
    list(prior_gamma(2, 3), \(x) stats::dgamma(x, 2, 3), c(0, Inf)),
    list(prior_mixture(c(0.3, 0.7), prior_normal(0, 1), prior_normal(2, 0.5)),
      \(x) 0.3 * stats::dnorm(x) + 0.7 * stats::dnorm(x, 2, 0.5), c(-Inf, Inf))
  )
  x <- c(0.05, 0.4, 1.3, 3)
  for (case in cases) {
    expect_equal(exp(log_prior_density(case[[1]], x)), case[[2]](x), tolerance = 1e-13)
    total <- stats::integrate(\(v) exp(log_prior_density(case[[1]], v)), case[[3]][1], case[[3]][2], rel.tol = 1e-9)
    expect_equal(total$value, 1, tolerance = 1e-8)
  }
})

test_that("sums of logarithms keep numbers that exp() would lose", {
  x <- rbind(c(-1000, -1000), c(0, log(3)), c(-Inf, 2), c(700, 710))
  expect_equal(log_sum_rows(x), c(-1000 + log(2), log(4), 2, 710 + log1p(exp(-10))), tolerance = 1e-14)
})
