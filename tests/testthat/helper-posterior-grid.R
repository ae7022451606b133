# Posteriors of families by brute force in plain R, for models of an intercept and a random intercept.

# Evidence, means and standard deviations of the intercept `a`, the variance s^2 and parameters of the family.
# A patient's likelihood is a function of eta = a + b: a and eta share a lattice, over which the normal law of b
# is summed (relative error 2 exp(-2 pi^2 (s / step)^2): 5e-9 where s is one step, and s is 0 or more). Everything is an
# even function of s, and of w, the root of a dispersion, so that the trapezoidal rule from 0 converges geometrically;
# for that their squares are told, as an odd power would have a kink at 0.
# @param eta    lattice wide enough for a + b; `a` lies on it
# @param s      lattice that begins at 0
# @param own    matrix: rows of parameters of the family; `cell` the volume each stands for
# @param log_lik(eta, own) matrix of eta x patients;  @param log_prior(a, s, own), with a as a column and s as a row
grid_of_intercepts <- function(log_lik, log_prior, eta, a, s, own, cell) {
  h <- eta[2] - eta[1]
  kernel <- do.call(rbind, lapply(s, \(s) {
    apart <- outer(a, eta, "-")
    if (s == 0) (abs(apart) < h / 2) + 0 else dnorm(apart, 0, s) * h
  }))
  edge <- ifelse(s == 0, 0.5, 1)
  a_all <- rep(a, length(s))
  s_all <- rep(s, each = length(a))
  volume <- log((a[2] - a[1]) * (s[2] - s[1]) * rep(edge, each = length(a)))
  sums <- apply(cbind(own, cell), 1L, \(row) {
    par <- row[-length(row)]
    log_l <- log_lik(eta, par)
    top <- apply(log_l, 2L, max)
    each <- log(kernel %*% exp(sweep(log_l, 2L, top)))
    height <- rowSums(each) + sum(top) + log_prior(a_all, s_all, par) + volume + log(row[length(row)])
    mass <- exp(height)
    told <- ifelse(names(par) == "w", par^2, par)
    all <- rbind(a_all, s_all^2, matrix(told, length(par), length(mass)))
    c(sum(mass), all %*% mass, all^2 %*% mass)
  })
  total <- sum(sums[1, ])
  k <- 2L + ncol(own)
  mean <- rowSums(sums[1 + seq_len(k), , drop = FALSE]) / total
  square <- rowSums(sums[1 + k + seq_len(k), , drop = FALSE]) / total
  list(log_evidence = log(total), mean = unname(mean), sd = unname(sqrt(square - mean^2)))
}

# Sum over rows by patient of a function of eta: eta x patients.
by_patient <- function(y, id, log_density) {
  vapply(split(y, id), \(y) rowSums(vapply(y, log_density, numeric(length(log_density(y[1]))))),
    numeric(length(log_density(y[1]))))
}

# A product grid with the weights of the trapezoidal rule where a parameter begins at `even` 0.
product_grid <- function(..., even = character()) {
  axes <- list(...)
  weight <- lapply(names(axes), \(name) {
    v <- axes[[name]]
    (v[2] - v[1]) * ifelse(name %in% even & seq_along(v) == 1L, 0.5, 1)
  })
  list(own = as.matrix(expand.grid(axes)), cell = apply(expand.grid(weight), 1L, prod))
}

# log density of 0 to n points with precision 1 / w^2, at each eta: binomial where w = 0.
log_points <- function(y, n, eta, w) {
  if (w == 0) dbinom(y, n, plogis(eta), log = TRUE) else log_beta_binomial(y, n, plogis(eta), 1 / w^2)
}

# Means and standard deviations of a fit at its nodes or draws, as the grid tells them: intercept, variance, what is
# given by `own`, the dispersion as w^2 = exp(-log_precision).
node_moments <- function(fit, own) {
  post <- fit$result
  values <- post$values
  w <- rownames(values) == "log_precision"
  values[w, ] <- exp(-values[w, ])
  values["sd__(Intercept)", ] <- values["sd__(Intercept)", ]^2
  values <- values[c("(Intercept)", "sd__(Intercept)", own), , drop = FALSE]
  mean <- drop(values %*% post$weight)
  list(mean = unname(mean), sd = unname(sqrt(drop(values^2 %*% post$weight) - mean^2)))
}

# A posterior by lattices agrees with the grid to its tolerance, in posterior standard deviations, and its evidence.
expect_grid <- function(fit, grid, own, tolerance) {
  testthat::expect_identical(fit$result$engine, "exact")
  found <- node_moments(fit, own)
  testthat::expect_lt(max(abs(found$mean - grid$mean) / grid$sd), tolerance)
  testthat::expect_lt(max(abs(found$sd / grid$sd - 1)), tolerance)
  testthat::expect_lt(abs(c(logLik(fit)) - grid$log_evidence), attr(logLik(fit), "num.error") + tolerance)
}
