# Simulation-based calibration of posteriors of counts (binomial, Poisson),
# drawn by the no-U-turn sampler, 20 simulated patients: 2,000 data sets for each model.
#
#   Rscript inst/validation/calibration-nuts-n20-counts.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-nuts-n20-counts",
  families = c("binomial", "poisson"), engine = "nuts", patients = 20,
  depends = c("fit/nuts.hpp", "fit/family_target.hpp", "model/count_families.hpp")
)
