test_that("leverages are derivatives of fitted values with the variances held", {
  trial <- small_trial()[-7, ]
  w <- rep(c(1, 3), length.out = 19)
  fit <- fit_recovery(score ~ week + (1 | subject), trial, weights = w)
  x <- cbind(1, trial$week)
  g <- VarCorr(fit)$subject[1] * outer(trial$subject, trial$subject, `==`)
  v <- g + diag(sigma(fit)^2 / w)
  mean <- x %*% solve(t(x) %*% solve(v, x), t(x) %*% solve(v))
  hat <- mean + g %*% solve(v, diag(19) - mean)
  expect_equal(c(hat %*% trial$score), unname(fitted(fit)), tolerance = 1e-9) # it is the hat matrix
  expect_equal(unname(hatvalues(fit)), diag(hat), tolerance = 1e-9)
})

test_that("leverage and Cook's distance by row are lme4's", {
  skip_if_not_installed("lme4")
  data <- mixed_data("lmm01_sleepstudy_slope_reml", "Subject")
  ours <- fit_recovery(Reaction ~ Days + (Days | Subject), data)
  theirs <- lme4::lmer(Reaction ~ Days + (Days | Subject), data)
  expect_equal(hatvalues(ours), hatvalues(theirs), tolerance = 1e-3) # lme4 stops short of the optimum
  expect_equal(cooks.distance(ours), cooks.distance(theirs), tolerance = 1e-3)
})

test_that("rows left out have their places", {
  trial <- small_trial()
  trial$score[2] <- NA
  fit <- fit_recovery(score ~ week + (1 | subject), trial, na.action = na.exclude)
  expect_identical(unname(which(is.na(hatvalues(fit)))), 2L)
  expect_length(augment(fit)$.hat, 19L)
})
