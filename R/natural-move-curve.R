# Moves of a natural course: what tipping points ask of an excess of repeated scores. The mean excess at each patient's
# last visit is normal, so that its natural tail is a closed form of a mean and an SD: these are what a move moves.

#' @exportS3Method question_parts excess_curve
question_parts.excess_curve <- function(excess) {
  parts <- curve_excess_parts(excess)
  gains <- vapply(parts$courses, \(one) one$gain[length(one$gain)], 0)
  mean_words(list(moves = c("bias", "tau", "sd", "correlation"), scenarios = 1L, natural = parts$natural),
    signif(mean(gains), 4), length(gains))
}

# A bias moves the mean, a larger SD between patients stretches the part of the variance that they do not share;
# for another spread between populations or another correlation the curve is worked out again. `nature` is as
# curve_mean() gives it.
#' @exportS3Method natural_move excess_curve
natural_move.excess_curve <- function(excess, term, context, call) {
  row <- curve_mean(excess)
  parts <- curve_excess_parts(excess)
  check_movable_curve(parts$natural, term, call)
  nature <- switch(term,
    bias = \(value) utils::modifyList(row, list(mean = row$mean - value)),
    sd = \(value) utils::modifyList(row, list(sd = sqrt(value^2 * row$own + row$sd^2 - row$own))),
    tau = \(value) mean_under(parts, refit_curve(parts$natural, between_sd = value), call),
    correlation = \(value) mean_under(parts, refit_curve(parts$natural, correlation = value), call)
  )
  own <- switch(term, bias = 0, sd = 1, tau = curve_settings(parts$natural)$between_sd,
    correlation = curve_correlation(parts$natural))
  grid <- curve_grid(term, row, own, length(parts$courses))
  new_move(term, nature, grid, curve_units[[term]], curve_range(term, grid), start = which.min(abs(grid - own)),
    title = curve_titles[[term]])
}

# SDs between populations in units of the SD between patients of the gain at the last visit.
curve_grid <- function(term, row, own, n) {
  steps <- seq(-8, 8, by = 0.5) * row$sd
  grid <- switch(term,
    bias = c(row$mean + steps, steps),
    sd = c(0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.25, 1.6, 2, 3, 5),
    tau = sqrt(row$own * n) * c(0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5),
    correlation = c(seq(0, 0.95, by = 0.05), 0.98, 0.99)
  )
  sort(unique(c(own, grid)))
}

curve_units <- c(bias = "points", sd = "times the SD of the curve", tau = "SD, points", correlation = "correlation")

curve_titles <- c(bias = "Mean natural change in the trial, less that of the evidence (points)",
  sd = "SD between patients, times that of the curve",
  tau = "SD between populations of the gain at the last visit (points)",
  correlation = "Correlation between two visits of a patient")

curve_range <- function(term, grid) {
  what <- c(bias = "biases", sd = "multipliers of the SD", tau = "SDs between populations",
    correlation = "correlations")[[term]]
  paste(what, "from", signif(min(grid), 3), "to", signif(max(grid), 3))
}

check_movable_curve <- function(natural, term, call) {
  if (term == "correlation" && is.null(curve_correlation(natural))) {
    abort_input(c("The correlation is varied for a natural curve of published means for which it was given.",
      x = "The natural curve is {natural_label(natural)}."), call = call)
  }
}

# The mean excess of the same patients under another natural curve.
mean_under <- function(parts, natural, call) {
  mean_of_model(stacked_model(parts$courses, natural, parts$settings$rise, call))
}

# A closed form: the second value is at the end of the stated error of the mean, so that what is made of tails carries
# it on.
#' @exportS3Method nature_tails excess_curve
nature_tails.excess_curve <- function(excess, nature) {
  tail <- \(mean) stats::pnorm(mean / nature$sd, lower.tail = FALSE)
  list(fine = tail(nature$mean), coarse = tail(nature$mean - linear_error(nature$mean, nature$sd, nature$off)))
}
