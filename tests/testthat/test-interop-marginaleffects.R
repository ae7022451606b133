trial_fit <- function() {
  fit_recovery(score ~ week * arm + (1 | subject), transform(small_trial(), arm = rep(c("x", "y"), each = 10)))
}

# The methods themselves: what marginaleffects would call. Generics are found by name where it is installed.
test_that("coefficients put in are those of the predictions", {
  fit <- trial_fit()
  expect_identical(get_coef.recovery_fit(fit), fixef(fit))
  moved <- set_coef.recovery_fit(fit, c(1, 0, 0, 0))
  expect_equal(get_predict.recovery_fit(moved, fit$frame)$estimate, rep(1, 20))
  expect_equal(get_predict.recovery_fit(fit, fit$frame)$estimate, unname(predict(fit, re.form = NA)))
  expect_identical(get_predict.recovery_fit(fit, transform(fit$frame, rowid = 20:1))$rowid, 20:1)
})

test_that("the covariance is Kenward and Roger's for REML", {
  fit <- trial_fit()
  expect_identical(get_vcov.recovery_fit(fit), vcov(fit, "kenward-roger"))
  expect_identical(get_vcov.recovery_fit(fit, "model"), vcov(fit))
  expect_identical(get_vcov.recovery_fit(fit, diag(4)), diag(4))
  expect_null(get_vcov.recovery_fit(fit, FALSE))
  expect_identical(get_vcov.recovery_fit(update(fit, method = "ml")), vcov(update(fit, method = "ml")))
  expect_error(get_vcov.recovery_fit(fit, "HC3"), class = "cordgain_invalid_input")
})

test_that("the delta method on these parts is the exact contrast", {
  fit <- trial_fit()
  # average difference between arms at the rows, by numerical derivatives as marginaleffects takes them
  difference <- \(beta) {
    at <- set_coef.recovery_fit(fit, beta)
    mean(get_predict.recovery_fit(at, transform(fit$frame, arm = "y"))$estimate -
      get_predict.recovery_fit(at, transform(fit$frame, arm = "x"))$estimate)
  }
  beta <- get_coef.recovery_fit(fit)
  jacobian <- vapply(1:4, \(k) difference(beta + (1:4 == k)) - difference(beta), 1)
  exact <- linear_test(fit, c(0, 0, 1, mean(fit$frame$week)))
  expect_equal(difference(beta), exact$estimate, tolerance = 1e-12)
  expect_equal(c(sqrt(jacobian %*% get_vcov.recovery_fit(fit) %*% jacobian)), exact$std.error, tolerance = 1e-9)
})

test_that("marginaleffects itself works on a fit", {
  if (!rlang::is_installed("marginaleffects")) skip("marginaleffects is not installed")
  fit <- trial_fit()
  withr::local_options(marginaleffects_model_classes = class(fit)[1]) # what it asks for of classes of others
  if (!exists("%||%", baseenv())) { # its version 1.0 takes the operator from R 4.4
    assign("%||%", \(x, y) if (is.null(x)) y else x, globalenv())
    on.exit(rm("%||%", envir = globalenv()))
  }
  found <- getExportedValue("marginaleffects", "avg_comparisons")(fit, variables = "arm")
  exact <- linear_test(fit, c(0, 0, 1, mean(fit$frame$week)))
  expect_equal(c(found$estimate, found$std.error), c(exact$estimate, exact$std.error), tolerance = 1e-5)
})
