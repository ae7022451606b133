# Tipping points of an excess of scores, or of courses: the natural tail is that of the mean.

#' @rdname tipping
#' @export
tipping.excess_score <- function(excess, over = c("bias", "mean", "tau", "sd"), target = c(0.025, 0.05, 0.10),
                                 benefit = 0.9, ...) {
  check_no_more(names(formals(tipping.excess_score)), ...)
  call <- rlang::current_env()
  refuse_rate_terms(over, question_parts(excess)$moves, call)
  benefit <- check_number(benefit, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  more <- \() if (question_parts(excess)$scenarios > 1L) {
    list(open_row("prior_sd", "points", benefit), open_row("scepticism_limit", "points"))
  } else {
    list(effect_prior_row(excess, benefit, call), difference_row(excess, "mean_excess_population"))
  }
  tipping_of(excess, over, target, more, list(), asked = !missing(over), call)
}

#' @rdname tipping
#' @export
tipping.excess_curve <- function(excess, over = c("bias", "tau", "sd", "correlation"), target = c(0.025, 0.05, 0.10),
                                 benefit = 0.9, ...) {
  check_no_more(names(formals(tipping.excess_curve)), ...)
  call <- rlang::current_env()
  refuse_rate_terms(over, question_parts(excess)$moves, call)
  benefit <- check_number(benefit, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  more <- \() list(effect_prior_row(excess, benefit, call), difference_row(excess, "mean_excess"))
  tipping_of(excess, over, target, more, list(), asked = !missing(over), call)
}

# The SD of a prior centred on no excess at which P(benefit) reaches `benefit`.
effect_prior_row <- function(excess, benefit, call) {
  table <- effect_table_of(excess, call)
  at <- \(log_sd, route = "fine") {
    effect_moments(table$routes[[route]], prior_normal(0, exp(log_sd)), table$unit)$benefit
  }
  grid <- log(table$unit * c(0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 4, 8, 16, 32))
  height <- vapply(grid, at, 0)
  cross <- which(diff(sign(height - benefit)) != 0)
  if (length(cross) == 0L) {
    note <- if (max(height) < benefit) {
      paste0("none: prior SDs up to ", signif(exp(max(grid)), 3), " points give at most ",
        probability_text(max(height)))
    } else {
      paste0("reached by every prior SD from ", signif(exp(grid[1]), 3), " points")
    }
    return(tipping_columns(term_row("prior_sd", NA_real_, error = NA_real_), benefit, "points", note))
  }
  ends <- grid[cross[1] + 0:1]
  root <- stats::uniroot(\(v) at(v) - benefit, ends, tol = 1e-11)$root
  slope <- abs(diff(height[cross[1] + 0:1]) / diff(ends))
  error <- 10 * exp(root) * (abs(benefit - at(root, "coarse")) / slope + 1e-10)
  tipping_columns(term_row("prior_sd", exp(root), error = error), benefit, "points", "")
}

# Analysis of credibility of a mean excess, on the scale of the score.
difference_row <- function(excess, term) {
  rows <- tidy(excess)
  row <- rows[rows$term == term, ]
  scepticism_row(row$conf.low, row$conf.high, row$num.error, "points", identity)
}

#' @rdname tipping_map
#' @export
tipping_map.excess_score <- function(excess, over = c("mean", "sd"), at = NULL, ...) {
  check_no_more(names(formals(tipping_map.excess_score)), ...)
  call <- rlang::current_env()
  one_group(excess, call)
  refuse_rate_terms(over, question_parts(excess)$moves, call)
  check_two(over, question_parts(excess)$moves, call)
  natural <- score_excess_natural(excess)
  if ("tau" %in% over && !"mean" %in% over) check_movable(natural, "tau", call)
  at <- change_map_values(excess, over, at, call)
  pairs <- stats::setNames(expand.grid(at), over)
  tails <- lapply(seq_len(nrow(pairs)), \(i) {
    nature_tails(excess, move_change(natural, as.list(pairs[i, , drop = FALSE]), call))
  })
  both <- two_routes(vapply(tails, `[[`, 0, "fine"), vapply(tails, `[[`, 0, "coarse"), "The natural tail", call)
  known <- "mean" %in% over && !"tau" %in% over
  grid <- cbind(pairs, term = "natural_tail", estimate = both$value, num.error = both$error,
    num.kind = if (known) "exact" else "estimate")
  axes <- lapply(over, \(term) list(title = change_titles[[term]], place = identity))
  new_tipping_map(grid, over, change_points(natural, over), excess, axes,
    if (shows_sources(natural, over)) "Points: sources of the evidence, mean and SD as published")
}

change_map_values <- function(excess, over, at, call) {
  if (!is.null(at)) {
    if (!is.list(at) || length(at) != 2L) abort_input("{.arg at} must be a list of two numeric vectors.", call = call)
    return(Map(\(values, term) {
      spread <- term %in% c("tau", "sd")
      sort(unique(check_numeric(values, "at", min = if (spread) 0 else -Inf, min_open = term == "sd", call = call)))
    }, at, over))
  }
  natural <- score_excess_natural(excess)
  sd <- change_sd(natural)
  count <- if (change_family(natural) == "normal") 25 else 11
  range <- change_range(natural)
  lapply(over, \(term) {
    centre <- change_anchor(natural)
    switch(term,
      bias = seq(-1.5 * sd, 1.5 * sd, length.out = count),
      mean = {
        ends <- centre + c(-1, 1.5) * sd
        if (change_family(natural) != "normal") ends <- pmin(pmax(ends, range[1] + 0.02 * diff(range)), range[2])
        seq(ends[1], ends[2], length.out = count)
      },
      tau = seq(1e-3 * sd, sd, length.out = count),
      sd = seq(0.7 * sd, 1.3 * sd, length.out = count)
    )
  })
}

shows_sources <- function(natural, over) setequal(over, c("mean", "sd")) && change_kind(natural) == "meta"

# The sources' own means and SDs; over other pairs, and without sources, the answer as it stands.
change_points <- function(natural, over) {
  sources <- natural_sources(natural)
  own <- list(bias = 0, mean = change_anchor(natural), tau = NA_real_, sd = change_sd(natural))
  if (change_kind(natural) == "meta") own$tau <- tidy(natural)$estimate[3]
  if (shows_sources(natural, over)) {
    return(map_points_frame(over, list(sources$mean, sources$sd), sources$source, c("mean", "sd")))
  }
  map_points_frame(over, own[over], "the answer as it stands", over)
}
