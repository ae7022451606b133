# By row: how far a fitted value follows its own score, and what a row does to the fit.

#' @rdname influence.recovery_fit
#' @exportS3Method stats::hatvalues recovery_fit_reml
hatvalues.recovery_fit_reml <- function(model, ...) {
  parts <- fitted_parts(model)
  phi <- model$result$vcov
  block <- block_of_rows(model$design)
  out <- stats::setNames(numeric(length(block)), rownames(model$frame))
  for (rows in split(seq_along(block), block)) {
    part <- fitted_rows(model, rows)
    inverse <- chol2inv(chol(rows_covariance(part, parts)))
    mean <- part$x %*% phi %*% crossprod(part$x, inverse) # X Phi X'V^-1
    effects <- effects_covariance(part, part, parts) %*% (inverse - inverse %*% mean) # Z D Z'P
    out[rows] <- diag(mean) + diag(effects)
  }
  stats::naresid(attr(model$frame, "na.action"), out)
}

#' @rdname influence.recovery_fit
#' @exportS3Method stats::cooks.distance recovery_fit_reml
cooks.distance.recovery_fit_reml <- function(model, ...) {
  hat <- stats::hatvalues(model)
  (stats::residuals(model, "pearson") / (1 - hat))^2 * hat / length(fixef(model))
}
