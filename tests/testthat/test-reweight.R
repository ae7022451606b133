ages <- function(repeats = 1) data.frame(age = rep(seq(20, 70, by = 10), repeats))

test_that("tilt and effective size of ages 20 to 70 moved to 52 agree with the checks", {
  x <- reweight(ages(), c(age = 52), min_ess = 1)
  rows <- tidy(x)
  # The two routes of the check itself differ by 7e-10.
  expect_lt(abs(rows$estimate[rows$term == "tilt"] - checks_value("I08")), 1e-9)
  expect_lt(abs(rows$estimate[rows$term == "ess"] - checks_value("I09")), 1e-7)
})

test_that("weights are positive, add up to the records, and balance every variable", {
  set.seed(7)
  records <- data.frame(age = stats::rnorm(300, 40, 12), day = stats::runif(300, 1, 30), uems = stats::rpois(300, 15))
  x <- reweight(records, c(age = 45, day = 18, uems = 13))
  w <- weights(x)
  expect_true(all(w > 0))
  expect_equal(sum(w), 300)
  # The slope of the dual is below 1e-9 standard deviations.
  expect_lt(max(abs(colMeans(w * records) - c(45, 18, 13))), 1e-6)
  # They are an exponential tilt: log weights are linear in the variables.
  expect_lt(max(abs(stats::residuals(stats::lm(log(w) ~ age + day + uems, records)))), 1e-8)
})

test_that("treated patients as a data frame are taken by their means", {
  records <- ages(10)
  expect_equal(weights(reweight(records, data.frame(age = c(48, 50, 52)))), weights(reweight(records, c(age = 50))))
})

# Refusal 16.
test_that("more than three variables, a target outside the hull and a handful of records are refused", {
  refused <- function(..., words) expect_error(reweight(...), words, class = "cordgain_invalid_input")
  refused(ages(10), c(age = 71), words = "convex hull")
  plane <- data.frame(a = rep(c(0, 1, 0), 20), b = rep(c(0, 0, 1), 20))
  refused(plane, c(a = 0.8, b = 0.8), words = "convex hull")
  refused(ages(), c(age = 52), words = "fewer than 20")
  four <- data.frame(a = 1:50, b = 1, c = 1, d = 1)
  refused(four, c(a = 2, b = 1, c = 1, d = 1), words = "At most 3")
  refused(ages(10), 52, words = "names")
  refused(ages(10), c(sex = 1), words = "sex")
  refused(data.frame(age = c(1, NA, 3)), c(age = 2), words = "finite")
})

test_that("the print says what the records are worth", {
  expect_match(paste(capture.output(print(reweight(ages(10), c(age = 50)))), collapse = " "), "then worth")
})

test_that("means that are no numbers, given twice or not at all are refused", {
  refused <- \(code, pattern) expect_error(code, pattern, class = "cordgain_invalid_input")
  refused(reweight(ages()), "target")
  refused(reweight(ages(), data.frame(age = c("40", "50"))), "age")
  refused(reweight(ages(), c(age = 40, age = 50)), "more than once")
})
