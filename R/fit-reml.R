# The Gaussian engine in R's words: one call of the core, names put on.

#' @exportS3Method fit_with method_reml
fit_with.method_reml <- function(method, design, call) {
  fit_gaussian(design, restricted = TRUE, call)
}

#' @exportS3Method fit_with method_ml
fit_with.method_ml <- function(method, design, call) {
  fit_gaussian(design, restricted = FALSE, call)
}

fit_gaussian <- function(design, restricted, call) {
  out <- do.call(core_fit_gaussian, c(core_rows(design), list(restricted, call)))
  kept <- design$x$names[out$frame$kept]
  names(out$coefficients) <- kept
  dimnames(out$vcov) <- list(kept, kept)
  names(out$gamma) <- gamma_names(design)
  if (length(design$residual) > 0L) out$certificate <- certify_visits(out$certificate, out$gamma, design$residual)
  out
}

# A covariance over visits that is singular to rounding is no optimum that could be certified: the likelihood may rise
# without end on the way there, and standard errors rest on the rounding.
certify_visits <- function(certificate, gamma, pattern) {
  elements <- matrix(utils::tail(gamma, length(residual_names(pattern))), ncol = pattern$n_groups)
  certificate$least_eigenvalue <- min(apply(elements, 2L, least_eigenvalue, visits = length(pattern$visits)))
  if (singular_visits(certificate)) certificate$converged <- FALSE
  certificate
}

singular_visits <- function(certificate) isTRUE(certificate$least_eigenvalue < 1e-8)

# Of the correlation matrix, so that visits on different scales do not count; 0 where a variance is zero.
least_eigenvalue <- function(elements, visits) {
  covariance <- unpack_symmetric(elements, seq_len(visits))
  if (any(diag(covariance) <= 0)) {
    return(0)
  }
  max(min(eigen(stats::cov2cor(covariance), symmetric = TRUE, only.values = TRUE)$values), 0)
}

# Names of the variance parameters: the lower triangle of each block, then the residual.
gamma_names <- function(design) {
  block_names <- \(block) {
    pairs <- lower_pairs(length(block$columns))
    covariance <- pairs$row != pairs$col
    second <- c("", paste0(",", block$columns))[covariance * pairs$col + 1L]
    paste0(block$group, c(".var(", ".cov(")[covariance + 1L], block$columns[pairs$row], second, ")")
  }
  c(unlist(lapply(design$random, block_names)), residual_names(design$residual))
}

# Verbs ----------------------------------------------------------------------------

#' What can be asked of a fit
#'
#' The verbs of lme4 and nlme with their meanings.
#'
#' @details
#' `logLik()` has all constants, in the convention of lme4, nlme and SAS; for a
#' REML fit it is the restricted log likelihood and `deviance()` is minus twice
#' that. `df` counts fixed effects and variance parameters. `vcov()` is the
#' model-based \eqn{(X'V^{-1}X)^{-1}}; `type = "kenward-roger"` gives the
#' adjusted one. `weights()` are the precision weights, 1 where none were given.
#'
#' @param object,x,formula a `recovery_fit`.
#' @param type (string) which covariance, or which matrix.
#' @param information (string) for Kenward-Roger: `"expected"` (as pbkrtest) or
#'   `"observed"` (as SAS).
#' @param ... unused.
#' @return `fixef()`: named vector; `vcov()`: matrix; `sigma()`: residual standard
#'   deviation, in units of the score (one per row where visits or groups differ); `logLik()`: class `logLik`; `nobs()`,
#'   `df.residual()`: counts; the others as their generics say.
#' @section Conditions: `cordgain_invalid_input` for Kenward-Roger's `vcov()` of a fit by maximum likelihood, and for
#'   `level` of `fitted()`, which nlme has.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' fit <- fit_recovery(score ~ week + (1 | subject), trial)
#' fixef(fit)
#' VarCorr(fit)
#' logLik(fit)
#' @seealso [fit_recovery()]
#' @name recovery_fit-verbs
NULL

#' @rdname recovery_fit-verbs
#' @exportS3Method nlme::fixef recovery_fit_reml
fixef.recovery_fit_reml <- function(object, ...) {
  object$result$coefficients
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::sigma recovery_fit_reml
sigma.recovery_fit_reml <- function(object, ...) {
  sqrt(residual_variance(object))
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::nobs recovery_fit_reml
nobs.recovery_fit_reml <- function(object, ...) {
  nrow(object$frame)
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::logLik recovery_fit_reml
logLik.recovery_fit_reml <- function(object, ...) {
  structure(-object$result$deviance / 2,
    df = length(fixef(object)) + covariance_parameters(object) + !is.null(object$plateau),
    nobs = nobs(object), nall = nobs(object), class = "logLik"
  )
}

# Free variance parameters: a patterned residual has fewer than its matrix has elements.
covariance_parameters <- function(fit) {
  residual <- fit$design$residual
  if (length(residual) == 0L) {
    return(length(fit$result$gamma))
  }
  visits <- length(residual$visits)
  each <- switch(residual$word,
    us = visits * (visits + 1) / 2, diag = visits, cs = , ar1 = , sp_exp = 2, csh = , ar1h = visits + 1,
    toep = visits, toeph = 2 * visits - 1
  )
  length(fit$result$gamma) - length(residual_names(residual)) + each * residual$n_groups
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::deviance recovery_fit_reml
deviance.recovery_fit_reml <- function(object, ...) {
  object$result$deviance
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::df.residual recovery_fit_reml
df.residual.recovery_fit_reml <- function(object, ...) {
  nobs(object) - attr(logLik(object), "df")
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::formula recovery_fit
formula.recovery_fit <- function(x, ...) {
  x$formula
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::model.frame recovery_fit
model.frame.recovery_fit <- function(formula, ...) {
  formula$frame
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::model.matrix recovery_fit
model.matrix.recovery_fit <- function(object, type = c("fixed", "random"), ...) {
  type <- check_option(type, c("fixed", "random"))
  if (type == "fixed") kept_matrix(object) else block_matrices(object)
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::terms recovery_fit
terms.recovery_fit <- function(x, ...) {
  x$design$fixed_terms
}

#' @rdname isSingular
#' @exportS3Method isSingular recovery_fit
isSingular.recovery_fit <- function(x, ...) {
  sizes <- vapply(x$design$random, \(block) length(block$columns), 1L)
  any(x$result$rank[seq_along(sizes)] < sizes)
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::fitted recovery_fit_reml
fitted.recovery_fit_reml <- function(object, ...) {
  refuse_foreign(fitted_advice, ...)
  stats::napredict(attr(object$frame, "na.action"), stats::setNames(raw_fitted(object), rownames(object$frame)))
}

# Fitted values of the rows used, without names.
raw_fitted <- function(fit) {
  out <- drop(kept_matrix(fit) %*% fixef(fit)) + random_part(fit)
  if (length(fit$design$offset) > 0L) out + fit$design$offset else out
}

# Z b-hat, a number per row.
random_part <- function(fit) {
  effects <- effect_tables(fit)
  z <- block_matrices(fit)
  out <- numeric(nobs(fit))
  for (i in seq_along(effects)) {
    out <- out + rowSums(z[[i]] * effects[[i]]$effect[fit$design$random[[i]]$level + 1L, , drop = FALSE])
  }
  out
}
