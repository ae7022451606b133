# The picture of a natural course.

sygen <- \() subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")

test_that("the picture holds the published means on the curve", {
  skip_if_not_installed("ggplot2")
  picture <- plot(natural_curve(sygen(), correlation = 0.8))
  expect_equal(built(picture, 3)$y, sygen()$mean)
  expect_true(draws(picture))
})

test_that("the title of the picture says where the course begins and ends", {
  rows <- data.frame(term = "mean_score", time = c(0, 8.333, 52), estimate = c(11.36, 16, 21.7))
  title <- \(rows) gsub("\n", " ", course_finding(rows))
  expect_identical(title(rows), "Without treatment the mean score goes from 11 in week 0 to 22 in week 52")
  expect_identical(title(transform(rows, term = "mean_gain")), "Without treatment the mean gain by week 52 is 22")
})

test_that("the line of the picture bends between the published weeks", {
  skip_if_not_installed("ggplot2")
  x <- natural_curve(sygen(), correlation = 0.8)
  line <- built(plot(x), 2)
  expect_gt(nrow(line), 90)
  expect_equal(line$y, curve_at(x$curve, line$x), tolerance = 1e-12)
})

test_that("the axis of the picture names the scale and its unit where they are known", {
  expect_identical(course_axis(TRUE, NULL), "Mean gain")
  expect_identical(course_axis(FALSE, NULL), "Mean score")
  expect_match(course_axis(FALSE, as_motor_scale("uems", NULL)),
    "^Mean upper extremity motor\nscore [(]UEMS[)], points$")
})

test_that("the picture of turned means says so", {
  skip_if_not_installed("ggplot2")
  rows <- data.frame(week = c(0, 26, 52, 104), mean = c(21, 23, 24.5, 26), sd = 9, n = 300, measure = "mds_updrs_iii")
  picture <- plot(natural_curve(rows, correlation = 0.8))
  expect_match(gsub("\n", " ", picture$labels$caption), "axis is turned, better is up")
  expect_equal(built(picture, 3)$y, -rows$mean)
  # Levels are named as they were published, on the axis and in the title, and no injury is named.
  shown <- ggplot2::ggplot_build(picture)$layout$panel_params[[1]]$y
  expect_equal(as.double(shown$get_labels()[!is.na(shown$breaks)]), -shown$breaks[!is.na(shown$breaks)])
  expect_match(gsub("\n", " ", picture$labels$title), "goes from 21 in week 0 to 26 in week 104")
  expect_identical(picture$labels$x, "Weeks")
  gains <- transform(rows[-1, ], from_week = 0, mean = c(2, 3.5, 5))
  picture <- plot(natural_curve(gains, correlation = 0.8))
  expect_match(gsub("\n", " ", picture$labels$caption), "sign of the scores is turned") # a loss lies below zero
  expect_match(gsub("\n", " ", picture$labels$title), "mean gain by week 104 is -5")
})
