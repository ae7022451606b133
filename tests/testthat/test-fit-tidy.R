fit <- fit_recovery(score ~ week + (week | subject), small_trial())

test_that("tidy has broom.mixed's columns and row names", {
  table <- generics::tidy(fit)
  expect_true(all(c("effect", "group", "term", "estimate", "std.error", "statistic", "df", "p.value", "conf.low",
    "conf.high",
    "num.error", "num.kind") %in% names(table)))
  expect_identical(
    table$term, c("(Intercept)", "week", "sd__(Intercept)", "sd__week", "cor__(Intercept).week", "sd__Observation")
  )
  expect_identical(table$effect, rep(c("fixed", "ran_pars"), c(2, 4)))
})

test_that("intervals are the estimate and t quantiles of its degrees of freedom", {
  table <- generics::tidy(fit, effects = "fixed", conf.level = 0.9)
  expect_equal(table$conf.high - table$estimate, stats::qt(0.95, table$df) * table$std.error, tolerance = 1e-12)
})

test_that("numerical errors are finite, positive and small", {
  table <- generics::tidy(fit)
  expect_true(all(table$num.error > 0 & table$num.error < 1e-6))
})

test_that("ran_vals has a row per level and column", {
  table <- generics::tidy(fit, effects = "ran_vals")
  expect_identical(table$level, rep(letters[1:4], 2))
  expect_equal(table$estimate, unlist(ranef(fit)$subject, use.names = FALSE))
  variance <- attr(ranef(fit)$subject, "postVar")
  expect_equal(table$std.error, sqrt(c(variance[1, 1, ], variance[2, 2, ])))
})

test_that("glance is one row, with the criterion named by the method", {
  expect_identical(nrow(generics::glance(fit)), 1L)
  expect_equal(generics::glance(fit)$REMLcrit, deviance(fit))
  expect_named(generics::glance(update(fit, method = "ml"))[6], "deviance")
})

test_that("augment adds fitted values and residuals that sum to the score", {
  rows <- generics::augment(fit)
  expect_equal(rows$.fitted + rows$.resid, rows$score)
  expect_equal(rows$.fixed, c(model.matrix(fit) %*% fixef(fit)))
})
