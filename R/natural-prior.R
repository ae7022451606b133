# Natural recovery as the prior of a coefficient.

#' Natural recovery as a prior
#'
#' What published sources say of untreated patients, as the prior of a coefficient of [fit_recovery()]: the
#' predictive distribution of the mean change in a new population, with the spread between populations and the bias,
#' in units of the coefficient. One normal distribution stays one. The mixture over the spread between populations
#' becomes three normals, by the EM algorithm on its 1,000 equally likely quantiles, the widest widened until the
#' standard deviation is that of the mixture.
#'
#' A change is in points from baseline to follow-up, a coefficient in whatever its column makes of it: nobody but the
#' user knows. `per = 1` is a coefficient that is the whole change (a factor of two visits, a column of 0 and 1);
#' `per = 48` one of weeks where the follow-up is 48 weeks after the baseline. The prior says what these patients
#' would do without treatment: put it on the course that all of them share, not on a term of treatment.
#'
#' @param x a [natural_change()], or a [natural_curve()] of which the gain from week `from` to week `time` is meant; a
#'   prior stays as it is.
#' @param per (number, not 0) units of the coefficient's column in one change, such as weeks.
#' @param from,time (numbers, weeks since injury) of a `natural_curve`: its gain between these.
#' @param ... passed to methods.
#' @return A prior: [prior_normal()] or [prior_mixture()] of normals, in points per unit of the column.
#' @section Conditions: `cordgain_invalid_input` where `per` is not given, for a natural rate, and for a mean change
#'   that is taken as known, or has no standard deviation (a heavy-tailed prior of `tau`);
#'   `cordgain_numerical_error` where three normals are further than 0.01 from the distribution function.
#' @references Schmidli and others (2014), Biometrics 70:1023-1032, \doi{10.1111/biom.12242} (a mixture in the place of
#'   a predictive distribution).
#' @seealso [priors()], [natural_change()], [natural_curve()]
#' @examples
#' registries <- data.frame(source = c("a", "b", "c"), mean = c(7.8, 10.5, 9), se = c(0.6, 0.9, 1.4),
#'   measure = "uems")
#' natural <- natural_change(registries, tau = prior_half_normal(2))
#' as_prior(natural, per = 48) # points per week
#' priors(fixed = list(week = as_prior(natural, per = 48)))
#' @name as_prior
NULL

#' @exportS3Method as_prior default
as_prior.default <- function(x, ...) {
  abort_input(c("{.arg x} must be a {.fn natural_change}, a {.fn natural_curve} or a prior.",
    x = "It is {.obj_type_friendly {x}}.",
    i = "A rate is no change of a score: {.fn prior_normal} on the log odds is the prior of an intercept."))
}

#' @exportS3Method as_prior prior
as_prior.prior <- function(x, ...) x

#' @rdname as_prior
#' @exportS3Method as_prior natural_change
as_prior.natural_change <- function(x, per, ...) {
  check_no_more(names(formals(as_prior.natural_change)), ...)
  call <- rlang::current_env()
  per <- check_per(rlang::maybe_missing(per), call)
  if (!all(change_moments_exist(x))) {
    abort_input(c("The mean natural change has no standard deviation.",
      i = "A prior of {.arg tau} with lighter tails, such as {.fn prior_half_normal}, leaves one."))
  }
  mixture <- change_mixture(x, "fine")
  if (length(mixture$weight) > 1L) mixture <- three_normals(mixture, call)
  normals <- Map(\(mean, sd) prior_of_moments(mean / per, abs(sd / per), call), mixture$mean, mixture$sd)
  if (length(normals) == 1L) normals[[1L]] else do.call(prior_mixture, c(list(mixture$weight), normals))
}

#' @rdname as_prior
#' @exportS3Method as_prior natural_curve
as_prior.natural_curve <- function(x, per, from, time, ...) {
  check_no_more(names(formals(as_prior.natural_curve)), ...)
  call <- rlang::current_env()
  check_given(c(from = "week since injury from which the gain is counted", time = "week in which it ends"))
  per <- check_per(rlang::maybe_missing(per), call)
  gain <- curve_gains(x, check_number(from, min = 0), check_number(time, min = 0), call)
  prior_of_moments(gain$mean / per, abs(sqrt(sum(gain$slopes^2)) / per), call)
}

check_per <- function(per, call) {
  if (rlang::is_missing(per)) {
    abort_input(c("{.arg per} is not given: the unit of a coefficient is not known here.",
      i = "{.code per = 1} where the coefficient is the whole change, the weeks from baseline to follow-up where it is
        points per week: {.code as_prior(natural, per = 48)}."
    ), call = call)
  }
  per <- check_number(per, "per", call = call)
  if (per == 0) abort_input("{.arg per} must not be 0.", call = call)
  per
}

prior_of_moments <- function(mean, sd, call) {
  if (sd == 0) {
    abort_input(c("The mean natural change is taken as known: it is no prior.",
      i = "Write it as an offset of the formula, or give what is not known of it."), call = call)
  }
  prior_normal(mean, sd)
}

# Three normals for a mixture of many, from widths that double; the widest makes up for the tails beyond the quantiles.
three_normals <- function(mixture, call, steps = 500L, most = 0.01) {
  y <- core_mixture_summary(mixture, (seq_len(1000) - 0.5) / 1000)$quantile
  whole <- core_mixture_summary(mixture, 0.5)
  now <- list(weight = rep(1 / 3, 3), mean = rep(mean(y), 3), sd = stats::sd(y) * c(0.5, 1, 2))
  for (step in seq_len(steps)) {
    share <- vapply(1:3, \(k) now$weight[k] * stats::dnorm(y, now$mean[k], now$sd[k]), numeric(length(y)))
    share <- share / rowSums(share)
    size <- colSums(share)
    now$weight <- size / length(y)
    now$mean <- colSums(share * y) / size
    now$sd <- sqrt(colSums(share * outer(y, now$mean, `-`)^2) / size)
  }
  centre <- sum(now$weight * now$mean)
  missed <- whole$sd^2 - sum(now$weight * (now$sd^2 + (now$mean - centre)^2))
  widest <- which.max(now$sd)
  now$sd[widest] <- sqrt(now$sd[widest]^2 + max(missed, 0) / now$weight[widest])
  now$mean <- now$mean + whole$mean - centre
  off <- max(abs(core_mixture_cdf(now, y) - (seq_len(1000) - 0.5) / 1000))
  if (!is.finite(off) || off > most) {
    abort_numerical(c("The mean natural change is not near to three normals.",
      x = "Distribution functions differ by {signif(off, 2)}; at most {most}.",
      i = "Give its mean and SD by {.fn prior_normal}."), call = call)
  }
  now
}
