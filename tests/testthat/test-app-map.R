# The tipping map as elements of the page: where its borders, points and cross lie, and what it says.

map_entries <- function(...) utils::modifyList(cordgain:::app_start, list(...))

numbers_in <- function(html, pattern) as.numeric(regmatches(html, gregexpr(pattern, html, perl = TRUE))[[1]])

# Places on the map in thousandths, from the first corner of each path that is drawn.
path_places <- function(html, class) {
  path <- regmatches(html, regexpr(sprintf('<path [^>]*%s[^>]*d="[^"]*"', class), html))
  pairs <- strsplit(gsub("M", "L", sub('"$', "", sub('.*d="M?', "", path))), "L")[[1]]
  matrix(as.numeric(unlist(strsplit(pairs, " "))), ncol = 2, byrow = TRUE)
}

# The axes of the map, as they are documented: rates of 2 to 75 % on log odds, biases of 1/6 to 6 on logarithms.
rate_at <- function(thousandth) {
  ends <- stats::qlogis(c(0.02, 0.75))
  stats::plogis(ends[1] + thousandth / 1000 * diff(ends))
}

bias_at <- function(thousandth) exp(log(6) * (1 - thousandth / 500)) # from above

test_that("the cross lies at the mean rate without the bias, and at the bias", {
  skip_if_not_installed("shiny")
  entries <- map_entries(responders = 2, n = 3, evidence = "rate", rate = 0.3, bias_odds = 2)
  x <- cordgain:::app_excess(entries)
  place <- cordgain:::app_place(x, entries)
  # The mean of a rate that is known is that rate.
  expect_equal(place, list(rate = 0.3, bias = 2), tolerance = 1e-9)
  html <- as.character(cordgain:::app_map_html(tipping_map(x), place))
  left <- numbers_in(html, '(?<=class="cross" style="left: )[0-9.]+')
  bottom <- numbers_in(html, '(?<=class="cross" style="left: )[0-9.]+%; bottom: \\K[0-9.]+')
  # Two decimals of a per cent of each axis.
  expect_equal(rate_at(10 * left), 0.3, tolerance = 1e-3)
  expect_equal(bias_at(1000 - 10 * bottom), 2, tolerance = 1e-3)
  expect_match(cordgain:::app_map_words(tipping_map(x), place), "Cross: the mean rate of the evidence", fixed = TRUE)
})

test_that("evidence outside the map has no cross, and the words say so", {
  skip_if_not_installed("shiny")
  for (outside in list(list(rate = 0.01), list(rate = 0.9), list(rate = 0.3, bias_odds = 7))) {
    entries <- do.call(map_entries, c(list(evidence = "rate"), outside))
    x <- cordgain:::app_excess(entries)
    place <- cordgain:::app_place(x, entries)
    expect_no_match(as.character(cordgain:::app_map_html(tipping_map(x), place)), 'class="cross"', fixed = TRUE)
    expect_match(cordgain:::app_map_words(tipping_map(x), place), "lies outside the map.", fixed = TRUE)
  }
})

test_that("borders lie where the binomial tail of the moved rate is 2.5, 5 and 10 %", {
  skip_if_not_installed("shiny")
  entries <- map_entries(responders = 2, n = 4, evidence = "rate", rate = 0.2)
  x <- cordgain:::app_excess(entries)
  html <- as.character(cordgain:::app_map_html(tipping_map(x), cordgain:::app_place(x, entries)))
  at <- path_places(html, 'class="border"')
  moved <- stats::plogis(stats::qlogis(rate_at(at[, 1])) + log(bias_at(at[, 2])))
  tails <- binomial_tail(2, 4, moved)
  nearest <- vapply(tails, \(tail) which.min(abs(log(tail / c(0.025, 0.05, 0.1)))), 0L)
  expect_setequal(nearest, 1:3)
  # Straight lines between pairs a tenth of log odds apart: the tail bends by less than one in a hundred between them.
  expect_equal(tails, c(0.025, 0.05, 0.1)[nearest], tolerance = 0.01)
})

test_that("greys cover what is above their border, with the edge of the map, and the whole map where all is", {
  skip_if_not_installed("shiny")
  axes <- list(c(0, 50, 100), c(0, 50, 100))
  chance <- matrix(c(0, 0.5, 1), 3, 3) # grows from left to right
  area <- \(loops) sum(vapply(loops, \(loop) abs(sum(loop$x * c(loop$y[-1], loop$y[1]) -
    loop$y * c(loop$x[-1], loop$x[1]))) / 2, 0))
  # Above 0.25: from 25 to 100, of 100 by 100. The ring that closes the loops lies 0.001 outside.
  expect_equal(area(cordgain:::loops_above(axes, chance, 0.25)), 7500, tolerance = 1e-4)
  expect_equal(area(cordgain:::loops_above(axes, 0 * chance + 0.5, 0.25)), 10000, tolerance = 1e-4)
  expect_length(cordgain:::loops_above(axes, 0 * chance + 0.1, 0.25), 0)
  expect_identical(cordgain:::app_svg_path(list()), "")
  # An island has a border of its own, and no border reaches the edge of the map.
  island <- matrix(c(0, 0, 0, 0, 1, 0, 0, 0, 0), 3)
  expect_length(cordgain:::borders_of(axes, island, c(0.5, 2)), 1)
  expect_identical(cordgain:::borders_of(axes, island, 2), list())
})

test_that("every published rate inside the map is a point with its name, and is told to who hears the page", {
  skip_if_not_installed("shiny")
  x <- cordgain:::app_excess(cordgain:::app_start)
  map <- tipping_map(x)
  html <- as.character(cordgain:::app_map_html(map, cordgain:::app_place(x, cordgain:::app_start)))
  rows <- subset(natural_ais, endpoint == "ais_c")
  rates <- ifelse(is.na(rows$events) | is.na(rows$n), rows$rate, rows$events / rows$n)
  inside <- unique(data.frame(rate = rates, source = rows$source, level = rows$level)[
    !is.na(rates) & rates >= 0.02 & rates <= 0.75, ])
  left <- numbers_in(html, '(?<=class="point" style="left: )[0-9.]+')
  expect_equal(sort(rate_at(10 * left)), sort(inside$rate), tolerance = 1e-3)
  for (source in inside$source) expect_match(html, paste0(">", source, ", "), fixed = TRUE)
  # 39 of 482 are 8.1 %.
  expect_match(html, 'aria-label="[^"]*Marino 1999, all 8.1\u00a0%')
  expect_match(html, "above 10\u00a0%", fixed = TRUE)
  expect_identical(cordgain:::claims_in(gsub("<[^>]+>", " ", html)), character())
})
