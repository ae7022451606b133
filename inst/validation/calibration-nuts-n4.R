# Simulation-based calibration of posteriors of families drawn by the no-U-turn sampler, 4 simulated patients:
# 2,000 data sets for each model. Each hundred is kept in build/, so that a run which is stopped goes on there.
#
#   Rscript inst/validation/calibration-nuts-n4.R [data sets]     (fewer than the stored 2,000: printed, not stored)

source("tools/validation.R")
run <- begin_validation("calibration-nuts-n4",
  seed = 7,
  depends = c(
    "tests/testthat/helper-calibration-models.R",
    "fit/nuts.hpp",
    "fit/family_target.hpp"
  )
)
library(cordgain)
source("tests/testthat/helper-calibration-models.R")

arguments <- commandArgs(trailingOnly = TRUE)
data_sets <- if (length(arguments) > 0L) as.integer(arguments[1]) else 2000L
folder <- calibration_folder(run$name, run$inputs)
models <- setdiff(names(calibration_models()), "gaussian")
result <- calibrate(models, "nuts", 4, data_sets, run$seed, folder)
print(result[names(result) != "counts"], digits = 3, row.names = FALSE)
if (data_sets == 2000L) record_validation(run, result, "posterior")
