# The vocabulary of an exam: segments, cells and results, and the names people give them.

isncsci_dermatomes <- c(
  paste0("C", 2:8), paste0("T", 1:12), paste0("L", 1:5), paste0("S", 1:3), "S45"
)
isncsci_myotomes <- c(paste0("C", 5:8), "T1", paste0("L", 2:5), "S1")

# Levels from the head down; a result is one of them, and INT lies beyond all.
isncsci_levels <- c("C1", isncsci_dermatomes[1:27], "INT")

side_cells <- function(side) {
  c(
    paste0(side, "_motor_", tolower(isncsci_myotomes)),
    paste0(side, "_lt_", tolower(isncsci_dermatomes)),
    paste0(side, "_pp_", tolower(isncsci_dermatomes))
  )
}

# The cells of an exam in the order of the core.
isncsci_score_cells <- c(side_cells("r"), side_cells("l"))
isncsci_findings <- c("vac", "dap")
isncsci_nonkey <- c("r_lowest_nonkey", "l_lowest_nonkey")
# Cells that every exam must have; the non-key muscles may stay empty.
isncsci_asked <- c(isncsci_score_cells, isncsci_findings)
isncsci_cells <- c(isncsci_asked, isncsci_nonkey)

# Sums with the blocks of cells they add up, and the eleven results.
isncsci_sums <- local({
  block <- \(pattern) grep(pattern, isncsci_score_cells)
  arm <- "_motor_[ct]"
  leg <- "_motor_[ls]"
  list(
    uems_r = block(paste0("^r", arm)), uems_l = block(paste0("^l", arm)), uems = block(arm),
    lems_r = block(paste0("^r", leg)), lems_l = block(paste0("^l", leg)), lems = block(leg),
    motor_r = block("^r_motor"), motor_l = block("^l_motor"), motor_total = block("_motor_"),
    lt_r = block("^r_lt"), lt_l = block("^l_lt"), lt = block("_lt_"),
    pp_r = block("^r_pp"), pp_l = block("^l_pp"), pp = block("_pp_")
  )
})
isncsci_results <- c(
  "sensory_r", "sensory_l", "motor_level_r", "motor_level_l", "nli", "complete", "ais",
  "zpp_sensory_r", "zpp_sensory_l", "zpp_motor_r", "zpp_motor_l"
)

# Words of each result in the order of the core's bits, and in the order of print.
level_words <- c(isncsci_levels, "NA")
result_words <- c(
  rep(list(level_words), 5), list(c("C", "I")), list(c("A", "B", "C", "D", "E", "NA")), rep(list(level_words), 4)
)
names(result_words) <- isncsci_results
words_in_order <- lapply(result_words, \(w) if (length(w) == 30L) c("NA", isncsci_levels) else w)

# The normal score of a cell, and the highest.
cell_top <- function(cell) ifelse(grepl("_motor_", cell), 5L, 2L)

# Text that is text: a byte that is no character of its encoding would stop any pattern tried on it.
is_readable <- function(x) {
  x <- as.character(x)
  validEnc(x) & Encoding(x) != "bytes"
}

# The same with what is no character written as \\xff.
readable <- function(x) {
  bad <- which(!is_readable(x))
  x[bad] <- vapply(x[bad], \(text) {
    bytes <- charToRaw(text)
    plain <- bytes >= as.raw(32L) & bytes < as.raw(127L)
    paste(ifelse(plain, strsplit(rawToChar(replace(bytes, !plain, as.raw(63L))), "")[[1L]], sprintf("\\x%02x",
      as.integer(bytes))), collapse = "")
  }, "")
  x
}

check_readable_names <- function(names, call) {
  bad <- which(!is_readable(names))
  if (length(bad) > 0L) {
    abort_input(c("{cli::qty(length(bad))}The name{?s} of column{?s} {bad} {?is/are} not valid text.",
      x = "As bytes: {.val {readable(names[bad])}}.",
      i = "Convert the names to UTF-8 with {.fn iconv}."
    ), call = call, columns = bad)
  }
}

# Reading names -----------------------------------------------------------------
# A name is taken apart as side, modality and level in any order, with any
# separators and capitals: rightLightTouchT4, LT_T4_R and r.lt.t4 are one cell.

name_parts <- list(
  side = c(right = "r", left = "l", r = "r", l = "l"),
  modality = c(motor = "motor", lighttouch = "lt", pinprick = "pp", lt = "lt", pp = "pp", m = "motor")
)
level_pattern <- "s4s?5|[ctls]0?[0-9]{1,2}"

# Words that say nothing about which cell it is.
filler_pattern <- "(^isncsci|^exam|value$|score$)"

compact_name <- function(x) {
  gsub(filler_pattern, "", gsub("[^a-z0-9]+", "", tolower(x)))
}

# All ways to read compact names with the given parts in the given order.
# @return data frame: name (position), side, modality, level
match_order <- function(compact, order) {
  pattern <- c(
    side = paste0("(", paste(names(name_parts$side), collapse = "|"), ")"),
    modality = paste0("(", paste(names(name_parts$modality), collapse = "|"), ")"),
    level = paste0("(", level_pattern, ")")
  )
  found <- regmatches(compact, regexec(paste0("^", paste(pattern[order], collapse = ""), "$"), compact))
  hit <- which(lengths(found) > 0L)
  part <- \(what) vapply(found[hit], \(f) if (what %in% order) f[[1L + match(what, order)]] else NA_character_, "")
  data.frame(
    name = hit, side = unname(name_parts$side[part("side")]),
    modality = unname(name_parts$modality[part("modality")]), level = standard_segment(part("level"))
  )
}

# "c05" and "s4s5" as "c5" and "s45".
standard_segment <- function(level) {
  sub("^([ctls])0([0-9])$", "\\1\\2", sub("^s4s?5$", "s45", level))
}

orders_of <- function(parts) {
  if (length(parts) == 1L) {
    return(list(parts))
  }
  unlist(lapply(parts, \(p) lapply(orders_of(setdiff(parts, p)), \(rest) c(p, rest))), recursive = FALSE)
}

# Cells that each name can mean: list of character vectors; a name that speaks of
# a cell that does not exist (r_motor_t2) or leaves out the side is kept apart.
# @return list(cells = list, strange = logical)
read_cell_names <- function(names) {
  compact <- compact_name(names)
  full <- do.call(rbind, lapply(orders_of(c("side", "modality", "level")), \(o) match_order(compact, o)))
  full$cell <- paste(full$side, full$modality, full$level, sep = "_")
  full <- unique(full[c("name", "cell")])
  known <- full[full$cell %in% isncsci_score_cells, ]
  cells <- unname(split(known$cell, factor(known$name, seq_along(names))))
  half <- do.call(rbind, lapply(orders_of(c("modality", "level")), \(o) match_order(compact, o)))
  half <- half$name[half$level %in% tolower(isncsci_dermatomes)]
  other <- read_other_names(compact)
  cells[!is.na(other)] <- as.list(other[!is.na(other)])
  # A column of non-key muscles that is passed over would change the grade unseen.
  spoken <- c(full$name, half, grep("nonkey", compact))
  list(cells = cells, strange = lengths(cells) == 0L & seq_along(names) %in% spoken)
}

# Names of the two anal findings and the non-key muscles.
read_other_names <- function(compact) {
  result <- rep(NA_character_, length(compact))
  result[compact %in% c("vac", "voluntaryanalcontraction", "analcontraction")] <- "vac"
  result[compact %in% c("dap", "deepanalpressure")] <- "dap"
  nonkey <- "(lowest)?nonkey(muscle|level)?(withmotorfunction)?"
  result[grepl(paste0("^(r|right)", nonkey, "$|^", nonkey, "(r|right)$"), compact)] <- "r_lowest_nonkey"
  result[grepl(paste0("^(l|left)", nonkey, "$|^", nonkey, "(l|left)$"), compact)] <- "l_lowest_nonkey"
  result
}

# The cell of each name, NA for a name that is none; refuses what is ambiguous.
# @param names (character) column names
# @return character, as long as names
cell_names <- function(names, call = rlang::caller_env()) {
  resolve_cells(names, read_cell_names(names), call)
}

resolve_cells <- function(names, read, call) {
  if (any(read$strange)) {
    abort_input(c("{cli::qty(sum(read$strange))}Column{?s} {.field {names[read$strange]}} {?names/name} no cell of
      an exam.",
      i = "A cell has a side, a modality (motor, lt, pp) and a level: 10 key muscles C5-T1, L2-S1; dermatomes C2-S4-5.",
      i = "Non-key muscles stand in {.field r_lowest_nonkey} and {.field l_lowest_nonkey}.",
      i = "Rename the column, or drop it if it is no part of the exam."
    ), call = call, columns = names[read$strange])
  }
  many <- lengths(read$cells) > 1L
  if (any(many)) {
    abort_input(c("{cli::qty(sum(many))}Column{?s} {.field {names[many]}} can be read in two ways.",
      x = "{.field {names[many][1]}}: {.or {read$cells[many][[1]]}}.",
      i = "Write side, modality and level apart, as in {.field r_motor_c5}."
    ), call = call, columns = names[many])
  }
  cells <- rep(NA_character_, length(names))
  cells[lengths(read$cells) == 1L] <- unlist(read$cells)
  cells
}

# Refuses two columns for one cell.
check_one_column_each <- function(cells, names, call) {
  twice <- unique(cells[duplicated(cells) & !is.na(cells)])
  if (length(twice) > 0L) {
    abort_input(c("{cli::qty(length(twice))}Cell{?s} {.field {twice}} {?stands/stand} in more than one column.",
      x = "Columns: {.field {names[cells %in% twice]}}.", i = "Keep one of them."
    ), call = call, columns = names[cells %in% twice])
  }
  invisible(cells)
}

# Companion columns say whether a tagged score is to be considered normal.
companion_pattern <- "_?consider_?normal$"

is_companion <- function(names) grepl(companion_pattern, names, ignore.case = TRUE)

companion_stem <- function(names) sub(companion_pattern, "", names, ignore.case = TRUE)

# Refuses cells under other names than the package's own, and companion columns:
# what the scoring would pass over must not be lost.
check_own_names <- function(cells, names, call) {
  other <- !is.na(cells) & names != cells
  companion <- is_companion(names)
  companion[companion] <- !is.na(cell_names(companion_stem(names[companion]), call))
  wrong <- names[other | companion]
  if (length(wrong) > 0L) {
    abort_input(c("{cli::qty(length(wrong))}Column{?s} {.field {utils::head(wrong, 8)}} {?belongs/belong} to the exam
      under {?a name/names} of another layout.",
      i = "{.fn read_isncsci} brings exams under the package's own names."
    ), call = call, columns = wrong)
  }
}

check_unique_columns <- function(names, call) {
  twice <- unique(names[duplicated(names)])
  if (length(twice) > 0L) {
    abort_input(c("{cli::qty(length(twice))}Column{?s} {.field {twice}} {?stands/stand} there more than once.",
      i = "Keep one of each."
    ), call = call, columns = twice)
  }
}

# Refuses exams that lack columns.
check_all_cells <- function(cells, call) {
  absent <- setdiff(isncsci_asked, cells)
  if (length(absent) > 0L) {
    abort_input(c("{length(absent)} column{?s} of the exam {?is/are} missing: 
      {.field {utils::head(absent, 8)}}{if (length(absent) > 8) ' ...'}.",
      i = "A cell that could not be tested is {.val NT}; one that was not recorded is {.code NA}.
           Neither is a missing column.",
      i = "Other names for the columns are read by {.fn read_isncsci}."
    ), call = call, columns = absent)
  }
}
