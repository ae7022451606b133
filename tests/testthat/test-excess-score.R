# The excess of changes: what is asked, refused, told.

declared <- \(...) {
  seen <- list(level = "cervical", baseline_grade = "A", baseline_days = c(14, 28), followup_weeks = 54, years = 2020)
  score_change(c(12, 18, 9, 15), c(36, 31, 11, 15), "uems", match = utils::modifyList(seen, list(...)))
}

registries <- \(...) {
  rows <- data.frame(source = c("a", "b"), mean = c(7.8, 9), sd = 6.5, n = c(120, 60), measure = "uems",
    level = "cervical",
    baseline_grade = "A", baseline_mean_day = 20, followup_weeks = 52, years_from = 2015, years_to = 2020,
    registry = c("a", "b"))
  natural_change(transform(rows, ...), tau = prior_half_normal(2))
}

test_that("matched sources need nothing accepted, and the print says they match", {
  e <- excess(declared(), registries())
  expect_output(print(e), "Matched on endpoint, grade, level, baseline, follow-up, years and registry")
})

test_that("each difference is refused unless accepted by name", {
  skip_on_cran() # long
  unmatched <- \(what, x, natural) {
    expect_error(excess(x, natural), what, class = "cordgain_unmatched")
    expect_output(print(excess(x, natural, accept = what)), "Not matched, illustration")
  }
  unmatched("level", declared(level = "T1-T9"), natural_change(registries()$sources, tau = prior_half_normal(2),
    family = "hurdle", range = c(0, 50), zero = 0.2))
  unmatched("grade", declared(baseline_grade = "B"), registries())
  unmatched("baseline", declared(baseline_days = c(30, 40)), registries())
  unmatched("followup", declared(followup_weeks = 26), registries())
  unmatched("years", declared(years = 2035), registries())
  unmatched("endpoint", declared(), registries(measure = "lems"))
  unmatched("registry", declared(), registries(registry = "a"))
})

test_that("an unknown level is refused, or accepted by name", {
  expect_error(excess(declared(level = NA_character_), registries()), "level", class = "cordgain_unmatched")
  expect_s3_class(excess(declared(level = NA_character_), registries(), accept = "level"), "excess_score")
})

test_that("normal percentiles of thoracic motor scores are refused, a hurdle is suggested", {
  thoracic <- score_change(c(0, 0), c(0, 4), "lems", match = list(level = "T1-T9"))
  expect_error(excess_of_scores(thoracic, natural_change(0.8, sd = 3)), "hurdle", class = "cordgain_invalid_input")
  expect_error(excess_of_scores(thoracic, natural_change(0.8, sd = 3, family = "censored", range = c(0, 50))), "hurdle",
    class = "cordgain_invalid_input")
  hurdle <- natural_change(0.8, sd = 3, family = "hurdle", range = c(0, 50), zero = 0.85)
  e <- excess_of_scores(thoracic, hurdle)
  u <- term_value(e, "patient_percentile")
  expect_equal(u[1], 0.85 / 2, tolerance = 1e-12) # half of the share without change
  # A hurdle is for legs and arms alike, and another scale has no such rule.
  other <- motor_scale(min = 0, max = 50, direction = "higher", name = "own")
  expect_s3_class(excess_of_scores(score_change(c(0, 0), c(0, 4), other, match = list(level = "T1-T9")),
    natural_change(0.8, sd = 3)), "excess_score")
})

test_that("bad arguments are refused by name", {
  natural <- natural_change(7.8, sd = 6.5)
  expect_error(excess(declared()), "natural_change", class = "cordgain_invalid_input")
  expect_error(excess(declared(), natural_rate(0.1)), "natural_change", class = "cordgain_invalid_input")
  expect_error(excess_of_scores(declared(), natural_change(7.8)), "SD", class = "cordgain_invalid_input")
  expect_error(excess_of_scores(declared(), natural, control = declared()), "records", class = "cordgain_invalid_input")
  expect_error(excess_of_scores(declared(), natural, margin = "5"), class = "cordgain_invalid_input")
  expect_error(excess_of_scores(declared(), natural, conf.level = 1), class = "cordgain_invalid_input")
  expect_error(excess_of_scores(declared(), natural, randomise = NA), class = "cordgain_invalid_input")
  expect_error(excess(declared(), natural, accept = "everything"), class = "cordgain_invalid_input")
})

test_that("randomised percentiles lie inside their steps and follow the seed", {
  natural <- natural_change(7.8, sd = 6.5, family = "censored", range = c(0, 50))
  u <- \(...) term_value(excess_of_scores(declared(), natural, ...), "patient_percentile")
  first <- u(randomise = TRUE, seed = 7)
  expect_identical(u(randomise = TRUE, seed = 7), first)
  expect_false(identical(u(randomise = TRUE, seed = 8), first))
  law <- patient_laws(natural, change_room(declared()), TRUE)$fine
  ends <- vapply(1:4, \(i) percentile_ends(law, i, c(24, 13, 2, 0)[i]), numeric(2))
  expect_true(all(first > ends[1, ] & first < ends[2, ]))
  set.seed(1)
  a <- u(randomise = TRUE)
  set.seed(1)
  expect_identical(u(randomise = TRUE), a)
})

test_that("the declared test is marked, and without one the print says that none stands alone", {
  natural <- natural_change(7.8, sd = 6.5)
  expect_output(print(excess_of_scores(declared(), natural, primary = "fisher")), "\\(declared beforehand\\)")
  expect_output(print(excess_of_scores(declared(), natural)), "None was declared")
})

test_that("where lower is better the sign is turned once on both sides", {
  x <- score_change(c(60, 40), c(50, 38), "mds_updrs_iii")
  natural <- natural_change(data.frame(source = "a", mean = -2, se = 0.5, measure = "mds_updrs_iii"),
    tau = prior_fixed(0), sd = 5)
  e <- excess_of_scores(x, natural)
  expect_equal(term_value(e, "mean_excess"), 6 - 2)
  expect_output(print(e), "sign of change is turned")
})

test_that("order and names of the patients do not matter to the group", {
  natural <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5, family = "censored",
    range = c(0, 50))
  a <- tidy(excess_of_scores(score_change(c(12, 18, 9), c(36, 31, 11), "uems"), natural))
  b <- tidy(excess_of_scores(score_change(c(9, 12, 18), c(11, 36, 31), "uems"), natural))
  group <- is.na(a$subject)
  expect_equal(a$estimate[group], b$estimate[group], tolerance = 1e-9)
})

test_that("every number carries its error, below 1e-6, and the table is quick to make", {
  natural <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5, family = "censored",
    range = c(0, 50))
  rows <- tidy(excess_of_scores(declared(), natural))
  expect_true(all(rows$num.error <= 1e-5 & rows$num.error >= 0))
  expect_setequal(names(rows), c("term", "estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind",
    "statistic", "p.value", "reason", "subject", "interval"))
  expect_output(print(summary(excess_of_scores(declared(), natural))), "from the lowest up.*Each band is for one rank")
})

test_that("a range without losses is told where patients can lose, with what that does", {
  moved <- score_change(c(12, 18, 9, 15), c(36, 31, 11, 12), "uems") # the last one lost 3
  of <- \(x, ...) excess(x, natural_change(7.8, sd = 6.5, ...), accept = every_difference)
  no_losses <- \(x, ...) {
    expect_warning(made <- of(x, ...), "lost a point", class = "cordgain_no_losses")
    made
  }
  censored <- no_losses(moved, family = "censored", range = c(0, 50))
  # What the warning says: the known natural mean of 7.8 is missed from below, and reached where losses are allowed.
  expect_lt(term_value(censored, "natural_mean"), 7.5)
  expect_equal(term_value(of(moved, family = "censored", range = c(-14, 36)), "natural_mean"), 7.8, tolerance = 1e-3)
  counted <- no_losses(moved, family = "beta_binomial", range = c(0, 50))
  expect_identical(term_value(counted, "patient_percentile")[4], 0)
  said <- tryCatch(of(moved, family = "censored", range = c(0, 50)), cordgain_no_losses = conditionMessage)
  expect_match(cli::ansi_strip(said), "can lose, up to 18 points; the largest loss seen is 3", fixed = TRUE)
  expect_match(said, "range = c(-14, 36)", fixed = TRUE) # mean first score 13.5, of 50
  # A hurdle is for those who do not change: told where one lost.
  hurdle <- list(family = "hurdle", range = c(0, 50), zero = 0.15)
  expect_identical(term_value(do.call(no_losses, c(list(moved), hurdle)), "patient_percentile")[4], 0)
  kept <- score_change(c(12, 18, 9, 15), c(36, 31, 11, 15), "uems")
  expect_no_warning(do.call(of, c(list(kept), hurdle)))
  # Nothing is told where losses are allowed, have no end, or cannot be.
  expect_no_warning(of(moved, family = "censored", range = c(-14, 36)))
  expect_no_warning(of(moved))
  expect_no_warning(of(score_change(c(0, 0), c(8, 3), "uems"), family = "censored", range = c(0, 50)))
})

test_that("an SD of the treated beyond the scale is refused, and a limit at 0 is said to be there", {
  natural <- natural_change(7.8, sd = 6.5)
  expect_error(excess_of_scores(declared(), natural, sd_treated = 1e300), "width of the scale",
    class = "cordgain_invalid_input")
  e <- excess_of_scores(declared(), natural)
  e$terms$conf.low[e$terms$term == "mean_excess"] <- 0
  expect_output(print(e), "begins at 0 as it is")
})

test_that("where lower is better a table of means is turned, or refused where it names no scale", {
  x <- score_change(c(24, 31, 19, 27), c(19, 30, 21, 22), "mds_updrs_iii") # falls by 5, 1, -2, 5: a mean gain of 2.25
  worse <- data.frame(source = "a", endpoint = "MDS-UPDRS part III", mean = 2.4, sd = 8, n = 362)
  expect_equal(term_value(excess_of_scores(x, natural_change(worse, prior_half_normal(1))), "mean_excess"),
    2.25 + 2.4, tolerance = 1e-9)
  own <- motor_scale(min = 0, max = 132, direction = "lower", name = "own score")
  y <- score_change(c(24, 31, 19, 27), c(19, 30, 21, 22), own)
  unknown <- natural_change(transform(worse, endpoint = "own score"), prior_half_normal(1))
  told <- expect_error(excess_of_scores(y, unknown), "does not know its scale", class = "cordgain_invalid_input")
  expect_match(conditionMessage(told), "`scale`, or a column measure", fixed = TRUE)
  expect_error(predict(unknown, y), "does not know its scale", class = "cordgain_invalid_input")
  known <- natural_change(transform(worse, endpoint = "own score"), prior_half_normal(1), scale = own)
  expect_equal(term_value(excess_of_scores(y, known), "mean_excess"), 2.25 + 2.4, tolerance = 1e-9)
  # A number is of gains already.
  expect_equal(term_value(excess_of_scores(y, natural_change(-2.4, sd = 8)), "mean_excess"), 4.65, tolerance = 1e-9)
})

test_that("with a lost final score the print keeps what there is, and says what there is not", {
  lost <- score_change(c(12, 18, 9), c(36, NA, 11), "uems")
  e <- excess_of_scores(lost, natural_change(7.8, sd = 6.5), margin = 2, primary = "percentile_sum")
  text <- paste(format_excess_score(e), collapse = "\n")
  at <- \(final, term) term_value(excess_of_scores(score_change(c(12, 18, 9), c(36, final, 11), "uems"),
    natural_change(7.8, sd = 6.5), margin = 2), term)
  between <- \(term, words) paste(words(sort(c(at(0, term), at(50, term)))), collapse = " to ")
  expect_match(text, between("percentile_sum", probability_text), fixed = TRUE)
  expect_match(text, paste0(between("percentile_sum", probability_text), " (declared beforehand)"), fixed = TRUE)
  expect_match(text, paste0("smaller mean in ", between("prob_excess", percent_text)), fixed = TRUE)
  expect_match(text, paste0("smaller by more than 2 in ", between("prob_margin", percent_text)), fixed = TRUE)
  expect_match(text, "Mean excess in their population", fixed = TRUE)
  expect_match(text, "tipping point and intervals need every final score", fixed = TRUE)
})

test_that("randomised percentiles are said to be that, beside tests that are not", {
  natural <- natural_change(7.8, sd = 6.5)
  plain <- excess_of_scores(synthetic_change(), natural)
  drawn <- excess_of_scores(synthetic_change(), natural, randomise = TRUE, seed = 1)
  expect_output(print(drawn), "drawn inside the step of a whole score")
  expect_no_match(paste(format_excess_score(plain), collapse = " "), "drawn inside")
  expect_identical(term_value(drawn, "percentile_sum"), term_value(plain, "percentile_sum"))
})

test_that("a natural change without a scale must be possible on the trial's", {
  off <- \(natural) {
    expect_error(excess_of_scores(synthetic_change(), natural), "outside the scale", class = "cordgain_invalid_input")
    expect_error(predict(natural, synthetic_change()), "outside the scale", class = "cordgain_invalid_input")
  }
  off(natural_change(prior_normal(70, 5), sd = 6)) # of 50 points
  off(natural_change(78, sd = 6))
  off(natural_change(7.8, sd = 65))
})

test_that("a range that is the patients' own with its sign turned is warned of, where lower is better", {
  x <- score_change(c(40, 42, 38), c(36, 40, 39), "mds_updrs_iii") # gains of at most 40, losses of at most 92
  of <- \(range) {
    excess_of_scores(x, natural_change(4, sd = 8, family = "censored", range = range, scale = "mds_updrs_iii"))
  }
  expect_warning(of(c(-40, 92)), "range = c\\(-92, 40\\)", class = "cordgain_range_not_turned")
  expect_no_warning(of(c(-92, 40)))
  expect_no_warning(of(c(-70, 62))) # another population, near the middle
  higher <- synthetic_change(c(10, 12), c(3, 4))
  expect_no_warning(excess_of_scores(higher, natural_change(4, sd = 8, family = "censored", range = c(-39, 11))))
})
