# Excess of a fit on treated patients.

test_that("a fit of treated patients gives the same as its data", {
  data <- as.data.frame(gls_data())
  fit <- fit_recovery(score ~ week + at + (1 | id), transform(data, at = 3 + 0 * week))
  e <- excess(fit, gls_natural(), accept = all_differences, time = "week", subject = "id", treated_at = "at",
    scale = "uems")
  expect_equal(tidy(e)$estimate, tidy(gls_excess())$estimate)
  expect_error(excess(fit, gls_natural()), "treated_at", class = "cordgain_invalid_input")
})

test_that("a fit by the sampler is answered as any other: the excess rests on its scores", {
  data <- transform(as.data.frame(gls_data()), at = 3 + 0 * week)
  fit <- fit_recovery(score ~ week + at + (1 | id), data,
    method = method_bayes(engine = "nuts", draws = 100, warmup = 200, seed = 1))
  e <- excess(fit, gls_natural(), accept = all_differences, time = "week", subject = "id", treated_at = "at",
    scale = "uems")
  expect_equal(tidy(e)$estimate, tidy(gls_excess())$estimate)
})

test_that("a fit of recovery data knows its roles, and the time of treatment may be a number", {
  plain <- tidy(gls_excess())
  fit <- fit_recovery(score ~ week + (1 | id), gls_data())
  expect_equal(tidy(excess(fit, gls_natural(), accept = all_differences)), plain)
  expect_equal(tidy(excess(fit, gls_natural(), accept = all_differences, treated_at = 3)), plain)
  bare <- fit_recovery(score ~ week + (1 | id), as.data.frame(gls_data()))
  ask <- \(...) {
    excess(bare, gls_natural(), accept = all_differences, time = "week", subject = "id", scale = "uems", ...)
  }
  expect_equal(tidy(ask(treated_at = 3)), plain)
  expect_error(ask(treated_at = "at"), "Give the weeks as a number", class = "cordgain_invalid_input")
  expect_error(ask(treated = 3), "no argument", class = "cordgain_invalid_input")
  # Roles of other scores than those fitted are none.
  logged <- fit_recovery(log(score) ~ week + (1 | id), gls_data())
  expect_null(logged$recorded)
})

test_that("a transformed score is not taken for points", {
  data <- transform(as.data.frame(gls_data()), at = 3 + 0 * week)
  ask <- \(fit) {
    excess(fit, gls_natural(), accept = all_differences, time = "week", subject = "id", treated_at = 3, scale = "uems")
  }
  invalid(ask(fit_recovery(sqrt(score) ~ week + (1 | id), data)), "left side.*sqrt\\(score\\).*recovery_data")
  invalid(ask(fit_recovery(cbind(score, 50 - score) ~ week + (1 | id), data, family = binomial())), "cbind")
})

test_that("a name that the fit does not have is said, and the time may stand inside a call", {
  data <- as.data.frame(gls_data())
  fit <- fit_recovery(score ~ log(week) + (1 | id), data)
  ask <- \(time = "week", subject = "id") {
    excess(fit, gls_natural(), accept = all_differences, time = time, subject = subject, treated_at = 3, scale = "uems")
  }
  invalid(ask(time = "weeks"), "no variable \"weeks\".*`time` is the name.*weeks since injury")
  invalid(ask(subject = "patient"), "no variable \"patient\".*`subject` is the name")
  invalid(ask(time = 3), "`time` must be one string")
  expect_equal(tidy(ask()), tidy(gls_excess()))
})

test_that("turned scores of a fit are turned once, whatever names are given beside its records", {
  visits <- data.frame(id = rep(c("a", "b"), each = 3), week = rep(c(0, 26, 52), 2), s = c(28, 26, 24, 22, 22, 23),
    tr = 1)
  records <- recovery_data(visits, id, week, s, "mds_updrs_iii", tr)
  means <- data.frame(measure = "mds_updrs_iii", week = c(0, 26, 52), mean = c(21, 23, 24.5), sd = 9, n = 300)
  curve <- natural_curve(means, correlation = 0.8)
  fit <- fit_recovery(s ~ week + (1 | id), transform(visits, s = -s)) # as a fit of recovery data is
  fit$recorded <- records
  plain <- tidy(excess(records, curve, accept = all_differences, rise = 12))
  expect_equal(tidy(excess(fit, curve, accept = all_differences, rise = 12)), plain)
  named <- excess(fit, curve, accept = all_differences, rise = 12, time = "week", subject = "id", treated_at = 1,
    scale = "mds_updrs_iii")
  expect_equal(tidy(named), plain)
})

test_that("a fit of untreated records is told that it has no time of treatment before `rise` is asked for", {
  df <- data.frame(id = rep(1:4, each = 4), week = rep(c(4, 12, 26, 52), 4), score = 20 + as.vector(t(gls_gains)))
  untreated <- fit_recovery(score ~ week + (1 | id), recovery_data(df, id, week, score, "uems"))
  s_shaped <- natural_curve(data.frame(week = c(4, 12, 30, 52), mean = c(10, 13, 17, 18), sd = 6, n = 40,
    measure = "uems"), shape = "gompertz", correlation = 0.8)
  for (x in list(untreated, recovery_data(df, id, week, score, "uems"))) {
    e <- expect_error(excess(x, s_shaped, accept = all_differences), "treated_at", class = "cordgain_invalid_input")
    expect_match(conditionMessage(e), "Untreated patients have none")
  }
  # Treated, and nothing else amiss: now the curve's missing rate is told.
  treated <- recovery_data(transform(df, at = 5), id, week, score, "uems", treated_at = at)
  expect_error(excess(treated, s_shaped, accept = all_differences), "rise", class = "cordgain_invalid_input")
})
