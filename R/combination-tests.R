# Tests that combine the patients' percentiles, and the rank test against untreated records.
# Each answers another question, so one of them is declared beforehand.

combination_words <- c(
  percentile_sum = "did the patients as a group move up? (sum of percentiles, Irwin-Hall)",
  fisher = "did at least some do much better? (Fisher's sum of -2 log(1 - percentile))",
  exceedance = "how many lie above the natural 95th percentile?",
  rank_test = "do they rank above untreated records? (exact rank sum)"
)

# Tails P(statistic >= observed) without effect, by both routes, rows of tidy(). Each route has its own percentiles of
# what was observed: high in a tail they differ in digits that a logarithm sees, and a value no longer ties with itself.
combination_terms <- function(y, laws, call) {
  observed <- lapply(laws, observed_percentiles, y = y)
  row <- \(term, part) {
    tails <- Map(\(law, u, steps) statistic_tail(law, u, part, steps), laws, observed, lattice_steps)
    statistic_row(term, sum(part(observed$fine)), tails, call, no_tail_reason)
  }
  rbind(row("percentile_sum", identity), row("fisher", fisher_part), exceedance_row(y, laws, call))
}

# Mid-percentiles; of whole scores as whole_tail() has them of every value, to the last bit.
observed_percentiles <- function(law, y) {
  vapply(seq_along(y), \(i) {
    if (!law$whole) {
      return(percentile_of(percentile_ends(law, i, y[i])))
    }
    one <- law$each[[i]]
    mid_percentiles(one)[min(max(y[i] - one$values[1] + 1, 1), length(one$values))]
  }, 0)
}

fisher_part <- function(u) -2 * log(pmax(1 - u, 1e-300))

# A p-value to three digits is worth having; one that is summed exactly has more.
statistic_row <- function(term, statistic, tails, call, reason = NULL) {
  row <- if (is.na(tails$fine)) {
    with_columns(term_row(term, NA_real_), reason = reason)
  } else {
    known_terms(term, {
      tail <- two_routes(tails$fine, tails$coarse, "A combination test", call, limit = 1e-3)
      term_row(term, tail$value, error = tail$error)
    })
  }
  with_columns(row, statistic = statistic, p.value = row$estimate)
}

no_tail_reason <- "not computed: so many patients have too many combinations of changes"

knows_mean <- function(law) length(law$nodes$weight) == 1L && law$nodes$shift == 0

# Whole scores: the sum over every combination of values given the shift, on a lattice where these are too many. Else
# closed forms where the mean is known, and sums on a lattice where it is not.
statistic_tail <- function(law, observed, part, steps = lattice_steps[["fine"]]) {
  n <- length(observed)
  if (law$whole) {
    return(whole_tail(law, observed, part, steps))
  }
  smooth_tail(list(shifted_percentile(law)), rep(1L, n), law$nodes$weight, knows_mean(law), observed, part, steps)
}

# Patients whose percentiles have no steps. Given what they share (`weight` of its nodes) they are independent;
# `cdfs[[alike[i]]]` is the distribution function of patient i's percentile, values x nodes.
smooth_tail <- function(cdfs, alike, weight, known, observed, part, steps) {
  n <- length(observed)
  if (n == 1L) {
    return(1 - observed) # uniform, however much is shared
  }
  if (known && identical(part, fisher_part)) {
    return(stats::pchisq(sum(part(observed)), 2 * n, lower.tail = FALSE))
  }
  if (known && n <= most_irwin_hall) {
    return(irwin_hall_tail(sum(observed), n))
  }
  lattice_tail(cdfs, alike, weight, sum(part(observed)), identical(part, fisher_part), steps)
}

# P(sum of n uniforms >= s) = (1 / n!) sum_k (-1)^k C(n, k) (n - s - k)^n above the middle, where the terms are few and
# small; below it one less the same of n - s. Of more than 20 the sum loses its digits in the middle.
most_irwin_hall <- 20L

irwin_hall_tail <- function(s, n) {
  if (s < n / 2) {
    return(1 - irwin_hall_tail(n - s, n))
  }
  k <- seq(0, floor(max(n - s, 0)))
  max(0, sum((-1)^k * choose(n, k) * pmax(n - s - k, 0)^n) / factorial(n))
}

# Given what they share patients are independent, though their parts of a statistic are no longer uniform. All but one
# are rounded to a lattice and added up by Fourier transform, the last is taken as it is. A step h leaves an
# error of order h^2, which two steps take away; that of two such pairs, the routes, is compared.
lattice_steps <- c(fine = 512L, coarse = 256L)
most_lattice_sums <- 5e7 # some seconds

lattice_tail <- function(cdfs, alike, weight, s, fisher, steps) {
  n <- length(alike)
  if (n * length(cdfs) * length(weight) * steps > most_lattice_sums) {
    return(NA_real_)
  }
  if (s <= 0 || !fisher && s >= n) {
    return(as.numeric(s <= 0))
  }
  tails <- \(h, steps, at) lattice_tails(cdfs, alike, weight, fisher, h, steps, at)
  if (fisher) { # a lattice that ends at s
    tail <- lapply(c(steps, steps / 2), \(m) tails(s / m, m, m))
    return(within_unit((4 * tail[[1]] - tail[[2]]) / 3))
  }
  # A lattice that ends where percentiles do, at 1: s lies among four of its points, through which a cubic goes.
  s <- s * steps / 2
  near <- min(max(floor(s) - 1, 0), n * steps / 2 - 3) + 0:3
  tail <- lapply(1:2, \(times) tails(2 / steps / times, steps / 2 * times, near * times))
  within_unit(cubic_through(near, (4 * tail[[2]] - tail[[1]]) / 3, s))
}

# The cubic through four points, at x.
cubic_through <- function(at, value, x) {
  sum(value * vapply(1:4, \(i) prod((x - at[-i]) / (at[i] - at[-i])), 0))
}

# Rounding of a sum may leave a probability a last digit below 0.
within_unit <- function(p) min(max(p, 0), 1)

# P(sum of n parts >= h `at`), averaged over what is shared, where the lattice of a part has `steps` steps of h.
lattice_tails <- function(cdfs, alike, weight, fisher, h, steps, at) {
  n <- length(alike)
  below <- part_cdf(cdfs[[alike[n]]], h * seq(0, steps), fisher)
  times <- tabulate(alike[-n], length(cdfs))
  masses <- lapply(cdfs[times > 0], \(cdf) {
    between <- part_cdf(cdf, h * (seq(0, steps) + 0.5), fisher)
    rbind(between[1L, ], diff(between))
  })
  times <- times[times > 0]
  size <- stats::nextn((n - 1L) * steps + 1)
  tail <- numeric(length(at))
  for (j in which(weight > 1e-12)) {
    transforms <- Map(\(m, k) stats::fft(c(m[, j], numeric(size - steps - 1)))^k, masses, times)
    mass <- Re(stats::fft(Reduce(`*`, transforms), inverse = TRUE)) / size
    smaller <- vapply(at, \(m) {
      k <- seq(0, min(m, (n - 1L) * steps))
      sum(mass[k + 1] * below[pmin(m - k, steps) + 1, j])
    }, 0)
    tail <- tail + weight[j] * (1 - smaller)
  }
  tail
}

# P(part of a patient <= x | what is shared): values x nodes.
part_cdf <- function(cdf, x, fisher) {
  u <- if (fisher) -expm1(-x / 2) else x
  p <- cdf(pmin(pmax(u, 1e-15), 1 - 1e-15))
  p[u <= 0, ] <- 0
  p[u >= 1, ] <- 1
  p
}

# Of the values of half of the patients, as the core has it, and of these for all shifts: some seconds.
most_combinations <- 1e6
most_combined <- 3e8

whole_tail <- function(law, observed, part, steps) {
  parts <- whole_parts(law, part)
  sizes <- vapply(parts, \(p) length(p$values), 0L)
  half <- seq_len(length(sizes) %/% 2L)
  largest <- max(prod(sizes[half]), prod(sizes[setdiff(seq_along(sizes), half)]))
  if (largest > most_combinations || largest * length(law$nodes$weight) > most_combined) {
    return(whole_lattice_tail(law$nodes$weight, parts, part(observed), identical(part, fisher_part), steps))
  }
  core_combination_tail(lapply(parts, `[[`, "values"), lapply(parts, `[[`, "masses"), law$nodes$weight,
    sum(part(observed)))
}

# Of each patient the values of a part and their probabilities given each shift.
whole_parts <- function(law, part) {
  lapply(law$each, \(one) {
    keep <- one$mass > 1e-13 # what is dropped adds less than 1e-10 to a tail
    list(values = part(mid_percentiles(one)[keep]), masses = one$masses[keep, , drop = FALSE])
  })
}

# Each value shared out between its two neighbours on a lattice. Sums of so many values lie dense: their distribution
# function is read between lattice points, half of the ties of the observed one below it. The lattice is as fine as some
# seconds allow, for on a finer one gaps between sums would show.
whole_lattice_tail <- function(weight, parts, observed, fisher, steps) {
  n <- length(parts)
  key <- vapply(parts, \(one) paste(format(c(length(one$values), one$values[1L], sum(one$values), sum(one$values^2)),
    digits = 15), collapse = " "), "") # lists are compared as text, and these may hold millions of numbers
  alike <- match(key, unique(key))
  kinds <- parts[!duplicated(key)]
  each <- n * length(weight) * (1 + length(kinds)) / 2
  s <- sum(observed)
  if (each * steps > most_lattice_sums || s <= 0) {
    return(if (s <= 0) 1 else NA_real_)
  }
  steps <- steps * 2^min(8, max(0, floor(log2(8e3 / each))))
  h <- if (fisher) s / steps else 1 / steps
  masses <- lapply(kinds, \(one) {
    place <- one$values / h
    inside <- place < steps + 1 # Fisher's parts beyond are not below s, whatever the others
    below <- floor(place[inside])
    upper <- place[inside] - below
    own <- one$masses[inside, , drop = FALSE]
    on <- rowsum(rbind((1 - upper) * own, upper * own), c(below, below + 1))
    out <- matrix(0, steps + 2, ncol(own))
    out[as.integer(rownames(on)) + 1, ] <- on
    out
  })
  size <- stats::nextn(n * (steps + 1) + 1)
  # The distribution function is known between lattice points: s amid four of them, windows about it.
  edges <- floor(s / h) + c(-1.5, -0.5, 0.5, 1.5, -2.5, 2.5, -20.5, 20.5)
  cdf <- 0
  for (j in which(weight > 1e-8)) { # what is dropped adds less than 1e-5
    transforms <- lapply(masses, \(m) stats::fft(c(m[, j], numeric(size - steps - 2))))
    all <- Reduce(`*`, Map(`^`, transforms, tabulate(alike)))
    sums <- c(0, cumsum(Re(stats::fft(all, inverse = TRUE)) / size))
    cdf <- cdf + weight[j] * sums[pmin(pmax(edges + 1.5, 1), size)]
  }
  lumps <- abs(cdf[6] - cdf[5] - 5 / 41 * (cdf[8] - cdf[7])) / 2
  if (lumps > most_lumps) {
    return(NA_real_)
  }
  below <- cubic_through(edges[1:4], cdf[1:4], s / h)
  within_unit(1 - below + ties_of(weight, parts, observed, alike) / 2)
}

# A window about the sum holds more, or less, than a wider one would have it: sums tie by the thousand.
most_lumps <- 1e-4

# P(the same values, in any order among patients alike).
ties_of <- function(weight, parts, observed, alike) {
  at <- unlist(Map(\(one, value) match(value, one$values), parts, observed), use.names = FALSE)
  if (anyNA(at)) {
    return(0)
  }
  ways <- exp(sum(lfactorial(tabulate(alike))) - sum(lfactorial(table(paste(alike, at)))))
  ways * sum(weight * Reduce(`*`, Map(\(one, k) one$masses[k, ], parts, at)))
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

# Exact one-sided rank-sum test of the treated against untreated records, ties counted by midranks. All is
# probabilities, since counts of so many sets overflow. NA where it would take minutes.
rank_tail <- function(y, records) {
  ranks <- rank(c(y, records))
  n <- length(y)
  untied <- anyDuplicated(ranks) == 0L
  if (untied && min(n, length(records)) <= most_untied) {
    return(untied_tail(sum(ranks[seq_len(n)]) - n * (n + 1) / 2, n, length(records)))
  }
  if (!untied) ranks <- round(2 * ranks) # whole again
  picked <- ranks[seq_len(n)]
  # The fewer of the two are followed: the treated lie high where the records lie low.
  if (n > length(records)) {
    ranks <- max(ranks) + min(ranks) - ranks
    picked <- ranks[-seq_len(n)]
  }
  ranks <- sort(ranks, decreasing = TRUE)
  ties <- rle(ranks)$lengths
  n <- length(picked)
  if (sum(pmin(ties, n)) * n^2 / 12 * diff(range(ranks)) > most_rank_steps) {
    return(NA_real_)
  }
  deal_ranks(ranks, ties, n, sum(picked))
}

most_rank_steps <- 3e9

# Up to here differences and sums by turns keep their digits (to 3e-15, seen against deal_ranks()).
most_untied <- 40

# P(U >= at) of Mann and Whitney's U, the pairs of a treated patient and a lower record, of which there are n m. Its
# probabilities are those of the generating function prod_i (1 - q^(m + i)) / (1 - q^i), i = 1, ..., n: a factor above
# is a difference, one below a running sum in steps of i. Only the half below the middle is worked out: U is symmetric.
untied_tail <- function(at, n, m) {
  upper <- at > n * m / 2
  most <- if (upper) n * m - at else at - 1
  if (most < 0) {
    return(if (upper) 0 else 1)
  }
  size <- most + 1
  p <- c(1, numeric(most))
  for (i in seq_len(min(n, m))) {
    by <- max(n, m) + i
    if (by < size) p[(by + 1):size] <- p[(by + 1):size] - p[seq_len(size - by)]
    for (start in seq_len(min(i, size))) {
      here <- seq(start, size, by = i)
      p[here] <- cumsum(p[here])
    }
    p <- p * (i / by)
  }
  if (upper) sum(p) else 1 - sum(p)
}

# P(sum of the ranks of n of them >= threshold), ranks falling. They are dealt from the highest down, those of equal
# value together: how many of them are picked is hypergeometric given those dealt before. For each number picked so far
# there are the probabilities of its sums, from `from` on, that leave the answer open: what is there whatever follows
# is counted, and what cannot be there any more is dropped.
deal_ranks <- function(ranks, ties, n, threshold) {
  sums <- c(0, cumsum(ranks))
  size <- length(ranks)
  state <- list(list(picked = 0, from = 0, p = 1))
  tail <- 0
  dealt <- 0
  for (tied in ties) {
    end <- dealt + tied
    fewest <- state[[1]]$picked
    state <- lapply(seq(max(0, n - (size - end)), min(n, end)), \(k) {
      rest <- n - k
      sure <- threshold - (sums[size + 1] - sums[size + 1 - rest])
      from <- max(threshold - (sums[end + rest + 1] - sums[end + 1]), sums[end + 1] - sums[end + 1 - k])
      p <- numeric(max(0, min(sure - 1, sums[k + 1]) - from + 1))
      for (before in seq(max(fewest, k - tied), min(k, fewest + length(state) - 1))) {
        old <- state[[before - fewest + 1]]
        first <- old$from + (k - before) * ranks[end] # the sum that the first of old$p becomes
        open <- max(0, min(length(old$p), sure - first))
        share <- stats::dhyper(k - before, n - before, size - dealt - n + before, tied)
        if (open < length(old$p)) tail <<- tail + share * sum(old$p[(open + 1):length(old$p)])
        start <- max(1, from - first + 1)
        if (start <= open) {
          to <- (first - from + start):(first - from + open)
          p[to] <- p[to] + share * old$p[start:open]
        }
      }
      list(picked = k, from = from, p = p)
    })
    dealt <- end
  }
  tail
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
  width <- diff(scale_range(change_motor_scale(x)))
  records <- check_numeric(records, "records", -width, width,
    todo = paste0("They are changes, gains positive, and no ", escape_braces(scale_name(change_motor_scale(x))),
      " changes by more."),
    call = call)
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
  with_columns(term_row("rank_test", tail, error = 64 * .Machine$double.eps, num.kind = "bound"),
    reason = if (is.na(tail)) "not computed for so many tied records" else NA_character_,
    statistic = sum(rank(c(y, records))[seq_along(y)]), p.value = tail)
}
