# What a report shows that no verb prints by itself: the answer in two sentences, sources and accepted differences as
# tables, terms in words with their units, the checklists filled from the answer, the words, and the session.

# @param x an excess; @param natural further evidence for sensitivity()
report_parts <- function(x, natural) UseMethod("report_parts")

#' @exportS3Method report_parts excess_responders
report_parts.excess_responders <- function(x, natural) {
  arm <- excess_arm(x)
  story <- arm_story(arm)
  rate <- excess_natural(x)
  list(
    arm = arm, nature = rate, level = report_level(x), finding = responders_finding(x),
    excess = responders_excess(x), rate = percent_text(mean_natural_rate(rate)),
    sources = report_sources(natural_sources(rate)), documents = report_documents(natural_sources(rate)),
    accepted = report_accepted(excess_accepted(x)),
    matching = report_matching(excess_accepted(x)), terms = report_terms(tidy(x), words_of_responders(x)),
    patients = story$patients, notes = story$notes, published = story$published,
    has_harms = !is.null(arm_harms(arm)), no_harms = "No harms are recorded in the arm, so nothing is said of them.\n",
    robust = robust_rows(x), barg = barg_rows(),
    session = report_session()
  )
}

report_level <- function(x) paste0(100 * excess_level(x), " %")

# Observation and natural expectation stand in one sentence.
responders_finding <- function(x) {
  at <- term_reader(x)
  counts <- arm_counts(excess_arm(x))
  endpoint <- sub(" \\([a-z0-9_]+\\)$", "", endpoint_label(match_terms(excess_arm(x))$endpoint))
  paste0("**Observed**: ", counts$min, " of ", counts$n, " responded, ", endpoint, "; **nature alone** (",
    natural_label(excess_natural(x)), ") gives ", report_number(at("natural_responders")), " of ", counts$n,
    " on average, and ", counts$min, " or more in ", percent_text(at("natural_tail")), " of such trials.")
}

responders_excess <- function(x) {
  at <- term_reader(x)
  low <- at("excess_responders", "conf.low")
  paste0("**In excess of nature**: ", report_number(at("excess_responders")),
    " responders among these patients (", report_level(x), " interval ", report_number(low), " to ",
    report_number(at("excess_responders", "conf.high")),
    if (low < 0) "; a number below 0 says that nature alone would have given more",
    "). Two other ways of counting: ", report_number(at("excess_responders_joint")),
    " where these patients' own outcomes inform the natural rate too, and ",
    report_number(at("excess_responders_comonotone")),
    " where each responder counts as natural as far as the rates allow.")
}

term_reader <- function(x) {
  terms <- tidy(x)
  function(term, column = "estimate") terms[[column]][terms$term == term]
}

# Three digits, whole numbers as such, with a minus that is no hyphen; nothing where there is no number.
report_number <- function(x) {
  whole <- !is.na(x) & abs(x - round(x)) < 1e-9
  text <- ifelse(whole, formatC(x, digits = 0, format = "f"), formatC(x, digits = 3, format = "fg", flag = "#"))
  ifelse(is.na(x), "", true_minus(sub("\\.$", "", text)))
}

report_sources <- function(sources) {
  window <- \(from, to) ifelse(is.na(from) | is.na(to), "not known", paste(from, "to", to))
  of <- if (is.null(sources$events)) {
    list(mean = report_number(sources$mean), SE = report_number(sources$se), SD = report_number(sources$sd))
  } else {
    list(responders = report_number(sources$events))
  }
  rows <- data.frame(
    source = sources$source, of, patients = report_number(sources$n), endpoint = sources$endpoint,
    grade = or_unknown(sources$baseline_grade), level = or_unknown(sources$level),
    "exam, day after injury" = window(sources$baseline_from_day, sources$baseline_to_day),
    "follow-up, week" = or_unknown(as.character(sources$followup_weeks)),
    "years of injury" = window(sources$years_from, sources$years_to), registry = or_unknown(sources$registry),
    check.names = FALSE
  )
  rows <- rows[vapply(rows, \(column) any(nzchar(column)), NA)]
  mean_day <- is.na(sources$baseline_from_day) & !is.na(sources$baseline_mean_day)
  rows[["exam, day after injury"]][mean_day] <- paste("mean", sources$baseline_mean_day[mean_day])
  rows
}

# Where the sources were read: the citation and its DOI, as far as they have them.
report_documents <- function(sources) {
  if (is.null(sources$citation)) {
    return(character())
  }
  doi <- if (is.null(sources$doi)) NA else sources$doi
  cited <- paste0(sources$citation, ifelse(is.na(doi), "", paste0(", [doi:", doi, "](https://doi.org/", doi, ")")))
  unique(cited[!is.na(sources$citation)])
}

report_matching <- function(accepted) {
  if (nrow(accepted) > 0L) {
    return(paste("Trial and sources differ, or are not known to agree, in what follows. These differences were",
      "accepted by name; as far as they go the answer is an illustration and not a matched comparison."))
  }
  "Trial and sources agree in endpoint, grade, level, day of the first exam, follow-up, years and registry."
}

report_accepted <- function(accepted) {
  what <- unname(difference_words[accepted$what])
  data.frame("differs in" = ifelse(is.na(what), accepted$what, what), source = accepted$source,
    trial = accepted$trial, "source has" = accepted$natural, "what that does" = accepted$direction,
    check.names = FALSE)
}

# Term by term: what it means, in which unit.
responder_words <- list(
  natural_tail = c("nature alone gives as many or more (natural tail)", "probability"),
  natural_tail_midp = c("the same, of exactly as many only half (mid-p)", "probability"),
  natural_below_observed = c("nature alone gives fewer; not a probability of benefit", "probability"),
  natural_responders = c("responders that nature alone gives", "responders"),
  excess_responders = c("observed minus natural, natural rate from the sources alone", "responders"),
  excess_responders_joint = c("the same, own outcomes informing the natural rate", "responders"),
  excess_responders_comonotone = c("the same, each responder natural as far as the rates allow", "responders"),
  log_odds_shift = c("effect of the treatment in the model with a sceptical prior", "log odds"),
  prob_benefit = c("that this effect is above 0 (probability of benefit)", "probability"),
  prob_benefit_half_null = c("the same, half of the prior on no effect at all", "probability"),
  bayes_factor = c("Bayes factor: that effect against no effect", "ratio"),
  rate_difference = c("treated minus natural rate in the population", "rate"),
  rate_difference_above_zero = c("that this difference is above 0", "probability"),
  rate_difference_above_margin = c("that this difference is above the margin", "probability"),
  rate_clopper_pearson = c("response rate, exact limits (Clopper-Pearson)", "rate"),
  rate_jeffreys = c("response rate, Jeffreys prior", "rate"), rate_blaker = c("response rate, exact (Blaker)", "rate"),
  rate_wilson = c("response rate, approximate (Wilson)", "rate"),
  e_value = c("e-value: any other rate against the natural rate", "ratio"),
  e_value_one_sided = c("e-value: a higher rate against the natural rate", "ratio"),
  fisher = c("against the controls, one-sided p (Fisher)", "probability"),
  barnard = c("against the controls, one-sided p (Barnard)", "probability"),
  boschloo = c("against the controls, one-sided p (Boschloo)", "probability"),
  grade_steps = c("AIS grade steps up in excess of nature", "steps"),
  grade_steps_tail = c("nature alone gives as many steps or more", "probability")
)

words_of_responders <- function(x) {
  above <- "rate_difference_above_margin"
  margin <- excess_margin(x)
  if (!is.null(margin)) responder_words[[above]][1] <- paste0(responder_words[[above]][1], ", ", margin)
  responder_words
}

# A term without words of its own stands under its name.
report_terms <- function(terms, words) {
  said <- lapply(terms$term, \(term) words[[term]] %||% c(gsub("_", " ", term), ""))
  known <- !is.na(terms$conf.low)
  unit <- vapply(said, `[`, "", 2)
  estimate <- report_number(terms$estimate)
  nearly <- unit == "probability" & estimate == "1.00" # rounded to a certainty that it is not
  estimate[nearly] <- probability_text(terms$estimate[nearly])
  data.frame(
    term = terms$term, meaning = vapply(said, `[`, "", 1), estimate = estimate,
    SD = report_number(terms$std.error),
    interval = ifelse(known, paste(report_number(terms$conf.low), "to", report_number(terms$conf.high)), ""),
    unit = unit, "numerical error" = format(signif(terms$num.error, 1), digits = 1),
    check.names = FALSE
  )
}

# The decision table in words, the outcome that was seen marked.
report_outcomes <- function(table) {
  rows <- as.data.frame(table)
  seen <- rows$responders %in% attr(table, "observed")
  data.frame(
    responders = paste0(rows$responders, ifelse(seen, " (observed)", "")),
    "exactly as many by nature" = percent_text(rows$natural_probability),
    "as many or more by nature" = percent_text(rows$natural_tail), excess = report_number(rows$excess_responders),
    "probability of benefit" = percent_text(rows$prob_benefit),
    "the same, half of the prior on no effect" = percent_text(rows$prob_benefit_half_null),
    "Bayes factor" = report_number(rows$bayes_factor), "e-value" = report_number(rows$e_value), check.names = FALSE
  )
}

# Checklists ------------------------------------------------------------------------

check_item <- function(item, where) data.frame(Item = item, Here = where)

robust_rows <- function(x) {
  rate <- excess_natural(x)
  several <- rate_kind(rate) == "meta"
  bias <- rate_bias(rate)
  robust_table(
    prior = paste0("effect ", format(excess_effect(x)), " (log odds)",
      if (several) paste0("; tau ", format(rate_tau(rate)), ", mu ", format(rate_settings(rate)$mu)),
      "; ", if (bias$mean == 0 && bias$sd == 0) "no bias of the natural log odds" else
        paste0("bias of the natural log odds: mean ", signif(bias$mean, 3), ", SD ", signif(bias$sd, 3))),
    benefit = prior_benefit_of(x),
    model = paste0("responders: binomial, one natural rate shared by the patients",
      if (several) "; sources: binomial, their log odds normal between populations"),
    error = max(tidy(x)$num.error, na.rm = TRUE), level = report_level(x)
  )
}

robust_table <- function(prior, benefit, model, error, level) {
  rbind(
    check_item("Prior specified", prior), check_item("Prior justified", justified_prior(benefit)),
    check_item("Prior sensitivity", "section \"How easily the answer moves\": choices, power-scaling, tipping points"),
    check_item("Model", model),
    check_item("Technique", paste0("closed forms and deterministic quadrature, nothing drawn; numerical error at most ",
      format(error, digits = 1))),
    check_item("Central tendency", "means, in the table of terms"),
    check_item("Spread", paste0("standard deviations and ", level, " intervals, in the table of terms"))
  )
}

# Said only where it holds: a prior that has its middle elsewhere favours benefit or harm.
justified_prior <- function(benefit) {
  if (abs(benefit - 0.5) < 1e-9) return("sceptical: as much on harm as on benefit before any outcome is seen")
  paste0("it gives benefit the probability ", percent_text(benefit), " before any outcome is seen: for whoever chose ",
    "it to justify")
}

prior_benefit_of <- function(x) {
  checked <- tidy(prior_check(x))
  checked$estimate[checked$term == "prior_benefit"]
}

barg_rows <- function(bayes_factor = "table of terms, under the prior of the effect named above",
                      decision = "none is made here; the decision table shows every outcome",
                      predictive = "not drawn: one outcome cannot contradict its own fit") {
  rbind(
    check_item("Model and why Bayesian", "few patients, published evidence of others: see estimand and sources"),
    check_item("Prior predictive", "the natural recovery shown above is what sources and priors predict"),
    check_item("Computation", "quadrature by two routes of different accuracy, their difference stated; no chains"),
    check_item("Posterior predictive",
      paste0(predictive, "; surprise under no effect in \"What the answer rests on\"")),
    check_item("Point and interval estimates", "table of terms"),
    check_item("Bayes factor with its prior", bayes_factor), check_item("Decision", decision),
    check_item("Sensitivity to the prior", "section \"How easily the answer moves\""),
    check_item("Reproducible", "calls above the tables; versions and date below")
  )
}

# The words of a report that a clinician, or a statistician of another field, may not have met.
# @param text what the report says elsewhere; words that do not occur there are left out. NULL keeps all.
report_words <- function(text = NULL) {
  rows <- c(
    "AIS" = "ASIA impairment scale of spinal cord injury: A (complete) to E (normal)",
    "Bayes factor" = "how many times more probable the outcome is with the effect than without; 1: it tells nothing",
    "bias" = "by how much nature in this trial may differ from the sources: a factor on the odds, or points of a score",
    "count rebuilt" = "the responders of a source, worked out from its printed percentage and number of patients",
    "distance" = paste("of power-scaling: how far the distribution of the effect moves when the weight of a part",
      "doubles (cumulative Jensen-Shannon distance, to first order); 0: not at all; from 0.05 on it counts as moved"),
    "e-value" = "a bet against nature alone: on average at most 1 if nature alone is at work",
    "e_value_confounding" = paste("another thing: the risk ratio that an unmeasured factor would need with both",
      "treatment and recovery to explain the difference away"),
    "effective sample size" = paste("evidence counted in patients (patient-equivalents); moment, ELIR (expected",
      "local-information ratio) and Morita are three definitions of it"),
    "half-null" = "half of the prior probability on exactly no effect",
    "log odds" = "logarithm of p / (1 - p); a difference of 0.7 doubles the odds",
    "mu, tau" = "mean of the populations' natural recovery, and the standard deviation between populations",
    "natural tail" = "chance that nature alone gives at least what was observed",
    "percentile" = "share of untreated patients whom nature alone gives less than this patient",
    "power-scaling" = "the answer when prior or outcomes count a little more",
    "probability of benefit" = "that the effect of the treatment is above 0, starting from a prior of that effect",
    "prior" = "what is assumed before any outcome of the trial is seen, as a distribution",
    "prior_sd" = "SD of the prior of the effect; its tipping point is where the probability of benefit reaches 90 %",
    "scepticism limit" = "the prior of no effect that just takes a credible effect away; none where there is no such",
    "surprise under no effect" = "chance, without effect, of an outcome no more probable than the observed one",
    "tipping point" = "the value of an assumption at which the natural tail reaches a target"
  )
  occurs <- is.null(text) | vapply(names(rows), \(word) any(grepl(word_pattern(word), text, perl = TRUE)), NA)
  data.frame(Word = names(rows), Means = unname(rows))[occurs, ]
}

# How a word may be written: several of one line, with _ or a space, with a capital, in the plural; no part of another.
word_pattern <- function(word) {
  own <- c("mu, tau" = "mu|tau", "count rebuilt" = "counts? rebuilt", "e-value" = "e[-_]value(?!_confounding)",
    "half-null" = "half[-_ ]null", "distance" = "distance", "surprise under no effect" = "surprise( under no effect)?",
    "power-scaling" = "power[- ]scal(ing|ed)", "prior" = "priors?")
  pattern <- if (word %in% names(own)) own[[word]] else gsub(" ", "[ _]", word, fixed = TRUE)
  paste0("(?i)(?<![a-z])(", pattern, ")s?(?![a-z])")
}

# The field that a document keeps of who wrote it: people put their own name there.
report_author <- function() paste("Written by cordgain", utils::packageVersion("cordgain"))

# @param drawn were places of percentiles drawn?
report_session <- function(drawn = FALSE) {
  c(
    paste0("cordgain ", utils::packageVersion("cordgain"), ", ", R.version.string, ", ", R.version$platform),
    paste0("Written ", format(Sys.time(), "%Y-%m-%d %H:%M %Z")),
    if (drawn) "Seed: that of excess(); with it places of percentiles inside a whole point were drawn." else
      "Seed: none is needed, every number is computed without drawing."
  )
}

# What stands in place of an answer that a verb does not have: what it would have told, and why it does not, in the
# words of its own error; what that says to do is about calls, for whoever makes them.
report_unavailable <- function(said, tells = NULL) {
  text <- sub("^[# ]*Error[^\n]*\n?", "", gsub("\n#+ ?", "\n", paste(said, collapse = "\n")))
  text <- sub("\n *[i\u2139] .*", "", text)
  text <- gsub("[[:space:]]+", " ", gsub("(^|\n) *[!x\u2716] ", "\\1", text))
  paste0("\n\nNot available", if (is.null(tells)) ". " else paste0(": ", tells, ". "), trimws(text), "\n\n")
}
