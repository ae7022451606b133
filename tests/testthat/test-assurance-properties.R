# Assurance, predictive success, the certainty ceiling and the rules of designs, against sums of base R.

known_excess <- \(responders = 2, n = 4, rate = 0.16, ...) excess_of(natural_rate(rate), responders, n, ...)

critical_design <- \(n, critical_rate = 0.16, ...) design_trial(natural_rate(critical_rate), "single", n = n, ...)

test_that("assurance under a known natural rate is a ratio of two one-dimensional integrals", {
  design <- critical_design(12)
  critical <- critical_count(binomial_tail(0:12, 12, 0.16), 0.025)
  weight <- \(d) stats::dnorm(d) * stats::dbinom(2, 4, stats::plogis(stats::qlogis(0.16) + d))
  success <- \(d) binomial_tail(critical, 12, stats::plogis(stats::qlogis(0.16) + d))
  naive <- stats::integrate(\(d) weight(d) * success(d), -12, 12, rel.tol = 1e-10)$value /
    stats::integrate(weight, -12, 12, rel.tol = 1e-10)$value
  expect_equal(assurance(design, known_excess())$estimate, naive, tolerance = 1e-8)
})

test_that("a prior that allows no effect gives the design's own type 1 error", {
  critical <- critical_count(binomial_tail(0:12, 12, 0.16), 0.025)
  # An SD of 1e-4 log odds moves the chance by about 1e-8.
  x <- assurance(critical_design(12), known_excess(effect = prior_normal(0, 1e-4)))
  expect_lt(abs(x$estimate - binomial_tail(critical, 12, 0.16)), 1e-6)
})

test_that("assurance grows with the responders seen and stays below the probability of benefit for large trials", {
  values <- vapply(0:4, \(y) assurance(critical_design(30), known_excess(y))$estimate, 0)
  expect_true(all(diff(values) > 0))
  e <- known_excess(2)
  large <- assurance(critical_design(150), e)$estimate
  expect_gt(large, values[3])
  expect_lt(large, term_value(e, "prob_benefit"))
})

test_that("predictive success with a fixed number needed is a beta-binomial sum", {
  # 2 of 5 seen under Be(1, 1): Be(3, 4); five of ten needed, so three or more of the five to come.
  k <- 3:5
  by_hand <- sum(choose(5, k) * beta(3 + k, 4 + 5 - k) / beta(3, 4))
  expect_closed(predictive_success(2, 5, 10, prior_beta(1, 1), critical = 5)$estimate, by_hand)
  expect_identical(predictive_success(5, 5, 10, prior_beta(1, 1), critical = 5)$estimate, 1)
  expect_identical(predictive_success(0, 5, 10, prior_beta(1, 1), critical = 6)$estimate, 0)
})

test_that("predictive success under a uniform prior before any patient counts outcomes: each is as probable", {
  for (needed in c(0, 3, 10)) {
    x <- predictive_success(0, 0, 10, prior_beta(1, 1), critical = needed)
    expect_closed(x$estimate, (11 - needed) / 11)
  }
})

test_that("it is a martingale: the mean over the next patient is the value now", {
  prior <- prior_beta(0.7, 1.1)
  at <- \(y, n) predictive_success(y, n, 12, prior, rate = 0.3, cutoff = 0.9)$estimate[1]
  for (seen in list(c(0, 0), c(2, 5), c(4, 10))) {
    p <- (0.7 + seen[1]) / (1.8 + seen[2])
    expect_closed(at(seen[1], seen[2]), p * at(seen[1] + 1, seen[2] + 1) + (1 - p) * at(seen[1], seen[2] + 1))
  }
})

test_that("success needs more under a higher rate or cutoff; where nothing suffices the chance is 0", {
  needed <- \(rate, cutoff) final_success(15, prior_beta(1, 1), rate, cutoff, NULL, NULL)
  expect_true(all(diff(vapply(c(0.1, 0.3, 0.5, 0.7), needed, 0, cutoff = 0.9)) > 0))
  expect_true(all(diff(vapply(c(0.5, 0.9, 0.99), \(c) needed(0.3, c), 0)) > 0))
  expect_identical(needed(0.99, 0.999), 16)
  expect_identical(predictive_success(0, 0, 15, prior_beta(1, 1), rate = 0.99, cutoff = 0.999)$estimate[1], 0)
  # The first count at which R's pbeta passes the cutoff.
  passes <- stats::pbeta(0.3, 1 + 0:15, 16 - 0:15, lower.tail = FALSE) >= 0.9
  expect_identical(needed(0.3, 0.9), as.numeric(which(passes)[1] - 1))
})

test_that("a mixture predicts the weighted mean of its parts before a patient is seen", {
  one <- \(p) predictive_success(0, 0, 9, p, critical = 4)$estimate
  mixed <- one(prior_mixture(c(0.3, 0.7), prior_beta(2, 5), prior_beta(1, 1)))
  expect_closed(mixed, 0.3 * one(prior_beta(2, 5)) + 0.7 * one(prior_beta(1, 1)))
})

test_that("the ceiling is the distribution function of the natural rate", {
  x <- certainty_ceiling(natural_rate(prior_beta(5, 20)), c(0.1, 0.2, 0.5))
  expect_integral(x$estimate, stats::pbeta(c(0.1, 0.2, 0.5), 5, 20))
  expect_identical(x$rate, c(0.1, 0.2, 0.5))
  known <- certainty_ceiling(natural_rate(0.2), c(0.1, 0.3))
  expect_identical(known$estimate, c(0, 1))
  # A bias of ln 2 asks for the rate at half the odds.
  biased <- certainty_ceiling(natural_rate(prior_beta(5, 20), bias = prior_fixed(log(2))), 0.5)
  expect_integral(biased$estimate, stats::pbeta(1 / 3, 5, 20))
})

test_that("refusals of the three say which argument", {
  invalid(predictive_success(3, 2, 10, prior_beta(1, 1), critical = 5), "events")
  invalid(predictive_success(1, 5, 5, prior_beta(1, 1), critical = 5), "n_final")
  invalid(predictive_success(1, 5, 9, prior_normal(0, 1), critical = 5), "prior")
  invalid(predictive_success(1, 5, 9, prior_beta(1, 1)), "Say what success is")
  invalid(predictive_success(1, 5, 9, prior_beta(1, 1), rate = 0.2, cutoff = 0.9, critical = 3), "Say what success is")
  invalid(predictive_success(1, 5, 9, prior_beta(1, 1), rate = 1, cutoff = 0.9), "rate")
  invalid(predictive_success(1, 5, 9, prior_beta(1, 1), critical = 10), "critical")
  invalid(certainty_ceiling(0.2, 0.5), "natural")
  invalid(certainty_ceiling(natural_rate(0.2), c(0.5, 1)), "rate")
})

# Rules of designs ---------------------------------------------------------------------------

test_that("the critical count is the first whose tail is rare enough", {
  for (rate in c(0.05, 0.16, 0.5)) {
    tails <- binomial_tail(0:20, 20, rate)
    critical <- critical_count(tails, 0.025)
    expect_lte(binomial_tail(critical, 20, rate), 0.025)
    expect_gt(binomial_tail(critical - 1, 20, rate), 0.025)
    # qbinom is the smallest x with P(X <= x) >= p, so one more is the critical count.
    expect_identical(critical, as.numeric(stats::qbinom(0.975, 20, rate) + 1))
  }
})

test_that("two-stage claims are 0 and 1 at the extremes, and rise with the rate", {
  chances <- vapply(c(0, 0.1, 0.3, 0.6, 1), \(p) two_stage_claims(8, 20, p)[2, 6], 0)
  expect_identical(chances[c(1, 5)], c(0, 1))
  expect_true(all(diff(chances) > 0))
  # With those who would have stopped at none of eight it is one binomial.
  never <- two_stage_claims(8, 20, 0.3)[1, 6] + 0.7^8 * binomial_tail(6, 12, 0.3)
  expect_closed(never, binomial_tail(6, 20, 0.3))
})

test_that("a one-look sequence claims with the binomial tail; more looks never claim less", {
  first <- rep(NA_real_, 10)
  first[10] <- 4
  one <- sequential_claims(first, 0.25)
  expect_closed(one$claim, binomial_tail(4, 10, 0.25))
  expect_closed(one$patients, 10)
  # Four of five are four of ten too: an earlier look at the same count claims no more, but stops earlier.
  first[5] <- 4
  two <- sequential_claims(first, 0.25)
  expect_closed(two$claim, one$claim)
  expect_closed(two$patients, 10 - 5 * binomial_tail(4, 5, 0.25))
  first[5] <- 3
  expect_gt(sequential_claims(first, 0.25)$claim, one$claim)
})

test_that("a walk of three patients by enumeration of its eight paths", {
  first <- c(NA, 2, 2)
  paths <- as.matrix(expand.grid(rep(list(0:1), 3)))
  p <- 0.4^rowSums(paths) * 0.6^(3 - rowSums(paths))
  early <- rowSums(paths[, 1:2]) >= 2
  late <- rowSums(paths) >= 2
  x <- sequential_claims(first, 0.4)
  expect_closed(x$claim, sum(p[early | late]))
  expect_closed(x$patients, sum(p * ifelse(early, 2, 3)))
})

test_that("one beta exceeds another: symmetry, complement, and the closed form for whole parameters", {
  expect_integral(beta_exceeds(3, 5, 3, 5), 0.5)
  expect_integral(beta_exceeds(2, 7, 4, 3) + beta_exceeds(4, 3, 2, 7), 1)
  # P(p1 > p0) = sum over i < a1 of B(a0 + i, b0 + b1) / ((b1 + i) B(1 + i, b1) B(a0, b0)) (Evan Miller's identity).
  i <- 0:2
  closed <- sum(beta(2 + i, 6 + 4) / ((4 + i) * beta(1 + i, 4) * beta(2, 6)))
  expect_integral(beta_exceeds(3, 4, 2, 6), closed)
  margins <- vapply(c(-0.3, -0.1, 0, 0.1, 0.3), \(m) beta_exceeds(3, 4, 2, 6, m), 0)
  expect_true(all(diff(margins) < 0))
  # Both rates mirrored: 1 - p.
  expect_integral(beta_exceeds(3, 4, 2, 6, 0.1), beta_exceeds(6, 2, 4, 3, 0.1))
})

test_that("the patients asked for fall as the effect grows, by the square of the difference for small ones", {
  sizes <- vapply(c(0.3, 0.4, 0.6), pooled_z_size, 0, p0 = 0.2, alpha = 0.025, power = 0.8)
  expect_true(all(diff(sizes) < 0))
  # STATISTICS 6: 36.513 per arm for .5 against .193.
  expect_equal(pooled_z_size(0.5, 0.193, 0.025, 0.8), 36.513, tolerance = 1e-4) # printed to five digits
  expect_equal(pooled_z_size(0.201, 0.2, 0.025, 0.8) / pooled_z_size(0.202, 0.2, 0.025, 0.8), 4, tolerance = 0.01)
})

test_that("a single arm found by search has the power asked for, and one patient fewer has not", {
  x <- design_trial(natural_rate(0.16), "single", rate = 0.5, power = 0.8)
  has <- \(n) {
    critical <- critical_count(binomial_tail(0:n, n, 0.16), 0.025)
    !is.na(critical) && binomial_tail(critical, n, 0.5) >= 0.8
  }
  found <- which(vapply(1:60, has, NA))[1]
  expect_equal(term_value(x, "n"), found)
})

test_that("refusals of designs name what is missing or too small", {
  invalid(design_trial(natural_rate(0.16), "single"), "both missing")
  invalid(design_trial(natural_rate(0.16), "single", n = 10, n_control = 5), "no controls")
  invalid(design_trial(natural_rate(0.16), "single", n = 10, a0 = 0.5), "hybrid")
  invalid(design_trial(0.16, "single", n = 10), "natural")
  invalid(design_trial(natural_rate(0.16), "randomised", rate = 0.1), "must exceed")
  invalid(design_trial(natural_rate(0.16), "hybrid", n = 10, a0 = 0.5), "table of sources")
  invalid(design_trial(natural_rate(prior_beta(5, 20)), "sequential", n = 10), "taken as known")
  invalid(design_trial(natural_rate(0.16), "two_stage", n = 10), "rate")
  invalid(design_trial(natural_rate(0.16), "single", rate = 0.17), "No single arm of up to 200")
})
