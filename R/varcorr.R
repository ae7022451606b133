# Variances and correlations of the random effects, in lme4's shape.

#' @rdname recovery_fit-verbs
#' @param sigma unused, for the generic.
#' @exportS3Method nlme::VarCorr recovery_fit_reml
VarCorr.recovery_fit_reml <- function(x, sigma = 1, ...) {
  matrices <- lapply(effect_covariances(x), with_correlation)
  names(matrices) <- block_names(x)
  if (length(x$design$residual) > 0L) {
    residual <- lapply(residual_covariances(x), with_correlation)
    names(residual) <- ifelse(nzchar(names(residual)), paste0("Residual.", names(residual)), "Residual")
    matrices <- c(matrices, residual)
  }
  structure(matrices, sc = if (length(x$design$residual) == 0L) stats::sigma(x), class = "VarCorr.recovery_fit")
}

# A covariance matrix that carries its standard deviations and correlations; with a zero variance there are none.
with_correlation <- function(covariance) {
  sd <- sqrt(diag(covariance))
  correlation <- covariance / outer(sd, sd)
  correlation[!is.finite(correlation)] <- NaN
  diag(correlation) <- 1
  attr(covariance, "stddev") <- sd
  attr(covariance, "correlation") <- correlation
  covariance
}

#' @export
as.data.frame.VarCorr.recovery_fit <- function(x, row.names = NULL, optional = FALSE,
                                               order = c("cov.last", "lower.tri"), ...) {
  last <- check_option(order, c("cov.last", "lower.tri")) == "cov.last"
  one <- \(name) {
    covariance <- x[[name]]
    pairs <- lower_pairs(nrow(covariance))
    order <- if (last) order(pairs$row != pairs$col) else seq_along(pairs$row)
    row <- pairs$row[order]
    col <- pairs$col[order]
    columns <- rownames(covariance)
    same <- row == col
    data.frame(
      grp = name, var1 = columns[col], var2 = ifelse(same, NA_character_, columns[row]),
      vcov = covariance[cbind(row, col)],
      sdcor = ifelse(same, attr(covariance, "stddev")[row], attr(covariance, "correlation")[cbind(row, col)])
    )
  }
  sc <- attr(x, "sc")
  residual <- if (!is.null(sc)) {
    data.frame(grp = "Residual", var1 = NA_character_, var2 = NA_character_, vcov = sc^2, sdcor = sc)
  }
  do.call(rbind, c(lapply(names(x), one), list(residual)))
}

#' @export
print.VarCorr.recovery_fit <- function(x, digits = max(3L, getOption("digits") - 2L), ...) {
  table <- as.data.frame(x)
  variances <- table[is.na(table$var2), ]
  shown <- data.frame(
    Group = ifelse(duplicated(variances$grp), "", variances$grp),
    Name = ifelse(is.na(variances$var1), "", variances$var1),
    SD = format(variances$sdcor, digits = digits)
  )
  shown$Correlation <- vapply(seq_len(nrow(variances)), \(i) {
    mine <- table[!is.na(table$var2) & table$grp == variances$grp[i] & table$var2 %in% variances$var1[i], ]
    paste(ifelse(is.nan(mine$sdcor), "-", format(mine$sdcor, digits = digits)), collapse = " ")
  }, "")
  if (all(shown$Correlation == "")) shown$Correlation <- NULL
  print(shown, row.names = FALSE, right = FALSE)
  if (anyNA(table$sdcor)) cat("-: an effect whose variance is zero has no correlation.\n")
  invisible(x)
}
