# A stored result of inst/validation/ (from the source tree, or as installed), for tests of what it says.
stored_validation <- function(name) {
  folder <- system.file("validation", package = "cordgain")
  tree <- testthat::test_path("..", "..", "inst", "validation")
  if (dir.exists(tree)) folder <- tree
  file <- list.files(folder, paste0("^", name, "\\.(csv|rds)$"), full.names = TRUE)
  if (length(file) != 1L) stop("no stored result ", name, ": run 'make validation-", name, "'", call. = FALSE)
  if (endsWith(file, ".csv")) utils::read.csv(file) else readRDS(file)
}
