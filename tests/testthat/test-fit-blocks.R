test_that("rows joined by a chain of levels share a block", {
  # 1-2 by the first factor, 2-3 by the second, 4 alone, 5-6 by the first
  design <- list(y = numeric(6), random = list(
    list(level = c(0L, 0L, 1L, 2L, 3L, 3L)), list(level = c(0L, 1L, 1L, 2L, 3L, 4L))
  ), residual = list())
  expect_identical(block_of_rows(design), c(1L, 1L, 1L, 2L, 3L, 3L))
  design$random <- list()
  expect_identical(block_of_rows(design), 1:6)
  design$residual <- list(subject = c(1L, 0L, 1L, 0L, 1L, 0L))
  expect_identical(block_of_rows(design), rep(1:2, 3))
})

test_that("a long chain of levels is one block", {
  n <- 200
  design <- list(y = numeric(2 * n), residual = list(), random = list(
    list(level = rep(seq_len(n), each = 2) - 1L), list(level = c(0L, rep(seq_len(n - 1), each = 2), n))
  ))
  expect_identical(unique(block_of_rows(design)), 1L)
})

test_that("V of a block is Z D Z' + R, and the free directions are its derivatives", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial(), weights = rep(1:4, 5))
  rows <- 6:10
  parts <- variance_parts(fit, c(4, 1, 0.5, 2))
  z <- cbind(1, small_trial()$week[rows])
  expected <- z %*% matrix(c(4, 1, 1, 0.5), 2) %*% t(z) + 2 * diag(1 / rep(1:4, 5)[rows])
  expect_equal(unname(rows_covariance(fitted_rows(fit, rows), parts)), expected, tolerance = 1e-12)
  # V moves from the fit along a direction as the working parameters say
  moves <- fit$result$to_user %*% fit$result$inference$directions
  step <- rows_covariance(fitted_rows(fit, rows), variance_parts(fit, fit$result$gamma + 0.01 * moves[, 1])) -
    rows_covariance(fitted_rows(fit, rows), fitted_parts(fit))
  expect_equal(rows_covariance(fitted_rows(fit, rows), direction_parts(fit)[[1]]), step / 0.01, tolerance = 1e-8)
})

test_that("a residual by group and visit has its group's matrix", {
  data <- mixed_data("cov07_orthodont_hetero_by_sex")
  fit <- fit_recovery(distance ~ age * Sex + us(age | Sex / Subject), data)
  rows <- which(data$Subject == "F05")
  found <- rows_covariance(fitted_rows(fit, rows), fitted_parts(fit))
  expect_equal(found, unname(residual_covariances(fit)$Female), tolerance = 1e-12)
})

test_that("information of no use has no inverse, and the rest its own", {
  m <- rbind(c(4, 2, 0), c(2, 3, 0), 0)
  expect_equal(inverse_information(m)[1:2, 1:2], solve(m[1:2, 1:2]), tolerance = 1e-12)
  expect_identical(inverse_information(m)[3, ], numeric(3))
  expect_identical(dim(inverse_information(matrix(0, 0, 0))), c(0L, 0L))
})

test_that("slopes in the user's units are those of dense algebra", {
  trial <- small_trial()
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  v <- solve(rows_covariance(fitted_rows(fit, 1:20), fitted_parts(fit)))
  x <- cbind(1, trial$week)
  derivatives <- lapply(direction_parts(fit), rows_covariance, rows = fitted_rows(fit, 1:20))
  found <- variance_slopes(fit, "kenward-roger", "expected")
  for (a in 1:2) expect_equal(unname(found$slope[[a]]), -t(x) %*% v %*% derivatives[[a]] %*% v %*% x, tolerance = 1e-9)
  q <- t(x) %*% v %*% derivatives[[2]] %*% v %*% derivatives[[2]] %*% v %*% x
  expect_equal(unname(found$curve[[3]]), q, tolerance = 1e-9)
})
