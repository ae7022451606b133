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

test_that("the core's sandwiched sums are undone exactly", {
  phi <- rbind(c(2, 0.5), c(0.5, 1))
  p1 <- rbind(c(-3, 1), c(1, -2))
  p2 <- rbind(c(-1, 0.2), c(0.2, -5))
  q <- list(rbind(c(4, 1), c(1, 3)), rbind(c(2, -1), c(-1, 6)), rbind(c(7, 0), c(0, 1)))
  products <- list(p1 %*% phi %*% p1, p2 %*% phi %*% p1, p2 %*% phi %*% p2)
  kept <- Map(\(q, r) phi %*% (q - (r + t(r)) / 2) %*% phi, q, products)
  found <- unsandwiched(list(phi = phi, slope = list(phi %*% p1 %*% phi, phi %*% p2 %*% phi), curve = kept))
  expect_equal(found$slope, list(p1, p2), tolerance = 1e-12)
  expect_equal(unname(found$curve), q, tolerance = 1e-12)
})

test_that("errors of prediction are refused where coefficients have no uncertainty", {
  flat <- list(phi = rbind(c(1, 1), c(1, 1)), slope = list(), curve = list())
  expect_error(unsandwiched(flat), "residual variance of zero", class = "cordgain_numerical_error")
})

# Invariants of blocks and covariances --------------------------------------------------------

test_that("blocks are the connected components found by a walk of the graph of rows", {
  set.seed(31) # simulated levels: an equality of two algorithms
  walk <- \(levels, n) {
    joined <- Reduce(`|`, lapply(levels, \(l) outer(l, l, `==`)))
    found <- integer(n)
    for (i in seq_len(n)) {
      if (found[i] > 0L) next
      members <- i
      repeat {
        more <- which(colSums(joined[members, , drop = FALSE]) > 0)
        if (length(more) == length(members)) break
        members <- more
      }
      found[members] <- max(found) + 1L
    }
    found
  }
  for (i in 1:20) {
    n <- sample(5:25, 1)
    levels <- replicate(sample(1:3, 1), match(l <- sample(n, n, TRUE), sort(unique(l))) - 1L, simplify = FALSE)
    design <- list(y = numeric(n), residual = list(), random = lapply(levels, \(l) list(level = l)))
    expect_identical(block_of_rows(design), walk(levels, n))
  }
})

test_that("the covariance of two sets of rows is the corner of the covariance of both", {
  trial <- transform(small_trial(), site = rep(c("s", "t"), each = 10))
  fit <- fit_recovery(score ~ week + (week | subject) + (1 | site), trial)
  parts <- variance_parts(fit, c(4, 1, 0.5, 3, 2))
  whole <- rows_covariance(fitted_rows(fit, 1:20), parts)
  left <- c(3L, 7L, 12L)
  right <- c(1L, 8L, 20L)
  corner <- effects_covariance(fitted_rows(fit, left), fitted_rows(fit, right), parts)
  expect_equal(corner, whole[left, right], tolerance = 1e-14) # no row is in both: no residual there
  expect_equal(corner, t(effects_covariance(fitted_rows(fit, right), fitted_rows(fit, left), parts)))
  expect_equal(corner[1, 3], 0) # subjects of two sites share nothing
  expect_equal(rows_covariance(fitted_rows(fit, left), parts), whole[left, left], tolerance = 1e-14)
})

test_that("a level of its own shares nothing, not even with itself at another row", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  rows <- fitted_rows(fit, 1:3)
  rows$terms[[1]]$level <- c(NA, 0L, NA)
  parts <- variance_parts(fit, c(4, 1))
  expect_equal(effects_covariance(rows, rows, parts), diag(c(0, 4, 0)))
})

test_that("V is linear in the variances, and weights divide the residual alone", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial(), weights = rep(c(1, 4), 10))
  rows <- fitted_rows(fit, 1:10)
  v <- \(gamma) rows_covariance(rows, variance_parts(fit, gamma))
  a <- c(4, 1, 0.5, 2)
  b <- c(1, -0.2, 0.1, 0.7)
  expect_equal(v(3 * a + 2 * b), 3 * v(a) + 2 * v(b), tolerance = 1e-13)
  expect_equal(v(c(0, 0, 0, 2)), diag(2 / rep(c(1, 4), 5)))
})

test_that("the parts of a plain number vector are matrices in column order, with their names", {
  fit <- fit_recovery(score ~ week + (week || subject), small_trial())
  parts <- variance_parts(fit, c(5, 7, 11))
  expect_equal(lapply(parts$effects, c), list(5, 7))
  expect_equal(parts$residual, 11)
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  d <- variance_parts(fit, c(5, 2, 7, 11))$effects[[1]]
  expect_equal(unname(d), rbind(c(5, 2), c(2, 7)))
  expect_identical(rownames(d), c("(Intercept)", "week"))
})

test_that("net scores and marginal residuals take the offset and the mean away", {
  trial <- small_trial()
  trial$known <- seq(0, 9.5, by = 0.5)
  with <- fit_recovery(score ~ week + (1 | subject), trial, offset = known)
  moved <- fit_recovery(score ~ week + (1 | subject), transform(trial, score = score - known))
  expect_equal(net_score(with$design), trial$score - trial$known)
  expect_equal(net_score(moved$design), trial$score - trial$known)
  expect_equal(marginal_residuals(with), marginal_residuals(moved), tolerance = 1e-10)
  expect_equal(marginal_residuals(moved), trial$score - trial$known - drop(cbind(1, trial$week) %*% fixef(moved)),
    tolerance = 1e-12, ignore_attr = TRUE)
})

test_that("an information matrix of any scale is inverted, and units of the parameters carry through", {
  m <- rbind(c(4, 2), c(2, 3))
  units <- c(1e-9, 1e6)
  expect_equal(inverse_information(m * outer(units, units)) * outer(units, units), solve(m), tolerance = 1e-12)
  indefinite <- rbind(c(1, 2), c(2, 1)) # at a saddle: the inverse is still that of the matrix
  expect_equal(inverse_information(indefinite), solve(indefinite), tolerance = 1e-12)
  singular <- rbind(c(1, 1), c(1, 1)) # the direction (1, -1) has none: Moore-Penrose
  expect_equal(inverse_information(singular), singular / 4, tolerance = 1e-12)
})
