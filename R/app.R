# The interactive page of inst/app: from what is entered to an answer, and the answer in words. What is drawn on the
# page is in app-page.R and app-map.R.

#' Interactive page
#'
#' Opens a page in the browser on which responders, patients and the natural evidence are entered, and the
#' answer moves with them: the chance that nature alone gives as many or more responders, the responders expected by
#' nature, the excess with its picture, the complete decision table, and the tipping map. The page calls
#' [trial_arm()], [natural_rate()], [excess()], [decision_table()] and [tipping_map()] and computes nothing of its
#' own. It opens with the four-patient trial [keio_ips] as published.
#'
#' What differs between the patients and the evidence is accepted by the page in the user's name, so
#' that every combination can be looked at, and is listed beside the answer: an answer for a reviewer is made by
#' [excess()], where each difference is accepted by name (see [matching]). An entry that makes no sense is told in
#' words in place of the answer. Nothing is stored, and nothing leaves the computer: the page is
#' served to this computer alone.
#'
#' @param port (whole number, or `NULL`) the port on which the page is served; `NULL` for any that is free.
#' @param launch.browser (flag) open the page in a browser.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return Nothing, invisibly, once the page is stopped (by the escape key or Ctrl-C).
#' @section Conditions: `cordgain_no_shiny` where shiny is not installed; `cordgain_invalid_input` for
#'   a port that is none.
#' @seealso [excess()], [excess_by_reference()], [tipping_map()], [report()]
#' @examples
#' if (interactive()) run_cordgain()
#' @export
run_cordgain <- function(port = NULL, launch.browser = interactive(), ...) {
  check_no_more(names(formals(run_cordgain)), ...)
  if (!is.null(port)) port <- check_port(port)
  launch.browser <- check_flag(launch.browser)
  check_app_packages()
  shiny::runApp(system.file("app", package = "cordgain"), port = port, launch.browser = launch.browser,
    host = "127.0.0.1")
  invisible()
}

check_port <- function(port, call = rlang::caller_env()) {
  todo <- "Leave it out for any port that is free."
  check_whole(check_number(port, min = 1, max = 65535, todo = todo, call = call), "port", todo = todo, call = call)
}

check_app_packages <- function(has = rlang::is_installed, call = rlang::caller_env()) {
  if (!has("shiny")) {
    abort_cordgain(c("The page needs the package {.pkg shiny}, which is not installed.",
      i = "Install it, or ask {.fn excess} directly: that does without."
    ), "cordgain_no_shiny", call = call)
  }
}

# What is entered --------------------------------------------------------------------

# The page opens with the four-patient trial as published. Beta prior: Jeffreys' after 51 of 348, the reference set
# examined in that trial's days.
app_start <- list(
  responders = 2, n = 4, endpoint = "ais_c", looks = 3, level = "", day_from = 14, day_to = 28, week = 54,
  year_from = 2021, year_to = 2023, evidence = "reference",
  reference = "Reference set, exams reaching the trial's days",
  sources = c("van Middendorp 2009, above T11", "Kirshblum 2016, all"), rate = 0.134, beta_a = 51.5, beta_b = 297.5,
  tau_kind = "half_normal", tau_scale = 1, bias_odds = 1, bias_sd = 0
)

# What each entry is called, on the page and in errors alike.
app_labels <- c(
  responders = "Responders", n = "Patients treated (n)", endpoint = "Who counts as a responder",
  looks = "Definitions of a responder that were examined", level = "Level of injury",
  day_from = "First exam, earliest day after injury", day_to = "First exam, latest day after injury",
  week = "Last exam, weeks after injury", year_from = "Injured from (year)", year_to = "Injured until (year)",
  evidence = "What is known of natural recovery", reference = "Published reference",
  sources = "Published counts to combine", rate = "Natural rate, between 0 and 1",
  beta_a = "Recovered: first number of the beta prior", beta_b = "Not recovered: second number of the beta prior",
  tau_kind = "How far populations may differ (tau): prior", tau_scale = "Scale of that prior, on log odds",
  bias_odds = "Bias: natural odds in this trial, as a multiple of the evidence's",
  bias_sd = "How uncertain that bias is: SD on log odds (0: known)"
)

app_evidence <- c("One published reference" = "reference", "Several published counts together" = "sources",
  "A number, taken as known" = "rate", "A beta prior" = "beta")

app_taus <- c("half-normal" = "half_normal", "half-t, 3 degrees of freedom" = "half_t", "a known value" = "fixed")

app_levels <- c("not known" = "", "cervical", "T1-T9", "T10-T12", "thoracic")

app_endpoints <- stats::setNames(nm = c("ais_c", "ais_any", "motor_level_1", "motor_level_2"))

# The smallest and the largest number of each box: within them every answer comes in seconds, and a change of a trial
# of the most patients in a third of one.
app_limits <- list(
  responders = c(0, 100), n = c(1, 100), looks = c(1, 100), day_from = c(0, 36500), day_to = c(0, 36500),
  week = c(0, 5200), year_from = c(1900, 2200), year_to = c(1900, 2200), rate = c(0.001, 0.999), beta_a = c(0.001, 1e4),
  beta_b = c(0.001, 1e4), tau_scale = c(0, 10), bias_odds = c(0.001, 1000), bias_sd = c(0, 5)
)

app_whole <- c("responders", "n", "looks", "year_from", "year_to")

# A narrower prior than this is a known tau.
app_narrowest_tau <- 0.001

# A number box that is empty holds NA, which is an answer only where "not known" is one.
app_number <- function(entries, name, min = app_limits[[name]][1], max = app_limits[[name]][2], unknown = FALSE,
                       call = rlang::caller_env()) {
  label <- app_labels[[name]]
  whole <- name %in% app_whole
  x <- entries[[name]]
  if (length(x) != 1L || is.na(x)) {
    if (unknown) return(NA_real_)
    abort_input(c("{label}: this box is empty or holds no number.", i = "Enter a number."), call = call)
  }
  inside <- is.numeric(x) && is.finite(x) && x >= min && x <= max
  if (!inside || (whole && x != round(x))) {
    abort_input(c("{label}: {app_plain(x)} cannot be.", i = "{app_range_words(min, max, whole)}"), call = call)
  }
  x
}

app_range_words <- function(min, max, whole) {
  paste0("Enter a ", if (whole) "whole ", "number from ", app_plain(min), " to ", app_plain(max), ".")
}

# A number as a person writes it, without powers of ten as far as it can be read without them.
app_plain <- function(x) {
  if (!is.numeric(x)) return(as.character(x))
  true_minus(vapply(x, \(v) format(v, digits = 15, scientific = abs(v) >= 1e15 || (v != 0 && abs(v) < 1e-9)), ""))
}

app_window <- function(entries, names) {
  window <- c(app_number(entries, names[1], unknown = TRUE), app_number(entries, names[2], unknown = TRUE))
  if (isTRUE(window[1] > window[2])) {
    told <- app_plain(window)
    abort_input("{app_labels[names[1]]}: {told[1]} is later than {tolower(app_labels[names[2]])}, {told[2]}.")
  }
  window
}

app_arm <- function(entries) {
  looks <- app_number(entries, "looks")
  trial_arm(
    responders = app_number(entries, "responders"), n = app_number(entries, "n"), endpoint = entries$endpoint,
    level = if (nzchar(entries$level)) entries$level else NA_character_, baseline_grade = "A",
    baseline_days = app_window(entries, c("day_from", "day_to")),
    followup_weeks = app_number(entries, "week", unknown = TRUE),
    years = app_window(entries, c("year_from", "year_to")), declared = looks == 1, looks = looks
  )
}

# Natural evidence -------------------------------------------------------------------

# Every reference that excess_by_reference() would show for the arm, by name: a table of sources, or a rate alone.
# Where several counts fit a printed percentage, the fewest and the most are a reference each.
app_references <- function(arm) {
  rows <- usable_references(cordgain::natural_ais, match_terms(arm), rlang::current_env())
  single <- lapply(seq_len(nrow(rows)), \(i) app_reference(rows[i, , drop = FALSE]))
  c(reference_set_rows(rows, arm), do.call(c, single))
}

app_reference <- function(row) {
  label <- reference_label(row)
  if (has_count_set(row)) {
    counts <- unique(c(row$events_min, row$events_max))
    tables <- lapply(counts, \(events) replace(row, "events", events))
    return(stats::setNames(tables, paste0(label, if (length(counts) > 1L) c(" (fewest)", " (most)"))))
  }
  stats::setNames(list(if (anyNA(c(row$events, row$n))) app_rate_alone(row) else row), label)
}

# A rate without its number of patients, with what it is about.
app_rate_alone <- function(row) {
  window <- \(from, to) if (anyNA(c(from, to))) NULL else c(from, to)
  about <- list(
    endpoint = row$endpoint, baseline_grade = row$baseline_grade, level = row$level,
    baseline_days = window(row$baseline_from_day, row$baseline_to_day), followup_weeks = row$followup_weeks,
    years = window(row$years_from, row$years_to)
  )
  list(rate = row$rate, match = Filter(\(x) !is.null(x) && !anyNA(x), about))
}

# Choices of the page: the name, with the counts or the rate beside it.
app_choices <- function(references) {
  words <- vapply(references, \(reference) {
    if (is.data.frame(reference)) paste(reference$events, "of", reference$n, collapse = " + ")
    else paste0(format(100 * reference$rate), " %, no uncertainty")
  }, "")
  names <- as.character(names(references))
  stats::setNames(names, paste0(names, " (", words, ")", recycle0 = TRUE))
}

# Those that can be combined: one study each, with counts.
app_countable <- function(references) {
  Filter(\(reference) is.data.frame(reference) && nrow(reference) == 1L && !anyNA(reference$events), references)
}

app_tau <- function(entries) {
  scale <- app_number(entries, "tau_scale", min = if (entries$tau_kind == "fixed") 0 else app_narrowest_tau)
  switch(entries$tau_kind, half_normal = prior_half_normal(scale), half_t = prior_half_t(3, scale),
    fixed = prior_fixed(scale))
}

app_bias <- function(entries) {
  odds <- app_number(entries, "bias_odds")
  sd <- app_number(entries, "bias_sd")
  if (sd > 0) return(prior_normal(log(odds), sd))
  if (odds != 1) prior_fixed(log(odds))
}

app_natural <- function(entries, arm) {
  bias <- app_bias(entries)
  switch(entries$evidence,
    rate = natural_rate(app_number(entries, "rate"), bias = bias),
    beta = natural_rate(prior_beta(app_number(entries, "beta_a"), app_number(entries, "beta_b")), bias = bias),
    app_published(entries, app_references(arm), bias)
  )
}

app_published <- function(entries, references, bias, call = rlang::caller_env()) {
  chosen <- references[intersect(entries[[entries$evidence]], names(references))]
  if (length(chosen) == 0L) {
    abort_input(c("{app_labels[[entries$evidence]]}: none is chosen that counts these responders.",
      i = "Choose one, or a number or a beta prior as evidence."), call = call)
  }
  if (!is.data.frame(chosen[[1]])) {
    return(natural_rate(chosen[[1]]$rate, bias = bias, match = chosen[[1]]$match))
  }
  natural_rate(do.call(rbind, unname(chosen)), tau = app_tau(entries), bias = bias)
}

# The answer -------------------------------------------------------------------------

# Every difference is accepted, because the page lists them beside the answer.
app_excess <- function(entries) {
  arm <- app_arm(entries)
  excess(arm, app_natural(entries, arm), accept = setdiff(matching_names, "covariance"))
}

# The value, or the error as a value: the page shows it in place of the answer.
app_try <- function(expr) tryCatch(expr, error = identity)

# An error in plain words, one string for each of its parts, without marks, colours and code. What only those understand
# who know the computation stands last.
app_error_words <- function(error) {
  parts <- if (inherits(error, "cordgain_numerical_error")) {
    c("No number that can be relied on comes from these entries.", paste("Change the last of them, or one that is far",
      "from where the page began: a prior that is very narrow or very wide, a bias, a natural rate near 0 or 1."),
      paste("The computation said:", error$message), error$body)
  } else if (inherits(error, "cordgain_error")) {
    c(error$message, error$body)
  } else {
    c("This could not be computed.", paste("The computation said:", conditionMessage(error)))
  }
  trimws(gsub("[[:space:]]+", " ", gsub("`", "", cli::ansi_strip(unname(parts)), fixed = TRUE)))
}

# Observation and natural expectation in one sentence, the difference with them.
app_sentence <- function(x) {
  counts <- arm_counts(excess_arm(x))
  terms <- tidy(x)
  at <- \(term) terms[terms$term == term, ]
  gain <- at("excess_responders")
  paste0(finding_sentence(counts$min, counts$n, at("natural_tail")$estimate, at("natural_responders")$estimate),
    "; the excess, observed minus natural, is ", app_excess_text(gain$estimate), " responders (",
    100 * excess_level(x), " % interval ", count_text(gain$conf.low), " to ", count_text(gain$conf.high), ").")
}

# A difference of numbers that agree to rounding is none.
app_excess_text <- function(x) count_text(round(x, 9))

# The three numbers of the sentence, each with its meaning.
app_numbers <- function(x) {
  terms <- tidy(x)
  rows <- terms[match(c("natural_tail", "natural_responders", "excess_responders"), terms$term), ]
  n <- arm_counts(excess_arm(x))$n
  data.frame(
    term = rows$term, meaning = c("Chance that nature alone gives as many or more (natural tail)",
      paste("Responders expected by nature alone, of", n),
      paste0("Excess: responders observed minus natural (", 100 * excess_level(x), " % interval)")),
    value = c(percent_text(rows$estimate[1]), count_text(rows$estimate[2]),
      paste0(app_excess_text(rows$estimate[3]), " (", count_text(rows$conf.low[3]), " to ",
        count_text(rows$conf.high[3]), ")"))
  )
}

# What stands under the numbers: evidence, differences, declaration, numerical error.
app_notes <- function(x) {
  terms <- tidy(x)
  error <- max(terms$num.error / pmax(1, abs(terms$estimate)), na.rm = TRUE)
  c(paste0("Natural recovery: ", natural_label(excess_natural(x)), "."), format_declaration(x),
    paste0("Numerical error of these numbers (not their uncertainty): ", app_error_text(error), "."))
}

# Errors below a millionth are all alike to a reader.
app_error_text <- function(error) {
  if (error < 1e-6) "less than 0.000001" else paste("at most", format(signif(error, 1), scientific = FALSE))
}

# The decision table as text, with the observed row marked.
app_table <- function(x) {
  rows <- decision_table(x)
  data.frame(
    Responders = paste0(rows$responders, ifelse(rows$responders %in% attr(rows, "observed"), " (observed)", "")),
    "Chance by nature alone of as many or more" = percent_text(rows$natural_tail),
    "Excess responders" = app_excess_text(rows$excess_responders),
    "Probability of benefit" = percent_text(rows$prob_benefit),
    "The same, half of the prior on no effect" = percent_text(rows$prob_benefit_half_null),
    check.names = FALSE
  )
}

app_table_words <- paste("Probability of benefit: that the treatment raises the odds at all, starting from a",
  "sceptical prior centred on no effect (normal, SD 1 on log odds), under which it is 50 % before any outcome is seen.")

# Words as parts of the page -----------------------------------------------------------

app_escaped <- function(text) gsub(">", "&gt;", gsub("<", "&lt;", text, fixed = TRUE), fixed = TRUE)

# No line ends between a number and its per cent sign.
app_unbroken <- function(text) gsub(" %", "\u00a0%", text, fixed = TRUE)

# The words of a picture stand below it as text of the page, which breaks its own lines at every width.
app_picture_words <- function(words) {
  words <- sub("([^.:])$", "\\1.", gsub("\n", " ", words, fixed = TRUE))
  paste(words, collapse = " ")
}
