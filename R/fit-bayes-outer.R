# Posteriors of models that are linear only given one or two further parameters: the kappa of plateau() and one
# correlation of residuals over visits. Given these the core's engine has the posterior; over them the trapezoidal rule
# runs on two interleaved lattices, as the core's does over standard deviations.

#' @section Plateaus and residual correlation: Given \eqn{\kappa} of `plateau(week)`, and the correlation \eqn{\rho} of
#' `ar1(visit | subject)` or `cs(visit | subject)` (the range \eqn{\phi} of `sp_exp(week | subject)`), the model is
#' one of those above: a column \eqn{1 - e^{-week/\kappa}}, and rows of each subject multiplied by the inverse root of
#' their correlation. These parameters are integrated around it, by the trapezoidal rule on two interleaved lattices
#' again, each node a whole posterior. `num.error` is twice the difference of these lattices, twice what lies beyond
#' them, and what the errors of the posteriors at the nodes leave. They count among the six variance parameters; there
#' is no sampler for them, and a model that the lattices do not reach is refused. `tidy()` has them among
#' `"ran_pars"`: `kappa` (time to 63 % of the plateau), `cor__ar1`, `cor__cs`, `range__sp_exp`. With both a fit of four
#' patients takes some three seconds, and with one beside intercepts and slopes by patient six seconds and up to 400 MB,
#' for then each node is a posterior over four parameters.
#' @name recovery_fit_bayes
NULL

#' Integrate over outer parameters
#'
#' @param outer from `outer_parameters()`.
#' @param setup from `posterior_setup()`.
#' @return what `core_exact_posterior()` gives, nodes of all inner posteriors bound together, with `outer`: list of
#'   `point` (outer parameters by inner posterior), `weight`, `node` (the inner posterior of each node), `u` and `step`
#'   (coordinates of those that are not known, and steps of a lattice), `inner` (rows, frame and plan of each),
#'   `inner_error` (what inner posteriors have of the error, in standard deviations), `core` (whether an inner posterior
#'   lies within the lattices' edge) and `beyond` (how many times what the edge adds may lie beyond it).
#' @noRd
outer_engine <- function(outer, setup, method, call) {
  check_outer_engine(outer, setup, method, call)
  # beyond these numbers of inner parameters nodes by the million else
  many <- sum(setup$terms$free) > if (length(outer$free) > 1L) 1L else 3L
  tolerance <- method$tolerance %||% if (many) 1e-3 else 1e-4
  density <- outer_density(outer, setup, call)
  if (length(outer$free) == 0L) {
    nodes <- list(u = matrix(0, 0L, 1L), lattice = 1L)
    nodes$inner <- list(density$inner(numeric(), tolerance))
    return(bind_inner(nodes, outer_moments(nodes, 0, setup), outer, tolerance))
  }
  place <- outer_place(outer, density)
  settled <- settled_outer(place, density, setup, tolerance, call)
  bind_inner(settled$nodes, settled$moments, outer, tolerance)
}

check_outer_engine <- function(outer, setup, method, call, most = 6L) {
  free <- sum(setup$terms$free) + length(outer$free)
  names <- vapply(outer$parameters, `[[`, "", "says")
  if (method$engine == "nuts") {
    abort_input(c("The sampler does not have {names}.", i = "Leave {.arg engine} at {.val exact}."), call = call)
  }
  if (free > most) {
    abort_input(c("Lattices reach {most} variance parameters, {names} counted with them.", x = "Here are {free}.",
      i = "Take fewer random effects, or independent ones: {.code (x || subject)}.",
      i = "{.fn method_reml} fits the model as it is."), call = call)
  }
}

# The log density at a point of the outer coordinates, and the inner posterior there.
outer_density <- function(outer, setup, call) {
  reference <- NULL
  inner <- function(u, tolerance) {
    values <- outer_values(outer, u)
    at <- outer$rows_at(values)
    if (is.null(at)) {
      return(NULL)
    }
    found <- tryCatch(do.call(core_exact_posterior, c(at$rows, list(setup$core, tolerance, call))),
      cordgain_numerical_error = identity)
    if (inherits(found, "condition")) refuse_inner(outer, values, found, call)
    found <- one_lattice(found, 1e-2 * tolerance)
    if (is.null(reference)) reference <<- found$frame$kept
    if (!identical(found$frame$kept, reference)) refuse_rank(outer, values, call)
    log_density <- found$log_evidence + at$log_constant + outer_log_prior(outer, u)
    list(rows = at$rows, columns = at$columns, values = values, found = found, log_density = log_density,
      tolerance = tolerance)
  }
  seen <- new.env(parent = emptyenv())
  # Inner posteriors once made are kept; asked for again with a smaller tolerance they are made anew.
  kept <- function(u, tolerance) {
    key <- paste(c("at", signif(u, 12)), collapse = " ")
    if (is.null(seen[[key]]) || isTRUE(seen[[key]]$tolerance > 1.0001 * tolerance)) {
      assign(key, inner(u, tolerance) %||% list(log_density = -Inf), envir = seen)
    }
    seen[[key]]
  }
  list(outer = outer, inner = kept, log = \(u) kept(u, 1e-2)$log_density)
}

# Nodes of the first of an inner posterior's lattices, whose own error is within that stated of both, but for those
# that together weigh less than `share`: sixty such posteriors are kept.
one_lattice <- function(found, share) {
  first <- seq_along(found$weight) <= found$plain
  kept <- which(first)[weight_kept(found$weight[first], share)]
  parts <- c("values", "mean", "covariance")
  found[parts] <- lapply(found[parts], \(x) x[, kept, drop = FALSE])
  found$weight <- found$weight[kept] / sum(found$weight[kept])
  found
}

outer_point_words <- function(outer, values) {
  paste(vapply(outer$parameters, `[[`, "", "name"), signif(values, 3), sep = " = ", collapse = ", ")
}

refuse_inner <- function(outer, values, why, call) {
  at <- outer_point_words(outer, values)
  abort_numerical(c("The posterior could not be integrated.", x = "At {at}: {why$message}",
    i = "Half-normal and half-t priors of standard deviations have no jump; {.fn method_reml} takes no priors.",
    i = if (outer$parameters[[1L]]$name == "kappa") "Far beyond the last visit a plateau cannot be told from a line: a
    prior of {.arg kappa} that ends, as {.code prior_uniform(0, 10 * last_visit)}, keeps it from there."), call = call)
}

refuse_rank <- function(outer, values, call) {
  at <- outer_point_words(outer, values)
  abort_numerical(c("Columns of the model depend on each other at some values that priors allow, not at others.",
    x = "They do at {at}.", i = "Leave out the column that the plateau repeats, or give a narrower prior."),
    call = call)
}

# Where the posterior is: a coarse scan, the mode, and the spread there ----------------------------

outer_place <- function(outer, density) {
  scans <- lapply(outer$parameters[outer$free], `[[`, "scan")
  if (length(scans) > 1L) scans <- lapply(scans, \(s) s[seq(1L, length(s), by = 2L)])
  points <- t(as.matrix(expand.grid(scans)))
  dimnames(points) <- NULL
  heights <- apply(points, 2L, density$log)
  best <- points[, which.max(heights)]
  widths <- vapply(scans, \(s) s[2L] - s[1L], 0)
  mode <- if (length(best) == 1L) {
    stats::optimize(density$log, best + c(-1, 1) * widths, maximum = TRUE, tol = 0.02)$maximum
  } else {
    stats::optim(best, density$log, control = list(fnscale = -1, reltol = 1e-5, maxit = 60))$par
  }
  top <- density$log(mode)
  # Axes stay those of the parameters, so that the lattices have the density of each.
  reach <- vapply(seq_along(mode), \(j) spread_along(density$log, mode, top, j), 0)
  list(mode = mode, reach = reach, points = points, heights = heights)
}

# The standard deviation along an axis: the distance at which the log density has fallen by a half.
spread_along <- function(log, mode, top, axis) {
  reach <- 0.3
  for (pass in 1:5) {
    ends <- vapply(c(-1, 1), \(sign) log(replace(mode, axis, mode[axis] + sign * reach)), 0)
    fall <- top - mean(pmax(ends, top - 50))
    moved <- reach / sqrt(2 * max(fall, 0.02))
    done <- abs(log(moved / reach)) < 0.2
    reach <- moved
    if (done) break
  }
  reach
}

# Two lattices, finer and deeper until they agree -------------------------------------------------

settled_outer <- function(place, density, setup, tolerance, call, most = 3000L) {
  dimension <- length(place$mode)
  step <- 1.2
  within <- tolerance # asked of inner posteriors
  depth <- log(1 / tolerance) + 5 + dimension / 2
  top <- max(place$heights, density$log(place$mode))
  for (round in 1:12) {
    lattices <- lapply(c(0, 0.5), \(shift) flooded(place, density, step, shift, top - depth, most))
    if (any(lengths(lattices) == 0L)) break
    nodes <- list(u = do.call(cbind, lattices), lattice = rep(1:2, vapply(lattices, ncol, 1L)))
    nodes <- with_inner(nodes, density, within)
    moments <- outer_moments(nodes, depth, setup)
    moments$log_evidence <- moments$log_evidence + dimension * log(step) + sum(log(place$reach)) - log(2)
    if (moments$largest <= tolerance) {
      nodes$step <- step * place$reach
      return(list(nodes = nodes, moments = moments))
    }
    if (moments$step_error > 0.3 * tolerance) step <- step * finer(moments$step_error, 0.3 * tolerance, dimension)
    # What lies beyond falls by e where the lattices end 1.6 lower.
    if (moments$edge_error > 0.2 * tolerance) {
      depth <- depth + min(4.5, max(0.7, 1.6 * log(moments$edge_error / (0.2 * tolerance))))
    }
    if (moments$inner_error > 0.5 * tolerance) within <- within / 2
  }
  refuse_exact_outer(place, density, setup, call)
  abort_numerical(c("The posterior could not be integrated to the tolerance asked.",
    x = "It was asked for {format(tolerance)} posterior standard deviations.",
    i = "A wide prior may leave it a long tail, and a prior with a jump an end: give another, or a larger
    {.arg tolerance}."), call = call)
}

# Scores that a plateau fits exactly at one kappa: no lattice reaches the end at which the residuals vanish.
refuse_exact_outer <- function(place, density, setup, call) {
  if (density$outer$parameters[[density$outer$free[1L]]]$name != "kappa") {
    return(invisible())
  }
  along <- \(u) replace(place$mode, 1L, u)
  sharp <- stats::optimize(\(u) density$log(along(u)), place$mode[1L] + c(-0.3, 0.3), maximum = TRUE, tol = 1e-6)
  best <- density$inner(along(sharp$maximum), 1e-2)
  sigma <- best$found$hyper$mean[[setup$core$layout$sigma + 1L]]
  if (sigma > 1e-3 * stats::sd(best$rows[[2]])) {
    return(invisible())
  }
  abort_input(c("The effects fit every score exactly, or nearly, so the residual standard deviation has no posterior.",
    x = "At {outer_point_words(density$outer, best$values)} it is {signif(sigma, 2)}.",
    i = "Whole points are off by up to half a point, with a standard deviation of 0.29:
    {.code priors(sigma = prior_fixed(0.29))}."), call = call)
}

# Along one axis half the step uses all nodes again. Along two, errors fall about as exp(-c / step^1.5).
finer <- function(error, wanted, dimension) {
  if (dimension == 1L) 0.5 else min(0.9, max(0.6, (log(min(error, 0.3)) / log(wanted))^0.65))
}

# Points of a lattice, a column each, from the mode outwards as far as the density is above `lowest`, and from every
# point of the scan where it is. Empty where there are more than `most`.
flooded <- function(place, density, step, shift, lowest, most) {
  dimension <- length(place$mode)
  point <- \(index) place$mode + place$reach * (index + shift) * step
  seeds <- cbind(place$mode, place$points[, place$heights > lowest, drop = FALSE])
  queue <- asplit(round((seeds - place$mode) / place$reach / step - shift), 2L)
  moves <- c(lapply(seq_len(dimension), \(j) replace(numeric(dimension), j, 1)),
    lapply(seq_len(dimension), \(j) replace(numeric(dimension), j, -1)))
  seen <- character()
  found <- list()
  while (length(queue) > 0L) {
    index <- queue[[1L]]
    queue <- queue[-1L]
    key <- paste(index, collapse = " ")
    if (key %in% seen) next
    seen <- c(seen, key)
    u <- point(index)
    if (density$log(u) <= lowest) next
    found <- c(found, list(u))
    if (length(found) > most) {
      return(list())
    }
    queue <- c(queue, lapply(moves, \(move) index + move))
  }
  if (length(found) == 0L) list() else do.call(cbind, found)
}

# Inner posteriors, each to the tolerance that its weight deserves.
with_inner <- function(nodes, density, tolerance) {
  heights <- apply(nodes$u, 2L, density$log)
  ratio <- exp(heights - max(heights))
  wanted <- pmin(1e-2, tolerance * pmax(1, 0.05 / ratio))
  nodes$inner <- lapply(seq_along(wanted), \(k) density$inner(nodes$u[, k], wanted[k]))
  nodes
}

# Moments over all nodes, those of one lattice and those without the edge, and what their differences say.
outer_moments <- function(nodes, depth, setup) {
  part <- \(name, of) vapply(nodes$inner, \(k) as.double(k$found[[name]][[of]]), numeric(length(
    nodes$inner[[1]]$found[[name]][[of]])))
  values <- vapply(nodes$inner, `[[`, numeric(length(nodes$inner[[1]]$values)), "values")
  bound <- \(of, further) {
    rows <- lapply(c("coefficients", "hyper"), \(name) matrix(part(name, of), ncol = length(nodes$inner)))
    rbind(rows[[1]], rows[[2]], further)
  }
  values <- matrix(values, ncol = length(nodes$inner))
  mean <- bound("mean", values)
  sd <- bound("sd", 0 * values)
  error <- bound("error", 0 * values)
  height <- vapply(nodes$inner, `[[`, 0, "log_density")
  top <- max(height)
  weight <- exp(height - top)
  over <- \(rows) mixed_moments(mean[, rows, drop = FALSE], sd[, rows, drop = FALSE], weight[rows])
  all <- over(TRUE)
  p <- length(nodes$inner[[1]]$found$coefficients$mean)
  free <- rep(TRUE, nrow(mean))
  free[p + which(!setup$terms$free)] <- FALSE
  free[all$sd <= 1e-12 * abs(all$mean)] <- FALSE
  gap <- \(a, b) max(abs(c(a$mean - b$mean, a$sd - b$sd))[c(free, free)] / rep(all$sd[free], 2), 0)
  out <- c(all, list(p = p, weight = weight / sum(weight), log_evidence = top + log(sum(weight))))
  inner <- inner_errors(mean, sd, error, vapply(nodes$inner, \(k) k$found$evidence_error, 0), all, out$weight)
  out$inner_error <- max((inner / all$sd)[free], 0)
  evidence <- sum(out$weight * vapply(nodes$inner, \(k) k$found$evidence_error, 0))
  step <- edge <- 0
  if (depth > 0) {
    plain <- nodes$lattice == 1L
    step <- max(gap(over(plain), over(!plain)), abs(log(sum(weight[plain])) - log(sum(weight[!plain]))))
    out$core <- height > top - depth + 2
    within <- height > top - depth + 4
    differ <- \(a, b) max(gap(over(a), over(b)), log(sum(weight[a]) / sum(weight[b])))
    edge <- differ(TRUE, out$core)
    q <- min(0.9, edge / max(differ(out$core, within), 1e-300))
    out$beyond <- 2 * max(1, q / (1 - q))
    edge <- 0.5 * out$beyond * edge
  }
  out$step_error <- 2 * step
  out$edge_error <- 2 * edge
  out$error <- (out$step_error + out$edge_error) * all$sd + inner + 64 * .Machine$double.eps * abs(all$mean)
  out$largest <- max((out$error / all$sd)[free], 0)
  out$evidence_error <- out$step_error + out$edge_error + evidence
  out
}

mixed_moments <- function(mean, sd, weight) {
  weight <- weight / sum(weight)
  middle <- drop(mean %*% weight)
  list(mean = middle, sd = sqrt(drop((sd^2 + (mean - middle)^2) %*% weight)))
}

# What errors of the inner moments and of their weights leave of the moments of all, to first order: the larger of that
# of the mean and that of the standard deviation.
inner_errors <- function(mean, sd, error, evidence, all, weight) {
  away <- abs(mean - all$mean)
  of_mean <- drop((error + away * rep(evidence, each = nrow(mean))) %*% weight)
  spread <- abs(sd^2 + away^2 - all$sd^2) / 2
  of_sd <- drop(((sd + away) * error + spread * rep(evidence, each = nrow(mean))) %*% weight) /
    ifelse(all$sd > 0, all$sd, 1)
  pmax(of_mean, of_sd)
}

# One mixture of all inner ones: nodes of the first lattice first. What weighs next to nothing is left out.
bind_inner <- function(nodes, moments, outer, tolerance) {
  inner <- nodes$inner
  counts <- vapply(inner, \(k) length(k$found$weight), 1L)
  weight <- unlist(Map(\(k, w) w * k$found$weight, inner, moments$weight))
  kept <- weight_kept(weight, 1e-2 * tolerance)
  node <- rep(seq_along(inner), counts)[kept]
  bound <- \(part) do.call(cbind, lapply(inner, \(k) k$found[[part]]))[, kept, drop = FALSE]
  points <- matrix(vapply(inner, `[[`, numeric(length(outer$parameters)), "values"), length(outer$parameters))
  p <- moments$p
  hyper <- \(part) moments[[part]][-seq_len(p)]
  best <- inner[[which.max(moments$weight)]]$found
  list(
    values = rbind(bound("values"), points[, node, drop = FALSE]), weight = weight[kept] / sum(weight[kept]),
    mean = bound("mean"), covariance = bound("covariance"),
    coefficients = list(mean = moments$mean[seq_len(p)], sd = moments$sd[seq_len(p)],
      error = moments$error[seq_len(p)]),
    hyper = list(mean = hyper("mean"), sd = hyper("sd"), error = hyper("error"),
      unit = c(best$hyper$unit, rep(NA_real_, nrow(points)))),
    log_evidence = moments$log_evidence, evidence_error = moments$evidence_error,
    evaluations = sum(vapply(inner, \(k) k$found$evaluations, 0)), plain = sum(nodes$lattice[node] == 1L),
    edge = 0, frame = best$frame, engine = "exact",
    outer = list(point = points, weight = moments$weight, node = node, u = nodes$u, step = nodes$step,
      parameters = outer$parameters, free = outer$free, inner_error = moments$inner_error,
      core = moments$core %||% TRUE, beyond = moments$beyond %||% 0,
      inner = lapply(inner, \(k) list(rows = k$rows, columns = k$columns, frame = k$found$frame, plan = k$found$plan,
        unit = k$found$hyper$unit, count = length(k$found$weight), evidence_error = k$found$evidence_error)))
  )
}

# Nodes but for those of least weight that together weigh less than a share.
weight_kept <- function(weight, share) {
  order <- order(weight)
  out <- rep(TRUE, length(weight))
  out[order[cumsum(weight[order]) < share * sum(weight)]] <- FALSE
  out
}
