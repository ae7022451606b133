trial <- small_trial()

test_that("the print names method, formula, rows, variances, effects and the certificate", {
  printed <- capture.output(print(fit_recovery(score ~ week + (1 | subject), trial)))
  for (words in c(
    "REML", "score ~ week", "20 rows, 4 of subject", "Residual", "\\(Intercept\\)", "Newton decrement", "starts agree"
  )) {
    expect_true(any(grepl(words, printed)), label = words)
  }
})

test_that("a correlation of one is named as a boundary, not as a failure", {
  fit <- fit_recovery(score ~ week + (week | subject), trial)
  expect_true(isSingular(fit))
  expect_output(print(fit), "On the boundary: .* vary in 1 direction only")
  expect_gte(min(fit$result$certificate$bound_score), 0)
})

test_that("a word or an object names the method, other words are refused", {
  expect_equal(
    deviance(fit_recovery(score ~ week + (1 | subject), trial, method = "ml")),
    deviance(fit_recovery(score ~ week + (1 | subject), trial, method = method_ml()))
  )
  expect_error(fit_recovery(score ~ week + (1 | subject), trial, method = "gls"), class = "cordgain_invalid_input")
})

test_that("families that are not there are refused", {
  expect_error(
    fit_recovery(score ~ week + (1 | subject), trial, family = stats::Gamma()), class = "cordgain_invalid_input"
  )
  expect_error(
    fit_recovery(score ~ week + (1 | subject), trial, family = stats::gaussian("log")),
    class = "cordgain_invalid_input"
  )
  expect_error(fit_recovery(score ~ week + (1 | subject), as.list(trial)), class = "cordgain_invalid_input")
})

test_that("scores fitted exactly have no variance to estimate", {
  expect_error(
    fit_recovery(score ~ week + (1 | subject), transform(trial, score = 3)), "exactly",
    class = "cordgain_invalid_input"
  )
  expect_error(
    fit_recovery(score ~ week + (1 | subject), transform(trial, score = 2 * week)), class = "cordgain_invalid_input"
  )
})

test_that("subjects whose scores all lie on their own lines leave no residual variance", {
  lines <- transform(
    trial, score = c(1, 2, 3, 4)[match(subject, letters)] * week + c(0, 2, 1, 5)[match(subject, letters)]
  )
  expect_error(
    fit_recovery(score ~ week + (week | subject), lines), "has no maximum", class = "cordgain_numerical_error"
  )
})

test_that("scores that are almost on lines are not said to have no maximum", {
  # [X Z] does not span these scores, so the likelihood is bounded: a fit, or an error that claims no more
  lines <- transform(trial, score = c(1, 2, 3, 4)[match(subject, letters)] * week)
  for (off in c(1e-1, 1e-3, 1e-5, 1e-7)) {
    near <- transform(lines, score = score + off * sin(seq_along(score)^2))
    said <- tryCatch(
      paste(capture.output(print(fit_recovery(score ~ week + (week | subject), near))), collapse = " "),
      cordgain_numerical_error = conditionMessage
    )
    expect_no_match(said, "has no maximum")
    expect_match(said, "Certified optimum|NOT CERTIFIED|NOT CONVERGED|No maximum of the likelihood was found from")
  }
})

test_that("a model without random effects is a linear model", {
  fit <- fit_recovery(score ~ week, trial)
  lm <- stats::lm(score ~ week, trial)
  expect_equal(fixef(fit), coef(lm), tolerance = 1e-12)
  expect_equal(sigma(fit), sigma(lm), tolerance = 1e-12)
  expect_equal(as.numeric(logLik(fit)), as.numeric(logLik(lm, REML = TRUE)), tolerance = 1e-12)
  expect_equal(summary(fit)$coefficients[, "Pr(>|t|)"], summary(lm)$coefficients[, "Pr(>|t|)"], tolerance = 1e-9)
})

test_that("update() fits anew with another formula or method", {
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  expect_equal(
    deviance(update(fit, method = "ml")), deviance(fit_recovery(score ~ week + (1 | subject), trial, method = "ml"))
  )
})

test_that("the verbs mean what they mean for lme4", {
  skip_if_not_installed("lme4")
  ours <- fit_recovery(score ~ week + (1 | subject), trial)
  theirs <- lme4::lmer(score ~ week + (1 | subject), trial)
  near <- 1e-4 # lme4 stops early
  expect_equal(fixef(ours), lme4::fixef(theirs), tolerance = near)
  expect_equal(sigma(ours), sigma(theirs), tolerance = near)
  expect_equal(as.matrix(vcov(ours)), as.matrix(vcov(theirs)), tolerance = near)
  expect_equal(c(logLik(ours)), c(logLik(theirs)), tolerance = 1e-7)
  expect_equal(AIC(ours), AIC(theirs), tolerance = 1e-7)
  expect_equal(BIC(ours), BIC(theirs), tolerance = 1e-7)
  expect_equal(nobs(ours), nobs(theirs))
  expect_equal(df.residual(ours), df.residual(theirs))
  expect_equal(unname(fitted(ours)), unname(fitted(theirs)), tolerance = near)
  expect_equal(unname(residuals(ours)), unname(residuals(theirs)), tolerance = 1e-3)
  expect_equal(
    unname(residuals(ours, "pearson")), unname(residuals(theirs, "pearson", scaled = TRUE)), tolerance = 1e-3
  )
  expect_equal(ranef(ours)$subject[[1]], lme4::ranef(theirs)$subject[[1]], tolerance = 1e-3)
  expect_equal(attr(ranef(ours)$subject, "postVar"), attr(lme4::ranef(theirs)$subject, "postVar"), tolerance = 1e-3)
  expect_equal(coef(ours)$subject$week, coef(theirs)$subject$week, tolerance = near)
})

test_that("complete data are taken as they are, and an action of one's own on missing values is asked all the same", {
  trial <- small_trial()
  asked <- 0
  mine <- function(object, ...) {
    asked <<- asked + 1
    stats::na.omit(object, ...)
  }
  own <- fit_recovery(score ~ week + (1 | subject), trial, na.action = mine)
  expect_gte(asked, 1)
  plain <- fit_recovery(score ~ week + (1 | subject), trial, na.action = "na.omit")
  expect_identical(own$result, plain$result)
  expect_identical(names(plain$frame), names(own$frame))
})

test_that("a level that no row has is dropped with and without missing values", {
  trial <- small_trial()
  trial$arm <- factor(rep(c("a", "b"), each = 10), levels = c("a", "b", "never"))
  expect_identical(names(fixef(fit_recovery(score ~ arm + (1 | subject), trial))), c("(Intercept)", "armb"))
  trial$score[3] <- NA
  expect_identical(names(fixef(fit_recovery(score ~ arm + (1 | subject), trial))), c("(Intercept)", "armb"))
})

test_that("a missing value that an action lets pass is refused by name", {
  trial <- small_trial()
  trial$week[4] <- NA
  expect_error(fit_recovery(score ~ week + (1 | subject), trial, na.action = na.pass), "week.*NA.*4",
    class = "cordgain_invalid_input")
  trial <- small_trial()
  trial$subject <- as.character(trial$subject)
  trial$subject[4] <- NA
  expect_error(fit_recovery(score ~ week + (1 | subject), trial, na.action = na.pass), "subject.*4",
    class = "cordgain_invalid_input")
})

# Invariants ------------------------------------------------------------------------------------

# Both fits are optimised to rounding of the deviance; variances are then known to about its root (1e-8 of their size),
# fixed effects, which move with them to second order at most in these designs, to less.
test_that("the order of rows, the names of subjects and unused columns change nothing", {
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  turned <- fit_recovery(score ~ week + (1 | subject), trial[c(13, 2, 20, 1, 7, 3:6, 8:12, 14:19), ])
  named <- fit_recovery(score ~ week + (1 | subject),
    transform(trial, subject = c(a = "zz", b = "10", c = "9", d = "a b")[subject], other = "x"))
  numbered <- fit_recovery(score ~ week + (1 | subject), transform(trial, subject = match(subject, letters) * 100))
  for (other in list(turned, named, numbered)) {
    expect_equal(fixef(other), fixef(fit), tolerance = 1e-9)
    expect_equal(c(logLik(other)), c(logLik(fit)), tolerance = 1e-12)
    expect_equal(sigma(other), sigma(fit), tolerance = 1e-7)
    expect_equal(vcov(other), vcov(fit), tolerance = 1e-7)
  }
})

test_that("other units of the score rescale effects and variances, over twelve powers of ten", {
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  for (unit in c(1e-6, 0.01, 1e6)) {
    other <- fit_recovery(score ~ week + (1 | subject), transform(trial, score = unit * score))
    expect_equal(fixef(other) / unit, fixef(fit), tolerance = 1e-9)
    expect_equal(sigma(other) / unit, sigma(fit), tolerance = 1e-7)
    expect_equal(VarCorr(other)$subject[1] / unit^2, VarCorr(fit)$subject[1], tolerance = 1e-7)
    # REML density of 18 contrasts of the scores
    expect_equal(c(logLik(other)), c(logLik(fit)) - 18 * log(unit), tolerance = 1e-10)
  }
})

test_that("other units of time rescale the slope alone", {
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  days <- fit_recovery(score ~ day + (1 | subject), transform(trial, day = 7 * week))
  expect_equal(unname(fixef(days) * c(1, 7)), unname(fixef(fit)), tolerance = 1e-9)
  expect_equal(sigma(days), sigma(fit), tolerance = 1e-7)
  expect_equal(unname(fitted(days)), unname(fitted(fit)), tolerance = 1e-8)
  expect_equal(c(logLik(days)), c(logLik(fit)) - log(7), tolerance = 1e-10) # log |X'V^-1X| / 2 moves by log 7
})

test_that("a constant or a straight line added to the score moves its effects alone", {
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  moved <- fit_recovery(score ~ week + (1 | subject), transform(trial, score = score + 1000 - 3 * week))
  expect_equal(unname(fixef(moved) - c(1000, -3)), unname(fixef(fit)), tolerance = 1e-8) # four digits of 1000 lost
  expect_equal(sigma(moved), sigma(fit), tolerance = 1e-6)
  expect_equal(unname(residuals(moved)), unname(residuals(fit)), tolerance = 1e-6)
  expect_equal(c(logLik(moved)), c(logLik(fit)), tolerance = 1e-9)
})

test_that("another basis of the same columns is the same model", {
  trial$arm <- factor(rep(c("x", "y"), each = 10))
  one <- fit_recovery(score ~ week * arm + (1 | subject), trial, method = "ml")
  two <- fit_recovery(score ~ 0 + arm + arm:week + (1 | subject), trial, method = "ml")
  three <- fit_recovery(score ~ week * arm + (1 | subject), trial, contrasts = list(arm = "contr.sum"), method = "ml")
  for (other in list(two, three)) {
    expect_equal(c(logLik(other)), c(logLik(one)), tolerance = 1e-11)
    expect_equal(unname(fitted(other)), unname(fitted(one)), tolerance = 1e-7)
    expect_equal(sigma(other), sigma(one), tolerance = 1e-7)
  }
  expect_equal(unname(fixef(two)[c("armx", "armx:week")]), unname(fixef(one)[c("(Intercept)", "week")]),
    tolerance = 1e-9)
})

test_that("the likelihood at the fit is the dense one, and no variance near it has a higher one", {
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  x <- cbind(1, trial$week)
  same <- outer(trial$subject, trial$subject, `==`) * 1
  dense <- \(g) dense_reml(x, trial$score, g[1] * same + g[2] * diag(20)) - 9 * log(2 * pi)
  at <- unname(fit$result$gamma)
  expect_equal(c(logLik(fit)), dense(at), tolerance = 1e-11)
  for (step in list(c(1.02, 1), c(0.98, 1), c(1, 1.02), c(1, 0.98), c(1.01, 1.01))) {
    expect_lt(dense(at * step), dense(at))
  }
})

test_that("an offset is a known part of the score, as a column or in the formula", {
  trial$known <- sqrt(trial$week)
  argument <- fit_recovery(score ~ week + (1 | subject), trial, offset = known)
  inside <- fit_recovery(score ~ week + offset(known) + (1 | subject), trial)
  taken <- fit_recovery(score ~ week + (1 | subject), transform(trial, score = score - known))
  for (other in list(argument, inside)) {
    expect_equal(fixef(other), fixef(taken), tolerance = 1e-9)
    expect_equal(c(logLik(other)), c(logLik(taken)), tolerance = 1e-12)
    expect_equal(unname(fitted(other)), unname(fitted(taken)) + trial$known, tolerance = 1e-8)
  }
})

test_that("a weight of four is the mean of four scores: weights rescale the residual of their row", {
  weighted <- fit_recovery(score ~ week + (1 | subject), trial, weights = rep(4, 20))
  plain <- fit_recovery(score ~ week + (1 | subject), trial)
  expect_equal(fixef(weighted), fixef(plain), tolerance = 1e-9)
  expect_equal(sigma(weighted), 2 * sigma(plain), tolerance = 1e-7)
  expect_equal(VarCorr(weighted)$subject[1], VarCorr(plain)$subject[1], tolerance = 1e-7)
})

test_that("a subset is the data without the other rows, as condition and as row numbers", {
  condition <- fit_recovery(score ~ week + (1 | subject), trial, subset = week <= 26)
  numbers <- fit_recovery(score ~ week + (1 | subject), trial, subset = which(trial$week <= 26))
  cut <- fit_recovery(score ~ week + (1 | subject), trial[trial$week <= 26, ])
  for (other in list(condition, numbers)) {
    expect_equal(fixef(other), fixef(cut), tolerance = 1e-12)
    expect_equal(deviance(other), deviance(cut), tolerance = 1e-12)
  }
})

test_that("nlme agrees on the same model", {
  skip_if_not_installed("nlme")
  for (method in c("REML", "ML")) {
    theirs <- nlme::lme(score ~ week, trial, ~ 1 | subject, method = method)
    ours <- fit_recovery(score ~ week + (1 | subject), trial, method = tolower(method))
    expect_equal(c(logLik(ours)), c(logLik(theirs)), tolerance = 1e-7) # lme stops at 1e-7 of its log likelihood
    expect_equal(fixef(ours), nlme::fixef(theirs), tolerance = 1e-6)
    expect_equal(sigma(ours), theirs$sigma, tolerance = 1e-4) # the root of that
  }
})

test_that("a column that is a sum of others is left out by name and the fit is that without it", {
  trial$twice <- 2 * trial$week + 1
  fit <- fit_recovery(score ~ week + twice + (1 | subject), trial)
  expect_identical(dropped_columns(fit), "twice")
  expect_output(print(fit), "Left out as linear combinations of other columns: twice", fixed = TRUE)
  plain <- fit_recovery(score ~ week + (1 | subject), trial)
  expect_equal(fixef(fit), fixef(plain), tolerance = 1e-10)
  expect_identical(dropped_columns(plain), character())
})

test_that("a model without data, or without anything, is told what is missing and how it is written", {
  invalid(fit_recovery(), "`formula` and `data` are not given")
  error <- invalid(fit_recovery(uems ~ week + (1 | id)), "`data` is not given")
  expect_match(conditionMessage(error), "fit_recovery(score ~ week + (1 | subject), data)", fixed = TRUE)
})

test_that("a score off the scale that was declared for it is refused by row", {
  rows <- data.frame(id = rep(1:4, each = 3), week = rep(c(0, 4, 8), 4), score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8))
  data <- recovery_data(rows, subject = "id", time = "week", score = "score", scale = "uems")
  expect_s3_class(fit_recovery(score ~ week + (1 | id), data), "recovery_fit")
  data$score[5] <- 51 # of 50 points
  expect_error(fit_recovery(score ~ week + (1 | id), data), "0 to 50.*51 in row 5", class = "cordgain_invalid_input")
})

test_that("scores of a scale where lower is better are fitted as they are turned, with priors of the turned scale", {
  rows <- data.frame(id = rep(1:4, each = 3), week = rep(c(0, 4, 8), 4), score = c(23, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8))
  data <- recovery_data(rows, "id", "week", "score", "mds_updrs_iii")
  turned <- transform(rows, score = -score)
  mirrored <- motor_scale(min = -132, max = 0, direction = "higher", name = "mirrored")
  mirror <- recovery_data(turned, "id", "week", "score", mirrored)
  fixed <- \(data, ...) fixef(fit_recovery(score ~ week + (1 | id), data, ...))
  expect_equal(fixed(data), fixed(turned), tolerance = 1e-8)
  expect_equal(fixed(data, method = "bayes"), fixed(mirror, method = "bayes"), tolerance = 1e-8)
  data$score[5] <- 1
  expect_error(fit_recovery(score ~ week + (1 | id), data), "-132 to 0.*1 in row 5", class = "cordgain_invalid_input")
})

test_that("a column in quotes is not a column", {
  trial <- transform(small_trial(), w = 1)
  refused <- \(...) expect_error(fit_recovery(score ~ week + (1 | subject), trial, ...), "without quotes",
    class = "cordgain_invalid_input")
  refused(weights = "w")
  refused(offset = "w")
  expect_s3_class(fit_recovery(score ~ week + (1 | subject), trial, weights = w), "recovery_fit")
})

test_that("settings of other programs are refused, since there are none here", {
  fitted_with <- \(control, ...) fit_recovery(score ~ week + (1 | subject), small_trial(), control = control, ...)
  expect_error(fitted_with(list(foo = 1)), "Given: `foo`", class = "cordgain_invalid_input")
  expect_error(fitted_with(3, method = "bayes"), "a number", class = "cordgain_invalid_input")
  expect_s3_class(fitted_with(list()), "recovery_fit")
})

test_that("arguments of other programs' functions are refused with what is meant here", {
  d <- data.frame(id = rep(1:4, each = 2), week = rep(c(0, 8), 4), y = c(2, 5, 9, 12, 1, 3, 6, 4))
  fit <- fit_recovery(y ~ week + (1 | id), d)
  expect_error(fit_recovery(y ~ week + (1 | id), d, prior = priors()), "method_bayes", class = "cordgain_invalid_input")
  expect_error(update(fit, prior = priors()), "method_bayes", class = "cordgain_invalid_input")
  expect_error(fit_recovery(y ~ week + (1 | id), d, REML = FALSE), "method = \"ml\"", class = "cordgain_invalid_input")
  expect_error(fit_recovery(y ~ week + (1 | id), d, wieghts = 1), "no argument.*wieghts",
    class = "cordgain_invalid_input")
})
