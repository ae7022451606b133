# Moves of natural change: what tipping points, maps and the multiverse ask of an excess of scores.

#' @exportS3Method question_parts excess_score
question_parts.excess_score <- function(excess) {
  x <- score_excess_change(excess)
  observed <- unique(vapply(possible_outcomes(x), mean, 0))
  mean_words(list(moves = c("bias", "mean", "tau", "sd"), scenarios = length(observed),
    natural = score_excess_natural(excess)), paste(signif(observed, 4), collapse = " to "), length(change_scores(x)))
}

mean_words <- function(parts, observed, n) {
  patients <- if (n == 1L) "1 patient" else paste(n, "patients")
  c(parts, list(
    question = paste0("nature alone gives a mean of ", observed, " or more in ", patients),
    rare = paste0("gives a mean of ", observed, " or more"),
    chance = "Chance of as large a mean or larger\nby nature alone", seen = "as large a mean or larger",
    short = paste("a mean of", observed, "or more in", patients)))
}

# What belongs to responders is refused with its reason.
refuse_rate_terms <- function(over, may, call) {
  reasons <- c(
    rate = "A rate is for responders; the natural mean is varied by {.val mean}.",
    landmark = "A landmark moves the odds of responders: a score that has begun to recover shows it in its baseline.",
    drift = "A drift is on log odds; move the mean by {.val bias}, in points.",
    e_value = "The E-value explains a ratio of risks away, and a mean excess is none: it is for responders only."
  )
  named <- intersect(over, names(reasons))
  if (length(named) > 0L) {
    abort_input(c("{.val {named[1]}} is not asked of scores.", x = reasons[[named[1]]],
      i = "{.arg over} may hold {.val {may}}."), call = call)
  }
}

#' @exportS3Method natural_move excess_score
natural_move.excess_score <- function(excess, term, context, call) {
  natural <- score_excess_natural(excess)
  check_movable(natural, term, call)
  grid <- change_grid(excess, term)
  nature <- \(value) move_change(natural, stats::setNames(list(value), term), call)
  possible <- vapply(grid, \(v) !inherits(tryCatch(nature(v), cordgain_error = identity), "cordgain_error"), NA)
  grid <- grid[possible]
  own <- switch(term, sd = change_sd(natural), mean = change_anchor(natural), 0)
  start <- which.min(abs(grid - own))
  new_move(term, nature, grid, change_units[[term]], change_span(term, grid), start = start,
    title = change_titles[[term]])
}

change_span <- function(term, grid) {
  what <- c(bias = "biases", mean = "means", tau = "SDs between populations", sd = "SDs between patients")[[term]]
  paste(what, "from", signif(min(grid), 3), "to", signif(max(grid), 3))
}

change_units <- c(bias = "points", mean = "points", tau = "SD, points", sd = "SD, points")

change_titles <- c(bias = "Mean natural change in the trial, less that of the evidence (points)",
  mean = "Mean natural change, taken as known (points)", tau = "SD between populations (points)",
  sd = "SD between patients (points)")

check_movable <- function(natural, term, call) {
  if (term == "tau" && change_kind(natural) != "meta") {
    abort_input(c("Heterogeneity is varied for a natural change from a table of sources.",
      x = "The natural change is {natural_label(natural)}."), call = call)
  }
}

# Natural change with some of `bias`, `mean`, `tau`, `sd` at these values. The SD comes last: the evidence does not
# depend on it.
move_change <- function(natural, values, call) {
  if (!is.null(values$mean)) {
    natural <- known_change(natural, values$mean, if (is.null(values$tau)) 0 else values$tau, call)
  } else if (!is.null(values$tau)) {
    natural <- refit_change(natural, tau = prior_fixed(values$tau), call = call)
  }
  if (!is.null(values$sd)) natural <- refit_change(natural, sd = values$sd, call = call)
  if (is.null(values$bias)) natural else shift_change(natural, values$bias)
}

# Values looked at, in units of the SD between patients, so that points or halves of points do not matter. Biases and
# means run through the observed mean and far beyond.
change_grid <- function(excess, term) {
  natural <- score_excess_natural(excess)
  sd <- change_sd(natural)
  centre <- change_anchor(natural)
  observed <- range(vapply(possible_outcomes(score_excess_change(excess)), mean, 0))
  normal <- change_family(natural) == "normal"
  steps <- seq(-8, 8, by = if (normal) 0.5 else 1) * sd # sums of whole points take longer
  switch(term,
    bias = sort(unique(c(0, observed[1] - centre + steps, steps))),
    mean = mean_grid(natural, centre, observed, steps),
    tau = sd * c(1e-3, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5),
    sd = sd * c(0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1, 1.25, 1.6, 2, 3, 5)
  )
}

# A family with ends has means between them alone.
mean_grid <- function(natural, centre, observed, steps) {
  if (change_family(natural) == "normal") {
    return(sort(unique(c(observed[1] + steps, centre + steps))))
  }
  range <- change_range(natural)
  range[1] + diff(range) * c(0.002, 0.005, 0.01, 0.02, seq(0.04, 0.96, by = 0.04), 0.98, 0.99)
}

#' @exportS3Method nature_tails excess_score
nature_tails.excess_score <- function(excess, nature) {
  x <- score_excess_change(excess)
  observed <- unique(vapply(possible_outcomes(x), mean, 0))
  means <- natural_means_of(nature, change_room(x))
  lapply(means, \(m) vapply(observed, \(at) mean_reached(m, at), 0))
}

# Distribution of the patients' natural mean, on both routes; the laws of single patients are not worked out.
natural_means_of <- function(natural, room, nodes = change_nodes(natural)) {
  laws <- if (change_family(natural) == "normal") {
    list(fine = list(room = room), coarse = list(room = room))
  } else {
    lapply(nodes, \(nodes) list(nodes = nodes, model = change_model_of(natural), room = room))
  }
  natural_means(laws, natural)
}

# P(mean >= at), added up from above so that a small tail keeps its digits.
mean_reached <- function(means, at) {
  if (is.null(means$mass)) {
    return(core_mixture_cdf(list(weight = means$weight, mean = -means$mean, sd = means$sd), -at))
  }
  min(1, sum(means$mass[means$values >= at - 1e-9]))
}
