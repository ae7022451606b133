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
  skip_on_cran() # long
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

# The words against the classification written again in helper-isncsci.R -----------------------

known_exam <- function() {
  repeat {
    exam <- random_exam(0)
    if (!any(exam %in% "NT")) return(exam)
  }
}

explained <- function(exam) {
  rows <- tidy(explain_isncsci(text_frame(list(exam))))
  stats::setNames(rows$why, rows$term)
}

test_that("each sentence names the level or grade that the worksheet's rules give", {
  withr::local_seed(41) # simulated exams: the rules are written twice
  for (i in 1:5) {
    exam <- known_exam()
    by_hand <- isn_by_hand(exam)
    why <- explained(exam)
    for (side in c("r", "l")) {
      sensory <- by_hand[[paste0("sensory_", side)]]
      said <- if (sensory == "INT") "every dermatome" else paste0("one above, ", sensory, "\\.")
      expect_match(why[[paste0("sensory_", side)]], said)
      zone <- by_hand[[paste0("zpp_sensory_", side)]]
      expect_match(why[[paste0("zpp_sensory_", side)]],
        switch(zone, "NA" = "Does not apply", C1 = "No dermatome", paste0("^", zone, " is the lowest dermatome")))
      zone <- by_hand[[paste0("zpp_motor_", side)]]
      expect_match(why[[paste0("zpp_motor_", side)]],
        if (zone == "NA") "Does not apply" else paste0("\\b", zone, "\\b"))
    }
    expect_match(why[["complete"]], if (by_hand[["complete"]] == "C") "S4-5: complete" else "incomplete")
    if (by_hand[["ais"]] %in% LETTERS[1:5]) {
      expect_match(why[["ais"]], paste0("(G|g)rade ", by_hand[["ais"]], "[.,]"))
    }
    if (by_hand[["nli"]] != "INT") {
      expect_match(why[["nli"]], sprintf("sensory right %s, left %s, motor right %s, left %s\\.",
        by_hand[["sensory_r"]], by_hand[["sensory_l"]], by_hand[["motor_level_r"]], by_hand[["motor_level_l"]]))
    }
  }
})

test_that("left and right are told apart: a mirrored exam has the sides' sentences exchanged", {
  withr::local_seed(43)
  for (i in 1:3) {
    exam <- known_exam()
    mirrored <- exam
    sides <- grep("^[rl]_", names(exam), value = TRUE)
    other <- ifelse(startsWith(sides, "r_"), sub("^r_", "l_", sides), sub("^l_", "r_", sides))
    mirrored[sides] <- exam[other]
    one <- explained(exam)
    two <- explained(mirrored)
    for (term in c("motor_level", "zpp_motor", "zpp_sensory")) {
      # the cells a sentence quotes carry the side's letter
      plain <- \(text) gsub("\\b[rl]_", "", text)
      expect_identical(plain(two[[paste0(term, "_l")]]), plain(one[[paste0(term, "_r")]]))
      expect_identical(plain(two[[paste0(term, "_r")]]), plain(one[[paste0(term, "_l")]]))
    }
    expect_identical(two[["complete"]], one[["complete"]])
  }
})

test_that("the sentence of a sensory level quotes the score of each cell that is not normal, and no other", {
  why_sensory <- why(exam_at("T4", r_lt_t5 = "1", r_pp_t5 = "2"), "sensory_r")
  expect_match(why_sensory, "(r_lt_t5 1)", fixed = TRUE)
  why_sensory <- why(exam_at("T4", r_lt_t5 = "1"), "sensory_r")
  expect_match(why_sensory, "(r_lt_t5 1, r_pp_t5 0)", fixed = TRUE)
  expect_match(why(exam_at("C1"), "sensory_l"), "C2 is the first dermatome.*one above, C1")
})

test_that("a muscle of grade 3 or 4 is the level, of 0 to 2 the level above it, at each key muscle", {
  above <- c(C5 = "C4", C6 = "C5", C7 = "C6", C8 = "C7", T1 = "C8", L2 = "L1",
    L3 = "L2", L4 = "L3", L5 = "L4", S1 = "L5")
  for (muscle in isn_keys) {
    cell <- paste0("r_motor_", tolower(muscle))
    for (grade in 0:4) {
      score <- stats::setNames(rep(5L, 10), paste0("r_motor_", tolower(isn_keys)))
      score[[cell]] <- grade
      level <- if (grade >= 3) muscle else above[[muscle]]
      facts <- list(score = score, result = list(sensory_r = "INT", motor_level_r = level), vac = TRUE)
      step <- explain_motor(facts, "r")
      said <- step$words
      expect_identical(step$cells, cell)
      expect_match(said, paste0(muscle, " is the first key muscle that is not 5: it is ", grade))
      rule <- if (grade >= 3) "so it is the level" else paste0("the level is the one above, ", above[[muscle]])
      expect_match(said, rule)
    }
  }
})

test_that("half of the muscles below the level is grade D, one fewer is grade C, and the counts are said", {
  legs <- paste0(rep(c("r", "l"), each = 5), "_motor_", tolower(isn_keys[6:10]))
  for (useful in c(4, 5)) {
    exam <- exam_at("T10", vac = "Yes")
    exam[legs] <- as.list(rep(c("3", "2"), c(useful, 10 - useful)))
    said <- why(exam, "ais")
    expect_match(said, paste0("Of 10 key muscles below the level of injury, T10, ", useful, " have grade 3 or more"))
    expect_match(said, if (useful >= 5) "at least half, grade D" else "fewer than half, grade C")
  }
})

test_that("function more than three levels below the motor level counts, exactly three does not", {
  # Motor level T1 by the arms, or by sensation T11; L2 lies three levels below T11, L3 four.
  facts <- list(score = stats::setNames(rep(0L, 20), paste0(rep(c("r", "l"), each = 10), "_motor_", tolower(isn_keys))),
    result = list(motor_level_r = "T11", motor_level_l = "T11"), nonkey = list())
  expect_identical(function_beyond(facts, "r"), character())
  facts$score[["r_motor_l2"]] <- 1L
  expect_identical(function_beyond(facts, "r"), character())
  facts$score[["r_motor_l3"]] <- 1L
  expect_identical(function_beyond(facts, "r"), "r_motor_l3")
  expect_identical(function_beyond(facts, "l"), character())
  facts$nonkey <- list(l_lowest_nonkey = "L2")
  expect_identical(function_beyond(facts, "l"), character())
  facts$nonkey <- list(l_lowest_nonkey = "L3")
  expect_identical(function_beyond(facts, "l"), "l_lowest_nonkey")
})

test_that("levels are numbered from the head down, and segments have their two cells", {
  expect_identical(level_number(c("C1", "C2", "T1", "INT", "none")), c(1L, 2L, 9L, 29L, NA))
  expect_identical(segment_cells("l", "T4"), c("l_lt_t4", "l_pp_t4"))
  facts <- list(score = c(a = 1L, b = 0L))
  expect_identical(written(facts, c("b", "a")), "b 0, a 1")
  expect_identical(because("one ", "two", cells = "c"), list(words = "one two", cells = "c"))
})

test_that("a normal exam of unknown history is explained as that, not as a grade C or D", {
  intact <- exam_at("S45", vac = "Yes", dap = "Yes")
  said <- why(intact, "ais", prior_deficit = NA)
  expect_match(said, "grade E if there was an earlier deficit, otherwise no grade")
  expect_no_match(said, "grade D|key muscles")
})
