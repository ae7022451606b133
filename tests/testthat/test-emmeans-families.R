# Marginal means of Bayesian fits of families.

events_in_arms <- function(...) {
  events <- transform(small_trial(), y = c(0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 1, 0, 1),
    arm = rep(c("a", "b"), each = 10))
  fit_recovery(y ~ week + arm + (1 | subject), events, family = binomial(), method = method_bayes(...))
}

test_that("means are x'beta of draws of the posterior, on the link and as probabilities", {
  skip_on_cran() # long
  skip_if_not_installed("emmeans")
  skip_if_not_installed("coda")
  for (fit in list(events_in_arms(tolerance = 1e-2), events_in_arms(engine = "nuts", seed = 1, draws = 300))) {
    means <- emmeans::emmeans(fit, "arm", at = list(week = 26), seed = 3, draws = 2000)
    x <- cbind(1, 26, 0:1)
    expected <- drop(x %*% fixef(fit))
    sd <- sqrt(diag(x %*% vcov(fit) %*% t(x)))
    drawn <- as.matrix(coda::as.mcmc(means, sep.chains = FALSE))
    # 2,000 independent draws, or those of which the fit was made: five standard errors of their mean
    expect_lt(max(abs(colMeans(drawn) - expected) / sd), 5 / sqrt(2000))
    response <- as.data.frame(summary(means, type = "response"))
    expect_true(all(response$prob > 0 & response$prob < 1))
    expect_equal(response$prob, unname(apply(stats::plogis(drawn), 2, stats::median)), tolerance = 1e-6)
  }
})

test_that("ordered scores are refused, with what has their probabilities", {
  fit <- list(result = list(family = list(name = "cumulative")))
  expect_error(emm_basis.recovery_fit_family_bayes(fit), "type = \"prob\"", fixed = TRUE,
    class = "cordgain_invalid_input")
})
