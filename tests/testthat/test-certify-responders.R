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

test_that("the laws are those of simple cases", {
  # A normal on a lattice, and the sum of two normals.
  at <- seq(-9, 9, by = 0.25)
  alone <- lattice_waves(at, stats::dnorm(at) * 0.25)
  both <- lattice_waves(at, stats::dnorm(at) * 0.25, 0.1)
  for (x in c(-1.96, 0.11, 2.3)) {
    expect_equal(lattice_below(alone, x), stats::pnorm(x), tolerance = 1e-12)
    expect_equal(lattice_below(both, x), stats::pnorm(x, 0, sqrt(1.01)), tolerance = 1e-12)
  }
  # A density of exponential shape on two panels.
  nodes <- legendre_panels(c(0, 1, 3))
  below <- panels_below(matrix(nodes$x, 16), matrix(stats::dexp(nodes$x) * nodes$w, 16))
  expect_equal(c(below(0.4), below(2.2)), stats::pexp(c(0.4, 2.2)), tolerance = 1e-13)
  expect_identical(last_true(\(k) k <= 5, 0, 12), 5)
  expect_equal(search_limits(stats::pnorm, c(0.025, 0.9), 0, 1), stats::qnorm(c(0.025, 0.9)), tolerance = 1e-9)
})

test_that("Blaker's limits, published, and the tests against controls by hand", {
  # Two tables of one patient each: of 1 of 1 against 0 of 1 Fisher has 1 / 2, Barnard the largest p (1 - p).
  control <- two_of_four(0, 1, role = "control")
  expect_equal(second_controls(control, 1, 1)$estimate, c(1 / 2, 1 / 4, 1 / 4), tolerance = 1e-9)
  # 0 of n: none is accepted less than 0.
  expect_identical(blaker_least(0, 4, 0.05), 0)
  # 4 of 4: outcomes as extreme are 4 alone near p = a^(1/4), so the limit is there.
  expect_equal(blaker_least(4, 4, 0.05), 0.05^(1 / 4), tolerance = 1e-9)
})
