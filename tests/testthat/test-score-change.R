# Scores before and after: the change, what is refused, what is told.

test_that("a change is final minus baseline, with the room that the scale leaves", {
  x <- score_change(c(12, 48), c(36, 50), "uems", subject = c("a", "b"))
  expect_equal(tidy(x)$estimate, c(24, 2))
  expect_equal(summary(x)$smallest, c(-12, -48))
  expect_equal(summary(x)$largest, c(38, 2))
  expect_identical(tidy(x)$subject, c("a", "b"))
})

test_that("where lower is better the sign is turned once, and the print says so", {
  x <- score_change(c(60, 40), c(50, 45), "mds_updrs_iii")
  expect_equal(tidy(x)$estimate, c(10, -5))
  expect_equal(summary(x)$smallest, c(60 - 132, 40 - 132))
  expect_equal(summary(x)$largest, c(60, 40))
  expect_output(print(x), "sign of change is turned")
  expect_failure(expect_output(print(synthetic_change()), "turned"))
})

test_that("a scale of one's own that does not begin at 0 leaves the right room", {
  own <- motor_scale(min = 1, max = 5, direction = "higher", name = "steps")
  expect_equal(summary(score_change(2, 4, own))[c("smallest", "largest")], data.frame(smallest = -1, largest = 3))
})

test_that("a score off its scale is refused: a change outside [-baseline, max - baseline]", {
  expect_error(score_change(40, 51, "uems"), class = "cordgain_invalid_input")
  expect_error(score_change(10, -1, "lems"), class = "cordgain_invalid_input")
  expect_error(score_change(51, 40, "lems"), class = "cordgain_invalid_input")
})

test_that("a final score that is not known is kept, counted and bounded", {
  x <- score_change(c(10, 20), c(NA, 25), "uems")
  rows <- tidy(x)
  expect_identical(rows$estimate, c(NA, 5))
  expect_equal(c(rows$conf.low[1], rows$conf.high[1]), c(-10, 40))
  expect_output(print(x), "Without a final score: 1")
  expect_error(score_change(c(NA, 20), c(10, 25), "uems"), class = "cordgain_invalid_input")
  expect_error(score_change(10, NaN, "uems"), class = "cordgain_invalid_input")
})

test_that("bad arguments are named", {
  expect_error(score_change(10, 20), "`scale` is not given", class = "cordgain_invalid_input")
  expect_error(score_change(1:3, 1:2, "uems"), "3 baseline scores, 2 final", class = "cordgain_invalid_input")
  expect_error(score_change("10", 20, "uems"), class = "cordgain_invalid_input")
  expect_error(score_change(factor(10), 20, "uems"), class = "cordgain_invalid_input")
  expect_error(score_change(numeric(), numeric(), "uems"), class = "cordgain_invalid_input")
  expect_error(score_change(1:2, 1:2, "uems", subject = c("a", "a")), "once", class = "cordgain_invalid_input")
  expect_error(score_change(10, 20, "nonsense"), class = "cordgain_invalid_input")
  expect_error(score_change(10, 20, "uems", match = list(grade = "A")), "baseline_grade",
    class = "cordgain_invalid_input")
  expect_error(score_change(10, 20, "uems", match = list(baseline_grade = "Q")), class = "cordgain_invalid_input")
  expect_error(score_change(1:3, 1:3, "uems", match = list(level = c("cervical", "T1-T9"))), "length 2",
    class = "cordgain_invalid_input")
})

test_that("what must match is read from the description; what is left out is not known", {
  x <- score_change(1:2, 3:4, "uems", match = list(level = "tetraplegia", followup_weeks = 54, baseline_days = c(14,
    28)))
  terms <- match_terms(x)
  expect_identical(terms$level, rep("cervical", 2))
  expect_equal(terms$followup_weeks, c(54, 54))
  expect_equal(terms$baseline_days, c(14, 28))
  expect_true(all(is.na(terms$years)))
  expect_identical(terms$endpoint, "upper extremity motor score (UEMS)")
})

test_that("the picture joins each patient's two scores on the whole scale", {
  skip_if_not_installed("ggplot2")
  picture <- plot(synthetic_change())
  expect_equal(nrow(built(picture, 2)), 8)
  names <- built(picture, 3) # beside the follow-up
  expect_identical(trimws(names$label), as.character(1:4))
  expect_true(all(names$x == 2))
  expect_true(draws(picture))
})

test_that("the role is treated unless said, and no third", {
  of <- \(...) score_change(c(12, 18), c(20, 19), "uems", ...)
  expect_identical(change_role(of()), "treated")
  expect_identical(change_role(of(role = "control")), "control")
  expect_output(print(of(role = "control")), "2 control patients")
  expect_identical(tidy(of(role = "control")), tidy(of()))
  expect_error(of(role = "placebo"), class = "cordgain_invalid_input")
})

test_that("the title of the picture counts those who gained among those followed", {
  finding <- \(x) gsub("\n", " ", change_finding(x)) # broken for half a page
  expect_identical(finding(synthetic_change()), "3 of 4 patients gained; the mean change is 9.75 points")
  expect_identical(finding(score_change(c(10, 20), c(NA, 18), "uems")),
    "0 of 1 followed patients gained; the mean change is -2 points")
  expect_identical(change_finding(score_change(c(10, 20), c(NA_real_, NA), "uems")), "No final score is known")
})

test_that("a match without names is told as what it is", {
  expect_error(score_change(1, 2, "uems", match = 3), "a number without names", class = "cordgain_invalid_input")
})

test_that("where lower is better the picture says that a line that falls is a gain", {
  skip_if_not_installed("ggplot2")
  picture <- plot(score_change(c(45, 50), c(40, 57), "mds_updrs_iii"))
  expect_match(gsub("\n", " ", picture$labels$title), "1 of 2 patients got better; the mean gain is -1 points")
  expect_match(gsub("\n", " ", picture$labels$caption), "Lower is better: a line that falls is a gain")
})
