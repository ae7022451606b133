# The terms of an excess: each group of rows of tidy() from one number of responders
# and one set of natural rates, and what becomes of them when not all is known.

# A finite sum stays exact; its rounding is below 64 units.
mark_exact <- function(rows, known) {
  if (known) rows$num.kind <- "exact"
  rows
}

# `routes` holds the probability of each count by two routes; what is summed is summed on each.
tail_terms <- function(y, routes, call = rlang::caller_env()) {
  sum_where <- \(keep, half = 0) {
    sums <- lapply(routes, \(p) sum(p[keep]) - half * p[y + 1])
    two_routes(sums$fine, sums$coarse, "The natural tail", call)
  }
  k <- seq_along(routes$fine) - 1
  values <- list(natural_tail = sum_where(k >= y), natural_tail_midp = sum_where(k >= y, 0.5),
    natural_below_observed = sum_where(k < y))
  do.call(rbind, unname(Map(\(v, term) term_row(term, v$value, error = v$error), values, names(values))))
}

# The three readings of the excess among these patients, and the natural responders.
satt_terms <- function(y, natural, posterior, settings, known, call) {
  row <- \(term, routes, y = NULL) count_row(term, routes, settings$conf.level, y, call)
  rbind(
    mark_exact(row("natural_responders", natural), known),
    mark_exact(row("excess_responders", natural, y), known),
    row("excess_responders_joint", lapply(posterior, \(p) p$natural), y),
    row("excess_responders_comonotone", lapply(posterior, \(p) p$natural_comonotone), y)
  )
}

# Mean, SD and interval of a count k, or of y - k. The interval's ends are whole numbers. The error asked for is
# 1e-6 of a count, or of the mean where that is more than one.
count_row <- function(term, routes, conf.level, y = NULL, call = rlang::caller_env()) {
  k <- seq_along(routes$fine) - 1
  values <- if (is.null(y)) k else y - k
  means <- lapply(routes, \(p) sum(values * p))
  mean <- two_routes(means$fine, means$coarse, "The mean number of responders", call,
    limit = 1e-6 * max(1, abs(means$fine)))
  order <- order(values)
  values <- values[order]
  p <- routes$fine[order]
  ends <- vapply(c(1 - conf.level, 1 + conf.level) / 2, \(q) values[which(cumsum(p) >= q - 1e-12)[1]], 0)
  term_row(term, mean$value, ends[1], ends[2], mean$error, sqrt(sum((values - mean$value)^2 * p)))
}

# The distribution of the excess, largest excess first, under the three readings.
satt_table <- function(y, pmf, posterior, call) {
  k <- seq_along(pmf$value) - 1
  data.frame(
    natural = k, excess = y - k, probability = pmf$value,
    probability_joint = posterior$fine$natural, probability_comonotone = posterior$fine$natural_comonotone
  )
}

effect_terms <- function(y, rates, posterior, effect, settings, call) {
  probs <- c(1 - settings$conf.level, 1 + settings$conf.level) / 2
  shift <- summarise_routes(lapply(posterior, \(p) p$delta), probs, FALSE, "The posterior of the log-odds shift", call)
  table <- core_routes(rates, \(r) core_effect_table(r, effect))
  at <- \(name) two_routes(table$fine[[name]][y + 1], table$coarse[[name]][y + 1], "The sceptical posterior", call)
  benefit <- at("benefit")
  factor <- lapply(table, \(t) t$alternative[y + 1] / t$null[y + 1])
  factor <- two_routes(factor$fine, factor$coarse, "The Bayes factor", call, limit = 1e-6 * max(1, factor$fine))
  half <- lapply(table, \(t) half_null(t$benefit[y + 1], t$alternative[y + 1] / t$null[y + 1]))
  half <- two_routes(half$fine, half$coarse, "The posterior with half of the prior on no effect", call)
  rbind(
    summary_row("log_odds_shift", shift),
    term_row("prob_benefit", benefit$value, error = benefit$error),
    term_row("prob_benefit_half_null", half$value, error = half$error),
    term_row("bayes_factor", factor$value, error = factor$error)
  )
}

# p1 ~ Jeffreys posterior from the treated alone; p0 the patients' mean natural rate.
difference_terms <- function(y, n, rates, settings, call) {
  probs <- c(1 - settings$conf.level, 1 + settings$conf.level) / 2
  margin <- if (is.null(settings$margin)) 0 else settings$margin
  d <- core_routes(rates, \(r) core_rate_difference(r, y + 0.5, n - y + 0.5, probs, margin))
  at <- \(name) two_routes(d$fine[[name]], d$coarse[[name]], "The difference of rates", call)
  rows <- rbind(
    summary_row("rate_difference", list(mean = at("mean"), sd = at("sd"), quantile = at("quantile"))),
    term_row("rate_difference_above_zero", at("above_zero")$value, error = at("above_zero")$error)
  )
  if (is.null(settings$margin)) {
    return(rows)
  }
  above <- at("above_margin")
  rbind(rows, term_row("rate_difference_above_margin", above$value, error = above$error))
}

# A uniform rate against the natural one: on (0, 1) every count has probability 1 / (n + 1).
evidence_terms <- function(y, n, nature, known, call) {
  two_sided <- lapply(nature, \(r) 1 / ((n + 1) * r$pmf[y + 1]))
  one_sided <- lapply(nature, \(r) r$one_sided[y + 1] / r$pmf[y + 1])
  row <- \(term, e) {
    e <- two_routes(e$fine, e$coarse, "The e-value", call, limit = 1e-6 * max(1, e$fine))
    term_row(term, e$value, error = e$error)
  }
  mark_exact(rbind(row("e_value", two_sided), row("e_value_one_sided", one_sided)), known)
}

# One scenario: its terms. Several: no estimate, and the smallest and largest value.
combine_scenarios <- function(tables) {
  if (length(tables) == 1L) {
    return(cbind(tables[[1]], interval = "interval"))
  }
  estimates <- vapply(tables, \(t) t$estimate, numeric(nrow(tables[[1]])))
  errors <- vapply(tables, \(t) t$num.error, numeric(nrow(tables[[1]])))
  rows <- term_row(tables[[1]]$term, NA_real_, apply(estimates, 1, min), apply(estimates, 1, max),
    apply(errors, 1, max), num.kind = tables[[1]]$num.kind)
  cbind(rows, interval = paste("bounds over", length(tables), "possibilities"))
}

core_routes <- function(rates, fun) lapply(rates, fun)
