# The refusals of section 10 of the statistics page that concern scores, by their numbers. Each message has three
# parts: what is wrong, what was given, and what to do.

says <- function(expr, wrong, given, todo, class = "cordgain_invalid_input") {
  error <- expect_error(expr, class = class)
  expect_match(error$message, wrong)
  body <- gsub("\\s+", " ", error$body)
  expect_match(paste(body[names(error$body) == "x"], collapse = " "), given)
  expect_match(paste(body[names(error$body) == "i"], collapse = " "), todo)
}

sygen <- \() subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")

all_differences <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")

test_that("8: an SD that is not positive, ends that are not in order, a mean off its scale", {
  table <- data.frame(source = c("a", "b"), mean = c(7.8, 9), sd = 6.5, n = c(120, 60))
  change <- \(...) natural_change(transform(table, ...), prior_half_normal(2))
  says(change(sd = c(0, 6)), "precision", "\"a\" has an SD or SE of 0", "must be positive")
  says(change(sd = c(6, -1)), "at least 0", "Element 2 is: -1", "above 0; NA stands")
  says(change(se = c(-0.1, 1)), "at least 0", "Element 1 is: -0.1", "above 0; NA stands")
  says(change(n = c(1, 60)), "precision", "\"a\" has an n", "counts the patients")
  for (sd in c(0, -1)) says(natural_change(7.8, sd = sd), "above 0", paste("It is", sd), "from a registry")
  says(natural_change(7.8, sd = 6.5, family = "censored", range = c(36, -14)), "smallest change to the largest",
    "36 to -14", "c\\(-14, 36\\)")
  says(natural_change(40, sd = 6.5, family = "censored", range = c(-14, 36)), "inside its range", "Mean 40, SD 6.5",
    "correct what is wrong")
  curve <- \(...) natural_curve(transform(sygen(), ...), correlation = 0.8)
  says(curve(mean = replace(mean, 2, 51)), "on its scale, 0 to 50", "mean is 51 in week 1", "scale. right")
  says(curve(sd = replace(sd, 2, 0)), "must be positive", "Week 1 has one of 0", "Leave out")
  says(curve(sd = replace(sd, 2, -3)), "at least 0", "Element 2 is: -3", "above 0")
  says(regression_to_mean(20, 0, 0.8, 15), "above 0", "It is 0", "SD of the scores")
  says(natural_curve(sygen(), correlation = 1), "in \\[0, 1\\)", "It is 1", "two visits of one patient")
})

test_that("9: a score off its scale, so a change outside [-baseline, max - baseline]; a grade of a muscle above 5", {
  says(score_change(c(12, 18), c(36, 51), "uems"), "in \\[0, 50\\]", "Element 2 is: 51", "left to gain")
  says(score_change(c(12, 18), c(NA, 51), "lems"), "in \\[0, 50\\]", "Element 2 is: 51", "LEMS.*correct the score")
  says(score_change(c(-1, 18), c(36, 31), "uems"), "in \\[0, 50\\]", "Element 1 is: -1", "UEMS")
  says(score_change(c(12, NA), c(36, 31), "uems"), "finite", "Element 2 is: NA", "leave the patient out")
  visits <- data.frame(id = "a", week = c(2, 12), uems = c(12, 55))
  says(recovery_data(visits, id, week, uems, "uems"), "on their scale, 0 to 50", "Row 2: 55", "scale. right")
  exam <- as.data.frame(isncsci_simulated)[1, ]
  exam$r_motor_c5 <- 6
  error <- expect_error(score_isncsci(exam), class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "r_motor_c5|C5")
})

treated_visits <- function(..., treated = 3) {
  d <- data.frame(id = rep(c("a", "b"), each = 3), week = rep(c(2, 12, 52), 2), uems = c(10, 18, 30, 14, 16, 22),
    at = treated)
  d <- transform(d, ...)
  recovery_data(d, id, week, uems, "uems", treated_at = at, match = list(level = "cervical"))
}

test_that("10: visits before treatment as outcome; times out of order, doubled, or without the day of injury", {
  answer <- \(x) excess(x, natural_curve(sygen(), correlation = 0.8), accept = all_differences)
  expect_warning(late <- treated_visits(treated = 60), class = "cordgain_no_visit_after")
  says(answer(late), "cannot be compared", "No score after treatment in week 60", "complete")
  says(answer(treated_visits(treated = 1)), "cannot be compared", "No score at or before treatment", "complete")
  says(treated_visits(week = rep(c(2, 2, 52), 2)), "one score at each time", "Rows 1 and 2: .* at 2 a second time",
    "one score for each visit")
  says(treated_visits(week = rep(c(2, 60, 52), 2)), "increase", "at 52 after 60", "Sort the rows")
  says(treated_visits(week = week - 3), "weeks since injury", "Rows 1 and 4 have -1", "need the day of injury")
  says(treated_visits(treated = c(3, 3, 3, 3, 3, 4)), "the same in all rows", "\"b\"", "one number per patient")
  says(treated_visits(treated = -3), "cannot be negative", "\"a\" and \"b\"", "day of injury")
  # Of visits on both sides of treatment those before it are the baseline alone.
  x <- answer(treated_visits(treated = 12))
  expect_identical(sort(unique(stats::na.omit(tidy(x)$time[tidy(x)$term == "visit_excess"]))), 40)
})

test_that("11: percentiles of normal scores where most patients do not change", {
  thoracic <- score_change(c(0, 2), c(1, 2), "lems", match = list(level = "T4"))
  says(excess(thoracic, natural_change(0.8, sd = 2), accept = all_differences), "do not change at all", "\"T4\"",
    "hurdle")
  says(excess(thoracic, natural_change(0.8, sd = 2, family = "censored", range = c(0, 50)), accept = all_differences),
    "family = \"censored\"", "\"T4\"", "hurdle")
  visits <- data.frame(id = "a", week = c(2, 12), lems = c(0, 1), at = 3)
  course <- recovery_data(visits, id, week, lems, "lems", treated_at = at, match = list(level = "T4"))
  says(excess(course, natural_curve(sygen(), correlation = 0.8), accept = all_differences), "do not change at all",
    "\"T4\"", "hurdle")
})

test_that("12: proportional recovery", {
  says(natural_curve(sygen(), correlation = 0.8, proportional = TRUE), "refused", "AIS A", "Leave")
})

test_that("13: a covariance estimated from fewer than ten subjects", {
  # simulated
  records <- data.frame(week = rep(c(2, 12, 52), 6), subject = rep(1:6, each = 3), score = c(10, 18, 30, 14, 16, 22, 8,
    15, 25, 12, 20, 27, 9, 13, 24, 11, 19, 31))
  natural <- natural_curve(fit_recovery(score ~ week + (1 | subject), records))
  error <- expect_error(excess(treated_visits(), natural, accept = all_differences, rise = 12),
    class = "cordgain_unmatched")
  expect_match(gsub("\\s+", " ", conditionMessage(error)), "6 subjects.*take the covariance from a registry.*accept")
  taken <- excess(treated_visits(), natural, accept = c(all_differences, "covariance"), rise = 12)
  expect_s3_class(taken, "excess")
})

test_that("15: a correlation that is none, or that nobody vouches for", {
  part <- \(scale) excess(score_change(c(12, 18), c(36, 31), scale), natural_change(7.8, sd = 6.5),
    accept = all_differences)
  outcomes <- list(arms = part("uems"), legs = part("lems"))
  joint <- \(r, ...) joint_excess(outcomes, r, ...)
  says(joint(matrix(c(1, 1.2, 1.2, 1), 2), "r"), "positive definite", "eigenvalue is -0.2", "registry")
  says(joint(matrix(1, 2, 2), "r"), "positive definite", "eigenvalue", "registry")
  says(joint(diag(3), "r"), "positive definite", "3 by 3", "order of")
  says(joint(0.4, "r"), "positive definite", "a number", "Symmetric")
  error <- expect_error(joint_excess(outcomes), class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "correlation. and .source. are not given.*registry")
})

test_that("17: two gains through which no plateau passes", {
  two <- \(gains) data.frame(week = c(12, 52), mean = gains, sd = 6, n = 50, from_week = 0)
  for (gains in list(c(12 / 52 * 9, 9), c(1, 9), c(9, 9), c(10, 9))) {
    says(natural_curve(two(gains), correlation = 0.5), "No plateau", "ratio of the gains is", "check their weeks")
  }
  says(natural_curve(two(c(-1, 9)), correlation = 0.5), "both must be above 0", "-1 in week 12", "sign")
  # just inside either end there is one
  for (gains in list(c(12 / 52 * 9 + 0.01, 9), c(8.99, 9))) {
    expect_s3_class(natural_curve(two(gains), correlation = 0.5), "natural_curve")
  }
})

test_that("23: a number of scores whose digits are not known is an error", {
  natural <- natural_change(data.frame(source = c("a", "b"), mean = c(7.8, 9), se = c(0.6, 1)), prior_half_normal(2),
    sd = 6.5)
  x <- score_change(c(12, 18), c(36, 31), "uems")
  # the second route a tenth of a point off
  natural$routes$coarse$fresh$mean <- natural$routes$coarse$fresh$mean + 0.1
  says(tidy(natural), "could not be computed to 1e-06", "Two quadratures differ", "prior",
    class = "cordgain_numerical_error")
  says(excess(x, natural, accept = all_differences), "could not be computed", "Two quadratures differ", "prior",
    class = "cordgain_numerical_error")
})
