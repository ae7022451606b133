# From a formula and data to what the core takes: y, X, Z and the level of each
# row. Everything that can be wrong with the data is found and named here.

#' The design of a recovery model
#'
#' @param split from `split_formula()`.
#' @param frame model frame of `frame_formula()`.
#' @param contrasts as in `stats::lm()`.
#' @return list of `x`, `y`, `weights`, `offset`, `random` (one entry per block
#'   of a covariance: `z`, `level`, `labels`, `group`, `columns`), `fixed_terms`,
#'   `xlevels`, `contrasts`.
#' @noRd
build_design <- function(split, frame, contrasts = NULL, call = rlang::caller_env()) {
  if (nrow(frame) == 0L) {
    abort_input(c("No rows are left.",
      i = "Every row has a missing value in a variable of the formula, or {.arg data} or {.arg subset} is empty."
    ), call = call)
  }
  check_frame(frame, call)
  fixed_terms <- part_terms(split$fixed, frame)
  check_factors(fixed_terms, frame, call)
  x <- stats::model.matrix(fixed_terms, frame, contrasts.arg = contrasts)
  list(
    x = x, y = as.double(stats::model.response(frame)),
    weights = frame_weights(frame, call), offset = frame_offset(frame, call),
    random = unlist(lapply(split$random, random_blocks, frame = frame, x = x, fixed = split$fixed,
      contrasts = contrasts, call = call), recursive = FALSE),
    residual = residual_pattern(split$residual, frame, call),
    fixed_terms = fixed_terms, xlevels = stats::.getXlevels(fixed_terms, frame), contrasts = attr(x, "contrasts")
  )
}

# terms of one part of the formula, with the frame's own way to rebuild poly() or ns() at new data.
part_terms <- function(rhs, frame) {
  all_terms <- attr(frame, "terms")
  out <- stats::terms(rlang::new_formula(NULL, rhs, env = environment(all_terms)))
  attr(out, "predvars") <- matching_predvars(out, all_terms)
  out
}

matching_predvars <- function(part, all_terms) {
  names_of <- \(t) vapply(as.list(attr(t, "variables"))[-1], deparse1, "")
  found <- match(names_of(part), names_of(all_terms))
  as.call(c(as.name("list"), as.list(attr(all_terms, "predvars"))[-1][found]))
}

# Random effects ---------------------------------------------------------------

# Blocks of one bar: one with all columns when correlated, else one per column.
random_blocks <- function(bar, frame, x, fixed, contrasts, call) {
  group <- group_levels(bar$group, frame)
  label <- deparse1(bar$group)
  if (length(group$labels) < 2L) {
    abort_input(c("The grouping factor {.var {label}} has only one level.",
      x = "All rows belong to {.val {group$labels}}.",
      i = "A variance between levels cannot be estimated from one: leave the term out."
    ), call = call)
  }
  terms <- part_terms(bar$lhs, frame)
  z <- bar_matrix(bar$lhs, terms, frame, x, fixed, contrasts)
  block <- \(columns) {
    list(z = z[, columns, drop = FALSE], level = group$level, labels = group$labels, group = label,
      columns = colnames(z)[columns], terms = terms, group_expr = bar$group,
      xlevels = stats::.getXlevels(terms, frame), contrasts = attr(z, "contrasts"), all_columns = colnames(z))
  }
  if (bar$correlated) list(block(seq_len(ncol(z)))) else lapply(seq_len(ncol(z)), block)
}

# The columns of a bar's left side; shared with X where they are the same.
bar_matrix <- function(lhs, terms, frame, x, fixed, contrasts) {
  if (identical(lhs, fixed)) {
    return(x)
  }
  if (identical(lhs, 1)) {
    return(matrix(1, nrow(frame), 1L, dimnames = list(NULL, "(Intercept)")))
  }
  used <- contrasts[intersect(names(contrasts), all.vars(lhs))]
  stats::model.matrix(terms, frame, contrasts.arg = used)
}

# What is wrong with the data -----------------------------------------------------

check_variables <- function(formula, data, call) {
  named <- all.vars(formula)
  known <- named %in% c(names(data), ".") | vapply(named, exists, TRUE, envir = environment(formula))
  if (!all(known)) {
    unknown <- named[!known]
    abort_input(c("{cli::qty(length(unknown))}{?A variable/Variables} of the formula {?is/are} not in {.arg data}.",
      x = "Not found: {.var {unknown}}.",
      i = "Columns of {.arg data}: {.var {names(data)}}."
    ), call = call)
  }
}

check_frame <- function(frame, call) {
  y <- stats::model.response(frame)
  if (!is.numeric(y) || is.matrix(y)) {
    abort_input(c("The score must be one numeric column.",
      x = "{.var {names(frame)[1]}} is {.obj_type_friendly {y}}."
    ), call = call)
  }
  numeric <- vapply(frame, \(column) is.double(column) && is.numeric(column), TRUE) # a date is a double, no number
  for (name in names(frame)[numeric]) {
    values <- frame[[name]]
    if (is.finite(sum(values))) next
    bad <- which(!is.finite(rowSums(as.matrix(values))))
    if (length(bad) > 0L) {
      abort_input(c("Every value must be finite.",
        x = "{.var {name}} is {format(as.matrix(values)[bad[1], 1])} in row {.val {rownames(frame)[bad[1]]}}."
      ), call = call)
    }
  }
}

check_factors <- function(terms, frame, call) {
  variables <- vapply(as.list(attr(terms, "variables"))[-1], deparse1, "")
  for (name in intersect(variables, names(frame))) {
    column <- frame[[name]]
    if (!(is.factor(column) || is.character(column) || is.logical(column))) next
    present <- unique(as.character(column))
    if (length(present) < 2L) {
      abort_input(c("The factor {.var {name}} has only one level.",
        x = "All rows have {.val {present}}.",
        i = "It cannot be told from the intercept: leave it out."
      ), call = call)
    }
  }
}

frame_weights <- function(frame, call) {
  weights <- stats::model.weights(frame)
  if (is.null(weights)) {
    return(numeric())
  }
  bad <- which(!is.finite(weights) | weights <= 0)
  if (length(bad) > 0L) {
    abort_input(c("Weights must be positive and finite.",
      x = "The weight is {format(weights[bad[1]])} in row {.val {rownames(frame)[bad[1]]}}.",
      i = "A row that should not count is left out with {.arg subset}."
    ), call = call)
  }
  as.double(weights)
}

frame_offset <- function(frame, call) {
  offset <- stats::model.offset(frame)
  if (is.null(offset)) numeric() else as.double(offset)
}
