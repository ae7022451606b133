test_that("the second engine agrees with the independent checks by itself", {
  skip_on_cran() # long
  nodes <- second_nodes(second_components(reference_rate(0.5)))
  nature <- second_nature(nodes, 2, 4, usual_probs)
  expect_map(nature$estimate[nature$term == "natural_tail"], checks_value("C04"))
  treated <- second_treatment(nodes, 2, 4, prior_normal(0, 1), usual_probs)
  of <- \(term) treated$estimate[treated$term == term]
  expect_map(c(of("prob_benefit"), of("log_odds_shift")), c(checks_value("C28"), checks_value("C29")))
})

test_that("every kind of natural rate is certified to at least seven digits", {
  skip_on_cran() # long
  rates <- list(reference_rate(1, bias = prior_normal(log(2), 0.5)), natural_rate(late_registries(), mu = NULL),
    natural_rate(sources_of(32, 187), tau = prior_exponential(2)),
    natural_rate(prior_beta(8, 56)), natural_rate(prior_normal(-2, 0.7)), natural_rate(0.134, shared_sd = 0.5),
    natural_rate(0.134))
  for (natural in rates) {
    x <- certify(excess_of(natural))
    done <- tidy(x)[!is.na(tidy(x)$second), ]
    expect_true(all(done$agrees))
    expect_gte(min(done$digits), 6)
    expect_true(all(c("natural_tail", "prob_benefit", "bayes_factor", "excess_responders") %in% done$term))
  }
})

test_that("zero and all events, landmark and drift are certified too", {
  skip_on_cran() # long
  dated <- sources_of(c(0, 5, 12), c(20, 31, 40), years_from = c(1990, 2000, 2010), years_to = c(1995, 2005, 2015))
  x <- certify(excess_of(natural_rate(dated, drift = drift(0.04))))
  expect_true(all(tidy(x)$agrees, na.rm = TRUE))
  expect_true(all(tidy(certify(excess_of(reference_rate(), responders = 0)))$agrees, na.rm = TRUE))
  expect_true(all(tidy(certify(excess_of(reference_rate(), responders = 4)))$agrees, na.rm = TRUE))
})

test_that("a wrong number does not pass: the certificate says which", {
  skip_on_cran() # long
  answer <- excess_of(natural_rate(prior_beta(8, 56)))
  answer$terms$estimate[answer$terms$term == "natural_tail"] <- 0.0842
  x <- certify(answer)
  expect_false(tidy(x)$agrees[tidy(x)$term == "natural_tail"])
  expect_match(paste(capture.output(print(x)), collapse = " "), "DO NOT AGREE: natural_tail")
})

test_that("every estimate of responders has a second road, and those of a known rate are sums by hand", {
  skip_on_cran() # long
  known <- certify(excess_of(natural_rate(0.193)))
  expect_false(anyNA(tidy(known)$second))
  expect_true(all(tidy(known)$agrees))
  second <- \(term) tidy(known)$second[tidy(known)$term == term & tidy(known)$part == "estimate"]
  expect_equal(second("rate_difference_above_zero"), stats::pbeta(0.193, 2.5, 2.5, lower.tail = FALSE),
    tolerance = 1e-14)
  # A uniform rate above 0.193 against 0.193: the integral of p^2 (1 - p)^2 over its likelihood there.
  above <- stats::integrate(\(p) p^2 * (1 - p)^2, 0.193, 1, rel.tol = 1e-12)$value / (1 - 0.193)
  expect_equal(second("e_value_one_sided"), above / (0.193^2 * 0.807^2), tolerance = 1e-12)
  # Known natural rate: the treated outcomes say nothing about it.
  expect_equal(second("excess_responders_joint"), 2 - 4 * 0.193, tolerance = 1e-12)
})

test_that("the checks' joint and comonotone excess come by the second road too (N04im, N04cm)", {
  skip_on_cran() # long
  treated <- second_treatment(second_nodes(second_components(reference_rate(0.5))), 2, 4, prior_normal(0, 1),
    usual_probs)
  natural <- \(term) 2 - treated$estimate[treated$term == term]
  expect_map(natural("excess_responders_joint"), checks_value("N04im"))
  expect_map(natural("excess_responders_comonotone"), checks_value("N04cm"))
})

test_that("a natural rate alone is certified, its ELIR size too, and the print names what has no second road", {
  x <- certify(natural_rate(prior_beta(8, 56)))
  expect_true(all(tidy(x)$agrees))
  size <- tidy(x)[tidy(x)$term == "ess_elir", ]
  expect_equal(size$second, 64, tolerance = 1e-9)
  expect_no_match(paste(capture.output(print(x)), collapse = " "), "Without a second road")
  x$terms$second[x$terms$term == "ess_elir"] <- NA
  expect_match(paste(capture.output(print(x)), collapse = " "), "Without a second road: ess_elir")
})

test_that("other things are refused", {
  expect_error(certify(3), class = "cordgain_invalid_input")
  expect_error(certify(), class = "cordgain_invalid_input")
  expect_error(certify(excess_of(reference_rate(), responders = c(1, 2))), class = "cordgain_invalid_input")
  expect_error(certify(natural_rate(c(0.1, 0.2))), class = "cordgain_invalid_input")
})
