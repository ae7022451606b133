# What a fit of a family shows: print, tables, intervals; and what it refuses.

#' @rdname recovery_fit_family
#' @param digits (count) significant digits.
#' @export
print.recovery_fit_family <- function(x, digits = max(3L, getOption("digits") - 3L), ...) {
  family <- x$result$family
  cat("Recovery fitted by maximum likelihood, family ", family$name, ", link ", family$link, "\n", sep = "")
  cat("Formula: ", deparse1(x$formula), "\n", sep = "")
  cat(fit_size(x), "\n\nVariances, on the scale of the link:\n", sep = "")
  print(VarCorr(x), digits = digits)
  cat("\nFixed effects, on the scale of the link:\n")
  print(fixef(x), digits = digits)
  if (length(x$result$extra) > 0L) {
    cat("\n", family$title, ":\n", sep = "")
    print(x$result$extra, digits = digits)
  }
  cat("\n", paste0(family_notes(x), "\n"), sep = "")
  invisible(x)
}

# What a reader must know about this fit, a sentence each.
family_notes <- function(x) {
  result <- x$result
  c(
    sprintf("Log likelihood %s; AIC %s.", format(result$log_likelihood, digits = 8L),
      format(stats::AIC(x), digits = 7L)),
    note_nodes(x), note_optimum(result), note_zero(x), family_remarks(result$family, result$extra),
    note_rank(x)
  )
}

note_nodes <- function(x) {
  nodes <- x$method$nodes
  if (is.null(nodes)) {
    range <- unique(range(x$result$nodes))
    return(sprintf("Adaptive Gauss-Hermite quadrature, %s nodes along each effect; log likelihood within %.0e.",
      paste(range, collapse = " to "), attr(stats::logLik(x), "num.error")))
  }
  sprintf("%s, as asked: the log likelihood of the same estimates by all the nodes needed differs by %.2g.",
    if (nodes == 1L) "Laplace approximation (1 node)" else paste(nodes, "Gauss-Hermite nodes"),
    x$result$log_likelihood_error)
}

note_optimum <- function(result) {
  sprintf("Optimum: norm of the gradient %.0e, Newton decrement %.0e.", result$gradient, result$decrement)
}

note_zero <- function(x) {
  lacking <- which(x$result$rank < vapply(x$design$random, \(block) length(block$columns), 1L))
  vapply(lacking, \(i) {
    block <- x$design$random[[i]]
    zero <- block$columns[diag(effect_covariances(x)[[i]]) == 0]
    if (length(zero) > 0L) {
      return(sprintf("On the boundary: the standard deviation of %s between levels of %s is estimated as exactly zero.",
        paste(zero, collapse = " and "), block$group))
    }
    sprintf("On the boundary: the effects of %s by %s are tied to each other (a correlation of 1 or -1).",
      paste(block$columns, collapse = " and "), block$group)
  }, "")
}

#' @rdname recovery_fit_family
#' @param effects (character) which rows: `"fixed"`, `"family"` (the family's own parameters), `"ran_pars"`,
#'   `"ran_vals"`.
#' @param conf.level,level (number) level of the Wald interval.
#' @exportS3Method generics::tidy recovery_fit_family
tidy.recovery_fit_family <- function(x, effects = c("fixed", "family", "ran_pars"), conf.level = 0.95, ...) {
  effects <- check_options(effects, c("fixed", "family", "ran_pars", "ran_vals"))
  level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  check_tidied(c("effects", "conf.level"), ...)
  parts <- list(fixed = \() tidy_wald(x, level), family = \() tidy_own(x, level),
    ran_pars = \() tidy_deviations(x), ran_vals = \() tidy_modes(x))
  out <- do.call(rbind, lapply(parts[effects], \(part) part()))
  rownames(out) <- out$reason <- NULL
  out
}

# Wald rows of coefficients.
tidy_wald <- function(x, level) {
  z <- fixef(x) / sqrt(diag(vcov(x)))
  wald_rows(x, "fixed", fixef(x), "beta", level, statistic = unname(z), p.value = unname(2 * stats::pnorm(-abs(z))))
}

# The family's own parameters: zero is no hypothesis of interest.
tidy_own <- function(x, level) wald_rows(x, "family", x$result$extra, "extra", level)

# The error covers the estimate and its limits; an infinite parameter is what it is.
wald_rows <- function(x, effect, estimate, part, level, ...) {
  if (length(estimate) == 0L) {
    return(tidy_frame(effect, "", 0)[0L, ])
  }
  result <- x$result
  se <- sqrt(diag(vcov(x, full = TRUE)))[names(estimate)]
  half <- stats::qnorm((1 + level) / 2)
  rounding <- .Machine$double.eps * (abs(estimate) + se) * sqrt(nobs(x))
  error <- 10 * (result$error[[part]] + half * result$std_error_error[[part]] + rounding)
  tidy_frame(effect, names(estimate), unname(estimate), std.error = unname(se), ...,
    conf.low = unname(estimate - half * se), conf.high = unname(estimate + half * se),
    num.error = unname(ifelse(is.finite(estimate), error, 0)))
}

tidy_deviations <- function(x) {
  table <- as.data.frame(VarCorr(x), order = "lower.tri")
  relative <- ifelse(is.na(table$var1), c(x$result$error$extra, 0)[1L], x$result$covariance_error) # of its logarithm
  error <- 10 * pmax(relative, .Machine$double.eps) * ifelse(is.na(table$var2), table$sdcor, 2)
  tidy_frame("ran_pars", variance_terms(table), table$sdcor, group = table$grp, num.error = error)
}

tidy_modes <- function(x) {
  effects <- ranef(x)
  table <- effects[[1L]]
  se <- apply(attr(table, "postVar"), 3L, \(v) sqrt(diag(as.matrix(v))))
  tidy_frame("ran_vals", rep(names(table), each = nrow(table)), unlist(table, use.names = FALSE),
    group = names(effects), level = rep(rownames(table), ncol(table)),
    std.error = as.vector(if (ncol(table) > 1L) t(se) else se))
}

#' @rdname recovery_fit_family
#' @exportS3Method generics::glance recovery_fit_family
glance.recovery_fit_family <- function(x, ...) {
  data.frame(nobs = nobs(x), logLik = c(stats::logLik(x)), AIC = stats::AIC(x), BIC = stats::BIC(x),
    deviance = stats::deviance(x), df.residual = stats::df.residual(x))
}

#' @rdname recovery_fit_family
#' @exportS3Method summary recovery_fit_family
summary.recovery_fit_family <- function(object, ...) {
  table <- tidy_wald(object, 0.95)
  coefficients <- as.matrix(table[c("estimate", "std.error", "statistic", "p.value")])
  dimnames(coefficients) <- list(table$term, c("Estimate", "Std. Error", "z value", "Pr(>|z|)"))
  structure(list(fit = object, coefficients = coefficients), class = "summary.recovery_fit_family")
}

#' @export
print.summary.recovery_fit_family <- function(x, ...) {
  print(x$fit, ...)
  if (nrow(x$coefficients) > 0L) {
    cat("\nWald tests, normal quantiles:\n")
    stats::printCoefmat(x$coefficients, signif.stars = FALSE)
  }
  invisible(x)
}

#' @rdname recovery_fit_family
#' @param parm (character) parameters; left out: all that the method has limits of.
#' @param method (string) `"wald"`: coefficients and the family's own parameters; `"boot"`: percentiles of
#'   [bootstrap()][bootstrap.recovery_fit_family], of the standard deviations too.
#' @param type (string) `ranef()`: `"mode"` of the posterior given the estimates, as lme4 has it, or `"mean"`;
#'   `confint(method = "boot")`: `"percentile"`, or `"basic"`: twice the estimate minus the percentiles.
#' @param n,seed replicates and their seed, as in [bootstrap()][bootstrap.recovery_fit_family].
#' @param boot a `recovery_bootstrap` of the same fit, to use its replicates.
#' @exportS3Method stats::confint recovery_fit_family
confint.recovery_fit_family <- function(object, parm = NULL, level = 0.95, method = c("wald", "boot"),
                                        type = c("percentile", "basic"), n = 1000, seed = NULL, boot = NULL, ...) {
  call <- rlang::current_env()
  refuse_foreign(c(bootstrap_advice, level_advice), ...)
  method <- check_interval_method(method, call)
  type <- check_option(type, c("percentile", "basic"))
  level <- check_number(level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  boot <- if (method == "boot") check_boot(boot, object) %||% bootstrap(object, n, seed)
  limits <- if (method == "wald") family_wald_limits(object, level) else family_boot_limits(boot, level, type)
  at <- chosen_rows(parm, rownames(limits), call)
  notes <- if (method == "wald") "Wald, normal quantiles: too short with few subjects." else
    family_boot_notes(boot, type)
  new_interval(limits[at, , drop = FALSE], rownames(limits)[at], level, method, notes, boot = boot)
}

check_interval_method <- function(method, call) {
  if (identical(method, "profile")) {
    abort_input(c("Profile intervals are for normal scores.", x = "{.arg method} is {.val {method}}.",
      i = 'Fits of this family have {.code method = "wald"} and {.code method = "boot"}.'), call = call)
  }
  check_option(method, c("wald", "boot"), call = call)
}

chosen_rows <- function(parm, names, call) {
  if (is.null(parm)) {
    return(seq_along(names))
  }
  at <- if (is.character(parm)) match(parm, names) else match(parm, seq_along(names))
  if (anyNA(at)) {
    abort_input(c("There is no such parameter.", x = "Asked for: {.val {parm[is.na(at)]}}.",
      i = "Parameters: {.val {names}}."), call = call)
  }
  at
}

family_wald_limits <- function(fit, level) {
  table <- rbind(tidy_wald(fit, level), tidy_own(fit, level))
  limits <- as.matrix(table[c("conf.low", "conf.high")])
  rownames(limits) <- table$term
  limits
}

# A basic interval of a standard deviation ends at zero, one of a correlation at -1 and 1.
family_boot_limits <- function(boot, level, type) {
  out <- replicate_limits(boot$replicates, level)
  if (type == "basic") {
    out <- 2 * boot$estimate - out[, 2:1, drop = FALSE]
    spread <- grepl("^sd__", rownames(out))
    tied <- grepl("^cor__", rownames(out))
    out[spread, ] <- pmax(out[spread, ], 0)
    out[tied, ] <- pmin(pmax(out[tied, ], -1), 1)
  }
  out
}

family_boot_notes <- function(boot, type) {
  c(bootstrap_title(boot), switch(type, basic = "Basic: twice the estimate minus the percentiles.",
    percentile = "Percentiles of the replicates."), bootstrap_notes(boot)[1:2])
}

# Refusals: verbs of normal scores ---------------------------------------------------

refuse_family <- function(what, instead, call = rlang::caller_env()) {
  abort_input(c("Not available for fits of this family: {what}.", i = instead), call = call)
}

#' @exportS3Method stats::anova recovery_fit_family
anova.recovery_fit_family <- function(object, ...) {
  refuse_family("tests of type III", "Compare {.fn logLik} of two fits, or read the Wald tests of {.fn summary}.")
}
