# Percentiles of repeated scores together.

sygen_course <- function(between_sd) {
  natural_curve(subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical"), correlation = 0.8,
    between_sd = between_sd)
}

excess_of_courses <- function(visits, curve, ...) {
  x <- recovery_data(visits, subject = id, time = week, score = uems, scale = "uems", treated_at = t)
  suppressWarnings(excess(x, curve, accept = c("grade", "level", "baseline", "followup", "years", "registry",
    "covariance"), ...), classes = "cordgain_off_scale")
}

# Four simulated patients, of whom two were examined in weeks of their own.
own_weeks <- \() data.frame(id = rep(1:4, each = 3), week = c(3, 12, 52, 2, 12, 52, 4, 13, 50, 3, 12, 52),
  uems = c(10, 20, 40, 12, 14, 25, 20, 22, 30, 18, 20, 34), t = 5)

test_that("patients of the same weeks: tests and bands are those of changes with that mean and spread", {
  visits <- transform(own_weeks(), week = rep(c(3, 12, 52), 4))
  for (between_sd in c(0, 3)) {
    curve <- sygen_course(between_sd)
    e <- excess_of_courses(visits, curve)
    gain <- curve_gains(curve, 3, 52)
    x <- score_change(c(10, 12, 20, 18) + 0.001, c(40, 25, 30, 34), "uems") # not whole
    changes <- excess_of_scores(x, natural_change(prior_normal(gain$mean - 0.001, sqrt(sum(gain$slopes^2))),
      sd = sqrt(gain$own[1, 1])))
    for (term in c("percentile_sum", "fisher", "exceedance")) {
      expect_equal(term_value(e, term), term_value(changes, term), tolerance = 1e-5)
      expect_equal(term_value(e, term, "statistic"), term_value(changes, term, "statistic"), tolerance = 1e-8)
    }
    bands <- term_of(e, "ordered_percentile")
    of <- term_of(changes, "ordered_percentile")
    expect_equal(bands$subject, c("3", "2", "4", "1"))
    expect_equal(bands$estimate, of$estimate, tolerance = 1e-8)
    expect_equal(bands$conf.low, of$conf.low, tolerance = 1e-5)
    expect_equal(bands$conf.high, of$conf.high, tolerance = 1e-5)
  }
})

test_that("patients of other weeks: tests and bands are what simulation of all that they share gives", {
  withr::local_seed(2)
  e <- excess_of_courses(own_weeks(), sygen_course(4))
  model <- e$model
  at <- model$last
  own <- sqrt(diag(model$v)[at])
  shared <- model$shared[at, ]
  n <- 2e5
  z <- matrix(rnorm(4 * n), n) * rep(own, each = n) + matrix(rnorm(n * ncol(shared)), n) %*% t(shared)
  sd <- rep(sqrt(own^2 + rowSums(shared^2)), each = n)
  u <- pnorm(z / sd)
  agrees <- \(term, simulated) {
    row <- term_of(e, term)
    p <- mean(simulated >= row$statistic - 1e-9)
    expect_lt(abs(row$estimate - p), 4 * sqrt(p * (1 - p) / n))
  }
  agrees("percentile_sum", rowSums(u))
  agrees("fisher", rowSums(-2 * log(1 - u)))
  agrees("exceedance", rowSums(z > qnorm(0.95) * rep(own, each = n)))
  sorted <- apply(u[1:50000, ], 1, sort)
  bands <- term_of(e, "ordered_percentile")
  for (k in 1:4) {
    expect_lt(abs(mean(sorted[k, ] <= bands$conf.low[k]) - 0.025), 4 * sqrt(0.025 * 0.975 / 50000))
    expect_lt(abs(mean(sorted[k, ] <= bands$conf.high[k]) - 0.975), 4 * sqrt(0.025 * 0.975 / 50000))
  }
  expect_true(all(e$terms$num.error[e$terms$term %in% names(combination_words)] < 1e-5))
})

test_that("nothing shared: percentiles are independent uniforms", {
  means <- data.frame(week = c(0, 4, 12, 26, 52), mean = c(12, 15, 18, 20, 21), sd = 8) # no errors of the means
  e <- excess_of_courses(own_weeks(), natural_curve(means, correlation = 0.8, scale = "uems"))
  u <- term_of(e, "patient_percentile")$estimate
  expect_equal(term_value(e, "percentile_sum"), irwin_hall_tail(sum(u), 4), tolerance = 1e-12)
  expect_equal(term_value(e, "fisher"), pchisq(sum(-2 * log(1 - u)), 8, lower.tail = FALSE), tolerance = 1e-12)
  expect_equal(term_of(e, "ordered_percentile")$conf.high, qbeta(0.975, 1:4, 4:1), tolerance = 1e-12)
  expect_equal(term_value(e, "exceedance"), pbinom(sum(u > 0.95) - 1, 4, 0.05, lower.tail = FALSE), tolerance = 1e-12)
})

test_that("nodes of a standard normal have its moments", {
  for (order in c(1, 2, 6, 15)) {
    rule <- hermite_nodes(order)
    even <- seq(0, 2 * order - 2, by = 2)
    expect_equal(vapply(even, \(k) sum(rule$weight * rule$node^k), 0), cumprod(c(1, seq_len(order - 1) * 2 - 1)),
      tolerance = 1e-10)
  }
})

test_that("the test declared beforehand is marked, and the rank test has no place here", {
  e <- excess_of_courses(own_weeks(), sygen_course(1), primary = "fisher")
  expect_output(print(e), "Fisher's sum.*declared\\s+beforehand")
  expect_output(print(excess_of_courses(own_weeks(), sygen_course(1))), "None was declared")
  expect_error(excess_of_courses(own_weeks(), sygen_course(1), primary = "rank_test"), "primary",
    class = "cordgain_invalid_input")
})
