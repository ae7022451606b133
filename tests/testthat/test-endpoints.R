counted <- function(final, endpoint, baseline = "A") {
  count_responders(data.frame(subject = seq_along(final), baseline = baseline, final = final), endpoint, NULL)
}

test_that("responders are counted from grades as the endpoint says", {
  final <- c("A", "B", "C", "D", "E")
  expect_identical(counted(final, "ais_any")$responders, c(4L, 4L))
  expect_identical(counted(final, "ais_c")$responders, c(3L, 3L))
  expect_identical(counted(final, "ais_d")$responders, c(2L, 2L))
})

test_that("one grade up is counted from each patient's own baseline", {
  expect_identical(counted(c("B", "B", "C", "E"), "ais_any", c("A", "B", "C", "D"))$responders, c(2L, 2L))
})

test_that("a worse grade is no response", {
  expect_identical(counted("A", "ais_any", "B")$responders, c(0L, 0L))
})

test_that("a grade known only as one of several gives the fewest and the most", {
  expect_identical(counted(c("A or B", "A or B"), "ais_any")$responders, c(0L, 2L))
  expect_identical(counted(c("A or B", "A or B"), "ais_c")$responders, c(0L, 0L))
  expect_identical(counted("C or D", "ais_c")$responders, c(1L, 1L))
  expect_identical(counted("B or C or D", "ais_c")$responders, c(0L, 1L))
  expect_identical(counted(c("A/B", "A, B", "A or B"), "ais_any")$responders, c(0L, 3L))
})

test_that("a lost outcome is counted as lost and not as a response", {
  count <- counted(c("C", NA, NA), "ais_c")
  expect_identical(count, list(responders = c(1L, 1L), missing = 2L))
})

test_that("grades that are no grades are refused", {
  for (bad in c("F", "a", "C?", "A or F")) invalid(counted(bad, "ais_c"), "A to E")
  invalid(counted(3, "ais_c"), "text")
  invalid(counted(factor("C"), "ais_c"), "as.character")
  invalid(counted("", "ais_c"), "empty")
})

test_that("a baseline grade that is unknown or one of several is refused, with the subject", {
  invalid(counted(c("C", "C"), "ais_c", c("A", NA)), "2")
  invalid(counted("C", "ais_c", "A or B"), "one known")
})

test_that("endpoints from A refuse patients who were not graded A", {
  invalid(counted("C", "ais_c", "B"), "baseline")
  invalid(counted("D", "ais_d", "C"), "baseline")
  invalid(counted("E", "ais_any", "E"), "baseline")
})

test_that("motor levels and own endpoints cannot be counted from grades", {
  invalid(counted("C", "motor_level_1"), "cannot be counted")
  invalid(counted("C", "walks"), "responders")
})

test_that("an endpoint is printed in words, an own one as it stands", {
  expect_identical(endpoint_label("ais_c"), "from AIS A to C or better (ais_c)")
  expect_identical(endpoint_label("walks ten metres"), "walks ten metres")
})

test_that("the fewest and the most responders are those over all possible true grades", {
  # Oracle: write out every world in which each patient has one of his possible
  # final grades, and count the responders in each.
  withr::local_seed(20230406)
  improved <- list(
    ais_any = \(from, to) to > from,
    ais_c = \(from, to) to >= "C",
    ais_d = \(from, to) to >= "D"
  )
  for (i in 1:60) {
    endpoint <- sample(names(improved), 1)
    k <- sample(1:4, 1)
    from <- if (endpoint == "ais_any") sample(LETTERS[1:4], k, replace = TRUE) else rep("A", k)
    possible <- replicate(k, sort(sample(LETTERS[1:5], sample(1:3, 1))), simplify = FALSE)
    worlds <- as.matrix(expand.grid(possible, stringsAsFactors = FALSE))
    counts <- apply(worlds, 1, \(to) sum(improved[[endpoint]](from, to)))
    final <- vapply(possible, paste, "", collapse = " or ")
    expect_identical(counted(final, endpoint, from)$responders, as.integer(range(counts)))
  }
})

test_that("the order of the patients does not matter", {
  final <- c("D", "A or B", "C", NA, "B")
  for (order in list(5:1, c(2, 4, 1, 5, 3))) {
    expect_identical(counted(final[order], "ais_any"), counted(final, "ais_any"))
  }
})

test_that("several grades are read however they are joined, and none is lost", {
  for (text in c("B, C or D", "B,C/D", "B or  C, or D", "B , C,D")) {
    expect_identical(grade_sets(text, "final", NULL), list(2:4))
  }
  for (text in c("C or ", "C /", "C, ", "or C")) {
    expect_error(grade_sets(text, "final", rlang::current_env()), class = "cordgain_invalid_input")
  }
})

test_that("a name written otherwise is refused with the name, an endpoint in other words is taken", {
  arm <- \(endpoint) trial_arm(2, 4, endpoint = endpoint, level = "T3", baseline_grade = "A", baseline_days = 14,
    followup_weeks = 52, years = 2021)
  for (words in c("AIS C", "ais-c", "AIS_C", "aisc", "Ais c.")) invalid(arm(words), "ais_c")
  invalid(arm("Motor level 2"), "motor_level_2")
  for (words in c("ais_c", "AIS B", "AIS C at 26 weeks", "walks ten metres")) {
    expect_identical(cordgain:::check_endpoint(words, rlang::current_env()), words)
  }
  grades <- data.frame(subject = 1:2, baseline = "A", final = c("C", "A"))
  invalid(trial_arm(patients = grades, endpoint = "AIS C", level = "T3", baseline_days = 14, followup_weeks = 52,
    years = 2021), "ais_c")
})

test_that("sources and timings are asked for the same names, wherever they come from", {
  source <- data.frame(source = "a", events = 1, n = 20)
  for (words in c("AIS_C", "aisc")) {
    invalid(natural_rate(transform(source, endpoint = words)), "ais_c")
    invalid(natural_rate(0.1, match = list(endpoint = words)), "ais_c")
    invalid(excess_by_reference(keio_ips, transform(source, endpoint = words)), "ais_c")
    invalid(landmark(3, reference_week = 8, remaining = 0.1, endpoint = words, level = "cervical"), "ais_c")
    invalid(update(keio_ips, endpoint = words), "ais_c")
  }
  own <- natural_rate(transform(source, endpoint = "walks ten metres"))
  expect_s3_class(own, "natural_rate")
  expect_s3_class(natural_rate(source), "natural_rate") # an endpoint that is not known
})
