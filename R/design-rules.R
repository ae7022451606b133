# The rules behind design_trial(): which outcomes are called a success, and how many patients that takes.

most_single <- 200

most_randomised <- 300

most_two_stage <- 100

most_tables <- 2e4

mean_natural_rate <- function(natural) rate_summary(natural, usual_probs)$mean$value

# One arm --------------------------------------------------------------------------------

single_design <- function(s, call) {
  tails <- rule_tails(s, call)
  if (!is.null(s$n)) {
    critical <- critical_count(tails(s$n), s$alpha)
    return(list(n = s$n, critical = critical, claims = claims_from(s$n, critical)))
  }
  check_reachable(s, call)
  for (n in seq_len(most_single)) {
    critical <- critical_count(tails(n), s$alpha)
    if (!is.na(critical) && stats::pbinom(critical - 1, n, s$rate, lower.tail = FALSE) >= s$power) {
      return(list(n = n, critical = critical, claims = claims_from(n, critical)))
    }
  }
  no_single_arm(paste("up to", most_single), s, call)
}

# P(X >= c) under the predictive distribution is at least P(p0 >= rate) P(X >= c | rate): a rule of error alpha has at
# most the power alpha / P(p0 >= rate), whatever the number of patients.
check_reachable <- function(s, call) {
  if (s$rule == "predictive" && (1 - certainty_ceiling(s$natural, s$rate)$estimate) * s$power > s$alpha) {
    no_single_arm("any number of", s, call)
  }
}

no_single_arm <- function(size, s, call) {
  abort_input(c("No single arm of {size} patients has this power.",
    x = "True rate {s$rate}, power {s$power}, error {s$alpha}.",
    i = "The uncertainty of the natural rate does not shrink with more treated patients; add controls."
  ), call = call)
}

# Natural tails of 0..n, by the rule's idea of nature. One set of nodes serves every n up to the largest asked for.
rule_tails <- function(s, call) {
  if (s$rule == "plug_in") {
    rate <- pooled_rate(s$natural)
    return(\(n) stats::pbinom(seq(-1, n - 1), n, rate, lower.tail = FALSE))
  }
  nodes <- rate_nodes(patient_rates(s$natural, max(most_single, s$n), call)$fine)
  used <- nodes$mass > 1e-13
  \(n) {
    pmf <- colSums(nodes$mass[used] * binomial_rows(nodes$logit[used], n))
    pmf[c(1, n + 1)] <- pmf[c(1, n + 1)] + c(nodes$below, nodes$above)
    upper_tails(pmf)
  }
}

# All sources as one: what a plugged-in rate is.
pooled_rate <- function(natural) {
  sources <- natural_sources(natural)
  if (rate_kind(natural) == "meta") sum(sources$events) / sum(sources$n) else mean_natural_rate(natural)
}

critical_count <- function(tails, alpha) {
  reached <- which(tails <= alpha)
  if (length(reached) == 0L) NA_real_ else reached[1] - 1
}

claims_from <- function(n, critical) matrix(seq(0, n) >= (if (is.na(critical)) n + 1 else critical), ncol = 1)

# Two arms -------------------------------------------------------------------------------

randomised_design <- function(s, call) {
  fit <- \(n, m) {
    r <- core_boschloo_rejection(as.integer(n), as.integer(m), s$alpha)
    list(n = n, n_control = m, claims = r$claims)
  }
  if (!is.null(s$n)) {
    return(fit(s$n, if (is.null(s$n_control)) s$n else s$n_control))
  }
  p0 <- mean_natural_rate(s$natural)
  if (s$rate <= p0) abort_input("The treated's {.arg rate} must exceed the natural rate, {signif(p0, 3)}.", call = call)
  first <- max(2, floor(0.7 * pooled_z_size(s$rate, p0, s$alpha, s$power)))
  for (n in seq(first, length.out = max(0, most_randomised - first + 1))) {
    made <- fit(n, n)
    if (core_region_probability(made$claims, s$rate, p0) >= s$power) {
      return(made)
    }
  }
  abort_input(c("No trial of up to {most_randomised} patients per arm has this power.",
    x = "True rates {s$rate} and {signif(p0, 3)}."), call = call)
}

# Patients per arm by the pooled z test, from where the exact search starts.
pooled_z_size <- function(p1, p0, alpha, power) {
  mean <- (p1 + p0) / 2
  z <- stats::qnorm(1 - alpha) * sqrt(2 * mean * (1 - mean)) + stats::qnorm(power) * sqrt(p1 * (1 - p1) + p0 * (1 - p0))
  (z / (p1 - p0))^2
}

hybrid_design <- function(s, call) {
  if (is.null(s$n)) abort_input("A {.val hybrid} trial needs {.arg n}.", call = call)
  m <- if (is.null(s$n_control)) s$n else s$n_control
  history <- power_history(s, call)
  threshold <- 1 - s$alpha
  if (!s$calibrate) {
    return(list(n = s$n, n_control = m, claims = boundary_claims(s$n, m, history, s, threshold), threshold = threshold,
      threshold_error = 0))
  }
  if ((s$n + 1) * (m + 1) > most_tables) {
    abort_input("A calibrated threshold is sought for up to {most_tables} tables, about 140 patients per arm.",
      call = call)
  }
  probability <- posterior_matrix(s$n, m, history, s)
  cut <- calibrated_threshold(probability, s$alpha)
  list(n = s$n, n_control = m, claims = probability >= cut, threshold = cut, threshold_error = 1e-9)
}

# Historical events and patients, discounted, on top of the prior.
power_history <- function(s, call) {
  if (rate_kind(s$natural) != "meta") {
    abort_input(c("A {.val hybrid} trial borrows from a table of sources.",
      x = "The natural rate is {natural_label(s$natural)}."), call = call)
  }
  moved <- moved_by(s$natural)
  if (length(moved) > 0L) {
    abort_input(c("A {.val hybrid} rule counts the patients of the sources as they stand.",
      x = "{.arg {moved}} would be lost.",
      i = "Leave {cli::qty(length(moved))}{?it/them} out; {.fn operating_characteristics} says how a {.arg bias} moves
           the error."
    ), call = call)
  }
  if (is.null(s$a0)) abort_input(c("{.arg a0} has no default.", i = "It says how much of the history counts."),
    call = call)
  sources <- natural_sources(s$natural)
  if (!length(s$a0) %in% c(1L, nrow(sources))) {
    abort_input("{.arg a0} must be one number, or one for each of the {nrow(sources)} sources.", call = call)
  }
  a0 <- rep(check_numeric(s$a0, "a0", min = 0, max = 1, call = call), length.out = nrow(sources))
  prior <- prior_parameters(s$prior)
  list(a = prior[["a"]] + sum(a0 * sources$events), b = prior[["b"]] + sum(a0 * (sources$n - sources$events)))
}

# P(p1 - p0 > margin) for p1 ~ Be(a1, b1), vectors of the same length, and one p0 ~ Be(a0, b0): Gauss-Legendre on
# panels of the log odds of p0, cut where p0 + margin leaves (0, 1) and the integrand has a corner.
beta_exceeds <- function(a1, b1, a0, b0, margin = 0) {
  centre <- digamma(a0) - digamma(b0)
  sd <- sqrt(trigamma(a0) + trigamma(b0))
  low <- max(-700, centre - max(9 * sd, 40 / a0))
  high <- min(700, centre + max(9 * sd, 40 / b0))
  corner <- stats::qlogis(if (margin < 0) -margin else 1 - margin)
  inside <- corner > low && corner < high
  edges <- c(seq(low, high, length.out = ceiling((high - low) / min(sd, 1)) + 1), if (inside) corner)
  grid <- legendre_panels(sort(unique(edges)))
  log_weight <- a0 * stats::plogis(grid$x, log.p = TRUE) + b0 * stats::plogis(-grid$x, log.p = TRUE) - lbeta(a0, b0)
  used <- log_weight > -45
  weight <- exp(log_weight[used]) * grid$w[used]
  p <- pmin(pmax(stats::plogis(grid$x[used]) + margin, 0), 1)
  vapply(seq_along(a1), \(i) sum(weight * stats::pbeta(p, a1[i], b1[i], lower.tail = FALSE)), 0)
}

treated_posterior <- function(x, n, s) {
  prior <- prior_parameters(s$prior)
  list(a = prior[["a"]] + x, b = prior[["b"]] + n - x)
}

posterior_matrix <- function(n, m, history, s) {
  p1 <- treated_posterior(0:n, n, s)
  vapply(0:m, \(x0) beta_exceeds(p1$a, p1$b, history$a + x0, history$b + m - x0, s$margin), numeric(n + 1))
}

# The probability grows with treated events: the boundary of each column by bisection.
boundary_claims <- function(n, m, history, s, threshold) {
  first <- vapply(0:m, \(x0) {
    at <- \(x) {
      p1 <- treated_posterior(x, n, s)
      beta_exceeds(p1$a, p1$b, history$a + x0, history$b + m - x0, s$margin) >= threshold
    }
    low <- -1
    high <- n + 1
    while (high - low > 1) {
      middle <- floor((low + high) / 2)
      if (at(middle)) high <- middle else low <- middle
    }
    high
  }, 0)
  outer(0:n, first, ">=")
}

# The smallest threshold at which the error is at most alpha at every common rate.
calibrated_threshold <- function(probability, alpha) {
  cuts <- sort(unique(as.vector(probability)))
  size <- \(i) {
    s <- core_region_size(probability >= cuts[i])
    s$value + s$bound
  }
  low <- 0
  high <- length(cuts) + 1
  while (high - low > 1) {
    middle <- floor((low + high) / 2)
    if (size(middle) <= alpha) high <- middle else low <- middle
  }
  if (high > length(cuts)) Inf else cuts[high]
}

# Looks on the way -----------------------------------------------------------------------

known_rate <- function(s, call) {
  if (!rate_is_known(s$natural) || length(rate_offset(s$natural)) != 1L) {
    abort_input(c("A {.val {s$type}} design needs a natural rate taken as known.",
      x = "The natural rate is {natural_label(s$natural)}.",
      i = "Give one that nature is not thought to exceed, for example its 97.5 % quantile: {.code natural_rate(0.29)}."
    ), call = call)
  }
  stats::plogis(rate_offset(s$natural))
}

sequential_design <- function(s, call) {
  p0 <- known_rate(s, call)
  n <- if (is.null(s$n)) 50 else s$n
  first <- vapply(seq_len(n), \(m) {
    e <- vapply(0:m, \(y) core_e_value(y, m, p0, 1, 1, TRUE), 0)
    critical_count(ifelse(e * s$alpha >= 1, 0, 1), 0.5)
  }, 0)
  error <- sequential_claims(first, p0)
  rows <- rbind(term_row("type_1_error", error$claim, error = 1e-12), if (!is.null(s$rate)) {
    truth <- sequential_claims(first, s$rate)
    rbind(term_row("power", truth$claim, error = 1e-12), term_row("expected_n", truth$patients, error = 1e-10))
  })
  boundary <- data.frame(patients = seq_len(n), success_from = first)
  list(n = n, boundary = boundary[!is.na(first) & !duplicated(first), ], first = first, extra = rows)
}

# Probability of ever reaching the boundary, and the mean number of patients: one patient after another.
sequential_claims <- function(first, rate) {
  alive <- 1
  claim <- 0
  patients <- 0
  for (m in seq_along(first)) {
    patients <- patients + sum(alive)
    alive <- c(alive * (1 - rate), 0) + c(0, alive * rate)
    if (!is.na(first[m])) {
      over <- seq_along(alive) - 1 >= first[m]
      claim <- claim + sum(alive[over])
      alive[over] <- 0
    }
  }
  list(claim = claim, patients = patients)
}

# Simon's two stages: stop after n1 patients with r1 responders or fewer; claim with more than r of n.
two_stage_design <- function(s, call) {
  p0 <- known_rate(s, call)
  if (is.null(s$rate)) abort_input("A {.val two_stage} design needs the treated's {.arg rate}.", call = call)
  most <- if (is.null(s$n)) 50 else s$n
  if (most < 2 || most > most_two_stage) {
    abort_input(c("Two stages are sought for 2 to {most_two_stage} patients.", x = "{.arg n} is {most}."), call = call)
  }
  found <- do.call(rbind, lapply(2:most, \(n) two_stage_size(n, p0, s)))
  if (nrow(found) == 0L) {
    abort_input("No two-stage design of up to {most} patients has error {s$alpha} and power {s$power}.", call = call)
  }
  best <- found[order(found$expected_n, found$n), ][1, ]
  minimax <- found[order(found$n, found$expected_n), ][1, ]
  boundary <- cbind(design = c("optimal", "minimax"), rbind(best, minimax))
  rownames(boundary) <- NULL
  list(n = best$n, boundary = boundary, extra = rbind(term_row("type_1_error", best$error, error = 1e-12),
    term_row("power", best$power, error = 1e-12), term_row("expected_n", best$expected_n, error = 1e-10)))
}

# All designs of n patients with the error and power asked for, one for each (n1, r1): the smallest r that keeps the
# error.
two_stage_size <- function(n, p0, s) {
  rows <- lapply(seq_len(n - 1), \(n1) {
    r1 <- seq(0, n1 - 1)
    error <- two_stage_claims(n1, n, p0)
    kept <- error <= s$alpha & col(error) >= row(error) # r is at least r1
    r <- max.col(kept + 0, ties.method = "first") - 1L
    at <- cbind(r1 + 1, r + 1)
    power <- two_stage_claims(n1, n, s$rate)[at]
    stop <- stats::pbinom(r1, n1, p0)
    data.frame(r1 = r1, n1 = n1, r = r, n = n, error = error[at], power = power, stop_early = stop,
      expected_n = n1 + (n - n1) * (1 - stop))[rowSums(kept) > 0 & power >= s$power, ]
  })
  do.call(rbind, rows)
}

# Probability that more than r1 of n1 (rows: r1 = 0, ..., n1 - 1) and then more than r of n (columns: r = 0, ..., n - 1)
# respond.
two_stage_claims <- function(n1, n, rate) {
  first <- seq(n1, 1)
  joint <- stats::dbinom(first, n1, rate) *
    outer(first, seq(0, n - 1), \(x1, r) stats::pbinom(r - x1, n - n1, rate, lower.tail = FALSE))
  sums <- if (n1 == 1) joint else apply(joint, 2, cumsum)
  sums[rev(seq_len(n1)), , drop = FALSE]
}
