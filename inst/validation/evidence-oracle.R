# What the second road (tests/testthat/helper-oracle.R) says of the 1,000 random evidence sets: mean and SD of the rate,
# probabilities of 0..4 responders of four, 2.5 % and 97.5 % points with the density there. Nothing of the package's own
# integrals enters, so this stays while the package changes; evidence-sets.R compares.
source("tools/validation.R")
run <- begin_validation("evidence-oracle",
  seed = "20260000 + i for set i",
  depends = c(
    "tests/testthat/helper-oracle.R", "tests/testthat/helper-evidence-sets.R", "inst/validation/evidence_oracle.cpp"
  )
)
library(cordgain)
source("tests/testthat/helper-oracle.R")
source("tests/testthat/helper-evidence-sets.R")
Rcpp::sourceCpp("inst/validation/evidence_oracle.cpp")
oracle_log_lik_in_r <- oracle_log_lik
oracle_log_lik <- \(s, mu, tau) compiled_log_lik(s, mu, tau, gl_normal$z, gl_normal$step)

wide_rule <- gl_panels(seq(-42, 42, by = 1.2))

# The answer of oracle_predictive() with all expectations in one pass.
oracle_moments <- function(posterior, bias, size) {
  sums <- compiled_expectations(
    posterior$mu + bias[1], sqrt(posterior$tau^2 + bias[2]^2), posterior$weight, size,
    gl_normal$z, gl_normal$w, wide_rule$x, wide_rule$w, 42
  )
  pmf <- sums[-(1:2)]
  c(mean = sums[1], sd = sqrt(sums[2] - sums[1]^2), pmf = c(1 - sum(pmf), pmf))
}

# Points of the distribution function of the rate, and the density there.
oracle_quantiles <- function(posterior, bias, probs) {
  mean <- posterior$mu + bias[1]
  sd <- sqrt(posterior$tau^2 + bias[2]^2)
  at <- vapply(probs, \(prob) {
    stats::uniroot(\(x) sum(posterior$weight * stats::pnorm((x - mean) / sd)) - prob, c(-80, 80), tol = 1e-13)$root
  }, 0)
  slope <- vapply(at, \(x) sum(posterior$weight * stats::dnorm((x - mean) / sd) / sd), 0)
  rate <- stats::plogis(at)
  list(quantile = rate, density = slope / (rate * (1 - rate)))
}

# The panels of the oracle are cut where the package says that the quantiles lie; its numbers enter nowhere else.
one_set <- function(i) {
  set.seed(20260000 + i)
  set <- random_evidence(i)
  at <- stats::qlogis(quantile(evidence_rate(set), c(0.025, 0.975))) - set$bias[1]
  posterior <- oracle_posterior(set$events, set$n, set$tau, set$mu, at = at, bias_sd = set$bias[2])
  q <- oracle_quantiles(posterior, set$bias, c(0.025, 0.975))
  data.frame(
    set = i, sources = length(set$n), patients = sum(set$n), tau = set$tau$kind,
    as.list(oracle_moments(posterior, set$bias, 4)),
    low = q$quantile[1], high = q$quantile[2], density_low = q$density[1], density_high = q$density[2]
  )
}

# The compiled loops against those in R, on both sides of the change of rule and for a plateau.
for (s in list(oracle_source(0, 40), oracle_source(32, 187), oracle_source(17, 20))) {
  for (tau in c(1e-3, 0.1, 0.5, 3)) {
    mu <- seq(-6, 6, length.out = 41)
    stopifnot(max(abs(oracle_log_lik(s, mu, tau) - oracle_log_lik_in_r(s, mu, tau))) < 1e-10)
  }
}

# A set whose package answer is an error has no panels to cut: it is recorded by evidence-sets.R, and left out here.
# Finished sets are kept in build/, so that a run that was stopped goes on.
folder <- "build/evidence-oracle"
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
kept <- file.path(folder, paste0(substr(paste(run$inputs, collapse = ""), 1, 40), ".rds"))
done <- if (file.exists(kept)) readRDS(kept) else list()
# CORDGAIN_SETS records fewer where there is no time for all.
for (i in seq_len(as.integer(Sys.getenv("CORDGAIN_SETS", "1000")))) {
  if (length(done) >= i && !is.null(done[[i]])) next
  done[[i]] <- tryCatch(one_set(i), cordgain_numerical_error = \(e) data.frame())
  if (i %% 10 == 0) saveRDS(done, kept)
}
record_validation(run, do.call(rbind, done))
