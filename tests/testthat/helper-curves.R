# Courses of treated patients over a natural curve.

# The synthetic data of the check file: gains since treatment in week 3, natural gain 9 (1 - e^{-t / 12}), its
# covariance.
gls_weeks <- c(4, 12, 26, 52)
gls_rise <- 1 - exp(-gls_weeks / 12)
gls_covariance <- 16 * diag(4) + 36 + 25 * outer(gls_rise, gls_rise)
gls_gains <- rbind(c(3, 9, 16, 24), c(2, 7, 10, 13), c(1, 1, 2, 2), c(0, 1, 0, 0))

gls_natural <- \(...) {
  natural_curve(data.frame(source = "check", week = 3 + gls_weeks, mean = 9 * gls_rise, from_week = 3,
    measure = "uems", ...),
    covariance = gls_covariance)
}

gls_data <- \(gains = gls_gains, baseline = 10, match = list()) {
  df <- data.frame(id = rep(1:4, each = 5), week = rep(c(3, 3 + gls_weeks), 4), at = 3,
    score = as.vector(t(cbind(0, gains))) + baseline)
  recovery_data(df, subject = id, time = week, score = score, scale = "uems", treated_at = at, match = match)
}

gls_excess <- \(...) excess(gls_data(), gls_natural(), accept = all_differences, ...)

# Five patients whose scores rise to a plateau.
curved_trial <- function(seed = 21) {
  withr::local_seed(seed) # simulated
  trial <- expand.grid(week = c(0, 4, 12, 26), subject = factor(1:5))
  trial$visit <- factor(trial$week)
  trial$score <- 8 + rnorm(5, 0, 3)[trial$subject] + 10 * (1 - exp(-trial$week / 9)) + rnorm(20, 0, 2)
  trial
}
