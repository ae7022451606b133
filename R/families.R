# Families of scores: how a score is read, which link holds, what the core is given.

#' Families of scores
#'
#' @description
#' The distributions that [fit_recovery()] takes for scores that are not normal. With
#' \eqn{\eta = x'\beta + z'b} for a row,
#' \describe{
#'   \item{`binomial()`}{events among trials: \eqn{y \sim B(n, p)}, \eqn{\log(p / (1 - p)) = \eta}, or
#'     \eqn{p = F(\eta)} with the links `"probit"` and `"cloglog"`. The score is 0 and 1, a logical, a factor (its
#'     first level is the failure), or `cbind(events, failures)`.}
#'   \item{`poisson()`}{counts without an upper bound: \eqn{\log \mu = \eta}.}
#'   \item{`cumulative()`}{an ordered factor, as the AIS grade: \eqn{P(y \le k) = F(\alpha_k - \eta)}, with
#'     thresholds \eqn{\alpha_1 < \alpha_2 < \dots} in the place of an intercept. A positive coefficient
#'     means higher levels.}
#'   \item{`beta_binomial()`}{a score of 0 to `size` points: binomial with a probability that itself varies from row
#'     to row, a beta distribution of mean \eqn{\mu}, \eqn{\log(\mu / (1 - \mu)) = \eta}, and precision
#'     \eqn{\phi} (its two parameters add up to it). The variance of a score is \eqn{1 + (n - 1) / (\phi + 1)}
#'     times that of a binomial score; \eqn{\log \phi} is estimated.}
#'   \item{`censored()`}{a score on a scale with floor and ceiling, as a motor score of 0 to 50: normal with mean
#'     \eqn{\eta} and standard deviation \eqn{\sigma}, and a score at an end stands for all that lies beyond it
#'     (tobit). Without ends it is the normal family by maximum likelihood.}
#'   \item{`hurdle()`}{a gain of 0 to `size` points that is often none, as of the legs of thoracic patients: 0 with
#'     probability \eqn{1 - p}, else 1 and a beta-binomial score of \eqn{size - 1} points with
#'     \eqn{\log(\mu / (1 - \mu)) = \eta} and precision \eqn{\phi};
#'     \eqn{\log(p / (1 - p)) = a}, or \eqn{a + k \eta} with `change = "shared"`. Reported are \eqn{\log \phi},
#'     \eqn{a} (`change_intercept`) and \eqn{k} (`change_slope`).}
#' }
#' `binomial()` and `poisson()` are those of stats.
#'
#' @details
#' **Levels that nobody has.** The likelihood of `cumulative()` has its maximum where such a level has
#' probability 0, and there it is fitted: a level below all scores has a threshold of `-Inf`, one above all of
#' `Inf`, and those on both sides of a level in between coincide. The level stays in its place, in predictions
#' too, and the print names it. Zero is what these data say, not what is known: with few patients a prior,
#' ([method_bayes()]), or levels put together beforehand, says more.
#'
#' @param link (string) `"logit"`: \eqn{F(t) = 1 / (1 + e^{-t})}; `"probit"`: the normal distribution function;
#'   `"cloglog"`: \eqn{F(t) = 1 - \exp(-e^t)}, proportional hazards of the levels. With two levels `cumulative()` is
#'   `binomial()` of the upper one for the first two; for the last it is that of the lower one.
#' @return a family, to be given to [fit_recovery()].
#' @section Conditions: `cordgain_invalid_input` for a link that does not exist, a `size` that is no whole number of at
#'   least 2 (of a hurdle 3), and a `lower` that does not lie below `upper`; by [fit_recovery()] for scores that the
#'   family does not take, with their rows.
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
#'   ais = ordered(strsplit("AABABCABAABCBCDABB", "")[[1]], levels = LETTERS[1:5])
#' )
#' fit_recovery(ais ~ week + (1 | subject), grades, family = cumulative())
#' # simulated: a score of 0 to 50 that reaches its ceiling
#' scores <- data.frame(
#'   subject = rep(1:4, each = 4), week = rep(c(0, 8, 26, 52), 4),
#'   motor = c(20, 31, 44, 50, 8, 12, 19, 24, 35, 46, 50, 50, 15, 22, 30, 41)
#' )
#' fit_recovery(motor ~ week + (1 | subject), scores, family = censored(0, 50))
#' fit_recovery(motor ~ week + (1 | subject), scores, family = beta_binomial(50))
#' # simulated: points gained by the legs of five thoracic patients, at three visits
#' legs <- data.frame(subject = rep(1:5, each = 3), week = rep(c(8, 26, 52), 5),
#'   gain = c(0, 0, 0, 0, 2, 9, 0, 0, 1, 0, 0, 0, 3, 7, 12))
#' fit_recovery(gain ~ week + (1 | subject), legs, family = hurdle(50))
#' @references McCullagh P (1980). Regression models for ordinal data. *JRSS B* 42, 109-142.
#'
#'   Mullahy J (1986). Specification and testing of some modified count data models. *Journal of Econometrics* 33,
#'   341-365.
#'
#'   Tobin J (1958). Estimation of relationships for limited dependent variables. *Econometrica* 26, 24-36.
#' @seealso [recovery_fit_family] for how they are fitted by maximum likelihood and what can be asked,
#'   [recovery_fit_family_bayes] for the same by [method_bayes()].
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
cumulative <- function(link = c("logit", "probit", "cloglog")) {
  link <- check_option(link, c("logit", "probit", "cloglog"))
  new_recovery_family("cumulative", link, title = "Thresholds, on the scale of the link")
}

#' @rdname recovery_families
#' @param size (count) highest score, of all rows; for `beta_binomial()` it may be left out: the score is then
#'   `cbind(points, points missed)`.
#' @export
beta_binomial <- function(size = NULL) {
  if (!is.null(size)) size <- check_count(size, min = 2)
  new_recovery_family("beta_binomial", "logit", "log_precision", "Logarithm of the precision", size = size)
}

#' @rdname recovery_families
#' @param lower,upper (number) floor and ceiling of the scale; infinite: none.
#' @export
censored <- function(lower = -Inf, upper = Inf) {
  ends <- list(lower = lower, upper = upper)
  for (end in names(ends)) {
    if (!(is.numeric(ends[[end]]) && identical(abs(ends[[end]]), Inf))) ends[[end]] <- check_number(ends[[end]], end)
  }
  if (ends$lower >= ends$upper) {
    abort_input(c("{.arg lower} must lie below {.arg upper}.", x = "They are {ends$lower} and {ends$upper}."))
  }
  new_recovery_family("censored", "identity", "log_sigma", "Logarithm of the residual standard deviation",
    lower = ends$lower, upper = ends$upper)
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
  known <- c("gaussian identity", "binomial logit", "binomial probit", "binomial cloglog", "poisson log")
  if (!inherits(family, "family") || !paste(family$family, family$link) %in% known) {
    abort_input(c("This family of scores is not available.",
      x = if (inherits(family, "family")) "{.arg family} is {family$family} with link {family$link}." else
        "{.arg family} is {.obj_type_friendly {family}}.",
      i = if (is_family_name(family)) "Write {.code {family}()}, without quotes.",
      i = "Families and links: {.val {known}}, {.fn cumulative}, {.fn beta_binomial}, {.fn censored}, {.fn hurdle}."
    ), call = call)
  }
  new_recovery_family(family$family, family$link, object = family)
}

is_family_name <- function(x) {
  names <- c("gaussian", "binomial", "poisson", "cumulative", "beta_binomial", "censored", "hurdle")
  is.character(x) && length(x) == 1L && x %in% names
}

# The method for a family: a family that is not normal has engines of its own.
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
  if (method$name == "bayes") {
    return(new_recovery_method("bayes_quadrature", prior = method$prior, tolerance = method$tolerance %||% 1e-2,
      engine = method$engine, sampler = method$sampler, family = family))
  }
  if (method$name != "ml") {
    abort_input(c("Scores of family {.val {family$name}} are fitted by maximum likelihood or Bayes.",
      x = "{.arg method} is {.val {method$name}}.",
      i = if (method$name == "reml") "A restricted likelihood is defined for normal scores.",
      i = 'Use {.code method = "ml"} or {.code "bayes"}, or {.code gaussian()} scores.'
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

#' @exportS3Method check_scores beta_binomial_scores
check_scores.beta_binomial_scores <- function(family, y, name, rows, call) {
  if (is.null(family$size)) {
    if (!is.numeric(y) || NCOL(y) != 2L) {
      abort_input(c("Without {.arg size} the score is {.code cbind(points, points missed)}.",
        x = "{.var {name}} is {.obj_type_friendly {y}}.",
        i = "A score of which all rows have the same highest: {.code beta_binomial(size = )}."), call = call)
    }
    check_scores.binomial_scores(family, y, name, rows, call)
  } else {
    check_scores.gaussian_scores(family, y, name, rows, call)
    check_rows(y < 0 | y > family$size | y != round(y), y, name, rows,
      paste("whole numbers from 0 to", family$size), call)
  }
  if (all(family_scores(family, y)[, 2L] < 2, na.rm = TRUE)) {
    abort_input(c("One trial in a row says nothing of how its probability varies.",
      x = "{.var {name}} has at most one in every row.", i = "Use {.fn binomial}."), call = call)
  }
}

# cbind(points, highest)
#' @exportS3Method family_scores beta_binomial_scores
family_scores.beta_binomial_scores <- function(family, y) {
  if (is.null(family$size)) family_scores.binomial_scores(family, y) else cbind(as.double(y), family$size)
}

#' @exportS3Method check_scores censored_scores
check_scores.censored_scores <- function(family, y, name, rows, call) {
  check_scores.gaussian_scores(family, y, name, rows, call)
  check_rows(y < family$lower | y > family$upper, y, name, rows,
    paste("numbers from", family$lower, "to", family$upper), call)
}

#' @exportS3Method family_scores censored_scores
family_scores.censored_scores <- function(family, y) cbind(as.double(y))

check_rows <- function(bad, y, name, rows, wanted, call) {
  at <- which(bad)[1L]
  if (!is.na(at)) {
    abort_input(c("Scores of this family must be {wanted}.",
      x = "{.var {name}} is {.val {as.matrix(y)[at, ]}} in row {.val {rows[at]}}."), call = call)
  }
}
