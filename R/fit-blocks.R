# The independent blocks of a fit as dense matrices: rows, V and its
# derivatives, in the user's units. For what is asked of one subject at a time;
# the fit itself never forms them.

# The block of each row, from 1: rows share one when a chain of levels joins them.
block_of_rows <- function(design) {
  n <- length(design$y)
  levels <- lapply(design$random, `[[`, "level")
  if (length(design$residual) > 0L) levels <- c(levels, list(design$residual$subject))
  block <- seq_len(n)
  repeat {
    before <- block
    for (level in levels) {
      first <- rep(n + 1L, max(level) + 1L)
      order <- order(block, decreasing = TRUE)
      first[level[order] + 1L] <- block[order]
      block <- first[level + 1L]
    }
    if (identical(block, before)) break
  }
  match(block, unique(block))
}

# Variance parameters as matrices: D of each term, and the residual: one number, or a matrix per group.
variance_parts <- function(fit, gamma) {
  random <- fit$design$random
  pattern <- fit$design$residual
  sizes <- vapply(random, \(block) length(block$columns), 1L)
  ends <- cumsum(c(0L, sizes * (sizes + 1L) / 2L))
  rest <- gamma[seq.int(ends[length(ends)] + 1L, length(gamma))]
  list(
    effects = lapply(seq_along(random), \(i) {
      unpack_symmetric(gamma[seq.int(ends[i] + 1L, ends[i + 1L])], random[[i]]$columns)
    }),
    residual = if (length(pattern) == 0L) {
      rest[[1]]
    } else {
      lapply(split(rest, rep(seq_len(pattern$n_groups), each = length(rest) / pattern$n_groups)),
        unpack_symmetric, names = pattern$visits)
    }
  )
}

# The fit's own variances, and their derivative along each free direction.
fitted_parts <- function(fit) variance_parts(fit, unname(fit$result$gamma))

direction_parts <- function(fit) {
  moves <- fit$result$to_user %*% fit$result$inference$directions
  lapply(seq_len(ncol(moves)), \(a) variance_parts(fit, moves[, a]))
}

# What makes a covariance of some rows: z and level of each term (NA: a level of its own), weights, and with a
# residual over visits subject, visit and group.
fitted_rows <- function(fit, rows) {
  design <- fit$design
  pattern <- design$residual
  list(
    n = length(rows), x = columns_at(pick_columns(design$x, fit$result$frame$kept), rows),
    terms = lapply(design$random, \(block) list(z = columns_at(block$z, rows), level = block$level[rows])),
    weight = if (length(design$weights) > 0L) design$weights[rows] else rep(1, length(rows)),
    subject = pattern$subject[rows], visit = pattern$visit[rows], group = pattern$group[rows]
  )
}

# Z D Z' between two sets of rows.
effects_covariance <- function(left, right, parts) {
  out <- matrix(0, left$n, right$n)
  for (t in seq_along(parts$effects)) {
    same <- outer(left$terms[[t]]$level, right$terms[[t]]$level, `==`)
    same[is.na(same)] <- FALSE
    out <- out + (left$terms[[t]]$z %*% parts$effects[[t]] %*% t(right$terms[[t]]$z)) * same
  }
  out
}

# Covariance of the residuals of two sets of rows of one residual over visits.
visits_covariance <- function(left, right, parts) {
  out <- matrix(0, left$n, right$n)
  same <- which(outer(left$subject, right$subject, `==`), arr.ind = TRUE)
  for (group in unique(left$group[same[, 1]])) {
    at <- same[left$group[same[, 1]] == group, , drop = FALSE]
    sigma <- parts$residual[[group + 1L]]
    out[at] <- sigma[cbind(left$visit[at[, 1]], right$visit[at[, 2]]) + 1L]
  }
  out / outer(sqrt(left$weight), sqrt(right$weight))
}

# V of some rows, or its derivative where `parts` are those of a direction.
rows_covariance <- function(rows, parts) {
  residual <- if (is.list(parts$residual)) {
    visits_covariance(rows, rows, parts)
  } else {
    diag(parts$residual / rows$weight, rows$n)
  }
  effects_covariance(rows, rows, parts) + residual
}

# y - X beta, the departure from the mean of all subjects.
marginal_residuals <- function(fit) {
  net_score(fit$design) - drop(kept_matrix(fit) %*% fixef(fit))
}

# Inverse of an information matrix; directions without information have none.
inverse_information <- function(information) {
  if (length(information) == 0L) {
    return(information)
  }
  scale <- sqrt(abs(diag(information)))
  scale[scale == 0] <- 1
  parts <- eigen(information / outer(scale, scale), symmetric = TRUE)
  keep <- abs(parts$values) > 1e-12 * max(abs(parts$values))
  vectors <- parts$vectors[, keep, drop = FALSE]
  vectors %*% (t(vectors) / parts$values[keep]) / outer(scale, scale)
}

# P_a and Q_ab from what the core keeps, Phi P_a Phi and Phi (Q_ab - P_a Phi P_b) Phi.
unsandwiched <- function(at, call = rlang::caller_env()) {
  if (length(at$phi) > 0L && rcond(at$phi) < 1e-14) {
    abort_numerical(c("Errors of prediction are not defined for this fit.",
      x = "A residual variance of zero leaves some coefficients without uncertainty.",
      i = "Fewer random effects leave a residual."
    ), call = call)
  }
  precision <- if (length(at$phi) > 0L) solve(at$phi) else at$phi
  slope <- lapply(at$slope, \(s) precision %*% s %*% precision)
  pairs <- lower_pairs(length(slope))
  curve <- Map(\(part, i, j) {
    product <- slope[[i]] %*% at$phi %*% slope[[j]]
    precision %*% part %*% precision + (product + t(product)) / 2
  }, at$curve, pairs$row, pairs$col)
  list(slope = slope, curve = curve)
}

# What moves with the variances, in the user's coordinates: P_a, Q_ab and the covariance of the variances.
variance_slopes <- function(fit, ddf, information) {
  at <- fit$result$inference
  factor <- fit$result$frame$factor
  unit <- fit$result$frame$y_scale^2
  to_user <- \(m) crossprod(factor, m %*% factor) / unit
  observed <- ddf != "kenward-roger" || information == "observed"
  sums <- unsandwiched(at)
  list(
    slope = lapply(sums$slope, to_user), curve = lapply(sums$curve, to_user),
    covariance = inverse_information(if (observed) at$observed else at$expected)
  )
}
