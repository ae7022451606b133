# Predicted random effects (BLUPs), their covariances, and coefficients by level.

# Per block: `effect` (levels x q), `conditional` and `prediction` (levels x packed q).
effect_tables <- function(fit) {
  if (length(fit$design$random) == 0L) {
    return(list())
  }
  do.call(core_random_effects, c(core_rows(fit$design), core_state(fit)))
}

#' Predicted random effects
#'
#' The best linear unbiased predictions \eqn{\hat b = D Z' V^{-1} (y - X\hat\beta)}:
#' by how much each subject departs from the mean recovery, drawn towards zero
#' the more the less its scores say.
#'
#' @param object a `recovery_fit`.
#' @param condVar (logical) attach covariances, as attribute `postVar` (array
#'   q x q x levels) of each data frame.
#' @param variance (string) `"conditional"`: \eqn{Var(b | y)} with the fixed
#'   effects taken as known, as in lme4; `"prediction"`: \eqn{Var(\hat b - b)},
#'   which adds the uncertainty of the fixed effects, as SAS prints it.
#' @param ... unused.
#' @return named list of data frames, one per grouping factor, a row per level,
#'   in units of the score.
#' @section Conditions: `cordgain_invalid_input` for another `variance` than these two.
#' @references Henderson CR (1975). Best linear unbiased estimation and prediction
#'   under a selection model. *Biometrics* 31, 423-447.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' ranef(fit_recovery(score ~ week + (1 | subject), trial))
#' @seealso [fit_recovery()]
#' @name ranef.recovery_fit
#' @exportS3Method nlme::ranef recovery_fit_reml
ranef.recovery_fit_reml <- function(object, condVar = TRUE, variance = c("conditional", "prediction"), ...) {
  variance <- check_option(variance, c("conditional", "prediction"))
  tables <- effect_tables(object)
  groups <- vapply(object$design$random, `[[`, "", "group")
  out <- lapply(unique(groups), \(group) join_blocks(object, tables, which(groups == group), variance, condVar))
  names(out) <- unique(groups)
  structure(out, class = "ranef.recovery_fit")
}

# Blocks of one grouping factor side by side.
join_blocks <- function(fit, tables, which, variance, with_variance) {
  blocks <- fit$design$random[which]
  effects <- do.call(cbind, lapply(tables[which], `[[`, "effect"))
  columns <- unlist(lapply(blocks, `[[`, "columns"))
  out <- as.data.frame(effects)
  dimnames(out) <- list(blocks[[1]]$labels, columns)
  if (with_variance) attr(out, "postVar") <- effect_variances(tables[which], blocks, variance)
  out
}

# q x q x levels; covariances between blocks of one factor are left at zero.
effect_variances <- function(tables, blocks, variance) {
  sizes <- vapply(blocks, \(block) length(block$columns), 1L)
  levels <- length(blocks[[1]]$labels)
  out <- array(0, c(sum(sizes), sum(sizes), levels))
  start <- cumsum(c(0L, sizes))
  for (b in seq_along(blocks)) {
    at <- start[b] + seq_len(sizes[b])
    for (level in seq_len(levels)) {
      out[at, at, level] <- unpack_symmetric(tables[[b]][[variance]][level, ], blocks[[b]]$columns)
    }
  }
  out
}

#' @export
print.ranef.recovery_fit <- function(x, ...) {
  for (name in names(x)) {
    cat("$", name, "\n", sep = "")
    table <- x[[name]]
    attr(table, "postVar") <- NULL
    print(table, ...)
    cat("\n")
  }
  invisible(x)
}

#' @rdname recovery_fit-verbs
#' @exportS3Method stats::coef recovery_fit_reml
coef.recovery_fit_reml <- function(object, ...) {
  fixed <- fixef(object)
  lapply(unclass(ranef(object, condVar = FALSE)), \(effects) {
    columns <- union(names(fixed), names(effects))
    out <- as.data.frame(matrix(0, nrow(effects), length(columns), dimnames = list(rownames(effects), columns)))
    for (name in columns) {
      common <- if (name %in% names(fixed)) fixed[[name]] else 0
      out[[name]] <- common + (if (name %in% names(effects)) effects[[name]] else 0)
    }
    out
  })
}

# All that moves with kappa, by name: coefficients, X, and effects and Z of each term.
moving_parts <- function(fit) {
  z <- stats::setNames(block_matrices(fit), design_names(fit))
  effects <- stats::setNames(lapply(effect_tables(fit), `[[`, "effect"), effect_names(fit))
  c(list(beta = fixef(fit), x = kept_matrix(fit)), z, effects)
}

design_names <- function(fit) paste0("z", seq_along(fit$design$random), recycle0 = TRUE)

effect_names <- function(fit) paste0("effect", seq_along(fit$design$random), recycle0 = TRUE)
