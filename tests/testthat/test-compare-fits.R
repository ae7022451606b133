trial <- function() {
  set.seed(90) # simulated data
  data <- expand.grid(week = c(0, 4, 8, 26, 52), subject = letters[1:8], site = c("s", "t"))
  data$subject <- paste0(data$site, data$subject)
  own <- match(data$subject, unique(data$subject))
  data$score <- 10 + 3 * rnorm(16)[own] + (0.2 + 0.1 * rnorm(16)[own]) * data$week + 2 * rnorm(80)
  data
}

tail_of <- function(x, df) if (df == 0) 0 else pchisq(x, df, lower.tail = FALSE)

test_that("one variance added has the mixture of Stram and Lee, covariances counted", {
  data <- trial()
  one <- fit_recovery(score ~ week + (1 | subject), data)
  free <- fit_recovery(score ~ week + (1 | subject) + (0 + week | subject), data)
  both <- fit_recovery(score ~ week + (week | subject), data)
  first <- anova(one, free)
  expect_equal(first$`Pr(>Chisq)`[2], tail_of(first$Chisq[2], 1) / 2, tolerance = 1e-12)
  second <- anova(both, one)
  expect_equal(second$Df[2], 2)
  expect_equal(second$`Pr(>Chisq)`[2], (tail_of(second$Chisq[2], 1) + tail_of(second$Chisq[2], 2)) / 2,
    tolerance = 1e-12)
  # the covariance alone is inside: an ordinary test
  third <- anova(free, both)
  expect_equal(third$`Pr(>Chisq)`[2], tail_of(third$Chisq[2], 1), tolerance = 1e-12)
  expect_output(print(second), "half chi-squared on 1 df, half on 2 \\(one variance on the boundary\\)")
})

test_that("fixed effects and a variance added at once count together", {
  data <- trial()
  small <- fit_recovery(score ~ 1 + (1 | subject), data, method = "ml")
  large <- fit_recovery(score ~ week + (1 | subject) + (0 + week | subject), data, method = "ml")
  table <- anova(small, large)
  expect_equal(table$`Pr(>Chisq)`[2], (tail_of(table$Chisq[2], 1) + tail_of(table$Chisq[2], 2)) / 2, tolerance = 1e-12)
})

test_that("several variances give bounds, and the printed one is never too small", {
  data <- transform(trial(), score = score + rnorm(2)[factor(site)])
  small <- fit_recovery(score ~ week + (1 | subject), data)
  large <- fit_recovery(score ~ week + (week | subject) + (1 | site), data)
  table <- anova(small, large)
  x <- table$Chisq[2]
  expect_equal(table$`Pr(>Chisq)`[2], (tail_of(x, 2) + tail_of(x, 3)) / 2, tolerance = 1e-12)
  # two dimensions with one element each; the covariance with the intercept is free
  expect_equal(attr(table, "reference")$p.lower, (tail_of(x, 1) + tail_of(x, 2)) / 2, tolerance = 1e-12)
  expect_output(print(table), "mixture not known")
})

test_that("the mixture is what the null distribution shows", {
  # Simulated: 30 subjects, no slope variance. P(statistic = 0) is near 1/2 and the 0.05 point of the mixture is 2.71.
  set.seed(91)
  sets <- sweep_size(1000)
  data <- expand.grid(week = 0:3, subject = 1:30)
  p <- replicate(sets, {
    data$score <- rnorm(30)[data$subject] + rnorm(120)
    anova(fit_recovery(score ~ week + (1 | subject), data),
      fit_recovery(score ~ week + (1 | subject) + (0 + week | subject), data))$`Pr(>Chisq)`[2]
  })
  # five standard errors; 0.02 for what 30 subjects differ from many
  expect_lt(abs(mean(p <= 0.10) - 0.10), 0.02 + 5 * sqrt(0.09 / sets))
})

test_that("restricted likelihoods of different means are refused with the reason, or fitted again on request", {
  data <- trial()
  small <- fit_recovery(score ~ 1 + (1 | subject), data)
  large <- fit_recovery(score ~ week + (1 | subject), data)
  expect_error(anova(small, large), "different fixed effects.*refit = TRUE", class = "cordgain_invalid_input")
  again <- anova(small, large, refit = TRUE)
  by_ml <- anova(update(small, method = "ml"), update(large, method = "ml"))
  expect_equal(again$Chisq, by_ml$Chisq, tolerance = 1e-9)
  expect_output(print(again), "fitted again by maximum likelihood")
  # the same names for other columns are other means
  moved <- fit_recovery(score ~ week + (1 | subject), transform(data, week = week^2))
  expect_error(anova(large, moved), class = "cordgain_invalid_input")
})

test_that("models that are not nested get no p value, and other scores are refused", {
  data <- transform(trial(), other = rnorm(80))
  first <- fit_recovery(score ~ week + (1 | subject), data, method = "ml")
  second <- fit_recovery(score ~ other + I(other^2) + (1 | subject), data, method = "ml")
  expect_identical(anova(first, second)$`Pr(>Chisq)`[2], NA_real_)
  third <- fit_recovery(score ~ week + (week | site), data, method = "ml")
  expect_identical(anova(first, third)$`Pr(>Chisq)`[2], NA_real_)
  changed <- fit_recovery(score ~ 1 + (1 | subject), transform(data, score = score + 1), method = "ml")
  expect_error(anova(first, changed), "same scores", class = "cordgain_invalid_input")
})

test_that("residual covariances are compared as they are counted", {
  data <- mixed_data("cov01_orthodont_mmrm_un")
  table <- anova(fit_recovery(distance ~ age + cs(age | Subject), data),
    fit_recovery(distance ~ age + us(age | Subject), data))
  expect_equal(table$Df[2], 8)
  expect_equal(table$`Pr(>Chisq)`[2], tail_of(table$Chisq[2], 8), tolerance = 1e-12)
})
