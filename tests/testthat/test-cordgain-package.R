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
  natural <- natural_rate(two_sources())
  answer <- excess(keio_ips, natural, accept = accepted_usual)
  references <- excess_by_reference(keio_ips, two_sources())
  objects <- list(natural, answer, decision_table(answer), references, safety(keio_ips))
  unlisted <- setdiff(vapply(objects, \(x) class(x)[1], ""), cordgain:::plotted_classes)
  expect_identical(unlisted, character())
  has_plot <- vapply(cordgain:::plotted_classes, \(class) {
    is.function(utils::getS3method("plot", class, optional = TRUE, envir = asNamespace("cordgain")))
  }, TRUE)
  expect_identical(names(has_plot)[!has_plot], character())
  for (object in objects) {
    expect_identical(words_of(ggplot2::autoplot(object)), words_of(plot(object)), info = class(object)[1])
  }
})

test_that("a method registered late stands at once where the package is loaded already", {
  cordgain:::register_late("stats", "simulate", "of_these_tests", \(object, ...) "registered")
  expect_identical(stats::simulate(structure(1, class = "of_these_tests")), "registered")
})
