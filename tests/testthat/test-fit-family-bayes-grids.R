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
