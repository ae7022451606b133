# The interactive page, without the page: entries become an answer, in words. What is shown: test-app-page.R.

entered <- function(...) utils::modifyList(cordgain:::app_start, list(...))

app_terms <- function(...) {
  terms <- tidy(cordgain:::app_excess(entered(...)))
  stats::setNames(terms$estimate, terms$term)
}

test_that("a number as evidence gives the binomial distribution's answer, moved by a known bias", {
  terms <- app_terms(responders = 3, n = 5, evidence = "rate", rate = 0.2)
  # Exact sums on both sides: rounding of a few terms below 1.
  expect_equal(terms[["natural_tail"]], binomial_tail(3, 5, 0.2), tolerance = 1e-12)
  expect_equal(terms[["natural_responders"]], 1, tolerance = 1e-12)
  expect_equal(terms[["excess_responders"]], 2, tolerance = 1e-12)
  # Odds 0.25 doubled are 0.5: a rate of one third.
  moved <- app_terms(responders = 3, n = 5, evidence = "rate", rate = 0.2, bias_odds = 2)
  expect_equal(moved[["natural_tail"]], binomial_tail(3, 5, 1 / 3), tolerance = 1e-12)
})

test_that("a beta prior gives the beta-binomial distribution's answer", {
  y <- 0:4
  pmf <- choose(4, y) * beta(2 + y, 6 + 4 - y) / beta(2, 6)
  terms <- app_terms(responders = 2, n = 4, evidence = "beta", beta_a = 2, beta_b = 6)
  # The stated numerical error of quadrature.
  expect_equal(terms[["natural_tail"]], sum(pmf[3:5]), tolerance = 1e-6)
  expect_equal(terms[["excess_responders"]], 2 - 4 * 2 / 8, tolerance = 1e-6)
})

test_that("published references, heterogeneity and bias give the published numbers", {
  tail <- \(...) {
    app_terms(reference = "Reference set, all", tau_kind = "half_normal", tau_scale = 0.5, ...)[["natural_tail"]]
  }
  # Six printed digits of the specification, from a program of its own.
  expect_equal(round(tail(), 6), 0.084086)
  expect_equal(round(tail(bias_sd = 0.5), 6), 0.101422)
  expect_equal(round(tail(bias_odds = 2, bias_sd = 0.5), 6), 0.227404)
  # Four reference counts pooled by hand, all alike when tau is known to be 0: nearly the beta distribution of the sum.
  set <- c("Marino 1999, all", "Burns 2003, all", "van Middendorp 2009, above T11", "Kirshblum 2016, all")
  alike <- app_terms(evidence = "sources", sources = set, tau_kind = "fixed", tau_scale = 0)
  y <- 39 + 3 + 19 + 32
  n <- 482 + 53 + 161 + 187
  by_beta <- 4 * (y + 0.5) / (n + 1)
  # The prior of the mean log odds is weak, not Jeffreys': they differ by less than half a patient in 883.
  expect_equal(alike[["natural_responders"]], by_beta, tolerance = 0.5 / y)
  wide <- app_terms(evidence = "sources", sources = set, tau_kind = "half_t", tau_scale = 1)
  expect_gt(wide[["natural_tail"]], alike[["natural_tail"]])
})

test_that("the references are those of excess_by_reference(), with the same answers", {
  skip_on_cran() # one answer for each published reference
  start <- cordgain:::app_start
  table <- as.data.frame(excess_by_reference(cordgain:::app_arm(start)))
  names <- names(cordgain:::app_references(cordgain:::app_arm(start)))
  expect_setequal(unique(sub(" \\((fewest|most)\\)$", "", names)), table$reference)
  tails <- vapply(names, \(name) app_terms(reference = name)[["natural_tail"]], 0)
  closed <- table[!is.na(table$natural_tail), ]
  # Two roads of the package to one number, each within 1e-6.
  expect_equal(unname(tails[closed$reference]), closed$natural_tail, tolerance = 2e-6)
  open <- table[is.na(table$natural_tail), ]
  expect_gt(nrow(open), 0)
  expect_equal(unname(tails[paste(open$reference, "(fewest)")]), open$tail_low, tolerance = 2e-6)
  expect_equal(unname(tails[paste(open$reference, "(most)")]), open$tail_high, tolerance = 2e-6)
})

test_that("choices name the counts or the rate, and only counts of one study can be combined", {
  references <- cordgain:::app_references(cordgain:::app_arm(cordgain:::app_start))
  choices <- cordgain:::app_choices(references)
  expect_true("Marino 1999, all (39 of 482)" %in% names(choices))
  expect_true("Kirshblum 2022, cervical (13.4 %, no uncertainty)" %in% names(choices))
  countable <- cordgain:::app_countable(references)
  expect_true(all(vapply(countable, nrow, 0L) == 1L))
  expect_true("Burns 2003, all" %in% names(countable))
  expect_false(any(c("Kirshblum 2022, cervical", "Reference set, all") %in% names(countable)))
})

test_that("the page opens with the four-patient trial as published", {
  arm <- cordgain:::app_arm(cordgain:::app_start)
  published <- cordgain:::match_terms(keio_ips)
  own <- cordgain:::match_terms(arm)
  for (what in c("endpoint", "grade", "baseline_days", "years")) expect_equal(own[[what]], published[[what]])
  expect_true(all(is.na(own$level)))
  expect_equal(own$followup_weeks[1], published$followup_weeks[1])
  expect_equal(cordgain:::arm_counts(arm), cordgain:::arm_counts(keio_ips))
  expect_equal(cordgain:::arm_declaration(arm), cordgain:::arm_declaration(keio_ips))
  declared <- cordgain:::app_arm(entered(looks = 1, level = "cervical", year_from = NA))
  expect_true(cordgain:::arm_declaration(declared)$declared)
  expect_identical(unique(cordgain:::arm_levels(declared)), "cervical")
  expect_true(all(is.na(cordgain:::match_terms(declared)$years)))
})

test_that("a bad entry is the package's own error, which names the box and says what to enter", {
  bad <- list(
    list(entry = list(responders = NA), words = c("Responders", "empty", "Enter a number")),
    list(entry = list(responders = -1), words = c("Responders", "\u22121 cannot be", "whole number from 0 to 100")),
    list(entry = list(responders = NULL), words = "Responders: this box is empty"),
    list(entry = list(n = 2.5), words = c("Patients treated", "2.5 cannot be", "whole number from 1 to 100")),
    list(entry = list(n = 1), words = "more responders"),
    list(entry = list(n = 1e6), words = c("1000000 cannot be", "from 1 to 100")),
    list(entry = list(evidence = "rate", rate = 1), words = "number from 0.001 to 0.999"),
    list(entry = list(evidence = "rate", rate = "0.2"), words = "Natural rate"),
    list(entry = list(evidence = "beta", beta_a = 0), words = c("first number", "from 0.001 to 10000")),
    list(entry = list(evidence = "beta", beta_b = Inf), words = "second number"),
    list(entry = list(evidence = "sources", sources = character()), words = "none is chosen"),
    list(entry = list(reference = "Nobody 1900"), words = "none is chosen"),
    list(entry = list(tau_scale = 0), words = c("Scale of that prior", "from 0.001 to 10")),
    list(entry = list(bias_odds = 0), words = c("Bias", "from 0.001 to 1000")),
    list(entry = list(bias_sd = -1), words = "SD on log odds"),
    list(entry = list(day_from = 40), words = "40 is later than"),
    list(entry = list(day_from = 400, day_to = 500), words = "follow-up must come after the baseline"),
    list(entry = list(looks = 0), words = "Definitions of a responder"),
    list(entry = list(responders = 1e9), words = c("Responders: 1000000000 cannot be")),
    list(entry = list(evidence = "beta", beta_a = 1e9), words = c("first number", "1000000000 cannot be")),
    list(entry = list(bias_odds = 1e9), words = c("Bias", "from 0.001 to 1000")),
    list(entry = list(bias_sd = 1e9), words = c("SD on log odds", "from 0 to 5")),
    list(entry = list(tau_kind = "fixed", tau_scale = 1e9), words = c("Scale of that prior", "from 0 to 10")),
    list(entry = list(tau_scale = 1e-9), words = c("0.000000001 cannot be", "from 0.001 to 10")),
    list(entry = list(week = 1e9), words = c("Last exam, weeks after injury", "from 0 to 5200")),
    list(entry = list(week = -3), words = c("Last exam, weeks after injury: \u22123 cannot be")),
    list(entry = list(day_from = -5), words = c("First exam, earliest day", "\u22125 cannot be")),
    list(entry = list(day_to = 1e9), words = c("First exam, latest day", "1000000000 cannot be")),
    list(entry = list(year_from = 1800), words = c("Injured from (year): 1800", "from 1900 to 2200")),
    list(entry = list(year_to = 2020.5), words = c("Injured until (year): 2020.5", "whole number")),
    list(entry = list(looks = 1e9), words = c("Definitions of a responder", "from 1 to 100"))
  )
  for (case in bad) {
    error <- cordgain:::app_try(cordgain:::app_excess(do.call(entered, case$entry)))
    expect_s3_class(error, "cordgain_invalid_input")
    said <- cordgain:::app_error_words(error)
    for (words in case$words) expect_match(paste(said, collapse = " "), words, fixed = TRUE)
    expect_no_match(said, "[`\n\u2716\u2139]|\\{|[a-z]_[a-z]|[0-9]e[+-]?[0-9]") # no code, marks, powers of ten
  }
})

test_that("an error that is not the package's is told as such", {
  said <- cordgain:::app_error_words(cordgain:::app_try(stop("something\n  else")))
  expect_identical(said, c("This could not be computed.", "The computation said: something else"))
})

test_that("what is told of a failed computation begins with what to change", {
  # A tau so narrow fails in the core: the page refuses it, a script reaches it.
  late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
  error <- cordgain:::app_try(natural_rate(late, tau = prior_half_normal(1e-9)))
  expect_s3_class(error, "cordgain_numerical_error")
  said <- cordgain:::app_error_words(error)
  expect_match(said[1], "No number that can be relied on", fixed = TRUE)
  expect_match(said[2], "^Change .* prior that is very narrow")
  expect_match(said[3], "^The computation said: .*lattice")
})

test_that("within the limits of the boxes every extreme has an answer, or is told in words", {
  skip_on_cran() # an answer for each end of each box
  limits <- cordgain:::app_limits
  expect_true(all(vapply(names(limits), \(name) all(cordgain:::app_start[[name]] >= limits[[name]][1]), NA)))
  expect_true(all(vapply(names(limits), \(name) all(cordgain:::app_start[[name]] <= limits[[name]][2]), NA)))
  for (name in c("beta_a", "beta_b", "tau_scale", "bias_odds", "bias_sd")) {
    for (end in limits[[name]]) {
      for (evidence in if (name == "tau_scale") "reference" else "beta") {
        entries <- entered(evidence = evidence)
        entries[[name]] <- if (name == "tau_scale") max(end, cordgain:::app_narrowest_tau) else end
        expect_s3_class(cordgain:::app_try(cordgain:::app_excess(entries)), "excess")
      }
    }
  }
  # The sharpest prior with the widest bias takes longest: seconds, on a machine that may be ten times slower.
  time <- system.time(x <- cordgain:::app_excess(entered(evidence = "beta", beta_a = 1e4, beta_b = 1e4, bias_sd = 5)))
  expect_s3_class(x, "excess")
  expect_lt(time[["user.self"]], 40)
})

test_that("one sentence holds observation, natural expectation and excess; no claim is made", {
  x <- cordgain:::app_excess(entered(responders = 3, n = 5, evidence = "rate", rate = 0.2))
  # 5 x 0.2 = 1 responder expected; 3 or more: 0.05792; 3 - 1 = 2.
  expect_match(cordgain:::app_sentence(x), paste("Observed 3 of 5; nature alone gives 1 on average, and 3 or more in",
    "5.8 % of such trials; the excess, observed minus natural, is 2 responders (95 % interval"), fixed = TRUE)
  numbers <- cordgain:::app_numbers(x)
  expect_identical(numbers$value[1:2], c("5.8 %", "1"))
  expect_match(numbers$value[3], "^2 \\(\u2212?[0-9]+ to [0-9]+\\)$")
  notes <- cordgain:::app_notes(x)
  expect_match(notes[1], "taken as known: no uncertainty", fixed = TRUE)
  expect_match(notes[2], "3 were examined", fixed = TRUE)
  expect_length(cordgain:::app_notes(cordgain:::app_excess(entered(looks = 1))), 2)
  said <- c(cordgain:::app_sentence(x), numbers$meaning, notes, cordgain:::app_table_words, cordgain:::app_labels)
  expect_identical(cordgain:::claims_in(said), character())
})

test_that("sentence and table round alike, with a minus that is no hyphen and without powers of ten", {
  said <- \(...) {
    x <- cordgain:::app_excess(entered(evidence = "rate", ...))
    c(cordgain:::app_sentence(x), cordgain:::app_numbers(x)$value, cordgain:::app_notes(x))
  }
  # 4 x 0.18225 = 0.729; 2 - 0.729 = 1.271.
  usual <- said(rate = 0.18225)
  expect_match(usual[1], "gives 0.729 on average.*is 1.27 responders")
  expect_identical(usual[3], "0.729")
  # 100 x 0.364 = 36.4; 2 - 36.4 = -34.4.
  many <- said(rate = 0.364, n = 100)
  expect_match(many[1], "gives 36.4 on average.*is \u221234.4 responders")
  expect_match(many[4], "^\u221234.4 \\(\u2212[0-9]+ to \u2212[0-9]+\\)$")
  for (odds in c(0.001, 1, 1000)) {
    words <- said(rate = 0.001, bias_odds = odds)
    expect_no_match(words, "[0-9]e[+-]?[0-9]|(^| |\\()-[0-9]")
    expect_no_match(words[3], "^0$") # never a rounded 0
  }
  # Odds of 0.001 in 0.999, a thousand times less: 4 x 1e-6 expected.
  expect_match(said(rate = 0.001, bias_odds = 0.001)[1], "nature alone gives less than 0.001 on average", fixed = TRUE)
  # 2 of 4 where 2 are expected: a difference that is rounding alone is none.
  alike <- cordgain:::app_excess(entered(evidence = "beta", beta_a = 1e4, beta_b = 1e4))
  expect_match(cordgain:::app_sentence(alike), "is 0 responders", fixed = TRUE)
  expect_identical(cordgain:::app_error_text(2e-13), "less than 0.000001")
  expect_identical(cordgain:::app_error_text(0.00002), "at most 0.00002")
})

test_that("the table holds every outcome, with the observed one marked", {
  x <- cordgain:::app_excess(entered(responders = 1, n = 3, evidence = "rate", rate = 0.4))
  table <- cordgain:::app_table(x)
  expect_identical(table$Responders, c("0", "1 (observed)", "2", "3"))
  # Tails 1, 1 - 0.6^3 = 0.784, 0.352, 0.4^3 = 0.064; excess 0 - 1.2, ...
  expect_identical(table[[2]], c("100 %", "78 %", "35 %", "6.4 %"))
  expect_identical(table[["Excess responders"]], c("\u22121.2", "\u22120.2", "0.8", "1.8"))
})

test_that("without shiny the error says so, and what does without", {
  error <- expect_error(cordgain:::check_app_packages(\(name) name != "shiny"), class = "cordgain_no_shiny")
  expect_s3_class(error, "cordgain_error")
  expect_match(conditionMessage(error), "not installed", fixed = TRUE)
  expect_match(conditionMessage(error), "excess()", fixed = TRUE)
  expect_silent(cordgain:::check_app_packages(\(name) TRUE))
})

test_that("a port that is none, and arguments that do not exist, are refused before anything starts", {
  expect_error(run_cordgain(port = 0), class = "cordgain_invalid_input")
  expect_error(run_cordgain(port = 80.5), "`port` must be a whole number\\.", class = "cordgain_invalid_input")
  expect_no_match(conditionMessage(rlang::catch_cnd(run_cordgain(port = 3.5))), "patients|events")
  expect_error(run_cordgain(launch.browser = "yes"), class = "cordgain_invalid_input")
  expect_error(run_cordgain(browser = TRUE), "browser", class = "cordgain_invalid_input")
})
