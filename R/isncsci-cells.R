# What is wrong with a cell, in words, and the choice between stopping and
# collecting.

# A table of problems from the core's notes.
# @param notes (data frame) row, cell (position), kind 1 invalid, 2 missing
# @param columns (list) the exams' cells as the core read them
# @param given (list) the same as the user wrote them
# @return data frame: row, column, value, problem
cell_problems <- function(notes, columns, given = columns) {
  column <- isncsci_cells[notes$cell]
  problem <- character(length(column))
  if (length(column) > 0L) {
    problem <- ifelse(notes$kind == 2L, "nothing recorded (write NT if it could not be tested)",
      problem_words(noted_values(notes, columns), column))
  }
  data.frame(row = notes$row, column = column, value = readable(noted_values(notes, given)), problem = problem)
}

noted_values <- function(notes, columns) {
  value <- rep(NA_character_, nrow(notes))
  for (cell in unique(notes$cell)) {
    at <- which(notes$cell == cell)
    if (!is.null(columns[[cell]])) value[at] <- as.character(columns[[cell]][notes$row[at]])
  }
  value
}

# Why an entry is refused.
problem_words <- function(value, column) {
  coded <- is_readable(value)
  value <- readable(value)
  top <- ifelse(grepl("_motor_", column), 5, 2)
  words <- paste0("outside the scale 0 to ", top, " or NT")
  star <- grepl("^([0-5]|NT)?\\s*\\*", value, ignore.case = TRUE)
  words[star] <- "not a star: a tagged score is written 3*, 3** or NT*, or 3*[0-2] with the scores to assume"
  range <- grepl("^([0-5]|NT)\\*\\[", value, ignore.case = TRUE)
  words[range] <- paste0("not a range of scores to assume: 3*[0-2] goes from the lower to the higher, within 0 to ",
    top)[range]
  normal <- grepl("^[25]\\*", value) & substr(value, 1, 1) == top
  words[normal] <- "a normal score has no star: nothing is left to assume"
  words[grepl("^ab[-_]?", value, ignore.case = TRUE)] <- "REDCap coding: read it with read_isncsci(format = \"redcap\")"
  words[grepl("^ab-?5$", value, ignore.case = TRUE)] <- "a normal score has no tag: REDCap's codes end at ab-4"
  words[value %in% "9"] <- paste(
    "outside the scale; 9 is \"not testable\" in the Sygen files only:",
    "read_isncsci(format = \"sygen\")"
  )
  said <- grepl("\\((not |consider )?normal", value)
  words[said] <- paste("score and companion column do not go together", sub("^[^(]*", "", value[said]))
  words[column %in% isncsci_findings] <- "not Yes, No or NT"
  words[column %in% isncsci_nonkey] <- "not a level from C5 to S1"
  words[!coded] <- "not valid text: its bytes are no characters (another encoding?)"
  words
}

# Notes of the core as problems, missing cells and legacy stars.
# @param missing "error", "na" or "nt"
sort_notes <- function(notes, columns, missing, given = columns) {
  absent <- notes[notes$kind == 2L, ]
  empty <- empty_exams(notes, length(columns[[1L]]))
  bad <- notes[notes$kind == 1L | (missing == "error" & notes$kind == 2L), ]
  # An exam that was never made is one problem, not 134.
  bad <- bad[!(bad$kind == 2L & bad$row %in% empty & bad$cell > 1L), ]
  problems <- cell_problems(bad, columns, given)
  no_exam <- bad$kind == 2L & bad$row %in% empty
  problems$problem[no_exam] <- "no exam in this row (missing = \"na\" keeps it as NA)"
  list(
    problems = problems, legacy = notes[notes$kind == 3L, ], empty = empty,
    absent = if (missing == "na") absent else absent[0L, ]
  )
}

# Rows in which nothing was recorded, of `n`.
empty_exams <- function(notes, n) which(tabulate(notes$row[notes$kind == 2L], n) == length(isncsci_asked))

# Problems that read_isncsci() set aside and nobody has mended since: their cells are still NA, which is
# then no missing entry but a bad one.
# @return list(problems = data frame, notes = the core's notes without those of these cells)
standing_problems <- function(exams, notes) {
  problems <- attr(exams, "problems")
  if (!inherits(exams, "isncsci_exams") || is.null(problems) || nrow(problems) == 0L) {
    return(list(problems = no_problems(), notes = notes))
  }
  empty <- empty_exams(notes, nrow(exams))
  cell <- match(problems$column, isncsci_cells)
  still <- mapply(\(row, cell) !is.na(cell) && row <= nrow(exams) && is.na(exams[[isncsci_cells[cell]]][row]),
    problems$row, cell)
  problems <- problems[still | problems$row %in% empty, ]
  known <- paste(problems$row, match(problems$column, isncsci_cells))
  told <- paste(notes$row, notes$cell) %in% known | (notes$row %in% intersect(problems$row, empty))
  list(problems = problems, notes = notes[!told, ])
}

# Rows taken out of a table keep their problems, under their new numbers.
# @param rows what was asked for; NULL for all
keep_problems <- function(result, x, rows) {
  if (!inherits(result, class(x)[1L])) {
    return(result)
  }
  problems <- attr(x, "problems")
  if (!is.null(rows) && NROW(problems) > 0L) {
    at <- seq_len(nrow(x))
    if (is.character(rows)) names(at) <- row.names(x)
    at <- unname(at[rows])
    hits <- lapply(which(at %in% problems$row), \(new) data.frame(old = which(problems$row == at[new]), new = new))
    hits <- do.call(rbind, c(list(data.frame(old = integer(), new = integer())), hits))
    problems <- problems[hits$old, ]
    problems$row <- hits$new
    rownames(problems) <- NULL
  }
  attr(result, "problems") <- problems
  result
}

# The method of `[` for exams and for scores.
take_exams <- function(x, i, j, drop) {
  rows <- if (nargs() - !missing(drop) > 2L && !missing(i)) i
  keep_problems(NextMethod(), x, rows)
}

# @param bad (list) columns that are neither text nor numbers, named
refuse_types <- function(bad, call) {
  if (length(bad) == 0L) {
    return(invisible())
  }
  abort_input(c("{cli::qty(length(bad))}Column{?s} {.field {utils::head(names(bad), 8)}} must hold text or numbers.",
    x = "{.field {names(bad)[1]}} is {.obj_type_friendly {bad[[1]]}}.",
    i = type_hint(bad[[1L]])
  ), call = call, columns = names(bad))
}

warn_legacy <- function(legacy) {
  if (nrow(legacy) > 0L) {
    cli::cli_warn(c("{nrow(legacy)} muscle{?s} {?is/are} graded {.val 5*}, which the 2019 revision no longer has.",
      i = "Read as {.val NT**}: not tested, considered normal. First in row {legacy$row[1]}, column
           {.field {isncsci_cells[legacy$cell[1]]}}."
    ), class = "cordgain_legacy_star")
  }
}

# What to do about a column that is neither text nor numbers.
type_hint <- function(x) {
  if (is.factor(x)) {
    "Factors are not converted: use as.character() where you can see the result."
  } else if (is.logical(x)) {
    "TRUE and FALSE are no entries of this column: write scores as digits, findings as Yes and No."
  } else {
    "Convert it where you can see the result."
  }
}

no_problems <- function() {
  data.frame(row = integer(), column = character(), value = character(), problem = character())
}

# "Row 3, column `r_motor_c5`: "6" is outside ..." for the first few problems.
problem_bullets <- function(problems, shown = 5L) {
  first <- utils::head(problems, shown)
  first$value <- readable(first$value)
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
# @param lost what becomes of bad ones when they are collected: "exam", "cell" or "line"
report_problems <- function(problems, on_error, call, lost = "exam") {
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
  cells <- nrow(problems)
  what <- switch(lost,
    exam = "{rows} exam{?s} {?is/are} set to NA",
    cell = paste("{cells} cell{?s} {?is/are} set to NA; the results of {cli::qty(rows)}{?its exam/their {rows} exams}",
      "will be NA"),
    line = "{rows} line{?s} cannot be read and {?is/are} kept without an entry"
  )
  cli::cli_warn(c(paste0(what, "; {.fn isncsci_problems} lists {cli::qty(cells)}{?it/them}."),
    escape_braces(bullets)),
    class = "cordgain_bad_exams", call = call
  )
  invisible(problems)
}

#' Cells that could not be read
#'
#' The table of bad cells that [read_isncsci()] or [score_isncsci()] set aside
#' with `on_error = "collect"`. What the reader set aside stands in the scores' table too. Rows taken out
#' of either result by `[` keep their problems.
#'
#' @param x the result of [read_isncsci()] or [score_isncsci()].
#' @return A data frame, one row per bad cell: `row` (of `x`), `column`,
#'   `value` (as given; bytes that are no characters as `\\xff`) and `problem` (words). No rows if all was well.
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
