# The same numbers by a second engine that shares no code with the first: how many digits agree?

#' Recompute an answer by a second, independent engine
#'
#' Every number of the package carries an estimate of its own numerical error. `certify()` asks for more: it works the
#' answer out again by another engine (plain R; other quadrature rules, other arrangement of the integrals, no call of
#' the C++ core) and reports how many digits agree, number by number. It takes seconds. Agreement rules out an error
#' in one engine; it does not make the model true.
#'
#' Every estimate, SD and limit is compared, one row each (`part`), patients by `subject`, visits of repeated scores by
#' `time`. The ELIR size of a natural rate has no second road (`NA`) where two forms of its integral do not tell it to
#' 5e-8 of itself, because of what lies beyond log odds of 400, and where `mu` stays wide while `tau` may be near 0: one
#' source without events, for instance. Nor have sums of percentiles that depend on each other and are not whole, and
#' tests and bands of repeated scores. A natural course is fitted again to its published means; a model of untreated
#' records is not: its mean and covariances are taken as fitted.
#'
#' @param x an [excess()] of responders, of a [score_change()] or of a course ([recovery_data()]), a
#'   [natural_rate()] or a [natural_change()].
#' @param ... not used.
#' @return A `certificate`: `tidy()` has one row per number: `term`, `part`, `estimate`, `second` (by the other engine),
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

second_row <- function(term, subject, estimate, low = NA_real_, high = NA_real_, sd = NA_real_) {
  data.frame(term = term, subject = subject, estimate = estimate, conf.low = low, conf.high = high, std.error = sd)
}

# One line for each number of tidy(): its estimate, limits and SD, beside the second engine's.
paired_rows <- function(terms, second) {
  named <- intersect(c("term", "subject", "time"), names(terms))
  key <- \(rows) do.call(paste, unname(rows[named]))
  at <- match(key(terms), key(second))
  parts <- lapply(c("estimate", "conf.low", "conf.high", "std.error"), \(part) {
    told <- terms[named]
    rows <- data.frame(told, part = part, estimate = terms[[part]],
      second = second[[part]][at], num.error = terms$num.error, order = seq_len(nrow(terms)))
    rows[!is.na(rows$estimate), ]
  })
  rows <- do.call(rbind, parts)
  rows <- rows[order(rows$order), setdiff(names(rows), "order")]
  rownames(rows) <- NULL
  rows
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
