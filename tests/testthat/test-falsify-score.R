# The pipeline on untreated scores: closed forms for normals, full enumeration for records.

claims_at <- function(x, threshold, column = "estimate") {
  rows <- tidy(x)
  rows[[column]][rows$threshold %in% threshold]
}

test_that("a source left out claims with the closed-form probability of its own normal", {
  sources <- three_registries(sd = c(6, 7, 8))
  answer <- excess_of_scores(synthetic_change(), natural_change(sources, tau = prior_fixed(1.5), sd = 6.5))
  x <- falsify(answer, threshold = c(0.05, 0.1))
  for (k in 1:3) {
    p <- new_population(sources$mean[-k], sources$se[-k], 1.5)
    for (t in c(0.05, 0.1)) {
      row <- tidy(x)[tidy(x)$group == paste(sources$source[k], "left out") & tidy(x)$threshold == t, ]
      critical <- p$mean + stats::qnorm(1 - t) * sqrt(p$variance + 6.5^2 / 4)
      above <- \(mean, se) stats::pnorm(critical, mean, sqrt(se^2 + sources$sd[k]^2 / 4), lower.tail = FALSE)
      expect_equal(row$critical, critical, tolerance = 1e-9)
      expect_equal(row$estimate, above(sources$mean[k], sources$se[k]), tolerance = 1e-8)
      reach <- stats::qnorm(0.975) * sources$se[k]
      expect_equal(c(row$conf.low, row$conf.high), above(sources$mean[k] + c(-1, 1) * reach, 0), tolerance = 1e-8)
      expect_equal(row$natural_tail, stats::pnorm(9.75, p$mean, sqrt(p$variance + 6.5^2 / 4), lower.tail = FALSE),
        tolerance = 1e-9)
    }
  }
})

test_that("drawing from the own predictive distribution gives the thresholds back", {
  x <- falsify(score_answer(prior_half_normal(2)), against = "predictive", threshold = c(0.025, 0.1, 0.5))
  expect_equal(tidy(x)$estimate, c(0.025, 0.1, 0.5), tolerance = 1e-9)
  counted <- excess_of_scores(synthetic_change(), natural_change(8, sd = 6.5, family = "beta_binomial",
    range = c(0, 50)))
  y <- falsify(counted, against = "predictive", threshold = c(0.025, 0.1))
  expect_true(all(tidy(y)$estimate <= c(0.025, 0.1))) # the largest attainable size below the threshold
  expect_true(all(tidy(y)$estimate > c(0.025, 0.1) * 0.8)) # steps of a quarter point
})

# All sets of n records, one by one.
enumerated <- function(change, n, claims) mean(claims(utils::combn(change, n, FUN = mean)))

test_that("records of whole points are all sets, counted one by one", {
  records <- data.frame(change = c(0, 0, 0, 1, 2, 3, 5, 8, 13, 21, 30, 4))
  answer <- known_answer(mean = 4)
  x <- falsify(answer, records, threshold = c(0.05, 0.2))
  for (t in c(0.05, 0.2)) {
    naive <- enumerated(records$change, 4, \(m) stats::pnorm(m, 4, 3.25, lower.tail = FALSE) <= t)
    expect_equal(claims_at(x, t), naive, tolerance = 1e-12) # sums of 495 equal chances
  }
  expect_true(all(is.na(claims_at(x, 0.05, "conf.low"))))
  two <- falsify(answer, records, n = 2, threshold = 0.2)
  expect_equal(claims_at(two, 0.2), enumerated(records$change, 2, \(m) stats::pnorm(m, 4, 6.5 / sqrt(2),
    lower.tail = FALSE) <= 0.2), tolerance = 1e-12)
  expect_true(is.na(claims_at(two, 0.2, "natural_tail"))) # the trial has another number of patients
})

test_that("sums of draws without replacement are those of full enumeration, negative changes too", {
  change <- c(-3, 0, 0, 2, 5, 7, 7)
  for (n in c(1, 3, 7)) {
    law <- drawn_sums(change, n)
    seen <- table(factor(utils::combn(change, n, FUN = sum), law$first + seq_along(law$mass) - 1))
    expect_equal(law$mass, as.vector(seen) / sum(seen), tolerance = 1e-12)
  }
})

test_that("records are matched on level and day where both know them", {
  x <- score_change(c(12, 18, 9, 15), c(36, 31, 11, 15), "uems", match = list(level = c("cervical", "cervical",
    "cervical", "thoracic"), baseline_days = c(14, 28)))
  answer <- excess_of_scores(x, natural_change(4, sd = 6.5, family = "beta_binomial", range = c(0, 50)))
  records <- data.frame(level = rep(c("cervical", "thoracic"), c(6, 3)), change = c(0, 4, 9, 2, 30, 1, 0, 0, 6),
    baseline_day = c(20, 20, 20, 20, 20, 60, 20, 20, 20))
  f <- falsify(answer, records, threshold = 0.5)
  expect_match(tidy(f)$group, "8 untreated records, matched on level and day")
  sums <- outer(utils::combn(records$change[1:5], 3, FUN = sum), c(0, 0, 6), "+")
  critical <- claims_at(f, 0.5, "critical")
  expect_equal(claims_at(f, 0.5), mean(sums / 4 >= critical), tolerance = 1e-12)
  loose <- falsify(answer, records[c("change")], threshold = 0.5)
  expect_match(tidy(loose)$group, "9 untreated records, not matched")
})

test_that("changes that are not whole are drawn, with the Monte Carlo error, the same for any number of workers", {
  records <- data.frame(change = c(0.5, 0, 0, 1, 2, 3, 5, 8, 13, 21, 30, 4))
  answer <- known_answer(mean = 4)
  x <- falsify(answer, records, threshold = 0.2, sets = 20000, seed = 4)
  naive <- enumerated(records$change, 4, \(m) stats::pnorm(m, 4, 3.25, lower.tail = FALSE) <= 0.2)
  # Five standard errors: by chance less than once in a million.
  expect_lt(abs(claims_at(x, 0.2) - naive), 5 * sqrt(naive * (1 - naive) / 20000))
  expect_lt(claims_at(x, 0.2, "conf.low"), claims_at(x, 0.2))
  expect_identical(x$drawn, 20000)
  expect_identical(tidy(falsify(answer, records, threshold = 0.2, sets = 20000, seed = 4)), tidy(x))
  skip_if_not_installed("future.apply")
  withr::defer(future::plan("sequential"))
  future::plan("multisession", workers = 2)
  expect_identical(tidy(falsify(answer, records, threshold = 0.2, sets = 20000, seed = 4)), tidy(x))
})

test_that("a draw without replacement takes no record twice, and every record alike", {
  set <- list(list(change = 1:6, n = 4))
  u <- matrix(core_stream_uniforms(11, 1, 4 * 30000), ncol = 4)
  drawn <- drawn_changes(set, u)
  expect_true(all(apply(drawn[1:500, ], 1, anyDuplicated) == 0))
  share <- tabulate(drawn, 6) / 30000
  expect_lt(max(abs(share - 4 / 6)), 5 * sqrt(2 / 9 / 30000))
})

test_that("records may give scores before and after, turned where less is better", {
  lower <- motor_scale(min = 0, max = 50, direction = "lower", name = "spasms")
  x <- score_change(c(40, 30), c(30, 25), lower)
  answer <- excess_of_scores(x, natural_change(2, sd = 5, scale = lower))
  records <- data.frame(baseline = c(20, 20, 20, 20), final = c(20, 18, 10, 15))
  f <- falsify(answer, records, threshold = 0.3)
  gains <- c(0, 2, 10, 5)
  expect_equal(claims_at(f, 0.3), enumerated(gains, 2, \(m) stats::pnorm(m, 2, 5 / sqrt(2), lower.tail = FALSE) <= 0.3))
})

test_that("the order of records and the unit of the score do not matter", {
  records <- data.frame(change = c(0, 0, 0, 1, 2, 3, 5, 8, 13, 21, 30, 4))
  answer <- known_answer(mean = 4)
  one <- tidy(falsify(answer, records))
  expect_equal(tidy(falsify(answer, records[12:1, , drop = FALSE])), one, tolerance = 1e-12)
  tenths <- motor_scale(min = 0, max = 500, direction = "higher", name = "tenths")
  ten <- excess_of_scores(score_change(c(12, 18, 9, 15) * 10, c(36, 31, 11, 15) * 10, tenths),
    natural_change(40, sd = 65))
  expect_equal(tidy(falsify(ten, 10 * records))$estimate, one$estimate, tolerance = 1e-12)
})

test_that("what cannot be asked is refused with the reason", {
  answer <- known_answer()
  expect_error(falsify(answer), "no source to be left out", class = "cordgain_invalid_input")
  expect_error(falsify(answer, data.frame(change = c(1, NA, 2, 3, 4))), class = "cordgain_invalid_input")
  expect_error(falsify(answer, data.frame(change = c(1, 2))), "too few", class = "cordgain_invalid_input")
  expect_error(falsify(answer, data.frame(gain = 1:9)), "baseline", class = "cordgain_invalid_input")
  expect_error(falsify(answer, data.frame(change = 60)), "change", class = "cordgain_invalid_input")
  expect_error(falsify(answer, data.frame(baseline = 60, final = 1)), "baseline", class = "cordgain_invalid_input")
  expect_error(falsify(answer, data.frame(change = 1:9), against = "predictive"), "records",
    class = "cordgain_invalid_input")
  expect_error(falsify(answer, against = "records"), "not given", class = "cordgain_invalid_input")
  open <- excess_of_scores(synthetic_change(change = c(24, 13, 2, NA)), natural_change(4, sd = 6.5))
  expect_error(falsify(open, against = "predictive"), "known", class = "cordgain_invalid_input")
})

test_that("it prints the mean that is needed, and draws", {
  x <- falsify(score_answer(prior_half_normal(2)))
  expect_output(print(x), " mean [0-9]")
  # A source of scores has a mean, and no rate.
  said <- gsub("\\s+", " ", paste(utils::capture.output(print(x)), collapse = " "))
  expect_match(said, "Each source in turn is left out of the evidence, and its own mean is nature.", fixed = TRUE)
  skip_if_not_installed("ggplot2")
  expect_true(draws(plot(x)))
})

test_that("a counted source left out is the sum over its patients, by plain convolution", {
  sources <- three_registries(sd = 6.5)
  natural <- natural_change(sources, tau = prior_fixed(1.5), sd = 6.5, family = "beta_binomial", range = c(0, 50))
  answer <- excess_of_scores(synthetic_change(), natural)
  x <- tidy(falsify(answer, threshold = 0.1))
  # At the limits of its mean the source is known: a beta-binomial cut off at each patient's room.
  k <- 2
  mass <- \(mean) {
    p <- mean / 50
    total <- 1 / ((6.5^2 / (50 * p * (1 - p)) - 1) / 49) - 1
    values <- 0:50
    whole <- exp(lchoose(50, values) + lbeta(values + total * p, 50 - values + total * (1 - p)) -
      lbeta(total * p, total * (1 - p)))
    each <- lapply(c(12, 18, 9, 15), \(base) {
      room <- 50 - base
      c(whole[seq_len(room)], sum(whole[seq(room + 1, 51)]))
    })
    Reduce(\(a, b) as.vector(tapply(outer(a, b), outer(seq_along(a), seq_along(b), "+"), sum)), each)
  }
  needed <- round(4 * x$critical[k]) + 1
  for (end in list(c("conf.low", -1), c("conf.high", 1))) {
    m <- mass(sources$mean[k] + as.numeric(end[2]) * stats::qnorm(0.975) * sources$se[k])
    expect_equal(x[[end[1]]][k], sum(m[seq_along(m) >= needed]), tolerance = 1e-9)
  }
  expect_true(x$estimate[k] > x$conf.low[k] && x$estimate[k] < x$conf.high[k])
})

test_that("the tail of every mean is a step function for whole points, and agrees with the excess", {
  natural <- natural_change(8, sd = 6.5, family = "censored", range = c(0, 50))
  answer <- excess_of_scores(synthetic_change(), natural)
  room <- change_room(synthetic_change())
  tail <- tail_of_mean(natural, room)
  expect_equal(tail(9.75), 1 - term_value(answer, "prob_excess"), tolerance = 1e-9)
  expect_identical(tail(9.6), tail(9.75)) # 9.5 is the value below
  expect_identical(tail(1000), 0)
  expect_equal(tail(-1000), 1, tolerance = 1e-12)
  at <- claimed_mean(tail, natural, room, 0.1)
  expect_lte(tail(at), 0.1)
  expect_gt(tail(at - 0.25), 0.1)
  expect_true(is.na(claimed_mean(tail, natural, room, 1e-300)))
})
