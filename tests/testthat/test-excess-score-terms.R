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
