# Rows of tidy(): one constructor, so that every table of the package has the same columns. Tables of a few rows are
# made by the dozen for each answer, and data.frame() and rbind() take most of the time of one (they look for names,
# rows and factors that are not there): these do for plain columns of known names.

# A data frame of these columns, each as long as the longest or of one value.
plain_table <- function(...) as_table(list(...))

as_table <- function(columns) {
  columns <- lapply(columns, unname)
  sizes <- lengths(columns)
  size <- if (any(sizes == 0L)) 0L else max(sizes)
  columns[sizes != size] <- lapply(columns[sizes != size], rep_len, size)
  attributes(columns) <- list(names = names(columns), class = "data.frame", row.names = c(NA_integer_, -size))
  columns
}

# The same rows with further columns.
with_columns <- function(rows, ...) as_table(c(unclass(rows), list(...)))

# Tables of the same columns below each other; NULL is none.
stack_tables <- function(...) stack_list(list(...))

stack_list <- function(tables) {
  tables <- tables[!vapply(tables, is.null, NA)]
  columns <- names(tables[[1]])
  as_table(stats::setNames(lapply(columns, \(name) do.call(c, lapply(tables, `[[`, name))), columns))
}

# `num.kind`: "exact" for a finite sum, "bound" for a proved bound, "estimate" for ten times the
# difference of two routes (never below rounding).
term_row <- function(term, estimate, lower = NA_real_, upper = NA_real_, error = 0, std.error = NA_real_,
                     num.kind = "estimate") {
  plain_table(
    term = term, estimate = estimate, std.error = std.error, conf.low = lower, conf.high = upper,
    num.error = error, num.kind = num.kind
  )
}
