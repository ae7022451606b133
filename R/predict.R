# Predictions of means, of the course of known and new subjects, and of scores
# to come, each with an error that is meant for few subjects.

#' Predict recovery
#'
#' @description
#' Predicts the mean of all subjects, the course of a subject, or a score to
#' come, for the rows fitted or for new ones.
#'
#' What is predicted is set by two words. `re.form` says for whom: `NULL` for the
#' subject that each row names, `NA` for the mean of all. `interval` says of what:
#' `"confidence"` of the course itself, \eqn{x_0'\beta + z_0'b}, `"prediction"` of
#' a score, \eqn{x_0'\beta + z_0'b + e_0}.
#'
#' @details
#' The prediction is the best linear unbiased one, with its mean square error
#' \deqn{v = T - c'V^{-1}c + l'\Phi l, \qquad l = x_0 - X'V^{-1}c,}
#' where \eqn{c} is the covariance of the scores with the random part of what is
#' predicted and \eqn{T} the variance of that part:
#'
#' | predicted | \eqn{T} | \eqn{c} |
#' |---|---|---|
#' | mean of all (`re.form = NA`) | 0 | 0 |
#' | course of a known subject | \eqn{z_0'Dz_0} | \eqn{ZDz_0} |
#' | course of a new subject | \eqn{z_0'Dz_0} | 0 |
#' | score of a known subject | \eqn{z_0'Dz_0 + \sigma^2/w} | \eqn{ZDz_0} |
#' | score of a new subject (new level, or `re.form = NA`) | \eqn{z_0'Dz_0 + \sigma^2/w} | 0 |
#'
#' So `re.form = NA` with `interval = "prediction"` is for a subject drawn anew.
#'
#' Intervals are \eqn{\hat t \pm t_{df}\sqrt{v}}. The degrees of freedom are
#' Satterthwaite's for \eqn{v}, \eqn{2v^2/(g'Wg)} with the exact gradient
#' \eqn{g} of \eqn{v} in the variances. Kenward-Roger adds
#' \eqn{2\sum_{ab}W_{ab}\,r_a'Pr_b}, \eqn{r_a = C_a - V_a\lambda}, with
#' \eqn{\lambda'y} the prediction: for a mean that is Kenward and Roger's
#' adjusted variance, for a known subject the correction of Harville and Jeske.
#' With very few subjects the interval of a new one rests on a variance estimated
#' from as few, and is wide: this is the honest answer.
#'
#' In a model with a residual covariance over visits, a score to come
#' (`interval = "prediction"`) is predicted from the subject's scores at other
#' visits as well; a visit that was seen is known, with error zero. Its
#' subjects have no course of their own beside random effects, so
#' `"confidence"` is of the mean (and of random effects, where there are some).
#'
#' With `plateau()`, the uncertainty of \eqn{\kappa} is added to first order.
#'
#' @param object a `recovery_fit`.
#' @param newdata (data frame) rows to predict; `NULL` for the rows fitted. A level
#'   of a factor among the fixed effects that was not fitted is an error that
#'   names it.
#' @param re.form `NULL`: all random effects; `NA` or `~0`: none; a one-sided
#'   formula: those terms, as `~ (1 | subject)`. As in lme4.
#' @param allow.new.levels (logical) predict levels of grouping factors that were
#'   not fitted by the mean of all; else they are an error that names them.
#' @param se.fit (logical) standard errors and degrees of freedom too.
#' @param interval (string) `"none"`, `"confidence"` or `"prediction"`.
#' @param level (number in (0, 1)) of the interval.
#' @param weights (numeric) precision weights of scores to come; the fit's own for
#'   the rows fitted, else 1.
#' @inheritParams linear_test
#' @param ... unused.
#' @return numeric vector with the names of the rows (`NA` where a row misses a
#'   value), in units of the score; with an interval a matrix with columns `fit`,
#'   `lwr`, `upr`; with `se.fit` a list of `fit`, `se.fit`, `df` and
#'   `residual.scale`, as from [stats::predict.lm()].
#' @section Conditions: `cordgain_invalid_input` for new levels, missing columns, or
#'   columns of another kind than fitted.
#' @references Henderson CR (1975). Best linear unbiased estimation and prediction
#'   under a selection model. *Biometrics* 31, 423-447.
#'
#'   Harville DA, Jeske DR (1992). Mean squared error of estimation or prediction
#'   under a general linear model. *JASA* 87, 724-731.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' fit <- fit_recovery(score ~ week + (1 | subject), trial)
#' predict(fit, data.frame(week = 12, subject = 1), interval = "confidence")
#' # a score of a patient who was not in the trial
#' predict(fit, data.frame(week = 12), re.form = NA, interval = "prediction")
#' @seealso [linear_test()] for contrasts of means, [simulate.recovery_fit_reml()] for simulated scores.
#' @name predict.recovery_fit
#' @exportS3Method stats::predict recovery_fit_reml
predict.recovery_fit_reml <- function(object, newdata = NULL, re.form = NULL, allow.new.levels = FALSE,
                                      se.fit = FALSE, interval = c("none", "confidence", "prediction"),
                                      level = 0.95, ddf = NULL, information = c("expected", "observed"),
                                      weights = NULL, ...) {
  call <- rlang::current_env()
  refuse_foreign(predict_advice, ...)
  interval <- check_option(interval, c("none", "confidence", "prediction"))
  information <- check_option(information, c("expected", "observed"))
  level <- check_number(level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  ddf <- match_ddf(object, ddf)
  included <- included_terms(object, re.form, call)
  score <- interval == "prediction"
  visits <- score && length(object$design$residual) > 0L
  rows_at <- \(fit) prediction_rows(fit, newdata, included, included | score, allow.new.levels, visits, weights, call)
  new <- rows_at(object)
  fit <- point_prediction(object, new)
  if (!se.fit && interval == "none") {
    return(with_missing(fit, new, object, newdata))
  }
  errors <- prediction_errors(object, new, score, ddf, information)
  if (visits) fit <- fit + visit_effect(object, new, errors$effect)
  if (!is.null(object$plateau)) errors$variance <- errors$variance + kappa_variance(object, new, newdata, rows_at)
  se <- defined_se(errors$variance)
  if (interval != "none") fit <- prediction_matrix(fit, se, errors$df, level)
  if (!se.fit) {
    return(with_missing(fit, new, object, newdata))
  }
  list(
    fit = with_missing(fit, new, object, newdata), se.fit = with_missing(se, new, object, newdata),
    df = with_missing(errors$df, new, object, newdata), residual.scale = stats::sigma(object)
  )
}

# A corrected variance that is not positive is no variance.
defined_se <- function(variance) {
  undefined <- is.na(variance) | variance < 0
  if (any(undefined)) {
    cli::cli_warn(c("{sum(undefined)} row{?s} of {length(variance)} {?has/have} no standard error and no interval.",
      x = "Its small-sample correction is larger than the variance: too little is known of the variances.",
      i = "Take {.code ddf = \"satterthwaite\"}, or a model with fewer variances."
    ), class = "cordgain_undefined_error")
  }
  sqrt(replace(variance, undefined, NaN))
}

# Which terms of random effects re.form asks for.
included_terms <- function(fit, re.form, call) {
  random <- fit$design$random
  if (is.null(re.form)) {
    return(rep(TRUE, length(random)))
  }
  if (length(re.form) == 1L && is.atomic(re.form) && is.na(re.form)) {
    return(rep(FALSE, length(random)))
  }
  if (!rlang::is_formula(re.form, lhs = FALSE)) {
    abort_input(c("{.arg re.form} must be NULL, NA or a one-sided formula.",
      x = "It is {.obj_type_friendly {re.form}}."), call = call)
  }
  if (identical(rlang::f_rhs(re.form), 0)) {
    return(rep(FALSE, length(random)))
  }
  bars <- split_formula(rlang::new_formula(quote(y), rlang::f_rhs(re.form), environment(re.form)), call)$random
  asked <- vapply(bars, bar_label, "")
  fitted <- vapply(random, \(block) bar_label(list(lhs = rlang::f_rhs(block$terms), group = block$group_expr)), "")
  if (!all(asked %in% fitted)) {
    abort_input(c("{.arg re.form} holds a term that was not fitted.",
      x = "Not fitted: {.code {setdiff(asked, fitted)}}; fitted: {.code {unique(fitted)}}."), call = call)
  }
  fitted %in% asked
}

bar_label <- function(bar) paste(deparse1(bar$lhs), "|", deparse1(bar$group))

point_prediction <- function(fit, new) {
  known <- any(vapply(new$terms, \(term) !all(is.na(term$level)), TRUE))
  effects <- if (known) lapply(effect_tables(fit), `[[`, "effect") else list()
  new$offset + mean_of(new$x, new$terms[seq_along(effects)], fixef(fit), effects)
}

# x'beta + z'b, where b is zero for levels that were not fitted.
mean_of <- function(x, terms, beta, effects) {
  out <- drop(x %*% beta)
  for (t in seq_along(terms)) {
    known <- which(!is.na(terms[[t]]$level))
    table <- effects[[t]][terms[[t]]$level[known] + 1L, , drop = FALSE]
    out[known] <- out[known] + rowSums(terms[[t]]$z[known, , drop = FALSE] * table)
  }
  out
}

# What the other visits add to the random effects: all that the scores say, less what the effects have said.
visit_effect <- function(fit, new, effect) {
  effect - (point_prediction(fit, new) - new$offset - drop(new$x %*% fixef(fit)))
}

prediction_matrix <- function(fit, se, df, level) {
  half <- ifelse(se == 0, 0, suppressWarnings(stats::qt((1 + level) / 2, df)) * se)
  cbind(fit = fit, lwr = fit - half, upr = fit + half)
}

# Rows that could not be predicted are NA; rows left out of the fit as its na.action says.
with_missing <- function(values, new, fit, newdata) {
  is_table <- is.matrix(values)
  n <- new$n + length(new$missing)
  keep <- setdiff(seq_len(n), new$missing)
  out <- matrix(NA_real_, n, NCOL(values), dimnames = list(new$names, colnames(values)))
  out[keep, ] <- values
  if (!is_table) out <- stats::setNames(out[, 1], new$names)
  if (is.null(newdata)) stats::napredict(attr(fit$frame, "na.action"), out) else out
}

# What the uncertainty of kappa adds: the square of the derivative of each prediction in log kappa, times its
# variance. Coefficients, effects and design all move with kappa.
kappa_variance <- function(fit, new, newdata, rows_at) {
  moved <- fit$plateau$moved
  rows <- if (is.null(newdata)) moved else moving_rows(fit, rows_at)
  effects <- lapply(effect_tables(fit), `[[`, "effect")
  slope <- mean_of(new$x, new$terms, moved$beta, moved[effect_names(fit)])
  for (t in seq_along(new$terms)) new$terms[[t]]$z <- rows[[design_names(fit)[t]]]
  slope <- slope + mean_of(rows$x, new$terms, fixef(fit), effects)
  slope^2 * fit$plateau$log_se^2
}

moving_rows <- function(fit, rows_at) {
  at <- lapply(kappa_points(fit$plateau$log_kappa), \(k) rows_at(with_kappa(fit, k)))
  part <- \(get) kappa_difference(lapply(at, get))
  z <- lapply(seq_along(fit$design$random), \(t) part(\(rows) rows$terms[[t]]$z))
  c(list(x = part(\(rows) rows$x)), stats::setNames(z, design_names(fit)))
}
