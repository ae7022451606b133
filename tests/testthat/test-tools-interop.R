# tools/interop.R, and what `make interop` stored.

interop_tools <- function() {
  tools <- new.env()
  sys.source(file.path(source_root(), "tools/interop.R"), tools)
  tools
}

test_that("a test is about the packages that it calls or names, not about those whose names are part of others", {
  tools <- interop_tools()
  file <- withr::local_tempfile(fileext = ".R")
  writeLines(c(
    "helper <- 1", "test_that(\"one\", { skip_if_not_installed(\"future.apply\") })",
    "test_that(\"two\", { x <- loo::loo(1); 'seen' })"
  ), file)
  blocks <- tools$test_blocks(file)
  expect_identical(blocks$test, c("one", "two"))
  about <- \(package) blocks$test[tools$is_about(blocks$code, package)]
  expect_identical(about("future.apply"), "one")
  expect_identical(about("future"), character())
  expect_identical(about("loo"), "two")
  expect_identical(about("see"), character())
})

test_that("one failed test makes a package failed, only skipped ones make it skipped", {
  tools <- interop_tools()
  blocks <- data.frame(code = c("a::f()", "a::g()", "b::f()"), passed = c(TRUE, FALSE, FALSE),
    failed = c(FALSE, TRUE, FALSE), skipped = c(FALSE, FALSE, TRUE))
  ends <- \(package, version = "1.0") tools$outcome_of(package, blocks, version)$outcome
  expect_identical(c(ends("a"), ends("b"), ends("c"), ends("a", NA)), c("failed", "skipped", "no test",
    "not installed"))
  counts <- tools$outcome_of("a", blocks, "1.0")
  expect_identical(c(counts$passed, counts$failed, counts$skipped), c(1L, 1L, 0L))
})

test_that("the stored result has every package, with version, date and commit, and those of CI work", {
  tools <- interop_tools()
  stored <- stored_validation("interop")
  expect_identical(stored$package, names(tools$interop_packages))
  expect_true(all(stored$outcome %in% c("works", "not installed")))
  expect_identical(unique(stored$outcome[stored$installed_by == "ci"]), "works")
  expect_false(anyNA(stored$version[stored$outcome == "works"]))
  expect_match(stored$date, "^\\d{4}-\\d{2}-\\d{2}$")
  expect_match(stored$commit, "^[0-9a-f]{10}\\+?$")
})

test_that("what CI is said to install is in Suggests", {
  tools <- interop_tools()
  suggests <- read.dcf(file.path(source_root(), "DESCRIPTION"), fields = "Suggests")[[1]]
  suggests <- sub("[ (].*", "", trimws(strsplit(suggests, ",")[[1]]))
  expect_identical(setdiff(names(tools$interop_packages)[tools$interop_packages == "ci"], suggests), character())
})
