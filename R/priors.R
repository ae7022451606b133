# The priors of a model of scores, together, and the defaults of what is left out.

#' Priors of a model of scores
#'
#' All priors of a Bayesian fit, on the scale of the score: coefficients, standard
#' deviations of the random effects, their correlation, and the residual standard
#' deviation. What is left out takes a weakly informative default, which the print
#' of the fit states.
#'
#' @details
#' The defaults rest on one unit \eqn{S}: a quarter of the range of the scale where
#' the scores are [recovery_data()] with a declared scale, else the standard
#' deviation of the scores. They are: intercept normal with mean the middle of the
#' scale (else the mean of the scores) and standard deviation \eqn{4S}; other
#' coefficients \eqn{N(0, (4S/s_x)^2)}, \eqn{s_x} the standard deviation of the
#' column; random effects half-t with 3 degrees of freedom and scale \eqn{S/s_z}
#' (\eqn{S} for an intercept); residual half-t(3, \eqn{S}); correlation LKJ(2). Of a column with `plateau()`
#' \eqn{s_x} is that at \eqn{\kappa} of half the longest time.
#' Of families on a link (logit, log, ...) they are on that scale: see
#' [recovery_fit_family_bayes]. A default that looks at the scores uses the data twice, mildly; four patients
#' deserve priors that are stated, from a registry.
#'
#' @param fixed (named list) priors of coefficients by the names of the columns of
#'   the model matrix: [prior_normal()], [prior_t()], or a [prior_mixture()] of
#'   them; `NULL` as an entry is flat (then there is no evidence). Natural recovery is one by [as_prior()].
#' @param sd (prior, or named list by column of the random effects) on standard
#'   deviations: [prior_half_normal()], [prior_half_t()], [prior_exponential()],
#'   [prior_pc()], [prior_gamma()], [prior_uniform()] or [prior_fixed()]. A uniform prior ends in a jump: where few
#'   patients leave posterior mass at its ends, lattices do not agree and the sampler, which takes over, meets
#'   divergences, as its print says; half-normal and half-t priors have no such end.
#' @param cor [prior_lkj()] on the correlation of two random effects.
#' @param sigma (prior) on the residual standard deviation, kinds as for `sd`.
#' @param dispersion (prior) of [beta_binomial()] and [hurdle()]: on \eqn{1 / \sqrt{\phi}}, one over the root of the
#'   precision, kinds as for `sd`. Zero is a binomial score.
#' @param thresholds ([prior_normal()] or [prior_t()]) of [cumulative()]: on each threshold, in their order.
#' @param change (named list of [prior_normal()] or [prior_t()]) of [hurdle()]: `intercept` and `slope` of the
#'   logit of the probability of a change.
#' @param kappa (prior) of `plateau()`: on \eqn{\kappa}, in the unit of its time, kinds as for `sd`. By default a gamma
#'   distribution with shape 2 whose mean is half the longest time (95 % between 6 % and 139 % of that time).
#' @param rho ([prior_lkj()], [prior_uniform()] or [prior_fixed()]) on the correlation of residuals over visits, of
#'   `ar1()` and `cs()`; by default LKJ(2). Of `cs()` its part above \eqn{-1/(m - 1)} counts, which is made to add up
#'   to 1.
#' @param range (prior) of `sp_exp()`: on the range \eqn{\phi}, in the unit of the time, kinds as for `sd`. By default a
#'   gamma distribution with shape 2 whose mean is a quarter of the time from first to last visit.
#' @return an object of class `priors`.
#' @section Conditions:
#' `cordgain_invalid_input` for a prior of the wrong kind, by name, for two of one name, and of the fit for priors of
#' what the model has not.
#' @references Gelman A (2006). Prior distributions for variance parameters in
#'   hierarchical models. *Bayesian Analysis* 1, 515-534.
#' @examples
#' priors(fixed = list(week = prior_normal(0, 1)), sd = prior_half_t(3, 10))
#' @seealso [method_bayes()] after.
#' @export
priors <- function(fixed = list(), sd = NULL, cor = NULL, sigma = NULL, dispersion = NULL, thresholds = NULL,
                   change = list(), kappa = NULL, rho = NULL, range = NULL) {
  if (!is.list(fixed) || is_prior(fixed) || length(fixed) != sum(nzchar(names(fixed) %||% character()))) {
    abort_input(c("{.arg fixed} must be a list of priors with the names of coefficients.",
      i = "For example {.code list(week = prior_normal(0, 1))}.", x = "It is {.obj_type_friendly {fixed}}."
    ))
  }
  check_once(names(fixed), "fixed", rlang::current_env())
  fixed <- Map(\(prior, name) {
    if (inherits(prior, "natural_recovery")) prior <- as_prior(prior) # which asks for its unit
    if (is.null(prior)) flat_prior() else check_prior(prior, c("normal", "t", "flat"), paste0("fixed$", name))
  }, fixed, names(fixed))
  new_priors(
    fixed = fixed, sd = check_sd_priors(sd), cor = if (!is.null(cor)) check_prior(cor, "lkj"),
    sigma = if (!is.null(sigma)) check_residual_prior(sigma, rlang::current_env()),
    dispersion = if (!is.null(dispersion)) check_sd_prior(dispersion, "dispersion", rlang::current_env()),
    thresholds = if (!is.null(thresholds)) check_prior(thresholds, c("normal", "t")),
    change = check_change_priors(change),
    kappa = if (!is.null(kappa)) check_time_prior(kappa, "kappa", rlang::current_env()),
    rho = if (!is.null(rho)) check_rho_prior(rho, rlang::current_env()),
    range = if (!is.null(range)) check_time_prior(range, "range", rlang::current_env())
  )
}

# Of a length of time, which is not zero.
check_time_prior <- function(prior, arg, call) {
  check_prior(prior, sd_prior_kinds, arg, call = call)
  ends <- prior_components(prior)[, "a"]
  kind <- prior_base_kind(prior)
  if (kind == "fixed" && (length(ends) > 1L || ends <= 0) || kind == "uniform" && (length(ends) > 1L || ends < 0)) {
    abort_input(c("{.arg {arg}} must be a prior of a time above zero.", x = "It is {.code {format(prior)}}."),
      call = call)
  }
  prior
}

check_rho_prior <- function(prior, call) {
  kinds <- c("lkj", "uniform", "fixed")
  check_prior(prior, kinds, "rho", call = call)
  if (prior_kind(prior) == "mixture") {
    abort_input(c("{.arg rho} takes no mixture.", x = "It is {.code {format(prior)}}.",
      i = "Give {.code prior_lkj(2)}, or the ends that you know by {.fn prior_uniform}."), call = call)
  }
  prior
}

# A second prior of the same name would be passed over.
check_once <- function(names, arg, call) {
  twice <- unique(names[duplicated(names)])
  if (length(twice) > 0L) {
    abort_input(c("A coefficient or effect has one prior.", x = "{.arg {arg}} has more than one of {.var {twice}}.",
      i = "Leave out all but one; {.fn prior_mixture} makes one prior of several."), call = call)
  }
}

# Scores that have no residual at all have no density.
check_residual_prior <- function(prior, call) {
  check_sd_prior(prior, "sigma", call)
  if (prior_base_kind(prior) == "fixed" && any(prior_components(prior)[, "a"] == 0)) {
    abort_input(c("The residual standard deviation cannot be known to be zero.",
      x = "{.arg sigma} is {.code {format(prior)}}.",
      i = "Whole points are off by up to half a point, with a standard deviation of 0.29: {.code prior_fixed(0.29)}."
    ), call = call)
  }
  prior
}

check_change_priors <- function(change, call = rlang::caller_env()) {
  if (!is.list(change) || is_prior(change) || !all(names(change) %in% c("intercept", "slope")) ||
    length(change) != length(unique(names(change)))) {
    abort_input(c("{.arg change} must be a list of priors with the names {.val {c('intercept', 'slope')}}.",
      i = "For example {.code list(intercept = prior_normal(0, 1))}.",
      x = "It is {.obj_type_friendly {change}}{if (length(change) > 0L) ' with other names'}."
    ), call = call)
  }
  Map(\(prior, name) check_prior(prior, c("normal", "t"), paste0("change$", name), call = call), change, names(change))
}

new_priors <- function(...) structure(list(...), class = "priors")

sd_prior_kinds <- c("half_normal", "half_t", "exponential", "gamma", "uniform", "fixed")

check_sd_priors <- function(sd, call = rlang::caller_env()) {
  if (is.null(sd)) {
    return(NULL)
  }
  if (is_prior(sd)) {
    return(check_sd_prior(sd, "sd", call))
  }
  if (!is.list(sd) || length(sd) != sum(nzchar(names(sd) %||% character()))) {
    abort_input(c("{.arg sd} must be one prior, or a list of priors with the names of random effects.",
      x = "It is {.obj_type_friendly {sd}}."
    ), call = call)
  }
  check_once(names(sd), "sd", call)
  Map(\(prior, name) check_sd_prior(prior, paste0("sd$", name), call), sd, names(sd))
}

check_sd_prior <- function(prior, arg, call) {
  check_prior(prior, sd_prior_kinds, arg, call = call)
  # the lowest value of a uniform prior, or the known one
  if (prior_base_kind(prior) %in% c("uniform", "fixed") && any(prior_components(prior)[, "a"] < 0)) {
    abort_input(c("A standard deviation cannot be negative.", x = "{.arg {arg}} is {.code {format(prior)}}."),
      call = call)
  }
  prior
}

#' @export
print.priors <- function(x, ...) {
  shown <- function(name, prior) cat(sprintf("  %-24s %s\n", name, format(prior)))
  cat("Priors (what is left out takes its default):\n")
  for (name in names(x$fixed)) shown(name, x$fixed[[name]])
  if (is_prior(x$sd)) shown("sd", x$sd) else for (name in names(x$sd)) shown(paste("sd of", name), x$sd[[name]])
  if (!is.null(x$cor)) shown("cor", x$cor)
  others <- c("sigma", "dispersion", "thresholds", "kappa", "rho", "range")
  for (name in others) if (!is.null(x[[name]])) shown(name, x[[name]])
  for (name in names(x$change)) shown(paste(name, "of change"), x$change[[name]])
  invisible(x)
}

# Every prior of a model ----------------------------------------------------------

#' Priors of a design, what is left out filled in
#'
#' @param x from `priors()`.
#' @param columns list(x = named matrix of fixed effects, z = list of matrices).
#' @param y (numeric) scores; `range` (numeric(2), or NULL) of the declared scale.
#' @return list of `fixed` (one prior per column of X), `sd` (one list per block),
#'   `cor`, `sigma`.
#' @noRd
complete_priors <- function(x, columns, y, range, call) {
  unknown <- setdiff(names(x$fixed), colnames(columns$x))
  if (length(unknown) > 0L) {
    abort_input(c("{.arg fixed} has priors of coefficients that the model lacks.",
      x = "Not in the model: {.var {unknown}}.", i = "Coefficients: {.var {colnames(columns$x)}}."
    ), call = call)
  }
  check_sd_names(x$sd, columns$z, call)
  check_cor_used(x$cor, columns$z, call)
  unit <- if (is.null(range)) stats::sd(y) else diff(range) / 4
  if (!is.finite(unit) || unit <= 0) unit <- 1
  middle <- if (is.null(range)) mean(y) else mean(range)
  default <- \(name) {
    column <- columns$x[, name]
    spread <- stats::sd(column)
    if (spread > 0) prior_normal(0, 4 * unit / spread) else prior_normal(middle, 4 * unit)
  }
  fixed <- lapply(rlang::set_names(colnames(columns$x)), \(name) x$fixed[[name]] %||% default(name))
  list(
    fixed = fixed, sd = lapply(columns$z, \(z) sd_priors(x$sd, z, unit)), cor = x$cor %||% prior_lkj(2),
    sigma = x$sigma %||% prior_half_t(3, unit)
  )
}

sd_priors <- function(given, z, unit) {
  lapply(rlang::set_names(colnames(z)), \(name) {
    spread <- stats::sd(z[, name])
    prior <- if (is_prior(given)) given else given[[name]]
    prior %||% prior_half_t(3, if (spread > 0) unit / spread else unit)
  })
}

check_sd_names <- function(sd, z, call) {
  known <- unlist(lapply(z, colnames))
  unknown <- setdiff(if (is_prior(sd)) character() else names(sd), known)
  if (length(unknown) > 0L) {
    abort_input(c("{.arg sd} names a random effect that the model lacks.",
      x = "Not in the model: {.var {unknown}}.", i = "Random effects: {.var {known}}."
    ), call = call)
  }
}

check_cor_used <- function(cor, z, call) {
  if (!is.null(cor) && all(vapply(z, ncol, 1L) < 2L)) {
    abort_input(c("{.arg cor} is a prior of a correlation, and the model has none.",
      x = if (length(z) > 0L) "Random effects, one to a term: {.var {unlist(lapply(z, colnames))}}." else
        "It has no random effects.",
      i = "A term of two correlated effects is written {.code (week | subject)}."
    ), call = call)
  }
}

# Priors of what only families have, and of what this model has not (`further`), would be passed over.
check_normal_priors <- function(x, call, further = c("kappa", "rho", "range")) {
  unused <- Filter(\(name) length(x[[name]]) > 0L, c("dispersion", "thresholds", "change", further))
  if (length(unused) > 0L) {
    abort_input(c("A prior was given of what a model of normal scores has not.", x = "Given: {.arg {unused}}.",
      i = "Normal scores have priors of {.arg {c('fixed', 'sd', 'cor', 'sigma')}}."), call = call)
  }
}
