# tools/demo.R, as `make demo` runs it: from the source tree, with the package installed.

demo_run <- function(folder, env = parent.frame()) {
  root <- source_root()
  withr::local_dir(root, .local_envir = env)
  libraries <- paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep))
  system2(file.path(R.home("bin"), "Rscript"), c("tools/demo.R", shQuote(folder)), stdout = TRUE, stderr = TRUE,
    env = libraries)
}

test_that("the demo prints the answer in under a screen and writes its document and figures", {
  source_root()
  skip_if_not_installed("ggplot2")
  skip_if_not(requireNamespace("rmarkdown", quietly = TRUE) && rmarkdown::pandoc_available(), "no pandoc")
  folder <- withr::local_tempdir()
  said <- demo_run(folder)
  expect_null(attr(said, "status"), info = paste(said, collapse = "\n"))
  expect_lte(length(said), 24)
  expect_true(all(nchar(said) <= 100))
  # Independently computed: 16.9 % (two sources), 8.4 % (four), 6.8 %, 52.7 %.
  for (number in c("17 % of such trials", "8.4 %", "below 6.8 %", "up to 52.7 %")) {
    expect_match(gsub(" +", " ", paste(said, collapse = " ")), number, fixed = TRUE)
  }
  written <- list.files(folder)
  expect_true("two-of-four.html" %in% written)
  expect_setequal(grep("png$", written, value = TRUE),
    c("excess.png", "forest.png", "harms.png", "outcomes.png", "rate.png", "references.png"))
  page <- readLines(file.path(folder, "two-of-four.html"), warn = FALSE)
  outside <- grepl("<(img|script|link|iframe)[^>]+(src|href)=\"(?!data:)[^\"]+\"", page, perl = TRUE)
  expect_identical(page[outside], character()) # nothing beside the page is needed, no network either
  expect_false(any(grepl("mathjax", page, ignore.case = TRUE)))
})

test_that("the demo leaves nothing beside the folder it was given", {
  source_root()
  expect_false(dir.exists(file.path(source_root(), "vignettes", "two-of-four_files")))
  expect_identical(list.files(file.path(source_root(), "vignettes"), "html$"), character())
})
