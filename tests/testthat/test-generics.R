test_that("tidy is the generic of the generics package, so other packages' methods are found", {
  expect_identical(tidy, generics::tidy)
})

test_that("the terms of something that is no trial are refused with a class", {
  invalid(match_terms(3), "trial_arm")
  expect_error(match_terms(NULL), class = "cordgain_error")
})

test_that("the terms of an arm are those a comparison needs, and no others", {
  terms <- match_terms(plain_arm())
  expect_named(terms, c("endpoint", "grade", "level", "baseline_days", "followup_weeks", "years"))
  expect_identical(terms$level, rep("cervical", 4))
  expect_identical(terms$baseline_days, c(14, 28))
  expect_identical(terms$followup_weeks, c(52, 52))
  expect_identical(terms$years, c(2010, 2012))
})
