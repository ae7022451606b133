# marginaleffects: coefficients, covariance and predictions at other coefficients,
# so that its delta method works on a fit.

#' Slopes and comparisons by marginaleffects
#'
#' @description
#' Methods by which `marginaleffects::predictions()`, `comparisons()` and `slopes()` work on
#' a fit, at the level of the mean of all subjects (random effects at zero). Newer versions ask that a class they do
#' not know is named first: `options(marginaleffects_model_classes = "recovery_fit_reml")`.
#'
#' @param model a `recovery_fit`.
#' @param coefs (numeric) coefficients to put in.
#' @param newdata (data frame) rows to predict.
#' @param vcov (string, matrix or `NULL`) `NULL` or `TRUE`: Kenward-Roger's covariance for a
#'   REML fit, else the model's; `"model"` or `"kenward-roger"`; or a matrix.
#' @param type,... as marginaleffects passes them.
#' @return `get_coef()`: named vector; `get_vcov()`: matrix; `set_coef()`: the fit with other
#'   coefficients; `get_predict()`: data frame of `rowid` and `estimate`, in units of the score.
#' @references Oehlert GW (1992). A note on the delta method. *The American Statistician* 46, 27-29.
#' @examples
#' fit <- fit_recovery(extra ~ group + (1 | ID), sleep)
#' # with marginaleffects: avg_comparisons(fit, variables = "group")
#' fixef(fit)
#' @name interop-marginaleffects
#' @exportS3Method marginaleffects::get_coef recovery_fit
get_coef.recovery_fit <- function(model, ...) fixef(model)

#' @rdname interop-marginaleffects
#' @exportS3Method marginaleffects::set_coef recovery_fit
set_coef.recovery_fit <- function(model, coefs, ...) {
  model$result$coefficients[] <- coefs
  model
}

#' @rdname interop-marginaleffects
#' @exportS3Method marginaleffects::get_vcov recovery_fit
get_vcov.recovery_fit <- function(model, vcov = NULL, ...) {
  if (is.matrix(vcov)) {
    return(vcov)
  }
  if (isFALSE(vcov)) {
    return(NULL)
  }
  type <- if (is.character(vcov)) vcov else if (model$method$name == "reml") "kenward-roger" else "model"
  stats::vcov(model, type = check_choice(tolower(type), c("model", "kenward-roger"), "vcov"))
}

#' @rdname interop-marginaleffects
#' @exportS3Method marginaleffects::get_predict recovery_fit
get_predict.recovery_fit <- function(model, newdata = NULL, type = "response", ...) {
  estimate <- stats::predict(model, newdata, re.form = NA)
  rowid <- if ("rowid" %in% names(newdata)) newdata$rowid else seq_along(estimate)
  data.frame(rowid = rowid, estimate = unname(estimate))
}
