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

test_that("malformed stars and ranges are told from scores outside the scale", {
  for (value in c("NT***", "*", "**", "3***", "nt***", "3 *")) {
    expect_match(problem_words(value, "r_motor_c5"), "not a star")
  }
  for (value in c("3*[4-2]", "3*[0-6]", "NT*[", "3*[a-b]")) {
    expect_match(problem_words(value, "r_motor_c5"), "range of scores to assume.*within 0 to 5")
  }
  expect_match(problem_words("1*[0-3]", "r_lt_c5"), "within 0 to 2")
  expect_match(problem_words("ab-5", "r_motor_c5"), "end at ab-4")
  expect_match(problem_words("6*", "r_motor_c5"), "outside the scale")
})

test_that("bytes that are no characters are a problem of their own", {
  expect_match(problem_words("\xbd", "r_motor_c5"), "not valid text")
  expect_match(problem_words("\xbd", "vac"), "not valid text")
  problems <- data.frame(row = 2L, column = "vac", value = "\xbd", problem = "not valid text")
  expect_match(problem_bullets(problems), "\\\\xbd", fixed = TRUE)
})

test_that("a hint is about what the column is", {
  expect_match(type_hint(factor("a")), "Factors")
  expect_match(type_hint(TRUE), "TRUE and FALSE")
  expect_no_match(type_hint(list()), "Factors|TRUE")
})

test_that("a warning says what is lost: cells, lines or exams", {
  problems <- data.frame(row = c(2L, 2L), column = c("vac", "dap"), value = "?", problem = "not Yes, No or NT")
  warned <- \(lost) conditionMessage(rlang::catch_cnd(report_problems(problems, "collect", rlang::current_env(), lost)))
  expect_match(warned("exam"), "1 exam is set to NA; .* lists them")
  expect_match(warned("cell"), "2 cells are set to NA; the results of its exam will be NA")
  expect_match(warned("line"), "1 line cannot be read and is kept without an entry")
})

test_that("problems follow their rows", {
  problems <- data.frame(row = c(2L, 3L, 3L), column = c("vac", "dap", "vac"), value = "?", problem = "x")
  x <- structure(data.frame(a = 1:4), problems = problems)
  expect_identical(attr(keep_problems(x[3:1, , drop = FALSE], x, 3:1), "problems")$row, c(1L, 1L, 2L))
  picked <- attr(keep_problems(x[c(2, 2), , drop = FALSE], x, c(2, 2)), "problems")
  expect_identical(picked$row, 1:2)
  expect_identical(attr(keep_problems(x, x, NULL), "problems"), problems)
  expect_identical(nrow(attr(keep_problems(x[1, , drop = FALSE], x, c(TRUE, FALSE, FALSE, FALSE)), "problems")), 0L)
})

test_that("bad cells that the reader set aside stay bad however missing cells are read", {
  exams <- exams_of(exam_at("C7"), exam_at("C7", r_motor_c5 = "77"), exam_at("T4", r_lt_c2 = "x", dap = NA))
  read <- suppressWarnings(read_isncsci(exams, on_error = "collect", missing = "na", quiet = TRUE))
  for (missing in c("na", "nt")) {
    scored <- score_isncsci(read, missing = missing)
    expect_true(all(is.na(unlist(as.data.frame(scored)[2:3, ]))), info = missing)
    expect_identical(scored$nli[1], "C7")
    expect_identical(isncsci_problems(scored), isncsci_problems(read))
    expect_identical(isncsci_problems(scored)$value, c("77", "x"))
  }
  # The entry that was never made is still one where that is an error, but not those of the bad cells.
  error <- expect_error(score_isncsci(read), class = "cordgain_invalid_input")
  expect_identical(error$problems[c("row", "column")], data.frame(row = 3L, column = "dap"))
})

test_that("a bad cell that was mended counts again, and rows taken out keep theirs", {
  exams <- exams_of(exam_at("C7"), exam_at("C5", r_motor_c5 = "77"), exam_at("T4"))
  read <- suppressWarnings(read_isncsci(exams, on_error = "collect", quiet = TRUE))
  mended <- read
  mended$r_motor_c5[2] <- "5"
  expect_identical(score_isncsci(mended)$nli, c("C7", "C5", "T4"))
  expect_identical(nrow(isncsci_problems(score_isncsci(mended))), 0L)
  turned <- read[3:2, ]
  expect_identical(isncsci_problems(turned)$row, 2L)
  expect_identical(score_isncsci(turned, missing = "nt")$nli, c("T4", NA))
  scored <- score_isncsci(read)
  expect_identical(isncsci_problems(scored[2:3, ])$row, 1L)
  expect_identical(isncsci_problems(scored[scored$nli %in% "T4", ]), no_problems())
  expect_s3_class(scored[2:3, ], "isncsci_scores")
  expect_identical(scored[["nli"]], scored[, "nli"])
})
