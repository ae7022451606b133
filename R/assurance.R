# What is known beforehand about the next trial: its chance of success given what has been seen, and what no number of
# treated patients can reach.

#' Chance of success of a design, given what has been seen
#'
#' `assurance()`: the probability that a design claims success, averaged over what the first trial left open: the
#' natural rate and the treatment effect after the observed responders, under the sceptical model
#' \eqn{\mathrm{logit}\, p_1 = \mathrm{logit}\, p_0 + \delta} of [excess()], by quadrature over both.
#' Power at an assumed effect is a wish; this is what it is worth.
#'
#' `predictive_success()`: the probability that a single arm of `n_final` patients, of whom `n` have been seen with
#' `events`, ends with success, the rest being predicted from the beta (or beta mixture) posterior. Success is
#' \eqn{P(p > p_0) \ge} `cutoff`, or at least `critical` events in `n_final`.
#'
#' `certainty_ceiling()`: the probability of benefit that a single arm approaches as ever more patients are treated
#' when their true rate is `rate`: \eqn{P(p_0 < rate)}. More patients cannot lift it; evidence about nature, or
#' controls, can.
#'
#' @param design a [design_trial()] of type `"single"`, `"randomised"` or `"hybrid"`.
#' @param excess an [excess()] of responders with one natural rate.
#' @param events,n (whole numbers) events seen in the first `n` patients of the arm; 0 and 0 before it starts.
#' @param n_final (whole number) patients at the end.
#' @param prior [prior_beta()] or a mixture: of the arm's own rate, before its patients.
#' @param rate (number in (0, 1)) the rate to be exceeded, \eqn{p_0}; for `certainty_ceiling()` the treated's true
#'   rate (several are allowed).
#' @param cutoff (number in (0, 1)) posterior probability that is called a success.
#' @param critical (whole number) in place of `rate` and `cutoff`: events that are called a success.
#' @param natural a [natural_rate()].
#' @return A data frame in the columns of `tidy()`: `term` `"assurance"`; `"predictive_success"` with
#'   `"prob_exceeds"`, the posterior probability now; `"certainty_ceiling"` with the column `rate`.
#' @section Conditions: `cordgain_invalid_input` for arguments out of range; `cordgain_numerical_error` where a number
#'   cannot be had to 1e-6.
#' @references O'Hagan, Stevens and Campbell (2005), Pharmaceutical Statistics 4:187-201. Lee and Liu (2008), Clinical
#'   Trials 5:93-106, \doi{10.1177/1740774508089279}.
#' @seealso [design_trial()]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' seen <- excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years"))
#' assurance(design_trial(natural_rate(late), "randomised", n = 20), seen)
#' predictive_success(16, 23, 40, prior_beta(0.6, 0.4), rate = 0.6, cutoff = 0.9)
#' certainty_ceiling(natural_rate(late), c(0.3, 0.5))
#' @export
assurance <- function(design, excess) {
  check_given(c(design = "a design made by design_trial()", excess = "an excess of responders"))
  call <- rlang::current_env()
  claims <- final_claims(design, call)
  scenario <- one_scenario(excess, call)
  rates <- patient_rates(excess_natural(excess), nrow(claims) + ncol(claims) - 2, call)
  routes <- lapply(c(fine = "fine", coarse = "coarse"), \(route) assurance_of(claims, scenario, rates, route,
    excess_effect(excess)))
  value <- two_routes(routes$fine, routes$coarse, "The assurance", call)
  term_row("assurance", value$value, error = value$error)
}

# Sum over natural rate and effect of P(claim) and the posterior weight prior x Bin(y | n, p1).
assurance_of <- function(claims, scenario, rates, route, effect) {
  nodes <- rate_nodes(rates[[route]])
  shift <- effect_nodes(effect, route)
  used <- nodes$mass > 1e-13
  theta <- nodes$logit[used]
  controls <- binomial_rows(theta, ncol(claims) - 1)
  by_treated <- controls %*% t(claims) # P(claim | treated events, theta)
  n <- nrow(claims) - 1
  y <- scenario$responders
  sums <- vapply(seq_along(shift$node), \(d) {
    logit <- theta + shift$node[d]
    weight <- nodes$mass[used] * shift$mass[d] * exp(y * stats::plogis(logit, log.p = TRUE) +
      (scenario$n - y) * stats::plogis(-logit, log.p = TRUE))
    c(sum(weight * rowSums(binomial_rows(logit, n) * by_treated)), sum(weight))
  }, numeric(2))
  sum(sums[1, ]) / sum(sums[2, ])
}

# Trapezoidal nodes of the prior of the effect: each normal part to 8 standard deviations.
effect_nodes <- function(effect, route) {
  rows <- prior_components(effect)
  step <- if (route == "fine") 0.2 else 0.25
  parts <- lapply(seq_len(nrow(rows)), \(i) {
    z <- seq(-8, 8, by = step)
    cbind(rows[i, "a"] + rows[i, "b"] * z, rows[i, "weight"] * stats::dnorm(z) * step)
  })
  parts <- do.call(rbind, parts)
  list(node = parts[, 1], mass = parts[, 2])
}

# One row of binomial probabilities 0..n for each log odds.
binomial_rows <- function(logit, n) {
  k <- rep(0:n, each = length(logit))
  log_p <- lchoose(n, k) + k * stats::plogis(logit, log.p = TRUE) + (n - k) * stats::plogis(-logit, log.p = TRUE)
  matrix(exp(log_p), nrow = length(logit))
}

#' @rdname assurance
#' @export
predictive_success <- function(events, n, n_final, prior, rate = NULL, cutoff = NULL, critical = NULL) {
  check_given(c(events = "events seen", n = "patients seen", n_final = "patients at the end",
    prior = "a beta prior of the arm's own rate"))
  n <- check_count(n, max = 1e5)
  events <- check_count(events, max = n)
  n_final <- check_count(n_final, min = n + 1, max = 1e5)
  check_prior(prior, "beta")
  call <- rlang::current_env()
  success <- final_success(n_final, prior, rate, cutoff, critical, call)
  now <- if (n > 0) update(prior, events, n) else prior
  rest <- n_final - n
  predicted <- beta_binomial_mixture(now, rest)
  row <- term_row("predictive_success", sum(predicted[events + 0:rest >= success]), error = 1e-12)
  if (is.null(rate)) {
    return(row)
  }
  rbind(row, term_row("prob_exceeds", beta_mixture_above(now, rate), error = 1e-13))
}

# The fewest events of n_final that are a success; more than n_final where none is.
final_success <- function(n_final, prior, rate, cutoff, critical, call) {
  by_rate <- !is.null(rate) && !is.null(cutoff)
  if (by_rate == !is.null(critical)) {
    abort_input(c("Say what success is: {.arg rate} and {.arg cutoff}, or {.arg critical}."), call = call)
  }
  if (!is.null(critical)) {
    return(check_count(critical, "critical", max = n_final, call = call))
  }
  rate <- check_number(rate, "rate", 0, 1, TRUE, TRUE, call = call)
  cutoff <- check_number(cutoff, "cutoff", 0, 1, TRUE, TRUE, call = call)
  above <- vapply(0:n_final, \(y) beta_mixture_above(update(prior, y, n_final), rate), 0)
  reached <- which(above >= cutoff)
  if (length(reached) == 0L) n_final + 1 else reached[1] - 1
}

beta_mixture_above <- function(prior, rate) {
  rows <- prior_components(prior)
  sum(rows[, "weight"] * stats::pbeta(rate, rows[, "a"], rows[, "b"], lower.tail = FALSE))
}

beta_binomial_mixture <- function(prior, m) {
  rows <- prior_components(prior)
  k <- 0:m
  parts <- lapply(seq_len(nrow(rows)), \(i) rows[i, "weight"] * exp(lchoose(m, k) +
    lbeta(rows[i, "a"] + k, rows[i, "b"] + m - k) - lbeta(rows[i, "a"], rows[i, "b"])))
  Reduce(`+`, parts)
}

#' @rdname assurance
#' @export
certainty_ceiling <- function(natural, rate) {
  check_given(c(natural = "a natural rate", rate = "the treated's true rate"))
  call <- rlang::current_env()
  if (!inherits(natural, "natural_rate")) {
    abort_input(c("{.arg natural} must be a natural rate.", x = "It is {.obj_type_friendly {natural}}."))
  }
  rate <- check_numeric(rate, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  at <- stats::qlogis(rate)
  below <- if (rate_is_known(natural)) {
    list(value = as.numeric(rate_offset(natural) < at), error = 0)
  } else {
    routes <- lapply(c(fine = "fine", coarse = "coarse"), \(r) core_grid_cdf(shift_grid(rate_grid(natural, r),
      rate_offset(natural)), at))
    two_routes(routes$fine, routes$coarse, "The certainty ceiling", call)
  }
  cbind(term_row("certainty_ceiling", below$value, error = below$error, num.kind = rate_num_kind(natural)), rate = rate)
}
