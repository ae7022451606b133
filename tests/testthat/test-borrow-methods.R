data_of <- function(y = 1, n = 4, y0 = 3, n0 = 10, ...) {
  c(list(y = y, n = n, y0 = y0, n0 = n0, a = 1, b = 1, call = NULL), list(...))
}

test_that("LEAP's finite sum is the triple integral", {
  made <- borrow_leap(data_of())
  # Midpoints in three dimensions: error of order 1 / 60^2.
  at <- (seq_len(60) - 0.5) / 60
  grid <- expand.grid(g = at, p = at, q = at)
  mixed <- grid$g * grid$p + (1 - grid$g) * grid$q
  weight <- stats::dbinom(3, 10, mixed) * stats::dbinom(1, 4, grid$p)
  expect_lt(abs(mixture_moment(made$posterior, 1) - sum(weight * grid$p) / sum(weight)), 1e-3)
  expect_lt(abs(made$weight - sum(weight * grid$g) / sum(weight)), 1e-3)
})

test_that("a power of 1 is pooling, a power of 0 is the controls alone", {
  expect_equal(power_posterior(data_of(), 1)$a, 5)
  expect_equal(power_posterior(data_of(), 0)$a, 2)
})

test_that("the elastic weight is .99 at half and .01 at two standard errors, 1 at none", {
  expect_equal(c(elastic_weight(0.5), elastic_weight(2), elastic_weight(0)), c(0.99, 0.01, 1), tolerance = 1e-12)
})

test_that("a normalised power prior's distribution function is the average over a0", {
  made <- borrow_normalised_power(data_of())
  a0 <- (seq_len(4000) - 0.5) / 4000
  w <- exp(lbeta(2 + 3 * a0, 4 + 7 * a0) - lbeta(1 + 3 * a0, 1 + 7 * a0))
  expect_equal(made$posterior$cdf(0.3), sum(w * stats::pbeta(0.3, 2 + 3 * a0, 4 + 7 * a0)) / sum(w), tolerance = 1e-7)
})

test_that("scaled priors are priors of the scaled quantity", {
  expect_identical(scaled_prior(prior_half_normal(2), 0.5, NULL), prior_half_normal(1))
  expect_identical(scaled_prior(prior_half_t(3, 2), 0.5, NULL), prior_half_t(3, 1))
  expect_identical(scaled_prior(prior_fixed(2), 0.5, NULL), prior_fixed(1))
})

test_that("the normal approximation is not given where a count is none or all", {
  expect_true(is.na(commensurate_normal(c(data_of(y = 0), tau = list(prior_fixed(1))))))
})

test_that("a history too long for a sum over its splits is refused", {
  expect_error(borrow_leap(data_of(y0 = 5000, n0 = 10000)), class = "cordgain_invalid_input")
})
