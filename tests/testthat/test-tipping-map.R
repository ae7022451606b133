answer <- function() excess_of(reference_rate(0.5))

test_that("the map of rate and bias is the binomial tail of the moved rate", {
  map <- tipping_map(answer(), at = list(c(0.05, 0.2), c(0.5, 1, 3)))
  rows <- tidy(map)
  moved <- stats::plogis(stats::qlogis(rows$rate) + log(rows$bias))
  expect_closed(rows$estimate, binomial_tail(2, 4, moved))
  expect_identical(unique(rows$num.kind), "exact")
  expect_identical(nrow(rows), 6L)
})

test_that("each place of it is the tail of that known rate, by hand and by natural_rate()", {
  rows <- tidy(tipping_map(answer(), c("bias", "rate"), at = list(c(0.5, 3), c(0.05, 0.2))))
  expect_identical(names(rows)[1:2], c("bias", "rate"))
  for (i in seq_len(nrow(rows))) {
    odds <- rows$bias[i] * rows$rate[i] / (1 - rows$rate[i])
    p <- odds / (1 + odds)
    expect_closed(rows$estimate[i], 6 * p^2 * (1 - p)^2 + 4 * p^3 * (1 - p) + p^4) # two or more of four
    expect_closed(rows$estimate[i], tail_of(natural_rate(p)))
  }
  expect_true(all(rows$num.error < 1e-13))
})

test_that("the map of heterogeneity and bias agrees with natural rates made one by one", {
  rows <- tidy(tipping_map(answer(), c("tau", "bias"), at = list(c(0.2, 0.8), c(0.7, 2))))
  for (i in seq_len(nrow(rows))) {
    one <- natural_rate(reference_registries(), tau = prior_fixed(rows$tau[i]), bias = prior_fixed(log(rows$bias[i])))
    expect_map(rows$estimate[i], tail_of(one))
  }
})

test_that("a rate with a spread around it is a rate with a shared deviation", {
  rows <- tidy(tipping_map(answer(), c("rate", "tau"), at = list(0.1, c(0, 0.5))))
  expect_closed(rows$estimate[rows$tau == 0], binomial_tail(2, 4, 0.1))
  expect_map(rows$estimate[rows$tau == 0.5], tail_of(natural_rate(0.1, shared_sd = 0.5)))
})

test_that("drift is mapped where the years are known, with the published slopes as points", {
  natural <- natural_rate(reference_registries(years_from = 1990, years_to = c(1995, 2001, 2005, 2013)))
  map <- tipping_map(excess_of(natural), c("drift", "bias"), at = list(c(0, 0.05), c(1, 2)))
  own <- natural_rate(reference_registries(years_from = 1990, years_to = c(1995, 2001, 2005, 2013)),
    drift = drift(0.05), bias = prior_fixed(log(2)))
  rows <- tidy(map)
  expect_map(rows$estimate[rows$drift == 0.05 & rows$bias == 2], tail_of(own))
  expect_identical(nrow(map$points), 3L)
})

test_that("published rates of the endpoint become points, rates without a value do not", {
  table <- sources_of(c(1, NA, 3), c(10, NA, 30), endpoint = c("ais_c", "ais_c", "other"), level = "all",
    rate = c(NA, 0.3, NA))
  points <- tipping_map(answer(), at = list(c(0.1, 0.2), c(1, 2)), published = table)$points
  expect_equal(points$rate, c(0.1, 0.3))
  expect_null(tipping_map(answer(), at = list(c(0.1, 0.2), c(1, 2)), published = NULL)$points)
})

test_that("published rates that would not be shown are refused: near misses, other endpoints, no table", {
  map <- \(published) tipping_map(answer(), at = list(c(0.1, 0.2), c(1, 2)), published = published)
  near <- sources_of(1, 10, endpoint = "AIS_C", level = "all")
  expect_error(map(near), "near the name", class = "cordgain_invalid_input")
  # One row among others, too: the rest would be shown and this one missed by nobody.
  expect_error(map(rbind(sources_of(1, 10, endpoint = "ais_c", level = "all"), near)), "ais_c",
    class = "cordgain_invalid_input")
  expect_error(map(sources_of(1, 10, endpoint = "walks", level = "all")), "walks", class = "cordgain_invalid_input")
  expect_error(map(near[0, ]), "no rows", class = "cordgain_invalid_input")
  expect_error(map("natural_ais"), "data frame", class = "cordgain_invalid_input")
  # The shipped table is not the user's choice: it has nothing of an endpoint of one's own, and the map no points.
  own <- excess(two_of_four(endpoint = "walks"), natural_rate(0.12), accept = every_difference)
  drawn <- tipping_map(own, at = list(c(0.1, 0.2), c(1, 2)))
  expect_null(drawn$points)
  expect_no_match(cordgain:::map_subtitle(drawn), "Points", fixed = TRUE)
})

test_that("pairs that mean nothing and excesses without one answer are refused", {
  expect_error(tipping_map(answer(), c("rate", "drift")), "calendar year", class = "cordgain_invalid_input")
  expect_error(tipping_map(answer(), "rate"), class = "cordgain_invalid_input")
  expect_error(tipping_map(answer(), at = list(2, 1)), class = "cordgain_invalid_input")
  expect_error(tipping_map(excess_of(reference_rate(), responders = c(1, 2))), class = "cordgain_invalid_input")
  expect_error(tipping_map(1), class = "cordgain_invalid_input")
})

test_that("the print says how many pairs stand below each target", {
  text <- paste(capture.output(print(tipping_map(answer(), at = list(c(0.05, 0.2), c(0.5, 1))))), collapse = " ")
  expect_match(text, "4 pairs")
  expect_match(text, "nature alone")
})

test_that("a landmark's week is mapped beside heterogeneity, bias and drift as natural rates made one by one", {
  skip_on_cran() # long
  years <- list(years_from = 1990, years_to = c(1995, 2001, 2005, 2013))
  sources <- \() do.call(reference_registries, c(years, list(level = "cervical", endpoint = "ais_any",
    baseline_from_day = 0, baseline_to_day = 3)))
  at_week <- \(week) landmark(week, 8, 1 / 35, "ais_any", "cervical", from_week = 0)
  natural <- \(...) natural_rate(sources(), ...)
  arm <- two_of_four(endpoint = "ais_any", level = "cervical")
  of_arm <- \(natural) excess(arm, natural, accept = every_difference)
  answer <- of_arm(natural(tau = prior_half_normal(0.5)))
  tail <- \(natural) tidy(of_arm(natural))$estimate[tidy(of_arm(natural))$term == "natural_tail"]
  check <- function(over, values, make) {
    rows <- tidy(tipping_map(answer, over, at = values, landmark = at_week(2), published = NULL))
    expect_identical(nrow(rows), 4L)
    for (i in seq_len(nrow(rows))) expect_map(rows$estimate[i], tail(make(rows[i, ])))
  }
  check(c("landmark", "tau"), list(c(1, 3), c(0.2, 0.6)),
    \(row) natural(tau = prior_fixed(row$tau), landmark = at_week(row$landmark)))
  check(c("bias", "landmark"), list(c(0.5, 2), c(1, 3)), \(row) {
    natural(tau = prior_half_normal(0.5), landmark = at_week(row$landmark), bias = prior_fixed(log(row$bias)))
  })
  check(c("drift", "landmark"), list(c(0, 0.04), c(1, 3)), \(row) {
    natural(tau = prior_half_normal(0.5), landmark = at_week(row$landmark), drift = drift(row$drift))
  })
  # Without values of one's own the map begins at the sources' own week and has the tail there.
  whole <- tidy(tipping_map(answer, c("landmark", "drift"), landmark = at_week(2)))
  expect_true(all(is.finite(whole$estimate) & whole$estimate > 0 & whole$estimate < 1))
  expect_false(is.unsorted(rev(whole$estimate[whole$drift == whole$drift[1]]))) # later: fewer are left to recover
})
