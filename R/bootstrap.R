# Parametric bootstrap of a fit. The core draws second moments, never rows, and
# refits; here chunks of replicates are spread and named. Replicate i depends on
# the seed and on i alone.

#' Parametric bootstrap of a fit
#'
#' @description
#' Draws scores from the fitted model, \eqn{y^* \sim N(X\hat\beta, \hat V)} (`draw = "fit"`), or from one whose
#' variances are kept inside their bounds (`draw = "interior"`), and fits the same model to them by the same method.
#' For a Gaussian model the scores enter the likelihood only through second moments of blocks of rows; these are drawn
#' directly (a Gaussian and a Wishart part), exactly in distribution, so a
#' replicate costs no pass over the rows.
#'
#' @details
#' Standard errors of the replicates are those of the fit's own kind:
#' Kenward-Roger's for REML, model-based for ML. They make the studentised
#' intervals of `confint(method = "boot")`.
#'
#' With a handful of subjects a variance is often estimated as zero though it is not, and scores drawn at zero know
#' nothing of it. `draw = "interior"` takes the covariance that maximises the (restricted) likelihood times
#' \eqn{\prod |D / \sigma^2|^{1/5}}, \eqn{D} the covariance matrix of each random-effects term, which is never at a
#' bound (a penalty of Chung and others 2015, who take the power 1/2 for a point estimate). Studentised
#' intervals draw so by default.
#'
#' Replicates are spread over the workers of the user's own parallel
#' `future::plan()`, if there is one, and progress is signalled to
#' \pkg{progressr}, if it is in use. The numbers do not depend on either: replicate
#' \eqn{i} uses stream \eqn{i} of a counter-based generator.
#'
#' A refit that did not converge, or found no maximum, is counted and shown; one
#' without a maximum is a row of `NaN`.
#'
#' @param fit a `recovery_fit`.
#' @param n (count) replicates.
#' @param seed `NULL`, and `set.seed()` governs, or a whole number.
#' @param statistic `NULL`, or a function of a named numeric vector of the
#'   parameters (fixed effects, `sd__...`, `cor__...`, `sigma`) that returns numbers,
#'   always as many.
#' @param draw (string) `"fit"`: scores are drawn from the fit; `"interior"`: from variances inside their bounds.
#' @param ... unused.
#' @return object of class `recovery_bootstrap`: list with `fit`, `seed`, `draw`,
#'   `replicates` (matrix, a row per replicate, a column per parameter, in units
#'   of the score), `std.error` (matrix, of the fixed effects), `statistic`
#'   (matrix, or `NULL`) and `observed` (its value at the fit), `deviance`,
#'   `outcome` (factor: `converged`, `not converged`, `failed`), `singular`
#'   (logical: some variance is zero or correlation 1). `tidy()` gives estimate, bias, bootstrap standard error and
#'   percentile limits.
#' @section Conditions:
#' `cordgain_invalid_input` for a `statistic` that does not return as many numbers each
#' time, for fits with `plateau()`, and where an argument is out of its range;
#' `cordgain_numerical_error` for `draw = "interior"` where no variances inside their
#' bounds exist.
#' @references Chung Y, Gelman A, Rabe-Hesketh S, Liu J, Dorie V (2015). Weakly informative prior for point
#'   estimation of covariance matrices in hierarchical models. *Journal of Educational and Behavioral Statistics*
#'   40, 136-157.
#'
#'   Efron B, Tibshirani RJ (1993). *An introduction to the bootstrap*.
#'   Chapman & Hall.
#'
#'   Salmon JK, Moraes MA, Dror RO, Shaw DE (2011). Parallel random numbers: as
#'   easy as 1, 2, 3. *SC'11*.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' fit <- fit_recovery(score ~ week + (1 | subject), trial)
#' bootstrap(fit, n = 200, seed = 1, statistic = \(v) v[["(Intercept)"]] + 8 * v[["week"]])
#' @seealso [fit_recovery()] before; `confint(method = "boot")` after.
#' @exportS3Method bootstrap recovery_fit_reml
bootstrap.recovery_fit_reml <- function(fit, n = 1000, seed = NULL, statistic = NULL, draw = c("fit", "interior"),
                                        ...) {
  refuse_foreign(bootstrap_advice, ...)
  refuse_plateau(fit, "the bootstrap")
  n <- check_replicates(n)
  draw <- check_option(draw, c("fit", "interior"))
  seed <- draw_seed(seed)
  parts <- run_chunks(fit, replicate_chunks(n), seed, drawn_gamma(fit, draw))
  out <- collect_replicates(fit, parts, seed, draw)
  if (!is.null(statistic)) out <- add_statistic(out, statistic)
  out
}

# What lme4's arguments are called here.
bootstrap_advice <- c(nsim = "The number of replicates is {.arg n}.")

check_replicates <- function(n, call = rlang::caller_env()) {
  check_whole(check_number(n, min = 1, max = .Machine$integer.max, call = call), "n", " of replicates", call = call)
}

# kappa is refitted by neither the core's bootstrap nor its profiles.
refuse_plateau <- function(fit, what, call = rlang::caller_env()) {
  if (!is.null(fit$plateau)) {
    abort_input(c("This fit estimates kappa of {.code plateau()}, which {what} would hold fixed.",
      x = "Its intervals would be too narrow.",
      i = 'Use {.code confint(fit, method = "wald")}, which counts the uncertainty of kappa.'
    ), call = call)
  }
}

# Spreading ---------------------------------------------------------------------------

# First index (from 0) and number of the replicates of each chunk; as many chunks
# as there are watchers to please, since a chunk reads the rows once.
replicate_chunks <- function(n, per_worker = 4) {
  shown <- if (isNamespaceLoaded("progressr")) 20 else 1
  chunks <- min(n, if (parallel_plan()) per_worker * future::nbrOfWorkers() else shown)
  edges <- floor(seq(0, n, length.out = chunks + 1))
  data.frame(first = utils::head(edges, -1), count = diff(edges))
}

# A plan can only be parallel once future is loaded.
parallel_plan <- function() {
  isNamespaceLoaded("future") && !inherits(future::plan(), "sequential")
}

# The variances that scores are drawn from, in the core's coordinates.
drawn_gamma <- function(fit, draw, call = rlang::caller_env()) {
  if (draw == "fit") {
    return(fit$result$block_gamma)
  }
  found <- tryCatch(do.call(core_interior_gamma, c(core_rows(fit$design), list(fit$method$name == "reml"))),
    cordgain_numerical_error = identity)
  if (inherits(found, "error")) {
    abort_numerical(c("No variances inside their bounds were found to draw scores from.",
      i = "The design may not tell a variance from the residual, or random effects fit every score.",
      i = 'Use {.code draw = "fit"}, or {.code confint()}, which then does so.'
    ), call = call)
  }
  found
}

run_chunks <- function(fit, chunks, seed, gamma) {
  rows <- core_rows(fit$design)
  reml <- fit$method$name == "reml"
  contrast <- core_contrast(fit, diag(1, length(fixef(fit))))
  plans <- Map(\(first, count) {
    list(
      seed = seed, first = first, count = count, restricted = reml, spread = if (reml) "kenward-roger" else "model",
      contrast = contrast
    )
  }, chunks$first, chunks$count)
  spread_plans(plans, \(plan) do.call(core_bootstrap, c(share_columns(rows), list(gamma, plan))))
}

# A column of both X and Z is one vector in memory, which the core reads once. A process that was sent a copy has two,
# and its sums would differ by rounding: equal columns are made one again, so that every worker gives the same bits.
share_columns <- function(rows) {
  seen <- list()
  share <- \(part) {
    if (is.list(part)) {
      return(lapply(part, share))
    }
    for (one in seen) if (identical(one, part)) return(one)
    if (length(part) > 1L) seen[[length(seen) + 1L]] <<- part
    part
  }
  rows[c(1L, 4L)] <- lapply(rows[c(1L, 4L)], share)
  rows
}

# What `run` gives for each plan, by the user's workers where there are some, with a sign of progress after each.
spread_plans <- function(plans, run) {
  tick <- progress_ticker(length(plans))
  told <- \(plan) {
    out <- run(plan)
    tick()
    out
  }
  if (parallel_plan()) run_in_futures(told, plans) else lapply(plans, told)
}

run_in_futures <- function(run, plans) {
  futures <- lapply(plans, \(plan) {
    future::future(run(plan), globals = list(run = run, plan = plan), packages = "cordgain", seed = NULL)
  })
  lapply(futures, future::value)
}

progress_ticker <- function(steps) {
  if (!isNamespaceLoaded("progressr")) {
    return(\() NULL)
  }
  signal <- progressr::progressor(steps = steps, auto_finish = FALSE, envir = parent.frame(2))
  \() signal()
}

# Collecting --------------------------------------------------------------------------

collect_replicates <- function(fit, parts, seed, draw) {
  bind <- \(name) do.call(rbind, lapply(parts, `[[`, name))
  join <- \(name) unlist(lapply(parts, `[[`, name))
  names <- names(fixef(fit))
  y_scale <- fit$result$frame$y_scale
  fixed <- sweep(y_scale * bind("shift"), 2, fixef(fit), "+")
  gamma <- bind("gamma") %*% t(fit$result$to_user)
  std_error <- y_scale * bind("std_error")
  colnames(std_error) <- names
  outcome <- factor(join("outcome"), 0:2, c("converged", "not converged", "failed"))
  structure(
    list(
      fit = fit, seed = seed, draw = draw, replicates = parameter_values(fit, fit_parameters(fit), gamma, fixed),
      std.error = std_error, gamma = gamma, deviance = join("deviance"), outcome = outcome,
      singular = join("singular") == 1L, statistic = NULL, observed = NULL
    ),
    class = "recovery_bootstrap"
  )
}

add_statistic <- function(x, statistic, call = rlang::caller_env(2)) {
  if (!is.function(statistic)) {
    abort_input(c("{.arg statistic} must be a function of the named parameters.",
      x = "It is {.obj_type_friendly {statistic}}."
    ), call = call)
  }
  at_fit <- statistic(bootstrap_estimate(x))
  observed <- check_numeric(at_fit, "statistic(fit)", call = call)
  one <- \(row) {
    value <- statistic(row)
    if (length(value) != length(observed) || !is.numeric(value)) {
      abort_input(c("{.arg statistic} must return as many numbers each time.",
        x = "At the fit it gave {length(observed)}, at a replicate {length(value)}."
      ), call = call)
    }
    as.double(value)
  }
  values <- t(matrix(apply(x$replicates, 1L, one), nrow = length(observed)))
  colnames(values) <- statistic_names(at_fit)
  x$statistic <- values
  x$observed <- stats::setNames(observed, colnames(values))
  x
}

# The parameters that are drawn about, of the fit itself.
bootstrap_estimate <- function(x) x$estimate %||% fit_values(x$fit, fit_parameters(x$fit))

statistic_names <- function(value) {
  if (!is.null(names(value))) names(value) else paste0("statistic", if (length(value) > 1L) seq_along(value))
}

# What a reader sees ------------------------------------------------------------------

#' @export
print.recovery_bootstrap <- function(x, digits = max(3L, getOption("digits") - 3L), ...) {
  cat(bootstrap_title(x), "\n", "Formula: ", deparse1(x$fit$formula), "\n\n", sep = "")
  table <- tidy(x)
  print(table[c("term", "estimate", "bias", "std.error", "conf.low", "conf.high")], digits = digits, row.names = FALSE)
  cat("\n", paste0(bootstrap_notes(x), "\n"), sep = "")
  invisible(x)
}

#' @export
summary.recovery_bootstrap <- function(object, ...) tidy(object, ...)

bootstrap_title <- function(x) {
  method <- if (x$fit$method$name == "reml") "REML" else "ML"
  sprintf("Parametric bootstrap: %d refits by %s, seed %.0f%s", length(x$outcome), method, x$seed,
    if (identical(x$draw, "interior")) ", drawn from variances inside their bounds" else "")
}

bootstrap_notes <- function(x) {
  counts <- table(x$outcome)
  trouble <- counts[["not converged"]] + counts[["failed"]]
  c(
    if (trouble > 0L) {
      sprintf(
        "%d refits did not converge (their numbers are used), %d found no maximum (left out of all summaries).",
        counts[["not converged"]], counts[["failed"]]
      )
    } else {
      "All refits converged."
    },
    sprintf(
      "%d of them ended on the boundary (a variance of zero or a correlation of 1), as is right for such scores.",
      sum(x$singular)
    ),
    paste0("Limits are percentiles (no target of coverage)",
      if (is.null(x$estimate)) "; see confint(method = \"boot\") for studentised ones", ".")
  )
}

#' @rdname bootstrap.recovery_fit_reml
#' @param x a `recovery_bootstrap`.
#' @param conf.level (number in (0, 1)).
#' @exportS3Method generics::tidy recovery_bootstrap
tidy.recovery_bootstrap <- function(x, conf.level = 0.95, ...) {
  values <- cbind(x$replicates, x$statistic)
  estimate <- c(bootstrap_estimate(x), x$observed)
  limits <- replicate_limits(values, conf.level)
  spread <- apply(values, 2L, stats::sd, na.rm = TRUE)
  used <- colSums(is.finite(values))
  data.frame(
    term = colnames(values), estimate = unname(estimate), bias = colMeans(values, na.rm = TRUE) - estimate,
    std.error = spread, conf.low = limits[, 1L], conf.high = limits[, 2L],
    num.error = 10 * spread / sqrt(used), num.kind = "estimate", row.names = NULL
  )
}

# Percentiles at the ranks (n + 1) p: with n + 1 a multiple of 1/p they are order statistics.
replicate_limits <- function(values, level) {
  probs <- c((1 - level) / 2, (1 + level) / 2)
  t(apply(values, 2L, stats::quantile, probs = probs, type = 6L, na.rm = TRUE, names = FALSE))
}
