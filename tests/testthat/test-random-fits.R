# Random small trials (helper-random-fits.R), and the classes of data in which a fit once failed.

# Minus twice the log likelihood by its definition, D = L L', the common scale profiled out.
naive_deviance <- function(theta, x, y, z, group, restricted) {
  l <- matrix(0, ncol(z), ncol(z))
  l[lower.tri(l, diag = TRUE)] <- theta
  v <- diag(length(y)) + outer(group, group, "==") * (z %*% l %*% t(l) %*% t(z))
  root <- tryCatch(chol(v), error = \(e) NULL)
  if (is.null(root)) {
    return(1e10)
  }
  whitened <- backsolve(root, cbind(x, y), transpose = TRUE)
  decomposition <- qr(whitened[, seq_len(ncol(x)), drop = FALSE])
  rss <- sum(qr.resid(decomposition, whitened[, ncol(x) + 1L])^2)
  nu <- length(y) - if (restricted) ncol(x) else 0
  2 * sum(log(diag(root))) + nu * (log(2 * pi * rss / nu) + 1) +
    if (restricted) 2 * sum(log(abs(diag(qr.R(decomposition))))) else 0
}

# Its lowest value over many starts, for a formula with one bar.
naive_minimum <- function(fit, starts = 8) {
  x <- stats::model.matrix(fit)
  z <- stats::model.matrix(fit, "random")[[1]]
  y <- stats::model.response(stats::model.frame(fit))
  group <- as.character(stats::model.frame(fit)$subject)
  size <- ncol(z) * (ncol(z) + 1) / 2
  withr::local_seed(5)
  ends <- replicate(starts, {
    stats::optim(stats::rnorm(size, 0, 3), naive_deviance,
      x = x, y = y, z = z, group = group, restricted = fit$method$name == "reml", method = "BFGS",
      control = list(reltol = 1e-14, maxit = 500)
    )$value
  })
  min(ends)
}

# A fit of a case, or the condition that ended it.
fit_case <- function(case) {
  arguments <- list(case$formula, case$data, method = case$method)
  if (case$weighted) arguments$weights <- quote(w)
  tryCatch(suppressMessages(do.call(fit_recovery, arguments)), error = identity)
}

failures <- c("ABOVE", "UNEXPLAINED", "CRASH", "NO MAXIMUM, NOT SHOWN")

test_that("over random small trials nothing crashes, no number lacks its reason, and lme4 is never lower", {
  skip_if_not_installed("lme4")
  for (seed in seq_len(sweep_size(1000))) {
    row <- run_case(seed)
    expect_false(row$outcome %in% failures, info = paste(seed, row$outcome, row$detail))
  }
})

# Classes of data in which a fit once failed, one seed of helper-random-cases.R each -------------------------------

test_that("where a line of effects holds every score, though Z fills all of space, no maximum is claimed", {
  skip_if_not_installed("lme4")
  case <- random_case(23) # two visits and a slope, visits missed: once ended above lme4, not converged
  expect_s3_class(fit_case(case), "cordgain_numerical_error")
  expect_match(conditionMessage(fit_case(case)), "has no maximum")
  expect_true(shown_unbounded(case)) # by projections in R
})

test_that("a residual variance of zero is an optimum like others: named, certified, no higher than by definition", {
  case <- random_case(217) # once: "the random effects grew beyond all bounds"
  fit <- fit_case(case)
  expect_true(fit$result$certificate$residual_zero)
  expect_true(fit$result$certificate$converged)
  expect_output(print(fit), "residual variance is estimated as exactly zero")
  lowest <- naive_minimum(fit)
  expect_lte(deviance(fit), lowest + 1e-7 * (1 + abs(lowest))) # the issue's own bound
  expect_identical(unexplained(fit, reml = TRUE), character())
})

test_that("near the edge of what is identified the deviance is no higher than the lowest by definition", {
  # unidentified slopes and curves, an outlier, rounded scores: each once ended high, or with numbers without reason
  for (seed in c(43, 85, 162, 212, 221)) {
    fit <- fit_case(random_case(seed))
    expect_s3_class(fit, "recovery_fit")
    expect_identical(unexplained(fit, fit$method$name == "reml"), character(), info = seed)
    if (length(fit$design$random) > 1L || random_case(seed)$weighted || length(fit$design$offset) > 0L) next
    lowest <- naive_minimum(fit, starts = 4)
    expect_lte(deviance(fit), lowest + 1e-7 * (1 + abs(lowest)))
  }
})

test_that("two terms that are one and the same leave the sum, with tests that do not rest on rounding", {
  fit <- fit_case(random_case(142)) # three rows, crossed factors: Kenward-Roger once gave NaN
  table <- summary(fit)$coefficients
  expect_true(all(is.finite(table)))
  # three rows less two columns leave one contrast, and it shows one combination of the three variances
  expect_identical(fit$result$certificate$unidentified, 2L)
})
