# From a file of exams to a table of text. The file is checked as bytes first, so
# that a wrong encoding or a cut-off line is named and not read as something else.

# @param path (string) a text table: comma, semicolon or tab between fields
# @param on_error "stop", or "collect": lines that cannot be read become empty rows
# @return list(table = data frame of character, problems = data frame)
read_exam_file <- function(path, on_error, call) {
  lines <- file_lines(path, call)
  if (length(lines) > 0L && grepl("^\\s*[[{]", lines[1L])) {
    abort_input(c("{.file {basename(path)}} is no table: it begins as JSON does.",
      i = "Read it into a list first; {.fn read_isncsci} takes an exam as a named list, or a list of such."
    ), call = call)
  }
  if (length(lines) < 2L) {
    abort_input(c("{.file {basename(path)}} holds no exam.",
      i = "Expected are a line of names and a line for each exam."), call = call)
  }
  separator <- field_separator(lines[1L])
  names <- header_names(lines[1L], separator, call)
  bad <- line_problems(lines, names, separator)
  report_problems(bad, on_error, call, "line")
  lines[bad$row + 1L] <- strrep(separator, length(names) - 1L)
  list(table = plain_numbers(field_table(lines, names, separator)), problems = bad)
}

# Fields as columns of text. Where no field holds a separator or a mark of its own, the lines are cut at the
# separators, which takes a fraction of the time of a parser.
field_table <- function(lines, names, separator) {
  plain <- !any(grepl("\"", lines, fixed = TRUE) & count_separators(lines, separator) != length(names) - 1L)
  # The separator at the end keeps an empty last field.
  fields <- if (plain) unlist(strsplit(paste0(lines[-1L], separator), separator, fixed = TRUE))
  distinct <- unique(fields)
  quoted <- grepl("^\\s*\"[^\"]*\"\\s*$", distinct)
  if (!plain || any(grepl("\"", distinct[!quoted], fixed = TRUE))) {
    return(utils::read.table(
      text = lines, header = TRUE, sep = separator, quote = "\"", colClasses = "character", na.strings = c("", "NA"),
      check.names = FALSE, comment.char = "", strip.white = TRUE, blank.lines.skip = FALSE
    ))
  }
  text <- trimws(distinct)
  text[quoted] <- substr(text[quoted], 2L, nchar(text[quoted]) - 1L)
  text[text %in% c("", "NA")] <- NA_character_
  cells <- matrix(text[match(fields, distinct)], ncol = length(names), byrow = TRUE)
  columns <- lapply(seq_along(names), \(i) cells[, i])
  structure(stats::setNames(columns, names), class = "data.frame", row.names = .set_row_names(nrow(cells)))
}

# Columns that hold nothing but numbers as R writes them become numbers: weeks do,
# record numbers such as "007" do not. Cells are read as text again later.
plain_numbers <- function(table) {
  table[] <- lapply(table, \(x) {
    distinct <- unique(x)
    number <- suppressWarnings(as.numeric(distinct))
    same <- is.na(distinct) | (!is.na(number) & as.character(number) == distinct)
    if (all(same) && !all(is.na(distinct))) number[match(x, distinct)] else x
  })
  table
}

file_lines <- function(path, call) {
  if (!file.exists(path) || dir.exists(path)) {
    abort_input(c("There is no file {.file {path}}."), call = call)
  }
  if (file.size(path) > .Machine$integer.max) {
    abort_input(c("{.file {basename(path)}} is larger than 2 GB.", i = "Split it and read the parts."), call = call)
  }
  bytes <- readBin(path, "raw", file.size(path))
  if (any(bytes == as.raw(0L))) {
    abort_input(c("{.file {basename(path)}} is not a text file in UTF-8.",
      x = "It holds zero bytes, as UTF-16 text and spreadsheets do.",
      i = "Save it as CSV in UTF-8."
    ), call = call)
  }
  if (length(bytes) >= 3L && identical(bytes[1:3], as.raw(c(0xef, 0xbb, 0xbf)))) {
    bytes <- bytes[-(1:3)]
  }
  lines <- strsplit(rawToChar(unix_ends(bytes)), "\n", fixed = TRUE, useBytes = TRUE)[[1L]]
  while (length(lines) > 0L && !nzchar(lines[length(lines)])) lines <- lines[-length(lines)]
  if (length(lines) > 0L && !validUTF8(lines[1L])) {
    abort_input(c("The names in {.file {basename(path)}} are not in UTF-8.",
      i = "Save the file as UTF-8."), call = call)
  }
  Encoding(lines) <- "UTF-8"
  lines
}

# Line ends of all systems made those of one.
unix_ends <- function(bytes) {
  at <- which(bytes == as.raw(13L))
  if (length(at) == 0L) {
    return(bytes)
  }
  bytes[at] <- as.raw(10L)
  followed <- at[at < length(bytes)]
  followed <- followed[bytes[followed + 1L] == as.raw(10L) & !(followed + 1L) %in% at]
  if (length(followed) > 0L) bytes[-followed] else bytes
}

field_separator <- function(header) {
  separators <- c(",", ";", "\t")
  separators[which.max(vapply(separators, \(s) lengths(regmatches(header, gregexpr(s, header, fixed = TRUE))), 0L))]
}

header_names <- function(header, separator, call) {
  if (open_quote(header)) {
    abort_input("A quotation mark is not closed in the line of names.", call = call)
  }
  names <- scan(
    text = header, what = "", sep = separator, quiet = TRUE, quote = "\"", comment.char = "", strip.white = TRUE,
    na.strings = character(), encoding = "UTF-8"
  )
  if (length(names) == 0L || !any(nzchar(names))) {
    abort_input(c("The first line holds no names.",
      i = "Expected are a line of names and a line for each exam."), call = call)
  }
  names
}

# Lines that are not UTF-8, leave a quotation mark open, or do not have as many fields
# as there are names. An open mark would swallow the lines after it, so it is never followed.
line_problems <- function(lines, names, separator) {
  coded <- validUTF8(lines)
  readable <- ifelse(coded, lines, "")
  open <- open_quote(readable)
  fields <- count_fields(readable, separator)
  wrong <- which(!coded | open | fields != length(names))
  wrong <- wrong[wrong > 1L]
  place <- vapply(wrong, \(i) if (coded[i]) min(fields[i] + 1L, length(names)) else bad_field(lines[i], separator), 0)
  problem <- ifelse(fields[wrong] < length(names),
    sprintf("%d of %d fields (is the file cut off here?)", fields[wrong], length(names)),
    sprintf("%d fields, but %d names", fields[wrong], length(names))
  )
  problem[open[wrong]] <- "a quotation mark is not closed (a field that holds a line break is not read)"
  problem[!coded[wrong]] <- "not in UTF-8"
  data.frame(
    row = wrong - 1L, column = names[place], value = rep(NA_character_, length(wrong)), problem = as.character(problem)
  )
}

open_quote <- function(lines) {
  count_separators(lines, "\"") %% 2L == 1L
}

# How often a character stands in each line: what is gone when it is taken out.
count_separators <- function(lines, separator) {
  nchar(lines, "bytes") - nchar(gsub(separator, "", lines, fixed = TRUE, useBytes = TRUE), "bytes")
}

# Number of fields of each line; a separator within quotation marks is none.
count_fields <- function(lines, separator) {
  marked <- grepl("\"", lines, fixed = TRUE)
  lines[marked] <- gsub("\"[^\"]*\"", "", lines[marked], perl = TRUE, useBytes = TRUE)
  count_separators(lines, separator) + 1L
}

bad_field <- function(line, separator) {
  fields <- strsplit(line, separator, fixed = TRUE, useBytes = TRUE)[[1L]]
  which(!validUTF8(fields))[1L]
}
