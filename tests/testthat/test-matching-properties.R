# Matching against an independent reading of its rules, for random trials and sources.

# One source against one trial, rule by rule, with plain conditions; NA is FALSE.
naive_differences <- function(terms, source) {
  yes <- \(x) isTRUE(as.vector(x))
  same_grade <- length(terms$grade) == 1 && yes(terms$grade == source$baseline_grade)
  same_level <- all(vapply(terms$level, \(level) yes(level == source$level), NA))
  days <- terms$baseline_days
  if (!is.na(source$baseline_mean_day)) {
    same_days <- yes(source$baseline_mean_day >= days[1]) && yes(source$baseline_mean_day <= days[2])
  } else {
    # The share of the window by a fine grid of days (windows here are whole days).
    grid <- if (anyNA(c(source$baseline_from_day, source$baseline_to_day))) NA else
      seq(source$baseline_from_day, source$baseline_to_day, length.out = 20001)
    same_days <- yes(mean(grid >= days[1] & grid <= days[2]) >= 0.5 - 1e-4)
  }
  gap <- \(a, b, c, d) if (b < c) c - b else if (d < a) a - d else 0
  weeks <- c(terms$followup_weeks, source$followup_weeks)
  same_weeks <- !anyNA(weeks) && gap(weeks[1], weeks[2], weeks[3], weeks[3]) <= 13
  years <- c(terms$years, source$years_from, source$years_to)
  same_years <- !anyNA(years) && gap(years[1], years[2], years[3], years[4]) <= 5
  matched <- c(
    endpoint = yes(terms$endpoint == source$endpoint), grade = same_grade, level = same_level,
    baseline = same_days, followup = same_weeks, years = same_years
  )
  names(matched)[!matched]
}

test_that("the differences are those of a naive reading of the rules, for random trials and sources", {
  withr::local_seed(20230407)
  pick <- \(values, size = 1) sample(values, size, replace = TRUE)
  for (i in 1:150) {
    start <- pick(c(0, 5, 14, 20))
    year <- pick(2000:2015)
    arm <- plain_arm(
      endpoint = pick(c("ais_c", "ais_any")), level = pick(c("cervical", "T1-T9", NA), pick(c(1, 4))),
      baseline_grade = pick(c("A", "A", "B", NA), pick(c(1, 4))), baseline_days = start + c(0, pick(c(0, 7, 14))),
      followup_weeks = pick(c(26, 39, 52, 55)) + c(0, pick(0:2)), years = year + c(0, pick(0:3))
    )
    from <- pick(c(0, 10, 14, 21, 30))
    old <- pick(c(1985, 1995:2020, NA))
    source <- as_sources(data.frame(
      source = "one", events = 1, n = 10, endpoint = pick(c("ais_c", "ais_any", NA)),
      baseline_grade = pick(c("A", "A", NA)), level = pick(c("cervical", "all", "T1-T9", NA)),
      baseline_from_day = pick(c(from, from, NA)),
      baseline_to_day = from + pick(c(0, 4, 15, 30)), baseline_mean_day = pick(c(NA, NA, 3, 16.1, 28)),
      followup_weeks = pick(c(13, 26, 39, 52, 68, 69, 261, NA)), years_from = old, years_to = old + pick(0:10)
    ))
    expect_identical(evidence_differences(match_terms(arm), source)$what, naive_differences(match_terms(arm), source))
  }
})
