test_that("text may be unknown, and a plain NA is an unknown text", {
  expect_identical(check_text(c("a", NA)), c("a", NA))
  expect_identical(check_text(NA), NA_character_)
})

test_that("text is never made from factors, numbers or empty strings", {
  invalid(check_text(factor("a"), "x"), "as.character")
  invalid(check_text(1, "x"))
  invalid(check_text(c("a", " "), "x"), "empty")
  invalid(check_text(NULL, "x"))
})

test_that("NA is an unknown number and NaN is an error", {
  expect_identical(check_known(c(1, NA)), c(1, NA))
  expect_identical(check_known(NA), NA_real_)
  invalid(check_known(c(1, NaN), "x"))
  invalid(check_known(Inf, "x"))
  invalid(check_known(-1, "x", min = 0))
  invalid(check_known("1", "x"), "numeric")
  invalid(check_known(factor(1), "x"))
  invalid(check_known(mean, "x"), "numeric")
  invalid(check_known(list(1), "x"), "numeric")
})

test_that("a range is one number twice, or two numbers in order", {
  expect_identical(check_range(3), c(3, 3))
  expect_identical(check_range(c(3, 5)), c(3, 5))
  expect_identical(check_range(NA), c(NA_real_, NA_real_))
  expect_identical(check_range(c(3, NA)), c(NA_real_, NA_real_))
  invalid(check_range(c(5, 3), "x"), "smaller")
  invalid(check_range(1:3, "x"), "length 3")
  invalid(check_range(numeric(), "x"))
  invalid(check_range(c(2000.5, 2001), "x", whole = TRUE), "whole")
})

test_that("a table is a data frame with some rows but not with a registry's number of rows", {
  invalid(check_table(NULL, "x"), "data frame")
  invalid(check_table(matrix(1:4, 2), "x"))
  invalid(check_table(data.frame(a = numeric()), "x"), "no rows")
  invalid(check_table(data.frame(a = seq_len(1e6)), "x"), "too many rows")
  invalid(check_table(data.frame(a = 1, a = 2, check.names = FALSE), "x"), "same name")
  expect_identical(check_table(data.frame(a = 1)), data.frame(a = 1))
})

test_that("a missing column is named", {
  invalid(check_columns(data.frame(a = 1), c("a", "b", "c"), "x"), "b")
  expect_silent(check_columns(data.frame(a = 1), "a"))
})

test_that("columns by which a person can be found are recognised however they are written", {
  bad <- c(
    "name", "Name", "patient_name", "PatientName", "last name", "surname", "initials", "dob", "DOB", "birth_date",
    "birthDate", "date.of.birth", "record_number", "medical record", "MRN", "hospital_id", "HospitalNo", "e-mail",
    "email", "phone", "home_address", "postcode", "zip", "first_name", "FIRSTNAME"
  )
  expect_identical(bad[!is_identifying(bad)], character())
})

test_that("columns that describe without naming pass", {
  good <- c(
    "subject", "level", "baseline", "final", "age", "sex", "site", "week", "motor_level", "uems", "r_motor_c5",
    "followup_weeks", "source", "events", "n", "zipper", "endpoint", "filename_free", "notes", "outcome"
  )
  expect_identical(good[is_identifying(good)], character())
})

test_that("the refusal names the columns and what to do", {
  invalid(check_no_identifiers(data.frame(subject = 1, dob = 2), "x"), "dob")
  expect_silent(check_no_identifiers(data.frame(subject = 1), "x"))
})

test_that("a bad number among unknown ones is named by its own place", {
  invalid(check_known(c(NA, NA, -1), "x", min = 0), "Element 3 is: -1")
  invalid(check_known(c(NA, -1), "x", min = 0, todo = "Turn it."), "Turn it")
})
