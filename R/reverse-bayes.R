# Reverse Bayes: which prior, or which hidden difference, would be needed to overturn the answer?

#' How sceptical must one be for a result to lose its credibility?
#'
#' Matthews' analysis of credibility: a reader whose prior for an odds ratio is centred on 1 and
#' reaches with 95 % only to the scepticism limit finds that the posterior just includes 1.
#' With the limits L and U of the interval of the log odds ratio,
#' \deqn{SL = \exp\left( (U - L)^2 / (4 \sqrt{U L}) \right).}
#' An effect is credible where effects beyond the limit are thought possible. It is defined
#' only where the interval excludes 1; where it does not, no scepticism is needed to doubt the
#' effect: the estimate is `NA` and the words "not credible at any scepticism". That is an
#' answer, not an error.
#'
#' For a difference, such as a mean excess in points, no effect is 0 and no logarithm is taken:
#' \eqn{SL = \pm (U - L)^2 / (4 \sqrt{U L})}, with the sign of the effect. Both are exact for a normal likelihood.
#'
#' @param lower,upper (numbers) limits of the odds ratio (above 0), or of the difference, at the level of the interval.
#' @param scale (string) `"ratio"` or `"difference"`.
#' @return data frame of one row in the columns of `tidy()`: `term` (`"scepticism_limit"`),
#'   `estimate` (odds ratio, or points), `note`.
#' @section Conditions: `cordgain_invalid_input` for limits that are not in order, or of a ratio not positive.
#' @references Held and others (2022), reverse-Bayes methods for evidence assessment, \doi{10.1002/jrsm.1538}.
#' @seealso [tipping()]
#' @examples
#' scepticism_limit(1.2, 30)
#' scepticism_limit(0.8, 30)
#' scepticism_limit(2, 14, "difference")
#' @export
scepticism_limit <- function(lower, upper, scale = c("ratio", "difference")) {
  scale <- check_option(scale, c("ratio", "difference"))
  ratio <- scale == "ratio"
  lower <- check_number(lower, min = if (ratio) 0 else -Inf, min_open = ratio)
  upper <- check_number(upper, min = if (ratio) 0 else -Inf, min_open = ratio)
  if (lower >= upper) abort_input(c("{.arg lower} must be below {.arg upper}.", x = "They are {lower} and {upper}."))
  if (ratio) scepticism_row(log(lower), log(upper)) else scepticism_row(lower, upper, 0, "difference", identity)
}

# @param show from the scale of the interval to that of the answer: exp or identity
scepticism_row <- function(low, high, error = 0, unit = "odds ratio", show = exp) {
  if (low <= 0 && high >= 0) {
    return(tipping_columns(term_row("scepticism_limit", NA_real_, error = NA_real_), NA_real_, unit,
      "not credible at any scepticism: the interval includes no effect"))
  }
  limit <- (high - low)^2 / (4 * sqrt(low * high))
  estimate <- show(sign(low) * limit)
  # Derivatives of the limit by its ends are below 2 (U - L) / sqrt(L U) (1 + (U - L) / min(|L|, |U|)) in size.
  least <- min(abs(low), abs(high))
  slope <- (high - low) / sqrt(low * high) * (2 + (high - low) / least)
  stretch <- if (identical(show, exp)) estimate else 1
  error <- stretch * slope * error + 16 * abs(estimate) * .Machine$double.eps
  tipping_columns(term_row("scepticism_limit", estimate, error = error), NA_real_, unit, "")
}

tipping_columns <- function(row, target, unit, note) cbind(row, target = target, unit = unit, note = note)

# Rows of tipping() ----------------------------------------------------------------

# Interval of the log odds ratio of treated (Jeffreys, from the treated alone) over natural rate; both uncertain.
credibility_row <- function(excess, call) {
  scenarios <- excess_scenarios(excess)
  if (length(scenarios) > 1L) {
    return(open_row("scepticism_limit", "odds ratio"))
  }
  s <- scenarios[[1]]
  tails <- c(1 - excess_level(excess), 1 + excess_level(excess)) / 2
  limits <- lapply(s$rates, \(route) vapply(tails, \(p) odds_ratio_quantile(route, s$responders, s$n, p), 0))
  limits <- two_routes(limits$fine, limits$coarse, "The interval of the odds ratio", call, limit = 1e-4)
  scepticism_row(limits$value[1], limits$value[2], max(limits$error))
}

open_row <- function(term, unit, target = NA_real_) {
  tipping_columns(term_row(term, NA_real_, error = NA_real_), target, unit, "outcomes or levels are open")
}

# P(logit p1 - logit p0 <= x) = integral of P(p1 <= logistic(theta + x)); the lumps lie at -inf and +inf.
odds_ratio_quantile <- function(route, y, n, probability) {
  nodes <- rate_nodes(route)
  cdf <- \(x) sum(nodes$mass * stats::pbeta(stats::plogis(nodes$logit + x), y + 0.5, n - y + 0.5)) + nodes$above
  stats::uniroot(\(x) cdf(x) - probability, c(-60, 60), tol = 1e-12)$root
}

# Mean natural log odds of the patients with their masses, and the lumps at rates of 0 and 1.
rate_nodes <- function(route) {
  known <- length(route$grid$edges) == 0L
  mass <- if (known) 1 else core_grid_nodes(route$grid)$mass
  mean_rate <- as.vector(stats::plogis(route$logit) %*% route$size) / sum(route$size)
  logit <- if (ncol(route$logit) == 1L) route$logit[, 1] else stats::qlogis(mean_rate)
  list(logit = logit, mass = mass, below = if (known) 0 else route$grid$mass_below,
    above = if (known) 0 else route$grid$mass_above)
}

# The standard deviation of a prior centred on no effect at which P(benefit) reaches `benefit`.
reverse_bayes_row <- function(excess, benefit, call) {
  scenarios <- excess_scenarios(excess)
  roots <- lapply(scenarios, \(s) reverse_bayes_root(s, benefit))
  values <- vapply(roots, \(r) r$value, 0)
  error <- max(vapply(roots, \(r) r$error, 0))
  note <- paste(unique(Filter(nzchar, vapply(roots, \(r) r$note, ""))), collapse = "; ")
  row <- if (length(roots) == 1L) term_row("prior_sd", values, error = error) else
    term_row("prior_sd", NA_real_, min(values), max(values), error)
  tipping_columns(row, benefit, "log odds", note)
}

reverse_bayes_root <- function(scenario, benefit) {
  at <- \(log_sd, route) {
    prior <- prior_components(prior_normal(0, exp(log_sd)))
    core_effect_table(scenario$rates[[route]], prior)$benefit[scenario$responders + 1]
  }
  grid <- log(c(0.05, 0.2, 0.5, 1, 2, 4, 8))
  height <- vapply(grid, at, 0, route = "fine")
  above <- which(diff(sign(height - benefit)) != 0)
  if (length(above) == 0L) {
    note <- paste0("the probability of benefit stays between ",
      paste(probability_text(range(height)), collapse = " and "),
      " for prior SDs from 0.05 to 8")
    return(list(value = NA_real_, error = NA_real_, note = note))
  }
  ends <- grid[above[1] + 0:1]
  root <- stats::uniroot(\(v) at(v, "fine") - benefit, ends, tol = 1e-10)
  gap <- abs(benefit - at(root$root, "coarse"))
  slope <- abs(diff(height[above[1] + 0:1]) / diff(ends))
  list(value = exp(root$root), error = 10 * exp(root$root) * (gap / slope + 1e-10), note = "")
}

# VanderWeele and Ding's E-value: the smallest risk ratio on both sides that explains `ratio` away.
risk_e_value <- function(ratio) {
  ratio <- ifelse(ratio < 1, 1 / ratio, ratio)
  ratio + sqrt(ratio * (ratio - 1))
}

# Change of the E-value for a relative change of the ratio; at 1 it is a square root, and steep.
e_value_slope <- function(ratio) {
  ratio <- ifelse(ratio < 1, 1 / ratio, ratio)
  ratio * (1 + (2 * ratio - 1) / (2 * sqrt(ratio * pmax(ratio - 1, 1e-15))))
}

confounding_row <- function(excess) {
  terms <- tidy(excess)
  if (excess_is_bounds(excess)) {
    return(open_row("e_value_confounding", "risk ratio"))
  }
  at <- \(term, column = "estimate") terms[[column]][terms$term == term]
  n <- excess_scenarios(excess)[[1]]$n
  natural <- at("natural_responders") / n
  ratio <- at("rate_clopper_pearson") / natural
  limit <- c(at("rate_clopper_pearson", "conf.low"), at("rate_clopper_pearson", "conf.high")) / natural
  if (ratio == 0) {
    return(tipping_columns(term_row("e_value_confounding", NA_real_, error = NA_real_), NA_real_, "risk ratio",
      "no responder: the risk ratio is 0"))
  }
  nearest <- if (limit[1] <= 1 && limit[2] >= 1) 1 else if (ratio > 1) limit[1] else limit[2]
  relative <- at("natural_responders", "num.error") / at("natural_responders") + 4 * .Machine$double.eps
  error <- e_value_slope(ratio) * relative
  tipping_columns(term_row("e_value_confounding", risk_e_value(ratio), risk_e_value(nearest), NA_real_, error),
    NA_real_,
    "risk ratio", "")
}
