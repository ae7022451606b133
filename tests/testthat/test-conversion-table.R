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

# Open grades at their bounds ------------------------------------------------------------------------

# Events and patients of every way to fill in the open grades, from A: matrix with a column per way.
every_way <- function(from, to, goal) {
  worlds <- expand.grid(strsplit(c(from, to), ","), stringsAsFactors = FALSE)
  here <- as.matrix(worlds[seq_along(from)]) == "A"
  reached <- matrix(match(as.matrix(worlds[length(from) + seq_along(to)]), LETTERS) >= goal, nrow(here))
  rbind(events = rowSums(here & reached), n = rowSums(here))
}

test_that("the low and high tables are ways to fill in the open grades, and all others lie between", {
  skip_on_cran() # long
  withr::local_seed(3)
  draw <- \() paste(sort(sample(LETTERS[1:4], sample(1:3, 1))), collapse = ",")
  for (i in 1:60) {
    n <- sample(2:5, 1)
    from <- c("A", replicate(n - 1, draw()))
    to <- replicate(n, draw())
    data <- grades(from, to)
    for (endpoint in c("ais_any", "ais_c", "ais_d")) {
      ways <- every_way(from, to, c(ais_any = 2, ais_c = 3, ais_d = 4)[[endpoint]])
      low <- row_of(conversion_table(data, 2, 52, nd = "low"), "A", endpoint)
      high <- row_of(conversion_table(data, 2, 52, nd = "high"), "A", endpoint)
      is_way <- \(row) any(ways["events", ] == row$events & ways["n", ] == row$n)
      expect_true(is_way(low) && is_way(high))
      expect_identical(c(low$events, high$events), as.integer(range(ways["events", ])))
      without <- ways["n", ] - ways["events", ]
      expect_identical(c(high$n - high$events, low$n - low$events), as.integer(range(without)))
      rate <- ways["events", ] / ways["n", ]
      expect_equal(range(rate), c(low$events / low$n, high$events / high$n))
    }
  }
})

test_that("a natural rate of every way to fill in the open grades lies between the two answers", {
  skip_on_cran() # long
  from <- c("A", "A", "A", "A", "A,B", "A,B", "B", "A")
  to <- c("A", "C", "A,B,C", "A", "C", "A", "C", "B,C")
  data <- grades(from, to)
  rate <- \(row) tidy(natural_rate(row))$estimate[1]
  ends <- vapply(c("low", "high"), \(nd) rate(row_of(conversion_table(data, 2, 52, nd = nd), "A", "ais_c")), 0)
  ways <- unique(t(every_way(from, to, 3)))
  all <- apply(ways, 1, \(way) rate(data.frame(source = "s", events = way[["events"]], n = way[["n"]])))
  # The extreme tables are two of the ways; the rest is rounding.
  expect_equal(range(all), unname(ends), tolerance = 1e-9)
})

test_that("patients whose place is open are left out by choice, and counted", {
  # Three sure rows (one event), one open at the second visit, one open at the first.
  data <- grades(c("A", "A", "A", "A", "A,B"), c("A", "C", "B", "B,C", "C"))
  row <- row_of(conversion_table(data, 2, 52, nd = "exclude"), "A", "ais_c")
  expect_identical(c(row$events, row$n, row$open), c(1L, 3L, 2L))
  bounds <- row_of(conversion_table(data, 2, 52), "A", "ais_c")
  expect_identical(unlist(bounds[c("events_min", "events_max", "n_min", "n_max", "open")], use.names = FALSE),
    c(1L, 3L, 4L, 5L, 2L))
  expect_true(is.na(bounds$n))
  expect_identical(row_of(conversion_table(data, 2, 52), "A", "ais_any")$open, 1L)
})

test_that("lost patients whose first grade is open are bounds too", {
  data <- grades(c("A", "A", "A,B"), c("C", NA, NA))
  row <- row_of(conversion_table(data, 2, 52), "A", "ais_c")
  expect_identical(c(row$missing, row$missing_min, row$missing_max), c(NA, 1L, 2L))
  expect_identical(row_of(conversion_table(data, 2, 52, nd = "low"), "A", "ais_c")$missing, 2L)
  expect_identical(row_of(conversion_table(data, 2, 52, nd = "high"), "A", "ais_c")$missing, 1L)
})

test_that("without open grades every choice is the same table", {
  data <- grades(c("A", "A", "B"), c("A", "C", NA))
  plain <- as.data.frame(conversion_table(data, 2, 52))
  for (nd in c("low", "high", "exclude")) {
    expect_identical(as.data.frame(conversion_table(data, 2, 52, nd = nd)), plain, info = nd)
  }
  expect_error(conversion_table(data, 2, 52, nd = "drop"), "nd", class = "cordgain_invalid_input")
})

# What score_isncsci() makes ------------------------------------------------------------------------

test_that("scored exams of unknown history, and declared results, are counted like any other", {
  exams <- cbind(subject = c("a", "b", "a", "b"), week = c(2, 2, 52, 52),
    exams_of(exam_at("T4"), exam_at("C5"), exam_at("S45", vac = "Yes"), exam_at("C5")))
  for (deficit in list(TRUE, FALSE, NA)) {
    row <- row_of(conversion_table(score_isncsci(exams, prior_deficit = deficit), 2, 52), "A", "ais_d")
    # From A to normal: at least D, with or without a grade.
    expect_identical(c(row$events, row$n), c(1L, 2L))
  }
  declared <- cbind(exams, not_determinable = c(NA, NA, NA, "ais"))
  for (deficit in list(TRUE, FALSE, NA)) {
    row <- row_of(conversion_table(score_isncsci(declared, prior_deficit = deficit), 2, 52), "A", "ais_c")
    expect_identical(c(row$events_min, row$events_max, row$n), c(1L, 2L, 2L))
  }
})

test_that("normal without a grade is no baseline grade and reaches every goal", {
  table <- conversion_table(grades(c("NA", "A", "D,NA"), c("NA", "NA", "NA")), 2, 52)
  expect_identical(row_of(table, "A", "ais_d")$events, 1L)
  d <- row_of(table, "D", "ais_any")
  expect_identical(c(d$n_min, d$n_max, d$events_min, d$events_max), c(0L, 1L, 0L, 1L))
  moves <- summary(table)
  expect_identical(moves$lowest[moves$from == "A" & moves$to == "E"], 1)
})

test_that("no patient of grades A to D gives a table without rows that says so", {
  normal <- data.frame(subject = c(1, 1), week = c(0, 52), ais_set = c("E", "E"))
  nobody <- data.frame(subject = c(1, 1), week = c(0, 52), ais_set = c(NA, "B"))
  for (data in list(normal, nobody)) {
    table <- conversion_table(data, 0, 52)
    expect_identical(nrow(table), 0L)
    expect_identical(names(table), names(conversion_table(grades("A", "B"), 2, 52)))
    expect_output(print(table), "No patient of grades A to D")
    expect_identical(nrow(tidy(table)), 0L)
  }
  expect_identical(summary(conversion_table(normal, 0, 52))$lowest, c(0, 0, 0, 0, 1))
})

# What the rows say of the patients -----------------------------------------------------------------

test_that("weeks of the visits and what else is known stand where natural_rate() and excess() look for them", {
  data <- grades(rep("A", 6), c("A", "A", "B", "C", "A", "A"))
  table <- conversion_table(data, 2, 52, match = list(level = "cervical", years = c(2015, 2020), registry = "ours"))
  row <- row_of(table, "A", "ais_c")
  expect_identical(c(row$baseline_from_day, row$baseline_to_day, row$followup_weeks), c(14, 14, 52))
  expect_identical(c(row$years_from, row$years_to), c(2015, 2020))
  arm <- trial_arm(responders = 1, n = 4, endpoint = "ais_c", level = "cervical", baseline_grade = "A",
    baseline_days = c(10, 18), followup_weeks = 52, years = 2020)
  # Nothing differs, so nothing has to be accepted.
  expect_s3_class(excess(arm, natural_rate(row)), "excess_responders")
  own <- conversion_table(data, 2, 52, match = list(baseline_days = c(8, 30), followup_weeks = 48))
  expect_identical(unlist(own[1, c("baseline_from_day", "baseline_to_day", "followup_weeks")], use.names = FALSE),
    c(8, 30, 48))
})

test_that("visits that are no weeks say nothing of days", {
  data <- grades("A", "C")
  names(data)[2] <- "month"
  expect_true(all(is.na(conversion_table(data, 2, 52, time = "month")$followup_weeks)))
  data$month <- c("acute", "chronic")
  expect_true(all(is.na(conversion_table(data, "acute", "chronic", time = "month")$baseline_from_day)))
})

test_that("a match that is none is refused", {
  data <- grades("A", "C")
  refuse <- \(match) {
    expect_error(conversion_table(data, 2, 52, match = match), "match|level", class = "cordgain_invalid_input")
  }
  refuse(list(height = 1))
  refuse(1)
  refuse(list(1))
  refuse(list(years = 1:3))
  refuse(list(baseline_days = "14"))
  refuse(list(level = 1))
})

# Parts of a table ------------------------------------------------------------------------------------

test_that("rows stay a table with their part of the grid, columns are a data frame", {
  table <- conversion_table(grades(c("A", "B"), c("B", "B")), 2, 52)
  rows <- table[table$baseline_grade == "B", ]
  expect_s3_class(rows, "conversion_table")
  expect_identical(unique(summary(rows)$from), "B")
  expect_output(print(rows), "2 patients, 0 without")
  columns <- table[, c("events", "n")]
  expect_identical(class(columns), "data.frame")
  expect_identical(table[["events"]], table[, "events"])
  expect_identical(table[], table)
})

test_that("one patient is not several", {
  expect_output(print(conversion_table(grades("A", "B"), 2, 52)), "52: 1 patient, 0 without")
})

test_that("print names the two bounds where grades are open, and only there", {
  open <- grades(c("A", "A,B"), c("B", "C"))
  expect_output(print(conversion_table(open, 2, 52)), 'nd = "low" and nd = "high"')
  expect_output(print(conversion_table(open, 2, 52, nd = "low")), 'nd = "high" is the other bound')
  expect_output(print(conversion_table(open, 2, 52, nd = "high")), 'nd = "low" is the other bound')
  expect_output(print(conversion_table(open, 2, 52, nd = "exclude")), "which is no bound")
  closed <- paste(capture.output(print(conversion_table(grades("A", "B"), 2, 52))), collapse = "\n")
  expect_no_match(closed, "nd =")
})

test_that("grades that are no text are refused with their row", {
  expect_error(conversion_table(grades("\xbd", "B"), 2, 52), "Row 1", class = "cordgain_invalid_input")
})
