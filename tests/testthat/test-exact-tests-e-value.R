# e-values against a known rate. Closed forms are compared at 1e-10.
closed <- 1e-10
search <- 1e-9

test_that("the e-value of 2 of 4 is the independently computed Bayes factor", {
  expect_equal(e_value_row(2, 4, 0.193)$estimate, checks_value("B12"), tolerance = closed)
  expect_equal(e_value_row(2, 4, 0.193)$estimate, checks_value("H08"), tolerance = closed)
  expect_equal(e_value_row(2, 4, 0.193, one_sided = TRUE)$estimate, checks_value("B13"), tolerance = closed)
})

test_that("the path of 1, 1, 0, 0 peaks after two patients at the independently computed value", {
  path <- e_value_path(c(1, 1, 0, 0), 0.193)
  expect_equal(which.max(path$estimate), 2L)
  expect_equal(max(path$estimate), checks_value("H09"), tolerance = closed)
  expect_equal(path$patient, 1:4)
  expect_equal(path$outcome, c(1, 1, 0, 0))
})

test_that("every order ends at the same value", {
  ends <- vapply(list(c(1, 1, 0, 0), c(0, 0, 1, 1), c(1, 0, 0, 1)), \(o) e_value_path(o, 0.193)$estimate[4], 0)
  expect_equal(ends, rep(checks_value("H08"), 3), tolerance = closed)
})

test_that("an e-value agrees with the ratio of integrals, for other mixtures and one-sided", {
  p0 <- 0.3
  likelihood <- \(p) p^3 * (1 - p)^4
  above <- \(from) stats::integrate(\(p) likelihood(p) * stats::dbeta(p, 2, 5), from, 1, rel.tol = 1e-11)$value
  expect_equal(e_value_row(3, 7, p0, a = 2, b = 5)$estimate, above(0) / likelihood(p0), tolerance = search)
  mass <- stats::pbeta(p0, 2, 5, lower.tail = FALSE)
  expect_equal(e_value_row(3, 7, p0, TRUE, 2, 5)$estimate, above(p0) / mass / likelihood(p0), tolerance = search)
})

test_that("under the null rate an e-value is worth 1 on average, one-sided at most 1 below it", {
  values <- vapply(0:6, \(y) e_value_row(y, 6, 0.193)$estimate, 0)
  one_sided <- vapply(0:6, \(y) e_value_row(y, 6, 0.193, one_sided = TRUE)$estimate, 0)
  expect_equal(sum(stats::dbinom(0:6, 6, 0.193) * values), 1, tolerance = closed)
  for (p in c(0.01, 0.1, 0.19)) expect_lte(sum(stats::dbinom(0:6, 6, p) * one_sided), 1)
})

test_that("outcomes that are no outcomes are refused with a class", {
  for (bad in list(c(1, 2), "1", numeric(), NULL, c(1, NA), c(TRUE, FALSE), factor(1))) {
    expect_error(e_value_path(bad, 0.2), class = "cordgain_invalid_input")
  }
  for (rate in list(0, 1, NA_real_, "0.2", c(0.1, 0.2))) {
    expect_error(e_value_path(c(1, 0), rate), class = "cordgain_invalid_input")
  }
  expect_error(e_value_path(1, 0.2, one_sided = NA), class = "cordgain_invalid_input")
  expect_error(e_value_path(1, 0.2, a = 0), class = "cordgain_invalid_input")
})
