# Entropy balancing: the tilt of normal data, invariances, optimality and refusals.

simulated_records <- local({
  set.seed(5)
  data.frame(age = stats::rnorm(400, 40, 10), day = stats::runif(400, 1, 30))
})

term_at <- \(x, term, column = "estimate") tidy(x)[[column]][tidy(x)$term == term]

test_that("a target at the records' own means gives equal weights", {
  x <- reweight(simulated_records, colMeans(simulated_records))
  # The slope of the dual is brought below 1e-12 SDs: weights differ from 1 by not much more.
  expect_lt(max(abs(weights(x) - 1)), 1e-9)
  expect_equal(term_at(x, "ess"), 400, tolerance = 1e-9)
  expect_lt(max(abs(term_at(x, "tilt"))), 1e-10)
})

test_that("a yes-or-no variable has a tilt by hand: the log ratio of the odds", {
  records <- data.frame(tetraplegic = rep(c(1, 0), c(30, 70)))
  x <- reweight(records, c(tetraplegic = 0.5))
  # Weights 0.5 / 0.3 and 0.5 / 0.7; tilt = logit 0.5 - logit 0.3. Newton's steps end at 1e-12.
  expect_equal(weights(x), rep(c(0.5 / 0.3, 0.5 / 0.7), c(30, 70)), tolerance = 1e-9)
  expect_equal(term_at(x, "tilt"), -stats::qlogis(0.3), tolerance = 1e-9)
  expect_equal(term_at(x, "ess"), 1 / (0.25 / 30 + 0.25 / 70), tolerance = 1e-9)
})

test_that("the effective size is (sum w)^2 / sum w^2 of the weights, and falls as the target moves away", {
  sizes <- vapply(c(40, 44, 48, 52), \(age) {
    x <- reweight(simulated_records, c(age = age))
    w <- weights(x)
    expect_equal(term_at(x, "ess"), sum(w)^2 / sum(w^2), tolerance = 1e-12) # the same sum, in another order
    term_at(x, "ess")
  }, 0)
  expect_true(all(diff(sizes) < 0))
})

test_that("units and origin of a variable do not change the weights; the tilt goes by the units", {
  x <- reweight(simulated_records, c(age = 45, day = 12))
  months <- data.frame(age = 12 * simulated_records$age + 100, day = simulated_records$day)
  y <- reweight(months, c(age = 12 * 45 + 100, day = 12))
  # Both are minima of the same function to 1e-12 in its slope.
  expect_lt(max(abs(weights(x) - weights(y))), 1e-8)
  expect_equal(term_at(y, "tilt")[1], term_at(x, "tilt")[1] / 12, tolerance = 1e-8)
})

test_that("the order of records and of variables does not matter", {
  at <- rev(seq_len(400))
  x <- reweight(simulated_records, c(age = 45, day = 12))
  y <- reweight(simulated_records[at, c("day", "age")], c(day = 12, age = 45))
  expect_lt(max(abs(weights(x)[at] - weights(y))), 1e-8)
  expect_identical(sort(tidy(y)$group), sort(tidy(x)$group))
})

test_that("no other weights with these means are nearer to equal in entropy", {
  x <- reweight(simulated_records, c(age = 45, day = 12))
  w <- weights(x) / 400
  entropy <- \(v) sum(v * log(v * 400))
  design <- cbind(1, as.matrix(simulated_records))
  set.seed(9)
  for (i in 1:5) {
    # A direction that keeps the sum and both means: what a regression on them leaves over.
    direction <- stats::residuals(stats::lm.fit(design, stats::rnorm(400)))
    moved <- w + 0.2 * min(w) * direction / max(abs(direction))
    expect_equal(as.vector(crossprod(design, moved)), c(1, 45, 12), tolerance = 1e-8)
    expect_gt(entropy(moved), entropy(w))
  }
})

test_that("the tilt of many normal records is shift over variance", {
  # Quantiles of N(0, 1) stand for records; a tilt exp(a x) moves the mean by a (here cut off at +-3.3).
  records <- data.frame(z = stats::qnorm(stats::ppoints(2000)))
  x <- reweight(records, c(z = 0.3))
  variance <- mean(records$z^2)
  # Cut-off tails: a sum over the same points would be exact; the closed form differs by less than 1 %.
  expect_equal(term_at(x, "tilt"), 0.3 / variance, tolerance = 0.01)
  # ESS of an exponential tilt of a normal: n exp(-a^2 sigma^2).
  expect_equal(term_at(x, "ess"), 2000 * exp(-0.09), tolerance = 0.01)
})

test_that("refusals name the argument and what to do", {
  invalid(reweight(simulated_records, c(age = 45, 12)), "needs names")
  invalid(reweight(simulated_records, numeric()), "needs names")
  invalid(reweight(simulated_records, c(age = NA)), "target")
  invalid(reweight(simulated_records, c(height = 170)), "height")
  invalid(reweight(list(1, 2), c(age = 45)), "records")
  invalid(reweight(simulated_records, c(age = 45), min_ess = 0), "min_ess")
  invalid(reweight(data.frame(age = letters), c(age = 45)), "age")
  invalid(reweight(simulated_records, c(age = max(simulated_records$age) + 1)), "use fewer variables, or other records")
  # The oldest record alone has the highest mean: on the edge of the hull there are no positive weights for all.
  invalid(reweight(simulated_records, c(age = max(simulated_records$age))))
})

test_that("tidy has a row for each variable and one for the size; the print gives both numbers", {
  x <- reweight(simulated_records, c(age = 45, day = 12))
  expect_identical(tidy(x)$term, c("tilt", "tilt", "ess"))
  expect_identical(tidy(x)$group, c("age", "day", "all"))
  expect_true(all(tidy(x)$num.error >= 0))
  said <- paste(capture.output(print(x)), collapse = " ")
  expect_match(said, "400 records weighted to age 45, day 12", fixed = TRUE)
  expect_match(said, format(signif(term_at(x, "ess"), 3)), fixed = TRUE)
  expect_match(said, format(signif(max(weights(x)), 3)), fixed = TRUE)
  expect_identical(summary(x), x)
})
