# The terms of an excess: each group of rows of tidy() from one number of responders
# and one set of natural rates, and what becomes of them when not all is known.

# Terms whose digits are not known are NA and carry the reason; the others stand.
# @param terms names of the rows that `expr` makes
known_terms <- function(terms, expr) {
  tryCatch(with_columns(expr, reason = NA_character_), cordgain_numerical_error = \(e) {
    with_columns(term_row(terms, NA_real_, error = NA_real_), reason = numerical_reason(e))
  })
}

numerical_reason <- function(e) {
  cli::ansi_strip(paste(c(rlang::cnd_header(e), e$body[names(e$body) == "x"]), collapse = " "))
}

# A value that several terms share, or the error that keeps each of them from being known.
or_numerical_error <- function(expr) tryCatch(expr, cordgain_numerical_error = identity)

known_value <- function(x) if (inherits(x, "condition")) stop(x) else x

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
  row <- \(term, keep, half = 0) {
    known_terms(term, {
      value <- sum_where(keep, half)
      term_row(term, value$value, error = value$error)
    })
  }
  stack_tables(row("natural_tail", k >= y), row("natural_tail_midp", k >= y, 0.5), row("natural_below_observed", k < y))
}

# The three readings of the excess among these patients, and the natural responders.
satt_terms <- function(y, natural, posterior, settings, known, call) {
  row <- \(term, routes, y = NULL) known_terms(term, count_row(term, routes, settings$conf.level, y, call))
  stack_tables(
    mark_exact(row("natural_responders", natural), known),
    mark_exact(row("excess_responders", natural, y), known),
    row("excess_responders_joint", lapply(known_value(posterior), \(p) p$natural), y),
    row("excess_responders_comonotone", lapply(known_value(posterior), \(p) p$natural_comonotone), y)
  )
}

# Mean, SD and interval of a count k, or of y - k. The interval's ends are whole numbers.
count_row <- function(term, routes, conf.level, y = NULL, call = rlang::caller_env()) {
  k <- seq_along(routes$fine) - 1
  values <- if (is.null(y)) k else y - k
  means <- lapply(routes, \(p) sum(values * p))
  mean <- two_routes(means$fine, means$coarse, "The mean number of responders", call)
  order <- order(values)
  values <- values[order]
  p <- routes$fine[order]
  ends <- vapply(c(1 - conf.level, 1 + conf.level) / 2, \(q) values[which(cumsum(p) >= q - 1e-12)[1]], 0)
  term_row(term, mean$value, ends[1], ends[2], mean$error, sqrt(sum((values - mean$value)^2 * p)))
}

# The distribution of the excess, largest excess first, under the three readings.
satt_table <- function(y, pmf, posterior) {
  k <- seq_along(pmf$value) - 1
  known <- !inherits(posterior, "condition")
  plain_table(
    natural = k, excess = y - k, probability = pmf$value,
    probability_joint = if (known) posterior$fine$natural else NA_real_,
    probability_comonotone = if (known) posterior$fine$natural_comonotone else NA_real_
  )
}

effect_terms <- function(y, table, posterior, settings, call) {
  probs <- c(1 - settings$conf.level, 1 + settings$conf.level) / 2
  row <- \(term, what, value) {
    known_terms(term, {
      routes <- lapply(known_value(table), value)
      e <- two_routes(routes$fine, routes$coarse, what, call)
      term_row(term, e$value, error = e$error)
    })
  }
  ratio <- \(t) t$alternative[y + 1] / t$null[y + 1]
  stack_tables(
    known_terms("log_odds_shift", summary_row("log_odds_shift", summarise_routes(
      lapply(known_value(posterior), \(p) p$delta), probs, FALSE, "The posterior of the log-odds shift", call
    ))),
    row("prob_benefit", "The probability of benefit", \(t) t$benefit[y + 1]),
    row("prob_benefit_half_null", "The posterior with half of the prior on no effect",
      \(t) half_null(t$benefit[y + 1], ratio(t))),
    row("bayes_factor", "The Bayes factor", ratio)
  )
}

# p1 ~ Jeffreys posterior from the treated alone; p0 the patients' mean natural rate.
difference_terms <- function(y, n, rates, settings, call) {
  probs <- c(1 - settings$conf.level, 1 + settings$conf.level) / 2
  margin <- if (is.null(settings$margin)) 0 else settings$margin
  d <- or_numerical_error(core_routes(rates, \(r) core_rate_difference(r, y + 0.5, n - y + 0.5, probs, margin)))
  at <- \(name) two_routes(known_value(d)$fine[[name]], d$coarse[[name]], "The difference of rates", call)
  above <- \(term, name) known_terms(term, term_row(term, at(name)$value, error = at(name)$error))
  stack_tables(
    known_terms("rate_difference", summary_row("rate_difference",
      list(mean = at("mean"), sd = at("sd"), quantile = at("quantile")))),
    above("rate_difference_above_zero", "above_zero"),
    if (!is.null(settings$margin)) above("rate_difference_above_margin", "above_margin")
  )
}

# A uniform rate against the natural one: on (0, 1) every count has probability 1 / (n + 1).
evidence_terms <- function(y, n, nature, known, call) {
  two_sided <- lapply(nature, \(r) 1 / ((n + 1) * r$pmf[y + 1]))
  one_sided <- lapply(nature, \(r) r$one_sided[y + 1] / r$pmf[y + 1])
  row <- \(term, e) {
    known_terms(term, {
      e <- two_routes(e$fine, e$coarse, "The e-value", call)
      term_row(term, e$value, error = e$error)
    })
  }
  mark_exact(stack_tables(row("e_value", two_sided), row("e_value_one_sided", one_sided)), known)
}

# One scenario: its terms. Several: no estimate, and the smallest and largest value; unknown
# where one of them is.
combine_scenarios <- function(tables) {
  if (length(tables) == 1L) {
    return(with_columns(tables[[1]], interval = "interval"))
  }
  column <- \(name) do.call(cbind, lapply(tables, \(t) t[[name]]))
  rows <- term_row(tables[[1]]$term, NA_real_, apply(column("estimate"), 1, min), apply(column("estimate"), 1, max),
    apply(column("num.error"), 1, max), num.kind = tables[[1]]$num.kind)
  rows$reason <- apply(column("reason"), 1, \(r) r[!is.na(r)][1])
  with_columns(rows, interval = paste("bounds over", length(tables), "possibilities"))
}

# What a term is: its number, or its bounds where not all is known.
value_or_bounds <- function(terms, term) {
  row <- terms[terms$term == term, ]
  if (is.na(row$estimate)) c(row$conf.low, row$conf.high) else row$estimate
}

value_words <- function(terms, term, digits, show = signif) {
  paste(unique(show(value_or_bounds(terms, term), digits)), collapse = " to ")
}

core_routes <- function(rates, fun) lapply(rates, fun)

# P(benefit) with half of the prior mass on no effect, from P(benefit) and the Bayes factor.
half_null <- function(benefit, bayes_factor) benefit * bayes_factor / (1 + bayes_factor)

# What every number of responders says of the effect, on both routes; the error where it cannot be had.
effect_table <- function(rates, effect) {
  components <- prior_components(effect)
  or_numerical_error(core_routes(rates, \(r) core_effect_table(r, components)))
}

# Rows of an excess of repeated scores: of a visit, of a patient, or of neither.
blank_course <- function(rows, time = NA_real_, subject = NA_character_) cbind(rows, time = time, subject = subject)
