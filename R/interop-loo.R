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
#' `by = "observation"` leaves out one score at a time, the subject's others staying: random effects are integrated out
#' of \eqn{p(y_{ij} \mid y_{i,-j}, \phi)}, the ratio of the subject's densities with and without the score. That is
#' how well a visit of a known patient is predicted; without `by`, how well a new patient is.
#'
#' Draws of the sampler are taken all, and loo is told how much less they say than independent ones
#' (`loo::relative_eff()`).
#'
#' loo's Pareto k says for which subjects the weights are too uneven; with few subjects look at it first. Where a prior
#' is proper, the difference of two log evidences (`logLik(fit)` with and without the subject) is the exact answer.
#'
#' @param x a fit by [method_bayes()].
#' @param by (string) `"subject"` or `"observation"`.
#' @inheritParams interop-posterior
#' @param ... passed to loo, such as `cores`.
#' @return what loo returns: an object of class `psis_loo`, one point per subject or per score; rows of `pointwise`
#'   bear the names of the subjects (in the order of the data; of a family in that of their levels), or those of the
#'   rows.
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
loo.recovery_fit_bayes <- function(x, draws = 4000, seed = NULL, by = c("subject", "observation"), ...) {
  points <- left_out_points(x, by, rlang::current_env())
  post <- x$result
  n <- if (post$engine == "nuts") length(post$weight) else check_draws(draws)
  drawn <- posterior_draws(x, n, draw_seed(seed))
  loo_of(block_log_density(x, points$block, drawn, points$density), post, ..., names = points$names)
}

# What is left out of a fit of normal scores at a time: blocks of rows, the density of each, and their names.
left_out_points <- function(x, by, call) {
  by <- check_option(by, c("subject", "observation"), call = call)
  block <- block_of_rows(x$design)
  if (by == "observation") {
    return(list(block = block, density = normal_left_out, names = rownames(x$frame)))
  }
  if (max(block) == 1L) {
    abort_input(c("There is no subject to leave out.", x = "Random effects join all rows of this fit to one block.",
      i = '{.code by = "observation"} leaves out one score at a time.'), call = call)
  }
  list(block = block, density = normal_log_density, names = names_of_blocks(x, block))
}

# Of each block its level of the grouping factor that has one in each, the subject or what subjects are nested in; where
# there is none, the name of its first row.
names_of_blocks <- function(x, block) {
  first <- match(seq_len(max(block)), block)
  factors <- lapply(x$design$random, \(one) one$labels[one$level + 1L])
  residual <- x$design$residual
  if (!is.null(residual$subjects)) factors <- c(factors, list(residual$subjects[residual$subject + 1L]))
  for (level in factors) {
    if (all(level == level[first][block]) && !anyDuplicated(level[first])) {
      return(as.character(level[first]))
    }
  }
  rownames(x$frame)[first]
}

#' @rdname interop-loo
#' @exportS3Method loo::loo recovery_fit_family_bayes
loo.recovery_fit_family_bayes <- function(x, draws = 4000, seed = NULL, by = c("subject", "observation"), ...) {
  by <- check_option(by, c("subject", "observation"))
  post <- x$result
  sampled <- post$engine == "nuts"
  node <- if (!sampled) lattice_draws(post, check_draws(draws), draw_seed(seed))$node
  points <- if (sampled) post$points else post$points[, node, drop = FALSE]
  all <- core_family_log_likelihood(post$problem, points, post$nodes)
  if (by == "subject") {
    return(loo_of(all, post, ..., names = x$design$random[[1L]]$labels))
  }
  loo_of(all[, post$problem$subject + 1L] - left_out(post, points), post, ..., names = rownames(x$frame))
}

# Independent draws say as much as there are; those of chains less. Points are called by their names.
loo_of <- function(log_density, post, ..., names = NULL) {
  plan <- post$plan
  size <- if (post$engine == "nuts") {
    loo::relative_eff(exp(log_density), chain_id = rep(seq_len(plan$chains), each = plan$draws))
  } else {
    rep(1, ncol(log_density))
  }
  out <- loo::loo(log_density, r_eff = size, ...)
  rownames(out$pointwise) <- names
  out
}

# Log density of each subject's other scores, a column for each score; none where there is no other.
left_out <- function(post, points) {
  problem <- post$problem
  columns <- lapply(seq_along(problem$subject), \(row) {
    own <- setdiff(which(problem$subject == problem$subject[row]), row)
    if (length(own) == 0L) numeric(ncol(points)) else
      core_family_log_likelihood(problem_rows(problem, own), points, post$nodes[problem$subject[row] + 1L])[, 1L]
  })
  do.call(cbind, columns)
}

# The problem of these rows, all of one subject.
problem_rows <- function(problem, rows) {
  problem$x <- problem$x[rows, , drop = FALSE]
  problem$z <- problem$z[rows, , drop = FALSE]
  if (length(problem$offset) > 0L) problem$offset <- problem$offset[rows]
  problem$subject <- rep(0L, length(rows))
  problem$n_subjects <- 1L
  problem$family$score <- problem$family$score[rows, , drop = FALSE]
  problem
}

# log p(scores of a block | draw), random effects integrated out: draws in rows, blocks in columns; or the scores one by
# one, in the order of the rows.
block_log_density <- function(fit, block, draws, density = normal_log_density) {
  p <- nrow(fit$result$mean)
  y <- net_score(fit$design)
  parts <- apply(draws[, -seq_len(p), drop = FALSE], 1L, \(hyper) drawn_parts(fit, hyper), simplify = FALSE)
  columns <- lapply(seq_len(max(block)), \(b) {
    at <- which(block == b)
    rows <- fitted_rows(fit, at)
    residual <- y[at] - rows$x %*% t(draws[, seq_len(p), drop = FALSE])
    do.call(rbind, lapply(seq_along(parts), \(d) density(residual[, d], rows_covariance(rows, parts[[d]]))))
  })
  out <- do.call(cbind, columns)
  if (ncol(out) == length(y)) out[, order(order(block)), drop = FALSE] else out
}

# Log densities of each value given the others.
normal_left_out <- function(residual, covariance) {
  inverse <- chol2inv(chol(covariance))
  stats::dnorm(drop(inverse %*% residual) / diag(inverse), 0, 1 / sqrt(diag(inverse)), log = TRUE)
}

normal_log_density <- function(residual, covariance) {
  factor <- chol(covariance)
  z <- backsolve(factor, residual, transpose = TRUE)
  -sum(log(diag(factor))) - 0.5 * (length(residual) * log(2 * pi) + sum(z^2))
}
