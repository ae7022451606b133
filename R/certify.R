# The same numbers by a second engine that shares no code with the first: how many digits agree?

#' Recompute an answer by a second, independent engine
#'
#' Every number of the package carries an estimate of its own numerical error. `certify()` asks for more: it works the
#' answer out again by another engine (plain R; other quadrature rules, other arrangement of the integrals, no call of
#' the C++ core) and reports how many digits agree, number by number. It takes seconds. Agreement rules out an error
#' in one engine; it does not make the model true.
#'
#' Of scores every estimate, SD and limit is compared, one row each (`part`), patients by `subject`, visits of repeated
#' scores by `time`. A natural course is fitted again to its published means; a model of untreated records is not: its
#' mean and covariances are taken as fitted.
#'
#' @param x an [excess()] of responders, of a [score_change()] or of a course ([recovery_data()]), a
#'   [natural_rate()] or a [natural_change()].
#' @param ... not used.
#' @return A `certificate`: `tidy()` has one row per number: `term`, `estimate`, `second` (by the other engine),
#'   `difference`, `digits` (agreed significant digits, at most 15), `num.error` (as stated with the estimate),
#'   `agrees` (whether they differ by no more than the stated error and the second engine's 1e-7; `NA` where there is
#'   no second road, and then `second` is `NA` too).
#' @section Conditions: `cordgain_invalid_input` for anything else, or an answer whose outcomes or levels are open.
#' @seealso [excess()], [natural_rate()]
#' @examples
#' all <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")
#' certify(excess(keio_ips, natural_rate(prior_beta(8, 56)), accept = all))
#' @export
certify <- function(x, ...) UseMethod("certify")

#' @export
certify.default <- function(x, ...) {
  if (missing(x)) abort_input(c("{.arg x} is not given.", i = "Give an {.fn excess} or a {.fn natural_rate}."))
  abort_input(c("{.arg x} must be an excess, or natural recovery: a rate or a change.",
    x = "It is {.obj_type_friendly {x}}."))
}

#' @rdname certify
#' @export
certify.natural_rate <- function(x, ...) {
  check_no_more(names(formals(certify.natural_rate)), ...)
  check_single_rate(x, rlang::current_env())
  components <- second_components(x)
  mean <- second_expectation(components, stats::plogis)
  second <- c(rate = mean)
  new_certificate(tidy(x), second, natural_label(x))
}

check_single_rate <- function(natural, call) {
  if (length(rate_offset(natural)) > 1L) {
    abort_input("The second engine works for one natural rate, not for one per patient.", call = call)
  }
}

#' @rdname certify
#' @export
certify.excess_responders <- function(x, ...) {
  check_no_more(names(formals(certify.excess_responders)), ...)
  call <- rlang::current_env()
  scenario <- one_scenario(x, call)
  check_single_rate(excess_natural(x), call)
  components <- second_components(excess_natural(x))
  second <- c(second_nature(components, scenario$responders, scenario$n),
    second_treatment(components, scenario$responders, scenario$n, excess_effect(x)),
    second_limits(scenario$responders, scenario$n, excess_level(x)))
  new_certificate(tidy(x), second, natural_label(excess_natural(x)))
}

second_nature <- function(components, y, n) {
  pmf <- vapply(0:n, \(k) second_expectation(components, \(theta) stats::dbinom(k, n, stats::plogis(theta))), 0)
  tail <- sum(pmf[0:n >= y])
  expected <- sum(0:n * pmf)
  list(natural_tail = tail, natural_tail_midp = tail - pmf[y + 1] / 2, natural_below_observed = sum(pmf[0:n < y]),
    natural_responders = expected, excess_responders = y - expected, e_value = 1 / ((n + 1) * pmf[y + 1]),
    rate_difference = (y + 0.5) / (n + 1) - expected / n)
}

second_treatment <- function(components, y, n, effect) {
  f <- second_effect(y, n, effect)
  at <- lapply(f, \(h) second_expectation(components, h))
  null <- second_expectation(components, \(theta) stats::dbinom(y, n, stats::plogis(theta)))
  benefit <- at$benefit / at$one
  factor <- at$one / null
  list(prob_benefit = benefit, log_odds_shift = at$delta / at$one, bayes_factor = factor,
    prob_benefit_half_null = half_null(benefit, factor))
}

# Point estimates of the limits' rows; their limits are not compared.
second_limits <- function(y, n, level) {
  list(rate_clopper_pearson = y / n, rate_blaker = y / n, rate_wilson = y / n, rate_jeffreys = (y + 0.5) / (n + 1))
}

new_certificate <- function(terms, second, label) {
  value <- vapply(terms$term, \(t) if (is.null(as.list(second)[[t]])) NA_real_ else as.list(second)[[t]], 0)
  agreed_digits(data.frame(term = terms$term, estimate = terms$estimate, second = unname(value),
    num.error = terms$num.error), label)
}

# @param rows what tells numbers apart, then `estimate`, `second`, `num.error`
agreed_digits <- function(rows, label) {
  difference <- abs(rows$estimate - rows$second)
  relative <- difference / pmax(abs(rows$estimate), 1e-300)
  digits <- pmin(15, floor(-log10(pmax(relative, 1e-16))))
  named <- intersect(c("term", "subject", "time", "part"), names(rows))
  result <- cbind(rows[c(named, "estimate", "second")], difference = difference,
    digits = ifelse(rows$estimate == 0 & difference == 0, 15, pmax(0, digits)), num.error = rows$num.error,
    agrees = difference <= rows$num.error + 1e-7 * pmax(1, abs(rows$estimate)))
  structure(list(terms = result, label = label), class = "certificate")
}

#' @export
tidy.certificate <- function(x, ...) x$terms

#' @export
summary.certificate <- function(object, ...) object

#' @export
print.certificate <- function(x, ...) {
  rows <- x$terms
  done <- rows[!is.na(rows$second), ]
  cat(wrap_lines(c(
    paste0("Recomputed by a second engine: ", nrow(done), " of ", nrow(rows), " numbers, natural recovery from ",
      x$label, "."),
    if (all(done$agrees)) {
      paste0("All agree, to at least ", min(done$digits), " digits.")
    } else {
      paste0("DO NOT AGREE: ", paste(unique(done$term[!done$agrees]), collapse = ", "), ".")
    }
  )), sep = "\n")
  told <- done[intersect(c("term", "subject", "time", "part"), names(done))]
  told[is.na(told)] <- ""
  print(cbind(told, estimate = signif(done$estimate, 10), digits = done$digits), row.names = FALSE, right = FALSE)
  other <- unique(rows$term[is.na(rows$second)])
  if (length(other) > 0L) cat(wrap_lines(paste0("Without a second road: ", paste(other, collapse = ", "), ".")),
    sep = "\n")
  invisible(x)
}
