# The posterior of linear predictors of a Bayesian fit of a family: at each node of the posterior, or draw of the
# sampler, the random effects given the scores, on a grid about their mean.

# Linear predictors of rows: for each node used its weight, its own parameters `extra`, and values `eta` (a row each)
# with weights `inner` that add up to one in each row. Effects that are not known are spread over further columns, of
# weights `unknown`, or with `spread = FALSE` are zero.
posterior_parts <- function(fit, rows, most, spread = TRUE) {
  known <- known_subjects(rows)
  grid <- effects_grid(if (length(known) > 0L) sum(fit$result$problem$block) else 0L)
  payable <- floor(1e7 / (max(rows$n, length(fit$design$y)) * nrow(grid$place)))
  used <- carrying_nodes(fit$result$weight, max(100, min(most, payable)))
  data <- if (length(known) > 0L) known_rows(fit, known, nrow(grid$place))
  at <- lapply(used$node, \(k) predictor_at(fit, rows, node_parameters(fit, k), data, grid, spread))
  list(weight = used$weight, at = at)
}

# Nodes that carry all but `lost` of the weight, at most as many as asked.
carrying_nodes <- function(weight, most, lost = 1e-5) {
  falling <- order(weight, decreasing = TRUE)
  keep <- sort(falling[cumsum(weight[falling]) - weight[falling] <= (1 - lost) * sum(weight)])
  used <- even_nodes(weight[keep], most)
  list(node = keep[used$node], weight = used$weight)
}

# Numbers, from 1, of the subjects whose scores say something of these rows.
known_subjects <- function(rows) {
  levels <- unlist(lapply(rows$terms, `[[`, "level"))
  sort(unique(levels[!is.na(levels)])) + 1L
}

# A product grid in units of a standard deviation; on smooth densities the trapezoidal rule needs no finer one.
effects_grid <- function(q) {
  if (q == 0L) {
    return(list(place = matrix(0, 1L, 0L), step = 0))
  }
  step <- c(0.5, 0.75, 1)[q]
  reach <- ceiling(c(8, 6.5, 6.5)[q] / step)
  line <- seq(-reach, reach) * step
  list(place = unname(as.matrix(expand.grid(rep(list(line), q)))), step = step)
}

# The parameters of one node: coefficients, the family's own, covariances of random effects.
node_parameters <- function(fit, k) {
  post <- fit$result
  values <- post$values[, k]
  list(node = k, beta = values[rows_of(fit, "fixed")], extra = values[rows_of(fit, "family")],
    covariances = drawn_covariances(fit, values[rows_of(fit, "ran_pars")], post$problem$priors$blocks))
}

predictor_at <- function(fit, rows, at, data, grid, spread) {
  eta <- cbind(rows$offset + drop(rows$x %*% at$beta))
  inner <- matrix(1, rows$n, 1L)
  if (!is.null(data)) {
    effects <- effects_given(fit, at, data, grid)
    z <- do.call(cbind, lapply(rows$terms, \(term) term$z * !is.na(term$level)))
    level <- Reduce(\(a, b) ifelse(is.na(a), b, a), lapply(rows$terms, `[[`, "level")) + 1L
    subject <- match(level, data$known, nomatch = 1L) # rows of no known subject have z = 0
    eta <- eta[, 1L] + Reduce(`+`, lapply(seq_len(ncol(z)), \(j) z[, j] * effects$b[[j]][subject, , drop = FALSE]))
    inner <- effects$weight[subject, , drop = FALSE]
  }
  sd <- if (spread) unknown_spread(fit, rows, at$covariances) else 0
  spread_unknown(list(extra = at$extra, eta = eta, inner = inner, unknown = 1), sd,
    smooth_scale(fit$result$family, at$extra))
}

# Effects that are not known, by the trapezoidal rule: over `sd` steps of half a standard deviation, or of the distance
# over which the family's probabilities change.
spread_unknown <- function(part, sd, scale) {
  widest <- max(sd, 0)
  if (widest == 0) {
    return(part)
  }
  step <- max(min(0.5, scale / widest), 0.05)
  u <- seq(-ceiling(7 / step), ceiling(7 / step)) * step
  weight <- stats::dnorm(u) / sum(stats::dnorm(u))
  each <- ncol(part$eta)
  wide <- \(m) m[, rep(seq_len(each), length(u)), drop = FALSE]
  part$eta <- wide(part$eta) + outer(sd, rep(u, each = each))
  part$inner <- sweep(wide(part$inner), 2L, rep(weight, each = each), `*`)
  part$unknown <- weight
  part
}

# Effects given the scores -----------------------------------------------------------------

# The rows fitted of these subjects; scores as the core has them, once for each place of the grid.
known_rows <- function(fit, known, places) {
  problem <- fit$result$problem
  rows <- which(problem$subject %in% (known - 1L))
  offset <- if (length(problem$offset) > 0L) problem$offset[rows] else numeric(length(rows))
  score <- problem$family$score[rows, , drop = FALSE]
  list(known = known, x = problem$x[rows, fit$result$frame$kept, drop = FALSE], z = problem$z[rows, , drop = FALSE],
    offset = offset, subject = match(problem$subject[rows] + 1L, known), score = score,
    scores = score[rep(seq_along(rows), places), , drop = FALSE])
}

# Random effects given scores and parameters: `b`, a matrix for each effect (subjects in rows, places of the grid in
# columns), and the weights of the places. Means and standard deviations come from the core.
effects_given <- function(fit, at, data, grid) {
  post <- fit$result
  exact <- core_family_effects(post$problem, post$points[, at$node, drop = FALSE], 1, post$nodes)
  sd <- sqrt(unlist(lapply(at$covariances, diag)))
  inverse <- solve_positive(scaled_blocks(at$covariances, sd), diag(length(sd)))
  base <- data$offset + drop(data$x %*% at$beta)
  mean <- exact$mean[data$known, , drop = FALSE]
  roots <- effect_roots(post$family, at$extra, base, data, mean, exact$sd[data$known, , drop = FALSE], sd, inverse)
  b <- lapply(seq_along(sd), \(j) mean[, j] + do.call(rbind, lapply(roots, \(root) drop(grid$place %*% root[, j]))))
  eta <- base + Reduce(`+`, lapply(seq_along(sd), \(j) data$z[, j] * b[[j]][data$subject, , drop = FALSE]))
  density <- score_density(post$family, data$scores, as.vector(eta), at$extra)
  total <- rowsum(matrix(density, nrow(eta)), data$subject) - quadratic_form(lapply(seq_along(sd), \(j) {
    if (sd[j] > 0) b[[j]] / sd[j] else b[[j]]
  }), inverse) / 2
  weight <- exp(total - apply(total, 1L, max))
  list(b = b, weight = weight / rowSums(weight), mean = mean, roots = roots)
}

# The covariance of all effects in units of their standard deviations.
scaled_blocks <- function(covariances, sd) {
  out <- diag(length(sd))
  end <- 0L
  for (d in covariances) {
    at <- end + seq_len(nrow(d))
    end <- end + nrow(d)
    if (all(sd[at] > 0)) out[at, at] <- d / outer(sd[at], sd[at])
  }
  out
}

quadratic_form <- function(b, a) {
  Reduce(`+`, lapply(seq_along(b), \(i) Reduce(`+`, lapply(seq_along(b), \(j) a[i, j] * b[[i]] * b[[j]]))))
}

# Roots R, R'R the covariance by which a subject's grid is spread: exact standard deviations, and correlations from the
# curvature of the log density at the mean.
effect_roots <- function(family, extra, base, data, mean, exact, sd, inverse) {
  if (length(sd) == 1L) {
    return(lapply(exact[, 1L], matrix))
  }
  eta <- base + rowSums(data$z * mean[data$subject, , drop = FALSE])
  step <- 1e-3 * smooth_scale(family, extra)
  at <- lapply(c(-step, 0, step), \(h) score_density(family, data$score, eta + h, extra))
  curved <- pmax(2 * at[[2L]] - at[[1L]] - at[[3L]], 0) / step^2
  lapply(seq_along(data$known), \(i) {
    own <- which(data$subject == i)
    z <- sweep(data$z[own, , drop = FALSE], 2L, sd, `*`) * sqrt(curved[own])
    correlation <- stats::cov2cor(solve_positive(inverse + crossprod(z), diag(length(sd))))
    sweep(chol(correlation), 2L, exact[i, ], `*`)
  })
}

# A mean over the posterior of what `f` gives of (eta, extra): a list of vectors, a value for each row and place.
over_posterior <- function(parts, f) {
  total <- NULL
  for (k in seq_along(parts$at)) {
    part <- parts$at[[k]]
    mean <- lapply(f(part, ncol(part$eta)), \(v) {
      parts$weight[k] * rowSums(matrix(v, nrow(part$eta)) * part$inner)
    })
    total <- if (is.null(total)) mean else Map(`+`, total, mean)
  }
  total
}
