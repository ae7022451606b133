# Two engines, one answer, for repeated scores.

course_of <- \(week, score, id = rep(1, length(week)), at = 3) {
  df <- data.frame(id, week, score, at)
  recovery_data(df, id, week, score, "uems", treated_at = at)
}

sygen_course <- \(...) {
  rows <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  natural_curve(rows, correlation = 0.8, ...)
}

uneven_trial <- \() course_of(c(1, 2, 12, 26, 52, 3, 26), c(8, 10, 18, 21, 30, 5, 9), rep(c("a", "b"), c(5, 2)))

agreed <- function(x) {
  rows <- tidy(certify(x))
  told <- tidy(x)
  parts <- c("estimate", "std.error", "conf.low", "conf.high")
  expect_identical(nrow(rows), sum(!is.na(told[parts]))) # every number of tidy() stands there once
  together <- rows$term %in% c("percentile_sum", "fisher", "exceedance", "ordered_percentile")
  expect_true(all(is.na(rows$second[together])))
  rows <- rows[!together, ]
  expect_false(anyNA(rows$second))
  expect_true(all(rows$agrees))
  rows
}

test_that("every number of tidy() agrees, for every shape of published visit means", {
  for (shape in c("plateau", "gompertz", "weibull")) {
    rise <- if (shape != "plateau") 10
    # The interval of the patient who begins low leaves the scale.
    answer <- suppressWarnings(excess(uneven_trial(), sygen_course(shape = shape, between_sd = 2),
      accept = all_differences, margin = 2, rise = rise), classes = "cordgain_off_scale")
    rows <- agreed(answer)
    expect_gte(min(rows$digits), 6)
  }
})

test_that("gains agree: with a covariance from a registry, with a correlation, with means taken as known", {
  gains <- data.frame(source = "check", week = c(15, 29, 55), mean = c(6, 8, 8.9), from_week = 3, measure = "uems",
    sd = c(5, 6, 7), n = 60)
  trial <- course_of(rep(c(3, 15, 29, 55), 2), c(10, 18, 21, 30, 5, 9, 9, 14), rep(1:2, each = 4))
  given <- natural_curve(gains, covariance = 16 * diag(3) + 25)
  agreed(excess(trial, given, accept = all_differences))
  agreed(excess(trial, natural_curve(gains, correlation = 0.6), accept = all_differences, conf.level = 0.9))
  agreed(excess(trial, natural_curve(gains[names(gains) != "n"], correlation = 0.6), accept = all_differences))
  agreed(excess(trial, natural_curve(gains[c(1, 3), ], correlation = 0.6), accept = all_differences))
})

test_that("a model of untreated records with centres agrees", {
  set.seed(8)
  d <- expand.grid(week = c(3, 12, 26, 52), subject = 1:24) # simulated
  d$centre <- (d$subject - 1) %% 6 + 1
  d$score <- 10 + 3 * log1p(d$week) + stats::rnorm(24, 0, 4)[d$subject] + stats::rnorm(6, 0, 2)[d$centre] *
    d$week / 52 + stats::rnorm(96)
  fit <- fit_recovery(score ~ log1p(week) + (1 | subject) + (0 + week | centre), d)
  natural <- natural_curve(fit, at = data.frame(centre = 1), scale = "uems", between_sd = 1)
  trial <- course_of(rep(c(3, 26, 52), 2), c(12, 18, 29, 9, 14, 20), rep(1:2, each = 3))
  agreed(excess(trial, natural, accept = all_differences, rise = 12))
})

test_that("a fault planted in the answer is found and named", {
  answer <- curve_answer()
  row <- which(answer$terms$term == "visit_excess")[1]
  answer$terms$std.error[row] <- answer$terms$std.error[row] * 1.001
  rows <- tidy(certify(answer))
  expect_identical(rows$term[which(!rows$agrees)], "visit_excess")
  expect_identical(rows$part[which(!rows$agrees)], "std.error")
  expect_output(print(certify(answer)), "DO NOT AGREE: visit_excess")
  expect_output(print(certify(curve_answer())), "All agree, to at least")
})

test_that("parts of the second road are plain formulas", {
  expect_equal(mean_area(c(4, 10), c(2, 6)), (4 * 1 + 6 * 4) / 10)
  expect_equal(second_normal(c(-1.2, 0, 2.5)), stats::pnorm(c(-1.2, 0, 2.5)), tolerance = 1e-13)
  model <- list(e = c(1, 3), own = diag(c(1, 4)), shared = matrix(0, 2, 2), since = c(5, 20), patient = c(1, 1))
  g <- 1 - exp(-c(5, 20) / 10)
  expect_equal(second_plateau(model, 10)(model$e), (g[1] * 1 + g[2] * 3 / 4) / (g[1]^2 + g[2]^2 / 4), tolerance = 1e-13)
  one <- second_linear(model, chol(model$own), \(e) mean(e), 0.95)
  expect_equal(one$sd, sqrt(5) / 2, tolerance = 1e-14)
  expect_equal(one$reach, 1.959963984540054 * sqrt(5) / 2, tolerance = 1e-12)
})
