test_that("the asymptotic regression of Loblolly pines reaches the certified maximum", {
  certified <- mixed_case("nlm01_loblolly_ssasymp")$certified
  data <- as.data.frame(datasets::Loblolly)
  data$Seed <- factor(as.character(data$Seed))
  # Asym + (R0 - Asym) exp(-exp(lrc) age), Asym random: R0 is the intercept, Asym - R0 the plateau
  fit <- fit_recovery(height ~ plateau(age) + (0 + plateau(age) | Seed), data, method = "ml")
  expect_certified(c(logLik(fit)), certified$logLik, 1e-8)
  expect_certified(c(sum(fixef(fit)), fixef(fit)[1], -fit$plateau$log_kappa), certified$fixef, 1e-8)
  expect_certified(sqrt(VarCorr(fit)$Seed[1]), certified$sd_Asym, 1e-8)
  expect_certified(sigma(fit), certified$sigma, 1e-8)
  asym <- linear_test(fit, c(1, 1))$std.error
  expect_certified(c(asym, sqrt(vcov(fit)[1, 1]), fit$plateau$log_se), certified$se_observed_information, 1e-8)
  expect_lt(fit$plateau$error, 1e-9)
})

test_that("kappa is found again in scores without noise around their curves", {
  withr::local_seed(3)
  trial <- expand.grid(week = c(0, 4, 8, 26, 52), subject = 1:6)
  trial$score <- 3 + (20 + rnorm(6)[trial$subject]) * (1 - exp(-trial$week / 9)) + rnorm(30, 0, 1e-4)
  fit <- fit_recovery(score ~ plateau(week) + (0 + plateau(week) | subject), trial)
  expect_equal(exp(fit$plateau$log_kappa), 9, tolerance = 1e-4) # noise of 1e-4 on a rise of 20
  expect_output(print(fit), "kappa")
})

test_that("plateau() is not a function that one could call", {
  expect_false("plateau" %in% getNamespaceExports("cordgain"))
})

test_that("scores that rise in a straight line show no plateau", {
  trial <- small_trial()
  trial$score <- trial$week + rep(c(0.1, -0.1, 0.2, -0.2), 5)
  expect_error(
    fit_recovery(score ~ plateau(week) + (1 | subject), trial), "straight line", class = "cordgain_numerical_error"
  )
})

plateau_trial <- function() {
  withr::local_seed(5) # simulated
  trial <- expand.grid(week = c(0, 2, 4, 8, 12, 26, 52), subject = factor(1:10))
  trial$arm <- factor(rep(c("a", "b", "c"), c(28, 21, 21)))
  trial$score <- 10 + 8 * (1 - exp(-trial$week / 9)) + rnorm(10, 0, 3)[trial$subject] + rnorm(70)
  trial
}

test_that("the F test of one coefficient beside kappa is the square of its t test", {
  fit <- fit_recovery(score ~ plateau(week) + arm + (1 | subject), plateau_trial())
  t_test <- linear_test(fit, c(0, 1, 0, 0))
  table <- anova(fit)
  expect_equal(table["plateau(week)", "F value"], t_test$statistic^2, tolerance = 1e-12)
  expect_equal(table["plateau(week)", "DenDF"], t_test$df, tolerance = 1e-12)
  expect_equal(table["plateau(week)", "Pr(>F)"], t_test$p.value, tolerance = 1e-12)
  # of several it has residual df, and the table says so
  expect_equal(table["arm", "DenDF"], 66)
  expect_output(print(table), "arm: several coefficients beside kappa, residual degrees of freedom")
})

test_that("print and summary give kappa with its interval", {
  fit <- fit_recovery(score ~ plateau(week) + (1 | subject), plateau_trial())
  at <- \(k) {
    trial <- transform(plateau_trial(), x = 1 - exp(-week / exp(k)))
    -2 * c(logLik(fit_recovery(score ~ x + (1 | subject), trial, method = "ml")))
  }
  found <- optimize(at, log(c(1, 60)), tol = 1e-9)$minimum
  h <- 0.01
  se <- sqrt(2 * h^2 / (at(found + h) - 2 * at(found) + at(found - h)))
  shown <- vapply(exp(found + c(0, -1, 1) * qnorm(0.975) * se), format, "", digits = 3)
  said <- sprintf("63 %% of the plateau): %s, 95 %% interval %s to %s", shown[1], shown[2], shown[3])
  expect_output(print(fit, digits = 3), said, fixed = TRUE)
  expect_output(print(summary(fit), digits = 3), said, fixed = TRUE)
})

test_that("a plateau is for normal scores, by Bayes too", {
  trial <- plateau_trial()
  trial$score <- round(trial$score)
  expect_error(fit_recovery(score ~ plateau(week) + (1 | subject), trial, poisson(), method = "bayes"),
    "normal scores", class = "cordgain_invalid_input")
})
