# Priors as values: what they hold, the conjugate posterior, refusals.

test_that("prior_pc() is the exponential that leaves the probability above the bound", {
  expect_closed(prior_pc(1, 0.05)$parameters[["rate"]], checks_value("G05"))
  expect_identical(prior_pc(2, 0.3), prior_exponential(-log(0.3) / 2))
})

test_that("a beta and a gamma are updated by adding counts", {
  posterior <- tidy(update(prior_beta(0.6, 0.4), events = 16, n = 23))
  expect_equal(c(posterior$a, posterior$b), c(16.6, 7.4), tolerance = 1e-14)
  posterior <- tidy(update(prior_gamma(0.5, 1), events = 2, n = 4))
  expect_equal(c(posterior$shape, posterior$rate), c(2.5, 5), tolerance = 1e-14)
})

test_that("the weights of a mixture after data are those of the borrowing checks (A4)", {
  robust <- prior_mixture(
    c(0.8 * c(.4612914, .1917812, .1893896, .1575378), 0.2), prior_beta(33.9513487, 103.0146367),
    prior_beta(19.4400089, 41.5205219), prior_beta(12.2692310, 55.9202833),
    prior_beta(2.2521243, 5.4812202), prior_beta(1, 1)
  )
  posterior <- tidy(update(robust, events = 1, n = 6))
  # Inputs carry seven digits, the printed weights nine: 1e-7 is the tolerance of the source.
  expect_lt(max(abs(posterior$weight - c(.442862779, .145126343, .197837746, .117191452, .096981679))), 1e-7)
})

test_that("a treatment prior against the updated control mixture gives the probability of the checks (A4)", {
  robust <- prior_mixture(
    c(0.8 * c(.4612914, .1917812, .1893896, .1575378), 0.2), prior_beta(33.9513487, 103.0146367),
    prior_beta(19.4400089, 41.5205219), prior_beta(12.2692310, 55.9202833),
    prior_beta(2.2521243, 5.4812202), prior_beta(1, 1)
  )
  control <- tidy(update(robust, events = 1, n = 6))
  treated <- tidy(update(prior_beta(0.5, 1), events = 14, n = 24))
  above <- sum(control$weight * mapply(\(a, b) stats::integrate(\(x) {
    stats::dbeta(x, a, b) * stats::pbeta(x, treated$a, treated$b, lower.tail = FALSE)
  }, 0, 1, rel.tol = 1e-11)$value, control$a, control$b))
  expect_lt(abs(above - 0.9917197367), 1e-7)
})

test_that("the robust weight of the checks follows from one control patient of four (F04)", {
  posterior <- tidy(update(prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1)), events = 1, n = 4))
  expect_closed(posterior$weight[1], checks_value("F04"))
})

test_that("updating twice is updating once, and the weights do not depend on the order of the components", {
  mixture <- prior_mixture(c(0.3, 0.7), prior_beta(2, 5), prior_beta(1, 1))
  expect_equal(tidy(update(update(mixture, 1, 3), 2, 4)), tidy(update(mixture, 3, 7)), tolerance = 1e-12)
  turned <- prior_mixture(c(0.7, 0.3), prior_beta(1, 1), prior_beta(2, 5))
  expect_equal(tidy(update(turned, 3, 7))$weight, rev(tidy(update(mixture, 3, 7))$weight), tolerance = 1e-12)
})

test_that("a mixture with very unequal evidence keeps finite weights", {
  mixture <- prior_mixture(c(1, 1), prior_beta(1000, 1), prior_beta(1, 1000))
  weight <- tidy(update(mixture, 0, 1000))$weight
  expect_true(all(is.finite(weight)) && abs(sum(weight) - 1) < 1e-12)
  expect_equal(weight[2], 1, tolerance = 1e-12)
})

test_that("weights are divided by their sum, and one component is allowed", {
  expect_equal(tidy(prior_mixture(c(4, 1), prior_beta(1, 2), prior_beta(3, 4)))$weight, c(0.8, 0.2))
  expect_equal(tidy(prior_mixture(3, prior_normal(0, 1)))$weight, 1)
})

test_that("parameters that are not finite, not positive, text or missing are refused", {
  for (bad in list(0, -1, Inf, NaN, NA_real_, "1", NULL, c(1, 2), factor(1), list(1))) {
    invalid(prior_normal(0, bad))
    invalid(prior_half_normal(bad))
    invalid(prior_half_t(3, bad))
    invalid(prior_half_t(bad, 1))
    invalid(prior_exponential(bad))
    invalid(prior_beta(1, bad))
    invalid(prior_gamma(bad, 1))
    invalid(prior_lkj(bad))
  }
  for (bad in list(Inf, NaN, "0", NULL)) {
    invalid(prior_normal(bad, 1))
    invalid(prior_fixed(bad))
  }
  invalid(prior_uniform(1, 1), "below")
  invalid(prior_pc(1, 1))
  invalid(prior_pc(0, 0.5))
})

test_that("the vague inverse gamma is refused with what to use instead", {
  invalid(prior_inverse_gamma(0.001, 0.001), "prior_half_normal")
  expect_identical(format(prior_inverse_gamma(2, 0.05)), "inverse_gamma(shape = 2, rate = 0.05)")
})

test_that("mixtures of several kinds, of mixtures, of nothing, or with wrong weights are refused", {
  invalid(prior_mixture(c(0.5, 0.5), prior_beta(1, 1), prior_normal(0, 1)), "one kind")
  invalid(prior_mixture(1, prior_mixture(1, prior_beta(1, 1))))
  invalid(prior_mixture(numeric()))
  invalid(prior_mixture(c(0.5, 0.5), prior_beta(1, 1)), "length")
  invalid(prior_mixture(c(0.5, -0.5), prior_beta(1, 1), prior_beta(2, 1)))
  invalid(prior_mixture(c(1, 1), prior_beta(1, 1), 3), "not a prior")
})

test_that("only conjugate priors are updated, with whole counts", {
  invalid(update(prior_normal(0, 1), 1, 4), "prior_beta")
  invalid(update(prior_beta(1, 1), 5, 4))
  invalid(update(prior_beta(1, 1), 1.5, 4), "whole")
  invalid(update(prior_beta(1, 1), 1, 0))
  invalid(update(prior_gamma(1, 1), 1, 0))
  invalid(update(prior_beta(1, 1), "1", 4))
})

test_that("a prior prints as it is called", {
  mixture <- prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))
  expect_output(print(mixture), "0.8 beta(a = 8, b = 56) + 0.2", fixed = TRUE)
})
