# Simulation-based calibration of posteriors of scores with a floor and a ceiling (censored),
# drawn by the no-U-turn sampler, 20 simulated patients: 2,000 data sets.
#
#   Rscript inst/validation/calibration-nuts-n20-censored.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-nuts-n20-censored",
  families = "censored", engine = "nuts", patients = 20,
  depends = c("fit/nuts.hpp", "fit/family_target.hpp", "model/censored_family.hpp")
)
