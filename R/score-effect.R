# The mean excess delta as a parameter, in points: treated patients follow natural recovery with its mean moved by
# delta. Its likelihood, the uncertain natural mean integrated out, and its posterior under a prior of delta.

# list: `unit` (points; the SD between patients, in which the grid stands), `centre` (where the likelihood lies),
# `width` (of its narrowest feature), `kinks` (where a known natural mean meets the end of what is possible), and
# `log_likelihood(delta, route)`.
effect_likelihood <- function(excess, call) UseMethod("effect_likelihood")

#' @exportS3Method effect_likelihood excess_score
effect_likelihood.excess_score <- function(excess, call) {
  one_group(excess, call)
  x <- score_excess_change(excess)
  score_likelihood(change_scores(x), change_room(x), score_excess_natural(excess),
    score_excess_settings(excess)$sd_treated, call)
}

# @param given SD of change between treated patients, from elsewhere, or NULL
score_likelihood <- function(y, room, natural, given, call, nodes = change_nodes(natural)) {
  own <- if (is.null(given)) change_sd(natural) else given
  log_likelihood <- if (change_family(natural) == "normal") {
    normal_likelihood(natural, mean(y), own^2 / length(y))
  } else {
    if (!is.null(given)) natural <- refit_change(natural, sd = given, call = call)
    counted_likelihood(natural, y, room, if (all(change_mixture(natural, "fine")$sd == 0)) nodes else
      close_nodes(natural), call)
  }
  known <- change_mixture(natural, "fine")
  kinks <- outer(possible_means(change_model_of(natural)), known$mean[known$sd == 0], `-`)
  list(unit = change_sd(natural), centre = mean(y) - change_anchor(natural), width = own / sqrt(length(y)),
    kinks = kinks[is.finite(kinks)], log_likelihood = log_likelihood)
}

#' @exportS3Method effect_likelihood excess_curve
effect_likelihood.excess_curve <- function(excess, call) {
  row <- curve_mean(excess)
  normal_law(row$mean, row$sd)
}

normal_law <- function(mean, sd) {
  list(unit = sd, centre = mean, width = sd,
    log_likelihood = \(delta, route) stats::dnorm(mean, delta, sd, log = TRUE))
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

# Moved by the excess, the ends of what is possible lie anywhere between nodes: panels of a twentieth of the mean's SD.
close_nodes <- function(natural) {
  spread <- diff(core_mixture_summary(change_mixture(natural, "fine"), c(0.16, 0.84))$quantile) / 2
  change_nodes(natural, min(1000, max(16, ceiling(20 * diff(possible_means(change_model_of(natural))) / spread))))
}

# Whole scores of a family with ends: the product of the patients' probabilities, at population mean t, is smooth in t;
# it is worked out on a lattice and read off by a spline, averaged over the nodes of the natural mean.
counted_likelihood <- function(natural, y, room, nodes, call) {
  model <- change_model_of(natural)
  log_given <- \(shift) {
    parts <- vapply(seq_along(y), \(i) {
      ends <- conditional_cdf(model, c(y[i] - 1, y[i]), list(shift = shift), TRUE, room$low[i], room$high[i])
      log(pmax(ends[2, ] - ends[1, ], 1e-300))
    }, numeric(length(shift)))
    rowSums(matrix(parts, length(shift)))
  }
  step <- change_sd(natural) / sqrt(length(y)) / 20
  anchor <- change_anchor(natural)
  possible <- possible_means(model) - anchor
  given <- NULL # the same curve serves both routes
  \(delta, route) {
    kept <- nodes[[route]]$weight > 1e-14 # what is dropped is below rounding
    shift <- nodes[[route]]$shift[kept]
    ends <- range(delta) + range(shift)
    if (is.null(given) || ends[1] < given$ends[1] || ends[2] > given$ends[2]) {
      given <<- read_off(log_given, ends + c(-1, 1) * step, step, possible, call)
    }
    reached <- delta + max(shift) >= given$from & delta + min(shift) <= given$to
    at <- outer(delta[reached], shift, `+`)
    like <- replace(numeric(length(delta)), reached, matrix(given$read(at), nrow(at)) %*% nodes[[route]]$weight[kept])
    for (side in c(-1, 1)) {
      like <- like + kink_correction(given$read, side, possible, delta, change_mixture(natural, route), anchor,
        list(shift = shift, weight = nodes[[route]]$weight[kept]), 20 * step)
    }
    log(pmax(like, 1e-300))
  }
}

# At the ends of what is possible the likelihood, a function of the population mean, has a kink, which moves through the
# panels of the natural mean with the excess. What the nodes make of a kink of the same slope that fades within `width`,
# s x exp(-x^2 / (2 width^2)) for x > 0, x the distance inside, is replaced by its exact mean over the mixture of
# normals: X exp(-X^2 / (2 w^2)) of a normal N(m, v) is a normal's mean above 0 again, of mean m w^2 / (v + w^2) and
# variance v w^2 / (v + w^2).
# @param side -1 for the lower end, 1 for the upper
kink_correction <- function(read, side, possible, delta, mixture, anchor, nodes, width) {
  end <- possible[if (side < 0) 1L else 2L]
  inside <- \(t) -side * (t - end)
  h <- 1e-5 * width
  slope <- (read(end - side * h) - read(end)) / h
  if (all(mixture$sd == 0) || slope == 0) {
    return(0)
  }
  share <- width^2 / (mixture$sd^2 + width^2)
  exact <- vapply(seq_along(share), \(j) {
    m <- inside(delta + mixture$mean[j] - anchor)
    sd <- mixture$sd[j] * sqrt(share[j])
    z <- if (sd > 0) m * share[j] / sd else 0
    above <- if (sd > 0) sd * (stats::dnorm(z) + z * stats::pnorm(z)) else pmax(m, 0)
    mixture$weight[j] * sqrt(share[j]) * exp(-m^2 / (2 * (mixture$sd[j]^2 + width^2))) * above
  }, numeric(length(delta)))
  seen <- inside(outer(delta, nodes$shift, `+`))
  seen <- pmax(seen, 0) * exp(-seen^2 / (2 * width^2))
  slope * (rowSums(matrix(exact, length(delta))) - drop(matrix(seen, length(delta)) %*% nodes$weight))
}

# `read()` is exp(f) between the ends, f a smooth curve with one peak: by a spline on a lattice where f is within 60
# of the peak (beyond, rounding takes over, and a spline would swing), from `from` to `to`, and 0 elsewhere. Beyond the
# possible shifts f stays what it is at their ends, towards which the lattice is closer.
read_off <- function(f, ends, step, possible, call) {
  scan <- seq(ends[1], ends[2], length.out = 300)
  values <- f(scan)
  if (max(values) < -600) {
    abort_numerical("No natural mean and no excess make the observed changes likelier than 1e-250.", call = call)
  }
  inside <- range(which(values > max(values) - 60))
  from <- scan[max(1, inside[1] - 1)]
  to <- scan[min(length(scan), inside[2] + 1)]
  reach <- pmin(pmax(c(from, to), possible[1]), possible[2])
  lattice <- seq(reach[1], reach[2], length.out = min(4000, ceiling(diff(reach) / step) + 8))
  # There f may go as a logarithm: a spline follows it over steps of 1.6 % to 1e-8.
  near <- (lattice[2] - lattice[1]) / 0.016 * exp(-0.016 * (0:1500))
  near <- near[near < diff(reach)]
  lattice <- sort(unique(c(lattice, if (from < possible[1]) reach[1] + near, if (to > possible[2]) reach[2] - near)))
  values <- f(lattice)
  spline <- stats::splinefun(lattice, pmax(values, max(values) - 60))
  list(ends = ends, from = from, to = to, read = \(x) {
    inside <- x >= from & x <= to
    exp(spline(pmin(pmax(x, reach[1]), reach[2]))) * inside
  })
}

# Likelihood at the nodes of panels on both routes; delta = unit * node. Panels are narrow around no effect, where
# sceptical priors lie, as wide as the likelihood's features around both, and wider and wider outside.
effect_table_of <- function(excess, call) likelihood_table(effect_likelihood(excess, call))

likelihood_table <- function(law) {
  centre <- law$centre / law$unit
  width <- min(0.5, law$width / law$unit)
  reach <- c(min(0, centre) - 12, max(0, centre) + 12)
  edges <- sort(unique(round(c(seq(-0.5, 0.5, by = 0.05), seq(0, reach[2], by = width), seq(0, reach[1], by = -width),
    reach[2] + 12 * (2^(0:5) - 1), reach[1] - 12 * (2^(0:5) - 1), law$kinks / law$unit), 12)))
  routes <- lapply(c(fine = "fine", coarse = "coarse"), \(route) {
    panels <- unit_panels(edges, route == "fine")
    log_like <- law$log_likelihood(law$unit * panels$node, route)
    list(grid = panels$grid, node = panels$node, weight = panels$mass, log_likelihood = log_like)
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

# Prior and posterior in units of the SD between patients, as power_rows() takes them; shifts of means back in points.
effect_power <- function(table, effect) {
  rows <- prior_components(effect)
  scaled <- lapply(seq_len(nrow(rows)), \(i) prior_normal(rows[i, "a"] / table$unit, rows[i, "b"] / table$unit))
  prior <- if (nrow(rows) == 1L) scaled[[1]] else do.call(prior_mixture, c(list(rows[, "weight"]), scaled))
  power <- power_rows(list(delta = effect_grid(table, effect)), prior)
  power$mean_shift <- power$mean_shift * table$unit
  power
}

check_effect <- function(effect, sd, call) {
  if (is.null(effect)) {
    return(unit_prior(sd))
  }
  check_prior(effect, "normal", "effect", call)
  effect
}
