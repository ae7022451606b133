# Quantiles of a posterior of normal scores.

test_that("limits on a lattice are those of its density, with the error of its two routes", {
  at <- lattice_limits(list(first = -7, step = 0.5, value = dnorm(seq(-7, 7, 0.5))), c(0.025, 0.5, 0.975), 0, identity)
  expect_lt(max(abs(at$value - qnorm(c(0.025, 0.5, 0.975)))), at$error + 1e-9)
  worse <- lattice_limits(list(first = -7, step = 0.5, value = dnorm(seq(-7, 7, 0.5))), 0.975, 0.01, identity)
  # p is off by 2 p (1 - p) e
  expect_equal(worse$error, 2 * 0.975 * 0.025 * 0.01 / dnorm(qnorm(0.975)), tolerance = 0.05)
})

test_that("values of a coordinate are those of the core", {
  expect_equal(hyper_value("sd", c(-1, 2), 3), 3 * exp(c(-1, 2) - exp(-c(-1, 2))))
  expect_equal(hyper_value("cor", 0.4, NA), tanh(0.4))
  expect_equal(hyper_value("scale", 0.4, NA), exp(0.4))
})

test_that("a known standard deviation has its value at every probability", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(),
    method = method_bayes(priors(sigma = prior_fixed(2))))
  limits <- hyper_quantiles(fit, c(0.1, 0.9))
  expect_equal(limits$value[2, ], c(2, 2))
  expect_identical(limits$error[2], 0)
  expect_lt(limits$value[1, 1], limits$value[1, 2])
})
