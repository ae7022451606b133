# What a family says of scores at given linear predictors: distribution, moments and draws, given the predictor or
# averaged over random effects.

# The distribution of a score y, row by row: probabilities `below` y, `equal` to it and `above` it. The three are kept
# apart, since one less a small number has lost its digits. `score` as family_scores() gives it.
score_law <- function(family, score, eta, extra) UseMethod("score_law")

#' @exportS3Method score_law binomial_scores
score_law.binomial_scores <- function(family, score, eta, extra) {
  n <- score[, 2L]
  p <- inverse_link(family, eta)
  list(below = stats::pbinom(score[, 1L] - 1, n, p), equal = stats::dbinom(score[, 1L], n, p),
    above = stats::pbinom(score[, 1L], n, p, lower.tail = FALSE))
}

#' @exportS3Method score_law poisson_scores
score_law.poisson_scores <- function(family, score, eta, extra) {
  y <- score[, 1L]
  list(below = stats::ppois(y - 1, exp(eta)), equal = stats::dpois(y, exp(eta)),
    above = stats::ppois(y, exp(eta), lower.tail = FALSE))
}

#' @exportS3Method score_law cumulative_scores
score_law.cumulative_scores <- function(family, score, eta, extra) {
  sums_about(score_table(family, NULL, eta, extra), family$seen[score[, 1L] + 1L])
}

# Sums of each row's probabilities to the left of a column, at it and to the right of it.
sums_about <- function(prob, at) {
  column <- col(prob)
  list(below = rowSums(prob * (column < at)), equal = prob[cbind(seq_along(at), at)],
    above = rowSums(prob * (column > at)))
}

#' @exportS3Method score_law beta_binomial_scores
score_law.beta_binomial_scores <- function(family, score, eta, extra) {
  sums_about(beta_binomial_table(score[, 2L], eta, extra[[1L]]), score[, 1L] + 1L)
}

# Probabilities of 0 to the largest of `n` points, a row each.
beta_binomial_table <- function(n, eta, log_precision) {
  y <- matrix(seq.int(0, max(n)), length(eta), max(n) + 1L, byrow = TRUE)
  table <- exp(beta_binomial_density(pmin(y, n), n, eta, log_precision))
  ifelse(y <= n, matrix(table, length(eta)), 0)
}

# Logarithms of the probabilities of y of n points.
beta_binomial_density <- function(y, n, eta, log_precision) {
  mu <- stats::plogis(eta)
  if (log_precision == Inf) {
    return(stats::dbinom(y, n, mu, log = TRUE))
  }
  a <- mu * exp(log_precision)
  b <- stats::plogis(-eta) * exp(log_precision)
  lchoose(n, y) + lbeta(y + a, n - y + b) - lbeta(a, b)
}

#' @exportS3Method score_law hurdle_scores
score_law.hurdle_scores <- function(family, score, eta, extra) {
  sums_about(score_table(family, NULL, eta, extra), score[, 1L] + 1L)
}

change_probability <- function(family, eta, extra) {
  stats::plogis(extra[[2L]] + if (family$shared) extra[[3L]] * eta else 0)
}

# A score between its ends has a density and no probability.
#' @exportS3Method score_law censored_scores
score_law.censored_scores <- function(family, score, eta, extra) {
  y <- score[, 1L]
  z <- (y - eta) / exp(extra[[1L]])
  at_floor <- y <= family$lower
  at_ceiling <- y >= family$upper
  below <- stats::pnorm(z)
  above <- stats::pnorm(z, lower.tail = FALSE)
  list(below = ifelse(at_floor, 0, below), equal = ifelse(at_floor, below, ifelse(at_ceiling, above, 0)),
    above = ifelse(at_ceiling, 0, above))
}

# The probabilities of all scores that there are, lowest first: a row for each predictor, of `n` points or trials.
score_table <- function(family, n, eta, extra) UseMethod("score_table")

#' @exportS3Method score_table binomial_scores
score_table.binomial_scores <- function(family, n, eta, extra) {
  p <- inverse_link(family, eta)
  matrix(stats::dbinom(rep(seq.int(0, max(n)), each = length(eta)), n, p), length(eta))
}

#' @exportS3Method score_table cumulative_scores
score_table.cumulative_scores <- function(family, n, eta, extra) family_response(family, eta, extra)$fit

#' @exportS3Method score_table beta_binomial_scores
score_table.beta_binomial_scores <- function(family, n, eta, extra) beta_binomial_table(n, eta, extra[[1L]])

#' @exportS3Method score_table hurdle_scores
score_table.hurdle_scores <- function(family, n, eta, extra) {
  gain <- change_probability(family, eta, extra)
  cbind(1 - gain, gain * beta_binomial_table(rep(family$size - 1, length(eta)), eta, extra[[1L]]))
}

# Logarithms of the density of scores, or of their probability where they have one.
score_density <- function(family, score, eta, extra) UseMethod("score_density")

#' @exportS3Method score_density binomial_scores
score_density.binomial_scores <- function(family, score, eta, extra) {
  stats::dbinom(score[, 1L], score[, 2L], inverse_link(family, eta), log = TRUE)
}

#' @exportS3Method score_density poisson_scores
score_density.poisson_scores <- function(family, score, eta, extra) {
  stats::dpois(score[, 1L], exp(eta), log = TRUE)
}

#' @exportS3Method score_density cumulative_scores
score_density.cumulative_scores <- function(family, score, eta, extra) {
  log(family_response(family, eta, extra)$fit[cbind(seq_along(eta), family$seen[score[, 1L] + 1L])])
}

#' @exportS3Method score_density beta_binomial_scores
score_density.beta_binomial_scores <- function(family, score, eta, extra) {
  beta_binomial_density(score[, 1L], score[, 2L], eta, extra[[1L]])
}

#' @exportS3Method score_density hurdle_scores
score_density.hurdle_scores <- function(family, score, eta, extra) {
  y <- score[, 1L]
  gain <- change_probability(family, eta, extra)
  ifelse(y == 0, log(1 - gain),
    log(gain) + beta_binomial_density(pmax(y - 1, 0), family$size - 1, eta, extra[[1L]]))
}

#' @exportS3Method score_density censored_scores
score_density.censored_scores <- function(family, score, eta, extra) {
  y <- score[, 1L]
  sigma <- exp(extra[[1L]])
  ifelse(y <= family$lower, stats::pnorm(y, eta, sigma, log.p = TRUE),
    ifelse(y >= family$upper, stats::pnorm(y, eta, sigma, lower.tail = FALSE, log.p = TRUE),
      stats::dnorm(y, eta, sigma, log = TRUE)))
}

# Moments ------------------------------------------------------------------------------

# Mean and variance of scores, in the unit of a predicted response; of an ordered score those of its level's number.
score_moments <- function(family, n, eta, extra) UseMethod("score_moments")

#' @exportS3Method score_moments binomial_scores
score_moments.binomial_scores <- function(family, n, eta, extra) {
  p <- inverse_link(family, eta)
  list(mean = p, variance = p * (1 - p) / n)
}

#' @exportS3Method score_moments poisson_scores
score_moments.poisson_scores <- function(family, n, eta, extra) list(mean = exp(eta), variance = exp(eta))

#' @exportS3Method score_moments cumulative_scores
score_moments.cumulative_scores <- function(family, n, eta, extra) {
  table_moments(family_response(family, eta, extra)$fit, seq_along(family$levels))
}

table_moments <- function(prob, values) {
  mean <- drop(prob %*% values)
  list(mean = mean, variance = rowSums(prob * outer(mean, values, `-`)^2))
}

#' @exportS3Method score_moments beta_binomial_scores
score_moments.beta_binomial_scores <- function(family, n, eta, extra) {
  mu <- stats::plogis(eta)
  unit <- if (is.null(family$size)) n else 1
  spread <- 1 + (n - 1) / (exp(extra[[1L]]) + 1)
  list(mean = n / unit * mu, variance = n * mu * (1 - mu) * spread / unit^2)
}

#' @exportS3Method score_moments hurdle_scores
score_moments.hurdle_scores <- function(family, n, eta, extra) {
  gain <- change_probability(family, eta, extra)
  more <- score_moments.beta_binomial_scores(list(size = family$size), family$size - 1, eta, extra)
  mean <- 1 + more$mean
  list(mean = gain * mean, variance = gain * more$variance + gain * (1 - gain) * mean^2)
}

# Of a normal score moved to its ends; t phi(t) is zero at an infinite end.
#' @exportS3Method score_moments censored_scores
score_moments.censored_scores <- function(family, n, eta, extra) {
  sigma <- exp(extra[[1L]])
  mean <- family_response(family, eta, extra)$fit[, 1L]
  low <- (family$lower - eta) / sigma
  high <- (family$upper - eta) / sigma
  times <- \(t, value) ifelse(is.finite(t), t * value, 0)
  inside <- stats::pnorm(high) - stats::pnorm(low)
  square <- times(low, low * stats::pnorm(low)) + times(high, high * stats::pnorm(high, lower.tail = FALSE)) +
    inside + times(low, stats::dnorm(low)) - times(high, stats::dnorm(high))
  list(mean = mean, variance = pmax(sigma^2 * (square - ((mean - eta) / sigma)^2), 0))
}

# Draws --------------------------------------------------------------------------------

# A score for each row; `n` points or trials. Of an ordered score the number of its level.
draw_scores <- function(family, n, eta, extra) UseMethod("draw_scores")

#' @exportS3Method draw_scores binomial_scores
draw_scores.binomial_scores <- function(family, n, eta, extra) {
  stats::rbinom(length(eta), n, inverse_link(family, eta))
}

#' @exportS3Method draw_scores poisson_scores
draw_scores.poisson_scores <- function(family, n, eta, extra) as.double(stats::rpois(length(eta), exp(eta)))

#' @exportS3Method draw_scores cumulative_scores
draw_scores.cumulative_scores <- function(family, n, eta, extra) {
  latent <- switch(family$link,
    logit = stats::rlogis(length(eta)), probit = stats::rnorm(length(eta)),
    cloglog = log(stats::rexp(length(eta)))
  )
  1 + rowSums(outer(eta + latent, extra, `>`))
}

#' @exportS3Method draw_scores beta_binomial_scores
draw_scores.beta_binomial_scores <- function(family, n, eta, extra) {
  stats::rbinom(length(eta), n, draw_beta(eta, extra[[1L]]))
}

# Beta of mean plogis(eta) and this precision.
draw_beta <- function(eta, log_precision) {
  if (log_precision == Inf) {
    return(stats::plogis(eta))
  }
  stats::rbeta(length(eta), stats::plogis(eta) * exp(log_precision), stats::plogis(-eta) * exp(log_precision))
}

#' @exportS3Method draw_scores hurdle_scores
draw_scores.hurdle_scores <- function(family, n, eta, extra) {
  gain <- stats::rbinom(length(eta), 1L, change_probability(family, eta, extra))
  gain * (1 + stats::rbinom(length(eta), family$size - 1, draw_beta(eta, extra[[1L]])))
}

#' @exportS3Method draw_scores censored_scores
draw_scores.censored_scores <- function(family, n, eta, extra) {
  pmin(pmax(stats::rnorm(length(eta), eta, exp(extra[[1L]])), family$lower), family$upper)
}

# A drawn score in the words of the scores that were given: a factor, TRUE, cbind(events, failures), a number.
as_given <- function(score, n, given) {
  if (is.ordered(given)) {
    return(ordered(levels(given)[score], levels = levels(given)))
  }
  if (is.factor(given)) {
    return(factor(levels(given)[score + 1L], levels = levels(given)))
  }
  if (is.logical(given)) {
    return(score == 1)
  }
  if (NCOL(given) == 2L) {
    return(matrix(c(score, n - score), ncol = 2L, dimnames = list(NULL, colnames(given))))
  }
  score
}

# Averages over random effects -----------------------------------------------------------

# f averaged over a normal effect of standard deviation `sd` (one for each row) beside eta; f gives a vector or a table
# with a row for each row. The trapezoidal rule: for functions analytic about the line its error falls faster than any
# power of the step, here below rounding. `scale`: how far in eta f is smooth, the unit of a link.
average_normal <- function(f, eta, sd, scale = 1) {
  widest <- max(sd, 0)
  if (widest == 0) {
    return(f(eta))
  }
  step <- min(1 / 8, scale / (4 * widest))
  end <- ceiling((9 + 2 * widest) / step)
  u <- seq.int(-end, end) * step
  weight <- stats::dnorm(u) / sum(stats::dnorm(u))
  total <- 0
  for (k in which(weight > 0)) total <- total + weight[k] * f(eta + sd * u[k])
  total
}

# The distance over which a family's probabilities change.
smooth_scale <- function(family, extra) {
  switch(family$name,
    censored = exp(extra[[1L]]),
    hurdle = if (family$shared) min(1, 1 / abs(extra[[3L]])) else 1,
    1
  )
}

# Each part of a list averaged.
average_parts <- function(f, eta, sd, scale) {
  parts <- names(f(eta))
  n <- length(eta)
  table <- average_normal(\(at) do.call(cbind, f(at)), eta, sd, scale)
  lapply(rlang::set_names(seq_along(parts), parts), \(i) matrix(table, n)[, i])
}

# Moments of scores whose linear predictor varies: mean and variance over both.
average_moments <- function(family, n, eta, sd, extra) {
  raw <- \(at) {
    moments <- score_moments(family, n, at, extra)
    list(mean = moments$mean, square = moments$variance + moments$mean^2)
  }
  out <- average_parts(raw, eta, sd, smooth_scale(family, extra))
  if (max(sd, 0) == 0) {
    return(score_moments(family, n, eta, extra))
  }
  list(mean = out$mean, variance = out$square - out$mean^2)
}
