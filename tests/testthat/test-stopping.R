closed <- 1e-10 # closed forms, as the check files ask

test_that("the boundary under beta(.2, .8) is the independently computed one: none, 2, 2, 3", {
  stand_in_priors()
  rule <- stopping_boundary(beta_of(0.2, 0.8), threshold = 0.2, cut = 0.9, n = 4)
  expect_equal(rule$patients, 1:4)
  expect_identical(rule$min_events[1], NA_real_) # D09.1: even one event in one patient does not stop
  expect_equal(rule$min_events[2:4], c(checks_value("D09.2"), checks_value("D09.3"), checks_value("D09.4")))
})

test_that("each row agrees with R's own beta tails: passed at the boundary, not one event below", {
  rule <- stopping_boundary("jeffreys", threshold = 0.25, cut = 0.8, n = 25)
  above <- \(y, k) stats::pbeta(0.25, 0.5 + y, 0.5 + k - y, lower.tail = FALSE)
  for (i in seq_len(nrow(rule))) {
    k <- rule$patients[i]
    passed <- which(above(0:k, k) > 0.8)
    expect_equal(rule$min_events[i], passed[1] - 1)
    expect_equal(rule$prob_at[i], above(passed[1] - 1, k), tolerance = closed)
    if (passed[1] > 1) expect_equal(rule$prob_below[i], above(passed[1] - 2, k), tolerance = closed)
  }
})

test_that("where events in all patients do not stop, their probability is shown", {
  rule <- stopping_boundary("uniform", threshold = 0.9, cut = 0.99, n = 3)
  expect_true(all(is.na(rule$min_events) & is.na(rule$prob_at)))
  # P(theta > .9 | k of k, uniform) = 1 - .9^(k + 1)
  expect_equal(rule$prob_below, 1 - 0.9^(2:4), tolerance = closed)
})

test_that("a rule that stops without any event has no row below it", {
  rule <- stopping_boundary("uniform", threshold = 0.01, cut = 0.5, n = 1)
  expect_equal(rule$min_events, 0)
  expect_true(is.na(rule$prob_below))
  expect_equal(rule$prob_at, 0.99^2, tolerance = closed)
})

test_that("the boundary never falls with more patients and rises with the cut", {
  low <- stopping_boundary("jeffreys", 0.2, 0.8, 40)
  high <- stopping_boundary("jeffreys", 0.2, 0.95, 40)
  expect_true(all(diff(low$min_events) >= 0))
  expect_true(all(high$min_events >= low$min_events, na.rm = TRUE))
  expect_true(all(low$num.error < 1e-12))
})

test_that("nothing has a default: a rule without its numbers is refused", {
  stand_in_priors()
  expect_error(stopping_boundary("flat", 0.2, 0.9, 4), class = "cordgain_invalid_input")
  expect_error(stopping_boundary(gamma_of(1, 1), 0.2, 0.9, 4), "beta", class = "cordgain_invalid_input")
  expect_error(stopping_boundary(c(0.2, 0.8), 0.2, 0.9, 4), class = "cordgain_invalid_input")
  expect_error(stopping_boundary("jeffreys", 0, 0.9, 4), class = "cordgain_invalid_input")
  expect_error(stopping_boundary("jeffreys", 0.2, 1, 4), class = "cordgain_invalid_input")
  expect_error(stopping_boundary("jeffreys", 0.2, 0.9, 0), class = "cordgain_invalid_input")
  expect_error(stopping_boundary("jeffreys", 0.2, 0.9, 1e6), class = "cordgain_invalid_input")
  expect_error(stopping_boundary("jeffreys", 0.2, "0.9", 4), class = "cordgain_invalid_input")
})
