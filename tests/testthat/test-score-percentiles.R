# Percentiles of patients and bands of ordered percentiles.

test_that("a whole score counts half, a continuous one has no step", {
  laws <- patient_laws(natural_change(7.8, sd = 6.5, family = "beta_binomial", range = c(0, 50)),
    list(low = 0, high = 50), TRUE)
  ends <- percentile_ends(laws$fine, 1, 24)
  expect_equal(1 - ends[1], checks_value("I06"), tolerance = 1e-10)
  expect_equal(percentile_of(ends), mean(ends))
  expect_equal(percentile_of(ends, 0), ends[1])
  smooth <- patient_laws(natural_change(7.8, sd = 6.5), list(low = -12, high = 38), FALSE)
  expect_equal(percentile_ends(smooth$fine, 1, 24), rep(checks_value("E01"), 2), tolerance = 1e-13)
})

test_that("tails of a count agree with the binomial and with all outcomes", {
  expect_equal(count_tail(matrix(0.05, 4, 1), 1, 1), checks_value("J11"), tolerance = 1e-13)
  expect_equal(count_tail(matrix(0.05, 4, 1), 1, 2), checks_value("E16"), tolerance = 1e-12)
  q <- rbind(c(0.2, 0.5), c(0.7, 0.1))
  both <- 0.4 * 0.2 * 0.7 + 0.6 * 0.5 * 0.1
  expect_equal(count_tail(q, c(0.4, 0.6), 2), both)
  expect_equal(count_tail(q, c(0.4, 0.6), 1), 1 - 0.4 * 0.8 * 0.3 - 0.6 * 0.5 * 0.9)
  expect_equal(count_tail(q, c(0.4, 0.6), 0), 1)
  expect_equal(count_tail(q, c(0.4, 0.6), 3), 0)
})

test_that("with a known mean the bands of randomised percentiles are beta quantiles, whole scores or not", {
  known <- natural_change(7.8, sd = 6.5, family = "censored", range = c(0, 50))
  laws <- patient_laws(known, list(low = rep(-12, 3), high = rep(38, 3)), TRUE)
  bands <- ordered_bands(laws$fine, 0.9, TRUE)
  expect_equal(bands$low, stats::qbeta(0.05, 1:3, 3:1))
  # The general route gives the same: a randomised percentile is uniform whatever the steps.
  f <- percentile_cdf(laws$fine, 0.3)
  expect_equal(f[, 1], rep(0.3, 3), tolerance = 1e-12)
})

test_that("a shared uncertain mean moves the bands, as an integral over the shift says", {
  natural <- natural_change(prior_normal(7.8, 3), sd = 6.5)
  laws <- patient_laws(natural, list(low = rep(-12, 4), high = rep(38, 4)), FALSE)
  bands <- ordered_bands(laws$fine, 0.95, FALSE)
  # Patients who move together may all be low, or all be high.
  expect_lt(bands$low[4], stats::qbeta(0.025, 4, 1))
  expect_gt(bands$high[1], stats::qbeta(0.975, 1, 4))
  # P(second smallest of 4 <= x) at the lower end, by integrate().
  y <- stats::qnorm(bands$low[2], 7.8, sqrt(9 + 6.5^2))
  p <- stats::integrate(\(m) stats::pbinom(1, 4, stats::pnorm(y, m, 6.5), lower.tail = FALSE) *
    stats::dnorm(m, 7.8, 3), -20, 40, rel.tol = 1e-9)$value
  expect_equal(p, 0.025, tolerance = 1e-6) # the root is found to 1e-9 in x
})

test_that("the predictive percentile of untreated patients is uniform: its mean over whole points is one half", {
  natural <- natural_change(prior_normal(7.8, 2), sd = 6.5, family = "beta_binomial", range = c(0, 50))
  law <- patient_laws(natural, list(low = 0, high = 50), TRUE)$fine
  mid <- law$each[[1]]$cdf - law$each[[1]]$mass / 2
  expect_equal(sum(mid * law$each[[1]]$mass), 0.5, tolerance = 1e-9)
})

test_that("bounded families refuse scores that are not whole", {
  natural <- natural_change(7.8, sd = 6.5, family = "censored", range = c(0, 50))
  expect_error(excess_of_scores(continuous_change(), natural), "whole", class = "cordgain_invalid_input")
})

test_that("bands of mid-percentiles hold their level where most patients do not change", {
  natural <- natural_change(1.5, sd = 4, family = "hurdle", range = c(0, 50), zero = 0.7, scale = "lems")
  x <- score_change(rep(0, 4), rep(0, 4), "lems")
  rows <- term_of(excess_of_scores(x, natural), "ordered_percentile")
  expect_true(all(rows$conf.low <= 0.35 & rows$conf.high >= 0.35)) # four without a change: 0.7^4 = 24 % of groups
  # By every combination of four changes: the k-th smallest mid-percentile lies outside with at most 2.5 % on a side.
  law <- patient_laws(natural, change_room(x), TRUE)$fine$each[[1]]
  mid <- cumsum(law$mass) - law$mass / 2
  for (k in 1:4) {
    reached <- stats::pbinom(k - 1, 4, cumsum(law$mass), lower.tail = FALSE) # P(k-th smallest <= each step)
    below <- c(0, reached)[match(rows$conf.low[k], mid)]
    expect_lt(below, 0.025 + 1e-8)
    expect_gt(reached[match(rows$conf.low[k], mid)], 0.025)
    expect_gt(reached[match(rows$conf.high[k], mid)], 0.975 - 1e-8)
    expect_lt(c(0, reached)[match(rows$conf.high[k], mid)], 0.975)
  }
  randomised <- term_of(excess_of_scores(x, natural, randomise = TRUE, seed = 1), "ordered_percentile")
  expect_equal(randomised$conf.high, stats::qbeta(0.975, 1:4, 4:1), tolerance = 1e-5)
})

test_that("bands of ranks hold all together less often than one by one, and this is said", {
  expect_null(rank_bands_words(1L))
  expect_match(rank_bands_words(4L), "all 4 ranks lie inside theirs less often")
  # Of two: P(low_1 <= U_(1) <= high_1, low_2 <= U_(2) <= high_2), integrated over the lower one, density 2 on u < v.
  band <- cbind(stats::qbeta(0.025, 1:2, 2:1), stats::qbeta(0.975, 1:2, 2:1))
  inside <- stats::integrate(\(u) 2 * (band[2, 2] - pmax(u, band[2, 1])), band[1, 1], band[1, 2], rel.tol = 1e-9)$value
  expect_lt(inside, 0.95 - 0.01)
})
