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

test_that("the coordinate of a value is the one whose value it is", {
  for (value in list(c(1e-12, 0.3, 1, 40), 1e-3)) {
    expect_equal(hyper_value("sd", hyper_coordinate("sd", value, 2.5), 2.5), value, tolerance = 1e-12)
  }
  expect_equal(hyper_coordinate("cor", tanh(0.4), NA), 0.4)
  expect_equal(hyper_coordinate("scale", exp(0.4), NA), 0.4)
})

test_that("places in a mixture of normals are its distribution function, far out too", {
  mean <- c(-1, 0.5, 2)
  weight <- c(0.2, 0.5, 0.3)
  x <- c(-4, -1, 0, 1.3, 5)
  exact <- vapply(x, \(at) sum(weight * pnorm(at, mean, 0.7)), 0)
  expect_equal(mixture_place(x, mean, weight, 0.7), exact, tolerance = 2e-3)
  expect_equal(qnorm(mixture_place(x, mean, weight, 0.7)), qnorm(exact), tolerance = 2e-3)
})

test_that("places of sheared lattices keep the correlation of the nodes, and are uniform each", {
  # two interleaved lattices of a normal density with correlation -.6, sheared
  step <- 0.7
  index <- expand.grid(a = -9:9, b = -12:12)
  z <- rbind(as.matrix(index), as.matrix(index) + 0.5) * step
  root <- chol(matrix(c(1, -0.6, -0.6, 1), 2))
  weight <- exp(-rowSums(z^2) / 2)
  n <- 40000
  u <- withr::with_seed(5, matrix(runif(3 * n), n)) # simulated
  node <- findInterval(u[, 1], cumsum(weight) / sum(weight)) + 1L
  places <- node_places(t(z %*% root), weight, node, u[, 2:3], step / 2 * c(1, 0.8))
  expect_gt(min(apply(places, 2, \(p) suppressWarnings(ks.test(p, "punif"))$p.value)), 1e-4)
  expect_lt(abs(cor(qnorm(places))[1, 2] + 0.6), 4 * 0.64 / sqrt(n))
})
