# Mean square errors of prediction by dense algebra of the whole data set and numerical derivatives: the
# independent route against which predictions are held. Variances are a plain vector gamma; `covariance(gamma)` gives
# V of (scores, what is predicted) together.

# The joint model of n scores and m targets: X, X0, y, and their covariance as a function of gamma.
dense_prediction <- function(x, x0, y, covariance, gamma) {
  n <- nrow(x)
  at <- covariance(gamma)
  v <- solve(at[seq_len(n), seq_len(n)])
  c <- at[seq_len(n), -seq_len(n), drop = FALSE]
  phi <- solve(t(x) %*% v %*% x)
  beta <- phi %*% t(x) %*% v %*% y
  # lambda solves the mixed-model equations of Henderson, row by row
  lambda <- v %*% (c + x %*% phi %*% (t(x0) - t(x) %*% v %*% c))
  error <- t(lambda) %*% at[seq_len(n), seq_len(n)] %*% lambda - 2 * t(lambda) %*% c +
    at[-seq_len(n), -seq_len(n), drop = FALSE]
  list(fit = drop(x0 %*% beta + t(c) %*% v %*% (y - x %*% beta)), variance = diag(error), lambda = lambda)
}

# Restricted log likelihood, by its definition.
dense_reml <- function(x, y, v) {
  inverse <- solve(v)
  information <- t(x) %*% inverse %*% x
  residual <- y - x %*% solve(information, t(x) %*% inverse %*% y)
  -0.5 * c(
    determinant(v)$modulus + determinant(information)$modulus + t(residual) %*% inverse %*% residual
  )
}

central <- function(f, at, h) {
  lapply(seq_along(at), \(k) {
    step <- replace(numeric(length(at)), k, h[k])
    (8 * (f(at + step) - f(at - step)) - (f(at + 2 * step) - f(at - 2 * step))) / (12 * h[k])
  })
}

# Satterthwaite's df and Kenward-Roger's variance by differences: gradient of the variance, of lambda, and the
# observed (Hessian) or expected information of the restricted likelihood.
dense_errors <- function(x, x0, y, covariance, gamma, expected) {
  n <- nrow(x)
  h <- 1e-3 * pmax(abs(gamma), 1e-2 * max(abs(gamma)))
  scores <- seq_len(n)
  at <- \(g) dense_prediction(x, x0, y, covariance, g)
  v <- covariance(gamma)[scores, scores]
  slope <- do.call(rbind, central(\(g) at(g)$variance, gamma, h))
  lambda <- central(\(g) at(g)$lambda, gamma, h)
  moved <- central(\(g) covariance(g)[scores, scores], gamma, h)
  p <- solve(v) - solve(v) %*% x %*% solve(t(x) %*% solve(v) %*% x, t(x) %*% solve(v))
  information <- outer(seq_along(gamma), seq_along(gamma), Vectorize(\(i, j) {
    trace <- sum(diag(p %*% moved[[i]] %*% p %*% moved[[j]]))
    quadratic <- c(t(y) %*% p %*% moved[[i]] %*% p %*% moved[[j]] %*% p %*% y)
    if (expected) trace / 2 else quadratic - trace / 2
  }))
  w <- solve(information)
  correction <- 0
  for (i in seq_along(gamma)) {
    for (j in seq_along(gamma)) correction <- correction + w[i, j] * diag(t(lambda[[i]]) %*% v %*% lambda[[j]])
  }
  variance <- at(gamma)$variance
  list(
    fit = at(gamma)$fit, variance = variance, corrected = variance + 2 * correction,
    df = 2 * variance^2 / colSums(slope * (w %*% slope))
  )
}
