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

test_that("the furthest cutoffs have a finite gain, variance and print, or are refused", {
  # Both sides of the cutoff where the expansion takes over.
  expect_equal(mills_ratio(far_cutoff - 1e-9), mills_ratio(far_cutoff), tolerance = 1e-9)
  # Of the direct form some 1e-9 is left there.
  expect_equal(cut_variance(far_cutoff - 1e-9), cut_variance(far_cutoff), tolerance = 1e-7)
  below <- \(f) stats::integrate(\(u) f(u) * exp(-120 * u - u^2 / 2), 0, 1, rel.tol = 1e-12)$value # score -120 - u
  first <- below(identity) / below(\(u) 1)
  expect_equal(mills_ratio(-120), 120 + first, tolerance = 1e-12)
  expect_equal(cut_variance(-120), below(\(u) (u - first)^2) / below(\(u) 1), tolerance = 1e-9)
  expect_equal(term_value(regression_to_mean(20, 1e-300, 0.8, 15), "expected_gain"), 1, tolerance = 1e-12)
  far <- regression_to_mean(20, 10, 0.8, -1e300)
  expect_true(all(is.finite(unlist(tidy(far)[1:2, c("estimate", "std.error")]))))
  expect_equal(term_value(far, "expected_gain", "std.error"), 6, tolerance = 1e-12) # 10 sqrt(1 - 0.8^2)
  expect_no_match(paste(utils::capture.output(print(far)), collapse = " "), "NaN|Inf")
  expect_error(regression_to_mean(20, 1e-308, 0.8, 15), "further apart", class = "cordgain_invalid_input")
})
