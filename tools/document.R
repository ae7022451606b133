# Makes everything that is written from sources: bindings, help pages, NAMESPACE.
Rcpp::compileAttributes()

# The code is read, not compiled; the shipped data are objects that have help pages too.
load_code_and_data <- function(path) {
  code <- suppressPackageStartupMessages(roxygen2::load_source(path))
  for (file in list.files(file.path(path, "data"), "\\.rda$", full.names = TRUE)) load(file, envir = code)
  code
}

roxygen2::roxygenise(load_code = load_code_and_data)
