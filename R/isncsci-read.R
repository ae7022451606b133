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
#' An empty cell, `NA` or `UNK` is not recorded, which is not the same as not testable.
#'
#' @param x (string, data frame or list) a path to a text table in UTF-8 (comma,
#'   semicolon or tab), a data frame, or one exam as a named list (a Praxis JSON
#'   file that was read into R), or a list of such.
#' @param format (string) `"auto"` or a row of the table above.
#' @param missing (string) what to do with cells that are not recorded: `"error"`,
#'   `"na"` (keep `NA`), or `"nt"` (write `NT`: your decision, not the data's).
#' @param id (character) names of the columns that are no cells, such as subject and
#'   visit. If given, any further column is an error; if `NULL`, all are kept.
#' @param on_error (string) `"stop"`, or `"collect"`: exams with bad cells are kept with
#'   those cells `NA` (score them with `missing = "na"`), and [isncsci_problems()] lists them.
#' @param quiet (flag) `TRUE` to leave out the message about the mapping.
#'
#' @return A data frame of class `isncsci_exams`, one row per exam: the columns that are
#'   no cells, then the 136 columns of an exam (text). The attribute `mapping` has
#'   `column` and `cell`.
#' @section Conditions: `cordgain_invalid_input` naming row and column: values outside
#'   the scale, impossible stars, names that are ambiguous or of no cell, missing or
#'   doubled columns, mixed codings, text that is not UTF-8, lines that are cut off.
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
  if (format == "auto") format <- detect_format(source$table)
  check_unique_columns(names(source$table), call)
  layout <- isncsci_layouts[[format]](source$table, call)
  check_read_types(source$table[setdiff(names(source$table), names(layout$other))], call)
  check_ids(names(layout$other), id, call)
  columns <- standard_columns(layout, format, call)
  checked <- check_cells(columns, missing, on_error, source$problems, call)
  if (!quiet) report_mapping(layout$mapping, names(layout$other), format)
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
  good <- vapply(columns, \(x) is.atomic(x) && !is.object(x) && is.null(dim(x)), NA)
  if (!all(good)) {
    bad <- names(columns)[!good]
    abort_input(c("{cli::qty(length(bad))}Column{?s} {.field {utils::head(bad, 8)}} must hold text or numbers.",
      x = "{.field {bad[1]}} is {.obj_type_friendly {columns[[bad[1]]]}}.",
      i = "Factors are not converted: use as.character() where you can see the result."
    ), call = call, columns = bad)
  }
}

# Exams as named lists: values that are absent (NULL) are not recorded.
list_table <- function(x, call) {
  if (!is.null(names(x))) x <- list(x)
  one <- vapply(x, \(e) is.list(e) && !is.null(names(e)) && all(lengths(e) <= 1L), NA)
  if (!all(one)) {
    abort_input(c("A list must be an exam with named cells, or a list of such exams.",
      x = "Element {which(!one)[1]} is not."
    ), call = call)
  }
  fields <- unique(unlist(lapply(x, names)))
  columns <- lapply(fields, \(f) vapply(x, \(e) if (length(e[[f]]) == 1L) as.character(e[[f]]) else NA_character_, ""))
  structure(stats::setNames(columns, fields), class = "data.frame", row.names = .set_row_names(length(x)))
}

check_ids <- function(other, id, call) {
  unknown <- setdiff(other, id)
  if (!is.null(id) && length(unknown) > 0L) {
    abort_input(c("{cli::qty(length(unknown))}Column{?s} {.field {unknown}} {?is/are} neither a cell nor named in
      {.arg id}."),
      call = call, columns = unknown
    )
  }
}

# All 136 columns in the package's own coding.
standard_columns <- function(layout, format, call) {
  check_all_cells(names(layout$columns), call)
  check_one_coding(layout$columns, format, call)
  coding <- isncsci_codings[[format]]
  n <- length(layout$columns[[1L]])
  columns <- lapply(isncsci_cells, \(cell) {
    if (is.null(layout$columns[[cell]])) {
      return(rep(NA_character_, n))
    }
    score <- recode_cell(layout$columns[[cell]], cell, coding)
    normal <- layout$normal[[cell]]
    if (is.null(normal)) score else join_companion(score, normal, coding)
  })
  stats::setNames(columns, isncsci_cells)
}

# Finds bad cells with the core's own reading of them.
check_cells <- function(columns, missing, on_error, problems, call) {
  raw <- core_score_isncsci(unname(columns), rep(16L, length(columns[[1L]])), FALSE, FALSE)
  notes <- raw$notes[!raw$notes$row %in% problems$row, ]
  sorted <- sort_notes(notes, columns, missing)
  report_problems(sorted$problems, on_error, call)
  warn_legacy(sorted$legacy)
  for (i in seq_len(nrow(sorted$legacy))) columns[[sorted$legacy$cell[i]]][sorted$legacy$row[i]] <- "NT**"
  invalid <- notes[notes$kind == 1L, ]
  for (i in seq_len(nrow(invalid))) columns[[invalid$cell[i]]][invalid$row[i]] <- NA_character_
  if (missing == "nt") columns <- write_nt(columns, notes, sorted$empty)
  list(columns = columns, problems = rbind(problems, sorted$problems))
}

# Cells that are not recorded as NT, except in rows without any exam.
write_nt <- function(columns, notes, empty) {
  absent <- notes[notes$kind == 2L & !notes$row %in% empty, ]
  for (cell in unique(absent$cell)) columns[[cell]][absent$row[absent$cell == cell]] <- "NT"
  columns
}

report_mapping <- function(mapping, other, format) {
  block <- sub("_[a-z0-9]+$", "_*", mapping$cell)
  block[!mapping$cell %in% isncsci_score_cells] <- mapping$cell[!mapping$cell %in% isncsci_score_cells]
  lines <- vapply(unique(block), \(b) {
    from <- mapping$column[block == b]
    paste0(b, " <- ", paste(unique(from[c(1L, length(from))]), collapse = " .. "),
      if (length(from) > 1L) paste0(" (", length(from), ")"))
  }, "")
  cli::cli_inform(c(
    "Read as {.val {format}}:", stats::setNames(escape_braces(lines), rep("*", length(lines))),
    i = if (length(other) > 0L) "Kept as they are: {.field {other}}."
  ), class = "cordgain_mapping")
}

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
