# Symmetric matrices as packed lower triangles, column by column, as the core has them.

# Rows and columns of a packed lower triangle, column by column.
lower_pairs <- function(q) {
  keep <- lower.tri(diag(q), diag = TRUE)
  list(row = row(keep)[keep], col = col(keep)[keep])
}

# The packed lower triangle of a symmetric matrix.
pack_symmetric <- function(x) x[lower.tri(x, diag = TRUE)]

# The symmetric matrix of a packed lower triangle.
unpack_symmetric <- function(values, names) {
  q <- length(names)
  out <- matrix(0, q, q, dimnames = list(names, names))
  out[lower.tri(out, diag = TRUE)] <- values
  out[upper.tri(out)] <- t(out)[upper.tri(out)]
  out
}

# Where the diagonal stands in a packed lower triangle of `p` rows.
packed_diagonal <- function(p) cumsum(c(1L, p:1L))[seq_len(p)]

# For each row x of a matrix what packed lower triangles C are multiplied by to give x'Cx.
packed_products <- function(x) {
  at <- which(lower.tri(diag(ncol(x)), diag = TRUE), arr.ind = TRUE)
  x[, at[, 1L], drop = FALSE] * x[, at[, 2L], drop = FALSE] * rep(ifelse(at[, 1L] == at[, 2L], 1, 2), each = nrow(x))
}
