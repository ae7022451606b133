# Posteriors with a correlation over visits, or the kappa of plateau(), against brute force in plain R: dense matrices
# on a dense grid of every parameter that is not linear.

outer_trial <- function() {
  withr::local_seed(2) # simulated
  trial <- expand.grid(week = c(0, 4, 12, 26), subject = factor(1:4))
  trial$visit <- factor(trial$week)
  trial$score <- round(8 + rnorm(4, 0, 3)[trial$subject] + 10 * (1 - exp(-trial$week / 9)) + rnorm(16, 0, 2))
  trial
}

outer_priors <- function(...) {
  priors(fixed = list(`(Intercept)` = prior_normal(10, 10)), sd = prior_half_normal(4),
    sigma = prior_half_normal(4), ...)
}

# Log density of the scores with coefficients N(m, diag(s^2)), and their posterior: by the dense covariance of all rows.
dense_point <- function(y, x, v, m, s) {
  all <- v + x %*% (s^2 * t(x))
  root <- chol(all)
  away <- backsolve(root, y - drop(x %*% m), transpose = TRUE)
  cross <- backsolve(root, x %*% diag(s^2, length(s)), transpose = TRUE)
  list(log = -sum(log(diag(root))) - length(y) / 2 * log(2 * pi) - sum(away^2) / 2,
    mean = m + drop(crossprod(cross, away)), variance = s^2 - colSums(cross^2))
}

# Means and standard deviations of coefficients and parameters over a grid, and the log evidence; `grid` has a column
# for each parameter, `log_weight` what each point weighs by the prior and the rule.
dense_posterior <- function(grid, log_weight, at) {
  points <- lapply(seq_len(nrow(grid)), \(i) at(unlist(grid[i, ])))
  height <- log_weight + vapply(points, `[[`, 0, "log")
  weight <- exp(height - max(height))
  total <- sum(weight)
  weight <- weight / total
  mean <- rbind(vapply(points, `[[`, points[[1]]$mean, "mean"), t(grid))
  variance <- rbind(vapply(points, `[[`, points[[1]]$variance, "variance"), 0 * t(grid))
  middle <- drop(mean %*% weight)
  list(mean = middle, sd = sqrt(drop((variance + (mean - middle)^2) %*% weight)), evidence = max(height) + log(total))
}

expect_posterior <- function(fit, expected, further = 1e-5) {
  table <- tidy(fit)
  error <- table$num.error + further * expected$sd
  expect_lt(max(abs(table$estimate - expected$mean) / error), 1)
  expect_lt(max(abs(table$std.error - expected$sd) / error), 1)
  evidence <- logLik(fit)
  expect_lt(abs(c(evidence) - expected$evidence), attr(evidence, "num.error") + further)
}

log_half_normal <- function(x, scale) log(2) + dnorm(x, 0, scale, log = TRUE)

test_that("ar1() beside a random intercept: the posterior of dense matrices on a grid of tau, sigma and rho", {
  skip_on_cran() # thousands of dense matrices
  trial <- outer_trial()
  prior <- outer_priors(rho = prior_uniform(-0.5, 0.9))
  prior$fixed$week <- prior_normal(0, 1)
  fit <- fit_recovery(score ~ week + (1 | subject) + ar1(visit | subject), trial, method = method_bayes(prior))
  x <- cbind(1, trial$week)
  same <- outer(trial$subject, trial$subject, `==`)
  lag <- abs(outer(as.integer(trial$visit), as.integer(trial$visit), `-`))
  tau <- gl_panels(c(0, 2, 5, 10, 18), gauss_legendre(5))
  sigma <- gl_panels(c(0.5, 2, 3.5, 6, 10, 18), gauss_legendre(6))
  rho <- gl_panels(c(-0.5, 0.2, 0.9), gauss_legendre(7))
  grid <- expand.grid(tau = tau$x, sigma = sigma$x, rho = rho$x)
  log_weight <- log(c(outer(outer(tau$w, sigma$w), rho$w))) + log_half_normal(grid$tau, 4) +
    log_half_normal(grid$sigma, 4) - log(1.4)
  expected <- dense_posterior(grid, log_weight, \(p) {
    dense_point(trial$score, x, same * (p[["tau"]]^2 + p[["sigma"]]^2 * p[["rho"]]^lag), c(10, 0), c(10, 1))
  })
  expect_posterior(fit, expected, 5e-5) # panels of one node more move the grid's answer by less
})

test_that("plateau(): the posterior of dense matrices on a grid of sigma and kappa", {
  skip_on_cran() # thousands of dense matrices
  trial <- outer_trial()
  prior <- outer_priors(kappa = prior_gamma(3, 0.3))
  prior$fixed$`plateau(week)` <- prior_normal(0, 20)
  fit <- fit_recovery(score ~ plateau(week), trial, method = method_bayes(prior))
  sigma <- gl_panels(c(1, 2.5, 4, 6, 9, 14), gauss_legendre(8))
  kappa <- gl_panels(c(0, 1, 3, 6, 10, 16, 26, 45, 90), gauss_legendre(10))
  grid <- expand.grid(sigma = sigma$x, kappa = kappa$x)
  log_weight <- log(c(outer(sigma$w, kappa$w))) + log_half_normal(grid$sigma, 4) +
    dgamma(grid$kappa, 3, 0.3, log = TRUE)
  expected <- dense_posterior(grid, log_weight, \(p) {
    x <- cbind(1, 1 - exp(-trial$week / p[["kappa"]]))
    dense_point(trial$score, x, diag(p[["sigma"]]^2, 16), c(10, 0), c(10, 20))
  })
  expect_posterior(fit, expected)
})

test_that("cs() and sp_exp() with weights: the posterior of dense matrices on a grid", {
  skip_on_cran() # thousands of dense matrices
  trial <- outer_trial()[-c(3, 14), ]
  trial$w <- rep(c(1, 2), 7)
  prior <- outer_priors()
  same <- outer(trial$subject, trial$subject, `==`)
  scale <- outer(sqrt(trial$w), sqrt(trial$w))
  x <- cbind(rep(1, 14))
  sigma <- gl_panels(c(1, 3, 5, 7.5, 12, 20), gauss_legendre(8))
  lkj <- gl_panels(c(-1 / 3, 0, 0.4, 0.8, 1), gauss_legendre(10))
  grid <- expand.grid(sigma = sigma$x, rho = lkj$x)
  log_weight <- log(c(outer(sigma$w, lkj$w))) + log_half_normal(grid$sigma, 4) + log(1 - grid$rho^2) -
    log(integrate(\(r) 1 - r^2, -1 / 3, 1)$value)
  expected <- dense_posterior(grid, log_weight, \(p) {
    dense_point(trial$score, x, p[["sigma"]]^2 * same * ifelse(diag(14) == 1, 1, p[["rho"]]) / scale, 10, 10)
  })
  fit <- fit_recovery(score ~ 1 + cs(visit | subject), trial, weights = w, method = method_bayes(prior))
  expect_posterior(fit, expected)

  apart <- abs(outer(trial$week, trial$week, `-`))
  range <- gl_panels(c(0, 2, 5, 10, 20, 40, 80), gauss_legendre(10))
  grid <- expand.grid(sigma = sigma$x, range = range$x)
  log_weight <- log(c(outer(sigma$w, range$w))) + log_half_normal(grid$sigma, 4) +
    dgamma(grid$range, 2, 8 / 26, log = TRUE) # the default: mean a quarter of 26 weeks
  expected <- dense_posterior(grid, log_weight, \(p) {
    dense_point(trial$score, x, p[["sigma"]]^2 * same * exp(-apart / p[["range"]]) / scale, 10, 10)
  })
  fit <- fit_recovery(score ~ 1 + sp_exp(week | subject), trial, weights = w, method = method_bayes(prior))
  expect_posterior(fit, expected)
})

test_that("a correlation known to be zero, or nearly so, leaves the fit with independent residuals", {
  trial <- outer_trial()
  plain <- fit_recovery(score ~ week + (1 | subject), trial, method = method_bayes(outer_priors()))
  zero <- fit_recovery(score ~ week + (1 | subject) + ar1(visit | subject), trial,
    method = method_bayes(outer_priors(rho = prior_fixed(0))))
  expect_equal(fixef(zero), fixef(plain), tolerance = 1e-9)
  a <- tidy(zero)[1:4, ]
  b <- tidy(plain)
  expect_equal(a$std.error, b$std.error, tolerance = 1e-8)
  for (end in c("conf.low", "conf.high")) expect_lt(max(abs(a[[end]] - b[[end]]) / (a$num.error + b$num.error)), 1)
  expect_equal(c(logLik(zero)), c(logLik(plain)), tolerance = 1e-9)
  near <- fit_recovery(score ~ week + (1 | subject) + ar1(visit | subject), trial,
    method = method_bayes(outer_priors(rho = prior_uniform(-1e-4, 1e-4))))
  expect_equal(c(logLik(near)), c(logLik(plain)), tolerance = 1e-4)
  expect_equal(tidy(near)$conf.high[1:4], tidy(plain)$conf.high, tolerance = 1e-3)
})

test_that("of many patients the posterior of ar1() lies at the REML estimates", {
  skip_on_cran() # 1000 rows
  withr::local_seed(8) # simulated
  trial <- expand.grid(visit = factor(1:5), subject = factor(1:200))
  noise <- apply(matrix(rnorm(1000), 5), 2, \(z) drop(t(chol(0.6^abs(outer(1:5, 1:5, `-`)))) %*% z))
  trial$score <- 4 + as.integer(trial$visit) + 2 * c(noise)
  fit <- fit_recovery(score ~ as.integer(visit) + ar1(visit | subject), trial, method = "bayes")
  reml <- fit_recovery(score ~ as.integer(visit) + ar1(visit | subject), trial)
  table <- tidy(fit)
  residual <- VarCorr(reml)$Residual
  expected <- c(fixef(reml), attr(residual, "stddev")[1], attr(residual, "correlation")[1, 2])
  expect_lt(max(abs(table$estimate - expected) / table$std.error), 0.1) # default priors and skewness
  expect_equal(unname(sqrt(diag(vcov(fit)))), unname(sqrt(diag(vcov(reml)))), tolerance = 0.02)
  expect_equal(attr(VarCorr(fit)$Residual, "correlation")[1, 3], expected[[4]]^2, tolerance = 0.02)
})

test_that("kappa and a correlation at once, within their stated error of a smaller tolerance", {
  skip_on_cran() # hundreds of posteriors
  trial <- outer_trial()
  at <- \(tolerance) fit_recovery(score ~ plateau(week) + ar1(visit | subject), trial,
    method = method_bayes(outer_priors(), tolerance = tolerance))
  few <- tidy(at(NULL))
  many <- tidy(at(1e-5))
  for (part in c("estimate", "std.error", "conf.low", "conf.high")) {
    expect_lt(max(abs(few[[part]] - many[[part]]) / (few$num.error + many$num.error)), 1)
  }
  expect_lt(max(few$num.error / few$std.error), 0.02)
})

test_that("the sampler, too many parameters and posteriors out of reach are refused", {
  trial <- outer_trial()
  expect_error(fit_recovery(score ~ ar1(visit | subject), trial, method = method_bayes(engine = "nuts")),
    "sampler does not have the correlation of ar1", class = "cordgain_invalid_input")
  expect_error(fit_recovery(score ~ (week + I(week^2) + I(week^3) || subject) + plateau(week) + ar1(visit | subject),
    trial, method = "bayes"), "Here are 7", class = "cordgain_invalid_input")
  expect_error(fit_recovery(score ~ week + cs(visit | subject), trial,
    method = method_bayes(outer_priors(rho = prior_uniform(-0.9, 0.99)), tolerance = 1e-10)), NA)
})

test_that("scores that lie on a plateau exactly are refused as such, not as an integral", {
  trial <- expand.grid(week = c(0, 4, 8, 26, 52), subject = factor(1:4))
  trial$score <- 10 + 8 * (1 - exp(-trial$week / 10)) + c(-3, -1, 1, 3)[trial$subject]
  expect_error(fit_recovery(score ~ plateau(week) + (1 | subject), trial, method = "bayes"),
    "fit every score exactly, or nearly.*kappa = 1?[09]", class = "cordgain_invalid_input")
})
