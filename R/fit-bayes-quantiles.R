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
