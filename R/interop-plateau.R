# What other verbs and packages ask of a plateau() by Bayes, whose columns differ from draw to draw.

#' @exportS3Method natural_curve recovery_fit_bayes_plateau
natural_curve.recovery_fit_bayes_plateau <- function(x, ...) refuse_outer(x, "a natural course")

#' @exportS3Method emmeans::emm_basis recovery_fit_bayes_plateau
emm_basis.recovery_fit_bayes_plateau <- function(object, trms, xlev, grid, ...) refuse_outer(object, "marginal means")

#' @exportS3Method loo::loo recovery_fit_bayes_plateau
loo.recovery_fit_bayes_plateau <- function(x, ...) refuse_outer(x, "predictive accuracy")
