# The hurdle by Bayes against brute force in plain R: helper-posterior-grid.R.

few_gains <- function() data.frame(id = rep(1:4, each = 3), y = c(0, 2, 5, 0, 0, 1, 6, 3, 0, 0, 4, 7))

gain_priors <- function(dispersion = prior_fixed(0.5), ...) {
  priors(fixed = list(`(Intercept)` = prior_normal(0, 1.5)), sd = prior_half_normal(1), dispersion = dispersion, ...)
}

# par: w, intercept of the change, its slope
few_log_lik <- function(d) {
  \(eta, par) {
    logit <- par[2] + par[3] * eta
    by_patient(d$y, d$id, \(y) {
      if (y == 0) return(plogis(logit, lower.tail = FALSE, log.p = TRUE))
      plogis(logit, log.p = TRUE) + log_points(y - 1, 9, eta, par[1])
    })
  }
}

base_prior <- function(a, s) dnorm(a, 0, 1.5, TRUE) + log(2) + dnorm(s, 0, 1, TRUE)

a_grid <- seq(-5, 5, 0.25)
s_grid <- seq(0, 5, 0.25)
eta_grid <- seq(-20, 20, 0.25)

test_that("one probability of a change: evidence and moments of a grid, with the prior that is the default", {
  skip_on_cran() # long
  d <- few_gains()
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = hurdle(10), method = method_bayes(gain_priors(), 1e-3))
  at <- product_grid(w = c(0.5, 1.5), logit = seq(-12, 12, 0.25))
  keep <- at$own[, 1] == 0.5 # known
  lik <- few_log_lik(d)
  grid <- grid_of_intercepts(\(eta, par) lik(eta, c(par, 0)),
    \(a, s, par) base_prior(a, s) + dt(par[2] / 1.55, 7, log = TRUE) - log(1.55),
    eta_grid, a_grid, s_grid, at$own[keep, ], at$cell[keep])
  grid$mean <- grid$mean[-3]
  grid$sd <- grid$sd[-3]
  # cut at 5 prior standard deviations of s and at 12 of a logit: below 1e-5
  expect_grid(fit, grid, "change_intercept", 2e-3)
  # it stands apart from the rest: a one-dimensional integral by integrate()
  density <- \(q) plogis(q)^7 * plogis(-q)^5 * dt(q / 1.55, 7)
  apart <- \(power) integrate(\(q) q^power * density(q), -20, 20, rel.tol = 1e-9)$value
  expect_lt(abs(tidy(fit, "family")$estimate[2] - apart(1) / apart(0)), 2e-3)
  table <- tidy(fit)
  expect_identical(table$term, c("(Intercept)", "log_precision", "change_intercept", "sd__(Intercept)"))
  expect_equal(table$estimate[2], log(4))
  expect_true(all(table$num.error < 1e-2))
})

test_that("a change that goes with its size: four parameters by lattices, five by the sampler", {
  skip_on_cran()
  d <- few_gains()
  lik <- few_log_lik(d)
  change <- list(intercept = prior_normal(0.5, 1), slope = prior_t(5, 0.5, 0.7))
  prior <- \(a, s, par) {
    base_prior(a, s) + dnorm(par[2], 0.5, 1, TRUE) + dt((par[3] - 0.5) / 0.7, 5, log = TRUE) - log(0.7)
  }
  at <- product_grid(w = c(0.5, 1.5), logit = seq(-4, 5, 0.25), slope = seq(-5.5, 6.5, 0.25))
  keep <- at$own[, 1] == 0.5
  grid <- grid_of_intercepts(lik, prior, eta_grid, a_grid, s_grid, at$own[keep, ], at$cell[keep])
  grid$mean <- grid$mean[-3]
  grid$sd <- grid$sd[-3]
  shared <- hurdle(10, change = "shared")
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = shared, method = method_bayes(gain_priors(change = change)))
  expect_grid(fit, grid, c("change_intercept", "change_slope"), 1e-2)
  at <- product_grid(w = seq(0, 3.5, 0.25), logit = seq(-4, 5, 0.5), slope = seq(-4.5, 5.5, 0.5), even = "w")
  free <- grid_of_intercepts(lik, \(a, s, par) prior(a, s, par) + log(2) + dnorm(par[1], 0, 0.6, TRUE),
    eta_grid, a_grid, s_grid, at$own, at$cell)
  drawn <- fit_recovery(y ~ 1 + (1 | id), d, family = shared, method = method_bayes(engine = "nuts", seed = 7,
    prior = gain_priors(prior_half_normal(0.6), change = change)))
  own <- c("log_precision", "change_intercept", "change_slope")
  found <- node_moments(drawn, own)
  expect_true(all(abs(found$mean - free$mean) < 4 * free$sd / sqrt(min(drawn$result$ess_bulk))))
  expect_lt(max(drawn$result$rhat), 1.01)
  expect_equal(sum(drawn$result$divergences), 0)
})

test_that("the print states the priors, draws have names, log likelihoods add up", {
  skip_on_cran() # long
  d <- few_gains()
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = hurdle(10, change = "shared"), method = method_bayes(seed = 3,
    engine = "nuts", draws = 250, warmup = 250))
  expect_output(print(fit), paste0("family hurdle.*1 / sqrt\\(precision\\): half_normal.*change_intercept: .*t.*",
    "change_slope: .*normal"))
  skip_if_not_installed("posterior")
  draws <- posterior::as_draws(fit)
  expect_identical(posterior::variables(draws),
    c("b_Intercept", "log_precision", "change_intercept", "change_slope", "sd_id__Intercept"))
  log_lik <- core_family_log_likelihood(fit$result$problem, fit$result$points[, 1:2], fit$result$nodes)
  expect_identical(dim(log_lik), c(2L, 4L))
  par <- fit$result$values[, 1]
  # one patient's by integrate(): quadrature nodes settled to 1e-6
  own <- c(exp(-par[["log_precision"]] / 2), par[["change_intercept"]], par[["change_slope"]])
  one <- integrate(\(u) dnorm(u) * exp(few_log_lik(d)(par[[1]] + par[["sd__(Intercept)"]] * u, own)[, 3]), -9, 9,
    rel.tol = 1e-9)$value
  expect_equal(log_lik[1, 3], log(one), tolerance = 1e-5)
})

test_that("effects and intervals are there; scores without variation between patients too", {
  d <- few_gains()
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = hurdle(10), method = method_bayes(gain_priors()))
  effects <- ranef(fit)$id
  expect_identical(dim(effects), c(4L, 1L))
  # patient 3 gained most where he gained, patient 2 least
  expect_gt(effects["3", 1], effects["2", 1])
  limits <- confint(fit)
  expect_true(all(limits[, 1] <= limits[, 2]))
  # the share of changes, 7 of 12, by quadrature of its one dimension
  density <- \(q) plogis(q)^7 * plogis(-q)^5 * dt(q / 1.55, 7)
  total <- integrate(density, -20, 20, rel.tol = 1e-9)$value
  expect_equal(integrate(density, -20, limits["change_intercept", 1])$value / total, 0.025, tolerance = 2e-2)
})

test_that("priors of a change are checked, and refused where there is none", {
  expect_error(priors(change = prior_normal(0, 1)), "intercept", class = "cordgain_invalid_input")
  expect_error(priors(change = list(week = prior_normal(0, 1))), "other names", class = "cordgain_invalid_input")
  expect_error(priors(change = list(slope = prior_half_normal(1))), "prior_normal", class = "cordgain_invalid_input")
  expect_output(print(priors(change = list(slope = prior_normal(0, 2)))), "slope of change")
  d <- few_gains()
  slope <- priors(change = list(slope = prior_normal(0, 2)))
  expect_error(fit_recovery(y ~ 1 + (1 | id), d, family = hurdle(10), method = method_bayes(slope)), "have not",
    class = "cordgain_invalid_input")
  expect_error(fit_recovery(y ~ 1 + (1 | id), d, family = poisson(), method = method_bayes(slope)), "have not",
    class = "cordgain_invalid_input")
})
