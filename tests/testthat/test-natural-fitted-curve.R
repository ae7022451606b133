# A natural course from a fit of untreated records.

test_that("a fit must hold its time and subject", {
  d <- data.frame(week = rep(c(1, 5, 9), 6), id = rep(1:6, each = 3), score = c(1:9, 2:10) + c(0, 0.5, -1,
    0.25)[1 + (1:18) %% 4])
  # simulated
  fit <- fit_recovery(score ~ week + (1 | id), d)
  expect_error(natural_curve(fit), "subject", class = "cordgain_invalid_input")
  x <- natural_curve(fit, subject = "id", match = list(level = "cervical"))
  expect_output(print(x), "6 untreated patients")
  expect_equal(tidy(x)$estimate[tidy(x)$term == "mean_score"], unname(fixef(fit)[1] + fixef(fit)[2] * c(1, 5, 9)))
})
