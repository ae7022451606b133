# Random small data sets, as many as random-fits-lme4.R holds, fitted by fit_recovery(): no crash, no number that is
# not finite without a named reason, no deviance above the best that lme4 finds, and no likelihood refused as unbounded
# that is not shown to be so by another route.

source("tools/validation.R")
run <- begin_validation("random-fits", seed = 100001, depends = c(
  "fit/saturated.hpp", "tests/testthat/helper-random-cases.R", "tests/testthat/helper-random-fits.R",
  "inst/validation/random-fits-lme4.csv"
))
library(cordgain)
source("tests/testthat/helper-random-cases.R")
source("tests/testthat/helper-random-fits.R")

stored <- utils::read.csv("inst/validation/random-fits-lme4.csv", colClasses = c(columns = "character"))
find_peer <- function(case) {
  row <- stored[stored$seed == case$seed, ]
  if (is.na(row$deviance)) {
    return(NULL)
  }
  list(deviance = row$deviance, columns = strsplit(row$columns, " ", fixed = TRUE)[[1]])
}

result <- run_cases(stored$seed, find_peer)
result$detail[!result$outcome %in% c("ABOVE", "UNEXPLAINED", "CRASH", "NO MAXIMUM, NOT SHOWN")] <- ""
result[c("ours", "lme4")] <- signif(result[c("ours", "lme4")], 12)
result$excess <- signif(result$excess, 3)
print(table(result$outcome, result$kind))
record_validation(run, result, "lme4")
