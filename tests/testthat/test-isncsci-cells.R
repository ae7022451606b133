test_that("reasons say what is wrong with an entry", {
  words <- \(value, column) problem_words(value, column)
  expect_match(words("6", "r_motor_c5"), "scale 0 to 5")
  expect_match(words("3", "r_lt_c5"), "scale 0 to 2")
  expect_match(words("5**", "r_motor_c5"), "normal score has no star")
  expect_match(words("2*", "r_pp_c5"), "normal score has no star")
  expect_match(words("ab-3", "r_motor_c5"), "REDCap")
  expect_match(words("9", "r_motor_c5"), "Sygen")
  expect_match(words("maybe", "vac"), "Yes, No or NT")
  expect_match(words("C4", "r_lowest_nonkey"), "C5 to S1")
})

test_that("problems name row, column and value as given", {
  columns <- rep(list(c("0", "x")), 136)
  notes <- data.frame(row = c(2L, 1L), cell = c(3L, 133L), kind = c(1L, 2L))
  problems <- cell_problems(notes, columns)
  expect_identical(problems$row, c(2L, 1L))
  expect_identical(problems$column, c("r_motor_c7", "vac"))
  expect_identical(problems$value, c("x", "0"))
  expect_match(problems$problem[2], "nothing recorded")
})

test_that("no notes give an empty table", {
  expect_identical(cell_problems(data.frame(row = integer(), cell = integer(), kind = integer()), list()),
    no_problems())
})

test_that("a message shows five problems and counts the rest", {
  problems <- data.frame(row = 1:8, column = "vac", value = "?", problem = "not Yes, No or NT")
  bullets <- problem_bullets(problems)
  expect_length(bullets, 6)
  expect_match(bullets[[1]], "Row 1, column `vac`: \"?\": not Yes, No or NT.", fixed = TRUE)
  expect_match(bullets[[6]], "3 more")
})

test_that("problems stop, or are reported and kept", {
  problems <- data.frame(row = c(2L, 2L, 5L), column = "vac", value = NA_character_, problem = "nothing recorded")
  expect_error(report_problems(problems, "stop", rlang::current_env()), "2 exams", class = "cordgain_invalid_input")
  expect_warning(report_problems(problems, "collect", rlang::current_env()), "2 exams", class = "cordgain_bad_exams")
  expect_no_error(report_problems(no_problems(), "stop", rlang::current_env()))
})

test_that("notes are sorted into problems, missing cells and legacy stars by the choice for missing cells", {
  columns <- rep(list(c("0", NA)), 136)
  notes <- data.frame(row = c(1L, 2L, 2L), cell = c(1L, 1L, 2L), kind = c(3L, 1L, 2L))
  stop <- sort_notes(notes, columns, "error")
  expect_identical(stop$problems$row, c(2L, 2L))
  expect_identical(stop$legacy$row, 1L)
  na <- sort_notes(notes, columns, "na")
  expect_identical(na$problems$column, "r_motor_c5")
  expect_identical(na$absent$cell, 2L)
  nt <- sort_notes(notes, columns, "nt")
  expect_identical(nrow(nt$absent), 0L)
})

test_that("a row without any entry is one problem", {
  columns <- rep(list(c("0", NA)), 136)
  notes <- data.frame(row = 2L, cell = 1:134, kind = 2L)
  sorted <- sort_notes(notes, columns, "error")
  expect_identical(sorted$empty, 2L)
  expect_identical(nrow(sorted$problems), 1L)
  expect_match(sorted$problems$problem, "no exam")
})

test_that("problems are asked of results of this package only", {
  expect_error(isncsci_problems(data.frame()), class = "cordgain_invalid_input")
  expect_identical(isncsci_problems(score_isncsci(exam_at("C5"))), no_problems())
})

test_that("a very long entry is shown in part", {
  problems <- data.frame(row = 1L, column = "r_lt_c2", value = strrep("5", 1e5), problem = "outside the scale")
  expect_lt(nchar(problem_bullets(problems)), 150)
})

test_that("an entry that its companion column contradicts says so", {
  expect_match(problem_words("3** (not normal)", "r_motor_c5"), "companion")
  expect_match(problem_words("3 (consider normal: x)", "r_motor_c5"), "companion")
})
