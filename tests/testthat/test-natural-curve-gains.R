# Gains between weeks of a natural course.

sygen <- \() subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")

test_that("the SD of change needs r, and is the one of the formula (N15m, N15n)", {
  own <- \(r) curve_gains(natural_curve(sygen(), correlation = r), 4, 52)$own[1, 1]
  expect_equal(sqrt(own(0.8)), checks_value("N15m"), tolerance = 1e-10)
  expect_equal(sqrt(own(checks_value("N15n"))), 6.5, tolerance = 1e-9) # r is printed to ten decimals
  expect_error(natural_curve(sygen()), "differ from visit to visit", class = "cordgain_invalid_input")
})

test_that("covariances of gains are L V L' of the scores", {
  x <- natural_curve(sygen(), correlation = 0.7)
  sd <- sygen()$sd[match(c(4, 16, 52), sygen()$week)]
  v <- outer(sd, sd) * (0.7 + 0.3 * diag(3))
  l <- cbind(-1, diag(2))
  expect_equal(curve_gains(x, 4, c(16, 52))$own, l %*% v %*% t(l), tolerance = 1e-12)
  expect_equal(curve_gains(x, 4, c(16, 52))$mean, diff(curve_at(x$curve, c(4, 16, 52)))[1] * c(1, 0) +
    c(0, diff(curve_at(x$curve, c(4, 52)))), tolerance = 1e-12)
})

test_that("the spread between populations is the stated SD at the last visit", {
  x <- natural_curve(sygen(), correlation = 0.8, between_sd = 2)
  plain <- natural_curve(sygen(), correlation = 0.8)
  total <- \(c) sum(curve_gains(c, 0, 52)$slopes^2)
  expect_equal(total(x) - total(plain), 4, tolerance = 1e-9)
})

test_that("a fit's shared and own parts are those of lme4's formulas", {
  set.seed(3)
  d <- expand.grid(week = c(2, 8, 20, 40), subject = 1:24)
  d$site <- factor(d$subject %% 4)
  d$score <- 20 + 0.2 * d$week + stats::rnorm(24, 0, 5)[d$subject] + stats::rnorm(4, 0, 3)[d$site] +
    stats::rnorm(nrow(d), 0, 2) # simulated
  fit <- fit_recovery(score ~ week + (week | subject) + (week | site), d)
  x <- natural_curve(fit)
  g <- curve_gains(x, 2, c(20, 40))
  z <- cbind(1, c(2, 20, 40))
  l <- cbind(-1, diag(2))
  covariances <- stats::setNames(effect_covariances(fit), block_names(fit))
  own <- z %*% covariances$subject %*% t(z) + diag(residual_variance(fit), 3)
  shared <- z %*% (as.matrix(vcov(fit)) + covariances$site) %*% t(z)
  expect_equal(g$own, unname(l %*% own %*% t(l)), tolerance = 1e-10)
  expect_equal(g$slopes %*% t(g$slopes), unname(l %*% shared %*% t(l)), tolerance = 1e-8)
  expect_equal(g$mean, fixef(fit)[["week"]] * c(18, 38), tolerance = 1e-10)
})

test_that("a curve is not carried beyond its data, nor a covariance between its weeks", {
  expect_error(curve_gains(natural_curve(sygen(), correlation = 0.8), 4, 60), "not carried",
    class = "cordgain_invalid_input")
  gains <- data.frame(week = c(12, 52), mean = c(6, 9), from_week = 3)
  x <- natural_curve(gains, covariance = diag(c(16, 25)))
  expect_equal(curve_gains(x, 3, 52)$own, matrix(25))
  expect_error(curve_gains(x, 3, 26), "published weeks", class = "cordgain_invalid_input")
  expect_error(curve_gains(x, 4, 52), class = "cordgain_invalid_input")
})

# Gains from week 3, SD 6 at week 12 and 9 at week 52, correlation 0.8.
published_gains <- function(r = 0.8) {
  natural_curve(data.frame(week = c(12, 52), mean = c(6, 9), sd = c(6, 9), n = 40, from_week = 3), correlation = r)
}

test_that("a patient who was examined later has the part of the spread behind him", {
  own <- \(from, s, r = 0.8) curve_gains(published_gains(r), from, s)$own
  expect_equal(own(3, c(12, 52)), matrix(c(36, 43.2, 43.2, 81), 2), tolerance = 1e-14) # as published
  # Var(gain to 52 - gain to 12) = 81 + 36 - 2 * 0.8 * 6 * 9; at week 20 the SD lies on the line, 6.6, at 30 it is 7.35.
  expect_equal(own(12, 52), matrix(30.6), tolerance = 1e-12)
  expect_equal(own(20, 52), matrix(81 + 6.6^2 - 1.6 * 6.6 * 9), tolerance = 1e-12)
  expect_equal(own(20, c(30, 52))[1, 2], 0.8 * 7.35 * 9 - 0.8 * 6.6 * (7.35 + 9) + 6.6^2, tolerance = 1e-12)
  # Where gains are hardly correlated a later baseline adds to the spread.
  expect_equal(own(12, 52, 0), matrix(117), tolerance = 1e-12)
})

test_that("between the first week and the first published gain the covariance runs on a line, and nothing jumps", {
  own <- \(from) curve_gains(published_gains(), from, c(12, 52))$own
  expect_equal(own(3 + 1e-6), own(3), tolerance = 1e-6)
  expect_equal(own(6), own(3) * 2 / 3 + own(12 - 1e-9) / 3, tolerance = 1e-8)
  for (from in c(3, 3.5, 6, 9, 11.9)) {
    expect_gt(min(eigen(own(from), symmetric = TRUE, only.values = TRUE)$values), 0)
  }
})

test_that("scores of one spread and one correlation are had back from their gains", {
  # Scores of SD 7, correlation 0.6: any gain has the variance 2 * 49 * 0.4, two gains from one exam the correlation
  # 1/2; so have the gains of those examined later.
  sd <- sqrt(2 * 49 * 0.4)
  gains <- natural_curve(data.frame(week = c(12, 30, 52), mean = c(6, 8, 9), sd = sd, n = 40, from_week = 3),
    correlation = 0.5)
  visits <- natural_curve(data.frame(week = c(3, 12, 30, 52), mean = c(1, 7, 9, 10), sd = 7, n = 40), correlation = 0.6)
  for (from in c(3, 7, 12, 20)) {
    expect_equal(curve_gains(gains, from, c(35, 52))$own, curve_gains(visits, from, c(35, 52))$own, tolerance = 1e-12)
  }
})

test_that("an excess of a patient with a later baseline has the smaller spread", {
  visits <- data.frame(id = rep(c("a", "b"), each = 2), week = c(3, 52, 12, 52), uems = c(10, 24, 12, 24), treated = 13)
  x <- recovery_data(visits, subject = id, time = week, score = uems, scale = "uems", treated_at = treated)
  rows <- published_gains()
  all <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")
  e <- tidy(excess(x, rows, accept = all))
  shared <- vapply(c(3, 12), \(from) sum(curve_gains(rows, from, 52)$slopes^2), 0)
  expect_equal(e$std.error[e$term == "patient_excess"], sqrt(c(81, 30.6) + shared), tolerance = 1e-8)
})

test_that("of a Bayesian fit shared and own parts add up to the variance that predict() gives a new patient's score", {
  set.seed(3)
  d <- expand.grid(week = c(2, 8, 20), subject = 1:8)
  d$site <- factor(d$subject %% 2)
  d$score <- 20 + 0.2 * d$week + stats::rnorm(8, 0, 5)[d$subject] + stats::rnorm(2, 0, 3)[d$site] +
    stats::rnorm(nrow(d), 0, 2) # simulated
  fit <- fit_recovery(score ~ week + (1 | subject) + (1 | site), d, method = method_bayes(priors(
    sd = prior_half_normal(5), sigma = prior_half_normal(5))))
  x <- natural_curve(fit)
  m <- fitted_course(x, c(2, 20), NULL)
  all <- predict(fit, data.frame(week = c(2, 20)), re.form = NA, interval = "prediction", se.fit = TRUE, nodes = 1e5)
  expect_equal(unname(m$mean), unname(all$fit[, "fit"]))
  expect_equal(diag(m$own) + rowSums(m$slopes^2), unname(all$se.fit)^2, tolerance = 1e-6)
  # gains: no intercept, of neither patient nor centre, is left in them
  g <- curve_gains(x, 2, 20)
  skip_if_not_installed("posterior")
  residual <- mean(posterior::as_draws_matrix(fit, draws = 4000, seed = 1)[, "sigma"]^2)
  expect_equal(g$own[1, 1], 2 * residual, tolerance = 0.05)
  expect_equal(sum(g$slopes^2), 18^2 * vcov(fit)["week", "week"], tolerance = 1e-6)
})

test_that("posterior mean covariances of two effects are means of products, not products of means", {
  fit <- list(
    design = list(random = list(list(columns = c("(Intercept)", "week")))),
    result = list(weight = c(1, 3), values = cbind(c(1, 2, 0.5, 1), c(2, 1, -0.5, 3)),
      layout = list(blocks = matrix(0:2, 1), sigma = 3L))
  )
  v <- course_variances(fit)
  expect_equal(v$effects[[1]], matrix(c(1 + 3 * 4, 1 - 3, 1 - 3, 4 + 3), 2) / 4)
  expect_equal(v$residual, (1 + 27) / 4)
})

test_that("a spread in proportion to a gain of about 0 is refused, and is none of the others'", {
  set.seed(1)
  d <- expand.grid(week = c(0, 13, 26, 52), subject = 1:12)
  d$score <- 20 + stats::rnorm(12, 0, 3)[d$subject] + 8 * sin(pi * d$week / 52) + stats::rnorm(48) # comes back
  fit <- fit_recovery(score ~ poly(week, 2) + (1 | subject), d)
  invalid(natural_curve(fit, between_sd = 1.5), "cannot be told from 0.*Leave `between_sd` out")
  plain <- natural_curve(fit)
  invalid(curve_gains(refit_curve(plain, between_sd = 1.5), 0, 26), "cannot be told from 0")
  # To week 26 alone it rises: the SD at week 26 is the one given.
  half <- natural_curve(fit_recovery(score ~ week + (1 | subject), subset(d, week <= 26)), between_sd = 1.5)
  bare <- refit_curve(half, between_sd = 0)
  added <- \(s) sum(curve_gains(half, 0, s)$slopes^2) - sum(curve_gains(bare, 0, s)$slopes^2)
  expect_equal(c(added(13), added(26)), 1.5^2 * c(0.25, 1), tolerance = 1e-8)
  # A course without a slope has no gain to be in proportion to.
  flat <- fit_recovery(score ~ 1 + offset(0 * week) + (1 | subject), d)
  invalid(natural_curve(flat, between_sd = 2), "cannot be told from 0")
  # One that goes one way keeps the SD at the last visit as its largest, however small its gain.
  slow <- natural_curve(fit_recovery(score ~ week + (1 | subject), transform(d, score = score - 8 * sin(pi * week /
    52))), between_sd = 2)
  s <- slow$weeks[-1]
  expect_equal(rowSums(curve_gains(slow, 0, s)$slopes^2) - rowSums(curve_gains(refit_curve(slow, between_sd = 0), 0,
    s)$slopes^2), 4 * (s / 52)^2, tolerance = 1e-8)
})

# Four patients on a plateau, simulated.
four_on_a_plateau <- function(formula, prior = priors(), tolerance = 0.01) {
  withr::local_seed(5)
  trial <- expand.grid(week = c(0, 4, 12, 26, 52), subject = factor(1:4))
  trial$score <- 10 + rnorm(4, 0, 3)[trial$subject] + 12 * (1 - exp(-trial$week / 9)) + rnorm(20, 0, 2)
  fit_recovery(formula, trial, method = method_bayes(prior, tolerance = tolerance))
}

test_that("a plateau by Bayes: mean and covariance of the course are those over all of kappa, of four patients too", {
  skip_on_cran() # a posterior at each kappa
  fit <- four_on_a_plateau(score ~ plateau(week) + (1 | subject))
  curve <- natural_curve(fit)
  week <- c(0, 4, 12, 52)
  own <- predict(fit, data.frame(week = week), re.form = NA, interval = "confidence", se.fit = TRUE)
  m <- fitted_course(curve, week, NULL)
  expect_equal(unname(m$mean), unname(own$fit[, "fit"]), tolerance = 1e-8)
  expect_equal(sqrt(rowSums(m$slopes^2)), unname(own$se.fit), tolerance = 1e-6)
  draws <- posterior_draws(fit, 40000, 1)
  courses <- draws[, 1] + draws[, 2] * (1 - exp(-outer(1 / draws[, "kappa"], week)))
  deviations <- outer(apply(courses, 2, sd), apply(courses, 2, sd))
  expect_lt(max(abs(tcrossprod(m$slopes) - cov(courses)) / deviations), 0.03) # 4 errors of 40,000 draws
  rows <- subset(tidy(curve), term == "mean_score")
  expect_equal(rows$estimate, unname(fitted_course(curve, c(0, 4, 12, 26, 52), NULL)$mean))
  own <- mean(draws[, "sigma"]^2)
  expect_equal(m$own, diag(own, 4) + mean(draws[, grep("^sd", colnames(draws))]^2), tolerance = 0.05)
  expect_output(print(curve), "kappa of the plateau")
  # Its rate is that of the posterior mean, as tidy() of the fit has it.
  kappa <- subset(tidy(fit), term == "kappa")
  expect_equal(subset(tidy(curve), term == "kappa")[c("estimate", "std.error")], kappa[c("estimate", "std.error")],
    ignore_attr = TRUE, tolerance = 1e-8)
  expect_equal(curve_rate(curve), 1 / kappa$estimate, tolerance = 1e-8)
})

test_that("patients of other weeks share what is not known of a plateau by Bayes", {
  skip_on_cran()
  curve <- natural_curve(four_on_a_plateau(score ~ plateau(week) + (1 | subject)))
  early <- curve_gains(curve, 0, c(4, 12))
  late <- curve_gains(curve, 4, 52)
  both <- fitted_course(curve, c(0, 4, 12, 52), NULL)
  contrast <- rbind(c(-1, 1, 0, 0), c(-1, 0, 1, 0), c(0, -1, 0, 1))
  expect_equal(tcrossprod(rbind(early$slopes, late$slopes)), contrast %*% tcrossprod(both$slopes) %*% t(contrast),
    tolerance = 1e-10)
})

test_that("effects that follow the plateau have their variance over kappa", {
  skip_on_cran()
  fit <- four_on_a_plateau(score ~ plateau(week) + (0 + plateau(week) | subject))
  m <- fitted_course(natural_curve(fit), c(4, 52), NULL)
  draws <- posterior_draws(fit, 40000, 1)
  effect <- draws[, grep("^sd_subject", colnames(draws))]
  follows <- 1 - exp(-outer(1 / draws[, "kappa"], c(4, 52)))
  expect_equal(m$own, crossprod(effect * follows) / 40000 + diag(mean(draws[, "sigma"]^2), 2), tolerance = 0.05)
})

test_that("a known kappa gives the natural course of its column", {
  prior <- priors(kappa = prior_fixed(9), fixed = list(`plateau(week)` = prior_normal(0, 30)))
  known <- four_on_a_plateau(score ~ plateau(week) + (1 | subject), prior, 1e-4)
  column <- four_on_a_plateau(score ~ I(1 - exp(-week / 9)) + (1 | subject),
    priors(fixed = list(`I(1 - exp(-week/9))` = prior_normal(0, 30))), 1e-4)
  expect_equal(predict(natural_curve(known), time = 52, from = 4)$std.error,
    predict(natural_curve(column), time = 52, from = 4)$std.error, tolerance = 1e-5) # nodes of little weight
})

on_own_levels <- function() {
  withr::local_seed(3)
  d <- expand.grid(week = c(2, 8, 20), subject = 1:6)
  d$score <- 20 + 0.2 * d$week + stats::rnorm(6, 0, 5)[d$subject] + stats::rnorm(nrow(d), 0, 2)
  d
}

one_course <- function() {
  recovery_data(data.frame(id = "a", week = c(3, 20), uems = c(22, 33), treated = 4), subject = id, time = week,
    score = uems, scale = "uems", treated_at = treated)
}

test_that("a course from a posterior, and its excess, state what integration leaves", {
  records <- on_own_levels() # simulated
  curves <- lapply(c(0.01, 1e-7), \(tolerance) natural_curve(fit_recovery(score ~ week + (1 | subject), records,
    method = method_bayes(tolerance = tolerance)), scale = "uems"))
  off <- vapply(curves, curve_error, 0)
  expect_gt(off[1], off[2])
  for (of in list(tidy, \(x) predict(x, time = 20, from = 2), \(x) tidy(excess(one_course(), x, rise = 12,
    accept = c("endpoint", "grade", "level", "baseline", "followup", "years", "covariance"))))) {
    rows <- lapply(curves, of)
    for (column in c("estimate", "conf.low", "conf.high")) {
      expect_true(all(abs(rows[[1]][[column]] - rows[[2]][[column]]) <= rows[[1]]$num.error + rows[[2]]$num.error,
        na.rm = TRUE))
    }
    expect_true(all(rows[[1]]$num.error > rows[[2]]$num.error))
  }
  expect_identical(curve_error(natural_curve(fit_recovery(score ~ week + (1 | subject), records))), 0)
})
