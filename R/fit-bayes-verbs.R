# Verbs that Bayesian fits of normal scores and of families share: intervals, one row of a fit, rows with fitted values;
# and what such a fit is not asked.

#' @rdname recovery_fit_bayes
#' @exportS3Method stats::confint recovery_fit_bayes
confint.recovery_fit_bayes <- function(object, parm = NULL, level = 0.95, ...) {
  call <- rlang::current_env()
  refuse_foreign(posterior_advice, ...)
  out <- posterior_limits(object, level)
  out[chosen_rows(parm, rownames(out), call), , drop = FALSE]
}

# Intervals of all parameters, a row each, named by group and term.
posterior_limits <- function(fit, level) {
  table <- tidy(fit, conf.level = level)
  out <- as.matrix(table[c("conf.low", "conf.high")])
  dimnames(out) <- list(ifelse(table$group %in% c(NA, "Residual"), table$term, paste(table$group, table$term)),
    interval_columns(level))
  out
}

#' @rdname recovery_fit_bayes
#' @exportS3Method generics::glance recovery_fit_bayes
glance.recovery_fit_bayes <- function(x, ...) {
  evidence <- stats::logLik(x)
  sampled <- x$result$engine == "nuts"
  worst <- \(part, f) if (sampled) f(x$result[[part]], na.rm = TRUE) else NA_real_
  data.frame(nobs = stats::nobs(x), sigma = stats::sigma(x), log.evidence = c(evidence),
    evidence.error = if (is.na(evidence)) NA_real_ else attr(evidence, "num.error"), engine = x$result$engine,
    nodes = length(x$result$weight), num.error = max(tidy(x)$num.error), rhat = worst("rhat", max),
    ess.bulk = worst("ess_bulk", min), ess.tail = worst("ess_tail", min), divergent = worst("divergences", sum))
}

#' @rdname recovery_fit_family_bayes
#' @exportS3Method generics::glance recovery_fit_family_bayes
glance.recovery_fit_family_bayes <- function(x, ...) glance.recovery_fit_bayes(x, ...)

#' @rdname recovery_fit_bayes
#' @param data (data frame) the data fitted, for all their columns; `NULL` for those of the formula.
#' @param newdata (data frame) rows to predict instead; `...` then goes to [predict.recovery_fit_bayes()].
#' @exportS3Method generics::augment recovery_fit_bayes
augment.recovery_fit_bayes <- function(x, data = NULL, newdata = NULL, ...) {
  if (!is.null(newdata)) {
    return(augment_new(x, newdata, ...))
  }
  used <- augmented_rows(x, data)
  offset <- if (length(x$design$offset) > 0L) x$design$offset else 0
  fitted <- rows_used(stats::fitted(x))
  weight <- row_weights(x)
  cbind(used,
    .fitted = fitted, .resid = x$design$y - fitted, .fixed = rows_used(stats::predict(x, re.form = NA)),
    .offset = offset, .weights = weight, .wtres = sqrt(weight) * (x$design$y - fitted)
  )
}

#' @rdname recovery_fit_family_bayes
#' @exportS3Method generics::augment recovery_fit_family_bayes
augment.recovery_fit_family_bayes <- function(x, ...) augment.recovery_fit_family(x, ...)

# Refusals: what asks for an estimate and its sampling distribution --------------------

#' @exportS3Method stats::anova recovery_fit_bayes
anova.recovery_fit_bayes <- function(object, ...) {
  refuse_posterior("tests of terms and likelihood-ratio tests", c(
    "{.fn tidy} has the posterior of each coefficient.",
    "Two models of the same scores: the difference of their log evidences, {.fn logLik}, is the log Bayes factor;
    {.fn loo::loo} compares predictions."))
}

#' @exportS3Method stats::anova recovery_fit_family_bayes
anova.recovery_fit_family_bayes <- anova.recovery_fit_bayes

#' @exportS3Method bootstrap recovery_fit_bayes
bootstrap.recovery_fit_bayes <- function(fit, ...) {
  refuse_posterior("the bootstrap", c(
    "How uncertain the parameters are, the posterior says: {.fn tidy}, {.fn confint}, {.fn posterior::as_draws}.",
    "{.fn simulate} draws scores from the posterior predictive distribution."))
}

#' @exportS3Method bootstrap recovery_fit_family_bayes
bootstrap.recovery_fit_family_bayes <- bootstrap.recovery_fit_bayes

refuse_posterior <- function(what, instead, call = rlang::caller_env()) {
  abort_input(c("Not available for fits by Bayes: {what}.", rlang::set_names(instead, "i")), call = call)
}
