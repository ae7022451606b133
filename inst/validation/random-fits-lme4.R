# The best that lme4 finds on the 10,000 data sets of tools/random-fits.R, over optimisers and starts, with tight
# tolerances: the lowest deviance and the columns it keeps. Kept apart, because it takes most of the time and does not
# depend on this package's code.

source("tools/validation.R")
run <- begin_validation("random-fits-lme4", seed = 100001, depends = "tests/testthat/helper-random-cases.R")
library(cordgain)
source("tests/testthat/helper-random-cases.R")

seeds <- seq(100001, length.out = 10000)
result <- do.call(rbind, lapply(seeds, \(seed) {
  case <- random_case(seed)
  best <- if (case$peer) lme4_best(case)
  data.frame(
    seed = seed, deviance = if (is.null(best)) NA else best$deviance,
    columns = if (is.null(best)) "" else paste(best$columns, collapse = " ")
  )
}))
record_validation(run, result, "lme4")
