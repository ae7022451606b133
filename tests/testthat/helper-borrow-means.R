# Controls with scores beside published means, and a second road to every posterior: sums over log sigma, given which
# all is normal. The package works on the mean, sigma integrated out.

scores_of <- function(change, role = "control", scale = "uems", baseline = rep(20, length(change)), ...) {
  score_change(baseline, baseline + change, scale, match = list(level = "cervical", baseline_grade = "A", ...),
    role = role)
}

four_controls <- c(14, 7, 3, 6)

published_means <- function(mean = c(7.8, 10.5, 9), sd = c(6, 7, 6.5), n = c(100, 60, 22), ...) {
  data.frame(source = letters[seq_along(mean)], mean = mean, sd = sd, n = n, measure = "uems", level = "cervical",
    baseline_grade = "A", ...)
}

borrowed_mean <- function(method, change = four_controls, sources = published_means(), ...) {
  borrow(scores_of(change), sources, method, accept = all_differences, ...)
}

# A number of one method.
mean_of_method <- function(x, group, column = "estimate", term = "mean") {
  rows <- tidy(x)
  rows[[column]][rows$term == term & rows$group == group]
}

pooled_by_hand <- function(x = published_means()) {
  mean <- sum(x$n * x$mean) / sum(x$n)
  list(n = sum(x$n), mean = mean, ss = sum((x$n - 1) * x$sd^2 + x$n * (x$mean - mean)^2))
}

# Posterior of theta where its prior is the mixture sum_j w_j N(m_j, v_j) and sigma^2 ~ 1 / sigma^2 or IG(a / 2, b / 2).
# Trapezoid in log sigma: smooth and falling off at both ends, so 1201 points are far more than needed. list(mean, sd,
# cdf, size).
by_log_sigma <- function(y, m, v, w, a = 0, b = 0) {
  n <- length(y)
  ss <- sum((y - mean(y))^2)
  s <- exp(seq(log(sqrt((ss + b) / n)) - 5, log(sqrt((ss + b) / n)) + 14, length.out = 1201))
  j <- rep(seq_along(m), each = length(s))
  sigma <- rep(s, length(m))
  between <- v[j] + sigma^2 / n
  log_w <- log(w[j]) + stats::dnorm(mean(y), m[j], sqrt(between), log = TRUE) - (n - 1 + a) * log(sigma) -
    0.5 * (ss + b) / sigma^2
  p <- exp(log_w - max(log_w))
  p <- p / sum(p)
  centre <- (m[j] * sigma^2 / n + mean(y) * v[j]) / between
  spread <- v[j] * sigma^2 / n / between
  mean <- sum(p * centre)
  sd <- sqrt(sum(p * (spread + (centre - mean)^2)))
  list(mean = mean, sd = sd, cdf = \(x) sum(p * stats::pnorm(x, centre, sqrt(spread))), size = sum(p * sigma^2) / sd^2,
    share = tapply(p, j, sum))
}

# t(df) as normals by equal steps of log chi^2.
t_as_normals <- function(scale, df) {
  x <- seq(log(stats::qchisq(1e-15, df)), log(stats::qchisq(1e-15, df, lower.tail = FALSE)), length.out = 400)
  w <- stats::dchisq(exp(x), df) * exp(x)
  list(w = w / sum(w), v = scale^2 * df / exp(x))
}

# Mean, SD, both limits and size against a second road.
expect_posterior <- function(x, group, by_hand, tolerance = 1e-7, n = length(four_controls)) {
  testthat::expect_equal(mean_of_method(x, group), by_hand$mean, tolerance = tolerance)
  testthat::expect_equal(mean_of_method(x, group, "std.error"), by_hand$sd, tolerance = tolerance)
  testthat::expect_equal(by_hand$cdf(mean_of_method(x, group, "conf.low")), 0.025, tolerance = tolerance)
  testthat::expect_equal(by_hand$cdf(mean_of_method(x, group, "conf.high")), 0.975, tolerance = tolerance)
  testthat::expect_equal(mean_of_method(x, group, term = "ess_borrowed"), by_hand$size - n, tolerance = 10 * tolerance)
}
