# Change of a score from baseline to follow-up, patient by patient.

#' Change of a motor score
#'
#' Describes what was observed in a few treated patients: a score before and a score
#' after. The change of patient \eqn{i} is \eqn{y_i = final_i - baseline_i} points. It
#' estimates nothing: [excess()] sets it against [natural_change()].
#'
#' A change lives on \eqn{[-baseline_i, max - baseline_i]} (for a scale that begins at 0):
#' who starts high cannot gain much. Where lower is better the sign of change is turned
#' here, once, so that a gain is positive, and the print says so.
#'
#' A final score that is not known is `NA`. It is counted and kept, and the answer of the
#' group becomes a pair of bounds (the patient's smallest and largest possible change).
#'
#' @param baseline,final (numeric, points of the scale, one per patient) scores at the
#'   baseline exam and at follow-up. `final` may hold `NA`; `baseline` may not.
#' @param scale (string or [motor_scale()]) the scale of both.
#' @param subject (character or whole numbers, one per patient) names of the patients;
#'   `NULL` numbers them. Nothing by which a person could be found.
#' @param match (named list) what natural evidence must match, as in [trial_arm()]: `level`
#'   and `baseline_grade` (one for all, or one per patient), `baseline_days`,
#'   `followup_weeks` (weeks **from injury**), `years`. What is left out is not known, and
#'   counts as a difference from every source.
#' @param role (string) `"treated"`, or `"control"` for patients without the treatment: [borrow()] takes no other.
#'
#' @return A `score_change`. `tidy()` has one row per patient (term `change`); where the
#'   final score is not known `estimate` is `NA`, and `conf.low` and `conf.high` are the
#'   smallest and largest change that the scale allows: bounds, not a confidence interval.
#' @section Conditions: `cordgain_invalid_input` for scores outside the scale (that is, a
#'   change outside \eqn{[-baseline, max - baseline]}), text or factors where numbers
#'   belong, a baseline that is not known, and lengths that differ.
#' @references ISNCSCI (2019 revision) for the ranges of UEMS and LEMS.
#' @seealso [natural_change()], [excess()], [recovery_data()] for scores at several visits.
#' @examples
#' # simulated patients
#' score_change(baseline = c(12, 18, 9, 15), final = c(36, 31, 11, 15), scale = "uems",
#'   match = list(level = "cervical", baseline_grade = "A", followup_weeks = 54))
#' @export
score_change <- function(baseline, final, scale, subject = NULL, match = list(), role = c("treated", "control")) {
  check_given(c(baseline = "one score per patient before", final = "one after, NA where it is not known",
    scale = "a name such as \"uems\", or a {.fn motor_scale}"))
  call <- rlang::current_env()
  fields <- list(baseline = baseline, final = final, scale = as_motor_scale(scale, call), subject = subject,
    match = match, role = check_option(role, arm_roles, call = call))
  validate_score_change(new_score_change(fields), call)
}

new_score_change <- function(fields) structure(fields, class = "score_change")

validate_score_change <- function(x, call) {
  range <- scale_range(x$scale)
  on_scale <- paste0("Scores of ", escape_braces(scale_name(x$scale)), " lie there, and so changes between ",
    "-baseline and what is left to gain: correct the score, or {.arg scale}.")
  x$baseline <- check_numeric(x$baseline, "baseline", range[1], range[2], todo = on_scale_or_out(x$baseline, on_scale),
    call = call)
  n <- length(x$baseline)
  if (n == 0L) abort_input(c("{.arg baseline} holds no patient.", i = "Give one score per patient."), call = call)
  x$final <- check_final(x$final, n, range, on_scale, call)
  x$subject <- check_subjects(x$subject, n, call)
  x$match <- check_score_match(x$match, n, call)
  x$change <- scale_sign(x$scale) * (x$final - x$baseline)
  x
}

on_scale_or_out <- function(baseline, on_scale) {
  if (is.numeric(baseline) && anyNA(baseline)) {
    return("A patient without a baseline score has no change: leave the patient out where it can be seen.")
  }
  on_scale
}

# A final score off the scale is the same as a change outside [-baseline, max - baseline].
check_final <- function(final, n, range, on_scale, call) {
  final <- check_known(final, "final", range[1], range[2], todo = on_scale, call = call)
  if (length(final) != n) {
    abort_input(c("{.arg baseline} and {.arg final} must have one score for each patient.",
      x = "{n} baseline scores, {length(final)} final ones.",
      i = "A final score that is not known is NA."
    ), call = call)
  }
  final
}

check_subjects <- function(subject, n, call) {
  if (is.null(subject)) {
    return(as.character(seq_len(n)))
  }
  if (is.numeric(subject)) subject <- as.character(subject)
  subject <- check_text(subject, "subject", call = call)
  if (length(subject) != n || anyNA(subject) || anyDuplicated(subject) > 0L) {
    twice <- unique(subject[duplicated(subject)])
    abort_input(c("{.arg subject} must name each of the {n} patients once.",
      x = if (length(subject) != n) "It has length {length(subject)}." else if (anyNA(subject)) "Some are NA." else
        "More than once: {.val {twice}}.",
      i = "One row, one patient; visits of the same patient belong in {.fn recovery_data}."
    ), call = call)
  }
  subject
}

score_match_names <- c("level", "baseline_grade", "baseline_days", "followup_weeks", "years")

check_score_match <- function(match, n, call) {
  check_match_list(match, score_match_names, call = call)
  text <- \(name) check_one_or_each(match[[name]], n, name, call)
  range_of <- \(name, ...) check_range(if (is.null(match[[name]])) NA else match[[name]], name, ..., call = call)
  grade <- text("baseline_grade")
  bad <- setdiff(grade, c(ais_grades, NA))
  if (length(bad) > 0L) {
    abort_input(c("{.field baseline_grade} must be an AIS grade, A to E, or NA.", x = "It is {.val {bad}}."),
      call = call)
  }
  list(
    level = standard_level(text("level")), baseline_grade = grade, baseline_days = range_of("baseline_days", min = 0),
    followup_weeks = range_of("followup_weeks", min = 0), years = range_of("years", min = 1900, max = 2200,
      whole = TRUE)
  )
}

check_one_or_each <- function(x, n, name, call) {
  x <- check_text(if (is.null(x)) NA else x, name, call = call)
  if (!length(x) %in% c(1L, n)) {
    abort_input(c("{.field {name}} must be one for all, or one for each of the {n} patients.",
      x = "It has length {length(x)}."
    ), call = call)
  }
  rep_len(x, n)
}

# Verbs by which other files look at changes ------------------------------------------

is_score_change <- function(x) inherits(x, "score_change")

change_scores <- function(x) x$change

change_role <- function(x) x$role

change_subjects <- function(x) x$subject

change_motor_scale <- function(x) x$scale

change_levels <- function(x) x$match$level

change_grades <- function(x) x$match$baseline_grade

# Smallest and largest change of each patient, positive is better.
change_room <- function(x) {
  range <- scale_range(x$scale)
  ends <- cbind(range[1] - x$baseline, range[2] - x$baseline)
  if (scale_sign(x$scale) < 0) ends <- -ends[, 2:1, drop = FALSE]
  list(low = ends[, 1], high = ends[, 2])
}

# Are all scores whole points? Then percentiles count half of the observed value.
change_is_whole <- function(x) all(x$baseline == round(x$baseline)) && all(x$final == round(x$final), na.rm = TRUE)

#' @exportS3Method match_terms score_change
match_terms.score_change <- function(x) {
  list(
    endpoint = scale_name(x$scale), grade = unique(x$match$baseline_grade), level = x$match$level,
    baseline_days = x$match$baseline_days, followup_weeks = x$match$followup_weeks, years = x$match$years,
    scores = TRUE
  )
}

# Methods ------------------------------------------------------------------------------

#' @export
tidy.score_change <- function(x, ...) {
  room <- change_room(x)
  known <- !is.na(x$change)
  rows <- term_row("change", x$change, ifelse(known, x$change, room$low), ifelse(known, x$change, room$high),
    num.kind = "exact")
  cbind(rows, subject = x$subject, baseline = x$baseline, final = x$final)
}

#' @export
format.score_change <- function(x, ...) {
  lost <- sum(is.na(x$final))
  known <- \(v) paste(unique(or_unknown(v)), collapse = ", ")
  window <- \(range) if (anyNA(range)) "not known" else paste(unique(range), collapse = " to ")
  c(
    paste0("<score_change> ", length(x$baseline), if (x$role == "control") " control",
      if (length(x$baseline) == 1L) " patient" else " patients", ", ", format(x$scale)),
    turned_words(x$scale),
    paste0("Change: ", paste(ifelse(is.na(x$change), "not known", signed_number(x$change)), collapse = ", "), " ",
      scale_unit(x$scale), if (lost < length(x$final)) paste0("; mean ", signif(mean(x$change, na.rm = TRUE), 4))),
    if (lost > 0L) paste0("Without a final score: ", lost, ", kept; the answer for the group is a pair of bounds."),
    paste0("Patients: AIS ", known(x$match$baseline_grade), "; level ", known(x$match$level), "; injured ",
      window(x$match$years)),
    paste0("Exams: baseline day ", window(x$match$baseline_days), ", follow-up week ",
      window(x$match$followup_weeks), ", from injury"),
    "What natural recovery alone gives among such patients is not taken off: see excess()."
  )
}

#' @export
print.score_change <- function(x, ...) {
  writeLines(strwrap(format(x), width = 100, exdent = 2))
  invisible(x)
}

#' @export
summary.score_change <- function(object, ...) {
  data.frame(
    subject = object$subject, baseline = object$baseline, final = object$final, change = object$change,
    smallest = change_room(object)$low, largest = change_room(object)$high, level = object$match$level,
    baseline_grade = object$match$baseline_grade
  )
}

#' @export
plot.score_change <- function(x, ...) {
  check_picture(names(formals(plot.score_change)), ...)
  points <- data.frame(
    subject = rep(x$subject, 2), time = factor(rep(c("baseline", "follow-up"), each = length(x$subject)),
      levels = c("baseline", "follow-up")), score = c(x$baseline, x$final)
  )
  points <- points[!is.na(points$score), ]
  ggplot2::ggplot(points, ggplot2::aes(x = .data$time, y = .data$score, group = .data$subject)) +
    ggplot2::geom_line(colour = plot_ink[["mid"]]) +
    ggplot2::geom_point(size = 2, colour = plot_ink[["dark"]]) +
    line_names(data.frame(name = x$subject, x = factor("follow-up", levels(points$time)), y = x$final),
      scale_range(x$scale)) +
    ggplot2::scale_y_continuous(limits = scale_range(x$scale)) +
    ggplot2::labs(x = NULL, y = scale_axis(x$scale), title = change_finding(x),
      caption = caption_words("What natural recovery alone gives is not taken off.",
        if (scale_sign(x$scale) < 0) " Lower is better: a line that falls is a gain.")) +
    plot_theme()
}

change_finding <- function(x) {
  known <- x$change[!is.na(x$change)]
  if (length(known) == 0L) {
    return("No final score is known")
  }
  plot_words(sum(known > 0), " of ", length(known), if (anyNA(x$change)) " followed",
    if (scale_sign(x$scale) > 0) " patients gained; the mean change is " else " patients got better; the mean gain is ",
    format(signif(mean(known), 3)), " ", scale_unit(x$scale))
}
