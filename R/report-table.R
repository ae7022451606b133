# Tables of a written report. Word is given its own XML: pandoc would divide the page among the columns by their longest
# cells, and one long text starves the rest until words break letter by letter.

# @param align one letter a column (l, r), or one string of them; a single letter is for all
report_table <- function(x, align = "l", word = identical(knitr::opts_knit$get("rmarkdown.pandoc.to"), "docx")) {
  align <- rep_len(strsplit(align, "", fixed = TRUE)[[1]], ncol(x))
  x[] <- lapply(x, \(column) if (is.character(column)) unbroken_numbers(column) else column)
  if (!word) {
    return(knitr::kable(x, row.names = FALSE, align = align))
  }
  knitr::asis_output(paste(c("", "```{=openxml}", word_table(as_cells(x), align), "```", ""), collapse = "\n"))
}

# Two ends of an interval, and a number and its per cent sign, stay on one line.
unbroken_numbers <- function(text) {
  text <- gsub("(?<=[0-9%]) to (?=[\u22120-9<>])", "\u00a0to\u00a0", text, perl = TRUE)
  gsub("(?<=[<>]) (?=[0-9])|(?<=[0-9]) (?=%)", "\u00a0", text, perl = TRUE)
}

# What each cell shows; nothing where nothing is known.
as_cells <- function(x) {
  cells <- vapply(x, \(column) {
    shown <- if (is.numeric(column)) format(column, digits = 7, trim = TRUE) else as.character(column)
    ifelse(is.na(column), "", shown)
  }, character(nrow(x)))
  matrix(cells, nrow(x), dimnames = list(NULL, names(x)))
}

# Each column gets the room of its longest word; what is left goes to those with more to say.
# @param page characters of the table's font that stand on one line
column_shares <- function(cells, page = 100) {
  both <- rbind(colnames(cells), cells)
  words <- apply(both, 2L, \(x) max(nchar(unlist(strsplit(x, "[ -]"))), 1L))
  most <- apply(nchar(both), 2L, max)
  wanted <- pmax(most - words, 0)
  left <- max(page - sum(words + 2), 0)
  width <- words + 2 + wanted * min(1, left / max(sum(wanted), 1))
  width / sum(width)
}

word_page <- 9360 # twentieths of a point: 6.5 inches, pandoc's text width

word_table <- function(cells, align) {
  width <- round(word_page * column_shares(cells))
  paste(c(
    "<w:tbl><w:tblPr><w:tblStyle w:val=\"Table\"/><w:tblW w:type=\"dxa\" w:w=\"", word_page, "\"/>",
    "<w:tblLayout w:type=\"fixed\"/><w:tblCellMar><w:left w:w=\"60\" w:type=\"dxa\"/>",
    "<w:right w:w=\"60\" w:type=\"dxa\"/></w:tblCellMar><w:tblLook w:firstRow=\"1\"/></w:tblPr><w:tblGrid>",
    paste0("<w:gridCol w:w=\"", width, "\"/>"), "</w:tblGrid>",
    word_row(colnames(cells), width, align, head = TRUE),
    apply(cells, 1L, word_row, width = width, align = align, head = FALSE), "</w:tbl>"
  ), collapse = "")
}

# A row stays on one page, the head is repeated on each.
word_row <- function(text, width, align, head) {
  escaped <- gsub(">", "&gt;", gsub("<", "&lt;", gsub("&", "&amp;", text, fixed = TRUE), fixed = TRUE), fixed = TRUE)
  paste0("<w:tr><w:trPr><w:cantSplit/>", if (head) "<w:tblHeader/>", "</w:trPr>",
    paste0("<w:tc><w:tcPr><w:tcW w:w=\"", width, "\" w:type=\"dxa\"/></w:tcPr><w:p><w:pPr>",
      "<w:pStyle w:val=\"Compact\"/>",
      "<w:jc w:val=\"", c(l = "left", r = "right")[align], "\"/></w:pPr><w:r><w:rPr>", if (head) "<w:b/>",
      "<w:sz w:val=\"16\"/></w:rPr><w:t xml:space=\"preserve\">", escaped, "</w:t></w:r></w:p></w:tc>", collapse = ""),
    "</w:tr>")
}
