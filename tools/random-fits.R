# Random small data sets, as many as inst/validation/random-fits-lme4.R holds, fitted by fit_recovery(): no crash, no
# number that is not finite without a named reason, no deviance above the best that lme4 finds, and no likelihood
# refused as unbounded that is not shown to be so by another route.
#
#   Rscript tools/random-fits.R [how many] [result file]

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

arguments <- commandArgs(trailingOnly = TRUE)
many <- if (length(arguments) > 0L) as.integer(arguments[1]) else nrow(stored)
result <- run_cases(stored$seed[seq_len(many)], find_peer)
print(table(result$outcome, result$kind))
print(table(result$outcome))
if (length(arguments) > 1L) utils::write.csv(result, arguments[2], row.names = FALSE)
