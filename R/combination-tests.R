# Tests that combine the patients' percentiles, and the rank test against untreated records.
# Each answers another question, so one of them is declared beforehand.

combination_words <- c(
  percentile_sum = "did the patients as a group move up? (sum of percentiles, Irwin-Hall)",
  fisher = "did at least some do much better? (Fisher's sum of -2 log(1 - percentile))",
  exceedance = "how many lie above the natural 95th percentile?",
  rank_test = "do they rank above untreated records? (exact rank sum)"
)

# Tails P(statistic >= observed) without effect, by both routes, rows of tidy().
combination_terms <- function(y, laws, natural, call) {
  observed <- vapply(seq_along(y), \(i) percentile_of(percentile_ends(laws$fine, i, y[i])), 0)
  rbind(
    statistic_row("percentile_sum", sum(observed), lapply(laws, \(law) statistic_tail(law, observed, identity)), call),
    statistic_row("fisher", sum(fisher_part(observed)), lapply(laws, \(law) statistic_tail(law, observed, fisher_part)),
      call),
    exceedance_row(y, laws, call)
  )
}

fisher_part <- function(u) -2 * log(pmax(1 - u, 1e-300))

statistic_row <- function(term, statistic, tails, call) {
  tail <- if (is.na(tails$fine)) {
    list(value = NA_real_, error = 0)
  } else {
    two_routes(tails$fine, tails$coarse, "A combination test", call)
  }
  cbind(term_row(term, tail$value, error = tail$error), statistic = statistic, p.value = tail$value)
}

# Whole scores: the sum over every combination of values given the shift. Else closed forms where the mean is known;
# with an uncertain mean and scores that are not whole there is no finite sum, and the tail is NA.
statistic_tail <- function(law, observed, part) {
  n <- length(observed)
  if (law$whole) {
    return(whole_tail(law, observed, part))
  }
  if (length(law$nodes$weight) > 1L || law$nodes$shift != 0) {
    return(NA_real_)
  }
  if (identical(part, identity)) {
    irwin_hall_tail(sum(observed), n)
  } else {
    stats::pchisq(sum(part(observed)), 2 * n, lower.tail = FALSE)
  }
}

# P(sum of n uniforms >= s) = 1 - (1 / n!) sum_k (-1)^k C(n, k) (s - k)^n. The terms alternate: above 20 the sum loses
# its digits, and the tail is NA.
irwin_hall_tail <- function(s, n) {
  if (n > 20L) {
    return(NA_real_)
  }
  k <- seq(0, floor(min(s, n)))
  1 - sum((-1)^k * choose(n, k) * (s - k)^n) / factorial(n)
}

most_combinations <- 40000

whole_tail <- function(law, observed, part) {
  parts <- lapply(law$each, \(one) {
    keep <- one$mass > 1e-13 # what is dropped adds less than 1e-10 to a tail
    list(values = part(one$cdf[keep] - one$mass[keep] / 2), masses = one$masses[keep, , drop = FALSE])
  })
  sizes <- vapply(parts, \(p) length(p$values), 0L)
  half <- seq_len(length(sizes) %/% 2L)
  if (max(prod(sizes[half]), prod(sizes[setdiff(seq_along(sizes), half)])) > most_combinations) {
    return(NA_real_)
  }
  core_combination_tail(lapply(parts, `[[`, "values"), lapply(parts, `[[`, "masses"), law$nodes$weight,
    sum(part(observed)))
}

# How many lie above the 95th percentile of natural recovery at the published mean; the shared shift moves the chance.
exceedance_row <- function(y, laws, call) {
  above <- lapply(laws, \(law) {
    thresholds <- vapply(seq_along(y), \(i) natural_centile(law, i, 0.95), 0)
    q <- do.call(rbind, lapply(seq_along(y), \(i) {
      1 - conditional_cdf(law$model, thresholds[i], law$nodes, law$whole, law$room$low[i], law$room$high[i])
    }))
    count <- sum(y > thresholds)
    list(count = count, tail = count_tail(q, law$nodes$weight, count))
  })
  statistic_row("exceedance", above$fine$count, lapply(above, `[[`, "tail"), call)
}

# Whole scores: the smallest change whose distribution function reaches the level.
natural_centile <- function(law, i, level) {
  if (!law$whole) {
    return(law$model$location + stats::qnorm(level) * law$model$spread)
  }
  values <- law$each[[i]]$values
  cdf <- core_change_cdfs(law$model, values, 0, TRUE, law$room$low[i], law$room$high[i])
  values[min(which(cdf >= level), length(values))]
}

# Rank test ---------------------------------------------------------------------------------

# Exact one-sided rank-sum test of the treated against untreated records, by the permutation distribution of
# midranks (doubled, so whole): ways[k + 1, s + 1] counts the sets of k patients with doubled rank sum s.
rank_tail <- function(y, records) {
  ranks <- as.integer(round(2 * rank(c(y, records))))
  n <- length(y)
  top <- sum(sort(ranks, decreasing = TRUE)[seq_len(n)])
  ways <- matrix(0, n + 1L, top + 1L)
  ways[1L, 1L] <- 1
  for (r in ranks) {
    moved <- cbind(matrix(0, n, r), ways[seq_len(n), seq_len(top + 1L - r), drop = FALSE])
    ways[-1L, ] <- ways[-1L, ] + moved
  }
  observed <- sum(ranks[seq_len(n)])
  sum(ways[n + 1L, seq(observed + 1L, top + 1L)]) / choose(length(ranks), n)
}

# Conformal p-value of one patient: (1 + records at least as good) / (1 + records).
conformal_p <- function(y, records) {
  vapply(y, \(one) (1 + sum(records >= one)) / (1 + length(records)), 0)
}

check_records <- function(records, x, call) {
  if (is.null(records)) {
    return(NULL)
  }
  if (is_score_change(records)) {
    if (scale_name(change_motor_scale(records)) != scale_name(change_motor_scale(x))) {
      abort_unmatched("{.arg records} are scores of another scale than the trial's.", call = call)
    }
    records <- change_scores(records)
  }
  records <- check_numeric(records, "records", call = call)
  if (length(records) < 2L || length(records) + length(change_scores(x)) > 2000L) {
    abort_input("{.arg records} must hold 2 or more changes of untreated patients, at most 2000 with the treated.",
      call = call)
  }
  records
}

rank_terms <- function(y, records) {
  if (is.null(records)) {
    return(NULL)
  }
  tail <- rank_tail(y, records)
  cbind(term_row("rank_test", tail, error = 64 * .Machine$double.eps, num.kind = "bound"),
    statistic = sum(rank(c(y, records))[seq_along(y)]), p.value = tail)
}
