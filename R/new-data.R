# Rows for which a fit predicts: new data turned into X, Z, levels and visits by
# the fit's own terms, and what is wrong with them named.

#' Rows to be predicted
#'
#' @param newdata data frame, or NULL for the rows fitted.
#' @param included (logical, one per term of random effects) levels looked up; else every row has a level of its own.
#' @param counted (logical, one per term) whether the term is part of what is predicted.
#' @param visits whether the residual over visits is needed.
#' @return as `fitted_rows()`, with `offset` and the row names; level `NA` for a level of its own, rows with missing
#'   values left out, their numbers in `missing`.
#' @noRd
prediction_rows <- function(fit, newdata, included, counted, allow, visits, weights, call) {
  if (is.null(newdata)) {
    out <- fitted_rows(fit, seq_along(fit$design$y))
    out$offset <- if (length(fit$design$offset) > 0L) fit$design$offset else numeric(out$n)
    out$names <- rownames(fit$frame)
  } else {
    check_new_data(fit, newdata, included, counted, visits, call)
    out <- new_rows(fit, newdata, included, counted, allow, visits, call)
    out$names <- rownames(newdata)
  }
  if (!is.null(weights)) out$weight <- rep_len(check_numeric(weights, min = 0, min_open = TRUE, call = call), out$n)
  for (t in which(!included)) out$terms[[t]]$level <- rep(NA_integer_, out$n)
  for (t in which(!counted)) out$terms[[t]]$z[] <- 0
  if (!any(included) && length(included) > 0L || !visits) out$subject <- rep(NA_integer_, out$n)
  leave_out_missing(out)
}

new_rows <- function(fit, newdata, included, counted, allow, visits, call) {
  design <- fit$design
  n <- nrow(newdata)
  frame <- part_frame(design$fixed_terms, design$xlevels, newdata, fit, call)
  x <- stats::model.matrix(design$fixed_terms, frame, contrasts.arg = design$contrasts)
  terms <- lapply(seq_along(design$random), \(t) {
    block <- design$random[[t]]
    list(
      z = if (counted[t]) new_effects(block, newdata, fit, call) else matrix(0, n, length(block$columns)),
      level = if (included[t]) known_levels(block, newdata, allow, call) else rep(NA_integer_, n)
    )
  })
  out <- list(
    n = n, x = x[, fit$result$frame$kept, drop = FALSE], terms = terms, weight = rep(1, n),
    offset = new_offset(fit, frame, newdata)
  )
  if (visits) c(out, new_visits(fit, newdata, call)) else out
}

# The model frame of one part of the formula in new data; a factor level that was not fitted is named.
part_frame <- function(terms, xlevels, newdata, fit, call) {
  frame <- tryCatch(stats::model.frame(terms, newdata, na.action = stats::na.pass), error = \(e) {
    abort_input(c("{.arg newdata} does not hold what the formula needs.", x = escape_braces(conditionMessage(e))),
      call = call)
  })
  check_classes(frame, fit, call)
  for (name in names(xlevels)) {
    values <- as.character(frame[[name]])
    unseen <- setdiff(values[!is.na(values)], xlevels[[name]])
    if (length(unseen) > 0L) {
      abort_input(c("{.var {name}} has {cli::qty(length(unseen))}{?a level that was/levels that were} not fitted.",
        x = "{cli::qty(length(unseen))}Not fitted: {.val {unseen}}; fitted: {.val {xlevels[[name]]}}.",
        i = "There is no fixed effect for {cli::qty(length(unseen))}{?it/them}: leave the row{?s} out."
      ), call = call, column = name, levels = unseen)
    }
    frame[[name]] <- factor(values, levels = xlevels[[name]], ordered = is.ordered(fit$frame[[name]]))
  }
  frame
}

# A number where a factor was fitted, or the other way round.
check_classes <- function(frame, fit, call) {
  fitted <- attr(attr(fit$frame, "terms"), "dataClasses")
  kind <- \(class) if (class %in% c("factor", "ordered", "character", "logical")) "factor" else class
  for (name in intersect(names(frame), names(fitted))) {
    found <- stats::.MFclass(frame[[name]])
    if (kind(found) != kind(fitted[[name]])) {
      abort_input(c("{.var {name}} is not of the kind that was fitted.",
        x = "Fitted: {fitted[[name]]}; in {.arg newdata}: {found}."), call = call)
    }
  }
}

new_effects <- function(block, newdata, fit, call) {
  frame <- part_frame(block$terms, block$xlevels, newdata, fit, call)
  z <- stats::model.matrix(block$terms, frame, contrasts.arg = block$contrasts)
  z[, block$columns, drop = FALSE]
}

# Numbers of the levels, from 0 as in the design; NA for a level that was not fitted.
known_levels <- function(block, newdata, allow, call) {
  labels <- new_labels(block$group_expr, newdata)
  level <- match(labels, block$labels) - 1L
  new <- unique(labels[is.na(level)])
  if (length(new) > 0L && !allow) {
    abort_input(c("{.var {block$group}} has {cli::qty(length(new))}{?a level that was/levels that were} not fitted.",
      x = "Not fitted: {.val {new}}.",
      i = paste("{.code allow.new.levels = TRUE} predicts the mean of all for",
        "{cli::qty(length(new))}{?it/them}, with the variance between levels in its error.")
    ), call = call, levels = new)
  }
  level
}

# Labels of a grouping expression as group_levels() writes them.
new_labels <- function(expr, data) {
  leaves <- lapply(group_leaves(expr), \(leaf) as.character(eval(leaf, data, baseenv())))
  labels <- do.call(paste, c(leaves, sep = ":"))
  labels[Reduce(`|`, lapply(leaves, is.na))] <- NA_character_
  labels
}

new_offset <- function(fit, frame, newdata) {
  inside <- stats::model.offset(frame)
  argument <- eval(fit$call$offset, newdata, environment(fit$formula))
  out <- numeric(nrow(newdata))
  if (!is.null(inside)) out <- out + inside
  if (!is.null(argument)) out <- out + rep_len(argument, nrow(newdata))
  out
}

# Subject (NA: not fitted), visit and group of new rows in a residual over visits.
new_visits <- function(fit, newdata, call) {
  pattern <- fit$design$residual
  words <- fit$split$residual
  n <- nrow(newdata)
  out <- list(subject = rep(NA_integer_, n), visit = integer(n), group = integer(n))
  if (!is.null(words$group)) {
    out$subject <- match(new_labels(words$group, newdata), pattern$subjects) - 1L
    out$visit <- match_level(as.character(eval(words$lhs, newdata, baseenv())), pattern$visits, words$lhs, call)
  }
  if (!is.null(words$by)) out$group <- match_level(new_labels(words$by, newdata), pattern$groups, words$by, call)
  out
}

match_level <- function(labels, known, expr, call) {
  out <- match(labels, known) - 1L
  unseen <- unique(labels[is.na(out) & !is.na(labels)])
  if (length(unseen) > 0L) {
    abort_input(c("The residual covariance has no variance for {.var {deparse1(expr)}} {.val {unseen}}.",
      x = "Fitted: {.val {known}}."), call = call)
  }
  out
}

# Variables that the prediction needs; what stands in the formula's environment may only be a constant.
check_new_data <- function(fit, newdata, included, counted, visits, call) {
  if (!is.data.frame(newdata)) {
    abort_input(c("{.arg newdata} must be a data frame.", x = "It is {.obj_type_friendly {newdata}}."), call = call)
  }
  random <- fit$design$random
  needed <- unique(c(
    all.vars(stats::delete.response(fit$design$fixed_terms)), all.vars(fit$call$offset),
    unlist(lapply(random[counted], \(block) all.vars(block$terms))),
    unlist(lapply(random[included], \(block) all.vars(block$group_expr))),
    if (visits) c(all.vars(fit$split$residual$lhs), all.vars(fit$split$residual$by))
  ))
  is_constant <- \(name) {
    env <- environment(fit$formula)
    exists(name, envir = env) && (is.function(get(name, envir = env)) || length(get(name, envir = env)) == 1L)
  }
  missing <- Filter(\(name) !name %in% names(newdata) && !is_constant(name), needed)
  if (length(missing) > 0L) {
    abort_input(c("{.arg newdata} lacks {cli::qty(length(missing))}{?a column/columns} of the formula.",
      x = "Not found: {.var {missing}}."), call = call)
  }
}

# Rows whose mean or effects are missing cannot be predicted: they become NA in the answer.
leave_out_missing <- function(rows) {
  bad <- is.na(rows$offset) | rowSums(is.na(rows$x)) > 0
  for (term in rows$terms) bad <- bad | rowSums(is.na(term$z)) > 0
  if (!is.null(rows$visit)) bad <- bad | is.na(rows$visit) | is.na(rows$group)
  rows$missing <- which(bad)
  if (!any(bad)) {
    return(rows)
  }
  keep <- which(!bad)
  rows$terms <- lapply(rows$terms, \(term) list(z = term$z[keep, , drop = FALSE], level = term$level[keep]))
  rows$x <- rows$x[keep, , drop = FALSE]
  for (name in intersect(c("weight", "offset", "subject", "visit", "group"), names(rows))) {
    rows[[name]] <- rows[[name]][keep]
  }
  rows$n <- length(keep)
  rows
}
