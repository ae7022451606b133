test_that("sensitivities of a beta prior and binomial counts agree with the checks", {
  s <- beta_power_sensitivity(8, 56, 2, 4)
  # The checks' own tolerance for these two.
  expect_lt(abs(s[["prior"]] - checks_value("G07")), 1e-5)
  expect_lt(abs(s[["likelihood"]] - checks_value("G08")), 1e-5)
})

# Check A21: y ~ N(mu, sigma), mu ~ N(0, 1), sigma ~ half-normal(2.5); derivatives of the posterior means.
test_that("derivatives of posterior means in a normal model agree with the exact ones", {
  y <- c(9.5, 10.2, 9.1, 9.1, 10.3, 10.9, 11.7, 10.3, 9.6, 8.6, 9.1, 11.1, 9.3, 10.5, 9.7, 10.3, 10.0, 9.8, 9.6, 8.3,
    10.2, 9.8, 10.0, 10.0, 9.1)
  # The integrand is smooth and dies away on all sides: a fine lattice is exact to far below 1e-6.
  grid <- expand.grid(mu = seq(0, 12, length.out = 1200), sigma = seq(0.35, 10, length.out = 1000))
  prior <- stats::dnorm(grid$mu, 0, 1, log = TRUE) + stats::dnorm(grid$sigma, 0, 2.5, log = TRUE)
  likelihood <- -length(y) * log(grid$sigma) - (sum((y - mean(y))^2) + length(y) * (mean(y) - grid$mu)^2) /
    (2 * grid$sigma^2)
  log_post <- prior + likelihood
  mass <- exp(log_post - max(log_post))
  expect_lt(abs(sum(mass * grid$mu) / sum(mass) - 9.541758), 1e-6) # printed to six decimals
  expected <- list(mu = c(-0.2945608, 0.3567713), sigma = c(0.1262380, -0.2051977))
  for (q in names(expected)) {
    expect_lt(abs(power_derivative(mass, grid[[q]], prior) - expected[[q]][1]), 1e-5)
    expect_lt(abs(power_derivative(mass, grid[[q]], likelihood) - expected[[q]][2]), 1e-5)
  }
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
