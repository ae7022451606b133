# Exams for tests, and the classification of one known exam written plainly in R
# from the worksheet. It shares no code with the package: segments, levels and
# rules are set down here again.

isn_segments <- c(paste0("C", 1:8), paste0("T", 1:12), paste0("L", 1:5), paste0("S", 1:3), "S45")
isn_keys <- c("C5", "C6", "C7", "C8", "T1", "L2", "L3", "L4", "L5", "S1")

isn_names <- function(side) {
  c(
    paste0(side, "_motor_", tolower(isn_keys)),
    paste0(side, "_lt_", tolower(isn_segments[-1])),
    paste0(side, "_pp_", tolower(isn_segments[-1]))
  )
}

isn_sums <- c("uems_r", "uems_l", "uems", "lems_r", "lems_l", "lems", "motor_r", "motor_l", "motor_total",
  "lt_r", "lt_l", "lt", "pp_r", "pp_l", "pp")
isn_results <- c(
  "sensory_r", "sensory_l", "motor_level_r", "motor_level_l", "nli", "complete", "ais",
  "zpp_sensory_r", "zpp_sensory_l", "zpp_motor_r", "zpp_motor_l"
)

# An exam with everything normal down to `level` and nothing below: data frame of text.
exam_at <- function(level, vac = "No", dap = "No", ...) {
  names <- c(isn_names("r"), isn_names("l"))
  at <- match(toupper(sub(".*_", "", names)), isn_segments)
  top <- ifelse(grepl("motor", names), "5", "2")
  cells <- ifelse(at <= match(level, isn_segments), top, "0")
  exam <- as.data.frame(as.list(stats::setNames(cells, names)))
  exam$vac <- vac
  exam$dap <- dap
  exam$r_lowest_nonkey <- NA_character_
  exam$l_lowest_nonkey <- NA_character_
  changed <- list(...)
  exam[names(changed)] <- changed
  exam
}

# Exams below each other.
exams_of <- function(...) {
  do.call(rbind, list(...))
}

# One known exam (named character) by the worksheet: named character of results.
isn_by_hand <- function(exam) {
  value <- \(cells) as.integer(exam[cells])
  number <- \(level) match(level, c(isn_segments[1:28], "INT"))
  vac <- exam[["vac"]] == "Yes"
  dap <- exam[["dap"]] == "Yes"
  sensory <- motor <- zone_s <- zone_m <- c(r = "", l = "")
  touched <- beyond <- c(r = FALSE, l = FALSE)
  for (side in c("r", "l")) {
    lt <- value(paste0(side, "_lt_", tolower(isn_segments[-1])))
    pp <- value(paste0(side, "_pp_", tolower(isn_segments[-1])))
    mm <- value(paste0(side, "_motor_", tolower(isn_keys)))
    bad <- which(lt != 2 | pp != 2)
    sensory[side] <- if (length(bad)) isn_segments[bad[1]] else "INT"
    motor[side] <- isn_motor_level(sensory[[side]], mm, vac)
    touched[side] <- lt[28] > 0 || pp[28] > 0
    felt <- which((lt > 0 | pp > 0)[1:27])
    zone_s[side] <- if (dap || touched[side]) "NA" else if (length(felt)) isn_segments[max(felt) + 1] else "C1"
    beyond[side] <- any(mm > 0 & number(isn_keys) > number(motor[side]) + 3)
    moved <- c(number(motor[side]), number(isn_keys)[mm > 0])
    zone_m[side] <- if (vac) "NA" else isn_segments[max(moved)]
  }
  spared <- dap || any(touched)
  nonkey <- c(r = exam[["r_lowest_nonkey"]], l = exam[["l_lowest_nonkey"]])
  by_nonkey <- !is.na(nonkey) & number(nonkey) > number(motor) + 3
  if (!vac && spared) zone_m[by_nonkey & !beyond] <- nonkey[by_nonkey & !beyond]
  levels <- c(sensory, motor)
  nli <- levels[[which.min(number(levels))]]
  below <- isn_keys[number(isn_keys) > number(nli)]
  grades <- value(c(outer(c("r_motor_", "l_motor_"), tolower(below), paste0)))
  ais <- if (!vac && !spared) {
    "A"
  } else if (all(levels == "INT")) {
    "E"
  } else if (!vac && !any(beyond | by_nonkey)) {
    "B"
  } else if (sum(grades >= 3) >= length(grades) / 2) {
    "D"
  } else {
    "C"
  }
  c(
    sensory_r = sensory[["r"]], sensory_l = sensory[["l"]], motor_level_r = motor[["r"]], motor_level_l = motor[["l"]],
    nli = nli, complete = if (vac || spared) "I" else "C", ais = ais,
    zpp_sensory_r = zone_s[["r"]], zpp_sensory_l = zone_s[["l"]], zpp_motor_r = zone_m[["r"]],
      zpp_motor_l = zone_m[["l"]]
  )
}

isn_motor_level <- function(sensory, mm, vac) {
  at <- match(sensory, c(isn_segments[1:28], "INT"))
  if (at < 4) {
    return(sensory)
  }
  by_muscle <- \(i) isn_segments[match(isn_keys[i], isn_segments) - (mm[i] < 3)]
  weak <- which(mm != 5)
  if (length(weak) && weak[1] <= 5) {
    return(by_muscle(weak[1]))
  }
  if (at <= 9) {
    return("T1")
  }
  if (at <= 20) {
    return(sensory)
  }
  if (length(weak)) {
    return(by_muscle(weak[1]))
  }
  if (at <= 26) "S1" else if (sensory != "INT") sensory else if (vac) "INT" else "S3"
}

# A random exam (named character) with `open` NT cells; known cells otherwise.
random_exam <- function(open) {
  level <- sample(isn_segments, 1)
  exam <- unlist(exam_at(level))
  cells <- c(isn_names("r"), isn_names("l"))
  below <- cells[exam[cells] == "0"]
  mixed <- below[stats::runif(length(below)) < sample(c(.05, .3, .7), 1)]
  exam[mixed] <- as.character(ifelse(grepl("motor", mixed), sample(0:5, length(mixed), TRUE),
    sample(0:2, length(mixed), TRUE)))
  exam[["vac"]] <- sample(c("No", "No", "Yes"), 1)
  exam[["dap"]] <- sample(c("No", "Yes"), 1)
  if (stats::runif(1) < .2) exam[["r_lowest_nonkey"]] <- sample(isn_segments[5:26], 1)
  exam[sample(c(cells, rep(c("vac", "dap", "r_lt_s45", "r_motor_c5", "l_motor_t1", "l_pp_c3"), 8)), open)] <- "NT"
  exam
}

# All results over all worlds of an exam, by listing them: list of sorted sets.
isn_worlds <- function(exam) {
  open <- names(exam)[exam %in% "NT"]
  may <- lapply(open, \(cell) if (cell %in% c("vac", "dap")) c("No",
    "Yes") else as.character(0:(if (grepl("motor", cell)) 5 else 2)))
  if (length(open) == 0L) {
    return(lapply(as.list(isn_by_hand(exam)), sort))
  }
  grid <- as.matrix(expand.grid(may, stringsAsFactors = FALSE))
  results <- apply(grid, 1L, \(world) isn_by_hand(replace(exam, open, world)))
  apply(results, 1L, \(v) sort(unique(v)), simplify = FALSE)
}

text_frame <- function(exams) {
  as.data.frame(do.call(rbind, exams))
}
