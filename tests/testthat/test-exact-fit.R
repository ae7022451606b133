# Scores that the effects fit exactly: where the posterior of the residual standard deviation exists.

constant_patients <- function(levels = c(10, 14, 19, 26), weeks = c(0, 4, 8)) {
  out <- expand.grid(week = weeks, subject = letters[seq_along(levels)])
  out$score <- levels[as.integer(out$subject)]
  out
}

bayes_of <- function(data, sigma = NULL, formula = score ~ week + (1 | subject), ...) {
  prior <- if (is.null(sigma)) priors() else priors(sigma = sigma)
  fit_recovery(formula, data, method = method_bayes(prior), ...)
}

test_that("patients whose scores never change are refused, with what was counted and what to do", {
  error <- expect_error(bayes_of(constant_patients()), class = "cordgain_invalid_input")
  # 12 scores; two coefficients and four effects, of which the intercept is one more than the rank: 5
  expect_match(conditionMessage(error), "12 scores are fitted by 5 coefficients and effects")
  expect_match(conditionMessage(error), "prior_fixed\\(0.29\\)")
  lines <- constant_patients()
  lines$score <- sin(as.integer(lines$subject)) + lines$week * cos(as.integer(lines$subject))
  expect_error(bayes_of(lines, formula = score ~ week + (week || subject)), class = "cordgain_invalid_input")
  lines$score <- 1e150 * lines$score
  expect_error(bayes_of(lines, formula = score ~ week + (week || subject)), class = "cordgain_invalid_input")
})

test_that("the smallest change is enough for a posterior", {
  data <- constant_patients()
  data$score[1] <- 10.001
  expect_s3_class(bayes_of(data), "recovery_fit_bayes")
})

test_that("one score more than coefficients and effects needs a prior that falls to zero", {
  # one patient has a second visit: one score more than coefficients and effects, density of order 1 / sigma
  data <- constant_patients()[c(1, 2, 4, 7, 10), ]
  expect_error(bayes_of(data, formula = score ~ 1 + (1 | subject)), "5 scores are fitted by 4 .*sigma\\^1",
    class = "cordgain_invalid_input")
  at <- \(shape) bayes_of(data, prior_gamma(shape, 1), formula = score ~ 1 + (1 | subject))
  expect_error(at(1), class = "cordgain_invalid_input")
  expect_s3_class(at(3), "recovery_fit_bayes")
})

# Two visits of patients that stay where they are: intercepts fit all, beside slopes that need not be there. With the
# standard deviation of slopes s at zero beside sigma the density is of order 1 / (sigma + s)^2 on two dimensions.
test_that("effects that the fit does not need hide it only where their prior falls to zero", {
  data <- constant_patients(c(37, 16, 51), 0:1)
  error <- expect_error(bayes_of(data, formula = score ~ week + (week | subject)),
    "6 scores are fitted by 4 .*sigma\\^2", class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "takes no part of: week")
  expect_error(bayes_of(data, formula = score ~ week + (week || subject)), "takes no part of: week",
    class = "cordgain_invalid_input")
  away <- priors(sd = list(week = prior_gamma(3, 1)))
  expect_s3_class(fit_recovery(score ~ week + (week || subject), data, method = method_bayes(away)),
    "recovery_fit_bayes")
})

test_that("sets of effects are all of a few, the empty one first", {
  expect_identical(sets_of(0), list(integer()))
  expect_setequal(sets_of(3), list(integer(), 1L, 2L, 3L, 1:2, c(1L, 3L), 2:3, 1:3))
  expect_identical(sets_of(3)[[1]], integer())
  expect_length(sets_of(9), 10L)
})

test_that("its posterior with a known residual standard deviation is that of the means", {
  # three visits each at one level: given the variances the intercept's posterior is that of four means
  data <- constant_patients()
  fit <- fit_recovery(score ~ 1 + (1 | subject), data, method = method_bayes(priors(
    fixed = list("(Intercept)" = prior_normal(15, 10)), sd = prior_fixed(6), sigma = prior_fixed(0.5)
  )))
  v <- 6^2 + 0.5^2 / 3
  precision <- 1 / 100 + 4 / v
  expect_equal(fixef(fit)[["(Intercept)"]], (15 / 100 + sum(c(10, 14, 19, 26)) / v) / precision, tolerance = 1e-10)
  expect_equal(sqrt(vcov(fit)[1, 1]), sqrt(1 / precision), tolerance = 1e-10)
})

test_that("of censored scores those within the limits count", {
  data <- constant_patients(c(10, 14, 19, 20))
  expect_error(fit_recovery(score ~ week + (1 | subject), data, family = censored(0, 20), method = "bayes"),
    "9 scores are fitted by 4", class = "cordgain_invalid_input")
  # all at the ceiling: nothing is fitted exactly
  expect_silent(check_exact_fit(
    list(y = rep(20, 3), x = list(names = "a", core = matrix(1, 3, 1)), random = list()),
    prior_half_normal(1), list(), NULL,
    end = rep(1, 3)
  ))
})

test_that("of censored scores those at the ends must not contradict the fit", {
  # lines through the visits within the limits lead to 40, 35 and 32 in week 4, where 50 or more was seen
  data <- data.frame(subject = rep(1:3, each = 4), week = rep(1:4, 3),
    score = c(10, 20, 30, 50, 5, 15, 25, 50, 2, 12, 22, 50))
  fitted <- \(family) fit_recovery(score ~ week + (1 | subject), data, family = family, method = "bayes")
  expect_s3_class(fitted(censored(0, 50)), "recovery_fit_family_bayes")
  expect_error(fitted(censored(0, 31)), class = "cordgain_invalid_input") # 40, 35 and 32 are beyond 31
  # a level that is seen at the ceiling alone is free to be anywhere above
  data$score[9:12] <- 50
  data$score[c(4, 8)] <- c(40, 35)
  expect_error(fitted(censored(0, 50)), "8 scores are fitted by 3", class = "cordgain_invalid_input")
})

test_that("where fixed effects alone fit the scores, a known residual standard deviation is not what is advised", {
  data <- constant_patients(c(10, 10, 10, 10))
  text <- conditionMessage(expect_error(bayes_of(data), class = "cordgain_invalid_input"))
  expect_match(text, "The fixed effects alone fit them")
  expect_no_match(text, "prior_fixed")
})

test_that("how a prior falls at zero is read off its kind", {
  expect_equal(order_at_zero(prior_half_t(3, 1)), 1)
  expect_equal(order_at_zero(prior_gamma(4, 1)), 4)
  expect_equal(order_at_zero(prior_uniform(0.3, 5)), Inf)
  expect_equal(order_at_zero(prior_uniform(0, 5)), 1)
  expect_equal(order_at_zero(prior_fixed(2)), Inf)
  expect_equal(order_at_zero(prior_mixture(c(0.5, 0.5), prior_gamma(4, 1), prior_gamma(2, 1))), 2)
})

test_that("a sampler that stays where it began is an error, not an answer", {
  error <- expect_error(bayes_of(constant_patients(), prior_uniform(0.3, 5)), class = "cordgain_numerical_error")
  expect_match(conditionMessage(error), "did not move")
})
