# Expected counts are read from the published tables named in each test.

test_that("the reference set is the four registry reports, for both endpoints", {
  ais_c <- subset(natural_ais, reference & endpoint == "ais_c")
  # Kirshblum 2021, Table 2: 8.1 % of 482, 5.7 % of 53, 11.8 % of 161, 17.1 % of 187.
  expect_identical(ais_c$source, c("Marino 1999", "Burns 2003", "van Middendorp 2009", "Kirshblum 2016"))
  expect_identical(ais_c$events, c(39, 3, 19, 32))
  expect_identical(ais_c$n, c(482, 53, 161, 187))
  ais_any <- subset(natural_ais, reference & endpoint == "ais_any")
  expect_identical(ais_any$events, c(74, 6, 42, 52))
  expect_identical(ais_any$n, ais_c$n)
  expect_identical(sum(natural_ais$reference), 8L)
})

test_that("the table has the columns of a table of sources, and where each row was read", {
  needed <- c(
    "source", "events", "n", "rate", "endpoint", "baseline_grade", "level", "baseline_from_day", "baseline_to_day",
    "followup_weeks", "years_from", "years_to", "registry", "reference", "citation", "doi", "read_in", "counts",
    "level_printed", "note", "poolable"
  )
  expect_identical(setdiff(needed, names(natural_ais)), character())
  always <- c("source", "endpoint", "baseline_grade", "level", "citation", "read_in", "level_printed")
  expect_false(anyNA(natural_ais[always]))
})

test_that("no row of any table lacks its study, the place read, its DOI or why there is none, and what its count is", {
  counted <- list(natural_ais = "events", natural_motor = "n", natural_transition = "count", cell_trials = "events")
  for (name in names(counted)) {
    data <- get(name)
    expect_false(anyNA(data[c("citation", "read_in", "counts")]), label = name)
    expect_true(all(nzchar(trimws(unlist(data[c("citation", "read_in")])))), label = name)
    # Either a DOI or a sentence why there is none, never both and never neither.
    expect_true(all(xor(is.na(data$doi), is.na(data$doi_note))), label = name)
    expect_true(all(data$counts %in% c("printed", "rebuilt", "derived", "none")), label = name)
    expect_identical(data$counts == "none", is.na(data[[counted[[name]]]]), label = name)
    # A count that is not printed as such says in its note how it was had, or gives its percentage.
    derived <- data[data$counts == "derived", ]
    expect_true(all(grepl("subtraction|sum", derived$note)), label = name)
    expect_false(anyNA(data$percent_printed[data$counts == "rebuilt"]), label = name)
  }
})

test_that("a DOI in the data stands in the help page of the data", {
  pages <- tools::Rd_db("cordgain")
  for (name in c("natural_motor", "natural_transition", "cell_trials")) {
    page <- paste(as.character(pages[[paste0(name, ".Rd")]]), collapse = "")
    dois <- setdiff(unlist(strsplit(unique(get(name)$doi), "; ", fixed = TRUE)), NA)
    for (doi in dois) expect_true(grepl(doi, page, fixed = TRUE), label = paste(name, doi))
  }
})

test_that("the numbers of the two trials checked against their abstracts are theirs", {
  # Bydon 2024: seven of ten improved. Weidner 2025: 80 and 49 randomised, no responder count.
  celltop <- subset(cell_trials, trial == "CELLTOP phase 1")
  expect_identical(c(celltop$events, celltop$n), c(7, 10))
  nisci <- subset(cell_trials, trial == "NISCI")
  expect_identical(nisci$n, c(80, 49))
  expect_true(all(is.na(nisci$events)))
  # Shin 2015, Table 5: 3.9, standard error 0.6, for the controls.
  shin <- subset(natural_motor, source == "Shin 2015, control")
  expect_identical(c(shin$mean, shin$se), c(3.9, 0.6))
})

test_that("two of the four patients are over 60, and no single age is invented", {
  expect_match(keio_ips$notes, "two of them are over 60")
  expect_output(print(summary(keio_ips)), "two of them are over 60")
  expect_identical(keio_ips$patients$age[2:4], rep("not reported", 3))
})

test_that("every row has a count or a rate, never both", {
  expect_true(all(xor(is.na(natural_ais$events), is.na(natural_ais$rate))))
  expect_identical(is.na(natural_ais$events), natural_ais$counts == "none")
  expect_setequal(natural_ais$counts, c("printed", "rebuilt", "derived", "none"))
})

test_that("every count with a printed percentage gives that percentage back", {
  rows <- subset(natural_ais, !is.na(events) & !is.na(percent_printed))
  for (i in seq_len(nrow(rows))) {
    digits <- if (grepl(".", rows$percent_printed[i], fixed = TRUE)) 1 else 0
    # Half a unit of the last printed digit: what rounding allows.
    difference <- abs(100 * rows$events[i] / rows$n[i] - as.numeric(rows$percent_printed[i]))
    expect_lte(difference, 0.5 * 10^-digits + 1e-9)
  }
  expect_gt(nrow(rows), 12)
})

test_that("a percentage that fits no count, or several, has no count", {
  spiess <- subset(natural_ais, source == "Spiess 2009" & level == "above T10" & endpoint == "ais_c")
  expect_identical(spiess$events, NA_real_)
  expect_identical(spiess$rate, 0.112)
  expect_match(spiess$note, "No whole count")
  all_levels <- subset(natural_ais, source == "Marino 2020" & level == "all" & endpoint == "ais_c")
  expect_identical(c(all_levels$events, all_levels$events_min, all_levels$events_max), c(NA, 165, 166))
})

test_that("reports that contradict each other stand side by side", {
  expect_identical(subset(natural_ais, source == "Kawano 2020, still A at week 8")[, c("events", "n")]$n, 169)
  expect_match(subset(natural_ais, source == "Kawano 2020")$note, "Contradicts")
  expect_identical(subset(natural_ais, source == "Marino 2011, at discharge")$rate, 0.22)
})

test_that("meta-analyses, late baselines and second reports are not poolable", {
  expect_setequal(unique(subset(natural_ais, !poolable)$source), c(
    "Marino 2020, injured 1995-1997", "Marino 2020, injured 2013-2015", "Marino 2011, at discharge",
    "Kawano 2020, by week 8", "Kawano 2020, still A at week 8", "El Tecle 2018", "Khorasanizadeh 2019",
    "Kirshblum 2004, A at 1 year"
  ))
})

test_that("the reference rows and every other row with counts pass as sources", {
  expect_silent(as_sources(subset(natural_ais, reference & endpoint == "ais_c")))
  for (i in which(!is.na(natural_ais$events))) expect_silent(as_sources(natural_ais[i, ]))
})

test_that("rows without counts are refused by name", {
  rows <- subset(natural_ais, source %in% c("Kirshblum 2022", "Kirshblum 2016") & endpoint == "ais_c")
  invalid(as_sources(rows), "Kirshblum 2022")
})

test_that("no shipped text holds a DOI from memory or a row that is not verified", {
  for (data in list(natural_ais, natural_motor, natural_transition, cell_trials)) {
    text <- unlist(data[vapply(data, is.character, NA)])
    expect_false(any(grepl("memory|unverified", text)))
    expect_true(all(grepl("^10[.][0-9]{4,}/", data$doi[!is.na(data$doi)])))
    expect_false(any(vapply(data, is.factor, NA)))
  }
  expect_true(all(is.na(subset(natural_ais, grepl("Marino 2011", source))$doi)))
})

test_that("the four-patient trial is as published", {
  expect_s3_class(keio_ips, "trial_arm")
  expect_identical(arm_counts(keio_ips), list(min = 2, max = 2, n = 4))
  expect_identical(arm_levels(keio_ips), rep(NA_character_, 4))
  expect_identical(arm_grades(keio_ips)$final, c("D", "C", "A or B", "A or B"))
  terms <- match_terms(keio_ips)
  expect_identical(terms$grade, "A")
  expect_identical(terms$baseline_days, c(14, 28))
  expect_identical(terms$followup_weeks, c(54, 56)) # 52 weeks after day 14 and after day 28
  expect_identical(terms$years, c(2021, 2023))
  expect_identical(arm_declaration(keio_ips), list(declared = FALSE, looks = 3))
  expect_identical(arm_harms(keio_ips)[c("events", "n", "exposure_years")], list(events = 0, n = 4, exposure_years = 4))
})

test_that("for one grade up the four-patient trial has two to four responders", {
  expect_identical(arm_counts(update(keio_ips, endpoint = "ais_any")), list(min = 2, max = 4, n = 4))
  expect_identical(arm_counts(update(keio_ips, endpoint = "ais_d")), list(min = 1, max = 1, n = 4))
})

test_that("motor levels of the four patients are not known and refused", {
  invalid(update(keio_ips, endpoint = "motor_level_1"), "cannot be counted")
})

test_that("transitions of a row add up to its patients", {
  rows <- subset(natural_transition, !is.na(count))
  sums <- tapply(rows$count, paste(rows$source, rows$level, rows$from), sum)
  sizes <- tapply(rows$n, paste(rows$source, rows$level, rows$from), unique)
  expect_identical(as.vector(sums), as.vector(sizes))
})

test_that("transitions of grade A are those of the review's Table 6", {
  cells <- function(study) subset(natural_transition, source == study & from == "A")
  expect_identical(cells("van Middendorp 2009")$count, c(119, 23, 19))
  expect_identical(cells("Kirshblum 2016")$count, c(135, 20, 32))
  expect_identical(cells("Kirshblum 2016")$to, c("A", "B", "C or D"))
})

test_that("the strata of Kirshblum 2016 add up to its patients of all levels", {
  graded_c <- subset(natural_transition, source == "Kirshblum 2016" & from == "C")
  strata <- subset(graded_c, level != "all")
  for (grade in c("A", "B", "C", "D", "E")) {
    expect_identical(sum(strata$count[strata$to == grade]), subset(graded_c, level == "all" & to == grade)$count)
  }
})

test_that("rows that do not add up keep their percentages and their defect", {
  bad <- subset(natural_transition, consistent %in% FALSE)
  expect_setequal(unique(paste(bad$source, bad$from)), c("Spiess 2009 D", "Wilson 2018 D", "Marino 1999 C"))
  expect_true(all(is.na(bad$count)))
  expect_false(anyNA(bad$note))
  expect_false(anyNA(bad$percent))
})

test_that("motor scores lie on their scales", {
  for (i in seq_len(nrow(natural_motor))) {
    range <- scale_range(motor_scale(natural_motor$measure[i]))
    mean <- natural_motor$mean[i]
    expect_true(is.na(mean) || (mean >= range[1] && mean <= range[2]))
  }
  expect_true(all(natural_motor$sd >= 0, na.rm = TRUE))
})

test_that("visit means keep the published relation of totals to parts", {
  # EMSCI, paraplegia: the total is 50 plus LEMS by construction.
  emsci <- subset(natural_motor, source == "EMSCI" & level == "paraplegia")
  total <- subset(emsci, measure == "isncsci_motor")$mean
  expect_equal(total, 50 + subset(emsci, measure == "lems")$mean, tolerance = 1e-12) # printed to three decimals
})

test_that("no treated patients stand among the natural motor scores", {
  expect_false(any(grepl("treated|active", natural_motor$source)))
})

test_that("other trials keep counts within their patients", {
  counted <- subset(cell_trials, !is.na(events))
  expect_true(all(counted$events >= 0 & counted$events <= counted$n))
  expect_identical(subset(cell_trials, trial == "Shin 2015" & endpoint == "ais_c")[, c("events", "n")]$n, 17)
  expect_false(any(grepl("Keio", cell_trials$trial)))
})

test_that("the shipped data are what their scripts make", {
  root <- normalizePath(file.path(testthat::test_path(), "..", ".."))
  skip_if_not(file.exists(file.path(root, "data-raw", "make.R")), "the source tree is not here")
  maker <- new.env(parent = globalenv())
  sys.source(file.path(root, "data-raw", "make.R"), maker)
  folder <- withr::local_tempdir()
  maker$make_data(root, folder)
  made <- list.files(folder)
  # The simulated exams have a script and a test of their own.
  shipped <- list.files(file.path(root, "data"), pattern = "[.]rda$")
  expect_setequal(made, setdiff(shipped, "isncsci_simulated.rda"))
  for (file in made) {
    new <- new.env()
    load(file.path(folder, file), new)
    name <- sub("[.]rda$", "", file)
    expect_identical(new[[name]], get(name, envir = asNamespace("cordgain")$.__NAMESPACE__.$lazydata), info = name)
  }
})

test_that("rates by level and year are those of the abstract of Marino 2020", {
  # Percent to C or better, and one grade or more, as printed.
  printed <- data.frame(
    level = rep(c("cervical", "T1-T9", "T10-T12"), 3),
    years_from = rep(c(1995, 1995, 2013), each = 3), years_to = rep(c(2015, 1997, 2015), each = 3),
    ais_c = c(13.5, 4.5, 6.1, 9.4, 3.0, 2.7, 28.1, 6.8, 15.4),
    ais_any = c(28.6, 9.1, 16.8, 17.6, 5.3, 8.0, 50.0, 17.6, 23.1)
  )
  for (i in seq_len(nrow(printed))) {
    rows <- subset(natural_ais, grepl("Marino 2020", source) & level == printed$level[i] &
      years_from == printed$years_from[i] & years_to == printed$years_to[i])
    for (which in c("ais_c", "ais_any")) {
      expect_equal(100 * rows$rate[rows$endpoint == which], printed[[which]][i], tolerance = 1e-12) # 3 digits, doubles
    }
  }
})

test_that("windows run forwards and are in days", {
  expect_true(all(natural_ais$baseline_from_day <= natural_ais$baseline_to_day, na.rm = TRUE))
  expect_true(all(natural_ais$years_from <= natural_ais$years_to, na.rm = TRUE))
  expect_identical(unique(subset(natural_ais, baseline_printed == "<=72 h")$baseline_to_day), 3)
  expect_identical(unique(subset(natural_ais, baseline_printed == "<=48 h")$baseline_to_day), 2)
  expect_identical(unique(subset(natural_ais, baseline_printed == "<=30 d")$baseline_to_day), 30)
  expect_identical(unique(subset(natural_ais, followup_printed == "1 y")$followup_weeks), 52)
})

test_that("the source with the best-timed exam has its mean day", {
  timed <- subset(natural_ais, source == "Kirshblum 2022")
  expect_identical(timed$baseline_mean_day, 16.1)
  expect_identical(timed$rate, 0.134)
  expect_identical(c(timed$years_from, timed$years_to), c(2011, 2019))
  # 377.5 days are 53.9 weeks, entered as 54.
  expect_identical(timed$followup_weeks, round(377.5 / 7))
})

test_that("change of motor score is as printed by Kirshblum 2022", {
  change <- subset(natural_motor, source == "Kirshblum 2022" & baseline_grade == "A")
  expect_identical(change$mean[change$measure == "uems"], 7.8)
  expect_identical(change$sd[change$measure == "uems"], 6.5)
  expect_identical(change$mean[change$measure == "lems"], 2.3)
  expect_identical(change$sd[change$measure == "lems"], 7.4)
  expect_true(all(is.na(change$n))) # not in the abstract
})

test_that("no untreated change of grade A stands with its n, as the help page says", {
  expect_identical(nrow(subset(natural_motor, kind == "change" & baseline_grade %in% "A" & !is.na(n))), 0L)
})

test_that("visits keep the published means", {
  # Bourguignon 2022: Sygen tetraplegia UEMS at week 52, EMSCI tetraplegia total at week 4.
  sygen <- subset(natural_motor, source == "Sygen" & measure == "uems" & week == 52)
  expect_identical(c(sygen$mean, sygen$sd, sygen$n), c(21.764, 12.994, 263))
  emsci <- subset(natural_motor, source == "EMSCI" & measure == "isncsci_motor" & level == "cervical" & week == 4)
  expect_identical(c(emsci$mean, emsci$sd, emsci$n), c(20.08, 18.024, 662))
})

test_that("the shipped data are small", {
  sizes <- vapply(list(natural_ais, natural_motor, natural_transition, cell_trials, keio_ips), object.size, 0)
  expect_lt(sum(sizes), 500 * 1024)
})

test_that("nothing by which a person could be found is shipped", {
  for (data in list(natural_ais, natural_motor, natural_transition, cell_trials, keio_ips$patients)) {
    expect_false(any(is_identifying(names(data))))
  }
})
