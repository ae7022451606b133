# Repeated scores over a natural course.

test_that("the plateau, its SE, week 52 and the area agree with independent values (E10-E13)", {
  e <- gls_excess()
  expect_equal(term_value(e, "plateau_excess"), checks_value("E10"), tolerance = 1e-7) # k is fitted to the means
  expect_equal(term_value(e, "plateau_excess", "std.error"), checks_value("E11"), tolerance = 1e-7)
  fitted <- term_of(e, "fitted_excess")
  expect_equal(fitted$estimate[fitted$time == 52], checks_value("E12"), tolerance = 1e-7)
  expect_equal(term_value(e, "auc_excess"), checks_value("E13"), tolerance = 1e-7)
})

test_that("visits, means and patients are plain averages with plain variances", {
  e <- gls_excess(margin = 1)
  visits <- term_of(e, "visit_excess")
  expect_equal(visits$time, gls_weeks)
  expect_equal(visits$estimate, colMeans(gls_gains) - 9 * gls_rise, tolerance = 1e-7)
  expect_equal(visits$std.error, sqrt(diag(gls_covariance) / 4), tolerance = 1e-10)
  mean <- term_of(e, "mean_excess")
  expect_equal(mean$estimate, visits$estimate[4])
  expect_equal(term_value(e, "prob_excess"), stats::pnorm(mean$estimate / mean$std.error), tolerance = 1e-10)
  expect_equal(term_value(e, "prob_margin"), stats::pnorm((mean$estimate - 1) / mean$std.error), tolerance = 1e-10)
  patients <- term_of(e, "patient_excess")
  expect_equal(patients$estimate, gls_gains[, 4] - 9 * gls_rise[4], tolerance = 1e-7)
  expect_equal(term_value(e, "patient_percentile"), stats::pnorm(patients$estimate / sqrt(gls_covariance[4, 4])),
    tolerance = 1e-7)
})

test_that("shared uncertainty does not average out over patients", {
  sygen <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  curve <- natural_curve(sygen, correlation = 0.8, between_sd = 2)
  df <- data.frame(id = rep(1:4, each = 2), week = c(4, 52), at = 4, score = c(10, 25))
  data <- recovery_data(df, id, week, score, "uems", treated_at = at)
  mean <- term_of(excess(data, curve, accept = all_differences), "mean_excess")
  g <- curve_gains(curve, 4, 52)
  expect_equal(mean$std.error, sqrt(g$own[1, 1] / 4 + sum(g$slopes^2)), tolerance = 1e-10)
  expect_equal(mean$estimate, 15 - g$mean, tolerance = 1e-10)
})

test_that("the score before treatment is the baseline, and what is not known is counted", {
  df <- data.frame(id = 1, week = c(1, 2, 12, 26, 52), at = 3, score = c(5, 8, NA, 20, 30))
  data <- recovery_data(df, id, week, score, "uems", treated_at = at)
  sygen <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  curve <- natural_curve(sygen, correlation = 0.8)
  e <- excess(data, curve, accept = all_differences)
  expect_equal(term_value(e, "visit_excess"), c(12, 22) - curve_gains(curve, 2, c(26, 52))$mean)
  expect_output(print(e), "1 score is not known and was left out")
})

test_that("visits before treatment are no outcome, and treatment needs a time since injury (refusal 10)", {
  sygen <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  curve <- natural_curve(sygen, correlation = 0.8)
  df <- data.frame(id = 1, week = c(1, 2), at = 3, score = c(5, 8))
  try_it <- \(df) excess(recovery_data(df, id, week, score, "uems", treated_at = at), curve, accept = all_differences)
  expect_warning(expect_error(try_it(df), "after treatment", class = "cordgain_invalid_input"),
    class = "cordgain_no_visit_after")
  expect_error(try_it(transform(df, at = 0.5)), "at or before", class = "cordgain_invalid_input")
  expect_error(try_it(transform(df, at = NA_real_)), "untreated", class = "cordgain_invalid_input")
  expect_error(excess(recovery_data(df, id, week, score, "uems"), curve, accept = all_differences), "treated_at",
    class = "cordgain_invalid_input")
})

test_that("a covariance from fewer than 10 subjects is refused unless accepted (refusal 13)", {
  set.seed(5)
  d <- expand.grid(week = c(3, 7, 15, 29, 55), subject = 1:8)
  d$score <- 10 + 0.2 * d$week + stats::rnorm(8, 0, 3)[d$subject] + stats::rnorm(40) # simulated
  curve <- natural_curve(fit_recovery(score ~ week + (1 | subject), d), scale = "uems")
  expect_error(excess(gls_data(), curve, accept = all_differences, rise = 12), "covariance",
    class = "cordgain_unmatched")
  e <- excess(gls_data(), curve, accept = c(all_differences, "covariance"), rise = 12)
  expect_output(print(e), "8 subjects")
  expect_error(excess(gls_data(), curve, accept = c(all_differences, "covariance")), "rise",
    class = "cordgain_invalid_input")
})

test_that("differences from the sources are refused unless accepted", {
  expect_error(excess(gls_data(), gls_natural()), class = "cordgain_unmatched")
  seen <- list(level = "cervical", baseline_grade = "A", baseline_days = c(14, 28), years = 2020)
  natural <- gls_natural(level = "cervical", baseline_grade = "A", years_from = 2018, years_to = 2020,
    registry = "check")
  expect_output(print(excess(gls_data(match = seen), natural)), "Matched on")
})

test_that("a thoracic motor course is refused, and other bad input", {
  expect_error(excess(gls_data(match = list(level = "T1-T9")), gls_natural(), accept = all_differences), "thoracic",
    class = "cordgain_invalid_input")
  expect_error(excess(gls_data(), natural_change(7, sd = 6)), "natural_curve", class = "cordgain_invalid_input")
  expect_error(gls_excess(rise = 0), class = "cordgain_invalid_input")
  expect_error(gls_excess(control = 1), class = "cordgain_invalid_input")
})

test_that("every row has its error, and summary is the table", {
  rows <- tidy(gls_excess())
  expect_true(all(rows$num.error > 0 & rows$num.error < 1e-6))
  expect_identical(summary(gls_excess()), rows)
})

test_that("a rise that hardly begins is refused, and one patient is one", {
  expect_error(gls_excess(rise = 1e300), "hardly begins", class = "cordgain_invalid_input")
  one <- recovery_data(as.data.frame(gls_data())[1:5, ], id, week, score, "uems", treated_at = at)
  expect_output(print(excess(one, gls_natural(), accept = all_differences)), "course: 1 patient")
})

test_that("the print gives the level of its intervals and the margin", {
  e <- gls_excess(conf.level = 0.8, margin = 2)
  printed <- paste(utils::capture.output(print(e)), collapse = " ")
  expect_match(printed, "80 % intervals")
  expect_match(printed, paste0("less by more than 2 in ", percent_text(term_value(e, "prob_margin"))), fixed = TRUE)
  expect_no_match(paste(utils::capture.output(print(gls_excess())), collapse = " "), "less by more than")
})

test_that("a curve is as long as the trial's visits within it, and visits outside are named", {
  natural <- \(last) {
    natural_curve(data.frame(week = c(3, 10, 20, 40, last), mean = c(10, 14, 17, 18, 18.5), sd = 8, n = 50,
      measure = "uems"), correlation = 0.8)
  }
  others <- setdiff(all_differences, c("followup", "endpoint"))
  # Followed to week 55, read from curves to week 56 and to week 104.
  expect_s3_class(excess(gls_data(), natural(56), accept = others, rise = 12), "excess_curve")
  expect_s3_class(excess(gls_data(), natural(104), accept = others, rise = 12), "excess_curve")
  invalid(excess(gls_data(), natural(50), accept = others, rise = 12), "week 3 to 50.*1 in week 55, 2 in week 55")
  early <- data.frame(id = 1, week = c(1, 12), at = 3, score = c(5, 8))
  invalid(excess(recovery_data(early, id, week, score, "uems", at), natural(56), accept = others, rise = 12),
    "Examined outside: patient 1 in week 1\\.")
})

test_that("a patient whose natural course leaves the scale is warned of by name", {
  visits <- \(a, b = c(12, 20, 24)) {
    df <- data.frame(id = rep(c("a", "b"), each = 3), week = rep(c(3, 15, 55), 2), at = 3, score = c(a, b))
    recovery_data(df, id, week, score, "uems", at)
  }
  natural <- natural_curve(data.frame(week = c(3, 15, 55), mean = 9 * c(0, 1 - exp(-1), 1 - exp(-52 / 12)) + 10,
    sd = 5, n = 100, measure = "uems"), correlation = 0.8)
  compare <- \(...) excess(visits(...), natural, accept = all_differences)
  # 50 of 50 and a natural gain of 9 (1 - e^{-52 / 12}) = 8.88: 58.9 expected.
  said <- tryCatch(compare(c(50, 50, 50)), cordgain_off_scale = conditionMessage)
  expect_match(said, "1 patient leaves the scale, 0 to 50.*a: 58\\.9.*too small")
  expect_no_match(said, "b:")
  # At the ceiling the excess comes out below 0 though nobody could have gained.
  e <- suppressWarnings(compare(c(50, 50, 50)))
  expect_equal(term_of(e, "patient_excess")$estimate[1], -9 * (1 - exp(-52 / 12)), tolerance = 1e-6)
  # The mean stays on the scale, 45.9, its interval does not: 45.9 + 1.96 * 5 sqrt(0.4) > 50.
  expect_warning(compare(c(37, 40, 44)), "a: 45\\.9 [(]3", class = "cordgain_off_scale")
  expect_warning(compare(c(0, 0, 0)), NA) # 8.88 - 1.96 * 3.2 is above 0
  expect_no_warning(compare(c(14, 20, 24)))
  # Turned scores have turned ends: from 2 points of a score that is better when lower, 8.88 fewer are none.
  fewer <- data.frame(week = c(3, 15, 55), mean = 40 - 9 * c(0, 1 - exp(-1), 1 - exp(-52 / 12)), sd = 5, n = 100,
    measure = "mds_updrs_iii")
  df <- data.frame(id = 1, week = c(3, 55), at = 3, score = c(2, 1))
  low <- recovery_data(df, id, week, score, "mds_updrs_iii", at)
  expect_warning(excess(low, natural_curve(fewer, correlation = 0.8), accept = all_differences),
    "scale, 0 to 132.*1: -6\\.88", class = "cordgain_off_scale")
})

test_that("the print gives the fitted excess at the last visit, and says of a plateau that nobody reached so", {
  words <- \(e) gsub(" +", " ", paste(utils::capture.output(print(e)), collapse = " "))
  show <- \(v) format(signif(v, 3), trim = TRUE)
  for (rise in c(12, 213)) {
    e <- gls_excess(rise = rise)
    last <- subset(term_of(e, "fitted_excess"), time == 52)
    # 1 - e^{-52 / rise} of the plateau
    expect_equal(last$estimate, term_value(e, "plateau_excess") * -expm1(-52 / rise), tolerance = 1e-10)
    expect_match(words(e), paste0("fitted at week 52 since treatment, rising with ", rise, " weeks to a plateau: ",
      show(last$estimate), " (", show(last$conf.low), " to ", show(last$conf.high), ")"), fixed = TRUE)
    expect_match(words(e), paste0(if (rise > 52) "reached only long after the last visit: " else "That plateau: ",
      show(term_value(e, "plateau_excess"))), fixed = TRUE)
  }
})
