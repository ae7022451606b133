proper_priors <- function() {
  priors(fixed = list("(Intercept)" = prior_normal(5, 10), week = prior_normal(0, 1)),
    sd = prior_half_normal(5), sigma = prior_half_normal(5))
}

proper_fit <- function(data = small_trial(), formula = score ~ week + (1 | subject)) {
  fit_recovery(formula, data, method = method_bayes(proper_priors()))
}

# Importance weights are reliable to k = 0.7 (Vehtari and others); loo states the Monte Carlo error of each point.
test_that("each subject's density is the difference of two exact log evidences", {
  skip_if_not_installed("loo")
  fit <- proper_fit()
  found <- suppressWarnings(loo::loo(fit, draws = 8000, seed = 1))
  expect_s3_class(found, "psis_loo")
  exact <- vapply(c("a", "b", "c", "d"), \(left_out) {
    c(logLik(fit)) - c(logLik(proper_fit(subset(small_trial(), subject != left_out))))
  }, 0)
  reliable <- found$diagnostics$pareto_k < 0.7
  expect_gte(sum(reliable), 2)
  error <- found$pointwise[, "mcse_elpd_loo"]
  expect_true(all(abs(found$pointwise[, "elpd_loo"] - exact)[reliable] < 6 * error[reliable]))
})

test_that("the density of a block is the multivariate normal one, by hand", {
  trial <- small_trial()
  w <- rep(c(1, 4), 10)
  fit <- fit_recovery(score ~ week + (week | subject), trial, weights = w, method = method_bayes(proper_priors()))
  draw <- cbind(b_Intercept = 2, b_week = 0.1, 3, 0.2, 0.4, 1.5)
  found <- block_log_density(fit, block_of_rows(fit$design), draw)
  a <- trial$subject == "a"
  z <- cbind(1, trial$week[a])
  d <- matrix(c(9, 0.24, 0.24, 0.04), 2)
  v <- z %*% d %*% t(z) + diag(1.5^2 / w[a])
  r <- trial$score[a] - 2 - 0.1 * trial$week[a]
  by_hand <- -0.5 * (5 * log(2 * pi) + determinant(v)$modulus + drop(r %*% solve(v, r)))
  expect_equal(found[1, 1], c(by_hand), tolerance = 1e-10) # 5 x 5 matrices, condition below 1e4
  expect_identical(dim(found), c(1L, 4L))
})

test_that("models can be compared, the seed makes the answer, and nothing to leave out is refused", {
  skip_if_not_installed("loo")
  fit <- proper_fit()
  one <- suppressWarnings(loo::loo(fit, draws = 500, seed = 2))
  expect_identical(one, suppressWarnings(loo::loo(fit, draws = 500, seed = 2)))
  other <- suppressWarnings(loo::loo(proper_fit(formula = score ~ week + (week || subject)), draws = 500, seed = 2))
  expect_identical(dim(loo::loo_compare(one, other))[1], 2L)
  joined <- transform(small_trial(), visit = paste("week", week)) # subjects and visits, crossed
  expect_error(loo::loo(proper_fit(joined, score ~ week + (1 | subject) + (1 | visit))), "one block",
    class = "cordgain_invalid_input")
})

test_that("subjects of a family are left out one at a time, near the exact answer by two evidences", {
  skip_if_not_installed("loo")
  d <- data.frame(id = rep(1:5, each = 3), y = c(0, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1))
  prior <- priors(fixed = list(`(Intercept)` = prior_normal(0, 2)), sd = prior_half_normal(1.5))
  fit_of <- \(d) fit_recovery(y ~ 1 + (1 | id), d, family = binomial(), method = method_bayes(prior))
  fit <- fit_of(d)
  out <- suppressWarnings(loo::loo(fit, draws = 4000, seed = 1))
  exact <- vapply(1:5, \(i) c(logLik(fit)) - c(logLik(fit_of(d[d$id != i, ]))), 0)
  # draws: a standard error of some hundredths each
  expect_lt(max(abs(out$pointwise[, "elpd_loo"] - exact)), 0.1)
})
