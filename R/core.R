# The boundary: the only file that calls the C++ core, and the only handler of
# its errors. Every core function returns either a value or the kind of error;
# here it becomes a classed R condition that blames the user's call.

call_core <- function(fun, ..., call = rlang::caller_env(2)) {
  result <- fun(...)
  kind <- result$error_kind
  if (is.null(kind)) {
    return(result$value)
  }
  signal <- switch(kind,
    invalid_input = abort_input,
    numerical_error = abort_numerical
  )
  signal(c("{result$error_message}"), call = call)
}
