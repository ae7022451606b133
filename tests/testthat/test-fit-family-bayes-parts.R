# Random effects given the scores, by closed forms and by the core's own integrals.

slopes <- data.frame(id = rep(1:4, each = 4), week = rep(c(0, 1, 3, 6), 4),
  y = c(3, 5, 6, 9, 2, 2, 5, 4, 6, 9, 10, 14, 4, 4, 7, 7))

slope_fit <- function(formula = y ~ week + (week || id), family = censored()) {
  known <- priors(fixed = list(`(Intercept)` = prior_normal(4, 2), week = prior_normal(1, 1)), sd = prior_fixed(0.8),
    sigma = prior_half_normal(1))
  fit_recovery(formula, slopes, family = family, method = method_bayes(known))
}

given <- function(fit, k, known) {
  grid <- effects_grid(sum(fit$result$problem$block))
  data <- known_rows(fit, known, nrow(grid$place))
  c(effects_given(fit, node_parameters(fit, k), data, grid), list(grid = grid))
}

test_that("without floor and ceiling two effects have the normal distribution that has a formula", {
  fit <- slope_fit()
  k <- which.max(fit$result$weight)
  at <- node_parameters(fit, k)
  effects <- given(fit, k, c(2, 4))
  z <- cbind(1, c(0, 1, 3, 6))
  precision <- diag(2) / 0.64 + crossprod(z) / exp(2 * at$extra)
  for (i in 1:2) {
    y <- slopes$y[slopes$id == c(2, 4)[i]]
    mean <- solve(precision, crossprod(z, y - z %*% at$beta)) / exp(2 * at$extra)
    w <- effects$weight[i, ]
    b <- cbind(effects$b[[1]][i, ], effects$b[[2]][i, ])
    expect_equal(colSums(w * b), drop(mean), tolerance = 1e-6)
    expect_equal(cov.wt(b, w, method = "ML")$cov, solve(precision), tolerance = 1e-6, ignore_attr = TRUE)
  }
})

test_that("grids of one effect integrate each family's density as integrate() does", {
  skip_on_cran() # long
  counts <- transform(slopes, n = c(0, pmin(y, 9)[-1]))
  for (family in list(poisson(), beta_binomial(10), hurdle(10), censored(2, 9), binomial())) {
    counts$score <- if (is.null(family$name) && family$family == "binomial") as.double(counts$n > 4) else
      if (identical(family, censored(2, 9))) pmax(counts$n, 2) else counts$n
    fit <- fit_recovery(score ~ 1 + (1 | id), counts, family = family, method = method_bayes(seed = 1))
    post <- fit$result
    at <- node_parameters(fit, which.max(post$weight))
    effects <- given(fit, at$node, 1:4)
    sd <- sqrt(at$covariances[[1]][1])
    for (i in 1:4) {
      score <- post$problem$family$score[counts$id == i, , drop = FALSE]
      each <- \(b) vapply(b, \(b) exp(sum(score_density(post$family, score, rep(at$beta + b, 4), at$extra))), 0)
      end <- effects$mean[i, 1] + c(-9, 9) * effects$roots[[i]][1]
      exact <- integrate(\(b) each(b) * dnorm(b, 0, sd), end[1], end[2], rel.tol = 1e-10, abs.tol = 0)$value
      moment <- integrate(\(b) b * each(b) * dnorm(b, 0, sd) / exact, end[1], end[2], rel.tol = 1e-10)$value
      b <- effects$b[[1]][i, ]
      expect_equal(sum(each(b) * dnorm(b, 0, sd)) * diff(b)[1], exact, tolerance = 1e-7)
      expect_equal(sum(effects$weight[i, ] * b), moment, tolerance = 1e-6)
    }
  }
})

test_that("effects that are not known are spread as the normal distribution they have", {
  part <- spread_unknown(list(eta = cbind(c(1, -1)), inner = matrix(1, 2, 1)), c(0.5, 2), 1)
  expect_equal(rowSums(part$inner), c(1, 1))
  expect_equal(rowSums(part$inner * part$eta), c(1, -1))
  expect_equal(rowSums(part$inner * part$eta^2), c(1.25, 5))
  exact <- integrate(\(u) plogis(-1 + 2 * u) * dnorm(u), -Inf, Inf, rel.tol = 1e-10)$value
  expect_equal(sum(part$inner[2, ] * plogis(part$eta[2, ])), exact, tolerance = 1e-7)
  same <- list(eta = 1)
  expect_identical(spread_unknown(same, 0, 1), same)
})

test_that("nodes without weight go first, then even steps are taken", {
  weight <- c(1e-9, 0.3, 0.2, 0.5, 1e-9)
  expect_identical(carrying_nodes(weight, 10)$node, 2:4)
  many <- carrying_nodes(rep(1, 1000), 100)
  expect_length(many$node, 100)
  expect_equal(mean(many$node), 500.5, tolerance = 0.01)
})

test_that("effects that are tied, or of one value, have a covariance in units of their deviations", {
  d <- matrix(c(4, 3, 3, 9), 2)
  expect_equal(scaled_blocks(list(d, matrix(0)), c(2, 3, 0)), rbind(c(1, 0.5, 0), c(0.5, 1, 0), c(0, 0, 1)))
  a <- matrix(c(2, 1, 1, 3), 2)
  b <- list(matrix(1:4, 2), matrix(4:1, 2))
  expect_equal(quadratic_form(b, a)[2, 1], drop(c(2, 3) %*% a %*% c(2, 3)))
})
