test_that("the specification curve draws all combinations in the order of their tails", {
  skip_if_not_installed("ggplot2")
  x <- sensitivity(excess_of(reference_rate(1)), natural = list(late = late_registries()))
  picture <- plot(x)
  expect_true(draws(picture))
  curve <- built(picture, 1)
  expect_identical(nrow(curve), 12L)
  expect_false(is.unsorted(curve$y[order(curve$x)]))
  # Marks: evidence, heterogeneity and bias for each of twelve.
  expect_identical(nrow(built(picture, 2)), 36L)
  expect_match(words_of(picture)[["title"]], "8.4 % to", fixed = TRUE)
})

test_that("one combination draws without marks, and long labels are cut", {
  skip_if_not_installed("ggplot2")
  x <- sensitivity(excess_of(reference_rate(1)), tau = list(prior_half_normal(1)), bias = list(NULL))
  expect_true(draws(plot(x)))
  expect_identical(nchar(short_label(strrep("a", 60))), 35L)
})
