test_that("the curves of tipping points draw, with the target and the finding in words", {
  skip_if_not_installed("ggplot2")
  picture <- plot(tipping(excess_of(reference_rate()), c("bias", "rate"), target = 0.1))
  expect_true("GeomLine" %in% layer_geoms(picture))
  expect_match(words_of(picture)[["title"]],
    "Nature alone gives 2 or more of 4 in 10 % of trials once its odds are 1.1")
  # The answer as it stands: no bias, and the known rate whose binomial tail is the answer's own; rates in per cent.
  now <- built(picture, which(layer_geoms(picture) == "GeomPoint"))
  expect_equal(now$x[now$PANEL == 1], 1, tolerance = 1e-6)
  own <- term_value(excess_of(reference_rate()), "natural_tail")
  expect_equal(stats::plogis(now$y), rep(own, 2), tolerance = 1e-6)
  expect_equal(binomial_tail(2, 4, now$x[now$PANEL == 2] / 100), own, tolerance = 1e-3) # the curve is a spline
  expect_true(draws(picture))
  # The drawn curve of the rate is the binomial tail; it is a spline through the grid, of half a unit of log odds.
  curve <- curve_rows(tipping(excess_of(reference_rate()), "rate")$curves$rate)
  expect_lt(max(abs(curve$tail - binomial_tail(2, 4, curve$value))), 1e-3)
})

test_that("the map draws its four greys, contours and labelled points", {
  skip_if_not_installed("ggplot2")
  answer <- excess_of(reference_rate())
  picture <- plot(tipping_map(answer))
  expect_true(all(c("GeomContourFilled", "GeomContour", "GeomPoint", "GeomText") %in% layer_geoms(picture)))
  expect_true(draws(picture))
  labels <- built(picture, which(layer_geoms(picture) == "GeomText"))$label
  expect_true(any(grepl("Kirshblum", labels)))
  tau <- plot(tipping_map(answer, c("tau", "bias"), at = list(c(0.1, 0.4, 0.8), c(0.5, 1, 2))))
  expect_true(draws(tau))
  expect_match(words_of(tau)[["subtitle"]], "4 sources")
})

test_that("labels above fall from left to right and labels below rise, so that none crosses a line", {
  map <- tipping_map(excess_of(reference_rate()))
  at <- points_inside(map, stats::qlogis(c(0.02, 0.75)), log(c(1 / 6, 6)))
  above <- at[at$end > at$up, ]
  below <- at[at$end < at$up, ]
  expect_false(is.unsorted(-above$end[order(above$across)]))
  expect_false(is.unsorted(below$end[order(below$across)]))
})

test_that("the title of a map says from which rate on nature alone is often enough", {
  skip_if_not_installed("ggplot2")
  answer <- excess_of(reference_rate())
  # 2 or more of 4 at rate r: R's own binomial tail, solved for 10 %; the same where the map has few rates.
  rate <- stats::uniroot(\(r) binomial_tail(2, 4, r) - 0.1, c(0.01, 0.5), tol = 1e-9)$root
  expect_identical(percent_text(rate), "14 %")
  expect_equal(map_tip(tipping_map(answer)$grid, "rate", "bias", 0.1), rate, tolerance = 0.005)
  expect_identical(words_of(plot(tipping_map(answer)))[["title"]],
    "Without bias nature alone gives 2 or more of 4 in more than 10 % of trials once its rate is above 14 %")
})

test_that("a map that has no such rate says the range of its chances", {
  skip_if_not_installed("ggplot2")
  answer <- excess_of(reference_rate())
  often <- tipping_map(answer, c("rate", "bias"), at = list(c(0.3, 0.5), c(1, 2)))
  # By hand: at 0.3, 1 - 0.7^4 - 4 x 0.3 x 0.7^3 = 0.348; odds of 1 doubled are a rate of 2 / 3: 1 - 9 / 81 = 0.889.
  expect_identical(words_of(plot(often))[["title"]],
    "Over this map nature alone gives 2 or more of 4 in 35 % to 89 % of trials")
  # All of it is one grey: no border is drawn, and none is missed.
  expect_silent(ggplot2::ggplot_build(plot(often)))
  layers <- \(map) vapply(plot(map)$layers, \(layer) class(layer$geom)[1], "")
  expect_false("GeomContour" %in% layers(often))
  expect_true("GeomContour" %in% layers(tipping_map(answer)))
  expect_identical(map_tip(data.frame(tau = 1, bias = 1, estimate = 0.1), "rate", "bias", 0.1), NA_real_)
})

test_that("a map of means says from which mean on, for the smallest and the largest SD", {
  skip_on_cran() # long
  skip_if_not_installed("ggplot2")
  # Tails of a normal mean of four: 10 or more is reached in 10 % where the mean is 10 - 1.2816 SD / 2.
  grid <- expand.grid(mean = seq(0, 12, 0.5), sd = c(4, 8))
  grid$estimate <- stats::pnorm(10, grid$mean, grid$sd / 2, lower.tail = FALSE)
  expect_equal(map_tip(grid, "mean", "sd", 0.1), 10 - 1.281552 * c(4, 8) / 2, tolerance = 0.002)
  grid <- grid[grid$mean < 6, ]
  expect_identical(map_tip(grid, "mean", "sd", 0.1), c(NA, map_tip(grid[grid$sd == 8, ], "mean", "sd", 0.1)))
  title <- words_of(plot(tipping_map(score_excess())))[["title"]]
  # The map's SDs are 4.55 to 8.45, the observed mean 10.75: 7.8 and 5.3 by the same line.
  expect_identical(title, paste("Nature alone gives a mean of 10.75 or more in more than 10 % of trials once its own",
    "mean is above 5.3 to 7.8, by the SD"))
})

test_that("a present value at the end of what is drawn is marked, and a curve that misses the answer has no point", {
  rows <- data.frame(assumption = "a", scenario = 1, value = 0:2, tail = c(0.2, 0.3, 0.4))
  expect_equal(standing_points(rows, 0.2)$value, 0)
  expect_identical(nrow(standing_points(rows, 0.1)), 0L)
  expect_equal(standing_points(rows, 0.35)$tail, 0.35)
})

test_that("a label of the map that would run out of it ends at its edge", {
  at <- points_inside(tipping_map(excess_of(reference_rate())), stats::qlogis(c(0.02, 0.75)), log(c(1 / 6, 6)))
  wide <- stats::qlogis(c(0.02, 0.75))
  out <- at$across + 0.012 * nchar(at$label) * diff(wide) > wide[2]
  expect_true(any(out) && !all(out))
  expect_identical(at$begins, ifelse(out, wide[2], at$across))
  expect_identical(at$side, ifelse(out, 1.01, -0.03))
})
