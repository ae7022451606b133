# Columns that are linear combinations of others, beside priors. To leave one out holds its coefficient at zero: without
# priors another way to write the same model, with them another model.

# Stops where a prior that was given is of a column left out, or of one whose coefficient then means something else.
check_left_out <- function(design, prior, call) {
  if (length(prior$fixed) == 0L) return(invisible())
  for (columns in dependent_columns(design)) {
    given <- intersect(names(prior$fixed), columns)
    if (length(given) == 0L) next
    alone <- length(columns) == 1L
    abort_input(c(
      if (alone) "{.var {columns}} is zero in every row: the scores say nothing of its coefficient." else
        "{.var {columns[1]}} is a linear combination of {.var {columns[-1]}}: the scores do not tell them apart.",
      x = "A prior was given of {.var {given}}; left out, {.var {columns[1]}} would have the coefficient zero.",
      i = if (alone) "Leave it out of the formula, and its prior out of {.fn priors}." else
        "Leave one of them out of the formula, or make one variable of them, and give priors of what stays."
    ), call = call)
  }
}

# For each column left out: its name, then the names of the others of its combination. As model/frame.hpp has it: left
# out is a column of which next to nothing lies outside of those before it.
dependent_columns <- function(design, tolerance = 1e-7) {
  x <- columns_at(design$x, seq_along(design$y))
  if (length(design$weights) > 0L) x <- x * sqrt(design$weights / mean(design$weights))
  size <- sqrt(colSums(x^2))
  basis <- matrix(0, nrow(x), 0L)
  kept <- integer()
  out <- list()
  for (j in seq_len(ncol(x))) {
    left <- x[, j]
    for (pass in 1:2) left <- left - drop(basis %*% crossprod(basis, left))
    if (sqrt(sum(left^2)) > tolerance * size[j]) {
      basis <- cbind(basis, left / sqrt(sum(left^2)))
      kept <- c(kept, j)
      next
    }
    others <- if (size[j] > 0) {
      part <- qr.coef(qr(x[, kept, drop = FALSE], tol = tolerance / 10), x[, j])
      kept[which(abs(part) * size[kept] > 1e-6 * size[j])]
    }
    out <- c(out, list(colnames(x)[c(j, others)]))
  }
  out
}
