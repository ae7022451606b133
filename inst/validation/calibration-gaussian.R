# Simulation-based calibration of posteriors of normal scores, integrated on lattices and sampled,
# 4 and 20 simulated patients, 2,000 data sets for each. Each hundred is kept in build/, so that a run which is stopped
# goes on there.
#
#   Rscript inst/validation/calibration-gaussian.R [data sets]     (fewer than the stored 2,000: printed, not stored)

source("tools/validation.R")
run <- begin_validation("calibration-gaussian",
  seed = 7,
  depends = c(
    "tests/testthat/helper-calibration-models.R",
    "fit/exact_posterior.hpp",
    "infer/posterior_draws.hpp"
  )
)
library(cordgain)
source("tests/testthat/helper-calibration-models.R")

arguments <- commandArgs(trailingOnly = TRUE)
data_sets <- if (length(arguments) > 0L) as.integer(arguments[1]) else 2000L
folder <- calibration_folder(run$name, run$inputs)
each <- \(engine, patients) calibrate("gaussian", engine, patients, data_sets, run$seed, folder)
result <- do.call(rbind, Map(each, rep(c("exact", "nuts"), 2), rep(c(4, 20), each = 2)))
rownames(result) <- NULL
print(result[names(result) != "counts"], digits = 3, row.names = FALSE)
if (data_sets == 2000L) record_validation(run, result, "posterior")
