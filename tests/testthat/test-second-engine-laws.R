# Distribution functions and limits by the second engine, of cases with closed forms.

test_that("the laws are those of simple cases", {
  # A normal on a lattice, and the sum of two normals.
  at <- seq(-9, 9, by = 0.25)
  alone <- lattice_waves(at, stats::dnorm(at) * 0.25)
  both <- lattice_waves(at, stats::dnorm(at) * 0.25, 0.1)
  for (x in c(-1.96, 0.11, 2.3)) {
    expect_equal(lattice_below(alone, x), stats::pnorm(x), tolerance = 1e-12)
    expect_equal(lattice_below(both, x), stats::pnorm(x, 0, sqrt(1.01)), tolerance = 1e-12)
  }
  # A density of exponential shape on two panels.
  nodes <- legendre_panels(c(0, 1, 3))
  below <- panels_below(matrix(nodes$x, 16), matrix(stats::dexp(nodes$x) * nodes$w, 16))
  expect_equal(c(below(0.4), below(2.2)), stats::pexp(c(0.4, 2.2)), tolerance = 1e-13)
  expect_identical(last_true(\(k) k <= 5, 0, 12), 5)
  expect_equal(search_limits(stats::pnorm, c(0.025, 0.9), 0, 1), stats::qnorm(c(0.025, 0.9)), tolerance = 1e-9)
})

test_that("Blaker's limits, published, and the tests against controls by hand", {
  # Two tables of one patient each: of 1 of 1 against 0 of 1 Fisher has 1 / 2, Barnard the largest p (1 - p).
  control <- two_of_four(0, 1, role = "control")
  expect_equal(second_controls(control, 1, 1)$estimate, c(1 / 2, 1 / 4, 1 / 4), tolerance = 1e-9)
  # 0 of n: none is accepted less than 0.
  expect_identical(blaker_least(0, 4, 0.05), 0)
  # 4 of 4: outcomes as extreme are 4 alone near p = a^(1/4), so the limit is there.
  expect_equal(blaker_least(4, 4, 0.05), 0.05^(1 / 4), tolerance = 1e-9)
})
