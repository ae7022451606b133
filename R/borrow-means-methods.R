# How much of published means counts beside concurrent controls: one function for each method. All is worked out in
# units of `d$unit` around the controls' mean, so that shifting or stretching the score changes no digit.
#
# d: controls `n`, `mean` (0 here), `ss` (sum of squares around it); prior of their variance IG(a / 2, b / 2), a = b = 0
# for 1 / sigma^2, or `known` (their SD); history pooled `n0`, `mean0`, `ss0`; `mixtures` (predictive distribution, by
# route); `vague` (mean, sd); `probs` of the interval; the settings of each method.

mean_methods <- function() {
  list(map = mean_map, robust_map = mean_robust_map, power = mean_power, normalised_power = mean_normalised_power,
    commensurate = mean_commensurate, sam = mean_sam, leap = mean_leap, elastic = mean_elastic)
}

# What every method gives: numbers with errors (`mean`, `sd`, `quantile`, `weight`, and `size`: patients of the
# posterior's own SD that it is worth), and the meaning of the weight. A moment that does not exist is NA without error.
mean_answer <- function(numbers, weight, weight_name) {
  c(numbers, list(weight = weight, weight_name = weight_name))
}

closed <- function(value) list(value = value, error = 64 * .Machine$double.eps * pmax(1, abs(value)))

# Two routes of every number that exists.
mean_routes <- function(routes, names, call) {
  lapply(stats::setNames(nm = names), \(name) {
    fine <- routes$fine[[name]]
    if (anyNA(fine)) {
      return(list(value = NA_real_, error = 0))
    }
    two_routes(fine, routes$coarse[[name]], "The posterior with borrowing", call)
  })
}

both_routes <- function(f) lapply(c(fine = TRUE, coarse = FALSE), f)

# Mixtures of Student t ----------------------------------------------------------------------

# theta, sigma^2 after `n` patients (a power prior counts fractions of them) with mean `mean` and sum of squares `ss`:
# theta ~ t(df) around the mean with scale^2 = S / (df n), sigma^2 ~ IG(df / 2, S / 2), df = a + n - 1, S = b + ss
# (normal-inverse-gamma with a flat mean). Where sigma is known theta is normal.
student_parts <- function(d, n, mean, ss, weight = 1) {
  if (!is.null(d$known)) {
    return(list(weight = weight, mean = mean, scale = d$known / sqrt(n), df = rep(Inf, length(n)), n = n,
      variance = rep(d$known^2, length(n))))
  }
  df <- d$a + n - 1
  s <- d$b + ss
  list(weight = weight, mean = mean, scale = sqrt(s / (df * n)), df = df, n = n,
    variance = ifelse(df > 2, s / (df - 2), NA_real_))
}

# Mean and SD of a mixture exist where those of every part do. With one part the size is n whatever exists.
student_summary <- function(parts, probs) {
  w <- rep_len(parts$weight, length(parts$mean))
  w <- w / sum(w)
  mean <- if (all(parts$df > 1)) sum(w * parts$mean) else NA_real_
  inflation <- ifelse(is.infinite(parts$df), 1, parts$df / (parts$df - 2))
  sd <- if (all(parts$df > 2)) sqrt(sum(w * (parts$scale^2 * inflation + (parts$mean - mean)^2))) else NA_real_
  size <- if (length(w) == 1L) parts$n else sum(w * parts$variance) / sd^2
  list(mean = mean, sd = sd, quantile = student_quantiles(parts, w, probs), size = size)
}

# A quantile of a mixture lies between the smallest and the largest of its parts'.
student_quantiles <- function(parts, w, probs) {
  vapply(probs, \(p) {
    ends <- range(parts$mean + parts$scale * stats::qt(p, parts$df))
    if (ends[2] - ends[1] <= 1e-14 * max(1, abs(ends))) {
      return(mean(ends))
    }
    stats::uniroot(\(x) sum(w * stats::pt((x - parts$mean) / parts$scale, parts$df)) - p, ends, tol = 1e-13,
      maxiter = 1000)$root
  }, 0)
}

closed_answer <- function(d, parts, weight, weight_name) {
  mean_answer(lapply(student_summary(parts, d$probs), closed), closed(weight), weight_name)
}

mean_alone <- function(d) closed_answer(d, student_parts(d, d$n, d$mean, d$ss), NA_real_, "")

# Power priors ----------------------------------------------------------------------------------

# Controls and a0 times the history as one sample: sum of squares within and between both.
powered_parts <- function(d, a0, weight = 1) {
  n0 <- a0 * d$n0
  n <- d$n + n0
  student_parts(d, n, (d$n * d$mean + n0 * d$mean0) / n, d$ss + a0 * d$ss0 + d$n * n0 / n * (d$mean - d$mean0)^2,
    weight)
}

mean_power <- function(d) {
  if (is.null(d$a0)) {
    abort_input(c("The power prior needs {.arg a0}, which has no default.",
      i = "It says how much a historical patient counts, from 0 to 1."), call = d$call)
  }
  closed_answer(d, powered_parts(d, d$a0), d$a0, "a0")
}

# log of the integral of a likelihood over theta (flat) and sigma^2 (its prior), up to what no a0 or allocation moves.
log_student_evidence <- function(d, n, ss, powers = n) {
  if (!is.null(d$known)) {
    return(-0.5 * powers * log(2 * pi * d$known^2) - 0.5 * log(n) - 0.5 * ss / d$known^2)
  }
  half <- 0.5 * (d$a + n - 1)
  -0.5 * powers * log(2 * pi) - 0.5 * log(n) + lgamma(half) - half * log(0.5 * (d$b + ss))
}

# a0 uniform where the powered history is a proper prior, from lo = max(0, (1 - a) / n0) to 1 (Duan, Ye and Smith
# 2006): p(a0 | D) is the evidence of controls and powered history over that of the powered history. a0 = lo +
# (1 - lo) u^2 takes the root at 0 away (known sigma); panels in u are graded to 0, where many patients in conflict put
# the mass.
mean_normalised_power <- function(d) {
  lo <- if (is.null(d$known)) max(0, (1 - d$a) / d$n0) else 0
  edges <- c(0, 2^(-12:-2), 0.5, 0.75, 1)
  routes <- both_routes(\(fine) {
    u <- unit_panels(edges, fine)
    a0 <- lo + (1 - lo) * u$node^2
    n <- d$n + a0 * d$n0
    between <- d$n * a0 * d$n0 / n * (d$mean - d$mean0)^2
    log_w <- log_student_evidence(d, n, d$ss + a0 * d$ss0 + between) - log_student_evidence(d, a0 * d$n0, a0 * d$ss0)
    w <- u$mass * u$node * exp(log_w - max(log_w))
    c(student_summary(powered_parts(d, a0, w), d$probs), list(weight = sum(w * a0) / sum(w)))
  })
  numbers <- mean_routes(routes, c("mean", "sd", "quantile", "size", "weight"), d$call)
  mean_answer(numbers[-5], numbers$weight, "E a0")
}

# Elastic prior (Jiang and others 2023): the history counts g(T), T the difference in standard errors with variances
# of their own.
mean_elastic <- function(d) {
  variance <- if (is.null(d$known)) c(d$ss / (d$n - 1), d$ss0 / (d$n0 - 1)) else rep(d$known^2, 2)
  if (anyNA(variance) || variance[1] == 0) {
    abort_input(c("{.val elastic} measures the difference in standard errors.",
      x = "The controls' own SD is 0 or not known.", i = "Give their SD: {.code sigma = prior_fixed(...)}."),
    call = d$call)
  }
  g <- elastic_weight(abs(d$mean - d$mean0) / sqrt(variance[1] / d$n + variance[2] / d$n0))
  closed_answer(d, powered_parts(d, g), g, "g(T)")
}

# Mixtures of normals beside the controls' t ------------------------------------------------------

control_likelihood <- function(d) {
  parts <- student_parts(d, d$n, d$mean, d$ss)
  if (parts$df <= 0) {
    abort_input(c("The variance of {d$n} control{?s} is not known.",
      i = "Give a prior of it: {.code sigma = prior_inverse_gamma(shape, rate)}, or {.code prior_fixed(sd)}."
    ), call = d$call)
  }
  parts
}

# The history's mixture of normals, with a part of weight `vague` that is N(vague mean, vague sd^2), updated by the
# controls. E(sigma^2 | theta) is a quadratic of theta, so its mean needs the posterior's moments alone.
mixture_route <- function(d, history, vague, fine) {
  l <- control_likelihood(d)
  update <- \(m) core_borrowed_mean(m, l$mean, l$scale, l$df, d$probs, fine)
  history <- history[c("weight", "mean", "sd")]
  history$weight <- history$weight / sum(history$weight)
  answer <- update(with_vague(history, vague, d$vague))
  weight <- if (vague > 0) (1 - vague) * exp(update(history)$log_evidence - answer$log_evidence) else 1
  variance <- if (!is.null(d$known)) {
    d$known^2
  } else if (d$a + d$n > 2) {
    (d$b + d$ss + d$n * (answer$sd^2 + (answer$mean - d$mean)^2)) / (d$a + d$n - 2)
  } else {
    NA_real_
  }
  c(answer[c("mean", "sd", "quantile")], list(size = variance / answer$sd^2, weight = weight))
}

with_vague <- function(history, share, vague) {
  if (share == 0) {
    return(history)
  }
  history$weight <- (1 - share) * history$weight
  Map(c, history, list(weight = share, mean = vague$mean, sd = vague$sd))
}

mixture_answer <- function(d, histories, vague, weight_name) {
  routes <- both_routes(\(fine) mixture_route(d, histories[[if (fine) "fine" else "coarse"]], vague, fine))
  numbers <- mean_routes(routes, c("mean", "sd", "quantile", "size", "weight"), d$call)
  mean_answer(numbers[-5], numbers$weight, weight_name)
}

mean_map <- function(d) mixture_answer(d, d$mixtures, 0, "weight of the history")

mean_robust_map <- function(d) {
  need_vague(d, "robust_map")
  mixture_answer(d, d$mixtures, d$vague_weight, "weight of the history")
}

need_vague <- function(d, method) {
  if (is.null(d$vague) || anyNA(unlist(d$vague))) {
    abort_input(c("{.val {method}} needs a vague prior of the mean.",
      i = "Give {.code prior = prior_normal(mean, sd)}; the SD between patients makes it worth one patient."
    ), call = d$call)
  }
}

# t(df) as a mixture of normals over the history's own variance: sd^2 = df scale^2 / chi^2(df), its logarithm on panels.
normals_of_t <- function(mean, scale, df, fine) {
  if (is.infinite(df)) {
    return(list(weight = 1, mean = mean, sd = scale))
  }
  ends <- log(c(stats::qchisq(1e-16, df), stats::qchisq(1e-16, df, lower.tail = FALSE)))
  panels <- max(8, ceiling(diff(ends) / 1.5))
  nodes <- unit_panels(seq(ends[1], ends[2], length.out = panels + 1), fine)
  weight <- nodes$mass * exp(stats::dchisq(exp(nodes$node), df, log = TRUE) + nodes$node)
  list(weight = weight / sum(weight), mean = rep(mean, length(weight)), sd = scale * sqrt(df / exp(nodes$node)))
}

# The history's mean alone, its variance of its own unknown.
history_normals <- function(d, fine) {
  if (!is.null(d$known)) {
    return(list(weight = 1, mean = d$mean0, sd = d$known / sqrt(d$n0)))
  }
  normals_of_t(d$mean0, sqrt(d$ss0 / ((d$n0 - 1) * d$n0)), d$n0 - 1, fine)
}

# Commensurate prior (Hobbs and others 2011, 2012): theta | theta0 ~ N(theta0, eta^2), variances of their own. With one
# study and a flat mean natural_change() has tau_j of prior weight w_j and adds 2 tau_j^2: with tau = eta / sqrt(2) that
# is eta^2, and all products of its nodes with those of the history's variance are the prior of theta.
mean_commensurate <- function(d) {
  if (is.null(d$tau)) {
    abort_input(c("{.val commensurate} needs {.arg tau}, the SD between history and controls in points.",
      i = "Give {.code prior_fixed(2)}, or a prior such as {.code prior_half_normal(2)}."), call = d$call)
  }
  tau <- scaled_prior(d$tau, sqrt(0.5) / d$unit, d$call)
  priors <- list(mu = prior_components(flat_prior()), tau = prior_components(tau), bias_mean = 0, bias_sd = 0)
  histories <- both_routes(\(fine) {
    eta <- core_normal_meta(d$mean0, sqrt(d$ss0 / ((d$n0 - 1) * d$n0)), priors, fine)
    history <- history_normals(d, fine)
    list(weight = c(outer(history$weight, eta$fresh$weight)), mean = rep(d$mean0, length(history$sd) * length(eta$tau)),
      sd = sqrt(c(outer(history$sd^2, 2 * eta$tau^2, `+`))))
  })
  mixture_answer(d, histories, 0, "weight of the history")
}

# SAM (Yang and others 2023): R = max L(theta_h +- delta) / L(theta_h), w = 1 / (1 + R), L the controls' likelihood with
# their variance integrated out.
mean_sam <- function(d) {
  if (is.null(d$delta)) {
    abort_input(c("{.val sam} needs {.arg delta}: the difference of means that matters decides the weight.",
      i = "In points; it has no default."), call = d$call)
  }
  need_vague(d, "sam")
  l <- control_likelihood(d)
  log_like <- \(theta) stats::dt((l$mean - theta) / l$scale, l$df, log = TRUE)
  step <- d$delta / d$unit
  w <- stats::plogis(log_like(d$mean0) - max(log_like(d$mean0 + step), log_like(d$mean0 - step)))
  histories <- both_routes(\(fine) history_normals(d, fine))
  answer <- mixture_answer(d, histories, 1 - w, "")
  c(mean_answer(answer[c("mean", "sd", "quantile", "size")], closed(w), "SAM weight"), list(updated = answer$weight))
}

# LEAP -----------------------------------------------------------------------------------------------

# LEAP (Alt and others 2024) with two classes: each historical patient is of the controls' population with probability
# g, uniform, else of another with mean and variance of its own. The sum over all allocations; equal scores are counted
# together, so the number of allocations is the product of (times a score occurs + 1).
most_allocations <- 5e5

mean_leap <- function(d) {
  if (is.null(d$records)) {
    abort_input(c("{.val leap} allocates each historical patient to the controls' population or to another.",
      x = "Published means hold no single patients.",
      i = "Give {.arg sources} as a {.fn score_change} of untreated patients (`role = \"control\"`), or take another
           method."
    ), call = d$call)
  }
  need_vague(d, "leap")
  a <- allocations(d$records, d$call)
  n0 <- length(d$records)
  log_w <- a$log_count + lbeta(a$k + 1, n0 - a$k + 1) + log_other_class(d, n0 - a$k, sum(d$records) - a$sum,
    sum(d$records^2) - a$square)
  n <- d$n + a$k
  mean <- (d$n * d$mean + a$sum) / n
  ss <- d$ss + d$n * (d$mean - mean)^2 + pmax(0, a$square - 2 * mean * a$sum + a$k * mean^2)
  log_w <- log_w + log_student_evidence(d, n, ss)
  w <- exp(log_w - max(log_w))
  w <- w / sum(w)
  used <- w > 1e-18
  share <- sum(w * (a$k + 1) / (n0 + 2))
  answer <- closed_answer(d, student_parts(d, n[used], mean[used], ss[used], w[used]), share, "E share exchangeable")
  # Weights from logarithms of gamma functions of up to n0 patients: 1e-12 covers their rounding.
  rounded <- \(x) list(value = x$value, error = pmax(x$error, 1e-12 * pmax(1, abs(x$value))))
  lapply(answer, \(x) if (is.list(x)) rounded(x) else x)
}

# Every way to choose from the records: how many, their sum and sum of squares, and the log of how often it occurs.
allocations <- function(records, call) {
  counts <- table(factor(records, sort(unique(records))))
  if (prod(as.numeric(counts) + 1) > most_allocations) {
    abort_input(c("{.val leap} sums over all allocations of the historical patients: at most {most_allocations}.",
      x = "These {length(records)} scores have {format(prod(as.numeric(counts) + 1), digits = 3)}.",
      i = "18 distinct scores are the most; equal ones count together."), call = call)
  }
  a <- list(k = 0, sum = 0, square = 0, log_count = 0)
  for (i in seq_along(counts)) {
    j <- 0:counts[[i]]
    v <- sort(unique(records))[i]
    a <- list(k = c(outer(a$k, j, `+`)), sum = c(outer(a$sum, j * v, `+`)), square = c(outer(a$square, j * v^2, `+`)),
      log_count = c(outer(a$log_count, lchoose(counts[[i]], j), `+`)))
  }
  a
}

# log evidence of the other class: theta | sigma^2 ~ N(vague mean, sigma^2), sigma^2 ~ IG(1/2, vague sd^2 / 2), each
# worth one patient, or the prior given for the controls' variance.
log_other_class <- function(d, n, sum, square) {
  mean <- ifelse(n > 0, sum / pmax(n, 1), 0)
  ss <- pmax(0, square - n * mean^2) + n / (n + 1) * (mean - d$vague$mean)^2
  if (!is.null(d$known)) {
    return(-0.5 * n * log(2 * pi * d$known^2) - 0.5 * log1p(n) - 0.5 * ss / d$known^2)
  }
  a <- if (d$a > 0) d$a else 1
  b <- if (d$b > 0) d$b else d$vague$sd^2
  -0.5 * n * log(2 * pi) - 0.5 * log1p(n) + lgamma(0.5 * (a + n)) - lgamma(0.5 * a) + 0.5 * a * log(0.5 * b) -
    0.5 * (a + n) * log(0.5 * (b + ss))
}
