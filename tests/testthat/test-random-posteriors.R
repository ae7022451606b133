# Random trials of three to six patients by Bayes (helper-random-posteriors.R): a few here, 10,000 stored.

posterior_faults <- c("UNCLASSED", "NOT FINITE", "BEYOND THE TOLERANCE", "SAMPLED WITHOUT A REASON", "CRASH")

test_that("every random trial has a finite posterior, draws with their reason, or a classed refusal", {
  skip_on_cran() # long
  # Every tenth of a family is a slow one.
  for (seed in setdiff(seq_len(sweep_size(2000, share = 0.006)), seq(0, 2000, 10))) {
    trial <- random_trial(seed)
    outcome <- trial_outcome(trial)
    expect_false(outcome$outcome %in% posterior_faults, info = paste(seed, outcome$outcome, outcome$detail))
  }
})

test_that("faults are seen", {
  expect_identical(judged_fit(simpleError("raw"), 1e-4)$outcome, "UNCLASSED")
  trial <- random_trial(3)
  fit <- fit_recovery(trial$formula, trial$data, method = method_bayes())
  expect_identical(judged_fit(fit, 1e-4)$outcome, "exact")
  expect_identical(judged_fit(fit, 1e-8)$outcome, "BEYOND THE TOLERANCE")
  fit$result$engine <- "nuts"
  fit$result$why <- ""
  fit$result$plan <- list(chains = 1)
  fit$result[c("rhat", "ess_bulk", "ess_tail")] <- list(1, 1, 1)
  expect_identical(judged_fit(fit, 1e-4)$outcome, "SAMPLED WITHOUT A REASON")
  fit$result$hyper$mean[1] <- NaN
  expect_identical(judged_fit(fit, 1e-4)$outcome, "NOT FINITE")
})

test_that("a trial is made by its seed alone, of three to six patients", {
  sizes <- vapply(1:60, \(seed) nlevels(droplevels(random_trial(seed)$data$subject)), 1L)
  expect_setequal(sizes, 3:6)
  expect_identical(random_trial(9), random_trial(9))
})

test_that("of the stored trials none failed", {
  file <- system.file("validation", "random-posteriors.csv", package = "cordgain")
  skip_if(file == "", "no stored run")
  stored <- utils::read.csv(file)
  expect_identical(sum(stored$trials), 10000L)
  expect_false(any(stored$outcome %in% posterior_faults))
  expect_setequal(stored$outcome, c("exact", "sampled", "refused"))
  exact <- stored[stored$outcome == "exact", ]
  expect_true(all(exact$largest.error[exact$family == "gaussian"] <= 1e-4))
  expect_true(all(exact$largest.error <= 1e-2))
  expect_true(all(nzchar(stored$reason[stored$outcome != "exact"])))
})
