at <- function(x, term, column = "estimate") tidy(x)[[column]][tidy(x)$term == term]

test_that("the sizes of the reference registries agree with the checks", {
  for (case in list(c(0.5, "J06"), c(1, "J07"))) {
    x <- prior_check(excess_of(reference_rate(as.numeric(case[1]))))
    # A size of 25 from a variance with the MAP tolerance of 1e-7.
    expect_lt(abs(at(x, "ess_moment") - checks_value(case[2])), 1e-4)
  }
})

test_that("the prior probabilities of benefit agree with the checks", {
  x <- prior_check(excess_of(reference_rate()))
  expect_map(at(x, "prior_benefit_jeffreys"), checks_value("C30"))
  expect_map(at(x, "prior_benefit_uniform"), checks_value("C31"))
  expect_equal(at(x, "prior_benefit"), 0.5, tolerance = 1e-15)
  enthusiastic <- prior_check(excess_of(reference_rate(), effect = prior_normal(1, 2)))
  expect_equal(at(enthusiastic, "prior_benefit"), stats::pnorm(0.5), tolerance = 1e-14)
})

test_that("surprise is Box's p-value: the tail where the mass function falls, both ends where it does not", {
  falling <- prior_check(excess_of(natural_rate(prior_beta(8, 56))))
  expect_integral(at(falling, "surprise"), checks_value("G04"))
  humped <- prior_check(excess_of(natural_rate(prior_beta(5, 5)), responders = 3))
  expect_integral(at(humped, "surprise"), checks_value("N16d"))
  expect_match(at(falling, "surprise", "note"), "surprise under no effect")
})

test_that("the ledger's patient-equivalents add up to the moment size, the prior of the mean included", {
  x <- prior_check(excess_of(reference_rate()))
  shares <- c(at(x, "ledger_source"), at(x, "ledger_prior_mean"))
  expect_equal(sum(shares), at(x, "ess_moment"), tolerance = 1e-12)
  expect_identical(at(x, "ledger_treated"), 4)
  # By hand: source k has information n p (1 - p), discounted by the heterogeneity; the prior N(0, 2^2) has 1/4.
  natural <- tidy(reference_rate())
  p <- natural$estimate[natural$term == "rate"]
  tau <- natural$estimate[natural$term == "tau"]
  weight <- c(1 / (1 / (c(482, 53, 161, 187) * p * (1 - p)) + tau^2), 1 / 4)
  expect_equal(shares, at(x, "ess_moment") * weight / sum(weight), tolerance = 1e-6) # E p0* here and there to 1e-7
  # The prior N(0, 1) of the effect: information 1 against p (1 - p) of a patient.
  expect_equal(at(x, "ledger_prior_effect"), 1 / (p * (1 - p)), tolerance = 1e-6)
})

test_that("a flat prior of the mean is worth nothing, a rate taken as known no number of patients", {
  flat <- prior_check(excess_of(natural_rate(reference_registries(), mu = NULL)))
  expect_identical(at(flat, "ledger_prior_mean"), 0)
  known <- prior_check(excess_of(natural_rate(0.134)))
  expect_true(is.na(at(known, "ess_moment")))
  expect_match(at(known, "ess_moment", "note"), "known")
  expect_match(at(known, "ledger_source", "note"), "infinitely many")
})

test_that("a beta prior is worth the sum of its parameters", {
  x <- prior_check(excess_of(natural_rate(prior_beta(8, 56))))
  for (term in c("ess_moment", "ess_elir", "ledger_source")) {
    expect_equal(at(x, term), 64, tolerance = 1e-5) # sizes to their stated error of four digits and better
  }
  # Morita's subtracts a prior flattened a hundredfold: less than a hundredth of the size.
  expect_lt(abs(at(x, "ess_morita") - 64), 0.64)
})

test_that("the print says what the answer rests on, and the picture draws", {
  x <- prior_check(excess_of(reference_rate()))
  text <- paste(capture.output(print(x)), collapse = " ")
  expect_match(text, "rests on 4 treated patients")
  expect_match(text, "0.78 by a Jeffreys")
  skip_if_not_installed("ggplot2")
  picture <- plot(x)
  expect_true(draws(picture))
  # Beside a bar stands its size alone: what it is made from is on the left, where it has room.
  expect_match(as.character(picture$data$label), "from 482 patients", all = FALSE)
  expect_no_match(picture$data$text, "from")
})

test_that("open answers and other things are refused", {
  expect_error(prior_check(excess_of(reference_rate(), responders = c(1, 2))), class = "cordgain_invalid_input")
  expect_error(prior_check(3), class = "cordgain_invalid_input")
  expect_error(prior_check(), class = "cordgain_invalid_input")
})

test_that("the title of the picture adds up what is known of nature, the prior of the effect left out", {
  rows <- data.frame(term = c("ledger_treated", "ledger_source", "ledger_source", "ledger_prior_mean",
    "ledger_prior_effect"), estimate = c(4, 7, 5, 0.5, 9))
  title <- \(rows) gsub("\n", " ", ledger_title(rows))
  expect_identical(title(rows), "The answer rests on 4 treated patients; what is known of nature counts as 12 more")
  expect_identical(title(rows[1, ]), "The answer rests on 4 treated patients")
})
