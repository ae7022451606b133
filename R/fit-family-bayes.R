# Families by Bayes: priors completed, one call of the core, and a posterior of one form from lattices or a sampler.

#' @exportS3Method fit_with method_bayes_quadrature
fit_with.method_bayes_quadrature <- function(method, design, call) {
  family <- every_level(settle_family(method$family, design$scores), design$scores)
  check_family_design(family, design, call)
  check_exact(design, call)
  priors <- family_priors(method$prior, family, design, call)
  if (family$name == "censored") {
    y <- as.vector(design$scores)
    check_exact_fit(design, priors$own, priors$sd, call, (y >= family$upper) - (y <= family$lower))
  }
  problem <- family_problem(priors, family, design)
  out <- family_engine(problem, method, priors, call)
  name_family_posterior(out, problem, priors, family, design)
}

# With a prior a level that nobody has is a level like others: none is left out.
every_level <- function(family, scores) {
  if (family$name != "cumulative") {
    return(family)
  }
  family$seen <- seq_along(family$levels)
  family$below <- seq_len(length(family$levels) - 1L)
  family$extra <- family$thresholds
  family$unseen <- family$levels[-attr(scores, "seen")]
  family
}

# Lattices where they reach; else, and where they do not agree, the sampler, with the reason.
family_engine <- function(problem, method, priors, call) {
  why <- "as asked"
  if (method$engine == "exact") {
    out <- tryCatch(family_lattices(problem, method$tolerance, call), cordgain_numerical_error = identity)
    if (!inherits(out, "condition")) {
      return(c(out, engine = "exact"))
    }
    why <- out$message
  }
  plan <- sampler_plan(method)
  out <- core_family_draws(problem, plan, call)
  stop_where_stuck(out$values, why, call)
  out$weight <- rep(1 / ncol(out$values), ncol(out$values))
  c(out, list(engine = "nuts", why = why, plan = plan, log_evidence = NA_real_, evidence_error = NA_real_))
}

# The stated error counts what the quadrature leaves as well, so that it may come out above the tolerance to which the
# lattices agree: then once more, closer.
family_lattices <- function(problem, tolerance, call) {
  for (share in c(1, 0.5, 0.25)) {
    out <- core_family_posterior(problem, max(share * tolerance, 1e-10), 20000L, call)
    if (max(0, (out$error / out$sd)[out$sd > 0]) <= tolerance) break
  }
  out
}

# Priors -------------------------------------------------------------------------------

# Priors of a family, what is left out filled in: `fixed` by column, `sd` by block, `cor`, `own` (of sigma or the
# dispersion; NULL: none), `further` (of what comes after it, by name), `cuts` (NULL: induced).
family_priors <- function(x, family, design, call) {
  n <- seq_along(design$y)
  columns <- list(x = columns_at(design$x, n), z = lapply(design$random, \(block) columns_at(block$z, n)))
  refuse_unused(x, family, call)
  flat <- names(x$fixed)[vapply(x$fixed, prior_base_kind, "") == "flat"]
  if (length(flat) > 0L) {
    abort_input(c("A flat prior may leave no posterior for scores of family {.val {family$name}}.",
      x = "Flat: {.var {flat}}.", i = "Give a wide {.fn prior_normal}."), call = call)
  }
  if (family$name == "censored") {
    ends <- c(family$lower, family$upper)
    out <- complete_priors(x, columns, as.vector(design$scores), if (all(is.finite(ends))) ends else design$range, call)
    return(list(fixed = out$fixed, sd = out$sd, cor = out$cor, own = out$sigma))
  }
  out <- complete_priors(link_defaults(x, columns), columns, design$y, NULL, call)
  cut <- family$name == "cumulative"
  list(
    fixed = if (cut) out$fixed[-1L] else out$fixed, sd = out$sd, cor = out$cor, cuts = x$thresholds,
    own = if (has_dispersion(family)) x$dispersion %||% prior_half_normal(1),
    further = if (family$name == "hurdle") change_priors(x$change, family)
  )
}

has_dispersion <- function(family) family$name %in% c("beta_binomial", "hurdle")

# A t with 7 degrees of freedom and scale 1.55 is nearly the logistic distribution: where the predictor is zero all
# probabilities of a change are about equally likely.
change_priors <- function(given, family) {
  all <- list(change_intercept = given$intercept %||% prior_t(7, 0, 1.55),
    change_slope = given$slope %||% prior_normal(0, 1))
  all[family$extra[-1L]]
}

# On the scale of a link, in units of a standard deviation of the column.
link_defaults <- function(x, columns, size = 2.5) {
  spread <- \(column) {
    s <- stats::sd(column)
    if (is.finite(s) && s > 0) s else NA_real_
  }
  default <- \(name) {
    s <- spread(columns$x[, name])
    if (is.na(s)) prior_normal(0, 2 * size) else prior_normal(0, size / s)
  }
  left <- setdiff(colnames(columns$x), names(x$fixed))
  x$fixed[left] <- lapply(left, default)
  if (!is_prior(x$sd)) {
    z <- do.call(cbind, columns$z)
    left <- setdiff(colnames(z), names(x$sd))
    x$sd[left] <- lapply(left, \(name) {
      s <- spread(z[, name])
      prior_half_normal(if (is.na(s)) size else size / s)
    })
  }
  x
}

# A prior of what a family has not would be ignored: refused.
refuse_unused <- function(x, family, call) {
  own <- list(censored = "sigma", beta_binomial = "dispersion", cumulative = "thresholds",
    hurdle = c("dispersion", "change"))
  all <- c(unique(unlist(own)), "kappa", "rho", "range")
  unused <- setdiff(all[lengths(x[all]) > 0L], own[[family$name]])
  if (family$name == "hurdle" && !family$shared && !is.null(x$change$slope)) unused <- c(unused, "change$slope")
  if (family$name == "cumulative" && "(Intercept)" %in% names(x$fixed)) unused <- c(unused, "fixed$(Intercept)")
  if (length(unused) > 0L) {
    abort_input(c("A prior was given of what scores of family {.val {family$name}} have not.",
      x = "Given: {.arg {unused}}."), call = call)
  }
}

# The problem of the core ---------------------------------------------------------------

family_problem <- function(priors, family, design) {
  n <- seq_along(design$y)
  first <- design$random[[1L]]
  groups <- make.unique(vapply(design$random, `[[`, "", "group"))
  of_block <- \(block, sd, group) block_entries(block$columns, sd, priors$cor, group)
  entries <- Map(of_block, design$random, priors$sd, groups)
  hyper <- unlist(entries, recursive = FALSE)
  own <- if (!is.null(priors$own)) sd_entry("own", "", priors$own)
  score <- design$scores
  if (family$name == "cumulative") score <- cbind(attr(score, "seen")[score + 1L] - 1)
  list(
    x = columns_at(design$x, n), z = do.call(cbind, lapply(design$random, \(block) columns_at(block$z, n))),
    offset = design$offset, subject = first$level, n_subjects = length(first$labels),
    block = vapply(design$random, \(block) length(block$columns), 1L),
    family = replace(core_family(family, score), "added", 0.5), terms = hyper,
    priors = list(
      coefficients = lapply(unname(priors$fixed), prior_components), hyper = c(hyper, if (!is.null(own)) list(own)),
      blocks = block_indices(lengths(entries)), law = match(family$link, c("logit", "probit", "cloglog"), 1L) - 1L,
      own = switch(family$name, censored = 1L, beta_binomial = , hurdle = 2L, 0L),
      further = lapply(unname(priors$further), prior_components),
      cuts = if (!is.null(priors$cuts)) prior_components(priors$cuts)
    )
  )
}

# Parameters in the core's order, with the words of tidy(): `effect`, `name`, `group`, and the function by which a
# coordinate becomes a value.
family_terms <- function(kept, family, problem) {
  extra <- family$extra
  word <- switch(family$name, censored = "log_sd", beta_binomial = "log_precision",
    hurdle = c("log_precision", rep("linear", length(extra) - 1L)), rep("linear", length(extra)))
  hyper <- problem$terms
  data.frame(
    effect = rep(c("fixed", "family", "ran_pars"), c(length(kept), length(extra), length(hyper))),
    name = c(kept, extra, vapply(hyper, `[[`, "", "name")),
    group = c(rep(NA_character_, length(kept) + length(extra)), vapply(hyper, `[[`, "", "group")),
    word = c(rep("linear", length(kept)), word, vapply(hyper, `[[`, "", "word"))
  )
}

name_family_posterior <- function(out, problem, priors, family, design) {
  absorbed <- family$name == "cumulative"
  kept <- design$x$names[if (absorbed) setdiff(out$kept, 1L) else out$kept]
  out$terms <- family_terms(kept, family, problem)
  out$frame <- list(kept = if (absorbed) setdiff(out$kept, 1L) else out$kept, absorbed = if (absorbed) 1L)
  out$priors <- priors
  out$family <- family
  out$problem <- problem
  rownames(out$values) <- out$terms$name
  if (out$engine == "nuts") sampled_moments(out) else out
}

# Means, standard deviations and what the chains say of themselves, an element for each parameter.
sampled_moments <- function(out) {
  found <- chain_moments(out$values, out$plan$chains)
  out[c("mean", "sd", "mcse", "error")] <- lapply(found[c("mean", "sd", "mcse", "error")], unname)
  out[c("rhat", "ess_bulk", "ess_tail")] <- as.data.frame(found$checks)
  out
}
