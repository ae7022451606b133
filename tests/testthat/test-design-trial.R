at <- function(x, term) tidy(x)$estimate[tidy(x)$term == term]
single <- function(n, ...) design_trial(reference_rate(0.5), "single", n = n, ...)

test_that("a plugged-in rate has the true errors of the checks, averaged over the natural rate", {
  expected <- c("10" = 0.0459, "20" = 0.0646, "40" = 0.1105, "100" = 0.1604) # printed to four decimals
  for (n in names(expected)) {
    expect_lt(abs(at(single(as.numeric(n), rule = "plug_in"), "type_1_error") - expected[[n]]), 5e-5)
  }
})

test_that("critical values of 20 patients: predictive 8, plugged in 6, known .193 9, with a bias 13", {
  expect_identical(at(single(20), "critical"), 8)
  expect_lt(abs(at(single(20), "type_1_error") - 0.0186), 5e-5)
  expect_identical(at(single(20, rule = "plug_in"), "critical"), 6)
  known <- design_trial(natural_rate(0.193), "single", n = 20, rate = 0.5)
  expect_identical(at(known, "critical"), checks_value("H01"))
  expect_identical(at(single(20, bias = prior_normal(log(2), 0.5)), "critical"), 13)
})

test_that("with a bias allowance 4 to 12 patients need 4, 5, 5, 6, 6, 7, 7, 8, 8 responders", {
  critical <- vapply(4:12, \(n) at(single(n, bias = prior_normal(log(2), 0.5)), "critical"), 0)
  expect_identical(critical, c(4, 5, 5, 6, 6, 7, 7, 8, 8))
})

test_that("four patients at a known rate: critical value, error and power of the checks", {
  x <- design_trial(natural_rate(0.193), "single", n = 4, rate = 0.5)
  expect_identical(at(x, "critical"), checks_value("H05"))
  expect_closed(at(x, "type_1_error"), checks_value("H06"))
  expect_closed(at(x, "power"), checks_value("H07"))
})

test_that("the smallest single arm has the power asked for, and one fewer has not", {
  x <- design_trial(natural_rate(0.193), "single", rate = 0.5)
  n <- at(x, "n")
  expect_gte(at(x, "power"), 0.8)
  power_of <- \(m) {
    critical <- which(stats::pbinom(seq(-1, m - 1), m, 0.193, lower.tail = FALSE) <= 0.025)[1] - 1
    stats::pbinom(critical - 1, m, 0.5, lower.tail = FALSE)
  }
  expect_true(all(vapply(seq_len(n - 1), power_of, 0) < 0.8 | is.na(vapply(seq_len(n - 1), power_of, 0))))
  expect_equal(power_of(n), at(x, "power"), tolerance = 1e-12)
})

test_that("an uncertain natural rate can put a power out of reach, and that is said", {
  expect_error(design_trial(reference_rate(1), "single", rate = 0.16), "No single arm",
    class = "cordgain_invalid_input")
})

test_that("Boschloo's exact test needs 39 per arm for .5 against .193", {
  x <- design_trial(natural_rate(0.193), "randomised", rate = 0.5)
  expect_identical(at(x, "n"), 39)
  expect_gte(at(x, "power"), 0.8)
  expect_lte(at(x, "size"), 0.025)
  # Printed in the checks: 36.513 by the pooled z test, 22.11 for .5 against the predictive mean.
  expect_integral(pooled_z_size(0.5, 0.193, 0.025, 0.8), checks_value("H04"))
  expect_lt(abs(pooled_z_size(0.5, checks_value("C03"), 0.025, 0.8) - checks_value("N16n")), 1e-6)
})

test_that("the power of a randomised trial is the double sum over its tables", {
  x <- design_trial(natural_rate(0.2), "randomised", n = 12, n_control = 9, rate = 0.7)
  claims <- x$claims
  naive <- sum(outer(stats::dbinom(0:12, 12, 0.7), stats::dbinom(0:9, 9, 0.2))[claims])
  expect_closed(at(x, "power"), naive)
})

# Check A14 (Chen 2011): failures are counted there, 44/535 and 33/304 of the history; success where P(difference of
# failures < .041) is at least .95. In responders: those who did not fail, and a margin of -.041.
test_that("a fixed power prior with controls has the exact power and error of the check", {
  history <- sources_of(c(535 - 44, 304 - 33), c(535, 304))
  x <- design_trial(natural_rate(history, tau = prior_half_normal(0.5)), "hybrid", n = 750, n_control = 250,
    a0 = c(0.3, 0.3),
    margin = -0.041, alpha = 0.05, prior = prior_beta(1e-4, 1e-4))
  power <- core_region_probability(x$claims, 1 - 0.092, 1 - 0.092)
  error <- core_region_probability(x$claims, 1 - 0.133, 1 - 0.092)
  expect_map(power, 0.838355788)
  expect_map(error, 0.0294829763)
})

test_that("a calibrated threshold holds the error at every common rate, and the next smaller one does not", {
  x <- design_trial(reference_rate(), "hybrid", n = 10, n_control = 6, a0 = 0.02, calibrate = TRUE)
  expect_lte(at(x, "size"), 0.025)
  probability <- posterior_matrix(10, 6, power_history(x, NULL), x)
  below <- max(probability[probability < at(x, "threshold") - 1e-9])
  size <- core_region_size(probability >= below)
  expect_gt(size$value + size$bound, 0.025)
  plain <- design_trial(reference_rate(), "hybrid", n = 10, n_control = 6, a0 = 0.02)
  expect_gt(at(plain, "size"), 0.025) # borrowing without calibration does not keep it
})

# Check A20.
test_that("Simon's optimal and minimax designs for .05 against .25 agree with the published ones", {
  x <- design_trial(natural_rate(0.05), "two_stage", n = 25, rate = 0.25, alpha = 0.05)
  best <- x$boundary[1, ]
  expect_identical(c(best$r1, best$n1, best$r, best$n), c(0L, 9L, 2L, 17L))
  # Printed to 3 to 6 digits.
  expect_lt(abs(best$expected_n - 11.958), 5e-4)
  expect_lt(max(abs(c(best$stop_early, best$error, best$power) - c(0.630249, 0.046605, 0.812161))), 5e-7)
  least <- x$boundary[2, ]
  expect_identical(c(least$r1, least$n1, least$r, least$n), c(0L, 12L, 2L, 16L))
  expect_lt(abs(least$expected_n - 13.8386), 5e-5)
  expect_lt(max(abs(c(least$stop_early, least$error, least$power) - c(0.540360, 0.042678, 0.801280))), 5e-7)
  one <- design_trial(natural_rate(0.05), "single", n = 16, rate = 0.25, alpha = 0.05)
  expect_identical(at(one, "critical"), 3)
  expect_lt(abs(at(one, "type_1_error") - 0.042937853), 5e-10)
  expect_lt(abs(at(one, "power") - 0.80288895), 5e-9)
})

test_that("looks after every patient by the e-value keep the error, and the boundary is where the path says", {
  x <- design_trial(natural_rate(0.193), "sequential", n = 12, rate = 0.7)
  expect_lte(at(x, "type_1_error"), 0.025)
  # All 2^12 orders, one by one.
  orders <- as.matrix(expand.grid(rep(list(0:1), 12)))
  table <- x$first
  stops <- apply(orders, 1, \(o) any(cumsum(o) >= table, na.rm = TRUE))
  weight <- \(p) p^rowSums(orders) * (1 - p)^(12 - rowSums(orders))
  expect_closed(at(x, "type_1_error"), sum(weight(0.193)[stops]))
  expect_closed(at(x, "power"), sum(weight(0.7)[stops]))
  m <- x$boundary$patients[1]
  path <- e_value_path(rep(1, m), 0.193, one_sided = TRUE)
  expect_gte(path$estimate[m], 1 / 0.025)
})

test_that("one arm alone has no controls, a0 belongs to hybrid designs, known rates to looks on the way", {
  refused <- function(...) expect_error(design_trial(...), class = "cordgain_invalid_input")
  refused(natural_rate(0.2), "single", n = 10, n_control = 5)
  refused(natural_rate(0.2), "single", n = 10, a0 = 0.5)
  refused(natural_rate(0.2), "single")
  refused(natural_rate(0.2), "hybrid", n = 10, a0 = 0.5)
  refused(reference_rate(), "hybrid", n = 10, a0 = 0.5, bias = prior_fixed(0.3)) # its rule would not know of it
  refused(reference_rate(), "single", n = 10, aplha = 0.05)
  refused(reference_rate(), "hybrid", n = 10)
  refused(reference_rate(), "hybrid", n = 10, a0 = c(0.1, 0.2))
  refused(reference_rate(), "sequential", n = 10)
  refused(natural_rate(0.2), "two_stage")
  refused(natural_rate(0.2), "two_stage", n = 5, rate = 0.25)
  refused(natural_rate(0.5), "randomised", rate = 0.3)
  refused(3)
  refused()
})

test_that("every kind of design prints its rule in a sentence", {
  text <- \(x) paste(capture.output(print(x)), collapse = " ")
  expect_match(text(single(20)), "Success is claimed from 8 responders on")
  expect_match(text(single(3)), "from no number responders|from 3")
  expect_match(text(design_trial(natural_rate(0.2), "randomised", n = 8)), "Boschloo")
  expect_match(text(design_trial(natural_rate(0.2), "sequential", n = 8)), "look after every patient")
  expect_match(text(design_trial(reference_rate(), "hybrid", n = 8, a0 = 0.01)), "Hybrid")
})

test_that("what belongs to another type of trial is refused, not left unused", {
  refused <- \(pattern, type, ...) expect_error(design_trial(natural_rate(0.2), type, n = 10, ...), pattern,
    class = "cordgain_invalid_input")
  refused("margin", "single", margin = 0.1)
  refused("calibrate", "randomised", calibrate = TRUE)
  refused("prior", "sequential", prior = prior_beta(1, 1))
  refused("rule", "randomised", rule = "plug_in")
  expect_s3_class(design_trial(natural_rate(0.2), "single", n = 10, rule = "plug_in"), "trial_design")
})

test_that("two stages need two patients and are sought for at most 100, never for fewer than asked in silence", {
  sought <- \(n) design_trial(natural_rate(0.2), "two_stage", n = n, rate = 0.5)
  expect_error(sought(1), "2 to 100", class = "cordgain_invalid_input")
  expect_error(sought(101), "101", class = "cordgain_invalid_input")
  expect_error(sought(2), "No two-stage design", class = "cordgain_invalid_input")
})

test_that("a look after every patient that can never succeed is said in words", {
  # .8^-1 to (1 - .2^4) / (3.2 .2^3): at most 39 < 1 / .025 after three responders of three
  said <- paste(capture.output(print(design_trial(natural_rate(0.2), "sequential", n = 3))), collapse = " ")
  expect_match(said, "no outcome is a success")
  expect_lt((1 - 0.2^4) / (4 * 0.8 * 0.2^3), 40)
})
