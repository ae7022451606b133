# Results of long computations, stored in inst/validation/ with what they depend on. A script there begins with
#   source("tools/validation.R")
#   run <- begin_validation("NAME", seed = 1, depends = c("natural/meta_predictive.hpp", "R/natural-rate.R"))
# and ends with record_validation(run, result). CONTRIBUTING.md ("A stored result") is the recipe.
# Everything takes the root of a tree, so that test-validation-results.R can try it on a small one.

validation_folder <- "inst/validation"

# What a result depends on ---------------------------------------------------------

core_folder <- "inst/include/cordgain"

# "natural/ess.hpp" is short for the header's whole path.
dependency_path <- function(file) {
  ifelse(endsWith(file, ".hpp") & !startsWith(file, "inst/"), file.path(core_folder, file), file)
}

# These files, and every header of ours that a header or a C++ file among them includes, directly or not.
with_included_headers <- function(root, files) {
  known <- character()
  open <- unique(dependency_path(files))
  while (length(open) > 0L) {
    missing <- open[!file.exists(file.path(root, open))]
    if (length(missing) > 0L) stop("no such file: ", toString(missing), call. = FALSE)
    known <- c(known, open)
    cpp <- grep("\\.(hpp|h|cpp)$", open, value = TRUE)
    lines <- unlist(lapply(file.path(root, cpp), readLines, warn = FALSE))
    found <- grep("^\\s*#include\\s+<cordgain/", lines, value = TRUE)
    included <- sub(".*<cordgain/([^>]+)>.*", "\\1", found)
    open <- setdiff(paste0(core_folder, "/", included, recycle0 = TRUE), known)
  }
  sort(known, method = "radix")
}

# Hashes ---------------------------------------------------------------------------

# Code without comments, and without white space outside of strings. Bytes, so that no locale has a say.
code_text <- function(path) {
  text <- paste(readLines(path, warn = FALSE), collapse = "\n")
  string <- "\"(?s:\\\\.|[^\"\\\\])*\""
  is_r <- endsWith(path, ".R")
  comment <- if (is_r) "#[^\n]*" else "//[^\n]*|/\\*(?s:.*?)\\*/"
  # C++: 1'000 is a number, no character literal.
  quoted <- if (is_r) "'(?s:\\\\.|[^'\\\\])*'" else "(?<![0-9a-fA-F])'(?:\\\\.|[^'\\\\\n])+'"
  pattern <- paste0("(?:", string, "|", quoted, ")(*SKIP)(*FAIL)|", comment, "|\\s+")
  kept <- regmatches(text, gregexpr(pattern, text, perl = TRUE, useBytes = TRUE), invert = TRUE)[[1]]
  paste(kept, collapse = "")
}

# The first 10 digits of the MD5 sum: enough to see a change, short enough to be read.
short_md5 <- function(path) substr(unname(tools::md5sum(path)), 1L, 10L)

code_hash <- function(path) {
  copy <- tempfile()
  on.exit(unlink(copy))
  writeBin(charToRaw(code_text(path)), copy)
  short_md5(copy)
}

# c(path = hash) of everything that `depends` stands for.
input_hashes <- function(root, depends) {
  files <- with_included_headers(root, depends)
  stats::setNames(vapply(file.path(root, files), code_hash, ""), files)
}

# The manifest ---------------------------------------------------------------------

manifest_columns <- c("name", "result", "result_hash", "date", "seed", "minutes", "versions", "depends", "inputs")

manifest_path <- function(root) file.path(root, validation_folder, "manifest.csv")

read_manifest <- function(root) {
  if (!file.exists(manifest_path(root))) {
    return(as.data.frame(matrix("", 0L, length(manifest_columns), dimnames = list(NULL, manifest_columns))))
  }
  utils::read.csv(manifest_path(root), colClasses = "character")
}

write_manifest <- function(root, rows) {
  rows <- rows[order(rows$name, method = "radix"), ]
  utils::write.csv(rows, manifest_path(root), row.names = FALSE, quote = FALSE)
}

# "a=1 b=2" <-> c(a = "1", b = "2")
pack <- function(x) paste(names(x), x, sep = "=", collapse = " ")
unpack <- function(text) {
  parts <- strsplit(strsplit(text, " ", fixed = TRUE)[[1]], "=", fixed = TRUE)
  stats::setNames(vapply(parts, `[`, "", 2L), vapply(parts, `[`, "", 1L))
}

# Recording ------------------------------------------------------------------------

script_path <- function(name) file.path(validation_folder, paste0(name, ".R"))

# Notes what the result will depend on before anything is computed.
# @param seed what the script gives to set.seed(), or NA where nothing is drawn
# @param depends headers ("natural/ess.hpp": what it includes follows), R files ("R/ess.R") and any other file that
#   the result is made with, as few as will do; the script itself is added
begin_validation <- function(name, seed, depends, root = ".") {
  depends <- unique(dependency_path(depends))
  inputs <- input_hashes(root, c(depends, script_path(name)))
  stop_where_installed_differs(root, names(inputs))
  list(name = name, seed = seed, depends = depends, inputs = inputs, root = root, start = proc.time())
}

# The installed core must be the one of this tree: installed headers are compared with those hashed.
stop_where_installed_differs <- function(root, files) {
  headers <- files[startsWith(files, core_folder)]
  installed <- file.path(system.file(package = "cordgain"), sub("^inst/", "", headers))
  other <- headers[!tools::md5sum(installed) %in% tools::md5sum(file.path(root, headers))]
  if (length(other) > 0L) {
    stop("the installed cordgain is not this tree's (", toString(basename(other)), "): run 'make install'",
      call. = FALSE
    )
  }
}

versions_used <- function(packages) {
  packages <- c("cordgain", "Rcpp", "RcppEigen", "BH", packages)
  c(R = format(getRversion()), vapply(packages, \(p) format(utils::packageVersion(p)), ""))
}

# Stores a data frame as NAME.csv (numbers to 15 digits) or any other object as NAME.rds, and its row of the manifest;
# `minutes` are those of the processor.
# @param packages further packages that the result depends on, such as the one it is compared with
record_validation <- function(run, result, packages = character()) {
  root <- run$root
  now <- input_hashes(root, c(run$depends, script_path(run$name)))
  if (!identical(now, run$inputs)) {
    stop("what ", run$name, " depends on was changed while it ran: run it again", call. = FALSE)
  }
  file <- paste0(run$name, if (is.data.frame(result)) ".csv" else ".rds")
  path <- file.path(root, validation_folder, file)
  if (is.data.frame(result)) utils::write.csv(result, path, row.names = FALSE) else saveRDS(result, path)
  row <- data.frame(
    name = run$name, result = file, result_hash = short_md5(path), date = format(Sys.Date()), seed = format(run$seed),
    minutes = format(round(sum((proc.time() - run$start)[c(1L, 2L, 4L, 5L)], na.rm = TRUE) / 60, 1)),
    versions = pack(versions_used(packages)), depends = paste(run$depends, collapse = " "), inputs = pack(run$inputs)
  )
  kept <- read_manifest(root)
  write_manifest(root, rbind(kept[kept$name != run$name, ], row))
  invisible(path)
}

# Judging --------------------------------------------------------------------------

# Files whose code is no longer what the result was made with, one text per file; none where the result is fresh.
stale_inputs <- function(root, row) {
  recorded <- unpack(row$inputs)
  depends <- strsplit(row$depends, " ", fixed = TRUE)[[1]]
  gone <- depends[!file.exists(file.path(root, depends))]
  if (length(gone) > 0L) {
    return(paste(gone, "is gone"))
  }
  now <- input_hashes(root, c(depends, script_path(row$name)))
  files <- union(names(recorded), names(now))
  differs <- !mapply(identical, recorded[files], now[files], USE.NAMES = FALSE)
  paste(files[differs], "has changed", recycle0 = TRUE)
}

# What is wrong with one row of the manifest.
row_faults <- function(root, row) {
  path <- file.path(root, validation_folder, row$result)
  if (!file.exists(file.path(root, script_path(row$name)))) {
    paste(row$name, "has no script")
  } else if (!file.exists(path)) {
    paste(row$result, "is not there")
  } else {
    c(
      if (short_md5(path) != row$result_hash) paste(row$result, "is not as it was recorded"),
      paste0(row$name, ": ", stale_inputs(root, row), ": run 'make validation-", row$name, "'", recycle0 = TRUE)
    )
  }
}

# What is wrong with the stored results, in words; none where all is well.
validation_faults <- function(root) {
  manifest <- read_manifest(root)
  files <- setdiff(list.files(file.path(root, validation_folder)), "manifest.csv")
  scripts <- grep("\\.R$", files, value = TRUE)
  results <- grep("\\.(csv|rds)$", files, value = TRUE) # what is neither belongs to a script
  unknown <- setdiff(c(sub("\\.R$", "", scripts), results), c(manifest$name, manifest$result))
  as.character(c(
    paste(unique(manifest$name[duplicated(manifest$name)]), "stands twice in the manifest", recycle0 = TRUE),
    paste(unknown, "has no row in the manifest", recycle0 = TRUE),
    unlist(lapply(seq_len(nrow(manifest)), \(i) row_faults(root, manifest[i, ])))
  ))
}
