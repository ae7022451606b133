test_that("small tables are what data.frame(), cbind() and rbind() make of plain columns", {
  one <- plain_table(term = c("a", "b"), estimate = 1:2 / 3, unit = "points")
  expect_identical(one, data.frame(term = c("a", "b"), estimate = 1:2 / 3, unit = "points"))
  expect_identical(plain_table(term = character(), unit = "points"), data.frame(term = character(), unit = character()))
  expect_identical(with_columns(one, reason = NA_character_), cbind(one, reason = NA_character_))
  two <- plain_table(term = "c", estimate = NA_real_, unit = "%")
  expect_identical(stack_tables(one, NULL, two), rbind(one, two))
  expect_identical(stack_list(list(two, one[0, ], one)), rbind(two, one))
  expect_identical(plain_table(estimate = c(a = 1, b = 2)), data.frame(estimate = 1:2 + 0))
})

test_that("every row of a tidy table has the columns of the contract", {
  row <- cordgain:::term_row("natural_tail", 0.1, error = 1e-9)
  expect_named(row, c("term", "estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind"))
  expect_identical(row$num.kind, "estimate")
  expect_true(is.na(row$conf.low) && is.na(row$std.error))
})
