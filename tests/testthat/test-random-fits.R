# Random small trials, made by the validation script, and the classes of data in which a fit once failed.

random_fits <- function() {
  out <- new.env(parent = globalenv())
  sys.source(system.file("validation/random-fits.R", package = "cordgain"), out)
  out
}

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
naive_minimum <- function(fit, starts = 30) {
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

test_that("over random small trials nothing crashes, no number lacks its reason, and lme4 is never lower", {
  skip_if_not_installed("lme4")
  script <- random_fits()
  for (seed in seq_len(sweep_size(2000))) {
    row <- script$run_case(seed)
    expect_false(row$outcome %in% c("ABOVE", "UNEXPLAINED", "CRASH"), info = paste(seed, row$outcome, row$detail))
  }
})
