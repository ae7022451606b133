# Tables of published means of change: reading, refusing, completing.

# A validated table of natural sources with means.
# @param x (data frame) `source`, `mean`, and `se`, or `sd` and `n`; other columns as in as_sources().
#   The columns of `natural_motor` are read too: `measure` is what is measured, `week` the
#   follow-up, `from_week` the baseline.
# @return data frame: source, mean, se, sd, n, the columns that matching reads, and the rest.
# @throws cordgain_invalid_input
as_mean_sources <- function(x, call = rlang::caller_env()) {
  x <- check_table(x, "x", call = call)
  check_no_identifiers(x, "x", call = call)
  check_columns(x, c("source", "mean"), "x", call = call)
  x$source <- check_source_names(x$source, call)
  check_changes(x, call)
  x <- complete_mean_columns(x)
  for (column in source_text) {
    x[[column]] <- check_text(if (is.null(x[[column]])) rep(NA, nrow(x)) else x[[column]], column, call = call)
  }
  for (column in source_numbers) {
    values <- if (is.null(x[[column]])) rep(NA, nrow(x)) else x[[column]]
    x[[column]] <- check_known(values, column, min = 0, call = call)
  }
  x$level <- standard_level(x$level)
  x <- check_means(x, call)
  check_source_windows(x, call)
  check_poolable(x, call)
  first <- c("source", "mean", "se", "sd", "n", source_text, source_numbers)
  rownames(x) <- NULL
  x[c(first, setdiff(names(x), first))]
}

# Patients differ from visit to visit, so that differences of means by visit are no changes.
check_changes <- function(x, call) {
  visits <- !is.null(x$kind) & x$kind %in% "visit"
  if (any(visits)) {
    abort_input(c("Means by visit are not means of change.",
      x = "{.field kind} is \"visit\" for {.val {unique(x$source[visits])}}.",
      i = "Patients differ from visit to visit; {.fn natural_curve} reads such means."
    ), call = call)
  }
}

# Column names of natural_motor, brought to those of matching. A named scale is called by its full name.
complete_mean_columns <- function(x) {
  if (is.null(x$endpoint) && !is.null(x$measure)) x$endpoint <- full_measure(x$measure)
  if (is.null(x$followup_weeks) && !is.null(x$week)) x$followup_weeks <- x$week
  if (is.null(x$baseline_mean_day) && is.numeric(x$from_week)) x$baseline_mean_day <- 7 * x$from_week
  x
}

full_measure <- function(measure) {
  known <- measure %in% names(scale_table)
  ifelse(known, vapply(as.character(measure), \(m) if (m %in% names(scale_table)) scale_table[[m]][[4]] else "", ""),
    as.character(measure))
}

# Means, SDs, SEs and sizes: numbers with unknowns, from which each row must give a mean and an SE.
check_means <- function(x, call) {
  x$mean <- check_known_column(x, "mean", call = call)
  x <- check_precision_columns(x, call)
  refuse_mean_rows(x, is.na(x$mean), "no mean", "A range of means is not a mean: put in each end in turn", call)
  refuse_mean_rows(x, x$sd %in% 0 | x$se %in% 0, "an SD or SE of 0",
    "Both must be positive: give one that is, or NA for what was not published", call)
  refuse_mean_rows(x, x$n < 2 | x$n != round(x$n), "an n that is not a whole number of at least 2",
    "It counts the patients behind the mean: correct it, or give {.field se} and leave n NA", call)
  x$se <- ifelse(is.na(x$se), x$sd / sqrt(x$n), x$se)
  refuse_mean_rows(x, is.na(x$se), "neither an SE nor SD and n",
    "Without n the precision of a mean is not known: fill in n, or give the mean as a number to take it as known", call)
  x$sd <- ifelse(is.na(x$sd) & !is.na(x$n), x$se * sqrt(x$n), x$sd)
  x
}

refuse_mean_rows <- function(x, bad, what, remedy, call) {
  bad <- bad %in% TRUE
  if (any(bad)) {
    abort_input(c("A published mean must come with what its precision is known by.",
      x = "{.val {unique(x$source[bad])}} {cli::qty(sum(bad))}{?has/have} {what}.", i = paste0(remedy, ".")
    ), call = call)
  }
}

# SD between patients, pooled over sources with their degrees of freedom; NA where no source gives one.
pooled_sd <- function(x) {
  rows <- !is.na(x$sd)
  if (!any(rows)) {
    return(NA_real_)
  }
  df <- ifelse(is.na(x$n[rows]), 1, x$n[rows] - 1)
  sqrt(sum(df * x$sd[rows]^2) / sum(df))
}
