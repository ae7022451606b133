# Which R packages a goal needs, which of them do not load here, and installing them.
#
#   Rscript tools/packages.R missing run|test|ci|coverage|site   prints "needed NAME" or "optional NAME", one per line
#   Rscript tools/packages.R install NAME ...      from the configured repository, else CRAN, into the user's library
#
# Names and versions come from DESCRIPTION, so nothing is said twice.

read_field <- function(field) {
  text <- read.dcf("DESCRIPTION", fields = field)[[1]]
  entries <- trimws(strsplit(text, ",")[[1]])
  entries <- entries[nzchar(entries)]
  has_version <- grepl(">=", entries, fixed = TRUE)
  data.frame(
    name = sub("[ (].*", "", entries),
    version = ifelse(has_version, gsub(".*>= *|[) ]", "", entries), "0")
  )
}

packages_for <- function(goal) {
  linked <- rbind(read_field("Imports"), read_field("LinkingTo"))
  suggested <- read_field("Suggests")
  document <- suggested$name %in% c("ggplot2", "knitr", "rmarkdown")
  harness <- suggested$name %in% c("testthat", "withr")
  tools <- data.frame(name = c("lintr", "roxygen2", "spelling"), version = "0")
  needed <- switch(goal,
    run = rbind(linked, suggested[document, ]),
    test = rbind(linked, suggested[document | harness, ]),
    ci = rbind(linked, suggested[document | harness, ], tools),
    coverage = rbind(linked, suggested[document | harness, ], data.frame(name = "covr", version = "0")),
    site = rbind(linked, suggested[document, ], data.frame(name = "pkgdown", version = "0"))
  )
  optional <- if (goal == "run") suggested[0, ] else suggested[!document & !harness, ]
  all <- unique(rbind(needed, optional))
  all$kind <- ifelse(all$name %in% needed$name, "needed", "optional")
  all
}

loads <- function(name, version) {
  requireNamespace(name, quietly = TRUE) && utils::packageVersion(name) >= version
}

print_missing <- function(goal) {
  wanted <- packages_for(goal)
  missing <- wanted[!mapply(loads, wanted$name, wanted$version), ]
  writeLines(paste(missing$kind, missing$name, recycle0 = TRUE))
}

install <- function(names) {
  repos <- getOption("repos")
  if (length(repos) == 0L || any(repos == "@CRAN@")) repos <- c(CRAN = "https://cloud.r-project.org")
  library <- strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep, fixed = TRUE)[[1]][1]
  dir.create(library, recursive = TRUE, showWarnings = FALSE)
  utils::install.packages(names, lib = library, repos = repos, Ncpus = 2L)
}

arguments <- commandArgs(trailingOnly = TRUE)
switch(arguments[1],
  missing = print_missing(arguments[2]),
  install = install(arguments[-1])
)
