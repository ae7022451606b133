#' cordgain: motor recovery in excess of natural recovery
#'
#' The package answers one question: by how much does the motor recovery of a
#' few treated patients exceed the recovery that would have come by itself?
#' The way through has five stages: describe the trial ([trial_arm()]), fit
#' repeated scores, state what is expected without treatment
#' ([natural_rate()]), compare ([excess()], [safety()]), and question the answer
#' ([decision_table()]).
#'
#' @keywords internal
#' @useDynLib cordgain, .registration = TRUE
#' @importFrom Rcpp evalCpp
#' @importFrom generics tidy
#' @importFrom stats nobs predict quantile update
"_PACKAGE"
