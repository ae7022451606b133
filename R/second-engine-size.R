# ELIR of a natural rate by its definition, in plain R. The core integrates by parts and needs one derivative of
# log q; here both derivatives are in closed form, from normals and betas whose weights are logarithms, and the expected
# information stands as Neuenschwander and others (2020) define it. The form by parts is a check that costs nothing:
# where the two differ, or the tail is too long to be told, there is no second road (NA).

# @return NA where the size does not exist or is not known to 5e-8 of itself
second_elir <- function(natural) {
  parts <- size_parts(natural)
  if (is.null(parts)) NA_real_ else elir_of_parts(parts, size_decay(natural))
}

# Groups of normals of one sd (`mean`, `log_w`, `sd`), or betas (`a`, `b`, `shift`, `log_w`), of the log odds; NULL
# where the size does not exist, or is not one of a distribution.
size_parts <- function(natural) {
  if (rate_kind(natural) == "known") {
    return(NULL)
  }
  if (rate_kind(natural) == "meta") {
    return(if (size_exists(natural)) size_of_meta(natural))
  }
  size_of_prior(natural)
}

size_of_prior <- function(natural) {
  prior <- rate_given(natural)
  rows <- prior_components(prior)
  kind <- prior_base_kind(prior)
  if (kind == "uniform") rows[, c("a", "b")] <- 1
  if (kind != "normal" && any(rows[, c("a", "b")] < 1)) {
    return(NULL)
  }
  moves <- rate_moves(rate_settings(natural), natural_sources(natural), TRUE)
  groups <- lapply(seq_along(moves$shift), \(j) lapply(seq_len(nrow(rows)), \(i) {
    log_w <- log(rows[i, "weight"] * moves$weight[j])
    shift <- moves$shift[j] + moves$bias_mean
    if (kind == "normal") {
      list(mean = rows[i, "a"] + shift, log_w = log_w, sd = sqrt(rows[i, "b"]^2 + moves$bias_sd^2))
    } else {
      size_of_beta(rows[i, "a"], rows[i, "b"], shift, log_w, moves$bias_sd)
    }
  }))
  unlist(groups, recursive = FALSE)
}

# A beta as it is, or smoothed by a bias: normals on a lattice of its log odds, as fine as the product of both needs.
size_of_beta <- function(a, b, shift, log_w, sd) {
  if (sd == 0) {
    return(list(a = a, b = b, shift = shift, log_w = log_w - lbeta(a, b)))
  }
  step <- min(0.4, 0.35 / sqrt(1 / sd^2 + (a + b) / 4))
  at <- seq(-100, 100, by = step)
  list(mean = at + shift, sd = sd, log_w = log_w + log(step) - lbeta(a, b) + a * stats::plogis(at, log.p = TRUE) +
    b * stats::plogis(-at, log.p = TRUE))
}

# Published counts -----------------------------------------------------------------------------------

# Tails lighter than e^-|theta|: tau bounded, or half-normal of scale s with 1 / s > 1, at the edge (s = 1) with a
# power besides. Where the sources alone hold mu, its own spread widens them. And no peak: around a mu that is a number
# a tau down to 0 gives q a pole, log(1 / |theta - mu|), whose information is infinite.
size_exists <- function(natural) {
  settings <- rate_settings(natural)
  kind <- prior_base_kind(settings$tau)
  least <- if (kind %in% c("fixed", "uniform")) min(prior_components(settings$tau)[, "a"]) else 0
  if (prior_base_kind(settings$mu) == "fixed" && least == 0 && settings$bias$sd == 0) {
    return(FALSE)
  }
  kind %in% c("fixed", "uniform") || kind == "half_normal" && size_decay(natural) >= 0
}

# The decay of q e^|theta| that is beyond any power.
size_decay <- function(natural) {
  if (rate_kind(natural) != "meta" || prior_base_kind(rate_settings(natural)$tau) != "half_normal") {
    return(0)
  }
  settings <- rate_settings(natural)
  evidence <- rate_evidence(natural)
  held <- sum(evidence$events > 0 & evidence$events < evidence$n)
  widen <- if (prior_base_kind(settings$mu) %in% c("normal", "fixed")) 1 else sqrt(1 + 1 / held)
  decay <- 1 / (max(prior_components(settings$tau)[, "a"]) * widen) - 1
  if (widen > 1 && decay == 0) -1 else decay
}

size_of_meta <- function(natural) {
  evidence <- rate_evidence(natural)
  settings <- rate_settings(natural)
  decay <- size_decay(natural)
  tau <- size_tau(settings$tau, decay)
  # Normals of the smallest tau are the narrowest; a mu that is wide has no lattice so fine.
  least <- min(tau$x)
  narrowest <- lapply(seq_len(nrow(evidence$offset)), \(r) mu_slice(evidence, evidence$offset[r, ], settings$mu, least,
    deep = sqrt(least^2 + settings$bias$sd^2)))
  if (any(vapply(narrowest, is.null, NA))) {
    return(NULL)
  }
  groups <- lapply(seq_along(tau$x), \(i) lapply(seq_len(nrow(evidence$offset)), \(r) {
    sd <- sqrt(tau$x[i]^2 + settings$bias$sd^2)
    slice <- mu_slice(evidence, evidence$offset[r, ], settings$mu, tau$x[i], deep = sd)
    list(mean = slice$mu + evidence$shift[r] + settings$bias$mean, sd = sd,
      log_w = slice$log_w + tau$log_w[i] + evidence$log_weight[r])
  }))
  groups <- unlist(groups, recursive = FALSE)
  total <- log_sum_rows(t(unlist(lapply(groups, `[[`, "log_w"))))
  lapply(groups, \(g) {
    g$log_w <- g$log_w - total
    g
  })
}

# At |theta| = t a half-normal tau of scale s lies around sqrt(s t), s / 2 wide: panels on to the farthest of them.
size_tau <- function(prior, decay) {
  near <- tau_nodes(prior)
  if (prior_base_kind(prior) != "half_normal") {
    return(near)
  }
  scale <- max(prior_components(prior)[, "a"])
  end <- sqrt(scale * size_reach(decay)) + 5 * scale
  if (end <= 8 * scale) {
    return(near)
  }
  far <- legendre_panels(seq(8 * scale, end, length.out = ceiling((end / scale - 8) / 1.5) + 1))
  list(x = c(near$x, far$x), log_w = c(near$log_w, log_prior_density(prior, far$x) + log(far$w)))
}

size_reach <- function(decay) if (decay > 0) min(400, 40 / decay) else 400

# Density and its derivatives ------------------------------------------------------------------------

# log q and its two derivatives at theta: sums over all parts relative to the largest of them. A group whose highest
# part is e^-40 of what another's central part gives is left out there.
log_mixture <- function(groups, theta) {
  central <- vapply(groups, group_centre, numeric(3))
  high <- vapply(seq_along(groups), \(i) group_highest(groups[[i]], theta), numeric(length(theta)))
  high <- matrix(high, length(theta))
  low <- vapply(seq_along(groups), \(i) {
    if (is.null(groups[[i]]$a)) central[3, i] - 0.5 * ((theta - central[1, i]) / central[2, i])^2 else high[, i]
  }, numeric(length(theta)))
  floor <- do.call(pmax, as.data.frame(matrix(low, length(theta)))) - 40
  top <- rep(-Inf, length(theta))
  sums <- matrix(0, length(theta), 3)
  for (i in seq_along(groups)) {
    at <- which(high[, i] > floor)
    if (length(at) == 0L) next
    s <- if (is.null(groups[[i]]$a)) normal_sums(groups[[i]], theta[at], min(floor[at])) else
      beta_sums(groups[[i]], theta[at])
    if (is.null(s)) next
    new <- pmax(top[at], s$top)
    sums[at, ] <- sums[at, , drop = FALSE] * exp(top[at] - new) + s$sums * exp(s$top - new)
    top[at] <- new
  }
  first <- sums[, 2] / sums[, 1]
  list(value = top + log(sums[, 1]), first = first, second = sums[, 3] / sums[, 1] - first^2)
}

# Mean, sd and log height of the heaviest part of a group of normals.
group_centre <- function(g) {
  if (!is.null(g$a)) {
    return(c(NA_real_, NA_real_, NA_real_))
  }
  heaviest <- which.max(g$log_w)
  c(g$mean[heaviest], g$sd, g$log_w[heaviest] - log(g$sd * sqrt(2 * pi)))
}

# No more than this can a group give at theta.
group_highest <- function(g, theta) {
  if (!is.null(g$a)) {
    return(beta_sums(g, theta)$top)
  }
  outside <- pmax(0, min(g$mean) - theta, theta - max(g$mean)) / g$sd
  max(g$log_w) + log(length(g$mean)) - log(g$sd * sqrt(2 * pi)) - 0.5 * outside^2
}

# Sums of v, v l' and v (l'^2 + l'') over parts v = e^l, relative to the largest part; parts that nowhere reach the
# floor are left out.
normal_sums <- function(g, theta, floor) {
  constant <- log(g$sd * sqrt(2 * pi))
  outside <- pmax(0, min(theta) - g$mean, g$mean - max(theta)) / g$sd
  used <- g$log_w - 0.5 * outside^2 - constant > floor - log(length(g$mean))
  if (!any(used)) {
    return(NULL)
  }
  z <- outer(theta, g$mean[used], "-") / g$sd
  e <- rep(g$log_w[used], each = length(theta)) - 0.5 * z^2
  top <- do.call(pmax, lapply(seq_len(ncol(e)), \(j) e[, j]))
  v <- exp(e - top)
  list(top = top - constant, sums = cbind(rowSums(v), -rowSums(v * z) / g$sd,
    rowSums(v * (z^2 - 1)) / g$sd^2))
}

beta_sums <- function(g, theta) {
  p <- stats::plogis(theta - g$shift)
  q <- stats::plogis(g$shift - theta)
  first <- g$a * q - g$b * p
  list(top = g$log_w + g$a * stats::plogis(theta - g$shift, log.p = TRUE) +
    g$b * stats::plogis(g$shift - theta, log.p = TRUE), sums = cbind(1, first, first^2 - (g$a + g$b) * p * q))
}

# Expectation ----------------------------------------------------------------------------------------

# With v = p (1 - p), of which -d^2 log(q / v) / dp^2 / (1 / v) = {(1 - 2 p) g' - g''} / v, g = log q - log v; and
# g'^2 / v, which has the same expectation less 2.
elir_integrands <- function(groups, theta) {
  q <- log_mixture(groups, theta)
  lean <- tanh(theta / 2)
  g1 <- q$first + lean
  g2 <- q$second + (1 - lean^2) / 2
  density <- exp(q$value - stats::plogis(theta, log.p = TRUE) - stats::plogis(-theta, log.p = TRUE))
  density * cbind(-lean * g1 - g2, g1^2, abs(g1 + lean))
}

elir_of_parts <- function(groups, decay) {
  f <- \(theta) {
    pieces <- split(theta, ceiling(seq_along(theta) / 48))
    do.call(rbind, lapply(pieces, \(t) elir_integrands(groups, t)))
  }
  start <- 30
  bulk <- halved_panels(\(theta) f(theta)[, 1:2, drop = FALSE], seq(-start, start, by = 2))
  sides <- lapply(c(-1, 1), \(side) elir_side(f, start, side, size_reach(decay), decay, abs(bulk[2]) + 2))
  by_parts <- bulk[2] + sum(vapply(sides, `[[`, 0, "parts")) + 2
  by_definition <- bulk[1] + sum(vapply(sides, `[[`, 0, "definition"))
  doubt <- abs(by_parts - by_definition) + sum(vapply(sides, `[[`, 0, "doubt"))
  if (isTRUE(doubt < 5e-8 * max(1, abs(by_definition)))) by_definition else NA_real_
}

# Panels halved until two halves say what the whole said: integrals of the columns of f.
halved_panels <- function(f, edges) {
  from <- edges[-length(edges)]
  width <- diff(edges)
  whole <- panel_sums(f, from, width)
  settled <- numeric(ncol(whole))
  for (round in 1:14) {
    from <- as.vector(rbind(from, from + width / 2))
    width <- rep(width / 2, each = 2)
    halves <- panel_sums(f, from, width)
    pair <- halves[c(TRUE, FALSE), , drop = FALSE] + halves[c(FALSE, TRUE), , drop = FALSE]
    scale <- abs(settled + colSums(halves)) + 1
    open <- rowSums(abs(pair - whole) > rep(1e-11 * scale, each = nrow(pair))) > 0
    settled <- settled + colSums(pair[!open, , drop = FALSE])
    if (!any(open)) {
      return(settled)
    }
    keep <- rep(open, each = 2)
    from <- from[keep]
    width <- width[keep]
    whole <- halves[keep, , drop = FALSE]
  }
  settled * NA_real_
}

panel_sums <- function(f, from, width) {
  rule <- legendre_16
  values <- f(as.vector(outer((1 + rule$x) / 2, width) + rep(from, each = 16)))
  panel <- rep(seq_along(from), each = 16)
  unname(rowsum(values * rep(rule$w / 2, length(from)) * rep(width, each = 16), panel))
}

# One tail, panel by panel outwards, each longer by a quarter, until a panel adds nothing; what is beyond the last by
# the law of the tail, and the doubt of it by the same law from three panels before.
elir_side <- function(f, start, side, reach, decay, total) {
  edges <- start * 1.25^(0:ceiling(log(reach / start) / log(1.25)))
  outward <- \(t) f(side * t)
  parts <- matrix(0, 0, 2)
  for (i in seq_along(edges)[-1]) {
    parts <- rbind(parts, panel_sums(outward, edges[i - 1], edges[i] - edges[i - 1])[, 1:2, drop = FALSE])
    if (all(abs(parts[nrow(parts), ]) < 1e-13 * total)) {
      return(list(parts = sum(parts[, 2]), definition = sum(parts[, 1]) + outward(edges[i])[3], doubt = 0))
    }
  }
  last <- length(edges)
  beyond <- tail_beyond(outward, edges[last], decay)
  before <- tail_beyond(outward, edges[last - 3], decay)
  seen <- sum(utils::tail(parts[, 2], 3))
  # Beyond T the definition is the form by parts and q / v (|g'| + 1) at T.
  list(parts = sum(parts[, 2]) + beyond, definition = sum(parts[, 1]) + beyond + outward(edges[last])[3],
    doubt = abs(before - seen - beyond))
}

# A saddle over tau gives t^-r e^(-decay t) times a series in t^(-1/2): its first terms from four points, and the
# integral over the logarithm of t.
tail_beyond <- function(f, from, decay) {
  series <- \(t) cbind(1, log(t / from), sqrt(from / t), from / t)
  at <- from * c(0.4, 0.55, 0.75, 1)
  value <- f(at)[, 2]
  if (!all(value > 0)) {
    return(NA_real_)
  }
  b <- solve(series(at), log(value) + decay * at)
  if (decay == 0 && b[2] >= -1.05) {
    return(NA_real_)
  }
  end <- if (decay > 0) log1p(60 / (decay * from)) else 40 / (-b[2] - 1)
  x <- legendre_panels(seq(0, end, length.out = 41))
  t <- from * exp(x$x)
  sum(x$w * t * exp(drop(series(t) %*% b) - decay * t))
}
