# How cells are written elsewhere, turned into the package's own codes: a digit,
# digit*, digit**, NT, NT*, NT**. What cannot be turned is left as it is, so
# that the check of the cells refuses it by row and column.

# Works on the distinct strings of a column, of which there are few; what is no readable text stays as it is.
recode <- function(x, words) {
  each_string(x, words, otherwise = NULL)
}

# @param f from readable text to a vector of its length
# @param otherwise what stands for text that is not readable; NULL for itself
each_string <- function(x, f, otherwise) {
  distinct <- unique(x)
  text <- as_text(distinct)
  good <- is_readable(text)
  result <- if (is.null(otherwise)) text else rep(otherwise, length(text))
  result[good] <- f(text[good])
  result[match(x, distinct)]
}

as_text <- function(x) {
  if (is.character(x)) x else as.character(x)
}

tidy_text <- function(x) {
  x <- trimws(as_text(x))
  x[!nzchar(x) | toupper(x) %in% c("NA", "UNK")] <- NA_character_
  x
}

# Scores as they stand: "5.0" is 5, "nt *" is NT*.
plain_score <- function(x) {
  x <- toupper(gsub("\\s+", "", tidy_text(x)))
  sub("^([0-5])\\.0+$", "\\1", x)
}

# REDCap: nt, and ab-0 to ab-4, ab-nt for a tagged score (one star until the companion column speaks).
redcap_score <- function(x) {
  x <- plain_score(x)
  tagged <- grepl("^AB-?([0-4]|NT)$", x)
  x[tagged] <- paste0(sub("^AB-?", "", x[tagged]), "*")
  x
}

# Sygen: 9 is not testable.
sygen_score <- function(x) {
  x <- plain_score(x)
  x[x %in% "9"] <- "NT"
  x
}

plain_finding <- function(x) {
  x <- toupper(tidy_text(x))
  result <- c(YES = "Yes", Y = "Yes", "TRUE" = "Yes", "1" = "Yes", NO = "No", N = "No", "FALSE" = "No", "0" = "No",
    NT = "NT")[x]
  unname(ifelse(is.na(result), x, result))
}

sygen_finding <- function(x) {
  x <- plain_finding(x)
  x[x %in% "9"] <- "NT"
  x
}

plain_nonkey <- function(x) {
  x <- toupper(tidy_text(x))
  x[x %in% c("0", "NONE", "NO")] <- NA_character_
  sub("^([CTLS])0([0-9])$", "\\1\\2", x)
}

# Codings by name: what a score and a finding are written as, whether a companion column tags a score by
# itself or only explains its star, and which scores as given carry a tag that says neither normal nor not.
no_neutral <- function(x) logical(length(x))
isncsci_codings <- list(
  wide = list(score = plain_score, finding = plain_finding, tags = TRUE, neutral = no_neutral),
  long = list(score = plain_score, finding = plain_finding, tags = TRUE, neutral = no_neutral),
  praxis = list(score = plain_score, finding = plain_finding, tags = FALSE, neutral = \(x) grepl("^[^*]*\\*\\s*$", x)),
  redcap = list(score = redcap_score, finding = plain_finding, tags = FALSE,
    neutral = \(x) grepl("^\\s*ab", x, ignore.case = TRUE)),
  sygen = list(score = sygen_score, finding = sygen_finding, tags = FALSE, neutral = no_neutral)
)

recode_cell <- function(x, cell, coding) {
  words <- if (cell %in% isncsci_findings) {
    coding$finding
  } else if (cell %in% isncsci_nonkey) {
    plain_nonkey
  } else {
    coding$score
  }
  recode(x, words)
}

# What the companion column says: TRUE consider normal, FALSE not normal, NA nothing.
consider_normal <- function(x) {
  known <- c("1" = TRUE, "TRUE" = TRUE, YES = TRUE, Y = TRUE, "2" = FALSE, "FALSE" = FALSE, NO = FALSE, N = FALSE)
  each_string(x, \(text) unname(known[toupper(tidy_text(text))]), otherwise = NA)
}

# Joins a score and its companion column. What cannot be read in the companion is
# written out beside the score, so that the check of cells refuses it.
# @param score (character) scores in the package's coding
# @param given the same as they were written
# @param top (integer) the normal score of the cell
join_companion <- function(score, companion, coding, given = score, top = 5L) {
  told <- recode(companion, tidy_text)
  at <- which(!is.na(told) & !is.na(score) & is_readable(score))
  if (length(at) == 0L) {
    return(score)
  }
  normal <- consider_normal(told[at])
  joined <- join_tag(score[at], normal, coding, top, each_string(given[at], coding$neutral, otherwise = FALSE))
  joined[is.na(normal)] <- paste0(joined, " (consider normal: ", readable(told[at]), ")")[is.na(normal)]
  replace(score, at, joined)
}

# Joins a score and what its companion says. A contradiction is written out ("3** (not
# normal)") and thereby refused with its row and column.
join_tag <- function(score, normal, coding, top = 5L, neutral = logical(length(score))) {
  stars <- sub("^[^*]*", "", score)
  bare <- sub("\\*.*$", "", score)
  says <- !is.na(normal) & !is.na(score)
  # Forms that store "not normal" for every cell without a tag.
  silent <- stars == "" & !coding$tags & !normal
  range <- startsWith(stars, "*[")
  clash <- says & !silent & (
    (normal & ((stars == "*" & !neutral) | range | (stars == "" & !coding$tags))) |
      (!normal & (stars == "**" | bare == top | (range & endsWith(stars, paste0("-", top, "]")))))
  )
  joins <- says & !silent & !clash & !range
  score[which(joins)] <- paste0(bare, ifelse(normal, "**", "*"))[which(joins)]
  score[which(clash)] <- paste0(score, ifelse(normal, " (normal)", " (not normal)"))[which(clash)]
  score
}

# One file, one coding: stars and REDCap's ab- do not stand side by side.
check_one_coding <- function(columns, format, call) {
  scores <- columns[names(columns) %in% isncsci_score_cells]
  distinct <- lapply(scores, \(x) {
    text <- as_text(unique(x))
    text[is_readable(text)]
  })
  has <- \(pattern) vapply(distinct, \(text) any(grepl(pattern, text, ignore.case = TRUE)), NA)
  tag <- has("^\\s*ab-?")
  star <- if (any(tag)) has("\\*") else FALSE
  if (any(tag) && (any(star) || format != "redcap")) {
    where <- names(scores)[which(tag)[1L]]
    tagged <- grep("^\\s*ab-?", distinct[[where]], ignore.case = TRUE, value = TRUE)
    row <- which(as_text(scores[[where]]) %in% tagged)[1L]
    abort_input(c("Two codings are mixed.",
      x = "Row {row}, column {.field {where}}: {.val {as_text(scores[[where]])[row]}} is REDCap's
           coding of a tagged score.",
      x = if (any(star)) "Column {.field {names(scores)[which(star)[1]]}} has stars.",
      i = "Recode one of them, or read with {.code format = \"redcap\"}."
    ), call = call)
  }
}
