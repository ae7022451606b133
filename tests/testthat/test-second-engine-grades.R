# Grade steps by the second engine: closed forms, tables by hand, and every combination of patients.

every_combination <- function(p, n) {
  steps <- as.matrix(expand.grid(rep(list(seq_along(p) - 1), n)))
  list(steps = steps, chance = apply(steps, 1, \(s) prod(p[s + 1])))
}

test_that("beta-binomial probabilities are those of an urn", {
  expect_equal(beta_binomial_masses(1, 2.5, 7.5), c(0.75, 0.25), tolerance = 1e-15)
  # Two draws, each adding one of its own colour.
  urn <- c(7.5 * 8.5, 2 * 2.5 * 7.5, 2.5 * 3.5) / (10 * 11)
  expect_equal(beta_binomial_masses(2, 2.5, 7.5), urn, tolerance = 1e-15)
  expect_equal(sum(beta_binomial_masses(40, 0.5, 187.5)), 1, tolerance = 1e-13)
  # A uniform rate: every count is as likely; none to draw: none.
  expect_equal(beta_binomial_masses(6, 1, 1), rep(1 / 7, 7), tolerance = 1e-14)
  expect_equal(beta_binomial_masses(0, 2, 3), 1)
  # Counts of ten million keep their digits: the binomial to 1e-7.
  expect_equal(beta_binomial_masses(4, 3e7, 7e7), stats::dbinom(0:4, 4, 0.3), tolerance = 1e-6)
})

test_that("the sum of steps is that of every combination of patients", {
  p <- c(0.7, 0.149, 0.08, 0.071)
  for (n in 1:4) {
    all <- every_combination(p, n)
    naive <- tapply(all$chance, factor(rowSums(all$steps), 0:(3 * n)), sum, default = 0)
    expect_equal(chain_sum(nested_chain(p, n, FALSE)), as.vector(naive), tolerance = 1e-13)
  }
  # Steps that cannot be, in the middle and at the end.
  all <- every_combination(c(0.6, 0, 0.4, 0), 3)
  naive <- tapply(all$chance, factor(rowSums(all$steps), 0:9), sum, default = 0)
  expect_equal(chain_sum(nested_chain(c(0.6, 0, 0.4, 0), 3, FALSE)), as.vector(naive), tolerance = 1e-13)
})

test_that("with counts two patients have the pair moments of a Dirichlet", {
  a <- c(135, 20, 32) + 0.5
  pair <- (outer(a, a) + diag(a)) / (sum(a) * (sum(a) + 1))
  expected <- tapply(as.vector(pair), as.vector(outer(0:2, 0:2, "+")), sum)
  expect_equal(chain_sum(nested_chain(c(135, 20, 32), 2, TRUE)), as.vector(expected), tolerance = 1e-13)
})

test_that("a table by hand: steps of two patients, their tail and the nested endpoints", {
  chain <- nested_chain(c(0.7, 0.2, 0.1), 2, FALSE)
  # Sums 0 to 4: 0.49, 0.28, 0.14 + 0.04, 0.04, 0.01.
  expect_equal(chain_sum(chain), c(0.49, 0.28, 0.18, 0.04, 0.01), tolerance = 1e-14)
  rows <- second_steps(chain, 2, c(0.1, 0.9))
  expect_equal(rows$estimate, c(2 - 2 * 0.4, 0.23), tolerance = 1e-14)
  expect_equal(rows$std.error[1], sqrt(2 * (0.2 + 0.4 - 0.4^2)), tolerance = 1e-14)
  # The excess 2 - k: P(k = 3 or 4) = 0.05, P(k >= 2) = 0.23; P(k >= 1) = 0.51.
  expect_equal(c(rows$conf.low[1], rows$conf.high[1]), c(0, 2))
  # One of two rose, by one grade: 1 - 0.7^2 for the first endpoint, and nothing is rarer that does not rise.
  expect_equal(second_nested(chain, c(1, 0))$estimate, c(0.51, 0.51), tolerance = 1e-14)
  # By two grades: 1 - 0.9^2 = 0.19 for the second endpoint; as rare is "both rose by one", 0.2^2, besides.
  expect_equal(second_nested(chain, c(2, 0))$estimate, c(0.19, 0.23), tolerance = 1e-14)
  expect_equal(second_nested(chain, c(0, 0))$estimate, c(1, 1), tolerance = 1e-14)
})

test_that("nested endpoints are those of every combination of three patients", {
  p <- c(0.6, 0.2, 0.15, 0.05)
  all <- every_combination(p, 3)
  smallest <- \(rose) min(vapply(1:3, \(s) {
    stats::pbinom(sum(rose >= s) - 1, 3, sum(p[-seq_len(s)]), lower.tail = FALSE)
  }, 0))
  each <- apply(all$steps, 1, smallest)
  for (seen in list(c(2, 1, 0), c(3, 3, 3), c(3, 0, 1))) {
    expected <- c(smallest(seen), sum(all$chance[each <= smallest(seen) * (1 + 1e-9)]))
    expect_equal(second_nested(nested_chain(p, 3, FALSE), seen)$estimate, expected, tolerance = 1e-13)
  }
})

test_that("several tables or outcomes give bounds, one its numbers, none nothing", {
  one <- second_row(c("a", "b"), NA_character_, c(1, 5))
  two <- second_row(c("a", "b"), NA_character_, c(3, 2))
  expect_identical(one_or_bounds(list(one)), one)
  both <- one_or_bounds(list(one, two))
  expect_identical(both$conf.low, c(1, 2))
  expect_identical(both$conf.high, c(3, 5))
  expect_true(all(is.na(both$estimate)))
  expect_null(one_or_bounds(list()))
  expect_null(second_grades(keio_ips, NULL, 0.95, NULL))
})

grades_of <- function(final, transition) {
  excess(graded_arm(final), natural_rate(0.151), accept = every_difference, transition = transition)
}

grade_rows <- function(x) {
  rows <- tidy(certify(x))
  rows[grepl("^grade_steps|^nested", rows$term), ]
}

test_that("probabilities, counts, a table with open ends and open grades are certified to twelve digits", {
  skip_on_cran() # long
  open_ends <- grade_steps(subset(natural_transition, source == "Kirshblum 2016" & from == "A" & level == "all"))
  for (transition in list(c(0.7, 0.149, 0.08, 0.071), c(135, 20, 32), open_ends)) {
    for (final in list(c("D", "C", "A", "A"), c("E", "B", "A"), "A")) {
      rows <- grade_rows(grades_of(final, transition))
      expect_setequal(rows$term, c("grade_steps", "grade_steps_tail", "nested_tail", "nested_tail_any"))
      expect_true(all(rows$agrees))
      expect_gte(min(rows$digits), 12)
    }
  }
  rows <- grade_rows(grades_of(c("D", "C", "A or B", "A or B"), c(0.7, 0.149, 0.08, 0.071)))
  expect_identical(unique(rows$part), c("conf.low", "conf.high"))
  expect_true(all(rows$agrees))
})

test_that("faults planted in grade steps are found and named", {
  skip_on_cran() # long
  answer <- grades_of(c("D", "C", "A", "A"), c(135, 20, 32))
  for (one in list(c("grade_steps", "std.error"), c("grade_steps", "conf.high"), c("grade_steps_tail", "estimate"),
    c("nested_tail", "estimate"), c("nested_tail_any", "estimate"))) {
    wrong <- answer
    at <- wrong$terms$term == one[1]
    wrong$terms[[one[2]]][at] <- wrong$terms[[one[2]]][at] + 1e-6
    found <- grade_rows(wrong)
    expect_identical(unlist(found[!found$agrees, c("term", "part")], use.names = FALSE), one)
  }
})
