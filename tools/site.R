# The site of the documents, for `make site`: help pages by stage, vignettes and news, written to docs/. It fails at a
# warning, at an address inside the site that leads nowhere, and where a help page or vignette is listed nowhere.
# cordgain and pkgdown must be installed.
#   Rscript tools/site.R [part ...]     parts: home reference articles news (all, unless named)
arguments <- commandArgs(trailingOnly = TRUE)
parts <- if (length(arguments) > 0L) arguments else c("home", "reference", "articles", "news")
options(pkgdown.internet = FALSE)
said <- character()
keep <- function(condition) {
  said <<- c(said, conditionMessage(condition))
  invokeRestart("muffleWarning")
}
site <- pkgdown::as_pkgdown(".")
build <- list(
  home = \() pkgdown::build_home(site, quiet = TRUE, preview = FALSE),
  reference = \() pkgdown::build_reference(site, lazy = FALSE, preview = FALSE, devel = FALSE),
  articles = \() pkgdown::build_articles(site, lazy = FALSE, preview = FALSE),
  news = \() pkgdown::build_news(site, preview = FALSE)
)
withCallingHandlers(
  {
    pkgdown::init_site(site)
    for (part in parts) build[[part]]()
  },
  warning = keep
)

# Addresses of pages of the site that are not there; those of a part that was not built are not looked at.
pages <- list.files("docs", "\\.html$", recursive = TRUE)
targets_of <- function(page) {
  text <- paste(readLines(file.path("docs", page), warn = FALSE), collapse = "\n")
  found <- regmatches(text, gregexpr("(?:href|src)=\"[^\"#?]+", text, perl = TRUE))[[1]]
  address <- sub("^[a-z]+=\"", "", found)
  address <- address[!grepl("^([a-z]+:|//)", address)]
  data.frame(page = page, address = address, file = file.path("docs", dirname(page), address))
}
targets <- unique(do.call(rbind, lapply(pages, targets_of)))
lost <- targets[!file.exists(targets$file), ]
if (length(arguments) == 0L && nrow(lost) > 0L) {
  said <- c(said, unique(paste0(lost$page, " leads to ", lost$address, ", which is not there")))
}

cat(length(pages), "pages,", nrow(targets), "addresses inside the site,", length(said), "warnings\n")
writeLines(unique(said))
quit(status = as.integer(length(said) > 0L))
