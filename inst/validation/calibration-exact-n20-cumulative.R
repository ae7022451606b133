# Simulation-based calibration of posteriors of grades (cumulative),
# integrated exactly, 20 simulated patients: 2,000 data sets.
#
#   Rscript inst/validation/calibration-exact-n20-cumulative.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-exact-n20-cumulative",
  families = "cumulative", engine = "exact", patients = 20,
  depends = c("fit/family_posterior.hpp", "model/cumulative_family.hpp")
)
