# The natural rate: published counts, a prior or a number become one predictive
# distribution of the rate that the trial's patients would have had untreated.

#' Natural rate of recovery in a new population
#'
#' The distribution of the rate at which patients like those of the trial would
#' have recovered without treatment. From a table of published counts it is the
#' meta-analytic-predictive distribution, exactly: binomial counts, log odds that
#' differ between sources, and a new population that differs from them as they
#' differ from each other,
#' \deqn{y_k \sim \mathrm{Bin}(n_k, \mathrm{logit}^{-1}\theta_k), \quad
#'   \theta_k \sim N(\mu, \tau^2), \quad \theta^* \sim N(\mu + b, \tau^2),}
#' computed by deterministic quadrature over \eqn{\mu}, \eqn{\tau} and every
#' \eqn{\theta_k}; no normal approximation, no sampling. The uncertainty is shared
#' by all patients of the trial.
#'
#' @param x a table of sources (data frame with the columns of [natural_ais]: at
#'   least `source`, `events`, `n`); or a prior on the rate ([prior_beta()], a
#'   mixture of these, or [prior_normal()] on the log odds); or a number in (0, 1),
#'   a rate taken as known, or one number per patient.
#' @param tau prior of the standard deviation between populations, on log odds:
#'   [prior_half_normal()], [prior_half_t()], [prior_exponential()], [prior_pc()],
#'   [prior_gamma()], [prior_uniform()], mixtures of one of these, or [prior_fixed()].
#' @param mu prior of the mean log odds: [prior_normal()], [prior_t()], mixtures,
#'   [prior_fixed()], or `NULL` for flat.
#' @param bias [prior_normal()] or [prior_fixed()] on the log odds by which the
#'   trial's natural rate exceeds what the evidence says of it; `NULL` for none.
#' @param landmark a [landmark()] correction, or `NULL`.
#' @param drift a [drift()] over calendar years, or `NULL`; for tables of sources.
#' @param shared_sd (number > 0, log odds) for rates given as numbers: standard
#'   deviation of a deviation shared by all patients.
#' @param match (list) for a number or a prior: what population it is about, as
#'   `endpoint`, `baseline_grade`, `level`, `baseline_days`, `followup_weeks`, `years`
#'   (see [trial_arm()]). What is left out is unknown and differs from every trial.
#' @param ... nothing: an argument that does not exist is refused by name.
#'
#' @return A `natural_rate` (a `natural_recovery`). [predict()][predict.natural_rate]
#'   gives the number of responders among n patients, `quantile()` quantiles of the
#'   rate, `tidy()` one row each for `rate`, `tau`, `mu` (posterior or predictive
#'   mean, SD and 95 % interval), `ess_moment`, `ess_elir` and `icc`, with the
#'   numerical error of each (a row beside `rate` that is infinite or not known to its
#'   stated error is `NA`); [ess()] the effective sample size; `plot()` the sources
#'   with the predictive interval.
#' @section Conditions: `cordgain_unmatched` where a landmark's endpoint or level is not the
#'   sources'; `cordgain_invalid_input` for a table that is none (see [natural_ais]), a prior
#'   of the wrong kind, an improper posterior, a beta prior so sharp that it is a number, or
#'   a prior of `tau` that is flat or nearly flat (half of it above 5) with one source;
#'   `cordgain_numerical_error` at once where the mean, the SD or the 95 % interval of the
#'   rate cannot be had to 1e-6.
#' @references
#' Neuenschwander and others (2010), Clinical Trials 7:5-18, \doi{10.1177/1740774509356002}.
#' Schmidli and others (2014), Biometrics 70:1023-1032, \doi{10.1111/biom.12242}.
#' Roever and others (2021), Research Synthesis Methods, \doi{10.1002/jrsm.1475} (prior of tau).
#' @seealso [excess()], [natural_strata()], [landmark()], [drift()], [natural_ais]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' natural <- natural_rate(late)
#' natural
#' quantile(natural, c(0.1, 0.5, 0.9))
#' predict(natural, patients = 4)
#' @export
natural_rate <- function(x, tau = prior_half_normal(1), mu = prior_normal(0, 2), bias = NULL, landmark = NULL,
                         drift = NULL, shared_sd = NULL, match = NULL, ...) {
  check_no_more(names(formals(natural_rate)), ...)
  if (missing(x)) {
    abort_input(c("{.arg x} is not given.", i = "Give a table of sources, a prior on the rate, or a known rate."))
  }
  settings <- list(
    tau = check_prior(tau, c("half_normal", "half_t", "exponential", "gamma", "uniform", "fixed")),
    mu = if (is.null(mu)) flat_prior() else check_prior(mu, c("normal", "t", "fixed")),
    bias = check_bias(bias), landmark = check_made_by(landmark, is_landmark, "landmark"),
    drift = check_made_by(drift, is_drift, "drift"), shared_sd = shared_sd, match = match
  )
  check_tau_positive(tau)
  with_summary(rate_from(x, settings, rlang::current_env()))
}

check_bias <- function(bias, call = rlang::caller_env()) {
  if (is.null(bias)) {
    return(list(mean = 0, sd = 0))
  }
  check_prior(bias, c("normal", "fixed"), "bias", call)
  if (prior_kind(bias) == "mixture") {
    abort_input("{.arg bias} must be one normal or a fixed value, not a mixture.", call = call)
  }
  p <- prior_parameters(bias)
  if (prior_kind(bias) == "fixed") list(mean = p[["value"]], sd = 0) else list(mean = p[["mean"]], sd = p[["sd"]])
}

check_made_by <- function(x, is_one, arg, call = rlang::caller_env()) {
  if (!is.null(x) && !is_one(x)) {
    abort_input(c("{.arg {arg}} must be made by {.fn {arg}}.", x = "It is {.obj_type_friendly {x}}."), call = call)
  }
  x
}

check_tau_positive <- function(tau, call = rlang::caller_env()) {
  rows <- prior_components(tau)
  if (prior_base_kind(tau) %in% c("uniform", "fixed") && any(rows[, "a"] < 0)) {
    abort_input(c("{.arg tau} is a standard deviation and cannot be negative.", x = "It is {.code {format(tau)}}."),
      call = call)
  }
}

# The same evidence under other settings: lines that every print adds, tipping points, sensitivity.
refit_rate <- function(x, tau = x$settings$tau, bias = x$settings$bias, landmark = x$settings$landmark,
                       drift = x$settings$drift, mu = x$settings$mu, call = rlang::caller_env()) {
  settings <- x$settings
  changed <- list(tau = tau, mu = mu, bias = bias, landmark = landmark, drift = drift)
  settings[names(changed)] <- changed
  evidence <- switch(x$kind, meta = x$sources, prior = x$prior, known = x$rate)
  rate_from(evidence, settings, call)
}

# A rate with a bias in place of its own. Where it has none the bias is laid on it: log odds moved and smoothed, the
# evidence not gone through again.
with_bias <- function(x, bias) {
  if (rate_kind(x) != "meta" || has_bias(x)) {
    return(refit_rate(x, bias = bias))
  }
  fine <- c(fine = TRUE, coarse = FALSE)
  x$routes[names(fine)] <- lapply(names(fine), \(route) {
    parts <- x$routes[[route]]
    parts$theta <- if (bias$sd == 0) shift_grid(parts$theta, bias$mean) else
      core_add_normal_bias(parts$theta, bias$mean, bias$sd, fine[[route]])
    parts
  })
  x["summary"] <- list(NULL)
  x$settings$bias <- bias
  x$priors[c("bias_mean", "bias_sd")] <- bias[c("mean", "sd")]
  x
}

# One source leaves much to the prior of mu: N(0, 2^2) and the flat one stand side by side. NULL where
# there are several sources, or where a flat prior would leave nothing proper.
other_mu <- function(x) {
  if (x$kind != "meta" || nrow(x$sources) != 1L) {
    return(NULL)
  }
  if (prior_kind(x$settings$mu) == "flat") {
    return(prior_normal(0, 2))
  }
  if (x$sources$events > 0 && x$sources$events < x$sources$n) flat_prior()
}

mu_words <- function(mu) if (prior_kind(mu) == "flat") "mu flat" else paste("mu ~", format(mu))

# One method for each kind of evidence -------------------------------------------

rate_from <- function(x, settings, call) UseMethod("rate_from")

#' @exportS3Method rate_from default
rate_from.default <- function(x, settings, call) {
  abort_input(c("{.arg x} must be a table of sources, a prior on the rate, or a rate between 0 and 1.",
    x = "It is {.obj_type_friendly {x}}.",
    i = "Published counts are in {.code natural_ais}; choose rows with {.fn subset}."
  ), call = call)
}

#' @exportS3Method rate_from data.frame
rate_from.data.frame <- function(x, settings, call) {
  refuse_setting(settings, c("shared_sd", "match"), "a table of sources", call)
  sources <- as_sources(x, call = call)
  check_number_of_sources(sources, call)
  check_tau_of_one_source(settings$tau, sources, call)
  check_landmark(settings$landmark, sources, call)
  priors <- list(
    mu = prior_components(settings$mu), tau = prior_components(settings$tau),
    bias_mean = settings$bias$mean, bias_sd = settings$bias$sd
  )
  routes <- lapply(c(fine = TRUE, coarse = FALSE), \(fine) {
    evidence <- c(list(events = sources$events, n = sources$n), source_scenarios(settings, sources, fine, call))
    c(core_meta_predictive(evidence, priors, fine), list(evidence = evidence))
  })
  new_natural_rate("meta", routes, sources, settings, priors = priors)
}

#' @exportS3Method rate_from prior
rate_from.prior <- function(x, settings, call) {
  refuse_setting(settings, c("drift", "shared_sd"), "a prior", call)
  check_prior(x, c("beta", "normal", "uniform"), "x", call)
  rows <- prior_components(rate_prior(x, call))
  sources <- declared_source(settings$match, paste("prior", format(x)), call)
  check_landmark(settings$landmark, sources, call)
  check_not_known(x, call)
  routes <- lapply(c(fine = TRUE, coarse = FALSE), \(fine) {
    moves <- rate_moves(settings, sources, fine)
    list(theta = core_prior_predictive(rows, moves, fine), moves = moves)
  })
  new_natural_rate("prior", routes, sources, settings, prior = x, rows = rows)
}

#' @exportS3Method rate_from numeric
rate_from.numeric <- function(x, settings, call) {
  refuse_setting(settings, "drift", "a known rate", call)
  if (length(x) == 0L) abort_input("{.arg x} holds no rate.", call = call)
  x <- check_numeric(x, "x", min = 0, max = 1, min_open = TRUE, max_open = TRUE, call = call)
  sources <- declared_source(settings$match, "rate given as a number", call)
  check_landmark(settings$landmark, sources, call)
  if (!is.null(settings$landmark) && is_prior(landmark_remaining(settings$landmark))) {
    abort_input(c("An uncertain landmark needs an uncertain rate.",
      i = "Give the counts behind the rate, for example {.code prior_beta(35.5, 168.5)} for 35 of 203."
    ), call = call)
  }
  sd <- known_spread(settings, call)
  moves <- rate_moves(settings, sources, TRUE)
  offset <- stats::qlogis(x) + moves$shift + moves$bias_mean
  routes <- lapply(c(fine = TRUE, coarse = FALSE), \(fine) list(theta = known_grid(sd, fine)))
  new_natural_rate("known", routes, sources, settings, offset = offset, rate = x)
}

refuse_setting <- function(settings, names, evidence, call) {
  given <- names[!vapply(settings[names], is.null, NA)]
  if (length(given) > 0L) {
    abort_input(c("{.arg {given}} {?does/do} not go with {evidence}."), call = call)
  }
}

check_number_of_sources <- function(sources, call) {
  if (nrow(sources) > 200L) {
    abort_input(c("At most 200 sources are combined.",
      x = "There are {nrow(sources)}.",
      i = "Patient-level rows are no sources: count events and patients per study first."
    ), call = call)
  }
}

# A uniform prior on a rate is the beta(1, 1).
rate_prior <- function(x, call) {
  if (prior_base_kind(x) != "uniform") {
    return(x)
  }
  p <- prior_parameters(x)
  if (prior_kind(x) == "mixture" || !identical(unname(p), c(0, 1))) {
    abort_input("A uniform prior of a rate must be {.code prior_uniform(0, 1)}.", call = call)
  }
  prior_beta(1, 1)
}

known_spread <- function(settings, call) {
  shared <- 0
  if (!is.null(settings$shared_sd)) {
    shared <- check_number(settings$shared_sd, "shared_sd", min = 0, min_open = TRUE, call = call)
  }
  sqrt(shared^2 + settings$bias$sd^2)
}

# A known rate has no panels; a shared deviation is a normal around 0.
known_grid <- function(sd, fine) {
  if (sd == 0) {
    return(list(order = if (fine) 15L else 10L, edges = numeric(), density = numeric(), mass_below = 0, mass_above = 0))
  }
  core_prior_predictive(prior_components(prior_normal(0, sd)), no_moves, fine)
}

no_moves <- list(shift = 0, weight = 1, bias_mean = 0, bias_sd = 0)

# The population of a number or prior, as one row of the table of sources.
declared_source <- function(match, label, call) {
  known <- c("endpoint", "baseline_grade", "level", "baseline_days", "followup_weeks", "years")
  if (!is.null(match) && (!is.list(match) || is.null(names(match)) || !all(names(match) %in% known))) {
    abort_input(c("{.arg match} must be a list with names among {.val {known}}.",
      x = "It has {.val {names(match)}}."
    ), call = call)
  }
  range_of <- \(name, min = -Inf) {
    if (is.null(match[[name]])) c(NA, NA) else check_range(match[[name]], name, min, call = call)
  }
  window <- range_of("baseline_days", 0)
  years <- range_of("years")
  text <- \(name) {
    if (!is.null(match[[name]]) && length(match[[name]]) != 1L) {
      abort_input(c("{.arg match} describes one population: one {.field {name}}.",
        x = "It has {length(match[[name]])}: {.val {match[[name]]}}.",
        i = "Give the one word that covers the population, or leave it out: then it is unknown."
      ), call = call)
    }
    match[[name]] %||% NA_character_
  }
  # The counts stand for nothing: they only let the row pass as a source, and are dropped again.
  row <- data.frame(
    source = label, events = 0, n = 1, endpoint = text("endpoint"), baseline_grade = text("baseline_grade"),
    level = text("level"), baseline_from_day = window[1], baseline_to_day = window[2],
    followup_weeks = mean(range_of("followup_weeks", 0)),
    years_from = years[1], years_to = years[2], registry = NA_character_
  )
  row <- as_sources(row, call = call)
  row[c("events", "n")] <- NA_real_
  row
}

# Landmark, drift: scenarios for the core ------------------------------------------

# A landmark belongs to one endpoint and one level, and to sources examined before it.
check_landmark <- function(landmark, sources, call) {
  if (is.null(landmark)) {
    return(invisible())
  }
  terms <- landmark_terms(landmark)
  for (term in names(terms)) {
    bad <- is.na(sources[[term]]) | sources[[term]] != standard_level(terms[[term]])
    if (any(bad)) {
      abort_unmatched(c("The landmark's timing is about another {term} than the natural rate.",
        x = "Timing: {.val {terms[[term]]}}; natural rate: {.val {unique(sources[[term]][bad])}}.",
        i = "Choose sources of that {term}, or a timing published for theirs."
      ), call = call)
    }
  }
  late <- which(sources$baseline_to_day >= 7 * landmark_week(landmark))
  if (length(late) > 0L) {
    abort_unmatched(c("A landmark is for sources examined before it.",
      x = "{.val {sources$source[late]}} {?was/were} examined up to day {max(sources$baseline_to_day[late])};
           the landmark is day {7 * landmark_week(landmark)}.",
      i = "Leave {cli::qty(length(late))}{?that source/those sources} uncorrected, or out."
    ), call = call)
  }
}

# Log of the share still unrecovered at the known point, with log weights.
remaining_scenarios <- function(landmark, fine) {
  remaining <- landmark_remaining(landmark)
  if (!is_prior(remaining)) {
    return(list(value = log(remaining), log_weight = 0))
  }
  nodes <- core_scenarios(prior_components(remaining), fine)
  list(value = stats::plogis(nodes$value, log.p = TRUE), log_weight = nodes$log_weight)
}

slope_scenarios <- function(drift, fine) {
  slope <- drift_slope(drift)
  if (slope$sd == 0) {
    return(list(value = slope$mean, log_weight = 0))
  }
  core_scenarios(prior_components(prior_normal(slope$mean, slope$sd)), fine)
}

# Sources: the log odds of source k are mu + offset_k + deviation in each scenario. With a
# landmark mu is the log odds from the injury on: a source examined at t_k stands at
# mu + log S(t_k), the trial at mu + log S(week).
source_scenarios <- function(settings, sources, fine, call) {
  still <- list(value = 0, log_weight = 0)
  slope <- still
  factor <- years <- rep(0, nrow(sources))
  trial <- 0
  if (!is.null(settings$landmark)) {
    still <- remaining_scenarios(settings$landmark, fine)
    factor <- landmark_factor(settings$landmark, known_exam_time(settings$landmark, sources, call))
    trial <- landmark_factor(settings$landmark, landmark_week(settings$landmark))
  }
  if (!is.null(settings$drift)) {
    slope <- slope_scenarios(settings$drift, fine)
    years <- drift_years(settings$drift, sources, call)
  }
  size <- c(length(still$value), length(slope$value))
  pairs <- list(still = rep(seq_len(size[1]), size[2]), slope = rep(seq_len(size[2]), each = size[1]))
  offset <- outer(slope$value[pairs$slope], years) + outer(still$value[pairs$still], factor)
  log_weight <- still$log_weight[pairs$still] + slope$log_weight[pairs$slope]
  list(offset = offset, shift = trial * still$value[pairs$still], log_weight = log_weight)
}

known_exam_time <- function(landmark, sources, call) {
  from <- landmark_from(landmark, sources)
  if (anyNA(from)) {
    abort_input(c("{.fn landmark} needs the exam day of every source.",
      x = "Not known for {.val {sources$source[is.na(from)]}}.",
      i = "Fill in {.field baseline_mean_day} or the window, or give {.arg from_week}."
    ), call = call)
  }
  from
}

# A prior or a number is moved as a whole, from the exam day of the population that it is about; the injury where that
# is not said.
rate_moves <- function(settings, sources, fine) {
  moves <- list(shift = 0, weight = 1, bias_mean = settings$bias$mean, bias_sd = settings$bias$sd)
  if (!is.null(settings$landmark)) {
    still <- remaining_scenarios(settings$landmark, fine)
    from <- landmark_from(settings$landmark, sources)
    if (is.na(from)) from <- 0
    factor <- landmark_factor(settings$landmark, landmark_week(settings$landmark))
    moves$shift <- (factor - landmark_factor(settings$landmark, from)) * still$value
    moves$weight <- exp(still$log_weight)
  }
  moves
}
