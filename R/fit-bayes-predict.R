# What a posterior of normal scores says of courses and scores: at each node of the integration a normal distribution,
# over all of them a mixture with exact moments and quantiles.

#' Predictions from an exact posterior
#'
#' @description
#' `predict()` gives the posterior mean of what is predicted, its standard deviation and its interval, for patients
#' who were fitted and for new ones; `fitted()` the courses of the rows fitted; `residuals()` scores less these;
#' `simulate()` draws of the posterior predictive distribution.
#'
#' @details
#' Given the variances \eqn{\theta_k} of a node of the integration, coefficients and random effects are jointly
#' normal, so that what is predicted, \eqn{t = x_0'\beta + z_0'b} (`interval = "confidence"`) or with a residual
#' beside it (`"prediction"`), has mean and variance
#' \deqn{m_k = x_0'\hat\beta_k + c'V^{-1}(y - X\hat\beta_k), \qquad
#'   v_k = T - c'V^{-1}c + l'C_k l, \qquad l = x_0 - X'V^{-1}c,}
#' with \eqn{T} and \eqn{c} as in [predict.recovery_fit] and \eqn{\hat\beta_k, C_k} the posterior moments of the
#' coefficients at that node. The posterior of \eqn{t} is the mixture \eqn{\sum_k w_k N(m_k, v_k)}; its mean, standard
#' deviation and equal-tailed quantiles are taken from it with no draws. Uncertainty of the variances is in it, so
#' that there are no degrees of freedom. Means, and intervals of a course without random effects, are those of all
#' nodes. Else, where the integration has more than `nodes`, standard deviations and intervals rest on as many, taken at
#' even steps of the weight along its lattices: with 2000, limits are off by some hundredths of a standard deviation.
#'
#' Rows of a `plateau()` are those of each \eqn{\kappa_k}. Beside a residual covariance over visits a score
#' (`"prediction"`) is predicted from the subject's scores at other visits too, its mean from as many nodes as its
#' interval; a visit that was seen is known.
#'
#' `simulate()` draws coefficients and variances from the posterior, anew for each column, then random effects and
#' scores: columns differ by what is not known of the model too, unlike those of [simulate.recovery_fit].
#'
#' @inheritParams predict.recovery_fit
#' @inheritParams simulate.recovery_fit
#' @param object a `recovery_fit` by [method_bayes()].
#' @param level (number in (0, 1)) posterior probability of the interval, equal-tailed.
#' @param se.fit (logical) posterior standard deviations too.
#' @param nodes (count) most nodes of the integration that standard deviations and intervals rest on.
#' @param re.form as in [predict.recovery_fit]; for `simulate()` as in [simulate.recovery_fit], the effects that are
#'   kept being drawn from their posterior.
#' @param type (string) `"response"`: score less the posterior mean of its course; `"pearson"`: the same divided by
#'   the posterior mean of \eqn{\sigma/\sqrt{w}}; `"marginal"`: score less the mean of all.
#' @return `predict()`: as from [predict.recovery_fit], in units of the score; with `se.fit` a list of `fit` and
#'   `se.fit`. `residuals()`, `fitted()`: numeric, one per row. `simulate()`: data frame as from
#'   [simulate.recovery_fit].
#' @section Conditions: `cordgain_invalid_input`, as in [predict.recovery_fit], and for `nodes` that are not a whole
#'   number of at least 100.
#' @references Gelman A, Carlin JB, Stern HS, Dunson DB, Vehtari A, Rubin DB (2013). *Bayesian data analysis*, third
#'   edition, chapters 6 and 15.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' fit <- fit_recovery(score ~ week + (1 | subject), trial, method = "bayes")
#' predict(fit, data.frame(week = 12, subject = 1), interval = "prediction")
#' # a score of a patient who was not in the trial
#' predict(fit, data.frame(week = 12), re.form = NA, interval = "prediction")
#' simulate(fit, nsim = 2, seed = 1)
#' @seealso [recovery_fit_bayes], [interop-posterior] for draws of the parameters.
#' @exportS3Method stats::predict recovery_fit_bayes
predict.recovery_fit_bayes <- function(object, newdata = NULL, re.form = NULL, allow.new.levels = FALSE,
                                       se.fit = FALSE, interval = c("none", "confidence", "prediction"),
                                       level = 0.95, weights = NULL, nodes = 2000, ...) {
  call <- rlang::current_env()
  refuse_foreign(predict_advice, ...)
  interval <- check_option(interval, c("none", "confidence", "prediction"))
  level <- check_number(level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  included <- included_terms(object, re.form, call)
  score <- interval == "prediction"
  visits <- score && length(object$design$residual) > 0L
  rows_at <- \(fit) prediction_rows(fit, newdata, included, included | score, allow.new.levels, visits, weights, call)
  new <- rows_at(object)
  shown <- \(values) with_missing(values, new, object, newdata)
  if (interval == "none" && !se.fit) {
    return(shown(posterior_course(object, rows_at, included)))
  }
  most <- check_count(nodes, min = 100)
  mixture <- if (score || any(included)) predicted_mixture(object, rows_at, score, most) else
    population_mixture(object, rows_at)
  # Scores at other visits say more of a score than of its course.
  fit <- if (visits) drop(mixture$weight %*% mixture$mean) else posterior_course(object, rows_at, included)
  se <- sqrt(pmax(drop(mixture$weight %*% (mixture$variance + sweep(mixture$mean, 2L, fit)^2)), 0))
  if (interval != "none") fit <- cbind(fit = fit, mixture_limits(mixture, level))
  if (se.fit) list(fit = shown(fit), se.fit = shown(se)) else shown(fit)
}

# Equal-tailed limits of each row's mixture.
mixture_limits <- function(mixture, level) {
  probs <- c(1 - level, 1 + level) / 2
  rows <- vapply(seq_len(ncol(mixture$mean)), \(i) {
    mixture_quantiles(mixture$weight, mixture$mean[, i], sqrt(mixture$variance[, i]), probs)
  }, numeric(2))
  matrix(t(rows), ncol = 2L, dimnames = list(NULL, c("lwr", "upr")))
}

# Posterior means of x'beta + z'b: over all nodes.
posterior_course <- function(fit, rows_at, included) {
  if (!has_kappa(fit$result)) {
    new <- rows_at(fit)
    effects <- if (any(included)) lapply(ranef(fit), as.matrix) else list()
    return(new$offset + mean_of(new$x, new$terms[seq_along(effects)], fixef(fit), effects))
  }
  each <- lapply(kappa_fits(fit), \(group) {
    new <- rows_at(group$fit)
    at <- kappa_means(fit, group, any(included))
    if (at$weight == 0) 0 else
      at$weight * (new$offset + mean_of(new$x, new$terms[seq_along(at$effects)], at$coefficients, at$effects))
  })
  Reduce(`+`, each)
}

# The mixture of a course without random effects, a linear function of the coefficients: over all nodes.
population_mixture <- function(fit, rows_at) {
  post <- fit$result
  n <- rows_at(fit)$n
  used <- even_nodes(post$weight, max(2000, 2e7 / n)) # 320 MB
  mean <- variance <- matrix(0, length(used$node), n)
  for (group in kappa_fits(fit)) {
    mine <- used$node %in% group$node
    at <- used$node[mine]
    new <- rows_at(group$fit)
    mean[mine, ] <- t(new$offset + new$x %*% post$mean[, at, drop = FALSE])
    variance[mine, ] <- t(packed_products(new$x) %*% post$covariance[, at, drop = FALSE])
  }
  list(weight = used$weight, mean = mean, variance = variance)
}

# Weight, and mean and variance (nodes in rows, predicted rows in columns) of what is predicted. `rows_at`: rows to be
# predicted of a fit, which those of a plateau are anew at each kappa.
predicted_mixture <- function(fit, rows_at, score, most) {
  used <- even_nodes(fit$result$weight, most)
  nodes <- vector("list", length(used$node))
  for (group in kappa_fits(fit)) {
    mine <- which(used$node %in% group$node)
    if (length(mine) == 0L) next
    new <- rows_at(group$fit)
    blocks <- informing_blocks(group$fit, new)
    nodes[mine] <- lapply(used$node[mine], \(k) predicted_at(fit, k, blocks, new, score))
  }
  table <- \(part) do.call(rbind, lapply(nodes, `[[`, part))
  list(weight = used$weight, mean = table("mean"), variance = table("variance"))
}

predicted_at <- function(fit, k, blocks, new, score) {
  post <- fit$result
  parts <- drawn_parts(fit, post$values[, k])
  at <- normal_given(blocks, new, parts, post$mean[, k], score = score)
  spread <- unpack_symmetric(post$covariance[, k], rownames(post$mean))
  own <- own_variance(new, parts) + if (score) one_residual(parts) / new$weight else 0
  left <- own - at$known + rowSums((at$slope %*% spread) * at$slope)
  list(mean = at$mean, variance = pmax(left, 1e-14 * own)) # a visit that was seen is known
}

# The variance of a residual, of all visits.
one_residual <- function(parts) if (is.list(parts$residual)) parts$residual[[1L]][1L] else parts$residual

# All nodes, or as many as asked at even steps of the weight gathered along the lattice.
even_nodes <- function(weight, most) {
  weight <- weight / sum(weight)
  if (length(weight) <= most) {
    return(list(node = seq_along(weight), weight = weight))
  }
  node <- findInterval((seq_len(most) - 0.5) / most, cumsum(weight)) + 1L
  list(node = unique(node), weight = tabulate(match(node, unique(node))) / most)
}

# The blocks of rows whose scores say something of the rows to be predicted.
informing_blocks <- function(fit, new) {
  if (all(vapply(new$terms, \(term) all(is.na(term$level)), TRUE)) && all(is.na(new$subject))) {
    return(list())
  }
  y <- net_score(fit$design)
  known <- \(rows) any(as.logical(mapply(\(own, asked) any(own$level %in% asked$level), rows$terms, new$terms)),
    rows$subject %in% new$subject)
  rows <- lapply(split(seq_along(y), block_of_rows(fit$design)), \(at) c(fitted_rows(fit, at), list(y = y[at])))
  Filter(known, rows)
}

# Given variances and coefficients: the mean of what is predicted, what the scores explain of its variance (`known`),
# and its slope in the coefficients. With `joint`, the covariance that is left between rows by their known effects.
normal_given <- function(blocks, new, parts, beta, joint = FALSE, score = FALSE) {
  out <- list(mean = new$offset + drop(new$x %*% beta), known = numeric(new$n), slope = new$x)
  if (joint) out$left <- effects_covariance(new, new, parts)
  for (rows in blocks) {
    shared <- effects_covariance(rows, new, parts)
    if (score && is.list(parts$residual)) shared <- shared + visits_covariance(rows, new, parts)
    weight <- solve_positive(rows_covariance(rows, parts), shared)
    out$mean <- out$mean + drop(crossprod(weight, rows$y - drop(rows$x %*% beta)))
    out$known <- out$known + colSums(shared * weight)
    out$slope <- out$slope - crossprod(weight, rows$x)
    if (joint) out$left <- out$left - crossprod(shared, weight)
  }
  out
}

solve_positive <- function(v, b) {
  root <- chol(v)
  backsolve(root, backsolve(root, b, transpose = TRUE))
}

# z'Dz of each row, over all terms.
own_variance <- function(rows, parts) {
  each <- Map(\(term, d) rowSums((term$z %*% d) * term$z), rows$terms, parts$effects)
  Reduce(`+`, each, numeric(rows$n))
}

#' @rdname predict.recovery_fit_bayes
#' @exportS3Method stats::fitted recovery_fit_bayes
fitted.recovery_fit_bayes <- function(object, ...) {
  refuse_foreign(fitted_advice, ...)
  stats::predict(object)
}

#' @rdname predict.recovery_fit_bayes
#' @exportS3Method stats::residuals recovery_fit_bayes
residuals.recovery_fit_bayes <- function(object, type = c("response", "pearson", "marginal"), ...) {
  refuse_foreign(residual_advice, ...)
  type <- check_option(type, c("response", "pearson", "marginal"))
  fitted <- stats::predict(object, re.form = if (type == "marginal") NA)
  all <- stats::naresid(attr(object$frame, "na.action"), object$design$y)
  out <- all - fitted
  if (type == "pearson") out <- out * sqrt(stats::weights(object)) / stats::sigma(object)
  rlang::set_names(out, names(fitted))
}

#' @rdname predict.recovery_fit_bayes
#' @exportS3Method stats::simulate recovery_fit_bayes
simulate.recovery_fit_bayes <- function(object, nsim = 1, seed = NULL, re.form = NA, newdata = NULL,
                                        allow.new.levels = FALSE, weights = NULL, ...) {
  call <- rlang::current_env()
  refuse_foreign(simulate_advice, ...)
  nsim <- check_count(nsim, min = 1)
  seed <- draw_seed(seed)
  rows <- simulated_rows(object, newdata, re.form, allow.new.levels, weights, call)
  draws <- posterior_draws(object, nsim, seed, smooth = !has_kappa(object$result))
  rows_of <- simulated_at(object, \(fit) simulated_rows(fit, newdata, re.form, allow.new.levels, weights, call), draws)
  p <- nrow(object$result$mean)
  draw <- \(k) {
    own <- rows_of(k)
    parts <- drawn_parts(object, draws[k, -seq_len(p)])
    at <- normal_given(own$blocks, own$rows, parts, draws[k, seq_len(p)], joint = TRUE)
    kept <- if (length(own$blocks) > 0L) drop(draw_normal(1L, at$left)) else 0
    at$mean + kept + draw_effects(object, own$rows, parts$effects) + draw_residuals(object, own$rows, parts$residual)
  }
  values <- with_stream(seed, vapply(seq_len(nsim), draw, numeric(rows$n)))
  values <- matrix(values, rows$n, nsim, dimnames = list(NULL, paste0("sim_", seq_len(nsim))))
  structure(as.data.frame(with_missing(values, rows, object, newdata)), seed = seed)
}

# The rows that draw k is simulated for, and the blocks that inform them: those of its kappa.
simulated_at <- function(fit, rows_at, draws) {
  groups <- kappa_fits(fit)
  which <- if (has_kappa(fit$result)) match(draws[, "kappa"], vapply(groups, `[[`, 0, "kappa")) else
    rep(1L, nrow(draws))
  made <- lapply(seq_along(groups), \(g) if (g %in% which) {
    rows <- rows_at(groups[[g]]$fit)
    list(rows = rows, blocks = informing_blocks(groups[[g]]$fit, rows))
  })
  \(k) made[[which[k]]]
}
