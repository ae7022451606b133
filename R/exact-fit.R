# Scores that coefficients and random effects fit without rest. The density of the scores then grows without bound as
# the residual standard deviation goes to zero, and only a prior that falls fast enough there leaves a posterior: what a
# program finds without one hangs on how it rounds.

# @param sigma prior of the residual standard deviation
# @param sd priors of the standard deviations of random effects, a list for each block
# @param end of each row: -1 and 1 where its score is known to be at most and at least what is given, 0 else
check_exact_fit <- function(design, sigma, sd, call, end = numeric(length(design$y))) {
  y <- net_score(design)
  inside <- which(end == 0)
  largest <- max(abs(y[inside]), 0)
  # What leaves a rest in a few patients leaves one in all: so nearly every fit is done with after a small part.
  first <- fitting_columns(design, first_rows(design, inside))
  if (is.null(first) || rest_of(first, y)$rest > 1e-9 * largest) return(invisible())
  all <- fitting_columns(design, inside, which(end != 0))
  for (without in if (!is.null(all)) sets_of(length(all$z))) {
    fitted <- rest_of(all, y, without)
    left <- length(inside) - fitted$rank
    # Standard deviations that go to zero with sigma cost what their priors weigh there.
    order <- sum(vapply(c(list(sigma), unlist(sd, recursive = FALSE)[without]), order_at_zero, 0))
    if (left < 1L || fitted$rest > 1e-12 * largest || order > left) next
    if (any(fitted$beyond * end[end != 0] < -1e-9 * largest)) next # the density falls there as exp(-1 / sigma^2)
    abort_exact_fit(all, y, without, left, fitted$rank, call)
  }
}

abort_exact_fit <- function(columns, y, without, left, rank, call) {
  names <- names(columns$z)[without]
  alone <- rest_of(columns, y, seq_along(columns$z))$rest <= 1e-12 * max(abs(y[columns$rows]))
  abort_input(c("The effects fit every score exactly, so the residual standard deviation has no posterior.",
    x = "{length(columns$rows)} score{?s} {?is/are} fitted by {rank} coefficients and effects: their density grows as
    1 / sigma^{left} towards zero.",
    x = if (alone) "The fixed effects alone fit them.",
    x = if (!alone && length(names) > 0L) "Random effects that this takes no part of: {names}.",
    i = if (!alone) "Whole points are off by up to half a point, with a standard deviation of 0.29:
    {.code priors(sigma = prior_fixed(0.29))}.",
    i = "{if (alone) 'Give' else 'Or give'} a family of points, as {.fn beta_binomial}, or fewer effects."
  ), call = call)
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

# The largest part of scores that coefficients and effects leave, how many of these there are, and how far `beyond` its
# limit the fit is in rows at the ends of a scale (0 where it leaves them free). `without`: numbers of random effects
# left out.
rest_of <- function(columns, y, without = integer()) {
  kept <- columns$z[setdiff(seq_along(columns$z), without)]
  all <- columns_scaled(do.call(cbind, c(list(columns$x), kept)))
  inside <- seq_along(columns$rows)
  decomposed <- qr(all[inside, , drop = FALSE], tol = 1e-10)
  list(rest = max(abs(qr.resid(decomposed, y[columns$rows]))), rank = decomposed$rank,
    beyond = beyond_limits(all, inside, qr.coef(decomposed, y[columns$rows]), y[columns$further]))
}

beyond_limits <- function(all, inside, coefficients, limits) {
  if (length(limits) == 0L) return(numeric())
  at <- all[-inside, , drop = FALSE]
  free <- qr.resid(qr(t(all[inside, , drop = FALSE]), tol = 1e-10), t(at))
  fitted <- drop(at %*% replace(coefficients, is.na(coefficients), 0))
  ifelse(colSums(abs(free)) > 1e-8, 0, fitted - limits)
}

# Columns of coefficients and, for each random effect, of every level that these rows have; those of `further` rows
# below them. NULL where there is no row, or where the decomposition would take seconds, as of a registry.
fitting_columns <- function(design, rows, further = integer()) {
  every <- c(rows, further)
  width <- length(design$x$names) +
    sum(vapply(design$random, \(b) length(unique(b$level[every])) * length(b$columns), 1))
  if (length(rows) == 0L || length(every) * width^2 > 1e9) return(NULL)
  z <- lapply(design$random, \(block) {
    at <- outer(block$level[every], unique(block$level[every]), "==")
    values <- columns_at(block$z, every)
    rlang::set_names(lapply(seq_len(ncol(values)), \(j) values[, j] * at), block$columns)
  })
  list(rows = rows, further = further, x = columns_at(design$x, every), z = unlist(z, recursive = FALSE))
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
