# A trial with missed visits, so that nothing is balanced away.
uneven_trial <- function() {
  set.seed(40) # simulated data
  data <- expand.grid(week = c(0, 4, 8, 26, 52), subject = letters[1:6])
  data$subject <- as.character(data$subject)
  own <- match(data$subject, letters)
  data$score <- 10 + 4 * rnorm(6)[own] + (0.2 + 0.2 * rnorm(6)[own]) * data$week + 2 * rnorm(30)
  data[-c(4, 8, 17, 26), ]
}

# V of scores and targets of a model with correlated intercept and slope; gamma: D (lower triangle), sigma^2.
slope_covariance <- function(z, subject, n, score) {
  same <- outer(subject, subject, `==`)
  function(gamma) {
    d <- matrix(gamma[c(1, 2, 2, 3)], 2)
    (z %*% d %*% t(z)) * same + diag(rep(c(gamma[4], score * gamma[4]), c(n, nrow(z) - n)))
  }
}

targets <- data.frame(week = c(0, 26, 60, 12), subject = c("a", "d", "b", "new"))

dense_of <- function(trial, fit, score, expected) {
  weeks <- c(trial$week, targets$week)
  x <- cbind(1, trial$week)
  covariance <- slope_covariance(cbind(1, weeks), c(trial$subject, targets$subject), nrow(trial), score)
  dense_errors(x, cbind(1, targets$week), trial$score, covariance, unname(fit$result$gamma), expected)
}

test_that("errors and df of known and new subjects equal dense algebra with numerical derivatives", {
  trial <- uneven_trial()
  fit <- fit_recovery(score ~ week + (week | subject), trial)
  expect_false(isSingular(fit)) # every element of D is free, as the dense route takes it
  for (score in c(FALSE, TRUE)) {
    interval <- if (score) "prediction" else "confidence"
    ask <- \(...) predict(fit, targets, allow.new.levels = TRUE, interval = interval, se.fit = TRUE, ...)
    for (information in c("expected", "observed")) {
      found <- ask(information = information)
      dense <- dense_of(trial, fit, score, information == "expected")
      expect_equal(unname(found$fit[, "fit"]), dense$fit, tolerance = 1e-9) # conditioning of V, about 1e5
      # differences of fourth order with steps of a thousandth: 1e-9, with rounding 1e-12 / 1e-3
      expect_equal(unname(found$se.fit)^2, dense$corrected, tolerance = 1e-6)
      expect_equal(unname(found$df), dense$df, tolerance = 1e-6)
    }
    plain <- ask(ddf = "satterthwaite")
    dense <- dense_of(trial, fit, score, expected = FALSE)
    expect_equal(unname(plain$se.fit)^2, dense$variance, tolerance = 1e-9)
    expect_equal(unname(plain$df), dense$df, tolerance = 1e-6)
  }
})

test_that("the error of a mean is that of linear_test()", {
  fit <- fit_recovery(score ~ week + (week | subject), uneven_trial())
  for (ddf in c("kenward-roger", "satterthwaite", "residual")) {
    found <- predict(fit, targets, re.form = NA, se.fit = TRUE, ddf = ddf)
    tested <- linear_test(fit, cbind(1, targets$week), ddf = ddf)
    expect_equal(unname(found$se.fit), tested$std.error, tolerance = 1e-9)
    expect_equal(unname(found$df), tested$df, tolerance = 1e-7) # W inverted by two routes
  }
})

test_that("nested factors, weights and an offset enter the error as dense algebra says", {
  set.seed(41) # simulated data
  data <- expand.grid(visit = 1:3, subject = 1:4, site = 1:3)
  data$subject <- paste0(data$site, "-", data$subject)
  data$base <- rnorm(36)
  data$w <- runif(36, 0.5, 2)
  data$score <- 3 * data$base + data$visit + rnorm(3)[data$site] * 2 + rnorm(12)[factor(data$subject)] * 2 + rnorm(36)
  data <- data[-c(5, 9, 30), ]
  fit <- fit_recovery(score ~ visit + (1 | site) + (1 | subject), data, weights = w, offset = 2 * base)
  new <- data.frame(visit = c(2, 4, 5), site = c(1, 1, 9), subject = c("1-2", "1-x", "9-1"), base = c(0, 1, 2))
  found <- predict(fit, new, allow.new.levels = TRUE, interval = "prediction", se.fit = TRUE, weights = c(1, 2, 0.5))
  site <- c(data$site, new$site)
  subject <- c(data$subject, new$subject)
  residual <- 1 / c(data$w, 1, 2, 0.5)
  covariance <- \(gamma) {
    gamma[1] * outer(site, site, `==`) + gamma[2] * outer(subject, subject, `==`) + gamma[3] * diag(residual)
  }
  gamma <- unname(c(VarCorr(fit)$site[1], VarCorr(fit)$subject[1], sigma(fit)^2))
  dense <- dense_errors(cbind(1, data$visit), cbind(1, new$visit), data$score - 2 * data$base, covariance, gamma, TRUE)
  expect_equal(unname(found$fit[, "fit"]), dense$fit + 2 * new$base, tolerance = 1e-8)
  expect_equal(unname(found$se.fit)^2, dense$corrected, tolerance = 1e-6)
  expect_equal(unname(found$df), dense$df, tolerance = 1e-6)
})

test_that("crossed factors share one block and equal dense algebra", {
  set.seed(42) # simulated data
  data <- expand.grid(rater = letters[1:4], subject = 1:5)
  data$score <- 10 + rnorm(4)[data$rater] + 2 * rnorm(5)[data$subject] + rnorm(20)
  fit <- fit_recovery(score ~ 1 + (1 | subject) + (1 | rater), data)
  new <- data.frame(subject = c(2, 9), rater = c("b", "c"))
  found <- predict(fit, new, allow.new.levels = TRUE, interval = "confidence", se.fit = TRUE)
  subject <- c(data$subject, new$subject)
  rater <- c(as.character(data$rater), new$rater)
  covariance <- \(gamma) {
    gamma[1] * outer(subject, subject, `==`) + gamma[2] * outer(rater, rater, `==`) +
      diag(rep(c(gamma[3], 0), c(20, 2)))
  }
  dense <- dense_errors(matrix(1, 20), matrix(1, 2), data$score, covariance, unname(fit$result$gamma), TRUE)
  expect_equal(unname(found$se.fit)^2, dense$corrected, tolerance = 1e-6)
  expect_equal(unname(found$df), dense$df, tolerance = 1e-6)
})

test_that("a score to come is predicted from other visits where residuals covary", {
  set.seed(43) # simulated data
  data <- expand.grid(visit = factor(1:3), subject = factor(1:9))
  data$score <- as.numeric(data$visit) + 2 * rnorm(9)[data$subject] + rnorm(27)
  seen <- data[-c(6, 12, 13), ]
  fit <- fit_recovery(score ~ visit + us(visit | subject), seen)
  new <- data.frame(visit = factor(c(3, 1, 2, 2)), subject = factor(c(2, 5, 77, 1)))
  found <- predict(fit, new, interval = "prediction", se.fit = TRUE)
  pairs <- cbind(c(1, 2, 3, 2, 3, 3), c(1, 1, 1, 2, 2, 3))
  visit <- c(seen$visit, new$visit[1:3])
  subject <- c(as.character(seen$subject), as.character(new$subject[1:3]))
  covariance <- \(gamma) {
    sigma <- matrix(0, 3, 3)
    sigma[pairs] <- gamma
    sigma[pairs[, 2:1]] <- gamma
    sigma[visit, visit] * outer(subject, subject, `==`)
  }
  x <- model.matrix(~visit, seen)
  dense <- dense_errors(x, model.matrix(~visit, new)[1:3, ], seen$score, covariance, unname(fit$result$gamma), TRUE)
  expect_equal(unname(found$fit[1:3, "fit"]), unname(dense$fit), tolerance = 1e-8)
  expect_equal(unname(found$se.fit[1:3])^2, unname(dense$corrected), tolerance = 1e-6)
  expect_equal(unname(found$df[1:3]), unname(dense$df), tolerance = 1e-6)
  # a visit that was seen is known
  expect_equal(unname(found$fit[4, ]), rep(seen$score[seen$subject == 1 & seen$visit == 2], 3), tolerance = 1e-9)
})

test_that("the error of the mean of one group is the textbook's", {
  # one-way, balanced: Var(mean) = MSB / n on a - 1 df
  data <- mixed_data("lmm07_dyestuff_reml", "Batch")
  fit <- fit_recovery(Yield ~ 1 + (1 | Batch), data)
  found <- predict(fit, data[1, ], re.form = NA, se.fit = TRUE)
  between <- anova(lm(Yield ~ Batch, data))["Batch", "Mean Sq"]
  expect_equal(unname(found$se.fit), sqrt(between / 30), tolerance = 1e-9)
  expect_equal(unname(found$df), 5, tolerance = 1e-8)
})

test_that("blocks too large for dense algebra are refused with a way out", {
  expect_error(check_block_sizes(list(1:6000)), "re.form = NA", class = "cordgain_invalid_input")
})

test_that("degrees of freedom by their formula; what moves v by rounding only counts as not moving it", {
  w <- diag(c(2, 0.5))
  slope <- cbind(c(1, 2), c(1e-9, 0), c(0, 0), c(3, 0)) # a column for each row predicted
  v <- c(3, 1, 1, 1)
  expect_equal(prediction_df(v, slope, w), c(2 * 9 / (2 + 2), Inf, Inf, 2 / 18))
  expect_identical(prediction_df(1, matrix(1), matrix(-1)), NaN)
})
