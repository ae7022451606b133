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

core_fit_gaussian <- function(x, y, weights, z, level, n_levels, residual, restricted) {
  call_core(cpp_fit_gaussian, x, y, weights, z, level, n_levels, residual, restricted, call = NULL)
}

core_random_effects <- function(x, y, weights, z, level, n_levels, residual, frame, gamma, beta, phi) {
  call_core(cpp_random_effects, x, y, weights, z, level, n_levels, residual, frame, gamma, beta, phi, call = NULL)
}

core_row_tests <- function(inference, contrast, ddf, information) {
  call_core(cpp_row_tests, inference, contrast, ddf, information, call = NULL)
}

core_wald_test <- function(inference, contrast, beta, ddf, information) {
  call_core(cpp_wald_test, inference, contrast, beta, ddf, information, call = NULL)
}

core_robust_tests <- function(x, y, weights, z, level, n_levels, residual, frame, gamma, beta, phi, type, contrast) {
  call_core(cpp_robust_tests, x, y, weights, z, level, n_levels, residual, frame, gamma, beta, phi, type, contrast,
    call = NULL)
}
