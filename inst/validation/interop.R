# Other packages: which of them are here, in which version, and how the tests about each ended. `make interop`.
source("tools/validation.R")
source("tools/interop.R")
files <- interop_files(".")
named <- sub("^\\./", "", grep("/test-interop-", files, value = TRUE))
run <- begin_validation("interop", seed = NA, depends = c(
  "tools/interop.R", file.path("R", list.files("R", "^interop-.*\\.R$")), "R/prior-exchange.R", named
))
Sys.setenv(NOT_CRAN = "true")
blocks <- run_blocks(files)
result <- do.call(rbind, lapply(names(interop_packages), \(package) {
  outcome_of(package, blocks, installed_version(package))
}))
result$installed_by <- unname(interop_packages)
result$date <- format(Sys.Date())
result$commit <- commit_here(".")
print(result, row.names = FALSE)
failed <- blocks[blocks$failed, ]
if (nrow(failed) > 0L) stop("failed: ", paste(failed$file, failed$test, sep = ": ", collapse = "\n"), call. = FALSE)
record_validation(run, result)
