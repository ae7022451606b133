# emmeans of Bayesian fits of families: on the scale of the link, from independent draws of the posterior.

#' @rdname recovery_fit_family_bayes
#' @param trms,xlev,grid as [emmeans][interop-emmeans] passes them.
#' @param draws (whole number) draws that emmeans takes; of a sampled fit all of its own.
#' @param seed (whole number or `NULL`) of the draws; `NULL` takes one from R's stream.
#' @exportS3Method emmeans::emm_basis recovery_fit_family_bayes
emm_basis.recovery_fit_family_bayes <- function(object, trms, xlev, grid, draws = 4000, seed = NULL, ...) {
  post <- object$result
  if (post$family$name == "cumulative") {
    abort_input(c("Marginal means of ordered scores are those of fits by maximum likelihood.",
      i = "{.code predict(fit, newdata, re.form = NA, type = \"prob\", interval = \"confidence\")} has the posterior of
      each level's probability."))
  }
  at <- rows_of(object, "fixed")
  values <- if (post$engine == "nuts") t(post$values) else
    lattice_draws(post, check_draws(draws), draw_seed(seed))$values
  c(emm_basis.recovery_fit_family(object, trms, xlev, grid), list(post.beta = unname(values[, at, drop = FALSE])))
}
