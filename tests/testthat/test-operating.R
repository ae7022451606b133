test_that("the average error of a single arm is the natural tail at its critical value", {
  design <- design_trial(reference_rate(), "single", n = 20)
  x <- operating_characteristics(design, excess = 0)
  expect_map(x$estimate, tail_of(reference_rate(), 8, 20))
  expect_identical(x$term, "type_1_error")
})

test_that("a bias is the same as evidence of moved odds; known rates are binomial sums", {
  design <- design_trial(reference_rate(), "single", n = 20)
  moved <- operating_characteristics(design, excess = 0, bias = log(2))
  expect_map(moved$estimate, tail_of(reference_rate(bias = prior_fixed(log(2))), 8, 20))
  known <- operating_characteristics(design, truth = 0.2, excess = c(0, 0.3, 0.9))
  expect_closed(known$estimate, binomial_tail(8, 20, c(0.2, 0.5, 1)))
  log_odds <- operating_characteristics(design, truth = 0.2, excess = 1, scale = "log_odds")
  expect_closed(log_odds$estimate, binomial_tail(8, 20, stats::plogis(stats::qlogis(0.2) + 1)))
})

test_that("concurrent controls keep the error at every bias, a single arm does not", {
  randomised <- design_trial(reference_rate(), "randomised", n = 15)
  errors <- operating_characteristics(randomised, excess = 0, bias = seq(-1, 3, by = 0.5))$estimate
  expect_true(all(errors <= 0.025))
  single <- operating_characteristics(design_trial(reference_rate(), "single", n = 15), excess = 0, bias = 1)
  expect_gt(single$estimate, 0.1)
})

test_that("power rises with the excess", {
  x <- operating_characteristics(design_trial(reference_rate(), "single", n = 12), excess = seq(0, 0.6, 0.05))
  expect_false(is.unsorted(x$estimate))
  expect_true(all(x$num.error < 1e-6))
})

test_that("things that are no designs or no truths are refused", {
  design <- design_trial(natural_rate(0.2), "single", n = 5)
  expect_error(operating_characteristics(3), class = "cordgain_invalid_input")
  expect_error(operating_characteristics(design, truth = "a"), class = "cordgain_invalid_input")
  expect_error(operating_characteristics(design, truth = 2), class = "cordgain_invalid_input")
  sequential <- design_trial(natural_rate(0.2), "sequential", n = 5)
  expect_error(operating_characteristics(sequential), "on the way", class = "cordgain_invalid_input")
})

test_that("the print shows a table by bias, and both pictures draw", {
  design <- design_trial(reference_rate(), "single", n = 12)
  x <- operating_characteristics(design, excess = seq(0, 0.6, 0.1), bias = c(0, log(2)))
  expect_match(paste(capture.output(print(x)), collapse = " "), "\u00d72")
  skip_if_not_installed("ggplot2")
  expect_true(draws(plot(x)))
  expect_match(plot(x)$labels$x, "percentage points")
  expect_identical(operating_words(x)$tick(c(0, 0.2, 0.025)), c("0", "20", "2.5"))
  wide <- operating_characteristics(design, excess = seq(0, 0.6, 0.1), bias = seq(-1, 1, 0.2))
  expect_true("GeomContourFilled" %in% layer_geoms(plot(wide)))
  expect_true(draws(plot(wide)))
})

test_that("a surface is the plain double sum over outcomes, for random regions and truths", {
  set.seed(5)
  for (case in seq_len(sweep_size(200))) {
    n1 <- sample(1:8, 1)
    n0 <- sample(0:6, 1)
    claims <- matrix(stats::runif((n1 + 1) * (n0 + 1)) < 0.4, n1 + 1)
    p0 <- stats::runif(1, 0.05, 0.6)
    excess <- stats::runif(1, -0.04, 0.3)
    bias <- stats::rnorm(1, 0, 0.3)
    surface <- claim_surface(claims, natural_rate(p0), excess, bias, FALSE, NULL)
    moved <- stats::plogis(stats::qlogis(p0) + bias)
    treated <- min(1, max(0, moved + excess))
    naive <- sum(outer(stats::dbinom(0:n1, n1, treated), stats::dbinom(0:n0, n0, moved))[claims])
    expect_closed(surface$value[1, 1], naive)
  }
})

test_that("averaging over an uncertain rate is the integral over its distribution", {
  natural <- natural_rate(prior_beta(8, 56))
  claims <- claims_from(6, 2)
  value <- claim_surface(claims, natural, 0.2, 0, FALSE, NULL)$value[1, 1]
  naive <- stats::integrate(\(p) stats::dbeta(p, 8, 56) * binomial_tail(2, 6, pmin(1, p + 0.2)), 0, 1,
    rel.tol = 1e-10)$value
  expect_integral(value, naive)
})

test_that("tidy() is a plain data frame with one row for each pair", {
  design <- design_trial(natural_rate(0.2), "single", n = 5)
  x <- operating_characteristics(design, excess = c(-0.1, 0, 0.3), bias = c(0, 1))
  rows <- tidy(x)
  expect_identical(class(rows), "data.frame")
  expect_identical(nrow(rows), 6L)
  expect_identical(rows$term, rep(c("type_1_error", "type_1_error", "power"), 2))
})

test_that("arms of many patients are averaged over the natural rate as finely as they need", {
  design <- design_trial(reference_rate(), "randomised", n = 20)
  x <- operating_characteristics(design, excess = c(0, 0.3), bias = c(-1.5, 0, 1.5))
  expect_true(all(x$num.error < 1e-6))
  # The two-source mean at no bias, by plain midpoints over the quantiles of the natural rate.
  p <- quantile(reference_rate(), (seq_len(2000) - 0.5) / 2000)
  naive <- mean(core_region_probability(design_claims(design), pmin(1, p + 0.3), p))
  expect_lt(abs(x$estimate[x$excess == 0.3 & x$bias == 0] - naive), 1e-3) # midpoints of 2000 quantiles
})

test_that("the title of the picture says what is claimed where nothing is true, if that was asked", {
  rows <- data.frame(excess = c(0, 0, 0.2), bias = c(0, 0.7, 0), estimate = c(0.019, 0.18, 0.5))
  title <- \(rows) gsub("\n", " ", operating_title(rows))
  expect_identical(title(rows),
    "Without a true excess success is claimed in 1.9 % to 18 % of trials, by the bias of the evidence")
  expect_identical(title(rows[1, ]), "Without a true excess success is claimed in 1.9 % of trials")
  expect_match(title(rows[3, ]), "How often the design claims success")
})

test_that("truths are given, at least one, and told once; the print fits the screen", {
  design <- design_trial(natural_rate(0.2), "single", n = 10)
  invalid <- \(code, pattern) expect_error(code, pattern, class = "cordgain_invalid_input")
  invalid(operating_characteristics(), "not given")
  invalid(operating_characteristics(design, excess = numeric()), "excess")
  invalid(operating_characteristics(design, bias = numeric()), "bias")
  twice <- operating_characteristics(design, excess = c(0, 0.2, 0.2), bias = c(0, 0))
  expect_identical(nrow(twice), 2L)
  withr::local_options(width = 60)
  expect_lte(max(nchar(capture.output(print(twice)))), 60)
})

test_that("the picture of a surface names only the lines that are in it", {
  skip_if_not_installed("ggplot2")
  surface <- \(low, high) {
    rows <- expand.grid(excess = c(0, 0.5), bias = c(-1, 0, 1))
    rows$estimate <- seq(low, high, length.out = 6)
    surface_picture(rows, list(points = TRUE, excess = "excess", bias = "bias", level = format))$labels$subtitle
  }
  expect_identical(surface(0.01, 0.9), "Lines: 2.5 % and 80 %")
  expect_identical(surface(0.05, 0.9), "Line: 80 %")
  expect_identical(surface(0.01, 0.5), "Line: 2.5 %")
  expect_null(surface(0.1, 0.5))
})
