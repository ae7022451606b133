# Certified optima: variance components, log likelihood, fixed effects, standard
# errors, informations and BLUPs of the public cases, computed with dense matrices
# by independent code (checks/mixed). The tolerance 1e-8 is the files' own; they
# print 12 digits.

certified_fits <- list(
  lmm01_sleepstudy_slope_reml = list(Reaction ~ Days + (Days | Subject), "reml", "Subject"),
  lmm02_sleepstudy_slope_ml = list(Reaction ~ Days + (Days | Subject), "ml", "Subject"),
  lmm04_sleepstudy_unbalanced_reml = list(Reaction ~ Days + (Days | Subject), "reml", "Subject"),
  lmm06_sleepstudy_4x5_reml = list(Reaction ~ Days + (1 | Subject), "reml", "Subject"),
  lmm07_dyestuff_reml = list(Yield ~ 1 + (1 | Batch), "reml", "Batch"),
  lmm10_orthodont_slope_reml = list(distance ~ age * Sex + (age | Subject), "reml", "Subject"),
  lmm12_pastes_nested_reml = list(strength ~ 1 + (1 | batch / cask), "reml", c("batch", "cask")),
  lmm14_machines_nested_reml = list(score ~ Machine + (1 | Worker / Machine), "reml", c("Worker", "Machine")),
  lmm17_bodyweight_slope_reml = list(weight ~ Time * Diet + (Time | Rat), "reml", c("Rat", "Diet")),
  lmm19_rail_reml = list(travel ~ 1 + (1 | Rail), "reml", "Rail"),
  lmm21_oats_splitplot_reml = list(yield ~ nitro + Variety + (1 | Block / Variety), "reml", c("Block", "Variety"))
)

certified_fit <- function(name) {
  case <- certified_fits[[name]]
  data <- mixed_data(name, case[[3]])
  if ("Variety" %in% names(data)) data$Variety <- factor(data$Variety, c("Golden Rain", "Marvellous", "Victory"))
  fit_recovery(case[[1]], data, method = case[[2]])
}

for (name in names(certified_fits)) {
  test_that(paste("the certified optimum is reached:", name), {
    certified <- mixed_case(name)$certified
    fit <- certified_fit(name)
    expect_certified(-2 * as.numeric(logLik(fit)), certified$minus2logLik, 1e-8)
    expect_certified(fit$result$gamma, certified$gamma, 1e-8)
    expect_certified(fixef(fit), certified$fixef, 1e-8)
    expect_identical(names(fixef(fit)), names(certified$fixef))
    expect_certified(sqrt(diag(vcov(fit))), certified$se, 1e-8)
    expect_true(fit$result$certificate$converged)
    expect_lt(fit$result$certificate$decrement, 1e-20)
    expect_false(isSingular(fit))
  })

  test_that(paste("the error bound of each variance covers its distance from the certified value:", name), {
    certified <- unlist(mixed_case(name)$certified$gamma)
    fit <- certified_fit(name)
    printed <- 1e-11 * abs(certified) # the files round to 12 digits
    expect_true(all(abs(fit$result$gamma - certified) <= fit$result$certificate$gamma_error + printed))
  })
}

for (name in setdiff(names(certified_fits), "lmm02_sleepstudy_slope_ml")) {
  test_that(paste("observed and expected information are the certified ones:", name), {
    certified <- mixed_case(name)$certified
    fit <- certified_fit(name)
    back <- solve(fit$result$to_user) # from the user's variances to the core's
    expect_certified(t(back) %*% fit$result$inference$observed %*% back, certified$gamma_observed_information, 1e-8)
    expect_certified(t(back) %*% fit$result$inference$expected %*% back, certified$gamma_expected_information, 1e-8)
  })

  test_that(paste("predicted random effects are the certified ones:", name), {
    certified <- mixed_case(name)$certified$ranef
    effects <- ranef(certified_fit(name))
    for (key in names(certified)) {
      table <- certified[[key]]
      mine <- effects[[sub("#.*", "", key)]]
      columns <- intersect(names(table), names(mine))
      expect_setequal(rownames(mine), as.character(table$row))
      # relative to the largest effect: single effects may be near zero
      off <- as.matrix(mine[as.character(table$row), columns]) - as.matrix(table[columns])
      expect_lt(max(abs(off)) / max(abs(as.matrix(table[columns]))), 1e-8)
    }
  })
}

test_that("a variance of exactly zero is found, with the certified score across the bound", {
  case <- mixed_case("lmm09_dyestuff2_singular")
  data <- mixed_data("lmm09_dyestuff2_singular", "Batch")
  for (method in c("reml", "ml")) {
    certified <- case$results[[toupper(method)]]$certified
    fit <- fit_recovery(Yield ~ 1 + (1 | Batch), data, method = method)
    expect_true(isSingular(fit))
    expect_identical(fit$result$gamma[[1]], 0)
    expect_certified(sigma(fit)^2, certified$sigma2, 1e-8)
    expect_certified(as.numeric(logLik(fit)), certified$logLik, 1e-8)
    expect_certified(fixef(fit), certified$beta, 1e-8)
    # theirs: d log likelihood / d tau^2; ours: d deviance / d (tau^2 / sigma^2)
    expect_certified(fit$result$certificate$bound_score[1] / (-2 * sigma(fit)^2), certified$score_tau2_at_zero, 1e-8)
  }
})

test_that("the deviance is minus twice the normal log density, computed row by row with dense matrices", {
  trial <- small_trial()
  fit <- fit_recovery(score ~ week + (week | subject), trial, method = "ml")
  z <- model.matrix(~ 0 + factor(subject) + factor(subject):week, trial)
  d <- VarCorr(fit)$subject
  v <- z %*% kronecker(matrix(d, 2), diag(4)) %*% t(z) + sigma(fit)^2 * diag(20)
  r <- trial$score - cbind(1, trial$week) %*% fixef(fit)
  dense <- 20 * log(2 * pi) + c(determinant(v)$modulus) + sum(r * solve(v, r))
  expect_equal(deviance(fit), dense, tolerance = 1e-10) # condition of V times machine precision
})

test_that("weights are inverse variances: a weight of two is a row seen twice, up to its own variance", {
  trial <- small_trial()
  trial$w <- rep(c(1, 2, 4, 1, 3), 4)
  fit <- fit_recovery(score ~ week + (1 | subject), trial, weights = w, method = "ml")
  v <- VarCorr(fit)$subject[1] * outer(trial$subject, trial$subject, "==") + diag(sigma(fit)^2 / trial$w)
  r <- trial$score - cbind(1, trial$week) %*% fixef(fit)
  expect_equal(deviance(fit), 20 * log(2 * pi) + c(determinant(v)$modulus) + sum(r * solve(v, r)), tolerance = 1e-10)
})

test_that("the scale of weights moves the residual variance only", {
  trial <- small_trial()
  trial$w <- rep(c(1, 2, 4, 1, 3), 4)
  one <- fit_recovery(score ~ week + (1 | subject), trial, weights = w)
  many <- fit_recovery(score ~ week + (1 | subject), trial, weights = 1e6 * w)
  expect_equal(fixef(many), fixef(one), tolerance = 1e-12)
  expect_equal(sigma(many)^2, 1e6 * sigma(one)^2, tolerance = 1e-10)
  expect_equal(deviance(many), deviance(one), tolerance = 1e-10)
})

test_that("an offset is taken from the score", {
  trial <- small_trial()
  trial$known <- trial$week / 10
  with <- fit_recovery(score ~ week + offset(known) + (1 | subject), trial)
  without <- fit_recovery(I(score - known) ~ week + (1 | subject), trial)
  expect_equal(fixef(with), fixef(without), tolerance = 1e-12)
  expect_equal(fitted(with), fitted(without) + trial$known, tolerance = 1e-12)
})

test_that("units do not matter: scores and weeks in other units give the same tests", {
  trial <- small_trial()
  other <- transform(trial, score = score * 1e8, week = week * 1e-6)
  a <- summary(fit_recovery(score ~ week + (week | subject), trial))$coefficients
  b <- summary(fit_recovery(score ~ week + (week | subject), other))$coefficients
  expect_equal(b[, c("df", "t value")], a[, c("df", "t value")], tolerance = 1e-8)
})

test_that("the order of rows does not matter", {
  trial <- small_trial()
  withr::local_seed(1)
  shuffled <- trial[sample(nrow(trial)), ]
  expect_equal(
    deviance(fit_recovery(score ~ week + (week | subject), shuffled)),
    deviance(fit_recovery(score ~ week + (week | subject), trial)),
    tolerance = 1e-12
  )
})

test_that("columns that depend on others are left out and named", {
  trial <- small_trial()
  trial$twice <- 2 * trial$week + 1
  fit <- fit_recovery(score ~ week + twice + (1 | subject), trial)
  expect_named(fixef(fit), c("(Intercept)", "week"))
  expect_identical(dropped_columns(fit), "twice")
  expect_output(print(fit), "Left out as linear combinations of other columns: twice")
})

test_that("two visits and a random slope: the identified sum is fitted and the rest is named", {
  trial <- subset(small_trial(), week %in% c(0, 52))
  fit <- fit_recovery(score ~ week + (week | subject), trial)
  # the covariance of the two visits is unrestricted here, so it is the sample covariance
  wide <- matrix(trial$score, 2)
  z <- cbind(1, c(0, 52))
  v <- z %*% matrix(VarCorr(fit)$subject, 2) %*% t(z) + sigma(fit)^2 * diag(2)
  expect_equal(v, stats::cov(t(wide)), tolerance = 1e-7) # square root of the deviance's rounding
  expect_identical(fit$result$certificate$unidentified, 1L)
  expect_output(print(fit), "Not identified")
})

test_that("one visit each: the variance between subjects cannot be told from the residual", {
  trial <- subset(small_trial(), week == 8)
  fit <- fit_recovery(score ~ 1 + (1 | subject), trial)
  expect_equal(VarCorr(fit)$subject[1] + sigma(fit)^2, stats::var(trial$score), tolerance = 1e-10)
  expect_identical(fit$result$certificate$unidentified, 1L)
})

test_that("a fit survives saveRDS()", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  file <- withr::local_tempfile()
  saveRDS(fit, file)
  expect_equal(summary(readRDS(file))$coefficients, summary(fit)$coefficients)
})

test_that("lme4 is never better, over random small trials", {
  skip_if_not_installed("lme4")
  withr::local_seed(20)
  control <- lme4::lmerControl(
    check.nobs.vs.nRE = "ignore", check.nobs.vs.nlev = "ignore", check.nobs.vs.rankZ = "ignore",
    check.conv.singular = "ignore", check.conv.grad = "ignore", check.conv.hess = "ignore"
  )
  for (i in seq_len(sweep_size(1000))) {
    subjects <- sample(3:8, 1)
    trial <- expand.grid(week = c(0, 4, 8, 26)[seq_len(sample(3:4, 1))], subject = letters[seq_len(subjects)])
    id <- as.integer(trial$subject)
    trial$score <- 5 + trial$week * (0.2 + rnorm(subjects, 0, 0.05)[id]) + rnorm(subjects)[id] + rnorm(nrow(trial))
    ours <- fit_recovery(score ~ week + (week | subject), trial)
    theirs <- suppressMessages(suppressWarnings(lme4::lmer(score ~ week + (week | subject), trial, control = control)))
    best <- -2 * as.numeric(stats::logLik(theirs))
    expect_lte(deviance(ours), best + 1e-7 * (1 + abs(best))) # the issue's own bound
  }
})

# Simulated: patients in sites, slopes by patient.
many_patients <- function() {
  withr::local_seed(31)
  trial <- expand.grid(week = c(0, 4, 8), patient = 1:30, site = letters[1:6])
  trial$id <- factor(paste(trial$site, trial$patient))
  trial$score <- 20 + trial$week * (0.5 + rnorm(180, 0, 0.3)[trial$id]) + rnorm(180, 0, 3)[trial$id] +
    rnorm(6, 0, 2)[trial$site] + rnorm(nrow(trial), 0, 2)
  trial[-c(2, 17, 101), ]
}

test_that("lme4 is never better with many patients in a site or crossed factors", {
  skip_if_not_installed("lme4")
  cases <- list(
    list(score ~ week + (week | id) + (1 | site), many_patients()),
    list(score ~ week + (1 | site / id), many_patients()),
    list(diameter ~ 1 + (1 | plate) + (1 | sample), lme4::Penicillin),
    list(y ~ service + (1 | s) + (1 | d), utils::head(lme4::InstEval, 1500))
  )
  for (case in cases) {
    ours <- fit_recovery(case[[1]], case[[2]])
    theirs <- suppressMessages(lme4::lmer(case[[1]], case[[2]]))
    best <- -2 * as.numeric(stats::logLik(theirs))
    expect_lte(deviance(ours), best + 1e-7 * (1 + abs(best))) # the issue's own bound
    # lmer stops some 1e-5 of a variance before the optimum, and fixed effects follow with less
    expect_equal(unname(fixef(ours)), unname(lme4::fixef(theirs)), tolerance = 1e-4)
    expect_equal(sigma(ours), stats::sigma(theirs), tolerance = 1e-3)
  }
})
