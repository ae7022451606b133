# The parts of a fit that other files look at: what the core takes, covariance
# matrices, columns kept.

# The rows of a design, in the order that the core takes them.
core_rows <- function(design) {
  list(
    design$x$core, net_score(design), design$weights,
    lapply(design$random, \(block) block$z$core), lapply(design$random, `[[`, "level"),
    vapply(design$random, \(block) length(block$labels), 1L), design$residual
  )
}

# y minus the known part of the mean.
net_score <- function(design) {
  if (length(design$offset) > 0L) design$y - design$offset else design$y
}

# The state of a fit, in the order that the core takes it.
core_state <- function(fit) {
  list(fit$result$frame, fit$result$block_gamma, fit$result$inference$beta, fit$result$inference$phi)
}

# Covariance matrices of the random effects, one per block.
effect_covariances <- function(fit) {
  random <- fit$design$random
  sizes <- vapply(random, \(block) length(block$columns), 1L)
  ends <- cumsum(sizes * (sizes + 1L) / 2L)
  lapply(seq_along(random), \(i) {
    from <- c(0, ends)[i] + 1
    unpack_symmetric(fit$result$gamma[seq(from, ends[i])], random[[i]]$columns)
  })
}

# Names of the blocks as lme4 writes them: a group that comes again gets a number.
block_names <- function(fit) {
  make.unique(vapply(fit$design$random, `[[`, "", "group"))
}

# The residual variance of each row; one number where all rows have the same.
residual_variance <- function(fit) {
  pattern <- fit$design$residual
  if (length(pattern) == 0L) {
    return(fit$result$gamma[[length(fit$result$gamma)]])
  }
  variances <- vapply(residual_covariances(fit), diag, numeric(length(pattern$visits)))
  variances <- matrix(variances, length(pattern$visits))
  same <- all(abs(variances - variances[1]) <= 1e-12 * variances[1])
  if (same) variances[1] else variances[cbind(pattern$visit, pattern$group) + 1L]
}

# Variables that the formula has only inside a call, such as week in log(week), row by row as fitted; NULL where there
# is none, or where na.action gave the rows other names.
inside_variables <- function(frame, formula, data) {
  names <- setdiff(intersect(all.vars(formula), names(data)), names(frame))
  if (length(names) == 0L) {
    return(NULL)
  }
  # Names of a million rows take longer to be compared as text than their model to be fitted.
  whole <- identical(attr(frame, "row.names"), attr(data, "row.names"))
  rows <- if (whole) seq_len(nrow(data)) else match(row.names(frame), row.names(data))
  if (!anyNA(rows)) as.data.frame(data)[rows, names, drop = FALSE]
}

# A variable of the fitted rows, by itself in the formula or inside a call; NULL where it is in neither.
fit_variable <- function(fit, name) if (is.null(fit$frame[[name]])) fit$inside[[name]] else fit$frame[[name]]

# The columns of X that were kept, as a matrix.
kept_matrix <- function(fit) {
  columns_matrix(pick_columns(fit$design$x, fit$result$frame$kept), row.names(fit$frame))
}

# The columns of each block of random effects, as matrices.
block_matrices <- function(fit) {
  lapply(fit$design$random, \(block) columns_matrix(block$z, row.names(fit$frame)))
}
