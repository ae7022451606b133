# What an answer rests on: patients, sources and priors, each in the same currency.

#' What does an answer rest on?
#'
#' Four questions about the priors and the evidence behind an [excess()]:
#'
#' * **How much are they worth?** Effective sample sizes of the natural rate by three definitions (`ess_moment`,
#'   `ess_elir`, `ess_morita`; see [ess()]).
#' * **What does the answer rest on?** A ledger: treated patients, patient-equivalents from each source and from the
#'   prior of its mean, and from the prior of the treatment effect. The moment size of the natural rate is divided in
#'   proportion to the weights of the sources for the mean log odds,
#'   \eqn{w_k = 1 / (1 / (n_k \bar p (1 - \bar p)) + \bar\tau^2)}, and the precision of the prior of the mean. The prior
#'   \eqn{N(m, s^2)} of the effect is worth \eqn{1 / (s^2 \bar p (1 - \bar p))} treated patients.
#' * **Do outcomes and evidence disagree?** `surprise`: \eqn{P(m(Y) \le m(y))}, the probability under no effect of a
#'   count no more probable than the observed one. In a single arm such a conflict *is* what an effect looks like: it is
#'   surprise under no effect, never a reason to weaken the evidence.
#' * **What did the prior say before anybody was treated?** `prior_benefit`: the probability that the treated rate
#'   exceeds the natural one, implied by the prior of the effect and by the customary priors of a rate taken alone,
#'   `prior_benefit_jeffreys` and `prior_benefit_uniform`. The last two say "benefit" before the first patient.
#'
#' For scores all of this is on the mean scale, in patients of the registry's SD: a natural mean with distribution
#' \eqn{\pi} is worth \eqn{sd^2 / Var} (moment), \eqn{sd^2 E[-(\log \pi)'']} (ELIR) and \eqn{sd^2} times the
#' information at the mode (Morita) patients; sources share it by \eqn{1 / (se_k^2 + \bar\tau^2)}, and the prior
#' \eqn{N(m, s^2)} of the mean excess is worth \eqn{sd^2 / s^2} treated patients. The SD between patients is taken from
#' the registry as it is; its own uncertainty is not part of the model.
#'
#' For repeated scores ([recovery_data()]) the same holds of the gain at the last visit. The natural course is normal,
#' so that the three sizes are one: the variance between patients over that of the mean which they share (sampling error
#' of the curve and spread between populations).
#'
#' @param excess an [excess()] of responders with one natural rate and a known number of responders, of a
#'   [score_change()] with known final scores, or of a course ([recovery_data()]).
#' @param ... not used.
#' @return A `prior_check`; `tidy()` has the terms above, the ledger as rows `ledger_treated`, `ledger_source` (one
#'   for each, named in `group`), `ledger_prior_mean`, `ledger_prior_effect` (patients). A size that is not defined is
#'   `NA`, with the reason in `note`.
#' @section Conditions: `cordgain_invalid_input` where outcomes or levels are open.
#' @references
#' Box (1980), JRSS A 143:383-430; Evans and Moshonov (2006), Bayesian Analysis 1:893-914, \doi{10.1214/06-BA129}.
#' Neuenschwander and others (2020), Biometrics 76:578-587, \doi{10.1111/biom.13252}.
#' @seealso [ess()], [sensitivity()]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' all <- c("level", "baseline", "followup", "years")
#' prior_check(excess(keio_ips, natural_rate(late), accept = all))
#' # simulated patients: prior beside posterior of the mean excess
#' changes <- score_change(c(12, 18, 9, 15), c(36, 31, 11, 15), "uems")
#' every <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")
#' natural <- natural_change(prior_normal(7.8, 1), sd = 6.5)
#' check <- prior_check(excess(changes, natural, accept = every))
#' if (requireNamespace("ggplot2", quietly = TRUE)) plot(check, type = "effect")
#' @export
prior_check <- function(excess, ...) UseMethod("prior_check")

#' @export
prior_check.default <- function(excess, ...) {
  check_excess_given(rlang::maybe_missing(excess))
}

#' @rdname prior_check
#' @export
prior_check.excess_responders <- function(excess, ...) {
  check_no_more(names(formals(prior_check.excess_responders)), ...)
  call <- rlang::current_env()
  scenario <- one_scenario(excess, call)
  natural <- excess_natural(excess)
  terms <- rbind(size_rows(natural, call), ledger_rows(excess, natural, scenario, call),
    surprise_row(scenario, call), benefit_rows(excess, scenario, call))
  structure(list(terms = terms, excess = excess), class = "prior_check")
}

checked_row <- function(term, value, error = 0, group = NA_character_, note = "", num.kind = "estimate") {
  cbind(group = group, term_row(term, value, error = error, num.kind = num.kind), note = note)
}

# A rate given as a number is worth no number of patients; what a definition cannot give is NA with its reason.
size_rows <- function(natural, call) {
  rows <- lapply(ess_methods, \(method) {
    e <- tryCatch(rate_ess(natural, method, call), cordgain_error = \(e) list(value = NA_real_, error = NA_real_,
      reason = error_header(e)))
    checked_row(paste0("ess_", method), e$value, e$error, note = if (is.na(e$value)) e$reason else "")
  })
  do.call(rbind, rows)
}

# The ledger ---------------------------------------------------------------------------

ledger_rows <- function(excess, natural, scenario, call) {
  terms <- tidy(excess)
  rate <- terms$estimate[terms$term == "natural_responders"] / scenario$n
  rate_error <- terms$num.error[terms$term == "natural_responders"] / scenario$n
  treated <- checked_row("ledger_treated", scenario$n, num.kind = "exact")
  evidence <- if (rate_kind(natural) == "meta") ledger_sources(natural, rate, call) else whole_rows(natural, call)
  rbind(treated, evidence, effect_row(excess_effect(excess), rate, rate_error))
}

whole_rows <- function(natural, call) {
  e <- tryCatch(rate_ess(natural, "moment", call), cordgain_error = \(e) list(value = NA_real_, error = NA_real_))
  note <- if (is.na(e$value)) "taken as known: as if from infinitely many patients" else ""
  checked_row("ledger_source", e$value, e$error, natural_label(natural), note)
}

# Shares of the mean log odds: information of each source at the mean rate and mean heterogeneity, and of the prior.
ledger_sources <- function(natural, rate, call) {
  sources <- natural_sources(natural)
  parameters <- tidy(natural)
  tau <- parameters[parameters$term == "tau", ]
  e <- rate_ess(natural, "moment", call)
  at <- \(tau) {
    weight <- c(1 / (1 / (sources$n * rate * (1 - rate)) + tau^2), prior_precision(rate_settings(natural)$mu))
    e$value * weight / sum(weight)
  }
  equivalents <- at(tau$estimate)
  moved <- if (is.na(tau$num.error)) 0 else abs(at(tau$estimate + tau$num.error) - equivalents)
  error <- moved + equivalents * e$error / e$value
  last <- length(equivalents)
  rbind(
    do.call(rbind, lapply(seq_len(nrow(sources)), \(k) checked_row("ledger_source", equivalents[k], error[k],
      sources$source[k], paste0(sources$n[k], " patients")))),
    checked_row("ledger_prior_mean", equivalents[last], error[last], format(rate_settings(natural)$mu))
  )
}

# 1 / variance; a t prior has that of its normal core, a flat one none.
prior_precision <- function(prior) {
  rows <- prior_components(prior)
  kind <- prior_base_kind(prior)
  if (kind == "flat") return(0)
  if (kind == "fixed") return(Inf)
  1 / sum(rows[, "weight"] * (rows[, "b"]^2 + (rows[, "a"] - sum(rows[, "weight"] * rows[, "a"]))^2))
}

effect_row <- function(effect, rate, rate_error) {
  worth <- prior_precision(effect) / (rate * (1 - rate))
  error <- worth * rate_error * abs(1 - 2 * rate) / (rate * (1 - rate))
  checked_row("ledger_prior_effect", worth, error, format(effect), "in treated patients, on the effect")
}

# Conflict and prior probabilities ----------------------------------------------------------

# Counts as probable as the observed one to rounding belong to those no more probable.
surprise_row <- function(scenario, call) {
  pmf <- lapply(scenario$rates, \(r) core_natural_responders(r)$pmf)
  both <- two_routes(pmf$fine, pmf$coarse, "The distribution of natural responders", call)
  at <- both$value[scenario$responders + 1]
  rare <- both$value <= at + max(both$error)
  checked_row("surprise", sum(both$value[rare]), sum(both$error), note = paste("surprise under no effect: in a single",
    "arm this is what an effect looks like, and no reason to weaken the evidence"))
}

benefit_rows <- function(excess, scenario, call) {
  alone <- \(a, b) {
    above <- lapply(scenario$rates, \(r) core_rate_difference(r, a, b, 0.5, 0)$above_zero)
    two_routes(above$fine, above$coarse, "The prior probability of benefit", call)
  }
  jeffreys <- alone(0.5, 0.5)
  uniform <- alone(1, 1)
  rows <- prior_components(excess_effect(excess))
  own <- sum(rows[, "weight"] * stats::pnorm(0, rows[, "a"], rows[, "b"], lower.tail = FALSE))
  rbind(
    checked_row("prior_benefit", own, 4 * .Machine$double.eps, format(excess_effect(excess)), "used for prob_benefit"),
    checked_row("prior_benefit_jeffreys", jeffreys$value, jeffreys$error, "beta(0.5, 0.5)", "used for rate_difference"),
    checked_row("prior_benefit_uniform", uniform$value, uniform$error, "beta(1, 1)", "not used")
  )
}

# Methods ------------------------------------------------------------------------------------

#' @export
tidy.prior_check <- function(x, ...) x$terms

#' @export
summary.prior_check <- function(object, ...) object

ess_names <- c(ess_moment = "moment", ess_elir = "ELIR", ess_morita = "Morita")

#' @export
print.prior_check <- function(x, digits = 3, ...) {
  terms <- x$terms
  at <- \(term) signif(terms$estimate[terms$term == term], digits)
  chance <- \(term) probability_text(terms$estimate[terms$term == term], digits)
  sources <- terms[terms$term == "ledger_source", ]
  sizes <- terms[startsWith(terms$term, "ess_"), ]
  equivalents <- ifelse(is.na(sources$estimate), paste0("evidence without an effective size from ", sources$group),
    paste0(signif(sources$estimate, digits), " patient-equivalents from ", sources$group))
  cat(wrap_lines(c(
    paste0("This answer rests on ", at("ledger_treated"), " treated patients, ",
      paste0(equivalents, collapse = ", "),
      if (length(at("ledger_prior_mean"))) paste0(", ", at("ledger_prior_mean"), " from the prior of the mean"),
      "; the prior of the effect is worth ", at("ledger_prior_effect"),
      if (at("ledger_prior_effect") == 1) " treated patient." else " treated patients."),
    paste0("Effective sample size of natural recovery: ", size_words(sizes, digits), "."),
    paste0("Surprise under no effect: ", chance("surprise"), ", the probability of an outcome no more probable than ",
      "this one. In a single arm a small one is what an effect looks like, and no reason to weaken the evidence."),
    paste0("Probability of benefit before the first patient: ", chance("prior_benefit"), " by the prior of the effect",
      if (length(at("prior_benefit_jeffreys"))) paste0("; ", chance("prior_benefit_jeffreys"), " by a Jeffreys and ",
        chance("prior_benefit_uniform"), " by a uniform prior of the treated rate"), ".")
  )), sep = "\n")
  invisible(x)
}

# Sizes by their names; where none is defined, why, once.
size_words <- function(sizes, digits) {
  if (all(is.na(sizes$estimate)) && length(unique(sizes$note)) == 1L) {
    return(paste("not defined:", sizes$note[1]))
  }
  worth <- ifelse(is.na(sizes$estimate), paste("not defined:", sizes$note),
    vapply(signif(sizes$estimate, digits), format, ""))
  paste(ess_names[sizes$term], worth, collapse = "; ")
}

#' @rdname prior_check
#' @param x a `prior_check`.
#' @param type (string) of the picture: `"ledger"`, what the answer rests on; of scores and courses also `"effect"`, the
#'   prior beside the posterior of the mean excess.
#' @export
plot.prior_check <- function(x, type = c("ledger", "effect"), ...) {
  check_picture(names(formals(plot.prior_check)), ...)
  type <- check_option(type, c("ledger", "effect"))
  if (type == "effect" && is.null(x$effect)) {
    abort_input(c("Prior and posterior of the mean excess are of scores.",
      x = "This is a check of responders.",
      i = "Their prior and posterior probability of benefit are in {.fn tidy} of the check and of the excess."))
  }
  if (type == "effect") prior_posterior_plot(x$excess, x$effect, rlang::current_env()) else ledger_plot(x)
}

ledger_plot <- function(x) {
  rows <- x$terms[startsWith(x$terms$term, "ledger_") & is.finite(x$terms$estimate), ]
  rows$label <- ifelse(rows$term == "ledger_treated", "Treated patients", ifelse(rows$term == "ledger_prior_mean",
    paste0("Prior of the mean:\n", rows$group), ifelse(rows$term == "ledger_prior_effect",
      paste0("Prior of the effect:\n", rows$group), rows$group)))
  from <- ifelse(rows$term == "ledger_source" & nzchar(rows$note), paste0("(from ", rows$note, ")"), "")
  between <- ifelse(nchar(rows$label) + nchar(from) > 30, "\n", " ")
  rows$label <- paste0(rows$label, ifelse(nzchar(from), between, ""), from)
  rows$label <- factor(rows$label, rev(rows$label))
  rows$text <- paste0(" ", signif(rows$estimate, 2))
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$estimate, y = .data$label)) +
    ggplot2::geom_col(width = 0.6, fill = plot_ink[["light"]]) +
    ggplot2::geom_text(ggplot2::aes(label = .data$text), hjust = 0, size = 3.2) +
    ggplot2::scale_x_continuous(expand = ggplot2::expansion(mult = c(0, 0.15))) +
    ggplot2::labs(x = "Patients, or patient-equivalents", y = NULL, title = ledger_title(rows)) +
    plot_theme()
}

# What is known of nature, in patients, beside those treated.
ledger_title <- function(rows) {
  size <- \(terms) sum(rows$estimate[rows$term %in% terms])
  nature <- size(c("ledger_source", "ledger_prior_mean"))
  plot_words("The answer rests on ", size("ledger_treated"), " treated patients",
    if (nature > 0) paste0("; what is known of nature counts as ", signif(nature, 2), " more"))
}
