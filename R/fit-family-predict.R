# Predictions of a fit of a family: of a patient, of a typical one, and of the mean over patients.

#' Predictions of a fit of a family
#'
#' The linear predictor \eqn{x'\hat\beta + z'\hat b}, or the mean score that it gives. Per patient, \eqn{\hat b}
#' is the mode of its random effects, as in lme4. With `re.form = NA`, and for a patient who was not fitted
#' (`allow.new.levels = TRUE`), there are two answers, and `average` says which:
#'
#' | `average` | effects that are not known | what it is |
#' |---|---|---|
#' | `FALSE` | \eqn{b = 0} | the course of a typical patient, as in lme4 |
#' | `TRUE` | \eqn{b \sim N(0, \hat D)}, integrated out | the mean over patients, and what to expect of a new one |
#'
#' On the scale of the link both are the same; on that of the score they are not, since
#' \eqn{E\,h(x'\beta + z'b) \ne h(x'\beta)}: with large differences between patients, probabilities averaged
#' over them lie nearer to one half.
#'
#' @details
#' The average is \eqn{\int h(x'\hat\beta + s u)\,\phi(u)\,du} with \eqn{s^2 = z'\hat D z}, by the trapezoidal rule
#' with a step so fine that its error is below rounding (Trefethen and Weideman 2014).
#'
#' @inheritParams predict.recovery_fit
#' @param object a `recovery_fit` of a family.
#' @param type (string) `"link"`: \eqn{\eta}, for `cumulative()` without thresholds, for `censored()` the mean of a
#'   scale without ends; `"response"`: the probability of an event or, without `size`, of a point; the mean count or
#'   score (between its ends); for `cumulative()` the probability of each level. For `cumulative()` also `"prob"`, the
#'   same as `"response"`, and `"class"`, the most probable level.
#' @param average (logical) integrate over random effects that are not known, or set them to zero.
#' @param se.fit (logical) standard errors, of a typical patient (`re.form = NA`, `average = FALSE`) alone; those of a
#'   response by the delta method. [bootstrap()] has them of an average.
#' @return numeric vector with the names of the rows, a matrix for `cumulative()` (a column for each level), an
#'   ordered factor for `"class"`; with `se.fit` a list of `fit` and `se.fit`.
#' @section Conditions: `cordgain_invalid_input`, as in [predict.recovery_fit]; for levels of scores that are not
#'   ordered; and for standard errors of a patient's own course, of an average, or of a level.
#' @references Trefethen LN, Weideman JAC (2014). The exponentially convergent trapezoidal rule. *SIAM Review* 56,
#'   385-458.
#'
#'   Zeger SL, Liang KY, Albert PS (1988). Models for longitudinal data: a generalized estimating equation approach.
#'   *Biometrics* 44, 1049-1060.
#' @inherit recovery_families examples
#' @seealso [recovery_fit_family], [simulate.recovery_fit_family()]
#' @exportS3Method stats::predict recovery_fit_family
predict.recovery_fit_family <- function(object, newdata = NULL, re.form = NULL,
                                        type = c("link", "response", "prob", "class"), allow.new.levels = FALSE,
                                        average = FALSE, se.fit = FALSE, ...) {
  call <- rlang::current_env()
  advice <- "Maximum likelihood has standard errors here, {.arg se.fit}; a fit by {.fn method_bayes} has intervals."
  refuse_foreign(c(predict_advice, interval = advice, level = advice), ...)
  type <- check_predicted(check_option(type, c("link", "response", "prob", "class")), object$result$family, call)
  included <- included_terms(object, re.form, call)
  check_prediction_se(se.fit, included, average, type, call)
  new <- prediction_rows(object, newdata, included, included | average, allow.new.levels, FALSE, NULL, call)
  eta <- known_predictor(object, new)
  sd <- if (average) unknown_spread(object, new) else numeric(length(eta))
  at <- predicted_scores(object, eta, type, sd)
  if (type == "class") {
    return(most_probable(with_missing(at$fit, new, object, newdata), object$result$family))
  }
  shown <- \(table) with_missing(if (ncol(table) > 1L) table else table[, 1L], new, object, newdata)
  if (se.fit) list(fit = shown(at$fit), se.fit = shown(prediction_se(object, new$x, at))) else shown(at$fit)
}

# Levels are for ordered scores.
check_predicted <- function(type, family, call) {
  if (type %in% c("prob", "class") && family$name != "cumulative") {
    abort_input(c("Only ordered scores have levels to predict.",
      x = "{.arg type} is {.val {type}}; the family is {.val {family$name}}.",
      i = "{.code type = \"response\"} gives probabilities of events, or mean scores."), call = call)
  }
  type
}

check_prediction_se <- function(se.fit, included, average, type, call) {
  if (se.fit && (any(included) || average || type == "class")) {
    abort_input(c("Standard errors are those of a typical patient, of a link or a response.",
      i = "{.code re.form = NA} with {.code average = FALSE} gives them.",
      i = "Those of an average would leave out that the variances are estimated: see {.fn bootstrap}."), call = call)
  }
}

# x'beta + z'b, b zero where it is not known.
known_predictor <- function(fit, rows) rows$offset + mean_of(rows$x, rows$terms, fixef(fit), block_modes(fit))

# Standard deviation, row by row, of the random effects that are not known.
unknown_spread <- function(fit, rows, covariances = effect_covariances(fit)) {
  variance <- numeric(rows$n)
  for (t in seq_along(covariances)) {
    term <- rows$terms[[t]]
    variance <- variance + is.na(term$level) * rowSums((term$z %*% covariances[[t]]) * term$z)
  }
  sqrt(variance)
}

# As family_response(), averaged over what is not known; the linear predictor is its own response, of slope 1.
predicted_scores <- function(fit, eta, type, sd) {
  extra <- fit$result$extra
  family <- fit$result$family
  if (type == "link") {
    slopes <- array(0, c(length(eta), 1L, length(extra)))
    return(list(fit = cbind(eta), eta = matrix(1, length(eta), 1L), extra = slopes))
  }
  if (all(sd == 0)) family_response(family, eta, extra) else list(fit = average_response(family, eta, sd, extra))
}

average_response <- function(family, eta, sd, extra) {
  average_normal(\(at) family_response(family, at, extra)$fit, eta, sd, smooth_scale(family, extra))
}

most_probable <- function(prob, family) {
  best <- apply(prob, 1L, \(row) which.max(row)[1L])
  rlang::set_names(ordered(family$levels[best], levels = family$levels), rownames(prob))
}

# The delta method, column by column; what does not vary (an infinite threshold) adds nothing.
prediction_se <- function(fit, x, at) {
  covariance <- varying_covariance(fit)
  out <- at$fit
  for (j in seq_len(ncol(out))) {
    slopes <- response_slopes(at, x, j)
    out[, j] <- sqrt(rowSums((slopes %*% covariance) * slopes))
  }
  out
}

# Covariance of all parameters, zero where one does not vary.
varying_covariance <- function(fit) {
  covariance <- vcov(fit, full = TRUE)
  covariance[is.na(covariance)] <- 0
  covariance
}

# Slopes of one column of a response in the coefficients and the family's own parameters, a row per row of `x`.
response_slopes <- function(at, x, column) cbind(at$eta[, column] * x, matrix(at$extra[, column, ], nrow(x)))

# Modes of the random effects, a matrix per block.
block_modes <- function(fit) {
  sizes <- vapply(fit$design$random, \(block) length(block$columns), 1L)
  ends <- cumsum(sizes)
  lapply(seq_along(sizes), \(i) fit$result$mode[, seq.int(ends[i] - sizes[i] + 1L, ends[i]), drop = FALSE])
}

#' @rdname recovery_fit_family
#' @exportS3Method stats::fitted recovery_fit_family
fitted.recovery_fit_family <- function(object, ...) {
  refuse_foreign(fitted_advice, ...)
  stats::predict(object, type = "response")
}

#' Residuals of a fit of a family
#'
#' @description
#' `"response"`: score less its mean, in the unit of `predict(type = "response")` (of events among trials the
#' proportion; of an ordered score the number of its level); `"pearson"`: the same divided by its standard deviation;
#' `"quantile"`: randomised quantile residuals, standard normal if the model holds.
#'
#' @details
#' A score \eqn{y} with distribution function \eqn{F} has the quantile residual
#' \eqn{\Phi^{-1}(F(y-) + v\,(F(y) - F(y-)))} with \eqn{v} uniform on (0, 1): where the score has jumps,
#' \eqn{v} spreads them, so that the residual is exactly standard normal under the model (Dunn and Smyth 1996). The
#' result depends on the seed; look at several.
#'
#' `re.form = NULL` conditions on the modes of the random effects, as lme4 does. The modes have followed the same
#' scores, so that these residuals spread a little less than they should, the more so the fewer visits a patient has.
#' `re.form = NA` takes mean, variance and \eqn{F} over patients, random effects integrated out: each residual then
#' has its stated distribution, and those of one patient go together.
#'
#' `simulate()` and `predict(type = "response")` are what DHARMa asks for.
#'
#' @param object a `recovery_fit` of a family.
#' @param type (string) see above.
#' @param re.form `NULL` or `NA`, or a formula, as in [predict.recovery_fit].
#' @param seed (whole number or `NULL`) of the uniform numbers of `"quantile"`; `NULL` takes one draw from R's stream.
#' @param ... unused.
#' @return numeric, one per row of the data as `na.action` says.
#' @section Conditions: `cordgain_invalid_input` for another `type`, a `re.form` that holds a term that was not fitted,
#'   and a `seed` that is none.
#' @references Dunn PK, Smyth GK (1996). Randomized quantile residuals. *Journal of Computational and Graphical
#'   Statistics* 5, 236-244.
#' @examples
#' trial <- data.frame(
#'   subject = rep(1:6, each = 4), week = rep(c(0, 8, 26, 52), 6),
#'   held = c(0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0)
#' )
#' fit <- fit_recovery(held ~ week + (1 | subject), trial, family = binomial())
#' residuals(fit, "quantile", re.form = NA, seed = 1)
#' @seealso [recovery_fit_family], [simulate.recovery_fit_family()]
#' @exportS3Method stats::residuals recovery_fit_family
residuals.recovery_fit_family <- function(object, type = c("response", "pearson", "quantile"), re.form = NULL,
                                          seed = NULL, ...) {
  call <- rlang::current_env()
  type <- check_option(type, c("response", "pearson", "quantile"))
  included <- included_terms(object, re.form, call)
  rows <- prediction_rows(object, NULL, included, rep(TRUE, length(included)), FALSE, FALSE, NULL, call)
  eta <- known_predictor(object, rows)
  sd <- unknown_spread(object, rows)
  out <- if (type == "quantile") {
    randomised_residuals(row_law(object, eta, sd), draw_seed(seed))
  } else {
    moments <- average_moments(object$result$family, row_trials(object), eta, sd, object$result$extra)
    moment_residuals(observed_response(object$result$family, object$design$scores), moments, type)
  }
  stats::naresid(attr(object$frame, "na.action"), rlang::set_names(out, rownames(object$frame)))
}

moment_residuals <- function(observed, moments, type) {
  out <- observed - moments$mean
  if (type == "pearson") out / sqrt(moments$variance) else out
}

# The distribution of each row fitted, averaged over effects that are not known.
row_law <- function(fit, eta, sd) {
  family <- fit$result$family
  extra <- fit$result$extra
  average_parts(\(at) score_law(family, fit$design$scores, at, extra), eta, sd, smooth_scale(family, extra))
}

# Tails keep their digits: each residual is read from the nearer one.
randomised_residuals <- function(law, seed) {
  v <- with_stream(seed, stats::runif(length(law$equal)))
  lower <- law$below + v * law$equal
  upper <- law$above + (1 - v) * law$equal
  ifelse(lower < upper, stats::qnorm(lower), stats::qnorm(upper, lower.tail = FALSE))
}

# Scores in the unit of score_moments().
observed_response <- function(family, score) {
  switch(family$name,
    binomial = score[, 1L] / score[, 2L],
    beta_binomial = if (is.null(family$size)) score[, 1L] / score[, 2L] else score[, 1L],
    cumulative = family$seen[score[, 1L] + 1L],
    score[, 1L]
  )
}

# Trials or points of each row fitted; 1 where a family has none.
row_trials <- function(fit) if (ncol(fit$design$scores) > 1L) fit$design$scores[, 2L] else rep(1, nobs(fit))

#' @rdname recovery_fit_family
#' @exportS3Method generics::augment recovery_fit_family
augment.recovery_fit_family <- function(x, ...) {
  cbind(as.data.frame(x$frame), .fitted = I(rows_used(stats::fitted(x))),
    .resid = rows_used(stats::residuals(x, "response")), .wtres = rows_used(stats::residuals(x, "pearson")))
}
