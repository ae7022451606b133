# A natural course from a model of untreated records: what of a fit can be one, and what it says of itself.

#' @rdname natural_curve
#' @export
natural_curve.recovery_fit <- function(x, time = "week", subject = "subject", at = NULL, between_sd = 0, scale = NULL,
                                       match = NULL, proportional = FALSE, ...) {
  check_no_more(names(formals(natural_curve.recovery_fit)), ...)
  call <- rlang::current_env()
  refuse_proportional(proportional, call)
  check_course_fit(x, call)
  check_plain_score(x, "A curve of gains has no other unit than the score's: fit the score as it is.", call)
  weeks <- fit_weeks(x, check_string(time), call)
  refuse_visit_covariance(x, call)
  check_own_effects(x, check_string(subject), call)
  check_other_values(x, at, time, call)
  check_values_known(x, at, time, call)
  scale <- fitted_scale(x, scale, call)
  sources <- declared_means(fitted_match(x, match), "fit of untreated records", scale, call)
  sources$followup_weeks <- ifelse(is.na(sources$followup_weeks), max(weeks), sources$followup_weeks)
  curve <- new_natural_recovery(list(kind = "fit", fit = x, time = time, subject = subject, at = at, weeks = weeks,
    sign = if (is.null(x$recorded)) mean_sign(scale) else 1, subjects = length(unique(fit_variable(x, subject))),
    parts = fit_courses(x), sources = sources,
    settings = list(between_sd = check_number(between_sd, min = 0), scale = scale)), "natural_curve")
  check_course_rows(curve, call)
  check_spread_basis(curve, call)
}

# The scale of a fit: that of its recovery_data(), whose scores are turned already, or the one that a person gives of
# plain scores.
fitted_scale <- function(fit, scale, call) {
  if (!is.null(scale)) scale <- as_motor_scale(scale, call)
  if (is.null(fit$recorded)) {
    if (mean_sign(scale) < 0) check_fitted_scores(fit, scale, call)
    return(scale)
  }
  own <- recovery_scale(fit$recorded)
  if (!is.null(scale) && scale_name(scale) != scale_name(own)) {
    abort_input(c("{.arg scale} is not the scale of the fitted records.",
      x = "The records are of {.val {scale_name(own)}}; {.arg scale} is {.val {scale_name(scale)}}.",
      i = "Leave {.arg scale} out."), call = call)
  }
  own
}

# Scores that a person has turned himself would be turned back.
check_fitted_scores <- function(fit, scale, call) {
  score <- stats::model.response(fit$frame)
  range <- scale_range(scale)
  off <- sum(score < range[1] | score > range[2])
  if (off > 0L) {
    abort_input(c("The fitted scores must lie on their scale, {range[1]} to {range[2]}.",
      x = "{off} of {length(score)} {?lies/lie} off {scale_name(scale)}, from {min(score)} to {max(score)}.",
      i = "Fit the scores as they were given, or {.fn recovery_data}, which knows its scale: where lower is better the
           sign is turned here."
    ), call = call)
  }
}

# What the records say of their population, and what a person says: his word goes first. Patients of several levels or
# grades are of none.
fitted_match <- function(fit, match) {
  own <- if (!is.null(fit$recorded)) lapply(recovery_match(fit$recorded), unique)
  one <- lengths(own) == 1L | names(own) %in% c("baseline_days", "years")
  own <- own[one & !names(own) %in% c(names(match), "followup_weeks")]
  if (length(own) == 0L) match else c(match, own)
}

# Normal scores alone: a curve of gains in points has no other.
check_course_fit <- function(fit, call) {
  if (!inherits(fit, c("recovery_fit_reml", "recovery_fit_bayes"))) {
    abort_input(c("A natural course comes from a fit of normal scores by REML, ML or Bayes.",
      x = "The family is {.val {stats::family(fit)$family}}.",
      i = "Fit the scores as {.fn gaussian} ones, or compare changes to one visit by {.fn natural_change}."
    ), call = call)
  }
}

# Roots and logarithms of scores are no points.
check_plain_score <- function(fit, todo, call) {
  if (!is.name(fit$formula[[2L]])) {
    abort_input(c("The fitted score must be a score in points.",
      x = "The left side of the formula is {.code {deparse1(fit$formula[[2L]])}}.", i = todo), call = call)
  }
}

# The weeks of the fitted visits, each once.
fit_weeks <- function(fit, time, call) {
  weeks <- fit_variable(fit, time)
  if (is.null(weeks)) {
    abort_input(c("The fit has no variable {.val {time}} of weeks since injury.",
      x = "Its formula is {.code {deparse1(fit$formula)}}.",
      i = "Name the variable of time in the formula, by itself or inside a call, as {.arg time}."
    ), call = call)
  }
  if (!is.numeric(weeks)) {
    abort_input(c("{.val {time}} must be a number, weeks since injury.", x = "It is {.obj_type_friendly {weeks}}.",
      i = "Fit the records again with the weeks as numbers; {.code factor()} of them may stand in the formula."
    ), call = call)
  }
  sort(unique(weeks))
}

# Before effects of the patient are asked for, which would not help beside such a covariance.
refuse_visit_covariance <- function(fit, call) {
  if (length(fit$design$residual) > 0L) {
    abort_input(c("A fit with a residual covariance over visits has no covariance at other weeks.",
      x = "The formula is {.code {deparse1(fit$formula)}}.",
      i = "Put random effects of the patient in the place of {.code {deparse1(residual_words(fit))}}, such as
        {.code (week | subject)}."
    ), call = call)
  }
}

# The term of the formula that is the residual covariance.
residual_words <- function(fit) {
  terms <- lapply(additive_terms(rlang::f_rhs(fit$formula)), \(term) unwrap(term$expr))
  Filter(\(term) term_kind(term) == "residual", terms)[[1L]]
}

# Without effects of the patient all that varies between patients would be taken for noise of one visit.
check_own_effects <- function(fit, subject, call) {
  own <- vapply(fit$design$random, is_own_term, NA, x = list(subject = subject))
  if (!any(own)) {
    abort_input(c("The fit has no random effects of a variable {.val {subject}}, the patient.",
      x = "Its formula is {.code {deparse1(fit$formula)}}.",
      i = "Name the patient's variable as {.arg subject}; a fit without one takes {.code (1 | {subject})} first."
    ), call = call)
  }
}

# Values of the model's other variables: one row, and no name that the model does not have.
check_other_values <- function(fit, at, time, call) {
  if (is.null(at)) {
    return(invisible())
  }
  if (!is.data.frame(at) || nrow(at) != 1L) {
    abort_input(c("{.arg at} must be a data frame of one row.",
      x = "It is {.obj_type_friendly {at}}{if (is.data.frame(at)) paste0(' of ', nrow(at), ' rows')}.",
      i = "It holds the values of the model's variables other than {.val {time}}."), call = call)
  }
  known <- union(all.vars(fit$formula[[3L]]), all.vars(fit$call$offset))
  unknown <- setdiff(names(at), known)
  if (length(unknown) > 0L) {
    abort_input(c("The fit has no variable {.val {unknown}}.", x = "Its formula is {.code {deparse1(fit$formula)}}.",
      i = "{.arg at} may hold {.val {known}}."), call = call)
  }
}

# Every variable of the mean but the time has a value: from `at`, or a constant of the formula's surroundings that is no
# variable of the records.
check_values_known <- function(fit, at, time, call) {
  env <- environment(fit$formula)
  constant <- \(name) {
    is.null(fit_variable(fit, name)) && exists(name, envir = env) &&
      (is.function(get(name, envir = env)) || length(get(name, envir = env)) == 1L)
  }
  needed <- unique(c(all.vars(stats::delete.response(fit$design$fixed_terms)), all.vars(fit$call$offset),
    unlist(lapply(fit$design$random, \(block) all.vars(block$terms)))))
  absent <- Filter(\(name) !constant(name), setdiff(needed, c(time, names(at))))
  if (length(absent) > 0L) {
    offset <- length(setdiff(absent, all.vars(fit$formula[[3L]]))) > 0L
    abort_input(c("{.arg at} must give the values of the model's other variables.",
      x = "Not known at other weeks: {.val {absent}}{if (offset) ', of the offset'}.",
      i = "Write {.code at = data.frame({absent[1]} = ...)}, one row: the course is that of such patients.",
      i = if (offset) "An offset that is a function of {.val {time}} is written so: {.code offset = 0.2 * {time}}."
    ), call = call)
  }
}

# The rows of the curve can be made at its weeks, and the offset is known at any week.
check_course_rows <- function(x, call) {
  if (anyNA(x$at)) {
    abort_input(c("A value of {.arg at} is missing.", x = "NA: {.val {names(x$at)[vapply(x$at, anyNA, NA)]}}."),
      call = call)
  }
  new <- data.frame(x$weeks[1L])
  names(new) <- x$time
  if (!is.null(x$at)) new <- cbind(new, x$at[setdiff(names(x$at), x$time)])
  if (length(eval(x$fit$call$offset, new, environment(x$fit$formula))) > 1L) {
    abort_input(c("The offset is known for the fitted rows alone.",
      x = "It is {.code {deparse1(x$fit$call$offset)}}.",
      i = "Write it as a function of {.val {x$time}} and of variables that {.arg at} gives, or as {.fn offset} in the
           formula."
    ), call = call)
  }
  new_patient_rows(x, x$weeks, call)
}
