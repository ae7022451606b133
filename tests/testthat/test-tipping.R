# Reference registries, HN(.5), 2 of 4: checks C12 to C15, I10, J04.
reference_answer <- function(...) excess_of(reference_rate(0.5), ...)

value_at <- function(x, term, target = NULL, column = "estimate") {
  rows <- tidy(x)
  rows[[column]][rows$term == term & (is.null(target) | rows$target %in% target)]
}

test_that("odds multipliers of the bias that bring the tail to .025, .05, .10 and .50 agree with the checks", {
  x <- tipping(reference_answer(), "bias", target = c(0.025, 0.05, 0.1, 0.5))
  for (case in list(c("C12", 0.025), c("C13", 0.05), c("C14", 0.1), c("C15", 0.5))) {
    # A multiplier of 5 carries five times the error of the tail over its slope: MAP tolerance relative to its size.
    expected <- checks_value(case[1])
    expect_lt(abs(value_at(x, "bias", as.numeric(case[2])) / expected - 1), 1e-7)
  }
})

test_that("the value found gives the target back, and its stated error covers what is left", {
  answer <- excess_of(natural_rate(reference_registries(years_from = 1990, years_to = c(1995, 2001, 2005, 2013))))
  x <- tipping(answer, c("bias", "tau", "drift"), target = 0.12)
  natural <- natural_rate(reference_registries(years_from = 1990, years_to = c(1995, 2001, 2005, 2013)),
    bias = prior_fixed(log(value_at(x, "bias"))))
  # Two routes: the bias folded into the model anew, here; moved log odds in tipping().
  expect_lt(abs(tail_of(natural) - 0.12), 1e-8)
  at <- \(...) tail_of(natural_rate(reference_registries(years_from = 1990, years_to = c(1995, 2001, 2005, 2013)), ...))
  expect_lt(abs(at(tau = prior_fixed(value_at(x, "tau"))) - 0.12), 1e-8)
  expect_lt(abs(at(drift = drift(value_at(x, "drift"))) - 0.12), 1e-8)
  expect_true(all(tidy(x)$num.error[tidy(x)$term %in% c("bias", "tau", "drift")] < 1e-6))
})

test_that("the tipping rate is the one-sided exact limit of 2 of 4", {
  x <- tipping(reference_answer(), "rate", target = c(0.025, 0.05))
  # 1-D roots to 1e-9. qbeta(alpha, y, n - y + 1) is the exact lower limit.
  expect_integral(value_at(x, "rate"), stats::qbeta(c(0.025, 0.05), 2, 3))
  expect_integral(value_at(x, "rate", 0.05), checks_value("A10"))
})

test_that("the prior needed for a probability of benefit of .90 agrees with the check, and gives .90", {
  x <- tipping(reference_answer(), "bias")
  expect_map(value_at(x, "prior_sd"), checks_value("I10"))
  again <- reference_answer(effect = prior_normal(0, value_at(x, "prior_sd")))
  expect_map(tidy(again)$estimate[tidy(again)$term == "prob_benefit"], 0.9)
})

test_that("the E-value and that of the limit are printed both", {
  x <- tipping(reference_answer(), "bias")
  expect_map(value_at(x, "e_value_confounding"), checks_value("J04"))
  expect_identical(value_at(x, "e_value_confounding", column = "conf.low"), 1)
  expect_match(paste(capture.output(print(x)), collapse = " "), "7.76 (limit 1)", fixed = TRUE)
})

test_that("a landmark tips where its week is given the timing", {
  any <- natural_rate(prior_beta(35.5, 168.5), match = list(endpoint = "ais_any", level = "cervical"))
  arm <- two_of_four(endpoint = "ais_any", level = "cervical")
  answer <- excess(arm, any, accept = every_difference)
  timing <- landmark(1, reference_week = 8, remaining = 1 / 35, endpoint = "ais_any", level = "cervical", from_week = 0)
  x <- tipping(answer, "landmark", target = 0.05, landmark = timing)
  week <- value_at(x, "landmark")
  again <- natural_rate(prior_beta(35.5, 168.5), match = list(endpoint = "ais_any", level = "cervical"),
    landmark = landmark(week, 8, 1 / 35, "ais_any", "cervical", from_week = 0))
  expect_lt(abs(tail_of(again) - 0.05), 1e-8)
  expect_error(tipping(answer, "landmark"), class = "cordgain_invalid_input")
})

test_that("what cannot be varied is an error where named, and a line of the print where not", {
  known <- excess_of(natural_rate(0.134))
  expect_error(tipping(known, "tau"), "table of sources", class = "cordgain_invalid_input")
  x <- tipping(known)
  expect_setequal(unique(tidy(x)$term),
    c("bias", "rate", "prior_sd", "e_value_confounding", "scepticism_limit"))
  expect_match(paste(capture.output(print(x)), collapse = "\n"), "Not varied: tau")
})

test_that("why something is not varied is told whole, however narrow the screen", {
  withr::local_options(width = 50, cli.width = 40)
  x <- tipping(reference_answer())
  expect_identical(x$left_out[["landmark"]], "The timing of recovery is not known: `landmark` is not given.")
  said <- gsub("\\s+", " ", paste(capture.output(print(x)), collapse = " "))
  expect_match(said, paste("Not varied:", "landmark.", x$left_out[["landmark"]]), fixed = TRUE)
})

test_that("a target that is never reached is NA with the range in words, not an error", {
  x <- tipping(reference_answer(), "tau", target = 0.01)
  expect_true(is.na(value_at(x, "tau")))
  expect_match(value_at(x, "tau", column = "note"), "the tail stays between")
  none <- tipping(excess_of(reference_rate(), responders = 0), c("bias", "rate"))
  expect_true(all(is.na(value_at(none, "bias"))))
  expect_match(paste(value_at(none, "e_value_confounding", column = "note")), "no responder")
})

test_that("an open count gives the smallest and the largest value", {
  x <- tipping(excess_of(reference_rate(), responders = c(1, 2)), "bias", target = 0.5)
  one <- tipping(excess_of(reference_rate(), responders = 1), "bias", target = 0.5)
  two <- tipping(excess_of(reference_rate(), responders = 2), "bias", target = 0.5)
  expect_true(is.na(value_at(x, "bias")))
  expect_equal(value_at(x, "bias", column = "conf.low"), value_at(one, "bias"), tolerance = 1e-9)
  expect_equal(value_at(x, "bias", column = "conf.high"), value_at(two, "bias"), tolerance = 1e-9)
})

test_that("strata of levels tip by bias and by rate", {
  strata <- natural_strata(cervical = natural_rate(0.135), "T1-T9" = natural_rate(0.045))
  x <- tipping(excess(two_of_four(level = NA_character_), strata, accept = every_difference), "bias", target = 0.05)
  expect_false(is.na(value_at(x, "bias", column = "conf.low")))
})

test_that("arguments are checked", {
  expect_error(tipping(1), class = "cordgain_invalid_input")
  expect_error(tipping(), class = "cordgain_invalid_input")
  expect_error(tipping(reference_answer(), "colour"), class = "cordgain_invalid_input")
  expect_error(tipping(reference_answer(), "bias", target = 1), class = "cordgain_invalid_input")
  expect_error(tipping(reference_answer(), "bias", landmark = 3), class = "cordgain_invalid_input")
})

# Refusal 21, and the check I03: five independent definitions with the tail of the reference set.
test_that("a definition that was not declared needs its number of looks, and the answer says what they do", {
  expect_error(two_of_four(declared = FALSE), "looks", class = "cordgain_invalid_input")
  answer <- excess(two_of_four(declared = FALSE, looks = 5), reference_rate(), accept = every_difference)
  tail <- tidy(answer)$estimate[tidy(answer)$term == "natural_tail"]
  expect_map(1 - (1 - tail)^5, checks_value("I03"))
  expect_match(paste(capture.output(print(answer)), collapse = " "), "probability 0.36", fixed = TRUE)
})

# Any evidence, any trial: the value found gives the target back by the road that excess() takes.
test_that("tipping points hold for random evidence and outcomes", {
  set.seed(20261127)
  for (case in seq_len(sweep_size(100))) {
    k <- sample(1:4, 1)
    n <- sample(c(5, 40, 300), k, replace = TRUE)
    evidence <- sources_of(stats::rbinom(k, n, stats::runif(1, 0.02, 0.6)), n)
    size <- sample(2:9, 1)
    y <- sample(seq_len(size), 1)
    answer <- excess_of(natural_rate(evidence), responders = y, n = size)
    target <- stats::runif(1, 0.02, 0.6)
    x <- tipping(answer, c("bias", "rate"), target = target)
    rate <- value_at(x, "rate")
    expect_lt(abs(binomial_tail(y, size, rate) - target), 1e-9)
    bias <- value_at(x, "bias")
    if (!is.na(bias)) {
      moved <- natural_rate(evidence, bias = prior_fixed(log(bias)))
      expect_lt(abs(tail_of(moved, y, size) - target), 1e-6)
    } else {
      expect_match(value_at(x, "bias", column = "note"), "the tail stays between")
    }
  }
})

test_that("a smaller target tips at a smaller bias, and a larger count at a larger one", {
  one <- tipping(reference_answer(), "bias", target = c(0.01, 0.025, 0.05, 0.1, 0.3))
  expect_false(is.unsorted(value_at(one, "bias")))
  more <- tipping(excess_of(reference_rate(), responders = 3), "bias", target = 0.05)
  expect_gt(value_at(more, "bias"), value_at(one, "bias", 0.05))
})

test_that("tidy() has the columns of the contract, and the print every term", {
  x <- tipping(reference_answer(), c("bias", "rate"))
  expect_true(all(c("term", "estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind", "target", "unit",
    "note") %in% names(tidy(x))))
  text <- paste(capture.output(print(x)), collapse = " ")
  for (term in unique(tidy(x)$term)) expect_match(text, term, fixed = TRUE)
  expect_match(text, "nature alone gives 2 or more of 4")
  expect_identical(summary(x), x)
})
