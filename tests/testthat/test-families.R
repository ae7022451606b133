trial <- data.frame(id = rep(1:4, each = 3), y = c(0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1, 0), week = rep(0:2, 4))

test_that("families of stats are known by name, function or object, others are refused", {
  expect_identical(as_recovery_family(stats::binomial)$link, "logit")
  expect_identical(as_recovery_family(stats::poisson())$name, "poisson")
  expect_identical(as_recovery_family(gaussian_scores())$name, "gaussian")
  for (family in list(stats::Gamma(), stats::gaussian("log"), stats::binomial("cauchit"), "binomial", 3)) {
    expect_error(as_recovery_family(family), class = "cordgain_invalid_input")
  }
})

test_that("the method follows the family", {
  expect_identical(method_for(gaussian_scores(), NULL)$name, "reml")
  binary <- as_recovery_family(stats::binomial())
  expect_identical(method_for(binary, NULL)$name, "quadrature")
  expect_equal(method_for(binary, method_ml(nodes = 1))$nodes, 1)
  expect_error(method_for(binary, "reml"), "restricted", class = "cordgain_invalid_input")
  expect_error(method_for(gaussian_scores(), method_ml(nodes = 5)), class = "cordgain_invalid_input")
  expect_error(method_ml(nodes = 0), class = "cordgain_invalid_input")
})

test_that("scores become events and trials", {
  binary <- as_recovery_family(stats::binomial())
  expect_equal(family_scores(binary, c(0, 1)), cbind(c(0, 1), 1))
  expect_equal(family_scores(binary, c(FALSE, TRUE)), cbind(c(0, 1), 1))
  expect_equal(family_scores(binary, factor(c("no", "yes"))), cbind(c(0, 1), 1))
  expect_equal(unname(family_scores(binary, cbind(c(2, 0), c(3, 4)))), cbind(c(2, 0), c(5, 4)))
  expect_equal(family_scores(as_recovery_family(stats::poisson()), 3:4), cbind(c(3, 4)))
  expect_equal(family_scores(gaussian_scores(), 1:2), c(1, 2))
})

test_that("scores that cannot be of the family are named with their row", {
  bad <- \(scores, family, words) {
    trial$y <- scores
    expect_error(fit_recovery(y ~ week + (1 | id), trial, family = family), words, class = "cordgain_invalid_input")
  }
  bad(replace(trial$y, 5, 2), binomial(), "row \"5\"")
  bad(replace(trial$y, 3, 0.5), binomial(), "row \"3\"")
  bad(factor(rep(c("a", "b", "c"), 4)), binomial(), "two levels")
  bad(rep("a", 12), binomial(), "binomial score")
  bad(replace(trial$y, 7, -1), poisson(), "row \"7\"")
  bad(factor(trial$y), poisson(), "numeric")
  bad(cbind(trial$y, -1), binomial(), "row \"1\"")
})

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
  expect_match(family_remarks(settled), "Never observed: a, c, f")
  complete <- settle_family(family, family_scores(family, ordered(c(1, 2, 3))))
  expect_null(family_remarks(complete))
  expect_identical(own_parameters(complete)$at, 1:2)
  expect_identical(settle_family(gaussian_scores(), 1)$name, "gaussian")
  expect_length(own_parameters(gaussian_scores())$name, 0)
})

test_that("probabilities of levels keep their digits in both tails, and their slopes are differences", {
  family <- settle_family(cumulative(), family_scores(cumulative(), ordered(1:3)))
  far <- family_response(family, c(-60, 60), c(-1, 1))
  expect_equal(far$fit[1, 3], exp(-61), tolerance = 1e-12, ignore_attr = TRUE)
  expect_equal(far$fit[1, 2], exp(-59) - exp(-61), tolerance = 1e-12, ignore_attr = TRUE)
  expect_equal(far$fit[2, 1], exp(-61), tolerance = 1e-12, ignore_attr = TRUE)
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
