# Scores simulated from a fit, and the fit of other scores to the same design.

#' Simulate scores
#'
#' @description
#' Draws scores \eqn{y = x'\hat\beta + z'b + e} with the fitted values of
#' \eqn{\beta}, \eqn{D} and \eqn{\sigma^2} taken as known. The random effects are drawn
#' anew from \eqn{N(0, \hat D)}, or kept at their predictions.
#'
#' @details
#' The result depends on the seed alone; column \eqn{k} is the same for any
#' `nsim`. `seed = NULL` takes one draw from R's stream, so `set.seed()` governs; a
#' number leaves R's stream untouched. What is drawn is simulated data and is
#' to be labelled so.
#'
#' `fitted()`, `predict(re.form = NA)`, `model.frame()`, `nobs()`, `family()` and
#' `simulate()` are what simulation-based residuals (DHARMa) ask for; a method for
#' `lme4::refit()` fits simulated scores, where lme4 is loaded.
#'
#' @param object a `recovery_fit`.
#' @param nsim (count) columns of simulated scores.
#' @param seed (whole number or `NULL`) where the random numbers start.
#' @param re.form `NA` or `~0`: all random effects are drawn anew; `NULL`: those of
#'   fitted levels are kept; a one-sided formula: those terms are kept. As in lme4.
#' @param newdata,allow.new.levels,weights as in [predict.recovery_fit]; effects of
#'   new levels are drawn, the same for all rows of a level.
#' @param ... unused.
#' @return data frame with columns `sim_1`, `sim_2`, ..., a row per row fitted (or of
#'   `newdata`), in units of the score, not kept to the scale's range; attribute
#'   `seed`.
#' @section Conditions: `cordgain_invalid_input`, as in [predict.recovery_fit].
#' @references Efron B, Tibshirani RJ (1993). *An introduction to the bootstrap*, section 6.5.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' fit <- fit_recovery(score ~ week + (1 | subject), trial)
#' simulate(fit, nsim = 2, seed = 1)
#' @name simulate.recovery_fit
#' @exportS3Method stats::simulate recovery_fit_reml
simulate.recovery_fit_reml <- function(object, nsim = 1, seed = NULL, re.form = NA, newdata = NULL,
                                       allow.new.levels = FALSE, weights = NULL, ...) {
  call <- rlang::current_env()
  refuse_foreign(simulate_advice, ...)
  nsim <- check_count(nsim, min = 1)
  seed <- draw_seed(seed)
  rows <- simulated_rows(object, newdata, re.form, allow.new.levels, weights, call)
  mean <- point_prediction(object, rows)
  draw <- \(k) mean + draw_effects(object, rows) + draw_residuals(object, rows)
  values <- with_stream(seed, vapply(seq_len(nsim), draw, numeric(rows$n)))
  values <- matrix(values, rows$n, nsim, dimnames = list(NULL, paste0("sim_", seq_len(nsim))))
  structure(as.data.frame(with_missing(values, rows, object, newdata)), seed = seed)
}

# Rows with, per term and for the subject, a number per level (`drawn`), fitted or not.
simulated_rows <- function(fit, newdata, re.form, allow, weights, call) {
  random <- fit$design$random
  all <- rep(TRUE, length(random))
  visits <- length(fit$design$residual) > 0L
  if (!is.null(newdata)) check_new_data(fit, newdata, all, all, visits, call)
  rows <- prediction_rows(fit, newdata, included_terms(fit, re.form, call), all, allow, visits, weights, call)
  keep <- setdiff(seq_len(rows$n + length(rows$missing)), rows$missing)
  number <- \(expr, fitted) {
    if (is.null(newdata)) {
      return(fitted[keep] + 1L)
    }
    labels <- if (is.null(expr)) seq_len(nrow(newdata)) else new_labels(expr, newdata)
    match(labels[keep], unique(labels[keep]))
  }
  rows$drawn <- lapply(random, \(block) number(block$group_expr, block$level))
  if (visits) rows$drawn_subject <- number(fit$split$residual$group, fit$design$residual$subject)
  rows
}

# Effects of levels that are not kept.
draw_effects <- function(fit, rows, covariances = effect_covariances(fit)) {
  out <- numeric(rows$n)
  for (t in seq_along(covariances)) {
    level <- rows$drawn[[t]]
    effects <- draw_normal(max(0L, level), covariances[[t]])
    anew <- is.na(rows$terms[[t]]$level)
    out <- out + anew * rowSums(rows$terms[[t]]$z * effects[level, , drop = FALSE])
  }
  out
}

draw_residuals <- function(fit, rows, parts = fitted_parts(fit)$residual) {
  if (!is.list(parts)) {
    return(sqrt(parts / rows$weight) * stats::rnorm(rows$n))
  }
  out <- numeric(rows$n)
  for (group in seq_along(parts)) {
    own <- which(rows$group == group - 1L)
    subject <- match(rows$drawn_subject[own], unique(rows$drawn_subject[own]))
    course <- draw_normal(max(0L, subject), parts[[group]])
    out[own] <- course[cbind(subject, rows$visit[own] + 1L)]
  }
  out / sqrt(rows$weight)
}

# n draws of N(0, covariance), a row each; the covariance may lack rank.
draw_normal <- function(n, covariance) {
  parts <- eigen(covariance, symmetric = TRUE)
  root <- parts$vectors %*% (sqrt(pmax(parts$values, 0)) * t(parts$vectors))
  matrix(stats::rnorm(n * ncol(root)), n, ncol(root)) %*% root
}

# An expression evaluated on a stream of its own; R's stream is as before afterwards.
with_stream <- function(seed, expr) {
  home <- globalenv()
  before <- if (exists(".Random.seed", home, inherits = FALSE)) get(".Random.seed", home, inherits = FALSE)
  kinds <- RNGkind()
  on.exit({
    do.call(RNGkind, as.list(kinds))
    if (is.null(before)) rm(".Random.seed", envir = home) else assign(".Random.seed", before, envir = home)
  })
  set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  expr
}

# The same model and design, other scores: called as refit() where lme4 is loaded.

#' @rdname simulate.recovery_fit
#' @param newresp (numeric, one per row fitted) scores, such as a column of
#'   `simulate()`.
#' @exportS3Method lme4::refit recovery_fit_reml
refit.recovery_fit_reml <- function(object, newresp, ...) {
  if (is.data.frame(newresp)) newresp <- newresp[[1]]
  newresp <- check_numeric(newresp[!is.na(newresp)], "newresp", length = stats::nobs(object))
  if (!is.null(object$plateau)) {
    abort_input(c("A fit with {.fn plateau} is not refitted to other scores: kappa belongs to the old ones.",
      i = "Call {.fn fit_recovery} with the new scores in the data."
    ))
  }
  fit_scores(object, newresp)
}

fit_scores <- function(fit, scores, call = NULL) {
  fit$design$y <- scores
  fit$frame[[1]] <- scores
  fit$result <- fit_with(fit$method, fit$design, call)
  fit
}
