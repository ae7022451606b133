small_fit <- function(...) fit_recovery(score ~ week + (week | subject), small_trial(), ...)

test_that("parameters are named as tidy() names them, in lme4's order", {
  fit <- small_fit()
  table <- fit_parameters(fit)
  random <- c("sd__(Intercept)", "cor__(Intercept).week", "sd__week")
  expect_identical(table$name, c(random, "sigma", "(Intercept)", "week"))
  tidied <- tidy(fit)
  random <- setdiff(tidied$term[tidied$effect == "ran_pars"], "sd__Observation")
  expect_setequal(random, table$name[table$kind %in% c("sd", "cor")])
})

test_that("values at the fit are those of tidy(), sigma() and fixef()", {
  fit <- small_fit()
  values <- fit_values(fit, fit_parameters(fit))
  tidied <- tidy(fit)
  random <- tidied[tidied$effect == "ran_pars", ]
  for (name in c("sd__(Intercept)", "cor__(Intercept).week", "sd__week")) {
    expect_equal(values[[name]], random$estimate[random$term == name], tolerance = 1e-12)
  }
  expect_equal(values[["sigma"]], sigma(fit), tolerance = 1e-14)
  expect_equal(values[names(fixef(fit))], fixef(fit), tolerance = 1e-14)
})

test_that("equal names of two blocks carry their group", {
  data <- small_trial()
  data$site <- rep(c("x", "y", "x", "z"), each = 5)
  fit <- fit_recovery(score ~ week + (1 | subject) + (1 | site), data)
  expect_identical(fit_parameters(fit)$name[1:2], c("sd__(Intercept)|subject", "sd__(Intercept)|site"))
})

test_that("three effects give six elements whose packed places are right", {
  data <- small_trial()
  fit <- fit_recovery(score ~ week + (1 + week + I(week^2) | subject), data)
  table <- fit_parameters(fit)
  values <- fit_values(fit, table)
  d <- effect_covariances(fit)[[1]]
  expect_equal(unname(values[table$kind == "sd"]), unname(sqrt(diag(d))), tolerance = 1e-12)
  for (row in which(table$kind == "cor")) {
    i <- table$i[row]
    j <- table$j[row]
    if (d[i, i] > 0 && d[j, j] > 0) expect_equal(values[[row]], d[i, j] / sqrt(d[i, i] * d[j, j]), tolerance = 1e-12)
  }
})

test_that("parameters are chosen by name, number or lme4's words, and unknown ones are named", {
  fit <- small_fit()
  expect_identical(choose_parameters(fit, "week")$kind, "fixed")
  expect_identical(choose_parameters(fit, 4)$name, "sigma")
  expect_identical(choose_parameters(fit, "beta_")$name, c("(Intercept)", "week"))
  expect_identical(choose_parameters(fit, "theta_")$name[4], "sigma")
  expect_identical(choose_parameters(fit, NULL, default = "fixed")$name, c("(Intercept)", "week"))
  expect_error(choose_parameters(fit, "weeks"), "weeks", class = "cordgain_invalid_input")
  expect_error(choose_parameters(fit, 7), class = "cordgain_invalid_input")
  expect_error(choose_parameters(fit, character()), class = "cordgain_invalid_input")
})
