# How many ISNCSCI exams a second? Prints a table and writes it into bench/README.md; asks for an installed cordgain.
#   Rscript bench/isncsci.R [exams]
# Exams are simulated: intact above a random level, mixed for a few segments, mostly absent below.
library(cordgain)

exams_wanted <- as.integer(c(commandArgs(trailingOnly = TRUE), "1000000")[1])
cells <- cordgain:::isncsci_cells

simulate_column <- function(cell, level, share_open) {
  n <- length(level)
  if (cell %in% c("vac", "dap")) {
    return(sample(c("No", "Yes"), n, replace = TRUE, prob = c(.6, .4)))
  }
  if (grepl("nonkey", cell)) {
    return(rep(NA_character_, n))
  }
  top <- if (grepl("motor", cell)) 5L else 2L
  at <- match(toupper(sub(".*_", "", cell)), c(cordgain:::isncsci_levels[1:28], "S45")) - 1L
  score <- sample.int(top + 1L, n, replace = TRUE) - 1L
  score[runif(n) < .7 & at > level + 4L] <- 0L
  score[at <= level] <- top
  if (share_open == 0) {
    return(score)
  }
  text <- as.character(score)
  open <- which(runif(n) < share_open)
  text[open] <- sample(c("NT", "NT*", "NT**", "0*", "1**"), length(open), replace = TRUE, prob = c(.6, .1, .1, .1, .1))
  text
}

simulate_exams <- function(n, share_open) {
  level <- sample.int(28L, n, replace = TRUE) - 1L
  columns <- lapply(cells, simulate_column, level = level, share_open = share_open)
  names(columns) <- cells
  structure(columns, class = "data.frame", row.names = .set_row_names(n))
}

# Peak memory of this process since clear_peak(), that of the C++ core included: Linux keeps it in /proc. Elsewhere
# only what R counts is known.
linux_memory <- file.access("/proc/self/clear_refs", 2) == 0

status_mb <- function(what) {
  line <- grep(paste0("^", what, ":"), readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

clear_peak <- function() {
  invisible(gc(reset = TRUE))
  if (linux_memory) writeLines("5", "/proc/self/clear_refs")
}

peak_mb <- function() if (linux_memory) status_mb("VmHWM") else sum(gc()[, 6L])

measure <- function(what, exams, fun, asked, repeats = 3L) {
  input <- as.numeric(object.size(exams)) / 2^20
  clear_peak()
  # Processor time, so that a busy machine hardly counts.
  seconds <- min(replicate(repeats, sum(system.time(fun(exams))[c("user.self", "sys.self")])))
  data.frame(what = what, exams = nrow(exams), seconds = seconds, asked = asked, memory = peak_mb() / input)
}

# The core alone, compiled as R compiles packages and timed inside C++.
core_rate <- function(exams) {
  root <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
  program <- tempfile()
  config <- \(what) strsplit(system2(file.path(R.home("bin"), "R"), c("CMD", "config", what), stdout = TRUE), " ")[[1]]
  eigen <- system.file("include", package = "RcppEigen")
  options <- c("-std=c++17", "-O2", "-DNDEBUG", paste0("-I", file.path(root, "..", "inst", "include")),
    paste0("-I", eigen))
  system2(config("CXX17")[1], c(options, file.path(root, "isncsci_core.cpp"), "-o", program))
  seconds <- as.numeric(system2(program, exams, stdout = TRUE, stderr = FALSE))
  data.frame(what = "core alone, determined", exams = exams, seconds = seconds, asked = 1e6, memory = NA)
}

# A file of the simulated exams of the package, each many times, read back.
read_rate <- function(exams) {
  simulated <- isncsci_simulated[rep_len(seq_len(nrow(isncsci_simulated)), exams), ]
  file <- tempfile(fileext = ".csv")
  utils::write.csv(simulated, file, row.names = FALSE, na = "")
  seconds <- sum(system.time(read_isncsci(file, quiet = TRUE))[c("user.self", "sys.self")])
  data.frame(what = "`read_isncsci()` of a file", exams = exams, seconds = seconds, asked = NA, memory = NA)
}

set.seed(1)
# The smaller table first: memory that a larger one has left behind would be counted with it.
open <- simulate_exams(max(1L, exams_wanted %/% 5L), .03)
tagged <- measure("`score_isncsci()`, 3 % of cells NT or with stars", open, score_isncsci, 5e4)
rm(open)
known <- simulate_exams(exams_wanted, 0)
rows <- list(core_rate(exams_wanted %/% 2L))
rows <- c(rows, list(measure("`score_isncsci()`, determined, numbers", known, score_isncsci, 2e5)))
known[] <- lapply(known, as.character)
rows <- c(rows, list(measure("`score_isncsci()`, determined, text", known, score_isncsci, 2e5), tagged))
rm(known)
rows <- do.call(rbind, c(rows, list(read_rate(max(1L, exams_wanted %/% 20L)))))

count <- \(x) format(round(x), big.mark = ",", scientific = FALSE, trim = TRUE)
lines <- c(
  "| work | exams | exams a second | at least | peak memory, times the exams' own | below |",
  "|---|---|---|---|---|---|",
  sprintf("| %s | %s | %s | %s | %s | %s |", rows$what, count(rows$exams), count(signif(rows$exams / rows$seconds, 3)),
    ifelse(is.na(rows$asked), "", count(rows$asked)), ifelse(is.na(rows$memory), "", sprintf("%.1f", rows$memory)),
    ifelse(is.na(rows$memory), "", "6"))
)
writeLines(lines)

load <- if (file.exists("/proc/loadavg")) strsplit(readLines("/proc/loadavg"), " ")[[1]][1] else "not known"
where <- paste0("Measured ", format(Sys.Date()), ", R ", getRversion(), ", one core, ", R.version$platform,
  ", processor time, load ", load, "; memory is ",
  if (linux_memory) "that of the whole process" else "what R counts", ".")
page <- readLines("bench/README.md")
at <- match(c("<!-- isncsci -->", "<!-- end of isncsci -->"), page)
writeLines(c(page[seq_len(at[1])], "", lines, "", where, "", page[at[2]:length(page)]), "bench/README.md")
