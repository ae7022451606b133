# The columns of a model matrix: a matrix where there are few rows, else products
# of the variables as they stand in the frame, which the core reads a block of
# rows at a time. A model matrix of a million rows is never made.

#' Columns of a model matrix
#'
#' @param terms one-sided terms.
#' @param frame the model frame.
#' @param contrasts as in `stats::lm()`.
#' @param whole_rows up to this many rows the matrix itself is made.
#' @return list of `core` (a matrix, or one list of parts per column; a part is
#'   list(values, factor or NULL, number of values before the part's own)),
#'   `names`, `assign`, `contrasts`: what `stats::model.matrix()` gives.
#' @noRd
model_columns <- function(terms, frame, contrasts = NULL, whole_rows = few_rows()) {
  variables <- .subset(frame, variable_names(terms))
  if (all(vapply(variables, is_plain, TRUE))) {
    return(plain_columns(terms, variables))
  }
  if (nrow(frame) <= whole_rows) {
    return(whole_columns(stats::model.matrix(terms, frame, contrasts.arg = contrasts)))
  }
  column_recipe(terms, frame, contrasts)
}

# Columns of numeric vectors and their products, which need nothing from model.matrix().
plain_columns <- function(terms, variables) {
  labels <- attr(terms, "term.labels")
  constant <- attr(terms, "intercept") == 1L
  list(
    core = recipe_columns(terms, variables, NULL), names = c(if (constant) "(Intercept)", labels),
    assign = c(if (constant) 0L, seq_along(labels))
  )
}

is_plain <- function(variable) {
  is.numeric(variable) && !is.object(variable) && is.null(dim(variable))
}

variable_names <- function(terms) {
  vapply(as.list(attr(terms, "variables"))[-1L], expr_label, "")
}

# At this many rows the two ways take the same time.
few_rows <- function() 1000L

whole_columns <- function(x) {
  list(core = x, names = colnames(x), assign = attr(x, "assign"), contrasts = attr(x, "contrasts"))
}

intercept_column <- function() {
  list(core = list(list()), names = "(Intercept)", assign = 0L)
}

# Some of the columns.
pick_columns <- function(columns, which) {
  core <- columns$core
  columns$core <- if (is.matrix(core)) core[, which, drop = FALSE] else core[which]
  columns$names <- columns$names[which]
  columns$assign <- columns$assign[which]
  columns
}

# The matrix itself, for those who ask.
columns_matrix <- function(columns, row_names) {
  out <- columns_at(columns, seq_along(row_names))
  rownames(out) <- row_names
  attr(out, "assign") <- columns$assign
  attr(out, "contrasts") <- columns$contrasts
  out
}

# Some of its rows.
columns_at <- function(columns, rows) {
  core <- columns$core
  out <- if (is.matrix(core)) {
    core[rows, , drop = FALSE]
  } else {
    values <- as.double(unlist(lapply(core, column_values, rows = rows), use.names = FALSE)) # none is no vector
    matrix(values, length(rows), length(core))
  }
  dimnames(out) <- list(NULL, columns$names)
  out
}

# The same columns of some rows alone.
keep_rows <- function(columns, rows) {
  columns$core <- columns_at(columns, rows)
  columns
}

column_values <- function(parts, rows) {
  Reduce(`*`, lapply(parts, part_values, rows = rows), rep(1, length(rows)))
}

part_values <- function(part, rows) {
  at <- if (is.null(part[[2]])) rows else as.integer(part[[2]])[rows]
  as.double(.subset(part[[1]], part[[3]] + at))
}

# The recipe --------------------------------------------------------------------------

# Names, assignment and contrasts come from model.matrix() itself at three rows, which also holds the recipe to it;
# should they differ (a variable of a class of its own), the matrix is made after all.
column_recipe <- function(terms, frame, contrasts) {
  variables <- recipe_variables(terms, frame)
  rows <- unique(c(1L, nrow(frame) %/% 2L, nrow(frame)))
  model <- stats::model.matrix(terms, some_rows(variables, rows, attr(frame, "terms")), contrasts.arg = contrasts)
  out <- whole_columns(model)
  out$core <- NULL
  plain <- vapply(variables, \(v) typeof(v) %in% c("double", "integer"), TRUE)
  if (all(plain)) out$core <- recipe_columns(terms, variables, out$contrasts)
  if (!identical(unname(vapply(out$core, column_values, numeric(length(rows)), rows = rows)), plain_matrix(model))) {
    return(whole_columns(stats::model.matrix(terms, frame, contrasts.arg = contrasts)))
  }
  out
}

plain_matrix <- function(x) {
  matrix(x, nrow(x), ncol(x))
}

# The variables of the terms; words and logicals as factors.
recipe_variables <- function(terms, frame) {
  lapply(stats::setNames(nm = variable_names(terms)), \(name) {
    column <- frame[[name]]
    if (is.character(column) || is.logical(column)) factor(column) else column
  })
}

some_rows <- function(variables, rows, terms) {
  few <- lapply(variables, \(v) if (is.matrix(v)) v[rows, , drop = FALSE] else v[rows])
  structure(few, class = "data.frame", row.names = seq_along(rows), terms = terms)
}

recipe_columns <- function(terms, variables, contrasts) {
  factors <- column_roles(terms, vapply(variables, is.factor, TRUE))
  columns <- lapply(seq_along(attr(terms, "term.labels")), \(j) {
    used <- which(factors[, j] > 0L)
    if (length(used) == 1L && is_plain(variables[[used]])) {
      return(list(list(list(variables[[used]], NULL, 0))))
    }
    parts <- lapply(used, \(v) variable_parts(variables[[v]], factors[v, j], contrasts[[names(variables)[v]]]))
    Reduce(\(left, right) unlist(lapply(right, \(r) lapply(left, \(l) c(l, list(r)))), recursive = FALSE),
      parts, list(list()))
  })
  c(if (attr(terms, "intercept") == 1L) list(list()), unlist(columns, recursive = FALSE))
}

# How each variable enters each term; without an intercept the first factor has a column per level.
column_roles <- function(terms, is_factor) {
  roles <- attr(terms, "factors")
  if (attr(terms, "intercept") == 0L && length(roles) > 0L) {
    first <- which(roles > 0L & is_factor[row(roles)])[1]
    if (!is.na(first)) roles[first] <- 2L
  }
  roles
}

# One part per column that the variable has in this term (`role` 1: contrasts, 2: a column per level).
variable_parts <- function(variable, role, contrast) {
  if (is.factor(variable)) {
    coding <- if (role == 1L) level_coding(variable, contrast) else diag(nlevels(variable))
    return(lapply(seq_len(ncol(coding)), \(k) list(coding, variable, (k - 1) * nrow(coding))))
  }
  lapply(seq_len(NCOL(variable)), \(k) list(variable, NULL, (k - 1) * NROW(variable)))
}

level_coding <- function(variable, contrast) {
  labels <- levels(variable)
  coding <- contrast
  if (!is.matrix(contrast)) {
    one <- factor(labels, levels = labels, ordered = is.ordered(variable))
    coding <- stats::contrasts(stats::`contrasts<-`(one, value = contrast))
  }
  matrix(as.double(coding), nrow(coding), ncol(coding))
}
