# Columns that are linear combinations of others, beside priors.

twice_trial <- function() transform(small_trial(), twice = 2 * week, none = 0, square = week^2, both = week + week^2)

known_by_bayes <- function(formula, data = twice_trial(), ...) {
  prior <- priors(..., sd = prior_fixed(2), sigma = prior_fixed(1))
  fit_recovery(formula, data, method = method_bayes(prior))
}

test_that("a prior of a column left out is refused, and one of the column that stays for both", {
  refused <- \(fixed, says, formula = score ~ week + twice + (1 | subject)) {
    expect_error(known_by_bayes(formula, fixed = fixed), says, class = "cordgain_invalid_input")
  }
  wide <- prior_normal(0, 1)
  refused(list(week = wide, twice = wide), "`twice` is a linear combination of `week`")
  refused(list(twice = wide), "A prior was given of `twice`; left out, `twice` would have the coefficient")
  refused(list(week = wide), "make one variable of them")
  refused(list(week = NULL), "A prior was given of `week`")
  refused(list(square = wide), "`both` is a linear combination of `week` and `square`",
    score ~ week + square + both + (1 | subject))
  refused(list(none = wide), "`none` is zero in every row", score ~ week + none + (1 | subject))
  family <- binomial()
  expect_error(fit_recovery(score > 4 ~ week + twice + (1 | subject), twice_trial(), family = family,
    method = method_bayes(priors(fixed = list(twice = wide)))), "linear combination", class = "cordgain_invalid_input")
})

test_that("with defaults the column is left out, the print says so and has no prior of it", {
  fit <- known_by_bayes(score ~ week + twice + (1 | subject))
  shown <- paste(capture.output(print(fit)), collapse = "\n")
  expect_match(shown, "Left out as linear combinations of other columns: twice.", fixed = TRUE)
  expect_no_match(shown, "twice: ", fixed = TRUE)
  expect_match(shown, "week: normal", fixed = TRUE)
  expect_equal(fixef(fit), fixef(known_by_bayes(score ~ week + (1 | subject))), tolerance = 1e-10)
})

test_that("a prior of what has no part in the combination is used", {
  given <- list(`(Intercept)` = prior_normal(5, 10))
  fit <- known_by_bayes(score ~ week + twice + (1 | subject), fixed = given)
  expect_equal(fixef(fit), fixef(known_by_bayes(score ~ week + (1 | subject), fixed = given)), tolerance = 1e-10)
  expect_identical(dropped_columns(fit), "twice")
})

test_that("a fit of a family says the same in its print", {
  events <- transform(twice_trial(), y = c(0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 1, 0, 1))
  fit <- fit_recovery(y ~ week + twice + (1 | subject), events, family = binomial(), method = "bayes")
  shown <- paste(capture.output(print(fit)), collapse = "\n")
  expect_match(shown, "Left out as linear combinations of other columns: twice.", fixed = TRUE)
  expect_no_match(shown, "twice: ", fixed = TRUE)
})

test_that("columns are found dependent as the core finds them, with weights too", {
  trial <- transform(twice_trial(), w = seq_len(20), near = week + 1e-3 * square, f = factor(rep(1:4, each = 5)))
  for (formula in list(score ~ week + twice + none + (1 | subject), score ~ square + week + both + near + (1 | subject),
    score ~ week + near + square + (1 | subject), score ~ 0 + f + week + f:week + twice + (1 | subject))) {
    fit <- fit_recovery(formula, trial, weights = w)
    expect_identical(vapply(dependent_columns(fit$design), `[[`, "", 1L), dropped_columns(fit))
  }
})
