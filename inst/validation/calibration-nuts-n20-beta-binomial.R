# Simulation-based calibration of posteriors of dispersed scores (beta-binomial),
# drawn by the no-U-turn sampler, 20 simulated patients: 2,000 data sets.
#
#   Rscript inst/validation/calibration-nuts-n20-beta-binomial.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-nuts-n20-beta-binomial",
  families = "beta_binomial", engine = "nuts", patients = 20,
  depends = c("fit/nuts.hpp", "fit/family_target.hpp", "model/beta_binomial_family.hpp")
)
