# Which tests are about which package, and how they ended: `make interop` stores it (inst/validation/interop.R).

# Packages that objects of ours are given to, and whether CI installs them.
interop_packages <- c(
  bayesplot = "ci", broom.mixed = "ci", coda = "ci", emmeans = "ci", future = "ci", future.apply = "ci",
  ggeffects = "ci", ggplot2 = "ci", insight = "ci", loo = "ci", parameters = "ci", performance = "ci",
  posterior = "ci", progressr = "ci", brms = "here only", ggdist = "here only", gt = "here only",
  marginaleffects = "here only", RBesT = "here only", see = "here only", tidybayes = "here only"
)

# Files with such tests: those named for it, and others where another package is met beside the code.
interop_files <- function(root) {
  folder <- file.path(root, "tests/testthat")
  beside <- paste0("test-", c("fit-tidy", "bootstrap", "falsify", "falsify-score"), ".R")
  c(list.files(folder, "^test-interop-.*\\.R$", full.names = TRUE), Filter(file.exists, file.path(folder, beside)))
}

# One row for each test of a file: its name, and the words of its code.
test_blocks <- function(file) {
  calls <- Filter(\(e) is.call(e) && identical(e[[1]], as.name("test_that")), as.list(parse(file, keep.source = FALSE)))
  data.frame(
    file = rep(basename(file), length(calls)), test = vapply(calls, \(e) as.character(e[[2]]), ""),
    code = vapply(calls, \(e) paste(deparse(e), collapse = "\n"), "")
  )
}

# A test is about a package if it says `package::` or names it as a string.
is_about <- function(code, package) {
  escaped <- gsub(".", "\\.", package, fixed = TRUE)
  grepl(paste0("(^|[^A-Za-z0-9.])", escaped, "::|\"", escaped, "\""), code)
}

# How the tests about a package ended; blocks have `passed`, `failed`, `skipped` (each TRUE or FALSE).
outcome_of <- function(package, blocks, version) {
  about <- blocks[is_about(blocks$code, package), ]
  counts <- c(passed = sum(about$passed), failed = sum(about$failed), skipped = sum(about$skipped))
  known <- c(
    "not installed" = is.na(version), "no test" = nrow(about) == 0L, failed = counts[["failed"]] > 0L,
    skipped = counts[["passed"]] == 0L, works = TRUE
  )
  outcome <- names(known)[which(known)[1]]
  data.frame(package = package, version = version, outcome = outcome, t(counts))
}

installed_version <- function(package) {
  tryCatch(format(utils::packageVersion(package)), error = \(e) NA_character_)
}

# Runs the files against the installed cordgain; one row for each test.
run_blocks <- function(files) {
  blocks <- do.call(rbind, lapply(files, test_blocks))
  results <- lapply(files, \(file) {
    as.data.frame(testthat::test_file(file,
      package = "cordgain", load_package = "installed", reporter = "silent", stop_on_failure = FALSE
    ))
  })
  results <- do.call(rbind, lapply(results, \(r) r[c("file", "test", "failed", "error", "skipped")]))
  at <- match(paste(blocks$file, blocks$test), paste(results$file, results$test))
  blocks$failed <- is.na(at) | results$failed[at] > 0L | results$error[at]
  blocks$skipped <- !blocks$failed & results$skipped[at]
  blocks$passed <- !blocks$failed & !blocks$skipped
  blocks
}

# The commit, with a plus where files differ from it.
commit_here <- function(root) {
  git <- \(...) system2("git", c("-C", root, ...), stdout = TRUE)
  paste0(git("rev-parse", "--short=10", "HEAD"),
    if (length(git("status", "--porcelain", "--untracked-files=no")) > 0L) "+")
}
