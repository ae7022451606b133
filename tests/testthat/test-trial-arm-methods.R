# Change, print and table of a trial arm.

test_that("a new endpoint counts the responders anew", {
  arm <- graded_arm(c("D", "C", "A or B", "B"))
  expect_identical(arm_counts(update(arm, endpoint = "ais_any")), list(min = 3, max = 4, n = 4))
  expect_identical(arm_counts(update(arm, endpoint = "ais_d")), list(min = 1, max = 1, n = 4))
  expect_identical(update(update(arm, endpoint = "ais_d"), endpoint = "ais_c"), arm)
})

test_that("an endpoint whose responders are not known is refused", {
  invalid(update(graded_arm("C"), endpoint = "motor_level_1"), "cannot be counted")
  invalid(update(plain_arm(), endpoint = "ais_any"), "not known")
})

test_that("a count given with the new endpoint is taken", {
  expect_identical(arm_counts(update(plain_arm(), endpoint = "ais_any", responders = 3))$min, 3)
  expect_identical(arm_counts(update(graded_arm(c("C", "A")), endpoint = "motor_level_1", responders = 2))$min, 2)
})

test_that("levels can be set for all patients or for each", {
  arm <- graded_arm(c("C", "A"))
  expect_identical(arm_levels(update(arm, level = c("T1-T9", "cervical"))), c("T1-T9", "cervical"))
  expect_identical(arm_counts(update(arm, level = "T1-T9")), arm_counts(arm))
})

test_that("an update without changes is the same arm", {
  for (arm in list(plain_arm(missing = 1, looks = 2, declared = FALSE), graded_arm(c("C", NA)), keio_ips)) {
    expect_identical(update(arm), arm)
  }
})

test_that("an update that names no argument is refused", {
  invalid(update(plain_arm(), end_point = "ais_any"), "end_point")
  invalid(update(plain_arm(), "ais_any"), "by name")
})

test_that("an update is checked like a new arm", {
  invalid(update(plain_arm(), n = 0))
  invalid(update(plain_arm(), declared = FALSE), "looks")
})

# Print and tidy -----------------------------------------------------------------

test_that("the print fits a screen", {
  for (arm in list(plain_arm(), keio_ips, plain_arm(missing = 2, harms = list(events = 0, definition = "death")))) {
    lines <- capture.output(print(arm))
    expect_lte(length(lines), 12)
    expect_lte(max(nchar(lines)), 100)
  }
})

test_that("each line that tells what was seen says where the natural expectation is", {
  seen <- function(arm) grep("^(Observed|Harm)", format(arm), value = TRUE)
  for (arm in list(plain_arm(), keio_ips, plain_arm(missing = 2, harms = list(events = 0, definition = "death")))) {
    expect_match(seen(arm)[1], "what nature alone gives.*not in this description.*excess\\(\\)")
    if (!is.null(arm$harms)) expect_match(seen(arm)[2], "how many come without the treatment is not in this")
  }
  expect_length(seen(keio_ips), 2)
  # Controls had no treatment: what they show is the natural expectation.
  control <- seen(plain_arm(role = "control", harms = list(events = 0, definition = "death")))
  expect_match(control[1], "came without the treatment")
  expect_no_match(control[2], "not in this description")
})

test_that("the print says what is not known", {
  expect_output(print(plain_arm(level = NA)), "level not known")
  expect_output(print(plain_arm(level = c("T1-T9", NA, NA, NA))), "T1-T9 \\(1\\), not known \\(3\\)")
  expect_output(print(plain_arm(years = NA)), "injured not known")
  expect_output(print(plain_arm(declared = FALSE, looks = 3)), "not declared beforehand, 3 looks")
})

test_that("the summary adds the patients, the intervention and where it was published", {
  expect_output(print(summary(keio_ips)), "A or B")
  expect_output(print(summary(keio_ips)), "Intervention")
  expect_output(print(summary(keio_ips)), "UMIN000035074")
  expect_output(print(summary(plain_arm())), "trial_arm")
})

test_that("tidy has the package's columns, and a range in place of an open estimate", {
  tidied <- tidy(plain_arm(responders = 1, missing = 2, harms = list(events = 0, definition = "death")))
  expect_named(tidied, c("term", "estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind"))
  expect_identical(tidied$term, c("responders", "patients", "missing", "harm_events"))
  expect_identical(tidied$estimate, c(NA, 4, 2, 0))
  expect_identical(tidied$conf.low, c(1, 4, 2, 0))
  expect_identical(tidied$conf.high, c(3, 4, 2, 0))
  expect_identical(tidy(plain_arm())$term, c("responders", "patients", "missing"))
})

test_that("an arm survives being saved", {
  path <- withr::local_tempfile(fileext = ".rds")
  saveRDS(keio_ips, path)
  expect_identical(readRDS(path), keio_ips)
})

# Random input -------------------------------------------------------------------
