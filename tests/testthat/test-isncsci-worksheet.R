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
  expect_match(words_of(p)[["title"]], "Neurological level T8*, AIS A or C (not determinable)", fixed = TRUE)
  expect_match(p$labels$subtitle, "Deep anal pressure: not tested")
  expect_match(p$labels$subtitle, "Lowest non-key muscle: left L2")
  expect_match(words_of(p)[["caption"]], "Motor: right T8*, left", fixed = TRUE)
})

test_that("the sheet can be drawn and written", {
  path <- withr::local_tempfile(fileext = ".png")
  p <- ggplot2::autoplot(explain_isncsci(exam_at("C7")))
  ggplot2::ggsave(path, p, width = 7, height = 7, dpi = 50)
  expect_gt(file.size(path), 5000)
})

# The sheet's geometry and words ----------------------------------------------------------------

test_that("every cell has its column and row by name, right side of the body on the left", {
  cells <- worksheet_cells(exam_text(exam_at("C7")))
  at <- \(name) unlist(cells[match(name, isncsci_score_cells), c("x", "y")], use.names = FALSE)
  expect_identical(at("r_motor_c5"), c(1, 4))
  expect_identical(at("r_lt_c2"), c(2, 1))
  expect_identical(at("r_pp_s45"), c(3, 28))
  expect_identical(at("l_lt_t1"), c(4.5, 8))
  expect_identical(at("l_pp_l1"), c(5.5, 20))
  expect_identical(at("l_motor_s1"), c(6.5, 25))
  expect_identical(as.vector(table(cells$x)), c(10L, 28L, 28L, 28L, 28L, 10L))
})

test_that("a state is that of its score alone: 5 is normal for muscles, 2 for sensation, 0 absent for both", {
  state_of <- \(cell, score) {
    exam <- exam_at("S45")
    exam[[cell]] <- score
    as.character(worksheet_cells(exam_text(exam))$state[isncsci_score_cells == cell])
  }
  for (score in as.character(0:5)) {
    expect_identical(state_of("r_motor_l3", score), switch(score, "0" = "absent", "5" = "normal", "impaired"))
  }
  for (score in as.character(0:2)) {
    expect_identical(state_of("l_pp_t7", score), switch(score, "0" = "absent", "2" = "normal", "impaired"))
  }
  expect_identical(state_of("l_pp_t7", "NT"), "not tested")
  for (score in c("1*", "0**", "NT*")) expect_identical(state_of("l_pp_t7", score), "tagged")
})

test_that("lines lie at the levels of the classification written again by hand", {
  withr::local_seed(44) # simulated exams
  row_of <- \(level) c(C1 = 0, stats::setNames(1:27, isn_segments[2:28]), INT = 28)[[level]] + 0.5
  for (i in 1:15) {
    exam <- random_exam(0)
    if (any(exam %in% "NT")) next
    by_hand <- isn_by_hand(exam)
    lines <- worksheet_levels(score_isncsci(text_frame(list(exam))))
    at <- \(line, left) lines$y[lines$line == line & if (left) lines$x >= 4 else lines$x < 3]
    expect_identical(at("sensory level", FALSE), row_of(by_hand[["sensory_r"]]))
    expect_identical(at("sensory level", TRUE), row_of(by_hand[["sensory_l"]]))
    expect_identical(at("motor level", FALSE), row_of(by_hand[["motor_level_r"]]))
    expect_identical(at("motor level", TRUE), row_of(by_hand[["motor_level_l"]]))
  }
})

test_that("each line spans the columns that it is about and no two kinds overlap", {
  lines <- worksheet_levels(score_isncsci(exam_at("T4", l_pp_c6 = "1")))
  expect_true(all(lines$x < lines$xend))
  spans <- lines[order(lines$x), c("x", "xend")]
  expect_true(all(spans$xend[-nrow(spans)] <= spans$x[-1])) # one level each: side by side
  motor <- lines[lines$line == "motor level", ]
  expect_true(all(motor$x < 1 & motor$xend > 1 | motor$x < 6.5 & motor$xend > 6.5))
})

test_that("a level that is open has a line for each possibility, one below the other", {
  scores <- score_isncsci(exam_at("C7", r_lt_c5 = "NT", r_lt_c6 = "NT"))
  set <- strsplit(scores$sensory_r_set, ",", fixed = TRUE)[[1]]
  line <- level_line(scores, "sensory_r", 1.5, 3.5, "sensory level")
  expect_identical(nrow(line), length(set))
  expect_setequal(set, c("C4", "C5", "C7"))
  expect_setequal(line$y, c(3.5, 4.5, 6.5))
  expect_true(all(line$x == 1.5 & line$xend == 3.5))
})

test_that("runs are of three or more neighbours; two are joined with or", {
  shown <- \(set) shown_value(list(nli_set = set, nli_star = FALSE), "nli")
  expect_identical(shown("C4,C5,C6"), "C4 to C6")
  expect_identical(shown("C4,C5,C7"), "C4 or C5 or C7")
  expect_identical(shown("C8,T1,T2"), "C8 to T2") # across regions
  expect_identical(shown("S2,S3,INT"), "S2 to INT")
  expect_identical(shown("C1,INT"), "C1 or INT")
})

test_that("both sides are written right then left, with the stars of each", {
  scores <- list(sensory_r_set = "C4", sensory_r_star = TRUE, sensory_l_set = "C5,C6", sensory_l_star = FALSE)
  expect_identical(both_sides(scores, "sensory"), "right C4*, left C5 or C6")
})

test_that("title and subtitle say findings in words, and non-key muscles where there are any", {
  words <- \(...) plot(explain_isncsci(exam_at("C6", ...)))$labels
  plain <- words(vac = "Yes", dap = "No")
  expect_match(plain$subtitle, "Voluntary anal contraction: yes. Deep anal pressure: no.", fixed = TRUE)
  expect_no_match(plain$subtitle, "non-key")
  expect_no_match(plain$title, "not determinable")
  both <- words(r_lowest_nonkey = "C7", l_lowest_nonkey = "C8")
  expect_match(gsub("\n", " ", both$subtitle), "Lowest non-key muscle: right C7, left C8.", fixed = TRUE)
})

test_that("what is drawn is all cells and the levels, in the colours of their states", {
  p <- plot(explain_isncsci(exam_at("C7", r_motor_c8 = "2")))
  tiles <- built(p, 1)
  expect_identical(nrow(tiles), 132L)
  fills <- tapply(tiles$fill, worksheet_cells(exam_text(exam_at("C7", r_motor_c8 = "2")))$state, unique)
  expect_identical(fills[["impaired"]], state_colours[["impaired"]])
  expect_identical(fills[["absent"]], state_colours[["absent"]])
  expect_identical(layer_geoms(p), c("GeomTile", "GeomText", "GeomSegment"))
})

test_that("a result that was declared not determinable is drawn without a warning, and no title says NA", {
  exam <- cbind(exam_at("T4"), not_determinable = "nli, ais, sensory_r, motor_level_l")
  x <- explain_isncsci(exam)
  expect_no_warning(p <- plot(x))
  expect_no_warning(ggplot2::ggplot_build(p))
  expect_identical(words_of(p)[["title"]], "Neurological level C1 to INT, AIS A to E (not determinable)")
  intact <- exam_at("S45", vac = "Yes")
  title <- \(...) words_of(plot(explain_isncsci(intact, ...)))[["title"]]
  expect_identical(title(prior_deficit = NA), "Neurological level INT, AIS E or no grade (not determinable)")
  expect_identical(title(prior_deficit = FALSE), "Neurological level INT, no grade")
})
