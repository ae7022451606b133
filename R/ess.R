# Effective sample size: how many patients a prior or a predictive distribution is worth.

#' Effective sample size
#'
#' How many observations a distribution is worth. Three definitions, which for a
#' mixture can differ several-fold; the gap is itself a message, so print more than one.
#'
#' * `"elir"`, expected local information ratio: \eqn{E[i(\theta) / i_F(\theta)]} with
#'   \eqn{i = -\mathrm{d}^2 \log \pi / \mathrm{d}\theta^2} and \eqn{i_F} the Fisher
#'   information of one observation.
#' * `"moment"`: the size of the conjugate distribution of equal mean and variance,
#'   for a rate \eqn{m(1-m)/v - 1}.
#' * `"morita"`: information at the mode, less that of a prior flattened a
#'   hundredfold, over the expected information of one observation at the mode.
#'
#' A natural rate is measured on the rate itself. Its ELIR needs tails of the log odds
#' lighter than \eqn{e^{-|\theta|}}: it is finite for `tau` fixed, uniform or half-normal
#' with a scale of at most 1, and `NA` for a half-normal of larger scale, half-t,
#' exponential or gamma `tau`, whose expected information is infinite.
#' ELIR is the same for the rate and for its log odds where the density of the rate is 0 at 0 and at 1.
#' Where it is not (a flat part), that of a beta prior is the rate's, that of a natural rate the log odds',
#' larger by the density at both ends.
#'
#' @param x a prior ([prior_beta()], [prior_normal()], [prior_gamma()] or a mixture)
#'   or a [natural_rate()] or [natural_change()] (all three methods; worth patients of its SD, or of `sigma`).
#' @param method (string) `"elir"`, `"moment"` or `"morita"`.
#' @param family (string) what one observation is: `"binomial"` (with a normal prior:
#'   on log odds), `"gaussian"`, `"poisson"` or `"exponential"`; `NULL` is the one
#'   conjugate to the prior (beta binomial, normal gaussian, gamma Poisson).
#' @param sigma (number > 0) standard deviation of one gaussian observation.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return (number) effective number of observations, with its numerical error as
#'   attribute `num.error` (absolute, at most 1e-6, or 1e-6 of the size where that is above 1);
#'   `NA` with attribute `reason` where it is not defined or not known to this.
#' @section Conditions: `cordgain_invalid_input` for a combination that has no meaning.
#' @references
#' Neuenschwander and others (2020), Biometrics 76:578-587, \doi{10.1111/biom.13252} (ELIR).
#' Morita, Thall and Mueller (2008), Biometrics 64:595-602.
#' @seealso [natural_rate()], [prior_beta()]
#' @examples
#' mixture <- prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))
#' ess(mixture)
#' ess(mixture, "moment")
#' @export
ess <- function(x, method = c("elir", "moment", "morita"), family = NULL, sigma = NULL, ...) {
  check_given(c(x = "a prior or a natural rate"), ...)
  method <- if (identical(method, ess_methods)) ess_methods[1] else check_choice(method, ess_methods, "method")
  call <- rlang::current_env()
  if (is_prior(x)) {
    e <- prior_ess(x, method, family, sigma, call)
  } else if (inherits(x, "natural_rate")) {
    if (!identical(family, "binomial") && !is.null(family)) {
      abort_input("A natural rate is worth binomial observations: {.arg family} must be {.val binomial}.")
    }
    if (!is.null(sigma)) abort_input("{.arg sigma} belongs to gaussian priors; leave it out for a natural rate.")
    e <- rate_ess(x, method, call)
  } else if (is_natural_change(x)) {
    if (!is.null(family) && !identical(family, "gaussian")) {
      abort_input("A natural change is worth gaussian observations: {.arg family} must be {.val gaussian}.")
    }
    sigma <- if (is.null(sigma)) change_sd(x) else check_number(sigma, min = 0, min_open = TRUE)
    e <- change_ess(x, method, sigma, call)
  } else {
    abort_input(c("{.arg x} must be a prior, a natural rate or a natural change.",
      x = "It is {.obj_type_friendly {x}}."))
  }
  if (is.na(e$value)) structure(NA_real_, reason = e$reason) else structure(e$value, num.error = e$error)
}

ess_methods <- c("elir", "moment", "morita")

ess_families <- c(binomial = 0L, gaussian = 1L, poisson = 2L, exponential = 3L)

prior_ess <- function(x, method, family, sigma, call) {
  kind <- prior_base_kind(x)
  check_prior(x, c("beta", "normal", "gamma"), "x", call)
  if (is.null(family)) family <- c(beta = "binomial", normal = "gaussian", gamma = "poisson")[[kind]]
  family <- check_choice(family, names(ess_families), "family", call)
  check_ess_family(kind, family, call)
  if (family != "gaussian" && !is.null(sigma)) {
    abort_input("{.arg sigma} belongs to gaussian observations; leave it out for {.val {family}}.", call = call)
  }
  if (family == "gaussian" && is.null(sigma)) {
    abort_input("{.arg sigma} is needed: how far one gaussian observation spreads decides what a prior is worth.",
      call = call)
  }
  sigma <- if (family == "gaussian") check_number(sigma, min = 0, min_open = TRUE, call = call) else 1
  moments <- prior_moments(x)
  if (method == "moment") {
    return(list(value = moment_ess(moments, kind, family, sigma, call), error = 0))
  }
  if (method == "morita" && kind == "gamma") {
    abort_input("Morita's size is given for beta and normal priors.", call = call)
  }
  # One beta is its own flattened prior plus a + b patients: the limit of the flattening, exactly.
  if (method == "morita" && prior_kind(x) == "beta") {
    return(list(value = sum(prior_parameters(x)), error = 0))
  }
  routes <- lapply(c(fine = TRUE, coarse = FALSE), \(fine) {
    core_prior_ess(prior_components(x), ess_families[[family]], sigma, moments$mean, fine)[[method]]
  })
  ess_of_routes(routes, call)
}

check_ess_family <- function(kind, family, call) {
  allowed <- list(beta = "binomial", normal = c("gaussian", "binomial", "poisson"), gamma = c("poisson", "exponential"))
  if (!family %in% allowed[[kind]]) {
    abort_input(c("A {kind} prior is worth {.or {.val {allowed[[kind]]}}} observations.",
      x = "{.arg family} is {.val {family}}."
    ), call = call)
  }
}

moment_ess <- function(m, kind, family, sigma, call) {
  if (kind == "normal" && family != "gaussian") {
    abort_input("The moment size of a normal prior is defined for gaussian observations.", call = call)
  }
  switch(kind,
    beta = m$mean * (1 - m$mean) / m$variance - 1,
    normal = sigma^2 / m$variance,
    gamma = if (family == "poisson") m$mean / m$variance else m$mean^2 / m$variance
  )
}

heavy_tails <- "the expected information is infinite: the tails are too heavy"

ess_of_routes <- function(routes, call) {
  if (!is.finite(routes$fine) || !is.finite(routes$coarse)) {
    return(list(value = NA_real_, error = NA_real_, reason = heavy_tails))
  }
  error <- route_error(routes$fine, routes$coarse)
  if (!is.finite(error) || error > num_limit(routes$fine)) {
    return(list(
      value = NA_real_, error = NA_real_, reason = "it could not be computed to 1e-6: the tails are too long"
    ))
  }
  list(value = routes$fine, error = error)
}

# Effective size of a natural rate on the scale of the rate.
rate_ess <- function(x, method, call = rlang::caller_env()) {
  if (rate_is_known(x) || length(x$offset) > 1L) {
    abort_input("A rate taken as known has no effective sample size.", call = call)
  }
  if (x$kind == "known") {
    abort_input("Give the rate as {.fn prior_normal} on log odds to ask for its effective sample size.", call = call)
  }
  moments <- lapply(x$routes, \(route) core_grid_summary(route$theta, 0.5, TRUE))
  if (method == "moment") {
    size <- lapply(moments, \(m) m$mean * (1 - m$mean) / m$sd^2 - 1)
    return(ess_of_routes(size, call))
  }
  size <- lapply(c(fine = TRUE, coarse = FALSE), \(fine) {
    route <- x$routes[[if (fine) "fine" else "coarse"]]
    mean <- moments[[if (fine) "fine" else "coarse"]]$mean
    size <- if (x$kind == "meta") {
      core_meta_effective_size(route$evidence, x$priors, mean, fine)
    } else {
      core_prior_effective_size(x$rows, route$moves, mean, fine)
    }
    size[[method]]
  })
  ess_of_routes(size, call)
}
