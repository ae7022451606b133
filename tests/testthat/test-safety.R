closed <- 1e-10 # closed forms, as the check files ask

none_of_four <- function(...) safety(0, n = 4, exposure_years = 4, definition = "related serious adverse event", ...)

upper <- function(x, term) value_of(tidy(x), term, "conf.high")

test_that("0 of 4 has the independently computed limits of the risk", {
  x <- none_of_four()
  expect_equal(upper(x, "risk_exact_upper"), checks_value("D01"), tolerance = closed)
  expect_equal(upper(x, "risk_exact"), checks_value("D02"), tolerance = closed)
  expect_equal(upper(x, "risk_uniform_upper"), checks_value("D03"), tolerance = closed)
  expect_equal(upper(x, "risk_jeffreys_upper"), checks_value("D04"), tolerance = closed)
  expect_equal(value_of(tidy(x), "risk_exact_upper", "conf.low"), 0)
})

test_that("0 in 4 patient-years has the independently computed limits of the rate", {
  x <- none_of_four()
  expect_equal(upper(x, "rate_exact_upper"), checks_value("D05"), tolerance = closed)
  expect_equal(upper(x, "rate_jeffreys_upper"), checks_value("D06"), tolerance = closed)
})

test_that("a gamma prior gives the independently computed tail and prediction", {
  stand_in_priors()
  x <- none_of_four(prior = gamma_of(1, 1), source = "worked example", rate_threshold = 0.25, next_years = 10)
  expect_equal(value_of(tidy(x), "prob_rate_above_prior"), checks_value("D07"), tolerance = closed)
  expect_equal(value_of(tidy(x), "no_event_years_prior"), checks_value("I11"), tolerance = closed)
})

test_that("the next four patients are free of events with the independently computed probability", {
  expect_equal(value_of(tidy(none_of_four()), "no_event_patients_uniform"), checks_value("D08"), tolerance = closed)
})

test_that("one event turns the message: the two independently computed probabilities stand side by side", {
  stand_in_priors()
  x <- none_of_four(prior = beta_of(0.2, 0.8), source = "worked example", threshold = 0.2)
  expect_equal(value_of(tidy(x), "prob_risk_above_prior"), checks_value("D10"), tolerance = closed)
  expect_equal(value_of(tidy(x), "prob_risk_above_prior_one_more"), checks_value("D11"), tolerance = closed)
  expect_equal(value_of(tidy(x), "prob_some_at_threshold"), checks_value("D12"), tolerance = closed)
})

test_that("limits and tails agree with R's own beta, gamma and Poisson functions", {
  x <- safety(3, 11, 6.5, "any infection", threshold = 0.3, rate_threshold = 0.4, conf.level = 0.9)
  table <- tidy(x)
  between <- \(term) c(value_of(table, term, "conf.low"), value_of(table, term, "conf.high"))
  ends <- c(0.05, 0.95)
  expect_equal(
    between("risk_exact"), as.numeric(stats::binom.test(3, 11, conf.level = 0.9)$conf.int), tolerance = closed
  )
  expect_equal(between("risk_jeffreys"), stats::qbeta(ends, 3.5, 8.5), tolerance = closed)
  expect_equal(between("risk_uniform_upper"), c(0, stats::qbeta(0.9, 4, 9)), tolerance = closed)
  expect_equal(
    between("rate_exact"), as.numeric(stats::poisson.test(3, 6.5, conf.level = 0.9)$conf.int), tolerance = closed
  )
  expect_equal(between("rate_jeffreys"), stats::qgamma(ends, 3.5, 6.5), tolerance = closed)
  above <- stats::pbeta(0.3, 3.5, 8.5, lower.tail = FALSE)
  expect_equal(value_of(table, "prob_risk_above_jeffreys"), above, tolerance = closed)
  above <- stats::pgamma(0.4, 3.5, 6.5, lower.tail = FALSE)
  expect_equal(value_of(table, "prob_rate_above_jeffreys"), above, tolerance = closed)
})

test_that("posterior rows have the mean and standard deviation of their law", {
  table <- tidy(safety(1, 5, 10, "any infection"))
  expect_equal(value_of(table, "risk_uniform"), 2 / 7, tolerance = closed)
  expect_equal(value_of(table, "risk_uniform", "std.error"), sqrt(2 * 5 / (49 * 8)), tolerance = closed)
  expect_equal(value_of(table, "rate_jeffreys"), 1.5 / 10, tolerance = closed)
  expect_equal(value_of(table, "rate_jeffreys", "std.error"), sqrt(1.5) / 10, tolerance = closed)
  expect_equal(value_of(table, "rate_exact"), 1 / 10)
})

test_that("the prediction over years is the negative binomial at 0, over patients the beta-binomial", {
  table <- tidy(safety(2, 9, 7, "any infection", next_years = 3, next_patients = 5))
  expect_equal(value_of(table, "no_event_years_jeffreys"), stats::dnbinom(0, 2.5, 7 / 10), tolerance = closed)
  expected <- beta(2.5, 7.5 + 5) / beta(2.5, 7.5)
  expect_equal(value_of(table, "no_event_patients_jeffreys"), expected, tolerance = closed)
})

test_that("tidy() has its columns and every number its error", {
  table <- tidy(none_of_four(threshold = 0.2, rate_threshold = 0.1))
  expect_named(table, c("term", "estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind"))
  expect_true(all(table$num.error >= 0 & table$num.error < 1e-12))
  expect_equal(anyDuplicated(table$term), 0L)
})

test_that("an informative prior is shown beside Jeffreys and needs a source", {
  stand_in_priors()
  expect_error(none_of_four(prior = beta_of(0.2, 0.8)), "source", class = "cordgain_invalid_input")
  x <- none_of_four(prior = list(beta_of(1, 9), gamma_of(1, 2)), source = "registry report")
  expect_true(all(c("risk_prior", "risk_jeffreys", "rate_prior", "rate_jeffreys") %in% tidy(x)$term))
  expect_output(print(x), "registry report")
})

test_that("named priors add nothing to those always shown", {
  expect_equal(tidy(none_of_four(prior = "uniform")), tidy(none_of_four()))
  expect_error(none_of_four(prior = "flat"), class = "cordgain_invalid_input")
})

test_that("priors of another kind are refused", {
  stand_in_priors()
  normal <- structure(list(kind = "normal", parameters = c(mean = 0, sd = 1)), class = "prior")
  expect_error(none_of_four(prior = normal, source = "x"), "normal", class = "cordgain_invalid_input")
  expect_error(none_of_four(prior = list(3), source = "x"), class = "cordgain_invalid_input")
})

test_that("no events without a definition or an exposure is refused", {
  expect_error(safety(0, 4, 4), "definition", class = "cordgain_invalid_input")
  expect_error(safety(0, 4, definition = "x"), "exposure", class = "cordgain_invalid_input")
  expect_error(safety(0, 4, NULL, "x"), "exposure", class = "cordgain_invalid_input")
  expect_error(safety(0, 4, 0, "x"), class = "cordgain_invalid_input")
  expect_error(safety(0, exposure_years = 4, definition = "x"), class = "cordgain_invalid_input")
  expect_error(safety(), class = "cordgain_invalid_input")
  for (bad in list("", "  ", NA, NULL, 3, c("a", "b"))) {
    expect_error(safety(0, 4, 4, bad), class = "cordgain_invalid_input")
  }
})

test_that("counts and exposures that are none are refused with a class", {
  bad <- list(
    list(-1, 4, 4), list(5, 4, 4), list(0.5, 4, 4), list(0, 0, 4), list(NaN, 4, 4), list("0", 4, 4), list(NULL, 4, 4),
    list(factor(0), 4, 4), list(0, 4, Inf), list(0, 4, -1), list(0, 4, NA), list(0, "4", 4)
  )
  for (args in bad) expect_error(do.call(safety, c(args, "any harm")), class = "cordgain_invalid_input")
  expect_error(none_of_four(threshold = 1), class = "cordgain_invalid_input")
  expect_error(none_of_four(rate_threshold = 0), class = "cordgain_invalid_input")
  expect_error(none_of_four(next_patients = 1.5), class = "cordgain_invalid_input")
  expect_error(none_of_four(next_years = -1), class = "cordgain_invalid_input")
  expect_error(none_of_four(conf.level = 1), class = "cordgain_invalid_input")
  expect_error(none_of_four(thresold = 0.2)) # a misspelt argument
})

test_that("events in all patients leave no row for one more", {
  table <- tidy(safety(4, 4, 4, "fever", threshold = 0.5))
  expect_false(any(grepl("one_more", table$term)))
  expect_equal(value_of(table, "risk_exact", "conf.high"), 1)
})

# An arm of trial_arm() where that is there, else the least that safety() asks of one.
arm_with <- function(harms, env = parent.frame()) {
  if (exists("trial_arm", envir = asNamespace("cordgain"), inherits = FALSE)) {
    return(trial_arm(2, 4,
      endpoint = "ais_c", level = "cervical", baseline_grade = "A", baseline_days = c(14, 28), followup_weeks = 52,
      years = c(2021, 2023), harms = harms, exposure_years = if (!is.null(harms)) 4
    ))
  }
  stand_in("arm_harms", \(x) x$harms, env)
  structure(list(harms = if (!is.null(harms)) c(harms, n = 4, exposure_years = 4)), class = "trial_arm")
}

test_that("a trial arm gives its own harms, and one without any is refused", {
  arm <- arm_with(list(events = 0, definition = "related serious adverse event"))
  expect_equal(tidy(safety(arm)), tidy(none_of_four()))
  expect_equal(tidy(safety(arm, threshold = 0.2)), tidy(none_of_four(threshold = 0.2)))
  expect_error(safety(arm_with(NULL)), class = "cordgain_invalid_input")
})

test_that("the print says what cannot be ruled out and what counted as an event", {
  printed <- paste(capture.output(print(none_of_four(threshold = 0.2, rate_threshold = 0.25))), collapse = "\n")
  expect_match(printed, "cannot rule\\s+out a risk of up to\\s+52.7 %")
  expect_match(printed, "related serious adverse event")
  # The observation and what is known of nature are one sentence.
  first <- sub("\\..*", "", gsub("\\s+", " ", sub("(4 patient-years)", "", printed, fixed = TRUE)))
  expect_match(first, "0 of 4 patients with.*would have had it without the treatment is not known")
  expect_match(printed, "risk above 20 %, Jeffreys prior, one event more")
  expect_match(printed, "any event at a risk of 20 %")
})

test_that("no word of the output says safe, proved, caused or significant", {
  x <- none_of_four(threshold = 0.2)
  words <- c(capture.output(print(x)), capture.output(print(summary(x))))
  expect_false(any(grepl("\\b(safe|proved|caused|significant)\\b", words, ignore.case = TRUE)))
})

test_that("the summary prints the sentences and the whole table", {
  expect_output(print(summary(none_of_four())), "rate_jeffreys_upper")
})

test_that("the plot draws one bar per method within 0 and 1", {
  skip_if_not_installed("ggplot2")
  drawn <- plot(none_of_four())
  expect_s3_class(drawn, "ggplot")
  built <- ggplot2::ggplot_build(drawn)
  expect_equal(nrow(built$data[[1]]), 4L)
  # The one-sided bound has its bar from 0 and its number: 1 - 0.05^(1/4), 52.7 %.
  expect_equal(built$data[[3]]$x, 1 - 0.05^(1 / 4), tolerance = 1e-12)
  expect_match(as.character(built$data[[4]]$label), "up to 52.7 %", fixed = TRUE)
  expect_equal(max(built$data[[1]]$xmax), upper(none_of_four(), "risk_exact"))
})

test_that("a number that misses its error is an error, not a quiet number", {
  x <- none_of_four()
  x$table$num.error[1] <- 1e-3
  expect_error(validate_safety(x), class = "cordgain_numerical_error")
})

test_that("limits are those of published Poisson tables: Garwood (1936), 95 %", {
  published <- rbind(
    c(0, 0, 3.689), c(1, 0.025, 5.572), c(2, 0.242, 7.225), c(3, 0.619, 8.767), c(5, 1.623, 11.668),
    c(10, 4.795, 18.390)
  )
  for (i in seq_len(nrow(published))) {
    table <- tidy(safety(published[i, 1], 50, 1, "any infection"))
    expect_equal(round(value_of(table, "rate_exact", "conf.low"), 3), published[i, 2])
    expect_equal(round(value_of(table, "rate_exact", "conf.high"), 3), published[i, 3])
  }
})

test_that("upper limits rise with events and fall with patients and exposure", {
  high <- \(events, n, years, term) upper(safety(events, n, years, "any infection"), term)
  for (term in c("risk_exact", "risk_jeffreys", "risk_uniform_upper")) {
    expect_true(all(diff(vapply(0:5, \(y) high(y, 6, 6, term), 0)) >= 0))
    expect_true(all(diff(vapply(4:12, \(n) high(1, n, 6, term), 0)) < 0))
  }
  for (term in c("rate_exact", "rate_jeffreys", "rate_exact_upper")) {
    expect_true(all(diff(vapply(0:5, \(y) high(y, 6, 6, term), 0)) > 0))
    expect_true(all(diff(vapply(1:9, \(years) high(1, 6, years, term), 0)) < 0))
  }
})

test_that("time in other units rescales the rates and nothing else", {
  years <- tidy(safety(2, 5, 5, "any infection"))
  months <- tidy(safety(2, 5, 60, "any infection"))
  rate <- grepl("^rate_", years$term)
  expect_equal(years$conf.high[rate], 12 * months$conf.high[rate], tolerance = closed)
  expect_equal(years$estimate[rate], 12 * months$estimate[rate], tolerance = closed)
  expect_equal(years[!rate & !grepl("years", years$term), ], months[!rate & !grepl("years", months$term), ])
})

test_that("the one-sided upper limit covers at least as often as stated, by adding up outcomes", {
  for (n in c(1, 4, 9)) {
    limit <- vapply(0:n, \(y) upper(safety(y, n, 1, "x"), "risk_exact_upper"), 0)
    covered <- vapply(seq(0.01, 0.99, by = 0.01), \(p) sum(stats::dbinom(0:n, n, p)[limit >= p]), 0)
    expect_gte(min(covered), 0.95)
  }
})

test_that("the least and the most exposure that makes sense are answered", {
  skip_on_cran() # long
  expect_equal(upper(safety(0, 1, 1 / 365, "x"), "rate_exact_upper"), -log(0.05) * 365, tolerance = closed)
  expect_equal(upper(safety(0, 1e6, 1e7, "x"), "rate_exact_upper"), -log(0.05) / 1e7, tolerance = closed)
  expect_equal(upper(safety(0, 1e6, 1e7, "x"), "risk_exact_upper"), -expm1(log(0.05) / 1e6), tolerance = closed)
})

test_that("more confidence widens limits on both sides, and the one-sided is the two-sided of half the rest", {
  at <- \(level) tidy(safety(2, 9, 7, "any infection", conf.level = level))
  for (term in c("risk_exact", "risk_jeffreys", "risk_uniform", "rate_exact", "rate_jeffreys")) {
    lower <- vapply(c(0.5, 0.9, 0.99), \(level) value_of(at(level), term, "conf.low"), 0)
    higher <- vapply(c(0.5, 0.9, 0.99), \(level) value_of(at(level), term, "conf.high"), 0)
    expect_true(all(diff(lower) < 0) && all(diff(higher) > 0), label = term)
    expect_equal(value_of(at(0.95), paste0(term, "_upper"), "conf.high"), value_of(at(0.9), term, "conf.high"),
      tolerance = closed)
    expect_equal(value_of(at(0.95), paste0(term, "_upper"), "conf.low"), 0)
  }
})

test_that("limits are where the distribution of the count has the stated tail", {
  table <- tidy(safety(2, 9, 7, "any infection"))
  low <- value_of(table, "risk_exact", "conf.low")
  high <- value_of(table, "risk_exact", "conf.high")
  # the slope of a tail in its limit is below 10: a root to 1e-10 is a tail to 1e-9
  expect_equal(stats::pbinom(1, 9, low, lower.tail = FALSE), 0.025, tolerance = 1e-8)
  expect_equal(stats::pbinom(2, 9, high), 0.025, tolerance = 1e-8)
  expect_equal(stats::ppois(1, 7 * value_of(table, "rate_exact", "conf.low"), lower.tail = FALSE), 0.025,
    tolerance = 1e-8)
  expect_equal(stats::ppois(2, 7 * value_of(table, "rate_exact", "conf.high")), 0.025, tolerance = 1e-8)
})

test_that("events and patients without one are exchanged by turning the risk", {
  one <- tidy(safety(3, 10, 10, "any infection"))
  two <- tidy(safety(7, 10, 10, "no infection"))
  for (term in c("risk_exact", "risk_jeffreys", "risk_uniform")) {
    expect_equal(value_of(two, term, "conf.low"), 1 - value_of(one, term, "conf.high"), tolerance = closed)
    expect_equal(value_of(two, term), 1 - value_of(one, term), tolerance = closed)
  }
})

test_that("no further patient and no further year bring no event for certain; more make it less likely", {
  none <- tidy(none_of_four(next_patients = 0, next_years = 0))
  for (term in c("no_event_patients_uniform", "no_event_patients_jeffreys", "no_event_years_jeffreys")) {
    expect_equal(value_of(none, term), 1, tolerance = closed)
  }
  patients <- vapply(c(1, 4, 40, 4000), \(m) {
    value_of(tidy(none_of_four(next_patients = m)), "no_event_patients_uniform")
  }, 0)
  expect_equal(patients, 5 / (5 + c(1, 4, 40, 4000)), tolerance = closed) # Laplace: (n + 1) / (n + m + 1)
  years <- vapply(c(1, 10, 1e4), \(t) value_of(tidy(none_of_four(next_years = t)), "no_event_years_jeffreys"), 0)
  expect_equal(years, sqrt(4 / (4 + c(1, 10, 1e4))), tolerance = closed) # gamma(1/2, 4)
})

test_that("an informative prior is conjugate: the rows of the prior are those of prior and data together", {
  x <- tidy(safety(2, 9, 7, "any infection", prior = list(prior_beta(2, 18), prior_gamma(3, 11)), source = "a registry",
    threshold = 0.2, rate_threshold = 0.5))
  expect_equal(value_of(x, "risk_prior", "conf.high"), stats::qbeta(0.975, 4, 25), tolerance = closed)
  expect_equal(value_of(x, "rate_prior", "conf.high"), stats::qgamma(0.975, 5, 18), tolerance = closed)
  expect_equal(value_of(x, "prob_risk_above_prior"), stats::pbeta(0.2, 4, 25, lower.tail = FALSE), tolerance = closed)
  expect_equal(value_of(x, "prob_rate_above_prior"), stats::pgamma(0.5, 5, 18, lower.tail = FALSE), tolerance = closed)
  expect_equal(value_of(x, "prob_risk_above_prior_one_more"), stats::pbeta(0.2, 5, 24, lower.tail = FALSE),
    tolerance = closed)
  expect_equal(value_of(x, "prob_some_at_threshold"), 1 - 0.8^9, tolerance = closed)
})

test_that("refusals say what is missing and what to give", {
  said <- \(...) conditionMessage(tryCatch(safety(...), cordgain_invalid_input = identity))
  expect_match(said(0, 4, definition = "x"), "patient-years at risk: no event in a day is not no event in a year")
  expect_match(said(0, 4, 4), "State what counted as an event")
  expect_match(said(0, 4, 4, " "), "blank")
  expect_match(said(0, 4, 4, "x", prior = prior_beta(1, 9)), "Cite where it comes from")
  expect_match(said(0, 4, 4, "x", prior = prior_normal(0, 1), source = "y"), "It is: normal")
  expect_match(said(0, exposure_years = 4, definition = "x"), "number of patients observed")
  expect_match(said(), "trial_arm")
})

test_that("the title of the picture is the bound that print tells", {
  skip_if_not_installed("ggplot2")
  x <- none_of_four()
  title <- gsub("\n", " ", plot(x)$labels$title)
  bound <- 100 * (1 - 0.05^(1 / 4)) # no event in four patients
  expect_identical(title, paste0("0 of 4 patients with the event: a risk of up to ", signif(bound, 3),
    " % per patient is not ruled out"))
})
