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

test_that("SAM's weight is one half where a difference is as likely as none, and falls with conflict", {
  weight <- vapply(0:10, \(y) borrow_sam(data_of(y = y, n = 10, y0 = 20, n0 = 100, delta = 0.2))$weight, 0)
  # By hand: R = L(.01) / L(.2) = .34 for 1 of 10 and L(.4) / L(.2) = .40 for 2 of 10, the history's own rate.
  expect_identical(which.max(weight), 2L)
  expect_lt(weight[9], 0.01)
  # By hand: R = max(L(.4), L(.01)) / L(.2) for 4 of 10; .2 - .2 is clamped to .01.
  likelihood <- \(p) p^4 * (1 - p)^6
  expect_closed(weight[5], 1 / (1 + max(likelihood(0.4), likelihood(0.01)) / likelihood(0.2)))
})

test_that("SAM takes a history without events for a rate of 1 %, and the controls update its weight", {
  none <- borrow_sam(data_of(y = 1, n = 4, y0 = 0, n0 = 3, delta = 0.2))
  likelihood <- \(p) p * (1 - p)^3
  expect_closed(none$weight, 1 / (1 + likelihood(0.21) / likelihood(0.01)))
  # By hand: betas of history and of no history (1, 1), each with the beta-binomial chance of 3 of 10.
  d <- data_of(y = 3, n = 10, y0 = 20, n0 = 100, delta = 0.2)
  made <- borrow_sam(d)
  chance <- \(a, b) beta(a + 3, b + 7) / beta(a, b)
  parts <- c(made$weight * chance(21, 81), (1 - made$weight) * chance(1, 1))
  expect_equal(made$updated, parts[1] / sum(parts), tolerance = 1e-12)
})

test_that("all power priors agree where the power is the same", {
  d <- data_of(a0 = 1)
  pooled <- borrow_power(d)$posterior
  expect_equal(c(pooled$a, pooled$b), c(1 + 3 + 1, 1 + 7 + 3))
  none <- borrow_power(data_of(a0 = 0))$posterior
  expect_equal(c(none$a, none$b), c(2, 4))
  same <- borrow_elastic(data_of(y = 3, n = 10))
  expect_identical(same$weight, 1) # no difference at all
  expect_equal(same$posterior$a, 1 + 3 + 3)
})

test_that("the elastic weight is 1 where neither group has an event", {
  expect_identical(borrow_elastic(data_of(y = 0, y0 = 0))$weight, 1)
})

test_that("moments and the distribution function of a mixture are the weighted ones", {
  m <- beta_mixture(c(2, 5), c(3, 4), c(1, 3))
  expect_equal(m$weight, c(0.25, 0.75))
  expect_equal(mixture_moment(m, 1), 0.25 * 2 / 5 + 0.75 * 5 / 9)
  second <- \(a, b) a * (a + 1) / ((a + b) * (a + b + 1))
  expect_equal(mixture_moment(m, 2), 0.25 * second(2, 3) + 0.75 * second(5, 4))
  expect_equal(mixture_cdf(m, 0.4), 0.25 * stats::pbeta(0.4, 2, 3) + 0.75 * stats::pbeta(0.4, 5, 4))
})

test_that("an update of a mixture multiplies its weights by how well each part predicted", {
  updated <- mix_update(list(list(a = 8, b = 56), list(a = 1, b = 1)), c(0.8, 0.2), 1, 4)
  conjugate <- tidy(update(prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1)), 1, 4))
  expect_equal(updated$weight, conjugate$weight, tolerance = 1e-12)
  expect_equal(updated$a, conjugate$a)
})

test_that("the predictive posterior keeps what lies at rates of 0 and 1", {
  # Evidence without an event and a very wide prior of tau: mass at rates that are 0 to the last bit.
  natural <- natural_rate(sources_of(c(0, 0), c(10, 15)), tau = prior_half_normal(3))
  none <- map_posterior(c(data_of(y = 0), list(natural = natural)), "fine")
  expect_lt(abs(none$cdf(1 - 1e-12) - 1), 1e-6)
  expect_gt(none$cdf(0.01), 0.3)
})
