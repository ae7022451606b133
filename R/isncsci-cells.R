# What is wrong with a cell, in words, and the choice between stopping and
# collecting.

# A table of problems from the core's notes.
# @param notes (data frame) row, cell (position), kind 1 invalid, 2 missing
# @param columns (list) the exams' cells
# @return data frame: row, column, value, problem
cell_problems <- function(notes, columns) {
  value <- vapply(seq_len(nrow(notes)), \(i) as.character(columns[[notes$cell[i]]][notes$row[i]]), "")
  column <- isncsci_cells[notes$cell]
  problem <- character(length(column))
  if (length(column) > 0L) {
    problem <- ifelse(notes$kind == 2L, "nothing recorded (write NT if it could not be tested)",
      problem_words(value, column))
  }
  data.frame(row = notes$row, column = column, value = value, problem = problem)
}

# Why an entry is refused.
problem_words <- function(value, column) {
  top <- ifelse(grepl("_motor_", column), 5, 2)
  normal <- grepl("^[25]\\*", value) & substr(value, 1, 1) == top
  words <- ifelse(normal, "a normal score has no star: nothing is left to assume",
    paste0("outside the scale 0 to ", top, " or NT"))
  words[grepl("^ab[-_]?", value, ignore.case = TRUE)] <- "REDCap coding: read it with read_isncsci(format = \"redcap\")"
  words[value %in% "9"] <- paste(
    "outside the scale; 9 is \"not testable\" in the Sygen files only:",
    "read_isncsci(format = \"sygen\")"
  )
  words[grepl("\\((not |consider )?normal", value)] <- "score and companion column do not go together"
  words[column %in% isncsci_findings] <- "not Yes, No or NT"
  words[column %in% isncsci_nonkey] <- "not a level from C5 to S1"
  words
}

# Notes of the core as problems, missing cells and legacy stars.
sort_notes <- function(notes, columns, missing) {
  absent <- notes[notes$kind == 2L, ]
  empty <- which(tabulate(absent$row, length(columns[[1L]])) == 134L)
  bad <- notes[notes$kind == 1L | (missing == "error" & notes$kind == 2L), ]
  # An exam that was never made is one problem, not 134.
  bad <- bad[!(bad$kind == 2L & bad$row %in% empty & bad$cell > 1L), ]
  problems <- cell_problems(bad, columns)
  no_exam <- bad$kind == 2L & bad$row %in% empty
  problems$problem[no_exam] <- "no exam in this row (missing = \"na\" keeps it as NA)"
  list(
    problems = problems, legacy = notes[notes$kind == 3L, ], empty = empty,
    absent = if (missing == "na") absent else absent[0L, ]
  )
}

warn_legacy <- function(legacy) {
  if (nrow(legacy) > 0L) {
    cli::cli_warn(c("{nrow(legacy)} muscle{?s} {?is/are} graded {.val 5*}, which the 2019 revision no longer has.",
      i = "Read as {.val NT**}: not tested, considered normal. First in row {legacy$row[1]}, column
           {.field {isncsci_cells[legacy$cell[1]]}}."
    ), class = "cordgain_legacy_star")
  }
}

no_problems <- function() {
  data.frame(row = integer(), column = character(), value = character(), problem = character())
}

# "Row 3, column `r_motor_c5`: "6" is outside ..." for the first few problems.
problem_bullets <- function(problems, shown = 5L) {
  first <- utils::head(problems, shown)
  long <- !is.na(first$value) & nchar(first$value, "bytes") > 60L
  first$value[long] <- paste0(substr(first$value[long], 1L, 40L), "...")
  bullets <- sprintf(
    "Row %s, column `%s`: %s: %s.", format(first$row, trim = TRUE), first$column,
    ifelse(is.na(first$value), "NA", encodeString(first$value, quote = "\"")), first$problem
  )
  more <- nrow(problems) - nrow(first)
  c(stats::setNames(bullets, rep("x", length(bullets))), if (more > 0L) c(x = paste("And", more, "more.")))
}

# Stops with the first problems, or warns and leaves them to isncsci_problems().
report_problems <- function(problems, on_error, call) {
  if (nrow(problems) == 0L) {
    return(invisible(problems))
  }
  bullets <- problem_bullets(problems)
  rows <- length(unique(problems$row))
  if (on_error == "stop") {
    abort_input(c("{rows} exam{?s} cannot be read.", escape_braces(bullets),
      i = "With {.code on_error = \"collect\"} the good exams are kept and these are listed."
    ), call = call, problems = problems)
  }
  cli::cli_warn(c("{rows} exam{?s} {?is/are} set to NA; {.fn isncsci_problems} lists the cells.",
    escape_braces(bullets)),
    class = "cordgain_bad_exams", call = call
  )
  invisible(problems)
}

#' Cells that could not be read
#'
#' The table of bad cells that [read_isncsci()] or [score_isncsci()] set aside
#' with `on_error = "collect"`.
#'
#' @param x the result of [read_isncsci()] or [score_isncsci()].
#' @return A data frame, one row per bad cell: `row` (of the input), `column`,
#'   `value` (as given) and `problem` (words). No rows if all was well.
#' @section Conditions: `cordgain_invalid_input` if `x` is not such a result.
#' @references The rule that bad input is named by row and column, and that good rows are not lost, is this package's.
#' @seealso [score_isncsci()]
#' @examples
#' exams <- isncsci_simulated[1:3, ]
#' exams$r_motor_c5[2] <- "6"
#' scored <- suppressWarnings(score_isncsci(exams, on_error = "collect"))
#' isncsci_problems(scored)
#' @export
isncsci_problems <- function(x) {
  if (!inherits(x, c("isncsci_scores", "isncsci_exams"))) {
    abort_input(c("{.arg x} must come from {.fn read_isncsci} or {.fn score_isncsci}.",
      x = "It is {.obj_type_friendly {x}}."
    ))
  }
  problems <- attr(x, "problems")
  if (is.null(problems)) no_problems() else problems
}
