# The same questions to a fit of lme4: what easystats says of it is the independent answer.
both <- function() {
  skip_if_not_installed("insight")
  skip_if_not_installed("lme4")
  data <- mixed_data("lmm01_sleepstudy_slope_reml", "Subject")
  list(
    ours = fit_recovery(Reaction ~ Days + (Days | Subject), data),
    theirs = lme4::lmer(Reaction ~ Days + (Days | Subject), data)
  )
}
near <- 1e-3 # lme4 stops about 2e-5 from the optimum

test_that("formulas, variables and parameters are those that insight finds in lme4", {
  fits <- both()
  for (name in c(
    "find_formula", "find_random", "find_predictors", "find_response", "find_variables", "find_parameters",
    "find_terms", "find_random_slopes", "is_mixed_model", "n_obs", "n_parameters", "has_intercept"
  )) {
    ask <- getExportedValue("insight", name)
    expect_equal(ask(fits$ours), ask(fits$theirs), ignore_attr = TRUE, info = name)
  }
  for (name in c(
    "get_parameters", "get_varcov", "get_sigma", "get_response", "get_predictors", "get_random", "get_residuals",
    "get_predicted", "get_modelmatrix", "get_intercept", "get_weights", "get_df", "get_statistic", "get_variance"
  )) {
    ask <- getExportedValue("insight", name)
    expect_equal(ask(fits$ours), ask(fits$theirs), ignore_attr = TRUE, tolerance = near, info = name)
  }
  expect_identical(insight::model_info(fits$ours)$is_mixed, TRUE)
  expect_identical(insight::find_algorithm(fits$ours)$algorithm, "REML")
  expect_equal(c(insight::get_loglikelihood(fits$ours)), c(logLik(fits$ours)))
})

test_that("several terms and factors are found, and variances by component", {
  skip_if_not_installed("insight")
  skip_if_not_installed("lme4")
  data <- mixed_data("lmm12_pastes_nested_reml", c("sample", "batch", "cask"))
  ours <- fit_recovery(strength ~ 1 + (1 | batch / cask), data)
  theirs <- lme4::lmer(strength ~ 1 + (1 | batch / cask), data)
  expect_equal(insight::find_random(ours, flatten = TRUE), insight::find_random(theirs, flatten = TRUE))
  for (component in c("fixed", "random", "residual", "intercept")) {
    expect_equal(insight::get_variance(ours, component), insight::get_variance(theirs, component),
      tolerance = near, ignore_attr = TRUE, info = component)
  }
  expect_identical(insight::find_parameters(ours, effects = "fixed"), list(conditional = "(Intercept)"))
  expect_identical(insight::find_parameters(ours, flatten = TRUE), "(Intercept)")
})

test_that("a zero variance is a variance", {
  skip_if_not_installed("insight")
  fit <- fit_recovery(Yield ~ 1 + (1 | Batch), mixed_data("lmm09_dyestuff2_singular", "Batch"))
  expect_identical(insight::get_variance(fit, "random"), list(var.random = 0))
})

test_that("degrees of freedom have easystats' names", {
  skip_if_not_installed("insight")
  fit <- fit_recovery(extra ~ group + (1 | ID), sleep)
  expect_equal(insight::get_df(fit, "kenward")[2], 9, tolerance = 1e-7) # the paired t test
  expect_equal(insight::get_df(fit, "satterthwaite")[2], 9, tolerance = 1e-7)
  expect_identical(insight::get_df(fit, "normal"), Inf)
  expect_error(insight::get_df(fit, "nonsense"), class = "cordgain_invalid_input")
})

test_that("parameters prints the table of summary(), random parameters beside it", {
  skip_if_not_installed("parameters")
  skip_if_not_installed("lme4")
  fits <- both()
  table <- parameters::model_parameters(fits$ours)
  fixed <- summary(fits$ours)$coefficients
  expect_equal(table$Coefficient[1:2], unname(fixed[, 1]))
  expect_equal(table$df_error[1:2], unname(fixed[, "df"]))
  theirs <- suppressMessages(parameters::model_parameters(fits$theirs, ci_random = FALSE))
  expect_identical(names(table)[c(1:6, 7:11)], names(theirs))
  expect_setequal(table$Parameter, theirs$Parameter)
  expect_equal(table$Coefficient[match(theirs$Parameter, table$Parameter)], theirs$Coefficient, tolerance = near)
  expect_output(print(table), "Days")
  expect_identical(nrow(parameters::model_parameters(fits$ours, effects = "fixed")), 2L)
})

test_that("R2 is Nakagawa's", {
  skip_if_not_installed("performance")
  fits <- both()
  ours <- performance::r2(fits$ours)
  theirs <- performance::r2(fits$theirs)
  expect_equal(unlist(ours), unlist(theirs), tolerance = near, ignore_attr = TRUE)
  expect_output(print(ours), "Marginal")
})

test_that("ggeffects draws the mean of all by ggemmeans(), a subject's course by ggpredict()", {
  skip_if_not_installed("ggeffects")
  skip_if_not_installed("emmeans")
  fits <- both()
  ours <- as.data.frame(ggeffects::ggemmeans(fits$ours, "Days [0,5]"))
  mean <- predict(fits$ours, data.frame(Days = c(0, 5)), re.form = NA, interval = "confidence")
  expect_equal(ours$predicted, unname(mean[, "fit"]), tolerance = 1e-9)
  expect_equal(ours$conf.low, unname(mean[, "lwr"]), tolerance = 1e-6)
  course <- suppressWarnings(as.data.frame(ggeffects::ggpredict(fits$ours, "Days [0,5]"))) # its own coding of factors
  expect_equal(course$predicted, unname(predict(fits$ours, data.frame(Days = c(0, 5), Subject = "308"))))
})
