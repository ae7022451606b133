# Makes the shipped data from the facts beside this file.
#
# Run from the root of the source tree: Rscript data-raw/make.R [folder for the data, "data" if left out]
# Each script below defines one function, build_<name>(facts, cordgain), that
# returns the data set; `cordgain` is an environment with the package's own code,
# read from R/, so that the data can be made before the package is installed.

read_facts <- function(name, facts) {
  utils::read.csv(file.path(facts, paste0(name, ".csv")), colClasses = "character", na.strings = "")
}

as_numbers <- function(x, columns) {
  x[columns] <- lapply(x[columns], as.numeric)
  x
}

# Decimals of a number as printed: "13" has none, "13.0" has one.
printed_digits <- function(text) {
  ifelse(grepl(".", text, fixed = TRUE), nchar(sub("^[^.]*[.]?", "", text)), 0)
}

package_code <- function(root) {
  code <- new.env(parent = globalenv())
  for (file in c("conditions", "check-table", "generics", "levels", "endpoints", "sources", "trial-arm")) {
    sys.source(file.path(root, "R", paste0(file, ".R")), code)
  }
  code
}

make_data <- function(root = ".", folder = file.path(root, "data")) {
  raw <- file.path(root, "data-raw")
  code <- package_code(root)
  for (name in c("natural_ais", "natural_motor", "natural_transition", "cell_trials", "keio_ips")) {
    build <- new.env(parent = environment(read_facts))
    sys.source(file.path(raw, paste0(name, ".R")), build)
    data <- new.env()
    assign(name, build[[paste0("build_", name)]](file.path(raw, "facts"), code), data)
    save(list = name, envir = data, file = file.path(folder, paste0(name, ".rda")), compress = "xz", version = 3)
  }
}

if (sys.nframe() == 0L) {
  folder <- commandArgs(trailingOnly = TRUE)
  make_data(".", if (length(folder) > 0L) folder[1] else "data")
}
