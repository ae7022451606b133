trial <- small_trial()

test_that("independent effects are one block per column", {
  fit <- fit_recovery(score ~ week + (week || subject), trial)
  expect_identical(lapply(fit$design$random, `[[`, "columns"), list("(Intercept)", "week"))
})

test_that("poly() and splines rebuild at new data the basis of the data fitted", {
  fit <- fit_recovery(score ~ poly(week, 2) + (1 | subject), trial)
  part <- part_terms(quote(poly(week, 2)), fit$frame)
  new <- stats::model.matrix(part, data.frame(week = c(4, 4)))
  expect_equal(new[1, ], model.matrix(fit)[2, ], ignore_attr = TRUE, tolerance = 1e-12)
})

test_that("contrasts reach the design matrix", {
  trial$arm <- rep(c("a", "b"), each = 10)
  fit <- fit_recovery(score ~ arm + (1 | subject), trial, contrasts = list(arm = "contr.sum"))
  expect_setequal(model.matrix(fit)[, "arm1"], c(1, -1))
})

test_that("unknown names are listed, with the columns that there are", {
  expect_error(fit_recovery(score ~ weak + (1 | patient), trial), "weak.*patient", class = "cordgain_invalid_input")
})

test_that("an infinite value is refused with its column and row", {
  trial$score[7] <- Inf
  expect_error(fit_recovery(score ~ week + (1 | subject), trial), "score.*Inf.*7", class = "cordgain_invalid_input")
  trial$score[7] <- 1
  trial$week[3] <- -Inf
  expect_error(fit_recovery(score ~ week + (1 | subject), trial), "week.*-Inf.*3", class = "cordgain_invalid_input")
})

test_that("missing values are left out, counted and reported", {
  trial$score[c(2, 9)] <- NA
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  expect_equal(nobs(fit), 18)
  expect_output(print(fit), "2 rows left out for missing values")
  expect_error(fit_recovery(score ~ week + (1 | subject), trial, na.action = na.fail), class = "cordgain_invalid_input")
})

test_that("all-missing scores and empty data are refused", {
  expect_error(
    fit_recovery(score ~ week + (1 | subject), transform(trial, score = NA_real_)), class = "cordgain_invalid_input"
  )
  expect_error(fit_recovery(score ~ week + (1 | subject), trial[0, ]), class = "cordgain_invalid_input")
})

test_that("scores that are no numbers are refused", {
  expect_error(fit_recovery(subject ~ week + (1 | subject), trial), "numeric", class = "cordgain_invalid_input")
})

test_that("weights that are zero, negative or missing are refused or left out, with the row", {
  trial$w <- c(0, rep(1, 19))
  expect_error(
    fit_recovery(score ~ week + (1 | subject), trial, weights = w), "row.*1", class = "cordgain_invalid_input"
  )
  trial$w[1] <- -2
  expect_error(fit_recovery(score ~ week + (1 | subject), trial, weights = w), class = "cordgain_invalid_input")
})

test_that("one subject, and a factor with one level, are refused by name", {
  one <- subset(trial, subject == "a")
  expect_error(fit_recovery(score ~ week + (1 | subject), one), "subject.*one level", class = "cordgain_invalid_input")
  trial$arm <- "treated"
  expect_error(
    fit_recovery(score ~ week + arm + (1 | subject), trial), "arm.*one level", class = "cordgain_invalid_input"
  )
})

test_that("subset and weights are looked up in the data", {
  fit <- fit_recovery(score ~ week + (1 | subject), trial, subset = week < 30)
  expect_equal(nobs(fit), 16)
})
