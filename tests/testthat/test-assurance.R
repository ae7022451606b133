test_that("predictive probabilities of success agree with the checks and with Lee and Liu", {
  expect_closed(predictive_success(2, 4, 24, prior_beta(0.5, 0.5), critical = 11)$estimate, checks_value("H02"))
  expect_closed(predictive_success(2, 4, 24, prior_beta(0.8, 3.2), critical = 11)$estimate, checks_value("H03"))
  # Check A11, printed to seven decimals.
  x <- predictive_success(16, 23, 40, prior_beta(0.6, 0.4), rate = 0.6, cutoff = 0.9)
  expect_lt(max(abs(x$estimate - c(0.5655589, 0.83598081))), 5e-8)
  mixture <- prior_mixture(c(0.5, 0.5), prior_beta(0.6, 0.4), prior_beta(1, 1))
  expect_lt(abs(predictive_success(10, 23, 40, mixture, rate = 0.6, cutoff = 0.9)$estimate[2] - 0.05559802), 5e-9)
})

test_that("the certainty ceiling agrees with the checks, with and without a bias", {
  expect_map(certainty_ceiling(reference_rate(), 0.5)$estimate, checks_value("C23"))
  biased <- reference_rate(bias = prior_normal(log(2), 0.5))
  expect_map(certainty_ceiling(biased, 0.5)$estimate, checks_value("C24"))
  expect_identical(certainty_ceiling(natural_rate(0.2), c(0.1, 0.5))$estimate, c(0, 1))
})

test_that("the assurance of a randomised trial is what a simulation of the sceptical posterior gave", {
  skip_on_cran() # long
  seen <- excess_of(reference_rate())
  published <- c("20" = 0.26, "40" = 0.39,
    "80" = 0.52) # 20 000 draws, two digits, another test
  for (n in names(published)) {
    design <- design_trial(reference_rate(), "randomised", n = as.numeric(n))
    expect_lt(abs(assurance(design, seen)$estimate - published[[n]]), 0.02)
  }
})

test_that("the assurance of a certain effect is the power", {
  known <- excess_of(natural_rate(0.2), effect = prior_normal(1, 1e-4))
  design <- design_trial(natural_rate(0.2), "single", n = 15)
  power <- operating_characteristics(design, truth = 0.2, excess = 1, scale = "log_odds")$estimate
  expect_lt(abs(assurance(design, known)$estimate - power), 1e-6) # an effect that is certain to 1e-4
})

test_that("the assurance agrees with a plain double sum over rate and effect", {
  seen <- excess_of(natural_rate(prior_normal(-2, 0.6)))
  design <- design_trial(natural_rate(0.2), "single", n = 10)
  critical <- tidy(design)$estimate[tidy(design)$term == "critical"]
  grid <- expand.grid(theta = seq(-8, 4, length.out = 401), delta = seq(-8, 8, length.out = 401))
  p1 <- stats::plogis(grid$theta + grid$delta)
  weight <- stats::dnorm(grid$theta, -2, 0.6) * stats::dnorm(grid$delta) * stats::dbinom(2, 4, p1)
  naive <- sum(weight * binomial_tail(critical, 10, p1)) / sum(weight)
  expect_map(assurance(design, seen)$estimate, naive)
})

test_that("success must be said in one way, and arguments are checked", {
  refused <- function(...) expect_error(predictive_success(...), class = "cordgain_invalid_input")
  refused(1, 4, 10, prior_beta(1, 1))
  refused(1, 4, 10, prior_beta(1, 1), rate = 0.2, cutoff = 0.9, critical = 3)
  refused(5, 4, 10, prior_beta(1, 1), critical = 3)
  refused(1, 4, 4, prior_beta(1, 1), critical = 3)
  refused(1, 4, 10, prior_normal(0, 1), critical = 3)
  expect_error(certainty_ceiling(3, 0.5), class = "cordgain_invalid_input")
  expect_error(assurance(3, excess_of(natural_rate(0.2))), class = "cordgain_invalid_input")
})

test_that("before the first patient the prior alone predicts", {
  expect_closed(predictive_success(0, 0, 5, prior_beta(1, 1), critical = 5)$estimate, 1 / 6)
})

test_that("arguments that are not given are named with what they mean", {
  absent <- \(code, pattern) expect_error(code, pattern, class = "cordgain_invalid_input")
  absent(assurance(), "design")
  absent(predictive_success(2, 4), "patients at the end")
  absent(certainty_ceiling(natural_rate(0.2)), "true rate")
})
