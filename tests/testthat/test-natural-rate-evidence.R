test_that("over 1,000 stored sets the second road lies within the stated error, which is below 1e-6", {
  sets <- stored_validation("evidence-sets")
  expect_identical(sets$set, setdiff(1:1001, 990L)) # see the script: the second road does not reach that one
  # What the sets were to hold.
  expect_identical(range(sets$sources), c(1L, 12L))
  expect_gt(sum(sets$zero_cells > 0), 300)
  expect_gt(sum(sets$full_cells > 0), 100)
  # An answer that cannot be had to its digits is an error of its own class, never a wrong number.
  answered <- is.na(sets$error) | sets$error == ""
  expect_true(all(sets$error[!answered] == "cordgain_numerical_error"))
  expect_gt(mean(answered), 0.99)
  sets <- sets[answered, ]
  expect_lte(max(sets$pmf_excess), 1e-10)
  expect_true(all(sets$rate_difference <= sets$rate_stated + 1e-10))
  expect_true(all(sets$quantiles_hold))
  expect_lt(max(sets$pmf_stated, sets$rate_stated), 1e-6)
})
