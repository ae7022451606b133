# Posteriors of families by lattices, standard deviations free, against brute force in plain R: helper-posterior-grid.R.
# Tolerances are those asked of the lattices (posterior standard deviations), twice for evidence and spread.

a_prior <- function(a, s) dnorm(a, 0, 1.5, TRUE) + log(2) + dnorm(s, 0, 1, TRUE)

own_priors <- function(...) {
  priors(fixed = list(`(Intercept)` = prior_normal(0, 1.5)), sd = prior_half_normal(1), ...)
}

a_at <- seq(-6, 6, 0.25)
s_at <- seq(0, 5, 0.25)
eta_at <- seq(-21, 21, 0.25)

test_that("counts of four patients", {
  d <- data.frame(id = rep(1:4, each = 2), y = c(0, 1, 3, 5, 1, 0, 2, 2))
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = poisson(), method = method_bayes(own_priors(), 1e-3))
  grid <- grid_of_intercepts(\(eta, par) by_patient(d$y, d$id, \(y) dpois(y, exp(eta), log = TRUE)),
    \(a, s, par) a_prior(a, s), eta_at, a_at, s_at, cbind(none = 0), 1)
  grid <- lapply(grid, \(v) v[seq_len(min(length(v), 2))])
  expect_grid(fit, grid, character(), 2e-3)
})

test_that("beta-binomial scores of four patients, the precision free", {
  d <- data.frame(id = rep(1:4, each = 2), y = c(3, 5, 8, 6, 1, 4, 9, 10))
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = beta_binomial(10),
    method = method_bayes(own_priors(dispersion = prior_half_normal(0.7)), 1e-2))
  at <- product_grid(w = seq(0, 4, 0.2), even = "w")
  grid <- grid_of_intercepts(\(eta, par) by_patient(d$y, d$id, \(y) log_points(y, 10, eta, par)),
    \(a, s, par) a_prior(a, s) + log(2) + dnorm(par, 0, 0.7, TRUE), eta_at, a_at, s_at, at$own, at$cell)
  expect_grid(fit, grid, "log_precision", 2e-2)
})

test_that("scores with floor and ceiling of three patients, the residual deviation free", {
  d <- data.frame(id = rep(1:3, each = 3), y = c(0, 4, 2, 10, 7, 10, 3, 5, 0))
  prior <- priors(fixed = list(`(Intercept)` = prior_normal(5, 4)), sd = prior_half_normal(3),
    sigma = prior_half_normal(4))
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = censored(0, 10), method = method_bayes(prior, 1e-2))
  at <- product_grid(sigma = exp(seq(log(0.4), log(16), length.out = 41)))
  at$cell <- at$own[, 1] * log(16 / 0.4) / 40 # equal steps of its logarithm; beyond them the density is below 1e-6
  score <- \(y, eta, sigma) {
    if (y == 0) return(pnorm(0, eta, sigma, log.p = TRUE))
    if (y == 10) return(pnorm(10, eta, sigma, lower.tail = FALSE, log.p = TRUE))
    dnorm(y, eta, sigma, log = TRUE)
  }
  grid <- grid_of_intercepts(\(eta, par) by_patient(d$y, d$id, \(y) score(y, eta, par)),
    \(a, s, par) dnorm(a, 5, 4, TRUE) + 2 * log(2) + dnorm(s, 0, 3, TRUE) + dnorm(par, 0, 4, TRUE),
    seq(-70, 80, 0.5), seq(-15, 25, 0.5), seq(0, 15, 0.5), at$own, at$cell)
  # sigma is told by its logarithm: its mean from the nodes
  rownames(fit$result$values)[rownames(fit$result$values) == "log_sigma"] <- "sigma"
  fit$result$values["sigma", ] <- exp(fit$result$values["sigma", ])
  expect_grid(fit, grid, "sigma", 2e-2)
})

test_that("three ordered levels of four patients: thresholds and the spread between patients", {
  d <- data.frame(id = rep(1:4, each = 2), g = ordered(c("A", "B", "A", "A", "C", "C", "A", "B"), c("A", "B", "C")))
  fit <- fit_recovery(g ~ 1 + (1 | id), d, family = cumulative(),
    method = method_bayes(priors(sd = prior_half_normal(1), thresholds = prior_normal(0, 2)), 1e-2))
  # the first threshold is minus the intercept of the grid, the second lies a distance exp(log_gap) above it
  at <- product_grid(log_gap = seq(-9, 3, 0.25))
  level <- \(y, eta, gap) {
    switch(y, plogis(-eta, log.p = TRUE), log(plogis(gap - eta) - plogis(-eta)),
      plogis(gap - eta, lower.tail = FALSE, log.p = TRUE))
  }
  prior <- \(a, s, par) {
    log(2) + dnorm(a, 0, 2, TRUE) + dnorm(exp(par) - a, 0, 2, TRUE) + par + log(2) + dnorm(s, 0, 1, TRUE)
  }
  grid <- grid_of_intercepts(\(eta, par) by_patient(as.integer(d$g), d$id, \(y) pmax(level(y, eta, exp(par)), -700)),
    prior, seq(-24, 24, 0.25), seq(-9, 9, 0.25), s_at, at$own, at$cell)
  cuts <- fit$result$values[fit$result$terms$effect == "family", ]
  fit$result$values <- rbind(`(Intercept)` = -cuts[1, ], log_gap = log(cuts[2, ] - cuts[1, ]),
    `sd__(Intercept)` = fit$result$values["sd__(Intercept)", ])
  expect_grid(fit, grid, "log_gap", 2e-2)
})

# Integral over two effects by a product Gauss-Hermite rule, Golub and Welsch (1969) by eigen().
hermite_rule <- function(n) {
  jacobi <- matrix(0, n, n)
  jacobi[cbind(1:(n - 1), 2:n)] <- jacobi[cbind(2:n, 1:(n - 1))] <- sqrt(seq_len(n - 1))
  at <- eigen(jacobi, symmetric = TRUE)
  list(node = at$values, weight = at$vectors[1, ]^2)
}

test_that("counts with correlated intercepts and slopes of three patients", {
  skip_on_cran()
  d <- data.frame(id = rep(1:3, each = 3), t = rep(0:2, 3), y = c(1, 2, 4, 3, 2, 2, 0, 1, 0))
  prior <- priors(fixed = list(`(Intercept)` = prior_normal(0, 1)), sd = prior_half_normal(0.6), cor = prior_lkj(2))
  fit <- fit_recovery(y ~ 1 + (t | id), d, family = poisson(), method = method_bayes(prior, 1e-2))
  rule <- hermite_rule(16)
  u <- expand.grid(u1 = rule$node, u2 = rule$node)
  weight <- as.vector(outer(rule$weight, rule$weight))
  a <- seq(-3, 3, 0.3)
  first <- second <- seq(0, 2.7, 0.3) # half-normal of scale 0.6: 4.5 of them
  # the likelihood is an analytic function of r, and LKJ(2) is 3 / 4 (1 - r^2)
  legendre <- local({
    k <- seq_len(7)
    at <- eigen({
      m <- matrix(0, 8, 8)
      m[cbind(k, k + 1)] <- m[cbind(k + 1, k)] <- k / sqrt(4 * k^2 - 1)
      m
    }, symmetric = TRUE)
    list(node = at$values, weight = 2 * at$vectors[1, ]^2)
  })
  totals <- tapply(d$y, d$id, sum)
  by_time <- tapply(d$y * d$t, d$id, sum)
  sums <- 0
  for (s1 in first) for (s2 in second) for (k in seq_along(legendre$node)) {
    r <- legendre$node[k]
    b0 <- s1 * u$u1
    b1 <- s2 * (r * u$u1 + sqrt(1 - r^2) * u$u2)
    # exp(sum y eta - sum exp(eta)) with eta = a + b0 + b1 t
    rate <- exp(b0) * (1 + exp(b1) + exp(2 * b1))
    log_l <- vapply(a, \(a) {
      sum(vapply(1:3, \(i) log(sum(weight * exp(totals[i] * (a + b0) + by_time[i] * b1 - exp(a) * rate))), 0))
    }, 0)
    half <- (if (s1 == 0) 0.5 else 1) * (if (s2 == 0) 0.5 else 1)
    mass <- exp(log_l + dnorm(a, 0, 1, TRUE)) * dnorm(s1, 0, 0.6) * dnorm(s2, 0, 0.6) * 4 * 0.3^3 * half *
      legendre$weight[k] * 0.75 * (1 - r^2)
    sums <- sums + c(sum(mass), sum(a * mass), sum(a^2 * mass), c(s1^2, s1^4, s2^2, s2^4, r, r^2) * sum(mass))
  }
  expect_identical(fit$result$engine, "exact")
  grid_mean <- sums[c(2, 4, 6, 8)] / sums[1]
  grid_sd <- sqrt(sums[c(3, 5, 7, 9)] / sums[1] - grid_mean^2)
  values <- fit$result$values
  values[2:3, ] <- values[2:3, ]^2
  mean <- drop(values %*% fit$result$weight)
  expect_identical(names(mean), c("(Intercept)", "sd__(Intercept)", "sd__t", "cor__(Intercept).t"))
  expect_lt(max(abs(mean - grid_mean) / grid_sd), 2e-2)
  expect_lt(max(abs(sqrt(drop(values^2 %*% fit$result$weight) - mean^2) / grid_sd - 1)), 2e-2)
  expect_lt(abs(c(logLik(fit)) - log(sums[1]) + sum(lgamma(d$y + 1))), attr(logLik(fit), "num.error") + 2e-2)
})
