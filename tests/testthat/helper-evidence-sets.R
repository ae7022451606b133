# Random evidence sets, and what the package says of them against the second road of helper-oracle.R.

# One set: 1 to 12 sources of 3 to 2,000 patients, every third set with a zero cell, every seventh with a full one.
random_evidence <- function(i) {
  k <- sample(12, 1)
  n <- round(exp(stats::runif(k, log(3), log(2000))))
  rate <- stats::plogis(stats::rnorm(k, stats::runif(1, -4, 1.5), stats::runif(1, 0, 1.5)))
  events <- stats::rbinom(k, n, rate)
  if (i %% 3 == 0) events[sample(k, 1)] <- 0
  if (i %% 7 == 0) {
    full <- sample(k, 1)
    events[full] <- n[full]
  }
  scale <- round(exp(stats::runif(1, log(0.1), log(2))), 3)
  tau <- switch(sample(c("half_normal", "half_normal", "half_normal", "half_t", "exponential", "fixed"), 1),
    half_normal = list(kind = "half_normal", parameters = scale),
    half_t = list(kind = "half_t", parameters = c(sample(c(3, 4, 7), 1), min(scale, 1))),
    exponential = list(kind = "exponential", parameters = 1 / min(scale, 1)),
    fixed = list(kind = "fixed", parameters = sample(c(0, scale), 1))
  )
  flat <- i %% 5 == 0 && k >= 3 && all(events > 0 & events < n)
  bias <- if (i %% 2 == 0) c(round(stats::rnorm(1), 2), round(stats::runif(1, 0.05, 1), 2)) else c(0, 0)
  list(events = events, n = n, tau = tau, mu = if (!flat) c(0, 2), bias = bias)
}

evidence_prior <- function(tau) do.call(paste0("prior_", tau$kind), as.list(tau$parameters))

evidence_rate <- function(set) {
  natural_rate(
    data.frame(source = paste("source", seq_along(set$n)), events = set$events, n = set$n),
    tau = evidence_prior(set$tau), mu = if (!is.null(set$mu)) prior_normal(set$mu[1], set$mu[2]),
    bias = if (set$bias[2] > 0) prior_normal(set$bias[1], set$bias[2])
  )
}

# One row: how far the package is from the second road, and what it states itself. The oracle's own error, from runs
# at half its panels, is below 1e-10. Quantiles are judged by the oracle's distribution function, which must
# pass the asked probability between q - num.error and q + num.error.
compare_evidence <- function(set) {
  rate <- evidence_rate(set)
  pmf <- predict(rate, 4)
  row <- tidy(rate)
  row <- row[row$term == "rate", ]
  probs <- c(0.025, 0.975)
  q <- c(row$conf.low, row$conf.high)
  reach <- row$num.error + 1e-10
  asked <- stats::qlogis(c(q, pmax(q - reach, 1e-300), pmin(q + reach, 1 - 1e-16))) - set$bias[1]
  posterior <- oracle_posterior(set$events, set$n, set$tau, set$mu, at = asked, bias_sd = set$bias[2])
  oracle <- oracle_predictive(posterior, set$bias, 4)
  passes <- oracle$cdf(pmax(q - reach, 1e-300)) <= probs + 1e-10 &
    oracle$cdf(pmin(q + reach, 1 - 1e-16)) >= probs - 1e-10
  data.frame(
    sources = length(set$n), patients = sum(set$n), tau = set$tau$kind,
    pmf_difference = max(abs(pmf$probability - oracle$pmf)), pmf_stated = max(pmf$num.error),
    pmf_excess = max(abs(pmf$probability - oracle$pmf) - pmf$num.error),
    rate_difference = max(abs(c(row$estimate - oracle$mean, row$std.error - oracle$sd))), rate_stated = row$num.error,
    quantiles_hold = all(passes)
  )
}
