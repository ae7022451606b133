# What can be asked of a fit of a family by Bayes.

#' Bayesian fits of scores that are not normal
#'
#' @description
#' What [fit_recovery()] does with a family of [recovery_families] and [method_bayes()]. Random effects are
#' integrated out by adaptive Gauss-Hermite quadrature as in [recovery_fit_family]; what is left, \eqn{\phi} =
#' (coefficients, standard deviations and correlation of the random effects, parameters of the family), has the
#' density
#' \deqn{p(\phi \mid y) \propto p(\phi) \prod_i \int \prod_j f(y_{ij} \mid \phi, b)\, p(b \mid \phi)\, db.}
#' `engine = "exact"`: the trapezoidal rule on two interleaved lattices, up to six parameters; the second takes more
#' quadrature nodes too, and ten times their difference is `num.error`. Where there are more parameters, or the
#' lattices need too many nodes, or `engine = "nuts"`: the no-U-turn sampler with the exact gradient of that density,
#' and the print says why. Its `num.error` is three Monte Carlo standard errors.
#'
#' @details
#' **Default priors**, stated in every print. On the scale of a link: coefficients \eqn{N(0, (2.5/s_x)^2)} with
#' \eqn{s_x} the standard deviation of the column, as Gelman and others (2008) reason (a standard deviation of a column
#' hardly moves a probability from 0.01 to 0.99, which is 9 on the logit) and as rstanarm has it; intercept
#' \eqn{N(0, 5^2)}; standard deviations of random effects half-normal with scale \eqn{2.5/s_z} (2.5 for an
#' intercept); correlation LKJ(2). `censored()`: those of normal scores, [priors()], with the unit a quarter of the
#' range from floor to ceiling. `beta_binomial()`: \eqn{1/\sqrt{\phi}} half-normal with scale 1, so that binomial
#' scores, 0, are the simplest model and not excluded. `hurdle()`: the same; the intercept of the logit of a change
#' \eqn{t_7(0, 1.55)}, nearly the logistic distribution, so that where the predictor is zero all probabilities of a
#' change are about equally likely; its slope \eqn{N(0, 1)}, centred on a change that does not go with its size and
#' with 1, where odds of a change and of its size move together, one standard deviation away.
#' `cumulative()`: the induced Dirichlet prior: where all predictors and random effects are zero, all sets of
#' probabilities of the levels are equally likely,
#' \eqn{p(\alpha) = K! \prod_k F'(\alpha_k)} for \eqn{K} thresholds. A level that nobody has is a level like
#' others here.
#'
#' Separated scores, for which [method_ml()] has no finite estimate, have a posterior: the prior keeps it finite, and
#' the answer then rests on the prior.
#'
#' **Checks of the sampler.** Each print gives the largest rank-normalised split R-hat, the smallest bulk and tail
#' effective sample sizes and the number of divergent trajectories; `tidy()` has R-hat and the sample sizes row by row.
#' R-hat above 1.01, sample sizes below 400, or any divergence: do not use the numbers.
#'
#' @param object,x a `recovery_fit` of a family by [method_bayes()].
#' @param effects (character) which rows: `"fixed"`, `"family"` (the family's own parameters), `"ran_pars"`,
#'   `"ran_vals"` (mean and standard deviation, no limits).
#' @param conf.level,level (number) posterior probability of the equal-tailed interval.
#' @param parm (character) rows to keep.
#' @param type (string) `"evidence"`: the log marginal likelihood, with all constants; `NA` by the sampler.
#' @param digits (count) significant digits.
#' @param ... not used.
#' @return as for [recovery_fit_bayes]; `tidy()` of a sampled fit has the columns `rhat`, `ess.bulk`, `ess.tail` too.
#' @section Conditions: `cordgain_invalid_input` for a level outside of 0 to 1, a parameter that the fit does not have,
#'   or another `type`; by [fit_recovery()] for a model that such scores cannot have, flat priors that may leave no
#'   posterior, and priors of what the family has not.
#' @references Gelman A, Jakulin A, Pittau MG, Su YS (2008). A weakly informative default prior distribution for
#'   logistic and other regression models. *Annals of Applied Statistics* 2, 1360-1383. \doi{10.1214/08-AOAS191}
#'
#'   Hoffman MD, Gelman A (2014). The No-U-Turn Sampler. *Journal of Machine Learning Research* 15, 1593-1623.
#'
#'   Vehtari A, Gelman A, Simpson D, Carpenter B, Bürkner PC (2021). Rank-normalization, folding, and localization: an
#'   improved R-hat for assessing convergence of MCMC. *Bayesian Analysis* 16, 667-718. \doi{10.1214/20-BA1221}
#' @examples
#' # separated: nobody failed late, everybody failed early
#' trial <- data.frame(subject = rep(1:4, each = 2), late = rep(0:1, 4), held = rep(0:1, 4))
#' fit <- fit_recovery(held ~ late + (1 | subject), trial, family = binomial(), method = "bayes")
#' tidy(fit)
#' @seealso [fit_recovery()], [method_bayes()], [priors()], [recovery_families]
#' @name recovery_fit_family_bayes
NULL

# Rows of one kind of parameter.
rows_of <- function(fit, effect) which(fit$result$terms$effect == effect)

named_rows <- function(fit, effect, part) {
  at <- rows_of(fit, effect)
  rlang::set_names(fit$result[[part]][at], fit$result$terms$name[at])
}

#' @rdname recovery_fit_family_bayes
#' @exportS3Method nlme::fixef recovery_fit_family_bayes
fixef.recovery_fit_family_bayes <- function(object, ...) named_rows(object, "fixed", "mean")

#' @rdname recovery_fit_family_bayes
#' @exportS3Method stats::vcov recovery_fit_family_bayes
vcov.recovery_fit_family_bayes <- function(object, ...) {
  values <- object$result$values[rows_of(object, "fixed"), , drop = FALSE]
  centred <- values - rowSums(sweep(values, 2L, object$result$weight, `*`))
  centred %*% (object$result$weight * t(centred))
}

#' @rdname recovery_fit_family_bayes
#' @exportS3Method stats::nobs recovery_fit_family_bayes
nobs.recovery_fit_family_bayes <- function(object, ...) nrow(object$frame)

#' @rdname recovery_fit_family_bayes
#' @exportS3Method stats::family recovery_fit_family_bayes
family.recovery_fit_family_bayes <- function(object, ...) object$result$family$object

#' @rdname recovery_fit_family_bayes
#' @exportS3Method stats::sigma recovery_fit_family_bayes
sigma.recovery_fit_family_bayes <- function(object, ...) {
  if (object$result$family$name != "censored") {
    return(1)
  }
  sum(object$result$weight * exp(object$result$values[rows_of(object, "family"), ]))
}

#' @rdname recovery_fit_family_bayes
#' @exportS3Method stats::logLik recovery_fit_family_bayes
logLik.recovery_fit_family_bayes <- function(object, type = "evidence", ...) {
  check_choice(type, "evidence")
  structure(object$result$log_evidence, num.error = object$result$evidence_error, df = NA_integer_,
    nobs = nobs(object), class = "logLik")
}

#' @rdname recovery_fit_family_bayes
#' @exportS3Method nlme::VarCorr recovery_fit_family_bayes
VarCorr.recovery_fit_family_bayes <- function(x, ...) {
  posterior_covariances(x, x$result$mean[rows_of(x, "ran_pars")], x$result$problem$priors$blocks,
    if (x$result$family$name == "censored") stats::sigma(x))
}

#' @rdname recovery_fit_family_bayes
#' @exportS3Method nlme::ranef recovery_fit_family_bayes
ranef.recovery_fit_family_bayes <- function(object, ...) {
  post <- object$result
  found <- core_family_effects(post$problem, post$points, post$weight, post$nodes)
  first <- object$design$random[[1L]]
  columns <- effect_columns(object$design)
  named <- \(m) as.data.frame(matrix(m, nrow(m), dimnames = list(first$labels, columns)))
  rlang::set_names(list(structure(named(found$mean), sd = named(found$sd))), first$group)
}

# Quantiles with their errors: of a lattice two ways between its nodes, of draws the Monte Carlo error.
family_quantiles <- function(fit, at, probs) {
  post <- fit$result
  row <- if (post$engine == "nuts") sampled_row else lattice_row
  quantile_table(lapply(at, \(k) row(post, k, probs)))
}

# A precision falls where its coordinate rises: its quantiles come from the other end.
lattice_row <- function(post, k, probs) {
  if (length(post$marginal[[k]]$value) == 0L) {
    return(list(value = rep(post$mean[k], length(probs)), error = 0))
  }
  word <- post$terms$word[k]
  routes <- core_lattice_quantiles(post$marginal[[k]], if (word == "log_precision") 1 - probs else probs)
  values <- lapply(routes, \(eta) family_value(word, eta, post$unit[[k]]))
  list(value = values$quantile, error = 10 * max(abs(values$quantile - values$check)) + post$error[k])
}

family_value <- function(word, eta, unit) {
  switch(word,
    linear = unit * eta,
    log_sd = log(hyper_value("sd", eta, unit)),
    log_precision = -2 * log(hyper_value("sd", eta, unit)),
    hyper_value(word, eta, unit)
  )
}

# The same the other way round, rising with the value.
family_coordinate <- function(word, value, unit) {
  switch(word,
    linear = value / unit,
    log_sd = sd_coordinate(exp(value), unit),
    log_precision = -sd_coordinate(exp(-value / 2), unit),
    hyper_coordinate(word, value, unit)
  )
}

#' @rdname recovery_fit_family_bayes
#' @exportS3Method generics::tidy recovery_fit_family_bayes
tidy.recovery_fit_family_bayes <- function(x, effects = c("fixed", "family", "ran_pars"), conf.level = 0.95, ...) {
  effects <- check_options(effects, c("fixed", "family", "ran_pars", "ran_vals"))
  level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  check_tidied(c("effects", "conf.level"), ...)
  parts <- lapply(effects, \(effect) {
    if (effect == "ran_vals") tidy_family_effects(x) else tidy_rows(x, effect, level)
  })
  out <- do.call(rbind, parts)
  rownames(out) <- NULL
  out
}

tidy_rows <- function(x, effect, level) {
  post <- x$result
  at <- rows_of(x, effect)
  if (length(at) == 0L) {
    return(NULL)
  }
  limits <- family_quantiles(x, at, c(1 - level, 1 + level) / 2)
  rows <- tidy_frame(effect, post$terms$name[at], post$mean[at], group = post$terms$group[at],
    std.error = post$sd[at], conf.low = limits$value[, 1], conf.high = limits$value[, 2],
    num.error = pmax(post$error[at], limits$error))
  with_chains(rows, x, at)
}

# Chains are not followed for effects of patients, which are means over all draws.
tidy_family_effects <- function(x) {
  rows <- tidy_posterior_effects(ranef(x))
  with_chains(rows, x, rep(NA_integer_, nrow(rows)))
}

#' @rdname recovery_fit_family_bayes
#' @exportS3Method stats::confint recovery_fit_family_bayes
confint.recovery_fit_family_bayes <- function(object, parm = NULL, level = 0.95, ...) {
  confint.recovery_fit_bayes(object, parm, level, ...)
}

#' @rdname recovery_fit_family_bayes
#' @exportS3Method summary recovery_fit_family_bayes
summary.recovery_fit_family_bayes <- function(object, ...) tidy(object, ...)

#' @rdname recovery_fit_family_bayes
#' @export
print.recovery_fit_family_bayes <- function(x, digits = 4L, ...) {
  post <- x$result
  sampled <- post$engine == "nuts"
  cat("Recovery fitted by Bayes, ", if (sampled) "no-U-turn sampler" else "exact integration", ", family ",
    post$family$name, ", link ", post$family$link, "\nFormula: ", deparse1(x$formula), "\n", fit_size(x),
    "\n\n", sep = "")
  print_posterior(x, digits)
  cat("\nPriors, on the scale of the ", if (post$family$link == "identity") "score" else "link", ":\n",
    paste0("  ", family_prior_lines(x), "\n"), "\n", paste0(posterior_notes(x), "\n"), sep = "")
  invisible(x)
}

family_prior_lines <- function(x) {
  priors <- x$result$priors
  fixed <- priors$fixed[names(fixef(x))] # not of columns left out
  groups <- block_names(x)
  own <- if (has_dispersion(x$result$family)) "1 / sqrt(precision): " else if (!is.null(priors$own)) "residual sd: "
  c(
    if (length(fixed) > 0L) paste0(names(fixed), ": ", vapply(fixed, format, "")),
    if (x$result$family$name == "cumulative") paste0("thresholds: ", if (is.null(priors$cuts))
      "induced Dirichlet (all probabilities of levels equally likely)" else
      paste(format(priors$cuts), "each, in order")),
    if (!is.null(own)) paste0(own, format(priors$own)),
    if (length(priors$further) > 0L) paste0(names(priors$further), ": ", vapply(priors$further, format, "")),
    effect_prior_lines(priors, groups, x$result$terms)
  )
}

# What a reader must know of how the numbers came about, a sentence each.
posterior_notes <- function(x) {
  post <- x$result
  unseen <- if (length(post$family$unseen) > 0L) {
    sprintf("Never observed: %s; what is said of it comes from the priors.", paste(post$family$unseen, collapse = ", "))
  }
  if (post$engine == "exact") {
    return(c(sprintf("Log evidence %s. No sampler: %d nodes of two interleaved lattices; error: 10 x their difference.",
      format(post$log_evidence, digits = 8L), length(post$weight)), unseen, note_rank(x)))
  }
  c(sampler_notes(post), unseen, note_rank(x))
}
