# What other files see of a natural rate.

late <- data.frame(source = c("van Middendorp", "Kirshblum"), events = c(19, 32), n = c(161, 187))

test_that("patients with the same rate form one group, others one each", {
  same <- patient_rates(natural_rate(0.2), 4)$fine
  expect_equal(same$size, 4)
  expect_equal(as.numeric(same$logit), qlogis(0.2))
  mixed <- patient_rates(natural_rate(c(0.3, 0.1, 0.3, 0.3)), 4)$fine
  expect_equal(sort(mixed$size), c(1, 3))
  expect_equal(sort(plogis(mixed$logit[1, ])), c(0.1, 0.3))
})

test_that("as many rates as patients, or one", {
  expect_error(patient_rates(natural_rate(c(0.1, 0.2)), 4), "one for each patient", class = "cordgain_invalid_input")
})

test_that("refitting under its own settings gives the same rate, under others the other one", {
  natural <- natural_rate(late, tau = prior_half_normal(0.5))
  expect_equal(quantile(refit_rate(natural)), quantile(natural))
  other <- natural_rate(late, tau = prior_half_normal(1), bias = prior_normal(0, 0.5))
  again <- refit_rate(natural, tau = prior_half_normal(1), bias = list(mean = 0, sd = 0.5))
  expect_equal(quantile(again), quantile(other))
})

test_that("a rate is known without uncertainty only as a number with no deviation and no bias", {
  expect_true(rate_is_known(natural_rate(0.2)))
  expect_true(rate_is_known(natural_rate(0.2, bias = prior_fixed(0.5))))
  expect_false(rate_is_known(natural_rate(0.2, bias = prior_normal(0, 0.5))))
  expect_false(rate_is_known(natural_rate(0.2, shared_sd = 0.5)))
  expect_false(rate_is_known(natural_rate(prior_beta(2, 8))))
})

test_that("the summary of a logit-normal rate is that of a plain integral", {
  natural <- natural_rate(0.2, shared_sd = 0.7)
  s <- rate_summary(natural, c(0.025, 0.5, 0.975))
  mean <- integrate(\(u) plogis(qlogis(0.2) + u) * dnorm(u, 0, 0.7), -Inf, Inf, rel.tol = 1e-12)$value
  expect_equal(s$mean$value, mean, tolerance = 1e-9)
  expect_equal(s$quantile$value, plogis(qlogis(0.2) + qnorm(c(0.025, 0.5, 0.975), 0, 0.7)), tolerance = 1e-9)
})

test_that("patients with rates of their own have no one distribution of the rate", {
  own <- natural_rate(c(0.1, 0.2), shared_sd = 0.5)
  expect_error(quantile(own), "different rates", class = "cordgain_invalid_input")
})

# Verbs ---------------------------------------------------------------------------------

test_that("a rate says of what it was made, in words and in kind", {
  meta <- natural_rate(late)
  expect_identical(rate_kind(meta), "meta")
  expect_identical(natural_label(meta), "2 sources: van Middendorp, Kirshblum")
  expect_identical(natural_sources(meta)$events, late$events)
  expect_identical(natural_label(natural_rate(late[1, ])), "1 source: van Middendorp")
  known <- natural_rate(0.2)
  expect_identical(rate_kind(known), "known")
  expect_identical(natural_label(known), "rate 0.2, taken as known: no uncertainty")
  expect_identical(natural_label(natural_rate(0.2, shared_sd = 0.5)), "rate 0.2")
  expect_identical(rate_kind(natural_rate(prior_beta(2, 8))), "prior")
})

test_that("what a rate was given is given back", {
  expect_equal(rate_given(natural_rate(c(0.1, 0.3))), c(0.1, 0.3))
  expect_identical(rate_given(natural_rate(prior_beta(2, 8))), prior_beta(2, 8))
  expect_null(rate_tau(natural_rate(0.2)))
  expect_identical(rate_tau(natural_rate(late, tau = prior_half_normal(0.5))), prior_half_normal(0.5))
})

test_that("a known rate has itself as mean and as every quantile, without spread and without error", {
  s <- rate_summary(natural_rate(0.2), c(0.025, 0.5, 0.975))
  expect_equal(s$mean$value, 0.2, tolerance = 1e-15)
  expect_identical(s$sd$value, 0)
  expect_equal(s$quantile$value, rep(0.2, 3), tolerance = 1e-15)
  expect_identical(c(s$mean$error, s$sd$error, s$quantile$error), numeric(5))
  several <- rate_summary(natural_rate(c(0.1, 0.3)), 0.5)
  expect_equal(several$mean$value, 0.2, tolerance = 1e-15) # the mean over the patients
  expect_identical(rate_num_kind(natural_rate(0.2)), "exact")
  expect_identical(rate_num_kind(natural_rate(late)), "estimate")
})

test_that("responders under a known rate are binomial, under rates of their own Poisson-binomial", {
  expect_closed(responders_pmf(natural_rate(0.2), 4)$value, stats::dbinom(0:4, 4, 0.2))
  p <- c(0.1, 0.3, 0.3)
  by_hand <- Reduce(\(pmf, rate) c(pmf, 0) * (1 - rate) + c(0, pmf) * rate, p, 1)
  expect_closed(responders_pmf(natural_rate(p), 3)$value, by_hand)
  expect_closed(responders_pmf(natural_rate(rev(p)), 3)$value, by_hand) # the order of patients is of no account
})

test_that("responders under a beta are beta-binomial, and one patient responds with the mean rate", {
  pmf <- responders_pmf(natural_rate(prior_beta(2, 8)), 5)$value
  expect_integral(pmf, choose(5, 0:5) * beta(2 + 0:5, 8 + 5 - 0:5) / beta(2, 8))
  natural <- natural_rate(0.3, shared_sd = 0.8)
  one <- responders_pmf(natural, 1)$value
  expect_integral(one[2], rate_summary(natural, 0.5)$mean$value)
})

test_that("responders of n patients have n times the mean rate, whatever the evidence", {
  for (natural in list(natural_rate(0.3, shared_sd = 0.8), natural_rate(late), natural_rate(prior_beta(1, 1)))) {
    mean <- rate_summary(natural, 0.5)$mean$value
    for (n in c(2, 7)) {
      pmf <- responders_pmf(natural, n)$value
      expect_map(sum(pmf), 1)
      expect_map(sum(0:n * pmf) / n, mean)
    }
  }
})

test_that("quantiles of a beta rate are those of R, and rise with the probability", {
  s <- rate_summary(natural_rate(prior_beta(2, 8)), c(0.025, 0.5, 0.975))
  expect_integral(s$quantile$value, stats::qbeta(c(0.025, 0.5, 0.975), 2, 8))
  expect_integral(s$mean$value, 0.2)
  expect_integral(s$sd$value, sqrt(0.2 * 0.8 / 11))
})

test_that("a shift moves the edges of a grid and nothing else", {
  grid <- list(edges = c(-1, 0, 2), other = "kept")
  expect_identical(shift_grid(grid, 0.5), list(edges = c(-0.5, 0.5, 2.5), other = "kept"))
  expect_identical(shift_grid(shift_grid(grid, 3), -3), grid)
})
