# Tipping points, credibility and E-values: closed forms with a known rate, monotonicity, pictures.

at_known <- \(y = 2, n = 4, rate = 0.12) excess_of(natural_rate(rate), y, n)

tip <- function(x, term, target = NULL, column = "estimate") {
  rows <- tidy(x)
  rows[[column]][rows$term == term & (is.null(target) | rows$target %in% target)]
}

test_that("with a known rate the tipping bias is the ratio of two odds", {
  for (case in list(c(2, 4), c(3, 4), c(3, 10))) {
    x <- tipping(at_known(case[1], case[2]), "bias", target = c(0.025, 0.05, 0.1))
    limit <- stats::qbeta(c(0.025, 0.05, 0.1), case[1], case[2] - case[1] + 1)
    odds <- limit / (1 - limit) / (0.12 / 0.88)
    # Roots to 1e-11 in the logarithm.
    expect_equal(tip(x, "bias"), odds, tolerance = 1e-8)
  }
})

test_that("the tipping rate is the exact lower limit and knows nothing of the evidence", {
  one <- tipping(at_known(rate = 0.12), "rate", target = 0.05)
  other <- tipping(at_known(rate = 0.3), "rate", target = 0.05)
  expect_integral(tip(one, "rate"), stats::qbeta(0.05, 2, 3))
  expect_integral(tip(one, "rate"), tip(other, "rate"))
})

test_that("a larger target needs a larger bias; more responders need more", {
  targets <- c(0.01, 0.05, 0.3)
  x <- tipping(at_known(), "bias", target = targets)
  expect_true(all(diff(tip(x, "bias")) > 0))
  by_count <- vapply(1:4, \(y) tip(tipping(at_known(y), "bias", target = 0.05), "bias"), 0)
  expect_true(all(diff(by_count) > 0))
})

test_that("no responder: the tail is 1 whatever is assumed, and that is said, not an error", {
  x <- tipping(at_known(0), "bias", target = 0.05)
  expect_true(is.na(tip(x, "bias")))
  expect_match(tip(x, "bias", column = "note"), "the tail stays between 1 and 1", fixed = TRUE)
  expect_match(tip(x, "e_value_confounding", column = "note"), "no responder")
  expect_match(paste(capture.output(print(x)), collapse = " "), "none", fixed = TRUE)
})

test_that("the prior SD found gives the probability of benefit asked for, by a naive integral", {
  x <- tipping(at_known(3), "bias", target = 0.05, benefit = 0.95)
  sd <- tip(x, "prior_sd")
  weight <- \(d) stats::dnorm(d, 0, sd) * stats::dbinom(3, 4, stats::plogis(stats::qlogis(0.12) + d))
  above <- stats::integrate(weight, 0, 40, rel.tol = 1e-10)$value
  below <- stats::integrate(weight, -40, 0, rel.tol = 1e-10)$value
  expect_equal(above / (above + below), 0.95, tolerance = 1e-7) # two quadratures, of 1e-9 each
  expect_identical(tip(x, "prior_sd", column = "unit"), "log odds")
  never <- tipping(at_known(1), "bias", target = 0.05, benefit = 0.999)
  expect_true(is.na(tip(never, "prior_sd")))
  expect_match(tip(never, "prior_sd", column = "note"), "the probability of benefit stays between", fixed = TRUE)
})

test_that("a move that the evidence does not have is an error where asked by name, else said in the print", {
  invalid(tipping(at_known(), "tau"))
  x <- tipping(at_known())
  expect_match(paste(capture.output(print(x)), collapse = " "), "Not varied: tau", fixed = TRUE)
  expect_setequal(unique(tidy(x)$term), c("bias", "rate", "prior_sd", "e_value_confounding", "scepticism_limit"))
})

test_that("refusals say what was given", {
  invalid(tipping(), "not given")
  invalid(tipping(natural_rate(0.1)), "must be an excess")
  invalid(tipping(at_known(), "weather"), "over")
  invalid(tipping(at_known(), "bias", target = 0), "target")
  invalid(tipping(at_known(), "bias", benefit = 1), "benefit")
  invalid(tipping_map(natural_rate(0.1)), "must be an excess")
  invalid(tipping_map(at_known(), c("bias", "bias")), "two different")
  invalid(tipping_map(at_known(), "bias"), "two different")
  invalid(tipping_map(at_known(), c("rate", "drift")), "no calendar year")
  invalid(tipping_map(at_known(), at = c(0.1, 0.2)), "list of two")
  invalid(tipping_map(at_known(), at = list(1.2, 1)), "at")
  invalid(tipping_map(at_known(), at = list(0.1, 1), published = data.frame(source = "x")), "published")
})

# Reverse Bayes ------------------------------------------------------------------------------

test_that("the scepticism limit is its formula, and symmetric for a harmful effect", {
  for (ci in list(c(1.2, 30), c(1.5, 4), c(2, 2.5))) {
    l <- log(ci)
    # Matthews' formula, in closed form.
    expect_equal(scepticism_limit(ci[1], ci[2])$estimate, exp(diff(l)^2 / (4 * sqrt(prod(l)))), tolerance = 1e-13)
    expect_equal(scepticism_limit(1 / ci[2], 1 / ci[1])$estimate, 1 / scepticism_limit(ci[1], ci[2])$estimate,
      tolerance = 1e-12)
  }
  # STATISTICS 5: an odds ratio of 1.2 to 30 gives 26.826, printed to five digits.
  expect_equal(scepticism_limit(1.2, 30)$estimate, 26.826, tolerance = 2e-5)
})

test_that("the limit is where the normal posterior just touches no effect", {
  # Prior N(0, (log SL / 1.96)^2), estimate in the middle of the interval: the posterior's lower end is 0.
  l <- log(c(1.5, 6))
  z <- stats::qnorm(0.975)
  v <- (diff(l) / (2 * z))^2
  tau2 <- (log(scepticism_limit(1.5, 6)$estimate) / z)^2
  posterior <- mean(l) * tau2 / (tau2 + v)
  expect_lt(abs(posterior - z * sqrt(tau2 * v / (tau2 + v))), 1e-12)
})

test_that("an interval nearer to 1 needs less scepticism to be doubted: its limit is higher", {
  limits <- vapply(c(1.05, 1.3, 1.8, 3), \(low) scepticism_limit(low, low * 6)$estimate, 0)
  expect_true(all(diff(limits) < 0))
  expect_true(is.na(scepticism_limit(1, 5)$estimate))
  expect_match(scepticism_limit(0.5, 5)$note, "not credible at any scepticism")
  invalid(scepticism_limit(2, 2), "below")
  invalid(scepticism_limit(0, 2), "lower")
  invalid(scepticism_limit(1, Inf), "upper")
})

test_that("E-values: 1 at no effect, the same for a ratio and its inverse, growing, and the printed 7.76", {
  expect_identical(risk_e_value(1), 1)
  expect_equal(risk_e_value(c(0.25, 0.5)), risk_e_value(c(4, 2)), tolerance = 1e-14)
  expect_true(all(diff(risk_e_value(c(1, 1.2, 2, 5, 20))) > 0))
  # At the E-value E the bias factor E^2 / (2 E - 1) equals the ratio (Ding and VanderWeele).
  e <- risk_e_value(3.3)
  expect_equal(e^2 / (2 * e - 1), 3.3, tolerance = 1e-13)
  expect_equal(risk_e_value(0.5 / 0.1205), 7.76, tolerance = 1e-3) # printed to three digits
  # The slope is that of a central difference.
  expect_equal(e_value_slope(3.3), 3.3 * (risk_e_value(3.3 + 1e-5) - risk_e_value(3.3 - 1e-5)) / 2e-5, tolerance = 1e-7)
})

test_that("the E-value of an excess is that of its risk ratio; the limit is 1 where the interval holds nature", {
  x <- tipping(at_known(2), "bias", target = 0.05)
  expect_equal(tip(x, "e_value_confounding"), risk_e_value(0.5 / 0.12), tolerance = 1e-9)
  expect_identical(tip(x, "e_value_confounding", column = "conf.low"), 1) # exact limits .068 to .932 hold .12
  far <- tipping(at_known(4, rate = 0.05), "bias", target = 0.05)
  low <- stats::qbeta(0.025, 4, 1)
  expect_equal(tip(far, "e_value_confounding", column = "conf.low"), risk_e_value(low / 0.05), tolerance = 1e-8)
})

# Maps and pictures ------------------------------------------------------------------------

test_that("a map over rate and bias is the binomial tail at the moved odds", {
  x <- tipping_map(at_known(), at = list(c(0.05, 0.1, 0.3), c(0.5, 1, 2)), published = NULL)
  odds <- x$grid$rate / (1 - x$grid$rate) * x$grid$bias
  expect_closed(tidy(x)$estimate, binomial_tail(2, 4, odds / (1 + odds)))
  expect_identical(nrow(tidy(x)), 9L)
  expect_identical(unique(tidy(x)$num.kind), "exact")
  # The same product of odds is the same tail: 0.3 at a half, and its odds 3 / 14 as a rate at 1.
  half <- tipping_map(at_known(), at = list(3 / 17, 1), published = NULL)
  expect_closed(half$grid$estimate, x$grid$estimate[x$grid$rate == 0.3 & x$grid$bias == 0.5])
})

test_that("a map in the other order has the same numbers", {
  one <- tidy(tipping_map(at_known(), c("rate", "bias"), at = list(c(0.1, 0.2), c(1, 3)), published = NULL))
  other <- tidy(tipping_map(at_known(), c("bias", "rate"), at = list(c(1, 3), c(0.1, 0.2)), published = NULL))
  key <- \(x) x$estimate[order(x$rate, x$bias)]
  expect_identical(key(one), key(other))
})

test_that("a spread of 0 is the known rate, and a spread moves the tail towards that of a coin", {
  x <- tidy(tipping_map(at_known(), c("rate", "tau"), at = list(0.1, c(0, 0.5, 1.5)), published = NULL))
  naive <- \(tau) stats::integrate(\(z) binomial_tail(2, 4, stats::plogis(stats::qlogis(0.1) + tau * z)) *
    stats::dnorm(z), -9, 9, rel.tol = 1e-10)$value
  expect_integral(x$estimate, vapply(c(0, 0.5, 1.5), naive, 0))
  expect_true(all(diff(x$estimate) > 0))
})

test_that("published rates of the endpoint are sorted, in (0, 1), once each, and printed ones are taken", {
  table <- data.frame(source = c("b", "a", "a", "zero", "other", "printed"), events = c(5, 2, 2, 0, 3, NA),
    n = c(10, 10, 10, 10, 10, NA), endpoint = c(rep("ais_c", 4), "ais_d", "ais_c"), rate = c(rep(NA, 5), 0.33))
  expect_equal(published_rates(table, "ais_c")$rate, c(0.2, 0.33, 0.5))
  expect_identical(nrow(published_rates(NULL, "ais_c")), 0L)
  x <- tipping_map(at_known(), published = table, at = list(c(0.1, 0.6), c(0.5, 2)))
  expect_equal(x$points$rate, c(0.2, 0.33, 0.5))
  expect_identical(x$points$bias, c(1, 1, 1))
  expect_match(paste(capture.output(print(x)), collapse = " "), "Published values on the map: 3", fixed = TRUE)
})

test_that("the picture of tipping has a line, its targets and the number of the object in its title", {
  skip_if_not_installed("ggplot2")
  x <- tipping(at_known(), c("bias", "rate"), target = c(0.025, 0.1))
  picture <- plot(x)
  expect_identical(layer_geoms(picture), c("GeomHline", "GeomLine", "GeomPoint"))
  expect_match(words_of(picture)[["title"]], format(signif(tip(x, "bias", 0.1), 2)), fixed = TRUE)
  expect_match(words_of(picture)[["title"]], "10 %", fixed = TRUE)
  expect_equal(sort(unique(built(picture, 1)$yintercept)), stats::qlogis(c(0.025, 0.1)))
  expect_setequal(curve_rows(x$curves$bias)$term, "bias")
  expect_true(all(diff(curve_rows(x$curves$bias)$tail) >= 0))
})

test_that("a picture without a tipping point has a general title", {
  skip_if_not_installed("ggplot2")
  expect_match(tipping_title(tipping(at_known(), "rate", target = 0.05)), "How often nature alone gives 2 or more of 4")
})

test_that("the picture of a map is drawn with filled bands, lines and a title with the counts", {
  skip_if_not_installed("ggplot2")
  x <- tipping_map(at_known(), at = list(seq(0.05, 0.6, by = 0.05), c(0.25, 0.5, 1, 2, 4)),
    published = data.frame(source = "a", events = 2, n = 10, endpoint = "ais_c"))
  picture <- plot(x)
  expect_identical(layer_geoms(picture)[3:5], c("GeomSegment", "GeomPoint", "GeomText"))
  expect_match(words_of(picture)[["title"]], "2 or more of 4", fixed = TRUE)
  expect_equal(built(picture, 4)$x, stats::qlogis(0.2))
  expect_equal(built(picture, 4)$y, 0) # a bias of 1, on logarithms
  expect_identical(responder_axis("rate")$place(0.5), 0)
  expect_identical(responder_axis("tau")$place(3), 3)
})
