# Posteriors of families against plain R: integrate() over random effects, product rules over the rest.

few_patients <- function() data.frame(id = rep(1:4, each = 3), y = c(0, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0))

few_priors <- function() priors(fixed = list(`(Intercept)` = prior_normal(0, 2)), sd = prior_half_normal(1.5))

# Moments over a grid of an intercept and a second parameter: `log_lik(a, s)` of one grid point. Random effects by the
# trapezoidal rule with 401 points on +-8, which vanish there.
grid_posterior <- function(log_lik, a, s, log_prior) {
  height <- outer(a, s, Vectorize(\(a, s) log_lik(a, s) + log_prior(a, s)))
  cell <- (a[2] - a[1]) * (s[2] - s[1])
  mass <- exp(height - max(height))
  edge <- ifelse(seq_along(s) %in% c(1L, length(s)), 0.5, 1) # trapezoidal in s, which begins at 0
  mass <- sweep(mass, 2L, edge, `*`)
  list(evidence = max(height) + log(sum(mass) * cell), a = sum(mass * a) / sum(mass),
    s = sum(t(mass) * s) / sum(mass), a_sd = sqrt(sum(mass * a^2) / sum(mass) - (sum(mass * a) / sum(mass))^2),
    a_mass = rowSums(mass) / sum(mass))
}

effect_nodes <- seq(-8, 8, length.out = 401)
effect_weights <- dnorm(effect_nodes) * 0.04

binary_log_lik <- function(a, s, d) {
  sum(vapply(split(d$y, d$id), \(y) {
    p <- plogis(a + s * effect_nodes)
    log(sum(effect_weights * p^sum(y) * (1 - p)^sum(1 - y)))
  }, 0))
}

test_that("a random intercept of four patients: evidence, moments and quantiles of a grid in plain R", {
  skip_on_cran() # long
  d <- few_patients()
  grid <- grid_posterior(\(a, s) binary_log_lik(a, s, d), seq(-9, 9, 0.1), seq(0, 9, 0.05),
    \(a, s) dnorm(a, 0, 2, TRUE) + log(2) + dnorm(s, 0, 1.5, TRUE))
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = binomial(), method = method_bayes(few_priors(), 1e-4))
  table <- tidy(fit)
  evidence <- logLik(fit, type = "evidence")
  # the grid: trapezoidal in s from 0 with step 0.05, error of order (0.05)^2 / 12 of a slope below 1
  expect_lt(abs(c(evidence) - grid$evidence), attr(evidence, "num.error") + 2e-4)
  expect_lt(abs(table$estimate[1] - grid$a), table$num.error[1] + 1e-4)
  expect_lt(abs(table$std.error[1] - grid$a_sd), table$num.error[1] + 2e-4)
  expect_lt(abs(table$estimate[2] - grid$s), table$num.error[2] + 5e-4)
  below <- approx(cumsum(grid$a_mass) - grid$a_mass / 2, seq(-9, 9, 0.1), c(0.025, 0.975))$y
  expect_lt(max(abs(c(table$conf.low[1], table$conf.high[1]) - below)), 5e-3) # linear between points 0.1 apart
  expect_true(all(table$num.error < 1e-2 * table$std.error))
})

test_that("without variation between patients an intercept is a one-dimensional integral", {
  d <- few_patients()
  prior <- priors(fixed = list(`(Intercept)` = prior_t(4, 0, 2)), sd = prior_fixed(0))
  for (link in c("logit", "probit", "cloglog")) {
    fit <- fit_recovery(y ~ 1 + (1 | id), d, family = binomial(link), method = method_bayes(prior, 1e-4))
    p <- make.link(link)$linkinv
    joint <- \(a, power = 0) a^power * p(a)^5 * (1 - p(a))^7 * dt(a / 2, 4) / 2
    total <- integrate(joint, -8, 6, rel.tol = 1e-9)$value
    mean <- integrate(\(a) joint(a, 1), -8, 6, rel.tol = 1e-9)$value / total
    expect_lt(abs(c(logLik(fit)) - log(total)), attr(logLik(fit), "num.error") + 1e-4)
    expect_lt(abs(fixef(fit) - mean), fit$result$error[1] + 1e-3)
    expect_identical(tidy(fit)$std.error[2], 0)
  }
})

test_that("separated scores have a posterior, where maximum likelihood is refused", {
  d <- data.frame(id = rep(1:4, each = 2), late = rep(0:1, 4), y = rep(0:1, 4))
  expect_error(fit_recovery(y ~ late + (1 | id), d, family = binomial()), class = "cordgain_numerical_error")
  fit <- fit_recovery(y ~ late + (1 | id), d, family = binomial(), method = "bayes")
  expect_true(all(is.finite(tidy(fit)$conf.high)))
  expect_gt(fixef(fit)[["late"]], 2)
})

test_that("the sampler agrees with the lattices within four Monte Carlo standard errors", {
  skip_on_cran() # long
  d <- few_patients()
  exact <- fit_recovery(y ~ 1 + (1 | id), d, family = binomial(), method = method_bayes(few_priors()))
  drawn <- fit_recovery(y ~ 1 + (1 | id), d, family = binomial(),
    method = method_bayes(few_priors(), engine = "nuts", seed = 1))
  expect_identical(drawn$result$engine, "nuts")
  expect_true(all(abs(drawn$result$mean - exact$result$mean) < 4 * drawn$result$mcse + exact$result$error))
  expect_lt(max(drawn$result$rhat), 1.01)
  again <- fit_recovery(y ~ 1 + (1 | id), d, family = binomial(),
    method = method_bayes(few_priors(), engine = "nuts", seed = 1))
  expect_identical(again$result$values, drawn$result$values)
})

test_that("a beta-binomial score with fixed variation is a one-dimensional integral", {
  d <- data.frame(id = rep(1:3, each = 2), y = c(3, 5, 8, 6, 1, 4))
  prior <- priors(fixed = list(`(Intercept)` = prior_normal(0, 2)), sd = prior_fixed(0), dispersion = prior_fixed(0.5))
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = beta_binomial(10), method = method_bayes(prior, 1e-4))
  density <- \(a) vapply(a, \(a) {
    m <- plogis(a) * 4 # precision 1 / 0.5^2
    prod(choose(10, d$y) * beta(d$y + m, 10 - d$y + 4 - m) / beta(m, 4 - m)) * dnorm(a, 0, 2)
  }, 0)
  total <- integrate(density, -6, 6, rel.tol = 1e-9)$value
  expect_lt(abs(c(logLik(fit)) - log(total)), attr(logLik(fit), "num.error") + 1e-4)
  expect_equal(tidy(fit)$estimate[tidy(fit)$term == "log_precision"], log(4))
})

test_that("a censored score with known deviations is a one-dimensional integral", {
  d <- data.frame(id = rep(1:3, each = 2), y = c(0, 4, 10, 7, 3, 10))
  prior <- priors(fixed = list(`(Intercept)` = prior_normal(5, 4)), sd = prior_fixed(0), sigma = prior_fixed(3))
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = censored(0, 10), method = method_bayes(prior, 1e-4))
  density <- \(a) vapply(a, \(a) {
    prod(ifelse(d$y == 0, pnorm(-a / 3), ifelse(d$y == 10, pnorm((a - 10) / 3), dnorm(d$y, a, 3)))) * dnorm(a, 5, 4)
  }, 0)
  total <- integrate(density, -15, 25, rel.tol = 1e-9)$value
  mean <- integrate(\(a) a * density(a), -15, 25, rel.tol = 1e-9)$value / total
  expect_lt(abs(c(logLik(fit)) - log(total)), attr(logLik(fit), "num.error") + 1e-4)
  expect_lt(abs(fixef(fit) - mean), fit$result$error[1] + 1e-3)
  expect_equal(sigma(fit), 3)
})

test_that("thresholds of three levels: a grid in plain R under the induced Dirichlet prior; an unseen level stays", {
  d <- data.frame(id = rep(1:4, each = 2), g = ordered(c("A", "B", "A", "A", "B", "C", "A", "B"), c("A", "B", "C")))
  fit <- fit_recovery(g ~ 1 + (1 | id), d, family = cumulative(),
    method = method_bayes(priors(sd = prior_fixed(0)), 1e-4))
  # Dirichlet(1, 1, 1) of the probabilities and counts 4, 3, 1: conjugate, means of the thresholds by digamma's
  # of a beta with parameters 5 and 6, then 9 and 2
  expect_lt(abs(c(logLik(fit)) - (lgamma(3) + lgamma(5) + lgamma(4) + lgamma(2) - lgamma(11))),
    attr(logLik(fit), "num.error") + 1e-4)
  own <- tidy(fit, effects = "family")
  expect_lt(abs(own$estimate[1] - (digamma(5) - digamma(6))), own$num.error[1] + 1e-4)
  expect_lt(abs(own$estimate[2] - (digamma(9) - digamma(2))), own$num.error[2] + 1e-3)
  expect_lt(abs(own$conf.low[1] - qlogis(qbeta(0.025, 5, 6))), own$num.error[1] + 1e-3)
  expect_lt(abs(own$conf.high[2] - qlogis(qbeta(0.975, 9, 2))), own$num.error[2] + 1e-3)
  d$g <- ordered(d$g, c("A", "B", "C", "D"))
  more <- fit_recovery(g ~ 1 + (1 | id), d, family = cumulative(),
    method = method_bayes(priors(sd = prior_fixed(0)), 1e-3))
  # counts 4, 3, 1, 0 with Dirichlet(1, 1, 1, 1)
  expect_lt(abs(c(logLik(more)) - (lgamma(4) + lgamma(5) + lgamma(4) + lgamma(2) + lgamma(1) - lgamma(12))),
    attr(logLik(more), "num.error") + 1e-3)
  expect_output(print(more), "Never observed: D")
})

test_that("priors of what a family has not, flat ones and unknown names are refused", {
  d <- few_patients()
  bayes <- \(...) fit_recovery(y ~ 1 + (1 | id), d, family = binomial(), method = method_bayes(priors(...)))
  expect_error(bayes(sigma = prior_half_normal(1)), "have not", class = "cordgain_invalid_input")
  expect_error(bayes(fixed = list(`(Intercept)` = NULL)), "flat", class = "cordgain_invalid_input", ignore.case = TRUE)
  expect_error(bayes(fixed = list(week = prior_normal(0, 1))), "lacks", class = "cordgain_invalid_input")
})
