# Simulation-based calibration of posteriors of normal scores, integrated on lattices and sampled,
# 4 and 20 simulated patients: 2,000 data sets for each.
#
#   Rscript inst/validation/calibration-gaussian.R [data sets]

source("tools/calibration.R")
store_calibration("calibration-gaussian",
  families = "gaussian", engine = rep(c("exact", "nuts"), 2), patients = rep(c(4, 20), each = 2),
  depends = c("fit/exact_posterior.hpp", "infer/posterior_draws.hpp")
)
