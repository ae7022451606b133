# Generics of the package, and the generics of others that it re-exports.

#' @importFrom generics tidy
#' @export
generics::tidy

#' What must match between a trial and the evidence
#'
#' The only road by which `evidence_differences()` looks at a trial.
#'
#' @param x a `trial_arm`, or another description of treated patients.
#' @return list of `endpoint` (string), `grade` (character, the baseline AIS
#'   grades that occur), `level` (character, one per patient, `NA` unknown),
#'   `baseline_days` (numeric 2, days from injury), `followup_weeks` (numeric 2,
#'   weeks from injury), `years` (numeric 2, calendar years of injury), and
#'   of scores `scores`, which is `TRUE`.
#' @noRd
match_terms <- function(x) {
  UseMethod("match_terms")
}

#' @exportS3Method match_terms default
match_terms.default <- function(x) {
  abort_input(c("This is not a description of treated patients.",
    x = "It is {.obj_type_friendly {x}}.",
    i = "Describe the patients with {.fn trial_arm}."
  ), call = NULL)
}

#' @rdname as_prior
#' @export
as_prior <- function(x, ...) UseMethod("as_prior")
