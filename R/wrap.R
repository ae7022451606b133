# Words and tables on a screen that may be narrow: nothing runs past its edge, and no row loses its name.

# Lines for a screen, those that are too long continued two columns further in.
wrap_lines <- function(lines, width = min(100, getOption("width"))) {
  indent <- nchar(lines) - nchar(sub("^ +", "", lines))
  too_long <- nchar(lines) >= width
  wrapped <- Map(\(line, i, long) if (long) strwrap(line, width, indent = i, exdent = i + 2) else line,
    lines, indent, too_long)
  as.character(unlist(wrapped, use.names = FALSE))
}

# A table as R prints it. On a screen too narrow for a line of it R tells the columns in blocks one below the other;
# then `labels` stand before each block, for the first column stands before one alone.
print_rows <- function(rows, labels, ...) {
  print_as <- \() print(rows, row.names = FALSE, ...)
  lines <- utils::capture.output(print_as())
  if (length(lines) == nrow(rows) + 1L) {
    return(print_as())
  }
  rows <- rows[-1]
  rownames(rows) <- labels
  print(rows, ...)
}
