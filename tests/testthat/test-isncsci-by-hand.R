# Whole exams whose results were worked out by hand from the worksheet's steps. `exam_at()` is normal
# down to a level and 0 below; each case says why its results are what they are.

expect_results <- function(exam, ..., .choices = list()) {
  scored <- do.call(score_isncsci, c(list(exam), .choices))
  expected <- c(...)
  ours <- vapply(names(expected), \(v) {
    set <- scored[[paste0(v, "_set")]]
    paste0(set, if (scored[[paste0(v, "_star")]]) "*")
  }, "")
  expect_identical(ours, expected)
}

test_that("complete at C5: levels and zones are C5", {
  expect_results(exam_at("C5"),
    sensory_r = "C5", motor_level_l = "C5", nli = "C5", complete = "C", ais = "A", zpp_sensory_r = "C5",
    zpp_motor_l = "C5"
  )
})

test_that("a muscle of grade 3 below normal ones is the motor level of its side only", {
  expect_results(exam_at("C5", r_motor_c6 = "3"),
    motor_level_r = "C6", motor_level_l = "C5", nli = "C5", zpp_motor_r = "C6", zpp_motor_l = "C5"
  )
})

test_that("pin prick impaired at C3 takes the sensory and the motor level to C2, but not the zones", {
  # The arms are normal: the lowest muscle with function on the right is T1; on the left the motor level, T4, is lower.
  expect_results(exam_at("T4", r_pp_c3 = "1"),
    sensory_r = "C2", sensory_l = "T4", motor_level_r = "C2", motor_level_l = "T4", nli = "C2", ais = "A",
    zpp_sensory_r = "T4", zpp_motor_r = "T1", zpp_motor_l = "T4"
  )
})

test_that("normal arms keep the motor level at T1 where sensation ends at C8", {
  expect_results(exam_at("C8", r_motor_t1 = "5", l_motor_t1 = "5"),
    sensory_r = "C8", motor_level_r = "T1", nli = "C8", zpp_motor_r = "T1", zpp_sensory_l = "C8"
  )
})

test_that("a useful leg muscle does not count for the motor level where sensation ends above L1", {
  expect_results(exam_at("T12", l_motor_l2 = "3"),
    motor_level_l = "T12", nli = "T12", zpp_motor_l = "L2", zpp_motor_r = "T12", ais = "A"
  )
})

test_that("with sensation to L1, hip flexors below 3 put the motor level at L1", {
  expect_results(exam_at("L1", l_motor_l2 = "2"),
    motor_level_l = "L1", motor_level_r = "L1", nli = "L1", zpp_motor_l = "L2", zpp_motor_r = "L1"
  )
})

test_that("voluntary anal contraction alone makes C; half of the muscles below the level make D", {
  # Below L3 lie L4, L5 and S1 of both sides: six muscles.
  exam <- exam_at("L3", vac = "Yes")
  expect_results(exam, nli = "L3", complete = "I", ais = "C", zpp_motor_r = "NA", zpp_sensory_r = "L3")
  two <- replace(exam, c("r_motor_l4", "r_motor_l5"), "3")
  expect_results(two, motor_level_r = "L4", motor_level_l = "L3", nli = "L3", ais = "C")
  three <- replace(two, "l_motor_l4", "3")
  expect_results(three, motor_level_l = "L4", nli = "L3", ais = "D")
})

test_that("below C4 ten of twenty muscles make D, nine make C", {
  left <- paste0("l_motor_", tolower(isn_keys))
  exam <- exam_at("C4", vac = "Yes")
  exam[left] <- "3"
  expect_results(exam, motor_level_l = "C5", motor_level_r = "C4", nli = "C4", ais = "D")
  exam$l_motor_s1 <- "2"
  expect_results(exam, nli = "C4", ais = "C")
})

test_that("motor function three levels below the motor level is not enough, four are", {
  expect_results(exam_at("T11", dap = "Yes", r_motor_l2 = "1"),
    ais = "B", zpp_motor_r = "L2", zpp_sensory_r = "NA", zpp_sensory_l = "NA")
  expect_results(exam_at("T11", dap = "Yes", r_motor_l3 = "1"), ais = "C", zpp_motor_r = "L3", zpp_motor_l = "T11")
})

test_that("motor function far down does not lift a complete injury from A", {
  expect_results(exam_at("C6", r_motor_s1 = "2"), complete = "C", ais = "A", zpp_motor_r = "S1", zpp_motor_l = "C6")
})

test_that("sensation at S4-5 of one side spares for both, but ends the zone of that side only", {
  expect_results(exam_at("T6", l_pp_s45 = "1"), complete = "I", ais = "B", zpp_sensory_l = "NA", zpp_sensory_r = "T6")
})

test_that("no sensation at all below C1 is a zone of C1", {
  expect_results(exam_at("C1"), sensory_r = "C1", motor_level_r = "C1", nli = "C1", zpp_sensory_r = "C1",
    zpp_motor_r = "C1")
})

test_that("an intact exam is INT throughout and E", {
  expect_results(exam_at("S45", vac = "Yes", dap = "Yes"),
    sensory_r = "INT", motor_level_l = "INT", nli = "INT", complete = "I", ais = "E", zpp_sensory_r = "NA",
    zpp_motor_l = "NA"
  )
})

test_that("intact but for contraction is S3 and B, or INT by choice", {
  exam <- exam_at("S45")
  expect_results(exam, motor_level_r = "S3", nli = "S3", complete = "I", ais = "B", zpp_motor_r = "S3")
  expect_results(exam, motor_level_r = "S3", nli = "INT", ais = "B", .choices = list(intact_without_vac = "INT"))
})

test_that("contraction not tested leaves A or C, complete or not, and the motor zone open", {
  expect_results(exam_at("C6", vac = "NT"),
    nli = "C6", complete = "C,I", ais = "A,C", zpp_motor_r = "NA,C6", zpp_sensory_r = "C6")
})

test_that("deep anal pressure not tested leaves A or B and both sensory zones open", {
  expect_results(exam_at("T4", dap = "NT"), complete = "C,I", ais = "A,B", zpp_sensory_r = "NA,T4",
    zpp_sensory_l = "NA,T4", zpp_motor_r = "T4")
})

test_that("an untested muscle at the level leaves its level, the zone and the sum open", {
  # C7 of 0 to 2 gives C6; 3, 4, or 5 with nothing at C8 gives C7. Zone: C6 with nothing, else C7.
  exam <- exam_at("C7", r_motor_c7 = "NT")
  expect_results(exam, motor_level_r = "C6,C7", motor_level_l = "C7", nli = "C6,C7", ais = "A", zpp_motor_r = "C6,C7")
  scored <- score_isncsci(exam)
  # Right 5 + 5 + NT, left 5 + 5 + 5.
  expect_identical(c(scored$uems_min, scored$uems_max, scored$uems), c(25L, 30L, NA))
})

test_that("a muscle considered normal stars the levels it would have set", {
  # With 4 at C6 the motor level is C6, and the lowest muscle with function T1; considered normal, both are T4.
  expect_results(exam_at("T4", r_motor_c6 = "4**"),
    sensory_r = "T4", motor_level_r = "T4*", motor_level_l = "T4", nli = "T4*", ais = "A", zpp_motor_r = "T4*")
})

test_that("a muscle considered not normal may be any grade below 5 from the one found up", {
  # 2 gives C6; 3 and 4 give C7. The sensory level keeps the level of injury at C6.
  expect_results(exam_at("C6", l_motor_c7 = "2*"), motor_level_l = "C6,C7*", nli = "C6", zpp_motor_l = "C7")
})

test_that("an untested dermatome considered not normal is not normal, and stars what it decides", {
  # Taken as untested alone it could be normal, and the levels T4.
  expect_results(exam_at("T4", l_lt_t3 = "NT*"), sensory_l = "T2*", motor_level_l = "T2*", sensory_r = "T4",
    nli = "T2*", zpp_sensory_l = "T4")
})

test_that("a range of scores to assume is taken as given", {
  # Elbow flexors of 0 to 2 give C4; of 3 to 5 give C5 or, normal, T4.
  expect_results(exam_at("T4", r_motor_c5 = "NT*[0-2]"), motor_level_r = "C4*", nli = "C4*")
  expect_results(exam_at("T4", r_motor_c5 = "NT*[3-5]"), motor_level_r = "C5,T4*", nli = "C5,T4*")
})

test_that("a non-key muscle makes C and sets its zone where it is the only finding beyond the level", {
  expect_results(exam_at("T4", dap = "Yes", l_lowest_nonkey = "S1"), ais = "C", zpp_motor_l = "S1", zpp_motor_r = "T4")
  # A key muscle reaches beyond the level already: the zone is the key muscle's.
  expect_results(exam_at("T4", dap = "Yes", l_lowest_nonkey = "S1", l_motor_l3 = "1"), ais = "C", zpp_motor_l = "L3")
  # Complete injury: A, and the zone of the key muscles.
  expect_results(exam_at("T4", l_lowest_nonkey = "S1"), ais = "A", zpp_motor_l = "T4")
})
