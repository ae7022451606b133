# One exam in each layout, written from the package's own columns.
praxis_name <- function(cell) {
  p <- strsplit(cell, "_")[[1]]
  paste0(
    c(r = "right", l = "left")[[p[1]]], c(motor = "Motor", lt = "LightTouch", pp = "PinPrick")[[p[2]]],
    sub("S45", "S4_5", toupper(p[3]))
  )
}

redcap_name <- function(cell) {
  p <- strsplit(cell, "_")[[1]]
  paste0(
    c(r = "right", l = "left")[[p[1]]], "_", c(motor = "motor", lt = "light_touch", pp = "pinprick")[[p[2]]], "_",
    sub("s45", "s4_5", p[3]), "_value"
  )
}

sygen_name <- function(cell, week = "") {
  p <- strsplit(cell, "_")[[1]]
  if (p[2] != "motor") {
    return(paste0(p[3], p[2], p[1], week))
  }
  stem <- c(
    c5 = "elbfl", c6 = "wrext", c7 = "elbex", c8 = "finfl", t1 = "finab", l2 = "hipfl", l3 = "kneex", l4 = "ankdo",
    l5 = "greto", s1 = "ankpl"
  )[[p[3]]]
  if (p[3] == "l3" && p[1] == "r") stem <- "kneet"
  paste0(stem, p[1], week)
}

scores_of_exam <- function(exam) grep("_(motor|lt|pp)_", names(exam), value = TRUE)

test_that("Praxis names and companion columns are read", {
  exam <- exam_at("C7", l_motor_c8 = "3*", vac = "Yes")
  praxis <- exam
  cells <- scores_of_exam(exam)
  names(praxis)[match(cells, names(praxis))] <- vapply(cells, praxis_name, "")
  names(praxis)[match(c("vac", "dap"), names(praxis))] <- c("voluntaryAnalContraction", "deepAnalPressure")
  praxis$leftMotorC8ConsiderNormal <- TRUE
  expect_identical(detect_format(praxis), "praxis")
  read <- from_wide(praxis, NULL, rlang::current_env())
  expect_setequal(names(read$columns), isncsci_cells)
  expect_identical(read$normal, list(l_motor_c8 = TRUE))
  expect_identical(ncol(read$other), 0L)
})

test_that("REDCap names and companion columns are read", {
  exam <- exam_at("C7", l_motor_c8 = "ab-3")
  cells <- scores_of_exam(exam)
  names(exam)[match(cells, names(exam))] <- vapply(cells, redcap_name, "")
  names(exam)[match(c("vac", "dap", "r_lowest_nonkey", "l_lowest_nonkey"), names(exam))] <- c(
    "voluntary_anal_contraction", "deep_anal_pressure",
    "lowest_non_key_muscle_with_motor_function_right", "lowest_non_key_muscle_with_motor_function_left"
  )
  exam$left_motor_c8_considernormal <- "2"
  exam$left_motor_c8_impairment <- "plexus"
  exam$visit <- 1
  expect_identical(detect_format(exam), "redcap")
  read <- from_wide(exam, NULL, rlang::current_env())
  expect_setequal(names(read$columns), isncsci_cells)
  expect_identical(read$normal, list(l_motor_c8 = "2"))
  expect_setequal(names(read$other), c("left_motor_c8_impairment", "visit"))
})

test_that("a long table is spread, one exam for each set of other columns", {
  exams <- list(exam_at("C7"), exam_at("T4"))
  long <- do.call(rbind, lapply(1:2, \(i) {
    cells <- setdiff(names(exams[[i]]), c("r_lowest_nonkey", "l_lowest_nonkey"))
    parts <- strsplit(cells, "_")
    data.frame(
      subject = c("a", "b")[i], side = vapply(parts, \(p) if (length(p) == 3) p[1] else NA_character_, ""),
      modality = vapply(parts, \(p) if (length(p) == 3) p[2] else p[1], ""),
      level = vapply(parts, \(p) if (length(p) == 3) toupper(p[3]) else NA_character_, ""),
      value = unlist(exams[[i]][cells])
    )
  }))
  expect_identical(detect_format(long), "long")
  withr::local_seed(1)
  read <- from_long(long[sample(nrow(long)), ], NULL, rlang::current_env())
  order <- match(c("a", "b"), read$other$subject)
  for (cell in isncsci_cells) {
    expect_identical(read$columns[[cell]][order], c(exams[[1]][[cell]], exams[[2]][[cell]]), info = cell)
  }
})

test_that("a long table may name the cell in one column", {
  long <- data.frame(cell = c("r_motor_c5", "VAC"), value = c("5", "No"), subject = "a")
  read <- from_long(long, NULL, rlang::current_env())
  expect_identical(read$columns$r_motor_c5, "5")
  expect_identical(read$columns$vac, "No")
  expect_true(is.na(read$columns$dap))
})

test_that("a long table with a cell twice, or a row that names none, is refused with its row", {
  long <- data.frame(subject = "a", cell = c("r_motor_c5", "vac", "r_motor_c5"), value = c("5", "No", "4"))
  expect_error(from_long(long, NULL, rlang::current_env()), "Row 3, cell `?r_motor_c5",
    class = "cordgain_invalid_input")
  long$cell[3] <- "height"
  expect_error(from_long(long, NULL, rlang::current_env()), "Row 3", class = "cordgain_invalid_input")
  expect_error(from_long(data.frame(a = 1, value = 2), NULL, rlang::current_env()), class = "cordgain_invalid_input")
})

test_that("Sygen names are read, with the odd right knee", {
  read <- sygen_names(c("c2ltl01", "s45ppr26", "kneetr01", "kneexl01", "elbfll52", "anyana01", "w1_c2ltl", "ptid",
    "splvl", "asimpc01", "upper01", "t13ltl01"))
  expect_identical(read$cell, c(
    "l_lt_c2", "r_pp_s45", "r_motor_l3", "l_motor_l3", "l_motor_c5", "dap", "l_lt_c2", NA, NA, NA, NA, NA
  ))
  expect_identical(read$week[1:7], c("01", "26", "01", "01", "52", "01", "01"))
})

test_that("Sygen's weeks become rows", {
  early <- exam_at("C7")
  late <- exam_at("T4")
  cells <- scores_of_exam(early)
  wide <- cbind(
    ptid = "p1", stats::setNames(early[cells], vapply(cells, sygen_name, "", week = "01")), anyana01 = "0",
    stats::setNames(late[cells], vapply(cells, sygen_name, "", week = "26")), anyana26 = "1"
  )
  expect_identical(detect_format(wide), "sygen")
  read <- from_sygen(wide, NULL, rlang::current_env())
  expect_identical(read$other, data.frame(ptid = c("p1", "p1"), week = c(1L, 26L)))
  for (cell in cells) expect_identical(read$columns[[cell]], c(early[[cell]], late[[cell]]), info = cell)
  expect_identical(read$columns$dap, c("0", "1"))
  expect_true(all(is.na(read$columns$vac)))
  expect_match(read$note, "anal contraction", all = FALSE)
})

test_that("Sygen columns with and without a week do not mix, and none stands twice", {
  expect_error(from_sygen(data.frame(c2ltl01 = "2", c3ltl = "2"), NULL, rlang::current_env()), "week",
    class = "cordgain_invalid_input")
  expect_error(from_sygen(data.frame(c2ltl01 = "2", w1_c2ltl = "2"), NULL, rlang::current_env()), "c2ltl",
    class = "cordgain_invalid_input")
})

test_that("the package's own layout is wide", {
  expect_identical(detect_format(exam_at("C7")), "wide")
})

test_that("a long table may have a companion column, which splits no exam", {
  long <- data.frame(subject = "a", cell = c("r_motor_c5", "r_motor_c6", "vac"), value = c("3", "3", "No"),
    considernormal = c("1", "2", NA))
  read <- from_long(long, NULL, rlang::current_env())
  expect_identical(nrow(read$other), 1L)
  expect_identical(read$normal$r_motor_c5, "1")
  expect_identical(read$normal$r_motor_c6, "2")
  expect_true(is.na(read$normal$r_motor_c7))
})

test_that("a column week of the user's own is not overwritten by the weeks in the names", {
  exam <- exam_at("C7")
  cells <- scores_of_exam(exam)
  wide <- cbind(week = 7, stats::setNames(exam[cells], vapply(cells, sygen_name, "", week = "01")))
  expect_error(from_sygen(wide, NULL, rlang::current_env()), "`?week`? is in the way", class = "cordgain_invalid_input")
  names(wide)[1] <- "own_week"
  expect_identical(from_sygen(wide, NULL, rlang::current_env())$other, data.frame(own_week = 7, week = 1L))
  # Without weeks in the names there is nothing to write there.
  plain <- cbind(week = 7, stats::setNames(exam[cells], vapply(cells, sygen_name, "")))
  expect_identical(from_sygen(plain, NULL, rlang::current_env())$other, data.frame(week = 7))
})

test_that("quiet is quiet in every layout, and the Sygen notes stand in the message otherwise", {
  exam <- exam_at("C7")
  cells <- scores_of_exam(exam)
  wide <- cbind(stats::setNames(exam[cells], vapply(cells, sygen_name, "", week = "01")), anyana01 = "0", vac = "No")
  names(wide)[ncol(wide)] <- "vac01"
  expect_no_message(read <- read_isncsci(wide, quiet = TRUE))
  expect_identical(score_isncsci(read)$nli, "C7")
  said <- rlang::catch_cnd(read_isncsci(wide), "cordgain_mapping")
  expect_match(conditionMessage(said), "anyana")
  expect_match(conditionMessage(said), "(week 01)", fixed = TRUE)
})

test_that("a long table whose cells cannot be read as text is refused with row and column", {
  long <- data.frame(subject = "a", side = c("r", "\xff"), modality = "motor", level = "C5", value = "5")
  error <- expect_error(read_isncsci(long, quiet = TRUE), "Row 2, column `?side", class = "cordgain_invalid_input")
  expect_identical(error$row, 2L)
  names <- data.frame(cell = c("r_motor_c5", "\xff"), value = "5")
  expect_error(read_isncsci(names, quiet = TRUE), "Row 2, column `?cell", class = "cordgain_invalid_input")
})

test_that("a column of a long table named in id is part of no cell", {
  long <- data.frame(subject = "a", cell = c("r_motor_c5", "vac"), value = c("5", "No"), test = "exam 1")
  expect_identical(from_long(long, c("subject", "test"), rlang::current_env())$other$test, "exam 1")
})
