# The contract of stage 3: a `natural_recovery` is a predictive distribution of
# what happens without treatment, with the sources and adjustments that made it.
# Each kind (rates, changes, curves) is a class above it and answers these verbs.

new_natural_recovery <- function(fields, class) {
  structure(fields, class = c(class, "natural_recovery"))
}

is_natural_recovery <- function(x) inherits(x, "natural_recovery")

# Sources as a table, one row each; what has no source is one row of unknowns.
natural_sources <- function(x) UseMethod("natural_sources")

# One line that names the evidence.
natural_label <- function(x) UseMethod("natural_label")

# Lines that say what was assumed on top of the evidence: priors, bias, landmark, drift.
natural_assumptions <- function(x) UseMethod("natural_assumptions")

# The largest error that a number may state: 1e-6, or 1e-6 of itself where it is above 1 (ratios, sizes, log odds).
num_limit <- function(value, limit = 1e-6) limit * pmax(1, abs(value))

# A number from two routes: the finer is the answer, ten times their difference
# its error, never below rounding. An error above its limit is refused: a number whose
# digits are not known is worse than none.
two_routes <- function(fine, coarse, what, call = rlang::caller_env(), limit = 1e-6) {
  error <- route_error(fine, coarse)
  if (anyNA(error) || any(error > num_limit(fine, limit))) {
    worst <- if (anyNA(error)) "not a number" else format(max(error / pmax(1, abs(fine))), digits = 2)
    abort_numerical(c("{what} could not be computed to {format(limit)}.",
      x = "Two quadratures differ: stated error {worst}.",
      i = "A prior that is narrower, or fewer patients, makes the integral easier."
    ), call = call)
  }
  list(value = fine, error = error)
}

# Nodes and weights (`mass`) of panels between these edges on one route, and the `grid` of density 1 they belong to.
unit_panels <- function(edges, fine) {
  order <- if (fine) 15L else 10L
  grid <- list(order = order, edges = edges, density = rep(1, order * (length(edges) - 1)), mass_below = 0,
    mass_above = 0)
  c(list(grid = grid), core_grid_nodes(grid))
}

# P(count or more) of each count; the sum of all may round to a last bit above 1.
upper_tails <- function(pmf) pmin(1, rev(cumsum(rev(pmf))))

route_error <- function(fine, coarse) 10 * abs(fine - coarse) + 64 * .Machine$double.eps * pmax(1, abs(fine))

#' @export
summary.natural_recovery <- function(object, ...) tidy(object, ...)
