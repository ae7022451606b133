# What an answer about scores rests on: patients of the registry's SD, sources, priors.

#' @rdname prior_check
#' @param effect for scores: prior of the mean excess in points, [prior_normal()] or a mixture; `NULL` is centred on no
#'   excess with the SD between patients, worth one patient.
#' @export
prior_check.excess_score <- function(excess, effect = NULL, ...) {
  check_no_more(names(formals(prior_check.excess_score)), ...)
  call <- rlang::current_env()
  one_group(excess, call)
  natural <- score_excess_natural(excess)
  effect <- check_effect(effect, change_sd(natural), call)
  terms <- rbind(change_sizes(natural, call), change_ledger(excess, natural, effect, call),
    mean_surprise(excess, natural, call), effect_benefit(effect))
  structure(list(terms = terms, excess = excess, effect = effect), class = "prior_check")
}

change_sizes <- function(natural, call) {
  rows <- lapply(ess_methods, \(method) {
    e <- change_ess(natural, method, call = call)
    checked_row(paste0("ess_", method), e$value, if (is.na(e$value)) NA_real_ else e$error,
      note = if (is.na(e$value)) e$reason else "")
  })
  do.call(rbind, rows)
}

# The moment size divided over sources and the prior of mu by their information on the mean of all populations,
# 1 / (se_k^2 + E(tau)^2); the prior of the excess in patients of the natural SD.
change_ledger <- function(excess, natural, effect, call) {
  n <- length(change_scores(score_excess_change(excess)))
  e <- change_ess(natural, "moment", call = call)
  evidence <- if (change_kind(natural) == "meta" && !is.na(e$value)) {
    change_shares(natural, e)
  } else {
    checked_row("ledger_source", e$value, if (is.na(e$value)) NA_real_ else e$error, natural_label(natural),
      if (is.na(e$value)) e$reason else "")
  }
  rbind(checked_row("ledger_treated", n, num.kind = "exact"), evidence,
    checked_row("ledger_prior_effect", change_sd(natural)^2 * prior_precision(effect), 0, format(effect),
      "in treated patients, on the mean excess", "exact"))
}

change_shares <- function(natural, e) {
  sources <- natural_sources(natural)
  parameters <- tidy(natural)
  tau <- parameters[parameters$term == "tau", ]
  middle <- if (is.na(tau$estimate)) sqrt(tau$conf.low * tau$conf.high) else tau$estimate
  at <- \(tau) {
    weight <- c(1 / (sources$se^2 + tau^2), prior_precision(change_mu_prior(natural)))
    if (any(is.infinite(weight))) weight <- as.numeric(is.infinite(weight))
    e$value * weight / sum(weight)
  }
  equivalents <- at(middle)
  error <- abs(at(middle + max(tau$num.error, 0, na.rm = TRUE)) - equivalents) + equivalents * e$error / e$value
  last <- length(equivalents)
  patients <- ifelse(is.na(sources$n), "", paste(sources$n, "patients"))
  mu <- change_mu_prior(natural)
  rbind(
    do.call(rbind, lapply(seq_len(nrow(sources)), \(k) {
      checked_row("ledger_source", equivalents[k], error[k], sources$source[k], patients[k])
    })),
    if (prior_kind(mu) != "flat") checked_row("ledger_prior_mean", equivalents[last], error[last], format(mu))
  )
}

# P(m(Y) <= m(y)) of the patients' natural mean: a sum for whole points; for a density the ends of the set on which it
# is lower than at the observed mean are found, and the distribution function taken there.
mean_surprise <- function(excess, natural, call) {
  x <- score_excess_change(excess)
  observed <- mean(change_scores(x))
  means <- natural_means_of(natural, change_room(x))
  found <- lapply(means, \(m) if (is.null(m$mass)) density_surprise(m, observed) else mass_surprise(m, observed))
  both <- two_routes(found$fine, found$coarse, "The surprise", call)
  surprise_check(both$value, both$error)
}

surprise_check <- function(value, error) {
  checked_row("surprise", value, error, note = paste("surprise under no effect: in a single arm this is",
    "what an effect looks like, and no reason to weaken the evidence"))
}

# Values as probable as the observed one to rounding belong to those no more probable.
mass_surprise <- function(m, observed) {
  at <- which.min(abs(m$values - observed))
  sum(m$mass[m$mass <= m$mass[at] * (1 + 1e-9)])
}

density_surprise <- function(m, observed) {
  height <- \(x) vapply(x, \(one) sum(m$weight * stats::dnorm(one, m$mean, m$sd)), 0)
  s <- core_mixture_summary(m, c(1e-9, 1 - 1e-9))
  ends <- range(s$quantile, observed + c(-1, 1) * min(m$sd))
  level <- height(observed)
  grid <- sort(c(observed, seq(ends[1], ends[2], length.out = 801)))
  above <- height(grid) > level * (1 + 1e-12)
  if (!any(above)) {
    return(1)
  }
  crossing <- which(diff(above) != 0)
  cuts <- vapply(crossing, \(i) {
    if (grid[i] == observed || grid[i + 1] == observed) {
      return(observed)
    }
    stats::uniroot(\(x) height(x) - level, grid[i + 0:1], tol = 1e-13)$root
  }, 0)
  cdf <- mixture_cdf_at(m, cuts)
  1 - sum(cdf * ifelse(above[crossing + 1L], -1, 1))
}

mixture_cdf_at <- function(m, x) vapply(x, \(one) core_mixture_cdf(m, one), 0)

effect_benefit <- function(effect) {
  rbind(
    checked_row("prior_benefit", effect_benefit_share(effect), 4 * .Machine$double.eps, format(effect),
      "the prior of the mean excess"),
    checked_row("prior_benefit_flat", NA_real_, NA_real_, "flat",
      "a flat prior of the treated mean has no probability of benefit: what follows from it is prob_excess")
  )
}
