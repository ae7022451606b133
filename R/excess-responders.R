# Excess of responders: y of n against the responders that nature alone gives.

#' @rdname excess
#' @export
excess.trial_arm <- function(x, natural, control = NULL, accept = character(), effect = prior_normal(0, 1),
                             margin = NULL, conf.level = 0.95, ...) {
  call <- rlang::current_env()
  check_treated(x, call)
  check_natural_rate(rlang::maybe_missing(natural), call)
  check_prior(effect, "normal")
  if (!is.null(margin)) margin <- check_number(margin, min = -1, max = 1)
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  extra <- check_extra(list(...), call)
  further <- rbind(control_differences(x, control, call), transition_differences(x, extra$transition))
  accepted <- match_evidence(x, natural, accept, call, further)
  settings <- list(effect = effect, margin = margin, conf.level = conf.level)
  scenarios <- responder_scenarios(x, natural, settings, call)
  terms <- stack_tables(
    combine_scenarios(lapply(scenarios, \(s) s$terms)),
    control_terms(x, control, call), grade_step_terms(x, extra$transition, conf.level, call)
  )
  new_excess(list(
    terms = terms, arm = x, natural = natural, control = control, accepted = accepted, settings = settings,
    scenarios = scenarios, transition = extra$transition
  ), "excess_responders")
}

check_treated <- function(x, call) {
  if (arm_role(x) != "treated") {
    abort_input(c("{.arg x} must be the treated arm.", x = "Its role is {.val {arm_role(x)}}.",
      i = "Give controls as {.arg control}."), call = call)
  }
}

check_natural_rate <- function(natural, call) {
  if (rlang::is_missing(natural)) {
    abort_input(c("{.arg natural} is not given.", i = "Make it with {.fn natural_rate} or {.fn natural_strata}."),
      call = call)
  }
  if (!inherits(natural, c("natural_rate", "natural_strata"))) {
    abort_input(c("{.arg natural} must be a natural rate, made by {.fn natural_rate} or {.fn natural_strata}.",
      x = "It is {.obj_type_friendly {natural}}."), call = call)
  }
}

check_extra <- function(extra, call) {
  given <- names(extra) %||% rep("", length(extra))
  given[!nzchar(given)] <- "(without a name)"
  unknown <- setdiff(given, "transition")
  if (length(unknown) > 0L) {
    abort_input(c("{.fn excess} does not know the argument{?s} {.arg {unknown}}.",
      i = "Arguments: {.arg {c(setdiff(names(formals(excess)), \"...\"), \"transition\")}}."), call = call)
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
    nature <- rates_answer(r, settings$effect)
    lapply(seq(counts$min, counts$max), \(y) responder_answer(y, counts$n, nature, settings, known, call))
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

# What one set of rates says of every number of responders: the natural ones, and the table of the effect.
rates_answer <- function(rates, effect) {
  list(rates = rates, responders = core_routes(rates, core_natural_responders), table = effect_table(rates, effect))
}

# Everything about one number of responders against one set of rates.
responder_answer <- function(y, n, against, settings, known, call) {
  rates <- against$rates
  nature <- against$responders
  table <- against$table
  effect <- prior_components(settings$effect)
  posterior <- or_numerical_error(core_routes(rates, \(r) core_effect_posterior(r, effect, as.integer(y))))
  pmf <- two_routes(nature$fine$pmf, nature$coarse$pmf, "The distribution of natural responders", call)
  natural <- lapply(nature, \(r) r$pmf)
  terms <- stack_tables(
    mark_exact(tail_terms(y, natural, call), known),
    satt_terms(y, natural, posterior, settings, known, call),
    effect_terms(y, table, posterior, settings, call),
    difference_terms(y, n, rates, settings, call),
    with_columns(binomial_limits(y, n, settings$conf.level), reason = NA_character_),
    evidence_terms(y, n, nature, known, call)
  )
  list(responders = y, n = n, rates = rates, table = table, terms = terms, satt = satt_table(y, pmf, posterior),
    delta = if (!inherits(posterior, "condition")) posterior$fine$delta)
}

# Exchangeable arms are alike in all that sources are compared on; what differs is refused or
# accepted by the same names.
control_differences <- function(x, control, call) {
  if (is.null(control)) {
    return(NULL)
  }
  if (!is_trial_arm(control) || arm_role(control) != "control") {
    abort_input("{.arg control} must be a {.fn trial_arm} with {.code role = \"control\"}.", call = call)
  }
  arm_differences(match_terms(x), match_terms(control), arm_label(control))
}

# Endpoint, grade and level as sets of what the arms hold, the rest as for a source that is the control arm.
arm_differences <- function(treated, other, label) {
  arm <- data.frame(
    source = label, baseline_mean_day = NA_real_, baseline_from_day = other$baseline_days[1],
    baseline_to_day = other$baseline_days[2], followup_weeks = nearest_to(other$followup_weeks, treated$followup_weeks),
    years_from = other$years[1], years_to = other$years[2]
  )
  set <- \(what, values, direction) {
    text <- \(x) paste(sort(or_unknown(unique(x))), collapse = ", ")
    bad <- anyNA(c(treated[[values]], other[[values]])) || text(other[[values]]) != text(treated[[values]])
    differences(what, arm, bad, text(treated[[values]]), text(other[[values]]), direction, "")
  }
  found <- rbind(
    set("endpoint", "endpoint", "the arms count different events: no direction is known"),
    set("grade", "grade", "the arms began in different grades: no direction is known"),
    set("level", "level", "recovery differs threefold between levels: no direction is known"),
    differs_baseline(treated, arm), differs_followup(treated, arm), differs_years(treated, arm)
  )
  found$remedy <- rep("choose controls that are alike in this", nrow(found))
  found
}

# The week of a range that is nearest to another range.
nearest_to <- function(range, other) {
  if (anyNA(c(range, other))) NA_real_ else min(max(range[1], other[1]), range[2])
}

control_terms <- function(x, control, call) {
  if (is.null(control)) {
    return(NULL)
  }
  treated <- arm_counts(x)
  reference <- arm_counts(control)
  pairs <- expand.grid(y1 = seq(treated$min, treated$max), y0 = seq(reference$min, reference$max))
  tables <- Map(\(y1, y0) two_by_two(y1, treated$n, y0, reference$n), pairs$y1, pairs$y0)
  combine_scenarios(lapply(tables, \(t) cbind(t[names(term_row("", 0))], reason = NA_character_)))
}

# The table of every outcome -----------------------------------------------------------

#' @rdname decision_table
#' @export
decision_table.excess_responders <- function(x, n, effect = prior_normal(0, 1), ...) {
  call <- rlang::current_env()
  if (!missing(n) || !missing(effect)) {
    abort_input("The table of an excess has the excess's own {.arg n} and {.arg effect}; leave them out.")
  }
  scenarios <- unique_rates(excess_scenarios(x))
  if (length(scenarios) > 1L) {
    abort_input(c("With unknown levels there is one table for each assignment of patients to strata.",
      i = "Ask for the table of one natural rate: {.code decision_table(natural, n)}."))
  }
  n <- scenarios[[1]]$n
  seen <- unique(vapply(excess_scenarios(x), \(s) s$responders, 0))
  rows <- outcome_rows(scenarios[[1]]$table, n)
  new_decision_table(rows, excess_natural(x), seen)
}

# Scenarios that differ in the count alone share one table.
unique_rates <- function(scenarios) {
  scenarios[!duplicated(lapply(scenarios, \(s) s$rates$fine[c("logit", "size")]))]
}

# Verbs by which later stages look at the result ------------------------------------

excess_arm <- function(x) x$arm

excess_natural <- function(x) x$natural

excess_accepted <- function(x) x$accepted

excess_transition <- function(x) x$transition

excess_effect <- function(x) x$settings$effect

excess_margin <- function(x) x$settings$margin

excess_level <- function(x) x$settings$conf.level

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
  biases <- list("no bias" = c(0, 0), "bias N(0, 0.5^2)" = c(0, 0.5), "bias N(ln 2, 0.5^2)" = c(log(2), 0.5))
  biases <- lapply(biases, \(b) list(mean = b[1], sd = b[2]))
  # In place of the rate's own bias, which is not told twice.
  biases <- biases[!vapply(biases, identical, NA, lapply(rate_bias(natural)[c("mean", "sd")], as.double))]
  variants <- c(variants, lapply(biases, \(bias) \() refit_rate(natural, bias = bias)))
  if (inherits(other_mu(natural), "prior")) {
    variants[[mu_words(other_mu(natural))]] <- \() refit_rate(natural, mu = other_mu(natural))
  }
  y <- x$scenarios[[1]]$responders
  tails <- vapply(variants, \(make) {
    pmf <- or_numerical_error(responders_pmf(make(), x$scenarios[[1]]$n))
    if (inherits(pmf, "condition")) NA_real_ else sum(pmf$value[seq_along(pmf$value) > y])
  }, 0)
  data.frame(variant = names(variants), natural_tail = unname(tails))
}

# Print ------------------------------------------------------------------------

#' @export
format.excess_responders <- function(x, digits = 3, ...) {
  c(
    format_question(x, digits), "",
    if (excess_is_bounds(x)) format_bounds(x, digits) else format_answer(x, digits),
    format_controls(x, digits), "",
    format_accepted(x$accepted, open_levels(x)), format_declaration(x)
  )
}

#' @export
print.excess_responders <- function(x, digits = 3, ...) {
  cat(wrap_lines(format(x, digits = digits, ...)), sep = "\n")
  invisible(x)
}

# Observation and natural expectation stand in one sentence, always.
format_question <- function(x, digits) {
  counts <- arm_counts(x$arm)
  y <- if (counts$min == counts$max) counts$min else paste(counts$min, "to", counts$max)
  terms <- match_terms(x$arm)
  c(
    paste0(arm_label(x$arm), ": ", y, " of ", counts$n, " responded, ", endpoint_label(terms$endpoint), ", where ",
      format_expected(x$terms, digits), "."),
    paste0("Natural recovery: ", natural_label(x$natural), "."),
    paste0("  ", natural_assumptions(x$natural), recycle0 = TRUE)
  )
}

# Responders that nature alone gives, in words: one number, bounds, or not known.
format_expected <- function(terms, digits) {
  if (anyNA(value_or_bounds(terms, "natural_responders"))) "what nature alone gives could not be computed" else
    paste("nature alone gives", value_words(terms, "natural_responders", digits), "on average")
}

format_answer <- function(x, digits) {
  at <- \(term, column = "estimate") signif(x$terms[[column]][x$terms$term == term], digits)
  chance <- \(term) probability_text(x$terms$estimate[x$terms$term == term], digits)
  span <- \(term) paste(at(term, "conf.low"), "to", at(term, "conf.high"))
  y <- x$scenarios[[1]]$responders
  level <- paste0(100 * x$settings$conf.level, " %")
  lower <- at("rate_clopper_pearson", "conf.low")
  c(
    paste0("Observed ", y, "; nature alone gives ", at("natural_responders"), " on average, and ", y,
      " or more with probability ",
      chance("natural_tail"), " (mid-p ", chance("natural_tail_midp"), ")."),
    format_sensitivity(standard_sensitivity(x), digits),
    paste0("Excess responders among these patients, observed minus natural: ", at("excess_responders"), " (", level,
      " interval ",
      span("excess_responders"), if (at("excess_responders",
        "conf.low") < 0) "; below 0 nature would have given more", ")."),
    paste0("  If their own outcomes inform the natural rate too: ", at("excess_responders_joint"), " (",
      span("excess_responders_joint"), ")."),
    paste0("  If responders count as natural as far as the rates allow: ", at("excess_responders_comonotone"), " (",
      span("excess_responders_comonotone"), ")."),
    paste0("Effect on the log odds, starting from the prior ", format(x$settings$effect), ": ", at("log_odds_shift"),
      " (",
      span("log_odds_shift"), "); probability of benefit ", chance("prob_benefit"),
        ", with half of the prior on no effect ",
      chance("prob_benefit_half_null"), "."),
    paste0("Response rate ", at("rate_clopper_pearson"), " where nature alone gives ",
      signif(x$terms$estimate[x$terms$term == "natural_responders"] / x$scenarios[[1]]$n, digits),
      " on average, exact ", level, " limits ", span("rate_clopper_pearson"),
      if (lower > 0) paste0(": of natural rates taken as known, only those below ", lower, " are excluded"), "."),
    format_numerical(x$terms)
  )
}

# What the patients of a concurrent control group did, and the exact tests against them.
format_controls <- function(x, digits) {
  if (is.null(x$control)) {
    return(NULL)
  }
  counts <- arm_counts(x$control)
  y <- paste(unique(c(counts$min, counts$max)), collapse = " to ")
  value <- \(term) value_words(x$terms, term, digits, probability_text)
  paste0(arm_label(x$control), ": ", y, " of ", counts$n, " responded without the treatment, where ",
    format_expected(x$terms, digits), " among ", arm_counts(x$arm)$n,
    ". One-sided p against these controls, treated and controls taken as drawn from one population: Fisher ",
    value("fisher"), ", Barnard ", value("barnard"), ", Boschloo ", value("boschloo"), ".")
}

# The levels that patients of unknown level may have had.
open_levels <- function(x) {
  if (inherits(x$natural, "natural_strata") && anyNA(arm_levels(x$arm))) strata_levels(x$natural) else character()
}

# How far the digits go, and which terms have none. Above 1 the error is that of the number's own digits.
format_numerical <- function(terms) {
  known <- terms[is.na(terms$reason), ]
  worst <- max(known$num.error / pmax(1, abs(known$estimate)), na.rm = TRUE)
  missing <- terms[!is.na(terms$reason), ]
  c(
    paste0("Numerical error of these numbers (not their uncertainty): at most ", format(worst, digits = 1), "."),
    paste0("Not known: ", missing$term, ". ", missing$reason, recycle0 = TRUE)
  )
}

format_sensitivity <- function(extra, digits) {
  if (is.null(extra)) {
    return(NULL)
  }
  tails <- ifelse(is.na(extra$natural_tail), "not known to 1e-6", probability_text(extra$natural_tail, digits))
  tails <- paste0(extra$variant, ": ", tails, collapse = "; ")
  paste0("  That probability under other assumptions: ", tails, ".")
}

format_bounds <- function(x, digits) {
  rows <- x$terms[x$terms$term %in% c("natural_tail", "natural_responders", "excess_responders", "prob_benefit"), ]
  text <- c(
    natural_tail = "probability that nature alone gives at least as many",
    natural_responders = "responders expected by nature alone",
    excess_responders = "excess responders among these patients",
    prob_benefit = "probability of benefit, sceptical prior"
  )
  chance <- rows$term %in% c("natural_tail", "prob_benefit")
  number <- \(v) ifelse(chance, probability_text(v, digits), signif(v, digits))
  c(
    paste0("Not all is known, so these are bounds over ", length(x$scenarios),
      " possibilities (outcomes or levels), not intervals:"),
    paste0("  ", text[rows$term], ": ", count_range(number(rows$conf.low), number(rows$conf.high)))
  )
}

# One of several definitions shows a small tail more easily than the one definition does. How often, is exact for the
# nested grades where a transition table says how they go together, and else known for independent ones only.
format_declaration <- function(x) {
  declaration <- arm_declaration(x$arm)
  if (declaration$declared) {
    return(NULL)
  }
  m <- declaration$looks
  paste0("The definition of a responder was not declared beforehand; ", m, " were examined. ",
    format_nested(x$terms) %||% format_independent(x$terms$estimate[x$terms$term == "natural_tail"], m))
}

format_nested <- function(terms) {
  row <- terms[terms$term == "nested_tail_any", ]
  if (nrow(row) == 0L || !is.na(row$reason)) {
    return(NULL)
  }
  paste0("Of the nested ones (a rise by 1, 2, ... grades) at least one shows a tail as small as the smallest by ",
    "nature alone with probability ", value_words(terms, "nested_tail_any", 2, probability_text), ".")
}

format_independent <- function(tail, m) {
  if (is.na(tail)) {
    return(paste0("At least one of ", m, " independent ones reaches a tail q with probability 1 - (1 - q)^", m, "."))
  }
  paste0("Were they independent, at least one of ", m, " would show a tail as small by nature alone with probability ",
    probability_text(1 - (1 - tail)^m, 2), "; nested ones, as grades are, go together, and where published ",
    "transitions of grades are given too, they tell how.")
}
