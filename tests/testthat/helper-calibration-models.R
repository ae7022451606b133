# Simulation-based calibration (Talts and others 2018): parameters drawn from the prior, scores from the model, and the
# rank of each parameter among independent draws of its posterior, which is uniform where the posterior is right. Used
# by inst/validation/calibration-*.R, which store the ranks, and by test-calibration.R.

calibration_draws <- 99L

# Patients at three visits.
calibration_design <- function(patients) {
  expand.grid(week = c(0, 12, 24), subject = factor(seq_len(patients)))
}

half_normal <- function(scale) abs(stats::rnorm(1, 0, scale))

# Linear predictors of the rows: two coefficients (or one) and an intercept for each patient.
calibration_eta <- function(data, truth) {
  slope <- if ("b_week" %in% names(truth)) truth[["b_week"]] else 0
  own <- truth[["sd_subject__Intercept"]] * stats::rnorm(nlevels(data$subject))
  level <- if ("b_Intercept" %in% names(truth)) truth[["b_Intercept"]] else 0
  level + slope * data$week + own[data$subject]
}

# Each model: `prior`, of this package; `truth`, parameters drawn from that prior by the names of as_draws(); `scores`,
# a column `score` drawn at them; `formula` and `family`.
calibration_models <- function() {
  c(calibration_gaussian(), calibration_counts(), calibration_limits(), calibration_hurdle())
}

calibration_gaussian <- function() {
  prior <- priors(
    fixed = list("(Intercept)" = prior_normal(20, 10), week = prior_normal(0, 0.5)), sd = prior_half_normal(5),
    sigma = prior_half_normal(5)
  )
  list(gaussian = list(
    formula = score ~ week + (1 | subject), family = stats::gaussian(), prior = prior,
    truth = \() c(
      b_Intercept = stats::rnorm(1, 20, 10), b_week = stats::rnorm(1, 0, 0.5),
      sd_subject__Intercept = half_normal(5), sigma = half_normal(5)
    ),
    scores = \(data, truth) stats::rnorm(nrow(data), calibration_eta(data, truth), truth[["sigma"]])
  ))
}

# Ten points, and counts.
calibration_counts <- function() {
  prior <- priors(
    fixed = list("(Intercept)" = prior_normal(0, 1), week = prior_normal(0, 0.05)), sd = prior_half_normal(1)
  )
  truth <- \() c(
    b_Intercept = stats::rnorm(1, 0, 1), b_week = stats::rnorm(1, 0, 0.05), sd_subject__Intercept = half_normal(1)
  )
  list(
    binomial = list(
      formula = cbind(score, 10 - score) ~ week + (1 | subject), family = stats::binomial(), prior = prior,
      truth = truth,
      scores = \(data, truth) stats::rbinom(nrow(data), 10, stats::plogis(calibration_eta(data, truth)))
    ),
    poisson = list(
      formula = score ~ week + (1 | subject), family = stats::poisson(), prior = prior, truth = truth,
      scores = \(data, truth) stats::rpois(nrow(data), exp(calibration_eta(data, truth)))
    )
  )
}

# Families with parameters of their own, without a slope: three parameters each.
calibration_limits <- function() {
  level <- list("(Intercept)" = prior_normal(0, 1))
  list(
    beta_binomial = list(
      formula = score ~ 1 + (1 | subject), family = beta_binomial(10),
      prior = priors(fixed = level, sd = prior_half_normal(1), dispersion = prior_half_normal(0.5)),
      truth = \() c(
        b_Intercept = stats::rnorm(1), log_precision = -2 * log(half_normal(0.5)),
        sd_subject__Intercept = half_normal(1)
      ),
      scores = \(data, truth) {
        mean <- stats::plogis(calibration_eta(data, truth))
        precision <- exp(truth[["log_precision"]])
        stats::rbinom(nrow(data), 10, stats::rbeta(nrow(data), mean * precision, (1 - mean) * precision))
      }
    ),
    censored = list(
      formula = score ~ 1 + (1 | subject), family = censored(0, 10),
      prior = priors(
        fixed = list("(Intercept)" = prior_normal(5, 3)), sd = prior_half_normal(2), sigma = prior_half_normal(3)
      ),
      truth = \() c(
        b_Intercept = stats::rnorm(1, 5, 3), log_sigma = log(half_normal(3)), sd_subject__Intercept = half_normal(2)
      ),
      scores = \(data, truth) {
        pmin(pmax(stats::rnorm(nrow(data), calibration_eta(data, truth), exp(truth[["log_sigma"]])), 0), 10)
      }
    ),
    cumulative = list(
      formula = score ~ 1 + (1 | subject), family = cumulative(),
      prior = priors(sd = prior_half_normal(1), thresholds = prior_normal(0, 2)),
      # the product of normal densities among thresholds in order is the density of normal numbers put in order
      truth = \() c(
        stats::setNames(sort(stats::rnorm(2, 0, 2)), c("A|B", "B|C")), sd_subject__Intercept = half_normal(1)
      ),
      scores = \(data, truth) {
        latent <- calibration_eta(data, truth) + stats::rlogis(nrow(data))
        factor(c("A", "B", "C")[findInterval(latent, truth[c("A|B", "B|C")]) + 1L], levels = c("A", "B", "C"),
          ordered = TRUE)
      }
    )
  )
}

# A change of one to ten points with some chance, else none; how the points scatter is known.
calibration_hurdle <- function() {
  level <- list("(Intercept)" = prior_normal(0, 1))
  precision <- 4
  list(hurdle = list(
    formula = score ~ 1 + (1 | subject), family = hurdle(10),
    prior = priors(
      fixed = level, change = list(intercept = prior_normal(0, 1)), sd = prior_half_normal(1),
      dispersion = prior_fixed(1 / sqrt(precision))
    ),
    truth = \() c(
      b_Intercept = stats::rnorm(1), change_intercept = stats::rnorm(1), sd_subject__Intercept = half_normal(1)
    ),
    scores = \(data, truth) {
      mean <- stats::plogis(calibration_eta(data, truth))
      chance <- stats::rbeta(nrow(data), mean * precision, (1 - mean) * precision)
      changed <- stats::runif(nrow(data)) < stats::plogis(truth[["change_intercept"]])
      ifelse(changed, 1 + stats::rbinom(nrow(data), 9, chance), 0)
    }
  ))
}

# One replicate: the ranks of the parameters (0 to 99), by name, and `sampled`, whether the sampler had to take over.
# Exact posteriors to the tolerance that users get: at most a hundredth of a standard deviation off, which 2,000 ranks
# cannot show. Of the sampler two chains are thinned to 99 draws.
calibration_ranks <- function(model, patients, engine, seed) {
  withr::local_seed(seed)
  data <- calibration_design(patients)
  truth <- model$truth()
  data$score <- model$scores(data, truth)
  method <- method_bayes(model$prior, engine = engine, chains = 2, draws = 150, warmup = 200, seed = seed)
  fit <- suppressMessages(suppressWarnings(fit_recovery(model$formula, data, family = model$family, method = method)))
  draws <- unclass(posterior::as_draws_matrix(posterior::as_draws(fit, draws = calibration_draws, seed = seed)))
  draws <- draws[round(seq(1, nrow(draws), length.out = calibration_draws)), names(truth), drop = FALSE]
  c(colSums(t(t(draws) < truth)), sampled = as.numeric(identical(fit$result$engine, "nuts")))
}

# Ranks in twenty equal classes, and the chance of a chi-squared sum as large where they are uniform.
uniform_test <- function(ranks, classes = 20L) {
  counts <- tabulate(ranks %/% ((calibration_draws + 1L) / classes) + 1L, classes)
  list(counts = counts, p.value = stats::chisq.test(counts)$p.value)
}

# The ranks of models for one engine and number of patients: a row per model and parameter with the counts of the
# classes. Scores that the package refuses (all alike) are left out and counted: a choice that looks at the scores alone
# leaves the ranks of the others uniform. Each hundred of data sets is kept in `folder`, so that a run which is stopped
# goes on there.
calibrate <- function(models, engine, patients, data_sets, seed, folder, cores = 2L) {
  rows <- lapply(models, \(name) {
    seeds <- 1e6 * seed + 1e4 * patients + seq_len(data_sets)
    parts <- lapply(split(seeds, (seq_along(seeds) - 1L) %/% 100L), \(at) {
      kept <- file.path(folder, sprintf("%s-%s-%d-%.0f-%d.rds", name, engine, patients, at[1], length(at)))
      if (!file.exists(kept)) {
        part <- calibration_part(name, engine, patients, at, cores)
        saveRDS(part, paste0(kept, ".part"))
        file.rename(paste0(kept, ".part"), kept)
      }
      readRDS(kept)
    })
    calibration_rows(name, engine, patients, do.call(rbind, parts), data_sets)
  })
  do.call(rbind, rows)
}

# A folder for the parts of a run, another where its code is another.
calibration_folder <- function(name, inputs) {
  folder <- file.path("build", paste0(name, "-", substr(rlang::hash(inputs), 1L, 10L)))
  dir.create(folder, recursive = TRUE, showWarnings = FALSE)
  folder
}

calibration_part <- function(name, engine, patients, seeds, cores) {
  model <- calibration_models()[[name]]
  one <- \(seed) tryCatch(calibration_ranks(model, patients, engine, seed), cordgain_invalid_input = \(e) NULL)
  ranks <- parallel::mclapply(seeds, one, mc.cores = cores)
  lost <- vapply(ranks, inherits, NA, "try-error")
  if (any(lost)) stop(name, ": ", ranks[[which(lost)[1]]], call. = FALSE)
  do.call(rbind, ranks)
}

calibration_rows <- function(name, engine, patients, ranks, data_sets) {
  parameters <- setdiff(colnames(ranks), "sampled")
  tests <- lapply(parameters, \(parameter) uniform_test(ranks[, parameter]))
  data.frame(
    model = name, engine = engine, patients = patients, data_sets = data_sets, used = nrow(ranks),
    sampled = sum(ranks[, "sampled"]), parameter = parameters, p.value = vapply(tests, `[[`, 0, "p.value"),
    counts = vapply(tests, \(test) paste(test$counts, collapse = " "), "")
  )
}
