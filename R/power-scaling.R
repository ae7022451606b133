# Power-scaling: what happens to a posterior when its prior, or its likelihood, counts a little more or less.

# d E(q) / d log2(alpha) at alpha = 1, where the component exp(component) is raised to the power alpha:
# ln 2 times the covariance of q and the component's logarithm under the posterior. Exact but for the quadrature.
# @param mass posterior probabilities of the nodes; q, component: values there
power_derivative <- function(mass, q, component) {
  mass <- mass / sum(mass)
  used <- mass > 0 # a node that the component rules out has log 0
  mass <- mass[used]
  centred <- component[used] - sum(mass * component[used])
  log(2) * sum(mass * q[used] * centred)
}

# Cumulative Jensen-Shannon distance of two distribution functions on [lower, upper] (Kallioinen and others 2024),
# scaled to [0, 1]; the larger of the quantity's and its mirror's. An integral below 1e-13 is a slope below 1e-4.
cjs_distance <- function(p, q, lower = 0, upper = 1) {
  part <- \(x, p, q) {
    a <- p(x)
    b <- q(x)
    middle <- (a + b) / 2
    entropy <- \(v) ifelse(v > 0 & middle > 0, v * log2(pmax(v, 1e-300) / pmax(middle, 1e-300)), 0)
    entropy(a) + entropy(b)
  }
  one <- \(p, q) {
    above <- stats::integrate(part, lower, upper, p = p, q = q, rel.tol = 1e-9, abs.tol = 1e-13,
      subdivisions = 500L)$value
    below <- stats::integrate(\(x) p(x) + q(x), lower, upper, rel.tol = 1e-9, subdivisions = 500L)$value
    sqrt(max(above, 0) / below)
  }
  max(one(p, q), one(\(x) 1 - p(x), \(x) 1 - q(x)))
}

# Slope of the distance per doubling of the power, mean of a hundredth less and a hundredth more.
# @param cdf (function of alpha) gives the distribution function at that power
power_sensitivity <- function(cdf, lower = 0, upper = 1) {
  base <- cdf(1)
  slopes <- vapply(c(0.99, 1.01), \(alpha) cjs_distance(base, cdf(alpha), lower, upper) / abs(log2(alpha)), 0)
  mean(slopes)
}

# A beta prior of a rate and binomial counts, in closed form.
beta_power_sensitivity <- function(a, b, y, n) {
  c(
    prior = power_sensitivity(\(alpha) \(x) stats::pbeta(x, alpha * (a - 1) + 1 + y, alpha * (b - 1) + 1 + n - y)),
    likelihood = power_sensitivity(\(alpha) \(x) stats::pbeta(x, a + alpha * y, b + alpha * (n - y)))
  )
}

# The rows of sensitivity(): the treatment effect delta of one answer, prior and likelihood scaled in turn.
power_rows <- function(scenario, effect) {
  grid <- scenario$delta
  nodes <- core_grid_nodes(grid)
  prior <- log_normal_mixture(nodes$node, effect)
  parts <- list(prior = prior, likelihood = log(pmax(grid$density, 1e-300)) - prior)
  rows <- lapply(names(parts), \(name) {
    c <- parts[[name]]
    data.frame(component = name, mean_shift = power_derivative(nodes$mass, nodes$node, c),
      benefit_shift = power_derivative(nodes$mass, as.numeric(nodes$node > 0), c),
      sensitivity = power_sensitivity(\(alpha) scaled_cdf(grid, c, alpha)))
  })
  do.call(rbind, rows)
}

log_normal_mixture <- function(x, prior) {
  rows <- prior_components(prior)
  log(rowSums(mapply(\(w, m, s) w * stats::dnorm(x, m, s), rows[, "weight"], rows[, "a"], rows[, "b"])) + 1e-300)
}

# Distribution function of logistic(delta), so that the support is bounded and fixed.
scaled_cdf <- function(grid, component, alpha) {
  top <- max(component[grid$density > 0])
  grid$density <- grid$density * exp((alpha - 1) * pmin(component - top, 0))
  whole <- sum(core_grid_nodes(grid)$mass)
  \(t) pmin(1, pmax(0, core_grid_cdf(grid, stats::qlogis(t)) / whole))
}

# What the two sensitivities say together, by the rule of priorsense (0.05 on either), in words.
power_verdict <- function(rows, limit = 0.05) {
  strong <- stats::setNames(rows$sensitivity >= limit, rows$component)
  if (strong[["prior"]] && strong[["likelihood"]]) {
    return(paste0("Conflict flag: a little more weight of the prior or of the outcomes moves the answer, either of ",
      "them. The prior is centred on no effect, so this is what any effect (or any bias) looks like with few ",
      "patients; it is no reason to weaken the prior."))
  }
  if (strong[["prior"]]) {
    return("Flag: the prior moves the answer and the outcomes hardly do; it is mostly the prior that is read here.")
  }
  if (strong[["likelihood"]]) "No flag: the outcomes move the answer more than the prior does." else
    "No flag: small changes in the weight of prior or outcomes leave the answer where it is."
}
