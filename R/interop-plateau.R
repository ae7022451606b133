# What other verbs and packages ask of a plateau() by Bayes, whose columns differ from draw to draw.

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
  points <- left_out_points(x, by, rlang::current_env())
  drawn <- posterior_draws(x, check_draws(draws), draw_seed(seed), smooth = FALSE)
  out <- matrix(0, nrow(drawn), length(points$names))
  for (group in kappa_fits(x)) {
    own <- which(drawn[, "kappa"] == group$kappa)
    if (length(own) == 0L) next
    out[own, ] <- block_log_density(group$fit, points$block, drawn[own, , drop = FALSE], points$density)
  }
  loo_of(out, x$result, ..., names = points$names)
}
