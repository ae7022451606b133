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
