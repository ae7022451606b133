# Shapes of natural recovery: solved from two gains, fitted to several means.

test_that("a plateau through two gains agrees with independent values (N15o, N15p, E19, E20)", {
  curve <- solve_plateau(c(12, 52), c(6, 9), 3)
  expect_equal(exp(curve$psi), checks_value("N15o"), tolerance = 1e-9) # printed to ten decimals
  expect_equal(curve$linear[["A"]], checks_value("N15p"), tolerance = 1e-9)
  from_injury <- solve_plateau(c(12, 52), c(6, 9), 0)
  expect_equal(exp(from_injury$psi), checks_value("E19"), tolerance = 1e-12)
  expect_equal(from_injury$linear[["A"]], checks_value("E20"), tolerance = 1e-12)
  expect_equal(curve_at(curve, c(12, 52)), c(6, 9), tolerance = 1e-12)
})

test_that("two gains with no plateau through them are refused (refusal 17)", {
  expect_error(solve_plateau(c(12, 52), c(1, 9), 3), "straight line", class = "cordgain_invalid_input") # 1/9 < 9/49
  expect_error(solve_plateau(c(12, 52), c(9, 9), 3), class = "cordgain_invalid_input")
  expect_error(solve_plateau(c(12, 52), c(10, 9), 3), class = "cordgain_invalid_input")
  expect_error(solve_plateau(c(12, 52), c(-1, 9), 3), class = "cordgain_invalid_input")
  expect_s3_class(natural_curve(data.frame(week = c(12, 52), mean = c(6, 9), sd = 5, n = 50, from_week = 3),
    correlation = 0.5), "natural_curve")
})

test_that("means made by a shape give its parameters back", {
  s <- c(1, 2, 4, 8, 16, 26, 52)
  v <- diag(0.01, 7)
  plateau <- fit_shape("plateau", s, 10 + 12 * (1 - exp(-0.06 * s)), v, NULL)
  # Gauss-Newton ends where a step is below 1e-13.
  expect_equal(c(exp(plateau$psi), plateau$linear), c(0.06, level = 10, A = 12), tolerance = 1e-9)
  weibull <- fit_shape("weibull", s, 10 + 12 * (1 - exp(-(s / 9)^0.7)), v, NULL)
  expect_equal(unname(c(exp(weibull$psi), weibull$linear)), c(9, 0.7, 10, 12), tolerance = 1e-6)
  gompertz <- fit_shape("gompertz", s, 22 * exp(-0.8 * exp(-0.1 * s)), v, NULL)
  expect_equal(unname(c(exp(gompertz$psi), gompertz$linear)), c(0.8, 0.1, 22), tolerance = 1e-7)
  gains <- fit_shape("plateau", s[3:7], 12 * (exp(-0.06 * 2) - exp(-0.06 * s[3:7])), v[1:5, 1:5], 2)
  expect_equal(unname(c(exp(gains$psi), gains$linear)), c(0.06, 12), tolerance = 1e-9)
})

test_that("the fit minimises the weighted squares, and its covariance is that of the linearised model", {
  rows <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  w <- rows$n / rows$sd^2
  fit <- fit_shape("plateau", rows$week, rows$mean, diag(1 / w), NULL)
  squares <- \(p) sum(w * (rows$mean - p[2] - p[3] * (1 - exp(-exp(p[1]) * rows$week)))^2)
  other <- stats::optim(c(log(0.05), 11, 11), squares, method = "BFGS", control = list(reltol = 1e-15, maxit = 1000))
  at <- unname(curve_parameters(fit))
  expect_equal(at, other$par, tolerance = 1e-4) # BFGS with numerical gradients
  expect_lte(squares(at), other$value * (1 + 1e-12))
  k <- exp(at[1])
  x <- cbind(at[3] * k * rows$week * exp(-k * rows$week), 1, 1 - exp(-k * rows$week))
  residual <- rows$mean - at[2] - at[3] * (1 - exp(-k * rows$week))
  # At the minimum the weighted residuals are orthogonal to the derivatives, here of size 1e2 and more.
  expect_lt(max(abs(crossprod(x, w * residual))), 1e-6)
  expect_equal(unname(fit$covariance), unname(solve(crossprod(x, w * x))), tolerance = 1e-8)
})

test_that("slopes are those of the formula", {
  curve <- solve_plateau(c(12, 52), c(6, 9), 3)
  k <- exp(curve$psi)
  a <- curve$linear[["A"]]
  s <- c(5, 20)
  by_hand <- cbind(a * k * (s * exp(-k * s) - 3 * exp(-3 * k)), exp(-3 * k) - exp(-k * s))
  expect_equal(curve_slopes(curve, s), by_hand, tolerance = 1e-9) # differences of fourth order
})

test_that("means that do not bend, or too few of them, are refused", {
  expect_error(fit_shape("plateau", c(0, 10, 20, 30), c(1, 2, 3, 4), diag(4), NULL), "without bending",
    class = "cordgain_invalid_input")
  expect_error(fit_shape("weibull", c(0, 10, 20), c(1, 2, 3), diag(3), NULL), "4 or more",
    class = "cordgain_invalid_input")
})

test_that("refusals of shapes say what is wrong of these means", {
  gains <- \(m) natural_curve(data.frame(week = c(12, 52), mean = m, sd = 5, n = 50, from_week = 3), correlation = 0.5)
  expect_error(gains(c(-6, 9)), "above 0.*-6 in week 12", class = "cordgain_invalid_input")
  expect_error(gains(c(0, 0)), "above 0.*0 in week 12", class = "cordgain_invalid_input")
  expect_error(fit_shape("plateau", c(4, 12), c(10, 12), diag(2), NULL), "no shape has fewer",
    class = "cordgain_invalid_input")
})

# Means of the visits at weeks 0, 26, 52 and 78.
four_visits <- \(mean, measure = "alsfrs_r") {
  data.frame(source = "x", measure = measure, week = c(0, 26, 52, 78), mean = mean, sd = 6, n = 300)
}

test_that("a Gompertz curve of means that fall to 0 is refused by name, and other shapes fit them", {
  falling <- four_visits(c(38, 33, 29, 26))
  invalid(natural_curve(falling, correlation = 0.8, shape = "gompertz"), "come nearer to 0.*\"plateau\".*\"weibull\"")
  for (shape in c("plateau", "weibull")) {
    x <- natural_curve(falling, correlation = 0.8, shape = shape)
    # The means lie on a smooth course: within a third of a point of it.
    expect_lt(max(abs(curve_at(x$curve, falling$week) - falling$mean)), 1 / 3)
  }
  # Turned, a score that rises leaves 0 downwards: the same curve, its A turned.
  rising <- c(21, 23, 24.5, 25.5)
  a <- \(measure) {
    x <- natural_curve(four_visits(rising, measure), correlation = 0.8, shape = "gompertz")
    c(x$curve$psi, x$curve$linear)
  }
  expect_equal(a("mds_updrs_iii"), a("alsfrs_r") * c(1, 1, -1), tolerance = 1e-7) # two searches
})

test_that("means that do not tell the parameters are refused, of every shape", {
  for (shape in names(curve_shapes)) {
    invalid(natural_curve(four_visits(rep(30, 4)), correlation = 0.8, shape = shape), "equal|do not change")
  }
  invalid(natural_curve(four_visits(c(30, 34, 34, 34)), correlation = 0.8), "singular.*change in one step")
})

test_that("a plateau passes through two losses as through two gains", {
  two <- \(m) data.frame(week = c(26, 52), from_week = 0, mean = m, sd = 6, n = 300, measure = "alsfrs_r")
  x <- natural_curve(two(c(-5, -9)), correlation = 0.8)
  # (1 - q) / (1 - q^2) = 5 / 9 with q = e^{-26 k}: 1 + q = 9 / 5, so q = 4 / 5 and A = -5 / (1 - q) = -25.
  expect_equal(x$curve$psi, log(-log(0.8) / 26), tolerance = 1e-10)
  expect_equal(unname(x$curve$linear), -25, tolerance = 1e-9)
  invalid(natural_curve(two(c(-5, 9)), correlation = 0.8), "both below")
  invalid(natural_curve(two(c(0, 9)), correlation = 0.8), "both below")
  invalid(natural_curve(two(c(-9, -5)), correlation = 0.8), "ratio of the gains is 1.8")
})

test_that("means that fall without bending are not said to rise, and what is left to do is named", {
  falling <- four_visits(c(40, 35, 30, 25))
  error <- expect_error(natural_curve(falling, correlation = 0.8), "from week 0 to 78 they change\\s+without bending",
    class = "cordgain_invalid_input")
  words <- gsub("\\s+", " ", conditionMessage(error))
  expect_no_match(words, "rise")
  expect_match(words, "natural_curve\\(fit\\).*from_week.*natural_change.*later visits")
  # What the message names works: a line fitted to records that fall by 5 points in 26 weeks, and two losses of which
  # the second adds less.
  set.seed(4)
  records <- expand.grid(week = c(0, 26, 52, 78), subject = 1:12) # simulated
  records$score <- 40 - records$week * 5 / 26 + stats::rnorm(12, 0, 3)[records$subject] + stats::rnorm(48, 0, 0.1)
  line <- natural_curve(fit_recovery(score ~ week + (1 | subject), records), scale = "alsfrs_r")
  expect_equal(predict(line, time = 78, from = 0)$estimate, -15, tolerance = 0.01) # residuals of 0.1
  losses <- data.frame(week = c(26, 78), from_week = 0, mean = c(-5, -13), sd = 6, n = 300, measure = "alsfrs_r")
  expect_s3_class(natural_curve(losses, correlation = 0.8), "natural_curve")
})
