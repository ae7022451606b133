# Moves of a natural course.

tail_at <- function(answer, term, value) {
  nature_tails(answer, natural_move(answer, term, list(), rlang::current_env())$nature(value))
}

test_that("a course is moved by points, and its patients' own variance stretched", {
  answer <- curve_answer()
  row <- term_of(answer, "mean_excess")
  expect_equal(tail_at(answer, "bias", 2)$fine,
    stats::pnorm((row$estimate - 2) / row$std.error, lower.tail = FALSE), tolerance = 1e-12)
  expect_equal(tail_at(answer, "sd", 1)$fine, 1 - term_value(answer, "prob_excess"), tolerance = 1e-12)
  # Without shared uncertainty twice the SD is half the distance in SDs.
  expect_equal(tail_at(answer, "sd", 2)$fine,
    stats::pnorm(row$estimate / sqrt(row$std.error^2 + 3 * curve_mean(answer)$own), lower.tail = FALSE),
    tolerance = 1e-12)
})

test_that("the coarse tail is that at the end of the stated error of the mean", {
  answer <- curve_answer()
  row <- term_of(answer, "mean_excess")
  expect_equal(tail_at(answer, "bias", 1)$coarse,
    stats::pnorm((row$estimate - 1 - 1e-8 * (abs(row$estimate - 1) + row$std.error)) / row$std.error,
      lower.tail = FALSE), tolerance = 1e-12)
})

test_that("a spread between populations adds its square, in proportion to the gain", {
  answer <- known_course()
  # natural gains from week 2: 5 by week 12, 9 by week 52; the patients' own variance of the mean of their last gains
  own <- (4^2 + 8^2 - 2 * 0.7 * 32 + 4^2 + 6^2 - 2 * 0.7 * 24) / 4
  excess <- mean(c(25 - 9, 4 - 5))
  for (tau in c(0, 3)) {
    expect_equal(tail_at(answer, "tau", tau)$fine,
      stats::pnorm(excess / sqrt(own + tau^2 * ((1 + 5 / 9) / 2)^2), lower.tail = FALSE), tolerance = 1e-7)
  }
})

test_that("the correlation stands in the variance of a change, and another shape or fewer means make another curve", {
  answer <- known_course()
  own <- \(r) (4^2 + 8^2 - 2 * r * 32 + 4^2 + 6^2 - 2 * r * 24) / 4
  for (r in c(0, 0.7, 0.9)) {
    expect_equal(tail_at(answer, "correlation", r)$fine, stats::pnorm(7.5 / sqrt(own(r)), lower.tail = FALSE),
      tolerance = 1e-7) # the curve passes through its three means, up to the last step of the search
  }
  natural <- curve_excess_parts(curve_answer())$natural
  expect_identical(refit_curve(natural)$curve, natural$curve)
  expect_identical(curve_shape(refit_curve(natural, shape = "weibull")), "weibull")
  fewer <- refit_curve(natural, keep = -2L)
  expect_identical(nrow(curve_parts(fewer)$table$rows), nrow(curve_parts(natural)$table$rows) - 1L)
  expect_identical(curve_correlation(fewer), 0.8)
})

test_that("a correlation that was not given is not varied", {
  gains <- data.frame(week = c(12, 52), mean = c(5, 9), from_week = 2, measure = "uems")
  natural <- natural_curve(gains, covariance = diag(2))
  df <- data.frame(id = 1, week = c(2, 12, 52), score = c(10, 12, 30), at = 2)
  answer <- excess(recovery_data(df, id, week, score, "uems", treated_at = at), natural, accept = all_differences)
  expect_error(natural_move(answer, "correlation", list(), rlang::current_env()), "for which it was given",
    class = "cordgain_invalid_input")
  expect_equal(tail_at(answer, "tau", 2)$fine, stats::pnorm(11 / sqrt(1 + 4), lower.tail = FALSE), tolerance = 1e-7)
})
