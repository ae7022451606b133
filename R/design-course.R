# The next trial of repeated scores: who is seen when, what is asked of each trial, and what nature gives.

#' Design of a trial of repeated scores
#'
#' A single arm whose patients are scored at several visits, analysed by [fit_recovery()]. One linear combination of
#' the fixed effects (a slope, the mean at a late week) is compared with its natural value, known from untreated
#' records. Ask the design for its [operating_characteristics()]: how often success is claimed, by simulated trials.
#'
#' With \eqn{l'\beta} the combination, \eqn{m} its natural value by `natural` and \eqn{s_m} the standard error of
#' \eqn{m}, success is claimed
#'
#' * by `"reml"` where \eqn{(l'\hat\beta - m - margin) / (s^2 + s_m^2)^{1/2}} is at least the \eqn{1 - \alpha}
#'   quantile of Student's t: \eqn{s} is Kenward and Roger's standard error in the trial with its \eqn{\nu} degrees of
#'   freedom, and the sum of the two has \eqn{\nu (s^2 + s_m^2)^2 / s^4} (Welch and Satterthwaite, \eqn{m} normal),
#'   an approximation: with few patients the error lies a little above \eqn{\alpha}, the simulation says how much;
#' * by [method_bayes()] where \eqn{P(l'\beta - m > margin \mid y) \ge 1 - \alpha}, exactly. Coefficients take one
#'   normal or a flat prior each; what is left out takes the defaults of [priors()] at the spread of the untreated
#'   scores. With [prior_fixed()] standard deviations the covariance is taken as known, from a registry.
#'
#' A trial whose fit or posterior cannot be had claims nothing, and is counted.
#'
#' @param natural a [fit_recovery()] of untreated records by REML: the model of the trial, its natural mean, and the
#'   true variances of the simulated patients.
#' @param data (data frame) one row for each visit of each patient, with the variables of the formula but the score:
#'   who is seen when.
#' @param contrast (named numeric) the combination by names of coefficients of `natural`; those not named are 0.
#'   `c("(Intercept)" = 1, week = 52)` is the mean in week 52.
#' @param method `"reml"` or a [method_bayes()].
#' @param alpha (number in (0, 1)) one-sided error.
#' @param margin (number, points) what the excess must be above.
#' @param natural_error (flag) whether \eqn{s_m} counts; `FALSE` takes the natural value as known.
#' @return A `course_design`; `tidy()` has the terms `n` (patients), `visits` (rows) and `natural_value` (with its
#'   standard error).
#' @section Conditions: `cordgain_invalid_input` for a fit of another kind, variables that `data` lacks, values not
#'   known, fewer than two patients, names that are no coefficients, and coefficients that such a trial does not
#'   identify.
#' @references Kenward and Roger (1997), Biometrics 53:983-997, \doi{10.2307/2533558}.
#' @seealso [operating_characteristics()], [design_mean()] for one score of known spread, [design_trial()] for
#'   responders
#' @examples
#' # twelve simulated untreated patients, four visits
#' set.seed(1)
#' records <- expand.grid(week = c(4, 12, 26, 52), subject = 1:12)
#' records$score <- 10 + 0.2 * records$week + rnorm(12, 0, 6)[records$subject] + rnorm(48, 0, 3)
#' natural <- fit_recovery(score ~ week + (1 | subject), records)
#' visits <- expand.grid(week = c(4, 12, 26, 52), subject = 1:4)
#' design <- design_course(natural, visits, contrast = c("(Intercept)" = 1, week = 52))
#' operating_characteristics(design, excess = c(0, 10), trials = 500, seed = 1)
#' @export
design_course <- function(natural, data, contrast, method = "reml", alpha = 0.025, margin = 0, natural_error = TRUE) {
  call <- rlang::current_env()
  check_given(c(natural = "a fit of untreated records", data = "one row for each visit of each patient",
    contrast = "the combination of coefficients that is asked"))
  check_natural_fit(natural, call)
  method <- check_course_method(method, call)
  contrast <- check_course_contrast(contrast, names(fixef(natural)), call)
  alpha <- check_number(alpha, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  margin <- check_number(margin)
  design <- new_trial_rows(natural, data, call)
  value <- natural_value(natural, contrast, check_flag(natural_error))
  structure(
    list(natural = natural, design = design, method = method, contrast = contrast, alpha = alpha, margin = margin,
      value = value, priors = if (method$name == "bayes") course_priors(method, natural, design, call)),
    class = "course_design"
  )
}

check_natural_fit <- function(natural, call) {
  if (!inherits(natural, "recovery_fit_reml") || natural$method$name != "reml") {
    abort_input(c("{.arg natural} must be a fit of untreated records by REML.",
      x = "It is {.obj_type_friendly {natural}}.", i = "Make it with {.fn fit_recovery}."), call = call)
  }
  refuse_plateau(natural, "a simulated trial", call)
}

check_course_method <- function(method, call) {
  method <- as_method(method, call)
  if (!method$name %in% c("reml", "bayes")) {
    abort_input("{.arg method} must be {.val reml} or a {.fn method_bayes}.", call = call)
  }
  method
}

check_course_contrast <- function(contrast, names, call) {
  contrast <- check_named_numbers(contrast, call)
  unknown <- setdiff(names(contrast), names)
  if (length(unknown) > 0L) {
    abort_input(c("{.arg contrast} names what is no coefficient of {.arg natural}.",
      x = "Not found: {.val {unknown}}; coefficients: {.val {names}}."), call = call)
  }
  out <- stats::setNames(numeric(length(names)), names)
  out[names(contrast)] <- contrast
  out
}

check_named_numbers <- function(contrast, call) {
  fine <- is.numeric(contrast) && length(contrast) > 0L && all(is.finite(contrast)) && any(contrast != 0) &&
    length(names(contrast)) == length(contrast) && !anyDuplicated(names(contrast))
  if (!fine) {
    abort_input(c("{.arg contrast} must be finite numbers, not all 0, with the names of coefficients, each once.",
      i = "For example {.code c(\"(Intercept)\" = 1, week = 52)}."), call = call)
  }
  contrast
}

# The trial's rows as a design --------------------------------------------------------------------

# The fit's design at the visits of the trial: its terms, its coding, levels of new patients. The scores only set a
# scale; they follow no column.
new_trial_rows <- function(fit, data, call) {
  random <- fit$design$random
  all <- rep(TRUE, length(random))
  visits <- length(fit$design$residual) > 0L
  check_new_data(fit, data, all, all, visits, call)
  rows <- new_rows(fit, data, !all, all, TRUE, visits, call)
  incomplete <- leave_out_missing(rows)$missing
  if (length(incomplete) > 0L) {
    abort_input(c("Every visit of {.arg data} must be complete.", x = "Row {incomplete[1]} has a missing value."),
      call = call)
  }
  check_identified(rows$x, call)
  out <- fit$design
  out$x <- whole_columns(rows$x)
  out$weights <- out$offset <- numeric()
  out$random <- Map(\(block, term) new_block(block, term$z, data, call), random, rows$terms)
  if (visits) out$residual <- new_pattern(fit, rows, data)
  out$y <- stats::sigma(fit)[1] * sin(12.9898 * seq_len(rows$n))
  out
}

new_block <- function(block, z, data, call) {
  labels <- new_labels(block$group_expr, data)
  block$labels <- unique(labels)
  if (anyNA(labels) || length(block$labels) < 2L) {
    abort_input(c("{.var {block$group}} must name at least two, and be known in every row.",
      x = "It has {length(block$labels)} level{?s}{if (anyNA(labels)) ', one of them missing'}."), call = call)
  }
  block$level <- match(labels, block$labels) - 1L
  block$z <- whole_columns(z)
  block
}

new_pattern <- function(fit, rows, data) {
  pattern <- fit$design$residual
  expr <- fit$split$residual$group
  labels <- if (is.null(expr)) rep("1", rows$n) else new_labels(expr, data)
  pattern$subjects <- unique(labels)
  pattern$n_subjects <- length(pattern$subjects)
  pattern$subject <- match(labels, pattern$subjects) - 1L
  pattern$visit <- rows$visit
  pattern$group <- rows$group
  pattern
}

check_identified <- function(x, call) {
  parts <- qr(x)
  lost <- colnames(x)[parts$pivot[seq_len(ncol(x)) > parts$rank]]
  if (length(lost) > 0L) {
    abort_input(c("Such a trial does not identify every coefficient of the model.",
      x = "Not identified: {.val {lost}}.", i = "Fit {.arg natural} without them, or plan patients that differ in them."
    ), call = call)
  }
}

natural_value <- function(natural, contrast, counted) {
  row <- row_results(natural, matrix(contrast, 1), 0, "kenward-roger", "expected")
  list(mean = row$estimate, se = if (counted) row$std.error else 0)
}

# Trials by the thousand are integrated on lattices; a sampler would have to look at each.
check_dimension <- function(terms, call, most = 6L) {
  free <- sum(terms$free)
  if (free > most) {
    abort_input(c("Posteriors of simulated trials reach {most} variance parameters.",
      x = "The model has {free}: {.field {terms$name[terms$free]}}.",
      i = "Take effects out, make them independent with {.code ||}, give a {.fn prior_fixed}, or replace t priors.",
      i = "{.fn method_reml} simulates the model without priors."
    ), call = call)
  }
}

# Priors are set once, at the spread of the untreated scores: a default that looked at each simulated trial would be
# another prior every time.
course_priors <- function(method, natural, design, call) {
  check_exact(design, call)
  check_normal_priors(method$prior, call)
  columns <- list(x = design$x$core, z = lapply(design$random, \(block) block$z$core))
  completed <- complete_priors(method$prior, columns, natural$design$y, natural$design$range, call)
  setup <- posterior_setup(completed, design)
  check_dimension(setup$terms, call)
  kinds <- vapply(completed$fixed, prior_base_kind, "")
  single <- lengths(lapply(completed$fixed, \(prior) prior_components(prior)[, "weight"])) == 1L
  if (!all(kinds %in% c("normal", "flat") & single)) {
    abort_input(c("In a simulated trial each coefficient takes one normal prior, or a flat one.",
      x = "Not so: {.var {names(kinds)[!(kinds %in% c('normal', 'flat') & single)]}}."), call = call)
  }
  list(core = setup$core, flat = all(kinds == "flat"),
    lines = prior_lines(list(priors = completed, terms = setup$terms)))
}

# Verbs -----------------------------------------------------------------------------------------------

# What a loop over trials needs to know.
course_parts <- function(x) unclass(x)

#' @export
tidy.course_design <- function(x, ...) {
  patients <- length(x$design$random[[1]]$labels)
  rbind(
    term_row("n", patients, num.kind = "exact"), term_row("visits", length(x$design$y), num.kind = "exact"),
    term_row("natural_value", x$value$mean, error = 1e-8 * (abs(x$value$mean) + x$value$se), std.error = x$value$se)
  )
}

#' @export
summary.course_design <- function(object, ...) tidy(object)

#' @export
print.course_design <- function(x, digits = 3, ...) {
  show <- \(v) format(signif(v, digits), trim = TRUE)
  used <- x$contrast[x$contrast != 0]
  rows <- tidy(x)
  cat(wrap_lines(c(
    paste0("Trial of repeated scores: ", rows$estimate[1], " patients, ", rows$estimate[2], " visits, model ",
      deparse1(x$natural$formula)),
    paste0("Asked: ", paste(show(used), names(used), sep = " x ", collapse = " + "), ", naturally ",
      show(x$value$mean), if (x$value$se > 0) paste0(" (standard error ", show(x$value$se), ")") else " (as known)"),
    paste0("Success where the excess is above ", show(x$margin), if (x$method$name == "bayes") paste(
      " with posterior probability at least", show(1 - x$alpha)) else paste0(
      " by a one-sided test at ", show(x$alpha), " (REML, Kenward-Roger)")),
    if (!is.null(x$priors)) c("Priors:", paste0("  ", x$priors$lines))
  )), sep = "\n")
  invisible(x)
}
