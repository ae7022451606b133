# Changes and published means that the tests of scores use.

# The synthetic changes of the check file: 24, 13, 2, 0, from these baselines.
synthetic_change <- function(baseline = c(12, 18, 9, 15), change = c(24, 13, 2, 0), scale = "uems", ...) {
  score_change(baseline, baseline + change, scale, match = list(level = "cervical", baseline_grade = "A", ...))
}

eight_schools <- function() {
  data.frame(source = LETTERS[1:8], mean = c(28.39, 7.94, -2.75, 6.82, -.64, .63, 18.01, 12.16),
    se = c(14.9, 10.2, 16.3, 11, 9.4, 11.4, 10.4, 17.6))
}

three_registries <- function(...) {
  data.frame(source = c("a", "b", "c"), mean = c(7.8, 10.5, 9), se = c(0.6, 0.9, 1.4), ...)
}

# One row of a tidy table.
term_of <- function(x, term, ...) {
  rows <- tidy(x, ...)
  rows[rows$term == term, , drop = FALSE]
}

term_value <- function(x, term, column = "estimate") term_of(x, term)[[column]]

all_differences <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")

# Scores that are not whole points: percentiles are then continuous.
continuous_change <- function(change = c(24, 13, 2, 0)) synthetic_change(c(12, 18, 9, 15) + 0.5, change)

# Many ranges here are c(0, 50), which allows no losses: as good as another for a number with a second road to it.
excess_of_scores <- function(x, natural, ...) {
  withCallingHandlers(excess(x, natural, accept = all_differences, ...),
    cordgain_no_losses = \(w) rlang::cnd_muffle(w))
}
