# Every outcome 0..n. Reference registries: STATISTICS section 6 (natural tail under half-normal(0.5), with a bias
# N(ln 2, 0.5^2), and the probability of benefit), printed to six digits there.

registries <- data.frame(
  source = c("Marino 1999", "Burns 2003", "van Middendorp 2009", "Kirshblum 2016"),
  events = c(39, 3, 19, 32), n = c(482, 53, 161, 187)
)

half <- prior_half_normal(0.5)

test_that("the table of four patients has the tails and probabilities computed separately", {
  table <- decision_table(natural_rate(registries, tau = half), 4)
  expect_identical(table$responders, 0:4)
  expect_equal(round(table$natural_tail, 6), c(1, 0.384607, 0.084086, 0.012211, 0.001191))
  expect_equal(round(table$prob_benefit, 6), c(0.340213, 0.638974, 0.852083, 0.947946, 0.979199))
  biased <- decision_table(natural_rate(registries, tau = half, bias = prior_normal(log(2), 0.5)), 4)
  expect_equal(round(biased$natural_tail, 6), c(1, 0.580489, 0.227404, 0.061540, 0.009758))
})

test_that("with a known rate the columns are binomial sums", {
  table <- decision_table(natural_rate(0.193), 4)
  expect_equal(table$natural_probability, dbinom(0:4, 4, 0.193), tolerance = 1e-12)
  expect_equal(table$natural_tail, pbinom(-1:3, 4, 0.193, lower.tail = FALSE), tolerance = 1e-12)
  expect_equal(table$natural_tail_midp, table$natural_tail - dbinom(0:4, 4, 0.193) / 2, tolerance = 1e-12)
  expect_equal(table$excess_responders, 0:4 - 4 * 0.193, tolerance = 1e-12)
  expect_equal(table$natural_below_observed, pbinom(-1:3, 4, 0.193), tolerance = 1e-12)
  expect_equal(table$e_value, 1 / (5 * dbinom(0:4, 4, 0.193)), tolerance = 1e-12)
})

test_that("the smallest count for a one-sided 2.5 % at a known rate is found in the table", {
  smallest <- \(n) subset(decision_table(natural_rate(0.193), n), natural_tail <= 0.025)$responders[1]
  expect_equal(smallest(20), checks_value("H01"))
  expect_equal(smallest(4), checks_value("H05"))
  table <- decision_table(natural_rate(0.193), 4)
  expect_equal(table$natural_tail[4], checks_value("H06"), tolerance = 1e-10)
  expect_equal(1 - pbinom(2, 4, 0.5), checks_value("H07"), tolerance = 1e-10)
})

test_that("a beta prior gives the predictive probability of success", {
  success <- \(a, b) subset(decision_table(natural_rate(prior_beta(a, b)), 20), responders == 9)$natural_tail
  expect_equal(success(2.5, 2.5), checks_value("H02"), tolerance = 1e-9)
  expect_equal(success(2.8, 5.2), checks_value("H03"), tolerance = 1e-9)
})

test_that("the posterior of the effect is that of a plain integral, for every outcome", {
  p0 <- 0.193
  for (sd in c(0.5, 2)) {
    table <- decision_table(natural_rate(p0), 4, effect = prior_normal(0.3, sd))
    for (y in 0:4) {
      f <- \(d) dbinom(y, 4, plogis(qlogis(p0) + d)) * dnorm(d, 0.3, sd)
      all <- integrate(f, -20, 20, rel.tol = 1e-11, subdivisions = 2000)$value
      above <- integrate(f, 0, 20, rel.tol = 1e-11, subdivisions = 2000)$value
      mean <- integrate(\(d) d * f(d), -20, 20, rel.tol = 1e-11, subdivisions = 2000)$value
      row <- table[table$responders == y, ]
      expect_equal(row$prob_benefit, above / all, tolerance = 1e-8)
      expect_equal(row$log_odds_shift, mean / all, tolerance = 1e-7)
      expect_equal(row$bayes_factor, all / dbinom(y, 4, p0), tolerance = 1e-8)
    }
  }
})

test_that("every column moves one way as more patients respond", {
  for (n in c(4, 12)) {
    table <- decision_table(natural_rate(registries), n)
    expect_true(all(diff(table$natural_tail) < 0))
    expect_true(all(diff(table$excess_responders) > 0))
    expect_true(all(diff(table$natural_below_observed) > 0))
  }
  table <- decision_table(natural_rate(registries), 4)
  expect_true(all(diff(table$prob_benefit) > 0))
  expect_true(all(diff(table$log_odds_shift) > 0))
})

test_that("probabilities add up to 1 and errors stay below 1e-6, for few and many patients", {
  for (n in c(1, 4, 37, 200)) {
    table <- decision_table(natural_rate(registries), n)
    expect_equal(sum(table$natural_probability), 1, tolerance = 1e-8)
    expect_lt(max(table$num.error), 1e-6)
    expect_identical(nrow(table), as.integer(n) + 1L)
  }
})

test_that("exchanging responders and others mirrors the table", {
  mirrored <- transform(registries, events = n - events)
  a <- decision_table(natural_rate(registries, tau = half), 4)
  b <- decision_table(natural_rate(mirrored, tau = half), 4)
  expect_equal(a$natural_probability, rev(b$natural_probability), tolerance = 1e-8)
  expect_equal(a$prob_benefit, 1 - rev(b$prob_benefit), tolerance = 1e-7)
  expect_equal(a$log_odds_shift, -rev(b$log_odds_shift), tolerance = 1e-6)
})

test_that("the table of an excess marks what was observed and needs no further arguments", {
  x <- excess(keio_ips, natural_rate(registries), accept = c("endpoint", "grade", "level", "baseline", "followup",
    "years", "registry"))
  table <- decision_table(x)
  expect_equal(table$natural_tail[3], tidy(x)$estimate[tidy(x)$term == "natural_tail"])
  expect_output(print(table), "observed")
  expect_error(decision_table(x, n = 4), class = "cordgain_invalid_input")
})

test_that("a table of unknown strata is refused, one of unknown counts marks them all", {
  taken <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")
  strata <- natural_strata(cervical = natural_rate(0.135), "T1-T9" = natural_rate(0.045))
  expect_error(decision_table(excess(keio_ips, strata, accept = taken)), "assignment", class = "cordgain_invalid_input")
  counts <- decision_table(excess(update(keio_ips, endpoint = "ais_any"), natural_rate(0.2), accept = taken))
  expect_identical(attr(counts, "observed"), c(2, 3, 4))
})

test_that("sizes and priors out of range are refused with a class", {
  natural <- natural_rate(0.2)
  for (n in list(0, -1, 2.5, 1001, "4", NA, NULL, c(4, 5))) {
    expect_error(decision_table(natural, n), class = "cordgain_invalid_input")
  }
  expect_error(decision_table(natural, 4, effect = prior_t(3, 0, 1)), class = "cordgain_invalid_input")
  expect_error(decision_table(0.2, 4), class = "cordgain_invalid_input")
})

test_that("a thousand patients have a table: what is known keeps 1e-6, what is not is NA and says so", {
  table <- decision_table(natural_rate(late_registries()), 1000)
  expect_identical(nrow(table), 1001L)
  expect_lte(max(table$num.error), 1e-6)
  for (name in c("natural_probability", "natural_tail", "excess_responders", "natural_below_observed")) {
    expect_false(anyNA(table[[name]]), label = name)
  }
  long <- tidy(table)
  expect_identical(is.na(long$estimate), !is.na(long$reason))
  known <- !is.na(long$estimate)
  expect_true(all(long$num.error[known] <= 1e-6 * pmax(1, abs(long$estimate[known]))))
  # Averaged over the outcomes a uniform rate gives each of 0..n the same probability: e-value times it is 1 / (n + 1).
  known <- !is.na(table$e_value)
  expect_equal(table$e_value[known] * table$natural_probability[known] * 1001, rep(1, sum(known)), tolerance = 1e-12)
})

test_that("at a known rate the table of a thousand is binomial, and its benefits are those of plain integrals", {
  table <- decision_table(natural_rate(0.3), 1000)
  expect_equal(table$natural_probability, stats::dbinom(0:1000, 1000, 0.3), tolerance = 1e-10) # recurrence of 1,000
  for (y in c(0, 300, 400)) {
    joint <- \(d) stats::dbinom(y, 1000, stats::plogis(stats::qlogis(0.3) + d)) * stats::dnorm(d)
    whole <- stats::integrate(joint, -9, 9, rel.tol = 1e-11, subdivisions = 5000L)$value
    above <- stats::integrate(joint, 0, 9, rel.tol = 1e-11, subdivisions = 5000L)$value
    expect_integral(table$prob_benefit[y + 1], above / whole)
    expect_equal(table$bayes_factor[y + 1], whole / stats::dbinom(y, 1000, 0.3), tolerance = 1e-8) # integrate()'s own
  }
})

test_that("a part of a table still has its tidy rows, each within the row's stated error", {
  table <- decision_table(natural_rate(prior_beta(8, 56)), 4)
  part <- tidy(subset(table, responders >= 2))
  whole <- tidy(table)
  same <- merge(part, whole, by = c("responders", "term"))
  expect_identical(nrow(same), nrow(part))
  expect_identical(same$estimate.x, same$estimate.y)
  expect_true(all(same$num.error.x >= same$num.error.y))
})

test_that("tidy() has one row per outcome and column", {
  long <- tidy(decision_table(natural_rate(0.2), 4))
  expect_true(all(c("responders", "term", "estimate", "num.error", "num.kind") %in% names(long)))
  expect_identical(nrow(long), 5L * length(unique(long$term)))
})

test_that("tails, biased tails and P(benefit) of all outcomes are those of the statistics page", {
  table <- decision_table(reference_rate(), 4)
  expect_lt(max(abs(table$natural_tail - c(1, .384607, .084086, .012211, .001191))), 5.1e-7) # digits printed
  expect_lt(max(abs(table$prob_benefit - c(.340213, .638974, .852083, .947946, .979199))), 5.1e-7)
  biased <- decision_table(reference_rate(bias = prior_normal(log(2), 0.5)), 4)
  expect_lt(max(abs(biased$natural_tail - c(1, .580489, .227404, .061540, .009758))), 5.1e-7)
  expect_map(table$natural_tail[4], checks_value("N07a"))
  expect_map(table$natural_tail[3], checks_value("N07b"))
})

test_that("ten trials without effect: how often at least one shows two of four", {
  # Independent natural rates.
  expect_map(1 - (1 - decision_table(reference_rate(), 4)$natural_tail[3])^10, checks_value("N14g"))
})

test_that("the benefit before the data is the mean of the benefit after them", {
  table <- decision_table(reference_rate(), 5, effect = prior_normal(0.7, 1))
  marginal <- table$bayes_factor * table$natural_probability
  expect_integral(sum(marginal * table$prob_benefit), stats::pnorm(0.7))
  expect_integral(sum(marginal * table$log_odds_shift), 0.7)
})

test_that("the Bayes factors are probability ratios: weighted by the null they add up to 1", {
  table <- decision_table(reference_rate(), 6, effect = prior_normal(0.5, 2))
  expect_integral(sum(table$bayes_factor * table$natural_probability), 1)
  expect_integral(sum(table$e_value * table$natural_probability), 1)
})

test_that("the natural probabilities add up to 1, from 1 to 200 patients, and every row has its error", {
  for (n in c(1, 4, 30, 200)) {
    table <- decision_table(natural_rate(late_registries()), n)
    expect_lt(abs(sum(table$natural_probability) - 1), 1e-9)
    expect_lt(max(table$num.error), 1e-6)
    expect_lt(max(abs(table$natural_tail + table$natural_below_observed - 1)), 1e-9)
  }
})

# Numbers that need the tails of the predictive distribution, by the second road of helper-oracle.R: of improbable
# outcomes the digits are relative.
test_that("improbable outcomes keep their digits after small, empty and large sources", {
  cases <- list(
    list(events = 6, n = 32, tau = 0.3, patients = 20),
    list(events = c(0, 0, 1, 0), n = c(3, 13, 143, 4), tau = 0.1, patients = 4)
  )
  for (case in cases) {
    sources <- data.frame(source = paste("registry", seq_along(case$n)), events = case$events, n = case$n)
    natural <- natural_rate(sources, tau = prior_fixed(case$tau))
    table <- decision_table(natural, case$patients)
    expect_false(anyNA(table))
    second <- oracle_predictive(
      oracle_posterior(case$events, case$n, list(kind = "fixed", parameters = case$tau)), size = case$patients
    )$pmf
    # The second road leaves out 1e-13 of the posterior; its own digits end there.
    expect_lt(max(abs(table$natural_probability - second) / pmax(second, 1e-6)), 1e-6)
    # And what the table states holds for the e-value, a ratio to that probability.
    known <- second > 1e-6
    expect_lt(max(abs(table$e_value * (case$patients + 1) * second - 1)[known]), 1e-6)
  }
})

test_that("every outcome of 300 patients after one source of 203 has all its numbers", {
  table <- decision_table(natural_rate(data.frame(source = "registry", events = 35, n = 203)), 300)
  expect_false(anyNA(table))
  expect_equal(sum(table$natural_probability), 1, tolerance = 1e-10) # a distribution over all outcomes
})
