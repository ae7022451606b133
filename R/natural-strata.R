# Natural recovery by level, for a trial whose patients' levels are not known.

#' Natural rates by level of injury
#'
#' One natural rate for each level that the patients may have had. [excess()] then
#' gives bounds: the smallest and the largest value over every assignment of
#' patients to levels, because an average over unknown levels would be an assumption
#' dressed as a number. Patients whose level is known stay where they are.
#'
#' The uncertain rates of the levels move together: in every assignment the rates
#' stand at the same centile of their distributions.
#'
#' @param ... natural rates ([natural_rate()]) with one rate each, named by level as
#'   in [trial_arm()]: `cervical = natural_rate(...), "T1-T9" = natural_rate(...)`. A
#'   rate given as a number or a prior takes the level of its name.
#' @return A `natural_strata` (a `natural_recovery`).
#' @section Conditions: `cordgain_invalid_input` for fewer than two strata, missing
#'   names, or something else than natural rates.
#' @seealso [natural_rate()], [excess()]
#' @examples
#' natural_strata(cervical = natural_rate(0.135), "T1-T9" = natural_rate(0.045))
#' @export
natural_strata <- function(...) {
  if (...length() == 0L) {
    abort_input(c("No stratum is given.",
      i = "Name each by its level: {.code natural_strata(cervical = natural_rate(...), \"T1-T9\" = natural_rate(...))}."
    ))
  }
  validate_natural_strata(new_natural_recovery(list(strata = list(...)), "natural_strata"))
}

validate_natural_strata <- function(x, call = rlang::caller_env()) {
  strata <- x$strata
  labels <- names(strata)
  if (length(strata) < 2L || is.null(labels) || any(!nzchar(labels)) || anyDuplicated(labels) > 0L) {
    abort_input(c("{.fn natural_strata} needs two or more natural rates, each under its own level.",
      i = "For example {.code natural_strata(cervical = natural_rate(0.135), \"T1-T9\" = natural_rate(0.045))}."
    ), call = call)
  }
  bad <- !vapply(strata, \(s) inherits(s, "natural_rate") && length(rate_offset(s)) == 1L, NA)
  if (any(bad)) {
    abort_input("{.val {labels[bad]}} {?is/are} not one natural rate.", call = call)
  }
  names(x$strata) <- standard_level(labels)
  twice <- duplicated(names(x$strata))
  if (any(twice)) {
    abort_input(c("Two strata are of one level.",
      x = "{.val {labels[twice]}} is another word for {.val {names(x$strata)[twice]}}.",
      i = "Give one natural rate for each level."
    ), call = call)
  }
  x
}

strata_rates <- function(x) x$strata

strata_levels <- function(x) names(x$strata)

# Sources of every stratum, with the level of the stratum where a number or prior leaves it open.
strata_sources <- function(x) {
  Map(\(rate, level) {
    sources <- natural_sources(rate)
    sources$level[is.na(sources$level) & is.na(sources$n)] <- level
    sources
  }, x$strata, names(x$strata))
}

#' @exportS3Method natural_sources natural_strata
natural_sources.natural_strata <- function(x) {
  tables <- strata_sources(x)
  shared <- Reduce(intersect, lapply(tables, names))
  do.call(rbind, unname(lapply(tables, \(t) t[shared])))
}

#' @exportS3Method natural_label natural_strata
natural_label.natural_strata <- function(x) {
  paste0("strata: ", paste0(names(x$strata), " (", vapply(x$strata, natural_label, ""), ")", collapse = "; "))
}

#' @exportS3Method natural_assumptions natural_strata
natural_assumptions.natural_strata <- function(x) {
  lines <- lapply(x$strata, natural_assumptions)
  paste0(rep(names(lines), lengths(lines)), ": ", unlist(lines, use.names = FALSE), recycle0 = TRUE)
}

# Numbers of patients by stratum, one row for each assignment that is possible:
# those of known level stay, the others may stand anywhere.
strata_assignments <- function(x, levels, call = rlang::caller_env()) {
  known <- levels[!is.na(levels)]
  absent <- setdiff(known, strata_levels(x))
  if (length(absent) > 0L) {
    abort_unmatched(c("No stratum for level {.val {absent}}.", i = "Strata: {.val {strata_levels(x)}}."), call = call)
  }
  fixed <- vapply(strata_levels(x), \(level) sum(known == level), 0)
  free <- sum(is.na(levels))
  strata <- length(fixed)
  if (choose(free + strata - 1, strata - 1) > 1000) {
    abort_input(c("There are too many assignments of patients to strata.",
      x = "{free} patients of unknown level and {strata} strata.",
      i = "Use fewer strata."
    ), call = call)
  }
  sweep(compositions(free, strata), 2, fixed, "+")
}

# All ways to write `total` as an ordered sum of `parts` whole numbers.
compositions <- function(total, parts) {
  if (parts == 1L) {
    return(matrix(total, 1, 1))
  }
  rows <- lapply(0:total, \(first) cbind(first, compositions(total - first, parts - 1L)))
  unname(do.call(rbind, rows))
}

# Log odds of the patients in one assignment, both routes.
assigned_rates <- function(x, size) {
  used <- size > 0
  strata <- x$strata[used]
  offset <- vapply(strata, rate_offset, 0)
  if (all(vapply(strata, rate_is_known, NA))) {
    known <- list(grid = known_grid(0, TRUE), logit = matrix(offset, nrow = 1), size = size[used])
    return(list(fine = known, coarse = known))
  }
  lapply(c(fine = "fine", coarse = "coarse"), \(route) {
    grids <- lapply(strata, \(s) rate_grid(s, route))
    if (length(grids) == 1L) core_shift_rates(grids[[1]], offset, size[used])
    else core_couple_rates(unname(grids), unname(offset), size[used])
  })
}

#' @export
format.natural_strata <- function(x, ...) {
  c("Natural rates by level", paste0("  ", names(x$strata), ": ", vapply(x$strata, natural_label, "")))
}

#' @export
print.natural_strata <- function(x, ...) {
  writeLines(wrap_lines(format(x)))
  invisible(x)
}

#' @export
tidy.natural_strata <- function(x, ...) {
  rows <- Map(\(rate, level) cbind(group = level, tidy(rate, ...)), x$strata, names(x$strata))
  do.call(rbind, unname(rows))
}
