# excess(): what it accepts, what it refuses, what it prints.

late_sources <- function() {
  x <- plain_sources()
  x$registry <- c("one", "two")
  x
}

test_that("a matched trial needs nothing accepted and says so", {
  x <- excess(plain_arm(), natural_rate(late_sources()))
  expect_s3_class(x, c("excess_responders", "excess"), exact = TRUE)
  expect_match(paste(format(x), collapse = " "), "Matched on endpoint")
})

test_that("a difference not accepted is an error that lists it, its effect and what to do (refusals 1, 2, 4)", {
  natural <- \(...) natural_rate(plain_sources(...))
  unmatched <- \(natural, words) expect_error(excess(plain_arm(), natural), words, class = "cordgain_unmatched")
  unmatched(natural(endpoint = "ais_any"), "endpoint")
  unmatched(natural(level = "all"), "level.*To do")
  unmatched(natural(baseline_from_day = 0, baseline_to_day = 3), "landmark\\(\\)")
  unmatched(natural(followup_weeks = 26), "followup")
  unmatched(natural(years_from = 1980, years_to = 1990), "drift\\(\\)")
  unmatched(natural(registry = "one"), "registry")
  unmatched(natural(registry = NA), "registry")
  unmatched(natural_rate(0.2), "accept")
})

test_that("each difference passes when it is named, and is printed as accepted", {
  x <- excess(plain_arm(), natural_rate(plain_sources(level = "all")), accept = "level")
  text <- paste(format(x), collapse = " ")
  expect_match(text, "Not matched, illustration")
  expect_match(text, "level: trial cervical")
})

test_that("a name that is no difference is refused", {
  invalid(excess(plain_arm(), natural_rate(late_sources()), accept = "everything"), "names differences")
  invalid(excess(plain_arm(), natural_rate(late_sources()), accept = 3))
})

test_that("things that are no arm, no natural rate, or of the wrong role are refused", {
  natural <- natural_rate(late_sources())
  for (x in list(NULL, 2, "2 of 4", data.frame(a = 1), list(2, 4))) invalid(excess(x, natural), "trial_arm")
  for (bad in list(NULL, 0.193, prior_beta(1, 1), late_sources())) invalid(excess(plain_arm(), bad), "natural_rate")
  invalid(excess(plain_arm(role = "control"), natural), "treated")
  invalid(excess(plain_arm(), natural, control = plain_arm()), "control")
  invalid(excess(plain_arm(), natural, effect = prior_half_normal(1)), "prior_normal")
  invalid(excess(plain_arm(), natural, effect = 1), "prior")
  invalid(excess(plain_arm(), natural, margin = 2))
  invalid(excess(plain_arm(), natural, margin = "0.2"))
  for (level in list(0, 1, 95, NA, "0.95")) invalid(excess(plain_arm(), natural, conf.level = level))
  invalid(excess(plain_arm(), natural, marginal = 0.2), "marginal")
})

test_that("the treated arm cannot serve as evidence (refusal 5)", {
  invalid(natural_rate(plain_arm()), "table of sources")
})

test_that("an endpoint that was not declared carries its multiplicity in the print (refusal 21)", {
  invalid(plain_arm(declared = FALSE), "looks")
  text <- format(excess(plain_arm(declared = FALSE, looks = 3), natural_rate(late_sources())))
  expect_match(paste(text, collapse = " "), "not declared beforehand; 3")
})

test_that("summary() adds every outcome that could have been seen", {
  expect_output(print(summary(excess(plain_arm(), natural_rate(late_sources())))), "Every outcome")
})

test_that("an unknown level does not hide the other differences", {
  # Every difference of the four-patient trial from the two late registries, named by hand from their tables.
  late <- natural_rate(subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14))
  error <- expect_error(excess(keio_ips, late), class = "cordgain_unmatched")
  expect_setequal(unique(error$differences$what), c("level", "baseline", "followup", "years"))
  text <- gsub("\\s+", " ", conditionMessage(error))
  bullets <- c("level: trial not known", "baseline: trial day 14 to 28", "followup: trial week 54 to 56",
    "years: trial 2021 to 2023")
  for (bullet in bullets) expect_match(text, paste0(bullet, "; sources [^.]+[.] Effect: [^.]+[.] To do: [^.]+[.]"))
  expect_match(text, "natural_strata() for bounds over the levels; a point answer only with accept = \"level\"",
    fixed = TRUE)
  # What is accepted is left out, and the unknown level stays.
  rest <- expect_error(excess(keio_ips, late, accept = c("baseline", "followup")), class = "cordgain_unmatched")
  expect_setequal(unique(rest$differences$what), c("level", "years"))
})

test_that("differences from sources and from controls are told in one error", {
  other <- plain_arm(role = "control", endpoint = "own", years = 1990)
  error <- expect_error(excess(plain_arm(), natural_rate(plain_sources(level = "all")), control = other),
    class = "cordgain_unmatched")
  expect_setequal(unique(error$differences$what), c("level", "endpoint", "years"))
  accepted <- excess(plain_arm(), natural_rate(plain_sources(level = "all")), control = other,
    accept = c("level", "endpoint", "years"))
  expect_match(paste(format(accepted), collapse = " "), "years: trial 2010 to 2012; control arm", fixed = TRUE)
})

test_that("every sentence of print that tells what was observed tells what nature gives", {
  natural <- natural_rate(0.2, match = matched_terms("cervical"))
  lines <- format(excess(plain_arm(responders = 2), natural, accept = "registry"))
  seen <- grep("responded|Observed|Response rate", lines, value = TRUE)
  expect_length(seen, 3)
  # 4 patients at a known rate of 0.2: 0.8 on average, and the rate itself.
  expect_match(seen, "nature alone gives 0[.][28] on average")
  strata <- natural_strata(cervical = natural, "T1-T9" = natural_rate(0.1, match = matched_terms("T1-T9")))
  bounds <- format(excess(plain_arm(level = NA_character_), strata, accept = "registry"))
  expect_match(grep("responded", bounds, value = TRUE), "nature alone gives 0.4 to 0.8 on average", fixed = TRUE)
})

test_that("bounds over strata are never called matched on level", {
  strata <- natural_strata(
    cervical = natural_rate(plain_sources()), "T1-T9" = natural_rate(plain_sources(level = "T1-T9"))
  )
  unknown <- paste(format(excess(plain_arm(level = NA_character_), strata)), collapse = "\n")
  expect_match(unknown, "Matched on endpoint, grade, baseline, follow-up, years and registry.", fixed = TRUE)
  expect_match(unknown, "Level not known, so not matched: bounds over the levels cervical, T1-T9.", fixed = TRUE)
  # Where something else was accepted the sentence stands too; where the levels are known it does not.
  known_rates <- natural_strata(cervical = natural_rate(0.2), "T1-T9" = natural_rate(0.1))
  taken <- setdiff(every_difference, "level")
  expect_match(paste(format(excess(plain_arm(level = NA_character_), known_rates, accept = taken)), collapse = "\n"),
    "bounds over the levels cervical, T1-T9")
  expect_match(paste(format(excess(plain_arm(), strata)), collapse = "\n"), "Matched on endpoint, grade, level")
})

# Sources examined in the first days and years ago, brought to the trial by hand.
early_sources <- function(...) plain_sources(endpoint = "ais_any", baseline_from_day = 2, baseline_to_day = 4, ...)
early_timing <- function(week) landmark(week, 8, 1 / 35, "ais_any", "cervical")

test_that("a landmark at another week than the trial's is a difference in baseline, not a match", {
  arm <- plain_arm(endpoint = "ais_any")
  at <- \(week, ...) excess(arm, natural_rate(early_sources(), landmark = early_timing(week)), ...)
  expect_s3_class(at(3), "excess_responders")
  expect_error(at(20), "brought to day 140", class = "cordgain_unmatched")
  expect_error(at(1), "brought to day 7", class = "cordgain_unmatched")
  expect_identical(unique(at(20, accept = "baseline")$accepted$what), "baseline")
})

test_that("strata may be landmarked, each by its own timing, and say so", {
  timing <- \(level) landmark(3, 8, 1 / 35, "ais_any", level)
  rate <- \(level) natural_rate(early_sources(level = level), landmark = timing(level))
  strata <- natural_strata(cervical = rate("cervical"), "T1-T9" = rate("T1-T9"))
  arm <- plain_arm(endpoint = "ais_any", level = NA)
  x <- excess(arm, strata, accept = c("level", "registry"))
  expect_match(paste(format(x), collapse = " "), "T1-T9: Landmark: still unrecovered at week 3", fixed = TRUE)
})

test_that("a drift to the trial's years needs no word more, and the print says it", {
  old <- plain_sources(years_from = c(1990, 2000), years_to = c(1994, 2002))
  natural <- natural_rate(old, drift = drift(0.04, reference_year = 2011, extrapolate = TRUE))
  x <- excess(plain_arm(), natural)
  expect_match(paste(format(x), collapse = " "), "Drift: 0.04 log odds per year", fixed = TRUE)
  expect_error(excess(plain_arm(), natural_rate(old)), "years", class = "cordgain_unmatched")
})

test_that("the print and the table name the priors and the bias that made the answer", {
  natural <- natural_rate(two_sources(), tau = prior_fixed(0.2), bias = prior_fixed(-3))
  said <- paste(format(excess(keio_ips, natural, accept = accepted_usual)), collapse = " ")
  expect_match(said, "tau ~ fixed(value = 0.2)", fixed = TRUE)
  expect_match(said, "Bias: N(-3, 0^2) on log odds", fixed = TRUE)
  expect_output(print(decision_table(natural, n = 4)), "Bias: N(-3, 0^2) on log odds", fixed = TRUE)
})

test_that("concurrent controls and the tests against them are printed", {
  control <- plain_arm(role = "control", responders = 1, n = 5, label = "Controls")
  x <- excess(plain_arm(responders = 3), natural_rate(plain_sources()), control = control)
  said <- paste(format(x), collapse = " ")
  expect_match(said, "Controls: 1 of 5 responded without the treatment", fixed = TRUE)
  # Fisher: of 4 responders among 9 patients 3 or 4 are among the 4 treated: (4 x 5 + 1) / 126.
  expect_match(said, paste("Fisher", signif(21 / 126, 3)), fixed = TRUE)
  expect_match(said, "drawn from one population", fixed = TRUE)
})
