test_that("the packed triangle runs down the columns", {
  pairs <- lower_pairs(3)
  expect_identical(pairs$row, c(1L, 2L, 3L, 2L, 3L, 3L))
  expect_identical(pairs$col, c(1L, 1L, 1L, 2L, 2L, 3L))
})

test_that("unpacking fills both triangles", {
  expect_identical(
    unpack_symmetric(c(1, 2, 3), c("a", "b")), matrix(c(1, 2, 2, 3), 2, dimnames = list(c("a", "b"), c("a", "b")))
  )
  expect_identical(unpack_symmetric(5, "a"), matrix(5, 1, 1, dimnames = list("a", "a")))
})

test_that("packing takes the lower triangle column by column, and unpacking gives the matrix back", {
  m <- matrix(c(4, 2, 1, 2, 5, 3, 1, 3, 6), 3, dimnames = list(c("a", "b", "c"), c("a", "b", "c")))
  expect_identical(pack_symmetric(m), c(4, 2, 1, 5, 3, 6)) # by hand
  expect_identical(unpack_symmetric(pack_symmetric(m), c("a", "b", "c")), m)
})

test_that("the diagonal of a packed triangle is where unpacking puts it", {
  expect_identical(packed_diagonal(1L), 1L)
  expect_identical(pack_symmetric(matrix(1:9, 3))[packed_diagonal(3L)], diag(matrix(1:9, 3)))
})

test_that("products of packed triangles are quadratic forms", {
  m <- matrix(c(4, 2, 1, 2, 5, 3, 1, 3, 6), 3)
  x <- matrix(c(1, 0.5, -2, 3, 1, 0), 2)
  expect_equal(drop(packed_products(x) %*% pack_symmetric(m)), rowSums((x %*% m) * x))
  expect_equal(drop(packed_products(cbind(2)) %*% 3), 12)
})
