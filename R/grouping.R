# Levels of grouping factors as numbers from 0, with their labels.

#' Levels of a grouping expression
#'
#' @param expr a variable, a call that the frame holds, or a product `b:a`.
#' @return list of `level` (integer from 0, one per row) and `labels`.
#' @noRd
group_levels <- function(expr, frame) {
  Reduce(cross_levels, lapply(group_leaves(expr), \(leaf) leaf_levels(frame[[expr_label(leaf)]])))
}

leaf_levels <- function(values) {
  if (is.factor(values)) {
    return(coded_levels(as.integer(values), nlevels(values), levels(values)))
  }
  numbers <- whole_numbers(values)
  if (!is.null(numbers)) { # counting is quicker than sorting
    lowest <- min(numbers) - 1L
    out <- coded_levels(numbers - lowest, max(numbers) - lowest)
    labels <- if (is.double(values)) as.double(out$labels + lowest) else out$labels + lowest
    return(list(level = out$level, labels = as.character(labels)))
  }
  found <- if (is.object(values)) sort(unique(values)) else sort.int(unique(values))
  list(level = match(values, found) - 1L, labels = as.character(found))
}

# Whole numbers that do not lie far apart, as integers; else NULL.
whole_numbers <- function(values) {
  if (is.object(values) || !is.numeric(values) || length(values) == 0L) {
    return(NULL)
  }
  range <- range(values)
  if (!all(is.finite(range)) || diff(as.double(range)) > 4 * length(values) || any(abs(range) > 2^30)) {
    return(NULL)
  }
  numbers <- as.integer(values)
  if (is.integer(values) || all(numbers == values)) numbers
}

# Levels from codes 1 ... size; without labels, the codes themselves.
coded_levels <- function(code, size, labels = seq_len(size)) {
  present <- which(tabulate(code, size) > 0L)
  level <- if (length(present) == size) code - 1L else match(code, present) - 1L
  list(level = level, labels = labels[present])
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
