# The shape of the source tree. Each rule is first tried on a small tree with a
# planted fault, then held against the project itself.

# A tree in a temporary folder: names are paths, values are lines.
planted_tree <- function(files, env = parent.frame()) {
  root <- withr::local_tempdir(.local_envir = env)
  for (file in names(files)) {
    dir.create(file.path(root, dirname(file)), recursive = TRUE, showWarnings = FALSE)
    writeLines(files[[file]], file.path(root, file))
  }
  root
}

r_files_that_define <- function(root) {
  Filter(
    \(file) any(vapply(parse(file.path(root, file)), is_assignment, TRUE)),
    tree_files(root, "R", "\\.R$")
  )
}

code_files <- function(root) {
  c(
    tree_files(root, "R", "\\.R$"), tree_files(root, "inst/include", "\\.hpp$"),
    tree_files(root, "src", "\\.(cpp|hpp|h)$")
  )
}

test_files <- function(root) {
  c(tree_files(root, "tests/testthat", "\\.R$"), tree_files(root, "tests/cpp", "\\.(cpp|hpp)$"))
}

# R: stages and calls ----------------------------------------------------------------

test_that("a call of a later stage and a cycle of files are found, local names are not calls", {
  skip_if_not_installed("codetools")
  root <- planted_tree(list(
    "R/low.R" = c("low <- function(x) high(x)", "table <- c(1, 2)"),
    "R/high.R" = c("high <- function(x) {", "  table <- x", "  middle <- 2", "  table + middle", "}"),
    "R/middle.R" = "middle <- function(x) Map(low, x)"
  ))
  edges <- call_edges(root)
  expect_setequal(paste(edges$from, edges$to), c("low.R high.R", "middle.R low.R"))
  stages <- c(low.R = 1L, middle.R = 2L, high.R = 3L)
  expect_identical(calls_upward(edges, stages)$name, "high")
  expect_identical(files_on_cycles(edges), character())

  writeLines("high <- \\(x) middle(x)", file.path(root, "R/high.R"))
  expect_identical(files_on_cycles(call_edges(root)), c("high.R", "low.R", "middle.R"))
})

test_that("every R file stands in the map, once, and every entry of the map exists", {
  root <- source_root()
  map <- names(stage_map(root))
  expect_identical(map[duplicated(map)], character())
  expect_setequal(map, basename(tree_files(root, "R", "\\.R$")))
})

# The calls between files, found once, since that takes ten seconds.
package_edges <- local({
  found <- NULL
  \(root) {
    if (is.null(found)) found <<- call_edges(root)
    found
  }
})

test_that("an R file calls only its own or an earlier stage", {
  skip_on_cran() # long
  root <- source_root()
  skip_if_not_installed("codetools")
  upward <- calls_upward(package_edges(root), stage_map(root))
  expect_identical(paste(upward$from, "calls", upward$name, "in", upward$to, recycle0 = TRUE), character())
})

test_that("R files do not call each other in a circle", {
  skip_on_cran() # long
  root <- source_root()
  skip_if_not_installed("codetools")
  expect_identical(files_on_cycles(package_edges(root)), character())
})

test_that("no function has the name of another: the file read last would win in silence", {
  root <- source_root()
  defined <- unlist(lapply(tree_files(root, "R", "\\.R$"), \(file) {
    exprs <- Filter(is_assignment, as.list(parse(file.path(root, file), keep.source = FALSE)))
    vapply(exprs, \(e) as.character(e[[2]]), "")
  }))
  expect_identical(defined[duplicated(defined)], character())
})

test_that("only core.R calls the C++ core", {
  skip_on_cran() # long
  root <- source_root()
  skip_if_not_installed("codetools")
  edges <- package_edges(root)
  expect_identical(setdiff(edges$from[edges$to == "RcppExports.R"], "core.R"), character())
  others <- setdiff(tree_files(root, "R", "\\.R$"), "R/core.R")
  calls <- vapply(others, \(file) any(grepl("\\b(cpp_\\w+\\(|\\.Call\\()", read_tree(root, file))), TRUE)
  expect_identical(others[calls], character())
})

# Tests mirror code --------------------------------------------------------------------

test_that("every R file that defines something has a test file of its name", {
  root <- source_root()
  expected <- sub("^R/", "tests/testthat/test-", r_files_that_define(root))
  expect_identical(expected[!file.exists(file.path(root, expected))], character())
})

test_that("every header has a C++ test file of its name", {
  root <- source_root()
  headers <- tree_files(root, "inst/include/cordgain", "\\.hpp$")
  expected <- paste0("tests/cpp/test_", sub("\\.hpp$", ".cpp", basename(headers)))
  expect_identical(anyDuplicated(expected), 0L)
  expect_identical(expected[!file.exists(file.path(root, expected))], character())
})

# The aim is 1.5 lines of test for a line of code (CONTRIBUTING.md); this gate holds what has been reached.
test_that("there is at least one line of test for a line of code", {
  root <- source_root()
  counted <- \(files) {
    is_r <- endsWith(files, ".R")
    code_lines(root, files[is_r], "#") + code_lines(root, files[!is_r], "//")
  }
  expect_gte(counted(test_files(root)) / counted(code_files(root)), 1)
})

# Headers ------------------------------------------------------------------------------

test_that("an include of a folder to the right, or out of isncsci, is found", {
  root <- planted_tree(list(
    "inst/include/cordgain/dist/beta.hpp" = c("#include <cordgain/base/a.hpp>", "#include <cordgain/fit/b.hpp>"),
    "inst/include/cordgain/isncsci/exam.hpp" = c("#include <cordgain/isncsci/c.hpp>", "#include <cordgain/math/d.hpp>"),
    "inst/include/cordgain/natural/rate.hpp" = "#include <cordgain/dist/beta.hpp>",
    "inst/include/cordgain/strange/rate.hpp" = "#include <cordgain/base/a.hpp>"
  ))
  expect_setequal(wrong_includes(root), c(
    "inst/include/cordgain/dist/beta.hpp -> fit/b.hpp",
    "inst/include/cordgain/isncsci/exam.hpp -> math/d.hpp",
    "inst/include/cordgain/strange/rate.hpp -> base/a.hpp"
  ))
})

test_that("a header includes only folders to its left", {
  expect_identical(as.character(wrong_includes(source_root())), character())
})

test_that("the core knows nothing of R, and every header is guarded by #pragma once", {
  root <- source_root()
  headers <- tree_files(root, "inst/include", "\\.hpp$")
  of_r <- vapply(headers, \(file) {
    any(grepl("#include\\s*[<\"](Rcpp|R\\.h|Rmath|Rinternals|R_ext|Rdefines)", read_tree(root, file)))
  }, TRUE)
  expect_identical(headers[of_r], character())
  guarded <- vapply(headers, \(file) "#pragma once" %in% read_tree(root, file), TRUE)
  expect_identical(headers[!guarded], character())
})

# Sizes --------------------------------------------------------------------------------

test_that("lengths of R functions are counted from the name to the last line", {
  root <- planted_tree(list("R/a.R" = c(
    "one <- function(x) x", "", "#' not counted", "four <- \\(x) {", "  y <- x", "  y", "}", "value <- 3"
  )))
  expect_equal(unname(r_function_lengths(root, "R/a.R")), c(1, 4))
})

test_that("lengths of C++ functions are counted through templates, initialisers, lambdas and literals", {
  root <- planted_tree(list("a.hpp" = c(
    "#include <x>", "namespace a {", "/// text { of a comment", "constexpr double kTable[] = {1.0, 2.0};",
    "inline double one(double x) { return x; }",
    "template <class T>", "class Holder {", " public:",
    "  explicit Holder(T x)", "      : a_{x}, b_(x) {", "    check(\"}{\");", "  }",
    "  bool is_big() const noexcept { return a_ > 1'000; }", " private:", "  T a_{};", "};",
    "template <class F>", "auto six(F f) -> double {", "  return f([](double y) {", "    return '}' + y;", "  });",
    "}", "}"
  )))
  expect_equal(unname(cpp_function_lengths(root, "a.hpp")), c(1, 4, 1, 6))
})

test_that("no file is above 400 lines", {
  root <- source_root()
  files <- c(code_files(root), test_files(root))
  lines <- vapply(files, \(file) length(read_tree(root, file)), 0L)
  expect_identical(names(lines)[lines > 400L], character())
})

test_that("R functions are short: median below 15 lines, nine in ten below 40", {
  root <- source_root()
  lengths <- unlist(lapply(tree_files(root, "R", "\\.R$"), \(file) r_function_lengths(root, file)))
  expect_lt(stats::median(lengths), 15)
  expect_gte(mean(lengths < 40), 0.9)
})

test_that("C++ functions are short: median below 8 lines, none above 60", {
  skip_on_cran() # long
  root <- source_root()
  files <- grep("^R/", code_files(root), value = TRUE, invert = TRUE)
  lengths <- unlist(lapply(files, \(file) cpp_function_lengths(root, file)))
  expect_lt(stats::median(lengths), 8)
  expect_identical(names(lengths)[lengths > 60], character())
})

# Help and words -----------------------------------------------------------------------

test_that("every exported function has a help page with a value and examples", {
  root <- source_root()
  lines <- read_tree(root, "NAMESPACE")
  exports <- sub("^export\\((.*)\\)$", "\\1", grep("^export\\(", lines, value = TRUE))
  pages <- lapply(tree_files(root, "man", "\\.Rd$"), \(file) read_tree(root, file))
  pages <- Filter(\(page) !any(grepl("\\docType{import}", page, fixed = TRUE)), pages)
  reexported <- sub("^importFrom\\([^,]+,(.*)\\)$", "\\1", grep("^importFrom", lines, value = TRUE))
  complete <- vapply(setdiff(exports, reexported), \(name) {
    page <- unlist(Filter(\(page) paste0("\\alias{", name, "}") %in% page, pages))
    all(c("\\value{", "\\examples{") %in% page)
  }, TRUE)
  expect_setequal(names(complete)[!complete], character())
})

test_that("every help page of functions says which conditions they signal", {
  root <- source_root()
  files <- tree_files(root, "man", "\\.Rd$")
  silent <- Filter(\(file) {
    page <- read_tree(root, file)
    "\\usage{" %in% page && !any(grepl("\\docType{", page, fixed = TRUE)) && !"\\section{Conditions}{" %in% page
  }, files)
  # Pages of files on which stored results are hashed.
  kept <- c("interop-emmeans", "interop-ggplot2", "interop-insight", "interop-marginaleffects", "linear_test",
    "predict.natural_rate")
  expect_identical(setdiff(sub("\\.Rd$", "", basename(silent)), kept), character())
})

test_that("forbidden words are found in strings and documents, not in comments, parts of words or marked lines", {
  root <- planted_tree(list(
    "R/a.R" = c(
      "# it was caused by nature", "bad <- 'Proved to work'", "fine <- 'the safety of unsafe words'",
      "rule <- 'never say safe' # words: allowed"
    ),
    "README.md" = c("A significant result", "`safety()` lists harms"),
    "vignettes/v.Rmd" = "text"
  ))
  expect_identical(forbidden_lines(root), c("R/a.R:2: 'Proved to work'", "README.md:1: A significant result"))
})

test_that("nothing that a person reads says more than a trial of four can: no forbidden word is printed", {
  skip_on_cran() # long
  expect_identical(forbidden_lines(source_root()), character())
})
