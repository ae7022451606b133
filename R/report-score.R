# What a report shows of changes of a score and of courses of scores: the same parts, in points.

#' @exportS3Method report_parts excess_score
report_parts.excess_score <- function(x, natural) {
  change <- score_excess_change(x)
  terms <- tidy(x)
  level <- paste0(100 * score_excess_settings(x)$conf.level, " %")
  unit <- scale_unit(change_motor_scale(change))
  seen <- paste0("a mean change of ", report_number(mean(change_scores(change))), " ", unit, " in ",
    scale_name(change_motor_scale(change)))
  c(score_parts(x, terms, change, score_excess_natural(x), level, unit), list(
    finding = score_finding(terms, seen, length(change_scores(change)), score_excess_natural(x), level, unit),
    excess = score_excess_words(terms, level, unit), patients = change_table(terms, change, unit),
    patients_words = paste0("Expected: what nature alone gives this patient on average. Excess with its ", level,
      " interval of prediction, because one patient may do better or worse than average by nature too."),
    bands_words = score_bands_words(length(change_scores(change))),
    height = 2 + 0.35 * length(change_scores(change)), has_percentiles = TRUE, has_map = TRUE
  ))
}

#' @exportS3Method report_parts excess_curve
report_parts.excess_curve <- function(x, natural) {
  parts <- curve_excess_parts(x)
  terms <- tidy(x)
  level <- paste0(100 * parts$settings$conf.level, " %")
  unit <- scale_unit(recovery_scale(parts$data))
  gain <- mean(vapply(parts$courses, \(one) one$gain[length(one$gain)], 0))
  seen <- paste0("a mean gain of ", report_number(gain), " ", unit, " in ", scale_name(recovery_scale(parts$data)),
    " from the last exam before treatment to each patient's last visit")
  c(score_parts(x, terms, parts$data, parts$natural, level, unit), list(
    finding = score_finding(terms, seen, length(parts$courses), parts$natural, level, unit, gain),
    excess = score_excess_words(terms, level, unit), patients = course_table(terms, parts$courses, unit),
    patients_words = paste0("At each patient's last visit. Excess with its ", level, " interval of prediction, ",
      "because one patient may do better or worse than average by nature too."),
    height = max(3.8, 1.4 + 1.8 * ceiling(length(parts$courses) / 2)), has_percentiles = FALSE, has_map = FALSE
  ))
}

# A patient may lie above the first picture's interval and below the second one's.
score_bands_words <- function(n) {
  if (n == 1L) return("One patient: the two pictures compare the same.\n")
  paste0("The two pictures ask different questions. The first sets each patient beside any one untreated patient; ",
    "among ", n, " it is less of a surprise that one of them gains so much. The second sets the highest of these ",
    "patients beside the highest of ", n, " untreated ones, the next beside the next, so its bands reach further up ",
    "for the higher ranks: a patient above the interval of the first may lie inside the band of the second. ",
    rank_bands_words(n), "\n")
}

# What changes and courses share.
# @param all tidy(x)
score_parts <- function(x, all, observed, nature, level, unit) {
  group <- all[is.na(all$subject), ]
  time <- group$time
  group$time <- NULL
  terms <- report_terms(group, score_words(unit, score_excess_settings(x)$margin))
  if (!is.null(time)) {
    terms$meaning <- paste0(terms$meaning, ifelse(is.na(time), "", paste0(", ", report_number(time),
      " weeks after treatment")))
  }
  list(
    observed = observed, nature = nature, level = level, has_harms = FALSE,
    no_harms = "Scores say nothing of harms: `safety()` takes their counts.\n",
    sources = report_sources(natural_sources(nature)),
    documents = report_documents(published_rows(nature)), means = report_means(nature),
    means_words = if (is_natural_curve(nature)) paste0("in ", unit),
    accepted = report_accepted(excess_accepted(x)), matching = report_matching(excess_accepted(x)), terms = terms,
    robust = score_robust(x, nature, level, max(all$num.error, na.rm = TRUE)),
    barg = barg_rows("none is given of scores", "none is made here; tipping points show what would change the answer",
      paste("in closed form, nothing drawn: each patient's percentile in what is predicted without treatment,",
        "\"Patient by patient\"")),
    session = report_session(any(score_excess_settings(x)$places != 0.5))
  )
}

# The rows that a curve was fitted to keep what one row for all of them cannot: means, patients, where they were read.
published_rows <- function(nature) {
  rows <- if (is_natural_curve(nature)) curve_parts(nature)$table$rows
  if (is.null(rows)) natural_sources(nature) else rows
}

# Means by visit of a curve from a table; NULL of a fit, and where the table of sources holds them.
report_means <- function(nature) {
  table <- if (is_natural_curve(nature)) curve_parts(nature)$table
  if (is.null(table)) return(NULL)
  rows <- rows_as_published(table)
  shown <- \(column) if (is.null(rows[[column]])) rep("", nrow(rows)) else report_number(rows[[column]])
  means <- data.frame(week = shown("week"), mean = shown("mean"), SE = shown("se"), SD = shown("sd"),
    patients = shown("n"))
  if (table$gains) names(means)[2] <- "mean gain"
  means[vapply(means, \(column) any(nzchar(column)), NA)]
}

# A mean among patients and what nature alone gives them, in one sentence.
# @param gain the observed mean where the terms hold only its excess
score_finding <- function(terms, seen, n, nature, level, unit, gain = NULL) {
  at <- \(term, column = "estimate") terms[[column]][terms$term == term]
  expected <- if (is.null(gain)) at("natural_mean") else gain - at("mean_excess")
  span <- if (is.null(gain)) c(at("natural_mean", "conf.low"), at("natural_mean", "conf.high")) else
    gain - c(at("mean_excess", "conf.high"), at("mean_excess", "conf.low"))
  paste0("**Observed**: ", seen, " among ", n, if (n == 1L) " patient" else " patients", "; **nature alone** (",
    natural_label(nature), ") gives ", report_number(expected), " ", unit, " on average (", level, " interval ",
    report_number(span[1]), " to ", report_number(span[2]), "), and as large a mean or a larger one in ",
    percent_text(1 - at("prob_excess")), " of such groups.")
}

score_excess_words <- function(terms, level, unit) {
  row <- terms[terms$term == "mean_excess", ]
  paste0("**In excess of nature**: ", report_number(row$estimate), " ", unit, " on average among these patients (",
    level, " interval ", report_number(row$conf.low), " to ", report_number(row$conf.high),
    if (row$conf.low < 0) "; a number below 0 says that nature alone would have given more", ").")
}

score_words <- function(unit, margin) {
  list(
    natural_mean = c("mean change that nature alone gives these patients", unit),
    mean_excess = c("observed minus natural mean, among these patients", unit),
    mean_excess_population = c("the same in the population they stand for", unit),
    prob_excess = c("nature alone gives a smaller mean", "probability"),
    prob_margin = c(paste0("the same, smaller by more than the margin, ", format(margin), " ", unit), "probability"),
    percentile_sum = c("without effect: percentiles as high in sum or higher", "probability"),
    fisher = c("without effect: single patients as far up or further (Fisher's sum)", "probability"),
    exceedance = c("without effect: as many above the natural 95th percentile or more", "probability"),
    rank_test = c("without effect: ranks as high among untreated records or higher", "probability"),
    plateau_excess = c("excess that rises to a plateau after treatment: the plateau", unit),
    fitted_excess = c("the same excess", unit), visit_excess = c("mean excess", unit),
    auc_excess = c("mean excess over the whole course", unit)
  )
}

change_table <- function(terms, change, unit) {
  at <- \(term) terms[terms$term == term, ][match(change_subjects(change), terms$subject[terms$term == term]), ]
  excess <- at("patient_excess")
  y <- change_scores(change)
  frame <- data.frame(
    patient = change_subjects(change), grade = or_unknown(rep_len(change_grades(change), length(y))),
    level = or_unknown(rep_len(change_levels(change), length(y))), change = report_number(y),
    "expected by nature" = report_number(y - excess$estimate), excess = report_number(excess$estimate),
    interval = paste(report_number(excess$conf.low), "to", report_number(excess$conf.high)),
    percentile = percent_text(at("patient_percentile")$estimate), check.names = FALSE
  )
  names(frame)[4:6] <- paste0(names(frame)[4:6], ", ", unit)
  frame
}

course_table <- function(terms, courses, unit) {
  last <- \(field) vapply(courses, \(one) one[[field]][length(one[[field]])], 0)
  excess <- terms[terms$term == "patient_excess", ]
  gain <- last("gain")
  frame <- data.frame(
    patient = vapply(courses, `[[`, "", "subject"), "weeks after treatment" = report_number(last("since")),
    "last score before" = report_number(last("baseline")), gain = report_number(gain),
    "expected by nature" = report_number(gain - excess$estimate), excess = report_number(excess$estimate),
    interval = paste(report_number(excess$conf.low), "to", report_number(excess$conf.high)),
    percentile = percent_text(terms$estimate[terms$term == "patient_percentile"]), check.names = FALSE, row.names = NULL
  )
  names(frame)[3:6] <- paste0(names(frame)[3:6], ", ", unit)
  frame
}

# The priors of natural recovery as it prints them; the prior of the effect is that of the tables on priors.
score_robust <- function(x, nature, level, error) {
  own <- grep("^Prior|^Between", format(nature), value = TRUE)
  checked <- tidy(prior_check(x))
  effect <- paste0("effect ", checked$group[checked$term == "ledger_prior_effect"],
    " (for the questions about priors alone)")
  robust_table(
    prior = paste(c(effect, sub("^Prior: ", "", own)), collapse = "; "),
    benefit = checked$estimate[checked$term == "prior_benefit"],
    model = paste("untreated patients independent around the mean of their population, which is as uncertain as the",
      "evidence leaves it and shared by the patients"),
    error = error, level = level
  )
}
