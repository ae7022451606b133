# Random data sets of three to six patients: an answer with its error, or a classed error; and what must hold of every
# answer. Data are simulated.

random_change <- function() {
  n <- sample(3:6, 1)
  baseline <- sample(0:50, n, TRUE)
  final <- pmin(50, pmax(0, baseline + sample(c(0, 0, 5, 12, 25, -4), n, TRUE)))
  score_change(baseline, final, "uems", match = list(level = "cervical", baseline_grade = "A"))
}

random_natural <- function() {
  k <- sample(1:5, 1)
  rows <- data.frame(source = letters[seq_len(k)], mean = round(stats::runif(k, 2, 14), 1),
    se = round(stats::runif(k, 0.3, 3), 2))
  family <- sample(c("normal", "censored", "beta_binomial"), 1)
  tau <- list(prior_half_normal(2), prior_half_t(3, 2), prior_exponential(0.5), prior_uniform(0, 5),
    prior_fixed(1))[[sample(5, 1)]]
  mu <- if (stats::runif(1) < 0.5) NULL else prior_normal(8, 5)
  bias <- if (stats::runif(1) < 0.5) NULL else prior_normal(0, 2)
  range <- if (family == "normal") NULL else c(0, 50)
  natural_change(rows, tau = tau, mu = mu, bias = bias, sd = sample(c(4, 6.5, 9), 1), family = family, range = range)
}

# What holds of the excess of any patients.
expect_sound <- function(x, natural, e) {
  rows <- tidy(e)
  at <- \(term) rows[rows$term == term, ]
  y <- change_scores(x)
  probabilities <- rows$estimate[rows$term %in% c("prob_excess", "patient_percentile", "percentile_sum", "fisher",
    "exceedance", "ordered_percentile")]
  expect_true(all(is.na(probabilities) | (probabilities > -1e-9 & probabilities < 1 + 1e-9)))
  expect_equal(at("mean_excess")$estimate, mean(y) - at("natural_mean")$estimate, tolerance = 1e-9)
  expect_equal(mean(at("patient_excess")$estimate), at("mean_excess")$estimate, tolerance = 1e-6)
  expect_true(all(at("patient_excess")$conf.low <= at("patient_excess")$conf.high))
  # A larger change never lies at a lower percentile where the room is the same.
  same_room <- split(seq_along(y), change_room(x)$low)
  u <- at("patient_percentile")$estimate
  for (i in same_room) expect_identical(order(u[i], y[i]), order(y[i], u[i]))
  # The bands rise with the rank, and hold their median.
  bands <- at("ordered_percentile")
  expect_false(is.unsorted(bands$conf.low))
  expect_false(is.unsorted(bands$conf.high))
  most <- ifelse(rows$term %in% c("percentile_sum", "fisher"), 1e-3, 1e-5) # on a lattice where combinations are many
  expect_true(all(rows$num.error <= most | is.na(rows$estimate)))
}

test_that("random patients and registries have sound answers", {
  skip_on_cran() # long
  set.seed(20)
  answered <- 0
  for (i in seq_len(sweep_size(500))) {
    x <- random_change()
    natural <- random_natural()
    answer <- tryCatch(excess_of_scores(x, natural), cordgain_error = \(e) e)
    # All evidence here is possible: the one excuse is digits that cannot be had.
    if (inherits(answer, "cordgain_error")) {
      expect_s3_class(answer, "cordgain_numerical_error")
    } else {
      expect_sound(x, natural, answer)
      answered <- answered + 1
    }
  }
  expect_gte(answered, 0.9 * sweep_size(500))
})

test_that("the excess of every patient falls point by point as the natural mean rises", {
  x <- random_change()
  low <- tidy(excess_of_scores(x, natural_change(prior_normal(6, 1), sd = 6.5)))
  high <- tidy(excess_of_scores(x, natural_change(prior_normal(9, 1), sd = 6.5)))
  rows <- low$term == "patient_excess"
  expect_equal(low$estimate[rows] - high$estimate[rows], rep(3, sum(rows)), tolerance = 1e-9)
  falling <- low$term %in% c("prob_excess", "patient_percentile")
  expect_true(all(low$estimate[falling] > high$estimate[falling]))
  rising <- low$term %in% c("percentile_sum", "fisher")
  expect_true(all(low$estimate[rising] < high$estimate[rising]))
})

test_that("untreated patients drawn from nature exceed the declared tail as often as it says", {
  # Without effect P(tail <= a) <= a for whole points. 400 draws: 4 standard errors above 5 % are 0.05 + 4 * 0.011,
    which
  # chance passes less than once in 10^4; the bound of 0.12 less than once in 10^7.
  set.seed(21)
  natural <- natural_change(prior_normal(8, 1.5), sd = 6, family = "beta_binomial", range = c(0, 50))
  model <- change_model_of(natural)
  laws <- patient_laws(natural, list(low = rep(0, 3), high = rep(50, 3)), TRUE)$coarse
  draws_of <- sweep_size(20000)
  tails <- vapply(seq_len(min(draws_of, 400)), \(i) {
    p <- (8 + stats::rnorm(1, 0, 1.5)) / 50
    rate <- stats::rbeta(3, model$spread * p, model$spread * (1 - p))
    y <- stats::rbinom(3, 50, rate)
    u <- vapply(seq_along(y), \(k) percentile_of(percentile_ends(laws, k, y[k])), 0)
    statistic_tail(laws, u, identity)
  }, 0)
  expect_lt(mean(tails <= 0.05), 0.12)
  expect_gt(mean(tails <= 0.5), 0.3)
})

test_that("random courses have sound answers", {
  set.seed(22)
  sygen <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  for (i in seq_len(sweep_size(300))) {
    n <- sample(2:6, 1)
    visits <- lapply(seq_len(n), \(k) {
      week <- sort(sample(4:52, sample(2:5, 1)))
      data.frame(id = k, week = c(2, week), at = 3, score = sample(0:50, length(week) + 1, TRUE))
    })
    x <- recovery_data(do.call(rbind, visits), id, week, score, "uems", treated_at = at)
    curve <- natural_curve(sygen, correlation = stats::runif(1, 0, 0.95), between_sd = sample(c(0, 2), 1))
    rows <- tidy(excess(x, curve, accept = all_differences))
    expect_false(anyNA(rows$estimate))
    expect_true(all(rows$std.error > 0, na.rm = TRUE))
    patients <- rows[rows$term == "patient_excess", ]
    expect_equal(mean(patients$estimate), rows$estimate[rows$term == "mean_excess"], tolerance = 1e-9)
    # The generalised least squares estimate has the smallest variance of its kind when nothing is shared.
    expect_true(all(rows$estimate[rows$term == "patient_percentile"] >= 0))
  }
})
