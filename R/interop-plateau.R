# What other verbs and packages ask of a plateau() by Bayes, whose columns differ from draw to draw.

# A natural course takes what is not known of kappa to first order, as that of a fit by REML: coefficients and log kappa
# as one normal distribution. Where that is not so of this posterior, it is refused.
#' @exportS3Method natural_curve recovery_fit_bayes_plateau
natural_curve.recovery_fit_bayes_plateau <- function(x, ...) {
  out <- natural_curve.recovery_fit(first_order_plateau(x), ...)
  check_first_order(out, x, rlang::current_env())
  out
}

# The fit with its posterior of kappa in the place where a fit by REML has the estimate.
first_order_plateau <- function(fit) {
  post <- fit$result
  log_kappa <- log(post$outer$point[1L, post$outer$node])
  middle <- sum(post$weight * log_kappa)
  variance <- sum(post$weight * (log_kappa - middle)^2)
  slope <- drop(post$mean %*% (post$weight * (log_kappa - middle)))
  slope <- if (variance > 0) slope / variance else 0 * slope
  fit$plateau <- list(log_kappa = middle, log_se = sqrt(variance), slope = slope, moved = list(beta = slope),
    error = post$hyper$error[["kappa"]] / post$hyper$mean[["kappa"]])
  fit$result$vcov <- stats::vcov(fit) - variance * tcrossprod(slope)
  class(fit) <- setdiff(class(fit), "recovery_fit_bayes_plateau")
  with_kappa(fit, middle)
}

# Mean and standard deviation of the mean course, and of its gains, at the fitted weeks, beside those to first order.
check_first_order <- function(curve, fit, call, most = 0.1) {
  rows <- new_patient_rows(curve, curve$weeks, call)
  n <- length(curve$weeks)
  contrast <- rbind(diag(n), cbind(rep(-1, n - 1L), diag(n - 1L)))
  direction <- kappa_direction(curve, curve$weeks, rows$x, call)
  shared <- rows$x %*% curve$fit$result$vcov %*% t(rows$x) + tcrossprod(direction)
  exact <- exact_course(curve, fit, call)
  sd <- sqrt(diag(contrast %*% exact$covariance %*% t(contrast)))
  off <- max(abs(drop(contrast %*% (rows$x %*% fixef(curve$fit) - exact$mean))) / sd,
    abs(sqrt(diag(contrast %*% shared %*% t(contrast))) / sd - 1))
  if (off > most) {
    abort_input(c("Too little is known of kappa for a natural course, which takes it to first order.",
      x = "Its mean or its uncertainty would be off by {signif(off, 2)} standard deviations.",
      i = "{.fn predict} has the course with all that is not known of kappa; a narrower prior of {.arg kappa}, from a
      registry, leaves less unknown."), call = call)
  }
}

# Of the mean course at the fitted weeks, over all of the posterior.
exact_course <- function(curve, fit, call) {
  post <- fit$result
  parts <- lapply(kappa_fits(fit), \(group) {
    weight <- post$weight[group$node]
    if (length(weight) == 0L) return(NULL)
    curve$fit <- group$fit
    x <- new_patient_rows(curve, curve$weeks, call)$x
    means <- x %*% post$mean[, group$node, drop = FALSE]
    within <- unpack_symmetric(drop(post$covariance[, group$node, drop = FALSE] %*% weight), rownames(post$mean))
    list(mean = drop(means %*% weight), square = x %*% within %*% t(x) + means %*% (weight * t(means)))
  })
  parts <- Filter(Negate(is.null), parts)
  mean <- Reduce(`+`, lapply(parts, `[[`, "mean"))
  list(mean = mean, covariance = Reduce(`+`, lapply(parts, `[[`, "square")) - tcrossprod(mean))
}

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
