# Courses over the fan of natural recovery.

test_that("each patient has a panel with the fan from the score before treatment, and the time of treatment", {
  skip_if_not_installed("ggplot2")
  df <- data.frame(id = rep(c("a", "b"), each = 3), week = c(2, 12, 52), at = 3, score = c(10, 18, 45, 14, 16,
    22)) # simulated
  data <- recovery_data(df, id, week, score, "uems", treated_at = at)
  sygen <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  e <- excess(data, natural_curve(sygen, correlation = 0.8), accept = all_differences)
  picture <- plot(e)
  fan <- built(picture, 1)
  expect_true(all(fan$ymin >= 0, fan$ymax <= 50)) # the ends of the scale
  expect_equal(fan$ymin[fan$x == 2], c(10, 14))
  expect_equal(built(picture, 4)$xintercept, c(3, 3))
  expect_equal(nrow(built(picture, 6)), 6)
  last <- term_of(e, "patient_excess")
  expect_match(words_of(picture)[["title"]], paste(sum(last$conf.low > 0), "of 2"))
  expect_true(draws(picture))
})

test_that("where lower is better the fan is labelled with the scores as given, and better is up", {
  skip_if_not_installed("ggplot2")
  visits <- data.frame(id = rep(c("a", "b"), each = 3), week = rep(c(0, 26, 52), 2), s = c(28, 26, 24, 22, 22, 23),
    tr = 1)
  rows <- data.frame(week = c(0, 26, 52, 104), mean = c(21, 23, 24.5, 26), sd = 9, n = 300, measure = "mds_updrs_iii")
  treated <- recovery_data(visits, id, week, s, "mds_updrs_iii", tr) # simulated
  e <- suppressWarnings(excess(treated, natural_curve(rows, correlation = 0.8), accept = all_differences, rise = 12),
    classes = "cordgain_off_scale")
  for (picture in list(plot(e), plot(treated))) {
    y <- ggplot2::ggplot_build(picture)$layout$panel_params[[1]]$y
    expect_equal(as.double(y$get_labels()[!is.na(y$breaks)]), -y$breaks[!is.na(y$breaks)])
    words <- words_of(picture)
    expect_identical(words[["x"]], "Weeks")
    expect_no_match(words[["caption"]], "natural recovery")
    expect_match(gsub("\n", " ", words[["caption"]]), "better is up")
  }
  expect_match(gsub("\n", " ", words_of(plot(e))[["title"]]), "0 of 2 patients end better than the interval")
  title <- gsub("\n", " ", words_of(plot(treated))[["title"]])
  expect_match(title, "median of 25 at the first exam to 23.5 at the last")
  expect_output(print(treated), "0 to 52 weeks\n")
})
