# Courses over the fan of natural recovery.

test_that("each patient has a panel with the fan from the score before treatment, and the time of treatment", {
  skip_if_not_installed("ggplot2")
  df <- data.frame(id = rep(c("a", "b"), each = 3), week = c(2, 12, 52), at = 3, score = c(10, 18, 45, 14, 16,
    22)) # simulated
  data <- recovery_data(df, id, week, score, "uems", treated_at = at)
  sygen <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  e <- excess(data, natural_curve(sygen, correlation = 0.8), accept = all_differences)
  picture <- plot(e)
  fan <- built(picture, 1)
  expect_true(all(fan$ymin >= 0, fan$ymax <= 50)) # the ends of the scale
  expect_equal(fan$ymin[fan$x == 2], c(10, 14))
  expect_equal(built(picture, 4)$xintercept, c(3, 3))
  expect_equal(nrow(built(picture, 6)), 6)
  last <- term_of(e, "patient_excess")
  expect_match(words_of(picture)[["title"]], paste(sum(last$conf.low > 0), "of 2"))
  expect_true(draws(picture))
})
