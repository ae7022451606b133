test_that("the simulated exams are complete, in the package's own columns, and said to be simulated", {
  expect_identical(names(isncsci_simulated), c("subject", "week", isncsci_cells))
  expect_identical(nrow(isncsci_simulated), 63L)
  expect_true(all(startsWith(isncsci_simulated$subject, "sim-")))
  help <- system.file("help", package = "cordgain")
  skip_if(help == "" || !file.exists(file.path(help, "AnIndex")), "installed without help pages")
  expect_true(any(grepl("isncsci_simulated", readLines(file.path(help, "AnIndex")))))
})

test_that("the simulated exams can be scored, and hold what the vignette needs", {
  scored <- expect_no_warning(score_isncsci(isncsci_simulated))
  expect_true(any(scored$ais == "ND"))
  expect_true(any(scored$nli_star))
  expect_true(all(scored$ais[scored$week == 2] %in% c("A", "B", "C")))
  expect_true(any(!is.na(isncsci_simulated$r_lowest_nonkey)))
})

test_that("function only grows, as the script says, apart from cells that are not plain scores", {
  first <- isncsci_simulated[isncsci_simulated$week == 2, ]
  later <- isncsci_simulated[isncsci_simulated$week == 26, ]
  later <- later[match(first$subject, later$subject), ]
  for (cell in isncsci_score_cells) {
    a <- suppressWarnings(as.integer(first[[cell]]))
    b <- suppressWarnings(as.integer(later[[cell]]))
    expect_true(all(b >= a, na.rm = TRUE), info = cell)
  }
})

test_that("the shipped data are what the script makes", {
  script <- file.path("..", "..", "data-raw", "isncsci-simulated.R")
  skip_if(!file.exists(script), "no source tree: data-raw/ is not part of the built package")
  folder <- withr::local_tempdir()
  run <- new.env()
  local_args <- c("--vanilla", normalizePath(script), folder)
  status <- system2(file.path(R.home("bin"), "Rscript"), local_args, stdout = FALSE, stderr = FALSE)
  expect_identical(status, 0L)
  load(file.path(folder, "data", "isncsci_simulated.rda"), run)
  expect_identical(run$isncsci_simulated, isncsci_simulated)
  made <- readLines(file.path(folder, "inst", "extdata", "isncsci-simulated.csv"))
  expect_identical(made, readLines(system.file("extdata", "isncsci-simulated.csv", package = "cordgain")))
})
