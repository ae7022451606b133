# What a natural change answers.

test_that("patients share the uncertain mean: predictions by the sums of variances", {
  x <- natural_change(prior_normal(8, 2), sd = 6)
  rows <- predict(x, 4)
  expect_equal(rows$std.error, c(rep(sqrt(4 + 36), 4), sqrt(4 + 36 / 4)))
  expect_equal(rows$conf.high[5], 8 + stats::qnorm(0.975) * sqrt(13))
  expect_identical(rows$subject, c("1", "2", "3", "4", NA))
})

test_that("a censored patient's prediction is what an integral over the shift gives", {
  x <- natural_change(prior_normal(7.8, 1.5), sd = 6.5, family = "censored", range = c(0, 50))
  rows <- predict(x, score_change(c(12, 40), c(20, 41), "uems"))
  m <- x$model
  # The latent mean at which the mean of what is cut at 0 and 50 is 7.8 + shift; no mean is below 0.
  above <- \(z) m$spread * (stats::dnorm(z) + z * stats::pnorm(z))
  latent <- \(shift) {
    mean <- max(7.8 + shift, 0)
    if (mean == 0) return(-37 * m$spread)
    stats::uniroot(\(l) above(l / m$spread) - above((l - 50) / m$spread) - mean, c(-37, 40) * m$spread,
      tol = 1e-12)$root
  }
  mean_in <- \(low, high) {
    given <- \(shift) {
      k <- low:high
      cdf <- stats::pnorm(k + 0.5, latent(shift), m$spread)
      cdf[length(k)] <- 1
      sum(k * diff(c(0, cdf)))
    }
    stats::integrate(\(s) vapply(s, given, 0) * stats::dnorm(s, 0, 1.5), -7.7999, 15, rel.tol = 1e-10)$value +
      low * stats::pnorm(-7.7999, 0, 1.5) # all at their lowest
  }
  expect_equal(rows$estimate[1:2], c(mean_in(-12, 38), mean_in(-40, 10)), tolerance = 1e-7)
  expect_equal(rows$estimate[3], mean(rows$estimate[1:2]), tolerance = 1e-9)
  expect_true(all(rows$conf.low[2] >= -40, rows$conf.high[2] <= 10))
})

test_that("the group's SD holds the shared part: more than independent patients have", {
  x <- natural_change(prior_normal(7.8, 1.5), sd = 6.5, family = "beta_binomial", range = c(0, 50))
  rows <- predict(x, 4)
  independent <- rows$std.error[1] / 2
  expect_gt(rows$std.error[5], independent)
  # Var(mean) = E[var | shift] / 4 + Var(E | shift); the second is about 1.5^2.
  expect_equal(rows$std.error[5]^2, rows$std.error[1]^2 / 4 + 0.75 * 1.5^2, tolerance = 0.05)
})

test_that("quantiles are those of the mean, or of one patient", {
  x <- natural_change(prior_normal(8, 2), sd = 6)
  expect_equal(unname(quantile(x, c(0.1, 0.9))), stats::qnorm(c(0.1, 0.9), 8, 2))
  expect_equal(unname(quantile(x, 0.9, of = "patient")), stats::qnorm(0.9, 8, sqrt(40)))
  expect_error(quantile(x, 1.5), class = "cordgain_invalid_input")
  expect_error(quantile(natural_change(prior_normal(8, 2)), 0.5, of = "patient"), "SD",
    class = "cordgain_invalid_input")
})

test_that("effective sizes of a normal are sigma^2 / variance, both ways", {
  x <- natural_change(prior_normal(8, 2), sd = 6)
  expect_equal(as.numeric(ess(x)), 9, tolerance = 1e-7)
  expect_equal(as.numeric(ess(x, "moment")), 9)
  expect_equal(as.numeric(ess(x, "moment", sigma = 12)), 36)
  expect_equal(as.numeric(ess(natural_change(prior_normal(8, 2), sd = 6), "morita")), 9, tolerance = 1e-9)
  expect_error(ess(x, family = "binomial"), class = "cordgain_invalid_input")
  expect_true(is.na(ess(natural_change(7.8, sd = 6.5))))
})

test_that("the size of a mixture agrees with that of the same mixture as a prior", {
  prior <- prior_mixture(c(0.5, 0.5), prior_normal(0, 2), prior_normal(3, 4))
  x <- natural_change(prior, sd = 10)
  # borrowing.md A2: exact 10.8279632 and 8.163265.
  expect_equal(as.numeric(ess(x)), 10.8279632, tolerance = 1e-8)
  expect_equal(as.numeric(ess(x, "moment")), 8.163265, tolerance = 1e-7)
})

test_that("every number carries its error, and the print says where the SD comes from", {
  x <- natural_change(three_registries(measure = "uems", level = "cervical"), tau = prior_half_normal(2), sd = 6.5)
  rows <- tidy(x)
  expect_true(all(rows$num.error <= 1e-6, rows$num.error >= 0))
  expect_setequal(unique(rows$term), c("mean_change", "patient_change", "tau", "mu", "ess_moment", "ess_elir",
    "source_mean"))
  expect_identical(rows$group[rows$term == "source_mean"], c("a", "b", "c"))
  expect_output(print(x), "from the registry")
  expect_output(print(natural_change(three_registries(), tau = prior_half_normal(2))), "SD between patients not known")
  expect_identical(summary(x), rows)
  # Nothing runs past the edge of a narrow page, where a browser would break inside of a word.
  withr::local_options(width = 60)
  expect_lte(max(nchar(utils::capture.output(print(x)))), 60)
})

test_that("the forest holds sources, shrunken means and both predictions", {
  skip_if_not_installed("ggplot2")
  x <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5)
  expect_equal(nrow(built(plot(x), 2)), 3 + 3 + 2)
  expect_true(draws(plot(x)))
  expect_equal(nrow(built(plot(natural_change(7.8, sd = 6.5)), 2)), 2)
})

test_that("the title of the picture says the mean and how far populations differ, or that it is taken as known", {
  title <- \(x) gsub("\n", " ", change_title(x))
  expect_identical(title(natural_change(7.8, sd = 6.5)),
    "Without treatment patients change by 7.8 points on average, taken as known")
  # 8 -+ 1.96 * 2
  expect_identical(title(natural_change(prior_normal(8, 2), sd = 6)),
    "Without treatment patients change by 8 points on average; by 4.1 to 12 in populations like these")
})

test_that("where lower is better the forest says that its means are gains, turned from those published", {
  skip_if_not_installed("ggplot2")
  rows <- data.frame(source = "r", mean = 2, sd = 6, n = 50, measure = "mds_updrs_iii")
  picture <- plot(natural_change(rows, tau = prior_half_normal(2)))
  expect_equal(built(picture, 2)$x[1], -2)
  words <- lapply(words_of(picture), gsub, pattern = "\n", replacement = " ")
  expect_match(words$title, "patients gain -2 points on average; -[0-9.]+ to [0-9.]+ in populations")
  expect_identical(words$x, "Gain without treatment (points; better is right)")
  expect_match(words$caption, "Lower is better[.] The sign of change is turned")
})
