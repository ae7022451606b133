near <- \(name) looks_like_cell(name) && !says_otherwise(name)

test_that("names are taken apart at capitals and separators", {
  expect_identical(name_words("rightMotorC5"), c("right", "motor", "c5"))
  expect_identical(name_words("R.LT_T4 (0-2)"), c("r", "lt", "t4", "0", "2"))
})

test_that("names that look like a part of an exam are near, in any order and writing", {
  for (name in c("r_nk_level", "right_lowest_muscle", "considernormal_r_motor_c5", "r_motor_c5_consider",
    "r_motor_c5_normal", "r_motor_c5_not_normal", "rightMotorC5Normal", "right_c5", "c5_l", "r_mot_c5", "lft_lt_c2",
    "date_lt_c2_r", "r_lt_c2_score_1", "rightlowestmuscle", "right_key_l4", "consider_normal", "rightMotor_c5_new")) {
    expect_true(near(name), info = name)
  }
})

test_that("subjects, visits, sites and recorded results are not", {
  for (name in c("subject", "week", "site", "time", "date", "visit", "age", "sex", "centre", "left", "t1", "lt",
    "motor", "normal", "level", "record_id", "case_id", "comments", "not_determinable", "ais", "nli", "uems_r",
    "exp_motor_r",
    "recorded_motor_level_l", "zpp_motor_r", "sensory_l_set", "lt_total", "left_motor_c8_impairment",
    "rightMotorC5ReasonImpairmentNotDueToSci", "splvl1", "ltscor01", "upper01", "asimpc01", "")) {
    expect_false(near(name), info = name)
  }
})

test_that("a near name is refused with what to do, by the reader and by the scoring", {
  for (name in c("r_nk_level", "r_motor_c5_not_normal", "considernormal_r_motor_c5")) {
    exam <- exam_at("T4")
    exam[[name]] <- "L4"
    error <- expect_error(read_isncsci(exam, quiet = TRUE), "`?id`?", class = "cordgain_invalid_input")
    expect_match(conditionMessage(error), name, fixed = TRUE)
    expect_identical(error$columns, name)
    expect_error(score_isncsci(exam), name, fixed = TRUE, class = "cordgain_invalid_input")
  }
})

test_that("a column named in id is kept whatever it looks like, also by the scoring afterwards", {
  exam <- cbind(subject = "a", exam_at("T4"), r_nk_level = "none", r_motor_t2 = "5")
  read <- read_isncsci(exam, id = c("subject", "r_nk_level", "r_motor_t2"), quiet = TRUE)
  scored <- score_isncsci(read)
  expect_identical(scored$r_nk_level, "none")
  expect_identical(scored$r_motor_t2, "5")
  expect_identical(scored$nli, "T4")
  # A cell named there is no cell, and is then missing.
  expect_error(read_isncsci(exam, id = c("subject", "r_nk_level", "r_motor_t2", "vac"), quiet = TRUE), "missing",
    class = "cordgain_invalid_input")
})

test_that("near names in long tables and in the Sygen layout are refused too", {
  long <- data.frame(subject = "a", cell = isncsci_cells, value = unlist(exam_at("T4")), normal_considered = NA)
  expect_error(read_isncsci(long, quiet = TRUE), "normal_considered", class = "cordgain_invalid_input")
  kept <- read_isncsci(long, id = c("subject", "normal_considered"), quiet = TRUE)
  expect_identical(kept$normal_considered, NA)
  names(long)[4] <- "normal"
  expect_error(read_isncsci(long, quiet = TRUE), "normal", class = "cordgain_invalid_input")
  sygen <- c("c2ltl01", "nk_level_r", "t4_pp_right_new", "asimpc01", "ptid")
  expect_identical(vapply(sygen, near, NA, USE.NAMES = FALSE), c(FALSE, TRUE, TRUE, FALSE, FALSE))
})

test_that("other columns are kept, with the message that says so", {
  exam <- cbind(subject = "a", site = "north", exam_at("T4"))
  expect_message(read <- read_isncsci(exam), "Kept as they are: `?subject`? and `?site", class = "cordgain_mapping")
  expect_identical(read$site, "north")
})
