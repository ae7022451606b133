# loo: predictive accuracy by leaving one subject out, from draws of the exact posterior.

#' Leave-one-subject-out by loo
#'
#' @description
#' `loo::loo()` of a fit by [method_bayes()] leaves out one subject (more exactly, one block of rows that no random
#' effect joins to the others) at a time: the expected log density of a new subject's scores,
#' \eqn{\sum_i \log p(y_i | y_{-i})}. Random effects are integrated out of each subject's density, a normal one with
#' mean \eqn{X_i\beta} and covariance \eqn{Z_i D Z_i' + \sigma^2 W_i^{-1}}, so that the draws of
#' [posterior::as_draws()][interop-posterior] are weighted over as few dimensions as can be.
#'
#' @details
#' loo's Pareto k says for which subjects the weights are too uneven; with few subjects look at it first. Where a prior
#' is proper, the difference of two log evidences (`logLik(fit)` with and without the subject) is the exact answer.
#'
#' @param x a fit by [method_bayes()].
#' @inheritParams interop-posterior
#' @param ... passed to loo, such as `cores`.
#' @return what loo returns: an object of class `psis_loo`, one point per subject.
#' @section Conditions: `cordgain_invalid_input` where all rows are one block, so that nothing can be left out.
#' @references
#' Vehtari A, Gelman A, Gabry J (2017). Practical Bayesian model evaluation using leave-one-out cross-validation and
#' WAIC. *Statistics and Computing* 27, 1413-1432. \doi{10.1007/s11222-016-9696-4}
#' @seealso [method_bayes()], [interop-posterior]
#' @examples
#' if (requireNamespace("loo", quietly = TRUE)) {
#'   fit <- fit_recovery(extra ~ group + (1 | ID), sleep, method = method_bayes())
#'   loo::loo(fit, draws = 500, seed = 1)
#' }
#' @name interop-loo
#' @exportS3Method loo::loo recovery_fit_bayes
loo.recovery_fit_bayes <- function(x, draws = 4000, seed = NULL, ...) {
  block <- block_of_rows(x$design)
  if (max(block) == 1L) {
    abort_input(c("There is no subject to leave out.", x = "Random effects join all rows of this fit to one block."))
  }
  log_density <- block_log_density(x, block, posterior_draws(x, check_draws(draws), draw_seed(seed)))
  loo::loo(log_density, r_eff = rep(1, ncol(log_density)), ...)
}

#' @rdname interop-loo
#' @exportS3Method loo::loo recovery_fit_family_bayes
loo.recovery_fit_family_bayes <- function(x, draws = 4000, seed = NULL, ...) {
  post <- x$result
  sampled <- post$engine == "nuts"
  node <- if (!sampled) lattice_draws(post, check_draws(draws), draw_seed(seed))$node
  points <- if (sampled) post$points else post$points[, node, drop = FALSE]
  log_density <- core_family_log_likelihood(post$problem, points, post$nodes)
  chains <- if (sampled) rep(seq_len(post$plan$chains), each = post$plan$draws)
  size <- if (sampled) loo::relative_eff(exp(log_density), chain_id = chains) else rep(1, ncol(log_density))
  loo::loo(log_density, r_eff = size, ...)
}

# log p(scores of a block | draw), random effects integrated out: draws in rows, blocks in columns.
block_log_density <- function(fit, block, draws) {
  p <- nrow(fit$result$mean)
  y <- net_score(fit$design)
  parts <- apply(draws[, -seq_len(p), drop = FALSE], 1L, \(hyper) drawn_parts(fit, hyper), simplify = FALSE)
  columns <- lapply(seq_len(max(block)), \(b) {
    at <- which(block == b)
    rows <- fitted_rows(fit, at)
    residual <- y[at] - rows$x %*% t(draws[, seq_len(p), drop = FALSE])
    vapply(seq_along(parts), \(d) normal_log_density(residual[, d], rows_covariance(rows, parts[[d]])), 0)
  })
  do.call(cbind, columns)
}

normal_log_density <- function(residual, covariance) {
  factor <- chol(covariance)
  z <- backsolve(factor, residual, transpose = TRUE)
  -sum(log(diag(factor))) - 0.5 * (length(residual) * log(2 * pi) + sum(z^2))
}
