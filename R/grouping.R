# Levels of grouping factors as numbers from 0, with their labels.

#' Levels of a grouping expression
#'
#' @param expr a variable, a call that the frame holds, or a product `b:a`.
#' @return list of `level` (integer from 0, one per row) and `labels`.
#' @noRd
group_levels <- function(expr, frame) {
  Reduce(cross_levels, lapply(group_leaves(expr), \(leaf) leaf_levels(frame[[deparse1(leaf)]])))
}

leaf_levels <- function(values) {
  if (is.factor(values)) {
    code <- as.integer(values)
    present <- which(tabulate(code, nlevels(values)) > 0L)
    labels <- levels(values)[present]
    level <- if (length(present) == nlevels(values)) code - 1L else match(code, present) - 1L
  } else {
    found <- sort(unique(values))
    labels <- as.character(found)
    level <- match(values, found) - 1L
  }
  list(level = level, labels = labels)
}

cross_levels <- function(first, second) {
  code <- first$level * as.double(length(second$labels)) + second$level
  found <- sort(unique(code))
  list(
    level = match(code, found) - 1L,
    labels = paste(
      first$labels[found %/% length(second$labels) + 1],
      second$labels[found %% length(second$labels) + 1],
      sep = ":"
    )
  )
}
