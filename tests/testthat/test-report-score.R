# Reports of scores: the sentence, the terms and the patients say what the object says.

score_answer <- function(...) {
  excess(score_change(c(12, 18, 9, 15), c(36, 31, 11, 15), "uems"), natural_change(7.8, sd = 6.5),
    accept = every_difference, ...)
}

course_answer <- function() {
  visits <- data.frame(id = rep(c("a", "b"), each = 3), week = rep(c(2, 12, 52), 2),
    uems = c(10, 18, 30, 14, 16, 22), treated = 3)
  treated <- recovery_data(visits, subject = id, time = week, score = uems, scale = "uems", treated_at = treated)
  rows <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  excess(treated, natural_curve(rows, correlation = 0.8), accept = every_difference)
}

minus <- function(text) gsub("\u2212", "-", text, fixed = TRUE)

test_that("observation and natural expectation stand in one sentence, with the object's numbers", {
  x <- score_answer()
  parts <- cordgain:::report_parts(x, list())
  # Changes 24, 13, 2, 0: mean 9.75; nature 7.8, excess 1.95.
  expect_match(parts$finding, "a mean change of 9.75 points[^.]*.UEMS. among 4 patients; \\*\\*nature alone")
  expect_match(parts$finding, "gives 7.80 points on average", fixed = TRUE)
  # The mean of a normal natural change: SD 6.5 / 2, whole points widen the tail a little.
  tail <- 1 - tidy(x)$estimate[tidy(x)$term == "prob_excess"]
  expect_match(parts$finding, paste0("in ", cordgain:::percent_text(tail), " of such groups"), fixed = TRUE)
  expect_match(parts$excess, "1.95 points on average", fixed = TRUE)
  expect_identical(cordgain:::claims_in(c(parts$finding, parts$excess, parts$terms$meaning)), character())
})

test_that("each patient stands in the table: change, what nature gives, and their difference", {
  rows <- cordgain:::report_parts(score_answer(), list())$patients
  expect_identical(rows[["change, points"]], c("24", "13", "2", "0"))
  expect_identical(rows[["expected by nature, points"]], rep("7.80", 4))
  expect_identical(minus(rows[["excess, points"]]), c("16.2", "5.20", "-5.80", "-7.80"))
  expect_true(all(grepl(" to ", rows$interval)))
  expect_identical(rows$grade, rep("not known", 4))
})

test_that("terms have words and units; places of percentiles that were drawn are told", {
  parts <- cordgain:::report_parts(score_answer(margin = 2), list())
  expect_false(any(parts$terms$unit == ""))
  expect_true(all(c("mean_excess", "prob_margin") %in% parts$terms$term))
  expect_match(parts$session[3], "none is needed")
  drawn <- cordgain:::report_parts(score_answer(randomise = TRUE, seed = 3), list())
  expect_match(drawn$session[3], "were drawn")
  expect_match(parts$robust$Here[1], "effect normal")
  expect_match(parts$robust$Here[2], "sceptical")
})

test_that("a course is told at each patient's last visit", {
  x <- course_answer()
  parts <- cordgain:::report_parts(x, list())
  # Gains 20 and 8: mean 14; what nature gives is the gain less its excess.
  mean_excess <- tidy(x)$estimate[tidy(x)$term == "mean_excess"]
  expect_match(parts$finding, "a mean gain of 14 points", fixed = TRUE)
  expect_match(parts$finding, sprintf("gives %.2f points on average", 14 - mean_excess), fixed = TRUE)
  expect_identical(parts$patients[["gain, points"]], c("20", "8"))
  expect_identical(parts$patients[["weeks after treatment"]], c("49", "49"))
  expect_true(any(grepl("9 weeks after treatment", parts$terms$meaning)))
  expect_false(any(parts$terms$unit == ""))
  # A course has no mean and SE of one source: columns without anything are left out.
  expect_false("SE" %in% names(parts$sources))
  words <- cordgain:::report_estimand(x, character(), NULL)
  expect_match(words$Here[3], "last exam before treatment to week 52")
})

test_that("a report of scores is one page with the same sections, and says what it cannot", {
  skip_on_cran() # long
  for (package in c("rmarkdown", "knitr", "ggplot2")) skip_if_not_installed(package)
  skip_if_not(rmarkdown::pandoc_available("2.0"), "pandoc")
  file <- withr::local_tempfile(fileext = ".html")
  expect_identical(report(course_answer(), file, title = "Two courses"), file)
  html <- paste(readLines(file, warn = FALSE, encoding = "UTF-8"), collapse = " ")
  for (words in c("Two courses", "In excess of nature", "Patient by patient", "How easily the answer moves",
    "Numerical errors", "Words", "Bourguignon", "Scores say nothing of harms", "What was published, in points",
    "Not available: how often untreated patients would have been called a success. There is no source")) {
    expect_true(grepl(words, html, fixed = TRUE), label = words)
  }
  # (grepl(): expect_match() of a text of two million characters takes half a minute to write its message)
  expect_false(grepl("tipping_map(answer)", html, fixed = TRUE))
  expect_false(grepl("percentiles&quot;|\"percentiles\"", html))
  expect_false(grepl("e_value_confounding", html, fixed = TRUE))
  expect_false(grepl("against = ", html, fixed = TRUE))
  harms <- safety(1, n = 4, exposure_years = 4, definition = "serious adverse event of the test")
  report(score_answer(), file, safety = harms)
  html <- paste(readLines(file, warn = FALSE, encoding = "UTF-8"), collapse = " ")
  expect_true(grepl("tipping_map(answer)", html, fixed = TRUE))
  expect_true(grepl("a mean change of 9.75 points", html, fixed = TRUE))
  expect_true(grepl("1 of 4 patients with: serious adverse event of the test", html, fixed = TRUE))
  expect_false(grepl("Scores say nothing of harms", html, fixed = TRUE))
  # Pictures say what they show to those who do not see them.
  pictures <- regmatches(html, gregexpr("<img[^>]+>", html))[[1]]
  expect_gt(length(pictures), 3)
  expect_true(all(grepl("alt=\"[A-Z]", pictures)))
})

test_that("a course from published means shows them with their patients, and where they were read", {
  parts <- report_parts(course_answer(), list())
  rows <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  rows <- rows[order(rows$week), ]
  expect_identical(as.numeric(parts$means$week), as.numeric(rows$week))
  expect_identical(as.numeric(parts$means$patients), as.numeric(rows$n))
  expect_equal(as.numeric(parts$means$mean), signif(rows$mean, 3))
  expect_match(parts$documents, "doi.org", all = FALSE)
  expect_null(report_parts(score_answer(), list())$means)
})

test_that("the checklist of scores and courses does not speak of one outcome; two pictures that differ are explained", {
  for (parts in list(report_parts(score_answer(), list()), report_parts(course_answer(), list()))) {
    said <- parts$barg$Here[parts$barg$Item == "Posterior predictive"]
    expect_no_match(said, "one outcome")
    expect_match(said, "percentile")
  }
  expect_match(report_parts(score_answer(), list())$bands_words, "the highest of 4 untreated")
  expect_match(report_parts(score_answer(), list())$bands_words, "no count of patients whom the treatment helped")
  expect_match(score_bands_words(1L), "compare the same")
})

test_that("final scores that are not known, other endings and claims are refused", {
  open <- excess(score_change(c(12, 18), c(36, NA), "uems"), natural_change(7.8, sd = 6.5), accept = every_difference)
  invalid(report(open, tempfile(fileext = ".html")), "known outcomes")
  invalid(report(score_answer()), "not given")
  invalid(report(score_answer(), "a.txt"), "html or .docx")
  invalid(report(course_answer(), tempfile(fileext = ".html"), title = "It works"), "claims more")
})
