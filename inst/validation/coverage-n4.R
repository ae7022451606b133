# Coverage of 95 % intervals for the mean slope with 4 subjects at 5 visits, by
# how much slopes differ between subjects. Scores are simulated from the model
# with a random intercept and slope. Seven intervals:
#   kenward-roger   REML, t with Kenward-Roger's standard error and df: required at least .94
#   studentised     parametric bootstrap of t with Kenward-Roger's standard error: required .93 to .97
#   studentised_model  the same with the model's standard error
#   own-slopes      t interval of the four subjects' least squares slopes (3 df)
#   wald            normal quantile, the model's standard error: no target
#   percentile, basic  parametric bootstrap: no target
# mc.error is the standard error of the coverage. `boundary` is the share of fits
# with a variance of zero or a correlation of 1 or -1.
source("tools/validation.R")
seed <- 20261127
run <- begin_validation("coverage-n4", seed = seed, depends = c("infer/calibration.hpp", "R/design.R", "R/fit-reml.R"))
library(cordgain)

data_sets <- 5000
refits <- 399 # (399 + 1) x .025 = 10: limits are order statistics
weeks <- c(0, 4, 8, 12, 16)
trial <- data.frame(subject = rep(letters[1:4], each = 5), week = rep(weeks, 4))
trial$score <- 20 + 0.5 * trial$week + sin(seq_len(20)) # any scores: only the design is used
fit <- fit_recovery(score ~ week + (week | subject), trial)

# Variance of true slopes, over the variance of one subject's least squares slope given the true one.
ratios <- c(0, 0.1, 0.5, 2, 10, 100)
sigma <- 2
slope_error <- sigma^2 / sum((weeks - mean(weeks))^2)

truth <- function(ratio) c(25, 0, ratio * slope_error, sigma^2) # intercepts with SD 5
coverage_at <- function(i) {
  gamma <- solve(fit$result$to_user, truth(ratios[i]))
  rows <- cordgain:::core_rows(fit$design)
  plan <- list(
    seed = seed + i, data_sets = data_sets, refits = refits, level = 0.95,
    contrast = drop(cordgain:::core_contrast(fit, rbind(c(0, 1))))
  )
  found <- do.call(cordgain:::core_calibrate, c(rows[1:6], list(gamma, plan)))
  methods <- c("kenward-roger", "wald", "studentised", "studentised_model", "percentile", "basic")
  own <- own_slopes(ratios[i])
  rows_of(ratios[i], c(methods, "own-slopes"), cbind(found$covered, own$covered), cbind(found$length, own$length),
    boundary = mean(found$singular), failed = found$failed_refits + sum(is.na(found$covered[, 1])),
    unsettled = found$unsettled_refits
  )
}

# The subjects' slopes are independent, N(slope, (ratio + 1) slope_error): drawn as such.
own_slopes <- function(ratio) {
  sd <- sqrt((ratio + 1) * slope_error)
  slopes <- matrix(rnorm(4 * data_sets, 0, sd), data_sets)
  half <- qt(.975, 3) * apply(slopes, 1, stats::sd) / 2
  list(covered = abs(rowMeans(slopes)) <= half, length = 2 * half / (sd / 2))
}

rows_of <- function(ratio, methods, covered, length, ...) {
  coverage <- colMeans(covered, na.rm = TRUE)
  n <- colSums(!is.na(covered))
  data.frame(
    ratio = ratio, interval = methods, coverage = coverage, mc.error = sqrt(coverage * (1 - coverage) / n),
    mean.length = colMeans(length, na.rm = TRUE), data.sets = n, ..., row.names = NULL
  )
}

set.seed(seed)
result <- do.call(rbind, lapply(seq_along(ratios), coverage_at))
record_validation(run, result)
print(result, digits = 4)
