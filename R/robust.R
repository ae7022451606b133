# Cluster-robust inference: valid when the fitted covariance is wrong, provided
# that there are enough clusters.

#' Cluster-robust tests of fixed effects
#'
#' @description
#' The sandwich \eqn{\Phi \sum_i X_i'V_i^{-1}A_i e_i e_i'A_i'V_i^{-1}X_i \Phi},
#' whose clusters are the independent blocks of the model (subjects; sites where
#' subjects are nested in sites), with Satterthwaite's degrees of freedom under
#' the fitted covariance.
#'
#' @details
#' `"CR0"` has \eqn{A_i = I} and is too small with few clusters; `"CR1"`
#' multiplies it by \eqn{m/(m-1)}; `"CR2"` is unbiased when the fitted
#' covariance is right; `"CR3"` is close to leaving each cluster out. With four
#' clusters none of them is a remedy: the degrees of freedom say how little the
#' sandwich knows.
#'
#' @param fit a `recovery_fit`.
#' @param type (string) `"CR0"`, `"CR1"`, `"CR2"` or `"CR3"`.
#' @param contrast (numeric matrix with a row per combination) \eqn{L}; `NULL` is
#'   each fixed effect.
#' @param conf.level (number in (0, 1)) of the intervals.
#' @return data frame with `estimate`, `std.error`, `df`, `statistic`, `p.value`,
#'   `conf.low`, `conf.high`, units of the score; attribute `vcov` is the robust
#'   covariance, attribute `clusters` their number.
#' @section Conditions: `cordgain_invalid_input` for what is no `recovery_fit`, a contrast that is not finite or has not
#'   a column for each fixed effect, and a `conf.level` outside of 0 to 1.
#' @references Bell RM, McCaffrey DF (2002). Bias reduction in standard errors for
#'   linear regression with multi-stage samples. *Survey Methodology* 28, 169-181.
#'
#'   Pustejovsky JE, Tipton E (2018). Small-sample methods for cluster-robust
#'   variance estimation. *J. Bus. Econ. Stat.* 36, 672-683.
#' @examples
#' robust_test(fit_recovery(extra ~ group + (1 | ID), sleep))
#' @export
robust_test <- function(fit, type = c("CR2", "CR3", "CR1", "CR0"), contrast = NULL, conf.level = 0.95) {
  check_fit(fit)
  type <- check_option(type, c("CR2", "CR3", "CR1", "CR0"))
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  contrast <- if (is.null(contrast)) {
    `rownames<-`(diag(1, length(fixef(fit))), names(fixef(fit)))
  } else {
    check_contrast(contrast, fit)
  }
  found <- do.call(
    core_robust_tests, c(core_rows(fit$design), core_state(fit), list(type, core_contrast(fit, contrast)))
  )
  covariance <- user_covariance(fit, found$covariance)
  estimate <- drop(contrast %*% fixef(fit))
  se <- sqrt(rowSums((contrast %*% covariance) * contrast))
  half <- stats::qt((1 + conf.level) / 2, found$df) * se
  out <- data.frame(
    estimate = estimate, std.error = se, df = found$df, statistic = estimate / se,
    p.value = 2 * stats::pt(abs(estimate / se), found$df, lower.tail = FALSE),
    conf.low = estimate - half, conf.high = estimate + half, row.names = rownames(contrast)
  )
  structure(out, vcov = covariance, clusters = found$clusters)
}
