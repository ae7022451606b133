# The boundary: the only file that calls the C++ core, and the only handler of
# its errors. Every core function returns either a value or the kind of error;
# here it becomes a classed R condition that blames the user's call.

call_core <- function(fun, ..., call = rlang::caller_env(2)) {
  result <- fun(...)
  kind <- result$error_kind
  if (is.null(kind)) {
    return(result$value)
  }
  signal <- switch(kind,
    invalid_input = abort_input,
    numerical_error = abort_numerical
  )
  signal(c("{result$error_message}", i = core_advice(result$error_message)), call = call)
}

# What to do about errors whose cause may stand in R's words alone.
core_advice <- function(message) {
  if (grepl("at every start", message, fixed = TRUE)) {
    paste("A prior far narrower than the scores can tell may be the reason: take what it says as known (by",
      "{.arg offset}, or {.fn prior_fixed} for a standard deviation), or widen it.")
  }
}

# Limits for counts and rates, e-values, exact tests (src/bind_exact.cpp) -------
# Limits are list(lower, upper, error); `below` and `above` are the probabilities
# cut off on each side, 0 leaving that side open.

core_clopper_pearson <- function(y, n, below, above) call_core(cpp_clopper_pearson, y, n, below, above)

core_blaker <- function(y, n, alpha) call_core(cpp_blaker, y, n, alpha)

core_wilson <- function(y, n, alpha) call_core(cpp_wilson, y, n, alpha)

core_beta_limits <- function(a, b, below, above) call_core(cpp_beta_limits, a, b, below, above)

core_beta_above <- function(a, b, threshold) call_core(cpp_beta_above, a, b, threshold)

core_beta_predictive_none <- function(a, b, m) call_core(cpp_beta_predictive_none, a, b, m)

core_poisson_limits <- function(y, exposure, below, above) call_core(cpp_poisson_limits, y, exposure, below, above)

core_gamma_limits <- function(shape, rate, below, above) call_core(cpp_gamma_limits, shape, rate, below, above)

core_gamma_above <- function(shape, rate, threshold) call_core(cpp_gamma_above, shape, rate, threshold)

core_gamma_predictive_none <- function(shape, rate, exposure) {
  call_core(cpp_gamma_predictive_none, shape, rate, exposure)
}

core_e_value <- function(y, n, rate, a, b, one_sided) call_core(cpp_e_value, y, n, rate, a, b, one_sided)

core_e_value_path <- function(outcomes, rate, a, b, one_sided) {
  call_core(cpp_e_value_path, outcomes, rate, a, b, one_sided)
}

# `side`: 1 greater, -1 less, 0 two-sided.
core_fisher <- function(y1, n1, y0, n0, side) call_core(cpp_fisher, y1, n1, y0, n0, side)

core_barnard <- function(y1, n1, y0, n0, side) call_core(cpp_barnard, y1, n1, y0, n0, side)

core_boschloo <- function(y1, n1, y0, n0, side) call_core(cpp_boschloo, y1, n1, y0, n0, side)

# Natural recovery (src/bind_natural.cpp) -----------------------------------------
# `fine` chooses between the two routes whose difference is the numerical error.

core_meta_predictive <- function(evidence, priors, fine) call_core(cpp_meta_predictive, evidence, priors, fine)

core_meta_effective_size <- function(evidence, priors, mean, fine) {
  call_core(cpp_meta_effective_size, evidence, priors, mean, fine)
}

core_prior_predictive <- function(prior, moves, fine) {
  check_shapes(prior)
  call_core(cpp_prior_predictive, prior, moves, fine)
}

# Beyond it the density of the log odds is lost in the rounding of its parts, and from some 1e8 on panels are halved
# without end. Such a rate has a standard deviation of at most 0.0005.
largest_shape <- 1e6

# @param prior (matrix) rows of prior_components(): a beta has the code 7.
# @param call of natural_rate(), which asks for each route in turn.
check_shapes <- function(prior, call = rlang::caller_env(5)) {
  sharp <- which(prior[, "kind"] == 7 & pmax(prior[, "a"], prior[, "b"]) > largest_shape)
  if (length(sharp) > 0L) {
    p <- prior[sharp[1], ]
    rate <- if (p[["a"]] < p[["b"]]) signif(p[["a"]] / (p[["a"]] + p[["b"]]), 6) else
      1 - signif(p[["b"]] / (p[["a"]] + p[["b"]]), 6)
    abort_input(c("A beta prior with a shape above a million is a known rate.",
      x = "Its shapes are {format(p[['a']])} and {format(p[['b']])}: the rate is known to within 0.001.",
      i = "Give the rate as a number: {.code natural_rate({format(rate, digits = 15)})}."
    ), call = call)
  }
}

core_prior_effective_size <- function(prior, moves, mean, fine) {
  call_core(cpp_prior_effective_size, prior, moves, mean, fine)
}

core_prior_ess <- function(prior, sampling, sigma, mean, fine) {
  call_core(cpp_prior_ess, prior, sampling, sigma, mean, fine)
}

core_scenarios <- function(prior, fine) call_core(cpp_scenarios, prior, fine)

core_grid_summary <- function(grid, probs, as_rate) call_core(cpp_grid_summary, grid, probs, as_rate)

core_grid_cdf <- function(grid, x) call_core(cpp_grid_cdf, grid, x)

core_shift_rates <- function(grid, offset, size) call_core(cpp_shift_rates, grid, offset, size)

core_couple_rates <- function(grids, offset, size) call_core(cpp_couple_rates, grids, offset, size)

# The comparison (src/bind_excess.cpp) ----------------------------------------------

core_natural_responders <- function(rates) call_core(cpp_natural_responders, rates)

core_effect_table <- function(rates, effect) call_core(cpp_effect_table, rates, effect)

core_effect_posterior <- function(rates, effect, responders) call_core(cpp_effect_posterior, rates, effect, responders)

core_rate_difference <- function(rates, a, b, probs, margin) {
  call_core(cpp_rate_difference, rates, a, b, probs, margin)
}

core_sum_of_steps <- function(steps, n, uncertain) call_core(cpp_sum_of_steps, steps, n, uncertain)

# Questioning and design (src/bind_design.cpp) ---------------------------------------

core_grid_nodes <- function(grid) call_core(cpp_grid_nodes, grid)

core_add_normal_bias <- function(grid, mean, sd, fine) call_core(cpp_add_normal_bias, grid, mean, sd, fine)

# `claims`: logical matrix, treated events 0..n1 down, control events 0..n0 across (one column without controls).
core_boschloo_rejection <- function(n1, n0, alpha) call_core(cpp_boschloo_rejection, n1, n0, alpha)

core_region_size <- function(claims) call_core(cpp_region_size, claims)

core_region_probability <- function(claims, p1, p0) call_core(cpp_region_probability, claims, p1, p0)

core_operating_surface <- function(claims, truth) call_core(cpp_operating_surface, claims, truth)

# `count` uniform numbers of one stream of a seed: the same wherever they are drawn.
core_stream_uniforms <- function(seed, stream, count) call_core(cpp_stream_uniforms, seed, stream, count)

# Sums, result sets and stars of exams.
# @param columns (list of 136 vectors) cells in the order of isncsci_cells.
# @param intact_grade (integer, one per exam) bits: 16 grade E, 32 no grade.
core_score_isncsci <- function(columns, intact_grade, intact_level_int, nonkey_reference) {
  call_core(cpp_score_isncsci, columns, intact_grade, intact_level_int, nonkey_reference)
}

# Models of repeated scores (src/bind_gaussian.cpp) -------------------------------

core_fit_gaussian <- function(x, y, weights, z, level, n_levels, residual, restricted, call) {
  call_core(cpp_fit_gaussian, x, y, weights, z, level, n_levels, residual, restricted, call = call)
}

core_random_effects <- function(x, y, weights, z, level, n_levels, residual, frame, gamma, beta, phi) {
  call_core(cpp_random_effects, x, y, weights, z, level, n_levels, residual, frame, gamma, beta, phi)
}

core_row_tests <- function(inference, contrast, ddf, information) {
  call_core(cpp_row_tests, inference, contrast, ddf, information)
}

core_wald_test <- function(inference, contrast, beta, ddf, information) {
  call_core(cpp_wald_test, inference, contrast, beta, ddf, information)
}

core_robust_tests <- function(x, y, weights, z, level, n_levels, residual, frame, gamma, beta, phi, type, contrast) {
  call_core(cpp_robust_tests, x, y, weights, z, level, n_levels, residual, frame, gamma, beta, phi, type, contrast)
}

# Intervals (src/bind_intervals.cpp) -----------------------------------------------

# @param targets (integer matrix, a row each) kind, term, i, j: see profile_targets().
# @param quantile square root of the rise of the deviance.
core_profile_intervals <- function(x, y, weights, z, level, n_levels, residual, restricted, targets, quantile) {
  call_core(cpp_profile_intervals, x, y, weights, z, level, n_levels, residual, restricted, targets, quantile)
}

# @param gamma variance parameters to draw from, in the core's coordinates.
# @param plan list of seed, first, count, restricted, spread, contrast.
core_bootstrap <- function(x, y, weights, z, level, n_levels, residual, gamma, plan) {
  call_core(cpp_bootstrap, x, y, weights, z, level, n_levels, residual, gamma, plan)
}

# Variance parameters inside their bounds, to draw from, in the core's coordinates.
core_interior_gamma <- function(x, y, weights, z, level, n_levels, residual, restricted) {
  call_core(cpp_interior_gamma, x, y, weights, z, level, n_levels, residual, restricted)
}

# Coverage of intervals at known variances; run by inst/validation/coverage-n4.R.
# @param plan list of seed, data_sets, refits, level, contrast, plain_every.
core_calibrate <- function(x, y, weights, z, level, n_levels, gamma, plan) {
  call_core(cpp_calibrate, x, y, weights, z, level, n_levels, gamma, plan)
}
# Scores (src/bind_scores.cpp) --------------------------------------------------------
# A mixture is list(weight, mean, sd); `masses` one matrix per patient (values x shifts).

core_normal_meta <- function(mean, se, priors, fine) call_core(cpp_normal_meta, mean, se, priors, fine)

core_mixture_summary <- function(mixture, probs) call_core(cpp_mixture_summary, mixture, probs)

core_mixture_cdf <- function(mixture, at) call_core(cpp_mixture_cdf, mixture, at)

core_mixture_nodes <- function(mixture, fine, breaks = numeric()) call_core(cpp_mixture_nodes, mixture, fine, breaks)

# Controls' mean as a t beside a history whose mean is a mixture of normals (src/bind_borrow.cpp).
core_borrowed_mean <- function(history, mean, scale, df, probs, fine) {
  call_core(cpp_borrowed_mean, history, mean, scale, df, probs, fine)
}

core_change_model <- function(kind, mean, sd, low, high, zero) {
  call_core(cpp_change_model, kind, mean, sd, low, high, zero)
}

core_change_cdfs <- function(model, y, shift, whole, low, high) {
  call_core(cpp_change_cdfs, model, y, shift, whole, low, high)
}

core_shared_sum <- function(masses, weight) call_core(cpp_shared_sum, masses, weight)

core_combination_tail <- function(values, masses, weight, threshold) {
  call_core(cpp_combination_tail, values, masses, weight, threshold)
}

# Exact posteriors (src/bind_posterior.cpp) ----------------------------------------
# `priors` is list(coefficients, hyper, layout) as posterior_setup() makes it.

core_posterior_draws <- function(x, y, weights, z, level, n_levels, residual, priors, plan, call) {
  call_core(cpp_posterior_draws, x, y, weights, z, level, n_levels, residual, priors, plan, call = call)
}

core_exact_posterior <- function(x, y, weights, z, level, n_levels, residual, priors, tolerance, call) {
  call_core(cpp_exact_posterior, x, y, weights, z, level, n_levels, residual, priors, tolerance, call = call)
}

# Trials not yet held (src/bind_intervals.cpp, src/bind_posterior.cpp); `gamma` true variance parameters in the
# user's units.
# @param plan list of seed, first, count, contrast (an element per column of X).
core_simulate_fits <- function(x, y, weights, z, level, n_levels, residual, gamma, plan) {
  call_core(cpp_simulate_fits, x, y, weights, z, level, n_levels, residual, gamma, plan)
}

# @param question list of truth, added, moved (an element per trial), added_se, tolerance.
core_simulate_posteriors <- function(x, y, weights, z, level, n_levels, residual, gamma, priors, plan, question) {
  call_core(cpp_simulate_posteriors, x, y, weights, z, level, n_levels, residual, gamma, priors, plan, question)
}

# Densities of the free hyperparameters: a list of lattices.
# @param plan of the posterior, as core_exact_posterior() has it.
core_posterior_marginals <- function(x, y, weights, z, level, n_levels, residual, priors, plan) {
  call_core(cpp_posterior_marginals, x, y, weights, z, level, n_levels, residual, priors, plan)
}

# Quantiles of the coefficients: list(value, error), a row per coefficient, a column per probability.
# @param posterior list of weight, mean, covariance, plain, edge of core_exact_posterior().
core_posterior_quantiles <- function(posterior, probs) {
  call_core(cpp_posterior_quantiles, posterior, as.double(probs))
}

core_posterior_effects <- function(x, y, weights, z, level, n_levels, residual, frame, posterior, layout) {
  call_core(cpp_posterior_effects, x, y, weights, z, level, n_levels, residual, frame, posterior, layout)
}

# list(quantile, check): by the cardinal series, and by a spline of the logarithm.
core_lattice_quantiles <- function(lattice, probs) {
  call_core(cpp_lattice_quantiles, lattice$first, lattice$step, lattice$value, as.double(probs))
}

# n numbers between 0 and 1, the i-th from stream i of the seed.
core_uniforms <- function(seed, n) call_core(cpp_uniforms, seed, n)

# Families by quadrature (src/bind_families.cpp) ------------------------------------
# `family` is list(name, link, score, ...); `block` the sizes of the blocks of correlated effects.

core_fit_family <- function(x, z, offset, subject, n_subjects, block, family, nodes, call) {
  call_core(cpp_fit_family, x, z, offset, subject, n_subjects, block, family, nodes, call = call)
}

# Posteriors of families (src/bind_family_posterior.cpp). `problem` is list(x, z, offset, subject, n_subjects, block,
# family, priors), `plan` list(warmup, draws, chains, accept, seed).

core_family_posterior <- function(problem, tolerance, most_nodes, call) {
  call_core(cpp_family_posterior, problem, tolerance, most_nodes, call = call)
}

core_family_draws <- function(problem, plan, call) call_core(cpp_family_draws, problem, plan, call = call)

core_family_effects <- function(problem, points, weight, nodes) {
  call_core(cpp_family_effects, problem, points, weight, nodes)
}

core_family_log_likelihood <- function(problem, points, nodes) {
  call_core(cpp_family_log_likelihood, problem, points, nodes)
}
