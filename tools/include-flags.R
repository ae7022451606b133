# Prints -isystem flags for the third-party headers that R packages carry.
#   Rscript tools/include-flags.R RcppEigen BH testthat
# A package without an include folder (Debian's BH) adds nothing: the compiler then finds the system's headers.
folders <- vapply(
  commandArgs(trailingOnly = TRUE), \(package) system.file("include", package = package), character(1)
)
cat(paste("-isystem", folders[nzchar(folders)], recycle0 = TRUE))
