# What the tests of families share.

# A random trial of three to six patients at three to five visits, without scores.
random_visits <- function() {
  n <- sample(3:6, 1)
  expand.grid(week = 0:sample(2:4, 1), id = seq_len(n))
}

# How fits of random trials end: "fit", finite and converged, or what a classed error stands for.
# @param fit_one draws a trial and fits it
# @param sound what else must hold of a fit
fit_ends <- function(many, fit_one, sound = \(fit) TRUE) {
  replicate(many, tryCatch({
    fit <- fit_one()
    stopifnot(is.finite(logLik(fit)), is.finite(fixef(fit)), fit$result$converged, sound(fit))
    "fit"
  }, cordgain_numerical_error = \(e) "no maximum", cordgain_invalid_input = \(e) "one level"))
}

# log of the beta-binomial density of y points of n, by beta functions.
log_beta_binomial <- function(y, n, mu, precision) {
  lchoose(n, y) + lbeta(y + mu * precision, n - y + (1 - mu) * precision) - lbeta(mu * precision, (1 - mu) * precision)
}

# log likelihood with a random intercept, by the trapezoidal rule on 12 standard deviations to both sides.
# @param par intercept, week, standard deviation of the intercept
# @param log_density of scores (rows) at linear predictors (rows x nodes)
trapezoid_by_hand <- function(d, par, log_density) {
  u <- seq(-12, 12, length.out = 4001)
  sum(vapply(split(d, d$id), \(rows) {
    eta <- outer(par[1] + par[2] * rows$week, par[3] * u, `+`)
    height <- colSums(log_density(rows$y, eta)) + dnorm(u, log = TRUE)
    log(sum(exp(height)) * (u[2] - u[1]))
  }, 0))
}
