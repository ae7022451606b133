# A second road to the meta-analytic-predictive distribution, in plain R and with other quadrature than the core:
# Gauss-Legendre panels in mu and tau (the core: sinc lattices in mu, adaptive panels in tau); every source's own log
# odds by Gauss-Legendre in z = (theta - mu) / tau where tau is small against the likelihood's width, and over
# the likelihood itself where it is not (the core: trapezoidal rules). Nothing of the package is called.

# Gauss-Legendre nodes and weights on [-1, 1], by Golub and Welsch (1969): eigenvalues of the Jacobi matrix.
gauss_legendre <- function(order) {
  i <- seq_len(order - 1)
  off <- i / sqrt(4 * i^2 - 1)
  jacobi <- matrix(0, order, order)
  jacobi[cbind(i, i + 1)] <- off
  jacobi[cbind(i + 1, i)] <- off
  e <- eigen(jacobi, symmetric = TRUE)
  at <- order(e$values)
  list(x = e$values[at], w = 2 * e$vectors[1, at]^2)
}

gl_rule <- gauss_legendre(12)

# Composite rule over panels with these edges.
gl_panels <- function(edges, rule = gl_rule) {
  half <- diff(edges) / 2
  middle <- edges[-1] - half
  list(x = as.vector(outer(rule$x, half) + rep(middle, each = length(rule$x))), w = as.vector(outer(rule$w, half)))
}

# Standard normal weights on [-8.5, 8.5]; what is left out is 2e-17.
gl_normal <- local({
  g <- gl_panels(seq(-8.5, 8.5, length.out = 11))
  list(z = g$x, step = g$w, w = g$w * stats::dnorm(g$x))
})

oracle_softplus <- function(x) pmax(x, 0) + log1p(exp(-abs(x)))

# One source: y <= n / 2 after a flip. Its likelihood relative to the maximum on panels over all that is above e^-42,
# and for y = 0 the plateau to the left of these, where it is 1 to 1e-18.
oracle_source <- function(y, n) {
  flip <- 2 * y > n
  if (flip) y <- n - y
  kernel <- \(theta) y * theta - n * oracle_softplus(theta)
  peak <- if (y > 0) stats::qlogis(y / n) else -42 - log(n)
  scale <- if (y > 0) 1 / sqrt(y * (1 - y / n)) else 1
  top <- kernel(peak)
  fall <- \(theta) kernel(theta) - top + 42
  right <- stats::uniroot(fall, c(peak, 60), tol = 1e-6)$root
  left <- if (y > 0) stats::uniroot(fall, c(-45 / min(1, y) - 60, peak), tol = 1e-6)$root else peak
  width <- 1.2 * min(1, scale)
  g <- gl_panels(seq(left, right, length.out = ceiling((right - left) / width) + 1))
  list(flip = flip, y = y, n = n, kernel = kernel, top = top, scale = min(1, scale), left = left,
    plateau = y == 0, theta = g$x, lik = g$w * exp(kernel(g$x) - top))
}

# Mode of z = (theta - mu) / tau, by bisection of the slope; the rule around it need not know it closer.
oracle_mode <- function(s, m, tau) {
  low <- rep(-tau * s$n, length(m))
  high <- -low
  for (i in 1:40) {
    middle <- (low + high) / 2
    up <- tau * (s$y - s$n * stats::plogis(m + tau * middle)) - middle > 0
    low[up] <- middle[up]
    high[!up] <- middle[!up]
  }
  (low + high) / 2
}

# log L(mu, tau) for a vector of mu at one tau > 0: over the likelihood's own panels where tau is wide against it, and
# elsewhere, also where mu pulls theta to where those panels have ended, around the mode of z.
oracle_log_lik <- function(s, mu, tau) {
  m <- if (s$flip) -mu else mu
  mode <- oracle_mode(s, m, tau)
  near <- tau > s$scale & s$kernel(m + tau * mode) > s$top - 10 # what the panels leave out is then e^-32 of the whole
  value <- numeric(length(m))
  if (any(near)) value[near] <- oracle_over_kernel(s, m[near], tau)
  if (any(!near)) value[!near] <- oracle_around_mode(s, m[!near], tau, mode[!near])
  value
}

# Panels of 1.7 of the narrowest standard deviation at a mode, as far as the normal alone would reach.
oracle_around_mode <- function(s, m, tau, mode) {
  p <- stats::plogis(m + tau * mode)
  width <- 1 / sqrt(1 + tau^2 * max(s$n * p * (1 - p)))
  g <- if (width > 0.8) list(x = gl_normal$z, w = gl_normal$step) else
    gl_panels(seq(-8.5, 8.5, length.out = ceiling(10 / width) + 1))
  z <- outer(mode, g$x, "+")
  exponent <- s$kernel(m + tau * z) - 0.5 * z^2
  top <- exponent[cbind(seq_along(m), max.col(exponent, "first"))]
  top + log(as.vector(exp(exponent - top) %*% g$w) / sqrt(2 * pi))
}

oracle_over_kernel <- function(s, m, tau) {
  gap <- outer(m, s$theta, \(a, b) -0.5 * ((b - a) / tau)^2)
  top <- gap[cbind(seq_along(m), max.col(gap, "first"))]
  value <- as.vector(exp(gap - top) %*% s$lik) / (tau * sqrt(2 * pi))
  if (s$plateau) value <- value + exp(stats::pnorm((s$left - m) / tau, log.p = TRUE) - top)
  s$top + top + log(value)
}

oracle_tau_density <- function(kind, parameters) {
  switch(kind,
    half_normal = \(x) log(2) + stats::dnorm(x, 0, parameters[1], log = TRUE),
    half_t = \(x) log(2 / parameters[2]) + stats::dt(x / parameters[2], parameters[1], log = TRUE),
    exponential = \(x) stats::dexp(x, parameters[1], log = TRUE),
    uniform = \(x) stats::dunif(x, parameters[1], parameters[2], log = TRUE)
  )
}

# Panels of tau: a factor of 1.6 each, from far below every scale on, but no wider than the prior's own scale: sources
# in conflict put the posterior far into the tail of a prior, and as narrow as that falls. The last lies where no
# likelihood makes good what the prior has lost; oracle_posterior() ends before.
oracle_tau_edges <- function(kind, parameters) {
  if (kind == "uniform") {
    low <- max(parameters[1], 0.002 * parameters[2])
    return(unique(c(parameters[1], exp(seq(log(low), log(parameters[2]), length.out = 16)))))
  }
  scale <- switch(kind, half_normal = parameters[1], half_t = parameters[2], exponential = 1 / parameters[1])
  reach <- switch(kind, half_normal = 40 * scale, half_t = scale * 1e16^(1 / parameters[1]), exponential = 120 * scale)
  widest <- switch(kind, half_normal = scale, half_t = Inf, exponential = 2 * scale)
  edges <- c(0, min(0.01, 0.02 * scale))
  while ((last <- edges[length(edges)]) < reach) edges <- c(edges, last + min(0.6 * last, widest))
  edges
}

# The posterior of mu at one tau, normalised against a common scale: nodes, log density x weight. Where the spread
# of the predictive is narrow against the posterior, Phi((at - mu) / spread) is a step in mu: panels are cut there.
# @param near where the mass of a neighbouring tau was found, to begin the scan from; NULL for everywhere
oracle_slice <- function(sources, offset, tau, mu_prior, at = numeric(), bias_sd = 0, near = NULL) {
  log_post <- \(mu) {
    value <- if (is.null(mu_prior)) 0 else stats::dnorm(mu, mu_prior[1], mu_prior[2], log = TRUE)
    for (k in seq_along(sources)) value <- value + oracle_log_lik(sources[[k]], mu + offset[k], tau)
    value
  }
  # Where the mass is: a wide scan, narrowed until the interval is the set above e^-38 of the top.
  low <- -60 - 12 * tau
  high <- 60 + 12 * tau
  if (!is.null(mu_prior)) {
    low <- max(low, mu_prior[1] - 10 * mu_prior[2])
    high <- min(high, mu_prior[1] + 10 * mu_prior[2])
  }
  everywhere <- c(low, high)
  if (!is.null(near)) {
    low <- max(low, near[1] - diff(near))
    high <- min(high, near[2] + diff(near))
  }
  for (i in 1:30) {
    mu <- seq(low, high, length.out = 25)
    value <- log_post(mu)
    keep <- range(which(value > max(value) - 38))
    if (i == 1 && (keep[1] == 1 && low > everywhere[1] || keep[2] == 25 && high < everywhere[2])) {
      low <- everywhere[1] # the mass reaches beyond where it was looked for
      high <- everywhere[2]
      next
    }
    before <- high - low
    low <- mu[max(1, keep[1] - 1)]
    high <- mu[min(25, keep[2] + 1)]
    if (high - low > 0.75 * before) break
  }
  edges <- seq(low, high, length.out = 13)
  spread <- sqrt(tau^2 + bias_sd^2)
  if (spread < (high - low) / 8) {
    cuts <- as.vector(outer(spread * c(-9, -5, -2.5, 0, 2.5, 5, 9), at, "+"))
    edges <- sort(unique(c(edges, cuts[cuts > low & cuts < high])))
  }
  g <- gl_panels(edges)
  list(mu = g$x, log_weight = log_post(g$x) + log(g$w), range = c(low, high))
}

# Nodes and weights of the posterior of (mu, tau), as three vectors.
# @param at log odds (bias not added) at which the distribution function will be asked for
oracle_posterior <- function(events, n, tau, mu_prior = c(0, 2), offset = rep(0, length(events)), at = numeric(),
                             bias_sd = 0) {
  sources <- Map(oracle_source, events, n)
  if (tau$kind == "fixed") {
    grid <- list(x = max(tau$parameters, 1e-12), w = 1)
    log_prior <- 0
  } else {
    grid <- gl_panels(oracle_tau_edges(tau$kind, tau$parameters), gauss_legendre(8))
    log_prior <- oracle_tau_density(tau$kind, tau$parameters)(grid$x) + log(grid$w)
  }
  slices <- list()
  best <- -Inf
  for (i in seq_along(grid$x)) {
    near <- if (i > 1) slices[[i - 1]]$range
    slices[[i]] <- oracle_slice(sources, offset, grid$x[i], mu_prior, at, bias_sd, near)
    here <- max(slices[[i]]$log_weight) + log_prior[i]
    best <- max(best, here)
    if (here < best - 45) break # the posterior of tau has one top
  }
  log_prior <- log_prior[seq_along(slices)]
  grid$x <- grid$x[seq_along(slices)]
  log_weight <- unlist(Map(\(s, p) s$log_weight + p, slices, log_prior))
  weight <- exp(log_weight - max(log_weight))
  keep <- weight > 1e-18
  list(mu = unlist(lapply(slices, \(s) s$mu))[keep], tau = rep(grid$x, lengths(lapply(slices, \(s) s$mu)))[keep],
    weight = weight[keep] / sum(weight[keep]))
}

# Expectations of each column of h(theta) under theta ~ N(mean, sd^2), one row for each pair; far left h is 0, far
# right it is `right`.
oracle_expect <- function(mean, sd, h, right) {
  result <- matrix(0, length(mean), length(right))
  narrow <- which(sd <= 0.5)
  for (rows in split(narrow, ceiling(seq_along(narrow) / 2000))) {
    theta <- outer(sd[rows], gl_normal$z) + mean[rows]
    value <- h(as.vector(theta))
    result[rows, ] <- apply(value, 2, \(column) matrix(column, nrow(theta)) %*% gl_normal$w)
  }
  wide <- which(sd > 0.5)
  g <- gl_panels(seq(-42, 42, by = 1.2))
  weight <- g$w * h(g$x)
  for (rows in split(wide, ceiling(seq_along(wide) / 2000))) {
    d <- outer(mean[rows], g$x, \(m, x) x - m) / sd[rows]
    result[rows, ] <- exp(-0.5 * d^2) %*% weight / (sd[rows] * sqrt(2 * pi)) +
      outer(stats::pnorm((42 - mean[rows]) / sd[rows], lower.tail = FALSE), right)
  }
  result
}

# What the package states: mean, SD, distribution function of the rate, probabilities of 0..size responders.
oracle_predictive <- function(posterior, bias = c(0, 0), size = 4) {
  # Posterior nodes that add less than 1e-13 together are left out.
  order <- order(posterior$weight)
  drop <- cumsum(posterior$weight[order]) < 1e-13
  keep <- sort(order[!drop])
  mean <- posterior$mu[keep] + bias[1]
  sd <- sqrt(posterior$tau[keep]^2 + bias[2]^2)
  weight <- posterior$weight[keep]
  moments <- \(x) cbind(
    stats::plogis(x), stats::plogis(x)^2,
    vapply(1:size, \(k) {
      exp(lchoose(size, k) + k * stats::plogis(x, log.p = TRUE) + (size - k) * stats::plogis(-x, log.p = TRUE))
    }, x)
  )
  value <- colSums(weight * oracle_expect(mean, sd, moments, c(1, 1, 1:size == size)))
  pmf <- value[-(1:2)]
  list(mean = value[1], sd = sqrt(value[2] - value[1]^2), pmf = c(1 - sum(pmf), pmf),
    cdf = \(p) vapply(p, \(x) sum(weight * stats::pnorm((stats::qlogis(x) - mean) / sd)), 0))
}
