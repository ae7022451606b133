# Two engines, one answer, for responders and natural rates: SDs and limits too.

whole <- function(x) {
  rows <- tidy(certify(x))
  told <- tidy(x)
  parts <- c("estimate", "std.error", "conf.low", "conf.high")
  expect_identical(nrow(rows), sum(!is.na(told[parts]))) # every number of tidy() stands there once
  expect_true(all(rows$agrees, na.rm = TRUE))
  rows
}

test_that("every number of the four registries agrees, with a margin and controls", {
  control <- two_of_four(0, 3, role = "control")
  answer <- excess(two_of_four(), reference_rate(0.5), control = control, accept = every_difference, margin = 0.1)
  rows <- whole(answer)
  expect_false(anyNA(rows$second))
  expect_gte(min(rows$digits), 6)
  expect_output(print(certify(answer)), "50 of 50 numbers")
})

test_that("a natural rate: limits of rate, tau and mu agree, and ELIR alone has no second road", {
  for (natural in list(reference_rate(0.5), natural_rate(late_registries(), tau = prior_exponential(2), mu = NULL),
    natural_rate(reference_registries(), tau = prior_fixed(0.02)))) {
    rows <- whole(natural)
    expect_true(all(rows$term[is.na(rows$second)] == "ess_elir"))
    expect_setequal(rows$part[rows$term == "mu"], c("estimate", "std.error", "conf.low", "conf.high"))
  }
})

test_that("priors and numbers agree, without responders and with responders alone, at other levels", {
  for (natural in list(natural_rate(prior_beta(0.5, 0.5)), natural_rate(prior_normal(-2, 0.7)), natural_rate(0.134),
    natural_rate(prior_beta(8, 56), bias = prior_normal(0.3, 0.5)), natural_rate(0.134, shared_sd = 0.5))) {
    for (y in c(0, 2, 4)) expect_false(anyNA(whole(excess_of(natural, y, 4, conf.level = 0.8, margin = -0.1))$second))
  }
})

test_that("faults planted in an SD, a limit and a margin are found and named", {
  answer <- excess_of(natural_rate(prior_beta(8, 56)), margin = 0.1)
  plant <- \(term, part) {
    answer$terms[[part]][answer$terms$term == term] <- answer$terms[[part]][answer$terms$term == term] + 1e-5
    rows <- tidy(certify(answer))
    rows[!rows$agrees, ]
  }
  for (one in list(c("log_odds_shift", "conf.low"), c("rate_difference", "conf.high"), c("rate_blaker", "conf.low"),
    c("excess_responders_joint", "std.error"), c("rate_difference_above_margin", "estimate"))) {
    found <- plant(one[1], one[2])
    expect_identical(c(found$term, found$part), one)
  }
})
