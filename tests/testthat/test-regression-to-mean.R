# Regression to the mean.

test_that("the worked case agrees with the independent value (E17)", {
  x <- regression_to_mean(20, 10, 0.8, 15)
  expect_equal(term_value(x, "expected_gain"), checks_value("E17"), tolerance = 1e-13)
})

test_that("gain, first mean and spread are those of the integrals", {
  x <- regression_to_mean(20, 10, 0.8, 15)
  part <- \(f) stats::integrate(\(s) f(s) * stats::dnorm(s, 20, 10), -Inf, 15, rel.tol = 1e-11)$value
  share <- part(\(s) 1)
  first <- part(identity) / share
  spread <- part(\(s) s^2) / share - first^2
  expect_equal(term_value(x, "chosen_share"), share, tolerance = 1e-9)
  expect_equal(term_value(x, "chosen_mean"), first, tolerance = 1e-8)
  expect_equal(term_value(x, "expected_gain"), 0.2 * (20 - first), tolerance = 1e-8) # E[X2 | X1] = mu + rho (X1 - mu)
  expect_equal(term_value(x, "expected_gain", "std.error"), sqrt(0.04 * spread + 100 * 0.36), tolerance = 1e-7)
})

test_that("above the cutoff is the mirror image, and a perfect memory of chance gives none", {
  below <- regression_to_mean(20, 10, 0.8, 15)
  above <- regression_to_mean(20, 10, 0.8, 25, side = "above")
  expect_equal(term_value(above, "expected_gain"), -term_value(below, "expected_gain"))
  expect_equal(term_value(above, "chosen_mean"), 40 - term_value(below, "chosen_mean"))
  expect_equal(term_value(regression_to_mean(20, 10, 0.8, 1e6), "expected_gain"), 0)
})

test_that("far cutoffs stay finite", {
  # phi(z) / Phi(z) -> -z + 1 / -z as z -> -Inf: at z = -50, 50.02 to four digits.
  expect_equal(term_value(regression_to_mean(0, 1, 0, -50), "expected_gain"), 50.02, tolerance = 1e-5)
})

test_that("what is impossible is refused", {
  expect_error(regression_to_mean(20, 0, 0.8, 15), class = "cordgain_invalid_input")
  expect_error(regression_to_mean(20, 10, 1, 15), class = "cordgain_invalid_input")
  expect_error(regression_to_mean(20, 10, -0.1, 15), class = "cordgain_invalid_input")
  expect_error(regression_to_mean(20, 10, 0.8, NA), class = "cordgain_invalid_input")
  expect_error(regression_to_mean(20, 10, 0.8, 15, side = "left"), class = "cordgain_invalid_input")
})

test_that("the print names the selection and the gain", {
  expect_output(print(regression_to_mean(20, 10, 0.8, 15)), "chosen below 15 \\(31 %\\)")
  expect_output(print(regression_to_mean(20, 10, 0.8, 15)), "\\+2.28 points")
  expect_identical(summary(regression_to_mean(20, 10, 0.8, 15)), tidy(regression_to_mean(20, 10, 0.8, 15)))
})
