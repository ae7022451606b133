# Excess of changes of a score: observed changes against natural change.

#' Excess of motor scores
#'
#' By how much did a few treated patients gain more than they would have gained by
#' themselves? Observed changes \eqn{y_i} are set against [natural_change()]: given the mean
#' \eqn{\theta^*} of the trial's population, untreated patients are independent around it; the
#' mean is as uncertain as the evidence leaves it, and **shared** by the patients.
#'
#' For each patient (`subject`), in points:
#'
#' * `patient_excess`: \eqn{y_i - E[Y_{0i}]}, with the prediction interval
#'   \eqn{[y_i - q_{0.975}, y_i - q_{0.025}]} of natural recovery. What the same patient would have gained
#'   is not known; `patient_excess_correlated` shows the excess if natural and treated change had correlation
#'   0.5 and equal SDs, \eqn{E[Y_{0i} \mid Y_{1i}] = m_i + 0.5 s_i (z_i - \bar z)} with
#'   \eqn{z_i = (y_i - m_i) / s_i}, and \eqn{m_i} and \eqn{s_i} those of the patient's own range. This is normal
#'   working: where it leads beyond the range (a patient near an end of the scale) the row is `NA`.
#' * `patient_percentile`: the share of natural recovery below the patient, \eqn{F_i(y_i)}; where scores are whole
#'   points the observed value counts half, \eqn{\frac12 [F_i(y_i) + F_i(y_i - 1)]} (`randomise = TRUE` draws the
#'   place inside the step).
#'
#' For the group:
#'
#' * `natural_mean`: mean change expected without treatment among these patients.
#' * `mean_excess`: \eqn{\bar y - \frac1n \sum Y_{0i}} **among these patients**; variance
#'   \eqn{sd^2 / n + Var(\theta^*)} for the normal family. More patients never bring it below the second part.
#' * `mean_excess_population`: the same in the population they stand for. Without `sd_treated` the treated vary as
#'   untreated patients of their ranges do, and the interval is that of `mean_excess`; with it the treated mean is
#'   normal around its own, variance \eqn{sd_1^2 / n + Var(\theta^*)}, a mixture of normals over the shared mean.
#'   A `"normal"` natural change has no floor and no ceiling for anybody, so none of these is cut at the ends of the
#'   scale; the other families cut each patient's natural change, and only the treated mean of `sd_treated` is not cut.
#' * `prob_excess`, `prob_margin`: probability that natural recovery alone gives a smaller mean than observed
#'   (by more than `margin`). It exceeds 0.9 in one of ten trials of a treatment without effect: it is not a
#'   probability of benefit.
#' * `ordered_percentile`: the percentiles from the lowest up, with the exact band of each among untreated
#'   patients; of mid-percentiles, which are steps, it holds at least its level. "Two dramatic, two nothing" is
#'   invisible to the mean.
#' * `percentile_sum`, `fisher`, `exceedance`, `rank_test`: probability, without effect, of a statistic at least
#'   as large as observed (`statistic`), integrated over the shared mean. They answer different questions;
#'   declare one beforehand (`primary`). For whole points the discrete distributions are added up, not
#'   approximated by uniforms, one combination after another; of seven patients and more, who have too many, they are
#'   added up on a lattice. So are percentiles of scores that are not whole where the natural mean is uncertain, for
#'   they are uniform one by one and not together. `num.error` is that of two lattices.
#'
#' A final score that is not known makes the group's rows bounds: `estimate` `NA`, and `conf.low` and
#' `conf.high` the smallest and largest value over all changes that patient's scale allows.
#'
#' @param x a [score_change()].
#' @param natural a [natural_change()] with the SD between patients.
#' @param control not used here: give untreated patients' changes as `records`.
#' @param accept (character) differences between trial and sources taken on oneself; see [matching].
#' @param effect not used for scores.
#' @param margin (number, points) smallest mean excess that matters; no default.
#' @param conf.level (number in (0, 1)) of intervals and bands.
#' @param primary (string) the test declared beforehand: `"percentile_sum"`, `"fisher"`, `"exceedance"` or
#'   `"rank_test"`; `NULL` if none was.
#' @param records (numeric, or a [score_change()]) changes of untreated patients, exchangeable with the
#'   treated, for `rank_test`.
#' @param sd_treated (number, points) SD of change between treated patients, from elsewhere; `NULL` lets them vary as
#'   untreated patients do. It is never estimated from a handful of patients.
#' @param randomise (flag) `patient_percentile` and `ordered_percentile` randomised inside the steps of whole scores;
#'   then `seed`. `percentile_sum` and `fisher` take the middle of the step all the same.
#' @param seed (whole number) of the randomised percentiles; `NULL` draws one from R's stream.
#' @param ... not used.
#' @return An `excess` of class `excess_score`: print it, `tidy()` it, `plot()` it. `tidy()` has the terms
#'   above, with `statistic` and `p.value` for the tests, `subject` for patients, `interval` (what `conf.low`
#'   and `conf.high` are) and `reason` (why a test or a band is `NA`: not computed, or not to be had to 1e-6).
#' @section Conditions: `cordgain_unmatched` where trial and sources differ and the difference is not in
#'   `accept`; a warning `cordgain_no_losses` where `range` of the natural change lets nobody lose a point and these
#'   patients can; a warning `cordgain_range_not_turned` where lower is better and `range` is these patients' own with
#'   its sign turned; `cordgain_invalid_input` where the SD between patients is not known, or a normal (or censored)
#'   family is asked about motor scores of thoracic patients, of whom most do not change at all.
#' @references
#' Pocock (1976), Journal of Chronic Diseases 29:175-188 (bias as a normal variance).
#' Fisher (1932), Statistical Methods for Research Workers, section 21.1.
#' Lei and Candes (2021), JRSS B 83:911-938, \doi{10.1111/rssb.12445} (conformal inference of what would have been).
#' @seealso [score_change()], [natural_change()], [joint_excess()], [plot.excess_score()]
#' @examples
#' # simulated patients, simulated registries
#' seen <- list(level = "cervical", baseline_grade = "A", baseline_days = c(14, 28),
#'   followup_weeks = 54, years = 2020)
#' x <- score_change(c(12, 18, 9, 15), c(36, 31, 11, 15), "uems", match = seen)
#' registries <- data.frame(source = c("a", "b"), mean = c(7.8, 9), sd = 6.5, n = c(120, 60),
#'   measure = "uems", level = "cervical", baseline_grade = "A", baseline_mean_day = 20,
#'   followup_weeks = 52, years_from = 2015, years_to = 2020, registry = c("a", "b"))
#' # of 0 to 50 points, with first scores around 14
#' natural <- natural_change(registries, prior_half_normal(2), family = "censored",
#'   range = c(-14, 36))
#' excess(x, natural)
#' @export
excess.score_change <- function(x, natural, control = NULL, accept = character(), effect = prior_normal(0, 1),
                                margin = NULL, conf.level = 0.95, primary = NULL, records = NULL, sd_treated = NULL,
                                randomise = FALSE, seed = NULL, ...) {
  check_no_more(names(formals(excess.score_change)), ...)
  call <- rlang::current_env()
  check_natural_change(rlang::maybe_missing(natural), control, call)
  settings <- list(
    margin = if (!is.null(margin)) check_number(margin), primary = check_primary(primary, records, call),
    conf.level = check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE),
    sd_treated = check_sd_treated(sd_treated, x, call),
    places = random_places(check_flag(randomise), seed, length(change_scores(x))), randomised = randomise
  )
  check_change_suits(natural, change_motor_scale(x), call)
  refuse_zero_inflated(x, natural, call)
  warn_no_losses(x, natural)
  warn_range_not_turned(x, natural)
  accepted <- match_evidence(x, natural, accept, call)
  laws <- patient_laws(natural, change_room(x), change_is_whole(x), call)
  records <- check_records(records, x, call)
  groups <- lapply(possible_outcomes(x), \(y) group_terms(y, laws, natural, records, settings, call))
  terms <- rbind(score_bounds(groups), patient_terms(x, laws, natural, settings, call))
  rownames(terms) <- NULL
  new_excess(list(
    terms = terms, change = x, natural = natural, accepted = accepted,
    settings = settings, laws = laws, records = records
  ), "excess_score")
}

check_natural_change <- function(natural, control, call) {
  if (rlang::is_missing(natural) || !is_natural_change(natural)) {
    abort_input(c("{.arg natural} must be made by {.fn natural_change}.",
      i = "Scores at several visits ({.fn recovery_data}) go with {.fn natural_curve}."
    ), call = call)
  }
  if (is.null(change_model_of(natural))) {
    abort_input(c("The SD of change between patients is not known.",
      i = "Give {.arg sd} to {.fn natural_change}. It comes from the registry, not from the trial's patients."
    ), call = call)
  }
  if (!is.null(control)) {
    abort_input(c("{.arg control} does not go with scores.", i = "Give untreated patients' changes as {.arg records}."),
      call = call)
  }
}

# Changes lie within the width of the scale on either side, and so does their SD.
check_sd_treated <- function(sd, x, call) {
  if (is.null(sd)) {
    return(NULL)
  }
  check_number(sd, "sd_treated", min = 0, max = diff(scale_range(change_motor_scale(x))), min_open = TRUE,
    todo = "It is the SD of change between treated patients, in points: no more than the width of the scale.",
    call = call)
}

check_primary <- function(primary, records, call) {
  if (is.null(primary)) {
    return(NULL)
  }
  primary <- check_choice(primary, names(combination_words), "primary", call = call)
  if (primary == "rank_test" && is.null(records)) {
    abort_input("{.arg primary} is \"rank_test\", which needs {.arg records}.", call = call)
  }
  primary
}

# The place inside the step of a whole score: the middle, or one draw for each patient.
random_places <- function(randomise, seed, n) if (randomise) core_uniforms(draw_seed(seed), n) else rep(0.5, n)

# Most patients with thoracic injury do not gain a single point: percentiles of a normal are wrong there.
refuse_zero_inflated <- function(x, natural, call) {
  motor <- scale_name(change_motor_scale(x)) %in% full_measure(c("uems", "lems", "isncsci_motor"))
  levels <- unique(c(change_levels(x), natural_sources(natural)$level))
  thoracic <- level_covers("thoracic", levels) %in% TRUE
  if (motor && any(thoracic) && change_family(natural) %in% c("normal", "censored")) {
    abort_input(c("Most thoracic patients do not change at all, so family = \"{change_family(natural)}\" is refused.",
      x = "Level: {.val {levels[thoracic]}}.",
      i = "Use {.code family = \"hurdle\"} with {.arg zero}, the share of untreated patients without any change."
    ), call = call)
  }
}

# Published moments on a range without losses, and patients who can lose: a censored normal then has a latent part below
# 0 that the published mean does not hold and these patients get, and a count of points has no losses for anybody. A
# hurdle is made for those of whom most do not change, and speaks only where a loss was seen.
warn_no_losses <- function(x, natural) {
  family <- change_family(natural)
  room <- lapply(change_room(x), mean)
  low <- change_room(x)$low
  lost <- -min(change_scores(x), 0, na.rm = TRUE)
  if (family == "normal" || change_range(natural)[1] < 0 || all(low >= 0) || (family == "hurdle" && lost == 0)) {
    return(invisible())
  }
  seen <- if (lost > 0) paste0("; the largest loss seen is ", lost)
  cli::cli_warn(c(
    "{.arg range} of the natural change begins at {change_range(natural)[1]}, as if no untreated patient lost a point.",
    x = "{sum(low < 0)} of these {length(low)} patient{?s} can lose, up to {-min(low)} points{seen}.",
    i = switch(family,
      censored = "Their natural mean falls below the published one, so the excess comes out too large.",
      "By nature a loss has probability 0, so the percentile of a patient who lost is 0."),
    i = if (family == "hurdle") {
      "A hurdle has no losses; {.code family = \"beta_binomial\"} has, on a range that begins below 0."
    } else {
      "Give {.fn natural_change} the changes that its own patients could have: with mean first scores like these
        {.code range = c({round(room$low)}, {round(room$high)})}."
    }
  ), class = "cordgain_no_losses")
}

# Where lower is better, a range as published is these patients' own turned round. Another population may have such a
# range, so that it is no error.
warn_range_not_turned <- function(x, natural) {
  scale <- change_motor_scale(x)
  range <- change_range(natural)
  if (scale_sign(scale) > 0 || is.null(range) || change_family(natural) == "normal") {
    return(invisible())
  }
  room <- vapply(change_room(x), mean, 0)
  width <- diff(scale_range(scale))
  if (max(abs(-rev(range) - room)) > 0.1 * width || max(abs(range - room)) < 0.2 * width) {
    return(invisible())
  }
  cli::cli_warn(c("{.arg range} of the natural change looks as if its sign had not been turned.",
    x = "It is {range[1]} to {range[2]} as gains; these patients can change by {round(room[['low']])} to
         {round(room[['high']])} on average.",
    i = "Lower is better on {scale_name(scale)}, and {.arg range} is given as gains: if it was not,
         {.code range = c({-range[2]}, {-range[1]})}."
  ), class = "cordgain_range_not_turned")
}

# Verbs by which other files look at the result ------------------------------------------

score_excess_terms <- function(x) x$terms

score_excess_change <- function(x) x$change

score_excess_natural <- function(x) x$natural

score_excess_settings <- function(x) x$settings

score_excess_records <- function(x) x$records

# Print ------------------------------------------------------------------------------------

#' @export
print.excess_score <- function(x, digits = 3, ...) {
  writeLines(wrap_lines(format_excess_score(x, digits)))
  invisible(x)
}

format_excess_score <- function(x, digits = 3) {
  y <- change_scores(x$change)
  scale <- change_motor_scale(x$change)
  c(
    paste0("Excess of change in ", scale_name(scale), ": ", length(y),
      if (length(y) == 1L) " patient" else " patients"),
    turned_words(scale),
    paste0("Expected from ", natural_label(x$natural)), format_family(x$natural), format_accepted(x$accepted), "",
    format_group(x, digits), "", format_patients(x, digits), "", format_tests(x, digits)
  )
}

format_group <- function(x, digits) {
  at <- \(term) x$terms[x$terms$term == term, ]
  show <- \(v) ifelse(is.na(v), "not known", format(signif(v, digits), trim = TRUE))
  span <- \(row) paste(show(row$conf.low), "to", show(row$conf.high))
  excess <- at("mean_excess")
  if (excess$interval != "interval") {
    share <- \(term) paste(unique(percent_text(unlist(at(term)[c("conf.low", "conf.high")]))), collapse = " to ")
    return(c(
      "Some final scores are not known: over all changes that the scale allows, bounds, not confidence intervals.",
      paste0("Expected by nature alone: mean change ", show(at("natural_mean")$conf.low)),
      paste0("Mean excess among these patients: ", span(excess), " ", scale_unit(change_motor_scale(x$change))),
      paste0("Mean excess in their population: ", span(at("mean_excess_population"))),
      nature_below(share, x$settings$margin),
      "Ordered percentiles, a tipping point and intervals need every final score: there are none."
    ))
  }
  level <- percent_text(x$settings$conf.level)
  c(
    paste0("Observed mean change ", show(mean(change_scores(x$change))), "; expected by nature alone ",
      show(at("natural_mean")$estimate), " (", span(at("natural_mean")), ")"),
    paste0("Mean excess among these patients: ", show(excess$estimate), ", ", level, " interval ", span(excess)),
    paste0("Mean excess in their population: ", show(at("mean_excess_population")$estimate), ", ", level, " interval ",
      span(at("mean_excess_population"))),
    nature_below(\(term) percent_text(at(term)$estimate), x$settings$margin),
    if (signif(excess$conf.low, digits) != 0) {
      paste0("Tipping point: if the natural mean were ", show(abs(excess$conf.low)), " points ",
        if (excess$conf.low < 0) "lower" else "higher", ", the interval would begin at 0.")
    } else {
      "Tipping point: the interval begins at 0 as it is."
    }
  )
}

# @param share function of a term that writes its probability, or its bounds
nature_below <- function(share, margin) {
  paste0("Nature alone gives a smaller mean in ", share("prob_excess"), " of such groups",
    if (!is.null(margin)) paste0(", smaller by more than ", margin, " in ", share("prob_margin")),
    " (not a probability of benefit)")
}

format_patients <- function(x, digits) {
  rows <- x$terms[x$terms$term == "patient_excess", ]
  u <- x$terms[x$terms$term == "patient_percentile", ]
  half <- x$terms[x$terms$term == "patient_excess_correlated", ]
  show <- \(v) vapply(v, \(one) format(signif(one, digits)), "") # each with its own digits
  y <- change_scores(x$change)[match(rows$subject, change_subjects(x$change))]
  lines <- paste0("  ", rows$subject, ": change ", signed_number(y), ", excess ", show(rows$estimate), " (",
    show(rows$conf.low), " to ", show(rows$conf.high), "), percentile ",
    percent_text(u$estimate[match(rows$subject, u$subject)]))
  lines[is.na(y)] <- paste0("  ", rows$subject[is.na(y)], ": final score not known")
  correlated <- ifelse(is.na(half$estimate), "none (1)", show(half$estimate))
  c(
    paste0("Each patient, with the ", percent_text(x$settings$conf.level), " interval of prediction:"), lines,
    paste0("  If natural and treated change had correlation 0.5: excess ",
      paste(correlated, collapse = ", "), ".", recycle0 = TRUE)[nrow(half) > 0L],
    if (any(!is.na(half$reason))) paste0("  (1) ", half$reason[!is.na(half$reason)][1], "."),
    if (x$settings$randomised && change_is_whole(x$change)) {
      "  These percentiles are drawn inside the step of a whole score; the tests below take the middle of each step."
    }
  )
}

format_tests <- function(x, digits) {
  rows <- x$terms[x$terms$term %in% names(combination_words), ]
  primary <- x$settings$primary
  mark <- ifelse(rows$term %in% primary, "declared beforehand", "not declared beforehand")
  value <- vapply(seq_len(nrow(rows)), \(i) test_words(rows[i, ], digits), "")
  c(
    "Without effect, the probability of what was seen or more:",
    paste0("  ", unname(combination_words[rows$term]), ": ", value, " (", mark, ")"),
    if (is.null(primary)) "  None was declared, so none can be taken alone: they answer different questions."
  )
}

# A probability, its bounds where final scores are open, or why there is none.
test_words <- function(row, digits) {
  bounds <- c(row$conf.low, row$conf.high)
  known <- if (is.na(row$estimate)) bounds else row$estimate
  if (anyNA(known)) {
    return(sub("[.]$", "", row$reason))
  }
  paste(unique(probability_text(known, digits)), collapse = " to ")
}

#' @export
summary.excess_score <- function(object, ...) {
  structure(list(excess = object), class = "summary_excess_score")
}

#' @export
print.summary_excess_score <- function(x, ...) {
  print(x$excess, ...)
  rows <- x$excess$terms[x$excess$terms$term == "ordered_percentile", ]
  if (nrow(rows) > 0L) {
    cat("\nPercentiles from the lowest up, beside the band of each among as many untreated patients:\n")
    print(data.frame(subject = rows$subject, percentile = rows$estimate, band_low = rows$conf.low,
      band_high = rows$conf.high), digits = 3, row.names = FALSE)
    cat(wrap_lines(rank_bands_words(nrow(rows))), sep = "\n")
  }
  invisible(x)
}
