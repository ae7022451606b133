sums <- isn_sums
results <- isn_results

test_that("sets are those of listing all worlds in R, on random exams", {
  withr::local_seed(6120)
  exams <- lapply(seq_len(sweep_size(2000)), \(i) random_exam(i %% 4))
  scored <- score_isncsci(text_frame(exams))
  for (i in seq_along(exams)) {
    expected <- isn_worlds(exams[[i]])
    ours <- lapply(stats::setNames(results, results), \(v) sort(strsplit(scored[[paste0(v, "_set")]][i], ",")[[1]]))
    expect_identical(ours, expected[results], info = paste("exam", i))
  }
})

test_that("a value is ND exactly where more than one is possible", {
  withr::local_seed(5)
  scored <- score_isncsci(text_frame(lapply(1:60, \(i) random_exam(i %% 8))))
  for (v in results) {
    set <- scored[[paste0(v, "_set")]]
    expect_identical(scored[[v]], ifelse(grepl(",", set), "ND", set))
  }
})

test_that("an untested muscle makes every sum built on it NA, with bounds and values, and no other", {
  scored <- score_isncsci(exam_at("C7", r_motor_l3 = "NT", r_motor_l4 = "NT*"))
  built_on <- c("lems_r", "lems", "motor_r", "motor_total")
  expect_true(all(is.na(unlist(as.data.frame(scored)[built_on]))))
  expect_false(anyNA(unlist(as.data.frame(scored)[setdiff(sums, built_on)])))
  expect_identical(scored$lems_r_min, 0L)
  expect_identical(scored$lems_r_max, 10L)
  expect_identical(scored$lems_r_n_nt, 2L)
  expect_identical(scored$lems_r_set, "0,1,2,3,4,5,6,7,8,9,10")
  # Arms are 5, 5, 5, 0, 0 on each side.
  expect_identical(scored$motor_total_min, 30L)
  expect_identical(scored$motor_total_max, 40L)
  expect_identical(scored$uems, 30L)
})

test_that("columns and their types are those of the contract", {
  scored <- score_isncsci(exam_at("C7"))
  expect_setequal(names(scored), c(
    outer(sums, c("", "_set", "_star", "_min", "_max", "_n_nt"), paste0), outer(results, c("", "_set", "_star"), paste0)
  ))
  expect_true(all(vapply(scored[sums], is.integer, NA)))
  expect_true(all(vapply(scored[results], is.character, NA)))
  expect_true(all(vapply(scored[paste0(c(sums, results), "_star")], is.logical, NA)))
})

test_that("one row in, one row out, with the other columns carried along", {
  exams <- cbind(subject = c("b", "a"), exams_of(exam_at("C7"), exam_at("T4")), week = c(1, 2))
  scored <- score_isncsci(exams)
  expect_identical(scored$subject, c("b", "a"))
  expect_identical(scored$week, c(1, 2))
  expect_identical(scored$nli, c("C7", "T4"))
})

test_that("numbers, whole doubles and text give the same", {
  text <- exam_at("C7", r_motor_c8 = "3")
  double <- text
  cells <- grep("_(motor|lt|pp)_", names(text), value = TRUE)
  double[cells] <- lapply(text[cells], as.numeric)
  integer <- text
  integer[cells] <- lapply(text[cells], as.integer)
  expect_identical(score_isncsci(double), score_isncsci(text))
  expect_identical(score_isncsci(integer), score_isncsci(text))
})

test_that("no exams give no rows", {
  scored <- score_isncsci(exam_at("C7")[0, ])
  expect_identical(nrow(scored), 0L)
  expect_true("ais_set" %in% names(scored))
})

test_that("non-key columns may be left out", {
  exam <- exam_at("C7")
  expect_identical(score_isncsci(exam[setdiff(names(exam), c("r_lowest_nonkey", "l_lowest_nonkey"))]),
    score_isncsci(exam))
})

test_that("an intact person is E after a deficit, has no grade without one, and both where it is unknown", {
  intact <- exams_of(exam_at("S45", vac = "Yes", dap = "Yes"), exam_at("S45", vac = "Yes", dap = "Yes"),
    exam_at("S45", vac = "Yes"))
  scored <- score_isncsci(intact, prior_deficit = c(TRUE, FALSE, NA))
  expect_identical(scored$ais, c("E", "NA", "ND"))
  expect_identical(scored$ais_set, c("E", "NA", "E,NA"))
  expect_identical(scored$nli, rep("INT", 3))
})

test_that("the non-key choices differ where they should", {
  # T11 with key function at L2 and a non-key muscle at L4, incomplete: grade C because of L4 alone.
  exam <- exam_at("T11", dap = "Yes", r_motor_l2 = "1", r_lowest_nonkey = "L4")
  expect_identical(score_isncsci(exam)$zpp_motor_r, "L4")
  expect_identical(score_isncsci(exam, nonkey_zpp = "reference")$zpp_motor_r, "L2")
})

test_that("a zone that does not apply is the string NA", {
  scored <- score_isncsci(exam_at("C7", vac = "Yes"))
  expect_identical(scored$zpp_motor_r, "NA")
  expect_false(is.na(scored$zpp_motor_r))
})

test_that("values outside the scale and impossible stars stop with row and column", {
  bad <- c("6", "9", "-1", "5**", "3***", "x", "ab-3", "2.5", "NT ")
  for (value in bad) {
    exams <- exams_of(exam_at("C7"), exam_at("C7", l_motor_l3 = value))
    error <- expect_error(score_isncsci(exams), class = "cordgain_invalid_input")
    expect_match(conditionMessage(error), "Row 2, column `l_motor_l3`", fixed = TRUE, info = value)
    expect_identical(error$problems$value, value)
  }
  for (value in c("3", "2*", "2**", "NT***")) {
    exams <- exams_of(exam_at("C7"), exam_at("C7", r_pp_t10 = value))
    expect_error(score_isncsci(exams), "Row 2, column `r_pp_t10`", fixed = TRUE, class = "cordgain_invalid_input")
  }
  expect_error(score_isncsci(exam_at("C7", vac = "maybe")), "column `vac`", class = "cordgain_invalid_input")
  expect_error(score_isncsci(exam_at("C7", l_lowest_nonkey = "C4")), "column `l_lowest_nonkey`",
    class = "cordgain_invalid_input")
})

test_that("numbers that are no scores stop with row and column", {
  for (value in c(6, -1, 2.5, NaN, Inf)) {
    expect_error(score_isncsci(exam_at("C7", r_motor_c5 = value)), "Row 1, column `r_motor_c5`", fixed = TRUE,
      class = "cordgain_invalid_input")
  }
})

test_that("braces in a cell are shown, not run", {
  error <- expect_error(score_isncsci(exam_at("C7", vac = "{stop('run')}")), class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "{stop('run')}", fixed = TRUE)
})

test_that("collecting keeps the good rows and lists the bad cells", {
  exams <- exams_of(exam_at("C7"), exam_at("C7", r_lt_t3 = "7", vac = "?"), exam_at("T4"))
  expect_warning(scored <- score_isncsci(exams, on_error = "collect"), class = "cordgain_bad_exams")
  expect_identical(scored$nli, c("C7", NA, "T4"))
  expect_identical(scored$uems, c(30L, NA, 50L))
  expect_true(all(is.na(unlist(as.data.frame(scored)[2, ]))))
  problems <- isncsci_problems(scored)
  expect_identical(problems$row, c(2L, 2L))
  expect_identical(problems$column, c("r_lt_t3", "vac"))
  expect_identical(problems$value, c("7", "?"))
})

test_that("a cell that is not recorded is an error, NA or NT, as chosen", {
  exams <- exams_of(exam_at("C7"), exam_at("C7", r_motor_t1 = NA, l_motor_t1 = NA))
  expect_error(score_isncsci(exams), "Row 2, column `r_motor_t1`: NA: nothing recorded", fixed = TRUE,
    class = "cordgain_invalid_input")
  na <- score_isncsci(exams, missing = "na")
  expect_identical(na$uems, c(30L, NA))
  expect_identical(na$uems_set, c("30", NA))
  expect_identical(na$lems, c(0L, 0L))
  expect_identical(na$ais, c("A", NA))
  nt <- score_isncsci(exams, missing = "nt")
  as_nt <- score_isncsci(exams_of(exam_at("C7"), exam_at("C7", r_motor_t1 = "NT", l_motor_t1 = "NT")))
  expect_identical(nt, as_nt)
})

test_that("a row without any entry is no exam", {
  exams <- exams_of(exam_at("C7"), exam_at("C7"))
  exams[2, ] <- NA
  error <- expect_error(score_isncsci(exams), "no exam in this row", class = "cordgain_invalid_input")
  expect_identical(nrow(error$problems), 1L)
  for (missing in c("na", "nt")) {
    scored <- score_isncsci(exams, missing = missing)
    expect_true(all(is.na(unlist(as.data.frame(scored)[2, ]))))
    expect_identical(scored$nli[1], "C7")
  }
})

test_that("the old 5* is NT** with a warning", {
  exam <- exam_at("T4", r_motor_c5 = "5*")
  expect_warning(scored <- score_isncsci(exam), class = "cordgain_legacy_star")
  expect_identical(scored, score_isncsci(exam_at("T4", r_motor_c5 = "NT**")))
  expect_identical(scored$motor_level_r, "T4")
})

test_that("missing, unknown and doubled columns are refused by name", {
  exam <- exam_at("C7")
  expect_error(score_isncsci(exam[setdiff(names(exam), "l_pp_t6")]), "l_pp_t6", class = "cordgain_invalid_input")
  expect_error(score_isncsci(exam[setdiff(names(exam), "vac")]), "vac", class = "cordgain_invalid_input")
  expect_error(score_isncsci(cbind(exam, r_motor_t2 = "5")), "r_motor_t2", class = "cordgain_invalid_input")
  expect_error(score_isncsci(cbind(exam, rightMotorC5 = "5")), "rightMotorC5", class = "cordgain_invalid_input")
  expect_error(score_isncsci(cbind(exam, exam["r_motor_c5"])), "r_motor_c5", class = "cordgain_invalid_input")
})

test_that("what is no table of exams is refused", {
  for (bad in list(NULL, 1, "x", list(1), matrix(1))) {
    expect_error(score_isncsci(bad), class = "cordgain_invalid_input")
  }
  factors <- exam_at("C7")
  factors$r_motor_c5 <- factor(factors$r_motor_c5)
  expect_error(score_isncsci(factors), "r_motor_c5", class = "cordgain_invalid_input")
  lists <- exam_at("C7")
  lists$vac <- list("No")
  expect_error(score_isncsci(lists), "vac", class = "cordgain_invalid_input")
  dates <- exam_at("C7")
  dates$r_lt_c2 <- as.Date("2020-01-01")
  expect_error(score_isncsci(dates), "r_lt_c2", class = "cordgain_invalid_input")
  logicals <- exam_at("C7")
  logicals$r_lt_c2 <- TRUE
  expect_error(score_isncsci(logicals), "r_lt_c2", class = "cordgain_invalid_input")
})

test_that("choices that do not exist are refused", {
  exam <- exam_at("C7")
  expect_error(score_isncsci(exam, intact_without_vac = "S2"), class = "cordgain_invalid_input")
  expect_error(score_isncsci(exam, nonkey_zpp = "always"), class = "cordgain_invalid_input")
  expect_error(score_isncsci(exam, missing = "drop"), class = "cordgain_invalid_input")
  expect_error(score_isncsci(exam, on_error = "ignore"), class = "cordgain_invalid_input")
  expect_error(score_isncsci(exam, prior_deficit = c(TRUE, FALSE)), class = "cordgain_invalid_input")
  expect_error(score_isncsci(exam, prior_deficit = "yes"), class = "cordgain_invalid_input")
  expect_error(score_isncsci(cbind(exam, not_determinable = "ais, height")), "not_determinable",
    class = "cordgain_invalid_input")
})

test_that("random garbage in cells never crashes and never yields a number for its row", {
  withr::local_seed(99)
  letters_used <- c(strsplit("0123456789NTnt* []-abYesNo{}\\\"'%é\u4e2d", "")[[1]], "")
  exams <- do.call(exams_of, rep(list(exam_at("C7")), 200))
  at <- sample(names(exams), 200, replace = TRUE)
  for (i in seq_along(at)) exams[[at[i]]][i] <- paste(sample(letters_used, sample(0:6, 1), TRUE), collapse = "")
  scored <- suppressWarnings(score_isncsci(exams, on_error = "collect"))
  bad <- unique(isncsci_problems(scored)$row)
  expect_true(all(is.na(scored$uems_min[bad])))
  good <- setdiff(1:200, bad)
  text <- vapply(good, \(i) exams[[at[i]]][i], "")
  allowed <- "^(([0-5]|nt)\\*{0,2}|([0-4]|nt)\\*\\[[0-5]-[0-5]\\]|yes|no|[CTLS][0-9]{1,2}|)$"
  expect_match(text, allowed, ignore.case = TRUE, all = TRUE)
})

test_that("prints show levels, grades and stars", {
  scored <- score_isncsci(cbind(subject = "x", exam_at("T4", r_motor_c6 = "4**", r_lt_s45 = "NT")))
  out <- paste(capture.output(print(scored)), collapse = "\n")
  expect_match(out, "1 exam")
  expect_match(out, "T4*", fixed = TRUE)
  expect_match(out, "ND")
  expect_output(print(scored[c("nli", "ais")]), "T4")
})

test_that("summary counts exams, open results and stars", {
  scored <- score_isncsci(exams_of(exam_at("T4", r_motor_c6 = "4**"), exam_at("T4", dap = "NT")))
  s <- summary(scored)
  expect_identical(s$variable, c(sums, results))
  expect_identical(s$not_determinable[s$variable == "ais"], 1L)
  expect_identical(s$starred[s$variable == "nli"], 1L)
  expect_identical(s$exams[s$variable == "nli"], 2L)
})

test_that("tidy has a row for each exam and variable", {
  scored <- score_isncsci(cbind(subject = c("a", "b"), exams_of(exam_at("T4"), exam_at("C7", dap = "NT"))))
  long <- tidy(scored)
  expect_identical(nrow(long), 2L * 26L)
  expect_identical(long$estimate[long$term == "uems"], c(50, 30))
  expect_identical(long$set[long$term == "ais" & long$subject == "b"], "A,B")
})

test_that("non-key muscles and companion columns under other names are refused, since they would change the grade", {
  exam <- exam_at("T4", dap = "Yes")
  expect_identical(score_isncsci(replace(exam, "r_lowest_nonkey", "L4"))$ais, "C")
  named <- exam[setdiff(names(exam), "r_lowest_nonkey")]
  named$rightLowestNonKeyMuscleWithMotorFunction <- "L4"
  expect_error(score_isncsci(named), "read_isncsci", class = "cordgain_invalid_input")
  expect_identical(score_isncsci(read_isncsci(named, quiet = TRUE))$ais, "C")
  tagged <- cbind(replace(exam, "r_motor_c5", "3"), r_motor_c5_considernormal = "1")
  expect_error(score_isncsci(tagged), "r_motor_c5_considernormal", class = "cordgain_invalid_input")
})

test_that("a recorded grade does not stand in the place of the scored one", {
  exam <- cbind(ais = "C", exam_at("T4"))
  error <- expect_error(score_isncsci(exam), "recorded_ais", class = "cordgain_invalid_input")
  expect_identical(error$columns, "ais")
  names(exam)[1] <- "recorded_ais"
  scored <- score_isncsci(exam)
  expect_identical(c(scored$recorded_ais, scored$ais), c("C", "A"))
})

test_that("a column whose name begins with not_determinable is another column", {
  exam <- cbind(exam_at("T4"), not_determinable_reason = "two injuries")
  expect_identical(score_isncsci(exam)$ais, "A")
})

test_that("a result that does not exist, declared not determinable, loses its own row only", {
  exams <- cbind(exams_of(exam_at("T4"), exam_at("C7"), exam_at("C5")), not_determinable = c("height", NA, "ais; nli"))
  error <- expect_error(score_isncsci(exams), "Row 1, column `not_determinable`", class = "cordgain_invalid_input")
  expect_identical(error$problems$value, "height")
  expect_warning(scored <- score_isncsci(exams, on_error = "collect"), class = "cordgain_bad_exams")
  expect_identical(scored$ais, c(NA, "A", "ND"))
  expect_identical(isncsci_problems(scored)$row, 1L)
  for (bad in list(factor("ais"), list("ais"), 1)) {
    exam <- exam_at("T4")
    exam$not_determinable <- bad
    expect_error(score_isncsci(exam), "must hold text", class = "cordgain_invalid_input")
  }
})

test_that("several options at once are refused by name, not cut to the first", {
  error <- expect_error(score_isncsci(exam_at("C7"), on_error = c("collect", "stop")), class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "`on_error`", fixed = TRUE)
  expect_error(score_isncsci(exam_at("C7"), missing = NULL), "`missing`", class = "cordgain_invalid_input")
})

test_that("a result declared not determinable has the values that such a result may have, and no others", {
  exams <- exams_of(exam_at("T4"), exam_at("T4"), exam_at("T4"))
  exams$not_determinable <- paste(results, collapse = ",")
  scored <- score_isncsci(exams, prior_deficit = c(TRUE, FALSE, NA))
  levels <- paste(c(isn_segments[1:28], "INT"), collapse = ",")
  zones <- paste(c("NA", isn_segments[1:28]), collapse = ",")
  for (v in c("sensory_r", "sensory_l", "motor_level_r", "motor_level_l", "nli")) {
    expect_identical(scored[[paste0(v, "_set")]], rep(levels, 3), info = v)
  }
  for (v in results[8:11]) expect_identical(scored[[paste0(v, "_set")]], rep(zones, 3), info = v)
  expect_identical(scored$complete_set, rep("C,I", 3))
  expect_identical(scored$ais_set, c("A,B,C,D,E", "A,B,C,D,NA", "A,B,C,D,E,NA"))
})

test_that("some of the columns of a result can be told as rows, counted and printed", {
  scored <- score_isncsci(cbind(subject = c("a", "b"), exams_of(exam_at("T4"), exam_at("C7", dap = "NT"))))
  some <- scored[, c("subject", "ais", "uems")]
  long <- tidy(some)
  expect_identical(long$term, rep(c("uems", "ais"), each = 2))
  expect_identical(long$value, c("50", "30", "A", "ND"))
  expect_true(all(is.na(long$set)))
  expect_identical(summary(some)$not_determinable, c(NA, 1L))
  expect_output(print(some), "T4|50")
  expect_error(tidy(scored[, "subject", drop = FALSE]), "subject", class = "cordgain_invalid_input")
})

test_that("every entry may be in small letters, a level of non-key muscles too", {
  exam <- exam_at("T11", dap = "yes", vac = "no", r_lowest_nonkey = "l4", r_lt_s1 = "nt")
  expect_identical(score_isncsci(exam)$zpp_motor_r, "L4")
  expect_error(score_isncsci(replace(exam, "r_lowest_nonkey", "c4")), "C5 to S1", class = "cordgain_invalid_input")
})
