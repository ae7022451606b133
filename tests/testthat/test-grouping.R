test_that("levels of a factor are numbered in their order, unused ones left out", {
  found <- leaf_levels(factor(c("b", "c", "b"), levels = c("a", "b", "c")))
  expect_identical(found, list(level = c(0L, 1L, 0L), labels = c("b", "c")))
})

test_that("levels of numbers and text are sorted, as factor() does", {
  withr::local_seed(1)
  for (values in list(sample(100:1), sample(c(letters, "B", "Z")), runif(9))) {
    found <- leaf_levels(values)
    expect_identical(found$labels[found$level + 1L], as.character(values))
    expect_identical(found$labels, levels(factor(values)))
  }
})

test_that("products of factors have the levels that occur, as lme4 names them", {
  frame <- data.frame(a = c("x", "x", "y"), b = c(2, 1, 2))
  found <- group_levels(quote(b:a), frame)
  expect_identical(found$labels[found$level + 1L], c("2:x", "1:x", "2:y"))
  expect_identical(
    found$labels, levels(interaction(factor(frame$b), frame$a, sep = ":", lex.order = TRUE, drop = TRUE))
  )
})

test_that("levels of whole numbers are those of factor(), however they are counted", {
  for (values in list(c(7L, 3L, 3L, -2L), c(100000, 3, 3, -2), c(2.5, 1, 1), c(1L, 1000000000L), c(5, 5), 4:1)) {
    expected <- factor(values)
    found <- leaf_levels(values)
    expect_identical(found$level, as.integer(expected) - 1L)
    expect_identical(as.character(found$labels), levels(expected))
  }
})
