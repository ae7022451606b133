oats <- function() {
  data <- mixed_data("misc05_oats_unbalanced_emmeans")
  # the levels of nlme's own data set, which the order of contrasts follows
  transform(data, Variety = factor(Variety, levels = c("Golden Rain", "Marvellous", "Victory")), N = factor(N))
}

test_that("marginal means and contrasts are the certified ones", {
  skip_if_not_installed("emmeans")
  case <- mixed_case("misc05_oats_unbalanced_emmeans")$package
  fit <- fit_recovery(yield ~ N * Variety + (1 | Block / Variety), oats())
  means <- suppressMessages(emmeans::emmeans(fit, ~Variety))
  check <- \(found, certified) {
    expect_identical(as.character(found$contrast), certified$contrast)
    # lmer, from which the values come, stops short of the optimum: 1e-5 in estimates, 1e-4 in df by the file
    for (column in c("estimate", "SE")) expect_certified(found[[column]], certified[[column]], 1e-5)
    expect_certified(found$df, certified$df, 1e-4)
    expect_certified(found$p.value, certified$p.value, 1e-4)
  }
  check(as.data.frame(pairs(means)), case$kenward_roger_tukey)
  plain <- suppressMessages(emmeans::emmeans(fit, ~Variety, ddf = "satterthwaite"))
  check(as.data.frame(pairs(plain, adjust = "none")), case$satterthwaite_unadjusted)
  expect_equal(
    suppressMessages(as.data.frame(emmeans::emmeans(fit, ~Variety, mode = "satterthwaite"))$df),
    as.data.frame(plain)$df
  )
})

test_that("means are those of emmeans with lmer, transformed terms and covariates at a value too", {
  skip_if_not_installed("emmeans")
  skip_if_not_installed("lmerTest")
  skip_if_not_installed("pbkrtest")
  data <- oats()
  formula <- yield ~ poly(nitro, 2) + Variety + (1 | Block)
  ours <- emmeans::emmeans(fit_recovery(formula, data), ~Variety, at = list(nitro = 0.3))
  theirs <- emmeans::emmeans(lme4::lmer(formula, data), ~Variety, at = list(nitro = 0.3))
  for (column in c("emmean", "SE", "df")) {
    expect_equal(as.data.frame(ours)[[column]], as.data.frame(theirs)[[column]], tolerance = 1e-4) # lmer's optimum
  }
})

test_that("any combination has its own degrees of freedom", {
  skip_if_not_installed("emmeans")
  fit <- fit_recovery(yield ~ N * Variety + (1 | Block / Variety), oats())
  grid <- suppressMessages(emmeans::ref_grid(fit))
  odd <- c(0.2, -0.7, 0.5, 0.1, rep(-0.0125, 8))
  average <- as.data.frame(emmeans::contrast(grid, list(odd = odd)))
  k <- odd %*% grid@linfct
  tested <- linear_test(fit, k)
  expect_equal(c(average$estimate, average$SE, average$df), c(tested$estimate, tested$std.error, tested$df),
    tolerance = 1e-9)
})

test_that("combinations that cannot be estimated are said to be so", {
  skip_if_not_installed("emmeans")
  data <- data.frame(a = factor(rep(c("x", "y"), each = 10)), b = factor(rep(c("u", "v"), 10)), small_trial())
  data <- data[!(data$a == "y" & data$b == "v"), ]
  fit <- fit_recovery(score ~ a * b + (1 | subject), data)
  cells <- as.data.frame(emmeans::emmeans(fit, ~ a * b))
  expect_identical(is.na(cells$emmean), cells$a == "y" & cells$b == "v")
  expect_equal(cells$emmean[1], fixef(fit)[["(Intercept)"]])
})

test_that("another covariance and infinite degrees of freedom can be asked for", {
  skip_if_not_installed("emmeans")
  fit <- fit_recovery(extra ~ group + (1 | ID), sleep)
  robust <- attr(robust_test(fit, "CR2"), "vcov")
  given <- as.data.frame(pairs(emmeans::emmeans(fit, ~group, vcov. = robust)))
  expect_equal(given$SE, sqrt(robust[2, 2]), tolerance = 1e-9)
  expect_identical(as.data.frame(emmeans::emmeans(fit, ~group, mode = "asymptotic"))$df, c(Inf, Inf))
  # the paired t test
  expect_equal(as.data.frame(pairs(emmeans::emmeans(fit, ~group)))$p.value,
    t.test(sleep$extra[1:10], sleep$extra[11:20], paired = TRUE)$p.value, tolerance = 1e-8)
})

test_that("a fit with plateau() has marginal means at any week", {
  skip_if_not_installed("emmeans")
  set.seed(71) # simulated data
  data <- expand.grid(week = c(1, 3, 6, 12, 26, 52), subject = 1:5)
  data$score <- 5 - 20 * expm1(-data$week / 9) + 2 * rnorm(5)[data$subject] + rnorm(30, sd = 0.5)
  fit <- fit_recovery(score ~ plateau(week) + (1 | subject), data)
  found <- as.data.frame(emmeans::emmeans(fit, ~week, at = list(week = c(2, 30))))
  expect_equal(found$emmean, unname(predict(fit, data.frame(week = c(2, 30)), re.form = NA)), tolerance = 1e-9)
  # kappa moves the row of X as well as the coefficients: refits at other kappas say by how much
  at <- \(log_kappa) {
    data$p <- -expm1(-data$week * exp(-log_kappa))
    fixed <- fit_recovery(score ~ p + (1 | subject), data)
    rows <- cbind(1, -expm1(-c(2, 30) * exp(-log_kappa)))
    list(mean = drop(rows %*% fixef(fixed)), test = linear_test(fixed, rows),
      gain = linear_test(fixed, rows[2, ] - rows[1, ]))
  }
  k <- fit$plateau$log_kappa
  slope <- (at(k + 1e-3)$mean - at(k - 1e-3)$mean) / 2e-3
  expect_equal(found$SE^2, at(k)$test$std.error^2 + slope^2 * fit$plateau$log_se^2, tolerance = 1e-5) # h^2
  expect_equal(found$df, at(k)$test$df, tolerance = 1e-7)
  gain <- as.data.frame(pairs(emmeans::emmeans(fit, ~week, at = list(week = c(30, 2)))))
  expect_equal(gain$SE^2, at(k)$gain$std.error^2 + diff(slope)^2 * fit$plateau$log_se^2, tolerance = 1e-5)
  given <- as.data.frame(emmeans::emmeans(fit, ~week, at = list(week = 2), vcov. = diag(2)))
  expect_equal(given$SE^2, 1 + (-expm1(-2 * exp(-k)))^2, tolerance = 1e-9)
})

# Events, counts and posteriors ---------------------------------------------------------------------------

test_that("means of a fit of counts are on the scale of the link, and come back through it", {
  skip_if_not_installed("emmeans")
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(), family = poisson())
  x <- c(1, 8)
  table <- as.data.frame(emmeans::emmeans(fit, ~week, at = list(week = 8)))
  expect_equal(table$emmean, sum(x * fixef(fit)), tolerance = 1e-12)
  expect_equal(table$SE, sqrt(drop(x %*% vcov(fit) %*% x)), tolerance = 1e-12)
  expect_identical(table$df, Inf)
  back <- as.data.frame(emmeans::emmeans(fit, ~week, at = list(week = 8), type = "response"))
  expect_equal(back$rate, exp(sum(x * fixef(fit))), tolerance = 1e-12)
})

test_that("means of a posterior are draws of it: medians and intervals of the exact mixture", {
  skip_if_not_installed("emmeans")
  skip_if_not_installed("coda")
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(), method = "bayes")
  n <- 20000
  grid <- emmeans::emmeans(fit, ~week, at = list(week = 8), draws = n, seed = 1)
  drawn <- as.vector(as.matrix(coda::as.mcmc(grid)))
  expect_length(drawn, n)
  # six standard errors of a mean: missed by chance less than once in 10^8
  expect_lt(abs(mean(drawn) - sum(c(1, 8) * fixef(fit))), 6 * stats::sd(drawn) / sqrt(n))
  expect_true(all(c("lower.HPD", "upper.HPD") %in% names(as.data.frame(grid))))
})

test_that("means of ordered scores are those of emmeans for MASS::polr() where no patient differs", {
  skip_if_not_installed("emmeans")
  skip_if_not_installed("MASS")
  set.seed(2)
  d <- data.frame(g = gl(2, 2, 80), h = gl(2, 1, 80))
  d$y <- cut(rlogis(80) + (d$g == 2), c(-Inf, -1, 0, 1, Inf), labels = LETTERS[1:4], ordered_result = TRUE)
  d <- d[order(d$y), ]
  d$id <- rep(1:20, 4) # each has all levels alike
  ours <- fit_recovery(y ~ g * h + (1 | id), d, family = cumulative())
  expect_identical(VarCorr(ours)$id[1, 1], 0)
  theirs <- MASS::polr(y ~ g * h, d, Hess = TRUE, control = list(reltol = 1e-14))
  table <- \(fit, ...) unname(suppressMessages(as.data.frame(emmeans::emmeans(fit, ...))))
  # polr() has its Hessian by differences
  expect_equal(table(ours, ~ g * h)[3:4], table(theirs, ~ g * h)[3:4], tolerance = 1e-4)
  expect_equal(table(ours, ~ level | g, mode = "prob")[3:4], table(theirs, ~ y | g, mode = "prob")[3:4],
    tolerance = 1e-4)
  expect_equal(table(ours, ~g, mode = "mean.class")[2:3], table(theirs, ~g, mode = "mean.class")[2:3],
    tolerance = 1e-4)
})

test_that("probabilities of levels are those of predict(), a level never seen keeps its place", {
  skip_if_not_installed("emmeans")
  grades <- data.frame(id = rep(1:6, each = 3), week = rep(c(0, 26, 52), 6),
    ais = ordered(strsplit("AABABCABAABCBCDABB", "")[[1]], levels = LETTERS[1:5]))
  fit <- fit_recovery(ais ~ week + (1 | id), grades, family = cumulative())
  at <- list(week = c(0, 52))
  found <- as.data.frame(emmeans::emmeans(fit, ~ level | week, at = at, mode = "prob"))
  wanted <- predict(fit, as.data.frame(at), re.form = NA, type = "prob", se.fit = TRUE)
  expect_equal(found$emmean, c(t(wanted$fit)), tolerance = 1e-12)
  expect_equal(found$SE, c(t(wanted$se.fit)), tolerance = 1e-7) # a root of what rounding leaves
  expect_identical(as.character(found$level), rep(LETTERS[1:5], 2))
  mean <- as.data.frame(emmeans::emmeans(fit, ~week, at = at, mode = "mean.class"))
  expect_equal(mean$emmean, drop(wanted$fit %*% 1:5), tolerance = 1e-12, ignore_attr = TRUE)
  latent <- as.data.frame(emmeans::emmeans(fit, ~week, at = at))
  expect_equal(latent$emmean, at$week * fixef(fit)[[1]] - mean(fit$result$extra[1:3]), tolerance = 1e-12)
  expect_error(emmeans::emmeans(fit, ~week, mode = "scale"), class = "cordgain_invalid_input")
})
