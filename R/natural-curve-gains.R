# Gains between two weeks of a natural course: their mean, their covariance between patients, and the
# directions in which their shared mean is uncertain.

# A fit is one course; plateau() by Bayes is one at each kappa of the posterior, with its probability, the `weight`.
# @return list of parts: `fit`, `weight`, `coefficients` and their `covariance`, and course_variances().
fit_courses <- function(fit) {
  if (!inherits(fit, "recovery_fit_bayes_plateau")) {
    covariance <- if (is.null(fit$plateau)) stats::vcov(fit) else fit$result$vcov # kappa adds a direction of its own
    return(list(c(list(fit = fit, weight = 1, coefficients = nlme::fixef(fit), covariance = covariance),
      course_variances(fit))))
  }
  post <- fit$result
  groups <- Filter(\(group) sum(post$weight[group$node]) > 0, kappa_fits(fit))
  lapply(groups, \(group) {
    mean <- kappa_means(fit, group, FALSE)
    share <- post$weight[group$node] / mean$weight
    away <- post$mean[, group$node, drop = FALSE] - mean$coefficients
    given <- unpack_symmetric(drop(post$covariance[, group$node, drop = FALSE] %*% share), rownames(post$mean))
    c(list(fit = group$fit, weight = mean$weight / sum(post$weight), coefficients = mean$coefficients,
      covariance = given + away %*% (share * t(away))), course_variances(fit, group$node))
  })
}

# Covariances of the random `effects`, a block each, and the `residual` variance: estimates, or posterior means over
# these nodes.
course_variances <- function(fit, node = seq_along(fit$result$weight)) {
  if (inherits(fit, "recovery_fit_reml")) {
    return(list(effects = effect_covariances(fit), residual = residual_variance(fit)[1]))
  }
  post <- fit$result
  weight <- post$weight[node] / sum(post$weight[node])
  row <- \(place) post$values[place + 1L, node]
  effects <- lapply(seq_along(fit$design$random), \(i) {
    at <- post$layout$blocks[i, ]
    if (at[2L] < 0L) {
      return(matrix(sum(weight * row(at[1L])^2)))
    }
    shared <- sum(weight * row(at[1L]) * row(at[2L]) * row(at[3L]))
    matrix(c(sum(weight * row(at[1L])^2), shared, shared, sum(weight * row(at[2L])^2)), 2L)
  })
  list(effects = effects, residual = sum(weight * row(post$layout$sigma)^2))
}

# What integration over a posterior leaves of the means and standard deviations of a course, in standard deviations;
# none of another fit, or of published means.
curve_error <- function(x) {
  if (x$kind != "fit" || !inherits(x$fit, "recovery_fit_bayes")) {
    return(0)
  }
  max(0, vapply(x$fit$result[c("coefficients", "hyper")], \(m) max(0, (m$error / m$sd)[m$sd > 0]), 0))
}

# Whether a person has said what is known of the covariance: priors of all its standard deviations, not the defaults.
has_variance_priors <- function(fit) {
  given <- fit$method$prior
  !is.null(given$sigma) && (is_prior(given$sd) || length(given$sd) > 0L &&
    all(effect_columns(fit$design) %in% names(given$sd)))
}

# The rows of a new patient of the curve's fit at weeks s.
new_patient_rows <- function(x, s, call, fit = x$fit) {
  new <- data.frame(s)
  names(new) <- x$time
  if (!is.null(x$at)) new <- cbind(new, x$at[rep(1L, length(s)), setdiff(names(x$at), x$time), drop = FALSE])
  none <- rep(FALSE, length(fit$design$random))
  prediction_rows(fit, new, none, !none, TRUE, FALSE, NULL, call)
}

# The course at weeks s: `mean` of the scores, turned where lower is better, covariance between patients (`own`), and
# `slopes` of the mean in what is shared: the covariance of the mean at two weeks is the product of their rows. They are
# taken on what is uncertain, not on these weeks: patients of other weeks share it.
fitted_course <- function(x, s, call) {
  each <- lapply(x$parts, \(part) part_course(x, part, s, call))
  weight <- vapply(x$parts, `[[`, 0, "weight")
  over <- \(what) Reduce(`+`, Map(\(one, w) w * one[[what]], each, weight))
  mean <- over("mean")
  slopes <- Map(\(one, w) sqrt(w) * cbind(one$slopes, if (length(each) > 1L) one$mean - mean), each, weight)
  list(mean = mean, slopes = unname(do.call(cbind, slopes)), own = unname(over("own")))
}

part_course <- function(x, part, s, call) {
  random <- part$fit$design$random
  rows <- new_patient_rows(x, s, call, part$fit)
  slopes <- list(rows$x %*% root_of(part$covariance), kappa_direction(x, s, rows$x, call))
  own <- diag(part$residual, length(s))
  for (b in seq_along(random)) {
    root <- rows$terms[[b]]$z %*% root_of(part$effects[[b]])
    if (is_own_term(random[[b]], x)) own <- own + tcrossprod(root) else slopes <- c(slopes, list(root))
  }
  list(mean = x$sign * (drop(rows$x %*% part$coefficients) + rows$offset),
    slopes = do.call(cbind, lapply(slopes, as.matrix)), own = as.matrix(own))
}

# The kappa of a fitted plateau: estimate or posterior mean; NULL of another fit.
fit_kappa <- function(fit) {
  if (inherits(fit, "recovery_fit_bayes_plateau")) {
    of <- \(moment) fit$result$hyper[[moment]][["kappa"]]
    return(list(estimate = of("mean"), std.error = of("sd"), error = of("error")))
  }
  if (!is.null(fit$plateau)) {
    kappa <- exp(fit$plateau$log_kappa)
    list(estimate = kappa, std.error = kappa * fit$plateau$log_se, error = kappa * fit$plateau$error)
  }
}

# SD of log kappa times the derivative of the mean at weeks s in it, to first order: rows of X and coefficients move.
kappa_direction <- function(x, s, rows, call) {
  plateau <- x$fit$plateau
  if (is.null(plateau)) {
    return(matrix(0, length(s), 0L))
  }
  moved <- kappa_difference(lapply(kappa_points(plateau$log_kappa), \(k) {
    x$fit <- with_kappa(x$fit, k)
    new_patient_rows(x, s, call)$x
  }))
  plateau$log_se * (moved %*% nlme::fixef(x$fit) + rows %*% plateau$moved$beta)
}

# Effects of the subject, also nested in a centre, are a patient's own; effects of other groups are shared.
is_own_term <- function(block, x) x$subject %in% all.vars(block$group_expr)

# Gains between weeks: what excess() asks ---------------------------------------------------

# Of a patient examined at week `from` and at weeks s: expected gains and the covariance between patients. `slopes`
# carry the shared uncertainty: the covariance between the gains of patients i and j is slopes_i %*% shared %*%
# t(slopes_j).
curve_gains <- function(x, from, s, call = rlang::caller_env()) {
  out <- if (x$kind == "fit") fit_gains(x, from, s, call) else table_gains(x, from, s, call)
  sd <- x$settings$between_sd
  if (sd > 0) out$slopes <- cbind(out$slopes, sd * out$mean / curve_total(x, call))
  out
}

# The gain at the last visit, which `between_sd` is about. Earlier gains are spread in proportion to it: of a course
# that comes back to where it began, that is many times the SD that was said.
curve_total <- function(x, call) {
  span <- curve_span(x)
  last <- if (x$kind == "fit") fit_gains(x, span[1], span[2], call) else table_gains(x, span[1], span[2], call)
  error <- stats::qnorm(0.975) * sqrt(sum(last$slopes^2))
  largest <- max(abs(course_gains(x, call)))
  if (abs(last$mean) <= error && !(largest <= abs(last$mean) * (1 + 1e-9) && largest > 0)) {
    abort_input(c("{.arg between_sd} is the SD of the gain at the last visit, which cannot be told from 0.",
      x = "The gain from week {signif(span[1], 4)} to {signif(span[2], 4)} is {signif(last$mean, 3)}, give or take
           {signif(error, 3)}; on the way it is up to {signif(largest, 3)}, and the spread would grow with it.",
      i = "Leave {.arg between_sd} out, and ask {.fn tipping} for a bias; or give a curve that ends earlier."
    ), call = call)
  }
  last$mean
}

# Mean gains from the first week to all others.
course_gains <- function(x, call) {
  weeks <- if (x$kind == "fit") x$weeks else c(x$table$from, x$table$rows$week)
  mean <- if (x$kind == "fit") fitted_course(x, weeks, call)$mean else curve_at(x$curve, weeks)
  mean - mean[1]
}

curve_span <- function(x) {
  if (x$kind == "fit") {
    return(range(x$weeks))
  }
  range(c(x$table$from, x$table$rows$week))
}

fit_gains <- function(x, from, s, call) {
  check_span(x, c(from, s), call)
  m <- fitted_course(x, c(from, s), call)
  contrast <- cbind(-1, diag(length(s)))
  list(mean = drop(contrast %*% m$mean), own = contrast %*% m$own %*% t(contrast), slopes = contrast %*% m$slopes)
}

# A root R with R R' = v, for matrices that may be singular.
root_of <- function(v) {
  e <- eigen(as.matrix(v), symmetric = TRUE)
  e$vectors %*% diag(sqrt(pmax(e$values, 0)), nrow(v))
}

table_gains <- function(x, from, s, call) {
  check_span(x, c(from, s), call)
  curve <- x$curve
  contrast <- cbind(-1, diag(length(s)))
  weeks <- c(from, s)
  mean <- drop(contrast %*% curve_at(curve, weeks))
  slopes <- contrast %*% curve_slopes(curve, weeks) %*% root_of(curve$covariance)
  list(mean = mean, own = own_gains(x, from, s, call), slopes = slopes)
}

check_span <- function(x, weeks, call) {
  span <- curve_span(x)
  if (any(weeks < span[1] - 1e-9 | weeks > span[2] + 1e-9)) {
    abort_input(c("The natural curve is known from week {span[1]} to {span[2]}.",
      x = "Asked for week {weeks[weeks < span[1] - 1e-9 | weeks > span[2] + 1e-9]}.",
      i = "A curve is not carried beyond its data."
    ), call = call)
  }
}

# Covariance between patients of the gains from week `from` to weeks s: of the differences of two scores, or, where
# gains were published, of two gains from their common first week.
own_gains <- function(x, from, s, call) {
  if (!is.null(x$own$matrix)) {
    return(known_gains(x, from, s, call))
  }
  r <- x$own$r
  sd <- spread_at(x, s)
  scores <- outer(sd, sd) * (r + (1 - r) * diag(length(s)))
  first <- spread_at(x, from)
  common <- outer(r * sd * first, rep(1, length(s)))
  scores + behind_baseline(x, from) * (first^2 - common - t(common))
}

# SD at any week, of scores or of published gains; beyond the published weeks as at the nearest one.
spread_at <- function(x, s) {
  weeks <- x$table$rows$week
  if (length(weeks) == 1L) rep(x$own$sd, length(s)) else stats::approx(weeks, x$own$sd, s, rule = 2)$y
}

# How much of a score's, or a gain's, spread lies behind the patient at his baseline: all of a score; of a gain none
# at the week from which gains were published, all of it from the first published week on, and between the two
# (where no spread was published) in proportion to the weeks, so that nothing jumps.
behind_baseline <- function(x, from) {
  if (!x$table$gains) {
    return(1)
  }
  min(1, (from - x$table$from) / (x$table$rows$week[1] - x$table$from))
}

# Gains with a given covariance: between published weeks only; from a later one they are differences of two gains.
known_gains <- function(x, from, s, call) {
  weeks <- x$table$rows$week
  at <- match(round(s, 6), round(weeks, 6))
  base <- match(round(from, 6), round(c(x$table$from, weeks), 6))
  if (anyNA(c(at, base))) {
    abort_input(c("The covariance of the gains is known at the published weeks only.",
      x = "Published: from week {x$table$from} to {weeks}; asked for: from {from} to {s}."
    ), call = call)
  }
  v <- rbind(0, cbind(0, x$own$matrix))
  contrast <- diag(length(weeks) + 1L)[at + 1L, , drop = FALSE]
  contrast[, base] <- contrast[, base] - 1
  contrast %*% v %*% t(contrast)
}
