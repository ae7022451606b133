# insight, parameters and performance (easystats): the parts of a fit in their
# words. Whatever has a sensible default there has no method here.

#' Fits in the words of easystats
#'
#' @description
#' Methods by which insight, parameters, performance and ggeffects read a fit:
#' formulas, parameters, tests, variances. Tests and degrees of freedom are those of
#' `summary()`.
#'
#' @details
#' `get_variance()` returns the variances of Nakagawa and Schielzeth, with Johnson's mean
#' over the rows for random slopes: \eqn{\mathrm{var}(X\hat\beta)}, \eqn{\overline{z'Dz}}
#' and \eqn{\sigma^2} (the mean over the rows where visits or groups differ). A zero
#' variance is an answer like any other.
#'
#' `ggeffects::ggpredict()` asks for a course without its interval and takes the first subject's (its table says which);
#' `ggeffects::ggemmeans()` gives the mean of all with the interval of [linear_test()].
#'
#' @param x,model a `recovery_fit`.
#' @param effects,component,ci,type,flatten,verbose,... as in these packages.
#' @param ci_method (string) `"kenward"` (default for REML), `"satterthwaite"` or `"residual"`.
#' @return what the generic of insight, parameters or performance returns.
#' @references Nakagawa S, Schielzeth H (2013). A general and simple method for
#'   obtaining R2 from generalized linear mixed-effects models. *Methods Ecol. Evol.* 4, 133-142.
#'
#'   Johnson PCD (2014). Extension of Nakagawa and Schielzeth's R2GLMM to random
#'   slopes models. *Methods Ecol. Evol.* 5, 944-946.
#' @examples
#' if (requireNamespace("insight", quietly = TRUE)) {
#'   fit <- fit_recovery(extra ~ group + (1 | ID), sleep)
#'   insight::find_formula(fit)
#'   insight::get_variance(fit)
#' }
#' @name interop-insight
#' @exportS3Method insight::find_formula recovery_fit
find_formula.recovery_fit <- function(x, verbose = TRUE, ...) {
  env <- environment(x$formula)
  bars <- lapply(x$split$random, \(bar) rlang::new_formula(NULL, call("|", bar$lhs, bar$group), env = env))
  out <- list(conditional = rlang::new_formula(x$split$response, x$split$fixed, env = env))
  if (length(bars) > 0L) out$random <- if (length(bars) == 1L) bars[[1]] else bars
  structure(out, class = c("insight_formula", "list"))
}

#' @rdname interop-insight
#' @exportS3Method insight::find_parameters recovery_fit
find_parameters.recovery_fit <- function(x, effects = c("all", "fixed", "random"), flatten = FALSE, ...) {
  effects <- match.arg(effects)
  out <- list(conditional = names(fixef(x)), random = lapply(unclass(ranef(x, condVar = FALSE)), names))
  out <- switch(effects, all = out, fixed = out["conditional"], random = out["random"])
  out <- out[lengths(out) > 0L]
  if (flatten) unique(unlist(out, use.names = FALSE)) else out
}

#' @rdname interop-insight
#' @exportS3Method insight::get_data recovery_fit
get_data.recovery_fit <- function(x, effects = c("all", "fixed", "random"), verbose = TRUE, ...) {
  effects <- match.arg(effects)
  groups <- unique(unlist(lapply(x$split$random, \(bar) all.vars(bar$group))))
  names <- switch(effects,
    all = all.vars(x$formula), random = groups, fixed = c(all.vars(x$split$response), all.vars(x$split$fixed))
  )
  data <- tryCatch(as.data.frame(eval(x$call$data, environment(x$formula))), error = \(e) NULL)
  rows <- rownames(x$frame)
  has_all <- all(names %in% names(data)) && all(rows %in% rownames(data))
  if (has_all) data[rows, names, drop = FALSE] else x$frame[intersect(names, names(x$frame))]
}

#' @rdname interop-insight
#' @exportS3Method insight::get_parameters recovery_fit
get_parameters.recovery_fit <- function(x, effects = c("fixed", "random"), ...) {
  if (match.arg(effects) == "random") {
    return(unclass(ranef(x, condVar = FALSE)))
  }
  data.frame(Parameter = names(fixef(x)), Estimate = unname(fixef(x)))
}

#' @rdname interop-insight
#' @exportS3Method insight::get_statistic recovery_fit
get_statistic.recovery_fit <- function(x, ...) {
  table <- tidy(x, effects = "fixed")
  if (inherits(x, "recovery_fit_bayes")) {
    abort_input(c("A posterior distribution has no test statistic.", i = "{.fn tidy} has its intervals."))
  }
  structure(data.frame(Parameter = table$term, Statistic = table$statistic),
    statistic = if (inherits(x, "recovery_fit_family")) "z-statistic" else "t-statistic")
}

#' @rdname interop-insight
#' @exportS3Method insight::get_df recovery_fit
get_df.recovery_fit <- function(x, type = "residual", ...) {
  switch(tolower(type),
    residual = , wald = , analytical = stats::df.residual(x), normal = Inf, model = attr(stats::logLik(x), "df"),
    unname(summary(x, ddf = ddf_of_easystats(x, type))$coefficients[, "df"])
  )
}

# Their names of the degrees of freedom.
ddf_of_easystats <- function(fit, word) {
  if (is.null(word)) {
    return(match_ddf(fit, NULL))
  }
  words <- c(kenward = "kenward-roger", kr = "kenward-roger", wald = "residual", satterthwaite = "satterthwaite")
  known <- tolower(word) %in% names(words)
  match_ddf(fit, if (known) words[[tolower(word)]] else word)
}

#' @rdname interop-insight
#' @exportS3Method insight::find_algorithm recovery_fit
find_algorithm.recovery_fit <- function(x, ...) {
  list(algorithm = toupper(x$method$name), optimizer = "Newton, exact derivatives")
}

#' @rdname interop-insight
#' @exportS3Method insight::get_loglikelihood recovery_fit
get_loglikelihood.recovery_fit <- function(x, ...) stats::logLik(x)

#' @rdname interop-insight
#' @exportS3Method insight::get_variance recovery_fit
get_variance.recovery_fit <- function(x, component = c("all", "fixed", "random", "residual", "distribution",
                                                       "dispersion", "intercept", "slope", "rho01", "rho00"),
                                      verbose = TRUE, ...) {
  component <- match.arg(component)
  check_gaussian_fit(x, "Variances by component")
  out <- variance_components(x)
  if (component == "all") {
    return(out[lengths(out) > 0L])
  }
  out[switch(component, rho01 = "cor.slope_intercept", rho00 = "cor.slopes", paste0("var.", component))]
}

# Without this a fit of counts, whose residual variance is not a parameter, would be given one in silence.
check_gaussian_fit <- function(fit, what, call = rlang::caller_env()) {
  if (!inherits(fit, "recovery_fit_reml")) {
    abort_input(c("{what} are those of a Gaussian fit by REML or ML.",
      x = "This fit is by {fit$method$name}{if (inherits(fit, 'recovery_fit_family')) paste0(', family ',
        stats::family(fit)$family)}.",
      i = "{.fn tidy} with {.code effects = \"ran_pars\"} has the parameters that it has."
    ), call = call)
  }
}

variance_components <- function(fit) {
  random <- fit$design$random
  covariances <- effect_covariances(fit)
  z <- block_matrices(fit)
  groups <- vapply(random, `[[`, "", "group")
  diagonals <- lapply(covariances, diag)
  pick <- \(wanted) {
    out <- unlist(unname(Map(\(group, d) {
      d <- d[wanted(names(d))]
      stats::setNames(d, ifelse(names(d) == "(Intercept)", group, paste0(group, ".", names(d))))
    }, groups, diagonals)))
    if (length(out) > 0L) out
  }
  list(
    var.fixed = stats::var(drop(kept_matrix(fit) %*% fixef(fit))),
    var.random = sum(0, vapply(seq_along(random), \(t) {
      mean(rowSums((z[[t]] %*% covariances[[t]]) * z[[t]]))
    }, 1)),
    var.residual = mean(residual_variance(fit) / row_weights(fit)),
    var.distribution = mean(residual_variance(fit) / row_weights(fit)), var.dispersion = 0,
    var.intercept = pick(\(name) name == "(Intercept)"), var.slope = pick(\(name) name != "(Intercept)"),
    cor.slope_intercept = slope_correlations(covariances, groups)
  )
}

# Correlations of intercept and slope, for each factor that has them.
slope_correlations <- function(covariances, groups) {
  with_both <- vapply(covariances, \(d) nrow(d) > 1L && rownames(d)[1] == "(Intercept)", TRUE)
  out <- unlist(lapply(which(with_both), \(i) {
    correlation <- attr(with_correlation(covariances[[i]]), "correlation")[1, -1]
    stats::setNames(correlation, rep(groups[i], length(correlation)))
  }))
  if (length(out) > 0L) out
}

#' @rdname interop-insight
#' @exportS3Method parameters::model_parameters recovery_fit
model_parameters.recovery_fit <- function(model, ci = 0.95, ci_method = NULL, effects = c("all", "fixed"), ...) {
  effects <- match.arg(effects)
  ci <- check_number(ci, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  gaussian <- inherits(model, "recovery_fit_reml")
  ddf <- if (gaussian) ddf_of_easystats(model, ci_method)
  wanted <- if (effects == "all") c("fixed", "ran_pars") else "fixed"
  table <- if (gaussian) {
    tidy(model, effects = wanted, ddf = ddf, conf.level = ci)
  } else {
    tidy(model, effects = wanted, conf.level = ci)
  }
  fixed <- table$effect == "fixed"
  out <- data.frame(
    Parameter = ifelse(fixed, table$term, random_parameter(table$term, table$group)), Coefficient = table$estimate,
    SE = table$std.error, CI = ci, CI_low = table$conf.low, CI_high = table$conf.high, t = table$statistic,
    df_error = table$df, p = table$p.value, Effects = ifelse(fixed, "fixed", "random"),
    Group = ifelse(fixed, "", ifelse(is.na(table$group), "", table$group))
  )
  structure(out,
    class = c("parameters_model", "see_parameters_model", "data.frame"), ci = ci,
    ci_method = if (inherits(model, "recovery_fit_family")) "normal" else ddf, model_class = class(model),
    coefficient_name = "Coefficient", ignore_group = FALSE,
    ran_pars = TRUE, title = "Recovery model", object_name = "model"
  )
}

# "SD (Intercept)" and "Cor (Intercept~week)" of tidy()'s "sd__(Intercept)" and "cor__(Intercept).week".
random_parameter <- function(term, group) {
  name <- sub("^Observation$", "Observations", sub("^(sd|cor)__", "", term))
  correlation <- startsWith(term, "cor__")
  kind <- ifelse(correlation, "Cor", "SD")
  label <- ifelse(correlation, sub(".", "~", name, fixed = TRUE), name)
  paste0(kind, " (", ifelse(label == "(Intercept)", "Intercept", sub("(Intercept)", "Intercept", label, fixed = TRUE)),
    ")")
}

#' @rdname interop-insight
#' @exportS3Method performance::r2 recovery_fit
r2.recovery_fit <- function(model, ...) {
  check_gaussian_fit(model, "Explained variances")
  parts <- variance_components(model)
  total <- parts$var.fixed + parts$var.random + parts$var.residual
  structure(
    list(
      R2_conditional = c("Conditional R2" = (parts$var.fixed + parts$var.random) / total),
      R2_marginal = c("Marginal R2" = parts$var.fixed / total)
    ),
    class = "r2_nakagawa"
  )
}
