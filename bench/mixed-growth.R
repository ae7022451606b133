# How the time of fit_recovery() grows with rows and with subjects, for `make bench`: a table and a picture in
# bench/, with the physical limit beside each time. Runs from the root of the package.
library(cordgain)
source("bench/shared/measure.R")

form <- score ~ week + (week | subject)

# Bytes that must be read: score, week (8 each), subject (4). Operations that cannot be left out with these
# formulas: the triangular factor of [X y] (3 columns: 2 x 3^2 a row), least squares residual and the frame's
# coordinates (14 a row), the rotation of each subject's rows (5 columns, 2 reflections: 4 x 5 x 2 a row).
limits <- function(rows, machine) {
  bytes <- 20 * rows
  operations <- (18 + 14 + 40) * rows
  data.frame(
    bytes = bytes, operations = operations, read = bytes / (machine[3] * 1e9), compute = operations / (machine[4] * 2e9)
  )
}

measure_one <- function(subjects, visits) {
  data <- slope_trial(subjects, visits)
  fit <- fit_recovery(form, data)
  call <- stats::median(replicate(3, one_time(\() fit_recovery(form, data))))
  given <- c(cordgain:::core_rows(fit$design), list(TRUE, NULL))
  core <- stats::median(replicate(3, one_time(\() do.call(cordgain:::core_fit_gaussian, given))))
  data.frame(subjects = subjects, visits = visits, rows = nrow(data), call = call, core = core)
}

draw <- function(by_subject, by_visit, file) {
  grDevices::svg(file, width = 8, height = 4)
  graphics::par(mfrow = c(1, 2), mar = c(4, 4, 2, 1))
  panel <- function(at, seconds, floor, label) {
    graphics::matplot(at, seconds * 1000, log = "xy", type = "o", pch = c(19, 1), lty = 1, col = c("black", "grey40"),
      xlab = label, ylab = "milliseconds of processor time")
    graphics::lines(at, floor * 1000, lty = 3)
    graphics::legend("topleft", c("R call", "core", "reading the columns"), lty = c(1, 1, 3), pch = c(19, 1, NA),
      col = c("black", "grey40", "black"), bty = "n", cex = 0.8)
  }
  panel(by_subject$subjects, by_subject[c("call", "core")], by_subject$read, "subjects (5 visits each)")
  panel(by_visit$rows, by_visit[c("call", "core")], by_visit$read, "rows (200 subjects)")
  invisible(grDevices::dev.off())
}

machine <- run_program("mixed_core.cpp")
with_limits <- \(x) cbind(x, limits(x$rows, machine))
by_subject <- with_limits(do.call(rbind, lapply(c(4, 20, 200, 2000, 20000, 200000), measure_one, visits = 5L)))
by_visit <- with_limits(do.call(rbind, lapply(c(5L, 50L, 500L, 5000L), measure_one, subjects = 200)))
draw(by_subject, by_visit, "bench/mixed-growth.svg")

lines_of <- function(x) {
  vapply(seq_len(nrow(x)), \(i) {
    at <- x[i, ]
    limits <- c(
      sprintf("%.3g MB, %s", at$bytes / 1e6, in_words(at$read)),
      sprintf("%.2g, %s", at$operations, in_words(at$compute))
    )
    table_row(format(at$subjects, big.mark = ","), format(at$rows, big.mark = ","), in_words(at$call),
      in_words(at$core), limits[1], limits[2])
  }, "")
}

write_section("growth", c(
  "| subjects | rows | R call | core | bytes that must be read, at this machine's speed | operations, at its speed |",
  "|---|---|---|---|---|---|", lines_of(by_subject), lines_of(by_visit), "",
  sprintf("Speed of the machine: %.3g GB/s of reading, %.3g billion multiplications with addition a second (vectors).",
    machine[3], machine[4]), "", where_measured()
))
