# What a report shows beside the verbs: tables in words, nothing lost, nothing claimed.

late_answer <- function() {
  late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
  excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years"))
}

test_that("every term of the result stands in the table with its own numbers, meaning and unit", {
  answer <- late_answer()
  terms <- tidy(answer)
  rows <- cordgain:::report_terms(terms, cordgain:::responder_words)
  expect_identical(rows$term, terms$term)
  as_number <- \(text) as.numeric(sub("\u2212", "-", text))
  expect_equal(as_number(rows$estimate), signif(terms$estimate, 3))
  known <- !is.na(terms$conf.low)
  ends <- strsplit(rows$interval[known], " to ", fixed = TRUE)
  expect_equal(as_number(vapply(ends, `[`, "", 1)), signif(terms$conf.low[known], 3))
  expect_equal(as_number(vapply(ends, `[`, "", 2)), signif(terms$conf.high[known], 3))
  expect_true(all(nzchar(rows$meaning)) && all(nzchar(rows$unit)))
  expect_identical(cordgain:::claims_in(rows$meaning), character())
  # A term without words keeps its name, so that a new one is never lost.
  new <- transform(terms[1, ], term = "some_new_term")
  expect_identical(cordgain:::report_terms(new, cordgain:::responder_words)$meaning, "some new term")
})

test_that("numbers have three digits, whole ones as such, a true minus, and nothing where none is known", {
  expect_identical(cordgain:::report_number(c(1.1, 0.5, 16.24, -0.0312, 2, -1, 482, 0, NA)),
    c("1.10", "0.500", "16.2", "\u22120.0312", "2", "\u22121", "482", "0", ""))
  expect_identical(cordgain:::report_number(c(123.4, 1234.5)), c("123", "1234"))
})

test_that("a probability that rounds to 1 is not written as 1, and 1 is", {
  terms <- tidy(late_answer())
  at <- terms$term %in% c("prob_benefit", "natural_tail", "rate_jeffreys")
  terms$estimate[at] <- 0.9997
  terms$estimate[terms$term == "natural_below_observed"] <- 1
  rows <- report_terms(terms, responder_words)
  shown <- stats::setNames(rows$estimate, rows$term)
  expect_identical(unname(shown[c("prob_benefit", "natural_tail", "natural_below_observed")]),
    c("above 0.999", "above 0.999", "1"))
  expect_identical(unname(shown["rate_jeffreys"]), "1.00") # a rate of responders, with an interval beside it
})

test_that("controls, a margin and grade steps have words too", {
  control <- plain_arm(responders = 1, n = 6, role = "control")
  answer <- excess(two_of_four(), natural_rate(0.12), control = control, margin = 0.1, accept = every_difference)
  known <- names(cordgain:::responder_words)
  expect_true(all(c("fisher", "rate_difference_above_margin") %in% tidy(answer)$term))
  expect_identical(setdiff(tidy(answer)$term, known), character())
  # The margin is named where a probability is about it.
  words <- cordgain:::words_of_responders(answer)
  expect_identical(words$rate_difference_above_margin[1], "that this difference is above the margin, 0.1")
  expect_identical(cordgain:::words_of_responders(excess_of(natural_rate(0.5), responders = 1, n = 2)),
    cordgain:::responder_words)
})

test_that("the decision table keeps every outcome and marks the one that was seen", {
  table <- decision_table(excess_of(natural_rate(0.5), responders = 1, n = 2))
  rows <- cordgain:::report_outcomes(table)
  expect_identical(rows$responders, c("0", "1 (observed)", "2"))
  # Two fair coins: 1/4, 1/2, 1/4, and 1, 3/4, 1/4 of as many or more; 0, 1, 2 less the 1 expected.
  expect_identical(rows[[2]], c("25 %", "50 %", "25 %"))
  expect_identical(rows[[3]], c("100 %", "75 %", "25 %"))
  expect_identical(rows$excess, c("\u22121", "0", "1"))
})

test_that("sources keep their counts, windows and origin, and what is not known is said", {
  sources <- cordgain:::natural_sources(cordgain:::excess_natural(late_answer()))
  rows <- cordgain:::report_sources(sources)
  expect_identical(rows$source, c("van Middendorp 2009", "Kirshblum 2016"))
  expect_identical(rows$responders, c("19", "32"))
  expect_identical(rows$patients, c("161", "187"))
  expect_identical(rows[["exam, day after injury"]], c("0 to 15", "0 to 30"))
  expect_identical(rows[["years of injury"]], c("not known", "not known"))
  read <- cordgain:::report_documents(sources)
  expect_match(read, "https://doi.org/10.1089/neu.2020.7473", fixed = TRUE)
  expect_match(read[1], "van Middendorp 2009", fixed = TRUE)
  expect_identical(cordgain:::report_documents(sources[c("source", "n")]), character())
  bare <- cordgain:::report_sources(cordgain:::natural_sources(natural_rate(sources_of(3, 20))))
  expect_identical(bare[["exam, day after injury"]], "not known")
  expect_identical(bare$registry, "not known")
})

test_that("accepted differences are all there, with what they do", {
  answer <- late_answer()
  rows <- cordgain:::report_accepted(cordgain:::excess_accepted(answer))
  expect_identical(nrow(rows), nrow(cordgain:::excess_accepted(answer)))
  expect_true(all(nzchar(rows[["what that does"]])))
})

test_that("the checklists name the priors in use and no random number", {
  answer <- excess(keio_ips, natural_rate(subset(natural_ais, reference & endpoint == "ais_c"),
    tau = prior_half_normal(0.25), bias = prior_normal(0.3, 0.2)),
  accept = every_difference, effect = prior_normal(0, 0.7))
  robust <- cordgain:::robust_rows(answer)
  expect_identical(nrow(robust), 7L)
  first <- robust$Here[1]
  for (words in c("sd = 0.7", "scale = 0.25", "mean 0.3", "SD 0.2")) expect_match(first, words, fixed = TRUE)
  expect_match(robust$Here[2], "sceptical")
  known <- cordgain:::robust_rows(excess_of(natural_rate(0.12)))
  expect_no_match(known$Here[1], "tau")
  expect_no_match(known$Here[4], "sources")
  expect_false(any(grepl("seed|draws of", cordgain:::barg_rows()$Here)))
  # A prior that favours benefit is not called sceptical: 0.5 / 1 of a standard normal below is 0.69.
  hopeful <- cordgain:::robust_rows(excess_of(natural_rate(0.12), effect = prior_normal(0.5, 1)))
  expect_match(hopeful$Here[2], "benefit the probability 69 %", fixed = TRUE)
})

test_that("what is not available is told in the verb's own words, without marks and code", {
  said <- "## Error in `falsify()`:\n## ! There is no source.\n## \u2716 It is one.\n## \u2139 Give `records`."
  expect_identical(trimws(cordgain:::report_unavailable(said)),
    "Not available. There is no source. It is one.")
  # What to do is about calls; what would have stood there is said first.
  said <- "Error in f():\n! Nothing\n  known.\nx It is 3.\ni Give\n  more."
  expect_identical(trimws(report_unavailable(said, "how far")), "Not available: how far. Nothing known. It is 3.")
})

test_that("every word of the list is explained, none claims", {
  words <- cordgain:::report_words()
  expect_identical(anyDuplicated(words$Word), 0L)
  expect_true(all(nzchar(words$Means)))
  for (word in c("AIS", "Bayes factor", "natural tail", "mu, tau")) expect_true(word %in% words$Word)
  expect_identical(cordgain:::claims_in(sub("effective sample size", "", words$Word)), character())
})

test_that("only words that occur are listed, however they are written", {
  listed <- \(text) report_words(text)$Word
  expect_identical(listed("nothing of the kind"), character())
  expect_identical(listed("The natural tail is 3 %."), "natural tail")
  expect_identical(listed(c("natural_tail, Tau", "Percentiles")), c("mu, tau", "natural tail", "percentile"))
  # The second is another thing than the first, and neither is a part of a word.
  expect_identical(listed("e_value_confounding"), "e_value_confounding")
  expect_identical(listed("e-values"), "e-value")
  expect_identical(listed("biased taus"), "mu, tau")
  expect_identical(listed("half-null, log odds, Bayes factors"), c("Bayes factor", "half-null", "log odds"))
  expect_identical(listed("prior_sd"), c("prior", "prior_sd"))
  every <- report_words()
  expect_identical(report_words(every$Word)$Word, every$Word)
})

test_that("the checklist says of the posterior predictive what holds: one outcome, or several patients", {
  row <- \(rows) rows$Here[rows$Item == "Posterior predictive"]
  expect_match(row(barg_rows()), "one outcome cannot contradict its own fit")
  expect_match(row(barg_rows(predictive = "told above")), "^told above; surprise under no effect")
})

test_that("the parts hold the arm's own words only where it has them", {
  parts <- cordgain:::report_parts(late_answer(), list())
  expect_match(parts$finding, "**Observed**: 2 of 4 responded, from AIS A to C or better; **nature alone**",
    fixed = TRUE)
  expect_true(parts$has_harms)
  expect_identical(nrow(parts$patients), 4L)
  expect_match(parts$notes, "two of them are over 60")
  plain <- cordgain:::report_parts(excess_of(natural_rate(0.12)), list())
  expect_false(plain$has_harms)
  expect_null(plain$patients)
  expect_length(plain$published, 0)
  expect_match(parts$session[1], paste("cordgain", utils::packageVersion("cordgain")), fixed = TRUE)
})
