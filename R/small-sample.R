# Inference about the fixed effects when there are few subjects: Kenward-Roger
# and Satterthwaite. One function tests rows of L one by one, one tests them
# together; summary(), anova(), tidy() and others call these two.

# Words ---------------------------------------------------------------------------

ddf_words <- function() {
  c("kenward-roger", "satterthwaite", "residual")
}

# The method meant by `ddf`: without regard to case; NULL is the fit's own default.
match_ddf <- function(fit, ddf, call = rlang::caller_env()) {
  if (is.null(ddf)) {
    return(if (fit$method$name == "reml") "kenward-roger" else "satterthwaite")
  }
  ddf <- check_choice(tolower(check_string(ddf, call = call)), ddf_words(), arg = "ddf", call = call)
  if (ddf == "kenward-roger" && fit$method$name != "reml") {
    abort_input(c("Kenward-Roger is defined for REML fits.",
      x = "This fit is by maximum likelihood.",
      i = "Fit with {.code method = \"reml\"}, or ask for {.val satterthwaite}."
    ), call = call)
  }
  ddf
}

# Tests -----------------------------------------------------------------------------

#' Test linear combinations of fixed effects
#'
#' @description
#' Estimates \eqn{L\beta}, with standard errors, degrees of freedom, t tests and
#' intervals by row, or one F test of all rows together. Any combination will do:
#' a marginal mean, an average over subjects, a difference at a week.
#'
#' @details
#' Kenward-Roger uses \eqn{\Phi_A = \Phi + 2\Phi\{\sum_{ab} W_{ab}
#' (Q_{ab} - P_a\Phi P_b)\}\Phi} with the variance parameters taken as the
#' elements of the covariance matrices, in which V is linear: so a paired t test
#' and Hotelling's T-squared come out exactly. A covariance over visits with a
#' pattern (all words but `us` and `diag`) is curved in every choice of its parameters;
#' the term in second derivatives of V is then left out, so that the result
#' does not hang on that choice (elsewhere called the linear Kenward-Roger method). `information = "expected"` is
#' the convention of pbkrtest, `"observed"` that of SAS. Satterthwaite's degrees of
#' freedom use the observed information and exact derivatives. `"residual"`
#' counts rows minus fixed effects.
#'
#' At a variance of exactly zero the degrees of freedom are those of the model
#' without that term; `df_all_terms` gives those of the other convention, in
#' which the term still counts.
#'
#' @param fit a `recovery_fit`.
#' @param contrast (numeric vector, or matrix with a row per combination and a
#'   column per fixed effect) \eqn{L}.
#' @param value (numeric) hypothesised \eqn{L\beta}.
#' @param joint (logical) one F test of all rows.
#' @param ddf (string) `"kenward-roger"` (default for REML), `"satterthwaite"`
#'   (default for ML), `"residual"`; case does not matter.
#' @param information (string) `"expected"` or `"observed"`, for Kenward-Roger.
#' @param conf.level (number in (0, 1)) of the intervals by row.
#' @return data frame. By row: `estimate`, `std.error`, `df`, `statistic` (t),
#'   `p.value`, `conf.low`, `conf.high`, and on the boundary `df_all_terms`;
#'   `df_reason` (a sentence) where some degrees of freedom are not finite.
#'   Joint: `statistic` (F), `num.df`, `den.df`, `scale` (Kenward-Roger's
#'   lambda), `p.value`, on the boundary `df_all_terms`, and `df_reason` where one of them is not finite.
#' @references Kenward MG, Roger JH (1997). Small sample inference for fixed
#'   effects from restricted maximum likelihood. *Biometrics* 53, 983-997.
#'
#'   Fai AHT, Cornelius PL (1996). Approximate F-tests of multiple degree of
#'   freedom hypotheses in generalized least squares analyses of unbalanced
#'   split-plot experiments. *J. Stat. Comput. Simul.* 54, 363-378.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' fit <- fit_recovery(score ~ week + (1 | subject), trial)
#' linear_test(fit, c(1, 8)) # mean score at week 8
#' @export
linear_test <- function(fit, contrast, value = 0, joint = FALSE, ddf = NULL, information = c("expected", "observed"),
                        conf.level = 0.95) {
  check_fit(fit)
  contrast <- check_contrast(contrast, fit)
  value <- rep_len(check_numeric(value), nrow(contrast))
  ddf <- match_ddf(fit, ddf)
  information <- match.arg(information)
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  if (joint) {
    return(test_together(fit, contrast, value, ddf, information))
  }
  test_rows(fit, contrast, value, ddf, information, conf.level)
}

check_fit <- function(fit, call = rlang::caller_env()) {
  if (!inherits(fit, "recovery_fit_reml")) {
    abort_input(
      c("{.arg fit} must be a fit by {.fn fit_recovery}.", x = "It is {.obj_type_friendly {fit}}."), call = call
    )
  }
}

check_contrast <- function(contrast, fit, call = rlang::caller_env()) {
  p <- length(fixef(fit))
  if (!is.matrix(contrast)) contrast <- matrix(contrast, nrow = 1L)
  if (!is.numeric(contrast) || ncol(contrast) != p || any(!is.finite(contrast))) {
    abort_input(c("{.arg contrast} must be finite numbers, one column per fixed effect.",
      x = "It has {ncol(contrast)} column{?s}; the fixed effects are {.val {names(fixef(fit))}}."
    ), call = call)
  }
  storage.mode(contrast) <- "double"
  contrast
}

# L in the coordinates of the core, where X has orthonormal columns and y unit scale.
core_contrast <- function(fit, contrast) {
  factor <- fit$result$frame$factor
  if (length(factor) == 0L) contrast else t.default(backsolve(factor, t.default(contrast), transpose = TRUE))
}

test_rows <- function(fit, contrast, value, ddf, information, conf.level = 0.95) {
  found <- row_results(fit, contrast, value, ddf, information)
  half <- stats::qt((1 + conf.level) / 2, found$df) * found$std.error
  intervals <- list(conf.low = found$estimate - half, conf.high = found$estimate + half)
  out <- data.frame(append(found, intervals, after = 5L), row.names = rownames(contrast))
  reason <- df_reason(out)
  if (any(!is.na(reason))) out$df_reason <- reason
  out
}

# The t test of each row, as columns.
row_results <- function(fit, contrast, value, ddf, information) {
  estimate <- drop(contrast %*% fixef(fit))
  found <- row_spread(fit, contrast, ddf, information)
  statistic <- (estimate - value) / found$std.error
  out <- list(
    estimate = estimate, std.error = found$std.error, df = found$df, statistic = statistic,
    p.value = 2 * stats::pt(abs(statistic), found$df, lower.tail = FALSE)
  )
  if (!is.null(found$df_all_terms)) out$df_all_terms <- found$df_all_terms
  out
}

# Why a row of tests has a number that is not finite; NA where it has none. Degrees of freedom rest on the
# covariance of the variance estimates, which a fit without a proper maximum does not have.
df_reason <- function(rows) {
  reason <- rep(NA_character_, length(rows$df))
  if (all(is.finite(c(rows$df, rows$std.error, rows$conf.low, rows$conf.high))) && all(rows$std.error > 0)) {
    return(reason)
  }
  unbounded <- !is.finite(rows$conf.low) | !is.finite(rows$conf.high)
  reason[unbounded] <- "the degrees of freedom are so few that the interval has no end among the numbers"
  reason[is.infinite(rows$df)] <- "no variance parameter that is free moves this standard error: the test is a z test"
  reason[is.nan(rows$df)] <- no_information()
  reason[is.nan(rows$std.error)] <- "the adjusted variance of this estimate is not positive: no test is made"
  reason[rows$std.error %in% 0] <- "the standard error is zero: at this fit the estimate has no uncertainty"
  reason
}

no_information <- function() {
  "the information about the variances is not positive definite at this fit: no test is made"
}

# Standard error and degrees of freedom of each row of L beta.
row_spread <- function(fit, contrast, ddf, information) {
  if (ddf == "residual") {
    return(list(
      std.error = sqrt(rowSums((contrast %*% vcov(fit)) * contrast)),
      df = rep(nobs(fit) - length(fixef(fit)), nrow(contrast))
    ))
  }
  scaled <- core_contrast(fit, contrast)
  found <- core_row_tests(fit$result$inference, scaled, ddf, information)
  variance <- (found$std_error * fit$result$frame$y_scale)^2
  if (!is.null(fit$plateau)) variance <- variance + drop(contrast %*% fit$plateau$slope)^2 * fit$plateau$log_se^2
  out <- list(std.error = sqrt(variance), df = found$df)
  if (!is.null(fit$result$unconstrained)) {
    out$df_all_terms <- core_row_tests(fit$result$unconstrained, scaled, ddf, information)$df
  }
  out
}

test_together <- function(fit, contrast, value, ddf, information) {
  if (!is.null(fit$plateau)) {
    if (nrow(contrast) == 1L) {
      return(squared_test(row_results(fit, contrast, value, ddf, information)))
    }
    ddf <- "residual" # the F tests of the core do not know kappa
  }
  factor <- fit$result$frame$factor
  scaled <- core_contrast(fit, contrast)
  shift <- if (any(value != 0)) drop(least_inverse(contrast) %*% value) else 0
  beta <- drop(factor %*% (fixef(fit) - shift)) / fit$result$frame$y_scale
  found <- if (ddf == "residual") {
    plain_f(fit, contrast, value)
  } else {
    core_wald_test(fit$result$inference, scaled, beta, ddf, information)
  }
  out <- data.frame(
    statistic = found$statistic, num.df = found$numerator, den.df = found$df, scale = found$scale,
    p.value = stats::pf(found$statistic, found$numerator, found$df, lower.tail = FALSE)
  )
  if (ddf != "residual" && !is.null(fit$result$unconstrained)) {
    out$df_all_terms <- core_wald_test(fit$result$unconstrained, scaled, beta, ddf, information)$df
  }
  if (nzchar(found$reason)) out$df_reason <- found$reason
  out
}

# The F test of one row is the square of its t test.
squared_test <- function(row) {
  out <- data.frame(statistic = row$statistic^2, num.df = 1, den.df = row$df, scale = 1, p.value = row$p.value)
  if (!is.null(row$df_all_terms)) out$df_all_terms <- row$df_all_terms
  reason <- df_reason(c(row, list(conf.low = 0, conf.high = 0)))
  if (!is.na(reason)) out$df_reason <- reason
  out
}

plain_f <- function(fit, contrast, value) {
  departure <- drop(contrast %*% fixef(fit)) - value
  independent <- qr(t(contrast))$pivot[seq_len(qr(t(contrast))$rank)]
  inner <- contrast %*% vcov(fit) %*% t(contrast)
  unit <- sqrt(max(diag(inner))) # the scores' unit: its square may be near the smallest number
  departure <- departure / unit
  solved <- solve(inner[independent, independent] / unit^2, departure[independent])
  f <- sum(departure[independent] * solved) / length(independent)
  list(statistic = f, numerator = length(independent), df = nobs(fit) - length(fixef(fit)), scale = 1,
    reason = "")
}

# A particular solution of L b = value: L' (L L')^- .
least_inverse <- function(contrast) {
  parts <- svd(contrast)
  keep <- parts$d > max(parts$d) * 1e-12
  parts$v[, keep, drop = FALSE] %*% (t(parts$u[, keep, drop = FALSE]) / parts$d[keep])
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::vcov recovery_fit_reml
vcov.recovery_fit_reml <- function(object, type = c("model", "kenward-roger"),
                                   information = c("expected", "observed"), ...) {
  type <- match.arg(type)
  information <- match.arg(information)
  if (type == "model") {
    return(object$result$vcov + kappa_covariance(object))
  }
  match_ddf(object, type)
  p <- length(fixef(object))
  adjusted <- core_row_tests(object$result$inference, core_contrast(object, diag(p)), type, information)$covariance
  user_covariance(object, adjusted) + kappa_covariance(object)
}

# What the uncertainty of kappa adds to the covariance of the fixed effects.
kappa_covariance <- function(fit) {
  if (is.null(fit$plateau)) 0 else tcrossprod(fit$plateau$slope) * fit$plateau$log_se^2
}

# A covariance of the fixed effects from the coordinates of the core to the user's.
user_covariance <- function(fit, covariance) {
  half <- backsolve(fit$result$frame$factor, covariance)
  out <- fit$result$frame$y_scale^2 * backsolve(fit$result$frame$factor, t(half))
  dimnames(out) <- dimnames(fit$result$vcov)
  (out + t(out)) / 2
}

# Summary -----------------------------------------------------------------------------

#' Summarise a fit
#'
#' The table of fixed effects with tests fit for few subjects.
#'
#' @param object a `recovery_fit`.
#' @inheritParams linear_test
#' @param ... unused.
#' @return list of class `summary.recovery_fit` with `coefficients`, a matrix with
#'   columns `Estimate`, `Std. Error`, `df`, `t value`, `Pr(>|t|)` (units of the
#'   score), and the fit. On the boundary, `df_all_terms` holds the degrees of
#'   freedom of the convention in which the zero term still counts; `df_reason`
#'   says why where some are not finite.
#' @section Conditions:
#' `cordgain_invalid_input` for a `ddf` that does not exist, and for Kenward-Roger
#' of a fit by maximum likelihood. Degrees of freedom that cannot be had are no
#' error: they are `NaN` or `Inf` with their reason.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' summary(fit_recovery(score ~ week + (1 | subject), trial), ddf = "Satterthwaite")
#' @export
summary.recovery_fit_reml <- function(object, ddf = NULL, information = c("expected", "observed"), ...) {
  ddf <- match_ddf(object, ddf)
  information <- match.arg(information)
  p <- length(fixef(object))
  table <- row_results(object, diag(1, p), rep(0, p), ddf, information)
  reason <- df_reason(table)
  coefficients <- matrix(unlist(table[1:5]), p, 5L,
    dimnames = list(names(fixef(object)), c("Estimate", "Std. Error", "df", "t value", "Pr(>|t|)")))
  structure(
    list(
      fit = object, coefficients = coefficients, ddf = ddf, information = information,
      df_all_terms = table$df_all_terms, df_reason = if (any(!is.na(reason))) reason
    ),
    class = "summary.recovery_fit"
  )
}

coefficient_tests <- function(fit, ddf, information, conf.level = 0.95) {
  p <- length(fixef(fit))
  test_rows(fit, diag(1, p), rep(0, p), ddf, information, conf.level)
}

#' @export
print.summary.recovery_fit <- function(x, digits = max(3L, getOption("digits") - 3L), ...) {
  fit <- x$fit
  cat(fit_title(fit), "\n", "Formula: ", deparse1(fit$formula), "\n", fit_size(fit), "\n", sep = "")
  cat(sprintf("Log likelihood %s, AIC %s, BIC %s\n\n", format(c(logLik(fit)), digits = 6),
    format(stats::AIC(fit), digits = 6), format(stats::BIC(fit), digits = 6)))
  cat("Variances:\n")
  print(VarCorr(fit), digits = digits)
  cat("\nFixed effects (", ddf_sentence(x$ddf, x$information), "):\n", sep = "")
  stats::printCoefmat(
    x$coefficients, digits = digits, signif.stars = FALSE, cs.ind = 1:2, tst.ind = 4, P.values = TRUE,
    has.Pvalue = TRUE
  )
  if (!is.null(fit$plateau)) cat(kappa_sentence(fit, digits), "\n", sep = "")
  if (!is.null(x$df_all_terms)) cat(all_terms_sentence(x$df_all_terms, digits), "\n", sep = "")
  named <- which(!is.na(x$df_reason))
  cat(sprintf("df of %s: %s.\n", rownames(x$coefficients)[named], x$df_reason[named]), sep = "")
  cat("\n", paste0(fit_notes(fit), "\n"), sep = "")
  invisible(x)
}

# The degrees of freedom of the convention in which a zero variance still counts.
all_terms_sentence <- function(df, digits = max(3L, getOption("digits") - 3L)) {
  shown <- format(df, digits = digits)
  none <- is.nan(df)
  shown[none] <- "undefined"
  shown[is.infinite(df)] <- "unlimited"
  paste0("df are those of the model without the zero term; counting it they are ", paste(shown, collapse = ", "),
    if (any(none)) paste0(" (undefined where, with it, ", sub(":.*", "", no_information()), ")"), ".")
}

ddf_sentence <- function(ddf, information) {
  switch(ddf,
    "kenward-roger" = sprintf("Kenward-Roger, %s information", information),
    "satterthwaite" = "Satterthwaite, observed information",
    "residual" = "residual degrees of freedom, no correction for few subjects"
  )
}
