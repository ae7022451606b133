# What a natural rate answers: its quantiles, the responders it predicts, and how it looks.

#' Responders expected without treatment
#'
#' The distribution of the number of natural responders among the patients of a
#' trial, whose uncertain rate is shared:
#' \eqn{P(\sum Y_0 = k) = \int \mathrm{Bin}(k \mid n, p)\, \pi(p)\, dp}
#' (Poisson-binomial where patients have different rates).
#'
#' @param object a `natural_rate`.
#' @param patients (whole number, or a [trial_arm()]) how many patients.
#' @param time not used: a rate has no course.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return data frame with one row for each count: `responders`, `probability`,
#'   `num.error`, `num.kind`.
#' @seealso [natural_rate()], [decision_table()]
#' @examples
#' predict(natural_rate(0.135), 4)
#' @export
predict.natural_rate <- function(object, patients, time = NULL, ...) {
  check_no_more(c("object", "patients"), ...)
  check_given(c(patients = "how many patients, or a trial_arm()"))
  n <- if (is_trial_arm(patients)) arm_counts(patients)$n else check_count(patients, min = 1, max = 1000)
  pmf <- responders_pmf(object, n)
  data.frame(responders = 0:n, probability = pmf$value, num.error = pmf$error, num.kind = rate_num_kind(object))
}

#' @export
quantile.natural_rate <- function(x, probs = c(0.025, 0.25, 0.5, 0.75, 0.975), ...) {
  check_no_more(names(formals(quantile.natural_rate)), ...)
  probs <- check_numeric(probs, min = 0, max = 1)
  if (length(probs) == 0L) abort_input("{.arg probs} must hold at least one probability.")
  q <- rate_summary(x, probs)$quantile$value
  stats::setNames(q, paste0(format(100 * probs, trim = TRUE), "%"))
}

#' @export
tidy.natural_rate <- function(x, conf.level = 0.95, ...) {
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  probs <- c(1 - conf.level, 1 + conf.level) / 2
  call <- rlang::current_env()
  rate <- summary_row("rate", rate_summary(x, probs, call))
  if (rate_is_known(x)) {
    return(transform(rate, num.kind = "exact"))
  }
  parameters <- if (x$kind == "meta") lapply(c("tau", "mu"), \(term) parameter_row(x, term, probs, call))
  do.call(rbind, c(list(rate), parameters, list(ess_rows(x, call), icc_row(x, call))))
}

# Posterior of tau or mu. With heavy-tailed priors its moments may not exist, or not be had to 1e-6:
# then the row is NA, and the rate, which does not need them, stands.
parameter_row <- function(x, term, probs, call) {
  grids <- lapply(x$routes, \(route) route[[term]])
  if (length(grids$fine$edges) == 0L) {
    fixed <- prior_parameters(x$settings[[term]])[["value"]]
    return(term_row(term, fixed, fixed, fixed, 0, 0, "exact"))
  }
  or_not_known(term, summary_row(term, summarise_routes(grids, probs, FALSE, paste("The posterior of", term), call)))
}

or_not_known <- function(term, row) {
  tryCatch(row, cordgain_numerical_error = \(e) term_row(term, NA_real_, error = NA_real_))
}

ess_rows <- function(x, call) {
  rows <- lapply(c("moment", "elir"), \(method) {
    # A number with a shared deviation has no likelihood of patients to be compared with.
    e <- if (x$kind == "known") list(value = NA_real_, error = NA_real_) else rate_ess(x, method, call)
    term_row(paste0("ess_", method), e$value, error = e$error)
  })
  do.call(rbind, rows)
}

# Correlation of two patients' outcomes through their shared rate: Var(p) / (E p (1 - E p)).
icc_row <- function(x, call) {
  icc <- vapply(x$routes, \(route) {
    s <- core_grid_summary(shift_grid(route$theta, rate_offset(x)), 0.5, TRUE)
    s$sd^2 / (s$mean * (1 - s$mean))
  }, 0)
  or_not_known("icc", {
    icc <- two_routes(icc[["fine"]], icc[["coarse"]], "The intraclass correlation", call)
    term_row("icc", icc$value, error = icc$error)
  })
}

#' @export
format.natural_rate <- function(x, ...) {
  c(
    paste0("Natural rate from ", natural_label(x)),
    if (x$kind == "meta") format_sources(x$sources),
    natural_assumptions(x)
  )
}

#' @exportS3Method natural_assumptions natural_rate
natural_assumptions.natural_rate <- function(x) {
  priors <- if (x$kind == "meta") paste0("Prior: tau ~ ", format(x$settings$tau), ", ", mu_words(x$settings$mu))
  c(priors, format_adjustments(x))
}

format_sources <- function(sources) {
  counts <- paste0("  ", format(paste0(sources$events, "/", sources$n), justify = "right"), "  ", sources$source)
  detail <- paste0(
    " (", or_unknown(sources$endpoint), ", ", or_unknown(sources$level), ", ",
    describe_window(sources, rep(FALSE, nrow(sources))),
    if ("counts" %in% names(sources)) ifelse(is.na(sources$counts), "", paste0(", count ", sources$counts)), ")"
  )
  paste0(counts, detail)
}

format_adjustments <- function(x) {
  s <- x$settings
  none <- s$bias$mean == 0 && s$bias$sd == 0
  c(
    if (!none) paste0("Bias: N(", signif(s$bias$mean, 4), ", ", signif(s$bias$sd, 4), "^2) on log odds"),
    if (!is.null(s$landmark)) paste0("Landmark: ", format(s$landmark)),
    if (!is.null(s$drift)) paste0("Drift: ", format(s$drift)),
    if (!is.null(s$shared_sd)) paste0("Shared deviation: SD ", s$shared_sd, " on log odds")
  )
}

#' @export
print.natural_rate <- function(x, digits = 3, ...) {
  writeLines(wrap_lines(c(format(x), if (length(rate_offset(x)) == 1L) summary_lines(x, digits))))
  invisible(x)
}

summary_lines <- function(x, digits) {
  s <- rate_summary(x, usual_probs)
  q <- signif(s$quantile$value, digits)
  or_unknown_digits <- \(value) tryCatch(signif(value, digits), cordgain_numerical_error = \(e) "not known to 1e-6")
  median <- or_unknown_digits(rate_summary(x, 0.5)$quantile$value)
  other <- other_mu(x)
  c(
    paste0("Rate in a new population: mean ", signif(s$mean$value, digits), ", median ", median,
      ", 95 % interval ", q[1], " to ", q[2]),
    if (!is.null(other)) {
      mean <- or_unknown_digits(rate_summary(refit_rate(x, mu = other), usual_probs)$mean$value)
      paste0("  One source leaves much to the prior of mu: with ", mu_words(other), " the mean is ", mean, ".")
    }
  )
}
