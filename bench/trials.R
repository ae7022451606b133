# Trials of repeated scores, simulated and analysed, for `make bench`: 10 000 of four patients and five visits with a
# random intercept and slope, by REML with Kenward-Roger and by exact posteriors; the same loop with lmer and pbkrtest
# on 100 trials beside it. Elapsed seconds; the posteriors on two workers where future is installed. cordgain must be
# installed.
library(cordgain)
source("bench/shared/measure.R")

set.seed(5)
weeks <- c(0, 4, 12, 26, 52)
records <- expand.grid(week = weeks, subject = seq_len(60)) # simulated
records$score <- 14 + 0.25 * records$week + rnorm(60, 0, 6)[records$subject] +
  rnorm(60, 0, 0.15)[records$subject] * records$week + rnorm(nrow(records), 0, 3)
natural <- fit_recovery(score ~ week + (week | subject), records)
visits <- expand.grid(week = weeks, subject = seq_len(4))
late <- c("(Intercept)" = 1, week = 52)
reml <- design_course(natural, visits, late)
bayes <- design_course(natural, visits, late, method_bayes(priors(sd = list("(Intercept)" = prior_half_normal(10),
  week = prior_half_normal(0.3)), sigma = prior_half_normal(5))))
elapsed <- function(task) system.time(task())[["elapsed"]]

by_reml <- elapsed(\() operating_characteristics(reml, excess = c(0, 10), trials = 10000, seed = 1))
two <- requireNamespace("future", quietly = TRUE)
if (two) {
  future::plan(future::multisession, workers = 2)
  invisible(future::value(future::future(requireNamespace("cordgain"), packages = "cordgain", seed = NULL)))
}
by_posterior <- elapsed(\() print(operating_characteristics(bayes, excess = 0, trials = 10000, seed = 1)))
if (two) future::plan(future::sequential)

peer <- NA
if (requireNamespace("lme4", quietly = TRUE) && requireNamespace("pbkrtest", quietly = TRUE)) {
  one <- function(i) {
    rows <- visits
    rows$score <- simulate(natural, newdata = visits, allow.new.levels = TRUE, seed = i)[[1]]
    fit <- suppressWarnings(suppressMessages(lme4::lmer(score ~ week + (week | subject), rows)))
    try(pbkrtest::ddf_Lb(pbkrtest::vcovAdj(fit), c(1, 52), vcov(fit)), silent = TRUE)
  }
  peer <- elapsed(\() for (i in 1:100) one(i))
}
write_section("trials", c(
  "| work | seconds | asked |", "|---|---|---|",
  table_row("10,000 trials of 4 x 5 by REML and Kenward-Roger, one process", signif(by_reml, 2), "3"),
  table_row(paste("10,000 trials of 4 x 5, each with its exact posterior,", if (two) "two processes" else
    "one process"), signif(by_posterior, 2), "20"),
  table_row("100 trials by lmer and pbkrtest", signif(peer, 2), ""), "", sub("processor", "elapsed", where_measured())
))
