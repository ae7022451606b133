# A natural course from a fit of untreated records.

test_that("a fit must hold its time and subject", {
  d <- data.frame(week = rep(c(1, 5, 9), 6), id = rep(1:6, each = 3), score = c(1:9, 2:10) + c(0, 0.5, -1,
    0.25)[1 + (1:18) %% 4])
  # simulated
  fit <- fit_recovery(score ~ week + (1 | id), d)
  expect_error(natural_curve(fit), "subject", class = "cordgain_invalid_input")
  x <- natural_curve(fit, subject = "id", match = list(level = "cervical"))
  expect_output(print(x), "6 untreated patients")
  expect_equal(tidy(x)$estimate[tidy(x)$term == "mean_score"], unname(fixef(fit)[1] + fixef(fit)[2] * c(1, 5, 9)))
})

# Twelve patients of a scale on which lower is better, each losing 0.06 points a week; simulated.
losing_records <- function() {
  set.seed(3)
  d <- expand.grid(week = c(0, 13, 26, 52), subject = 1:12)
  d$updrs <- 25 + stats::rnorm(12, 0, 4)[d$subject] + 0.06 * d$week + stats::rnorm(48, 0, 1.5)
  d
}

# The mean slope of balanced records, from plain least squares: a random intercept does not move it.
mean_slope <- \(d) unname(stats::coef(stats::lm(updrs ~ week, d))[2])

losing_trial <- \() {
  visits <- data.frame(id = rep(c("a", "b"), each = 3), week = rep(c(0, 26, 52), 2), s = c(28, 26, 24, 22, 22, 23),
    tr = 1)
  recovery_data(visits, id, week, s, "mds_updrs_iii", tr)
}

test_that("the mean of a fit of plain scores is turned where lower is better", {
  d <- losing_records()
  fit <- fit_recovery(updrs ~ week + (1 | subject), d)
  x <- natural_curve(fit, scale = "mds_updrs_iii")
  expect_equal(predict(x, time = 52, from = 0)$estimate, -52 * mean_slope(d), tolerance = 1e-8)
  mean_excess <- term_value(excess(losing_trial(), x, accept = all_differences, rise = 12), "mean_excess")
  expect_equal(mean_excess, 1.5 + 52 * mean_slope(d), tolerance = 1e-8)
  expect_output(print(x), "sign of the scores is turned")
  rows <- tidy(x)
  expect_equal(rows$estimate[rows$term == "week"], -mean_slope(d), tolerance = 1e-8)
  expect_equal(rows$estimate[rows$term == "mean_score"], -(mean(d$updrs) + mean_slope(d) * (c(0, 13, 26, 52) -
    mean(d$week))), tolerance = 1e-8)
  # Scores that were turned by hand would be turned back.
  turned <- fit_recovery(updrs ~ week + (1 | subject), transform(d, updrs = -updrs))
  invalid(natural_curve(turned, scale = "mds_updrs_iii"), "48 of 48 lie off")
})

fit_of_records <- function(match = list()) {
  records <- recovery_data(losing_records(), subject, week, updrs, "mds_updrs_iii", match = match)
  fit_recovery(updrs ~ week + (1 | subject), records)
}

test_that("a fit of recovery data has turned scores, its scale and its population", {
  d <- losing_records()
  match <- list(level = rep("cervical", 12), baseline_grade = rep(c("A", "B"), 6), baseline_days = c(1, 20),
    years = c(2010, 2015))
  x <- natural_curve(fit_of_records(match))
  expect_output(print(x), "MDS-UPDRS part III.*sign of the scores is turned")
  expect_equal(predict(x, time = 52, from = 0)$estimate, -52 * mean_slope(d), tolerance = 1e-8)
  expect_equal(term_value(excess(losing_trial(), x, accept = all_differences, rise = 12), "mean_excess"),
    1.5 + 52 * mean_slope(d), tolerance = 1e-8)
  s <- natural_sources(x)
  expect_identical(s$endpoint, "MDS-UPDRS part III")
  expect_identical(s$level, "cervical")
  expect_identical(s$baseline_grade, NA_character_) # of two grades it is neither's
  expect_equal(unlist(s[c("baseline_from_day", "baseline_to_day", "years_from", "years_to")], use.names = FALSE),
    c(1, 20, 2010, 2015))
  # What a person says goes first.
  expect_identical(natural_sources(natural_curve(fit_of_records(match), match = list(level = "T1-T9")))$level, "T1-T9")
  expect_identical(natural_sources(natural_curve(fit_of_records(), scale = "mds_updrs_iii"))$level, NA_character_)
  invalid(natural_curve(fit_of_records(), scale = "uems"), "not the scale of the fitted records")
})

test_that("records on which higher is better are known as the fit recorded them", {
  d <- transform(losing_records(), at = NA_real_)
  records <- recovery_data(d, subject, week, updrs, "uems", at, match = list(level = "cervical"))
  x <- natural_curve(fit_recovery(updrs ~ week + (1 | subject), records))
  expect_identical(natural_sources(x)$level, "cervical")
  expect_equal(predict(x, time = 52, from = 0)$estimate, 52 * mean_slope(d), tolerance = 1e-8)
})

test_that("an offset is part of the course, in the formula and as an argument", {
  d <- transform(losing_records(), known = 0.2 * week)
  # With a slope of the week the offset of 0.2 a week is taken out of the slope and comes back by the offset.
  gain <- \(...) predict(natural_curve(...), time = 52, from = 0)$estimate
  plain <- 52 * mean_slope(d)
  expect_equal(gain(fit_recovery(updrs ~ week + offset(0.2 * week) + (1 | subject), d)), plain, tolerance = 1e-8)
  expect_equal(gain(fit_recovery(updrs ~ week + (1 | subject), d, offset = 0.2 * week)), plain, tolerance = 1e-8)
  # Without a slope all of the gain is the offset's.
  expect_equal(gain(fit_recovery(updrs ~ 1 + offset(0.2 * week) + (1 | subject), d)), 0.2 * 52, tolerance = 1e-8)
  by_bayes <- fit_recovery(updrs ~ 1 + offset(0.2 * week) + (1 | subject), d, method = "bayes")
  expect_equal(gain(by_bayes), 0.2 * 52, tolerance = 1e-8)
  turned <- natural_curve(fit_recovery(updrs ~ 1 + offset(0.2 * week) + (1 | subject), d), scale = "mds_updrs_iii")
  expect_equal(predict(turned, time = 52, from = 0)$estimate, -0.2 * 52, tolerance = 1e-8)
})

test_that("an offset that is not known at other weeks is refused", {
  d <- transform(losing_records(), known = 0.2 * week)
  column <- fit_recovery(updrs ~ week + (1 | subject), d, offset = known)
  invalid(natural_curve(column), "\"known\", of the offset.*function of \"week\"")
  at_rest <- natural_curve(column, at = data.frame(known = 0))
  expect_equal(predict(at_rest, time = 52, from = 0)$estimate, 52 * (mean_slope(d) - 0.2), tolerance = 1e-8)
  invalid(natural_curve(fit_recovery(updrs ~ week + offset(known) + (1 | subject), d)), "Not known.*\"known\"")
  numbers <- fit_recovery(updrs ~ week + (1 | subject), d, offset = rep(1, 48))
  invalid(natural_curve(numbers), "fitted rows alone.*rep\\(1, 48\\)")
})

test_that("values of other variables are asked for when the curve is made", {
  d <- losing_records()
  d$age <- 20 + 3 * d$subject
  fit <- fit_recovery(updrs ~ week * age + (1 | subject), d)
  age <- 30 # a constant of that name does not stand for the records' ages
  invalid(natural_curve(fit), "`at` must give.*\"age\".*at = data.frame\\(age = ...\\)")
  b <- stats::coef(stats::lm(updrs ~ week * age, d)) # balanced: least squares
  expect_equal(predict(natural_curve(fit, at = data.frame(age = age)), time = 52, from = 0)$estimate,
    unname(52 * (b["week"] + age * b["week:age"])), tolerance = 1e-7)
  invalid(natural_curve(fit, at = data.frame(age = NA_real_)), "missing.*age")
  invalid(natural_curve(fit_recovery(updrs ~ week + (age | subject), d)), "\"age\"")
  site <- transform(d, site = factor(subject %% 3))
  invalid(natural_curve(fit_recovery(updrs ~ week + site + (1 | subject), site), at = data.frame(site = "9")),
    "not fitted")
  # What is no variable of the records is a constant.
  half <- 0.5
  expect_s3_class(natural_curve(fit_recovery(updrs ~ I(week^half) + (1 | subject), d)), "natural_curve")
})

test_that("the curve of a fit with weights is that of a score of weight 1", {
  d <- transform(losing_records(), w = 4)
  fit <- fit_recovery(updrs ~ week + (1 | subject), d, weights = w)
  plain <- fit_recovery(updrs ~ week + (1 | subject), d)
  # Weights of 4 say that sigma^2 / 4 was seen, so that a score of weight 1 has four times the variance.
  own <- \(fit) curve_gains(natural_curve(fit), 0, 52)$own[1, 1]
  expect_equal(own(fit), 4 * own(plain), tolerance = 1e-5) # two searches
})

test_that("a transformed score is no course in points", {
  d <- losing_records()
  invalid(natural_curve(fit_recovery(sqrt(updrs) ~ week + (1 | subject), d)), "left side.*sqrt\\(updrs\\).*as it is")
})

test_that("a residual covariance is the first thing refused, whatever effects there are", {
  data <- transform(nlme::Orthodont, visit = factor(age))
  both <- distance ~ age + (1 | Subject) + (ar1(visit | Subject))
  for (formula in list(distance ~ age + ar1(visit | Subject), both)) {
    error <- expect_error(natural_curve(fit_recovery(formula, data), time = "age", subject = "Subject"),
      class = "cordgain_invalid_input")
    words <- gsub("\\s+", " ", conditionMessage(error))
    expect_match(words, "residual covariance over visits.*in the place of `ar1\\(visit \\| Subject\\)`")
    expect_no_match(words, "1 | Subject)` first", fixed = TRUE)
  }
})
