# Falsification: binomial and hypergeometric sums of base R, the seed, refusals.

beta_answer <- \() excess_of(natural_rate(prior_beta(8, 56)))

late_answer <- \() excess_of(natural_rate(late_registries(), tau = prior_half_normal(0.5)))

shares <- \(x, column = "estimate") tidy(x)[[column]]

test_that("each source left out: claims are binomial sums over the counts that its pipeline calls a success", {
  x <- falsify(late_answer(), threshold = c(0.05, 0.1))
  for (k in 1:2) {
    other <- natural_rate(late_registries()[3 - k, ], tau = prior_half_normal(0.5))
    tails <- vapply(0:4, \(y) tail_of(other, y), 0)
    rate <- c(19 / 161, 32 / 187)[k]
    rows <- tidy(x)[c(2 * k - 1, 2 * k), ]
    for (i in 1:2) {
      expect_closed(rows$estimate[i], sum(stats::dbinom(0:4, 4, rate)[tails <= c(0.05, 0.1)[i]]))
      expect_identical(rows$critical[i], as.numeric(which(tails <= c(0.05, 0.1)[i])[1] - 1))
    }
  }
})

test_that("a larger threshold claims more often, never with a higher count", {
  x <- falsify(beta_answer(), against = "predictive", threshold = c(0.3, 0.001, 0.05))
  expect_false(is.unsorted(shares(x, "threshold")))
  expect_false(is.unsorted(shares(x)))
  expect_false(is.unsorted(rev(shares(x, "critical"))))
  expect_true(all(shares(x) <= shares(x, "threshold"))) # its own tails: never more often than stated
})

test_that("records by level: hypergeometric, and the order of the records does not matter", {
  records <- data.frame(response = rep(c(1, 0), c(9, 31)))
  one <- falsify(beta_answer(), records, threshold = 0.1)
  other <- falsify(beta_answer(), records[sample(40), , drop = FALSE], threshold = 0.1)
  critical <- shares(one, "critical")
  expect_closed(shares(one), stats::phyper(critical - 1, 9, 31, 4, lower.tail = FALSE))
  expect_identical(shares(other), shares(one))
  all_fail <- falsify(beta_answer(), data.frame(response = rep(0, 10)), threshold = 0.1)
  expect_identical(shares(all_fail), 0)
  flags <- falsify(beta_answer(), data.frame(response = records$response == 1), threshold = 0.1)
  expect_identical(shares(flags), shares(one))
})

test_that("sets drawn at random come near the exact share, and the seed governs them", {
  exact <- falsify(beta_answer(), against = "predictive", threshold = 0.1)
  drawn <- falsify(beta_answer(), against = "predictive", threshold = 0.1, exact = FALSE, sets = 20000, seed = 3)
  again <- falsify(beta_answer(), against = "predictive", threshold = 0.1, exact = FALSE, sets = 20000, seed = 3)
  expect_identical(tidy(drawn), tidy(again))
  # Five standard errors: missed once in two million.
  expect_lt(abs(shares(drawn) - shares(exact)), 5 * sqrt(shares(exact) / 20000))
})

test_that("the sum of two counts is their convolution", {
  expect_equal(convolve_pmf(stats::dbinom(0:3, 3, 0.2), stats::dbinom(0:5, 5, 0.2)), stats::dbinom(0:8, 8, 0.2),
    tolerance = 1e-14)
})

test_that("what cannot be falsified is refused in words", {
  e <- beta_answer()
  invalid(falsify(), "not given")
  invalid(falsify(1), "must be an excess")
  invalid(falsify(e), "no source to be left out")
  invalid(falsify(e, data.frame(response = c(1, NA))), "1 of 2 are not known")
  invalid(falsify(e, data.frame(response = c(1, 2))), "0 or 1")
  invalid(falsify(e, data.frame(outcome = 1)), "response")
  invalid(falsify(e, data.frame(response = c(1, 0, 0))), "too few records")
  invalid(falsify(e, data.frame(response = rep(0, 9), baseline_day = 60)), "No record was examined")
  invalid(falsify(e, data.frame(response = rep(0, 9)), against = "predictive"), "belong to")
  invalid(falsify(e, against = "records"), "not given")
  invalid(falsify(e, against = "predictive", threshold = 1), "threshold")
  invalid(falsify(e, against = "predictive", sets = 10), "sets")
  invalid(falsify(e, against = "predictive", n = 0), "n")
})

test_that("print and picture of a falsification", {
  x <- falsify(beta_answer(), against = "predictive")
  said <- gsub(" +", " ", paste(capture.output(print(x)), collapse = " "))
  expect_match(said, "4 untreated patients (exact sums)", fixed = TRUE)
  skip_if_not_installed("ggplot2")
  picture <- plot(x)
  expect_identical(layer_geoms(picture), c("GeomVline", "GeomPoint", "GeomText"))
  expect_equal(sort(built(picture, 2)$x), sort(shares(x)))
})
