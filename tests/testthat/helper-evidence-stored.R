# The package beside the stored answers of the second road (inst/validation/evidence-oracle.csv).

# What the second road itself may be off by: runs at half its panels differ by less.
oracle_error <- 1e-10

# One row: the largest difference from the second road in the mean, the SD and the probabilities of 0..4 responders of
# four, by how much it exceeds what is stated (not at all, it should), and the largest stated error. A quantile may be
# off by its stated error and by the second road's error over the density there.
# @param oracle one row of the stored answers
compare_stored <- function(oracle) {
  set.seed(20260000 + oracle$set)
  set <- random_evidence(oracle$set)
  rate <- evidence_rate(set)
  row <- tidy(rate)
  row <- row[row$term == "rate", ]
  pmf <- predict(rate, 4)
  expected <- unlist(oracle[paste0("pmf", 1:5)], use.names = FALSE)
  difference <- abs(c(row$estimate - oracle$mean, row$std.error - oracle$sd, pmf$probability - expected))
  stated <- c(row$num.error, row$num.error, pmf$num.error)
  quantile_difference <- abs(c(row$conf.low - oracle$low, row$conf.high - oracle$high))
  quantile_allowed <- row$num.error + oracle_error * pmax(1, 1 / c(oracle$density_low, oracle$density_high))
  data.frame(
    set = oracle$set, sources = oracle$sources, patients = oracle$patients, tau = oracle$tau,
    difference = max(difference), beyond_stated = max(difference - stated),
    quantile_difference = max(quantile_difference), quantile_beyond = max(quantile_difference - quantile_allowed),
    num_error = max(stated)
  )
}
