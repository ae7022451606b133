# Data frames of a fit, with broom.mixed's columns and row names.

#' Tidy a fit
#'
#' @param x a `recovery_fit`.
#' @param effects (character) any of `"fixed"`, `"ran_pars"` (standard deviations
#'   and correlations) and `"ran_vals"` (predicted random effects).
#' @inheritParams linear_test
#' @param conf.int (logical) intervals.
#' @param data (data frame) the data fitted, for all their columns; `NULL` for those of
#'   the formula.
#' @param newdata (data frame) rows to predict instead.
#' @param ... for new data, as in [predict.recovery_fit].
#' @return `tidy()`: data frame with `effect`, `group`, `level`, `term`, `estimate`,
#'   `std.error`, `statistic`, `df`, `p.value`, `conf.low`, `conf.high`,
#'   `num.error`, `num.kind`. `glance()`: one row: `nobs`, `sigma`, `logLik`,
#'   `AIC`, `BIC`, `REMLcrit` (or `deviance`), `df.residual`. `augment()`: the
#'   rows fitted (`.rownames` where they are not 1, 2, ...) with `.fitted`, `.resid`, `.hat`,
#'   `.cooksd`, `.fixed`, `.mu`, `.offset`,
#'   `.sqrtXwt`, `.sqrtrwt`, `.weights`, `.wtres`, as broom.mixed has them for lme4.
#' @section Conditions: `cordgain_invalid_input` for Kenward-Roger of a fit by maximum likelihood, for `data` without
#'   the rows that were fitted, and for `newdata` as in [predict.recovery_fit].
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' tidy(fit_recovery(score ~ week + (1 | subject), trial))
#' @name tidy.recovery_fit
#' @exportS3Method generics::tidy recovery_fit_reml
tidy.recovery_fit_reml <- function(x, effects = c("fixed", "ran_pars"), ddf = NULL,
                                   information = c("expected", "observed"),
                                   conf.int = TRUE, conf.level = 0.95, ...) {
  effects <- check_options(effects, c("fixed", "ran_pars", "ran_vals"))
  information <- check_option(information, c("expected", "observed"))
  parts <- list(
    fixed = \() tidy_fixed(x, match_ddf(x, ddf), information, conf.level),
    ran_pars = \() tidy_variances(x),
    ran_vals = \() tidy_effects(x, conf.level)
  )
  check_tidied(c("effects", "ddf", "information", "conf.int", "conf.level"), ...)
  out <- do.call(rbind, lapply(parts[effects], \(part) part()))
  rownames(out) <- NULL
  if (all(is.na(out$reason))) out$reason <- NULL
  if (!conf.int) out[c("conf.low", "conf.high")] <- NULL
  out
}

# Arguments that tidy() does not have would be passed over. Programs that tidy any model say these two: they ask for
# what is given anyway.
check_tidied <- function(own, ..., call = rlang::caller_env()) {
  given <- list(...)
  if (isFALSE(given[["exponentiate"]])) given[["exponentiate"]] <- NULL
  if (isTRUE(given[["conf.int"]])) given[["conf.int"]] <- NULL
  do.call(check_no_more, c(list(own), given, list(call = call)))
}

# One frame with every column of the contract; what a part does not have is NA.
tidy_frame <- function(effect, term, estimate, group = NA_character_, level = NA_character_, std.error = NA_real_,
                       statistic = NA_real_, df = NA_real_, p.value = NA_real_, conf.low = NA_real_,
                       conf.high = NA_real_,
                       num.error = NA_real_, reason = NA_character_) {
  data.frame(
    effect = effect, group = group, level = level, term = term, estimate = estimate, std.error = std.error,
    statistic = statistic, df = df, p.value = p.value, conf.low = conf.low, conf.high = conf.high,
    num.error = num.error, num.kind = "estimate", reason = reason
  )
}

tidy_fixed <- function(x, ddf, information, conf.level) {
  table <- coefficient_tests(x, ddf, information, conf.level)
  tidy_frame("fixed", names(fixef(x)), table$estimate,
    std.error = table$std.error, statistic = table$statistic,
    df = table$df, p.value = table$p.value, conf.low = table$conf.low, conf.high = table$conf.high,
    num.error = fixed_error(x), reason = if (is.null(table$df_reason)) NA_character_ else table$df_reason
  )
}

# The coefficients move by less than a standard error times the square root of twice the decrement, and by rounding.
fixed_error <- function(x) {
  se <- sqrt(diag(vcov(x)))
  10 * (se * sqrt(2 * abs(x$result$certificate$decrement)) + .Machine$double.eps * (abs(fixef(x)) + se) * sqrt(nobs(x)))
}

tidy_variances <- function(x) {
  table <- as.data.frame(VarCorr(x), order = "lower.tri")
  no_correlation <- ifelse(is.nan(table$sdcor), "an effect whose variance is zero has no correlation", NA)
  tidy_frame("ran_pars", variance_terms(table), table$sdcor,
    group = table$grp, num.error = variance_errors(x, table), reason = as.character(no_correlation)
  )
}

# broom.mixed's names of the rows of VarCorr().
variance_terms <- function(table) {
  ifelse(is.na(table$var2), paste0("sd__", ifelse(is.na(table$var1), "Observation", table$var1)),
    paste0("cor__", table$var1, ".", table$var2))
}

# Errors of standard deviations and correlations from those of the variances, to first order.
variance_errors <- function(x, table) {
  relative <- relative_variance_error(x)
  10 * pmax(relative, .Machine$double.eps) * ifelse(is.na(table$var2), abs(table$sdcor), 2)
}

tidy_effects <- function(x, conf.level) {
  effects <- ranef(x)
  half <- stats::qnorm((1 + conf.level) / 2)
  do.call(rbind, lapply(names(effects), \(group) {
    table <- effects[[group]]
    variance <- attr(table, "postVar")
    se <- t(sqrt(apply(variance, 3, diag)))
    estimate <- unlist(table, use.names = FALSE)
    tidy_frame("ran_vals", rep(names(table), each = nrow(table)), estimate,
      group = group, level = rep(rownames(table), ncol(table)),
      std.error = as.vector(if (ncol(table) == 1L) t(se) else se),
      conf.low = estimate - half * as.vector(if (ncol(table) == 1L) t(se) else se),
      conf.high = estimate + half * as.vector(if (ncol(table) == 1L) t(se) else se)
    )
  }))
}

#' @rdname tidy.recovery_fit
#' @exportS3Method generics::glance recovery_fit_reml
glance.recovery_fit_reml <- function(x, ...) {
  log_lik <- stats::logLik(x)
  out <- data.frame(
    nobs = stats::nobs(x), sigma = stats::sigma(x), logLik = c(log_lik), AIC = stats::AIC(x), BIC = stats::BIC(x),
    criterion = stats::deviance(x), df.residual = stats::df.residual(x)
  )
  names(out)[6] <- if (x$method$name == "reml") "REMLcrit" else "deviance"
  out
}

#' @rdname tidy.recovery_fit
#' @exportS3Method generics::augment recovery_fit_reml
augment.recovery_fit_reml <- function(x, data = NULL, newdata = NULL, ...) {
  if (!is.null(newdata)) {
    return(augment_new(x, newdata, ...))
  }
  used <- augmented_rows(x, data)
  offset <- if (length(x$design$offset) > 0L) x$design$offset else 0
  fitted <- raw_fitted(x)
  weight <- row_weights(x)
  cbind(used,
    .fitted = fitted, .resid = x$design$y - fitted, .hat = rows_used(stats::hatvalues(x)),
    .cooksd = rows_used(stats::cooks.distance(x)), .fixed = drop(kept_matrix(x) %*% fixef(x)) + offset,
    .mu = fitted, .offset = offset, .sqrtXwt = sqrt(weight), .sqrtrwt = sqrt(weight), .weights = weight,
    .wtres = sqrt(weight) * (x$design$y - fitted)
  )
}

augment_new <- function(x, newdata, ...) {
  cbind(as.data.frame(newdata),
    .fitted = unname(stats::predict(x, newdata, ...)), .fixed = unname(stats::predict(x, newdata, re.form = NA))
  )
}

augmented_rows <- function(x, data, call = rlang::caller_env()) {
  used <- as.data.frame(x$frame)
  if (!is.null(data)) used <- check_augmented(data, x, call)
  # broom.mixed keeps names of rows that say something, such as which were left out
  if (identical(rownames(used), as.character(seq_len(nrow(used))))) used else cbind(.rownames = rownames(used), used)
}

# Values of the rows fitted, without places for those left out.
rows_used <- function(values) {
  unname(if (is.matrix(values)) values[!is.na(values[, 1L]), ] else values[!is.na(values)])
}

check_augmented <- function(data, fit, call = rlang::caller_env()) {
  rows <- rownames(fit$frame)
  if (!is.data.frame(data) || !all(rows %in% rownames(data))) {
    abort_input(c("{.arg data} must hold the rows that were fitted.",
      x = if (is.data.frame(data)) "It has {nrow(data)} rows; {length(rows)} were fitted." else
        "It is {.obj_type_friendly {data}}."), call = call)
  }
  data[rows, , drop = FALSE]
}
