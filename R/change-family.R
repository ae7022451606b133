# How one patient's natural change is distributed around the population's mean, and the
# shared shift of that mean as nodes and weights. Everything about patients is a sum over
# these nodes: given the shift they are independent.

# Codes of the enum ChangeKind of natural/change_family.hpp.
change_families <- c(normal = 0L, censored = 1L, beta_binomial = 2L, hurdle = 3L)

is_family <- function(x) is.character(x) && length(x) == 1L && x %in% names(change_families)

check_family <- function(settings, call) {
  family <- check_choice(settings$family, names(change_families), "family", call = call)
  needs_range <- family != "normal"
  if (needs_range && is.null(settings$range)) {
    abort_input(c("{.arg range} is not given.",
      x = "family = \"{family}\" needs the smallest and largest change of the published population.",
      i = "Published moments are those observed on it: c(0, 50) where nobody could lose and all could gain 50."
    ), call = call)
  }
  if (!is.null(settings$range)) {
    settings$range <- check_numeric(settings$range, "range", length = 2L, todo = range_todo, call = call)
    if (settings$range[1] >= settings$range[2]) {
      abort_input(c("{.arg range} must go from the smallest change to the largest.",
        x = "It is {settings$range[1]} to {settings$range[2]}.", i = range_todo), call = call)
    }
  }
  settings$zero <- check_zero(settings$zero, family, call)
  settings
}

range_todo <- "On a scale of 0 to 50 with first scores around 14 it is c(-14, 36); nobody can gain more than is left."

check_zero <- function(zero, family, call) {
  todo <- "It is the share of untreated patients without any change, such as 0.7, from the registry."
  if (family != "hurdle") {
    if (!is.null(zero)) {
      abort_input(c("{.arg zero} belongs to family = \"hurdle\".", x = "The family is {.val {family}}.",
        i = "Leave {.arg zero} out, or use {.code family = \"hurdle\"}."), call = call)
    }
    return(NULL)
  }
  if (is.null(zero)) abort_input(c("{.arg zero} is not given.", i = todo), call = call)
  check_number(zero, "zero", min = 0, max = 1, min_open = TRUE, max_open = TRUE, todo = todo, call = call)
}

# The family's parameters from the observed mean and SD; NULL where no SD is known.
solve_family <- function(settings, mean, sd, call) {
  if (is.na(sd)) {
    if (settings$family != "normal") {
      abort_input(c("family = \"{settings$family}\" needs the SD of change between patients.",
        i = "Give {.arg sd}, or sources with {.field sd}."
      ), call = call)
    }
    return(NULL)
  }
  check_range_on_scale(settings, call)
  range <- if (is.null(settings$range)) c(0, 0) else settings$range
  zero <- if (is.null(settings$zero)) 0 else settings$zero
  refuse <- \(abort) \(core) refuse_moments(core$message, abort, settings, mean, sd, call)
  tryCatch(core_change_model(change_families[[settings$family]], mean, sd, range[1], range[2], zero),
    cordgain_invalid_input = refuse(abort_input), cordgain_numerical_error = refuse(abort_numerical))
}

# No change exceeds the width of the scale.
check_range_on_scale <- function(settings, call) {
  if (is.null(settings$scale) || is.null(settings$range)) {
    return(invisible())
  }
  width <- diff(scale_range(settings$scale))
  if (any(abs(settings$range) > width)) {
    abort_input(c("{.arg range} is outside the scale.",
      x = "It is {settings$range[1]} to {settings$range[2]}; changes of {escape_braces(scale_name(settings$scale))} lie
           in -{width} to {width}.",
      i = "It holds changes, not scores: {range_todo}"), call = call)
  }
}

# A range of changes as published, where lower is better, holds the mean that was turned only when it is turned too.
turned_range_hint <- function(settings, mean) {
  range <- settings$range
  inside <- \(m) m >= range[1] && m <= range[2]
  if (is.null(range) || inside(mean) || !inside(-mean) || !is.null(settings$scale) && scale_sign(settings$scale) > 0) {
    return(NULL)
  }
  paste0("Means are gains here, and so is {.arg range}: where lower is better, changes of ", range[1], " to ", range[2],
    " are gains of ", -range[2], " to ", -range[1], ", {.code range = c(", -range[2], ", ", -range[1], ")}.")
}

# What the core says of moments that no distribution has, with the moments.
refuse_moments <- function(what, abort, settings, mean, sd, call) {
  what <- escape_braces(paste0(toupper(substr(what, 1L, 1L)), substring(what, 2L), "."))
  range <- paste(settings$range, collapse = " to ")
  given <- paste0("Mean ", signif(mean, 4), ", SD ", signif(sd, 4), ", range ", range,
    if (!is.null(settings$zero)) paste0(", share without change ", settings$zero),
    "; family \"", settings$family, "\".")
  abort(c(what, x = "{given}", i = turned_range_hint(settings, mean),
    i = "Published moments are those observed on {.arg range}, the changes possible in that population: correct what is
      wrong, or use another {.arg family}."
  ), call = call)
}

# The means that a population of this family can have; a mean beyond them is taken at the end.
possible_means <- function(model) {
  switch(names(change_families)[model$kind + 1L],
    normal = c(-Inf, Inf),
    hurdle = (1 - model$zero) * c(1, model$high),
    c(model$low, model$high)
  )
}

# Nodes of the shift of the population mean from its anchor, with their probabilities.
shift_nodes <- function(mixture, model, anchor, fine, parts = 16) {
  points <- mixture$sd == 0
  node <- mixture$mean[points]
  weight <- mixture$weight[points]
  if (!all(points)) {
    rest <- lapply(mixture, \(part) part[!points])
    share <- sum(rest$weight)
    rest$weight <- rest$weight / share
    panels <- core_mixture_nodes(rest, fine, mean_breaks(model, parts))
    node <- c(node, panels$node)
    weight <- c(weight, share * panels$weight)
  }
  list(shift = node - anchor, weight = weight)
}

# Edges of panels where a family with ends needs them: what is asked of patients has a kink in the population mean where
# no lower or higher mean is possible, turns over a few of `parts` between, and near the ends of a censored normal
# over powers of ten.
mean_breaks <- function(model, parts) {
  ends <- if (is.null(model)) c(-Inf, Inf) else possible_means(model)
  if (any(is.infinite(ends))) {
    return(numeric())
  }
  width <- diff(ends)
  near <- if (model$kind == change_families[["censored"]]) 10^-(2:16) else 10^-(2:4)
  c(ends[1] + width * c(0:parts / parts, near), ends[2] - width * near)
}

# Whole-number changes a patient may have. A normal has no ends: all that is likelier than 1e-12.
possible_changes <- function(model, low, high, shift) {
  if (model$kind == change_families[["normal"]]) {
    reach <- 7.5 * model$spread
    low <- floor(model$location + min(shift) - reach)
    high <- ceiling(model$location + max(shift) + reach)
    if (high - low > 5000) {
      centre <- model$location
      low <- floor(max(low, centre - 2500))
      high <- ceiling(min(high, centre + 2500))
    }
  }
  if (high - low > 10000) {
    abort_input(c("A change of up to {high - low} points cannot be added up point by point.",
      i = "Use {.code family = \"normal\"}, or a scale of coarser steps."
    ), call = NULL)
  }
  seq(low, high)
}

# P(change <= value | shift): values x shifts.
conditional_cdf <- function(model, y, nodes, whole, low, high) {
  core_change_cdfs(model, y, nodes$shift, whole, low, high)
}

# Probabilities of the values of a whole-number change given each shift, what lies beyond standing at the ends.
conditional_masses <- function(model, values, nodes, low, high) {
  cdf <- conditional_cdf(model, values, nodes, TRUE, low, high)
  cdf[nrow(cdf), ] <- 1
  rbind(cdf[1, , drop = FALSE], diff(cdf))
}

# Mean and SD of a discrete distribution.
mass_moments <- function(values, mass) {
  mean <- sum(values * mass) / sum(mass)
  list(mean = mean, sd = sqrt(sum(mass * (values - mean)^2) / sum(mass)))
}

# Smallest value with P(X <= value) >= prob; the slack is for the rounding of a sum.
mass_quantile <- function(values, mass, probs) {
  cdf <- cumsum(mass)
  vapply(probs, \(p) values[min(which(cdf >= p - 1e-12), length(values))], 0)
}

# Distribution of the sum of the patients' whole-number changes, averaged over the shared shift. `room` holds the
# ends of each patient's change.
most_summed <- 60L

sum_of_changes <- function(model, room, nodes, call = rlang::caller_env()) {
  if (length(room$low) > most_summed) {
    abort_input(c("Changes of at most {most_summed} patients are added up exactly.",
      x = "There are {length(room$low)}.",
      i = "family = \"normal\" has no such limit."
    ), call = call)
  }
  each <- Map(\(low, high) {
    values <- possible_changes(model, low, high, nodes$shift)
    list(first = values[1], masses = conditional_masses(model, values, nodes, low, high))
  }, room$low, room$high)
  mass <- core_shared_sum(lapply(each, `[[`, "masses"), nodes$weight)
  list(values = sum(vapply(each, `[[`, 0, "first")) + seq_along(mass) - 1, mass = mass)
}
