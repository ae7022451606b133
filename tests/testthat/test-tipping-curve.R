# Tipping points of repeated scores against closed forms worked by hand.

test_that("every assumption tips where its closed form says", {
  answer <- known_course() # mean excess 7.5, variance of the mean of the last gains as below
  own <- \(r) (4^2 + 8^2 - 2 * r * 32 + 4^2 + 6^2 - 2 * r * 24) / 4
  for (target in c(0.05, 0.1, 0.2)) {
    z <- stats::qnorm(1 - target)
    needed <- (7.5 / z)^2 # the variance at which the tail is the target
    x <- tipping(answer, target = target)
    expect_equal(tipping_value(x, "bias"), 7.5 - z * sqrt(own(0.7)), tolerance = 1e-7)
    expect_equal(tipping_value(x, "sd"), sqrt(needed / own(0.7)), tolerance = 1e-7)
    expect_equal(tipping_value(x, "tau"), sqrt(needed - own(0.7)) / ((1 + 5 / 9) / 2), tolerance = 1e-7)
    r <- (132 - 4 * needed) / 112 # own(r) = needed
    if (r >= 0 && r < 0.99) {
      expect_equal(tipping_value(x, "correlation"), r, tolerance = 1e-7)
    } else {
      expect_identical(tipping_value(x, "correlation"), NA_real_)
    }
  }
})

test_that("the stated error covers the distance to the closed form", {
  x <- tidy(tipping(known_course(), c("bias", "tau"), target = 0.1))
  own <- (4^2 + 8^2 - 1.4 * 32 + 4^2 + 6^2 - 1.4 * 24) / 4
  z <- stats::qnorm(0.9)
  exact <- c(7.5 - z * sqrt(own), sqrt((7.5 / z)^2 - own) / ((1 + 5 / 9) / 2))
  found <- x[x$term %in% c("bias", "tau"), ]
  expect_true(all(found$num.error > 0 & found$num.error < 1e-5))
  expect_true(all(abs(found$estimate - exact) <= found$num.error))
})

test_that("so many points more for every patient move the bias by as many; the order of patients does not matter", {
  value <- \(answer) tipping_value(tipping(answer, "bias"), "bias")
  expect_equal(value(known_course(more = 2)), value(known_course()) + 2, tolerance = 1e-9)
  x <- tidy(tipping(known_course()))
  y <- tidy(tipping(known_course(reverse = TRUE)))
  expect_equal(x$estimate, y$estimate, tolerance = 1e-9)
})

test_that("what cannot be varied is said, and refused where asked for", {
  answer <- known_course()
  expect_error(tipping(answer, "mean"), "over", class = "cordgain_invalid_input")
  expect_error(tipping(answer, "drift"), "in points", class = "cordgain_invalid_input")
  expect_error(tipping(answer, target = 1), class = "cordgain_invalid_input")
  set.seed(8)
  d <- expand.grid(week = c(2, 12, 52), subject = 1:12) # simulated
  d$score <- 10 + 0.2 * d$week + stats::rnorm(12, 0, 4)[d$subject] + stats::rnorm(36)
  natural <- natural_curve(fit_recovery(score ~ week + (1 | subject), d), scale = "uems")
  fitted <- excess(curve_excess_parts(answer)$data, natural, accept = all_differences, rise = 12)
  expect_error(tipping(fitted, "correlation"), "for which it was given", class = "cordgain_invalid_input")
  expect_match(paste(capture.output(print(tipping(fitted, target = 0.1))), collapse = " "), "Not varied: correlation")
})

test_that("a course's tipping points are drawn", {
  skip_if_not_installed("ggplot2")
  picture <- plot(tipping(known_course(), target = 0.1))
  expect_true(draws(picture))
  expect_match(words_of(picture)[["title"]], "points (above|below) the evidence")
})
