# Quantiles of densities on lattices, the scale of variance parameters, and places in the distribution over nodes.

# Quantiles of a density on a lattice, on the scale of `values`.
lattice_limits <- function(lattice, probs, evidence_error, values) {
  near <- probs * (1 - probs) / 20
  routes <- core_lattice_quantiles(lattice, c(probs, probs - near, probs + near))
  at <- lapply(routes, \(eta) matrix(values(eta), length(probs)))
  # With the masses below and above a limit, p and 1 - p, each off by a share e, p is off by at most 2 p (1 - p) e.
  slope <- (at$quantile[, 3] - at$quantile[, 2]) / (2 * near)
  missed <- 2 * probs * (1 - probs) * evidence_error
  list(value = at$quantile[, 1], error = max(10 * abs(at$quantile[, 1] - at$check[, 1]) + slope * missed))
}

is_free <- function(post) post$terms$free

# The same three functions as in model/hyperparameters.hpp.
hyper_value <- function(kind, eta, unit) {
  switch(kind, sd = unit * exp(eta - exp(-eta)), cor = tanh(eta), scale = exp(eta))
}

# The eta of values of a standard deviation: the root of eta - exp(-eta) = log(value / unit), by Newton.
sd_coordinate <- function(value, unit) {
  target <- log(value / unit)
  eta <- ifelse(target > 0, target, -log1p(pmax(-target, 0)))
  for (step in 1:60) {
    tail <- exp(-eta)
    moved <- (eta - tail - target) / (1 + tail)
    eta <- eta - moved
    if (all(abs(moved) < 1e-12 * (1 + abs(eta)))) break
  }
  eta
}

hyper_coordinate <- function(kind, value, unit) {
  switch(kind, sd = sd_coordinate(value, unit), cor = atanh(value), scale = log(value))
}

# Places in (0, 1) of draws in the distribution of each coordinate, between the nodes of two interleaved lattices. The
# lattices are sheared, so that places of several coordinates must be chosen together: a draw is its node, pulled
# towards the mean, and normal noise about as wide as a cell, which leaves all means and covariances as they are.
# Source: Liu and West (2001), in Sequential Monte Carlo Methods in Practice, chapter 10.
#' @param coordinates (matrix, coordinates x nodes) in which the density falls off fast on all sides.
#' @param weight of the nodes; `node`: of each draw; `u` (matrix, draws x coordinates) uniform numbers.
#' @param steps (numeric, a coordinate each) between values of the two lattices together.
#' @noRd
node_places <- function(coordinates, weight, node, u, steps) {
  weight <- weight / sum(weight)
  away <- coordinates - drop(coordinates %*% weight)
  covariance <- tcrossprod(away * rep(sqrt(weight), each = nrow(away)))
  sd <- sqrt(diag(covariance))
  # Noise of .3 steps of one lattice leaves ripples of the two together below a fiftieth.
  width <- min(0.6, 0.3 * mean(2 * steps / sd))
  root <- suppressWarnings(chol(covariance, pivot = TRUE))
  root[seq_len(nrow(root)) > attr(root, "rank"), ] <- 0
  root <- root[, order(attr(root, "pivot")), drop = FALSE]
  away <- sqrt(1 - width^2) * away
  drawn <- t(away[, node, drop = FALSE]) + width * stats::qnorm(u) %*% root
  out <- vapply(seq_along(sd), \(k) mixture_place(drawn[, k], away[k, ], weight, width * sd[k]), numeric(length(node)))
  matrix(pmin(pmax(out, 1e-12), 1 - 1e-12), length(node))
}

# Draws of the free variance parameters of one posterior, near the nodes drawn, from their marginal densities.
free_draws <- function(post, free, node, u, marginal, unit) {
  word <- post$terms$word[free]
  coordinates <- do.call(rbind, Map(hyper_coordinate, word, asplit(post$values[free, , drop = FALSE], 1L), unit[free]))
  places <- node_places(coordinates, post$weight, node, u, vapply(marginal, `[[`, 0, "step"))
  vapply(seq_along(free), \(k) {
    hyper_value(word[k], core_lattice_quantiles(marginal[[k]], places[, k])$quantile, unit[[free[k]]])
  }, numeric(length(node)))
}

# P(X < x) of a mixture of normals of one standard deviation, their means taken together by fiftieths of it, from a
# table of its normal quantiles.
mixture_place <- function(x, mean, weight, sd) {
  bin <- round(mean / (0.02 * sd))
  parts <- rowsum(cbind(weight, weight * mean), bin)
  parts <- parts[parts[, 1L] > 0, , drop = FALSE]
  at <- seq(min(x, mean) - sd, max(x, mean) + sd, length.out = 400L)
  away <- outer(at, parts[, 2L] / parts[, 1L], `-`) / sd
  below <- pmin(log(drop(stats::pnorm(away) %*% parts[, 1L])), 0) # weights sum to 1 but for rounding
  above <- pmin(log(drop(stats::pnorm(-away) %*% parts[, 1L])), 0)
  z <- ifelse(below < above, stats::qnorm(below, log.p = TRUE), -stats::qnorm(above, log.p = TRUE))
  known <- is.finite(z)
  stats::pnorm(stats::approx(at[known], z[known], x, rule = 2)$y)
}

# A place in (0, 1) that is uniform over all draws and keeps their order: the share of weight below the node's value,
# and a random part `u` of the weight at it.
within_node <- function(value, weight, node, u) {
  value <- signif(value, 10) # nodes of one line of the lattice differ by rounding
  levels <- sort(unique(value))
  at <- match(value, levels)
  share <- as.vector(tapply(weight, factor(at, seq_along(levels)), sum)) / sum(weight)
  place <- (cumsum(share) - share)[at[node]] + u * share[at[node]]
  pmin(pmax(place, 1e-12), 1 - 1e-12)
}
