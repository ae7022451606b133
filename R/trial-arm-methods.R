# How a trial arm is changed, printed and put into a table.

#' Change the description of a trial arm
#'
#' Describes the same patients with some of the arguments of [trial_arm()]
#' changed. A count belongs to its endpoint: with a new endpoint the responders
#' are counted anew from the patients' grades, and where there are none, or the
#' endpoint is not one of grades, the change is refused unless `responders` is
#' given too.
#'
#' @param object a `trial_arm`.
#' @param ... arguments of [trial_arm()] to change.
#' @return A `trial_arm`.
#' @section Conditions: `cordgain_invalid_input` where the responders to a new
#'   endpoint are not known, or an argument has no such name.
#' @seealso [trial_arm()]
#' @examples
#' update(keio_ips, endpoint = "ais_any") # two patients are "A or B": 2 to 4
#' @export
update.trial_arm <- function(object, ...) {
  changes <- list(...)
  unknown <- setdiff(if (is.null(names(changes))) "" else names(changes), setdiff(names(formals(trial_arm)), "..."))
  if (length(changes) > 0L && length(unknown) > 0L) {
    abort_input(c("Only arguments of {.fn trial_arm} can be changed, by name.", x = "Not one: {.val {unknown}}."))
  }
  fields <- utils::modifyList(arm_arguments(object, names(changes)), changes, keep.null = TRUE)
  if (is.null(fields$patients) && "endpoint" %in% names(changes) && !"responders" %in% names(changes)) {
    abort_input(c("The responders to {.val {changes$endpoint}} are not known.",
      x = "This arm holds a count for {.val {object$endpoint}} and no grades of single patients.",
      i = "Give {.arg responders} for the new endpoint as well."
    ))
  }
  rlang::inject(trial_arm(!!!fields))
}

# The arguments that would make this arm again. What is read from `patients`
# must not stand beside it, unless the caller now gives the counts himself.
arm_arguments <- function(x, changed) {
  fields <- unclass(x)
  if (!is.null(fields$patients) && any(c("responders", "n", "missing", "baseline_grade") %in% changed)) {
    fields["patients"] <- list(NULL)
  }
  if (!is.null(fields$patients)) {
    fields$patients$level <- NULL
    fields[c("responders", "n", "missing", "baseline_grade")] <- NULL
  }
  fields
}

format_range <- function(range, unit = "") {
  if (anyNA(range)) {
    return("not known")
  }
  text <- if (range[1] == range[2]) format(range[1]) else paste(format(range[1]), "to", format(range[2]))
  paste0(text, unit)
}

format_known <- function(x) {
  x <- or_unknown(x)
  counts <- table(factor(x, unique(x)))
  if (length(counts) == 1L) names(counts) else paste0(names(counts), " (", counts, ")", collapse = ", ")
}

#' @export
format.trial_arm <- function(x, ...) {
  counts <- arm_counts(x)
  c(
    paste0("<trial_arm> ", arm_label(x), ", ", x$role),
    paste0("Observed: ", format_range(c(counts$min, counts$max)), " of ", x$n, ", endpoint ",
      endpoint_label(x$endpoint), if (x$missing > 0) paste0("; ", x$missing, " without an outcome"), "; ",
      arm_expectation[[x$role]]),
    paste0("Patients: AIS ", format_known(x$baseline_grade), "; level ", format_known(x$level),
      "; injured ", format_range(x$years)),
    paste0("Exams: baseline day ", format_range(x$baseline_days), ", follow-up week ",
      format_range(x$followup_weeks), ", from injury"),
    paste0("Definition: ", if (x$declared) "declared beforehand" else "not declared beforehand", ", ",
      x$looks, if (x$looks == 1) " look" else " looks"),
    if (!is.null(x$harms)) format_harms(x$harms, x$role)
  )
}

# An arm holds no natural expectation, and the sentence that tells what was seen says so.
arm_expectation <- c(
  treated = "what nature alone gives in such patients is not in this description (natural_rate() and excess() say it)",
  control = "this is what came without the treatment"
)

format_harms <- function(harms, role) {
  years <- if (is.null(harms$exposure_years)) "" else paste0(" in ", format(harms$exposure_years), " patient-years")
  paste0("Harm: ", harms$events, " of ", harms$n, years, " (", harms$definition, ")",
    if (role == "treated") "; how many come without the treatment is not in this description")
}

#' @export
print.trial_arm <- function(x, ...) {
  writeLines(wrap_lines(format(x)))
  invisible(x)
}

#' @export
summary.trial_arm <- function(object, ...) {
  structure(list(arm = object), class = "summary_trial_arm")
}

#' @export
print.summary_trial_arm <- function(x, ...) {
  print(x$arm)
  if (!is.null(x$arm$intervention)) writeLines(wrap_lines(paste("Intervention:", x$arm$intervention)))
  if (!is.null(x$arm$patients)) print(x$arm$patients, row.names = FALSE)
  if (!is.null(x$arm$notes)) writeLines(wrap_lines(x$arm$notes))
  if (!is.null(x$arm$source)) writeLines(wrap_lines(paste("Published:", x$arm$source)))
  invisible(x)
}

#' @export
tidy.trial_arm <- function(x, ...) {
  counts <- arm_counts(x)
  low <- c(counts$min, x$n, x$missing, x$harms$events)
  high <- c(counts$max, x$n, x$missing, x$harms$events)
  data.frame(
    term = c("responders", "patients", "missing", if (!is.null(x$harms)) "harm_events"),
    estimate = ifelse(low == high, low, NA_real_), std.error = NA_real_,
    conf.low = low, conf.high = high, num.error = 0, num.kind = "exact"
  )
}
