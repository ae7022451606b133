# Several outcomes together.

three_outcomes <- function(natural = \(m) natural_change(m, sd = 6.5)) {
  list(a = excess_of_scores(continuous_change(), natural(7.8)), b = excess_of_scores(continuous_change(), natural(8)),
    c = excess_of_scores(continuous_change(), natural(10)))
}

test_that("the SE of three outcomes of correlation .6 in four patients agrees (J08)", {
  r <- matrix(0.6, 3, 3) + diag(0.4, 3)
  j <- joint_excess(three_outcomes(), r, source = "check")
  expect_equal(term_value(j, "common_excess", "std.error"), checks_value("J08"), tolerance = 1e-12)
  # Equal correlations and variances: the plain mean of the standardised excesses.
  z <- (9.75 - c(7.8, 8, 10)) / 6.5
  expect_equal(term_value(j, "common_excess"), mean(z), tolerance = 1e-12)
  expect_equal(term_value(j, "standardised_excess"), z, tolerance = 1e-12)
  expect_equal(term_value(j, "prob_common"), stats::pnorm(mean(z) / checks_value("J08")), tolerance = 1e-10)
})

test_that("uncertain natural means widen it, and loadings weigh the outcomes", {
  r <- diag(3)
  j <- joint_excess(three_outcomes(\(m) natural_change(prior_normal(m, 2), sd = 6.5)), r, source = "check",
    loading = c(1, 2, 0))
  v <- 1 / 4 + 4 / 6.5^2
  z <- (9.75 - c(7.8, 8, 10)) / 6.5
  expect_equal(term_value(j, "common_excess"), sum(c(1, 2, 0) * z) / 5, tolerance = 1e-12)
  expect_equal(term_value(j, "common_excess", "std.error"), sqrt(v / 5), tolerance = 1e-12)
})

test_that("a correlation that is none, or has no source, is refused (refusal 15)", {
  expect_error(joint_excess(three_outcomes(), matrix(1, 3, 3), source = "x"), "positive definite",
    class = "cordgain_invalid_input")
  expect_error(joint_excess(three_outcomes(), diag(2), source = "x"), class = "cordgain_invalid_input")
  bad <- matrix(c(1, 0.9, -0.9, 0.9, 1, 0.9, -0.9, 0.9, 1), 3)
  expect_error(joint_excess(three_outcomes(), bad, source = "x"), "eigenvalue", class = "cordgain_invalid_input")
  expect_error(joint_excess(three_outcomes(), diag(3)), "registry", class = "cordgain_invalid_input")
  expect_error(joint_excess(three_outcomes()[1], diag(1), source = "x"), class = "cordgain_invalid_input")
  expect_error(joint_excess(unname(three_outcomes()), diag(3), source = "x"), class = "cordgain_invalid_input")
  expect_error(joint_excess(three_outcomes(), diag(3), source = "x", loading = c(0, 0, 0)),
    class = "cordgain_invalid_input")
  other <- list(a = three_outcomes()$a, b = excess_of_scores(score_change(1.5, 2.5, "uems"), natural_change(7.8,
    sd = 6.5)))
  expect_error(joint_excess(other, diag(2), source = "x"), "same patients", class = "cordgain_invalid_input")
})

test_that("print, summary and picture show every outcome and the source of the correlation", {
  j <- joint_excess(three_outcomes(), diag(3), source = "registry of the test")
  expect_output(print(j), "registry of the test")
  expect_identical(summary(j), tidy(j))
  skip_if_not_installed("ggplot2")
  expect_equal(nrow(built(plot(j), 3)), 4)
  expect_true(draws(plot(j)))
})

test_that("the title of the picture is the common excess with its interval, by its sign", {
  title <- \(...) gsub("\n", " ", joint_title(data.frame(...), 0.9))
  expect_identical(title(estimate = 0.177, conf.low = -0.661, conf.high = 1.016),
    "All outcomes together: 0.18 SDs above natural recovery (90 % interval -0.66 to 1.02)")
  expect_match(title(estimate = -0.5, conf.low = -1, conf.high = 0), "0.50 SDs below")
})

test_that("names of the correlation must be those of the outcomes, and none stands twice", {
  outcomes <- three_outcomes()
  named <- \(names) matrix(c(1, 0.2, 0.2, 0.2, 1, 0.2, 0.2, 0.2, 1), 3, dimnames = list(names, names))
  expect_s3_class(joint_excess(outcomes, named(c("a", "b", "c")), source = "x"), "joint_excess")
  expect_error(joint_excess(outcomes, named(c("b", "a", "c")), source = "x"), "another order",
    class = "cordgain_invalid_input")
  expect_error(joint_excess(list(a = outcomes$a, b = outcomes$a), diag(2), source = "x"), "once.*b",
    class = "cordgain_invalid_input")
})

test_that("patients near the ceiling have the standard error of their own cut changes", {
  cut <- natural_change(7.8, sd = 6.5, family = "censored", range = c(-14, 36))
  arms <- excess_of_scores(score_change(rep(48, 4), rep(48, 4), "uems"), cut)
  legs <- excess_of_scores(score_change(c(0, 2, 0, 0), c(6, 2, 0, 1), "lems"), natural_change(2.3, sd = 7.4))
  rows <- term_of(joint_excess(list(arms = arms, legs = legs), diag(2), source = "check"), "standardised_excess")
  expect_equal(rows$std.error, c(term_value(arms, "mean_excess", "std.error") / 6.5, 0.5), tolerance = 1e-12)
  expect_lt(rows$std.error[1], 0.2)
})

test_that("an outcome whose natural mean has no standard deviation cannot be combined", {
  sources <- data.frame(source = c("a", "b"), mean = c(7, 9), sd = 6.5, n = c(50, 60))
  wild <- excess_of_scores(continuous_change(), natural_change(sources, prior_half_t(3, df = 1)))
  skip_if_not(is.na(term_value(wild, "mean_excess", "std.error")))
  expect_error(joint_excess(list(a = wild, b = three_outcomes()$b), diag(2), source = "x"), "standard deviation",
    class = "cordgain_invalid_input")
})

test_that("the picture names the outcomes of which lower is better", {
  skip_if_not_installed("ggplot2")
  caption <- \(...) gsub("\n", " ", plot(joint_excess(list(...), diag(2), source = "x"))$labels$caption)
  up <- three_outcomes()$a
  n <- length(change_subjects(score_excess_change(up)))
  x <- score_change(rep(45, n), 45 - seq_len(n), "mds_updrs_iii") # simulated
  down <- excess_of_scores(x, natural_change(2, sd = 6))
  expect_match(caption(a = up, motor = down), "Lower is better in motor: there, too, better is right[.]$")
  expect_no_match(caption(a = up, b = three_outcomes()$b), "better")
})
