# Where each patient's change lies in natural recovery: the law of a patient's natural
# change on the nodes of the shared shift, percentiles, and bands of ordered percentiles.

# Laws on both routes. Whole scores: values and their probabilities given each shift. Else the family is normal, and
# its mixture says everything.
patient_laws <- function(natural, room, whole, call) {
  model <- change_model_of(natural)
  check_points(natural, whole, call)
  Map(\(nodes, route) {
    each <- if (whole) Map(\(low, high) whole_law(model, low, high, nodes), room$low, room$high)
    list(nodes = nodes, model = model, whole = whole, room = room, each = each,
      predictive = if (!whole) predictive_mixture(natural, route))
  }, change_nodes(natural), c("fine", "coarse"))
}

# A patient's natural change where it is normal at a known mean.
predictive_mixture <- function(natural, route) {
  mixture <- change_mixture(natural, route)
  mixture$sd <- sqrt(mixture$sd^2 + change_sd(natural)^2)
  mixture
}

check_points <- function(natural, whole, call) {
  if (!whole && change_family(natural) != "normal") {
    abort_input(c("family = \"{change_family(natural)}\" counts whole points.",
      x = "Some scores are not whole.",
      i = "Use {.code family = \"normal\"}, or round the scores where you can see the result."
    ), call = call)
  }
}

whole_law <- function(model, low, high, nodes) {
  values <- possible_changes(model, low, high, nodes$shift)
  masses <- conditional_masses(model, values, nodes, low, high)
  mass <- drop(masses %*% nodes$weight)
  list(values = values, masses = masses, mass = mass, cdf = cumsum(mass),
    given = conditional_cdf(model, values, nodes, TRUE, low, high))
}

# P(change <= y) and P(change < y) of patient i under the predictive distribution.
percentile_ends <- function(law, i, y) {
  at <- conditional_cdf(law$model, if (law$whole) c(y - 1, y) else c(y, y), law$nodes, law$whole, law$room$low[i],
    law$room$high[i])
  drop(at %*% law$nodes$weight)
}

# Of every value that a patient's whole-number change may have.
mid_percentiles <- function(one) one$cdf - one$mass / 2

# Mid-percentile, or (randomised) a point drawn inside the step that the observed change makes.
percentile_of <- function(ends, place = 0.5) ends[1] + place * (ends[2] - ends[1])

# P(at least k of n) where, given each shift, patients count independently with probabilities `q` (patients x nodes).
count_tail <- function(q, weight, k) {
  if (k <= 0) {
    return(sum(weight))
  }
  n <- nrow(q)
  if (k > n) {
    return(0)
  }
  p <- matrix(0, n + 1L, ncol(q))
  p[1L, ] <- 1
  for (i in seq_len(n)) {
    qi <- rep(q[i, ], each = n)
    p[-1L, ] <- p[-1L, ] * (1 - qi) + p[-(n + 1L), ] * qi
    p[1L, ] <- p[1L, ] * (1 - q[i, ])
  }
  sum(weight * colSums(p[(k + 1L):(n + 1L), , drop = FALSE]))
}

# Scores that are not whole: P(percentile <= u | shift), values x shifts, the same of all patients.
shifted_percentile <- function(law) {
  \(u) conditional_cdf(law$model, core_mixture_summary(law$predictive, u)$quantile, law$nodes, FALSE, -Inf, Inf)
}

# P(percentile <= x | shift) of each patient (patients x nodes). Whole scores: of the randomised percentile, which
# is uniform whatever the steps.
percentile_cdf <- function(law, x) {
  if (!law$whole) {
    return(shifted_percentile(law)(min(max(x, 1e-12), 1 - 1e-12))[rep(1L, length(law$room$low)), , drop = FALSE])
  }
  do.call(rbind, lapply(law$each, \(one) {
    k <- min(findInterval(x, one$cdf) + 1L, length(one$values))
    below <- if (k > 1L) one$given[k - 1L, ] else 0
    step <- if (one$mass[k] > 0) (x - one$cdf[k] + one$mass[k]) / one$mass[k] else 0
    below + pmin(pmax(step, 0), 1) * one$masses[k, ]
  }))
}

# Exact band of the k-th smallest percentile of n untreated patients: where its distribution function is
# (1 - level) / 2 and (1 + level) / 2. With a known mean these are beta quantiles. Mid-percentiles of whole scores are
# steps, which a band takes whole: it holds at least its level.
ordered_bands <- function(law, conf.level, randomised) {
  if (law$whole && !randomised) {
    return(step_bands(law, conf.level))
  }
  rank_bands(length(law$room$low), law$nodes$weight, \(x) percentile_cdf(law, x), conf.level)
}

# @param below (function of x in \[0, 1\]) P(percentile <= x) of each patient, patients x nodes of what they share
rank_bands <- function(n, weight, below, conf.level) {
  ends <- c(1 - conf.level, 1 + conf.level) / 2
  k <- seq_len(n)
  if (length(weight) == 1L) {
    return(data.frame(rank = k, low = stats::qbeta(ends[1], k, rev(k)), high = stats::qbeta(ends[2], k, rev(k))))
  }
  at <- \(k, p) stats::uniroot(\(x) count_tail(below(x), weight, k) - p, c(0, 1), tol = 1e-9)$root
  data.frame(rank = k, low = vapply(k, at, 0, p = ends[1]), high = vapply(k, at, 0, p = ends[2]))
}

step_bands <- function(law, conf.level) {
  mids <- lapply(law$each, mid_percentiles)
  steps <- sort(unique(unlist(mids, use.names = FALSE)))
  reached <- \(k, j) { # P(k-th smallest <= the step j)
    q <- Map(\(one, mid) {
      at <- findInterval(steps[j], mid)
      if (at > 0L) one$given[at, ] else 0 * law$nodes$weight
    }, law$each, mids)
    count_tail(do.call(rbind, q), law$nodes$weight, k)
  }
  first <- \(k, p) { # the first step by which that is p, or more
    low <- 0L
    high <- length(steps)
    while (high - low > 1L) {
      middle <- (low + high) %/% 2L
      if (reached(k, middle) >= p) high <- middle else low <- middle
    }
    steps[high]
  }
  tail <- (1 - conf.level) / 2
  k <- seq_along(law$each)
  # Rounding of a sum decides nothing.
  data.frame(rank = k, low = vapply(k, first, 0, p = tail + 1e-9), high = vapply(k, first, 0, p = 1 - tail - 1e-9))
}

# Said beside such bands: each holds its own rank as often as it says, all together hold less often.
rank_bands_words <- function(n) {
  if (n > 1L) {
    paste0("Each band is for one rank: all ", n, " ranks lie inside theirs less often than one lies in its own, so ",
      "ranks outside are no count of patients whom the treatment helped.")
  }
}
