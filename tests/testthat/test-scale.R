test_that("the named scales have the ranges of their instruments", {
  # Ranges counted from the instruments: 10 key muscles of 0 to 5 for each pair of
  # limbs, 12 items of 0 to 4, 33 ratings of 0 to 4, 33 items of 0 to 2.
  ranges <- list(
    uems = 10 * 5, lems = 10 * 5, isncsci_motor = 20 * 5, alsfrs_r = 12 * 4, mds_updrs_iii = 33 * 4, fma_ue = 33 * 2
  )
  for (scale in names(ranges)) {
    expect_identical(scale_range(motor_scale(scale)), c(0, ranges[[scale]]), info = scale)
  }
  expect_identical(scale_range(motor_scale("ais")), c(1, 5))
})

test_that("of the named scales only the Parkinson scale is better when lower", {
  directions <- vapply(names(scale_table), \(s) scale_direction(motor_scale(s)), "")
  expect_identical(names(directions)[directions == "lower"], "mds_updrs_iii")
})

test_that("the sign of change makes a gain positive", {
  expect_identical(scale_sign(motor_scale("uems")), 1)
  expect_identical(scale_sign(motor_scale("mds_updrs_iii")), -1)
})

test_that("a scale of one's own keeps what it was given", {
  own <- motor_scale(min = -2, max = 7.5, direction = "lower", name = "errors", unit = "taps")
  expect_s3_class(own, "motor_scale")
  expect_identical(scale_range(own), c(-2, 7.5))
  expect_identical(scale_name(own), "errors")
  expect_identical(scale_unit(own), "taps")
})

test_that("a name that is not in the table is refused and the names are listed", {
  invalid(motor_scale("UEMS"), "uems")
  invalid(motor_scale(3))
  invalid(motor_scale(NA_character_))
  invalid(motor_scale(factor("uems")))
})

test_that("a name and a range together are refused", {
  invalid(motor_scale("uems", min = 0), "either")
})

test_that("an incomplete scale of one's own is refused", {
  invalid(motor_scale(), "needs")
  invalid(motor_scale(min = 0, max = 10, name = "x"), "direction")
})

test_that("a range without length, or upside down, is refused", {
  invalid(motor_scale(min = 1, max = 1, direction = "higher", name = "x"), "below")
  invalid(motor_scale(min = 10, max = 0, direction = "higher", name = "x"), "direction")
})

test_that("a range that is not finite numbers is refused", {
  invalid(motor_scale(min = 0, max = Inf, direction = "higher", name = "x"))
  invalid(motor_scale(min = NaN, max = 1, direction = "higher", name = "x"))
  invalid(motor_scale(min = "0", max = 1, direction = "higher", name = "x"), "numeric")
  invalid(motor_scale(min = factor(0), max = 1, direction = "higher", name = "x"))
  invalid(motor_scale(min = 0, max = 1, direction = "up", name = "x"), "higher")
  invalid(motor_scale(min = 0, max = 1, direction = "higher", name = ""))
})

test_that("the error blames the function that the user called", {
  error <- tryCatch(motor_scale("none"), error = identity)
  expect_identical(as.character(error$call[[1]]), "motor_scale")
})

test_that("other files take a scale as an object or by its name", {
  expect_identical(as_motor_scale("lems"), motor_scale("lems"))
  expect_identical(as_motor_scale(motor_scale("lems")), motor_scale("lems"))
  invalid(as_motor_scale("nothing"))
})

test_that("the print says the range, which way is better and that the sign is turned once", {
  expect_output(print(motor_scale("uems")), "0 to 50 points, higher\\s+is\\s+better")
  expect_output(print(motor_scale("mds_updrs_iii")), "turned once")
})

test_that("tidy and summary give one row", {
  expect_identical(tidy(motor_scale("uems"))$max, 50)
  expect_identical(summary(motor_scale("uems")), tidy(motor_scale("uems")))
})

test_that("whatever is given, the answer is a scale with a length or a classed error", {
  skip_on_cran() # long
  withr::local_seed(20230405)
  values <- list(NA, NaN, Inf, -5, 0, 1, 50, "1", "", TRUE, NULL, factor("a"), list(1), 1i, c(1, 2), "lower", "higher")
  for (i in 1:200) {
    fields <- list(min = 0, max = 10, direction = "higher", name = "own", unit = "points")
    fields[sample(names(fields), 1)] <- sample(values, 1)
    result <- tryCatch(do.call(motor_scale, fields), cordgain_error = \(e) NULL)
    expect_true(is.null(result) || diff(scale_range(result)) > 0)
  }
})

test_that("an axis says what it shows, of which scale, in its unit", {
  uems <- as_motor_scale("uems", NULL)
  expect_identical(scale_axis(uems), "Upper extremity motor score\n(UEMS), points")
  expect_identical(scale_axis(uems, "mean gain of "), "Mean gain of upper extremity\nmotor score (UEMS), points")
})

test_that("scores whose sign was turned are named as clinicians know them, and injuries of spinal scales alone", {
  updrs <- motor_scale("mds_updrs_iii")
  expect_identical(known_score(c(-40, -10), updrs), c(40, 10))
  expect_identical(known_score(c(40, 10), motor_scale("uems")), c(40, 10))
  expect_identical(known_score(-3, NULL), -3)
  expect_identical(vapply(list(NULL, motor_scale("lems"), updrs, motor_scale("alsfrs_r")), weeks_axis, ""),
    c("Weeks since injury", "Weeks since injury", "Weeks", "Weeks"))
  expect_identical(weeks_words(updrs), "weeks")
  expect_identical(natural_words(updrs), "the natural course")
  expect_identical(natural_words(motor_scale("uems")), "natural recovery")
  expect_match(known_score_words(updrs), "better is up")
  expect_null(known_score_words(motor_scale("uems")))
  skip_if_not_installed("ggplot2")
  expect_null(known_score_axis(motor_scale("uems")))
  expect_identical(known_score_axis(updrs)$labels(c(-40, NA, -12.5)), c("40", NA, "12.5"))
})

test_that("changes whose sign was turned are called gains, with the direction that is better", {
  updrs <- motor_scale("mds_updrs_iii")
  uems <- motor_scale("uems")
  expect_identical(turned_words(updrs), "The sign of change is turned, so that a gain is positive.")
  expect_match(gain_words(updrs, "the scores"), "^ Lower is better[.] The sign of the scores is turned")
  for (scale in list(NULL, uems)) {
    expect_null(turned_words(scale))
    expect_null(gain_words(scale))
    expect_identical(change_axis(scale, " of X"), "Change of X (points)")
  }
  expect_identical(change_axis(updrs, " of X"), "Gain of X (points; better is right)")
  expect_identical(change_axis(updrs, " of X", c("Mean change", "Mean gain")),
    "Mean gain of X (points; better is right)")
})
