# What a family answers once it has scores: the names of its parameters, and expected scores.

# The family with what these scores tell it: names of levels and of its parameters.
settle_family <- function(family, scores) UseMethod("settle_family")

#' @exportS3Method settle_family recovery_family
settle_family.recovery_family <- function(family, scores) family

#' @exportS3Method settle_family cumulative_scores
settle_family.cumulative_scores <- function(family, scores) {
  family$levels <- attr(scores, "levels")
  family$seen <- attr(scores, "seen")
  inner <- seq_len(length(family$levels) - 1L)
  family$thresholds <- paste(family$levels[inner], family$levels[inner + 1L], sep = "|")
  # a threshold by the number of levels seen below it: none and all are infinite, the rest are those of the core
  family$below <- findInterval(inner, family$seen)
  family$extra <- family$thresholds[match(seq_len(length(family$seen) - 1L), family$below)]
  family
}

#' @exportS3Method settle_family censored_scores
settle_family.censored_scores <- function(family, scores) {
  family$censored <- c(sum(scores <= family$lower), sum(scores >= family$upper))
  family$scores <- length(scores)
  family
}

# The family's parameters as they are reported: `at`, the place of each among those of the core (NA: not estimated),
# `value` where it is not, and `name`.
own_parameters <- function(family) UseMethod("own_parameters")

#' @exportS3Method own_parameters recovery_family
own_parameters.recovery_family <- function(family) {
  list(name = family$extra, at = seq_along(family$extra), value = rep(NA_real_, length(family$extra)))
}

#' @exportS3Method own_parameters cumulative_scores
own_parameters.cumulative_scores <- function(family) {
  end <- length(family$seen)
  list(name = family$thresholds, at = ifelse(family$below %in% c(0L, end), NA_integer_, family$below),
    value = ifelse(family$below == 0L, -Inf, ifelse(family$below == end, Inf, NA_real_)))
}

# What a reader must know of these scores and of the family's parameters, a sentence each.
family_remarks <- function(family, extra) UseMethod("family_remarks")

#' @exportS3Method family_remarks recovery_family
family_remarks.recovery_family <- function(family, extra) NULL

#' @exportS3Method family_remarks cumulative_scores
family_remarks.cumulative_scores <- function(family, extra) {
  never <- family$levels[-family$seen]
  if (length(never) > 0L) {
    sprintf("Never observed: %s, so the probability is estimated as 0 (by thresholds that coincide or are infinite).",
      paste(never, collapse = ", "))
  }
}

#' @exportS3Method family_remarks beta_binomial_scores
family_remarks.beta_binomial_scores <- function(family, extra) {
  if (extra == Inf) "On the boundary: the precision is infinite, scores of a patient vary no more than binomial ones."
}

#' @exportS3Method family_remarks censored_scores
family_remarks.censored_scores <- function(family, extra) {
  ends <- c(family$lower, family$upper)
  shown <- sprintf("%d at the %s of %g", family$censored, c("floor", "ceiling"), ends)[is.finite(ends)]
  if (length(shown) > 0L) sprintf("Censored, of %d scores: %s.", family$scores, paste(shown, collapse = ", "))
}

# Means ---------------------------------------------------------------------------------

# The expected score of rows at these linear predictors and own parameters: `fit`, a column or one for each level;
# `eta`, its slope in eta; `extra`, an array of its slopes in the parameters (rows x columns x parameters).
family_response <- function(family, eta, extra) UseMethod("family_response")

#' @exportS3Method family_response recovery_family
family_response.recovery_family <- function(family, eta, extra) {
  slope <- if (length(eta) > 0L) family$object$mu.eta(eta) else numeric()
  list(fit = cbind(inverse_link(family, eta)), eta = cbind(slope, deparse.level = 0),
    extra = array(0, c(length(eta), 1L, length(extra))))
}

# Those of stats refuse to take no predictor.
inverse_link <- function(family, eta) if (length(eta) > 0L) family$object$linkinv(eta) else numeric()

# Probabilities of all levels: differences of F at neighbouring thresholds, to the right of 0 of its complement, which
# has the digits there.
#' @exportS3Method family_response cumulative_scores
family_response.cumulative_scores <- function(family, eta, extra) {
  cut <- outer(-eta, c(-Inf, extra, Inf), `+`)
  between <- \(f) f[, -1L, drop = FALSE] - f[, -ncol(f), drop = FALSE]
  law <- latent_law(family$link)
  table <- \(values) matrix(values, nrow(cut), ncol(cut)) # of no rows too
  density <- table(law$density(cut))
  fit <- ifelse(cut[, -ncol(cut)] > 0, -between(table(law$cdf(cut, lower.tail = FALSE))), between(table(law$cdf(cut))))
  k <- length(extra)
  slopes <- array(0, c(length(eta), k + 1L, k))
  for (j in seq_len(k)) {
    slopes[, j, j] <- density[, j + 1L]
    slopes[, j + 1L, j] <- -density[, j + 1L]
  }
  fit <- matrix(fit, length(eta), k + 1L, dimnames = list(NULL, family$levels))
  list(fit = fit, eta = -between(density), extra = slopes)
}

# The distribution function of a link, its complement and its density, infinite arguments included.
latent_law <- function(link) {
  switch(link,
    logit = list(cdf = stats::plogis, density = stats::dlogis),
    probit = list(cdf = stats::pnorm, density = stats::dnorm),
    cloglog = list(
      cdf = \(t, lower.tail = TRUE) if (lower.tail) -expm1(-exp(t)) else exp(-exp(t)),
      density = \(t) exp(pmin(t, 700) - exp(t)) # e^Inf - e^Inf is no number
    )
  )
}

# The mean score where all rows have the same highest, else the probability of a point.
#' @exportS3Method family_response beta_binomial_scores
family_response.beta_binomial_scores <- function(family, eta, extra) {
  out <- family_response.recovery_family(family, eta, extra)
  highest <- if (is.null(family$size)) 1 else family$size
  lapply(out, `*`, highest)
}

# The mean of a normal score whose ends stand for all beyond them; where there is no end the normal's own part remains.
#' @exportS3Method family_response censored_scores
family_response.censored_scores <- function(family, eta, extra) {
  sigma <- exp(extra[[1L]])
  ends <- c(family$lower, family$upper)
  below <- stats::pnorm((ends[1L] - eta) / sigma)
  above <- stats::pnorm((ends[2L] - eta) / sigma, lower.tail = FALSE)
  drop <- stats::dnorm((ends[2L] - eta) / sigma) - stats::dnorm((ends[1L] - eta) / sigma)
  inside <- 1 - below - above
  at_end <- \(end, share) if (is.finite(end)) end * share else 0
  fit <- at_end(ends[1L], below) + at_end(ends[2L], above) + eta * inside - sigma * drop
  list(fit = cbind(fit, deparse.level = 0), eta = cbind(inside, deparse.level = 0),
    extra = array(-sigma * drop, c(length(eta), 1L, 1L)))
}

# The standard deviation of a score about its linear predictor, where a family has one.
family_sigma <- function(family, extra) if (family$name == "censored") exp(extra[[1L]])
