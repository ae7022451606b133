# Drift: natural recovery that changes with the calendar year of injury.

#' Change of natural recovery over calendar years
#'
#' Lets the log odds of natural recovery move by `per_year` for each calendar year,
#' \deqn{\mathrm{logit}\, p_k = \mu + \beta (year_k - year_{ref}) + \mathrm{deviation}_k, \quad
#'   \beta \sim N(per\_year, sd^2),}
#' so that sources of other years are carried to the year of the trial; what the
#' sources themselves say about \eqn{\beta} is learned with the rest.
#'
#' There is no default slope, because the published ones contradict each other:
#' the US registry's rates rose (0.041 per year between the two SCIMS papers with
#' standard error 0.012; 0.074 between the end points of one report), the
#' European registry's motor recovery did not change over 19 years. Show the answer without
#' drift beside the one with it.
#'
#' @param per_year (number, log odds per year) mean slope.
#' @param sd (number >= 0, log odds per year) its standard deviation.
#' @param reference_year (number, calendar year) the year to which the rate is
#'   carried; `NULL` is the last year of the sources. A later year is past what was
#'   observed and needs `extrapolate = TRUE`.
#' @param extrapolate (flag) carry the rate past the last observed year?
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return A `drift`, for [natural_rate()].
#' @section Conditions: `cordgain_invalid_input` for numbers out of range;
#'   [natural_rate()] refuses sources whose years are not known, and a reference year
#'   past the last observed one without `extrapolate = TRUE`.
#' @references Marino and others (2020), Neurotrauma Reports 1:192-200,
#'   \doi{10.1089/neur.2020.0038}. Bourguignon and others (2022), BMC Medicine 20:225,
#'   \doi{10.1186/s12916-022-02395-0}.
#' @seealso [natural_rate()], [landmark()]
#' @examples
#' drift(0.0414, sd = 0.0124)
#' @export
drift <- function(per_year, sd = 0, reference_year = NULL, extrapolate = FALSE, ...) {
  check_given(c(per_year = "change of the log odds of natural recovery in one calendar year"), ...)
  per_year <- check_number(per_year)
  sd <- check_number(sd, min = 0)
  if (!is.null(reference_year)) reference_year <- check_number(reference_year, min = 1800, max = 2200)
  structure(
    list(per_year = per_year, sd = sd, reference_year = reference_year, extrapolate = check_flag(extrapolate)),
    class = "drift"
  )
}

is_drift <- function(x) inherits(x, "drift")

# The year to which a drift carries the rate.
drift_to <- function(x, sources) if (is.null(x$reference_year)) max(sources$years_to) else x$reference_year

# Years between each source and the year to which the rate is carried.
drift_years <- function(x, sources, call = rlang::caller_env()) {
  middle <- (sources$years_from + sources$years_to) / 2
  if (anyNA(middle)) {
    abort_input(c("{.fn drift} needs the years of injury of every source.",
      x = "Not known for {.val {sources$source[is.na(middle)]}}.",
      i = "Leave those sources out, or fill in {.field years_from} and {.field years_to}."
    ), call = call)
  }
  last <- max(sources$years_to)
  reference <- drift_to(x, sources)
  if (reference > last && !x$extrapolate) {
    abort_input(c("{.fn drift} would carry the rate past the last observed year.",
      x = "The sources end in {last}; the reference year is {reference}.",
      i = "Say {.code extrapolate = TRUE} to take that on yourself."
    ), call = call)
  }
  middle - reference
}

# The same years, with a slope taken as known.
drift_at <- function(x, per_year) {
  x$per_year <- per_year
  x$sd <- 0
  x
}

drift_slope <- function(x) list(mean = x$per_year, sd = x$sd)

#' @export
format.drift <- function(x, ...) {
  year <- if (is.null(x$reference_year)) "the last year of the sources" else format(x$reference_year)
  paste0(
    format(x$per_year), " log odds per year", if (x$sd > 0) paste0(" (SD ", format(x$sd), ")"), ", carried to ", year,
    if (x$extrapolate) " (past the observed years where later)"
  )
}

#' @export
print.drift <- function(x, ...) {
  writeLines(wrap_lines(paste0("Drift: ", format(x))))
  invisible(x)
}
