# Simulation-based calibration of posteriors of families integrated exactly, 20 simulated patients: 2,000 data sets for
# each model. The families with variation from row to row are in calibration-exact-n20-dispersed.R.
#
#   Rscript inst/validation/calibration-exact-n20.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-exact-n20",
  families = c("binomial", "poisson", "censored", "cumulative"), engine = "exact", patients = 20,
  depends = c(
    "fit/family_posterior.hpp", "model/count_families.hpp", "model/censored_family.hpp", "model/cumulative_family.hpp"
  )
)
