# call_core() is tried with plain functions that return what a binding returns.

test_that("a value of the core comes back bare, and arguments go through in order", {
  expect_identical(call_core(\(x, y) list(value = x - y), 5, 3), 2)
})

test_that("an error of the core becomes a classed condition with its message", {
  failing <- \(kind) call_core(\() list(error_kind = kind, error_message = "tau must be positive"))
  expect_error(failing("invalid_input"), "tau must be positive", class = "cordgain_invalid_input")
  expect_error(failing("numerical_error"), "tau must be positive", class = "cordgain_numerical_error")
  expect_error(failing("invalid_input"), class = "cordgain_error")
})

test_that("braces in a message of the core are printed, not evaluated", {
  said <- "no root in {a, b}"
  expect_error(call_core(\() list(error_kind = "numerical_error", error_message = said)), said, fixed = TRUE)
})

test_that("the error blames the function that the user called, not the wrapper", {
  core_wrapper <- \() call_core(\() list(error_kind = "invalid_input", error_message = "no"))
  what_user_called <- function() core_wrapper()
  expect_identical(rlang::catch_cnd(what_user_called())$call, quote(what_user_called()))
})

test_that("a density of zero everywhere comes with the reason that R's words may hold", {
  expect_match(core_advice("zero or not finite at every start"), "widen it")
  expect_null(core_advice("tau must be positive"))
  narrow <- priors(fixed = list(week = prior_normal(0, 1e-8)))
  error <- expect_error(fit_recovery(score ~ week + (1 | subject), small_trial(), method = method_bayes(narrow)),
    class = "cordgain_numerical_error")
  expect_match(conditionMessage(error), "A prior far narrower than the scores can tell")
})

test_that("a beta prior with a shape above a million is refused at once, with the number to give", {
  # The engine did not come back from the first, and could not be interrupted.
  refused <- \(prior) rlang::catch_cnd(natural_rate(prior))
  error <- refused(prior_beta(1e8, 297.5))
  expect_s3_class(error, "cordgain_invalid_input")
  expect_identical(as.character(error$call[[1]]), "natural_rate")
  # 1 - 297.5 / (1e8 + 297.5)
  expect_match(conditionMessage(error), "natural_rate(0.99999702501)", fixed = TRUE)
  expect_match(conditionMessage(refused(prior_beta(1, 4e6 - 1))), "natural_rate(2.5e-07)", fixed = TRUE)
  mixture <- prior_mixture(c(0.5, 0.5), prior_beta(1, 1), prior_beta(1e7, 3e7))
  expect_match(conditionMessage(refused(mixture)), "natural_rate(0.25)", fixed = TRUE)
})

test_that("beta priors with shapes up to a million have their own mean and standard deviation", {
  for (shapes in list(c(1e6, 297.5), c(1e6, 10), c(0.5, 1e6), c(1e6, 1e6))) {
    a <- shapes[1]
    b <- shapes[2]
    row <- tidy(natural_rate(prior_beta(a, b)))[1, ]
    # 1e-6 is the largest error that a natural rate may state.
    expect_equal(row$estimate, a / (a + b), tolerance = 1e-6)
    expect_lt(abs(row$std.error - sqrt(a * b / ((a + b)^2 * (a + b + 1)))), 1e-6)
    expect_lte(row$std.error, 0.0005)
  }
})
