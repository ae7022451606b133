# How many ISNCSCI exams a second? Prints a table; asks for an installed cordgain.
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

peak_mb <- function() sum(gc()[, 6L])

measure <- function(what, exams, fun, repeats = 3L) {
  input <- as.numeric(object.size(exams)) / 2^20
  invisible(gc(reset = TRUE))
  before <- sum(gc()[, 2L])
  # Processor time, so that a busy machine does not count.
  seconds <- min(replicate(repeats, sum(system.time(fun(exams))[c("user.self", "sys.self")])))
  data.frame(
    what = what, exams = nrow(exams), seconds = round(seconds, 2), per_second = round(nrow(exams) / seconds),
    memory_of_input = round((peak_mb() - before) / input, 2)
  )
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
  data.frame(
    what = "core alone, determined", exams = exams, seconds = round(seconds, 2),
    per_second = round(exams / seconds), memory_of_input = NA
  )
}

set.seed(1)
known <- simulate_exams(exams_wanted, 0)
rows <- list(core_rate(exams_wanted %/% 2L), measure("score_isncsci(), determined, numbers", known, score_isncsci))
known[] <- lapply(known, as.character)
rows <- c(rows, list(measure("score_isncsci(), determined, text", known, score_isncsci)))
rm(known)
open <- simulate_exams(max(1L, exams_wanted %/% 5L), .03)
rows <- c(rows, list(measure("score_isncsci(), 3 % NT and stars", open, score_isncsci)))
rm(open)
print(do.call(rbind, rows), row.names = FALSE)
