# Every number of a natural rate and of an excess of responders by the second engine.

#' @rdname certify
#' @export
certify.natural_rate <- function(x, ...) {
  check_no_more(names(formals(certify.natural_rate)), ...)
  check_single_rate(x, rlang::current_env())
  second <- second_rate(x, second_components(x))
  second <- rbind(second, second_row("ess_elir", NA_character_, if (rate_is_known(x)) NA_real_ else second_elir(x)))
  agreed_digits(paired_rows(tidy(x), second), natural_label(x))
}

check_single_rate <- function(natural, call) {
  if (length(rate_offset(natural)) > 1L) {
    abort_input("The second engine works for one natural rate, not for one per patient.", call = call)
  }
}

#' @rdname certify
#' @export
certify.excess_responders <- function(x, ...) {
  check_no_more(names(formals(certify.excess_responders)), ...)
  call <- rlang::current_env()
  scenario <- one_scenario(x, call)
  natural <- excess_natural(x)
  check_single_rate(natural, call)
  y <- scenario$responders
  n <- scenario$n
  probs <- c(1 - excess_level(x), 1 + excess_level(x)) / 2
  components <- second_components(natural)
  nodes <- second_nodes(components)
  second <- rbind(
    second_nature(nodes, y, n, probs),
    second_treatment(nodes, y, n, excess_effect(x), probs),
    second_difference(natural, components, nodes, y, n, excess_margin(x), probs),
    second_evidence(nodes, y, n),
    second_limits(y, n, excess_level(x)),
    second_controls(x$control, y, n),
    second_grades(excess_arm(x), excess_transition(x), excess_level(x), call)
  )
  agreed_digits(paired_rows(tidy(x), second), natural_label(natural))
}

# Mean, SD and limits of the rate, and what follows from them; tau and mu of published counts.
second_rate <- function(natural, components, probs = usual_probs) {
  row <- \(term, estimate, ...) second_row(term, NA_character_, estimate, ...)
  if (rate_is_known(natural)) {
    rate <- stats::plogis(rate_offset(natural))
    return(row("rate", rate, rate, rate, 0))
  }
  s <- second_rate_moments(second_nodes(components))
  limits <- stats::plogis(law_quantile(second_law(natural, components), probs))
  settings <- rate_settings(natural)
  meta <- rate_kind(natural) == "meta"
  rbind(
    row("rate", s$mean, limits[1], limits[2], s$sd),
    if (meta) second_tau(settings$tau, components, probs),
    if (meta) second_mu(settings$mu, components, probs),
    row("ess_moment", s$mean * (1 - s$mean) / s$sd^2 - 1),
    row("icc", s$sd^2 / (s$mean * (1 - s$mean)))
  )
}

second_rate_moments <- function(nodes) {
  mean <- second_expectation(nodes, stats::plogis)
  list(mean = mean, sd = sqrt(second_expectation(nodes, \(theta) (stats::plogis(theta) - mean)^2)))
}

second_nature <- function(nodes, y, n, probs) {
  pmf <- vapply(0:n, \(k) second_expectation(nodes, \(theta) stats::dbinom(k, n, stats::plogis(theta))), 0)
  tail <- sum(pmf[0:n >= y])
  nature <- discrete_summary(0:n, pmf, probs)
  excess <- discrete_summary(rev(y - 0:n), rev(pmf), probs)
  count <- \(term, s) second_row(term, NA_character_, s$mean, s$quantile[1], s$quantile[2], s$sd)
  row <- \(term, estimate) second_row(term, NA_character_, estimate)
  rbind(
    row("natural_tail", tail), row("natural_tail_midp", tail - pmf[y + 1] / 2),
    row("natural_below_observed", sum(pmf[0:n < y])), count("natural_responders", nature),
    count("excess_responders", excess), row("e_value", 1 / ((n + 1) * pmf[y + 1]))
  )
}

# The treated taken alone, their rate by Jeffreys, against the natural rate.
second_difference <- function(natural, components, nodes, y, n, margin, probs) {
  below <- difference_below(natural, components, y, n)
  s <- second_rate_moments(nodes)
  own <- (y + 0.5) / (n + 1)
  sd <- sqrt(own * (1 - own) / (n + 2) + s$sd^2)
  limits <- search_limits(\(d) below(min(max(d, -1), 1)) + pmin(d + 1, 0) + pmax(d - 1, 0), probs, own - s$mean, sd)
  rbind(
    second_row("rate_difference", NA_character_, own - s$mean, limits[1], limits[2], sd),
    if (!is.null(margin)) second_row("rate_difference_above_margin", NA_character_, 1 - below(margin))
  )
}

# The Jeffreys rate, and a uniform rate above the natural one, against the natural rate.
second_evidence <- function(nodes, y, n) {
  beyond <- \(theta, a, b) stats::pbeta(stats::plogis(theta), a, b, lower.tail = FALSE)
  null <- second_expectation(nodes, \(theta) stats::dbinom(y, n, stats::plogis(theta)))
  uniform <- second_expectation(nodes, \(theta) beyond(theta, y + 1, n - y + 1) / stats::plogis(-pmin(theta, 600)) /
    (n + 1))
  above <- second_expectation(nodes, \(theta) beyond(theta, y + 0.5, n - y + 0.5))
  rbind(second_row("rate_difference_above_zero", NA_character_, above),
    second_row("e_value_one_sided", NA_character_, uniform / null))
}

# The exact tests against concurrent controls: R's hypergeometric distribution, and the largest sum of the tables at
# least as extreme over a lattice of common rates, refined around its best points.
second_controls <- function(control, y, n) {
  if (is.null(control) || arm_counts(control)$min != arm_counts(control)$max) {
    return(NULL)
  }
  other <- arm_counts(control)
  tables <- expand.grid(a = 0:n, b = 0:other$n)
  seen <- which(tables$a == y & tables$b == other$min)
  fisher <- stats::phyper(tables$a - 1, n, other$n, tables$a + tables$b, lower.tail = FALSE)
  pooled <- (tables$a + tables$b) / (n + other$n)
  z <- (tables$a / n - tables$b / other$n) / sqrt(pooled * (1 - pooled) * (1 / n + 1 / other$n))
  z[!is.finite(z)] <- 0
  largest <- \(region) {
    total <- \(p) sum(stats::dbinom(tables$a[region], n, p) * stats::dbinom(tables$b[region], other$n, p))
    p <- seq(0, 1, length.out = 501)
    best <- order(vapply(p, total, 0), decreasing = TRUE)[1:5]
    max(vapply(p[best], \(at) stats::optimize(total, pmin(pmax(at + c(-1, 1) / 500, 0), 1), maximum = TRUE,
      tol = 1e-9)$objective, 0))
  }
  second_row(c("fisher", "barnard", "boschloo"), NA_character_,
    c(fisher[seen], largest(z >= z[seen] - 1e-9), largest(fisher <= fisher[seen] * (1 + 1e-9))))
}
