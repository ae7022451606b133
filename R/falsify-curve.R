# The pipeline of an excess of repeated scores on untreated patients: the natural tail of their mean excess at the last
# visit.

#' @rdname falsify
#' @param within (number, weeks) for repeated scores: how far a record's visit may lie from the trial's.
#' @export
falsify.excess_curve <- function(x, records = NULL, n = NULL, sets = 10000, threshold = c(0.025, 0.05, 0.10),
                                 seed = NULL, against = NULL, within = 2, ...) {
  check_no_more(names(formals(falsify.excess_curve)), ...)
  call <- rlang::current_env()
  parts <- curve_excess_parts(x)
  patients <- length(parts$courses)
  n <- if (is.null(n)) patients else check_count(n, min = 1, max = 1000)
  asked <- falsify_asked(sets, threshold, call)
  within <- check_number(within, min = 0)
  against <- falsify_against(against, parts$natural, records, "curve", call)
  slots <- course_slots(parts, n)
  own <- mean_under(list(courses = slots$courses, settings = parts$settings), parts$natural, call)
  gains <- vapply(slots$courses, \(one) one$gain[length(one$gain)], 0)
  critical <- \(threshold) mean(gains) - own$mean + stats::qnorm(threshold, lower.tail = FALSE) * own$sd
  world <- switch(against,
    records = course_record_world(parts, slots, records, within, critical, call),
    predictive = course_predictive_world(parts, slots, call)
  )
  world$observed <- stats::pnorm(own$mean / own$sd, lower.tail = FALSE)
  world$critical <- critical
  falsify_worlds(list(world), asked, seed, against, n, n == patients, x)
}

# The patients of a set: those of the trial with their visits and levels; of a larger set in turn.
course_slots <- function(parts, n) {
  level <- rep_len(match_terms(parts$data)$level, length(parts$courses))
  at <- rep_len(seq_along(parts$courses), n)
  list(courses = parts$courses[at], level = level[at])
}

# Differences drawn from their own normal distribution: each patient's part by the root of the covariance, and the part
# that all share.
course_predictive_world <- function(parts, slots, call) {
  model <- stacked_model(slots$courses, parts$natural, parts$settings$rise, call)
  sd <- mean_of_model(model)$sd
  root <- rbind(chol(model$v), t(model$shared))
  weights <- drop(root %*% mean_weights(model))
  tails <- \(u) stats::pnorm(drop(stats::qnorm(u) %*% weights) / sd, lower.tail = FALSE)
  list(group = "own predictive distribution: check of the code", columns = nrow(root), tails = tails)
}

# Records ------------------------------------------------------------------------------------------

# Untreated patients in place of the trial's, each at visits near those of the one whose place is taken, compared with
# natural gains between the weeks at which the visits were. All sets are gone through where one pool of few records
# serves every place; else sets are drawn, each place from those who fit it and are not yet in the set.
course_record_world <- function(parts, slots, records, within, critical, call) {
  check_untreated_courses(records, parts, call)
  found <- record_pool(parts, slots, records, within, call)
  pool <- found$pool[place_order(found$pool, slots), , , drop = FALSE]
  check_pool(pool, within, call)
  n <- dim(pool)[1]
  fit <- which(pool_fits(pool)[1, ])
  world <- list(group = found$label, columns = n, tails = \(u) pool_tails(pool, drawn_places(pool_fits(pool), u)))
  if (same_places(pool) && choose(length(fit), n) <= most_sets) {
    tails <- pool_tails(pool, matrix(fit[utils::combn(length(fit), n)], ncol = n, byrow = TRUE))
    world$claims <- \(threshold) {
      row <- term_row("claims", mean(tails <= threshold), error = 64 * .Machine$double.eps)
      cbind(row, critical = critical(threshold))
    }
  }
  world
}

most_sets <- 20000

check_untreated_courses <- function(records, parts, call) {
  if (is.null(records)) abort_input("{.arg records} are not given.", call = call)
  if (!inherits(records, "recovery_data")) {
    abort_input(c("{.arg records} must be made by {.fn recovery_data}: repeated scores of untreated patients.",
      x = "They are {.obj_type_friendly {records}}."), call = call)
  }
  scales <- list(recovery_scale(records), recovery_scale(parts$data))
  if (scale_name(scales[[1]]) != scale_name(scales[[2]])) {
    abort_input("The records are about {scale_name(scales[[1]])}, the trial about {scale_name(scales[[2]])}.",
      call = call)
  }
  at <- recovery_roles(records)$treated_at
  treated <- if (!is.null(at)) sum(tapply(!is.na(records[[at]]), records[[recovery_roles(records)$subject]], any))
  if (!is.null(at) && treated > 0) {
    abort_input(c("The records must be of untreated patients.", x = "{treated} {?was/were} treated ({.field {at}}).",
      i = "Leave them out where it can be seen."), call = call)
  }
}

# An array places x records x parts: the difference from natural recovery at the last visit, its variance between
# patients, and the shared directions; NA where the record does not fit the place.
record_pool <- function(parts, slots, records, within, call) {
  roles <- recovery_roles(records)
  subject <- as.character(records[[roles$subject]])
  rows <- split(as.data.frame(records), factor(subject, unique(subject)))
  levels <- if (!anyNA(slots$level) && !is.null(records$level)) {
    standard_level(vapply(rows, \(one) as.character(one$level[1]), ""))
  }
  gains <- gains_once(parts$natural, call)
  cells <- lapply(seq_along(slots$courses), \(i) {
    lapply(seq_along(rows), \(k) {
      if (is.null(levels) || levels[k] %in% slots$level[i]) {
        record_difference(rows[[k]], roles, slots$courses[[i]], gains, within)
      }
    })
  })
  size <- max(2L, lengths(unlist(cells, recursive = FALSE)))
  pool <- array(NA_real_, c(length(cells), length(rows), size))
  for (i in seq_along(cells)) for (k in seq_along(rows)) if (!is.null(cells[[i]][[k]])) pool[i, k, ] <- cells[[i]][[k]]
  matched <- if (is.null(levels)) "visits" else "visits and level"
  list(pool = pool, label = paste(sum(colSums(pool_fits(pool)) > 0), "of", length(rows),
    "untreated records, matched on", matched))
}

pool_fits <- function(pool) matrix(!is.na(pool[, , 1]), dim(pool)[1])

same_places <- function(pool) all(apply(pool, c(2, 3), \(values) length(unique(values)) == 1L))

# Gains of the curve between two weeks, worked out once; NULL where the curve does not know them.
gains_once <- function(natural, call) {
  seen <- new.env()
  \(from, to) {
    key <- paste(from, to)
    if (is.null(seen[[key]])) {
      seen[[key]] <- list(tryCatch(curve_gains(natural, from, to, call), cordgain_error = \(e) NULL))
    }
    seen[[key]][[1]]
  }
}

# The visits of a record nearest to a patient's baseline and last visit.
record_difference <- function(rows, roles, course, gains, within) {
  week <- rows[[roles$time]]
  score <- rows[[roles$score]]
  nearest <- \(at, among) {
    among <- among[abs(week[among] - at) <= within]
    if (length(among) > 0L) among[which.min(abs(week[among] - at))]
  }
  known <- which(!is.na(score))
  base <- nearest(course$from, known)
  last <- nearest(course$week[length(course$week)], known[!known %in% base])
  if (is.null(base) || is.null(last) || week[last] <= week[base]) {
    return(NULL)
  }
  natural <- gains(week[base], week[last])
  if (is.null(natural)) {
    return(NULL)
  }
  c(score[last] - score[base] - natural$mean, natural$own, natural$slopes)
}

# Places for which few records fit are filled first; the order of the trial's patients says nothing.
place_order <- function(pool, slots) {
  last <- vapply(slots$courses, \(one) one$week[length(one$week)], 0)
  order(rowSums(pool_fits(pool)), vapply(slots$courses, `[[`, 0, "from"), last, slots$level)
}

# A place can always be filled where more records fit it than places before it could have taken.
check_pool <- function(pool, within, call) {
  fits <- pool_fits(pool)
  for (i in seq_len(nrow(fits))) {
    before <- sum(apply(fits[seq_len(i - 1L), , drop = FALSE], 1, \(other) any(other & fits[i, ])))
    if (sum(fits[i, ]) <= before) {
      abort_input(c("There are too few records.",
        x = "{sum(fits[i, ])} record{?s} {?has/have} visits within {within} week{?s} of a patient's baseline and last
             visit; {before + 1} {?is/are} needed.",
        i = "{.arg within} says how far visits may lie from each other."), call = call)
    }
  }
}

# One set for each row of uniform numbers: the k-th of the records that fit the place and are not yet in the set.
drawn_places <- function(fits, u) {
  picks <- matrix(0L, nrow(u), nrow(fits))
  taken <- matrix(FALSE, nrow(u), ncol(fits))
  for (i in seq_len(nrow(fits))) {
    left <- which(fits[i, ])
    free <- !taken[, left, drop = FALSE]
    count <- rowSums(free)
    wanted <- pmin(floor(u[, i] * count) + 1, count)
    seen <- numeric(nrow(u))
    for (j in seq_along(left)) {
      seen <- seen + free[, j]
      hit <- free[, j] & seen == wanted
      picks[hit, i] <- left[j]
    }
    taken[cbind(seq_len(nrow(u)), picks[, i])] <- TRUE
  }
  picks
}

# Natural tails of the mean excess of sets (rows of records, one column for each place).
pool_tails <- function(pool, picks) {
  at <- cbind(rep(seq_len(ncol(picks)), each = nrow(picks)), as.vector(picks))
  means <- vapply(seq_len(dim(pool)[3]), \(part) {
    rowMeans(matrix(pool[cbind(at, part)], nrow(picks)))
  }, numeric(nrow(picks)))
  means <- matrix(means, nrow(picks))
  variance <- means[, 2] / ncol(picks) + rowSums(means[, -(1:2), drop = FALSE]^2)
  stats::pnorm(means[, 1] / sqrt(variance), lower.tail = FALSE)
}
