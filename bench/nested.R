# Times of fits with large blocks, for `make bench`: prints a table. Simulated scores (fixed seeds), lme4's InstEval;
# every ratio comes from one R process, one run each (the peers take seconds). CPU seconds, so other work counts less.
library(cordgain)

cpu <- function(task) {
  gc(FALSE)
  start <- sum(proc.time()[1:2])
  fit <- task()
  list(seconds = sum(proc.time()[1:2]) - start, fit = fit)
}

# Simulated: sites, patients in them, visits; intercepts of both.
sites <- function(n_sites, n_patients, n_visits = 5, seed = 1) {
  set.seed(seed)
  d <- expand.grid(week = 4 * seq_len(n_visits), patient = seq_len(n_patients), site = seq_len(n_sites))
  d$id <- factor(paste(d$site, d$patient))
  d$site <- factor(d$site)
  d$score <- 40 + 0.5 * d$week + rnorm(n_sites, 0, 3)[d$site] + rnorm(nlevels(d$id), 0, 5)[d$id] + rnorm(nrow(d), 0, 4)
  d
}

# Simulated: two crossed factors at random.
crossed <- function(n_a, n_b, n, seed = 2) {
  set.seed(seed)
  d <- data.frame(a = factor(sample(n_a, n, TRUE), seq_len(n_a)), b = factor(sample(n_b, n, TRUE), seq_len(n_b)),
    week = sample(0:8, n, TRUE))
  d$score <- 40 + 0.5 * d$week + rnorm(n_a, 0, 3)[d$a] + rnorm(n_b, 0, 2)[d$b] + rnorm(n, 0, 4)
  droplevels(d)
}

row <- function(label, formula, data, peer = TRUE) {
  ours <- cpu(\() fit_recovery(formula, data))
  theirs <- if (peer && requireNamespace("lme4", quietly = TRUE)) {
    cpu(\() lme4::lmer(formula, data, control = lme4::lmerControl(calc.derivs = FALSE)))
  }
  deviance <- -2 * as.numeric(stats::logLik(ours$fit))
  c(label, format(nrow(data), big.mark = ","), format(ours$seconds, digits = 2),
    if (is.null(theirs)) c("-", "-") else
      c(format(theirs$seconds, digits = 2), format(deviance - -2 * as.numeric(stats::logLik(theirs$fit)), digits = 2)))
}

pieces <- list(
  row("200 sites x 200 patients x 5", score ~ week + (1 | site / id), sites(200, 200)),
  row("the same, slopes by patient", score ~ week + (week | id) + (1 | site), sites(200, 200)),
  row("100 sites x 2,000 patients x 5", score ~ week + (1 | site / id), sites(100, 2000)),
  row("1,000 x 300 crossed", score ~ week + (1 | a) + (1 | b), crossed(1000, 300, 20000))
)
if (requireNamespace("lme4", quietly = TRUE)) {
  ratings <- lme4::InstEval
  ratings$unit <- interaction(ratings$dept, ratings$service)
  pieces <- c(pieces, list(row("InstEval", y ~ 1 + (1 | s) + (1 | d) + (1 | unit), ratings)))
}
cat("| work | rows | cordgain, s | lmer, s | deviance less lmer's |\n|---|---|---|---|---|\n")
for (piece in pieces) cat("|", paste(piece, collapse = " | "), "|\n")
