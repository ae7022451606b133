# Classes with a method of a generic, by the package's declarations.
declared_for <- function(generic) {
  lines <- read_tree(source_root(), "NAMESPACE")
  pattern <- paste0("^S3method\\(", generic, ", *([^,)]+).*")
  sort(sub(pattern, "\\1", grep(pattern, lines, value = TRUE)))
}

test_that("every class that has plot() has autoplot(), and an example in the gallery of these tests", {
  with_plot <- declared_for("plot")
  expect_identical(declared_for("ggplot2::autoplot"), with_plot)
  expect_identical(sort(names(gallery)), with_plot)
})

test_that("loading the package does not load ggplot2, and loading ggplot2 later gives the methods", {
  skip_if_not_installed("ggplot2")
  said <- in_fresh_r(
    "invisible(loadNamespace('cordgain'));",
    "before <- isNamespaceLoaded('ggplot2');",
    "invisible(loadNamespace('ggplot2'));",
    "table <- get('.__S3MethodsTable__.', asNamespace('ggplot2'));",
    "cat(before, exists('autoplot.natural_rate', envir = table))"
  )
  expect_identical(said, "FALSE TRUE")
})

test_that("autoplot draws what plot draws, for every class that has a picture", {
  skip_if_not_installed("ggplot2")
  for (class in names(gallery)) {
    object <- gallery_object(class)
    expect_s3_class(object, class)
    drawn <- ggplot2::autoplot(object)
    expected <- plot(object)
    expect_s3_class(drawn, "ggplot")
    expect_identical(words_of(drawn), words_of(expected), info = class)
    expect_identical(drawn$data, expected$data, info = class)
    expect_identical(layer_geoms(drawn), layer_geoms(expected), info = class)
  }
})

test_that("arguments reach plot()", {
  skip_if_not_installed("ggplot2")
  drawn <- ggplot2::autoplot(natural_rate(prior_beta(8, 56)), type = "density")
  expect_true("GeomArea" %in% layer_geoms(drawn) || "GeomRibbon" %in% layer_geoms(drawn))
  expect_error(ggplot2::autoplot(natural_rate(0.2), type = "pie"), class = "cordgain_invalid_input")
})
