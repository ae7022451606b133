# What each subject does to a fit, without fitting again: cross-products of the
# others are those of all less its own.

#' Influence of subjects
#'
#' @description
#' Leaves out each level of a grouping factor in turn. With the variances held,
#' \deqn{\hat\beta_{(i)} = A_{(i)}^{-1} a_{(i)}, \qquad A = X'V^{-1}X,\ a = X'V^{-1}y,}
#' where \eqn{A_{(i)}} and \eqn{a_{(i)}} are the sums of all independent blocks less those
#' that the level is in (whose other rows are added again): this is exact and takes no
#' refit.
#'
#' @details
#' `variances` says what becomes of the variances:
#'
#' * `"fixed"`: held at those of all subjects.
#' * `"one-step"`: one step of Fisher scoring for the likelihood without the subject,
#'   from exact gradient and information, made of the sums of all less its own; in
#'   balanced data it is the whole way. \eqn{\hat\beta_{(i)}} moves with the variances to
#'   first order. A step out of the cone of covariances is cut back to it.
#' * `"refit"`: optimised again from the design matrices that the fit holds. Where the
#'   rest has no maximum, the row is `NA` and `reason` says why.
#'
#' `cooks`: \eqn{(\hat\beta_{(i)}-\hat\beta)'\Phi^{-1}(\hat\beta_{(i)}-\hat\beta)/p}.
#' `dfbetas`: the change divided by the standard error \eqn{\sqrt{\Phi_{jj}}} of all
#' subjects. With four subjects each of them is influential; what the numbers say is
#' whether the answer rests on one.
#'
#' `hatvalues()` are the derivatives of fitted values (random effects predicted) in
#' their own scores; `cooks.distance()` of a fit is by row, as lme4 has it; of an
#' influence, by subject.
#'
#' @param model a `recovery_fit`.
#' @param groups (string) the grouping factor to leave out by level; by default the one
#'   with the fewest levels, or the subjects of a residual covariance.
#' @param variances (string) see Details.
#' @param x,... unused, for methods.
#' @return `influence()`: list of class `recovery_influence` with `level`, and by level
#'   `coefficients` (matrix, units of the score), `dfbetas` (matrix), `cooks`, `gamma`
#'   (variances and covariances, matrix), `reason`; `tidy()` makes it a data frame of
#'   `level`, `term`, `estimate` (without the level), `dfbeta`, `dfbetas`, `cooks`.
#' @section Conditions: `cordgain_invalid_input` for a factor that is not in the fit.
#' @references Christensen R, Pearson LM, Johnson W (1992). Case-deletion diagnostics for mixed
#'   models. *Technometrics* 34, 38-45.
#'
#'   Demidenko E, Stukel TA (2005). Influence analysis for linear mixed-effects models.
#'   *Statistics in Medicine* 24, 893-909.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' influence(fit_recovery(score ~ week + (1 | subject), trial))
#' @name influence.recovery_fit
#' @exportS3Method stats::influence recovery_fit_reml
influence.recovery_fit_reml <- function(model, groups = NULL, variances = c("fixed", "one-step", "refit"), ...) {
  variances <- check_option(variances, c("fixed", "one-step", "refit"))
  by <- deletion_levels(model, groups, rlang::current_env())
  found <- switch(variances,
    refit = lapply(by$rows, refit_without, fit = model),
    delete_levels(model, by$rows, step = variances == "one-step")
  )
  new_influence(model, by, found, variances)
}

# The rows of each level of the factor to be left out.
deletion_levels <- function(fit, groups, call) {
  random <- fit$design$random
  names <- vapply(random, `[[`, "", "group")
  factors <- stats::setNames(lapply(random, \(block) list(level = block$level, labels = block$labels)), names)
  pattern <- fit$design$residual
  if (!is.null(pattern$subjects)) {
    subject <- deparse1(fit$split$residual$group)
    factors[[subject]] <- list(level = pattern$subject, labels = pattern$subjects)
  }
  if (length(factors) == 0L) {
    abort_input("The fit has no grouping factor whose levels could be left out.", call = call)
  }
  if (is.null(groups)) groups <- names(factors)[which.min(lengths(lapply(factors, `[[`, "labels")))]
  groups <- check_choice(groups, unique(names(factors)), "groups", call = call)
  chosen <- factors[[groups]]
  rows <- unname(split(seq_along(chosen$level), chosen$level))
  list(groups = groups, level = as.character(chosen$labels), rows = rows)
}

# With variances held, or moved by one step.
delete_levels <- function(fit, levels, step) {
  block <- block_of_rows(fit$design)
  state <- list(fit = fit, parts = fitted_parts(fit), directions = if (step) direction_parts(fit) else list())
  members <- split(seq_along(block), block)
  own <- lapply(members, row_moments, state = state)
  all <- Reduce(add_moments, own)
  lapply(levels, \(rows) {
    touched <- as.character(unique(block[rows]))
    left <- Reduce(subtract_moments, own[touched], all)
    rest <- setdiff(unlist(members[touched]), rows)
    if (length(rest) > 0L) left <- add_moments(left, row_moments(rest, state))
    if (step) scoring_step(fit, left) else list(beta = solve_moments(left), gamma = unname(fit$result$gamma))
  })
}

# W'V^-1 W of some rows, W = (X, y); along directions also -W'V^-1 V_a V^-1 W, its second derivatives and the traces.
row_moments <- function(rows, state) {
  fit <- state$fit
  part <- fitted_rows(fit, rows)
  w <- cbind(part$x, net_score(fit$design)[rows])
  inverse <- chol2inv(chol(rows_covariance(part, state$parts)))
  solved <- inverse %*% w
  out <- list(cross = crossprod(w, solved))
  if (length(state$directions) == 0L) {
    return(out)
  }
  moved <- lapply(state$directions, rows_covariance, rows = part)
  spread <- lapply(moved, \(v) inverse %*% v)
  pairs <- lower_pairs(length(moved))
  out$slope <- lapply(moved, \(v) -crossprod(solved, v %*% solved))
  out$curve <- Map(\(i, j) {
    q <- crossprod(solved, moved[[i]] %*% inverse %*% moved[[j]] %*% solved)
    (q + t(q)) / 2
  }, pairs$row, pairs$col)
  out$trace <- lapply(spread, \(s) sum(diag(s)))
  out$trace2 <- Map(\(i, j) sum(spread[[i]] * t(spread[[j]])), pairs$row, pairs$col)
  out
}

add_moments <- function(a, b) combine_moments(a, b, `+`)
subtract_moments <- function(a, b) combine_moments(a, b, `-`)

combine_moments <- function(a, b, how) {
  Map(\(x, y) if (is.list(x)) Map(how, x, y) else how(x, y), a, b)
}

# beta of moments; NA for what the rest does not identify.
solve_moments <- function(moments) {
  p <- ncol(moments$cross) - 1L
  out <- tryCatch(solve(moments$cross[seq_len(p), seq_len(p)], moments$cross[seq_len(p), p + 1L]),
    error = \(e) rep(NA_real_, p))
  unname(out)
}

# One step of Fisher scoring for the deviance, in the free directions of the fit.
scoring_step <- function(fit, moments) {
  beta <- solve_moments(moments)
  p <- length(beta)
  x <- seq_len(p)
  phi <- tryCatch(solve(moments$cross[x, x, drop = FALSE]), error = \(e) NULL)
  if (is.null(phi)) {
    return(list(beta = beta, gamma = rep(NA_real_, length(fit$result$gamma))))
  }
  c <- c(-beta, 1)
  weight <- if (fit$method$name == "reml") 1 else 0 # terms of log|X'V^-1X|
  spread <- lapply(moments$slope, \(s) phi %*% s[x, x, drop = FALSE])
  gradient <- unlist(moments$trace) + vapply(moments$slope, \(s) sum(c * (s %*% c)), 1) +
    weight * vapply(spread, \(s) sum(diag(s)), 1)
  pairs <- lower_pairs(length(spread))
  information <- unlist(Map(\(i, j, q, trace2) {
    trace2 + weight * (sum(spread[[i]] * t(spread[[j]])) - 2 * sum(phi * q[x, x]))
  }, pairs$row, pairs$col, moments$curve, moments$trace2))
  inverse <- inverse_information(unpack_symmetric(information, as.character(seq_along(spread))))
  step <- -drop(inverse %*% gradient)
  gamma <- unname(fit$result$gamma) + drop(fit$result$to_user %*% fit$result$inference$directions %*% step)
  moved <- vapply(moments$slope, \(s) drop(s %*% c)[x], numeric(p))
  list(beta = beta + drop(phi %*% (matrix(moved, p) %*% step)), gamma = inside_cone(fit, gamma))
}

# The nearest variances that are covariances.
inside_cone <- function(fit, gamma) {
  parts <- variance_parts(fit, gamma)
  clip <- \(m) {
    e <- eigen(m, symmetric = TRUE)
    out <- e$vectors %*% (pmax(e$values, 0) * t(e$vectors))
    pack_symmetric(out)
  }
  residual <- parts$residual
  c(
    unlist(lapply(parts$effects, clip)),
    if (is.list(residual)) unlist(lapply(residual, clip)) else max(residual, 0)
  )
}

refit_without <- function(rows, fit) {
  tryCatch(
    {
      found <- fit_with(fit$method, subset_design(fit$design, setdiff(seq_along(fit$design$y), rows)), NULL)
      beta <- found$coefficients[match(names(fixef(fit)), names(found$coefficients))]
      list(beta = unname(beta), gamma = unname(found$gamma))
    },
    cordgain_error = \(e) {
      list(beta = rep(NA_real_, length(fixef(fit))), gamma = rep(NA_real_, length(fit$result$gamma)),
        reason = cli::ansi_strip(conditionMessage(e)))
    }
  )
}

# A design with some of its rows; levels that no row has are dropped, visits stay.
subset_design <- function(design, keep) {
  renumber <- \(level) match(level, sort(unique(level))) - 1L
  design$x <- keep_rows(design$x, keep)
  design$y <- design$y[keep]
  for (name in c("weights", "offset")) if (length(design[[name]]) > 0L) design[[name]] <- design[[name]][keep]
  design$random <- lapply(design$random, \(block) {
    block$z <- keep_rows(block$z, keep)
    level <- block$level[keep]
    block$labels <- block$labels[sort(unique(level)) + 1L]
    block$level <- renumber(level)
    block
  })
  if (length(design$residual) > 0L) {
    for (name in c("subject", "visit", "group")) design$residual[[name]] <- design$residual[[name]][keep]
    present <- sort(unique(design$residual$subject))
    design$residual$subjects <- design$residual$subjects[present + 1L]
    design$residual$subject <- renumber(design$residual$subject)
    design$residual$n_subjects <- length(present)
  }
  design
}

# The class -------------------------------------------------------------------------

new_influence <- function(fit, by, found, variances) {
  table <- \(part, names) {
    matrix(unlist(lapply(found, `[[`, part)), length(found), length(names), byrow = TRUE,
      dimnames = list(by$level, names))
  }
  beta <- fixef(fit)
  coefficients <- table("beta", names(beta))
  change <- sweep(coefficients, 2, beta)
  phi <- fit$result$vcov
  structure(list(
    groups = by$groups, level = by$level, variances = variances, coefficients = coefficients,
    dfbeta = -change, dfbetas = -sweep(change, 2, sqrt(diag(phi)), `/`),
    cooks = stats::setNames(rowSums((change %*% solve(phi)) * change) / length(beta), by$level),
    gamma = table("gamma", names(fit$result$gamma)),
    reason = vapply(found, \(one) if (is.null(one$reason)) NA_character_ else one$reason, "")
  ), class = "recovery_influence")
}

#' @rdname influence.recovery_fit
#' @exportS3Method generics::tidy recovery_influence
tidy.recovery_influence <- function(x, ...) {
  p <- ncol(x$coefficients)
  data.frame(
    level = rep(x$level, p), term = rep(colnames(x$coefficients), each = length(x$level)),
    estimate = c(x$coefficients), dfbeta = c(x$dfbeta), dfbetas = c(x$dfbetas), cooks = rep(unname(x$cooks), p)
  )
}

#' @export
summary.recovery_influence <- function(object, ...) tidy.recovery_influence(object)

#' @export
print.recovery_influence <- function(x, digits = max(3L, getOption("digits") - 3L), ...) {
  words <- c(fixed = "variances held", "one-step" = "variances moved by one step of scoring", refit = "optimised again")
  cat("Fixed effects without each level of ", x$groups, " (", words[[x$variances]], ")\n", sep = "")
  print(cbind(x$coefficients, "Cook's distance" = x$cooks), digits = digits)
  failed <- which(!is.na(x$reason))
  cat(sprintf("Without %s: %s\n", x$level[failed], x$reason[failed]), sep = "")
  invisible(x)
}

#' @rdname influence.recovery_fit
#' @exportS3Method stats::cooks.distance recovery_influence
cooks.distance.recovery_influence <- function(model, ...) model$cooks

#' @rdname influence.recovery_fit
#' @exportS3Method stats::dfbeta recovery_influence
dfbeta.recovery_influence <- function(model, ...) model$dfbeta

#' @rdname influence.recovery_fit
#' @exportS3Method stats::dfbetas recovery_influence
dfbetas.recovery_influence <- function(model, ...) model$dfbetas
