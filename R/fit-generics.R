# Generics of fitted models: those of nlme and of generics, re-exported so that
# they coexist with lme4, and those that have no common owner.

#' @importFrom nlme fixef
#' @export
nlme::fixef

#' @importFrom nlme ranef
#' @export
nlme::ranef

#' @importFrom nlme VarCorr
#' @export
nlme::VarCorr

#' @importFrom generics glance
#' @export
generics::glance

#' @importFrom generics augment
#' @export
generics::augment

#' Is a fit on the boundary?
#'
#' A fit is singular when a covariance matrix of random effects lacks rank: a
#' variance is zero, or a correlation is 1 or -1. That is a correct, constrained
#' optimum and no failure; the print names what is zero.
#'
#' @param x a fit: a `recovery_fit`, or one that `lme4::isSingular()` knows.
#' @param ... passed on to methods.
#' @return `TRUE` or `FALSE`.
#' @section Conditions: `cordgain_invalid_input` for another kind of fit where lme4 is not installed.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' isSingular(fit_recovery(score ~ week + (1 | subject), trial))
#' @export
isSingular <- function(x, ...) {
  UseMethod("isSingular")
}

#' @rdname isSingular
#' @exportS3Method isSingular default
isSingular.default <- function(x, ...) {
  if (!requireNamespace("lme4", quietly = TRUE)) {
    abort_input(c("{.fn isSingular} does not know this kind of fit.",
      x = "It is {.obj_type_friendly {x}}.",
      i = "Install lme4 for its own fits."
    ), call = NULL)
  }
  lme4::isSingular(x, ...)
}

#' Parametric bootstrap
#'
#' Draws new scores from a fitted model and fits the model to them again, many
#' times: how much the estimates vary if the model is true.
#'
#' @param fit a fit: a `recovery_fit`.
#' @param ... passed on to methods.
#' @return see the method, [bootstrap.recovery_fit_reml()].
#' @section Conditions: `cordgain_invalid_input` and `cordgain_numerical_error`, as in [bootstrap.recovery_fit_reml()].
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' bootstrap(fit_recovery(score ~ week + (1 | subject), trial), n = 200, seed = 1)
#' @export
bootstrap <- function(fit, ...) {
  UseMethod("bootstrap")
}

# Arguments of other packages' methods, and of this package's verbs of other results, with what is meant here.
level_advice <- c(conf.level = "The level of the intervals is {.arg level}.")
predict_advice <- c(level_advice,
  random.only = "{.fn ranef} has the random effects; {.arg re.form} says which of them a prediction counts.")
simulate_advice <- c(
  use.u = "Say {.code re.form = NULL} to keep the random effects, {.code re.form = NA} to draw them.")
fitted_advice <- c(level = "For the mean of all say {.code predict(fit, re.form = NA)}.")
residual_advice <- c(scaled = "For residuals in units of sigma say {.code type = \"pearson\"}.",
  level = "For residuals from the mean of all say {.code type = \"marginal\"}.")
posterior_advice <- c(level_advice, method = "Intervals of a posterior are its quantiles; there is no other method.")
