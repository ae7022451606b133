test_that("without a seed, set.seed() governs and R's stream moves by one draw", {
  withr::local_seed(1)
  first <- draw_seed(NULL)
  then <- stats::runif(1)
  set.seed(1)
  expect_identical(draw_seed(NULL), first)
  expect_identical(stats::runif(1), then)
  set.seed(2)
  expect_false(draw_seed(NULL) == first) # equal by chance once in 2^31
})

test_that("a given seed is taken as it is and leaves R's stream alone", {
  withr::local_seed(1)
  before <- .Random.seed
  expect_identical(draw_seed(7), 7)
  expect_identical(draw_seed(7L), 7)
  expect_identical(draw_seed(0), 0)
  expect_identical(draw_seed(2^31 - 1), 2^31 - 1)
  expect_identical(.Random.seed, before)
})

test_that("a drawn seed is one that could be given", {
  withr::local_seed(3)
  for (i in 1:20) {
    seed <- draw_seed(NULL)
    expect_identical(draw_seed(seed), seed)
  }
})

test_that("seeds that are no whole number are refused by class, and the argument is named", {
  bad <- list(-1, 1.5, 2^31, NA, NA_real_, NaN, Inf, "1", TRUE, c(1, 2), numeric(), list(1), factor(1))
  for (seed in bad) {
    expect_error(draw_seed(seed), class = "cordgain_invalid_input")
  }
  outer <- function(seed) draw_seed(seed)
  expect_error(outer(1.5), "`seed` must be one whole number.*1\\.5")
})
