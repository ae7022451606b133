# The treatment model by the second engine, and the limits of whatever it says.

# Integral over the prior of delta of Bin(y | theta + delta) times 1, [delta > 0], delta and its square, and moments of
# the natural responders where responders count as natural as far as the rates allow (p0 / p1 of them where p1 is the
# larger, else all of them and (p0 - p1) / (1 - p1) of the others); as functions of theta.
# `below(d)` cuts the integral off at d, `natural_below(k)` has the probability of at most k natural responders in it.
second_effect <- function(y, n, effect) {
  edges <- effect_edges(effect)
  grid <- legendre_panels(edges, 12)
  weight <- grid$w * exp(log_prior_density(effect, grid$x))
  theta <- seq(-36, 36, by = 0.02)
  likelihood_at <- \(delta) exp(log_binomial(outer(theta, delta, "+"), y, n) + lchoose(n, y))
  likelihood <- likelihood_at(grid$x)
  spline <- \(w, f = 1) stats::splinefun(theta, as.vector((f * likelihood) %*% w))
  log_ratio <- \(sign) pmin(0, stats::plogis(sign * theta, log.p = TRUE) -
    stats::plogis(sign * outer(theta, grid$x, "+"), log.p = TRUE))
  better <- matrix(grid$x > 0, length(theta), length(grid$x), byrow = TRUE)
  share <- ifelse(better, exp(log_ratio(1)), -expm1(log_ratio(-1)))
  certain <- ifelse(better, 0, y) # natural responders that are certain, and those who may be
  open <- ifelse(better, y, n - y)
  natural <- certain + open * share
  counted <- sweep(likelihood, 2, weight, "*")
  counted <- counted > 1e-17 * max(counted)
  below <- \(d) {
    panel <- findInterval(d, edges, all.inside = TRUE)
    part <- legendre_panels(c(edges[panel], d), 12)
    whole <- seq_len(12 * (panel - 1))
    stats::splinefun(theta, as.vector(likelihood[, whole, drop = FALSE] %*% weight[whole] +
      likelihood_at(part$x) %*% (part$w * exp(log_prior_density(effect, part$x)))))
  }
  natural_below <- \(k) {
    chance <- matrix(0, nrow(share), ncol(share))
    chance[counted] <- stats::pbinom(k - certain[counted], open[counted], share[counted])
    spline(weight, chance)
  }
  list(one = spline(weight), benefit = spline(weight * (grid$x > 0)), delta = spline(weight * grid$x),
    square = spline(weight * grid$x^2), natural = spline(weight, natural),
    natural_square = spline(weight, natural^2 + open * share * (1 - share)), below = below,
    natural_below = natural_below)
}

# Panels half as wide as the narrowest part of the prior, with an edge at no effect.
effect_edges <- function(effect) {
  rows <- prior_components(effect)
  reach <- c(min(rows[, "a"] - 9 * rows[, "b"]), max(rows[, "a"] + 9 * rows[, "b"]))
  width <- min(rows[, "b"]) / 2
  cut <- \(from, to) if (to > from) seq(from, to, length.out = max(3, ceiling((to - from) / width) + 1))
  unique(c(cut(min(reach[1], 0), 0), cut(0, max(reach[2], 0))))
}

# Rows of the effect and of the two readings of the excess that rest on it.
second_treatment <- function(nodes, y, n, effect, probs) {
  f <- second_effect(y, n, effect)
  mean_of <- \(h) second_expectation(nodes, h)
  one <- mean_of(f$one)
  null <- mean_of(\(theta) stats::dbinom(y, n, stats::plogis(theta)))
  benefit <- mean_of(f$benefit) / one
  delta <- mean_of(f$delta) / one
  delta_sd <- sqrt(mean_of(f$square) / one - delta^2)
  ends <- search_limits(\(d) mean_of(f$below(d)) / one, probs, delta, delta_sd)
  row <- \(term, estimate, ...) second_row(term, NA_character_, estimate, ...)
  rbind(
    row("log_odds_shift", delta, ends[1], ends[2], delta_sd),
    row("prob_benefit", benefit),
    row("prob_benefit_half_null", half_null(benefit, one / null)),
    row("bayes_factor", one / null),
    second_joint(mean_of, f, one, y, n, probs),
    second_excess_row("excess_responders_comonotone", mean_of(f$natural) / one, mean_of(f$natural_square) / one,
      \(k) mean_of(f$natural_below(k)) / one, y, n, probs)
  )
}

# Natural responders with the rates that the treated outcomes leave.
second_joint <- function(mean_of, f, one, y, n, probs) {
  weighted <- \(h) mean_of(\(theta) h(stats::plogis(theta)) * f$one(theta)) / one
  second_excess_row("excess_responders_joint", weighted(\(p) n * p), weighted(\(p) n * p * (1 - p) + (n * p)^2),
    \(k) weighted(\(p) stats::pbinom(k, n, p)), y, n, probs)
}

# y less a count of natural responders whose moments and P(at most k) are known.
second_excess_row <- function(term, mean, square, below, y, n, probs) {
  most <- vapply(probs, \(p) last_true(\(k) k == 0 || 1 - below(k - 1) >= p - 1e-12, 0, n), 0)
  second_row(term, NA_character_, y - mean, y - most[1], y - most[2], sqrt(square - mean^2))
}

# The largest whole number up to which `ok` holds, by halving.
last_true <- function(ok, low, high) {
  while (low < high) {
    middle <- ceiling((low + high) / 2)
    if (ok(middle)) low <- middle else high <- middle - 1
  }
  low
}

# Where a distribution function reaches `probs`, searched for around the mean.
search_limits <- function(below, probs, mean, sd) {
  vapply(probs, \(p) {
    near <- mean + (stats::qnorm(p) + c(-1, 1)) * sd
    stats::uniroot(\(x) below(x) - p, near, extendInt = "upX", tol = 1e-11 * max(1, sd))$root
  }, 0)
}
