# excess() of responders: every term against the checks, symmetry, bounds.

value <- function(x, term, column = "estimate") {
  rows <- tidy(x)
  rows[[column]][rows$term == term]
}

reference_excess <- function(...) excess_of(reference_rate(), ...)

test_that("the headline of two of four is that of the checks", {
  x <- reference_excess()
  expect_map(value(x, "natural_tail"), checks_value("C04"))
  expect_map(value(x, "natural_responders"), checks_value("I12"))
  expect_map(value(x, "excess_responders"), checks_value("C20"))
  expect_map(value(x, "natural_below_observed"), 1 - checks_value("C04"))
  expect_map(x$scenarios[[1]]$satt$probability[1:2], c(checks_value("C18"), checks_value("C19")))
  # Interval: smallest k with P(SATT <= k) >= .025 ...: [0, 2], as section 12 states.
  expect_identical(c(value(x, "excess_responders", "conf.low"), value(x, "excess_responders", "conf.high")), c(0, 2))
})

test_that("a known rate gives the exact tail and mid-p of the checks", {
  x <- excess_of(natural_rate(0.193))
  expect_closed(value(x, "natural_tail"), checks_value("A01"))
  expect_closed(value(x, "natural_tail_midp"), checks_value("A02"))
  expect_identical(value(x, "natural_tail", "num.kind"), "exact")
})

test_that("the five limits of the rate are those of the checks", {
  x <- excess_of(natural_rate(0.193))
  expect_closed(value(x, "rate_clopper_pearson", "conf.low"), checks_value("A08"))
  expect_closed(value(x, "rate_clopper_pearson", "conf.high"), checks_value("A09"))
  expect_closed(value(x, "rate_jeffreys", "conf.low"), checks_value("A11"))
  expect_closed(value(x, "rate_blaker", "conf.low"), checks_value("A12"))
  expect_closed(value(x, "rate_wilson", "conf.low"), checks_value("A13"))
  one_sided <- excess_of(natural_rate(0.193), conf.level = 0.9)
  expect_closed(value(one_sided, "rate_clopper_pearson", "conf.low"), checks_value("A10"))
  small <- excess_of(natural_rate(0.193), responders = 9, n = 32)
  expect_closed(value(small, "rate_clopper_pearson", "conf.low"), checks_value("N10ci"))
  expect_closed(value(small, "rate_clopper_pearson", "conf.high"), checks_value("N10cj"))
})

test_that("Wald and chi-square limits and the rule of three are not among the terms (refusal 14)", {
  expect_false(any(grepl("wald|chi|three", tidy(reference_excess())$term)))
})

test_that("the sceptical posterior is that of the checks", {
  x <- reference_excess()
  expect_map(value(x, "prob_benefit"), checks_value("C28"))
  expect_map(value(x, "log_odds_shift"), checks_value("C29"))
  expect_map(value(x, "bayes_factor"), checks_value("N03B1"))
  expect_map(value(reference_excess(effect = prior_normal(log(4), 1)), "prob_benefit"), checks_value("C29e"))
  biased <- excess_of(reference_rate(bias = prior_normal(log(2), 0.5)))
  expect_map(value(biased, "prob_benefit"), checks_value("C29s"))
  # This row of the checks carries 5e-9 of its own (its two routes differ by that).
  expect_map(value(x, "bayes_factor"), checks_value("C29b"))
})

test_that("the prior SD that the checks ask for brings P(benefit) to 0.90", {
  x <- reference_excess(effect = prior_normal(0, checks_value("I10")))
  expect_map(value(x, "prob_benefit"), 0.9)
})

test_that("half of the prior mass on no effect, for four prior SDs, is that of the checks", {
  for (sd in c("0.25", "0.5", "1", "2")) {
    x <- reference_excess(effect = prior_normal(0, as.numeric(sd)))
    expect_map(value(x, "prob_benefit"), checks_value(paste0("N03P", sd)))
    expect_map(value(x, "bayes_factor"), checks_value(paste0("N03B", sd)))
    expect_map(value(x, "prob_benefit_half_null"), checks_value(paste0("N03S", sd)))
  }
})

test_that("the joint and the comonotone reading of the natural responders are those of the checks", {
  x <- reference_excess()
  satt <- x$scenarios[[1]]$satt
  expect_map(satt$probability_joint, vapply(paste0("N04i", 0:4), checks_value, 0))
  expect_map(satt$probability_comonotone, vapply(paste0("N04c", 0:4), checks_value, 0))
  expect_map(value(x, "excess_responders_joint"), 2 - checks_value("N04im"))
  expect_map(value(x, "excess_responders_comonotone"), 2 - checks_value("N04cm"))
  expect_map(sum(satt$probability_joint[3:5]), checks_value("N04it"))
  expect_map(sum(satt$probability_comonotone[satt$excess > 0]), checks_value("N04cs"))
})

test_that("the comonotone reading for unequal patients agrees with a naive sum over all 16 outcomes", {
  rates <- c(.1, .1, .3, .3)
  x <- excess_of(natural_rate(rates), effect = prior_normal(0.3, 0.8))
  at <- \(delta) {
    p1 <- stats::plogis(stats::qlogis(rates) + delta)
    low <- pmin(rates, p1)
    pmf <- matrix(0, 5, 5)
    pmf[1, 1] <- 1
    for (i in 1:4) {
      both <- low[i]
      treated <- p1[i] - both
      natural <- rates[i] - both
      none <- 1 - both - treated - natural
      new <- none * pmf
      new[-1, -1] <- new[-1, -1] + both * pmf[-5, -5]
      new[-1, ] <- new[-1, ] + treated * pmf[-5, ]
      new[, -1] <- new[, -1] + natural * pmf[, -5]
      pmf <- new
    }
    pmf[3, ]
  }
  moment <- \(k) {
    f <- \(d) vapply(d, \(v) at(v)[k] * stats::dnorm(v, 0.3, 0.8), 0)
    stats::integrate(f, -8, 0, rel.tol = 1e-10)$value + stats::integrate(f, 0, 8, rel.tol = 1e-10)$value
  }
  naive <- vapply(1:5, moment, 0)
  expect_integral(x$scenarios[[1]]$satt$probability_comonotone, naive / sum(naive))
})

test_that("the posterior of the shift under a mixture of normals is that of its integral", {
  effect <- prior_mixture(c(0.4, 0.6), prior_normal(-0.5, 0.3), prior_normal(1, 1.5))
  x <- excess_of(natural_rate(0.15), effect = effect)
  density <- \(d) 0.4 * stats::dnorm(d, -0.5, 0.3) + 0.6 * stats::dnorm(d, 1, 1.5)
  f <- \(d) density(d) * stats::dbinom(2, 4, stats::plogis(stats::qlogis(0.15) + d))
  over <- \(g, a = -15, b = 15) stats::integrate(g, a, b, rel.tol = 1e-11, subdivisions = 2000L)$value
  expect_integral(value(x, "prob_benefit"), over(f, 0) / over(f))
  expect_integral(value(x, "log_odds_shift"), over(\(d) d * f(d)) / over(f))
  expect_integral(value(x, "bayes_factor"), over(f) / stats::dbinom(2, 4, 0.15))
  # The ends of the interval cut off 2.5 % on each side.
  low <- value(x, "log_odds_shift", "conf.low")
  high <- value(x, "log_odds_shift", "conf.high")
  expect_lt(abs(over(f, -15, low) / over(f) - 0.025), 1e-8)
  expect_lt(abs(over(f, high) / over(f) - 0.025), 1e-8)
})

test_that("the difference of rates against a pooled beta is that of the checks", {
  x <- excess_of(natural_rate(prior_beta(93.5, 790.5)), margin = 0.2)
  expect_integral(value(x, "rate_difference_above_zero"), checks_value("B06"))
  expect_closed(value(x, "rate_difference"), checks_value("B07"))
  expect_integral(value(x, "rate_difference_above_margin"), checks_value("B08"))
  expect_integral(value(x, "rate_difference", "conf.low"), checks_value("B09"))
  expect_integral(value(x, "rate_difference", "conf.high"), checks_value("B10"))
})

test_that("P(p1 > p0) in closed form and under the MAP is that of the checks", {
  rates <- cordgain:::patient_rates(natural_rate(prior_beta(94, 791)), 4)
  expect_integral(cordgain:::core_rate_difference(rates$fine, 3, 3, 0.5, 0)$above_zero, checks_value("B11"))
  expect_map(value(reference_excess(), "rate_difference_above_zero"), checks_value("C05"))
  expect_map(value(excess_of(reference_rate(1)), "rate_difference_above_zero"), checks_value("C06"))
  biased <- excess_of(reference_rate(bias = prior_normal(log(2), 0.5)))
  expect_map(value(biased, "rate_difference_above_zero"), checks_value("C09"))
  # What flat priors on the treated rate say before any patient.
  before <- cordgain:::patient_rates(reference_rate(), 4)$fine
  expect_map(cordgain:::core_rate_difference(before, 0.5, 0.5, 0.5, 0)$above_zero, checks_value("C30"))
  expect_map(cordgain:::core_rate_difference(before, 1, 1, 0.5, 0)$above_zero, checks_value("C31"))
})

test_that("quantiles of the difference near its corners cut off what they should", {
  # 0 and 4 of 4 against rates near 0, near 1 and U-shaped: naive double integral of the distribution function.
  for (case in list(c(0, 2, 300), c(4, 300, 2), c(4, 0.7, 0.6), c(0, 0.7, 0.6), c(2, 1, 1))) {
    x <- excess_of(natural_rate(prior_beta(case[2], case[3])), responders = case[1])
    cdf <- \(d) {
      f <- \(u) stats::pbeta(stats::qbeta(u, case[2], case[3]) + d, case[1] + 0.5, 4.5 - case[1])
      pieces <- c(0, stats::pbeta(pmin(pmax(c(-d, 1 - d), 0), 1), case[2], case[3]), 1)
      pieces <- sort(unique(pieces))
      sum(vapply(seq_along(pieces)[-1], \(i) {
        stats::integrate(f, pieces[i - 1], pieces[i], rel.tol = 1e-9, subdivisions = 5000L, stop.on.error = FALSE)$value
      }, 0))
    }
    # integrate() itself is good to about 1e-7 at the square-root ends.
    expect_lt(abs(cdf(value(x, "rate_difference", "conf.low")) - 0.025), 1e-6)
    expect_lt(abs(cdf(value(x, "rate_difference", "conf.high")) - 0.975), 1e-6)
  }
})

test_that("Bayes factors and e-values are those of the checks", {
  x <- excess_of(natural_rate(0.193))
  expect_closed(value(x, "e_value"), checks_value("B12"))
  expect_closed(value(x, "e_value"), checks_value("H08"))
  expect_closed(value(x, "e_value_one_sided"), checks_value("B13"))
  expect_integral(value(excess_of(natural_rate(prior_beta(93.5, 790.5))), "e_value"), checks_value("B14"))
})

test_that("the one-sided e-value under an uncertain rate is its double integral", {
  x <- excess_of(natural_rate(prior_beta(8, 56)))
  f <- \(p) vapply(p, \(q) stats::integrate(\(r) stats::dbinom(2, 4, r), q, 1, rel.tol = 1e-11)$value / (1 - q), 0) *
    stats::dbeta(p, 8, 56)
  above <- stats::integrate(f, 0, 0.9, rel.tol = 1e-10)$value
  null <- stats::integrate(\(p) stats::dbinom(2, 4, p) * stats::dbeta(p, 8, 56), 0, 1, rel.tol = 1e-11)$value
  expect_integral(value(x, "e_value_one_sided"), above / null)
})

test_that("with a control group the exact tests are those of the checks", {
  x <- excess_of(natural_rate(0.193), control = plain_arm(responders = 32, n = 187, role = "control"))
  expect_closed(value(x, "fisher"), checks_value("B15"))
  # The suprema of the checks were found to their last printed digit.
  expect_lt(abs(value(x, "barnard") - checks_value("B16")), 1e-9)
  expect_lt(abs(value(x, "boschloo") - checks_value("B17")), 1e-9)
})

test_that("counts that are known as one of several give bounds (ais_any: 2 to 4)", {
  any_grade <- natural_rate(sources_of(c(74, 6, 42, 52), c(482, 53, 161, 187)), tau = prior_half_normal(0.5))
  x <- excess(plain_arm(responders = c(2, 4)), any_grade, accept = every_difference)
  expect_true(is.na(value(x, "natural_tail")))
  expect_map(value(x, "natural_tail", "conf.low"), checks_value("N05.4"))
  expect_map(value(x, "natural_tail", "conf.high"), checks_value("N05.2"))
})

test_that("missing outcomes give bounds, never fewer patients (refusal 25)", {
  x <- excess(plain_arm(responders = 1, missing = 1), natural_rate(0.2), accept = every_difference)
  expect_closed(value(x, "natural_tail", "conf.high"), stats::pbinom(0, 4, 0.2, lower.tail = FALSE))
  expect_closed(value(x, "natural_tail", "conf.low"), stats::pbinom(1, 4, 0.2, lower.tail = FALSE))
})

test_that("the mirror image: failures for responders, with the signs turned", {
  x <- excess_of(natural_rate(prior_beta(8, 20)), responders = 3, effect = prior_normal(0.4, 0.7))
  turned <- excess_of(natural_rate(prior_beta(20, 8)), responders = 1, effect = prior_normal(-0.4, 0.7))
  expect_integral(value(x, "log_odds_shift"), -value(turned, "log_odds_shift"))
  expect_integral(value(x, "prob_benefit"), 1 - value(turned, "prob_benefit"))
  expect_integral(value(x, "rate_difference"), -value(turned, "rate_difference"))
  expect_integral(value(x, "bayes_factor"), value(turned, "bayes_factor"))
  expect_integral(value(x, "natural_responders"), 4 - value(turned, "natural_responders"))
})

test_that("at a known rate P(benefit) rises with y and falls with the natural rate; no prior width, no benefit", {
  benefit <- vapply(0:4, \(y) value(excess_of(natural_rate(0.2), responders = y), "prob_benefit"), 0)
  expect_true(all(diff(benefit) > 0))
  benefit <- vapply(c(0.05, 0.2, 0.6), \(p) value(excess_of(natural_rate(p)), "prob_benefit"), 0)
  expect_true(all(diff(benefit) < 0))
  expect_lt(abs(value(excess_of(natural_rate(0.2), effect = prior_normal(0, 1e-4)), "log_odds_shift")), 1e-7)
})

test_that("the order of patients does not matter", {
  a <- tidy(excess_of(natural_rate(c(.1, .3, .2, .2))))
  b <- tidy(excess_of(natural_rate(c(.2, .1, .2, .3))))
  expect_lt(max(abs(a$estimate - b$estimate)), 1e-12)
})

test_that("every number has an error below 1e-6 for 0 to n responders, one to 60 patients", {
  for (case in list(c(0, 1), c(1, 1), c(0, 4), c(4, 4), c(13, 60), c(0, 60), c(60, 60))) {
    rows <- tidy(excess_of(reference_rate(1), responders = case[1], n = case[2]))
    big <- rows$term %in% c("bayes_factor", "e_value", "e_value_one_sided")
    expect_lt(max(rows$num.error[!big]), 1e-6)
    expect_true(all(rows$num.error[big] <= 1e-6 * pmax(1, rows$estimate[big])))
    expect_false(anyNA(rows$estimate))
  }
})

# Large arms ------------------------------------------------------------------------------

# Natural rates from 1 to 12 random sources, ordinary and extreme.
random_natural <- function(seed) {
  withr::local_seed(seed)
  k <- sample(12, 1)
  n <- round(exp(stats::runif(k, log(5), log(2000))))
  rate <- stats::plogis(stats::rnorm(k, stats::runif(1, -5, 5), stats::runif(1, 0, 1.2)))
  natural_rate(sources_of(stats::rbinom(k, n, rate), n))
}

test_that("of 100 to 1,000 patients every count has an answer whose terms keep 1e-6, or say why they are not known", {
  skip_on_cran() # long
  # What nature leaves possible must be known; ratios to what it hardly does may be NA.
  ratios <- c("bayes_factor", "e_value", "e_value_one_sided", "prob_benefit_half_null")
  cases <- expand.grid(seed = 1:3, share = c(0, 0.5, 1))[seq_len(max(3, sweep_size(9))), ]
  for (i in seq_len(nrow(cases))) {
    n <- c(100, 300, 1000)[(i - 1) %% 3 + 1]
    rows <- tidy(excess_of(random_natural(cases$seed[i]), responders = round(cases$share[i] * n), n = n))
    known <- !is.na(rows$estimate)
    expect_true(all(rows$num.error[known] <= 1e-6 * pmax(1, abs(rows$estimate[known]))))
    expect_identical(is.na(rows$reason), known)
    expect_identical(rows$term[!known & !rows$term %in% ratios], character())
  }
})

test_that("of a thousand patients at a known rate the terms are those of plain integrals", {
  n <- 1000
  for (y in c(0, 150, 999, 1000)) {
    x <- excess_of(natural_rate(0.1), responders = y, n = n)
    log_joint <- \(d) {
      stats::dbinom(y, n, stats::plogis(stats::qlogis(0.1) + d), log = TRUE) + stats::dnorm(d, log = TRUE)
    }
    top <- max(log_joint(seq(-12, 15, by = 0.001)))
    part <- \(f, from, to) {
      edges <- seq(from, to, by = 0.25)
      sum(vapply(edges[-length(edges)], \(e) {
        stats::integrate(\(d) f(d) * exp(log_joint(d) - top), e, e + 0.25, rel.tol = 1e-11)$value
      }, 0))
    }
    whole <- part(\(d) 1 + 0 * d, -12, 15)
    expect_integral(value(x, "prob_benefit"), part(\(d) 1 + 0 * d, 0, 15) / whole)
    expect_integral(value(x, "log_odds_shift"), part(identity, -12, 15) / whole)
    # p1 ~ Beta(y + 1/2, n - y + 1/2) against a known rate: a beta distribution, moved.
    expect_integral(value(x, "rate_difference"), (y + 0.5) / (n + 1) - 0.1)
    expect_integral(value(x, "rate_difference", "conf.low"), stats::qbeta(0.025, y + 0.5, n - y + 0.5) - 0.1)
  }
})

test_that("a term that is not known is NA in tidy() with its reason, and print says it", {
  # All of 1,000 where three large registries agree on one in ten: nature alone never gives that.
  sure <- natural_rate(sources_of(c(200, 201, 199), rep(2000, 3)), tau = prior_half_normal(0.05))
  x <- excess_of(sure, responders = 1000, n = 1000)
  row <- tidy(x)[tidy(x)$term == "bayes_factor", ]
  expect_true(is.na(row$estimate) && is.na(row$num.error))
  expect_match(row$reason, "Bayes factor could not be computed")
  expect_match(paste(format(x), collapse = "\n"), "Not known: bayes_factor")
  expect_false(anyNA(tidy(x)$estimate[tidy(x)$term %in% c("natural_tail", "rate_difference", "excess_responders")]))
})

test_that("the variants that every print adds are those of the checks", {
  extra <- cordgain:::standard_sensitivity(reference_excess())
  expect_map(extra$natural_tail, c(checks_value("C02"), checks_value("C07"), checks_value("C08")))
  text <- paste(format(reference_excess()), collapse = " ")
  expect_match(text, "nature alone gives 0.482 on average, and 2 or more with probability 0.0841")
})

test_that("the added tails stay where the rate has a bias: none, and the two others in place of its own", {
  tails <- function(...) cordgain:::standard_sensitivity(excess_of(reference_rate(...)))
  known <- c("no bias" = checks_value("C04"), "bias N(0, 0.5^2)" = checks_value("C07"),
    "bias N(ln 2, 0.5^2)" = checks_value("C08"))
  for (bias in list(prior_normal(0.2, 0.3), prior_fixed(log(2)), prior_normal(0, 0.5))) {
    extra <- tails(bias = bias)
    expected <- if (identical(bias, prior_normal(0, 0.5))) known[c(1, 3)] else known
    found <- stats::setNames(extra$natural_tail, extra$variant)
    expect_identical(setdiff(names(found), "tau ~ half-normal(1)"), names(expected))
    expect_map(found[names(expected)], expected)
  }
  expect_false("no bias" %in% tails()$variant)
  text <- paste(format(excess_of(reference_rate(bias = prior_fixed(log(2))))), collapse = " ")
  expect_match(text, "no bias: 0.0841; bias N(0, 0.5^2): 0.101; bias N(ln 2, 0.5^2): 0.227", fixed = TRUE)
})

test_that("an added tail that cannot be had to 1e-6 is told as not known, and the answer stands", {
  x <- excess_of(natural_rate(sources_of(3, 20), tau = prior_uniform(0, 9.9)))
  expect_match(paste(format(x), collapse = " "), "mu flat: (0[.][0-9]+|not known to 1e-6)")
  expect_match(cordgain:::format_sensitivity(data.frame(variant = "mu flat", natural_tail = NA_real_), 3),
    "mu flat: not known to 1e-6")
})

test_that("an excess's own table is that of its natural rate, row by row", {
  x <- excess_of(natural_rate(prior_beta(4, 30)), responders = 3, n = 6)
  own <- decision_table(x)
  alone <- decision_table(natural_rate(prior_beta(4, 30)), n = 6)
  expect_identical(names(own), names(alone))
  for (column in names(own)) expect_lt(max(abs(own[[column]] - alone[[column]])), 1e-12, label = column)
  expect_identical(attr(own, "observed"), 3)
})

test_that("probability of benefit and mean shift of every count are the double integral of their definition", {
  # logit p1 = logit p0 + delta, p0 ~ Beta(4, 30), delta ~ N(0, 1); y of 4. Inner integral over p0 at fixed delta.
  a <- 4
  b <- 30
  likelihood <- \(delta, y) vapply(delta, \(d) {
    stats::integrate(\(p) {
      stats::dbeta(p, a, b) * stats::dbinom(y, 4, stats::plogis(stats::qlogis(p) + d))
    }, 0, 1, rel.tol = 1e-11)$value
  }, 0)
  over <- \(f, from, to) stats::integrate(f, from, to, rel.tol = 1e-10)$value
  table <- decision_table(natural_rate(prior_beta(a, b)), n = 4)
  for (y in 0:4) {
    joint <- \(d) stats::dnorm(d) * likelihood(d, y)
    whole <- over(joint, -9, 0) + over(joint, 0, 9)
    # The second road's own tolerance is 1e-10 of integrals up to 1.
    expect_lt(abs(table$prob_benefit[y + 1] - over(joint, 0, 9) / whole), 1e-8)
    expect_lt(abs(table$log_odds_shift[y + 1] - over(\(d) d * joint(d), -9, 9) / whole), 1e-8)
  }
})

test_that("of a range of counts each is answered as if it were the only one", {
  range <- excess(two_of_four(c(1, 3)), natural_rate(prior_beta(4, 30)), accept = every_difference)
  scenarios <- cordgain:::excess_scenarios(range)
  expect_identical(vapply(scenarios, \(s) s$responders, 0), c(1, 2, 3))
  for (s in scenarios) {
    alone <- cordgain:::excess_scenarios(excess_of(natural_rate(prior_beta(4, 30)), responders = s$responders))[[1]]
    expect_identical(s$terms$term, alone$terms$term)
    expect_identical(s$terms$estimate, alone$terms$estimate)
    expect_identical(s$satt, alone$satt)
  }
})

test_that("an argument that excess() does not know is named beside those it knows", {
  error <- invalid(excess(two_of_four(), natural_rate(0.12), effct = 1), "argument `effct`")
  for (known in c("accept", "effect", "transition")) expect_match(conditionMessage(error), known, fixed = TRUE)
  invalid(excess(two_of_four(), natural_rate(0.12), NULL, every_difference, prior_normal(0, 1), NULL, 0.95, 3),
    "without a name")
})

test_that("print says above 0.999 of a probability that is nearly 1, and 1 of one that is", {
  # A natural rate of 0.9: at least 1 of 4 in 1 - 0.1^4 = 0.9999 of trials; at least 0 always.
  told <- \(y) paste(format(excess_of(natural_rate(0.9), responders = y, n = 4)), collapse = " ")
  expect_match(told(1), "1 or more with probability above 0.999 (", fixed = TRUE)
  expect_match(told(0), "0 or more with probability 1 (", fixed = TRUE)
  # All of 12 at a rate of 0.3: 0.3^12 = 5.3e-7; of 10: 5.9e-6.
  all_of <- \(n) paste(format(excess_of(natural_rate(0.3), responders = n, n = n)), collapse = " ")
  expect_match(all_of(12), "12 or more with probability below 0.000001 (", fixed = TRUE)
  expect_match(all_of(10), "10 or more with probability 0.0000059", fixed = TRUE)
})
