influence_trial <- function() {
  set.seed(80) # simulated data
  data <- expand.grid(week = c(0, 4, 8, 26), subject = letters[1:7])
  data$subject <- as.character(data$subject)
  own <- match(data$subject, letters)
  data$score <- 10 + 4 * rnorm(7)[own] + (0.3 + 0.2 * rnorm(7)[own]) * data$week + 2 * rnorm(28)
  data[-c(3, 9, 20), ]
}

test_that("with variances held, coefficients are those of generalised least squares on the rest", {
  trial <- influence_trial()
  fit <- fit_recovery(score ~ week + (week | subject), trial)
  found <- influence(fit)
  expect_identical(found$level, letters[1:7])
  d <- VarCorr(fit)$subject[1:2, 1:2]
  for (gone in c("a", "e")) {
    rest <- trial[trial$subject != gone, ]
    x <- cbind(1, rest$week)
    v <- (x %*% d %*% t(x)) * outer(rest$subject, rest$subject, `==`) + sigma(fit)^2 * diag(nrow(rest))
    beta <- solve(t(x) %*% solve(v, x), t(x) %*% solve(v, rest$score))
    expect_equal(unname(found$coefficients[gone, ]), c(beta), tolerance = 1e-9)
    change <- c(beta) - fixef(fit)
    expect_equal(found$cooks[[gone]], c(change %*% solve(vcov(fit), change)) / 2, tolerance = 1e-8)
    expect_equal(unname(dfbetas(found)[gone, ]), unname(-change / sqrt(diag(vcov(fit)))), tolerance = 1e-8)
  }
  expect_identical(cooks.distance(found), found$cooks)
  expect_identical(dfbeta(found), found$dfbeta)
})

test_that("refits are those of fit_recovery() on the rest", {
  trial <- influence_trial()
  fit <- fit_recovery(score ~ week + (week | subject), trial, weights = rep(1:2, length.out = nrow(trial)))
  found <- influence(fit, variances = "refit")
  trial$w <- rep(1:2, length.out = nrow(trial))
  alone <- fit_recovery(score ~ week + (week | subject), trial[trial$subject != "c", ], weights = w)
  expect_equal(found$coefficients["c", ], fixef(alone), tolerance = 1e-9)
  expect_equal(unname(found$gamma["c", ]), unname(alone$result$gamma), tolerance = 1e-6) # two searches
})

test_that("one step is Fisher scoring, by dense algebra and differences", {
  trial <- influence_trial()
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  found <- influence(fit, variances = "one-step")
  rest <- trial[trial$subject != "b", ]
  x <- cbind(1, rest$week)
  same <- outer(rest$subject, rest$subject, `==`) * 1
  v <- \(g) g[1] * same + g[2] * diag(nrow(rest))
  gamma <- unname(fit$result$gamma)
  gradient <- unlist(central(\(g) -2 * dense_reml(x, rest$score, v(g)), gamma, 1e-3 * gamma))
  inverse <- solve(v(gamma))
  p <- inverse - inverse %*% x %*% solve(t(x) %*% inverse %*% x, t(x) %*% inverse)
  moved <- list(same, diag(nrow(rest)))
  information <- outer(1:2, 1:2, Vectorize(\(i, j) sum(diag(p %*% moved[[i]] %*% p %*% moved[[j]]))))
  step <- gamma - solve(information, gradient)
  expect_equal(unname(found$gamma["b", ]), step, tolerance = 1e-8) # fourth-order differences
  # coefficients move with the variances to first order
  beta <- \(g) c(solve(t(x) %*% solve(v(g), x), t(x) %*% solve(v(g), rest$score)))
  first <- beta(gamma) + drop(do.call(cbind, central(beta, gamma, 1e-3 * gamma)) %*% (step - gamma))
  expect_equal(unname(found$coefficients["b", ]), first, tolerance = 1e-8)
})

test_that("in balanced data one step of REML is the refit", {
  data <- mixed_data("lmm07_dyestuff_reml", "Batch")
  fit <- fit_recovery(Yield ~ 1 + (1 | Batch), data)
  step <- influence(fit, variances = "one-step")
  refit <- influence(fit, variances = "refit")
  expect_equal(step$gamma, refit$gamma, tolerance = 1e-7) # the search of each refit
  expect_equal(step$coefficients, refit$coefficients, tolerance = 1e-9)
})

test_that("one step comes near the refit by maximum likelihood", {
  data <- mixed_data("lmm07_dyestuff_reml", "Batch")
  fit <- fit_recovery(Yield ~ 1 + (1 | Batch), data, method = "ml")
  step <- influence(fit, variances = "one-step")$gamma
  refit <- influence(fit, variances = "refit")$gamma
  expect_lt(sum((step - refit)^2), sum(sweep(refit, 2, fit$result$gamma)^2))
})

test_that("levels inside a block and residual covariances can be left out", {
  set.seed(81) # simulated data
  data <- expand.grid(visit = factor(1:3), subject = 1:3, site = 1:4)
  data$subject <- paste0(data$site, data$subject)
  data$score <- rnorm(4)[data$site] + rnorm(12)[factor(data$subject)] + rnorm(36)
  fit <- fit_recovery(score ~ visit + (1 | site) + (1 | subject), data)
  found <- influence(fit, groups = "subject")
  rest <- data[data$subject != "23", ]
  x <- model.matrix(~visit, rest)
  v <- VarCorr(fit)$site[1] * outer(rest$site, rest$site, `==`) +
    VarCorr(fit)$subject[1] * outer(rest$subject, rest$subject, `==`) + sigma(fit)^2 * diag(33)
  expect_equal(unname(found$coefficients["23", ]),
    unname(c(solve(t(x) %*% solve(v, x), t(x) %*% solve(v, rest$score)))), tolerance = 1e-9)
  expect_identical(influence(fit)$groups, "site")
  expect_error(influence(fit, "nobody"), class = "cordgain_invalid_input")

  visits <- fit_recovery(score ~ visit + cs(visit | subject), data)
  without <- influence(visits, variances = "refit")
  alone <- fit_recovery(score ~ visit + cs(visit | subject), rest)
  expect_equal(without$coefficients["23", ], fixef(alone), tolerance = 1e-8)
})

test_that("a rest without an answer says why", {
  trial <- data.frame(score = c(1, 2, 4, 2, 5, 3), week = rep(0:1, 3), subject = rep(c("a", "b", "c"), each = 2))
  fit <- fit_recovery(score ~ week + subject + (1 | week), trial)
  found <- influence(fit, variances = "refit")
  expect_true(all(is.na(found$coefficients)))
  expect_match(found$reason[1], "\\S")
  expect_output(print(found), "Without 0:")
})

test_that("the print names the factor, tidy has a row per level and term", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  found <- influence(fit)
  expect_output(print(found), "without each level of subject \\(variances held\\)")
  expect_identical(dim(tidy(found)), c(8L, 6L))
  expect_identical(summary(found), tidy(found))
})

# Invariants and limits --------------------------------------------------------------------------------

test_that("whitened by the covariance of the rest, each row is an ordinary least squares fit", {
  trial <- influence_trial()
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  found <- influence(fit)
  v <- VarCorr(fit)$subject[1] * outer(trial$subject, trial$subject, `==`) + sigma(fit)^2 * diag(nrow(trial))
  for (gone in letters[1:7]) {
    keep <- trial$subject != gone
    root <- chol(v[keep, keep]) # whitened, the rest is a linear model
    whitened <- stats::lm.fit(backsolve(root, cbind(1, trial$week)[keep, ], transpose = TRUE),
      backsolve(root, trial$score[keep], transpose = TRUE))
    expect_equal(unname(found$coefficients[gone, ]), unname(whitened$coefficients), tolerance = 1e-9)
  }
  expect_equal(unname(dfbeta(found)), unname(-sweep(found$coefficients, 2, fixef(fit))), tolerance = 1e-14)
})

test_that("with all variances held the weighted changes of all subjects cancel", {
  # sum over subjects of A_(i) (beta - beta_(i)) = sum of (A_(i) beta - a_(i)) = (m - 1)(A beta - a) = 0.
  trial <- influence_trial()
  fit <- fit_recovery(score ~ week + (week | subject), trial)
  found <- influence(fit)
  parts <- fitted_parts(fit)
  total <- rowSums(vapply(letters[1:7], \(gone) {
    rows <- fitted_rows(fit, which(trial$subject != gone))
    information <- crossprod(rows$x, solve(rows_covariance(rows, parts), rows$x))
    drop(information %*% (fixef(fit) - found$coefficients[gone, ]))
  }, numeric(2)))
  size <- max(abs(crossprod(cbind(1, trial$week)) %*% fixef(fit)))
  expect_lt(max(abs(total)) / size, 1e-10) # rounding of the sums
})

test_that("the order of rows and the names of subjects change nothing; units carry through", {
  trial <- influence_trial()
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  held <- influence(fit)
  turned <- influence(fit_recovery(score ~ week + (1 | subject), trial[rev(seq_len(nrow(trial))), ]))
  expect_equal(turned$coefficients[held$level, ], held$coefficients, tolerance = 1e-8)
  expect_equal(turned$cooks[held$level], held$cooks, tolerance = 1e-7)
  scaled <- influence(fit_recovery(score ~ week + (1 | subject), transform(trial, score = 100 * score)))
  expect_equal(scaled$coefficients, 100 * held$coefficients, tolerance = 1e-8)
  expect_equal(scaled$cooks, held$cooks, tolerance = 1e-6) # free of units; the variances are two searches
  expect_equal(scaled$dfbetas, held$dfbetas, tolerance = 1e-6)
})

test_that("a subject whose score leaves the line is the most influential, and its gap tells the direction", {
  trial <- influence_trial()
  trial$score[trial$subject == "d"] <- trial$score[trial$subject == "d"] + 60
  found <- influence(fit_recovery(score ~ week + (1 | subject), trial))
  expect_identical(names(which.max(found$cooks)), "d")
  expect_gt(found$dfbetas["d", "(Intercept)"], 0) # with d the intercept is higher than without
  expect_true(all(found$cooks >= 0))
})

test_that("variances cut back to the cone are covariances, and those within it stay", {
  fit <- fit_recovery(score ~ week + (week | subject), influence_trial())
  inside <- c(4, 0.5, 1, 2)
  expect_equal(inside_cone(fit, inside), inside, tolerance = 1e-14)
  cut <- inside_cone(fit, c(1, 2, 1, -3)) # eigenvalues 3 and -1 in the directions (1, 1) and (1, -1)
  expect_equal(cut, c(1.5, 1.5, 1.5, 0), tolerance = 1e-14)
  expect_equal(inside_cone(fit, cut), cut, tolerance = 1e-14)
})

test_that("moments add and subtract part by part", {
  a <- list(cross = diag(2), slope = list(1, 2))
  b <- list(cross = diag(2) * 3, slope = list(10, 20))
  expect_identical(add_moments(a, b), list(cross = diag(2) * 4, slope = list(11, 22)))
  expect_identical(subtract_moments(add_moments(a, b), b), a)
  expect_identical(solve_moments(list(cross = rbind(c(2, 0, 4), c(0, 4, 2), c(4, 2, 9)))), c(2, 0.5))
  expect_identical(solve_moments(list(cross = rbind(c(1, 1, 4), c(1, 1, 4), c(4, 4, 9)))), c(NA_real_, NA_real_))
})

test_that("a part of a design is the design of those rows", {
  trial <- influence_trial()
  trial$w <- rep(1:2, length.out = nrow(trial))
  fit <- fit_recovery(score ~ week + (week | subject), trial, weights = w)
  keep <- which(trial$subject != "c")
  part <- subset_design(fit$design, keep)
  alone <- fit_recovery(score ~ week + (week | subject), trial[keep, ], weights = w)$design
  expect_identical(part$y, alone$y)
  expect_identical(part$weights, alone$weights)
  expect_identical(part$random[[1]]$labels, alone$random[[1]]$labels)
  expect_equal(part$random[[1]]$level, alone$random[[1]]$level)
  n <- seq_along(keep)
  expect_equal(columns_at(part$x, n), columns_at(alone$x, n), ignore_attr = TRUE)
  expect_equal(columns_at(part$random[[1]]$z, n), columns_at(alone$random[[1]]$z, n), ignore_attr = TRUE)
})

test_that("fits without a factor, unknown factors and unknown words are refused", {
  trial <- influence_trial()
  refused <- \(code, words) expect_error(code, words, class = "cordgain_invalid_input")
  refused(influence(fit_recovery(score ~ week, trial)), "no grouping factor")
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  refused(influence(fit, groups = "week"), "subject")
  refused(influence(fit, variances = "half"), "fixed.*one-step.*refit")
  expect_identical(influence(fit, variances = "fixed"), influence(fit))
})

test_that("a design with some of its rows is that of the data with those rows", {
  trial <- influence_trial()
  keep <- which(trial$subject != "d")
  whole <- fit_recovery(score ~ week + (week | subject), trial, weights = rep(1:2, length.out = nrow(trial)))
  trial$w <- rep(1:2, length.out = nrow(trial))
  alone <- fit_recovery(score ~ week + (week | subject), trial[keep, ], weights = w)
  part <- subset_design(whole$design, keep)
  expect_equal(columns_at(part$x, seq_along(keep)), columns_at(alone$design$x, seq_along(keep)), ignore_attr = TRUE)
  expect_equal(part$y, alone$design$y)
  expect_equal(part$weights, alone$design$weights)
  expect_equal(as.integer(part$random[[1]]$level), as.integer(alone$design$random[[1]]$level))
  expect_identical(as.character(part$random[[1]]$labels), as.character(alone$design$random[[1]]$labels))
})

test_that("variances outside the cone are cut back to the nearest inside", {
  fit <- fit_recovery(score ~ week + (week | subject), influence_trial())
  # eigenvalues 3 and -1 with vectors (1, 1) and (1, -1): the nearest has 3 and 0
  expect_equal(inside_cone(fit, c(1, 2, 1, -4)), c(1.5, 1.5, 1.5, 0), tolerance = 1e-12)
  expect_equal(inside_cone(fit, c(2, 1, 3, 4)), c(2, 1, 3, 4), tolerance = 1e-12)
})

test_that("what the rest does not identify is NA", {
  moments <- list(cross = rbind(c(1, 1, 2), c(1, 1, 2), c(2, 2, 9)))
  expect_identical(solve_moments(moments), c(NA_real_, NA_real_))
  expect_equal(solve_moments(list(cross = rbind(c(2, 0, 4), c(0, 1, 3), c(4, 3, 30)))), c(2, 3))
})
