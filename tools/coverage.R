# The two parts of tools/coverage.sh that speak R.
#   Rscript tools/coverage.R trace FOLDER    the R tests with counted lines, into FOLDER/r.rds
#   Rscript tools/coverage.R report FOLDER   the table of files, and of all; fails below 95 %
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[2]
asked <- 95

# Each line of R code and whether any test reached it.
trace <- function() {
  Sys.setenv(NOT_CRAN = "true")
  run <- tempfile(fileext = ".R")
  writeLines(c(
    "testthat::test_dir('tests/testthat', package = 'cordgain', load_package = 'installed', stop_on_failure = FALSE,",
    "  reporter = 'summary')"
  ), run)
  counted <- covr::environment_coverage(asNamespace("cordgain"), run)
  rows <- covr::tally_coverage(counted, by = "line")
  rows <- data.frame(file = basename(rows$filename), line = rows$line, reached = rows$value > 0)
  saveRDS(rows, file.path(folder, "r.rds"))
}

# Records of lcov: SF:file, then DA:line,count.
read_lcov <- function(path) {
  text <- readLines(path)
  starts <- startsWith(text, "SF:")
  file <- sub("^SF:", "", text[starts])[cumsum(starts)]
  counts <- startsWith(text, "DA:")
  fields <- strsplit(sub("^DA:", "", text[counts]), ",", fixed = TRUE)
  data.frame(
    file = sub(".*/inst/include/", "", file[counts]),
    line = as.integer(vapply(fields, `[`, "", 1)), reached = vapply(fields, `[`, "", 2) != "0"
  )
}

# What gcov prints: `count: line: source`, `#####` where a line was not reached, `-` where there is no code.
read_gcov <- function(path) {
  text <- readLines(path, warn = FALSE)
  fields <- regmatches(text, regexec("^ *([^:]+): *([0-9]+):(.*)$", text))
  fields <- do.call(rbind, fields[lengths(fields) == 4L])
  file <- ifelse(fields[, 3] == "0" & startsWith(fields[, 4], "Source:"), sub("^Source:", "", fields[, 4]), NA)
  file <- file[!is.na(file)][cumsum(!is.na(file))]
  is_code <- fields[, 3] != "0" & grepl("^([0-9]+[*]?|#####)$", fields[, 2])
  ours <- is_code & grepl("^bind[_a-z]*\\.(cpp|h)$", basename(file))
  rows <- data.frame(file = basename(file), line = as.integer(fields[, 3]), reached = fields[, 2] != "#####")[ours, ]
  stats::aggregate(reached ~ file + line, rows, any) # a template is listed once for each of its uses
}

share <- function(rows) 100 * mean(rows$reached)

report <- function() {
  parts <- list(
    "R code, by the R tests" = readRDS(file.path(folder, "r.rds")),
    "bindings, by the R tests" = read_gcov(file.path(folder, "bindings.gcov")),
    "headers, by the C++ tests" = read_lcov(file.path(folder, "headers.lcov"))
  )
  for (part in names(parts)) {
    by_file <- vapply(split(parts[[part]], parts[[part]]$file), share, 0)
    low <- sort(by_file[by_file < asked])
    cat(part, "\n", sprintf("  %5.1f %%  %s\n", low, names(low)), sep = "")
  }
  shares <- vapply(parts, share, 0)
  cat(sprintf("%5.1f %% of %d lines: %s\n", shares, vapply(parts, nrow, 0L), names(parts)), sep = "")
  quit(status = as.integer(any(shares < asked)))
}

switch(arguments[1], trace = trace(), report = report())
