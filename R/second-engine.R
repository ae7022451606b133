# A second engine for natural rates and responders, in plain R, that shares nothing with the core: Gauss-Legendre
# panels in tau (the core: adaptive panels), trapezoidal rules in mu and in every source's own deviation (the core:
# sinc lattices and interpolation), splines for the treatment model. It is slow, and there to be disagreed with.

# Nodes and weights on [-1, 1]: eigenvalues of the Jacobi matrix (Golub and Welsch 1969).
legendre_rule <- function(order) {
  i <- seq_len(order - 1)
  off <- i / sqrt(4 * i^2 - 1)
  jacobi <- matrix(0, order, order)
  jacobi[cbind(i, i + 1)] <- off
  jacobi[cbind(i + 1, i)] <- off
  e <- eigen(jacobi, symmetric = TRUE)
  list(x = e$values, w = 2 * e$vectors[1, ]^2)
}

legendre_16 <- legendre_rule(16)

legendre_panels <- function(edges, order = 16) {
  rule <- if (order == 16) legendre_16 else legendre_rule(order)
  half <- diff(edges) / 2
  list(x = as.vector(outer(rule$x, half) + rep(edges[-1] - half, each = order)), w = as.vector(outer(rule$w, half)))
}

# Panels of tau from 0 to where the prior has ended, with further edges where the evidence needs them.
tau_nodes <- function(prior, further = numeric()) {
  rows <- prior_components(prior)
  if (prior_base_kind(prior) == "fixed") {
    return(list(x = unname(rows[, "a"]), log_w = log(unname(rows[, "weight"]))))
  }
  if (prior_base_kind(prior) == "uniform") {
    edges <- seq(min(rows[, "a"]), max(rows[, "b"]), length.out = 13)
  } else {
    scale <- max(switch(prior_base_kind(prior), half_normal = , half_t = rows[, "a"], exponential = 1 / rows[, "a"],
      gamma = (rows[, "a"] + 1) / rows[, "b"]))
    end <- if (prior_base_kind(prior) == "half_t") 400 else if (prior_base_kind(prior) == "half_normal") 8 else 32
    edges <- scale * c(0, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 400)
    edges <- edges[edges <= end * scale * (1 + 1e-9)]
  }
  edges <- sort(unique(c(edges, further[further > min(edges) & further < max(edges)])))
  grid <- legendre_panels(edges)
  list(x = grid$x, log_w = log_prior_density(prior, grid$x) + log(grid$w))
}

# log L(mu, tau) of y of n: trapezoidal over the likelihood's own log odds where that is the narrower factor, else over
# z = (theta - mu) / tau. A likelihood without events, or of events alone, has no peak and goes by z.
source_log_likelihood <- function(y, n, mu, tau) {
  sd <- if (y > 0 && y < n) 1 / sqrt(y * (1 - y / n)) else Inf
  if (tau < sd) by_deviation(y, n, mu, tau) else by_log_odds(y, n, mu, tau, sd)
}

by_deviation <- function(y, n, mu, tau) {
  step <- 0.5 / sqrt(1 + (tau * sqrt(n + 4) / 2)^2)
  z <- seq(-9, 9, by = step)
  parts <- log_binomial(outer(mu, tau * z, "+"), y, n)
  log_sum_rows(sweep(parts, 2, stats::dnorm(z, log = TRUE) + log(step), "+"))
}

by_log_odds <- function(y, n, mu, tau, sd) {
  step <- 0.45 * min(1, sd)
  peak <- stats::qlogis(y / n)
  theta <- peak + step * seq(-ceiling((44 / min(y, n - y) + 9 * sd) / step), ceiling((44 / min(y, n - y) +
    9 * sd) / step))
  likelihood <- log_binomial(theta, y, n)
  used <- likelihood > max(likelihood) - 44
  parts <- outer(mu, theta[used], \(m, t) stats::dnorm(t, m, tau, log = TRUE))
  log_sum_rows(sweep(parts, 2, likelihood[used] + log(step), "+"))
}

log_binomial <- function(theta, y, n) {
  y * stats::plogis(theta, log.p = TRUE) + (n - y) * stats::plogis(-theta, log.p = TRUE)
}

# The natural log odds of the trial as many normals: mean, sd, weight; of published counts also the mu, the node of tau
# and the scenario that each belongs to.
second_components <- function(natural) {
  if (rate_kind(natural) != "meta") {
    return(second_from_prior(natural))
  }
  evidence <- rate_evidence(natural)
  settings <- rate_settings(natural)
  tau <- tau_nodes(settings$tau)
  parts <- lapply(seq_along(tau$x), \(i) {
    do.call(rbind, lapply(seq_len(nrow(evidence$offset)), \(r) {
      slice <- mu_slice(evidence, evidence$offset[r, ], settings$mu, tau$x[i])
      data.frame(mean = slice$mu + evidence$shift[r] + settings$bias$mean, sd = sqrt(tau$x[i]^2 + settings$bias$sd^2),
        mu = slice$mu, node = i, scenario = r, log_w = slice$log_w + tau$log_w[i] + evidence$log_weight[r])
    }))
  })
  parts <- do.call(rbind, parts)
  parts$weight <- exp(parts$log_w - max(parts$log_w))
  parts <- parts[parts$weight > 1e-16, names(parts) != "log_w"]
  parts$weight <- parts$weight / sum(parts$weight)
  parts
}

# Posterior of mu at one tau on a lattice that holds it to e^-40; `deep`, for the far tails, to e^-100 and finer than
# normals of that sd, NULL where that takes more nodes than it can have.
mu_slice <- function(evidence, offset, prior, tau, deep = NULL) {
  if (prior_base_kind(prior) == "fixed") {
    at <- prior_parameters(prior)[["value"]]
    value <- sum(mapply(\(y, n, o) source_log_likelihood(y, n, at + o, tau), evidence$events, evidence$n, offset))
    return(list(mu = at, log_w = value))
  }
  log_post <- \(mu) {
    total <- log_prior_density(prior, mu)
    for (k in seq_along(evidence$n)) {
      total <- total + source_log_likelihood(evidence$events[k], evidence$n[k], mu + offset[k], tau)
    }
    total
  }
  digits <- if (is.null(deep)) 40 else 100
  low <- if (is.null(deep)) -40 else -40 - 15 * tau
  high <- -low
  for (round in 1:12) {
    mu <- seq(low, high, length.out = 33)
    value <- log_post(mu)
    inside <- range(which(value > max(value) - digits))
    before <- high - low
    low <- mu[max(1, inside[1] - 1)]
    high <- mu[min(33, inside[2] + 1)]
    if (high - low > 0.7 * before) break
  }
  size <- if (is.null(deep)) 141 else max(101, ceiling(2 * (high - low) / deep))
  if (size > 1e5) {
    return(NULL)
  }
  mu <- seq(low, high, length.out = size)
  list(mu = mu, log_w = log_post(mu) + log(mu[2] - mu[1]))
}

# A prior of the rate: a beta on a lattice of its log odds, a normal as it is; a number has no spread but a shared one.
second_from_prior <- function(natural) {
  settings <- rate_settings(natural)
  if (rate_kind(natural) == "known") {
    spread <- sqrt(settings$bias$sd^2 + (if (is.null(settings$shared_sd)) 0 else settings$shared_sd)^2)
    return(data.frame(mean = rate_offset(natural), sd = spread, weight = 1))
  }
  prior <- rate_given(natural)
  rows <- prior_components(prior)
  parts <- lapply(seq_len(nrow(rows)), \(i) prior_component(prior_base_kind(prior), rows[i, "a"], rows[i, "b"],
    rows[i, "weight"]))
  parts <- do.call(rbind, parts)
  moves <- rate_moves(settings, natural_sources(natural), TRUE)
  moved <- lapply(seq_along(moves$shift), \(j) data.frame(mean = parts$mean + moves$shift[j] + moves$bias_mean,
    sd = sqrt(parts$sd^2 + moves$bias_sd^2), weight = parts$weight * moves$weight[j]))
  do.call(rbind, moved)
}

prior_component <- function(kind, a, b, weight) {
  if (kind == "normal") {
    return(data.frame(mean = a, sd = b, weight = weight))
  }
  if (kind == "uniform") a <- b <- 1
  theta <- seq(-45 / min(1, a), 45 / min(1, b), by = 0.02 * min(1, 2 * sqrt(trigamma(a) + trigamma(b))))
  log_w <- a * stats::plogis(theta, log.p = TRUE) + b * stats::plogis(-theta, log.p = TRUE) - lbeta(a, b)
  keep <- log_w > -45
  data.frame(mean = theta[keep], sd = 0, weight = weight * exp(log_w[keep]) * (theta[2] - theta[1]))
}

# Nodes and weights in theta, by a trapezoidal rule for all normals of one width together (or each by its own, where
# that takes fewer): as fine as the normals and a rate, which turns over about one log odds, need.
second_nodes <- function(components) {
  groups <- split(seq_along(components$sd), match(components$sd, unique(components$sd)))
  parts <- lapply(groups, \(i) normal_nodes(components$mean[i], components$sd[i[1]], components$weight[i]))
  list(theta = unlist(lapply(parts, `[[`, "theta")), weight = unlist(lapply(parts, `[[`, "weight")))
}

normal_nodes <- function(mean, sd, weight) {
  if (sd == 0) {
    return(list(theta = mean, weight = weight))
  }
  step <- min(0.4 * sd, 0.35)
  z <- seq(-9, 9, by = step / sd)
  if (length(mean) * length(z) < diff(range(mean)) / step + length(z)) {
    return(list(theta = as.vector(outer(mean, sd * z, "+")),
      weight = as.vector(outer(weight, stats::dnorm(z) * step / sd))))
  }
  theta <- seq(min(mean) - 9 * sd, max(mean) + 9 * sd, by = step)
  list(theta = theta, weight = step * as.vector(weight %*% stats::dnorm(outer(-mean, theta, "+"), 0, sd)))
}

# E h(theta)
second_expectation <- function(nodes, h) sum(nodes$weight * h(nodes$theta))
