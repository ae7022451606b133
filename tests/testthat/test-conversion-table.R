grades <- function(from, to, ...) {
  n <- length(from)
  data.frame(subject = rep(letters[seq_len(n)], 2), week = rep(c(2, 52), each = n), ais_set = c(from, to), ...)
}

row_of <- function(table, grade, endpoint) table[table$baseline_grade == grade & table$endpoint == endpoint, ]

test_that("known grades are counted", {
  table <- conversion_table(grades(c("A", "A", "A", "A", "B", "C"), c("A", "B", "C", "D", "B", "D")), 2, 52)
  a <- row_of(table, "A", "ais_any")
  expect_identical(c(a$events, a$events_min, a$events_max, a$n, a$missing), c(3L, 3L, 3L, 4L, 0L))
  expect_identical(row_of(table, "A", "ais_c")$events, 2L)
  expect_identical(row_of(table, "A", "ais_d")$events, 1L)
  expect_identical(row_of(table, "B", "ais_any")$events, 0L)
  expect_identical(row_of(table, "C", "ais_any")$events, 1L)
  expect_identical(nrow(table), 5L)
})

test_that("transitions add up to the patients where every grade is known", {
  moves <- summary(conversion_table(grades(c("A", "A", "B"), c("A", "C", "D")), 2, 52))
  expect_identical(sum(moves$lowest), 3)
  expect_identical(moves$lowest, moves$highest)
  expect_identical(moves$lowest[moves$from == "A" & moves$to == "C"], 1)
})

test_that("a grade known as a set gives bounds, by trying every completion", {
  from <- c("A", "A,B", "A", "B,C", "A,B,C,D")
  to <- c("A,B", "C", "B,C,D", "D", "A")
  data <- grades(from, to)
  table <- conversion_table(data, 2, 52)
  moves <- summary(table)
  worlds <- expand.grid(strsplit(c(from, to), ","), stringsAsFactors = FALSE)
  level <- \(g) match(g, LETTERS)
  for (grade in c("A", "B", "C", "D")) {
    here <- as.matrix(worlds[1:5]) == grade
    final <- matrix(level(as.matrix(worlds[6:10])), ncol = 5)
    goals <- list(ais_any = level(grade) + 1, ais_c = 3, ais_d = 4)
    for (endpoint in if (grade == "A") names(goals) else "ais_any") {
      events <- rowSums(here & final >= goals[[endpoint]])
      got <- row_of(table, grade, endpoint)
      expect_identical(as.numeric(c(got$events_min, got$events_max)), as.numeric(range(events)),
        info = paste(grade, endpoint))
      expect_identical(as.numeric(c(got$n_min, got$n_max)), as.numeric(range(rowSums(here))), info = grade)
      expect_identical(is.na(got$events), diff(range(events)) > 0)
      expect_identical(is.na(got$n), diff(range(rowSums(here))) > 0)
    }
    for (to_grade in LETTERS[1:5]) {
      count <- range(rowSums(here & final == level(to_grade)))
      got <- moves[moves$from == grade & moves$to == to_grade, ]
      expect_identical(c(got$lowest, got$highest), as.numeric(count), info = paste(grade, to_grade))
    }
  }
})

test_that("a patient without the second exam is counted as missing, not left out", {
  data <- grades(c("A", "A", "B"), c("B", NA, "B"))
  table <- conversion_table(data, 2, 52)
  expect_identical(row_of(table, "A", "ais_any")$missing, 1L)
  expect_identical(row_of(table, "A", "ais_any")$n, 1L)
  expect_identical(conversion_table(data[-5, ], 2, 52), table)
  expect_output(print(table), "3 patients, 1 without the second exam")
})

test_that("scored exams are taken directly", {
  scored <- score_isncsci(isncsci_simulated)
  table <- conversion_table(scored, from = 2, to = 52)
  expect_identical(table, conversion_table(as.data.frame(scored), from = 2, to = 52))
  # sim-04 may have had grade A, B or C at week 52, so one conversion is open.
  a <- row_of(table, "A", "ais_any")
  expect_identical(a$events_max - a$events_min, 1L)
  expect_identical(a$missing, 1L)
})

test_that("columns may have other names", {
  data <- grades(c("A", "B"), c("B", "B"))
  names(data) <- c("id", "visit", "ais")
  table <- conversion_table(data, 2, 52, subject = "id", time = "visit", source = "registry")
  expect_identical(unique(table$source), "registry")
  expect_identical(row_of(table, "A", "ais_any")$events, 1L)
})

test_that("rows with counts are a table of sources, and ranges are the responders of a trial", {
  table <- conversion_table(grades(c("A", "A", "A"), c("A", "C", "B,C")), 2, 52)
  source <- as.data.frame(table[table$endpoint == "ais_any", ])
  expect_no_error(as_sources(source))
  c_row <- row_of(table, "A", "ais_c")
  arm <- trial_arm(
    responders = c(c_row$events_min, c_row$events_max), n = c_row$n + c_row$missing, missing = c_row$missing,
      endpoint = "ais_c",
    level = "cervical", baseline_grade = "A", baseline_days = 14, followup_weeks = 52, years = 2020
  )
  expect_s3_class(arm, "trial_arm")
})

test_that("bad tables are refused", {
  good <- grades(c("A", "B"), c("B", "B"))
  refuse <- \(data, ..., message = NULL) {
    expect_error(conversion_table(data, ...), message, class = "cordgain_invalid_input")
  }
  refuse(1, 2, 52)
  refuse(good["subject"], 2, 52, message = "week")
  refuse(good[c("subject", "week")], 2, 52, message = "ais_set")
  refuse(good, 2, 26, message = "visit that occurs")
  refuse(good, NA, 52)
  refuse(good, c(2, 52), 52)
  refuse(rbind(good, good[1, ]), 2, 52, message = "two exams")
  refuse(transform(good, ais_set = "ND"), 2, 52, message = "ND")
  refuse(transform(good, ais_set = "F"), 2, 52, message = "Row 1")
  refuse(transform(good, subject = NA), 2, 52, message = "Row 1")
  refuse(good, 2, 52, subject = 3)
})

test_that("print shows the grid with ranges, tidy the bounds", {
  table <- conversion_table(grades(c("A", "A"), c("A,B", "C")), 2, 52)
  expect_output(print(table), "0 to 1")
  long <- tidy(table)
  expect_identical(long$term[1], "ais_any from A")
  expect_identical(long$conf.low[1], 1)
  expect_identical(long$conf.high[1], 2)
  expect_true(is.na(long$estimate[1]))
})

test_that("the second visit must come later", {
  good <- grades(c("A", "B"), c("B", "B"))
  expect_error(conversion_table(good, 2, 2), "later", class = "cordgain_invalid_input")
  expect_error(conversion_table(good, 52, 2), "later", class = "cordgain_invalid_input")
})

test_that("patients with the second exam only are counted in print, not in the table", {
  data <- grades(c("A", "B"), c("B", "B"))
  data <- data[!(data$week == 2 & data$subject == data$subject[2]), ]
  table <- conversion_table(data, 2, 52)
  expect_identical(table$n[table$baseline_grade == "A"], rep(1L, 3))
  expect_identical(unique(table$baseline_grade), "A")
  expect_output(print(table), "1 with the second exam only")
})

test_that("a column whose name begins with ais_set is not taken for it", {
  data <- grades(c("A", "B"), c("B", "B"))
  data <- data.frame(data[c("subject", "week")], ais = data$ais_set, ais_set_before = "F")
  expect_identical(row_of(conversion_table(data, 2, 52), "A", "ais_any")$events, 1L)
})
