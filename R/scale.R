# Motor scales: the range a score can take and which way is better.

#' A motor scale
#'
#' A motor scale says which scores are possible and whether a higher or a lower
#' score is better. Excess is positive when better: for a scale with
#' `direction = "lower"` the sign of change is turned once, where the scores are
#' read, and never again.
#'
#' | scale | range | better | where the range comes from |
#' |---|---|---|---|
#' | `uems` | 0 to 50 | higher | five key muscles of each arm, each graded 0 to 5 (ISNCSCI) |
#' | `lems` | 0 to 50 | higher | five key muscles of each leg, each graded 0 to 5 (ISNCSCI) |
#' | `isncsci_motor` | 0 to 100 | higher | `uems` plus `lems`; the worksheet reports the two apart |
#' | `ais` | 1 to 5 | higher | grades A to E, counted 1 to 5: ordered, with no equal steps |
#' | `fma_ue` | 0 to 66 | higher | Fugl-Meyer assessment, upper extremity (range as in Kundert 2019) |
#' | `alsfrs_r` | 0 to 48 | higher | twelve items, each graded 0 to 4 |
#' | `mds_updrs_iii` | 0 to 132 | lower | thirty-three ratings, each graded 0 to 4 (MDS-UPDRS part III) |
#'
#' @param scale (string) the name of a scale of the table; leave it out to make
#'   your own from the other arguments.
#' @param min,max (number, points) the worst and best possible score, or the
#'   other way round where lower is better; `min` is always the smaller.
#' @param direction (string) `"higher"` or `"lower"`: which score is better.
#' @param name (string) what the scale is called in prints and plots.
#' @param unit (string) the unit of one step; `"points"` unless said otherwise.
#' @param ... nothing: an argument that does not exist is refused by name.
#'
#' @return A `motor_scale`.
#' @section Conditions: `cordgain_invalid_input` for a name that is not in the
#'   table (the message lists the names), a range without length, or a direction
#'   other than the two.
#' @references
#' Kundert and others (2019), \doi{10.1177/1545968319872996} (range of `fma_ue`).
#'
#' Goetz CG and others (2008), Movement Disorders 23:2129-2170 (MDS-UPDRS).
#' @seealso [trial_arm()]
#' @examples
#' motor_scale("uems")
#' motor_scale(min = 0, max = 28, direction = "lower", name = "finger taps missed")
#' tidy(motor_scale("mds_updrs_iii"))
#' @export
motor_scale <- function(scale, min, max, direction, name, unit = "points", ...) {
  check_no_more(names(formals(motor_scale)), ...)
  own <- c(min = !missing(min), max = !missing(max), direction = !missing(direction), name = !missing(name))
  if (!missing(scale)) {
    if (any(own)) {
      abort_input(c("Give either the name of a scale, or {.arg min}, {.arg max}, {.arg direction} and {.arg name}.",
        x = "Both were given."
      ))
    }
    return(named_scale(scale, rlang::current_env()))
  }
  if (!all(own)) {
    abort_input(c("A scale of your own needs {.arg min}, {.arg max}, {.arg direction} and {.arg name}.",
      x = "Not given: {.arg {names(own)[!own]}}.",
      i = "Scales with a name: {.val {names(scale_table)}}."
    ))
  }
  validate_motor_scale(new_motor_scale(min, max, direction, name, unit))
}

new_motor_scale <- function(min, max, direction, name, unit) {
  structure(list(min = min, max = max, direction = direction, name = name, unit = unit), class = "motor_scale")
}

validate_motor_scale <- function(x, call = rlang::caller_env()) {
  x$min <- check_number(x$min, "min", call = call)
  x$max <- check_number(x$max, "max", call = call)
  x$direction <- check_choice(x$direction, c("higher", "lower"), "direction", call = call)
  x$name <- check_string(x$name, "name", call = call)
  x$unit <- check_string(x$unit, "unit", call = call)
  if (x$min >= x$max) {
    abort_input(c("{.arg min} must be below {.arg max}.",
      x = "They are {x$min} and {x$max}.",
      i = "Where a lower score is better, say so with {.code direction = \"lower\"}."
    ), call = call)
  }
  x
}

# Ranges: see the table in the help page.
scale_table <- list(
  uems = list(0, 50, "higher", "upper extremity motor score (UEMS)", "points"),
  lems = list(0, 50, "higher", "lower extremity motor score (LEMS)", "points"),
  isncsci_motor = list(0, 100, "higher", "ISNCSCI total motor score", "points"),
  ais = list(1, 5, "higher", "ASIA impairment scale (A to E as 1 to 5)", "grades"),
  fma_ue = list(0, 66, "higher", "Fugl-Meyer assessment, upper extremity", "points"),
  alsfrs_r = list(0, 48, "higher", "ALS functional rating scale, revised", "points"),
  mds_updrs_iii = list(0, 132, "lower", "MDS-UPDRS part III", "points")
)

named_scale <- function(scale, call) {
  scale <- check_choice(scale, names(scale_table), "scale", call = call)
  do.call(new_motor_scale, unname(scale_table[[scale]]))
}

# A scale given as an object or by its name: how other files take the argument.
as_motor_scale <- function(x, call = rlang::caller_env()) {
  if (inherits(x, "motor_scale")) x else named_scale(x, call)
}

scale_range <- function(x) c(x$min, x$max)
scale_direction <- function(x) x$direction
scale_name <- function(x) x$name
scale_unit <- function(x) x$unit

# The name of a vertical axis: what is on it, of which scale, in its unit.
scale_axis <- function(x, what = "") {
  name <- paste0(what, scale_name(x))
  axis_words(toupper(substr(name, 1, 1)), substring(name, 2), ", ", scale_unit(x))
}

# What turns a change into "positive is better".
scale_sign <- function(x) if (scale_direction(x) == "higher") 1 else -1

# The same where the scale may not be known: nothing was turned then.
mean_sign <- function(scale) if (is.null(scale)) 1 else scale_sign(scale)

# A score, of those whose sign was turned so, as clinicians know it.
known_score <- function(score, scale) mean_sign(scale) * score

# The vertical axis of such scores: better is up, and the numbers are those that clinicians know.
known_score_axis <- function(scale) {
  if (mean_sign(scale) > 0) {
    return(NULL)
  }
  ggplot2::scale_y_continuous(labels = \(y) ifelse(is.na(y), NA, format(-y, trim = TRUE, drop0trailing = TRUE)))
}

# Said beside that axis.
known_score_words <- function(scale) {
  if (mean_sign(scale) < 0) " Lower is better: the axis is turned, better is up."
}

# Said of gains wherever they are shown; nothing where no sign was turned.
turned_words <- function(scale, what = "change") {
  if (mean_sign(scale) < 0) paste0("The sign of ", what, " is turned, so that a gain is positive.")
}

# Said beside a picture of gains.
gain_words <- function(scale, what = "change") {
  if (mean_sign(scale) < 0) paste(" Lower is better.", turned_words(scale, what))
}

# The horizontal axis of changes: gains, where their sign was turned.
# @param words (two strings) the change, and the gain; what: of what
change_axis <- function(scale, what, words = c("Change", "Gain")) {
  turned <- mean_sign(scale) < 0
  unit <- if (is.null(scale)) "points" else scale_unit(scale)
  paste0(words[1 + turned], what, " (", unit, if (turned) "; better is right", ")")
}

# Courses of spinal scales begin with an injury and are recoveries; those of other scales need be neither. Where no
# scale is known the words are those of the package's own field.
is_spinal <- function(scale) {
  is.null(scale) || scale_name(scale) %in% vapply(scale_table[c("uems", "lems", "isncsci_motor", "ais")], `[[`, "", 4L)
}

weeks_words <- function(scale) if (is_spinal(scale)) "weeks since injury" else "weeks"

weeks_axis <- function(scale) if (is_spinal(scale)) "Weeks since injury" else "Weeks"

natural_words <- function(scale) if (is_spinal(scale)) "natural recovery" else "the natural course"

# The range of scores whose sign was turned so.
turned_range <- function(x) sort(scale_sign(x) * scale_range(x))

#' @export
format.motor_scale <- function(x, ...) {
  paste0(x$name, ": ", format(x$min), " to ", format(x$max), " ", x$unit, ", ", x$direction, " is better")
}

#' @export
print.motor_scale <- function(x, ...) {
  turned <- if (x$direction == "lower") "The sign of change is turned once, so that a gain is positive."
  writeLines(wrap_lines(c(paste0("<motor_scale> ", format(x)), turned)))
  invisible(x)
}

#' @export
summary.motor_scale <- function(object, ...) {
  tidy(object)
}

#' @export
tidy.motor_scale <- function(x, ...) {
  data.frame(term = "scale", name = x$name, min = x$min, max = x$max, direction = x$direction, unit = x$unit)
}
