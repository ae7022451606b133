test_that("the probability that one beta exceeds another agrees with the checks and with a naive integral", {
  expect_integral(beta_exceeds(2.5, 2.5, 93.5, 790.5), checks_value("B06"))
  expect_integral(beta_exceeds(2.5, 2.5, 93.5, 790.5, 0.2), checks_value("B08"))
  # R's own adaptive quadrature, to 1e-10.
  for (case in list(c(1, 4, 0.6, 9, -0.04), c(14.5, 3, 2, 40, 0.1), c(2, 60, 30, 3, 0))) {
    naive <- stats::integrate(\(p) stats::dbeta(p, case[3], case[4]) *
      stats::pbeta(pmin(pmax(p + case[5], 0), 1), case[1], case[2], lower.tail = FALSE), 0, 1, rel.tol = 1e-10)$value
    expect_lt(abs(beta_exceeds(case[1], case[2], case[3], case[4], case[5]) - naive), 1e-8)
  }
})

test_that("the boundary found by bisection is that of the whole table", {
  s <- list(prior = prior_beta(1, 1), margin = 0)
  history <- list(a = 3, b = 12)
  expect_identical(boundary_claims(8, 5, history, s, 0.9), posterior_matrix(8, 5, history, s) >= 0.9)
})

test_that("two stages by enumeration of both", {
  grid <- expand.grid(x1 = 0:9, x2 = 0:8)
  weight <- stats::dbinom(grid$x1, 9, 0.25) * stats::dbinom(grid$x2, 8, 0.25)
  expect_closed(two_stage_claims(9, 17, 0.25)[1, 3], sum(weight[grid$x1 > 0 & grid$x1 + grid$x2 > 2]))
})

test_that("no count may be rare enough, and then none is called a success", {
  expect_true(is.na(critical_count(c(1, 0.5, 0.2), 0.025)))
  expect_false(any(claims_from(3, NA_real_)))
  expect_identical(as.vector(claims_from(3, 2)), c(FALSE, FALSE, TRUE, TRUE))
})

test_that("a threshold that nothing reaches is infinite", {
  expect_identical(calibrated_threshold(matrix(0.5, 3, 3), 0.025), Inf)
})
