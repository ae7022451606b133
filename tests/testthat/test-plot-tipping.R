test_that("the curves of tipping points draw, with the target and the finding in words", {
  skip_if_not_installed("ggplot2")
  picture <- plot(tipping(excess_of(reference_rate()), c("bias", "rate"), target = 0.1))
  expect_true("GeomLine" %in% layer_geoms(picture))
  expect_match(words_of(picture)[["title"]], "10 % of trials once its odds are 1.1 times")
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
