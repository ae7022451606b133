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
  expect_identical(irwin_hall_tail(4, 4), 0)
  # Far up the cube's corner is a simplex; these are sums whose terms alternate when written from below.
  expect_equal(irwin_hall_tail(18, 20), (2^20 - 20) / factorial(20), tolerance = 1e-12)
  expect_equal(irwin_hall_tail(16, 18), (2^18 - 18) / factorial(18), tolerance = 1e-12)
  for (s in c(9.7, 10, 12)) { # by Fourier, another road
    expect_equal(irwin_hall_tail(s, 20), uniform_sum_tail(s, 20), tolerance = 1e-9)
  }
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

test_that("five patients of fifty points: the tail is what two halves of them give, joined in order", {
  baseline <- c(12, 18, 9, 15, 14)
  x <- score_change(baseline, c(36, 31, 11, 15, 20), "uems")
  e <- excess_of_scores(x, known())
  laws <- lapply(seq_along(baseline), \(i) {
    k <- -60:80
    mass <- pnorm(k + 0.5, 7.8, 6.5) - pnorm(k - 0.5, 7.8, 6.5)
    list(k = k, mass = mass, mid = pnorm(k - 0.5, 7.8, 6.5) + mass / 2)
  })
  tail_of <- \(part) {
    values <- lapply(laws, \(one) part(one$mid))
    seen <- sum(mapply(\(one, v, y) v[one$k == y], laws, values, change_scores(x)))
    joined <- \(set, by, what) Reduce(\(a, b) c(outer(a, b, by)), what[set])
    first <- joined(1:2, "+", values)
    second <- joined(3:5, "+", values)
    order <- order(second)
    below <- c(0, cumsum(joined(3:5, "*", lapply(laws, `[[`, "mass"))[order]))
    places <- findInterval(seen - first - 1e-9, second[order], left.open = TRUE)
    sum(joined(1:2, "*", lapply(laws, `[[`, "mass")) * (max(below) - below[places + 1]))
  }
  expect_equal(term_value(e, "percentile_sum"), tail_of(identity), tolerance = 1e-9)
  expect_equal(term_value(e, "fisher"), tail_of(\(u) -2 * log(pmax(1 - u, 1e-300))), tolerance = 1e-9)
})

test_that("whole scores on a lattice: what the sum over all combinations gives, within the stated error", {
  y <- c(17, 9, 3, 12, 6)
  x <- score_change(11:15, 11:15 + y, "uems")
  one_law <- patient_laws(known(), change_room(x), TRUE)
  own_laws <- patient_laws(natural_change(prior_normal(7.8, 1), sd = 6.5, family = "beta_binomial", range = c(0, 50)),
    change_room(x), TRUE)
  for (laws in list(one_law, own_laws)) {
    for (part in list(identity, fisher_part)) {
      u <- observed_percentiles(laws$fine, y)
      lattice <- vapply(c(512L, 1024L), \(steps) whole_lattice_tail(laws$fine$nodes$weight,
        whole_parts(laws$fine, part), part(u), identical(part, fisher_part), steps), 0)
      expect_lt(abs(lattice[2] - whole_tail(laws$fine, u, part, 1024L)), route_error(lattice[2], lattice[1]))
      expect_lt(route_error(lattice[2], lattice[1]), 1e-3)
    }
  }
})

test_that("ten patients of whole scores: both sums are what simulation gives", {
  withr::local_seed(5)
  y <- c(20, 3, 15, 8, 9, 13, 1, 7, 16, 11)
  e <- excess_of_scores(score_change(10:19, 10:19 + y, "uems"), natural_change(prior_normal(7.8, 1.5), sd = 6.5))
  n <- 2e5
  drawn <- round(matrix(rnorm(n, 7.8, 1.5) + rnorm(10 * n, 0, 6.5), n))
  total <- sqrt(1.5^2 + 6.5^2)
  u <- (pnorm(drawn - 0.5, 7.8, total) + pnorm(drawn + 0.5, 7.8, total)) / 2
  for (row in list(term_of(e, "percentile_sum"), term_of(e, "fisher"))) {
    simulated <- rowSums(if (row$term == "fisher") -2 * log(1 - u) else u)
    p <- mean(simulated >= row$statistic)
    expect_lt(abs(row$estimate - p), 4 * sqrt(p * (1 - p) / n))
    expect_lt(row$num.error, 1e-3)
  }
})

test_that("a change that nobody has naturally is no tie", {
  y <- c(50, 9, 3, 12, 6, 8, 10)
  e <- excess_of_scores(score_change(rep(0, 7), y, "uems"), natural_change(2, sd = 3))
  expect_equal(term_value(e, "fisher"), 0, tolerance = 1e-5)
  expect_lt(term_of(e, "fisher")$num.error, 1e-3)
})

test_that("percentiles that are steps of one size, whose sums tie by the thousand: not told", {
  # Of 0 to 50 points each is as likely as any other: percentiles are (k + 1/2) / 51.
  natural <- natural_change(25, sd = sqrt((51^2 - 1) / 12), family = "beta_binomial", range = c(0, 50))
  y <- c(30, 31, 25, 40, 44, 12, 33, 50, 20)
  laws <- patient_laws(natural, list(low = rep(0, 9), high = rep(50, 9)), TRUE)
  tails <- Map(\(law, steps) statistic_tail(law, observed_percentiles(law, y), identity, steps), laws, lattice_steps)
  sums <- Reduce(\(a, b) stats::convolve(a, rev(b), type = "open"), rep(list(rep(1 / 51, 51)), 9))
  expect_gt(sums[sum(y) + 1], 0.003) # the tie, half of which would be missed
  expect_true(is.na(tails$fine))
})

# P(U_1 + U_2 >= s) and P(-2 log((1 - U_1) (1 - U_2)) >= s), percentiles of two natural changes that share a mean: the
# second patient's distribution function over the first patient's change, over the mean.
two_percentiles <- function(s, mean, spread, sd, fisher) {
  total <- sqrt(spread^2 + sd^2)
  enough <- \(y, m) { # P(second patient is high enough | first patient's change, mean)
    u <- pnorm(y, mean, total)
    needed <- if (fisher) 1 - pmin(exp(-s / 2) / (1 - u), 1) else pmin(pmax(s - u, 0), 1)
    pnorm(qnorm(needed, mean, total), m, sd, lower.tail = FALSE)
  }
  kink <- qnorm(if (fisher) -expm1(-s / 2) else s %% 1, mean, total)
  given <- \(m) {
    over <- \(from, to) integrate(\(y) enough(y, m) * dnorm(y, m, sd), from, to, rel.tol = 1e-10)$value
    over(m - 9 * sd, min(max(kink, m - 9 * sd), m + 9 * sd)) + over(min(max(kink, m - 9 * sd), m + 9 * sd), m + 9 * sd)
  }
  integrate(Vectorize(\(m) given(m) * dnorm(m, mean, spread)), mean - 8 * spread, mean + 8 * spread,
    rel.tol = 1e-9)$value
}

test_that("two scores that are not whole, an uncertain mean: both sums are what nested integrals give", {
  for (spread in c(0.5, 3, 20)) {
    natural <- natural_change(prior_normal(7.8, spread), sd = 6.5)
    for (final in list(c(36.5, 31.25), c(20.5, 19.25), c(14.5, 48))) {
      e <- excess_of_scores(score_change(c(12, 18), final, "uems"), natural)
      sum <- term_of(e, "percentile_sum")
      expect_equal(sum$estimate, two_percentiles(sum$statistic, 7.8, spread, 6.5, FALSE), tolerance = 1e-7)
      fisher <- term_of(e, "fisher")
      expect_equal(fisher$estimate, two_percentiles(fisher$statistic, 7.8, spread, 6.5, TRUE), tolerance = 1e-7)
      expect_lt(max(sum$num.error, fisher$num.error), 1e-6)
    }
  }
})

test_that("on a lattice a known mean has the tails of independent uniforms", {
  law <- patient_laws(known(), list(low = rep(-12, 4), high = rep(38, 4)), FALSE)$fine
  four <- \(s, fisher) lattice_tail(list(shifted_percentile(law)), rep(1L, 4), law$nodes$weight, s, fisher, 1024L)
  for (s in c(0.4, 1.234, 2, 3.3, 3.9)) {
    expect_lt(abs(four(s, FALSE) - irwin_hall_tail(s, 4)), 1e-9)
  }
  for (s in c(0.5, 8, 30)) {
    expect_lt(abs(four(s, TRUE) - pchisq(s, 8, lower.tail = FALSE)), 1e-9)
  }
  expect_identical(c(four(0, FALSE), four(4, FALSE)), c(1, 0))
  # Of 30 uniforms, whose alternating sum has no digits left: normal but for a fourth cumulant of -30 / 120.
  many <- patient_laws(known(), list(low = rep(-12, 30), high = rep(38, 30)), FALSE)$fine
  z <- (17 - 15) / sqrt(30 / 12)
  edgeworth <- pnorm(-z) + dnorm(z) * (z^3 - 3 * z) * (-30 / 120) / (30 / 12)^2 / 24
  u <- rep(17 / 30, 30)
  expect_equal(statistic_tail(many, u, identity), edgeworth, tolerance = 5e-4) # the next term
  expect_equal(statistic_tail(many, u, identity, 512L), statistic_tail(many, u, identity), tolerance = 1e-8)
})

test_that("four scores that are not whole, an uncertain mean: both sums are what simulation gives", {
  withr::local_seed(4)
  natural <- natural_change(prior_normal(7.8, 3), sd = 6.5)
  e <- excess_of_scores(continuous_change(c(24.5, 13, 2, 10)), natural)
  n <- 4e5
  y <- matrix(rnorm(n, 7.8, 3) + rnorm(4 * n, 0, 6.5), n)
  u <- pnorm(y, 7.8, sqrt(3^2 + 6.5^2))
  agrees <- \(row, simulated) {
    p <- mean(simulated >= row$statistic)
    expect_lt(abs(row$estimate - p), 4 * sqrt(p * (1 - p) / n))
  }
  agrees(term_of(e, "percentile_sum"), rowSums(u))
  agrees(term_of(e, "fisher"), rowSums(-2 * log(1 - u)))
})

test_that("too many patients for the lattice are NA, with the reason", {
  natural <- natural_change(prior_normal(7.8, 1), sd = 6.5)
  law <- patient_laws(natural, list(low = rep(-12, 5000), high = rep(38, 5000)), FALSE)$fine
  expect_identical(statistic_tail(law, rep(0.5, 5000), fisher_part), NA_real_)
  row <- statistic_row("fisher", 1, list(fine = NA_real_, coarse = NA_real_), NULL, no_tail_reason)
  expect_match(row$reason, "so many patients")
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

test_that("high in the tail both routes know the observed changes again: every combination, by hand", {
  natural <- natural_change(data.frame(source = c("a", "b"), mean = c(7.8, 9), sd = 6.5, n = c(120, 60)),
    prior_half_normal(2), family = "censored", range = c(-14, 36))
  for (final in list(c(50, 50), c(46, 47))) {
    x <- score_change(c(12, 13), final, "uems")
    e <- excess_of_scores(x, natural)
    law <- patient_laws(natural, change_room(x), TRUE)$fine
    above <- lapply(law$each, \(one) rev(cumsum(rev(one$mass))) - one$mass / 2) # 1 - u, without cancellation
    at <- match(change_scores(x), -12:38) + 0:1 # the second patient's changes begin at -13
    observed <- log(above[[1]][at[1]]) + log(above[[2]][at[2]])
    seen <- outer(log(above[[1]]), log(above[[2]]), `+`) <= observed * (1 - 1e-9)
    p <- vapply(seq_along(law$nodes$weight), \(k) {
      sum(outer(law$each[[1]]$masses[, k], law$each[[2]]$masses[, k])[seen])
    }, 0)
    # Values below 1e-13 are left out of the sum, and their logarithms lose digits.
    expect_equal(term_value(e, "fisher"), sum(p * law$nodes$weight), tolerance = 1e-5)
    expect_lt(max(term_of(e, "fisher")$num.error, term_of(e, "percentile_sum")$num.error), 1e-8)
  }
})

test_that("a test that cannot be had is NA with the reason, in its own row", {
  row <- statistic_row("fisher", 1, list(fine = 0.1, coarse = 0.2), NULL)
  expect_true(is.na(row$estimate) && is.na(row$p.value))
  expect_match(row$reason, "A combination test could not be computed to 0.001")
})

# The rank test by its definition: every set of the treated's size.
enumerated_tail <- function(y, records) {
  ranks <- rank(c(y, records))
  sums <- utils::combn(length(ranks), length(y), \(i) sum(ranks[i]))
  mean(sums >= sum(ranks[seq_along(y)]) - 1e-9)
}

test_that("the rank test is what all sets of patients give, tied or not, few or many treated", {
  set.seed(31)
  for (i in seq_len(sweep_size(4000))) {
    n <- sample(7, 1)
    m <- sample(2:7, 1)
    values <- sample(c(2, 4, 30), 1)
    y <- sample(values, n, TRUE) + sample(0:2, 1)
    records <- sample(values, m, TRUE)
    if (i %% 3 == 0) {
      y <- stats::rnorm(n)
      records <- stats::rnorm(m)
    }
    # At most 14 factors, each rounded.
    expect_equal(rank_tail(y, records), enumerated_tail(y, records), tolerance = 1e-13)
  }
})

test_that("the rank test keeps its digits far out, its time, and does not overflow", {
  expect_equal(rank_tail(1001:1010, 1:1000) * choose(1010, 10), 1, tolerance = 1e-12) # 10 sums, each rounded
  expect_equal(rank_tail(c(3, 3, 3), rep(1:2, 500)) * choose(1003, 3), 1, tolerance = 1e-12)
  expect_identical(rank_tail(1:3, 4:20), 1)
  set.seed(32)
  y <- stats::rnorm(10, 0.5)
  records <- stats::rnorm(1900)
  times <- c(system.time(untied <- rank_tail(y, records))[[1]],
    system.time(tied <- rank_tail(round(10 * y), round(10 * records)))[[1]])
  expect_lt(max(times), 0.5)
  # The normal approximation with its correction is near: 0.01 is ten times its error here.
  near <- stats::wilcox.test(round(10 * y), round(10 * records), alternative = "greater", exact = FALSE)$p.value
  expect_lt(abs(tied - near), 0.01)
  # 50 without ties go the way of ties, as 40 may.
  y <- stats::rnorm(50, 0.3)
  expect_equal(rank_tail(y, -20:20 / 10 + 0.01), stats::wilcox.test(y, -20:20 / 10 + 0.01, alternative = "greater",
    exact = TRUE)$p.value, tolerance = 1e-12)
  y <- y[1:40]
  expect_equal(rank_tail(y, records[1:60]), deal_ranks(100:1, rep(1, 100), 40, sum(rank(c(y, records[1:60]))[1:40])),
    tolerance = 1e-12)
  # choose(1100, 500) is above 1e308.
  expect_true(is.na(rank_tail(1:500 + 0.5, 1:600 - 50)))
  expect_true(is.na(rank_tail(rep(1:500, 2), 1:1000)))
  row <- rank_terms(rep(1:500, 2), 1:1000)
  expect_match(row$reason, "so many tied records")
})

test_that("records off the scale are refused", {
  expect_error(excess_of_scores(continuous_change(), known(), records = c(400, 2)), "-50, 50.*no upper extremity",
    class = "cordgain_invalid_input")
})

test_that("one patient's percentile is uniform, however uncertain the natural mean", {
  e <- excess_of_scores(synthetic_change(12.5, 24), natural_change(prior_normal(7.8, 1), sd = 6.5))
  beyond <- pnorm(24, 7.8, sqrt(1 + 6.5^2), lower.tail = FALSE)
  for (term in c("percentile_sum", "fisher")) expect_equal(term_value(e, term), beyond, tolerance = 1e-8)
})
