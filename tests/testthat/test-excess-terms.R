# The rows of an excess, from small distributions that can be checked in the head.

# Two patients, natural rate one half, by two routes that agree.
half <- list(fine = c(0.25, 0.5, 0.25), coarse = c(0.25, 0.5, 0.25))

test_that("tails of two fair coins", {
  rows <- tail_terms(1, half)
  expect_identical(rows$term, c("natural_tail", "natural_tail_midp", "natural_below_observed"))
  expect_equal(rows$estimate, c(0.75, 0.5, 0.25))
})

test_that("nothing observed has a tail of 1, everything the last probability", {
  expect_equal(tail_terms(0, half)$estimate, c(1, 0.875, 0))
  expect_equal(tail_terms(2, half)$estimate, c(0.25, 0.125, 0.75))
})

test_that("a count has its mean, standard deviation and the whole numbers that hold 95 %", {
  row <- count_row("natural_responders", half, 0.95)
  expect_equal(row$estimate, 1)
  expect_equal(row$std.error, sqrt(0.5))
  expect_equal(c(row$conf.low, row$conf.high), c(0, 2))
  narrow <- count_row("natural_responders", half, 0.4)
  expect_equal(c(narrow$conf.low, narrow$conf.high), c(1, 1))
})

test_that("an excess is the observed count minus the natural one", {
  row <- count_row("excess_responders", half, 0.95, y = 2)
  expect_equal(row$estimate, 1)
  expect_equal(c(row$conf.low, row$conf.high), c(0, 2))
  expect_equal(count_row("excess_responders", half, 0.95, y = 0)$estimate, -1)
})

test_that("the interval starts at the smallest count with 2.5 % at or below it", {
  # P(SATT <= 0) = P(natural >= 2) = 0.0841: [0, 2], as in STATISTICS section 12, holding .9878.
  pmf <- c(0.615392985694, 0.300520721372, 0.0718750, 0.0110204, 0.001190893)
  row <- count_row("excess_responders", list(fine = pmf, coarse = pmf), 0.95, y = 2)
  expect_equal(c(row$conf.low, row$conf.high), c(0, 2))
})

test_that("half of the prior mass on no effect multiplies by BF / (1 + BF)", {
  for (sd in c("0.25", "0.5", "1", "2")) {
    expect_equal(half_null(checks_value(paste0("N03P", sd)), checks_value(paste0("N03B", sd))),
      checks_value(paste0("N03S", sd)), tolerance = 1e-9)
  }
})

test_that("one scenario keeps its rows, several become smallest and largest values without an estimate", {
  a <- known_terms(c("x", "y"), rbind(term_row("x", 1, error = 1e-9), term_row("y", 5)))
  b <- known_terms(c("x", "y"), rbind(term_row("x", 3, error = 1e-8), term_row("y", 4)))
  expect_identical(combine_scenarios(list(a))$estimate, c(1, 5))
  expect_identical(combine_scenarios(list(a))$interval, rep("interval", 2))
  both <- combine_scenarios(list(a, b))
  expect_true(all(is.na(both$estimate)))
  expect_identical(both$conf.low, c(1, 4))
  expect_identical(both$conf.high, c(3, 5))
  expect_identical(both$num.error, c(1e-8, 0))
  expect_match(both$interval, "bounds over 2 possibilities")
})

test_that("bounds over a term that is not known in one scenario are not known, with its reason", {
  a <- known_terms("x", term_row("x", 1))
  b <- known_terms("x", cordgain:::abort_numerical("The number x has no digits."))
  both <- combine_scenarios(list(a, b))
  expect_true(all(is.na(c(both$conf.low, both$conf.high, both$num.error))))
  expect_match(both$reason, "no digits")
})

test_that("what keeps one term from being known leaves the others, and other errors are not swallowed", {
  rows <- rbind(
    known_terms("x", term_row("x", 1)),
    known_terms(c("y", "z"), cordgain:::two_routes(0.1, 0.2, "The number y"))
  )
  expect_identical(rows$term, c("x", "y", "z"))
  expect_identical(is.na(rows$estimate), c(FALSE, TRUE, TRUE))
  expect_match(rows$reason[2:3], "The number y could not be computed to 1e-06")
  expect_error(known_terms("x", stop("a mistake")), "a mistake")
  expect_error(known_terms("x", cordgain:::abort_input("bad")), class = "cordgain_invalid_input")
})

test_that("finite sums are marked exact, integrals as estimated", {
  expect_identical(unique(mark_exact(tail_terms(1, half), TRUE)$num.kind), "exact")
  expect_identical(unique(mark_exact(tail_terms(1, half), FALSE)$num.kind), "estimate")
})

test_that("the stated error of a tail is ten times the difference of the two sums, and above 1e-6 it is not known", {
  # The routes differ by 1e-8 in one count and by as much, with the other sign, in the next.
  routes <- list(fine = c(0.25, 0.5, 0.25), coarse = c(0.25, 0.5 + 1e-8, 0.25 - 1e-8))
  rows <- tail_terms(2, routes)
  expect_equal(rows$num.error[1], 1e-7, tolerance = 1e-5) # 10 x 1e-8, to the rounding of 0.25
  expect_lt(tail_terms(1, routes)$num.error[1], 1e-13) # the two cancel within the tail
  far <- list(fine = c(0.25, 0.5, 0.25), coarse = c(0.25, 0.5 + 2e-7, 0.25 - 2e-7))
  expect_true(all(is.na(tail_terms(2, far)$estimate)))
  expect_match(tail_terms(2, far)$reason, "The natural tail could not be computed to 1e-06")
  expect_error(count_row("natural_responders", far, 0.95), class = "cordgain_numerical_error")
})

test_that("an excess of 200 patients keeps every stated error below 1e-6, in units of the value above one", {
  # None of 200: no row may be given with an error that the rules refuse.
  rows <- tidy(excess_of(natural_rate(late_registries()), 0, 200))
  expect_true(all(rows$num.error <= 1e-6 * pmax(1, abs(rows$estimate))))
  # With a huge Bayes factor (all of 20 at a rate of 0.15) half of the mass on no effect hardly matters.
  rows <- tidy(excess_of(natural_rate(0.15), 20, 20))
  expect_lt(value_of(rows, "prob_benefit_half_null", "num.error"), 1e-6)
})

test_that("a term is told as its number, or as its bounds, ends alike once", {
  rows <- term_row(c("known", "open", "alike"), c(0.25, NA, NA), c(NA, 0.1, 0.5001), c(NA, 0.9, 0.5002))
  expect_identical(value_or_bounds(rows, "known"), 0.25)
  expect_identical(value_or_bounds(rows, "open"), c(0.1, 0.9))
  expect_identical(value_words(rows, "open", 2), "0.1 to 0.9")
  expect_identical(value_words(rows, "alike", 2), "0.5")
})
