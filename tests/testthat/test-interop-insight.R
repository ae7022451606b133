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

# By hand, without lme4 ----------------------------------------------------------------------------------

test_that("variances of rows are those of the formulas of Nakagawa, Schielzeth and Johnson, by hand", {
  trial <- small_trial()
  fit <- fit_recovery(score ~ week + (week || subject), trial)
  found <- variance_components(fit)
  d <- c(VarCorr(fit)[[1]][1], VarCorr(fit)[[2]][1])
  expect_equal(found$var.fixed, stats::var(fixef(fit)[["week"]] * trial$week), tolerance = 1e-10)
  expect_equal(found$var.random, d[1] + d[2] * mean(trial$week^2), tolerance = 1e-10)
  expect_equal(found$var.residual, sigma(fit)^2, tolerance = 1e-10)
  expect_equal(found$var.intercept, c(subject = d[1]), tolerance = 1e-10)
  expect_equal(found$var.slope, c(subject.week = d[2]), tolerance = 1e-10)
  expect_null(found$cor.slope_intercept)
})

test_that("variances are named as insight names those of lme4", {
  fits <- both()
  for (component in c("intercept", "slope")) {
    expect_identical(names(insight::get_variance(fits$ours, component)[[1]]),
      names(insight::get_variance(fits$theirs, component)[[1]]), info = component)
  }
})

test_that("weights enter the residual variance as a mean over the rows", {
  trial <- small_trial()
  weights <- rep(c(1, 4), 10)
  fit <- fit_recovery(score ~ week + (1 | subject), trial, weights = weights)
  expect_equal(variance_components(fit)$var.residual, sigma(fit)^2 * mean(1 / weights), tolerance = 1e-10)
})

test_that("the explained parts do not depend on units, and are parts of one whole", {
  skip_if_not_installed("performance")
  trial <- small_trial()
  one <- unlist(performance::r2(fit_recovery(score ~ week + (1 | subject), trial)))
  two <- unlist(performance::r2(fit_recovery(score ~ day + (1 | subject),
    transform(trial, score = 10 * score - 3, day = 7 * week))))
  expect_equal(two, one, tolerance = 1e-6) # two searches for the variances
  expect_true(all(one > 0 & one < 1))
  expect_gte(one[[1]], one[[2]]) # conditional, marginal
})

test_that("labels of random parameters are easystats' words", {
  expect_identical(
    random_parameter(c("sd__(Intercept)", "sd__week", "cor__(Intercept).week", "sd__Observation"), NA),
    c("SD (Intercept)", "SD (week)", "Cor (Intercept~week)", "SD (Observations)")
  )
})

test_that("words for degrees of freedom lead to ours, whatever their case; none is the fit's own", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  expect_identical(ddf_of_easystats(fit, NULL), "kenward-roger")
  expect_identical(ddf_of_easystats(fit, "Kenward"), "kenward-roger")
  expect_identical(ddf_of_easystats(fit, "kr"), "kenward-roger")
  expect_identical(ddf_of_easystats(fit, "Wald"), "residual")
  expect_identical(ddf_of_easystats(fit, "satterthwaite"), "satterthwaite")
  expect_error(ddf_of_easystats(fit, "boot"), "kenward-roger", class = "cordgain_invalid_input")
})

test_that("the data of a fit are its own rows and the columns asked for", {
  skip_if_not_installed("insight")
  trial <- transform(small_trial(), other = 1)
  trial$score[4] <- NA
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  all <- insight::get_data(fit)
  expect_identical(nrow(all), 19L)
  expect_setequal(names(all), c("score", "week", "subject"))
  expect_identical(all$score, trial$score[-4])
  expect_named(insight::get_data(fit, effects = "random"), "subject")
  expect_setequal(names(insight::get_data(fit, effects = "fixed")), c("score", "week"))
  rm(trial) # the data are gone: the rows are still known from the fit
  expect_identical(nrow(insight::get_data(fit)), 19L)
})

test_that("parameters() refuses a level that is none, and its intervals are those of linear_test()", {
  skip_if_not_installed("parameters")
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  for (bad in list(0, 1, 95, "0.9")) {
    expect_error(parameters::model_parameters(fit, ci = bad), "ci", class = "cordgain_invalid_input")
  }
  table <- parameters::model_parameters(fit, ci = 0.8, effects = "fixed")
  own <- linear_test(fit, diag(2), conf.level = 0.8)
  expect_equal(table$CI_low, own$conf.low, tolerance = 1e-12)
  expect_equal(table$CI_high, own$conf.high, tolerance = 1e-12)
  expect_equal(table$p, own$p.value, tolerance = 1e-12)
})

# What a table prints, the line below it (a message) included.
printed <- function(table) {
  messages <- capture_messages(out <- utils::capture.output(print(table)))
  paste(c(out, messages), collapse = " ")
}

# Fits that are not Gaussian, and posteriors -----------------------------------------------------------------

test_that("a fit of counts is given z, and no variances or degrees of freedom that it does not have", {
  skip_if_not_installed("insight")
  skip_if_not_installed("parameters")
  skip_if_not_installed("performance")
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(), family = poisson())
  statistic <- insight::get_statistic(fit)
  expect_equal(statistic$Statistic, unname(fixef(fit) / sqrt(diag(vcov(fit)))), tolerance = 1e-12)
  expect_identical(attr(statistic, "statistic"), "z-statistic")
  table <- parameters::model_parameters(fit, ci = 0.9, effects = "fixed")
  expect_equal(table$CI_low, unname(fixef(fit) - stats::qnorm(0.95) * sqrt(diag(vcov(fit)))), tolerance = 1e-9)
  expect_match(printed(table), "normal distribution")
  expect_error(get_variance.recovery_fit(fit), "Gaussian", class = "cordgain_invalid_input")
  expect_error(performance::r2(fit), "poisson", class = "cordgain_invalid_input")
})

test_that("parameters reads a posterior as tidy() has it, and nothing that a posterior does not have", {
  skip_if_not_installed("insight")
  skip_if_not_installed("parameters")
  skip_if_not_installed("performance")
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(), method = "bayes")
  table <- parameters::model_parameters(fit)
  exact <- tidy(fit)
  expect_identical(table$CI_low, exact$conf.low)
  expect_identical(table$Coefficient, exact$estimate)
  expect_identical(table$Parameter[3:4], c("SD (Intercept)", "SD (Observations)"))
  expect_no_match(printed(table), "Wald|Satterthwaite|p-value")
  expect_error(insight::get_statistic(fit), "posterior", class = "cordgain_invalid_input")
  expect_error(performance::r2(fit), "Gaussian", class = "cordgain_invalid_input")
})
