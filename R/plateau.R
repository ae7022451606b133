# plateau(week) = 1 - exp(-week / kappa): the model is linear given kappa, so
# kappa is found by Newton's method on the profile deviance of exact fits.

has_plateau <- function(expr) {
  "plateau" %in% all.names(expr) && calls_plateau(expr)
}

calls_plateau <- function(expr) {
  is.call(expr) && (rlang::is_call(expr, "plateau") || any(vapply(as.list(expr)[-1], calls_plateau, TRUE)))
}

# An environment in which plateau() has this kappa; the word lives only inside formulas.
plateau_env <- function(env, log_kappa) {
  out <- new.env(parent = env)
  out$plateau <- function(time) -expm1(-time * exp(-log_kappa))
  out
}

#' The estimate of kappa
#'
#' Its likelihood is the full one: restricted likelihoods of different kappa
#' have different X and are not comparable.
#'
#' @param deviance_at function(log_kappa) -> profile deviance (ML).
#' @param times of the data, for the range searched.
#' @return list of `log_kappa`, `log_se` (inverse observed information),
#'   `error` (bound of log kappa).
#' @noRd
find_kappa <- function(deviance_at, times, call) {
  times <- abs(times[times != 0])
  range <- log(c(min(times) / 20, max(times) * 20))
  grid <- seq(range[1], range[2], length.out = 25)
  values <- vapply(grid, deviance_at, 1)
  best <- which.min(values)
  if (best %in% c(1L, length(grid))) {
    abort_numerical(c("The data do not show a plateau.",
      x = paste(
        "The likelihood is highest at kappa {if (best == 1L) 'below' else 'above'}",
        "{format(exp(grid[best]), digits = 3)}, the end of the range searched."
      ),
      i = if (best == 1L) {
        "Recovery is complete before the first visit: fit a constant."
      } else {
        "Recovery is a straight line here: use the time itself."
      }
    ), call = call)
  }
  at <- stats::optimize(deviance_at, grid[best + c(-1, 1)], tol = 1e-5)$minimum
  polish_kappa(deviance_at, at)
}

# Newton steps with five-point derivatives: truncation h^4, rounding in the deviance / h.
polish_kappa <- function(deviance_at, at, h = 2e-3) {
  for (step in 1:6) {
    f <- vapply(at + h * (-2:2), deviance_at, 1)
    slope <- sum(c(1, -8, 0, 8, -1) * f) / (12 * h)
    curvature <- sum(c(-1, 16, -30, 16, -1) * f) / (12 * h^2)
    move <- -slope / curvature
    at <- at + move
    if (abs(move) < 1e-10) break
  }
  rounding <- 64 * .Machine$double.eps * abs(f[3]) / h / curvature
  list(log_kappa = at, log_se = sqrt(2 / curvature), error = abs(move) + rounding)
}

# Times that enter a plateau, from the calls in an expression, evaluated in the data.
plateau_times <- function(expr, data, env) {
  if (!is.call(expr)) {
    return(NULL)
  }
  if (rlang::is_call(expr, "plateau")) {
    return(eval(expr[[2]], data, env))
  }
  unlist(lapply(as.list(expr)[-1], plateau_times, data = data, env = env))
}

# Derivatives in log kappa by a central difference of five points: where, and from the values there.
kappa_points <- function(log_kappa, h = 2e-3) log_kappa + h * c(-2, -1, 1, 2)

kappa_difference <- function(values, h = 2e-3) Reduce(`+`, Map(`*`, c(1, -8, 8, -1) / (12 * h), values))

# A fit whose terms, in new data, are those of another kappa; what was estimated stays.
with_kappa <- function(fit, log_kappa) {
  env <- plateau_env(environment(fit$formula), log_kappa)
  attr(fit$design$fixed_terms, ".Environment") <- env
  for (t in seq_along(fit$design$random)) attr(fit$design$random[[t]]$terms, ".Environment") <- env
  fit
}
