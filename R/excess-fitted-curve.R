# Excess of a fit on treated patients: the scores that were fitted, read again as visits.

#' @rdname excess.recovery_data
#' @export
excess.recovery_fit <- function(x, natural, control = NULL, accept = character(), effect = prior_normal(0, 1),
                                margin = NULL, conf.level = 0.95, rise = NULL, ...) {
  call <- rlang::current_env()
  data <- fitted_courses(x, list(...), call)
  excess(data, natural, control, accept, effect, margin, conf.level, rise = rise)
}

# The scores that were fitted as recovery data: as recovery_data() had them, or by the names of the fit's variables.
fitted_courses <- function(x, extra, call) {
  known <- c("time", "subject", "treated_at", "scale", "match")
  if (!all(names(extra) %in% known)) {
    abort_input(c("There is no argument {.arg {setdiff(names(extra), known)}}.",
      i = "Of a fit there are {.arg {known}} beside those of its data."), call = call)
  }
  check_plain_score(x, "Give {.fn excess} the {.fn recovery_data} of the visits, or fit the score as it is.", call)
  if (!is.null(x$recorded) && all(names(extra) == "treated_at")) {
    return(if (is.null(extra$treated_at)) x$recorded else
      treated_from(x$recorded, treatment_weeks(x, extra$treated_at, call), call))
  }
  absent <- setdiff(c("time", "subject", "treated_at", "scale"), names(extra))
  if (length(absent) > 0L) {
    abort_input(c("Of a fit {.arg {absent}} must be said.",
      i = "Names of its variables, such as {.code time = \"week\"}, and {.arg scale}, the name of the scale;
           {.arg treated_at} may be a number of weeks.",
      i = "A fit of {.fn recovery_data} with {.arg treated_at} needs none of them.",
      i = "The scores are those that were fitted; the covariance comes from the curve."
    ), call = call)
  }
  frame <- fitted_visits(x, extra, call)
  rlang::inject(recovery_data(frame, subject = !!extra$subject, time = !!extra$time, score = !!names(frame)[1],
    scale = extra$scale, treated_at = "(treated at)", match = if (is.null(extra$match)) list() else extra$match))
}

# The fitted visits as they were recorded: the score, which recovery_data() has turned where lower is better, is turned
# back.
fitted_visits <- function(x, extra, call) {
  score <- stats::setNames(list(x$frame[[1L]]), names(x$frame)[1L])
  if (!is.null(x$recorded)) score[[1L]] <- scale_sign(recovery_scale(x$recorded)) * score[[1L]]
  for (what in c("subject", "time")) score[[extra[[what]]]] <- role_variable(x, extra[[what]], what, call)
  score[["(treated at)"]] <- treatment_weeks(x, extra$treated_at, call)
  frame <- data.frame(score, check.names = FALSE)
  frame[order(frame[[extra$subject]], frame[[extra$time]]), ]
}

# A variable of the fit, by itself in the formula or inside a call.
role_variable <- function(x, name, what, call) {
  values <- fit_variable(x, check_string(name, what, call = call))
  if (is.null(values)) {
    abort_input(c("The fit has no variable {.val {name}}.", x = "Its formula is {.code {deparse1(x$formula)}}.",
      i = "{.arg {what}} is the name of the variable that holds {if (what == 'time') 'the weeks since injury' else
           'the patient'}."
    ), call = call)
  }
  values
}

# Weeks from injury to treatment: a number for all, or a variable of the fit.
treatment_weeks <- function(x, at, call) {
  if (is.numeric(at)) {
    return(check_number(at, "treated_at", min = 0, call = call))
  }
  weeks <- fit_variable(x, check_string(at, "treated_at", call = call))
  if (is.null(weeks)) {
    abort_input(c("The fit has no variable {.val {at}}.", x = "Its formula is {.code {deparse1(x$formula)}}.",
      i = "Give the weeks as a number, or fit {.fn recovery_data} of the visits, with its {.arg treated_at}."),
      call = call)
  }
  weeks
}
