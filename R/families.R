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
#' }
#' `binomial()` and `poisson()` are those of stats.
#'
#' @return a family, to be given to [fit_recovery()].
#' @examples
#' # simulated: did the grip hold, at four visits of six patients
#' trial <- data.frame(
#'   subject = rep(1:6, each = 4), week = rep(c(0, 8, 26, 52), 6),
#'   held = c(0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0)
#' )
#' fit_recovery(held ~ week + (1 | subject), trial, family = binomial())
#' @seealso [recovery_fit_family] for how they are fitted and what can be asked.
#' @name recovery_families
NULL

# What the package knows of a family: name and link of the core, inverse link, names of the family's own parameters.
new_recovery_family <- function(name, link, inverse, extra = character(), ..., object = NULL) {
  structure(list(name = name, link = link, inverse = inverse, extra = extra, ..., object = object),
    class = c(paste0(name, "_scores"), "recovery_family"))
}

gaussian_scores <- function() new_recovery_family("gaussian", "identity", identity, object = stats::gaussian())

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
      i = "Families and links: {.val {known}}."
    ), call = call)
  }
  new_recovery_family(family$family, family$link, family$linkinv, slope = family$mu.eta, object = family)
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

check_rows <- function(bad, y, name, rows, wanted, call) {
  at <- which(bad)[1L]
  if (!is.na(at)) {
    abort_input(c("Scores of this family must be {wanted}.",
      x = "{.var {name}} is {.val {as.matrix(y)[at, ]}} in row {.val {rows[at]}}."), call = call)
  }
}
