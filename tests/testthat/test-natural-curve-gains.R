# Gains between weeks of a natural course.

sygen <- \() subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")

test_that("the SD of change needs r, and is the one of the formula (N15m, N15n)", {
  own <- \(r) curve_gains(natural_curve(sygen(), correlation = r), 4, 52)$own[1, 1]
  expect_equal(sqrt(own(0.8)), checks_value("N15m"), tolerance = 1e-10)
  expect_equal(sqrt(own(checks_value("N15n"))), 6.5, tolerance = 1e-9) # r is printed to ten decimals
  expect_error(natural_curve(sygen()), "different patients", class = "cordgain_invalid_input")
})

test_that("covariances of gains are L V L' of the scores", {
  x <- natural_curve(sygen(), correlation = 0.7)
  sd <- sygen()$sd[match(c(4, 16, 52), sygen()$week)]
  v <- outer(sd, sd) * (0.7 + 0.3 * diag(3))
  l <- cbind(-1, diag(2))
  expect_equal(curve_gains(x, 4, c(16, 52))$own, l %*% v %*% t(l), tolerance = 1e-12)
  expect_equal(curve_gains(x, 4, c(16, 52))$mean, diff(curve_at(x$curve, c(4, 16, 52)))[1] * c(1, 0) +
    c(0, diff(curve_at(x$curve, c(4, 52)))), tolerance = 1e-12)
})

test_that("the spread between populations is the stated SD at the last visit", {
  x <- natural_curve(sygen(), correlation = 0.8, between_sd = 2)
  plain <- natural_curve(sygen(), correlation = 0.8)
  total <- \(c) sum(curve_gains(c, 0, 52)$slopes^2)
  expect_equal(total(x) - total(plain), 4, tolerance = 1e-9)
})

test_that("a fit's shared and own parts are those of lme4's formulas", {
  set.seed(3)
  d <- expand.grid(week = c(2, 8, 20, 40), subject = 1:24)
  d$site <- factor(d$subject %% 4)
  d$score <- 20 + 0.2 * d$week + stats::rnorm(24, 0, 5)[d$subject] + stats::rnorm(4, 0, 3)[d$site] +
    stats::rnorm(nrow(d), 0, 2) # simulated
  fit <- fit_recovery(score ~ week + (week | subject) + (week | site), d)
  x <- natural_curve(fit)
  g <- curve_gains(x, 2, c(20, 40))
  z <- cbind(1, c(2, 20, 40))
  l <- cbind(-1, diag(2))
  covariances <- stats::setNames(effect_covariances(fit), block_names(fit))
  own <- z %*% covariances$subject %*% t(z) + diag(residual_variance(fit), 3)
  shared <- z %*% (as.matrix(vcov(fit)) + covariances$site) %*% t(z)
  expect_equal(g$own, unname(l %*% own %*% t(l)), tolerance = 1e-10)
  expect_equal(g$slopes %*% t(g$slopes), unname(l %*% shared %*% t(l)), tolerance = 1e-8)
  expect_equal(g$mean, fixef(fit)[["week"]] * c(18, 38), tolerance = 1e-10)
})

test_that("a curve is not carried beyond its data, nor a covariance between its weeks", {
  expect_error(curve_gains(natural_curve(sygen(), correlation = 0.8), 4, 60), "not carried",
    class = "cordgain_invalid_input")
  gains <- data.frame(week = c(12, 52), mean = c(6, 9), from_week = 3)
  x <- natural_curve(gains, covariance = diag(c(16, 25)))
  expect_equal(curve_gains(x, 3, 52)$own, matrix(25))
  expect_error(curve_gains(x, 3, 26), "published weeks", class = "cordgain_invalid_input")
  expect_error(curve_gains(x, 4, 52), class = "cordgain_invalid_input")
})
