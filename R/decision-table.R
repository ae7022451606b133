# Every outcome that could have been seen: with four patients there are five, and
# a reader should see what each would have been made to say.

#' Complete decision table
#'
#' One row for each number of responders 0, 1, ..., n: what the analysis would have
#' said, fixed before the outcome is known. With few patients this is the whole
#' operating characteristic of the analysis, as exact sums, not a simulation.
#'
#' The natural tail falls with every further responder. The probability of benefit
#' need not rise with it for ever: where the evidence leaves room for very high
#' natural rates, a trial in which nearly all of many patients respond is explained
#' in part by such a rate.
#'
#' @param x a [natural_rate()], or an [excess()] (then `n` and `effect` are its own).
#' @param n (whole number, 1 to 1000) patients.
#' @param effect prior of the treatment effect, as in [excess()].
#' @param ... not used.
#' @return A `decision_table`, a data frame: `responders`; `natural_probability`
#'   \eqn{P(\sum Y_0 = y)}; `natural_tail` \eqn{P(\sum Y_0 \ge y)}; `natural_tail_midp`;
#'   `excess_responders`, mean of \eqn{y - \sum Y_0}; `natural_below_observed`;
#'   `prob_benefit`; `prob_benefit_half_null`; `log_odds_shift` (posterior mean);
#'   `bayes_factor`; `e_value`; `num.error` (largest in the row, of a number above 1
#'   as a share of it). A number that is not known to 1e-6 (of itself, above 1) is `NA`:
#'   that happens to outcomes that hardly can be. `tidy()` gives each number with its own
#'   absolute `num.error`, and the reason of an `NA`.
#' @section Conditions: `cordgain_invalid_input` for arguments of the wrong kind.
#' @seealso [excess()], [natural_rate()]
#' @examples
#' # The smallest count of 20 with a tail of at most 2.5 % at a known rate of 0.193
#' table <- decision_table(natural_rate(0.193), n = 20)
#' subset(table, natural_tail <= 0.025)$responders[1]
#' @export
decision_table <- function(x, n, effect = prior_normal(0, 1), ...) UseMethod("decision_table")

#' @export
decision_table.default <- function(x, n, effect = prior_normal(0, 1), ...) {
  if (missing(x)) abort_input(c("{.arg x} is not given.", i = "Give a {.fn natural_rate} or an {.fn excess}."))
  abort_input(c("{.arg x} must be a natural rate or an excess.", x = "It is {.obj_type_friendly {x}}."))
}

#' @rdname decision_table
#' @export
decision_table.natural_rate <- function(x, n, effect = prior_normal(0, 1), ...) {
  call <- rlang::current_env()
  check_no_more(names(formals(decision_table)), ...)
  if (missing(n)) abort_input(c("{.arg n} is not given.", i = "How many patients does the trial treat?"))
  n <- check_count(n, min = 1, max = 1000)
  check_prior(effect, "normal")
  new_decision_table(outcome_rows(effect_table(patient_rates(x, n, call), effect), n), x)
}

new_decision_table <- function(rows, natural, observed = NULL) {
  structure(rows, class = c("decision_table", "data.frame"), label = natural_label(natural),
    assumptions = natural_assumptions(natural), observed = observed)
}

# Numbers that are not known to their limit are NA. The errors of all stay with the table, for tidy().
# @param table of effect_table(), or the numerical error that it ended with
outcome_rows <- function(table, n) {
  routes <- lapply(known_value(table), outcome_columns, n = n)
  error <- as_table(Map(route_error, routes$fine, routes$coarse))
  value <- as_table(routes$fine)
  unknown <- is.na(error) | error > num_limit(as.matrix(value))
  value[unknown] <- NA_real_
  error[unknown] <- NA_real_
  relative <- as.matrix(error) / pmax(1, abs(as.matrix(value)))
  rows <- as_table(c(list(responders = 0:n), value, list(num.error = apply(relative, 1, max, na.rm = TRUE))))
  structure(rows, errors = error)
}

outcome_columns <- function(table, n) {
  y <- 0:n
  tail <- upper_tails(table$null)
  factor <- table$alternative / table$null
  list(
    natural_probability = table$null, natural_tail = tail, natural_tail_midp = tail - table$null / 2,
    excess_responders = y - sum(y * table$null), natural_below_observed = c(0, cumsum(table$null)[y]),
    prob_benefit = table$benefit, prob_benefit_half_null = half_null(table$benefit, factor),
    log_odds_shift = table$mean, bayes_factor = factor, e_value = 1 / ((n + 1) * table$null)
  )
}

#' @export
print.decision_table <- function(x, digits = 3, ...) {
  shown <- c(
    "responders", "natural_tail", "excess_responders", "prob_benefit", "prob_benefit_half_null", "bayes_factor"
  )
  rows <- as.data.frame(x)
  if (!all(shown %in% names(rows))) {
    print(rows, ...)
    return(invisible(x))
  }
  rows <- rows[shown]
  unknown <- any(vapply(rows, anyNA, NA))
  chances <- c("natural_tail", "prob_benefit", "prob_benefit_half_null")
  rows[-1] <- lapply(shown[-1], \(name) {
    if (name %in% chances) probability_text(rows[[name]], digits) else
      format(signif(rows[[name]], digits), digits = digits)
  })
  names(rows) <- c("responders", "natural tail", "excess", "P(benefit)", "half-null", "Bayes factor")
  observed <- x$responders %in% attr(x, "observed")
  mark <- if (length(attr(x, "observed")) > 1L) "<- possible" else "<- observed"
  rows <- cbind(rows, " " = ifelse(observed, mark, ""))
  writeLines(wrap_lines(c(
    paste0("Natural rate: ", attr(x, "label")), paste0("  ", attr(x, "assumptions"), recycle0 = TRUE)
  )))
  print_rows(rows, paste(rows$responders, "responders"))
  writeLines(wrap_lines(c(
    "natural tail: nature alone gives as many or more; half-null: P(benefit) with half of the prior on no effect.",
    if (unknown) paste0("NA: ", unknown_outcome, ".")
  )))
  invisible(x)
}

#' @export
summary.decision_table <- function(object, ...) object

#' @export
tidy.decision_table <- function(x, ...) {
  rows <- as.data.frame(x)
  errors <- attr(x, "errors")
  if (is.null(errors)) { # a part of a table: the row's largest error bounds each
    numbers <- rows[setdiff(names(rows), c("responders", "num.error"))]
    errors <- as.data.frame(lapply(numbers, \(value) rows$num.error * pmax(1, abs(value))))
  } else {
    errors <- errors[rows$responders + 1, , drop = FALSE]
  }
  long <- lapply(names(errors), \(name) {
    cbind(responders = rows$responders, term_row(name, rows[[name]], error = errors[[name]]))
  })
  rows <- do.call(rbind, long)
  cbind(rows, reason = ifelse(is.na(rows$estimate), unknown_outcome, NA_character_))
}

unknown_outcome <- "two quadratures differ by more than 1e-6 of the number: the outcome is too improbable"
