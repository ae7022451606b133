# A trial arm: who was treated, what was declared, what was seen.

#' One arm of a small trial
#'
#' Describes the patients of one arm: how many there were, how many of them
#' responded, and everything on which natural recovery depends and a comparison
#' must therefore match. It estimates nothing: [excess()] sets it against
#' natural recovery. What is not known is written `NA` and then counts as a
#' difference from every source; what has no default must be said.
#'
#' A lost outcome never makes the trial smaller. With `missing` patients the
#' number of responders lies between \eqn{y} (none of them responded) and
#' \eqn{y + m} (all of them did), and the answer becomes a pair of bounds. The
#' same holds for a final grade known only as one of several.
#'
#' @param responders (whole number, patients) how many reached the endpoint; or
#'   two numbers, the fewest and the most, where reports leave it open. Patients
#'   counted in `missing` are not among them.
#' @param n (whole number, patients) how many were treated, lost ones included.
#' @param endpoint (string) one of `"ais_any"` (at least one AIS grade up),
#'   `"ais_c"` (from A to C or better), `"ais_d"` (from A to D or better),
#'   `"motor_level_1"`, `"motor_level_2"` (at least one, two motor levels
#'   gained), or a string of your own on which trial and sources agree.
#' @param level (character, length 1 or `n`) level of injury: `"cervical"`
#'   (`"tetraplegia"` is read as this), `"T1-T9"`, `"T10-T12"`, `"thoracic"`,
#'   `"above T11"`, `"all"`, or a word of your own. `NA` where it is not
#'   published: natural recovery differs threefold between levels, so then only
#'   bounds are given, or the difference is accepted by name.
#' @param baseline_grade (character, length 1 or `n`) AIS grade at the baseline exam.
#' @param baseline_days (numeric, length 1 or 2, days from injury) the baseline
#'   exam, or the window in which it was made.
#' @param followup_weeks (numeric, length 1 or 2, weeks **from injury**) the exam
#'   at which response was judged. A follow-up of 52 weeks after a transplant made
#'   14 to 28 days after injury is `c(54, 56)`.
#' @param years (whole numbers, length 1 or 2) calendar years of the injuries.
#' @param role (string) `"treated"` or `"control"`.
#' @param missing (whole number, patients) how many have no outcome.
#' @param declared (flag) was the definition of a responder registered or
#'   published before the outcomes were seen?
#' @param looks (whole number) how many definitions of a responder were examined;
#'   at least 2 where `declared = FALSE`, because one of several must be picked.
#' @param harms (list or one-row data frame) `events` (patients with the harm),
#'   `definition` (string: what counted as harm), and if they differ from those
#'   of the arm `n` and `exposure_years`. "No events" without a definition is refused.
#' @param exposure_years (number, patient-years) time under observation for harm.
#' @param intervention (string) what was done.
#' @param patients (data frame) in place of `responders` and `n`: one row per
#'   patient with `subject`, `baseline` and `final` (AIS grades; a final grade
#'   known only as one of several is `"A or B"`, a lost one `NA`), and if you
#'   like `level` and further columns. Columns by which a person could be found
#'   are refused.
#' @param label (string) what the arm is called in prints and plots.
#' @param source (character) where the trial was published.
#' @param notes (character) what was published about the patients together and
#'   belongs to no single one, such as how many were above an age.
#' @param ... nothing: an argument that does not exist is refused by name.
#'
#' @return A `trial_arm`. `tidy()` gives one row per count with `estimate`, or,
#'   where a count is known only as a range, `estimate` `NA` and the range in
#'   `conf.low` and `conf.high`: bounds, not a confidence interval.
#'   `update(arm, endpoint = ...)` describes the same patients with some of the
#'   arguments changed; the responders are then counted anew from the grades.
#' @section Conditions: `cordgain_invalid_input` for a missing argument, more
#'   responders than patients, counts that are not whole, text or factors where
#'   numbers belong, `declared = FALSE` with fewer than two looks, harm without a
#'   definition, or columns that identify patients.
#' @references
#' ICH E9(R1), addendum on estimands and sensitivity analysis in clinical trials
#' (2019): population, treatment, variable and intercurrent events are stated
#' before anything is estimated.
#' @seealso [natural_ais] for natural recovery, [keio_ips] for a trial as published.
#' @examples
#' trial_arm(
#'   responders = 1, n = 5, endpoint = "ais_c", level = "cervical", baseline_grade = "A",
#'   baseline_days = c(14, 28), followup_weeks = 52, years = c(2020, 2022)
#' )
#'
#' grades <- data.frame(subject = 1:3, baseline = "A", final = c("C", "A or B", NA))
#' arm <- trial_arm(
#'   patients = grades, endpoint = "ais_c", level = "T1-T9",
#'   baseline_days = 21, followup_weeks = 52, years = 2020
#' )
#' arm
#' tidy(update(arm, endpoint = "ais_any"))
#' @export
trial_arm <- function(responders, n, endpoint, level, baseline_grade, baseline_days, followup_weeks, years,
                      role = c("treated", "control"), missing = 0, declared = TRUE, looks = 1, harms = NULL,
                      exposure_years = NULL, intervention = NULL, patients = NULL, label = NULL, source = NULL,
                      notes = NULL, ...) {
  check_no_more(names(formals(trial_arm)), ...)
  given <- names(match.call())
  if (!is.null(patients)) {
    patients <- check_patients(patients, given)
  }
  check_arm_given(given, patients)
  if (!is.null(patients)) {
    counts <- count_responders(patients, check_endpoint(endpoint, rlang::current_env()), rlang::current_env())
    responders <- counts$responders
    missing <- counts$missing
    n <- nrow(patients)
    if ("level" %in% names(patients)) level <- patients$level
    baseline_grade <- patients$baseline
  }
  validate_trial_arm(new_trial_arm(list(
    responders = responders, n = n, endpoint = endpoint, level = level, baseline_grade = baseline_grade,
    baseline_days = baseline_days, followup_weeks = followup_weeks, years = years, role = role, missing = missing,
    declared = declared, looks = looks, harms = harms, exposure_years = exposure_years, intervention = intervention,
    patients = patients, label = label, source = source, notes = notes
  )))
}

new_trial_arm <- function(fields) {
  structure(fields, class = "trial_arm")
}

validate_trial_arm <- function(x, call = rlang::caller_env()) {
  fields <- unclass(x)
  fields$n <- check_count(fields$n, "n", min = 1, max = max_table_rows, call = call)
  fields <- valid_counts(fields, call)
  fields <- valid_terms(fields, call)
  fields <- valid_declaration(fields, call)
  fields$exposure_years <- check_exposure(fields$exposure_years, call)
  # In one step: a NULL must stay a field, and list assignment would drop it.
  fields["harms"] <- list(check_harms(fields$harms, fields$n, fields$exposure_years, call))
  new_trial_arm(fields)
}

# What has no default, because natural recovery differs by it.
arm_needs <- c("responders", "n", "endpoint", "level", "baseline_grade", "baseline_days", "followup_weeks", "years")

check_arm_given <- function(given, patients, call = rlang::caller_env()) {
  from_patients <- if (!is.null(patients)) {
    c("responders", "n", "baseline_grade", if ("level" %in% names(patients)) "level")
  }
  absent <- setdiff(arm_needs, c(given, from_patients))
  if (length(absent) > 0L) {
    abort_input(c("{.arg {absent}} {?is/are} not given.",
      i = "Natural recovery depends on {cli::qty(length(absent))}{?it/them}, so there is no default.",
      i = "What is not known is written NA and counts as a difference from every source."
    ), call = call)
  }
}

check_patients <- function(patients, given, call = rlang::caller_env()) {
  patients <- check_table(patients, "patients", call = call)
  check_no_identifiers(patients, "patients", call = call)
  check_columns(patients, c("subject", "baseline", "final"), "patients", call = call)
  read <- c("responders", "n", "missing", "baseline_grade", if ("level" %in% names(patients)) "level")
  twice <- intersect(given, read)
  if (length(twice) > 0L) {
    abort_input(c("{.arg {twice}} {?is/are} read from {.arg patients} and cannot be given beside it."), call = call)
  }
  if (anyNA(patients$subject) || anyDuplicated(patients$subject) > 0L) {
    abort_input("{.field subject} must be known and stand once for each patient.", call = call)
  }
  factors <- names(patients)[vapply(patients, is.factor, NA)]
  if (length(factors) > 0L) {
    abort_input(c("{.arg patients} holds {cli::qty(length(factors))}{?a factor/factors}: {.field {factors}}.",
      i = "Factors are not converted: use as.character() where you can see the result."
    ), call = call)
  }
  patients
}

valid_counts <- function(x, call) {
  if (!length(x$responders) %in% 1:2) {
    abort_input(c("{.arg responders} must be one count, or the fewest and the most.",
      x = "It has length {length(x$responders)}."
    ), call = call)
  }
  x$responders <- rep_len(check_count(x$responders, "responders", length = NULL, call = call), 2L)
  x$missing <- check_count(x$missing, "missing", call = call)
  if (x$responders[1] > x$responders[2]) {
    abort_input("{.arg responders} must go from the fewest to the most.", call = call)
  }
  if (x$responders[2] + x$missing > x$n) {
    abort_input(c("There are more responders and missing patients than patients.",
      x = "{format(x$responders[2], scientific = FALSE)} responded, {x$missing} {?is/are} missing, of
           {.arg n} = {x$n}.",
      i = "{.arg n} counts every treated patient, the missing ones too."
    ), call = call)
  }
  x
}

valid_terms <- function(x, call) {
  x$endpoint <- check_endpoint(x$endpoint, call)
  x$level <- standard_level(check_per_patient(x$level, x$n, "level", call))
  x$baseline_grade <- check_per_patient(x$baseline_grade, x$n, "baseline_grade", call)
  bad <- setdiff(x$baseline_grade, c(ais_grades, NA))
  if (length(bad) > 0L) {
    abort_input(c("{.arg baseline_grade} must be an AIS grade, A to E, or NA.", x = "It is {.val {bad}}."), call = call)
  }
  x$baseline_days <- check_range(x$baseline_days, "baseline_days", min = 0, call = call)
  x$followup_weeks <- check_range(x$followup_weeks, "followup_weeks", min = 0, call = call)
  x$years <- check_range(x$years, "years", min = 1900, max = 2200, whole = TRUE, call = call)
  if (isTRUE(x$followup_weeks[2] * 7 <= x$baseline_days[1])) {
    abort_input(c("The follow-up must come after the baseline.",
      x = "Baseline from day {x$baseline_days[1]}, follow-up to week {x$followup_weeks[2]} after injury."
    ), call = call)
  }
  x
}

check_per_patient <- function(x, n, arg, call) {
  x <- check_text(x, arg, call = call)
  if (!length(x) %in% c(1, n)) {
    abort_input(c("{.arg {arg}} must be one for all, or one for each of the {n} patient{?s}.",
      x = "It has length {length(x)}."
    ), call = call)
  }
  rep_len(x, n)
}

arm_roles <- c("treated", "control")

valid_declaration <- function(x, call) {
  x$role <- if (identical(x$role, arm_roles)) arm_roles[1] else check_choice(x$role, arm_roles, "role", call = call)
  x$declared <- check_flag(x$declared, "declared", call = call)
  x$looks <- check_count(x$looks, "looks", min = 1, call = call)
  if (!x$declared && x$looks < 2) {
    abort_input(c("An endpoint that was not declared beforehand was picked from several.",
      x = "{.arg declared} is FALSE and {.arg looks} is {x$looks}.",
      i = "Give {.arg looks}: how many definitions of a responder were examined (2 or more)."
    ), call = call)
  }
  for (field in c("intervention", "label")) {
    x[field] <- list(check_string(x[[field]], field, allow_null = TRUE, call = call))
  }
  for (field in c("source", "notes")) {
    x[field] <- list(if (!is.null(x[[field]])) check_text(x[[field]], field, call = call))
  }
  x
}

check_exposure <- function(years, call) {
  if (is.null(years)) NULL else check_number(years, "exposure_years", min = 0, min_open = TRUE, call = call)
}

# @return list(events, n, exposure_years, definition), or NULL where no harm is described
check_harms <- function(harms, n, exposure_years, call) {
  if (is.null(harms)) {
    return(NULL)
  }
  if (!is.list(harms) || !all(c("events", "definition") %in% names(harms))) {
    abort_input(c("{.arg harms} must be a list with {.field events} and {.field definition}.",
      i = "\"No events\" means nothing until it is said what would have counted."
    ), call = call)
  }
  unknown <- setdiff(names(harms), harm_fields)
  if (length(unknown) > 0L) {
    abort_input(c("{.arg harms} holds {.or {.field {harm_fields}}}.", x = "Not one: {.val {unknown}}."), call = call)
  }
  n <- check_count(if (is.null(harms$n)) n else harms$n, "harms$n", min = 1, call = call)
  years <- check_exposure(if (is.null(harms$exposure_years)) exposure_years else harms$exposure_years, call)
  list(
    events = check_count(harms$events, "harms$events", max = n, call = call), n = n,
    exposure_years = years, definition = check_not_blank(harms$definition, "harms$definition", call)
  )
}

harm_fields <- c("events", "definition", "n", "exposure_years")

# Verbs by which other files look at an arm ------------------------------------

is_trial_arm <- function(x) inherits(x, "trial_arm")

arm_counts <- function(x) {
  list(min = x$responders[1], max = x$responders[2] + x$missing, n = x$n)
}

arm_levels <- function(x) x$level

arm_role <- function(x) x$role

arm_harms <- function(x) x$harms

arm_declaration <- function(x) list(declared = x$declared, looks = x$looks)

# AIS grades of each patient: data frame of subject, baseline, final; NULL if only counts are known.
arm_grades <- function(x) {
  if (is.null(x$patients)) NULL else x$patients[c("subject", "baseline", "final")]
}

arm_label <- function(x) {
  if (is.null(x$label)) paste0(x$role, " arm (n = ", x$n, ")") else x$label
}

#' @exportS3Method match_terms trial_arm
match_terms.trial_arm <- function(x) {
  list(
    endpoint = x$endpoint, grade = unique(x$baseline_grade), level = x$level, baseline_days = x$baseline_days,
    followup_weeks = x$followup_weeks, years = x$years
  )
}

# What only reports show: words, NULL where the arm has none.
arm_story <- function(x) {
  list(intervention = x$intervention, patients = x$patients, notes = x$notes, published = x$source)
}
