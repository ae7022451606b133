#' Simulated ISNCSCI exams
#'
#' **Simulated data.** Sixteen invented persons with exams 2, 12, 26 and 52 weeks after
#' injury: no patient, registry or trial stands behind them, and the chances of
#' conversion are round numbers chosen for illustration. They show the shape of
#' longitudinal exams, with cells that could not be tested, tagged cells, a non-key
#' muscle and a visit that was not made. The same exams under other names are in
#' `system.file("extdata", "isncsci-simulated.csv", package = "cordgain")`.
#'
#' @format A data frame with 63 rows, one per exam: `subject`, `week` (weeks from injury) and
#'   the 136 columns of an exam (text) that [score_isncsci()] takes.
#' @source Made by the script `data-raw/isncsci-simulated.R` of the source package.
#' @seealso [score_isncsci()]
#' @examples
#' table(isncsci_simulated$week)
"isncsci_simulated"
