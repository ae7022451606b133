# What Stan finds for four models of four simulated patients: 40,000 draws each through brms, means, standard deviations
# and quantiles with their Monte Carlo errors, and how many transitions diverged. Kept apart because it takes minutes of
# compilation and does not depend on this package's code; test-stan-agreement.R holds our posteriors against it.
#
# Needs brms, rstan and posterior, which this package does not.

source("tools/validation.R")
run <- begin_validation("stan", seed = 5, depends = "tests/testthat/helper-stan-models.R")
library(cordgain)
source("tests/testthat/helper-stan-models.R")

# Debian's BH is without its headers, which are the system's.
if (!nzchar(system.file("include", package = "BH"))) rstan::rstan_options(boost_lib = "/usr/include")

# The same models in brms's words: formula, family, priors.
in_brms <- list(
  intercept = list(
    brms::bf(score ~ 0 + Intercept + week + (1 | subject)), stats::gaussian(), c(
      brms::set_prior("normal(20, 20)", class = "b", coef = "Intercept"),
      brms::set_prior("normal(0, 2)", class = "b", coef = "week"),
      brms::set_prior("normal(0, 10)", class = "sd"), brms::set_prior("normal(0, 10)", class = "sigma")
    )
  ),
  slope = list(
    brms::bf(score ~ 0 + Intercept + week + (1 + week | subject)), stats::gaussian(), c(
      brms::set_prior("normal(20, 20)", class = "b", coef = "Intercept"),
      brms::set_prior("normal(0, 2)", class = "b", coef = "week"),
      brms::set_prior("normal(0, 10)", class = "sd", group = "subject", coef = "Intercept"),
      brms::set_prior("normal(0, 1)", class = "sd", group = "subject", coef = "week"),
      brms::set_prior("lkj(2)", class = "cor"), brms::set_prior("normal(0, 10)", class = "sigma")
    )
  ),
  binomial = list(
    brms::bf(points | trials(20) ~ 0 + Intercept + week + (1 | subject)), stats::binomial(), c(
      brms::set_prior("normal(0, 2.5)", class = "b", coef = "Intercept"),
      brms::set_prior("normal(0, 0.5)", class = "b", coef = "week"), brms::set_prior("normal(0, 2)", class = "sd")
    )
  ),
  censored = list(
    brms::bf(score | cens(at_end) ~ 0 + Intercept + week + (1 | subject)), stats::gaussian(), c(
      brms::set_prior("normal(20, 20)", class = "b", coef = "Intercept"),
      brms::set_prior("normal(0, 2)", class = "b", coef = "week"),
      brms::set_prior("normal(0, 10)", class = "sd"), brms::set_prior("normal(0, 10)", class = "sigma")
    )
  )
)

sampled <- function(model, parts) {
  fit <- brms::brm(parts[[1]], data = model$data, family = parts[[2]], prior = parts[[3]], chains = 4, cores = 1,
    iter = 12000, warmup = 2000, seed = run$seed, refresh = 0, control = list(adapt_delta = 0.999))
  nuts <- brms::nuts_params(fit)
  list(draws = posterior::as_draws_array(fit), divergent = sum(nuts$Value[nuts$Parameter == "divergent__"]))
}

numbers <- function(name) {
  model <- stan_models()[[name]]
  found <- sampled(model, in_brms[[name]])
  do.call(rbind, lapply(names(model$stan), \(term) {
    x <- posterior::extract_variable_matrix(found$draws, model$stan[[term]])
    at <- c(0.05, 0.5, 0.95)
    data.frame(
      model = name, term = term, part = c("mean", "sd", paste0("q", at)),
      value = c(mean(x), stats::sd(x), stats::quantile(x, at, names = FALSE)),
      mcse = c(posterior::mcse_mean(x), posterior::mcse_sd(x), posterior::mcse_quantile(x, at)),
      rhat = posterior::rhat(x), divergent = found$divergent, draws = length(x)
    )
  }))
}

result <- do.call(rbind, lapply(names(stan_models()), numbers))
print(result, digits = 4, row.names = FALSE)
record_validation(run, result, c("brms", "rstan", "posterior"))
