test_that("percentages show two digits and never claim a rounded certainty", {
  expect_identical(
    cordgain:::percent_text(c(0, 0.0001, 0.011433, 0.0994, 0.0996, 0.1686, 0.999, 1, NA)),
    c("0 %", "< 0.1 %", "1.1 %", "9.9 %", "10 %", "17 %", "> 99 %", "100 %", "not known")
  )
})

test_that("a sum of probabilities that misses one by rounding is written as all of it", {
  expect_identical(cordgain:::percent_text(1 - 1e-15), "100 %")
  expect_identical(cordgain:::percent_text(1 - 1e-6), "> 99 %")
})

test_that("a decimal probability has no power of ten and no rounded certainty", {
  expect_identical(probability_text(c(0, 1e-7, 2.77e-5, 0.10149, 0.5, 0.99949, 0.99951, 1 - 1e-8, 1 - 1e-15, 1, NA)),
    c("0", "below 0.000001", "0.0000277", "0.101", "0.5", "0.999", "above 0.999", "above 0.999", "1", "1", "not known"))
  expect_identical(probability_text(c(0.994, 0.996), 2), c("0.99", "above 0.99"))
  expect_length(probability_text(numeric()), 0)
})

test_that("a title is broken before it runs out of the picture, at words", {
  lines <- strsplit(cordgain:::plot_words(paste(rep("word", 40), collapse = " ")), "\n")[[1]]
  expect_true(all(nchar(lines) <= plot_widths[["title"]]))
  expect_identical(unique(unlist(strsplit(lines, " "))), "word")
})

test_that("the greys differ in lightness, so they are told apart in print and by every eye", {
  lightness <- vapply(cordgain:::plot_ink, \(ink) mean(grDevices::col2rgb(ink)) / 255, 0)
  expect_true(all(diff(lightness) > 0.12)) # an eighth of the scale apart
  rgb <- grDevices::col2rgb(cordgain:::plot_ink)
  expect_true(all(rgb[1, ] == rgb[2, ] & rgb[2, ] == rgb[3, ])) # no hue carries meaning
})

test_that("the theme is one object that can be added to any picture", {
  skip_if_not_installed("ggplot2")
  expect_s3_class(cordgain:::plot_theme(), "theme")
  expect_true(draws(ggplot2::ggplot(data.frame(x = 1, y = 1), ggplot2::aes(x, y)) + ggplot2::geom_point() +
    cordgain:::percent_axis() + cordgain:::plot_theme(9)))
})

test_that("a number is not parted from its per cent sign, and the sign comes out as it was written", {
  text <- cordgain:::plot_words(strrep("x", 60), " in 8.4 % to 34 %", width = 66)
  expect_identical(text, paste0(strrep("x", 60), " in\n8.4 % to 34 %"))
})

test_that("the name of a vertical axis is broken earlier than a title", {
  expect_identical(cordgain:::axis_words("upper extremity motor score (UEMS)"), "upper extremity motor score\n(UEMS)")
})

test_that("a sign before a percentage stays on its line", {
  expect_identical(plot_words("aaaa bbbb < 0.1 %", width = 13), "aaaa bbbb\n< 0.1 %")
})

# Width of the longest line of the picture's words as drawn by pdf(), in inches, and the room for them at 5 inches.
drawn_words <- function(picture) {
  file <- withr::local_tempfile(fileext = ".pdf")
  grDevices::pdf(file, width = 5, height = 3.5)
  on.exit(grDevices::dev.off())
  theme <- picture$theme
  vapply(c(title = "plot.title", subtitle = "plot.subtitle", caption = "plot.caption"), \(element) {
    label <- picture$labels[[sub("plot.", "", element, fixed = TRUE)]]
    if (is.null(label)) {
      return(0)
    }
    as <- ggplot2::calc_element(element, theme)
    text <- grid::textGrob(label, gp = grid::gpar(fontsize = as$size, fontface = as$face, fontfamily = as$family))
    grid::convertWidth(grid::grobWidth(text), "inches", valueOnly = TRUE)
  }, 0)
}
half_page <- 5 - 11 / 72.27 # without the margins of the theme

test_that("a full line of a title, subtitle or caption ends within half a page, in a wide font too", {
  skip_if_not_installed("ggplot2")
  words <- strrep("Nature alone would have given as many responders or more in these patients. ", 4)
  picture <- ggplot2::ggplot() + plot_theme() + ggplot2::labs(title = plot_words(words),
    subtitle = subtitle_words(words), caption = caption_words(words))
  # DejaVu Sans, the widest of usual fonts, is up to 1.22 times as wide as the Helvetica of pdf().
  expect_true(all(1.22 * drawn_words(picture) < half_page))
  expect_true(all(drawn_words(picture) > 0.7 * half_page)) # and none is broken long before
})

for (name in picture_names) {
  test_that(paste("no title, subtitle or caption runs out of half a page:", name), {
    skip_if_not_installed("ggplot2")
    picture <- picture_of(name)
    expect_true(all(1.22 * drawn_words(picture) < half_page))
  })
}

test_that("names at the ends of lines are moved apart no more than needed", {
  expect_equal(moved_apart(c(10, 30, 20), 2), c(10, 30, 20))
  expect_equal(moved_apart(c(10, 10), 2), c(9, 11)) # by hand: as far from one as from the other
  expect_equal(moved_apart(c(11, 10, 30), 2), c(11.5, 9.5, 30))
  skip_if_not_installed("ggplot2")
  names <- line_names(data.frame(name = c("a", "b", "c"), x = 1, y = c(10, 10, NA)), c(0, 50))
  expect_identical(names$data$name, c("  a", "  b"))
  expect_equal(diff(names$data$beside), 0.065 * 50)
  expect_null(line_names(data.frame(name = letters, x = 1, y = 1:26), c(0, 50)))
})

test_that("counts in words have three digits, a true minus, no powers of ten and no rounded zero", {
  expect_identical(count_text(c(0, 0.729, 36.44, -34.4, 3.1e-14, -2e-6, 0.001, NA, 123456)), c("0", "0.729", "36.4",
    "\u221234.4", "less than 0.001", "between \u22120.001 and 0", "0.001", "not known", "123000"))
  expect_identical(count_text(numeric()), character())
  expect_identical(true_minus(c("-1 to -2", "(-3)")), c("\u22121 to \u22122", "(\u22123)"))
  expect_identical(true_minus(c("T1-T9", "2010-2012")), c("T1-T9", "2010-2012"))
})
