# Matching: is what is expected without treatment about the same patients, the
# same outcome and the same time as the trial?

#' How a trial and its natural sources are compared
#'
#' Natural recovery depends on who was counted, when, and how. [trial_arm()] and
#' the table of sources are compared in what follows, and each difference that is
#' not accepted by name is the error `cordgain_unmatched`: it lists the sources, what
#' the difference does to the answer where that is known, and what to do.
#'
#' | name in `accept` | matches when |
#' |---|---|
#' | `endpoint` | both count the same event (same string) |
#' | `grade` | all patients have the source's baseline AIS grade |
#' | `level` | all patients are of exactly the source's level; a wider source differs |
#' | `baseline` | the source's mean or median exam day lies in the trial's window (see below) |
#' | `followup` | the source's follow-up lies within 13 weeks of the trial's |
#' | `years` | the years of injury overlap or lie at most 5 years apart |
#' | `registry` | no two sources are of one registry with overlapping or unknown years |
#' | `covariance` | for scores: the covariance was not estimated from a handful of patients |
#'
#' The mean or median exam day is read from a column `baseline_mean_day`. Where only
#' the window of a source is known, at least half of it must lie in the trial's
#' (less is "partly matched", and differs). Of rates of responders a `landmark()` brings
#' the baseline of the sources to its week, which must then lie in the trial's window; a
#' `drift()` brings their years to the year to which it carries the rate. Means of scores
#' have neither: another source is found for them, or the difference is accepted by name.
#'
#' Scores are compared by the same rules, `endpoint` being the name of their scale. A
#' [natural_curve()] has a value in each of its weeks and is read at the trial's own visits:
#' its follow-up is theirs, so that `followup` never differs. A visit outside its weeks is an
#' error, which no name accepts. The baseline of a curve of published means is its first week.
#'
#' What is not known counts as a difference. A registry that is not named may be
#' any: name it (or the hospital) to say that the sources hold different patients.
#' Where the trial's level is unknown all other differences are told with it, and what
#' the source does to the answer is told for cervical and for T1-T9 patients.
#' Give levels as the sources divide them (`"cervical"`, not `"C5"`): a cervical
#' source is wider than one segment.
#'
#' A follow-up that is too short, or sources of years in which recovery was rarer,
#' make the natural rate too low and the excess too large; a baseline exam earlier
#' than the trial's makes the natural rate too high and the excess too small. Of scores
#' the same holds of a mean change that is a gain, and the reverse of one that is a loss.
#'
#' @return This page describes a comparison, which no function makes alone. [excess()] and what asks for a natural rate
#'   of a trial make it first: they signal the differences that are not accepted, and keep those that are with the
#'   answer, whose print lists them.
#' @section Conditions: `cordgain_unmatched` where trial and sources differ and the difference is not in `accept`;
#'   `cordgain_invalid_input` for a name in `accept` that is not in the table.
#' @references
#' Marino and others (2020), Neurotrauma Reports 1:192-200, \doi{10.1089/neur.2020.0038}
#' (levels and years); Kawano and others (2020), \doi{10.1038/s41393-019-0366-1}
#' (baseline); Bourguignon and others (2022), \doi{10.1186/s12916-022-02395-0} (no
#' change over the years in EMSCI).
#' @seealso [trial_arm()], [natural_ais]
#' @examples
#' # a trial described as its source is: nothing differs
#' source <- data.frame(source = "Registry R", events = 8, n = 64, endpoint = "ais_c",
#'   level = "cervical", baseline_grade = "A", baseline_from_day = 14, baseline_to_day = 28,
#'   followup_weeks = 52, years_from = 2018,
#'   years_to = 2022, registry = "R")
#' trial <- trial_arm(2, 4, "ais_c", level = "cervical", baseline_grade = "A",
#'   baseline_days = c(14, 28),
#'   followup_weeks = 52, years = c(2021, 2023))
#' excess(trial, natural_rate(source))
#' # a source of other years and of an earlier exam: the error names both, and what they do
#' older <- transform(source, years_from = 1994, years_to = 2003, baseline_from_day = 0,
#'   baseline_to_day = 7)
#' try(excess(trial, natural_rate(older)))
#' excess(trial, natural_rate(older), accept = c("years", "baseline"))
#' @name matching
NULL

# What is compared, in the order in which differences are told. "covariance" is
# found where a fit is made, and accepted by the same list.
matching_names <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry", "covariance")

followup_tolerance_weeks <- 13
years_tolerance <- 5
baseline_overlap <- 0.5

# Differences between a trial and its natural sources.
#
# Unknown (NA) on either side counts as a difference. "level" must be equal for
# every patient; a wider source differs. "baseline": the source's mean or median
# exam day lies in the trial's window; where that day is not known, at least half
# of the source's window does.
#
# @param terms (list) from match_terms().
# @param sources (data frame) from as_sources().
# @param landmark_day (NULL or number, days) to which a landmark() brings the baseline of
#   the sources, of each its own or one for all; NA where it does not.
# @param drift_year (NULL or number) to which a drift() carries the rate.
# @return data frame, one row per difference: what, source, trial, natural (how it
#   is on each side), direction (what it does to the answer), remedy.
evidence_differences <- function(terms, sources, landmark_day = NULL, drift_year = NULL) {
  found <- list(
    differs_endpoint(terms, sources), differs_grade(terms, sources), differs_level(terms, sources),
    differs_baseline(terms, sources, landmark_day), differs_followup(terms, sources),
    differs_years(terms, sources, drift_year),
    overlapping_registries(sources, words_of_difference(terms)$twice)
  )
  stack_list(found)
}

# One row per source that differs. `bad` NA is unknown, and differs.
differences <- function(what, sources, bad, trial, natural, direction, remedy) {
  bad <- is.na(bad) | bad
  plain_table(
    what = rep(what, sum(bad)), source = sources$source[bad], trial = rep(trial, sum(bad)),
    natural = natural[bad], direction = rep_len(direction, nrow(sources))[bad],
    remedy = rep_len(remedy, nrow(sources))[bad]
  )
}

differs_endpoint <- function(terms, sources) {
  differences("endpoint", sources,
    bad = sources$endpoint != terms$endpoint,
    trial = terms$endpoint, natural = or_unknown(sources$endpoint),
    direction = words_of_difference(terms)$endpoint_effect, remedy = words_of_difference(terms)$endpoint
  )
}

differs_grade <- function(terms, sources) {
  grade <- if (length(terms$grade) == 1L) terms$grade else NA_character_
  differences("grade", sources,
    bad = sources$baseline_grade != grade,
    trial = paste(or_unknown(terms$grade), collapse = ", "), natural = or_unknown(sources$baseline_grade),
    direction = words_of_difference(terms)$grade_effect,
    remedy = "choose sources of the trial's baseline grade"
  )
}

differs_level <- function(terms, sources) {
  levels <- unique(terms$level)
  bad <- vapply(sources$level, \(level) any(levels != level), NA)
  differences("level", sources,
    bad = bad,
    trial = paste(or_unknown(levels), collapse = ", "), natural = or_unknown(sources$level),
    direction = if (isTRUE(terms$scores)) paste0("recovery differs between levels: ", no_direction) else
      level_direction(levels, sources$level, terms$endpoint),
    remedy = if (anyNA(levels)) words_of_difference(terms)$unknown_level else words_of_difference(terms)$level
  )
}

# By level, grade A, 1995-2015 (Marino 2020): cervical patients improve to C or
# better most often (13.5 %), T1-T9 least (4.5 %), T10-T12 between (6.1 %). The
# same order holds for one grade or more (28.6, 9.1, 16.8 %). Where the order
# does not settle it, no direction is claimed.
level_direction <- function(trial, natural, endpoint) {
  if (length(trial) != 1L || !endpoint %in% c("ais_any", "ais_c")) {
    return(rep(paste0(level_matters, no_direction), length(natural)))
  }
  if (is.na(trial)) {
    supposed <- c("cervical", "T1-T9")
    effects <- lapply(supposed, level_effect, natural = natural)
    return(paste0(level_matters, "if the patients are ", supposed[1], ", ", effects[[1]], "; if ", supposed[2], ", ",
      effects[[2]]))
  }
  width <- ifelse(level_covers(natural, trial) %in% TRUE, "the source is wider; ", "")
  paste0(width, level_effect(trial, natural))
}

level_matters <- "recovery differs threefold between levels: "

# What a source of level `natural` does to the answer for patients of level `trial`.
level_effect <- function(trial, natural) {
  inside <- \(stretch) isTRUE(level_covers(stretch, trial))
  reaches <- \(stretch) level_reaches(natural, stretch)
  too_low <- (inside("cervical") & reaches("T1-S5")) | (inside("T10-T12") & reaches("T1-T9") & !reaches("cervical"))
  too_high <- (inside("thoracic") & reaches("cervical")) |
    (inside("T1-T9") & reaches("T10-T12") & !reaches("cervical"))
  ifelse(natural %in% trial, "the source is of their level",
    ifelse(too_low %in% TRUE, too_low_text, ifelse(too_high %in% TRUE, too_high_text, no_direction)))
}

# Does a level hold any segment of a stretch?
level_reaches <- function(level, stretch) {
  level <- level_span(level)
  stretch <- level_span(stretch)
  level$from <= stretch$to & level$to >= stretch$from
}

differs_baseline <- function(terms, sources, landmark_day = NULL) {
  window <- terms$baseline_days
  brought <- rep_len(if (is.null(landmark_day)) NA_real_ else landmark_day, nrow(sources))
  day <- ifelse(is.na(brought), sources$baseline_mean_day, brought)
  share <- window_share(sources$baseline_from_day, sources$baseline_to_day, window)
  matched <- ifelse(is.na(day), share >= baseline_overlap, day >= window[1] & day <= window[2])
  middle <- ifelse(is.na(day), (sources$baseline_from_day + sources$baseline_to_day) / 2, day)
  partly <- is.na(day) & !is.na(share) & share > 0
  differences("baseline", sources,
    bad = !matched,
    trial = paste("day", format_range(window)),
    natural = paste0(describe_window(sources, partly),
      ifelse(is.na(brought), "", paste0(", brought to day ", signif(brought, 4), " by landmark()"))),
    direction = ifelse(is.na(middle) | anyNA(window), no_direction,
      baseline_direction(middle < mean(window), change_means(terms, sources))),
    # A landmark is refused for a source whose exams reach the trial's window.
    remedy = ifelse(is.na(brought), paste0(words_of_difference(terms)$baseline,
      ifelse((sources$baseline_to_day >= window[1]) %in% TRUE, "", words_of_difference(terms)$landmark)),
    "give landmark() a week in the trial's own window")
  )
}

# The share of a source's window that lies in the trial's; a window of one day is in or out.
window_share <- function(from, to, window) {
  inside <- pmax(0, pmin(to, window[2]) - pmax(from, window[1]))
  ifelse(to > from, inside / (to - from), as.numeric(from >= window[1] & to <= window[2]))
}

describe_window <- function(sources, partly) {
  day <- sources$baseline_mean_day
  from <- sources$baseline_from_day
  to <- sources$baseline_to_day
  reach <- ifelse(is.na(from) | is.na(to), NA, paste0("day ", from, " to ", to))
  text <- ifelse(is.na(reach), ifelse(is.na(day), "day not known", paste("mean day", day)),
    ifelse(is.na(day), reach, paste0(reach, ", mean ", day)))
  ifelse(partly, paste0(text, " (partly matched)"), text)
}

differs_followup <- function(terms, sources) {
  window <- terms$followup_weeks
  weeks <- sources$followup_weeks
  distance <- pmax(0, window[1] - weeks, weeks - window[2])
  differences("followup", sources,
    bad = distance > followup_tolerance_weeks,
    trial = paste("week", format_range(window)),
    natural = ifelse(is.na(weeks), "week not known", paste("week", weeks)),
    direction = ifelse(is.na(weeks) | anyNA(window), no_direction,
      followup_direction(weeks < window[1], change_means(terms, sources))),
    remedy = "choose a source followed as long as the trial"
  )
}

# The means of change that say what a difference of time does; NULL for rates.
change_means <- function(terms, sources) if (isTRUE(terms$scores)) sources$mean

differs_years <- function(terms, sources, drift_year = NULL) {
  window <- terms$years
  from <- if (is.null(drift_year)) sources$years_from else rep_len(drift_year, nrow(sources))
  to <- if (is.null(drift_year)) sources$years_to else from
  distance <- pmax(0, window[1] - to, from - window[2])
  differences("years", sources,
    bad = distance > years_tolerance,
    trial = format_range(window),
    natural = ifelse(is.na(from) | is.na(to), "years not known",
      paste0(ifelse(from == to, from, paste(from, "to", to)), if (!is.null(drift_year)) ", where drift() carries it")),
    direction = ifelse(is.na(distance), no_direction, years_direction(from < window[1], isTRUE(terms$scores))),
    remedy = if (is.null(drift_year)) words_of_difference(terms)$years else
      "carry the rate to the trial's years: drift(reference_year = )"
  )
}

# Two sources of one registry whose years overlap or are unknown may count the
# same patients twice. A registry that is not named may be any. One row per
# registry, so that many sources give few rows.
overlapping_registries <- function(sources, effect = words_of_rates$twice) {
  members <- lapply(strsplit(sources$registry, "+", fixed = TRUE), trimws)
  # One registry in two spellings is one; it is told in the first.
  spelled <- unlist(members)
  members <- lapply(members, \(m) spelled[match(tolower(m), tolower(spelled))])
  unnamed <- is.na(sources$registry)
  found <- lapply(setdiff(unique(unlist(members)), NA), \(registry) {
    rows <- vapply(members, \(m) registry %in% m, NA)
    registry_difference(sources[rows & years_clash(sources, rows), , drop = FALSE], registry, effect)
  })
  if (any(unnamed) && nrow(sources) > 1L) {
    found <- c(found, list(registry_difference(sources[unnamed, , drop = FALSE], "registry not known", effect)))
  }
  found <- c(list(registry_difference(sources[0, , drop = FALSE], "", effect)), found)
  stack_list(found)
}

# For each source: do its years overlap those of another of `rows`, or are unknown?
years_clash <- function(sources, rows) {
  from <- ifelse(is.na(sources$years_from), -Inf, sources$years_from)
  to <- ifelse(is.na(sources$years_to), Inf, sources$years_to)
  vapply(seq_along(rows), \(i) any(rows[-i] & from[-i] <= to[i] & to[-i] >= from[i]), NA)
}

registry_difference <- function(sources, registry, effect) {
  if (nrow(sources) == 0L) {
    sources <- plain_table(source = character())
  } else {
    sources <- plain_table(source = paste(sources$source, collapse = " and "))
  }
  differences("registry", sources,
    bad = rep(TRUE, nrow(sources)), trial = "", natural = rep(registry, nrow(sources)),
    direction = effect,
    remedy = "keep one source per registry, or give the years of injury where they do not overlap"
  )
}

# Refuse the differences that the user has not taken on himself.
#
# @param differences (data frame) from evidence_differences().
# @param accept (character) names of differences; one that does not occur is
#   allowed, one that does not exist is not.
# @return the accepted differences (same columns), for printing with the result.
# @throws cordgain_unmatched, carrying `differences` (those not accepted).
assert_matched <- function(differences, accept = character(), call = rlang::caller_env()) {
  accept <- check_accept(accept, call)
  open <- differences[!differences$what %in% accept, , drop = FALSE]
  if (nrow(open) > 0L) {
    kinds <- unique(open$what)
    bullets <- vapply(split(open, rows_alike(open)), describe_difference, "")
    quoted <- paste0("\"", kinds, "\"", collapse = ", ")
    abort_unmatched(c("Trial and natural sources differ.",
      stats::setNames(escape_braces(bullets), rep("x", length(bullets))),
      i = "To take {cli::qty(length(kinds))}{?this/these} on yourself: accept = c({quoted})."
    ), call = call, differences = open)
  }
  differences[differences$what %in% accept, , drop = FALSE]
}

# Differences of one kind with one remedy are told together; those from controls ask for something else.
rows_alike <- function(rows) {
  key <- paste(rows$what, rows$trial, rows$remedy, sep = "\r")
  factor(key, unique(key))
}

check_accept <- function(accept, call) {
  accept <- check_text(accept, "accept", call = call)
  unknown <- setdiff(accept, matching_names)
  if (length(unknown) > 0L) {
    abort_input(c("{.arg accept} names differences: {.or {.val {matching_names}}}.", x = "Not one: {.val {unknown}}."),
      call = call)
  }
  accept
}

# One bullet for all differences of one kind: who, how, what it does, what to do.
describe_difference <- function(rows) {
  how <- paste0(rows$source, " (", rows$natural, ")")
  by_effect <- split(rows$source, factor(rows$direction, unique(rows$direction)))
  effect <- names(by_effect)
  if (length(effect) > 1L) {
    effect <- paste0(effect, " (", vapply(by_effect, paste, "", collapse = ", "), ")")
  }
  paste0(
    rows$what[1], ": ", if (nzchar(rows$trial[1])) paste0("trial ", rows$trial[1], "; "),
    "sources ", paste(how, collapse = ", "), ". Effect: ", paste(effect, collapse = "; "),
    ". To do: ", rows$remedy[1], "."
  )
}
