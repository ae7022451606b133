# Simulation-based calibration of posteriors of changes with a hurdle,
# integrated exactly, 20 simulated patients: 2,000 data sets.
#
#   Rscript inst/validation/calibration-exact-n20-hurdle.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-exact-n20-hurdle",
  families = "hurdle", engine = "exact", patients = 20,
  depends = c("fit/family_posterior.hpp", "model/hurdle_family.hpp")
)
