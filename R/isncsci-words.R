# The rules of the classification in words, applied to one known exam. Each
# function gets the facts of the exam (scores and results) and returns
# list(words =, cells =): the sentence and the cells it rests on.

because <- function(..., cells) {
  list(words = paste0(...), cells = cells)
}

explain_result <- function(term, facts) {
  side <- sub(".*_", "", term)
  switch(sub("_[rl]$", "", term),
    sensory = explain_sensory(facts, side),
    motor_level = explain_motor(facts, side),
    nli = explain_nli(facts),
    complete = explain_complete(facts),
    ais = explain_ais(facts),
    zpp_sensory = explain_sensory_zone(facts, side),
    zpp_motor = explain_motor_zone(facts, side)
  )
}

level_number <- function(level) match(level, isncsci_levels)

segment_cells <- function(side, segment) {
  paste0(side, c("_lt_", "_pp_"), tolower(segment))
}

written <- function(facts, cells) {
  paste(cells, facts$score[cells], collapse = ", ")
}

explain_sensory <- function(facts, side) {
  level <- facts$result[[paste0("sensory_", side)]]
  if (level == "INT") {
    return(because("Light touch and pin prick are normal (2) in every dermatome.", cells = character()))
  }
  following <- c(isncsci_dermatomes)[level_number(level)]
  cells <- segment_cells(side, following)
  cells <- cells[facts$score[cells] != 2L]
  because("From C2 down, ", following, " is the first dermatome that is not normal (", written(facts, cells),
    "); the level is the one above, ", level, ".",
    cells = cells
  )
}

explain_motor <- function(facts, side) {
  sensory <- facts$result[[paste0("sensory_", side)]]
  level <- facts$result[[paste0("motor_level_", side)]]
  if (level_number(sensory) < level_number("C4")) {
    return(because("Sensation is not intact down to C4, where no muscle is tested: the motor level ",
      "follows the sensory level, ",
      level, ".",
      cells = explain_sensory(facts, side)$cells
    ))
  }
  muscles <- paste0(side, "_motor_", tolower(isncsci_myotomes))
  weak <- muscles[facts$score[muscles] < 5L]
  arms_decide <- length(weak) > 0L && weak[1L] %in% muscles[1:5]
  legs_count <- level_number(sensory) >= level_number("L1")
  if (arms_decide || (legs_count && length(weak) > 0L)) {
    return(explain_weak_muscle(facts, weak[1L], level))
  }
  explain_no_weak_muscle(facts, side, sensory, level, legs_count)
}

explain_weak_muscle <- function(facts, muscle, level) {
  name <- toupper(sub(".*_", "", muscle))
  grade <- facts$score[[muscle]]
  rule <- if (grade >= 3L) {
    "at least 3 with all above normal, so it is the level"
  } else {
    paste0("below 3, so the level is the one above, ", level)
  }
  because(name, " is the first key muscle that is not 5: it is ", grade, ", ", rule, ".", cells = muscle)
}

explain_no_weak_muscle <- function(facts, side, sensory, level, legs_count) {
  cells <- explain_sensory(facts, side)$cells
  words <- if (!legs_count && level == "T1") {
    "The arm muscles are all 5, and sensation is not intact to T2: the level stays at T1."
  } else if (!legs_count) {
    paste0("The arm muscles are all 5; where no muscle is tested the motor level follows the sensory level, ", level,
      ".")
  } else if (level == "S1") {
    "All key muscles are 5, and sensation is not intact to S2: the level is S1."
  } else if (sensory == "INT") {
    paste0(
      "All key muscles and dermatomes are normal; ",
      if (facts$vac) "with" else "without", " voluntary anal contraction the ",
      if (facts$vac) "side is intact." else "level is S3."
    )
  } else {
    paste0("All key muscles are 5: the motor level follows the sensory level, ", level, ".")
  }
  because(words, cells = if (sensory == "INT") "vac" else cells)
}

explain_nli <- function(facts) {
  four <- c("sensory_r", "sensory_l", "motor_level_r", "motor_level_l")
  levels <- facts$result[four]
  if (facts$result[["nli"]] == "INT" && !facts$vac) {
    return(because("All key muscles and dermatomes are normal; without voluntary anal contraction the level is ",
      "INT by the choice made (`intact_without_vac`), S3 by the rule.",
      cells = "vac"
    ))
  }
  lead <- four[levels == levels[which.min(level_number(levels))]]
  because("The most rostral of the four levels: sensory right ", levels[1], ", left ", levels[2], ", motor right ",
    levels[3],
    ", left ", levels[4], ".",
    cells = unique(unlist(lapply(lead, \(v) explain_result(v, facts)$cells)))
  )
}

sacral_cells <- function(facts) {
  cells <- c(segment_cells("r", "S45"), segment_cells("l", "S45"))
  cells[facts$score[cells] > 0L]
}

explain_complete <- function(facts) {
  spared <- c(if (facts$vac) "vac", if (facts$dap) "dap", sacral_cells(facts))
  if (length(spared) == 0L) {
    return(because("No voluntary anal contraction, no deep anal pressure and no sensation at S4-5: complete.",
      cells = c(isncsci_findings, segment_cells("r", "S45"), segment_cells("l", "S45"))
    ))
  }
  because("Function is left at the lowest sacral segments: incomplete.", cells = spared)
}

explain_ais <- function(facts) {
  switch(EXPR = facts$result[["ais"]],
    A = because("The injury is complete: grade A, whatever function is left further up.",
      cells = explain_complete(facts)$cells),
    B = explain_grade_b(facts),
    E = because("Everything is normal, in a person who had a deficit before: grade E.", cells = "vac"),
    "NA" = because("Everything is normal, in a person without an earlier deficit: no grade applies.", cells = "vac"),
    # In a known exam only the history can leave the grade open.
    ND = because("Everything is normal: grade E if there was an earlier deficit, otherwise no grade applies.",
      cells = "vac"),
    explain_grade_cd(facts)
  )
}

# Motor function more than three levels below the motor level of its side.
function_beyond <- function(facts, side) {
  beyond <- level_number(facts$result[[paste0("motor_level_", side)]]) + 3L
  muscles <- paste0(side, "_motor_", tolower(isncsci_myotomes))
  key <- muscles[facts$score[muscles] > 0L & level_number(isncsci_myotomes) > beyond]
  nonkey <- paste0(side, "_lowest_nonkey")
  c(key, if (isTRUE(level_number(facts$nonkey[[nonkey]]) > beyond)) nonkey)
}

explain_grade_b <- function(facts) {
  because("The injury is incomplete, without voluntary anal contraction and without motor function ",
    "more than three levels below the ",
    "motor level of either side (right ", facts$result[["motor_level_r"]], ", left ", facts$result[["motor_level_l"]],
      "): grade B.",
    cells = c("vac", explain_complete(facts)$cells)
  )
}

explain_grade_cd <- function(facts) {
  beyond <- c(function_beyond(facts, "r"), function_beyond(facts, "l"))
  how <- if (facts$vac) {
    "voluntary anal contraction"
  } else {
    "motor function more than three levels below the motor level of its side"
  }
  level <- facts$result[["nli"]]
  below <- isncsci_myotomes[level_number(isncsci_myotomes) > level_number(level)]
  muscles <- c(outer(c("r_motor_", "l_motor_"), tolower(below), paste0))
  useful <- sum(facts$score[muscles] >= 3L)
  because("Motor incomplete by ", how, ". Of ", length(muscles), " key muscles below the level of injury, ", level,
    ", ", useful,
    if (useful == 1L) " has" else " have", " grade 3 or more: ",
    if (2L * useful >= length(muscles)) "at least half, grade D." else "fewer than half, grade C.",
    cells = unique(c(if (facts$vac) "vac" else c(explain_complete(facts)$cells, beyond), muscles))
  )
}

explain_sensory_zone <- function(facts, side) {
  zone <- facts$result[[paste0("zpp_sensory_", side)]]
  if (zone == "NA") {
    own <- intersect(sacral_cells(facts), segment_cells(side, "S45"))
    return(because("Does not apply: ",
      if (facts$dap) "deep anal pressure is present." else "this side has sensation at S4-5.",
      cells = c(if (facts$dap) "dap", own)
    ))
  }
  if (zone == "C1") {
    return(because("No dermatome has any sensation: C1.", cells = character()))
  }
  cells <- segment_cells(side, zone)
  because(zone, " is the lowest dermatome with any sensation.", cells = cells[facts$score[cells] > 0L])
}

explain_motor_zone <- function(facts, side) {
  zone <- facts$result[[paste0("zpp_motor_", side)]]
  if (zone == "NA") {
    return(because("Does not apply: there is voluntary anal contraction.", cells = "vac"))
  }
  muscle <- paste0(side, "_motor_", tolower(zone))
  nonkey <- paste0(side, "_lowest_nonkey")
  if (zone %in% isncsci_myotomes && facts$score[[muscle]] > 0L) {
    return(because(zone, " is the lowest key muscle with any function.", cells = muscle))
  }
  if (zone != facts$result[[paste0("motor_level_", side)]] && identical(facts$nonkey[[nonkey]], zone)) {
    return(because("A non-key muscle at ", zone,
      " is the motor finding that reaches furthest, and makes the injury motor incomplete.",
      cells = nonkey
    ))
  }
  because("No key muscle below the motor level has function: the zone is the motor level, ", zone, ".",
    cells = explain_motor(facts, side)$cells
  )
}
