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

test_that("each score's density is the difference of two exact log evidences", {
  skip_if_not_installed("loo")
  fit <- proper_fit()
  found <- suppressWarnings(loo::loo(fit, draws = 4000, seed = 1, by = "observation"))
  expect_identical(nrow(found$pointwise), nobs(fit))
  rows <- c(2, 7, 20)
  exact <- vapply(rows, \(i) c(logLik(fit)) - c(logLik(proper_fit(small_trial()[-i, ]))), 0)
  expect_true(all(found$diagnostics$pareto_k[rows] < 0.7))
  expect_true(all(abs(found$pointwise[rows, "elpd_loo"] - exact) < 6 * found$pointwise[rows, "mcse_elpd_loo"]))
})

test_that("a score given the others has the conditional normal density, rows in the order of the data", {
  v <- matrix(c(4, 1, 2, 1, 3, 0.5, 2, 0.5, 5), 3)
  r <- c(1, -2, 0.5)
  by_hand <- vapply(1:3, \(j) {
    w <- solve(v[-j, -j], v[-j, j])
    dnorm(r[j], sum(w * r[-j]), sqrt(v[j, j] - sum(w * v[-j, j])), log = TRUE)
  }, 0)
  expect_equal(normal_left_out(r, v), by_hand)
  shuffled <- small_trial()[c(11, 2, 16, 7, 1, 20, 5, 12, 3, 4, 6, 8, 9, 10, 13:15, 17:19), ]
  draw <- cbind(b_Intercept = 2, b_week = 0.1, 3, 1.5)
  each <- \(data) {
    fit <- proper_fit(data)
    block_log_density(fit, block_of_rows(fit$design), draw, normal_left_out)[1, ]
  }
  expect_equal(each(shuffled), each(small_trial())[as.integer(rownames(shuffled))])
})

test_that("scores of a family are left out one by one, and draws of chains count for what they are worth", {
  skip_if_not_installed("loo")
  d <- data.frame(id = c(rep(1:4, each = 3), 5), y = c(3, 4, 1, 1, 2, 1, 0, 1, 0, 5, 4, 6, 2))
  prior <- priors(fixed = list(`(Intercept)` = prior_normal(0, 2)), sd = prior_half_normal(1.5))
  fit_of <- \(d, ...) fit_recovery(y ~ 1 + (1 | id), d, family = poisson(), method = method_bayes(prior, ...))
  fit <- fit_of(d)
  out <- suppressWarnings(loo::loo(fit, draws = 4000, seed = 1, by = "observation"))
  rows <- c(1, 8, 13)
  exact <- vapply(rows, \(i) c(logLik(fit)) - c(logLik(fit_of(d[-i, ]))), 0)
  expect_lt(max(abs(out$pointwise[rows, "elpd_loo"] - exact)), 0.05)
  drawn <- fit_of(d, engine = "nuts", seed = 3, draws = 500, warmup = 500)
  sampled <- suppressWarnings(loo::loo(drawn, by = "observation"))
  expect_lt(max(abs(sampled$pointwise[rows, "elpd_loo"] - exact)), 0.2)
  chains <- suppressWarnings(loo::loo(fit_recovery(score ~ week + (1 | subject), small_trial(), method = method_bayes(
    proper_priors(), engine = "nuts", seed = 3, draws = 300, warmup = 500))))
  expect_identical(dim(chains), c(1200L, 4L))
  # autocorrelated draws: the sizes of the weighted samples are those of loo with its own relative_eff()
  slow <- matrix(stats::filter(sin(1:400 * 1.7)^3, 0.9, "recursive"), 400, 2) / 5 + rep(c(-1, -2), each = 400)
  post <- list(engine = "nuts", plan = list(chains = 2, draws = 200))
  eff <- loo::relative_eff(exp(slow), chain_id = rep(1:2, each = 200))
  expect_equal(suppressWarnings(loo_of(slow, post))$diagnostics$n_eff,
    suppressWarnings(loo::loo(slow, r_eff = eff))$diagnostics$n_eff)
})
