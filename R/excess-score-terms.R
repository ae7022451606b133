# The rows of an excess of scores: the group's, and each patient's.

# The observed changes; where some are lost, the two ends between which they lie.
possible_outcomes <- function(x) {
  y <- change_scores(x)
  if (!anyNA(y)) {
    return(list(y))
  }
  room <- change_room(x)
  list(ifelse(is.na(y), room$low, y), ifelse(is.na(y), room$high, y))
}

# Rows of the group --------------------------------------------------------------------

# The columns of every row, in one order.
blank_score_columns <- function(rows) {
  for (column in c("statistic", "p.value")) if (is.null(rows[[column]])) rows[[column]] <- rep(NA_real_, nrow(rows))
  if (is.null(rows$reason)) rows$reason <- rep(NA_character_, nrow(rows))
  rows
}

group_terms <- function(y, laws, natural, records, settings, call) {
  moments <- mean_terms(mean(y), laws, natural, settings, call)
  tests <- rbind(combination_terms(y, laws, call), rank_terms(y, records))
  rbind(blank_score_columns(moments), tests)
}

# The natural mean of these patients on both routes: a mixture of normals, or the whole distribution of their sum.
natural_means <- function(laws, natural) {
  n <- length(laws$fine$room$low)
  if (change_family(natural) != "normal") {
    return(lapply(laws, \(law) {
      sum <- sum_of_changes(law$model, law$room, law$nodes)
      list(values = sum$values / n, mass = sum$mass)
    }))
  }
  lapply(c(fine = "fine", coarse = "coarse"), \(route) {
    m <- change_mixture(natural, route)
    m$sd <- sqrt(m$sd^2 + change_sd(natural)^2 / n)
    m
  })
}

mean_below <- function(means, at) {
  if (is.null(means$mass)) {
    return(core_mixture_cdf(means, at))
  }
  sum(means$mass[means$values < at - 1e-9])
}

means_summary <- function(means, probs, natural, call) {
  what <- "The mean natural change"
  if (is.null(means$fine$mass)) {
    return(mixture_routes(means, probs, change_moments_exist(natural), what, call))
  }
  s <- lapply(means, \(m) c(mass_moments(m$values, m$mass), list(quantile = mass_quantile(m$values, m$mass, probs))))
  lapply(stats::setNames(nm = c("mean", "sd", "quantile")), \(name) two_routes(s$fine[[name]], s$coarse[[name]], what,
    call))
}

mean_terms <- function(observed, laws, natural, settings, call) {
  probs <- c(1 - settings$conf.level, 1 + settings$conf.level) / 2
  means <- natural_means(laws, natural)
  s <- means_summary(means, probs, natural, call)
  below <- \(term, at) {
    p <- lapply(means, mean_below, at = at)
    p <- two_routes(p$fine, p$coarse, "The probability of an excess", call)
    term_row(term, p$value, error = p$error)
  }
  rows <- rbind(
    change_row("natural_mean", s), excess_row("mean_excess", observed, s),
    population_row(observed, laws, natural, settings, s, call), below("prob_excess", observed),
    if (!is.null(settings$margin)) below("prob_margin", observed - settings$margin)
  )
  if (change_is_known(natural)) rows$num.kind <- "exact"
  rows
}

# Observed minus expected; the ends of the interval change places.
excess_row <- function(term, observed, s) {
  term_row(term, observed - s$mean$value, observed - s$quantile$value[2], observed - s$quantile$value[1],
    max(s$mean$error, s$sd$error, s$quantile$error), s$sd$value)
}

# Without an SD of the treated they vary as untreated patients of the same ranges do: the law of the mean excess. Else
# sd_1^2 / n takes the place of the natural patients' own variance, and the shared part stays: a mixture of normals.
population_row <- function(observed, laws, natural, settings, s, call) {
  if (!is.null(settings$sd_treated)) {
    n <- length(laws$fine$room$low)
    counted <- change_family(natural) != "normal"
    means <- lapply(c(fine = "fine", coarse = "coarse"), \(route) {
      m <- if (counted) given_means(laws[[route]]) else change_mixture(natural, route)
      m$sd <- sqrt(m$sd^2 + settings$sd_treated^2 / n)
      m
    })
    exists <- if (counted) c(mean = TRUE, sd = TRUE) else change_moments_exist(natural)
    probs <- c(1 - settings$conf.level, 1 + settings$conf.level) / 2
    s <- mixture_routes(means, probs, exists, "The natural mean of the population", call)
  }
  excess_row("mean_excess_population", observed, s)
}

# The mean natural change of these patients given each shift, as points of a mixture.
given_means <- function(law) {
  given <- rowMeans(do.call(cbind, lapply(law$each, \(one) colSums(one$values * one$masses))))
  list(weight = law$nodes$weight, mean = given, sd = 0 * given)
}

# One outcome: its rows. Two (lost patients): no estimate, and the smallest and largest value.
score_bounds <- function(groups) {
  rows <- groups[[1]]
  if (length(groups) == 1L) {
    return(cbind(rows, subject = NA_character_, interval = "interval"))
  }
  ends <- vapply(groups, \(g) g$estimate, numeric(nrow(rows)))
  bounds <- term_row(rows$term, NA_real_, apply(ends, 1, min), apply(ends, 1, max),
    pmax(groups[[1]]$num.error, groups[[2]]$num.error), num.kind = rows$num.kind)
  bounds$reason <- ifelse(is.na(groups[[1]]$reason), groups[[2]]$reason, groups[[1]]$reason)
  cbind(blank_score_columns(bounds), subject = NA_character_, interval = "bounds over lost patients")
}

# Rows of the patients -----------------------------------------------------------------

patient_terms <- function(x, laws, natural, settings, call) {
  y <- change_scores(x)
  seen <- which(!is.na(y))
  probs <- c(1 - settings$conf.level, 1 + settings$conf.level) / 2
  nature <- lapply(seen, \(i) {
    c(patient_summary(natural, probs, c(laws$fine$room$low[i], laws$fine$room$high[i]), call),
      own = own_sd(laws$fine, i, natural))
  })
  room <- lapply(laws$fine$room, `[`, seen)
  half <- correlated_rows(y[seen], nature, if (change_family(natural) != "normal") room)
  rows <- do.call(rbind, lapply(seq_along(seen), \(k) {
    rbind(blank_score_columns(excess_row("patient_excess", y[seen[k]], nature[[k]])), half[k, ],
      percentile_row(seen[k], y, laws, settings, call))
  }))
  if (!is.null(rows)) {
    rows <- cbind(rows, subject = rep(change_subjects(x)[seen], each = 3L), interval = "interval")
  }
  rbind(rows, lost_patients(x), ordered_rows(x, rows, laws, settings, call))
}

percentile_row <- function(i, y, laws, settings, call) {
  u <- lapply(laws, \(law) percentile_of(percentile_ends(law, i, y[i]), settings$places[i]))
  u <- two_routes(u$fine, u$coarse, "A percentile", call)
  blank_score_columns(term_row("patient_percentile", u$value, error = u$error))
}

# SD of one patient's natural change around the mean of his population: cut at his own ends where the family is.
own_sd <- function(law, i, natural) {
  if (change_family(natural) == "normal") {
    return(change_sd(natural))
  }
  one <- law$each[[i]]
  mean <- colSums(one$values * one$masses)
  sqrt(max(sum(law$nodes$weight * (colSums(one$values^2 * one$masses) - mean^2)), 0))
}

shown_correlation <- 0.5

# E[Y0_i | Y1_i] = m_i + r s_i (z_i - mean of z), z_i = (y_i - m_i) / s_i, SD sqrt(s_i^2 (1 - r^2) + shared variance):
# normal working with each patient's own mean and SD. Where changes are cut at the ends of `room` and it takes the
# natural change beyond them, the normal does not hold, and there is no number.
correlated_rows <- function(y, nature, room = NULL) {
  part <- \(name) vapply(nature, \(s) s[[name]]$value, 0)
  mean <- part("mean")
  own <- vapply(nature, `[[`, 0, "own")
  varies <- own > 0
  z <- ifelse(varies, (y - mean) / own, 0)
  natural <- mean + ifelse(varies, shown_correlation * own * (z - mean(z[varies])), 0)
  outside <- if (is.null(room)) rep(FALSE, length(y)) else natural < room$low | natural > room$high
  sd <- sqrt(own^2 * (1 - shown_correlation^2) + pmax(part("sd")^2 - own^2, 0))
  known <- \(values) ifelse(outside, NA_real_, values)
  rows <- term_row(rep("patient_excess_correlated", length(y)), known(y - natural),
    error = known(vapply(nature, \(s) s$mean$error, 0)), std.error = known(sd))
  rows$reason <- ifelse(outside, beyond_range, NA_character_)
  blank_score_columns(rows)
}

beyond_range <- "the normal working takes the natural change beyond what this patient's scale allows"

lost_patients <- function(x) {
  lost <- which(is.na(change_scores(x)))
  if (length(lost) == 0L) {
    return(NULL)
  }
  rows <- term_row(rep(c("patient_excess", "patient_percentile"), length(lost)), NA_real_, error = NA_real_)
  cbind(blank_score_columns(rows), subject = rep(change_subjects(x)[lost], each = 2L), interval = "not known")
}

# Percentiles from the lowest up, each with the band of its rank among as many untreated patients.
ordered_rows <- function(x, rows, laws, settings, call) {
  if (anyNA(change_scores(x))) {
    return(NULL)
  }
  u <- rows[rows$term == "patient_percentile", ]
  u <- u[order(u$estimate), ]
  out <- ordered_terms(u$estimate, laws, \(law) ordered_bands(law, settings$conf.level, settings$randomised), call)
  out$num.error <- pmax(u$num.error, out$num.error)
  cbind(blank_score_columns(out), subject = u$subject, interval = "band without effect")
}

# Percentiles `u`, rising, with the bands that `bands()` gives of each route, and the bands' errors.
ordered_terms <- function(u, routes, bands, call) {
  out <- known_terms(rep("ordered_percentile", length(u)), {
    ends <- lapply(routes, \(route) as.matrix(bands(route)[c("low", "high")]))
    ends <- two_routes(ends$fine, ends$coarse, "A band of ordered percentiles", call, limit = 1e-5)
    term_row("ordered_percentile", u, ends$value[, 1], ends$value[, 2], apply(ends$error, 1, max))
  })
  out$estimate <- u # known whatever becomes of the bands
  out
}
