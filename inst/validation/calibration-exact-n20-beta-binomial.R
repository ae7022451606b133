# Simulation-based calibration of posteriors of dispersed scores (beta-binomial),
# integrated exactly, 20 simulated patients: 2,000 data sets.
#
#   Rscript inst/validation/calibration-exact-n20-beta-binomial.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-exact-n20-beta-binomial",
  families = "beta_binomial", engine = "exact", patients = 20,
  depends = c("fit/family_posterior.hpp", "model/beta_binomial_family.hpp")
)
