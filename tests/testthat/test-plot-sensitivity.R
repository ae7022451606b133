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

test_that("long decimals of a prior are rounded in its label, unless two choices would get one name", {
  expect_identical(short_label("normal(mean = -1.60114, sd = 1.60114)"), "normal(mean = -1.6, sd = 1.6)")
  expect_identical(short_label("normal(mean = 0.693147, sd = 0.5)"), "normal(mean = ln 2, sd = 0.5)")
  expect_identical(short_label(c("Sygen 1992", "late, 0.134")), c("Sygen 1992", "late, 0.134"))
  two <- c("fixed(value = 1.2341)", "fixed(value = 1.2342)")
  expect_identical(short_label(two), two)
})

test_that("an axis of chances has at least two ticks inside it, however narrow it is", {
  for (ends in list(c(0.6, 0.74), c(0.71, 0.8), c(0.3, 0.34), c(0.052, 0.07))) {
    ticks <- tail_ticks(ends)
    expect_true(all(ticks > 0 & ticks < 1))
    expect_gte(sum(ticks >= ends[1] & ticks <= ends[2]), 2L)
  }
  expect_identical(tail_ticks(c(0.02, 0.28)), c(0.01, 0.025, 0.05, 0.1, 0.25))
})

test_that("the specification curve of scores names its biases in full", {
  skip_if_not_installed("ggplot2")
  picture <- plot(sensitivity(score_excess()))
  expect_true(draws(picture))
  labels <- choice_marks(picture$plot_env$table)$position
  expect_false(any(grepl("...", names(labels), fixed = TRUE)))
})

test_that("ticks stand as far apart as marks, so that their labels do not overprint", {
  ticks <- tail_ticks(c(0.104, 0.368))
  expect_true(all(diff(stats::qlogis(ticks)) >= 0.45))
  expect_gte(sum(ticks > 0.104 & ticks < 0.368), 2L)
})

test_that("marks of numbers stand in the order of numbers", {
  marks <- choice_marks(data.frame(correlation = c("0.5", "0.7", "0.9", "0.8"), rank = 1:4))
  expect_identical(names(sort(marks$position, decreasing = TRUE)), c("0.5", "0.7", "0.8", "0.9"))
})
