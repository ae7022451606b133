# Families by maximum likelihood: one call of the core, names put on, and the verbs of such a fit.

#' @exportS3Method fit_with method_quadrature
fit_with.method_quadrature <- function(method, design, call) {
  family <- settle_family(method$family, design$scores)
  check_family_design(family, design, call)
  n <- seq_along(design$y)
  z <- do.call(cbind, lapply(design$random, \(block) columns_at(block$z, n)))
  first <- design$random[[1L]]
  sizes <- vapply(design$random, \(block) length(block$columns), 1L)
  out <- core_fit_family(
    columns_at(design$x, n), z, design$offset, first$level, length(first$labels), sizes,
    core_family(family, design$scores), if (is.null(method$nodes)) 0L else as.integer(method$nodes), call
  )
  check_end(out, family, design, call)
  check_converged(out, call)
  name_family_fit(out, family, design, sizes)
}

core_family <- function(family, scores) {
  list(name = family$name, link = family$link, score = scores, levels = length(family$seen), added = 0,
    lower = family$lower, upper = family$upper, shared = family$shared)
}

# One grouping factor, up to three effects, rows of equal weight.
check_family_design <- function(family, design, call, most = 3L) {
  groups <- unique(vapply(design$random, `[[`, "", "group"))
  effects <- sum(vapply(design$random, \(block) length(block$columns), 1L))
  refuse <- \(wrong, todo, .envir = parent.frame()) {
    abort_input(c("Scores of family {.val {family$name}} have random effects of one grouping factor, three at most.",
      x = wrong, i = todo), call = call)
  }
  if (length(groups) != 1L) {
    refuse(if (length(groups) == 0L) "The formula has none." else paste("It has", toString(groups)),
      if (length(groups) == 0L) "Add {.code (1 | subject)}: without it there is no mixed model." else
        "Keep the factor of the patients.")
  }
  if (effects > most) refuse(sprintf("It has %d effects.", effects), "Leave terms out of the random effects.")
  if (family$name == "cumulative" && !"(Intercept)" %in% design$x$names[1L]) {
    abort_input(c("Thresholds take the place of an intercept: the formula must not take it out.",
      i = "Leave {.code 0} or {.code -1} out of the formula."), call = call)
  }
  if (family$name == "censored" && length(design$y) == length(design$random[[1L]]$labels)) {
    abort_input(c("One score of each patient does not tell the variance between patients from that between visits.",
      x = "There are {length(design$y)} scores of as many patients."), call = call)
  }
  if (length(design$residual) > 0L) {
    refuse("It has a residual covariance over visits.", "That is for normal scores: describe visits by random effects.")
  }
  if (length(design$weights) > 0L) refuse_weights(family, call)
}

# Weights divide the variance of a normal score; of other families each has its own way of counting a score for more.
refuse_weights <- function(family, call) {
  counted <- switch(family$name,
    binomial = , beta_binomial = "Several trials behind a row: give counts, {.code cbind(events, failures)}.",
    poisson = "Different times of observation: {.code offset = log(time)}.",
    "Leave {.arg weights} out: each score counts once.")
  abort_input(c("Scores of family {.val {family$name}} take no {.arg weights}.",
    x = "They divide the residual variance of a normal score, which this family has not in that sense.",
    i = counted, i = "{.fn gaussian} scores take them."), call = call)
}

# No finite estimate: what moves without an end, by name.
check_end <- function(out, family, design, call, part = 0.1) {
  run <- out$runaway
  if (length(run$sd) == 0L) {
    return(invisible())
  }
  kept <- design$x$names[out$kept]
  moving <- c(
    rlang::set_names(run$beta, paste("coefficient of", kept)), rlang::set_names(run$extra, family$extra),
    rlang::set_names(run$sd, paste("standard deviation of", effect_columns(design)))
  )
  named <- names(moving)[moving > part * max(moving)]
  abort_numerical(c("The likelihood has no maximum: it rises without an end as an estimate goes to infinity.",
    x = "Going to infinity: {named}.",
    i = "The scores are separated: some combination of these tells all of them apart, or a group has equal scores.",
    i = "Leave terms out, put levels together, or take fewer random effects."
  ), call = call, terms = named)
}

# Where random effects are so wide that no number of nodes here integrates them, no optimum is certified.
check_converged <- function(out, call) {
  if (out$converged) {
    return(invisible())
  }
  sd <- sqrt(diag(out$covariance))
  abort_numerical(c("No maximum of the likelihood was found to its stated error.",
    x = "The search stopped at standard deviations of {format(sd, digits = 3)}, with up to {max(out$nodes)} nodes.",
    i = "Large values mean that patients' scores hardly change at random: the estimate may be infinite.",
    i = "Leave terms out, put levels together, or take fewer random effects."
  ), call = call)
}

effect_columns <- function(design) unlist(lapply(design$random, `[[`, "columns"))

name_family_fit <- function(out, family, design, sizes) {
  kept <- design$x$names[out$kept]
  own <- own_parameters(family)
  p <- length(kept)
  out$frame <- list(kept = out$kept, absorbed = if (family$name == "cumulative") 1L)
  out$family <- family
  at <- c(seq_len(p), p + own$at)
  out$vcov <- out$vcov[at, at, drop = FALSE]
  out$vcov[is.nan(out$vcov)] <- NA
  dimnames(out$vcov) <- list(c(kept, own$name), c(kept, own$name))
  parts <- \(v) list(beta = rlang::set_names(v[seq_len(p)], kept), extra = rlang::set_names(v[p + own$at], own$name))
  out$estimated <- length(out$extra)
  all <- parts(c(out$beta, out$extra))
  out$coefficients <- all$beta
  out$extra <- ifelse(is.na(own$at), own$value, all$extra)
  names(out$extra) <- own$name
  out$error <- parts(out$error)
  out$std_error_error <- parts(out$std_error_error)
  out$gamma <- packed_blocks(out$covariance, sizes)
  out
}

# The lower triangles of the blocks on the diagonal.
packed_blocks <- function(covariance, sizes) {
  ends <- cumsum(sizes)
  unlist(lapply(seq_along(sizes), \(i) {
    at <- seq.int(ends[i] - sizes[i] + 1L, ends[i])
    pack_symmetric(covariance[at, at, drop = FALSE])
  }))
}

# Verbs ----------------------------------------------------------------------------

#' Fits of scores that are not normal
#'
#' @description
#' What [fit_recovery()] does by maximum likelihood with a family of [recovery_families], and what can be asked of
#' the fit. The likelihood of subject \eqn{i} is an integral over its random effects
#' \eqn{b = Lu}, \eqn{u \sim N(0, I)},
#' \deqn{L_i = \int \prod_j f(y_{ij} \mid x_{ij}'\beta + z_{ij}'Lu)\, \phi(u)\, du,}
#' taken by adaptive Gauss-Hermite quadrature: nodes at the mode of the integrand, spread
#' by its curvature, as many as the subject needs until one step more changes
#' \eqn{\log L_i} by less than 1e-10. Gradient and Hessian are posterior expectations
#' over the same nodes (the identities of Fisher and Louis), the optimum is found by Newton's
#' method, and standard errors come from the observed information.
#'
#' @details
#' Parameters that a family has of its own (thresholds, the logarithms of a precision or of a standard deviation)
#' are estimated together with the others, by the same exact derivatives.
#'
#' A standard deviation of zero is a correct optimum and is named in the print. Where an
#' estimate is infinite (separated scores: a combination of columns tells all events from
#' all failures) there is no fit but a `cordgain_numerical_error` that names the terms.
#'
#' With a handful of subjects, maximum likelihood estimates of standard deviations are too
#' small and Wald intervals too short: \eqn{z} quantiles know nothing of degrees of freedom.
#'
#' [predict()][predict.recovery_fit_family], [residuals()][residuals.recovery_fit_family],
#' [simulate()][simulate.recovery_fit_family] and [bootstrap()][bootstrap.recovery_fit_family] have pages of their
#' own. There are no restricted likelihood, no Kenward-Roger or Satterthwaite degrees of freedom and no profile of such
#' fits; what is asked of them is refused by name.
#'
#' This page is of fits by maximum likelihood; those by [method_bayes()] are described in [recovery_fit_family_bayes].
#'
#' @param object,x a `recovery_fit` of a family.
#' @param condVar (logical) attach posterior covariances as `postVar` (array q x q x levels).
#' @param full (logical) with the family's own parameters; rows and columns of infinite parameters are `NA`.
#' @param ... unused.
#' @return `fixef()`: named vector, on the scale of the link; `vcov()`: its covariance; `ranef()`: list of
#'   data frames, effects by level; `logLik()`: with all constants, `num.error` as attribute;
#'   `nobs()`: rows; `augment()`: the rows with fitted values, response and Pearson residuals; `sigma()`: residual
#'   standard deviation of `censored()` scores, 1 for others; the rest as their generics say.
#' @section Conditions: `cordgain_invalid_input` for a level of intervals outside of 0 to 1, a parameter that the fit
#'   does not have, and what such fits do not have (profiles, tests of type III); by [fit_recovery()] for random effects
#'   of several grouping factors or more than three, a covariance over visits, or weights;
#'   `cordgain_numerical_error` where the likelihood has no maximum, or none was found to its stated error.
#' @references Pinheiro JC, Bates DM (1995). Approximations to the log-likelihood function in
#'   the nonlinear mixed-effects model. *Journal of Computational and Graphical Statistics* 4, 12-35.
#'
#'   Louis TA (1982). Finding the observed information matrix when using the EM algorithm.
#'   *JRSS B* 44, 226-233.
#' @inherit recovery_families examples
#' @seealso [fit_recovery()], [method_ml()], [predict.recovery_fit_family()]
#' @name recovery_fit_family
NULL

#' @rdname recovery_fit_family
#' @exportS3Method nlme::fixef recovery_fit_family
fixef.recovery_fit_family <- function(object, ...) object$result$coefficients

#' @rdname recovery_fit_family
#' @exportS3Method stats::vcov recovery_fit_family
vcov.recovery_fit_family <- function(object, full = FALSE, ...) {
  all <- object$result$vcov
  p <- if (full) nrow(all) else length(fixef(object))
  all[seq_len(p), seq_len(p), drop = FALSE]
}

#' @rdname recovery_fit_family
#' @exportS3Method stats::nobs recovery_fit_family
nobs.recovery_fit_family <- function(object, ...) nrow(object$frame)

#' @rdname recovery_fit_family
#' @exportS3Method stats::family recovery_fit_family
family.recovery_fit_family <- function(object, ...) object$result$family$object

#' @rdname recovery_fit_family
#' @exportS3Method stats::logLik recovery_fit_family
logLik.recovery_fit_family <- function(object, ...) {
  result <- object$result
  structure(result$log_likelihood,
    df = length(result$coefficients) + length(result$gamma) + result$estimated,
    num.error = 10 * result$log_likelihood_error + .Machine$double.eps * abs(result$log_likelihood),
    nobs = nobs(object), nall = nobs(object), class = "logLik")
}

#' @rdname recovery_fit_family
#' @exportS3Method stats::deviance recovery_fit_family
deviance.recovery_fit_family <- function(object, ...) -2 * object$result$log_likelihood

#' @rdname recovery_fit_family
#' @exportS3Method stats::df.residual recovery_fit_family
df.residual.recovery_fit_family <- function(object, ...) nobs(object) - attr(stats::logLik(object), "df")

#' @rdname recovery_fit_family
#' @exportS3Method nlme::VarCorr recovery_fit_family
VarCorr.recovery_fit_family <- function(x, ...) {
  matrices <- rlang::set_names(lapply(effect_covariances(x), with_correlation), block_names(x))
  structure(matrices, sc = family_sigma(x$result$family, x$result$extra), class = "VarCorr.recovery_fit")
}

#' @rdname recovery_fit_family
#' @exportS3Method stats::sigma recovery_fit_family
sigma.recovery_fit_family <- function(object, ...) {
  sigma <- family_sigma(object$result$family, object$result$extra)
  if (is.null(sigma)) 1 else sigma # as lme4 has it
}

#' @rdname recovery_fit_family
#' @exportS3Method nlme::ranef recovery_fit_family
ranef.recovery_fit_family <- function(object, type = c("mode", "mean"), condVar = TRUE, ...) {
  type <- check_option(type, c("mode", "mean"))
  first <- object$design$random[[1L]]
  columns <- effect_columns(object$design)
  out <- as.data.frame(matrix(object$result[[type]], length(first$labels),
    dimnames = list(first$labels, columns)))
  if (condVar) attr(out, "postVar") <- spread_array(object$result$spread, columns)
  structure(rlang::set_names(list(out), first$group), class = "ranef.recovery_fit")
}

# q x q x subjects from packed lower triangles, a row each.
spread_array <- function(packed, columns) {
  q <- length(columns)
  array(apply(packed, 1L, \(row) unpack_symmetric(row, columns)), c(q, q, nrow(packed)))
}

#' @rdname recovery_fit_family
#' @exportS3Method stats::coef recovery_fit_family
coef.recovery_fit_family <- function(object, ...) coef.recovery_fit_reml(object, ...)
