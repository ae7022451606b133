# Tests of whole terms (type III), and of nested models.

#' Test the terms of a fit, or compare fits
#'
#' @description
#' With one fit: an F test per term, of type III: each term given all others, in
#' the coding in which a factor's effects sum to zero, so that a main effect is
#' an average over the levels of the factors it interacts with.
#'
#' With several fits: likelihood-ratio tests of nested models. Models that
#' differ in their fixed effects must be fitted by maximum likelihood.
#'
#' @param object a `recovery_fit`.
#' @param ... further fits, nested in one another.
#' @inheritParams linear_test
#' @return data frame of class `anova`. One fit: `NumDF`, `DenDF`, `F value`,
#'   `Pr(>F)`, a row per term; the attribute `df_reason` says, for each, why one of
#'   them is not finite (`NA` where all are). Several: `npar`, `AIC`, `BIC`, `logLik`,
#'   `deviance`, `Chisq`, `Df`, `Pr(>Chisq)`.
#' @references Self SG, Liang KY (1987). Asymptotic properties of maximum likelihood
#'   estimators and likelihood ratio tests under nonstandard conditions. *JASA* 82, 605-610.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' anova(fit_recovery(score ~ factor(week) + (1 | subject), trial))
#' @exportS3Method stats::anova recovery_fit_reml
anova.recovery_fit_reml <- function(object, ..., ddf = NULL, information = c("expected", "observed")) {
  information <- match.arg(information)
  others <- Filter(\(x) inherits(x, "recovery_fit_reml"), list(...))
  if (length(others) > 0L) {
    return(compare_fits(c(list(object), others)))
  }
  ddf <- match_ddf(object, ddf)
  hypotheses <- type3_contrasts(object)
  rows <- lapply(hypotheses, \(l) test_together(object, l, rep(0, nrow(l)), ddf, information))
  each <- \(name) vapply(rows, `[[`, 1, name)
  out <- data.frame(each("num.df"), each("den.df"), each("statistic"), each("p.value"), row.names = names(hypotheses))
  names(out) <- c("NumDF", "DenDF", "F value", "Pr(>F)")
  reason <- vapply(rows, \(row) if (is.null(row$df_reason)) NA_character_ else row$df_reason, "")
  named <- which(!is.na(reason))
  structure(out,
    heading = c(
      paste0("Type III tests of fixed effects (", ddf_sentence(ddf, information), ")"),
      if (length(rows) == 0L) "The model has no term beside the intercept: there is nothing to test.",
      sprintf("%s: %s.", names(hypotheses)[named], reason[named])
    ),
    df_reason = unname(reason), class = c("anova", "data.frame")
  )
}

#' Contrasts of type III, one matrix per term
#'
#' With sum-to-zero coding the test of a term's own coefficients is its type III
#' test. X (as fitted) = X_sum A gives beta_sum = A beta, so the rows of A that
#' belong to the term are its L.
#' @noRd
type3_contrasts <- function(fit) {
  terms <- fit$design$fixed_terms
  labels <- attr(terms, "term.labels")
  x <- kept_matrix(fit)
  if (length(fit$design$contrasts) == 0L) {
    rows <- diag(1, ncol(x))
    assign <- attr(x, "assign")
    coding <- list(rows = rows, assign = assign)
  } else {
    coding <- sum_coding(fit, terms, x)
  }
  out <- lapply(seq_along(labels), \(i) coding$rows[coding$assign == i, , drop = FALSE])
  names(out) <- labels
  Filter(\(l) nrow(l) > 0L, out)
}

sum_coding <- function(fit, terms, x) {
  sums <- lapply(fit$design$contrasts, \(unused) "contr.sum")
  x_sum <- stats::model.matrix(terms, fit$frame, contrasts.arg = sums)
  decomposition <- qr(x_sum)
  kept <- sort(decomposition$pivot[seq_len(decomposition$rank)])
  rows <- qr.coef(qr(x_sum[, kept, drop = FALSE]), x)
  rows[abs(rows) < 1e-10 * max(abs(rows))] <- 0
  list(rows = rows, assign = attr(x_sum, "assign")[kept])
}

# Likelihood-ratio tests in order of the number of parameters.
compare_fits <- function(fits, call = rlang::caller_env()) {
  check_comparable(fits, call)
  logs <- lapply(fits, stats::logLik)
  npar <- vapply(logs, attr, 1, "df")
  order <- order(npar)
  table <- data.frame(
    npar = npar, AIC = vapply(fits, stats::AIC, 1), BIC = vapply(fits, stats::BIC, 1), logLik = vapply(logs, c, 1),
    deviance = vapply(fits, stats::deviance, 1)
  )[order, ]
  table$Chisq <- c(NA, pmax(0, -diff(table$deviance)))
  table$Df <- c(NA, diff(table$npar))
  table$`Pr(>Chisq)` <- stats::pchisq(table$Chisq, table$Df, lower.tail = FALSE)
  structure(table,
    heading = c(
      "Likelihood-ratio tests", paste0(seq_along(fits), ": ", vapply(fits[order], \(f) deparse1(f$formula), ""))
    ),
    row.names = as.character(seq_along(fits)), class = c("anova", "data.frame")
  )
}

check_comparable <- function(fits, call) {
  methods <- unique(vapply(fits, \(f) f$method$name, ""))
  fixed <- unique(vapply(fits, \(f) paste(colnames(kept_matrix(f)), collapse = " + "), ""))
  sizes <- unique(vapply(fits, stats::nobs, 1))
  if (length(sizes) > 1L) {
    abort_input(c("The fits must use the same rows.", x = "They use {sizes} rows."), call = call)
  }
  if (length(methods) > 1L || (methods == "reml" && length(fixed) > 1L)) {
    abort_input(c("These likelihoods cannot be compared.",
      x = paste(
        "Restricted likelihoods of models with different fixed effects, or of different methods,",
        "are of different data."
      ),
      i = "Fit all of them with {.code method = \"ml\"}."
    ), call = call)
  }
}
