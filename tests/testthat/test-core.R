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
