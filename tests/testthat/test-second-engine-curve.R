# The second engine of natural courses: its own curve against formulas worked by hand.

test_that("a rise and its derivatives are those of the formula, at injury too", {
  at <- second_rise("plateau", 0.1, c(0, 5))
  expect_equal(at$value, 1 - exp(-0.1 * c(0, 5)), tolerance = 1e-14)
  expect_equal(at$slopes[, 1], c(0, 5) * exp(-0.1 * c(0, 5)), tolerance = 1e-14)
  weibull <- second_rise("weibull", c(10, 1.5), c(0, 20))
  expect_equal(weibull$value, c(0, 1 - exp(-2^1.5)), tolerance = 1e-14)
  expect_equal(weibull$slopes[1, ], c(0, 0))
  expect_equal(weibull$slopes[2, ], exp(-2^1.5) * 2^1.5 * c(-1.5 / 10, log(2)), tolerance = 1e-12)
  gains <- second_rise("gompertz", c(2, 0.1), 12, from = 2)
  expect_equal(gains$value, exp(-2 * exp(-1.2)) - exp(-2 * exp(-0.2)), tolerance = 1e-14)
})

test_that("means that lie on a curve give its parameters back, and the delta method their covariance", {
  s <- c(1, 4, 12, 26, 52)
  v <- diag(c(1, 2, 1, 3, 1))
  curve <- second_shape("plateau", s, 10 + 9 * (1 - exp(-0.08 * s)), v)
  expect_equal(c(curve$beta, curve$theta), c(10, 9, 0.08), tolerance = 1e-8) # the search ends at rounding
  j <- cbind(1, 1 - exp(-0.08 * s), 9 * s * exp(-0.08 * s))
  expect_equal(curve$covariance, solve(t(j) %*% solve(v) %*% j), tolerance = 1e-6)
  gompertz <- second_shape("gompertz", s, 20 * exp(-1.5 * exp(-0.1 * s)), v)
  expect_equal(c(gompertz$beta, gompertz$theta), c(20, 1.5, 0.1), tolerance = 1e-7)
  weibull <- second_shape("weibull", c(0, s), 5 + 20 * (1 - exp(-(c(0, s) / 15)^1.3)), diag(6))
  expect_equal(c(weibull$beta, weibull$theta), c(5, 20, 15, 1.3), tolerance = 1e-7)
})

test_that("contrasts of scores give the variance of a change: s1^2 + s2^2 - 2 r s1 s2", {
  means <- data.frame(week = c(2, 12, 52), mean = c(10, 15, 19), sd = c(4, 6, 8), n = 50, measure = "uems")
  natural <- natural_curve(means, correlation = 0.7)
  courses <- list(list(from = 2, week = c(12, 52), gain = c(3, 9), since = c(9, 49)),
    list(from = 2, week = 52, gain = 4, since = 49))
  stack <- second_stack(courses, natural, rlang::current_env())
  between <- 4^2 + 8^2 - 2 * 0.7 * 4 * 8
  expect_equal(diag(stack$own), c(4^2 + 6^2 - 2 * 0.7 * 24, between, between), tolerance = 1e-12)
  expect_equal(stack$own[1, 2], 4^2 + 0.7 * 48 - 0.7 * 24 - 0.7 * 32, tolerance = 1e-12)
  expect_equal(stack$own[1:2, 3], c(0, 0))
  # three means, three parameters: the curve passes through them, and the error of a gain is that of its two means
  expect_equal(stack$e, c(3 - 5, 9 - 9, 4 - 9), tolerance = 1e-7)
  expect_equal(stack$shared[2, 3], between / 50, tolerance = 1e-7)
  expect_equal(stack$patient, c(1, 1, 2))
})

test_that("the spread between populations is in proportion to the gain", {
  means <- data.frame(week = c(2, 12, 52), mean = c(10, 15, 19), sd = c(4, 6, 8), measure = "uems")
  natural <- natural_curve(means, correlation = 0.7, between_sd = 3)
  courses <- list(list(from = 2, week = c(12, 52), gain = c(3, 9), since = c(9, 49)))
  stack <- second_stack(courses, natural, rlang::current_env())
  expect_equal(stack$shared, 9 * tcrossprod(c(5, 9) / 9), tolerance = 1e-7) # means taken as known
})
