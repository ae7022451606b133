# Simulation-based calibration of posteriors of changes with a hurdle,
# drawn by the no-U-turn sampler, 20 simulated patients: 2,000 data sets.
#
#   Rscript inst/validation/calibration-nuts-n20-hurdle.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-nuts-n20-hurdle",
  families = "hurdle", engine = "nuts", patients = 20,
  depends = c("fit/nuts.hpp", "fit/family_target.hpp", "model/hurdle_family.hpp")
)
