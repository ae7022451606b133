# The parts of the second engine, each against a naive formula of its own.

# Two patients and three values each, so that everything can be written out.
small_world <- function(y = c(2, 0)) {
  laws <- list(
    list(values = 0:2, masses = cbind(c(0.5, 0.3, 0.2), c(0.2, 0.3, 0.5))),
    list(values = 0:2, masses = cbind(c(0.6, 0.3, 0.1), c(0.1, 0.3, 0.6)))
  )
  list(
    laws = laws, lattice = list(x = c(-1, 1), weight = c(0.4, 0.6)), whole = TRUE, y = y,
    room = list(low = c(0, 0), high = c(2, 2)), places = c(0.5, 0.5), normal = FALSE
  )
}

# Predictive masses of the two patients.
small_masses <- function() {
  list(
    0.4 * c(0.5, 0.3, 0.2) + 0.6 * c(0.2, 0.3, 0.5),
    0.4 * c(0.6, 0.3, 0.1) + 0.6 * c(0.1, 0.3, 0.6)
  )
}

# Every pair of values with its probability, given each population mean, added up.
naive_pairs <- function() {
  world <- small_world()
  pairs <- expand.grid(first = 1:3, second = 1:3)
  pairs$chance <- 0
  for (node in 1:2) {
    one <- world$laws[[1]]$masses[pairs$first, node]
    two <- world$laws[[2]]$masses[pairs$second, node]
    pairs$chance <- pairs$chance + world$lattice$weight[node] * one * two
  }
  pairs
}

test_that("percentiles count half of what was observed", {
  masses <- small_masses()
  u <- second_percentiles(small_world())
  expect_equal(u[1], sum(masses[[1]][1:2]) + masses[[1]][3] / 2)
  expect_equal(u[2], masses[[2]][1] / 2)
  placed <- second_percentiles(small_world(), c(0, 1))
  expect_equal(placed[1], sum(masses[[1]][1:2]))
  expect_equal(placed[2], masses[[2]][1])
})

test_that("the tail of a statistic is the sum over every pair", {
  masses <- small_masses()
  middle <- lapply(masses, \(m) cumsum(m) - m / 2)
  pairs <- naive_pairs()
  expect_equal(sum(pairs$chance), 1)
  u <- second_percentiles(small_world())
  for (part in list(identity, \(p) -2 * log(1 - p))) {
    statistic <- part(middle[[1]][pairs$first]) + part(middle[[2]][pairs$second])
    expected <- sum(pairs$chance[statistic >= sum(part(u)) - 1e-9])
    expect_equal(second_statistic(small_world(), u, part), expected, tolerance = 1e-12)
  }
})

test_that("one patient alone has a statistic too", {
  world <- small_world()
  world$laws <- world$laws[1]
  world$y <- 2
  u <- second_percentiles(world, 0.5)
  # Only the largest value reaches it.
  expect_equal(second_statistic(world, u, identity), small_masses()[[1]][3], tolerance = 1e-12)
})

test_that("at least k of independent events at each mean is a sum over all subsets", {
  chances <- rbind(c(0.1, 0.5), c(0.3, 0.2), c(0.9, 0.4))
  subsets <- expand.grid(rep(list(0:1), 3))
  for (k in 0:3) {
    naive <- vapply(1:2, \(column) {
      p <- apply(subsets, 1, \(s) prod(ifelse(s == 1, chances[, column], 1 - chances[, column])))
      sum(p[rowSums(subsets) >= k])
    }, 0)
    expect_equal(at_least(chances, k), naive, tolerance = 1e-12)
  }
})

test_that("randomised percentiles are uniform under the predictive distribution", {
  world <- small_world()
  chance <- percentile_chance(world)
  for (v in c(0.05, 0.3, 0.62, 0.95)) {
    at <- chance(v)
    expect_equal(drop(at %*% world$lattice$weight), c(v, v), tolerance = 1e-12)
  }
  expect_equal(chance(0), matrix(0, 2, 2))
  expect_equal(chance(1), matrix(1, 2, 2))
})

test_that("moments and quantiles of a discrete distribution are by definition", {
  values <- c(0, 1, 5)
  mass <- c(0.2, 0.5, 0.3)
  s <- discrete_summary(values, mass, c(0.1, 0.2, 0.21, 0.7, 0.71, 1))
  expect_equal(s$mean, 2)
  expect_equal(s$sd, sqrt(0.2 * 4 + 0.5 * 1 + 0.3 * 9))
  expect_identical(s$quantile, c(0, 0, 1, 1, 5, 5))
})

test_that("a slice at one tau is the product of the normals, by integrate()", {
  y <- c(7.8, 10.5, 9)
  se <- c(0.6, 0.9, 1.4)
  prior <- prior_normal(5, 2)
  slice <- mean_slice(y, se, 1.5, prior)
  like <- \(mu) vapply(mu, \(m) prod(stats::dnorm(y, m, sqrt(se^2 + 1.5^2))), 0) * stats::dnorm(mu, 5, 2)
  # The likelihoods at two values of tau differ as the integrals do.
  whole <- \(tau) {
    f <- \(mu) vapply(mu, \(m) prod(stats::dnorm(y, m, sqrt(se^2 + tau^2))), 0) * stats::dnorm(mu, 5, 2)
    stats::integrate(f, -20, 40, rel.tol = 1e-11)$value
  }
  other <- mean_slice(y, se, 3, prior)
  expect_equal(other$log_like - slice$log_like, log(whole(3) / whole(1.5)), tolerance = 1e-8)
  total <- stats::integrate(like, -20, 40, rel.tol = 1e-11)$value
  mean <- stats::integrate(\(mu) mu * like(mu), -20, 40, rel.tol = 1e-11)$value / total
  expect_equal(slice$mean, mean, tolerance = 1e-8)
  square <- stats::integrate(\(mu) (mu - mean)^2 * like(mu), -20, 40, rel.tol = 1e-11)$value / total
  expect_equal(slice$variance, square, tolerance = 1e-7)
})

test_that("a flat and a fixed mu are the limits of a normal one", {
  y <- c(7.8, 10.5, 9)
  se <- c(0.6, 0.9, 1.4)
  flat <- mean_slice(y, se, 1.5, flat_prior())
  wide <- mean_slice(y, se, 1.5, prior_normal(0, 1e6))
  expect_equal(wide$mean, flat$mean, tolerance = 1e-9)
  expect_equal(wide$variance, flat$variance, tolerance = 1e-9)
  fixed <- mean_slice(y, se, 1.5, prior_fixed(5))
  narrow <- mean_slice(y, se, 1.5, prior_normal(5, 1e-6))
  expect_equal(fixed$mean, narrow$mean, tolerance = 1e-9)
  expect_identical(fixed$variance, 0)
  expect_equal(fixed$log_like, narrow$log_like, tolerance = 1e-9)
})

test_that("a mixture of priors of mu is a slice for each part, weighted by how well it foretold", {
  y <- c(7.8, 10.5, 9)
  se <- c(0.6, 0.9, 1.4)
  both <- mean_slice(y, se, 1.5, prior_mixture(c(0.3, 0.7), prior_normal(5, 2), prior_normal(9, 1)))
  one <- mean_slice(y, se, 1.5, prior_normal(5, 2))
  two <- mean_slice(y, se, 1.5, prior_normal(9, 1))
  expect_equal(both$mean, c(one$mean, two$mean))
  expect_equal(both$log_like, c(one$log_like + log(0.3), two$log_like + log(0.7)), tolerance = 1e-12)
})

test_that("lines of a certificate are told apart by term, subject and part", {
  terms <- data.frame(
    term = c("a", "a", "b"), subject = c("1", "2", NA), estimate = c(1, 2, 3), conf.low = c(0, NA, 2),
    conf.high = c(2, NA, 4), std.error = NA_real_, num.error = 1e-9
  )
  second <- rbind(second_row("a", "2", 2), second_row("a", "1", 1 + 5e-6, 0, 2))
  rows <- paired_rows(terms, second)
  expect_identical(rows$term, c("a", "a", "a", "a", "b", "b", "b"))
  expect_identical(rows$part[1:3], c("estimate", "conf.low", "conf.high"))
  expect_equal(rows$second[rows$subject %in% "2"], 2)
  expect_true(all(is.na(rows$second[rows$term == "b"])))
  made <- tidy(agreed_digits(rows, "nobody"))
  expect_identical(made$agrees[made$term == "a"], c(FALSE, TRUE, TRUE, TRUE))
  expect_identical(made$digits[1], 5)
  expect_identical(made$digits[2], 15) # zero and zero
})

test_that("random answers agree by both engines", {
  skip_on_cran() # long
  set.seed(20261127)
  for (case in seq_len(sweep_size(150))) {
    k <- sample(1:5, 1)
    sources <- data.frame(
      source = letters[seq_len(k)], mean = round(stats::rnorm(k, 9, 2), 2), se = round(stats::runif(k, 0.4, 2), 2)
    )
    tau <- list(prior_half_normal(2), prior_exponential(1), prior_uniform(0, 4), prior_fixed(1))[[sample(4, 1)]]
    family <- sample(c("normal", "censored", "beta_binomial"), 1)
    natural <- natural_change(sources, tau = tau, sd = 7, family = family, range = if (family != "normal") c(0, 50))
    n <- sample(2:4, 1)
    baseline <- sample(0:20, n, replace = TRUE)
    change <- pmax(-baseline, sample(-3:25, n, replace = TRUE))
    rows <- tidy(certify(excess_of_scores(synthetic_change(baseline, change), natural)))
    expect_true(all(rows$agrees, na.rm = TRUE))
  }
})
