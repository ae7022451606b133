# Scores that coefficients and random effects fit without rest. The density of the scores then grows without bound as
# the residual standard deviation goes to zero, and only a prior that falls fast enough there leaves a posterior: what a
# program finds without one hangs on how it rounds.

# @param prior of the residual standard deviation
# @param inside rows whose score is known exactly: not those at the limits of a censored score
check_exact_fit <- function(design, prior, call, inside = seq_along(design$y)) {
  y <- net_score(design)
  largest <- max(abs(y[inside]), 0)
  # What leaves a rest in a few patients leaves one in all: so nearly every fit is done with after a small part.
  if (rest_of(design, y, first_rows(design, inside))$rest > 1e-9 * largest) return(invisible())
  whole <- rest_of(design, y, inside)
  left <- length(inside) - whole$rank
  if (left < 1L || whole$rest > 1e-12 * largest || order_at_zero(prior) > left) return(invisible())
  abort_input(c("The effects fit every score exactly, so the residual standard deviation has no posterior.",
    x = "{length(inside)} score{?s} {?is/are} fitted by {whole$rank} coefficients and effects: their density grows as
    1 / sigma^{left} towards zero.",
    i = "Whole points are off by up to half a point, with a standard deviation of 0.29: {.code priors(sigma =
    prior_fixed(0.29))}.",
    i = "Or give a family of points, as {.fn beta_binomial}, or fewer random effects."
  ), call = call)
}

# Rows of the first levels of the first grouping.
first_rows <- function(design, rows, most = 60L) {
  if (length(design$random) > 0L) rows <- rows[order(design$random[[1]]$level[rows])]
  rows[seq_len(min(most, length(rows)))]
}

# The largest part of scores of some rows that coefficients and effects leave, and how many of these there are. Infinite
# where that would take seconds, as of a registry, or where there is no row.
rest_of <- function(design, y, rows) {
  columns <- all_columns(design, rows)
  if (is.null(columns)) return(list(rest = Inf, rank = 0L))
  decomposed <- qr(columns, tol = 1e-10)
  list(rest = max(abs(qr.resid(decomposed, y[rows]))), rank = decomposed$rank)
}

# Columns of the coefficients and of every random effect that these rows have; NULL: see rest_of().
all_columns <- function(design, rows) {
  width <- length(design$x$names) +
    sum(vapply(design$random, \(b) length(unique(b$level[rows])) * length(b$columns), 1))
  if (length(rows) == 0L || length(rows) * width^2 > 1e9) return(NULL)
  blocks <- lapply(design$random, \(block) {
    z <- columns_at(block$z, rows)
    at <- outer(block$level[rows], unique(block$level[rows]), "==")
    do.call(cbind, lapply(seq_len(ncol(z)), \(j) z[, j] * at))
  })
  columns_scaled(cbind(columns_at(design$x, rows), do.call(cbind, blocks)))
}

# Columns of one size, so that none is taken for zero beside another.
columns_scaled <- function(x) {
  size <- apply(abs(x), 2L, max)
  sweep(x, 2L, ifelse(size > 0, size, 1), "/")
}

# A prior's density is of the order sigma^(a - 1) at zero: `a`, infinite where there is none at all.
order_at_zero <- function(prior) {
  rows <- prior_components(prior)
  kinds <- vapply(prior_kinds, `[[`, 0, "code")
  order <- rep(1, nrow(rows))
  of <- \(kind) rows[, "kind"] == kinds[[kind]]
  order[of("fixed")] <- Inf
  order[of("uniform") & rows[, "a"] > 0] <- Inf
  order[of("gamma")] <- rows[of("gamma"), "a"]
  min(order)
}
