# Moves of natural change. Closed forms: with tau at a point everything is one normal.

move_of <- function(answer, term) natural_move(answer, term, list(), NULL)

tail_at <- function(answer, term, value) nature_tails(answer, move_of(answer, term)$nature(value))

test_that("each move gives the closed-form tail of the moved model", {
  answer <- score_answer()
  at <- new_population(c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), 1.5)
  tail <- \(mean, variance) stats::pnorm(9.75, mean, sqrt(variance), lower.tail = FALSE)
  # One normal distribution function: rounding alone, 1e-12.
  expect_equal(tail_at(answer, "bias", -3)$fine, tail(at$mean - 3, at$variance + 6.5^2 / 4), tolerance = 1e-12)
  expect_equal(tail_at(answer, "mean", 5)$fine, tail(5, 6.5^2 / 4), tolerance = 1e-12)
  expect_equal(tail_at(answer, "sd", 3)$fine, tail(at$mean, at$variance + 9 / 4), tolerance = 1e-12)
  other <- new_population(c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), 4)
  expect_equal(tail_at(answer, "tau", 4)$fine, tail(other$mean, other$variance + 6.5^2 / 4), tolerance = 1e-12)
})

test_that("a small tail keeps its digits", {
  answer <- known_answer(mean = 4, change = c(24, 24, 24, 24))
  # 40 SDs below: one minus a distribution function would be 0.
  expect_equal(tail_at(answer, "bias", -100)$fine, stats::pnorm(120, 0, 3.25, lower.tail = FALSE), tolerance = 1e-10)
})

test_that("a moved mean and a bias are the same where the family is normal and the mean known", {
  answer <- known_answer()
  expect_equal(tail_at(answer, "bias", 3), tail_at(answer, "mean", 7), tolerance = 1e-12)
})

test_that("a bias moves a counted family as a fixed bias of the evidence does", {
  for (family in c("censored", "beta_binomial")) {
    made <- \(...) natural_change(prior_normal(8, 1), sd = 6.5, family = family, range = c(0, 50), ...)
    moved <- tail_at(excess_of_scores(synthetic_change(), made()), "bias", 2)$fine
    biased <- excess_of_scores(synthetic_change(), made(bias = prior_fixed(2)))
    expect_equal(moved, 1 - term_value(biased, "prob_excess"), tolerance = 1e-9) # nodes at other places, both to 1e-10
  }
})

test_that("two moves at once are the moves one after the other", {
  natural <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5)
  both <- move_change(natural, list(mean = 6, tau = 2, sd = 5, bias = 1), NULL)
  expect_equal(both$routes$fine$fresh, list(weight = 1, mean = 7, sd = 2))
  expect_identical(change_sd(both), 5)
})

test_that("what cannot be varied is an error", {
  expect_error(move_of(known_answer(), "tau"), "table of sources", class = "cordgain_invalid_input")
  for (term in c("rate", "landmark", "drift", "e_value")) {
    expect_error(refuse_rate_terms(term, NULL), "not asked of scores", class = "cordgain_invalid_input")
  }
  expect_error(refuse_rate_terms("e_value", NULL), "responders only", class = "cordgain_invalid_input")
})

test_that("settings that no distribution has are left out of the grid, the rest stands", {
  answer <- excess_of_scores(synthetic_change(),
    natural_change(8, sd = 6.5, family = "beta_binomial", range = c(0, 50)))
  grid <- move_of(answer, "sd")$grid
  # A binomial count of 50 points with mean 8 has SD sqrt(8 * 42 / 50) = 2.59: no beta-binomial has less.
  expect_true(all(grid > 2.59))
  expect_true(6.5 %in% grid)
})

test_that("an open final score is two scenarios", {
  open <- excess_of_scores(synthetic_change(change = c(24, 13, 2, NA)), natural_change(4, sd = 6.5))
  expect_identical(question_parts(open)$scenarios, 2L)
  # The fourth patient began at 15: his change lies between -15 and 35.
  expect_equal(tail_at(open, "bias", 0)$fine, stats::pnorm(c(39 - 15, 39 + 35) / 4, 4, 3.25, lower.tail = FALSE),
    tolerance = 1e-12)
})
