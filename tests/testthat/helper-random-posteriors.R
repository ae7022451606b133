# Random small trials fitted by Bayes, made by their seed alone, on the rows and scores of helper-random-cases.R. Used
# by test-random-posteriors.R and by inst/validation/random-posteriors.R.

# A trial of three to six patients: `data`, `formula`, `family`, `kind`, `trouble`, `scale`.
random_trial <- function(seed) {
  set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  rows <- random_rows()
  while (!nlevels(droplevels(rows$subject)) %in% 3:6) rows <- random_rows()
  family <- pick(c("gaussian", "binomial", "poisson", "beta_binomial", "censored", "cumulative", "hurdle"),
    c(48, 1, 1, 1, 1, 1, 1))
  if (family == "gaussian") gaussian_trial(rows, seed) else family_trial(rows, family, seed)
}

# Correlated slopes, which cost most, are one in twenty-seven.
gaussian_trial <- function(rows, seed) {
  kind <- pick(c("intercept", "independent", "nested", "crossed", "slope"), c(10, 4, 2.5, 1.5, 0.7))
  trouble <- pick(c("none", "rounded", "constant", "constant_subject", "lines", "far", "few_values", "outlier"),
    c(6, 3, 0.3, 0.5, 0.5, 1, 1, 1))
  data <- troubled(random_scores(rows, kind), trouble)
  scale <- pick(c(1, 1e3, 1e-3, 1e9, 1e-9, 1e150, 1e-150), c(12, 1, 1, 1, 1, 0.5, 0.5))
  data$score <- data$score * scale
  data$score[sample(c(TRUE, FALSE), nrow(data), TRUE, prob = c(0.05, 0.95))] <- NA
  fixed <- pick(c("1", "week", "week + arm", "week * arm", "factor(visit)", "week + double", "week + I(week^2)"),
    c(2, 6, 1, 1, 1, 1, 1))
  list(data = data, family = "gaussian", kind = kind, trouble = trouble, scale = scale, seed = seed,
    formula = stats::as.formula(paste("score ~", fixed, "+", random_parts[[kind]]), env = globalenv()))
}

# Points from 0 to 10 (the hurdle's, the censored ones too), counts, or four grades.
family_trial <- function(rows, family, seed) {
  trouble <- pick(c("none", "floor", "ceiling", "constant_subject"), c(14, 1, 1, 1))
  own <- stats::rnorm(nlevels(rows$subject), 0, pick(c(0, 0.5, 2)))[rows$subject]
  eta <- stats::rnorm(1) + 0.5 * rows$week / max(1, diff(range(rows$week))) + own
  points <- switch(trouble, floor = rep(0, nrow(rows)), ceiling = rep(10, nrow(rows)), # nolint
    constant_subject = as.integer(rows$subject) + 1,
    stats::rbinom(nrow(rows), 10, stats::plogis(eta + stats::rnorm(nrow(rows), 0, pick(c(0, 1))))))
  rows$score <- switch(family, poisson = if (trouble == "none") stats::rpois(nrow(rows), exp(pmin(eta, 5))) else points,
    cumulative = factor(c("A", "B", "C", "D")[1 + points %/% 3], levels = c("A", "B", "C", "D", "E"), ordered = TRUE),
    censored = pmin(pmax(points + if (trouble == "none") stats::rnorm(nrow(rows), 0, 2) else 0, 0), 10), points)
  rows$score[sample(c(TRUE, FALSE), nrow(rows), TRUE, prob = c(0.05, 0.95))] <- NA
  left <- if (family == "binomial") "cbind(score, 10 - score)" else "score"
  fixed <- pick(c("1", "week", "week + arm"), if (family %in% c("binomial", "poisson")) c(1, 2, 0.5) else c(4, 1, 0))
  list(data = rows, family = family, kind = "intercept", trouble = trouble, scale = 1, seed = seed,
    formula = stats::as.formula(paste(left, "~", fixed, "+ (1 | subject)"), env = globalenv()))
}

trial_family <- function(name) {
  switch(name, gaussian = stats::gaussian(), binomial = stats::binomial(), poisson = stats::poisson(),
    beta_binomial = beta_binomial(10), censored = censored(0, 10), cumulative = cumulative(), hurdle = hurdle(10))
}

# Normal scores to a ten-thousandth of a posterior standard deviation, as by default; other families to a hundredth, as
# by default, and every tenth of these trials to a ten-thousandth too.
trial_tolerance <- function(trial) if (trial$family == "gaussian" || trial$seed %% 10 == 0) 1e-4 else 1e-2

# What a trial's fit came to: `outcome` ("exact", "sampled", "refused" or a fault in capitals), `detail` (why sampled or
# refused) and `error`, the largest stated one of a mean or a standard deviation, in posterior standard deviations. The
# sampler's chains are short: what is asked is whether it gives an answer with its reason, not how sharp it is.
trial_outcome <- function(trial) {
  tolerance <- trial_tolerance(trial)
  method <- method_bayes(tolerance = tolerance, chains = 2, draws = 100, warmup = 100, seed = trial$seed)
  fit <- tryCatch(
    suppressWarnings(suppressMessages(fit_recovery(trial$formula, trial$data, family = trial_family(trial$family),
      method = method))),
    error = identity
  )
  judged_fit(fit, tolerance)
}

# The same of a fit, or of the condition that ended it.
judged_fit <- function(fit, tolerance) {
  if (inherits(fit, "condition")) {
    outcome <- if (inherits(fit, "cordgain_error")) "refused" else "UNCLASSED"
    return(list(outcome = outcome, detail = gsub("\\s+", " ", conditionMessage(fit)), error = NA_real_))
  }
  exact <- fit$result$engine == "exact"
  error <- if (exact) stated_error(fit) else NA_real_
  outcome <- if (!finite_table(fit)) "NOT FINITE"
    else if (exact && error > tolerance) "BEYOND THE TOLERANCE"
    else if (exact) "exact"
    else if (nzchar(fit$result$why)) "sampled" else "SAMPLED WITHOUT A REASON"
  list(outcome = outcome, detail = if (exact) "" else gsub("\\s+", " ", fit$result$why), error = error)
}

finite_table <- function(fit) {
  table <- as.data.frame(tidy(fit))
  all(is.finite(unlist(table[c("estimate", "std.error", "conf.low", "conf.high", "num.error")])))
}

# The largest stated error of a mean or a standard deviation, in posterior standard deviations.
stated_error <- function(fit) {
  post <- fit$result
  parts <- if (is.null(post$coefficients)) list(post) else post[c("coefficients", "hyper")]
  max(vapply(parts, \(part) max(0, (part$error / part$sd)[part$sd > 0]), 0))
}
