# The answer: observed minus expected. excess() dispatches on what was observed.

#' Excess over natural recovery
#'
#' By how much does the recovery of a few treated patients exceed the recovery that
#' would have come by itself? For responders, `y` of `n`, with the natural rate
#' \eqn{p_0} as uncertain as the evidence leaves it and shared by the patients:
#'
#' * `natural_tail`: probability that nature alone gives at least the observed number,
#'   \eqn{P(\sum Y_0 \ge y)}; `natural_tail_midp` counts half of \eqn{P(\sum Y_0 = y)}.
#' * `natural_responders`: how many of these patients nature alone would have improved.
#' * `excess_responders`: observed minus natural among these patients,
#'   \eqn{y - \sum Y_0}, with \eqn{p_0} learned from the sources alone;
#'   `excess_responders_joint` lets the treated outcomes inform \eqn{p_0} (sceptical
#'   model, \eqn{Y_0} independent of \eqn{Y_1} given the rates); `excess_responders_comonotone` counts
#'   each responder as natural as far as the rates allow. Intervals run from the
#'   smallest count with at least 2.5 % at or below it to the smallest with 97.5 %.
#' * `natural_below_observed`: 1 minus the tail. It exceeds 0.9 under pure nature in
#'   a share of trials equal to such tails: not a probability of benefit.
#' * `log_odds_shift`, `prob_benefit`: posterior of \eqn{\delta} in
#'   \eqn{\mathrm{logit}\, p_1 = \mathrm{logit}\, p_0 + \delta} under the sceptical prior
#'   `effect`; `prob_benefit_half_null` puts half of the prior mass on no effect,
#'   \eqn{P \cdot BF / (1 + BF)}.
#' * `rate_difference`: \eqn{p_1 - p_0} in the population, \eqn{p_1} from the
#'   treated alone (Jeffreys).
#' * `rate_clopper_pearson`, `rate_blaker`, `rate_jeffreys`, `rate_wilson`: limits of
#'   the response rate. The Clopper-Pearson lower limit is the largest known natural
#'   rate that 2.5 % one-sided would exclude.
#' * `bayes_factor`: `effect` against no effect; `e_value`, `e_value_one_sided`: a
#'   uniform rate on (0, 1), or above \eqn{p_0}, against the natural rate.
#' * with a control arm `fisher`, `barnard`, `boschloo`: exact one-sided p-values,
#'   exchangeability of the arms assumed.
#' * `grade_steps` (with `transition`): AIS grade steps up in excess of those expected.
#'
#' Where the number of responders, or the patients' level with [natural_strata()], is
#' known only as one of several, every term has `estimate` `NA`, and `conf.low` and
#' `conf.high` are its smallest and largest value: bounds, not a confidence interval.
#'
#' @param x what was observed: a [trial_arm()]. For changes of a score see [excess.score_change()].
#' @param natural a [natural_rate()] or [natural_strata()].
#' @param control (trial_arm) concurrent controls, `role = "control"`, or `NULL`. They are
#'   compared with the treated arm as sources are, on endpoint, grade, level, baseline,
#'   follow-up and years; what differs is an error or accepted by name.
#' @param accept (character) differences between trial and sources taken on oneself; see [matching].
#' @param effect prior of the treatment effect on log odds: [prior_normal()] or a
#'   mixture of these. The default, centred on no effect with SD 1, gives benefit
#'   prior probability one half.
#' @param margin (number, difference of rates) smallest difference that matters; no default.
#' @param conf.level (number in (0, 1)) of intervals and limits.
#' @param ... further arguments of methods: `transition`, probabilities (or counts) of
#'   0, 1, 2, ... AIS grade steps up without treatment, as [grade_steps()] makes them.
#' @return An `excess`: print it, `tidy()` it, `plot()` it, ask for its [decision_table()].
#'   `num.error` is absolute, and at most 1e-6, or 1e-6 of the number where that is above 1
#'   (Bayes factors, e-values, counts, log odds). A term that cannot be had to this is `NA`,
#'   with the `reason` beside it and in print; the others stand.
#' @section Conditions: `cordgain_unmatched` where trial and sources differ and the
#'   difference is not in `accept`; `cordgain_invalid_input` for arguments of the wrong
#'   kind; `cordgain_numerical_error` where the natural distribution itself cannot be had to 1e-6.
#' @references
#' ICH E9(R1) (2019) (estimands). Spiegelhalter, Freedman and Parmar (1994),
#' JRSS A 157:357-416 (sceptical priors). Thall and Simon (1994), Biometrics 50:337-349,
#' \doi{10.2307/2533377} (an uncertain standard rate).
#' @seealso [trial_arm()], [natural_rate()], [decision_table()], [safety()]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years"))
#' @export
excess <- function(x, natural, control = NULL, accept = character(), effect = prior_normal(0, 1), margin = NULL,
                   conf.level = 0.95, ...) {
  UseMethod("excess")
}

#' @export
excess.default <- function(x, natural, control = NULL, accept = character(), effect = prior_normal(0, 1),
                           margin = NULL, conf.level = 0.95, ...) {
  if (missing(x)) abort_input(c("{.arg x} is not given.", i = "Describe what was observed with {.fn trial_arm}."))
  abort_input(c("{.arg x} must describe what was observed in treated patients.",
    x = "It is {.obj_type_friendly {x}}.",
    i = "Describe the arm with {.fn trial_arm}, or changes of a score with {.fn score_change}."
  ))
}

new_excess <- function(fields, class) {
  structure(fields, class = c(class, "excess"))
}

# Every difference between trial and evidence, those not accepted being one error that lists them all.
# @param further (data frame or NULL) differences found elsewhere, from concurrent controls
match_evidence <- function(x, natural, accept, call, further = NULL) {
  accept <- check_accept(accept, call)
  terms <- match_terms(x)
  found <- if (inherits(natural, "natural_strata")) {
    strata_differences(terms, natural, call)
  } else {
    moved_differences(terms, natural, natural_sources(natural), call)
  }
  assert_matched(stack_tables(found, further), accept, call)
}

# A landmark is refused where a source's window reaches the trial's.
check_landmark_reach <- function(landmark, sources, terms, call) {
  reach <- which(sources$baseline_to_day >= terms$baseline_days[1])
  if (!is.null(landmark) && length(reach) > 0L) {
    abort_unmatched(c("A landmark is refused where a source was examined in the trial's own window.",
      x = "{.val {sources$source[reach]}} {?reaches/reach} day {terms$baseline_days[1]}.",
      i = "Leave the landmark out for {cli::qty(length(reach))}{?it/them}, or use earlier sources alone."
    ), call = call)
  }
}

# Differences that remain after what landmark and drift of a natural rate bring to the trial's day and years.
moved_differences <- function(terms, natural, sources, call) {
  landmark <- natural_landmark(natural)
  check_landmark_reach(landmark, sources, terms, call)
  drift <- natural_drift(natural)
  evidence_differences(terms, sources, if (!is.null(landmark)) 7 * landmark_week(landmark),
    if (!is.null(drift)) drift_to(drift, sources))
}

# Each stratum is compared as if the patients were of its level.
strata_differences <- function(terms, natural, call) {
  found <- Map(\(rate, sources, level) {
    terms$level <- level
    moved_differences(terms, rate, sources, call)
  }, strata_rates(natural), strata_sources(natural), strata_levels(natural))
  unique(stack_list(unname(found)))
}

#' @export
tidy.excess <- function(x, ...) x$terms

#' @export
summary.excess <- function(object, ...) {
  structure(list(excess = object, table = decision_table(object)), class = "summary_excess")
}

#' @export
print.summary_excess <- function(x, ...) {
  print(x$excess, ...)
  cat("\nEvery outcome that could have been seen:\n")
  print(x$table, ...)
  invisible(x)
}

# What was accepted, one line for each kind: it belongs to the result. What a difference
# does to the answer, where that is known, stands with it.
# @param strata (character) levels over which bounds are given, because the patients' own are not known
format_accepted <- function(accepted, strata = character()) {
  over <- if (length(strata) > 0L) {
    paste0("Level not known, so not matched: bounds over the levels ", paste(strata, collapse = ", "), ".")
  }
  if (nrow(accepted) == 0L) {
    level <- if (is.null(over)) "level, "
    return(c(paste0("Matched on endpoint, grade, ", level, "baseline, follow-up, years and registry."), over))
  }
  c(
    "Not matched, illustration: these differences were accepted.",
    vapply(split(accepted, rows_alike(accepted)), format_difference, ""), over
  )
}

format_difference <- function(rows) {
  effect <- unique(rows$direction[!grepl("no direction", rows$direction)])
  trial <- if (nzchar(rows$trial[1])) paste0("trial ", rows$trial[1], "; ")
  paste0(
    "  ", rows$what[1], ": ", trial, paste0(rows$source, " (", sub(" (partly matched)", ", partly matched",
      rows$natural, fixed = TRUE),
      ")", collapse = ", "),
    if (length(effect) > 0L) paste0(". Effect: ", paste(effect, collapse = "; "), ".")
  )
}
