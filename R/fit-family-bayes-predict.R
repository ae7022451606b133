# What a Bayesian fit of a family says of courses and scores: a mixture over its posterior and the random effects.

#' Predictions from a Bayesian fit of a family
#'
#' @description
#' `predict()` gives posterior means of the linear predictor or of the mean score, their standard deviations and
#' intervals, and prediction intervals of scores, for patients who were fitted and for new ones; `fitted()` the mean
#' scores of the rows fitted; `residuals()` scores less these; `simulate()` draws of the posterior predictive
#' distribution.
#'
#' @details
#' The posterior is a set of values \eqn{\phi_k} of all parameters with weights \eqn{w_k}: nodes of the integration,
#' or draws of the sampler. Given one of them, the random effects of a patient with scores \eqn{y_i} have the density
#' \deqn{p(b \mid y_i, \phi_k) \propto N(b; 0, D_k) \prod_j f(y_{ij} \mid x_{ij}'\beta_k + z_{ij}'b),}
#' which is taken on a grid about its exact mean, as wide as its exact standard deviation asks; those of a new patient
#' have \eqn{N(0, D_k)}. What is predicted is a mixture over nodes and grid: its mean, standard deviation and
#' equal-tailed quantiles need no draws. The mean of a linear predictor rests on all nodes; everything else on as
#' many as `nodes` allows, those with next to no weight left out first; with two or three random effects on fewer, so
#' that the grid stays payable. No error is stated: at the defaults limits were off by up to 0.07 posterior standard
#' deviations where that was measured. `method_bayes(tolerance = 1e-3)` lays the nodes closer, and more `nodes` take
#' more of them.
#'
#' | asked for | what varies |
#' |---|---|
#' | `re.form = NULL` | a patient of the fit: the course of that patient |
#' | `re.form = NA` | \eqn{b = 0}: the course of a typical patient |
#' | `re.form = NA, average = TRUE` | the mean over patients, \eqn{E(h(x'\beta + z'b) \mid \phi)} |
#' | `interval = "prediction"` | a score: of this patient, or with `re.form = NA` of a new one |
#'
#' `residuals()` compare each score with its posterior predictive distribution given all scores, its own among them:
#' they spread a little less than they should. `re.form = NA` takes that of a new patient.
#'
#' `simulate()` draws the parameters from the posterior anew for each column, then random effects and scores.
#'
#' @inheritParams predict.recovery_fit_family
#' @inheritParams simulate.recovery_fit_family
#' @param object a `recovery_fit` of a family by [method_bayes()].
#' @param type (string) as in [predict.recovery_fit_family]; with `interval = "prediction"` not looked at. For
#'   `residuals()` as in [residuals.recovery_fit_family].
#' @param average (logical) the mean over patients whose random effects are not known, or that of a typical one.
#' @param se.fit (logical) posterior standard deviations too.
#' @param interval (string) `"confidence"`: of what is predicted; `"prediction"`: of a score. Both are posterior
#'   probabilities; the second has limits that are possible scores and so holds at least `level`.
#' @param level (number in (0, 1)) posterior probability of the interval, equal-tailed.
#' @param trials (whole numbers) trials of each row of `newdata`, where scores were given as
#'   `cbind(events, failures)` and scores are predicted or drawn.
#' @param nodes (count) most nodes, or draws of the sampler, that the answer rests on.
#' @return `predict()`: as from [predict.recovery_fit_family]; with an interval a matrix with the columns `fit`, `lwr`,
#'   `upr` (for the levels of `cumulative()` an array: rows, levels, these three). The unit of a predicted score is that
#'   of a response: of events among trials the proportion, of an ordered score the number of its level. With `se.fit` a
#'   list of `fit` and `se.fit`. `residuals()`, `fitted()`, `simulate()`: as for [recovery_fit_family].
#' @section Conditions: `cordgain_invalid_input`, as in [predict.recovery_fit_family].
#' @references Gelman A, Carlin JB, Stern HS, Dunson DB, Vehtari A, Rubin DB (2013). *Bayesian data analysis*, third
#'   edition, chapters 6 and 15.
#' @examples
#' trial <- data.frame(
#'   subject = rep(1:4, each = 3), week = rep(c(0, 8, 26), 4),
#'   held = c(0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1)
#' )
#' fit <- fit_recovery(held ~ week + (1 | subject), trial, family = binomial(), method = "bayes")
#' # the first patient at week 12: probability that the grip holds
#' predict(fit, data.frame(week = 12, subject = 1), type = "response",
#'   interval = "confidence", nodes = 300)
#' # the mean over patients like these
#' predict(fit, data.frame(week = 12), re.form = NA, type = "response", average = TRUE, nodes = 300)
#' simulate(fit, nsim = 2, seed = 1)
#' @seealso [recovery_fit_family_bayes], [interop-posterior] for draws of the parameters.
#' @exportS3Method stats::predict recovery_fit_family_bayes
predict.recovery_fit_family_bayes <- function(object, newdata = NULL, re.form = NULL,
                                              type = c("link", "response", "prob", "class"),
                                              allow.new.levels = FALSE, average = FALSE, se.fit = FALSE,
                                              interval = c("none", "confidence", "prediction"), level = 0.95,
                                              trials = NULL, nodes = 2000, ...) {
  call <- rlang::current_env()
  refuse_foreign(predict_advice, ...)
  family <- object$result$family
  type <- check_predicted(check_option(type, c("link", "response", "prob", "class")), family, call)
  interval <- check_option(interval, c("none", "confidence", "prediction"))
  probs <- c(-1, 1) * check_number(level, min = 0, max = 1, min_open = TRUE, max_open = TRUE) / 2 + 0.5
  check_class_alone(type, interval, se.fit, call)
  score <- interval == "prediction"
  included <- included_terms(object, re.form, call)
  new <- prediction_rows(object, newdata, included, included | average | score, allow.new.levels, FALSE, NULL, call)
  shown <- \(table) with_missing(if (ncol(table) > 1L) table else table[, 1L], new, object, newdata)
  parts <- posterior_parts(object, new, check_count(nodes, min = 100), average || score)
  if (score) {
    n <- simulated_trials(object, new, newdata, trials, call)
    out <- predicted_score(family, parts, n, probs)
    return(if (se.fit) list(fit = shown(out$fit), se.fit = shown(cbind(out$se))) else shown(out$fit))
  }
  out <- posterior_response(object, new, parts, type, if (interval == "confidence") probs)
  if (type == "class") {
    return(most_probable(shown(out$fit), family))
  }
  fit <- if (is.null(out$lwr)) shown(out$fit) else side_by_side(lapply(out[c("fit", "lwr", "upr")], shown))
  if (se.fit) list(fit = fit, se.fit = shown(out$se)) else fit
}

check_class_alone <- function(type, interval, se.fit, call) {
  if (type == "class" && (se.fit || interval != "none")) {
    abort_input(c("The most probable level has no standard deviation and no interval.",
      i = "{.code type = \"prob\"} has those of the levels' probabilities."), call = call)
  }
}

side_by_side <- function(tables) {
  if (is.matrix(tables[[1L]])) return(simplify2array(tables))
  do.call(cbind, tables)
}

# Mixtures over the posterior ----------------------------------------------------------

# Mean, standard deviation and, with `probs`, limits of a predictor or mean score, a column each.
posterior_response <- function(fit, rows, parts, type, probs) {
  values <- lapply(parts$at, \(part) response_of(fit$result$family, part, type))
  weight <- do.call(cbind, Map(\(v, w) w * v$inner, values, parts$weight))
  columns <- lapply(seq_along(values[[1L]]$value), \(j) {
    mixture_of(do.call(cbind, lapply(values, \(v) v$value[[j]])), weight, probs)
  })
  out <- lapply(rlang::set_names(c("fit", "se", "lwr", "upr")), \(part) {
    if (!is.null(columns[[1L]][[part]])) do.call(cbind, lapply(columns, `[[`, part))
  })
  if (type == "link") out$fit <- cbind(exact_predictor(fit, rows))
  named <- if (length(columns) > 1L) fit$result$family$levels
  lapply(out, \(table) if (!is.null(table)) `colnames<-`(table, named))
}

# x'E(beta) + z'E(b): by the posterior means of all nodes.
exact_predictor <- function(fit, rows) {
  effects <- as.matrix(ranef(fit)[[1L]])
  sizes <- lengths(lapply(fit$design$random, `[[`, "columns"))
  own <- split(seq_len(ncol(effects)), rep(seq_along(sizes), sizes))
  rows$offset + mean_of(rows$x, rows$terms, fixef(fit), lapply(own, \(at) effects[, at, drop = FALSE]))
}

# Values of one node, a matrix for each column of the response: means over effects that are not known.
response_of <- function(family, part, type) {
  n <- nrow(part$eta)
  each <- ncol(part$eta) / length(part$unknown)
  table <- if (type == "link") cbind(as.vector(part$eta)) else
    family_response(family, as.vector(part$eta), part$extra)$fit
  value <- lapply(seq_len(ncol(table)), \(j) {
    matrix(matrix(table[, j], n * each, length(part$unknown)) %*% part$unknown, n, each)
  })
  list(value = value, inner = part$inner[, seq_len(each), drop = FALSE] / part$unknown[1L])
}

mixture_of <- function(value, weight, probs) {
  mean <- rowSums(value * weight)
  out <- list(fit = mean, se = sqrt(rowSums(weight * (value - mean)^2)))
  if (!is.null(probs)) {
    limits <- vapply(seq_len(nrow(value)), \(i) weighted_quantiles(value[i, ], weight[i, ], probs), numeric(2))
    out[c("lwr", "upr")] <- list(limits[1L, ], limits[2L, ])
  }
  out
}

# Each value stands for the middle of its weight; straight between them.
weighted_quantiles <- function(value, weight, probs) {
  by <- order(value)
  by <- by[weight[by] > 0]
  place <- cumsum(weight[by]) - weight[by] / 2
  if (length(by) == 1L) rep(value[by], length(probs)) else
    stats::approx(place / sum(weight), value[by], probs, rule = 2, ties = "ordered")$y
}

# Scores ---------------------------------------------------------------------------------

# Mean and variance of the posterior predictive distribution of each row's score.
predictive_moments <- function(family, parts, n) {
  out <- over_posterior(parts, \(part, places) {
    moments <- score_moments(family, rep(n, places), as.vector(part$eta), part$extra)
    list(mean = moments$mean, square = moments$variance + moments$mean^2)
  })
  list(mean = out$mean, variance = pmax(out$square - out$mean^2, 0))
}

# Probabilities below, at and above a score for each row.
predictive_law <- function(family, parts, score) {
  over_posterior(parts, \(part, places) {
    score_law(family, score[rep(seq_len(nrow(score)), places), , drop = FALSE], as.vector(part$eta), part$extra)
  })
}

# Mean of a score, standard deviation and limits, in the unit of a response.
predicted_score <- function(family, parts, n, probs) {
  if (length(n) == 0L) {
    return(list(fit = matrix(0, 0L, 3L, dimnames = list(NULL, c("fit", "lwr", "upr"))), se = numeric()))
  }
  moments <- predictive_moments(family, parts, n)
  limits <- switch(family$name, poisson = count_limits(family, parts, moments, probs),
    censored = censored_limits(family, parts, probs), table_limits(family, parts, n, probs))
  list(fit = cbind(fit = moments$mean, lwr = limits[, 1L], upr = limits[, 2L]), se = sqrt(moments$variance))
}

# Smallest scores that have at least this probability at or below them, from the table of all scores.
table_limits <- function(family, parts, n, probs) {
  table <- over_posterior(parts, \(part, places) {
    as.list(as.data.frame(score_table(family, rep(n, places), as.vector(part$eta), part$extra)))
  })
  reached <- t(apply(do.call(cbind, table), 1L, cumsum))
  first <- if (family$name == "cumulative") 1 else 0
  unit <- if (family$name == "binomial" || family$name == "beta_binomial" && is.null(family$size)) n else 1
  matrix(vapply(probs, \(p) (rowSums(reached < p - 1e-12) + first) / unit, n + 0), length(n))
}

# Of counts, which have no end: by halving.
count_limits <- function(family, parts, moments, probs) {
  reached <- \(y) {
    law <- predictive_law(family, parts, cbind(y))
    law$below + law$equal
  }
  limits <- vapply(probs, \(p) {
    low <- rep(-1, length(moments$mean))
    high <- ceiling(moments$mean + 10 * sqrt(moments$variance) + 10)
    while (any(short <- reached(high) < p)) high[short] <- 2 * high[short]
    while (any(high - low > 1)) {
      middle <- floor((low + high) / 2)
      enough <- reached(middle) >= p
      low <- ifelse(enough, low, middle)
      high <- ifelse(enough, middle, high)
    }
    high
  }, moments$mean)
  matrix(limits, length(moments$mean))
}

# Of a censored score the limit of the normal mixture behind it, kept to floor and ceiling.
censored_limits <- function(family, parts, probs) {
  sigma <- unlist(lapply(parts$at, \(part) rep(exp(part$extra[[1L]]), ncol(part$eta))))
  eta <- do.call(cbind, lapply(parts$at, `[[`, "eta"))
  weight <- do.call(cbind, Map(\(part, w) w * part$inner, parts$at, parts$weight))
  limits <- vapply(seq_len(nrow(eta)), \(i) {
    some <- weight[i, ] > 0
    mixture_quantiles(weight[i, some], eta[i, some], sigma[some], probs)
  }, numeric(length(probs)))
  pmin(pmax(matrix(t(limits), nrow(eta)), family$lower), family$upper)
}

#' @rdname predict.recovery_fit_family_bayes
#' @exportS3Method stats::fitted recovery_fit_family_bayes
fitted.recovery_fit_family_bayes <- function(object, ...) fitted.recovery_fit_family(object, ...)

#' @rdname predict.recovery_fit_family_bayes
#' @exportS3Method stats::residuals recovery_fit_family_bayes
residuals.recovery_fit_family_bayes <- function(object, type = c("response", "pearson", "quantile"), re.form = NULL,
                                                seed = NULL, nodes = 2000, ...) {
  call <- rlang::current_env()
  type <- check_option(type, c("response", "pearson", "quantile"))
  included <- included_terms(object, re.form, call)
  rows <- prediction_rows(object, NULL, included, rep(TRUE, length(included)), FALSE, FALSE, NULL, call)
  parts <- posterior_parts(object, rows, check_count(nodes, min = 100))
  family <- object$result$family
  score <- object$result$problem$family$score
  out <- if (type == "quantile") {
    randomised_residuals(predictive_law(family, parts, score), draw_seed(seed))
  } else {
    moment_residuals(observed_response(family, score), predictive_moments(family, parts, row_trials(object)), type)
  }
  stats::naresid(attr(object$frame, "na.action"), rlang::set_names(out, rownames(object$frame)))
}
