# The words are checked against the rules of the worksheet, one exam for each way
# in which a rule can decide.
why <- function(exam, term, ...) {
  steps <- tidy(explain_isncsci(exam, ...))
  steps$why[steps$term == term]
}

test_that("sensory levels: the first dermatome that is not normal, or none", {
  expect_match(why(exam_at("T4"), "sensory_r"), "T5 is the first dermatome.*the level is the one above, T4")
  expect_match(why(exam_at("S45"), "sensory_l"), "normal \\(2\\) in every dermatome")
})

test_that("motor levels: each rule has its sentence", {
  expect_match(why(exam_at("C3"), "motor_level_r"), "not intact down to C4.*follows the sensory level, C3")
  expect_match(why(exam_at("C7", r_motor_c8 = "3"), "motor_level_r"), "C8 is the first key muscle.*at least 3")
  expect_match(why(exam_at("C7", r_motor_c8 = "2"), "motor_level_r"),
    "C8 is the first key muscle.*below 3.*one above, C7")
  arms <- exam_at("C6", r_motor_c7 = "5", r_motor_c8 = "5", r_motor_t1 = "5")
  expect_match(why(arms, "motor_level_r"), "arm muscles are all 5.*stays at T1")
  expect_match(why(exam_at("T6"), "motor_level_r"), "where no muscle is tested.*follows the sensory level, T6")
  expect_match(why(exam_at("L1", r_motor_l2 = "4"), "motor_level_r"), "L2 is the first key muscle.*at least 3")
  expect_match(why(exam_at("S1"), "motor_level_r"), "All key muscles are 5.*the level is S1")
  expect_match(why(exam_at("S3"), "motor_level_r"), "follows the sensory level, S3")
  expect_match(why(exam_at("S45", vac = "Yes"), "motor_level_r"), "the side is intact")
  expect_match(why(exam_at("S45"), "motor_level_r"), "without voluntary anal contraction the level is S3")
})

test_that("the level of injury names the four levels", {
  expect_match(why(exam_at("T4", l_pp_c6 = "1"), "nli"), "sensory right T4, left C5, motor right T4, left T1")
})

test_that("completeness names what is left", {
  expect_match(why(exam_at("T4"), "complete"), "no sensation at S4-5: complete")
  expect_match(why(exam_at("T4", dap = "Yes"), "complete"), "incomplete")
})

test_that("grades: each has its reason", {
  expect_match(why(exam_at("T4"), "ais"), "complete: grade A")
  expect_match(why(exam_at("T4", dap = "Yes"), "ais"), "more than three levels below.*grade B")
  expect_match(why(exam_at("T4", vac = "Yes"), "ais"),
    "by voluntary anal contraction. Of 10 key muscles .* 0 have grade 3 or more: fewer than half, grade C")
  expect_match(why(exam_at("T4", dap = "Yes", r_motor_l2 = "1"), "ais"),
    "by motor function more than three levels below")
  half <- exam_at("T4", vac = "Yes", r_motor_l2 = "3", l_motor_l2 = "3", r_motor_l3 = "4", l_motor_l3 = "5",
    r_motor_l4 = "3")
  expect_match(why(half, "ais"), "Of 10 key muscles .* 5 have grade 3 or more: at least half, grade D")
  one <- exam_at("T4", vac = "Yes", r_motor_l2 = "3")
  expect_match(why(one, "ais"), "1 has grade 3 or more")
  expect_match(why(exam_at("S45", vac = "Yes"), "ais"), "grade E")
})

test_that("sensory zones: not applicable, lowest dermatome, or none", {
  expect_match(why(exam_at("T4", dap = "Yes"), "zpp_sensory_r"), "deep anal pressure is present")
  expect_match(why(exam_at("T4", r_lt_s45 = "1"), "zpp_sensory_r"), "this side has sensation at S4-5")
  expect_match(why(exam_at("T4", r_lt_t8 = "1"), "zpp_sensory_r"), "T8 is the lowest dermatome")
  expect_match(why(exam_at("C1"), "zpp_sensory_r"), "No dermatome has any sensation")
})

test_that("motor zones: not applicable, lowest muscle, non-key muscle, or the motor level", {
  expect_match(why(exam_at("T4", vac = "Yes"), "zpp_motor_r"), "there is voluntary anal contraction")
  expect_match(why(exam_at("C5", r_motor_c7 = "1"), "zpp_motor_r"), "C7 is the lowest key muscle")
  expect_match(why(exam_at("T11", dap = "Yes", r_lowest_nonkey = "L4"), "zpp_motor_r"), "non-key muscle at L4")
  expect_match(why(exam_at("T4"), "zpp_motor_r"), "the zone is the motor level, T4")
})

test_that("every random known exam is explained without error, with cells that exist", {
  withr::local_seed(12)
  for (i in 1:40) {
    x <- explain_isncsci(as.data.frame(as.list(random_exam(0))))
    cells <- unlist(strsplit(tidy(x)$cells, ", "))
    expect_true(all(cells %in% c(isncsci_cells, isncsci_results)))
    expect_false(any(grepl("NA |NULL|character\\(0\\)", gsub("grade NA", "", tidy(x)$why))))
  }
})

test_that("the level of injury rests on the cells of the levels that lead to it", {
  x <- explain_isncsci(exam_at("C6", l_motor_c6 = "2"))
  # Left motor level C5, from its wrist extensors; the other levels are C6.
  expect_identical(tidy(x)$cells[tidy(x)$term == "nli"], "l_motor_c6")
})
