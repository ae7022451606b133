# Rows of tidy(): one constructor, so that every table of the package has the same columns.

# `num.kind`: "exact" for a finite sum, "bound" for a proved bound, "estimate" for ten times the
# difference of two routes (never below rounding).
term_row <- function(term, estimate, lower = NA_real_, upper = NA_real_, error = 0, std.error = NA_real_,
                     num.kind = "estimate") {
  data.frame(
    term = term, estimate = estimate, std.error = std.error, conf.low = lower, conf.high = upper,
    num.error = error, num.kind = num.kind
  )
}
