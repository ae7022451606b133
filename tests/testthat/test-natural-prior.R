# Natural recovery as the prior of a coefficient.

three_registries_of_means <- \() data.frame(source = c("a", "b", "c"), mean = c(7.8, 10.5, 9), se = c(0.6, 0.9, 1.4))

test_that("a normal mean change stays normal, in units of the coefficient, with its bias", {
  natural <- natural_change(prior_normal(7.8, 0.6), sd = 6.5, bias = prior_normal(1, 0.8))
  expect_equal(as_prior(natural, per = 1), prior_normal(8.8, 1), tolerance = 1e-12)
  expect_equal(as_prior(natural, per = -4), prior_normal(-2.2, 0.25), tolerance = 1e-12)
  mixed <- natural_change(prior_mixture(c(0.7, 0.3), prior_normal(7, 1), prior_normal(12, 2)), sd = 6.5)
  p <- as_prior(mixed, per = 10)
  x <- c(-0.5, 0.3, 0.7, 1, 1.6)
  of <- \(p, x) rowSums(vapply(seq_len(nrow(p)), \(k) p[k, "weight"] * pnorm(x, p[k, "a"], p[k, "b"]), x))
  expect_equal(of(prior_components(p), x), 0.7 * pnorm(x, 0.7, 0.1) + 0.3 * pnorm(x, 1.2, 0.2), tolerance = 0.01)
})

test_that("several sources become three normals with the mean, SD and distribution of the predictive one", {
  for (tau in list(prior_half_normal(2), prior_exponential(1), prior_half_t(4, 2))) {
    natural <- natural_change(three_registries_of_means(), tau = tau)
    p <- prior_components(as_prior(natural, per = 1))
    expect_identical(nrow(p), 3L)
    whole <- tidy(natural)[tidy(natural)$term == "mean_change", ]
    mean <- sum(p[, "weight"] * p[, "a"])
    expect_equal(mean, whole$estimate, tolerance = 1e-6)
    expect_equal(sum(p[, "weight"] * (p[, "b"]^2 + (p[, "a"] - mean)^2)), whole$std.error^2, tolerance = 1e-4)
    probs <- c(0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
    q <- drop(quantile(natural, probs, of = "mean"))
    below <- rowSums(vapply(1:3, \(k) p[k, "weight"] * pnorm(q, p[k, "a"], p[k, "b"]), probs))
    expect_lt(max(abs(below - probs)), 0.006)
  }
})

test_that("it is the prior of a fit, and where scores say nothing the posterior is the prior", {
  natural <- natural_change(three_registries_of_means(), tau = prior_half_normal(2))
  d <- data.frame(id = rep(1:4, each = 2), late = rep(0:1, 4), score = c(10, 19, 12, 30, 9, 11, 15, 18)) # simulated
  fit <- \(sigma) tidy(fit_recovery(score ~ late + (1 | id), d, method = method_bayes(priors(
    fixed = list(late = as_prior(natural, per = 1)), sigma = prior_fixed(sigma), sd = prior_fixed(1)))))
  late <- fit(1e4)[2, ]
  whole <- tidy(natural)[tidy(natural)$term == "mean_change", ]
  expect_equal(c(late$estimate, late$std.error), c(whole$estimate, whole$std.error), tolerance = 1e-3)
  # Else each normal is updated by itself and weighed by what it says of the data: by hand, patients' differences.
  y <- d$score[d$late == 1] - d$score[d$late == 0]
  p <- prior_components(as_prior(natural, per = 1))
  v <- 2 * 3^2 / 4
  weight <- p[, "weight"] * dnorm(mean(y), p[, "a"], sqrt(p[, "b"]^2 + v))
  means <- (p[, "a"] / p[, "b"]^2 + mean(y) / v) / (1 / p[, "b"]^2 + 1 / v)
  # Intercepts of the patients are nearly free beside a wide prior: differences are all that is known of the change.
  wide <- tidy(fit_recovery(score ~ late + (1 | id), d, method = method_bayes(priors(
    fixed = list(late = as_prior(natural, per = 1)), sigma = prior_fixed(3), sd = prior_fixed(1e4)))))
  expect_equal(wide$estimate[2], sum(weight * means) / sum(weight), tolerance = 1e-4)
})

test_that("the gain of a natural curve is one too", {
  visits <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  curve <- natural_curve(visits, correlation = 0.8, between_sd = 1.5)
  gain <- curve_gains(curve, 4, 52)
  expect_equal(as_prior(curve, per = 48, from = 4, time = 52),
    prior_normal(gain$mean / 48, sqrt(sum(gain$slopes^2)) / 48), tolerance = 1e-12)
  expect_error(as_prior(curve, per = 48), "from", class = "cordgain_invalid_input")
})

test_that("its unit is asked for, and what cannot be a prior is refused", {
  natural <- natural_change(prior_normal(3, 1), sd = 2)
  expect_error(as_prior(natural), "per.*is not given", class = "cordgain_invalid_input")
  expect_error(priors(fixed = list(week = natural)), "as_prior\\(natural, per = 48\\)",
    class = "cordgain_invalid_input")
  expect_error(as_prior(natural, per = 0), "must not be 0", class = "cordgain_invalid_input")
  expect_error(as_prior(natural_change(3, sd = 2), per = 1), "taken as known", class = "cordgain_invalid_input")
  expect_error(as_prior(natural_rate(0.2), per = 1), "log odds", class = "cordgain_invalid_input")
  expect_error(as_prior(7), "a number", class = "cordgain_invalid_input")
  expect_error(as_prior(natural, per = 1, weeks = 2), "no argument", class = "cordgain_invalid_input")
  expect_identical(as_prior(prior_normal(0, 1)), prior_normal(0, 1))
  far <- list(weight = c(0.2, 0.2, 0.2, 0.2, 0.2), mean = c(-100, -50, 0, 50, 100), sd = rep(1e-3, 5))
  expect_error(three_normals(far, NULL), "three normals", class = "cordgain_numerical_error")
})
