# natural_rate(): the predictive distribution against the check files, the second road, limits, symmetry, refusals.

test_that("the predictive mean and tail of the reference registries are those of the checks", {
  for (case in list(c(1, "C01", "C02"), c(0.5, "C03", "C04"))) {
    natural <- reference_rate(as.numeric(case[1]))
    expect_map(mean_of(natural), checks_value(case[2]))
    expect_map(tail_of(natural), checks_value(case[3]))
  }
})

test_that("tails under a bias are those of the checks", {
  expect_map(tail_of(reference_rate(bias = prior_normal(0, 0.5))), checks_value("C07"))
  expect_map(tail_of(reference_rate(bias = prior_normal(log(2), 0.5))), checks_value("C08"))
  spread <- reference_rate(bias = prior_normal(0, 0.5))
  expected <- vapply(paste0("N02.", 0:4), checks_value, 0)
  expect_map(predict(spread, 4)$probability, expected)
  expect_map(mean_of(spread), checks_value("N02e"))
  expect_map(tail_of(reference_rate(1, bias = prior_normal(0, 0.5))), checks_value("N02f"))
})

test_that("the tipping odds multipliers of the checks give the tails they are said to give", {
  for (case in list(c("C12", 0.025), c("C13", 0.05), c("C14", 0.1), c("C15", 0.5))) {
    bias <- prior_fixed(log(checks_value(case[1])))
    expect_map(tail_of(reference_rate(bias = bias)), as.numeric(case[2]))
  }
})

test_that("the posterior of tau, the quantiles, the SD and the certainty ceilings are those of the checks", {
  rows <- tidy(reference_rate())
  at <- \(term, column) rows[[column]][rows$term == term]
  expect_map(at("tau", "estimate"), checks_value("C10"))
  expect_map(at("rate", "conf.low"), checks_value("C25"))
  expect_map(at("rate", "conf.high"), checks_value("C27"))
  expect_map(at("rate", "std.error"), checks_value("J05"))
  expect_map(unname(quantile(reference_rate(), 0.5)), checks_value("C26"))
  rows <- tidy(reference_rate(1))
  expect_map(rows$estimate[rows$term == "tau"], checks_value("C11"))
  # P(p0* < 1/2) is the share of the log odds below 0.
  below_half <- \(natural) cordgain:::core_grid_cdf(natural$routes$fine$theta, 0)
  expect_map(below_half(reference_rate()), checks_value("C23"))
  expect_map(below_half(reference_rate(bias = prior_normal(log(2), 0.5))), checks_value("C24"))
})

test_that("other endpoints and one source alone agree with the checks", {
  any_grade <- natural_rate(sources_of(c(74, 6, 42, 52), c(482, 53, 161, 187)), tau = prior_half_normal(0.5))
  expect_map(mean_of(any_grade), checks_value("C16"))
  expect_map(tail_of(any_grade), checks_value("C17"))
  expect_map(vapply(2:4, \(y) tail_of(any_grade, y), 0), vapply(paste0("N05.", 2:4), checks_value, 0))
  one <- natural_rate(sources_of(32, 187), tau = prior_half_normal(0.5))
  # Computed to 7e-9 only by the checks themselves.
  expect_map(mean_of(one), checks_value("C21"))
  expect_map(tail_of(one), checks_value("C22"))
  expect_map(tail_of(natural_rate(sources_of(32, 187))), checks_value("N01d"))
})

test_that("one source with a flat mean gives the rate that the statistics page states", {
  flat <- natural_rate(sources_of(32, 187), tau = prior_half_normal(0.5), mu = NULL)
  expect_lt(abs(mean_of(flat) - 0.1894064), 5e-8) # half a unit of the last digit
})

test_that("with one source the effect of mu is printed, both ways round, and with several it is not", {
  one <- \(...) natural_rate(sources_of(32, 187), tau = prior_half_normal(0.5), ...)
  printed <- \(x) paste(trimws(utils::capture.output(print(x))), collapse = " ")
  expect_match(printed(one()), "with mu flat the mean is 0.189", fixed = TRUE)
  expect_match(printed(one(mu = NULL)), "with mu ~ normal(mean = 0, sd = 2) the mean is 0.202", fixed = TRUE)
  expect_false(any(grepl("leaves much", utils::capture.output(print(reference_rate())))))
  # No event: a flat mean would leave nothing proper, so there is nothing to stand beside.
  expect_false(any(grepl("leaves much", utils::capture.output(print(natural_rate(sources_of(0, 20)))))))
  tails <- \(natural) stats::setNames(nm = cordgain:::standard_sensitivity(excess_of(natural))$variant)
  expect_true("mu flat" %in% tails(one()))
  expect_true("mu ~ normal(mean = 0, sd = 2)" %in% tails(one(mu = NULL)))
  extra <- cordgain:::standard_sensitivity(excess_of(one(mu = NULL)))
  # Beside the flat mean stands the tail of the checks with N(0, 2^2).
  expect_map(extra$natural_tail[extra$variant == "mu ~ normal(mean = 0, sd = 2)"], checks_value("C22"))
})

test_that("the two late registries, leave-one-out and replaced cells agree with the checks", {
  late <- natural_rate(late_registries(), tau = prior_half_normal(0.5))
  expect_map(mean_of(late), checks_value("N01a"))
  expect_map(tail_of(late), checks_value("N01b"))
  expect_map(tail_of(natural_rate(late_registries())), checks_value("N01c"))
  for (i in 1:4) {
    rest <- natural_rate(reference_registries()[-i, ], tau = prior_half_normal(0.5))
    expect_map(tail_of(rest), checks_value(paste0("N06t", i)))
    # Share of four patients drawn from the left-out registry whose tail would be at most 0.10.
    y <- 0:4
    claims <- vapply(y, \(k) tail_of(rest, k), 0) <= 0.10
    own <- with(reference_registries()[i, ], events / n)
    expect_lt(abs(sum(stats::dbinom(y[claims], 4, own)) - checks_value(paste0("N06f", i))), 1e-9)
  }
  for (events in 0:1) {
    changed <- natural_rate(sources_of(c(39, events, 19, 32), c(482, 53, 161, 187)), tau = prior_half_normal(0.5))
    expect_map(tail_of(changed), checks_value(paste0("N16m", events)))
  }
})

test_that("the AS registries give the exact MAP posterior of the borrowing checks (A5)", {
  natural <- natural_rate(sources_of(c(23, 12, 19, 9, 39, 6, 9, 10), c(107, 44, 51, 39, 139, 20, 78, 35)))
  rows <- tidy(natural)
  printed <- list(
    tau = c(.37946072, .21069756, .04398530, .87478353), mu = c(-1.10370591, .18934138, -1.48125989, -.71931904),
    rate = c(.25827754, .08741418, .11085110, .47143593)
  )
  for (term in names(printed)) {
    row <- rows[rows$term == term, c("estimate", "std.error", "conf.low", "conf.high")]
    expect_lt(max(abs(unlist(row) - printed[[term]])), 5.1e-9) # half a unit of the eighth decimal
  }
  expect_lt(abs(quantile(natural, 0.5) - .24861138), 5.1e-9)
})

test_that("the prior predictive of a study effect has the exact 97.5 % points of the borrowing checks (A10)", {
  # With mu fixed at 0 and a source of one patient's worth of nothing the posterior would not be the prior, so
  # the mixture of normals over the prior of tau is integrated here as a natural rate of one flat source is: by
  # P(theta* <= x) = integral of Phi(x / tau) p(tau), whose root is compared with the printed point.
  tail <- \(x, density) stats::integrate(\(t) stats::pnorm(x / t) * density(t), 0, Inf, rel.tol = 1e-11)$value
  points <- c(1.0909745, 2.181949, 5.0470073)
  densities <- list(
    \(t) 2 * stats::dnorm(t, 0, 0.5), \(t) 2 * stats::dnorm(t), \(t) 2 * stats::dcauchy(t, 0, 0.5)
  )
  priors <- list(prior_half_normal(0.5), prior_half_normal(1), prior_half_t(1, 0.5))
  for (i in 1:3) {
    expect_lt(abs(tail(points[i], densities[[i]]) - 0.975), 1e-7)
    # The same prior as the package reads it: its density at three places.
    rows <- cordgain:::prior_components(priors[[i]])
    expect_identical(rows[, "a"][[1]], c(0.5, 1, 0.5)[i])
  }
})

test_that("a row of tidy() carries the intraclass correlation, from which the variance of the count follows", {
  natural <- reference_rate()
  rows <- tidy(natural)
  icc <- rows$estimate[rows$term == "icc"]
  expect_map(icc, checks_value("N11a"))
  m <- mean_of(natural)
  expect_map(4 * m * (1 - m) * (1 + 3 * icc), checks_value("N11b"))
})

test_that("the package agrees with a second road within the error it states, over random evidence", {
  skip_on_cran() # long
  sets <- sweep_size(1000, share = 0.006) # all of them are stored: inst/validation/evidence-sets.R
  full <- sets > 20
  for (i in seq_len(sets)) {
    withr::local_seed(20260000 + i)
    result <- compare_evidence(random_evidence(i))
    expect_lte(result$pmf_excess, 1e-10, label = paste("set", i, "excess over the stated error"))
    expect_lte(result$rate_difference, result$rate_stated + 1e-10, label = paste("set", i, "mean and SD"))
    expect_true(result$quantiles_hold, label = paste("set", i, "quantiles"))
    expect_lt(max(result$pmf_stated, result$rate_stated), 1e-6, label = paste("set", i, "stated error"))
  }
  expect_identical(full, sets == 1000)
})

test_that("a prior of tau that ends where the posterior is high gives the answer of the second road", {
  skip_on_cran() # long
  # uniform(0, 1) for one source has its posterior's mode at its end: steps beyond it once ended in no number at all.
  evidence <- list(list(32, 187), list(c(19, 32), c(161, 187)), list(c(39, 3, 19, 32), c(482, 53, 161, 187)))
  for (x in evidence) {
    for (ends in list(c(0, 1), c(0.2, 1), c(0, 5))) {
      # Made as sensitivity() makes it: the quantiles of one source under uniform(0, 1) are not had to 1e-6.
      natural <- refit_rate(natural_rate(sources_of(x[[1]], x[[2]])), tau = prior_uniform(ends[1], ends[2]))
      posterior <- oracle_posterior(x[[1]], x[[2]], list(kind = "uniform", parameters = ends))
      found <- predict(natural, 4)
      away <- abs(found$probability - oracle_predictive(posterior)$pmf)
      expect_lte(max(away - found$num.error), 1e-10, label = paste("uniform", ends[1], ends[2], length(x[[1]])))
      expect_lt(max(found$num.error), 1e-6)
    }
  }
  mixed <- prior_mixture(c(1, 1), prior_uniform(0, 1), prior_uniform(0, 2))
  for (x in evidence) {
    p <- predict(natural_rate(sources_of(x[[1]], x[[2]]), tau = mixed), 4)
    expect_lt(abs(sum(p$probability) - 1), 1e-9)
  }
})

test_that("a source far from the others keeps its digits", {
  # 0 of 1,749 among sources near one half: found by the sweep, where a step too wide left 1.4e-7 unseen.
  set <- list(events = c(174, 4, 0, 19, 31), n = c(478, 25, 1749, 60, 131),
    tau = list(kind = "fixed", parameters = 0.441),
    mu = c(0, 2), bias = c(0, 0))
  result <- compare_evidence(set)
  expect_lt(result$pmf_difference, 1e-10)
})

# Limits, symmetry, monotony -----------------------------------------------------------

test_that("tau = 0 is pooling: one binomial with a normal prior on its log odds", {
  natural <- natural_rate(reference_registries(), tau = prior_fixed(0))
  # 93 of 883 together, by one integral over mu.
  post <- \(m) exp(
    stats::dbinom(93, 883, stats::plogis(m), log = TRUE) - stats::dbinom(93, 883, 93 / 883, log = TRUE)
  ) *
    stats::dnorm(m, 0, 2)
  over <- \(f) stats::integrate(f, -4, -1, rel.tol = 1e-12, subdivisions = 2000L)$value
  expected <- over(\(m) post(m) * stats::plogis(m)) / over(post)
  tail <- over(\(m) post(m) * stats::pbinom(1, 4, stats::plogis(m), lower.tail = FALSE)) / over(post)
  expect_integral(mean_of(natural), expected)
  expect_integral(tail_of(natural), tail)
  near <- natural_rate(reference_registries(), tau = prior_half_normal(1e-6))
  expect_lt(abs(tail_of(near) - tail), 1e-8)
})

test_that("the order of the sources does not matter", {
  natural <- reference_rate()
  turned <- natural_rate(reference_registries()[c(3, 1, 4, 2), ], tau = prior_half_normal(0.5))
  expect_lt(max(abs(predict(turned, 4)$probability - predict(natural, 4)$probability)), 1e-9)
})

test_that("counting failures instead of events turns the distribution round, with the sign of the bias", {
  natural <- reference_rate(bias = prior_normal(0.4, 0.3))
  turned <- natural_rate(sources_of(c(443, 50, 142, 155), c(482, 53, 161, 187)), tau = prior_half_normal(0.5),
    bias = prior_normal(-0.4, 0.3))
  expect_lt(max(abs(rev(predict(turned, 4)$probability) - predict(natural, 4)$probability)), 1e-9)
})

test_that("the tail rises with the mean of the bias and falls with y", {
  tails <- vapply(c(-1, 0, 0.5, 2), \(b) tail_of(reference_rate(bias = prior_fixed(b))), 0)
  expect_true(all(diff(tails) > 0))
  expect_true(all(diff(vapply(0:4, \(y) tail_of(reference_rate(), y), 0)) < 0))
  known <- vapply(c(0.01, 0.2, 0.7), \(p) tail_of(natural_rate(p)), 0)
  expect_true(all(diff(known) > 0))
})

test_that("more heterogeneity makes the registries worth fewer patients", {
  sizes <- vapply(c(0.1, 0.5, 1), \(s) as.numeric(ess(reference_rate(s), "moment")), 0)
  expect_true(all(diff(sizes) < 0))
})

test_that("sources without events, all events, one patient and 200 sources have an answer to 1e-6", {
  sets <- list(
    sources_of(0, 20), sources_of(20, 20), sources_of(c(0, 0), c(5, 900)), sources_of(c(0, 7), c(9, 7)),
    sources_of(1, 1),
    sources_of(rep(c(0, 3, 20, 7), 50), rep(c(9, 30, 60, 70), 50))
  )
  for (set in sets) {
    p <- predict(natural_rate(set), 4)
    expect_lt(max(p$num.error), 1e-6)
    expect_lt(abs(sum(p$probability) - 1), 1e-9)
  }
})

test_that("a mixture as prior of tau is the mixture of its parts, weighted by how well they predicted the counts", {
  skip_on_cran() # long
  a <- natural_rate(reference_registries(), tau = prior_fixed(0.2))
  set <- \(tau) oracle_posterior(c(39, 3, 19, 32), c(482, 53, 161, 187), list(kind = "half_normal", parameters = tau))
  mixed <- natural_rate(
    reference_registries(), tau = prior_mixture(c(1, 3), prior_half_normal(0.1), prior_half_normal(1))
  )
  # Independent: one posterior whose prior is the mixture, on the second road's own panels.
  both <- local({
    density <- \(x) log(0.25 * 2 * stats::dnorm(x, 0, 0.1) + 0.75 * 2 * stats::dnorm(x))
    sources <- Map(oracle_source, c(39, 3, 19, 32), c(482, 53, 161, 187))
    grid <- gl_panels(c(0, exp(seq(log(0.002), log(9), length.out = 24))), gauss_legendre(10))
    slices <- lapply(grid$x, \(t) oracle_slice(sources, rep(0, 4), t, c(0, 2)))
    log_w <- unlist(Map(\(s, x, w) s$log_weight + density(x) + log(w), slices, grid$x, grid$w))
    weight <- exp(log_w - max(log_w))
    oracle_predictive(
      list(mu = unlist(lapply(slices, \(s) s$mu)), tau = rep(grid$x, each = 144), weight = weight / sum(weight))
    )
  })
  expect_lt(max(abs(predict(mixed, 4)$probability - both$pmf)), 1e-9)
})

# Scenarios ------------------------------------------------------------------------------

test_that("an uncertain landmark on a prior is the double integral over the rate and the share remaining", {
  turn <- landmark(
    3, reference_week = 8, remaining = prior_beta(1.5, 34.5), endpoint = "ais_any", level = "cervical", from_week = 0
  )
  natural <- natural_rate(
    prior_beta(35.5, 168.5), landmark = turn, match = list(endpoint = "ais_any", level = "cervical")
  )
  inner <- \(s) vapply(s, \(share) stats::integrate(\(p) {
    stats::dbeta(p, 35.5, 168.5) * stats::pbinom(
      1, 4, stats::plogis(stats::qlogis(p) + 3 / 8 * log(share)), lower.tail = FALSE
    )
  }, 0.02, 0.5, rel.tol = 1e-11)$value, 0)
  # In s = u^2, because the beta density has a square root at 0.
  expected <- stats::integrate(\(u) 2 * u * stats::dbeta(u^2, 1.5, 34.5) * inner(u^2), 0, 1, rel.tol = 1e-10)$value
  expect_lt(abs(tail_of(natural) - expected), 1e-8)
})

test_that("an uncertain drift of one source is an ordinary bias", {
  # One source, year 10 before the reference: log odds moved by -10 beta, beta ~ N(.05, .02^2), beta not learned from
  # one source with a flat mean, so the answer is that of a bias N(.5, .2^2).
  x <- sources_of(32, 187, years_from = 2000, years_to = c(2000))
  moved <- natural_rate(x, tau = prior_half_normal(0.5), mu = NULL,
    drift = drift(0.05, 0.02, reference_year = 2010, extrapolate = TRUE))
  biased <- natural_rate(x, tau = prior_half_normal(0.5), mu = NULL, bias = prior_normal(0.5, 0.2))
  expect_lt(abs(tail_of(moved) - tail_of(biased)), 1e-7)
})

test_that("a rate given as a beta with an uncertain bias is the double integral of its definition", {
  # logit p* = logit p + b, p ~ Beta(12, 60), b ~ N(0.4, 0.6^2): P(k of 5), inner integral over b.
  inner <- \(p, k) vapply(p, \(rate) stats::integrate(\(b) {
    stats::dnorm(b, 0.4, 0.6) * stats::dbinom(k, 5, stats::plogis(stats::qlogis(rate) + b))
  }, -4.4, 5.2, rel.tol = 1e-11)$value, 0)
  natural <- natural_rate(prior_beta(12, 60), bias = prior_normal(0.4, 0.6))
  found <- predict(natural, 5)
  for (k in 0:5) {
    expected <- stats::integrate(\(p) stats::dbeta(p, 12, 60) * inner(p, k), 0, 0.6, rel.tol = 1e-10)$value
    # 8 standard deviations of the bias, and P(Beta > 0.6) = 4e-16: nothing left out reaches 1e-9.
    expect_integral(found$probability[k + 1], expected)
  }
  # The predictive distribution is where its own median says.
  median <- unname(quantile(natural, 0.5))
  below <- stats::integrate(\(p) stats::dbeta(p, 12, 60) *
    stats::pnorm(stats::qlogis(median) - stats::qlogis(p), 0.4, 0.6), 0, 0.6, rel.tol = 1e-10)$value
  expect_lt(abs(below - 0.5), 1e-8)
})

# Refusals ---------------------------------------------------------------------------------

test_that("counts that are none are refused, and a percentage is sent to events_from_percent()", {
  bad <- list(NaN, Inf, -1, 30)
  for (events in bad) invalid(natural_rate(sources_of(events, 20)))
  invalid(natural_rate(sources_of(17.1, 187)), "events_from_percent")
  invalid(natural_rate(sources_of(30, 20)), "more events than patients")
  invalid(natural_rate(sources_of(0, 0)))
  invalid(natural_rate(sources_of(NA, 20)), "needs counts")
  invalid(natural_rate(sources_of("3", 20)), "numeric")
  invalid(natural_rate(sources_of(factor(3), 20)), "numeric|factor")
  invalid(natural_rate(data.frame(source = factor("a"), events = 3, n = 20)), "as.character")
})

test_that("what is no evidence is refused", {
  for (x in list(NULL, list(1), "0.2", factor("a"), NA, TRUE, \(p) p, numeric(), matrix("a"))) invalid(natural_rate(x))
  invalid(natural_rate(late_registries()[0, ]))
  invalid(natural_rate(sources_of(rep(1, 201), rep(5, 201))), "200")
  for (p in list(-0.1, 0, 1, 1.2, NaN, Inf, NA_real_)) invalid(natural_rate(p))
})

test_that("a million-row table is refused at once", {
  big <- data.frame(source = rep("a", 1e6), events = 0, n = 1)
  seconds <- system.time(invalid(natural_rate(big)))[["elapsed"]]
  expect_lt(seconds, 10)
})

test_that("priors of the wrong kind or scale are refused", {
  invalid(natural_rate(late_registries(), tau = 0.5), "prior")
  invalid(natural_rate(late_registries(), tau = NULL), "prior")
  invalid(natural_rate(late_registries(), tau = prior_normal(0, 1)), "prior_half_normal")
  invalid(natural_rate(late_registries(), tau = prior_inverse_gamma(2, 2)))
  invalid(natural_rate(late_registries(), tau = prior_fixed(-1)), "negative")
  invalid(natural_rate(late_registries(), mu = prior_beta(1, 1)))
  invalid(natural_rate(late_registries(), bias = 0.3), "prior")
  invalid(natural_rate(late_registries(), drift = 0.04), "drift")
  invalid(natural_rate(late_registries(), landmark = 3), "landmark")
  invalid(natural_rate(0.2, drift = drift(0.04)), "known rate")
})

test_that("a flat mean with no events is improper and refused; one with heavy tails ends in an error of a class", {
  invalid(natural_rate(sources_of(0, 20), mu = NULL), "at least one event")
  invalid(natural_rate(sources_of(c(20, 3), c(20, 3)), mu = NULL), "at least one event")
  expect_error(natural_rate(sources_of(32, 187), tau = prior_half_t(1, 1), mu = NULL), class = "cordgain_error")
})

test_that("extreme priors end in an answer with its error, or in a classed error, within seconds", {
  skip_on_cran() # long
  extreme <- list(
    list(tau = prior_half_t(1, 1e6)), list(tau = prior_half_normal(1e6)), list(tau = prior_half_normal(1e-8)),
    list(tau = prior_uniform(0, 1e5)), list(tau = prior_gamma(0.1, 0.1)), list(mu = prior_normal(500, 1)),
    list(mu = prior_normal(0, 1e6)), list(mu = prior_t(1, 0, 2)), list(bias = prior_normal(0, 1e6)),
    list(bias = prior_fixed(100))
  )
  for (settings in extreme) {
    seconds <- system.time(answer <- tryCatch(
      predict(do.call(natural_rate, c(list(late_registries()), settings)), 4), cordgain_error = \(e) NULL
    ))[["elapsed"]]
    expect_lt(seconds, 20)
    if (!is.null(answer)) expect_lt(max(answer$num.error), 1e-6)
  }
})

test_that("a documented odds ratio enters as a fixed offset (early surgery, odds 2.31)", {
  expect_map(tail_of(reference_rate(bias = prior_fixed(log(2.31)))), checks_value("N13o"))
})

test_that("a landmark moves a number from the exam day that it is about", {
  about <- \(...) list(endpoint = "ais_any", level = "cervical", ...)
  timing <- \(...) landmark(3, 8, 1 / 35, "ais_any", "cervical", ...)
  rate <- \(...) tidy(natural_rate(0.134, match = about(...), landmark = timing()))$estimate
  # logit p + log S(21 days) - log S(exam), log S(t) = log(1 / 35) t / 56 days.
  moved <- \(day) stats::plogis(stats::qlogis(0.134) + log(1 / 35) * (21 - day) / 56)
  expect_equal(rate(baseline_days = c(5, 12)), moved(8.5), tolerance = 1e-12)
  expect_equal(rate(), moved(0), tolerance = 1e-12)
})

test_that("a follow-up given as a range is one population", {
  natural <- natural_rate(0.2, match = list(followup_weeks = c(50, 54)))
  expect_identical(natural_sources(natural)$followup_weeks, 52)
})

test_that("a declared population has one word of each kind, and an argument that does not exist is refused", {
  expect_error(natural_rate(0.2, match = list(level = c("cervical", "thoracic"))), "one level",
    class = "cordgain_invalid_input")
  expect_error(natural_rate(0.2, match = list(endpoint = character())), "It has 0", class = "cordgain_invalid_input")
  natural <- natural_rate(prior_beta(2, 8))
  expect_error(predict(natural, 4, week = 52), "no argument", class = "cordgain_invalid_input")
  expect_error(quantile(natural, 0.5, names = FALSE), "no argument", class = "cordgain_invalid_input")
})
