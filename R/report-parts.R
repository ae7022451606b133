# What a report shows that no verb prints by itself: sources and accepted differences as tables, terms in words, the
# checklists filled from the answer, and the session.

# @param x an excess of responders with one natural rate; @param natural further evidence for sensitivity()
report_parts <- function(x, natural) {
  arm <- excess_arm(x)
  story <- arm_story(arm)
  counts <- arm_counts(arm)
  scenario <- excess_scenarios(x)[[1]]
  rate <- excess_natural(x)
  list(
    arm = arm, n = counts$n, y = scenario$responders, level = paste0(100 * excess_level(x), " %"),
    observed = paste0(scenario$responders, " of ", counts$n, " responded, ", endpoint_label(match_terms(arm)$endpoint)),
    evidence = natural_label(rate), natural_rate = rate, natural = wrap_lines(format(rate)),
    rate = mean_natural_rate(rate),
    sources = report_sources(natural_sources(rate)), accepted = report_accepted(excess_accepted(x)),
    terms = report_terms(tidy(x)), patients = story$patients, notes = story$notes,
    published = story$published,
    has_harms = !is.null(arm_harms(arm)), robust = robust_rows(x), barg = barg_rows(x), session = report_session()
  )
}

report_sources <- function(sources) {
  window <- \(from, to) ifelse(is.na(from) | is.na(to), "not known", paste(from, "to", to))
  rows <- data.frame(
    source = sources$source, responders = sources$events, patients = sources$n, endpoint = sources$endpoint,
    grade = sources$baseline_grade, level = or_unknown(sources$level),
    "exam day" = window(sources$baseline_from_day, sources$baseline_to_day),
    "follow-up week" = or_unknown(as.character(sources$followup_weeks)),
    years = window(sources$years_from, sources$years_to), registry = or_unknown(sources$registry), check.names = FALSE
  )
  if (!is.null(sources$doi)) rows$doi <- or_unknown(sources$doi)
  rows
}

report_accepted <- function(accepted) {
  rows <- data.frame(accepted[c("what", "source", "trial", "natural", "direction")])
  names(rows) <- c("differs in", "source", "trial", "source has", "what that does")
  rows
}

term_words <- c(
  natural_tail = "nature alone gives as many or more", natural_tail_midp = "the same, half of the observed count's own",
  natural_below_observed = "nature alone gives fewer", natural_responders = "natural responders expected",
  excess_responders = "excess responders, sources alone", excess_responders_joint = "excess, own outcomes informing",
  excess_responders_comonotone = "excess, responders natural as far as rates allow",
  log_odds_shift = "effect, log odds (posterior)", prob_benefit = "probability of benefit",
  prob_benefit_half_null = "the same, half of the prior on no effect", bayes_factor = "Bayes factor against no effect",
  rate_difference = "treated minus natural rate, population", rate_difference_above_zero = "that it is above 0",
  rate_clopper_pearson = "response rate, Clopper-Pearson", rate_jeffreys = "response rate, Jeffreys",
  rate_blaker = "response rate, Blaker", rate_wilson = "response rate, Wilson", e_value = "e-value",
  e_value_one_sided = "e-value, one-sided"
)

# A term without words of its own stands under its name.
report_terms <- function(terms) {
  words <- unname(term_words[terms$term])
  data.frame(
    term = terms$term, meaning = ifelse(is.na(words), gsub("_", " ", terms$term), words), estimate = terms$estimate,
    from = terms$conf.low, to = terms$conf.high, num.error = format(terms$num.error, digits = 1)
  )
}

report_prior <- function(prior) if (is.null(prior)) "none" else format(prior)

robust_rows <- function(x) {
  rate <- excess_natural(x)
  given <- rate_kind(rate)
  item <- \(item, where) data.frame(Item = item, Here = where)
  rbind(
    item("Prior specified", paste0("effect ", report_prior(excess_effect(x)), " (log odds)",
      if (given == "meta") paste0("; tau ", report_prior(rate_tau(rate)), ", mu ",
        report_prior(rate_settings(rate)$mu)),
      "; bias of the natural log odds: mean ", rate_bias(rate)$mean, ", SD ", rate_bias(rate)$sd)),
    item("Prior justified", paste("sceptical: no effect at its centre, benefit and harm equally likely;",
      "not chosen from the outcome")),
    item("Prior sensitivity", "section \"How easily the answer moves\": every choice in one table, tipping points"),
    item("Model", "binomial sources, normal log odds between populations, one shared natural rate of the patients"),
    item("Technique", paste0("deterministic quadrature, no sampling; numerical error at most ",
      format(max(tidy(x)$num.error, na.rm = TRUE), digits = 1))),
    item("Central tendency", "posterior means, in the table of terms"),
    item("Spread", paste0("standard deviations and ", 100 * excess_level(x), " % intervals, in the table of terms"))
  )
}

barg_rows <- function(x) {
  item <- \(item, where) data.frame(Item = item, Here = where)
  rbind(
    item("Model and why Bayesian", "few patients, published counts of others: see the estimand and the sources"),
    item("Prior predictive", "the natural distribution above is what the priors and the sources predict"),
    item("Computation", "quadrature with two routes of different accuracy; their difference is stated, no chains"),
    item("Posterior predictive", "section on untreated patients: sets drawn where nature is known"),
    item("Point and interval estimates", "table of terms"),
    item("Bayes factor with its prior", "table of terms; half-null probability beside it"),
    item("Decision", "decision table of every outcome; none is made here"),
    item("Sensitivity to the prior",
      "specification curve, tipping points, power-scaling in summary(sensitivity(answer))"),
    item("Reproducible", "calls above the tables; versions and date below; nothing is drawn at random")
  )
}

report_session <- function() {
  c(
    paste0("cordgain ", utils::packageVersion("cordgain"), ", ", R.version.string, ", ", R.version$platform),
    paste0("Written ", format(Sys.time(), "%Y-%m-%d %H:%M %Z")),
    "Seed: none is needed, every number is computed without drawing."
  )
}
