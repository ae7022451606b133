# The certified mixed-model cases: one JSON per case, with its rows beside it.

mixed_case <- function(name) {
  testthat::skip_if_not_installed("jsonlite")
  jsonlite::fromJSON(checks_path(file.path("mixed", paste0(name, ".json"))))
}

# Rows of a case; text columns become factors in order of appearance, as in the original data sets.
mixed_data <- function(name, factors = character()) {
  data <- utils::read.csv(checks_path(file.path("mixed", "data", paste0(name, ".csv"))))
  text <- union(names(data)[vapply(data, is.character, TRUE)], factors)
  data[text] <- lapply(data[text], \(column) factor(column, levels = unique(column)))
  data
}

# Largest relative departure from the certified values.
departure <- function(value, certified) {
  certified <- unname(unlist(certified))
  max(abs(unname(unlist(value)) - certified) / pmax(abs(certified), .Machine$double.xmin))
}

expect_certified <- function(value, certified, tolerance) {
  testthat::expect_equal(length(unlist(value)), length(unlist(certified)))
  testthat::expect_lt(departure(value, certified), tolerance)
}

# Four subjects and five visits, made by hand: used where any small trial will do.
small_trial <- function() {
  data.frame(
    subject = rep(c("a", "b", "c", "d"), each = 5), week = rep(c(0, 4, 8, 26, 52), 4),
    score = c(2, 4, 5, 9, 12, 0, 1, 1, 3, 4, 5, 9, 12, 17, 22, 1, 1, 4, 6, 9)
  )
}
