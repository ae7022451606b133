# Two assumptions moved at once: the natural tail as a map, with the values that were published as points on it.

#' Map of the natural tail over two assumptions
#'
#' The probability that nature alone gives at least the observed responders (or mean change), over a grid of two
#' assumptions (see [tipping()] for what each one is). Both may be wrong together by less than
#' either alone and still overturn the answer; the published values, drawn as labelled
#' points, show which part of the map is realistic.
#'
#' With `"rate"` the evidence is replaced by a natural rate taken as known, and `"tau"` is then the standard
#' deviation (log odds) of the trial's population around it; a rate has no calendar year, so `"rate"` does not go
#' with `"drift"`.
#'
#' For scores the mean change is taken as known with `"mean"`, and the sources of the evidence become points over
#' `"mean"` and `"sd"`: their means, and the SDs of their patients.
#'
#' @param excess an [excess()] of responders with one natural rate and a known number of responders, or of a
#'   [score_change()] with known final scores.
#' @param over (two strings) across, and up: of `"bias"`, `"rate"`, `"tau"`, `"landmark"`, `"drift"`; for scores of
#'   `"bias"`, `"mean"`, `"tau"`, `"sd"`.
#' @param published (data frame) table with the columns of [natural_ais]: its rates of the trial's endpoint
#'   become points where `over` has `"rate"`, and a table without any is refused; `NULL` for none.
#' @param at (list of two numeric vectors, or `NULL`) values of the two assumptions: a bias as an odds multiplier, for
#'   scores in points.
#' @param landmark,drift as in [tipping()].
#' @param ... further arguments of methods.
#' @return A `tipping_map`: `tidy()` (and `as.data.frame()`) has one row for each pair of values, with the two
#'   assumptions as columns, `term` (`"natural_tail"`), `estimate`, `num.error`, `num.kind`; `plot()` draws the
#'   map with contours at 0.025, 0.05 and 0.10.
#' @section Conditions: as for [tipping()].
#' @seealso [tipping()], [sensitivity()]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' answer <- excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years"))
#' map <- tipping_map(answer, at = list(c(0.05, 0.1, 0.2), c(0.5, 1, 2)))
#' map
#' @export
tipping_map <- function(excess, ...) UseMethod("tipping_map")

#' @export
tipping_map.default <- function(excess, ...) check_excess_given(rlang::maybe_missing(excess))

#' @rdname tipping_map
#' @export
tipping_map.excess_responders <- function(excess, over = c("rate", "bias"), published = cordgain::natural_ais,
                                          at = NULL, landmark = NULL, drift = NULL, ...) {
  check_no_more(names(formals(tipping_map.excess_responders)), ...)
  call <- rlang::current_env()
  scenario <- one_scenario(excess, call)
  over <- check_pair(over, call)
  timing <- map_timing(excess, over, landmark, drift, call)
  at <- map_values(over, at, timing, call)
  grid <- map_grid(excess, over, at, timing, scenario, call)
  points <- map_points(excess, over, published, timing, !missing(published), call)
  subtitle <- if ("rate" %in% over && is.null(points)) "Each natural rate is taken as known" else if ("rate" %in% over)
    "Points: published natural rates of the same endpoint, as they stand"
  new_tipping_map(grid, over, points, excess, lapply(over, responder_axis), subtitle)
}

# @param axes list of two: `title`, `place` (the scale on which equal steps are equal changes), `ticks`, `words`
new_tipping_map <- function(grid, over, points, excess, axes, subtitle = NULL) {
  structure(list(grid = grid, over = over, points = points, excess = excess, axes = axes, subtitle = subtitle),
    class = "tipping_map")
}

# Rates on log odds and biases on logarithms, so that equal steps are equal changes of odds.
responder_axis <- function(term) {
  ticks <- switch(term, bias = c(0.125, 0.25, 0.5, 1, 2, 4, 8), rate = c(0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7))
  words <- switch(term, rate = paste0(100 * ticks, " %"),
    bias = paste0("\u00d7", format(ticks, trim = TRUE, drop0trailing = TRUE)))
  list(title = move_titles[[term]], place = switch(term, bias = log, rate = stats::qlogis, identity), ticks = ticks,
    words = words)
}

# The one answer of an excess; several possibilities have no one map, curve or pipeline.
one_scenario <- function(excess, call) {
  if (!inherits(excess, "excess_responders")) {
    abort_input(c("{.arg excess} must be an excess of responders.", x = "It is {.obj_type_friendly {excess}}."),
      call = call)
  }
  if (excess_is_bounds(excess) || inherits(excess_natural(excess), "natural_strata")) {
    abort_input(c("This is asked of one natural rate and a known number of responders.",
      x = "There are {length(excess_scenarios(excess))} possibilities.",
      i = "Ask for each of them: {.code excess()} with one {.fn natural_rate} and a known count."), call = call)
  }
  excess_scenarios(excess)[[1]]
}

check_pair <- function(over, call) {
  check_two(over, tipping_terms, call)
  if (all(c("rate", "drift") %in% over)) {
    abort_input("A rate taken as known has no calendar year: {.val rate} does not go with {.val drift}.", call = call)
  }
  over
}

check_two <- function(over, terms, call) {
  if (!is.character(over) || length(over) != 2L || over[1] == over[2]) {
    abort_input("{.arg over} must name two different assumptions, such as {.code c(\"{terms[2]}\", \"{terms[1]}\")}.",
      call = call)
  }
  for (name in over) check_choice(name, terms, "over", call = call)
}

# What landmark and drift are made from, and that the natural rate has what is to be varied.
map_timing <- function(excess, over, landmark, drift, call) {
  context <- list(excess = excess, landmark = check_made_by(landmark, is_landmark, "landmark", call),
    drift = check_made_by(drift, is_drift, "drift", call))
  moves <- lapply(stats::setNames(nm = setdiff(over, c("rate", "bias", if ("rate" %in% over) "tau"))),
    \(term) natural_move(excess, term, context, call))
  natural <- excess_natural(excess)
  template <- \(given, own, default) if (!is.null(given)) given else if (!is.null(own)) own else default
  list(moves = moves, landmark = template(landmark, natural_landmark(natural), NULL),
    drift = template(drift, natural_drift(natural), drift(0)))
}

map_values <- function(over, at, timing, call) {
  if (is.null(at)) {
    fine <- "bias" %in% over
    return(lapply(over, default_values, timing = timing, count = if (fine) 25L else 11L))
  }
  if (!is.list(at) || length(at) != 2L) abort_input("{.arg at} must be a list of two numeric vectors.", call = call)
  Map(\(values, term) {
    low <- c(bias = 0, rate = 0, tau = 0, landmark = 0, drift = -Inf)[[term]]
    high <- if (term == "rate") 1 else Inf
    sort(unique(check_numeric(values, "at", low, high, term %in% c("bias", "rate"), term == "rate", call = call)))
  }, at, over)
}

default_values <- function(term, timing, count) {
  switch(term,
    bias = exp(seq(-log(6), log(6), length.out = 49)),
    rate = stats::plogis(seq(stats::qlogis(0.02), stats::qlogis(0.75), length.out = 49)),
    tau = seq(0.02, 1.6, length.out = count),
    landmark = {
      from <- timing$moves$landmark$grid[1]
      seq(from, from + 8, length.out = count)
    },
    drift = seq(-0.08, 0.12, length.out = count)
  )
}

# The tail at every pair. A bias moves log odds that are there already; everything else is worked out anew.
map_grid <- function(excess, over, at, timing, scenario, call) {
  if (setequal(over, c("rate", "bias"))) {
    return(known_rate_grid(over, at, scenario))
  }
  other <- which(over != "bias")
  outer_values <- expand.grid(at[other])
  names(outer_values) <- over[other]
  multipliers <- if ("bias" %in% over) at[[which(over == "bias")]] else 1
  parts <- lapply(seq_len(nrow(outer_values)), \(i) {
    values <- as.list(outer_values[i, , drop = FALSE])
    rates <- map_rates(excess, values, timing, scenario$n, call)
    tails <- lapply(rates, \(route) biased_tails(route, log(multipliers), scenario$responders))
    tails <- two_routes(tails$fine, tails$coarse, "The natural tail", call)
    data.frame(values, bias = multipliers, estimate = tails$value, num.error = tails$error)
  })
  rows <- do.call(rbind, parts)
  cbind(rows[over], term = "natural_tail", rows["estimate"], rows["num.error"], num.kind = "estimate")
}

# A known rate that a bias has moved is a known rate, and the tail is the binomial's: no evidence to work out anew.
known_rate_grid <- function(over, at, scenario) {
  pairs <- stats::setNames(expand.grid(at[match(c("bias", "rate"), over)]), c("bias", "rate"))
  moved <- stats::plogis(stats::qlogis(pairs$rate) + log(pairs$bias))
  tail <- stats::pbinom(scenario$responders - 1, scenario$n, moved, lower.tail = FALSE)
  cbind(pairs[over], term = "natural_tail", estimate = tail, num.error = route_error(tail, tail), num.kind = "exact")
}

map_rates <- function(excess, values, timing, n, call) {
  natural <- excess_natural(excess)
  moved <- if (!is.null(values$rate)) {
    natural_rate(values$rate, shared_sd = if (!is.null(values$tau) && values$tau > 0) values$tau)
  } else {
    refit_rate(natural, tau = if (is.null(values$tau)) rate_tau(natural) else prior_fixed(values$tau), call = call)
  }
  if (!is.null(values$landmark)) {
    moved <- refit_rate(moved, tau = rate_tau(moved), landmark = landmark_at(timing$landmark, values$landmark),
      call = call)
  }
  if (!is.null(values$drift)) {
    moved <- refit_rate(moved, tau = rate_tau(moved), drift = drift_at(timing$drift, values$drift), call = call)
  }
  patient_rates(moved, n, call)
}

# Tails for many shifts of the log odds; the lumps at rates of 0 and 1 do not move.
biased_tails <- function(route, shifts, y) {
  vapply(shifts, \(by) {
    route$logit <- route$logit + by
    upper_tail(core_natural_responders(route)$pmf, y)
  }, 0)
}

# Points: published rates of the endpoint, published slopes, and the answer as it stands.
map_points <- function(excess, over, published, timing, asked, call) {
  neutral <- c(bias = 1, tau = 0, landmark = NA, drift = 0)
  if ("rate" %in% over) {
    rates <- published_rates(published, match_terms(excess_arm(excess))$endpoint, asked, call)
    other <- setdiff(over, "rate")
    if (other == "landmark" || nrow(rates) == 0L) {
      return(NULL)
    }
    return(map_points_frame(over, list(rates$rate, neutral[[other]]), rates$label, c("rate", other)))
  }
  own <- own_values(excess_natural(excess), timing)
  if ("drift" %in% over) {
    other <- setdiff(over, "drift")
    slopes <- c("EMSCI: unchanged" = 0, "two SCIMS papers" = 0.0413747044, "SCIMS report" = 0.0736798797)
    return(map_points_frame(over, list(unname(slopes), own[[other]]), names(slopes), c("drift", other)))
  }
  map_points_frame(over, own[over], "the answer as it stands", over)
}

map_points_frame <- function(over, values, label, names) {
  points <- stats::setNames(as.data.frame(values, col.names = c("a", "b")), names)
  points <- cbind(points[over], label = label)
  points[stats::complete.cases(points), , drop = FALSE]
}

own_values <- function(natural, timing) {
  tau <- if (rate_kind(natural) == "meta") tidy(natural)$estimate[2] else NA_real_
  list(bias = 1, tau = tau, landmark = if (is.null(natural_landmark(natural))) NA_real_ else
    landmark_week(natural_landmark(natural)), drift = 0)
}

published_rates <- function(published, endpoint, asked = FALSE, call = rlang::caller_env()) {
  if (is.null(published)) {
    return(data.frame(rate = numeric(), label = character()))
  }
  check_columns(check_table(published, call = call), c("source", "events", "n", "endpoint"), "published", call = call)
  check_endpoints(check_text(published$endpoint, "endpoint", call = call), call)
  rows <- published[published$endpoint %in% endpoint, , drop = FALSE]
  if (asked && nrow(rows) == 0L) {
    abort_input(c("{.arg published} holds no rate of the endpoint {.val {endpoint}}.",
      x = "Its endpoints are {.val {unique(published$endpoint)}}.", i = "{.code published = NULL} draws no points."
    ), call = call)
  }
  if (nrow(rows) == 0L) return(published_rates(NULL, endpoint))
  printed <- if (is.null(rows$rate)) rep(NA_real_, nrow(rows)) else rows$rate
  rate <- ifelse(is.na(rows$events) | is.na(rows$n), printed, rows$events / rows$n)
  known <- !is.na(rate) & rate > 0 & rate < 1
  level <- if (is.null(rows$level)) "" else paste0(", ", or_unknown(rows$level))
  result <- data.frame(rate = rate, label = paste0(rows$source, if (length(level)) level))[known, , drop = FALSE]
  result <- result[!duplicated(result), , drop = FALSE]
  result[order(result$rate), , drop = FALSE]
}

#' @export
tidy.tipping_map <- function(x, ...) x$grid

#' @export
as.data.frame.tipping_map <- function(x, ...) x$grid

#' @export
summary.tipping_map <- function(object, ...) object

#' @export
print.tipping_map <- function(x, digits = 3, ...) {
  reached <- vapply(c(0.025, 0.05, 0.10), \(t) mean(x$grid$estimate <= t), 0)
  cat(wrap_lines(c(
    paste0("Chance of ", question_parts(x$excess)$short, " by nature alone, over ", x$over[1], " and ",
      x$over[2], ": ", nrow(x$grid), " pairs, ",
      paste(probability_text(range(x$grid$estimate), digits), collapse = " to "), "."),
    paste0("At most 0.025, 0.05, 0.10 in ", paste(percent_text(reached), collapse = ", "), " of these pairs.")
  )), sep = "\n")
  if (!is.null(x$points)) cat("Published values on the map:", nrow(x$points), "\n")
  invisible(x)
}
