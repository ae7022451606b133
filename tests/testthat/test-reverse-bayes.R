test_that("the scepticism limit of an interval from 1.2 to 30 agrees with the check", {
  # Closed form.
  expect_lt(abs(scepticism_limit(1.2, 30)$estimate / checks_value("G06") - 1), 1e-12)
  # By hand: log limits 1 and 4 give (4 - 1)^2 / (4 sqrt(4)) = 9 / 8.
  expect_equal(log(scepticism_limit(exp(1), exp(4))$estimate), 9 / 8, tolerance = 1e-14)
  expect_equal(scepticism_limit(exp(-4), exp(-1))$estimate, exp(-9 / 8), tolerance = 1e-14)
})

# Refusal 18: an answer in words, not an error.
test_that("where the interval includes no effect the estimate is NA, with the words", {
  row <- scepticism_limit(0.8, 30)
  expect_true(is.na(row$estimate))
  expect_match(row$note, "not credible at any scepticism")
  answer <- tidy(tipping(excess_of(reference_rate()), "bias"))
  limit <- answer[answer$term == "scepticism_limit", ]
  expect_true(is.na(limit$estimate))
  expect_match(limit$note, "not credible at any scepticism")
})

test_that("an effect large enough to exclude 1 has a finite limit", {
  answer <- tidy(tipping(excess_of(natural_rate(0.02), responders = 4), "bias"))
  expect_gt(answer$estimate[answer$term == "scepticism_limit"], 1)
})

test_that("the interval of the odds ratio over a known rate is that of the Jeffreys posterior", {
  scenario <- excess_scenarios(excess_of(natural_rate(0.2)))[[1]]
  limit <- odds_ratio_quantile(scenario$rates$fine, 2, 4, 0.025)
  expect_integral(limit, stats::qlogis(stats::qbeta(0.025, 2.5, 2.5)) - stats::qlogis(0.2))
})

test_that("limits that are none are refused", {
  expect_error(scepticism_limit(-1, 2), class = "cordgain_invalid_input")
  expect_error(scepticism_limit(3, 2), class = "cordgain_invalid_input")
})

test_that("the E-value solves the bound of two confounding risk ratios, and has the stated slope", {
  # Ding and VanderWeele: a factor with both risk ratios g moves a ratio by at most g^2 / (2 g - 1).
  ratio <- c(1.3, 2, 4.15, 1 / 3)
  g <- risk_e_value(ratio)
  expect_equal(g^2 / (2 * g - 1), ifelse(ratio < 1, 1 / ratio, ratio), tolerance = 1e-12)
  step <- 1e-6
  numeric <- (risk_e_value(2 * (1 + step)) - risk_e_value(2 * (1 - step))) / (2 * step)
  expect_equal(e_value_slope(2), numeric, tolerance = 1e-7)
})

test_that("a benefit that no prior reaches is NA with the range, and open counts have no one odds ratio", {
  none <- tidy(tipping(excess_of(reference_rate(), responders = 0), "bias"))
  expect_true(is.na(none$estimate[none$term == "prior_sd"]))
  expect_match(none$note[none$term == "prior_sd"], "stays between")
  open <- tidy(tipping(excess_of(reference_rate(), responders = c(1, 2)), "bias"))
  expect_match(open$note[open$term == "scepticism_limit"], "open")
})
