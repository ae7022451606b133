# Values marked N are those of responders-2.csv, computed by separate code; MAP quantities are compared at 1e-7
# absolute, closed forms at 1e-10, as the check files ask.

kawano <- function(remaining = 1 / 35, shape = 1, ...) {
  landmark(3, reference_week = 8, remaining = remaining, endpoint = "ais_any", level = "cervical", shape = shape, ...)
}

cervical <- list(endpoint = "ais_any", level = "cervical")

at_least_two <- function(natural) sum(predict(natural, 4)$probability[3:5])

test_that("35 of 203, 34 of them by week 8, leaves 5.2 % among those still unrecovered at week 3", {
  expect_equal(
    tidy(natural_rate(35 / 203, landmark = kawano(), match = cervical))$estimate,
    checks_value("C32"), tolerance = 1e-10
  )
  expect_equal(at_least_two(natural_rate(35 / 203, landmark = kawano(), match = cervical)), checks_value("C33"),
    tolerance = 1e-10)
})

test_that("at the reference week the rate is 1 of the 169 still at risk, exactly", {
  week8 <- landmark(8, reference_week = 8, remaining = 1 / 35, endpoint = "ais_any", level = "cervical")
  expect_equal(tidy(natural_rate(35 / 203, landmark = week8, match = cervical))$estimate, 1 / 169, tolerance = 1e-12)
  expect_equal(checks_value("C34"), 1 / 169, tolerance = 1e-12)
})

test_that("Weibull timing moves the rate as computed separately", {
  for (shape in c("0.5", "2")) {
    # Printed to ten decimals: relative to the value that is 3e-8.
    natural <- natural_rate(35 / 203, landmark = kawano(shape = as.numeric(shape)), match = cervical)
    expect_equal(tidy(natural)$estimate, checks_value(paste0("N08k", shape)), tolerance = 1e-8)
    expect_equal(at_least_two(natural), checks_value(paste0("N08t", shape)), tolerance = 1e-7)
  }
})

test_that("the uncertainty of the timing is carried, for each shape", {
  ids <- c("N08u" = 1, "N08u.5" = 0.5, "N08u2" = 2)
  for (id in names(ids)) {
    late <- kawano(prior_beta(1.5, 34.5), shape = ids[[id]])
    natural <- natural_rate(prior_beta(35.5, 168.5), landmark = late, match = cervical)
    expect_equal(at_least_two(natural), checks_value(id), tolerance = 1e-7)
  }
})

test_that("a rate examined at day 16.1 is moved to day 21 from its own exam day", {
  natural <- natural_rate(0.134, landmark = kawano(from_week = 16.1 / 7), match = cervical)
  expect_equal(tidy(natural)$estimate, checks_value("N08d"), tolerance = 1e-9)
  expect_equal(at_least_two(natural), checks_value("N08e"), tolerance = 1e-9)
})

early <- data.frame(
  source = c("Marino", "Burns", "van Middendorp", "Kirshblum"), events = c(74, 6, 42, 52), n = c(482, 53, 161, 187),
  endpoint = "ais_any", level = "cervical", baseline_from_day = 0, baseline_to_day = 0
)

test_that("sources examined at the injury are moved by one offset, with mu the rate from the injury on", {
  natural <- natural_rate(early, tau = prior_half_normal(0.5), landmark = kawano())
  expect_equal(at_least_two(natural), checks_value("N08s"), tolerance = 1e-7)
})

test_that("each source is moved from its own exam day: one examined at the landmark is not moved", {
  # Two identical sources, one examined at day 0, one at day 20.9: the second tells a smaller correction.
  moved <- \(day) {
    one <- transform(early[2, ], baseline_from_day = day, baseline_to_day = day)
    tidy(natural_rate(one, tau = prior_fixed(0.1), mu = NULL, landmark = kawano()))$estimate[1]
  }
  uncorrected <- tidy(natural_rate(early[2, ], tau = prior_fixed(0.1), mu = NULL))$estimate[1]
  expect_lt(moved(0), moved(10))
  expect_lt(moved(10), moved(20.9))
  expect_equal(moved(20.999), uncorrected, tolerance = 1e-3) # a thousandth of a day short of the landmark
})

test_that("a later landmark leaves a lower natural rate", {
  rates <- vapply(c(0, 1, 2, 3, 8), \(week) {
    late <- landmark(week, reference_week = 8, remaining = 1 / 35, endpoint = "ais_any", level = "cervical")
    tidy(natural_rate(35 / 203, landmark = late, match = cervical))$estimate
  }, 0)
  expect_identical(rates, sort(rates, decreasing = TRUE))
  expect_equal(rates[1], 35 / 203, tolerance = 1e-12)
})

test_that("a timing about another endpoint or level than the sources is unmatched", {
  other <- transform(early, endpoint = "ais_c")
  expect_error(natural_rate(other, landmark = kawano()), "endpoint", class = "cordgain_unmatched")
  thoracic <- transform(early, level = "thoracic")
  expect_error(natural_rate(thoracic, landmark = kawano()), "level", class = "cordgain_unmatched")
  expect_error(natural_rate(transform(early, level = NA), landmark = kawano()), "level", class = "cordgain_unmatched")
  expect_error(natural_rate(0.17, landmark = kawano()), "endpoint|level", class = "cordgain_unmatched")
})

test_that("sources examined up to the landmark are refused, and the error names them", {
  late <- transform(early, baseline_to_day = c(7, 2, 15, 30))
  expect_error(natural_rate(late, landmark = kawano()), "Kirshblum", class = "cordgain_unmatched")
})

test_that("a landmark is refused where a source was examined in the trial's own window", {
  arm <- trial_arm(2, 4, "ais_any", "cervical", "A", c(14, 28), 52, 2021)
  fifteen <- transform(early, baseline_to_day = 15, baseline_grade = "A", followup_weeks = 52, registry = letters[1:4],
    years_from = 2018, years_to = 2021)
  expect_error(excess(arm, natural_rate(fifteen, landmark = kawano())), "own window", class = "cordgain_unmatched")
  seven <- transform(fifteen, baseline_to_day = 7)
  expect_s3_class(excess(arm, natural_rate(seven, landmark = kawano())), "excess")
})

test_that("an uncertain timing of a rate taken as known is refused, with what to give instead", {
  expect_error(natural_rate(0.17, landmark = kawano(prior_beta(1.5, 34.5)), match = cervical), "prior_beta",
    class = "cordgain_invalid_input")
})

test_that("sources without an exam day cannot be moved", {
  unknown <- transform(early, baseline_from_day = NA, baseline_to_day = NA)
  expect_error(natural_rate(unknown, landmark = kawano()), "exam day", class = "cordgain_invalid_input")
  expect_s3_class(natural_rate(unknown, landmark = kawano(from_week = 0)), "natural_rate")
})

test_that("numbers out of range are refused with a class", {
  bad <- list(
    list(week = -1), list(week = "3"), list(week = NaN), list(reference_week = 0), list(remaining = 0),
    list(remaining = 1), list(remaining = prior_normal(0, 1)), list(shape = 0), list(shape = Inf), list(from_week = 4),
    list(endpoint = 1), list(level = NULL)
  )
  good <- list(week = 3, reference_week = 8, remaining = 1 / 35, endpoint = "ais_any", level = "cervical")
  for (change in bad) {
    arguments <- good
    arguments[names(change)] <- change
    expect_error(do.call(landmark, arguments), class = "cordgain_invalid_input")
  }
})

test_that("a landmark says its timing in words", {
  expect_output(print(kawano()), "week 3; exponential timing")
  expect_output(print(kawano(shape = 2)), "Weibull with shape 2")
})

test_that("a known rate is moved by log S(3), as in the checks, for every shape of the timing", {
  at <- \(shape) {
    timing <- landmark(3, 8, 1 / 35, "ais_any", "cervical", shape = shape)
    natural_rate(35 / 203, landmark = timing, match = list(endpoint = "ais_any", level = "cervical"))
  }
  expect_closed(mean_of(at(1)), checks_value("C32"))
  expect_closed(mean_of(at(1)), checks_value("N08a"))
  expect_closed(tail_of(at(1)), checks_value("C33"))
  expect_closed(mean_of(at(0.5)), checks_value("N08k0.5"))
  expect_closed(tail_of(at(0.5)), checks_value("N08t0.5"))
  expect_closed(mean_of(at(2)), checks_value("N08k2"))
  expect_closed(tail_of(at(2)), checks_value("N08t2"))
})

test_that("late conversions of the US registries contradict those of the Japanese cohort", {
  # Arithmetic of the printed percentages: (27.8 - 20) / 80, (30 - 22) / 78; 1 of 169 under the first.
  expect_closed((27.8 - 20) / (100 - 20), checks_value("N09a"))
  expect_closed((30 - 22) / (100 - 22), checks_value("N09b"))
  tail <- predict(natural_rate(0.0975), 169)
  expect_closed(sum(tail$probability[1:2]), checks_value("N09c"))
  expect_integral(cordgain:::core_clopper_pearson(1, 169, 0.025, 0.025)$upper, checks_value("N09d"))
})
