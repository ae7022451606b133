# Excess AIS grade steps: how many grades the patients rose, against how many
# they would have risen by themselves.

#' Natural AIS grade steps from a transition table
#'
#' The probabilities of rising 0, 1, 2, ... AIS grades without treatment, from
#' published transition counts of one starting grade. Where a report gives only
#' "C or D", both ends are kept: all of them at the lower grade, all at the higher,
#' and [excess()] gives bounds. Counts keep their uncertainty (Dirichlet, Jeffreys'
#' one half added to each grade), shared by the patients; percentages without a
#' number of patients are taken as known. [excess()] compares the table's level, baseline exam and follow-up with the
#' trial's, as it does those of the natural rate; differences are accepted by the same names (see [matching]).
#'
#' @param x rows of [natural_transition] from one source, level and starting grade.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return A `grade_steps`, for `excess(transition = )`: two vectors, `low` and `high`, over
#'   0, 1, ... steps, and whether they are counts.
#' @section Conditions: `cordgain_invalid_input` where the rows are of several sources
#'   or grades, where two of them lead to the same grade, where they do not add up to all
#'   patients (those who stayed included), or where some fell.
#' @seealso [excess()], [natural_transition]
#' @examples
#' kirshblum <- subset(natural_transition, source == "Kirshblum 2016" & from == "A")
#' grade_steps(kirshblum)
#' @export
grade_steps <- function(x, ...) {
  check_given(c(x = "the rows of natural_transition of one source, level and starting grade"), ...)
  call <- rlang::current_env()
  x <- check_table(x, "x")
  check_columns(x, c("source", "level", "from", "to", "count", "percent"), "x")
  origin <- unique(x[c("source", "level", "from")])
  if (nrow(origin) != 1L) {
    abort_input(c("{.arg x} must hold the rows of one source, level and starting grade.",
      x = "It holds {nrow(origin)}.", i = "Choose with {.code subset(natural_transition, ...)}."))
  }
  counted <- !anyNA(x$count)
  amount <- if (counted) x$count else x$percent
  amount <- check_amounts(amount, if (counted) "count" else "percent", call)
  from <- match(x$from[1], ais_grades)
  steps <- lapply(split_grades(x$to), \(to) match(to, ais_grades) - from)
  check_destinations(steps, x$to, call)
  check_all_there(amount, x, counted, call)
  fell <- vapply(steps, min, 0) < 0
  if (any(amount[fell] > 0)) {
    abort_input(c("Grade steps are counted upwards, and some patients fell, or may have.",
      x = "{sum(amount[fell])} {if (counted) 'patients' else 'percent'}."))
  }
  spread <- \(end) spread_steps(amount[!fell], steps[!fell], end, length(ais_grades) - from)
  new_grade_steps(spread(min), spread(max), counted, paste(unlist(origin), collapse = ", "), x$from[1],
    steps_source(x))
}

# What the table tells of its patients, for matching; columns that it lacks are not known.
steps_source <- function(x) {
  first <- \(name) {
    values <- unique(x[[name]])
    if (length(values) == 1L) as.numeric(values) else NA_real_
  }
  data.frame(source = paste(x$source[1], "(grade steps)"), level = standard_level(x$level[1]),
    baseline_from_day = first("baseline_from_day"), baseline_to_day = first("baseline_to_day"),
    baseline_mean_day = first("baseline_mean_day"), followup_weeks = first("followup_weeks"))
}

# Level, baseline and follow-up of a transition table against the trial's. Its starting grade must be theirs
# (check_starting_grade()); numbers that were given without a table say nothing of their patients.
transition_differences <- function(x, transition) {
  if (!inherits(transition, "grade_steps") || is.null(transition$source)) {
    return(NULL)
  }
  terms <- match_terms(x)
  found <- stack_tables(differs_level(terms, transition$source), differs_baseline(terms, transition$source),
    differs_followup(terms, transition$source))
  found$remedy <- rep("choose rows of natural_transition that match the trial", nrow(found))
  found
}

check_amounts <- function(amount, column, call) {
  if (anyNA(amount)) abort_input("Every row needs a count, or every row a percentage.", call = call)
  check_numeric(amount, column, min = 0, call = call)
}

# Every row leads to known grades, and no two rows to the same one: "B, C, D or E" beside "C" counts some twice.
check_destinations <- function(steps, to, call) {
  if (anyNA(unlist(steps))) {
    abort_input(c("{.field from} and {.field to} must hold AIS grades A to E.", x = "{.field to} holds {.val {to}}."),
      call = call)
  }
  if (anyDuplicated(unlist(steps)) > 0L) {
    abort_input(c("Two rows lead to the same grade, so some patients would be counted twice.",
      x = "{.field to} holds {.val {to}}.",
      i = "Leave out the row that repeats the others, or give probabilities of 0, 1, ... steps to {.fn excess}."
    ), call = call)
  }
}

# Patients who are in no row, those who stayed for instance, would be spread over the others in silence.
check_all_there <- function(amount, x, counted, call) {
  whole <- if (counted) unique(x$n[!is.na(x$n)]) else 100
  rounding <- if (counted) 0 else nrow(x) / 2 # half a unit of a percentage printed without decimals
  if (length(whole) == 1L && abs(sum(amount) - whole) > rounding + 1e-9) {
    abort_input(c("The rows must hold all patients, those who stayed at their grade too.",
      x = "They add up to {format(sum(amount), digits = 6)} of {whole}{if (!counted) ' percent'}.",
      i = "Add the missing row, or give probabilities of 0, 1, ... steps to {.fn excess} yourself."
    ), call = call)
  }
  if (length(whole) > 1L) {
    abort_input(c("Rows of one source and grade have one number of patients.", x = "{.field n} holds {.val {whole}}."),
      call = call)
  }
}

# @param most (whole number) steps from the starting grade to E: there are no more, and none gets a prior share.
spread_steps <- function(amount, steps, end, most) {
  at <- factor(vapply(steps, end, 0), levels = 0:most)
  as.numeric(tapply(amount, at, sum, default = 0))
}

# @param from (string) the starting grade; `source` (data frame) its patients; NULL where only numbers were given
new_grade_steps <- function(low, high, counted, label, from = NULL, source = NULL) {
  structure(list(low = low, high = high, counted = counted, label = label, from = from, source = source),
    class = "grade_steps")
}

#' @export
print.grade_steps <- function(x, ...) {
  unit <- if (x$counted) "patients" else "percent or share"
  writeLines(wrap_lines(paste0("Natural AIS grade steps (", x$label, "), ", unit, " rising 0, 1, ... grades:")))
  cat("  ", paste(format(x$low), collapse = " "), "\n", sep = "")
  if (!identical(x$low, x$high)) cat("  to ", paste(format(x$high), collapse = " "), "\n", sep = "")
  invisible(x)
}

# From grade_steps(), or from a vector: probabilities that add up to 1, or counts.
as_grade_steps <- function(x, call) {
  if (inherits(x, "grade_steps")) {
    return(x)
  }
  x <- check_numeric(x, "transition", min = 0, call = call)
  if (length(x) < 2L) {
    abort_input(c("{.arg transition} needs a number for no step up, one for one step up, and so on: two or more.",
      x = "It holds {length(x)}: {format(x)}.",
      i = "For example {.code c(0.7, 0.15, 0.15)}, counts such as {.code c(135, 20, 32)}, or {.fn grade_steps}."
    ), call = call)
  }
  counted <- sum(x) > 1.5
  if ((!counted && abs(sum(x) - 1) > 1e-9) || (counted && any(x != round(x)))) {
    abort_input(c("{.arg transition} must hold whole counts, or probabilities, of 0, 1, ... grade steps.",
      i = "Probabilities add up to 1.",
      x = "It adds up to {format(sum(x), digits = 10)}."
    ), call = call)
  }
  new_grade_steps(x, x, counted, "given as numbers")
}

# Rows grade_steps (observed minus expected) and grade_steps_tail, and those of nested_terms(); bounds where the grades
# are known only as one of several.
grade_step_terms <- function(x, transition, conf.level, call) {
  if (is.null(transition)) {
    return(NULL)
  }
  transition <- as_grade_steps(transition, call)
  observed <- arm_steps(x, call)
  check_starting_grade(x, transition, call)
  ends <- unique(list(transition$low, transition$high))
  n <- arm_counts(x)$n
  tables <- list()
  for (end in ends) {
    pmf <- steps_pmf(end, n, transition$counted)
    for (total in seq(observed$min, observed$max)) tables <- c(tables, list(steps_rows(total, pmf, conf.level)))
  }
  stack_tables(combine_scenarios(lapply(tables, \(rows) with_columns(rows, reason = NA_character_))),
    nested_terms(x, transition, call))
}

check_starting_grade <- function(x, transition, call) {
  other <- setdiff(arm_grades(x)$baseline, transition$from)
  if (!is.null(transition$from) && length(other) > 0L) {
    abort_unmatched(c("The transition table starts from another grade than the patients.",
      x = "Table: AIS {transition$from}; patients: AIS {other}.", i = "Choose the rows of {.code natural_transition}
        that start from the patients' grade."
    ), call = call)
  }
}

steps_pmf <- function(steps, n, counted) {
  value <- if (counted) core_sum_of_steps(steps + 0.5, n, TRUE) else core_sum_of_steps(steps / sum(steps), n, FALSE)
  list(value = value, error = 64 * .Machine$double.eps * value)
}

steps_rows <- function(total, pmf, conf.level) {
  k <- seq_along(pmf$value) - 1
  tail <- term_row("grade_steps_tail", sum(pmf$value[k >= total]), error = sum(pmf$error))
  mark_exact(rbind(count_row("grade_steps", list(fine = pmf$value, coarse = pmf$value), conf.level, total), tail), TRUE)
}

# Steps of each patient, fewest and most; unknown grades count as unchanged or as E.
patient_steps <- function(x, call) {
  grades <- arm_grades(x)
  if (is.null(grades)) {
    abort_input(c("Grade steps need the patients' grades.",
      i = "Describe the arm by {.code patients = data.frame(subject, baseline, final)}."), call = call)
  }
  from <- match(grades$baseline, ais_grades)
  sets <- lapply(grade_sets(grades$final, "final", call), \(to) if (length(to) == 0L) seq_along(ais_grades) else to)
  ends <- vapply(sets, range, c(0, 0))
  list(fewest = ends[1, ] - from, most = ends[2, ] - from)
}

# The same of all patients together.
arm_steps <- function(x, call) {
  steps <- patient_steps(x, call)
  list(min = sum(steps$fewest), max = sum(steps$most))
}

# Several nested endpoints --------------------------------------------------------------

most_outcomes <- 1e5

# The smallest natural tail over the nested endpoints "at least 1, 2, ... grades", and how often nature alone shows one
# as small: exact sums over all outcomes (multinomial, or Dirichlet-multinomial where the steps are counts), so that no
# endpoint is chosen afterwards for free. More steps make both smaller, so the ends of what is not known bound them.
nested_terms <- function(x, transition, call) {
  steps <- patient_steps(x, call)
  n <- length(steps$fewest)
  size <- length(transition$low)
  if (choose(n + size - 1, size - 1) > most_outcomes || min(unlist(steps)) < 0) {
    reason <- "too many outcomes to be summed, or a patient whose grade fell"
    rows <- with_columns(term_row(c("nested_tail", "nested_tail_any"), NA_real_, error = NA_real_), reason = reason)
    return(combine_scenarios(list(rows)))
  }
  ends <- unique(list(transition$low, transition$high))
  seen <- unique(list(steps$fewest, steps$most))
  tables <- lapply(ends, \(end) {
    outcomes <- step_outcomes(end, n, transition$counted)
    lapply(seen, \(s) nested_rows(pmin(s, size - 1), outcomes))
  })
  combine_scenarios(unlist(tables, recursive = FALSE))
}

# Every outcome of n patients: its probability, and patients who rose at least 1, 2, ... grades.
step_outcomes <- function(steps, n, counted) {
  counts <- compositions(n, length(steps))
  log_p <- if (counted) {
    a <- steps + 0.5
    lgamma(n + 1) + lgamma(sum(a)) - lgamma(n + sum(a)) +
      rowSums(lgamma(sweep(counts, 2, a, "+")) - lgamma(counts + 1)) - sum(lgamma(a))
  } else {
    lgamma(n + 1) - rowSums(lgamma(counts + 1)) + counts_times_log(counts, steps / sum(steps))
  }
  reached <- vapply(seq_along(steps)[-1], \(s) rowSums(counts[, s:length(steps), drop = FALSE]), numeric(nrow(counts)))
  list(probability = exp(log_p), reached = reached)
}

# Sum of counts log(p) with 0 log 0 = 0.
counts_times_log <- function(counts, p) rowSums(sweep(counts, 2, log(p), \(k, l) ifelse(k == 0, 0, k * l)))

nested_rows <- function(seen, outcomes) {
  endpoints <- seq_len(ncol(outcomes$reached))
  n <- length(seen)
  tails <- lapply(endpoints, \(s) {
    upper_tails(vapply(0:n, \(y) sum(outcomes$probability[outcomes$reached[, s] == y]), 0))
  })
  observed <- min(vapply(endpoints, \(s) tails[[s]][sum(seen >= s) + 1], 0))
  smallest <- do.call(pmin, lapply(endpoints, \(s) tails[[s]][outcomes$reached[, s] + 1]))
  # Tails that are equal are one outcome; sums of them differ by rounding.
  any <- sum(outcomes$probability[smallest <= observed * (1 + 1e-9)])
  rows <- term_row(c("nested_tail", "nested_tail_any"), c(observed, any), error = 1e-12, num.kind = "exact")
  with_columns(rows, reason = NA_character_)
}
