# The mean excess as a parameter. Oracles: the conjugate normal, and integrate() over naive likelihoods.

benefit_of <- function(answer, prior) effect_posterior(effect_table_of(answer, NULL), prior, NULL)

test_that("a normal family with everything known is the conjugate normal", {
  answer <- known_answer(mean = 4) # D = 5.75, V = 6.5^2 / 4
  for (s in c(0.5, 6.5, 40)) {
    post <- benefit_of(answer, prior_normal(1, s))
    v <- 1 / (4 / 6.5^2 + 1 / s^2)
    m <- v * (5.75 * 4 / 6.5^2 + 1 / s^2)
    # Composite Gauss rules on panels finer than the density: 1e-10, and the stated error covers it.
    expect_equal(post$mean$value, m, tolerance = 1e-10)
    expect_equal(post$benefit$value, stats::pnorm(m / sqrt(v)), tolerance = 1e-10)
    expect_lte(abs(post$benefit$value - stats::pnorm(m / sqrt(v))), max(post$benefit$error, 1e-13))
  }
})

test_that("uncertain evidence adds its variance, a mixture of priors is a mixture of posteriors", {
  at <- new_population(c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), 1.5)
  v <- at$variance + 6.5^2 / 4
  d <- 9.75 - at$mean
  parts <- \(a, b) list(w = stats::dnorm(d, a, sqrt(v + b^2)), m = (d * b^2 + a * v) / (v + b^2),
    s = sqrt(v * b^2 / (v + b^2)))
  one <- parts(0, 2)
  two <- parts(5, 4)
  expected <- (0.3 * one$w * stats::pnorm(one$m / one$s) + 0.7 * two$w * stats::pnorm(two$m / two$s)) /
    (0.3 * one$w + 0.7 * two$w)
  prior <- prior_mixture(c(0.3, 0.7), prior_normal(0, 2), prior_normal(5, 4))
  expect_equal(benefit_of(score_answer(), prior)$benefit$value, expected, tolerance = 1e-10)
})

test_that("a flat prior gives the predictive probability of the mean excess", {
  answer <- score_answer(prior_half_normal(2))
  expect_equal(benefit_of(answer, NULL)$benefit$value, term_value(answer, "prob_excess"), tolerance = 1e-9)
})

test_that("the SD of treated patients from elsewhere is used", {
  answer <- excess_of_scores(synthetic_change(), natural_change(4, sd = 6.5), sd_treated = 10)
  v <- 1 / (4 / 100 + 1 / 25)
  expect_equal(benefit_of(answer, prior_normal(0, 5))$mean$value, v * 5.75 * 4 / 100, tolerance = 1e-10)
})

# Rounded latent normals cut off at the patient's ends, by definition.
censored_probability <- function(y, latent, sd, low, high) {
  upper <- ifelse(y >= high, 1, stats::pnorm(y + 0.5, latent, sd))
  lower <- ifelse(y <= low, 0, stats::pnorm(y - 0.5, latent, sd))
  upper - lower
}

test_that("a censored family agrees with the naive likelihood and integrate(), natural mean known and uncertain", {
  natural <- natural_change(8, sd = 6.5, family = "censored", range = c(0, 50))
  answer <- excess_of_scores(synthetic_change(), natural)
  model <- change_model_of(natural)
  low <- -c(12, 18, 9, 15)
  # The latent mean at which the mean of what is cut at 0 and 50 is 8 + delta, at most 37 latent SDs beyond the ends.
  cut_mean <- \(l) {
    above <- \(z) model$spread * (stats::dnorm(z) + z * stats::pnorm(z))
    above(l / model$spread) - above((l - 50) / model$spread)
  }
  ends <- c(0, 50) + c(-37, 37) * model$spread
  latent <- \(one) {
    if (8 + one <= 0) return(ends[1])
    if (8 + one >= 50) return(ends[2])
    stats::uniroot(\(l) cut_mean(l) - 8 - one, ends, tol = 1e-12)$root
  }
  like <- \(delta) vapply(delta, \(one) prod(censored_probability(c(24, 13, 2, 0), latent(one), model$spread, low,
    50 + low)), 0)
  weighted <- \(f, from, to) stats::integrate(\(x) f(x) * stats::dnorm(x, 0, 5), from, to, rel.tol = 1e-10,
    abs.tol = 1e-18)$value
  expected <- weighted(like, 0, 40) / (weighted(like, -40, 0) + weighted(like, 0, 40))
  # A spline on a lattice of a twentieth of the likelihood's width: its error is below 1e-7.
  expect_equal(benefit_of(answer, prior_normal(0, 5))$benefit$value, expected, tolerance = 1e-7)

  unsure <- natural_change(prior_normal(8, 1.5), sd = 6.5, family = "censored", range = c(0, 50))
  spread <- \(delta) vapply(delta, \(one) stats::integrate(\(u) like(one + u) * stats::dnorm(u, 0, 1.5), -12, 12,
    rel.tol = 1e-9, abs.tol = 1e-18)$value, 0)
  expected <- weighted(spread, 0, 40) / (weighted(spread, -40, 0) + weighted(spread, 0, 40))
  expect_equal(benefit_of(excess_of_scores(synthetic_change(), unsure), prior_normal(0, 5))$benefit$value, expected,
    tolerance = 1e-7)
})

test_that("units of the score and the order of sources and patients do not matter", {
  sources <- three_registries()
  one <- benefit_of(score_answer(prior_half_normal(2)), prior_normal(0, 5))
  turned <- score_answer(prior_half_normal(2), sources = sources[3:1, ])
  expect_equal(benefit_of(turned, prior_normal(0, 5))$benefit$value, one$benefit$value, tolerance = 1e-9)
  tenths <- motor_scale(min = 0, max = 500, direction = "higher", name = "tenths")
  x <- score_change(c(15, 9, 18, 12) * 10, c(15, 11, 31, 36) * 10, tenths)
  natural <- natural_change(transform(sources, mean = 10 * mean, se = 10 * se), tau = prior_half_normal(20), sd = 65)
  again <- benefit_of(excess_of_scores(x, natural), prior_normal(0, 50))
  expect_equal(again$benefit$value, one$benefit$value, tolerance = 1e-9)
  expect_equal(again$mean$value, 10 * one$mean$value, tolerance = 1e-9)
})

test_that("lost patients and priors of the wrong kind are refused", {
  open <- excess_of_scores(synthetic_change(change = c(24, 13, 2, NA)), natural_change(4, sd = 6.5))
  expect_error(effect_table_of(open, NULL), "not known", class = "cordgain_invalid_input")
  expect_error(check_effect(prior_half_normal(1), 6.5, NULL), class = "cordgain_invalid_input")
  expect_identical(format(check_effect(NULL, 6.5, NULL)), format(prior_normal(0, 6.5)))
})

test_that("the kink where no lower natural mean is possible is integrated exactly: a hurdle, by integrals up to it", {
  skip_on_cran() # some seconds
  natural <- natural_change(prior_normal(1.2, 0.5), sd = 3, family = "hurdle", zero = 0.7, range = c(0, 36))
  x <- score_change(c(10, 10, 10), c(10, 16, 11), "lems")
  answer <- suppressWarnings(excess_of_scores(x, natural))
  law <- effect_likelihood(answer, NULL)
  model <- change_model_of(natural)
  given <- \(t) { # of the three changes, at a population mean t away from the published one
    each <- lapply(c(0, 6, 1), \(y) diff(conditional_cdf(model, c(y - 1, y), list(shift = t), TRUE, -10, 40)))
    as.vector(each[[1]] * each[[2]] * each[[3]])
  }
  end <- 0.3 - 1.2 # the least mean is 1 point of the 0.3 who change
  by_hand <- vapply(c(-1.1, -0.4, 0.13, 0.5, 1.7), \(delta) {
    f <- \(t) given(t) * dnorm(t - delta, 0, 0.5)
    above <- \(from, to) integrate(f, from, to, rel.tol = 1e-10)$value
    given(end) * pnorm(end - delta, 0, 0.5) + above(end, end + 1) + above(end + 1, end + 6)
  }, 0)
  # Without the kink's own mean 1e-5 of the largest.
  for (route in c("fine", "coarse")) {
    seen <- exp(law$log_likelihood(c(-1.1, -0.4, 0.13, 0.5, 1.7), route))
    expect_lt(max(abs(seen - by_hand)) / max(by_hand), 1e-6)
  }
  table <- likelihood_table(law)
  for (prior in list(prior_normal(0, 3), prior_normal(1.2, 0.5), NULL)) {
    expect_lt(effect_posterior(table, prior, NULL)$benefit$error, 2e-7) # 1.2e-6 before
  }
})
