# AIS conversion between two visits, with grades that are not determinable carried
# as sets.

#' AIS transitions between two visits
#'
#' Counts how many patients went from which AIS grade to which between two visits.
#' A grade that is not determinable is a set of grades; the counts are then bounds:
#' \deqn{\mathrm{lowest} = \sum_i 1[F_i = \{f\}, T_i = \{t\}], \quad
#'   \mathrm{highest} = \sum_i 1[f \in F_i, t \in T_i],}{
#'   lowest = number with F = {f} and T = {t}; highest = number with f in F and t in T,}
#' with \eqn{F_i} and \eqn{T_i} the grades patient \eqn{i} may have had at the two visits. The same holds
#' for the endpoints `ais_any` (at least one grade up), `ais_c` (from A to C or better)
#' and `ais_d` (from A to D or better).
#'
#' A patient with an exam at `from` and none at `to` is counted in `missing`, never
#' left out in silence; `n` counts those with both. A patient with an exam at `to` only has no grade to start
#' from: the print says how many there are. Starred grades count as they stand. A person who is normal
#' without an earlier deficit has no grade (`"NA"`): such a one, surely or possibly, is counted as normal, as
#' grade E is, at both visits.
#'
#' @section Open grades in a natural rate or a trial:
#' [natural_rate()] and [trial_arm()] want known numbers of patients. `nd` says what is done with a patient whose
#' place in a row is open, in that row:
#' * `"bounds"`: `events`, `n` and `missing` are `NA` where they are open, beside their bounds;
#' * `"low"`: fewest events. Who may have been of the grade and may have had no event is counted without one; who could
#'   only be counted with an event is left out. Lost patients who may have been of the grade are in `missing`;
#' * `"high"`: most events. Who may have been of the grade and may have had an event is counted with one; who could only
#'   be counted without is left out, and so is who was lost and only may have been of the grade;
#' * `"exclude"`: who is open is left out. This is no bound: those with cells that could not be tested may differ.
#'
#' The tables `"low"` and `"high"` are complete. Every way to fill in the open grades has at least as many events as the
#' first and at most as many as the second, and likewise for those without events, so the answers to the two are the
#' bounds that open grades leave: give both.
#'
#' @param exams (data frame) the result of [score_isncsci()], or any data frame with
#'   the columns `ais_set` or `ais`, `subject` and `time`.
#' @param from,to the two visits: values of the column `time`.
#' @param subject,time (string) names of the columns with the patient and the visit.
#' @param source (string) what the group of patients is called.
#' @param nd (string) what is done with open grades, see below.
#' @param match (list) what population this is, as far as you know it, for the comparison with a trial: `level`,
#'   `baseline_days` (one or two), `followup_weeks`, `years` (one or two), as in [trial_arm()], and `registry`. Where
#'   `time` is named after weeks and the visits are numbers, they are weeks since injury and say the days and the
#'   follow-up.
#'
#' @return A data frame of class `conversion_table`, one row per baseline grade A to D that occurs and endpoint
#'   (none if no patient may have had one), with the columns of a table of sources: `source`, `events`,
#'   `events_min`, `events_max`, `n`,
#'   `n_min`, `n_max`, `missing`, `missing_min`, `missing_max` (`NA` beside the bounds where they differ), `open`
#'   (patients whose place in the row is open), `endpoint`, `baseline_grade`,
#'   `level`, `registry`, `baseline_from_day`, `baseline_to_day`, `followup_weeks`, `years_from`, `years_to`. Rows with
#'   `events` and `n` go into
#'   [natural_rate()] as they are; `c(events_min, events_max)`, `n + missing` and
#'   `missing` are `responders`, `n` and `missing` of [trial_arm()]. Its attribute `transitions`
#'   (`summary()`) has one row per pair of grades: `from`, `to`, `lowest`, `highest`, whatever `nd` is.
#' @section Conditions: `cordgain_invalid_input` for absent columns, a visit that does not
#'   occur or does not come later, two exams of a patient at one visit, grades other than A to E, or a `match` that
#'   is not as above.
#' @references
#' ASIA and ISCoS (2019). International Standards for Neurological Classification of
#' Spinal Cord Injury. That ND is a set: Schuld C and others (2012), Journal of
#' Neurotrauma 29:453-461.
#' @seealso [score_isncsci()] before; [natural_rate()] and [trial_arm()] after.
#' @examples
#' scored <- score_isncsci(isncsci_simulated)
#' conversion_table(scored, from = 2, to = 52)
#'
#' # The natural rate of C or better from A, with open grades at their bounds.
#' for (nd in c("low", "high")) {
#'   counts <- conversion_table(scored, from = 2, to = 52, nd = nd)
#'   row <- subset(counts, endpoint == "ais_c")
#'   print(tidy(natural_rate(row))[1, c("term", "estimate", "conf.low", "conf.high")])
#' }
#' @export
conversion_table <- function(exams, from, to, subject = "subject", time = "week", source = "own records",
                             nd = c("bounds", "low", "high", "exclude"), match = list()) {
  call <- rlang::current_env()
  subject <- check_string(subject)
  time <- check_string(time)
  source <- check_string(source)
  nd <- check_option(nd, c("bounds", "low", "high", "exclude"))
  check_conversion_columns(exams, subject, time, call)
  check_visit_order(from, to, call)
  start <- visit_grades(exams, from, subject, time, "from", call)
  end <- visit_grades(exams, to, subject, time, "to", call)
  unstarted <- length(setdiff(names(end), names(start)))
  end <- end[match(names(start), names(end))]
  lost <- vapply(end, is.null, NA)
  population <- conversion_population(match, from, to, time, call)
  rows <- lapply(c("A", "B", "C", "D"), \(grade) endpoint_rows(grade, start[!lost], end[!lost], start[lost], nd))
  rows <- do.call(rbind, c(list(endpoint_row(integer(), "", "")[0L, ]), rows))
  table <- data.frame(source = rep(source, nrow(rows)), rows, population[rep(1L, nrow(rows)), ], row.names = NULL)
  structure(table,
    class = c("conversion_table", "data.frame"), transitions = transition_rows(start[!lost], end[!lost]),
    visits = c(from = format(from), to = format(to)), subjects = length(start), missing = sum(lost),
    unstarted = unstarted, nd = nd
  )
}

conversion_grades <- c("A", "B", "C", "D", "E")

# What the rows say of the patients, in the columns of a table of sources.
conversion_population <- function(match, from, to, time, call) {
  check_match_list(match, c("level", "baseline_days", "followup_weeks", "years", "registry"), call = call)
  weeks <- is.numeric(from) && is.numeric(to) && grepl("week", time, ignore.case = TRUE)
  pair <- \(what, otherwise) {
    value <- match[[what]] %||% otherwise
    if (!is.numeric(value) || !length(value) %in% 1:2 || any(!is.finite(value) | value < 0)) {
      if (!all(is.na(value))) abort_input(c("{.field {what}} in {.arg match} must be one or two numbers."), call = call)
    }
    range(as.double(value))
  }
  text <- \(what) check_string(match[[what]] %||% NA_character_, what, allow_na = TRUE, call = call)
  days <- pair("baseline_days", if (weeks) 7 * from else NA)
  years <- pair("years", NA)
  data.frame(
    level = text("level"), registry = text("registry"), baseline_from_day = days[1L], baseline_to_day = days[2L],
    followup_weeks = mean(pair("followup_weeks", if (weeks) to else NA)), years_from = years[1L], years_to = years[2L]
  )
}

check_conversion_columns <- function(exams, subject, time, call) {
  if (!is.data.frame(exams)) {
    abort_input(c("{.arg exams} must be a data frame.", x = "It is {.obj_type_friendly {exams}}."), call = call)
  }
  absent <- setdiff(c(subject, time), names(exams))
  if (length(absent) > 0L || !any(c("ais_set", "ais") %in% names(exams))) {
    absent <- c(absent, if (!any(c("ais_set", "ais") %in% names(exams))) "ais_set")
    abort_input(c("{.arg exams} has no column{?s} {.field {absent}}.",
      i = "{.arg subject} and {.arg time} name the patient and the visit; {.fn score_isncsci} makes {.field ais_set}."
    ), call = call)
  }
}

check_visit_order <- function(from, to, call) {
  if (length(from) != 1L || length(to) != 1L || is.na(from) || is.na(to)) {
    return(invisible()) # refused with the visits that occur
  }
  if (from == to || (is.numeric(from) && is.numeric(to) && to < from)) {
    abort_input(c("{.arg to} must be a later visit than {.arg from}.", x = "They are {.val {from}} and {.val {to}}."),
      call = call)
  }
}

# Grades each patient may have at a visit: list of positions, named by patient.
visit_grades <- function(exams, visit, subject, time, arg, call) {
  if (length(visit) != 1L || is.na(visit) || !visit %in% exams[[time]]) {
    abort_input(c("{.arg {arg}} must be a visit that occurs.", x = "It is {.val {visit}}.",
      i = "{.field {time}} has {.val {utils::head(unique(exams[[time]]), 10)}}."
    ), call = call)
  }
  here <- which(exams[[time]] == visit)
  who <- as.character(exams[[subject]][here])
  if (anyNA(who)) {
    abort_input(c("Row {here[is.na(who)][1]} has no {.field {subject}}."), call = call)
  }
  if (anyDuplicated(who) > 0L) {
    abort_input(c("A patient has two exams at one visit.",
      x = "{.field {subject}} {who[anyDuplicated(who)]} at {visit}."), call = call)
  }
  text <- readable(as.character(exams[[if ("ais_set" %in% names(exams)) "ais_set" else "ais"]][here]))
  # "NA" is normal without an earlier deficit, and is counted with grade E.
  sets <- lapply(strsplit(text, ",", fixed = TRUE), \(g) unique(match(replace(g, g == "NA", "E"), conversion_grades)))
  bad <- !is.na(text) & vapply(sets, anyNA, NA)
  if (any(bad)) {
    abort_input(c("{.field ais} must hold grades A to E.", x = "Row {here[bad][1]} holds {.val {text[bad][1]}}.",
      i = "{.val ND} alone does not say which grades are possible: write them, as in {.val B,C}."
    ), call = call)
  }
  # A row without an exam (NA) is a visit that was not made.
  stats::setNames(sets, who)[!is.na(text)]
}

# Lowest final grade (position) that counts, given the baseline grade.
conversion_goal <- function(endpoint, grade) {
  c(ais_any = grade + 1L, ais_c = 3L, ais_d = 4L)[[endpoint]]
}

# One row per endpoint; NULL where no patient may have had the grade.
# @param start,end (list) grades each patient with both exams may have had
# @param lost (list) grades at the first visit of those without the second
endpoint_rows <- function(grade, start, end, lost, nd) {
  at <- match(grade, conversion_grades)
  surely <- \(sets) vapply(sets, \(s) identical(s, at), NA)
  maybe <- \(sets) vapply(sets, \(s) at %in% s, NA)
  if (!any(maybe(start)) && !any(maybe(lost))) {
    return(NULL)
  }
  missing <- c(sum(surely(lost)), sum(maybe(lost)))
  endpoints <- if (grade == "A") c("ais_any", "ais_c", "ais_d") else "ais_any"
  do.call(rbind, lapply(endpoints, \(endpoint) {
    goal <- conversion_goal(endpoint, at)
    can_reach <- vapply(end, \(s) any(s >= goal), NA)
    can_fail <- vapply(end, \(s) any(s < goal), NA)
    endpoint_row(conversion_counts(surely(start), maybe(start), can_reach, can_fail, missing, nd), endpoint, grade)
  }))
}

# Fewest and most events, patients and lost, and how many are open.
conversion_counts <- function(surely, maybe, can_reach, can_fail, missing, nd) {
  open <- maybe & (!surely | (can_reach & can_fail))
  n_open <- sum(open) + missing[2L] - missing[1L]
  certain <- surely & !open
  switch(nd,
    bounds = c(sum(surely & !can_fail), sum(maybe & can_reach), sum(surely), sum(maybe), missing, n_open),
    low = c(rep(c(sum(surely & !can_fail), sum(surely | (maybe & can_fail)), missing[2L]), each = 2L), n_open),
    high = c(rep(c(sum(maybe & can_reach), sum(surely | (maybe & can_reach)), missing[1L]), each = 2L), n_open),
    exclude = c(rep(c(sum(certain & can_reach), sum(certain), missing[1L]), each = 2L), n_open)
  )
}

endpoint_row <- function(counts, endpoint, grade) {
  counts <- as.integer(counts)
  known <- \(i) if (identical(counts[i], counts[i + 1L])) counts[i] else NA_integer_
  data.frame(
    events = known(1L), events_min = counts[1L], events_max = counts[2L], n = known(3L), n_min = counts[3L],
    n_max = counts[4L], missing = known(5L), missing_min = counts[5L], missing_max = counts[6L], open = counts[7L],
    endpoint = endpoint, baseline_grade = grade
  )
}

transition_rows <- function(start, end) {
  pairs <- expand.grid(to = seq_along(conversion_grades), from = seq_along(conversion_grades))
  bounds <- vapply(seq_len(nrow(pairs)), \(i) {
    f <- pairs$from[i]
    t <- pairs$to[i]
    c(
      sum(vapply(start, \(s) identical(s, f), NA) & vapply(end, \(s) identical(s, t), NA)),
      sum(vapply(start, \(s) f %in% s, NA) & vapply(end, \(s) t %in% s, NA))
    )
  }, c(0, 0))
  rows <- data.frame(from = conversion_grades[pairs$from], to = conversion_grades[pairs$to], lowest = bounds[1L, ],
    highest = bounds[2L, ])
  rows[rows$from %in% rows$from[rows$highest > 0], ]
}

#' @export
print.conversion_table <- function(x, ...) {
  visits <- attr(x, "visits")
  patients <- \(n) paste0(n, " patient", if (n != 1L) "s")
  cat("<conversion_table> AIS at ", visits[["from"]], " and at ", visits[["to"]], ": ", patients(attr(x, "subjects")),
    ", ", attr(x, "missing"), " without the second exam\n", sep = "")
  unstarted <- attr(x, "unstarted")
  if (isTRUE(unstarted > 0L)) cat("Not counted: ", unstarted, " with the second exam only\n", sep = "")
  print_grid(attr(x, "transitions"))
  if (nrow(x) == 0L) {
    cat("No patient of grades A to D to start from.\n")
    return(invisible(x))
  }
  between <- \(what) count_range(x[[paste0(what, "_min")]], x[[paste0(what, "_max")]])
  print.data.frame(data.frame(
    endpoint = x$endpoint, baseline_grade = x$baseline_grade, events = between("events"), n = between("n"),
    missing = between("missing"), open = x$open
  ), row.names = FALSE)
  cat(conversion_words(x), sep = "")
  invisible(x)
}

count_range <- function(low, high) ifelse(low == high, low, paste(low, "to", high))

print_grid <- function(rows) {
  if (nrow(rows) == 0L) {
    return(invisible())
  }
  grid <- matrix(count_range(rows$lowest, rows$highest), ncol = length(conversion_grades), byrow = TRUE,
    dimnames = list(from = unique(rows$from), to = conversion_grades))
  print(grid, quote = FALSE, right = TRUE, print.gap = 3L)
  cat("\n")
}

conversion_words <- function(x) {
  if (all(x$open == 0L)) {
    return("")
  }
  switch(attr(x, "nd"),
    bounds = "Open grades leave bounds: nd = \"low\" and nd = \"high\" give the two complete tables at them.\n",
    low = "Open grades are counted so that events are fewest (nd = \"low\"); nd = \"high\" is the other bound.\n",
    high = "Open grades are counted so that events are most (nd = \"high\"); nd = \"low\" is the other bound.\n",
    exclude = "Patients whose place in a row is open are left out of it (nd = \"exclude\"), which is no bound.\n"
  )
}

# Rows stay a table, with the transitions of their grades; columns alone are a plain data frame.
#' @export
`[.conversion_table` <- function(x, i, j, drop) {
  kept <- attributes(x)[c("transitions", "visits", "subjects", "missing", "unstarted", "nd")]
  result <- NextMethod()
  if (!is.data.frame(result)) {
    return(result)
  }
  if (!identical(names(result), names(x))) {
    return(as.data.frame(result))
  }
  if (nrow(result) < nrow(x)) {
    kept$transitions <- kept$transitions[kept$transitions$from %in% result$baseline_grade, ]
  }
  attributes(result)[names(kept)] <- kept
  result
}

#' @export
as.data.frame.conversion_table <- function(x, ...) {
  attributes(x) <- attributes(x)[c("names", "row.names")]
  class(x) <- "data.frame"
  x
}

#' @export
summary.conversion_table <- function(object, ...) attr(object, "transitions")

#' @export
tidy.conversion_table <- function(x, ...) {
  data.frame(
    term = paste0(x$endpoint, " from ", x$baseline_grade, recycle0 = TRUE), estimate = as.double(x$events),
    conf.low = as.double(x$events_min), conf.high = as.double(x$events_max), n = as.double(x$n),
    missing = as.double(x$missing)
  )
}
