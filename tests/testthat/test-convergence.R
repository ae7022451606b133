# Checks of chains, against the package posterior and against what is known of independent and of autoregressive draws.

ar_chains <- function(n, chains, rho, seed = 3) {
  withr::with_seed(seed, vapply(seq_len(chains), \(i) {
    as.vector(stats::filter(stats::rnorm(n, sd = sqrt(1 - rho^2)), rho, "recursive", init = stats::rnorm(1)))
  }, numeric(n)))
}

test_that("R-hat, sizes and errors are those of posterior", {
  skip_if_not_installed("posterior")
  for (rho in c(-0.4, 0, 0.5, 0.9)) {
    x <- ar_chains(400, 4, rho)
    expect_equal(chain_rhat(x), posterior::rhat(x), tolerance = 1e-10)
    # its sum of autocorrelations ends by a rule of its own at the last pair: a hundredth at most
    expect_equal(bulk_ess(x), posterior::ess_bulk(x), tolerance = 1e-2)
    expect_equal(tail_ess(x), posterior::ess_tail(x), tolerance = 1e-2)
    expect_equal(mean_mcse(x), posterior::mcse_mean(x), tolerance = 1e-2)
    expect_equal(sd_mcse(x), posterior::mcse_sd(x), tolerance = 1e-2)
    # its limits are order statistics, ours lie between them
    expect_equal(quantile_mcse(x, 0.05), unname(posterior::mcse_quantile(x, 0.05)), tolerance = 0.2)
  }
})

test_that("errors of means and standard deviations follow the unit of the scores, also where its powers are lost", {
  x <- ar_chains(200, 4, 0.3)
  for (unit in c(1e-150, 1e150)) {
    expect_equal(mean_mcse(unit * x) / unit, mean_mcse(x), tolerance = 1e-12)
    expect_equal(sd_mcse(unit * x) / unit, sd_mcse(x), tolerance = 1e-12)
  }
  mean <- t(x[, 1:2])
  covariance <- rbind(1 + mean[1, ]^2, 0, 2 + mean[2, ]^2)
  here <- conditional_moments(mean, covariance, 2)
  expect_equal(here$sd^2, rowMeans(covariance[c(1, 3), ]) + rowMeans((mean - rowMeans(mean))^2), tolerance = 1e-12)
  far <- conditional_moments(1e-150 * mean, 1e-300 * covariance, 2)
  for (part in c("mean", "sd", "error", "mcse")) expect_equal(1e150 * far[[part]], here[[part]], tolerance = 1e-8)
})

test_that("independent draws are worth their number, autoregressive ones (1 - rho) / (1 + rho) of it", {
  expect_lt(abs(bulk_ess(ar_chains(2000, 4, 0)) / 8000 - 1), 0.15)
  expect_lt(abs(bulk_ess(ar_chains(4000, 4, 0.6)) / (16000 * 0.25) - 1), 0.25)
})

test_that("chains in different places are seen, a constant is no number", {
  x <- ar_chains(200, 4, 0)
  x[, 1] <- x[, 1] + 3
  expect_gt(chain_rhat(x), 1.3)
  expect_lt(bulk_ess(x), 20)
  expect_true(is.na(chain_rhat(matrix(1, 100, 4))))
  expect_true(is.na(plain_ess(matrix(1, 100, 4))))
  expect_true(is.na(quantile_mcse(matrix(1, 100, 4), 0.5)))
})

test_that("autocovariances by the transform are the sums by their definition", {
  v <- c(1, 4, 2, 8, 5, 7)
  direct <- vapply(0:5, \(lag) sum((v[seq_len(6 - lag)] - mean(v)) * (v[seq_len(6 - lag) + lag] - mean(v))) / 6, 0)
  expect_equal(autocovariances(v), direct, tolerance = 1e-12)
})
