# Simulation-based calibration of posteriors of bounded and ordinal scores (censored, cumulative),
# integrated exactly, 4 simulated patients: 2,000 data sets for each model.
#
#   Rscript inst/validation/calibration-exact-n4-limits.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-exact-n4-limits",
  families = c("censored", "cumulative"), engine = "exact", patients = 4,
  depends = c("fit/family_posterior.hpp", "model/censored_family.hpp", "model/cumulative_family.hpp")
)
