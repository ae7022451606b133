# What other verbs and packages ask of a plateau() by Bayes, whose columns differ from draw to draw.

#' @exportS3Method natural_curve recovery_fit_bayes_plateau
natural_curve.recovery_fit_bayes_plateau <- function(x, ...) refuse_outer(x, "a natural course")

# A mean is not linear in coefficients and kappa: each mean of the grid is a coefficient of its own.
#' @exportS3Method emmeans::emm_basis recovery_fit_bayes_plateau
emm_basis.recovery_fit_bayes_plateau <- function(object, trms, xlev, grid, draws = 4000, seed = NULL, ...) {
  drawn <- posterior_draws(object, draws, draw_seed(seed), smooth = FALSE)
  p <- seq_len(nrow(object$result$mean))
  means <- matrix(0, nrow(drawn), nrow(grid))
  for (group in kappa_fits(object)) {
    own <- which(drawn[, "kappa"] == group$kappa)
    if (length(own) == 0L) next
    attr(trms, ".Environment") <- environment(group$fit$design$fixed_terms)
    x <- grid_matrix(group$fit, trms, xlev, grid)[, object$result$frame$kept, drop = FALSE]
    means[own, ] <- drawn[own, p, drop = FALSE] %*% t(x)
  }
  list(X = diag(nrow(grid)), bhat = colMeans(means), nbasis = matrix(NA_real_), V = stats::cov(means),
    dffun = \(k, dfargs) Inf, dfargs = list(), misc = list(), post.beta = means)
}

#' @exportS3Method loo::loo recovery_fit_bayes_plateau
loo.recovery_fit_bayes_plateau <- function(x, draws = 4000, seed = NULL, by = c("subject", "observation"), ...) {
  by <- check_option(by, c("subject", "observation"))
  block <- block_of_rows(x$design)
  if (max(block) == 1L && by == "subject") {
    abort_input(c("There is no subject to leave out.", x = "Random effects join all rows of this fit to one block.",
      i = '{.code by = "observation"} leaves out one score at a time.'))
  }
  density <- if (by == "subject") normal_log_density else normal_left_out
  drawn <- posterior_draws(x, check_draws(draws), draw_seed(seed), smooth = FALSE)
  out <- matrix(0, nrow(drawn), if (by == "subject") max(block) else length(block))
  for (group in kappa_fits(x)) {
    own <- which(drawn[, "kappa"] == group$kappa)
    if (length(own) > 0L) out[own, ] <- block_log_density(group$fit, block, drawn[own, , drop = FALSE], density)
  }
  loo_of(out, x$result, ...)
}
