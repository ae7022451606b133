# The pipeline of an excess of scores on untreated patients: the natural tail of their mean change.

#' @rdname falsify
#' @export
falsify.excess_score <- function(x, records = NULL, n = NULL, sets = 10000, threshold = c(0.025, 0.05, 0.10),
                                 seed = NULL, against = NULL, ...) {
  check_no_more(names(formals(falsify.excess_score)), ...)
  call <- rlang::current_env()
  one_group(x, call)
  patients <- length(change_scores(score_excess_change(x)))
  n <- if (is.null(n)) patients else check_count(n, min = 1, max = 60)
  asked <- falsify_asked(sets, threshold, call)
  natural <- score_excess_natural(x)
  against <- falsify_against(against, natural, records, change_kind(natural), call)
  worlds <- switch(against,
    left_out = change_worlds(x, n, call),
    records = list(change_record_world(x, records, n, call)),
    predictive = list(change_predictive_world(x, n, call))
  )
  falsify_worlds(worlds, asked, seed, against, n, n == patients, x)
}

# Worlds whose claims are not exact are drawn.
falsify_worlds <- function(worlds, asked, seed, against, n, same_n, x) {
  drawn <- any(vapply(worlds, \(w) is.null(w$claims), NA))
  if (drawn) seed <- draw_seed(seed)
  rows <- lapply(seq_along(worlds), \(i) {
    draw <- if (is.null(worlds[[i]]$claims)) list(sets = asked$sets, seed = seed, world = i)
    world_rows(worlds[[i]], asked$threshold, draw, same_n)
  })
  structure(list(terms = do.call(rbind, rows), against = against, n = n, drawn = if (drawn) asked$sets, excess = x),
    class = "falsify")
}

# The range of every patient of a set: the trial's own baselines, or the published population's for another number.
set_room <- function(x, natural, n) {
  room <- change_room(score_excess_change(x))
  if (n == length(room$low)) room else published_room(natural, n)
}

# Natural tail of every mean, on the fine route: a function of the mean alone.
tail_of_mean <- function(natural, room) {
  means <- natural_means_of(natural, room)$fine
  if (is.null(means$mass)) {
    return(\(mean) vapply(mean, \(at) mean_reached(means, at), 0))
  }
  above <- upper_tails(means$mass)
  \(mean) {
    from <- findInterval(mean - 1e-9, means$values) + 1L
    ifelse(from > length(above), 0, above[pmin(from, length(above))])
  }
}

# Smallest mean whose tail is at or below each threshold.
claimed_mean <- function(tail, natural, room, threshold) {
  means <- natural_means_of(natural, room)$fine
  if (!is.null(means$mass)) {
    reached <- which(tail(means$values) <= threshold)
    return(if (length(reached) > 0L) means$values[reached[1]] else NA_real_)
  }
  s <- core_mixture_summary(list(weight = means$weight, mean = -means$mean, sd = means$sd), threshold)
  -s$quantile
}

# Worlds: each source left out ------------------------------------------------------------------

change_worlds <- function(x, n, call) {
  natural <- score_excess_natural(x)
  sources <- natural_sources(natural)
  lapply(seq_len(nrow(sources)), \(k) {
    rest <- refit_change(natural, sources = sources[-k, , drop = FALSE], call = call)
    own <- if (is.na(sources$sd[k])) change_sd(rest) else sources$sd[k]
    room <- set_room(x, natural, n)
    world <- source_means(natural, sources$mean[k], sources$se[k], own, room, call)
    mean_world(paste(sources$source[k], "left out"), x, rest, room, world, call)
  })
}

# How the mean of untreated patients of one source is distributed: its mean as uncertain as published, and at the
# limits of that mean.
source_means <- function(natural, mean, se, sd, room, call) {
  at <- \(mean, se) {
    made <- refit_change(known_change(natural, mean, se, call), sd = sd, call = call)
    natural_means_of(made, room)
  }
  reach <- stats::qnorm(0.975) * se
  list(whole = at(mean, se), low = at(mean - reach, 0), high = at(mean + reach, 0))
}

# A world whose sets are known by their mean alone: exact.
mean_world <- function(group, x, pipeline, room, world, call) {
  tail <- tail_of_mean(pipeline, room)
  claims <- \(threshold) {
    critical <- claimed_mean(tail, pipeline, room, threshold)
    share <- \(means) if (is.na(critical)) 0 else mean_reached(means, critical)
    both <- two_routes(share(world$whole$fine), share(world$whole$coarse), "The share of claims", call)
    limits <- if (is.null(world$low)) c(NA_real_, NA_real_) else c(share(world$low$fine), share(world$high$fine))
    cbind(term_row("claims", both$value, limits[1], limits[2], both$error), critical = critical)
  }
  list(group = group, claims = claims, observed = tail(mean(change_scores(score_excess_change(x)))))
}

change_predictive_world <- function(x, n, call) {
  natural <- score_excess_natural(x)
  room <- set_room(x, natural, n)
  mean_world("own predictive distribution: check of the code", x, natural, room,
    list(whole = natural_means_of(natural, room)), call)
}

# Records ------------------------------------------------------------------------------------------

# Changes of untreated subjects. Where their sum says all (whole points, and the pipeline's range is that of the
# published population) its distribution over all sets is exact; else sets are drawn.
change_record_world <- function(x, records, n, call) {
  change <- score_excess_change(x)
  natural <- score_excess_natural(x)
  rows <- check_untreated_changes(records, change, call)
  chosen <- records_in_window(rows, match_terms(change)$baseline_days, call)
  drawn <- matched_records(chosen$rows, change_levels(change), n, length(change_scores(change)), call)
  sets <- lapply(drawn$sets, \(set) list(change = set$rows$change, n = set$n))
  room <- published_room(natural, n)
  tail <- tail_of_mean(natural, room)
  label <- records_label(chosen, drawn)
  observed <- tail(mean(change_scores(change)))
  whole <- all(rows$change == round(rows$change))
  if (whole) {
    law <- Reduce(convolve_sums, lapply(sets, \(g) drawn_sums(g$change, g$n)))
    means <- list(values = (law$first + seq_along(law$mass) - 1) / n, mass = law$mass)
    return(mean_world(label, x, natural, room, list(whole = list(fine = means, coarse = means)), call))
  }
  list(group = label, observed = observed, columns = n, tails = \(u) tail(rowMeans(drawn_changes(sets, u))),
    critical = \(threshold) claimed_mean(tail, natural, room, threshold))
}

check_untreated_changes <- function(records, change, call) {
  if (is.null(records)) abort_input("{.arg records} are not given.", call = call)
  records <- check_table(records, "records", call = call)
  scale <- change_motor_scale(change)
  if (is.null(records$change)) {
    check_columns(records, c("baseline", "final"), "records", call = call)
    range <- scale_range(scale)
    baseline <- check_numeric(records$baseline, "baseline", range[1], range[2], call = call)
    final <- check_numeric(records$final, "final", range[1], range[2], call = call)
    records$change <- scale_sign(scale) * (final - baseline)
  }
  if (anyNA(records$change)) {
    abort_input(c("Every record needs {.field change}, or {.field baseline} and {.field final}.",
      x = "{sum(is.na(records$change))} of {nrow(records)} are not known.",
      i = "A lost outcome is not left out in silence: decide what it counts as, and say so."), call = call)
  }
  width <- diff(scale_range(scale))
  records$change <- check_numeric(records$change, "change", -width, width, call = call)
  records
}

# Sums of n of the changes without replacement: ways[k + 1, s + 1] is the share of the sets of k that have the sum s.
# Each record either belongs to a set or does not; chances in place of counts, so that nothing overflows.
drawn_sums <- function(change, n) {
  low <- min(change)
  steps <- change - low
  top <- sum(sort(steps, decreasing = TRUE)[seq_len(n)])
  chance <- matrix(0, n + 1L, top + 1L)
  chance[1L, 1L] <- 1
  size <- length(steps)
  for (i in seq_along(steps)) {
    # The i-th record is taken with probability (n - taken) / (records left), given how many are taken.
    take <- (n - 0:n) / (size - i + 1)
    taken <- chance * pmin(pmax(take, 0), 1)
    chance <- chance - taken
    move <- cbind(matrix(0, n + 1L, steps[i]), taken)[, seq_len(top + 1L), drop = FALSE]
    chance[-1L, ] <- chance[-1L, ] + move[-(n + 1L), ]
  }
  list(first = n * low, mass = chance[n + 1L, ])
}

convolve_sums <- function(a, b) list(first = a$first + b$first, mass = convolve_pmf(a$mass, b$mass))

# One set for each row of uniform numbers: a draw without replacement takes the j-th of those that are left.
drawn_changes <- function(sets, u) {
  out <- matrix(0, nrow(u), ncol(u))
  column <- 0L
  for (g in sets) {
    left <- matrix(g$change, nrow(u), length(g$change), byrow = TRUE)
    for (j in seq_len(g$n)) {
      column <- column + 1L
      rest <- length(g$change) - j + 1L
      at <- cbind(seq_len(nrow(u)), pmin(floor(u[, column] * rest) + 1L, rest))
      out[, column] <- left[at]
      left[at] <- left[, rest] # the last one takes the place of the one drawn
    }
  }
  out
}
