# Errors are classed and say what was wrong; checks return the value or refuse.

refuses <- function(expr, pattern = NULL) {
  expect_error(expr, pattern, class = "cordgain_invalid_input")
}

test_that("each kind of error has its own class and the common one, and keeps extra fields", {
  expect_error(abort_input("a"), class = "cordgain_invalid_input")
  expect_error(abort_unmatched("a"), class = "cordgain_unmatched")
  expect_error(abort_numerical("a"), class = "cordgain_numerical_error")
  for (abort in list(abort_input, abort_unmatched, abort_numerical)) {
    condition <- rlang::catch_cnd(abort("a", differences = 1:3))
    expect_s3_class(condition, "cordgain_error")
    expect_identical(condition$differences, 1:3)
  }
})

test_that("an error of a check names the argument as the user wrote it and blames his call", {
  user_function <- function(events) check_number(events)
  condition <- rlang::catch_cnd(user_function("4"))
  expect_match(conditionMessage(condition), "`events` must be numeric")
  expect_identical(condition$call, quote(user_function("4")))
})

test_that("a number is one finite number inside its range", {
  expect_identical(check_number(2L), 2)
  expect_identical(check_number(0, min = 0, max = 1), 0)
  for (bad in list(NaN, Inf, -Inf, NA_real_, "1", factor(1), TRUE, NULL, c(1, 2), numeric())) {
    refuses(check_number(bad))
  }
  refuses(check_number(-0.1, min = 0), "finite and at least 0")
  refuses(check_number(0, min = 0, min_open = TRUE), "finite and above 0")
  refuses(check_number(1, max = 1, max_open = TRUE), "finite and below 1")
  refuses(check_number(2, max = 1), "finite and at most 1")
  refuses(check_number(2, min = 0, max = 1, min_open = TRUE), "lie in \\(0, 1\\]")
  refuses(check_number(NaN), "must be finite.")
})

test_that("a missing number passes only where it may be missing, and NaN never does", {
  expect_identical(check_number(NA, allow_na = TRUE), NA_real_)
  refuses(check_number(NaN, allow_na = TRUE))
})

test_that("a vector is refused with the places of its bad elements", {
  expect_identical(check_numeric(c(1, 2)), c(1, 2))
  refuses(check_numeric(c(1, NA, 3, Inf)), "2 and 4")
  refuses(check_numeric(1:3, length = 2L), "length 2")
})

test_that("what to do stands in the message where the caller knows it, and one number has no place in a vector", {
  error <- refuses(check_numeric(c(1, -2), min = 0, todo = "Turn it."), "Element 2 is: -2.*Turn it")
  expect_identical(names(error$body), c("x", "i"))
  refuses(check_numeric(1:3, length = 2L, todo = "Give two."), "Give two")
  refuses(check_number(-2, min = 0), "It is -2")
})

test_that("numbers that may be unknown are NA, never NaN, and keep their places", {
  expect_identical(check_numeric(c(1, NA), unknown = TRUE), c(1, NA))
  refuses(check_numeric(c(NA, NaN, 1), unknown = TRUE), "Element 2 is: NaN")
})

test_that("a count is whole, and a fraction is pointed to events_from_percent()", {
  expect_identical(check_count(4L), 4)
  refuses(check_count(12.5), "events_from_percent")
  refuses(check_count(-1))
  refuses(check_count(0, min = 1))
})

test_that("a string is one non-empty string", {
  expect_identical(check_string("ais_c"), "ais_c")
  for (bad in list("", NA_character_, c("a", "b"), 1, factor("a"), NULL, character())) refuses(check_string(bad))
  expect_identical(check_string(NA, allow_na = TRUE), NA_character_)
  expect_null(check_string(NULL, allow_null = TRUE))
})

test_that("a choice is one of those offered, and the offer is in the message", {
  expect_identical(check_choice("b", c("a", "b")), "b")
  refuses(check_choice("c", c("a", "b")), "\"a\" or \"b\"")
})

test_that("arguments that are not given are named with what they mean, all at once", {
  f <- function(a, b, c = 1) {
    check_given(c(a = "the first", b = "the second"))
    a
  }
  e <- expect_error(f(), class = "cordgain_invalid_input")
  expect_match(conditionMessage(e), "`a` and `b` are not given")
  expect_match(conditionMessage(e), "the first")
  expect_match(conditionMessage(e), "the second")
  expect_error(f(1), "`b` is not given", class = "cordgain_invalid_input")
  expect_identical(f(1, 2), 1)
})

test_that("every exported function for counts, priors and harms names each argument that is not given", {
  skip_on_cran() # long
  given <- list(
    prior_normal = list(mean = 0, sd = 1), prior_t = list(df = 3, mean = 0, sd = 1),
    prior_half_normal = list(scale = 1),
    prior_half_t = list(df = 3, scale = 1), prior_exponential = list(rate = 1), prior_pc = list(upper = 1, prob = 0.1),
    prior_beta = list(a = 1, b = 1), prior_gamma = list(shape = 1, rate = 1), prior_uniform = list(min = 0, max = 1),
    prior_fixed = list(value = 1), prior_inverse_gamma = list(shape = 1, rate = 1), prior_lkj = list(eta = 1),
    prior_mixture = list(w = 1),
    landmark = list(week = 3, reference_week = 8, remaining = 0.1, endpoint = "ais_any", level = "cervical"),
    drift = list(per_year = 0.04), natural_rate = list(x = 0.2), ess = list(x = prior_beta(1, 1)),
    excess = list(x = plain_arm(), natural = natural_rate(0.2)), decision_table = list(x = natural_rate(0.2), n = 4),
    safety = list(events = 0, n = 4, exposure_years = 4, definition = "death"),
    stopping_boundary = list(prior = prior_beta(0.2, 0.8), threshold = 0.2, cut = 0.9, n = 4),
    rate_interval = list(events = 2, n = 4), e_value_path = list(outcomes = c(1, 0), rate = 0.2),
    events_from_percent = list(percent = 8.1, n = 482, digits = 1), grade_steps = list(x = natural_transition),
    excess_by_reference = list(arm = keio_ips),
    trial_arm = unclass(plain_arm())[c("responders", "n", "endpoint", "level", "baseline_grade", "baseline_days",
      "followup_weeks", "years")],
    motor_scale = list(min = 0, max = 10, direction = "higher", name = "own")
  )
  for (name in names(given)) {
    for (arg in names(given[[name]])) {
      rest <- given[[name]][setdiff(names(given[[name]]), arg)]
      expect_error(do.call(name, rest), arg, class = "cordgain_invalid_input", label = paste0(name, "() without ", arg))
    }
  }
  expect_error(natural_strata(), "stratum", class = "cordgain_invalid_input")
  expect_error(update(prior_beta(1, 1), 1), "`n` is not given", class = "cordgain_invalid_input")
  expect_error(predict(natural_rate(0.2)), "`patients` is not given", class = "cordgain_invalid_input")
})

test_that("an argument is called by its name, not by its value, however it was given", {
  for (expr in expression(decision_table(natural_rate(0.2), 4.5), safety(0, 4.5, 4, "death"))) {
    invalid(eval(expr), "`n` must be a whole number")
  }
  invalid(predict(natural_rate(0.2), 4.5), "`patients` must be a whole number")
  inner <- function(count) check_count(count)
  invalid(inner(1.5), "`count`")
  ends <- function(range) check_range(range)
  invalid(ends(c(3, 1)), "`range`")
})

test_that("an argument that does not exist is a classed error that names it and those that do", {
  error <- invalid(natural_rate(foo = 1), "There is no argument `foo`")
  expect_match(conditionMessage(error), "`tau`")
  invalid(natural_rate(0.2, tua = prior_half_normal(1)), "tua")
  invalid(trial_arm(foo = 1), "foo")
  invalid(plain_arm(foo = 1), "foo")
  invalid(update(plain_arm(), foo = 1), "foo")
  invalid(decision_table(natural_rate(0.2), 4, foo = 1), "foo")
})

test_that("functions for scales, priors, counts and harms refuse an argument that they do not have", {
  given <- list(
    motor_scale = list("uems"), prior_normal = list(0, 1), prior_t = list(3, 0, 1), prior_half_normal = list(1),
    prior_half_t = list(3, 1), prior_exponential = list(1), prior_pc = list(1, 0.1), prior_beta = list(1, 1),
    prior_gamma = list(1, 1), prior_uniform = list(0, 1), prior_fixed = list(1), prior_inverse_gamma = list(1, 1),
    prior_lkj = list(1), landmark = list(3, 8, 0.1, "ais_any", "cervical"), drift = list(0.04),
    ess = list(prior_beta(1, 1)), safety = list(0, 4, 4, "death"),
    stopping_boundary = list(prior_beta(0.2, 0.8), 0.2, 0.9, 4), rate_interval = list(2, 4),
    e_value_path = list(c(1, 0), 0.2), events_from_percent = list(50, 4, 0),
    grade_steps = list(subset(natural_transition, source == "Kirshblum 2016" & from == "A")),
    excess_by_reference = list(keio_ips), update = list(prior_beta(1, 1), 1, 4)
  )
  for (name in names(given)) {
    error <- tryCatch(do.call(name, c(given[[name]], wrong = 1)), error = identity)
    expect_s3_class(error, "cordgain_invalid_input")
    expect_match(conditionMessage(error), "There is no argument `wrong`", info = name)
    # Misspelt alone it is named before what is then missing.
    if (name != "update") expect_error(do.call(name, list(wrong = 1)), class = "cordgain_invalid_input", info = name)
  }
  expect_match(conditionMessage(invalid(prior_normal(mean = 0, SD = 1), "`SD`")), "`mean` and `sd`")
  invalid(safety(keio_ips, wrong = 1), "wrong")
})

test_that("words must say something", {
  expect_identical(check_not_blank("death"), "death")
  said <- " "
  invalid(check_not_blank(said), "`said` is blank")
  invalid(check_not_blank(""))
})

test_that("what is no number is refused with a hint that fits it", {
  text <- "held as text or as a factor"
  for (bad in list("1", factor(1))) refuses(check_numeric(bad), text)
  for (bad in list(NULL, NA, list(1))) {
    error <- refuses(check_numeric(bad), "Give it as a number")
    expect_no_match(conditionMessage(error), text)
  }
  refuses(check_numeric(NA), "not known")
  refuses(check_numeric(c(TRUE, NA)), "TRUE and FALSE are not taken")
})

test_that("of many bad elements five are named and the others counted", {
  many <- rep(NA_real_, 100)
  error <- refuses(check_numeric(many), "Elements 1, 2, 3, 4, 5, and 95 more are")
  expect_no_match(conditionMessage(error), "100")
  refuses(check_count(seq_len(9) + 0.5, length = NULL), "5.5, and 4 more")
  expect_identical(first_few(1:5), as.character(1:5))
  expect_identical(first_few(1:7), c("1", "2", "3", "4", "5", "2 more"))
})

test_that("a foreign argument is named, with what is meant", {
  f <- \(...) refuse_foreign(c(theirs = "Say {.arg ours}."), ...)
  expect_error(f(theirs = 1), "no argument `theirs`", class = "cordgain_invalid_input")
  expect_error(f(theirs = 1), "Say `ours`")
  expect_null(f())
  expect_null(f(other = 1))
  expect_null(f(1))
})

test_that("one or more of several: unknown ones are named", {
  expect_identical(check_options(c("b", "a", "b"), c("a", "b", "c")), c("b", "a"))
  effects <- "foo"
  error <- expect_error(check_options(effects, c("a", "b")), class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "effects.*among.*\"a\".*\"foo\"")
  expect_error(check_options(3, "a"), "number", class = "cordgain_invalid_input")
  expect_error(check_options(character(), "a"), class = "cordgain_invalid_input")
})

test_that("options of the verbs of fits are refused by name", {
  fit <- fit_recovery(extra ~ group + (1 | ID), sleep)
  for (call in list(
    \() tidy(fit, effects = "foo"), \() tidy(fit, information = "foo"), \() anova(fit, information = "foo"),
    \() residuals(fit, type = "foo"), \() ranef(fit, variance = "foo"), \() robust_test(fit, type = "foo"),
    \() model.matrix(fit, type = "foo"), \() as.data.frame(VarCorr(fit), order = "foo")
  )) expect_error(call(), "foo", class = "cordgain_invalid_input")
})
