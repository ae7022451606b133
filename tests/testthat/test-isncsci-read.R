read_quietly <- function(...) read_isncsci(..., quiet = TRUE)

test_that("the package's own columns come back as they are", {
  exams <- exams_of(exam_at("C7", r_motor_c8 = "NT*", l_lowest_nonkey = "L3"), exam_at("T4", dap = "NT"))
  read <- read_quietly(exams)
  expect_s3_class(read, "isncsci_exams")
  expect_identical(names(read), isncsci_cells)
  for (cell in isncsci_cells) expect_identical(read[[cell]], exams[[cell]], info = cell)
})

test_that("a file, its data frame and its list give the same exams", {
  path <- system.file("extdata", "isncsci-simulated.csv", package = "cordgain")
  from_file <- read_quietly(path)
  table <- utils::read.csv(path, colClasses = "character", na.strings = "", check.names = FALSE)
  table$week <- as.numeric(table$week)
  expect_identical(read_quietly(table), from_file)
  from_list <- read_quietly(lapply(1:3, \(i) as.list(table[i, ])))
  expect_identical(from_list$r_motor_c5, from_file$r_motor_c5[1:3])
  for (cell in isncsci_cells) expect_identical(from_file[[cell]], isncsci_simulated[[cell]], info = cell)
})

test_that("what was read can be scored", {
  exams <- cbind(subject = "a", exam_at("C7"))
  expect_identical(score_isncsci(read_quietly(exams)), score_isncsci(exams))
})

test_that("one exam as a named list is read, with absent values as not recorded", {
  exam <- as.list(exam_at("C7"))
  expect_identical(read_quietly(exam)$r_lt_c2, "2")
  exam["dap"] <- list(NULL)
  expect_error(read_quietly(exam), "dap", class = "cordgain_invalid_input")
  expect_true(is.na(read_quietly(exam, missing = "na")$dap))
})

test_that("REDCap exams get stars from their codes", {
  exam <- exam_at("C7")
  cells <- grep("_(motor|lt|pp)_", names(exam), value = TRUE)
  long <- c(r = "right", l = "left", motor = "motor", lt = "light_touch", pp = "pinprick")
  names(exam)[match(cells, names(exam))] <- vapply(strsplit(cells, "_"), \(p) {
    paste(long[[p[1]]], long[[p[2]]], sub("s45", "s4_5", p[3]), "value", sep = "_")
  }, "")
  exam$left_motor_c8_value <- "ab-3"
  exam$left_motor_c8_considernormal <- "1"
  exam$left_motor_t1_value <- "ab-nt"
  exam$left_motor_t1_considernormal <- "2"
  read <- read_quietly(exam)
  expect_identical(read$l_motor_c8, "3**")
  expect_identical(read$l_motor_t1, "NT*")
  exam$left_motor_c8_value <- "3"
  expect_error(read_quietly(exam), "l_motor_c8", class = "cordgain_invalid_input")
})

test_that("missing cells are an error, NA or NT, as chosen", {
  exams <- exams_of(exam_at("C7"), exam_at("C7", r_lt_t3 = NA), exam_at("C7", r_lt_t3 = "UNK"))
  expect_error(read_quietly(exams), "Row 2, column `r_lt_t3`", fixed = TRUE, class = "cordgain_invalid_input")
  expect_identical(read_quietly(exams, missing = "na")$r_lt_t3, c("0", NA, NA))
  expect_identical(read_quietly(exams, missing = "nt")$r_lt_t3, c("0", "NT", "NT"))
})

test_that("a row without an exam stays without one", {
  exams <- exams_of(exam_at("C7"), exam_at("C7"))
  exams[2, ] <- NA
  expect_true(is.na(read_quietly(exams, missing = "nt")$vac[2]))
})

test_that("bad cells stop with row and column, or are collected", {
  exams <- exams_of(exam_at("C7"), exam_at("C7", l_pp_s3 = "3"), exam_at("C7", vac = "?"))
  expect_error(read_quietly(exams), "Row 2, column `l_pp_s3`", fixed = TRUE, class = "cordgain_invalid_input")
  expect_warning(read <- read_quietly(exams, on_error = "collect"), class = "cordgain_bad_exams")
  expect_identical(isncsci_problems(read)$column, c("l_pp_s3", "vac"))
  expect_identical(read$l_pp_s3, c("0", NA, "0"))
  expect_identical(score_isncsci(read, missing = "na")$ais, c("A", NA, NA))
})

test_that("a cut-off file keeps its good exams when collecting", {
  path <- withr::local_tempfile(fileext = ".csv")
  exams <- cbind(subject = c("a", "b"), exams_of(exam_at("C7"), exam_at("T4")))
  utils::write.csv(exams, path, row.names = FALSE, na = "", quote = FALSE)
  lines <- readLines(path)
  writeLines(c(lines[1:2], substr(lines[3], 1, 60)), path)
  expect_error(read_quietly(path), "Row 2", class = "cordgain_invalid_input")
  expect_warning(read <- read_quietly(path, on_error = "collect"), class = "cordgain_bad_exams")
  expect_identical(read$subject, c("a", NA))
  expect_identical(read$r_motor_c5, c("5", NA))
  expect_identical(isncsci_problems(read)$row, 2L)
})

test_that("the old 5* becomes NT** with a warning", {
  expect_warning(read <- read_quietly(exam_at("T4", r_motor_c5 = "5*")), class = "cordgain_legacy_star")
  expect_identical(read$r_motor_c5, "NT**")
})

test_that("the mapping is said and kept", {
  exam <- cbind(subject = "a", exam_at("C7"))
  names(exam)[names(exam) == "vac"] <- "Voluntary Anal Contraction"
  expect_message(read <- read_isncsci(exam), "vac <- Voluntary Anal Contraction", class = "cordgain_mapping")
  expect_identical(attr(read, "mapping")$column[attr(read, "mapping")$cell == "vac"], "Voluntary Anal Contraction")
  expect_message(read_isncsci(exam), "subject")
  expect_no_message(read_isncsci(exam, quiet = TRUE))
})

test_that("columns that are no cells may be limited", {
  exam <- cbind(subject = "a", height = 180, exam_at("C7"))
  expect_identical(read_quietly(exam, id = c("subject", "height"))$height, 180)
  expect_error(read_quietly(exam, id = "subject"), "height", class = "cordgain_invalid_input")
})

test_that("unknown, doubled, ambiguous and missing columns are refused by name", {
  exam <- exam_at("C7")
  expect_error(read_quietly(cbind(exam, r_motor_t2 = "5")), "r_motor_t2", class = "cordgain_invalid_input")
  expect_error(read_quietly(cbind(exam, lt_c5 = "2")), "lt_c5", class = "cordgain_invalid_input")
  expect_error(read_quietly(cbind(exam, rightMotorC5 = "5")), "rightMotorC5", class = "cordgain_invalid_input")
  expect_error(read_quietly(cbind(exam, exam["vac"])), "vac", class = "cordgain_invalid_input")
  expect_error(read_quietly(exam[setdiff(names(exam), "r_pp_l1")]), "r_pp_l1", class = "cordgain_invalid_input")
})

test_that("mixed codings are refused", {
  exams <- exams_of(exam_at("C7", r_motor_c8 = "3*"), exam_at("C7", r_motor_t1 = "ab-1"))
  expect_error(read_quietly(exams), "mixed", class = "cordgain_invalid_input")
  expect_error(read_quietly(exam_at("C7", r_motor_c8 = "9")), "Sygen", class = "cordgain_invalid_input")
})

test_that("what is no exam is refused", {
  for (bad in list(NULL, 1, c("a", "b"), list(), list(1, 2), TRUE)) {
    expect_error(read_quietly(bad), class = "cordgain_invalid_input")
  }
  factors <- exam_at("C7")
  factors$vac <- factor(factors$vac)
  expect_error(read_quietly(factors), "vac", class = "cordgain_invalid_input")
  expect_error(read_quietly(exam_at("C7"), format = "xml"), class = "cordgain_invalid_input")
  expect_error(read_quietly(exam_at("C7"), missing = "drop"), class = "cordgain_invalid_input")
})

test_that("mangled files give exams or a classed error, never another error", {
  withr::local_seed(77)
  path <- system.file("extdata", "isncsci-simulated.csv", package = "cordgain")
  bytes <- readBin(path, "raw", file.size(path))
  bytes <- bytes[seq_len(5000)]
  copy <- withr::local_tempfile(fileext = ".csv")
  for (i in 1:40) {
    mangled <- bytes
    at <- sample(length(mangled), sample(1:6, 1))
    mangled[at] <- as.raw(sample(c(0:255, rep(utf8ToInt(",\n\"*9N"), 30)), length(at), TRUE))
    if (stats::runif(1) < .3) mangled <- mangled[seq_len(sample(length(mangled), 1))]
    writeBin(mangled, copy)
    got <- tryCatch(
      suppressWarnings(read_quietly(copy, on_error = sample(c("stop", "collect"), 1), missing = "na")),
      cordgain_invalid_input = \(e) "refused"
    )
    expect_true(identical(got, "refused") || inherits(got, "isncsci_exams"))
  }
})

test_that("print says how many exams and what stands beside the cells", {
  read <- read_quietly(cbind(subject = c("a", "b"),
    exams_of(exam_at("C7"), exam_at("C7", dap = "Yes", r_lt_s1 = "NT"))))
  expect_output(print(read), "2 exams, 1 with untested or tagged cells")
  expect_output(print(read), "subject")
})

test_that("a factor, list or matrix is refused in a cell and kept in other columns", {
  exam <- cbind(site = factor("north"), exam_at("C7"))
  expect_identical(read_quietly(exam)$site, factor("north"))
  exam$r_motor_c5 <- matrix("5", 1, 2)
  expect_error(read_quietly(exam), "r_motor_c5", class = "cordgain_invalid_input")
  exam$r_motor_c5 <- list("5")
  expect_error(read_quietly(exam), "r_motor_c5", class = "cordgain_invalid_input")
})

test_that("companion columns are read in wide and long tables, and garbage in them is refused", {
  exam <- cbind(subject = "a", exam_at("T4", r_motor_c6 = "4"), r_motor_c6_considernormal = "yes")
  wide <- read_quietly(exam)
  expect_identical(wide$r_motor_c6, "4**")
  long <- data.frame(subject = "a", cell = isncsci_cells, value = unlist(exam[isncsci_cells]), considernormal = NA)
  long$considernormal[long$cell == "r_motor_c6"] <- TRUE
  expect_identical(score_isncsci(read_quietly(long)), score_isncsci(wide))
  exam$r_motor_c6_considernormal <- "perhaps"
  expect_error(read_quietly(exam), "column `r_motor_c6`", class = "cordgain_invalid_input")
})

test_that("a file with quotation marks that is cut off keeps its good exams when collecting", {
  path <- withr::local_tempfile(fileext = ".csv")
  utils::write.csv(cbind(subject = c("a", "b"), exams_of(exam_at("C7"), exam_at("T4"))), path, row.names = FALSE)
  bytes <- readBin(path, "raw", file.size(path))
  writeBin(bytes[seq_len(length(bytes) - 40)], path)
  expect_error(read_quietly(path), "Row 2", class = "cordgain_invalid_input")
  expect_warning(read <- read_quietly(path, on_error = "collect"), class = "cordgain_bad_exams")
  expect_identical(score_isncsci(read, missing = "na")$nli, c("C7", NA))
})

test_that("several options at once are refused, not cut to the first", {
  expect_error(read_quietly(exam_at("C7"), missing = c("na", "nt")), "missing", class = "cordgain_invalid_input")
})
