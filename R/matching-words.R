# What a difference does to an answer, and what to do about it, in words: of rates of responders, and of scores, for
# which there is no landmark(), drift(), natural_strata() or update().

# @param terms (list) from match_terms(); `scores` is TRUE where they are of scores.
words_of_difference <- function(terms) if (isTRUE(terms$scores)) words_of_scores else words_of_rates

no_direction <- "no direction is known"
too_low_text <- "natural rate too low, so the excess comes out too large"
too_high_text <- "natural rate too high, so the excess comes out too small"

words_of_rates <- list(
  endpoint_effect = "the two count different events: no direction is known",
  endpoint = "choose sources with the trial's endpoint, or update(arm, endpoint = ...)",
  grade_effect = "recovery differs several-fold between grades: no direction is known",
  level = "choose a source of that level, or give bounds over levels with natural_strata()",
  # A point answer over unknown levels is an average that nobody chose; bounds need no such choice.
  unknown_level = paste("give a rate as natural_strata() for bounds over the levels;",
    "a point answer only with accept = \"level\""),
  baseline = "choose a source examined at the trial's time",
  landmark = ", or correct with landmark()",
  years = "choose a source of the trial's years, or carry it there with drift()",
  twice = "patients may be counted twice: the natural rate looks better known than it is"
)

words_of_scores <- list(
  endpoint_effect = "points of two scales are not the same points: no direction is known",
  endpoint = "choose sources of the trial's scale; where they are and do not say so, name it as their `scale`",
  grade_effect = "recovery differs between grades: no direction is known",
  level = "choose a source of that level",
  unknown_level = paste("say the patients' level, `match = list(level = )`;",
    "without it a source stands for them only with accept = \"level\""),
  baseline = "choose a source examined at the trial's time",
  landmark = "",
  years = "choose a source of the trial's years",
  twice = "patients may be counted twice: the natural mean looks better known than it is"
)

# Examined earlier or later than the trial's patients. Of a rate who has not yet recovered matters; the mean change of a
# score is larger the earlier it is counted from, and may be a loss.
# @param means of change, gains positive; NULL for rates
baseline_direction <- function(earlier, means = NULL) {
  if (is.null(means)) {
    return(ifelse(earlier, paste0("examined earlier, when some had not yet recovered: ", too_high_text),
      paste0("examined later, when early recovery is over: ", too_low_text)))
  }
  mean_direction(ifelse(earlier, "examined earlier: ", "examined later: "), !earlier, means)
}

# Of a rate more time is more recovery; of a score more of its mean change, which may be a loss.
followup_direction <- function(shorter, means = NULL) {
  time <- ifelse(shorter, "followed for less time: ", "followed for more time: ")
  if (is.null(means)) {
    return(paste0(time, ifelse(shorter, too_low_text, too_high_text)))
  }
  mean_direction(time, shorter, means)
}

# @param less (logical) whether the sources' change covers less time than the trial's
mean_direction <- function(how, less, means) {
  low <- less == (means > 0)
  ifelse(is.na(means) | means == 0, no_direction,
    paste0(how, sub("natural rate", "natural mean change", ifelse(low, too_low_text, too_high_text))))
}

# Rates that rose are those of conversions of grade; of means of scores no trend is known.
years_direction <- function(earlier, scores) {
  if (scores) {
    return(rep(no_direction, length(earlier)))
  }
  ifelse(earlier, paste0("injured earlier; if rates rose as in SCIMS (not in EMSCI), ", too_low_text),
    paste0("injured later; if rates rose as in SCIMS (not in EMSCI), ", too_high_text))
}
