# report(): the document says what the object says, refuses what it cannot say.

can_report <- function() {
  skip_on_cran() # long
  for (package in c("rmarkdown", "knitr", "ggplot2")) skip_if_not_installed(package)
  skip_if_not(rmarkdown::pandoc_available("2.0"), "pandoc")
}

# The words of a page, without pictures, styles and tags.
page_text <- function(file) {
  html <- paste(readLines(file, warn = FALSE, encoding = "UTF-8"), collapse = "\n")
  html <- gsub("(?s)<(script|style)[^>]*>.*?</\\1>", " ", html, perl = TRUE)
  gsub("[ \n]+", " ", gsub("<[^>]+>", " ", html))
}

test_that("the page holds the answer, its evidence and every section, in one file", {
  skip_on_cran() # long
  can_report()
  late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
  answer <- excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years"))
  file <- withr::local_tempfile(fileext = ".html")
  expect_identical(expect_invisible(report(answer, file, title = "Two of four beside nature")), file)
  text <- page_text(file)
  sections <- c("The answer", "The question: estimand", "Natural recovery: sources", "Result, term by term",
    "Every outcome that could have been seen", "Patient by patient", "How easily the answer moves", "Harms",
    "Would the same pipeline have claimed success", "Numerical errors", "Checklists", "Words", "Session")
  for (section in c("Two of four beside nature", sections)) expect_match(text, section, fixed = TRUE)
  at <- \(term) tidy(answer)$estimate[tidy(answer)$term == term]
  # Observation and natural expectation in one sentence, with the object's numbers.
  expect_match(text, sprintf("Observed : 2 of 4 responded[^.]*?%.3f of 4 on average, and 2 or more in %.0f %%",
    at("natural_responders"), 100 * at("natural_tail")), perl = TRUE)
  expect_match(text, sprintf("%.2f responders among these patients", at("excess_responders")), fixed = TRUE)
  for (words in c("19", "161", "32", "187", "van Middendorp 2009", "Kirshblum 2016", "Clopper-Pearson",
    "half_normal")) {
    expect_match(text, words, fixed = TRUE)
  }
  # Pictures lie inside the file, and nothing is fetched from elsewhere.
  html <- paste(readLines(file, warn = FALSE), collapse = "\n")
  # (grepl(): an expectation about a text of two million characters takes half a minute to write its message)
  expect_true(grepl("data:image/png;base64", html, fixed = TRUE))
  expect_false(grepl("<(img|script|link)[^>]+(src|href)=\"https?://", html))
  # Words of a claim: none of ours ("serious", "safety()" are other words).
  # An effective sample size is another thing than an effective treatment.
  expect_identical(cordgain:::claims_in(gsub("[Ee]ffective sample size", "", text)), character())
})

test_that("a Word document has the caller's words, further evidence, and says what is not available", {
  skip_on_cran() # long
  can_report()
  late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
  file <- withr::local_tempfile(fileext = ".docx")
  writeLines("before", file)
  report(excess_of(natural_rate(0.12), responders = 3, n = 5), file, natural = list(Kirshblum = late[2, ]),
    estimand = c(summary = "Mean excess of responders."))
  expect_true("word/document.xml" %in% utils::unzip(file, list = TRUE)$Name)
  folder <- withr::local_tempdir()
  utils::unzip(file, "word/document.xml", exdir = folder)
  text <- gsub("<[^>]+>", "", paste(readLines(file.path(folder, "word/document.xml"), warn = FALSE), collapse = " "))
  for (words in c("No harms are recorded", "3 of 5 responded", "Mean excess of responders.", "Kirshblum")) {
    expect_match(text, words, fixed = TRUE)
  }
  # A known rate has no source that could be left out: the report says so and goes on to its end.
  expect_match(text, "Not available", fixed = TRUE)
  expect_match(text, "every number is computed without drawing", fixed = TRUE)
})

test_that("without rmarkdown, knitr, ggplot2 or pandoc the error says which and what to do", {
  for (package in c("rmarkdown", "knitr", "ggplot2")) {
    error <- expect_error(
      cordgain:::require_report_packages(NULL, has = \(p) p != package, has_pandoc = \() TRUE),
      class = "cordgain_no_rmarkdown"
    )
    expect_match(conditionMessage(error), paste("Not there:", package))
  }
  expect_error(cordgain:::require_report_packages(NULL, has = \(p) TRUE, has_pandoc = \() FALSE), "Not there: pandoc")
  expect_silent(cordgain:::require_report_packages(NULL, has = \(p) TRUE, has_pandoc = \() TRUE))
})

test_that("every claiming word is found, alone and in a sentence, whatever its case", {
  lines <- readLines(system.file("report", "claims.txt", package = "cordgain"))
  expect_identical(anyDuplicated(lines), 0L)
  words <- grep("^[a-z]+$", lines, value = TRUE)
  expect_gt(length(words), 30)
  for (word in words) {
    expect_identical(cordgain:::claims_in(word), word)
    expect_identical(cordgain:::claims_in(paste0("Cells: ", toupper(word), ".")), word)
    expect_identical(cordgain:::claims_in(paste0("un", word, "able")), character())
  }
})

test_that("claims of several words are found, and words of a protocol are not", {
  for (claim in c("heal the cord", "restore function", "thanks to cells", "Recovery due to the new stem cells",
    "Efficacy of cells", "Cells improved recovery", "Treatment improves outcome", "The cells help",
    "It led to recovery", "Benefits of cells", "Benefit of the treatment", "Therapeutic success", "A cure",
    "iPS cells have clearly worked", "Grafts repaired it",
    "Function regained by the transplant", "Gains attributable to therapy")) {
    expect_true(length(claims_in(claim)) > 0L, info = claim)
  }
  for (words in c("Two of four patients improved beside nature", "Help with missing data", "probability of benefit",
    "Missing due to death, or events that led to withdrawal", "AIS grade improved by two after treatment", "because",
    "Treatment: two million cells; rehabilitation", "an unsafe, insignificant, unproved matter")) {
    expect_identical(claims_in(words), character(), info = words)
  }
  # Every text of several is read, and none is no claim.
  expect_identical(claims_in(c("Plain words", "A cure for all")), "cure")
  expect_identical(claims_in(NULL), character())
  expect_identical(claims_in(NA_character_), character())
})

test_that("an estimand and an arm that claim are refused, by name; what a harm is may name a cause", {
  answer <- excess_of(natural_rate(0.12))
  file <- tempfile(fileext = ".html")
  own <- c(treatment = "The cells that healed the patients")
  invalid(report(answer, file, estimand = own), "treatment.*claims more")
  claiming <- \(...) excess(two_of_four(...), natural_rate(0.12), accept = every_difference)
  invalid(report(claiming(intervention = "cells of proven efficacy"), file), "intervention of the arm claims more")
  invalid(report(claiming(notes = c("four men", "Function restored in two.")), file), "notes of the arm claims more")
  invalid(report(claiming(label = "Cells that cure"), file), "label of the arm claims more")
  expect_no_error(check_own_words(c(intercurrent = "Death counts as no response."), keio_ips, NULL))
  harm <- list(events = 0, definition = "adverse event caused by the cells", exposure_years = 4)
  expect_no_error(check_own_words(character(), two_of_four(harms = harm, exposure_years = 4), NULL))
  expect_false(file.exists(file))
})

test_that("harms given with a report must be made by safety()", {
  answer <- excess_of(natural_rate(0.12))
  for (bad in list(0, "none", keio_ips)) invalid(report(answer, tempfile(fileext = ".html"), safety = bad), "safety")
})

test_that("a file that cannot be written is one error that says what to do, without R's own warning", {
  made <- withr::local_tempfile(lines = "page")
  folder <- withr::local_tempdir()
  file <- file.path(folder, "no", "such", "a.html")
  expect_no_warning(invalid(put_page(made, file, "report", NULL), "could not be written"))
  put_page(made, file.path(folder, "a.html"), "report", NULL)
  expect_identical(readLines(file.path(folder, "a.html")), "page")
})

test_that("files that are none are refused before anything is computed", {
  answer <- excess_of(natural_rate(0.12))
  invalid(report(answer), "file")
  invalid(report(answer, "a.pdf"), "html or .docx")
  invalid(report(answer, "noending"), "html or .docx")
  invalid(report(answer, file.path(tempdir(), "no", "such", "a.html")), "not there")
  for (bad in list(NULL, NA, 3, c("a.html", "b.html"))) invalid(report(answer, bad))
})

test_that("what is no answer is refused", {
  file <- tempfile(fileext = ".html")
  for (x in list(NULL, 0.2, natural_rate(0.12), keio_ips)) invalid(report(x, file), "of changes of a score")
  invalid(report(), "not given")
  open <- excess(two_of_four(c(1, 3)), natural_rate(0.12), accept = every_difference)
  invalid(report(open, file), "known outcomes")
})

test_that("arguments that do not exist, and further evidence that is none, are refused before anything is made", {
  answer <- excess_of(natural_rate(0.12))
  file <- tempfile(fileext = ".html")
  invalid(report(answer, file, titel = "x"), "no argument `titel`")
  for (bad in list(0.3, list(0.3), list(a = 0.3), natural_rate(0.2))) invalid(report(answer, file, natural = bad))
  expect_false(file.exists(file))
})

test_that("a title that claims more than one arm can show is refused", {
  answer <- excess_of(natural_rate(0.12))
  file <- tempfile(fileext = ".html")
  for (title in c("Cells proved safe", "A SIGNIFICANT effect", "The cells caused recovery", "It works")) {
    invalid(report(answer, file, title = title), "claims more")
  }
  expect_identical(cordgain:::claims_in("Safety of cells: insignificance, unproved"), character())
})

test_that("the estimand has five attributes, with the caller's words where given", {
  answer <- excess_of(natural_rate(0.12))
  words <- cordgain:::report_estimand(answer, c(intercurrent = "Death counts as no response."), NULL)
  expect_identical(words$Attribute[4], "Intercurrent events")
  expect_identical(words$Here[4], "Death counts as no response.")
  expect_identical(nrow(words), 5L)
  expect_false(anyNA(words$Here))
  keio <- cordgain:::responder_estimand(keio_ips)
  expect_match(keio[["population"]],
    "4 treated patients; AIS grade: A; level: not known; first exam, day after injury: 14 to 28; years of injury: 2021")
  expect_match(keio[["treatment"]], "pluripotent")
  for (bad in list("no name", c(other = "x"), list(summary = 1), c(treatment = 3))) {
    invalid(cordgain:::report_estimand(answer, bad, NULL), "estimand")
  }
})
