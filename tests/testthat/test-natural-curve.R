# Natural course of a score: reading, refusing, telling.

sygen <- \() subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")

test_that("published visit means give a curve near the means, labelled for what it is", {
  x <- natural_curve(sygen(), correlation = 0.8)
  rows <- tidy(x)
  fitted <- rows[rows$term == "mean_score", ]
  # The published means lie on a smooth course: within half a point, less than an SE of 0.65 to 0.8.
  expect_true(all(abs(fitted$estimate - sygen()$mean) < 0.5))
  words <- \(x) gsub(" +", " ", paste(utils::capture.output(print(x)), collapse = " "))
  expect_match(words(x), "differ from visit to visit.*errors of the means are correlated by 0.8 too, as of one cohort")
  expect_no_match(words(natural_curve(sygen(), correlation = 0)), "one cohort") # independent errors
  expect_output(print(x), "correlation 0.8")
  expect_identical(summary(x), rows)
  withr::local_options(width = 50)
  expect_lte(max(nchar(utils::capture.output(print(x)))), 50)
})

test_that("errors of visit means are those of one cohort, and between_sd adds what other patients would", {
  week <- sygen()$week
  se <- sygen()$sd / sqrt(sygen()$n)
  variance <- \(r, ...) {
    (diff(quantile(natural_curve(sygen(), correlation = r, ...), stats::pnorm(0:1), time = 52)[1, ]))^2
  }
  # Generalised least squares by hand at the fitted parameters: covariance r se_i se_j of the means.
  by_hand <- \(r) {
    curve <- natural_curve(sygen(), correlation = r)$curve
    k <- exp(curve$psi)
    slopes <- cbind(curve$linear[["A"]] * k * week * exp(-k * week), 1, 1 - exp(-k * week))
    v <- outer(se, se) * ifelse(diag(length(se)) == 1, 1, r)
    gain <- slopes[week == 52, ] - slopes[week == 0, ]
    drop(gain %*% solve(t(slopes) %*% solve(v, slopes)) %*% gain)
  }
  expect_equal(unname(variance(0.8)), by_hand(0.8), tolerance = 1e-7) # slopes are differences
  expect_equal(unname(variance(0)), by_hand(0), tolerance = 1e-7)
  # As the help page says: with the difference the mean gain is known as well as from other patients at each visit.
  added <- unname(sqrt(variance(0) - variance(0.8)))
  expect_equal(unname(variance(0.8, between_sd = added)), unname(variance(0)), tolerance = 1e-7)
})

test_that("sources are what matching reads", {
  s <- natural_sources(natural_curve(sygen(), correlation = 0.8))
  expect_identical(s$endpoint, "upper extremity motor score (UEMS)")
  expect_identical(s$level, "cervical")
  expect_equal(s$followup_weeks, 52)
})

test_that("means without standard errors are taken as known, and labelled so", {
  x <- natural_curve(data.frame(week = c(12, 52), mean = c(6, 9), from_week = 3), covariance = diag(c(16, 25)))
  expect_output(print(x), "taken as known, no uncertainty")
  expect_equal(tidy(x)$std.error, rep(0, 4))
})

test_that("prediction of a gain is the mean and both variances", {
  x <- natural_curve(sygen(), correlation = 0.8)
  g <- curve_gains(x, 4, 52)
  p <- predict(x, time = 52, from = 4)
  expect_equal(p$estimate, g$mean)
  expect_equal(p$std.error, sqrt(g$own[1, 1] + sum(g$slopes^2)))
})

test_that("proportional recovery is refused (refusal 12)", {
  expect_error(natural_curve(sygen(), correlation = 0.8, proportional = TRUE), "Proportional",
    class = "cordgain_invalid_input")
})

untreated <- function(method = "bayes", family = gaussian()) {
  # simulated
  records <- data.frame(week = rep(c(2, 12, 52), 6), subject = rep(1:6, each = 3), score = c(
    10, 18, 30, 14, 16, 22, 8, 15, 25, 12, 20, 27, 9, 13, 24, 11, 19, 31))
  fit_recovery(score ~ week + (1 | subject), records, method = method, family = family)
}

test_that("a Bayesian fit is a natural course, and excess() takes it", {
  x <- natural_curve(untreated(), match = list(level = "cervical", baseline_grade = "A"))
  expect_output(print(x), "model of 6 untreated patients")
  expect_equal(tidy(x)$estimate[1:2], unname(fixef(x$fit)))
  rows <- data.frame(id = rep(1:2, each = 2), week = c(3, 50), uems = c(12, 34, 9, 30), at = 4)
  treated <- recovery_data(rows, subject = id, time = week, score = uems, scale = "uems", treated_at = at,
    match = list(level = "cervical"))
  named <- c("endpoint", "grade", "baseline", "followup", "years")
  answer <- \(natural, also) excess(treated, natural, accept = c(named, also), rise = 12)
  expect_error(answer(x, character()), "6 subjects", class = "cordgain_unmatched")
  bayes <- tidy(answer(x, "covariance"))
  reml <- tidy(answer(natural_curve(untreated("reml"), match = list(level = "cervical")), "covariance"))
  expect_equal(bayes$estimate[bayes$term == "mean_excess"], reml$estimate[reml$term == "mean_excess"], tolerance = 0.02)
  # six untreated patients: what is not known of the variances widens the interval
  width <- \(rows) diff(unlist(rows[rows$term == "mean_excess", c("conf.low", "conf.high")]))
  expect_gt(width(bayes), width(reml))
})

test_that("priors on all standard deviations stand for a registry (refusal 13)", {
  n <- \(...) curve_subjects(natural_curve(untreated(method_bayes(priors(...)))))
  expect_identical(n(), 6L)
  expect_identical(n(sd = prior_half_normal(5)), 6L)
  expect_identical(n(sd = prior_half_normal(5), sigma = prior_half_normal(5)), Inf)
  expect_identical(n(sd = list(`(Intercept)` = prior_half_normal(5)), sigma = prior_half_normal(5)), Inf)
})

test_that("a fit of another family is refused as a course in points", {
  fit <- untreated("ml", poisson())
  expect_error(natural_curve(fit), "normal scores.*poisson", class = "cordgain_invalid_input")
})

# Four visits of 12 patients whose visit means lie exactly on 10 + 8 (1 - exp(-week / 12)); simulated.
on_a_plateau <- function() {
  set.seed(5)
  noise <- matrix(stats::rnorm(48, 0, 2), 4) + rep(stats::rnorm(12, 0, 4), each = 4)
  d <- expand.grid(week = c(2, 8, 20, 52), subject = sprintf("p%02d", 1:12))
  d$score <- 10 + 8 * (1 - exp(-d$week / 12)) + as.vector(noise - rowMeans(noise))
  d
}

test_that("a plateau fitted to records carries what is not known of kappa, as least squares of the visit means do", {
  d <- on_a_plateau()
  fit <- fit_recovery(score ~ plateau(week) + (1 | subject), d, method = "ml")
  x <- natural_curve(fit)
  # With these means observed and expected information are one, and gains do not see the patients' levels: the
  # covariance of (level, A, log kappa) but for the level is s^2 / 12 (J'J)^-1 of the four means.
  week <- c(2, 8, 20, 52)
  jacobian <- \(t) cbind(1, 1 - exp(-t / 12), -8 * exp(-t / 12) * t / 12)
  v <- residual_variance(fit) / 12 * solve(crossprod(jacobian(week)))
  direction <- jacobian(52) - jacobian(2)
  g <- curve_gains(x, 2, 52)
  expect_equal(g$mean, 8 * (exp(-2 / 12) - exp(-52 / 12)), tolerance = 1e-7) # kappa to 1e-9, rounding of the scores
  expect_equal(sum(g$slopes^2), drop(direction %*% v %*% t(direction)), tolerance = 1e-6) # differences of 2e-3
  rows <- tidy(x)
  expect_equal(rows$estimate[rows$term == "kappa"], 12, tolerance = 1e-7)
  expect_equal(rows$std.error[rows$term == "kappa"], 12 * sqrt(v[3, 3]), tolerance = 1e-6)
  expect_output(print(x), "kappa of the plateau")
  # The excess rises as the natural plateau does, unless said otherwise.
  expect_equal(curve_rate(x), 1 / 12, tolerance = 1e-7)
})

test_that("the time may stand inside a call, and the curve is that of the fit", {
  d <- on_a_plateau()
  for (formula in list(score ~ poly(week, 2) + (1 | subject), score ~ log(week) + (1 | factor(subject)),
    score ~ I(week^2) + (1 | subject), score ~ splines::ns(week, 2) + (1 | subject))) {
    fit <- fit_recovery(formula, d)
    x <- natural_curve(fit)
    rows <- tidy(x)
    expect_equal(rows$time[rows$term == "mean_score"], c(2, 8, 20, 52))
    # every patient has every visit, so the mean of the fitted means of a visit is the mean there
    expect_equal(rows$estimate[rows$term == "mean_score"], as.vector(tapply(predict(fit, re.form = NA), d$week, mean)))
    expect_identical(curve_patients(x), 12L)
  }
  by_visit <- natural_curve(fit_recovery(score ~ factor(week) + (1 | subject), d))
  expect_error(predict(by_visit, time = 30, from = 2), "not fitted", class = "cordgain_invalid_input")
  skip_if_not_installed("ggplot2")
  expect_identical(built(plot(by_visit), 2)$x, c(2, 8, 20, 52)) # the weeks that it knows
})

test_that("a fit without the time, or without effects of the patient, is refused with its formula", {
  d <- on_a_plateau()
  fit <- fit_recovery(score ~ week + (1 | subject), d)
  refused <- \(...) expect_error(natural_curve(...), class = "cordgain_invalid_input")
  error <- refused(fit, time = "day")
  expect_match(conditionMessage(error), "no variable \"day\".*score ~ week.*inside a call")
  expect_match(conditionMessage(refused(fit, subject = "id")), "no random effects of a variable \"id\".*1 \\| id")
  expect_match(conditionMessage(refused(fit_recovery(score ~ week, d))), "1 \\| subject")
  labels <- transform(d, week = factor(week))
  expect_match(conditionMessage(refused(fit_recovery(score ~ week + (1 | subject), labels))), "must be a number")
  expect_match(conditionMessage(refused(fit_recovery(score ~ week + ar1(week | subject), d))), "random effects")
})

test_that("a curve from a fit is not carried beyond its records either", {
  x <- natural_curve(fit_recovery(score ~ week + (1 | subject), on_a_plateau()))
  expect_error(predict(x, time = 60, from = 2), "2 to 52.*week 60.*not carried", class = "cordgain_invalid_input")
  expect_error(predict(x, time = 52, from = 1), "week 1\\.", class = "cordgain_invalid_input")
  expect_error(predict(x, time = 52), "`from` is not given", class = "cordgain_invalid_input")
})

published_visits <- \() {
  data.frame(week = c(1, 4, 8, 16, 26, 52), mean = c(10, 14, 17, 20, 22, 23), sd = c(6, 6.5, 7, 7.5, 8, 9), n = 80)
}

test_that("quantiles of gains are normal ones, by visit", {
  curve <- natural_curve(published_visits(), correlation = 0.8)
  probs <- c(0.1, 0.5, 0.975)
  rows <- predict(curve, time = c(16, 52), from = 4)
  q <- quantile(curve, probs, of = "patient", time = c(16, 52), from = 4)
  expect_equal(unname(q), rows$estimate + outer(rows$std.error, stats::qnorm(probs)), tolerance = 1e-12)
  expect_equal(unname(q[, "97.5%"]), rows$conf.high, tolerance = 1e-12)
  expect_identical(dimnames(q), list(c("week 16", "week 52"), c("10.0%", "50.0%", "97.5%")))
  # The mean gain, from the first published week to all others.
  g <- curve_gains(curve, 1, c(4, 8, 16, 26, 52))
  expect_equal(unname(quantile(curve, 0.9)), cbind(g$mean + stats::qnorm(0.9) * sqrt(rowSums(g$slopes^2))),
    tolerance = 1e-12)
  gains <- natural_curve(data.frame(week = c(12, 52), mean = c(6, 9), from_week = 3, sd = 5, n = 20), correlation = 0.5)
  expect_equal(unname(quantile(gains, 0.5)[, 1]), c(6, 9), tolerance = 1e-7) # k is solved
  set.seed(5)
  d <- expand.grid(week = c(3, 7, 15), subject = 1:12)
  d$score <- 10 + 0.2 * d$week + stats::rnorm(12, 0, 3)[d$subject] + stats::rnorm(36) # simulated
  fitted <- natural_curve(fit_recovery(score ~ week + (1 | subject), d))
  rows <- predict(fitted, time = c(7, 15), from = 3)
  expect_equal(unname(quantile(fitted, 0.975, of = "patient")[, 1]), rows$conf.high, tolerance = 1e-12)
  invalid(quantile(curve, 1), "probs")
  invalid(quantile(curve, 0.5, type = 7), "type")
  invalid(natural_curve(fit_recovery(score ~ week + (1 | subject), d), at = data.frame(foo = 1)), "no variable .foo")
  invalid(natural_curve(fit_recovery(score ~ week + (1 | subject), d), at = 3), "one row")
})

test_that("a table without a source is called published once", {
  expect_identical(natural_label(natural_curve(published_visits()[c("week", "mean", "sd")], correlation = 0.8)),
    "published visit means")
})

# A scale on which lower is better: published means, two patients, and what is right by hand.
falling_means <- \() {
  data.frame(source = "PPMI", measure = "mds_updrs_iii", week = c(0, 26, 52, 104), mean = c(21, 23, 24.5, 26), sd = 9,
    n = 300)
}

updrs_patients <- \() {
  visits <- data.frame(id = rep(c("a", "b"), each = 3), week = rep(c(0, 26, 52), 2), s = c(28, 26, 24, 22, 22, 23),
    tr = 1)
  recovery_data(visits, id, week, s, "mds_updrs_iii", tr)
}

updrs_excess <- \(curve) {
  term_value(excess(updrs_patients(), curve, accept = all_differences, rise = 12), "mean_excess")
}

# The plateau B + A (1 - e^{-k s}) through means with one SE and one correlation, by a search over k: with equal
# variances and correlations and a level in the model, generalised least squares are ordinary ones.
plateau_gain <- function(s, y, week) {
  fitted <- \(k) stats::lm(y ~ I(1 - exp(-k * s)))
  k <- stats::optimize(\(k) sum(stats::resid(fitted(k))^2), c(1e-3, 1), tol = 1e-10)$minimum
  unname(stats::coef(fitted(k))[2]) * (1 - exp(-k * week))
}

test_that("where lower is better published means are turned once, and the print says so", {
  x <- natural_curve(falling_means(), correlation = 0.8)
  loss <- plateau_gain(falling_means()$week, falling_means()$mean, 52)
  expect_gt(loss, 3)
  expect_equal(predict(x, time = 52, from = 0)$estimate, -loss, tolerance = 1e-6) # the search over k
  # The patients improved by 4 and lost 1 point: a mean gain of 1.5 above a natural loss.
  expect_equal(updrs_excess(x), 1.5 + loss, tolerance = 1e-6)
  expect_output(print(x), "sign of the scores is turned")
  rows <- tidy(x)
  expect_true(all(rows$estimate[rows$term == "mean_score"] < 0))
  # Without a scale the sign is not known.
  bare <- natural_curve(falling_means()[-2], correlation = 0.8)
  invalid(updrs_excess(bare), "has no scale.*better when lower")
  expect_equal(updrs_excess(natural_curve(falling_means()[-2], correlation = 0.8, scale = "mds_updrs_iii")),
    updrs_excess(x))
})

test_that("published gains are turned too: a rise of the score is a loss", {
  gains <- data.frame(source = "PPMI", measure = "mds_updrs_iii", week = c(26, 52, 104), from_week = 0,
    mean = c(2, 3.5, 5), sd = 6, n = 300)
  x <- natural_curve(gains, correlation = 0.8)
  up <- natural_curve(transform(gains, measure = "uems"), correlation = 0.8)
  expect_equal(predict(x, time = 52, from = 0)$estimate, -predict(up, time = 52, from = 0)$estimate, tolerance = 1e-10)
  expect_equal(updrs_excess(x), 1.5 + predict(up, time = 52, from = 0)$estimate, tolerance = 1e-10)
})

test_that("a curve is worked out anew from the means as they were published", {
  x <- natural_curve(falling_means(), correlation = 0.8)
  anew <- refit_curve(x, correlation = 0.5)
  expect_equal(tidy(anew)$estimate, tidy(natural_curve(falling_means(), correlation = 0.5))$estimate)
})
