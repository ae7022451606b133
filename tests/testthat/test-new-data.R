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
  sites <- transform(small_trial(), site = rep(c("s", "t"), each = 10))
  nested <- fit_recovery(score ~ week + (1 | site / subject), sites)
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

# New rows against the rows fitted -----------------------------------------------------------------

rows_for <- function(fit, newdata, included = TRUE, allow = FALSE, visits = FALSE) {
  terms <- length(fit$design$random)
  prediction_rows(fit, newdata, rep(included, terms), rep(TRUE, terms), allow, visits, NULL, rlang::current_env())
}

test_that("the data fitted, given as new data, are the rows fitted", {
  data <- transform(small_trial(), arm = factor(rep(c("x", "y"), each = 10)), site = rep(c("s", "t"), 10))
  formulas <- list(
    score ~ week * arm + (week | subject), score ~ poly(week, 2) + (1 | subject) + (1 | site),
    score ~ 0 + arm + (0 + arm | site), score ~ log(week + 1) + offset(week / 10) + (1 | site / subject)
  )
  for (formula in formulas) {
    fit <- fit_recovery(formula, data)
    fitted <- rows_for(fit, NULL)
    new <- rows_for(fit, data)
    expect_equal(unname(new$x), unname(fitted$x), tolerance = 1e-13, ignore_attr = TRUE, info = deparse1(formula))
    for (t in seq_along(new$terms)) {
      expect_identical(new$terms[[t]]$level, fitted$terms[[t]]$level, info = deparse1(formula))
      expect_equal(unname(new$terms[[t]]$z), unname(fitted$terms[[t]]$z), tolerance = 1e-13, ignore_attr = TRUE)
    }
    expect_equal(new$offset, fitted$offset, info = deparse1(formula))
    expect_identical(c(new$n, length(new$missing)), c(20L, 0L))
  }
})

test_that("predictions do not depend on the order of new rows, on other rows or on columns of no use", {
  data <- transform(small_trial(), arm = factor(rep(c("x", "y"), each = 10)))
  fit <- fit_recovery(score ~ poly(week, 2) + arm + (week | subject), data)
  whole <- predict(fit, data)
  turned <- sample(20)
  expect_equal(unname(predict(fit, data[turned, ])), unname(whole[turned]), tolerance = 1e-12)
  for (i in c(1, 13)) expect_equal(unname(predict(fit, data[i, ])), unname(whole[i]), tolerance = 1e-12)
  expect_equal(unname(predict(fit, cbind(other = 20:1, data[rev(seq_along(data))]))), unname(whole), tolerance = 1e-12)
  expect_equal(unname(predict(fit, transform(data, arm = as.character(arm)))), unname(whole), tolerance = 1e-12)
  expect_equal(unname(predict(fit, transform(data, arm = factor(arm, c("y", "x"))))), unname(whole), tolerance = 1e-12)
})

test_that("a new row with a missing value is NA in its place, and the others are as without it", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  new <- data.frame(week = c(0, NA, 8), subject = c("a", "b", "c"))
  found <- predict(fit, new)
  expect_identical(unname(is.na(found)), c(FALSE, TRUE, FALSE))
  expect_equal(found[-2], predict(fit, new[-2, ]), tolerance = 1e-14, ignore_attr = TRUE)
  rows <- rows_for(fit, new)
  expect_identical(unname(rows$missing), 2L)
  expect_identical(c(rows$n, nrow(rows$x), length(rows$terms[[1]]$level)), rep(2L, 3))
})

test_that("rows without a missing value are handed on as they are", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  rows <- fitted_rows(fit, 1:4)
  rows$offset <- numeric(4)
  expect_identical(leave_out_missing(rows)[names(rows)], rows)
  rows$x[3, 2] <- NA
  expect_identical(leave_out_missing(rows)$weight, rep(1, 3))
})

test_that("labels of nested levels are joined as in the design; a missing part makes the whole missing", {
  data <- data.frame(a = c(1, 2, NA), b = c("x", NA, "z"))
  expect_identical(new_labels(quote(b:a), data), c("x:1", NA, NA))
  expect_identical(new_labels(quote(a), data), c("1", "2", NA))
  expect_identical(new_labels(quote(factor(b)), data), c("x", NA, "z"))
})

test_that("offsets of the formula and of the argument are added", {
  trial <- transform(small_trial(), e = rep(1:2, 10), h = rep(c(0, 5), each = 10))
  fit <- fit_recovery(score ~ week + offset(e) + (1 | subject), trial, offset = h)
  new <- data.frame(week = 4, e = c(0, 3, 0), h = c(0, 0, 7), subject = "a")
  found <- unname(predict(fit, new))
  expect_equal(found - found[1], c(0, 3, 7), tolerance = 1e-12)
  refusal(predict(fit, new[c("week", "e", "subject")]), "`h`")
})

test_that("weights of new rows are positive numbers", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  ask <- \(weights) prediction_rows(fit, data.frame(week = 1:2, subject = "a"), TRUE, TRUE, FALSE, FALSE, weights, NULL)
  expect_identical(ask(c(2, 3))$weight, c(2, 3))
  expect_identical(ask(4)$weight, c(4, 4))
  for (bad in list(0, -1, NA_real_, Inf, "1")) refusal(ask(bad), "weights")
})

test_that("levels that are not looked up are levels of their own, and effects not counted are zero", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  new <- data.frame(week = c(0, 9), subject = c("a", "q"))
  rows <- prediction_rows(fit, new, FALSE, TRUE, FALSE, FALSE, NULL, NULL)
  expect_identical(rows$terms[[1]]$level, c(NA_integer_, NA_integer_))
  expect_equal(unname(rows$terms[[1]]$z), cbind(1, c(0, 9)), ignore_attr = TRUE)
  none <- prediction_rows(fit, new, FALSE, FALSE, FALSE, FALSE, NULL, NULL)
  expect_true(all(none$terms[[1]]$z == 0))
})

test_that("kinds that differ are refused in both directions, whole numbers for numbers are not", {
  data <- transform(small_trial(), arm = factor(rep(c("x", "y"), each = 10)))
  fit <- fit_recovery(score ~ week + arm + (1 | subject), data)
  refusal(predict(fit, data.frame(week = 1, arm = 2, subject = "a")), "`arm` is not of the kind.*factor.*numeric")
  refusal(predict(fit, data.frame(week = factor(1), arm = "x", subject = "a")), "`week` is not of the kind")
  expect_equal(predict(fit, data.frame(week = 4L, arm = "x", subject = "a")),
    predict(fit, data.frame(week = 4, arm = "x", subject = "a")))
})

test_that("matched levels are counted from 0, missing ones stay missing, unknown ones are named", {
  expect_identical(match_level(c("b", NA, "a"), c("a", "b"), quote(visit), NULL), c(1L, NA, 0L))
  refusal(match_level(c("a", "z", "z"), c("a", "b"), quote(visit), rlang::current_env()), '`visit` "z".*Fitted: "a"')
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
    prediction_rows(fit, small_trial()[1:2, ], TRUE, TRUE, FALSE, FALSE, c(1, 0), NULL),
    class = "cordgain_invalid_input"
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
