# emmeans: marginal means and their contrasts with Kenward-Roger or
# Satterthwaite degrees of freedom for any linear combination.

#' Marginal means by emmeans
#'
#' @description
#' With these methods, `emmeans::emmeans()`, `emmeans::contrast()` and the like work
#' on a fit: means \eqn{L\hat\beta} over a grid, with the standard errors and degrees
#' of freedom of [linear_test()] for every combination, averages included. There is no
#' limit on the number of rows. A fit of events or counts is tested on the scale of its link, by its normal
#' approximation; of ordered scores ([cumulative()]) also their probabilities;
#' a fit by [method_bayes()] gives emmeans independent draws of its exact posterior, from which it
#' makes medians and highest-density intervals (with coda). `ggeffects::ggemmeans()` comes here too.
#'
#' @param object a `recovery_fit`.
#' @param data,trms,xlev,grid,... as emmeans passes them.
#' @inheritParams linear_test
#' @param mode (string) the same as `ddf`, in emmeans' word; `"asymptotic"` for
#'   infinite degrees of freedom. Of a fit of ordered scores, as for the fits of ordinal: `"latent"`, the mean on the
#'   scale of the link counted from the mean of the (finite) thresholds; `"prob"`, the probability of each level for a
#'   typical patient (random effects zero), in a further factor `level`; `"mean.class"`, the mean number of the level.
#' @param vcov. (matrix, or function of the fit) another covariance of the fixed
#'   effects; the degrees of freedom are then Satterthwaite's.
#' @param draws (whole number) draws of a fit by [method_bayes()].
#' @param seed (whole number or `NULL`) of the draws; `NULL` takes one from R's stream.
#' @return what emmeans asks for: a data set, and a list of the grid's model matrix,
#'   coefficients, covariance and a function for degrees of freedom.
#' @references Searle SR, Speed FM, Milliken GA (1980). Population marginal means in
#'   the linear model. *The American Statistician* 34, 216-221.
#' @examples
#' if (requireNamespace("emmeans", quietly = TRUE)) {
#'   fit <- fit_recovery(extra ~ group + (1 | ID), sleep)
#'   emmeans::emmeans(fit, pairwise ~ group)
#' }
#' @name interop-emmeans
#' @exportS3Method emmeans::recover_data recovery_fit
recover_data.recovery_fit <- function(object, data = NULL, ...) {
  terms <- object$design$fixed_terms
  classes <- attr(attr(object$frame, "terms"), "dataClasses")
  attr(terms, "dataClasses") <- classes[names(classes) %in% variable_names(terms)]
  emmeans::recover_data(object$call, terms, attr(object$frame, "na.action"), data = data, frame = object$frame, ...)
}

#' @rdname interop-emmeans
#' @exportS3Method emmeans::emm_basis recovery_fit
emm_basis.recovery_fit <- function(object, trms, xlev, grid, ddf = NULL, information = c("expected", "observed"),
                                   mode = NULL, vcov. = NULL, ...) {
  information <- match.arg(information)
  asymptotic <- identical(mode, "asymptotic")
  scales <- c("link", "response") # the same for an identity link; ggeffects asks for one of them
  if (!asymptotic && !is.null(mode) && !mode %in% scales) ddf <- mode
  ddf <- match_ddf(object, if (is.null(vcov.)) ddf else "satterthwaite")
  basis <- list(
    X = grid_matrix(object, trms, xlev, grid), bhat = full_coefficients(object), nbasis = null_basis(object),
    V = basis_covariance(object, ddf, information, vcov.), dffun = emmeans_df(ddf, asymptotic),
    dfargs = list(fit = object, ddf = ddf, information = information), misc = list()
  )
  if (is.null(object$plateau) || !is.null(vcov.)) basis else with_kappa_column(basis, object, trms, xlev, grid)
}

# A mean depends on kappa through its row of X as well as through the coefficients: log kappa becomes a coefficient,
# zero at its estimate, whose column is the derivative of the mean at coefficients that stay.
with_kappa_column <- function(basis, fit, trms, xlev, grid) {
  at <- lapply(kappa_points(fit$plateau$log_kappa), \(k) {
    attr(trms, ".Environment") <- plateau_env(environment(fit$formula), k)
    grid_matrix(fit, trms, xlev, grid)[, fit$result$frame$kept, drop = FALSE] %*% fixef(fit)
  })
  basis$X <- cbind(basis$X, "log(kappa)" = drop(kappa_difference(at)))
  basis$bhat <- c(basis$bhat, "log(kappa)" = 0)
  beside <- fit$plateau$slope * fit$plateau$log_se^2
  basis$V <- rbind(cbind(basis$V, beside), c(beside, fit$plateau$log_se^2))
  dimnames(basis$V) <- rep(list(c(names(fixef(fit)), "log(kappa)")), 2)
  if (nrow(basis$nbasis) > 1L) basis$nbasis <- rbind(basis$nbasis, 0)
  basis
}

#' @rdname interop-emmeans
#' @exportS3Method emmeans::emm_basis recovery_fit_family
emm_basis.recovery_fit_family <- function(object, trms, xlev, grid, mode = c("latent", "prob", "mean.class"), ...) {
  if (object$result$family$name == "cumulative") {
    return(ordered_basis(object, grid_matrix(object, trms, xlev, grid), check_option(mode, eval(formals()$mode))))
  }
  list(
    X = grid_matrix(object, trms, xlev, grid), bhat = full_coefficients(object), nbasis = null_basis(object),
    V = stats::vcov(object), dffun = \(k, dfargs) Inf, dfargs = list(),
    misc = emmeans::.std.link.labels(stats::family(object), list())
  )
}

# Ordered scores: their latent mean, linear in the parameters; or probabilities of levels, each a parameter of its own
# whose covariance is the delta method's.
ordered_basis <- function(fit, x, mode) {
  basis <- if (mode == "latent") latent_basis(fit, x) else level_basis(fit, x, mode)
  c(basis, list(dffun = \(k, dfargs) Inf, dfargs = list()))
}

# The mean of x'beta less the thresholds: from the middle of them, which are estimated too.
latent_basis <- function(fit, x) {
  extra <- fit$result$extra
  found <- is.finite(extra)
  middle <- matrix(-1 / sum(found), nrow(x), sum(found), dimnames = list(NULL, names(extra)[found]))
  slopes <- full_coefficients(fit)[-1L]
  kept <- names(slopes)[!is.na(slopes)]
  used <- c(names(extra)[found], kept)
  null <- null_basis(fit)
  if (!anyNA(null)) null <- rbind(matrix(rep(-null[1L, ], each = sum(found)), sum(found)), null[-1L, , drop = FALSE])
  list(X = cbind(middle, x[, -1L, drop = FALSE]), bhat = c(extra[found], slopes), nbasis = null,
    V = stats::vcov(fit, full = TRUE)[used, used, drop = FALSE], misc = list())
}

level_basis <- function(fit, x, mode) {
  kept <- x[, fit$result$frame$kept, drop = FALSE]
  at <- family_response(fit$result$family, drop(kept %*% fixef(fit)), fit$result$extra)
  levels <- fit$result$family$levels
  slopes <- do.call(rbind, lapply(seq_along(levels), \(j) response_slopes(at, kept, j)))
  covariance <- varying_covariance(fit)
  value <- c(at$fit)
  misc <- list(ylevs = list(level = levels))
  if (mode == "mean.class") {
    average <- kronecker(t(seq_along(levels)), diag(nrow(x)))
    value <- drop(average %*% value)
    slopes <- average %*% slopes
    misc <- list()
  }
  list(X = diag(length(value)), bhat = value, nbasis = matrix(NA_real_),
    V = slopes %*% covariance %*% t(slopes), misc = misc)
}

#' @rdname interop-emmeans
#' @exportS3Method emmeans::emm_basis recovery_fit_bayes
emm_basis.recovery_fit_bayes <- function(object, trms, xlev, grid, draws = 4000, seed = NULL, ...) {
  coefficients <- seq_len(nrow(object$result$mean))
  list(
    X = grid_matrix(object, trms, xlev, grid), bhat = full_coefficients(object), nbasis = null_basis(object),
    V = stats::vcov(object), dffun = \(k, dfargs) Inf, dfargs = list(), misc = list(),
    post.beta = unname(posterior_draws(object, draws, draw_seed(seed))[, coefficients, drop = FALSE])
  )
}

grid_matrix <- function(fit, trms, xlev, grid) {
  frame <- stats::model.frame(trms, grid, na.action = stats::na.pass, xlev = xlev)
  stats::model.matrix(trms, frame, contrasts.arg = fit$design$contrasts)
}

# Coefficients of all columns, NA for those left out.
full_coefficients <- function(fit) {
  names <- fit$design$x$names
  out <- stats::setNames(rep(NA_real_, length(names)), names)
  out[fit$result$frame$kept] <- fixef(fit)
  out
}

# Combinations of columns that X cannot tell from zero; emmeans' word for none is a matrix of one NA.
null_basis <- function(fit) {
  if (length(fit$result$frame$kept) == length(fit$design$x$names)) {
    return(matrix(NA_real_))
  }
  parts <- svd(qr.R(qr(columns_at(fit$design$x, seq_len(nobs(fit))))), nu = 0L)
  parts$v[, parts$d <= 1e-9 * parts$d[1], drop = FALSE]
}

basis_covariance <- function(fit, ddf, information, vcov.) {
  if (is.function(vcov.)) {
    return(vcov.(fit))
  }
  if (!is.null(vcov.)) {
    return(vcov.)
  }
  stats::vcov(fit, type = if (ddf == "kenward-roger") ddf else "model", information = information)
}

# emmeans calls this for each combination k, and shows the attribute below its table.
emmeans_df <- function(ddf, asymptotic) {
  out <- if (asymptotic) {
    function(k, dfargs) Inf
  } else {
    # Another package calls this: it must find the function by name.
    function(k, dfargs) {
      k <- k[seq_along(cordgain::fixef(dfargs$fit))] # the rest is kappa
      cordgain::linear_test(dfargs$fit, k, ddf = dfargs$ddf, information = dfargs$information)$df
    }
  }
  structure(out, mesg = if (asymptotic) "asymptotic" else ddf)
}
