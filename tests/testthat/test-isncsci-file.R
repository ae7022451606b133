write_text <- function(text, env = parent.frame()) {
  path <- withr::local_tempfile(fileext = ".csv", .local_envir = env)
  writeBin(if (is.raw(text)) text else charToRaw(text), path)
  path
}

read_here <- function(text, on_error = "stop") {
  path <- write_text(text, environment())
  read_exam_file(path, on_error, rlang::current_env())
}

test_that("commas, semicolons and tabs are found", {
  for (s in c(",", ";", "\t")) {
    table <- read_here(paste0(paste("a", "b", "c", sep = s), "\n", paste("1", "x", "", sep = s), "\n"))$table
    expect_identical(names(table), c("a", "b", "c"))
    expect_identical(table$b, "x")
    expect_true(is.na(table$c))
  }
})

test_that("line ends of all systems, a mark at the start and a missing last line end do not matter", {
  for (end in c("\n", "\r\n", "\r")) {
    expect_identical(read_here(paste0("a,b", end, "1,x", end, "2,y"))$table, data.frame(a = c(1, 2), b = c("x", "y")))
  }
  expect_identical(names(read_here(c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw("a,b\n1,2\n")))$table), c("a", "b"))
})

test_that("quoted fields may hold separators", {
  expect_identical(read_here("a,b\n\"x, y\",2\n")$table$a, "x, y")
})

test_that("numbers become numbers, record numbers with zeros in front do not", {
  table <- read_here("week,id,cell\n2,007,5\n12,012,NT\n")$table
  expect_identical(table$week, c(2, 12))
  expect_identical(table$id, c("007", "012"))
  expect_identical(table$cell, c("5", "NT"))
})

test_that("a line that is cut off is named with row and column", {
  error <- expect_error(read_here("a,b,c\n1,2,3\n4,5"), class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "Row 2, column `c`: NA: 2 of 3 fields (is the file cut off here?)",
    fixed = TRUE)
  expect_error(read_here("a,b,c\n1,2,3,4\n"), "Row 1", class = "cordgain_invalid_input")
})

test_that("good rows are kept when a line is cut off and problems are collected", {
  expect_warning(read <- read_here("a,b,c\n1,2,3\n4,5\n7,8,9\n", "collect"), class = "cordgain_bad_exams")
  expect_identical(read$table$a, c(1, NA, 7))
  expect_identical(read$problems$row, 2L)
})

test_that("text that is not UTF-8 is named with row and column", {
  latin <- c(charToRaw("a,b\n1,x\n2,"), as.raw(0xe9), charToRaw("\n"))
  expect_error(read_here(latin), "Row 2, column `b`: NA: not in UTF-8", fixed = TRUE, class = "cordgain_invalid_input")
  expect_error(read_here(c(as.raw(0xe9), charToRaw(",b\n1,2\n"))), "not in UTF-8", class = "cordgain_invalid_input")
})

test_that("UTF-16 and other binary files are refused", {
  utf16 <- as.raw(c(0xff, 0xfe, 0x61, 0, 0x2c, 0, 0x62, 0, 0x0a, 0))
  expect_error(read_here(utf16), "UTF-8", class = "cordgain_invalid_input")
})

test_that("an open quotation mark is refused, not followed to the end of the file", {
  expect_error(read_here("a,b\n\"1,2\n3,4\n"), "Row 1", class = "cordgain_invalid_input")
  expect_error(read_here("a,\"b\n1,2\n"), "line of names", class = "cordgain_invalid_input")
})

test_that("files that are absent, empty or without an exam are refused", {
  expect_error(read_exam_file(tempfile(), "stop", rlang::current_env()), "no file", class = "cordgain_invalid_input")
  expect_error(read_exam_file(tempdir(), "stop", rlang::current_env()), class = "cordgain_invalid_input")
  expect_error(read_here(""), "no exam", class = "cordgain_invalid_input")
  expect_error(read_here("a,b\n"), "no exam", class = "cordgain_invalid_input")
})

test_that("random bytes give a table or a classed error, never another error", {
  skip_on_cran() # long
  withr::local_seed(8)
  for (i in 1:100) {
    bytes <- as.raw(sample(c(0:255, rep(utf8ToInt(",;\n\"0123456789NT*"), 20)), sample(1:400, 1), TRUE))
    got <- tryCatch(suppressWarnings(read_here(bytes, sample(c("stop", "collect"), 1))),
      cordgain_invalid_input = \(e) "refused")
    expect_true(identical(got, "refused") || is.data.frame(got$table))
  }
})

test_that("good rows are kept beside a line with an open quotation mark, as a cut-off quoted field leaves it", {
  expect_warning(read <- read_here("a,b\n1,\"x\"\n2,\"y", "collect"), class = "cordgain_bad_exams")
  expect_identical(read$table$b, c("x", NA))
  expect_identical(read$problems$row, 2L)
  expect_match(read$problems$problem, "quotation mark")
})

test_that("a line with too many fields is not called cut off", {
  expect_error(read_here("a,b\n1,2,3\n"), "3 fields, but 2 names", class = "cordgain_invalid_input")
})

test_that("a JSON file is named as such", {
  expect_error(read_here('{"rightMotorC5": 5,\n"vac": "No"}\n'), "JSON", class = "cordgain_invalid_input")
  expect_error(read_here('[{"vac": "No"}]'), "JSON", class = "cordgain_invalid_input")
})

test_that("lines cut at their separators and lines parsed give the same table", {
  plain <- "a,b,c\n 1 ,x,\n2,NA,\"y\"\n,z,3\n"
  parsed <- "a,b,c\n 1 ,x,\n2,NA,\"y\"\n,z,3\n\"p, q\",z,3\n"
  one <- read_here(plain)$table
  two <- read_here(parsed)$table
  expect_identical(one, data.frame(a = c(1, 2, NA), b = c("x", NA, "z"), c = c(NA, "y", "3")))
  expect_identical(two$b, c("x", NA, "z", "z"))
  expect_identical(two$a, c("1", "2", NA, "p, q"))
  # A mark within a field is for the parser.
  expect_identical(read_here("a,b\n5\"x\" y,2\n")$table$b, 2)
})

test_that("separators are counted outside quotation marks only", {
  expect_identical(count_fields(c("a,b", "\"a,b\",c", "", "\"\",\"x\""), ","), c(2L, 2L, 1L, 2L))
  expect_identical(count_separators(c("a;b;c", "\u00e9;", ""), ";"), c(2L, 1L, 0L))
})

test_that("a file of many exams is read in one pass: its time grows with its rows", {
  skip_on_cran() # a time
  path <- withr::local_tempfile(fileext = ".csv")
  exams <- as.data.frame(isncsci_simulated)[rep(1:20, 100), ]
  utils::write.csv(exams, path, row.names = FALSE, na = "")
  seconds <- system.time(read <- read_isncsci(path, quiet = TRUE))[["user.self"]]
  expect_identical(read$l_pp_s45, exams$l_pp_s45)
  expect_identical(read$week, exams$week)
  # 2,000 exams took half a second when each cell was turned into text by itself; 5 leaves a busy machine room.
  expect_lt(seconds, 5)
})
