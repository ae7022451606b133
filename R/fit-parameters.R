# The parameters of a fit by name, in lme4's order: for each block standard
# deviations and correlations, then sigma, then the fixed effects.

#' Parameters of a fit
#'
#' @param fit a `recovery_fit`.
#' @return data frame with `name` (as in `tidy()`; where two blocks have the same
#'   name, `|` and the group are added), `kind` ("sd", "cor", "sigma", "fixed"),
#'   `term` (which block), `i`, `j` (columns of it; for a fixed effect `i` is its
#'   number). Residual covariances over visits are not among them.
#' @noRd
fit_parameters <- function(fit) {
  blocks <- lapply(seq_along(fit$design$random), \(t) block_parameters(fit$design$random[[t]], t))
  sigma <- if (length(fit$design$residual) == 0L) parameter_rows("sigma", "sigma", 0L, 0L, 0L)
  fixed <- names(fixef(fit))
  out <- rbind(
    do.call(rbind, blocks), sigma,
    if (length(fixed) > 0L) parameter_rows(fixed, "fixed", 0L, seq_along(fixed), 0L)
  )
  random <- which(out$kind %in% c("sd", "cor"))
  again <- random[out$name[random] %in% out$name[random][duplicated(out$name[random])]]
  out$name[again] <- make.unique(paste0(out$name[again], "|", block_names(fit)[out$term[again]]))
  out
}

block_parameters <- function(block, term) {
  pairs <- lower_pairs(length(block$columns))
  same <- pairs$row == pairs$col
  name <- ifelse(same, paste0("sd__", block$columns[pairs$row]),
    paste0("cor__", block$columns[pairs$col], ".", block$columns[pairs$row])
  )
  parameter_rows(name, ifelse(same, "sd", "cor"), term, pairs$col, pairs$row)
}

parameter_rows <- function(name, kind, term, i, j) {
  data.frame(name = name, kind = kind, term = as.integer(term), i = as.integer(i), j = as.integer(j))
}

#' Values of the parameters at given variances
#'
#' @param fit a `recovery_fit`.
#' @param parameters rows of `fit_parameters()`.
#' @param gamma (matrix, a row per set) variance parameters in units of the score squared.
#' @param fixed (matrix, a row per set) fixed effects.
#' @return matrix, a column per parameter. Where a variance is zero its
#'   correlations are `NaN`.
#' @noRd
parameter_values <- function(fit, parameters, gamma, fixed) {
  sizes <- vapply(fit$design$random, \(block) length(block$columns), 1L)
  before <- cumsum(c(0L, sizes * (sizes + 1L) / 2L))
  element <- \(term, i, j) gamma[, before[term] + packed_position(pmax(i, j), pmin(i, j), sizes[term])]
  value <- \(row) {
    switch(row$kind,
      sd = sqrt(pmax(element(row$term, row$i, row$i), 0)),
      cor = element(row$term, row$i, row$j) /
        sqrt(element(row$term, row$i, row$i) * element(row$term, row$j, row$j)),
      sigma = sqrt(gamma[, ncol(gamma)]),
      fixed = fixed[, row$i]
    )
  }
  out <- vapply(split(parameters, seq_len(nrow(parameters))), value, numeric(nrow(gamma)))
  matrix(out, nrow(gamma), nrow(parameters), dimnames = list(NULL, parameters$name))
}

packed_position <- function(i, j, size) (j - 1L) * size - (j - 1L) * (j - 2L) / 2L + (i - j) + 1L

# Values at the fit itself, a named vector.
fit_values <- function(fit, parameters) {
  parameter_values(fit, parameters, t(fit$result$gamma), t(fixef(fit)))[1L, ]
}

#' Choose parameters
#'
#' @param parm missing, names, numbers, or lme4's words `"theta_"` (variances and
#'   correlations) and `"beta_"` (fixed effects).
#' @noRd
choose_parameters <- function(fit, parm, default = NULL, call = rlang::caller_env()) {
  table <- fit_parameters(fit)
  if (is.null(parm)) {
    return(if (is.null(default)) table else table[table$kind %in% default, ])
  }
  if (identical(parm, "theta_")) {
    return(table[table$kind != "fixed", ])
  }
  if (identical(parm, "beta_")) {
    return(table[table$kind == "fixed", ])
  }
  known <- if (is.character(parm)) match(parm, table$name) else match(parm, seq_len(nrow(table)))
  if (length(known) == 0L || anyNA(known)) {
    abort_input(c("{.arg parm} must name parameters of the fit.",
      x = "Not found: {.val {parm[is.na(known)]}}.",
      i = "The parameters are {.val {table$name}}; {.val theta_} means all variances, {.val beta_} all fixed effects."
    ), call = call)
  }
  table[known, ]
}
