boot_fit <- function(...) fit_recovery(score ~ week + (week | subject), small_trial(), ...)

test_that("the seed decides all: set.seed() governs without one, and R's stream is left alone with one", {
  fit <- boot_fit()
  withr::local_seed(5)
  one <- bootstrap(fit, 30)
  set.seed(5)
  expect_identical(bootstrap(fit, 30)$replicates, one$replicates)
  before <- .Random.seed
  expect_identical(bootstrap(fit, 30, seed = one$seed)$replicates, one$replicates)
  expect_identical(.Random.seed, before)
  expect_false(identical(bootstrap(fit, 30, seed = one$seed + 1)$replicates, one$replicates))
})

test_that("replicates do not depend on how they are cut into chunks", {
  fit <- boot_fit()
  whole <- bootstrap(fit, 50, seed = 2)
  parts <- run_chunks(fit, data.frame(first = c(0, 7, 30), count = c(7, 23, 20)), 2, drawn_gamma(fit, "fit"))
  expect_identical(collect_replicates(fit, parts, 2, "fit")$replicates, whole$replicates)
})

test_that("variances inside their bounds maximise the likelihood times a power of their determinants, by definition", {
  # random intercepts that are estimated as zero; minus twice the log of REML x (D / sigma^2)^(1/5), by dense matrices
  d <- data.frame(score = c(5, 9, 6, 8, 9, 5, 7, 6, 6, 9, 5, 8), g = factor(rep(1:4, each = 3)))
  fit <- fit_recovery(score ~ 1 + (1 | g), d)
  expect_true(isSingular(fit))
  penalised <- \(ratio) {
    v <- diag(12) + ratio * outer(d$g, d$g, "==")
    inverse <- solve(v)
    one <- rep(1, 12)
    precision <- sum(inverse)
    left <- d$score - sum(inverse %*% d$score) / precision
    scale <- c(left %*% inverse %*% left) / 11
    c(c(determinant(v)$modulus) + log(precision) + 11 * log(scale) - 0.4 * log(ratio), scale)
  }
  ratio <- stats::optimize(\(r) penalised(r)[1], c(1e-6, 50), tol = 1e-10)$minimum
  scale <- penalised(ratio)[2]
  inside <- drop(fit$result$to_user %*% drawn_gamma(fit, "interior"))
  expect_equal(unname(inside), c(ratio * scale, scale), tolerance = 1e-6)
})

test_that("drawing inside the bounds is another bootstrap, and says so", {
  fit <- boot_fit()
  inside <- bootstrap(fit, 60, seed = 2, draw = "interior")
  expect_identical(inside$draw, "interior")
  expect_output(print(inside), "drawn from variances inside their bounds")
  expect_lt(mean(inside$singular), 1)
  expect_error(bootstrap(fit, 5, draw = "outside"), class = "cordgain_invalid_input")
})

test_that("any number of workers gives the same replicates", {
  skip_if_not_installed("future")
  skip_on_cran()
  fit <- boot_fit()
  alone <- bootstrap(fit, 40, seed = 9)
  old <- future::plan(future::multicore, workers = 2)
  withr::defer(future::plan(old))
  expect_identical(bootstrap(fit, 40, seed = 9)$replicates, alone$replicates)
})

test_that("a process that was sent a copy of the fit gives the same bits", {
  # a copy has two vectors where the fit has one column of both X and Z
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  copy <- unserialize(serialize(fit, NULL))
  expect_identical(bootstrap(copy, 40, seed = 9)$replicates, bootstrap(fit, 40, seed = 9)$replicates)
})

test_that("equal columns of X and Z become one vector, others stay as they are", {
  rows <- list(list(list(), list(list(c(1, 2), NULL, 0))), c(1, 2), NULL, list(list(list(list(c(1, 2) + 0, NULL, 0)))))
  shared <- share_columns(rows)
  expect_identical(shared, rows)
  address <- \(v) rlang::obj_address(v)
  expect_identical(address(shared[[4]][[1]][[1]][[1]][[1]]), address(shared[[1]][[2]][[1]][[1]]))
})

test_that("progress is signalled where progressr is in use", {
  skip_if_not_installed("progressr")
  fit <- boot_fit()
  seen <- 0
  watched <- \() withCallingHandlers(
    bootstrap(fit, 40, seed = 9),
    progression = \(p) if (identical(p$type, "update")) seen <<- seen + 1
  )
  progressr::with_progress(watched(), handlers = progressr::handler_void(), enable = TRUE)
  expect_gte(seen, 1)
})

test_that("chunks cover each replicate once", {
  for (n in c(1, 2, 19, 20, 1000)) {
    chunks <- replicate_chunks(n)
    expect_identical(sum(chunks$count), as.double(n))
    expect_identical(chunks$first, cumsum(c(0, utils::head(chunks$count, -1))))
  }
})

test_that("without random effects the replicates have the exact law of least squares", {
  fit <- fit_recovery(score ~ week, small_trial())
  n <- 4000
  boot <- bootstrap(fit, n, seed = 21)
  # beta ~ N(beta-hat, s2 (X'X)^-1), 18 sigma^2 / s2 ~ chi-squared(18), independent. Kolmogorov's distance times
  # sqrt(n) passes 2.95 with probability 6e-8.
  z <- (boot$replicates[, "week"] - fixef(fit)[["week"]]) / sqrt(vcov(fit)["week", "week"])
  chi <- 18 * boot$replicates[, "sigma"]^2 / sigma(fit)^2
  expect_lt(suppressWarnings(stats::ks.test(z, "pnorm")$statistic) * sqrt(n), 2.95)
  expect_lt(suppressWarnings(stats::ks.test(chi, "pchisq", 18)$statistic) * sqrt(n), 2.95)
  expect_lt(abs(stats::cor(z, chi)) * sqrt(n), 5.5)
})

test_that("the mean of many replicates is the estimate, and their spread its standard error, in a balanced design", {
  # In a balanced design with X = Z the estimate is least squares, whatever the variances: beta* ~ N(beta-hat, Phi).
  fit <- boot_fit()
  n <- 4000
  boot <- bootstrap(fit, n, seed = 22)
  for (name in c("(Intercept)", "week")) {
    z <- (boot$replicates[, name] - fixef(fit)[[name]]) / sqrt(vcov(fit)[name, name])
    expect_lt(suppressWarnings(stats::ks.test(z, "pnorm")$statistic) * sqrt(n), 2.95)
  }
})

test_that("refits are those of simulated rows: the distribution is that of lme4's bootMer", {
  skip_on_cran() # long
  skip_if_not_installed("lme4")
  data <- as.data.frame(nlme::Orthodont)
  data <- data[-c(2, 9, 15), ] # unbalanced
  fit <- fit_recovery(distance ~ age * Sex + (1 | Subject), data)
  other <- lme4::lmer(distance ~ age * Sex + (1 | Subject), data)
  n <- 400
  withr::local_seed(7)
  theirs <- lme4::bootMer(other, \(m) c(lme4::fixef(m), stats::sigma(m), unlist(lme4::VarCorr(m))), nsim = n)$t
  ours <- bootstrap(fit, n, seed = 7)$replicates
  ours <- cbind(ours[, 3:6], ours[, "sigma"], ours[, "sd__(Intercept)"]^2)
  for (k in seq_len(ncol(ours))) { # two-sample distance: passes 2.95 with probability 6e-8
    d <- suppressWarnings(stats::ks.test(ours[, k], theirs[, k])$statistic)
    expect_lt(d * sqrt(n / 2), 2.95)
  }
})

test_that("a statistic is computed of each replicate and at the fit", {
  fit <- boot_fit()
  of <- \(v) c(end = v[["(Intercept)"]] + 52 * v[["week"]], s = v[["sigma"]])
  boot <- bootstrap(fit, 25, seed = 4, statistic = of)
  expect_equal(boot$statistic[, "end"], boot$replicates[, "(Intercept)"] + 52 * boot$replicates[, "week"])
  expect_equal(boot$observed[["end"]], sum(fixef(fit) * c(1, 52)))
  expect_true(all(c("end", "s") %in% tidy(boot)$term))
  expect_error(bootstrap(fit, 5, 1, statistic = 1), class = "cordgain_invalid_input")
  expect_error(bootstrap(fit, 5, 1, statistic = \(v) NA_real_), class = "cordgain_invalid_input")
  counter <- 0
  growing <- \(v) seq_len(counter <<- counter + 1)
  expect_error(bootstrap(fit, 5, 1, statistic = growing), class = "cordgain_invalid_input")
})

test_that("refits without a proper end are counted and shown, never hidden", {
  boot <- bootstrap(boot_fit(), 20, seed = 1)
  boot$outcome[3] <- "not converged"
  boot$outcome[4] <- "failed"
  boot$replicates[4, ] <- NaN
  expect_output(print(boot), "1 refits did not converge .*, 1 found no maximum")
  expect_false(anyNA(tidy(boot)$conf.low))
})

test_that("print and tidy show estimate, bias, spread and limits", {
  boot <- bootstrap(boot_fit(), 100, seed = 1)
  expect_output(print(boot), "Parametric bootstrap: 100 refits by REML, seed 1.*All refits converged")
  table <- tidy(boot)
  expect_identical(table$term, colnames(boot$replicates))
  expect_equal(table$bias, unname(colMeans(boot$replicates)) - table$estimate, tolerance = 1e-12)
  expect_identical(summary(boot), table)
})

test_that("a bootstrap survives saveRDS and bad arguments are refused", {
  fit <- boot_fit()
  path <- withr::local_tempfile()
  saveRDS(fit, path)
  expect_identical(bootstrap(readRDS(path), 10, seed = 1)$replicates, bootstrap(fit, 10, seed = 1)$replicates)
  for (n in list(0, 1.5, -1, NA, "1", Inf)) expect_error(bootstrap(fit, n), class = "cordgain_invalid_input")
  expect_error(bootstrap(fit, 10, seed = 0.5), class = "cordgain_invalid_input")
  plateau <- fit_recovery(score ~ plateau(week) + (1 | subject), small_trial())
  expect_error(bootstrap(plateau, 10), "kappa", class = "cordgain_invalid_input")
  expect_error(confint(plateau, method = "profile"), "kappa", class = "cordgain_invalid_input")
})

test_that("a covariance over visits can be bootstrapped", {
  fit <- fit_recovery(score ~ week + ar1(week | subject), small_trial())
  boot <- bootstrap(fit, 50, seed = 6)
  expect_identical(colnames(boot$replicates), c("(Intercept)", "week"))
  expect_true(all(is.finite(boot$replicates[boot$outcome != "failed", ])))
})

test_that("with weights the replicates have the exact law of weighted least squares", {
  data <- small_trial()
  data$w <- rep(c(1, 2, 0.5, 4, 1), 4)
  fit <- fit_recovery(score ~ week, data, weights = w)
  plain <- stats::lm(score ~ week, data, weights = w)
  n <- 4000
  boot <- bootstrap(fit, n, seed = 23)
  z <- (boot$replicates[, "week"] - stats::coef(plain)[["week"]]) / sqrt(stats::vcov(plain)["week", "week"])
  chi <- 18 * boot$replicates[, "sigma"]^2 / stats::sigma(plain)^2
  expect_lt(suppressWarnings(stats::ks.test(z, "pnorm")$statistic) * sqrt(n), 2.95) # once in 10^7 seeds
  expect_lt(suppressWarnings(stats::ks.test(chi, "pchisq", 18)$statistic) * sqrt(n), 2.95)
  expect_equal(unname(boot$std.error[, "week"] / boot$replicates[, "sigma"]),
    rep(sqrt(stats::vcov(plain)["week", "week"]) / stats::sigma(plain), n),
    tolerance = 1e-10
  )
})

test_that("lme4's name for the number of replicates is refused, not ignored", {
  data <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4))
  data$subject <- rep(1:4, each = 3)
  fit <- fit_recovery(score ~ week + (1 | subject), data)
  expect_error(bootstrap(fit, nsim = 10), "replicates is `n`", class = "cordgain_invalid_input")
  expect_error(confint(fit, method = "boot", nsim = 10), "replicates is `n`", class = "cordgain_invalid_input")
})
