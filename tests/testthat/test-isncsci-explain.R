step <- function(x, term) {
  steps <- tidy(x)
  steps[steps$term == term, ]
}

test_that("every result is explained with the value of score_isncsci()", {
  exam <- exam_at("C7", r_motor_c8 = "2", dap = "Yes")
  x <- explain_isncsci(exam)
  scored <- score_isncsci(exam)
  expect_identical(tidy(x)$term, isncsci_results)
  for (v in isncsci_results) {
    expect_identical(step(x, v)$value, scored[[v]])
    expect_identical(step(x, v)$set, scored[[paste0(v, "_set")]])
  }
  expect_true(all(nzchar(tidy(x)$why)))
  expect_true(all(tidy(x)$open == ""))
})

test_that("the deciding cells are those of the rule", {
  x <- explain_isncsci(exam_at("C7", r_pp_t10 = "1", l_lt_s45 = "1", l_motor_c8 = "3"))
  expect_identical(step(x, "sensory_r")$cells, "r_lt_c8, r_pp_c8")
  expect_identical(step(x, "motor_level_l")$cells, "l_motor_c8")
  expect_identical(step(x, "complete")$cells, "l_lt_s45")
  expect_identical(step(x, "zpp_sensory_r")$cells, "r_pp_t10")
  expect_identical(step(x, "zpp_sensory_l")$cells, "l_lt_s45")
})

test_that("cells that leave a result open are named, others that are not tested are not", {
  # The sensory level on the right ends at C7 whatever T10 is; the muscle C8 decides the motor level.
  x <- explain_isncsci(exam_at("C7", r_lt_t10 = "NT", r_motor_c8 = "NT"))
  expect_identical(step(x, "sensory_r")$open, "")
  expect_identical(step(x, "zpp_sensory_r")$open, "r_lt_t10")
  expect_identical(step(x, "motor_level_r")$open, "r_motor_c8")
  expect_identical(step(x, "ais")$open, "")
})

test_that("findings that leave the grade open are named", {
  x <- explain_isncsci(exam_at("C7", vac = "NT", dap = "NT"))
  expect_identical(step(x, "ais")$value, "ND")
  expect_identical(step(x, "ais")$open, "vac, dap")
})

test_that("every named open cell narrows its result, by trying it", {
  skip_on_cran() # long
  withr::local_seed(31)
  for (i in 1:6) {
    exam <- as.data.frame(as.list(random_exam(6)))
    x <- explain_isncsci(exam)
    base <- score_isncsci(exam)
    cells <- intersect(names(exam)[unlist(exam) %in% "NT"], isncsci_cells)
    # one exam for each score that an open cell may have, all scored at once
    tried <- do.call(rbind, lapply(cells, \(cell) {
      scores <- if (cell %in% c("vac", "dap")) c("No", "Yes") else 0:(if (grepl("motor", cell)) 5 else 2)
      data.frame(cell = cell, score = as.character(scores))
    }))
    filled <- exam[rep(1, nrow(tried)), ]
    for (k in seq_len(nrow(tried))) filled[k, tried$cell[k]] <- tried$score[k]
    scored <- score_isncsci(filled)
    for (v in isncsci_results) {
      set <- paste0(v, "_set")
      narrows <- unique(tried$cell[scored[[set]] != base[[set]]])
      expect_setequal(strsplit(step(x, v)$open, ", ")[[1]], narrows)
    }
  }
})

test_that("a star is explained by what the scores found would give", {
  x <- explain_isncsci(exam_at("T8", r_motor_c6 = "4**"))
  expect_true(step(x, "nli")$star)
  expect_match(step(x, "nli")$why, "Starred: the scores found, without the tags, give C6", fixed = TRUE)
  expect_false(step(x, "sensory_r")$star)
  expect_no_match(step(x, "sensory_r")$why, "Starred")
})

test_that("choices are passed on", {
  intact <- exam_at("S45", vac = "Yes", dap = "Yes")
  expect_match(step(explain_isncsci(intact), "ais")$why, "grade E")
  expect_match(step(explain_isncsci(intact, prior_deficit = FALSE), "ais")$why, "no grade applies")
})

test_that("the world of lowest scores has the lowest score of every set", {
  cells <- exam_text(exam_at("C5", r_motor_c6 = "NT", r_motor_c7 = "2*", r_motor_c8 = "3**", r_motor_t1 = "4*[1-2]",
    r_lt_c2 = "NT*", vac = "NT"))
  world <- end_world(cells, \(s) s[1L])
  expect_identical(
    unname(world[c("r_motor_c6", "r_motor_c7", "r_motor_c8", "r_motor_t1", "r_lt_c2", "vac", "dap")]),
    c("0", "2", "5", "1", "0", "No", "No")
  )
  expect_identical(names(world), isncsci_cells)
})

test_that("scores of cells are those of the definition", {
  cells <- c(r_motor_c5 = "NT*", r_lt_c2 = "NT", l_pp_c3 = "1*", vac = "YES", dap = "NT")
  expect_identical(unname(cell_scores(cells)), list(0:4, 0:2, 1L, 1L, 0:1))
})

test_that("the old 5* is explained as NT**", {
  expect_warning(x <- explain_isncsci(exam_at("T4", r_motor_c5 = "5*")), class = "cordgain_legacy_star")
  expect_identical(step(x, "motor_level_r")$value, "T4")
})

test_that("more or less than one exam, and cells not recorded, are refused", {
  expect_error(explain_isncsci(exams_of(exam_at("C5"), exam_at("C5"))), "one row", class = "cordgain_invalid_input")
  expect_error(explain_isncsci(list()), class = "cordgain_invalid_input")
  expect_error(explain_isncsci(exam_at("C5", vac = NA)), "vac", class = "cordgain_invalid_input")
  expect_error(explain_isncsci(exam_at("C5", vac = NA), missing = "na"), "vac", class = "cordgain_invalid_input")
})

test_that("print gives title, value, possible values, words and cells", {
  out <- paste(capture.output(print(explain_isncsci(exam_at("C7", dap = "NT", r_motor_c6 = "4**")))), collapse = "\n")
  expect_match(out, "Motor level, right: C7*", fixed = TRUE)
  expect_match(out, "AIS grade: ND")
  expect_match(out, "Possible: A, B")
  expect_match(out, "Left open by: dap")
  expect_match(out, "With the lowest scores:")
})

test_that("summary has one row per result", {
  expect_identical(nrow(summary(explain_isncsci(exam_at("C7")))), 11L)
})

test_that("a cell that is not recorded is explained as untested where that is the choice", {
  given <- explain_isncsci(exam_at("T4", r_lt_c5 = NA), missing = "nt")
  written <- explain_isncsci(exam_at("T4", r_lt_c5 = "NT"))
  expect_identical(tidy(given), tidy(written))
})

test_that("a result that was declared not determinable is explained as that", {
  exam <- cbind(exam_at("T4", r_lt_t9 = "NT"), not_determinable = "ais")
  steps <- tidy(explain_isncsci(exam))
  ais <- steps[steps$term == "ais", ]
  expect_identical(ais$value, "ND")
  expect_match(ais$why, "^Declared")
  expect_identical(c(ais$cells, ais$open), c("", ""))
  expect_no_match(steps$why[steps$term != "ais"], "Declared")
  expect_output(print(explain_isncsci(exam)), "  Declared not determinable")
})

test_that("INT without contraction is explained by the choice that gives it", {
  steps <- tidy(explain_isncsci(exam_at("S45"), intact_without_vac = "INT"))
  expect_identical(steps$value[steps$term == "nli"], "INT")
  expect_match(steps$why[steps$term == "nli"], "by the choice made")
})

test_that("the sacral findings that make C or D possible are among its cells", {
  steps <- tidy(explain_isncsci(exam_at("T11", dap = "Yes", r_motor_l3 = "1")))
  expect_match(steps$cells[steps$term == "ais"], "^dap, r_motor_l3, ")
})

test_that("an exam that could only be collected is not explained", {
  expect_error(suppressWarnings(explain_isncsci(exam_at("T4", r_lt_c5 = "7"), on_error = "collect")),
    class = "cordgain_invalid_input")
})

test_that("print says which world its words are for where cells are open", {
  expect_output(print(explain_isncsci(exam_at("T4", r_lt_t3 = "NT"))), "each open cell has its lowest score")
  expect_no_match(paste(capture.output(print(explain_isncsci(exam_at("T4")))), collapse = " "), "lowest score")
})

test_that("what holds for the lowest scores only says so in tidy() too", {
  # With the right C8 muscle not tested the motor level is C7 (0 to 2) or C8.
  steps <- tidy(explain_isncsci(exam_at("C7", r_motor_c8 = "NT", l_lt_t3 = "NT")))
  said <- stats::setNames(startsWith(steps$why, "With the lowest scores: "), steps$term)
  # The levels of injury and of the left side do not depend on C8 or T3, their sentences neither.
  expect_identical(names(said)[said], c("motor_level_r", "nli", "zpp_sensory_l", "zpp_motor_r"))
})

test_that("a determined result whose sentence rests on an untested cell says so", {
  # T5 ends the level by pin prick whatever light touch is; the sentence would quote light touch as 0.
  steps <- tidy(explain_isncsci(exam_at("T4", r_lt_t5 = "NT")))
  sensory <- steps[steps$term == "sensory_r", ]
  expect_identical(sensory$value, "T4")
  expect_match(sensory$why, "^With the lowest scores: ")
  expect_no_match(tidy(explain_isncsci(exam_at("T4")))$why, "lowest scores")
})

test_that("a normal exam of unknown history has no lowest scores to speak of", {
  steps <- tidy(explain_isncsci(exam_at("S45", vac = "Yes"), prior_deficit = NA))
  expect_identical(steps$value[steps$term == "ais"], "ND")
  expect_no_match(steps$why, "lowest scores")
})

test_that("an exam that could only be collected is refused with its cell", {
  error <- expect_error(suppressWarnings(explain_isncsci(exam_at("T4", r_lt_c5 = "7"), on_error = "collect")),
    "column `r_lt_c5`", fixed = TRUE, class = "cordgain_invalid_input")
  expect_identical(error$problems$value, "7")
})
