#' cordgain: motor recovery in excess of natural recovery
#'
#' The package answers one question: by how much does the motor recovery of a
#' few treated patients exceed the recovery that would have come by itself?
#' The way through has five stages: describe the trial ([trial_arm()]), fit
#' repeated scores, state what is expected without treatment
#' ([natural_rate()]), compare ([excess()], [safety()]), and question the answer
#' ([decision_table()]). The words are in [cordgain-glossary].
#'
#' @keywords internal
#' @useDynLib cordgain, .registration = TRUE
#' @importFrom Rcpp evalCpp
#' @importFrom generics tidy
#' @importFrom stats logLik nobs predict quantile sd update vcov
"_PACKAGE"

# rlang and cli are reached when a message or a check needs them, so that they cost nothing at load.
utils::globalVariables(".data") # the pronoun of ggplot2's aes()
