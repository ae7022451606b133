# What a posterior over outer parameters answers: quantiles and draws over its inner posteriors, effects, its words.

# A design as it is given the covariance over visits, whose rows are then independent.
without_visits <- function(design) {
  design$residual <- list()
  design
}

# The fit at each kappa of its posterior: `fit` with the terms and columns of that kappa, `inner` posteriors and `node`s
# that have it. A fit without a plateau is one such.
kappa_fits <- function(fit) {
  post <- fit$result
  if (!has_kappa(post)) {
    return(list(list(fit = fit, node = seq_along(post$weight))))
  }
  kappa <- post$outer$point[1L, ]
  lapply(unname(split(seq_along(kappa), match(kappa, unique(kappa)))), \(inner) {
    one <- with_kappa(fit, log(kappa[inner[1L]]))
    columns <- post$outer$inner[[inner[1L]]]$columns
    one$design$x$core <- columns[[1L]]
    for (t in seq_along(columns[[2L]])) one$design$random[[t]]$z$core <- columns[[2L]][[t]]
    list(fit = one, inner = inner, node = which(post$outer$node %in% inner), kappa = kappa[inner[1L]])
  })
}

has_kappa <- function(post) length(post$outer$parameters) > 0L && post$outer$parameters[[1L]]$name == "kappa"

# Weight, mean coefficients and mean random effects of a group of kappa_fits().
kappa_means <- function(fit, group, effects) {
  post <- fit$result
  weight <- post$weight[group$node]
  list(weight = sum(weight), coefficients = drop(post$mean[, group$node, drop = FALSE] %*% weight) / sum(weight),
    effects = if (effects && length(weight) > 0L) lapply(outer_effects(post, group$inner), `[[`, "mean"))
}

# Random effects over all inner posteriors, or some: their nodes and rows, by weight.
outer_effects <- function(post, inner = seq_along(post$outer$weight)) {
  each <- lapply(inner, \(k) {
    at <- which(post$outer$node == k)
    if (length(at) == 0L) {
      return(NULL)
    }
    one <- post$outer$inner[[k]]
    part <- \(x) x[, at, drop = FALSE]
    inner <- seq_len(nrow(post$values) - nrow(post$outer$point))
    nodes <- list(values = post$values[inner, at, drop = FALSE], weight = post$weight[at] / sum(post$weight[at]),
      mean = part(post$mean), covariance = part(post$covariance))
    list(weight = sum(post$weight[at]), effects = do.call(core_posterior_effects, c(one$rows, list(one$frame, nodes,
      post$layout))))
  })
  each <- Filter(Negate(is.null), each)
  weight <- vapply(each, `[[`, 0, "weight")
  weight <- weight / sum(weight)
  over <- \(of) Reduce(`+`, Map(`*`, lapply(each, of), weight))
  lapply(seq_along(each[[1]]$effects), \(t) {
    mean <- over(\(one) one$effects[[t]]$mean)
    square <- over(\(one) one$effects[[t]]$sd^2 + one$effects[[t]]$mean^2)
    list(mean = mean, sd = sqrt(pmax(square - mean^2, 0)))
  })
}

# Quantiles -------------------------------------------------------------------------------------

# By how much limits of a coefficient may move by errors of the inner posteriors, and by what lies beyond the lattices
# of outer parameters, judged by what their edge adds.
outer_shift <- function(post, value, probs) {
  out <- (1 + max(abs(stats::qnorm(probs)))) * post$outer$inner_error * post$coefficients$sd
  core <- post$outer$core[post$outer$node]
  if (!isFALSE(all(core))) {
    return(out)
  }
  without <- core_posterior_quantiles(list(weight = post$weight[core], mean = post$mean[, core, drop = FALSE],
    covariance = post$covariance[, core, drop = FALSE], plain = sum(which(core) <= post$plain), edge = 0), probs)
  out + post$outer$beyond * apply(abs(without$value - value), 1L, max)
}

outer_hyper_quantiles <- function(post, probs) {
  inner <- length(post$hyper$mean) - nrow(post$outer$point)
  value <- matrix(post$hyper$mean, length(post$hyper$mean), length(probs))
  error <- numeric(nrow(value))
  tables <- outer_tables(post)
  for (k in which(is_free(post))) {
    at <- if (k <= inner) {
      mixed_limits(tables[[k]], post$outer$weight[tables[[k]]$from], post$terms$word[k], probs, post$evidence_error)
    } else {
      j <- k - inner
      lattice_limits(outer_lattice(post, match(j, post$outer$free)), probs, post$evidence_error,
        \(u) coordinate_value(post$outer$parameters[[j]], u))
    }
    value[k, ] <- at$value
    error[k] <- at$error
  }
  list(value = value, error = error)
}

# The density of an outer parameter in its coordinate, from the sums over the other: points of both lattices.
outer_lattice <- function(post, axis) {
  step <- post$outer$step[axis] / 2
  u <- post$outer$u[axis, ]
  place <- round((u - min(u)) / step) + 1
  value <- numeric(max(place))
  sums <- tapply(post$outer$weight, place, sum)
  value[as.integer(names(sums))] <- sums
  list(first = min(u), step = step, value = value)
}

# Inner posteriors whose weight matters for a distribution function.
outer_weighty <- function(post) which(post$outer$weight > 1e-7)

# Densities of the free inner parameters at each inner posterior, worked out when first asked for.
inner_marginals <- function(post) {
  if (is.null(post$kept$marginal)) {
    all <- vector("list", length(post$outer$weight))
    for (k in outer_weighty(post)) {
      one <- post$outer$inner[[k]]
      all[[k]] <- do.call(core_posterior_marginals, c(one$rows, list(post$core_priors, one$plan)))
    }
    post$kept$marginal <- all
  }
  post$kept$marginal
}

# The line on which distribution functions are smooth (log, or inverse hyperbolic tangent) from the core's coordinate,
# from values, and back.
eta_to_line <- function(word, eta, unit) switch(word, sd = log(unit) + eta - exp(-eta), eta)
to_line <- function(word, value) if (word == "cor") atanh(value) else log(value)
from_line <- function(word, t) if (word == "cor") tanh(t) else exp(t)

# For each free inner parameter its quantiles at each inner posterior, on that line: probabilities in rows.
outer_tables <- function(post) {
  inner <- seq_len(length(post$hyper$mean) - nrow(post$outer$point))
  free <- inner[post$terms$free[inner]]
  out <- vector("list", length(inner))
  from <- outer_weighty(post)
  z <- seq(-5, 5, by = 0.125)
  for (i in seq_along(free)) {
    word <- post$terms$word[free[i]]
    each <- lapply(from, \(k) {
      routes <- core_lattice_quantiles(inner_marginals(post)[[k]][[i]], stats::pnorm(z))
      vapply(routes, \(eta) eta_to_line(word, eta, post$outer$inner[[k]]$unit[[free[i]]]), numeric(length(z)))
    })
    table <- \(route) vapply(each, \(one) one[, route], numeric(length(z)))
    out[[free[i]]] <- list(from = from, z = z, quantile = table("quantile"), check = table("check"))
  }
  out
}

# Quantiles of the mixture of all inner posteriors, by three tables of their quantiles: the whole one, every second row
# of it, and that of the other route.
mixed_limits <- function(table, weight, word, probs, evidence_error) {
  weight <- weight / sum(weight)
  second <- seq(1L, length(table$z), by = 2L)
  routes <- list(mixture_function(table$quantile, table$z, weight), mixture_function(table$check, table$z, weight),
    mixture_function(table$quantile[second, , drop = FALSE], table$z[second], weight))
  at <- vapply(routes, \(below) vapply(probs, \(p) line_root(below, p, range(table$quantile)), 0),
    numeric(length(probs)))
  at <- from_line(word, matrix(at, length(probs)))
  near <- probs * (1 - probs) / 20
  ends <- vapply(c(-1, 1), \(sign) from_line(word, vapply(probs + sign * near,
    \(p) line_root(routes[[1]], p, range(table$quantile)), 0)), numeric(length(probs)))
  slope <- (matrix(ends, length(probs))[, 2] - matrix(ends, length(probs))[, 1]) / (2 * near)
  missed <- 2 * probs * (1 - probs) * evidence_error
  list(value = at[, 1], error = max(10 * abs(at[, 1] - at[, 2]), 10 * abs(at[, 1] - at[, 3])) + max(slope * missed))
}

mixture_function <- function(quantile, z, weight) {
  kept <- apply(quantile, 2L, rising, simplify = FALSE)
  curves <- Map(\(k, at) stats::splinefun(quantile[at, k], z[at], method = "hyman"), seq_along(weight), kept)
  ends <- vapply(seq_along(weight), \(k) range(quantile[kept[[k]], k]), numeric(2L))
  \(t) sum(weight * vapply(seq_along(weight), \(k) stats::pnorm(curves[[k]](min(max(t, ends[1, k]), ends[2, k]))), 0))
}

# Which quantiles rise, from the median outwards: in far tails, where little is left, they need not.
rising <- function(quantile) {
  middle <- (length(quantile) + 1L) %/% 2L
  least <- 1e-9 * diff(range(quantile))
  up <- quantile[middle:length(quantile)]
  down <- -quantile[middle:1L]
  outwards <- \(q) which(c(TRUE, diff(cummax(q)) > least))
  c(rev(middle + 1L - outwards(down)), middle - 1L + outwards(up)[-1L])
}

line_root <- function(below, p, range) {
  stats::uniroot(\(t) below(t) - p, range, tol = 1e-9, extendInt = "no")$root
}

# Draws ------------------------------------------------------------------------------------------

# Draws at nodes of a lattice of outer parameters would lie in clumps: each takes a place between its node and the
# neighbours, and what else is drawn moves as its mean does with the outer parameters there.
# @param node of each draw; `u`: uniform numbers, a column for each parameter that is not known
# @param smooth (logical) or else at the nodes, whose columns a plateau has.
# @return list of `hyper` and `shift` (of the coefficients), draws in rows.
outer_draws <- function(fit, node, u, smooth) {
  post <- fit$result
  at <- post$outer$node[node]
  free <- which(is_free(post))
  inner <- length(post$hyper$mean) - nrow(post$outer$point)
  out <- matrix(post$hyper$mean, length(node), length(post$hyper$mean), byrow = TRUE)
  moved <- matrix(0, length(node), length(post$outer$free))
  if (!smooth) out[, inner + seq_len(nrow(post$outer$point))] <- t(post$outer$point[, at, drop = FALSE])
  for (j in if (smooth) seq_along(post$outer$free)) {
    own <- post$outer$u[j, ]
    place <- within_node(own, post$outer$weight, at, u[, match(inner + post$outer$free[j], free)])
    drawn <- core_lattice_quantiles(outer_lattice(post, j), place)$quantile
    out[, inner + post$outer$free[j]] <- coordinate_value(post$outer$parameters[[post$outer$free[j]]], drawn)
    moved[, j] <- drawn - own[at]
  }
  p <- nrow(post$mean)
  shift <- matrix(0, length(node), p + inner)
  for (k in if (ncol(moved) > 0L) unique(at)) {
    shift[at == k, ] <- moved[at == k, , drop = FALSE] %*% outer_slopes(post, k)
  }
  own <- free[free <= inner]
  drawn <- inner_draws(post, own, node, at, u[, match(own, free), drop = FALSE])
  for (k in seq_along(own)) {
    line <- to_line(post$terms$word[own[k]], drawn[, k])
    out[, own[k]] <- from_line(post$terms$word[own[k]], line + shift[, p + own[k]])
  }
  list(hyper = out, shift = shift[, seq_len(p), drop = FALSE])
}

# Free inner parameters near the nodes drawn, from their densities at the inner posteriors.
inner_draws <- function(post, free, node, at, u) {
  out <- t(post$values[free, node, drop = FALSE])
  for (k in if (length(free) > 0L) unique(at)) {
    own <- which(post$outer$node == k)
    marginal <- inner_marginals(post)[[k]]
    if (is.null(marginal)) next
    one <- list(terms = post$terms, values = post$values[, own, drop = FALSE], weight = post$weight[own])
    here <- at == k
    out[here, ] <- free_draws(one, free, match(node[here], own), u[here, , drop = FALSE], marginal,
      post$outer$inner[[k]]$unit)
  }
  out
}

# Slopes of conditional means in the outer coordinates about inner posterior k, by least squares over its neighbours:
# outer coordinates in rows; coefficients, then inner parameters on their lines.
outer_slopes <- function(post, k) {
  away <- (post$outer$u - post$outer$u[, k]) / post$outer$step
  near <- which(colSums(away^2) <= 1.3 * nrow(away))
  means <- outer_means(post)[near, , drop = FALSE]
  x <- cbind(1, t(post$outer$u[, near, drop = FALSE] - post$outer$u[, k]))
  slopes <- stats::lm.wfit(x, means, pmax(post$outer$weight[near], 1e-12))$coefficients
  slopes <- matrix(slopes, ncol(x))[-1L, , drop = FALSE]
  replace(slopes, !is.finite(slopes), 0)
}

# Means of coefficients and of inner parameters on their lines, an inner posterior in each row.
outer_means <- function(post) {
  if (is.null(post$kept$means)) {
    inner <- seq_len(length(post$hyper$mean) - nrow(post$outer$point))
    lines <- lapply(inner, \(i) if (post$terms$free[i]) to_line(post$terms$word[i], post$values[i, ]) else
      0 * post$weight)
    all <- rbind(post$mean, do.call(rbind, lines))
    group <- factor(post$outer$node, seq_along(post$outer$weight))
    sums <- rowsum(t(all) * post$weight, group, reorder = TRUE) / c(rowsum(post$weight, group, reorder = TRUE))
    out <- matrix(NA_real_, nlevels(group), ncol(sums))
    out[as.integer(rownames(sums)), ] <- sums
    post$kept$means <- out
  }
  post$kept$means
}

# Correlations over visits of a draw, and their posterior means; NULL without a residual covariance.
drawn_visits <- function(post, hyper) {
  pattern <- outer_pattern(post)
  if (!is.null(pattern)) visit_correlation(pattern, hyper[[length(hyper)]])
}

mean_visits <- function(post) {
  pattern <- outer_pattern(post)
  if (is.null(pattern)) {
    return(NULL)
  }
  values <- post$outer$point[nrow(post$outer$point), ]
  Reduce(`+`, Map(\(value, w) w * visit_correlation(pattern, value), values, post$outer$weight))
}

outer_pattern <- function(post) {
  parameters <- post$outer$parameters
  if (length(parameters) > 0L) parameters[[length(parameters)]]$pattern
}

# Words ------------------------------------------------------------------------------------------

outer_prior_lines <- function(outer) {
  vapply(outer$parameters, \(one) paste0(one$says, ": ", format(one$prior)), "")
}

outer_notes <- function(post, evidence) {
  free <- post$outer$parameters[post$outer$free]
  if (length(free) == 0L) {
    return(c(sprintf("Log evidence %s. No sampler: %d nodes; given what is known", evidence, length(post$weight)),
      "of the rest, error as of two interleaved lattices."))
  }
  says <- paste(vapply(free, `[[`, "", "says"), collapse = " and ")
  c(sprintf("Log evidence %s. No sampler: %d nodes, those of %d posteriors", evidence, length(post$weight),
    length(post$outer$weight)), sprintf("at values of %s, on two interleaved lattices;", says),
    "error: 2 x their difference + 2 x what lies beyond them + the errors of these posteriors.")
}

refuse_outer <- function(fit, what, call = rlang::caller_env()) {
  names <- vapply(fit$result$outer$parameters, `[[`, "", "says")
  if (length(names) > 0L) {
    abort_input(c("Not available for fits by Bayes with {names}: {what}.",
      i = "{.fn tidy}, {.fn ranef} and {.fn posterior::as_draws} have the posterior.",
      i = "A fit by {.fn method_reml} has them."), call = call)
  }
}
