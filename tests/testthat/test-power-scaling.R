test_that("sensitivities of a beta prior and binomial counts agree with the checks", {
  s <- beta_power_sensitivity(8, 56, 2, 4)
  # The checks' own tolerance for these two.
  expect_lt(abs(s[["prior"]] - checks_value("G07")), 1e-5)
  expect_lt(abs(s[["likelihood"]] - checks_value("G08")), 1e-5)
})

# The model of check A21: y ~ N(mu, sigma), mu ~ N(0, 1), sigma ~ half-normal(2.5). Its printed posterior mean of mu
# (9.541758) is not that of its printed data (9.541729 on any lattice), so the derivatives are held against differences.
test_that("derivatives of posterior means are those of means under powers of prior and likelihood", {
  y <- c(9.5, 10.2, 9.1, 9.1, 10.3, 10.9, 11.7, 10.3, 9.6, 8.6, 9.1, 11.1, 9.3, 10.5, 9.7, 10.3, 10.0, 9.8, 9.6, 8.3,
    10.2, 9.8, 10.0, 10.0, 9.1)
  # The integrand is smooth and dies away on all sides: this lattice is exact to far below 1e-6.
  grid <- expand.grid(mu = seq(7.5, 11, length.out = 140), sigma = seq(0.35, 3.2, length.out = 140))
  prior <- stats::dnorm(grid$mu, 0, 1, log = TRUE) + stats::dnorm(grid$sigma, 0, 2.5, log = TRUE)
  likelihood <- -length(y) * log(grid$sigma) - (sum((y - mean(y))^2) + length(y) * (mean(y) - grid$mu)^2) /
    (2 * grid$sigma^2)
  mean_at <- \(q, a, b) {
    log_mass <- 2^a * prior + 2^b * likelihood
    mass <- exp(log_mass - max(log_mass))
    sum(mass * q) / sum(mass)
  }
  mass <- exp(prior + likelihood - max(prior + likelihood))
  step <- 1e-4 # central differences: step^2 and rounding / step, both below 1e-7
  for (q in list(grid$mu, grid$sigma)) {
    by_prior <- (mean_at(q, step, 0) - mean_at(q, -step, 0)) / (2 * step)
    by_likelihood <- (mean_at(q, 0, step) - mean_at(q, 0, -step)) / (2 * step)
    expect_lt(abs(power_derivative(mass, q, prior) - by_prior), 1e-6)
    expect_lt(abs(power_derivative(mass, q, likelihood) - by_likelihood), 1e-6)
  }
})

test_that("a power moves nothing where the component is flat, and powers of parts add up", {
  x <- seq(-4, 4, by = 0.05)
  mass <- stats::dnorm(x)
  expect_lt(abs(power_derivative(mass, x, rep(3, length(x)))), 1e-14)
  one <- -x^2 / 3
  two <- sin(x)
  whole <- power_derivative(mass, x, one + two)
  expect_equal(power_derivative(mass, x, one) + power_derivative(mass, x, two), whole, tolerance = 1e-12)
})

test_that("the derivative of a normal mean under a power of its prior is that of the closed form", {
  # Prior N(0, 1), one observation 2 with variance 1: mean 2 / (1 + a), derivative in log2 a at 1: -2 log(2) / 4.
  x <- seq(-9, 11, by = 0.02)
  prior <- stats::dnorm(x, log = TRUE)
  likelihood <- stats::dnorm(2, x, log = TRUE)
  mass <- exp(prior + likelihood)
  expect_equal(power_derivative(mass, x, prior), -log(2) / 2, tolerance = 1e-10)
  expect_equal(power_derivative(mass, x, likelihood), log(2) / 2, tolerance = 1e-10)
})

test_that("a node that a component rules out does not count", {
  x <- c(0, 1, 2, 3)
  mass <- c(0.2, 0.5, 0.3, 0)
  component <- c(-1, -2, -0.5, -Inf)
  by_hand <- log(2) * sum(mass[1:3] * x[1:3] * (component[1:3] - sum(mass[1:3] * component[1:3])))
  expect_equal(power_derivative(mass, x, component), by_hand, tolerance = 1e-14)
})

test_that("the derivative is that of the posterior mean itself", {
  # Be(8, 56), 2 of 4: mean at power alpha of the prior is (alpha 7 + 1 + 2) / (alpha 62 + 2 + 4).
  x <- (seq_len(20000) - 0.5) / 20000
  mass <- stats::dbeta(x, 10, 58)
  mean_at <- \(alpha) (alpha * 7 + 3) / (alpha * 62 + 6)
  numeric <- (mean_at(2^1e-4) - mean_at(2^-1e-4)) / 2e-4
  expect_equal(power_derivative(mass, x, stats::dbeta(x, 8, 56, log = TRUE)), numeric, tolerance = 1e-6) # differences
})

test_that("a distance is 0 between equals, symmetric, and the same for the mirrored quantity", {
  p <- \(x) stats::pbeta(x, 2, 5)
  q <- \(x) stats::pbeta(x, 3, 4)
  expect_identical(cjs_distance(p, p), 0)
  expect_equal(cjs_distance(p, q), cjs_distance(q, p), tolerance = 1e-9)
  expect_equal(cjs_distance(p, q), cjs_distance(\(x) 1 - p(1 - x), \(x) 1 - q(1 - x)), tolerance = 1e-9)
  # All the mass at 0 against all at 1 is the largest distance.
  expect_equal(cjs_distance(\(x) rep(1, length(x)), \(x) rep(0, length(x))), 1, tolerance = 1e-6)
})

test_that("the rows of an answer are the exact derivatives of its own posterior", {
  answer <- excess_of(reference_rate())
  rows <- power_rows(excess_scenarios(answer)[[1]], prior_normal(0, 1))
  # N(0, 1) to the power alpha is N(0, 1 / alpha): the same answer by excess() itself, at two powers.
  mean_at <- \(alpha) {
    again <- tidy(excess_of(reference_rate(), effect = prior_normal(0, 1 / sqrt(alpha))))
    again$estimate[again$term %in% c("log_odds_shift", "prob_benefit")]
  }
  step <- 1e-3
  numeric <- (mean_at(2^step) - mean_at(2^-step)) / (2 * step)
  expect_equal(c(rows$mean_shift[1], rows$benefit_shift[1]), numeric, tolerance = 1e-5) # differences of 1e-9 over 1e-3
  expect_lt(rows$mean_shift[1], 0)
  expect_gt(rows$mean_shift[2], 0)
})

test_that("the flag is explained for each combination", {
  verdict <- \(prior, likelihood) power_verdict(data.frame(component = c("prior", "likelihood"),
    sensitivity = c(prior, likelihood)))
  expect_match(verdict(0.2, 0.2), "Conflict flag")
  expect_match(verdict(0.2, 0.01), "mostly the prior")
  expect_match(verdict(0.01, 0.2), "No flag: the outcomes")
  expect_match(verdict(0.01, 0.01), "leave the answer where it is")
})
