# Simulation-based calibration of posteriors of grades (cumulative),
# drawn by the no-U-turn sampler, 20 simulated patients: 2,000 data sets.
#
#   Rscript inst/validation/calibration-nuts-n20-cumulative.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-nuts-n20-cumulative",
  families = "cumulative", engine = "nuts", patients = 20,
  depends = c("fit/nuts.hpp", "fit/family_target.hpp", "model/cumulative_family.hpp")
)
