# Combination tests: order, units, limits and refusals, against sums and closed forms of base R.

sharp <- \(...) natural_change(7.8, sd = 6.5, ...)

test_that("the tail of a sum of uniforms falls, is symmetric about n / 2 and runs from 1 to 0", {
  for (n in c(1, 2, 4, 7, 12)) {
    s <- seq(0, n, length.out = 25)
    tail <- vapply(s, irwin_hall_tail, 0, n = n)
    # Alternating terms up to C(12, 6) 12^12 / 12! lose about five of sixteen digits.
    expect_true(all(diff(tail) <= 1e-9))
    expect_lt(max(abs(tail + rev(tail) - 1)), 1e-9)
    expect_equal(c(tail[1], tail[25]), c(1, 0), tolerance = 1e-9)
  }
})

test_that("the tail of a sum of uniforms is the convolution integral of one uniform fewer", {
  # P(S_n >= s) = integral over u in (0, 1) of P(S_{n-1} >= s - u); below 0 the chance is 1, above n - 1 it is 0.
  before <- \(s, n) vapply(s, \(v) if (v <= 0) 1 else if (v >= n) 0 else irwin_hall_tail(v, n), 0)
  for (case in list(c(0.7, 2), c(1.9, 3), c(3.2, 4), c(2.5, 5))) {
    # The density has corners at whole numbers only, so the integral is cut there; integrate() to 1e-10.
    cuts <- sort(unique(c(0, case[1] %% 1, 1)))
    parts <- vapply(seq_len(length(cuts) - 1), \(i) {
      stats::integrate(\(u) before(case[1] - u, case[2] - 1), cuts[i], cuts[i + 1], rel.tol = 1e-10)$value
    }, 0)
    expect_equal(irwin_hall_tail(case[1], case[2]), sum(parts), tolerance = 1e-9)
  }
})

test_that("Fisher's part is the chi-square of two degrees of freedom, and finite at 1", {
  u <- c(0, 0.2, 0.9, 1 - 1e-12)
  expect_equal(stats::pchisq(fisher_part(u), 2), u, tolerance = 1e-12)
  expect_true(is.finite(fisher_part(1)))
  expect_identical(fisher_part(0), 0)
})

test_that("one patient: every test that uses the percentile gives 1 minus it", {
  x <- score_change(10.5, 22.5, "uems", match = list(level = "cervical", baseline_grade = "A"))
  e <- excess_of_scores(x, sharp())
  tail <- stats::pnorm((12 - 7.8) / 6.5, lower.tail = FALSE)
  # Closed forms: what is left is rounding.
  expect_equal(term_value(e, "percentile_sum"), tail, tolerance = 1e-12)
  expect_equal(term_value(e, "fisher"), tail, tolerance = 1e-12)
  expect_identical(term_value(e, "exceedance"), 1)
})

test_that("the order of the patients changes no test", {
  one <- excess_of_scores(continuous_change(c(24, 13, 2, 0)), sharp(), records = c(1, 4, 9, 16, 2))
  x <- score_change(c(15, 9, 18, 12) + 0.5, c(15, 11, 31, 36) + 0.5, "uems",
    match = list(level = "cervical", baseline_grade = "A"))
  other <- excess_of_scores(x, sharp(), records = c(16, 2, 1, 9, 4))
  for (term in c("percentile_sum", "fisher", "exceedance", "rank_test")) {
    expect_equal(term_value(one, term), term_value(other, term), tolerance = 1e-12) # sums in another order
  }
})

test_that("a better score of one patient never makes a tail larger", {
  gains <- c(0, 4, 9, 15, 25)
  for (term in c("percentile_sum", "fisher", "exceedance", "rank_test")) {
    tails <- vapply(gains, \(g) {
      e <- excess_of_scores(continuous_change(c(g, 13, 2, 0)), sharp(), records = c(1, 4.2, 9.1, 16, 2))
      term_value(e, term)
    }, 0)
    expect_true(all(diff(tails) <= 1e-12), info = term)
    expect_lt(tails[5], tails[1])
  }
})

test_that("the percentile tests do not depend on the units of the score", {
  wide <- motor_scale(min = 0, max = 500, direction = "higher", name = "tenths")
  x <- score_change(c(125, 185, 95, 155) + 0.5, c(365, 315, 115, 155) + 0.5, wide)
  e <- excess_of_scores(x, natural_change(78, sd = 65))
  small <- excess_of_scores(continuous_change(c(24, 13, 2, 0)), sharp())
  for (term in c("percentile_sum", "fisher", "exceedance")) {
    expect_equal(term_value(e, term), term_value(small, term), tolerance = 1e-12) # z is the same to rounding
  }
})

test_that("exceedances of a known mean are binomial", {
  for (above in 0:4) {
    y <- rep(c(30, 0), c(above, 4 - above)) # 18.49 is the 95th percentile
    e <- excess_of_scores(continuous_change(y), sharp())
    expect_identical(term_value(e, "exceedance", "statistic"), as.numeric(above))
    # 1 - pnorm(qnorm(0.95)) is 0.05 to rounding.
    expect_equal(term_value(e, "exceedance"), binomial_tail(above, 4, 0.05), tolerance = 1e-12)
  }
})

test_that("the rank tail is the Wilcoxon distribution of R without ties, and 1 at the lowest ranks", {
  set.seed(11)
  for (n in c(1, 3, 5)) {
    y <- stats::rnorm(n, 1)
    records <- stats::rnorm(9)
    w <- sum(outer(y, records, ">"))
    expect_equal(rank_tail(y, records), stats::pwilcox(w - 1, n, 9, lower.tail = FALSE), tolerance = 1e-13)
  }
  expect_equal(rank_tail(-(3:1), 1:6), 1, tolerance = 1e-14)
})

test_that("all tied: the rank tail is 1; a monotone change of all scores leaves it", {
  expect_equal(rank_tail(c(2, 2), rep(2, 5)), 1, tolerance = 1e-14)
  y <- c(3, 8, 8.5)
  records <- c(1, 3, 5, 6, 9)
  expect_identical(rank_tail(exp(y), exp(records)), rank_tail(y, records))
})

test_that("a conformal p-value is a whole multiple of 1 / (records + 1), and uniform for the records themselves", {
  records <- c(1, 2, 4, 8, 16)
  expect_equal(conformal_p(c(0, 3, 20), records), c(6, 4, 1) / 6)
  # Each of six exchangeable values against the other five: the ranks 1 to 6.
  all <- c(records, 5)
  p <- vapply(seq_along(all), \(i) conformal_p(all[i], all[-i]), 0)
  expect_equal(sort(p), (1:6) / 6)
})

test_that("records of another scale, too few, too many or no numbers are refused", {
  x <- continuous_change()
  legs <- score_change(c(10, 12, 9), c(12, 15, 20), "lems")
  expect_error(excess_of_scores(x, sharp(), records = legs), "another scale", class = "cordgain_unmatched")
  invalid(excess_of_scores(x, sharp(), records = 3), "2 or more")
  invalid(excess_of_scores(x, sharp(), records = rep(1, 1997)), "at most 2000")
  invalid(excess_of_scores(x, sharp(), records = c(1, NA)), "records")
  invalid(excess_of_scores(x, sharp(), records = "two"), "records")
  invalid(excess_of_scores(x, sharp(), primary = "rank_test"), "needs")
  invalid(excess_of_scores(x, sharp(), primary = "largest"), "primary")
})

test_that("the print says which test was declared, and that none was", {
  declared <- paste(capture.output(print(excess_of_scores(continuous_change(), sharp(), primary = "fisher"))),
    collapse = " ")
  expect_match(declared, "declared beforehand", fixed = TRUE)
  expect_no_match(declared, "None was declared")
  none <- paste(capture.output(print(excess_of_scores(continuous_change(), sharp()))), collapse = " ")
  expect_match(none, "None was declared", fixed = TRUE)
  expect_match(none, "Irwin-Hall", fixed = TRUE)
})
