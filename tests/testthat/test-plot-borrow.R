rows_of_methods <- function() {
  data.frame(group = c("none", "robust_map", "sam"), estimate = c(0.25, 0.2, 0.18), conf.low = 0.1, conf.high = 0.6)
}

test_that("the title says the controls' own value and the range of what borrowing makes of it", {
  title <- \(...) gsub("\n", " ", borrowing_title(...)) # broken for half a page
  expect_identical(title(rows_of_methods(), percent_text),
    "Controls alone: 25 %; with the history: 18 % to 20 %, by the way of borrowing")
  expect_match(title(rows_of_methods(), format, " points"),
    "alone: 0.25; with the history: 0.18 to 0.20 points")
  one <- rows_of_methods()[1:2, ]
  expect_identical(borrowing_title(one, percent_text), "Controls alone: 25 %; with the history: 20 %")
  same <- transform(rows_of_methods(), estimate = c(0.25, 0.2001, 0.2))
  expect_match(borrowing_title(same, percent_text), "history: 20 %, by")
})

test_that("the controls alone stand first, each method below in its order", {
  skip_if_not_installed("ggplot2")
  picture <- borrowing_picture(rows_of_methods(), "Rate", percent_text)
  expect_identical(rev(levels(picture$data$label)), c("controls alone", "robust MAP", "SAM"))
  expect_identical(layer_geoms(picture), c("GeomLinerange", "GeomPoint"))
  expect_identical(words_of(picture)[["x"]], "Rate")
  expect_true(draws(picture))
})

test_that("methods are written as papers write them", {
  expect_identical(method_words(c("none", names(borrow_methods()))), c("controls alone", "MAP", "robust MAP", "power",
    "normalised power", "commensurate", "SAM", "LEAP", "elastic"))
  shown <- utils::capture.output(print(gallery_object("borrow")), print(gallery_object("borrow_means")))
  expect_identical(sum(grepl("^ *robust MAP ", shown)), 2L)
  expect_identical(sum(grepl("^ *SAM ", shown)), 2L)
})
