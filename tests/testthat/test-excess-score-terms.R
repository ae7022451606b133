# The rows of an excess of scores.

test_that("mean excess, its SD and its probability agree with independent values (E06-E09)", {
  # E07: registry SE .6, between populations 1.5, bias 2: all of it shared by the patients.
  natural <- natural_change(prior_normal(7.8, sqrt(0.6^2 + 1.5^2)), sd = 6.5, bias = prior_normal(0, 2))
  e <- excess_of_scores(continuous_change(), natural)
  expect_equal(term_value(e, "mean_excess"), checks_value("E06"), tolerance = 1e-12)
  expect_equal(term_value(e, "mean_excess", "std.error"), checks_value("E07"), tolerance = 1e-12)
  expect_equal(term_value(e, "mean_excess_population", "std.error"), checks_value("N15i"), tolerance = 1e-10)
  expect_equal(term_value(e, "prob_excess"), checks_value("E08"), tolerance = 1e-12)
  unbiased <- excess_of_scores(continuous_change(), natural_change(prior_normal(7.8, sqrt(0.6^2 + 1.5^2)), sd = 6.5))
  expect_equal(term_value(unbiased, "mean_excess", "conf.low"), checks_value("E09"), tolerance = 1e-12)
})

test_that("under the hierarchical model: P(natural mean of 4 >= 9.75) (E23)", {
  e <- excess_of_scores(continuous_change(), natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5))
  expect_equal(1 - term_value(e, "prob_excess"), checks_value("E23"), tolerance = 1e-10)
})

test_that("one patient's excess, alone and with correlation one half (N15k, N15l)", {
  rows <- tidy(excess_of_scores(continuous_change(), natural_change(7.8, sd = 6.5)))
  first <- rows[rows$subject %in% "1", ]
  half <- first[first$term == "patient_excess_correlated", ]
  expect_equal(half$estimate, checks_value("N15k"), tolerance = 1e-12)
  expect_equal(half$std.error, checks_value("N15l"), tolerance = 1e-10)
  alone <- first[first$term == "patient_excess", ]
  expect_equal(alone$estimate, 16.2)
  expect_equal(c(alone$conf.low, alone$conf.high), 16.2 + c(-1, 1) * stats::qnorm(0.975) * 6.5)
  expect_equal(first$estimate[first$term == "patient_percentile"], checks_value("E01"), tolerance = 1e-12)
})

test_that("whole scores: mean, probability and margin are sums over the natural distribution", {
  natural <- natural_change(7.8, sd = 6.5, family = "beta_binomial", range = c(0, 50))
  x <- score_change(c(0, 0), c(24, 6), "uems")
  e <- excess_of_scores(x, natural, margin = 5)
  m <- change_model_of(natural)
  p <- stats::plogis(m$location)
  pmf <- vapply(0:50, \(k) choose(50, k) * beta(m$spread * p + k, m$spread * (1 - p) + 50 - k) /
    beta(m$spread * p, m$spread * (1 - p)), 0)
  both <- outer(pmf, pmf)
  total <- outer(0:50, 0:50, `+`)
  expect_equal(term_value(e, "natural_mean"), 7.8, tolerance = 1e-10)
  expect_equal(term_value(e, "mean_excess"), 15 - 7.8, tolerance = 1e-10)
  expect_equal(term_value(e, "prob_excess"), sum(both[total < 30]), tolerance = 1e-10)
  expect_equal(term_value(e, "prob_margin"), sum(both[total < 20]), tolerance = 1e-10)
  expect_equal(term_value(e, "mean_excess", "std.error"), 6.5 / sqrt(2), tolerance = 1e-9)
})

test_that("a lost outcome gives bounds: the smallest and largest change that the scale allows", {
  natural <- natural_change(7.8, sd = 6.5, family = "censored", range = c(0, 50))
  lost <- score_change(c(12, 18, 9), c(36, NA, 11), "uems")
  row <- term_of(excess_of_scores(lost, natural), "mean_excess")
  at <- \(final) term_value(excess_of_scores(score_change(c(12, 18, 9), c(36, final, 11), "uems"), natural),
    "mean_excess")
  expect_true(is.na(row$estimate))
  expect_equal(c(row$conf.low, row$conf.high), c(at(0), at(50)), tolerance = 1e-10)
  expect_identical(row$interval, "bounds over lost patients")
  expect_identical(nrow(term_of(excess_of_scores(lost, natural), "ordered_percentile")), 0L)
  expect_output(print(excess_of_scores(lost, natural)), "bounds, not confidence intervals")
})

test_that("the population's variance takes a treated SD from elsewhere", {
  e <- excess_of_scores(continuous_change(), natural_change(prior_normal(7.8, 1), sd = 6.5), sd_treated = 10)
  expect_equal(term_value(e, "mean_excess_population", "std.error"), sqrt(100 / 4 + 1), tolerance = 1e-12)
  expect_equal(term_value(e, "mean_excess", "std.error"), sqrt(6.5^2 / 4 + 1), tolerance = 1e-12)
})

test_that("moments that do not exist leave quantiles and probabilities", {
  heavy <- natural_change(data.frame(source = "a", mean = 8, se = 1), tau = prior_half_t(1, 2), sd = 6.5)
  e <- excess_of_scores(continuous_change(), heavy)
  expect_true(is.na(term_value(e, "mean_excess")))
  expect_false(anyNA(term_of(e, "mean_excess")[c("conf.low", "conf.high")]))
  expect_false(is.na(term_value(e, "prob_excess")))
})

test_that("the population's interval is that of a mixture of normals, not of one normal", {
  one <- data.frame(source = "a", mean = 7.8, se = 0.6)
  natural <- natural_change(one, prior_half_t(3, 2), sd = 6.5)
  # Given tau the natural mean of a population is N(7.8, .6^2 + 2 tau^2); tau keeps its prior, which with a flat mu
  # one source does not change. So P(excess <= q) is an integral over tau, here by steps of its distribution function.
  tau <- 2 * stats::qt((1 + (seq_len(1e5) - 0.5) / 1e5) / 2, 3)
  beyond <- \(q, sd, centre) mean(stats::pnorm(q, centre, sqrt(0.36 + 2 * tau^2 + sd^2 / 4)))
  row <- term_of(excess_of_scores(continuous_change(), natural), "mean_excess_population")
  expect_equal(beyond(row$conf.low, 6.5, 9.75 - 7.8), 0.025, tolerance = 1e-4) # 1e5 steps
  expect_equal(beyond(row$conf.high, 6.5, 9.75 - 7.8), 0.975, tolerance = 1e-5)
  row <- term_of(excess_of_scores(continuous_change(), natural, sd_treated = 10), "mean_excess_population")
  expect_equal(beyond(row$conf.low, 10, 9.75 - 7.8), 0.025, tolerance = 1e-4)
  # A moment that does not exist takes no quantile with it.
  heavy <- natural_change(one, prior_half_t(1, 2), sd = 6.5)
  row <- term_of(excess_of_scores(continuous_change(), heavy, sd_treated = 10), "mean_excess_population")
  tau <- 2 * stats::qt((1 + (seq_len(1e5) - 0.5) / 1e5) / 2, 1)
  expect_equal(beyond(row$conf.low, 10, 9.75 - 7.8), 0.025, tolerance = 1e-3)
  expect_true(is.na(row$estimate))
})

test_that("the excess under a correlation is of each patient's own mean and SD, and none beyond his range", {
  natural <- natural_change(7.8, sd = 6.5, family = "censored", range = c(-14, 36))
  m <- change_model_of(natural)
  # Whole points of a latent normal, cut at the patient's ends.
  own <- \(low, high) {
    upper <- stats::pnorm(seq(low, high) + 0.5, m$location, m$spread)
    upper[length(upper)] <- 1
    p <- diff(c(0, upper))
    mean <- sum(p * seq(low, high))
    c(mean, sqrt(sum(p * (seq(low, high) - mean)^2)))
  }
  end <- own(-50, 0)
  free <- own(-20, 30)
  z <- c(0 - end[1], 24 - free[1]) / c(end[2], free[2])
  e <- excess_of_scores(score_change(c(50, 20), c(50, 44), "uems"), natural)
  rows <- term_of(e, "patient_excess_correlated")
  expect_equal(rows$estimate, c(0 - end[1], 24 - free[1]) - 0.5 * c(end[2], free[2]) * (z - mean(z)),
    tolerance = 1e-10)
  expect_equal(rows$std.error, sqrt(0.75) * c(end[2], free[2]), tolerance = 1e-10)
  # One at the ceiling who stayed beside one who lost much: his natural change would be a gain of more than is left.
  e <- excess_of_scores(score_change(c(50, 30), c(50, 0), "uems"), natural)
  rows <- term_of(e, "patient_excess_correlated")
  expect_identical(is.na(rows$estimate), c(TRUE, FALSE))
  expect_match(rows$reason[1], "beyond what this patient's scale allows")
  expect_output(print(e), "excess none (1), ", fixed = TRUE)
})

test_that("without any final score there are bounds and no rows of patients", {
  e <- excess_of_scores(score_change(c(10, 5), c(NA_real_, NA), "uems"), natural_change(7.8, sd = 6.5))
  row <- term_of(e, "mean_excess")
  expect_equal(c(row$conf.low, row$conf.high), c(-7.5, 42.5) - 7.8)
  expect_true(all(is.na(term_value(e, "patient_excess"))))
  expect_output(print(e), "2: final score not known")
  expect_no_match(paste(format_excess_score(e), collapse = " "), "correlation")
})

test_that("with a treated SD and bounded changes the population's mean is normal around each natural mean", {
  natural <- natural_change(prior_mixture(c(0.5, 0.5), prior_normal(6, 1), prior_normal(9, 0.5)), sd = 6.5,
    family = "beta_binomial", range = c(0, 50))
  x <- score_change(c(0, 0), c(24, 6), "uems")
  row <- term_of(excess_of_scores(x, natural, sd_treated = 8), "mean_excess_population")
  below <- \(q) sum(0.5 * stats::pnorm(q, 15 - c(6, 9), sqrt(c(1, 0.25) + 64 / 2)))
  expect_equal(c(below(row$conf.low), below(row$conf.high)), c(0.025, 0.975), tolerance = 1e-6)
  # Without: as untreated patients vary, the law of the mean excess.
  e <- excess_of_scores(x, natural)
  expect_equal(unlist(term_of(e, "mean_excess_population")[c("conf.low", "conf.high", "std.error")]),
    unlist(term_of(e, "mean_excess")[c("conf.low", "conf.high", "std.error")]))
})

test_that("a normal natural change is cut at the ends of the scale for nobody, a censored one for each patient", {
  rows <- \(baseline, ...) {
    natural <- natural_change(prior_normal(7.8, 1), sd = 6.5, ...)
    e <- excess_of_scores(synthetic_change(baseline, c(2, 3)), natural, sd_treated = 6)
    tidy(e)[tidy(e)$term %in% c("mean_excess", "mean_excess_population"), c("estimate", "conf.low", "conf.high")]
  }
  expect_equal(rows(c(10, 12)), rows(c(46, 47)))
  cut <- \(baseline) rows(baseline, family = "censored", range = c(-14, 36))
  expect_true(all(cut(c(46, 47))$estimate > cut(c(10, 12))$estimate + 3)) # who can gain 4 is expected to gain less
})
