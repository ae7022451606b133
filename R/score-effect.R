# The mean excess delta as a parameter, in points: treated patients follow natural recovery with its mean moved by
# delta. Its likelihood, the uncertain natural mean integrated out, and its posterior under a prior of delta.

# list: `unit` (points; the SD between patients, in which the grid stands), `centre` (where the likelihood lies),
# `width` (of its narrowest feature), and `log_likelihood(delta, route)`.
effect_likelihood <- function(excess, call) UseMethod("effect_likelihood")

#' @exportS3Method effect_likelihood excess_score
effect_likelihood.excess_score <- function(excess, call) {
  x <- score_excess_change(excess)
  natural <- score_excess_natural(excess)
  given <- score_excess_settings(excess)$sd_treated
  own <- if (is.null(given)) change_sd(natural) else given
  one_group(excess, call)
  y <- change_scores(x)
  log_likelihood <- if (change_family(natural) == "normal") {
    normal_likelihood(natural, mean(y), own^2 / length(y))
  } else {
    if (!is.null(given)) natural <- refit_change(natural, sd = given, call = call)
    counted_likelihood(natural, y, change_room(x), call)
  }
  list(unit = change_sd(natural), centre = mean(y) - change_anchor(natural), width = own / sqrt(length(y)),
    log_likelihood = log_likelihood)
}

#' @exportS3Method effect_likelihood excess_curve
effect_likelihood.excess_curve <- function(excess, call) {
  row <- curve_mean(excess)
  list(unit = row$sd, centre = row$mean, width = row$sd,
    log_likelihood = \(delta, route) stats::dnorm(row$mean, delta, row$sd, log = TRUE))
}

# What needs one outcome is refused where a final score is open.
one_group <- function(excess, call) {
  lost <- sum(is.na(change_scores(score_excess_change(excess))))
  if (lost > 0L) {
    abort_input(c("This is asked of patients whose final scores are known.",
      x = "{lost} {?is/are} not known.",
      i = "Ask for the smallest and the largest change that the scale allows, one after the other."), call = call)
  }
  invisible(excess)
}

# The mean is sufficient: sum_j w_j N(ybar; m_j + delta, v_j + sd^2 / n).
normal_likelihood <- function(natural, observed, variance) {
  \(delta, route) {
    m <- change_mixture(natural, route)
    sd <- sqrt(m$sd^2 + variance)
    parts <- vapply(seq_along(sd), \(j) m$weight[j] * stats::dnorm(observed, m$mean[j] + delta, sd[j]),
      numeric(length(delta)))
    log(pmax(rowSums(matrix(parts, length(delta))), 1e-300))
  }
}

# Whole scores of a family with ends: the product of the patients' probabilities, at population mean t, is smooth in t;
# it is worked out on a lattice and read off by a spline, averaged over the nodes of the natural mean.
counted_likelihood <- function(natural, y, room, call) {
  model <- change_model_of(natural)
  log_given <- \(shift) {
    parts <- vapply(seq_along(y), \(i) {
      ends <- conditional_cdf(model, c(y[i] - 1, y[i]), list(shift = shift), TRUE, room$low[i], room$high[i])
      log(pmax(ends[2, ] - ends[1, ], 1e-300))
    }, numeric(length(shift)))
    rowSums(matrix(parts, length(shift)))
  }
  nodes <- change_nodes(natural)
  step <- change_sd(natural) / sqrt(length(y)) / 20
  \(delta, route) {
    shift <- nodes[[route]]$shift
    ends <- range(delta) + range(shift)
    lattice <- seq(ends[1], ends[2], length.out = min(20000, ceiling(diff(ends) / step) + 8))
    values <- log_given(lattice)
    if (max(values) < -600) {
      abort_numerical("No natural mean and no excess make the observed changes likelier than 1e-250.", call = call)
    }
    # Where rounding takes over, far below the peak, the curve is level: a spline would swing there.
    given <- stats::splinefun(lattice, pmax(values, max(values) - 60))
    at <- matrix(exp(given(outer(delta, shift, `+`))), length(delta))
    log(pmax(drop(at %*% nodes[[route]]$weight), 1e-300))
  }
}

# Likelihood at the nodes of panels on both routes; delta = unit * node. Panels are narrow around no effect, where
# sceptical priors lie, as wide as the likelihood's features around both, and wider and wider outside.
effect_table_of <- function(excess, call) {
  law <- effect_likelihood(excess, call)
  centre <- law$centre / law$unit
  width <- min(0.5, law$width / law$unit)
  reach <- c(min(0, centre) - 12, max(0, centre) + 12)
  edges <- sort(unique(round(c(seq(-0.5, 0.5, by = 0.05), seq(0, reach[2], by = width), seq(0, reach[1], by = -width),
    reach[2] + 12 * (2^(0:5) - 1), reach[1] - 12 * (2^(0:5) - 1)), 12)))
  routes <- lapply(c(fine = 15L, coarse = 10L), \(order) {
    grid <- list(order = order, edges = edges, density = rep(1, order * (length(edges) - 1)), mass_below = 0,
      mass_above = 0)
    nodes <- core_grid_nodes(grid)
    log_like <- law$log_likelihood(law$unit * nodes$node, if (order == 15L) "fine" else "coarse")
    list(grid = grid, node = nodes$node, weight = nodes$mass, log_likelihood = log_like)
  })
  list(routes = routes, unit = law$unit, centre = law$centre)
}

# log density of a prior of delta (points) at the nodes; NULL is flat.
log_effect_prior <- function(prior, node, unit) {
  if (is.null(prior)) rep(0, length(node)) else log_normal_mixture(unit * node, prior) + log(unit)
}

# Posterior of delta: P(delta > 0) and E(delta) with their errors.
effect_posterior <- function(table, prior, call) {
  one <- lapply(table$routes, effect_moments, prior = prior, unit = table$unit)
  lapply(c(benefit = "benefit", mean = "mean"), \(name) {
    two_routes(one$fine[[name]], one$coarse[[name]], "The posterior of the mean excess", call)
  })
}

effect_moments <- function(route, prior, unit) {
  log_post <- route$log_likelihood + log_effect_prior(prior, route$node, unit)
  mass <- route$weight * exp(log_post - max(log_post))
  mass <- mass / sum(mass)
  list(benefit = sum(mass[route$node > 0]), mean = unit * sum(mass * route$node))
}

# The posterior as a grid in units of the SD between patients, for power_rows().
effect_grid <- function(table, prior) {
  route <- table$routes$fine
  log_post <- route$log_likelihood + log_effect_prior(prior, route$node, table$unit)
  density <- exp(log_post - max(log_post))
  grid <- route$grid
  grid$density <- density / sum(route$weight * density)
  grid
}

# A sceptical prior for a reader who has none: centred on no effect, with the SD between patients, so that it is worth
# one patient.
unit_prior <- function(sd) prior_normal(0, sd)

check_effect <- function(effect, sd, call) {
  if (is.null(effect)) {
    return(unit_prior(sd))
  }
  check_prior(effect, "normal", "effect", call)
  effect
}
