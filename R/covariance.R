# The vocabulary of residual covariances, kept in one table: the words that a
# formula may hold, in the names of mmrm and SAS. They are not functions.

covariance_words <- function() {
  c("us", "diag", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "sp_exp")
}

# Words with one variance per visit; the others have one for all visits.
heterogeneous_words <- function() {
  c("us", "diag", "csh", "ar1h", "toeph")
}
