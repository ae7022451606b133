# The second engine against formulas that neither engine uses, and the shipped checks of the hierarchical model.

test_that("at one tau the second engine is the closed form, with a flat, a normal and a fixed mu", {
  y <- c(7.8, 10.5, 9)
  se <- c(0.6, 0.9, 1.4)
  p <- new_population(y, se, 1.5)
  m <- second_mixture(natural_change(three_registries(), tau = prior_fixed(1.5), sd = 6.5))
  expect_equal(c(m$mean, m$sd^2, m$weight), c(p$mean, p$variance, 1), tolerance = 1e-12)
  m <- second_mixture(natural_change(three_registries(), tau = prior_fixed(1.5), mu = prior_normal(5, 2), sd = 6.5,
    bias = prior_normal(1, 3)))
  w <- c(1 / (se^2 + 1.5^2), 1 / 4)
  expect_equal(m$mean, sum(w * c(y, 5)) / sum(w) + 1, tolerance = 1e-12)
  expect_equal(m$sd^2, 1 / sum(w) + 1.5^2 + 9, tolerance = 1e-12)
  m <- second_mixture(natural_change(three_registries(), tau = prior_fixed(1.5), mu = prior_fixed(5), sd = 6.5))
  expect_equal(c(m$mean, m$sd), c(5, 1.5), tolerance = 1e-12)
})

test_that("the hierarchical model of the checks is met", {
  m <- mixture_moments(second_mixture(natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5)))
  # Values of the check files, printed to ten digits; the panels reach 1e-10.
  expect_equal(m$mean, checks_value("E21"), tolerance = 1e-9)
  expect_equal(m$sd, checks_value("E22"), tolerance = 1e-9)
})

test_that("quantiles and lattice give a single normal back", {
  m <- data.frame(mean = 3, sd = 2, weight = 1)
  expect_equal(mixture_quantile(m, c(0.025, 0.5)), stats::qnorm(c(0.025, 0.5), 3, 2), tolerance = 1e-10)
  lattice <- mean_lattice(m)
  expect_equal(sum(lattice$weight), 1, tolerance = 1e-12)
  expect_equal(sum(lattice$weight * lattice$x^2), 13, tolerance = 1e-10)
  expect_identical(mean_lattice(data.frame(mean = 5, sd = 0, weight = 1)), list(x = 5, weight = 1))
  expect_null(mean_lattice(data.frame(mean = c(0, 1e6), sd = c(1, 1), weight = c(0.5, 0.5))))
})

test_that("a censored normal solved by bisection has the moments asked for", {
  f <- second_censored(7.8, 6.5, c(0, 50))
  latent <- seq(f$location - 12 * f$spread, f$location + 12 * f$spread, length.out = 2e5)
  w <- stats::dnorm(latent, f$location, f$spread) * (latent[2] - latent[1])
  seen <- pmin(pmax(latent, 0), 50)
  expect_equal(sum(w * seen), 7.8, tolerance = 1e-7) # a sum of 200,000 steps over two kinks
  expect_equal(sqrt(sum(w * seen^2) - sum(w * seen)^2), 6.5, tolerance = 1e-7)
  # The latent moments printed in the specification for mean 7.8, SD 6.5 on [0, 50].
  expect_equal(c(f$location, f$spread), c(7.0691573529, 7.6340620871), tolerance = 1e-9)
})

test_that("points have the beta-binomial's mean and SD, a hurdle its share without change", {
  points <- second_points(7.8, 6.5, 50)
  expect_equal(points$spread * stats::plogis(c(1, -1) * points$location), c(1.2548914, 6.7892842), tolerance = 1e-7)
  hurdle <- natural_change(0.8, sd = 3, family = "hurdle", range = c(0, 50), zero = 0.85)
  law <- second_masses(second_family(hurdle), c(0, 50), 0.8)
  expect_equal(law$masses[1, 1], 0.85, tolerance = 1e-12)
  expect_equal(sum(law$values * law$masses), 0.8, tolerance = 1e-9)
  expect_equal(sum(law$values^2 * law$masses) - 0.8^2, 9, tolerance = 1e-9)
})

test_that("masses add up to one at every mean, and what lies beyond a patient's room stands at its ends", {
  for (family in c("normal", "censored", "beta_binomial")) {
    natural <- natural_change(8, sd = 6.5, family = family, range = if (family != "normal") c(0, 50))
    law <- second_masses(second_family(natural), c(-12, 20), c(4, 8, 12))
    expect_equal(colSums(law$masses), rep(1, 3), tolerance = 1e-12)
    expect_true(all(law$masses >= 0))
    if (family != "normal") expect_equal(range(law$values), c(-12, 20))
  }
})

test_that("sums of patients are convolutions, counts of events binomial", {
  one <- list(values = 2:4, masses = matrix(c(0.2, 0.3, 0.5), 3))
  two <- add_patients(list(one, one))
  expect_equal(drop(two$masses), c(0.04, 0.12, 0.29, 0.3, 0.25))
  expect_equal(range(two$values), c(4, 8))
  expect_equal(at_least(matrix(0.3, 5, 1), 2), stats::pbinom(1, 5, 0.3, lower.tail = FALSE), tolerance = 1e-12)
  expect_equal(at_least(matrix(0.3, 5, 1), 0), 1, tolerance = 1e-12)
})

test_that("where means lie beyond what a family can have, the lattice holds them at its ends", {
  m <- data.frame(mean = 2.3, sd = 1.5, weight = 1)
  lattice <- mean_lattice(m, c(0.4, 20))
  expect_equal(sum(lattice$weight), 1, tolerance = 1e-12)
  expect_equal(lattice$weight[lattice$x == 0.4], stats::pnorm(0.4, 2.3, 1.5), tolerance = 1e-12)
  z <- (2.3 - 0.4) / 1.5
  expect_equal(sum(lattice$weight * lattice$x), 0.4 + 1.5 * (stats::dnorm(z) + z * stats::pnorm(z)), tolerance = 1e-12)
})

test_that("the second engine's locations give the mean back", {
  natural <- natural_change(2, sd = 4, family = "censored", range = c(-10, 50))
  family <- second_family(natural)
  for (mean in c(-9.9, 2, 5, 49)) {
    l <- second_location(family, mean)
    got <- -10 + stats::integrate(\(x) stats::pnorm(x, l, family$spread, lower.tail = FALSE), -10, 50,
      rel.tol = 1e-12, subdivisions = 500L)$value
    expect_equal(got, mean, tolerance = 1e-9)
  }
  hurdle <- second_family(natural_change(2.3, sd = 7.4, family = "hurdle", range = c(0, 50), zero = 0.6))
  expect_equal(0.4 * (1 + 49 * stats::plogis(second_location(hurdle, c(0.4, 2, 20)))), c(0.4, 2, 20))
})
