test_that("the cells are 10 muscles and 28 dermatomes twice on each side, two findings and two levels", {
  expect_length(isncsci_cells, 136)
  expect_identical(isncsci_cells[c(1, 10, 11, 38, 39, 66, 67)], c(
    "r_motor_c5", "r_motor_s1", "r_lt_c2", "r_lt_s45", "r_pp_c2", "r_pp_s45", "l_motor_c5"
  ))
  expect_identical(isncsci_cells[133:136], c("vac", "dap", "r_lowest_nonkey", "l_lowest_nonkey"))
  expect_identical(anyDuplicated(isncsci_cells), 0L)
})

test_that("levels run from C1 to S3 and end in INT", {
  expect_length(isncsci_levels, 29)
  expect_identical(isncsci_levels[c(1, 8, 9, 20, 21, 26, 28, 29)], c("C1", "C8", "T1", "T12", "L1", "S1", "S3", "INT"))
})

test_that("the package's own names are themselves", {
  expect_identical(cell_names(isncsci_cells), isncsci_cells)
})

test_that("side, modality and level are read in any order, with any separators", {
  same <- list(
    r_lt_t4 = c(
      "rightLightTouchT4", "right_light_touch_t4_value", "LT.T4.R", "t4-lt-right", "R LT T4", "lt_r_t4", "t04_r_lt",
        "isncsci_r_lt_t4",
      "T4RightLightTouch", "rltt4"
    ),
    l_pp_s45 = c(
      "leftPinPrickS4_5", "left_pinprick_s4_5_value", "PP S4-5 L", "l_pp_S45", "s4s5_left_pin_prick", "pp_l_s4_5",
        "lpps45"
    ),
    l_motor_l5 = c("leftMotorL5", "left_motor_l5_value", "l5LeftMotor", "l_m_l5", "M-L5-L", "l_motor_l05"),
    r_motor_c5 = c("rightMotorC5", "c5RightMotor", "C05 motor right"),
    l_lt_l3 = c("l_lt_l3", "lltl3", "LT_L3_L", "l3_l_lt"),
    r_motor_l2 = c("rml2", "r.m.l2", "l2_motor_r")
  )
  for (cell in names(same)) expect_identical(cell_names(same[[cell]]), rep(cell, length(same[[cell]])), info = cell)
})

test_that("findings and non-key muscles are read under their usual names", {
  expect_identical(cell_names(c("VAC", "voluntaryAnalContraction", "voluntary_anal_contraction", "analContraction")),
    rep("vac", 4))
  expect_identical(cell_names(c("DAP", "deepAnalPressure", "deep_anal_pressure")), rep("dap", 3))
  expect_identical(
    cell_names(c("rightLowestNonKeyMuscleWithMotorFunction", "lowest_non_key_muscle_with_motor_function_left",
      "l_lowest_nonkey")),
    c("r_lowest_nonkey", "l_lowest_nonkey", "l_lowest_nonkey")
  )
})

test_that("other columns are no cells", {
  other <- c(
    "subject", "week", "date", "time", "ais", "nli", "uems_r", "exp_motor_r", "sensory_l", "zpp_motor_r",
      "motor_level_r", "age", "lt", "pp_r",
    "l", "r", "site", "t1", "left", "lt_total", "comments", "not_determinable", ""
  )
  expect_identical(cell_names(other), rep(NA_character_, length(other)))
})

test_that("a cell that does not exist is refused by name", {
  for (name in c("r_motor_t2", "r_motor_l1", "l_motor_s2", "l_lt_c1", "r_pp_t13", "rightMotorC4", "r_lt_s5",
    "l_pp_c9")) {
    error <- expect_error(cell_names(c("subject", name)), name, fixed = TRUE, class = "cordgain_invalid_input")
    expect_identical(error$columns, name)
  }
})

test_that("a cell without its side is refused by name", {
  for (name in c("lt_c5", "motor_c5", "pp_s45", "c5_motor")) {
    expect_error(cell_names(name), name, fixed = TRUE, class = "cordgain_invalid_input")
  }
})

test_that("lt is light touch, never left, so a name with two modalities is no cell", {
  expect_identical(cell_names("lt_motor_c5"), NA_character_)
  expect_identical(cell_names("r_lt_c5"), "r_lt_c5")
})

test_that("a name that can be read in two ways is refused, with both readings", {
  read <- list(cells = list("vac", c("r_lt_c5", "l_lt_c5")), strange = c(FALSE, FALSE))
  error <- expect_error(resolve_cells(c("vac", "odd"), read, rlang::current_env()), "two ways",
    class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "r_lt_c5 or l_lt_c5")
  expect_identical(error$columns, "odd")
})

test_that("two columns for one cell are refused with their names", {
  names <- c("r_motor_c5", "rightMotorC5")
  expect_error(
    check_one_column_each(cell_names(names), names, rlang::current_env()), "rightMotorC5",
    class = "cordgain_invalid_input"
  )
  expect_no_error(check_one_column_each(c(NA, NA, "r_motor_c5"), c("a", "b", "c"), rlang::current_env()))
})

test_that("names that stand twice are refused", {
  expect_error(check_unique_columns(c("a", "b", "a"), rlang::current_env()), "a", class = "cordgain_invalid_input")
  expect_no_error(check_unique_columns(c("a", "b"), rlang::current_env()))
})

test_that("cells that are absent are counted and named, non-key muscles may be", {
  required <- setdiff(isncsci_cells, isncsci_nonkey)
  expect_no_error(check_all_cells(required, rlang::current_env()))
  error <- expect_error(check_all_cells(setdiff(required, c("vac", "l_pp_s3")), rlang::current_env()),
    class = "cordgain_invalid_input")
  expect_setequal(error$columns, c("vac", "l_pp_s3"))
  expect_error(check_all_cells(character(), rlang::current_env()), "134 columns", class = "cordgain_invalid_input")
})

test_that("names of garbage never crash the reader", {
  skip_on_cran() # long
  withr::local_seed(4)
  pool <- strsplit("rlmtpcs0123459_-. ABCé(", "")[[1]]
  for (i in 1:300) {
    name <- paste(sample(pool, sample(1:12, 1), TRUE), collapse = "")
    got <- tryCatch(cell_names(name), cordgain_invalid_input = \(e) NA_character_)
    expect_true(is.na(got) || got %in% isncsci_cells)
  }
})

test_that("a column of non-key muscles is read or refused, never passed over", {
  expect_identical(cell_names(c("r_nonkey", "leftLowestNonKeyMuscle", "Lowest non-key level, right")),
    c("r_lowest_nonkey", "l_lowest_nonkey", "r_lowest_nonkey"))
  for (name in c("lowest_nonkey", "r_nonkey_strength")) {
    expect_error(cell_names(name), name, fixed = TRUE, class = "cordgain_invalid_input")
  }
})

test_that("cells under other names, and companion columns, are not the package's own", {
  own <- \(names) check_own_names(cell_names(names), names, rlang::current_env())
  expect_no_error(own(c("subject", "r_motor_c5", "mood_considernormal")))
  for (name in c("VAC", "rightMotorC5", "\ufeffr_motor_c5", "r_motor_c5_considernormal", "r_lt_t1ConsiderNormal")) {
    error <- expect_error(own(c("subject", name)), class = "cordgain_invalid_input")
    expect_identical(error$columns, name)
  }
})

test_that("text is readable where its bytes are characters, and is shown as bytes where not", {
  bytes <- "3\xe9"
  marked <- bytes
  Encoding(marked) <- "bytes"
  latin <- "3\xe9"
  Encoding(latin) <- "latin1"
  expect_identical(is_readable(c("3", NA, "\xbd", bytes, marked, latin, "\u00e9")),
    c(TRUE, TRUE, FALSE, FALSE, FALSE, TRUE, TRUE))
  expect_identical(readable(c("3", NA, "\xbd", marked)), c("3", NA, "\\xbd", "3\\xe9"))
  expect_true(all(is_readable(c(1, NA))))
})

test_that("a name that is no readable text is refused by its place", {
  expect_error(check_readable_names(c("a", "\xff"), rlang::current_env()), "column 2.*not valid text",
    class = "cordgain_invalid_input")
  expect_no_error(check_readable_names(c("a", "\u00e9"), rlang::current_env()))
  exam <- exam_at("T4")
  names(exam)[3] <- "\xff"
  for (f in list(read_isncsci, score_isncsci)) {
    error <- expect_error(f(exam), class = "cordgain_invalid_input")
    expect_identical(error$columns, 3L)
    expect_match(conditionMessage(error), "\\xff", fixed = TRUE)
  }
})
