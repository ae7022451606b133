# Scoring and classifying ISNCSCI exams.

#' Score and classify ISNCSCI exams
#'
#' Turns bedside exams (28 dermatomes by light touch and pin prick and 10 key
#' muscles on each side, voluntary anal contraction, deep anal pressure) into
#' sums, levels, completeness, AIS grade and zones of partial preservation after
#' the 2019 revision of the International Standards.
#'
#' A cell that could not be tested (`NT`) may have had any score. Each result is
#' therefore computed over **all worlds** that fit the exam,
#' \deqn{S(v) = \{\, v(w) : w_c \in A_c \ \mathrm{for\ every\ cell}\ c \,\},}{
#' S(v) = { v(w) : w takes one score from each cell's set },}
#' where \eqn{A_c} is the set of scores cell \eqn{c} may have. One value in
#' \eqn{S(v)} is the result; more than one makes it not determinable (`"ND"`, for
#' sums `NA`) and the set says what is possible. The sets are exact: they are
#' worked out cell by cell, not sampled and not listed world by world.
#'
#' A tagged cell is classified with assumed scores: `digit**` and `NT**` as
#' normal (5 or 2); `digit*` as not normal, from the score found up to one below
#' normal; `NT*` as any score below normal; and `3*[0-2]` or `NT*[1-5]` as a score
#' in the range you give. A result carries a star where classifying with the
#' scores found (tags taken off) gives another set. Sums are of the scores found
#' and never carry a star.
#'
#' @section Where the rules are open:
#' * All intact, but no voluntary anal contraction: the level of injury is `S3` by
#'   the rule "most rostral of the four levels"; some experts write `INT`, which
#'   `intact_without_vac = "INT"` gives. The motor level is `S3` either way.
#' * A non-key muscle sets the motor zone where it is the only finding that takes
#'   its side's motor function more than three levels below the motor level and the
#'   injury is incomplete. `nonkey_zpp = "reference"` does as the reference
#'   software: in grade C, where it lies more than three levels below the zone
#'   otherwise reported.
#' * An exam that is all intact is grade E only after an earlier deficit:
#'   `prior_deficit`. Otherwise no grade applies (`"NA"`); with `NA` both are possible.
#' * Motor incomplete with no key muscle below the level of injury (S1 or lower):
#'   grade D, since none of none is at least half.
#' * Two injuries: levels and zones below the upper one may say nothing. Name the
#'   results that are not to be determined in a column `not_determinable` of `exams`
#'   (such as `"complete, ais"`); they become `"ND"` with every value that such a result may have
#'   (levels C1 to INT; zones `"NA"`, C1 to S3; grades A to D and what an intact exam is called, by `prior_deficit`).
#' * A motor `5*` (exams before 2019) is read as `NT**` with a warning.
#'
#' @param exams (data frame) one row per exam with the columns
#'   `r_motor_c5` .. `r_motor_s1`, `r_lt_c2` .. `r_lt_s45`, `r_pp_c2` .. `r_pp_s45`,
#'   the same with `l_`, `vac` and `dap` (Yes, No or NT), and if recorded
#'   `r_lowest_nonkey` and `l_lowest_nonkey` (most caudal level, C5 to S1, at which
#'   a non-key muscle has function). Cells: numbers or text. Other columns
#'   (subject, visit) are carried to the result, but for such as look like a part of an exam. See
#'   [read_isncsci()] for other names and codings. Exams with cells that the reader set aside are `NA` throughout.
#' @param intact_without_vac (string) `"S3"` or `"INT"`, see above.
#' @param nonkey_zpp (string) `"only_finding"` or `"reference"`, see above.
#' @param missing (string) what an `NA` cell means. `"error"`: a mistake. `"na"`: not
#'   recorded; sums that need it and all results are `NA`. `"nt"`: read it as `NT`. A row
#'   without any entry is no exam: with `"na"` and `"nt"` it is `NA` throughout.
#' @param prior_deficit (logical, length 1 or one per exam) had the person a
#'   deficit before? `NA` if unknown.
#' @param on_error (string) `"stop"` at bad cells, or `"collect"`: bad exams become
#'   `NA` with a warning, and [isncsci_problems()] lists their cells.
#'
#' @return A data frame of class `isncsci_scores`, one row per exam: the columns of
#'   `exams` that are no cells, then for each variable `v`: `v`, `v_set` (possible
#'   values, comma-separated, most rostral first), `v_star` (logical), and for
#'   sums (points) `v_min`, `v_max` and `v_n_nt` (cells not tested). Sums: `uems_r uems_l
#'   uems lems_r lems_l lems motor_r motor_l motor_total lt_r lt_l lt pp_r pp_l pp`;
#'   `motor_total` (0 to 100) is asked for by registries, the worksheet reports arms and
#'   legs apart. Results: `sensory_r sensory_l motor_level_r motor_level_l nli complete
#'   ais zpp_sensory_r zpp_sensory_l zpp_motor_r zpp_motor_l`. A zone (or grade) that does
#'   not apply is the string `"NA"`; R's `NA` means no exam.
#' @section Conditions: `cordgain_invalid_input` naming row and column of bad cells,
#'   or missing or doubled columns, columns of an exam under other names than these, and columns
#'   with the name of a result; a warning `cordgain_bad_exams` when
#'   collecting, and `cordgain_legacy_star` for `5*`.
#' @references
#' ASIA and ISCoS (2019). International Standards for Neurological Classification of
#' Spinal Cord Injury, worksheet, "Steps in classification".
#'
#' Schuld C and others (2012). Journal of Neurotrauma 29:453-461: results over all
#' scores of untestable cells.
#' @seealso [read_isncsci()] before, [explain_isncsci()] and [conversion_table()] after.
#' @examples
#' scored <- score_isncsci(isncsci_simulated)
#' scored[1:4, c("subject", "week", "uems", "nli", "nli_set", "ais", "ais_set")]
#' @export
score_isncsci <- function(exams, intact_without_vac = c("S3", "INT"), nonkey_zpp = c("only_finding", "reference"),
                          missing = c("error", "na", "nt"), prior_deficit = TRUE, on_error = c("stop", "collect")) {
  intact_without_vac <- check_option(intact_without_vac, c("S3", "INT"))
  nonkey_zpp <- check_option(nonkey_zpp, c("only_finding", "reference"))
  missing <- check_option(missing, c("error", "na", "nt"))
  on_error <- check_option(on_error, c("stop", "collect"))
  columns <- exam_columns(exams, rlang::current_env())
  intact <- intact_grades(prior_deficit, nrow(exams), rlang::current_env())
  override <- read_overrides(exams[["not_determinable"]], rlang::current_env())
  raw <- core_score_isncsci(columns, intact, intact_without_vac == "INT", nonkey_zpp == "reference")
  standing <- standing_problems(exams, raw$notes)
  notes <- sort_notes(standing$notes, columns, missing)
  notes$problems <- rbind(notes$problems, override$problems)
  report_problems(notes$problems, on_error, rlang::current_env())
  warn_legacy(notes$legacy)
  notes$problems <- rbind(standing$problems, notes$problems)
  scores <- c(sum_columns(raw), result_columns(raw, override$rows, intact))
  scores <- blank_rows(scores, notes)
  kept <- setdiff(names(exams), isncsci_cells)
  result <- c(lapply(kept, \(name) exams[[name]]), scores)
  names(result)[seq_along(kept)] <- kept
  new_isncsci_scores(result, nrow(exams), notes$problems)
}

new_isncsci_scores <- function(columns, n, problems = no_problems()) {
  structure(columns, class = c("isncsci_scores", "data.frame"), row.names = .set_row_names(n), problems = problems)
}

# The 136 columns of cells in the core's order.
exam_columns <- function(exams, call) {
  if (!is.data.frame(exams)) {
    abort_input(c("{.arg exams} must be a data frame.", x = "It is {.obj_type_friendly {exams}}."), call = call)
  }
  check_readable_names(names(exams), call)
  check_unique_columns(names(exams), call)
  check_free_names(names(exams), call)
  # What read_isncsci() kept at the user's word was looked at there.
  own <- if (inherits(exams, "isncsci_exams")) names(exams) %in% isncsci_cells else rep(TRUE, length(exams))
  cells <- rep(NA_character_, length(exams))
  cells[own] <- cell_names(names(exams)[own], call)
  check_one_column_each(cells, names(exams), call)
  check_own_names(cells, names(exams), call)
  check_all_cells(names(exams), call)
  refuse_near_names(names(exams)[own & is.na(cells)], "Rename the column or drop it; {.fn read_isncsci} keeps what its
    {.arg id} names.", call)
  columns <- lapply(isncsci_cells, \(cell) exams[[cell]])
  none <- rep(NA, nrow(exams))
  columns[vapply(columns, is.null, NA)] <- list(none)
  check_cell_types(columns, call)
  columns
}

# A column that is carried along must not stand in the place of a result.
check_free_names <- function(names, call) {
  variables <- c(names(isncsci_sums), isncsci_results)
  taken <- intersect(names, c(outer(variables, c("", "_set", "_star", "_min", "_max", "_n_nt"), paste0)))
  if (length(taken) > 0L) {
    abort_input(c("{cli::qty(length(taken))}Column{?s} {.field {utils::head(taken, 8)}} {?has/have} the {?name/names} of
      {?a result/results}.",
      i = "Rename what was recorded (such as {.field {paste0('recorded_', taken[1])}}), or drop it."
    ), call = call, columns = taken)
  }
}

check_cell_types <- function(columns, call) {
  plain <- \(x) is.null(dim(x)) && !is.object(x)
  cells <- \(x) is.character(x) || is.numeric(x) || (is.logical(x) && all(is.na(x)))
  refuse_types(Filter(\(x) !plain(x) || !cells(x), stats::setNames(columns, isncsci_cells)), call)
}

# What an intact exam is called, as the core's bits: 16 grade E, 32 no grade.
intact_grades <- function(prior_deficit, n, call) {
  if (!is.logical(prior_deficit) || !length(prior_deficit) %in% c(1L, n)) {
    abort_input(c("{.arg prior_deficit} must be TRUE, FALSE or NA, once or for each exam.",
      x = "It is {.obj_type_friendly {prior_deficit}} of length {length(prior_deficit)}; there {cli::qty(n)}{?is/are}
        {n} exam{?s}."
    ), call = call)
  }
  rep_len(ifelse(is.na(prior_deficit), 48L, ifelse(prior_deficit, 16L, 32L)), n)
}

# Results that the examiner declares not determinable.
# @return list(rows = list of row numbers, by result; problems = data frame)
read_overrides <- function(text, call) {
  if (is.null(text) || (is.logical(text) && all(is.na(text)))) {
    return(list(rows = list(), problems = no_problems()))
  }
  if (!is.character(text) || !is.null(dim(text))) {
    abort_input(c("Column {.field not_determinable} must hold text.", x = "It is {.obj_type_friendly {text}}."),
      call = call)
  }
  text <- readable(text)
  rows <- which(!is.na(text) & nzchar(trimws(text)))
  named <- strsplit(trimws(text[rows]), "\\s*[,; ]\\s*")
  unknown <- rows[vapply(named, \(v) any(!v %in% isncsci_results), NA)]
  words <- paste("names a result that does not exist; results are", paste(isncsci_results, collapse = ", "))
  list(
    rows = split(rep(rows, lengths(named)), as.character(unlist(named))),
    problems = data.frame(row = unknown, column = rep("not_determinable", length(unknown)), value = text[unknown],
      problem = rep(words, length(unknown)))
  )
}

# Columns of the sums ---------------------------------------------------------

sum_columns <- function(raw) {
  never <- logical(nrow(raw$sum_min))
  columns <- lapply(seq_along(isncsci_sums), \(i) {
    sum_column(raw$sum_min[, i], raw$sum_max[, i], raw$sum_not_tested[, i], never)
  })
  columns <- unlist(columns, recursive = FALSE)
  names(columns) <- paste0(rep(names(isncsci_sums), each = 6L), c("", "_set", "_star", "_min", "_max", "_n_nt"))
  columns
}

sum_column <- function(min, max, not_tested, never) {
  value <- min
  open <- which(not_tested > 0L)
  value[open] <- NA_integer_
  words <- as.character(0:112)[min + 1L]
  if (length(open) > 0L) {
    key <- min[open] * 128L + max[open]
    keys <- unique(key)
    words[open] <- vapply(keys, \(k) paste(seq(k %/% 128L, k %% 128L), collapse = ","), "")[match(key, keys)]
  }
  list(value, words, never, min, max, not_tested)
}

# Columns of the results --------------------------------------------------------

# @param override (list) row numbers of results declared not determinable, by result
# @param intact (integer) what an intact exam is called, as the core's bits
result_columns <- function(raw, override, intact) {
  columns <- lapply(seq_along(isncsci_results), \(i) {
    sets <- raw$sets[, i]
    star <- if (any(raw$stars != 0L)) bitwAnd(raw$stars, bitwShiftL(1L, i - 1L)) != 0L else logical(length(sets))
    name <- isncsci_results[[i]]
    declared <- override[[name]]
    sets[declared] <- legal_values(name, intact[declared])
    star[declared] <- FALSE
    result_column(sets, star, name)
  })
  columns <- unlist(columns, recursive = FALSE)
  names(columns) <- paste0(rep(isncsci_results, each = 3L), c("", "_set", "_star"))
  columns
}

# The values that a result may have at all, as the core's bits: no level is "NA", no zone "INT".
legal_values <- function(name, intact) {
  bits <- as.integer(2^(seq_along(result_words[[name]]) - 1L))
  names(bits) <- result_words[[name]]
  if (name == "ais") {
    return(bitwOr(sum(bits[c("A", "B", "C", "D")]), intact))
  }
  never <- if (startsWith(name, "zpp_")) "INT" else "NA"
  rep(sum(bits[setdiff(names(bits), never)]), length(intact))
}

result_column <- function(sets, star, name) {
  found <- unique(sets)
  words <- lapply(found, \(set) set_words(set, name))
  at <- match(sets, found)
  value <- vapply(words, \(w) if (length(w) == 1L) w else "ND", "")
  set <- vapply(words, paste, "", collapse = ",")
  list(value[at], set[at], star)
}

# The values of one set, in the order of print.
set_words <- function(set, name) {
  words <- result_words[[name]]
  here <- words[bitwAnd(set, bitwShiftL(1L, seq_along(words) - 1L)) != 0L]
  words_in_order[[name]][words_in_order[[name]] %in% here]
}

# NA where there is no exam, no readable exam, or a cell that was not recorded.
blank_rows <- function(scores, notes) {
  rows <- unique(c(notes$problems$row, notes$empty))
  scores <- blank(scores, names(scores), rows)
  absent <- notes$absent
  if (nrow(absent) > 0L) {
    for (sum in names(isncsci_sums)) {
      hit <- unique(absent$row[absent$cell %in% isncsci_sums[[sum]]])
      scores <- blank(scores, paste0(sum, c("", "_set", "_star", "_min", "_max", "_n_nt")), hit)
    }
    scores <- blank(scores, paste0(rep(isncsci_results, each = 3L), c("", "_set", "_star")), unique(absent$row))
  }
  scores
}

blank <- function(scores, columns, rows) {
  if (length(rows) > 0L) {
    scores[columns] <- lapply(scores[columns], \(x) replace(x, rows, NA))
  }
  scores
}

# Methods ------------------------------------------------------------------------

#' @export
print.isncsci_scores <- function(x, n = 10L, ...) {
  shown <- intersect(c(other_columns(x), "uems", "lems", "lt", "pp", "nli", "complete", "ais"), names(x))
  cat("<isncsci_scores> ", nrow(x), " exam", if (nrow(x) != 1L) "s", "\n", sep = "")
  print.data.frame(starred(utils::head(as.data.frame(x), n))[shown], ...)
  if (nrow(x) > n) cat("and", nrow(x) - n, "more\n")
  cat("ND: more than one value is possible (columns *_set); *: rests on scores assumed for tagged cells.\n")
  invisible(x)
}

other_columns <- function(x) {
  variables <- c(names(isncsci_sums), isncsci_results)
  setdiff(names(x), c(outer(variables, c("", "_set", "_star", "_min", "_max", "_n_nt"), paste0)))
}

# Values with their star, as on the worksheet.
starred <- function(x) {
  for (v in intersect(c(names(isncsci_sums), isncsci_results), names(x))) {
    text <- as.character(x[[v]])
    if (v %in% names(isncsci_sums)) text[is.na(text) & !is.na(x[[paste0(v, "_min")]])] <- "ND"
    star <- which(x[[paste0(v, "_star")]] %in% TRUE)
    text[star] <- paste0(text[star], "*")
    x[[v]] <- text
  }
  x
}

#' @export
as.data.frame.isncsci_scores <- function(x, ...) {
  attr(x, "problems") <- NULL
  class(x) <- "data.frame"
  x
}

# Variables of a table of scores, or of some of its columns. What was left out is not known.
present_variables <- function(x) intersect(c(names(isncsci_sums), isncsci_results), names(x))

#' @exportS3Method "[" isncsci_scores
`[.isncsci_scores` <- take_exams

#' @export
summary.isncsci_scores <- function(object, ...) {
  variables <- present_variables(object)
  is_sum <- variables %in% names(isncsci_sums)
  count <- \(v, sum, f) if (sum && is.null(object[[paste0(v, "_min")]])) NA_integer_ else sum(f(v, sum))
  known <- \(v, sum) if (sum) !is.na(object[[paste0(v, "_min")]]) else !is.na(object[[v]])
  open <- \(v, sum) known(v, sum) & (if (sum) is.na(object[[v]]) else object[[v]] %in% "ND")
  stars <- \(v) if (is.null(object[[paste0(v, "_star")]])) NA_integer_ else
    sum(object[[paste0(v, "_star")]], na.rm = TRUE)
  data.frame(
    variable = variables, exams = as.integer(mapply(\(v, s) count(v, s, known), variables, is_sum)),
    not_determinable = as.integer(mapply(\(v, s) count(v, s, open), variables, is_sum)),
    starred = vapply(variables, stars, 0L), row.names = NULL
  )
}

#' @export
tidy.isncsci_scores <- function(x, ...) {
  if (length(present_variables(x)) == 0L) {
    abort_input(c("None of the columns is a sum or a result.", x = "They are {.field {names(x)}}."))
  }
  keys <- as.data.frame(x)[other_columns(x)]
  rows <- lapply(present_variables(x), \(v) {
    sum <- v %in% names(isncsci_sums)
    with <- \(what) column_or_na(x, paste0(v, what))
    end <- \(what) as.double(if (sum) with(what) else rep(NA, nrow(x)))
    data.frame(keys,
      term = rep(v, nrow(x)), estimate = if (sum) as.double(x[[v]]) else rep(NA_real_, nrow(x)),
      value = as.character(x[[v]]), set = as.character(with("_set")), star = as.logical(with("_star")),
      min = end("_min"), max = end("_max"), check.names = FALSE
    )
  })
  do.call(rbind, rows)
}
