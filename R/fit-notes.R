# What a reader must know about a fit, a sentence each: whether its optimum is certified, what is zero, what the
# design does not tell apart, what was left out.

# What a reader must know about this fit, a sentence each.
fit_notes <- function(x) {
  c(note_certificate(x), note_singular(x), note_unidentified(x), note_rank(x), note_repeated(x))
}

note_certificate <- function(x) {
  certificate <- x$result$certificate
  error <- relative_variance_error(x)
  if (singular_visits(certificate)) {
    return(sprintf(paste(
      "NOT CONVERGED: the correlations over visits are singular to rounding (smallest eigenvalue %.0e). The likelihood",
      "may rise without end on the way there; standard errors and tests do not hold. Take fewer parameters, or look",
      "at scores that differ by the same amount in all subjects."), certificate$least_eigenvalue))
  }
  if (!certificate$converged) {
    return(sprintf("NOT CONVERGED: one more Newton step would lower the deviance by %.1e.", certificate$decrement))
  }
  if (error > worst_certified()) {
    known <- if (is.finite(error)) sprintf("are known only to within %.0e of their size", error) else
      "have no error bound"
    return(sprintf(
      "NOT CERTIFIED: Newton decrement %.0e, %d of %d starts agree to %.0e, but the likelihood is flat: variances %s.",
      certificate$decrement, certificate$agreeing, certificate$starts, certificate$start_difference, known
    ))
  }
  sprintf(
    "Certified optimum: Newton decrement %.0e, %d of %d starts agree to %.0e, variances within %.0e of their size.",
    certificate$decrement, certificate$agreeing, certificate$starts, certificate$start_difference, error
  )
}

# Beyond this part of a variance, two digits of its print are not sure.
worst_certified <- function() 0.01

# The largest error bound of a variance beside its size, of a covariance beside the product of its standard
# deviations; zero variances, exact on the boundary, do not count. Infinite where a bound is not known.
relative_variance_error <- function(x) {
  size <- variance_sizes(x)
  error <- x$result$certificate$gamma_error[size > 0] / size[size > 0]
  max(ifelse(is.nan(error), Inf, error), 0)
}

# The product of the two standard deviations for each variance parameter.
variance_sizes <- function(x) {
  visits <- length(x$design$residual) > 0L
  sds <- lapply(c(effect_covariances(x), if (visits) residual_covariances(x)), \(v) sqrt(pmax(diag(v), 0)))
  sds <- drop_zero_visits(sds, x)
  products <- lapply(sds, \(sd) pack_symmetric(outer(sd, sd)))
  c(unlist(products), if (!visits) x$result$gamma[length(x$result$gamma)] * !isTRUE(x$result$certificate$residual_zero))
}

# Variances of visits that tend to zero have no size to compare an error with.
drop_zero_visits <- function(sds, x) {
  zero <- zero_visits(x)
  if (length(zero) == 0L) {
    return(sds)
  }
  pattern <- x$design$residual
  at <- seq.int(length(x$design$random) + 1L, length(sds))
  kept <- split(!visit_names(pattern) %in% zero, rep(seq_along(at), each = length(pattern$visits)))
  sds[at] <- Map(`*`, sds[at], kept)
  sds
}

note_singular <- function(x) {
  c(note_zero_residual(x), note_zero_visits(x), note_lacking_rank(x))
}

# The likelihood may rise to a finite limit as the variance of one visit tends to zero: of a visit that fixed or
# random effects can fit exactly. The search then ends where rounding does.
note_zero_visits <- function(x) {
  zero <- zero_visits(x)
  if (length(zero) == 0L) {
    return(NULL)
  }
  several <- length(zero) > 1L
  sprintf("On the boundary: the variance%s of %s tend%s to zero, fixed or random effects fit the scores there exactly.",
    if (several) "s" else "", paste(zero, collapse = " and "), if (several) "" else "s")
}

# Names of the variances of visits that are zero beside how far the scores of that visit lie from least squares.
zero_visits <- function(x, zero = 1e-7) {
  pattern <- x$design$residual
  if (length(pattern) == 0L) {
    return(character())
  }
  variances <- vapply(residual_covariances(x), diag, numeric(length(pattern$visits)))
  small <- which(variances < 1e-6 * max(variances)) # of all: visits may have units of their own
  if (length(small) == 0L) {
    return(character())
  }
  off <- qr.resid(qr(stats::model.matrix(x)), net_score(x$design))
  place <- pattern$group * length(pattern$visits) + pattern$visit + 1L
  spread <- vapply(small, \(at) mean(off[place == at]^2), 0)
  visit_names(pattern)[small[which(variances[small] < zero * spread)]]
}

# The visits as a sentence names them, those of one group after another.
visit_names <- function(pattern) {
  group <- ifelse(nzchar(pattern$groups), paste0(" in group ", pattern$groups), "")
  paste0("visit ", pattern$visits, rep(group, each = length(pattern$visits)))
}

note_zero_residual <- function(x) {
  if (!isTRUE(x$result$certificate$residual_zero)) {
    return(NULL)
  }
  sprintf(
    paste(
      "On the boundary: the residual variance is estimated as exactly zero, the random effects fit every score;",
      "%s. It is held at %.1g, so that matrices stay regular."
    ), bound_sentence(utils::tail(x$result$certificate$bound_score, 1L)), utils::tail(x$result$gamma, 1L)
  )
}

note_lacking_rank <- function(x) {
  lacking <- which(x$result$rank[seq_along(x$design$random)] < vapply(x$design$random, \(b) length(b$columns), 1L))
  vapply(lacking, \(i) {
    block <- x$design$random[[i]]
    rank <- x$result$rank[i]
    zero <- block$columns[diag(effect_covariances(x)[[i]]) == 0]
    what <- if (length(zero) > 0L) {
      several <- length(zero) > 1L
      paste0(
        "the variance", if (several) "s", " of ", paste(zero, collapse = " and "), " between levels of ", block$group,
        if (several) " are" else " is", " estimated as exactly zero"
      )
    } else {
      sprintf("the effects of %s by %s vary in %d direction%s only (a correlation of 1 or -1)",
        paste(block$columns, collapse = " and "), block$group, rank, if (rank > 1L) "s" else "")
    }
    paste0("On the boundary: ", what, "; ", bound_sentence(x$result$certificate$bound_score[i]), ".")
  }, "")
}

# What the score across a bound says; above minus its rounding it counts as zero.
bound_sentence <- function(score, rounding = 1e-6) {
  if (score < -rounding) {
    return(sprintf("the score there (%.3g) is negative and does NOT certify it", score))
  }
  sprintf("the score there (%.3g >= 0) certifies it", max(0, score))
}

# Rows that repeat the subject and all else that the model knows of an earlier row, where that is the exception;
# not looked for where there are many rows, or columns that are matrices.
note_repeated <- function(x, many = 1e4) {
  known <- setdiff(names(x$frame), c(names(x$frame)[1], "(weights)", "(offset)"))
  if (length(known) == 0L || nobs(x) > many || any(vapply(x$frame[known], is.matrix, TRUE))) {
    return(NULL)
  }
  again <- which(duplicated(x$frame[known]))
  if (length(again) == 0L || length(again) > nobs(x) / 2) {
    return(NULL)
  }
  sprintf("Row%s %s repeat%s the visit of an earlier row: each counts as a visit of its own.",
    if (length(again) > 1L) "s" else "", paste(rownames(x$frame)[again], collapse = ", "),
    if (length(again) > 1L) "" else "s")
}

note_unidentified <- function(x) {
  if (x$result$certificate$unidentified == 0L) {
    return(NULL)
  }
  paste0(
    "Not identified: the visits do not tell all variances apart (", x$result$certificate$unidentified,
    " combination", if (x$result$certificate$unidentified > 1L) "s",
    "). Their sum is fitted; the split shown ", if (length(x$design$residual) > 0L)
      "is one of many that fit equally well: leave the random effects out." else
      "gives the residual as much as it can have."
  )
}

note_rank <- function(x) {
  dropped <- dropped_columns(x)
  if (length(dropped) == 0L) {
    return(NULL)
  }
  paste0("Left out as linear combinations of other columns: ", paste(dropped, collapse = ", "), ".")
}

# Thresholds take the place of an intercept, which then is not left out.
dropped_columns <- function(x) {
  frame <- x$result$frame
  x$design$x$names[-c(frame$absorbed, frame$kept)]
}
