# Normal scores by the sampler: against the lattices where these reach, against importance sampling in plain R above.

few_scores <- function() {
  data.frame(id = rep(1:4, each = 4), week = rep(0:3, 4),
    y = c(3, 6, 9, 14, 2, 3, 3, 5, 6, 8, 13, 15, 1, 1, 4, 3))
}

score_priors <- function(...) {
  priors(fixed = list(`(Intercept)` = prior_normal(5, 5), week = prior_normal(0, 4)), sd = prior_half_normal(3),
    sigma = prior_half_normal(2), ...)
}

drawn <- function(formula, d, ..., draws = 1000, prior = score_priors()) {
  fit_recovery(formula, d, method = method_bayes(prior, engine = "nuts", seed = 11, draws = draws, ...))
}

test_that("where lattices reach, the sampler agrees with them within four Monte Carlo standard errors", {
  skip_on_cran() # long
  d <- few_scores()
  for (formula in list(y ~ week + (1 | id), y ~ week + (week | id))) {
    exact <- fit_recovery(formula, d, method = method_bayes(score_priors()))
    fit <- drawn(formula, d)
    expect_identical(exact$result$engine, "exact")
    expect_identical(fit$result$engine, "nuts")
    for (part in c("coefficients", "hyper")) {
      a <- exact$result[[part]]
      b <- fit$result[[part]]
      expect_true(all(abs(a$mean - b$mean) <= 4 * b$mcse + a$error))
      expect_true(all(abs(a$sd - b$sd) <= 4 / 3 * b$error + a$error)) # error: three standard errors
    }
    table <- tidy(fit)
    limits <- tidy(exact)[c("conf.low", "conf.high")]
    expect_true(all(abs(table[c("conf.low", "conf.high")] - limits) <= 4 / 3 * table$num.error + 1e-3))
    expect_lt(max(table$rhat), 1.01)
    expect_gt(min(table$ess.bulk), 400)
    expect_lte(sum(fit$result$divergences), 4)
    effects <- ranef(exact)$id
    expect_lt(max(abs(ranef(fit)$id - effects) / attr(effects, "sd")), 0.15)
  }
})

test_that("seven variance parameters: the sampler takes over, and importance sampling in plain R agrees", {
  skip_on_cran()
  d <- transform(few_scores(), site = rep(c("a", "a", "b", "b"), each = 4))
  prior <- score_priors(cor = prior_lkj(2))
  fit <- fit_recovery(y ~ week + (week | id) + (week | site), d, method = method_bayes(prior, seed = 2))
  expect_identical(fit$result$engine, "nuts")
  expect_match(fit$result$why, "six|6 variance")
  withr::local_seed(5)
  n <- 60000
  draws <- cbind(matrix(abs(rnorm(4 * n, 0, 3)), n), abs(rnorm(n, 0, 2)), matrix(2 * rbeta(2 * n, 2, 2) - 1, n))
  x <- cbind(1, d$week)
  same <- \(g) outer(g, g, "==")
  base <- x %*% diag(c(25, 16)) %*% t(x)
  one <- matrix(1, 16, 16)
  time <- outer(d$week, rep(1, 16))
  part <- \(g) list(same(g), same(g) * (time + t(time)), same(g) * outer(d$week, d$week))
  id <- part(d$id)
  site <- part(d$site)
  r <- d$y - 5
  log_w <- apply(draws, 1L, \(p) {
    # lines of four patients leave squares of more than 1: exp(-1 / 2e-6) is zero
    if (p[5] < 1e-3) return(-Inf)
    v <- base + p[1]^2 * id[[1]] + p[1] * p[2] * p[6] * id[[2]] + p[2]^2 * id[[3]] + p[3]^2 * site[[1]] +
      p[3] * p[4] * p[7] * site[[2]] + p[4]^2 * site[[3]] + diag(p[5]^2, 16)
    u <- chol(v)
    -sum(log(diag(u))) - sum(backsolve(u, r, transpose = TRUE)^2) / 2
  })
  w <- exp(log_w - max(log_w))
  w <- w / sum(w)
  mean <- drop(w %*% draws)
  error <- sqrt(drop(w^2 %*% sweep(draws, 2L, mean)^2)) # of a ratio of sums
  expect_gt(1 / sum(w^2), 200)
  names <- paste(fit$result$terms$group, fit$result$terms$name)
  at <- match(c("id sd__(Intercept)", "id sd__week", "site sd__(Intercept)", "site sd__week",
    "Residual sd__Observation", "id cor__(Intercept).week", "site cor__(Intercept).week"), names)
  found <- fit$result$hyper
  expect_true(all(abs(found$mean[at] - mean) < 4 * sqrt(error^2 + found$mcse[at]^2)))
  expect_lt(max(fit$result$rhat, na.rm = TRUE), 1.01)
})

test_that("the print names the sampler and its checks; draws come chain by chain; there is no evidence", {
  fit <- drawn(y ~ week + (1 | id), few_scores(), draws = 500)
  expect_output(print(fit), "no-U-turn sampler.*Priors.*4 chains of 500 draws.*R-hat at most.*divergent")
  expect_true(is.na(logLik(fit)))
  expect_identical(drawn(y ~ week + (1 | id), few_scores(), draws = 500)$result$values, fit$result$values)
  expect_identical(summary(fit), tidy(fit))
  expect_identical(nrow(tidy(fit, effects = "ran_vals")), 4L)
  expect_equal(sqrt(diag(vcov(fit))), fit$result$coefficients$sd, tolerance = 1e-10)
  skip_if_not_installed("posterior")
  draws <- posterior::as_draws(fit, seed = 1)
  expect_identical(dim(draws), c(500L, 4L, 4L))
  expect_identical(posterior::variables(draws), c("b_Intercept", "b_week", "sd_id__Intercept", "sigma"))
  # coefficients are drawn once for each of 2,000 draws
  own <- apply(draws, 3L, mean)[1:2]
  expect_true(all(abs(own - fixef(fit)) < 5 * fit$result$coefficients$sd / sqrt(1000)))
  expect_identical(nrow(posterior_draws(fit, 300, 1)), 300L)
})

test_that("standard deviations given as known: nothing to sample is integrated, some known do not move", {
  d <- few_scores()
  all_known <- priors(sd = prior_fixed(2), sigma = prior_fixed(1))
  expect_identical(drawn(y ~ week + (1 | id), d, prior = all_known)$result$engine, "exact")
  fit <- drawn(y ~ week + (1 | id), d, draws = 200, prior = priors(sd = prior_fixed(2), sigma = prior_half_normal(2)))
  row <- tidy(fit, effects = "ran_pars")[1, ]
  expect_identical(c(row$estimate, row$std.error, row$num.error), c(2, 0, 0))
})

test_that("t and mixture priors of coefficients: normal parts are drawn by their weights", {
  d <- few_scores()
  prior <- priors(fixed = list(`(Intercept)` = prior_t(4, 5, 4),
    week = prior_mixture(c(0.5, 0.5), prior_normal(0, 0.5), prior_normal(3, 2))), sd = prior_half_normal(3),
  sigma = prior_half_normal(2))
  exact <- fit_recovery(y ~ week + (1 | id), d, method = method_bayes(prior))
  fit <- drawn(y ~ week + (1 | id), d, prior = prior)
  a <- exact$result$coefficients
  b <- fit$result$coefficients
  expect_true(all(abs(a$mean - b$mean) <= 4 * b$mcse + a$error))
  expect_true(all(abs(a$sd - b$sd) <= 4 / 3 * b$error + a$error))
})

test_that("a Monte Carlo error of a mixture's quantile is that of independent draws where they are independent", {
  withr::local_seed(3)
  mean <- rnorm(4000)
  error <- mixture_quantile_error(0, mean, rep(1, 4000), 4)
  # variance of Phi(z), z normal: P(two correlated normals below 0) - 1/4 = asin(1/2) / (2 pi) = 1/12;
  # the density is that of N(0, 2)
  expect_equal(error / 3, sqrt(1 / 12 / 4000) / dnorm(0, 0, sqrt(2)), tolerance = 0.1)
})
