# The Bayesian engine in R's words: priors go down, a weighted mixture of normals comes up.

#' @exportS3Method fit_with method_bayes
fit_with.method_bayes <- function(method, design, call) {
  outer <- outer_parameters(method, design, call) # checks the residual covariance
  check_exact(without_visits(design), call)
  check_normal_priors(method$prior, call, further = character())
  rows <- core_rows(design)
  every <- seq_along(rows[[2]])
  columns <- list(x = columns_at(design$x, every), z = lapply(design$random, \(block) columns_at(block$z, every)))
  completed <- complete_priors(method$prior, columns, rows[[2]], design$range, call)
  check_exact_fit(design, completed$sigma, completed$sd, call)
  setup <- posterior_setup(completed, design)
  out <- if (is.null(outer)) gaussian_engine(rows, setup, method, call) else outer_engine(outer, setup, method, call)
  setup$terms <- rbind(setup$terms, outer$terms)
  kept <- design$x$names[out$frame$kept]
  out$coefficients <- name_moments(out$coefficients, kept)
  out$hyper <- name_moments(out$hyper, setup$terms$name)
  out$terms <- setup$terms
  # A standard deviation given as known has no spread, where a weighted sum leaves rounding.
  if (out$engine == "nuts") rownames(out$values) <- setup$terms$name
  out$hyper[c("sd", "error")] <- lapply(out$hyper[c("sd", "error")], \(v) replace(v, !is_free(out), 0))
  out$layout <- setup$core$layout
  out$priors <- completed
  out$core_priors <- setup$core
  out$kept <- new.env(parent = emptyenv())
  rownames(out$mean) <- kept
  out
}

name_moments <- function(x, names) lapply(x, \(v) if (length(v) == length(names)) rlang::set_names(v, names) else v)

check_exact <- function(design, call) {
  widest <- max(vapply(design$random, \(block) length(block$columns), 1L), 0L)
  if (length(design$residual) > 0L || widest > 2L) {
    abort_input(c("Exact integration is for random effects, at most two of them correlated, and independent residuals.",
      x = if (widest > 2L) "A term has {widest} correlated effects.",
      x = if (length(design$residual) > 0L) "The formula has a residual covariance over visits.",
      i = "Independent effects {.code (x || subject)} are integrated exactly, up to six variance parameters in all.",
      i = "{.fn method_reml} fits the model as it is."
    ), call = call)
  }
}

# Lattices up to six variance parameters; above, where they do not agree, and where asked for, the sampler. With all of
# them known nothing is left to sample.
gaussian_engine <- function(rows, setup, method, call, most = 6L) {
  free <- sum(setup$terms$free)
  why <- "as asked"
  if (free == 0L || method$engine == "exact" && free <= most) {
    out <- tryCatch(do.call(core_exact_posterior, c(rows, list(setup$core, method$tolerance %||% 1e-4, call))),
      cordgain_numerical_error = identity)
    if (!inherits(out, "condition")) {
      return(c(out, engine = "exact"))
    }
    why <- out$message # without advice, which is for where nothing succeeds
  } else if (method$engine == "exact") {
    why <- sprintf("lattices reach %d variance parameters; here are %d.", most, free)
  }
  sampled_posterior(rows, setup$core, method, why, call)
}

# Hyperparameters in the core's order: of each block the standard deviations and the correlation, then sigma,
# then a scale for every t component in the prior of a coefficient.
posterior_setup <- function(priors, design) {
  groups <- make.unique(vapply(design$random, `[[`, "", "group"))
  entries <- \(block, sd, group) block_entries(block$columns, sd, priors$cor, group)
  blocks <- Map(entries, design$random, priors$sd, groups)
  before <- sum(lengths(blocks))
  sigma <- sd_entry("Observation", "Residual", priors$sigma)
  scales <- unlist(lapply(names(priors$fixed), \(name) scale_entries(priors$fixed[[name]], name)), recursive = FALSE)
  hyper <- c(unlist(blocks, recursive = FALSE), list(sigma), scales)
  list(
    core = list(
      coefficients = coefficient_rows(priors$fixed, first = before + 1L), hyper = hyper,
      layout = list(blocks = block_indices(lengths(blocks)), sigma = as.integer(before))
    ),
    terms = data.frame(Map(\(of, like) vapply(hyper, `[[`, like, of), c("name", "group", "word", "free"),
      list("", "", "", NA)))
  )
}

hyper_entry <- function(name, group, word, ..., free = TRUE) {
  list(kind = match(word, c("sd", "cor", "scale")) - 1L, name = name, group = group, word = word, free = free, ...)
}

sd_entry <- function(name, group, prior) {
  free <- prior_base_kind(prior) != "fixed"
  hyper_entry(paste0("sd__", name), group, "sd", prior = prior_components(prior), free = free)
}

block_entries <- function(columns, sd, cor, group) {
  sds <- lapply(columns, \(name) sd_entry(name, group, sd[[name]]))
  if (length(columns) == 1L) {
    return(sds)
  }
  name <- paste0("cor__", columns[1], ".", columns[2])
  c(sds, list(hyper_entry(name, group, "cor", shape = prior_parameters(cor)[["eta"]])))
}

# Where each block's first and second standard deviation and correlation stand, from 0; -1 for none.
block_indices <- function(sizes) {
  first <- cumsum(c(0L, sizes))[seq_along(sizes)]
  out <- cbind(first, ifelse(sizes == 3L, first + 1L, -1L), ifelse(sizes == 3L, first + 2L, -1L))
  matrix(as.integer(out), ncol = 3L)
}

scale_entries <- function(prior, name) {
  if (prior_base_kind(prior) != "t") {
    return(list())
  }
  entry <- \(df) hyper_entry(paste0("scale__", name), NA_character_, "scale", shape = df)
  lapply(unname(prior_components(prior)[, "c"]), entry)
}

# Per coefficient one row for each normal component: weight, mean, sd (infinite: flat), hyperparameter of a t prior's
# scale (-1: none); `first` is the first of these.
coefficient_rows <- function(fixed, first) {
  counts <- vapply(fixed, \(prior) if (prior_base_kind(prior) == "t") nrow(prior_components(prior)) else 0L, 1L)
  starts <- first + cumsum(c(0L, counts))
  Map(\(prior, start, count) {
    rows <- prior_components(prior)
    mixing <- if (count > 0L) start + seq_len(count) - 1L else rep(-1, nrow(rows))
    unname(cbind(rows[, "weight"], rows[, "a"], if (prior_base_kind(prior) == "flat") Inf else rows[, "b"], mixing))
  }, fixed, starts[seq_along(fixed)], counts)
}

# What is asked of it --------------------------------------------------------------

#' Bayesian fits of recovery
#'
#' What can be asked of a fit by [method_bayes()]. Coefficients and random effects
#' are integrated in closed form and the variance parameters \eqn{\theta} by
#' quadrature, so that the posterior is a finite mixture of normals,
#' \deqn{p(\beta \mid y) = \sum_k w_k\, N(\beta;\, m_k, C_k), \qquad w_k \propto p(y \mid \theta_k)\, p(\theta_k),}
#' with a stated numerical error and no chains.
#'
#' The \eqn{\theta_k} lie on two interleaved lattices, each an answer by itself; reported is that of both together,
#' which is much nearer to the truth than they are to each other, since the largest terms of their errors differ in
#' sign. Stated in `num.error` is the largest difference of any parameter, in posterior standard deviations, times the
#' number of pairs of unknown variance parameters (at least 2), and twice what lies beyond the lattices, judged by how
#' fast the moments fall at their edge. A limit \eqn{q} of a variance parameter is off by what shifts its probability
#' \eqn{p}: where the masses below and above it are each off by a share \eqn{e}, that is \eqn{2p(1 - p)e}. In a
#' study of 600 random trials this was exceeded once, where 5e-8 of the posterior lay apart from the rest, out of the
#' lattices' reach.
#'
#' With more than six variance parameters, where the lattices do not agree, or with `engine = "nuts"`, the no-U-turn
#' sampler draws \eqn{\theta} from \eqn{p(\theta \mid y)}, in which coefficients and random effects are still
#' integrated in closed form: every draw is a \eqn{\theta_k} of weight \eqn{w_k = 1 / K}. The print says why, and
#' gives R-hat, effective sample sizes and divergences as for [recovery_fit_family_bayes]; `num.error` is three Monte
#' Carlo standard errors, and there is no evidence. The gradient is by differences of fourth order, which leave the
#' distribution of the draws as it is.
#'
#' @param object,x a `recovery_fit` by [method_bayes()].
#' @param effects (character) which rows: `"fixed"`, `"ran_pars"`, `"ran_vals"`.
#' @param conf.level,level (number) posterior probability of the equal-tailed interval.
#' @param parm (character) rows to keep.
#' @param type (string) `"evidence"`: the log marginal likelihood, with all constants.
#' @param digits (count) significant digits.
#' @param ... not used.
#' @return `tidy()`: posterior means, standard deviations, equal-tailed intervals and
#'   `num.error`, which covers all of them (`"ran_vals"` have mean and standard deviation alone;
#'   of a sampled fit `rhat`, `ess.bulk`, `ess.tail` too); `fixef()`, `vcov()`: posterior mean and
#'   covariance of the coefficients; `VarCorr()`: from the posterior means of standard
#'   deviations and correlations; `ranef()`: posterior means (standard deviations in the
#'   attribute `sd`); `logLik()`: the log evidence, `NA` with a flat prior; `glance()`: one row: `nobs`, `sigma`
#'   (posterior mean), `log.evidence` with its `evidence.error`, `engine`, `nodes` (of the lattices, or draws of all
#'   chains), `num.error` (the largest of `tidy()`, each in the unit of its row), and of a sampled fit the worst
#'   `rhat`, `ess.bulk`, `ess.tail` and the number `divergent`; `augment()`: the rows fitted with `.fitted`, `.resid`,
#'   `.fixed`, `.offset`, `.weights`, `.wtres`.
#'
#'   `AIC()` and `BIC()` are `NA`, since there is no maximum and no count of parameters; `anova()` and `bootstrap()`
#'   are refused and say what to use.
#' @section Conditions: `cordgain_invalid_input` for a `conf.level` outside of 0 to 1, another `type` and unknown
#'   arguments; by [fit_recovery()] for a model that this engine does not have and for scores that leave no posterior;
#'   `cordgain_numerical_error` where the sampler does not move.
#' @references Naylor JC, Smith AFM (1982). Applications of a method for the
#'   efficient computation of posterior distributions. *Applied Statistics* 31, 214-225.
#' @examples
#' trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
#'   subject = rep(1:4, each = 3))
#' fit <- fit_recovery(score ~ week + (1 | subject), trial, method = "bayes")
#' tidy(fit)
#' @seealso [fit_recovery()], [priors()]
#' @name recovery_fit_bayes
NULL

#' @rdname recovery_fit_bayes
#' @exportS3Method nlme::fixef recovery_fit_bayes
fixef.recovery_fit_bayes <- function(object, ...) object$result$coefficients$mean

#' @rdname recovery_fit_bayes
#' @exportS3Method stats::vcov recovery_fit_bayes
vcov.recovery_fit_bayes <- function(object, ...) {
  post <- object$result
  centred <- post$mean - post$coefficients$mean
  within <- unpack_symmetric(drop(post$covariance %*% post$weight), names(post$coefficients$mean))
  within + centred %*% (post$weight * t(centred))
}

#' @rdname recovery_fit_bayes
#' @exportS3Method stats::sigma recovery_fit_bayes
sigma.recovery_fit_bayes <- function(object, ...) object$result$hyper$mean[["sd__Observation"]]

#' @rdname recovery_fit_bayes
#' @exportS3Method stats::nobs recovery_fit_bayes
nobs.recovery_fit_bayes <- function(object, ...) length(object$design$y)

#' @rdname recovery_fit_bayes
#' @exportS3Method stats::logLik recovery_fit_bayes
logLik.recovery_fit_bayes <- function(object, type = "evidence", ...) {
  check_choice(type, "evidence")
  post <- object$result
  flat <- any(vapply(post$priors$fixed, prior_base_kind, "") == "flat")
  structure(if (flat) NA_real_ else post$log_evidence, num.error = post$evidence_error, df = NA_integer_,
    nobs = nobs(object), class = "logLik")
}

#' @rdname recovery_fit_bayes
#' @exportS3Method nlme::VarCorr recovery_fit_bayes
VarCorr.recovery_fit_bayes <- function(x, ...) {
  posterior_covariances(x, x$result$hyper$mean, x$result$layout$blocks, stats::sigma(x))
}

# Covariances from standard deviations and correlations, `blocks` with their places as block_indices() has them.
posterior_covariances <- function(x, values, blocks, sigma) {
  matrices <- lapply(seq_along(x$design$random), \(i) {
    at <- blocks[i, ] + 1L
    columns <- x$design$random[[i]]$columns
    sd <- values[at[seq_along(columns)]]
    r <- diag(length(columns))
    if (length(columns) == 2L) r[1, 2] <- r[2, 1] <- values[[at[3]]]
    with_correlation(matrix(r * outer(sd, sd), length(sd), dimnames = list(columns, columns)))
  })
  names(matrices) <- block_names(x)
  visits <- mean_visits(x$result)
  if (!is.null(visits)) matrices$Residual <- with_correlation(sigma^2 * visits)
  structure(matrices, sc = if (is.null(visits)) sigma, class = "VarCorr.recovery_fit")
}

#' @rdname recovery_fit_bayes
#' @exportS3Method nlme::ranef recovery_fit_bayes
ranef.recovery_fit_bayes <- function(object, ...) {
  post <- object$result
  out <- if (!is.null(post$outer)) outer_effects(post) else do.call(core_posterior_effects, c(core_rows(object$design),
    list(post$frame, post[c("values", "weight", "mean", "covariance")], post$layout)))
  tables <- Map(\(block, effects) {
    named <- \(m) as.data.frame(matrix(m, nrow(m), dimnames = list(block$labels, block$columns)))
    structure(named(effects$mean), sd = named(effects$sd))
  }, object$design$random, out)
  rlang::set_names(tables, block_names(object))
}

# Densities of the free variance parameters, worked out when they are first asked for and kept with the fit.
posterior_marginals <- function(fit) {
  post <- fit$result
  if (is.null(post$kept$marginal)) {
    post$kept$marginal <- do.call(core_posterior_marginals, c(core_rows(fit$design), list(post$core_priors, post$plan)))
  }
  post$kept$marginal
}

# Quantiles with the error of two routes: the nodes of the two lattices and those at their edge, or two ways between
# the nodes of a hyperparameter's density; there what the lattices miss of the mass counts too.
coefficient_quantiles <- function(fit, probs) {
  if (fit$result$engine == "nuts") {
    return(sampled_coefficients(fit$result, probs))
  }
  routes <- core_posterior_quantiles(fit$result[c("weight", "mean", "covariance", "plain", "edge")], probs)
  further <- if (is.null(fit$result$outer)) 0 else outer_shift(fit$result, routes$value, probs)
  list(value = routes$value, error = apply(routes$error, 1L, max) + further)
}

hyper_quantiles <- function(fit, probs) {
  post <- fit$result
  if (post$engine == "nuts") {
    return(quantile_table(lapply(seq_along(post$hyper$mean), \(k) sampled_row(post, k, probs))))
  }
  if (!is.null(post$outer)) {
    return(outer_hyper_quantiles(post, probs))
  }
  free <- which(is_free(post))
  value <- matrix(post$hyper$mean, length(post$hyper$mean), length(probs))
  error <- numeric(nrow(value))
  marginal <- if (length(free) > 0L) posterior_marginals(fit)
  for (k in seq_along(free)) {
    at <- lattice_limits(marginal[[k]], probs, post$evidence_error,
      \(eta) hyper_value(post$terms$word[free[k]], eta, post$hyper$unit[[free[k]]]))
    value[free[k], ] <- at$value
    error[free[k]] <- at$error
  }
  list(value = value, error = error)
}

#' @rdname recovery_fit_bayes
#' @exportS3Method generics::tidy recovery_fit_bayes
tidy.recovery_fit_bayes <- function(x, effects = c("fixed", "ran_pars"), conf.level = 0.95, ...) {
  effects <- check_options(effects, c("fixed", "ran_pars", "ran_vals"))
  level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  check_tidied(c("effects", "conf.level"), ...)
  probs <- c(1 - level, 1 + level) / 2
  p <- length(x$result$coefficients$mean)
  parts <- list(
    fixed = \() with_chains(tidy_moments("fixed", x$result$coefficients, coefficient_quantiles(x, probs),
      NA_character_), x, seq_len(p)),
    ran_pars = \() with_chains(tidy_moments("ran_pars", x$result$hyper, hyper_quantiles(x, probs),
      x$result$terms$group), x, p + seq_along(x$result$hyper$mean)),
    ran_vals = \() {
      rows <- tidy_posterior_effects(ranef(x))
      with_chains(rows, x, rep(NA_integer_, nrow(rows)))
    }
  )
  out <- do.call(rbind, lapply(parts[effects], \(part) part()))
  rownames(out) <- NULL
  out
}

tidy_moments <- function(effect, moments, quantiles, group) {
  tidy_frame(effect, names(moments$mean), unname(moments$mean), group = group, std.error = unname(moments$sd),
    conf.low = quantiles$value[, 1], conf.high = quantiles$value[, 2],
    num.error = pmax(unname(moments$error), quantiles$error))
}

tidy_posterior_effects <- function(effects) {
  do.call(rbind, lapply(names(effects), \(group) {
    table <- effects[[group]]
    tidy_frame("ran_vals", rep(names(table), each = nrow(table)), unlist(table, use.names = FALSE), group = group,
      level = rep(rownames(table), ncol(table)), std.error = unlist(attr(table, "sd"), use.names = FALSE))
  }))
}

#' @rdname recovery_fit_bayes
#' @exportS3Method summary recovery_fit_bayes
summary.recovery_fit_bayes <- function(object, ...) tidy(object, ...)

#' @rdname recovery_fit_bayes
#' @export
print.recovery_fit_bayes <- function(x, digits = 4L, ...) {
  post <- x$result
  sampled <- post$engine == "nuts"
  cat("Recovery fitted by Bayes, ", if (sampled) "no-U-turn sampler" else "exact integration", "\nFormula: ",
    deparse1(x$formula), "\n", sep = "")
  cat(fit_size(x), "\n\n", sep = "")
  print_posterior(x, digits)
  cat("\nPriors:\n", paste0("  ", prior_lines(post), "\n"), sep = "")
  if (sampled) {
    cat("\n", paste0(c(sampler_notes(post), note_rank(x)), "\n"), sep = "")
    return(invisible(x))
  }
  cat("\n", paste0(c(exact_notes(x), note_rank(x)), "\n"), sep = "")
  invisible(x)
}

# How the numbers came about without a sampler.
exact_notes <- function(x) {
  evidence <- stats::logLik(x)
  evidence <- if (is.na(evidence)) "not defined (a flat prior)" else format(c(evidence), digits = 8L)
  free <- sum(is_free(x$result))
  if (free == 0L) {
    return(c(sprintf("Log evidence %s. No sampler and no lattice: all variances are known, so that the posterior has",
      evidence), "a formula; error: what rounding leaves."))
  }
  if (!is.null(x$result$outer)) {
    return(outer_notes(x$result, evidence))
  }
  c(sprintf("Log evidence %s. No sampler: %d nodes of two interleaved lattices;", evidence, length(x$result$weight)),
    sprintf("error: %d x their difference + 2 x what lies beyond them.", max(2, choose(free, 2))))
}

print_posterior <- function(x, digits) {
  table <- tidy(x)
  shown <- table[c("group", "term", "estimate", "std.error", "conf.low", "conf.high", "num.error")]
  shown$group[is.na(shown$group)] <- ""
  shown[3:6] <- lapply(shown[3:6], \(v) formatC(v, digits = digits, format = "g"))
  shown$num.error <- formatC(table$num.error, digits = 0, format = "e")
  names(shown) <- c("group", "term", "mean", "sd", "low 95 %", "high 95 %", "error")
  print(shown, row.names = FALSE, right = FALSE)
}

# Of the standard deviations of random effects and their correlation, a line each.
effect_prior_lines <- function(priors, groups, terms) {
  c(
    unlist(Map(\(sd, group) paste0("sd of ", names(sd), " by ", group, ": ", vapply(sd, format, "")), priors$sd,
      groups), use.names = FALSE),
    if (any(terms$word == "cor")) paste0("correlation: ", format(priors$cor))
  )
}

prior_lines <- function(post) {
  priors <- post$priors
  groups <- unique(stats::na.omit(post$terms$group))
  fixed <- priors$fixed[names(post$coefficients$mean) %||% names(priors$fixed)] # not of columns left out
  c(
    paste0(names(fixed), ": ", vapply(fixed, format, "")),
    effect_prior_lines(priors, groups[seq_along(priors$sd)], post$terms),
    paste0("residual sd: ", format(priors$sigma)), outer_prior_lines(post$outer)
  )
}
