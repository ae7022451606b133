# Vignettes whose numbers have a second road: their code is run as it stands, and what they say is checked.

vignettes_run <- new.env()

run_vignette <- function(name) {
  skip_on_cran() # some seconds each, so once
  skip_if_not_installed("knitr")
  if (!is.null(vignettes_run[[name]])) return(vignettes_run[[name]])
  file <- file.path(source_root(), "vignettes", paste0(name, ".Rmd"))
  code <- withr::local_tempfile(fileext = ".R")
  env <- new.env(parent = globalenv())
  for (package in c("ggplot2", "posterior", "loo")) {
    env[[paste0("has_", package)]] <- requireNamespace(package, quietly = TRUE)
  }
  knitr::purl(file, code, quiet = TRUE, documentation = 0, envir = env)
  withr::local_dir(dirname(file))
  withr::local_pdf(withr::local_tempfile())
  utils::capture.output(suppressWarnings(sys.source(code, env)))
  vignettes_run[[name]] <- env
  env
}

vignette_prose <- function(name) {
  lines <- readLines(file.path(source_root(), "vignettes", paste0(name, ".Rmd")), encoding = "UTF-8")
  fence <- cumsum(grepl("^```", lines)) %% 2 == 1 | grepl("^```", lines)
  tolower(paste(lines[!fence], collapse = " "))
}

proof_vignettes <- c("bayes", "precedents", "other-scales", "validation", "cheat-sheet")

test_that("no vignette of this kind claims what one arm cannot show", {
  for (name in proof_vignettes) {
    expect_no_match(vignette_prose(name), "\\b(caused|proved|safe|significant|significantly)\\b") # words: allowed
  }
})

test_that("precedents: tails are the check files', agree with a second engine, and combine by the product", {
  skip_on_cran() # long
  env <- run_vignette("precedents")
  # Four registries, tau ~ HN(1), 2 of 4: check C02, two routes agree to 3e-10.
  expect_equal(env$tails(env$then)[["Keio 2025"]], checks_value("C02"), tolerance = 1e-8)
  for (x in env$then) expect_true(all(tidy(certify(x))$agrees, na.rm = TRUE))
  p <- env$tails(env$then)
  none <- 1
  for (one in p) none <- none * (1 - one)
  expect_equal(1 - prod(1 - env$p), 1 - none)
  # Only what had been published: the years of the sources lie before the trial's.
  for (i in seq_along(env$arms)) {
    years <- as.integer(sub(".* ", "", env$evidence(env$endpoint[i], env$published[i])$source))
    expect_true(all(years < env$published[i]))
  }
  # Park's sources by hand: Marino 1999 (74 of 482) and Burns 2003 (6 of 53) are all of 2005.
  park <- env$evidence("ais_any", 2005)
  expect_identical(as.integer(park$events), c(74L, 6L))
  # Steps as the reports print them: "A to C 4, A to B 1"; "A to B 10, A to C 1, A to D 2, unchanged 16" of 31.
  expect_identical(c(env$two_steps(env$park), env$two_steps(env$tien), env$steps(env$tien, "A to B")), c(4, 3, 10))
  expect_identical(env$tien_lost, 2)
  # Reference 45: 5 of 11 beside 3 of 20.
  expect_equal(env$at(env$beside_45, "fisher"), stats::phyper(4, 8, 23, 11, lower.tail = FALSE), tolerance = 1e-12)
  # One natural rate for ten trials.
  narrow <- natural_rate(env$evidence("ais_c", 2025), tau = prior_half_normal(0.5))
  common <- stats::pbinom(1, 4, stats::quantile(narrow, (seq_len(200) - 0.5) / 200), lower.tail = FALSE)
  # The vignette's midpoint rule of 200 parts: 2e-3 of the ten-decimal check N14h.
  expect_lt(abs(mean(1 - (1 - common)^10) - checks_value("N14h")), 2e-3)
})

test_that("other scales: signs, spreads and excess are those of hand computation", {
  skip_on_cran() # long
  env <- run_vignette("other-scales")
  at <- env$at
  # 0.89 a month for six months; 95 % of patients within 0.04 and 1.96 a month are 2 x 1.959964 SDs.
  expect_equal(at(env$als_natural, "mean_change"), -5.34, tolerance = 1e-9)
  expect_equal(env$als$sd, 6 * 1.92 / 3.919928, tolerance = 1e-6)
  # Changes -2, -1, 0, -4.
  expect_equal(at(env$als_answer, "mean_excess"), -1.75 + 5.34, tolerance = 1e-9)
  # Lower is better: 5, 1, -2, 5 gained, 2.4 lost by nature.
  for (answer in env$pd_answers) expect_equal(at(answer, "mean_excess"), 2.25 + 2.4, tolerance = 1e-9)
  expect_equal(env$stable$natural_tail[3], 1 - 0.75^4 - 4 * 0.25 * 0.75^3, tolerance = 1e-12)
})

test_that("other scales: patients who were untreated at entry are not called untreated, nor their course nature's", {
  said <- sub(".*## parkinson's disease(.*?)## stroke.*", "\\1", vignette_prose("other-scales"))
  expect_match(said, "untreated \\*\\*at entry")
  expect_match(said, "not the untreated course")
  expect_no_match(said, "where nature|untreated patients")
})

test_that("precedents: trials of the review that are left out are named with the reason", {
  said <- vignette_prose("precedents")
  help <- paste(readLines(file.path(source_root(), "man", "cell_trials.Rd")), collapse = " ")
  for (name in c("karamouzian", "el-kheir", "cheng")) {
    expect_match(said, name)
    expect_match(tolower(help), name)
  }
})

test_that("other scales: slope and correlation of change on impairment are algebra", {
  env <- run_vignette("other-scales")
  r <- cor(env$baseline, env$outcome)
  k <- sd(env$outcome) / sd(env$baseline)
  # Identities of sample moments: rounding alone.
  expect_equal(unname(coef(lm(env$change ~ env$impairment))[2]), 1 - r * k, tolerance = 1e-12)
  expect_equal(cor(env$change, env$impairment), (1 - r * k) / sqrt(1 + k^2 - 2 * r * k), tolerance = 1e-12)
  # What the text says: nothing related (200 patients: |r| beyond 0.3 is 4 standard errors), change nearly a line.
  expect_lt(abs(r), 0.3)
  expect_gt(cor(env$change, env$impairment), 0.85)
})

test_that("the facts on other scales carry their sources", {
  facts <- utils::read.csv(system.file("extdata", "other-scales.csv", package = "cordgain"), na.strings = "")
  expect_false(anyNA(facts$source))
  expect_match(stats::na.omit(facts$doi), "^10\\.[0-9]{4,}/\\S+$")
  expect_true(all(!is.na(facts$doi) | !is.na(facts$note)))
})

test_that("validation: coverages are those of R's own limits, and claims stay below their limit", {
  skip_on_cran() # long
  env <- run_vignette("validation")
  own <- vapply(0:4, \(y) stats::binom.test(y, 4)$conf.int, numeric(2))
  held <- vapply(env$rates, \(p) sum(stats::dbinom(0:4, 4, p)[own[1, ] <= p & p <= own[2, ]]), 0)
  expect_equal(env$coverage(4, "clopper-pearson"), held, tolerance = 1e-10)
  # Checks N07a and N07b: claims at 0.05 and 0.10 for four patients.
  expect_equal(env$claimed(4, 0.05), checks_value("N07a"), tolerance = 1e-7)
  expect_equal(env$claimed(4, 0.1), checks_value("N07b"), tolerance = 1e-7)
  for (limit in env$limits) for (n in c(3, 4, 12)) expect_lte(env$claimed(n, limit), limit)
  expect_true(all(env$as_recorded))
})

test_that("cheat sheet: every call parses and names what is exported", {
  lines <- readLines(file.path(source_root(), "vignettes", "cheat-sheet.Rmd"), encoding = "UTF-8")
  rows <- regmatches(lines, regexec('^ +"[^"]+", "(.*)",?$', lines))
  calls <- gsub("\\\"", "\"", vapply(rows[lengths(rows) == 2], `[`, "", 2), fixed = TRUE)
  expect_gt(length(calls), 14)
  known <- c(getNamespaceExports("cordgain"), "list", "subset", "summary", "anova", "confint")
  for (call in calls) {
    words <- Filter(\(word) grepl("^[a-z_]{2,}$", word), all.names(parse(text = call), unique = TRUE))
    functions <- Filter(\(word) grepl(paste0(word, "("), call, fixed = TRUE), words)
    expect_gt(length(functions) + !grepl("(", call, fixed = TRUE), 0)
    expect_identical(setdiff(functions, known), character(), info = call)
  }
})

test_that("bayes: errors hold, a registry's variances narrow the slope, evidence leaves out as loo does", {
  skip_on_cran() # long
  skip_if_not_installed("posterior")
  skip_if_not_installed("loo")
  env <- run_vignette("bayes")
  # A tighter tolerance is a second answer: no row moved by more than the looser one stated.
  for (column in c("estimate", "std.error", "conf.low", "conf.high")) {
    expect_true(all(abs(env$loose[[column]] - env$tight[[column]]) <= env$loose$num.error))
  }
  # The mean slope of balanced visits is the mean of each patient's own, by lm(); its N(0, 2.8^2) prior hardly pulls:
  # the pull is (SE / 2.8)^2 of the estimate, 1e-3 of it.
  own <- sapply(split(env$four, env$four$subject), \(d) stats::coef(stats::lm(uems ~ week, d))[["week"]])
  expect_equal(env$at(env$rows, "week"), mean(own), tolerance = 5e-3)
  expect_lt(env$width(env$borrowed_rows, "week"), env$width(env$rows, "week") / 1.3)
  # Importance sampling of 4,000 draws (Pareto k below 0.7) against the exact difference of evidences.
  expect_lt(max(abs(env$without - env$left_out$pointwise[, "elpd_loo"])), 0.3)
})
