test_that("standard deviations and correlations are those of the covariance matrices", {
  data <- mixed_data("lmm01_sleepstudy_slope_reml", "Subject")
  certified <- unlist(mixed_case("lmm01_sleepstudy_slope_reml")$certified$gamma)
  table <- as.data.frame(VarCorr(fit_recovery(Reaction ~ Days + (Days | Subject), data)))
  expect_identical(table$grp, c("Subject", "Subject", "Subject", "Residual"))
  expect_identical(table$var2, c(NA, NA, "Days", NA))
  expect_equal(table$sdcor[c(1, 2, 4)], unname(sqrt(certified[c(1, 3, 4)])), tolerance = 1e-8)
  expect_equal(table$sdcor[3], unname(certified[2] / sqrt(certified[1] * certified[3])), tolerance = 1e-8)
  expect_equal(table$vcov, unname(certified[c(1, 3, 2, 4)]), tolerance = 1e-8)
})

test_that("the table is that of lme4", {
  skip_if_not_installed("lme4")
  ours <- as.data.frame(VarCorr(fit_recovery(Reaction ~ Days + (Days | Subject), lme4::sleepstudy)))
  theirs <- as.data.frame(lme4::VarCorr(lme4::lmer(Reaction ~ Days + (Days | Subject), lme4::sleepstudy)))
  expect_equal(ours, theirs, tolerance = 1e-3) # lme4 stops early
})

test_that("the print gives a line per standard deviation and correlations beside", {
  data <- mixed_data("lmm01_sleepstudy_slope_reml", "Subject")
  expect_output(print(VarCorr(fit_recovery(Reaction ~ Days + (Days | Subject), data))), "Days +5[.]922[0-9]* +0[.]0655")
})

test_that("a correlation that does not exist is printed as a dash with its reason", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  fit$result$gamma[2:3] <- 0
  said <- paste(capture.output(print(VarCorr(fit))), collapse = " ")
  expect_no_match(said, "NaN")
  expect_match(said, "-: an effect whose variance is zero has no correlation")
  table <- tidy(fit, effects = "ran_pars")
  expect_match(table$reason[startsWith(table$term, "cor__")], "no correlation")
  expect_null(tidy(fit_recovery(score ~ week + (1 | subject), small_trial()))$reason)
})

test_that("with a zero variance there is no correlation", {
  covariance <- with_correlation(matrix(c(4, 0, 0, 0), 2, dimnames = list(c("a", "b"), c("a", "b"))))
  expect_identical(attr(covariance, "stddev"), c(a = 2, b = 0))
  expect_true(is.nan(attr(covariance, "correlation")[1, 2]))
})
