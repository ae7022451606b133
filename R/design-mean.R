# A single arm whose outcome is a mean, with a normal model of known spread: closed forms.

#' Single-arm design for a mean
#'
#' Success is claimed where the posterior of the mean, normal with known standard deviation `sigma` of one patient,
#' lies far enough above each of one or two limits: \eqn{P(\theta > above_i) \ge probability_i} for all i (two limits
#' make a dual criterion: convincing against the one, more likely than not above the other). The sample mean is then
#' compared with the largest of the critical means, and every characteristic is a normal probability.
#'
#' @param sigma (number > 0) standard deviation of one patient's outcome.
#' @param above (numeric) limits that the mean must exceed: for an excess over nature, the natural mean plus what
#'   matters.
#' @param probability (numeric in (0, 1), one for each limit) posterior probability asked for.
#' @param truth (numeric) true means at which claims are counted; the first is where `power` is asked for.
#' @param n (whole number) patients; `NULL` for the smallest number that claims with probability `power` at the first
#'   truth.
#' @param power (number in (0, 1)).
#' @param prior [prior_normal()] of the mean; `NULL` is flat.
#' @return A data frame in the columns of `tidy()`: `n`, `critical_mean`, and one row `claim` for each `truth` (column
#'   `truth`).
#' @section Conditions: `cordgain_invalid_input` for arguments out of range, or where no number up to 100000 has the
#'   power.
#' @references Roychoudhury, Scheuer and Neuenschwander (2018), Clinical Trials 15:452-461 (dual criterion).
#' @seealso [design_trial()] for responders
#' @examples
#' # Spread 10 points: is the mean gain above 9, with 4 more as what is hoped for?
#' design_mean(sigma = 10, above = 9, probability = 0.975, truth = c(13, 9))
#' @export
design_mean <- function(sigma, above, probability, truth, n = NULL, power = 0.8, prior = NULL) {
  check_given(c(sigma = "the SD of one patient", above = "limits that the mean must exceed",
    probability = "the posterior probability asked for", truth = "true means at which claims are counted"))
  call <- rlang::current_env()
  sigma <- check_number(sigma, min = 0, min_open = TRUE)
  above <- check_numeric(above)
  if (length(above) == 0L) abort_input("{.arg above} must hold a limit.")
  probability <- check_numeric(probability, min = 0, max = 1, min_open = TRUE, max_open = TRUE, length = length(above))
  truth <- check_numeric(truth)
  if (length(truth) == 0L) abort_input("{.arg truth} must hold a true mean.")
  power <- check_number(power, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  shape <- if (is.null(prior)) c(mean = 0, sd = Inf) else prior_parameters(one_normal(prior, call))
  claim <- \(n, at) stats::pnorm((at - critical_mean(n, sigma, shape, above, probability)) / (sigma / sqrt(n)))
  n <- if (is.null(n)) smallest_n(\(m) claim(m, truth[1]) >= power, call) else check_count(n, min = 1)
  rows <- rbind(term_row("n", n, num.kind = "exact"),
    term_row("critical_mean", critical_mean(n, sigma, shape, above, probability), error = 1e-13 * sigma))
  claims <- do.call(rbind, lapply(truth, \(at) term_row("claim", claim(n, at), error = 1e-14)))
  cbind(rbind(rows, claims), truth = c(NA_real_, NA_real_, truth))
}

one_normal <- function(prior, call) {
  check_prior(prior, "normal", "prior", call)
  if (prior_kind(prior) == "mixture") abort_input("{.arg prior} must be one normal, not a mixture.", call = call)
  prior
}

# The sample mean from which on every P(theta > above) reaches its probability.
critical_mean <- function(n, sigma, shape, above, probability) {
  information <- n / sigma^2
  precision <- information + 1 / shape[["sd"]]^2
  posterior <- above + stats::qnorm(probability) / sqrt(precision)
  max((posterior * precision - shape[["mean"]] / shape[["sd"]]^2) / information)
}

# The power need not rise from the first patient on, but it does from some number on: the smallest that holds.
smallest_n <- function(holds, call) {
  high <- 1
  while (!holds(high) && high < 1e5) high <- 2 * high
  if (high >= 1e5) abort_input("No number of patients up to 100000 has this power.", call = call)
  n <- seq(max(1, high %/% 2), high)
  n[vapply(n, holds, NA)][1]
}
