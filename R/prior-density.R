# Densities of priors in plain R, as their definitions have them: nothing of the core is called.

# Log density of a prior, mixtures too; the parameters as in prior_components().
log_prior_density <- function(prior, x) {
  rows <- prior_components(prior)
  one <- switch(prior_base_kind(prior),
    flat = \(a, b, c) rep(0, length(x)), normal = \(a, b, c) stats::dnorm(x, a, b, log = TRUE),
    t = \(a, b, c) stats::dt((x - a) / b, c, log = TRUE) - log(b),
    half_normal = \(a, b, c) log(2) + stats::dnorm(x, 0, a, log = TRUE),
    half_t = \(a, b, c) log(2 / a) + stats::dt(x / a, b, log = TRUE),
    exponential = \(a, b, c) stats::dexp(x, a, log = TRUE), gamma = \(a, b, c) stats::dgamma(x, a, b, log = TRUE),
    uniform = \(a, b, c) stats::dunif(x, a, b, log = TRUE)
  )
  parts <- vapply(seq_len(nrow(rows)), \(i) log(rows[i, "weight"]) + one(rows[i, "a"], rows[i, "b"], rows[i, "c"]),
    numeric(length(x)))
  log_sum_rows(matrix(parts, nrow = length(x)))
}

log_sum_rows <- function(x) {
  top <- apply(x, 1, max)
  top <- ifelse(is.finite(top), top, 0)
  top + log(rowSums(exp(x - top)))
}
