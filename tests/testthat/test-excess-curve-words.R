# What the print of an excess of repeated scores says of its visits.

printed <- \(e) gsub(" +", " ", paste(utils::capture.output(print(e)), collapse = " "))

# The data of the checks, a patient's scores lost from a week on.
lost_after <- function(weeks) {
  df <- as.data.frame(gls_data())
  df$score[df$id == 1 & df$week > 3 + weeks] <- NA
  recovery_data(df, id, week, score, "uems", treated_at = at)
}

test_that("a patient lost early is told beside the visits, and that the last visits differ", {
  weeks <- sort(gls_weeks)
  e <- excess(lost_after(weeks[2]), gls_natural(), accept = all_differences)
  said <- printed(e)
  last <- length(weeks)
  expect_match(said, paste0("The last visits differ, ", weeks[2], " to ", weeks[last], " weeks since treatment: each ",
    "patient's own counts, and scores missing after it are left out"), fixed = TRUE)
  told <- gregexpr("[)], of 3 of 4 patients", said)[[1]]
  expect_length(told, last - 2L) # every visit after the last one of the lost patient
  expect_gt(min(told), regexpr(paste0(" ", weeks[3], ": "), said, fixed = TRUE))
  # What is said is what was computed: the mean of that visit is of the three others.
  visits <- term_of(e, "visit_excess")
  expect_equal(visits$estimate[last], mean(gls_gains[-1, last]) - 9 * gls_rise[last], tolerance = 1e-7)
})

test_that("a score missing between visits leaves the last visits alike", {
  df <- as.data.frame(gls_data())
  df$score[df$id == 2 & df$week == 3 + gls_weeks[2]] <- NA
  said <- printed(excess(recovery_data(df, id, week, score, "uems", treated_at = at), gls_natural(),
    accept = all_differences))
  expect_match(said, "of 3 of 4 patients")
  expect_no_match(said, "last visits differ")
})

test_that("nothing is said of complete visits", {
  expect_no_match(printed(gls_excess()), "last visits differ|of 4 patients")
})

test_that("counts and ends are those of the weeks", {
  since <- list(c(2, 8.5), c(2, 8.5, 48.5), 48.5)
  show <- \(v) format(signif(v, 3), trim = TRUE)
  expect_identical(visit_patients_words(c(2, 8.5, 48.5), since), rep(", of 2 of 3 patients", 3))
  expect_identical(visit_patients_words(2, since[1:2]), "")
  expect_match(last_visits_words(since, show), "differ, 8.5 to 48.5 weeks", fixed = TRUE)
  expect_null(last_visits_words(list(51.98, 52.01), show)) # the same week as it is printed
})
