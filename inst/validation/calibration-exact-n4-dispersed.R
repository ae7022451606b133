# Simulation-based calibration of posteriors of dispersed scores (beta-binomial, hurdle),
# integrated exactly, 4 simulated patients: 2,000 data sets for each model.
#
#   Rscript inst/validation/calibration-exact-n4-dispersed.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-exact-n4-dispersed",
  families = c("beta_binomial", "hurdle"), engine = "exact", patients = 4,
  depends = c("fit/family_posterior.hpp", "model/beta_binomial_family.hpp", "model/hurdle_family.hpp")
)
