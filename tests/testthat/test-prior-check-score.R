# What an answer about scores rests on: closed forms of the normal model, integrate() where tau is uncertain.

at <- \(x, term, column = "estimate") tidy(x)[[column]][tidy(x)$term == term]

test_that("one normal is worth sd^2 / s^2 patients by every definition", {
  x <- prior_check(excess_of_scores(synthetic_change(), natural_change(prior_normal(8, 1.3), sd = 6.5)))
  # ELIR by quadrature of pi'^2 / pi: 1e-9; the others are closed forms.
  for (term in c("ess_moment", "ess_elir", "ess_morita")) expect_equal(at(x, term), (6.5 / 1.3)^2, tolerance = 1e-8)
  expect_equal(at(x, "ledger_source"), 25, tolerance = 1e-8)
  expect_identical(at(x, "ledger_treated"), 4)
  expect_equal(at(x, "ledger_prior_effect"), 1)
  expect_identical(at(x, "prior_benefit"), 0.5)
  expect_true(is.na(at(x, "prior_benefit_flat")))
})

test_that("Morita's size of a mixture is the curvature of its log density at the mode", {
  natural <- natural_change(prior_mixture(c(0.7, 0.3), prior_normal(8, 1), prior_normal(9, 3)), sd = 6.5)
  density <- \(x) 0.7 * stats::dnorm(x, 8, 1) + 0.3 * stats::dnorm(x, 9, 3)
  mode <- stats::optimize(\(x) log(density(x)), c(7, 9), maximum = TRUE, tol = 1e-10)$maximum
  h <- 1e-3
  curvature <- -(log(density(mode + h)) - 2 * log(density(mode)) + log(density(mode - h))) / h^2
  # A second difference at a mode known to 1e-8: error of order h^2.
  expect_equal(as.numeric(ess(natural, "morita")), 6.5^2 * curvature, tolerance = 1e-5)
})

test_that("the ledger divides the moment size by the sources' information, and adds up to it", {
  answer <- score_answer()
  x <- prior_check(answer)
  p <- new_population(c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), 1.5)
  expect_equal(at(x, "ess_moment"), 6.5^2 / p$variance, tolerance = 1e-9)
  w <- 1 / (c(0.6, 0.9, 1.4)^2 + 1.5^2)
  expect_equal(at(x, "ledger_source"), 6.5^2 / p$variance * w / sum(w), tolerance = 1e-8)
  expect_identical(at(x, "ledger_source", "group"), c("a", "b", "c"))
  expect_length(at(x, "ledger_prior_mean"), 0L) # a flat prior of mu holds nothing
  informed <- prior_check(score_answer(mu = prior_normal(8, 2)))
  w <- c(w, 1 / 4)
  whole <- at(informed, "ess_moment")
  expect_equal(c(at(informed, "ledger_source"), at(informed, "ledger_prior_mean")), whole * w / sum(w),
    tolerance = 1e-8)
  fixed <- prior_check(score_answer(mu = prior_fixed(8)))
  expect_equal(at(fixed, "ledger_source"), c(0, 0, 0))
  expect_equal(at(fixed, "ledger_prior_mean"), 6.5^2 / 1.5^2, tolerance = 1e-8)
})

test_that("sizes do not depend on the unit, and more sources are worth more", {
  one <- prior_check(score_answer(prior_half_normal(2)))
  tenths <- motor_scale(min = 0, max = 500, direction = "higher", name = "tenths")
  x <- score_change(c(12, 18, 9, 15) * 10, c(36, 31, 11, 15) * 10, tenths)
  ten <- prior_check(excess_of_scores(x, natural_change(transform(three_registries(), mean = 10 * mean, se = 10 * se),
    tau = prior_half_normal(20), sd = 65)))
  for (term in c("ess_moment", "ess_elir", "ess_morita", "ledger_source", "surprise")) {
    expect_equal(at(ten, term), at(one, term), tolerance = 1e-6) # sizes to 1e-6 by their stated error
  }
  six <- rbind(three_registries(), transform(three_registries(), source = c("d", "e", "f")))
  expect_gt(at(prior_check(score_answer(prior_fixed(1.5), sources = six)), "ess_moment"),
    at(prior_check(score_answer(prior_fixed(1.5))), "ess_moment"))
})

test_that("surprise of one normal is its two-sided tail", {
  x <- prior_check(score_answer())
  p <- new_population(c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), 1.5)
  z <- abs(9.75 - p$mean) / sqrt(p$variance + 6.5^2 / 4)
  expect_equal(at(x, "surprise"), 2 * stats::pnorm(-z), tolerance = 1e-9)
  far <- prior_check(score_answer(change = c(35, 30, 30, 34)))
  z <- (32.25 - p$mean) / sqrt(p$variance + 6.5^2 / 4)
  expect_equal(at(far, "surprise"), 2 * stats::pnorm(-z), tolerance = 1e-6) # absolute error below 1e-12
  expect_match(at(x, "surprise", "note"), "surprise under no effect")
})

test_that("surprise of a mixture with two peaks counts what is lower on both sides and between", {
  natural <- natural_change(prior_mixture(c(0.5, 0.5), prior_normal(0, 1), prior_normal(40, 1)), sd = 4)
  density <- \(x) 0.5 * stats::dnorm(x, 0, sqrt(5)) + 0.5 * stats::dnorm(x, 40, sqrt(5))
  answer <- excess_of_scores(synthetic_change(change = c(5, 5, 5, 5)), natural)
  # Symmetric about 20; lower than at 5 are |x| > 5 around 0, the same around 40.
  expected <- 2 * stats::pnorm(-5 / sqrt(5))
  expect_equal(at(prior_check(answer), "surprise"), expected, tolerance = 1e-9)
  expect_gt(density(4), density(5))
})

test_that("surprise of whole points is the sum of masses no larger than the observed one", {
  natural <- natural_change(8, sd = 6.5, family = "beta_binomial", range = c(0, 50))
  x <- score_change(12, 36, "uems", match = list(level = "cervical"))
  answer <- excess_of_scores(x, natural)
  p <- 8 / 50
  total <- 1 / ((6.5^2 / (50 * p * (1 - p)) - 1) / 49) - 1
  k <- 0:50
  mass <- exp(lchoose(50, k) + lbeta(k + total * p, 50 - k + total * (1 - p)) - lbeta(total * p, total * (1 - p)))
  room <- c(mass[1:38], sum(mass[39:51])) # from 12 at most 38 points are left
  expect_equal(at(prior_check(answer), "surprise"), sum(room[room <= room[25]]), tolerance = 1e-9)
})

test_that("what is not defined is NA with its reason", {
  skip_on_cran() # long
  known <- prior_check(known_answer())
  expect_true(all(is.na(c(at(known, "ess_moment"), at(known, "ledger_source")))))
  expect_match(at(known, "ess_moment", "note"), "known mean")
  heavy <- prior_check(score_answer(prior_half_t(1, 2), sources = three_registries()[1:2, ]))
  expect_match(at(heavy, "ess_moment", "note"), "does not exist")
  open <- excess_of_scores(synthetic_change(change = c(24, 13, 2, NA)), natural_change(4, sd = 6.5))
  expect_error(prior_check(open), "known", class = "cordgain_invalid_input")
  expect_error(prior_check(known_answer(), effect = prior_beta(1, 1)), class = "cordgain_invalid_input")
})

test_that("prior probability of benefit is that of the effect given", {
  x <- prior_check(known_answer(), effect = prior_mixture(c(0.5, 0.5), prior_normal(2, 4), prior_normal(0, 1)))
  expect_equal(at(x, "prior_benefit"), 0.5 * stats::pnorm(0.5) + 0.25, tolerance = 1e-12)
  m <- 1
  v <- 0.5 * (16 + 1) + 0.5 * (1 + 1) # variance of the mixture about its mean of 1
  expect_equal(at(x, "ledger_prior_effect"), 6.5^2 / v, tolerance = 1e-12)
})

test_that("it prints as a sentence and draws as bars", {
  x <- prior_check(score_answer(prior_half_normal(2), sources = three_registries(n = c(117, 52, 21))))
  expect_output(print(x), "rests on 4 treated patients")
  printed <- gsub("\\s+", " ", paste(capture.output(print(x)), collapse = " "))
  expect_match(printed, "Probability of benefit before the first patient: 0.5 by the prior of the effect.",
    fixed = TRUE)
  expect_match(at(x, "ledger_source", "note")[1], "117 patients")
  skip_if_not_installed("ggplot2")
  expect_true(draws(plot(x)))
})

test_that("with an uncertain tau the sizes are those of the density by integrate()", {
  natural <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5)
  mean <- c(7.8, 10.5, 9)
  se <- c(0.6, 0.9, 1.4)
  tau <- (seq_len(4000) - 0.5) / 4000 * 18 # the midpoint rule; the integrand is smooth and ends at 9 scales
  parts <- lapply(tau, \(t) new_population(mean, se, t))
  m <- vapply(parts, `[[`, 0, "mean")
  s <- sqrt(vapply(parts, `[[`, 0, "variance"))
  w <- vapply(seq_along(tau), \(i) {
    v <- se^2 + tau[i]^2
    exp(-0.5 * sum(log(v)) - 0.5 * log(sum(1 / v)) - 0.5 * sum((mean - m[i])^2 / v))
  }, 0) * stats::dnorm(tau, 0, 2)
  w <- w / sum(w)
  density <- \(x) vapply(x, \(one) sum(w * stats::dnorm(one, m, s)), 0)
  slope <- \(x) vapply(x, \(one) sum(w * stats::dnorm(one, m, s) * (m - one) / s^2), 0)
  information <- stats::integrate(\(x) slope(x)^2 / density(x), -30, 48, rel.tol = 1e-8, subdivisions = 2000L)$value
  variance <- sum(w * (s^2 + m^2)) - sum(w * m)^2
  expect_equal(as.numeric(ess(natural, "elir")), 6.5^2 * information, tolerance = 1e-5) # midpoint rule of 4000
  expect_equal(as.numeric(ess(natural, "moment")), 6.5^2 / variance, tolerance = 1e-5)
})

test_that("each size is printed under its own name", {
  x <- prior_check(score_answer(prior_half_normal(2)))
  printed <- gsub("\\s+", " ", paste(capture.output(print(x)), collapse = " "))
  shown <- \(name) as.numeric(sub(paste0(".*", name, " ([0-9.]+[0-9]).*"), "\\1", printed))
  for (case in list(c("moment", "ess_moment"), c("ELIR", "ess_elir"), c("Morita", "ess_morita"))) {
    # Printed to three digits.
    expect_equal(shown(case[1]), at(x, case[2]), tolerance = 0.006)
  }
})
