# Simulation-based calibration of posteriors of counts (binomial, Poisson),
# integrated exactly, 4 simulated patients: 2,000 data sets for each model.
#
#   Rscript inst/validation/calibration-exact-n4-counts.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-exact-n4-counts",
  families = c("binomial", "poisson"), engine = "exact", patients = 4,
  depends = c("fit/family_posterior.hpp", "model/count_families.hpp")
)
