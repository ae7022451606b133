# Files named in the documents exist, DOIs are well formed, and addresses answer where there is a network.
documents <- Filter(file.exists, c(
  "README.md", "NEWS.md", "CONTRIBUTING.md", "cran-comments.md", "DESCRIPTION", "inst/REFERENCES.bib",
  list.files("man", "\\.Rd$", full.names = TRUE), list.files("vignettes", "\\.Rmd$", full.names = TRUE)
))

find_all <- function(file, pattern) {
  text <- readLines(file, warn = FALSE, encoding = "UTF-8")
  unlist(regmatches(text, gregexpr(pattern, text, perl = TRUE)))
}

# NA where there is no connection at all.
answers <- function(address) {
  status <- tryCatch(attr(curlGetHeaders(address, timeout = 20), "status"), error = \(e) NA)
  status < 400L || status %in% c(401L, 403L, 405L, 429L) # publishers that turn programs away
}

addresses <- unique(unlist(lapply(documents, find_all, "https?://[^\\s<>\"'`)}\\]]+[^\\s<>\"'`)}\\].,;:]")))
addresses <- setdiff(addresses, "https://doi.org/") # the beginning of one that code completes
targets <- unlist(lapply(grep("\\.md$", documents, value = TRUE), find_all, "(?<=\\]\\()(?!https?:|#|mailto:)[^)#]+"))
of_rd <- unlist(lapply(documents, find_all, "(?<=\\\\doi\\{)[^}]+|(?<=doi = \\{)[^}]+"))
dois <- unique(c(of_rd, sub("^https://doi.org/", "", grep("^https://doi.org/", addresses, value = TRUE))))

reached <- vapply(addresses, answers, NA)
broken <- c(
  addresses[!is.na(reached) & !reached],
  if (!all(is.na(reached))) addresses[is.na(reached)],
  Filter(Negate(file.exists), targets),
  grep("^10[.][0-9]{4,9}(/[^[:space:]]+)$", dois, value = TRUE, invert = TRUE)
)
if (all(is.na(reached))) cat("no network: addresses were not tried\n")
cat(length(addresses), "addresses,", length(targets), "files,", length(dois), "DOIs,", length(broken), "broken\n")
writeLines(broken)
quit(status = length(broken) > 0L)
