# Random trials of three to six patients fitted by Bayes: each must give a finite posterior whose means and standard
# deviations are within the tolerance asked, or, with the reason, draws of the sampler or a classed error.
# Parts of a thousand are kept in build/, so that a run which is stopped goes on there.
#
#   Rscript inst/validation/random-posteriors.R [trials]     (other than all: printed, not stored)

source("tools/validation.R")
trials <- 10000L
helpers <- c("tests/testthat/helper-random-cases.R", "tests/testthat/helper-random-posteriors.R")
run <- begin_validation("random-posteriors",
  seed = paste("1 to", trials),
  depends = c(helpers, "fit/exact_posterior.hpp", "fit/family_posterior.hpp", "infer/posterior_draws.hpp")
)
library(cordgain)
for (file in helpers) source(file)

outcomes_of <- function(seeds) {
  rows <- parallel::mclapply(seeds, \(seed) {
    trial <- random_trial(seed)
    data.frame(seed = seed, trial[c("family", "kind", "trouble")], trial_outcome(trial))
  }, mc.cores = 2L, mc.preschedule = FALSE)
  lost <- !vapply(rows, is.data.frame, NA)
  rows[lost] <- lapply(seeds[lost], \(seed) {
    trial <- random_trial(seed)
    data.frame(seed = seed, trial[c("family", "kind", "trouble")], outcome = "CRASH", detail = "", error = NA_real_)
  })
  do.call(rbind, rows)
}

given <- commandArgs(trailingOnly = TRUE)
seeds <- seq_len(if (length(given) > 0L) as.integer(given[1]) else trials)
folder <- file.path("build", paste0("random-posteriors-", substr(rlang::hash(run$inputs), 1L, 10L)))
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
parts <- lapply(split(seeds, (seeds - 1L) %/% 1000L), \(part) {
  kept <- file.path(folder, sprintf("%d-%d.rds", part[1], length(part)))
  if (!file.exists(kept)) saveRDS(outcomes_of(part), kept)
  readRDS(kept)
})
all <- do.call(rbind, parts)

# A row for each family, form of the random effects, outcome and reason (its first sentence, numbers left out).
all$reason <- trimws(gsub("[0-9.e+-]*[0-9]", "#", sub("[^ -~].*$", "", all$detail)))
groups <- interaction(all$family, all$kind, all$outcome, all$reason, drop = TRUE, lex.order = TRUE)
result <- do.call(rbind, lapply(split(all, groups), \(rows) {
  data.frame(
    family = rows$family[1], effects = rows$kind[1], outcome = rows$outcome[1], trials = nrow(rows),
    largest.error = if (all(is.na(rows$error))) NA_real_ else max(rows$error), first.seed = min(rows$seed),
    reason = rows$reason[1]
  )
}))
print(result, digits = 2, row.names = FALSE)
if (length(seeds) == trials) record_validation(run, result)
