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
    fit_recovery(score ~ week + (1 | subject), transform(trial, score = NA_real_)),
    "`score` is missing in all 20 rows", class = "cordgain_invalid_input"
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
  trial$w[1] <- NA
  expect_output(print(fit_recovery(score ~ week + (1 | subject), trial, weights = w)), "1 row left out for missing")
  expect_error(
    fit_recovery(score ~ week + (1 | subject), trial, weights = c(1, 2)), "weights", class = "cordgain_invalid_input"
  )
})

test_that("not a number counts as missing, and the print counts the row", {
  trial$score[7] <- NaN
  expect_output(print(fit_recovery(score ~ week + (1 | subject), trial)), "19 rows.*1 row left out for missing values")
})

test_that("numbers whose squares are none are refused with column and row", {
  for (scale in c(1e200, 1e-200, 1e-320)) {
    expect_error(fit_recovery(score ~ week + (1 | subject), transform(trial, score = score * scale)),
      "`score` is .* in row", class = "cordgain_invalid_input")
    expect_error(fit_recovery(score ~ week + (1 | subject), transform(trial, week = week * scale)),
      "`week` is .* in row", class = "cordgain_invalid_input")
  }
  trial$w <- c(1e300, rep(1, 19))
  expect_error(fit_recovery(score ~ week + (1 | subject), trial, weights = w), "`\\(weights\\)` is 1e\\+300 in row .*1",
    class = "cordgain_invalid_input")
})

test_that("dates are read as days", {
  trial$day <- as.Date("2026-01-01") + 7 * trial$week
  fit <- fit_recovery(score ~ day + (1 | subject), trial)
  expect_equal(unname(fixef(fit)[2]) * 7, unname(fixef(fit_recovery(score ~ week + (1 | subject), trial))[2]),
    tolerance = 1e-8) # days since 1970 cost three digits of the intercept
})

test_that("a visit entered twice is refused where visits make the covariance, else it counts and is named", {
  twice <- rbind(trial, trial[3, ])
  expect_error(fit_recovery(score ~ week + us(week | subject), twice), "Subject .*a.* visit .*8.* more than once",
    class = "cordgain_invalid_input")
  expect_output(print(fit_recovery(score ~ week + (1 | subject), twice)), "Row 31 repeats the visit of an earlier row")
  expect_null(note_repeated(fit_recovery(score ~ week + (1 | subject), trial)))
  expect_null(note_repeated(fit_recovery(score ~ 1 + (1 | subject), trial))) # the model knows of no visits
})

test_that("a missing subject is a missing value, an unbounded offset is refused with its row", {
  trial$subject[3] <- NA
  expect_output(print(fit_recovery(score ~ week + (1 | subject), trial)), "1 row left out")
  expect_error(fit_recovery(score ~ week + (1 | subject), trial, offset = c(Inf, rep(0, 19))), "offset.*Inf.*row",
    class = "cordgain_invalid_input")
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
