# Pictures of an excess of scores.

answer <- \(...) {
  excess_of_scores(score_change(c(12, 18, 9, 15), c(40, 31, NA, 15), "uems"), natural_change(7.8, sd = 6.5, ...))
}

test_that("each patient's bar is the natural interval, the dot what was seen", {
  skip_if_not_installed("ggplot2")
  picture <- plot(answer())
  bars <- built(picture, 2)
  expect_equal(unique(round(c(bars$xmin, bars$xmax), 9)), round(7.8 + c(-1, 1) * stats::qnorm(0.975) * 6.5, 9))
  expect_match(words_of(picture)[["title"]], "1 of 3 patients gained more")
  expect_true(draws(picture))
})

test_that("ordered percentiles stand over their bands, and are refused with lost patients", {
  skip_if_not_installed("ggplot2")
  e <- excess_of_scores(synthetic_change(), natural_change(7.8, sd = 6.5, family = "censored", range = c(0, 50)))
  picture <- plot(e, type = "percentiles")
  expect_equal(built(picture, 1)$ymin, term_of(e, "ordered_percentile")$conf.low)
  expect_match(words_of(picture)[["title"]], "No rank lies above its own 95 % band")
  expect_match(gsub("\n", " ", words_of(picture)[["caption"]]), "all 4 ranks lie inside theirs less often than one")
  expect_true(draws(picture))
  expect_error(plot(answer(), type = "percentiles"), class = "cordgain_invalid_input")
  expect_error(plot(answer(), type = "mean"), class = "cordgain_invalid_input")
})

test_that("where lower is better the picture says that it shows gains, and why", {
  skip_if_not_installed("ggplot2")
  x <- score_change(c(45, 50, 42, 48), c(40, 57, 41, 45), "mds_updrs_iii") # simulated
  rows <- data.frame(source = "r", mean = 2, sd = 6, n = 50, measure = "mds_updrs_iii")
  picture <- plot(excess_of_scores(x, natural_change(rows, tau = prior_half_normal(2))))
  expect_equal(built(picture, 5)$x[2], -7) # from 50 to 57
  words <- words_of(picture)
  expect_identical(words[["x"]], "Gain of MDS-UPDRS part III (points; better is right)")
  expect_match(gsub("\n", " ", words[["caption"]]), "Lower is better[.] The sign of change is turned")
  words <- words_of(plot(answer())) # nothing of it where higher is better
  expect_match(words[["x"]], "^Change of")
  expect_no_match(words[["caption"]], "better")
})

test_that("the title of ordered percentiles counts ranks, not patients", {
  title <- \(estimate, high = 0.9, level = 0.95) {
    gsub("\n", " ", percentiles_title(data.frame(estimate = estimate, conf.high = high), level))
  }
  expect_identical(title(c(0.2, 0.95, 0.99)), "2 of 3 ranks lie above their own 95 % band")
  expect_identical(title(c(0.2, 0.95), level = 0.8), "1 of 2 ranks lies above its own 80 % band")
  expect_identical(title(c(0.2, 0.5)), "No rank lies above its own 95 % band")
  expect_identical(title(0.95), "The one patient lies above the 95 % band of one untreated patient")
  expect_identical(title(0.5), "The one patient does not lie above the 95 % band of one untreated patient")
  expect_identical(title(c(0.5, 0.6), c(NA, NA)), "The bands of untreated patients are not known")
})

test_that("marks of many patients are smaller, and names stand on the axis and not over the dots", {
  skip_if_not_installed("ggplot2")
  of <- \(n) {
    x <- score_change(rep(12, n), 12 + seq(1, 30, length.out = n), "uems", subject = paste0("P", seq_len(n)))
    excess_of_scores(x, natural_change(7.8, sd = 6.5))
  }
  has_text <- \(picture) any(vapply(picture$layers, \(layer) inherits(layer$geom, "GeomText"), NA))
  few <- of(4)
  many <- of(30)
  expect_equal(unique(built(plot(few), 2)$linewidth), 4)
  expect_equal(unique(built(plot(many), 2)$linewidth), 4 * 12 / 30)
  expect_true(has_text(plot(few, "percentiles")))
  picture <- plot(many, "percentiles")
  expect_false(has_text(picture))
  expect_equal(unique(built(picture, 1)$linewidth), 6 * 12 / 30)
  axis <- ggplot2::ggplot_build(picture)$layout$panel_params[[1]]$x
  expect_identical(axis$get_labels(), paste0("P", 1:30))
  for (type in c("patients", "percentiles")) expect_true(draws(plot(many, type)))
})
