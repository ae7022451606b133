# Tests of whole terms (type III), and of nested models.

#' Test the terms of a fit, or compare fits
#'
#' @description
#' With one fit: an F test per term, of type III: each term given all others, in
#' the coding in which a factor's effects sum to zero, so that a main effect is
#' an average over the levels of the factors it interacts with. Where some of their cells were never seen there is no
#' such average: the term is then `NaN`, with its reason (other programs test what depends on their coding).
#'
#' With several fits: likelihood-ratio tests of nested models. Restricted
#' likelihoods of models with different fixed effects are of different data and are
#' not compared: fit by maximum likelihood, or say `refit = TRUE`.
#'
#' @details
#' A variance that is zero under the null lies on the boundary. With one random
#' effect added to \eqn{q} correlated ones the statistic is distributed as the mixture
#' \deqn{\tfrac12\chi^2_{s} + \tfrac12\chi^2_{s+1},}
#' \eqn{s} counting the other parameters added (fixed effects, and the \eqn{q}
#' covariances); the plain \eqn{\chi^2_{s+1}} would be too cautious. With several
#' variances added the weights depend on the design; `Pr(>Chisq)` is then the largest
#' value that any weights allow, \eqn{\tfrac12\chi^2_{k-1} + \tfrac12\chi^2_k} with
#' \eqn{k} all parameters added, and the heading gives the smallest,
#' \eqn{\tfrac12\chi^2_{s} + \tfrac12\chi^2_{s+1}}. All of this is
#' for many subjects: with few, use F tests or a parametric bootstrap.
#'
#' @param object a `recovery_fit`.
#' @param ... further fits, nested in one another. (`type = 3` may be said; other types are refused.)
#' @param refit (logical) fit all models again by maximum likelihood before they are
#'   compared.
#' @inheritParams linear_test
#' @return data frame of class `anova`. One fit: `NumDF`, `DenDF`, `F value`,
#'   `Pr(>F)`, a row per term; the attribute `df_reason` says, for each, why one of
#'   them is not finite (`NA` where all are), and at a zero variance the attribute `df_all_terms` and the heading give
#'   the degrees of freedom of the convention in which it still counts. Several: `npar`, `AIC`, `BIC`, `logLik`,
#'   `deviance`, `Chisq`, `Df`, `Pr(>Chisq)`; attribute `reference` (data frame) with the
#'   distribution of each row in words and, where only bounds are known, both.
#' @section Conditions: `cordgain_invalid_input` for other types than III, fits of another kind, fits of other rows or
#'   scores, restricted likelihoods of different fixed effects without `refit`, and Kenward-Roger of a fit by maximum
#'   likelihood.
#' @references Stram DO, Lee JW (1994). Variance components testing in the longitudinal
#'   mixed effects model. *Biometrics* 50, 1171-1177.
#'
#'   Self SG, Liang KY (1987). Asymptotic properties of maximum likelihood
#'   estimators and likelihood ratio tests under nonstandard conditions. *JASA* 82, 605-610.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' anova(fit_recovery(score ~ factor(week) + (1 | subject), trial))
#' @exportS3Method stats::anova recovery_fit_reml
anova.recovery_fit_reml <- function(object, ..., ddf = NULL, information = c("expected", "observed"),
                                    refit = FALSE) {
  information <- check_option(information, c("expected", "observed"))
  others <- other_fits(list(...))
  if (length(others) > 0L) {
    return(compare_fits(c(list(object), others), refit))
  }
  ddf <- match_ddf(object, ddf)
  hypotheses <- type3_contrasts(object)
  rows <- lapply(hypotheses, \(l) test_together(object, l, rep(0, nrow(l)), ddf, information))
  for (term in lost_margins(object)) rows[[term]] <- untested_margin(rows[[term]])
  each <- \(name) vapply(rows, `[[`, 1, name)
  out <- data.frame(each("num.df"), each("den.df"), each("statistic"), each("p.value"), row.names = names(hypotheses))
  names(out) <- c("NumDF", "DenDF", "F value", "Pr(>F)")
  all_terms <- unname(unlist(lapply(rows, `[[`, "df_all_terms")))
  reason <- vapply(rows, \(row) if (is.null(row$df_reason)) NA_character_ else row$df_reason, "")
  named <- which(!is.na(reason))
  structure(out,
    heading = c(
      paste0("Type III tests of fixed effects (", ddf_sentence(ddf, information), ")"),
      if (length(rows) == 0L) "The model has no term beside the intercept: there is nothing to test.",
      residual_sentence(object, hypotheses, ddf),
      if (length(all_terms) > 0L) all_terms_sentence(all_terms),
      sprintf("%s: %s.", names(hypotheses)[named], reason[named])
    ),
    df_reason = unname(reason), df_all_terms = all_terms, class = c("anova", "data.frame")
  )
}

# Whatever else is given would be passed over: another type of tests, or a model of another kind.
other_fits <- function(given, call = rlang::caller_env()) {
  type <- given[["type"]]
  if (!is.null(type) && !(length(type) == 1L && toupper(type) %in% c("3", "III"))) {
    abort_input(c("The tests of {.fn anova} are of type III.", x = "{.arg type} is {.val {type}}.",
      i = "{.fn linear_test} tests any combination of coefficients."), call = call)
  }
  given[["type"]] <- NULL
  for (i in seq_along(given)) {
    if (!inherits(given[[i]], "recovery_fit_reml")) {
      name <- names(given)[i]
      abort_input(c("{.fn anova} compares Gaussian fits by {.fn fit_recovery}.",
        x = if (length(name) == 1L && nzchar(name)) "There is no argument {.arg {name}}." else
          "It is given {.obj_type_friendly {given[[i]]}}.",
        i = "A model without random effects is fitted by {.fn fit_recovery} too."), call = call)
    }
  }
  unname(given)
}

# Terms of several coefficients whose test counts the uncertainty of kappa, but not that of the variances.
residual_sentence <- function(fit, hypotheses, ddf) {
  wide <- names(hypotheses)[vapply(hypotheses, nrow, 1L) > 1L]
  if (!is.null(fit$plateau) && ddf != "residual" && length(wide) > 0L) {
    paste0(paste(wide, collapse = ", "), ": several coefficients beside kappa, residual degrees of freedom.")
  }
}

# Terms that would be averaged over cells of which some were never seen: their test would hang on which column of an
# interaction was left out. Removing such a term takes fewer dimensions from the column space than it has coefficients.
lost_margins <- function(fit) {
  if (length(fit$result$frame$kept) == length(fit$design$x$names) || length(fit$design$contrasts) == 0L) {
    return(character())
  }
  terms <- fit$design$fixed_terms
  x <- sum_matrix(fit, terms)
  assign <- attr(x, "assign")
  decomposition <- qr(x)
  kept <- decomposition$pivot[seq_len(decomposition$rank)]
  uses <- attr(terms, "factors") > 0
  lost <- setdiff(assign[-kept], 0L)
  is_lost <- \(i) {
    within_lost <- any(vapply(setdiff(lost, i), \(t) all(uses[uses[, i], t]), TRUE))
    within_lost && decomposition$rank - qr(x[, assign != i, drop = FALSE])$rank < sum(assign[kept] == i)
  }
  attr(terms, "term.labels")[Filter(is_lost, unique(setdiff(assign[kept], 0L)))]
}

untested_margin <- function(row) {
  row[setdiff(names(row), c("num.df", "df_reason"))] <- NaN
  row$df_reason <- paste("some cells that it would be averaged over were never seen, no test is made;",
    "linear_test() tests any combination of coefficients")
  row
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
  x_sum <- sum_matrix(fit, terms)
  decomposition <- qr(x_sum)
  kept <- sort(decomposition$pivot[seq_len(decomposition$rank)])
  rows <- qr.coef(qr(x_sum[, kept, drop = FALSE]), x)
  rows[abs(rows) < 1e-10 * max(abs(rows))] <- 0
  list(rows = rows, assign = attr(x_sum, "assign")[kept])
}

# The model matrix in sum-to-zero coding.
sum_matrix <- function(fit, terms) {
  sums <- lapply(fit$design$contrasts, \(unused) "contr.sum")
  stats::model.matrix(terms, fit$frame, contrasts.arg = sums)
}
