# Packages that CI does not install: `make interop` runs these where they are, and stores what came of it. They are
# reached by name, so that R CMD check does not ask for them.

from <- function(package, name) {
  if (!rlang::is_installed(package)) testthat::skip(paste(package, "is not installed"))
  getExportedValue(package, name)
}

rate_draws <- function() {
  testthat::skip_if_not_installed("posterior")
  posterior::as_draws(natural_rate(prior_beta(8, 56)), draws = 4000, seed = 1)
}

# The median of 4,000 independent draws lies within 6 of its standard errors, 0.5 / sqrt(n) / density.
median_error <- function() 6 * 0.5 / sqrt(4000) / stats::dbeta(stats::qbeta(0.5, 8, 56), 8, 56)

test_that("ggdist summarises draws of a natural rate", {
  median_qi <- from("ggdist", "median_qi")
  found <- median_qi(as.vector(rate_draws()))
  expect_lt(abs(found$y - stats::qbeta(0.5, 8, 56)), median_error())
})

test_that("tidybayes reads draws in its own long form", {
  tidy_draws <- from("tidybayes", "tidy_draws")
  found <- tidy_draws(posterior::as_draws_df(rate_draws()))
  expect_identical(nrow(found), 4000L)
  expect_lt(abs(stats::median(found$rate) - stats::qbeta(0.5, 8, 56)), median_error())
})

test_that("gt makes a page's table of tidy(): every term, estimate and interval", {
  gt <- from("gt", "gt")
  html <- from("gt", "as_raw_html")
  terms <- tidy(natural_rate(prior_beta(8, 56)))
  table <- from("gt", "fmt_number")(gt(as.data.frame(terms)), columns = c("estimate", "conf.low", "conf.high"),
    decimals = 4)
  expect_s3_class(table, "gt_tbl")
  page <- html(table)
  shown <- c(terms$estimate, terms$conf.low, terms$conf.high)
  # Our numbers, rounded by another road than gt's; an interval that is not there is NA on both sides.
  for (text in c(terms$term, sprintf("%.4f", shown[!is.na(shown)]))) expect_match(page, text, fixed = TRUE)
})

test_that("gt makes a page's table of the decision table", {
  html <- from("gt", "as_raw_html")
  rows <- as.data.frame(decision_table(excess_of(natural_rate(0.5), responders = 1, n = 2)))
  page <- html(from("gt", "gt")(rows[c("responders", "natural_tail")]))
  # Two fair coins give as many or more with 1, 3/4, 1/4.
  for (text in c("0.75", "0.25")) expect_match(page, text, fixed = TRUE)
})

test_that("see draws the parameters of a fit", {
  from("see", "theme_lucid")
  skip_if_not_installed("parameters")
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  expect_s3_class(plot(parameters::model_parameters(fit, effects = "fixed")), "ggplot")
})

test_that("RBesT computes with a mixture of ours, and ours comes back from it", {
  pmix <- from("RBesT", "pmix")
  prior <- prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))
  mix <- as_mixture(prior)
  expect_equal(pmix(mix, 0.2), 0.8 * stats::pbeta(0.2, 8, 56) + 0.2 * 0.2, tolerance = 1e-12)
  expect_equal(format(as_mixture(from("RBesT", "mixbeta")(c(1, 8, 56)))), format(prior_beta(8, 56)))
})

test_that("brms takes the text of a prior", {
  set_prior <- from("brms", "set_prior")
  found <- set_prior(prior_text(prior_half_t(3, 10), "brms"), class = "sd")
  expect_identical(found$prior, "student_t(3, 0, 10)")
})

# Installed by CI, without a file of their own ----------------------------------------------------------------

test_that("broom.mixed's generics reach the methods of a fit", {
  skip_if_not_installed("broom.mixed")
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  expect_identical(broom.mixed::tidy(fit), tidy(fit))
  expect_identical(broom.mixed::glance(fit), generics::glance(fit))
  expect_identical(broom.mixed::augment(fit), generics::augment(fit))
})

test_that("progressr shows how far falsify() has come", {
  skip_if_not_installed("progressr")
  skip_if_not_installed("future.apply")
  skip_on_cran()
  seen <- 0
  answer <- excess_of(reference_rate())
  progressr::with_progress(
    withCallingHandlers(falsify(answer, exact = FALSE, sets = 3000, seed = 1),
      progression = \(p) if (identical(p$type, "update")) seen <<- seen + 1),
    handlers = progressr::handler_void(), enable = TRUE
  )
  expect_gte(seen, 1)
})
