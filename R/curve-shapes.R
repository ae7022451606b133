# Shapes of natural recovery over weeks since injury, and fitting them to published means.

# g(s; psi): psi are logarithms of positive parameters. `start`: the parameters when the curve turns at `turn` weeks.
curve_shapes <- list(
  plateau = list(
    parameters = "k", level = TRUE, start = \(turn) log(1 / turn),
    rise = \(s, psi) -expm1(-s * exp(psi[1]))
  ),
  gompertz = list(
    parameters = c("b", "c"), level = FALSE, start = \(turn) c(0, log(1 / turn)),
    rise = \(s, psi) exp(-exp(psi[1] - s * exp(psi[2])))
  ),
  weibull = list(
    parameters = c("lambda", "kappa"), level = TRUE, start = \(turn) c(log(turn), 0),
    rise = \(s, psi) -expm1(-(s / exp(psi[1]))^exp(psi[2]))
  )
)

is_shape <- function(x) is.character(x) && length(x) == 1L && x %in% names(curve_shapes)

# Columns of the linear part at nonlinear parameters psi: a level at injury where the shape has one, and the rise;
# of gains from week `from` the difference of rises alone.
shape_columns <- function(shape, s, psi, from = NULL) {
  one <- curve_shapes[[shape]]
  rise <- one$rise(s, psi)
  if (!is.null(from)) {
    return(cbind(A = rise - one$rise(from, psi)))
  }
  if (one$level) cbind(level = 1, A = rise) else cbind(A = rise)
}

# Generalised least squares of the linear part: coefficients and weighted misfit.
linear_part <- function(shape, s, y, root, psi, from) {
  columns <- shape_columns(shape, s, psi, from)
  fit <- qr(backsolve(root, columns, transpose = TRUE))
  z <- drop(backsolve(root, y, transpose = TRUE))
  list(coefficients = stats::setNames(qr.coef(fit, z), colnames(columns)), misfit = sum(qr.resid(fit, z)^2))
}

# The shape fitted to means y at weeks s with covariance v, from several starts; the linear part is profiled out.
fit_shape <- function(shape, s, y, v, from, call) {
  one <- curve_shapes[[shape]]
  needed <- length(one$parameters) + (if (is.null(from)) 1L + one$level else 1L)
  if (length(unique(s)) < needed) {
    abort_input(c("A {shape} curve needs means at {needed} or more visits.", x = "There are {length(unique(s))}.",
      i = if (shape == "plateau") "Give more visits: no shape has fewer parameters." else
        "Give more visits, or a shape of fewer parameters: \"plateau\" has the fewest."), call = call)
  }
  root <- chol(v)
  misfit <- \(psi) {
    value <- tryCatch(linear_part(shape, s, y, root, psi, from)$misfit, error = \(e) NA_real_)
    if (is.finite(value)) value else 1e12
  }
  starts <- lapply(stats::quantile(s[s > 0], c(0.15, 0.4, 0.7, 1), names = FALSE), one$start)
  tries <- lapply(starts, \(start) {
    if (length(start) == 1L) {
      stats::optim(start, misfit, method = "Brent", lower = start - 3, upper = start + 3,
        control = list(reltol = 1e-14))
    } else {
      polish(stats::optim(start, misfit, control = list(reltol = 1e-14, maxit = 5000)), misfit)
    }
  })
  best <- tries[[which.min(vapply(tries, `[[`, 0, "value"))]]
  linear <- linear_part(shape, s, y, root, best$par, from)
  out <- list(shape = shape, psi = best$par, linear = linear$coefficients, from = from, misfit = linear$misfit)
  check_turn(out, s, call)
  check_bend(out, s, call)
  out <- sharpen(out, s, y, root)
  out$covariance <- parameter_covariance(out, s, root)
  out
}

# Gauss-Newton steps from the optimum found: the last digits, which a search by values alone cannot give.
sharpen <- function(curve, s, y, root) {
  p <- length(curve$psi)
  for (i in 1:50) {
    gap <- backsolve(root, y - curve_at(curve, s), transpose = TRUE)
    step <- qr.coef(qr(backsolve(root, curve_slopes(curve, s), transpose = TRUE)), gap)
    if (anyNA(step)) break
    at <- curve_parameters(curve) + step
    next_curve <- utils::modifyList(curve, list(psi = at[seq_len(p)], linear = at[-seq_len(p)]))
    misfit <- sum(backsolve(root, y - curve_at(next_curve, s), transpose = TRUE)^2)
    if (!is.finite(misfit) || misfit > curve$misfit * (1 + 1e-12) + 1e-25) break
    next_curve$misfit <- misfit
    curve <- next_curve
    if (max(abs(step) / pmax(1, abs(at))) < 1e-13) break
  }
  curve
}

polish <- function(fit, misfit) {
  stats::optim(fit$par, misfit, control = list(reltol = 1e-15, maxit = 5000))
}

# A course that does not bend within the visits has no plateau that these means could tell. Whether it rises or falls is
# not said: means of a scale on which lower is better are turned here.
check_turn <- function(curve, s, call) {
  end <- curve_shapes[[curve$shape]]$rise(c(max(s), 50 * max(s)), curve$psi)
  total <- curve$linear[["A"]]
  if (!is.finite(total) || end[1] < 0.2 * end[2]) {
    abort_input(c("These means do not show a {curve$shape} curve: from week {min(s)} to {max(s)} they change without
      bending.",
      x = if (is.finite(total)) "By week {max(s)} the fitted curve has come {signif(100 * end[1] / end[2], 2)} % of its
        way; it must come 20 %.",
      i = "Records of untreated patients need no shape: {.code natural_curve(fit)} of
        {.code fit_recovery(score ~ week + (1 | subject), records)} may be a line.",
      i = "Published gains from one week to two others, of which the second adds less ({.field from_week}), make a
        plateau; one mean change goes into {.fn natural_change}, with {.fn score_change} of the patients.",
      i = "Or give later visits, at which the course bends."
    ), call = call)
  }
}

# exp(-b e^{-c s}) rises to 1, so that A times it leaves 0: means that come nearer to 0 have b = 0, and c is any. Gains
# are differences, which near b = 0 are those of a plateau.
check_bend <- function(curve, s, call) {
  if (curve$shape != "gompertz" || !is.null(curve$from)) {
    return(invisible())
  }
  ends <- curve_shapes$gompertz$rise(range(s), curve$psi)
  if (ends[2] - ends[1] < 1e-6 * ends[2]) {
    abort_input(c("These means do not show a gompertz curve, which leaves 0 more and more slowly.",
      x = "From week {min(s)} to {max(s)} they come nearer to 0, or do not change.",
      i = "Use {.code shape = \"plateau\"} or {.code shape = \"weibull\"}, which may fall."), call = call)
  }
}

curve_parameters <- function(curve) c(curve$psi, curve$linear)

# The mean (or gain) at weeks s, as a function of all parameters.
curve_at <- function(curve, s, parameters = curve_parameters(curve), from = curve$from) {
  p <- length(curve$psi)
  drop(shape_columns(curve$shape, s, parameters[seq_len(p)], from) %*% parameters[-seq_len(p)])
}

# Derivatives in the parameters, central differences with a relative error of about 1e-10.
curve_slopes <- function(curve, s) {
  at <- curve_parameters(curve)
  columns <- lapply(seq_along(at), \(i) {
    h <- 1e-4 * max(1, abs(at[i]))
    moved <- \(by) curve_at(curve, s, replace(at, i, at[i] + by))
    (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
  })
  matrix(unlist(columns), length(s))
}

parameter_covariance <- function(curve, s, root) {
  slopes <- backsolve(root, curve_slopes(curve, s), transpose = TRUE)
  tryCatch(solve(crossprod(slopes)), error = \(e) matrix(NA_real_, ncol(slopes), ncol(slopes)))
}

# Means that the parameters cannot be told from have no error of the curve either.
check_information <- function(curve, call) {
  if (anyNA(curve$covariance)) {
    abort_input(c("These means do not tell the parameters of a {curve$shape} curve.",
      x = "The information that they hold is singular: they may be equal, or change in one step.",
      i = "Give more visits, or another {.arg shape}; means without a change go into {.fn natural_change}."
    ), call = call)
  }
}

# A ratio says nothing of gains that are none, or of a gain and a loss.
refuse_opposite <- function(s, m, from, call) {
  if (m[1] * m[2] <= 0) {
    abort_input(c("No plateau passes through these two gains: both must be above 0, or both below.",
      x = "They are {signif(m[1], 4)} in week {s[1]} and {signif(m[2], 4)} in week {s[2]}, from week {from}.",
      i = "Is the sign right? A gain is positive. A course that turns has no plateau: compare one visit by
           {.fn natural_change}."
    ), call = call)
  }
}

# Plateau through two gains from week `from`: (1 - e^{-k(s1-from)}) / (1 - e^{-k(s2-from)}) = m1 / m2 is monotone in k.
solve_plateau <- function(s, m, from, call) {
  d <- s - from
  ratio <- m[1] / m[2]
  refuse_opposite(s, m, from, call)
  if (any(d <= 0) || !(ratio > d[1] / d[2] && ratio < 1)) {
    abort_input(c("No plateau passes through these two gains.",
      x = "The ratio of the gains is {signif(ratio, 4)}; it must lie between {signif(d[1] / d[2], 4)} (a straight line)
           and 1 (all gained before the first).",
      i = "The gains are {signif(m[1], 4)} in week {s[1]} and {signif(m[2], 4)} in week {s[2]}, from week {from}: check
           their weeks, or give more weeks, to which a curve is fitted."
    ), call = call)
  }
  f <- \(log_k) expm1(-exp(log_k) * d[1]) / expm1(-exp(log_k) * d[2]) - ratio
  ends <- log(c(1e-10, 700) / d[c(2, 1)])
  log_k <- stats::uniroot(f, ends, tol = 1e-14)$root
  rise <- curve_shapes$plateau$rise
  a <- m[2] / (rise(s[2], log_k) - rise(from, log_k))
  list(shape = "plateau", psi = log_k, linear = c(A = a), from = from, misfit = 0)
}
