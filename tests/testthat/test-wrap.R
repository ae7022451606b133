# What is printed stays on the screen. The longest line is counted, with the widths of real consoles.

narrow <- function(x, width) {
  local_options <- options(width = width, cli.width = width)
  on.exit(options(local_options))
  utils::capture.output(print(x))
}

test_that("lines are continued two columns further in and keep their words", {
  line <- "  one two three four five six"
  out <- wrap_lines(line, width = 14)
  expect_true(all(nchar(out) < 14))
  expect_match(out[-1], "^    ")
  expect_identical(strsplit(trimws(paste(trimws(out), collapse = " ")), " ")[[1]], strsplit(trimws(line), " ")[[1]])
  expect_identical(wrap_lines(c("a", "", "b"), 20), c("a", "", "b"))
  expect_identical(wrap_lines(character()), character()) # nothing to say is no error
})

test_that("a table that does not fit keeps the name of each row before every block", {
  rows <- data.frame(first = 1:2, `a long column` = c("aaaaaaaaaaaaaa", "b"),
    `another column` = c("c", "dddddddddddddddd"), check.names = FALSE)
  wide <- options(width = 80)
  on.exit(options(wide))
  expect_length(utils::capture.output(print_rows(rows, c("row 1", "row 2"))), 3)
  options(width = 30)
  out <- utils::capture.output(print_rows(rows, c("row 1", "row 2")))
  expect_length(grep("^row 1", out), 2)
  expect_length(grep("^row 2", out), 2)
  expect_true(all(vapply(c("aaaaaaaaaaaaaa", "dddddddddddddddd"), \(word) any(grepl(word, out)), NA)))
})

test_that("the answer and what leads to it fit consoles of 60, 80 and 120 columns", {
  skip_if_not(l10n_info()$`UTF-8`)
  taken <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")
  late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
  answer <- excess(keio_ips, natural_rate(late), accept = taken)
  strata <- natural_strata(cervical = natural_rate(late), "T1-T9" = natural_rate(0.045))
  printed <- list(
    keio_ips, summary(keio_ips), motor_scale("mds_updrs_iii"), answer, decision_table(answer), safety(keio_ips),
    summary(safety(keio_ips))[c("observed")], strata, excess(keio_ips, strata, accept = taken),
    excess_by_reference(keio_ips), landmark(3, 8, prior_beta(1.5, 34.5), "ais_any", "cervical"),
    drift(0.0413747044, 0.0124332486, 2013), stopping_boundary("jeffreys", 0.2, 0.9, 4),
    grade_steps(subset(natural_transition, source == "Kirshblum 2016" & from == "A")),
    prior_mixture(c(0.5, 0.3, 0.2), prior_normal(-1.5, 0.25), prior_normal(-1.2, 0.5), prior_normal(0, 2))
  )
  for (width in c(60, 80, 120)) {
    for (i in c(1, 3:6, 8:15)) expect_lte(max(nchar(narrow(printed[[i]], width))), width)
  }
})

test_that("each reference keeps its numbers beside it where the table does not fit", {
  out <- narrow(excess_by_reference(keio_ips), 80)
  at <- grep("^Kirshblum 2016, all", out)
  expect_length(at, 1)
  expect_match(paste(out[at + 1:2], collapse = " "), "32 of 187: expected 0.99, chance 26 %; differs: level, baseline")
  wide <- paste(narrow(excess_by_reference(keio_ips), 140), collapse = "\n")
  expect_match(wide, "Kirshblum 2016, all +32 of 187 +0.99")
})

test_that("a line that fits keeps its columns, and a natural rate stays on a narrow screen", {
  expect_identical(wrap_lines("   3/53   Burns 2003", 40), "   3/53   Burns 2003")
  out <- narrow(natural_rate(reference_registries()), 60)
  expect_true(all(nchar(out) <= 60))
  expect_match(paste(trimws(out), collapse = " "), "95 % interval", fixed = TRUE)
})
