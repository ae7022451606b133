# Models of four patients, as this package reads them, to be held against Stan. Scores are simulated. Used by
# inst/validation/stan.R, which stores what Stan finds, and by test-stan-agreement.R.

# Four simulated patients at five visits; `gain` is the mean gain a week, `level` and `slope` the spread between
# patients, `noise` that of a visit.
stan_trial <- function(seed, gain, level, slope, noise) {
  withr::local_seed(seed)
  data <- expand.grid(week = c(0, 4, 8, 16, 24), subject = factor(1:4))
  own_level <- level * stats::rnorm(4)
  own_gain <- gain + slope * stats::rnorm(4)
  data$score <- 20 + own_level[data$subject] + own_gain[data$subject] * data$week + noise * stats::rnorm(nrow(data))
  data
}

# Each: `data`, `formula` and `family` of this package, `method`'s priors; `stan` names Stan's parameters by ours
# (`term` of tidy()). How brms writes them stands in inst/validation/stan.R.
stan_models <- function() {
  list(
    intercept = stan_intercept(), slope = stan_slope(), binomial = stan_binomial(), censored = stan_censored()
  )
}

# Normal priors of the coefficients, half-normal ones of the standard deviations.
stan_intercept <- function() {
  list(
    data = stan_trial(11, gain = 0.3, level = 4, slope = 0, noise = 2),
    formula = score ~ week + (1 | subject), family = stats::gaussian(),
    prior = priors(
      fixed = list("(Intercept)" = prior_normal(20, 20), week = prior_normal(0, 2)), sd = prior_half_normal(10),
      sigma = prior_half_normal(10)
    ),
    stan = c(
      "(Intercept)" = "b_Intercept", week = "b_week", "sd__(Intercept)" = "sd_subject__Intercept",
      sd__Observation = "sigma"
    )
  )
}

stan_slope <- function() {
  list(
    data = stan_trial(12, gain = 0.4, level = 4, slope = 0.3, noise = 2),
    formula = score ~ week + (week | subject), family = stats::gaussian(),
    prior = priors(
      fixed = list("(Intercept)" = prior_normal(20, 20), week = prior_normal(0, 2)),
      sd = list("(Intercept)" = prior_half_normal(10), week = prior_half_normal(1)), cor = prior_lkj(2),
      sigma = prior_half_normal(10)
    ),
    stan = c(
      "(Intercept)" = "b_Intercept", week = "b_week", "sd__(Intercept)" = "sd_subject__Intercept",
      sd__week = "sd_subject__week", "cor__(Intercept).week" = "cor_subject__Intercept__week",
      sd__Observation = "sigma"
    )
  )
}

# Points of twenty, as binomial scores.
stan_binomial <- function() {
  data <- stan_trial(13, gain = 0.1, level = 3, slope = 0, noise = 1.5)
  data$points <- pmin(pmax(round(data$score - 10), 0), 20)
  data$short <- 20 - data$points
  list(
    data = data, formula = cbind(points, short) ~ week + (1 | subject), family = stats::binomial(),
    prior = priors(
      fixed = list("(Intercept)" = prior_normal(0, 2.5), week = prior_normal(0, 0.5)), sd = prior_half_normal(2)
    ),
    stan = c("(Intercept)" = "b_Intercept", week = "b_week", "sd__(Intercept)" = "sd_subject__Intercept")
  )
}

# A scale that ends at 25: scores there are censored.
stan_censored <- function() {
  data <- stan_trial(14, gain = 0.2, level = 3, slope = 0, noise = 2)
  data$score <- pmin(data$score, 25)
  data$at_end <- ifelse(data$score == 25, "right", "none")
  list(
    data = data, formula = score ~ week + (1 | subject), family = censored(upper = 25),
    prior = priors(
      fixed = list("(Intercept)" = prior_normal(20, 20), week = prior_normal(0, 2)), sd = prior_half_normal(10),
      sigma = prior_half_normal(10)
    ),
    stan = c(
      "(Intercept)" = "b_Intercept", week = "b_week", "sd__(Intercept)" = "sd_subject__Intercept", sigma = "sigma"
    )
  )
}
