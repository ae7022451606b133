# The hurdle family: no change, or a positive change.

#' @rdname recovery_families
#' @param change (string) how the probability of a change is modelled: `"constant"`: one for all rows; `"shared"`: its
#'   logit is linear in \eqn{\eta}, so that what makes changes larger makes them more likely too.
#' @export
hurdle <- function(size, change = c("constant", "shared")) {
  size <- check_count(size, min = 3)
  change <- check_option(change, c("constant", "shared"))
  shared <- change == "shared"
  extra <- c("log_precision", "change_intercept", if (shared) "change_slope")
  title <- paste0("Logarithm of the precision; logit of the probability of a change",
    if (shared) ", linear in the predictor")
  new_recovery_family("hurdle", "logit", extra, title, size = size, shared = shared)
}

#' @exportS3Method check_scores hurdle_scores
check_scores.hurdle_scores <- function(family, y, name, rows, call) {
  check_scores.gaussian_scores(family, y, name, rows, call)
  wanted <- paste("whole numbers from 0 to", family$size)
  check_rows(y < 0 | y > family$size | y != round(y), y, name, rows, wanted, call)
  none <- y == 0
  if (all(none, na.rm = TRUE) || !any(none, na.rm = TRUE)) {
    abort_input(c("A hurdle takes scores some of which are zero and some are not.",
      x = "{.var {name}} {if (all(none, na.rm = TRUE)) 'is zero in every row' else 'is zero in no row'}.",
      i = if (!any(none, na.rm = TRUE))
        "Without zeros take {.code beta_binomial({family$size - 1})} of {.code {name} - 1}."
    ), call = call)
  }
}

# cbind(points, highest)
#' @exportS3Method family_scores hurdle_scores
family_scores.hurdle_scores <- function(family, y) cbind(as.double(y), family$size)

#' @exportS3Method settle_family hurdle_scores
settle_family.hurdle_scores <- function(family, scores) {
  family$none <- sum(scores[, 1L] == 0)
  family$scores <- nrow(scores)
  family
}

#' @exportS3Method family_remarks hurdle_scores
family_remarks.hurdle_scores <- function(family, extra) {
  c(sprintf("No change in %d of %d scores.", family$none, family$scores),
    family_remarks.beta_binomial_scores(family, extra[[1L]]))
}

# The mean is the probability of a change times the mean of 1 and a beta-binomial.
#' @exportS3Method family_response hurdle_scores
family_response.hurdle_scores <- function(family, eta, extra) {
  k <- if (family$shared) extra[[3L]] else 0
  logit <- extra[[2L]] + k * eta
  size <- 1 + (family$size - 1) * stats::plogis(eta)
  p <- stats::plogis(logit)
  by_logit <- stats::dlogis(logit) * size
  slopes <- array(0, c(length(eta), 1L, length(extra)))
  slopes[, 1L, 2L] <- by_logit
  if (family$shared) slopes[, 1L, 3L] <- by_logit * eta
  list(fit = cbind(p * size, deparse.level = 0),
    eta = cbind(k * by_logit + p * (family$size - 1) * stats::dlogis(eta), deparse.level = 0), extra = slopes)
}
