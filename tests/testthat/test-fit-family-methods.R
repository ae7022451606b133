trial <- data.frame(
  id = rep(letters[1:6], each = 5), week = rep(0:4, 6),
  y = c(0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0)
)
fit <- fit_recovery(y ~ week + (1 | id), trial, family = binomial())

test_that("the print names family, link, rows, nodes and optimum", {
  printed <- paste(capture.output(print(fit)), collapse = "\n")
  for (words in c("family binomial, link logit", "30 rows, 6 of id", "Gauss-Hermite", "norm of the gradient")) {
    expect_match(printed, words)
  }
  laplace <- fit_recovery(y ~ week + (1 | id), trial, family = binomial(), method = method_ml(nodes = 1))
  expect_output(print(laplace), "Laplace approximation \\(1 node\\), as asked")
  # How far off one node is: the exact optimum is at least as likely as the same estimates by all nodes.
  off <- attr(logLik(laplace), "num.error") / 10
  expect_gt(off, 1e-3)
  expect_gt(c(logLik(fit)) + 1e-9, c(logLik(laplace)) - off)
  expect_output(print(laplace), sprintf("differs by %.2g", off), fixed = TRUE)
  expect_output(print(summary(fit)), "z value")
})

test_that("tidy has the columns of every fit, with errors below a thousandth of a standard error", {
  table <- tidy(fit)
  expect_named(table, setdiff(names(tidy(fit_recovery(y ~ week + (1 | id), trial))), "reason"))
  expect_identical(table$term, c("(Intercept)", "week", "sd__(Intercept)"))
  expect_true(all(table$num.error[1:2] < 1e-3 * table$std.error[1:2]))
  expect_true(all(table$num.error > 0))
  expect_equal(table$p.value[2], 2 * pnorm(-abs(fixef(fit)[[2]] / sqrt(vcov(fit)[2, 2]))))
  effects <- tidy(fit, effects = "ran_vals")
  expect_identical(effects$level, letters[1:6])
  expect_equal(effects$std.error^2, c(attr(ranef(fit)$id, "postVar")))
  expect_equal(glance(fit)$AIC, AIC(fit))
})

test_that("the stated error covers the distance to a route with a hundred nodes", {
  many <- fit_recovery(y ~ week + (1 | id), trial, family = binomial(), method = method_ml(nodes = 101))
  table <- tidy(fit)
  # the second route differentiates numerically: its own stated error counts too
  off <- abs(table$estimate - tidy(many)$estimate)
  expect_true(all(off <= table$num.error + tidy(many)$num.error))
  expect_lt(abs(c(logLik(fit)) - c(logLik(many))), attr(logLik(fit), "num.error") + 1e-9)
})

test_that("Wald intervals are estimate and normal quantile, others are refused", {
  interval <- confint(fit, "week", level = 0.9)
  expect_equal(unname(interval[1, ]), fixef(fit)[["week"]] + c(-1, 1) * qnorm(0.95) * sqrt(vcov(fit)[2, 2]))
  expect_equal(rownames(confint(fit)), names(fixef(fit)))
  expect_error(confint(fit, method = "profile"), class = "cordgain_invalid_input")
  expect_error(confint(fit, "month"), class = "cordgain_invalid_input")
})

test_that("bootstrap intervals are percentiles of whole refits, of standard deviations too", {
  trial <- data.frame(id = rep(1:6, each = 3), week = rep(0:2, 6),
    count = c(2, 4, 7, 1, 1, 3, 5, 6, 12, 0, 2, 2, 3, 3, 6, 4, 9, 8))
  counts <- fit_recovery(count ~ week + (1 | id), trial, family = poisson())
  boot <- bootstrap(counts, n = 39, seed = 4)
  # rank (39 + 1) p of 90 %: the second smallest and the second largest
  sorted <- apply(boot$replicates, 2, sort)
  ours <- confint(counts, level = 0.9, method = "boot", boot = boot)
  expect_equal(unclass(ours)[, 1], sorted[2, ])
  expect_equal(unclass(ours)[, 2], sorted[38, ])
  expect_identical(rownames(ours), c("(Intercept)", "week", "sd__(Intercept)"))
  expect_equal(confint(counts, "week", 0.9, "boot", n = 39, seed = 4)[1, ], ours["week", ])
  expect_output(print(ours), "Percentiles of the replicates")
  basic <- confint(counts, level = 0.9, method = "boot", type = "basic", boot = boot)
  expect_equal(basic[["week", 1]], 2 * fixef(counts)[["week"]] - sorted[38, "week"], ignore_attr = TRUE)
  expect_gte(basic["sd__(Intercept)", 1], 0)
  expect_error(confint(counts, method = "boot", type = "studentised"), "studentised", class = "cordgain_invalid_input")
  expect_error(confint(fit, method = "boot", boot = boot), "another fit", class = "cordgain_invalid_input")
})

test_that("predictions are the inverse link of x'beta + z'b", {
  eta <- fixef(fit)[[1]] + fixef(fit)[[2]] * trial$week + ranef(fit)$id[trial$id, 1]
  expect_equal(unname(predict(fit)), eta, tolerance = 1e-12)
  expect_equal(unname(fitted(fit)), plogis(eta), tolerance = 1e-12)
  typical <- predict(fit, data.frame(week = 2), re.form = NA, type = "response", se.fit = TRUE)
  at <- c(1, 2)
  expect_equal(unname(typical$fit), plogis(sum(at * fixef(fit))))
  expect_equal(unname(typical$se.fit), sqrt(drop(at %*% vcov(fit) %*% at)) * dlogis(sum(at * fixef(fit))))
  expect_error(predict(fit, data.frame(week = 2, id = "z")), class = "cordgain_invalid_input")
  expect_equal(
    unname(predict(fit, data.frame(week = 2, id = "z"), allow.new.levels = TRUE)), sum(at * fixef(fit))
  )
  expect_error(predict(fit, se.fit = TRUE), class = "cordgain_invalid_input")
})

test_that("modes and means of the effects are those of the posterior, by sums on a grid", {
  sd <- attr(VarCorr(fit)$id, "stddev")
  u <- seq(-12, 12, length.out = 20001)
  for (id in c("b", "f")) {
    rows <- trial[trial$id == id, ]
    eta <- outer(fixef(fit)[[1]] + fixef(fit)[[2]] * rows$week, u, `+`)
    density <- exp(colSums(plogis(ifelse(rows$y == 1, 1, -1) * eta, log.p = TRUE)) + dnorm(u, 0, sd, log = TRUE))
    mean <- sum(u * density) / sum(density)
    expect_equal(ranef(fit, type = "mean")$id[id, 1], mean, tolerance = 1e-8)
    expect_lt(abs(ranef(fit)$id[id, 1] - u[which.max(density)]), 1.3e-3) # the grid's step
    expect_equal(attr(ranef(fit)$id, "postVar")[1, 1, match(id, letters)], sum((u - mean)^2 * density) / sum(density),
      tolerance = 1e-7)
  }
})

test_that("missing rows are counted and given back as NA by na.exclude", {
  holed <- replace(trial, cbind(3, 3), NA)
  left <- fit_recovery(y ~ week + (1 | id), holed, family = binomial())
  expect_output(print(left), "1 row left out")
  expect_identical(nobs(left), 29L)
  excluded <- fit_recovery(y ~ week + (1 | id), holed, family = binomial(), na.action = na.exclude)
  expect_true(is.na(fitted(excluded)[3]))
})

test_that("the verbs of lme4 answer, those of normal scores are refused by name", {
  expect_identical(family(fit)$family, "binomial")
  expect_equal(deviance(fit), -2 * c(logLik(fit)))
  expect_identical(attr(logLik(fit), "df"), 3L)
  expect_identical(df.residual(fit), 27L)
  expect_equal(coef(fit)$id[, "(Intercept)"], fixef(fit)[[1]] + ranef(fit)$id[, 1])
  expect_identical(dim(model.matrix(fit)), c(30L, 2L))
  for (verb in list(anova, linear_test)) {
    expect_error(verb(fit), class = "cordgain_invalid_input")
  }
})

test_that("with slopes, predictions and tables hold both effects of each patient", {
  wide <- fit_recovery(y ~ week + (week || id), trial, family = binomial())
  effects <- ranef(wide)$id
  expect_identical(names(effects), c("(Intercept)", "week"))
  eta <- fixef(wide)[[1]] + effects[trial$id, 1] + (fixef(wide)[[2]] + effects[trial$id, 2]) * trial$week
  expect_equal(unname(predict(wide)), eta, tolerance = 1e-12)
  table <- tidy(wide, effects = "ran_vals")
  expect_identical(table$term, rep(c("(Intercept)", "week"), each = 6))
  expect_equal(table$estimate, unlist(effects, use.names = FALSE))
  spread <- attr(effects, "postVar")
  expect_identical(dim(spread), c(2L, 2L, 6L))
  expect_equal(table$std.error[1:6]^2, spread[1, 1, ])
  expect_identical(tidy(wide, effects = "ran_pars")$term, c("sd__(Intercept)", "sd__week"))
})

test_that("counts: mean counts are predicted on the scale of the score", {
  counts <- transform(trial, y = c(2, 3, 5, 4, 7, 1, 0, 2, 1, 3, 6, 5, 9, 8, 12,
    1, 1, 0, 2, 2, 4, 4, 3, 6, 5, 2, 1, 3, 4, 4))
  poisson_fit <- fit_recovery(y ~ week + (1 | id), counts, family = poisson())
  expect_output(print(poisson_fit), "family poisson, link log")
  expect_equal(unname(fitted(poisson_fit)), exp(unname(predict(poisson_fit))))
  # at the optimum the score of the intercept vanishes: posterior mean counts add up to those seen
  sd <- attr(VarCorr(poisson_fit)$id, "stddev")
  u <- seq(-10, 10, length.out = 8001)
  expected <- vapply(split(counts, counts$id), \(rows) {
    mean <- exp(outer(fixef(poisson_fit)[[1]] + fixef(poisson_fit)[[2]] * rows$week, sd * u, `+`))
    height <- colSums(dpois(rows$y, mean, log = TRUE)) + dnorm(u, log = TRUE)
    sum(colSums(mean) * exp(height - max(height))) / sum(exp(height - max(height)))
  }, 0)
  expect_equal(sum(expected), sum(counts$y), tolerance = 1e-8)
})
