# Construction -------------------------------------------------------------------

test_that("an arm keeps what was declared and seen", {
  arm <- plain_arm()
  expect_s3_class(arm, "trial_arm")
  expect_identical(arm_counts(arm), list(min = 1, max = 1, n = 4))
  expect_identical(arm_levels(arm), rep("cervical", 4))
  expect_identical(arm_role(arm), "treated")
  expect_identical(arm_declaration(arm), list(declared = TRUE, looks = 1))
  expect_null(arm_harms(arm))
  expect_null(arm_grades(arm))
  expect_identical(arm_label(arm), "treated arm (n = 4)")
  expect_identical(arm_label(plain_arm(label = "pilot")), "pilot")
})

test_that("every argument on which natural recovery depends must be given", {
  full <- list(
    responders = 1, n = 4, endpoint = "ais_c", level = NA, baseline_grade = "A", baseline_days = 14,
    followup_weeks = 52, years = 2020
  )
  for (argument in names(full)) {
    invalid(do.call(trial_arm, full[setdiff(names(full), argument)]), argument)
  }
})

test_that("what is not known may be said to be unknown", {
  arm <- plain_arm(level = NA, baseline_grade = NA, baseline_days = NA, followup_weeks = NA, years = NA)
  terms <- match_terms(arm)
  expect_true(all(is.na(unlist(terms[c("grade", "level", "baseline_days", "followup_weeks", "years")]))))
})

test_that("the endpoint is never unknown", {
  invalid(plain_arm(endpoint = NA))
  invalid(plain_arm(endpoint = ""))
  invalid(plain_arm(endpoint = c("ais_c", "ais_d")))
})

test_that("tetraplegia is read as cervical and levels may differ between patients", {
  expect_identical(arm_levels(plain_arm(level = "tetraplegia")), rep("cervical", 4))
  levels <- c("cervical", "T1-T9", NA, "own word")
  expect_identical(arm_levels(plain_arm(level = levels)), levels)
})

# Counts -------------------------------------------------------------------------

test_that("counts that are no counts are refused", {
  for (bad in list(NaN, Inf, -1, 1.5, "1", factor(1), NA, NULL, c(1, 2, 3), TRUE)) {
    invalid(plain_arm(responders = bad))
  }
  for (bad in list(NaN, Inf, -1, 0, 4.2, "4", factor(4), NA, NULL, c(4, 4), 1e9)) {
    invalid(plain_arm(n = bad))
  }
})

test_that("a percentage given as a count is sent to the function that rebuilds counts", {
  invalid(plain_arm(responders = 8.1, n = 482), "events_from_percent")
})

test_that("more responders than patients are refused", {
  invalid(plain_arm(responders = 5), "more responders")
  invalid(plain_arm(responders = 1e9), "1000000000 responded")
  invalid(plain_arm(responders = 3, missing = 2), "missing")
})

test_that("missing outcomes widen the count and never shrink the trial", {
  arm <- plain_arm(responders = 1, missing = 2)
  expect_identical(arm_counts(arm), list(min = 1, max = 3, n = 4))
  expect_output(print(arm), "1 to 3 of 4")
  expect_output(print(arm), "2 without an\\s+outcome")
})

test_that("a count that reports leave open is a range", {
  expect_identical(arm_counts(plain_arm(responders = c(1, 3))), list(min = 1, max = 3, n = 4))
  expect_identical(arm_counts(plain_arm(responders = c(1, 2), missing = 1))$max, 3)
  invalid(plain_arm(responders = c(3, 1)), "fewest")
})

test_that("none and all responders are counts like others", {
  expect_identical(arm_counts(plain_arm(responders = 0))$max, 0)
  expect_identical(arm_counts(plain_arm(responders = 4))$min, 4)
  expect_identical(arm_counts(plain_arm(responders = 1, n = 1)), list(min = 1, max = 1, n = 1))
})

# Terms --------------------------------------------------------------------------

test_that("levels and grades are text, one for all or one each", {
  for (bad in list(factor("cervical"), 1, c("a", "b"), "", NULL)) invalid(plain_arm(level = bad), "level")
  for (bad in list("F", "complete", factor("A"), 1, c("A", "B"))) {
    invalid(plain_arm(baseline_grade = bad), "baseline_grade")
  }
})

test_that("days, weeks and years are numbers in order", {
  for (argument in c("baseline_days", "followup_weeks", "years")) {
    for (bad in list("14", factor(14), NaN, Inf, -1, c(2, 1), 1:3, NULL)) {
      invalid(do.call(plain_arm, stats::setNames(list(bad), argument)))
    }
  }
  invalid(plain_arm(years = 2010.5), "whole")
  invalid(plain_arm(years = 52))
})

test_that("a follow-up before the baseline is refused", {
  invalid(plain_arm(baseline_days = 28, followup_weeks = 4), "after the baseline")
  expect_s3_class(plain_arm(baseline_days = 28, followup_weeks = 5), "trial_arm")
})

# Declaration --------------------------------------------------------------------

test_that("an endpoint chosen afterwards needs the number of definitions examined", {
  invalid(plain_arm(declared = FALSE), "looks")
  expect_identical(arm_declaration(plain_arm(declared = FALSE, looks = 2))$looks, 2)
  invalid(plain_arm(looks = 0))
  invalid(plain_arm(looks = 1.5))
  invalid(plain_arm(declared = NA))
  invalid(plain_arm(declared = "no"))
})

test_that("the role is treated unless said otherwise", {
  expect_identical(arm_role(plain_arm(role = "control")), "control")
  invalid(plain_arm(role = "placebo"), "treated")
})

test_that("labels and interventions are single strings", {
  invalid(plain_arm(label = 1))
  invalid(plain_arm(intervention = c("a", "b")))
  invalid(plain_arm(source = factor("a")))
})

# Harm ---------------------------------------------------------------------------

test_that("harm carries its definition, its patients and its exposure", {
  arm <- plain_arm(harms = list(events = 0, definition = "death"), exposure_years = 4)
  expect_identical(arm_harms(arm), list(events = 0, n = 4, exposure_years = 4, definition = "death"))
  own <- plain_arm(harms = data.frame(events = 1, n = 3, exposure_years = 2, definition = "death"), exposure_years = 4)
  expect_identical(arm_harms(own), list(events = 1, n = 3, exposure_years = 2, definition = "death"))
})

test_that("no harm without a definition", {
  invalid(plain_arm(harms = list(events = 0)), "definition")
  invalid(plain_arm(harms = 0), "definition")
  invalid(plain_arm(harms = list(events = 0, definition = "")), "definition")
  invalid(plain_arm(harms = list(events = 0, definition = NA)), "definition")
})

test_that("impossible harm and exposure are refused", {
  invalid(plain_arm(harms = list(events = 5, definition = "death")))
  invalid(plain_arm(harms = list(events = 0.5, definition = "death")))
  invalid(plain_arm(harms = data.frame(events = 0:1, definition = "death")))
  for (bad in list(0, -1, NaN, Inf, "4")) invalid(plain_arm(exposure_years = bad), "exposure_years")
})

# Patients -----------------------------------------------------------------------

test_that("responders are counted from the grades of the patients", {
  arm <- graded_arm(c("D", "C", "B", "A"))
  expect_identical(arm_counts(arm), list(min = 2, max = 2, n = 4))
  expect_identical(match_terms(arm)$grade, "A")
  expect_identical(names(arm_grades(arm)), c("subject", "baseline", "final"))
})

test_that("a patient without an outcome stays in n and may be a responder", {
  expect_identical(arm_counts(graded_arm(c("C", NA, "A"))), list(min = 1, max = 2, n = 3))
})

test_that("levels are read from the table where it has them", {
  patients <- data.frame(subject = 1:2, level = c("T1-T9", NA), baseline = "A", final = "B")
  arm <- trial_arm(patients = patients, endpoint = "ais_any", baseline_days = 14, followup_weeks = 52, years = 2020)
  expect_identical(arm_levels(arm), c("T1-T9", NA))
  invalid(trial_arm(patients = patients, level = "T1-T9", endpoint = "ais_any", baseline_days = 14, followup_weeks = 52,
    years = 2020), "level")
})

test_that("counts cannot stand beside the patients from whom they are counted", {
  invalid(graded_arm("C", responders = 1), "responders")
  invalid(graded_arm("C", n = 1), "n")
  invalid(graded_arm("C", missing = 1), "missing")
})

test_that("patients by whom persons can be found are refused", {
  patients <- data.frame(subject = 1, patient_name = "x", baseline = "A", final = "B")
  invalid(trial_arm(patients = patients, endpoint = "ais_any", level = NA, baseline_days = 14, followup_weeks = 52,
    years = 2020), "patient_name")
})

test_that("tables of patients that are none are refused", {
  call_with <- function(patients) {
    trial_arm(patients = patients, endpoint = "ais_any", level = NA, baseline_days = 14, followup_weeks = 52,
      years = 2020)
  }
  invalid(call_with(data.frame(subject = 1, baseline = "A")), "final")
  invalid(call_with(data.frame(subject = c(1, 1), baseline = "A", final = "B")), "subject")
  invalid(call_with(data.frame(subject = NA, baseline = "A", final = "B")), "subject")
  invalid(call_with(data.frame(subject = 1, baseline = "A", final = factor("B"))), "final")
  invalid(call_with(data.frame(subject = 1, baseline = "A", final = "B")[0, ]), "no rows")
  invalid(call_with("A"), "data frame")
  invalid(call_with(data.frame(subject = seq_len(20000), baseline = "A", final = "B")), "too many")
})

# Update -------------------------------------------------------------------------

test_that("whatever is given, the answer is an arm with whole counts or a classed error", {
  skip_on_cran() # long
  withr::local_seed(20230403)
  values <- list(
    NA, NaN, Inf, -1, 0, 1, 2, 2.5, 1e9, 1e300, "1", "", "A", TRUE, FALSE, NULL, factor("a"), list(1), list(), 1i,
    c(1, 2), 1:4, as.Date("2020-01-01"), character(), numeric(), data.frame(a = 1), mean, c(a = 1), matrix(1, 2, 2),
    list(events = 0, definition = "death")
  )
  for (i in 1:600) {
    argument <- sample(setdiff(names(formals(trial_arm)), "patients"), 1)
    value <- sample(values, 1)
    names(value) <- argument
    result <- tryCatch(do.call(plain_arm, value, quote = TRUE), cordgain_error = \(e) "refused")
    if (!identical(result, "refused")) {
      counts <- unlist(arm_counts(result))
      expect_identical(counts, round(counts))
      expect_false(is.unsorted(counts)) # fewest, most, patients
      expect_output(print(result), "trial_arm")
    }
  }
})

test_that("whatever the table of patients holds, the answer is an arm of as many patients or a classed error", {
  skip_on_cran() # long
  withr::local_seed(20230404)
  values <- list(NA, NaN, "A", "E", "A or B", "B/C", "x", "", 1, factor("A"), TRUE, as.Date("2020-01-01"), 1i, list(1))
  for (i in 1:300) {
    patients <- data.frame(subject = 1:3, level = "cervical", baseline = "A", final = c("A", "B", "C"))
    column <- sample(names(patients), 1)
    value <- sample(values, 1)[[1]]
    if (column != "subject") patients[[column]] <- rep(value, 3)
    result <- tryCatch(
      trial_arm(patients = patients, endpoint = sample(c("ais_any", "ais_c", "ais_d"), 1), baseline_days = 14,
        followup_weeks = 52, years = 2020),
      cordgain_error = \(e) NULL
    )
    expect_true(is.null(result) || arm_counts(result)$n == 3)
  }
})

test_that("a harm is defined in words, and a field that harms do not have is refused by name", {
  harm <- \(...) plain_arm(harms = list(events = 0, exposure_years = 4, ...))
  expect_identical(arm_harms(harm(definition = "death"))$definition, "death")
  invalid(harm(definition = "  "), "blank")
  invalid(harm(definition = "death", exposure_year = 9), "exposure_year")
})
