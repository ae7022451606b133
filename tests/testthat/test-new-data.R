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
