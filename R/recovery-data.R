# Repeated scores of several subjects, with the roles of the columns.

#' Repeated motor scores
#'
#' Says which column of a data frame is the subject, which the time since injury
#' and which the score, and checks what a model of recovery takes for granted: each
#' subject has one score \eqn{y_{ij}} at each time \eqn{t_{ij}}, times increase within a
#' subject, and scores lie on their scale. It estimates nothing. Every column
#' keeps its own name; the roles are attributes.
#'
#' For a scale on which lower is better the sign of the score column is turned
#' here, once, so that a gain is positive; the print says so. Limits that a family of [fit_recovery()] is given are then
#' turned too, as in `censored(-132, 0)` for a scale of 0 to 132.
#'
#' Scored exams ([score_isncsci()]) are taken directly: `score = uems`. A score that is not
#' determinable is `NA`, stays in the data and is counted; its bounds are in `uems_min`
#' and `uems_max`.
#'
#' Long tables as CDISC ADaM has them (BDS: a row per subject, parameter and visit) are read by naming their columns:
#' `subject = USUBJID`, `score = AVAL` after the rows of one parameter (`PARAMCD`) are selected, and as `time` a column
#' of weeks since injury. `ADY` usually counts days from the start of treatment, with no day 0: the weeks from injury to
#' treatment are added (example). Columns with labels, as haven and Hmisc read them, are taken as what they hold.
#'
#' @param df (data frame) one row per visit.
#' @param subject,time,score columns, bare or as a string; `time` in weeks since injury,
#'   `score` in points of the scale.
#' @param scale (string or [motor_scale()]) the scale of the score.
#' @param treated_at column with the weeks from injury to treatment, the same in
#'   all rows of a subject, `NA` for the untreated; `NULL` if nobody was treated.
#' @param match (named list) what natural evidence must match, as in [trial_arm()]: any of `level`,
#'   `baseline_grade`, `baseline_days`, `followup_weeks`, `years`.
#'
#' @return A `recovery_data`: the data frame with attributes. `summary()` and `tidy()` have one row per
#'   subject: visits, scores that are `NA`, first and last time, first and last score.
#' @section Conditions: `cordgain_invalid_input` for columns that are absent, text or factors where
#'   numbers belong, a subject that is not known or empty, scores outside the scale, times that are negative, doubled or
#'   not in order. Warnings: `cordgain_no_scores` where no score is known, `cordgain_no_visit_after` where a subject
#'   has no visit after its treatment.
#' @references
#' CDISC (2019). Analysis Data Model Implementation Guide, version 1.2: the basic data structure (BDS).
#'
#' Laird NM, Ware JH (1982). Random-effects models for longitudinal data. Biometrics
#' 38:963-974: the layout of one row per subject and visit.
#' @seealso [score_isncsci()] before, [fit_recovery()] after.
#' @examples
#' scored <- score_isncsci(isncsci_simulated)
#' visits <- recovery_data(scored, subject = subject, time = week, score = uems, scale = "uems")
#' visits
#'
#' # a simulated ADaM BDS table: two parameters, days from the start of treatment, which was
#' # 24 days after injury
#' adqs <- data.frame(
#'   USUBJID = rep(c("S-01", "S-02"), each = 6), PARAMCD = rep(rep(c("UEMS", "LEMS"), each = 3), 2),
#'   AVISITN = rep(c(0, 26, 52), 4), ADY = rep(c(-1, 182, 364), 4), ABLFL = rep(c("Y", "", ""), 4),
#'   AVAL = c(14, 20, 25, 0, 0, 2, 9, 11, 12, 0, 0, 0)
#' )
#' uems <- subset(adqs, PARAMCD == "UEMS") # one parameter
#' uems$treated <- 24 / 7
#' uems$week <- uems$treated + (uems$ADY - (uems$ADY > 0)) / 7 # ADY 1 is the day of treatment
#' recovery_data(uems, subject = USUBJID, time = week, score = AVAL, scale = "uems",
#'   treated_at = treated)
#' @export
recovery_data <- function(df, subject, time, score, scale, treated_at = NULL, match = list()) {
  call <- rlang::current_env()
  if (!is.data.frame(df)) {
    abort_input(c("{.arg df} must be a data frame.", x = "It is {.obj_type_friendly {df}}."))
  }
  check_unique_columns(names(df), call)
  if (missing(subject) || missing(time) || missing(score) || missing(scale)) {
    abort_input(c("{.arg subject}, {.arg time}, {.arg score} and {.arg scale} have no default."))
  }
  roles <- list(
    subject = role_column(rlang::enquo(subject), df, "subject", call),
    time = role_column(rlang::enquo(time), df, "time", call),
    score = role_column(rlang::enquo(score), df, "score", call),
    treated_at = role_column(rlang::enquo(treated_at), df, "treated_at", call)
  )
  check_roles(roles, call)
  scale <- as_motor_scale(scale, call)
  df <- as.data.frame(df)
  df[unlist(roles)] <- lapply(df[unlist(roles)], without_labels)
  data <- validate_recovery_data(new_recovery_data(df, roles, scale, match), call)
  turn_scores(data)
}

# Columns as haven and Hmisc read them are plain values with labels; a date or a factor with a label stays what it is,
# and so does a column that says which of its numbers mean missing (haven_labelled_spss).
without_labels <- function(x) {
  labels <- c("labelled", "haven_labelled", "vctrs_vctr", "numeric", "double", "integer", "character")
  if (is.object(x) && all(class(x) %in% labels)) attributes(x) <- NULL
  x
}

# @param turned have the scores been turned so that higher is better?
new_recovery_data <- function(df, roles, scale, match, turned = FALSE) {
  structure(df, class = c("recovery_data", "data.frame"), roles = roles, scale = scale, match = match, turned = turned)
}

# The column a person named, bare or as a string; NULL if none.
role_column <- function(quo, df, arg, call) {
  expr <- rlang::quo_get_expr(quo)
  if (is.null(expr)) {
    return(NULL)
  }
  name <- if (is.symbol(expr)) as.character(expr) else expr
  if (!is.character(name) || length(name) != 1L || is.na(name)) {
    abort_input(c("{.arg {arg}} must name one column, bare or as a string.",
      x = "It is {.code {rlang::as_label(expr)}}.",
      i = if (is.call(expr)) "Make the column first, as in {.code df$new <- {rlang::as_label(expr)}}, and name it."
    ), call = call)
  }
  # A variable of the caller that holds the name of a column.
  if (is.symbol(expr) && !name %in% names(df)) {
    held <- tryCatch(rlang::eval_tidy(quo), error = \(e) NULL)
    if (is.character(held) && length(held) == 1L && held %in% names(df)) name <- held
  }
  if (!name %in% names(df)) {
    abort_input(c("{.arg df} has no column {.field {name}} for {.arg {arg}}.",
      i = "Columns: {.field {names(df)}}."), call = call)
  }
  name
}

check_roles <- function(roles, call) {
  twice <- unlist(roles)[duplicated(unlist(roles))]
  if (length(twice) > 0L) {
    abort_input(c("A column can have one role only.", x = "{.field {twice}} has two."), call = call)
  }
}

validate_recovery_data <- function(x, call = rlang::caller_env()) {
  if (nrow(x) == 0L) {
    abort_input(c("{.arg df} has no rows.", i = "Was it filtered on a value that does not occur?"), call = call)
  }
  check_visit_subjects(x, call)
  check_visit_times(x, call)
  check_visit_scores(x, call)
  check_visit_treatment(x, call)
  warn_of_visits(x)
  check_match_list(attr(x, "match"), score_match_names, call = call)
  x
}

role <- function(x, what) {
  name <- attr(x, "roles")[[what]]
  if (is.null(name)) NULL else x[[name]]
}

check_visit_subjects <- function(x, call) {
  subject <- role(x, "subject")
  none <- which(if (is.list(subject)) is.na(subject) else is.na(subject) | !nzchar(trimws(as.character(subject))))
  if (is.list(subject) || length(none) > 0L) {
    abort_input(c("Each row must say whose visit it is.",
      x = "{cli::qty(length(none))}Row{?s} {as.character(none)} {?does/do} not."), call = call)
  }
}

check_numeric_role <- function(x, what, call) {
  value <- role(x, what)
  if (is.logical(value) && all(is.na(value))) value <- as.double(value)
  if (!is.numeric(value) || is.object(value) && !inherits(value, "integer64")) {
    abort_input(c("{.field {attr(x, 'roles')[[what]]}} ({what}) must be numeric.",
      x = "It is {.obj_type_friendly {value}}.",
        i = "Text and factors are not converted: convert them where you can see the result."
    ), call = call)
  }
  bad <- which(is.nan(value) | is.infinite(value))
  if (length(bad) > 0L) {
    abort_input(c("{.field {attr(x, 'roles')[[what]]}} ({what}) is not finite in {cli::qty(length(bad))}row{?s}
      {bad}."), call = call)
  }
  value
}

check_visit_times <- function(x, call) {
  time <- check_numeric_role(x, "time", call)
  bad <- which(is.na(time) | time < 0)
  if (length(bad) > 0L) {
    abort_input(c("Every visit needs a time of at least 0: weeks since injury.",
      x = "{cli::qty(length(bad))}Row{?s} {as.character(bad)} {?has/have} {as.character(time[bad])}.",
      i = "Times counted from treatment need the day of injury: add the weeks from injury to treatment."
    ), call = call)
  }
  subject <- as.character(role(x, "subject"))
  check_one_visit(x, time, subject, call)
  last <- stats::ave(time, subject, FUN = \(t) c(-Inf, t[-length(t)]))
  bad <- which(time <= last)
  if (length(bad) > 0L) {
    abort_input(c("Times must increase within a subject.",
      x = "Row {bad[1]}: subject {subject[bad[1]]} at {time[bad[1]]} after {last[bad[1]]}.",
      i = "Sort the rows where you can see the result."
    ), call = call)
  }
}

# One row for a subject and a time. Where two are of different parameters of a long table it is not the visit that is
# doubled.
check_one_visit <- function(x, time, subject, call) {
  visit <- data.frame(subject, time)
  second <- which(duplicated(visit))
  if (length(second) > 0L) {
    same <- which(subject == subject[second[1L]] & time == time[second[1L]])
    parameter <- unique(as.character(x[["PARAMCD"]][same]))
    abort_input(c("A subject has one score at each time.",
      x = "Rows {same}: subject {subject[same[1]]} at {time[same[1]]} a second time.",
      i = if (length(parameter) > 1L) {
        "They are of the parameters {.val {parameter}}: select one, as in
          {.code subset(df, PARAMCD == \"{parameter[1]}\")}."
      } else {
        "Keep one score for each visit. In a long table a row of another parameter ({.field PARAMCD}) may stand there:
          select one parameter."
      }
    ), call = call)
  }
}

check_visit_scores <- function(x, call) {
  score <- check_numeric_role(x, "score", call)
  range <- scale_range(attr(x, "scale"))
  bad <- which(score < range[1L] | score > range[2L])
  if (length(bad) > 0L) {
    abort_input(c("Scores must lie on their scale, {range[1]} to {range[2]}.",
      x = "{cli::qty(length(bad))}Row{?s} {bad}: {.val {score[bad]}}.", i = "Is {.arg scale} right?"
    ), call = call)
  }
}

check_visit_treatment <- function(x, call) {
  if (is.null(role(x, "treated_at"))) {
    return(invisible(x))
  }
  at <- check_numeric_role(x, "treated_at", call)
  subject <- as.character(role(x, "subject"))
  differs <- vapply(split(at, subject), \(a) length(unique(a)) > 1L, NA)
  if (any(differs)) {
    abort_input(c("The time of treatment must be the same in all rows of a subject.",
      x = "It is not for {.val {names(differs)[differs]}}.",
      i = "Weeks from injury to treatment: one number per patient, NA in all rows of the untreated."
    ), call = call)
  }
  if (any(at < 0, na.rm = TRUE)) {
    early <- unique(subject[which(at < 0)])
    abort_input(c("The time of treatment is counted in weeks since injury and cannot be negative.",
      x = "It is for {.val {early}}.",
      i = "Count from the day of injury, as the visits are."
    ), call = call)
  }
}

# What can be read but says nothing of recovery, or of the treatment.
warn_of_visits <- function(x) {
  if (all(is.na(role(x, "score")))) {
    cli::cli_warn(c("No score is known.", x = "All {nrow(x)} {cli::qty(nrow(x))}score{?s} {?is/are} NA.",
      i = "Is {.field {attr(x, 'roles')$score}} the column of the scores?"), class = "cordgain_no_scores")
  }
  if (!is.null(role(x, "treated_at"))) {
    subject <- as.character(role(x, "subject"))
    after <- unique(subject[which(stats::ave(role(x, "time"), subject, FUN = max) <= role(x, "treated_at"))])
    if (length(after) > 0L) {
      cli::cli_warn(c("A subject has no visit after its treatment.", x = "{first_few(after)}.",
        i = "Is {.field {attr(x, 'roles')$treated_at}} in weeks since injury, as the visits are?"
      ), class = "cordgain_no_visit_after")
    }
  }
}

# Higher is better from here on.
turn_scores <- function(x) {
  if (scale_sign(attr(x, "scale")) < 0) {
    x[[attr(x, "roles")$score]] <- -role(x, "score")
    attr(x, "turned") <- TRUE
  }
  x
}

# Some of the rows, and the columns that have a role.
recovery_rows <- function(x, rows) {
  df <- as.data.frame(x)[rows, unlist(recovery_roles(x), use.names = FALSE), drop = FALSE]
  new_recovery_data(df, recovery_roles(x), recovery_scale(x), recovery_match(x), attr(x, "turned"))
}

# The same visits with another time of treatment: one number, or one in each row.
treated_from <- function(x, at, call) {
  roles <- recovery_roles(x)
  column <- if (is.null(roles$treated_at)) make.unique(c(names(x), "treated_at"))[length(x) + 1L] else roles$treated_at
  df <- as.data.frame(x)
  df[[column]] <- at
  roles$treated_at <- column
  made <- new_recovery_data(df, roles, recovery_scale(x), recovery_match(x), attr(x, "turned"))
  check_visit_treatment(made, call)
  made
}

# What other files ask of recovery data, in place of its attributes.
recovery_roles <- function(x) attr(x, "roles")
recovery_scale <- function(x) attr(x, "scale")
recovery_match <- function(x) attr(x, "match")

# Methods ------------------------------------------------------------------------

#' @export
summary.recovery_data <- function(object, ...) {
  subject <- factor(as.character(role(object, "subject")), unique(as.character(role(object, "subject"))))
  time <- role(object, "time")
  score <- as.double(role(object, "score"))
  each <- \(x, f) unname(vapply(split(x, subject), f, 0))
  data.frame(
    subject = levels(subject), visits = each(time, length), not_known = each(score, \(s) sum(is.na(s))),
    first_time = each(time, min), last_time = each(time, max),
    first_score = each(score, \(s) s[1L]), last_score = each(score, \(s) s[length(s)])
  )
}

#' @export
tidy.recovery_data <- function(x, ...) summary.recovery_data(x)

#' @export
print.recovery_data <- function(x, ...) {
  roles <- recovery_roles(x)
  score <- role(x, "score")
  cat("<recovery_data> ", length(unique(role(x, "subject"))), " subjects, ", nrow(x), " visits\n", sep = "")
  cat("Score: ", roles$score, ", ", format(recovery_scale(x)), "\n", sep = "")
  if (isTRUE(attr(x, "turned"))) cat("The sign of the score is turned, so that a gain is positive.\n")
  cat("Time: ", roles$time, ", ", format(min(role(x, "time"))), " to ", format(max(role(x, "time"))),
    " ", weeks_words(recovery_scale(x)), "\n", sep = "")
  if (!is.null(roles$treated_at)) cat("Treated: ", sum(!is.na(summary_treated(x))), " subjects (", roles$treated_at,
    ")\n", sep = "")
  unknown <- sum(is.na(score))
  if (unknown > 0L) cat("Not known: ", unknown, if (unknown == 1L) " score" else " scores", ", kept as NA\n", sep = "")
  invisible(x)
}

summary_treated <- function(x) {
  role(x, "treated_at")[!duplicated(as.character(role(x, "subject")))]
}

#' @export
plot.recovery_data <- function(x, ...) {
  check_picture(names(formals(plot.recovery_data)), ...)
  drawn <- data.frame(subject = as.character(role(x, "subject")), time = role(x, "time"), score = role(x, "score"))
  drawn <- drawn[!is.na(drawn$score), ]
  scale <- recovery_scale(x)
  ggplot2::ggplot(drawn, ggplot2::aes(x = .data$time, y = .data$score, group = .data$subject)) +
    ggplot2::geom_line(colour = plot_ink[["mid"]]) +
    ggplot2::geom_point(size = 1.6, colour = plot_ink[["dark"]]) +
    line_names(last_points(drawn), drawn$score) +
    ggplot2::scale_x_continuous(expand = ggplot2::expansion(mult = c(0.05, 0.03 + 0.022 * longest_name(drawn)))) +
    known_score_axis(scale) +
    ggplot2::labs(x = weeks_axis(scale), y = scale_axis(scale), title = visits_title(drawn, scale),
      caption = caption_words("What ", natural_words(scale), " alone gives is not taken off.",
        known_score_words(scale))) +
    plot_theme()
}

last_points <- function(drawn) {
  drawn <- drawn[order(drawn$time), ]
  last <- drawn[!duplicated(drawn$subject, fromLast = TRUE), ]
  data.frame(name = last$subject, x = last$time, y = last$score)
}

longest_name <- function(drawn) min(20, max(0, nchar(drawn$subject)))

visits_title <- function(drawn, scale = NULL) {
  if (nrow(drawn) == 0L) {
    return("No score is known")
  }
  drawn <- drawn[order(drawn$time), ]
  first <- drawn$score[!duplicated(drawn$subject)]
  last <- drawn$score[!duplicated(drawn$subject, fromLast = TRUE)]
  patients <- if (length(first) == 1L) "1 patient: from " else paste0(length(first), " patients: from a median of ")
  middle <- \(score) format(known_score(stats::median(score), scale))
  plot_words(patients, middle(first), " at the first exam to ", middle(last), " at the last")
}
