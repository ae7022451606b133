# fit_recovery(): the one door to every model of repeated scores.

#' Fit a model of recovery
#'
#' @description
#' Fits a linear mixed model to repeated scores. For subject \eqn{i} with rows
#' \eqn{y_i = X_i\beta + Z_i b_i + e_i},
#' \deqn{b_i \sim N(0, D), \qquad e_i \sim N(0, \sigma^2 I),}
#' it estimates the mean recovery \eqn{\beta} and how much recovery differs
#' between subjects (\eqn{D}) and from visit to visit (\eqn{\sigma^2}).
#'
#' The estimate is the exact constrained optimum of the restricted (or full)
#' likelihood: Newton's method with exact derivatives from at least two starts.
#' The result holds its own certificate: the Newton decrement (by how much one
#' more step would lower the deviance), the sign of the score at each bound, and
#' an error bound of each variance component; the print calls an optimum certified
#' where all variances are known to within 1 % of their size. A variance of zero, or a
#' correlation of 1, is an answer and is named in the print.
#'
#' @details
#' Four patients do not carry an estimate of natural recovery: what is estimated
#' here is the recovery of the patients in `data`, not its excess over nature.
#'
#' Columns of X that are linear combinations of earlier ones are found by QR,
#' left out and named; by Bayes they are refused where a prior was given of one of the
#' combination, since to leave a column out holds its coefficient at zero. Where the
#' design cannot tell variance parameters apart (a random slope with two
#' visits each), the fit gives to the residual what the random effects need not explain, and says so.
#'
#' @param formula (formula) in lme4's language: `score ~ week + (week | subject)`,
#'   `plateau(week)` for recovery that rises as \eqn{1 - e^{-week/\kappa}},
#'   \eqn{\kappa} estimated by maximum likelihood, by Bayes integrated (in the unit of the time);
#'   one of `us`, `diag`, `cs`, `csh`, `ar1`, `ar1h`, `toep`, `toeph`, `sp_exp` for a residual
#'   covariance over visits, as `us(visit | subject)`: see [residual_covariance];
#'   `(week || subject)` for independent effects, `(1 | site/subject)` for nested
#'   and several terms for crossed factors; `offset()`, `poly()`, splines and
#'   interactions as in [stats::lm()].
#' @param data (data frame) one row per visit.
#' @param family the distribution of the score: [stats::gaussian()], or one of
#'   [recovery_families], which are fitted as [recovery_fit_family] says, and by Bayes as
#'   [recovery_fit_family_bayes].
#' @param method `NULL` (`"reml"` for normal scores, `"ml"` for other families), `"reml"`,
#'   `"ml"`, `"bayes"`, or [method_reml()], [method_ml()], [method_bayes()].
#' @param weights (numeric, one per row, positive) precision weights: the
#'   residual variance of a row is \eqn{\sigma^2 / w}. Evaluated in `data`.
#' @param offset (numeric, one per row, units of the score) known part of the mean.
#' @param subset (logical or row numbers) rows to use. Evaluated in `data`.
#' @param contrasts (named list) contrasts of factors, as in [stats::lm()].
#' @param na.action what to do with missing values; rows left out are counted,
#'   reported once and kept in the print.
#' @param control (list) empty: what can be set is an argument of the method.
#' @param ... none: other programs' arguments are refused with what is meant here.
#' @return a `recovery_fit` (also of class `recovery_fit_reml`): see
#'   [recovery_fit-verbs] for what can be asked of it.
#' @section Conditions:
#' `cordgain_invalid_input` when formula or data have no answer (the message
#' names column and row), and of a residual covariance over visits where a visit or
#' group is a million times as spread as another, or the scores say nothing of a
#' parameter (no subject has two visits that would show a correlation).
#' `cordgain_numerical_error` when the likelihood has no maximum (every subject's
#' scores lie on a line, decided by the span of X and Z before any search; or the
#' likelihood rises for as long as the covariance over visits comes nearer to a
#' singular one), or when none was found, which is not the same: the message then
#' says what was tried. A covariance over visits that is singular to rounding is
#' no error but is printed as not converged.
#' @references Patterson HD, Thompson R (1971). Recovery of inter-block
#'   information when block sizes are unequal. *Biometrika* 58, 545-554.
#'
#'   Lindstrom MJ, Bates DM (1988). Newton-Raphson and EM algorithms for linear
#'   mixed-effects models for repeated-measures data. *JASA* 83, 1014-1022.
#' @examples
#' trial <- data.frame(
#'   subject = rep(c("a", "b", "c", "d"), each = 5), week = rep(c(0, 4, 8, 26, 52), 4),
#'   score = c(2, 4, 5, 9, 12, 0, 1, 1, 3, 4, 5, 9, 12, 17, 22, 1, 1, 4, 6, 9)
#' )
#' fit <- fit_recovery(score ~ week + (week | subject), trial)
#' fit
#' summary(fit)
#' @seealso [method_reml()] before; [recovery_fit-verbs] after; [residual_covariance].
#' @export
fit_recovery <- function(formula, data, family = stats::gaussian(), method = NULL, weights = NULL, offset = NULL,
                         subset = NULL, contrasts = NULL, na.action = stats::na.omit, control = list(), ...) {
  call <- match.call()
  refuse_foreign(fit_advice, ...)
  check_no_more(names(formals(fit_recovery)), ...)
  check_fit_given(missing(formula), missing(data))
  check_no_control(control)
  family <- as_recovery_family(family)
  method <- method_for(family, method)
  if (!is.data.frame(data)) {
    abort_input(c("{.arg data} must be a data frame.", x = "It is {.obj_type_friendly {data}}."))
  }
  split <- split_formula(formula)
  formula <- bare_words(formula)
  check_variables(formula, data, rlang::current_env())
  caller <- parent.frame()
  here <- rlang::current_env()
  fit_at <- \(env, method) {
    frame <- recovery_frame(call, split, env, caller, data)
    check_rows_left(frame, formula, data, here)
    design <- build_design(split, frame, contrasts, family, call = here)
    check_magnitude(frame, here)
    design$range <- declared_range(data, formula)
    check_on_scale(frame, design$range, here)
    check_left_out(design, method$prior, here)
    out <- fit_with(method, design, call = here)
    new_recovery_fit(
      out, call = call, formula = formula, split = split, method = method, frame = frame, design = design
    )
  }
  if (has_plateau(formula)) check_plateau_model(family, here)
  fit_curve <- if (method$name == "bayes") fit_plateau_bayes else fit_plateau
  fit <- if (has_plateau(formula)) fit_curve(fit_at, formula, data, method, here) else
    fit_at(environment(formula), method)
  warn_visit_order(fit$design$residual, here)
  fit$inside <- inside_variables(fit$frame, formula, data)
  fit$recorded <- fitted_records(fit$frame, formula, data)
  fit
}

check_fit_given <- function(no_formula, no_data, call = rlang::caller_env()) {
  absent <- c("formula", "data")[c(no_formula, no_data)]
  if (length(absent) > 0L) {
    abort_input(c("{.arg {absent}} {?is/are} not given.",
      i = "Write {.code fit_recovery(score ~ week + (1 | subject), data)}: every variable is a column of {.arg data}."
    ), call = call)
  }
}

# Other programs' settings would be passed over.
check_no_control <- function(control, call = rlang::caller_env()) {
  if (length(control) > 0L) {
    abort_input(c("{.arg control} is empty here: it has no settings.",
      x = if (is.list(control) && !is.null(names(control))) "Given: {.arg {names(control)}}." else
        "It is {.obj_type_friendly {control}}.",
      i = "Settings are arguments of {.fn method_ml} and {.fn method_bayes}."), call = call)
  }
}

# The fitted rows with the roles that recovery_data() gave them; NULL where the scores fitted are not those recorded.
fitted_records <- function(frame, formula, data) {
  roles <- recovery_roles(data)
  if (is.null(roles) || !identical(formula[[2L]], as.name(roles$score))) {
    return(NULL)
  }
  rows <- match(row.names(frame), row.names(data))
  if (!anyNA(rows)) recovery_rows(data, rows)
}

# The ends of the scale that was declared for the scores, turned as these are: default priors rest on them. NULL where
# there is none.
declared_range <- function(data, formula) {
  roles <- recovery_roles(data)
  declared <- !is.null(roles) && identical(formula[[2L]], as.name(roles$score))
  range <- if (declared) turned_range(recovery_scale(data))
  if (all(is.finite(range))) range
}

# Scores that were changed after recovery_data() checked them.
check_on_scale <- function(frame, range, call) {
  score <- frame[[1L]]
  if (is.null(range) || !is.numeric(score) || is.matrix(score)) {
    return(invisible())
  }
  off <- which(score < range[1L] | score > range[2L])
  if (length(off) > 0L) {
    abort_input(c("Scores must lie on the scale that was declared for them, {range[1]} to {range[2]}.",
      x = "{.var {names(frame)[1]}} is {score[off[1]]} in row {rownames(frame)[off[1]]}.",
      i = "{length(off)} row{?s} {?is/are} off the scale: correct {?it/them}, or declare another {.arg scale}."
    ), call = call)
  }
}

check_plateau_model <- function(family, call) {
  if (family$name != "gaussian") {
    abort_input(c("{.fn plateau} is for normal scores.", x = "The family is {.val {family$name}}.",
      i = "Use the time itself, {.fn log1p} of it, or a spline."), call = call)
  }
}

# kappa by maximum likelihood of the whole model, then the fit at that kappa.
fit_plateau <- function(fit_at, formula, data, method, call) {
  env <- environment(formula)
  at <- \(log_kappa, method) fit_at(plateau_env(env, log_kappa), method)
  kappa <- find_kappa(\(k) stats::deviance(at(k, method_ml())), plateau_times(formula, data, env), call)
  moved <- lapply(kappa_points(kappa$log_kappa), \(k) moving_parts(at(k, method)))
  kappa$moved <- lapply(stats::setNames(nm = names(moved[[1]])), \(part) kappa_difference(lapply(moved, `[[`, part)))
  kappa$slope <- kappa$moved$beta
  out <- at(kappa$log_kappa, method)
  out$plateau <- kappa
  out
}

# Dispatch on the method object; each engine lives in its own file.
fit_with <- function(method, design, call) {
  UseMethod("fit_with")
}

# model.frame() with weights, offset and subset evaluated where the user wrote them. Frames without a missing value
# are taken as they are: na.omit() would copy them.
recovery_frame <- function(call, split, env, caller, data) {
  frame_call <- as.call(c(list(quote(stats::model.frame)), as.list(call)[intersect(names(call), frame_arguments())]))
  refuse_names_in_quotes(call)
  frame_call$formula <- frame_formula(split, env)
  frame_call$data <- data
  frame_call$drop.unused.levels <- FALSE
  evaluate <- \(na_action) {
    frame_call$na.action <- na_action
    eval(frame_call, caller)
  }
  tryCatch(
    {
      frame <- if (leaves_complete(call$na.action, caller)) evaluate(quote(stats::na.pass))
      if (is.null(frame) || has_missing(frame)) {
        frame <- evaluate(if (is.null(call$na.action)) quote(stats::na.omit) else call$na.action)
      }
      drop_levels(frame)
    },
    error = \(e) {
      if (inherits(e, "cordgain_error")) rlang::cnd_signal(e)
      abort_input(c("The variables of the formula do not make a data set.", x = conditionMessage(e)), call = NULL)
    }
  )
}

# model.frame() would say that the lengths differ.
refuse_names_in_quotes <- function(call) {
  for (argument in c("weights", "offset")) {
    if (is.character(call[[argument]])) {
      abort_input(c("{.arg {argument}} must be numbers, or a column of {.arg data} without quotes.",
        x = "It is the string {.val {call[[argument]]}}."), call = NULL)
    }
  }
}

frame_arguments <- function() {
  c("subset", "weights", "offset")
}

# Whether the action on missing values leaves complete data as they are, as those of stats do.
leaves_complete <- function(na_action, caller) {
  if (is.null(na_action)) {
    return(TRUE)
  }
  action <- eval(na_action, caller)
  if (is.character(action)) action <- get(action, envir = caller, mode = "function")
  known <- list(stats::na.omit, stats::na.exclude, stats::na.fail, stats::na.pass)
  any(vapply(known, identical, TRUE, action))
}

has_missing <- function(frame) {
  for (column in unclass(frame)) if (anyNA(column)) return(TRUE)
  FALSE
}

# Factors without the levels that no row has; the score keeps its own.
drop_levels <- function(frame) {
  for (name in names(frame)[-1L]) {
    column <- .subset2(frame, name)
    if (is.factor(column) && any(tabulate(column, nlevels(column)) == 0L)) frame[[name]] <- column[, drop = TRUE]
  }
  frame
}

# Which variable has taken every row away, where one has.
check_rows_left <- function(frame, formula, data, call) {
  if (nrow(frame) > 0L || nrow(data) == 0L) {
    return(invisible())
  }
  named <- intersect(all.vars(formula), names(data))
  empty <- named[vapply(named, \(name) all(is.na(data[[name]])), TRUE)]
  if (length(empty) > 0L) {
    abort_input(c("No rows are left.",
      x = "{.var {empty}} {?is/are} missing in all {nrow(data)} row{?s} of {.arg data}."
    ), call = call)
  }
}

# The square of every number must be one: variances are squares.
check_magnitude <- function(frame, call, smallest = 1e-150, largest = 1e152) {
  for (name in names(frame)) {
    values <- .subset2(frame, name)
    if (!is.numeric(values) || is.factor(values)) next
    size <- max(abs(range(values)))
    if (size == 0 || (size <= largest && size >= smallest)) next
    at <- which.max(abs(values))
    abort_input(c("A column is too large or too small for its squares to be numbers.",
      x = "{.var {name}} is {format(values[at])} in row {.val {rownames(frame)[at]}}.",
      i = "Write it in another unit, so that its largest value lies between {smallest} and {largest}."
    ), call = call)
  }
}

# The class -----------------------------------------------------------------------

#' @param result what the engine found.
#' @param ... call, formula, split, method, frame, design.
#' @noRd
new_recovery_fit <- function(result, ...) {
  parts <- list(...)
  engine <- switch(parts$method$name, bayes = "bayes", quadrature = "family",
    bayes_quadrature = "family_bayes", "reml")
  structure(c(parts, list(result = result)), class = c(paste0("recovery_fit_", engine), "recovery_fit"))
}

#' @export
print.recovery_fit <- function(x, digits = max(3L, getOption("digits") - 3L), ...) {
  cat(fit_title(x), "\n", sep = "")
  cat("Formula: ", deparse1(x$formula), "\n", sep = "")
  cat(fit_size(x), "\n\n", sep = "")
  cat("Variances:\n")
  print(VarCorr(x), digits = digits)
  cat("\nFixed effects:\n")
  print(fixef(x), digits = digits)
  if (!is.null(x$plateau)) cat(kappa_sentence(x, digits), "\n", sep = "")
  cat("\n", paste0(fit_notes(x), "\n"), sep = "")
  invisible(x)
}

# kappa by maximum likelihood; its interval is Wald's on the log scale.
kappa_sentence <- function(x, digits) {
  at <- exp(x$plateau$log_kappa + c(0, -1, 1) * stats::qnorm(0.975) * x$plateau$log_se)
  sprintf("kappa (time to 63 %% of the plateau): %s, 95 %% interval %s to %s (maximum likelihood, log scale)",
    format(at[1], digits = digits), format(at[2], digits = digits), format(at[3], digits = digits))
}

fit_title <- function(x) {
  paste(
    "Recovery fitted by",
    c(reml = "restricted maximum likelihood (REML)", ml = "maximum likelihood (ML)")[[x$method$name]]
  )
}

fit_size <- function(x) {
  residual <- x$design$residual
  if (length(residual$subjects) > 0L) {
    seen <- sprintf("%d subjects at %d visits (%s)", residual$n_subjects, length(residual$visits), residual$word)
  } else {
    seen <- NULL
  }
  groups <- vapply(x$design$random, \(block) sprintf("%d of %s", length(block$labels), block$group), "")
  sizes <- paste(c(sprintf("%d rows", nobs(x)), unique(groups), seen), collapse = ", ")
  out <- length(attr(x$frame, "na.action"))
  if (out > 0L) sprintf("%s; %d row%s left out for missing values", sizes, out, if (out > 1L) "s" else "") else sizes
}

# Arguments of other programs' functions, with what is meant here.
fit_advice <- c(
  prior = "Priors belong to the method: {.code method = method_bayes(prior = priors(...))}.",
  REML = "{.code method = \"ml\"} is maximum likelihood, {.code method = \"reml\"} the restricted one.",
  nAGQ = "Nodes belong to the method: {.code method = method_ml(nodes = ...)}.",
  random = "Random effects stand in the formula: {.code (week | subject)}.",
  correlation = "Residual covariances stand in the formula: {.code ar1(visit | subject)}.",
  chains = "Chains belong to the method: {.code method = method_bayes(engine = \"nuts\")}."
)
