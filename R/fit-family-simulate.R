# Scores simulated from a fit of a family, the fit of other scores to its design, and the parametric bootstrap.

#' Simulate scores of a family
#'
#' @description
#' Draws scores from the family with the estimated parameters taken as known; random effects are drawn anew from
#' \eqn{N(0, \hat D)}, or kept at their modes.
#'
#' @details
#' Seeds, `re.form` and `newdata` mean what they mean in [simulate.recovery_fit]. What is drawn is simulated data and
#' is to be labelled so.
#'
#' @inheritParams simulate.recovery_fit
#' @param object a `recovery_fit` of a family.
#' @param newdata (data frame) rows to simulate instead of those of the fit.
#' @param allow.new.levels (logical) whether `newdata` may have subjects that the fit has not.
#' @param trials (whole numbers) trials of each row of `newdata`, where scores were given as
#'   `cbind(events, failures)`.
#' @return data frame with columns `sim_1`, `sim_2`, ..., a row per row fitted (or of `newdata`), each of the kind of
#'   the scores that were fitted: numbers, logical, a factor, an ordered factor, or a matrix of events and failures;
#'   attribute `seed`.
#' @section Conditions: `cordgain_invalid_input`, as in [predict.recovery_fit], and where `trials` are missing.
#' @examples
#' grades <- data.frame(
#'   subject = rep(1:6, each = 3), week = rep(c(0, 26, 52), 6),
#'   ais = ordered(strsplit("AABABCABAABCBCDABB", "")[[1]], levels = LETTERS[1:5])
#' )
#' fit <- fit_recovery(ais ~ week + (1 | subject), grades, family = cumulative())
#' simulate(fit, nsim = 2, seed = 1)
#' @seealso [recovery_fit_family], [bootstrap.recovery_fit_family()]
#' @exportS3Method stats::simulate recovery_fit_family
simulate.recovery_fit_family <- function(object, nsim = 1, seed = NULL, re.form = NA, newdata = NULL,
                                         allow.new.levels = FALSE, trials = NULL, ...) {
  call <- rlang::current_env()
  refuse_foreign(simulate_advice, ...)
  simulate_family(object, nsim, seed, re.form, newdata, allow.new.levels, trials, call, \(rows) {
    mean <- known_predictor(object, rows)
    \() list(eta = mean + draw_effects(object, rows), extra = object$result$extra)
  })
}

# Scores of rows; `drawing(rows)` gives what draws their predictor `eta` and the family's own parameters `extra`.
simulate_family <- function(fit, nsim, seed, re.form, newdata, allow.new.levels, trials, call, drawing) {
  nsim <- check_count(nsim, min = 1, call = call)
  seed <- draw_seed(seed, call = call)
  rows <- simulated_rows(fit, newdata, re.form, allow.new.levels, NULL, call)
  n <- simulated_trials(fit, rows, newdata, trials, call)
  draw <- drawing(rows)
  scores <- \(k) {
    at <- draw()
    as.double(draw_scores(fit$result$family, n, at$eta, at$extra))
  }
  values <- with_stream(seed, vapply(seq_len(nsim), scores, numeric(rows$n)))
  given_frame(values, n, rows, fit, newdata, seed)
}

# Draws, a column each, as a data frame of scores in their own words.
given_frame <- function(values, n, rows, fit, newdata, seed) {
  nsim <- if (is.matrix(values)) ncol(values) else length(values) / rows$n # of no rows too
  values <- with_missing(matrix(values, rows$n, nsim), rows, fit, newdata)
  n <- with_missing(n, rows, fit, newdata)
  out <- lapply(seq_len(nsim), \(k) as_given(unname(values[, k]), unname(n), fit$frame[[1L]]))
  names(out) <- sprintf("sim_%d", seq_len(nsim))
  # As a whole: columns added to a data frame one by one take time in the square of their number.
  structure(out, row.names = rownames(values) %||% .set_row_names(nrow(values)), class = "data.frame", seed = seed)
}

# Trials or points of each row to be drawn.
simulated_trials <- function(fit, rows, newdata, trials, call) {
  family <- fit$result$family
  if (is.null(newdata)) {
    return(row_trials(fit))
  }
  if (!is.null(family$size)) {
    return(rep(family$size, rows$n))
  }
  if (NCOL(fit$frame[[1L]]) < 2L) {
    return(rep(1, rows$n))
  }
  if (is.null(trials)) {
    abort_input(c("Scores were given as events among trials: new rows need {.arg trials}.",
      i = "Give one number, or one for each row of {.arg newdata}."), call = call)
  }
  trials <- check_numeric(trials, "trials", min = 0, call = call)
  if (!length(trials) %in% c(1L, nrow(newdata)) || any(trials != round(trials))) {
    abort_input(c("{.arg trials} must be whole numbers, one or one for each row of {.arg newdata}.",
      x = "It has {length(trials)} for {nrow(newdata)} row{?s}."), call = call)
  }
  rep_len(trials, nrow(newdata))[setdiff(seq_len(nrow(newdata)), rows$missing)]
}

# Other scores -------------------------------------------------------------------------

#' @rdname simulate.recovery_fit_family
#' @param newresp scores of the rows fitted, such as a column of `simulate()`.
#' @exportS3Method lme4::refit recovery_fit_family
refit.recovery_fit_family <- function(object, newresp, ...) {
  if (is.data.frame(newresp)) newresp <- newresp[[1L]]
  call <- rlang::current_env()
  if (NROW(newresp) != nobs(object)) {
    abort_input(c("{.arg newresp} must have a score for each row fitted.",
      x = "It has {NROW(newresp)}; {nobs(object)} were fitted."), call = call)
  }
  family_refit(object, newresp, call)
}

family_refit <- function(fit, scores, call) {
  fit$frame[[1L]] <- scores
  check_scores(fit$method$family, scores, names(fit$frame)[1L], rownames(fit$frame), call)
  fit$design$scores <- family_scores(fit$method$family, scores)
  fit$design$y <- fit$design$scores[, 1L]
  fit$result <- fit_with(fit$method, fit$design, call)
  fit
}

# Bootstrap ----------------------------------------------------------------------------

#' Parametric bootstrap of a fit of a family
#'
#' @description
#' Draws scores from the fitted model, random effects anew for each patient, and fits the model to them again by the
#' same quadrature. Every replicate is a whole fit, so that a hundred take seconds.
#'
#' @details
#' Drawn scores of few patients are often separated, or all equal: such a set has no finite estimate. It is counted
#' as failed, and summaries leave it out; with many of them the summaries are those of the tamer sets alone, and the
#' print says how many.
#'
#' @inheritParams bootstrap.recovery_fit_reml
#' @param fit a `recovery_fit` of a family by maximum likelihood.
#' @return object of class `recovery_bootstrap`, as of [bootstrap.recovery_fit_reml()], with the parameters of
#'   `tidy()`: coefficients, the family's own, standard deviations and correlations of the random effects.
#' @section Conditions: `cordgain_invalid_input` for a number of replicates that is not whole, a `seed` that is none, or
#'   a `statistic` that does not return as many numbers each time.
#' @references Efron B, Tibshirani RJ (1993). *An introduction to the bootstrap*. Chapman & Hall.
#' @examples
#' trial <- data.frame(subject = rep(1:6, each = 3), week = rep(0:2, 6),
#'   count = c(2, 4, 7, 1, 1, 3, 5, 6, 12, 0, 2, 2, 3, 3, 6, 4, 9, 8))
#' fit <- fit_recovery(count ~ week + (1 | subject), trial, family = poisson())
#' bootstrap(fit, n = 20, seed = 1)
#' @seealso [simulate.recovery_fit_family()]
#' @exportS3Method bootstrap recovery_fit_family
bootstrap.recovery_fit_family <- function(fit, n = 1000, seed = NULL, statistic = NULL, ...) {
  call <- rlang::current_env()
  n <- check_replicates(n)
  seed <- draw_seed(seed)
  drawn <- stats::simulate(fit, n, seed)
  if (inherits(attr(fit$frame, "na.action"), "exclude")) drawn <- drawn[rownames(fit$frame), , drop = FALSE]
  estimate <- family_values(fit)
  each <- lapply(drawn, \(scores) refitted_values(fit, scores, estimate, call))
  out <- family_replicates(fit, each, seed, estimate)
  if (!is.null(statistic)) out <- add_statistic(out, statistic)
  out
}

# All parameters of tidy(), by name.
family_values <- function(fit) {
  table <- tidy(fit)
  rlang::set_names(table$estimate, make.unique(table$term))
}

# NaN where these scores have no finite estimate.
refitted_values <- function(fit, scores, estimate, call) {
  failed <- \(e) list(values = replace(estimate, TRUE, NaN), singular = NA, deviance = NaN)
  tryCatch({
    again <- family_refit(fit, scores, call)
    list(values = family_values(again), singular = isSingular(again), deviance = stats::deviance(again))
  }, cordgain_numerical_error = failed, cordgain_invalid_input = failed)
}

family_replicates <- function(fit, each, seed, estimate) {
  values <- do.call(rbind, lapply(each, `[[`, "values"))
  dimnames(values) <- list(NULL, names(estimate))
  failed <- is.nan(values[, 1L])
  structure(
    list(
      fit = fit, seed = seed, draw = "fit", estimate = estimate, replicates = values, std.error = NULL,
      deviance = vapply(each, `[[`, 0, "deviance", USE.NAMES = FALSE),
      outcome = factor(ifelse(failed, "failed", "converged"), c("converged", "not converged", "failed")),
      singular = vapply(each, \(one) isTRUE(one$singular), NA, USE.NAMES = FALSE), statistic = NULL, observed = NULL
    ),
    class = "recovery_bootstrap"
  )
}
