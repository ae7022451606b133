# Evidence that the checks use, and short ways to ask for its numbers.

sources_of <- function(events, n, ...) {
  data.frame(source = paste("source", seq_along(n)), events = events, n = n, ...)
}

# The four reference registries (a numerical check) and the two whose window reaches day 14.
reference_registries <- function(...) sources_of(c(39, 3, 19, 32), c(482, 53, 161, 187), ...)
late_registries <- function(...) sources_of(c(19, 32), c(161, 187), ...)

reference_rate <- function(scale = 0.5, ...) natural_rate(reference_registries(), tau = prior_half_normal(scale), ...)

# P(at least y of n) under a natural rate.
tail_of <- function(natural, y = 2, n = 4) {
  p <- predict(natural, n)
  sum(p$probability[p$responders >= y])
}

mean_of <- function(natural) {
  rows <- tidy(natural)
  rows$estimate[rows$term == "rate"]
}

# An arm that says nothing about level, so that differences are accepted by name.
two_of_four <- function(responders = 2, n = 4, ...) {
  plain_arm(responders = responders, n = n, ...)
}

every_difference <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")

excess_of <- function(natural, responders = 2, n = 4, ...) {
  excess(two_of_four(responders, n), natural, accept = every_difference, ...)
}

# MAP quantities agree to 1e-7, one-dimensional integrals to 1e-9, closed forms to 1e-10: the stated accuracy of the
# check files, which the package's own error is below.
expect_map <- function(object, expected) expect_lt(max(abs(object - expected)), 1e-7)
expect_integral <- function(object, expected) expect_lt(max(abs(object - expected)), 1e-9)
expect_closed <- function(object, expected) expect_lt(max(abs(object - expected)), 1e-10)
