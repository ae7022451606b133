# Times of fit_recovery() beside its peers on the same data, for `make bench`: prints the table and writes it into
# bench/README.md. Peers that are not installed are left out by name. Runs from the root of the package.
#   Rscript bench/mixed.R [small]     (small: without the million rows)
library(cordgain)
source("bench/shared/measure.R")

small <- "small" %in% commandArgs(trailingOnly = TRUE)
form <- score ~ week + (week | subject)
ours <- \(data) \() fit_recovery(form, data)
lmer <- \(data) \() suppressMessages(suppressWarnings(lme4::lmer(form, data)))
ours_table <- \(data) \() summary(fit_recovery(form, data), ddf = "kenward-roger")
peer_table <- \(data) \() {
  suppressMessages(suppressWarnings(summary(lmerTest::lmer(form, data), ddf = "Kenward-Roger")))
}

heading <- c(
  "| work (random intercept and slope) | cordgain | peer | ratio | at least | aim |", "|---|---|---|---|---|---|"
)

fits <- function() {
  four <- slope_trial(4)
  many <- slope_trial(200)
  more <- slope_trial(5000)
  c(
    versus_row("4 x 5, R call to R call", "lmer", versus(ours(four), lmer(four), 15), "12 x", "20 x"),
    versus_row("4 x 5 with its Kenward-Roger table", "lmerTest + pbkrtest",
      versus(ours_table(four), peer_table(four), 9), "100 x", "150 x"),
    versus_row("200 x 5 with its Kenward-Roger table", "lmerTest + pbkrtest",
      versus(ours_table(many), peer_table(many), 9), "100 x", "150 x"),
    versus_row("5,000 x 5", "lmer", versus(ours(more), lmer(more), 5), "30 x", "50 x")
  )
}

million <- function() {
  data <- slope_trial(200000)
  fit <- fit_recovery(form, data)
  mine <- stats::median(replicate(3, one_time(ours(data))))
  start <- processor()
  peer <- lmer(data)()
  fitted <- c(ours = mine, peer = processor() - start)
  table <- c(ours = stats::median(replicate(9, one_time(\() summary(fit)))), peer = NA)
  if (requireNamespace("pbkrtest", quietly = TRUE)) {
    start <- processor()
    pbkrtest::vcovAdj(peer)
    table[["peer"]] <- processor() - start
  }
  c(
    versus_row("200,000 x 5 (a million rows; lmer run once)", "lmer", fitted, "25 x", "40 x"),
    versus_row("Kenward-Roger table at a million rows, after the fit", "pbkrtest::vcovAdj (run once)", table, "1,000 x",
      "under 1 ms")
  )
}

# Unstructured covariance over visits.
visits <- function() {
  data <- slope_trial(200)
  data$visit <- factor(data$week)
  mine <- \() fit_recovery(score ~ visit + us(visit | subject), data)
  rows <- character()
  if (requireNamespace("glmmTMB", quietly = TRUE)) {
    glmm <- \() suppressWarnings(glmmTMB::glmmTMB(score ~ visit + us(visit + 0 | subject), data, REML = TRUE,
      dispformula = ~0))
    rows <- versus_row("unstructured visit covariance, 200 x 5", "glmmTMB", versus(mine, glmm, 5), "30 x", "")
  }
  if (requireNamespace("mmrm", quietly = TRUE)) {
    peer <- \() mmrm::mmrm(score ~ visit + us(visit | subject), data)
    rows <- c(rows, versus_row("the same", paste("mmrm", utils::packageVersion("mmrm")), versus(mine, peer, 5),
      "1 x", "5 x"))
  }
  rows
}

core <- function() {
  time <- run_program("mixed_core.cpp")
  table_row(c("core alone: a whole REML fit of 4 x 5 from cross-products", "the same, estimate at a bound"),
    vapply(time[1:2] / 1e6, in_words, ""), "prototype 7 to 15 us", "", "under 25 us", "")
}

memory <- function(subjects) {
  make <- c("library(cordgain)", 'source("bench/shared/measure.R")', paste0("data <- slope_trial(", subjects, ")"))
  alone <- peak_mb(c(make, "invisible(gc())"))
  # what was used to make the data is used again by the fit, so the peak is taken from the data read from a file
  file <- tempfile(fileext = ".rds")
  saveRDS(slope_trial(subjects), file, compress = FALSE)
  read <- c("library(cordgain)", paste0("data <- readRDS('", file, "')"))
  warm <- "small <- data[1:20, ]; small$subject <- rep(1:4, 5); f <- fit_recovery(score ~ week + (1 | subject), small)"
  before <- peak_mb(c(read, warm))
  after <- peak_mb(c(read, warm, "fit <- fit_recovery(score ~ week + (week | subject), data)"))
  columns <- subjects * 5 * 20 / 2^20
  c(extra = after - before, columns = columns, times = (after - before) / columns)
}

memory_row <- function() {
  found <- memory(200000)
  table_row("extra peak memory at a million rows", sprintf("%.0f MB", found[["extra"]]),
    sprintf("columns used: %.0f MB", found[["columns"]]), sprintf("%.2f x", found[["times"]]), "under 3 x", "")
}

rows <- c(heading, fits(), visits(), core())
if (!small) rows <- c(rows, million(), memory_row())
write_section("mixed", c(rows, "", where_measured()))
