# Families of scores: how a score is read, which link holds, what the core is given.

#' Families of scores
#'
#' @description
#' The distributions that [fit_recovery()] takes for scores that are not normal. With
#' \eqn{\eta = x'\beta + z'b} for a row,
#' \describe{
#'   \item{`binomial()`}{events among trials: \eqn{y \sim B(n, p)}, \eqn{\log(p / (1 - p)) = \eta}. The
#'     score is 0 and 1, a logical, a factor (its first level is the failure), or `cbind(events, failures)`.}
#'   \item{`poisson()`}{counts without an upper bound: \eqn{\log \mu = \eta}.}
#'   \item{`cumulative()`}{an ordered factor, as the AIS grade: \eqn{P(y \le k) = F(\alpha_k - \eta)}, with
#'     thresholds \eqn{\alpha_1 < \alpha_2 < \dots} in the place of an intercept. A positive coefficient
#'     means higher levels.}
#' }
#' `binomial()` and `poisson()` are those of stats.
#'
#' @details
#' **Levels that nobody has.** The likelihood of `cumulative()` has its maximum where such a level has
#' probability 0, and there it is fitted: a level below all scores has a threshold of `-Inf`, one above all of
#' `Inf`, and those on both sides of a level in between coincide. The level stays in its place, in predictions
#' too, and the print names it. Zero is what these data say, not what is known: with few patients a prior,
#' or levels put together beforehand, says more.
#'
#' @param link (string) `"logit"`: \eqn{F(t) = 1 / (1 + e^{-t})}.
#' @return a family, to be given to [fit_recovery()].
#' @examples
#' # simulated: did the grip hold, at four visits of six patients
#' trial <- data.frame(
#'   subject = rep(1:6, each = 4), week = rep(c(0, 8, 26, 52), 6),
#'   held = c(0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0)
#' )
#' fit_recovery(held ~ week + (1 | subject), trial, family = binomial())
#' # simulated: AIS grade at three visits of six patients
#' grades <- data.frame(
#'   subject = rep(1:6, each = 3), week = rep(c(0, 26, 52), 6),
#'   ais = ordered(strsplit("AABABCAAAABCBCDABB", "")[[1]], levels = LETTERS[1:5])
#' )
#' fit_recovery(ais ~ week + (1 | subject), grades, family = cumulative())
#' @references McCullagh P (1980). Regression models for ordinal data. *JRSS B* 42, 109-142.
#' @seealso [recovery_fit_family] for how they are fitted and what can be asked.
#' @name recovery_families
NULL

# What the package knows of a family: name and link of the core, names and title of the family's own parameters, and
# the family as stats has it, with link, inverse link and slope.
new_recovery_family <- function(name, link, extra = character(), title = "", ..., object = stats_family(name, link)) {
  structure(list(name = name, link = link, extra = extra, title = title, ..., object = object),
    class = c(paste0(name, "_scores"), "recovery_family"))
}

stats_family <- function(name, link) {
  parts <- stats::make.link(link)
  structure(list(family = name, link = link, linkfun = parts$linkfun, linkinv = parts$linkinv, mu.eta = parts$mu.eta,
    valideta = parts$valideta), class = "family")
}

gaussian_scores <- function() new_recovery_family("gaussian", "identity", object = stats::gaussian())

#' @rdname recovery_families
#' @export
cumulative <- function(link = "logit") {
  link <- check_choice(link, "logit")
  new_recovery_family("cumulative", link, title = "Thresholds, on the scale of the link")
}

#' @export
print.recovery_family <- function(x, ...) {
  cat("Family of scores: ", x$name, ", link ", x$link, "\n", sep = "")
  invisible(x)
}

# A family from what a person may give: a family of stats, its function, or one of ours.
as_recovery_family <- function(family, call = rlang::caller_env()) {
  if (is.function(family)) family <- family()
  if (inherits(family, "recovery_family")) {
    return(family)
  }
  known <- c("gaussian identity", "binomial logit", "poisson log")
  if (!inherits(family, "family") || !paste(family$family, family$link) %in% known) {
    abort_input(c("This family of scores is not available.",
      x = if (inherits(family, "family")) "{.arg family} is {family$family} with link {family$link}." else
        "{.arg family} is {.obj_type_friendly {family}}.",
      i = "Families and links: {.val {known}}, {.fn cumulative}."
    ), call = call)
  }
  new_recovery_family(family$family, family$link, object = family)
}

# The method for a family: a family that is not normal has one engine.
method_for <- function(family, method, call = rlang::caller_env()) {
  normal <- family$name == "gaussian"
  if (is.null(method) && !normal) method <- method_ml()
  method <- as_method(method, call = call)
  if (normal && !is.null(method$nodes)) {
    abort_input(c("Normal scores have no nodes: their likelihood has a formula.",
      i = "Use {.code method_ml()}."), call = call)
  }
  if (normal) {
    return(method)
  }
  if (method$name != "ml") {
    abort_input(c("Scores of family {.val {family$name}} are fitted by maximum likelihood.",
      x = "{.arg method} is {.val {method$name}}.",
      i = if (method$name == "reml") "A restricted likelihood is defined for normal scores.",
      i = 'Use {.code method = "ml"}, or {.code gaussian()} scores.'
    ), call = call)
  }
  new_recovery_method("quadrature", nodes = method$nodes, family = family)
}

# Scores -----------------------------------------------------------------------------

# Stops, by name and row, where the scores cannot be of the family.
check_scores <- function(family, y, name, rows, call) UseMethod("check_scores")

# The scores as the core takes them; NULL cannot be: check_scores() comes first.
family_scores <- function(family, y) UseMethod("family_scores")

#' @exportS3Method check_scores gaussian_scores
check_scores.gaussian_scores <- function(family, y, name, rows, call) {
  if (!is.numeric(y) || is.matrix(y)) {
    abort_input(c("The score must be one numeric column.",
      x = "{.var {name}} is {.obj_type_friendly {y}}."
    ), call = call)
  }
}

#' @exportS3Method family_scores gaussian_scores
family_scores.gaussian_scores <- function(family, y) as.double(y)

#' @exportS3Method check_scores binomial_scores
check_scores.binomial_scores <- function(family, y, name, rows, call) {
  if (is.factor(y) && nlevels(y) != 2L) {
    abort_input(c("A binomial factor has two levels, the first a failure.",
      x = "{.var {name}} has {nlevels(y)}: {.val {levels(y)}}."), call = call)
  }
  if (is.factor(y) || is.logical(y)) {
    return(invisible())
  }
  if (!is.numeric(y) || !NCOL(y) %in% 1:2) {
    abort_input(c("A binomial score is 0 and 1, logical, a factor, or {.code cbind(events, failures)}.",
      x = "{.var {name}} is {.obj_type_friendly {y}}."), call = call)
  }
  bad <- if (NCOL(y) == 1L) !y %in% 0:1 else rowSums(y < 0 | y != round(y)) > 0 | rowSums(y) == 0
  check_rows(bad, y, name, rows, if (NCOL(y) == 1L) "0 or 1" else
    "whole numbers, not negative, at least one trial in a row", call)
}

# cbind(events, trials)
#' @exportS3Method family_scores binomial_scores
family_scores.binomial_scores <- function(family, y) {
  if (is.factor(y)) y <- as.integer(y) - 1L
  if (NCOL(y) == 2L) cbind(y[, 1L], rowSums(y)) else cbind(as.double(y), 1)
}

#' @exportS3Method check_scores poisson_scores
check_scores.poisson_scores <- function(family, y, name, rows, call) {
  check_scores.gaussian_scores(family, y, name, rows, call)
  check_rows(y < 0 | y != round(y), y, name, rows, "whole numbers, not negative", call)
}

#' @exportS3Method family_scores poisson_scores
family_scores.poisson_scores <- function(family, y) cbind(as.double(y))

#' @exportS3Method check_scores cumulative_scores
check_scores.cumulative_scores <- function(family, y, name, rows, call) {
  if (!is.ordered(y)) {
    abort_input(c("The score must be an ordered factor: its levels have an order.",
      x = "{.var {name}} is {.obj_type_friendly {y}}.",
      i = "Give the order: {.code ordered({name}, levels = c(...))}, the lowest first."), call = call)
  }
  if (length(seen_levels(y)) < 2L) {
    abort_input(c("An ordered score must have been seen at two of its levels at least.",
      x = "{.var {name}} is {.val {as.character(y[!is.na(y)][1L])}} in every row."), call = call)
  }
}

seen_levels <- function(y) which(tabulate(y, nlevels(y)) > 0L)

# Numbers of the levels that were seen, from 0; the others are the family's to remember.
#' @exportS3Method family_scores cumulative_scores
family_scores.cumulative_scores <- function(family, y) {
  seen <- seen_levels(y)
  structure(cbind(match(as.integer(y), seen) - 1), levels = levels(y), seen = seen)
}

check_rows <- function(bad, y, name, rows, wanted, call) {
  at <- which(bad)[1L]
  if (!is.na(at)) {
    abort_input(c("Scores of this family must be {wanted}.",
      x = "{.var {name}} is {.val {as.matrix(y)[at, ]}} in row {.val {rows[at]}}."), call = call)
  }
}

# What a family learns from the scores ------------------------------------------------

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

# What a reader must know of these scores, a sentence each.
family_remarks <- function(family) UseMethod("family_remarks")

#' @exportS3Method family_remarks recovery_family
family_remarks.recovery_family <- function(family) NULL

#' @exportS3Method family_remarks cumulative_scores
family_remarks.cumulative_scores <- function(family) {
  never <- family$levels[-family$seen]
  if (length(never) > 0L) {
    sprintf("Never observed: %s, so the probability is estimated as 0 (by thresholds that coincide or are infinite).",
      paste(never, collapse = ", "))
  }
}

# Means ---------------------------------------------------------------------------------

# The expected score of rows at these linear predictors and own parameters: `fit`, a column or one for each level;
# `eta`, its slope in eta; `extra`, an array of its slopes in the parameters (rows x columns x parameters).
family_response <- function(family, eta, extra) UseMethod("family_response")

#' @exportS3Method family_response recovery_family
family_response.recovery_family <- function(family, eta, extra) {
  list(fit = cbind(family$object$linkinv(eta)), eta = cbind(family$object$mu.eta(eta)),
    extra = array(0, c(length(eta), 1L, length(extra))))
}

# Probabilities of all levels: differences of F at neighbouring thresholds.
#' @exportS3Method family_response cumulative_scores
family_response.cumulative_scores <- function(family, eta, extra) {
  cut <- outer(-eta, c(-Inf, extra, Inf), `+`)
  between <- \(f) f[, -1L, drop = FALSE] - f[, -ncol(f), drop = FALSE]
  density <- cut
  density[] <- ifelse(is.finite(cut), family$object$mu.eta(cut), 0)
  high <- cut > 0 # far to the right the complement has the digits
  upper <- cut
  upper[] <- family$object$linkinv(-cut)
  lower <- cut
  lower[] <- family$object$linkinv(cut)
  lower[cut == Inf] <- upper[cut == -Inf] <- 1
  lower[cut == -Inf] <- upper[cut == Inf] <- 0
  fit <- ifelse(high[, -ncol(cut)], -between(upper), between(lower))
  k <- length(extra)
  slopes <- array(0, c(length(eta), k + 1L, k))
  for (j in seq_len(k)) {
    slopes[, j, j] <- density[, j + 1L]
    slopes[, j + 1L, j] <- -density[, j + 1L]
  }
  list(fit = matrix(fit, length(eta), dimnames = list(NULL, family$levels)), eta = -between(density), extra = slopes)
}
