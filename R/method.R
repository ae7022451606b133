# How a model is fitted, as an object: fit_recovery() dispatches on its class.

#' Methods of fitting
#'
#' `method_reml()` maximises the restricted likelihood, which does not count the
#' fixed effects twice and so does not shrink variances in small samples;
#' `method_ml()` maximises the full likelihood, needed to compare models that
#' differ in their fixed effects; `method_bayes()` gives the posterior under priors that
#' are stated, by quadrature where that reaches and else by a sampler. A string is enough
#' where nothing is to be set: `fit_recovery(..., method = "bayes")`.
#'
#' **What the errors of a Bayesian fit mean.** `num.error` of [tidy()], `error` of the print, is how far the mean, the
#' standard deviation and both limits of a row may be off, the largest of them. By quadrature it is stated from the
#' difference of two lattices; by the sampler it is three Monte Carlo standard errors, mostly those of the limits,
#' which rest on the fewest draws. What the chains tell of themselves stands in columns of `tidy()`: `rhat` (should be
#' below 1.01), `ess.bulk` (draws that the centre is worth) and `ess.tail` (that the limits are worth; both should
#' exceed 400).
#'
#' @return a `recovery_method`, to be given to [fit_recovery()].
#' @references Patterson HD, Thompson R (1971). Recovery of inter-block
#'   information when block sizes are unequal. *Biometrika* 58, 545-554.
#' @section Conditions: `cordgain_invalid_input` for settings outside their range. Of the fit: `cordgain_invalid_input`
#'   for models that are not fitted by Bayes (of residual covariances over visits those but `ar1`, `cs` and `sp_exp`).
#' @examples
#' method_reml()
#' method_ml()
#' method_bayes(priors(sd = prior_half_normal(5), sigma = prior_half_normal(5)))
#' @seealso [fit_recovery()]
#' @name recovery_method
NULL

#' @rdname recovery_method
#' @export
method_reml <- function() {
  new_recovery_method("reml")
}

#' @rdname recovery_method
#' @param nodes (count) Gauss-Hermite nodes along each random effect, for families other
#'   than the normal one. `NULL`: as many as each subject needs, until one step more changes
#'   its log likelihood by less than 1e-10. `1` is the Laplace approximation, which a few
#'   binary visits make badly wrong; the print says how far the log likelihood is off.
#' @export
method_ml <- function(nodes = NULL) {
  if (!is.null(nodes)) nodes <- check_count(nodes, min = 1, max = 200)
  new_recovery_method("ml", nodes = nodes)
}

#' @rdname recovery_method
#' @param prior (from [priors()]) what is left out takes a stated default.
#' @param tolerance (number) largest `num.error` of posterior means and standard
#'   deviations, in posterior standard deviations. `NULL`: 1e-4 for normal scores (1e-3 with both
#'   `plateau()` and a residual covariance, and with one of them beside four or more variance parameters),
#'   1e-2 for other families, where coefficients are integrated on the lattice too.
#' @param engine (string) `"exact"`: quadrature, up to six variance parameters (for families
#'   other than the normal one: parameters in all); where it does not succeed the sampler
#'   takes over and the print says so. `"nuts"`: the no-U-turn sampler, random effects
#'   integrated out (see [recovery_fit_bayes], [recovery_fit_family_bayes]).
#' @param chains,draws,warmup (counts) of the sampler: chains, draws kept of each, draws
#'   thrown away.
#' @param seed (whole number or `NULL`) of the sampler; `NULL` takes one from R's stream.
#' @export
method_bayes <- function(prior = priors(), tolerance = NULL, engine = c("exact", "nuts"), chains = 4, draws = 1000,
                         warmup = 1000, seed = NULL) {
  if (!inherits(prior, "priors")) {
    abort_input(c("{.arg prior} must be made by {.fn priors}.", x = "It is {.obj_type_friendly {prior}}."))
  }
  engine <- check_option(engine, c("exact", "nuts"))
  if (!is.null(tolerance)) tolerance <- check_number(tolerance, min = 1e-10, max = 1e-2)
  sampler <- list(
    chains = check_count(chains, min = 2, max = 64), draws = check_count(draws, min = 100, max = 1e5),
    warmup = check_count(warmup, min = 100, max = 1e5), seed = seed
  )
  new_recovery_method("bayes", prior = prior, tolerance = tolerance, engine = engine, sampler = sampler)
}

new_recovery_method <- function(name, ...) {
  structure(list(name = name, ...), class = c(paste0("method_", name), "recovery_method"))
}

#' @export
print.recovery_method <- function(x, ...) {
  words <- c(reml = "restricted maximum likelihood (REML)", ml = "maximum likelihood (ML)",
    bayes = "Bayes, exact integration", bayes_quadrature = "Bayes, exact integration",
    quadrature = "maximum likelihood, adaptive Gauss-Hermite quadrature")
  if (identical(x$engine, "nuts")) words[] <- "Bayes, no-U-turn sampler"
  cat("Method of fitting:", words[[x$name]], "\n")
  invisible(x)
}

# A method from what a person may give: nothing, a word, or a method.
as_method <- function(x, call = rlang::caller_env()) {
  if (is.null(x)) {
    return(method_reml())
  }
  if (inherits(x, "recovery_method")) {
    return(x)
  }
  switch(check_choice(x, c("reml", "ml", "bayes"), "method", call = call),
    reml = method_reml(),
    ml = method_ml(),
    bayes = method_bayes()
  )
}
