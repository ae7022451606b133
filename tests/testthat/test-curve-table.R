# Tables of published means by visit, or of gains.

sygen <- \() subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")

test_that("what is no table of a course is refused", {
  bad <- \(..., message = NULL, rows = sygen()) {
    expect_error(natural_curve(transform(rows, ...), correlation = 0.8), message, class = "cordgain_invalid_input")
  }
  bad(mean = mean + 40, message = "0 to 50.*mean is 50.872 in week 0, 52.099 in week 1")
  bad(mean = replace(mean, 3, -1), message = "mean is -1 in week 4")
  bad(sd = replace(sd, 2, 0), message = "positive.*Week 1 has one of 0")
  bad(sd = -1)
  bad(sd = NA_real_, message = "Weeks 0, 1, 4.*have none")
  bad(week = replace(week, 2, 0), message = "once.*Week 0 stands twice")
  bad(se = replace(sd, 2, 0), message = "Week 1 has one of 0")
  bad(level = rep_len(c("cervical", "T1-T9"), nrow(sygen())), message = "one level")
  expect_error(natural_curve(sygen(), correlation = 1), class = "cordgain_invalid_input")
  expect_error(natural_curve(sygen(), correlation = 0.8, shape = "line"), class = "cordgain_invalid_input")
  expect_error(natural_curve(sygen(), covariance = diag(7)), "no gains", class = "cordgain_invalid_input")
  expect_error(natural_curve(1), class = "cordgain_invalid_input")
  expect_error(natural_curve(data.frame(week = c(2, 52), mean = c(6, 9), from_week = 3), covariance = diag(2)),
    "before the first",
    class = "cordgain_invalid_input")
})

test_that("rows are put in order of their weeks, and gains are known by their first week", {
  table <- as_curve_table(sygen()[7:1, ], NULL, NULL)
  expect_identical(table$rows$week, c(0, 1, 4, 8, 16, 26, 52))
  expect_false(table$gains)
  gains <- as_curve_table(data.frame(week = c(52, 12), mean = c(9, 6), from_week = 3), NULL, NULL)
  expect_true(gains$gains)
  expect_identical(c(gains$from, gains$rows$mean), c(3, 6, 9))
  mixed <- data.frame(week = c(12, 52), mean = c(6, 9), from_week = c(0, 1))
  expect_error(as_curve_table(mixed, NULL, NULL), "is 0 and 1.*one with", class = "cordgain_invalid_input")
})

test_that("the correlation, or the covariance of gains, is what was given", {
  table <- as_curve_table(sygen(), NULL, NULL)
  expect_identical(own_covariance(table, 0.8, NULL, NULL), list(sd = table$rows$sd, r = 0.8))
  gains <- as_curve_table(data.frame(week = c(12, 52), mean = c(6, 9), from_week = 3), NULL, NULL)
  expect_identical(own_covariance(gains, NULL, diag(2), NULL), list(matrix = diag(2)))
  for (bad in list(diag(3), matrix(c(1, 2, 2, 1), 2), 4, matrix(c(1, 0.1, 0.2, 1), 2))) {
    expect_error(own_covariance(gains, NULL, bad, NULL), "positive definite.*order of the weeks",
      class = "cordgain_invalid_input")
  }
})

test_that("the patients behind a mean are whole and two or more, or not known", {
  rows <- data.frame(week = c(4, 12, 26, 52), mean = c(12, 18, 22, 24), sd = 8, measure = "uems")
  for (n in list(0, 0.5, c(100, 0, 50, 40), 2.5)) {
    expect_error(natural_curve(cbind(rows, n = n), correlation = 0.8), "whole number of at least 2.*Week",
      class = "cordgain_invalid_input")
  }
  expect_s3_class(natural_curve(cbind(rows, n = NA), correlation = 0.8), "natural_curve")
})

test_that("a scale that is not that of the rows is refused", {
  rows <- data.frame(measure = "uems", week = c(0, 10, 20, 50), mean = c(10, 12, 14, 15), sd = 5, n = 50)
  invalid(natural_curve(rows, correlation = 0.8, scale = "lems"), "not the scale of the rows.*uems")
  expect_identical(scale_name(natural_curve(rows, correlation = 0.8, scale = "uems")$settings$scale),
    "upper extremity motor score (UEMS)")
  # A measure of no name of the package's may be any scale.
  named <- natural_curve(transform(rows, measure = "arms"), correlation = 0.8, scale = "uems")
  expect_identical(natural_sources(named)$endpoint, "upper extremity motor score (UEMS)")
})

test_that("means are turned once where lower is better, and had back as published", {
  rows <- data.frame(week = c(0, 26, 52), mean = c(21, 23, 24.5), sd = 9, n = 300, measure = "mds_updrs_iii")
  table <- as_curve_table(rows, NULL, NULL)
  expect_identical(table$rows$mean, -rows$mean)
  expect_identical(rows_as_published(table)$mean, rows$mean)
  expect_identical(as_curve_table(transform(rows, measure = "uems"), NULL, NULL)$rows$mean, rows$mean)
  expect_identical(mean_sign(NULL), 1)
})
