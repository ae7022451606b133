# An arm and a table of sources that match in everything; tests change one thing.

plain_arm <- function(...) {
  fields <- list(
    responders = 1, n = 4, endpoint = "ais_c", level = "cervical", baseline_grade = "A",
    baseline_days = c(14, 28), followup_weeks = 52, years = c(2010, 2012)
  )
  do.call(trial_arm, utils::modifyList(fields, list(...), keep.null = TRUE))
}

graded_arm <- function(final, ..., baseline = "A", endpoint = "ais_c") {
  trial_arm(
    patients = data.frame(subject = seq_along(final), baseline = baseline, final = final),
    endpoint = endpoint, level = "cervical", baseline_days = c(14, 28), followup_weeks = 52, years = c(2010, 2012), ...
  )
}

plain_sources <- function(...) {
  x <- data.frame(
    source = c("first", "second"), events = c(3, 5), n = c(20, 40), endpoint = "ais_c", baseline_grade = "A",
    level = "cervical", baseline_from_day = 10, baseline_to_day = 30, followup_weeks = 52, years_from = 2008,
    years_to = 2014, registry = c("one", "two")
  )
  changes <- list(...)
  x[names(changes)] <- changes
  x
}

invalid <- function(object, regexp = NULL) {
  expect_error(object, regexp, class = "cordgain_invalid_input")
}

# What a natural rate given as a number is about, so that it matches plain_arm() in all but its registry.
matched_terms <- function(level) {
  list(
    endpoint = "ais_c", baseline_grade = "A", level = level, baseline_days = c(14, 28), followup_weeks = 52,
    years = c(2010, 2012)
  )
}
