# Reading exams from files and tables into the package's own columns and codes.

#' Read ISNCSCI exams
#'
#' Brings raw exams, one row per exam or one row per cell, under the package's own
#' column names and codes, and says which column it took for which cell. It
#' estimates nothing and guesses nothing: a name that can be read in two ways, a
#' second column for a cell or two codings in one file are refused.
#'
#' Names are read as side (`r`, `right`, `l`, `left`), modality (`motor`, `lt`,
#' `light_touch`, `pp`, `pin_prick`) and level in any order, with any separators and
#' capitals. `lt` is light touch, never "left".
#'
#' | `format` | layout | coding |
#' |---|---|---|
#' | `wide` | a row per exam | as below |
#' | `long` | a row per cell: `side`, `modality`, `level`, `value`, or `cell`, `value` | as `wide` |
#' | `redcap` | fields `right_light_touch_c2_value` | `nt`, `ab-3`, `ab-nt` (tagged), with `..._considernormal` 1 or 2 |
#' | `praxis` | `rightMotorC5`, `leftPinPrickS4_5`, `c5RightMotor` | stars, with `...ConsiderNormal` true or false |
#' | `sygen` | `c2ltl01`, `elbflr26`; the week at the end makes a row per week | 9 is not testable |
#'
#' The package's own coding is `3`, `3*` (tagged, not normal), `3**` (tagged, normal), `NT`,
#' `NT*`, `NT**`, and `3*[0-2]` (tagged, assume 0 to 2); in place of stars a column
#' `..._considernormal` (1 or yes, 2 or no) may stand beside the score.
#'
#' An explanation must agree with its star: `3*` or `3*[0-2]` with "normal", and `3**` with "not normal", are
#' refused. Praxis writes one star for every tag and REDCap `ab-`, which say neither; without an explanation they are
#' read as not normal.
#'
#' An empty cell, `NA` or `UNK` is not recorded, which is not the same as not testable.
#'
#' Columns that are no cells (subject, week, site) are kept. One that looks like a part of an exam and is not
#' understood (`r_nk_level`, `r_motor_c5_normal`) is refused, since what it holds would be lost.
#'
#' @param x (string, data frame or list) a path to a text table in UTF-8 (comma,
#'   semicolon or tab), a data frame, or one exam as a named list (a Praxis JSON
#'   file that was read into R; lists within it, `right$motor$C5`, are names in parts), or a list of such.
#' @param format (string) `"auto"` or a row of the table above.
#' @param missing (string) what to do with cells that are not recorded: `"error"`,
#'   `"na"` (keep `NA`), or `"nt"` (write `NT`: your decision, not the data's).
#' @param id (character) names of the columns that are no cells, such as subject and
#'   visit: they are kept whatever they look like. If given, any further column is an error; if `NULL`, all are kept.
#' @param on_error (string) `"stop"`, or `"collect"`: exams with bad cells are kept with
#'   those cells `NA`, [isncsci_problems()] lists them, and [score_isncsci()] gives `NA` for these exams.
#' @param quiet (flag) `TRUE` to leave out the message about the mapping.
#'
#' @return A data frame of class `isncsci_exams`, one row per exam: the columns that are
#'   no cells, then the 136 columns of an exam (text). The attribute `mapping` has
#'   `column`, `cell` and `part` (what else the name says: a companion column, a week).
#' @section Conditions: `cordgain_invalid_input` naming row and column: values outside
#'   the scale, impossible stars, stars and explanations that contradict each other, names that are ambiguous, of no
#'   cell or look like a part of an exam, missing or doubled columns or fields, mixed codings, text that is not UTF-8,
#'   lines that are cut off.
#'   Warnings `cordgain_bad_exams` when collecting, and `cordgain_legacy_star` for a motor
#'   `5*`, which becomes `NT**`. A message `cordgain_mapping`.
#' @references
#' ASIA and ISCoS (2019). International Standards for Neurological Classification of
#' Spinal Cord Injury, worksheet. Layouts: the public field lists of the Praxis
#' algorithm, of the REDCap instrument of the University of British Columbia, and of
#' the Sygen trial.
#' @seealso [score_isncsci()], the next step.
#' @examples
#' path <- system.file("extdata", "isncsci-simulated.csv", package = "cordgain")
#' exams <- read_isncsci(path)
#' exams
#' @export
read_isncsci <- function(x, format = c("auto", "wide", "long", "redcap", "praxis", "sygen"),
                         missing = c("error", "na", "nt"), id = NULL, on_error = c("stop", "collect"), quiet = FALSE) {
  format <- check_option(format, c("auto", "wide", "long", "redcap", "praxis", "sygen"))
  missing <- check_option(missing, c("error", "na", "nt"))
  on_error <- check_option(on_error, c("stop", "collect"))
  quiet <- check_flag(quiet)
  call <- rlang::current_env()
  source <- exam_table(x, on_error, call)
  check_readable_names(names(source$table), call)
  check_unique_columns(names(source$table), call)
  id <- check_ids(id, names(source$table), call)
  if (format == "auto") format <- detect_format(source$table)
  layout <- isncsci_layouts[[format]](source$table, id, call)
  # Said before the cells are looked at: what was taken for what helps most where something is wrong.
  if (!quiet) report_mapping(layout, format)
  check_other_columns(names(layout$other), id, format, call)
  check_read_types(source$table[setdiff(names(source$table), names(layout$other))], call)
  columns <- standard_columns(layout, format, call)
  checked <- check_cells(columns, layout$columns[isncsci_cells], missing, on_error, source$problems, call)
  new_isncsci_exams(layout$other, checked$columns, checked$problems, layout$mapping)
}

new_isncsci_exams <- function(other, columns, problems, mapping) {
  rownames(other) <- NULL
  structure(c(as.list(other), columns),
    class = c("isncsci_exams", "data.frame"), row.names = .set_row_names(length(columns[[1L]])),
    problems = problems, mapping = mapping
  )
}

# @return list(table, problems)
exam_table <- function(x, on_error, call) {
  if (is.character(x) && length(x) == 1L && !is.na(x)) {
    return(read_exam_file(x, on_error, call))
  }
  if (is.list(x) && !is.data.frame(x) && length(x) > 0L) x <- list_table(x, call)
  if (!is.data.frame(x)) {
    abort_input(c("{.arg x} must be a path, a data frame or a list.",
      x = "It is {.obj_type_friendly {x}}."), call = call)
  }
  list(table = as.data.frame(x), problems = no_problems())
}

# What is read as part of an exam is plain text, numbers or yes and no.
check_read_types <- function(columns, call) {
  refuse_types(Filter(\(x) !is.atomic(x) || is.object(x) || !is.null(dim(x)), columns), call)
}

# Exams as named lists: values that are absent (NULL) are not recorded.
list_table <- function(x, call) {
  if (!is.null(names(x))) x <- list(x)
  one <- vapply(x, \(e) is.list(e) && !is.null(names(e)), NA)
  if (all(one)) {
    x <- lapply(x, flat_fields)
    one <- vapply(x, \(e) all(lengths(e) <= 1L), NA)
  }
  if (!all(one)) {
    abort_input(c("A list must be an exam with named cells, or a list of such exams.",
      x = "Element {which(!one)[1]} is not."
    ), call = call)
  }
  for (i in seq_along(x)) check_fields(names(x[[i]]), i, call)
  fields <- unique(unlist(lapply(x, names)))
  columns <- lapply(fields, \(f) vapply(x, \(e) if (length(e[[f]]) == 1L) as.character(e[[f]]) else NA_character_, ""))
  structure(stats::setNames(columns, fields), class = "data.frame", row.names = .set_row_names(length(x)))
}

# Lists within an exam (right$motor$C5) become names in parts (right_motor_C5).
flat_fields <- function(exam) {
  parts <- lapply(seq_along(exam), \(i) {
    inner <- exam[[i]]
    if (!is.list(inner) || is.null(names(inner))) {
      return(exam[i])
    }
    inner <- flat_fields(inner)
    stats::setNames(inner, paste(names(exam)[i], names(inner), sep = "_"))
  })
  do.call(c, c(list(list()), parts))
}

check_fields <- function(names, exam, call) {
  twice <- unique(names[duplicated(names) | !nzchar(names)])
  if (length(twice) > 0L) {
    abort_input(c("Exam {exam} has {cli::qty(length(twice))}{?a field/fields} that {?stands/stand} there more than once,
      or {?has/have} no name.",
      x = "{cli::qty(length(twice))}Field{?s}: {.field {twice}}.", i = "Keep one of each."
    ), call = call, columns = twice)
  }
}

# The columns that the user says are no cells.
check_ids <- function(id, names, call) {
  if (is.null(id)) {
    return(NULL)
  }
  if (!is.character(id) || anyNA(id)) {
    abort_input(c("{.arg id} must be names of columns.", x = "It is {.obj_type_friendly {id}}."), call = call)
  }
  absent <- setdiff(id, names)
  if (length(absent) > 0L) {
    abort_input(c("{.arg id} names {cli::qty(length(absent))}{?a column/columns} that {?does/do} not exist:
      {.field {absent}}."), call = call, columns = absent)
  }
  id
}

check_other_columns <- function(other, id, format, call) {
  unknown <- setdiff(other, id)
  if (!is.null(id) && length(unknown) > 0L) {
    abort_input(c("{cli::qty(length(unknown))}Column{?s} {.field {unknown}} {?is/are} neither a cell nor named in
      {.arg id}."),
      call = call, columns = unknown
    )
  }
  remedy <- "Rename the column; or name it in {.arg id}, with all others that are no cells, to keep it as it is."
  # In a long table the cell is named elsewhere: a word of tags is enough.
  if (format == "long") {
    refuse_near_names(unknown, remedy, call, alone = c(near_words$normal, "nk"))
  } else {
    refuse_near_names(unknown, remedy, call)
  }
}

# All 136 columns in the package's own coding.
standard_columns <- function(layout, format, call) {
  check_all_cells(names(layout$columns), call)
  check_one_coding(layout$columns, format, call)
  coding <- isncsci_codings[[format]]
  n <- length(layout$columns[[1L]])
  columns <- lapply(isncsci_cells, \(cell) {
    given <- layout$columns[[cell]]
    if (is.null(given)) {
      return(rep(NA_character_, n))
    }
    score <- recode_cell(given, cell, coding)
    normal <- layout$normal[[cell]]
    if (is.null(normal)) score else join_companion(score, normal, coding, given, cell_top(cell))
  })
  stats::setNames(columns, isncsci_cells)
}

# Finds bad cells with the core's own reading of them.
# @param given (list) the cells as they were written
check_cells <- function(columns, given, missing, on_error, problems, call) {
  raw <- core_score_isncsci(unname(columns), rep(16L, length(columns[[1L]])), FALSE, FALSE)
  notes <- raw$notes[!raw$notes$row %in% problems$row, ]
  sorted <- sort_notes(notes, columns, missing, given)
  report_problems(sorted$problems, on_error, call, "cell")
  warn_legacy(sorted$legacy)
  columns <- write_cells(columns, sorted$legacy, "NT**")
  columns <- write_cells(columns, notes[notes$kind == 1L, ], NA_character_)
  if (missing == "nt") columns <- write_nt(columns, notes, sorted$empty)
  list(columns = columns, problems = rbind(problems, sorted$problems))
}

write_cells <- function(columns, notes, value) {
  for (cell in unique(notes$cell)) columns[[cell]][notes$row[notes$cell == cell]] <- value
  columns
}

# Cells that are not recorded as NT, except in rows without any exam.
write_nt <- function(columns, notes, empty) {
  write_cells(columns, notes[notes$kind == 2L & !notes$row %in% empty, ], "NT")
}

# Every name that was taken and the cell it was taken for, cells of a kind in one line.
report_mapping <- function(layout, format) {
  mapping <- layout$mapping
  single <- !mapping$cell %in% isncsci_score_cells
  block <- ifelse(single, mapping$cell, sub("_[a-z0-9]+$", "_*", mapping$cell))
  part <- ifelse(nzchar(mapping$part), paste0(" (", mapping$part, ")"), "")
  block <- paste0(block, part)
  # A cell that stands alone in its kind is told by its own name.
  alone <- !block %in% block[duplicated(block)]
  block[alone] <- paste0(mapping$cell, part)[alone]
  lines <- vapply(unique(block), \(b) mapping_line(b, mapping[block == b, ]), "")
  other <- names(layout$other)
  cli::cli_inform(c(
    "Read as {.val {format}}:", stats::setNames(escape_braces(lines), rep("*", length(lines))),
    i = if (length(other) > 0L) "Kept as they are: {.field {other}}.", layout$note
  ), class = "cordgain_mapping")
}

mapping_line <- function(block, rows) {
  if (nrow(rows) == 1L) {
    return(paste(block, "<-", rows$column))
  }
  if (all(rows$column == rows$cell)) {
    return(paste0(block, ": all ", nrow(rows), " under these names"))
  }
  paste0(block, ": ", paste(sub("^.*_", "", rows$cell), "<-", rows$column, collapse = ", "))
}

#' @exportS3Method "[" isncsci_exams
`[.isncsci_exams` <- take_exams

#' @export
print.isncsci_exams <- function(x, ...) {
  kept <- setdiff(names(x), isncsci_cells)
  open <- Reduce(`+`, lapply(intersect(isncsci_score_cells, names(x)),
    \(cell) !is.na(x[[cell]]) & grepl("NT|\\*", x[[cell]])), 0L)
  cat("<isncsci_exams> ", nrow(x), " exam", if (nrow(x) != 1L) "s", ", ", sum(open > 0L),
    " with untested or tagged cells\n", sep = "")
  if (length(kept) > 0L) cat("Beside the cells:", paste(kept, collapse = ", "), "\n")
  cat("Next: score_isncsci()\n")
  invisible(x)
}
