# Tipping points: how far an assumption must move before the natural tail reaches a value that one would act on.

#' Tipping points of an answer
#'
#' How far must one assumption move, all others standing, before the probability that
#' nature alone gives the observed responders, or the observed mean change, reaches a target? A conclusion that tips
#' at a small, plausible move is a weak one.
#'
#' | term | what is varied | unit |
#' |---|---|---|
#' | `bias` | odds of natural recovery in the trial over those of the evidence | odds multiplier |
#' | `rate` | the natural rate itself, taken as known | probability |
#' | `tau` | standard deviation between populations, taken as known | log odds |
#' | `landmark` | the week at which patients had to be unrecovered still | weeks from injury |
#' | `drift` | change of natural recovery per calendar year, taken as known | log odds per year |
#'
#' Of scores the natural tail is the probability that nature alone gives at least the observed mean of these patients,
#' that is 1 - `prob_excess`:
#'
#' | term | what is varied | unit |
#' |---|---|---|
#' | `bias` | mean natural change in the trial, less that of the evidence | points |
#' | `mean` | mean natural change, taken as known | points |
#' | `tau` | standard deviation between populations, taken as known | points |
#' | `sd` | standard deviation between patients (of a course: times that of the curve) | points |
#' | `correlation` | of a course from published means: correlation between two visits of a patient | |
#'
#' Of a course ([recovery_data()]) it is the mean excess at each patient's last visit, and `tau` is `between_sd` of
#' [natural_curve()]: the standard deviation between populations of the gain at the last visit. With another
#' correlation the curve is fitted again. All tails are closed forms; the value is a root whose error is that of the
#' fitted curve.
#'
#' Reverse Bayes of scores: `prior_sd` (points) is of the prior of the mean excess \eqn{\delta}, the treated following
#' natural recovery with its mean moved by \eqn{\delta}; the evidence is integrated out. `scepticism_limit` is on the
#' scale of the score. The E-value is a matter of risk ratios, hence of responders only.
#'
#' Three more questions are answered beside them. `prior_sd` (reverse Bayes): how wide must
#' a prior centred on no effect be before the probability of benefit reaches `benefit`?
#' `e_value_confounding` (VanderWeele and Ding 2017): the smallest risk ratio that an
#' unmeasured factor would need both with being in the trial and with recovery to explain
#' the observed ratio \eqn{RR = (y / n) / E\, p_0} away, \eqn{RR + \sqrt{RR (RR - 1)}};
#' `conf.low` is the same for the limit of the interval nearest to 1, and 1 where the interval
#' includes 1. `scepticism_limit` (analysis of credibility): see [scepticism_limit()].
#'
#' @param excess an [excess()]: of responders, of a [score_change()] or of a course ([recovery_data()]).
#' @param over (character) what is varied; left out, everything that can be.
#' @param target (numeric in (0, 1)) natural tails to be reached.
#' @param landmark a [landmark()] whose timing is used where `over` has `"landmark"`; the
#'   default is the natural rate's own.
#' @param drift a [drift()] whose reference year is used where `over` has `"drift"`; the
#'   default is the natural rate's own, else the last year of the sources.
#' @param benefit (number in (0, 1)) probability of benefit for `prior_sd`.
#' @param ... not used.
#' @return A `tipping`: `tidy()` has one row for each term and target: `estimate` is the value
#'   that reaches the target (the one nearest to no bias, no heterogeneity, the earliest week), `NA` with the
#'   reason in `note` where none does; where outcomes or levels are open, `estimate` is `NA`
#'   and `conf.low`, `conf.high` are the smallest and largest value over what is possible.
#'   `plot()` draws the natural tail against each assumption.
#' @section Conditions: `cordgain_invalid_input` where something asked for by name cannot be
#'   varied (a prior has no heterogeneity, a rate no calendar year, a mean no E-value), or `excess` is none.
#' @references
#' VanderWeele and Ding (2017), Annals of Internal Medicine 167:268-274. Held and others
#' (2022), reverse-Bayes methods, \doi{10.1002/jrsm.1538}.
#' @seealso [tipping_map()] for two assumptions at once, [sensitivity()], [excess()]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' answer <- excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years"))
#' tipping(answer, over = c("bias", "rate"))
#' @export
tipping <- function(excess, over = c("bias", "rate", "tau", "landmark", "drift"), target = c(0.025, 0.05, 0.10), ...) {
  UseMethod("tipping")
}

tipping_terms <- c("bias", "rate", "tau", "landmark", "drift")

#' @export
tipping.default <- function(excess, over = tipping_terms, target = c(0.025, 0.05, 0.10), ...) {
  check_excess_given(rlang::maybe_missing(excess))
}

#' @rdname tipping
#' @export
tipping.excess_responders <- function(excess, over = c("bias", "rate", "tau", "landmark", "drift"),
                                      target = c(0.025, 0.05, 0.10), landmark = NULL, drift = NULL, benefit = 0.9,
                                      ...) {
  check_no_more(names(formals(tipping.excess_responders)), ...)
  call <- rlang::current_env()
  benefit <- check_number(benefit, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  context <- list(landmark = check_made_by(landmark, is_landmark, "landmark", call),
    drift = check_made_by(drift, is_drift, "drift", call))
  more <- \() list(reverse_bayes_row(excess, benefit, call), confounding_row(excess), credibility_row(excess, call))
  tipping_of(excess, over, target, more, context, asked = !missing(over), call)
}

# Every kind's tipping points: curves of the moves, their crossings, and the kind's own rows.
# @param more (function) the kind's further rows, a list
tipping_of <- function(excess, over, target, more, context, asked, call) {
  for (name in over) check_choice(name, question_parts(excess)$moves, "over", call = call)
  target <- check_numeric(target, min = 0, max = 1, min_open = TRUE, max_open = TRUE, call = call)
  moves <- tipping_moves(excess, unique(over), context, asked, call)
  curves <- lapply(moves$found, \(move) tail_curve(excess, move))
  rows <- lapply(curves, \(curve) tipping_rows(curve, target))
  structure(list(terms = do.call(rbind, c(unname(rows), more())), curves = curves, excess = excess, target = target,
    left_out = moves$left_out), class = "tipping")
}

# The moves asked for; those that are not possible are an error where named, else said in the print.
tipping_moves <- function(excess, over, context, asked, call) {
  found <- list()
  left_out <- character()
  for (term in over) {
    move <- tryCatch(natural_move(excess, term, context, call), cordgain_error = identity)
    if (!inherits(move, "cordgain_error")) {
      found[[term]] <- move
    } else if (asked) {
      rlang::cnd_signal(move)
    } else {
      left_out[[term]] <- error_header(move)
    }
  }
  list(found = found, left_out = left_out)
}

# The natural tail along one move: every scenario (column) at every value of a grid, both routes kept for the roots.
tail_curve <- function(excess, move) {
  seen <- new.env()
  tails <- \(value) {
    key <- format(value, digits = 17)
    if (is.null(seen[[key]])) seen[[key]] <- nature_tails(excess, move$nature(value))
    seen[[key]]
  }
  at <- lapply(move$grid, \(v) tails(v)$fine)
  list(move = move, tails = tails, grid = move$grid, tail = do.call(rbind, at))
}

tipping_rows <- function(curve, target) {
  rows <- lapply(target, \(t) {
    roots <- lapply(seq_len(ncol(curve$tail)), \(s) tipping_root(curve, s, t))
    tipping_row(curve$move, t, roots, curve$tail)
  })
  do.call(rbind, rows)
}

# First crossing of the target along the grid, found on log odds of the tail, where curves are nearly straight.
tipping_root <- function(curve, scenario, target) {
  height <- \(value) stats::qlogis(curve$tails(value)$fine[[scenario]]) - stats::qlogis(target)
  on_grid <- stats::qlogis(curve$tail[, scenario]) - stats::qlogis(target)
  crossing <- which(diff(sign(on_grid)) != 0)
  if (length(crossing) == 0L) {
    return(list(value = NA_real_, error = 0, crossings = 0L))
  }
  ends <- curve$grid[crossing[which.min(abs(crossing - curve$move$start))] + 0:1]
  heights <- pmax(-700, pmin(700, c(height(ends[1]), height(ends[2]))))
  root <- stats::uniroot(height, ends, f.lower = heights[1], f.upper = heights[2], tol = 1e-11)
  slope <- diff(heights) / diff(ends)
  both <- curve$tails(root$root)
  gap <- stats::qlogis(both$fine[[scenario]]) - stats::qlogis(both$coarse[[scenario]])
  list(value = root$root, error = 10 * (abs(gap / slope) + min(root$estim.prec, 1e-10, na.rm = TRUE)),
    crossings = length(crossing))
}

# The scale on which a value is shown: a bias as an odds multiplier, the rest as it is.
tipping_row <- function(move, target, roots, tails) {
  missed <- any(vapply(roots, \(r) r$crossings == 0L, NA))
  several <- any(vapply(roots, \(r) r$crossings > 1L, NA))
  shown <- move$show(vapply(roots, \(r) r$value, 0))
  error <- if (missed) NA_real_ else max(vapply(roots, \(r) r$error, 0)) * move$stretch(max(shown))
  note <- if (missed) {
    paste0("the tail stays between ", paste(probability_text(range(tails)), collapse = " and "), " for ", move$range)
  } else {
    if (several) "reached at several values, the nearest given" else ""
  }
  if (missed) shown <- NA_real_
  row <- if (length(roots) == 1L) term_row(move$term, shown, error = error) else
    term_row(move$term, NA_real_, min(shown), max(shown), error)
  tipping_columns(row, target, move$unit, note)
}

#' @export
tidy.tipping <- function(x, ...) x$terms

#' @export
summary.tipping <- function(object, ...) object

#' @export
print.tipping <- function(x, digits = 3, ...) {
  parts <- question_parts(x$excess)
  cat(wrap_lines(c(
    paste0("How far must an assumption move before ", parts$question, " with a given probability?"),
    paste0("Natural recovery: ", natural_label(parts$natural), ".")
  )), sep = "\n")
  cat("\n")
  rows <- x$terms
  show <- \(v) ifelse(is.na(v), "", vapply(signif(v, digits), format, ""))
  value <- ifelse(is.na(rows$estimate) & !is.na(rows$conf.low), paste(show(rows$conf.low), "to", show(rows$conf.high)),
    ifelse(is.na(rows$estimate), "none", paste0(show(rows$estimate),
      ifelse(rows$term == "e_value_confounding", paste0(" (limit ", show(rows$conf.low), ")"), ""))))
  print(data.frame(term = rows$term, target = show(rows$target), value = value, unit = rows$unit), row.names = FALSE,
    right = FALSE)
  noted <- unique(rows[nzchar(rows$note), c("term", "note")])
  cat(wrap_lines(paste0(noted$term, ": ", noted$note, ".", recycle0 = TRUE)), sep = "\n")
  for (term in names(x$left_out)) cat(wrap_lines(paste0("Not varied: ", term, ". ", x$left_out[[term]])), sep = "\n")
  invisible(x)
}
