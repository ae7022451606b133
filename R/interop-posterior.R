# posterior: independent draws, and by them bayesplot, ggdist and tidybayes, which take what posterior takes. Nothing
# here is sampled to get an answer: the answers are exact, the draws are for pictures and for functions of parameters.

#' Independent draws for posterior, bayesplot, ggdist and tidybayes
#'
#' @description
#' `posterior::as_draws()` and its relatives (`as_draws_df()`, `as_draws_rvars()`, ...) give independent draws of a
#' fit by [method_bayes()] and of a [natural_rate()]. Use the exact numbers of `tidy()` where they answer the
#' question; draws serve what has no exact answer here, and every one of their means has a simulation error.
#'
#' @details
#' A fit: a node of the integration is drawn by its weight, then the coefficients from their normal distribution at
#' that node; the variance parameters are moved together by normal noise about as wide as a cell of the lattices and
#' pulled towards their means, so that covariances stay, and each is then read off its exact marginal distribution.
#' Margins are thus those of `tidy()`, and the dependence is resolved as finely as the nodes lie. The draws are
#' independent: one chain, nothing to converge.
#'
#' Names are those that brms gives: `b_Intercept`, `b_week`, `sd_subject__Intercept`,
#' `cor_subject__Intercept__week`, `sigma`; `scale_week` is the scale of a t prior.
#'
#' Of a fit of normal scores by the sampler all its draws are given, chain by chain, the coefficients drawn from their
#' normal distribution at each; `draws` is not looked at.
#'
#' Of a fit of a family, exact draws are taken from the nodes in the same way; a fit by the sampler gives its own
#' draws, chain by chain, and `draws` and `seed` are not looked at.
#'
#' @param x a fit by [method_bayes()], or a [natural_rate()] with one rate for all patients.
#' @param draws (whole number, 1 to 1e6) how many.
#' @param seed (whole number or `NULL`) of the draws; `NULL` takes one from R's stream.
#' @param ... must be empty.
#' @return a `draws_matrix` of posterior, one row per draw, one column per parameter; of the sampler a `draws_array`.
#' @section Conditions: `cordgain_invalid_input` for numbers of draws or seeds that are none, and for a natural rate
#'   that differs between patients.
#' @references
#' Bürkner PC, Gabry J, Kay M, Vehtari A (2023). posterior: tools for working with posterior distributions. R package.
#' @seealso [method_bayes()], [interop-insight]
#' @examples
#' if (requireNamespace("posterior", quietly = TRUE)) {
#'   draws <- posterior::as_draws(natural_rate(prior_beta(8, 56)), draws = 1000, seed = 1)
#'   posterior::summarise_draws(draws)
#' }
#' @name interop-posterior
#' @exportS3Method posterior::as_draws recovery_fit_bayes
as_draws.recovery_fit_bayes <- function(x, draws = 4000, seed = NULL, ...) {
  rlang::check_dots_empty()
  draws <- check_draws(draws)
  if (x$result$engine == "nuts") {
    return(chain_array(x, draw_seed(seed)))
  }
  posterior::as_draws_matrix(posterior_draws(x, draws, draw_seed(seed)))
}

#' @rdname interop-posterior
#' @exportS3Method posterior::as_draws recovery_fit_family_bayes
as_draws.recovery_fit_family_bayes <- function(x, draws = 4000, seed = NULL, ...) {
  rlang::check_dots_empty()
  draws <- check_draws(draws)
  if (x$result$engine == "nuts") {
    return(sampled_draws(x$result))
  }
  posterior::as_draws_matrix(lattice_draws(x$result, draws, draw_seed(seed))$values)
}

# The chains as they are, in the order that posterior keeps: iterations, chains, parameters.
sampled_draws <- function(post) {
  n <- post$plan$draws
  values <- array(t(post$values), c(n, post$plan$chains, nrow(post$values)),
    dimnames = list(NULL, NULL, family_draw_names(post)))
  posterior::as_draws_array(values)
}

# Nodes drawn by weight, each parameter at a place of its marginal near the node.
lattice_draws <- function(post, n, seed) {
  k <- nrow(post$values)
  u <- matrix(core_uniforms(seed, n * (k + 1L)), n)
  node <- pmin(findInterval(u[, 1], cumsum(post$weight)) + 1L, length(post$weight))
  values <- matrix(post$mean, n, k, byrow = TRUE, dimnames = list(NULL, family_draw_names(post)))
  free <- which(vapply(post$marginal, \(one) length(one$value) > 0L, NA))
  if (length(free) > 0L) {
    coordinates <- do.call(rbind, lapply(free, \(i) family_coordinate(post$terms$word[i], post$values[i, ],
      post$unit[[i]])))
    places <- node_places(coordinates, post$weight, node, u[, free + 1L, drop = FALSE],
      vapply(post$marginal[free], `[[`, 0, "step"))
    values[, free] <- vapply(seq_along(free), \(j) lattice_row(post, free[j], places[, j])$value, numeric(n))
  }
  # Thresholds keep their order: draws whose noise would turn it stay at their node.
  cuts <- match(post$family$thresholds, post$terms$name)
  if (length(cuts) > 1L) {
    turned <- rowSums(values[, cuts[-1L], drop = FALSE] <= values[, cuts[-length(cuts)], drop = FALSE]) > 0L
    values[turned, ] <- t(post$values[, node[turned], drop = FALSE])
  }
  list(values = values, node = node)
}

family_draw_names <- function(post) {
  name <- plain_name(post$terms$name)
  own <- post$terms$effect == "family"
  hyper <- post$terms$effect == "ran_pars"
  ifelse(hyper, hyper_names(post$terms), ifelse(own, name, paste0("b_", name)))
}

#' @rdname interop-posterior
#' @exportS3Method posterior::as_draws natural_rate
as_draws.natural_rate <- function(x, draws = 4000, seed = NULL, ...) {
  rlang::check_dots_empty()
  draws <- check_draws(draws)
  if (length(rate_offset(x)) > 1L) {
    abort_input(c("Patients have different natural rates: there is no one rate to draw from.",
      i = "{.fn predict} has the distribution of their responders."
    ))
  }
  places <- core_uniforms(draw_seed(seed), draws)
  posterior::as_draws_matrix(cbind(rate = unname(stats::quantile(x, places))))
}

check_draws <- function(draws, call = rlang::caller_env()) {
  draws <- check_number(draws, min = 1, max = 1e6, call = call)
  if (draws != round(draws)) {
    abort_input(c("{.arg draws} must be a whole number.", x = "It is {format(draws)}."), call = call)
  }
  draws
}
