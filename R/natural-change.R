# Natural change of a score in a new population, from published means of change.

#' Natural change of a motor score
#'
#' What patients would have gained without treatment: the distribution of the mean
#' change in a new population (such as the trial's), and of one patient's change.
#'
#' **From a table of means.** The normal-normal hierarchical model
#' \deqn{\bar y_k \sim N(\theta_k, se_k^2), \quad \theta_k \sim N(\mu, \tau^2), \quad
#'   \theta^* \sim N(\mu + b, \tau^2),}{
#'   ybar_k ~ N(theta_k, se_k^2), theta_k ~ N(mu, tau^2), theta* ~ N(mu + b, tau^2),}
#' with \eqn{\theta^*} the mean of the new population and \eqn{b} a bias. Given \eqn{\tau}
#' all is normal and in closed form; \eqn{\tau} is integrated by adaptive quadrature on two
#' routes, whose difference is the numerical error. Nothing is simulated. With a flat `mu`
#' and one source \eqn{\theta^* \mid \tau \sim N(\bar y, se^2 + 2\tau^2)}{
#' theta* | tau ~ N(ybar, se^2 + 2 tau^2)}: one study says nothing about how far populations differ.
#'
#' **From a prior** (`prior_normal(7.8, 0.6)` or a mixture of normals) that is the distribution
#' of the mean; **from a number** the mean is taken as known, and labelled so.
#'
#' **One patient** varies around the population's mean by `family`:
#'
#' | family | one patient's change |
#' |---|---|
#' | `"normal"` | \eqn{N(\theta, sd^2)}: no floor and no ceiling |
#' | `"censored"` | a latent normal cut off at the ends of the patient's range (tobit) |
#' | `"beta_binomial"` | a count of points out of \eqn{N}, the length of `range` |
#' | `"hurdle"` | no change with probability `zero`, else 1 + a beta-binomial: for legs of thoracic patients |
#'
#' Published moments are the observed ones: the latent mean and SD are solved so that the censored normal on
#' `range` has them, rounded to whole points where scores are; the beta-binomial has intraclass correlation
#' \eqn{\rho = (sd^2 / (N p (1-p)) - 1) / (N - 1)}.
#'
#' A population whose mean differs by \eqn{d} from the published one has the location (mean, latent mean, or log odds of
#' one point) at which the family's mean is the published one plus \eqn{d}, exactly. What stays is the SD of the normal,
#' the latent SD of the censored normal, the sum \eqn{a + b} of the beta behind counts (so the intraclass correlation),
#' and the share `zero`: with these the observed SD moves as the mean nears an end. A mean that the family cannot have
#' (outside `range`; for the hurdle outside `1 - zero` times 1 to the largest gain) is taken at that end, and the print
#' says with what probability.
#'
#' @param x (data frame) one row per published mean of change: `source`, `mean`, and `se`, or
#'   `sd` and `n`; and what matching reads, see [matching] (`measure` names the scale; rows of
#'   [natural_motor] with `kind == "change"` are read as they are). Or a prior, or one number.
#' @param tau prior of the standard deviation between populations, in points of the score:
#'   [prior_half_normal()], [prior_half_t()], [prior_exponential()], [prior_gamma()],
#'   [prior_uniform()], [prior_fixed()]. It has no default, because it is on the scale of the score.
#' @param mu prior of the mean of all populations: `NULL` is flat; [prior_normal()] (or a
#'   mixture), [prior_fixed()].
#' @param bias what the trial's population may gain beyond the sources', in points:
#'   [prior_normal()] or [prior_fixed()]; `NULL` is none. A [regression_to_mean()] is its expected gain, as known.
#' @param family (string) see the table.
#' @param sd (number, points) SD of change between patients of one population; `NULL` pools the
#'   sources' SDs by their degrees of freedom. It comes from the registry, never from the trial's patients.
#' @param range (numeric 2, points) smallest and largest change of the published population, as gains (higher is better,
#'   also where the scale runs the other way); needed by all families but the normal. On a scale from 0 to 50 with first
#'   scores around 14 it is `c(-14, 36)`. [excess()] cuts the published law at each treated patient's own ends: what
#'   lies beyond stands at the end. Counts do not reach beyond `range`; the latent normal of `"censored"` does, as far
#'   as the patient's ends.
#' @param zero (number in (0, 1)) for `"hurdle"`: share of patients without any change.
#' @param scale (string or [motor_scale()]) of the score; `NULL` reads it from `measure`, or from `endpoint` where that
#'   is the full name of a scale in [motor_scale()]. Where lower is better, means of change in a table are turned here,
#'   once, so that a gain is positive; a number and a prior are taken as gains already. [excess()] refuses a table
#'   without a scale where lower is better in the trial.
#' @param match (named list) for a prior or a number: the population it is about, as in [natural_rate()],
#'   and `endpoint` (name of the scale).
#' @return A `natural_change`, which is a `natural_recovery`: print it, `tidy()` it, `quantile()` it,
#'   `predict()` it, `plot()` it, ask for its [ess()], hand it to [excess()]. `tidy()` terms, in points:
#'   `mean_change` (new population), `patient_change` (one patient), `tau`, `mu`,
#'   `source_mean` (each source's mean, shrunk towards the others; column `group`),
#'   `ess_moment`, `ess_elir` (patients the distribution is worth).
#' @section Conditions: `cordgain_invalid_input` for rows without a mean or a precision (named), means
#'   by visit, an SD of 0, moments that no distribution on `range` has (where lower is better and the range was not
#'   given as gains, the message says so), a mean, an SD or a range outside the scale; `cordgain_numerical_error` where
#'   a number cannot be had to 1e-6. A moment that does not exist (one source and a half-Cauchy) is `NA`.
#' @references
#' Roever (2020), Journal of Statistical Software 93(6), \doi{10.18637/jss.v093.i06} (the model, and the
#' eight schools to which the tests agree). Neuenschwander and others (2010), Clinical Trials 7:5-18
#' (the predictive distribution as a prior).
#' @seealso [excess()], [natural_curve()] for several visits, [natural_rate()] for responders.
#' @examples
#' registries <- data.frame(source = c("a", "b", "c"), mean = c(7.8, 10.5, 9), se = c(0.6, 0.9, 1.4),
#'   measure = "uems", level = "cervical", baseline_grade = "A")
#' natural_change(registries, tau = prior_half_normal(2), sd = 6.5)
#' @export
natural_change <- function(x, tau, mu = NULL, bias = NULL, family = "normal", sd = NULL, range = NULL, zero = NULL,
                           scale = NULL, match = NULL) {
  call <- rlang::current_env()
  if (missing(x)) {
    abort_input("{.arg x} is not given: a table of published means, a prior, or a number.")
  }
  if (!is.null(scale)) scale <- as_motor_scale(scale, call)
  turned_by <- if (is.data.frame(x)) scale_of_sources(x, scale, call) else scale
  settings <- list(
    sign_open = inherits(bias, "regression_to_mean") && is.null(turned_by),
    tau = if (!missing(tau)) check_tau(tau, call), mu = if (is.null(mu)) flat_prior() else check_mu(mu, call),
    bias = check_bias(as_bias(bias, turned_by), call), family = family, range = range, zero = zero,
    sd = if (!is.null(sd)) check_number(sd, min = 0, min_open = TRUE, todo = sd_todo), match = match,
    scale = scale
  )
  change_from(x, check_family(settings, call), call)
}

sd_todo <- "It is the SD of change between patients of one population, from a registry, never from those treated."

check_tau <- function(tau, call) {
  check_prior(tau, c("half_normal", "half_t", "exponential", "gamma", "uniform", "fixed"), "tau", call)
  check_tau_positive(tau, call)
  tau
}

check_mu <- function(mu, call) check_prior(mu, c("normal", "fixed"), "mu", call)

# One method for each kind of evidence ---------------------------------------------------

change_from <- function(x, settings, call) UseMethod("change_from")

#' @exportS3Method change_from default
change_from.default <- function(x, settings, call) {
  abort_input(c("{.arg x} must be a table of published means of change, a prior on the mean, or a number.",
    x = "It is {.obj_type_friendly {x}}.",
    i = "Published means are in {.code natural_motor}; choose rows with {.fn subset}."
  ), call = call)
}

#' @exportS3Method change_from data.frame
change_from.data.frame <- function(x, settings, call) {
  if (is.null(settings$tau)) {
    abort_input(c("{.arg tau} is not given.",
      i = "It is the SD between populations in points of the score, so no default suits every score.",
      i = "For example {.code tau = prior_half_normal(2)}, and another beside it."
    ), call = call)
  }
  if (!is.null(settings$match)) abort_input("{.arg match} does not go with a table of sources.", call = call)
  sources <- as_mean_sources(x, call = call)
  if (nrow(sources) > 200L) abort_input("At most 200 sources are combined; there are {nrow(sources)}.", call = call)
  settings$scale <- scale_of_sources(sources, settings$scale, call)
  settings$sd_pooled <- is.null(settings$sd)
  check_changes_on_scale(sources$mean, c(settings$sd, sources$sd), settings$scale, call)
  change_of_means(turn_means(sources, settings$scale), settings, call)
}

# No mean change, and no SD of changes, exceeds the width of the scale.
check_changes_on_scale <- function(mean, sd, scale, call) {
  if (is.null(scale)) {
    return(invisible())
  }
  width <- diff(scale_range(scale))
  off <- unique(c(mean[which(abs(mean) > width)], sd[which(sd > width)]))
  if (length(off) > 0L) {
    abort_input(c("A mean change, or an SD of changes, is outside the scale.",
      x = "{first_few(signif(off, 6))} {?is/are} given; changes of {escape_braces(scale_name(scale))} lie in
           -{width} to {width}.",
      i = "Is the scale right, {.arg scale} or the column {.field measure}? Are means and SDs in its points?"),
      call = call)
  }
}

# The value; or what the priors and means leave unresolved, with advice about them: there may be no patients one could
# leave out.
resolved <- function(expr, call) {
  tryCatch(expr, cordgain_numerical_error = \(e) {
    given <- escape_braces(cli::ansi_strip(e$body[names(e$body) == "x"]))
    abort_numerical(c(escape_braces(error_header(e)), x = if (length(given) > 0L) given[1],
      i = "A narrower prior of {.arg tau}, on the scale of the score (such as a half-normal of a few points), makes the
           integral easier."
    ), call = call)
  })
}

# Checked means, a gain already positive.
change_of_means <- function(sources, settings, call) {
  if (settings$sd_pooled) settings$sd <- pooled_sd(sources)
  priors <- list(mu = prior_components(settings$mu), tau = prior_components(settings$tau),
    bias_mean = settings$bias$mean, bias_sd = settings$bias$sd)
  one <- \(fine) core_normal_meta(sources$mean, sources$se, priors, fine)
  routes <- resolved(lapply(c(fine = TRUE, coarse = FALSE), one), call)
  new_natural_change("meta", routes, sources, settings, call)
}

#' @exportS3Method change_from prior
change_from.prior <- function(x, settings, call) {
  check_prior(x, "normal", "x", call)
  refuse_meta_settings(settings, "a prior", call)
  rows <- prior_components(x)
  check_changes_on_scale(rows[, "a"], settings$sd, settings$scale, call)
  mixture <- list(weight = rows[, "weight"], mean = rows[, "a"], sd = rows[, "b"])
  change_of_mixture("prior", mixture, paste("prior", format(x)), settings, call)
}

#' @exportS3Method change_from numeric
change_from.numeric <- function(x, settings, call) {
  x <- check_number(x, "x", call = call)
  check_changes_on_scale(x, settings$sd, settings$scale, call)
  refuse_meta_settings(settings, "a known mean", call)
  change_of_mixture("known", list(weight = 1, mean = x, sd = 0),
    paste0("mean change ", signif(x, 4), ", taken as known: no uncertainty"), settings, call)
}

refuse_meta_settings <- function(settings, evidence, call) {
  if (!is.null(settings$tau) || prior_kind(settings$mu) != "flat") {
    abort_input("{.arg tau} and {.arg mu} do not go with {evidence}.", call = call)
  }
}

change_of_mixture <- function(kind, mixture, label, settings, call) {
  fresh <- mixture
  fresh$mean <- fresh$mean + settings$bias$mean
  fresh$sd <- sqrt(fresh$sd^2 + settings$bias$sd^2)
  if (is.null(settings$sd)) settings$sd <- NA_real_
  sources <- declared_means(settings$match, label, settings$scale, call)
  route <- list(fresh = fresh, mu = mixture)
  new_natural_change(kind, list(fine = route, coarse = route), sources, settings, call)
}

# The same evidence under other settings, or other rows of the same table. An SD that is given is no longer pooled.
refit_change <- function(x, ..., sources = natural_sources(x), call = rlang::caller_env()) {
  changed <- list(...)
  settings <- x$settings
  settings[names(changed)] <- changed
  if (x$kind == "meta") {
    if ("sd" %in% names(changed)) settings$sd_pooled <- FALSE
    return(change_of_means(sources, settings, call))
  }
  mixture <- x$routes$fine$mu
  made <- change_of_mixture(x$kind, mixture, sources$source, settings, call)
  made$sources <- sources
  made
}

# One mean, taken as known, in the place of the evidence.
known_change <- function(x, mean, sd = 0, call = rlang::caller_env()) {
  settings <- x$settings
  settings$bias <- list(mean = 0, sd = 0)
  settings$match <- NULL
  change_of_mixture("known", list(weight = 1, mean = mean, sd = sd),
    paste0("mean change ", signif(mean, 4), ", taken as known"), settings, call)
}

# The mean of the new population moved by some points; the family's parameters stay where they were solved.
shift_change <- function(x, by) {
  x$routes <- lapply(x$routes, \(route) {
    route$fresh$mean <- route$fresh$mean + by
    route
  })
  x
}

# An unbiased change with a bias laid on it: every component moved and widened, the evidence not gone through again.
lay_bias <- function(x, bias) {
  x$routes <- lapply(x$routes, \(route) {
    route$fresh$mean <- route$fresh$mean + bias$mean
    route$fresh$sd <- sqrt(route$fresh$sd^2 + bias$sd^2)
    route
  })
  x$settings$bias <- bias
  x
}

# The population of a number or prior, as one row of the table of sources.
declared_means <- function(match, label, scale, call) {
  known <- c("endpoint", "baseline_grade", "level", "baseline_days", "followup_weeks", "years")
  if (!is.null(match)) check_match_list(match, known, empty = FALSE, call = call)
  or_na <- \(name) if (is.null(match[[name]])) NA else match[[name]]
  window <- check_range(or_na("baseline_days"), "baseline_days", 0, call = call)
  years <- check_range(or_na("years"), "years", call = call)
  endpoint <- if (is.null(match$endpoint) && !is.null(scale)) scale_name(scale) else full_measure(or_na("endpoint"))
  row <- data.frame(
    source = label, mean = 0, se = 1, endpoint = endpoint, baseline_grade = or_na("baseline_grade"),
    level = or_na("level"), baseline_from_day = window[1], baseline_to_day = window[2],
    followup_weeks = or_na("followup_weeks"), years_from = years[1], years_to = years[2], registry = NA
  )
  row <- as_mean_sources(row, call = call)
  row[c("mean", "se", "sd", "n")] <- NA_real_
  row
}

# The scale that the sources name, by its short name (`measure`) or its full one (`endpoint`), or that the user gives;
# NULL where neither does.
scale_of_sources <- function(sources, scale, call) {
  short <- !is.null(sources$measure) && !all(is.na(sources$measure))
  named <- unique(full_measure(if (short) sources$measure else sources$endpoint))
  known <- match(named, full_measure(names(scale_table)))
  if (!is.null(scale) || length(known) != 1L || is.na(known)) {
    return(scale)
  }
  as_motor_scale(names(scale_table)[known], call)
}

# What must hold of a natural change that is set beside scores of this scale, whatever differences are accepted: the
# sign of its means is known, and its points are possible there.
check_change_suits <- function(natural, scale, call) {
  refuse_unturned(scale, natural$kind != "meta" || !is.null(natural$settings$scale), call)
  if (natural$settings$sign_open && scale_sign(scale) < 0) {
    abort_input(c(
      "The natural change does not know its scale, so the sign of the regression to the mean was not turned.",
      x = "On {escape_braces(scale_name(scale))} lower is better: that a high score falls by itself is a gain.",
      i = "Give {.fn natural_change} the {.arg scale}; the mean, a number or a prior, is a gain in any case."
    ), call = call)
  }
  check_changes_on_scale(c(natural$sources$mean, natural$anchor), c(natural$settings$sd, natural$sources$sd), scale,
    call)
}

# Where lower is better, a table of means that names no scale may be of losses: its sign was not turned.
# @param known (flag) whether the sign of the means is
refuse_unturned <- function(scale, known, call) {
  if (!known && scale_sign(scale) < 0) {
    abort_input(c("The natural change does not know its scale, so the sign of its means was not turned.",
      x = "On {escape_braces(scale_name(scale))} lower is better: a gain is a negative mean in a table as published.",
      i = "Give {.fn natural_change} the scale: {.arg scale}, or a column {.field measure} that names it."
    ), call = call)
  }
}

# A gain is positive: where lower is better, published means of change are turned here, once.
turn_means <- function(sources, scale) {
  if (!is.null(scale)) {
    sources$mean <- scale_sign(scale) * sources$mean
    if (all(is.na(sources$endpoint))) sources$endpoint <- scale_name(scale)
  }
  sources
}

# The anchor is the mean that the family's parameters are solved at: the sources' own, before any bias.
new_natural_change <- function(kind, routes, sources, settings, call) {
  mu <- core_mixture_summary(routes$fine$mu, 0.5)
  anchor <- if (kind == "meta") mu$quantile else mu$mean
  fields <- list(kind = kind, routes = routes, sources = sources, settings = settings, anchor = anchor,
    model = solve_family(settings, anchor, settings$sd, call))
  validate_natural_change(new_natural_recovery(fields, "natural_change"), call)
}

validate_natural_change <- function(x, call) {
  whole <- vapply(x$routes, \(route) sum(route$fresh$weight), 0)
  resolved(two_routes(whole[["fine"]], whole[["coarse"]], "The total probability of the natural change", call,
    limit = 1e-7), call)
  x
}

# Verbs by which other files look at a natural change -------------------------------------

is_natural_change <- function(x) inherits(x, "natural_change")

change_is_known <- function(x) all(x$routes$fine$fresh$sd == 0) && length(x$routes$fine$fresh$sd) == 1L

change_family <- function(x) x$settings$family

change_sd <- function(x) x$settings$sd

change_model_of <- function(x) x$model

change_anchor <- function(x) x$anchor

change_bias <- function(x) x$settings$bias

# What the change was made from: "meta" (a table of means), "prior" or "known".
change_kind <- function(x) x$kind

change_tau <- function(x) if (x$kind == "meta") x$settings$tau

change_mu_prior <- function(x) x$settings$mu

change_range <- function(x) x$settings$range

change_zero <- function(x) x$settings$zero

change_scale_of <- function(x) x$settings$scale

change_mixture <- function(x, route) x$routes[[route]]$fresh

# Nodes of the shared shift, on both routes.
change_nodes <- function(x, parts = 16) {
  lapply(c(fine = "fine", coarse = "coarse"), \(route) {
    shift_nodes(change_mixture(x, route), x$model, x$anchor, route == "fine", parts)
  })
}

#' @exportS3Method natural_sources natural_change
natural_sources.natural_change <- function(x) x$sources

#' @exportS3Method natural_label natural_change
natural_label.natural_change <- function(x) {
  if (x$kind != "meta") {
    return(x$sources$source)
  }
  paste0(nrow(x$sources), " source", if (nrow(x$sources) > 1L) "s", ": ", paste(x$sources$source, collapse = ", "))
}
