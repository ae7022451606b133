test_that("ordered scores are numbers of the levels seen, and the family remembers the others", {
  y <- ordered(c("b", "d", "b", "e"), levels = letters[1:6])
  family <- cumulative()
  scores <- family_scores(family, y)
  expect_equal(c(scores), c(0, 1, 0, 2))
  settled <- settle_family(family, scores)
  expect_identical(settled$levels, letters[1:6])
  expect_identical(settled$extra, c("b|c", "d|e"))
  own <- own_parameters(settled)
  expect_identical(own$name, c("a|b", "b|c", "c|d", "d|e", "e|f"))
  expect_identical(own$at, c(NA, 1L, 1L, 2L, NA))
  expect_identical(own$value, c(-Inf, NA, NA, NA, Inf))
  expect_match(family_remarks(settled, numeric()), "Never observed: a, c, f")
  complete <- settle_family(family, family_scores(family, ordered(c(1, 2, 3))))
  expect_null(family_remarks(complete, numeric()))
  expect_identical(own_parameters(complete)$at, 1:2)
  expect_identical(settle_family(gaussian_scores(), 1)$name, "gaussian")
  expect_length(own_parameters(gaussian_scores())$name, 0)
})

test_that("probabilities of levels keep their digits in both tails, and their slopes are differences", {
  family <- settle_family(cumulative(), family_scores(cumulative(), ordered(1:3)))
  far <- family_response(family, c(-60, 60), c(-1, 1))
  expect_equal(unname(far$fit[1, 3] / exp(-61)), 1, tolerance = 1e-12)
  expect_equal(unname(far$fit[1, 2] / (exp(-59) - exp(-61))), 1, tolerance = 1e-12)
  expect_equal(unname(far$fit[2, 1] / exp(-61)), 1, tolerance = 1e-12)
  expect_equal(unname(far$fit[2, 2] / (exp(-59) - exp(-61))), 1, tolerance = 1e-12)
  p <- \(eta, a) diff(c(0, plogis(a - eta), 1))
  at <- family_response(family, 0.4, c(-1, 1))
  by <- 1e-5 # error of central differences: 1e-10
  expect_equal(at$fit[1, ], p(0.4, c(-1, 1)), ignore_attr = TRUE)
  expect_equal(at$eta[1, ], (p(0.4 + by, c(-1, 1)) - p(0.4 - by, c(-1, 1))) / (2 * by), tolerance = 1e-8)
  expect_equal(at$extra[1, , 2], (p(0.4, c(-1, 1 + by)) - p(0.4, c(-1, 1 - by))) / (2 * by), tolerance = 1e-8)
  binary <- family_response(as_recovery_family(stats::binomial()), 0.3, numeric())
  expect_identical(binary$fit, cbind(plogis(0.3)))
  expect_equal(binary$eta, cbind(dlogis(0.3)))
})

test_that("names and remarks of families with one parameter of their own", {
  points <- beta_binomial(10)
  expect_identical(own_parameters(points), list(name = "log_precision", at = 1L, value = NA_real_))
  expect_match(family_remarks(points, Inf), "precision is infinite")
  expect_null(family_remarks(points, 2))
  bounded <- settle_family(censored(0, 50), family_scores(censored(0, 50), c(0, 0, 3, 50)))
  expect_identical(family_remarks(bounded, 0), "Censored, of 4 scores: 2 at the floor of 0, 1 at the ceiling of 50.")
  expect_null(family_remarks(settle_family(censored(), cbind(1:3)), 0))
  expect_identical(family_sigma(bounded, c(log_sigma = log(2))), 2)
  expect_null(family_sigma(points, 2))
})

test_that("the mean of a normal cut to a scale is the published one, its slopes are differences", {
  # N(7.8, 6.5) on [0, 50]: 8.1646659
  at <- family_response(censored(0, 50), 7.8, log(6.5))
  expect_equal(at$fit[1, 1], 8.1646659, tolerance = 1e-8)
  mean_at <- \(eta, log_sigma) family_response(censored(0, 50), eta, log_sigma)$fit[1, 1]
  by <- 1e-4 # error of central differences: 1e-9
  expect_equal(at$eta[1, 1], (mean_at(7.8 + by, log(6.5)) - mean_at(7.8 - by, log(6.5))) / (2 * by), tolerance = 1e-7)
  expect_equal(at$extra[1, 1, 1], (mean_at(7.8, log(6.5) + by) - mean_at(7.8, log(6.5) - by)) / (2 * by),
    tolerance = 1e-6)
  expect_identical(family_response(censored(), 3, 0)$fit[1, 1], 3)
  expect_equal(family_response(beta_binomial(10), 0.3, 1)$fit[1, 1], 10 * plogis(0.3))
})
