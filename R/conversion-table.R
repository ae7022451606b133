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
#' from: the print says how many there are. Starred grades count as they stand.
#'
#' @param exams (data frame) the result of [score_isncsci()], or any data frame with
#'   the columns `ais_set` or `ais`, `subject` and `time`.
#' @param from,to the two visits: values of the column `time`.
#' @param subject,time (string) names of the columns with the patient and the visit.
#' @param source (string) what the group of patients is called.
#'
#' @return A data frame of class `conversion_table`, one row per baseline grade and endpoint,
#'   with the columns of a table of sources: `source`, `events` (`NA` where only
#'   bounds are known), `events_min`, `events_max`, `n` (`NA` where a baseline grade is open),
#'   `n_min`, `n_max`, `missing`, `endpoint`, `baseline_grade`. Rows with `events` go into
#'   [natural_rate()] as they are; `c(events_min, events_max)`, `n + missing` and
#'   `missing` are `responders`, `n` and `missing` of [trial_arm()]. Its attribute `transitions`
#'   (`summary()`) has one row per pair of grades: `from`, `to`, `lowest`, `highest`.
#' @section Conditions: `cordgain_invalid_input` for absent columns, a visit that does not
#'   occur or does not come later, two exams of a patient at one visit, or grades other than A to E.
#' @references
#' ASIA and ISCoS (2019). International Standards for Neurological Classification of
#' Spinal Cord Injury. That ND is a set: Schuld C and others (2012), Journal of
#' Neurotrauma 29:453-461.
#' @seealso [score_isncsci()] before; [natural_rate()] and [trial_arm()] after.
#' @examples
#' scored <- score_isncsci(isncsci_simulated)
#' conversion_table(scored, from = 2, to = 52, time = "week")
#' @export
conversion_table <- function(exams, from, to, subject = "subject", time = "week", source = "own records") {
  call <- rlang::current_env()
  subject <- check_string(subject)
  time <- check_string(time)
  source <- check_string(source)
  check_conversion_columns(exams, subject, time, call)
  check_visit_order(from, to, call)
  start <- visit_grades(exams, from, subject, time, "from", call)
  end <- visit_grades(exams, to, subject, time, "to", call)
  unstarted <- length(setdiff(names(end), names(start)))
  end <- end[match(names(start), names(end))]
  lost <- vapply(end, is.null, NA)
  start_seen <- start[!lost]
  end <- end[!lost]
  endpoints <- do.call(rbind, lapply(c("A", "B", "C", "D"), \(grade) {
    endpoint_rows(grade, start_seen, end, start[lost])
  }))
  table <- data.frame(source = rep(source, nrow(endpoints)), endpoints)
  structure(table,
    class = c("conversion_table", "data.frame"), transitions = transition_rows(start_seen, end),
    visits = c(from = format(from), to = format(to)), subjects = length(start), missing = sum(lost),
    unstarted = unstarted
  )
}

conversion_grades <- c("A", "B", "C", "D", "E")

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
  text <- exams[[if ("ais_set" %in% names(exams)) "ais_set" else "ais"]][here]
  sets <- lapply(strsplit(as.character(text), ",", fixed = TRUE), \(g) match(g, conversion_grades))
  bad <- !is.na(text) & vapply(sets, anyNA, NA)
  if (any(bad)) {
    abort_input(c("{.field ais} must hold grades A to E.", x = "Row {here[bad][1]} holds {.val {text[bad][1]}}.",
      i = "{.val ND} alone does not say which grades are possible; an intact person without a deficit has none."
    ), call = call)
  }
  # A row without an exam (NA) is a visit that was not made.
  stats::setNames(sets, who)[!is.na(text)]
}

# Lowest final grade (position) that counts, given the baseline grade.
conversion_goal <- function(endpoint, grade) {
  c(ais_any = grade + 1L, ais_c = 3L, ais_d = 4L)[[endpoint]]
}

endpoint_rows <- function(grade, start, end, lost) {
  at <- match(grade, conversion_grades)
  surely_here <- vapply(start, \(s) identical(s, at), NA)
  maybe_here <- vapply(start, \(s) at %in% s, NA)
  if (!any(maybe_here) && !any(vapply(lost, \(s) at %in% s, NA))) {
    return(NULL)
  }
  endpoints <- if (grade == "A") c("ais_any", "ais_c", "ais_d") else "ais_any"
  do.call(rbind, lapply(endpoints, \(endpoint) {
    goal <- conversion_goal(endpoint, at)
    low <- sum(surely_here & vapply(end, \(s) all(s >= goal), NA))
    high <- sum(maybe_here & vapply(end, \(s) any(s >= goal), NA))
    n <- c(sum(surely_here), sum(maybe_here))
    data.frame(
      events = known_count(low, high), events_min = low, events_max = high, n = known_count(n[1L], n[2L]),
        n_min = n[1L],
      n_max = n[2L], missing = sum(vapply(lost, \(s) at %in% s, NA)), endpoint = endpoint, baseline_grade = grade
    )
  }))
}

known_count <- function(low, high) if (low == high) low else NA_integer_

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
  rows <- attr(x, "transitions")
  cat("<conversion_table> AIS at ", visits[["from"]], " and at ", visits[["to"]], ": ", attr(x, "subjects"),
    " patients, ",
    attr(x, "missing"), " without the second exam\n",
    sep = ""
  )
  unstarted <- attr(x, "unstarted")
  if (isTRUE(unstarted > 0L)) cat("Not counted: ", unstarted, " with the second exam only\n", sep = "")
  range <- ifelse(rows$lowest == rows$highest, rows$lowest, paste(rows$lowest, "to", rows$highest))
  grid <- matrix(range, ncol = length(conversion_grades), byrow = TRUE,
    dimnames = list(from = unique(rows$from), to = conversion_grades))
  print(grid, quote = FALSE, right = TRUE)
  cat("\n")
  print.data.frame(x[setdiff(names(x), "source")], row.names = FALSE)
  invisible(x)
}

#' @export
summary.conversion_table <- function(object, ...) attr(object, "transitions")

#' @export
tidy.conversion_table <- function(x, ...) {
  data.frame(
    term = paste0(x$endpoint, " from ", x$baseline_grade), estimate = as.double(x$events),
      conf.low = as.double(x$events_min),
    conf.high = as.double(x$events_max), n = as.double(x$n), missing = as.double(x$missing)
  )
}
