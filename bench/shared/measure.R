# What every file of bench/ measures with. Times are processor times: other work on the machine lengthens elapsed
# times, and hardly these. Ratios come from alternating runs in one R process.

processor <- function() sum(proc.time()[c("user.self", "sys.self")])

# Seconds of one run of `task`, repeated until the clock, which ticks in thousandths, has moved enough.
one_time <- function(task, least = 0.05) {
  start <- processor()
  repeats <- 0
  while (repeats == 0 || processor() - start < least) {
    task()
    repeats <- repeats + 1
  }
  (processor() - start) / repeats
}

# Median seconds of ours and of a peer, run by turns after one run of each that is not counted.
versus <- function(ours, peer, runs = 9, warm = TRUE) {
  if (warm) {
    ours()
    peer()
  }
  times <- vapply(seq_len(runs), \(i) c(one_time(ours), one_time(peer)), c(0, 0))
  c(ours = stats::median(times[1, ]), peer = stats::median(times[2, ]))
}

# Seconds in the unit that reads best.
in_words <- function(seconds) {
  if (is.na(seconds)) return("not measured")
  unit <- if (seconds < 1e-3) c(1e6, "us") else if (seconds < 1) c(1e3, "ms") else c(1, "s")
  paste(format(signif(seconds * as.numeric(unit[1]), 3)), unit[2])
}

table_row <- function(...) paste0("| ", paste(..., sep = " | "), " |")

# A row of ours beside a peer with what is asked of their ratio.
versus_row <- function(task, peer, times, least, aim) {
  table_row(task, in_words(times[["ours"]]), paste(peer, in_words(times[["peer"]])),
    paste(format(signif(times[["peer"]] / times[["ours"]], 3)), "x"), least, aim)
}

# Puts lines between two marks of bench/README.md.
write_section <- function(name, lines) {
  writeLines(lines)
  page <- readLines("bench/README.md")
  at <- match(c(paste0("<!-- ", name, " -->"), paste0("<!-- end of ", name, " -->")), page)
  writeLines(c(page[seq_len(at[1])], "", lines, "", page[at[2]:length(page)]), "bench/README.md")
}

where_measured <- function() {
  paste0("Measured ", format(Sys.Date()), ", R ", getRversion(), ", ", parallel::detectCores(), " cores, ",
    R.version$platform, ", processor time, load ", sub(" .*", "", readLines("/proc/loadavg")), ".")
}

# A C++ program of bench/ compiled as R compiles packages; what it prints, as words.
run_program <- function(file, arguments = character()) {
  program <- tempfile()
  config <- \(what) strsplit(system2(file.path(R.home("bin"), "R"), c("CMD", "config", what), stdout = TRUE), " ")[[1]]
  options <- c("-std=c++17", "-O2", "-DNDEBUG", "-DEIGEN_DONT_PARALLELIZE", "-Iinst/include",
    paste0("-I", system.file("include", package = "RcppEigen")))
  compiler <- config("CXX17") # may begin with a cache's name
  system2(compiler[1], c(compiler[-1], options, file.path("bench", file), "-o", program))
  scan(text = system2(program, arguments, stdout = TRUE), quiet = TRUE)
}

# Peak memory in MB of an R process that runs `code`, as GNU time tells it.
peak_mb <- function(code) {
  time <- Sys.which("time")
  if (!nzchar(time)) return(NA_real_)
  out <- tempfile()
  script <- tempfile(fileext = ".R")
  writeLines(code, script)
  environment <- paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep))
  system2(time, c("-f", "%M", "-o", shQuote(out), file.path(R.home("bin"), "Rscript"), "--vanilla", script),
    stdout = FALSE, stderr = FALSE, env = environment)
  as.numeric(utils::tail(readLines(out), 1)) / 1024
}

# Simulated, for the time alone: intercept and slope by subject over the visits of a trial.
slope_trial <- function(subjects, visits = 5L, seed = 20261127) {
  set.seed(seed)
  week <- if (visits == 5L) c(0, 4, 8, 26, 52) else seq(0, 52, length.out = visits)
  at <- rep(week, subjects)
  id <- rep(seq_len(subjects), each = visits)
  level <- stats::rnorm(subjects, 10, 4)
  speed <- stats::rnorm(subjects, 0.3, 0.1)
  score <- level[id] + speed[id] * at + stats::rnorm(length(at), 0, 2)
  data.frame(subject = factor(id), week = at, score = score)
}
