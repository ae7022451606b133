# The class of a natural rate: what it is made of, and the verbs by which other
# files look at it. It is made in natural-rate.R.

# kind: "meta", "prior" or "known". routes: two lists (fine, coarse) of grids of
# the log odds theta, and for "meta" of tau and mu.
new_natural_rate <- function(kind, routes, sources, settings, ...) {
  fields <- c(list(kind = kind, routes = routes, sources = sources, settings = settings), list(...))
  validate_natural_rate(new_natural_recovery(fields, "natural_rate"))
}

# All mass must be there on both routes.
validate_natural_rate <- function(x, call = rlang::caller_env(4)) {
  if (!rate_is_known(x)) {
    whole <- vapply(x$routes, \(route) core_grid_cdf(route$theta, Inf) + route$theta$mass_above, 0)
    two_routes(whole[["fine"]], 1, "The total probability of the natural rate", call, limit = 1e-7)
  }
  x
}

rate_is_known <- function(x) x$kind == "known" && length(x$routes$fine$theta$edges) == 0L

#' @exportS3Method natural_sources natural_rate
natural_sources.natural_rate <- function(x) x$sources

#' @exportS3Method natural_label natural_rate
natural_label.natural_rate <- function(x) {
  switch(x$kind,
    meta = paste0(
      nrow(x$sources), " source", if (nrow(x$sources) > 1L) "s", ": ", paste(x$sources$source, collapse = ", ")
    ),
    prior = x$sources$source,
    known = paste0("rate ", paste(format(signif(x$rate, 3)), collapse = ", "),
      if (rate_is_known(x)) ", taken as known: no uncertainty")
  )
}

natural_landmark <- function(x) x$settings$landmark

rate_offset <- function(x) if (is.null(x$offset)) 0 else x$offset

rate_grid <- function(x, route) x$routes[[route]]$theta

rate_tau <- function(x) if (x$kind == "meta") x$settings$tau

rate_bias <- function(x) x$settings$bias

has_bias <- function(x) rate_bias(x)$mean != 0 || rate_bias(x)$sd != 0

natural_drift <- function(x) x$settings$drift

rate_settings <- function(x) x$settings

# The counts, offsets and scenarios that went down to the core (fine route).
rate_evidence <- function(x) x$routes$fine$evidence

# The prior or number that a rate was made from.
rate_given <- function(x) if (rate_kind(x) == "prior") x$prior else x$rate

# What the rate was made from: "meta" (a table of sources), "prior" or "known".
rate_kind <- function(x) x$kind

# Log odds of the patients of a trial, both routes. Groups are patients with the same rate.
patient_rates <- function(x, n, call = rlang::caller_env()) {
  offset <- rate_offset(x)
  if (length(offset) > 1L && length(offset) != n) {
    abort_input(c("There must be one natural rate, or one for each patient.",
      x = "There are {length(offset)} rates and {n} patients."
    ), call = call)
  }
  if (length(offset) == 1L) {
    size <- n
  } else {
    size <- as.numeric(table(offset))
    offset <- sort(unique(offset))
  }
  lapply(x$routes, \(route) core_shift_rates(route$theta, offset, size))
}

responders_pmf <- function(x, n, call = rlang::caller_env()) {
  rates <- patient_rates(x, n, call)
  pmf <- lapply(rates, \(r) core_natural_responders(r)$pmf)
  two_routes(pmf$fine, pmf$coarse, "The distribution of natural responders", call)
}

# A finite sum where the rate is known, else ten times the difference of two routes.
rate_num_kind <- function(x) if (rate_is_known(x)) "exact" else "estimate"

# The quantiles that tidy() gives unless asked for others.
usual_probs <- c(0.025, 0.975)

# A rate whose mean, SD or interval cannot be had to 1e-6 is refused where it is made, and they are worked out once.
# Where patients differ it has no one rate to look at: its responders are checked when asked for.
with_summary <- function(x, call = rlang::caller_env()) {
  if (length(rate_offset(x)) == 1L) x$summary <- rate_summary(x, usual_probs, call)
  x
}

# Mean, SD and quantiles of the rate (of the mean rate where patients differ).
rate_summary <- function(x, probs, call = rlang::caller_env()) {
  at <- match(signif(probs, 12), usual_probs)
  if (!is.null(x$summary) && !anyNA(at)) {
    known <- x$summary
    known$quantile <- lapply(known$quantile, \(values) values[at])
    return(known)
  }
  if (x$kind == "known" && length(x$offset) > 1L && !rate_is_known(x)) {
    abort_input("Patients have different rates: ask {.fn predict} for their responders.", call = call)
  }
  if (rate_is_known(x)) {
    rate <- mean(stats::plogis(x$offset))
    known <- list(value = rate, error = 0)
    return(list(mean = known, sd = list(value = 0, error = 0),
      quantile = list(value = rep(rate, length(probs)), error = rep(0, length(probs)))))
  }
  grids <- lapply(x$routes, \(route) shift_grid(route$theta, rate_offset(x)))
  summarise_routes(grids, probs, TRUE, "The natural rate", call)
}

shift_grid <- function(grid, by) {
  grid$edges <- grid$edges + by
  grid
}

summarise_routes <- function(grids, probs, as_rate, what, call) {
  s <- lapply(grids, \(grid) core_grid_summary(grid, probs, as_rate))
  lapply(stats::setNames(nm = c("mean", "sd", "quantile")), \(name) {
    two_routes(s$fine[[name]], s$coarse[[name]], what, call)
  })
}

summary_row <- function(term, s) {
  error <- max(s$mean$error, s$sd$error, s$quantile$error)
  term_row(term, s$mean$value, s$quantile$value[1], s$quantile$value[2], error, s$sd$value)
}

# Priors that leave no rate to be worked out ------------------------------------------

# One source says nothing about how populations differ: tau's prior alone does. Where most of it lies above 5 on log
# odds (95 % of populations then have odds that differ by factors up to e^20), the source says nothing of a new one.
wide_tau <- 5

check_tau_of_one_source <- function(tau, sources, call) {
  wide <- if (nrow(sources) == 1L && prior_base_kind(tau) != "fixed") prior_above(tau, wide_tau) else 0
  if (wide >= 0.5) {
    abort_input(c("With one source, which says nothing about {.arg tau}, its prior must not be flat or nearly flat.",
      x = "{.code {format(tau)}} has probability {format(wide, digits = 2)} above {wide_tau} on log odds, where a source
           says nothing of another population.",
      i = "Use {.code prior_half_normal(1)}, the default, state {.code prior_fixed()}, or give more sources."
    ), call = call)
  }
}

# A beta prior of more than some 1e8 events and non-events is a known rate: its width is that of rounding.
check_not_known <- function(x, call) {
  rows <- prior_components(x)
  if (prior_base_kind(x) == "beta" && any(pmin(rows[, "a"], rows[, "b"]) > 1e8)) {
    abort_input(c("A prior this sharp is a known rate.", x = "It is {.code {format(x)}}.",
      i = "Give the rate as a number: {.code natural_rate({signif(rows[1, 'a'] / (rows[1, 'a'] + rows[1, 'b']), 6)})}."
    ), call = call)
  }
}
