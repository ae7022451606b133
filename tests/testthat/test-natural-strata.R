# Bounds over unknown levels, against every assignment of patients written out.

two <- natural_strata(cervical = natural_rate(0.135), "T1-T9" = natural_rate(0.045))

unknown_arm <- function(level = NA, n = 4, y = 2) {
  trial_arm(y, n, "ais_c", level, "A", c(14, 28), 52, c(2021, 2023))
}

taken <- c("endpoint", "grade", "baseline", "followup", "years", "registry")

pick <- function(x, term, column) tidy(x)[[column]][tidy(x)$term == term]

# Poisson-binomial tail by adding up all 2^n outcomes.
naive_tail <- function(p, y) {
  outcomes <- as.matrix(expand.grid(rep(list(0:1), length(p))))
  chance <- apply(outcomes, 1, \(o) prod(ifelse(o == 1, p, 1 - p)))
  sum(chance[rowSums(outcomes) >= y])
}

test_that("two strata bound the tail between all T1-T9 and all cervical", {
  x <- excess(unknown_arm(), two, accept = taken)
  expect_true(is.na(pick(x, "natural_tail", "estimate")))
  expect_equal(pick(x, "natural_tail", "conf.low"), checks_value("A07"), tolerance = 1e-10)
  expect_equal(pick(x, "natural_tail", "conf.high"), checks_value("A03"), tolerance = 1e-10)
})

test_that("the bounds are the extremes over every assignment, written out", {
  tails <- vapply(0:4, \(k) naive_tail(rep(c(0.135, 0.045), c(k, 4 - k)), 2), 0)
  x <- excess(unknown_arm(), two, accept = taken)
  expect_equal(pick(x, "natural_tail", "conf.low"), min(tails), tolerance = 1e-12)
  expect_equal(pick(x, "natural_tail", "conf.high"), max(tails), tolerance = 1e-12)
  expect_match(tidy(x)$interval[1], "5 possibilities")
})

test_that("patients of known level stay where they are", {
  x <- excess(unknown_arm(c("cervical", "T1-T9", NA, NA)), two, accept = taken)
  tails <- vapply(0:2, \(k) naive_tail(rep(c(0.135, 0.045), c(1 + k, 3 - k)), 2), 0)
  expect_equal(pick(x, "natural_tail", "conf.low"), min(tails), tolerance = 1e-12)
  expect_equal(pick(x, "natural_tail", "conf.high"), max(tails), tolerance = 1e-12)
  known <- excess(unknown_arm(c("cervical", "T1-T9", "T1-T9", "T1-T9")), two, accept = taken)
  expect_equal(pick(known, "natural_tail", "estimate"), checks_value("N16a"), tolerance = 1e-8) # ten decimals
})

test_that("strata of one uncertain rate give the answer of that rate, whatever the assignment", {
  same <- natural_rate(prior_beta(8, 56))
  x <- excess(unknown_arm(), natural_strata(cervical = same, "T1-T9" = same), accept = taken)
  whole <- sum(predict(same, 4)$probability[3:5])
  # The coupled road interpolates quantiles, stated error below 1e-6.
  expect_equal(pick(x, "natural_tail", "conf.low"), whole, tolerance = 1e-6)
  expect_equal(pick(x, "natural_tail", "conf.high"), whole, tolerance = 1e-6)
})

test_that("uncertain strata share one centile, as a naive sum over centiles has it", {
  high <- prior_beta(13, 83)
  low <- prior_beta(5, 95)
  x <- excess(unknown_arm(c("cervical", "cervical", "T1-T9", "T1-T9")),
    natural_strata(cervical = natural_rate(high), "T1-T9" = natural_rate(low)), accept = taken)
  u <- (seq_len(4000) - 0.5) / 4000
  expected <- mean(mapply(\(a, b) naive_tail(c(a, a, b, b), 2), qbeta(u, 13, 83), qbeta(u, 5, 95)))
  # Midpoint rule over 4000 centiles: good to about 1e-6 here.
  expect_equal(pick(x, "natural_tail", "estimate"), expected, tolerance = 1e-4)
})

test_that("a level without a stratum is unmatched", {
  expect_error(excess(unknown_arm(c("L1", NA, NA, NA)), two, accept = taken), "stratum", class = "cordgain_unmatched")
})

test_that("one natural rate for unknown levels is refused, and the error names natural_strata()", {
  one <- natural_rate(0.135)
  expect_error(excess(unknown_arm(), one, accept = taken), "natural_strata", class = "cordgain_unmatched")
  expect_s3_class(excess(unknown_arm(), natural_rate(0.135), accept = c(taken, "level")), "excess")
})

test_that("compositions are all ordered sums, as many as the binomial coefficient says", {
  for (parts in 1:4) {
    for (total in 0:5) {
      found <- compositions(total, parts)
      expect_identical(nrow(found), as.integer(choose(total + parts - 1, parts - 1)))
      expect_true(all(rowSums(found) == total) && all(found >= 0) && anyDuplicated(found) == 0L)
    }
  }
})

test_that("too many assignments are refused", {
  rates <- stats::setNames(lapply(1:5, \(i) natural_rate(i / 20)), c("C", "T1-T9", "T10-T12", "L", "S"))
  five <- do.call(natural_strata, rates)
  many <- trial_arm(2, 40, "ais_c", NA, "A", c(14, 28), 52, 2021)
  expect_error(excess(many, five, accept = taken), "too many|More than|more than", class = "cordgain_error")
})

test_that("strata that are none are refused with a class", {
  expect_error(natural_strata(), class = "cordgain_invalid_input")
  expect_error(natural_strata(cervical = natural_rate(0.1)), class = "cordgain_invalid_input")
  expect_error(natural_strata(natural_rate(0.1), natural_rate(0.2)), class = "cordgain_invalid_input")
  expect_error(natural_strata(cervical = 0.1, "T1-T9" = 0.2), class = "cordgain_invalid_input")
  expect_error(natural_strata(a = natural_rate(c(0.1, 0.2)), b = natural_rate(0.1)), class = "cordgain_invalid_input")
})

test_that("strata print their levels, and tidy() has a row per level and term", {
  expect_output(print(two), "cervical: rate 0.135")
  expect_setequal(tidy(two)$group, c("cervical", "T1-T9"))
})

test_that("two words for one level are refused as one stratum twice", {
  invalid(natural_strata(tetraplegia = natural_rate(0.1), cervical = natural_rate(0.2)), "another word for")
})
