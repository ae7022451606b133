# Simulation-based calibration of posteriors of counts (binomial, Poisson),
# integrated exactly, 20 simulated patients: 2,000 data sets for each model.
#
#   Rscript inst/validation/calibration-exact-n20-counts.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-exact-n20-counts",
  families = c("binomial", "poisson"), engine = "exact", patients = 20,
  depends = c("fit/family_posterior.hpp", "model/count_families.hpp")
)
