# What a natural rate answers: predict(), quantile(), tidy(), print().

test_that("a known rate gives the binomial, a finite sum", {
  p <- predict(natural_rate(0.135), 4)
  expect_closed(p$probability, stats::dbinom(0:4, 4, 0.135))
  expect_identical(unique(p$num.kind), "exact")
  for (case in list(c("A01", .193), c("A03", .135), c("A04", .281), c("A05", .5), c("A06", .7), c("A07", .045))) {
    expect_closed(tail_of(natural_rate(as.numeric(case[2]))), checks_value(case[1]))
  }
})

test_that("rates that differ between patients give the Poisson-binomial of the checks", {
  expect_closed(tail_of(natural_rate(c(.135, .135, .135, .045))), checks_value("B04"))
  expect_closed(tail_of(natural_rate(c(.281, .281, .045, .045))), checks_value("B05"))
  expect_closed(tail_of(natural_rate(c(.135, .045, .045, .045))), checks_value("N16a"))
  expect_closed(tail_of(natural_rate(c(.281, .068, .068, .068))), checks_value("N16b"))
})

test_that("a shared deviation is integrated over all patients at once, and their order does not matter", {
  shared <- natural_rate(c(.135, .135, .135, .045), shared_sd = 0.5)
  expect_integral(tail_of(shared), checks_value("I01"))
  expect_integral(tail_of(natural_rate(c(.135, .045, .135, .135), shared_sd = 0.5)), checks_value("I01"))
})

test_that("beta priors and their mixtures give the beta-binomial of the checks", {
  expect_integral(tail_of(natural_rate(prior_beta(93.5, 790.5))), checks_value("B01"))
  expect_integral(tail_of(natural_rate(prior_beta(94, 791))), checks_value("B02"))
  mixture <- prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))
  expect_integral(tail_of(natural_rate(mixture)), checks_value("B03"))
  expect_integral(tail_of(natural_rate(mixture)), checks_value("F06"))
  expect_integral(tail_of(natural_rate(prior_beta(8, 56))), checks_value("F05"))
  expect_integral(tail_of(natural_rate(prior_beta(8, 56))), checks_value("G04"))
  expect_integral(tail_of(natural_rate(prior_beta(5, 5)), 3), checks_value("N16c"))
})

test_that("Box's p-value is the tail where the mass function falls, and not elsewhere", {
  # Be(5, 5) is symmetric: counts 3 and 4 and 0 and 1 have no more density than 3.
  p <- predict(natural_rate(prior_beta(5, 5)), 4)$probability
  expect_integral(sum(p[p <= p[4] + 1e-12]), checks_value("N16d"))
})

test_that("SATT with a pooled beta and its mean are those of the checks", {
  natural <- natural_rate(prior_beta(93.5, 790.5))
  expect_integral(1 - tail_of(natural), checks_value("B18"))
  expect_integral(0.5 - mean_of(natural), checks_value("B19"))
})

test_that("quantiles of a beta prior are the quantiles of the beta", {
  q <- quantile(natural_rate(prior_beta(8, 56)), c(0.025, 0.5, 0.975))
  expect_integral(unname(q), stats::qbeta(c(0.025, 0.5, 0.975), 8, 56))
  expect_named(q, c("2.5%", "50.0%", "97.5%"))
})

test_that("sharp, flat and nearly improper beta priors keep mean, SD and mass", {
  for (ab in list(c(1, 1), c(0.5, 0.5), c(2000, 5000), c(0.05, 3), c(400, 1.5))) {
    natural <- natural_rate(prior_beta(ab[1], ab[2]))
    row <- tidy(natural)[1, ]
    mean <- ab[1] / sum(ab)
    expect_integral(c(row$estimate, row$std.error), c(mean, sqrt(mean * (1 - mean) / (sum(ab) + 1))))
  }
})

test_that("tidy() has the columns of the contract and its terms, whatever the prior of tau", {
  for (tau in list(
    prior_half_normal(1), prior_half_normal(2), prior_half_t(1, 1), prior_fixed(0.3), prior_exponential(1)
  )) {
    rows <- tidy(natural_rate(late_registries(), tau = tau))
    expect_identical(rows$term, c("rate", "tau", "mu", "ess_moment", "ess_elir", "icc"))
    expect_named(rows, c("term", "estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind"))
    expect_lt(rows$num.error[1], 1e-6)
    # A number stands with its error, or neither stands.
    expect_identical(is.na(rows$estimate), is.na(rows$num.error))
  }
})

test_that("a tau whose SD is infinite costs its own row alone", {
  rows <- tidy(natural_rate(sources_of(32, 187), tau = prior_half_t(1, 1)))
  expect_true(is.na(rows$estimate[rows$term == "tau"]))
  expect_false(is.na(rows$estimate[rows$term == "rate"]))
})

test_that("probabilities of 0..n add up to 1 for one patient and for hundreds", {
  for (n in c(1, 4, 200)) expect_lt(abs(sum(predict(reference_rate(), n)$probability) - 1), 1e-9)
})

test_that("print names every source and the priors", {
  text <- capture.output(print(reference_rate()))
  expect_true(any(grepl("39/482", text)) && any(grepl("half_normal", text)) && any(grepl("mean 0.121", text)))
})

test_that("wrong numbers of patients and probabilities are refused", {
  natural <- natural_rate(0.2)
  for (n in list(0, -1, 2.5, NA, "4", NULL, Inf, c(4, 5), 1e6)) invalid(predict(natural, n))
  for (q in list(-0.1, 1.1, NaN, "a", numeric())) invalid(quantile(natural, q))
  invalid(predict(natural_rate(c(.1, .2)), 4), "one for each patient")
  invalid(tidy(natural, conf.level = 1))
  invalid(tidy(natural, conf.level = 95))
})

test_that("wrong exams, deaths and lost patients change the tail as computed elsewhere (N12, N13)", {
  # Each patient's outcome is misread on its own, so the natural counts that predict() gives are thinned and filled up:
  # of k who improved each is still counted with probability `keep`, of the others each with probability `add`.
  natural <- predict(reference_rate(), patients = 4)$probability
  misread <- \(keep, add) {
    at_least_two <- vapply(0:4, \(k) {
      seen <- outer(stats::dbinom(0:k, k, keep), stats::dbinom(0:(4 - k), 4 - k, add))
      sum(seen[outer(0:k, 0:(4 - k), "+") >= 2])
    }, 0)
    sum(natural * at_least_two)
  }
  for (f in c("0.02", "0.05", "0.1")) { # follow-up: 1 - (1 - p)(1 - f)
    expect_map(misread(1, as.numeric(f)), checks_value(paste0("N12f", f)))
  }
  for (v in c("0.05", "0.1")) { # baseline: (1 - v) p + v / 2
    v <- c(v, as.numeric(v))
    expect_map(misread(1 - as.numeric(v[2]) / 2, as.numeric(v[2]) / 2), checks_value(paste0("N12n", v[1])))
  }
  expect_map(misread(0.92, 0), checks_value("N13d")) # 8 % die, which counts as no recovery
})

test_that("deviations drawn for each patient alone would understate the tail (I01, I02)", {
  shared <- tail_of(natural_rate(c(.135, .135, .135, .045), shared_sd = 0.5))
  alone <- vapply(c(.135, .135, .135, .045), \(p) {
    stats::integrate(\(u) stats::plogis(stats::qlogis(p) + u) * stats::dnorm(u, 0, 0.5), -6, 6, rel.tol = 1e-11)$value
  }, 0)
  independent <- tail_of(natural_rate(alone)) # independent deviations leave only each patient's own mean rate
  expect_integral(independent, checks_value("I02"))
  expect_gt(shared, independent)
})
