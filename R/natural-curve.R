# Natural course of a score over the weeks since injury.

#' Natural course of a motor score
#'
#' What a score does without treatment at several visits: the mean course over weeks since
#' injury \eqn{s}, how patients vary around it, and how well the mean is known.
#'
#' **From published means by visit** (rows of [natural_motor] with `kind == "visit"`): a shape is fitted to
#' the means by generalised least squares,
#'
#' | shape | mean at week s |
#' |---|---|
#' | `"plateau"` | \eqn{B + A (1 - e^{-k s})} |
#' | `"gompertz"` | \eqn{A \exp(-b e^{-c s})} |
#' | `"weibull"` | \eqn{B + A (1 - \exp(-(s / \lambda)^\kappa))} |
#'
#' A Gompertz curve leaves 0: means that come nearer to 0 are refused for it; the other two may rise or fall.
#'
#' Patients **differ from visit to visit**, so that a difference of visit means is no change. No SD of change follows
#' without the correlation \eqn{r} between a patient's visits, which is therefore asked for:
#' \eqn{sd^2_{change} = s_1^2 + s_2^2 - 2 r s_1 s_2}.
#'
#' The errors of the means are taken as those of **one cohort**, of which some miss a visit: correlated by the same
#' \eqn{r}, \eqn{cov(\bar y_1, \bar y_2) = r\, se_1 se_2}{cov(mean_1, mean_2) = r se_1 se_2}. Where other patients were
#' seen at each visit the errors are independent, and the mean gain is known less well than this says: `between_sd`
#' adds the difference, \eqn{\sqrt{v_0 - v_r}}{sqrt(v_0 - v_r)}, with the variances of the mean gain to the last visit
#' under `correlation = 0` and under \eqn{r} (`quantile(of = "mean")` shows them). Errors of gains are correlated by
#' \eqn{r} too; where `covariance` is given in its place they are taken as independent.
#'
#' **From published gains** (`kind == "change"`, all from one week `from_week`, \eqn{s_0}):
#' \eqn{m(s) = A (e^{-k s_0} - e^{-k s})}; two gains, or two losses, give \eqn{k} and \eqn{A} by a bracketed root, more
#' are fitted.
#' A patient who was examined later, at \eqn{s_1}, gains the difference of two such gains,
#' \eqn{sd^2 = sd(s)^2 + sd(s_1)^2 - 2 r\, sd(s)\, sd(s_1)}{sd^2 = sd(s)^2 + sd(s_1)^2 - 2 r sd(s) sd(s_1)}; between
#' \eqn{s_0}, where nothing is gained yet, and the first published week, where no spread was published, covariances run
#' on a line.
#'
#' **From a model of untreated records** ([fit_recovery()]): fixed effects with their covariance, and the variance
#' between groups other than the subject (centres), are shared by the trial's patients; the subject's random
#' effects and the residual are each patient's own. With `plateau(week)` what is not known of \eqn{\kappa} is shared
#' too; of REML and ML to first order. The time may stand inside a call (`log(week)`, `poly(week, 2)`). Of a fit by
#' [method_bayes()] mean and covariance are the first two moments of the posterior predictive distribution, over all
#' that is not known (\eqn{\kappa} too), which is taken as normal. Of REML and ML the variances are the estimates, taken
#' as known.
#' An offset is part of the mean, where it is a function of the time and of what `at` gives. In a fit with weights the
#' curve is that of a score of weight 1. A curve is not carried beyond the weeks of its records.
#'
#' Excess is positive when better. Where the scale says that lower is better, published means and gains, and the mean of
#' a fit of plain scores, are turned once, here, and the print says so; a fit of [recovery_data()] has turned scores
#' already. Means without a scale are taken as they are: higher is better.
#'
#' @param x (data frame) `week`, `mean`, and `sd`, `n` (or `se`); with columns that matching reads; or a
#'   `recovery_fit` on untreated records.
#' @param correlation (number in \[0, 1)) between two visits of a patient; needed for means by visit and gains,
#'   unless `covariance` is given. For gains it is the correlation of the gains.
#' @param shape (string) see the table.
#' @param covariance (matrix, points squared) for gains: covariance between patients of the gains at the given weeks,
#'   from a registry. It serves patients whose exams were in these weeks (or the baseline in `from_week`).
#' @param between_sd (number, points) SD between populations of the gain at the last visit; earlier gains in
#'   proportion. With 0 only the sampling error of the means is carried.
#' @param scale (string or [motor_scale()]); `NULL` reads it from `measure`, or from the [recovery_data()] of a fit.
#' @param time,subject (strings) for a fit: its variables of weeks since injury and of the patient.
#' @param at (one-row data frame) for a fit: values of its other variables, which must all be given.
#' @param match (named list) for a fit: the population, as in [natural_rate()]; what is not in it is taken from the
#'   [recovery_data()] of the fit.
#' @param proportional (flag) proportional recovery; `TRUE` is refused: in AIS A the gain has no relation to what
#'   there is to gain.
#' @param ... not used.
#' @return A `natural_curve`, which is a `natural_recovery`. `tidy()` terms: the parameters, and `mean_score`
#'   (for gains `mean_gain`) at each published week (`time`). `predict()` gives gains between weeks; `quantile()` gives
#'   quantiles of the gains from week `from` (the first, unless given) to the weeks `time` (those after it), a row each.
#' @section Conditions: `cordgain_invalid_input` for a missing correlation, SDs that are not positive, means outside the
#'   scale, a `scale` that is not that of `measure`, two gains through which no plateau passes
#'   (\eqn{m_1 / m_2} outside \eqn{((s_1 - s_0) / (s_2 - s_0), 1)}), means from which the shape
#'   cannot be told, a `between_sd` where the gain at the last visit is within its error of 0, and proportional
#'   recovery.
#' @references Bourguignon and others (2022), BMC Medicine 20:225, \doi{10.1186/s12916-022-02395-0} (visit means).
#'   Laird and Ware (1982), Biometrics 38:963-974 (the covariance of a mixed model).
#' @seealso [natural_change()] for one follow-up, [excess.recovery_data()]
#' @examples
#' visits <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
#' natural_curve(visits, correlation = 0.8)
#' @export
natural_curve <- function(x, ...) UseMethod("natural_curve")

#' @rdname natural_curve
#' @export
natural_curve.default <- function(x, ...) {
  abort_input(c("{.arg x} must be a table of published means, or a fit of untreated records.",
    i = "Published means are in {.code natural_motor}; {.fn fit_recovery} makes fits."
  ))
}

#' @rdname natural_curve
#' @export
natural_curve.data.frame <- function(x, correlation = NULL, shape = c("plateau", "gompertz", "weibull"),
                                     covariance = NULL, between_sd = 0, scale = NULL, proportional = FALSE, ...) {
  check_no_more(names(formals(natural_curve.data.frame)), ...)
  call <- rlang::current_env()
  refuse_proportional(proportional, call)
  shape <- check_option(shape, names(curve_shapes))
  between_sd <- check_number(between_sd, min = 0)
  table <- as_curve_table(x, scale, call)
  own <- own_covariance(table, correlation, covariance, call)
  curve <- fit_table(table, shape, correlation, call)
  made <- new_natural_recovery(list(kind = "table", table = table, curve = curve, own = own, correlation = correlation,
    settings = list(between_sd = between_sd, scale = table_scale(table)), sources = curve_sources(table)),
  "natural_curve")
  check_spread_basis(made, call)
}

# What a spread between populations is in proportion to.
check_spread_basis <- function(x, call) {
  if (x$settings$between_sd > 0) curve_total(x, call)
  x
}

refuse_proportional <- function(proportional, call) {
  if (check_flag(proportional, call = call)) {
    abort_input(c("Proportional recovery is refused: gains are in points, whatever the baseline.",
      x = "In AIS A the actual improvement has no relation to the available one.",
      i = "Leave {.arg proportional} out."), call = call)
  }
}

# SEs of the means; a table without them is taken as known. The means are of one cohort, so that their errors are
# correlated as its patients' scores are.
fit_table <- function(table, shape, correlation, call) {
  rows <- table$rows
  se <- ifelse(is.na(rows$se), rows$sd / sqrt(rows$n), rows$se)
  known <- anyNA(se)
  r <- if (is.null(correlation)) 0 else correlation
  v <- if (known) diag(nrow(rows)) else outer(se, se) * (r + (1 - r) * diag(nrow(rows)))
  if (table$gains && shape == "plateau" && nrow(rows) == 2L) {
    curve <- solve_plateau(rows$week, rows$mean, table$from, call)
    curve$covariance <- parameter_covariance(curve, rows$week, chol(v))
  } else {
    curve <- fit_shape(shape, rows$week, rows$mean, v, table$from, call)
  }
  if (known) curve$covariance[] <- 0
  check_information(curve, call)
  c(curve, list(known = known))
}

# What a table without names of its sources is called.
unnamed_means <- "published means"

curve_sources <- function(table) {
  x <- table$rows
  text <- \(column) if (is.null(x[[column]])) NA_character_ else as.character(x[[column]][1])
  endpoint <- if (!is.null(table$scale)) scale_name(table$scale) else text("measure")
  first <- if (table$gains) table$from else min(x$week)
  row <- data.frame(
    source = if (is.na(text("source"))) unnamed_means else text("source"), mean = 0, se = 1,
    endpoint = endpoint, baseline_grade = text("baseline_grade"), level = text("level"),
    baseline_mean_day = 7 * first, followup_weeks = max(x$week), registry = text("registry"),
    years_from = if (is.null(x$years_from)) NA else x$years_from[1],
    years_to = if (is.null(x$years_to)) NA else x$years_to[1]
  )
  row <- as_mean_sources(row)
  row[c("mean", "se", "sd", "n")] <- NA_real_
  row
}

# Verbs, print ------------------------------------------------------------------------------

is_natural_curve <- function(x) inherits(x, "natural_curve")

# The curve as it is matched when read at visits within its weeks: followed as long as they are.
read_at_weeks <- function(x, weeks) {
  x$sources$followup_weeks <- weeks
  x
}

curve_settings <- function(x) x$settings

# What a curve is made of, for those who work it out anew.
curve_parts <- function(x) x[c("kind", "table", "curve", "own", "correlation", "settings")]

# The correlation that a user gave and that the answer rests on; NULL where a covariance was given or fitted.
curve_correlation <- function(x) x$own$r

curve_shape <- function(x) x$curve$shape

# Weeks of the published means; none of a fit.
curve_weeks <- function(x) x$table$rows$week

# The same curve with another spread between populations; of a table also under another correlation or shape, or from
# fewer means (`keep`).
refit_curve <- function(x, between_sd = x$settings$between_sd, correlation = x$correlation, shape = x$curve$shape,
                        keep = NULL) {
  x$settings$between_sd <- between_sd
  if (identical(correlation, x$correlation) && identical(shape, x$curve$shape) && is.null(keep)) {
    return(x)
  }
  rows <- rows_as_published(x$table)
  if (is.null(keep)) keep <- seq_len(nrow(rows))
  covariance <- if (!is.null(x$own$matrix)) x$own$matrix[keep, keep, drop = FALSE]
  natural_curve(rows[keep, , drop = FALSE], correlation = correlation, shape = shape,
    covariance = covariance, between_sd = between_sd, scale = x$settings$scale)
}

# Subjects behind the covariance of a fit; Inf for a registry's, or where priors say what is known of it.
curve_subjects <- function(x) if (x$kind == "fit" && !has_variance_priors(x$fit)) x$subjects else Inf

# Patients behind the means: most at any visit; NA where no number was published.
curve_patients <- function(x) {
  n <- if (x$kind == "fit") x$subjects else x$table$rows$n
  if (all(is.na(n))) NA_real_ else max(n, na.rm = TRUE)
}

# The rate of a plateau, one over weeks; NULL of another shape.
curve_rate <- function(x) {
  if (x$kind == "fit") {
    kappa <- fit_kappa(x$fit)
    return(if (!is.null(kappa)) 1 / kappa$estimate)
  }
  if (x$curve$shape == "plateau") exp(x$curve$psi[[1]])
}

#' @exportS3Method natural_sources natural_curve
natural_sources.natural_curve <- function(x) x$sources

#' @exportS3Method natural_label natural_curve
natural_label.natural_curve <- function(x) {
  if (x$kind == "fit") paste0("a model of ", x$subjects, " untreated patients") else paste0(
    if (x$table$gains) "published gains" else "published visit means",
    if (x$sources$source != unnamed_means) paste0(" of ", x$sources$source))
}

#' @export
tidy.natural_curve <- function(x, conf.level = 0.95, ...) {
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  weeks <- if (x$kind == "fit") x$weeks else x$table$rows$week
  rbind(cbind(curve_parameter_rows(x), time = NA_real_), mean_course(x, weeks, conf.level, rlang::current_env()))
}

# The mean at these weeks, with its interval.
mean_course <- function(x, weeks, conf.level, call) {
  if (x$kind == "fit") {
    m <- fitted_course(x, weeks, call)
    value <- m$mean
    se <- sqrt(rowSums(m$slopes^2))
  } else {
    value <- curve_at(x$curve, weeks)
    slopes <- curve_slopes(x$curve, weeks)
    se <- sqrt(rowSums((slopes %*% x$curve$covariance) * slopes))
  }
  reach <- stats::qnorm((1 + conf.level) / 2)
  term <- if (x$kind == "table" && x$table$gains) "mean_gain" else "mean_score"
  error <- 1e-9 * pmax(1, abs(value)) + (1 + reach) * curve_error(x) * se
  rows <- term_row(term, value, value - reach * se, value + reach * se, error, se)
  cbind(rows, time = weeks)
}

# Positive parameters, on their own scale; SE to first order.
curve_parameter_rows <- function(x) {
  if (x$kind == "fit") {
    return(fit_parameter_rows(x$fit, x$sign))
  }
  p <- length(x$curve$psi)
  se <- sqrt(pmax(diag(x$curve$covariance), 0))
  value <- c(exp(x$curve$psi), x$curve$linear)
  names <- c(curve_shapes[[x$curve$shape]]$parameters, names(x$curve$linear))
  se[seq_len(p)] <- se[seq_len(p)] * value[seq_len(p)]
  term_row(names, unname(value), error = 1e-7 * pmax(1, abs(value)), std.error = se)
}

fit_parameter_rows <- function(fit, sign) {
  b <- sign * nlme::fixef(fit)
  error <- if (inherits(fit, "recovery_fit_bayes")) unname(fit$result$coefficients$error) else
    64 * .Machine$double.eps * pmax(1, abs(b))
  rows <- term_row(names(b), unname(b), error = error, std.error = sqrt(diag(as.matrix(stats::vcov(fit)))))
  kappa <- fit_kappa(fit)
  if (is.null(kappa)) rows else rbind(rows, do.call(term_row, c(list("kappa"), kappa)))
}

#' @rdname natural_curve
#' @param object a `natural_curve`.
#' @param patients not used: every patient begins at `from`.
#' @param from (number, weeks since injury) the week from which gains are counted.
#' @param conf.level (number in (0, 1)) of the prediction intervals.
#' @export
predict.natural_curve <- function(object, patients = NULL, time, from, conf.level = 0.95, ...) {
  call <- rlang::current_env()
  check_given(c(time = "weeks since injury of the visits", from = "week since injury from which gains are counted"))
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  g <- curve_gains(object, check_number(from, min = 0), check_numeric(time, min = 0), call)
  sd <- sqrt(diag(g$own) + rowSums(g$slopes^2))
  reach <- stats::qnorm((1 + conf.level) / 2)
  error <- 1e-7 * pmax(1, abs(g$mean)) + (1 + reach) * curve_error(object) * sd
  rows <- term_row("patient_gain", g$mean, g$mean - reach * sd, g$mean + reach * sd, error, sd)
  cbind(rows, time = time)
}

#' @rdname natural_curve
#' @param probs (numeric in (0, 1)) of the quantiles.
#' @param of (string) the mean gain of untreated patients, or one patient's.
#' @export
quantile.natural_curve <- function(x, probs = c(0.025, 0.25, 0.5, 0.75, 0.975), of = c("mean", "patient"), time = NULL,
                                   from = NULL, ...) {
  check_no_more(names(formals(quantile.natural_curve)), ...)
  call <- rlang::current_env()
  of <- check_option(of, c("mean", "patient"))
  probs <- check_numeric(probs, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  if (length(probs) == 0L) abort_input("{.arg probs} must hold at least one probability.")
  weeks <- if (x$kind == "fit") x$weeks else c(x$table$from, x$table$rows$week)
  from <- if (is.null(from)) weeks[1] else check_number(from, min = 0)
  time <- if (is.null(time)) weeks[weeks > from] else check_numeric(time, min = 0)
  g <- curve_gains(x, from, time, call)
  sd <- sqrt(rowSums(g$slopes^2) + if (of == "patient") diag(g$own) else 0)
  matrix(g$mean + outer(sd, stats::qnorm(probs)), length(time),
    dimnames = list(paste("week", format(time, trim = TRUE)), paste0(format(100 * probs, trim = TRUE), "%")))
}

#' @export
format.natural_curve <- function(x, ...) {
  head <- paste0("Natural course from ", natural_label(x))
  scale <- x$settings$scale
  scale <- c(if (!is.null(scale)) paste0("Scale: ", format(scale)), turned_words(scale, "the scores"))
  between <- if (x$settings$between_sd > 0) {
    paste0("Between populations: SD ", x$settings$between_sd, " points of the gain at the last visit")
  } else {
    paste0("Between populations: no ", if (x$kind == "fit") "other ", "spread added",
      if (x$kind == "table") "; only the uncertainty of the means is carried", ".")
  }
  if (x$kind == "fit") {
    return(c(head, scale, format_fit_course(x), between))
  }
  rows <- curve_parameter_rows(x)
  c(
    head, scale,
    paste0("Shape: ", x$curve$shape, ", ", paste0(rows$term, " ", signif(rows$estimate, 4), collapse = ", "),
      "; weighted misfit ", signif(x$curve$misfit, 3), " on ", nrow(x$table$rows), " means"),
    if (x$curve$known) "The means have no standard errors: taken as known, no uncertainty.",
    if (is.null(x$own$matrix)) {
      c(paste0("Patients: correlation ", x$own$r, " between two visits, as given by the user."), visit_mean_words(x))
    } else {
      "Patients: covariance of the gains as given by the user."
    },
    between
  )
}

# What is assumed of the patients behind means by visit; of gains nothing is.
visit_mean_words <- function(x) {
  if (!x$table$gains) {
    paste0("Visit means: patients differ from visit to visit, so no SD of change follows from them.",
      if (!x$curve$known && x$own$r > 0) paste0(" The errors of the means are correlated by ", x$own$r,
        " too, as of one cohort; where other patients were seen at each visit, the mean is known less well ",
        "(?natural_curve)."))
  }
}

# What the model is, and what of it the trial's patients share.
format_fit_course <- function(x) {
  random <- x$fit$design$random
  own <- vapply(random, is_own_term, NA, x = x)
  groups <- \(which) paste(unique(vapply(random[which], `[[`, "", "group")), collapse = ", ")
  weeks <- format(signif(range(x$weeks), 4), trim = TRUE)
  c(
    paste0("Model: ", deparse1(x$fit$formula), "; weeks ", weeks[1], " to ", weeks[2], "."),
    paste0("Shared by the patients: what is not known of the mean",
      if (!is.null(fit_kappa(x$fit))) ", kappa of the plateau with it",
      if (any(!own)) paste0(", and the spread between groups (", groups(!own), ")"), "."),
    paste0("Each patient's own: the effects of ", groups(own), " and the residual.")
  )
}

#' @export
print.natural_curve <- function(x, ...) {
  writeLines(wrap_lines(format(x)))
  invisible(x)
}
