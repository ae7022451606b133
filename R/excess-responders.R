# Excess of responders: y of n against the responders that nature alone gives.

#' @rdname excess
#' @export
excess.trial_arm <- function(x, natural, control = NULL, accept = character(), effect = prior_normal(0, 1),
                             margin = NULL, conf.level = 0.95, ...) {
  call <- rlang::current_env()
  check_treated(x, call)
  check_natural_rate(natural, call)
  check_prior(effect, "normal")
  if (!is.null(margin)) margin <- check_number(margin, min = -1, max = 1)
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  extra <- check_extra(list(...), call)
  accepted <- match_evidence(x, natural, accept, call)
  settings <- list(effect = effect, margin = margin, conf.level = conf.level)
  scenarios <- responder_scenarios(x, natural, settings, call)
  terms <- rbind(
    combine_scenarios(lapply(scenarios, \(s) s$terms)),
    control_terms(x, control, call), grade_step_terms(x, extra$transition, conf.level, call)
  )
  new_excess(list(
    terms = terms, arm = x, natural = natural, accepted = accepted, settings = settings, scenarios = scenarios
  ), "excess_responders")
}

check_treated <- function(x, call) {
  if (arm_role(x) != "treated") {
    abort_input(c("{.arg x} must be the treated arm.", x = "Its role is {.val {arm_role(x)}}.",
      i = "Give controls as {.arg control}."), call = call)
  }
}

check_natural_rate <- function(natural, call) {
  if (!inherits(natural, c("natural_rate", "natural_strata"))) {
    abort_input(c("{.arg natural} must be a natural rate, made by {.fn natural_rate} or {.fn natural_strata}.",
      x = "It is {.obj_type_friendly {natural}}."), call = call)
  }
}

check_extra <- function(extra, call) {
  unknown <- setdiff(names(extra), "transition")
  if (length(extra) > 0L && (is.null(names(extra)) || length(unknown) > 0L)) {
    abort_input("{.fn excess} does not know the argument{?s} {.arg {unknown}}.", call = call)
  }
  extra
}

# One scenario for each number of responders that is possible and each assignment of
# patients to strata; nearly always one.
responder_scenarios <- function(x, natural, settings, call) {
  counts <- arm_counts(x)
  rates <- scenario_rates(x, natural, counts$n, call)
  if ((counts$max - counts$min + 1) * length(rates) > 1000) {
    abort_input("There are more than 1000 combinations of unknown outcomes and levels.", call = call)
  }
  known <- if (inherits(natural, "natural_strata")) all(vapply(strata_rates(natural), rate_is_known, NA)) else
    rate_is_known(natural)
  scenarios <- lapply(rates, \(r) {
    lapply(seq(counts$min, counts$max), \(y) responder_answer(y, counts$n, r, settings, known, call))
  })
  unlist(scenarios, recursive = FALSE)
}

scenario_rates <- function(x, natural, n, call) {
  if (!inherits(natural, "natural_strata")) {
    return(list(patient_rates(natural, n, call)))
  }
  sizes <- strata_assignments(natural, standard_level(arm_levels(x)), call)
  lapply(seq_len(nrow(sizes)), \(i) assigned_rates(natural, sizes[i, ]))
}

# Everything about one number of responders against one set of rates.
responder_answer <- function(y, n, rates, settings, known, call) {
  nature <- core_routes(rates, core_natural_responders)
  effect <- prior_components(settings$effect)
  posterior <- core_routes(rates, \(r) core_effect_posterior(r, effect, as.integer(y)))
  pmf <- two_routes(nature$fine$pmf, nature$coarse$pmf, "The distribution of natural responders", call)
  terms <- rbind(
    mark_exact(tail_terms(y, pmf), known),
    satt_terms(y, pmf, posterior, settings, known, call),
    effect_terms(y, rates, posterior, effect, settings, call),
    difference_terms(y, n, rates, settings, call),
    binomial_limits(y, n, settings$conf.level),
    evidence_terms(y, n, nature, known, call)
  )
  list(responders = y, n = n, rates = rates, terms = terms, satt = satt_table(y, pmf, posterior, call),
    delta = posterior$fine$delta)
}

core_routes <- function(rates, fun) lapply(rates, fun)

# A finite sum stays exact; its rounding is below 64 units.
mark_exact <- function(rows, known) {
  if (known) rows$num.kind <- "exact"
  rows
}

tail_terms <- function(y, pmf) {
  k <- seq_along(pmf$value) - 1
  tail <- sum(pmf$value[k >= y])
  below <- sum(pmf$value[k < y])
  error <- sum(pmf$error)
  rbind(
    term_row("natural_tail", tail, error = error),
    term_row("natural_tail_midp", tail - pmf$value[y + 1] / 2, error = error),
    term_row("natural_below_observed", below, error = error)
  )
}

# The three readings of the excess among these patients, and the natural responders.
satt_terms <- function(y, pmf, posterior, settings, known, call) {
  joint <- two_routes(posterior$fine$natural, posterior$coarse$natural, "The joint posterior", call)
  comonotone <- two_routes(posterior$fine$natural_comonotone, posterior$coarse$natural_comonotone,
    "The comonotone posterior", call)
  level <- settings$conf.level
  rbind(
    mark_exact(count_row("natural_responders", pmf, level), known),
    mark_exact(count_row("excess_responders", pmf, level, y), known),
    count_row("excess_responders_joint", joint, level, y),
    count_row("excess_responders_comonotone", comonotone, level, y)
  )
}

# Mean, SD and interval of a count k, or of y - k. The interval's ends are whole numbers.
count_row <- function(term, pmf, conf.level, y = NULL) {
  k <- seq_along(pmf$value) - 1
  values <- if (is.null(y)) k else y - k
  order <- order(values)
  values <- values[order]
  p <- pmf$value[order]
  mean <- sum(values * p)
  ends <- vapply(c(1 - conf.level, 1 + conf.level) / 2, \(q) values[which(cumsum(p) >= q - 1e-12)[1]], 0)
  term_row(term, mean, ends[1], ends[2], sum(abs(values) * pmf$error[order]), sqrt(sum((values - mean)^2 * p)))
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
  half <- half_null(benefit$value, factor$value)
  rbind(
    summary_row("log_odds_shift", shift),
    term_row("prob_benefit", benefit$value, error = benefit$error),
    term_row("prob_benefit_half_null", half, error = benefit$error + factor$error),
    term_row("bayes_factor", factor$value, error = factor$error)
  )
}

half_null <- function(benefit, bayes_factor) benefit * bayes_factor / (1 + bayes_factor)

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

control_terms <- function(x, control, call) {
  if (is.null(control)) {
    return(NULL)
  }
  if (!is_trial_arm(control) || arm_role(control) != "control") {
    abort_input("{.arg control} must be a {.fn trial_arm} with {.code role = \"control\"}.", call = call)
  }
  treated <- arm_counts(x)
  reference <- arm_counts(control)
  pairs <- expand.grid(y1 = seq(treated$min, treated$max), y0 = seq(reference$min, reference$max))
  tables <- Map(\(y1, y0) two_by_two(y1, treated$n, y0, reference$n), pairs$y1, pairs$y0)
  combine_scenarios(lapply(tables, \(t) t[names(term_row("", 0))]))
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

# Verbs by which later stages look at the result ------------------------------------

excess_arm <- function(x) x$arm

excess_natural <- function(x) x$natural

excess_accepted <- function(x) x$accepted

excess_effect <- function(x) x$settings$effect

excess_margin <- function(x) x$settings$margin

excess_scenarios <- function(x) x$scenarios

excess_is_bounds <- function(x) length(x$scenarios) > 1L

# The tails that every print adds: the other heterogeneity prior, and two biases.
standard_sensitivity <- function(x) {
  natural <- x$natural
  if (excess_is_bounds(x) || !inherits(natural, "natural_rate")) {
    return(NULL)
  }
  variants <- list()
  if (!is.null(rate_tau(natural))) {
    other <- if (identical(rate_tau(natural), prior_half_normal(0.5))) 1 else 0.5
    variants[[paste0("tau ~ half-normal(", other, ")")]] <- \() refit_rate(natural, tau = prior_half_normal(other))
  }
  if (rate_bias(natural)$sd == 0 && rate_bias(natural)$mean == 0) {
    variants[["bias N(0, 0.5^2)"]] <- \() refit_rate(natural, bias = list(mean = 0, sd = 0.5))
    variants[["bias N(ln 2, 0.5^2)"]] <- \() refit_rate(natural, bias = list(mean = log(2), sd = 0.5))
  }
  tails <- vapply(variants, \(make) {
    sum(responders_pmf(make(), x$scenarios[[1]]$n)$value[-seq_len(x$scenarios[[1]]$responders)])
  }, 0)
  data.frame(variant = names(variants), natural_tail = unname(tails))
}

# Print ------------------------------------------------------------------------

#' @export
format.excess_responders <- function(x, digits = 3, ...) {
  c(
    format_question(x), "",
    if (excess_is_bounds(x)) format_bounds(x, digits) else format_answer(x, digits), "",
    format_accepted(x$accepted), format_declaration(x$arm)
  )
}

#' @export
print.excess_responders <- function(x, digits = 3, ...) {
  cat(format(x, digits = digits, ...), sep = "\n")
  invisible(x)
}

format_question <- function(x) {
  counts <- arm_counts(x$arm)
  y <- if (counts$min == counts$max) counts$min else paste(counts$min, "to", counts$max)
  terms <- match_terms(x$arm)
  c(
    paste0(arm_label(x$arm), ": ", y, " of ", counts$n, " responded (", endpoint_label(terms$endpoint), ")."),
    paste0("Natural recovery: ", natural_label(x$natural), ".")
  )
}

# Observation and natural expectation stand in one sentence, always.
format_answer <- function(x, digits) {
  at <- \(term, column = "estimate") signif(x$terms[[column]][x$terms$term == term], digits)
  span <- \(term) paste(at(term, "conf.low"), "to", at(term, "conf.high"))
  y <- x$scenarios[[1]]$responders
  level <- paste0(100 * x$settings$conf.level, " %")
  c(
    paste0("Observed ", y, "; nature alone gives ", at("natural_responders"), " on average, and ", y,
      " or more with probability ", at("natural_tail"), " (mid-p ", at("natural_tail_midp"), ")."),
    format_sensitivity(standard_sensitivity(x), digits),
    paste0("Excess responders among these patients: ", at("excess_responders"), " (", level, " interval ",
      span("excess_responders"), ")"),
    paste0("  letting their outcomes inform the natural rate: ", at("excess_responders_joint"), " (",
      span("excess_responders_joint"), "); as few as the rates allow: ", at("excess_responders_comonotone"), " (",
      span("excess_responders_comonotone"), ")"),
    paste0("Log-odds shift under the prior ", format(x$settings$effect), ": ", at("log_odds_shift"), " (",
      span("log_odds_shift"), ");"),
    paste0("  P(benefit) ", at("prob_benefit"), ", with half the prior on no effect ",
      at("prob_benefit_half_null"), "."),
    paste0("Response rate ", at("rate_clopper_pearson"), ", ", level, " limits ", span("rate_clopper_pearson"),
      " (Clopper-Pearson): known natural rates below ", at("rate_clopper_pearson", "conf.low"), " are excluded."),
    paste0("Largest numerical error of these numbers: ", format(max(x$terms$num.error), digits = 1), ".")
  )
}

format_sensitivity <- function(extra, digits) {
  if (is.null(extra)) {
    return(NULL)
  }
  tails <- paste0(extra$variant, ": ", signif(extra$natural_tail, digits), collapse = "; ")
  paste0("  The same with ", tails, ".")
}

format_bounds <- function(x, digits) {
  rows <- x$terms[x$terms$term %in% c("natural_tail", "natural_responders", "excess_responders", "prob_benefit"), ]
  text <- c(
    natural_tail = "probability that nature alone gives at least as many",
    natural_responders = "responders expected by nature alone",
    excess_responders = "excess responders among these patients",
    prob_benefit = "probability of benefit, sceptical prior"
  )
  c(
    paste0("Not all is known, so these are bounds over ", length(x$scenarios),
      " possibilities (outcomes or levels), not intervals:"),
    paste0("  ", text[rows$term], ": ", signif(rows$conf.low, digits), " to ", signif(rows$conf.high, digits))
  )
}

format_declaration <- function(arm) {
  declaration <- arm_declaration(arm)
  if (declaration$declared) {
    return(NULL)
  }
  paste0("The definition of a responder was not declared beforehand; ", declaration$looks,
    " were examined. At least one of m independent ones reaches a tail q with probability 1 - (1 - q)^m.")
}
