# Checks of tables, sets of strings and ranges. Like those of conditions.R each
# returns its value and blames the call of the user.

check_flag <- function(x, arg = rlang::caller_arg(x), call = rlang::caller_env()) {
  if (!is.logical(x) || length(x) != 1L || is.na(x)) {
    abort_input(c("{.arg {arg}} must be TRUE or FALSE.", x = "It is {.obj_type_friendly {x}}."), call = call)
  }
  x
}

# Text with unknowns allowed; a logical NA is how people write an unknown.
check_text <- function(x, arg = rlang::caller_arg(x), call = rlang::caller_env()) {
  if (is.logical(x) && all(is.na(x))) {
    return(rep(NA_character_, length(x)))
  }
  if (!is.character(x)) {
    abort_input(c("{.arg {arg}} must be text.",
      x = "It is {.obj_type_friendly {x}}.",
      i = if (is.factor(x)) "Factors are not converted: use as.character() where you can see the result."
    ), call = call)
  }
  if (any(!nzchar(trimws(x)) & !is.na(x))) {
    abort_input(c("{.arg {arg}} must not hold an empty string.", i = "Write NA for what is not known."), call = call)
  }
  x
}

# Numbers with unknowns allowed.
check_known <- function(x, arg = rlang::caller_arg(x), min = -Inf, max = Inf, todo = NULL, call = rlang::caller_env()) {
  if (is.logical(x) && all(is.na(x))) {
    return(rep(NA_real_, length(x)))
  }
  force(arg)
  check_numeric(x, arg, min = min, max = max, unknown = TRUE, todo = todo, call = call)
}

# A column, unknown where a table lacks it.
column_or_na <- function(x, name) if (is.null(x[[name]])) rep(NA, nrow(x)) else x[[name]]

check_known_column <- function(x, name, ..., call) check_known(column_or_na(x, name), name, ..., call = call)

# How precise published means are: columns sd, se and n, unknown where a table lacks them.
check_precision_columns <- function(x, call) {
  for (name in names(precision_columns)) {
    x[[name]] <- check_known_column(x, name, min = 0, todo = precision_columns[[name]], call = call)
  }
  x
}

# What to do about a number below 0.
precision_columns <- list(
  sd = "An SD is above 0; NA stands for one that was not published.",
  se = "An SE is above 0; NA stands for one that was not published.",
  n = "It counts patients; NA stands for a number that was not published."
)

# A range from two ends, or one number for both; NA for what is not known.
check_range <- function(x, arg = rlang::caller_arg(x), min = -Inf, max = Inf, whole = FALSE,
                        call = rlang::caller_env()) {
  force(arg)
  x <- check_known(x, arg, min, max, call = call)
  if (!length(x) %in% 1:2) {
    abort_input(c("{.arg {arg}} must be one number or a range of two.", x = "It has length {length(x)}."), call = call)
  }
  x <- rep_len(x, 2L)
  if (anyNA(x)) {
    return(c(NA_real_, NA_real_))
  }
  if (x[1] > x[2] || (whole && any(x != round(x)))) {
    abort_input(c("{.arg {arg}} must be {if (whole) 'whole numbers '}from the smaller to the larger.",
      x = "It is {x[1]} to {x[2]}."
    ), call = call)
  }
  x
}

max_table_rows <- 10000

# A table small enough to be evidence or patients: a raw export given by mistake
# is told from a table of sources by its size.
check_table <- function(x, arg = rlang::caller_arg(x), call = rlang::caller_env()) {
  if (!is.data.frame(x)) {
    abort_input(c("{.arg {arg}} must be a data frame.", x = "It is {.obj_type_friendly {x}}."), call = call)
  }
  if (nrow(x) == 0L) {
    abort_input(c("{.arg {arg}} has no rows.", i = "Was it filtered on a value that does not occur?"), call = call)
  }
  if (nrow(x) > max_table_rows) {
    abort_input(c("{.arg {arg}} has too many rows to be what is asked for.",
      x = "It has {nrow(x)} rows; at most {max_table_rows} are read.",
      i = "One row stands for one study and stratum (or one patient of the trial), not for one record."
    ), call = call)
  }
  twice <- unique(names(x)[duplicated(names(x))])
  if (length(twice) > 0L) {
    abort_input(c("{.arg {arg}} has columns of the same name.", x = "Twice: {.field {twice}}."), call = call)
  }
  as.data.frame(x)
}

check_columns <- function(data, needed, arg = rlang::caller_arg(data), call = rlang::caller_env()) {
  absent <- setdiff(needed, names(data))
  if (length(absent) > 0L) {
    abort_input(c("{.arg {arg}} lacks {cli::qty(length(absent))}{?the column/the columns} {.field {absent}}.",
      x = "It has {.field {names(data)}}."
    ), call = call)
  }
  invisible(data)
}

# Words that name a column by which a person can be found. Compared word by word,
# so that "subject" and "motor_level" pass and "patient_name" does not.
identifying_words <- c(
  "name", "firstname", "lastname", "surname", "forename", "fullname", "patientname", "initials", "birth", "birthday",
  "birthdate", "dob", "mrn", "ssn", "nhs", "passport", "address", "street", "postcode", "postal", "zip", "zipcode",
  "phone", "telephone", "mobile", "email", "mail", "insurance", "chart", "karte"
)
identifying_pairs <- c("record number", "record no", "record id", "medical record", "hospital number", "hospital no",
  "hospital id", "national id", "case number", "date of birth")

is_identifying <- function(columns) {
  text <- gsub("([a-z])([A-Z])", "\\1 \\2", columns)
  text <- trimws(gsub("[^a-z0-9]+", " ", tolower(text)))
  words <- strsplit(text, " ", fixed = TRUE)
  named <- rep(seq_along(words), lengths(words))[unlist(words) %in% identifying_words]
  seq_along(text) %in% named | gsub(" ", "", text, fixed = TRUE) %in% identifying_words |
    grepl(paste(identifying_pairs, collapse = "|"), text)
}

check_no_identifiers <- function(data, arg = rlang::caller_arg(data), call = rlang::caller_env()) {
  bad <- names(data)[is_identifying(names(data))]
  if (length(bad) > 0L) {
    abort_input(c("{.arg {arg}} has {cli::qty(length(bad))}{?a column/columns} by which a patient could be identified.",
      x = "{cli::qty(length(bad))}Column{?s}: {.field {bad}}.",
      i = "Leave {cli::qty(length(bad))}{?it/them} out and number the patients in a column {.field subject}."
    ), call = call)
  }
  invisible(data)
}
