# The parts of an exact posterior one by one: what goes down to the core, quantiles of a lattice, tables.

test_that("hyperparameters stand in the core's order: blocks, residual, scales of t priors", {
  x <- list(
    fixed = list(
      `(Intercept)` = prior_t(4, 0, 1),
      week = prior_normal(2, 3),
      dose = prior_t(7, 1, 2)
    ),
    sd = list(
      list(`(Intercept)` = prior_half_normal(1), week = prior_half_normal(2)),
      list(`(Intercept)` = prior_fixed(3))
    ),
    cor = prior_lkj(2),
    sigma = prior_exponential(1)
  )
  design <- list(random = list(
    list(group = "subject", columns = c("(Intercept)", "week")),
    list(group = "site", columns = "(Intercept)")
  ))
  setup <- posterior_setup(x, design)
  expect_identical(setup$terms$name, c(
    "sd__(Intercept)", "sd__week", "cor__(Intercept).week", "sd__(Intercept)", "sd__Observation",
    "scale__(Intercept)", "scale__dose"
  ))
  expect_identical(setup$terms$group, c("subject", "subject", "subject", "site", "Residual", NA, NA))
  expect_identical(setup$terms$word, c("sd", "sd", "cor", "sd", "sd", "scale", "scale"))
  expect_identical(setup$terms$free, c(TRUE, TRUE, TRUE, FALSE, TRUE, TRUE, TRUE))
  expect_identical(setup$core$layout$sigma, 4L)
  expect_identical(setup$core$layout$blocks, rbind(0:2, c(3L, -1L, -1L)))
  expect_identical(setup$core$hyper[[6]]$shape, 4)
  expect_identical(setup$core$hyper[[7]]$shape, 7)
})

test_that("a coefficient's rows are weight, mean, sd and the place of its scale", {
  rows <- coefficient_rows(
    list(
      a = prior_t(4, 1, 2),
      b = prior_normal(5, 6),
      c = prior_mixture(c(0.4, 0.6), prior_normal(0, 1), prior_normal(7, 8)),
      d = flat_prior()
    ),
    first = 3L
  )
  expect_equal(rows$a, matrix(c(1, 1, 2, 3), 1))
  expect_equal(rows$b, matrix(c(1, 5, 6, -1), 1))
  expect_equal(rows$c, rbind(c(0.4, 0, 1, -1), c(0.6, 7, 8, -1)))
  expect_identical(rows$d[, 3], Inf)
})

test_that("places of blocks: one column has no correlation, two have one behind them", {
  expect_identical(block_indices(c(1L, 3L, 1L)), rbind(c(0L, -1L, -1L), c(1L, 2L, 3L), c(4L, -1L, -1L)))
  expect_identical(dim(block_indices(integer())), c(0L, 3L))
})

test_that("quantiles of a lattice are those of the density it was taken from, by both routes", {
  densities <- list(
    normal = list(
      lattice = list(first = -8, step = 0.5, value = dnorm(seq(-8, 8, 0.5))),
      quantile = qnorm
    ),
    # The logarithm of a gamma variable: skew, as the logarithm of a standard deviation is.
    log_gamma = list(
      lattice = list(first = -12, step = 0.125, value = {
        eta <- seq(-12, 4, 0.125)
        dgamma(exp(eta), 5, 1) * exp(eta)
      }),
      quantile = \(p) log(qgamma(p, 5, 1))
    )
  )
  probs <- c(0.001, 0.025, 0.3, 0.5, 0.9, 0.975, 0.999)
  for (case in densities) {
    routes <- core_lattice_quantiles(case$lattice, probs)
    # A cardinal series is good to the Fourier transform at pi / step: exp(-20) for the normal, some 1e-12 for
    # |Gamma(5 + 25 i)| / Gamma(5) of the other. The spline is of fourth order in the step.
    expect_equal(routes$quantile, case$quantile(probs), tolerance = 1e-8)
    expect_equal(routes$check, case$quantile(probs), tolerance = 2e-3)
  }
})

test_that("a lattice without mass and impossible probabilities are refused", {
  lattice <- list(first = 0, step = 1, value = c(0, 0, 0))
  expect_error(core_lattice_quantiles(lattice, 0.5), class = "cordgain_invalid_input")
  lattice$value <- c(0.1, 0.8, 0.1)
  expect_error(core_lattice_quantiles(lattice, 1), class = "cordgain_invalid_input")
})

test_that("working coordinates turn into values that are monotone and stay in their range", {
  eta <- seq(-3, 3, 0.1)
  for (kind in c("sd", "cor", "scale")) {
    value <- hyper_value(kind, eta, 2)
    expect_true(all(diff(value) > 0))
    expect_true(all(if (kind == "cor") abs(value) < 1 else value > 0))
  }
  # unit exp(0 - exp(0)) = 2 / e at zero; tanh(0) = 0; exp(0) = 1.
  expect_equal(c(hyper_value("sd", 0, 2), hyper_value("cor", 0, 2), hyper_value("scale", 0, 2)), c(2 * exp(-1), 0, 1))
})

test_that("quantiles of a standard deviation are those of its marginal by nested integration", {
  trial <- small_trial()
  fit <- fit_recovery(score ~ 1 + (1 | subject), trial, method = method_bayes(tolerance = 1e-6,
    prior = priors(fixed = list(`(Intercept)` = prior_normal(5, 10)), sd = prior_half_normal(6),
      sigma = prior_fixed(4))))
  member <- outer(trial$subject, unique(trial$subject), `==`) + 0
  known <- 16 * diag(nrow(trial)) + 100
  density <- \(sd) {
    vapply(sd, \(s) {
      v <- known + s^2 * tcrossprod(member)
      r <- trial$score - 5
      exp(-0.5 * (c(determinant(v)$modulus) + sum(r * solve(v, r))) + 60) * dnorm(s, 0, 6)
    }, 1)
  }
  mass <- stats::integrate(density, 0, 50, rel.tol = 1e-9)$value
  table <- tidy(fit, effects = "ran_pars")
  row <- table[table$term == "sd__(Intercept)", ]
  below <- stats::integrate(density, 0, row$conf.low, rel.tol = 1e-9)$value / mass
  above <- stats::integrate(density, row$conf.high, 50, rel.tol = 1e-9)$value / mass
  # An error of the end times the density there, which is below one over the standard deviation.
  slack <- row$num.error / row$std.error + 1e-7
  expect_lt(abs(below - 0.025), slack)
  expect_lt(abs(above - 0.025), slack)
  expect_lt(slack, 1e-2)
})

test_that("a known standard deviation is a row without spread, and without error", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(),
    method = method_bayes(priors(sigma = prior_fixed(2.5))))
  row <- tidy(fit, effects = "ran_pars")
  row <- row[row$term == "sd__Observation", ]
  # The weights sum to one but for rounding.
  expect_equal(row$estimate, 2.5, tolerance = 1e-14)
  expect_identical(c(row$std.error, row$num.error), c(0, 0))
  expect_equal(c(row$conf.low, row$conf.high), c(2.5, 2.5), tolerance = 1e-14)
})

test_that("without random effects the residual alone is integrated", {
  trial <- small_trial()
  fit <- fit_recovery(score ~ week, trial, method = method_bayes(tolerance = 1e-6, prior = priors(
    fixed = list(`(Intercept)` = prior_normal(5, 10), week = prior_normal(0, 1)),
    sigma = prior_half_normal(8)
  )))
  x <- cbind(1, trial$week)
  r <- trial$score - 5
  density <- \(sigma) {
    vapply(sigma, \(s) {
      v <- s^2 * diag(nrow(x)) + x %*% diag(c(100, 1)) %*% t(x)
      exp(-0.5 * (c(determinant(v)$modulus) + sum(r * solve(v, r))) + 50) * 2 * dnorm(s, 0, 8)
    }, 1)
  }
  moment <- \(k) stats::integrate(\(s) s^k * density(s), 0.5, 60, rel.tol = 1e-10)$value
  evidence <- logLik(fit, type = "evidence")
  expect_lt(
    abs(c(evidence) - (log(moment(0)) - 50 - 0.5 * nrow(x) * log(2 * pi))),
    attr(evidence, "num.error") + 1e-8
  )
  expect_equal(sigma(fit), moment(1) / moment(0), tolerance = 1e-6)
})

test_that("VarCorr, fixef, nobs and tidy tell of one posterior", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial(), method = method_bayes(tolerance = 1e-2))
  table <- tidy(fit)
  values <- rlang::set_names(table$estimate, table$term)
  matrix <- VarCorr(fit)$subject
  expect_equal(sqrt(diag(matrix)), values[c("sd__(Intercept)", "sd__week")], ignore_attr = TRUE)
  expect_equal(
    matrix[1, 2],
    prod(values[c("sd__(Intercept)", "sd__week", "cor__(Intercept).week")]),
    ignore_attr = TRUE
  )
  expect_equal(fixef(fit), values[c("(Intercept)", "week")])
  expect_identical(nobs(fit), 20L)
  expect_identical(names(ranef(fit)), "subject")
  expect_identical(dim(ranef(fit)$subject), c(4L, 2L))
})

test_that("a prior on the scale of the measurement is what the print says, defaults included", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(),
    method = method_bayes(priors(fixed = list(week = prior_t(3, 0, 0.5)), sigma = prior_exponential(0.25))))
  lines <- prior_lines(fit$result)
  expect_match(lines, "^week: .*t\\(", all = FALSE)
  expect_match(lines, "^\\(Intercept\\): normal", all = FALSE)
  expect_match(lines, "^sd of \\(Intercept\\) by subject: half_t", all = FALSE)
  expect_match(lines, "^residual sd: exponential", all = FALSE)
  expect_false(any(grepl("correlation", lines)))
})

test_that("vague inverse-gamma priors are refused, for each place a prior may stand", {
  expect_error(
    priors(sd = prior_inverse_gamma(0.001, 0.001)),
    class = "cordgain_invalid_input"
  )
  expect_error(
    priors(sigma = prior_inverse_gamma(0.01, 0.01)),
    class = "cordgain_invalid_input"
  )
})

test_that("a tolerance out of range is refused, and a finer one gives smaller stated errors", {
  expect_error(method_bayes(tolerance = 0), "tolerance", class = "cordgain_invalid_input")
  expect_error(method_bayes(tolerance = 1), "tolerance", class = "cordgain_invalid_input")
  stated <- \(tolerance) {
    fit <- fit_recovery(score ~ week + (1 | subject), small_trial(), method = method_bayes(tolerance = tolerance))
    max(fit$result$coefficients$error / fit$result$coefficients$sd, fit$result$hyper$error / fit$result$hyper$sd)
  }
  coarse <- stated(1e-2)
  fine <- stated(1e-6)
  expect_lt(coarse, 1e-2)
  expect_lt(fine, 1e-6)
})

test_that("stated errors cover the way to a finer answer, row by row", {
  fit <- \(tolerance) {
    tidy(fit_recovery(score ~ week + (1 | subject), small_trial(), method = method_bayes(tolerance = tolerance)))
  }
  coarse <- fit(1e-2)
  fine <- fit(1e-7)
  for (column in c("estimate", "std.error", "conf.low", "conf.high")) {
    gap <- abs(coarse[[column]] - fine[[column]])
    expect_true(all(gap <= coarse$num.error + fine$num.error), info = column)
  }
})

test_that("limits of variance parameters have the tolerance of the moments, not a share of them in their thin tails", {
  skip_if_not_installed("lme4")
  fit <- fit_recovery(Reaction ~ Days + (Days | Subject), lme4::sleepstudy, method = method_bayes(tolerance = 1e-3))
  table <- tidy(fit)
  expect_lt(max(table$num.error / table$std.error), 1e-3)
  finer <- tidy(fit_recovery(Reaction ~ Days + (Days | Subject), lme4::sleepstudy,
    method = method_bayes(tolerance = 1e-6)))
  off <- pmax(abs(table$conf.low - finer$conf.low), abs(table$conf.high - finer$conf.high))
  expect_true(all(off <= table$num.error + finer$num.error))
})

test_that("limits of variance parameters lie within their stated errors, in random trials", {
  exact_at <- \(trial, tolerance) {
    fit <- tryCatch(fit_recovery(trial$formula, trial$data, method = method_bayes(tolerance = tolerance)),
      cordgain_invalid_input = \(e) NULL)
    if (identical(fit$result$engine, "exact")) hyper_quantiles(fit, c(0.025, 0.975))
  }
  share <- c()
  for (seed in 100 + seq_len(sweep_size(320))) {
    trial <- random_trial(seed)
    if (trial$family != "gaussian") next
    fine <- exact_at(trial, 1e-5)
    for (tolerance in if (!is.null(fine)) c(1e-2, 1e-3)) {
      coarse <- exact_at(trial, tolerance)
      off <- apply(abs(coarse$value - fine$value), 1, max)
      share <- c(share, ifelse(coarse$error > 0, off / (coarse$error + fine$error), 0))
    }
  }
  expect_gt(length(share), 0)
  expect_lte(max(share), 1)
})

test_that("default priors rest on the scale that was declared for the scores, and on the scores where none was", {
  visits <- small_trial()
  visits$score <- round(visits$score)
  declared <- recovery_data(visits, subject = "subject", time = "week", score = "score", scale = "uems")
  priors_of <- \(data, formula) {
    fit_recovery(formula, data, method = method_bayes(tolerance = 1e-2))$result$priors
  }
  of_scale <- priors_of(declared, score ~ week + (1 | subject))
  # UEMS, 0 to 50: the unit is 12.5, the middle 25.
  expect_identical(format(of_scale$fixed[["(Intercept)"]]), format(prior_normal(25, 50)))
  expect_identical(format(of_scale$fixed$week), format(prior_normal(0, 50 / sd(visits$week))))
  expect_identical(format(of_scale$sd[[1]][["(Intercept)"]]), format(prior_half_t(3, 12.5)))
  expect_identical(format(of_scale$sigma), format(prior_half_t(3, 12.5)))
  # A plain table, and a response that is not the declared score.
  for (found in list(priors_of(visits, score ~ week + (1 | subject)),
    priors_of(declared, sqrt(score) ~ week + (1 | subject)))) {
    expect_false(identical(format(found$sigma), format(prior_half_t(3, 12.5))))
  }
})

test_that("a residual variance lost in rounding has no mass: three effects in one role have one posterior", {
  # nobody shares a site and only one patient is seen twice: the scores see one sum of three variances but for that
  # patient's difference, so that site and patient have equal posteriors
  d <- data.frame(site = c("a", "b", "c", "b"), subject = c("p", "q", "r", "q"), week = c(0, 0, 0, 4),
    score = c(15.9, 15.3, 10.3, 28.4))
  fit <- fit_recovery(score ~ week + (1 | site / subject), d, method = "bayes")
  expect_identical(fit$result$engine, "exact")
  sd <- fit$result$hyper$mean
  expect_equal(sd[[1]], sd[[2]], tolerance = 1e-4)
  expect_true(all(is.finite(fixef(fit))))
  expect_lt(max(abs(fixef(fit))), 100)
})
