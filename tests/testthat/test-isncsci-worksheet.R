skip_if_not_installed("ggplot2")

test_that("the worksheet has each of the 132 cells once, with its score", {
  exam <- exam_at("C7", r_motor_c8 = "3*", l_pp_s45 = "NT")
  cells <- worksheet_cells(exam_text(exam))
  expect_identical(nrow(cells), 132L)
  expect_identical(anyDuplicated(cells[c("x", "y")]), 0L)
  expect_identical(cells$label, unname(unlist(exam[isncsci_score_cells])))
})

test_that("colours tell normal, impaired, absent, not tested and tagged cells", {
  cells <- worksheet_cells(exam_text(exam_at("C7", r_motor_c8 = "3*", r_motor_t1 = "2", l_pp_s45 = "NT", r_lt_c8 = "1",
    l_lt_c2 = "NT*")))
  state <- stats::setNames(as.character(cells$state), isncsci_score_cells)
  expect_identical(
    unname(state[c("r_motor_c5", "r_motor_c8", "r_motor_t1", "r_motor_l2", "l_pp_s45", "r_lt_c8", "r_lt_c2",
      "l_lt_c2")]),
    c("normal", "tagged", "impaired", "absent", "not tested", "impaired", "normal", "tagged")
  )
})

test_that("a line lies below the last dermatome of each possible level", {
  lines <- worksheet_levels(score_isncsci(exam_at("C7", r_lt_c6 = "NT")))
  sensory_right <- lines[lines$line == "sensory level" & lines$x < 4, ]
  # C5 is the fourth dermatome from C2, C7 the sixth.
  expect_setequal(sensory_right$y, c(4.5, 6.5))
  expect_identical(lines$y[lines$line == "sensory level" & lines$x >= 4], 6.5)
})

test_that("INT lies below the sheet's last row and C1 above its first", {
  lines <- worksheet_levels(score_isncsci(exams_of(exam_at("S45", vac = "Yes"))))
  expect_true(all(lines$y == 28.5))
  lines <- worksheet_levels(score_isncsci(exam_at("C1")))
  expect_true(all(lines$y == 0.5))
})

test_that("a set of levels is written with or, neighbours as a run", {
  shown <- \(set, variable = "nli", star = FALSE) {
    shown_value(stats::setNames(list(set, star), paste0(variable, c("_set", "_star"))), variable)
  }
  expect_identical(shown("C5"), "C5")
  expect_identical(shown("C5,C6", star = TRUE), "C5 or C6*")
  expect_identical(shown("C1,C2,C3,C4,C5"), "C1 to C5")
  expect_identical(shown("C1,C2,C3,T1,T2,T3"), "C1 to C3 or T1 to T3")
  expect_identical(shown("NA,T10,T11,T12,L1"), "NA or T10 to L1")
  expect_identical(shown("A,B,C", "ais"), "A to C")
  expect_identical(shown("A,D", "ais"), "A or D")
})

test_that("title and text name level, grade, findings and zones", {
  # The non-key muscle at L2 lies six levels below T8: with deep anal pressure the grade is C, without it A.
  p <- plot(explain_isncsci(exam_at("T8", r_motor_c6 = "4**", dap = "NT", l_lowest_nonkey = "L2")))
  expect_s3_class(p, "ggplot")
  expect_match(p$labels$title, "Neurological level T8*, AIS A or C (not determinable)", fixed = TRUE)
  expect_match(p$labels$subtitle, "Deep anal pressure: not tested")
  expect_match(p$labels$subtitle, "Lowest non-key muscle: left L2")
  expect_match(p$labels$caption, "Motor: right T8*, left", fixed = TRUE)
})

test_that("the sheet can be drawn and written", {
  path <- withr::local_tempfile(fileext = ".png")
  p <- ggplot2::autoplot(explain_isncsci(exam_at("C7")))
  ggplot2::ggsave(path, p, width = 7, height = 7, dpi = 50)
  expect_gt(file.size(path), 5000)
})
