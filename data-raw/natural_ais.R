# Published conversion of AIS grade. Counts are printed, or rebuilt where exactly
# one count gives the printed percentage, or derived from printed counts by subtraction; where several
# fit, their range is kept.

build_natural_ais <- function(facts, cordgain) {
  x <- read_facts("natural_ais", facts)
  x <- as_numbers(x, c("baseline_from_day", "baseline_to_day", "baseline_mean_day", "followup_weeks", "years_from",
    "years_to", "events_printed", "n"))
  x$reference <- x$reference == "TRUE"
  x$poolable <- x$poolable == "TRUE"
  percent <- as.numeric(x$percent_printed)
  rebuild <- is.na(x$events_printed) & !is.na(x$n) & !is.na(percent)
  sets <- as.list(x$events_printed)
  sets[rebuild] <- Map(cordgain$count_set, percent[rebuild], x$n[rebuild], printed_digits(x$percent_printed[rebuild]))
  ends <- \(f) vapply(sets, \(k) if (length(k) == 0L || anyNA(k)) NA_real_ else f(k), 0)
  x$events_min <- ends(min)
  x$events_max <- ends(max)
  x$events <- ifelse(x$events_min == x$events_max, x$events_min, NA_real_)
  x$counts[rebuild & !is.na(x$events)] <- "rebuilt"
  x$counts[is.na(x$counts)] <- "none"
  x$rate <- ifelse(is.na(x$events), round(percent / 100, 6), NA_real_)
  x[c(
    "source", "events", "n", "rate", "endpoint", "baseline_grade", "level", "baseline_from_day", "baseline_to_day",
    "baseline_mean_day", "followup_weeks", "years_from", "years_to", "registry", "reference", "poolable", "citation",
    "doi", "doi_note", "read_in", "counts", "percent_printed", "events_min", "events_max", "level_printed",
    "baseline_printed", "followup_printed", "note"
  )]
}
