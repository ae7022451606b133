# Published motor scores of untreated patients: means by visit, and means of change.

build_natural_motor <- function(facts, cordgain) {
  x <- read_facts("natural_motor", facts)
  as_numbers(x, c("week", "from_week", "mean", "mean_min", "mean_max", "sd", "se", "n"))
}
