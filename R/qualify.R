# The published and certified checks on the user's own machine: digits, tolerance and a verdict for each, on one page.

#' Qualify an installation
#'
#' Runs the published and certified checks that come with the package (and, if given, your own) on your machine,
#' compares each number with its expected value, and writes one page: digits agreed, tolerance and verdict of every
#' check, the verdict in all, the versions of what computed them, intended use and limits.
#'
#' Expected values are printed in a publication, certified by other programs or textbook formulas, or closed forms: none
#' is a result of this package. They are rows of `system.file("qualify", "checks.csv", package = "cordgain")`, each with
#' the call, its source and the reason of its tolerance. Data come from R, nlme and lme4; a check whose package is not
#' installed is "not run", and is counted.
#'
#' Digits agreed are the log relative error: minus the decimal logarithm of |value - expected| / |expected|, between 0
#' and 15 (of the absolute error where 0 is expected). A check "agrees" if its error is not above its tolerance; else it
#' "differs", and where the call stops it has "failed". The verdict in all is "agrees" only if every check that was run
#' agrees.
#'
#' A call may use `term(x, name, column)`, one number of `tidy(x)`; `arm(y, n)`, an arm of which only the counts are
#' known; `beside(y1, n1, y0, n0)`, treated beside concurrent controls; `exam(level, ...)`, a scored exam that is normal
#' down to a level, with single cells changed; and the objects of `objects.csv` in the same folder.
#'
#' @section Intended use:
#' `r qualify_statement()[["use"]]`
#' @section Limits:
#' `r qualify_statement()[["limits"]]`
#' @param file (string) where the page goes: `.html`, `.docx` or `.txt`; an existing file is overwritten. `NULL` writes
#'   nothing.
#' @param checks (data frame) checks of your own, run after the shipped ones: columns `id`, `call`, `expected`,
#'   `tolerance` (a relative error; `NA` where the expected value is text), and if you like `group`, `what`, `why`,
#'   `source`, `doi`, `needs` (packages).
#' @return A `qualification`: `tidy()` has one row per check: `term` (its id), `group`, `what`, `estimate` (`NA` for
#'   text), `result`, `expected`, `digits`, `tolerance`, `why` (this tolerance), `verdict` ("agrees", "differs",
#'   "failed", "not run"), `reason`, `call`, `source`, `doi`. `summary()` has the verdict in all and the counts.
#' @section Conditions: `cordgain_invalid_input` for another ending, a folder that is not there, or checks without an
#'   expected value; `cordgain_no_rmarkdown` for `.html` or `.docx` where rmarkdown with pandoc is not installed.
#' @references
#' McCullough (1998) Assessing the reliability of statistical software. *The American Statistician* 52:358 (the log
#' relative error).
#' @seealso [certify()] for one answer of your own.
#' @examples
#' own <- data.frame(
#'   id = "own-1", call = "stats::pbinom(1, 4, 0.1, lower.tail = FALSE)", expected = "0.0523",
#'   tolerance = "1e-10"
#' )
#' \donttest{
#' x <- qualify(checks = own)
#' x
#' subset(tidy(x), group == "own checks", c(term, estimate, expected, digits, verdict))
#' }
#' @export
qualify <- function(file = NULL, checks = NULL) {
  call <- rlang::current_env()
  format <- if (is.null(file)) "none" else page_format(file, c("html", "docx", "txt"), call)
  own <- check_own_checks(checks, call)
  if (format %in% c("html", "docx")) require_report_packages(call)
  result <- new_qualification(run_checks(rbind(shipped_checks(), own)))
  if (format == "txt") writeLines(format(result, all = TRUE), file, useBytes = TRUE)
  if (format %in% c("html", "docx")) render_page("qualify.Rmd", list(qualification = result), file, format, call)
  result
}

# What the package is for, in the words of the help page and of every page written.
qualify_statement <- function() {
  c(
    use = paste("To set the outcomes of a few treated patients beside published natural recovery: for",
      "biostatisticians, or with one, in planning, analysing and reviewing small trials of motor recovery. The user",
      "answers for the match between patients and sources, and for data and definitions declared beforehand."),
    limits = paste("Not for decisions on the treatment of one patient, not for release of a product, and not in place",
      "of a randomised comparison: one treated arm shows how an outcome compares with nature, not what made the",
      "difference. This page shows that this installation gives numbers that others computed, to the digits stated. It",
      "does not show that a model holds for your data, nor does it replace the qualification of your own process.")
  )
}

# The result ---------------------------------------------------------------------------

new_qualification <- function(checks) {
  structure(list(checks = checks, versions = qualify_versions()), class = "qualification")
}

#' @export
tidy.qualification <- function(x, ...) x$checks

# Nothing run is no agreement.
overall_verdict <- function(verdicts) {
  if (any(verdicts %in% c("differs", "failed"))) "differs" else if (any(verdicts == "agrees")) "agrees" else "not run"
}

#' @export
summary.qualification <- function(object, ...) {
  rows <- object$checks
  count <- \(verdict) sum(rows$verdict == verdict)
  data.frame(verdict = overall_verdict(rows$verdict), checks = nrow(rows), agrees = count("agrees"),
    differs = count("differs"), failed = count("failed"), not_run = count("not run"))
}

# One row per group of checks, in the order of the table.
qualify_groups <- function(rows) {
  groups <- split(rows, factor(rows$group, unique(rows$group)))
  least <- \(x) if (all(is.na(x))) NA_real_ else floor(min(x, na.rm = TRUE))
  data.frame(group = names(groups), checks = vapply(groups, nrow, 0L),
    agree = vapply(groups, \(g) sum(g$verdict == "agrees"), 0L),
    "not run" = vapply(groups, \(g) sum(g$verdict == "not run"), 0L),
    "fewest digits" = vapply(groups, \(g) least(g$digits), 0),
    verdict = vapply(groups, \(g) overall_verdict(g$verdict), ""), check.names = FALSE, row.names = NULL)
}

verdict_sentence <- function(x) {
  all <- summary(x)
  paste0("Verdict: ", all$verdict, ". Of ", all$checks, " checks ", all$agrees, " agree, ", all$differs, " differ, ",
    all$failed, " failed, ", all$not_run, " not run.")
}

#' @export
format.qualification <- function(x, all = FALSE, ...) {
  rows <- x$checks
  told <- if (all) rows else rows[rows$verdict %in% c("differs", "failed"), ]
  absent <- unique(stats::na.omit(rows$reason[rows$verdict == "not run"]))
  c(
    wrap_lines(paste0("Qualification of this installation of cordgain. ", verdict_sentence(x))), "",
    format_table(qualify_groups(rows)),
    wrap_lines("Digits agreed are bounded by the digits that a source prints."),
    if (length(absent) > 0L) wrap_lines(paste0("Not run: ", paste(absent, collapse = "; "), ".")),
    if (nrow(told) > 0L) c("", format_table(qualify_rows(told))), "",
    format_table(x$versions), "",
    wrap_lines(paste("Intended use.", qualify_statement()[["use"]])),
    wrap_lines(paste("Limits.", qualify_statement()[["limits"]]))
  )
}

qualify_rows <- function(rows) {
  data.frame(id = rows$term, result = rows$result, expected = rows$expected, digits = round(rows$digits, 1),
    tolerance = rows$tolerance, verdict = rows$verdict, reason = gsub("\n", " ", rows$reason))
}

format_table <- function(table) {
  table[] <- lapply(table, \(column) ifelse(is.na(column), "", format(column, trim = TRUE)))
  columns <- Map(c, names(table), table)
  padded <- lapply(columns, \(column) sprintf("%-*s", max(nchar(column)), column))
  sub(" +$", "", do.call(paste, c(unname(padded), sep = "  ")))
}

#' @export
print.qualification <- function(x, ...) {
  writeLines(format(x))
  cat("Every check with its call and source: tidy().\n")
  invisible(x)
}

# What computed the numbers --------------------------------------------------------------

qualify_versions <- function() {
  data.frame(
    what = c("cordgain", "R", "platform", "compiler of cordgain", "Eigen (headers installed)",
      "Boost (headers installed)", "BLAS", "LAPACK", "date"),
    version = c(as.character(utils::packageVersion("cordgain")), R.version.string, R.version$platform,
      compiler_of(getLoadedDLLs()[["cordgain"]][["path"]]), eigen_version(), boost_version(),
      extSoftVersion()[["BLAS"]], paste(La_version(), La_library()), format(Sys.time(), "%Y-%m-%d %H:%M:%S %Z"))
  )
}

# Compilers write their names into what they compile; on some platforms they are stripped.
compiler_of <- function(library) {
  bytes <- readBin(library, "raw", file.size(library))
  at <- c(grepRaw("GCC: (", bytes, fixed = TRUE), grepRaw("clang version ", bytes, fixed = TRUE))
  if (length(at) == 0L) return("not recorded in the library")
  rest <- bytes[seq(at[1], min(at[1] + 200L, length(bytes)))]
  text <- rawToChar(rest[cumsum(rest == as.raw(0)) == 0])
  sub("^(GCC: \\([^)]*\\) [0-9.]+|clang version [0-9.]+).*", "\\1", text)
}

eigen_version <- function() {
  header <- system.file("include", "Eigen", "src", "Core", "util", "Macros.h", package = "RcppEigen")
  part <- \(name) header_number(header, paste0("EIGEN_", name, "_VERSION"))
  joined_version(part("WORLD"), part("MAJOR"), part("MINOR"))
}

# Debian's BH carries no headers; the compiler then takes the system's.
boost_version <- function() {
  places <- c(system.file("include", "boost", "version.hpp", package = "BH"), "/usr/include/boost/version.hpp")
  number <- header_number(Filter(file.exists, places)[1], "BOOST_VERSION")
  joined_version(number %/% 100000, number %/% 100 %% 1000, number %% 100)
}

header_number <- function(header, macro) {
  if (is.na(header) || !file.exists(header)) return(NA_real_)
  line <- grep(paste0("^#define ", macro, " +[0-9]+"), readLines(header, warn = FALSE), value = TRUE)
  if (length(line) == 0L) NA_real_ else as.numeric(sub("^#define [A-Z_]+ +([0-9]+).*", "\\1", line[1]))
}

joined_version <- function(...) if (anyNA(c(...))) "not installed" else paste(..., sep = ".")
