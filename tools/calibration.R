# What the scripts inst/validation/calibration-*.R have in common. One line after
#   source("tools/calibration.R")
# runs and stores a calibration; its parts of a hundred data sets are kept in build/, so that a run which is stopped
# goes on there. A number on the command line, below the stored 2,000, of data sets is run and printed, not stored.

source("tools/validation.R")

# @param families,engine,patients what is calibrated, see calibrate() in tests/testthat/helper-calibration-models.R;
#   several engines and numbers of patients go side by side
# @param depends headers that the posteriors are made with
store_calibration <- function(name, families, engine, patients, depends, seed = 7) {
  models_file <- "tests/testthat/helper-calibration-models.R"
  run <- begin_validation(name, seed = seed, depends = c(models_file, depends))
  library(cordgain)
  source(models_file, local = TRUE)
  given <- commandArgs(trailingOnly = TRUE)
  data_sets <- if (length(given) > 0L) as.integer(given[1]) else 2000L
  folder <- calibration_folder(name, run$inputs)
  each <- \(engine, patients) calibrate(families, engine, patients, data_sets, seed, folder)
  result <- do.call(rbind, unname(Map(each, engine, patients)))
  print(result[names(result) != "counts"], digits = 3, row.names = FALSE)
  if (data_sets == 2000L) record_validation(run, result, "posterior")
}
