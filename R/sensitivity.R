# The multiverse of one answer: every combination of defensible choices, in one table and one picture.

#' Sensitivity of an answer to every choice
#'
#' The answer under the full product of the choices that somebody could defend: which evidence (reference set, endpoint,
#' level, era), which prior of the heterogeneity `tau`, which bias, landmark and drift. One row for each combination,
#' so that nobody can pick the one he likes. Beside them the answer is computed without each source and without one
#' patient, and the exact derivatives of the posterior effect by the weight of its prior and of its outcomes are given
#' (power-scaling: a component raised to the power \eqn{\alpha}; for a mean
#' \eqn{\mathrm{d} E(\delta) / \mathrm{d} \log_2 \alpha = \ln 2\; \mathrm{Cov}(\delta, \log \mathrm{component})}).
#'
#' The natural rate of each evidence and `tau` is worked out once; a bias is laid on it by convolution.
#' A combination that has no answer (a landmark for sources examined after it, a drift without years) keeps its row,
#' with `NA` and the reason in `note`.
#'
#' For scores the choices are evidence, heterogeneity, bias (in points) and family of one patient's natural change;
#' every source and every patient is left out in turn. The default choices of `tau` are the evidence's own prior and the
#' same with half and twice its spread; of `bias` none, N(0, b^2) and N(b, b^2) with b a quarter of the SD between
#' patients. The posterior of the mean excess \eqn{\delta} lets treated patients follow natural recovery with its mean
#' moved by \eqn{\delta}, under the prior `effect`.
#'
#' For repeated scores ([recovery_data()]) they are evidence, shape of the natural course, correlation between two
#' visits of a patient, spread between populations (`between_sd`) and bias (in points, of every gain). Each patient,
#' each visit of the trial (patients who were seen at it alone go with it) and each published mean is left out in
#' turn. Natural tail and mean excess are those of each patient's last visit.
#'
#' @param excess an [excess()] of responders with one natural rate, of a [score_change()] or of a course
#'   ([recovery_data()]).
#' @param natural (named list) further evidence beside the excess's own: tables of sources or [natural_rate()]s; for
#'   scores tables of means or [natural_change()]s, for repeated scores tables of means or [natural_curve()]s.
#'   Evidence on another named endpoint is compared with the trial's responders by that endpoint where the arm has the
#'   patients' grades.
#' @param tau,bias,landmark,drift (lists) the choices of each, as in [natural_rate()]; `NULL` for none. Names, where
#'   given, become labels. What the excess's own rate has of them is one more choice where it is not in the list.
#' @param ... not used.
#' @return A `sensitivity`. For scores `as.data.frame()` has the columns `analysis`, `evidence`, `tau`, `bias`,
#'   `family`, `observed` (mean change), `n`, `natural_tail` (1 - `prob_excess`), `natural_mean`, `mean_excess` with
#'   `conf.low` and `conf.high`, `prob_excess`, `posterior_excess`, `prob_benefit` (of `effect`), `num.error`, `note`,
#'   `own`; for repeated scores `shape`, `correlation`, `between_sd` stand in place of `tau` and `family`, and
#'   `plateau_excess` is added. For responders it has one row per combination: `analysis` (`"choice"`, `"one source left
#'   out"`, `"one patient left out"`), the columns `evidence`, `tau`, `bias`, `landmark`, `drift`, `responders`, `n`,
#'   then `natural_tail`, `natural_tail_midp`, `natural_responders`, `excess_responders`, `natural_below_observed`,
#'   `log_odds_shift`, `prob_benefit`, `prob_benefit_half_null`, `bayes_factor`, `e_value` (see [excess()]),
#'   `num.error`, `own` and `note`. With an open number of responders there is a row for each. `tidy()` gives the same
#'   long, one row per term. `summary()` shows the power-scaling: `mean_shift`, `benefit_shift` (changes of
#'   \eqn{E(\delta)} and \eqn{P(\delta > 0)} when the weight doubles, to first order) and `sensitivity` (slope of the
#'   cumulative Jensen-Shannon distance of \eqn{\mathrm{logit}^{-1} \delta}, as in priorsense but by quadrature).
#'   `plot()` draws the specification curve.
#' @section Conditions: `cordgain_invalid_input` for choices of the wrong kind.
#' @references
#' Steegen and others (2016), Perspectives on Psychological Science 11:702-712 (multiverse). Simonsohn and others
#' (2020), Nature Human Behaviour 4:1208-1214 (specification curve). Kallioinen and others (2024), Statistics and
#' Computing 34:57 (power-scaling).
#' @seealso [tipping()], [excess_by_reference()]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' answer <- excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years"))
#' sensitivity(answer, natural = list(Kirshblum = late[2, ]))
#' @export
sensitivity <- function(excess, natural = list(), ...) UseMethod("sensitivity")

#' @export
sensitivity.default <- function(excess, natural = list(), ...) check_excess_given(rlang::maybe_missing(excess))

# @param table one row for each combination; `natural_tail` and `prob_benefit` are among `terms`
# @param choices columns that say what was chosen; `id` further columns that tell rows apart
new_sensitivity <- function(table, power, excess, choices, id, terms) {
  structure(list(table = table, power = power, excess = excess, choices = choices, id = id, terms = terms),
    class = "sensitivity")
}

#' @rdname sensitivity
#' @export
sensitivity.excess_responders <- function(excess, natural = list(),
                                          tau = list(prior_half_normal(0.5), prior_half_normal(1)),
                                          bias = list(NULL, prior_normal(0, 0.5), prior_normal(log(2), 0.5)),
                                          landmark = list(NULL), drift = list(NULL), ...) {
  check_no_more(names(formals(sensitivity.excess_responders)), ...)
  call <- rlang::current_env()
  own <- excess_natural(excess)
  if (inherits(own, "natural_strata")) {
    abort_input(c("{.fn sensitivity} is asked of one natural rate.", i = "Ask for each stratum in turn."), call = call)
  }
  choices <- list(
    tau = choice_list(tau, rate_tau(own), "tau", call), bias = choice_list(bias, own_bias(own), "bias", call),
    landmark = choice_list(landmark, natural_landmark(own), "landmark", call),
    drift = choice_list(drift, natural_drift(own), "drift", call)
  )
  evidence <- evidence_list(own, natural, call)
  rows <- lapply(names(evidence), \(name) evidence_rows(name, evidence[[name]], excess, choices, call))
  table <- rbind(do.call(rbind, rows), left_out_rows(excess, own, call))
  table$own <- table$analysis == "choice" & is_own_choice(table, own, names(evidence)[1])
  power <- if (!excess_is_bounds(excess)) power_rows(excess_scenarios(excess)[[1]], excess_effect(excess))
  new_sensitivity(table, power, excess, c("evidence", "tau", "bias", "landmark", "drift"), c("responders", "n"),
    sensitivity_terms)
}

# Choices ------------------------------------------------------------------------------

# A named list of choices; the excess's own is one of them.
choice_list <- function(values, own, arg, call) {
  if (!is.list(values) || inherits(values, c("prior", "landmark", "drift")) || length(values) == 0L) {
    abort_input(c("{.arg {arg}} must be a list of choices.", x = "It is {.obj_type_friendly {values}}.",
      i = choice_hint(arg)), call = call)
  }
  good <- switch(arg, tau = is_prior, family = is_family, shape = is_shape,
    correlation = \(v) is_between(v, 0, 1) && v < 1, between_sd = \(v) is_between(v, 0, Inf),
    bias = \(v) is.null(v) || is_prior(v),
    landmark = \(v) is.null(v) || is_landmark(v), drift = \(v) is.null(v) || is_drift(v))
  bad <- !vapply(values, good, NA)
  if (any(bad)) abort_input(c(
    "{cli::qty(sum(bad))}Element{?s} {first_few(which(bad))} of {.arg {arg}} {?is/are} no {arg}.",
    i = choice_hint(arg)), call = call)
  if (!is.null(own) && !any(vapply(values, \(v) identical(choice_label(v), choice_label(own)), NA))) {
    values <- c(values, list(own))
  }
  labels <- vapply(values, choice_label, "")
  given <- names(values)
  if (!is.null(given)) labels <- ifelse(nzchar(given), given, labels)
  stats::setNames(values, labels)
}

# A list that is taken. Only what may be absent may be NULL.
choice_hint <- function(arg) {
  example <- switch(arg, tau = "prior_half_normal(1), prior_half_normal(2)", family = "\"normal\", \"censored\"",
    shape = "\"plateau\", \"gompertz\"", correlation = "0.5, 0.8", between_sd = "0, 2",
    bias = "NULL, prior_normal(0, 1)", "NULL")
  paste0("For example {.code ", arg, " = list(", example, ")}", if (example == "NULL") ", none", ".")
}

is_between <- function(v, low, high) is.numeric(v) && length(v) == 1L && is.finite(v) && v >= low && v <= high

choice_label <- function(x) if (is.null(x)) "none" else format(x)

own_bias <- function(natural) bias_prior(rate_bias(natural))

bias_prior <- function(b) {
  if (b$sd > 0) prior_normal(b$mean, b$sd) else if (b$mean != 0) prior_fixed(b$mean)
}

evidence_list <- function(own, natural, call) {
  if (!is.list(natural) || is.data.frame(natural) || inherits(natural, "natural_recovery")) {
    abort_input(c("{.arg natural} must be a named list of tables of sources or natural rates.",
      x = "It is {.obj_type_friendly {natural}}."), call = call)
  }
  if (length(natural) > 0L && (is.null(names(natural)) || any(!nzchar(names(natural))))) {
    abort_input("Each element of {.arg natural} needs a name: it is how its rows are told apart.", call = call)
  }
  rates <- lapply(natural, \(x) if (is.data.frame(x)) natural_rate(x) else x)
  bad <- !vapply(rates, inherits, NA, what = "natural_rate")
  if (any(bad)) abort_input("{.val {names(rates)[bad]}} {?is/are} no table and no natural rate.", call = call)
  beside_own(own, rates)
}

# The answer's own evidence first, under its label; then the named others.
beside_own <- function(own, others) {
  stats::setNames(c(list(own), unname(others)), make.unique(c(natural_label(own), names(others))))
}

# Rows -----------------------------------------------------------------------------------

# All combinations for one evidence: its rate once for each tau, landmark and drift; each bias laid on that.
evidence_rows <- function(name, natural, excess, choices, call) {
  if (rate_kind(natural) != "meta") choices["tau"] <- list(list("not varied" = NULL))
  arm <- arm_for(excess_arm(excess), natural)
  grid <- expand.grid(lapply(choices[c("tau", "landmark", "drift")], seq_along))
  parts <- lapply(seq_len(nrow(grid)), \(i) {
    chosen <- Map(\(values, at) values[at], choices[names(grid)], grid[i, ])
    base <- tryCatch(refit_rate(natural, tau = chosen$tau[[1]], bias = list(mean = 0, sd = 0),
      landmark = chosen$landmark[[1]], drift = chosen$drift[[1]], call = call), cordgain_error = identity)
    if (!inherits(base, "cordgain_error")) base <- refuse_reach(base, excess, call)
    rows <- lapply(names(choices$bias), \(b) {
      labels <- data.frame(analysis = "choice", evidence = name, tau = names(chosen$tau), bias = b,
        landmark = names(chosen$landmark), drift = names(chosen$drift))
      cbind(labels, answer_of(base, choices$bias[[b]], arm, excess, call))
    })
    do.call(rbind, rows)
  })
  do.call(rbind, parts)
}

# What excess() would refuse is refused here.
refuse_reach <- function(natural, excess, call) {
  tryCatch({
    check_landmark_reach(natural_landmark(natural), natural_sources(natural), match_terms(excess_arm(excess)), call)
    natural
  }, cordgain_error = identity)
}

# The arm as the evidence counts its responders: by its endpoint, where the arm knows the patients' grades.
arm_for <- function(arm, natural) {
  endpoint <- unique(natural_sources(natural)$endpoint)
  own <- match_terms(arm)$endpoint
  if (length(endpoint) != 1L || is.na(endpoint) || endpoint == own) {
    return(list(arm = arm, note = ""))
  }
  counted <- tryCatch(update(arm, endpoint = endpoint), cordgain_error = identity)
  if (inherits(counted, "cordgain_error")) {
    return(list(arm = arm, note = paste("counted by", own, "in the trial, by", endpoint, "in the evidence")))
  }
  list(arm = counted, note = paste("endpoint", endpoint))
}

answer_of <- function(base, bias, arm, excess, call) {
  counts <- arm_counts(arm$arm)
  if (inherits(base, "cordgain_error")) {
    return(empty_answer(counts, error_header(base)))
  }
  natural <- if (is.null(bias)) base else with_bias(base, check_bias(bias, call))
  rates <- tryCatch(patient_rates(natural, counts$n, call), cordgain_error = identity)
  if (inherits(rates, "cordgain_error")) {
    return(empty_answer(counts, error_header(rates)))
  }
  cbind(outcome_answer(rates, seq(counts$min, counts$max), counts$n, excess, call), note = arm$note)
}

sensitivity_terms <- c("natural_tail", "natural_tail_midp", "natural_responders", "excess_responders",
  "natural_below_observed", "log_odds_shift", "prob_benefit", "prob_benefit_half_null", "bayes_factor", "e_value")

outcome_answer <- function(rates, y, n, excess, call) {
  table <- outcome_rows(effect_table(rates, excess_effect(excess)), n)
  rows <- table[table$responders %in% y, , drop = FALSE]
  rows$natural_responders <- rows$responders - rows$excess_responders
  data.frame(responders = rows$responders, n = n, rows[sensitivity_terms], num.error = rows$num.error)
}

empty_answer <- function(counts, note) {
  data.frame(responders = counts$min, n = counts$n, unknown_numbers(c(sensitivity_terms, "num.error")), note = note)
}

unknown_numbers <- function(names) as.data.frame(as.list(stats::setNames(rep(NA_real_, length(names)), names)))

# The excess's own settings without each source, and without one patient of either kind.
left_out_rows <- function(excess, own, call) {
  sources <- if (rate_kind(own) == "meta") natural_sources(own) else NULL
  label <- list(tau = choice_label(rate_tau(own)), bias = choice_label(own_bias(own)),
    landmark = choice_label(natural_landmark(own)), drift = choice_label(natural_drift(own)))
  counts <- arm_counts(excess_arm(excess))
  y <- seq(counts$min, counts$max)
  row <- \(analysis, what, answer) cbind(data.frame(analysis = analysis, evidence = what), as.data.frame(label), answer,
    note = "")
  without <- lapply(if (NROW(sources) > 1L) seq_len(nrow(sources)), \(k) {
    rates <- patient_rates(without_source(own, k, call), counts$n, call)
    row("one source left out", paste("without", sources$source[k]), outcome_answer(rates, y, counts$n, excess, call))
  })
  patients <- if (counts$n > 1L && counts$min == counts$max && length(rate_offset(own)) == 1L) {
    lapply(c(if (y > 0) 1, if (y < counts$n) 0), \(responded) {
      rates <- patient_rates(own, counts$n - 1, call)
      what <- paste("without a", if (responded == 1) "responder" else "non-responder")
      row("one patient left out", what, outcome_answer(rates, y - responded, counts$n - 1, excess, call))
    })
  }
  do.call(rbind, c(without, patients))
}

# The same evidence and settings with one source fewer.
without_source <- function(natural, k, call) {
  rate_from(natural_sources(natural)[-k, , drop = FALSE], rate_settings(natural), call)
}

is_own_choice <- function(table, own, name) {
  table$evidence == name & (table$tau == choice_label(rate_tau(own)) | table$tau == "not varied") &
    table$bias == choice_label(own_bias(own)) & table$landmark == choice_label(natural_landmark(own)) &
    table$drift == choice_label(natural_drift(own))
}

# Methods ------------------------------------------------------------------------------------

#' @export
as.data.frame.sensitivity <- function(x, ...) x$table

#' @export
tidy.sensitivity <- function(x, ...) {
  at <- \(column, term) if (is.null(x$table[[column]]) || term != "mean_excess") NA_real_ else x$table[[column]]
  parts <- lapply(x$terms, \(term) {
    cbind(x$table[c("analysis", x$choices, x$id)], term_row(term, x$table[[term]], at("conf.low", term),
      at("conf.high", term), error = x$table$num.error))
  })
  rows <- do.call(rbind, parts)
  rows[order(rep(seq_len(nrow(x$table)), length(x$terms))), , drop = FALSE]
}

#' @export
summary.sensitivity <- function(object, ...) structure(object["power"], class = "summary_sensitivity")

#' @export
print.summary_sensitivity <- function(x, digits = 3, ...) {
  if (is.null(x$power)) {
    cat("The outcome is open: there is no one posterior to be scaled.\n")
    return(invisible(x))
  }
  cat(wrap_lines(paste("Power-scaling of the treatment effect delta: to first order, the change when the weight of a",
    "part doubles.")), sep = "\n")
  rows <- x$power
  rows[-1] <- lapply(rows[-1], signif, digits = digits)
  names(rows) <- c("part", "E(delta)", "probability of benefit", "distance")
  print(rows, row.names = FALSE)
  cat(wrap_lines(power_verdict(x$power)), sep = "\n")
  invisible(x)
}

#' @export
print.sensitivity <- function(x, digits = 3, ...) {
  table <- x$table
  choice <- table[table$analysis == "choice", ]
  known <- choice[!is.na(choice$natural_tail), ]
  span <- \(v) paste(probability_text(range(v), digits), collapse = " to ")
  cat(wrap_lines(c(
    paste0(nrow(choice), " combinations of choices",
      if (nrow(known) < nrow(choice)) paste0(", ", nrow(choice) - nrow(known), " of them without an answer"), "."),
    paste0("Chance of ", question_parts(x$excess)$seen, " by nature alone: ", span(known$natural_tail),
      "; at most 0.025 in ",
      sum(known$natural_tail <= 0.025), ", at most 0.05 in ", sum(known$natural_tail <= 0.05), " of ",
      nrow(known), "."),
    paste0("Probability of benefit, sceptical prior: ", span(known$prob_benefit), "."), ""
  )), sep = "\n")
  ranges <- lapply(x$choices, \(name) choice_ranges(known, name, digits))
  print(do.call(rbind, ranges), row.names = FALSE, right = FALSE)
  out <- table[table$analysis != "choice", ]
  if (nrow(out) > 0L) {
    cat("\nWith one left out, everything else as in the answer:\n")
    print(data.frame(` ` = out$evidence, `natural tail` = probability_text(out$natural_tail, digits),
      `probability of benefit` = probability_text(out$prob_benefit, digits), check.names = FALSE), row.names = FALSE,
      right = FALSE)
  }
  for (note in unique(table$note[is.na(table$natural_tail)])) cat(wrap_lines(paste("No answer:", note)), sep = "\n")
  invisible(x)
}

# A name that would drive the numbers off a screen of 80 columns is cut; the table has all of it.
shortened <- function(x, most = 36) ifelse(nchar(x) > most, paste0(substr(x, 1, most - 3), "..."), x)

# A doubling of the odds, as it is written by hand.
ln_2_by_name <- function(x) sub("normal(mean = 0.693147, sd = ", "normal(mean = ln 2, sd = ", x, fixed = TRUE)

# Long decimals in a text, to three digits.
three_digits <- function(x) {
  found <- gregexpr("[0-9]+\\.[0-9]{3,}", x)
  regmatches(x, found) <- lapply(regmatches(x, found), \(n) vapply(signif(as.numeric(n), 3), format, ""))
  x
}

# Long decimals of choices as a reader takes them in; two choices must not get one name.
rounded_label <- function(x) {
  x <- ln_2_by_name(x)
  rounded <- three_digits(x)
  if (anyDuplicated(rounded) > 0L) x else rounded
}

# Choices that are numbers in the order of numbers, others as they were given.
numbers_in_order <- function(values) {
  number <- suppressWarnings(as.numeric(values))
  if (anyNA(number)) values else values[order(number)]
}

choice_ranges <- function(table, name, digits) {
  values <- numbers_in_order(unique(table[[name]]))
  if (length(values) < 2L) {
    return(NULL)
  }
  rows <- lapply(values, \(v) range(table$natural_tail[table[[name]] == v]))
  data.frame(choice = name, value = shortened(rounded_label(values)),
    `smallest tail` = probability_text(vapply(rows, `[`, 0, 1), digits),
    `largest tail` = probability_text(vapply(rows, `[`, 0, 2), digits), check.names = FALSE)
}
