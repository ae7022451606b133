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

# Designs against base R ------------------------------------------------------------------

design_of <- function(formula, data, contrasts = NULL) {
  split <- split_formula(formula)
  build_design(split, stats::model.frame(frame_formula(split, globalenv()), data), contrasts)
}

test_that("X is the model matrix of lm() and y the response, transformed or not", {
  trial <- small_trial()
  trial$arm <- factor(rep(c("a", "b"), each = 10))
  for (formula in list(y ~ week * arm, y ~ 0 + arm, y ~ poly(week, 3) + arm, y ~ I(week^2) - 1, y ~ 1)) {
    rlang::f_lhs(formula) <- quote(log(score + 1))
    design <- design_of(formula, trial)
    fitted <- stats::lm(formula, trial)
    expect_equal(columns_at(design$x, 1:20), stats::model.matrix(fitted), ignore_attr = TRUE, tolerance = 1e-14)
    expect_identical(design$x$names, colnames(stats::model.matrix(fitted)))
    expect_equal(design$y, log(trial$score + 1), tolerance = 1e-15)
  }
})

test_that("Z of each bar is the model matrix of its left side, with the levels of its group", {
  trial <- transform(small_trial(), site = rep(c("s", "t"), each = 10))
  design <- design_of(score ~ week + (week + I(week^2) | subject) + (0 + week | site), trial)
  expect_length(design$random, 2L)
  expect_equal(columns_at(design$random[[1]]$z, 1:20), cbind(1, trial$week, trial$week^2), ignore_attr = TRUE)
  expect_equal(columns_at(design$random[[2]]$z, 1:20), cbind(trial$week), ignore_attr = TRUE)
  expect_identical(design$random[[1]]$labels[design$random[[1]]$level + 1L], trial$subject)
  expect_identical(design$random[[2]]$labels[design$random[[2]]$level + 1L], trial$site)
  expect_identical(vapply(design$random, `[[`, "", "group"), c("subject", "site"))
})

test_that("a bar of a factor has a column per contrast, or per level without an intercept", {
  trial <- transform(small_trial(), stage = factor(rep(c("u", "v", "w", "u", "v"), 4)))
  with <- design_of(score ~ stage + (stage | subject), trial)$random[[1]]
  without <- design_of(score ~ stage + (0 + stage | subject), trial)$random[[1]]
  expect_identical(with$columns, c("(Intercept)", "stagev", "stagew"))
  expect_identical(without$columns, c("stageu", "stagev", "stagew"))
  expect_equal(rowSums(columns_at(without$z, 1:20)), rep(1, 20))
  expect_equal(columns_at(without$z, 1:20) %*% rbind(c(1, 0, 0), c(1, 1, 0), c(1, 0, 1)), columns_at(with$z, 1:20),
    ignore_attr = TRUE)
})

test_that("nested groups have a level for each pair that occurs, and no other", {
  trial <- transform(small_trial(), site = rep(c("s", "t"), each = 10))
  design <- design_of(score ~ week + (1 | site / subject), trial)
  pairs <- unique(paste(trial$subject, trial$site, sep = ":"))
  expect_setequal(design$random[[1]]$labels, pairs)
  expect_setequal(design$random[[2]]$labels, c("s", "t"))
  # The label `a` in both sites is two subjects.
  trial$subject <- rep(c("a", "b", "a", "b"), each = 5)
  expect_length(design_of(score ~ week + (1 | site / subject), trial)$random[[1]]$labels, 4L)
})

test_that("weights and offsets of a frame are numbers of its rows, or none", {
  frame <- stats::model.frame(score ~ week, small_trial(), weights = rep(1:2, 10), offset = rep(3L, 20))
  expect_identical(frame_weights(frame, NULL), rep(c(1, 2), 10))
  expect_identical(frame_offset(frame, NULL), rep(3, 20))
  plain <- stats::model.frame(score ~ week, small_trial())
  expect_identical(frame_weights(plain, NULL), numeric())
  expect_identical(frame_offset(plain, NULL), numeric())
  both <- stats::model.frame(score ~ offset(2 * week), small_trial())
  expect_equal(frame_offset(both, NULL), 2 * small_trial()$week)
})

test_that("weights that are not positive are refused with value, row and what to do", {
  for (bad in c(0, -1, Inf)) {
    frame <- stats::model.frame(score ~ week, small_trial(), weights = replace(rep(1, 20), 6, bad))
    expect_error(frame_weights(frame, rlang::current_env()), paste0("is ", bad, " in row \"?6.*subset"),
      class = "cordgain_invalid_input")
  }
})

test_that("levels of factors and words are kept for new data, numbers have none", {
  frame <- stats::model.frame(score ~ week + arm + word, transform(small_trial(),
    arm = factor(rep(c("b", "a"), each = 10), levels = c("b", "a")), word = rep(c("z", "y"), 10)))
  expect_identical(frame_levels(attr(frame, "terms"), frame), list(arm = c("b", "a"), word = c("y", "z")))
  plain <- stats::model.frame(score ~ week, small_trial())
  expect_null(frame_levels(attr(plain, "terms"), plain))
})

test_that("matrices as scores, logical scores and factors of one level are refused by name", {
  trial <- small_trial()
  refused <- \(formula, words, data = trial) {
    expect_error(fit_recovery(formula, data), words, class = "cordgain_invalid_input")
  }
  refused(cbind(score, week) ~ week + (1 | subject), "one numeric column")
  refused(factor(score) ~ week + (1 | subject), "factor\\(score\\)")
  refused(score ~ week + one + (1 | subject), "one.*only one level.*leave it out", transform(trial, one = factor("x")))
  refused(score ~ week + yes + (1 | subject), "yes.*only one level", transform(trial, yes = TRUE))
})
