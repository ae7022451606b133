# Closed forms are compared at 1e-10, one-dimensional searches at 1e-9: the tolerances
# that the check files ask of a test.
closed <- 1e-10
search <- 1e-9

test_that("the limits of 2 of 4 are the independently computed ones", {
  limits <- binomial_limits(2, 4, 0.95)
  low <- \(term) value_of(limits, term, "conf.low")
  expect_equal(low("rate_clopper_pearson"), checks_value("A08"), tolerance = closed)
  expect_equal(value_of(limits, "rate_clopper_pearson", "conf.high"), checks_value("A09"), tolerance = closed)
  expect_equal(low("rate_jeffreys"), checks_value("A11"), tolerance = closed)
  expect_equal(low("rate_blaker"), checks_value("A12"), tolerance = closed)
  expect_equal(low("rate_wilson"), checks_value("A13"), tolerance = closed)
})

test_that("the one-sided lower limit of 2 of 4 is the natural rate whose tail is 5 %", {
  lower <- core_clopper_pearson(2, 4, 0.05, 0)$lower
  expect_equal(lower, checks_value("A10"), tolerance = closed)
  expect_equal(stats::pbinom(1, 4, lower, lower.tail = FALSE), 0.05, tolerance = closed)
})

test_that("Clopper-Pearson, Jeffreys and Wilson limits agree with R's own beta quantiles and score test", {
  for (n in c(1, 4, 17, 200)) {
    for (y in unique(c(0, 1, n %/% 3, n))) {
      limits <- binomial_limits(y, n, 0.9)
      exact <- c(
        if (y == 0) 0 else stats::qbeta(0.05, y, n - y + 1), if (y == n) 1 else stats::qbeta(0.95, y + 1, n - y)
      )
      bayes <- stats::qbeta(c(0.05, 0.95), y + 0.5, n - y + 0.5)
      score <- suppressWarnings(stats::prop.test(y, n, conf.level = 0.9, correct = FALSE)$conf.int)
      between <- \(term) c(value_of(limits, term, "conf.low"), value_of(limits, term, "conf.high"))
      expect_equal(between("rate_clopper_pearson"), exact, tolerance = closed)
      expect_equal(between("rate_jeffreys"), bayes, tolerance = closed)
      expect_equal(between("rate_wilson"), as.numeric(score), tolerance = closed)
    }
  }
})

test_that("the Jeffreys row has the mean and standard deviation of its posterior", {
  limits <- binomial_limits(1, 4, 0.95)
  expect_equal(value_of(limits, "rate_jeffreys"), 1.5 / 5, tolerance = closed)
  expect_equal(value_of(limits, "rate_jeffreys", "std.error"), sqrt(1.5 * 3.5 / (25 * 6)), tolerance = closed)
  expect_equal(value_of(limits, "rate_blaker"), 0.25)
})

test_that("limits mirror when events and others are exchanged", {
  for (y in 0:7) {
    one <- binomial_limits(y, 7, 0.95)
    two <- binomial_limits(7 - y, 7, 0.95)
    expect_equal(one$conf.low, 1 - two$conf.high, tolerance = closed)
    expect_equal(one$estimate, 1 - two$estimate, tolerance = closed)
  }
})

test_that("limits are nested in the confidence level", {
  for (y in 0:6) {
    levels <- lapply(c(0.5, 0.8, 0.9, 0.95, 0.99), \(level) binomial_limits(y, 6, level))
    for (i in seq_along(levels)[-1]) {
      # 1e-14: rounding of limits that are equal, at 0 and 1
      expect_true(all(levels[[i]]$conf.low <= levels[[i - 1]]$conf.low + 1e-14))
      expect_true(all(levels[[i]]$conf.high >= levels[[i - 1]]$conf.high - 1e-14))
    }
  }
})

# Coverage over a grid of rates, by adding the probabilities of the outcomes whose limits hold the rate.
coverage <- function(n, method, rates, level = 0.95) {
  limits <- do.call(rbind, lapply(0:n, \(y) rate_interval(y, n, level, method)))
  vapply(rates, \(p) {
    sum(stats::dbinom(0:n, n, p)[limits$conf.low <= p + 1e-12 & limits$conf.high >= p - 1e-12])
  }, 0)
}

test_that("Clopper-Pearson and Blaker never cover less than stated, up to 12 patients", {
  rates <- seq(0.003, 0.997, by = 0.007)
  for (n in 1:12) {
    for (method in c("clopper-pearson", "blaker")) {
      # 1e-9: at a limit itself the covered probability is the stated one to rounding of the limit
      expect_gte(min(coverage(n, method, rates)), 0.95 - 1e-9)
    }
  }
})

test_that("Wilson covers less than stated somewhere, which its help says", {
  expect_lt(min(coverage(4, "wilson", seq(0.01, 0.99, by = 0.01))), 0.95)
})

test_that("Blaker lies within Clopper-Pearson", {
  for (n in c(4, 11, 30)) {
    for (y in 0:n) {
      limits <- rate_interval(y, n, method = c("clopper-pearson", "blaker"))
      expect_gte(limits$conf.low[2], limits$conf.low[1] - 1e-14)
      expect_lte(limits$conf.high[2], limits$conf.high[1] + 1e-14)
    }
  }
})

test_that("a rate beyond a Blaker limit is rejected by the acceptability of the definition", {
  acceptability <- function(y, n, p) {
    tail <- pmin(stats::pbinom(0:n, n, p), stats::pbinom(0:n - 1, n, p, lower.tail = FALSE))
    sum(stats::dbinom(0:n, n, p)[tail <= tail[y + 1] * (1 + 1e-11)])
  }
  for (y in 0:9) {
    limits <- rate_interval(y, 9, 0.9, "blaker")
    outside <- c(seq(0, limits$conf.low - 1e-9, length.out = 50), seq(limits$conf.high + 1e-9, 1, length.out = 50))
    outside <- outside[outside > 0 & outside < 1 & (outside < limits$conf.low | outside > limits$conf.high)]
    expect_true(all(vapply(outside, \(p) acceptability(y, 9, p), 0) <= 0.1))
  }
})

test_that("the default of rate_interval() gives four methods and the columns of every tidy()", {
  limits <- rate_interval(2, 4)
  expect_named(limits, c("term", "estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind"))
  expect_equal(nrow(limits), 4)
  expect_true(all(limits$num.error > 0 & limits$num.error < 1e-12))
})

test_that("the rule of three is offered from 30 patients on, for no event", {
  expect_equal(rate_interval(0, 30, method = "rule-of-three")$conf.high, -log(0.05) / 30, tolerance = closed)
  expect_error(rate_interval(0, 29, method = "rule-of-three"), class = "cordgain_invalid_input")
  expect_error(rate_interval(1, 30, method = "rule-of-three"), class = "cordgain_invalid_input")
})

test_that("limits that do not hold for a few patients are refused, and the error says what to use", {
  for (method in c("wald", "chi-squared", "rule-of-three")) {
    expect_error(rate_interval(0, 4, method = method), "clopper-pearson", class = "cordgain_invalid_input")
  }
  expect_error(rate_interval(3, 100, method = "wald"), "not offered", class = "cordgain_invalid_input")
  expect_error(rate_interval(3, 100, method = "chi-squared"), "not offered", class = "cordgain_invalid_input")
})

test_that("counts that are none are refused with a class", {
  bad <- list(
    list(-1, 4), list(5, 4), list(1.5, 4), list(0, 0), list(NaN, 4), list(Inf, 4), list("2", 4), list(NULL, 4),
    list(factor(2), 4), list(2, NA), list(c(1, 2), 4), list(NA_real_, 4), list(TRUE, 4), list(2, 4, 1), list(2, 4, 0),
    list(2, 4, "95 %")
  )
  for (args in bad) expect_error(do.call(rate_interval, args), class = "cordgain_invalid_input")
  expect_error(rate_interval(2, 4, method = "exact"), class = "cordgain_invalid_input")
  expect_error(rate_interval(2, 4, method = character()), class = "cordgain_invalid_input")
  expect_error(rate_interval(2, 4, method = 1), class = "cordgain_invalid_input")
})

test_that("the error for too many events names the argument and the counts", {
  expect_error(rate_interval(5, 4), "events.*5 of 4")
})

# Published limits ----------------------------------------------------------------------

test_that("limits agree with the worked examples of Newcombe (1998), Stat Med 17:857, to the printed digits", {
  published <- list(
    list(81, 263, exact = c(0.2527, 0.3676), score = c(0.2553, 0.3662)),
    list(15, 148, exact = c(0.0578, 0.1617), score = c(0.0624, 0.1605)),
    list(0, 20, exact = c(0.0000, 0.1684), score = c(0.0000, 0.1611)),
    list(1, 29, exact = c(0.0009, 0.1776), score = c(0.0061, 0.1718))
  )
  for (case in published) {
    limits <- rate_interval(case[[1]], case[[2]], method = c("clopper-pearson", "wilson"))
    expect_equal(round(c(limits$conf.low[1], limits$conf.high[1]), 4), case$exact)
    expect_equal(round(c(limits$conf.low[2], limits$conf.high[2]), 4), case$score)
  }
})

test_that("the Blaker limits of 3 of 10 are those printed in the help of the package BlakerCI", {
  limits <- rate_interval(3, 10, method = "blaker")
  # Printed to eight decimals: half a unit of the last.
  expect_lt(abs(limits$conf.low - 0.08726443), 5e-9)
  expect_lt(abs(limits$conf.high - 0.61941066), 5e-9)
})

test_that("the stated error covers the difference to R's own quantiles, over random counts", {
  withr::local_seed(20240611)
  for (i in seq_len(60)) {
    n <- sample(c(1:30, 100, 1000, 20000), 1)
    y <- sample(0:n, 1)
    level <- stats::runif(1, 0.5, 0.999)
    alpha <- 1 - level
    limits <- rate_interval(y, n, level, c("clopper-pearson", "jeffreys"))
    exact <- c(
      if (y == 0) 0 else stats::qbeta(alpha / 2, y, n - y + 1),
      if (y == n) 1 else stats::qbeta(alpha / 2, y + 1, n - y, lower.tail = FALSE)
    )
    bayes <- c(
      stats::qbeta(alpha / 2, y + 0.5, n - y + 0.5), stats::qbeta(alpha / 2, y + 0.5, n - y + 0.5, lower.tail = FALSE)
    )
    found <- rbind(c(limits$conf.low[1], limits$conf.high[1]), c(limits$conf.low[2], limits$conf.high[2]))
    # R's qbeta() itself is good to about 1e-13 of its value: its share of the difference.
    expect_true(all(abs(found - rbind(exact, bayes)) <= limits$num.error + 1e-13))
    expect_true(all(limits$num.error < 1e-11))
  }
})

test_that("a Blaker limit is a jump or a crossing of the acceptability, over random counts", {
  acceptability <- function(y, n, p) {
    tail <- pmin(stats::pbinom(0:n, n, p), stats::pbinom(0:n - 1, n, p, lower.tail = FALSE))
    sum(stats::dbinom(0:n, n, p)[tail <= tail[y + 1] * (1 + 1e-11)])
  }
  withr::local_seed(20240612)
  for (i in seq_len(40)) {
    n <- sample(c(2:30, 60), 1)
    y <- sample(0:n, 1)
    level <- stats::runif(1, 0.6, 0.995)
    limits <- rate_interval(y, n, level, "blaker")
    step <- 1e-8
    if (limits$conf.low > 0) {
      expect_gt(acceptability(y, n, limits$conf.low + step), 1 - level)
      expect_lte(acceptability(y, n, limits$conf.low - step), 1 - level)
    }
    if (limits$conf.high < 1) {
      expect_gt(acceptability(y, n, limits$conf.high - step), 1 - level)
      expect_lte(acceptability(y, n, limits$conf.high + step), 1 - level)
    }
  }
})

# Two groups ----------------------------------------------------------------------------

test_that("two of four against 32 of 187 has the independently computed p-values", {
  tests <- two_by_two(2, 4, 32, 187)
  expect_equal(value_of(tests, "fisher"), checks_value("B15"), tolerance = closed)
  expect_equal(value_of(tests, "barnard"), checks_value("B16"), tolerance = search)
  expect_equal(value_of(tests, "boschloo"), checks_value("B17"), tolerance = search)
  expect_equal(round(value_of(tests, "barnard", "nuisance"), 5), 0.03931) # as printed in the check file
  expect_equal(round(value_of(tests, "boschloo", "nuisance"), 5), 0.33458)
  expect_equal(tests$p.value, tests$estimate)
  expect_true(all(tests$num.error < 1e-10))
  expect_equal(tests$num.kind, c("exact", "bound", "bound"))
  expect_true(all(tests$assumption == "exchangeability assumed"))
})

test_that("Fisher's p-values are those of R's fisher.test()", {
  for (case in list(c(2, 4, 32, 187), c(0, 4, 3, 9), c(4, 4, 0, 5), c(7, 12, 5, 12), c(3, 50, 40, 300))) {
    for (alternative in c("greater", "less", "two.sided")) {
      table <- matrix(c(case[1], case[2] - case[1], case[3], case[4] - case[3]), 2)
      own <- two_by_two(case[1], case[2], case[3], case[4], alternative)
      expect_equal(own$estimate[1], stats::fisher.test(table, alternative = alternative)$p.value, tolerance = closed)
    }
  }
})

# Largest probability of the tables as extreme, over a grid of rates: never above the supremum.
brute_force <- function(y1, n1, y0, n0, statistic) {
  all <- expand.grid(x1 = 0:n1, x0 = 0:n0)
  values <- mapply(statistic, all$x1, all$x0)
  region <- all[values >= statistic(y1, y0) - 1e-9, ]
  rates <- seq(0.0005, 0.9995, by = 0.001)
  max(vapply(rates, \(p) sum(stats::dbinom(region$x1, n1, p) * stats::dbinom(region$x0, n0, p)), 0))
}

pooled_z <- function(n1, n0, turn = 1) {
  function(x1, x0) {
    p <- (x1 + x0) / (n1 + n0)
    if (p == 0 || p == 1) 0 else turn * (x1 / n1 - x0 / n0) / sqrt(p * (1 - p) * (1 / n1 + 1 / n0))
  }
}

minus_fisher <- function(n1, n0, alternative) {
  function(x1, x0) -stats::fisher.test(matrix(c(x1, n1 - x1, x0, n0 - x0), 2), alternative = alternative)$p.value
}

test_that("Barnard and Boschloo are the largest size over all rates, found by brute force", {
  for (case in list(c(2, 4, 1, 6), c(1, 4, 3, 6), c(4, 4, 2, 6), c(0, 4, 0, 6), c(3, 5, 3, 5))) {
    n1 <- case[2]
    n0 <- case[4]
    tests <- two_by_two(case[1], n1, case[3], n0)
    both <- two_by_two(case[1], n1, case[3], n0, "two.sided")
    size <- c(
      brute_force(case[1], n1, case[3], n0, pooled_z(n1, n0)),
      brute_force(case[1], n1, case[3], n0, minus_fisher(n1, n0, "greater")),
      brute_force(case[1], n1, case[3], n0, \(x1, x0) abs(pooled_z(n1, n0)(x1, x0))),
      brute_force(case[1], n1, case[3], n0, minus_fisher(n1, n0, "two.sided"))
    )
    found <- c(tests$estimate[2:3], both$estimate[2:3])
    expect_true(all(size <= found + 1e-10)) # the proved bound on the supremum
    # The grid of step 0.001 misses a top by at most N / (8 p q) * step^2 where it is curved and N * step at the ends.
    expect_true(all(found - size < 0.006))
  }
})

test_that("Boschloo is never above Fisher", {
  for (y1 in 0:4) {
    for (y0 in c(0, 3, 10, 20)) {
      tests <- two_by_two(y1, 4, y0, 20)
      expect_lte(tests$estimate[3], tests$estimate[1] + 1e-12) # rounding of the sums
    }
  }
})

test_that("exchanging events and others turns the alternative, exchanging the groups too", {
  one <- two_by_two(3, 4, 5, 20)
  others <- two_by_two(1, 4, 15, 20, "less")
  groups <- two_by_two(5, 20, 3, 4, "less")
  expect_equal(others$estimate, one$estimate, tolerance = search)
  expect_equal(groups$estimate, one$estimate, tolerance = search)
})

test_that("p-values fall as the treated do better", {
  p <- vapply(0:4, \(y) two_by_two(y, 4, 30, 150)$estimate, numeric(3))
  expect_true(all(diff(t(p)) <= 1e-10))
})

test_that("tables beyond the stated size are a classed error that says the size", {
  expect_error(two_by_two(10, 5000, 20, 5000), "16 million", class = "cordgain_invalid_input")
})

# Values computed with the R packages Barnard (nuisance in steps of 1e-6) and Exact (1e-8), as
# printed in the tests of SciPy's barnard_exact() and boschloo_exact(). A row is y1, others of
# group 1, y0, others of group 0, then the p-value.

test_that("two-sided Barnard p-values are those of the R package Barnard", {
  published <- rbind(
    c(43, 10, 40, 39, 0.000362832367), c(100, 1000, 2, 5, 0.135126970878), c(2, 8, 7, 2, 0.019210815430),
    c(5, 10, 1, 10, 0.156277546306), c(5, 20, 15, 20, 0.066363501421), c(5, 20, 16, 25, 0.116984852192),
    c(10, 10, 5, 1, 0.177536588915), c(5, 1, 0, 4, 0.013671875000), c(0, 3, 1, 2, 0.509667991877),
    c(0, 6, 2, 4, 0.197019618792)
  )
  for (i in seq_len(nrow(published))) {
    case <- published[i, ]
    found <- core_barnard(case[1], case[1] + case[2], case[3], case[3] + case[4], 0L)
    # A grid of step 1e-6 misses a curved top by N / (8 p q) * 1e-12, the end of a steep one by more;
    # its values are never above the supremum. Twelve decimals are printed.
    expect_gte(found$p_value, case[5] - 1e-12)
    expect_lt(found$p_value - case[5], 1e-9)
  }
})

test_that("the pooled z is that of the R package Barnard", {
  published <- rbind(
    c(43, 10, 40, 39, 3.555406779643), c(2, 8, 7, 2, -2.518474945157), c(5, 1, 0, 4, 2.581988897472),
    c(0, 3, 1, 2, -1.095445115010)
  )
  for (i in seq_len(nrow(published))) {
    case <- published[i, ]
    found <- core_barnard(case[1], case[1] + case[2], case[3], case[3] + case[4], 0L)
    expect_equal(found$statistic, case[5], tolerance = 1e-12)
  }
})

test_that("one-sided Boschloo p-values are those of the R package Exact", {
  published <- rbind(
    c(2, 8, 7, 2, 0.009886142), c(5, 10, 1, 10, 0.9450994), c(5, 20, 16, 25, 0.05827348),
    c(10, 10, 5, 1, 0.08565611), c(5, 1, 0, 4, 1), c(0, 3, 1, 2, 0.34375), c(7, 8, 12, 3, 0.03410916),
    c(10, 25, 24, 37, 0.1512882)
  )
  for (i in seq_len(nrow(published))) {
    case <- published[i, ]
    found <- core_boschloo(case[1], case[1] + case[2], case[3], case[3] + case[4], -1L)
    expect_lt(abs(found$p_value - case[5]), 6e-8) # seven significant digits are printed
  }
})

test_that("the proved bound covers a second search, over random tables", {
  withr::local_seed(20240613)
  for (i in seq_len(15)) {
    n1 <- sample(2:9, 1)
    n0 <- sample(3:40, 1)
    y1 <- sample(0:n1, 1)
    y0 <- sample(0:n0, 1)
    all <- expand.grid(x1 = 0:n1, x0 = 0:n0)
    values <- mapply(pooled_z(n1, n0), all$x1, all$x0)
    region <- all[values >= pooled_z(n1, n0)(y1, y0) - 1e-9, ]
    size <- \(p) sum(stats::dbinom(region$x1, n1, p) * stats::dbinom(region$x0, n0, p))
    found <- core_barnard(y1, n1, y0, n0, 1L)
    # The second search: a grid, then golden sections about its best point.
    grid <- seq(0.0005, 0.9995, by = 0.001)
    best <- grid[which.max(vapply(grid, size, 0))]
    again <- stats::optimize(size, best + c(-0.001, 0.001) * 0.5, maximum = TRUE, tol = 1e-10)$objective
    again <- max(again, size(0), size(1))
    expect_lte(again, found$p_value + found$error)
    expect_lt(found$p_value - again, 1e-9)
    expect_equal(size(found$nuisance), found$p_value, tolerance = 1e-12)
  }
})
