# Tables of natural sources: reading, refusing, rebuilding counts.

#' Counts from published percentages
#'
#' Rebuilds the number of events that a printed percentage stands for, and warns,
#' because a rebuilt count is not a printed one. Of all whole numbers
#' \eqn{0 \le k \le n} those fit whose percentage rounds to the printed one:
#' \deqn{K = \{k : |100 k / n - percent| \le \tfrac12 10^{-digits}\}.}{
#' K = all k with |100 k / n - percent| <= half a unit of the last printed digit.}
#' Where no number fits, percentage and `n` do not belong together and it is an
#' error. Where several fit, the count is `NA`, their range is carried in the
#' attributes, and a meta-analysis asks you to choose and to try each.
#'
#' @param percent (numeric, 0 to 100) the percentages as printed.
#' @param n (whole numbers, patients) their denominators.
#' @param digits (whole numbers) decimals printed: 0 for "13", 1 for "13.0". It
#'   has no default, because 13 of 139 has a count (18) and 13.0 of 139 has none.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return numeric, one count per percentage, `NA` where several fit, with the
#'   attributes `counts` (`"rebuilt"`), `events_min` and `events_max`.
#' @section Conditions: a warning of class `cordgain_rebuilt_count` that gives each
#'   count; `cordgain_invalid_input` where no count fits, or where the percentage has more
#'   decimals than `digits`.
#' @references The rule is arithmetic: it undoes rounding, and nothing else.
#' @seealso [natural_ais], whose column `counts` says which counts were rebuilt.
#' @examples
#' suppressWarnings(events_from_percent(8.1, n = 482, digits = 1)) # 39 of 482
#' try(events_from_percent(13.0, n = 139, digits = 1))
#' @export
events_from_percent <- function(percent, n, digits, ...) {
  check_given(c(
    percent = "the percentage as printed", n = "the patients it is a percentage of",
    digits = "how many decimals are printed: 0 for \"13\", 1 for \"13.0\""
  ), ...)
  percent <- check_numeric(percent, min = 0, max = 100)
  n <- check_count(n, min = 1, length = NULL)
  digits <- check_count(digits, max = 10, length = NULL)
  size <- max(length(percent), length(n), length(digits))
  if (!all(c(length(percent), length(n), length(digits)) %in% c(1L, size))) {
    abort_input("{.arg percent}, {.arg n} and {.arg digits} must have one length, or length 1.")
  }
  percent <- rep_len(percent, size)
  n <- rep_len(n, size)
  digits <- rep_len(digits, size)
  check_decimals(percent, digits)
  sets <- Map(count_set, percent, n, digits)
  printed <- paste0(sprintf("%.*f", as.integer(digits), percent), "% of ", n)
  if (any(lengths(sets) == 0L)) {
    abort_input(c("No whole count gives {printed[lengths(sets) == 0L]}.",
      i = "The percentage, {.arg n} or {.arg digits} is not as printed, or the source contradicts itself.",
      i = "Such a row keeps its rate and has no count."
    ))
  }
  warn_rebuilt(sets, printed)
  structure(
    vapply(sets, \(k) if (length(k) == 1L) k else NA_real_, 0),
    counts = "rebuilt", events_min = vapply(sets, min, 0), events_max = vapply(sets, max, 0)
  )
}

# A percentage with more decimals than were printed is a computed one, and would be held to the wrong half unit.
check_decimals <- function(percent, digits, call = rlang::caller_env()) {
  bad <- abs(percent - round(percent, digits)) > 1e-9 * pmax(1, percent)
  if (any(bad)) {
    abort_input(c("{.arg percent} has more decimals than {.arg digits} says were printed.",
      x = "{.val {percent[bad]}} with {digits[bad]} decimals.", i = "Give the percentage as printed."
    ), call = call)
  }
}

# All counts whose percentage rounds to the printed one. The slack of a
# millionth of a digit is for the rounding of 100 k / n in double precision.
count_set <- function(percent, n, digits) {
  half <- 10^-digits * (0.5 + 1e-6)
  k <- seq(max(0, ceiling((percent - half) * n / 100)), length.out = floor(2 * half * n / 100) + 2)
  k[k <= n & abs(100 * k / n - percent) <= half]
}

warn_rebuilt <- function(sets, printed) {
  one <- lengths(sets) == 1L
  range <- vapply(sets, \(k) paste(min(k), "to", max(k)), "")
  cli::cli_warn(c(
    "Counts rebuilt from percentages are not printed counts.",
    i = if (any(one)) paste0(printed[one], " = ", unlist(sets[one]), collapse = "; "),
    "!" = if (any(!one)) {
      paste0("Several fit: ", paste0(printed[!one], " = ", range[!one], collapse = "; "), ". Choose, and try each.")
    }
  ), class = "cordgain_rebuilt_count")
}

# Columns of a table of sources, with what each may hold.
source_text <- c("endpoint", "baseline_grade", "level", "registry")
source_numbers <- c("rate", "baseline_from_day", "baseline_to_day", "baseline_mean_day", "followup_weeks",
  "years_from", "years_to")

# A validated table of natural sources with counts.
# @param x (data frame) one row per study, endpoint and stratum; `source`,
#   `events` and `n` are needed, other columns are filled with NA (unknown).
# @return data frame: source, events, n, source_text, source_numbers, and the
#   user's further columns as they were.
# @throws cordgain_invalid_input
as_sources <- function(x, call = rlang::caller_env()) {
  x <- check_table(x, "x", call = call)
  check_no_identifiers(x, "x", call = call)
  check_columns(x, c("source", "events", "n"), "x", call = call)
  x$source <- check_source_names(x$source, call)
  x <- unpack_rebuilt(x)
  for (column in source_text) {
    x[[column]] <- check_text(if (is.null(x[[column]])) rep(NA, nrow(x)) else x[[column]], column, call = call)
  }
  for (column in source_numbers) {
    values <- if (is.null(x[[column]])) rep(NA, nrow(x)) else x[[column]]
    x[[column]] <- check_known(values, column, min = 0, call = call)
  }
  check_endpoints(x$endpoint, call)
  x <- check_source_counts(x, call)
  x$level <- standard_level(x$level)
  check_source_windows(x, call)
  check_poolable(x, call)
  first <- c("source", "events", "n", source_text, source_numbers)
  rownames(x) <- NULL
  x[c(first, setdiff(names(x), first))]
}

# What events_from_percent() says about its counts becomes columns of the table.
unpack_rebuilt <- function(x) {
  if (identical(attr(x$events, "counts"), "rebuilt")) {
    x$counts <- "rebuilt"
    x$events_min <- attr(x$events, "events_min")
    x$events_max <- attr(x$events, "events_max")
  }
  x
}

check_source_names <- function(source, call) {
  source <- check_text(source, "source", call = call)
  if (anyNA(source)) {
    abort_input(c("{.field source} must name every source.",
      x = "{cli::qty(sum(is.na(source)))}Row{?s} {as.character(which(is.na(source)))} {?has/have} none."
    ), call = call)
  }
  source
}

check_source_counts <- function(x, call) {
  if (is.logical(x$events) && all(is.na(x$events))) x$events <- as.double(x$events)
  if (is.logical(x$n) && all(is.na(x$n))) x$n <- as.double(x$n)
  check_has_counts(x, call)
  x$events <- as.double(check_count(x$events, "events", length = NULL, call = call))
  x$n <- as.double(check_count(x$n, "n", min = 1, length = NULL, call = call))
  over <- x$events > x$n
  if (any(over)) {
    abort_input(c("There are more events than patients.",
      x = "{x$source[over]}: {x$events[over]} of {x$n[over]}.",
      i = "If {.field events} holds percentages, rebuild the counts with {.fn events_from_percent}."
    ), call = call)
  }
  x
}

# A missing count is NA; NaN and text go on to the checks of numbers.
check_has_counts <- function(x, call) {
  unknown <- \(v) if (is.numeric(v)) is.na(v) & !is.nan(v) else rep(FALSE, length(v))
  bad <- unknown(x$events) | unknown(x$n)
  if (any(bad)) {
    abort_input(c("A meta-analysis needs counts.",
      x = "{cli::qty(sum(bad))}Source{?s} without: {.val {unique(describe_rows(x[bad, , drop = FALSE]))}}.",
      i = "Leave {cli::qty(sum(bad))}{?it/them} out where you can see it, or rebuild {?the count/the counts} with
           {.fn events_from_percent} if {.field n} and the printed percentage agree on one.",
      i = "Where several counts fit, put in each of them in turn and report both answers."
    ), call = call)
  }
}

# Names of rows, with the range of a count that is known only as one of several.
describe_rows <- function(x) {
  if (is.null(x$events_min) || is.null(x$events_max)) {
    return(x$source)
  }
  range <- paste0(" (", x$events_min, " to ", x$events_max, ")")
  paste0(x$source, ifelse(is.na(x$events_min), "", range))
}

check_source_windows <- function(x, call) {
  one_value <- c(endpoint = "endpoints", baseline_grade = "baseline grades")
  for (column in names(one_value)) {
    values <- unique(x[[column]])
    if (length(values) > 1L) {
      abort_input(c("One predictive distribution cannot stand on several {one_value[[column]]}.",
        x = "{.field {column}} holds {.val {values}}.",
        i = "Choose one, for example with {.code subset(x, {column} == \"{values[!is.na(values)][1]}\")}."
      ), call = call)
    }
  }
  back <- which(x$baseline_from_day > x$baseline_to_day | x$years_from > x$years_to)
  if (length(back) > 0L) {
    abort_input(c("A window must go from the earlier to the later.",
      x = "Not so: {.val {x$source[back]}}."
    ), call = call)
  }
  key <- x[c("source", "endpoint", "level", "years_from", "years_to", "followup_weeks")]
  key$source <- trimws(key$source)
  if (anyDuplicated(key) > 0L) {
    abort_input(c("A source stands more than once in the table.",
      x = "Twice: {.val {unique(x$source[duplicated(key)])}}.",
      i = "Patients counted twice look like more evidence. Different strata of one study must differ in {.field level},
           {.field years_from}, {.field years_to} or {.field followup_weeks}."
    ), call = call)
  }
}

check_poolable <- function(x, call) {
  if (is.null(x$poolable) || nrow(x) == 1L) {
    return(invisible(x))
  }
  bad <- x$source[!is.na(x$poolable) & !x$poolable]
  if (length(bad) > 0L) {
    abort_input(c("Some sources cannot be pooled with others.",
      x = "Marked as not poolable: {.val {bad}}.",
      i = "They repeat patients of other sources or begin later: meta-analyses, second reports, late baselines.
           Use each by itself, or leave them out with {.code subset(x, poolable)}."
    ), call = call)
  }
}
