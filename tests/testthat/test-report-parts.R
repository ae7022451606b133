# What a report shows beside the verbs: tables in words, nothing lost, nothing claimed.

late_answer <- function() {
  late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
  excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years"))
}

test_that("every term of the result stands in the table with its own numbers", {
  answer <- late_answer()
  rows <- cordgain:::report_terms(tidy(answer))
  expect_identical(rows$term, tidy(answer)$term)
  expect_identical(rows$estimate, tidy(answer)$estimate)
  expect_identical(rows$from, tidy(answer)$conf.low)
  expect_false(anyNA(rows$meaning))
  # A term without words keeps its name, so that a new one is never lost.
  new <- transform(tidy(answer)[1, ], term = "some_new_term")
  expect_identical(cordgain:::report_terms(new)$meaning, "some new term")
})

test_that("sources keep their counts, windows and origin, and what is not known is said", {
  sources <- cordgain:::natural_sources(cordgain:::excess_natural(late_answer()))
  rows <- cordgain:::report_sources(sources)
  expect_identical(rows$source, c("van Middendorp 2009", "Kirshblum 2016"))
  expect_equal(rows$responders, c(19, 32))
  expect_equal(rows$patients, c(161, 187))
  expect_identical(rows[["exam day"]], c("0 to 15", "0 to 30"))
  expect_identical(rows$years, c("not known", "not known"))
  bare <- cordgain:::report_sources(cordgain:::natural_sources(natural_rate(sources_of(3, 20))))
  expect_identical(bare[["exam day"]], "not known")
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
  known <- cordgain:::robust_rows(excess_of(natural_rate(0.12)))
  expect_no_match(known$Here[1], "tau")
  expect_false(any(grepl("seed|draws of", cordgain:::barg_rows(answer)$Here)))
})

test_that("the parts hold the arm's own words only where it has them", {
  parts <- cordgain:::report_parts(late_answer(), list())
  expect_identical(parts$observed, "2 of 4 responded, from AIS A to C or better (ais_c)")
  expect_true(parts$has_harms)
  expect_identical(nrow(parts$patients), 4L)
  expect_match(parts$notes, "two of them are over 60")
  plain <- cordgain:::report_parts(excess_of(natural_rate(0.12)), list())
  expect_false(plain$has_harms)
  expect_null(plain$patients)
  expect_length(plain$published, 0)
  expect_match(parts$session[1], paste("cordgain", utils::packageVersion("cordgain")), fixed = TRUE)
})
