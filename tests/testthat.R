library(testthat)
library(cordgain)

test_check("cordgain")
