# A natural course by another engine, in plain R: the shape fitted in its own parameters (the first engine takes
# logarithms) with symbolic derivatives, and one dense covariance of all scores of all patients, from which gains are
# contrasts. A model of untreated records is not fitted again: its mean and its covariances are taken from the fit.

second_rises <- list(
  plateau = stats::deriv(~ 1 - exp(-k * s), "k", c("s", "k")),
  gompertz = stats::deriv(~ exp(-b * exp(-c * s)), c("b", "c"), c("s", "b", "c")),
  weibull = stats::deriv(~ 1 - exp(-(s / lambda)^kappa), c("lambda", "kappa"), c("s", "lambda", "kappa"))
)

second_starts <- list(plateau = \(turn) 1 / turn, gompertz = \(turn) c(2, 1 / turn), weibull = \(turn) c(turn, 1))

# The rise and its derivatives at weeks s; at injury those of a Weibull curve tend to 0.
second_rise <- function(shape, theta, s, from = NULL) {
  at <- \(s) {
    value <- do.call(second_rises[[shape]], c(list(s), as.list(theta)))
    slopes <- matrix(attr(value, "gradient"), length(s))
    list(value = as.vector(value), slopes = replace(slopes, !is.finite(slopes), 0))
  }
  rise <- at(s)
  if (is.null(from)) {
    return(rise)
  }
  first <- at(rep(from, length(s)))
  list(value = rise$value - first$value, slopes = rise$slopes - first$slopes)
}

# `level` (gains and Gompertz curves have none), then the rise: the linear columns.
second_columns <- function(rise, level) cbind(if (level) rep(1, length(rise$value)), rise$value)

second_jacobian <- function(rise, beta, level) {
  cbind(second_columns(rise, level), beta[length(beta)] * rise$slopes)
}

# Least squares of whitened means, the linear part solved at each shape, from six weeks at which a curve could turn.
second_shape <- function(shape, s, y, v, from = NULL) {
  root <- t(chol(v))
  level <- shape != "gompertz" && is.null(from)
  solved <- \(theta) {
    columns <- forwardsolve(root, second_columns(second_rise(shape, theta, s, from), level))
    qr(columns)
  }
  z <- forwardsolve(root, y)
  misfit <- \(theta) tryCatch(sum(qr.resid(solved(theta), z)^2), error = \(e) 1e12)
  turns <- exp(seq(log(min(s[s > 0])), log(2 * max(s)), length.out = 6))
  tries <- lapply(turns, \(turn) {
    stats::nlminb(second_starts[[shape]](turn), misfit, lower = 1e-8, control = list(rel.tol = 1e-14))
  })
  theta <- tries[[which.min(vapply(tries, `[[`, 0, "objective"))]]$par
  beta <- qr.coef(solved(theta), z)
  second_newton(list(shape = shape, theta = theta, beta = beta, from = from, level = level), s, y, root)
}

# Gauss-Newton steps to the last digits, and the covariance of all parameters.
second_newton <- function(curve, s, y, root) {
  gap <- \(curve) forwardsolve(root, y - second_mean(curve, s))
  p <- length(curve$beta)
  for (i in 1:40) {
    jacobian <- forwardsolve(root, second_slopes(curve, s))
    step <- qr.coef(qr(jacobian, tol = 1e-14), gap(curve))
    moved <- curve
    moved$beta <- curve$beta + step[seq_len(p)]
    moved$theta <- curve$theta + step[-seq_len(p)]
    if (anyNA(step) || any(moved$theta <= 0) || sum(gap(moved)^2) > sum(gap(curve)^2) * (1 + 1e-12) + 1e-25) break
    curve <- moved
  }
  curve$covariance <- chol2inv(chol(crossprod(forwardsolve(root, second_slopes(curve, s)))))
  curve
}

second_mean <- function(curve, s) {
  drop(second_columns(second_rise(curve$shape, curve$theta, s, curve$from), curve$level) %*% curve$beta)
}

second_slopes <- function(curve, s) {
  second_jacobian(second_rise(curve$shape, curve$theta, s, curve$from), curve$beta, curve$level)
}

second_curve <- function(parts) {
  rows <- parts$table$rows
  se <- ifelse(is.na(rows$se), rows$sd / sqrt(rows$n), rows$se)
  r <- if (is.null(parts$correlation)) 0 else parts$correlation
  known <- anyNA(se)
  v <- if (known) diag(nrow(rows)) else diag(se^2, length(se)) + r * (outer(se, se) - diag(se^2, length(se)))
  curve <- second_shape(parts$curve$shape, rows$week, rows$mean, v, parts$table$from)
  if (known) curve$covariance[] <- 0
  curve
}

# Scores of all visits of all patients (first of each the one before treatment): mean, covariance within patients, and
# the covariance that all share.
second_scores <- function(natural, weeks, patient, call) {
  parts <- curve_parts(natural)
  s <- unlist(weeks)
  same <- outer(patient, patient, `==`)
  if (parts$kind == "fit") {
    m <- fitted_course(natural, s, call)
    return(list(mean = m$mean, own = m$own * same, shared = tcrossprod(m$slopes),
      at = \(s) fitted_course(natural, s, call)$mean))
  }
  curve <- second_curve(parts)
  j <- second_slopes(curve, s)
  list(mean = second_mean(curve, s), own = second_spread(parts, s, patient) * same,
    shared = j %*% curve$covariance %*% t(j), at = \(s) second_mean(curve, s))
}

# Between patients; gains have no spread at the visit from which they are counted.
second_spread <- function(parts, s, patient) {
  rows <- parts$table$rows
  gains <- parts$table$gains
  first <- !duplicated(patient)
  if (!is.null(parts$own$matrix)) {
    at <- match(round(s, 6), round(rows$week, 6))
    v <- parts$own$matrix[at, at]
    v[is.na(v)] <- 0
    return(v)
  }
  sd <- if (nrow(rows) == 1L) rep(rows$sd, length(s)) else stats::approxfun(rows$week, rows$sd, rule = 2)(s)
  if (gains) sd[first] <- 0
  v <- parts$correlation * tcrossprod(sd)
  diag(v) <- sd^2
  v
}

# Observed less natural gains of all visits and their two covariances.
second_stack <- function(courses, natural, call) {
  weeks <- lapply(courses, \(one) c(one$from, one$week))
  patient <- rep(seq_along(weeks), lengths(weeks))
  scores <- second_scores(natural, weeks, patient, call)
  first <- which(!duplicated(patient))
  contrast <- diag(length(patient))
  contrast[cbind(seq_along(patient), first[patient])] <- -1
  contrast <- contrast[-first, , drop = FALSE]
  gain <- drop(contrast %*% scores$mean)
  shared <- contrast %*% scores$shared %*% t(contrast)
  spread <- curve_settings(natural)$between_sd
  if (spread > 0) {
    total <- diff(scores$at(curve_span(natural)))
    shared <- shared + spread^2 * tcrossprod(gain / total)
  }
  list(e = unlist(lapply(courses, `[[`, "gain"), use.names = FALSE) - gain,
    own = contrast %*% scores$own %*% t(contrast), shared = shared, patient = patient[-first],
    since = unlist(lapply(courses, `[[`, "since"), use.names = FALSE))
}
