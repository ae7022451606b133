# plateau() by Bayes.

curve_trial <- function(n = 4, seed = 5) {
  withr::local_seed(seed) # simulated
  trial <- expand.grid(week = c(0, 4, 12, 26, 52), subject = factor(seq_len(n)))
  trial$visit <- factor(trial$week)
  trial$score <- 10 + rnorm(n, 0, 3)[trial$subject] + 12 * (1 - exp(-trial$week / 9)) + rnorm(5 * n, 0, 2)
  trial
}

test_that("of many patients the posterior lies at the REML estimates", {
  skip_on_cran() # 1000 rows
  trial <- curve_trial(200)
  fit <- fit_recovery(score ~ plateau(week) + (1 | subject), trial, method = "bayes")
  reml <- fit_recovery(score ~ plateau(week) + (1 | subject), trial)
  table <- tidy(fit)
  expected <- c(fixef(reml), sqrt(VarCorr(reml)$subject[1]), sigma(reml), exp(reml$plateau$log_kappa))
  # a mean off its mode by a tenth of an SD: skewness of a posterior of 200 patients
  expect_lt(max(abs(table$estimate - expected) / table$std.error), 0.2)
  kappa <- table[table$term == "kappa", ]
  expect_equal(kappa$std.error, exp(reml$plateau$log_kappa) * reml$plateau$log_se, tolerance = 0.1)
  expect_equal(unname(sqrt(diag(vcov(fit)))), sqrt(diag(vcov(reml))) |> unname(), tolerance = 0.1)
})

test_that("a known kappa is the model of its column; the column's default prior is that of half the longest time", {
  trial <- curve_trial()
  known <- fit_recovery(score ~ plateau(week) + (1 | subject), trial,
    method = method_bayes(priors(kappa = prior_fixed(9), fixed = list(`plateau(week)` = prior_normal(0, 30)))))
  trial$x <- 1 - exp(-trial$week / 9)
  column <- fit_recovery(score ~ x + (1 | subject), trial,
    method = method_bayes(priors(fixed = list(x = prior_normal(0, 30)))))
  expect_equal(unname(fixef(known)), unname(fixef(column)), tolerance = 1e-10)
  expect_equal(c(logLik(known)), c(logLik(column)), tolerance = 1e-10)
  row <- tidy(known)[5, ]
  expect_identical(c(row$estimate, row$std.error, row$conf.low, row$num.error), c(9, 0, 9, row$num.error))
  free <- fit_recovery(score ~ plateau(week) + (1 | subject), trial, method = "bayes")
  spread <- sd(1 - exp(-trial$week / 26))
  expect_equal(free$result$priors$fixed[["plateau(week)"]], prior_normal(0, 4 * sd(trial$score) / spread))
})

test_that("the print states kappa, its prior and how it was integrated", {
  fit <- fit_recovery(score ~ plateau(week) + (1 | subject), curve_trial(), method = "bayes")
  text <- paste(capture.output(print(fit)), collapse = "\n")
  expect_match(text, "kappa of plateau(): gamma(shape = 2, rate = 0.0769231)", fixed = TRUE)
  expect_match(text, "at values of kappa of plateau(), on two interleaved lattices", fixed = TRUE)
  expect_equal(glance(fit)$log.evidence, c(logLik(fit)))
  expect_lt(max(tidy(fit)$num.error / tidy(fit)$std.error), 2e-3)
})

test_that("a plateau that is reached before the first visit is integrated too", {
  trial <- subset(curve_trial(), week > 0)
  fit <- fit_recovery(score ~ plateau(week) + (1 | subject), trial, method = "bayes")
  expect_true(all(is.finite(tidy(fit)$std.error)))
  expect_error(fit_recovery(score ~ plateau(0 * week), trial, method = "bayes"), "times other than zero",
    class = "cordgain_invalid_input")
})
