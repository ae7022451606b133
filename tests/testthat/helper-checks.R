# Independently computed numbers, kept outside the package in the folder that the
# environment variable CORDGAIN_CHECKS names. Set, a missing file is a failure;
# unset, the tests that need it are skipped by name.

checks_path <- function(file) {
  folder <- Sys.getenv("CORDGAIN_CHECKS")
  testthat::skip_if(folder == "", paste0("CORDGAIN_CHECKS is not set: no ", file))
  path <- file.path(folder, file)
  if (!file.exists(path)) stop("CORDGAIN_CHECKS is set, but there is no file ", path, call. = FALSE)
  path
}

# The number with this id in responders.csv, or for ids beginning with N in responders-2.csv.
checks_value <- function(id) {
  file <- if (startsWith(id, "N")) "responders-2.csv" else "responders.csv"
  rows <- utils::read.csv(checks_path(file), colClasses = "character")
  value <- suppressWarnings(as.numeric(rows$value[rows$id == id]))
  if (length(value) != 1L || is.na(value)) stop("no single number with id ", id, " in ", file, call. = FALSE)
  value
}

# How many random cases a sweep runs: 2 % on every change (less where a case takes seconds and the full run is stored
# in inst/validation), all in `make validate`.
sweep_size <- function(full, share = 0.02) {
  if (identical(Sys.getenv("CORDGAIN_SWEEP"), "full")) full else max(1, ceiling(share * full))
}
