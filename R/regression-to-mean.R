# The gain that selection on a noisy score brings by itself.

#' Regression to the mean
#'
#' Patients chosen because a score was low score higher next time without any change:
#' part of the low score was chance. With scores \eqn{X_1, X_2 \sim N(\mu, \sigma^2)} of
#' correlation \eqn{\rho} between two exams of an unchanged patient, and only patients with
#' \eqn{X_1 < c} chosen,
#' \deqn{E[X_2 - X_1 \mid X_1 < c] = \sigma (1 - \rho) \frac{\phi(z)}{\Phi(z)}, \quad z = (c - \mu) / \sigma.}{
#' E[X2 - X1 | X1 < c] = sigma (1 - rho) phi(z) / Phi(z), z = (c - mu) / sigma.}
#'
#' AIS A is such a choice: the floor of an exam that is not free of error. A source whose patients
#' were chosen by the same rule at the same time needs no correction. Where only the trial's
#' patients were chosen, the expected gain is a bias of the source: `natural_change(..., bias = x)` of a
#' `regression_to_mean` takes it as known, as `bias = prior_fixed(gain)` does (its sign turned where lower is better).
#'
#' @param mean,sd (numbers, points) of the score in the population from which patients were chosen.
#' @param correlation (number in \[0, 1)) between two exams of a patient who does not change (test and retest).
#' @param cutoff (number, points) patients on one side of it were chosen.
#' @param side (string) `"below"` or `"above"` the cutoff.
#' @return A `regression_to_mean`. `tidy()` terms, in points: `expected_gain` (of the chosen; negative where
#'   those above were chosen; `std.error` is the SD of one patient's gain), `chosen_mean` (their first score),
#'   and `chosen_share`.
#' @section Conditions: `cordgain_invalid_input` for an SD that is not positive or a correlation outside \[0, 1).
#' @references Davis (1976), American Journal of Epidemiology 104:493-498 (the formula). Ostermann and others
#'   (2008), BMC Medical Research Methodology 8:52 (an unknown population mean).
#' @seealso [natural_change()]
#' @examples
#' regression_to_mean(mean = 20, sd = 10, correlation = 0.8, cutoff = 15) # 2.28 points
#' @export
regression_to_mean <- function(mean, sd, correlation, cutoff, side = c("below", "above")) {
  check_given(c(mean = "mean of the scores from which patients were chosen", sd = "their SD",
    correlation = "between two exams of an unchanged patient",
    cutoff = "the score on one side of which they were chosen"))
  fields <- list(
    mean = check_number(mean),
    sd = check_number(sd, min = 0, min_open = TRUE,
      todo = "It is the SD of the scores from which patients were chosen."),
    correlation = check_number(correlation, min = 0, max = 1, max_open = TRUE,
      todo = "It is the test-retest correlation of unchanged patients; with 1 nothing regresses and nothing is asked."),
    cutoff = check_number(cutoff),
    side = check_option(side, c("below", "above"))
  )
  away <- (fields$cutoff - fields$mean) / fields$sd
  if (!is.finite(away)) {
    abort_input(c("{.arg cutoff} and {.arg mean} are further apart, in SDs, than a computer's numbers reach.",
      x = "They are {format(fields$cutoff)} and {format(fields$mean)}, the SD is {format(fields$sd)}.",
      i = "Correct what is wrong: the three are in points of the score."))
  }
  structure(fields, class = "regression_to_mean")
}

# As the bias of a source on a scale (or NULL): the expected gain, known once its parameters are; a gain is positive.
as_bias <- function(bias, scale = NULL) {
  if (!inherits(bias, "regression_to_mean")) {
    return(bias)
  }
  prior_fixed((if (is.null(scale)) 1 else scale_sign(scale)) * tidy(bias)$estimate[1])
}

# Inverse Mills ratio phi(z) / Phi(z), and the variance 1 - z ratio - ratio^2 of a standard normal below z. Of far
# cutoffs by their expansions in 1 / t, t = -z: logarithms lose digits there, and in the end subtract Inf from Inf.
far_cutoff <- -40

mills_ratio <- function(z) {
  if (z < far_cutoff) {
    return(-z - (1 - (2 - (10 - 74 / z^2) / z^2) / z^2) / z)
  }
  exp(stats::dnorm(z, log = TRUE) - stats::pnorm(z, log.p = TRUE))
}

cut_variance <- function(z) {
  if (z < far_cutoff) {
    return((1 - (6 - (50 - 518 / z^2) / z^2) / z^2) / z^2)
  }
  ratio <- mills_ratio(z)
  max(1 - z * ratio - ratio^2, 0)
}

#' @export
tidy.regression_to_mean <- function(x, ...) {
  sign <- if (x$side == "below") 1 else -1
  z <- sign * (x$cutoff - x$mean) / x$sd
  ratio <- mills_ratio(z)
  spread <- cut_variance(z)
  sd_gain <- x$sd * sqrt((1 - x$correlation)^2 * spread + 1 - x$correlation^2)
  rows <- rbind(
    term_row("expected_gain", sign * x$sd * (1 - x$correlation) * ratio, std.error = sd_gain),
    term_row("chosen_mean", x$mean - sign * x$sd * ratio, std.error = x$sd * sqrt(spread)),
    term_row("chosen_share", stats::pnorm(z))
  )
  # Closed forms: what is left is the rounding of the normal distribution function.
  rows$num.error <- 64 * .Machine$double.eps * pmax(1, abs(rows$estimate))
  rows$num.kind <- "bound"
  rows
}

#' @export
summary.regression_to_mean <- function(object, ...) tidy(object, ...)

#' @export
print.regression_to_mean <- function(x, ...) {
  rows <- tidy(x)
  cat(
    "Regression to the mean: scores N(", x$mean, ", ", x$sd, "^2), correlation ", x$correlation, ", chosen ", x$side,
      " ",
    x$cutoff, " (", percent_text(rows$estimate[3]), ")\n",
    "Expected change without any change of the patients: ", sprintf("%+.3g", rows$estimate[1]),
      " points (SD of one patient ",
    signif(rows$std.error[1], 3), ")\n", sep = ""
  )
  invisible(x)
}
