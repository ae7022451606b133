visits <- data.frame(
  id = rep(c("a", "b"), each = 3), wk = rep(c(2, 12, 52), 2), motor = c(10, 14, 20, 3, NA, 5), site = "x",
  treated = rep(c(3, NA), each = 3)
)

refused <- function(expr, message = NULL) expect_error(expr, message, class = "cordgain_invalid_input")

test_that("roles are attributes and every column keeps its name", {
  x <- recovery_data(visits, id, wk, motor, "uems")
  expect_s3_class(x, c("recovery_data", "data.frame"), exact = TRUE)
  expect_identical(names(x), names(visits))
  expect_identical(x$motor, visits$motor)
  expect_identical(recovery_roles(x), list(subject = "id", time = "wk", score = "motor", treated_at = NULL)[1:4])
  expect_s3_class(recovery_scale(x), "motor_scale")
  expect_identical(recovery_match(x), list())
})

test_that("columns may be bare, strings or held in a variable", {
  bare <- recovery_data(visits, subject = id, time = wk, score = motor, scale = "uems")
  expect_identical(recovery_data(visits, subject = "id", time = "wk", score = "motor", scale = motor_scale("uems")),
    bare)
  which_score <- "motor"
  expect_identical(recovery_data(visits, id, wk, which_score, "uems"), bare)
})

test_that("scored exams are taken directly, with scores not determinable as NA", {
  scored <- score_isncsci(isncsci_simulated)
  x <- recovery_data(scored, subject, week, uems, "uems")
  expect_identical(nrow(x), nrow(scored))
  expect_identical(sum(is.na(x$uems)), sum(is.na(scored$uems)))
  expect_gt(sum(is.na(x$uems)), 0)
  expect_true(all(c("uems_min", "uems_max") %in% names(x)))
  expect_s3_class(recovery_data(scored, subject, week, motor_total, "isncsci_motor"), "recovery_data")
})

test_that("where lower is better the sign is turned once, and said", {
  x <- recovery_data(visits, id, wk, motor, "mds_updrs_iii")
  expect_identical(x$motor, -visits$motor)
  expect_output(print(x), "sign of the score is turned")
  expect_output(print(recovery_data(visits, id, wk, motor, "uems")), "higher is better")
})

test_that("columns that are absent, doubled or not named are refused", {
  refused(recovery_data(visits, id, wk, uems, "uems"), "uems")
  refused(recovery_data(visits, id, wk, motor), "no default")
  refused(recovery_data(visits, id, id, motor, "uems"), "one role")
  refused(recovery_data(visits, id, wk, motor + 1, "uems"), "score")
  refused(recovery_data(1, id, wk, motor, "uems"), "data frame")
  refused(recovery_data(visits[0, ], id, wk, motor, "uems"), "no rows")
  refused(recovery_data(stats::setNames(visits, c("id", "wk", "motor", "motor", "treated")), id, wk, motor, "uems"),
    "motor")
})

test_that("scores outside their scale are refused with their rows", {
  refused(recovery_data(transform(visits, motor = motor + 40), id, wk, motor, "uems"), "0 to 50")
  refused(recovery_data(transform(visits, motor = -1), id, wk, motor, "uems"))
  refused(recovery_data(transform(visits, motor = NaN), id, wk, motor, "uems"), "finite")
  refused(recovery_data(transform(visits, motor = Inf), id, wk, motor, "uems"), "finite")
})

test_that("text and factors are not read as numbers", {
  refused(recovery_data(transform(visits, motor = as.character(motor)), id, wk, motor, "uems"), "numeric")
  refused(recovery_data(transform(visits, motor = factor(motor)), id, wk, motor, "uems"), "numeric")
  refused(recovery_data(transform(visits, wk = as.character(wk)), id, wk, motor, "uems"), "numeric")
  refused(recovery_data(transform(visits, wk = as.Date("2020-01-01") + wk), id, wk, motor, "uems"), "numeric")
})

test_that("times must be known, not negative, and increase within a subject", {
  refused(recovery_data(transform(visits, wk = wk - 3), id, wk, motor, "uems"), "since injury")
  refused(recovery_data(transform(visits, wk = replace(wk, 2, NA)), id, wk, motor, "uems"), "since injury")
  refused(recovery_data(transform(visits, wk = replace(wk, 2, 2)), id, wk, motor, "uems"), "second time")
  refused(recovery_data(visits[c(2, 1, 3:6), ], id, wk, motor, "uems"), "Sort")
  expect_s3_class(recovery_data(visits[c(1, 4, 2, 5, 3, 6), ], id, wk, motor, "uems"), "recovery_data")
})

test_that("a row without a subject is refused", {
  refused(recovery_data(transform(visits, id = replace(id, 3, NA)), id, wk, motor, "uems"), "Row 3 does not")
  refused(recovery_data(transform(visits, id = replace(id, 2:3, NA)), id, wk, motor, "uems"), "Rows 2 and 3 do not")
})

test_that("the time of treatment is one for each subject", {
  x <- recovery_data(visits, id, wk, motor, "uems", treated_at = treated)
  expect_output(print(x), "Treated: 1 subjects")
  refused(recovery_data(transform(visits, treated = wk), id, wk, motor, "uems", treated_at = treated),
    "same in all rows")
  refused(recovery_data(transform(visits, treated = -1), id, wk, motor, "uems", treated_at = treated), "negative")
  refused(recovery_data(transform(visits, treated = "3"), id, wk, motor, "uems", treated_at = treated), "numeric")
})

test_that("what must match is named as in a trial arm", {
  x <- recovery_data(visits, id, wk, motor, "uems", match = list(level = "cervical", baseline_grade = "A"))
  expect_identical(recovery_match(x)$level, "cervical")
  refused(recovery_data(visits, id, wk, motor, "uems", match = list(height = 1)), "height")
  refused(recovery_data(visits, id, wk, motor, "uems", match = list("cervical")))
  refused(recovery_data(visits, id, wk, motor, "uems", match = "cervical"))
})

test_that("an unknown scale is refused", {
  refused(recovery_data(visits, id, wk, motor, "uemss"))
})

test_that("summary has one row per subject", {
  s <- summary(recovery_data(visits, id, wk, motor, "uems"))
  expect_identical(s$subject, c("a", "b"))
  expect_identical(s$visits, c(3, 3))
  expect_identical(s$not_known, c(0, 1))
  expect_identical(s$first_score, c(10, 3))
  expect_identical(s$last_score, c(20, 5))
  expect_identical(s$last_time, c(52, 52))
  expect_identical(tidy(recovery_data(visits, id, wk, motor, "uems")), s)
})

test_that("print counts subjects, visits and scores not known", {
  expect_output(print(recovery_data(visits, id, wk, motor, "uems")), "2 subjects, 6 visits")
  expect_output(print(recovery_data(visits, id, wk, motor, "uems")), "Not known: 1 score, kept as NA", fixed = TRUE)
})

test_that("courses can be drawn", {
  skip_if_not_installed("ggplot2")
  p <- plot(recovery_data(visits, id, wk, motor, "uems"))
  expect_s3_class(p, "ggplot")
  expect_identical(nrow(p$data), 5L)
  expect_setequal(trimws(built(p, 3)$label), unique(as.character(visits$id))) # each line has its patient's name
})

# Long tables ------------------------------------------------------------------------------------

# Simulated: a table of CDISC ADaM's basic data structure.
bds <- data.frame(
  USUBJID = rep(c("S-01", "S-02"), each = 6), PARAMCD = rep(rep(c("UEMS", "LEMS"), each = 3), 2),
  AVISITN = rep(c(0, 26, 52), 4), ADY = rep(c(-1, 182, 364), 4), ABLFL = rep(c("Y", "", ""), 4),
  AVAL = c(14, 20, 25, 0, 0, 2, 9, 11, 12, 0, 0, 0)
)

test_that("a table of ADaM's basic data structure is read by naming its columns", {
  x <- recovery_data(subset(bds, PARAMCD == "UEMS"), USUBJID, AVISITN, AVAL, "uems")
  expect_identical(summary(x)$subject, c("S-01", "S-02"))
  expect_identical(summary(x)$first_score, c(14, 9))
  expect_identical(summary(x)$last_score, c(25, 12))
  expect_identical(x$ABLFL, rep(c("Y", "", ""), 2))
})

test_that("a visit that is there twice is refused with both rows, wherever they stand, before the order is asked for", {
  refused(recovery_data(bds, USUBJID, AVISITN, AVAL, "uems"),
    'Rows 1 and 4: subject S-01 at 0 a second time.*"UEMS" and "LEMS": select one.*PARAMCD == "UEMS"')
  doubled <- visits[c(1:3, 2, 4:6), ]
  refused(recovery_data(doubled, id, wk, motor, "uems"), "Rows 2 and 4: .*another parameter \\(PARAMCD\\) may stand")
  # Of one parameter: the visit itself is doubled.
  refused(recovery_data(transform(bds, PARAMCD = "UEMS"), USUBJID, AVISITN, AVAL, "uems"), "Keep one score")
})

test_that("columns with labels are taken as the numbers they hold, and nothing else is", {
  expected <- recovery_data(visits, id, wk, motor, "uems", treated_at = treated)
  as_haven <- \(x) structure(x, label = "Analysis value", labels = c(none = 0),
    class = c("haven_labelled", "vctrs_vctr", typeof(x)))
  as_hmisc <- \(x) structure(x, label = "Analysis value", class = c("labelled", class(x)))
  for (labelled in list(as_haven, as_hmisc)) {
    given <- visits
    given[c("id", "wk", "motor", "treated")] <- lapply(visits[c("id", "wk", "motor", "treated")], labelled)
    expect_identical(recovery_data(given, id, wk, motor, "uems", treated_at = treated), expected)
  }
  given <- transform(visits, site = as_hmisc(site))
  expect_identical(recovery_data(given, id, wk, motor, "uems")$site, given$site) # columns without a role stay
  refused(recovery_data(transform(visits, motor = as_hmisc(factor(motor))), id, wk, motor, "uems"), "numeric")
  refused(recovery_data(transform(visits, motor = as_hmisc(as.character(motor))), id, wk, motor, "uems"), "numeric")
  refused(recovery_data(transform(visits, wk = as_hmisc(as.Date("2020-01-01") + wk)), id, wk, motor, "uems"), "numeric")
  # 99 may be declared missing there.
  spss <- structure(visits$motor, na_values = 99, class = c("haven_labelled_spss", "haven_labelled", "vctrs_vctr",
    "double"))
  visits$motor <- spss
  refused(recovery_data(visits, id, wk, motor, "uems"), "numeric")
})

test_that("an empty name is no subject", {
  refused(recovery_data(transform(visits, id = replace(id, 2:3, "")), id, wk, motor, "uems"), "Rows 2 and 3 do not")
  refused(recovery_data(transform(visits, id = replace(id, 1, "  ")), id, wk, motor, "uems"), "Row 1 does not")
  refused(recovery_data(transform(visits, id = factor(replace(id, 6, ""))), id, wk, motor, "uems"), "Row 6 does not")
})

test_that("scores none of which is known, and a treatment without a visit after it, are warned of", {
  expect_warning(recovery_data(transform(visits, motor = NA_real_), id, wk, motor, "uems"), "All 6 scores are NA",
    class = "cordgain_no_scores")
  late <- transform(visits, treated = rep(c(53, NA), each = 3))
  expect_warning(x <- recovery_data(late, id, wk, motor, "uems", treated_at = treated), "a\\..*in weeks since injury",
    class = "cordgain_no_visit_after")
  expect_identical(summary_treated(x), c(53, NA))
  # excess() takes a visit at the treatment itself for the baseline.
  at <- \(week) recovery_data(transform(visits, treated = rep(c(week, NA), each = 3)), id, wk, motor, "uems",
    treated_at = treated)
  expect_warning(at(52), class = "cordgain_no_visit_after")
  expect_no_warning(at(51))
})

test_that("an expression in the place of a column is refused with what to do", {
  refused(recovery_data(bds, USUBJID, ADY / 7, AVAL, "uems"), "It is `ADY/7`.*df\\$new <- ADY/7")
  condition <- expect_error(recovery_data(bds, USUBJID, 2, AVAL, "uems"), class = "cordgain_invalid_input")
  expect_no_match(conditionMessage(condition), "Make the column")
})

# Invariants -------------------------------------------------------------------------------------

test_that("a scale with lower better is turned, so that gains are the negatives of the differences", {
  up <- recovery_data(visits, id, wk, motor, "uems")
  down <- recovery_data(visits, id, wk, motor, "mds_updrs_iii")
  gain <- \(x) tidy(x)$last_score - tidy(x)$first_score
  expect_identical(gain(down), -gain(up))
  expect_identical(tidy(down)[1:5], tidy(up)[1:5]) # subjects, visits, missing and times are as they were
  expect_identical(attr(down, "turned"), TRUE)
  expect_identical(attr(up, "turned"), FALSE)
})

test_that("other columns, tibbles' classes and the caller's data are left alone", {
  before <- visits
  x <- recovery_data(structure(visits, class = c("tbl_df", "tbl", "data.frame")), id, wk, motor, "uems")
  expect_s3_class(x, "recovery_data")
  expect_identical(x$site, before$site)
  recovery_data(visits, id, wk, motor, "mds_updrs_iii")
  expect_identical(visits, before)
})

test_that("the order of columns and the kind of subject's labels do not matter", {
  expected <- tidy(recovery_data(visits, id, wk, motor, "uems"))
  expect_identical(tidy(recovery_data(visits[5:1], id, wk, motor, "uems")), expected)
  expect_identical(tidy(recovery_data(transform(visits, id = factor(id)), id, wk, motor, "uems")), expected)
  numbered <- tidy(recovery_data(transform(visits, id = match(id, letters)), id, wk, motor, "uems"))
  expect_identical(numbered$subject, c("1", "2"))
  expect_identical(numbered[-1], expected[-1])
})

test_that("subjects are told apart whatever their order of rows, and keep the order of their first", {
  mixed <- visits[c(4, 1, 5, 2, 6, 3), ]
  s <- summary(recovery_data(mixed, id, wk, motor, "uems"))
  expect_identical(s$subject, c("b", "a"))
  expected <- summary(recovery_data(visits, id, wk, motor, "uems"))
  expect_equal(s[2:1, -1], expected[, -1], ignore_attr = TRUE)
})

test_that("one row is a course of one visit, its first and last", {
  s <- summary(recovery_data(visits[1, ], id, wk, motor, "uems"))
  expect_identical(c(s$visits, s$not_known, s$first_time, s$last_time), c(1, 0, 2, 2))
  expect_identical(c(s$first_score, s$last_score), c(10, 10))
})

test_that("scores that are all missing are kept and counted, a missing last score is missing", {
  expect_warning(none <- recovery_data(transform(visits, motor = NA), id, wk, motor, "uems"),
    class = "cordgain_no_scores")
  expect_identical(summary(none)$not_known, c(3, 3))
  expect_true(all(is.na(summary(none)$first_score)))
  expect_output(print(none), "Not known: 6 scores, kept as NA", fixed = TRUE)
  last <- recovery_data(transform(visits, motor = replace(motor, 3, NA)), id, wk, motor, "uems")
  expect_identical(summary(last)$last_score[1], NA_real_)
})

test_that("the ends of the scale and the moment of injury are within, what lies next to them is not", {
  at <- \(score, week = 2) recovery_data(data.frame(id = 1, wk = week, motor = score), id, wk, motor, "uems")
  for (score in c(0, 50)) expect_s3_class(at(score), "recovery_data")
  for (score in c(-1, 51)) refused(at(score), "Scores must lie on their scale, 0 to 50.*Is `scale` right")
  expect_s3_class(at(10, 0), "recovery_data")
  refused(at(10, -1e-9), "at least 0")
})

test_that("each refusal names its rows, subjects or columns", {
  refused(recovery_data(transform(visits, motor = replace(motor, c(2, 6), 99)), id, wk, motor, "uems"), "Rows 2 and 6")
  refused(recovery_data(transform(visits, wk = replace(wk, 3, 12)), id, wk, motor, "uems"),
    "Rows 2 and 3: subject a at 12 a second time.*one score for each visit")
  refused(recovery_data(transform(visits, wk = replace(wk, 3, 5)), id, wk, motor, "uems"), "Row 3: .* at 5 after 12")
  refused(recovery_data(transform(visits, treated = replace(treated, 2, 4)), id, wk, motor, "uems",
    treated_at = treated), '"a"')
  refused(recovery_data(transform(visits, treated = replace(treated, 5, 4)), id, wk, motor, "uems",
    treated_at = treated), '"b"') # treated in one row only
  refused(recovery_data(visits, id, wk, motor, "uems", treated_at = when), "no column when for `treated_at`.*treated")
  refused(recovery_data(visits, id, wk, motor, "uems", match = list(level = "cervical", weight = 1)), "weight")
})

test_that("what should be a data frame, a scale or a column and is none is refused", {
  for (bad in list(NULL, list(id = 1), as.matrix(visits[2:3]), "visits")) {
    refused(recovery_data(bad, id, wk, motor, "uems"), "data frame")
  }
  refused(recovery_data(visits, id, wk, motor, NULL))
  refused(recovery_data(visits, id, wk, motor, NA_character_))
  refused(recovery_data(visits, c("id", "site"), wk, motor, "uems"), "`subject` must name one column")
  refused(recovery_data(visits, id, 2, motor, "uems"), "`time` must name one column")
  refused(recovery_data(visits, id, NA_character_, motor, "uems"), "`time` must name one column")
})

test_that("treated subjects are counted once each, by their own rows", {
  x <- recovery_data(visits, id, wk, motor, "uems", treated_at = treated)
  expect_identical(summary_treated(x), c(3, NA))
  expect_identical(recovery_roles(x)$treated_at, "treated")
  none <- recovery_data(transform(visits, treated = NA), id, wk, motor, "uems", treated_at = treated)
  expect_output(print(none), "Treated: 0 subjects")
})

test_that("the title of the picture says the medians of first and last scores, whatever the order of the rows", {
  drawn <- data.frame(subject = c("b", "a", "a", "b", "c"), time = c(52, 2, 12, 4, 3), score = c(9, 10, 30, 4, 6))
  title <- \(drawn) gsub("\n", " ", visits_title(drawn)) # broken for half a page
  expect_identical(title(drawn), "3 patients: from a median of 6 at the first exam to 9 at the last")
  expect_identical(visits_title(drawn[0, ]), "No score is known")
  expect_identical(title(drawn[2:3, ]), "1 patient: from 10 at the first exam to 30 at the last")
})

test_that("a match without names is told as what it is, and rows keep their roles", {
  df <- data.frame(id = c(1, 1, 2, 2), week = c(1, 5, 1, 5), score = 1:4, other = 0)
  expect_error(recovery_data(df, id, week, score, "uems", match = 3), "a number without names",
    class = "cordgain_invalid_input")
  data <- recovery_data(df, id, week, score, "mds_updrs_iii")
  kept <- recovery_rows(data, 3:4)
  expect_identical(names(kept), c("id", "week", "score"))
  expect_identical(kept$score, c(-3L, -4L))
  treated <- treated_from(kept, 2, NULL)
  expect_identical(recovery_roles(treated)$treated_at, "treated_at")
  expect_identical(treated$treated_at, c(2, 2))
  expect_output(print(treated), "is turned")
  expect_error(treated_from(kept, c(2, 3), NULL), "same in all rows", class = "cordgain_invalid_input")
})
