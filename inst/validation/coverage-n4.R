# Coverage of 95 % intervals for the mean slope of four simulated patients at five visits (random intercept and slope),
# by the ratio of the variance of a patient's own coefficients to the variance of their estimates: Kenward-Roger, the
# bootstrap studentised by its standard error and by the model's (drawn from variances inside their bounds), the t
# interval on the patients' own slopes, and, without a target, Wald and, in a fifth of the trials, the percentile and
# basic bootstrap. `error` is two Monte Carlo standard errors.
#
#   Rscript inst/validation/coverage-n4.R [data sets]     (fewer than the stored 5,000: printed, not stored)

source("tools/validation.R")
run <- begin_validation("coverage-n4", seed = 4, depends = c("infer/calibration.hpp", "R/small-sample.R"))
library(cordgain)

ratios <- c(0, 0.5, 2, 10, 100)
arguments <- commandArgs(trailingOnly = TRUE)
data_sets <- if (length(arguments) > 0L) as.integer(arguments[1]) else 5000L
refits <- 999

week <- c(0, 4, 8, 26, 52)
trial <- expand.grid(week = week, subject = factor(1:4))
set.seed(run$seed)
trial$score <- 10 + 0.4 * trial$week + stats::rnorm(nrow(trial))
fit <- fit_recovery(score ~ week + (week | subject), trial)
# Of one patient's own least squares coefficients, residual variance 1.
estimate_variance <- solve(crossprod(cbind(1, week)))

calibrated <- function(ratio, seed) {
  d <- ratio * estimate_variance
  user <- c(d[1, 1], d[2, 1], d[2, 2], 1)
  gamma <- solve(fit$result$to_user, user)
  rows <- cordgain:::core_rows(fit$design)[1:6]
  plan <- list(seed = seed, data_sets = data_sets, refits = refits, level = 0.95, plain_every = 5,
    contrast = c(cordgain:::core_contrast(fit, matrix(c(0, 1), 1))))
  do.call(cordgain:::core_calibrate, c(unname(rows), list(gamma, plan)))
}

# The patients' own slopes are independent normals with one variance. Each ratio has its own seed, since processes
# that run side by side share no stream.
own_slopes <- function(ratio, seed) {
  set.seed(seed)
  sd <- sqrt((1 + ratio) * estimate_variance[2, 2])
  slopes <- matrix(stats::rnorm(4 * data_sets, 0, sd), 4)
  half <- stats::qt(0.975, 3) * apply(slopes, 2, stats::sd) / 2
  list(covered = abs(colMeans(slopes)) <= half, length = 2 * half / (sd / 2))
}

intervals <- c("kenward-roger", "wald", "studentised", "studentised by the model", "percentile", "basic")
rows_of <- function(i) {
  found <- calibrated(ratios[i], run$seed + i)
  own <- own_slopes(ratios[i], run$seed + i)
  covered <- cbind(found$covered, own$covered)
  data.frame(
    ratio = ratios[i], interval = c(intervals, "t of own slopes"), data_sets = colSums(!is.na(covered)),
    coverage = colMeans(covered, na.rm = TRUE),
    error = 2 * apply(covered, 2, \(x) sqrt(mean(x, na.rm = TRUE) * mean(!x, na.rm = TRUE) / sum(!is.na(x)))),
    median_length = apply(cbind(found$length, own$length), 2, stats::median, na.rm = TRUE),
    singular = mean(found$singular), failed_refits = found$failed_refits, unsettled_refits = found$unsettled_refits
  )
}

result <- do.call(rbind, parallel::mclapply(seq_along(ratios), rows_of, mc.cores = 2, mc.preschedule = FALSE))
print(result, digits = 3, row.names = FALSE)
if (data_sets == 5000L) record_validation(run, result)
