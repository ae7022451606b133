# Where randomness comes from: one whole number, from which the core derives
# independent counter-based streams (inst/include/cordgain/base/rng.hpp). The
# result depends on the seed alone, never on workers or on their number.

#' The seed of a simulation
#'
#' @param seed `NULL`: one draw from R's stream, so that `set.seed()` governs; or
#'   a whole number from 0 to 2^31 - 1, which leaves R's stream untouched.
#' @return numeric(1), a whole number from 0 to 2^31 - 1.
#' @noRd
draw_seed <- function(seed, arg = rlang::caller_arg(seed), call = rlang::caller_env()) {
  if (is.null(seed)) {
    return(as.double(sample.int(.Machine$integer.max, 1L)))
  }
  number <- is.numeric(seed) && !is.factor(seed) && length(seed) == 1L
  if (!number || !is.finite(seed) || seed != round(seed) || seed < 0 || seed > .Machine$integer.max) {
    abort_input(c("{.arg {arg}} must be one whole number from 0 to {(.Machine$integer.max)}, or NULL.",
      x = if (number) "It is {format(seed, digits = 15L)}." else "It is {.obj_type_friendly {seed}}.",
      i = "With NULL the seed is drawn from R's own stream, so {.fn set.seed} governs."
    ), call = call)
  }
  as.double(seed)
}
