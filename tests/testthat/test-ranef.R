test_that("random effects and both variances equal the dense formulas", {
  trial <- small_trial()
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  # b = D Z'V^-1 (y - X beta); Var(b | y) = D - D Z'V^-1 Z D; Var(b-hat - b) adds the fixed effects' part
  z <- outer(trial$subject, letters[1:4], "==") * 1
  x <- cbind(1, trial$week)
  d <- VarCorr(fit)$subject[1]
  v <- d * tcrossprod(z) + sigma(fit)^2 * diag(20)
  b <- d * t(z) %*% solve(v, trial$score - x %*% fixef(fit))
  expect_equal(ranef(fit)$subject[[1]], c(b), tolerance = 1e-9)
  conditional <- d * diag(4) - d^2 * t(z) %*% solve(v, z)
  expect_equal(c(attr(ranef(fit)$subject, "postVar")), diag(conditional), tolerance = 1e-9)
  spread <- d * t(z) %*% solve(v, x)
  prediction <- conditional + spread %*% vcov(fit) %*% t(spread)
  expect_equal(c(attr(ranef(fit, variance = "prediction")$subject, "postVar")), diag(prediction), tolerance = 1e-9)
})

test_that("a covariance of another kind is refused by class", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  expect_error(ranef(fit, variance = "posterior"), "conditional.*prediction", class = "cordgain_invalid_input")
})

test_that("effects of a term with zero variance are zero", {
  data <- mixed_data("lmm09_dyestuff2_singular", "Batch")
  effects <- ranef(fit_recovery(Yield ~ 1 + (1 | Batch), data))$Batch
  expect_identical(effects[[1]], numeric(6))
  expect_identical(c(attr(effects, "postVar")), numeric(6))
})

test_that("independent blocks of one factor stand side by side", {
  effects <- ranef(fit_recovery(score ~ week + (week || subject), small_trial()))
  expect_named(effects, "subject")
  expect_named(effects$subject, c("(Intercept)", "week"))
  expect_identical(dim(attr(effects$subject, "postVar")), c(2L, 2L, 4L))
})

test_that("coefficients by subject are fixed plus random", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  expect_equal(coef(fit)$subject[["(Intercept)"]], fixef(fit)[[1]] + ranef(fit)$subject[[1]])
  expect_equal(coef(fit)$subject$week, rep(fixef(fit)[["week"]], 4))
})

test_that("the print shows one table per factor", {
  expect_output(print(ranef(fit_recovery(score ~ week + (1 | subject), small_trial()))), "\\$subject")
})
