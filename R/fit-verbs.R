# Verbs that need nothing but the parts of a fit: residuals, weights, family.

#' Residuals of a fit
#'
#' @param object a `recovery_fit`.
#' @param type (string) `"response"`: score minus fitted value, random effects
#'   predicted, as in lme4; `"pearson"`: the same divided by
#'   \eqn{\sigma/\sqrt{w}}; `"marginal"`: score minus the mean of all,
#'   \eqn{y - X\hat\beta}; `"scaled"`: \eqn{L^{-1}(y - X\hat\beta)} with
#'   \eqn{V = LL'} by subject (or independent block), rows in the order of the data:
#'   uncorrelated, of variance 1, if the model holds and but for the estimation of
#'   \eqn{\beta} (SAS: `vciry`). `"deviance"` and `"working"` are `"response"`.
#' @param ... unused.
#' @return numeric, one per row of the data as `na.action` says; `"pearson"` and
#'   `"scaled"` without unit, the others in units of the score.
#' @section Conditions: `cordgain_invalid_input` for `scaled` and `level`, arguments of lme4 and nlme that mean
#'   something else: the message says what to give here.
#' @references Fitzmaurice GM, Laird NM, Ware JH (2011). *Applied longitudinal
#'   analysis*, section 10.2.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' residuals(fit_recovery(score ~ week + (1 | subject), trial), type = "scaled")
#' @seealso [recovery_fit-verbs]
#' @name residuals.recovery_fit
#' @exportS3Method stats::residuals recovery_fit_reml
residuals.recovery_fit_reml <- function(object,
                                        type = c("response", "pearson", "marginal", "scaled", "deviance", "working"),
                                        ...) {
  refuse_foreign(residual_advice, ...)
  type <- check_option(type, c("response", "pearson", "marginal", "scaled", "deviance", "working"))
  out <- switch(type,
    pearson = (object$design$y - raw_fitted(object)) * sqrt(row_weights(object)) / stats::sigma(object),
    marginal = marginal_residuals(object),
    scaled = scaled_residuals(object),
    object$design$y - raw_fitted(object)
  )
  stats::naresid(attr(object$frame, "na.action"), stats::setNames(out, rownames(object$frame)))
}

scaled_residuals <- function(fit) {
  parts <- fitted_parts(fit)
  out <- marginal_residuals(fit)
  block <- block_of_rows(fit$design)
  for (rows in split(seq_along(block), block)) {
    root <- chol(rows_covariance(fitted_rows(fit, rows), parts))
    out[rows] <- backsolve(root, out[rows], transpose = TRUE)
  }
  out
}

row_weights <- function(fit) {
  weights <- fit$design$weights
  if (length(weights) > 0L) weights else rep(1, length(fit$design$y))
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::weights recovery_fit
weights.recovery_fit <- function(object, ...) {
  stats::naresid(attr(object$frame, "na.action"), row_weights(object))
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::family recovery_fit
family.recovery_fit <- function(object, ...) {
  stats::gaussian()
}

# A refusal is no picture: neither is declared as the methods of classes that have one are, of which tests ask for an
# example each.
#' @exportS3Method base::plot recovery_fit
plot.recovery_fit <- function(x, ...) refuse_picture(x, rlang::current_env())

#' @rawNamespace S3method(ggplot2::`autoplot`, recovery_fit)
autoplot.recovery_fit <- function(object, ...) refuse_picture(object, rlang::current_env())

refuse_picture <- function(x, call) {
  curve <- inherits(x, c("recovery_fit_reml", "recovery_fit_bayes")) && length(x$design$residual) == 0L
  abort_input(c("A fit has no picture of its own.",
    i = "Residuals: {.code plot(fitted(fit), residuals(fit))}.",
    i = if (curve) "The course of untreated patients with its uncertainty: {.code plot(natural_curve(fit))}.",
    i = if (grepl("bayes", class(x)[1L])) "The posterior: {.pkg bayesplot} draws {.code posterior::as_draws(fit)}."
  ), call = call)
}
