# Changes of scores and their excess over natural change: invariances, sums of variances, bounds, refusals.

mirrored <- \() motor_scale(min = 0, max = 50, direction = "lower", name = "mirrored")

upright <- \() motor_scale(min = 0, max = 50, direction = "higher", name = "upright")

test_that("a scale turned upside down gives the same changes and the same room", {
  baseline <- c(12, 18, 9, 15)
  final <- c(36, 31, 11, 15)
  up <- score_change(baseline, final, upright())
  down <- score_change(50 - baseline, 50 - final, mirrored())
  expect_identical(change_scores(down), change_scores(up))
  expect_identical(change_room(down), change_room(up))
  expect_match(paste(format(down), collapse = " "), "sign of change is turned", fixed = TRUE)
  expect_no_match(paste(format(up), collapse = " "), "turned")
})

test_that("the same points added to baseline and final leave the change and move the room", {
  one <- score_change(c(5, 9), c(8, 9), upright())
  two <- score_change(c(15, 19), c(18, 19), upright())
  expect_identical(change_scores(two), change_scores(one))
  expect_identical(change_room(two)$low, change_room(one)$low - 10)
  expect_identical(change_room(two)$high, change_room(one)$high - 10)
})

test_that("a known change lies in its room, and an unknown one is bounded by it", {
  x <- score_change(c(0, 50, 25, 25), c(50, 0, NA, 25), upright())
  room <- change_room(x)
  known <- !is.na(change_scores(x))
  expect_true(all(change_scores(x)[known] >= room$low[known] & change_scores(x)[known] <= room$high[known]))
  expect_identical(unlist(tidy(x)[3, c("conf.low", "conf.high")], use.names = FALSE), c(-25, 25))
  expect_identical(unique(tidy(x)$num.error), 0)
})

test_that("subjects keep their names and order, whole numbers become names", {
  expect_identical(change_subjects(score_change(c(1, 2), c(3, 4), upright(), subject = c(9, 3))), c("9", "3"))
  expect_identical(change_subjects(score_change(1:3, 2:4, upright())), c("1", "2", "3"))
})

test_that("half points are seen as not whole, in baseline or in final", {
  expect_true(change_is_whole(score_change(c(1, 2), c(3, NA), upright())))
  expect_false(change_is_whole(score_change(c(1.5, 2), c(3.5, 4), upright())))
  expect_false(change_is_whole(score_change(c(1, 2), c(3.5, 4), upright())))
})

test_that("what cannot be a change is refused by the name of the argument", {
  invalid(score_change(1, 2), "scale. is not given")
  invalid(score_change(numeric(), numeric(), upright()), "no patient")
  invalid(score_change(c(1, 2), 3, upright()), "2 baseline scores, 1 final")
  invalid(score_change(c(1, 2), c(3, 4), upright(), subject = c("a", "a")), "each of the 2 patients once")
  invalid(score_change(1, 2, upright(), subject = NA_character_), "subject")
  invalid(score_change(1, 2, upright(), match = list(colour = "red")), "colour")
  invalid(score_change(1, 2, upright(), match = "A"), "list")
  invalid(score_change(1, 2, upright(), match = list(baseline_grade = "F")), "AIS grade")
  invalid(score_change(c(1, 2, 3), c(2, 3, 4), upright(), match = list(level = c("cervical", "T10-T12"))), "length 2")
  invalid(score_change(1, 2, upright(), match = list(years = c(1800, 1810))), "years")
  invalid(score_change(1, 51, upright()), "final")
  invalid(score_change("one", 2, upright()), "baseline")
})

test_that("print and picture hold the patients' changes", {
  x <- score_change(c(10, 20, 30), c(12, 19, NA), upright())
  said <- paste(capture.output(print(x)), collapse = " ")
  for (words in c("3 patients", "+2, -1, not known", "mean 0.5", "Without a final score: 1")) {
    expect_match(said, words, fixed = TRUE)
  }
  skip_if_not_installed("ggplot2")
  picture <- plot(x)
  expect_identical(layer_geoms(picture), c("GeomLine", "GeomPoint", "GeomText"))
  expect_identical(nrow(built(picture, 2)), 5L) # three before, two after
  expect_identical(words_of(picture)[["y"]], "Upright, points")
})

# Excess -----------------------------------------------------------------------------------

plain_excess <- \(change = c(24, 13, 2, 0), natural = natural_change(7.8, sd = 6.5), ...) {
  excess_of_scores(continuous_change(change), natural, ...)
}

test_that("a known natural mean: the excess is the mean difference, with sd / sqrt(n)", {
  e <- plain_excess()
  row <- term_of(e, "mean_excess")
  expect_equal(row$estimate, 9.75 - 7.8, tolerance = 1e-13)
  expect_equal(row$std.error, 6.5 / 2, tolerance = 1e-13)
  expect_equal(row$conf.low, 1.95 - stats::qnorm(0.975) * 3.25, tolerance = 1e-9)
  expect_equal(term_value(e, "prob_excess"), stats::pnorm(1.95 / 3.25), tolerance = 1e-12)
})

test_that("points added to every change are points of excess; the spread stays", {
  one <- plain_excess(c(20, 10, 2, 0))
  two <- plain_excess(c(23, 13, 5, 3))
  for (term in c("mean_excess", "mean_excess_population", "patient_excess")) {
    expect_equal(term_value(two, term) - term_value(one, term), rep(3, length(term_value(one, term))),
      tolerance = 1e-12)
    expect_equal(term_value(two, term, "std.error"), term_value(one, term, "std.error"))
  }
})

test_that("a bias of b points lowers the excess by b, and its SD widens it once, not per patient", {
  plain <- plain_excess(natural = natural_change(prior_normal(7.8, 0.6), sd = 6.5))
  moved <- plain_excess(natural = natural_change(prior_normal(7.8, 0.6), sd = 6.5, bias = prior_normal(1.5, 2)))
  expect_equal(term_value(plain, "mean_excess") - term_value(moved, "mean_excess"), 1.5, tolerance = 1e-10)
  variance <- \(e) term_value(e, "mean_excess", "std.error")^2
  expect_equal(variance(moved) - variance(plain), 4, tolerance = 1e-9)
})

test_that("prob_excess grows with the scores and falls with a margin; a margin of 0 is none", {
  probs <- vapply(c(-2, 0, 5, 15), \(by) term_value(plain_excess(c(20, 10, 2, 5) + by), "prob_excess"), 0)
  expect_true(all(diff(probs) > 0))
  margins <- vapply(c(0, 2, 8), \(m) term_value(plain_excess(margin = m), "prob_margin"), 0)
  expect_true(all(diff(margins) < 0))
  expect_identical(margins[1], term_value(plain_excess(), "prob_excess"))
  expect_equal(margins[3], stats::pnorm((1.95 - 8) / 3.25), tolerance = 1e-12)
})

test_that("an SD of the treated replaces the natural one in the population's interval", {
  e <- plain_excess(natural = natural_change(prior_normal(7.8, 1.2), sd = 6.5), sd_treated = 10)
  # Var(PATT) = sigma_1^2 / n + shared variance (STATISTICS 12).
  expect_equal(term_value(e, "mean_excess_population", "std.error"), sqrt(100 / 4 + 1.44), tolerance = 1e-9)
  expect_equal(term_value(e, "mean_excess", "std.error"), sqrt(6.5^2 / 4 + 1.44), tolerance = 1e-9)
})

test_that("each patient: percentile, excess, and the excess under correlation one half by hand", {
  e <- plain_excess()
  y <- c(24, 13, 2, 0)
  expect_equal(term_value(e, "patient_percentile"), stats::pnorm((y - 7.8) / 6.5), tolerance = 1e-12)
  expect_equal(term_value(e, "patient_excess"), y - 7.8, tolerance = 1e-12)
  expect_equal(term_value(e, "patient_excess_correlated"), y - 7.8 - 0.5 * (y - 9.75), tolerance = 1e-12)
  expect_equal(term_value(e, "patient_excess_correlated", "std.error"), rep(6.5 * sqrt(0.75), 4), tolerance = 1e-12)
  # The means of both agree: the correlation moves patients about their mean.
  expect_equal(mean(term_value(e, "patient_excess_correlated")), term_value(e, "mean_excess"), tolerance = 1e-12)
})

test_that("the ordered percentiles are sorted, within bands of uniform order statistics where the mean is known", {
  rows <- term_of(plain_excess(), "ordered_percentile")
  expect_false(is.unsorted(rows$estimate))
  expect_identical(rows$subject, c("4", "3", "2", "1"))
  # The k-th of four uniforms is Be(k, 5 - k); bands are asked for to 1e-5.
  expect_lt(max(abs(rows$conf.low - stats::qbeta(0.025, 1:4, 4:1))), 1e-5)
  expect_lt(max(abs(rows$conf.high - stats::qbeta(0.975, 1:4, 4:1))), 1e-5)
})

test_that("with a lost score there are bounds, and they are those of the two extremes", {
  x <- score_change(c(12, 18, 9, 15) + 0.5, c(36.5, NA, 11.5, 15.5), "uems",
    match = list(level = "cervical", baseline_grade = "A"))
  e <- excess_of_scores(x, natural_change(7.8, sd = 6.5))
  row <- term_of(e, "mean_excess")
  expect_true(is.na(row$estimate))
  # The patient at 18.5 of 50 may have lost 18.5 or gained 31.5.
  expect_equal(c(row$conf.low, row$conf.high), c(mean(c(24, -18.5, 2, 0)), mean(c(24, 31.5, 2, 0))) - 7.8,
    tolerance = 1e-12)
  expect_identical(row$interval, "bounds over lost patients")
  expect_identical(sum(is.na(term_value(e, "patient_excess"))), 1L)
  expect_match(paste(capture.output(print(e)), collapse = " "), "bounds, not confidence intervals")
})

test_that("natural changes that do not suit are refused in words", {
  x <- continuous_change()
  invalid(excess(x, natural_rate(0.1)), "natural_change")
  invalid(excess(x, natural_change(three_registries(), tau = prior_half_normal(2)), accept = all_differences),
    "SD of change between patients is not known")
  invalid(plain_excess(control = x), "records")
  invalid(plain_excess(margin = "large"), "margin")
  invalid(plain_excess(sd_treated = 0), "sd_treated")
  invalid(plain_excess(conf.level = 1.2), "conf.level")
  thoracic <- score_change(c(20.5, 25.5), c(22.5, 25.5), "lems", match = list(level = "thoracic", baseline_grade = "A"))
  invalid(excess_of_scores(thoracic, natural_change(1, sd = 2)), "hurdle")
  invalid(plain_excess(natural = natural_change(7.8, sd = 6.5, family = "beta_binomial", range = c(0, 50))),
    "not whole")
})

# Natural change ---------------------------------------------------------------------------

test_that("a mean of normal form: quantiles, predictions and sizes are closed forms", {
  x <- natural_change(prior_normal(8, 2), sd = 6)
  expect_equal(unname(quantile(x, c(0.05, 0.5, 0.95))), stats::qnorm(c(0.05, 0.5, 0.95), 8, 2), tolerance = 1e-9)
  expect_equal(unname(quantile(x, 0.9, of = "patient")), stats::qnorm(0.9, 8, sqrt(40)), tolerance = 1e-9)
  # sd^2 / Var of the mean; for a normal prior the information ratio is the same.
  expect_equal(term_value(x, "ess_moment"), 9, tolerance = 1e-9)
  expect_equal(term_value(x, "ess_elir"), 9, tolerance = 1e-6)
  for (n in c(1, 3, 50)) {
    row <- predict(x, n)[n + 1, ]
    expect_equal(row$std.error, sqrt(4 + 36 / n), tolerance = 1e-10)
  }
})

test_that("sources in other units, in other order, or moved by a constant give the same answer so changed", {
  tau <- \(s) prior_half_normal(s)
  plain <- tidy(natural_change(three_registries(), tau = tau(2)))
  tenfold <- three_registries()
  tenfold[c("mean", "se")] <- 10 * tenfold[c("mean", "se")]
  big <- tidy(natural_change(tenfold, tau = tau(20)))
  moved <- three_registries()
  moved$mean <- moved$mean + 100
  far <- tidy(natural_change(moved, tau = tau(2)))
  back <- tidy(natural_change(three_registries()[3:1, ], tau = tau(2)))
  at <- \(rows, term, column = "estimate") rows[[column]][rows$term == term]
  # Two runs of the same quadrature: each stated to num.error, here below 1e-7 of the estimate.
  expect_equal(at(big, "mean_change"), 10 * at(plain, "mean_change"), tolerance = 1e-7)
  expect_equal(at(big, "tau"), 10 * at(plain, "tau"), tolerance = 1e-6)
  expect_equal(at(far, "mean_change") - 100, at(plain, "mean_change"), tolerance = 1e-7)
  expect_equal(at(far, "mean_change", "std.error"), at(plain, "mean_change", "std.error"), tolerance = 1e-6)
  expect_equal(at(back, "mean_change"), at(plain, "mean_change"), tolerance = 1e-8)
  expect_equal(rev(at(back, "source_mean")), at(plain, "source_mean"), tolerance = 1e-8)
})

test_that("without heterogeneity the mean is the weighted one, and every source is shrunk onto it", {
  x <- natural_change(three_registries(), tau = prior_fixed(0))
  w <- 1 / c(0.6, 0.9, 1.4)^2
  pooled <- sum(w * c(7.8, 10.5, 9)) / sum(w)
  expect_equal(term_value(x, "mean_change"), pooled, tolerance = 1e-9)
  expect_equal(term_value(x, "mean_change", "std.error"), 1 / sqrt(sum(w)), tolerance = 1e-9)
  expect_equal(term_value(x, "source_mean"), rep(pooled, 3), tolerance = 1e-9)
})

test_that("with a fixed tau the mean and the predictive SD are by hand; a large tau leaves sources as published", {
  tau <- 1.7
  x <- natural_change(three_registries(), tau = prior_fixed(tau))
  w <- 1 / (c(0.6, 0.9, 1.4)^2 + tau^2)
  expect_equal(term_value(x, "mu"), sum(w * c(7.8, 10.5, 9)) / sum(w), tolerance = 1e-9)
  expect_equal(term_value(x, "mean_change", "std.error"), sqrt(tau^2 + 1 / sum(w)), tolerance = 1e-9)
  wide <- natural_change(three_registries(), tau = prior_fixed(1e4))
  # Shrinkage is se^2 / tau^2 < 2e-8 of differences of a few points.
  expect_equal(term_value(wide, "source_mean"), c(7.8, 10.5, 9), tolerance = 1e-6)
})

test_that("verbs of a natural change refuse what is out of range", {
  x <- natural_change(prior_normal(8, 2), sd = 6)
  invalid(quantile(x, c(0.5, 1)), "probs")
  invalid(quantile(x, numeric()), "at least one")
  invalid(quantile(x, 0.5, of = "group"), "of")
  invalid(predict(x, 0), "patients")
  invalid(tidy(x, conf.level = 0), "conf.level")
  no_sd <- natural_change(three_registries(), tau = prior_half_normal(2))
  invalid(predict(no_sd, 4), "sd")
  expect_match(paste(format(no_sd), collapse = " "), "only means are predicted")
})

test_that("the forest has each source as published and shrunk, and the new population", {
  skip_if_not_installed("ggplot2")
  x <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6)
  rows <- change_forest(x)
  expect_identical(as.vector(table(rows$kind)), c(3L, 3L, 2L))
  expect_equal(rows$estimate[rows$kind == "published"], c(7.8, 10.5, 9))
  # Shrinkage: every source moves towards the mean of them all.
  centre <- term_value(x, "mu")
  shrunk <- rows$estimate[rows$kind == "shrunk"]
  expect_true(all(abs(shrunk - centre) <= abs(c(7.8, 10.5, 9) - centre)))
  expect_identical(layer_geoms(plot(x)), c("GeomLinerange", "GeomPoint"))
})
