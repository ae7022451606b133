# One document for a reviewer: the answer, what it rests on, and how easily it breaks, from a template that calls the
# verbs of this package and types no number.

#' A report for a reviewer
#'
#' One self-contained document on one answer: the estimand in the five attributes of ICH E9(R1), the observation and the
#' natural expectation in the same sentence, the sources and how they match, the terms of the result, the complete
#' decision table, the patients, sensitivity and tipping points, how often the same pipeline would have claimed success
#' for untreated patients, harms, numerical errors, and the ROBUST and BARG checklists filled from the answer. Above
#' each table stands the call that gives it, with the answer as `answer`.
#'
#' The document states what was observed beside what nature alone gives; it draws no causal conclusion, which one
#' treated arm cannot carry, and refuses a title, an estimand or an arm's description that does.
#'
#' @param x an [excess()] of responders with one natural rate, of changes of a score ([score_change()]) or of a
#'   course ([recovery_data()]).
#' @param file (string) where the document goes; the ending decides: `.html` (one file, pictures inside) or `.docx`.
#'   An existing file is overwritten.
#' @param title (string) of the document.
#' @param natural (named list) of responders, further evidence for [sensitivity()].
#' @param estimand (named character) own words for attributes of the estimand, by name: `"treatment"`, `"population"`,
#'   `"variable"`, `"intercurrent"`, `"summary"`. What is not given is filled from the answer.
#' @param safety (a [safety()]) counts of harms to be printed; of responders in place of those of the arm.
#' @param ... not used.
#' @return The path of the document, invisibly.
#' @section Conditions: `cordgain_invalid_input` for another ending, a folder that is not there or cannot be written to,
#'   a title, estimand or description of the arm that makes a causal claim, harms not made by [safety()], an answer with
#'   open outcomes or levels; `cordgain_no_rmarkdown` where rmarkdown, its pandoc or ggplot2 is not installed.
#' @references
#' ICH E9(R1) (2019) Addendum on estimands and sensitivity analysis in clinical trials.
#' Sung and others (2005) *Journal of Clinical Epidemiology* 58:261, \doi{10.1016/j.jclinepi.2004.08.010} (ROBUST).
#' Kruschke (2021) *Nature Human Behaviour* 5:1282, \doi{10.1038/s41562-021-01177-7} (BARG).
#' @seealso [excess()], [sensitivity()], [tipping()], [falsify()], [certify()]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' answer <- excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years"))
#' \donttest{
#' if (rmarkdown::pandoc_available() && requireNamespace("ggplot2", quietly = TRUE)) {
#'   report(answer, tempfile(fileext = ".html"))
#' }
#' }
#' @export
report <- function(x, file, ...) UseMethod("report")

#' @export
report.default <- function(x, file, ...) {
  if (missing(x)) abort_input(c("{.arg x} is not given.", i = "Give an {.fn excess}."))
  abort_input(c("{.arg x} must be an {.fn excess} of responders, of changes of a score or of a course.",
    x = "It is {.obj_type_friendly {x}}.", i = "Make it with {.fn excess}."))
}

#' @rdname report
#' @export
report.excess_responders <- function(x, file, title = "Recovery beside natural recovery", natural = list(),
                                     estimand = character(), safety = NULL, ...) {
  check_no_more(names(formals(report.excess_responders)), ...)
  call <- rlang::current_env()
  format <- page_format(rlang::maybe_missing(file), c("html", "docx"), call)
  check_report_title(title, call)
  check_reportable(x, call)
  evidence_list(excess_natural(x), natural, call)
  words <- report_estimand(x, estimand, call)
  check_own_words(estimand, excess_arm(x), call)
  harms <- check_made_by(safety, \(s) inherits(s, "safety"), "safety", call)
  require_report_packages(call)
  given <- list(answer = x, title = title, natural = natural, estimand = words, harms = harms)
  render_page("excess-responders.Rmd", given, file, format, call, toc = TRUE, what = "report")
  invisible(file)
}

#' @rdname report
#' @export
report.excess_score <- function(x, file, title = "Recovery beside natural recovery", estimand = character(),
                                safety = NULL, ...) {
  check_no_more(names(formals(report.excess_score)), ...)
  report_scores(x, rlang::maybe_missing(file), title, estimand, safety, rlang::current_env())
}

#' @rdname report
#' @export
report.excess_curve <- function(x, file, title = "Recovery beside natural recovery", estimand = character(),
                                safety = NULL, ...) {
  check_no_more(names(formals(report.excess_curve)), ...)
  report_scores(x, rlang::maybe_missing(file), title, estimand, safety, rlang::current_env())
}

report_scores <- function(x, file, title, estimand, safety, call) {
  format <- page_format(rlang::maybe_missing(file), c("html", "docx"), call)
  check_report_title(title, call)
  if (inherits(x, "excess_score") && anyNA(change_scores(score_excess_change(x)))) refuse_open(call)
  words <- report_estimand(x, estimand, call)
  check_own_words(estimand, NULL, call)
  harms <- check_made_by(safety, \(s) inherits(s, "safety"), "safety", call)
  require_report_packages(call)
  given <- list(answer = x, title = title, natural = list(), estimand = words, harms = harms)
  render_page("excess-score.Rmd", given, file, format, call, toc = TRUE, what = "report")
  invisible(file)
}

# Checks --------------------------------------------------------------------------

# The format that the ending of `file` asks for, one of `formats`; its folder must be there.
page_format <- function(file, formats, call) {
  endings <- sub(", ([^,]*)$", " or \\1", toString(paste0(".", formats)))
  if (rlang::is_missing(file)) {
    abort_input(c("{.arg file} is not given.", i = "A path that ends in {endings}."), call = call)
  }
  check_string(file, "file", call = call)
  format <- tolower(tools::file_ext(file))
  if (!format %in% formats) {
    abort_input(c("{.arg file} must end in {endings}.", x = "It is {.file {file}}."), call = call)
  }
  if (!dir.exists(dirname(file))) {
    abort_input(c("The folder of {.arg file} is not there.", x = "It is {.file {dirname(file)}}."), call = call)
  }
  format
}

# Words of a causal claim, or of a certainty, that one arm of a few patients cannot carry. Each line of claims.txt is
# looked for as whole words, in lower case, without articles; TREATMENT stands for what is given to patients.
claims_in <- function(text) {
  claims <- readLines(system.file("report", "claims.txt", package = "cordgain"))
  claims <- gsub("TREATMENT", claim_treatments, claims, fixed = TRUE)
  said <- vapply(strsplit(tolower(text), "[^a-z]+"), \(words) {
    paste(words[!words %in% c("a", "an", "our", "the", "these", "this")], collapse = " ")
  }, "")
  as.character(unique(unlist(lapply(paste0("(?<![a-z])(", claims, ")(?![a-z])"), \(claim) {
    regmatches(said, gregexpr(claim, said, perl = TRUE))
  }))))
}

claim_treatments <- paste0("(antibody|cells?|drugs?|grafts?|implants?|infusions?|injections?|interventions?|ipscs?|",
  "stimulation|therapy|therapies|transplants?|transplantations?|treatments?)")

check_report_title <- function(title, call) {
  check_string(title, "title", call = call)
  refuse_claims(title, "{.arg title}", "Say what was observed beside what nature alone gives.", call)
}

# What the caller wrote elsewhere and the report prints. The definition of a harm may name a cause, and a cited paper
# has the title that it has.
check_own_words <- function(estimand, arm, call) {
  for (name in names(estimand)) {
    refuse_claims(estimand[[name]], paste0("{.arg estimand} ({.val ", name, "})"),
      "Say what is estimated, for whom, and not what came of it.", call)
  }
  story <- if (!is.null(arm)) c(list(label = arm_label(arm)), arm_story(arm)[c("intervention", "notes")])
  for (name in names(story)) {
    refuse_claims(story[[name]], paste0("{.field ", name, "} of the arm"),
      paste0("Say what was done and seen: {.code update(arm, ", name, " = ...)}."), call)
  }
}

refuse_claims <- function(text, what, remedy, call) {
  found <- claims_in(text)
  if (length(found) > 0L) {
    abort_input(c(paste(what, "claims more than one treated arm can show."), x = "It says {.val {found}}.",
      i = remedy), call = call)
  }
}

check_reportable <- function(x, call) {
  if (excess_is_bounds(x) || !inherits(excess_natural(x), "natural_rate")) {
    refuse_open(call, " and one natural rate", ", with {.fn update} of the arm")
  }
}

refuse_open <- function(call, needs = "", with = "") {
  abort_input(c(paste0("A report needs an answer with known outcomes", needs, "."),
    i = paste0("Report each possibility as an answer of its own", with, ".")), call = call)
}

require_report_packages <- function(call, has = \(package) requireNamespace(package, quietly = TRUE),
                                    has_pandoc = \() rmarkdown::pandoc_available("2.0")) {
  absent <- Filter(\(package) !has(package), c("rmarkdown", "knitr", "ggplot2"))
  if (length(absent) == 0L && !has_pandoc()) absent <- "pandoc"
  if (length(absent) > 0L) {
    abort_cordgain(c("A report needs {.pkg rmarkdown} with pandoc, {.pkg knitr} and {.pkg ggplot2}.",
      x = "Not there: {.pkg {absent}}.",
      i = "Install them, or read the parts with {.fn tidy}, {.fn decision_table}, {.fn sensitivity} and {.fn tipping}."
    ), "cordgain_no_rmarkdown", call = call)
  }
}

# What the template is given --------------------------------------------------------

estimand_attributes <- c(treatment = "Treatment", population = "Population", variable = "Variable",
  intercurrent = "Intercurrent events", summary = "Population-level summary")

# The five attributes of ICH E9(R1), from the arm where the caller has no words of his own.
report_estimand <- function(x, own, call) {
  unknown <- setdiff(names(own), names(estimand_attributes))
  if (length(own) > 0L && (!is.character(own) || is.null(names(own)) || length(unknown) > 0L)) {
    abort_input(c("{.arg estimand} must be a named character vector.",
      i = "Its names are among {.val {names(estimand_attributes)}}."
    ), call = call)
  }
  words <- standard_estimand(x)
  words[names(own)] <- own
  data.frame(Attribute = unname(estimand_attributes), Here = unname(words[names(estimand_attributes)]))
}

standard_estimand <- function(x) {
  if (inherits(x, "excess_responders")) responder_estimand(excess_arm(x)) else score_estimand(x)
}

responder_estimand <- function(arm) {
  terms <- match_terms(arm)
  c(
    treatment = or_words(arm_story(arm)$intervention, "the arm's treatment, beside no such treatment"),
    population = population_words(arm_counts(arm)$n, terms),
    variable = paste0("Responder or not: ", endpoint_label(terms$endpoint), ", at week ",
      format_range(terms$followup_weeks), " after the injury. ",
      if (arm_declaration(arm)$declared) "Declared beforehand." else "The definition was not declared beforehand."),
    intercurrent = estimand_intercurrent,
    summary = paste("Responders observed minus responders that nature alone gives among these patients (mean and whole",
      "distribution); the difference of rates in the population beside it.")
  )
}

score_estimand <- function(x) {
  changes <- inherits(x, "excess_score")
  observed <- if (changes) score_excess_change(x) else curve_excess_parts(x)$data
  terms <- match_terms(observed)
  scale <- if (changes) change_motor_scale(observed) else recovery_scale(observed)
  c(
    treatment = "the treatment of these patients, beside no such treatment",
    population = population_words(length(unique(stats::na.omit(tidy(x)$subject))), terms),
    variable = paste0(if (changes) "Change" else "Gain", " in ", scale_name(scale), ", ", scale_unit(scale), ", from ",
      "the ", if (changes) "first exam" else "last exam before treatment", " to week ",
      format_range(terms$followup_weeks), " after the injury; a gain is positive."),
    intercurrent = estimand_intercurrent,
    summary = paste("Mean observed minus mean that nature alone gives among these patients",
      if (changes) "; the same in the population they stand for beside it." else ", at each one's last visit.",
      sep = "")
  )
}

estimand_intercurrent <- paste("None is recorded: outcomes are taken as observed, whatever else was given",
  "(treatment policy).")

population_words <- function(n, terms) {
  known <- \(values) or_words(paste(unique(stats::na.omit(values)), collapse = ", "))
  paste0(n, if (n == 1) " treated patient" else " treated patients", "; AIS grade: ", known(terms$grade), "; level: ",
    known(terms$level), "; first exam, day after injury: ", format_range(terms$baseline_days), "; years of injury: ",
    format_range(terms$years), ".")
}

or_words <- function(x, otherwise = "not known") {
  known <- !is.null(x) && length(x) == 1L && !is.na(x) && nzchar(x)
  if (known) x else otherwise
}

# A template of inst/report/ is knitted in a folder of its own, in an environment that holds what it names (`given`).
# @param what the word for the document, should it not be written
render_page <- function(template, given, file, format, call = NULL, toc = FALSE, what = "page") {
  work <- tempfile("page")
  dir.create(work)
  on.exit(unlink(work, recursive = TRUE))
  copy <- file.path(work, template)
  file.copy(list.files(system.file("report", package = "cordgain"), "[.]Rmd$", full.names = TRUE), work)
  style <- switch(format,
    html = rmarkdown::html_document(self_contained = TRUE, toc = toc, mathjax = NULL),
    docx = rmarkdown::word_document() # Word fills a list of contents only when told to; it lists headings by itself
  )
  made <- rmarkdown::render(copy, style, output_file = basename(file), output_dir = work,
    envir = list2env(given, parent = globalenv()), quiet = TRUE)
  put_page(made, file, what, call)
}

# R's own warning of a file that cannot be made says less than the error.
put_page <- function(made, file, what, call) {
  if (!suppressWarnings(file.copy(made, file, overwrite = TRUE))) {
    abort_input(c("The {what} could not be written.", x = "{.arg file} is {.file {file}}.",
      i = "Choose a folder in which you may write; a document that is open elsewhere must be closed."), call = call)
  }
}
