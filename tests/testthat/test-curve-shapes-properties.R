# Shapes of natural recovery and the curve made of them: formulas by hand, invariances and limits.

rise_of <- \(shape, s, psi) curve_shapes[[shape]]$rise(s, psi)

test_that("each shape rises from its start towards 1 and never falls", {
  s <- c(0, 1, 2, 5, 10, 20, 50, 100, 400, 4000)
  for (case in list(list("plateau", log(0.05)), list("gompertz", c(0.3, log(0.1))),
    list("weibull", c(log(12), log(0.6))))) {
    rise <- rise_of(case[[1]], s, case[[2]])
    expect_true(all(diff(rise) >= 0), info = case[[1]])
    expect_lt(abs(rise[10] - 1), 1e-9) # e^-200 and e^-33: nothing is left but rounding
    expect_true(all(rise >= 0 & rise <= 1))
  }
  expect_identical(rise_of("plateau", 0, log(0.05)), 0)
  expect_identical(rise_of("weibull", 0, c(log(12), log(0.6))), 0)
})

test_that("the rises are their printed formulas", {
  s <- c(0.5, 3, 30)
  expect_equal(rise_of("plateau", s, log(0.07)), 1 - exp(-0.07 * s), tolerance = 1e-14)
  expect_equal(rise_of("gompertz", s, c(log(1.5), log(0.2))), exp(-exp(log(1.5) - 0.2 * s)), tolerance = 1e-14)
  expect_equal(rise_of("weibull", s, log(c(9, 0.8))), 1 - exp(-(s / 9)^0.8), tolerance = 1e-14)
  # A Weibull of exponent 1 is a plateau of rate 1 / lambda.
  expect_equal(rise_of("weibull", s, log(c(9, 1))), rise_of("plateau", s, log(1 / 9)), tolerance = 1e-14)
})

test_that("small times keep their digits", {
  # 1 - exp(-1e-12) in plain arithmetic has four digits; the series gives 1e-12 (1 - 5e-13).
  expect_equal(rise_of("plateau", 1e-12, 0), 1e-12, tolerance = 1e-11)
})

test_that("two gains give a plateau back, whatever its rate and wherever they begin", {
  for (k in c(0.005, 0.03, 0.12, 0.5)) {
    for (from in c(0, 3)) {
      s <- from + c(6, 40)
      m <- 11 * (exp(-k * from) - exp(-k * s))
      curve <- solve_plateau(s, m, from)
      # The bracketed root ends at 1e-14 in log k; flat ratios (k = 0.5) lose some digits of it.
      expect_equal(exp(curve$psi), k, tolerance = 1e-6)
      expect_equal(curve_at(curve, s), m, tolerance = 1e-10)
    }
  }
})

test_that("gains in other units, or weeks in days, give the same curve in those units", {
  plain <- solve_plateau(c(12, 52), c(6, 9), 3)
  tenfold <- solve_plateau(c(12, 52), c(60, 90), 3)
  days <- solve_plateau(7 * c(12, 52), c(6, 9), 21)
  expect_equal(tenfold$psi, plain$psi, tolerance = 1e-12)
  expect_equal(tenfold$linear[["A"]], 10 * plain$linear[["A"]], tolerance = 1e-12)
  expect_equal(exp(days$psi), exp(plain$psi) / 7, tolerance = 1e-10)
  expect_equal(days$linear[["A"]], plain$linear[["A"]], tolerance = 1e-10)
})

test_that("an earlier share of the gain means a faster rate", {
  rates <- vapply(c(3, 5, 7, 8.5), \(m) solve_plateau(c(12, 52), c(m, 9), 3)$psi, 0)
  expect_true(all(diff(rates) > 0))
})

test_that("the refusal of two gains says both limits and the weeks", {
  invalid(solve_plateau(c(12, 52), c(1, 9), 3), "0.1837") # 9 / 49, a straight line
  invalid(solve_plateau(c(12, 52), c(9.5, 9), 3), "1.056") # the ratio that was given
  invalid(solve_plateau(c(3, 52), c(6, 9), 3), "from week 3")
})

# Curves of tables ---------------------------------------------------------------------------

visits <- \(...) {
  s <- c(1, 4, 8, 16, 26, 52)
  data.frame(source = "made up", week = s, mean = 10 + 12 * (1 - exp(-0.08 * s)), sd = c(6, 6.5, 7, 7.5, 8, 9), n = 80,
    ...)
}

test_that("an exact plateau is found again, with the published weeks as rows", {
  x <- natural_curve(visits(), correlation = 0.8)
  # Gauss-Newton ends where a step is below 1e-13.
  expect_equal(term_value(x, "k"), 0.08, tolerance = 1e-8)
  expect_equal(term_value(x, "level"), 10, tolerance = 1e-8)
  expect_equal(term_value(x, "A"), 12, tolerance = 1e-8)
  expect_identical(term_of(x, "mean_score")$time, visits()$week)
  expect_equal(term_value(x, "mean_score"), visits()$mean, tolerance = 1e-8)
  expect_true(all(tidy(x)$conf.low <= tidy(x)$conf.high, na.rm = TRUE))
})

test_that("the order of the visits does not matter", {
  expect_equal(tidy(natural_curve(visits()[c(4, 1, 6, 2, 3, 5), ], correlation = 0.8)),
    tidy(natural_curve(visits(), correlation = 0.8)))
})

test_that("points added to all visits move the level alone; gains stay", {
  plain <- natural_curve(visits(), correlation = 0.8)
  up <- visits()
  up$mean <- up$mean + 5
  moved <- natural_curve(up, correlation = 0.8)
  expect_equal(term_value(moved, "level") - term_value(plain, "level"), 5, tolerance = 1e-8)
  expect_equal(predict(moved, time = c(16, 52), from = 2)$estimate, predict(plain, time = c(16, 52), from = 2)$estimate,
    tolerance = 1e-8)
})

test_that("scores in tenths of points have gains and SDs ten times as large", {
  big <- visits()
  big[c("mean", "sd")] <- 10 * big[c("mean", "sd")]
  plain <- predict(natural_curve(visits(), correlation = 0.8), time = c(10, 40), from = 4)
  tenths <- predict(natural_curve(big, correlation = 0.8), time = c(10, 40), from = 4)
  for (column in c("estimate", "std.error", "conf.low", "conf.high")) {
    expect_equal(tenths[[column]], 10 * plain[[column]], tolerance = 1e-6) # numerical slopes, to 1e-10 of the rise
  }
})

test_that("the SD of a gain between published visits is that of two correlated scores, plus the means' part", {
  for (r in c(0, 0.5, 0.9)) {
    g <- curve_gains(natural_curve(visits(), correlation = r), 4, c(16, 52))
    sd <- c(7.5, 9)
    expect_equal(diag(g$own), 6.5^2 + sd^2 - 2 * r * 6.5 * sd, tolerance = 1e-12)
    # Cov(Y16 - Y4, Y52 - Y4).
    expect_equal(g$own[1, 2], r * 7.5 * 9 - r * 7.5 * 6.5 - r * 9 * 6.5 + 6.5^2, tolerance = 1e-12)
  }
})

test_that("between published visits the SD is interpolated on a line", {
  g <- curve_gains(natural_curve(visits(), correlation = 0.6), 1, 12)
  sd <- (7 + 7.5) / 2 # week 12 lies in the middle of 8 and 16
  expect_equal(g$own[1, 1], 36 + sd^2 - 2 * 0.6 * 6 * sd, tolerance = 1e-12)
})

test_that("a spread between populations adds its share in proportion to the gain", {
  plain <- natural_curve(visits(), correlation = 0.8)
  wide <- natural_curve(visits(), correlation = 0.8, between_sd = 3)
  gain <- predict(plain, time = c(16, 52), from = 1)
  more <- predict(wide, time = c(16, 52), from = 1)
  expect_equal(more$estimate, gain$estimate)
  # Week 1 to 52 is the whole published span: there the added SD is 3, before it its share of the gain.
  share <- gain$estimate / gain$estimate[2]
  expect_equal(more$std.error^2 - gain$std.error^2, (3 * share)^2, tolerance = 1e-9)
})

test_that("larger groups have a better known mean, and the patients' own spread stays", {
  many <- visits()
  many$n <- 80e6
  few <- natural_curve(visits(), correlation = 0.8)
  known <- natural_curve(many, correlation = 0.8)
  # SEs go by 1 / sqrt(n): a thousandth.
  expect_equal(term_value(known, "mean_score", "std.error"), term_value(few, "mean_score", "std.error") / 1000,
    tolerance = 1e-5)
  expect_equal(curve_gains(known, 4, 52)$own, curve_gains(few, 4, 52)$own)
  without <- visits()
  without$n <- NULL
  expect_match(paste(format(natural_curve(without, correlation = 0.8)), collapse = " "), "taken as known", fixed = TRUE)
})

test_that("gains: the curve is 0 at its first week, and a given covariance serves its weeks alone", {
  v <- matrix(c(30, 20, 20, 45), 2)
  x <- natural_curve(data.frame(week = c(12, 52), mean = c(6, 9), from_week = 3, se = 1), covariance = v)
  expect_lt(abs(curve_at(x$curve, 3)), 1e-12)
  expect_identical(curve_gains(x, 3, c(52, 12))$own, v[2:1, 2:1])
  expect_identical(term_of(x, "mean_gain")$time, c(12, 52))
  invalid(curve_gains(x, 3, 20), "published weeks only")
  invalid(curve_gains(x, 4, 12), "published weeks only")
  # From a later published week: the difference of two gains, 30 + 45 - 2 * 20.
  expect_identical(curve_gains(x, 12, 52)$own, matrix(35))
  invalid(curve_gains(x, 3, 60), "not carried beyond its data")
  expect_match(paste(format(x), collapse = " "), "covariance of the gains as given by the user", fixed = TRUE)
})

test_that("every refusal of a table says what was wrong", {
  curve <- \(x, ...) natural_curve(x, correlation = 0.5, ...)
  invalid(natural_curve(visits()), "differ from visit to visit")
  invalid(natural_curve(data.frame(week = c(12, 52), mean = c(6, 9), from_week = 3)), "Gains at several weeks")
  invalid(natural_curve(visits(), correlation = 1), "correlation")
  invalid(natural_curve(visits(), correlation = -0.1), "correlation")
  invalid(natural_curve(visits(), covariance = diag(6)), "holds no gains")
  invalid(curve(visits(), proportional = TRUE), "Proportional recovery is refused")
  invalid(curve(visits(), between_sd = -1), "between_sd")
  invalid(curve(visits(), shape = "logistic"), "shape")
  invalid(curve(transform(visits(), sd = c(0, 6, 7, 7, 8, 9))), "must be positive")
  invalid(curve(transform(visits(), sd = c(NA, 6, 7, 7, 8, 9))), "Week 1 has none")
  invalid(curve(transform(visits(), week = c(1, 1, 8, 16, 26, 52))), "once for each visit")
  invalid(curve(transform(visits(), source = letters[1:6])), "about one source")
  invalid(curve(transform(visits(), mean = mean + 40), scale = "uems"), "0 to 50")
  invalid(curve(visits()["mean"]), "week")
  invalid(natural_curve(3), "fit_recovery")
  invalid(curve(data.frame(week = c(2, 52), mean = c(6, 9), sd = 5, n = 20, from_week = 3)), "before the first")
  bad <- matrix(c(1, 2, 2, 1), 2)
  invalid(natural_curve(data.frame(week = c(12, 52), mean = c(6, 9), from_week = 3), covariance = bad),
    "positive definite")
})

test_that("the picture has a band, a line and the published dots", {
  skip_if_not_installed("ggplot2")
  picture <- plot(natural_curve(visits(), correlation = 0.8))
  expect_identical(layer_geoms(picture), c("GeomRibbon", "GeomLine", "GeomPoint"))
  expect_equal(built(picture, 3)$y, visits()$mean)
  expect_identical(words_of(picture)[["x"]], "Weeks since injury")
})
