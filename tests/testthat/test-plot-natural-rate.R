test_that("the forest has a row for each source, the new population and the trial, in this order from above", {
  skip_if_not_installed("ggplot2")
  plot <- plot(natural_rate(two_sources()), observed = keio_ips)
  expect_identical(rev(levels(plot$data$label)), c(
    "van Middendorp 2009\nabove T11, day 0 to 15", "Kirshblum 2016\nall, day 0 to 30", "New population,\npredicted",
    "This trial,\nobserved"
  ))
  expect_identical(plot$data$text[c(1, 2, 4)], c("19 of 161", "32 of 187", "2 of 4"))
  expect_identical(layer_geoms(plot), c("GeomLinerange", "GeomPoint", "GeomText"))
  expect_true(draws(plot))
})

test_that("the limits of sources and trial in the forest are Clopper and Pearson's", {
  skip_if_not_installed("ggplot2")
  rows <- plot(natural_rate(two_sources()), observed = keio_ips)$data
  exact <- stats::binom.test(32, 187)$conf.int
  # binom.test takes quantiles of the beta distribution, as we do, by other code: rounding apart equal.
  expect_equal(c(rows$lower[2], rows$upper[2]), as.numeric(exact), tolerance = 1e-10)
  expect_equal(c(rows$lower[4], rows$upper[4]), as.numeric(stats::binom.test(2, 4)$conf.int), tolerance = 1e-10)
})

test_that("the title of the forest states observation and natural expectation together", {
  skip_if_not_installed("ggplot2")
  # The tail 0.1686498570 is the independently computed value for these two sources.
  expect_identical(
    words_of(plot(natural_rate(two_sources()), observed = keio_ips))[["title"]],
    "Observed 2 of 4; nature alone gives 2 or more in 17 % of such trials"
  )
  alone <- words_of(plot(natural_rate(two_sources())))[["title"]]
  expect_match(alone, "^Nature alone: ")
  expect_no_match(alone, "Observed")
})

test_that("a count that is known as a range gives two rows and both tails in the title", {
  skip_if_not_installed("ggplot2")
  plot <- plot(natural_rate(0.2), observed = update(keio_ips, endpoint = "ais_any"))
  expect_identical(plot$data$text, c("20 %", "2 of 4", "4 of 4"))
  low <- cordgain:::percent_text(0.2^4)
  high <- cordgain:::percent_text(binomial_tail(2, 4, 0.2))
  expect_identical(words_of(plot)[["title"]], paste0("Observed 2 to 4 of 4; nature alone gives as many or more in ",
    low, " to ",
    high, " of such trials"))
})

test_that("all of n is said as such", {
  expect_identical(cordgain:::finding_sentence(4, 4, 0.01),
    "Observed 4 of 4; nature alone gives all 4 in 1.0 % of such trials")
  expect_identical(
    cordgain:::finding_sentence(c(2, 2), 4, 0.1, 0.5),
    "Observed 2 of 4; nature alone gives 0.5 on average, and 2 or more in 10 % of such trials"
  )
})

test_that("a known rate is labelled as without uncertainty and has no density", {
  skip_if_not_installed("ggplot2")
  expect_match(levels(plot(natural_rate(0.1))$data$label)[1], "no uncertainty")
  invalid(plot(natural_rate(0.1), type = "density"), "forest")
})

test_that("a prior has a forest without sources and a density that is its own", {
  skip_if_not_installed("ggplot2")
  natural <- natural_rate(prior_beta(8, 56))
  expect_identical(nrow(plot(natural)$data), 1L)
  curve <- plot(natural, type = "density", observed = keio_ips)$data
  # A cell's mean density against the density at its middle: off by its curvature times (1/400)^2 / 24.
  expect_equal(curve$density, stats::dbeta(curve$rate, 8, 56), tolerance = 1e-3)
})

test_that("the density encloses probability one and marks the observed share", {
  skip_if_not_installed("ggplot2")
  plot <- plot(natural_rate(two_sources()), type = "density", observed = keio_ips)
  expect_equal(sum(plot$data$density) / nrow(plot$data), 1, tolerance = 1e-12) # a telescoping sum
  expect_setequal(layer_geoms(plot), c("GeomArea", "GeomLine", "GeomVline", "GeomText"))
  expect_equal(built(plot, 3)$xintercept, 2 / 4)
  expect_true(draws(plot))
})

test_that("what cannot be drawn is refused by class and says what to do", {
  skip_if_not_installed("ggplot2")
  invalid(plot(natural_rate(c(0.1, 0.2))), "different natural rates")
  invalid(plot(natural_rate(0.1), observed = 2), "trial_arm")
  expect_error(plot(natural_rate(0.1), type = "pie"), "forest")
})

test_that("without ggplot2 a picture is a classed error that names the way out", {
  said <- in_fresh_r(
    "utils::assignInNamespace('is_installed', function(...) FALSE, 'rlang');",
    "tryCatch(plot(cordgain::natural_rate(0.1)), cordgain_no_ggplot2 = function(e) cat('class,', conditionMessage(e)))"
  )
  expect_match(paste(said, collapse = " "), "^class, .*install.packages")
})

test_that("a picture that does not exist is refused by class", {
  skip_if_not_installed("ggplot2")
  for (type in list("bars", NULL, 1, c("a", "b"))) invalid(plot(natural_rate(prior_beta(2, 8)), type = type), "type")
})

test_that("a plot refuses an argument that it does not have, instead of drawing another picture", {
  skip_if_not_installed("ggplot2")
  expect_error(plot(natural_rate(0.2), observd = keio_ips), "observd", class = "cordgain_invalid_input")
  expect_error(plot(decision_table(natural_rate(0.2), n = 4), main = "x"), "main", class = "cordgain_invalid_input")
})
