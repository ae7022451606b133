# Excess of repeated scores over a natural course: everything is linear in the observed gains and jointly normal.

#' Excess of repeated motor scores
#'
#' Scores of a few treated patients at several visits against [natural_curve()]. Patient \eqn{i} was examined last
#' before treatment at week \eqn{s_{i0}}; gains \eqn{y_{ij}} from there are set against natural gains
#' \eqn{m(s_{ij}) - m(s_{i0})}. Their differences \eqn{e_i} have covariance \eqn{V_i} between patients and
#' \eqn{L_i L_j'} through the shared uncertainty of the natural mean. What is estimated, in points:
#'
#' * `plateau_excess`: \eqn{\delta} of an excess \eqn{\delta g(t)}, \eqn{g(t) = 1 - e^{-t / rise}}, that starts at
#'   treatment (\eqn{t} weeks since treatment), by generalised least squares,
#'   \deqn{\hat\delta = \sum_i g_i' V_i^{-1} e_i / \sum_i g_i' V_i^{-1} g_i;}{
#'   delta = sum_i g_i' V_i^-1 e_i / sum_i g_i' V_i^-1 g_i;} `fitted_excess` is \eqn{\hat\delta g(t)} at each visit
#'   (`time`). Where `rise` is longer than the follow-up nobody was seen at the plateau: `fitted_excess` at the last
#'   visit, which the print gives first, is then the answer, and the plateau what the curve is carried on to;
#' * `visit_excess` (`time`, weeks since treatment): mean of \eqn{e_{ij}} over the patients with that visit;
#' * `auc_excess`: mean area between observed and natural course by the trapezoidal rule from treatment (excess 0) to
#'   the last visit, divided by its weeks;
#' * `mean_excess`, `prob_excess`, `prob_margin`: mean over the patients at each one's last visit, and the probability
#'   that nature alone gives less (by more than `margin`): not a probability of benefit;
#' * per patient (`subject`) at the last visit `patient_excess` with its prediction interval, and `patient_percentile`;
#' * `ordered_percentile`, `percentile_sum`, `fisher`, `exceedance` of these percentiles as of changes to one follow-up
#'   ([excess.score_change()]): what patients share makes percentiles dependent, and is integrated over. Whole points
#'   are taken as the normal scores of the curve.
#'
#' The curve is read at the trial's own visits: where they lie within its weeks the follow-up of both is the same.
#'
#' The covariance comes from the natural curve, never from the treated patients. A curve from a fit on fewer than 10
#' subjects is refused unless `accept = "covariance"`.
#'
#' @param x a [recovery_data()] with `treated_at`, or a `recovery_fit` on treated patients: on such data, or with the
#'   arguments `time`, `subject`, `treated_at` (names of its variables; `treated_at` may be a number of weeks) and
#'   `scale`.
#' @param natural a [natural_curve()].
#' @param control,effect not used for scores.
#' @param accept (character) differences between trial and sources taken on oneself; see [matching].
#' @param margin (number, points) smallest mean excess that matters; no default.
#' @param conf.level (number in (0, 1)) of intervals.
#' @param rise (number, weeks) of \eqn{g}; `NULL` takes \eqn{1 / k} of a natural plateau.
#' @param primary (string) the combination test that was declared beforehand; see [excess.score_change()].
#' @param ... for a fit: `time`, `subject`, `treated_at`, `scale`, `match`.
#' @return An `excess` of class `excess_curve`: print it, `tidy()` it, `plot()` it.
#' @section Conditions: `cordgain_unmatched` for differences not accepted; `cordgain_invalid_input` for patients without
#'   a time of treatment, without a score before it or after it, and visits outside the natural course.
#'   A warning `cordgain_off_scale` where a patient's expected score, or its interval, leaves the scale.
#' @references Laird and Ware (1982), Biometrics 38:963-974. Pocock (1976), Journal of Chronic Diseases 29:175-188.
#' @seealso [natural_curve()], [excess.score_change()]
#' @examples
#' # two simulated patients
#' visits <- data.frame(id = rep(c("a", "b"), each = 3), week = rep(c(2, 12, 52), 2),
#'   uems = c(10, 18, 30, 14, 16, 22), treated = 3)
#' treated <- recovery_data(visits, subject = id, time = week, score = uems, scale = "uems",
#'   treated_at = treated)
#' rows <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
#' all <- c("grade", "level", "baseline", "followup", "years", "registry")
#' excess(treated, natural_curve(rows, correlation = 0.8), accept = all)
#' @export
excess.recovery_data <- function(x, natural, control = NULL, accept = character(), effect = prior_normal(0, 1),
                                 margin = NULL, conf.level = 0.95, rise = NULL, primary = NULL, ...) {
  check_no_more(names(formals(excess.recovery_data)), ...)
  call <- rlang::current_env()
  check_curve(rlang::maybe_missing(natural), control, call)
  check_sign_known(x, natural, call)
  courses <- treated_courses(x, call) # records of the untreated are told so before anything is asked of the treated
  settings <- list(
    margin = if (!is.null(margin)) check_number(margin), rise = excess_rise(rise, natural, call),
    conf.level = check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE),
    primary = if (!is.null(primary)) check_choice(primary, setdiff(names(combination_words), "rank_test"), "primary")
  )
  check_visits_known(courses, natural, call)
  read <- read_at_weeks(natural, mean(match_terms(x)$followup_weeks))
  accepted <- match_evidence(x, read, accept, call, few_subjects(natural))
  refuse_thoracic_course(x, natural, call)
  model <- stacked_model(courses, natural, settings$rise, call)
  warn_off_scale(courses, model, recovery_scale(x), settings$conf.level)
  terms <- rbind(blank_score_columns(curve_terms(model, settings)), course_percentile_rows(model, settings, call))
  new_excess(list(terms = terms, data = x, natural = natural, accepted = accepted, settings = settings,
    courses = courses, model = model), "excess_curve")
}

check_curve <- function(natural, control, call) {
  if (rlang::is_missing(natural) || !is_natural_curve(natural)) {
    abort_input(c("{.arg natural} must be made by {.fn natural_curve}.",
      i = "A change from baseline to one follow-up ({.fn score_change}) goes with {.fn natural_change}."
    ), call = call)
  }
  if (!is.null(control)) {
    abort_input(c("{.arg control} does not go with scores.",
      i = "Untreated patients belong to the natural curve: {.fn natural_curve} of a fit."), call = call)
  }
}

# Scores of a scale on which lower is better are turned; whether those of a curve without a scale are, nobody knows.
check_sign_known <- function(x, natural, call) {
  scale <- recovery_scale(x)
  if (scale_sign(scale) < 0 && is.null(curve_settings(natural)$scale)) {
    abort_input(c("The natural curve has no scale, so the sign of its gains is not known.",
      x = "The trial's scores, {scale_name(scale)}, are better when lower.",
      i = "Give {.fn natural_curve} the scores as published, and their {.arg scale}."), call = call)
  }
}

# Twenty thousand years; beyond, g(t) at the visits is nothing but rounding.
longest_rise <- 1e6

excess_rise <- function(rise, natural, call) {
  if (!is.null(rise)) {
    return(check_number(rise, "rise", min = 0, max = longest_rise, min_open = TRUE,
      todo = "Weeks in which the excess would reach 63 % of its plateau; a rise that hardly begins has none.",
      call = call))
  }
  rate <- curve_rate(natural)
  if (is.null(rate)) {
    abort_input(c("{.arg rise} is not given.",
      x = "A natural plateau has a rate of its own; this curve has none.",
      i = "Give the weeks in which the excess would reach 63 % of its plateau, such as {.code rise = 12}."
    ), call = call)
  }
  1 / rate
}

# The curve is read at the trial's visits: those outside its weeks are told; of the others the follow-up is the same.
check_visits_known <- function(courses, natural, call) {
  span <- curve_span(natural)
  weeks <- lapply(courses, \(one) c(one$from, one$week))
  off <- lapply(weeks, \(week) week[week < span[1] - 1e-9 | week > span[2] + 1e-9])
  off <- off[lengths(off) > 0L]
  if (length(off) > 0L) {
    seen <- first_few(paste0(names(off), " in week ", vapply(off, \(w) paste(signif(w, 4), collapse = ", "), "")))
    abort_input(c("The natural curve is known from week {span[1]} to {span[2]}.",
      x = "Examined outside: patient{?s} {seen}.",
      i = "A curve is not carried beyond its data: leave such visits out where it can be seen, or take a curve that
           reaches them."
    ), call = call)
  }
}

# A covariance estimated from a handful of subjects is hardly known.
few_subjects <- function(natural) {
  n <- curve_subjects(natural)
  if (n >= 10) {
    return(NULL)
  }
  source <- data.frame(source = natural_label(natural))
  differences("covariance", source, TRUE, "", paste(n, "subjects"), no_direction,
    "take the covariance from a registry: natural_curve() of published means, or priors on sd and sigma of the fit")
}

refuse_thoracic_course <- function(x, natural, call) {
  scale <- scale_name(recovery_scale(x))
  levels <- unique(c(match_terms(x)$level, natural_sources(natural)$level))
  thoracic <- level_covers("thoracic", levels) %in% TRUE
  if (scale %in% full_measure(c("uems", "lems", "isncsci_motor")) && any(thoracic)) {
    abort_input(c("Most thoracic patients do not change at all: a normal course is refused.",
      x = "Level: {.val {levels[thoracic]}}.",
      i = "Use {.fn score_change} with {.code natural_change(family = \"hurdle\")}."), call = call)
  }
}

#' @exportS3Method match_terms recovery_data
match_terms.recovery_data <- function(x) {
  rows <- summary(x)
  terms <- check_score_match(recovery_match(x), nrow(rows), rlang::caller_env())
  time <- range(rows$last_time)
  followup <- if (anyNA(terms$followup_weeks)) time else terms$followup_weeks
  list(endpoint = scale_name(recovery_scale(x)), grade = unique(terms$baseline_grade), level = terms$level,
    baseline_days = terms$baseline_days, followup_weeks = followup, years = terms$years, scores = TRUE)
}

# Each patient: the last score before treatment, and the scores after it. Scores not known are left out and counted.
treated_courses <- function(x, call) {
  roles <- recovery_roles(x)
  if (is.null(roles$treated_at)) {
    abort_input(c("{.arg treated_at} is not known.",
      i = "Give {.fn recovery_data} the weeks from injury to treatment: visits before it are no outcome.",
      i = "Untreated patients have none: they belong to the natural curve, {.fn natural_curve} of a fit."
    ), call = call)
  }
  lapply(split(as.data.frame(x), factor(x[[roles$subject]], unique(x[[roles$subject]]))), \(rows) {
    one_course(rows, roles, call)
  })
}

one_course <- function(rows, roles, call) {
  subject <- as.character(rows[[roles$subject]][1])
  at <- rows[[roles$treated_at]][1]
  known <- !is.na(rows[[roles$score]])
  week <- rows[[roles$time]]
  before <- which(known & week <= at)
  after <- which(known & week > at)
  if (is.na(at) || length(before) == 0L || length(after) == 0L) {
    abort_input(c("Patient {.val {subject}} cannot be compared.",
      x = if (is.na(at)) "No time of treatment: untreated patients belong to the natural curve." else if (
        length(before) == 0L) "No score at or before treatment in week {at}." else
          "No score after treatment in week {at}.",
      i = "Leave the patient out where it can be seen, or complete the visits."
    ), call = call)
  }
  base <- max(before)
  score <- rows[[roles$score]]
  list(subject = subject, treated_at = at, from = week[base], baseline = score[base], week = week[after],
    since = week[after] - at, gain = score[after] - score[base], lost = sum(!known))
}

# All gains minus natural gains, stacked: e, its block-diagonal own covariance V, the shared directions L, and g.
stacked_model <- function(courses, natural, rise, call) {
  parts <- lapply(courses, \(one) curve_gains(natural, one$from, one$week, call))
  sizes <- vapply(courses, \(one) length(one$gain), 0L)
  v <- matrix(0, sum(sizes), sum(sizes))
  ends <- cumsum(sizes)
  for (i in seq_along(parts)) {
    at <- seq(ends[i] - sizes[i] + 1L, ends[i])
    v[at, at] <- parts[[i]]$own
  }
  since <- unlist(lapply(courses, `[[`, "since"), use.names = FALSE)
  list(
    e = unlist(lapply(courses, `[[`, "gain"), use.names = FALSE) - unlist(lapply(parts, `[[`, "mean"),
      use.names = FALSE),
    v = v, shared = do.call(rbind, lapply(parts, `[[`, "slopes")), since = since, g = -expm1(-since / rise),
    off = curve_error(natural), patient = rep(seq_along(courses), sizes), last = ends,
    subject = unname(vapply(courses, `[[`, "", "subject"))
  )
}

# A normal course knows no ends of the scale: at the ceiling its gains are too large, so the excess is too small.
warn_off_scale <- function(courses, model, scale, conf.level) {
  ends <- turned_range(scale)
  baseline <- vapply(courses, `[[`, 0, "baseline")
  gain <- vapply(courses, \(one) one$gain[length(one$gain)], 0)
  mean <- baseline + gain - model$e[model$last]
  reach <- stats::qnorm((1 + conf.level) / 2) * vapply(model$last, \(i) {
    linear_sd(model, replace(numeric(length(model$e)), i, 1))
  }, 0)
  above <- mean + reach > ends[2]
  below <- mean - reach < ends[1]
  if (!any(above | below)) {
    return(invisible())
  }
  show <- \(v) format(signif(v, 3), trim = TRUE)
  off <- which(above | below)
  told <- \(from, to) vapply(known_score(if (scale_sign(scale) > 0) from else to, scale)[off], show, "")
  seen <- first_few(paste0(model$subject[off], ": ", told(mean, mean), " (", told(mean - reach, mean + reach), " to ",
    told(mean + reach, mean - reach), ")"))
  known <- scale_range(scale)
  cli::cli_warn(c("The natural course of {length(off)} patient{?s} leaves the scale, {known[1]} to {known[2]}.",
    x = "Expected at the last visit, with interval: {seen}.",
    i = if (any(above)) "Who cannot gain so much is expected too much of: the excess comes out too small.",
    i = if (any(below)) "Who cannot lose so much is expected too little of: the interval is too wide, and an expected
      score beyond the worst end makes the excess too large.",
    i = "{.fn natural_change} with {.code family = \"censored\"} knows the ends of the scale, for one follow-up."
  ), class = "cordgain_off_scale")
}

# Rows -----------------------------------------------------------------------------------------

# A linear function a'e: its value, and its SD sqrt(a'Va + |L'a|^2). Closed forms: what is left is rounding, the
# differences by which slopes of a fitted curve are taken, and errors of a curve from a posterior, in SDs (`off`).
linear_row <- function(model, a, term, settings) {
  value <- sum(a * model$e)
  sd <- linear_sd(model, a)
  reach <- stats::qnorm((1 + settings$conf.level) / 2) * sd
  blank_course(term_row(term, value, value - reach, value + reach, linear_error(value, sd, model$off, reach), sd))
}

linear_error <- function(value, sd, off, reach = 0) 1e-8 * (abs(value) + sd) + off * (sd + reach)

linear_sd <- function(model, a) sqrt(sum(a * (model$v %*% a)) + sum(crossprod(model$shared, a)^2))

curve_terms <- function(model, settings) {
  rbind(
    plateau_rows(model, settings), visit_rows(model, settings),
    linear_row(model, auc_weights(model), "auc_excess", settings), mean_rows(model, settings), course_rows(model,
      settings)
  )
}

gls_weights <- function(model) {
  w <- solve(model$v, model$g)
  w / sum(model$g * w)
}

# Visits this near to each other are one: thousandths of a week.
visit_time <- function(since) round(since, 3)

plateau_rows <- function(model, settings) {
  a <- gls_weights(model)
  times <- sort(unique(visit_time(model$since)))
  g <- model$g[match(times, visit_time(model$since))]
  fitted <- do.call(rbind, Map(\(time, at) {
    row <- linear_row(model, a * at, "fitted_excess", settings)
    row$time <- time
    row
  }, times, g))
  rbind(linear_row(model, a, "plateau_excess", settings), fitted)
}

visit_rows <- function(model, settings) {
  times <- sort(unique(visit_time(model$since)))
  do.call(rbind, lapply(times, \(time) {
    here <- visit_time(model$since) == time
    row <- linear_row(model, here / sum(here), "visit_excess", settings)
    row$time <- time
    row
  }))
}

# Trapezoids from treatment, where the excess is 0, to the last visit, divided by its weeks; mean over patients.
auc_weights <- function(model) {
  patients <- unique(model$patient)
  a <- numeric(length(model$e))
  for (i in patients) {
    here <- which(model$patient == i)
    t <- c(0, model$since[here])
    width <- diff(t)
    a[here] <- (width + c(width[-1], 0)) / 2 / max(t)
  }
  a / length(patients)
}

mean_rows <- function(model, settings) {
  row <- linear_row(model, mean_weights(model), "mean_excess", settings)
  above <- \(term, by) {
    p <- stats::pnorm((row$estimate - by) / row$std.error)
    blank_course(term_row(term, p, error = 1e-8 + model$off))
  }
  rbind(row, above("prob_excess", 0), if (!is.null(settings$margin)) above("prob_margin", settings$margin))
}

course_rows <- function(model, settings) {
  do.call(rbind, lapply(seq_along(model$last), \(i) {
    a <- replace(numeric(length(model$e)), model$last[i], 1)
    row <- linear_row(model, a, "patient_excess", settings)
    u <- term_row("patient_percentile", stats::pnorm(row$estimate / row$std.error), error = 1e-8 + model$off)
    out <- rbind(row, blank_course(u))
    out$time <- model$since[model$last[i]]
    out$subject <- model$subject[i]
    out
  }))
}

# Verbs and print --------------------------------------------------------------------------------

curve_excess_parts <- function(x) x[c("courses", "natural", "settings", "terms", "data")]

#' @export
print.excess_curve <- function(x, digits = 3, ...) {
  at <- \(term) x$terms[x$terms$term == term, ]
  show <- \(v) format(signif(v, digits), trim = TRUE)
  line <- \(name, row) paste0(name, ": ", show(row$estimate), " (", show(row$conf.low), " to ", show(row$conf.high),
    ")")
  visits <- at("visit_excess")
  patients <- at("patient_excess")
  u <- at("patient_percentile")
  lost <- sum(vapply(x$courses, `[[`, 0, "lost"))
  since <- lapply(x$courses, \(one) visit_time(one$since))
  writeLines(wrap_lines(c(
    paste0("Excess of ", scale_name(recovery_scale(x$data)), " over the natural course: ", nrow(patients),
      if (nrow(patients) == 1L) " patient" else " patients"),
    format(x$natural), format_accepted(x$accepted),
    paste0("In brackets: ", percent_text(x$settings$conf.level), " intervals."),
    if (lost > 0) paste0(lost, if (lost == 1) " score is not known and was" else " scores are not known and were",
      " left out."), "",
    line("Mean excess at the last visit", at("mean_excess")), last_visits_words(since, show),
    line("Mean over the whole course", at("auc_excess")), rise_words(at, x$settings$rise, line, show),
    paste0("Nature alone gives less in ", percent_text(at("prob_excess")$estimate),
      " of such groups", if (!is.null(x$settings$margin)) paste0(", less by more than ", x$settings$margin, " in ",
        percent_text(at("prob_margin")$estimate)), " (not a probability of benefit)"), "",
    "Mean excess at each visit, weeks since treatment:",
    paste0(vapply(seq_len(nrow(visits)), \(i) line(paste0("  ", show(visits$time[i])), visits[i, ]), ""),
      visit_patients_words(visits$time, since)), "",
    "Each patient at the last visit:",
    vapply(seq_len(nrow(patients)), \(i) {
      paste0(line(paste0("  ", patients$subject[i]), patients[i, ]), ", percentile ", percent_text(u$estimate[i]))
    }, ""), "", format_tests(x, digits)
  )))
  invisible(x)
}

#' @export
summary.excess_curve <- function(object, ...) object$terms

# Mean excess at the last visit: its value, its SD, and the variance that the patients do not share.
curve_mean <- function(x) mean_of_model(x$model)

mean_of_model <- function(model) {
  a <- mean_weights(model)
  list(mean = sum(a * model$e), sd = linear_sd(model, a), own = sum(a * (model$v %*% a)), off = model$off)
}

mean_weights <- function(model) replace(numeric(length(model$e)), model$last, 1 / length(model$last))
