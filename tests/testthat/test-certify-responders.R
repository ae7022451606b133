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
  skip_on_cran() # long
  control <- two_of_four(0, 3, role = "control")
  answer <- excess(two_of_four(), reference_rate(0.5), control = control, accept = every_difference, margin = 0.1)
  rows <- whole(answer)
  expect_false(anyNA(rows$second))
  expect_gte(min(rows$digits), 6)
  expect_output(print(certify(answer)), "50 of 50 numbers")
})

test_that("a natural rate: limits of rate, tau and mu agree, and the ELIR size where there is one", {
  skip_on_cran() # long
  for (natural in list(reference_rate(0.5), natural_rate(late_registries(), tau = prior_exponential(2), mu = NULL),
    natural_rate(reference_registries(), tau = prior_fixed(0.02)))) {
    rows <- whole(natural)
    expect_false(anyNA(rows$second))
    expect_setequal(rows$part[rows$term == "mu"], c("estimate", "std.error", "conf.low", "conf.high"))
  }
})

test_that("ELIR sizes agree for every kind of rate: priors moved and spread, registries at the edge of existence", {
  skip_on_cran() # long
  rates <- list(natural_rate(prior_beta(8, 56), bias = prior_normal(0.3, 0.5)), reference_rate(1),
    natural_rate(prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))),
    natural_rate(late_registries(), tau = prior_uniform(0, 1)),
    natural_rate(late_registries(), tau = prior_half_normal(0.7), mu = NULL))
  for (natural in rates) {
    told <- tidy(natural)[tidy(natural)$term == "ess_elir", ]
    second <- second_elir(natural)
    expect_lt(abs(told$estimate - second), told$num.error + 1e-7 * abs(second))
  }
})

test_that("a fault planted in the ELIR size is found and named", {
  natural <- natural_rate(prior_normal(-2, 0.7))
  rows <- paired_rows(transform(tidy(natural), estimate = estimate * (1 + 1e-6 * (term == "ess_elir"))),
    second_row("ess_elir", NA_character_, second_elir(natural)))
  found <- tidy(agreed_digits(rows, "a prior"))
  expect_identical(found$term[!found$agrees & !is.na(found$agrees)], "ess_elir")
})

test_that("priors and numbers agree, without responders and with responders alone, at other levels", {
  skip_on_cran() # long
  for (natural in list(natural_rate(prior_beta(0.5, 0.5)), natural_rate(prior_normal(-2, 0.7)), natural_rate(0.134),
    natural_rate(prior_beta(8, 56), bias = prior_normal(0.3, 0.5)), natural_rate(0.134, shared_sd = 0.5))) {
    for (y in c(0, 2, 4)) expect_false(anyNA(whole(excess_of(natural, y, 4, conf.level = 0.8, margin = -0.1))$second))
  }
})

test_that("faults planted in an SD, a limit and a margin are found and named", {
  skip_on_cran() # long
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

test_that("other priors of tau, a mixture, a source without events and sixty patients agree to nine digits", {
  skip_on_cran() # long
  kinds <- list(
    natural_rate(late_registries(), tau = prior_uniform(0, 1)),
    natural_rate(late_registries(), tau = prior_gamma(2, 4)),
    natural_rate(reference_registries(), tau = prior_half_t(4, 0.5)),
    natural_rate(prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))),
    natural_rate(sources_of(0, 40), tau = prior_half_normal(0.5))
  )
  for (natural in kinds) {
    rows <- whole(excess_of(natural, margin = 0.1))
    expect_false(anyNA(rows$second))
    expect_gte(min(rows$digits), 8)
  }
  many <- whole(excess_of(natural_rate(prior_beta(3, 17)), 12, 60))
  expect_gte(min(many$digits), 8)
})

test_that("exact tests against controls are recomputed for each table, and open controls have none", {
  # Two rows of a 2 x 2 table by R's own test; the two unconditional tests are at most as large as Fisher's.
  for (control in list(c(0, 3), c(1, 4), c(2, 5))) {
    arm <- two_of_four(control[1], control[2], role = "control")
    found <- second_controls(arm, 2, 4)
    table <- matrix(c(2, 2, control[1], control[2] - control[1]), 2)
    fisher <- stats::fisher.test(table, alternative = "greater")$p.value
    expect_equal(found$estimate[found$term == "fisher"], fisher, tolerance = 1e-12)
    expect_lte(found$estimate[found$term == "boschloo"], fisher)
  }
  expect_null(second_controls(NULL, 2, 4))
  expect_null(second_controls(two_of_four(c(0, 1), 3, role = "control"), 2, 4))
})

test_that("limits of counts are those of a binomial where the rate is known", {
  nodes <- second_nodes(second_components(natural_rate(0.3)))
  rows <- second_nature(nodes, 3, 10, c(0.05, 0.95))
  nature <- rows[rows$term == "natural_responders", ]
  expect_equal(c(nature$estimate, nature$std.error), c(3, sqrt(2.1)), tolerance = 1e-12)
  expect_equal(c(nature$conf.low, nature$conf.high), stats::qbinom(c(0.05, 0.95), 10, 0.3))
  excess <- rows[rows$term == "excess_responders", ]
  expect_equal(c(excess$conf.low, excess$conf.high), 3 - stats::qbinom(c(0.95, 0.05), 10, 0.3))
  expect_equal(rows$estimate[rows$term == "natural_tail"], 1 - stats::pbinom(2, 10, 0.3), tolerance = 1e-12)
  expect_equal(rows$estimate[rows$term == "e_value"], 1 / (11 * stats::dbinom(3, 10, 0.3)), tolerance = 1e-12)
})

test_that("the moments of a rate are those of its beta prior", {
  made <- second_rate_moments(second_nodes(second_components(natural_rate(prior_beta(8, 56)))))
  expect_equal(made$mean, 8 / 64, tolerance = 1e-10)
  expect_equal(made$sd, sqrt(8 * 56 / (64^2 * 65)), tolerance = 1e-10)
  rows <- second_rate(natural_rate(prior_beta(8, 56)), second_components(natural_rate(prior_beta(8, 56))))
  rate <- rows[rows$term == "rate", ]
  expect_equal(c(rate$conf.low, rate$conf.high), stats::qbeta(c(0.025, 0.975), 8, 56), tolerance = 1e-9)
  # The moment size of a beta is a + b, what it says of the prior's patients.
  expect_equal(rows$estimate[rows$term == "ess_moment"], 64, tolerance = 1e-8)
  expect_equal(rows$estimate[rows$term == "icc"], 1 / 65, tolerance = 1e-9)
})
