# qualify(): one page with digits and verdicts, and a verdict in all that a wrong number changes.

doctored <- data.frame(id = c("right", "wrong"), call = "stats::pbinom(1, 4, 0.1, lower.tail = FALSE)",
  expected = c("0.0523", "0.0524"), tolerance = "1e-6")

# Some seconds: once for all tests of this file.
qualified <- local({
  result <- NULL
  function() {
    skip_on_cran() # some seconds
    if (is.null(result)) result <<- qualify(checks = doctored[1, ])
    result
  }
})

test_that("this installation agrees with every published and certified check", {
  skip_on_cran() # long
  x <- qualified()
  rows <- tidy(x)
  wrong <- rows[rows$verdict %in% c("differs", "failed"), c("term", "result", "expected", "reason")]
  expect_identical(wrong$term, character(), info = paste(utils::capture.output(print(wrong)), collapse = "\n"))
  expect_identical(nrow(rows), nrow(shipped_checks()) + 1L)
  all <- summary(x)
  expect_identical(all$verdict, "agrees")
  expect_identical(all$agrees + all$not_run, all$checks)
  # Only the data of lme4 may be missing.
  expect_identical(unique(rows$reason[rows$verdict == "not run"]),
    if (requireNamespace("lme4", quietly = TRUE)) character() else "not installed: lme4")
})

test_that("one doctored expected value gives the verdict differs, in the print and in the page", {
  fake <- new_qualification(rbind(
    run_checks(check_own_checks(doctored, NULL)),
    check_outcome(as.list(shipped_checks()[1, ]), "not run", reason = "not installed: somepackage")
  ))
  expect_identical(summary(fake)$verdict, "differs")
  expect_identical(unlist(summary(fake)[-1]), c(checks = 3L, agrees = 1L, differs = 1L, failed = 0L, not_run = 1L))
  expect_output(print(fake), "Verdict: differs")
  expect_output(print(fake), "wrong +0.0523 +0.0524")
  expect_output(print(fake), "Not run: not installed: somepackage")
  expect_no_match(utils::capture.output(print(fake)), "^right")
  expect_match(format(fake, all = TRUE), "^right", all = FALSE)
})

test_that("the verdict in all: one failure is enough, nothing run is no agreement", {
  expect_identical(overall_verdict(c("agrees", "not run")), "agrees")
  expect_identical(overall_verdict(c("agrees", "failed")), "differs")
  expect_identical(overall_verdict(c("agrees", "differs", "agrees")), "differs")
  expect_identical(overall_verdict("not run"), "not run")
})

test_that("the print has groups, versions, intended use and limits, and no word of a claim", {
  text <- format(qualified(), all = TRUE)
  for (words in c("mixed models", "exams (ISNCSCI)", "own checks", "compiler of cordgain", "Eigen", "Boost", "BLAS",
    "Intended use.", "Limits.", R.version.string)) {
    expect_true(any(grepl(words, text, fixed = TRUE)), info = words)
  }
  expect_identical(claims_in(paste(text, collapse = " ")), character())
})

test_that("a text page holds every check", {
  file <- withr::local_tempfile(fileext = ".txt")
  mocked <- new_qualification(run_checks(check_own_checks(doctored, NULL)))
  writeLines(format(mocked, all = TRUE), file)
  expect_match(readLines(file), "^right", all = FALSE)
  expect_match(readLines(file), "^wrong.*differs$", all = FALSE)
})

test_that("the page holds the verdict, every call and the statement, in one file", {
  skip_on_cran() # some seconds
  for (package in c("rmarkdown", "knitr")) skip_if_not_installed(package)
  skip_if_not(rmarkdown::pandoc_available("2.0"), "pandoc")
  x <- new_qualification(rbind(qualified()$checks[1:3, ], run_checks(check_own_checks(doctored, NULL))))
  file <- withr::local_tempfile(fileext = ".html")
  render_page("qualify.Rmd", list(qualification = x), file, "html")
  html <- paste(readLines(file, warn = FALSE, encoding = "UTF-8"), collapse = "\n")
  bare <- gsub("(?s)<(script|style)[^>]*>.*?</\\1>", " ", html, perl = TRUE)
  text <- gsub("\\s+", " ", gsub("<[^>]+>", " ", bare, perl = TRUE), perl = TRUE)
  for (words in c("Verdict: differs. Of 5 checks 4 agree, 1 differ, 0 failed, 0 not run.", "Intended use", "Limits",
    "decision_table(natural_rate(0.193), 4)$natural_tail[3]", "binomial tail", "0.0524")) {
    expect_true(grepl(words, text, fixed = TRUE), info = words)
  }
  expect_false(grepl("<(img|script|link)[^>]+(src|href)=\"https?://", html, perl = TRUE))
  # Numbers and verdicts are not broken, and the browser has no leave to break inside of words there.
  expect_true(grepl(".checks td { white-space: nowrap; }", html, fixed = TRUE))
  expect_false(grepl("overflow-wrap: anywhere", html, fixed = TRUE))
  word <- withr::local_tempfile(fileext = ".docx")
  render_page("qualify.Rmd", list(qualification = x), word, "docx")
  expect_true("word/document.xml" %in% utils::unzip(word, list = TRUE)$Name)
})

test_that("files are refused before anything is run", {
  expect_error(qualify("page.pdf"), "must end in", class = "cordgain_invalid_input")
  expect_error(qualify(3), class = "cordgain_invalid_input")
  expect_error(qualify(file.path(tempfile(), "page.html")), "folder", class = "cordgain_invalid_input")
  expect_error(qualify(checks = 1), "data frame", class = "cordgain_invalid_input")
})

test_that("the compiler and the versions of headers are read from what is there", {
  library <- withr::local_tempfile()
  bytes <- \(text) c(as.raw(0:9), charToRaw(text), as.raw(0))
  writeBin(bytes("GCC: (Some Distribution 1.2) 12.2.0"), library)
  expect_identical(compiler_of(library), "GCC: (Some Distribution 1.2) 12.2.0")
  writeBin(bytes("Apple clang version 15.0.1"), library)
  expect_identical(compiler_of(library), "clang version 15.0.1")
  writeBin(as.raw(0:9), library)
  expect_identical(compiler_of(library), "not recorded in the library")
  header <- withr::local_tempfile(lines = c("// text", "#define BOOST_VERSION 107400", "#define OTHER \"x\""))
  expect_identical(header_number(header, "BOOST_VERSION"), 107400)
  expect_identical(header_number(header, "OTHER"), NA_real_)
  expect_identical(header_number("no such file", "BOOST_VERSION"), NA_real_)
  expect_identical(header_number(NA_character_, "BOOST_VERSION"), NA_real_)
  expect_identical(joined_version(1, 74, 0), "1.74.0")
  expect_identical(joined_version(1, NA, 0), "not installed")
})

test_that("a table as text has a heading and aligned columns", {
  text <- format_table(data.frame(a = c("x", "long"), b = c(1, NA)))
  expect_identical(text, c("a     b", "x     1", "long"))
})
