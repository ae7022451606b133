# Levels of injury: the one place that says which level covers which.

# Segments from the neck down; a level is the stretch between two of them.
segments <- c(paste0("C", 1:8), paste0("T", 1:12), paste0("L", 1:5), paste0("S", 1:5))

# Levels that are named rather than written as a stretch such as "T1-T9".
level_table <- data.frame(
  level = c("cervical", "thoracic", "above T11", "above T10", "T12 or higher", "cervical+thoracic",
    "T10 and below", "L1 and below", "paraplegia", "all"),
  from = c("C1", "T1", "C1", "C1", "C1", "C1", "T10", "L1", "T1", "C1"),
  to = c("C8", "T12", "T10", "T9", "T12", "T12", "S5", "S5", "S5", "S5")
)

# Words printed for the same level.
level_synonyms <- c(tetraplegia = "cervical", quadriplegia = "cervical", "all levels" = "all")

# @param level (character, NA unknown) as written by the user or a source.
# @return the name the package uses; a word of the user's own stays as it is.
standard_level <- function(level) {
  known <- match(tolower(level), names(level_synonyms))
  ifelse(is.na(known), level, unname(level_synonyms)[known])
}

# First and last segment of a level as positions in `segments`; NA where the
# level is unknown or a word of the user's own.
level_span <- function(level) {
  row <- match(standard_level(level), level_table$level)
  parts <- strsplit(as.character(level), "-", fixed = TRUE)
  part <- \(i) vapply(parts, \(p) if (length(p) <= 2L) rev(p)[[min(3L - i, length(p))]] else NA_character_, "")
  end <- \(i, known) match(ifelse(is.na(row), part(i), known[row]), segments)
  list(from = end(1L, level_table$from), to = end(2L, level_table$to))
}

# Does the first level hold every segment of the second? NA if that is unknown.
level_covers <- function(wide, narrow) {
  wide <- level_span(wide)
  narrow <- level_span(narrow)
  wide$from <= narrow$from & wide$to >= narrow$to
}

or_unknown <- function(x) ifelse(is.na(x), "not known", x)
