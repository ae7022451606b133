# Monte Carlo: with n independent draws a mean lies within 6 of its own standard errors of the exact value, a share
# within 6 sqrt(p (1 - p) / n); either fails by chance less than once in 10^8.

bayes_fit <- function(formula = score ~ week + (1 | subject), ...) {
  fit_recovery(formula, small_trial(), method = method_bayes(...))
}

expect_share <- function(x, p) {
  expect_lt(abs(mean(x) - p), 6 * sqrt(p * (1 - p) / length(x)))
}

test_that("draws have the exact margins of tidy(): means, and both ends of each interval", {
  skip_if_not_installed("posterior")
  fit <- bayes_fit()
  n <- 20000
  draws <- posterior::as_draws_matrix(posterior::as_draws(fit, draws = n, seed = 1))
  expect_identical(posterior::variables(draws), c("b_Intercept", "b_week", "sd_subject__Intercept", "sigma"))
  exact <- tidy(fit, conf.level = 0.9)
  for (j in seq_len(nrow(exact))) {
    x <- as.vector(draws[, j])
    expect_lt(abs(mean(x) - exact$estimate[j]), 6 * stats::sd(x) / sqrt(n))
    expect_share(x < exact$conf.low[j], 0.05)
    expect_share(x < exact$conf.high[j], 0.95)
  }
  # the covariance of the coefficients; that of a product of two normals has a relative error of some sqrt(2 / n)
  expect_equal(stats::cov(draws[, 1:2]), stats::vcov(fit), tolerance = 0.1, ignore_attr = TRUE)
})

test_that("draws depend on each other as parameters do: with a larger SD between subjects the intercept spreads", {
  skip_if_not_installed("posterior")
  fit <- bayes_fit()
  draws <- posterior::as_draws_matrix(posterior::as_draws(fit, draws = 20000, seed = 2))
  sd <- as.vector(draws[, "sd_subject__Intercept"])
  off <- abs(as.vector(draws[, "b_Intercept"]) - fixef(fit)[[1]])
  wide <- sd > stats::median(sd)
  expect_gt(mean(off[wide]), 1.2 * mean(off[!wide]))
})

test_that("the seed makes the draws, and draws are independent: one chain, an effective size near their number", {
  skip_if_not_installed("posterior")
  fit <- bayes_fit()
  one <- posterior::as_draws(fit, draws = 2000, seed = 3)
  expect_identical(one, posterior::as_draws(fit, draws = 2000, seed = 3))
  expect_false(identical(one, posterior::as_draws(fit, draws = 2000, seed = 4)))
  table <- posterior::summarise_draws(one)
  expect_true(all(table$rhat < 1.02))
  expect_true(all(table$ess_bulk > 1000))
  expect_s3_class(posterior::as_draws_df(fit), "draws_df")
  expect_identical(posterior::ndraws(posterior::as_draws_rvars(fit)), 4000L)
})

test_that("correlated effects and known SDs keep their names and values", {
  skip_if_not_installed("posterior")
  draws <- posterior::as_draws(bayes_fit(score ~ week + (week | subject)), draws = 500, seed = 1)
  expect_identical(posterior::variables(draws), c("b_Intercept", "b_week", "sd_subject__Intercept",
    "sd_subject__week", "cor_subject__Intercept__week", "sigma"))
  r <- as.vector(draws[, 5])
  expect_true(all(abs(r) < 1) && stats::sd(r) > 0)
  known <- posterior::as_draws(bayes_fit(prior = priors(sigma = prior_fixed(2))), draws = 200, seed = 1)
  expect_equal(as.vector(known[, "sigma"]), rep(2, 200), tolerance = 1e-12) # 2 is a weighted mean of 2s
})

test_that("draws of a natural rate are those of its exact distribution", {
  skip_if_not_installed("posterior")
  x <- as.vector(posterior::as_draws(natural_rate(prior_beta(8, 56)), draws = 20000, seed = 1))
  expect_lt(abs(mean(x) - 8 / 64), 6 * sqrt(8 * 56 / (64^2 * 65)) / sqrt(20000))
  for (p in c(0.025, 0.5, 0.975)) expect_share(x < stats::qbeta(p, 8, 56), p)
  rvars <- posterior::as_draws_rvars(natural_rate(prior_beta(8, 56)))
  expect_equal(posterior::rvar(0.5) - rvars$rate, 0.5 - rvars$rate)
})

test_that("what cannot be drawn is refused", {
  skip_if_not_installed("posterior")
  refused <- \(expr) expect_error(expr, class = "cordgain_invalid_input")
  refused(posterior::as_draws(bayes_fit(), draws = 0))
  refused(posterior::as_draws(bayes_fit(), seed = -1))
  refused(posterior::as_draws(natural_rate(0.1), draws = 1.5))
  expect_error(posterior::as_draws(natural_rate(c(0.1, 0.2))), "different natural rates",
    class = "cordgain_invalid_input")
})

test_that("places within nodes are uniform in all and keep the order of the nodes, by hand", {
  value <- c(2, 1, 2 + 1e-14, 3)
  weight <- c(0.2, 0.1, 0.3, 0.4)
  expect_equal(within_node(value, weight, c(2, 1, 3, 4), rep(0.5, 4)), c(0.05, 0.35, 0.35, 0.8))
  expect_equal(within_node(value, weight, c(2, 4), c(0, 1)), c(0, 1), tolerance = 1e-11)
})

test_that("thresholds of a draw keep their order, also where little tells them apart", {
  data <- data.frame(grade = factor(c("A", "A", "C", "A", "C", "C", "A", "A"), c("A", "B", "C"), ordered = TRUE),
    subject = rep(1:4, each = 2))
  fit <- suppressMessages(fit_recovery(grade ~ 1 + (1 | subject), data, family = cumulative(),
    method = method_bayes(priors(sd = prior_half_normal(1), thresholds = prior_normal(0, 2)))))
  draws <- unclass(posterior::as_draws(fit, draws = 20000, seed = 4))
  expect_true(all(draws[, "A|B"] < draws[, "B|C"]))
  table <- tidy(fit)
  expect_lt(max(abs(colMeans(draws) - table$estimate) / table$std.error), 5.5 / sqrt(20000))
})

test_that("bayesplot draws a fit's draws, and scores beside those simulated", {
  skip_if_not_installed("posterior")
  skip_if_not_installed("bayesplot")
  fit <- bayes_fit()
  picture <- bayesplot::mcmc_areas(posterior::as_draws(fit, draws = 500, seed = 1), pars = c("b_week", "sigma"))
  expect_setequal(as.character(unique(picture$data$parameter)), c("b_week", "sigma"))
  expect_true(draws(picture))
  reml <- fit_recovery(score ~ week + (1 | subject), small_trial())
  simulated <- t(as.matrix(simulate(reml, 20, seed = 1)))
  expect_true(draws(bayesplot::ppc_dens_overlay(small_trial()$score, simulated)))
})

test_that("draws of a family by Bayes: exact ones have the margins of tidy(), the sampler's are its chains", {
  skip_if_not_installed("posterior")
  d <- data.frame(id = rep(1:4, each = 3), y = c(0, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0))
  fit_by <- \(...) fit_recovery(y ~ 1 + (1 | id), d, family = binomial(), method = method_bayes(...))
  fit <- fit_by()
  draws <- posterior::as_draws(fit, draws = 4000, seed = 2)
  expect_identical(colnames(draws), c("b_Intercept", "sd_id__Intercept"))
  table <- tidy(fit)
  # independent draws: five standard errors
  expect_true(all(abs(colMeans(draws) - table$estimate) < 5 * table$std.error / sqrt(4000)))
  expect_true(all(abs(colMeans(draws <= rep(table$conf.low, each = 4000)) - 0.025) < 5 * sqrt(0.025 * 0.975 / 4000)))
  drawn <- fit_by(engine = "nuts", seed = 1, draws = 200, warmup = 200)
  chains <- posterior::as_draws(drawn)
  expect_identical(dim(chains), c(200L, 4L, 2L))
  expect_equal(as.vector(chains[, 2, 1]), unname(drawn$result$values[1, 201:400]))
})
