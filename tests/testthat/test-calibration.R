# Simulation-based calibration: that its machinery sees what is wrong, and what the stored runs say.

test_that("ranks that are not uniform are seen, and uniform ones pass", {
  withr::local_seed(1)
  good <- sample(0:99, 2000, replace = TRUE)
  expect_gt(uniform_test(good)$p.value, 1e-6)
  expect_identical(sum(uniform_test(good)$counts), 2000L)
  narrow <- floor(100 * stats::qbeta(stats::runif(2000), 0.8, 0.8)) # a posterior a little too wide or too narrow
  shifted <- floor(100 * stats::runif(2000)^1.25)
  expect_lt(uniform_test(narrow)$p.value, 1e-6)
  expect_lt(uniform_test(shifted)$p.value, 1e-6)
})

test_that("parameters are drawn from the priors that the models are fitted with", {
  models <- calibration_models()
  withr::local_seed(2)
  drawn <- lapply(models, \(model) vapply(seq_len(4000), \(i) model$truth(), model$truth()))
  # by hand: quantiles of the priors' distribution functions
  p <- function(x, law) stats::ks.test(x, law)$p.value
  half <- \(scale) \(x) 2 * stats::pnorm(x, 0, scale) - 1
  expect_gt(p(drawn$gaussian["sigma", ], half(5)), 1e-6)
  expect_gt(p(exp(-0.5 * drawn$beta_binomial["log_precision", ]), half(0.5)), 1e-6)
  expect_gt(p(exp(drawn$censored["log_sigma", ]), half(3)), 1e-6)
  # two ordered normal numbers: the lower one is above x with probability (1 - Phi(x))^2
  expect_gt(p(drawn$cumulative["A|B", ], \(x) 1 - stats::pnorm(x, 0, 2, lower.tail = FALSE)^2), 1e-6)
  expect_true(all(drawn$cumulative["A|B", ] < drawn$cumulative["B|C", ]))
})

test_that("one replicate gives a rank from 0 to 99 of every parameter, the same for the same seed", {
  skip_if_not_installed("posterior")
  for (name in c("gaussian", "binomial")) {
    model <- calibration_models()[[name]]
    ranks <- calibration_ranks(model, 4, "exact", 3)
    expect_named(ranks, c(names(model$truth()), "sampled"))
    expect_true(all(ranks >= 0 & ranks <= 99))
    expect_identical(calibration_ranks(model, 4, "exact", 3), ranks)
  }
})

test_that("the stored ranks are uniform, parameter by parameter", {
  files <- list.files(system.file("validation", package = "cordgain"), "^calibration-.*csv$", full.names = TRUE)
  skip_if(length(files) == 0L, "no stored calibration")
  stored <- do.call(rbind, lapply(files, utils::read.csv))
  expect_true(all(stored$data_sets == 2000L))
  expect_true(all(stored$used > 1500L))
  p <- vapply(strsplit(stored$counts, " ", fixed = TRUE), \(counts) stats::chisq.test(as.numeric(counts))$p.value, 0)
  expect_equal(p, stored$p.value, tolerance = 1e-10)
  expect_gt(min(p) * length(p), 0.01) # Bonferroni
})
