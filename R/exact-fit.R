# Scores that coefficients and random effects fit without rest. The density of the scores then grows without bound as
# the residual standard deviation goes to zero, and only a prior that falls fast enough there leaves a posterior: what a
# program finds without one hangs on how it rounds.

# @param sigma prior of the residual standard deviation
# @param sd priors of the standard deviations of random effects, a list for each block
# @param inside rows whose score is known exactly: not those at the limits of a censored score
check_exact_fit <- function(design, sigma, sd, call, inside = seq_along(design$y)) {
  y <- net_score(design)
  largest <- max(abs(y[inside]), 0)
  # What leaves a rest in a few patients leaves one in all: so nearly every fit is done with after a small part.
  first <- fitting_columns(design, first_rows(design, inside))
  if (is.null(first) || rest_of(first, y)$rest > 1e-9 * largest) return(invisible())
  all <- fitting_columns(design, inside)
  for (without in if (!is.null(all)) sets_of(length(all$z))) {
    fitted <- rest_of(all, y, without)
    left <- length(inside) - fitted$rank
    # Standard deviations that go to zero with sigma cost what their priors weigh there.
    order <- sum(vapply(c(list(sigma), unlist(sd, recursive = FALSE)[without]), order_at_zero, 0))
    if (left < 1L || fitted$rest > 1e-12 * largest || order > left) next
    names <- names(all$z)[without]
    abort_input(c("The effects fit every score exactly, so the residual standard deviation has no posterior.",
      x = "{length(inside)} score{?s} {?is/are} fitted by {fitted$rank} coefficients and effects: their density grows as
      1 / sigma^{left} towards zero.",
      x = if (length(names) > 0L) "Random effects that this takes no part of: {names}.",
      i = "Whole points are off by up to half a point, with a standard deviation of 0.29: {.code priors(sigma =
      prior_fixed(0.29))}.",
      i = "Or give a family of points, as {.fn beta_binomial}, or fewer random effects."
    ), call = call)
  }
}

# Sets of the numbers 1 to n, the empty one first: all of them up to eight numbers, else those of one number.
sets_of <- function(n) {
  if (n > 8L) return(c(list(integer()), as.list(seq_len(n))))
  sets <- lapply(seq_len(2^n) - 1L, \(code) which(bitwAnd(code, 2^(seq_len(n) - 1L)) > 0L))
  sets[order(lengths(sets))]
}

# Rows of the first levels of the first grouping.
first_rows <- function(design, rows, most = 60L) {
  if (length(design$random) > 0L) rows <- rows[order(design$random[[1]]$level[rows])]
  rows[seq_len(min(most, length(rows)))]
}

# The largest part of scores that coefficients and effects leave, and how many of these there are. `without`: numbers of
# random effects left out.
rest_of <- function(columns, y, without = integer()) {
  kept <- columns$z[setdiff(seq_along(columns$z), without)]
  decomposed <- qr(columns_scaled(do.call(cbind, c(list(columns$x), kept))), tol = 1e-10)
  list(rest = max(abs(qr.resid(decomposed, y[columns$rows]))), rank = decomposed$rank)
}

# Columns of coefficients and, for each random effect, of every level that these rows have. NULL where there is no row,
# or where the decomposition would take seconds, as of a registry.
fitting_columns <- function(design, rows) {
  width <- length(design$x$names) +
    sum(vapply(design$random, \(b) length(unique(b$level[rows])) * length(b$columns), 1))
  if (length(rows) == 0L || length(rows) * width^2 > 1e9) return(NULL)
  z <- lapply(design$random, \(block) {
    at <- outer(block$level[rows], unique(block$level[rows]), "==")
    values <- columns_at(block$z, rows)
    rlang::set_names(lapply(seq_len(ncol(values)), \(j) values[, j] * at), block$columns)
  })
  list(rows = rows, x = columns_at(design$x, rows), z = unlist(z, recursive = FALSE))
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
