# How much of the history counts beside concurrent controls: one function for each method. Each gives the posterior of
# the control rate and the weight that the controls left to the history.

# A posterior: mixture of betas (a, b, weight), or `density(p)` known up to a constant with its integral `scale`.
beta_mixture <- function(a, b, weight = 1) list(a = a, b = b, weight = weight / sum(weight))

mixture_moment <- function(m, power) {
  mean <- m$a / (m$a + m$b)
  sum(m$weight * if (power == 1) mean else mean * (m$a + 1) / (m$a + m$b + 1))
}

mixture_cdf <- function(m, p) vapply(p, \(x) sum(m$weight * stats::pbeta(x, m$a, m$b)), 0)

# Where `weight` is what the mixture began with, what the controls left to the history.
with_updated_weight <- function(rows, value, error) {
  if (is.null(value)) {
    return(rows)
  }
  rbind(rows, cbind(group = rows$group[1], term_row("posterior_weight", value, error = error),
    note = "weight of the history"))
}

# Every method: (controls y of n, history y0 of n0 pooled where it needs one, settings) to
# list(posterior, weight, weight_name).
borrow_methods <- function() {
  list(map = borrow_map, robust_map = borrow_robust_map, power = borrow_power,
    normalised_power = borrow_normalised_power, commensurate = borrow_commensurate, sam = borrow_sam,
    leap = borrow_leap, elastic = borrow_elastic)
}

# Power priors ----------------------------------------------------------------------------

power_posterior <- function(d, a0) {
  beta_mixture(d$a + a0 * d$y0 + d$y, d$b + a0 * (d$n0 - d$y0) + d$n - d$y)
}

borrow_power <- function(d) {
  if (is.null(d$a0)) {
    abort_input(c("The power prior needs {.arg a0}, which has no default.",
      i = "It says how much a historical patient counts, from 0 to 1."), call = d$call)
  }
  list(posterior = power_posterior(d, d$a0), weight = d$a0, weight_name = "a0", weight_error = 0)
}

# pi(a0 | D) ~ B(a0 y0 + y + a, a0 (n0 - y0) + n - y + b) / B(a0 y0 + a, a0 (n0 - y0) + b) on (0, 1) (Duan, Ye and
# Smith 2006).
# a0 = u^2, on panels of u graded to 0, where a long history in conflict puts the mass.
borrow_normalised_power <- function(d) {
  routes <- lapply(c(fine = TRUE, coarse = FALSE), \(fine) normalised_power_route(d, fine))
  pick <- \(name) two_routes(routes$fine[[name]], routes$coarse[[name]], "The normalised power prior", d$call)
  weight <- pick("weight")
  list(posterior = integrated_posterior(pick("first"), pick("second"), routes$fine$cdf), weight = weight$value,
    weight_name = "E a0", weight_error = weight$error)
}

normalised_power_route <- function(d, fine) {
  u <- unit_panels(c(0, 2^seq(-20, -1, by = 0.5), 0.85, 1), fine)
  a0 <- u$node^2
  powered <- list(a = d$a + a0 * d$y0, b = d$b + a0 * (d$n0 - d$y0))
  a <- powered$a + d$y
  b <- powered$b + d$n - d$y
  log_w <- lbeta(a, b) - lbeta(powered$a, powered$b)
  w <- u$mass * u$node * exp(log_w - max(log_w))
  w <- w / sum(w)
  list(weight = sum(w * a0), first = sum(w * a / (a + b)), second = sum(w * a * (a + 1) / ((a + b) * (a + b + 1))),
    cdf = \(p) sum(w * stats::pbeta(p, a, b)))
}

integrated_posterior <- function(first, second, cdf) {
  list(mean = first$value, sd = sqrt(max(0, second$value - first$value^2)), error = first$error + second$error,
    cdf = cdf)
}

# Meta-analytic-predictive priors -------------------------------------------------------------

# The predictive distribution of the controls' rate, updated by the controls; `vague` adds a beta of that weight.
map_posterior <- function(d, route, vague = 0) {
  grid <- rate_grid(d$natural, route)
  nodes <- core_grid_nodes(grid)
  p <- stats::plogis(nodes$node + rate_offset(d$natural))
  likelihood <- stats::dbinom(d$y, d$n, p)
  evidence <- sum(nodes$mass * likelihood) + if (d$y == 0) grid$mass_below else if (d$y == d$n) grid$mass_above else 0
  flat <- exp(lchoose(d$n, d$y) + lbeta(d$a + d$y, d$b + d$n - d$y) - lbeta(d$a, d$b))
  weight <- (1 - vague) * evidence / ((1 - vague) * evidence + vague * flat)
  mass <- nodes$mass * likelihood / evidence
  extra <- beta_mixture(d$a + d$y, d$b + d$n - d$y)
  moment <- \(k) weight * sum(mass * p^k) + (1 - weight) * mixture_moment(extra, k)
  density <- grid
  density$density <- grid$density * likelihood / evidence
  density$mass_below <- if (d$y == 0) grid$mass_below / evidence else 0
  density$mass_above <- if (d$y == d$n) grid$mass_above / evidence else 0
  list(weight = weight, first = moment(1), second = moment(2), cdf = \(x) weight *
    core_grid_cdf(density, stats::qlogis(x) - rate_offset(d$natural)) + (1 - weight) * mixture_cdf(extra, x))
}

borrow_map <- function(d) borrow_by_map(d, 0)

borrow_robust_map <- function(d) borrow_by_map(d, d$vague)

borrow_by_map <- function(d, vague) {
  routes <- lapply(c(fine = "fine", coarse = "coarse"), \(route) map_posterior(d, route, vague))
  pick <- \(name) two_routes(routes$fine[[name]], routes$coarse[[name]], "The posterior with borrowing", d$call)
  weight <- pick("weight")
  list(posterior = integrated_posterior(pick("first"), pick("second"), routes$fine$cdf), weight = weight$value,
    weight_name = "weight of the history", weight_error = weight$error)
}

# Mixtures with a weight set by the likelihood ---------------------------------------------------

# SAM (Yang and others 2023): R = max L(theta_h +- delta) / L(theta_h), w = 1 / (1 + R); all three rates kept inside
# (0.01, 0.99), as in its code: a history of 0 of 3 is no rate of 0. The controls then update the mixture's weights.
borrow_sam <- function(d) {
  if (is.null(d$delta)) {
    abort_input(c("{.val sam} needs {.arg delta}: the difference of rates that matters decides the weight.",
      i = "It has no default."), call = d$call)
  }
  inside <- \(p) pmin(0.99, pmax(0.01, p))
  centre <- inside(d$y0 / d$n0)
  at <- \(p) stats::dbinom(d$y, d$n, inside(p), log = TRUE)
  ratio <- exp(max(at(centre + d$delta), at(centre - d$delta)) - at(centre))
  w <- 1 / (1 + ratio)
  history <- beta_mixture(d$a + d$y0, d$b + d$n0 - d$y0)
  posterior <- mix_update(list(history, beta_mixture(d$a, d$b)), c(w, 1 - w), d$y, d$n)
  list(posterior = posterior, weight = w, weight_name = "SAM weight", weight_error = 4 * .Machine$double.eps,
    updated = posterior$weight[1])
}

mix_update <- function(parts, weight, y, n) {
  a <- vapply(parts, \(p) p$a, 0)
  b <- vapply(parts, \(p) p$b, 0)
  log_w <- log(weight) + lbeta(a + y, b + n - y) - lbeta(a, b)
  beta_mixture(a + y, b + n - y, exp(log_w - max(log_w)))
}

# Elastic prior (Jiang and others 2023): the history's variance is divided by g(T) = 1 / (1 + exp(-(a + b ln T))), T
# the congruence statistic |difference| / its standard error under a common rate.
borrow_elastic <- function(d) {
  common <- (d$y + d$y0) / (d$n + d$n0)
  se <- sqrt(common * (1 - common) * (1 / d$n + 1 / d$n0))
  t <- if (se > 0) abs(d$y / d$n - d$y0 / d$n0) / se else 0
  g <- elastic_weight(t)
  list(posterior = power_posterior(d, g), weight = g, weight_name = "g(T)", weight_error = 8 * .Machine$double.eps)
}

# Calibrated so that T = 0.5 keeps 99 % and T = 2 keeps 1 %.
elastic_weight <- function(t, keep = 0.99, at = c(0.5, 2)) {
  b <- -2 * stats::qlogis(keep) / log(at[2] / at[1])
  a <- stats::qlogis(keep) - b * log(at[1])
  if (t == 0) 1 else stats::plogis(a + b * log(t))
}

# Commensurate prior (Hobbs and others 2011): theta | theta0 ~ N(theta0, eta^2) on log odds. With a flat mean the two
# are exchangeable around it with tau = eta / sqrt(2), so the exact binomial model of the natural rate serves; eta
# known, or with a prior integrated out.
borrow_commensurate <- function(d) {
  if (is.null(d$tau)) {
    abort_input(c("{.val commensurate} needs {.arg tau}, the SD between history and controls on log odds.",
      i = "Give {.code prior_fixed(0.5)}, or a prior such as {.code prior_half_normal(0.5)}."), call = d$call)
  }
  if (d$y0 == 0 || d$y0 == d$n0) {
    abort_input(c("{.val commensurate} needs a history with responders and non-responders: the prior of its log odds is
                   flat.", x = "It has {d$y0} of {d$n0}.", i = "Take another method."), call = d$call)
  }
  history <- data.frame(source = "history", events = d$y0, n = d$n0)
  d$natural <- natural_rate(history, tau = scaled_prior(d$tau, sqrt(0.5), d$call), mu = NULL)
  c(borrow_by_map(d, 0), list(normal = commensurate_normal(d)))
}

# The prior of c times the quantity.
scaled_prior <- function(prior, by, call) {
  p <- prior_parameters(prior)
  switch(prior_kind(prior), fixed = prior_fixed(by * p[["value"]]), half_normal = prior_half_normal(by * p[["scale"]]),
    half_t = prior_half_t(p[["df"]], by * p[["scale"]]),
    abort_input("{.arg tau} must be fixed, half-normal or half-t.", call = call))
}

# The customary normal approximation of both likelihoods, for a known eta: mean log odds, or NA where a count is 0 or
# all.
commensurate_normal <- function(d) {
  cells <- c(d$y, d$n - d$y, d$y0, d$n0 - d$y0)
  if (prior_kind(d$tau) != "fixed" || any(cells == 0)) {
    return(NA_real_)
  }
  variance <- c(1 / cells[1] + 1 / cells[2], 1 / cells[3] + 1 / cells[4] + prior_parameters(d$tau)[["value"]]^2)
  sum(c(log(cells[1] / cells[2]), log(cells[3] / cells[4])) / variance) / sum(1 / variance)
}

# LEAP (Alt and others 2024) with two classes: a historical patient is exchangeable with the controls with probability
# g, else has rate q; g, p, q with uniform (beta) priors. A finite sum over how many historical events and non-events
# were exchangeable.
borrow_leap <- function(d) {
  if ((d$y0 + 1) * (d$n0 - d$y0 + 1) > 4e6) {
    abort_input("{.val leap} sums over all splits of the history: at most 2000 events and 2000 non-events.",
      call = d$call)
  }
  i <- rep(0:d$y0, times = d$n0 - d$y0 + 1)
  j <- rep(0:(d$n0 - d$y0), each = d$y0 + 1)
  log_w <- lchoose(d$y0, i) + lchoose(d$n0 - d$y0, j) + lbeta(i + j + 1, d$n0 - i - j + 1) +
    lbeta(d$a + i + d$y, d$b + j + d$n - d$y) + lbeta(d$y0 - i + 1, d$n0 - d$y0 - j + 1)
  w <- exp(log_w - max(log_w))
  w <- w / sum(w)
  used <- w > 1e-18
  share <- sum(w * (i + j + 1) / (d$n0 + 2))
  list(posterior = beta_mixture(d$a + i[used] + d$y, d$b + j[used] + d$n - d$y, w[used]), weight = share,
    weight_name = "E share exchangeable", weight_error = 1e-12)
}
