# Kenward-Roger and Satterthwaite against certified values (checks/mixed, dense
# independent code) and against textbook tests that they must equal.

kr_cases <- c(
  "lmm01_sleepstudy_slope_reml", "lmm04_sleepstudy_unbalanced_reml", "lmm06_sleepstudy_4x5_reml", "lmm07_dyestuff_reml",
  "lmm10_orthodont_slope_reml", "lmm12_pastes_nested_reml", "lmm14_machines_nested_reml", "lmm17_bodyweight_slope_reml",
  "lmm19_rail_reml", "lmm21_oats_splitplot_reml"
)

kr_fit <- function(name) {
  formulas <- list(
    lmm01 = Reaction ~ Days + (Days | Subject), lmm04 = Reaction ~ Days + (Days | Subject),
    lmm06 = Reaction ~ Days + (1 | Subject), lmm07 = Yield ~ 1 + (1 | Batch),
    lmm10 = distance ~ age * Sex + (age | Subject), lmm12 = strength ~ 1 + (1 | batch / cask),
    lmm14 = score ~ Machine + (1 | Worker / Machine), lmm17 = weight ~ Time * Diet + (Time | Rat),
    lmm19 = travel ~ 1 + (1 | Rail), lmm21 = yield ~ nitro + Variety + (1 | Block / Variety)
  )
  data <- mixed_data(name, c("Diet", "Worker", "Rat", "Rail")[c("Diet", "Worker", "Rat", "Rail") %in%
    names(utils::read.csv(checks_path(file.path("mixed", "data", paste0(name, ".csv"))), nrows = 1))])
  if ("Variety" %in% names(data)) data$Variety <- factor(data$Variety, c("Golden Rain", "Marvellous", "Victory"))
  fit_recovery(formulas[[substr(name, 1, 5)]], data)
}

for (name in kr_cases) {
  test_that(paste("tests of coefficients are the certified ones:", name), {
    certified <- mixed_case(name)$certified
    rows <- certified$coefficients
    fit <- kr_fit(name)
    kr <- summary(fit)$coefficients
    satterthwaite <- summary(fit, ddf = "Satterthwaite")$coefficients
    observed <- summary(fit, information = "observed")$coefficients
    # 1e-8: twelve printed digits, and condition of the information matrices
    expect_certified(kr[, "Std. Error"], certified$se_kenward_roger, 1e-8)
    expect_certified(kr[, "df"], rows$kr_df, 1e-8)
    expect_certified(kr[, "t value"], rows$kr_t, 1e-8)
    expect_certified(kr[, "Pr(>|t|)"], rows$kr_p, 1e-6) # p-values amplify t's rounding
    expect_certified(satterthwaite[, "df"], rows$satt_df, 1e-8)
    expect_certified(satterthwaite[, "t value"], rows$satt_t, 1e-8)
    expect_certified(observed[, "df"], rows$kr_obsinfo_df, 1e-8)
    expect_certified(observed[, "Std. Error"], rows$kr_obsinfo_se, 1e-8)
    expect_certified(vcov(fit, type = "kenward-roger")[1, ], certified$vcov_kenward_roger[1, ], 1e-6)
  })

  test_that(paste("joint tests of terms are the certified ones:", name), {
    tests <- mixed_case(name)$certified$term_tests
    fit <- kr_fit(name)
    for (test in tests) {
      l <- diag(length(fixef(fit)))[match(test$rows, names(fixef(fit))), , drop = FALSE]
      kr <- linear_test(fit, l, joint = TRUE)
      expect_certified(
        kr[c("statistic", "num.df", "den.df", "scale")], test$kenward_roger[c("F", "ndf", "ddf", "lambda")], 1e-8
      )
      observed <- linear_test(fit, l, joint = TRUE, information = "observed")
      expect_certified(observed[c("statistic", "den.df")], test$kenward_roger_observed_information[c("F", "ddf")], 1e-8)
      satterthwaite <- linear_test(fit, l, joint = TRUE, ddf = "satterthwaite")
      expect_certified(satterthwaite[c("statistic", "den.df")], test$satterthwaite[c("F", "ddf")], 1e-8)
    }
    expect_true(is.list(tests))
  })
}

test_that("ten pairs: the random-intercept fit with Kenward-Roger is the paired t test", {
  # A19 of checks/borrowing.md; t.test() is the oracle
  textbook <- stats::t.test(sleep$extra[sleep$group == 2], sleep$extra[sleep$group == 1], paired = TRUE)
  table <- summary(fit_recovery(extra ~ group + (1 | ID), sleep))$coefficients
  expect_equal(table["group2", "Std. Error"], 0.38895872, tolerance = 1e-7) # eight digits printed there
  expect_equal(table["group2", "t value"], unname(textbook$statistic), tolerance = 1e-10)
  expect_equal(table["group2", "df"], unname(textbook$parameter), tolerance = 1e-9)
  expect_equal(table["group2", "Pr(>|t|)"], textbook$p.value, tolerance = 1e-9)
})

test_that("a balanced one-way layout gives the textbook F", {
  # mean square between over within, with 5 and 24 degrees of freedom
  data <- mixed_data("lmm07_dyestuff_reml", "Batch")
  fit <- fit_recovery(Yield ~ 1 + (1 | Batch), data)
  means <- tapply(data$Yield, data$Batch, mean)
  table <- summary(fit)$coefficients
  expect_equal(table[1, "Std. Error"], stats::sd(means) / sqrt(6), tolerance = 1e-10)
  expect_equal(table[1, "df"], 5, tolerance = 1e-9)
})

test_that("a balanced split plot gives the exact F on (1, 2)", {
  skip_if_not_installed("pbkrtest")
  data("beets", package = "pbkrtest", envir = environment())
  fit <- fit_recovery(sugpct ~ block + sow + harvest + (1 | block:harvest), beets)
  certified <- mixed_case("misc03_beets_pb")$package$kenward_roger
  table <- anova(fit)
  expect_equal(table["harvest", "F value"], certified$stat[1], tolerance = 1e-4) # theirs is at lme4's optimum
  expect_equal(table["harvest", "DenDF"], 2, tolerance = 1e-8)
  plots <- aggregate(sugpct ~ block + harvest, beets, mean)
  exact <- stats::anova(stats::lm(sugpct ~ block + harvest, plots))
  expect_equal(table["harvest", "F value"], exact["harvest", "F value"], tolerance = 1e-9)
})

test_that("at a zero variance the df are those of the model without the term, the others stand beside", {
  data <- mixed_data("lmm09_dyestuff2_singular", "Batch")
  fit <- fit_recovery(Yield ~ 1 + (1 | Batch), data)
  for (ddf in c("kenward-roger", "satterthwaite")) {
    expect_equal(unname(summary(fit, ddf = ddf)$coefficients[1, "df"]), 29, tolerance = 1e-9)
  }
  expect_equal(summary(fit)$df_all_terms, 5, tolerance = 1e-9)
  expect_output(print(summary(fit)), "counting it they are 5")
})

test_that("averages have degrees of freedom too: in a balanced design those of the subjects' own values", {
  data <- mixed_data("lmm01_sleepstudy_slope_reml", "Subject")
  fit <- fit_recovery(Reaction ~ Days + (Days | Subject), data)
  # the mean at day 5 is a t test of the 18 subjects' own fitted values there
  own <- sapply(split(data, ~Subject), \(s) sum(stats::coef(stats::lm(Reaction ~ Days, s)) * c(1, 5)))
  found <- linear_test(fit, c(1, 5))
  expect_equal(found$estimate, mean(own), tolerance = 1e-10)
  expect_equal(found$std.error, stats::sd(own) / sqrt(18), tolerance = 1e-10)
  expect_equal(found$df, 17, tolerance = 1e-9)
})

test_that("a joint test of one row is the square of its t test", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  t <- linear_test(fit, c(0, 1), value = 0.1)
  f <- linear_test(fit, c(0, 1), value = 0.1, joint = TRUE)
  expect_equal(f$statistic, t$statistic^2, tolerance = 1e-10)
  expect_equal(f$den.df, t$df, tolerance = 1e-8)
  expect_equal(f$p.value, t$p.value, tolerance = 1e-8)
})

test_that("redundant rows do not count twice", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  once <- linear_test(fit, diag(2), joint = TRUE)
  twice <- linear_test(fit, rbind(diag(2), c(1, 1)), joint = TRUE)
  expect_equal(twice$num.df, 2)
  expect_equal(twice$statistic, once$statistic, tolerance = 1e-10)
})

test_that("the words for degrees of freedom are matched without regard to case, others refused", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  expect_equal(summary(fit, ddf = "Kenward-Roger")$coefficients, summary(fit)$coefficients)
  expect_error(summary(fit, ddf = "between-within"), class = "cordgain_invalid_input")
  expect_equal(unname(summary(fit, ddf = "residual")$coefficients[, "df"]), c(18, 18))
})

test_that("Kenward-Roger is refused for a maximum likelihood fit, which is tested by Satterthwaite", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(), method = "ml")
  expect_error(summary(fit, ddf = "kenward-roger"), class = "cordgain_invalid_input")
  expect_identical(summary(fit)$ddf, "satterthwaite")
})

test_that("a contrast of the wrong width is refused with the names of the coefficients", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  expect_error(linear_test(fit, c(1, 2, 3)), "\\(Intercept\\)", class = "cordgain_invalid_input")
  expect_error(linear_test(1, 1), class = "cordgain_invalid_input")
})

test_that("degrees of freedom that are not finite have a reason, finite ones none", {
  row <- \(df, std.error = 1, half = 1) data.frame(df = df, std.error = std.error, conf.low = -half, conf.high = half)
  expect_identical(is.na(df_reason(rbind(row(3), row(Inf), row(NaN)))), c(TRUE, FALSE, FALSE))
  expect_match(df_reason(row(Inf)), "z test")
  expect_match(df_reason(row(NaN)), "not positive definite")
  expect_match(df_reason(row(3, std.error = NaN, half = NaN)), "adjusted variance")
  expect_match(df_reason(row(3, std.error = 0)), "standard error is zero")
  expect_match(df_reason(row(1e-9, half = Inf)), "no end")
})

test_that("a fit whose information is indefinite gives no test and says so", {
  data <- data.frame(
    score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4), subject = rep(1:4, each = 3)
  )
  fit <- fit_recovery(score ~ week + (1 | subject), data)
  expect_null(linear_test(fit, c(1, 8))$df_reason)
  fit$result$inference$observed <- -fit$result$inference$observed # as at a saddle
  found <- linear_test(fit, c(1, 8), ddf = "satterthwaite")
  expect_true(is.nan(found$df) && is.nan(found$p.value))
  expect_match(found$df_reason, "not positive definite")
  printed <- capture.output(print(summary(fit, ddf = "satterthwaite")))
  expect_match(paste(printed, collapse = " "), "df of week: the information")
  joint <- linear_test(fit, diag(2), joint = TRUE, ddf = "satterthwaite")
  expect_true(is.nan(joint$den.df) && is.nan(joint$p.value))
  expect_match(joint$df_reason, "not positive definite")
  table <- anova(fit, ddf = "satterthwaite")
  expect_match(attr(table, "df_reason"), "not positive definite")
  expect_output(print(table), "week: the information about the variances is not positive definite")
})

test_that("joint tests with finite numbers have no reason, chi-squared ones have", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  expect_null(linear_test(fit, diag(2), joint = TRUE)$df_reason)
  fit$result$inference$slope <- lapply(fit$result$inference$slope, \(x) 0 * x) # as if no variance moved an error
  for (ddf in c("kenward-roger", "satterthwaite")) {
    found <- linear_test(fit, diag(2), joint = TRUE, ddf = ddf)
    expect_identical(found$den.df, Inf)
    expect_match(found$df_reason, "chi-squared")
    expect_true(is.finite(found$p.value))
  }
})

test_that("where the other convention at a zero variance has no df, the summary says so in words", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  fit$result$unconstrained$observed <- -fit$result$unconstrained$observed
  said <- paste(capture.output(print(summary(fit, ddf = "satterthwaite"))), collapse = " ")
  expect_no_match(said, "NaN")
  expect_match(said, "undefined where, with it, the information about the variances is not positive definite")
})

# Invariants of tests ------------------------------------------------------------------------------------

test_that("t, df and p do not depend on the units of score, time or contrast", {
  trial <- small_trial()
  test <- \(data, contrast = c(0, 1), ...) linear_test(fit_recovery(score ~ week + (1 | subject), data), contrast, ...)
  for (ddf in c("kenward-roger", "satterthwaite", "residual")) {
    plain <- test(trial, ddf = ddf)
    for (other in list(
      test(transform(trial, score = 1000 * score), ddf = ddf), test(transform(trial, week = week / 52), ddf = ddf),
      test(trial, c(0, 7), ddf = ddf), test(transform(trial, score = score + 50), ddf = ddf),
      test(transform(trial, week = week - 26), ddf = ddf)
    )) {
      # each is another search for the variances, which are known to 1e-8 of their size
      expect_equal(unlist(other[c("df", "statistic", "p.value")]), unlist(plain[c("df", "statistic", "p.value")]),
        tolerance = 1e-6, info = ddf)
    }
  }
})

test_that("a value that is tested is the intercept of moved scores", {
  trial <- small_trial()
  at <- linear_test(fit_recovery(score ~ week + (1 | subject), trial), c(1, 0), value = 2)
  moved <- linear_test(fit_recovery(score ~ week + (1 | subject), transform(trial, score = score - 2)), c(1, 0))
  expect_equal(at$statistic, moved$statistic, tolerance = 1e-7)
  expect_equal(at$p.value, moved$p.value, tolerance = 1e-6)
  expect_equal(at$estimate, moved$estimate + 2, tolerance = 1e-9)
})

test_that("intervals are the values that a test at their level leaves", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  for (level in c(0.5, 0.95, 0.999)) {
    row <- linear_test(fit, c(0, 1), conf.level = level)
    for (end in c(row$conf.low, row$conf.high)) {
      expect_equal(linear_test(fit, c(0, 1), value = end)$p.value, 1 - level, tolerance = 1e-9)
    }
    expect_equal((row$conf.low + row$conf.high) / 2, row$estimate, tolerance = 1e-12)
  }
})

test_that("rows are tested one by one as each alone, with the names they came with", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  l <- rbind(start = c(1, 0), slope = c(0, 1), "year one" = c(1, 52))
  together <- linear_test(fit, l, value = c(0, 1, 2))
  expect_identical(rownames(together), rownames(l))
  for (i in 1:3) {
    expect_equal(linear_test(fit, l[i, ], value = c(0, 1, 2)[i]), together[i, ], ignore_attr = TRUE, tolerance = 1e-12)
  }
})

test_that("a joint test depends on the space of its rows alone", {
  trial <- transform(small_trial(), stage = factor(rep(c("u", "v", "w", "u", "v"), 4)))
  fit <- fit_recovery(score ~ stage + week + (1 | subject), trial)
  l <- cbind(0, diag(2), 0)
  for (ddf in c("kenward-roger", "satterthwaite", "residual")) {
    one <- linear_test(fit, l, joint = TRUE, ddf = ddf)
    two <- linear_test(fit, rbind(c(2, 1), c(-1, 5)) %*% l, joint = TRUE, ddf = ddf)
    # Satterthwaite's rows are turned to principal axes: the turn is one of rounding, 1e-16 by the condition of L
    expect_equal(two, one, tolerance = 1e-8, info = ddf)
    expect_equal(one$num.df, 2, info = ddf)
  }
})

test_that("a model without random effects has lm()'s tests under every count of df", {
  trial <- small_trial()
  fit <- fit_recovery(score ~ poly(week, 2), trial)
  textbook <- summary(stats::lm(score ~ poly(week, 2), trial))
  for (ddf in c("kenward-roger", "satterthwaite", "residual")) {
    table <- summary(fit, ddf = ddf)$coefficients
    expect_equal(unname(table[, "df"]), rep(17, 3), tolerance = 1e-9)
    expect_equal(unname(table[, c(1, 2, 4, 5)]), unname(textbook$coefficients), tolerance = 1e-9)
  }
  f <- linear_test(fit, cbind(0, diag(2)), joint = TRUE, ddf = "residual")
  expect_equal(f$statistic, unname(textbook$fstatistic["value"]), tolerance = 1e-9)
  expect_equal(f$p.value, stats::pf(f$statistic, 2, 17, lower.tail = FALSE), tolerance = 1e-12)
})

test_that("two groups of subjects, each with as many visits: the t test of the subjects' means", {
  trial <- transform(small_trial(), arm = rep(c("x", "y"), each = 10))
  trial$score <- trial$score + rep(c(0, 9, 4, 1), each = 5) # subjects differ by more than visits explain
  fit <- fit_recovery(score ~ arm + week + (1 | subject), trial)
  means <- tapply(trial$score, trial$subject, mean)
  textbook <- stats::t.test(means[3:4], means[1:2], var.equal = TRUE)
  found <- linear_test(fit, c(0, 1, 0))
  skip_if(isSingular(fit)) # the identity is that of an inner optimum
  expect_equal(found$statistic, unname(textbook$statistic), tolerance = 1e-7)
  expect_equal(found$df, 2, tolerance = 1e-6)
  expect_equal(found$p.value, textbook$p.value, tolerance = 1e-6)
})

test_that("Kenward-Roger's covariance is no smaller than the model's, and symmetric", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  adjusted <- vcov(fit, type = "kenward-roger")
  expect_identical(adjusted, t(adjusted))
  expect_identical(dimnames(adjusted), dimnames(vcov(fit)))
  # The bias that it mends is downwards: Kackar and Harville (1984).
  expect_gte(min(eigen(adjusted - vcov(fit), symmetric = TRUE)$values), -1e-12)
  expect_equal(summary(fit)$coefficients[, "Std. Error"], sqrt(diag(adjusted)), tolerance = 1e-12)
})

test_that("a particular solution solves L b = value, also of redundant rows", {
  for (l in list(rbind(c(1, 2, 3)), rbind(c(1, 0, 1), c(0, 2, 0)), rbind(c(1, 0, 0), c(2, 0, 0)))) {
    value <- l %*% c(1, -1, 2)
    expect_equal(l %*% least_inverse(l) %*% value, value, tolerance = 1e-12)
  }
})

test_that("arguments that are none are refused with their names", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  refused <- \(code, words) expect_error(code, words, class = "cordgain_invalid_input")
  refused(linear_test(fit, c(NA, 1)), "contrast")
  refused(linear_test(fit, c("a", "b")), "contrast")
  refused(linear_test(fit, c(0, Inf)), "finite")
  refused(linear_test(fit, c(0, 1), value = "0"), "value")
  for (level in list(0, 1, NA_real_, 2, "0.9")) refused(linear_test(fit, c(0, 1), conf.level = level), "conf.level")
  refused(linear_test(fit, c(0, 1), ddf = 3), "ddf")
  refused(linear_test(stats::lm(score ~ week, small_trial()), c(0, 1)), "fit_recovery")
})

test_that("a word for degrees of freedom that does not exist is named as the argument is", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  expect_error(summary(fit, ddf = "lme4"), "`ddf` must be one of", class = "cordgain_invalid_input")
})
