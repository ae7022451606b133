# Counts of other small trials. A trial whose authors or table are known from
# memory only is not among the facts.

build_cell_trials <- function(facts, cordgain) {
  as_numbers(read_facts("cell_trials", facts), c("events", "n"))
}
