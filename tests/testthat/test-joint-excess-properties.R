# Joint excess: generalised least squares by hand, invariances and limits.

two_excesses <- function(a = c(24, 13, 2, 0), b = c(10, 9, 1, 4), mean = c(7.8, 5), sd = c(6.5, 4)) {
  list(
    motor = excess_of_scores(continuous_change(a), natural_change(mean[1], sd = sd[1])),
    sensory = excess_of_scores(continuous_change(b), natural_change(mean[2], sd = sd[2]))
  )
}

correlated <- \(r) matrix(c(1, r, r, 1), 2)

joint_of <- \(x, r = 0.6, ...) joint_excess(x, correlated(r), source = "made up for the test", ...)

test_that("two outcomes of correlation r: the mean, with variance (1 + r) / 2 / n", {
  z <- c((9.75 - 7.8) / 6.5, (6 - 5) / 4)
  for (r in c(-0.5, 0, 0.3, 0.9)) {
    j <- joint_of(two_excesses(), r)
    # Closed forms, to rounding.
    expect_equal(term_value(j, "common_excess"), mean(z), tolerance = 1e-12)
    expect_equal(term_value(j, "common_excess", "std.error"), sqrt((1 + r) / 2 / 4), tolerance = 1e-12)
    expect_equal(term_value(j, "common_excess", "statistic"), mean(z) / sqrt((1 + r) / 8), tolerance = 1e-12)
  }
})

test_that("a higher correlation brings less: the SE grows with r, to that of one outcome", {
  se <- vapply(c(-0.9, -0.3, 0, 0.4, 0.8, 0.9999), \(r) {
    term_value(joint_of(two_excesses(), r), "common_excess", "std.error")
  }, 0)
  expect_true(all(diff(se) > 0))
  expect_lt(abs(se[6] - 1 / 2), 1e-4) # sqrt((1 + 0.9999) / 8) is 2.5e-5 short of 1 / 2
})

test_that("unequal loadings are generalised least squares, solved by hand", {
  r <- 0.4
  loading <- c(1, 0.5)
  z <- c((9.75 - 7.8) / 6.5, (6 - 5) / 4)
  inverse <- matrix(c(1, -r, -r, 1), 2) / (1 - r^2) * 4
  information <- sum(loading * (inverse %*% loading))
  j <- joint_of(two_excesses(), r, loading = loading)
  expect_equal(term_value(j, "common_excess"), sum(loading * (inverse %*% z)) / information, tolerance = 1e-12)
  expect_equal(term_value(j, "common_excess", "std.error"), 1 / sqrt(information), tolerance = 1e-12)
})

test_that("a loading of 0 and no correlation leaves the outcome out", {
  j <- joint_of(two_excesses(), 0, loading = c(1, 0))
  expect_equal(term_value(j, "common_excess"), term_value(j, "standardised_excess")[1], tolerance = 1e-12)
})

test_that("loadings c times as large give an excess 1 / c times as large, and the same probability", {
  one <- joint_of(two_excesses())
  ten <- joint_of(two_excesses(), loading = c(10, 10))
  expect_equal(term_value(ten, "common_excess"), term_value(one, "common_excess") / 10, tolerance = 1e-12)
  expect_equal(term_value(ten, "prob_common"), term_value(one, "prob_common"), tolerance = 1e-12)
})

test_that("the order of the outcomes does not matter", {
  x <- two_excesses()
  one <- joint_of(x)
  other <- joint_of(rev(x))
  expect_equal(term_value(one, "common_excess"), term_value(other, "common_excess"), tolerance = 1e-14)
  expect_identical(term_of(other, "standardised_excess")$outcome, c("sensory", "motor"))
  expect_equal(rev(term_value(other, "standardised_excess")), term_value(one, "standardised_excess"))
})

test_that("more points in any outcome raise the common excess and the probability", {
  values <- lapply(c(0, 5, 10), \(extra) joint_of(two_excesses(b = c(10, 9, 1, 4) + extra)))
  expect_true(all(diff(vapply(values, term_value, 0, "common_excess")) > 0))
  expect_true(all(diff(vapply(values, term_value, 0, "prob_common")) > 0))
})

test_that("changes at the natural mean give excess 0 and probability one half", {
  j <- joint_of(two_excesses(a = c(7.8, 7.8, 7.8, 7.8), b = c(5, 5, 5, 5)))
  expect_lt(abs(term_value(j, "common_excess")), 1e-14)
  expect_equal(term_value(j, "prob_common"), 0.5, tolerance = 1e-12)
})

test_that("a wider level gives a wider interval around the same estimate, by the normal quantile", {
  x <- two_excesses()
  for (level in c(0.5, 0.8, 0.99)) {
    row <- term_of(joint_of(x, conf.level = level), "common_excess")
    expect_equal(row$conf.high - row$conf.low, 2 * stats::qnorm((1 + level) / 2) * row$std.error, tolerance = 1e-12)
    expect_equal((row$conf.high + row$conf.low) / 2, row$estimate, tolerance = 1e-12)
  }
})

test_that("an uncertain natural mean stays however the patients are correlated", {
  x <- list(
    a = excess_of_scores(continuous_change(), natural_change(prior_normal(7.8, 3), sd = 6.5)),
    b = excess_of_scores(continuous_change(c(20, 13, 2, 0)), natural_change(prior_normal(7.8, 3), sd = 6.5))
  )
  # Var z = 1 / 4 + (3 / 6.5)^2 for each.
  expect_equal(term_value(joint_of(x, 0), "standardised_excess", "std.error"), rep(sqrt(1 / 4 + 9 / 6.5^2), 2),
    tolerance = 1e-10)
})

test_that("a spread of the treated's own says nothing of what nature alone gives", {
  wide <- two_excesses()
  wide$motor <- excess_of_scores(continuous_change(c(24, 13, 2, 0)), natural_change(7.8, sd = 6.5), sd_treated = 13)
  plain <- joint_of(two_excesses())
  expect_equal(term_value(joint_of(wide), "standardised_excess"), term_value(plain, "standardised_excess"))
  expect_equal(term_value(joint_of(wide), "standardised_excess", "std.error"),
    term_value(plain, "standardised_excess", "std.error"), tolerance = 1e-12)
})

test_that("lost scores, other patients, doubled names and odd levels are refused in words", {
  x <- two_excesses()
  lost <- excess_of_scores(score_change(c(12, 18, 9, 15), c(30, NA, 12, 15), "uems",
    match = list(level = "cervical", baseline_grade = "A")), natural_change(7.8, sd = 6.5))
  invalid(joint_of(list(a = lost, b = x$motor)), "not known")
  invalid(joint_of(stats::setNames(x, c("a", "a"))), "named list")
  invalid(joint_of(list(a = x$motor, b = 3)), "named list")
  invalid(joint_of(x, loading = 1), "loading")
  invalid(joint_of(x, loading = c(1, NA)), "loading")
  invalid(joint_of(x, conf.level = 1), "conf.level")
  invalid(joint_excess(x, correlated(0.2), source = 7), "source")
  invalid(joint_excess(x, matrix(c(1, 0.2, 0.3, 1), 2), source = "x"), "Symmetric")
  invalid(joint_excess(x, correlated(1.2), source = "x"), "eigenvalue")
})

test_that("the print names each outcome; the picture has a line and a point for each and for all", {
  j <- joint_of(two_excesses())
  said <- gsub(" +", " ", paste(capture.output(print(j)), collapse = " "))
  for (words in c("2 outcomes", "motor:", "sensory:", "common:", "not a probability of benefit")) {
    expect_match(said, words, fixed = TRUE)
  }
  skip_if_not_installed("ggplot2")
  picture <- plot(j)
  expect_s3_class(picture, "ggplot")
  expect_identical(layer_geoms(picture), c("GeomVline", "GeomLinerange", "GeomPoint"))
  expect_match(words_of(picture)[["caption"]], "made up for the test")
  expect_equal(sort(built(picture, 3)$x), sort(tidy(j)$estimate[tidy(j)$term != "prob_common"]))
})
