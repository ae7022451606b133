# Tipping points of scores by closed forms.

test_that("bias, mean and SD that bring the tail to the targets are closed forms", {
  at <- new_population(c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), 1.5)
  x <- tipping(score_answer(), target = c(0.025, 0.3))
  z <- stats::qnorm(c(0.975, 0.7))
  total <- sqrt(at$variance + 6.5^2 / 4)
  # Roots to 1e-11 of functions exact to rounding.
  expect_equal(tipping_value(x, "bias"), 9.75 - at$mean - z * total, tolerance = 1e-9)
  expect_equal(tipping_value(x, "mean"), 9.75 - z * 3.25, tolerance = 1e-9)
  expect_equal(tipping_value(tipping(score_answer(change = c(24, 20, 15, 9)), "sd", 0.025), "sd"),
    2 * sqrt((17 - at$mean)^2 / z[1]^2 - at$variance), tolerance = 1e-8)
  expect_true(all(tidy(x)$num.error[tidy(x)$term %in% c("bias", "mean")] < 1e-8))
})

test_that("the tau that is found gives the target back by the closed form", {
  x <- tipping(score_answer(prior_half_normal(2), change = c(24, 20, 15, 9)), "tau", 0.05)
  at <- new_population(c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), tipping_value(x, "tau"))
  expect_equal(stats::pnorm(17, at$mean, sqrt(at$variance + 6.5^2 / 4), lower.tail = FALSE), 0.05, tolerance = 1e-8)
})

test_that("a bias of the tipping size, given to the evidence, brings the tail to the target", {
  skip_on_cran() # long
  for (family in c("normal", "censored", "beta_binomial")) {
    made <- \(...) natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5, family = family,
      range = if (family != "normal") c(0, 50), ...)
    bias <- tipping_value(tipping(excess_of_scores(synthetic_change(), made()), "bias", 0.1), "bias")
    moved <- excess_of_scores(synthetic_change(), made(bias = prior_fixed(bias)))
    expect_equal(1 - term_value(moved, "prob_excess"), 0.1, tolerance = 1e-8)
  }
})

test_that("a target that no value reaches is NA with the range in words", {
  x <- tipping(score_answer(), c("tau", "sd"), target = 0.01)
  expect_true(all(is.na(tipping_value(x, "tau", 0.01))))
  expect_match(tipping_value(x, "sd", 0.01, "note"), "the tail stays between")
})

test_that("the prior needed is the closed form, and where none is enough it is not defined, in words", {
  x <- tipping(known_answer(mean = 2), "bias", benefit = 0.95) # D = 7.75, SE 3.25
  r <- (stats::qnorm(0.95) / (7.75 / 3.25))^2
  expect_equal(tipping_value(x, "prior_sd"), 3.25 * sqrt(r / (1 - r)), tolerance = 1e-8)
  none <- tipping(known_answer(mean = 9), "bias")
  expect_true(is.na(tipping_value(none, "prior_sd")))
  expect_match(tipping_value(none, "prior_sd", column = "note"), "none: prior SDs up to .* points give at most")
  # A reader who wants only 0.5 is content with any prior.
  expect_match(tipping_value(tipping(known_answer(mean = 2), "bias", benefit = 0.4), "prior_sd", column = "note"),
    "every prior SD")
})

test_that("the analysis of credibility is on the scale of the score, not credible in words", {
  answer <- known_answer(mean = 1, change = c(24, 20, 15, 9))
  row <- term_of(answer, "mean_excess_population")
  expected <- (row$conf.high - row$conf.low)^2 / (4 * sqrt(row$conf.high * row$conf.low))
  x <- tipping(answer, "bias")
  expect_equal(tipping_value(x, "scepticism_limit"), expected, tolerance = 1e-12)
  # A prior that reaches with 95 % to the limit makes the posterior's lower limit 0.
  s <- expected / stats::qnorm(0.975)
  v <- 1 / (1 / 3.25^2 + 1 / s^2)
  expect_equal(v * 16 / 3.25^2 - stats::qnorm(0.975) * sqrt(v), 0, tolerance = 1e-9)
  expect_match(tipping_value(tipping(known_answer(mean = 9), "bias"), "scepticism_limit", column = "note"),
    "not credible at any scepticism")
  expect_equal(scepticism_limit(row$conf.low, row$conf.high, "difference")$estimate, expected)
  expect_equal(scepticism_limit(-row$conf.high, -row$conf.low, "difference")$estimate, -expected)
})

test_that("with an open final score the rows are bounds", {
  open <- excess_of_scores(synthetic_change(change = c(24, 13, 2, NA)), natural_change(4, sd = 6.5))
  x <- tipping(open, "bias", target = 0.1)
  row <- tidy(x)[1, ]
  expect_true(is.na(row$estimate))
  expect_equal(c(row$conf.low, row$conf.high), c(6, 18.5) - 4 - stats::qnorm(0.9) * 3.25, tolerance = 1e-9)
  expect_match(tipping_value(x, "prior_sd", column = "note"), "open")
})

test_that("E-values, rates, landmarks and drifts are refused with the reason, other words by name", {
  skip_on_cran() # long
  answer <- known_answer()
  expect_error(tipping(answer, "e_value"), "responders only", class = "cordgain_invalid_input")
  expect_error(tipping(answer, "rate"), "mean", class = "cordgain_invalid_input")
  expect_error(tipping(answer, "drift"), "bias", class = "cordgain_invalid_input")
  expect_error(tipping(answer, "nonsense"), "over", class = "cordgain_invalid_input")
  expect_error(tipping(answer, "tau"), "table of sources", class = "cordgain_invalid_input")
  expect_match(paste(capture.output(print(tipping(answer))), collapse = " "), "Not varied: tau")
  expect_error(tipping_map(answer, c("landmark", "sd")), class = "cordgain_invalid_input")
  expect_error(tipping_map(answer, c("bias", "tau")), "table of sources", class = "cordgain_invalid_input")
  expect_error(tipping_map(answer, at = 1:3), "list of two", class = "cordgain_invalid_input")
  expect_error(tipping_map(answer, at = list(1:3, -1)), class = "cordgain_invalid_input")
})

test_that("a course tips by closed forms", {
  answer <- curve_answer()
  row <- term_of(answer, "mean_excess")
  x <- tipping(answer, target = 0.1)
  expect_equal(tipping_value(x, "bias"), row$estimate - stats::qnorm(0.9) * row$std.error, tolerance = 1e-9)
  expect_output(print(x), "nature alone gives a mean of")
})

test_that("a map is the closed-form tail at every pair, with the sources as points", {
  answer <- score_answer(sources = three_registries(sd = c(6, 7, 6.5)))
  map <- tipping_map(answer, at = list(c(5, 8), c(4, 6)))
  rows <- tidy(map)
  expect_equal(rows$estimate, stats::pnorm(9.75, rows$mean, rows$sd / 2, lower.tail = FALSE), tolerance = 1e-12)
  expect_equal(map$points$mean, c(7.8, 10.5, 9))
  expect_equal(map$points$sd, c(6, 7, 6.5))
  expect_match(map$subtitle, "sources of the evidence")
  known <- tipping_map(known_answer(), at = list(c(5, 8), c(4, 6))) # no sources: nothing is said of any
  expect_null(known$subtitle)
  expect_equal(unlist(known$points[c("mean", "sd")], use.names = FALSE), c(4, 6.5))
  both <- tidy(tipping_map(answer, c("bias", "tau"), at = list(c(-2, 0), c(1, 3))))
  at <- lapply(both$tau, \(tau) new_population(c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), tau))
  expect_equal(both$estimate, mapply(\(p, b) stats::pnorm(9.75, p$mean + b, sqrt(p$variance + 6.5^2 / 4),
    lower.tail = FALSE), at, both$bias), tolerance = 1e-10)
  shared <- tidy(tipping_map(answer, c("mean", "tau"), at = list(6, 2)))
  expect_equal(shared$estimate, stats::pnorm(9.75, 6, sqrt(4 + 6.5^2 / 4), lower.tail = FALSE), tolerance = 1e-10)
})

test_that("the pictures name the mean and draw the sources", {
  skip_on_cran() # long
  skip_if_not_installed("ggplot2")
  answer <- score_answer(sources = three_registries(sd = c(6, 7, 6.5)))
  picture <- plot(tipping(answer, c("bias", "mean"), target = 0.1))
  expect_match(words_of(picture)[["title"]], "once its mean is .* points below the evidence")
  expect_true(draws(picture))
  map <- plot(tipping_map(answer))
  expect_match(words_of(map)[["title"]], "a mean of 9.75 or more")
  expect_true(draws(map))
  expect_setequal(built(map, which(layer_geoms(map) == "GeomText"))$label, c("a", "b", "c"))
  expect_output(print(tipping_map(answer)), "a mean of 9.75 or more in 4 patients")
})
