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

# Wrong encodings in data frames ------------------------------------------------------------------

test_that("cells that are no text are named with row and column, or collected", {
  skip_on_cran() # long
  bytes <- "3\xe9"
  Encoding(bytes) <- "bytes"
  for (cell in c("r_motor_c5", "l_pp_s45", "vac", "dap", "r_lowest_nonkey")) {
    for (bad in list("\xbd", bytes)) {
      exams <- exams_of(exam_at("C7"), exam_at("T4"), exam_at("T6"))
      exams[[cell]][2] <- bad
      where <- paste0("Row 2, column `", cell, "`")
      for (f in list(read_quietly, score_isncsci)) {
        error <- expect_error(f(exams), where, fixed = TRUE, class = "cordgain_invalid_input")
        expect_match(conditionMessage(error), "not valid text")
      }
      expect_warning(read <- read_quietly(exams, on_error = "collect"), class = "cordgain_bad_exams")
      expect_identical(isncsci_problems(read)[c("row", "column")], data.frame(row = 2L, column = cell))
      expect_identical(score_isncsci(read)$nli, c("C7", NA, "T6"))
      expect_warning(scored <- score_isncsci(exams, on_error = "collect"), class = "cordgain_bad_exams")
      expect_identical(scored$nli, c("C7", NA, "T6"))
    }
  }
})

test_that("companion columns and long tables that hold no text are named too", {
  exams <- cbind(exams_of(exam_at("T4"), exam_at("T4", r_motor_c6 = "4")), r_motor_c6_considernormal = c(NA, "\xbd"))
  expect_error(read_quietly(exams), "Row 2, column `r_motor_c6`", fixed = TRUE, class = "cordgain_invalid_input")
  long <- data.frame(subject = "a", cell = isncsci_cells, value = unlist(exam_at("T4")))
  long$value[7] <- "\xbd"
  expect_error(read_quietly(long), "Row 1, column `r_motor_l3`", fixed = TRUE, class = "cordgain_invalid_input")
})

test_that("an override that is no text is named", {
  exam <- cbind(exam_at("T4"), not_determinable = "\xbd")
  expect_error(score_isncsci(exam), "Row 1, column `not_determinable`", fixed = TRUE, class = "cordgain_invalid_input")
})

test_that("garbage in the cells of a data frame gives exams or a classed error, never a number for its row", {
  withr::local_seed(78)
  bytes <- c(0x20:0x7e, rep(utf8ToInt("0123456789NT*[]-"), 8), 0x80:0xff)
  exams <- do.call(exams_of, rep(list(exam_at("C7")), 150))
  exams$r_motor_c6_considernormal <- NA_character_
  at <- sample(names(exams), 150, replace = TRUE)
  for (i in seq_along(at)) exams[[at[i]]][i] <- rawToChar(as.raw(sample(bytes, sample(1:6, 1), TRUE)))
  for (on_error in c("stop", "collect")) {
    got <- tryCatch(suppressWarnings(read_quietly(exams, on_error = on_error, missing = "nt")),
      cordgain_invalid_input = \(e) "refused")
    expect_true(identical(got, "refused") || inherits(got, "isncsci_exams"))
  }
  read <- suppressWarnings(read_quietly(exams[isncsci_cells], on_error = "collect", missing = "na"))
  bad <- isncsci_problems(read)$row
  expect_gt(length(bad), 50)
  for (missing in c("na", "nt")) {
    scored <- suppressWarnings(score_isncsci(read, missing = missing))
    expect_true(all(is.na(scored$uems_min[bad])))
  }
  expect_no_error(capture.output(print(isncsci_problems(read))))
})

# What was given --------------------------------------------------------------------------------------

test_that("problems hold the value as it was given", {
  exams <- exams_of(exam_at("C7"), exam_at("C7", r_motor_c5 = " x y "), exam_at("C7", r_motor_c8 = "3*[4-2]"))
  read <- suppressWarnings(read_quietly(exams, on_error = "collect"))
  expect_identical(isncsci_problems(read)$value, c(" x y ", "3*[4-2]"))
})

test_that("contradicting and impossible tags are refused", {
  tagged <- \(score, says) cbind(exam_at("T4", r_motor_c6 = score), r_motor_c6_considernormal = says)
  expect_error(read_quietly(tagged("3*", 1)), "companion column do not go together", class = "cordgain_invalid_input")
  expect_error(read_quietly(tagged("3*[0-2]", 1)), "companion", class = "cordgain_invalid_input")
  expect_error(read_quietly(tagged("3**", 2)), "companion", class = "cordgain_invalid_input")
  expect_identical(read_quietly(tagged("3*", 2))$r_motor_c6, "3*")
  names <- vapply(strsplit(isncsci_score_cells, "_"), \(p) paste(c(r = "right", l = "left")[[p[1]]],
    c(motor = "motor", lt = "light_touch", pp = "pinprick")[[p[2]]], sub("s45", "s4_5", p[3]), "value", sep = "_"), "")
  redcap <- \(score) stats::setNames(exam_at("T4", r_motor_c6 = score), c(names, tail(isncsci_cells, 4)))
  expect_error(read_quietly(redcap("ab-5")), "end at ab-4", class = "cordgain_invalid_input")
  expect_identical(read_quietly(redcap("ab-4"))$r_motor_c6, "4*")
})

# Columns and fields ------------------------------------------------------------------------------------

test_that("id must name columns that are there", {
  exam <- cbind(subject = "a", exam_at("C7"))
  expect_error(read_quietly(exam, id = c("subject", "nope")), "nope", class = "cordgain_invalid_input")
  expect_error(read_quietly(exam, id = 1), "`id` must be names", class = "cordgain_invalid_input")
  expect_error(read_quietly(exam, id = NA_character_), "`id`", class = "cordgain_invalid_input")
})

test_that("a field that stands twice in a list exam is refused by name", {
  exam <- c(as.list(exam_at("C7")), list(r_motor_c5 = "4"))
  error <- expect_error(read_quietly(exam), "r_motor_c5", class = "cordgain_invalid_input")
  expect_identical(error$columns, "r_motor_c5")
  expect_error(read_quietly(list(as.list(exam_at("C7")), exam)), "Exam 2", class = "cordgain_invalid_input")
  expect_error(read_quietly(c(as.list(exam_at("C7")), list("5"))), "no name", class = "cordgain_invalid_input")
})

test_that("lists within an exam are names in parts", {
  flat <- exam_at("T4", l_motor_l3 = "2", vac = "Yes")
  side <- \(s) {
    part <- \(what, top) {
      cells <- grep(paste0("^", s, "_", what, "_"), isncsci_score_cells, value = TRUE)
      stats::setNames(as.list(flat[cells]), sub("S45", "S4_5", toupper(sub(".*_", "", cells))))
    }
    list(motor = part("motor"), lightTouch = part("lt"), pinPrick = part("pp"), lowestNonKeyMuscle = NULL)
  }
  nested <- list(right = side("r"), left = side("l"), voluntaryAnalContraction = "Yes", deepAnalPressure = "No")
  expect_identical(score_isncsci(read_quietly(nested)), score_isncsci(flat))
  expect_identical(nrow(read_quietly(list(nested, nested))), 2L)
  expect_identical(names(flat_fields(list(a = list(b = list(c = 1), d = 2), e = 3))), c("a_b_c", "a_d", "e"))
})

# The mapping --------------------------------------------------------------------------------------------

test_that("the message shows every name beside its cell, also where reading fails afterwards", {
  exam <- exam_at("C7", r_motor_c5 = "9")
  given <- sub("^r_motor_", "right.motor.", names(exam))
  names(exam) <- given
  said <- NULL
  keep <- \(m) {
    said <<- conditionMessage(m)
    rlang::cnd_muffle(m)
  }
  expect_error(withCallingHandlers(read_isncsci(exam), cordgain_mapping = keep), "Row 1",
    class = "cordgain_invalid_input")
  said <- gsub("\\s+", " ", said)
  for (level in tolower(isn_keys)) expect_match(said, paste0(level, " <- right.motor.", level), fixed = TRUE)
  expect_match(said, "l_lt_*: all 28 under these names", fixed = TRUE)
  expect_match(said, "vac <- vac", fixed = TRUE)
})

test_that("the mapping names companion columns and the names of a long table", {
  exam <- cbind(exam_at("T4", r_motor_c6 = "4"), r_motor_c6_considernormal = "yes")
  mapping <- attr(read_quietly(exam), "mapping")
  expect_identical(mapping$column[mapping$part == "consider normal"], "r_motor_c6_considernormal")
  expect_message(read_isncsci(exam), "r_motor_c6 (consider normal) <- r_motor_c6_considernormal", fixed = TRUE)
  long <- data.frame(subject = "a", cell = toupper(isncsci_cells), value = unlist(exam_at("T4")))
  mapping <- attr(read_quietly(long), "mapping")
  expect_identical(mapping$column[mapping$cell == "l_pp_s45"], "L_PP_S45")
})
