# Stopping rules for harms: known before the first patient, or not at all.

#' From how many events on a rule would stop a trial
#'
#' Estimates, for each number of patients, the smallest number of patients with an event at
#' which the posterior probability that the risk exceeds a threshold passes a cut:
#' \deqn{\min\{y \le k : P(\theta > \theta_0 \mid y \textrm{ of } k) > c\}}{min(y <= k: P(theta > theta0 | y of k) > c)}
#' The probabilities at that number and at one event fewer stand beside it: with few
#' patients one event turns the message, and that should be known before the first.
#'
#' @param prior a [prior_beta()], `"jeffreys"` or `"uniform"`.
#' @param threshold (number in (0, 1)) the risk \eqn{\theta_0}.
#' @param cut (number in (0, 1)) the posterior probability \eqn{c} that must be passed.
#' @param n (whole number, 1 to 10000) patients up to which the rule is worked out.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return A data frame with one row per number of patients: `patients`, `min_events` (`NA`
#'   where even events in all do not stop), `prob_at` (probability at `min_events`),
#'   `prob_below` (with one event fewer; where none stops, with events in all), `num.error`, `num.kind`.
#' @section Conditions: `cordgain_invalid_input` if an argument is out of range or the prior is not beta.
#' @references Thall PF, Simon R (1994) *Biometrics* 50:337, \doi{10.2307/2533377}.
#' @seealso [safety()].
#' @examples
#' stopping_boundary("jeffreys", threshold = 0.2, cut = 0.9, n = 4)
#' @export
stopping_boundary <- function(prior, threshold, cut, n, ...) {
  check_given(c(
    prior = "of the risk of harm, made by prior_beta()", threshold = "the risk that must not be exceeded",
    cut = "stop when the probability of exceeding it is above this", n = "patients treated at most"
  ), ...)
  shape <- boundary_shape(prior)
  check_number(threshold, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  check_number(cut, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  n <- check_count(n, min = 1, max = 10000)
  above <- \(y, k) core_beta_above(shape[1] + y, shape[2] + k - y, threshold)
  rows <- vector("list", n)
  events <- 0
  for (k in seq_len(n)) {
    # More patients at the same events lower the probability: the boundary never falls.
    while (events <= k && above(events, k)$value <= cut) events <- events + 1
    rows[[k]] <- boundary_row(k, events, above)
  }
  do.call(rbind, rows)
}

boundary_row <- function(k, events, above) {
  none <- list(value = NA_real_, error = 0)
  at <- if (events <= k) above(events, k) else none
  below <- if (events >= 1) above(events - 1, k) else none
  data.frame(
    patients = k, min_events = if (events <= k) events else NA_real_, prob_at = at$value,
    prob_below = below$value, num.error = max(at$error, below$error), num.kind = "estimate"
  )
}

boundary_shape <- function(prior, call = rlang::caller_env()) {
  if (is.character(prior)) {
    check_choice(prior, c("jeffreys", "uniform"), "prior", call = call)
    return(safety_priors(prior, NULL)$risk[[prior]])
  }
  shapes <- conjugate_shapes(prior, call)
  if (shapes$about != "risk") {
    abort_input(c("{.arg prior} must be a beta prior: the rule is about the risk per patient.",
      x = "It is a gamma prior."
    ), call = call)
  }
  shapes$values
}
