found <- function(arm = plain_arm(), ..., landmark_day = NULL, drift_year = NULL) {
  evidence_differences(match_terms(arm), as_sources(plain_sources(...)), landmark_day, drift_year)
}

kinds <- function(...) unique(found(...)$what)

test_that("a trial and sources that agree in everything differ in nothing", {
  expect_identical(nrow(found()), 0L)
  expect_identical(nrow(assert_matched(found())), 0L)
})

test_that("the table of differences has fixed columns, with and without rows", {
  columns <- c("what", "source", "trial", "natural", "direction", "remedy")
  expect_named(found(), columns)
  expect_named(found(level = "all"), columns)
})

# One difference at a time ---------------------------------------------------------

test_that("endpoints are compared as strings", {
  expect_identical(kinds(endpoint = "ais_any"), "endpoint")
  expect_identical(kinds(plain_arm(endpoint = "own words"), endpoint = "own words"), character())
})

test_that("grades must be equal for all patients", {
  expect_identical(kinds(baseline_grade = "B"), "grade")
  expect_identical(kinds(plain_arm(baseline_grade = c("A", "A", "A", "B"))), "grade")
})

test_that("a level must be equal: a wider, a narrower and another source differ", {
  for (level in c("all", "above T11", "C4-C7", "T1-T9", "own word")) expect_identical(kinds(level = level), "level")
  expect_identical(kinds(level = "tetraplegia"), character())
})

test_that("one patient at another level makes the source differ", {
  expect_identical(kinds(plain_arm(level = c("cervical", "cervical", "cervical", "T1-T9"))), "level")
})

test_that("a mean exam day in the trial's window matches, its ends included", {
  for (day in c(14, 16.1, 28)) expect_identical(kinds(baseline_mean_day = day, baseline_from_day = 0), character())
  for (day in c(13.9, 28.1)) expect_identical(kinds(baseline_mean_day = day), "baseline")
})

test_that("a window matches when at least half of it lies in the trial's", {
  # Trial day 14 to 28. Of 0 to 28 half lies inside; of 0 to 30 14/30 does; of 0 to 15 1/15.
  expect_identical(kinds(baseline_from_day = 0, baseline_to_day = 28), character())
  expect_identical(kinds(baseline_from_day = 0, baseline_to_day = 30), "baseline")
  expect_identical(kinds(baseline_from_day = 0, baseline_to_day = 15), "baseline")
  expect_identical(kinds(baseline_from_day = 21, baseline_to_day = 35), character())
  expect_identical(kinds(baseline_from_day = 20, baseline_to_day = 20), character())
  expect_identical(kinds(baseline_from_day = 3, baseline_to_day = 3), "baseline")
})

test_that("a window that matches in part is said to", {
  expect_match(found(baseline_from_day = 0, baseline_to_day = 30)$natural, "partly matched")
  expect_false(any(grepl("partly", found(baseline_from_day = 0, baseline_to_day = 3)$natural)))
})

test_that("a landmark brings the sources it is given for to its own day, which must be the trial's", {
  early <- \(...) found(baseline_from_day = 0, baseline_to_day = 3, ...)
  expect_identical(nrow(early()), 2L)
  for (day in c(14, 21, 28)) expect_identical(nrow(early(landmark_day = day)), 0L)
  expect_identical(early(landmark_day = c(21, NA))$source, "second")
  # Day 14 to 28: one day before and after it the sources are of another time, and so they say.
  late <- early(landmark_day = 29)
  expect_identical(late$what, c("baseline", "baseline"))
  expect_match(late$natural, "brought to day 29 by landmark()", fixed = TRUE)
  expect_match(late$direction, "too low")
  expect_match(late$remedy, "a week in the trial's own window", fixed = TRUE)
  expect_match(early(landmark_day = 13)$direction, "too high")
})

test_that("a drift brings the sources to the year to which it carries the rate", {
  old <- \(...) found(years_from = 1990, years_to = 1995, ...)
  expect_identical(old()$what, c("years", "years"))
  # The trial's years are 2010 to 2012, and five apart is near.
  for (year in c(2005, 2011, 2017)) expect_identical(nrow(old(drift_year = year)), 0L)
  expect_match(old(drift_year = 2004)$natural, "2004, where drift() carries it", fixed = TRUE)
  expect_match(old(drift_year = 2018)$remedy, "reference_year", fixed = TRUE)
})

test_that("a registry is the same in another spelling", {
  expect_identical(kinds(registry = c("SCIMS", "scims")), "registry")
  expect_identical(kinds(registry = c("SCIMS+EMSCI", "EMSCI + Sygen")), "registry")
  expect_identical(kinds(registry = c("SCIMS ", "SCIMS")), "registry")
  expect_match(found(registry = c("SCIMS", "scims"))$natural, "SCIMS", fixed = TRUE)
  expect_identical(kinds(registry = c("SCIMS", "EMSCI")), character())
})

test_that("follow-up may differ by 13 weeks from the trial's window", {
  arm <- plain_arm(followup_weeks = c(54, 56))
  for (weeks in c(41, 52, 54, 55, 69)) expect_identical(kinds(arm, followup_weeks = weeks), character())
  for (weeks in c(40.9, 26, 69.1, 261)) expect_identical(kinds(arm, followup_weeks = weeks), "followup")
})

test_that("years may lie five apart", {
  # The trial's years are 2010 to 2012.
  expect_identical(kinds(years_from = 1990, years_to = 2005), character())
  expect_identical(kinds(years_from = 1990, years_to = 2004), "years")
  expect_identical(kinds(years_from = 2017, years_to = 2020), character())
  expect_identical(kinds(years_from = 2018, years_to = 2020), "years")
})

test_that("two sources of one registry differ when their years overlap or are not known", {
  expect_identical(kinds(registry = "one"), "registry")
  expect_identical(kinds(registry = "one", years_from = c(2006, 2010), years_to = c(2009, 2014)), character())
  expect_identical(kinds(registry = "one", years_from = c(2006, 2009), years_to = c(2009, 2014)), "registry")
  unknown <- found(registry = "one", years_from = c(NA, 2010), years_to = c(NA, 2014))
  expect_true("registry" %in% unknown$what)
})

test_that("a registry that is part of a joint one is the same registry", {
  joint <- found(registry = c("one+two", "two"))
  expect_identical(joint$what, "registry")
  expect_identical(joint$natural, "two")
  expect_identical(joint$source, "first and second")
})

test_that("a registry that is not named may be any, but not for a single source", {
  expect_identical(kinds(registry = c(NA, "two")), "registry")
  single <- as_sources(plain_sources(registry = NA)[1, ])
  expect_identical(nrow(evidence_differences(match_terms(plain_arm()), single)), 0L)
})

test_that("many sources of one registry are told in one row", {
  many <- data.frame(source = as.character(1:150), events = 1, n = 10, registry = "one")
  rows <- overlapping_registries(as_sources(many))
  expect_identical(nrow(rows), 1L)
})

test_that("registries are compared pair by pair as a naive double loop does", {
  withr::local_seed(20230402)
  for (i in 1:50) {
    k <- sample(2:6, 1)
    from <- sample(c(NA, 1990:2010), k, replace = TRUE)
    registry <- sample(c("r", "s"), k, replace = TRUE)
    x <- as_sources(data.frame(source = letters[1:k], events = 1, n = 10, registry = registry, years_from = from,
      years_to = from + sample(0:8, k, replace = TRUE)))
    naive <- character()
    for (a in 1:k) {
      for (b in setdiff(which(x$registry == x$registry[a]), a)) {
        overlap <- x$years_from[a] <= x$years_to[b] && x$years_from[b] <= x$years_to[a]
        if (is.na(overlap) || overlap) naive <- union(naive, x$source[a])
      }
    }
    expect_setequal(as.character(unlist(strsplit(overlapping_registries(x)$source, " and "))), naive)
  }
})

# Unknown --------------------------------------------------------------------------

test_that("what a source does not say counts as a difference", {
  unknown <- list(
    endpoint = "endpoint", baseline_grade = "grade", level = "level", baseline_from_day = "baseline",
    baseline_to_day = "baseline", followup_weeks = "followup", years_from = "years", years_to = "years",
    registry = "registry"
  )
  for (column in names(unknown)) {
    expect_identical(do.call(kinds, stats::setNames(list(NA), column)), unknown[[column]], info = column)
  }
})

test_that("what the trial does not say counts as a difference", {
  unknown <- c(level = "level", baseline_grade = "grade", baseline_days = "baseline", followup_weeks = "followup",
    years = "years")
  for (argument in names(unknown)) {
    arm <- do.call(plain_arm, stats::setNames(list(NA), argument))
    expect_identical(kinds(arm), unname(unknown[argument]), info = argument)
  }
})

test_that("nothing known differs in everything", {
  bare <- as_sources(data.frame(source = c("a", "b"), events = 1, n = 10))
  rows <- evidence_differences(match_terms(plain_arm()), bare)
  expect_setequal(rows$what, setdiff(matching_names, "covariance"))
  expect_false(anyNA(rows))
})

# Directions -------------------------------------------------------------------------

test_that("an earlier baseline makes the natural rate too high and the excess too small", {
  expect_match(found(baseline_from_day = 0, baseline_to_day = 3)$direction, "excess comes out too small")
  expect_match(found(baseline_from_day = 56, baseline_to_day = 56)$direction, "excess comes out too large")
})

test_that("a shorter follow-up makes the excess too large", {
  expect_match(found(followup_weeks = 13)$direction, "too large")
  expect_match(found(followup_weeks = 261)$direction, "too small")
})

test_that("older sources make the excess too large if rates rose", {
  expect_match(found(years_from = 1980, years_to = 1990)$direction, "if rates rose.*too large")
  expect_match(found(years_from = 2020, years_to = 2021)$direction, "if rates rose.*too small")
})

test_that("a level where natural recovery is rarer makes the excess too large", {
  # Marino 2020, to C or better: cervical 13.5 %, all 8.8 %, T10-T12 6.1 %, T1-T9 4.5 %.
  rate <- c(cervical = 13.5, all = 8.8, "T10-T12" = 6.1, "T1-T9" = 4.5)
  for (trial in setdiff(names(rate), "all")) {
    for (natural in setdiff(names(rate), trial)) {
      expected <- if (rate[natural] < rate[trial]) "too large" else "too small"
      direction <- found(plain_arm(level = trial), level = natural)$direction[1]
      expect_match(direction, expected, info = paste(trial, natural))
    }
  }
})

test_that("a wider source is called wider", {
  expect_match(found(level = "all")$direction, "wider")
  expect_false(any(grepl("wider", found(level = "T1-T9")$direction)))
})

test_that("for unknown levels the effect is told for the two ends", {
  # Marino 2020: cervical 13.5 %, all 8.8 %, T1-T9 4.5 %.
  effect <- function(level) found(plain_arm(level = NA), level = level)$direction[1]
  expect_match(effect("all"), "cervical, natural rate too low.*T1-T9, natural rate too high")
  expect_match(effect("cervical"), "cervical, the source is of their level; if T1-T9, natural rate too high")
  expect_match(effect("T1-T9"), "cervical, natural rate too low.*T1-T9, the source is of their level")
})

test_that("a landmark is no remedy for a source whose exams reach the trial's window", {
  remedy <- function(...) found(...)$remedy[1]
  expect_match(remedy(baseline_from_day = 0, baseline_to_day = 13), "landmark()", fixed = TRUE)
  expect_no_match(remedy(baseline_from_day = 0, baseline_to_day = 15), "landmark()", fixed = TRUE)
})

test_that("differences of one kind with other remedies have bullets of their own", {
  rows <- found(source = c("early", "reaching"), baseline_from_day = 0, baseline_to_day = c(13, 15))
  text <- gsub("\\s+", " ", conditionMessage(expect_error(assert_matched(rows), class = "cordgain_unmatched")))
  expect_match(text, "sources early \\(day 0 to 13\\).*landmark\\(\\).*sources reaching \\(day 0 to 15")
  expect_match(text, 'accept = c("baseline")', fixed = TRUE)
})

test_that("no direction is claimed where none is known", {
  expect_match(found(plain_arm(level = NA), level = "own word")$direction, "no direction.*no direction")
  expect_match(found(plain_arm(level = c("T1-T9", NA, NA, NA)))$direction, "no direction")
  expect_match(found(level = "own word")$direction, "no direction")
  expect_match(found(plain_arm(endpoint = "own"), endpoint = "own", level = "all")$direction, "no direction")
  expect_match(found(baseline_from_day = NA)$direction, "no direction")
})

# Refusing and accepting ---------------------------------------------------------------

test_that("a difference that is not accepted is refused, and the condition carries it", {
  error <- expect_error(assert_matched(found(level = "all")), class = "cordgain_unmatched")
  expect_s3_class(error, "cordgain_error")
  expect_identical(error$differences, found(level = "all"))
})

test_that("the message has one bullet for each kind, the sources, the effect and what to do", {
  error <- expect_error(assert_matched(found(level = "all", followup_weeks = 13)), class = "cordgain_unmatched")
  text <- conditionMessage(error)
  text <- gsub("\\s+", " ", text)
  expect_match(text, "level: trial cervical; sources first (all), second (all)", fixed = TRUE)
  expect_match(text, "followup: trial week 52; sources first (week 13), second (week 13)", fixed = TRUE)
  expect_match(text, "too large")
  expect_match(text, "natural_strata")
  expect_match(text, "accept = c(\"level\", \"followup\")", fixed = TRUE)
})

test_that("accepted differences come back for printing and the others stay refused", {
  rows <- found(level = "all", followup_weeks = 13)
  expect_identical(assert_matched(rows, c("level", "followup")), rows)
  error <- expect_error(assert_matched(rows, "level"), class = "cordgain_unmatched")
  expect_identical(unique(error$differences$what), "followup")
})

test_that("accepting what does not differ does no harm", {
  expect_identical(nrow(assert_matched(found(), c("level", "covariance"))), 0L)
})

test_that("accepting something that is not compared is refused", {
  invalid(assert_matched(found(), "all"), "endpoint")
  invalid(assert_matched(found(), TRUE))
  invalid(assert_matched(found(), NULL))
  invalid(assert_matched(found(), factor("level")))
})

test_that("names with braces do not break the message", {
  error <- expect_error(assert_matched(found(source = c("a {b}", "c}"), level = "all")), class = "cordgain_unmatched")
  expect_match(conditionMessage(error), "a {b}", fixed = TRUE)
})

test_that("the order of the sources does not change what differs", {
  rows <- subset(natural_ais, reference & endpoint == "ais_c")
  terms <- match_terms(keio_ips)
  one <- evidence_differences(terms, as_sources(rows))
  other <- evidence_differences(terms, as_sources(rows[4:1, ]))
  expect_identical(table(one$what), table(other$what))
})

test_that("the reference registries break the rules for the four-patient trial in five ways", {
  rows <- evidence_differences(match_terms(keio_ips), as_sources(subset(natural_ais, reference & endpoint == "ais_c")))
  expect_setequal(rows$what, c("level", "baseline", "followup", "years", "registry"))
  accepted <- assert_matched(rows, c("level", "baseline", "followup", "years", "registry"))
  expect_identical(accepted, rows)
})

test_that("the best-timed source matches the four-patient trial in baseline and follow-up", {
  timed <- subset(natural_ais, source == "Kirshblum 2022")
  timed$events <- 1 # placeholders: the counts are not published, and only the times are compared here
  timed$n <- 10
  rows <- evidence_differences(match_terms(keio_ips), as_sources(timed))
  expect_identical(rows$what, "level")
})

test_that("each source is judged by itself except for the registry", {
  rows <- as_sources(subset(natural_ais, reference & endpoint == "ais_c"))
  terms <- match_terms(plain_arm())
  together <- evidence_differences(terms, rows)
  alone <- do.call(rbind, lapply(1:4, \(i) evidence_differences(terms, rows[i, ])))
  together <- together[together$what != "registry", ]
  expect_setequal(paste(together$what, together$source), paste(alone$what, alone$source))
})

test_that("every difference says what to do about it", {
  bare <- as_sources(data.frame(source = c("a", "b"), events = 1, n = 10))
  rows <- evidence_differences(match_terms(plain_arm()), bare)
  expect_true(all(nchar(rows$remedy) > 20))
  expect_match(rows$remedy[rows$what == "baseline"][1], "landmark()", fixed = TRUE)
  expect_match(rows$remedy[rows$what == "years"][1], "drift()", fixed = TRUE)
  expect_match(rows$remedy[rows$what == "level"][1], "natural_strata()", fixed = TRUE)
})

test_that("what is accepted must be text, whatever else it is", {
  natural <- natural_rate(plain_sources())
  for (accept in list(mean, 1, factor("level"), list("level"), new.env(), y ~ x, "nothing", NULL)) {
    invalid(excess(plain_arm(), natural, accept = accept), "accept")
  }
})

test_that("controls of another endpoint or baseline grade are refused, or accepted by name and printed", {
  arm <- function(...) plain_arm(role = "control", responders = 1, ...)
  compare <- function(control, accept = character()) {
    excess(plain_arm(responders = 2), natural_rate(plain_sources()), control = control, accept = c("registry", accept))
  }
  expect_error(compare(arm(endpoint = "ais_any")), "endpoint", class = "cordgain_unmatched")
  expect_error(compare(arm(baseline_grade = "B")), "grade", class = "cordgain_unmatched")
  expect_output(print(compare(arm(endpoint = "ais_any"), "endpoint")), "illustration.*endpoint")
  expect_true("fisher" %in% tidy(compare(arm()))$term)
  invalid(compare(plain_arm()), "control")
})

test_that("controls are matched on level, baseline, follow-up and years as well, unknown being a difference", {
  compare <- function(..., accept = character()) {
    control <- do.call(plain_arm, utils::modifyList(list(role = "control"), list(...)))
    excess(plain_arm(responders = 2), natural_rate(plain_sources()), control = control, accept = c("registry", accept))
  }
  expect_s3_class(compare(), "excess")
  changes <- list(
    level = list(level = "T1-T9"), level = list(level = c("cervical", "cervical", "cervical", "T1-T9")),
    level = list(level = NA_character_), grade = list(baseline_grade = c("A", "A", "A", "B")),
    baseline = list(baseline_days = c(0, 3)), baseline = list(baseline_days = c(NA, NA)),
    followup = list(followup_weeks = 26), followup = list(followup_weeks = c(NA, NA)),
    years = list(years = c(1990, 1995)), years = list(years = c(NA, NA))
  )
  for (i in seq_along(changes)) {
    name <- names(changes)[i]
    e <- expect_error(do.call(compare, changes[[i]]), paste0(name, ": "), class = "cordgain_unmatched")
    expect_identical(unique(e$differences$what), name)
    expect_s3_class(do.call(compare, c(changes[[i]], list(accept = name))), "excess")
  }
  # Near enough, by the rules for sources: 13 weeks, five years, half of the window.
  expect_s3_class(compare(followup_weeks = 60, years = c(2016, 2017), baseline_days = c(10, 28)), "excess")
})

test_that("an argument that is not given is named, with what to give", {
  invalid(excess(), "`x` is not given")
  invalid(excess(plain_arm()), "`natural` is not given")
  invalid(natural_rate(), "`x` is not given")
  invalid(decision_table(), "`x` is not given")
  invalid(decision_table(natural_rate(0.2)), "`n` is not given")
})

test_that("an unknown day of the trial's baseline claims no direction", {
  terms <- match_terms(score_change(1, 2, "uems"))
  sources <- natural_sources(natural_change(data.frame(source = "a", mean = 1, se = 1, baseline_mean_day = 20),
    tau = prior_fixed(0)))
  found <- evidence_differences(terms, sources)
  expect_identical(found$direction[found$what == "baseline"], "no direction is known")
})
