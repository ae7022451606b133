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
