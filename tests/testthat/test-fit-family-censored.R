# Scores on a scale with ends. Expected values: the certified ceiling case, normal ML without ends, the formula.

# Six simulated patients at five visits on a scale of 0 to 20.
bounded_trial <- function() {
  data.frame(
    id = rep(1:6, each = 5), week = rep(0:4, 6),
    y = c(3, 5, 6, 9, 11, 8, 12, 15, 20, 20, 0, 0, 2, 1, 5, 6, 9, 9, 13, 16, 14, 18, 20, 20, 20, 0, 3, 2, 6, 4)
  )
}

test_that("Orthodont with a ceiling is the certified optimum", {
  case <- mixed_case("tmb08_orthodont_censored_exact")
  d <- mixed_data("tmb08_orthodont_censored_exact", "Subject")
  d$Sex <- factor(d$Sex, c("Male", "Female"))
  fit <- fit_recovery(yc ~ a * Sex + (1 | Subject), d, family = censored(upper = 27))
  truth <- case$certified_exact
  expect_lt(abs(c(logLik(fit)) - truth$logLik), 1e-8)
  expect_certified(fixef(fit), truth$par[1:4], 1e-8)
  expect_certified(log(attr(VarCorr(fit)$Subject, "stddev")), truth$par$log_sd, 1e-8)
  expect_certified(fit$result$extra, truth$par$extra, 1e-8)
  expect_certified(sqrt(diag(vcov(fit, full = TRUE))), truth$se[c(1:4, 6)], 1e-8)
  expect_output(print(fit), "Censored, of 108 scores: 17 at the ceiling of 27.", fixed = TRUE)
})

test_that("without ends it is the normal family by maximum likelihood", {
  d <- small_trial()
  fit <- fit_recovery(score ~ week + (week | subject), d, family = censored())
  normal <- fit_recovery(score ~ week + (week | subject), d, method = "ml")
  expect_equal(c(logLik(fit)), c(logLik(normal)), tolerance = 1e-11)
  expect_equal(fixef(fit), fixef(normal), tolerance = 1e-7)
  expect_equal(sigma(fit), sigma(normal), tolerance = 1e-7)
  expect_equal(c(VarCorr(fit)$subject), c(VarCorr(normal)$subject), tolerance = 1e-6)
  expect_equal(unname(as.matrix(ranef(fit)$subject)), unname(as.matrix(ranef(normal)$subject)), tolerance = 1e-6,
    ignore_attr = TRUE)
  expect_equal(unname(predict(fit)), unname(fitted(normal)), tolerance = 1e-7)
  expect_equal(fitted(fit), predict(fit))
  expect_identical(attr(logLik(fit), "df"), attr(logLik(normal), "df"))
  expect_false(any(grepl("Censored", capture.output(print(fit)))))
  both <- \(f) tidy(f, effects = "ran_pars")
  expect_identical(both(fit)$term, both(normal)$term)
  expect_equal(both(fit)$estimate, both(normal)$estimate, tolerance = 1e-6)
})

test_that("ends that no score reaches change nothing", {
  d <- bounded_trial()
  far <- fit_recovery(y ~ week + (1 | id), d, family = censored(-1, 21))
  none <- fit_recovery(y ~ week + (1 | id), d, family = censored())
  expect_identical(c(logLik(far)), c(logLik(none)))
  expect_output(print(far), "0 at the floor of -1, 0 at the ceiling of 21")
})

test_that("a small trial has the likelihood of the trapezoidal rule, and no point around is better", {
  d <- bounded_trial()
  fit <- fit_recovery(y ~ week + (1 | id), d, family = censored(0, 20))
  value <- \(par) trapezoid_by_hand(d, par, \(y, mean) {
    sigma <- exp(par[4])
    out <- mean
    out[] <- dnorm(y, mean, sigma, log = TRUE)
    out[y == 0, ] <- pnorm(-mean[y == 0, ] / sigma, log.p = TRUE)
    out[y == 20, ] <- pnorm((mean[y == 20, ] - 20) / sigma, log.p = TRUE)
    out
  })
  par <- unname(c(fixef(fit), attr(VarCorr(fit)$id, "stddev"), fit$result$extra))
  expect_lt(abs(value(par) - c(logLik(fit))), 1e-9)
  for (j in 1:4) for (by in c(-1e-3, 1e-3)) expect_lt(value(replace(par, j, par[j] + by)), value(par))
  naive <- fit_recovery(y ~ week + (1 | id), d, method = "ml")
  expect_gt(fixef(fit)[["week"]], fixef(naive)[["week"]]) # ceilings flatten what they hide
})

test_that("rows in another order change nothing, a scale turned round turns the signs, points halved halve", {
  d <- bounded_trial()
  fit <- fit_recovery(y ~ week + (1 | id), d, family = censored(0, 20))
  turned <- fit_recovery(-y ~ week + (1 | id), d[c(16:30, 15:1), ], family = censored(-20, 0))
  expect_equal(fixef(turned), -fixef(fit), tolerance = 1e-7)
  expect_equal(c(logLik(turned)), c(logLik(fit)), tolerance = 1e-11)
  halved <- fit_recovery(I(1000 + y / 2) ~ week + (1 | id), d, family = censored(1000, 1010))
  expect_equal(2 * (fixef(halved)[[1]] - 1000), fixef(fit)[[1]], tolerance = 1e-7)
  expect_equal(2 * sigma(halved), sigma(fit), tolerance = 1e-7)
  expect_equal(2 * sqrt(diag(vcov(halved))), sqrt(diag(vcov(fit))), tolerance = 1e-6)
})

test_that("a response is the mean of the censored score, its standard error the delta method", {
  d <- bounded_trial()
  fit <- fit_recovery(y ~ week + (1 | id), d, family = censored(0, 20))
  at <- predict(fit, data.frame(week = 5), re.form = NA, type = "response", se.fit = TRUE)
  mean_of_score <- \(par) {
    z <- \(x) pmin(pmax(x, 0), 20) * dnorm(x, par[1] + 5 * par[2], exp(par[3]))
    integrate(z, -60, 0)$value + integrate(z, 0, 20)$value + integrate(z, 20, 90)$value
  }
  par <- unname(c(fixef(fit), fit$result$extra))
  expect_equal(unname(at$fit), mean_of_score(par), tolerance = 1e-8)
  slope <- vapply(1:3, \(j) {
    by <- replace(numeric(3), j, 1e-4)
    (mean_of_score(par + by) - mean_of_score(par - by)) / 2e-4
  }, 0)
  v <- vcov(fit, full = TRUE)
  expect_equal(unname(at$se.fit), sqrt(drop(slope %*% v %*% slope)), tolerance = 1e-6)
  expect_true(all(fitted(fit) > 0 & fitted(fit) < 20))
})

test_that("scores outside the scale are named with their row, and what is no scale is refused", {
  d <- bounded_trial()
  refused <- \(scores, words) {
    expect_error(fit_recovery(y ~ week + (1 | id), transform(d, y = scores), family = censored(0, 20)), words,
      class = "cordgain_invalid_input")
  }
  refused(replace(d$y, 6, 20.5), "`y` is 20.5 in row \"6\"")
  refused(replace(d$y, 30, -1), "row \"30\"")
  refused(factor(d$y), "numeric")
  refused(replace(d$y, 3, Inf), "row \"3\"")
  expect_error(censored(5, 5), "below", class = "cordgain_invalid_input")
  expect_error(censored("a"), class = "cordgain_invalid_input")
  expect_error(censored(NA), class = "cordgain_invalid_input")
  expect_error(censored(0, c(1, 2)), class = "cordgain_invalid_input")
  once <- d[d$week == 4, ]
  expect_error(fit_recovery(y ~ 1 + (1 | id), once, family = censored(0, 20)), "One score of each patient",
    class = "cordgain_invalid_input")
})

test_that("scores all at the ceiling, or on a line, have no maximum and say so", {
  d <- transform(bounded_trial(), y = 20)
  expect_error(fit_recovery(y ~ week + (1 | id), d, family = censored(0, 20)), class = "cordgain_numerical_error")
  line <- transform(bounded_trial(), y = 3 * week + id)
  e <- expect_error(fit_recovery(y ~ week + (1 | id), line, family = censored(0, 40)),
    class = "cordgain_numerical_error")
  expect_match(conditionMessage(e), "log_sigma")
})

test_that("random trials of three to six patients end in a fit or a classed error", {
  withr::local_seed(20261130)
  ends <- fit_ends(sweep_size(1000), \() {
    d <- random_visits()
    latent <- 15 + rnorm(1, 0, 5) * d$week + rnorm(max(d$id), 0, 10)[d$id] + rnorm(nrow(d), 0, 4)
    d$y <- pmin(pmax(round(latent), 0), 50)
    fit_recovery(y ~ week + (1 | id), d, family = censored(0, 50))
  }, sound = \(fit) sigma(fit) > 0)
  expect_true(all(ends %in% c("fit", "no maximum")))
  expect_gt(mean(ends == "fit"), 0.5)
})
