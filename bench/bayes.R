# Times of exact Bayesian fits, for `make bench`: prints a table. Simulated scores (fixed seeds), lme4's sleepstudy.
# CPU seconds, median of 21, so other work on the machine counts less; R's collections of memory count where they fall.
# Tolerance 1e-3 posterior standard deviations where no other is told; the largest error of the first tidy() is stated.
library(cordgain)

simulated <- function(n_patients, n_visits = 5, seed = 1) {
  set.seed(seed)
  d <- expand.grid(week = 4 * seq_len(n_visits), id = factor(seq_len(n_patients)))
  d$score <- 20 + 0.4 * d$week + rnorm(n_patients, 0, 5)[d$id] + rnorm(n_patients, 0, 0.2)[d$id] * d$week +
    rnorm(nrow(d), 0, 3)
  d
}

cpu <- function(task) stats::median(replicate(21, sum(system.time(task(), gcFirst = FALSE)[1:2])))

row <- function(label, formula, data, asked, tolerance = 1e-3) {
  method <- method_bayes(tolerance = tolerance)
  fit <- fit_recovery(formula, data, method = method)
  table <- tidy(fit)
  c(label, format(cpu(\() fit_recovery(formula, data, method = method)), digits = 2),
    format(cpu(\() tidy(fit_recovery(formula, data, method = method))), digits = 2),
    length(fit$result$weight), fit$result$evaluations,
    format(moments_error(fit), digits = 1), format(max(table$num.error / table$std.error), digits = 1), asked)
}

# The largest stated error of a mean or standard deviation, in standard deviations.
moments_error <- function(fit) {
  parts <- fit$result[c("coefficients", "hyper")]
  max(vapply(parts, \(part) max(part$error / part$sd), 0))
}

pieces <- list(
  row("4 patients x 5 visits, intercept and slope", score ~ week + (week | id), simulated(4), "0.05"),
  row("200 patients x 5 visits, intercept and slope", score ~ week + (week | id), simulated(200), "2")
)
if (requireNamespace("lme4", quietly = TRUE)) {
  study <- \(label, ...) row(label, Reaction ~ Days + (Days | Subject), lme4::sleepstudy, "0.02", ...)
  pieces <- c(list(study("sleepstudy, intercept and slope, tolerance 2e-3", 2e-3),
    study("sleepstudy, intercept and slope")), pieces)
}
cat("| work | fit, s | fit and first tidy, s | nodes | evaluations | error of moments, sd | of all, sd | asked, s |\n")
cat("|---|---|---|---|---|---|---|---|\n")
for (piece in pieces) cat("|", paste(piece, collapse = " | "), "|\n")
