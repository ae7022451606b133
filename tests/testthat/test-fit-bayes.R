# Exact posteriors, against certified values, brute force, conjugate formulas and limits.

row_of <- function(fit, term) {
  table <- tidy(fit)
  table[table$term == term, ]
}

dyestuff_fit <- function(tolerance = 1e-6) {
  data <- mixed_data("bay01_dyestuff", "Batch")
  prior <- priors(fixed = list(`(Intercept)` = prior_normal(1500, 100)), sd = prior_half_t(3, 50),
    sigma = prior_half_t(3, 50))
  fit_recovery(Yield ~ 1 + (1 | Batch), data, method = method_bayes(prior, tolerance = tolerance))
}

test_that("Dyestuff: the certified posterior (bay01), each number within its stated error and the case's tolerance", {
  certified <- mixed_case("bay01_dyestuff")$certified
  fit <- dyestuff_fit()
  for (name in c("beta", "tau", "sigma")) {
    row <- row_of(fit, c(beta = "(Intercept)", tau = "sd__(Intercept)", sigma = "sd__Observation")[[name]])
    expected <- if (name == "beta") as.list(certified$beta[1, ]) else certified[[name]]
    # The case's moments are good to 1e-8 relative, its quantiles of tau and sigma to 1e-5.
    expect_lt(abs(row$estimate - expected$mean), row$num.error + 1e-8 * abs(expected$mean))
    expect_lt(abs(row$std.error - expected$sd), row$num.error + 1e-8 * expected$sd)
    quantiles <- unlist(expected$quantiles)
    expect_lt(abs(row$conf.low - quantiles[1]), row$num.error + 1e-5 * quantiles[1])
    expect_lt(abs(row$conf.high - quantiles[5]), row$num.error + 1e-5 * quantiles[5])
    expect_lt(row$num.error, 1e-3 * row$std.error)
  }
  evidence <- logLik(fit, type = "evidence")
  expect_lt(abs(c(evidence) - certified$log_marginal_likelihood), attr(evidence, "num.error") + 1e-8)
})

log_half_t3 <- function(x, scale) log(2) + stats::dt(x / scale, 3, log = TRUE) - log(scale)

# Minus half of (count log|2 pi W| + tr(W^-1 S)) of 2 x 2 matrices given by their entries.
log_normal2 <- function(w11, w12, w22, s, count) {
  det <- w11 * w22 - w12^2
  -0.5 * (count * (log(det) + 2 * log(2 * pi)) + (w22 * s[1, 1] - 2 * w12 * s[1, 2] + w11 * s[2, 2]) / det)
}

# The posterior of sleepstudy by a second road in plain R. With Z = X and every subject seen at the same times, the
# subjects' least squares lines b_i are N(beta, W), W = D + sigma^2 (Z'Z)^-1, and independent of the residual sum of
# squares; Gauss-Legendre panels on the standard deviations and the correlation themselves, from zero.
sleepstudy_by_grid <- function(data) {
  z <- cbind(1, sort(unique(data$Days)))
  y <- matrix(data$Reaction[order(data$Subject, data$Days)], nrow(z))
  subjects <- ncol(y)
  lines <- solve(crossprod(z), crossprod(z, y))
  inverse <- solve(crossprod(z))
  rss <- sum((y - z %*% lines)^2)
  middle <- rowMeans(lines)
  from_prior <- middle - c(250, 0)
  edges <- list(sd1 = c(0, 4, 12, 24, 36, 60, 120, 300), sd2 = c(0, 3, 6, 9, 15, 40), cor = c(-1, -0.5, 0, 0.5, 1),
    sigma = c(18, 24, 28, 36))
  rules <- lapply(edges, gl_panels, rule = gauss_legendre(8))
  at <- do.call(expand.grid, lapply(rules, `[[`, "x"))
  weight <- Reduce(`*`, do.call(expand.grid, lapply(rules, `[[`, "w")))
  s2 <- at$sigma^2
  w11 <- at$sd1^2 + s2 * inverse[1, 1]
  w12 <- at$cor * at$sd1 * at$sd2 + s2 * inverse[1, 2]
  w22 <- at$sd2^2 + s2 * inverse[2, 2]
  # Density of y = that of the lines times that of the residuals; |d y / d (line, residual)| gives |Z'Z|^-1/2.
  free <- length(y) - 2 * subjects
  log_density <- log_normal2(w11, w12, w22, tcrossprod(lines - middle), subjects - 1) - log(subjects) +
    log_normal2(1e4 + w11 / subjects, w12 / subjects, 2500 + w22 / subjects, tcrossprod(from_prior), 1) -
    0.5 * (free * log(2 * pi * s2) + rss / s2) - 0.5 * subjects * log(det(crossprod(z))) +
    log_half_t3(at$sd1, 40) + log_half_t3(at$sd2, 20) + log_half_t3(at$sigma, 40) + log(0.75 * (1 - at$cor^2))
  mass <- weight * exp(log_density - max(log_density))
  mean_of <- \(v) sum(mass * v) / sum(mass)
  list(evidence = max(log_density) + log(sum(mass)), mean = vapply(at, mean_of, 1),
    sd = vapply(at, \(v) sqrt(mean_of((v - mean_of(v))^2)), 1))
}

test_that("sleepstudy with correlated slopes: the certified posterior (bay04), and a second road", {
  skip_on_cran() # long
  certified <- mixed_case("bay04_sleepstudy_slope")$certified
  data <- mixed_data("bay04_sleepstudy_slope", "Subject")
  prior <- priors(fixed = list(`(Intercept)` = prior_normal(250, 100), Days = prior_normal(0, 50)),
    sd = list(`(Intercept)` = prior_half_t(3, 40), Days = prior_half_t(3, 20)), cor = prior_lkj(2),
    sigma = prior_half_t(3, 40))
  fit <- fit_recovery(Reaction ~ Days + (Days | Subject), data, method = method_bayes(prior))
  names <- c(`(Intercept)` = "b_Intercept", Days = "b_Days", `sd__(Intercept)` = "sd_Intercept", sd__Days = "sd_Days",
    `cor__(Intercept).Days` = "cor", sd__Observation = "sigma")
  for (term in names(names)) {
    row <- row_of(fit, term)
    expected <- certified[[names[[term]]]]
    # The certified grid lacks 4.3e-6 of the mass, at values of sd_Intercept near zero, some 4 standard deviations
    # below its mean: means and standard deviations move by up to 5e-5 standard deviations.
    expect_lt(abs(row$estimate - expected$mean), row$num.error + 5e-5 * expected$sd)
    expect_lt(abs(row$std.error - expected$sd), row$num.error + 5e-5 * expected$sd)
  }
  second <- sleepstudy_by_grid(data)
  evidence <- logLik(fit, type = "evidence")
  # Panels end at sd 300, 40 and sigma 18 to 36: less than 1e-6 of the mass lies beyond.
  expect_lt(abs(c(evidence) - second$evidence), attr(evidence, "num.error") + 1e-6)
  expect_lt(abs(certified$log_marginal_likelihood - second$evidence), 5e-6)
  hyper <- tidy(fit, effects = "ran_pars")
  expect_true(all(abs(hyper$estimate - second$mean) < hyper$num.error + 1e-5 * second$sd))
  expect_true(all(abs(hyper$std.error - second$sd) < hyper$num.error + 1e-4 * second$sd))
  post <- fit$result
  slopes <- list(weight = post$weight, mean = post$mean[2, ], sd = sqrt(post$covariance[3, ]))
  expect_lt(abs(1 - core_mixture_cdf(slopes, 10) - certified$b_Days$prob_gt_10), 1e-5)
})

test_that("the random effects of known variances are BLUPs, and posterior means shrink like them", {
  skip_if_not_installed("lme4")
  trial <- small_trial()
  reml <- fit_recovery(score ~ week + (1 | subject), trial)
  sds <- as.data.frame(VarCorr(reml))$sdcor
  known <- priors(fixed = list(`(Intercept)` = NULL, week = NULL), sd = prior_fixed(sds[1]),
    sigma = prior_fixed(sds[2]))
  fit <- fit_recovery(score ~ week + (1 | subject), trial, method = method_bayes(known))
  # With flat coefficients and the REML variances held, the posterior means are the REML fit's GLS and BLUPs.
  expect_equal(fixef(fit), fixef(reml), tolerance = 1e-8)
  expect_equal(ranef(fit)$subject[[1]], ranef(reml)$subject[[1]], tolerance = 1e-7)
  expect_equal(unname(vcov(fit)), unname(vcov(reml)), tolerance = 1e-7)
  expect_true(is.na(logLik(fit)))
})

test_that("a t prior of many degrees of freedom is the normal prior, and of few a heavier one", {
  trial <- small_trial()
  with_prior <- \(p) fit_recovery(score ~ week + (1 | subject), trial,
    method = method_bayes(priors(fixed = list(week = p)), tolerance = 1e-4))
  normal <- row_of(with_prior(prior_normal(2, 0.1)), "week")
  near <- row_of(with_prior(prior_t(1e6, 2, 0.1)), "week")
  heavy <- row_of(with_prior(prior_t(3, 2, 0.1)), "week")
  # scale^2 is 1 +- 1.4e-3 at a million degrees of freedom.
  expect_equal(near$estimate, normal$estimate, tolerance = 1e-3)
  # The scores say a slope near 0.2; a heavier prior at 2 gives way to them.
  expect_lt(heavy$estimate, normal$estimate)
})

test_that("a mixture of one component twice is that component", {
  trial <- small_trial()
  with_prior <- \(p) fit_recovery(score ~ week + (1 | subject), trial,
    method = method_bayes(priors(fixed = list(week = p))))
  one <- tidy(with_prior(prior_normal(0, 1)))
  two <- tidy(with_prior(prior_mixture(c(0.3, 0.7), prior_normal(0, 1), prior_normal(0, 1))))
  expect_equal(two$estimate, one$estimate, tolerance = 1e-10)
  expect_equal(two$conf.low, one$conf.low, tolerance = 1e-8)
})

test_that("order of rows and names of subjects do not matter", {
  trial <- small_trial()
  a <- tidy(fit_recovery(score ~ week + (1 | subject), trial, method = "bayes"))
  shuffled <- trial[rev(seq_len(nrow(trial))), ]
  shuffled$subject <- chartr("abcd", "zyxw", shuffled$subject)
  b <- tidy(fit_recovery(score ~ week + (1 | subject), shuffled, method = "bayes"))
  expect_lt(max(abs(a$estimate - b$estimate) - a$num.error - b$num.error), 0)
})

test_that("scores in another unit give the same posterior in that unit", {
  trial <- small_trial()
  a <- tidy(fit_recovery(score ~ week + (1 | subject), trial, method = "bayes"))
  trial$score <- 100 * trial$score
  b <- tidy(fit_recovery(score ~ week + (1 | subject), trial, method = "bayes"))
  expect_equal(b$estimate / 100, a$estimate, tolerance = 1e-4)
  expect_equal(b$conf.high / 100, a$conf.high, tolerance = 1e-4)
})

test_that("what exact integration does not reach is refused with what would do", {
  trial <- small_trial()
  expect_error(fit_recovery(score ~ poly(week, 2) + (poly(week, 2) | subject), trial, method = "bayes"),
    "at most two", class = "cordgain_invalid_input")
  visits <- transform(trial, week = factor(week))
  expect_error(fit_recovery(score ~ week + us(week | subject), visits, method = "bayes"),
    class = "cordgain_invalid_input")
  expect_error(method_bayes(prior = prior_normal(0, 1)), "priors", class = "cordgain_invalid_input")
  expect_error(method_bayes(engine = "guess"), "engine", class = "cordgain_invalid_input")
})

test_that("the print holds priors, errors and the evidence", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial(), method = "bayes")
  shown <- paste(capture.output(print(fit)), collapse = "\n")
  expect_match(shown, "exact integration")
  expect_match(shown, "residual sd: half_t")
  expect_match(shown, "No sampler")
  expect_match(shown, "Log evidence")
  expect_identical(class(fit), c("recovery_fit_bayes", "recovery_fit"))
})

test_that("intervals, summary and the rows of random effects have the shapes of the contract", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(), method = "bayes")
  expect_identical(dim(confint(fit)), c(4L, 2L))
  expect_identical(colnames(confint(fit, level = 0.9)), c("5 %", "95 %"))
  values <- tidy(fit, effects = "ran_vals")
  expect_identical(nrow(values), 4L)
  expect_true(all(values$std.error > 0))
  expect_identical(nobs(fit), 20L)
  expect_equal(sigma(fit), row_of(fit, "sd__Observation")$estimate)
  expect_s3_class(summary(fit), "data.frame")
})

test_that("with all variances known the print speaks of a formula, not of lattices", {
  known <- priors(sd = prior_fixed(2), sigma = prior_fixed(1))
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(), method = method_bayes(known))
  shown <- paste(capture.output(print(fit)), collapse = " ")
  expect_match(shown, "all variances are known")
  expect_no_match(shown, "x their difference")
  free <- fit_recovery(score ~ week + (1 | subject), small_trial(), method = "bayes")
  expect_output(print(free), "error: 2 x their difference", fixed = TRUE)
})
