# Runs the R tests against the installed package and writes "passed failed skipped"
# (test blocks) to the file named as the first argument.
Sys.setenv(NOT_CRAN = "true") # the long tests too, which R CMD check as on CRAN leaves out
results <- as.data.frame(testthat::test_dir(
  "tests/testthat",
  package = "cordgain", load_package = "installed", stop_on_failure = FALSE,
  reporter = testthat::SummaryReporter$new(show_praise = FALSE, max_reports = 100L)
))
failed <- results$failed > 0L | results$error
skipped <- results$skipped & !failed
counts <- c(sum(!failed & !skipped), sum(failed), sum(skipped))
writeLines(paste(counts, collapse = " "), commandArgs(trailingOnly = TRUE)[1])
