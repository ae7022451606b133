# Published motor scores of untreated patients: means by visit, and means of change.

build_natural_motor <- function(facts, cordgain) {
  x <- read_facts("natural_motor", facts)
  x <- as_numbers(x, c("week", "from_week", "mean", "mean_min", "mean_max", "sd", "se", "n"))
  # The only count here is n. None is rebuilt: where it is not printed it is not known.
  x$counts <- ifelse(is.na(x$n), "none", "printed")
  x[c(setdiff(names(x), "note"), "note")]
}
