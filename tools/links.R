# Addresses named in the documents answer, and files that they name exist.
documents <- Filter(file.exists, c(
  "README.md", "NEWS.md", "CONTRIBUTING.md", "cran-comments.md", "DESCRIPTION", "inst/REFERENCES.bib",
  list.files("man", "\\.Rd$", full.names = TRUE), list.files("vignettes", "\\.Rmd$", full.names = TRUE)
))

find_all <- function(file, pattern) {
  text <- readLines(file, warn = FALSE, encoding = "UTF-8")
  unlist(regmatches(text, gregexpr(pattern, text, perl = TRUE)))
}

answers <- function(address) {
  status <- tryCatch(attr(curlGetHeaders(address, timeout = 20), "status"), error = \(e) 0L)
  status < 400L && status > 0L || status %in% c(401L, 403L, 405L, 429L) # publishers that turn programs away
}

addresses <- unique(unlist(lapply(documents, find_all, "https?://[^\\s<>\"'`)}\\]]+[^\\s<>\"'`)}\\].,;:]")))
targets <- unlist(lapply(grep("\\.md$", documents, value = TRUE), find_all, "(?<=\\]\\()(?!https?:|#|mailto:)[^)#]+"))
broken <- c(Filter(Negate(answers), addresses), Filter(Negate(file.exists), targets))
cat(length(addresses), "addresses,", length(targets), "files,", length(broken), "broken\n")
writeLines(broken)
quit(status = length(broken) > 0L)
