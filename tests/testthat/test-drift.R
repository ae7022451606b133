# Values marked N are those of responders-2.csv, computed by separate code (MAP quantities: 1e-7 absolute). The years
# are those of the check file: the middle years of injury of the two SCIMS papers.

papers <- data.frame(
  source = c("Marino 1999", "Kirshblum 2016"), events = c(39, 32), n = c(482, 187),
  years_from = c(1992.5, 2013.1), years_to = c(1992.5, 2013.1)
)

at_least_two <- function(natural) sum(predict(natural, 4)$probability[3:5])

rate_of <- function(...) natural_rate(papers, tau = prior_half_normal(0.5), ...)

test_that("without drift the two papers give the tail computed separately", {
  expect_equal(tidy(rate_of())$estimate[1], checks_value("N10c"), tolerance = 1e-7)
  expect_equal(at_least_two(rate_of()), checks_value("N10d"), tolerance = 1e-7)
})

test_that("the slope of the report carried to 2022 gives the tail computed separately", {
  carried <- rate_of(drift = drift(0.0736798797436486, reference_year = 2022, extrapolate = TRUE))
  expect_equal(tidy(carried)$estimate[1], checks_value("N10e"), tolerance = 1e-7)
  expect_equal(at_least_two(carried), checks_value("N10f"), tolerance = 1e-7)
})

test_that("a slope of 0 known without error changes nothing", {
  expect_equal(at_least_two(rate_of(drift = drift(0))), at_least_two(rate_of()), tolerance = 1e-9)
})

test_that("a rising slope raises the rate, a falling one lowers it", {
  tails <- vapply(c(-0.05, 0, 0.05), \(slope) at_least_two(rate_of(drift = drift(slope))), 0)
  expect_identical(tails, sort(tails))
})

test_that("an uncertain slope is averaged over, and informed by the sources", {
  skip_on_cran() # long
  # The naive road: over a grid of slopes, each weighted by its prior density and by the likelihood of the two
  # counts with tau and mu integrated on a grid of their own.
  slopes <- seq(-0.05, 0.13, length.out = 61)
  mu <- seq(-7, 3, length.out = 241)
  tau <- seq(0.0125, 2.3, by = 0.025) # midpoints
  years <- papers$years_from - 2013.1
  z <- seq(-6, 6, length.out = 121)
  phi <- dnorm(z) / sum(dnorm(z))
  grid <- expand.grid(mu = mu, tau = tau)
  prior <- dnorm(grid$mu, 0, 2) * dnorm(grid$tau, 0, 0.5)
  likelihood_at <- \(k, slope) {
    theta <- outer(grid$tau, z) + grid$mu + slope * years[k]
    drop(matrix(dbinom(papers$events[k], papers$n[k], plogis(theta)), nrow(grid)) %*% phi)
  }
  new <- drop(matrix(1 - pbinom(1, 4, plogis(outer(grid$tau, z) + grid$mu)), nrow(grid)) %*% phi)
  second <- likelihood_at(2, 0) * prior
  parts <- vapply(slopes, \(slope) {
    weight <- second * likelihood_at(1, slope) * dnorm(slope, 0.0414, 0.0124)
    c(sum(weight), sum(weight * new))
  }, c(0, 0))
  expected <- sum(parts[2, ]) / sum(parts[1, ])
  # The midpoint rule of the naive road is good to about 1e-4.
  expect_equal(at_least_two(rate_of(drift = drift(0.0414, sd = 0.0124))), expected, tolerance = 1e-3)
})

test_that("sources of unknown years are refused by name", {
  papers$years_from[1] <- NA
  expect_error(natural_rate(papers, drift = drift(0.04)), "Marino 1999", class = "cordgain_invalid_input")
})

test_that("a year past the last observed one is refused unless taken on oneself", {
  expect_error(rate_of(drift = drift(0.04, reference_year = 2022)), "extrapolate", class = "cordgain_invalid_input")
  expect_s3_class(rate_of(drift = drift(0.04, reference_year = 2000)), "natural_rate")
})

test_that("a number or a prior has no years to drift over", {
  expect_error(natural_rate(0.2, drift = drift(0.04)), "drift", class = "cordgain_invalid_input")
  expect_error(natural_rate(prior_beta(2, 8), drift = drift(0.04)), "drift", class = "cordgain_invalid_input")
})

test_that("numbers out of range are refused with a class", {
  expect_error(drift("0.04"), class = "cordgain_invalid_input")
  expect_error(drift(NaN), class = "cordgain_invalid_input")
  expect_error(drift(0.04, sd = -1), class = "cordgain_invalid_input")
  expect_error(drift(0.04, reference_year = 22), class = "cordgain_invalid_input")
  expect_error(drift(0.04, extrapolate = NA), class = "cordgain_invalid_input")
  expect_error(natural_rate(papers, drift = 0.04), "drift", class = "cordgain_invalid_input")
})

test_that("a drift says its slope and its year", {
  expect_output(print(drift(0.04, 0.01)), "0.04 log odds per year \\(SD 0.01\\), carried to the last year")
  expect_output(print(drift(0.04, reference_year = 2020)), "carried to 2020")
})

test_that("slopes computed from the published counts are those of the checks", {
  slope <- (stats::qlogis(32 / 187) - stats::qlogis(39 / 482)) / (2013.1 - 1992.5)
  expect_closed(slope, checks_value("N10a"))
  expect_closed(sqrt(1 / 39 + 1 / 443 + 1 / 32 + 1 / 155) / 20.6, checks_value("N10b"))
  # The end points of one report, 9.4 % and 28.1 %, print no n: 8 of 85 and 9 of 32, or 36 of 128, over 18 years.
  spread <- \(events) sqrt(1 / 8 + 1 / 77 + 1 / events[1] + 1 / events[2]) / 18
  expect_closed(spread(c(9, 23)), checks_value("N10n32"))
  expect_closed(spread(c(36, 92)), checks_value("N10n128"))
  poster <- (stats::qlogis(0.281) - stats::qlogis(0.094)) / 18
  expect_closed(poster, checks_value("J01"))
})

test_that("the extrapolated rate of the checks is a known rate moved by 8 years", {
  rate <- stats::plogis(stats::qlogis(0.281) + 8 * checks_value("J01"))
  expect_closed(rate, checks_value("J02"))
  expect_closed(tail_of(natural_rate(rate)), checks_value("J03"))
})

test_that("an uncertain drift is the mixture over its slope, weighted by what the sources say of it", {
  # At fixed tau: the evidence of each slope is one integral over mu.
  tau <- 0.3
  years <- c(1992.5, 2013.1) - 2013.1
  sources <- Map(oracle_source, c(39, 32), c(482, 187))
  g <- gl_panels(seq(0.04 - 8 * 0.02, 0.04 + 8 * 0.02, length.out = 7))
  parts <- lapply(g$x, \(beta) oracle_slice(sources, beta * years, tau, c(0, 2)))
  log_mass <- vapply(parts, \(p) log(sum(exp(p$log_weight - max(p$log_weight)))) + max(p$log_weight), 0)
  weight <- g$w * stats::dnorm(g$x, 0.04, 0.02) * exp(log_mass - max(log_mass))
  tails <- vapply(parts, \(p) {
    w <- exp(p$log_weight - max(p$log_weight))
    oracle <- oracle_predictive(list(mu = p$mu, tau = rep(tau, length(p$mu)), weight = w / sum(w)))
    sum(oracle$pmf[3:5])
  }, 0)
  scims <- sources_of(c(39, 32), c(482, 187), years_from = c(1992.5, 2013.1), years_to = c(1992.5, 2013.1))
  natural <- natural_rate(scims, tau = prior_fixed(tau), drift = drift(0.04, 0.02))
  expect_lt(abs(tail_of(natural) - sum(weight * tails) / sum(weight)), 1e-8)
})

test_that("counting failures turns the distribution round when the slope changes its sign", {
  x <- sources_of(c(20, 15), c(150, 90), years_from = c(1995, 2005), years_to = c(1999, 2009))
  failures <- transform(x, events = n - events)
  moved <- \(sources, slope) predict(natural_rate(sources, tau = prior_half_normal(0.5),
    drift = drift(slope, 0.012, reference_year = 2015, extrapolate = TRUE)), 4)$probability
  expect_lt(max(abs(rev(moved(failures, -0.04)) - moved(x, 0.04))), 1e-9)
  # A drift upwards leaves more natural responders in a later trial.
  expect_gt(sum(0:4 * moved(x, 0.04)), sum(0:4 * moved(x, 0)))
})
