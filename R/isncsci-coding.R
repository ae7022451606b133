# How cells are written elsewhere, turned into the package's own codes: a digit,
# digit*, digit**, NT, NT*, NT**. What cannot be turned is left as it is, so
# that the check of the cells refuses it by row and column.

# Works on the distinct strings of a column, of which there are few.
recode <- function(x, words) {
  distinct <- unique(x)
  words(distinct)[match(x, distinct)]
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

# REDCap: nt, and ab-3, ab-nt for a tagged score (one star until the companion column speaks).
redcap_score <- function(x) {
  x <- plain_score(x)
  tagged <- grepl("^AB-?", x)
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

# Codings by name: what a score and a finding are written as, and whether a
# companion column tags a score by itself ("digit") or only explains its star.
isncsci_codings <- list(
  wide = list(score = plain_score, finding = plain_finding, tags = TRUE),
  long = list(score = plain_score, finding = plain_finding, tags = TRUE),
  praxis = list(score = plain_score, finding = plain_finding, tags = FALSE),
  redcap = list(score = redcap_score, finding = plain_finding, tags = FALSE),
  sygen = list(score = sygen_score, finding = sygen_finding, tags = FALSE)
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
  x <- toupper(tidy_text(x))
  known <- c("1" = TRUE, "TRUE" = TRUE, YES = TRUE, Y = TRUE, "2" = FALSE, "FALSE" = FALSE, NO = FALSE, N = FALSE)
  unname(known[x])
}

# Joins a score and its companion column. What cannot be read in the companion is
# written out beside the score, so that the check of cells refuses it.
join_companion <- function(score, companion, coding) {
  normal <- consider_normal(companion)
  unread <- which(is.na(normal) & !is.na(tidy_text(companion)) & !is.na(score))
  score <- join_tag(score, normal, coding)
  score[unread] <- paste0(score[unread], " (consider normal: ", as_text(companion)[unread], ")")
  score
}

# Joins a score and what its companion says. A contradiction is written out ("3** (not
# normal)") and thereby refused with its row and column.
join_tag <- function(score, normal, coding) {
  stars <- sub("^[^*]*", "", score)
  bare <- sub("\\*.*$", "", score)
  says <- !is.na(normal) & !is.na(score)
  top_or_plain <- stars == "" & (!coding$tags & !normal)
  clash <- says & ((stars == "**" & !normal) | (stars == "" & !coding$tags & normal) |
    (bare == "5" & !normal & !top_or_plain))
  joins <- says & !clash & !top_or_plain & !grepl("[", score, fixed = TRUE)
  score[which(joins)] <- paste0(bare, ifelse(normal, "**", "*"))[which(joins)]
  score[which(clash)] <- paste0(score, ifelse(normal, " (normal)", " (not normal)"))[which(clash)]
  score
}

# One file, one coding: stars and REDCap's ab- do not stand side by side.
check_one_coding <- function(columns, format, call) {
  scores <- columns[names(columns) %in% isncsci_score_cells]
  has <- \(pattern) vapply(scores, \(x) any(grepl(pattern, unique(as_text(x)), ignore.case = TRUE)), NA)
  star <- has("\\*")
  tag <- has("^\\s*ab-?")
  if (any(tag) && (any(star) || format != "redcap")) {
    where <- names(scores)[which(tag)[1L]]
    row <- which(grepl("^\\s*ab-?", as_text(scores[[where]]), ignore.case = TRUE))[1L]
    abort_input(c("Two codings are mixed.",
      x = "Row {row}, column {.field {where}}: {.val {as_text(scores[[where]])[row]}} is REDCap's
           coding of a tagged score.",
      x = if (any(star)) "Column {.field {names(scores)[which(star)[1]]}} has stars.",
      i = "Recode one of them, or read with {.code format = \"redcap\"}."
    ), call = call)
  }
}
