# Likelihood-ratio tests of nested fits, with the boundary where a variance is
# zero under the null.

# In order of the number of parameters.
compare_fits <- function(fits, refit = FALSE, call = rlang::caller_env()) {
  if (refit) fits <- lapply(fits, refit_by_ml)
  check_comparable(fits, call)
  logs <- lapply(fits, stats::logLik)
  npar <- vapply(logs, attr, 1, "df")
  order <- order(npar)
  fits <- fits[order]
  table <- data.frame(
    npar = npar, AIC = vapply(logs, stats::AIC, 1), BIC = vapply(logs, stats::BIC, 1), logLik = vapply(logs, c, 1),
    deviance = -2 * vapply(logs, c, 1)
  )[order, ]
  table$Chisq <- c(NA, pmax(0, -diff(table$deviance)))
  table$Df <- c(NA, diff(table$npar))
  reference <- do.call(rbind, Map(null_row, fits[-length(fits)], fits[-1], table$Chisq[-1], table$Df[-1]))
  table$`Pr(>Chisq)` <- c(NA, reference$p.value)
  formulas <- vapply(fits, \(f) deparse1(f$formula), "")
  structure(table,
    heading = c(
      paste0("Likelihood-ratio tests", if (refit) " (all fitted again by maximum likelihood)"),
      paste0(seq_along(fits), ": ", formulas), paste0("Test of ", seq_along(fits)[-1], ": ", reference$words), ""
    ),
    row.names = as.character(seq_along(fits)), reference = reference, class = c("anova", "data.frame")
  )
}

refit_by_ml <- function(fit) {
  fit$method <- method_ml()
  fit$result <- fit_with(fit$method, fit$design, NULL)
  fit
}

check_comparable <- function(fits, call) {
  methods <- unique(vapply(fits, \(f) f$method$name, ""))
  scores <- unique(lapply(fits, \(f) net_score(f$design)))
  sizes <- unique(vapply(fits, stats::nobs, 1))
  if (length(sizes) > 1L) {
    abort_input(c("The fits must use the same rows.", x = "They use {sizes} rows."), call = call)
  }
  if (length(scores) > 1L) {
    abort_input(c("The fits must have the same scores in the same rows, and the same offset.",
      i = "Compare fits of one data set."), call = call)
  }
  if (length(methods) > 1L || (methods == "reml" && !same_means(fits))) {
    abort_input(c("These likelihoods cannot be compared.",
      x = paste(
        "Restricted likelihoods of models with different fixed effects, or of different methods,",
        "are of different data."
      ),
      i = "Fit all of them with {.code method = \"ml\"}, or say {.code refit = TRUE}."
    ), call = call)
  }
}

same_means <- function(fits) {
  first <- kept_matrix(fits[[1]])
  all(vapply(fits[-1], \(f) {
    identical(colnames(kept_matrix(f)), colnames(first)) && identical(c(kept_matrix(f)), c(first))
  }, TRUE))
}

# The distribution of one statistic: s parameters that may move both ways, r variances on the boundary.
null_row <- function(small, large, statistic, df) {
  added <- added_effects(small, large)
  tail <- \(k) if (k == 0) as.double(statistic <= 0) else stats::pchisq(statistic, k, lower.tail = FALSE)
  mixture <- \(s) (tail(s) + tail(s + 1)) / 2
  words <- \(s) sprintf("half chi-squared on %g df, half on %g", s, s + 1)
  if (df == 0 || is.null(added) || !nested_means(small, large)) {
    return(null_distribution("the smaller model is not recognised as nested in the larger: no test", NA_real_))
  }
  s <- df - added$boundary
  if (added$dimensions == 0L) {
    return(null_distribution(sprintf("chi-squared on %g df", df), tail(df)))
  }
  if (added$dimensions == 1L) {
    return(null_distribution(paste0(words(df - 1), " (one variance on the boundary)"), mixture(df - 1)))
  }
  low <- mixture(s)
  high <- mixture(df - 1)
  out <- null_distribution(sprintf(
    "%d variances on the boundary, mixture not known: p at most %.4g (%s), at least %.4g (%s)",
    added$dimensions, high, words(df - 1), low, words(s)
  ), high)
  out$p.lower <- low
  out
}

null_distribution <- function(words, p) data.frame(words = words, p.value = p, p.lower = p)

# How the random effects grow: `dimensions` r with a variance of zero under the null, `boundary` the r (r + 1) / 2
# elements of their own covariance; NULL where the smaller is not part of the larger.
added_effects <- function(small, large) {
  if (!identical(small$split$residual, large$split$residual)) {
    # one residual covariance for another: interior where the random effects are the same
    same <- identical(effect_labels(small), effect_labels(large))
    return(if (same) list(dimensions = 0L, boundary = 0))
  }
  own <- effect_labels(small)
  theirs <- effect_labels(large)
  found <- vapply(own, \(block) any(vapply(theirs, \(other) is_part(block, other), TRUE)), TRUE)
  if (!all(found)) {
    return(NULL)
  }
  r <- vapply(theirs, \(other) {
    covered <- unlist(lapply(own, \(block) if (is_part(block, other)) block$columns))
    length(setdiff(other$columns, covered))
  }, 1L)
  list(dimensions = sum(r), boundary = sum(r * (r + 1) / 2))
}

effect_labels <- function(fit) {
  lapply(fit$design$random, \(block) list(group = block$group, columns = block$columns))
}

is_part <- function(block, other) {
  same_group <- setequal(strsplit(block$group, ":")[[1]], strsplit(other$group, ":")[[1]])
  same_group && all(block$columns %in% other$columns)
}

# Whether the smaller X lies in the span of the larger.
nested_means <- function(small, large) {
  x <- kept_matrix(small)
  left <- qr.resid(qr(kept_matrix(large)), x)
  all(abs(left) <= 1e-8 * max(abs(x), 1))
}
