# Natural change from published means: the exact normal-normal hierarchical model.

# borrowing.md: "exact" values, to the digits printed there.
test_that("eight schools: posterior of tau and mu, new school, shrinkage", {
  x <- natural_change(eight_schools(), tau = prior_half_t(1, 25), mu = prior_normal(0, 50))
  tau <- term_of(x, "tau")
  mu <- term_of(x, "mu")
  expect_equal(c(tau$estimate, tau$std.error, tau$conf.low, tau$conf.high), c(5.8845112, 4.8699043, .2199559,
    18.0531719),
    tolerance = 1e-7)
  expect_equal(c(mu$estimate, mu$std.error), c(7.9860418, 4.9955977), tolerance = 1e-7)
  expect_equal(term_value(x, "mean_change", "std.error"), 9.1268525, tolerance = 1e-7)
  expect_equal(core_mixture_summary(x$routes$fine$mu, 0.5)$quantile, 7.9634995, tolerance = 1e-7)
  expect_equal(1 - core_mixture_cdf(x$routes$fine$mu, 0), .94876908, tolerance = 1e-7)
  tau_at <- \(level) term_of(x, "tau", conf.level = level)
  expect_equal(tau_at(0.9)$conf.high, 15.1658939, tolerance = 1e-7) # 95 % upper limit
  expect_equal(tau_at(1e-9)$conf.low, 4.7585393, tolerance = 1e-7) # the median
  shrunk <- term_of(x, "source_mean")
  expect_equal(shrunk$estimate[c(1, 7, 8)], c(11.09805, 10.34124, 8.47527), tolerance = 1e-6) # seven digits printed
})

test_that("Crohn: the posterior of six placebo groups", {
  crohn <- data.frame(source = letters[1:6], mean = c(-51, -49, -36, -47, -90, -54), se = 88 / sqrt(c(74, 166, 328,
    20, 25, 58)))
  x <- natural_change(crohn, tau = prior_half_normal(44), mu = prior_normal(0, 88))
  numbers <- \(term) unlist(term_of(x, term)[c("estimate", "std.error", "conf.low", "conf.high")], use.names = FALSE)
  expect_equal(numbers("tau"), c(14.424523, 9.793437, 1.32934, 39.03534), tolerance = 1e-6)
  expect_equal(numbers("mu"), c(-49.818812, 8.557428, -68.55604, -34.48367), tolerance = 1e-6)
  expect_equal(numbers("mean_change")[2:4], c(19.421839, -92.01601, -11.47664), tolerance = 1e-6)
  expect_equal(quantile(x, 0.5)[[1]], -48.54885, tolerance = 1e-6)
})

test_that("Crins: six log odds ratios under a half-normal prior", {
  crins <- data.frame(source = letters[1:6],
    mean = c(-2.30970256, -.45953233, -2.30258509, -1.75785792, -1.25846099, -2.4178959),
    se = sqrt(c(.35937183, .30957602, .775, .20781609, .41215909, 2.3372623)))
  x <- natural_change(crins, tau = prior_half_normal(0.5), mu = prior_normal(0, 4))
  expect_equal(term_value(x, "tau"), .3810562, tolerance = 2e-7) # seven digits printed
  expect_equal(term_value(x, "tau", "std.error"), .2593672, tolerance = 2e-7)
  expect_equal(term_of(x, "tau", conf.level = 0.99)$conf.low, .003547657, tolerance = 1e-6)
  expect_equal(term_of(x, "tau", conf.level = 0.99)$conf.high, 1.205400562, tolerance = 1e-8)
  expect_equal(term_of(x, "tau", conf.level = 0.98)$conf.high, 1.109186, tolerance = 1e-6)
  # Data are given to eight decimals: about 1e-8 in the answer.
  expect_equal(c(term_value(x, "mu"), term_value(x, "mu", "std.error")), c(-1.576425367, .3293681545), tolerance = 1e-8)
  expect_equal(term_value(x, "mean_change", "std.error"), .56653205, tolerance = 1e-7)
  expect_equal(1 - core_mixture_cdf(x$routes$fine$mu, 0), 6.012689701e-05, tolerance = 1e-7)
})

test_that("three registry means predict a new population (E21, E22)", {
  x <- natural_change(three_registries(), tau = prior_half_normal(2))
  expect_equal(term_value(x, "mean_change"), checks_value("E21"), tolerance = 1e-10)
  expect_equal(term_value(x, "mean_change", "std.error"), checks_value("E22"), tolerance = 1e-10)
})

test_that("one source and a flat mu: variance se^2 + 2 tau^2, a power prior of this weight (J09, J10)", {
  se <- sqrt(1 / 32 + 1 / 155)
  x <- natural_change(data.frame(source = "a", mean = stats::qlogis(32 / 187), se = se), tau = prior_fixed(0.5))
  expect_equal(term_value(x, "mean_change", "std.error")^2, checks_value("J09"), tolerance = 1e-13)
  expect_equal((se / term_value(x, "mean_change", "std.error"))^2, checks_value("J10"), tolerance = 1e-13)
})

test_that("a prior predictive of tau alone has the published 97.5 % points (A10)", {
  # With mu fixed at 0 and sources that say nothing, the new mean is N(0, tau^2) with tau from its prior.
  vague <- data.frame(source = "a", mean = 0, se = 1e8)
  upper <- \(tau) quantile(natural_change(vague, tau = tau, mu = prior_fixed(0)), 0.975)[[1]]
  expect_equal(upper(prior_half_normal(0.5)), 1.0909745, tolerance = 1e-7)
  expect_equal(upper(prior_half_normal(1)), 2.181949, tolerance = 1e-6) # seven digits printed
  expect_equal(upper(prior_half_t(1, 0.5)), 5.0470073, tolerance = 1e-7)
})

test_that("a prior and a number are their own distribution, and a bias adds to each", {
  x <- natural_change(prior_normal(7.8, 0.6), bias = prior_normal(1, 2), sd = 6.5)
  expect_equal(term_value(x, "mean_change"), 8.8, tolerance = 1e-14)
  expect_equal(term_value(x, "mean_change", "std.error"), sqrt(0.36 + 4), tolerance = 1e-14)
  expect_equal(term_value(x, "patient_change", "std.error"), sqrt(0.36 + 4 + 6.5^2), tolerance = 1e-14)
  known <- natural_change(7.8, sd = 6.5)
  expect_identical(unique(tidy(known)$num.kind), "exact")
  expect_output(print(known), "taken as known: no uncertainty")
})

test_that("a scale on which lower is better turns published means once", {
  rows <- data.frame(source = c("a", "b"), mean = c(-3, -5), se = 1, measure = "mds_updrs_iii")
  x <- natural_change(rows, tau = prior_fixed(0))
  expect_equal(term_value(x, "mean_change"), 4)
  expect_output(print(x), "sign of change is turned")
})

test_that("a scale named by its full name alone is the scale named by its short one", {
  short <- data.frame(source = c("a", "b"), mean = c(-3, -5), se = 1, measure = "mds_updrs_iii")
  full <- data.frame(source = c("a", "b"), mean = c(-3, -5), se = 1, endpoint = "MDS-UPDRS part III")
  expect_equal(tidy(natural_change(full, prior_fixed(0))), tidy(natural_change(short, prior_fixed(0))))
  expect_equal(term_value(natural_change(transform(full, measure = NA), prior_fixed(0)), "mean_change"), 4)
  expect_null(change_scale_of(natural_change(transform(full, endpoint = "another score"), prior_fixed(0))))
})

test_that("moments that do not exist are NA, and quantiles stand", {
  x <- natural_change(data.frame(source = "a", mean = 8, se = 1), tau = prior_half_t(1, 2))
  row <- term_of(x, "mean_change")
  expect_true(is.na(row$estimate) && is.na(row$std.error))
  expect_equal((row$conf.low + row$conf.high) / 2, 8, tolerance = 1e-6) # symmetric about the mean
})

test_that("bad evidence and bad arguments are refused", {
  expect_error(natural_change(three_registries()), "tau", class = "cordgain_invalid_input")
  expect_error(natural_change(three_registries(), tau = prior_normal(0, 1)), class = "cordgain_invalid_input")
  expect_error(natural_change(three_registries(), tau = prior_fixed(-1)), "negative", class = "cordgain_invalid_input")
  expect_error(natural_change(three_registries(), tau = prior_half_normal(1), mu = prior_t(3, 0, 1)),
    class = "cordgain_invalid_input")
  expect_error(natural_change(three_registries(), tau = prior_half_normal(1), sd = 0), class = "cordgain_invalid_input")
  expect_error(natural_change(7.8, tau = prior_half_normal(1)), "known mean", class = "cordgain_invalid_input")
  expect_error(natural_change(prior_beta(1, 1)), class = "cordgain_invalid_input")
  expect_error(natural_change("7.8"), class = "cordgain_invalid_input")
  expect_error(natural_change(), class = "cordgain_invalid_input")
  expect_error(natural_change(c(1, 2)), class = "cordgain_invalid_input")
  expect_error(natural_change(7.8, match = list(grade = "A")), class = "cordgain_invalid_input")
  expect_error(natural_change(three_registries(), tau = prior_half_normal(1), match = list(level = "all")), "table",
    class = "cordgain_invalid_input")
})

test_that("the answer moves with its data: shift, scale and order of the sources", {
  base <- natural_change(three_registries(), tau = prior_half_normal(2))
  moved <- transform(three_registries(), mean = 10 * mean + 3, se = 10 * se)
  scaled <- natural_change(moved[3:1, ], tau = prior_half_normal(20))
  expect_equal(term_value(scaled, "mean_change"), 10 * term_value(base, "mean_change") + 3, tolerance = 1e-10)
  expect_equal(term_value(scaled, "tau", "std.error"), 10 * term_value(base, "tau", "std.error"), tolerance = 1e-9)
})

test_that("a regression to the mean is a bias: its expected gain, turned where lower is better", {
  x <- regression_to_mean(20, 10, 0.8, 15)
  gain <- term_value(x, "expected_gain")
  rows <- three_registries(measure = "uems")
  expect_equal(tidy(natural_change(rows, prior_half_normal(2), bias = x)),
    tidy(natural_change(rows, prior_half_normal(2), bias = prior_fixed(gain))))
  expect_equal(term_value(natural_change(7, bias = x), "mean_change"), 7 + gain)
  expect_equal(term_value(natural_change(7, bias = x, scale = "mds_updrs_iii"), "mean_change"), 7 - gain)
  high <- regression_to_mean(20, 10, 0.8, 25, side = "above")
  turned <- natural_change(transform(rows, mean = -mean, measure = "mds_updrs_iii"), prior_fixed(0), bias = high)
  plain <- natural_change(three_registries(), prior_fixed(0))
  expect_equal(term_value(turned, "mean_change"), term_value(plain, "mean_change") + gain)
})

test_that("a mean change or an SD outside the scale is refused (refusal 8)", {
  bad <- \(...) expect_error(natural_change(...), "outside the scale", class = "cordgain_invalid_input")
  bad(400, sd = 6, scale = "uems")
  bad(prior_normal(-60, 1), scale = "uems")
  bad(7, sd = 51, scale = "uems")
  rows <- three_registries(measure = "uems")
  bad(transform(rows, mean = c(400, 8, 9)), prior_half_normal(2))
  bad(rows, prior_half_normal(2), sd = 60)
  expect_s3_class(natural_change(400, sd = 6), "natural_change") # of a scale that is not known
})

test_that("what quadrature cannot have is refused with advice about the prior, not about patients", {
  told <- expect_error(tidy(natural_change(three_registries(), prior_half_normal(1e200))),
    class = "cordgain_numerical_error")
  expect_match(conditionMessage(told), "narrower prior of `tau`")
  expect_no_match(conditionMessage(told), "patients")
})

test_that("regression to the mean whose sign is not known is refused where lower is better", {
  raw <- regression_to_mean(30, 10, 0.8, 40, "above") # chosen for a high score: it falls, which is a gain
  x <- score_change(c(45, 50, 42, 48), c(40, 47, 41, 45), "mds_updrs_iii")
  for (mean in list(0, prior_normal(0, 1))) {
    expect_error(excess_of_scores(x, natural_change(mean, sd = 6, bias = raw)), "sign of the regression",
      class = "cordgain_invalid_input")
  }
  turned <- excess_of_scores(x, natural_change(0, sd = 6, bias = raw, scale = "mds_updrs_iii"))
  # Davis (1976): sigma (1 - rho) phi(z) / (1 - Phi(z)), z = 1
  expect_equal(term_value(turned, "natural_mean"), 2 * dnorm(1) / pnorm(-1), tolerance = 1e-10)
  up <- excess_of_scores(score_change(c(12, 18), c(20, 19), "uems"),
    natural_change(0, sd = 6, bias = regression_to_mean(20, 10, 0.8, 15)))
  expect_equal(term_value(up, "natural_mean"), checks_value("E17"), tolerance = 1e-10)
})
