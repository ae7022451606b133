# Percentiles of repeated scores at each patient's last visit, together: what patients share makes them dependent.

# The rows of combination tests and ordered percentiles. Without effect the excess of patient i is normal, given what is
# shared, with mean shift[i, ] and SD own[i].
course_percentile_rows <- function(model, settings, call) {
  u <- stats::pnorm(model$e[model$last] / last_sd(model))
  routes <- lapply(c(fine = 1, coarse = 2 / 3), \(share) shared_nodes(model, share))
  row <- \(term, part) {
    tails <- Map(\(route, steps) route_tail(route, u, part, steps), routes, lattice_steps)
    statistic_row(term, sum(part(u)), tails, call, no_tail_reason)
  }
  tests <- rbind(row("percentile_sum", identity), row("fisher", fisher_part), course_exceedance(model, routes, call))
  tests$num.error <- tests$num.error + length(u) * model$off
  rbind(blank_course(tests), ordered_course_rows(model, u, routes, settings, call))
}

last_sd <- function(model) sqrt(diag(model$v)[model$last] + rowSums(model$shared[model$last, , drop = FALSE]^2))

# Directions in which the patients' last excesses move together: principal ones; what adds less than a millionth to
# anybody's own variance is left to it. Nodes of each by Gauss-Hermite, the more the more it moves them.
shared_nodes <- function(model, share) {
  own <- diag(model$v)[model$last]
  shared <- model$shared[model$last, , drop = FALSE]
  e <- eigen(tcrossprod(shared), symmetric = TRUE)
  direction <- t(t(e$vectors) * sqrt(pmax(e$values, 0)))
  weak <- apply(direction^2 / own, 2L, max) < 1e-6
  own <- own + rowSums(direction[, weak, drop = FALSE]^2)
  direction <- direction[, !weak, drop = FALSE]
  moved <- colSums(direction^2 / own)
  orders <- round(share * c(6, 9, 15, 27, 45, 75)[findInterval(moved, c(0, 0.01, 0.1, 0.5, 2, 8))])
  rules <- lapply(orders, hermite_nodes)
  if (length(rules) == 0L) {
    rules <- list(hermite_nodes(1L))
    direction <- matrix(0, length(own), 1L)
  }
  grid <- \(what) as.matrix(expand.grid(lapply(rules, `[[`, what)))
  key <- apply(signif(cbind(own, direction), 10), 1L, paste, collapse = " ")
  list(own = sqrt(own), sd = last_sd(model), shift = unname(direction %*% t(grid("node"))),
    weight = apply(grid("weight"), 1L, prod), alike = match(key, unique(key)))
}

# Gauss-Hermite nodes and weights of a standard normal, from the eigenvalues of its recursion (Golub and Welsch 1969).
hermite_nodes <- function(order) {
  if (order < 2L) {
    return(list(node = 0, weight = 1))
  }
  jacobi <- matrix(0, order, order)
  beside <- cbind(seq_len(order - 1L), seq_len(order - 1L) + 1L)
  jacobi[rbind(beside, beside[, 2:1, drop = FALSE])] <- sqrt(seq_len(order - 1L))
  e <- eigen(jacobi, symmetric = TRUE)
  list(node = e$values, weight = e$vectors[1L, ]^2)
}

# P(percentile of patient i <= u | what is shared): values x nodes.
course_cdf <- function(route, i) {
  \(u) stats::pnorm(outer(stats::qnorm(u) * route$sd[i], route$shift[i, ], `-`) / route$own[i])
}

route_tail <- function(route, u, part, steps) {
  cdfs <- lapply(match(unique(route$alike), route$alike), \(i) course_cdf(route, i))
  smooth_tail(cdfs, route$alike, route$weight, length(route$weight) == 1L, u, part, steps)
}

# How many lie above the 95th percentile of natural recovery at its mean, as of changes to one follow-up.
course_exceedance <- function(model, routes, call) {
  own <- sqrt(diag(model$v)[model$last])
  count <- sum(model$e[model$last] > stats::qnorm(0.95) * own)
  tails <- lapply(routes, \(route) {
    q <- stats::pnorm((stats::qnorm(0.95) * own - route$shift) / route$own, lower.tail = FALSE)
    count_tail(q, route$weight, count)
  })
  statistic_row("exceedance", count, tails, call)
}

ordered_course_rows <- function(model, u, routes, settings, call) {
  order <- order(u)
  bands <- \(route) {
    below <- \(x) do.call(rbind, lapply(seq_along(u), \(i) course_cdf(route, i)(min(max(x, 1e-12), 1 - 1e-12))))
    rank_bands(length(u), route$weight, below, settings$conf.level)
  }
  out <- ordered_terms(u[order], routes, bands, call)
  out$num.error <- 1e-8 + model$off + out$num.error
  blank_course(with_columns(out, statistic = NA_real_, p.value = NA_real_), model$since[model$last][order],
    model$subject[order])
}
