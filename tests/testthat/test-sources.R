# Percentages to counts ------------------------------------------------------------

rebuilt <- function(...) suppressWarnings(events_from_percent(...), classes = "cordgain_rebuilt_count")

test_that("a printed percentage gives the only count that rounds to it", {
  # By division: 39/482 = 8.091 %, 18/139 = 12.95 %, 42/161 = 26.09 %, 3/53 = 5.66 %.
  expect_equal(rebuilt(8.1, 482, 1), 39, ignore_attr = TRUE)
  expect_equal(rebuilt(13, 139, 0), 18, ignore_attr = TRUE)
  expect_equal(rebuilt(c(26.1, 5.7), c(161, 53), 1), c(42, 3), ignore_attr = TRUE)
})

test_that("a percentage that no count gives is refused, with the percentage as printed", {
  invalid(rebuilt(13.0, 139, 1), "13.0% of 139")
  invalid(rebuilt(11.2, 62, 1), "11.2% of 62")
  invalid(rebuilt(21.1, 170, 1), "21.1% of 170")
  invalid(rebuilt(c(8.1, 67.7), c(482, 3), 1), "67.7")
})

test_that("rebuilding warns, names the count and marks it", {
  expect_warning(x <- events_from_percent(8.1, 482, 1), "8.1% of 482 = 39", class = "cordgain_rebuilt_count")
  expect_identical(attr(x, "counts"), "rebuilt")
})

test_that("several counts that fit are carried as a range and the count stays open", {
  # 165/1877 = 8.791 % and 166/1877 = 8.844 % both round to 8.8.
  expect_warning(x <- events_from_percent(c(8.8, 19.2), 1877, 1), "165 to 166", class = "cordgain_rebuilt_count")
  expect_identical(as.vector(x), c(NA_real_, NA_real_))
  expect_identical(attr(x, "events_min"), c(165, 360))
  expect_identical(attr(x, "events_max"), c(166, 361))
})

test_that("the set of counts is the one found by trying every count", {
  for (n in c(1, 3, 17, 62, 139, 482, 1877)) {
    for (digits in 0:2) {
      for (percent in round(100 * c(0, 1, n %/% 3, n - 1, n) / n, digits)) {
        all <- 0:n
        naive <- all[abs(100 * all / n - percent) <= 0.5 * 10^-digits + 1e-9]
        expect_identical(count_set(percent, n, digits), as.double(naive), info = paste(percent, n, digits))
      }
    }
  }
})

test_that("every count is found again from its own rounded percentage", {
  for (n in c(4, 53, 99)) {
    for (digits in 1:2) {
      percent <- round(100 * (0:n) / n, digits)
      expect_equal(rebuilt(percent, n, digits), 0:n, ignore_attr = TRUE)
    }
  }
})

test_that("no patient and all patients are rebuilt", {
  expect_equal(rebuilt(c(0, 100), 20, 0), c(0, 20), ignore_attr = TRUE)
})

test_that("the number of decimals printed has no default", {
  invalid(events_from_percent(8.1, 482), "digits")
})

test_that("impossible percentages, denominators and digits are refused", {
  for (bad in list(-1, 101, NaN, NA, "8.1", factor(8.1), NULL)) invalid(events_from_percent(bad, 482, 1))
  for (bad in list(0, -1, 4.5, NaN, "482", factor(482))) invalid(events_from_percent(8.1, bad, 1))
  for (bad in list(-1, 1.5, NaN, "1")) invalid(events_from_percent(8.1, 482, bad))
  invalid(events_from_percent(c(1, 2), c(100, 100, 100), 1), "length")
})

# Tables of sources ------------------------------------------------------------------

test_that("a table of sources has fixed columns, and keeps the user's further ones", {
  x <- as_sources(plain_sources(weight = 2:1))
  expect_identical(names(x)[1:3], c("source", "events", "n"))
  expect_true(all(c(source_text, source_numbers) %in% names(x)))
  expect_identical(x$weight, 2:1)
  expect_type(x$events, "double")
})

test_that("what a table does not say is unknown", {
  x <- as_sources(data.frame(source = "a", events = 1, n = 10))
  expect_true(all(is.na(x[source_text])))
  expect_true(all(is.na(x[source_numbers])))
})

test_that("rows keep their order and number", {
  x <- as_sources(plain_sources()[2:1, ])
  expect_identical(x$source, c("second", "first"))
  expect_identical(x$events, c(5, 3))
})

test_that("tetraplegia in a table is cervical", {
  expect_identical(as_sources(plain_sources(level = "tetraplegia"))$level, c("cervical", "cervical"))
})

test_that("what is no table is refused", {
  for (bad in list(NULL, 1, "a", list(source = "a"), matrix(1, 1, 3))) invalid(as_sources(bad), "data frame")
  invalid(as_sources(plain_sources()[0, ]), "no rows")
  invalid(as_sources(plain_sources()[c("source", "events")]), "n")
})

test_that("a table of a million rows is taken for a mistake", {
  big <- data.frame(source = as.character(seq_len(1e6)), events = 0, n = 1)
  invalid(as_sources(big), "too many rows")
})

test_that("counts that are no counts are refused", {
  for (bad in list(NaN, Inf, -1, "3", factor(3))) invalid(as_sources(plain_sources(events = bad)))
  for (bad in list(NaN, Inf, -1, 0, 20.5, "20", factor(20))) invalid(as_sources(plain_sources(n = bad)))
  invalid(as_sources(plain_sources(events = 21)), "more events")
})

test_that("percentages given as counts are sent to the function that rebuilds them", {
  invalid(as_sources(plain_sources(events = c(8.1, 5.7))), "events_from_percent")
  invalid(as_sources(plain_sources(events = c(50, 30), n = c(20, 40))), "events_from_percent")
})

test_that("sources without counts are refused by name and not dropped", {
  invalid(as_sources(plain_sources(events = c(NA, 5))), "first")
  invalid(as_sources(plain_sources(n = c(20, NA))), "second")
  invalid(as_sources(plain_sources(events = NA)), "first")
})

test_that("a count known only as a range is refused with the range", {
  invalid(as_sources(plain_sources(events = c(NA, 5), events_min = c(165, 5), events_max = c(166, 5))), "165 to 166")
})

test_that("a rebuilt count says so in the table, and an open one is refused with its range", {
  x <- data.frame(source = c("a", "b"), n = c(482, 161))
  x$events <- rebuilt(c(8.1, 26.1), x$n, 1)
  expect_identical(as_sources(x)$events, c(39, 42))
  expect_identical(as_sources(x)$counts, c("rebuilt", "rebuilt"))
  open <- data.frame(source = "a", n = 1877, events = rebuilt(8.8, 1877, 1))
  invalid(as_sources(open), "165 to 166")
})

test_that("factors and text are never converted", {
  invalid(as_sources(plain_sources(source = factor(c("a", "b")))), "as.character")
  invalid(as_sources(plain_sources(level = factor("cervical"))), "level")
  for (column in source_numbers) {
    x <- plain_sources()
    x[[column]] <- "12"
    invalid(as_sources(x), column)
    x[[column]] <- factor(12)
    invalid(as_sources(x), column)
    x[[column]] <- NaN
    invalid(as_sources(x), column)
  }
})

test_that("every source has a name", {
  invalid(as_sources(plain_sources(source = c("a", NA))), "name every source")
  invalid(as_sources(plain_sources(source = c("a", ""))), "empty")
  invalid(as_sources(plain_sources(source = 1:2)), "text")
})

test_that("one distribution is not made from several endpoints or grades", {
  invalid(as_sources(plain_sources(endpoint = c("ais_any", "ais_c"))), "several endpoints")
  invalid(as_sources(plain_sources(endpoint = c("ais_any", NA))), "several endpoints")
  invalid(as_sources(plain_sources(baseline_grade = c("A", "B"))), "several baseline grades")
})

test_that("several levels, windows and years may stand in one table", {
  expect_identical(nrow(as_sources(plain_sources(level = c("all", "cervical"), years_from = c(1990, 2008)))), 2L)
})

test_that("a source that stands twice is refused", {
  invalid(as_sources(plain_sources(source = "same")), "same")
  expect_identical(nrow(as_sources(plain_sources(source = "same", level = c("cervical", "T1-T9")))), 2L)
})

test_that("windows that run backwards are refused", {
  invalid(as_sources(plain_sources(baseline_from_day = 31)), "earlier")
  invalid(as_sources(plain_sources(years_from = 2015)), "earlier")
})

test_that("meta-analyses and second reports are refused beside other sources, and allowed alone", {
  x <- plain_sources(poolable = c(TRUE, FALSE))
  invalid(as_sources(x), "second")
  expect_identical(nrow(as_sources(x[2, ])), 1L)
  expect_identical(nrow(as_sources(x[1, ])), 1L)
})

test_that("columns that identify persons are refused in sources too", {
  invalid(as_sources(plain_sources(patient_name = "x")), "patient_name")
})

test_that("the error blames the function that took the table", {
  user_function <- function(x) as_sources(x)
  error <- tryCatch(user_function(NULL), error = identity)
  expect_identical(as.character(error$call[[1]]), "user_function")
})

test_that("whatever is given, the answer is a table with the same rows or a classed error", {
  skip_on_cran() # long
  withr::local_seed(20230401)
  values <- list(NA, NaN, Inf, -1, 0, 1, 2.5, 1e9, "1", "", TRUE, NULL, factor("a"), list(1), as.Date("2020-01-01"), 1i)
  for (i in 1:300) {
    x <- plain_sources()
    column <- sample(names(x), 1)
    x[[column]] <- NULL
    value <- sample(values, 1)[[1]]
    if (!is.null(value)) x[[column]] <- rep(value, 2)
    result <- tryCatch(as_sources(x), cordgain_error = \(e) "refused")
    expect_true(identical(result, "refused") || identical(nrow(result), 2L), info = paste(column, format(value)))
  }
})

test_that("a percentage with more decimals than were printed is refused, not rounded in silence", {
  # 100 * 39 / 482 = 8.0912...: computed, while 8.1 was printed.
  error <- invalid(rebuilt(100 * 39 / 482, 482, 1), "more decimals")
  expect_match(conditionMessage(error), "8.09")
  invalid(rebuilt(c(13, 8.15), c(139, 482), c(0, 1)), "8.15")
  expect_equal(rebuilt(33.33, 3, 2), 1, ignore_attr = TRUE)
})
