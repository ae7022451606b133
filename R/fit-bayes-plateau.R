# plateau(week) by Bayes: designs at every kappa that the integration asks for, and the fit at the posterior mean.

# @param fit_at of fit_recovery(): a fit in an environment, by a method
fit_plateau_bayes <- function(fit_at, formula, data, method, call) {
  env <- environment(formula)
  times <- abs(plateau_times(formula, data, env))
  times <- times[times > 0]
  if (length(times) == 0L) {
    abort_input(c("{.fn plateau} needs times other than zero.", x = "All times are zero.",
      i = "Leave the term out."), call = call)
  }
  design_only <- structure(list(name = "design", prior = method$prior), class = "method_design")
  at <- \(log_kappa) fit_at(plateau_env(env, log_kappa), design_only)
  longest <- max(times)
  asked <- method
  asked$plateau <- list(design_at = \(log_kappa) at(log_kappa)$design, longest = longest, shortest = min(times))
  out <- fit_at(plateau_env(env, log(longest / 2)), asked)
  kappa <- out$result$hyper$mean[["kappa"]]
  shown <- at(log(kappa))
  out[c("design", "frame")] <- shown[c("design", "frame")]
  out$method <- method
  class(out) <- c("recovery_fit_bayes_plateau", class(out))
  out
}

# The design and nothing else.
#' @exportS3Method fit_with method_design
fit_with.method_design <- function(method, design, call) list()
