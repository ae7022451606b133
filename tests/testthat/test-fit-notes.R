# The sentences under a fit. What they say is held against likelihoods by their definition.

# Minus twice the log likelihood of scores with one random intercept and a variance per visit, all visits seen by all.
dense_deviance <- function(y, x, tau, variances) {
  each <- tau + diag(variances)
  v <- kronecker(diag(length(y) / length(variances)), each)
  inverse <- solve(v)
  beta <- solve(t(x) %*% inverse %*% x, t(x) %*% inverse %*% y)
  off <- y - x %*% beta
  length(y) * log(2 * pi) + c(determinant(v)$modulus) + c(t(off) %*% inverse %*% off)
}

# Scores of six subjects whose second visit shows their level without error.
heywood <- function() {
  withr::local_seed(3)
  data <- expand.grid(visit = factor(1:3), subject = factor(1:6))
  level <- stats::rnorm(6, sd = 2)
  data$score <- level[data$subject] + as.integer(data$visit) + ifelse(data$visit == "2", 0, stats::rnorm(18))
  data
}

test_that("a visit that the random intercept fits exactly is named, and its variance does not count as uncertain", {
  data <- heywood()
  fit <- fit_recovery(score ~ visit + (1 | subject) + diag(visit | subject), data, method = "ml")
  expect_identical(zero_visits(fit), "visit 2")
  expect_output(print(fit), "On the boundary: the variance of visit 2 tends to zero")
  expect_output(print(fit), "Certified optimum")
  expect_lt(relative_variance_error(fit), 1e-6)
  # the limit itself: variance exactly zero at the second visit, the others as good as they can be
  x <- stats::model.matrix(~visit, data)
  limit <- stats::nlminb(c(0, 0, 0), \(s) dense_deviance(data$score, x, exp(s[1]), c(exp(s[2]), 0, exp(s[3]))))
  expect_equal(deviance(fit), limit$objective, tolerance = 1e-7)
  # and it is a limit that is approached from above
  inside <- dense_deviance(data$score, x, exp(limit$par[1]), c(exp(limit$par[2]), 0.05, exp(limit$par[3])))
  expect_gt(inside, limit$objective)
})

test_that("visits in units of their own are no zero variances", {
  withr::local_seed(4)
  data <- expand.grid(visit = factor(1:3), subject = factor(1:8))
  data$score <- stats::rnorm(24) * c(1, 1e-4, 10)[data$visit] + 2
  fit <- fit_recovery(score ~ visit + us(visit | subject), data)
  expect_lt(min(diag(VarCorr(fit)$Residual)), 1e-6)
  expect_identical(zero_visits(fit), character())
  expect_output(print(fit), "Certified optimum")
})

test_that("errors of covariances are measured beside standard deviations, not beside a covariance of zero", {
  # the same changes with either sign in equal numbers: the covariance of the two visits is exactly zero
  data <- data.frame(
    subject = factor(rep(1:4, each = 2)), visit = factor(rep(1:2, 4)), score = c(1, 1, 1, -1, -1, 1, -1, -1) + 3
  )
  fit <- fit_recovery(score ~ visit + us(visit | subject), data)
  expect_equal(unname(VarCorr(fit)$Residual[2, 1]), 0, tolerance = 1e-12)
  expect_lt(relative_variance_error(fit), 1e-8)
  expect_equal(unname(variance_sizes(fit)), c(1, 1, 1) * 4 / 3, tolerance = 1e-8)
  expect_output(print(fit), "Certified optimum")
})

test_that("an optimum whose variances are not known to two digits is not called certified", {
  fit <- fit_recovery(score ~ visit + us(visit | subject), heywood())
  doubtful <- function(error) {
    fit$result$certificate$gamma_error <- error * abs(fit$result$gamma)
    note_certificate(fit)
  }
  expect_match(doubtful(1e-6), "^Certified optimum: .*within 1e-06 of their size")
  expect_match(doubtful(0.5), "^NOT CERTIFIED: .*flat: variances are known only to within 5e-01")
  expect_match(doubtful(NaN), "^NOT CERTIFIED: .*no error bound")
})

test_that("what the score across a bound says follows its sign", {
  expect_match(bound_sentence(2), "certifies it")
  expect_match(bound_sentence(-1e-9), "certifies it") # its rounding
  expect_match(bound_sentence(-2), "does NOT certify it")
})

test_that("visits are named with their group where groups have their own covariance", {
  expect_identical(visit_names(list(visits = c("0", "4"), groups = "")), c("visit 0", "visit 4"))
  expect_identical(
    visit_names(list(visits = c("0", "4"), groups = c("a", "b"))),
    c("visit 0 in group a", "visit 4 in group a", "visit 0 in group b", "visit 4 in group b")
  )
})
