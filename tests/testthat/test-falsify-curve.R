# The pipeline on untreated courses, against sets gone through by hand.

# Untreated courses: baseline week `from`, last visit `to`, gain.
untreated <- function(gain, from = 2, to = 52, level = NULL, id = seq_along(gain), scale = "uems") {
  k <- length(gain)
  df <- data.frame(id = rep(id, each = 2), week = as.vector(rbind(rep_len(from, k), rep_len(to, k))),
    score = as.vector(rbind(10, 10 + gain)))
  if (!is.null(level)) df$level <- rep(level, each = 2)
  recovery_data(df, id, week, score, scale)
}

# Two patients of the same visits against means taken as known: natural gain 9 from week 2 to 52, variance 35.2.
alike <- function(gain = c(25, 5), match = list(), ...) {
  means <- data.frame(week = c(2, 12, 52), mean = c(10, 15, 19), sd = c(4, 6, 8), measure = "uems")
  df <- data.frame(id = rep(c("a", "b"), each = 2), week = c(2, 52), score = as.vector(rbind(10, 10 + gain)), at = 2)
  excess(recovery_data(df, id, week, score, "uems", treated_at = at, match = match),
    natural_curve(means, correlation = 0.7), accept = all_differences, ...)
}

variance <- 4^2 + 8^2 - 2 * 0.7 * 32

test_that("few records that fit every place: all sets are gone through", {
  gains <- c(0, 3, 9, 14, 20, 31)
  x <- falsify(alike(), untreated(gains), threshold = c(0.05, 0.2))
  rows <- tidy(x)
  tails <- utils::combn(gains, 2, \(two) stats::pnorm(mean(two) - 9, sd = sqrt(variance / 2), lower.tail = FALSE))
  expect_equal(rows$estimate, c(mean(tails <= 0.05), mean(tails <= 0.2)), tolerance = 1e-12)
  expect_equal(rows$critical, 9 + stats::qnorm(c(0.95, 0.8)) * sqrt(variance / 2), tolerance = 1e-6)
  expect_equal(rows$natural_tail[1], stats::pnorm(15 - 9, sd = sqrt(variance / 2), lower.tail = FALSE),
    tolerance = 1e-6)
  expect_match(rows$group[1], "6 of 6 untreated records, matched on visits")
  expect_output(print(x), "exact\\s+sums")
  expect_output(print(x), " mean [0-9]")
})

test_that("sets of another size take the trial's visits in turn, and have no tail of the trial", {
  gains <- c(0, 3, 9, 14, 20, 31)
  one <- tidy(falsify(alike(), untreated(gains), n = 1, threshold = 0.2))
  expect_equal(one$estimate, mean(stats::pnorm(gains - 9, sd = sqrt(variance), lower.tail = FALSE) <= 0.2))
  expect_true(is.na(one$natural_tail))
  three <- tidy(falsify(alike(), untreated(gains), n = 3, threshold = 0.2))
  sums <- utils::combn(gains, 3, mean)
  expect_equal(three$estimate, mean(stats::pnorm(sums - 9, sd = sqrt(variance / 3), lower.tail = FALSE) <= 0.2))
})

test_that("natural gains are those between the record's own weeks, and far visits do not fit", {
  # week 12 is 40 weeks from the trial's last visit; week 50 is 2 from it
  records <- untreated(c(20, 20, 2), from = c(2, 3, 2), to = c(52, 50, 12))
  found <- record_pool(curve_excess_parts(alike()), course_slots(curve_excess_parts(alike()), 1), records, 2,
    rlang::current_env())
  natural <- curve_excess_parts(alike())$natural
  expect_equal(found$pool[1, , 1], c(20 - 9, 20 - curve_gains(natural, 3, 50)$mean, NA), tolerance = 1e-6)
  expect_equal(found$pool[1, , 2], c(variance, curve_gains(natural, 3, 50)$own, NA), tolerance = 1e-6)
  narrow <- record_pool(curve_excess_parts(alike()), course_slots(curve_excess_parts(alike()), 1), records, 0,
    rlang::current_env())
  expect_identical(is.na(narrow$pool[1, , 1]), c(FALSE, TRUE, TRUE))
})

test_that("shared uncertainty does not average out over a set", {
  pool <- array(c(4, 2, 10, 10, 1.5, 0.5), c(1, 2, 3)) # two records: differences 4 and 2, variance 10, one direction
  pool <- pool[c(1, 1), , , drop = FALSE]
  tail <- pool_tails(pool, rbind(c(1L, 2L)))
  expect_equal(tail, stats::pnorm(3, sd = sqrt(10 / 2 + 1), lower.tail = FALSE), tolerance = 1e-14)
})

test_that("places of different visits are drawn: each from those who fit and are not yet in the set", {
  gain_long <- c(5, 25, 30)
  gain_short <- c(0, 12)
  records <- untreated(c(gain_long, gain_short), to = rep(c(52, 12), c(3, 2)))
  x <- falsify(known_course(), records, sets = 4000, threshold = 0.2, seed = 3)
  pairs <- expand.grid(long = gain_long - 9, short = gain_short - 5)
  sd <- sqrt((variance + 4^2 + 6^2 - 1.4 * 24) / 4)
  exact <- mean(stats::pnorm((pairs$long + pairs$short) / 2, sd = sd, lower.tail = FALSE) <= 0.2)
  row <- tidy(x)
  expect_lt(abs(row$estimate - exact), 4 * sqrt(exact * (1 - exact) / 4000)) # four standard errors of the share
  expect_true(row$conf.low < row$estimate && row$estimate < row$conf.high)
  expect_output(print(x), "4 000\\s+sets drawn")
})

test_that("draws are without replacement and uniform, for places that share records", {
  fits <- rbind(c(TRUE, TRUE, FALSE), c(TRUE, TRUE, TRUE))
  u <- as.matrix(expand.grid((1:8 - 0.5) / 8, (1:8 - 0.5) / 8)) # a regular grid: shares are exact
  picks <- drawn_places(fits, u)
  expect_true(all(picks[, 1] != picks[, 2]))
  expect_equal(as.vector(table(picks[, 1])), c(32, 32))
  expect_equal(unname(table(paste(picks[, 1], picks[, 2]))), rep(16, 4), ignore_attr = TRUE)
})

test_that("levels are matched where both know them", {
  records <- untreated(c(1, 2, 30, 31), level = c("C5", "C5", "C6", "C6"))
  mixed <- tidy(falsify(alike(match = list(level = c("C5", "C6"))), records, threshold = 0.2, sets = 1000, seed = 1))
  expect_match(mixed$group, "visits and level")
  # One of C5 and one of C6 in every set: means 15.5 to 16.5, tails below 0.06.
  expect_equal(mixed$estimate, 1)
  free <- tidy(falsify(alike(), records, threshold = 0.2))
  expect_equal(free$estimate, 5 / 6) # the set (1, 2) alone claims nothing
})

test_that("the same seed gives the same draws, another other ones; the order of patients and records says nothing", {
  records <- untreated(c(5, 25, 30, 0, 12), to = rep(c(52, 12), c(3, 2)))
  ask <- \(answer, seed) tidy(falsify(answer, records, sets = 300, seed = seed))$estimate
  expect_identical(ask(known_course(), 4), ask(known_course(), 4))
  expect_identical(ask(known_course(reverse = TRUE), 4), ask(known_course(), 4))
  expect_false(identical(ask(known_course(), 4), ask(known_course(), 5)))
  exact <- \(gains) tidy(falsify(alike(), untreated(gains)))$estimate
  expect_equal(exact(c(0, 30, 9, 14)), exact(c(14, 0, 9, 30)))
})

test_that("draws from its own predictive distribution give back the thresholds", {
  x <- falsify(curve_answer(), against = "predictive", sets = 4000, seed = 2)
  rows <- tidy(x)
  expect_true(all(abs(rows$estimate - rows$threshold) < 4 * sqrt(rows$threshold * (1 - rows$threshold) / 4000)))
  expect_match(rows$group[1], "check of the code")
  expect_equal(rows$natural_tail[1], 1 - term_value(curve_answer(), "prob_excess"), tolerance = 1e-9)
  expect_output(print(x), "a check of the code, not of the\\s+pipeline")
  skip_if_not_installed("ggplot2")
  expect_true(draws(plot(x)))
})

test_that("what cannot be asked is refused with the reason", {
  answer <- alike()
  refused <- \(..., words) expect_error(falsify(answer, ...), words, class = "cordgain_invalid_input")
  refused(words = "no source to be left out")
  refused(against = "records", words = "not given")
  refused(data.frame(change = 1:9), words = "recovery_data")
  refused(untreated(1:9), against = "predictive", words = "records")
  refused(untreated(1:9, scale = "lems"), words = "about lower")
  refused(curve_excess_parts(answer)$data, words = "2 were treated")
  refused(untreated(4), words = "too few records")
  refused(untreated(1:9, to = 20), words = "too few records")
  refused(untreated(1:9), within = -1, words = "within")
  refused(untreated(1:9), threshold = 1, words = "threshold")
  refused(untreated(1:9), sets = 5, words = "sets")
  refused(untreated(1:9), n = 0, words = "n")
})

test_that("places are counted against the records that other places could have taken", {
  pool <- array(1, c(4, 4, 2))
  pool[1:2, 3:4, ] <- NA # two places for two records, two for the two others
  pool[3:4, 1:2, ] <- NA
  expect_silent(check_pool(pool, 2, rlang::current_env()))
  pool[2, , ] <- NA
  expect_error(check_pool(pool, 2, rlang::current_env()), "0 records have", class = "cordgain_invalid_input")
})
