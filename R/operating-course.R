# Claims of a trial of repeated scores under every truth: trials are simulated in the core, each analysed as the real
# one will be.

#' @rdname operating_characteristics
#' @param trials (count) simulated trials of a [design_course()].
#' @param seed `NULL`, and `set.seed()` governs, or a whole number. Trial i is a function of the seed and of i alone,
#'   whatever the number of workers of a `future::plan()`; the same trials serve every excess and bias.
#' @param tolerance (number) of Bayesian trials: largest numerical error of a posterior probability.
#' @export
operating_characteristics.course_design <- function(design, excess = 0, bias = 0, trials = 10000, seed = NULL,
                                                    tolerance = 1e-3, ...) {
  rlang::check_dots_empty()
  excess <- check_some(excess, call = rlang::current_env())
  bias <- check_some(bias, call = rlang::current_env())
  trials <- check_count(trials, min = 1, max = 1e7)
  seed <- draw_seed(seed)
  tolerance <- check_number(tolerance, min = 1e-8, max = 1e-2)
  rows <- expand.grid(excess = excess, bias = bias)
  parts <- course_parts(design)
  plan <- list(seed = seed, contrast = parts$contrast, errors = natural_errors(parts$value$se, trials, seed))
  found <- simulated_claims(parts, rows$excess + rows$bias, plan, tolerance)
  claims <- do.call(rbind, lapply(found$hits, share_row, sets = trials))
  rows <- cbind(rows, term = ifelse(rows$excess <= 0, "type_1_error", "power"),
    claims[c("estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind")])
  new_operating(rows, design, "points", notes = course_notes(found, trials, seed))
}

# How far the records' natural value lies from the true one, trial by trial; by inversion on a stream of its own.
natural_errors <- function(se, trials, seed) {
  if (se == 0) numeric(trials) else se * stats::qnorm(core_stream_uniforms(seed, 2^61, trials))
}

# Trials that claim success, for each total of excess and bias.
simulated_claims <- function(parts, totals, plan, tolerance) {
  if (parts$method$name == "reml") reml_claims(parts, totals, plan) else bayes_claims(parts, totals, plan, tolerance)
}

reml_claims <- function(parts, totals, plan) {
  fits <- in_chunks(plan, \(chunk) {
    do.call(core_simulate_fits, c(core_rows(parts$design), list(true_variances(parts), chunk)))
  })
  spread <- fits$std_error^2 + parts$value$se^2
  df <- fits$df * (spread / fits$std_error^2)^2
  critical <- sqrt(spread) * stats::qt(parts$alpha, df, lower.tail = FALSE)
  hits <- lapply(totals, \(total) {
    sum(fits$shift + total - parts$margin - plan$errors >= critical, na.rm = TRUE)
  })
  list(hits = hits, failed = sum(fits$outcome == 2L), unsettled = sum(fits$outcome == 1L),
    singular = sum(fits$singular == 1L))
}

true_variances <- function(parts) unname(parts$natural$result$gamma)

# With flat priors the posterior moves with the scores, and one run serves all truths; an informative prior meets each
# truth anew. The truth moves along the contrast: the least change of coefficients that gives the excess.
bayes_claims <- function(parts, totals, plan, tolerance) {
  once <- sort(unique(totals))
  run <- \(truth, added) {
    question <- list(truth = truth, added = added - parts$margin, added_se = parts$value$se, tolerance = tolerance)
    in_chunks(plan, \(chunk) {
      question$moved <- -chunk$errors
      do.call(core_simulate_posteriors, c(core_rows(parts$design), list(true_variances(parts), parts$priors$core, chunk,
        question)))
    }, per_worker = 1) # each makes the shared lattices once
  }
  natural <- unname(fixef(parts$natural))
  along <- unname(parts$contrast) / sum(parts$contrast^2)
  runs <- if (parts$priors$flat) list(run(natural, once)) else lapply(once, \(at) run(natural + at * along, at))
  hits <- unlist(lapply(runs, \(r) colSums(r$above >= 1 - parts$alpha, na.rm = TRUE)))
  near <- unlist(lapply(runs, \(r) colSums(abs(r$above - (1 - parts$alpha)) < r$error, na.rm = TRUE)))
  route <- unlist(lapply(runs, `[[`, "route"))
  list(hits = as.list(hits[match(totals, once)]), failed = sum(route == 2L), own = sum(route == 1L), near = max(near),
    error = max(0, unlist(lapply(runs, `[[`, "error")), na.rm = TRUE))
}

# Spread over workers ------------------------------------------------------------------------------------

# Vectors are joined, matrices stacked: a trial is an element or a row.
in_chunks <- function(plan, run, per_worker = 4) {
  chunks <- replicate_chunks(length(plan$errors), per_worker)
  plans <- Map(\(first, count) {
    list(seed = plan$seed, first = first, count = count, contrast = unname(plan$contrast),
      errors = plan$errors[first + seq_len(count)])
  }, chunks$first, chunks$count)
  parts <- spread_plans(plans, run)
  lapply(stats::setNames(nm = names(parts[[1]])), \(name) {
    values <- lapply(parts, `[[`, name)
    if (is.matrix(values[[1]])) do.call(rbind, values) else unlist(values)
  })
}

# Words -----------------------------------------------------------------------------------------------------

course_notes <- function(found, trials, seed) {
  count <- \(n, text) if (isTRUE(n > 0)) paste0(n, " ", text)
  c(
    paste0(format(trials, big.mark = " "), " simulated trials, seed ", format(seed),
      "; limits are exact 95 % limits of the simulation."),
    count(found$singular, "fits ended with a variance of zero, as is right for such scores."),
    count(found$unsettled, "fits did not converge; their numbers are used."),
    count(found$own, "posteriors were integrated on a lattice of their own."),
    if (!is.null(found$error)) paste0("Numerical error of a posterior probability: at most ",
      format(signif(found$error, 2)), "; ", found$near, " trials lie nearer to the threshold than that."),
    count(found$failed, "trials had no answer and claim nothing.")
  )
}
