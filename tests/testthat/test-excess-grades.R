# Grade steps against sums over every combination of patients. Values marked N14: responders-2.csv.

marino <- c(0.70, 0.149, 0.08, 0.071)

arm_with <- function(final, baseline = "A") {
  trial_arm(
    patients = data.frame(subject = seq_along(final), baseline = baseline, final = final), endpoint = "ais_c",
    level = "cervical", baseline_days = c(14, 28), followup_weeks = 52, years = 2021
  )
}

taken <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")

pick <- function(x, term, column = "estimate") tidy(x)[[column]][tidy(x)$term == term]

# All combinations of steps of n patients, each with its probability.
naive_steps <- function(p, n) {
  steps <- as.matrix(expand.grid(rep(list(seq_along(p) - 1), n)))
  chance <- apply(steps, 1, \(s) prod(p[s + 1]))
  tapply(chance, rowSums(steps), sum)
}

test_that("the sum of four patients' grade steps has the tails computed separately", {
  for (total in c("N14d" = 5, "N14e" = 6, "N14f" = 7)) {
    id <- names(which(c("N14d" = 5, "N14e" = 6, "N14f" = 7) == total))
    finals <- list("5" = c("D", "C", "A", "A"), "6" = c("D", "D", "A", "A"), "7" = c("D", "D", "B", "A"))
    final <- finals[[as.character(total)]]
    x <- excess(arm_with(final), natural_rate(0.151), accept = taken, transition = marino)
    expect_equal(pick(x, "grade_steps_tail"), checks_value(id), tolerance = 1e-8) # ten decimals
  }
})

test_that("the excess of grade steps is observed minus expected, over all combinations", {
  x <- excess(arm_with(c("D", "C", "A", "A")), natural_rate(0.151), accept = taken, transition = marino)
  naive <- naive_steps(marino, 4)
  k <- as.numeric(names(naive))
  expect_equal(pick(x, "grade_steps"), 5 - sum(k * naive), tolerance = 1e-12)
  expect_equal(pick(x, "grade_steps", "std.error"), sqrt(sum(k^2 * naive) - sum(k * naive)^2), tolerance = 1e-12)
})

test_that("grades known only as one of several give bounds", {
  x <- excess(arm_with(c("D", "C", "A or B", "A or B")), natural_rate(0.151), accept = taken, transition = marino)
  naive <- naive_steps(marino, 4)
  k <- as.numeric(names(naive))
  expect_true(is.na(pick(x, "grade_steps_tail")))
  expect_equal(pick(x, "grade_steps_tail", "conf.low"), sum(naive[k >= 7]), tolerance = 1e-12)
  expect_equal(pick(x, "grade_steps_tail", "conf.high"), sum(naive[k >= 5]), tolerance = 1e-12)
})

test_that("the four-patient trial rose between five and seven grades", {
  expect_identical(arm_steps(keio_ips), list(min = 5, max = 7))
})

test_that("counts are Dirichlet-multinomial with one half added to each grade", {
  counts <- c(135, 20, 32)
  alpha <- counts + 0.5
  # Two patients: E[p_i p_j] of a Dirichlet, in closed form.
  total <- sum(alpha)
  pair <- outer(alpha, alpha) / (total * (total + 1))
  diag(pair) <- alpha * (alpha + 1) / (total * (total + 1))
  expected <- tapply(as.numeric(pair), as.numeric(outer(0:2, 0:2, "+")), sum)
  expect_equal(as.numeric(steps_pmf(counts, 2, TRUE)$value), as.numeric(expected), tolerance = 1e-12)
})

test_that("many counts come close to their shares taken as known", {
  huge <- steps_pmf(round(1e7 * marino), 4, TRUE)$value
  known <- steps_pmf(marino, 4, FALSE)$value
  expect_equal(huge, known, tolerance = 1e-5) # the uncertainty of 1e7 patients
})

test_that("a row that says C or D keeps both ends", {
  steps <- grade_steps(subset(natural_transition, source == "Kirshblum 2016" & from == "A" & level == "all"))
  expect_identical(steps$low, c(135, 20, 32, 0, 0))
  expect_identical(steps$high, c(135, 20, 0, 32, 0))
  expect_output(print(steps), "135")
})

test_that("transition rows that do not serve are refused with a class", {
  expect_error(grade_steps(natural_transition), "one source", class = "cordgain_invalid_input")
  expect_error(grade_steps(NULL), class = "cordgain_invalid_input")
  expect_error(grade_steps(natural_transition[0, ]), class = "cordgain_invalid_input")
  falling <- subset(natural_transition, source == "Kirshblum 2016" & from == "C" & level == "all")
  expect_error(grade_steps(falling), "fell", class = "cordgain_invalid_input")
})

test_that("step probabilities that do not add up to 1, or counts that are not whole, are refused", {
  for (bad in list(c(0.5, 0.4), 0.5, c(10.5, 3), "a", c(0.5, NA), c(-0.5, 1.5), factor(1:2))) {
    expect_error(excess(arm_with(c("D", "C", "A", "A")), natural_rate(0.151), accept = taken, transition = bad),
      class = "cordgain_invalid_input")
  }
})

test_that("an arm without grades has no grade steps", {
  arm <- trial_arm(2, 4, "ais_c", "cervical", "A", c(14, 28), 52, 2021)
  expect_error(excess(arm, natural_rate(0.151), accept = taken, transition = marino), "grades",
    class = "cordgain_invalid_input")
})

test_that("one number is no table of steps, and the message says what is missing", {
  natural <- natural_rate(0.2)
  arm <- graded_arm(c("C", "A", "A", "A"))
  error <- invalid(excess(arm, natural, accept = every_difference, transition = 1), "two or more")
  expect_match(conditionMessage(error), "grade_steps")
  invalid(excess(arm, natural, accept = every_difference, transition = c(0.5, 0.4)), "add")
})

# Nested endpoints by brute force: every combination of patients, probabilities of "at least s steps" from binomials.
naive_nested <- function(p, seen) {
  n <- length(seen)
  steps <- as.matrix(expand.grid(rep(list(seq_along(p) - 1), n)))
  chance <- apply(steps, 1, \(s) prod(p[s + 1]))
  above <- \(s) sum(p[-seq_len(s)])
  smallest <- \(rose) {
    tails <- \(s) stats::pbinom(sum(rose >= s) - 1, n, above(s), lower.tail = FALSE)
    min(vapply(seq_len(length(p) - 1), tails, 0))
  }
  q <- smallest(seen)
  c(q, sum(chance[apply(steps, 1, smallest) <= q * (1 + 1e-9)]))
}

test_that("two of four at least at C has the exact minimum over nested endpoints of the checks", {
  x <- excess(arm_with(c("D", "C", "A", "A")), natural_rate(0.151), accept = taken, transition = marino)
  expect_equal(pick(x, "nested_tail"), checks_value("N14a"), tolerance = 1e-9) # ten decimals
  expect_equal(pick(x, "nested_tail_any"), checks_value("N14b"), tolerance = 1e-9)
  expect_gt(checks_value("N14c"), pick(x, "nested_tail_any")) # as if they were independent
})

test_that("the minimum over nested endpoints is the sum over all combinations of patients", {
  for (final in list(c("A", "A", "A"), c("C", "B", "A"), c("D", "D", "D"), c("D", "A", "B"))) {
    x <- excess(arm_with(final), natural_rate(0.151), accept = taken, transition = c(0.6, 0.2, 0.15, 0.05))
    naive <- naive_nested(c(0.6, 0.2, 0.15, 0.05), match(final, LETTERS) - 1)
    expect_equal(c(pick(x, "nested_tail"), pick(x, "nested_tail_any")), naive, tolerance = 1e-12)
  }
})

test_that("with counts the outcomes are Dirichlet-multinomial, and unknown grades give bounds", {
  counts <- c(135, 20, 32)
  # One patient: the tails are posterior means of the steps.
  one <- excess(arm_with("C"), natural_rate(0.151), accept = taken, transition = counts)
  expect_equal(pick(one, "nested_tail"), 32.5 / sum(counts + 0.5), tolerance = 1e-12)
  expect_equal(pick(one, "nested_tail_any"), 32.5 / sum(counts + 0.5), tolerance = 1e-12)
  open <- excess(arm_with(c("D", "C", "A or B", "A or B")), natural_rate(0.151), accept = taken, transition = marino)
  ends <- c(naive_nested(marino, c(3, 2, 1, 1))[2], naive_nested(marino, c(3, 2, 0, 0))[2])
  row <- tidy(open)[tidy(open)$term == "nested_tail_any", ]
  expect_equal(c(row$conf.low, row$conf.high), ends, tolerance = 1e-12)
})

test_that("the print of an undeclared definition takes the nested grades together where they are known", {
  arm <- update(keio_ips, declared = FALSE, looks = 3)
  said <- paste(format(excess(arm, natural_rate(0.151), accept = taken, transition = marino)), collapse = " ")
  expect_match(said, "by nature alone with probability 0.0", fixed = TRUE)
  expect_no_match(said, "independent")
  plain <- paste(format(excess(arm, natural_rate(0.151), accept = taken)), collapse = " ")
  expect_match(plain, "Were they independent", fixed = TRUE)
})

test_that("rows that count patients twice, or leave some out, are refused", {
  rows <- \(...) subset(natural_transition, ...)
  # Marino 2011 prints C, D and "converted", which holds both, and not who stayed.
  invalid(grade_steps(rows(source == "Marino 2011" & from == "A")), "same grade")
  invalid(grade_steps(rows(source == "Marino 2011" & from == "A" & to %in% c("C", "D"))), "15.1 of 100")
  kirshblum <- rows(source == "Kirshblum 2016" & from == "A")
  error <- invalid(grade_steps(kirshblum[kirshblum$to != "A", ]), "those who stayed") # 20 + 32 of 187
  expect_match(conditionMessage(error), "52 of 187")
  twice <- kirshblum
  twice$to[2] <- "A"
  invalid(grade_steps(twice), "twice")
  strange <- kirshblum
  strange$to[2] <- "F"
  invalid(grade_steps(strange), "grades A to E")
  negative <- kirshblum
  negative$count[2] <- -1
  invalid(grade_steps(negative), "finite")
  several <- kirshblum
  several$n[1] <- 186
  invalid(grade_steps(several), "one number of patients")
})

test_that("percentages may miss one hundred by the rounding of each, and no more", {
  rows <- data.frame(source = "s", level = "l", from = "A", to = c("A", "B", "C", "D"), count = NA_real_,
    percent = c(70, 15, 8, 8))
  expect_equal(grade_steps(rows)$low, c(70, 15, 8, 8, 0)) # 101
  rows$percent[1] <- 60
  invalid(grade_steps(rows), "91 of 100")
})

test_that("rows of a fall that nobody had are no fall, and only grades that exist get a share", {
  d <- subset(natural_transition, source == "van Middendorp 2009" & from == "D") # 0, 0, 0, 27, 5 of 32
  steps <- grade_steps(d)
  expect_equal(steps$low, c(27, 5))
  expect_identical(steps$low, steps$high)
  # One patient who rose from D to E: the beta-binomial share of the second grade, by hand.
  arm <- trial_arm(patients = data.frame(subject = 1, baseline = "D", final = "E"), endpoint = "ais_any",
    level = "above T11", baseline_days = c(0, 15), followup_weeks = 39, years = 2005)
  x <- excess(arm, natural_rate(0.15), accept = taken, transition = steps)
  expect_equal(pick(x, "grade_steps_tail"), 5.5 / 33, tolerance = 1e-12)
  c_rows <- subset(natural_transition, source == "Kirshblum 2016" & level == "all" & from == "C")
  invalid(grade_steps(c_rows), "9 patients") # 2 to A and 7 to B
})

test_that("a transition table that starts from another grade than the patients is refused", {
  d <- grade_steps(subset(natural_transition, source == "van Middendorp 2009" & from == "D"))
  expect_error(excess(arm_with(c("D", "C", "A", "A")), natural_rate(0.151), accept = taken, transition = d),
    "another grade", class = "cordgain_unmatched")
})

test_that("a transition table about other patients is told, difference by difference, until it is accepted", {
  kirshblum <- grade_steps(subset(natural_transition, source == "Kirshblum 2016" & level == "all" & from == "A"))
  arm <- trial_arm(patients = data.frame(subject = 1:2, baseline = "A", final = c("C", "A")), endpoint = "ais_any",
    level = "cervical", baseline_days = c(60, 90), followup_weeks = 200, years = c(2000, 2005))
  natural <- natural_rate(0.15, match = list(endpoint = "ais_any", baseline_grade = "A", level = "cervical",
    baseline_days = c(60, 90), followup_weeks = 200, years = c(2000, 2005)))
  ask <- function(accept, transition = kirshblum) excess(arm, natural, accept = accept, transition = transition)
  error <- expect_error(ask("registry"), class = "cordgain_unmatched")
  words <- paste(cli::ansi_strip(conditionMessage(error)), collapse = " ")
  for (word in c("Kirshblum 2016 \\(grade steps\\)", "level", "baseline", "follow")) expect_match(words, word)
  x <- ask(c("level", "baseline", "followup", "registry"))
  # All is accepted, and said with the result.
  expect_match(paste(format(x), collapse = " "), "Kirshblum 2016 \\(grade steps\\)")
  # Numbers without a table say nothing of their patients.
  expect_s3_class(ask("registry", c(0.7, 0.2, 0.1)), "excess")
})
