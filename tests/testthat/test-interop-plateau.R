# What is asked of a plateau() by Bayes.

interop_plateau_fit <- function() {
  withr::local_seed(5) # simulated
  trial <- expand.grid(week = c(0, 4, 12, 26, 52), subject = factor(1:4))
  trial$score <- 10 + rnorm(4, 0, 3)[trial$subject] + 12 * (1 - exp(-trial$week / 9)) + rnorm(20, 0, 2)
  fit_recovery(score ~ plateau(week) + (1 | subject), trial, method = "bayes")
}

test_that("what would take kappa as known is refused", {
  fit <- interop_plateau_fit()
  refused <- \(expr) expect_error(expr, "kappa of plateau", class = "cordgain_invalid_input")
  refused(natural_curve(fit, time = "week", subject = "subject"))
  refused(predict(fit))
  refused(simulate(fit))
  skip_if_not_installed("loo")
  refused(loo::loo(fit))
  skip_if_not_installed("emmeans")
  expect_error(emmeans::emmeans(fit, ~ week), class = "error")
})
