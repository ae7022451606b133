# Draws of a posterior of normal scores, and the covariances that a draw stands for.

# Draws in rows; columns named as brms does. Each draw takes 1 + p + k uniform numbers: the node, the coefficients,
# the variance parameters. A sampler's nodes are its draws of the variance parameters.
posterior_draws <- function(fit, n, seed, smooth = TRUE) {
  post <- fit$result
  free <- which(is_free(post))
  sizes <- c(1L, nrow(post$mean), length(free))
  u <- matrix(core_uniforms(seed, n * sum(sizes)), n)
  if (post$engine == "nuts") {
    node <- chosen_draws(post, n, u[, 1])
    hyper <- unname(t(post$values[, node, drop = FALSE]))
  } else {
    node <- pmin(findInterval(u[, 1], cumsum(post$weight) / sum(post$weight)) + 1L, length(post$weight))
    own <- u[, sizes[1] + sizes[2] + seq_along(free), drop = FALSE]
    outer <- if (!is.null(post$outer)) outer_draws(fit, node, own, smooth)
    hyper <- outer$hyper %||% hyper_draws(fit, free, node, own)
  }
  colnames(hyper) <- hyper_names(post$terms)
  coefficients <- coefficient_draws(post, node, stats::qnorm(u[, 1L + seq_len(sizes[2]), drop = FALSE]))
  cbind(if (is.null(post$outer)) coefficients else coefficients + outer$shift, hyper)
}

# Nodes of a sampler's posterior: its draws in their order where all are asked for, else some of them.
chosen_draws <- function(post, n, u) {
  all <- length(post$weight)
  if (n == all) seq_len(all) else pmin(floor(u * all) + 1, all)
}

# Variance parameters near the nodes drawn, from their marginal distributions; `u`: a column for each free one.
hyper_draws <- function(fit, free, node, u) {
  post <- fit$result
  out <- matrix(post$hyper$mean, length(node), length(post$hyper$mean), byrow = TRUE)
  if (length(free) > 0L) out[, free] <- free_draws(post, free, node, u, posterior_marginals(fit), post$hyper$unit)
  out
}

# All draws of the chains, coefficients drawn given each.
chain_array <- function(fit, seed) {
  plan <- fit$result$plan
  draws <- posterior_draws(fit, plan$draws * plan$chains, seed)
  posterior::as_draws_array(array(draws, c(plan$draws, plan$chains, ncol(draws)),
    dimnames = list(NULL, NULL, colnames(draws))))
}

coefficient_draws <- function(post, node, z) {
  names <- rownames(post$mean)
  out <- matrix(0, length(node), length(names), dimnames = list(NULL, paste0("b_", plain_name(names))))
  for (rows in split(seq_along(node), node)) {
    at <- node[rows[1]]
    factor <- chol(unpack_symmetric(post$covariance[, at], names))
    out[rows, ] <- sweep(z[rows, , drop = FALSE] %*% factor, 2L, post$mean[, at], "+")
  }
  out
}

plain_name <- function(name) gsub("(Intercept)", "Intercept", name, fixed = TRUE)

# "sd__(Intercept)" by subject -> "sd_subject__Intercept", as brms writes it.
hyper_names <- function(terms) {
  name <- plain_name(sub("^[a-z]+__", "", terms$name))
  effect <- paste0(terms$word, "_", terms$group, "__", ifelse(terms$word == "cor", sub(".", "__", name, fixed = TRUE),
    name))
  ifelse(terms$word == "scale", paste0("scale_", name), ifelse(terms$word == "outer", outer_draw_names(terms$name),
    ifelse(terms$group == "Residual", "sigma", effect)))
}

# "cor__ar1" -> "cor_Residual__ar1"; kappa stays.
outer_draw_names <- function(name) sub("__", "_Residual__", name, fixed = TRUE)

# Variance parameters of one draw as variance_parts() has those of a fit.
drawn_parts <- function(fit, hyper) {
  layout <- fit$result$layout
  variance <- unname(hyper[layout$sigma + 1L])^2
  visits <- drawn_visits(fit$result, hyper)
  list(effects = drawn_covariances(fit, hyper, layout$blocks),
    residual = if (is.null(visits)) variance else list(variance * visits))
}

# Covariances of the random effects, a block each, from standard deviations and correlations in the places `blocks`.
drawn_covariances <- function(fit, hyper, blocks) {
  lapply(seq_along(fit$design$random), \(i) {
    at <- blocks[i, ] + 1L
    sd <- hyper[at[seq_along(fit$design$random[[i]]$columns)]]
    r <- diag(length(sd))
    if (length(sd) == 2L) r[1, 2] <- r[2, 1] <- hyper[at[3]]
    r * outer(sd, sd)
  })
}
