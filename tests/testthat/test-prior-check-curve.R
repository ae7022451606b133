# What an answer about repeated scores rests on, by hand.

at <- \(x, term, column = "estimate") {
  rows <- tidy(x)
  rows[[column]][rows$term == term]
}

# Gains of 9 by week 52 whose mean has an SE of 1.2; SD between patients 6; two patients gained 20 and 10.
two_patients <- function(se = 1.2, between_sd = 0, gain = c(20, 10), n = 25) {
  gains <- data.frame(source = "check", week = c(12, 52), mean = c(5, 9), se = se, sd = 6, n = n, from_week = 2,
    measure = "uems")
  df <- data.frame(id = rep(c("a", "b"), each = 2), week = c(2, 52), score = as.vector(rbind(10, 10 + gain)), at = 2)
  excess(recovery_data(df, id, week, score, "uems", treated_at = at),
    natural_curve(gains, correlation = 0.6, between_sd = between_sd), accept = all_differences)
}

test_that("the course is worth SD^2 over its shared variance, by every definition", {
  x <- prior_check(two_patients())
  # A plateau passes through two gains: the error of the second is its own.
  for (term in c("ess_moment", "ess_elir", "ess_morita", "ledger_source")) {
    expect_equal(at(x, term), 36 / 1.44, tolerance = 1e-6)
    expect_true(abs(at(x, term) - 36 / 1.44) <= at(x, term, "num.error"))
  }
  spread <- prior_check(two_patients(between_sd = 2))
  expect_equal(at(spread, "ess_moment"), 36 / (1.44 + 4), tolerance = 1e-6)
})

test_that("the ledger counts treated patients, the source and the prior of the effect", {
  x <- prior_check(two_patients(), effect = prior_normal(0, 3))
  expect_equal(at(x, "ledger_treated"), 2)
  expect_equal(at(x, "ledger_prior_effect"), 36 / 9, tolerance = 1e-7)
  expect_identical(at(x, "ledger_source", "note"), "25 patients")
  expect_match(at(x, "ledger_source", "group"), "published gains of check")
  expect_equal(at(prior_check(two_patients()), "ledger_prior_effect"), 1, tolerance = 1e-7) # worth one patient
  expect_output(print(x), "This answer rests on 2 treated patients, 25")
})

test_that("surprise is that of both tails, and half of benefit lies before a sceptical prior", {
  x <- prior_check(two_patients())
  sd <- sqrt(36 / 2 + 1.44)
  expect_equal(at(x, "surprise"), 2 * stats::pnorm(-6 / sd), tolerance = 1e-7)
  expect_equal(at(prior_check(two_patients(gain = c(9, 9))), "surprise"), 1, tolerance = 1e-6)
  expect_equal(at(x, "prior_benefit"), 0.5)
  expect_equal(at(prior_check(two_patients(), effect = prior_normal(2, 4)), "prior_benefit"), stats::pnorm(0.5),
    tolerance = 1e-12)
})

test_that("a course taken as known is worth no number of patients, and the reason is said", {
  known <- prior_check(two_patients(se = NA, n = NA))
  expect_true(all(is.na(c(at(known, "ess_moment"), at(known, "ledger_source")))))
  expect_match(at(known, "ess_moment", "note"), "taken as known")
  expect_output(print(known), "not defined:\\s+the\\s+natural\\s+course\\s+is\\s+taken\\s+as\\s+known")
  expect_error(prior_check(two_patients(), effect = prior_beta(1, 1)), class = "cordgain_invalid_input")
})

test_that("the order of patients does not matter, and a scale in tenths changes no size", {
  expect_equal(tidy(prior_check(known_course()))$estimate, tidy(prior_check(known_course(reverse = TRUE)))$estimate)
  one <- prior_check(two_patients())
  gains <- data.frame(week = c(12, 52), mean = c(50, 90), se = 12, sd = 60, n = 25, from_week = 2)
  df <- data.frame(id = rep(1:2, each = 2), week = c(2, 52), score = c(100, 300, 100, 200), at = 2)
  tenths <- motor_scale(min = 0, max = 500, direction = "higher", name = "tenths")
  ten <- prior_check(excess(recovery_data(df, id, week, score, tenths, treated_at = at),
    natural_curve(gains, correlation = 0.6, scale = tenths), accept = all_differences))
  for (term in c("ess_moment", "ledger_prior_effect", "surprise")) {
    expect_equal(at(ten, term), at(one, term), tolerance = 1e-7)
  }
})

test_that("the ledger is drawn", {
  skip_if_not_installed("ggplot2")
  expect_true(draws(plot(prior_check(curve_answer()))))
})
