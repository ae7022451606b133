# Simulation-based calibration of posteriors of scores with a floor and a ceiling (censored),
# integrated exactly, 20 simulated patients: 2,000 data sets.
#
#   Rscript inst/validation/calibration-exact-n20-censored.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-exact-n20-censored",
  families = "censored", engine = "exact", patients = 20,
  depends = c("fit/family_posterior.hpp", "model/censored_family.hpp")
)
