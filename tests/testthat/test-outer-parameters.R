# The parameters given which a model is linear with independent residuals.

visits_trial <- function() {
  withr::local_seed(4) # simulated
  trial <- expand.grid(week = c(0, 4, 12, 26), subject = factor(1:5))
  trial$visit <- factor(trial$week)
  trial$arm <- factor(ifelse(as.integer(trial$subject) > 2, "b", "a"))
  trial$score <- 5 + trial$week / 4 + rnorm(5, 0, 2)[trial$subject] + rnorm(20)
  trial
}

test_that("coordinates and priors: the density of each parameter adds up to 1 on the line", {
  ones <- list(
    positive_parameter("kappa", NA, "kappa", prior_gamma(2, 0.5), 3),
    positive_parameter("kappa", NA, "kappa", prior_half_t(3, 5), 3),
    positive_parameter("kappa", NA, "kappa", prior_mixture(c(0.3, 0.7), prior_gamma(2, 1), prior_gamma(9, 1)), 3),
    positive_parameter("kappa", NA, "kappa", prior_uniform(2, 9), 3),
    c(list(prior = prior_lkj(2), free = TRUE), correlation_limits(prior_lkj(2), -1 / 3, NULL)),
    c(list(prior = prior_lkj(1), free = TRUE), correlation_limits(prior_lkj(1), -1, NULL)),
    c(list(prior = prior_uniform(-0.9, 0.4), free = TRUE), correlation_limits(prior_uniform(-0.9, 0.4), -0.5, NULL))
  )
  for (one in ones) {
    outer <- list(parameters = list(one), free = 1L)
    u <- seq(-12, 12, by = 0.01)
    density <- exp(vapply(u, \(at) outer_log_prior(outer, at), 0))
    expect_equal(sum(density) * 0.01, 1, tolerance = 1e-6)
  }
})

test_that("a mean of a prior comes back from its coordinate", {
  outer <- list(parameters = list(positive_parameter("kappa", NA, "kappa", prior_gamma(4, 0.5), 3)), free = 1L)
  u <- seq(-12, 12, by = 0.01)
  density <- exp(vapply(u, \(at) outer_log_prior(outer, at), 0))
  values <- vapply(u, \(at) outer_values(outer, at), 0)
  expect_equal(sum(values * density) * 0.01, 8, tolerance = 1e-6)
})

test_that("whitened columns have the inverse covariance of the subjects' rows, visits missing", {
  design <- list(residual = list(word = "ar1", subject = c(0L, 1L, 0L, 1L, 1L), visit = c(2L, 0L, 0L, 1L, 3L),
    visits = 1:4))
  correlation <- visit_correlation(design$residual, 0.6)
  expect_equal(unname(correlation[1, ]), 0.6^(0:3))
  x <- matrix(c(1, 2, 5, 4, 3, 1, 1, 0, 2, 7), 5)
  w <- c(1, 2, 3, 1, 4)
  white <- whitened(list(x[, 1, drop = FALSE], x), visit_groups(design$residual), sqrt(w), correlation)
  v <- outer(design$residual$subject, design$residual$subject, `==`) *
    correlation[design$residual$visit + 1, design$residual$visit + 1] / outer(sqrt(w), sqrt(w))
  expect_equal(crossprod(white$columns[[2]]), t(x) %*% solve(v, x))
  expect_equal(crossprod(white$columns[[1]], white$columns[[2]]), t(x[, 1]) %*% solve(v, x))
  expect_equal(0.5 * sum(log(w)) - white$log_root, -0.5 * c(determinant(v)$modulus))
  design$residual$times <- c(0, 1, 5, 7)
  design$residual$word <- "sp_exp"
  expect_equal(visit_correlation(design$residual, 3)[2, 4], exp(-2))
  design$residual$word <- "cs"
  expect_null(whitened(list(x), visit_groups(design$residual), sqrt(w), visit_correlation(design$residual, 1)))
})

test_that("structures of more parameters, groups and effects across a subject's rows are refused", {
  refused <- \(formula, words, prior = priors()) expect_error(
    fit_recovery(formula, visits_trial(), method = method_bayes(prior)), words, class = "cordgain_invalid_input")
  refused(score ~ week + us(visit | subject), "ar1\\(visit \\| subject\\)")
  refused(score ~ week + ar1h(visit | subject), "The formula has `ar1h\\(\\)`")
  refused(score ~ week + ar1(visit | arm / subject), "one covariance for each of 2 groups")
  refused(score ~ week + (1 | subject) + diag(1 | visit), "one variance and one correlation")
  refused(score ~ arm + (1 | visit) + ar1(visit | subject), "Rows of one subject differ in `visit`")
  refused(score ~ week + (1 + week + I(week^2) | subject) + ar1(visit | subject), "3 correlated effects")
  refused(score ~ week + cs(visit | subject), "leaves the correlation over visits no value",
    priors(rho = prior_uniform(-0.9, -0.5)))
  refused(score ~ week + cs(visit | subject), "leaves the correlation over visits no value",
    priors(rho = prior_fixed(-0.5)))
})

test_that("priors of what a model has not are refused by name", {
  refused <- \(formula, prior, words) expect_error(
    fit_recovery(formula, visits_trial(), method = method_bayes(prior)), words, class = "cordgain_invalid_input")
  refused(score ~ week + (1 | subject), priors(kappa = prior_gamma(2, 1)), "Given: `kappa`")
  refused(score ~ week + sp_exp(week | subject), priors(rho = prior_lkj(1)), "Given: `rho`")
  refused(score ~ week + ar1(visit | subject), priors(range = prior_gamma(2, 1)), "Given: `range`")
  expect_error(fit_recovery(round(score) ~ week + (1 | subject), visits_trial(), poisson(),
    method_bayes(priors(rho = prior_lkj(1)))), "rho", class = "cordgain_invalid_input")
})

test_that("a correlation over visits is refused where no subject has two visits, as by REML, unless it is given", {
  d <- data.frame(id = 1:12, visit = factor(rep(1:3, 4)), week = rep(c(1, 4, 9), 4), score = c(3, 5, 9, 4, 4, 8, 2, 6,
    7, 5, 6, 10)) # simulated
  words <- list(score ~ week + ar1(visit | id), score ~ week + cs(visit | id), score ~ week + sp_exp(week | id))
  for (formula in words) {
    invalid(fit_recovery(formula, d, method = "reml"), "say nothing")
    invalid(fit_recovery(formula, d, method = "bayes"), "say nothing.*no subject has two visits.*would be its prior")
  }
  given <- method_bayes(priors(rho = prior_fixed(0.5)))
  # Given, it makes no difference: the rows are independent.
  with <- tidy(fit_recovery(score ~ week + ar1(visit | id), d, method = given), effects = "fixed")
  expect_equal(with$estimate, tidy(fit_recovery(score ~ week, d, method = "bayes"), effects = "fixed")$estimate,
    tolerance = 1e-3) # both to 1e-4 standard deviations
  d$id[2] <- 1 # one subject with two visits
  expect_s3_class(fit_recovery(score ~ week + ar1(visit | id), d, method = "bayes"), "recovery_fit")
})
