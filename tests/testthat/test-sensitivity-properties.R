# Sensitivity, power-scaling and prior check: by hand where the natural rate is known or a beta.

beta_answer <- \(y = 2, n = 4, ...) excess_of(natural_rate(prior_beta(8, 56)), y, n, ...)

late_answer <- local({
  made <- NULL
  \() {
    if (is.null(made)) made <<- excess_of(natural_rate(late_registries(), tau = prior_half_normal(0.5)))
    made
  }
})

table_of <- \(x) as.data.frame(x)

# Tail of a beta-binomial: y or more of n.
beta_tail <- \(y, n, a, b) sum(choose(n, y:n) * beta(a + y:n, b + n - y:n)) / beta(a, b)

test_that("every combination of choices has its row, and the own one is marked once", {
  x <- sensitivity(late_answer())
  choice <- table_of(x)[table_of(x)$analysis == "choice", ]
  expect_identical(nrow(choice), 2L * 3L)
  expect_identical(anyDuplicated(choice[c("evidence", "tau", "bias", "landmark", "drift")]), 0L)
  own <- table_of(x)[table_of(x)$own, ]
  expect_identical(nrow(own), 1L)
  expect_equal(own$natural_tail, term_value(late_answer(), "natural_tail"), tolerance = 1e-9)
  expect_equal(own$prob_benefit, term_value(late_answer(), "prob_benefit"), tolerance = 1e-7)
  # A doubled natural odds raises the tail, a wider tau too at a rate this low.
  at <- \(bias, tau) choice$natural_tail[choice$bias == bias & choice$tau == tau]
  biases <- unique(choice$bias)
  taus <- unique(choice$tau)
  expect_gt(at(biases[3], taus[1]), at(biases[1], taus[1]))
  expect_gt(at(biases[1], taus[2]), at(biases[1], taus[1]))
  long <- tidy(x)
  expect_identical(nrow(long), nrow(table_of(x)) * length(sensitivity_terms))
  expect_setequal(unique(long$term), sensitivity_terms)
})

test_that("left out: one source each, and one patient of either kind", {
  x <- sensitivity(late_answer(), bias = list(NULL), tau = list(prior_half_normal(0.5)))
  rows <- table_of(x)
  sources <- rows[rows$analysis == "one source left out", ]
  expect_identical(nrow(sources), 2L)
  alone <- excess_of(natural_rate(late_registries()[2, ], tau = prior_half_normal(0.5)))
  expect_equal(sources$natural_tail[1], term_value(alone, "natural_tail"), tolerance = 1e-9)
  patients <- rows[rows$analysis == "one patient left out", ]
  expect_equal(patients$n, c(3, 3))
  expect_equal(patients$responders, c(1, 2))
  expect_match(paste(capture.output(print(x)), collapse = " "), "With one left out", fixed = TRUE)
})

test_that("evidence that is a beta is not varied in tau, and its tail is a beta-binomial sum", {
  x <- sensitivity(beta_answer(), natural = list(vague = natural_rate(prior_beta(1, 1))), bias = list(NULL))
  rows <- table_of(x)[table_of(x)$analysis == "choice", ]
  expect_identical(unique(rows$tau), "not varied")
  expect_closed(rows$natural_tail[rows$evidence != "vague"], beta_tail(2, 4, 8, 56))
  expect_closed(rows$natural_tail[rows$evidence == "vague"], 3 / 5)
})

test_that("choices of the wrong kind are refused by name", {
  e <- beta_answer()
  invalid(sensitivity(), "not given")
  invalid(sensitivity(3), "must be an excess")
  invalid(sensitivity(e, tau = prior_half_normal(1)), "list of choices")
  invalid(sensitivity(e, bias = list()), "list of choices")
  invalid(sensitivity(e, bias = list(0.5)), "bias")
  invalid(sensitivity(e, landmark = list(3)), "landmark")
  invalid(sensitivity(e, natural = late_registries()), "named list")
  invalid(sensitivity(e, natural = list(natural_rate(0.2))), "needs a name")
  invalid(sensitivity(e, natural = list(two = 2)), "two")
})

test_that("the derivative by power is ln 2 times a covariance: a normal prior by hand", {
  # Posterior N(m, s^2), log prior -x^2 / 2: Cov(x, -x^2 / 2) = -m s^2.
  x <- seq(-8, 10, by = 0.01)
  mass <- stats::dnorm(x, 1, 1.5)
  expect_equal(power_derivative(mass, x, -x^2 / 2), -log(2) * 1 * 1.5^2, tolerance = 1e-5) # cut at six SDs
  expect_lt(abs(power_derivative(mass, x, rep(3, length(x)))), 1e-12)
})

test_that("the distance of distributions is 0 for the same, symmetric, and 1 at most", {
  p <- \(x) stats::pbeta(x, 2, 5)
  q <- \(x) stats::pbeta(x, 5, 2)
  expect_lt(cjs_distance(p, p), 1e-8)
  expect_equal(cjs_distance(p, q), cjs_distance(q, p), tolerance = 1e-8) # integrate() to 1e-9
  near <- cjs_distance(p, \(x) stats::pbeta(x, 2, 4))
  expect_lt(near, cjs_distance(p, q))
  # Point masses at both ends: nothing in common.
  expect_equal(cjs_distance(\(x) rep(1, length(x)), \(x) rep(0, length(x))), 1, tolerance = 1e-6)
})

test_that("what is flat cannot be scaled: neither a uniform prior nor no data has a sensitivity", {
  # Distances of equal distributions, to the rounding of a square root of 1e-16 over the step of 0.0144 doublings.
  expect_lt(beta_power_sensitivity(1, 1, 2, 4)[["prior"]], 1e-6)
  expect_lt(beta_power_sensitivity(8, 56, 0, 0)[["likelihood"]], 1e-6)
  # The more patients agree with it, the less a prior matters.
  priors <- vapply(c(8, 80, 800), \(n) beta_power_sensitivity(8, 56, n / 8, n)[["prior"]], 0)
  expect_true(all(diff(priors) < 0))
})

test_that("the verdict is a flag by the rule of 0.05 on either", {
  say <- \(p, l) power_verdict(data.frame(component = c("prior", "likelihood"), sensitivity = c(p, l)))
  expect_match(say(0.1, 0.1), "Conflict flag")
  expect_match(say(0.1, 0.01), "mostly the prior")
  expect_match(say(0.01, 0.1), "No flag: the outcomes")
  expect_match(say(0.01, 0.01), "No flag: small changes")
})

# Prior check ------------------------------------------------------------------------------

test_that("a beta natural rate is worth a + b patients, and the ledger says so", {
  rows <- tidy(prior_check(beta_answer()))
  at <- \(term) rows$estimate[rows$term == term]
  expect_equal(at("ess_moment"), 64, tolerance = 1e-6) # a moment ratio by quadrature
  expect_equal(at("ledger_source"), 64, tolerance = 1e-6)
  expect_identical(at("ledger_treated"), 4)
  # The prior N(0, 1) of a log odds ratio, in patients of rate 1 / 8.
  expect_equal(at("ledger_prior_effect"), 1 / (1 / 8 * 7 / 8), tolerance = 1e-9)
})

test_that("the surprise is the mass of counts no more probable than the one seen", {
  pmf <- choose(4, 0:4) * beta(8 + 0:4, 56 + 4:0) / beta(8, 56)
  for (y in c(0, 2, 4)) {
    rows <- tidy(prior_check(beta_answer(y)))
    expect_equal(rows$estimate[rows$term == "surprise"], sum(pmf[pmf <= pmf[y + 1] * (1 + 1e-9)]), tolerance = 1e-8)
  }
})

test_that("probabilities of benefit before the first patient", {
  rows <- tidy(prior_check(beta_answer(effect = prior_normal(0.5, 2))))
  at <- \(term) rows$estimate[rows$term == term]
  expect_closed(at("prior_benefit"), stats::pnorm(0.25))
  # P(uniform > Be(8, 56)) is 1 minus its mean; Jeffreys by R's quadrature.
  expect_integral(at("prior_benefit_uniform"), 1 - 8 / 64)
  naive <- stats::integrate(\(p) stats::dbeta(p, 8, 56) * stats::pbeta(p, 0.5, 0.5, lower.tail = FALSE), 0, 1,
    rel.tol = 1e-11)$value
  expect_equal(at("prior_benefit_jeffreys"), naive, tolerance = 1e-8)
})

test_that("the ledger's shares of several sources and of the prior add up to the effective size", {
  rows <- tidy(prior_check(late_answer()))
  shares <- sum(rows$estimate[rows$term %in% c("ledger_source", "ledger_prior_mean")])
  expect_equal(shares, rows$estimate[rows$term == "ess_moment"], tolerance = 1e-9)
  sources <- rows[rows$term == "ledger_source", ]
  expect_gt(sources$estimate[2], sources$estimate[1]) # 187 patients against 161
  expect_identical(sources$note, c("161 patients", "187 patients"))
})

test_that("a prior's precision is 1 / variance, of a mixture with the spread of its means", {
  expect_equal(prior_precision(prior_normal(3, 2)), 1 / 4)
  expect_identical(prior_precision(prior_fixed(1)), Inf)
  mixed <- prior_mixture(c(0.5, 0.5), prior_normal(-1, 1), prior_normal(1, 1))
  expect_equal(prior_precision(mixed), 1 / 2, tolerance = 1e-14)
})

test_that("print, picture and refusals of a prior check", {
  x <- prior_check(beta_answer())
  said <- paste(capture.output(print(x)), collapse = " ")
  for (words in c("4 treated patients", "Surprise under no effect", "no reason to weaken the evidence")) {
    expect_match(gsub(" +", " ", said), words, fixed = TRUE)
  }
  known <- paste(capture.output(print(prior_check(excess_of(natural_rate(0.2))))), collapse = " ")
  expect_match(gsub(" +", " ", known), "not defined", fixed = TRUE)
  invalid(prior_check(), "not given")
  invalid(prior_check("x"), "must be an excess")
  skip_if_not_installed("ggplot2")
  picture <- plot(x)
  expect_identical(layer_geoms(picture), c("GeomCol", "GeomText"))
  expect_match(paste(built(picture, 2)$label, collapse = " "), "64")
})
