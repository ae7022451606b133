answer <- function(scale = 0.5) excess_of(reference_rate(scale))
claims <- function(x, threshold, column = "estimate") tidy(x)[[column]][tidy(x)$threshold == threshold]

test_that("each registry left out is called a success as often as the checks say", {
  x <- falsify(answer())
  rows <- tidy(x)[tidy(x)$threshold == 0.1, ]
  expect_identical(nrow(rows), 4L)
  expect_map(rows$natural_tail, vapply(paste0("N06t", 1:4), checks_value, 0))
  # Binomial sums: exact but for the rounding of the printed checks (1e-10).
  expect_closed(rows$estimate, vapply(paste0("N06f", 1:4), checks_value, 0))
  expect_true(all(rows$conf.low <= rows$estimate & rows$estimate <= rows$conf.high))
})

test_that("its own predictive distribution gives its tails back, and is labelled a check of the code", {
  x <- falsify(answer(), against = "predictive")
  expect_map(claims(x, 0.05), checks_value("N07a"))
  expect_map(claims(x, 0.1), checks_value("N07b"))
  expect_match(paste(capture.output(print(x)), collapse = " "), "check of the code")
  # A claim at threshold t is made with probability at most t: the tail of a discrete count.
  expect_true(all(tidy(x)$estimate <= tidy(x)$threshold + 1e-9))
})

test_that("records are drawn without replacement: hypergeometric", {
  records <- data.frame(response = rep(c(1, 0), c(6, 24)))
  x <- falsify(answer(), records)
  critical <- claims(x, 0.1, "critical")
  expect_identical(critical, 2)
  # Naive: of all choose(30, 4) sets, those with two or more of the six.
  naive <- sum(choose(6, 2:4) * choose(24, 2:0)) / choose(30, 4)
  expect_closed(claims(x, 0.1), naive)
  expect_match(tidy(x)$group[1], "not matched")
})

test_that("records are matched on level and on the day of the exam", {
  arm <- two_of_four(level = c("cervical", "cervical", "cervical", "T1-T9"), baseline_days = c(14, 28))
  x <- excess(arm, reference_rate(0.5), accept = every_difference)
  records <- data.frame(level = rep(c("cervical", "T1-T9"), each = 10), baseline_day = rep(c(3, 20), 10),
    response = rep(c(1, 1, 0, 0), 5))
  f <- falsify(x, records)
  expect_match(tidy(f)$group[1], "matched on level and day")
  inside <- records[records$baseline_day == 20, ]
  # Naive enumeration of all sets of three cervical and one thoracic record.
  neck <- combn(inside$response[inside$level == "cervical"], 3, sum)
  chest <- inside$response[inside$level == "T1-T9"]
  naive <- mean(outer(neck, chest, "+") >= claims(f, 0.1, "critical"))
  expect_closed(claims(f, 0.1), naive)
})

test_that("draws agree with the exact share within their error, and do not depend on workers or calls", {
  exact <- falsify(answer(), against = "predictive")
  drawn <- falsify(answer(), against = "predictive", exact = FALSE, sets = 10000, seed = 20)
  share <- claims(exact, 0.1)
  # Five standard errors of 10 000 draws: less than one in a million by chance, and the seed is fixed.
  expect_lt(abs(claims(drawn, 0.1) - share), 5 * sqrt(share * (1 - share) / 10000))
  expect_lt(claims(drawn, 0.1, "conf.low"), claims(drawn, 0.1))
  expect_identical(tidy(falsify(answer(), against = "predictive", exact = FALSE, seed = 20)), tidy(drawn))
  set.seed(4)
  first <- falsify(answer(), exact = FALSE, sets = 2500)
  set.seed(4)
  expect_identical(tidy(falsify(answer(), exact = FALSE, sets = 2500)), tidy(first))
})

test_that("two workers draw what one draws", {
  skip_if_not_installed("future.apply")
  skip_on_cran()
  alone <- tidy(falsify(answer(), exact = FALSE, sets = 3000, seed = 5))
  old <- future::plan(future::multisession, workers = 2)
  withr::defer(future::plan(old))
  expect_identical(tidy(falsify(answer(), exact = FALSE, sets = 3000, seed = 5)), alone)
})

test_that("a drawn set of records has the moments of the hypergeometric distribution", {
  records <- data.frame(response = rep(c(1, 0), c(6, 24)))
  drawn <- falsify(answer(), records, exact = FALSE, sets = 20000, seed = 3)
  exact <- claims(falsify(answer(), records), 0.1)
  expect_lt(abs(claims(drawn, 0.1) - exact), 5 * sqrt(exact * (1 - exact) / 20000))
})

test_that("another number of patients than the trial's has no tail of the trial's count", {
  x <- falsify(answer(), n = 10)
  expect_true(all(is.na(tidy(x)$natural_tail)))
  expect_identical(x$n, 10)
})

test_that("a threshold no count reaches is never claimed", {
  x <- falsify(answer(), threshold = 1e-6)
  expect_true(all(tidy(x)$estimate == 0))
  expect_true(all(is.na(tidy(x)$critical)))
  expect_match(paste(capture.output(print(x)), collapse = " "), "no count")
})

test_that("records without outcomes, too few of them, and sources that cannot be left out are refused", {
  expect_error(falsify(answer(), data.frame(response = c(1, NA, 0, 0, 1))), "left out in silence",
    class = "cordgain_invalid_input")
  expect_error(falsify(answer(), data.frame(response = c(1, 0))), "too few", class = "cordgain_invalid_input")
  expect_error(falsify(answer(), data.frame(result = c(1, 0, 1, 1))), class = "cordgain_invalid_input")
  expect_error(falsify(answer(), data.frame(response = c(1, 0, 0, 1), baseline_day = 300)), "window",
    class = "cordgain_invalid_input")
  expect_error(falsify(excess_of(natural_rate(0.134))), "left out", class = "cordgain_invalid_input")
  expect_error(falsify(answer(), against = "records"), "not given", class = "cordgain_invalid_input")
  expect_error(falsify(answer(), data.frame(response = c(1, 0, 0, 1)), against = "predictive"),
    class = "cordgain_invalid_input")
  expect_error(falsify(excess_of(reference_rate(), responders = c(1, 2))), class = "cordgain_invalid_input")
  expect_error(falsify(3), class = "cordgain_invalid_input")
  expect_error(falsify(), class = "cordgain_invalid_input")
})

test_that("counts of groups convolve", {
  expect_closed(convolve_pmf(stats::dbinom(0:3, 3, 0.2), stats::dbinom(0:2, 2, 0.2)), stats::dbinom(0:5, 5, 0.2))
})

test_that("the picture of claims draws", {
  skip_if_not_installed("ggplot2")
  expect_true(draws(plot(falsify(answer()))))
  expect_true(draws(plot(falsify(answer(), against = "predictive"))))
})

test_that("a set of another size needs its own count, and the exact share is a binomial sum", {
  x <- falsify(answer(), n = 12, against = "left_out")
  rows <- tidy(x)[tidy(x)$threshold == 0.05, ]
  sources <- reference_registries()
  for (k in 1:4) {
    tails <- vapply(0:12, \(y) tail_of(natural_rate(sources[-k, ], tau = prior_half_normal(0.5)), y, 12), 0)
    critical <- which(tails <= 0.05)[1] - 1
    expect_equal(rows$critical[k], critical)
    expect_closed(rows$estimate[k], binomial_tail(critical, 12, sources$events[k] / sources$n[k]))
    limits <- stats::qbeta(c(0.025, 0.975), c(sources$events[k], sources$events[k] + 1),
      c(sources$n[k] - sources$events[k] + 1, sources$n[k] - sources$events[k]))
    expect_closed(c(rows$conf.low[k], rows$conf.high[k]), binomial_tail(critical, 12, limits))
  }
})

test_that("records may say TRUE and FALSE, and levels are read in the words of the package", {
  arm <- two_of_four(level = "cervical")
  x <- excess(arm, reference_rate(0.5), accept = every_difference)
  records <- data.frame(level = rep(c("tetraplegia", "T1-T9"), c(8, 20)), response = rep(c(TRUE, FALSE), c(3, 25)))
  f <- falsify(x, records)
  naive <- sum(choose(3, 2:3) * choose(5, 2:1)) / choose(8, 4)
  expect_closed(claims(f, 0.1), naive)
  few <- records[c(1:3, 9:28), ]
  expect_error(falsify(x, few), "cervical", class = "cordgain_invalid_input")
})

test_that("every drawn block has its own stream: two halves differ, the whole is their sum", {
  world <- counted_world(predictive_world(answer(), 4, NULL), 2)
  at <- \(sets, world_number) drawn_claims(world, c(0.1, 1), list(sets = sets, seed = 3, world = world_number))
  both <- at(2000, 1)
  first <- at(1000, 1)
  expect_identical(both[2], 2000) # every tail is at most 1
  expect_true(all(both - first >= 0))
  expect_false(identical(both - first, first))
  expect_false(identical(at(1000, 2), first))
})

test_that("the title of the picture says the range of claims under the widest rule", {
  terms <- data.frame(threshold = c(0.05, 0.1, 0.05, 0.1), estimate = c(0.9, 0.02, 0.9, 0.14))
  title <- \(terms) gsub("\n", " ", falsify_title(terms))
  expect_identical(title(terms),
    "Untreated patients would have been called a success in 2.0 % to 14 % of trials, by a rule that allows 10 %")
  expect_match(title(transform(terms, estimate = 0.03)), "a success in 3.0 % of trials")
})

test_that("print keeps each row in one piece at 80 columns, one group stands above the table", {
  withr::local_options(width = 80)
  x <- falsify(excess_of(reference_rate()))
  x$terms$group <- paste(x$terms$group, "of a registry with a long name")
  shown <- utils::capture.output(print(x))
  expect_lte(max(nchar(shown)), 80)
  expect_match(shown, "untreated +tail +needs +share +interval", all = FALSE)
  expect_identical(sum(grepl("^ *untreated ", shown)), 1L)
  own <- utils::capture.output(print(falsify(excess_of(reference_rate()), against = "predictive")))
  expect_match(own, "^Untreated: own predictive", all = FALSE)
  expect_match(own, "^ *tail +needs +share +interval", all = FALSE)
})

test_that("on a page of Word each row still says whose it is, in one block or in several", {
  late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
  x <- falsify(excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years")))
  withr::local_options(width = 68)
  shown <- utils::capture.output(print(x))
  expect_match(shown, "untreated +tail +needs +share +interval", all = FALSE)
  expect_lte(max(nchar(shown)), 68)
  expect_match(shown, "own rate", all = FALSE)
  # Narrower still, the source stands before each block.
  withr::local_options(width = 50)
  narrow <- utils::capture.output(print(x))
  expect_identical(sum(grepl("Kirshblum 2016, 10 %", narrow, fixed = TRUE)), 2L)
})

test_that("print writes shares and thresholds as percentages, none as a power of ten", {
  # All of four at a fair coin, by hand: 1 of 16; under 1 of 1000 at a rate of 0.1: 0.0001.
  x <- falsify(excess_of(reference_rate()))
  x$terms$estimate <- rep_len(c(1 / 16, 1e-4), nrow(x$terms))
  x$terms$conf.low <- 2.77e-5
  x$terms$conf.high <- 0.9997
  shown <- utils::capture.output(print(x))
  expect_match(shown, "2.5 % .*6.2 % .*< 0.1 % to > 99 %", all = FALSE)
  expect_match(shown, "< 0.1 % +< 0.1 % to > 99 %", all = FALSE)
  expect_no_match(paste(shown, collapse = " "), "[0-9]e-[0-9]")
})

test_that("a response that is none is refused with what it is", {
  answer <- excess_of(reference_rate())
  refused <- \(response, words) {
    error <- invalid(falsify(answer, data.frame(response = response)), "needs response 0 or 1")
    expect_match(conditionMessage(error), words)
  }
  refused(factor(0:1), "factor")
  refused(c("0", "1"), "character")
  refused(c(0, 2, 1, 3), "Rows 2 and 4 are: 2 and 3")
  refused(c(0, NA), "1 of 2 are not known")
})

test_that("panels of the picture stand apart, so that the ticks of neighbours do not touch", {
  skip_if_not_installed("ggplot2")
  gap <- plot(falsify(excess_of(reference_rate())))$theme$panel.spacing.x
  expect_gte(as.numeric(gap), 15) # points
})

test_that("each block that is done is a step of progress, and the blocks come back in order", {
  skip_if_not_installed("progressr")
  skip_if_not_installed("future.apply")
  seen <- 0
  watched <- \() withCallingHandlers(over_workers(1:7, \(i) i^2),
    progression = \(p) if (identical(p$type, "update")) seen <<- seen + 1)
  blocks <- progressr::with_progress(watched(), handlers = progressr::handler_void(), enable = TRUE)
  expect_identical(unlist(blocks), c(1, 4, 9, 16, 25, 36, 49))
  expect_identical(seen, 7)
  # 3000 sets are three blocks for each of the four sources left out.
  seen <- 0
  watched <- \() withCallingHandlers(falsify(excess_of(reference_rate()), exact = FALSE, sets = 3000, seed = 1),
    progression = \(p) if (identical(p$type, "update")) seen <<- seen + 1)
  progressr::with_progress(watched(), handlers = progressr::handler_void(), enable = TRUE)
  expect_identical(seen, 12)
})
