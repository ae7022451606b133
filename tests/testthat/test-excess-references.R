# A plain natural tail: one source, theta = mu + tau z, on wide grids of mu, tau and z. Slow, and nothing of ours.
naive_tail <- function(events, n, y, patients, scale = 1) {
  mu <- seq(-7, 3, length.out = 121)
  tau <- (seq_len(60) - 0.5) / 60 * 5 * scale
  z <- seq(-5, 5, length.out = 81)
  weight_z <- stats::dnorm(z) / sum(stats::dnorm(z))
  total <- mass <- 0
  for (t in tau) {
    rate <- stats::plogis(outer(mu, t * z, "+"))
    likelihood <- as.vector(stats::dbinom(events, n, rate) %*% weight_z)
    tail <- as.vector(stats::pbinom(y - 1, patients, rate, lower.tail = FALSE) %*% weight_z)
    weight <- likelihood * stats::dnorm(mu, 0, 2) * stats::dnorm(t / scale)
    mass <- mass + sum(weight)
    total <- total + sum(weight * tail)
  }
  total / mass
}

one_row <- function(...) {
  row <- data.frame(
    source = "first", events = 3, n = 20, rate = NA_real_, endpoint = "ais_c", baseline_grade = "A", level = "cervical",
    baseline_from_day = 10, baseline_to_day = 30, followup_weeks = 52, years_from = 2008, years_to = 2014,
      registry = "one"
  )
  changes <- list(...)
  row[names(changes)] <- changes
  row
}

references_of <- function(...) as.data.frame(excess_by_reference(plain_arm(responders = 2), ...))

test_that("a source with counts gives the tail of a naive triple sum", {
  # The naive midpoint rule in tau with 60 cells is right to about 1e-3 of the value.
  expect_equal(references_of(one_row(events = 32, n = 187))$natural_tail, naive_tail(32, 187, 2, 4), tolerance = 2e-3)
  expect_equal(references_of(one_row())$natural_tail, naive_tail(3, 20, 2, 4), tolerance = 2e-3)
})

test_that("one source agrees with the independently computed tails of 32 of 187", {
  # Sections 4.1 and 12 of the statistics: HN(1) .2628634520, HN(.5) .1955948992; asked to 1e-7.
  kirshblum <- subset(natural_ais, source == "Kirshblum 2016" & endpoint == "ais_c")
  tail_with <- \(...) as.data.frame(excess_by_reference(keio_ips, kirshblum, ...))$natural_tail
  expect_equal(tail_with(), 0.2628634520, tolerance = 1e-7 / 0.26)
  expect_equal(tail_with(tau = prior_half_normal(0.5)), 0.1955948992, tolerance = 1e-7 / 0.2)
})

test_that("the pair that reaches the trial's days has the published headline tail", {
  table <- as.data.frame(excess_by_reference(keio_ips, two_sources()))
  pair <- table[table$kind == "set", ]
  # Both sets hold the same two sources here.
  expect_identical(unique(pair$evidence), "19/161 + 32/187")
  expect_equal(pair$natural_tail, rep(0.1686498570, 2), tolerance = 1e-7 / 0.17)
  expect_equal(4 * pair$rate, pair$natural_responders)
})

test_that("a rate without its number of patients is taken as known and says so", {
  row <- references_of(one_row(events = NA, n = NA, rate = 0.135))
  expect_identical(row$kind, "rate")
  expect_identical(row$evidence, "13.5 %, no uncertainty")
  expect_equal(row$natural_tail, binomial_tail(2, 4, 0.135), tolerance = 1e-12) # finite sums
  expect_equal(row$natural_responders, 4 * 0.135, tolerance = 1e-12)
  expect_identical(row$num.kind, "exact")
})

test_that("where several counts fit, the smallest and the largest tail stand and no single one", {
  open <- one_row(events = NA, rate = 0.15, events_min = 3, events_max = 4)
  row <- references_of(open)
  expect_identical(row$kind, "counts")
  expect_identical(row$evidence, "3 to 4 of 20")
  expect_identical(row$natural_tail, NA_real_)
  single <- vapply(3:4, \(events) references_of(one_row(events = events))$natural_tail, 0)
  expect_equal(c(row$tail_low, row$tail_high), range(single))
})

test_that("an open count of the trial gives the tails of its ends", {
  arm <- plain_arm(responders = c(1, 3))
  row <- as.data.frame(excess_by_reference(arm, one_row(events = NA, n = NA, rate = 0.1)))
  expect_equal(c(row$tail_low, row$tail_high), binomial_tail(c(3, 1), 4, 0.1), tolerance = 1e-12)
  expect_identical(row$natural_tail, NA_real_)
})

test_that("what differs is named in the words of accept, and nothing is named where all matches", {
  expect_identical(references_of(one_row())$differs, "")
  expect_identical(references_of(one_row(level = "all", followup_weeks = 20))$differs, "level, followup")
  same <- rbind(one_row(), one_row(source = "second"))
  same$reference <- TRUE
  expect_match(subset(references_of(same), kind == "set")$differs[1], "registry")
})

test_that("the days of the first exams, not the order of rows, decide who is in the late set", {
  rows <- rbind(one_row(), one_row(source = "second", registry = "two"), one_row(source = "early", registry = "three"))
  rows$reference <- TRUE
  rows$baseline_from_day[3] <- 0
  rows$baseline_to_day[3] <- 2
  sets <- subset(references_of(rows), kind == "set")
  expect_identical(sets$evidence, c("3/20 + 3/20", "3/20 + 3/20 + 3/20"))
  expect_identical(subset(references_of(rows[3:1, ]), kind == "set")$natural_tail, sets$natural_tail)
})

test_that("all published references for the trial's endpoint are there, and only they", {
  answer <- excess_by_reference(keio_ips)
  table <- as.data.frame(answer)
  published <- subset(natural_ais, endpoint == "ais_c")
  # The trial's window ends on day 28; one published row was first examined a year after injury.
  published <- subset(published, baseline_from_day <= 42)
  expect_identical(sum(table$kind != "set"), nrow(published))
  expect_identical(sum(table$kind == "rate"), sum(is.na(published$events) & is.na(published$events_min)))
  # The published range: SCIMS T1-T9 .011433, tetraplegia 2013-15 .314966 (statistics, D1).
  tail_of <- \(reference) table$natural_tail[table$reference == reference]
  expect_equal(tail_of("Marino 2020, T1-T9"), 0.011433, tolerance = 5e-5) # printed to six decimals
  expect_equal(tail_of("Marino 2020, injured 2013-2015, cervical"), 0.314966, tolerance = 5e-6)
  expect_true(all(table$num.error < 1e-6))
})

test_that("tidy has the columns and terms of every result, and the excess is observed minus natural", {
  rows <- tidy(excess_by_reference(plain_arm(responders = 2), one_row(events = NA, n = NA, rate = 0.1)))
  expect_true(all(c("term", "estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind",
    "group") %in% names(rows)))
  value <- \(term) value_of(rows, term)
  expect_equal(value("natural_rate"), 0.1, tolerance = 1e-12)
  expect_equal(value("excess_responders"), 2 - 0.4, tolerance = 1e-12)
  expect_equal(value("natural_tail"), binomial_tail(2, 4, 0.1), tolerance = 1e-12)
})

test_that("rows with neither counts nor a rate are left out, counted and said", {
  rows <- rbind(one_row(), one_row(source = "empty", events = NA, n = NA))
  answer <- excess_by_reference(plain_arm(), rows)
  expect_identical(nrow(as.data.frame(answer)), 1L)
  expect_output(print(answer), "Left out (neither counts nor a rate): empty.", fixed = TRUE)
})

test_that("who was first examined months after the trial's window is no reference, and the print says so", {
  # The arm's window is known; a first exam a year after injury selects those who had not recovered by then.
  answer <- excess_by_reference(keio_ips)
  expect_false(any(grepl("A at 1 year", as.data.frame(answer)$reference)))
  expect_output(print(answer), "Left out \\(first exam .*:\\s+Kirshblum\\s+2004,\\s+A\\s+at\\s+1\\s+year")
  # The lowest rate left is 2.7 % (T10-T12, 1995-1997): 1 - .973^4 - 4 * .027 * .973^3.
  expect_equal(min(as.data.frame(answer)$tail_low), 1 - 0.973^4 - 4 * 0.027 * 0.973^3, tolerance = 1e-12)
})

test_that("a first exam is late from two weeks after the window on, and not before", {
  last <- plain_arm()$baseline_days[2]
  rows <- rbind(one_row(source = "near"), one_row(source = "far"))
  rows$baseline_from_day <- last + c(14, 15)
  rows$baseline_to_day <- last + 30
  expect_match(references_of(rows)$reference, "near")
  invalid(excess_by_reference(plain_arm(), rows[2, ]), "no usable reference")
})

test_that("for one grade or more, reviews and those still grade A weeks later are left out by name", {
  answer <- excess_by_reference(update(keio_ips, endpoint = "ais_any"))
  expect_false(any(grepl("El Tecle|Khorasanizadeh|still A|1 year", as.data.frame(answer)$reference)))
  expect_output(print(answer), "still\\s+A\\s+at\\s+week\\s+8")
  expect_output(print(answer), "El\\s+Tecle\\s+2018")
})

test_that("print states the observation with the natural expectation and what differs", {
  expect_output(print(excess_by_reference(keio_ips, two_sources())),
    "Observed 2 of 4.*By nature alone.*level, baseline")
  expect_identical(summary(excess_by_reference(keio_ips, two_sources())), tidy(excess_by_reference(keio_ips,
    two_sources())))
})

test_that("the picture has a row for each reference, its chance and its evidence, in panels by kind", {
  skip_if_not_installed("ggplot2")
  answer <- excess_by_reference(keio_ips)
  plot <- plot(answer)
  expect_identical(nrow(plot$data), nrow(as.data.frame(answer)))
  expect_false(is.unsorted(plot$data$tail_high))
  expect_identical(sum(layer_geoms(plot) == "GeomText"), 3L)
  expect_match(words_of(plot)[["title"]], "Observed 2 of 4; nature alone gives 2 or more in 0.4 % to 31 %")
  expect_match(words_of(plot)[["caption"]],
    "L level, B day of the first exam, F follow-up, Y years of injury, R one registry twice")
  expect_true(draws(plot))
})

test_that("columns of text stand apart, however long the open chances are", {
  expect_identical(cordgain:::short_range(c("0.2 % to 21 %", "17 %")), c("0.2-21 %", "17 %"))
  for (letters in c(4, 10)) {
    at <- cordgain:::text_columns(letters)
    expect_false(is.unsorted(at, strictly = TRUE))
    # A letter takes 0.0187 of the whole width: the column is wider than its longest text.
    expect_gt(at[["evidence"]] - at[["tail"]], 0.0187 * at[["end"]] * letters)
  }
})

test_that("letters of differences and short evidence stand for the words", {
  expect_identical(cordgain:::reference_codes(c("level, years", "")), c("LY", "-"))
  expect_identical(
    cordgain:::short_evidence(c("39/482 + 3/53 + 19/161 + 32/187", "165 to 166 of 1877", "13.5 %, no uncertainty",
      "3 of 53")),
    c("39/482 + 3/53 ...", "165-166 of 1877", "13.5 %", "3 of 53")
  )
})

test_that("what is no arm, no treated arm or no table of references is refused by class", {
  invalid(excess_by_reference(2), "trial_arm")
  invalid(excess_by_reference(plain_arm(role = "control")), "treated")
  invalid(excess_by_reference(plain_arm(), one_row(endpoint = "other")), "no usable reference")
  invalid(excess_by_reference(plain_arm(), one_row()["source"]), "events")
  invalid(excess_by_reference(plain_arm(), "a table"))
  invalid(excess_by_reference(plain_arm(), one_row(events = NA, n = NA, rate = 13.5)))
})

# Invariants ----------------------------------------------------------------------------------------

test_that("a known rate is the binomial for every count of the trial", {
  for (n in c(1, 12)) {
    for (y in unique(c(0, 1, n))) {
      for (rate in c(0.02, 0.98)) {
        row <- as.data.frame(excess_by_reference(plain_arm(responders = y, n = n),
          one_row(events = NA, n = NA, rate = rate)))
        expect_equal(row$natural_tail, binomial_tail(y, n, rate), tolerance = 1e-12) # finite sums
        expect_equal(row$natural_responders, n * rate, tolerance = 1e-12)
      }
    }
  }
})

test_that("the order of the references and rows of other endpoints are of no account", {
  rows <- rbind(one_row(), one_row(source = "second", events = 5, n = 40),
    one_row(source = "rate", events = NA, n = NA, rate = 0.1))
  forward <- references_of(rows)
  backward <- references_of(rows[3:1, ])
  expect_equal(backward[match(forward$reference, backward$reference), ], forward, ignore_attr = TRUE)
  more <- rbind(rows, one_row(source = "other", endpoint = "ais_any"))
  expect_identical(references_of(more), forward)
  # each stands alone: with or without the others
  for (i in 1:3) expect_equal(references_of(rows[i, ]), forward[i, ], ignore_attr = TRUE)
})

test_that("more events in the same number of patients make nature more likely, more responders less", {
  tails <- vapply(c(0, 3, 5), \(events) references_of(one_row(events = events))$natural_tail, 0)
  expect_true(all(diff(tails) > 0))
  observed <- vapply(c(0, 2, 4), \(y) {
    as.data.frame(excess_by_reference(plain_arm(responders = y), one_row()))$natural_tail
  }, 0)
  expect_equal(observed[1], 1, tolerance = 1e-6) # at least none: the whole of a distribution had to 1e-6
  expect_true(all(diff(observed) < 0))
})

test_that("tails of all counts add up to the expectation", {
  # E(Y) = sum over y >= 1 of P(Y >= y)
  tails <- vapply(1:4, \(y) as.data.frame(excess_by_reference(plain_arm(responders = y), one_row()))$natural_tail, 0)
  expect_equal(sum(tails), references_of(one_row())$natural_responders, tolerance = 1e-6) # four tails had to 1e-6
})

test_that("a tight prior of the heterogeneity and many patients lead to the binomial", {
  row <- as.data.frame(excess_by_reference(plain_arm(responders = 2), one_row(events = 2e5, n = 1e6),
    tau = prior_fixed(0)))
  # the rate is 0.2 with standard error 4e-4; the tail's slope there is below 1.5
  expect_lt(abs(row$natural_tail - binomial_tail(2, 4, 0.2)), 1e-3)
})

test_that("the columns and terms that the help names are there, once for each reference", {
  answer <- excess_by_reference(keio_ips, two_sources())
  table <- as.data.frame(answer)
  expect_true(all(c("reference", "kind", "evidence", "differs", "rate", "natural_responders", "natural_tail",
    "tail_low", "tail_high", "num.error") %in% names(table)))
  rows <- tidy(answer)
  for (group in unique(rows$group)) {
    expect_setequal(rows$term[rows$group == group],
      c("natural_rate", "natural_responders", "excess_responders", "natural_tail"))
  }
  expect_setequal(rows$group, table$reference)
  expect_true(all(table$tail_low <= table$tail_high))
  expect_true(all(table$tail_low >= 0 & table$tail_high <= 1))
})

test_that("open counts on both sides give a range in every term and no estimate", {
  arm <- plain_arm(responders = c(1, 3))
  rows <- tidy(excess_by_reference(arm, one_row(events = NA, rate = 0.15, events_min = 3, events_max = 4)))
  expect_true(all(is.na(rows$estimate)))
  expect_true(all(rows$conf.low < rows$conf.high))
  natural <- rows[rows$term == "natural_responders", ]
  excess <- rows[rows$term == "excess_responders", ]
  expect_equal(excess$conf.low, 1 - natural$conf.high, tolerance = 1e-12)
  expect_equal(excess$conf.high, 3 - natural$conf.low, tolerance = 1e-12)
})

test_that("reasons to leave a row out are told apart, and each is one sentence", {
  rows <- data.frame(
    source = c("empty", "late", "review", "fine", "open"), events = c(NA, 1, 1, 1, NA), n = c(4, 4, 4, 4, 4),
    rate = NA_real_, events_min = c(NA, NA, NA, NA, 1), events_max = c(NA, NA, NA, NA, 2),
    baseline_from_day = c(1, 43, NA, 42, 1), poolable = c(TRUE, TRUE, FALSE, FALSE, TRUE)
  )
  reason <- left_out_reason(rows, 28)
  expect_identical(reason[1:3], unname(left_out_reasons))
  expect_true(all(is.na(reason[4:5])))
  expect_true(is.na(left_out_reason(rows[2, ], NA))) # an arm whose window is not known leaves none out as late
  expect_identical(left_out_words(list(why = c("a", "b", "a"))), "Left out (why): a; b.")
  expect_identical(has_count_set(rows), c(FALSE, FALSE, FALSE, FALSE, TRUE))
})

test_that("ranges are written once where both ends look the same", {
  percent <- \(v) paste(round(100 * v), "%")
  expect_identical(range_text(c(0.1, 0.101), c(0.2, 0.102), percent), c("10 % to 20 %", "10 %"))
  expect_identical(reference_codes("endpoint, grade, level, baseline, followup, years, registry"), "EGLBFYR")
})

test_that("a tail that misses its accuracy is an error that names the reference", {
  answer <- excess_by_reference(plain_arm(), one_row())
  answer$table$num.error <- 1e-5
  expect_error(validate_by_reference(answer, rlang::current_env()), "first", class = "cordgain_numerical_error")
})

test_that("rates, days and events that are none are refused", {
  invalid(excess_by_reference(plain_arm(), one_row(events = NA, n = NA, rate = -0.1)), "rate")
  invalid(excess_by_reference(plain_arm(), one_row(baseline_from_day = -3)), "baseline_from_day")
  invalid(excess_by_reference(plain_arm(), one_row(events = 21)))
  invalid(excess_by_reference(), "arm")
  invalid(excess_by_reference(plain_arm(), one_row(), tau = 0.5), "tau")
  invalid(excess_by_reference(plain_arm(), one_row(), mu = prior_beta(1, 1)), "mu")
})
