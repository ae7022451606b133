# Limits and tests for counts that need no model of natural recovery: limits of
# one proportion, tests of two, and the e-value against a known rate.

#' Limits for a proportion from a few patients
#'
#' Estimates the share of patients with an event, with limits that hold for
#' any number of patients: none uses a normal approximation of the count.
#' For `events` \eqn{y} of \eqn{n} and \eqn{\alpha = 1 -} `conf.level`:
#'
#' - `"clopper-pearson"` inverts the two one-sided binomial tests,
#'   \eqn{P(X \ge y \mid l) = \alpha/2} and \eqn{P(X \le y \mid u) = \alpha/2}:
#'   never covers less than `conf.level`. Its lower limit is the largest known
#'   natural rate that a one-sided test at \eqn{\alpha/2} would still reject.
#' - `"blaker"` keeps every rate whose acceptability, the probability of the
#'   outcomes with a smaller tail no larger than that of \eqn{y}, exceeds
#'   \eqn{\alpha}: never covers less either, and lies within Clopper-Pearson.
#' - `"jeffreys"` takes quantiles of beta(\eqn{y + 1/2, n - y + 1/2}); estimate
#'   and standard error are the posterior's. The limits are not moved to 0 or 1
#'   for \eqn{y = 0} or \eqn{y = n}.
#' - `"wilson"` inverts the score test; it can cover less than `conf.level`.
#' - `"rule-of-three"`, \eqn{-\log(\alpha)/n} for no event, about 3/n, is offered
#'   from 30 patients on; `"wald"` and `"chi-squared"` are refused.
#'
#' @param events (whole number) patients with an event, 0 to `n`.
#' @param n (whole number, at least 1) patients.
#' @param conf.level (number in (0, 1)) confidence, or posterior probability.
#' @param method (character) one or more of the names above.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return A data frame with one row per method: `term`, `estimate`,
#'   `std.error` (posterior standard deviation, else `NA`), `conf.low`,
#'   `conf.high` (proportions), `num.error`, `num.kind`.
#' @section Conditions: `cordgain_invalid_input` if the counts are not whole
#'   numbers with `events <= n`, if a method is unknown, or if one is asked for
#'   that does not hold for so few patients.
#' @references
#' Clopper CJ, Pearson ES (1934) *Biometrika* 26:404, \doi{10.1093/biomet/26.4.404}.
#' Blaker H (2000) *Canadian Journal of Statistics* 28:783, \doi{10.2307/3315916}.
#' Brown LD, Cai TT, DasGupta A (2001) *Statistical Science* 16:101, \doi{10.1214/ss/1009213286}.
#' Wilson EB (1927) *JASA* 22:209, \doi{10.1080/01621459.1927.10502953}.
#' @seealso [safety()] for harms, [stopping_boundary()].
#' @examples
#' rate_interval(2, 4)
#' rate_interval(0, 4, method = "clopper-pearson")
#' @export
rate_interval <- function(events, n, conf.level = 0.95,
                          method = c("clopper-pearson", "blaker", "jeffreys", "wilson"), ...) {
  check_given(c(events = "how many had the event", n = "how many patients there were"), ...)
  n <- check_count(n, min = 1)
  events <- check_events(events, n)
  check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  method <- check_limit_methods(method, events, n)
  rows <- lapply(method, \(name) limit_methods()[[name]](events, n, 1 - conf.level))
  do.call(rbind, rows)
}

#' The path of an e-value over an order of patients
#'
#' Estimates how strongly outcomes speak against a known natural rate, patient
#' by patient: the Bayes factor of a beta mixture of rates against the single
#' rate \eqn{p_0},
#' \deqn{E_m = \frac{B(a + y_m, b + m - y_m) / B(a, b)}{p_0^{y_m} (1 - p_0)^{m - y_m}}}
#' with \eqn{y_m} responders among the first \eqn{m}. Under \eqn{p_0} its
#' expectation is at most 1 at any stopping rule, so a value of 20 or more has
#' probability at most 1/20. One-sided, the mixture is cut to \eqn{(p_0, 1)} and
#' this holds for every rate up to \eqn{p_0}.
#'
#' The last value does not depend on the order; all earlier ones do. **The order of
#' the patients of the four-patient trial is unpublished: any path over its
#' outcomes is hypothetical** and shows only what an order could have shown. The
#' value holds for a rate that is known, not for one estimated from sources.
#'
#' @param outcomes (numeric of 0 and 1, at least one) responder or not, in order.
#' @param rate (number in (0, 1)) the known natural rate \eqn{p_0}.
#' @param one_sided (logical) whether the mixture lives on rates above `rate`.
#' @param a,b (numbers > 0) shapes of the beta mixture; 1 and 1 is uniform.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return A data frame with one row per patient: `patient`, `outcome`, `term`
#'   (`"e_value"`), `estimate`, `std.error`, `conf.low`, `conf.high` (`NA`: an
#'   e-value has none), `num.error`, `num.kind`.
#' @section Conditions: `cordgain_invalid_input` if an outcome is neither 0 nor 1, or
#'   the rate or a shape is out of range.
#' @references
#' Grünwald P, de Heide R, Koolen W (2024) *JRSS B*, \doi{10.1093/jrsssb/qkae011}.
#' @seealso [rate_interval()], [excess()].
#' @examples
#' # One of the six orders in which 2 of 4 could have come: hypothetical.
#' e_value_path(c(1, 1, 0, 0), rate = 0.193)
#' @export
e_value_path <- function(outcomes, rate, one_sided = FALSE, a = 1, b = 1, ...) {
  check_given(c(
    outcomes = "0 or 1 for each patient, in the order in which they came", rate = "the rate to be doubted"
  ), ...)
  outcomes <- check_outcomes(outcomes)
  check_number(rate, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  check_flag(one_sided)
  check_number(a, min = 0, min_open = TRUE)
  check_number(b, min = 0, min_open = TRUE)
  path <- core_e_value_path(outcomes, rate, a, b, one_sided)
  row <- term_row("e_value", path, error = e_value_error(path, seq_along(path)))
  cbind(data.frame(patient = seq_along(path), outcome = outcomes), row)
}

# Rows for excess() --------------------------------------------------------------

#' Limits of one proportion by four methods, as rows of tidy()
#' @noRd
binomial_limits <- function(y, n, conf.level = 0.95) {
  names <- c("clopper-pearson", "jeffreys", "blaker", "wilson")
  stack_list(lapply(names, \(name) limit_methods()[[name]](y, n, 1 - conf.level)))
}

#' Exact tests of y1 of n1 treated against y0 of n0 controls, as rows of tidy()
#'
#' `estimate` and `p.value` are the p-value (so that `num.error` covers it),
#' `nuisance` the common rate at which it is largest. The three take treated and
#' controls as drawn from one population: `assumption` says so.
#' @noRd
two_by_two <- function(y1, n1, y0, n0, alternative = "greater") {
  side <- c(greater = 1L, less = -1L, two.sided = 0L)[[alternative]]
  fisher <- list(p_value = core_fisher(y1, n1, y0, n0, side), statistic = NA_real_, nuisance = NA_real_, error = 0)
  rbind(
    test_row("fisher", fisher, "exact"),
    test_row("barnard", core_barnard(y1, n1, y0, n0, side), "bound"),
    test_row("boschloo", core_boschloo(y1, n1, y0, n0, side), "bound")
  )
}

#' The e-value of y of n against a known rate, as a row of tidy()
#' @noRd
e_value_row <- function(y, n, rate, one_sided = FALSE, a = 1, b = 1) {
  value <- core_e_value(y, n, rate, a, b, one_sided)
  term_row("e_value", value, error = e_value_error(value, n))
}

test_row <- function(term, test, num.kind) {
  row <- term_row(term, test$p_value, error = test$error, num.kind = num.kind)
  row$statistic <- test$statistic
  row$p.value <- test$p_value
  row$nuisance <- test$nuisance
  row$assumption <- "exchangeability assumed"
  row
}

limits_row <- function(term, estimate, limits, std.error = NA_real_) {
  term_row(term, estimate, limits$lower, limits$upper, limits$error, std.error)
}

# The sum of logs carries one rounding a patient; ten times that.
e_value_error <- function(value, n) 10 * .Machine$double.eps * (n + 4) * value

# Methods of limits -----------------------------------------------------------------

limit_methods <- function() {
  list(
    "clopper-pearson" = clopper_pearson_row, "blaker" = blaker_row, "jeffreys" = jeffreys_row,
    "wilson" = wilson_row, "rule-of-three" = rule_of_three_row
  )
}

clopper_pearson_row <- function(y, n, alpha) {
  limits_row("rate_clopper_pearson", y / n, core_clopper_pearson(y, n, alpha / 2, alpha / 2))
}

blaker_row <- function(y, n, alpha) {
  limits_row("rate_blaker", y / n, core_blaker(y, n, alpha))
}

wilson_row <- function(y, n, alpha) {
  limits_row("rate_wilson", y / n, core_wilson(y, n, alpha))
}

jeffreys_row <- function(y, n, alpha) beta_row("rate_jeffreys", y + 0.5, n - y + 0.5, alpha / 2, alpha / 2)

rule_of_three_row <- function(y, n, alpha) {
  term_row("rate_rule_of_three", 0, lower = 0, upper = -log(alpha) / n, error = 8 * .Machine$double.eps)
}

#' Mean, standard deviation and limits of a beta posterior
#' @noRd
beta_row <- function(term, a, b, below, above) {
  sd <- sqrt(a * b / (a + b + 1)) / (a + b)
  limits_row(term, a / (a + b), core_beta_limits(a, b, below, above), sd)
}

# Checks ------------------------------------------------------------------------------

check_events <- function(events, n, call = rlang::caller_env()) {
  events <- check_count(events, "events", call = call)
  if (events > n) {
    abort_input(c("{.arg events} cannot exceed the number of patients.",
      x = "It is {events} of {n}.",
      i = "Count the patients with at least one event, not the events."
    ), call = call)
  }
  events
}

check_outcomes <- function(outcomes, call = rlang::caller_env()) {
  outcomes <- check_numeric(outcomes, "outcomes", call = call)
  if (length(outcomes) == 0L || !all(outcomes %in% c(0, 1))) {
    abort_input(c("{.arg outcomes} must hold at least one outcome, each 0 or 1.",
      x = "It holds {.val {unique(outcomes)}}.",
      i = "Give 1 for a responder and 0 for any other patient, in the order in which they were observed."
    ), call = call)
  }
  outcomes
}

check_limit_methods <- function(method, events, n, call = rlang::caller_env()) {
  known <- c("clopper-pearson", "blaker", "jeffreys", "wilson", "rule-of-three", "wald", "chi-squared")
  if (!is.character(method) || length(method) == 0L) {
    abort_input(c("{.arg method} must name at least one method.", i = "Choose from {.val {known[1:5]}}."), call = call)
  }
  for (name in method) check_choice(name, known, "method", call = call)
  approximate <- intersect(method, c("wald", "chi-squared", "rule-of-three"))
  if (length(approximate) > 0L) refuse_approximate(approximate, events, n, call)
  method
}

refuse_approximate <- function(method, events, n, call) {
  use <- 'Use "clopper-pearson" or "blaker" (exact), or "jeffreys" (Bayesian): they hold for any number of patients.'
  if (n < 30) {
    abort_input(c("{.val {method}} does not hold for fewer than 30 patients.", x = "There are {n}.", i = use),
      call = call
    )
  }
  if (any(method != "rule-of-three")) {
    abort_input(c("{.val {setdiff(method, 'rule-of-three')}} is not offered.",
      x = "Its limits can lie outside 0 to 1 and cover less than stated near the ends.", i = use
    ), call = call)
  }
  if (events > 0) {
    abort_input(c("The rule of three is for no event at all.", x = "There are {events}.", i = use), call = call)
  }
}
