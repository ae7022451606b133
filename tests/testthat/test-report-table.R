# Tables of a report: the room of the columns, and the XML that Word is given.

long <- strrep("a sentence of some length ", 8)
cells <- function(...) cordgain:::as_cells(data.frame(..., check.names = FALSE))
word <- function(x, align = "l") as.character(cordgain:::report_table(x, align, word = TRUE))
count <- function(pattern, text) lengths(regmatches(text, gregexpr(pattern, text)))

test_that("a cell shows its value, and nothing where nothing is known", {
  x <- cells(n = c(1, NA), share = c(0.25, 1.5), text = c(NA, "a"), whole = 3:4)
  expect_identical(unname(x), rbind(c("1", "0.25", "", "3"), c("", "1.50", "a", "4")))
  expect_identical(colnames(x), c("n", "share", "text", "whole"))
  expect_identical(dim(cells(one = "row")), c(1L, 1L))
})

test_that("no column is so narrow that its longest word would break, however long another's text", {
  table <- cells(term = "natural_responders", meaning = long, estimate = "0.0841", SD = "0.688", unit = "probability")
  share <- cordgain:::column_shares(table)
  expect_equal(sum(share), 1)
  words <- c(nchar("natural_responders"), nchar("sentence"), nchar("estimate"), nchar("0.688"), nchar("probability"))
  # 100 characters stand on a line
  expect_true(all(100 * share >= words))
  expect_identical(which.max(share), c(meaning = 2L))
})

test_that("columns that fit stand in proportion to what they hold, by hand", {
  # 4 and 9 characters, one word each, and two of air
  expect_equal(unname(cordgain:::column_shares(cells(a = "1234", b = "123456789"))), c(6, 11) / 17)
  # two words of 3 ask for 4 characters more than one of them
  expect_equal(unname(cordgain:::column_shares(cells(a = "abc def", b = "abc"))), c(9, 5) / 14)
})

test_that("words that alone exceed the page share it", {
  wide <- cells(a = strrep("x", 100), b = strrep("y", 50))
  expect_equal(unname(cordgain:::column_shares(wide)), c(102, 52) / 154)
})

test_that("a browser's table is knitr's", {
  skip_if_not_installed("knitr")
  x <- data.frame(a = 1:2, b = c("x", "y"))
  expect_identical(cordgain:::report_table(x, "lr", word = FALSE), knitr::kable(x, row.names = FALSE,
    align = c("l", "r")))
})

test_that("the ends of an interval and a number's per cent sign stay on one line, words are free", {
  expect_identical(unbroken_numbers(c("0.5 to 2", "1.2 % to > 99 %", "-1 to \u22120.3", "up to a day, from 2 on")),
    c("0.5\u00a0to\u00a02", "1.2\u00a0%\u00a0to\u00a0>\u00a099\u00a0%", "-1\u00a0to\u00a0\u22120.3",
      "up to a day, from 2 on"))
  skip_if_not_installed("knitr")
  x <- data.frame(interval = "0.0676 to 0.932", n = 4)
  expect_match(word(x), ">0.0676\u00a0to\u00a00.932<", fixed = TRUE)
  expect_match(paste(report_table(x, word = FALSE), collapse = "\n"), "0.0676\u00a0to\u00a00.932", fixed = TRUE)
})

test_that("Word's table has every cell once, its head on each page, rows whole and marks escaped", {
  skip_if_not_installed("knitr")
  xml <- word(data.frame(term = c("a < b", "c & d"), estimate = c(0.5, NA)), "lr")
  expect_match(xml, "```{=openxml}", fixed = TRUE)
  expect_identical(count("<w:tr>", xml), 3L)
  expect_identical(count("<w:tblHeader/>", xml), 1L)
  expect_identical(count("<w:cantSplit/>", xml), 3L)
  expect_identical(count("<w:tc>", xml), 6L)
  for (text in c("a &lt; b", "c &amp; d", "estimate", "0.5")) expect_match(xml, paste0(">", text, "<"), fixed = TRUE)
  # the second column stands right in each row
  expect_identical(count("w:val=\"right\"", xml), 3L)
  expect_identical(count("<w:b/>", xml), 2L)
})

test_that("the columns of Word's table fill its page", {
  skip_if_not_installed("knitr")
  xml <- word(data.frame(a = "x", b = long, c = "word"))
  grid <- regmatches(xml, gregexpr("(?<=gridCol w:w=\")[0-9]+", xml, perl = TRUE))[[1]]
  expect_lte(abs(sum(as.numeric(grid)) - 9360), 3)
})

test_that("Word's table is well-formed XML", {
  skip_if_not_installed("knitr")
  xml <- gsub("```.*", "", sub("^\\s*```\\{=openxml\\}", "", word(data.frame(a = "<&>", b = long))))
  expect_match(xml, "&lt;&amp;&gt;", fixed = TRUE)
  tags <- regmatches(xml, gregexpr("<[^>]+>", xml))[[1]]
  open <- character()
  for (tag in tags[!endsWith(tags, "/>")]) {
    name <- sub("^</?([^ >]+).*", "\\1", tag)
    if (startsWith(tag, "</")) {
      expect_identical(open[1], name)
      open <- open[-1]
    } else {
      open <- c(name, open)
    }
  }
  expect_identical(open, character())
  expect_gt(length(tags), 10)
})
