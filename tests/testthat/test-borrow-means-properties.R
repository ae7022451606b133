# Sweeps and limits of the methods by their functions, on numbers without a table.

# Controls and a pooled history as the methods take them, in points.
direct_means <- function(y, n0, mean0, sd0, ..., a = 0, b = 0) {
  list(n = length(y), mean = mean(y), ss = sum((y - mean(y))^2), a = a, b = b, n0 = n0, mean0 = mean0,
    ss0 = (n0 - 1) * sd0^2, vague = list(mean = mean0, sd = sd0), probs = c(0.025, 0.975), unit = 1, ...)
}

test_that("with unknown variance SAM's weight falls with conflict and rises back to a half far out, by hand", {
  y <- c(3, 9, 12, 8, 10, 14, 6, 9)
  weight <- \(shift) mean_sam(direct_means(y + shift, 100, mean(y), 6, delta = 4))$weight$value
  expect_gt(weight(0), weight(3))
  expect_gt(weight(3), weight(6))
  ss <- sum((y - mean(y))^2)
  for (shift in c(2, 20, 400)) {
    ratio <- ((ss + 8 * (shift - 4)^2) / (ss + 8 * shift^2))^-4
    expect_equal(weight(shift), 1 / (1 + ratio), tolerance = 1e-11)
  }
  expect_equal(weight(1e7), 0.5, tolerance = 1e-4)
  # With a known SD it only falls.
  known <- \(shift) mean_sam(direct_means(y + shift, 100, mean(y), 6, delta = 4, known = 6))$weight$value
  expect_true(all(diff(vapply(c(0, 3, 6, 20), known, 0)) < 0))
})

test_that("random histories: the normalised power prior against integrate() over a0", {
  withr::with_seed(5, for (i in seq_len(sweep_size(500))) {
    y <- stats::rnorm(sample(2:10, 1), 0, 5)
    n0 <- sample(5:200, 1)
    mean0 <- stats::rnorm(1, 0, 6)
    sd0 <- stats::runif(1, 2, 9)
    n <- length(y)
    log_c <- \(k, s) -0.5 * log(k) + lgamma((k - 1) / 2) - (k - 1) / 2 * log(s / 2)
    log_p <- \(a) log_c(n + a * n0, sum((y - mean(y))^2) + a * (n0 - 1) * sd0^2 + n * a * n0 / (n + a * n0) *
      (mean(y) - mean0)^2) - log_c(a * n0, a * (n0 - 1) * sd0^2)
    top <- max(log_p(seq(1.01 / n0, 1, length.out = 200)))
    # In t = log of the distance to the lower end, where a narrow peak is wide.
    part <- \(f) stats::integrate(\(t) {
      a <- 1 / n0 + exp(t)
      f(a) * exp(log_p(a) - top + t)
    }, -40, log(1 - 1 / n0), rel.tol = 1e-10, subdivisions = 1000)$value
    got <- mean_normalised_power(direct_means(y, n0, mean0, sd0))
    mass <- part(\(a) 1)
    expect_equal(got$weight$value, part(identity) / mass, tolerance = 1e-8)
    expect_equal(stats::integrate(\(t) {
      a <- 1 / n0 + exp(t)
      parts <- powered_parts(direct_means(y, n0, mean0, sd0), a)
      exp(log_p(a) - top + t) * stats::pt((got$quantile$value[1] - parts$mean) / parts$scale, parts$df)
    }, -40, log(1 - 1 / n0), rel.tol = 1e-10, subdivisions = 1000)$value / mass, 0.025, tolerance = 1e-7)
  })
})

test_that("LEAP on records with ties is LEAP on the same records all apart by next to nothing", {
  tied <- c(2, 2, 5, 5, 5, 9)
  apart <- tied + 1e-9 * seq_along(tied)
  of <- \(records) mean_leap(direct_means(c(3, 7, 6), 6, 4, 3, records = records))
  expect_equal(of(tied)$mean$value, of(apart)$mean$value, tolerance = 1e-7)
  expect_equal(of(tied)$weight$value, of(apart)$weight$value, tolerance = 1e-7)
})

test_that("LEAP lets go of records far from the controls and keeps those near", {
  y <- c(10, 12, 9, 11)
  of <- \(records) mean_leap(direct_means(y, length(records), 10, 3, records = records))$weight$value
  near <- of(c(9, 10, 11, 12, 10.5))
  far <- of(c(40, 43, 41, 44, 42))
  expect_gt(near, 0.5)
  expect_lt(far, 0.25)
})

test_that("a known SD in conflict by hundreds of standard errors gives numbers with errors, not a wait", {
  d <- direct_means(c(400, 402), 100, 0, 5, known = 1)
  d$mixtures <- rep(list(list(weight = 1, mean = 0, sd = 0.7)), 2)
  names(d$mixtures) <- c("fine", "coarse")
  got <- mean_map(d)
  v <- 1 / (1 / 0.49 + 2)
  # Log densities of some 1e5 are rounded to 1e-11, the stated error's order.
  expect_equal(got$mean$value, v * 2 * 401, tolerance = 1e-9)
  expect_equal(got$sd$value, sqrt(v), tolerance = 1e-8)
  expect_lt(got$mean$error, 1e-6 * 401)
})

test_that("history without effect on the mean: a0 times nothing, weights stay between 0 and 1", {
  withr::with_seed(6, for (i in seq_len(sweep_size(500))) {
    y <- stats::rnorm(sample(3:9, 1), stats::rnorm(1, 0, 10), 4)
    d <- direct_means(y, sample(4:100, 1), 0, 5, delta = 3, a0 = 0)
    for (method in c("normalised_power", "sam", "elastic")) {
      got <- mean_methods()[[method]](d)
      expect_true(got$weight$value >= 0 && got$weight$value <= 1)
      # Between the controls' mean and the history's.
      expect_true((got$mean$value - d$mean) * (got$mean$value - d$mean0) <= 1e-9)
    }
    expect_equal(mean_power(d)$quantile$value, mean_alone(d)$quantile$value, tolerance = 1e-13)
  })
})
