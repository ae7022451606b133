# What an answer about repeated scores rests on, in patients of the curve's SD of the gain at the last visit. Everything
# is normal, so that the three definitions of an effective sample size are one.

#' @rdname prior_check
#' @export
prior_check.excess_curve <- function(excess, effect = NULL, ...) {
  check_no_more(names(formals(prior_check.excess_curve)), ...)
  call <- rlang::current_env()
  sd <- gain_sd(excess)
  effect <- check_effect(effect, sd, call)
  parts <- curve_excess_parts(excess)
  row <- curve_mean(excess)
  worth <- course_worth(row, sd)
  terms <- rbind(course_sizes(worth), course_ledger(parts, worth, sd, effect), course_surprise(row),
    effect_benefit(effect))
  structure(list(terms = terms, excess = excess, effect = effect), class = "prior_check")
}

# SD^2 over the variance that the patients share. What is left of a difference of variances by rounding is none.
course_worth <- function(row, sd) {
  shared <- row$sd^2 - row$own
  if (shared <= 1e-12 * row$own) {
    return(list(value = NA_real_, error = NA_real_, note = "the natural course is taken as known"))
  }
  value <- sd^2 / shared
  # SDs are known to 1e-8 of themselves, and the difference loses what the two variances have in common.
  list(value = value, error = 4e-8 * value * (row$sd^2 + row$own) / shared, note = "")
}

course_sizes <- function(worth) {
  rows <- lapply(ess_methods, \(method) checked_row(paste0("ess_", method), worth$value, worth$error,
    note = worth$note))
  do.call(rbind, rows)
}

# One source: the spread between populations that was added to it is part of what makes it worth less.
course_ledger <- function(parts, worth, sd, effect) {
  natural <- parts$natural
  n <- curve_patients(natural)
  note <- if (is.na(worth$value)) worth$note else if (is.na(n)) "" else paste(n, "patients")
  rbind(checked_row("ledger_treated", length(parts$courses), num.kind = "exact"),
    checked_row("ledger_source", worth$value, worth$error, natural_label(natural), note),
    checked_row("ledger_prior_effect", sd^2 * prior_precision(effect), 4e-8 * sd^2 * prior_precision(effect),
      format(effect), "in treated patients, on the mean excess"))
}

# The density of a normal mean is lower outside the interval that ends at the observed one: both tails.
course_surprise <- function(row) {
  z <- abs(row$mean) / row$sd
  value <- 2 * stats::pnorm(z, lower.tail = FALSE)
  error <- 2 * stats::dnorm(z) * linear_error(row$mean, row$sd, row$off) / row$sd + 4 * .Machine$double.eps
  surprise_check(value, error)
}
