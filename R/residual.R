# The residual covariance over visits: who was seen when, and which group's
# matrix holds, from one word of the formula.

#' Rows of a residual covariance
#'
#' @param residual from `split_formula()`, or NULL.
#' @return empty list for independent residuals; else list of `word`, `subject`,
#'   `visit`, `group` (integers from 0, one per row), `n_subjects`, `n_groups`,
#'   `times` (numeric, one per visit), and labels.
#' @noRd
residual_pattern <- function(residual, frame, call) {
  if (is.null(residual)) {
    return(list())
  }
  one <- list(level = integer(nrow(frame)), labels = "")
  group <- if (is.null(residual$by)) one else group_levels(residual$by, frame)
  if (is.null(residual$group)) {
    out <- list(
      word = residual$word, subject = seq_len(nrow(frame)) - 1L, visit = integer(nrow(frame)), times = 1, visits = "1"
    )
    out$n_subjects <- nrow(frame)
  } else {
    out <- visit_pattern(residual, frame, call)
    check_visits(out, residual, call)
    check_one_group(out, group, residual, call)
    if (residual$word == "us") check_joint_visits(out, group, call)
  }
  c(out, list(group = group$level, groups = group$labels, n_groups = length(group$labels)))
}

visit_pattern <- function(residual, frame, call) {
  subject <- group_levels(residual$group, frame)
  values <- frame[[deparse1(residual$lhs)]]
  visit <- leaf_levels(values)
  if (residual$word == "sp_exp" && !is.numeric(values)) {
    abort_input(c(
      "{.code sp_exp()} needs a numeric time.",
      x = "{.var {deparse1(residual$lhs)}} is {.obj_type_friendly {values}}."
    ), call = call)
  }
  list(
    word = residual$word, subject = subject$level, n_subjects = length(subject$labels), subjects = subject$labels,
    visit = visit$level, visits = visit$labels,
    times = if (residual$word == "sp_exp") sort(unique(as.double(values))) else as.double(seq_along(visit$labels))
  )
}

check_visits <- function(pattern, residual, call) {
  code <- pattern$subject * as.double(length(pattern$visits)) + pattern$visit
  twice <- which(duplicated(code))
  if (length(twice) > 0L) {
    abort_input(c("A subject has one row per visit.",
      x = paste(
        "Subject {.val {pattern$subjects[pattern$subject[twice[1]] + 1L]}} has visit",
        "{.val {pattern$visits[pattern$visit[twice[1]] + 1L]}} more than once."
      ),
      i = "The covariance is between visits of {.var {deparse1(residual$lhs)}}."
    ), call = call)
  }
}

# An unstructured covariance of two visits needs a subject seen at both, in each group that has its own.
check_joint_visits <- function(pattern, group, call) {
  for (k in seq_along(group$labels)) {
    rows <- group$level == k - 1L
    seen <- matrix(0, pattern$n_subjects, length(pattern$visits))
    seen[cbind(pattern$subject + 1L, pattern$visit + 1L)[rows, , drop = FALSE]] <- 1
    never <- which(crossprod(seen) == 0, arr.ind = TRUE)
    if (nrow(never) > 0L) refuse_unseen_pair(pattern$visits[never[1L, ]], group$labels[k], call)
  }
}

refuse_unseen_pair <- function(visits, group, call) {
  where <- if (nzchar(group)) " of group {.val {group}}" else ""
  what <- if (visits[1L] == visits[2L]) "at {.val {visits[1]}}" else "at both {.val {visits[1]}} and {.val {visits[2]}}"
  abort_input(c("An unstructured covariance needs each pair of visits in at least one subject.",
    x = paste0("No subject", where, " was seen ", what, "."),
    i = "Use a patterned covariance such as {.code cs()} or {.code ar1()}."
  ), call = call)
}

check_one_group <- function(pattern, group, residual, call) {
  pairs <- unique(cbind(pattern$subject, group$level))
  twice <- which(duplicated(pairs[, 1]))
  if (length(twice) > 0L) {
    abort_input(c("Each subject belongs to one group of the residual covariance.",
      x = paste(
        "Subject {.val {pattern$subjects[pairs[twice[1], 1] + 1L]}} occurs in two levels of",
        "{.var {deparse1(residual$by)}}."
      )
    ), call = call)
  }
}

# Names of the residual variance parameters.
residual_names <- function(pattern) {
  if (length(pattern) == 0L) {
    return("residual.var")
  }
  pairs <- lower_pairs(length(pattern$visits))
  element <- paste0("Sigma[", pairs$row, ",", pairs$col, "]")
  unlist(lapply(pattern$groups, \(group) if (nzchar(group)) paste0(element, "|", group) else element))
}

# One covariance matrix per group, at the estimate.
residual_covariances <- function(fit) {
  pattern <- fit$design$residual
  size <- length(residual_names(pattern))
  values <- utils::tail(fit$result$gamma, size)
  each <- split(values, rep(seq_along(pattern$groups), each = size / length(pattern$groups)))
  out <- lapply(each, unpack_symmetric, names = pattern$visits)
  names(out) <- pattern$groups
  out
}

# Visits named in text stand in the order of the alphabet, in which w26 comes before w4: told where correlations go by
# that order. A factor whose levels somebody put in an order is taken at its word.
warn_visit_order <- function(pattern, call) {
  visits <- pattern$visits
  if (!isTRUE(pattern$word %in% ordered_words()) || is.unsorted(visits)) {
    return(invisible())
  }
  number <- visit_numbers(visits)
  if (anyNA(number) || anyDuplicated(number) || !is.unsorted(number) || !is.unsorted(rev(number))) {
    return(invisible())
  }
  wanted <- visits[order(number)]
  cli::cli_warn(c("{.code {pattern$word}()} takes the visits in the order {paste(visits, collapse = ', ')}.",
    x = "That is the order of the alphabet; by their numbers it is {paste(wanted, collapse = ', ')}.",
    i = "Make them a factor whose levels stand in the order meant, such as
      {.code factor(visit, levels = c({paste(dQuote(wanted, FALSE), collapse = ', ')}))}."),
    class = "cordgain_visit_order", call = call)
}

# The number that each name is, or that it alone holds; NA where there is none, or more.
visit_numbers <- function(visits) {
  whole <- suppressWarnings(as.double(visits))
  if (!anyNA(whole)) {
    return(whole)
  }
  found <- regmatches(visits, gregexpr("[0-9]+([.][0-9]+)?", visits))
  vapply(found, \(one) if (length(one) == 1L) as.double(one) else NA_real_, 0)
}
