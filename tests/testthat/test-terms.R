test_that("every row of a tidy table has the columns of the contract", {
  row <- cordgain:::term_row("natural_tail", 0.1, error = 1e-9)
  expect_named(row, c("term", "estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind"))
  expect_identical(row$num.kind, "estimate")
  expect_true(is.na(row$conf.low) && is.na(row$std.error))
})
