# Harms in a few patients: what a count of events, with its definition and its
# exposure, says about the risk per patient and the rate per patient-year, and
# above all what it cannot rule out.

#' What the harms of a few patients can and cannot rule out
#'
#' Estimates the risk of harm per patient and its rate per patient-year from
#' `events` among `n` patients followed for `exposure_years` in all, and the
#' probability that the next patients, or years, are free of events. With few
#' patients no event leaves large risks open: 0 of 4 leaves 52.7 % (one-sided 95 %).
#'
#' - Exact limits of the risk \eqn{\theta} (Clopper-Pearson): two-sided, and one-sided
#'   with \eqn{P(X \le y \mid \theta_u) = \alpha}; for no event \eqn{\theta_u = 1 - \alpha^{1/n}}.
#' - Posteriors \eqn{\theta \mid y \sim} beta(\eqn{a + y, b + n - y}) for the Jeffreys
#'   (1/2, 1/2) and the uniform (1, 1) prior side by side, and for an informative one.
#' - Exact limits of the rate \eqn{\lambda} (Poisson, exposure \eqn{T}), and posteriors
#'   gamma(\eqn{a + y, b + T}); Jeffreys is (1/2, 0).
#' - Predictive probability of no event among the next \eqn{m} patients,
#'   \eqn{B(a', b' + m)/B(a', b')}, and in \eqn{t} further patient-years,
#'   \eqn{(b'/(b' + t))^{a'}}, with the posterior's shapes.
#'
#' Only exposure inside the time at risk counts: four patients followed for a year
#' say nothing about the second.
#'
#' @param events (whole number) patients with at least one event, 0 to `n`; or a [trial_arm()]
#'   that holds its harms.
#' @param n (whole number, at least 1) patients observed.
#' @param exposure_years (number > 0, patient-years) summed time at risk of all patients.
#' @param definition (string) what counted as an event, for instance "serious adverse
#'   event related to the cells". Without one, no event means nothing.
#' @param prior `"jeffreys"`, `"uniform"`, a [prior_beta()] for the risk, a [prior_gamma()]
#'   for the rate (per patient-year), or a list of one of each. Jeffreys is always shown beside.
#' @param source (string) where an informative prior comes from; required with one.
#' @param threshold (number in (0, 1)) a risk of interest; adds the posterior probability that
#'   the risk exceeds it, now and had there been one event more. No default.
#' @param rate_threshold (number > 0, per patient-year) likewise for the rate.
#' @param next_patients (whole number) patients of the prediction; `n` if not given.
#' @param next_years (number, patient-years) exposure of the prediction; `exposure_years` if not given.
#' @param conf.level (number in (0, 1)) confidence or posterior probability.
#' @param ... for `safety()`, the arguments above; an argument that does not exist is refused by name.
#' @return An object of class `safety` with `print()`, `summary()`, `tidy()` and `plot()`.
#'   `tidy()` has one row per number: `term`, `estimate`, `std.error`, `conf.low`,
#'   `conf.high`, `num.error`, `num.kind`. Terms: `risk_exact`, `risk_jeffreys`, `risk_uniform`,
#'   `risk_prior` (proportions) and `rate_exact`, `rate_jeffreys`, `rate_prior` (per
#'   patient-year), each also with `_upper`: the one-sided limit; `no_event_patients_*`,
#'   `no_event_years_*`; `prob_risk_above_*`, `prob_risk_above_*_one_more`,
#'   `prob_rate_above_*`; `prob_some_at_threshold`, the probability of at least one event in `n`
#'   were the risk the threshold.
#' @section Conditions: `cordgain_invalid_input` if the definition or the exposure is missing, the
#'   exposure is 0, a count is not whole or exceeds `n`, or an informative prior comes without a source.
#' @references
#' Clopper CJ, Pearson ES (1934) *Biometrika* 26:404, \doi{10.1093/biomet/26.4.404}.
#' Garwood F (1936) *Biometrika* 28:437, \doi{10.1093/biomet/28.3-4.437}.
#' @seealso [stopping_boundary()], [rate_interval()].
#' @examples
#' safety(0, n = 4, exposure_years = 4, definition = "serious adverse event related to the cells")
#' @export
safety <- function(events, ...) {
  if (missing(events)) {
    abort_input(c("{.arg events} is missing.", i = "Give the number of patients with an event, or a {.cls trial_arm}."))
  }
  UseMethod("safety")
}

#' @rdname safety
#' @export
safety.default <- function(events, n, exposure_years, definition, prior = "jeffreys", source = NULL,
                           threshold = NULL, rate_threshold = NULL, next_patients = NULL, next_years = NULL,
                           conf.level = 0.95, ...) {
  check_no_more(names(formals(safety.default)), ...)
  check_harm_stated(missing(n), missing(exposure_years), missing(definition))
  n <- check_count(n, min = 1)
  data <- list(
    events = check_events(events, n), n = n, exposure_years = check_harm_exposure(exposure_years),
    definition = check_not_blank(definition)
  )
  asked <- list(
    conf.level = check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE),
    threshold = if (!is.null(threshold)) check_number(threshold, min = 0, max = 1, min_open = TRUE, max_open = TRUE),
    rate_threshold = if (!is.null(rate_threshold)) check_number(rate_threshold, min = 0, min_open = TRUE),
    next_patients = check_count(next_patients %||% n, "next_patients", max = 1e7),
    next_years = check_number(next_years %||% data$exposure_years, "next_years", min = 0)
  )
  priors <- safety_priors(prior, check_string(source, allow_null = TRUE))
  validate_safety(new_safety(data, asked, priors, source))
}

#' @rdname safety
#' @export
safety.trial_arm <- function(events, prior = "jeffreys", ...) {
  harms <- arm_harms(events)
  if (is.null(harms)) {
    abort_input(c("The trial arm holds no harms.",
      i = "Give {.arg harms} and {.arg exposure_years} to {.fn trial_arm}, or the counts to {.fn safety}."
    ))
  }
  safety.default(harms$events, harms$n, harms$exposure_years, harms$definition, prior = prior, ...)
}

new_safety <- function(data, asked, priors, source) {
  table <- rbind(risk_rows(data, asked, priors$risk), rate_rows(data, asked, priors$rate))
  structure(list(data = data, asked = asked, priors = priors, source = source, table = table), class = "safety")
}

validate_safety <- function(x) {
  bad <- x$table$num.error > num_limit(pmax(abs(x$table$estimate), abs(x$table$conf.high), na.rm = TRUE))
  if (any(bad)) {
    abort_numerical(c("A number could not be had to 1e-6.",
      x = "{.val {x$table$term[bad]}}.", i = "Please report the counts that led to it."
    ))
  }
  x
}

# Priors ------------------------------------------------------------------------------

# Shapes by name; `prior` only where the user brought an informative one.
safety_priors <- function(prior, source, call = rlang::caller_env()) {
  priors <- list(
    risk = list(jeffreys = c(0.5, 0.5), uniform = c(1, 1)),
    rate = list(jeffreys = c(0.5, 0))
  )
  if (is.character(prior)) {
    check_choice(prior, c("jeffreys", "uniform"), "prior", call = call)
    return(priors)
  }
  check_source(source, call)
  for (one in if (inherits(prior, "prior")) list(prior) else prior) {
    shapes <- conjugate_shapes(one, call)
    priors[[shapes$about]]$prior <- shapes$values
  }
  priors
}

conjugate_shapes <- function(prior, call) {
  kind <- if (inherits(prior, "prior")) prior_kind(prior) else "no prior"
  if (!kind %in% c("beta", "gamma")) {
    abort_input(c("{.arg prior} must be a beta prior for the risk or a gamma prior for the rate.",
      x = "It is: {kind}.",
      i = 'Use "jeffreys", "uniform", {.fn prior_beta}, {.fn prior_gamma}, or a list of the last two.'
    ), call = call)
  }
  list(about = if (kind == "beta") "risk" else "rate", values = unname(prior_parameters(prior)))
}

check_source <- function(source, call) {
  if (is.null(source)) {
    abort_input(c("An informative prior needs its {.arg source}.",
      x = "None was given.",
      i = "Cite where it comes from: with so few patients the answer is almost the prior."
    ), call = call)
  }
}

# Rows ----------------------------------------------------------------------------------

risk_rows <- function(data, asked, priors) {
  alpha <- 1 - asked$conf.level
  limits <- \(below, above) core_clopper_pearson(data$events, data$n, below, above)
  rows <- list(
    limits_row("risk_exact", data$events / data$n, limits(alpha / 2, alpha / 2)),
    limits_row("risk_exact_upper", data$events / data$n, limits(0, alpha))
  )
  about <- lapply(names(priors), \(name) risk_posterior_rows(data, asked, name, priors[[name]], alpha))
  do.call(rbind, c(rows, about, list(harm_planning_row(data, asked$threshold))))
}

risk_posterior_rows <- function(data, asked, name, shape, alpha) {
  a <- shape[1] + data$events
  b <- shape[2] + data$n - data$events
  none <- core_beta_predictive_none(a, b, asked$next_patients)
  rows <- rbind(
    beta_row(paste0("risk_", name), a, b, alpha / 2, alpha / 2),
    beta_row(paste0("risk_", name, "_upper"), a, b, 0, alpha),
    term_row(paste0("no_event_patients_", name), none, num.kind = "exact")
  )
  if (is.null(asked$threshold)) {
    return(rows)
  }
  rows <- rbind(rows, harm_above_row(paste0("prob_risk_above_", name), core_beta_above(a, b, asked$threshold)))
  if (data$events == data$n) {
    return(rows)
  }
  more <- core_beta_above(a + 1, b - 1, asked$threshold)
  rbind(rows, harm_above_row(paste0("prob_risk_above_", name, "_one_more"), more))
}

rate_rows <- function(data, asked, priors) {
  alpha <- 1 - asked$conf.level
  limits <- \(below, above) core_poisson_limits(data$events, data$exposure_years, below, above)
  estimate <- data$events / data$exposure_years
  about <- lapply(names(priors), \(name) rate_posterior_rows(data, asked, name, priors[[name]], alpha))
  do.call(rbind, c(list(
    limits_row("rate_exact", estimate, limits(alpha / 2, alpha / 2)),
    limits_row("rate_exact_upper", estimate, limits(0, alpha))
  ), about))
}

rate_posterior_rows <- function(data, asked, name, shape, alpha) {
  a <- shape[1] + data$events
  b <- shape[2] + data$exposure_years
  limits <- \(below, above) core_gamma_limits(a, b, below, above)
  none <- core_gamma_predictive_none(a, b, asked$next_years)
  rows <- rbind(
    limits_row(paste0("rate_", name), a / b, limits(alpha / 2, alpha / 2), sqrt(a) / b),
    limits_row(paste0("rate_", name, "_upper"), a / b, limits(0, alpha), sqrt(a) / b),
    term_row(paste0("no_event_years_", name), none, num.kind = "exact")
  )
  if (is.null(asked$rate_threshold)) {
    return(rows)
  }
  rbind(rows, harm_above_row(paste0("prob_rate_above_", name), core_gamma_above(a, b, asked$rate_threshold)))
}

harm_above_row <- function(term, measured) term_row(term, measured$value, error = measured$error)

# What the trial could have seen were the risk the threshold.
harm_planning_row <- function(data, threshold) {
  if (is.null(threshold)) {
    return(NULL)
  }
  term_row("prob_some_at_threshold", -expm1(data$n * log1p(-threshold)), num.kind = "exact")
}

# Methods ---------------------------------------------------------------------------------

#' @export
tidy.safety <- function(x, ...) x$table

#' @export
print.safety <- function(x, ...) {
  cat(wrap_harms(harms_observed(x)), sep = "\n")
  cat("\n")
  cat(wrap_harms(harms_not_ruled_out(x)), sep = "\n")
  cat("\n")
  print_harm_rows(x, "risk_", "Risk per patient")
  print_harm_rows(x, "rate_", "Rate per patient-year")
  print_harm_rows(x, "no_event_", "Probability of no event")
  print_harm_rows(x, "prob_", "Probabilities at the thresholds")
  if (!is.null(x$source)) cat(wrap_harms(paste("Source of the prior:", x$source)), sep = "\n")
  invisible(x)
}

#' @export
summary.safety <- function(object, ...) {
  structure(
    list(observed = harms_observed(object), not_ruled_out = harms_not_ruled_out(object), table = object$table),
    class = "summary_safety"
  )
}

#' @export
print.summary_safety <- function(x, ...) {
  cat(wrap_harms(c(x$observed, x$not_ruled_out)), sep = "\n")
  cat("\n")
  print(x$table, row.names = FALSE, digits = 3)
  invisible(x)
}

#' @export
plot.safety <- function(x, ...) {
  check_picture(names(formals(plot.safety)), ...)
  rows <- x$table[x$table$term %in% c("risk_exact_upper", paste0("risk_", c("exact", names(x$priors$risk)))), ]
  label <- harm_label(rows$term, x$asked)
  rows$label <- factor(label, levels = rev(label))
  bound <- rows[rows$term == "risk_exact_upper", ]
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$estimate, y = .data$label)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high)) +
    ggplot2::geom_point(size = 2.5) +
    # The bound that print tells: marked and numbered, because it is what a reader takes away.
    ggplot2::geom_point(ggplot2::aes(x = .data$conf.high), bound, shape = 124, size = 6) +
    ggplot2::geom_text(ggplot2::aes(x = .data$conf.high, label = paste("up to", harm_percent(.data$conf.high))), bound,
      hjust = -0.1) +
    ggplot2::scale_x_continuous(limits = c(0, 1), labels = \(p) paste0(100 * p, " %")) +
    ggplot2::labs(
      x = paste0("Risk per patient (", harm_percent(x$asked$conf.level), " limits)"), y = NULL,
      title = harms_title(x, bound),
      subtitle = subtitle_words(harms_observed(x))
    ) +
    plot_theme()
}

harms_title <- function(x, bound) {
  plot_words(x$data$events, " of ", x$data$n, " patients with the event: a risk of up to ",
    harm_percent(bound$conf.high), " per patient is not ruled out")
}

# Words ------------------------------------------------------------------------------------

wrap_harms <- function(lines) strwrap(lines, width = min(80, getOption("width")))

harms_observed <- function(x) {
  paste0(
    x$data$events, " of ", x$data$n, " patients with: ", x$data$definition, " (",
    format(x$data$exposure_years), " patient-years), where how many would have had it without the treatment is not ",
    "known from this count."
  )
}

# The one sentence a reader must not miss.
harms_not_ruled_out <- function(x) {
  value <- \(term, column) x$table[[column]][x$table$term == term]
  paste0(
    "With one-sided ", harm_percent(x$asked$conf.level), " confidence these patients cannot rule out a risk of up to ",
    harm_percent(value("risk_exact_upper", "conf.high")), " per patient, nor a rate of up to ",
    signif(value("rate_exact_upper", "conf.high"), 3), " per patient-year. Time beyond that observed is not covered."
  )
}

harm_percent <- function(p) paste(format(100 * p, digits = 3), "%")

prior_words <- function() {
  c(exact = "exact", jeffreys = "Jeffreys prior", uniform = "uniform prior", prior = "given prior")
}

# Terms in plain words; the name of the prior is the word before any suffix.
harm_label <- function(term, asked) {
  core <- sub("_(upper|one_more)$", "", term)
  prior <- prior_words()[sub(".*_", "", core)]
  about <- c(
    no_event_patients = paste0("next ", format(asked$next_patients), " patients, "),
    no_event_years = paste0("next ", format(asked$next_years), " patient-years, "),
    prob_risk_above = paste0("risk above ", harm_percent(asked$threshold %||% NA), ", "),
    prob_rate_above = paste0("rate above ", format(asked$rate_threshold %||% NA), " per year, ")
  )[sub("_[a-z]+$", "", core)]
  suffix <- ifelse(grepl("_upper$", term), ", one-sided", ifelse(grepl("_one_more$", term), ", one event more", ""))
  label <- paste0(ifelse(is.na(about), "", about), prior, suffix)
  some <- paste("any event at a risk of", harm_percent(asked$threshold %||% NA))
  ifelse(term == "prob_some_at_threshold", some, label)
}

print_harm_rows <- function(x, prefix, heading) {
  rows <- x$table[startsWith(x$table$term, prefix), ]
  if (nrow(rows) == 0L) {
    return(invisible(NULL))
  }
  limits <- ifelse(is.na(rows$conf.low), "", sprintf("  %5.3f to %5.3f", rows$conf.low, rows$conf.high))
  cat(heading, if (any(nzchar(limits))) paste0(", ", harm_percent(x$asked$conf.level), " limits"), "\n", sep = "")
  label <- harm_label(rows$term, x$asked)
  cat(sprintf("  %-*s %5.3f%s", min(46L, getOption("width") - 30L), label, rows$estimate, limits), sep = "\n")
  cat("\n")
}

# Checks ----------------------------------------------------------------------------------

check_harm_stated <- function(no_n, no_exposure, no_definition, call = rlang::caller_env()) {
  if (no_n) abort_input(c("{.arg n} is missing.", i = "Give the number of patients observed."), call = call)
  if (no_exposure) {
    abort_input(c("{.arg exposure_years} is missing.",
      i = "Give the summed patient-years at risk: no event in a day is not no event in a year."
    ), call = call)
  }
  if (no_definition) {
    abort_input(c("{.arg definition} is missing.",
      i = 'State what counted as an event, for instance "serious adverse event related to the cells".'
    ), call = call)
  }
}

check_harm_exposure <- function(exposure_years, call = rlang::caller_env()) {
  if (is.null(exposure_years)) check_harm_stated(FALSE, TRUE, FALSE, call)
  check_number(exposure_years, "exposure_years", min = 0, min_open = TRUE, call = call)
}
