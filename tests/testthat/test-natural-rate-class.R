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

test_that("a rate that cannot be had to 1e-6 is refused where it is made, not where it is printed (refusal 23)", {
  numerical <- function(expr) expect_error(expr, "1e-06", class = "cordgain_numerical_error")
  # Two routes whose log odds stand a millionth apart: ten times that, in a mean whose slope is p (1 - p), is above
  # 1e-6.
  natural <- natural_rate(sources_of(32, 187))
  expect_identical(natural$summary, rate_summary(natural, usual_probs)) # natural_rate() ends with with_summary()
  natural["summary"] <- list(NULL)
  expect_identical(with_summary(natural)$summary, natural_rate(sources_of(32, 187))$summary)
  natural$routes$coarse$theta$edges <- natural$routes$coarse$theta$edges + 1e-6
  numerical(with_summary(natural))
  # Half of the rates near 0 and half near 1 leave the median between them open: told, not refused.
  apart <- natural_rate(prior_mixture(c(0.5, 0.5), prior_normal(-30, 1e-4), prior_normal(30, 1e-4)))
  expect_output(print(apart), "mean 0.5, median not known to 1e-6")
  expect_error(quantile(apart, 0.5), "1e-06", class = "cordgain_numerical_error")
})

test_that("what is checked when a rate is made is what print, tidy() and quantile() give, and worked out once", {
  natural <- natural_rate(prior_beta(2, 8), bias = prior_normal(0.3, 0.2))
  again <- natural
  again["summary"] <- list(NULL)
  expect_identical(rate_summary(natural, usual_probs), rate_summary(again, usual_probs))
  # The levels of an interval are 0.025 and 0.975 only up to rounding, which moves the last digits of the error too.
  expect_equal(tidy(natural)[1:5], tidy(again)[1:5], tolerance = 1e-12)
  expect_equal(tidy(natural)$num.error, tidy(again)$num.error, tolerance = 1e-3)
  marked <- natural
  marked$summary$mean$value <- 0.123
  expect_identical(tidy(marked)$estimate[1], 0.123)
  expect_output(print(marked), "mean 0.123")
  # Other levels are not among those kept.
  expect_equal(unname(quantile(natural, 0.6)), unname(quantile(again, 0.6)))
})

test_that("one source with a flat or nearly flat tau is refused, with the probability that makes it so (refusal 6)", {
  flat <- list(
    prior_uniform(0, 10), prior_uniform(0, 1e6), prior_half_normal(1000), prior_half_t(1, 25), prior_exponential(0.01),
    prior_gamma(1, 0.001), prior_mixture(c(0.2, 0.8), prior_half_normal(1), prior_half_normal(100))
  )
  for (tau in flat) {
    invalid(natural_rate(sources_of(3, 20), tau = tau), "one source.*flat")
    expect_gte(prior_above(tau, 5), 0.5)
  }
  for (tau in list(prior_half_normal(1), prior_uniform(0, 2), prior_half_t(1, 1), prior_pc(1, 0.05), prior_fixed(6))) {
    expect_s3_class(natural_rate(sources_of(3, 20), tau = tau), "natural_rate")
  }
  # Two sources say something of tau.
  expect_s3_class(natural_rate(sources_of(c(3, 4), c(20, 20)), tau = prior_uniform(0, 10)), "natural_rate")
})

test_that("a prior sharper than rounding is refused as a known rate, at once", {
  invalid(natural_rate(prior_beta(1e12, 1e12)), "natural_rate\\(0.5\\)")
  invalid(natural_rate(prior_beta(3e8, 1e9)), "known rate")
})

test_that("a number with a shared deviation has a table, its effective sizes being not known", {
  rows <- tidy(natural_rate(0.2, shared_sd = 0.5))
  expect_true(all(is.na(rows$estimate[rows$term %in% c("ess_moment", "ess_elir")])))
  # E logit^-1(qlogis(0.2) + 0.5 z) by R's own quadrature, which is good to 1e-8 here.
  rate_of <- \(z) stats::plogis(stats::qlogis(0.2) + 0.5 * z) * stats::dnorm(z)
  mean <- stats::integrate(rate_of, -Inf, Inf, rel.tol = 1e-10)
  expect_lt(abs(rows$estimate[rows$term == "rate"] - mean$value), 1e-8)
})

test_that("a bias takes the place of a rate's own, it is not laid on it", {
  natural <- natural_rate(reference_registries(), bias = prior_normal(0.4, 0.3))
  moved <- with_bias(natural, list(mean = 0, sd = 0.5))
  fresh <- natural_rate(reference_registries(), bias = prior_normal(0, 0.5))
  expect_equal(rate_summary(moved, 0.5)$mean$value, rate_summary(fresh, 0.5)$mean$value, tolerance = 1e-12)
  expect_false(has_bias(with_bias(natural, list(mean = 0, sd = 0))))
})
