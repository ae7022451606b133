# Rows of checks: run, compared, refused.

one_check <- function(call, expected, tolerance = "1e-8", needs = NA_character_, id = "x") {
  row <- data.frame(id = id, group = "g", what = "w", call = call, expected = expected, tolerance = tolerance,
    why = NA_character_, source = NA_character_, doi = NA_character_, needs = needs)
  run_check(row, check_words())
}

test_that("a right number agrees and a doctored expected value differs", {
  right <- one_check("stats::pbinom(1, 4, 0.1, lower.tail = FALSE)", "0.0523", "1e-10")
  expect_identical(right$verdict, "agrees")
  expect_gt(right$digits, 12)
  doctored <- one_check("stats::pbinom(1, 4, 0.1, lower.tail = FALSE)", "0.0524", "1e-10")
  expect_identical(doctored$verdict, "differs")
  # By hand: |0.0523 - 0.0524| / 0.0524.
  expect_equal(doctored$digits, -log10(0.0001 / 0.0524), tolerance = 1e-8)
})

test_that("every shipped expected value, moved by more than its tolerance, is found out", {
  checks <- shipped_checks()
  result <- data.frame(estimate = as.numeric(suppressWarnings(as.numeric(checks$expected))))
  for (i in which(!is.na(checks$tolerance))) {
    moved <- checks[i, ]
    tolerance <- as.numeric(moved$tolerance)
    scale <- if (result$estimate[i] == 0) 1 else abs(result$estimate[i])
    # 1e-13: above the rounding of numbers printed to 15 digits, where no tolerance is given.
    moved$expected <- format(result$estimate[i] + 2.5 * max(tolerance, 1e-13) * scale, digits = 17)
    expect_identical(judge_check(moved, result$estimate[i], character())$verdict, "differs", info = moved$id)
    expect_identical(judge_check(checks[i, ], result$estimate[i], character())$verdict, "agrees", info = moved$id)
  }
})

test_that("text is compared exactly, and NA of an exam is a word", {
  expect_identical(one_check("'A'", "A", NA)$verdict, "agrees")
  expect_identical(one_check("'B'", "A", NA)$verdict, "differs")
  expect_identical(one_check("'NA'", "NA", NA)$verdict, "agrees")
  expect_identical(one_check("NA_character_", "NA", NA)$verdict, "differs")
  expect_identical("NA" %in% shipped_checks()$expected, TRUE)
})

test_that("a call that stops, gives nothing or several values has failed, and says why", {
  stopped <- one_check("stop('no such table')", "1")
  expect_identical(stopped[c("verdict", "reason")], data.frame(verdict = "failed", reason = "no such table"))
  expect_match(one_check("1 +", "1")$reason, "unexpected end")
  expect_identical(one_check("c(1, 1)", "1")$reason, "gave 2 values in place of one")
  expect_identical(one_check("numeric()", "1")$verdict, "failed")
  expect_identical(one_check("list(1)", "1")$verdict, "failed")
  expect_identical(one_check("NA_real_", "1")$verdict, "differs")
  expect_identical(one_check("'one'", "1")$verdict, "differs")
  expect_identical(one_check("Inf", "1")$verdict, "differs")
})

test_that("a warning is kept beside the verdict", {
  warned <- one_check("{warning('step halved'); 1}", "1")
  expect_identical(warned$verdict, "agrees")
  expect_identical(warned$reason, "warned: step halved")
})

test_that("a check whose package is missing is not run and named", {
  absent <- one_check("stop('never reached')", "1", needs = "nlme, surelynosuchpackage")
  expect_identical(absent$verdict, "not run")
  expect_identical(absent$reason, "not installed: surelynosuchpackage")
  expect_identical(one_check("1", "1", needs = "stats")$verdict, "agrees")
})

test_that("digits are the log relative error, absolute at 0, from 0 to 15", {
  expect_equal(agreeing_digits(relative_error(101, 100)), 2)
  expect_equal(agreeing_digits(relative_error(0.001, 0)), 3)
  expect_identical(agreeing_digits(relative_error(5, 5)), 15)
  expect_identical(agreeing_digits(relative_error(500, 5)), 0)
  expect_identical(agreeing_digits(relative_error(NA_real_, 5)), NA_real_)
})

test_that("words of calls: an arm, two groups, an exam with cells changed, objects made when looked at", {
  words <- check_words()
  expect_s3_class(words$arm(2, 4), "trial_arm")
  two <- matrix(c(2, 2, 1, 5), 2)
  expect_equal(words$term(words$beside(2, 4, 1, 6), "fisher"), stats::fisher.test(two, alternative = "greater")$p.value,
    tolerance = 1e-10)
  exam <- words$exam("C6", r_motor_c6 = "3")
  # By hand: right C5 5, C6 3; left C5 5, C6 5.
  expect_identical(c(exam$uems_r, exam$uems_l, exam$lems), c(8L, 10L, 0L))
  expect_equal(words$term(words$registries, "rate"), tidy(words$registries)$estimate[1])
  expect_identical(nlevels(words$visits$visit), 4L)
  expect_equal(words$term(data.frame(term = c("a", "b"), df = 1:2), "b", "df"), 2L)
})

test_that("the table is complete: every row has a call that can be read, a source and a reason", {
  checks <- shipped_checks()
  expect_identical(names(checks), qualify_columns)
  expect_identical(anyDuplicated(checks$id), 0L)
  for (column in c("id", "group", "what", "call", "expected", "why", "source")) expect_false(anyNA(checks[[column]]))
  expect_true(all(readable_tolerance(checks)))
  for (call in c(checks$call, read_qualify("objects.csv")$call)) expect_length(parse(text = call), 1L)
  known <- !is.na(checks$doi)
  expect_match(checks$doi[known], "^10\\.[0-9]{4,}/\\S+$")
  # Below 1e-4 unless the source prints fewer digits, and then the reason says so.
  loose <- !is.na(checks$tolerance) & as.numeric(checks$tolerance) > 1e-4
  expect_match(checks$why[loose], "last decimal")
  used <- unlist(lapply(c(checks$call, read_qualify("objects.csv")$call), \(call) all.names(parse(text = call))))
  expect_identical(setdiff(read_qualify("objects.csv")$name, used), character())
})

test_that("expected values with the id of a check file are those of the file", {
  checks <- shipped_checks()
  from_file <- grepl("^([A-J][0-9]{2}|N[0-9]{2}[A-Za-z0-9.]*)$", checks$id)
  expect_gt(sum(from_file), 30)
  for (i in which(from_file)) expect_identical(as.numeric(checks$expected[i]), checks_value(checks$id[i]))
})

test_that("own checks are completed, and refused by id where something is missing", {
  own <- data.frame(id = c("o1", "o2"), call = "1", expected = c("1", "yes"), tolerance = c(0.01, NA))
  whole <- check_own_checks(own, NULL)
  expect_identical(names(whole), qualify_columns)
  expect_identical(whole$group, rep("own checks", 2))
  expect_null(check_own_checks(NULL, NULL))
  refuse <- \(checks, words) expect_error(check_own_checks(checks, NULL), words, class = "cordgain_invalid_input")
  refuse(list(id = 1), "must be a data frame")
  refuse(own["id"], "expected")
  refuse(transform(own, expected = NA), "o1")
  refuse(transform(own, tolerance = -1), "o1")
  refuse(transform(own, tolerance = 1), "o1")
  refuse(transform(own, tolerance = 0.1), "o2") # text with a tolerance
  refuse(transform(own, id = "A01"), "A01")
  refuse(transform(own, id = "o1"), "o1")
})
