# Why an exam is classified as it is: each result in words with its cells.

#' Explain the classification of one exam
#'
#' Goes through the steps of the classification in words, each with the cells that
#' decided it. Where a result is not determinable, the cells that leave it open are
#' named: those untested or tagged cells for which some score, alone, would
#' narrow the set of possible results. What holds only for some scores of the open cells is said for the
#' lowest that they may have, and begins with "With the lowest scores".
#'
#' For a result \eqn{v} with the set \eqn{S(v)} (see [score_isncsci()]), cell \eqn{c} is
#' named as open if \eqn{S(v \mid w_c = x) \ne S(v)}{S(v | w_c = x) differs from S(v)} for some score \eqn{x}.
#'
#' @param exam (data frame, one row) an exam as [score_isncsci()] takes it.
#' @param ... choices passed to [score_isncsci()].
#' @return An `isncsci_explanation`: `tidy()` gives a data frame with `term`, `value`, `set`,
#'   `star`, `why` (words), `cells` (deciding cells) and `open` (cells that leave it open),
#'   comma-separated. `plot()` draws the worksheet.
#' @section Conditions: `cordgain_invalid_input` for more than one exam, cells that
#'   cannot be read, or cells that are not recorded; `cordgain_no_ggplot2` by `plot()`
#'   without ggplot2.
#' @references
#' ASIA and ISCoS (2019). International Standards for Neurological Classification of
#' Spinal Cord Injury, worksheet, "Steps in classification".
#' @seealso [score_isncsci()]
#' @examples
#' explain_isncsci(isncsci_simulated[1, ])
#' @export
explain_isncsci <- function(exam, ...) {
  if (!is.data.frame(exam) || nrow(exam) != 1L) {
    abort_input(c("{.arg exam} must be one exam: a data frame with one row.",
      x = "It is {.obj_type_friendly {exam}}{if (is.data.frame(exam)) paste(' with', nrow(exam), 'rows')}."
    ))
  }
  scores <- score_isncsci(exam, ...)
  cells <- exam_text(exam, ...)
  asked <- cells[isncsci_asked]
  problems <- isncsci_problems(scores)
  if (nrow(problems) > 0L || anyNA(asked) || is.na(scores[["ais"]])) {
    abort_input(c("An exam with cells that are not recorded, or cannot be read, is not explained.",
      escape_braces(problem_bullets(problems)),
      x = if (nrow(problems) == 0L && anyNA(asked)) "{.field {names(asked)[is.na(asked)][1]}} is NA."),
      problems = problems)
  }
  facts <- exam_facts(end_world(cells, \(s) s[1L]), ...)
  why <- lapply(isncsci_results, \(v) explain_result(v, facts))
  words <- vapply(why, \(w) w$words, "")
  open <- open_cells(cells, scores, ...)
  steps <- data.frame(
    term = isncsci_results, value = vapply(isncsci_results, \(v) scores[[v]], ""),
    set = vapply(isncsci_results, \(v) scores[[paste0(v, "_set")]], ""),
    star = vapply(isncsci_results, \(v) scores[[paste0(v, "_star")]], NA),
    why = paste0(ifelse(of_lowest_scores(why, words, cells, scores, ...), "With the lowest scores: ", ""), words),
    cells = vapply(why, \(w) paste(w$cells, collapse = ", "), ""),
    open = vapply(open, paste, "", collapse = ", "), row.names = NULL
  )
  steps$why <- paste0(steps$why, star_words(steps, cells, ...))
  declared <- steps$term %in% names(read_overrides(exam[["not_determinable"]], rlang::current_env())$rows)
  steps$why[declared] <- declared_words
  steps$cells[declared] <- steps$open[declared] <- ""
  structure(list(steps = steps, cells = cells, scores = scores), class = "isncsci_explanation")
}

# Which explanations hold in one world only: those of results that are open, those that rest on an open cell,
# and those that read otherwise with the highest scores.
of_lowest_scores <- function(why, words, cells, scores, ...) {
  asked <- cells[isncsci_asked]
  open <- names(asked)[lengths(cell_scores(asked)) > 1L]
  if (length(open) == 0L) {
    return(logical(length(why)))
  }
  highest <- exam_facts(end_world(cells, \(s) s[length(s)]), ...)
  otherwise <- vapply(isncsci_results, \(v) explain_result(v, highest)$words, "")
  undecided <- vapply(isncsci_results, \(v) scores[[v]] == "ND", NA)
  undecided | vapply(why, \(w) any(w$cells %in% open), NA) | words != otherwise
}

declared_words <- "Declared not determinable in the column `not_determinable`."

# The 136 cells of one exam as text, those not recorded as the choice `missing` has them.
exam_text <- function(exam, missing = "error", ...) {
  cells <- vapply(isncsci_cells, \(c) if (is.null(exam[[c]])) NA_character_ else as.character(exam[[c]]), "")
  cells <- toupper(cells)
  cells[cells %in% "5*"] <- "NT**" # as score_isncsci() reads it, with a warning
  names(cells) <- isncsci_cells
  asked <- setdiff(isncsci_cells, isncsci_nonkey)
  if (identical(missing, "nt")) cells[asked][is.na(cells[asked])] <- "NT"
  cells
}

# Scores that a cell may have for the classification: list of integer vectors.
# Findings: 0 no, 1 yes.
cell_scores <- function(cells) {
  Map(\(text, name) {
    if (name %in% isncsci_findings) {
      return(switch(text, NO = 0L, YES = 1L, 0:1))
    }
    top <- cell_top(name)
    found <- suppressWarnings(as.integer(sub("\\*.*", "", text)))
    stars <- sub("^[^*]*", "", text)
    if (grepl("[", stars, fixed = TRUE)) {
      return(seq(as.integer(substr(stars, 3L, 3L)), as.integer(substr(stars, 5L, 5L))))
    }
    if (stars == "**") {
      return(top)
    }
    from <- if (is.na(found)) 0L else found
    if (stars == "*") from:(top - 1L) else if (is.na(found)) 0L:top else found
  }, cells, names(cells))
}

# Scores as cells again.
score_text <- function(score, name) {
  ifelse(name %in% isncsci_findings, c("No", "Yes")[score + 1L], as.character(score))
}

# The known exam in which each open cell has one end of its scores.
end_world <- function(cells, end) {
  asked <- cells[isncsci_asked]
  scores <- vapply(cell_scores(asked), \(s) as.integer(end(s)), 0L)
  c(stats::setNames(score_text(scores, names(asked)), names(asked)), cells[isncsci_nonkey])
}

cells_frame <- function(cells) {
  as.data.frame(as.list(cells), stringsAsFactors = FALSE)
}

# A known exam and its results, as the explaining functions need them.
exam_facts <- function(world, ...) {
  score <- suppressWarnings(as.integer(world[isncsci_score_cells]))
  results <- score_isncsci(cells_frame(world), ...)
  list(
    score = stats::setNames(score, isncsci_score_cells), vac = world[["vac"]] == "Yes", dap = world[["dap"]] == "Yes",
    nonkey = world[isncsci_nonkey],
      result = stats::setNames(vapply(isncsci_results, \(v) results[[v]], ""), isncsci_results)
  )
}

# Which open cells would narrow each result: list of character vectors by result.
open_cells <- function(cells, scores, ...) {
  asked <- cells[isncsci_asked]
  may <- cell_scores(asked)
  may <- may[lengths(may) > 1L]
  none <- stats::setNames(rep(list(character()), length(isncsci_results)), isncsci_results)
  if (length(may) == 0L) {
    return(none)
  }
  name <- rep(names(may), lengths(may))
  worlds <- as.data.frame(lapply(as.list(cells), rep, length(name)), stringsAsFactors = FALSE)
  for (i in seq_along(name)) worlds[[name[i]]][i] <- score_text(unlist(may)[i], name[i])
  fixed <- suppressWarnings(score_isncsci(worlds, ...), classes = "cordgain_legacy_star")
  lapply(stats::setNames(isncsci_results, isncsci_results), \(v) {
    set <- paste0(v, "_set")
    unique(name[fixed[[set]] != scores[[set]]])
  })
}

star_words <- function(steps, cells, ...) {
  if (!any(steps$star)) {
    return("")
  }
  found <- sub("\\*.*", "", cells)
  found[isncsci_nonkey] <- cells[isncsci_nonkey]
  plain <- score_isncsci(cells_frame(found), ...)
  set <- vapply(steps$term, \(v) plain[[paste0(v, "_set")]], "")
  ifelse(steps$star, paste0(" Starred: the scores found, without the tags, give ", gsub(",", ", ", set), "."), "")
}

# Methods ------------------------------------------------------------------------

#' @export
print.isncsci_explanation <- function(x, ...) {
  cat("<isncsci_explanation>\n")
  if (any(startsWith(x$steps$why, "With the lowest scores"))) {
    cat("\"With the lowest scores\": in the world in which each open cell has its lowest score.\n")
  }
  for (i in seq_len(nrow(x$steps))) {
    step <- x$steps[i, ]
    value <- paste0(step$value, if (step$star) "*")
    cat("\n", result_title(step$term), ": ", value, "\n", sep = "")
    if (step$value == "ND") cat(strwrap(paste("Possible:", gsub(",", ", ", step$set)), indent = 2, exdent = 4),
      sep = "\n")
    cat(strwrap(step$why, indent = 2, exdent = 2), sep = "\n")
    if (nzchar(step$cells)) cat(strwrap(paste("Cells:", step$cells), indent = 2, exdent = 4), sep = "\n")
    if (nzchar(step$open)) cat(strwrap(paste("Left open by:", step$open), indent = 2, exdent = 4), sep = "\n")
  }
  invisible(x)
}

result_title <- function(term) {
  titles <- c(
    sensory = "Sensory level", motor_level = "Motor level", nli = "Neurological level of injury",
      complete = "Completeness",
    ais = "AIS grade", zpp_sensory = "Sensory zone of partial preservation",
      zpp_motor = "Motor zone of partial preservation"
  )
  side <- ifelse(grepl("_r$", term), ", right", ifelse(grepl("_l$", term), ", left", ""))
  paste0(titles[sub("_[rl]$", "", term)], side)
}

#' @export
tidy.isncsci_explanation <- function(x, ...) x$steps

#' @export
summary.isncsci_explanation <- function(object, ...) object$steps[c("term", "value", "set", "star")]
