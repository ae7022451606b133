# Published AIS transitions, one row per cell. The counts of a row are rebuilt
# when every percentage fits exactly one count and the counts add up to its n;
# otherwise the row keeps its percentages alone and is marked as not consistent.

build_natural_transition <- function(facts, cordgain) {
  x <- read_facts("natural_transition", facts)
  x <- as_numbers(x, c("baseline_from_day", "baseline_to_day", "followup_weeks", "count_printed", "n"))
  x$percent <- as.numeric(x$percent_printed)
  rows <- interaction(x$source, x$level, x$from, drop = TRUE)
  x <- do.call(rbind, lapply(split(x, factor(rows, unique(rows))), rebuild_row, cordgain = cordgain))
  rownames(x) <- NULL
  x[c(
    "source", "level", "from", "to", "count", "n", "percent", "percent_printed", "counts", "consistent",
    "baseline_from_day", "baseline_to_day", "followup_weeks", "registry", "citation", "doi", "doi_note", "read_in",
    "level_printed", "baseline_printed", "followup_printed", "note"
  )]
}

rebuild_row <- function(x, cordgain) {
  x$count <- x$count_printed
  x$counts[is.na(x$count)] <- "none"
  x$consistent <- NA
  if (anyNA(x$n) || anyNA(x$percent)) {
    return(x)
  }
  sets <- Map(cordgain$count_set, x$percent, x$n, printed_digits(x$percent_printed))
  x$consistent <- all(lengths(sets) == 1L) && sum(unlist(sets)) == x$n[1]
  if (x$consistent[1]) {
    x$count <- unlist(sets)
    x$counts <- "rebuilt"
  }
  x
}
