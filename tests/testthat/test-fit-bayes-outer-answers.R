# What a posterior over outer parameters answers.

answer_fit <- function(formula = score ~ week + (1 | subject) + ar1(visit | subject), ...) {
  fit_recovery(formula, curved_trial(11), method = method_bayes(priors(sd = prior_half_normal(4), ...)))
}

test_that("quantiles of every parameter have their probability among draws, and draws its moments", {
  skip_if_not_installed("posterior")
  for (fit in list(answer_fit(), answer_fit(score ~ plateau(week) + (1 | subject)))) {
    draws <- posterior::as_draws(fit, draws = 40000, seed = 1)
    table <- tidy(fit)
    below <- colMeans(sweep(draws, 2, table$conf.low) < 0)
    above <- colMeans(sweep(draws, 2, table$conf.high) > 0)
    expect_lt(max(abs(c(below, above) - 0.025)), 5.5 * sqrt(0.025 * 0.975 / 40000))
    expect_lt(max(abs(colMeans(draws) - table$estimate) / table$std.error), 5.5 / sqrt(40000))
    expect_equal(unname(apply(draws, 2, sd)), table$std.error, tolerance = 0.05) # tails of standard deviations
    expect_identical(colnames(draws)[ncol(draws)], if (is.null(fit$design$residual$word)) "kappa" else
      "cor_Residual__ar1")
  }
})

test_that("coefficients and kappa are drawn together: their correlation is that of the nodes", {
  fit <- answer_fit(score ~ plateau(week) + (1 | subject))
  draws <- posterior_draws(fit, 40000, 2)
  post <- fit$result
  kappa <- post$values[3, ]
  b <- post$mean[2, ]
  centred <- \(x) x - sum(post$weight * x)
  expected <- sum(post$weight * centred(kappa) * centred(b)) / (post$hyper$sd[["kappa"]] * post$coefficients$sd[[2]])
  expect_equal(cor(draws[, "kappa"], draws[, 2]), expected, tolerance = 0.05)
  expect_equal(cor(draws[, 1], draws[, 2]), cov2cor(vcov(fit))[1, 2], tolerance = 0.1)
})

test_that("a table's limits are roots of the nodes' distribution of a coefficient", {
  fit <- answer_fit()
  row <- tidy(fit)[2, ]
  post <- fit$result
  sd <- sqrt(post$covariance[3, ])
  below <- \(q) sum(post$weight * pnorm(q, post$mean[2, ], sd))
  expect_equal(below(row$conf.low), 0.025, tolerance = 1e-4)
  expect_equal(below(row$conf.high), 0.975, tolerance = 1e-6)
})

test_that("limits of coefficients are stated about as closely as means, also where inner posteriors have many nodes", {
  skip_on_cran() # seconds
  fit <- answer_fit(score ~ week + (week | subject) + ar1(visit | subject))
  table <- tidy(fit)
  expect_lt(max(table$num.error / table$std.error), 3e-3)
  sd <- sqrt(fit$result$covariance[3, ])
  below <- \(q) sum(fit$result$weight * pnorm(q, fit$result$mean[2, ], sd))
  expect_equal(below(table$conf.low[2]), 0.025, tolerance = 1e-4)
  expect_lt(as.numeric(object.size(fit)), 60e6)
})

test_that("what lies beyond the lattices widens the stated error of a limit by what their edge adds", {
  fit <- answer_fit()
  post <- fit$result
  limits <- core_posterior_quantiles(post[c("weight", "mean", "covariance", "plain", "edge")], c(0.025, 0.975))$value
  plain <- outer_shift(replace(post, "outer", list(replace(post$outer, "core", list(TRUE)))), limits, c(0.025, 0.975))
  expect_equal(plain, (1 - qnorm(0.025)) * post$outer$inner_error * post$coefficients$sd)
  edge <- outer_shift(post, limits, c(0.025, 0.975)) - plain
  core <- post$outer$core[post$outer$node]
  sd <- sqrt(post$covariance[3, core])
  below <- \(q) sum(post$weight[core] * pnorm(q, post$mean[2, core], sd)) / sum(post$weight[core])
  without <- vapply(c(0.025, 0.975), \(p) uniroot(\(q) below(q) - p, limits[2, ] + c(-1, 1), tol = 1e-10)$root, 0)
  expect_equal(edge[["week"]], post$outer$beyond * max(abs(without - limits[2, ])), tolerance = 1e-3)
  expect_gt(edge[["week"]], 0)
})

test_that("random effects are their means over the posterior of the correlation", {
  fit <- answer_fit(rho = prior_uniform(0.3, 0.30001))
  known <- answer_fit(rho = prior_fixed(0.300005))
  expect_equal(ranef(fit)$subject, ranef(known)$subject, tolerance = 1e-4)
  expect_named(VarCorr(known), c("subject", "Residual"))
  expect_equal(attr(VarCorr(known)$Residual, "correlation")[1, 3], 0.300005^2)
  expect_output(print(VarCorr(known)), "0.09")
  expect_output(print(known), "given what is known")
})

test_that("intervals and one row of a fit", {
  fit <- answer_fit()
  expect_identical(rownames(confint(fit)), c("(Intercept)", "week", "subject sd__(Intercept)", "sd__Observation",
    "cor__ar1"))
  expect_identical(glance(fit)$engine, "exact")
  expect_identical(nobs(fit), 20L)
})

test_that("a table of quantiles that does not rise in its far tail leaves the rest of the mixture as it is", {
  z <- seq(-5, 5, by = 0.125)
  expect_identical(rising(c(0.1, -2, -1, 0, 1, 2, 1.9)), 2:6)
  broken <- replace(z, 1:3, c(-3, -2.9, -6)) # the first two are wrong
  expect_identical(rising(broken), 3:81)
  below <- mixture_function(cbind(broken, 2 * z), z, c(0.5, 0.5))
  expect_equal(below(-2), (pnorm(-2) + pnorm(-1)) / 2, tolerance = 1e-10)
})
