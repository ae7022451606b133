# Times of exact Bayesian fits, for `make bench`: prints a table. Simulated scores (fixed seeds), lme4's sleepstudy.
# CPU seconds, median of 21, so other work on the machine counts less; R's collections of memory count where they fall.
# Tolerance 1e-3 posterior standard deviations.
library(cordgain)

simulated <- function(n_patients, n_visits = 5, seed = 1) {
  set.seed(seed)
  d <- expand.grid(week = 4 * seq_len(n_visits), id = factor(seq_len(n_patients)))
  d$score <- 20 + 0.4 * d$week + rnorm(n_patients, 0, 5)[d$id] + rnorm(n_patients, 0, 0.2)[d$id] * d$week +
    rnorm(nrow(d), 0, 3)
  d
}

cpu <- function(task) stats::median(replicate(21, sum(system.time(task(), gcFirst = FALSE)[1:2])))

row <- function(label, formula, data, asked) {
  method <- method_bayes(tolerance = 1e-3)
  fit <- fit_recovery(formula, data, method = method)
  table <- tidy(fit)
  c(label, format(cpu(\() fit_recovery(formula, data, method = method)), digits = 2),
    format(cpu(\() tidy(fit_recovery(formula, data, method = method))), digits = 2),
    length(fit$result$weight), fit$result$evaluations,
    format(max(table$num.error / table$std.error), digits = 1), asked)
}

pieces <- list(
  row("4 patients x 5 visits, intercept and slope", score ~ week + (week | id), simulated(4), "0.05"),
  row("200 patients x 5 visits, intercept and slope", score ~ week + (week | id), simulated(200), "2")
)
if (requireNamespace("lme4", quietly = TRUE)) {
  study <- row("sleepstudy, intercept and slope", Reaction ~ Days + (Days | Subject), lme4::sleepstudy, "0.02")
  pieces <- c(list(study), pieces)
}
cat("| work | fit, s | fit and first tidy, s | nodes | evaluations | largest error, sd | asked, s |\n")
cat("|---|---|---|---|---|---|---|\n")
for (piece in pieces) cat("|", paste(piece, collapse = " | "), "|\n")
