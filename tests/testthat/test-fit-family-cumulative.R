# Ordered levels. Expected values: the certified wine case, sums on a grid, the binomial family, dropped levels.

# Eight simulated patients at four visits, AIS grades; E is never seen.
grade_trial <- function() {
  grades <- c("AAAB", "ABCC", "BCDD", "AABC", "CDDD", "AAAA", "BBCB", "ACBD")
  data.frame(
    id = rep(1:8, each = 4), week = rep(c(0, 2, 5, 9), 8),
    ais = ordered(unlist(strsplit(grades, "")), levels = c("A", "B", "C", "D", "E"))
  )
}

# log likelihood with a random intercept, by the trapezoidal rule on 12 standard deviations to both sides.
ordinal_by_hand <- function(level, x, id, beta, cuts, sd, cdf = plogis) {
  u <- seq(-12, 12, length.out = 4001)
  cuts <- c(-Inf, cuts, Inf)
  sum(vapply(split(seq_along(level), id), \(rows) {
    eta <- outer(drop(x[rows, , drop = FALSE] %*% beta), sd * u, `+`)
    p <- cdf(cuts[level[rows] + 1] - eta) - cdf(cuts[level[rows]] - eta)
    log(sum(apply(p, 2, prod) * dnorm(u)) * (u[2] - u[1]))
  }, 0))
}

test_that("wine is the certified optimum: thresholds, effects, standard errors, likelihood", {
  case <- mixed_case("ord01_wine_logit")
  d <- transform(mixed_data("ord01_wine_logit", c("temp", "contact", "judge")), rating = ordered(rating))
  d$temp <- factor(d$temp, c("cold", "warm"))
  d$contact <- factor(d$contact, c("no", "yes"))
  formula <- rating ~ temp + contact + (1 | judge)
  fit <- fit_recovery(formula, d, family = cumulative())
  truth <- case$certified
  expect_lt(abs(c(logLik(fit)) - truth$logLik), 1e-9)
  expect_certified(fixef(fit), truth$beta, 1e-7)
  expect_certified(tidy(fit, effects = "family")$estimate, truth$alpha, 1e-7)
  expect_certified(attr(VarCorr(fit)$judge, "stddev"), truth$sd, 1e-7)
  expect_certified(sqrt(diag(vcov(fit))), truth$se_beta, 1e-7)
  # standard errors of thresholds: the file has those of 15 nodes by differences
  package <- case$package$nAGQ15
  expect_certified(sqrt(diag(vcov(fit, full = TRUE)))[3:6], package$se[1:4], 1e-5)
  expect_identical(names(fit$result$extra), names(package$se)[1:4])
  laplace <- fit_recovery(formula, d, family = cumulative(), method = method_ml(nodes = 1))
  # the same approximation at the file's parameters is no more likely; ordinal's value rests on modes of the effects
  # that are 2e-6 of the likelihood off, and its parameters on a search that stops at 1e-4
  expect_gt(c(logLik(laplace)), truth$laplace_logLik_at_certified)
  expect_lt(abs(c(logLik(laplace)) - case$package$nAGQ1$logLik), 5e-6)
  expect_certified(c(laplace$result$extra, fixef(laplace)), case$package$nAGQ1$coef, 2e-4)
  expect_identical(attr(logLik(fit), "df"), 7L)
})

test_that("a small trial has the likelihood of the trapezoidal rule, and no point around is better", {
  d <- grade_trial()
  fit <- fit_recovery(ais ~ week + (1 | id), d, family = cumulative())
  cuts <- fit$result$extra[1:3]
  value <- \(par) ordinal_by_hand(as.integer(d$ais), cbind(d$week), d$id, par[1], par[2:4], par[5])
  par <- c(fixef(fit), cuts, attr(VarCorr(fit)$id, "stddev"))
  expect_lt(abs(value(par) - c(logLik(fit))), 1e-9)
  for (j in 1:5) for (by in c(-1e-3, 1e-3)) expect_lt(value(replace(par, j, par[j] + by)), value(par))
})

test_that("a level that nobody has keeps its place with probability 0, whatever its place", {
  d <- grade_trial()
  fit <- fit_recovery(ais ~ week + (1 | id), d, family = cumulative())
  plain <- fit_recovery(ais ~ week + (1 | id), transform(d, ais = droplevels(ais)), family = cumulative())
  expect_identical(c(logLik(fit)), c(logLik(plain)))
  expect_identical(attr(logLik(fit), "df"), attr(logLik(plain), "df"))
  expect_identical(fit$result$extra[["D|E"]], Inf)
  expect_identical(fit$result$extra[1:3], plain$result$extra)
  expect_output(print(fit), "Never observed: E, so the probability is estimated as 0")
  expect_false(any(grepl("Never", capture.output(print(plain)))))
  own <- tidy(fit, effects = "family")
  expect_identical(own$term, c("A|B", "B|C", "C|D", "D|E"))
  expect_true(is.na(own$std.error[4]))
  expect_identical(own$num.error[4], 0)
  expect_true(all(is.na(vcov(fit, full = TRUE)["D|E", ])))
  probabilities <- fitted(fit)
  expect_identical(colnames(probabilities), c("A", "B", "C", "D", "E"))
  expect_identical(unname(probabilities[, "E"]), numeric(32))
  expect_equal(probabilities[, 1:4], fitted(plain), tolerance = 1e-14)

  spread <- transform(d, ais = factor(ais, c("0", "A", "B", "+", "C", "D"), ordered = TRUE))
  gap <- fit_recovery(ais ~ week + (1 | id), spread, family = cumulative())
  expect_identical(c(logLik(gap)), c(logLik(plain)))
  expect_identical(names(gap$result$extra), c("0|A", "A|B", "B|+", "+|C", "C|D"))
  expect_identical(unname(gap$result$extra), c(-Inf, unname(plain$result$extra[c(1, 2, 2, 3)])))
  expect_output(print(gap), "Never observed: 0, \\+")
  full <- vcov(gap, full = TRUE)
  expect_identical(full["B|+", "+|C"], full["B|+", "B|+"])
  expect_identical(unname(fitted(gap)[, c("0", "+")]), matrix(0, 32, 2))
  expect_equal(unname(rowSums(fitted(gap))), rep(1, 32), tolerance = 1e-14)
})

test_that("two levels are a binary score: the threshold is minus the intercept", {
  d <- transform(grade_trial(), up = ais > "A")
  binary <- fit_recovery(up ~ week + (1 | id), d, family = binomial())
  fit <- fit_recovery(ordered(up) ~ week + (1 | id), d, family = cumulative())
  expect_equal(c(logLik(fit)), c(logLik(binary)), tolerance = 1e-12)
  expect_equal(fixef(fit), fixef(binary)["week"], tolerance = 1e-9)
  expect_equal(unname(fit$result$extra), -fixef(binary)[[1]], tolerance = 1e-9)
  expect_equal(unname(fitted(fit)[, 2]), unname(fitted(binary)), tolerance = 1e-9)
  expect_equal(unname(vcov(fit, full = TRUE)[2, 2]), vcov(binary)[1, 1], tolerance = 1e-8)
  typical <- \(f) predict(f, data.frame(week = 3), re.form = NA, type = "response", se.fit = TRUE)$se.fit
  expect_equal(unname(typical(fit)[1, ]), rep(unname(typical(binary)), 2), tolerance = 1e-8)
})

test_that("probit and complementary log-log links have the likelihood of the trapezoidal rule", {
  skip_on_cran() # long
  d <- grade_trial()
  cloglog <- \(t) -expm1(-exp(t))
  for (link in c("probit", "cloglog")) {
    cdf <- if (link == "probit") pnorm else cloglog
    fit <- fit_recovery(ais ~ week + (1 | id), d, family = cumulative(link))
    value <- \(par) ordinal_by_hand(as.integer(d$ais), cbind(d$week), d$id, par[1], par[2:4], par[5], cdf)
    par <- unname(c(fixef(fit), fit$result$extra[1:3], attr(VarCorr(fit)$id, "stddev")))
    expect_lt(abs(value(par) - c(logLik(fit))), 1e-9)
    for (j in 1:5) for (by in c(-1e-3, 1e-3)) expect_lt(value(replace(par, j, par[j] + by)), value(par))
    at <- predict(fit, data.frame(week = 4), re.form = NA, type = "response", se.fit = TRUE)
    expect_equal(unname(at$fit[1, 1:4]), diff(c(0, cdf(par[2:4] - 4 * par[1]), 1)), tolerance = 1e-12)
    expect_true(all(at$se.fit[1:4] > 0))
    expect_output(print(fit), paste("family cumulative, link", link))
  }
})

test_that("with two levels the probit link is binomial of the upper one, the last link of the lower one", {
  d <- transform(grade_trial(), up = ais > "A")
  probit <- fit_recovery(up ~ week + (1 | id), d, family = binomial("probit"))
  fit <- fit_recovery(ordered(up) ~ week + (1 | id), d, family = cumulative("probit"))
  expect_equal(c(logLik(fit)), c(logLik(probit)), tolerance = 1e-12)
  expect_equal(fixef(fit), fixef(probit)["week"], tolerance = 1e-8)
  lower <- fit_recovery(!up ~ week + (1 | id), d, family = binomial("cloglog"))
  fit <- fit_recovery(ordered(up) ~ week + (1 | id), d, family = cumulative("cloglog"))
  expect_equal(c(logLik(fit)), c(logLik(lower)), tolerance = 1e-12)
  expect_equal(fixef(fit), -fixef(lower)["week"], tolerance = 1e-8)
})

test_that("rows and patients in another order change nothing, levels counted downwards turn the signs", {
  d <- grade_trial()
  fit <- fit_recovery(ais ~ week + (week | id), d, family = cumulative())
  order <- c(seq(32, 2, by = -2), seq(1, 31, by = 2))
  other <- fit_recovery(ais ~ week + (week | id), transform(d[order, ], id = letters[9 - id]), family = cumulative())
  # both to the optimum's own error
  expect_equal(c(logLik(other)), c(logLik(fit)), tolerance = 1e-10)
  expect_equal(fixef(other), fixef(fit), tolerance = 1e-6)
  down <- transform(d, ais = factor(ais, rev(levels(ais)), ordered = TRUE))
  turned <- fit_recovery(ais ~ week + (week | id), down, family = cumulative())
  expect_equal(c(logLik(turned)), c(logLik(fit)), tolerance = 1e-10)
  expect_equal(fixef(turned), -fixef(fit), tolerance = 1e-6)
  expect_equal(unname(rev(turned$result$extra)), -unname(fit$result$extra), tolerance = 1e-6)
  expect_equal(fitted(turned)[, 5:1], fitted(fit), tolerance = 1e-6)
})

test_that("standard errors of probabilities are the delta method, by differences", {
  fit <- fit_recovery(ais ~ week + (1 | id), grade_trial(), family = cumulative())
  at <- predict(fit, data.frame(week = c(1, 6)), re.form = NA, type = "response", se.fit = TRUE)
  p <- \(par, week) diff(c(0, plogis(par[2:4] - par[1] * week), 1))
  par <- unname(c(fixef(fit), fit$result$extra[1:3]))
  expect_equal(unname(at$fit[2, 1:4]), p(par, 6), tolerance = 1e-13)
  slopes <- vapply(1:4, \(j) {
    by <- replace(numeric(4), j, 1e-5)
    (p(par + by, 6) - p(par - by, 6)) / 2e-5
  }, numeric(4))
  v <- vcov(fit, full = TRUE)[1:4, 1:4]
  expect_equal(unname(at$se.fit[2, ]), c(sqrt(diag(slopes %*% v %*% t(slopes))), 0), tolerance = 1e-8)
  link <- predict(fit, data.frame(week = 6), re.form = NA, se.fit = TRUE)
  expect_equal(unname(link$se.fit), 6 * sqrt(v[1, 1]), tolerance = 1e-12)
  expect_equal(unname(link$fit), 6 * fixef(fit)[[1]], tolerance = 1e-12)
})

test_that("without a fixed effect there are thresholds alone; an offset shifts the linear predictor", {
  d <- grade_trial()
  alone <- fit_recovery(ais ~ 1 + (1 | id), d, family = cumulative())
  expect_length(fixef(alone), 0)
  expect_length(alone$result$extra, 4)
  expect_output(print(alone), "Thresholds")
  expect_identical(dim(fitted(alone)), c(32L, 5L))
  expect_false(any(grepl("Left out", capture.output(print(alone)))))
  expect_identical(tidy(alone)$effect, c(rep("family", 4), "ran_pars"))
  expect_identical(nrow(tidy(alone, effects = "fixed")), 0L)
  expect_output(print(summary(alone)), "Thresholds")
  fit <- fit_recovery(ais ~ week + (1 | id), d, family = cumulative())
  moved <- fit_recovery(ais ~ week + offset(0.2 * week) + (1 | id), d, family = cumulative())
  expect_equal(fixef(moved)[[1]], fixef(fit)[[1]] - 0.2, tolerance = 1e-7)
  expect_equal(fitted(moved), fitted(fit), tolerance = 1e-7)
  both <- fit_recovery(ais ~ week + I(2 * week - 1) + (1 | id), d, family = cumulative())
  expect_output(print(both), "Left out as linear combinations of other columns: I\\(2 \\* week - 1\\)\\.")
})

test_that("the verbs know thresholds: intervals, effects of patients, family", {
  fit <- fit_recovery(ais ~ week + (1 | id), grade_trial(), family = cumulative())
  expect_identical(rownames(confint(fit)), c("week", "A|B", "B|C", "C|D", "D|E"))
  expect_equal(unname(confint(fit, "B|C")[1, ]), fit$result$extra[["B|C"]] +
    c(-1, 1) * qnorm(0.975) * sqrt(vcov(fit, full = TRUE)["B|C", "B|C"]))
  expect_identical(family(fit)$family, "cumulative")
  expect_identical(dim(vcov(fit)), c(1L, 1L))
  expect_identical(names(ranef(fit)$id), "(Intercept)")
  expect_output(print(summary(fit)), "week")
  expect_output(print(cumulative()), "Family of scores: cumulative, link logit")
  excluded <- fit_recovery(ais ~ week + (1 | id), transform(grade_trial(), week = replace(week, 3, NA)),
    family = cumulative(), na.action = na.exclude)
  expect_true(all(is.na(fitted(excluded)[3, ])))
})

test_that("scores without an order, without two levels, or a formula without an intercept are refused by name", {
  d <- grade_trial()
  refused <- \(formula, data, words) {
    expect_error(fit_recovery(formula, data, family = cumulative()), words, class = "cordgain_invalid_input")
  }
  refused(ais ~ week + (1 | id), transform(d, ais = factor(ais, ordered = FALSE)), "`ais` is a <factor>")
  refused(ais ~ week + (1 | id), transform(d, ais = as.integer(ais)), "ordered factor")
  refused(ais ~ week + (1 | id), transform(d, ais = as.character(ais)), "ordered factor")
  one <- transform(d, ais = ordered(rep("C", 32), LETTERS[1:5]))
  refused(ais ~ week + (1 | id), one, "`ais` is \"C\" in every row")
  refused(ais ~ 0 + week + (1 | id), d, "intercept")
  refused(ais ~ week, d, "random effects")
  expect_error(cumulative("cauchit"), class = "cordgain_invalid_input")
  split <- transform(d, ais = ordered(pmin(week, 5)))
  e <- expect_error(fit_recovery(ais ~ week + (1 | id), split, family = cumulative()),
    class = "cordgain_numerical_error")
  expect_match(conditionMessage(e), "coefficient of week")
})

test_that("random trials of three to six patients end in a fit or a classed error", {
  withr::local_seed(20261128)
  ends <- fit_ends(sweep_size(1000), \() {
    d <- random_visits()
    latent <- rnorm(1, 0, 0.5) * d$week + rnorm(max(d$id), 0, 2)[d$id] + rlogis(nrow(d))
    d$y <- cut(latent, c(-Inf, sort(rnorm(sample(2:4, 1), 0, 1.5)), Inf), ordered_result = TRUE)
    fit_recovery(y ~ week + (1 | id), d, family = cumulative())
  }, sound = \(fit) !is.unsorted(fit$result$extra))
  expect_true(all(ends %in% c("fit", "no maximum", "one level")))
  expect_gt(sum(ends == "fit"), 0)
})
