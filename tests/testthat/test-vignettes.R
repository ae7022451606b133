# Vignettes whose numbers have a second road: their code is run as it stands, and what they say is checked.

run_vignette <- function(name) {
  skip_on_cran() # some seconds each
  skip_if_not_installed("knitr")
  file <- file.path(source_root(), "vignettes", paste0(name, ".Rmd"))
  code <- withr::local_tempfile(fileext = ".R")
  env <- new.env(parent = globalenv())
  env$has_ggplot2 <- requireNamespace("ggplot2", quietly = TRUE)
  knitr::purl(file, code, quiet = TRUE, documentation = 0, envir = env)
  withr::local_dir(dirname(file))
  withr::local_pdf(withr::local_tempfile())
  utils::capture.output(suppressWarnings(sys.source(code, env)))
  env
}

vignette_prose <- function(name) {
  lines <- readLines(file.path(source_root(), "vignettes", paste0(name, ".Rmd")), encoding = "UTF-8")
  fence <- cumsum(grepl("^```", lines)) %% 2 == 1 | grepl("^```", lines)
  tolower(paste(lines[!fence], collapse = " "))
}

proof_vignettes <- c("precedents")

test_that("no vignette of this kind claims what one arm cannot show", {
  for (name in proof_vignettes) {
    expect_no_match(vignette_prose(name), "\\b(caused|proved|safe|significant|significantly)\\b") # words: allowed
  }
})

test_that("precedents: tails are the check files', agree with a second engine, and combine by the product", {
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
  # One natural rate for ten trials.
  narrow <- natural_rate(env$evidence("ais_c", 2025), tau = prior_half_normal(0.5))
  common <- stats::pbinom(1, 4, stats::quantile(narrow, (seq_len(200) - 0.5) / 200), lower.tail = FALSE)
  # The vignette's midpoint rule of 200 parts: 2e-3 of the ten-decimal check N14h.
  expect_lt(abs(mean(1 - (1 - common)^10) - checks_value("N14h")), 2e-3)
})
