# Distribution functions by the second engine, and their limits: of a natural rate, of tau and mu, and of the
# difference between the treated and the natural rate.

# P(natural log odds <= theta): normals in closed form, betas (moved, not smoothed), or, where mu lies on a lattice too
# coarse for the normals around it, both by their characteristic function.
second_law <- function(natural, components) {
  if (rate_kind(natural) == "meta") {
    return(slices_law(components))
  }
  if (rate_kind(natural) != "prior" || any(components$sd > 0)) {
    return(\(theta) mixture_below(components, theta))
  }
  given <- rate_given(natural)
  rows <- prior_components(given)
  if (prior_base_kind(given) == "uniform") rows[, c("a", "b")] <- 1
  moves <- rate_moves(rate_settings(natural), natural_sources(natural), TRUE)
  \(theta) {
    total <- numeric(length(theta))
    for (j in seq_along(moves$shift)) for (i in seq_len(nrow(rows))) {
      at <- stats::plogis(theta - moves$shift[j] - moves$bias_mean)
      total <- total + moves$weight[j] * rows[i, "weight"] * stats::pbeta(at, rows[i, "a"], rows[i, "b"])
    }
    total
  }
}

slices_law <- function(components) {
  slices <- split(components[c("mean", "sd", "weight")], components[c("node", "scenario")], drop = TRUE)
  coarse <- vapply(slices, \(s) nrow(s) > 1L && s$sd[1] < 2 * min(diff(s$mean)), NA)
  wide <- do.call(rbind, slices[!coarse])
  narrow <- lapply(slices[coarse], \(s) lattice_waves(s$mean, s$weight, s$sd[1]))
  \(theta) {
    own <- if (is.null(wide)) 0 else mixture_below(wide, theta)
    own + vapply(theta, \(at) sum(vapply(narrow, lattice_below, 0, at)), 0)
  }
}

law_quantile <- function(law, probs) {
  vapply(probs, \(p) stats::uniroot(\(theta) law(theta) - p, c(-700, 700), tol = 1e-12)$root, 0)
}

# The same function where it is asked for often: normal scores of it are nearly straight, and a spline of them is
# right to some 1e-9.
quick_law <- function(law, components) {
  if (nrow(components) < 500 || all(components$sd == 0)) {
    return(law)
  }
  ends <- law_quantile(law, c(1e-10, 1e-4, 0.005, 0.995, 1 - 1e-4, 1 - 1e-10))
  theta <- unique(unlist(Map(\(from, to, size) seq(from, to, length.out = size), ends[-6], ends[-1],
    c(80, 100, 250, 100, 80))))
  score <- stats::qnorm(law(theta))
  known <- is.finite(score)
  score <- stats::splinefun(theta[known], score[known], method = "natural")
  \(x) stats::pnorm(score(x))
}

# Posterior of tau ---------------------------------------------------------------------------------

# Masses at the nodes of each panel are the density's, and the polynomial through them is integrated up to x.
second_tau <- function(prior, components, probs) {
  nodes <- tau_nodes(prior)$x
  if (prior_base_kind(prior) == "fixed") {
    return(second_row("tau", NA_character_, nodes[1], nodes[1], nodes[1], 0))
  }
  mass <- matrix(0, 16, length(nodes) / 16)
  sums <- rowsum(components$weight, components$node)
  mass[as.integer(rownames(sums))] <- sums
  mean <- sum(mass * nodes)
  below <- panels_below(matrix(nodes, 16), mass)
  limits <- vapply(probs, \(p) stats::uniroot(\(x) below(x) - p, range(nodes), tol = 1e-12)$root, 0)
  second_row("tau", NA_character_, mean, limits[1], limits[2], sqrt(sum(mass * (nodes - mean)^2)))
}

# @param nodes,mass one column for each panel, the first the lowest
panels_below <- function(nodes, mass) {
  rule <- legendre_16
  half <- apply(nodes, 2, \(x) diff(range(x))) / diff(range(rule$x))
  from <- apply(nodes, 2, \(x) mean(range(x))) - half
  whole <- c(0, cumsum(colSums(mass)))
  \(at) {
    panel <- max(1, sum(from <= at))
    part <- legendre_panels(c(from[panel], at))
    height <- polynomial_through(nodes[, panel], mass[, panel] / (rule$w * half[panel]), part$x)
    whole[panel] + sum(part$w * height)
  }
}

# Lagrange's polynomial.
polynomial_through <- function(x, y, at) {
  vapply(at, \(one) sum(y * vapply(seq_along(x), \(j) prod((one - x[-j]) / (x[j] - x[-j])), 0)), 0)
}

# Posterior of mu ----------------------------------------------------------------------------------

second_mu <- function(prior, components, probs) {
  if (prior_base_kind(prior) == "fixed") {
    value <- prior_parameters(prior)[["value"]]
    return(second_row("mu", NA_character_, value, value, value, 0))
  }
  mean <- sum(components$weight * components$mu)
  sd <- sqrt(sum(components$weight * (components$mu - mean)^2))
  slices <- split(components[c("mu", "weight")], components[c("node", "scenario")], drop = TRUE)
  slices <- lapply(slices[vapply(slices, \(s) sum(s$weight) > 1e-13, NA)], \(s) lattice_waves(s$mu, s$weight))
  limits <- search_limits(\(x) sum(vapply(slices, lattice_below, 0, x)), probs, mean, sd)
  second_row("mu", NA_character_, mean, limits[1], limits[2], sd)
}

# A smooth density known on a lattice, and a normal added to it, by their characteristic function up to the lattice's
# highest frequency.
lattice_waves <- function(at, weight, sd = 0) {
  x <- at - at[1]
  total <- sum(weight)
  margin <- 9 * sd
  if (length(x) == 1L) {
    return(list(start = at, margin = 0, reach = 0, total = total))
  }
  period <- 2.02 * (max(x) + 2 * margin)
  odd <- seq(1, max(1, period / (2 * min(diff(x)))), by = 2)
  wave <- odd * 2 * pi / period
  angle <- outer(wave, x)
  smooth <- exp(-(wave * sd)^2 / 2)
  list(start = at[1], margin = margin, reach = max(x), total = total, odd = odd, wave = wave,
    cosine = smooth * as.vector(cos(angle) %*% weight), sine = smooth * as.vector(sin(angle) %*% weight))
}

# The sign of x - X is a square wave of odd sines (Gil-Pelaez), as far as the slice reaches.
lattice_below <- function(slice, x) {
  u <- x - slice$start
  if (u <= -slice$margin) return(0)
  if (u >= slice$reach + slice$margin) return(slice$total)
  slice$total / 2 + 2 / pi * sum((sin(slice$wave * u) * slice$cosine - cos(slice$wave * u) * slice$sine) / slice$odd)
}

# Difference of rates ------------------------------------------------------------------------------

# P(p1 - p0 <= d) as an integral over p1 = sin(phi)^2, in which its Jeffreys density is a product of powers of sines;
# pieces end at quantiles of either rate, where p1 - d leaves (0, 1), and are smoothed at their ends.
difference_below <- function(natural, components, y, n) {
  if (rate_is_known(natural)) {
    rate <- stats::plogis(rate_offset(natural))
    return(\(d) stats::pbeta(rate + d, y + 0.5, n - y + 0.5))
  }
  law <- quick_law(second_law(natural, components), components)
  lower <- c(1e-9, 1e-5, 1e-3, 0.02, 0.1, 0.3)
  probs <- c(lower, 0.5, 1 - lower)
  own <- stats::qbeta(probs, y + 0.5, n - y + 0.5)
  theirs <- stats::plogis(law_quantile(law, probs))
  rule <- legendre_panels(seq(0, 1, by = 0.5))
  smooth <- rule$x^2 * (3 - 2 * rule$x)
  slope <- 6 * rule$x * (1 - rule$x)
  \(d) {
    cut <- c(0, 1, own, theirs + d, d, 1 + d)
    phi <- asin(sqrt(sort(unique(cut[cut >= 0 & cut <= 1]))))
    angle <- as.vector(outer(smooth, diff(phi)) + rep(phi[-length(phi)], each = length(smooth)))
    width <- as.vector(outer(rule$w * slope, diff(phi)))
    density <- exp(2 * y * log(sin(angle)) + 2 * (n - y) * log(abs(cos(angle))) + log(2) -
      lbeta(y + 0.5, n - y + 0.5))
    rate <- pmin(pmax(sin(angle)^2 - d, 1e-300), 1 - 1e-16) # nature gives at least this much
    above <- 1 - law(stats::qlogis(rate))
    sum(width * density * above)
  }
}

# Limits of one proportion -------------------------------------------------------------------------

second_limits <- function(y, n, level) {
  a <- 1 - level
  probs <- c(a, 2 - a) / 2
  z2 <- stats::qchisq(level, 1)
  wilson <- (y + z2 / 2 + c(-1, 1) * sqrt(z2) * sqrt(y * (n - y) / n + z2 / 4)) / (n + z2)
  exact <- c(if (y == 0) 0 else stats::qbeta(a / 2, y, n - y + 1), if (y == n) 1 else
    stats::qbeta(1 - a / 2, y + 1, n - y))
  bayes <- stats::qbeta(probs, y + 0.5, n - y + 0.5)
  blaker <- c(blaker_least(y, n, a), 1 - blaker_least(n - y, n, a))
  row <- \(term, estimate, ends, sd = NA_real_) second_row(term, NA_character_, estimate, ends[1], ends[2], sd)
  middle <- (y + 0.5) / (n + 1)
  rbind(row("rate_clopper_pearson", y / n, exact), row("rate_wilson", y / n, wilson), row("rate_blaker", y / n, blaker),
    row("rate_jeffreys", middle, bayes, sqrt(middle * (1 - middle) / (n + 2))))
}

# The least rate that Blaker's definition accepts: outcomes no likelier to be exceeded than y, on a fine lattice, and
# halving between the last rate rejected and the first accepted.
blaker_least <- function(y, n, a) {
  if (y == 0) {
    return(0)
  }
  k <- 0:n
  accepted <- \(p) {
    tail <- pmin(stats::pbinom(k, n, p), stats::pbinom(k - 1, n, p, lower.tail = FALSE))
    sum(stats::dbinom(k, n, p)[tail <= tail[y + 1] * (1 + 1e-11)]) > a
  }
  p <- seq(stats::qbeta(a / 2, y, n - y + 1) * (1 - 1e-9), y / n, length.out = 1000)
  first <- which(vapply(p, accepted, NA))[1]
  if (first == 1L) return(p[1])
  stats::uniroot(\(x) if (accepted(x)) 1 else -1, p[first - 1:0], tol = 1e-13)$root
}
