# Closed forms by hand, second roads, limits. Tolerances: closed forms 1e-12; two independent quadratures 1e-7, that of
# the second road (the stated errors are far below).

test_that("controls alone are the t interval of R", {
  x <- borrowed_mean("power", a0 = 0.3)
  t <- stats::t.test(four_controls)
  expect_equal(mean_of_method(x, "none"), mean(four_controls), tolerance = 1e-14)
  expect_equal(c(mean_of_method(x, "none", "conf.low"), mean_of_method(x, "none", "conf.high")), as.numeric(t$conf.int),
    tolerance = 1e-12)
  # t(3): variance 3 times its squared scale
  expect_equal(mean_of_method(x, "none", "std.error"), sqrt(3 * stats::var(four_controls) / 4), tolerance = 1e-12)
})

test_that("the power prior is the normal-inverse-gamma posterior by hand, from no history to all as one sample", {
  h <- pooled_by_hand()
  for (a0 in c(0, 0.01, 0.4, 1)) {
    x <- borrowed_mean("power", a0 = a0)
    k <- 4 + a0 * h$n
    centre <- (sum(four_controls) + a0 * h$n * h$mean) / k
    s <- sum((four_controls - 7.5)^2) + a0 * h$ss + 4 * a0 * h$n / k * (7.5 - h$mean)^2
    scale <- sqrt(s / ((k - 1) * k))
    expect_equal(mean_of_method(x, "power"), centre, tolerance = 1e-13)
    expect_equal(mean_of_method(x, "power", "std.error"), scale * sqrt((k - 1) / (k - 3)), tolerance = 1e-12)
    expect_equal(mean_of_method(x, "power", "conf.high"), centre + scale * stats::qt(0.975, k - 1), tolerance = 1e-12)
    expect_equal(mean_of_method(x, "power", term = "ess_borrowed"), a0 * h$n, tolerance = 1e-10)
  }
})

test_that("a0 = 1 is the t interval of all patients' scores as one sample", {
  old <- c(3, 5, 9, 12, 0, 7, 8, 15, 22)
  x <- borrowed_mean("power", sources = scores_of(old), a0 = 1)
  t <- stats::t.test(c(four_controls, old))
  expect_equal(c(mean_of_method(x, "power", "conf.low"), mean_of_method(x, "power", "conf.high")),
    as.numeric(t$conf.int), tolerance = 1e-12)
})

test_that("the power prior is the double integral of likelihood times powered likelihood", {
  old <- c(3, 5, 9, 12, 0, 7, 8, 15, 22)
  x <- borrowed_mean("power", sources = scores_of(old), a0 = 0.35)
  over_sigma <- function(theta) {
    vapply(theta, \(t) stats::integrate(\(u) vapply(u, \(v) {
      log_like <- \(y) sum(stats::dnorm(y, t, exp(v), log = TRUE))
      exp(log_like(four_controls) + 0.35 * log_like(old) + 22) # 22 brings it near 1
    }, 0), -1, 6, rel.tol = 1e-9)$value, 0)
  }
  whole <- \(f) stats::integrate(\(t) f(t) * over_sigma(t), -40, 60, rel.tol = 1e-8, subdivisions = 400)$value
  mass <- whole(\(t) 1)
  # Beyond -40 and 60 a t(6) of scale 1.8 holds 1e-7 of its mean: the tolerance.
  expect_equal(mean_of_method(x, "power"), whole(identity) / mass, tolerance = 1e-6)
  low <- mean_of_method(x, "power", "conf.low")
  below <- stats::integrate(over_sigma, -40, low, rel.tol = 1e-8)$value / mass
  expect_equal(below, 0.025, tolerance = 1e-5)
})

test_that("the normalised power prior is a ratio of integrals over sigma, the mean's closed", {
  h <- pooled_by_hand(published_means(9, 6, 15))
  x <- borrowed_mean("normalised_power", sources = published_means(9, 6, 15))
  # log of int sigma^-k exp(-q / (2 sigma^2)) d log sigma by integrate(), shifted so that it is near 1.
  radial <- function(k, q) {
    at <- 0.5 * log(q / k)
    shift <- -k * at - q / (2 * exp(2 * at))
    shift + log(stats::integrate(\(u) exp(-k * u - q / (2 * exp(2 * u)) - shift), at - 6, at + 40 / max(k, 0.2),
      rel.tol = 1e-10, subdivisions = 1000)$value)
  }
  weight <- Vectorize(function(a0) {
    k0 <- a0 * h$n
    n <- 4 + k0
    between <- 4 * k0 / n * (7.5 - h$mean)^2
    exp(radial(n - 1, 65 + a0 * h$ss + between) - 0.5 * log(n) - radial(k0 - 1, a0 * h$ss) + 0.5 * log(k0))
  })
  grid <- 1 / 15 + (1 - 1 / 15) * (seq_len(400) - 0.5) / 400
  p <- weight(grid)
  centre <- (30 + grid * h$n * h$mean) / (4 + grid * h$n)
  # A midpoint rule of 400 panels of a smooth function: 1e-5.
  expect_equal(mean_of_method(x, "normalised_power", term = "weight"), sum(p * grid) / sum(p), tolerance = 1e-5)
  expect_equal(mean_of_method(x, "normalised_power"), sum(p * centre) / sum(p), tolerance = 1e-5)
})

test_that("a predictive prior with known tau is updated as normal given sigma, and has no variance for its own", {
  h <- published_means()
  for (tau in c(0.5, 3)) {
    nat <- natural_change(h, tau = prior_fixed(tau))
    p <- new_population(h$mean, h$sd / sqrt(h$n), tau)
    x <- borrowed_mean(c("map", "robust_map"), sources = nat, vague = 0.3)
    expect_posterior(x, "map", by_log_sigma(four_controls, p$mean, p$variance, 1))
    q <- pooled_by_hand()
    robust <- by_log_sigma(four_controls, c(p$mean, q$mean), c(p$variance, q$ss / (q$n - 1)), c(0.7, 0.3))
    expect_posterior(x, "robust_map", robust)
    expect_equal(mean_of_method(x, "robust_map", term = "weight"), robust$share[[1]], tolerance = 1e-7)
    expect_identical(mean_of_method(x, "map", term = "weight"), 1)
  }
})

test_that("a predictive prior with tau unknown agrees with sums over tau and sigma", {
  h <- published_means()
  x <- borrowed_mean("map", sources = natural_change(h, tau = prior_half_normal(2)))
  # Equal steps of log tau; both ends of the range hold less than 1e-8 (density flat at 0, tau = 2e-8 and less).
  tau <- exp(seq(log(2e-8), log(16), length.out = 900))
  parts <- vapply(tau, \(t) {
    v <- h$sd^2 / h$n + t^2
    m <- sum(h$mean / v) / sum(1 / v)
    c(m, 1 / sum(1 / v) + t^2, log(t) - t^2 / 8 - 0.5 * sum(log(v)) - 0.5 * sum((h$mean - m)^2 / v) -
      0.5 * log(sum(1 / v)))
  }, numeric(3))
  expect_posterior(x, "map", by_log_sigma(four_controls, parts[1, ], parts[2, ], exp(parts[3, ] - max(parts[3, ]))))
})

test_that("the Crohn prior of the check A6 beside its placebo arm, sigma known, is the conjugate mixture", {
  printed <- c(.50104846, .41871594, .08023561)
  w <- c(0.8 * printed / sum(printed), 0.2)
  m <- c(-51.42408665, -47.25917128, -55.07086416, -50)
  s <- c(19.04525409, 7.85193726, 44.57325, 88)
  history <- list(weight = w[1:3] / 0.8, mean = m[1:3], sd = s[1:3])
  # Placebo -63.1 (SE 13.9); 19999 equal shares of probability of its posterior.
  u <- (seq_len(19999) - 0.5) / 19999
  d <- list(n = 1, mean = -63.1, ss = 0, a = 0, b = 0, known = 13.9, vague = list(mean = -50, sd = 88), probs = u)
  got <- mixture_route(d, history, 0.2, TRUE)
  post_w <- w * stats::dnorm(-63.1, m, sqrt(s^2 + 13.9^2))
  post_w <- post_w / sum(post_w)
  post_m <- (m / s^2 - 63.1 / 13.9^2) / (1 / s^2 + 1 / 13.9^2)
  post_v <- 1 / (1 / s^2 + 1 / 13.9^2)
  expect_equal(got$mean, sum(post_w * post_m), tolerance = 1e-12)
  expect_equal(got$sd, sqrt(sum(post_w * (post_v + post_m^2)) - sum(post_w * post_m)^2), tolerance = 1e-11)
  expect_equal(got$weight, sum(post_w[1:3]), tolerance = 1e-11)
  # Active -29.2 (SE 14) with prior N(-50, 88): P(active < placebo). In the first and last share of 5e-5 the average
  # over quantiles may miss a few hundredths: 2e-6.
  active_v <- 1 / (1 / 88^2 + 1 / 14^2)
  active_m <- active_v * (-50 / 88^2 - 29.2 / 14^2)
  expect_lt(abs(mean(stats::pnorm(got$quantile, active_m, sqrt(active_v))) - 0.0627010449), 2e-6)
})

test_that("the history's own t as normals is a t: distribution function and scale", {
  for (df in c(2, 7, 150)) {
    m <- normals_of_t(3, 0.7, df, TRUE)
    for (at in c(1, 2.5, 3.4, 6)) {
      expect_equal(sum(m$weight * stats::pnorm(at, m$mean, m$sd)), stats::pt((at - 3) / 0.7, df), tolerance = 1e-11)
    }
  }
})

test_that("a commensurate prior agrees with sums over both variances, eta known or not", {
  h <- pooled_by_hand()
  own <- t_as_normals(sqrt(h$ss / ((h$n - 1) * h$n)), h$n - 1)
  for (eta in c(0.4, 3)) {
    x <- borrowed_mean("commensurate", tau = prior_fixed(eta))
    expect_posterior(x, "commensurate", by_log_sigma(four_controls, rep(h$mean, 400), own$v + eta^2, own$w))
  }
  x <- borrowed_mean("commensurate", tau = prior_half_normal(2))
  # eta enters squared, so midpoints of an even function: 60 of them are exact to far below the tolerance, as are 20
  # equal steps of the history's nearly normal log variance.
  eta <- 14 * (seq_len(60) - 0.5) / 60
  every <- seq(1, 400, by = 20)
  v <- outer(own$v[every], eta^2, `+`)
  w <- outer(own$w[every], stats::dnorm(eta, 0, 2))
  by_hand <- by_log_sigma(four_controls, rep(h$mean, length(v)), c(v), c(w))
  expect_posterior(x, "commensurate", by_hand)
})

test_that("commensurate limits: eta to 0 is one mean with two variances, eta to infinity the controls alone", {
  h <- pooled_by_hand()
  x <- borrowed_mean("commensurate", tau = prior_fixed(1e-7))
  # Product of two t densities (Behrens and Fisher), by integrate().
  own <- sqrt(h$ss / ((h$n - 1) * h$n))
  kernel <- \(t) stats::dt((t - 7.5) / sqrt(65 / 12), 3) * stats::dt((t - h$mean) / own, h$n - 1)
  part <- \(f) stats::integrate(\(t) f(t) * kernel(t), 3, 15, rel.tol = 1e-11)$value
  expect_equal(mean_of_method(x, "commensurate"), part(identity) / part(\(t) 1), tolerance = 1e-9)
  far <- borrowed_mean("commensurate", tau = prior_fixed(1e7))
  expect_equal(mean_of_method(far, "commensurate"), 7.5, tolerance = 1e-7)
  expect_equal(mean_of_method(far, "commensurate", "conf.low"), mean_of_method(far, "none", "conf.low"),
    tolerance = 1e-7)
})

test_that("limits of a predictive prior: tau to infinity leaves the controls alone, tau to 0 the pooled mean", {
  h <- published_means()
  far <- borrowed_mean("map", sources = natural_change(h, tau = prior_fixed(1e7)))
  expect_equal(mean_of_method(far, "map", "conf.high"), mean_of_method(far, "none", "conf.high"), tolerance = 1e-7)
  near <- borrowed_mean("map", sources = natural_change(h, tau = prior_fixed(1e-9)))
  p <- new_population(h$mean, h$sd / sqrt(h$n), 0)
  expect_posterior(near, "map", by_log_sigma(four_controls, p$mean, p$variance, 1))
})

test_that("SAM's weight is 1 / (1 + R) by hand, and its posterior the mixture with that weight", {
  h <- pooled_by_hand()
  x <- borrowed_mean("sam", delta = 4)
  # The controls' likelihood with sigma integrated out: (ss + n (ybar - theta)^2)^(-n/2).
  like <- \(theta) (65 + 4 * (7.5 - theta)^2)^-2
  w <- 1 / (1 + max(like(h$mean - 4), like(h$mean + 4)) / like(h$mean))
  expect_equal(mean_of_method(x, "sam", term = "weight"), w, tolerance = 1e-12)
  own <- t_as_normals(sqrt(h$ss / ((h$n - 1) * h$n)), h$n - 1)
  by_hand <- by_log_sigma(four_controls, rep(h$mean, 401), c(own$v, h$ss / (h$n - 1)), c(w * own$w, 1 - w))
  expect_posterior(x, "sam", by_hand)
  # The history's share after the update: both parts' chances of the controls' scores.
  chance <- \(v) stats::integrate(\(theta) like(theta) * stats::dnorm(theta, h$mean, sqrt(v)), -Inf, Inf,
    rel.tol = 1e-10)$value
  share <- w * sum(own$w * vapply(own$v, chance, 0))
  expect_equal(mean_of_method(x, "sam", term = "posterior_weight"),
    share / (share + (1 - w) * chance(h$ss / (h$n - 1))), tolerance = 1e-8)
})

test_that("the elastic prior is a power prior of g(T)", {
  h <- pooled_by_hand()
  t <- abs(7.5 - h$mean) / sqrt(65 / 3 / 4 + h$ss / (h$n - 1) / h$n)
  b <- -2 * log(99) / log(4)
  g <- stats::plogis(log(99) - b * log(0.5) + b * log(t))
  x <- borrowed_mean(c("elastic", "power"), a0 = g)
  expect_equal(mean_of_method(x, "elastic", term = "weight"), g, tolerance = 1e-12)
  expect_equal(mean_of_method(x, "elastic", "conf.low"), mean_of_method(x, "power", "conf.low"), tolerance = 1e-12)
})

test_that("LEAP is the sum over all allocations, each with evidences by integrate()", {
  old <- c(3, 5, 5, 21)
  x <- borrowed_mean("leap", sources = scores_of(old), prior = prior_normal(8, 6))
  # Evidence of a set of scores: theta given sigma closed, sigma by integrate() over its logarithm.
  controls_class <- function(y) {
    q <- sum((y - mean(y))^2)
    stats::integrate(\(u) exp(-(length(y) - 1) * u - q / (2 * exp(2 * u))), -2, 20, rel.tol = 1e-11)$value /
      sqrt(length(y)) * (2 * pi)^(-length(y) / 2)
  }
  other_class <- function(y) {
    if (length(y) == 0) return(1)
    n <- length(y)
    q <- sum((y - mean(y))^2) + n / (n + 1) * (mean(y) - 8)^2
    # sigma^2 ~ IG(1 / 2, 36 / 2): density of u = log sigma is 2 sqrt(18 / pi) exp(-u - 18 / exp(2 u)).
    stats::integrate(\(u) 2 * sqrt(18 / pi) * exp(-u - 18 / exp(2 * u) - n * u - q / (2 * exp(2 * u))), -2, 30,
      rel.tol = 1e-11)$value * (2 * pi)^(-n / 2) / sqrt(n + 1)
  }
  total <- 0
  first <- 0
  share <- 0
  for (code in 0:15) {
    on <- bitwAnd(code, c(1, 2, 4, 8)) > 0
    w <- beta(sum(on) + 1, sum(!on) + 1) * controls_class(c(four_controls, old[on])) * other_class(old[!on])
    total <- total + w
    first <- first + w * mean(c(four_controls, old[on]))
    share <- share + w * (sum(on) + 1) / 6
  }
  expect_equal(mean_of_method(x, "leap"), first / total, tolerance = 1e-9)
  expect_equal(mean_of_method(x, "leap", term = "weight"), share / total, tolerance = 1e-9)
})

test_that("allocations count equal scores together: their number, sums and squares are those of all subsets", {
  y <- c(1, 4, 4, 6, 6, 6)
  a <- allocations(y, NULL)
  expect_length(a$k, 2 * 3 * 4)
  expect_equal(sum(exp(a$log_count)), 2^6, tolerance = 1e-12)
  expect_equal(sum(exp(a$log_count) * a$sum), 2^5 * sum(y), tolerance = 1e-12)
  expect_equal(sum(exp(a$log_count) * a$square), 2^5 * sum(y^2), tolerance = 1e-12)
})

test_that("an inverse gamma prior of the variance enters as degrees of freedom and squares; a known SD gives normals", {
  h <- published_means()
  x <- borrowed_mean(c("map", "power"), sources = natural_change(h, tau = prior_fixed(1)), a0 = 0,
    sigma = prior_inverse_gamma(3, 100))
  p <- new_population(h$mean, h$sd / sqrt(h$n), 1)
  expect_posterior(x, "map", by_log_sigma(four_controls, p$mean, p$variance, 1, a = 6, b = 200))
  scale <- sqrt((200 + 65) / (9 * 4))
  expect_equal(mean_of_method(x, "power", "conf.high"), 7.5 + scale * stats::qt(0.975, 9), tolerance = 1e-12)
  # Very sure of a variance of 36: as if known.
  sure <- borrowed_mean(c("map", "power", "normalised_power"), sources = natural_change(h, tau = prior_fixed(1)),
    a0 = 0.2, sigma = prior_inverse_gamma(1e7, 36e7))
  known <- borrowed_mean(c("map", "power", "normalised_power"), sources = natural_change(h, tau = prior_fixed(1)),
    a0 = 0.2, sigma = prior_fixed(6))
  for (method in c("map", "power")) {
    expect_equal(mean_of_method(sure, method, "conf.low"), mean_of_method(known, method, "conf.low"), tolerance = 1e-5)
  }
  k <- 4 + 0.2 * 182
  expect_equal(mean_of_method(known, "power", "std.error"), 6 / sqrt(k), tolerance = 1e-13)
  expect_equal(mean_of_method(known, "map", term = "ess_borrowed"), 36 / p$variance, tolerance = 1e-8)
})

test_that("a normalised power prior with known sigma has the closed density sqrt(a0) N(difference)", {
  x <- borrowed_mean("normalised_power", sources = published_means(12, 6, 30), sigma = prior_fixed(6))
  density <- \(a0) stats::dnorm(7.5, 12, 6 * sqrt(1 / 4 + 1 / (30 * a0)))
  part <- \(f) stats::integrate(\(a0) f(a0) * density(a0), 0, 1, rel.tol = 1e-11)$value
  expect_equal(mean_of_method(x, "normalised_power", term = "weight"), part(identity) / part(\(a) 1), tolerance = 1e-9)
})

test_that("moments that do not exist are NA, the interval stands", {
  x <- borrowed_mean(c("power", "map"), change = c(3, 9), sources = natural_change(published_means(),
    tau = prior_half_normal(2)), a0 = 0)
  expect_true(is.na(mean_of_method(x, "none")) && is.na(mean_of_method(x, "none", "std.error")))
  expect_equal(mean_of_method(x, "none", "conf.high"), 6 + 3 * stats::qt(0.975, 1), tolerance = 1e-11)
  expect_equal(mean_of_method(x, "power", term = "ess_borrowed"), 0, tolerance = 1e-12)
  expect_true(is.finite(mean_of_method(x, "map")))
  expect_true(is.na(mean_of_method(x, "map", term = "ess_borrowed"))) # E(sigma^2) needs more than two controls
  three <- borrowed_mean("power", change = c(3, 9, 4), a0 = 0)
  expect_false(is.na(mean_of_method(three, "power")))
  expect_true(is.na(mean_of_method(three, "power", "std.error")))
})

test_that("quantiles of a mixture of t are where its distribution function says", {
  parts <- list(mean = c(-3, 1, 40), scale = c(1, 0.2, 5), df = c(1, 8, Inf), n = 1, variance = 1)
  w <- c(0.2, 0.5, 0.3)
  q <- student_quantiles(parts, w, c(0.001, 0.4, 0.975))
  expect_equal(vapply(q, \(x) sum(w * stats::pt((x - parts$mean) / parts$scale, parts$df)), 0), c(0.001, 0.4, 0.975),
    tolerance = 1e-10)
})
