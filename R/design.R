# From a formula and data to what the core takes: y, X, Z and the level of each
# row. Everything that can be wrong with the data is found and named here.

#' The design of a recovery model
#'
#' @param split from `split_formula()`.
#' @param frame model frame of `frame_formula()`.
#' @param contrasts as in `stats::lm()`.
#' @param family from `as_recovery_family()`.
#' @return list of `x` (from `model_columns()`), `y`, `scores` (as the family's engine takes them), `weights`,
#'   `offset`, `random`
#'   (one entry per block of a covariance: `z`, from `model_columns()`, `level`,
#'   `labels`, `group`, `columns`), `fixed_terms`, `xlevels`, `contrasts`.
#' @noRd
build_design <- function(split, frame, contrasts = NULL, family = gaussian_scores(), call = rlang::caller_env()) {
  if (nrow(frame) == 0L) {
    abort_input(c("No rows are left.",
      i = "Every row has a missing value in a variable of the formula, or {.arg data} or {.arg subset} is empty."
    ), call = call)
  }
  check_frame(frame, family, call)
  fixed_terms <- part_terms(split$fixed, frame)
  check_factors(fixed_terms, frame, call)
  x <- model_columns(fixed_terms, frame, contrasts)
  scores <- family_scores(family, frame[[1L]])
  list(
    x = x, y = if (is.matrix(scores)) scores[, 1L] else scores, scores = scores,
    weights = frame_weights(frame, call), offset = frame_offset(frame, call),
    random = random_parts(split, frame, x, fixed_terms, contrasts, call),
    residual = residual_pattern(split$residual, frame, call),
    fixed_terms = fixed_terms, xlevels = frame_levels(fixed_terms, frame), contrasts = x$contrasts
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
  variables <- \(t) as.character(as.list(attr(t, "variables"))[-1])
  found <- match(variables(part), variables(all_terms))
  as.call(c(as.name("list"), as.list(attr(all_terms, "predvars"))[-1][found]))
}

# Levels of the factors of a part, for new data.
frame_levels <- function(terms, frame) {
  coded <- vapply(.subset(frame, variable_names(terms)), \(column) is.factor(column) || is.character(column), TRUE)
  if (any(coded)) stats::.getXlevels(terms, frame)
}

# Random effects ---------------------------------------------------------------

random_parts <- function(split, frame, x, fixed_terms, contrasts, call) {
  bars <- lapply(split$random, \(bar) {
    group <- bar_levels(bar, frame, call)
    z <- bar_columns(bar$lhs, split$fixed, frame, x, fixed_terms, contrasts)
    block <- \(which) {
      list(z = pick_columns(z$columns, which), level = group$level, labels = group$labels, group = group$label,
        columns = z$columns$names[which], terms = z$terms, group_expr = bar$group, xlevels = z$xlevels,
        contrasts = z$columns$contrasts, all_columns = z$columns$names)
    }
    all <- seq_along(z$columns$names)
    if (bar$correlated) list(block(all)) else lapply(all, block)
  })
  unlist(bars, recursive = FALSE)
}

bar_levels <- function(bar, frame, call) {
  group <- group_levels(bar$group, frame)
  group$label <- expr_label(bar$group)
  if (length(group$labels) < 2L) {
    abort_input(c("The grouping factor {.var {group$label}} has only one level.",
      x = "All rows belong to {.val {as.character(group$labels)}}.",
      i = "A variance between levels cannot be estimated from one: leave the term out."
    ), call = call)
  }
  group
}

# The columns of a bar's left side; shared with X where they are the same.
bar_columns <- function(lhs, fixed, frame, x, fixed_terms, contrasts) {
  if (identical(lhs, fixed)) {
    return(list(columns = x, terms = fixed_terms, xlevels = frame_levels(fixed_terms, frame)))
  }
  terms <- part_terms(lhs, frame)
  if (identical(lhs, 1)) {
    return(list(columns = intercept_column(), terms = terms))
  }
  used <- contrasts[intersect(names(contrasts), all.vars(lhs))]
  list(columns = model_columns(terms, frame, used), terms = terms, xlevels = frame_levels(terms, frame))
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

check_frame <- function(frame, family, call) {
  check_scores(family, frame[[1L]], names(frame)[1], rownames(frame), call)
  for (name in names(frame)) {
    values <- .subset2(frame, name)
    if (if (is.double(values) && is.numeric(values)) is.finite(sum(values)) else !anyNA(values)) next
    bad <- if (is.numeric(values)) which(!is.finite(rowSums(as.matrix(values)))) else which(is.na(values))
    if (length(bad) > 0L) {
      abort_input(c("Every value must be finite.",
        x = "{.var {name}} is {format(as.matrix(values)[bad[1], 1])} in row {.val {rownames(frame)[bad[1]]}}."
      ), call = call)
    }
  }
}

check_factors <- function(terms, frame, call) {
  for (name in variable_names(terms)) {
    column <- frame[[name]]
    if (!(is.factor(column) || is.character(column) || is.logical(column))) next
    present <- if (is.factor(column)) levels(column) else unique(column)
    if (length(present) < 2L) {
      abort_input(c("The factor {.var {name}} has only one level.",
        x = "All rows have {.val {as.character(present)}}.",
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
