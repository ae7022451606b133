# What a Bayesian fit of a family answers; numbers themselves are tested beside the engine.

slope_data <- function() {
  data.frame(id = rep(1:5, each = 4), week = rep(c(0, 1, 3, 6), 5),
    y = c(0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 1))
}

exact_fit <- function() {
  fit_recovery(y ~ week + (1 | id), slope_data(), family = binomial(), method = method_bayes(tolerance = 1e-2))
}

drawn_fit <- function() {
  fit_recovery(y ~ week + (1 | id), slope_data(), family = binomial(),
    method = method_bayes(engine = "nuts", seed = 4, draws = 500, warmup = 500))
}

test_that("both engines answer all verbs in the same shape", {
  skip_on_cran() # long
  exact <- exact_fit()
  drawn <- drawn_fit()
  for (fit in list(exact, drawn)) {
    expect_named(fixef(fit), c("(Intercept)", "week"))
    expect_identical(dim(vcov(fit)), c(2L, 2L))
    expect_equal(sqrt(diag(vcov(fit))), rlang::set_names(fit$result$sd[1:2], names(fixef(fit))), tolerance = 1e-2)
    expect_equal(attr(VarCorr(fit)$id, "stddev")[[1]], fit$result$mean[3])
    expect_identical(nobs(fit), 20L)
    expect_identical(rownames(confint(fit)), c("(Intercept)", "week", "id sd__(Intercept)"))
    expect_identical(summary(fit), tidy(fit))
    expect_identical(nrow(tidy(fit, effects = "ran_vals")), 5L)
  }
  expect_named(tidy(drawn), c(names(tidy(exact)), "rhat", "ess.bulk", "ess.tail"))
  expect_true(is.na(logLik(drawn)))
  expect_true(is.finite(logLik(exact)))
  # within simulation error of 2,000 draws: five of its standard errors
  expect_lt(max(abs(drawn$result$mean - exact$result$mean) / drawn$result$mcse), 5)
  effects <- ranef(exact)$id
  expect_lt(max(abs(ranef(drawn)$id - effects) / attr(effects, "sd")), 0.2)
})

test_that("effects are posterior means over everything: a patient without a score has the prior's", {
  d <- rbind(slope_data(), data.frame(id = 6, week = 0, y = 1))
  fit <- fit_recovery(y ~ 1 + (1 | id), d, family = binomial(),
    method = method_bayes(priors(fixed = list(`(Intercept)` = prior_normal(0, 1)), sd = prior_fixed(1)), 1e-3))
  effects <- ranef(fit)$id
  # the patient with one event: by integrate() over the intercept and its effect at the posterior of the intercept
  u <- seq(-7, 7, 0.05)
  a <- seq(-5, 5, 0.05)
  like <- function(a) {
    p <- plogis(a + u)
    vapply(split(d$y, d$id), \(y) sum(dnorm(u) * p^sum(y) * (1 - p)^sum(1 - y)), 0)
  }
  weight <- vapply(a, \(a) prod(like(a)) * dnorm(a), 0)
  given <- vapply(a, \(a) sum(u * dnorm(u) * plogis(a + u)) / sum(dnorm(u) * plogis(a + u)), 0)
  expect_equal(effects["6", 1], sum(weight * given) / sum(weight), tolerance = 1e-3)
})

test_that("the print states priors, route and the checks of the sampler", {
  expect_output(print(exact_fit()), "exact integration.*half_normal.*Log evidence.*two interleaved lattices")
  expect_output(print(drawn_fit()), "no-U-turn sampler.*Priors.*R-hat at most.*effective sample sizes.*divergent")
})

test_that("chains that fail their checks are told so", {
  post <- drawn_fit()$result
  post$rhat[1] <- 1.2
  expect_match(sampler_notes(post), "Do not use", all = FALSE)
  post$why <- "more nodes"
  expect_match(sampler_notes(post), "did not succeed: more nodes", all = FALSE)
})

test_that("what has no answer is refused by name", {
  fit <- exact_fit()
  expect_error(confint(fit, "month"), "month", class = "cordgain_invalid_input")
})
