# An answer about scores whose every number has a closed form: one known SD, sources with known SEs, tau at a point.

# Posterior of the mean of a new population, given tau and a flat mu: N(m, v).
new_population <- function(mean, se, tau) {
  w <- 1 / (se^2 + tau^2)
  list(mean = sum(w * mean) / sum(w), variance = 1 / sum(w) + tau^2)
}

# Observed mean 9.75 of four patients, three registries, SD 6.5; normal family and tau = 1.5 unless said.
score_answer <- function(tau = prior_fixed(1.5), ..., change = c(24, 13, 2, 0), sources = three_registries()) {
  excess_of_scores(synthetic_change(change = change), natural_change(sources, tau = tau, sd = 6.5, ...))
}

# Known natural mean.
known_answer <- function(mean = 4, sd = 6.5, change = c(24, 13, 2, 0), ...) {
  excess_of_scores(synthetic_change(change = change), natural_change(mean, sd = sd, ...))
}

tipping_value <- function(x, term, target = NULL, column = "estimate") {
  rows <- tidy(x)
  rows[[column]][rows$term == term & (is.null(target) | rows$target %in% target)]
}

# Two simulated courses against the published course of arms.
curve_answer <- function() {
  visits <- data.frame(id = rep(c("a", "b"), each = 3), week = rep(c(2, 12, 52), 2), uems = c(10, 18, 30, 14, 16, 22),
    treated = 3)
  treated <- recovery_data(visits, subject = id, time = week, score = uems, scale = "uems", treated_at = treated)
  rows <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  excess(treated, natural_curve(rows, correlation = 0.8), accept = setdiff(all_differences, "endpoint"))
}

# Two courses against visit means taken as known, through which a plateau passes: natural gains from week 2 are 5 by
# week 12 and 9 by week 52. Patient a is seen until week 52 (gain 25), b until week 12 (gain 4): mean excess 7.5.
known_course <- function(more = 0, reverse = FALSE, ...) {
  means <- data.frame(week = c(2, 12, 52), mean = c(10, 15, 19), sd = c(4, 6, 8), measure = "uems")
  visits <- data.frame(id = c("a", "a", "a", "b", "b"), week = c(2, 12, 52, 2, 12),
    score = c(10, 18, 35, 14, 18) + c(0, more, more, 0, more), at = 3)
  if (reverse) visits <- visits[c(4:5, 1:3), ]
  data <- recovery_data(visits, id, week, score, "uems", treated_at = at)
  excess(data, natural_curve(means, correlation = 0.7), accept = all_differences, ...)
}
