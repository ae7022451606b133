# ELIR by the second engine: closed forms, integrals of the definition, and the cases that have none.

# Log odds N(m, s^2): by Stein's lemma the definition is E[1 / {p (1 - p)}] / s^2, 1 / {p (1 - p)} = 2 + 2 cosh theta.
normal_size <- function(m, s) (2 + 2 * cosh(m) * exp(s^2 / 2)) / s^2

test_that("one beta is worth a + b, moved or not as far as its integral says", {
  for (ab in list(c(8, 56), c(1, 1), c(2.5, 9), c(1.3, 40), c(300, 20))) {
    expect_equal(second_elir(natural_rate(prior_beta(ab[1], ab[2]))), sum(ab), tolerance = 1e-8)
  }
  # Log odds moved by c: g' = a q - b p + tanh(theta / 2), with p and q before the move; by parts.
  moved <- natural_rate(prior_beta(8, 56), bias = prior_normal(0.7, 1e-9))
  f <- \(theta) {
    p <- stats::plogis(theta - 0.7)
    log_q <- 8 * log(p) + 56 * stats::plogis(0.7 - theta, log.p = TRUE) - lbeta(8, 56)
    exp(log_q) * (2 + 2 * cosh(theta)) * (8 - 64 * p + tanh(theta / 2))^2
  }
  naive <- stats::integrate(f, -12, 6, rel.tol = 1e-10, subdivisions = 500L)$value + 2
  parts <- list(list(a = 8, b = 56, shift = 0.7, log_w = -lbeta(8, 56)))
  expect_equal(elir_of_parts(parts, 0), naive, tolerance = 1e-8)
  expect_equal(size_parts(natural_rate(prior_beta(8, 56)))[[1]]$a, 8, ignore_attr = TRUE)
})

test_that("normal log odds have their closed form, spread by a bias too", {
  for (case in list(c(-2, 0.7), c(0, 3), c(1, 0.2))) {
    expect_equal(second_elir(natural_rate(prior_normal(case[1], case[2]))), normal_size(case[1], case[2]),
      tolerance = 1e-9)
  }
  spread <- natural_rate(prior_normal(-2, 0.7), bias = prior_normal(0.3, 0.5))
  expect_equal(second_elir(spread), normal_size(-1.7, sqrt(0.7^2 + 0.5^2)), tolerance = 1e-9)
})

test_that("one tau, and a mean that is all but given, make a normal of published counts", {
  rate <- \(...) natural_rate(reference_registries(), tau = prior_fixed(0.6), mu = prior_normal(-2, 1e-4), ...)
  # The registries move a mean of that prior by some 1e-7.
  expect_equal(second_elir(rate()), normal_size(-2, 0.6), tolerance = 1e-6)
  expect_equal(second_elir(rate(bias = prior_normal(0.2, 0.3))), normal_size(-1.8, sqrt(0.36 + 0.09)),
    tolerance = 1e-6)
})

test_that("a mixture of betas is its definition, on the rate itself, and the limit of betas just above one", {
  w <- c(0.6, 0.4)
  a <- c(8, 2)
  b <- c(56, 3)
  f <- \(p) {
    d <- vapply(1:2, \(i) w[i] * stats::dbeta(p, a[i], b[i]), p)
    slope <- vapply(1:2, \(i) (a[i] - 1) / p - (b[i] - 1) / (1 - p), p)
    bend <- vapply(1:2, \(i) -(a[i] - 1) / p^2 - (b[i] - 1) / (1 - p)^2, p)
    first <- rowSums(d * slope) / rowSums(d)
    # density x minus the second derivative of its logarithm, over the information of one patient
    (rowSums(d) * first^2 - rowSums(d * (slope^2 + bend))) * p * (1 - p)
  }
  naive <- sum(vapply(c(0, 0.2, 0.6), \(at) {
    stats::integrate(f, at, c(0.2, 0.6, 1)[match(at, c(0, 0.2, 0.6))], rel.tol = 1e-10)$value
  }, 0))
  natural <- natural_rate(prior_mixture(w, prior_beta(8, 56), prior_beta(2, 3)))
  expect_equal(second_elir(natural), naive, tolerance = 1e-8)
  flat <- \(one) second_elir(natural_rate(prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(one, one))))
  expect_equal(flat(1), 2 * flat(1.05) - flat(1.1), tolerance = 1e-2)
})

test_that("log q and its derivatives keep their digits where q itself is lost", {
  groups <- list(list(mean = c(-1, 2), log_w = log(c(0.3, 0.2)), sd = 0.5), list(a = 3, b = 5, shift = 0.2,
    log_w = log(0.5) - lbeta(3, 5)))
  theta <- c(-2, 0.1, 1.9)
  at <- stats::plogis(theta - 0.2)
  q <- 0.3 * stats::dnorm(theta, -1, 0.5) + 0.2 * stats::dnorm(theta, 2, 0.5) +
    0.5 * stats::dbeta(at, 3, 5) * at * (1 - at)
  made <- log_mixture(groups, theta)
  expect_equal(made$value, log(q), tolerance = 1e-13)
  h <- 1e-4
  near <- \(by) log_mixture(groups, theta + by)
  expect_equal(made$first, (near(h)$value - near(-h)$value) / (2 * h), tolerance = 1e-6)
  expect_equal(made$second, (near(h)$first - near(-h)$first) / (2 * h), tolerance = 1e-6)
  # Far out the beta alone is left: e^(3 theta), whose second derivative is 0.
  far <- log_mixture(groups, -400)
  expect_equal(far$value, log(0.5) - lbeta(3, 5) + 3 * -400.2, tolerance = 1e-13)
  expect_equal(c(far$first, far$second), c(3, 0), tolerance = 1e-13)
})

test_that("panels are halved until they hold, and give up rather than guess", {
  f <- \(x) cbind(stats::dnorm(x, 0.3, 0.02), exp(-x^2))
  expect_equal(halved_panels(f, c(-6, 0, 6)), c(1, sqrt(pi)), tolerance = 1e-12)
  expect_true(all(is.na(halved_panels(\(x) cbind(1 / (x - 0.1)^2), c(0, 1)))))
})

test_that("a tail is continued by its own law: powers and exponentials, none where it diverges", {
  two <- \(f) \(t) cbind(0, f(t))
  expect_equal(tail_beyond(two(\(t) t^-2.5), 300, 0), 300^-1.5 / 1.5, tolerance = 1e-9)
  # A series in t^(-1/2), integrated term by term.
  expect_equal(tail_beyond(two(\(t) t^-3 * exp(2 / sqrt(t))), 400, 0),
    sum(2^(0:20) / factorial(0:20) * 400^(-2 - (0:20) / 2) / (2 + (0:20) / 2)), tolerance = 1e-8)
  # An incomplete gamma function of -1/2, by parts from that of 1/2.
  gamma_half <- sqrt(pi) * stats::pgamma(10, 0.5, lower.tail = FALSE)
  expected <- sqrt(0.05) * 2 * (exp(-10) / sqrt(10) - gamma_half)
  expect_equal(tail_beyond(two(\(t) t^-1.5 * exp(-0.05 * t)), 200, 0.05), expected, tolerance = 1e-8)
  expect_true(is.na(tail_beyond(two(\(t) 1 / t), 200, 0)))
  expect_true(is.na(tail_beyond(two(\(t) 0 * t), 200, 0)))
})

test_that("what has no size stays without one", {
  rates <- list(natural_rate(prior_beta(0.5, 0.5)), natural_rate(0.134, shared_sd = 0.5),
    natural_rate(reference_registries(), tau = prior_exponential(2)),
    natural_rate(reference_registries(), tau = prior_half_t(4, 0.5)),
    natural_rate(reference_registries(), tau = prior_half_normal(1.2)),
    natural_rate(late_registries(), tau = prior_half_normal(0.9), mu = NULL))
  for (natural in rates) {
    expect_identical(second_elir(natural), NA_real_)
    expect_true(is.na(tidy(natural)$estimate[tidy(natural)$term == "ess_elir"][1]))
  }
  # 0.8 sqrt(1 + 1 / 2) is below 1: the two registries alone hold mu, and the tail is e^(-|theta| / 0.98).
  expect_equal(size_decay(natural_rate(late_registries(), tau = prior_half_normal(0.8), mu = NULL)),
    1 / (0.8 * sqrt(1.5)) - 1, tolerance = 1e-14)
})

test_that("a source without events leaves mu wide: no lattice is fine enough for the smallest tau, so no second road", {
  natural <- natural_rate(sources_of(0, 40), tau = prior_half_normal(0.5))
  expect_identical(second_elir(natural), NA_real_)
  expect_null(size_parts(natural))
  expect_true(is.na(second_elir(natural_rate(reference_registries(), tau = prior_half_normal(0.5),
    mu = prior_fixed(-2))))) # a pole at mu
})

test_that("no group gives more at any theta than its bound, nor less than its central part", {
  g <- list(mean = seq(-3, 1, by = 0.5), log_w = log((1:9) / 45), sd = 0.4)
  theta <- seq(-8, 6, by = 0.25)
  whole <- normal_sums(g, theta, -Inf)
  value <- whole$top + log(whole$sums[, 1])
  expect_true(all(value <= group_highest(g, theta) + 1e-12))
  central <- group_centre(g)
  expect_equal(central[1:2], c(1, 0.4))
  expect_equal(central[3], log(9 / 45) + stats::dnorm(0, 0, 0.4, log = TRUE), tolerance = 1e-14)
  expect_true(all(value >= central[3] - 0.5 * ((theta - 1) / 0.4)^2 - 1e-12))
  # Parts below the floor are left out: of a narrow range of theta only the near ones are needed.
  near <- normal_sums(g, c(0.9, 1.1), -30)
  expect_equal(near$top + log(near$sums[, 1]), log(vapply(c(0.9, 1.1), \(t) {
    sum((1:9) / 45 * stats::dnorm(t, g$mean, 0.4))
  }, 0)), tolerance = 1e-12)
  expect_null(normal_sums(g, 60, -30))
})

test_that("a beta smoothed by a bias is the average of moved betas", {
  smooth <- size_of_beta(3, 7, 0.2, 0, 0.5)
  moved <- \(theta, z) {
    p <- stats::plogis(theta - 0.2 - 0.5 * z)
    stats::dbeta(p, 3, 7) * p * (1 - p) * stats::dnorm(z)
  }
  for (theta in c(-4, -0.5, 2)) {
    expected <- stats::integrate(\(z) moved(theta, z), -9, 9, rel.tol = 1e-10, abs.tol = 0)$value
    expect_equal(log_mixture(list(smooth), theta)$value, log(expected), tolerance = 1e-9)
  }
})

test_that("the two integrands differ by the density's own derivative: one integral, less 2", {
  groups <- list(list(mean = c(-2, -1), log_w = log(c(0.7, 0.3)), sd = 0.6))
  edge <- c(-3, 0.5)
  difference <- stats::integrate(\(t) {
    v <- elir_integrands(groups, t)
    v[, 1] - v[, 2]
  }, edge[1], edge[2], rel.tol = 1e-11)$value
  q <- \(t) 0.7 * stats::dnorm(t, -2, 0.6) + 0.3 * stats::dnorm(t, -1, 0.6)
  # q / v (g' + tanh(theta / 2)) at the ends, and twice the mass between.
  rim <- \(t) {
    at <- log_mixture(groups, t)
    exp(at$value) * (2 + 2 * cosh(t)) * (at$first + 2 * tanh(t / 2))
  }
  mass <- stats::integrate(q, edge[1], edge[2], rel.tol = 1e-11)$value
  expect_equal(difference, rim(edge[1]) - rim(edge[2]) + 2 * mass, tolerance = 1e-9)
})

test_that("panels of tau reach the saddle of the farthest tail, and hold the prior", {
  for (scale in c(0.3, 0.9, 1)) {
    decay <- 1 / scale - 1
    tau <- size_tau(prior_half_normal(scale), decay)
    expect_gt(max(tau$x), min(8 * scale, sqrt(scale * size_reach(decay)) + 4 * scale) * 0.99)
    expect_equal(sum(exp(tau$log_w)), 1, tolerance = 1e-11)
  }
  expect_identical(size_tau(prior_uniform(0, 1), 0), tau_nodes(prior_uniform(0, 1)))
})
