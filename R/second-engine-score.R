# A second engine for natural change and excess of scores, in plain R, that shares nothing with the core: Gauss-Legendre
# panels in tau (the core: adaptive panels), a trapezoidal lattice in the population mean (the core: panels over every
# component), the families' parameters by nested bisection (the core: Newton), sums of patients by plain convolution.

# The mean of a new population as many normals, before any bias, and that of all populations (mu): data frames of mean,
# sd, weight.
second_change <- function(natural) {
  if (change_kind(natural) != "meta") {
    m <- change_mixture(natural, "fine")
    b <- change_bias(natural)
    given <- data.frame(mean = m$mean - b$mean, sd = sqrt(pmax(m$sd^2 - b$sd^2, 0)), weight = m$weight)
    return(list(fresh = given, mu = given))
  }
  sources <- natural_sources(natural)
  spread <- sqrt(mean(sources$se^2)) * c(0.1, 0.3, 0.6, 1, 1.6, 2.5, 4, 7, 12)
  tau <- tau_nodes(change_tau(natural), spread)
  parts <- do.call(rbind, lapply(seq_along(tau$x), \(i) {
    slice <- mean_slice(sources$mean, sources$se, tau$x[i], change_mu_prior(natural))
    cbind(slice, tau = tau$x[i], log_w = slice$log_like + tau$log_w[i])
  }))
  weight <- exp(parts$log_w - max(parts$log_w))
  weight <- weight / sum(weight)
  middle <- sum(weight * parts$tau)
  list(tau = list(mean = middle, sd = sqrt(sum(weight * (parts$tau - middle)^2))),
    fresh = data.frame(mean = parts$mean, sd = sqrt(parts$variance + parts$tau^2), weight = weight),
    mu = data.frame(mean = parts$mean, sd = sqrt(parts$variance), weight = weight))
}

# Posterior of mu at one tau, and the likelihood of tau, for each component of mu's prior.
mean_slice <- function(y, se, tau, prior) {
  w <- 1 / (se^2 + tau^2)
  centre <- sum(w * y) / sum(w)
  own <- 0.5 * sum(log(w)) - 0.5 * sum(w * (y - centre)^2)
  if (prior_base_kind(prior) == "flat") {
    return(data.frame(mean = centre, variance = 1 / sum(w), log_like = own - 0.5 * log(sum(w))))
  }
  rows <- prior_components(prior)
  a <- unname(rows[, "a"])
  b <- if (prior_base_kind(prior) == "fixed") rep(0, nrow(rows)) else unname(rows[, "b"])
  total <- b^2 + 1 / sum(w)
  data.frame(mean = (a / sum(w) + centre * b^2) / total, variance = b^2 / sum(w) / total,
    log_like = own + log(unname(rows[, "weight"])) - 0.5 * log(sum(w) * total) - 0.5 * (centre - a)^2 / total)
}

second_mixture <- function(natural) {
  fresh <- second_change(natural)$fresh
  b <- change_bias(natural)
  data.frame(mean = fresh$mean + b$mean, sd = sqrt(fresh$sd^2 + b$sd^2), weight = fresh$weight)
}

mixture_below <- function(m, x) vapply(x, \(one) sum(m$weight * stats::pnorm(one, m$mean, m$sd)), 0)

mixture_quantile <- function(m, probs) {
  ends <- range(m$mean[m$weight > 1e-14]) + c(-1, 1) * (12 * max(m$sd[m$weight > 1e-14]) + 1e-6)
  vapply(probs, \(p) stats::uniroot(\(x) mixture_below(m, x) - p, ends, tol = 1e-12)$root, 0)
}

mixture_moments <- function(m) {
  mean <- sum(m$weight * m$mean)
  list(mean = mean, sd = sqrt(sum(m$weight * (m$sd^2 + (m$mean - mean)^2))))
}

second_summary <- function(m, probs) c(mixture_moments(m), list(quantile = mixture_quantile(m, probs)))

# A lattice of population means with their probabilities: the trapezoidal rule converges geometrically where every
# component is wider than the step. Where means lie beyond those that the family can have, what follows from a mean has
# a kink at the end: the mass beyond stands there, and panels lie between, closer towards the ends.
mean_lattice <- function(m, ends = c(-Inf, Inf)) {
  m <- m[m$weight > 1e-13, ]
  if (all(m$sd == 0)) {
    return(list(x = m$mean, weight = m$weight))
  }
  step <- 0.5 * min(m$sd)
  reach <- c(min(m$mean - 8 * m$sd), max(m$mean + 8 * m$sd))
  if (diff(reach) / step > 20000) return(NULL)
  density <- \(x) vapply(x, \(one) sum(m$weight * stats::dnorm(one, m$mean, m$sd)), 0)
  if (reach[1] > ends[1] && reach[2] < ends[2]) {
    x <- seq(reach[1], reach[2], by = step)
    weight <- step * density(x)
  } else {
    inside <- pmin(pmax(reach, ends[1]), ends[2])
    near <- diff(inside) * 2^-(5:45)
    edges <- c(seq(inside[1], inside[2], length.out = ceiling(diff(inside) / (4 * step)) + 33), inside[1] + near,
      inside[2] - near)
    grid <- legendre_panels(sort(unique(edges)))
    x <- c(inside, grid$x)
    weight <- c(mixture_below(m, inside[1]), 1 - mixture_below(m, inside[2]), grid$w * density(grid$x))
  }
  keep <- weight > 1e-14
  list(x = x[keep], weight = weight[keep])
}

# Families ----------------------------------------------------------------------------------------

# Location and spread of a family from its observed mean and SD, as in change_family.hpp but solved otherwise, and the
# means that it can have.
second_family <- function(natural) {
  mu <- second_change(natural)$mu
  anchor <- if (change_kind(natural) == "meta") mixture_quantile(mu, 0.5) else sum(mu$weight * mu$mean)
  sd <- change_sd(natural)
  range <- change_range(natural)
  zero <- change_zero(natural)
  solved <- switch(change_family(natural),
    normal = list(location = anchor, spread = sd),
    censored = second_censored(anchor, sd, range),
    beta_binomial = second_points(anchor - range[1], sd, diff(range)),
    hurdle = second_points(anchor / (1 - zero) - 1, sqrt((sd^2 + anchor^2) / (1 - zero) - (anchor / (1 - zero))^2),
      range[2] - 1)
  )
  ends <- switch(change_family(natural), normal = c(-Inf, Inf), hurdle = (1 - zero) * c(1, range[2]), range)
  c(solved, list(ends = ends), list(family = change_family(natural), anchor = anchor, range = range, zero = zero))
}

second_points <- function(mean, sd, size) {
  p <- mean / size
  rho <- (sd^2 / (size * p * (1 - p)) - 1) / (size - 1)
  list(location = stats::qlogis(p), spread = 1 / rho - 1, size = size)
}

# Moments of a censored normal as integrals of what lies above; bisection in the latent mean within one in the SD.
second_censored <- function(mean, sd, range) {
  grid <- legendre_panels(seq(range[1], range[2], length.out = 31))
  moments <- \(location, spread) {
    above <- stats::pnorm(grid$x, location, spread, lower.tail = FALSE)
    first <- range[1] + sum(grid$w * above)
    c(first, sqrt(range[1]^2 + 2 * sum(grid$w * grid$x * above) - first^2))
  }
  wide <- 40 * diff(range)
  latent_mean <- \(spread) stats::uniroot(\(l) moments(l, spread)[1] - mean, mean + c(-1, 1) * wide, tol = 1e-13)$root
  gap <- \(log_spread) moments(latent_mean(exp(log_spread)), exp(log_spread))[2] - sd
  spread <- exp(stats::uniroot(gap, log(sd) + c(-0.5, 2.5), tol = 1e-13, extendInt = "upX")$root)
  list(location = latent_mean(spread), spread = spread)
}

# The location at which the family's mean is x: log odds by their definition, a latent mean by bisection.
second_location <- function(family, x) {
  x <- pmin(pmax(x, family$ends[1]), family$ends[2])
  switch(family$family,
    normal = x,
    beta_binomial = stats::qlogis((x - family$range[1]) / family$size),
    hurdle = stats::qlogis(pmin(pmax((x / (1 - family$zero) - 1) / family$size, 0), 1)),
    censored = {
      above <- \(z) stats::dnorm(z) + z * stats::pnorm(z)
      low <- rep(family$range[1] - 37 * family$spread, length(x))
      high <- rep(family$range[2] + 37 * family$spread, length(x))
      for (halving in 1:90) {
        middle <- (low + high) / 2
        # From the nearer end, where what is left of the mean keeps its digits.
        up <- family$spread * (above((middle - family$range[1]) / family$spread) -
          above((middle - family$range[2]) / family$spread))
        down <- family$spread * (above((family$range[2] - middle) / family$spread) -
          above((family$range[1] - middle) / family$spread))
        under <- ifelse(x - family$range[1] < family$range[2] - x, up < x - family$range[1], down > family$range[2] - x)
        low <- ifelse(under, middle, low)
        high <- ifelse(under, high, middle)
      }
      (low + high) / 2
    })
}

# Probabilities of one patient's whole changes (rows) at each population mean (columns), cut off at his room.
second_masses <- function(family, room, x) {
  at <- second_location(family, x)
  if (family$family == "normal") {
    values <- seq(floor(min(at) - 8 * family$spread), ceiling(max(at) + 8 * family$spread))
  } else {
    values <- seq(min(room[1], family$range[1]), max(room[2], family$range[2]))
  }
  masses <- second_uncut(family, values, at)
  if (family$family == "normal") {
    return(list(values = values, masses = masses))
  }
  low <- values < room[1]
  high <- values > room[2]
  kept <- masses[!low & !high, , drop = FALSE]
  kept[1, ] <- kept[1, ] + colSums(masses[low, , drop = FALSE])
  kept[nrow(kept), ] <- kept[nrow(kept), ] + colSums(masses[high, , drop = FALSE])
  list(values = values[!low & !high], masses = kept)
}

second_uncut <- function(family, values, at) {
  if (family$family %in% c("normal", "censored")) {
    upper <- stats::pnorm(outer(values + 0.5, at, `-`) / family$spread)
    below <- stats::pnorm(outer(values - 0.5, at, `-`) / family$spread)
    masses <- upper - below
    masses[1, ] <- upper[1, ]
    masses[nrow(masses), ] <- 1 - below[nrow(masses), ]
    return(masses)
  }
  hurdle <- family$family == "hurdle"
  points <- values - if (hurdle) 1 else family$range[1]
  a <- pmax(family$spread * stats::plogis(at), 1e-300)
  b <- pmax(family$spread * stats::plogis(-at), 1e-300)
  inside <- points >= 0 & points <= family$size
  masses <- matrix(0, length(values), length(at))
  k <- points[inside]
  masses[inside, ] <- exp(lchoose(family$size, k) + lbeta(outer(k, a, `+`), outer(family$size - k, b, `+`)) -
    rep(lbeta(a, b), each = length(k)))
  if (hurdle) {
    masses <- (1 - family$zero) * masses
    masses[values == 0, ] <- family$zero
  }
  masses
}

# Distribution of the sum of patients at each population mean.
add_patients <- function(laws) {
  Reduce(\(one, two) {
    out <- matrix(0, nrow(one$masses) + nrow(two$masses) - 1L, ncol(one$masses))
    for (i in seq_len(nrow(one$masses))) {
      at <- seq(i, length.out = nrow(two$masses))
      out[at, ] <- out[at, ] + two$masses * rep(one$masses[i, ], each = nrow(two$masses))
    }
    list(values = seq(one$values[1] + two$values[1], length.out = nrow(out)), masses = out)
  }, laws)
}
