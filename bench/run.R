# Times of the main tasks, for `make bench`: prints the table and writes it into bench/README.md.
# Medians; every ratio comes from one R process. cordgain must be installed.
library(cordgain)

limit_ms <- function(times) stats::median(times) * 1000

# Seconds of each of `runs` runs, after one that is not counted.
seconds <- function(task, runs = 15) {
  task()
  vapply(seq_len(runs), \(i) {
    start <- proc.time()[["elapsed"]]
    repeats <- 0
    while (proc.time()[["elapsed"]] - start < 0.05) { # the clock ticks in thousandths
      task()
      repeats <- repeats + 1
    }
    (proc.time()[["elapsed"]] - start) / repeats
  }, 0)
}

fresh_r <- function(code) {
  environment <- paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep))
  as.numeric(system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", "-e", shQuote(code)), stdout = TRUE,
    env = environment))
}

four <- subset(natural_ais, reference & endpoint == "ais_c")
accepted <- c("level", "baseline", "followup", "years", "registry")

# Simulated counts, for the time alone: 200 sources of 20 to 500 patients around a rate of 12 %.
many_sources <- function() {
  set.seed(20250321)
  n <- sample(20:500, 200, replace = TRUE)
  rate <- stats::plogis(stats::rnorm(200, stats::qlogis(0.12), 0.5))
  data.frame(
    source = paste("simulated", seq_len(200)), events = stats::rbinom(200, n, rate), n = n, endpoint = "ais_c",
    baseline_grade = "A", level = "all", registry = paste("simulated", seq_len(200))
  )
}

# In a process of its own that is given two minutes, so that a slow day does not stop the rest.
many_time <- function() {
  file <- tempfile(fileext = ".rds")
  saveRDS(many_sources(), file)
  code <- paste0("library(cordgain); x <- readRDS('", file, "'); ",
    "cat(median(vapply(1:3, \\(i) system.time(natural_rate(x))[[3]], 0)))")
  environment <- paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep))
  said <- suppressWarnings(system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", "-e", shQuote(code)),
    stdout = TRUE,
    env = environment, timeout = 120))
  1000 * if (length(said) == 1L) as.numeric(said) else Inf
}

load_time <- function() {
  code <- "start <- proc.time()[[3]]; invisible(loadNamespace('cordgain')); cat(proc.time()[[3]] - start)"
  stats::median(vapply(1:5, \(i) fresh_r(code), 0))
}

# Installed size with the shared library stripped of debugging symbols, on a copy.
installed_mb <- function() {
  copy <- tempfile("size")
  dir.create(copy)
  file.copy(find.package("cordgain"), copy, recursive = TRUE)
  libraries <- list.files(copy, "\\.so$", recursive = TRUE, full.names = TRUE)
  if (nzchar(Sys.which("strip"))) for (file in libraries) system2("strip", c("--strip-unneeded", shQuote(file)))
  sum(file.size(list.files(copy, recursive = TRUE, full.names = TRUE))) / 2^20
}

# Peak memory of the demo, as GNU time tells it: that of the largest process.
demo_mb <- function() {
  time <- Sys.which("time")
  if (!nzchar(time)) return(NA_real_)
  out <- tempfile()
  folder <- tempfile("demo")
  environment <- paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep))
  system2(time, c("-f", "%M", "-o", shQuote(out), file.path(R.home("bin"), "Rscript"), "tools/demo.R", shQuote(folder)),
    stdout = FALSE, stderr = FALSE, env = environment)
  as.numeric(utils::tail(readLines(out), 1)) / 1024
}

rbest_ratio <- function(ours) {
  if (!requireNamespace("RBesT", quietly = TRUE)) return(NA_real_)
  data <- data.frame(study = four$source, r = four$events, n = four$n)
  fit <- \() suppressWarnings(RBesT::gMAP(cbind(r, n - r) ~ 1 | study, data = data, family = stats::binomial,
    tau.dist = "HalfNormal", tau.prior = 1, beta.prior = cbind(0, 2)))
  fit()
  stats::median(vapply(1:3, \(i) system.time(fit())[["elapsed"]], 0)) / ours
}

row <- function(task, value, unit, limit, missing = "not measured here") {
  measured <- paste(format(signif(value, 2)), unit)
  if (is.na(value)) measured <- missing
  if (value %in% Inf) measured <- "not done in two minutes"
  paste0("| ", task, " | ", measured, " | ", limit, " |")
}

natural_four <- limit_ms(seconds(\() natural_rate(four)))
whole_answer <- limit_ms(seconds(\() decision_table(excess(keio_ips, natural_rate(four), accept = accepted))))
natural_many <- many_time()
ratio <- rbest_ratio(natural_four / 1000)

lines <- c(
  "| task | median | asked |", "|---|---|---|",
  row("`natural_rate()` on four sources", natural_four, "ms", "< 20 ms"),
  row("`natural_rate()` on 200 sources", natural_many, "ms", "< 1000 ms"),
  row("`excess()` of the four-patient trial with its natural rate and decision table", whole_answer, "ms", "< 100 ms"),
  row("loading the package in a fresh R (median of 5)", load_time(), "s", "< 0.3 s"),
  row("installed size, stripped", installed_mb(), "MB", "< 10 MB"),
  row("peak memory of the demo", demo_mb(), "MB", "< 600 MB"),
  row("time of `RBesT::gMAP()` over ours, same four sources", ratio, "times", "> 50 times",
    "not measured: RBesT is not installed")
)
writeLines(lines)

page <- readLines("bench/README.md")
at <- match(c("<!-- table -->", "<!-- end of table -->"), page)
where <- paste0("Measured ", format(Sys.Date()), ", R ", getRversion(), ", ", parallel::detectCores(), " cores, ",
  R.version$platform, ".")
writeLines(c(page[seq_len(at[1])], "", lines, "", where, "", page[at[2]:length(page)]), "bench/README.md")
