# What a difference does and what to do about it, in words.

# Scores whose sources differ in all that sources can differ in.
score_differences <- function(means = c(7.8, 9), ...) {
  x <- score_change(c(12, 18), c(36, 31), "uems", match = list(level = "cervical", baseline_grade = "A",
    baseline_days = c(14, 28), followup_weeks = 54, years = 2020))
  rows <- data.frame(source = c("a", "b"), mean = means, sd = 6.5, n = c(120, 60), measure = "lems", level = "C4-C7",
    baseline_grade = "B", baseline_from_day = 0, baseline_to_day = 7, followup_weeks = 26, years_from = 1995,
    years_to = 2000, registry = "R")
  evidence_differences(match_terms(x), as_mean_sources(utils::modifyList(rows, list(...))))
}

for_rates_alone <- "landmark|drift|natural_strata|update\\(|event|rate|SCIMS|threefold"

test_that("scores are told nothing that is for rates of responders alone", {
  found <- score_differences()
  expect_setequal(found$what, setdiff(matching_names, "covariance"))
  expect_false(any(grepl(for_rates_alone, c(found$direction, found$remedy))))
  unknown <- score_differences(level = NA, baseline_from_day = NA, baseline_to_day = NA, followup_weeks = NA,
    years_from = NA, years_to = NA, measure = NA)
  expect_false(any(grepl(for_rates_alone, c(unknown$direction, unknown$remedy))))
  # The same words of rates are there: the pattern would find them.
  terms <- match_terms(plain_arm())
  rates <- evidence_differences(terms, as_sources(plain_sources(level = "all", baseline_from_day = 0,
    baseline_to_day = 3, years_from = 1990, years_to = 1991, endpoint = "ais_any")))
  expect_true(all(grepl(for_rates_alone, paste(rates$direction, rates$remedy))))
})

test_that("scores of patients of unknown level are asked for it, not for strata", {
  terms <- match_terms(score_change(1, 2, "uems"))
  found <- evidence_differences(terms, as_mean_sources(data.frame(source = "a", mean = 1, se = 1, level = "cervical")))
  expect_match(found$remedy[found$what == "level"], "match = list\\(level")
})

test_that("excess() of scores and of courses signals these words", {
  told <- \(expr) {
    e <- expect_error(expr, class = "cordgain_unmatched")
    expect_false(any(grepl(for_rates_alone, c(e$differences$direction, e$differences$remedy))))
    expect_match(conditionMessage(e), "choose a source of the trial's years")
  }
  told(excess(synthetic_change(), natural_change(7.8, sd = 6.5)))
  told(excess(gls_data(), gls_natural()))
})

test_that("an earlier baseline makes a natural gain too large and a natural loss too small", {
  at <- \(found) found$direction[found$what == "baseline"]
  expect_match(at(score_differences()), "examined earlier: natural mean change too high, so the excess .* too small")
  expect_match(at(score_differences(c(-3, -2))), "earlier: natural mean change too low, so the excess .* too large")
  expect_match(baseline_direction(FALSE, 5), "later: natural mean change too low")
  expect_identical(baseline_direction(TRUE, NA_real_), no_direction)
  expect_match(baseline_direction(TRUE), "examined earlier, when some had not yet recovered: natural rate too high")
})

test_that("what another follow-up does to a mean change follows from whether the mean is a gain or a loss", {
  expect_match(followup_direction(FALSE, -12), "more time: natural mean change too low, so the excess .* too large")
  expect_match(followup_direction(TRUE, -12), "less time: natural mean change too high, so the excess .* too small")
  expect_match(followup_direction(FALSE, 7.8), "more time: natural mean change too high, so the excess .* too small")
  expect_match(followup_direction(TRUE, 7.8), "less time: natural mean change too low, so the excess .* too large")
  expect_identical(followup_direction(TRUE, NA_real_), no_direction)
  expect_match(followup_direction(TRUE), "less time: natural rate too low")
})
