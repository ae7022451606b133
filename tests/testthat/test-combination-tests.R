# Tests that combine percentiles, against closed forms, brute force and simulation-free identities.

known <- \() natural_change(7.8, sd = 6.5)

test_that("Irwin-Hall and Fisher agree with independent values (E02, E03)", {
  e <- excess_of_scores(continuous_change(), known())
  expect_equal(term_value(e, "percentile_sum"), checks_value("E02"), tolerance = 1e-12)
  expect_equal(term_value(e, "percentile_sum", "statistic"), 2.08298249, tolerance = 1e-8) # printed in the check file
  expect_equal(term_value(e, "fisher"), checks_value("E03"), tolerance = 1e-12)
  expect_equal(term_value(e, "exceedance"), checks_value("J11"), tolerance = 1e-12)
})

test_that("Irwin-Hall has its known values", {
  expect_equal(irwin_hall_tail(0.3, 1), 0.7)
  expect_equal(irwin_hall_tail(1.5, 2), 0.125)
  expect_equal(irwin_hall_tail(1.5, 3), 0.5)
  expect_equal(irwin_hall_tail(4, 4), 0, tolerance = 1e-12)
  expect_identical(irwin_hall_tail(3, 21), NA_real_)
})

test_that("exceedances are integrated over the shared mean (E16 with its correction, N15)", {
  y <- continuous_change(c(24, 20, 2, 0)) # two above 18.49
  spread <- sqrt(0.6^2 + 1.5^2)
  e <- excess_of_scores(y, natural_change(prior_normal(7.8, spread), sd = 6.5))
  expect_equal(term_value(e, "exceedance"), checks_value("N15a"), tolerance = 5e-9) # printed to ten decimals
  biased <- excess_of_scores(y, natural_change(prior_normal(7.8, spread), sd = 6.5, bias = prior_normal(0, 2)))
  expect_equal(term_value(biased, "exceedance"), checks_value("N15b"), tolerance = 5e-9)
})

test_that("the tail of a beta-binomial count above 18.49 agrees with N15d", {
  law <- patient_laws(natural_change(7.8, sd = 6.5, family = "beta_binomial", range = c(0, 50)),
    list(low = rep(0, 4), high = rep(50, 4)), TRUE)$fine
  q <- 1 - conditional_cdf(law$model, 18, law$nodes, TRUE, 0, 50)
  expect_equal(count_tail(q[rep(1, 4), , drop = FALSE], law$nodes$weight, 2), checks_value("N15d"), tolerance = 1e-8)
})

test_that("whole scores: the tail is what all combinations of values give", {
  natural <- natural_change(prior_normal(2, 0.5), sd = 1.5, family = "beta_binomial", range = c(0, 6))
  x <- score_change(c(1, 2, 3), c(5, 3, 3), motor_scale(min = 0, max = 9, direction = "higher", name = "own"))
  laws <- patient_laws(natural, list(low = c(-1, -2, -3), high = c(8, 7, 6)), TRUE)
  law <- laws$fine
  u <- vapply(1:3, \(i) percentile_of(percentile_ends(law, i, change_scores(x)[i])), 0)
  cases <- expand.grid(lapply(law$each, \(one) seq_along(one$values)))
  mids <- lapply(law$each, \(one) one$cdf - one$mass / 2)
  total <- mids[[1]][cases[[1]]] + mids[[2]][cases[[2]]] + mids[[3]][cases[[3]]]
  p <- law$each[[1]]$masses[cases[[1]], ] * law$each[[2]]$masses[cases[[2]], ] * law$each[[3]]$masses[cases[[3]], ]
  brute <- sum((p %*% law$nodes$weight)[total >= sum(u) - 1e-9])
  expect_equal(statistic_tail(law, u, identity), brute, tolerance = 1e-9)
  e <- excess_of_scores(x, natural)
  expect_equal(term_value(e, "percentile_sum"), brute, tolerance = 1e-9)
})

test_that("what has no finite sum is NA, and the print says so", {
  e <- excess_of_scores(continuous_change(), natural_change(prior_normal(7.8, 1), sd = 6.5))
  expect_true(is.na(term_value(e, "fisher")))
  expect_false(is.na(term_value(e, "exceedance")))
  expect_output(print(e), "not computed")
})

test_that("the rank test is the exact permutation distribution, ties included (A18, E14)", {
  # 4 treated all above 20 controls: 1 / choose(24, 4).
  expect_equal(rank_tail(21:24, 1:20), 1 / choose(24, 4), tolerance = 1e-14)
  expect_equal(conformal_p(24, 1:20), checks_value("E14"), tolerance = 1e-14)
  y <- c(5, 9, 9)
  records <- c(1, 5, 7, 9, 2)
  all <- c(y, records)
  sums <- utils::combn(8, 3, \(i) sum(rank(all)[i]))
  expect_equal(rank_tail(y, records), mean(sums >= sum(rank(all)[1:3])))
  no_ties <- c(3.1, 8.2, 4.4)
  others <- c(1, 2, 3, 4, 5, 6.5)
  expect_equal(rank_tail(no_ties, others), stats::wilcox.test(no_ties, others, alternative = "greater",
    exact = TRUE)$p.value)
})

test_that("records are read, checked and turned", {
  e <- excess_of_scores(continuous_change(), known(), records = 1:20 / 2, primary = "rank_test")
  expect_equal(term_value(e, "rank_test"), rank_tail(c(24, 13, 2, 0), 1:20 / 2))
  untreated <- score_change(c(10, 10, 10), c(12, 15, 20), "uems")
  expect_equal(term_value(excess_of_scores(continuous_change(), known(), records = untreated), "rank_test"),
    rank_tail(c(24, 13, 2, 0), c(2, 5, 10)))
  expect_error(excess_of_scores(continuous_change(), known(), records = 3), class = "cordgain_invalid_input")
  expect_error(excess_of_scores(continuous_change(), known(), records = score_change(1, 2, "lems")),
    class = "cordgain_unmatched")
  expect_error(excess_of_scores(continuous_change(), known(), primary = "rank_test"), "records",
    class = "cordgain_invalid_input")
  expect_error(excess_of_scores(continuous_change(), known(), primary = "t_test"), class = "cordgain_invalid_input")
})
