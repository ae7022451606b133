fit <- fit_recovery(score ~ week + (week | subject), small_trial())

test_that("tidy has broom.mixed's columns and row names", {
  table <- generics::tidy(fit)
  expect_true(all(c("effect", "group", "term", "estimate", "std.error", "statistic", "df", "p.value", "conf.low",
    "conf.high",
    "num.error", "num.kind") %in% names(table)))
  expect_identical(
    table$term, c("(Intercept)", "week", "sd__(Intercept)", "cor__(Intercept).week", "sd__week", "sd__Observation")
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

# broom.mixed's own output for lmer on the same data ---------------------------------

test_that("tidy() of fixed effects and random parameters is broom.mixed's, rows and all", {
  skip_if_not_installed("broom.mixed")
  skip_if_not_installed("lme4")
  sleepstudy <- mixed_data("lmm01_sleepstudy_slope_reml", "Subject")
  pastes <- mixed_data("lmm12_pastes_nested_reml", c("sample", "batch", "cask"))
  same <- \(formula, data) {
    theirs <- as.data.frame(broom.mixed::tidy(lme4::lmer(formula, data)))
    ours <- tidy(fit_recovery(formula, data), ddf = "satterthwaite")
    shared <- intersect(names(theirs), names(ours))
    expect_identical(setdiff(names(theirs), names(ours)), character())
    expect_identical(ours[c("effect", "group", "term")], theirs[c("effect", "group", "term")])
    expect_equal(ours[shared], theirs[shared], tolerance = 1e-3) # lme4 stops up to 1e-4 from the optimum
  }
  same(Reaction ~ Days + (Days | Subject), sleepstudy)
  same(Reaction ~ Days + (Days || Subject), sleepstudy)
  same(strength ~ 1 + (1 | batch / cask), pastes)
})

test_that("ran_vals, glance() and augment() have broom.mixed's columns and values", {
  skip_if_not_installed("broom.mixed")
  skip_if_not_installed("lme4")
  data <- mixed_data("lmm01_sleepstudy_slope_reml", "Subject")
  formula <- Reaction ~ Days + (Days | Subject)
  ours <- fit_recovery(formula, data)
  theirs <- lme4::lmer(formula, data)
  pairs <- list(
    list(tidy(ours, effects = "ran_vals"), broom.mixed::tidy(theirs, effects = "ran_vals")),
    list(glance(ours), broom.mixed::glance(theirs)), list(augment(ours), broom.mixed::augment(theirs))
  )
  for (pair in pairs) {
    expected <- as.data.frame(pair[[2]])
    expect_identical(setdiff(names(expected), names(pair[[1]])), character())
    expect_equal(pair[[1]][names(expected)], expected, tolerance = 1e-3, ignore_attr = TRUE) # lme4's optimum
  }
})

test_that("augment() takes the data fitted, or new data", {
  trial <- transform(small_trial(), note = seq_len(20))
  fit <- fit_recovery(score ~ week + (1 | subject), trial[-3, ])
  expect_identical(augment(fit, trial)$note, trial$note[-3])
  expect_error(augment(fit, trial[1:4, ]), class = "cordgain_invalid_input")
  expect_error(augment(fit, 1), class = "cordgain_invalid_input")
  new <- data.frame(week = 3, subject = "a")
  expect_equal(augment(fit, newdata = new)$.fitted, unname(predict(fit, new)))
})

test_that("names of rows stand in a column where they say something, as in broom.mixed", {
  trial <- small_trial()
  expect_false(".rownames" %in% names(augment(fit_recovery(score ~ week + (1 | subject), trial))))
  trial$score[2] <- NA
  ours <- augment(fit_recovery(score ~ week + (1 | subject), trial))
  expect_identical(ours$.rownames, as.character(c(1, 3:nrow(trial))))
  skip_if_not_installed("broom.mixed")
  skip_if_not_installed("lme4")
  theirs <- broom.mixed::augment(suppressMessages(lme4::lmer(score ~ week + (1 | subject), trial)))
  expect_identical(ours$.rownames, theirs$.rownames)
})

test_that("arguments that tidy() does not have are refused by name, save those that ask for what is given anyway", {
  trial <- small_trial()
  for (method in c("reml", "bayes")) {
    fit <- fit_recovery(score ~ week + (1 | subject), trial, method = method)
    expect_error(tidy(fit, exponentiate = TRUE), "`exponentiate`", class = "cordgain_invalid_input")
    expect_error(tidy(fit, bogus = 1), "`bogus`.*`conf.level`", class = "cordgain_invalid_input")
    expect_identical(tidy(fit, exponentiate = FALSE, conf.int = TRUE), tidy(fit))
  }
  expect_error(tidy(fit, conf.int = FALSE), "`conf.int`", class = "cordgain_invalid_input")
  counts <- fit_recovery(score ~ week + (1 | subject), trial, family = poisson())
  expect_error(tidy(counts, exponentiate = TRUE), "`exponentiate`", class = "cordgain_invalid_input")
  expect_identical(tidy(counts, exponentiate = FALSE), tidy(counts))
})
