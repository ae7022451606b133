test_that("predictions of rows fitted and of new rows are those of lme4", {
  skip_if_not_installed("lme4")
  data <- mixed_data("lmm01_sleepstudy_slope_reml", "Subject")
  ours <- fit_recovery(Reaction ~ Days + (Days | Subject), data)
  theirs <- lme4::lmer(Reaction ~ Days + (Days | Subject), data)
  near <- 1e-4 # lme4 stops about 2e-5 from the optimum
  expect_equal(predict(ours), predict(theirs), tolerance = near)
  new <- data.frame(Days = c(0, 3.5, 12), Subject = c("308", "309", "none"))
  expect_equal(predict(ours, new, allow.new.levels = TRUE), predict(theirs, new, allow.new.levels = TRUE),
    tolerance = near)
  for (form in list(NA, ~0, ~ (Days | Subject))) {
    expect_equal(predict(ours, new[1:2, ], re.form = form), predict(theirs, new[1:2, ], re.form = form),
      tolerance = near)
  }
  expect_identical(names(predict(ours)), names(predict(theirs)))
})

test_that("some of the random effects are predicted where re.form names them", {
  skip_if_not_installed("lme4")
  data <- mixed_data("lmm12_pastes_nested_reml", c("sample", "batch", "cask"))
  ours <- fit_recovery(strength ~ 1 + (1 | batch / cask), data)
  theirs <- lme4::lmer(strength ~ 1 + (1 | batch / cask), data)
  expect_equal(predict(ours, data, re.form = ~ (1 | batch)), predict(theirs, data, re.form = ~ (1 | batch)),
    tolerance = 1e-4)
  expect_error(predict(ours, data, re.form = ~ (1 | nobody)), "nobody", class = "cordgain_invalid_input")
  expect_error(predict(ours, data, re.form = "all"), class = "cordgain_invalid_input")
})

test_that("polynomials, splines, factors with contrasts and offsets are those of the fit in new data", {
  set.seed(50) # simulated data
  data <- data.frame(
    week = rep(c(1, 4, 9, 15, 26), 8), subject = rep(1:8, each = 5), arm = rep(c("a", "b"), each = 20),
    base = rnorm(40), score = rnorm(40, 20, 5)
  )
  for (formula in list(
    score ~ poly(week, 2) * arm + offset(2 * base) + (1 | subject),
    score ~ splines::ns(week, 3) + arm + (1 | subject),
    score ~ log(week) + I(week^2) + arm + (1 | subject)
  )) {
    fit <- fit_recovery(formula, data, contrasts = list(arm = "contr.sum"))
    whole <- predict(fit, data)
    expect_equal(whole, fitted(fit), tolerance = 1e-12)
    # one row alone: the basis must be that of the fit, not of the row
    expect_equal(predict(fit, data[7, ]), whole[7], tolerance = 1e-10)
    expect_equal(unname(predict(fit, data[7, ], re.form = NA)), unname(fitted(fit)[7] - ranef(fit)$subject[2, 1]),
      tolerance = 1e-10)
  }
})

test_that("an offset argument is evaluated in the new data", {
  data <- transform(small_trial(), known = seq_len(20) / 10)
  fit <- fit_recovery(score ~ week + (1 | subject), data, offset = known)
  new <- data.frame(week = 4, subject = "b", known = 100)
  expect_equal(predict(fit, new) - predict(fit, transform(new, known = 0)), c("1" = 100), tolerance = 1e-12)
})

test_that("intervals have the shape that lm users know", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  new <- data.frame(week = c(0, 60), subject = c("a", "b"))
  mean <- predict(fit, new, re.form = NA, interval = "confidence", level = 0.9)
  expect_identical(dimnames(mean), list(c("1", "2"), c("fit", "lwr", "upr")))
  tested <- linear_test(fit, cbind(1, new$week), conf.level = 0.9)
  expect_equal(unname(mean), unname(as.matrix(tested[c("estimate", "conf.low", "conf.high")])), tolerance = 1e-9)
  both <- predict(fit, new, se.fit = TRUE, interval = "prediction")
  expect_named(both, c("fit", "se.fit", "df", "residual.scale"))
  expect_equal(unname(both$fit[, "upr"] - both$fit[, "fit"]), unname(qt(0.975, both$df) * both$se.fit))
  # a score errs more than the course, a new subject more than a known one
  known <- predict(fit, new, se.fit = TRUE)$se.fit
  expect_true(all(known < both$se.fit))
  expect_true(all(both$se.fit < predict(fit, new, re.form = NA, se.fit = TRUE, interval = "prediction")$se.fit))
})

test_that("a model without random effects predicts as lm does", {
  # a residual variance per group of one: ordinary least squares
  data <- transform(small_trial(), group = rep(c("g", "h"), 10))
  fit <- fit_recovery(score ~ week + diag(1 | group), data)
  own <- lm(score ~ week, subset(data, group == "g"))
  two <- fit_recovery(score ~ week * group + diag(1 | group), data)
  new <- data.frame(week = 10, group = "g")
  expect_equal(
    predict(two, new, interval = "prediction", ddf = "satterthwaite"), predict(own, new, interval = "prediction"),
    tolerance = 1e-7 # df by the observed information of a search that ended at 1e-9
  )
  expect_length(predict(fit, new), 1L)
})

test_that("missing values in new data give NA and keep their places", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  new <- data.frame(week = c(0, NA, 4), subject = "a", row.names = c("x", "y", "z"))
  found <- predict(fit, new)
  expect_identical(names(found), c("x", "y", "z"))
  expect_identical(is.na(found), c(x = FALSE, y = TRUE, z = FALSE))
  expect_identical(unname(is.na(predict(fit, new, interval = "confidence")[, "lwr"])), c(FALSE, TRUE, FALSE))
  # a subject that is not known: missing names are new levels
  expect_equal(predict(fit, data.frame(week = 4, subject = NA), allow.new.levels = TRUE),
    predict(fit, data.frame(week = 4), re.form = NA))
  trial <- small_trial()
  trial$score[2] <- NA
  excluded <- fit_recovery(score ~ week + (1 | subject), trial, na.action = na.exclude)
  expect_identical(unname(which(is.na(predict(excluded)))), 2L)
})

test_that("kappa's uncertainty enters the prediction as refits at other kappas say", {
  set.seed(51) # simulated data
  data <- expand.grid(week = c(1, 3, 6, 12, 26, 52), subject = 1:5)
  data$score <- 5 + (20 + rnorm(5)[data$subject]) * -expm1(-data$week / 9) + 2 * rnorm(5)[data$subject] +
    rnorm(30, sd = 0.5)
  fit <- fit_recovery(score ~ plateau(week) + (1 | subject), data)
  new <- data.frame(week = c(2, 30), subject = c(1, 77))
  ask <- \(fit) predict(fit, new, allow.new.levels = TRUE, se.fit = TRUE, ddf = "satterthwaite")
  # the same model with kappa fixed by hand, at two neighbours of the estimate
  at <- \(log_kappa) {
    data$p <- -expm1(-data$week * exp(-log_kappa))
    fixed <- fit_recovery(score ~ p + (1 | subject), data)
    predict(fixed, transform(new, p = -expm1(-week * exp(-log_kappa))), allow.new.levels = TRUE, se.fit = TRUE,
      ddf = "satterthwaite")
  }
  k <- fit$plateau$log_kappa
  slope <- (at(k + 1e-3)$fit - at(k - 1e-3)$fit) / 2e-3
  expect_equal(ask(fit)$se.fit^2, at(k)$se.fit^2 + slope^2 * fit$plateau$log_se^2, tolerance = 1e-5) # h^2
  expect_equal(ask(fit)$fit, at(k)$fit, tolerance = 1e-9)
  rows <- predict(fit, se.fit = TRUE, ddf = "satterthwaite")
  again <- predict(fit, data, se.fit = TRUE, ddf = "satterthwaite")
  expect_equal(rows$se.fit, again$se.fit, tolerance = 1e-9)
})

test_that("intervals for the course and the scores of new subjects cover as they say", {
  # Simulated: 6 subjects, 4 visits. 400 sets, 95 %: the Monte Carlo standard error is 0.011; five of them are allowed.
  set.seed(52)
  sets <- sweep_size(400)
  data <- expand.grid(week = 0:3, subject = 1:6)
  new <- data.frame(week = 2)
  hits <- replicate(sets, {
    data$score <- 10 + 3 * data$week + 2 * rnorm(6)[data$subject] + rnorm(24)
    interval <- predict(fit_recovery(score ~ week + (1 | subject), data), new, re.form = NA, interval = "prediction")
    truth <- 16 + 2 * rnorm(1) + rnorm(1)
    truth >= interval[, "lwr"] && truth <= interval[, "upr"]
  })
  expect_gt(mean(hits), 0.95 - 5 * sqrt(0.05 * 0.95 / sets))
})

test_that("a corrected variance that is not positive gives no standard error, and one classed warning says so", {
  expect_identical(defined_se(c(4, 0)), c(2, 0))
  expect_warning(se <- defined_se(c(4, -1, NaN)), "2 rows of 3", class = "cordgain_undefined_error")
  expect_identical(se, c(2, NaN, NaN))
})
