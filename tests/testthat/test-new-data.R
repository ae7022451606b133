refusal <- function(code, pattern) expect_error(code, pattern, class = "cordgain_invalid_input")

test_that("a level of a fixed factor that was not fitted is an error that names it", {
  data <- transform(small_trial(), arm = factor(rep(c("x", "y"), each = 10)))
  fit <- fit_recovery(score ~ week + arm + (1 | subject), data)
  new <- data.frame(week = 0, arm = c("x", "z", "w"), subject = "a")
  refusal(predict(fit, new), '`arm` has levels that were not fitted.*"z" and "w"')
  refusal(predict(fit, new[2, ], re.form = NA), "no fixed effect")
})

test_that("new levels of a grouping factor are named, or allowed", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  new <- data.frame(week = 0, subject = c("a", "q"))
  refusal(predict(fit, new), '"q".*allow.new.levels = TRUE')
  expect_length(predict(fit, new, allow.new.levels = TRUE), 2L)
  # nested levels are looked up as pairs
  nested <- fit_recovery(score ~ week + (1 | site / subject), transform(small_trial(), site = rep(c("s", "t"), each = 10)))
  refusal(predict(nested, data.frame(week = 0, site = "t", subject = "a")), "a:t")
})

test_that("columns that are absent or of another kind are named", {
  data <- transform(small_trial(), arm = rep(c("x", "y"), each = 10))
  fit <- fit_recovery(score ~ week + arm + (1 | subject), data)
  refusal(predict(fit, data.frame(arm = "x", subject = "a")), "lacks a column.*`week`")
  refusal(predict(fit, data.frame(week = 1, arm = "x")), "`subject`")
  expect_length(predict(fit, data.frame(week = 1, arm = "x"), re.form = NA), 1L)
  refusal(predict(fit, data.frame(week = "1", arm = "x", subject = "a")), "`week` is not of the kind")
  refusal(predict(fit, list(week = 1)), "must be a data frame")
  week <- 1:3 # stands in the formula's environment and is not meant
  fit <- fit_recovery(score ~ week + (1 | subject), data)
  refusal(predict(fit, data.frame(subject = "a")), "`week`")
})

test_that("constants of the formula's environment are used", {
  scale <- 4
  fit <- fit_recovery(score ~ I(week / scale) + (1 | subject), small_trial())
  expect_equal(unname(predict(fit, data.frame(week = 8), re.form = NA)), sum(fixef(fit) * c(1, 2)))
})

test_that("a visit without a variance is refused, and only where a variance is needed", {
  data <- transform(small_trial(), visit = factor(week))
  fit <- fit_recovery(score ~ week + cs(visit | subject), data)
  new <- data.frame(week = 30, visit = "30", subject = "a")
  refusal(predict(fit, new, interval = "prediction"), '"30"')
  expect_length(predict(fit, new, re.form = NA), 1L)
})

test_that("levels of a factor that is no character are compared as labels", {
  data <- transform(small_trial(), subject = match(subject, letters), arm = rep(c(TRUE, FALSE), each = 10))
  fit <- fit_recovery(score ~ week + arm + (1 | subject), data)
  new <- data.frame(week = 4, arm = TRUE, subject = factor(2))
  expect_equal(unname(predict(fit, new)), unname(fitted(fit)[7]), tolerance = 1e-12)
})

test_that("rows of new data are the fit's own where the data are the same", {
  data <- transform(small_trial(), arm = rep(c("x", "y"), each = 10), base = rep(1:5, 4) / 10)
  fit <- fit_recovery(score ~ poly(week, 2) * arm + offset(base) + (week | subject), data)
  all <- rep(TRUE, length(fit$design$random))
  ask <- \(newdata) prediction_rows(fit, newdata, all, all, FALSE, FALSE, NULL, NULL)
  own <- ask(NULL)
  again <- ask(data)
  expect_equal(unname(again$x), unname(own$x), tolerance = 1e-12, ignore_attr = TRUE)
  expect_equal(again$offset, own$offset)
  expect_equal(unname(again$terms[[1]]$z), unname(own$terms[[1]]$z), tolerance = 1e-12, ignore_attr = TRUE)
  expect_equal(as.integer(again$terms[[1]]$level), as.integer(own$terms[[1]]$level))
  expect_identical(again$names, own$names)
})

test_that("terms that are not looked up have a level of their own, those not counted weigh nothing", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  rows <- prediction_rows(fit, small_trial()[1:2, ], FALSE, TRUE, FALSE, FALSE, NULL, NULL)
  expect_identical(rows$terms[[1]]$level, c(NA_integer_, NA_integer_))
  expect_equal(c(rows$terms[[1]]$z), c(1, 1))
  rows <- prediction_rows(fit, small_trial()[1:2, ], FALSE, FALSE, FALSE, FALSE, NULL, NULL)
  expect_equal(c(rows$terms[[1]]$z), c(0, 0))
  expect_error(
    prediction_rows(fit, small_trial()[1:2, ], TRUE, TRUE, FALSE, FALSE, c(1, 0), NULL), class = "cordgain_invalid_input"
  )
})

test_that("labels of products are those of the fit, and missing in one is missing in all", {
  data <- data.frame(a = c("x", NA, "y"), b = 1:3)
  expect_identical(new_labels(quote(a:b), data), c("x:1", NA, "y:3"))
  expect_identical(new_labels(quote(b), data), c("1", "2", "3"))
  expect_identical(match_level(c("u", NA, "v"), c("v", "u"), quote(a), NULL), c(1L, NA, 0L))
})

test_that("rows with missing values are taken out of every part", {
  rows <- list(
    n = 3L, x = cbind(1, c(0, NA, 2)), offset = c(0, 0, 0), weight = 1:3, subject = 1:3, visit = 1:3, group = 1:3,
    terms = list(list(z = cbind(c(1, 1, NA)), level = 1:3))
  )
  left <- leave_out_missing(rows)
  expect_identical(left$missing, 2:3)
  expect_identical(c(left$n, left$weight, left$subject, left$terms[[1]]$level), c(1L, 1L, 1L, 1L))
  expect_identical(dim(left$x), c(1L, 2L))
})
