# Tipping points of scores: second roads in plain R, and what must not matter.

# P(mean >= at) with tau ~ half-normal(scale), flat mu, by integrate() over tau: weights
# prod N(ybar_k; mu, se^2 + tau^2) with mu integrated out in closed form.
integrated_tail <- function(at, mean, se, scale, sd, n, shift = 0) {
  weight <- \(tau) vapply(tau, \(t) {
    w <- 1 / (se^2 + t^2)
    m <- sum(w * mean) / sum(w)
    exp(0.5 * sum(log(w)) - 0.5 * log(sum(w)) - 0.5 * sum(w * (mean - m)^2)) * stats::dnorm(t, 0, scale)
  }, 0)
  given <- \(tau) vapply(tau, \(t) {
    p <- new_population(mean, se, t)
    stats::pnorm(at, p$mean + shift, sqrt(p$variance + sd^2 / n), lower.tail = FALSE)
  }, 0)
  whole <- \(f) stats::integrate(f, 0, 10 * scale, rel.tol = 1e-11, subdivisions = 1000L)$value
  whole(\(t) weight(t) * given(t)) / whole(weight)
}

test_that("with an uncertain tau the tipping bias brings the tail to its target by integrate()", {
  x <- tipping(score_answer(prior_half_normal(2)), "bias", target = c(0.025, 0.05, 0.1))
  for (target in c(0.025, 0.05, 0.1)) {
    bias <- tipping_value(x, "bias", target)
    again <- integrated_tail(9.75, c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), 2, 6.5, 4, bias)
    expect_equal(again, target, tolerance = 1e-8) # relative: integrate() to 1e-11, quadrature of the package 1e-9
  }
})

test_that("a map with an uncertain tau agrees with integrate() at every bias and SD", {
  answer <- score_answer(prior_half_normal(2))
  rows <- tidy(tipping_map(answer, c("bias", "sd"), at = list(c(-4, 0, 3), c(3, 8))))
  expected <- mapply(\(b, s) integrated_tail(9.75, c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), 2, s, 4, b), rows$bias, rows$sd)
  expect_equal(rows$estimate, expected, tolerance = 1e-8)
  expect_true(all(abs(rows$estimate - expected) <= rows$num.error + 1e-10))
})

# A beta-binomial by its definition, its sum over patients by plain convolution.
beta_binomial_mass <- function(size, a, b) {
  k <- 0:size
  exp(lchoose(size, k) + lbeta(k + a, size - k + b) - lbeta(a, b))
}

# What lies beyond a patient's room stands at its end.
clipped_mass <- function(mass, values, low, high) {
  inside <- values >= low & values <= high
  out <- mass[inside]
  out[1] <- out[1] + sum(mass[values < low])
  out[length(out)] <- out[length(out)] + sum(mass[values > high])
  out
}

test_that("beta-binomial changes tip where plain convolution says", {
  answer <- excess_of_scores(synthetic_change(),
    natural_change(8, sd = 6.5, family = "beta_binomial", range = c(0, 50)))
  bias <- tipping_value(tipping(answer, "bias", target = 0.1), "bias")
  p <- 8 / 50
  rho <- (6.5^2 / (50 * p * (1 - p)) - 1) / 49
  total <- 1 / rho - 1
  moved <- p + bias / 50
  mass <- beta_binomial_mass(50, total * moved, total * (1 - moved))
  each <- lapply(c(12, 18, 9, 15), \(base) clipped_mass(mass, 0:50, 0, 50 - base))
  sum <- Reduce(\(a, b) as.vector(tapply(outer(a, b), outer(seq_along(a), seq_along(b), "+"), sum)), each)
  expect_equal(sum(sum[seq_along(sum) - 1 >= 39]), 0.1, tolerance = 1e-8)
})

test_that("tails rise with the bias, and with the mean of a normal", {
  skip_on_cran() # long
  for (family in c("normal", "censored", "beta_binomial")) {
    answer <- excess_of_scores(synthetic_change(), natural_change(prior_normal(8, 1), sd = 6.5, family = family,
      range = if (family != "normal") c(0, 50)))
    x <- tipping(answer, c("bias", "mean"))
    expect_true(all(diff(x$curves$bias$tail[, 1]) >= -1e-12))
    if (family == "normal") expect_true(all(diff(x$curves$mean$tail[, 1]) >= -1e-12))
    expect_true(all(diff(tipping_value(x, "bias")) > 0)) # a larger target needs a larger natural mean
  }
})

test_that("units of the score, the order of sources and of patients do not matter", {
  skip_on_cran() # long
  one <- tipping(score_answer(prior_half_normal(2)), c("bias", "mean"))
  turned <- excess_of_scores(synthetic_change(c(15, 9, 18, 12), c(0, 2, 13, 24)),
    natural_change(three_registries()[c(2, 3, 1), ], tau = prior_half_normal(2), sd = 6.5))
  expect_equal(tidy(tipping(turned, c("bias", "mean")))$estimate, tidy(one)$estimate, tolerance = 1e-8)
  tenths <- motor_scale(min = 0, max = 500, direction = "higher", name = "tenths")
  x <- score_change(c(12, 18, 9, 15) * 10, c(36, 31, 11, 15) * 10, tenths)
  natural <- natural_change(transform(three_registries(), mean = 10 * mean, se = 10 * se), tau = prior_half_normal(20),
    sd = 65)
  large <- tipping(excess_of_scores(x, natural), c("bias", "mean"))
  expect_equal(tidy(large)$estimate, 10 * tidy(one)$estimate, tolerance = 1e-8)
})

test_that("a scale on which less is better gives the same tipping points", {
  skip_on_cran() # long
  lower <- motor_scale(min = 0, max = 50, direction = "lower", name = "spasms")
  x <- score_change(50 - c(12, 18, 9, 15), 50 - c(36, 31, 11, 15), lower)
  natural <- natural_change(transform(three_registries(), mean = -mean), tau = prior_half_normal(2), sd = 6.5,
    scale = lower)
  for (term in c("bias", "mean", "tau")) {
    expect_equal(tidy(tipping(excess_of_scores(x, natural), term, 0.45))$estimate,
      tidy(tipping(score_answer(prior_half_normal(2)), term, 0.45))$estimate, tolerance = 1e-8)
  }
})

test_that("more sources of the same mean narrow the tipping bias, wider heterogeneity widens it", {
  bias <- \(...) abs(tipping_value(tipping(score_answer(...), "bias", target = 0.05), "bias"))
  expect_gt(bias(prior_fixed(4)), bias(prior_fixed(1)))
  few <- three_registries()
  many <- rbind(few, transform(few, source = c("d", "e", "f")))
  expect_gt(bias(prior_fixed(1)), bias(prior_fixed(1), sources = many))
})

test_that("evidence under its own settings is the same evidence", {
  for (natural in list(natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5),
    natural_change(three_registries(sd = c(5, 6, 7), n = c(20, 30, 40)), tau = prior_half_normal(2)),
    natural_change(prior_normal(8, 1), sd = 6.5, bias = prior_normal(1, 2)), natural_change(8, sd = 6.5))) {
    expect_equal(tidy(refit_change(natural)), tidy(natural), tolerance = 1e-12)
    moved <- refit_change(natural, bias = list(mean = 1, sd = 0))
    unbiased <- refit_change(natural, bias = list(mean = 0, sd = 0))
    expect_equal(tidy(shift_change(unbiased, 1))$estimate[1], tidy(moved)$estimate[1], tolerance = 1e-9)
  }
})

test_that("a pooled SD is pooled again where sources change, a given one stays", {
  sources <- three_registries(sd = c(5, 6, 7), n = c(20, 30, 40))
  pooled <- natural_change(sources, tau = prior_half_normal(2))
  given <- natural_change(sources, tau = prior_half_normal(2), sd = 6.5)
  without <- \(natural) change_sd(refit_change(natural, sources = natural_sources(natural)[-1, ]))
  expect_equal(without(pooled), sqrt((29 * 36 + 39 * 49) / 68))
  expect_identical(without(given), 6.5)
})

test_that("of several means that reach the target the one nearest to the evidence is given", {
  answer <- excess_of_scores(synthetic_change(), natural_change(8, sd = 6.5, family = "beta_binomial",
    range = c(0, 50)))
  move <- natural_move(answer, "mean", list(), NULL)
  expect_identical(move$start, which.min(abs(move$grid - 8)))
  expect_true(all(move$grid > 0 & move$grid < 50))
  expect_match(move$range, "means from")
})

test_that("a known mean in the place of the evidence keeps what is known of patients", {
  natural <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5, family = "censored",
    range = c(0, 50), bias = prior_normal(1, 1))
  known <- known_change(natural, 8)
  fresh <- natural_change(8, sd = 6.5, family = "censored", range = c(0, 50))
  expect_equal(change_model_of(known), change_model_of(fresh))
  expect_true(change_is_known(known))
  expect_identical(change_bias(known), list(mean = 0, sd = 0))
  expect_identical(change_kind(natural), "meta")
  expect_identical(format(change_tau(natural)), format(prior_half_normal(2)))
  expect_null(change_tau(fresh))
  expect_identical(change_range(natural), c(0, 50))
  expect_null(change_zero(natural))
  expect_identical(prior_kind(change_mu_prior(natural)), "flat")
})
