# Errors of prediction with few subjects: the mean square error of the best
# linear unbiased prediction, its Kenward-Roger correction and its degrees of
# freedom. One formula serves means, known and new subjects.
#
# Let t = x0'b + u0 be predicted by lambda'y, Cov(y, u0) = c, Var(u0) = T:
#   l = x0 - X'V^-1 c,  u = Phi l,  lambda = V^-1 (c + X u)
#   v = T - c'V^-1 c + l'Phi l                          (Henderson 1975)
#   dv/da = lambda'V_a lambda - 2 lambda'C_a + T_a      (lambda is optimal: its own change does not count)
#   r_a = C_a - V_a lambda                              (dlambda/da = P r_a)
#   v_A = v + 2 sum_ab W_ab r_a'P r_b                   (Harville and Jeske 1992; for a mean: Kenward-Roger)
#   df = 2 v^2 / (dv'W dv)
# Blocks without a known level of t add only through u, so that P_a and Q_ab of the fit hold their sums.

prediction_errors <- function(fit, new, score, ddf, information) {
  parts <- fitted_parts(fit)
  blocks <- lapply(joined_blocks(fit, new, score), block_state, fit = fit, new = new, parts = parts, score = score)
  known <- sum_blocks(blocks, new$n, ncol(new$x))
  l <- t(new$x) - known$mean
  u <- fit$result$vcov %*% l
  v <- pmax(0, target_variance(new, parts, score) - known$variance) + colSums(l * u)
  slopes <- variance_slopes(fit, ddf, information)
  moved <- variance_moves(fit, new, blocks, u, slopes, score, corrected = ddf == "kenward-roger")
  out <- list(effect = known$effect, variance = v, df = prediction_df(v, moved$slope, slopes$covariance))
  if (ddf == "kenward-roger") out$variance <- v + moved$correction
  if (ddf == "residual") out$df <- rep(nobs(fit) - length(fixef(fit)), new$n)
  seen <- score & seen_visits(fit, new)
  out$variance[seen] <- 0
  out$df[seen] <- Inf
  out
}

# Scores that the data hold: with a residual over visits a subject has one score per visit.
seen_visits <- function(fit, new) {
  pattern <- fit$design$residual
  if (length(pattern) == 0L) {
    return(logical(new$n))
  }
  paste(new$subject, new$visit) %in% paste(pattern$subject, pattern$visit)
}

# 2 v^2 / (g'W g); infinite where no free variance moves v (by more than 1e-10 v^2, near which derivatives are
# rounding), NaN where W gives a negative uncertainty.
prediction_df <- function(v, slope, covariance) {
  uncertainty <- colSums(slope * (covariance %*% slope))
  out <- suppressWarnings(2 * v^2 / uncertainty)
  out[abs(uncertainty) <= 1e-10 * v^2] <- Inf
  out[uncertainty < -1e-10 * v^2] <- NaN
  out
}

# For each block of the fit that holds a level of new rows: its rows, and theirs.
joined_blocks <- function(fit, new, score) {
  design <- fit$design
  block <- block_of_rows(design)
  at <- \(fitted, level) cbind(block[match(level, fitted)], seq_len(new$n))
  pairs <- lapply(seq_along(new$terms), \(t) at(design$random[[t]]$level, new$terms[[t]]$level))
  if (score && length(design$residual) > 0L) pairs <- c(pairs, list(at(design$residual$subject, new$subject)))
  pairs <- unique(do.call(rbind, c(pairs, list(matrix(0L, 0L, 2L)))))
  pairs <- pairs[!is.na(pairs[, 1]), , drop = FALSE]
  wanted <- split(pairs[, 2], pairs[, 1])
  rows <- split(seq_along(block), block)[names(wanted)]
  check_block_sizes(rows)
  Map(\(rows, new) list(rows = rows, new = new), rows, wanted)
}

# A block is worked as a dense matrix.
check_block_sizes <- function(rows, largest = 5000L, call = NULL) {
  size <- max(0L, lengths(rows))
  if (size > largest) {
    abort_input(c("Errors of these predictions need a dense matrix of all rows that hang together.",
      x = "{size} rows are joined by crossed factors; {largest} is the most.",
      i = "Predict without errors, or the mean of all subjects with {.code re.form = NA}."
    ), call = call)
  }
}

new_subset <- function(new, keep) {
  new$n <- length(keep)
  new$terms <- lapply(new$terms, \(term) list(z = term$z[keep, , drop = FALSE], level = term$level[keep]))
  for (name in c("weight", "subject", "visit", "group")) new[[name]] <- new[[name]][keep]
  new
}

# Covariance of a block's scores with what is predicted.
cross_covariance <- function(rows, new, parts, score) {
  out <- effects_covariance(rows, new, parts)
  if (score && is.list(parts$residual)) out + visits_covariance(rows, new, parts) else out
}

block_state <- function(joined, fit, new, parts, score) {
  rows <- fitted_rows(fit, joined$rows)
  own <- new_subset(new, joined$new)
  inverse <- chol2inv(chol(rows_covariance(rows, parts)))
  covariance <- cross_covariance(rows, own, parts, score)
  list(
    rows = rows, new = own, at = joined$new, inverse = inverse, covariance = covariance,
    weights = inverse %*% covariance, residual = marginal_residuals(fit)[joined$rows]
  )
}

# X'V^-1 c, c'V^-1 c and c'V^-1 (y - X beta), a column or number per new row.
sum_blocks <- function(blocks, n, p) {
  out <- list(mean = matrix(0, p, n), variance = numeric(n), effect = numeric(n))
  for (block in blocks) {
    at <- block$at
    out$mean[, at] <- out$mean[, at] + crossprod(block$rows$x, block$weights)
    out$variance[at] <- out$variance[at] + colSums(block$weights * block$covariance)
    out$effect[at] <- out$effect[at] + drop(crossprod(block$weights, block$residual))
  }
  out
}

# Var(u0): all effects that count, and the residual of a score.
target_variance <- function(new, parts, score) {
  out <- numeric(new$n)
  for (t in seq_along(new$terms)) {
    z <- new$terms[[t]]$z
    out <- out + rowSums((z %*% parts$effects[[t]]) * z)
  }
  if (score) out + new_residual_variance(new, parts) else out
}

new_residual_variance <- function(new, parts) {
  if (!is.list(parts$residual)) {
    return(parts$residual / new$weight)
  }
  variances <- vapply(parts$residual, diag, numeric(nrow(parts$residual[[1]])))
  matrix(variances, ncol = length(parts$residual))[cbind(new$visit, new$group) + 1L] / new$weight
}

# dv/da (a row per direction) and 2 sum_ab W_ab r_a'P r_b.
variance_moves <- function(fit, new, blocks, u, slopes, score, corrected) {
  directions <- direction_parts(fit)
  slope <- do.call(rbind, c(list(matrix(0, 0L, new$n)), lapply(seq_along(directions), \(a) {
    target_variance(new, directions[[a]], score) - colSums(u * (slopes$slope[[a]] %*% u))
  })))
  cross <- lapply(slopes$curve, \(q) colSums(u * (q %*% u)))
  mean <- lapply(slopes$slope, \(p) p %*% u)
  for (block in blocks) {
    own <- block_moves(block, directions, u[, block$at, drop = FALSE], score, corrected)
    slope[, block$at] <- slope[, block$at] + own$slope
    for (k in seq_along(own$cross)) cross[[k]][block$at] <- cross[[k]][block$at] + own$cross[[k]]
    for (a in seq_along(own$mean)) mean[[a]][, block$at] <- mean[[a]][, block$at] + own$mean[[a]]
  }
  list(slope = slope, correction = if (corrected) variance_correction(fit, slopes$covariance, cross, mean))
}

# What a block with known levels adds beyond the sums of the fit.
block_moves <- function(block, directions, u, score, corrected) {
  shared <- block$inverse %*% (block$rows$x %*% u)
  lambda <- block$weights + shared
  moves <- lapply(directions, \(parts) {
    v <- rows_covariance(block$rows, parts)
    c <- cross_covariance(block$rows, block$new, parts, score)
    list(v = v, c = c, r = c - v %*% lambda, shared = -v %*% shared)
  })
  out <- list(slope = do.call(rbind, lapply(moves, \(m) {
    -colSums(lambda * m$r) - colSums(lambda * m$c) + colSums(shared * m$shared)
  })))
  if (!corrected) {
    return(out)
  }
  solved <- lapply(moves, \(m) list(r = block$inverse %*% m$r, shared = block$inverse %*% m$shared))
  pairs <- lower_pairs(length(moves))
  out$cross <- Map(\(i, j) {
    colSums(moves[[i]]$r * solved[[j]]$r) - colSums(moves[[i]]$shared * solved[[j]]$shared)
  }, pairs$row, pairs$col)
  out$mean <- lapply(solved, \(s) crossprod(block$rows$x, s$r - s$shared))
  out
}

variance_correction <- function(fit, covariance, cross, mean) {
  pairs <- lower_pairs(nrow(covariance))
  out <- 0
  for (k in seq_along(cross)) {
    i <- pairs$row[k]
    j <- pairs$col[k]
    part <- cross[[k]] - colSums(mean[[i]] * (fit$result$vcov %*% mean[[j]]))
    out <- out + (if (i == j) 1 else 2) * covariance[i, j] * part
  }
  2 * out
}
