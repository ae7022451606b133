# Every number of an excess of scores by the second engine.

#' @rdname certify
#' @export
certify.natural_change <- function(x, ...) {
  check_no_more(names(formals(certify.natural_change)), ...)
  terms <- tidy(x)
  parts <- second_change(x)
  probs <- c(0.025, 0.975)
  known <- list(mean_change = second_summary(second_mixture(x), probs), mu = second_summary(parts$mu, probs))
  if (change_family(x) == "normal" && !is.na(change_sd(x))) {
    m <- second_mixture(x)
    known$patient_change <- second_summary(transform(m, sd = sqrt(sd^2 + change_sd(x)^2)), probs)
  }
  if (!is.null(parts$tau)) known$tau <- c(parts$tau, list(quantile = c(NA_real_, NA_real_)))
  second <- do.call(rbind, lapply(intersect(terms$term, names(known)), \(term) {
    s <- known[[term]]
    second_row(term, NA_character_, s$mean, s$quantile[1], s$quantile[2], s$sd)
  }))
  terms$subject <- NA_character_
  agreed_digits(paired_rows(terms[is.na(terms$group), ], second), natural_label(x))
}

#' @rdname certify
#' @export
certify.excess_score <- function(x, ...) {
  check_no_more(names(formals(certify.excess_score)), ...)
  call <- rlang::current_env()
  one_group(x, call)
  natural <- score_excess_natural(x)
  world <- second_world(x, natural)
  second <- rbind(second_group(x, natural, world), second_patients(x, natural, world),
    if (!is.null(world$lattice)) rbind(second_tests(x, world), second_bands(x, world)), second_rank(x))
  terms <- tidy(x)
  agreed_digits(paired_rows(terms, second), natural_label(natural))
}

# What the second engine knows: the mixture of the population mean, a lattice of it, and where scores are whole points
# every patient's probabilities on it.
second_world <- function(x, natural) {
  change <- score_excess_change(x)
  room <- change_room(change)
  mixture <- second_mixture(natural)
  family <- second_family(natural)
  lattice <- mean_lattice(mixture, family$ends)
  whole <- change_is_whole(change)
  laws <- if (whole && !is.null(lattice)) {
    lapply(seq_along(room$low), \(i) second_masses(family, c(room$low[i], room$high[i]), lattice$x))
  }
  list(mixture = mixture, lattice = lattice, family = family, room = room, whole = whole, laws = laws,
    y = change_scores(change), normal = family$family == "normal", places = score_excess_settings(x)$places)
}

discrete_summary <- function(values, mass, probs) {
  mean <- sum(values * mass)
  below <- cumsum(mass)
  list(mean = mean, sd = sqrt(sum(mass * (values - mean)^2)), quantile = vapply(probs, \(p) {
    values[which(below >= p - 1e-12)[1]]
  }, 0))
}

second_group <- function(x, natural, world) {
  settings <- score_excess_settings(x)
  probs <- c(1 - settings$conf.level, 1 + settings$conf.level) / 2
  n <- length(world$y)
  observed <- mean(world$y)
  own <- settings$sd_treated
  if (world$normal) {
    m <- transform(world$mixture, sd = sqrt(sd^2 + change_sd(natural)^2 / n))
    s <- second_summary(m, probs)
    below <- \(at) mixture_below(m, at)
    given <- world$mixture
  } else if (is.null(world$lattice)) {
    return(NULL)
  } else {
    sum <- add_patients(world$laws)
    mass <- drop(sum$masses %*% world$lattice$weight)
    s <- discrete_summary(sum$values / n, mass, probs)
    below <- \(at) sum(mass[sum$values / n < at - 1e-9])
    given <- data.frame(mean = colSums(sum$values / n * sum$masses), sd = 0, weight = world$lattice$weight)
  }
  all <- if (is.null(own)) s else second_summary(transform(given, sd = sqrt(sd^2 + own^2 / n)), probs)
  none <- NA_character_
  rbind(
    second_row("natural_mean", none, s$mean, s$quantile[1], s$quantile[2], s$sd),
    second_row("mean_excess", none, observed - s$mean, observed - s$quantile[2], observed - s$quantile[1], s$sd),
    second_row("mean_excess_population", none, observed - all$mean, observed - all$quantile[2],
      observed - all$quantile[1], all$sd),
    second_row("prob_excess", none, below(observed)),
    if (!is.null(settings$margin)) second_row("prob_margin", none, below(observed - settings$margin))
  )
}

# P(change <= y) and P(change < y) under the predictive distribution.
second_ends <- function(world, i) {
  y <- world$y[i]
  if (!world$whole) {
    m <- transform(world$mixture, sd = sqrt(sd^2 + world$family$spread^2))
    return(rep(mixture_below(m, y), 2))
  }
  law <- world$laws[[i]]
  mass <- drop(law$masses %*% world$lattice$weight)
  c(sum(mass[law$values < y]), sum(mass[law$values <= y]))
}

second_percentiles <- function(world, place = rep(0.5, length(world$y))) {
  vapply(seq_along(world$y), \(i) {
    ends <- second_ends(world, i)
    ends[1] + place[i] * (ends[2] - ends[1])
  }, 0)
}

second_patients <- function(x, natural, world) {
  if (is.null(world$lattice)) {
    return(NULL)
  }
  level <- score_excess_settings(x)$conf.level
  probs <- c(1 - level, 1 + level) / 2
  u <- second_percentiles(world, world$places)
  subjects <- change_subjects(score_excess_change(x))
  nature <- lapply(seq_along(world$y), \(i) second_score_nature(world, i, probs))
  half <- second_correlated(world, nature)
  rows <- lapply(seq_along(world$y), \(i) {
    s <- nature[[i]]
    y <- world$y[i]
    rbind(
      second_row("patient_excess", subjects[i], y - s$mean, y - s$quantile[2], y - s$quantile[1], s$sd),
      second_row("patient_excess_correlated", subjects[i], half$estimate[i], sd = half$sd[i]),
      second_row("patient_percentile", subjects[i], u[i])
    )
  })
  do.call(rbind, rows)
}

# One patient's natural change: mean, SD, quantiles, and the mean of its variances at each population mean.
second_score_nature <- function(world, i, probs) {
  spread <- world$family$spread
  if (world$normal) {
    return(c(second_summary(transform(world$mixture, sd = sqrt(sd^2 + spread^2)), probs), own = spread))
  }
  law <- world$laws[[i]]
  centred <- outer(law$values, colSums(law$values * law$masses), `-`)
  c(discrete_summary(law$values, drop(law$masses %*% world$lattice$weight), probs),
    own = sqrt(sum(world$lattice$weight * colSums(centred^2 * law$masses))))
}

second_correlated <- function(world, nature) {
  at <- \(name) vapply(nature, `[[`, 0, name)
  own <- at("own")
  r <- shown_correlation
  standing <- ((world$y - at("mean")) / own)
  natural <- at("mean") + ifelse(own > 0, r * own * (standing - mean(standing[own > 0])), 0)
  beyond <- !world$normal & (natural < world$room$low | natural > world$room$high)
  list(estimate = ifelse(beyond, NA, world$y - natural),
    sd = ifelse(beyond, NA, sqrt(own^2 * (1 - r^2) + pmax(at("sd")^2 - own^2, 0))))
}

# Tests --------------------------------------------------------------------------------------------

second_tests <- function(x, world) {
  u <- second_percentiles(world)
  none <- NA_character_
  rbind(
    second_row("percentile_sum", none, second_statistic(world, u, identity)),
    second_row("fisher", none, second_statistic(world, u, \(p) -2 * log(pmax(1 - p, 1e-300)))),
    second_row("exceedance", none, second_exceedance(world))
  )
}

# Given the population mean patients are independent: the first half's statistic against the sorted tails of the second.
second_statistic <- function(world, u, part) {
  n <- length(u)
  if (!world$whole) {
    if (length(world$lattice$x) > 1L) return(NA_real_)
    if (!identical(part, identity)) return(stats::pgamma(sum(part(u)) / 2, n, lower.tail = FALSE))
    return(uniform_sum_tail(sum(u), n))
  }
  parts <- lapply(world$laws, \(law) {
    mass <- drop(law$masses %*% world$lattice$weight)
    keep <- mass > 1e-13
    list(value = part((cumsum(mass) - mass / 2)[keep]), masses = law$masses[keep, , drop = FALSE])
  })
  pair <- \(set) Reduce(\(a, b) {
    i <- rep(seq_along(a$value), length(b$value))
    j <- rep(seq_along(b$value), each = length(a$value))
    list(value = a$value[i] + b$value[j], masses = a$masses[i, , drop = FALSE] * b$masses[j, , drop = FALSE])
  }, set)
  half <- ceiling(n / 2)
  sizes <- vapply(parts, \(p) length(p$value), 0L)
  if (prod(sizes[seq_len(half)]) > 40000) return(NA_real_) # minutes in plain R
  blocks <- split(seq_along(world$lattice$x), ceiling(seq_along(world$lattice$x) / 60))
  sum(vapply(blocks, \(block) {
    some <- lapply(parts, \(p) list(value = p$value, masses = p$masses[, block, drop = FALSE]))
    first <- pair(some[seq_len(half)])
    second <- if (half < n) pair(some[-seq_len(half)]) else list(value = 0, masses = matrix(1, 1, length(block)))
    order <- order(second$value)
    from_top <- apply(second$masses[rev(order), , drop = FALSE], 2, cumsum)
    from_top <- rbind(0, matrix(from_top, ncol = length(block)))
    above <- length(order) - findInterval(sum(part(u)) - 1e-9 - first$value, second$value[order], left.open = TRUE)
    sum(world$lattice$weight[block] * colSums(first$masses * from_top[above + 1L, , drop = FALSE]))
  }, 0))
}

# P(sum of n uniforms >= s) by inversion of its characteristic function.
uniform_sum_tail <- function(s, n) {
  if (n == 1L) {
    return(1 - s)
  }
  f <- \(t) sin(t * (s - n / 2)) / t * (sin(t / 2) / (t / 2))^n
  pieces <- vapply(seq(0, 400, by = 4), \(from) {
    stats::integrate(f, max(from, 1e-12), from + 4, rel.tol = 1e-11)$value
  }, 0)
  0.5 - sum(pieces) / pi
}

second_exceedance <- function(world) {
  family <- world$family
  q <- vapply(seq_along(world$y), \(i) {
    if (!world$whole) {
      threshold <- family$location + stats::qnorm(0.95) * family$spread
      return(c(threshold, stats::pnorm(threshold, world$lattice$x, family$spread, lower.tail = FALSE)))
    }
    law <- world$laws[[i]]
    at <- second_masses(family, c(world$room$low[i], world$room$high[i]), family$anchor)
    threshold <- at$values[which(cumsum(at$masses[, 1]) >= 0.95)[1]]
    c(threshold, colSums(law$masses[law$values > threshold, , drop = FALSE]))
  }, numeric(length(world$lattice$x) + 1L))
  count <- sum(world$y > q[1, ])
  sum(world$lattice$weight * at_least(t(q[-1, , drop = FALSE]), count))
}

# P(at least k of the independent events) at each column of chances, the counts added up by convolution.
at_least <- function(chances, k) {
  laws <- lapply(seq_len(nrow(chances)), \(i) list(values = 0:1, masses = rbind(1 - chances[i, ], chances[i, ])))
  sum <- add_patients(laws)
  colSums(sum$masses[sum$values >= k, , drop = FALSE])
}

second_bands <- function(x, world) {
  level <- score_excess_settings(x)$conf.level
  u <- second_percentiles(world, world$places)
  order <- order(u)
  n <- length(u)
  limit <- if (world$whole && !score_excess_settings(x)$randomised) {
    second_step_limits(world)
  } else {
    chance <- percentile_chance(world)
    reached <- \(v, k) sum(world$lattice$weight * at_least(chance(v), k))
    \(k, p) stats::uniroot(\(v) reached(v, k) - p, c(0, 1), tol = 1e-10)$root
  }
  rows <- lapply(seq_len(n), \(k) {
    second_row("ordered_percentile", change_subjects(score_excess_change(x))[order[k]], u[order[k]],
      limit(k, (1 - level) / 2), limit(k, (1 + level) / 2))
  })
  do.call(rbind, rows)
}

# The first mid-percentile by which the chance that k patients lie no higher passes p: table of all of them.
second_step_limits <- function(world) {
  mids <- lapply(world$laws, \(law) {
    mass <- drop(law$masses %*% world$lattice$weight)
    cumsum(mass) - mass / 2
  })
  steps <- sort(unique(unlist(mids, use.names = FALSE)))
  count <- vapply(steps, \(v) {
    chance <- do.call(rbind, Map(\(law, mid) colSums(law$masses[mid <= v, , drop = FALSE]), world$laws, mids))
    vapply(seq_along(mids), \(k) sum(world$lattice$weight * at_least(chance, k)), 0)
  }, numeric(length(mids)))
  count <- matrix(count, length(mids))
  \(k, p) steps[which(count[k, ] >= p + if (p < 0.5) 1e-9 else -1e-9)[1]]
}

# P(a patient's randomised percentile <= v) at each population mean: patients x lattice.
percentile_chance <- function(world) {
  if (!world$whole) {
    m <- transform(world$mixture, sd = sqrt(sd^2 + world$family$spread^2))
    return(\(v) {
      y <- mixture_quantile(m, min(max(v, 1e-12), 1 - 1e-12))
      matrix(stats::pnorm(y, world$lattice$x, world$family$spread), length(world$y), length(world$lattice$x),
        byrow = TRUE)
    })
  }
  steps <- lapply(world$laws, \(law) {
    mass <- drop(law$masses %*% world$lattice$weight)
    list(upper = cumsum(mass), mass = mass, masses = law$masses)
  })
  \(v) do.call(rbind, lapply(steps, \(s) {
    share <- pmin(1, pmax(0, (v - s$upper + s$mass) / pmax(s$mass, 1e-300)))
    colSums(share * s$masses)
  }))
}

# The rank test by counting every set of patients, or by R's own distribution of ranks where none are tied.
second_rank <- function(x) {
  records <- score_excess_records(x)
  if (is.null(records)) {
    return(NULL)
  }
  y <- change_scores(score_excess_change(x))
  both <- c(y, records)
  ranks <- rank(both)
  value <- if (choose(length(both), length(y)) <= 3e5) {
    mean(utils::combn(ranks, length(y), FUN = sum) >= sum(ranks[seq_along(y)]) - 1e-9)
  } else if (!anyDuplicated(both)) {
    w <- sum(ranks[seq_along(y)]) - length(y) * (length(y) + 1) / 2
    stats::pwilcox(w - 1, length(y), length(records), lower.tail = FALSE)
  } else {
    NA_real_
  }
  second_row("rank_test", NA_character_, value)
}
