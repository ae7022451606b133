# Borrowing: conjugate values by hand, limits of each weight, symmetry of responders and non-responders.

history <- \(y0 = 32, n0 = 187) data.frame(source = "history", events = y0, n = n0, endpoint = "ais_c",
  baseline_grade = "A", level = "cervical", baseline_from_day = 10, baseline_to_day = 30, followup_weeks = 52,
  years_from = 2008, years_to = 2014, registry = "one")

borrowed <- \(method, y = 1, n = 4, y0 = 32, n0 = 187, ...) {
  borrow(plain_arm(responders = y, n = n, role = "control"), history(y0, n0), method, accept = every_difference, ...)
}

# One number of one method.
row_of <- function(x, term, group, column = "estimate") {
  rows <- tidy(x)
  rows[[column]][rows$term == term & rows$group == group]
}

# The same with controls and history given as counts, without the road through a table.
direct <- \(y, n, y0, n0, ...) list(y = y, n = n, y0 = y0, n0 = n0, a = 1, b = 1, ...)

mean_by <- function(made) {
  if (is.null(made$posterior$mean)) mixture_moment(made$posterior, 1) else made$posterior$mean
}

test_that("the power prior runs from the controls alone to all patients as one", {
  none <- borrowed("power", a0 = 0)
  all <- borrowed("power", a0 = 1)
  expect_equal(row_of(none, "rate", "power"), row_of(none, "rate", "none"), tolerance = 1e-14)
  expect_equal(row_of(all, "rate", "power"), 34 / 193, tolerance = 1e-14) # Be(1 + 33, 1 + 158)
  means <- vapply(c(0, 0.1, 0.3, 1), \(a0) row_of(borrowed("power", a0 = a0), "rate", "power"), 0)
  expect_true(all(diff(means) < 0)) # history has the lower rate
  # qbeta of R; both ends are roots to 1e-11.
  expect_equal(row_of(all, "rate", "power", "conf.low"), stats::qbeta(0.025, 34, 159), tolerance = 1e-9)
  expect_equal(row_of(all, "rate", "power", "conf.high"), stats::qbeta(0.975, 34, 159), tolerance = 1e-9)
  expect_equal(row_of(all, "rate", "power", "std.error"), sqrt(34 * 159 / (193^2 * 194)), tolerance = 1e-12)
})

test_that("the size borrowed by a power prior is a0 times the history", {
  for (a0 in c(0, 0.25, 0.7)) {
    # The size of Be(a, b) by moments is a + b, without rounding of note.
    expect_equal(row_of(borrowed("power", a0 = a0), "ess_borrowed", "power"), a0 * 187, tolerance = 1e-8)
  }
})

test_that("responders and non-responders changed over give the complement, for every method that pools", {
  settings <- list(a0 = 0.3, delta = 0.15)
  for (method in c("power", "normalised_power", "sam", "leap", "elastic")) {
    one <- borrow_methods()[[method]](c(direct(3, 8, 6, 30), settings))
    other <- borrow_methods()[[method]](c(direct(5, 8, 24, 30), settings))
    expect_equal(mean_by(one) + mean_by(other), 1, tolerance = 1e-9, info = method) # integrals to 1e-11
    expect_equal(one$weight, other$weight, tolerance = 1e-9, info = method)
  }
})

test_that("the normalised power prior's mean weight is the ratio of two integrals", {
  d <- direct(2, 6, 5, 25)
  kernel <- \(a0) beta(1 + 5 * a0 + 2, 1 + 20 * a0 + 4) / beta(1 + 5 * a0, 1 + 20 * a0)
  top <- stats::integrate(\(a0) a0 * kernel(a0), 0, 1, rel.tol = 1e-10)$value
  bottom <- stats::integrate(kernel, 0, 1, rel.tol = 1e-10)$value
  expect_equal(borrow_normalised_power(d)$weight, top / bottom, tolerance = 1e-9)
  # No controls: the prior of a0 is uniform and nothing moves it.
  expect_equal(borrow_normalised_power(direct(0, 0, 5, 25))$weight, 0.5, tolerance = 1e-10)
})

test_that("LEAP is a double sum over which historical patients are exchangeable", {
  y <- 2
  n <- 5
  y0 <- 2
  n0 <- 6
  total <- 0
  first <- 0
  for (i in 0:y0) {
    for (j in 0:(n0 - y0)) {
      # g, q and p with uniform priors integrated out: three beta functions.
      w <- choose(y0, i) * choose(n0 - y0, j) * beta(i + j + 1, n0 - i - j + 1) *
        beta(y0 - i + 1, n0 - y0 - j + 1) * beta(1 + i + y, 1 + j + n - y)
      total <- total + w
      first <- first + w * (1 + i + y) / (2 + i + j + n)
    }
  }
  expect_equal(mean_by(borrow_leap(direct(y, n, y0, n0))), first / total, tolerance = 1e-12)
})

test_that("LEAP by brute force: the integral over exchangeable share, p and q on a grid", {
  x <- (seq_len(60) - 0.5) / 60
  grid <- expand.grid(p = x, q = x, g = x)
  history <- grid$g * grid$p + (1 - grid$g) * grid$q
  weight <- stats::dbinom(1, 4, grid$p) * stats::dbinom(3, 9, history)
  # A midpoint rule of 60 panels on a smooth function: an error of about 1e-4.
  expect_equal(mean_by(borrow_leap(direct(1, 4, 3, 9))), sum(weight * grid$p) / sum(weight), tolerance = 5e-4)
})

test_that("the SAM weight is by hand, and falls as controls leave the history", {
  ratio <- max(stats::dbinom(1, 4, 32 / 187 + 0.2), stats::dbinom(1, 4, 0.01)) / stats::dbinom(1, 4, 32 / 187)
  expect_equal(borrow_sam(direct(1, 4, 32, 187, delta = 0.2))$weight, 1 / (1 + ratio), tolerance = 1e-13)
  weights <- vapply(c(4, 8, 12, 16, 20), \(y) borrow_sam(direct(y, 20, 40, 200, delta = 0.15))$weight, 0)
  expect_true(all(diff(weights) < 0))
})

test_that("the elastic weight is 0.99 at T = 0.5, 0.01 at T = 2, 1 at agreement and falls between", {
  expect_equal(c(elastic_weight(0.5), elastic_weight(2)), c(0.99, 0.01), tolerance = 1e-12)
  expect_identical(elastic_weight(0), 1)
  expect_equal(elastic_weight(1), 0.5, tolerance = 1e-12) # the middle of ln 0.5 and ln 2
  expect_true(all(diff(vapply(c(0.1, 0.4, 0.9, 1.4, 3), elastic_weight, 0)) < 0))
  expect_identical(borrow_elastic(direct(5, 20, 50, 200))$weight, 1)
})

test_that("the customary normal approximation of the commensurate prior runs between its limits", {
  near <- \(eta) commensurate_normal(direct(1, 4, 32, 187, tau = prior_fixed(eta)))
  alone <- log(1 / 3)
  pooled <- stats::weighted.mean(c(alone, log(32 / 155)), c(3 / 4, 1 / (1 / 32 + 1 / 155)))
  expect_equal(near(1e-6), pooled, tolerance = 1e-9)
  expect_equal(near(1e4), alone, tolerance = 1e-6) # the history's precision is 1e-8 there
  expect_true(all(diff(vapply(c(0.1, 0.5, 1, 3), near, 0)) > 0))
  expect_identical(commensurate_normal(direct(0, 4, 32, 187, tau = prior_fixed(0.5))), NA_real_)
  expect_identical(commensurate_normal(direct(1, 4, 32, 187, tau = prior_half_normal(0.5))), NA_real_)
})

test_that("a robust MAP lies between the MAP and the controls alone, by its weight", {
  x <- borrowed(c("map", "robust_map"))
  w <- row_of(x, "weight", "robust_map")
  mixed <- w * row_of(x, "rate", "map") + (1 - w) * row_of(x, "rate", "none")
  expect_equal(row_of(x, "rate", "robust_map"), mixed, tolerance = 1e-9) # MAP routes agree to 1e-9
  expect_equal(row_of(x, "weight", "map"), 1, tolerance = 1e-12)
  weights <- vapply(c(0.05, 0.5, 0.95), \(v) row_of(borrowed("robust_map", vague = v), "weight", "robust_map"), 0)
  expect_true(all(diff(weights) < 0))
})

test_that("without concurrent controls it is refused, and the words say why and what else", {
  refused <- \(...) expect_error(borrow(...), class = "cordgain_no_concurrent_controls")
  expect_match(conditionMessage(refused()), "no control arm")
  expect_match(conditionMessage(refused(NULL, history())), "no control arm")
  expect_match(conditionMessage(refused(history(), history())), "trial_arm")
  treated <- conditionMessage(refused(plain_arm(), history()))
  for (words in c("treated", "shrunk", "tipping")) expect_match(treated, words)
})

test_that("settings out of range or absent are refused by name", {
  invalid(borrowed("power"), "no default")
  invalid(borrowed("power", a0 = 1.5), "a0")
  invalid(borrowed("sam"), "delta")
  invalid(borrowed("sam", delta = 0), "delta")
  invalid(borrowed("commensurate"), "tau")
  invalid(borrowed("commensurate", tau = prior_exponential(1)), "tau")
  invalid(borrowed("robust_map", vague = 1), "vague")
  invalid(borrowed("bayes"), "method")
  invalid(borrowed("power", a0 = 0.5, conf.level = 0), "conf.level")
  invalid(borrowed("leap", y0 = 2500, n0 = 5000), "at most 2000")
  invalid(borrow(plain_arm(role = "control")), "sources")
  open <- plain_arm(responders = 1, missing = 1, role = "control")
  invalid(borrow(open, history(), "power", a0 = 1, accept = every_difference), "must be known")
  invalid(borrow(plain_arm(role = "control"), natural_rate(prior_beta(4, 20)), "power", a0 = 1,
    accept = every_difference), "table of sources")
})

test_that("what was laid on a natural rate is not lost in silence by methods that pool the counts", {
  arm <- plain_arm(responders = 1, n = 4, role = "control")
  ask <- \(natural, method, ...) borrow(arm, natural, method, accept = every_difference, ...)
  biased <- natural_rate(history(), bias = prior_normal(log(2), 0.5))
  drifted <- natural_rate(history(), drift = drift(0.05, reference_year = 2014))
  invalid(ask(biased, "power", a0 = 1), "bias")
  invalid(ask(biased, c("map", "leap")), "bias")
  invalid(ask(drifted, "elastic"), "drift")
  expect_gt(row_of(ask(biased, "map"), "rate", "map"), row_of(ask(history(), "map"), "rate", "map"))
  # No data can be weighed against a rate that is known.
  invalid(ask(natural_rate(0.2), "robust_map"), "taken as known")
  invalid(ask(natural_rate(0.2), "map"), "taken as known")
})

test_that("no method, a negative SD and a history of one kind are refused with the number that was given", {
  invalid(borrowed(NULL), "names no method")
  invalid(borrowed(character()), "names no method")
  invalid(borrowed("commensurate", tau = prior_fixed(-1)), "It is -1")
  invalid(borrowed("commensurate", y0 = 0, tau = prior_fixed(1)), "It has 0 of 187")
  invalid(borrowed("commensurate", y0 = 187, tau = prior_half_normal(1)), "It has 187 of 187")
})

test_that("the normalised power prior of a registry of any length is the ratio of two sums over a0", {
  sum_by_hand <- \(y, n, y0, n0) {
    a0 <- exp(seq(log(1e-13), 0, length.out = 4e5)) # the trapezoidal rule in log a0
    log_w <- lbeta(1 + a0 * y0 + y, 1 + a0 * (n0 - y0) + n - y) - lbeta(1 + a0 * y0, 1 + a0 * (n0 - y0))
    w <- a0 * exp(log_w - max(log_w))
    w[c(1, length(w))] <- w[c(1, length(w))] / 2
    c(weight = sum(w * a0), rate = sum(w * (1 + a0 * y0 + y) / (2 + a0 * n0 + n))) / sum(w)
  }
  for (k in list(c(1, 4, 32000, 187000), c(4, 4, 32000, 187000), c(40, 40, 500, 10000), c(0, 10, 0, 1000000))) {
    made <- borrow_normalised_power(direct(k[1], k[2], k[3], k[4]))
    expected <- sum_by_hand(k[1], k[2], k[3], k[4])
    expect_lt(abs(made$weight - expected[["weight"]]), 1e-8)
    expect_lt(abs(made$posterior$mean - expected[["rate"]]), 1e-8)
  }
})

test_that("a limit nearer to 0 or 1 than can be told is that end", {
  # The 2.5 % point of Be(1e-4, 4) is .025^(1e4) to first order, which is no number but 0.
  made <- borrowed("power", y = 0, y0 = 0, a0 = 0.5, prior = prior_beta(1e-4, 1e-4))
  expect_identical(row_of(made, "rate", "none", "conf.low"), 0)
  made <- borrowed("power", y = 4, y0 = 187, a0 = 0.5, prior = prior_beta(1e-4, 1e-4))
  expect_identical(row_of(made, "rate", "power", "conf.high"), 1)
  # 1 - (1 - p)^4 = .9 for Be(1, 4)
  expect_equal(rate_limit(\(p) stats::pbeta(p, 1, 4), 0.9), 1 - 0.1^(1 / 4), tolerance = 1e-9)
})

test_that("print and picture hold a line for each method and for the controls alone", {
  x <- borrowed(c("power", "elastic"), a0 = 0.5)
  said <- capture.output(print(x))
  expect_match(paste(said, collapse = " "), "(1 of 4)", fixed = TRUE)
  expect_match(paste(said, collapse = " "), "(32 of 187)", fixed = TRUE)
  expect_match(paste(said, collapse = " "), "0.5 (a0)", fixed = TRUE)
  skip_if_not_installed("ggplot2")
  picture <- plot(x)
  expect_identical(layer_geoms(picture), c("GeomLinerange", "GeomPoint"))
  expect_equal(sort(built(picture, 2)$x), sort(tidy(x)$estimate[tidy(x)$term == "rate"]))
})
