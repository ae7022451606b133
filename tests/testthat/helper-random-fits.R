# What is asked of a fit of a random case (helper-random-cases.R), and the verdict.

# Whether a likelihood has no maximum, by another route than the package's ---------------

#' Looks for effects that fit every score without filling all of space. Let L be a factor of the covariance of the
#' random effects and the residual variance tend to zero: where y lies in the span of X and Z L, and that (or, by
#' maximum likelihood, Z L alone) is not all of space, the quadratic form stays bounded and log|V| falls for ever.
shown_unbounded <- function(case) {
  arguments <- list(case$formula, case$data, REML = TRUE, control = free_control())
  if (case$weighted) arguments$weights <- quote(w)
  parsed <- quietly(do.call(lme4::lFormula, arguments))
  if (is.null(parsed)) return(FALSE)
  weights <- stats::model.weights(parsed$fr)
  root <- if (is.null(weights)) 1 else sqrt(weights)
  y <- stats::model.response(parsed$fr)
  if (!is.null(offset <- stats::model.offset(parsed$fr))) y <- y - offset
  x <- root * parsed$X
  z <- lapply(parsed$reTrms$Ztlist, \(zt) root * as.matrix(Matrix::t(zt)))
  widths <- lengths(parsed$reTrms$cnms)
  z <- Map(orthonormal_effects, z, widths)
  reml <- case$method == "reml"
  if (holds_scores_at_any_rank(x, root * y, z, widths, reml, starts = 40)) return(TRUE)
  for (t in which(widths > 1)) {
    bases <- c(lower_bases(x, z[[t]], widths[t]), still_bases(x, root * y, z, t, widths[t], reml))
    for (basis in bases) {
      fewer <- z
      fewer[[t]] <- z[[t]] %*% kronecker(diag(ncol(z[[t]]) / widths[t]), basis)
      if (holds_scores_at_any_rank(x, root * y, fewer, replace(widths, t, ncol(basis)), reml, starts = 12)) return(TRUE)
    }
  }
  FALSE
}

#' Z in coordinates of its effects in which its columns are orthonormal over all rows: searches know no other scale.
orthonormal_effects <- function(z, width) {
  rows <- qr(effect_rows(z, width))
  if (rows$rank < width) return(z)
  z %*% kronecker(diag(ncol(z) / width), solve(qr.R(rows)[, order(rows$pivot), drop = FALSE]))
}

effect_rows <- function(z, width) {
  matrix(vapply(seq_len(nrow(z)), \(i) rowSums(matrix(z[i, ], nrow = width)), numeric(width)), ncol = width,
    byrow = TRUE)
}

#' Bases of effects with which Z L fills less of space than with others of their number: they leave some rows without
#' any effect (of few rows alone), or their sum over the subjects lies in the span of X.
lower_bases <- function(x, z, width) {
  rows <- effect_rows(z, width)
  outside <- qr.resid(qr(x), rows)
  small <- 1e-10 * max(abs(rows))
  few <- nrow(z) <= 14
  chosen <- unlist(lapply(seq_len(few * (width - 1)), \(k) utils::combn(nrow(z), k, simplify = FALSE)), FALSE)
  out <- c(list(null_space(outside, small)), lapply(chosen, \(at) null_space(rows[at, , drop = FALSE], small)),
    lapply(chosen, \(at) null_space(rbind(outside, rows[at, , drop = FALSE]), small)))
  Filter(\(basis) ncol(basis) > 0L && ncol(basis) < width, out[!duplicated(lapply(out, round, 9))])
}

#' Columns: an orthonormal basis of what the rows do not see.
null_space <- function(rows, small) {
  found <- svd(rows, nu = 0, nv = ncol(rows))
  found$v[, seq_len(ncol(rows)) > sum(found$d > small), drop = FALSE]
}

#' Bases of effects that leave out one direction d, chosen so that without a residual some combination w of the scores
#' does not vary: each subject's Z_i'w is then a multiple of d. Where w'X = 0 and w'y = 0 as well, the likelihood of
#' the contrasts has no bound there. Other terms keep their effects (Z'w = 0 for them too) or lose them.
still_bases <- function(x, y, z, term, width, reml, starts = 30) {
  y <- qr.resid(qr(x), y)
  fixed <- cbind(x, y / sqrt(sum(y^2)))
  others <- do.call(cbind, z[-term])
  still <- list(fixed, cbind(fixed, others))
  if (!reml) still <- c(still, list(others, matrix(0, length(y), 0)))
  still <- Filter(Negate(is.null), still[!duplicated(still)])
  found <- lapply(still, \(none) replicate(starts, still_direction(none, z[[term]], width), simplify = FALSE))
  found <- Filter(Negate(is.null), unlist(found, recursive = FALSE))
  found <- lapply(found, \(d) round(d * sign(d[which.max(abs(d))]), 12))
  lapply(found[!duplicated(lapply(found, round, 6))], \(d) null_space(t(d), 0))
}

#' One such direction, from a random one; NULL where the search ends at none.
#' @param none  columns that w is orthogonal to.
still_direction <- function(none, z, width) {
  size <- max(sqrt(colSums(z^2)))
  at <- seq_len(width)
  left <- \(p) {
    d <- p[at]
    w <- p[-at]
    sums <- matrix(crossprod(z, w), width) / size
    c(crossprod(none, w), sums - d %*% crossprod(d, sums), sum(w^2) - 1, sum(d^2) - 1)
  }
  d <- stats::rnorm(width)
  d <- d / sqrt(sum(d^2))
  across <- kronecker(diag(ncol(z) / width), diag(width) - tcrossprod(d)) %*% t(z)
  w <- utils::tail(svd(rbind(t(none), across), nu = 0, nv = nrow(z))$v[, nrow(z)], nrow(z))
  end <- least_squares(left, c(d, w))
  if (sum(left(end)^2) < 1e-22) end[at]
}

holds_scores_at_any_rank <- function(x, y, z, widths, reml, starts) {
  patterns <- as.matrix(expand.grid(lapply(widths, \(q) 0:q)))
  for (i in seq_len(nrow(patterns))) {
    if (holds_scores(x, y, z, widths, patterns[i, ], reml, starts)) return(TRUE)
  }
  FALSE
}

holds_scores <- function(x, y, z, widths, ranks, reml, starts) {
  sizes <- widths * ranks
  spread <- \(theta) {
    at <- c(0, cumsum(sizes))
    columns <- do.call(cbind, lapply(seq_along(z), \(t) {
      if (sizes[t] == 0) return(matrix(0, length(y), 0))
      l <- matrix(theta[seq(at[t] + 1, at[t + 1])], widths[t])
      z[[t]] %*% kronecker(diag(ncol(z[[t]]) / widths[t]), l)
    }))
    size <- colSums(columns^2) # what is rounding beside the others would be a direction of its own to a QR
    columns[, size > 1e-20 * max(size, 0), drop = FALSE]
  }
  unit <- sqrt(sum(qr.resid(qr(x), y)^2))
  left <- \(theta) qr.resid(qr(cbind(x, spread(theta)), tol = 1e-11), y) / unit
  if (all(ranks %in% c(0) | ranks == widths)) starts <- 1
  for (start in seq_len(starts)) {
    theta <- unlist(lapply(seq_along(z), \(t) {
      if (ranks[t] == widths[t]) c(diag(widths[t])) else stats::rnorm(sizes[t])
    }))
    if (starts > 1) theta <- least_squares(left, theta)
    columns <- if (reml) cbind(x, spread(theta)) else spread(theta)
    if (sum(left(theta)^2) < 1e-14 && qr(columns, tol = 1e-9)$rank < length(y)) return(TRUE)
  }
  FALSE
}

#' Levenberg's damped least squares with differences for derivatives: near a solution without residual the number of
#' digits doubles at each step, where a search by values alone needs hundreds. The damping is the same for all
#' parameters: their length does not matter here, and a step along it would lead away.
least_squares <- function(residual, theta, steps = 80) {
  at <- residual(theta)
  damping <- 1e-2
  for (step in seq_len(steps)) {
    if (sum(at^2) < 1e-26) break
    slope <- vapply(seq_along(theta), \(k) {
      h <- 1e-6 * max(1, abs(theta[k]))
      (residual(replace(theta, k, theta[k] + h)) - residual(replace(theta, k, theta[k] - h))) / (2 * h)
    }, at)
    normal <- crossprod(slope)
    move <- tryCatch(solve(normal + diag(damping * max(diag(normal), 1e-12), length(theta)), crossprod(slope, at)),
      error = \(e) NULL)
    if (is.null(move)) break
    to <- residual(theta - c(move))
    better <- sum(to^2) < sum(at^2)
    damping <- if (better) damping / 5 else damping * 4
    if (!better) next
    theta <- theta - c(move)
    at <- to
  }
  theta
}

# What is asked of a fit ---------------------------------------------------------------

#' Answers that are not finite and give no reason, by name; empty where all is well.
unexplained <- function(fit, reml) {
  asked <- list(
    coefficients = \() fixef(fit), deviance = \() deviance(fit), vcov = \() vcov(fit), ranef = \() unlist(ranef(fit)),
    ranef_sd = \() unlist(lapply(ranef(fit), attr, "postVar")), fitted = \() fitted(fit),
    residuals = \() residuals(fit), pearson = \() residuals(fit, "pearson"), sigma = \() sigma(fit),
    information = \() c(AIC(fit), BIC(fit), logLik(fit)), glance = \() unlist(generics::glance(fit)),
    variances = \() variances_of(fit), tidy_values = \() generics::tidy(fit, effects = "ran_vals")$estimate,
    tidy_pars = \() pars_of(fit), print = \() printed(fit), certificate = \() certificate_of(fit)
  )
  ways <- c(if (reml) c("kenward-roger", "kenward-roger/observed"), "satterthwaite", "residual")
  for (way in ways) {
    ddf <- sub("/.*", "", way)
    information <- if (grepl("/", way)) "observed" else "expected"
    asked[[paste("summary", way)]] <- local({
      ddf <- ddf
      information <- information
      \() table_of(summary(fit, ddf = ddf, information = information))
    })
    if (way == ways[1]) asked[[paste("print", way)]] <- local({
      ddf <- ddf
      information <- information
      \() printed(summary(fit, ddf = ddf, information = information))
    })
    asked[[paste("anova", way)]] <- local({
      ddf <- ddf
      information <- information
      \() anova_of(anova(fit, ddf = ddf, information = information))
    })
  }
  if (reml) asked$vcov_kr <- \() vcov(fit, type = "kenward-roger")
  bad <- vapply(asked, \(ask) {
    value <- tryCatch(ask(), error = \(e) paste("error:", conditionMessage(e)))
    if (is.character(value)) return(if (length(value)) value[1] else "")
    if (all(is.finite(value))) "" else "not finite"
  }, "")
  bad <- bad[nzchar(bad)]
  paste(names(bad), bad, sep = ": ")
}

# A row of a table whose reason is given may hold numbers that are not finite.
excused <- function(values, reason) {
  values <- as.matrix(values)
  if (!is.null(reason)) values[!is.na(reason), ] <- 0
  values
}
table_of <- function(x) excused(x$coefficients, x$df_reason)
anova_of <- function(x) {
  reason <- attr(x, "df_reason")
  excused(x[c("NumDF", "DenDF", "F value", "Pr(>F)")], if (is.null(reason)) x$df_reason else reason)
}
# A correlation with an effect whose variance is zero does not exist; the variance of zero is its reason.
variances_of <- function(fit) {
  table <- as.data.frame(VarCorr(fit))
  c(table$vcov, table$sdcor[is.na(table$var2) | has_both(table)])
}
has_both <- function(table) {
  vapply(seq_len(nrow(table)), \(i) {
    same <- table$grp == table$grp[i] & is.na(table$var2)
    all(table$vcov[same & table$var1 %in% c(table$var1[i], table$var2[i])] > 0)
  }, TRUE)
}
pars_of <- function(fit) {
  table <- generics::tidy(fit, effects = "ran_pars")
  excused(table[c("estimate", "num.error")], table$reason)
}
certificate_of <- function(fit) {
  at <- fit$result$certificate
  c(at$decrement, at$gamma_error, at$start_difference, at$bound_score)
}
printed <- function(x) {
  text <- utils::capture.output(print(x))
  lines <- grep("NaN|\\bInf\\b|\\bNA\\b", text, value = TRUE)
  if (length(lines) == 0L || any(grepl("^df of |reason", text))) character() else lines[1]
}

# lme4's best without its rounding ------------------------------------------------------

#' lme4 factors I + L'Z'ZL, whose condition is the square of that of the scores' covariance: where the residual is
#' small its deviance is wrong in the sixth digit, and may seem lower than it is. Here the same points are found again
#' and the likelihood is evaluated by its definition, the factor of V by a QR of [ZL I], which squares nothing.
lme4_best_exactly <- function(case) {
  problem <- lme4_problem(case)
  found <- lme4_ends(problem, \(out) defined_deviance(problem$parsed, out$par, case$method == "reml"))
  min(found) + problem$rescaled
}

defined_deviance <- function(parsed, theta, restricted) {
  terms <- parsed$reTrms
  terms$Lambdat@x <- theta[terms$Lind]
  y <- stats::model.response(parsed$fr)
  if (!is.null(offset <- stats::model.offset(parsed$fr))) y <- y - offset
  weights <- stats::model.weights(parsed$fr)
  if (is.null(weights)) weights <- rep(1, length(y))
  spread <- rbind(as.matrix(terms$Lambdat %*% terms$Zt) %*% diag(sqrt(weights)), diag(length(y)))
  root <- qr.R(qr(spread, LAPACK = FALSE, tol = 0))
  whitened <- backsolve(root, sqrt(weights) * cbind(parsed$X, y), transpose = TRUE)
  fixed <- qr(whitened[, seq_len(ncol(parsed$X)), drop = FALSE], tol = 1e-14)
  rss <- sum(qr.resid(fixed, whitened[, ncol(parsed$X) + 1L])^2)
  nu <- length(y) - if (restricted) ncol(parsed$X) else 0
  2 * sum(log(abs(diag(root)))) - sum(log(weights)) + nu * (1 + log(2 * pi * rss / nu)) +
    if (restricted) 2 * sum(log(abs(diag(qr.R(fixed))))) else 0
}

# One case ------------------------------------------------------------------------------

#' One row of the result.
#' @param find_peer gives lme4's best for a case, or NULL.
run_case <- function(seed, find_peer = lme4_best) {
  case <- random_case(seed)
  out <- data.frame(seed = seed, kind = case$kind, trouble = case$trouble, scale = case$scale, method = case$method,
    outcome = NA_character_, ours = NA_real_, lme4 = NA_real_, excess = NA_real_, detail = "")
  arguments <- list(case$formula, case$data, method = case$method)
  if (case$weighted) arguments$weights <- quote(w)
  fit <- tryCatch(suppressMessages(do.call(fit_recovery, arguments)), error = identity)
  peer <- if (case$peer) find_peer(case)
  if (!is.null(peer)) out$lme4 <- peer$deviance
  if (inherits(fit, "error")) {
    out$outcome <- if (inherits(fit, "cordgain_error")) class(fit)[1] else "CRASH"
    out$detail <- gsub("[\r\n]+", " ", conditionMessage(fit))
    if (case$peer && grepl("has no maximum", out$detail)) {
      out$outcome <- if (shown_unbounded(case)) "no maximum, shown" else "NO MAXIMUM, NOT SHOWN"
    }
    return(out)
  }
  judge(out, fit, peer, case)
}

judge <- function(out, fit, peer, case) {
  out$ours <- deviance(fit)
  out$detail <- paste(unexplained(fit, case$method == "reml"), collapse = "; ")
  comparable <- !is.null(peer) && setequal(names(fixef(fit)), peer$columns)
  if (comparable) out$excess <- out$ours - out$lme4
  high <- comparable && out$excess > 1e-7 * (1 + abs(out$ours))
  if (high) { # lme4's rounding, or a lower optimum?
    out$lme4 <- lme4_best_exactly(case)
    out$excess <- out$ours - out$lme4
    high <- out$excess > 1e-7 * (1 + abs(out$ours))
  }
  out$outcome <- if (high) "ABOVE" else if (nzchar(out$detail)) "UNEXPLAINED" else state(fit, comparable)
  if (!fit$result$certificate$converged) out$outcome <- not_converged(out$outcome, fit)
  out
}

# A search that came near, but not to its tolerance, says so on the first screen.
not_converged <- function(outcome, fit) {
  reasons <- "^NOT CONVERGED: (one more Newton step|the correlations over visits)"
  said <- any(grepl(reasons, utils::capture.output(print(fit))))
  if (outcome %in% c("ABOVE", "UNEXPLAINED") || !said) outcome else "not converged, said"
}

state <- function(fit, comparable) {
  paste0(
    if (isSingular(fit)) "boundary" else "interior",
    if (fit$result$certificate$unidentified > 0L) ", not identified",
    if (!comparable) ", no peer"
  )
}

run_cases <- function(seeds, find_peer = lme4_best) {
  rows <- lapply(seeds, \(seed) {
    if (seed %% 500 == 0) message(seed)
    run_case(seed, find_peer)
  })
  do.call(rbind, rows)
}
