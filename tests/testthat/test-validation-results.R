# Stored results of long computations (inst/validation/): the rules are first tried on a small tree, then held
# against the project. What a result says is tested beside the code it is about, through stored_validation().

# The functions of tools/validation.R.
validation_tools <- function() {
  tools <- new.env()
  sys.source(file.path(source_root(), "tools/validation.R"), tools)
  tools
}

# A tree of two headers, one R file and one script, and a folder for its results.
small_tree <- function(env = parent.frame()) {
  root <- withr::local_tempdir(.local_envir = env)
  put <- \(file, ...) {
    dir.create(file.path(root, dirname(file)), recursive = TRUE, showWarnings = FALSE)
    writeLines(c(...), file.path(root, file))
  }
  put("inst/include/cordgain/base/low.hpp", "#pragma once", "inline double low() { return 1.0; }  // one")
  put(
    "inst/include/cordgain/dist/high.hpp", "#include <cordgain/base/low.hpp>",
    "inline double high() { return low(); }"
  )
  put("R/rate.R", "rate <- function(x) \"a # b\"")
  put("inst/validation/trial.R", "set.seed(1)")
  list(root = root, put = put)
}

# Records a result as a script would; the installed package has nothing to do with the small tree.
record_small <- function(tools, root, result = data.frame(x = c(0.1, 1 / 3))) {
  tools$stop_where_installed_differs <- \(...) NULL
  run <- tools$begin_validation("trial", seed = 1, depends = c("dist/high.hpp", "R/rate.R"), root = root)
  tools$record_validation(run, result)
}

test_that("headers are followed through what they include", {
  tools <- validation_tools()
  tree <- small_tree()
  expect_identical(
    tools$with_included_headers(tree$root, c("dist/high.hpp", "R/rate.R")),
    c("R/rate.R", "inst/include/cordgain/base/low.hpp", "inst/include/cordgain/dist/high.hpp")
  )
  expect_error(tools$with_included_headers(tree$root, "dist/none.hpp"), "no such file: .*none.hpp")
})

test_that("comments and white space leave the code as it was, strings and digits do not", {
  tools <- validation_tools()
  text_of <- \(ext, ...) {
    file <- withr::local_tempfile(fileext = ext)
    writeLines(c(...), file)
    tools$code_text(file)
  }
  cpp <- text_of(".hpp", "int a = 1'000; // thousand", "/* two", "lines */ char c = '\"'; auto s = \"x // y\";")
  expect_identical(cpp, "inta=1'000;charc='\"';autos=\"x // y\";")
  r <- text_of(".R", "f <- \\(x) 'it # is' # no", "#' page", "  \"say \\\" # \"")
  expect_identical(r, "f<-\\(x)'it # is'\"say \\\" # \"")
})

test_that("a fresh result has no fault and comes back as it was", {
  tools <- validation_tools()
  tree <- small_tree()
  expect_identical(tools$validation_faults(tree$root), "trial has no row in the manifest")
  path <- record_small(tools, tree$root)
  expect_identical(tools$validation_faults(tree$root), character())
  expect_identical(utils::read.csv(path)$x, c(0.1, signif(1 / 3, 15)))
  row <- tools$read_manifest(tree$root)
  expect_identical(row$seed, "1")
  expect_match(row$versions, "^R=[0-9.]+ cordgain=[0-9.]+ Rcpp=")
})

test_that("a change of code makes a result stale, a comment does not, and the file is named", {
  tools <- validation_tools()
  tree <- small_tree()
  record_small(tools, tree$root)
  tree$put("inst/include/cordgain/base/low.hpp", "#pragma once", "", "inline double low() {", "  return 1.0; /* 1 */ }")
  expect_identical(tools$validation_faults(tree$root), character())
  tree$put("inst/include/cordgain/base/low.hpp", "#pragma once", "inline double low() { return 1.1; }")
  expect_identical(
    tools$validation_faults(tree$root),
    "trial: inst/include/cordgain/base/low.hpp has changed: run 'make validation-trial'"
  )
  record_small(tools, tree$root)
  expect_identical(tools$validation_faults(tree$root), character())
  tree$put("inst/validation/trial.R", "set.seed(2)")
  expect_match(tools$validation_faults(tree$root), "trial.R has changed")
  unlink(file.path(tree$root, "R/rate.R"))
  expect_match(tools$validation_faults(tree$root), "R/rate.R is gone")
})

test_that("a header that is newly included, an edited result and a result without a script are faults", {
  tools <- validation_tools()
  tree <- small_tree()
  record_small(tools, tree$root)
  tree$put("inst/include/cordgain/base/new.hpp", "#pragma once")
  tree$put(
    "inst/include/cordgain/dist/high.hpp", "#include <cordgain/base/low.hpp>", "#include <cordgain/base/new.hpp>",
    "inline double high() { return low(); }"
  )
  expect_match(tools$validation_faults(tree$root), "(high|new).hpp has changed", all = TRUE)
  expect_length(tools$validation_faults(tree$root), 2L)
  record_small(tools, tree$root)
  tree$put("inst/validation/trial.csv", "x", "0.2")
  expect_identical(tools$validation_faults(tree$root), "trial.csv is not as it was recorded")
  tree$put("inst/validation/other.csv", "x")
  expect_match(tools$validation_faults(tree$root)[1], "other.csv has no row in the manifest")
  unlink(file.path(tree$root, "inst/validation/trial.R"))
  expect_true("trial has no script" %in% tools$validation_faults(tree$root))
})

test_that("what changes while a script runs is not recorded, and an installation of other headers is refused", {
  tools <- validation_tools()
  tree <- small_tree()
  expect_error(
    tools$begin_validation("trial", seed = 1, depends = "dist/high.hpp", root = tree$root),
    "not this tree's \\(low.hpp, high.hpp\\): run 'make install'"
  )
  tools$stop_where_installed_differs <- \(...) NULL
  run <- tools$begin_validation("trial", seed = 1, depends = "R/rate.R", root = tree$root)
  tree$put("R/rate.R", "rate <- 2")
  expect_error(tools$record_validation(run, data.frame(x = 1)), "changed while it ran")
})

test_that("results that are no tables are kept as R objects, and a name twice in the manifest is a fault", {
  tools <- validation_tools()
  tree <- small_tree()
  path <- record_small(tools, tree$root, list(a = 1:3))
  expect_identical(readRDS(path), list(a = 1:3))
  rows <- tools$read_manifest(tree$root)
  tools$write_manifest(tree$root, rbind(rows, rows))
  expect_identical(tools$validation_faults(tree$root), "trial stands twice in the manifest")
})

test_that("every stored result is fresh, and scripts, results and manifest name each other", {
  root <- source_root()
  expect_identical(validation_tools()$validation_faults(root), character())
})
