# What a sampler's draws answer: moments with Monte Carlo errors, quantiles, and what its chains say of themselves.

# The plan of a sampler as the core takes it, the seed settled.
sampler_plan <- function(method) {
  plan <- method$sampler
  plan$seed <- draw_seed(plan$seed)
  plan$accept <- 0.95
  plan
}

# Chains that never left where they began say nothing of the posterior.
stop_where_stuck <- function(values, why, call) {
  if (any(apply(values, 1L, \(v) min(v) < max(v)))) return(invisible())
  abort_numerical(c("The sampler did not move from where it began.",
    x = if (why != "as asked") "It was asked because exact integration did not succeed: {why}",
    i = "Look at the scores for values that repeat or differ by many orders of magnitude, and at priors with a jump."
  ), call = call)
}

# Normal scores by the sampler: a posterior of the same form as that of lattices, every draw a node of one weight.
sampled_posterior <- function(rows, core, method, why, call) {
  plan <- sampler_plan(method)
  out <- do.call(core_posterior_draws, c(rows, list(core, plan, call)))
  stop_where_stuck(out$values, why, call)
  n <- ncol(out$values)
  out <- c(out, list(weight = rep(1 / n, n), plain = n, engine = "nuts", why = why, plan = plan,
    log_evidence = NA_real_, evidence_error = NA_real_))
  out$hyper <- chain_moments(out$values, plan$chains)
  out$coefficients <- conditional_moments(out$mean, out$covariance, plan$chains)
  chains <- rbind(out$coefficients$checks, out$hyper$checks)
  out$coefficients$checks <- out$hyper$checks <- NULL
  out[c("rhat", "ess_bulk", "ess_tail")] <- as.data.frame(chains)
  out
}

# Means and standard deviations of parameters (rows) with errors of three Monte Carlo standard errors; their checks.
chain_moments <- function(values, chains) {
  each <- \(f) apply(values, 1L, \(v) f(matrix(v, ncol = chains)))
  sd <- each(stats::sd)
  known <- apply(values, 1L, \(v) min(v) == max(v)) # given as known, it does not move
  sd[known] <- 0
  mcse <- ifelse(known, 0, each(mean_mcse))
  list(mean = rowMeans(values), sd = sd, error = ifelse(known, 0, 3 * pmax(mcse, each(sd_mcse))), mcse = mcse,
    checks = chain_checks(values, chains))
}

chain_checks <- function(values, chains) {
  each <- \(f) apply(values, 1L, \(v) f(matrix(v, ncol = chains)))
  cbind(rhat = each(chain_rhat), ess_bulk = each(bulk_ess), ess_tail = each(tail_ess))
}

# Coefficients by total expectation and variance over their normal distributions given each draw: the Monte Carlo error
# is that of the draws' means and of their variances alone. Squares are in units of their largest root: see sd_mcse().
conditional_moments <- function(mean, covariance, chains) {
  p <- nrow(mean)
  within <- covariance[packed_diagonal(p), , drop = FALSE]
  centre <- rowMeans(mean)
  unit <- apply(pmax(sqrt(within), abs(mean - centre)), 1L, max)
  square <- (sqrt(within) / unit)^2 + ((mean - centre) / unit)^2
  relative <- sqrt(rowMeans(square))
  mcse_of <- \(values) apply(values, 1L, \(v) {
    if (diff(range(v)) <= 1e-12 * max(abs(v))) 0 else mean_mcse(matrix(v, ncol = chains))
  })
  mcse <- mcse_of(mean)
  error <- 3 * pmax(mcse, unit * mcse_of(square) / (2 * relative))
  list(mean = centre, sd = unit * relative, error = error, mcse = mcse, checks = chain_checks(mean, chains))
}

sampled_row <- function(post, k, probs) {
  draws <- matrix(post$values[k, ], ncol = post$plan$chains)
  error <- if (min(draws) == max(draws)) 0 else 3 * max(vapply(probs, \(p) quantile_mcse(draws, p), 0))
  list(value = stats::quantile(draws, probs, names = FALSE), error = error)
}

# Quantiles of a mixture of normal distributions.
mixture_quantiles <- function(weight, mean, sd, probs) {
  core_mixture_summary(list(weight = weight / sum(weight), mean = mean, sd = sd), probs)$quantile
}

# Rows of quantiles with an error each, as a matrix and a vector.
quantile_table <- function(rows) {
  list(value = do.call(rbind, lapply(rows, `[[`, "value")), error = vapply(rows, `[[`, 0, "error"))
}

# Quantiles of the coefficients' normal mixture over draws, with errors.
sampled_coefficients <- function(post, probs) {
  variances <- packed_diagonal(nrow(post$mean))
  quantile_table(lapply(seq_len(nrow(post$mean)), \(j) {
    sd <- sqrt(post$covariance[variances[j], ])
    value <- mixture_quantiles(post$weight, post$mean[j, ], sd, probs)
    list(value = value, error = mixture_quantile_error(value, post$mean[j, ], sd, post$plan$chains))
  }))
}

# Error of a quantile of a mixture over draws: that of its distribution function there, divided by its density.
mixture_quantile_error <- function(at, mean, sd, chains) {
  3 * max(vapply(at, \(q) {
    below <- stats::pnorm(q, mean, sd)
    if (diff(range(below)) < 1e-12) return(0)
    mean_mcse(matrix(below, ncol = chains)) / mean(stats::dnorm(q, mean, sd))
  }, 0))
}

# What chains say of the parameters `at` of the rows of a table, in its columns.
with_chains <- function(rows, x, at) {
  if (x$result$engine == "nuts") {
    rows$rhat <- unname(x$result$rhat[at])
    rows$ess.bulk <- unname(x$result$ess_bulk[at])
    rows$ess.tail <- unname(x$result$ess_tail[at])
  }
  rows
}

# What a reader must know of the chains, a sentence each.
sampler_notes <- function(post) {
  plan <- post$plan
  bad <- sum(post$divergences)
  worst <- c(max(post$rhat, na.rm = TRUE), min(post$ess_bulk, na.rm = TRUE), min(post$ess_tail, na.rm = TRUE))
  c(
    if (post$why != "as asked") paste0("Sampled, since exact integration did not succeed: ", post$why),
    sprintf("%d chains of %d draws after %d of warm-up, seed %s.", plan$chains, plan$draws, plan$warmup,
      format(plan$seed, scientific = FALSE)),
    "error: 3 Monte Carlo standard errors, the largest of those of mean, sd and limits.",
    sprintf("R-hat at most %.3f; effective sample sizes at least %.0f (bulk), %.0f (tail); %d divergent, %d cut off.",
      worst[1], worst[2], worst[3], bad, sum(post$longest)),
    if (worst[1] > 1.01 || min(worst[2:3]) < 400 || bad > 0L)
      "Do not use these numbers as they are: the checks of the sampler failed (R-hat 1.01, sizes 400, no divergence)."
  )
}
