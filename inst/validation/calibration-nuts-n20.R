# Simulation-based calibration of posteriors of families drawn by the no-U-turn sampler, 20 simulated patients: 2,000 data sets for
# each model. The families with variation from row to row are in calibration-nuts-n20-dispersed.R.
#
#   Rscript inst/validation/calibration-nuts-n20.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-nuts-n20",
  families = c("binomial", "poisson", "censored", "cumulative"), engine = "nuts", patients = 20,
  depends = c(
    "fit/nuts.hpp", "fit/family_target.hpp", "model/count_families.hpp", "model/censored_family.hpp", "model/cumulative_family.hpp"
  )
)
