# Makes data/isncsci_simulated.rda and inst/extdata/isncsci-simulated.csv.
#
# SIMULATED exams: no patient, no registry and no trial stands behind them. They
# show the shape of longitudinal ISNCSCI data with untestable and tagged cells.
# The chances of conversion below are round numbers chosen for illustration.
#   Rscript data-raw/isncsci-simulated.R [folder]

folder <- c(commandArgs(trailingOnly = TRUE), ".")[1]
set.seed(20240917)

segments <- c(paste0("C", 2:8), paste0("T", 1:12), paste0("L", 1:5), paste0("S", 1:3), "S45")
muscles <- c(paste0("C", 5:8), "T1", paste0("L", 2:5), "S1")
weeks <- c(2, 12, 26, 52)
people <- data.frame(
  subject = sprintf("sim-%02d", 1:16),
  level = c("C4", "C5", "C5", "C6", "C7", "T3", "T5", "T8", "T10", "T12", "C4", "C6", "T4", "C5", "C6", "L1"),
  grade = rep(c("A", "B", "C"), c(10, 3, 3))
)
better <- list(A = c(A = .8, B = .1, C = .1), B = c(B = .5, C = .3, D = .2), C = c(C = .4, D = .6), D = c(D = 1))

next_grade <- function(grade) sample(names(better[[grade]]), 1L, prob = better[[grade]])

# Score below the level: what the grade leaves, more near the level.
cell_score <- function(distance, top, grade, motor) {
  if (distance <= 0) {
    return(top)
  }
  near <- distance <= 2
  if (motor) {
    chance <- switch(grade, A = , B = if (near) c(3, 3, 2, 1, 0, 0) else c(1, 0, 0, 0, 0, 0),
      C = c(3, 3, 3, 1, 0, 0), D = c(0, 1, 2, 4, 4, 2))
  } else {
    chance <- switch(grade, A = if (near) c(2, 3, 1) else c(1, 0, 0), B = , C = c(2, 6, 1), D = c(1, 3, 5))
  }
  sample(seq_along(chance) - 1L, 1L, prob = chance)
}

one_side <- function(level, grade) {
  at <- match(level, segments)
  motor <- vapply(muscles, \(m) cell_score(match(m, segments) - at, 5L, grade, TRUE), 0)
  touch <- vapply(segments, \(s) cell_score(match(s, segments) - at, 2L, grade, FALSE), 0)
  prick <- vapply(segments, \(s) cell_score(match(s, segments) - at, 2L, grade, FALSE), 0)
  prick[] <- pmin(prick, touch)
  if (grade == "A") touch[["S45"]] <- prick[["S45"]] <- 0
  if (grade != "A" && touch[["S45"]] == 0) touch[["S45"]] <- 1
  list(motor = motor, lt = touch, pp = prick)
}

as_cells <- function(side, parts) {
  unlist(lapply(names(parts), \(p) stats::setNames(parts[[p]], paste(side, p, tolower(names(parts[[p]])), sep = "_"))))
}

one_exam <- function(level, grade, before) {
  cells <- c(as_cells("r", one_side(level, grade)), as_cells("l", one_side(level, grade)))
  if (!is.null(before)) cells <- pmax(cells, before)
  cells
}

exams <- list()
for (i in seq_len(nrow(people))) {
  grade <- people$grade[i]
  cells <- NULL
  for (week in weeks) {
    if (week > 2) grade <- next_grade(grade)
    cells <- one_exam(people$level[i], grade, cells)
    findings <- c(vac = if (grade %in% c("C", "D")) "Yes" else "No", dap = if (grade == "A") "No" else "Yes")
    exams[[length(exams) + 1L]] <- c(
      subject = people$subject[i], week = week, cells, findings,
      r_lowest_nonkey = NA, l_lowest_nonkey = NA
    )
  }
}
simulated <- as.data.frame(do.call(rbind, exams))
simulated$week <- as.numeric(simulated$week)
row <- \(subject, week) which(simulated$subject == subject & simulated$week == week)

# Untestable and tagged cells, each with a story.
simulated[row("sim-02", 2), c("l_motor_c7", "l_motor_c8")] <- "NT" # drip in the left forearm
simulated[row("sim-04", 52), c("vac", "dap")] <- "NT" # no rectal exam at the last visit
simulated[row("sim-03", 12), c("r_lt_c6", "r_pp_c6")] <- "NT" # bandage at the level
simulated[row("sim-06", 12), c("r_lt_s45", "r_pp_s45", "l_lt_s45", "l_pp_s45")] <- "NT" # dressing
simulated[row("sim-06", 52), c("dap")] <- "NT"
for (week in weeks) { # old fracture of the right forearm, above the injury: considered normal
  simulated[row("sim-08", week), "r_motor_c6"] <- "4**"
  simulated[row("sim-08", week), "r_motor_c8"] <- "3**"
}
simulated[row("sim-15", 26), "l_motor_l3"] <- "2*" # knee injury below the level: not normal
simulated$r_lowest_nonkey[row("sim-12", 26)] <- "L4"
simulated <- simulated[-row("sim-10", 52), ] # did not come
rownames(simulated) <- NULL

isncsci_simulated <- simulated
dir.create(file.path(folder, "data"), showWarnings = FALSE)
dir.create(file.path(folder, "inst", "extdata"), recursive = TRUE, showWarnings = FALSE)
save(isncsci_simulated, file = file.path(folder, "data", "isncsci_simulated.rda"), compress = "xz", version = 2)

# The same exams as they might be exported: other names and a blank for "none".
raw <- isncsci_simulated
words <- c(motor = "Motor", lt = "LightTouch", pp = "PinPrick")
parts <- strsplit(names(raw), "_")
cell <- grepl("^[rl]_(motor|lt|pp)_", names(raw))
names(raw)[cell] <- vapply(parts[cell], \(p) {
  paste0(if (p[1] == "r") "right" else "left", words[[p[2]]], sub("S45", "S4_5", toupper(p[3])))
}, "")
names(raw) <- sub("^vac$", "voluntaryAnalContraction", sub("^dap$", "deepAnalPressure", names(raw)))
names(raw) <- sub("^r_lowest_nonkey$", "rightLowestNonKeyMuscleWithMotorFunction", names(raw))
names(raw) <- sub("^l_lowest_nonkey$", "leftLowestNonKeyMuscleWithMotorFunction", names(raw))
utils::write.csv(raw, file.path(folder, "inst", "extdata", "isncsci-simulated.csv"), row.names = FALSE, na = "",
  quote = FALSE)
