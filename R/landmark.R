# The landmark correction: a patient treated weeks after the injury had to be
# still unrecovered then; registries examined in the first days did not ask that.

#' Correction for still being unrecovered at the time of treatment
#'
#' A patient treated at week \eqn{t} had not recovered by week \eqn{t}. A registry
#' examined in the first days also counts those who recover before. With
#' \eqn{\pi} the share that recovers by the end, and \eqn{S(t)} the share of these
#' still unrecovered at \eqn{t}, the rate among those still unrecovered is
#' \deqn{p_L = \pi S(t) / (1 - \pi (1 - S(t))), \quad
#'   \mathrm{logit}\, p_L = \mathrm{logit}\, \pi + \log S(t) - \log S(t_k),}
#' where \eqn{t_k} is the source's own exam time. The timing is
#' \eqn{S(t) = \exp(-(\lambda t)^{shape})}, through one known point
#' \eqn{S(reference\_week) = remaining}: exponential for `shape = 1`, Weibull else.
#'
#' The correction favours the treatment, rests on the timing of one source, and is
#' therefore off unless asked for. The late conversions of the Japanese cohort
#' (1 of 169 after week 8) contradict those of the US registries after discharge
#' (about 10 %); show both.
#'
#' @param week (number, weeks from injury) when the trial's patients were still unrecovered.
#' @param reference_week (number, weeks from injury) the known point of the timing.
#' @param remaining (number in (0, 1), or a [prior_beta()]) the share of the later
#'   recovered who had not recovered by `reference_week`; with a prior its
#'   uncertainty is carried.
#' @param endpoint (string) the endpoint whose timing this is, as in [trial_arm()].
#' @param level (string) the level of the patients whose timing this is.
#' @param shape (number > 0) of the Weibull; try 0.5 and 2.
#' @param from_week (number, weeks from injury) exam time of the natural rate, where
#'   it is not the sources' own (the middle of their window, or the mean exam day).
#'   For a number or a prior it is read from `match$baseline_days` of [natural_rate()], and is 0, the injury, where
#'   that is not given.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return A `landmark`, for [natural_rate()].
#' @section Conditions: `cordgain_invalid_input` for numbers out of range;
#'   [natural_rate()] signals `cordgain_unmatched` where the endpoint or the level
#'   is not the sources', or where a source's exams reach the landmark week anyway.
#' @references Kawano and others (2020), Spinal Cord, \doi{10.1038/s41393-019-0366-1}
#'   (35 of 203 recovered, 34 of them by week 8).
#' @seealso [natural_rate()], [drift()]
#' @examples
#' # 1 of the 35 later recovered had not recovered by week 8
#' landmark(3, reference_week = 8, remaining = 1 / 35, endpoint = "ais_any", level = "cervical")
#' @export
landmark <- function(week, reference_week, remaining, endpoint, level, shape = 1, from_week = NULL, ...) {
  check_given(c(
    week = "weeks from injury at which the trial's patients were still unrecovered",
    reference_week = "a week at which the share still unrecovered was published",
    remaining = "of those who recovered in the end, the share still unrecovered at that week, or a beta prior of it",
    endpoint = "what the timing is about, for example \"ais_any\"", level = "the level of injury it is about"
  ), ...)
  week <- check_number(week, min = 0)
  reference_week <- check_number(reference_week, min = 0, min_open = TRUE)
  shape <- check_number(shape, min = 0, min_open = TRUE)
  if (is_prior(remaining)) {
    check_prior(remaining, "beta")
  } else {
    remaining <- check_number(remaining, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  }
  if (!is.null(from_week)) from_week <- check_number(from_week, min = 0, max = week)
  structure(list(
    week = week, reference_week = reference_week, remaining = remaining,
    endpoint = check_endpoint(endpoint, rlang::current_env()), level = check_string(level),
    shape = shape, from_week = from_week
  ), class = "landmark")
}

is_landmark <- function(x) inherits(x, "landmark")

landmark_week <- function(x) x$week

# The same timing, asked at another week.
landmark_at <- function(x, week) {
  x$week <- week
  x
}

landmark_terms <- function(x) x[c("endpoint", "level")]

# Exam time (weeks) of each source; `unknown` where there is none to read.
landmark_from <- function(x, sources) {
  if (!is.null(x$from_week)) {
    return(rep(x$from_week, nrow(sources)))
  }
  day <- ifelse(is.na(sources$baseline_mean_day), (sources$baseline_from_day + sources$baseline_to_day) / 2,
    sources$baseline_mean_day)
  day / 7
}

# log S(week) is this factor times log(remaining).
landmark_factor <- function(x, week) (week / x$reference_week)^x$shape

landmark_remaining <- function(x) x$remaining

#' @export
format.landmark <- function(x, ...) {
  timing <- if (x$shape == 1) "exponential" else paste0("Weibull with shape ", format(x$shape))
  left <- if (is_prior(x$remaining)) format(x$remaining) else format(signif(x$remaining, 3))
  paste0(
    "still unrecovered at week ", format(x$week), "; ", timing, " timing, ", left,
    " of the later recovered left at week ", format(x$reference_week), " (", x$endpoint, ", ", x$level, ")"
  )
}

#' @export
print.landmark <- function(x, ...) {
  writeLines(wrap_lines(paste0("Landmark: ", format(x))))
  invisible(x)
}
