# Repeated scores over a natural course: linear functions of the gains, so shifts, units and orders are exact.

weeks_since <- c(4, 12, 26, 52)

course_gains <- rbind(c(3, 9, 16, 24), c(2, 7, 10, 13), c(1, 1, 2, 2))

courses <- function(gains = course_gains, order = seq_len(nrow(gains)), unit = 1) {
  n <- nrow(gains)
  df <- data.frame(id = rep(letters[seq_len(n)], each = 5), week = rep(c(3, 3 + weeks_since), n), at = 3,
    score = unit * (as.vector(t(cbind(0, gains))) + 10))
  df <- df[unlist(lapply(order, \(i) which(df$id == letters[i]))), ]
  scale <- if (unit == 1) "uems" else motor_scale(min = 0, max = 50 * unit, direction = "higher", name = "units")
  recovery_data(df, subject = id, time = week, score = score, scale = scale, treated_at = at)
}

# Gains known without error: no standard errors in the table.
course_covariance <- 9 * diag(4) + 25

course_natural <- \(mean = 9 * (1 - exp(-weeks_since / 12)), unit = 1, ...) {
  natural_curve(data.frame(source = "made up", week = 3 + weeks_since, mean = unit * mean, from_week = 3),
    covariance = unit^2 * course_covariance, ...)
}

course_excess <- \(x = courses(), natural = course_natural(), ...) excess_of_scores(x, natural, ...)

test_that("points added to all gains are points of excess at each visit, and over the whole in proportion to time", {
  plain <- course_excess()
  more <- course_excess(courses(course_gains + 2))
  expect_equal(term_value(more, "visit_excess") - term_value(plain, "visit_excess"), rep(2, 4), tolerance = 1e-10)
  expect_equal(term_value(more, "mean_excess") - term_value(plain, "mean_excess"), 2, tolerance = 1e-10)
  # A step that rises over the first 4 of 52 weeks and stays: 2 (2 + 48) / 52.
  expect_equal(term_value(more, "auc_excess") - term_value(plain, "auc_excess"), 2 * 50 / 52, tolerance = 1e-10)
  for (term in c("visit_excess", "mean_excess", "auc_excess", "plateau_excess")) {
    expect_equal(term_value(more, term, "std.error"), term_value(plain, term, "std.error"))
  }
})

test_that("the order of the patients changes nothing but the order of their rows", {
  plain <- course_excess()
  other <- course_excess(courses(order = c(3, 1, 2)))
  for (term in c("visit_excess", "mean_excess", "auc_excess", "plateau_excess", "prob_excess")) {
    expect_equal(term_value(other, term), term_value(plain, term), tolerance = 1e-10)
  }
  one <- term_of(plain, "patient_excess")
  two <- term_of(other, "patient_excess")
  expect_equal(two$estimate[match(one$subject, two$subject)], one$estimate, tolerance = 1e-10)
})

test_that("tenths of points give ten times the excess, and the same probabilities", {
  plain <- course_excess()
  tenths <- course_excess(courses(unit = 10), course_natural(unit = 10))
  for (term in c("visit_excess", "auc_excess", "plateau_excess")) {
    # The curve is fitted to 1e-13 in its parameters.
    expect_equal(term_value(tenths, term), 10 * term_value(plain, term), tolerance = 1e-8)
  }
  expect_equal(term_value(tenths, "prob_excess"), term_value(plain, "prob_excess"), tolerance = 1e-8)
  expect_equal(term_value(tenths, "patient_percentile"), term_value(plain, "patient_percentile"), tolerance = 1e-8)
})

test_that("the plateau is generalised least squares by hand, linear in the gains", {
  g <- 1 - exp(-weeks_since / 12)
  inverse <- solve(course_covariance)
  weight <- drop(inverse %*% g) / drop(t(g) %*% inverse %*% g)
  excess <- colMeans(course_gains) - 9 * g
  e <- course_excess()
  expect_equal(term_value(e, "plateau_excess"), sum(weight * excess), tolerance = 1e-7) # the rate is fitted
  expect_equal(term_value(e, "plateau_excess", "std.error"), 1 / sqrt(3 * drop(t(g) %*% inverse %*% g)),
    tolerance = 1e-7)
  # Gains that follow the plateau exactly give its height back.
  exact <- course_excess(courses(rbind(15 * g, 15 * g, 15 * g)))
  expect_equal(term_value(exact, "plateau_excess"), 6, tolerance = 1e-7)
})

test_that("a spread between populations stays however many patients there are", {
  e <- course_excess(natural = course_natural(between_sd = 4))
  # At the last visit, where it is defined: own variance 34 / 3 and 16.
  expect_equal(term_value(e, "mean_excess", "std.error"), sqrt(34 / 3 + 16), tolerance = 1e-8)
})

test_that("a slower rise of the excess gives late visits more weight, and a stated one is printed", {
  early <- course_excess(rise = 1)
  late <- course_excess(rise = 60)
  # A rise within a week is flat over the visits: its weights add up to one.
  expect_lt(term_value(early, "plateau_excess"), term_value(late, "plateau_excess"))
  expect_match(paste(capture.output(print(late)), collapse = " "), "rising with 60 weeks", fixed = TRUE)
})

test_that("what cannot be compared is refused in words", {
  x <- courses()
  invalid(excess(x, natural_change(5, sd = 2)), "natural_curve")
  invalid(course_excess(control = x), "control")
  invalid(course_excess(rise = 0), "rise")
  invalid(course_excess(margin = "big"), "margin")
  invalid(course_excess(conf.level = 1), "conf.level")
  untreated <- recovery_data(data.frame(id = "a", week = c(3, 15), score = c(10, 12)), subject = id, time = week,
    score = score, scale = "uems")
  invalid(course_excess(untreated), "treated_at")
  late <- recovery_data(data.frame(id = "a", week = c(7, 15), score = c(10, 12), at = 4), subject = id, time = week,
    score = score, scale = "uems", treated_at = at)
  invalid(course_excess(late), "No score at or before treatment")
})
