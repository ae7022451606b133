# What is asked of a plateau() by Bayes.

interop_plateau_fit <- function(prior = priors()) {
  withr::local_seed(5) # simulated
  trial <- expand.grid(week = c(0, 4, 12, 26, 52), subject = factor(1:4))
  trial$score <- 10 + rnorm(4, 0, 3)[trial$subject] + 12 * (1 - exp(-trial$week / 9)) + rnorm(20, 0, 2)
  trial$x <- 1 - exp(-trial$week / 9)
  list(fit = fit_recovery(score ~ plateau(week) + (1 | subject), trial, method = method_bayes(prior)), trial = trial)
}

test_that("marginal means are those of predict(), over kappa", {
  skip_if_not_installed("emmeans")
  skip_if_not_installed("coda")
  fit <- interop_plateau_fit()$fit
  at <- data.frame(week = c(2, 30))
  means <- as.data.frame(emmeans::emmeans(fit, ~week, at = as.list(at), draws = 20000, seed = 1))
  expected <- predict(fit, at, re.form = NA, interval = "confidence", se.fit = TRUE)
  # medians of 20,000 draws of a nearly symmetric distribution
  expect_lt(max(abs(means$emmean - expected$fit[, "fit"]) / expected$se.fit), 0.08)
  expect_lt(max(abs(means$lower.HPD - expected$fit[, "lwr"]) / expected$se.fit), 0.3) # highest density, not equal tails
})

test_that("leaving out subjects is that of the column where kappa is known, and counts kappa where it is not", {
  skip_if_not_installed("loo")
  prior <- priors(kappa = prior_fixed(9), fixed = list(`plateau(week)` = prior_normal(0, 30)))
  known <- interop_plateau_fit(prior)
  column <- fit_recovery(score ~ x + (1 | subject), known$trial,
    method = method_bayes(priors(fixed = list(x = prior_normal(0, 30)))))
  elpd <- \(fit, ...) suppressWarnings(loo::loo(fit, draws = 4000, seed = 1, ...))$estimates["elpd_loo", "Estimate"]
  expect_equal(elpd(known$fit), elpd(column), tolerance = 0.01) # draws at nodes of two orders
  expect_equal(elpd(known$fit, by = "observation"), elpd(column, by = "observation"), tolerance = 0.01)
  free <- interop_plateau_fit()$fit
  expect_lt(abs(elpd(free) - elpd(known$fit)), 3)
  expect_error(loo::loo(free, draws = 0.5), class = "cordgain_invalid_input")
})

test_that("points of loo are called by the subjects that are left out, or by rows", {
  skip_if_not_installed("loo")
  set.seed(6)
  d <- expand.grid(week = c(1, 8, 30, 52), id = c("z", "b", "m", "a", "k")) # simulated; in no order
  d$id <- as.character(d$id)
  d$vis <- factor(d$week)
  d$score <- 10 + 20 * (1 - exp(-d$week / 12)) + stats::rnorm(20)
  rownames(d) <- paste0("row", 1:20)
  names_by <- \(fit, by) rownames(suppressWarnings(loo::loo(fit, draws = 50, seed = 1, by = by))$pointwise)
  bayes <- method_bayes(tolerance = 0.01)
  for (formula in list(score ~ plateau(week) + (1 | id), score ~ week + ar1(vis | id), score ~ week + (1 | id))) {
    fit <- fit_recovery(formula, d, method = bayes)
    expect_identical(names_by(fit, "subject"), unique(d$id))
    expect_identical(names_by(fit, "observation"), rownames(d))
  }
  # The point of a name is that subject's: it alone moves with its scores.
  fit <- fit_recovery(score ~ week + (1 | id), d, method = bayes)
  off <- fit_recovery(score ~ week + (1 | id), transform(d, score = score + ifelse(id == "m", 25, 0)), method = bayes)
  elpd <- \(fit) suppressWarnings(loo::loo(fit, draws = 200, seed = 1))$pointwise[, "elpd_loo"]
  expect_identical(names(which.min(elpd(off))), "m")
  d$site <- ifelse(d$id %in% c("z", "b"), "north", "south")
  sites <- fit_recovery(score ~ week + (1 | site / id), d, method = bayes)
  expect_identical(names_by(sites, "subject"), c("north", "south"))
  plain <- list(design = list(), frame = d) # without effects rows that are one block bear the name of the first
  expect_identical(names_of_blocks(plain, rep(1:5, each = 4)), paste0("row", c(1, 5, 9, 13, 17)))
  d$yes <- stats::rbinom(20, 1, 0.5)
  family <- fit_recovery(yes ~ week + (1 | id), d, family = binomial(), method = "bayes")
  expect_identical(names_by(family, "subject"), sort(unique(d$id)))
  expect_identical(names_by(family, "observation"), rownames(d))
})
