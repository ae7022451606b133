# Priors as values. A prior is a kind and its parameters, or a mixture of such;
# it computes nothing itself and goes down to the core as a small matrix.

#' Priors
#'
#' Describe what is believed before the data. A prior is a plain value: print it,
#' store it, hand it to [natural_rate()] or [excess()]. Means, standard deviations
#' and scales are on the scale of the parameter: log odds for the mean `mu`, the
#' heterogeneity `tau`, a bias and a treatment effect `delta`; the rate itself for
#' `prior_beta()`.
#'
#' | function | density, up to a constant |
#' |---|---|
#' | `prior_normal(mean, sd)` | \eqn{\exp(-(x - mean)^2 / (2 sd^2))} |
#' | `prior_t(df, mean, sd)` | Student t with `df` degrees of freedom, location `mean` and scale `sd` (see below) |
#' | `prior_half_normal(scale)` | \eqn{\exp(-x^2 / (2 scale^2))}, \eqn{x \ge 0}; median \eqn{0.674} scale |
#' | `prior_half_t(df, scale)` | Student t folded at 0; `df = 1` is the half-Cauchy |
#' | `prior_exponential(rate)` | \eqn{\exp(-rate\, x)}, \eqn{x \ge 0} |
#' | `prior_pc(upper, prob)` | exponential with \eqn{P(x > upper) = prob}: rate \eqn{-\log(prob) / upper} |
#' | `prior_beta(a, b)` | \eqn{x^{a-1} (1-x)^{b-1}} on a rate |
#' | `prior_gamma(shape, rate)` | \eqn{x^{shape-1} \exp(-rate\, x)} |
#' | `prior_uniform(min, max)` | constant between `min` and `max` |
#' | `prior_fixed(value)` | all mass at `value` |
#' | `prior_inverse_gamma(shape, rate)` | \eqn{x^{-shape-1} \exp(-rate / x)}; refused as vague when both are below 0.1 |
#' | `prior_lkj(eta)` | \eqn{\det(R)^{eta - 1}} on correlation matrices |
#' | `prior_mixture(w, ...)` | weighted sum of priors of one kind |
#'
#' @param mean,sd location and scale; `sd > 0`. Of `prior_t()` `sd` is the scale, as printed too, and not the standard
#'   deviation, which is \eqn{\sqrt{df / (df - 2)}} times it: 1.73 times with `df = 3`, and none with 2 or less.
#' @param df (number > 0) degrees of freedom.
#' @param scale (number > 0) of the half-normal or half-t.
#' @param rate (number > 0) rate, one over the unit of the parameter.
#' @param upper,prob (numbers) an upper bound and the probability left above it.
#' @param a,b (numbers > 0) of the beta: prior events and non-events. As a natural rate neither may be above a million:
#'   a rate known so closely is given to [natural_rate()] as a number.
#' @param shape (number > 0) of the gamma.
#' @param min,max (numbers) ends of the uniform, `min < max`.
#' @param value (number) the value that is taken as known.
#' @param eta (number > 0) of the LKJ prior.
#' @param w (numeric > 0, one per component) weights; where they do not add up to 1 they
#'   are divided by their sum, and a message says so.
#' @param ... of `prior_mixture()`, priors of one kind, one for each weight; of all others
#'   nothing: an argument that does not exist is refused by name.
#'
#' @return A `prior`: print it, `tidy()` it (one row per component), [update()] it
#'   with counts, or ask for its [ess()].
#' @section Conditions: `cordgain_invalid_input` for parameters that are not finite
#'   or not positive where they must be, for an argument that does not exist, for an inverse gamma that is vague on the
#'   variance but sharp near 0 (Gelman 2006), and for mixtures of several kinds.
#' @references
#' Gelman (2006), Bayesian Analysis 1:515-534, \doi{10.1214/06-BA117A} (half-normal and
#' half-t; why not the vague inverse gamma). Simpson and others (2017), Statistical
#' Science 32:1-28, \doi{10.1214/16-STS576} (`prior_pc()`). Roever and others (2021),
#' \doi{10.1002/jrsm.1475} (half-normal on log odds).
#' @seealso [natural_rate()], [excess()], [update.prior()], [ess()]
#' @examples
#' prior_half_normal(0.5)
#' prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))
#' prior_pc(1, 0.05) # rate 2.9957
#' @name prior
NULL

# The vocabulary, in one place: the code of each kind in the core (an enum of
# dist/prior.hpp) and the order in which the parameters go down.
prior_kinds <- list(
  flat = list(code = 0, parameters = character()),
  fixed = list(code = 1, parameters = "value"),
  normal = list(code = 2, parameters = c("mean", "sd")),
  t = list(code = 3, parameters = c("mean", "sd", "df")),
  half_normal = list(code = 4, parameters = "scale"),
  half_t = list(code = 5, parameters = c("scale", "df")),
  exponential = list(code = 6, parameters = "rate"),
  beta = list(code = 7, parameters = c("a", "b")),
  gamma = list(code = 8, parameters = c("shape", "rate")),
  uniform = list(code = 9, parameters = c("min", "max")),
  inverse_gamma = list(code = NA, parameters = c("shape", "rate")),
  lkj = list(code = NA, parameters = "eta")
)

new_prior <- function(kind, parameters = numeric()) {
  structure(list(kind = kind, parameters = parameters), class = "prior")
}

positive <- function(x, arg = rlang::caller_arg(x), call = rlang::caller_env()) {
  check_number(x, arg, min = 0, min_open = TRUE, call = call)
}

#' @rdname prior
#' @export
prior_normal <- function(mean, sd, ...) {
  check_given(c(mean = "its mean", sd = "its standard deviation, above 0"), ...)
  new_prior("normal", c(mean = check_number(mean), sd = positive(sd)))
}

#' @rdname prior
#' @export
prior_t <- function(df, mean, sd, ...) {
  check_given(c(df = "degrees of freedom, above 0", mean = "its centre", sd = "its scale, above 0"), ...)
  new_prior("t", c(mean = check_number(mean), sd = positive(sd), df = positive(df)))
}

#' @rdname prior
#' @export
prior_half_normal <- function(scale, ...) {
  check_given(c(scale = "the standard deviation of the normal that is folded at 0, above 0"), ...)
  new_prior("half_normal", c(scale = positive(scale)))
}

#' @rdname prior
#' @export
prior_half_t <- function(df, scale, ...) {
  check_given(c(df = "degrees of freedom, above 0", scale = "its scale, above 0"), ...)
  new_prior("half_t", c(scale = positive(scale), df = positive(df)))
}

#' @rdname prior
#' @export
prior_exponential <- function(rate, ...) {
  check_given(c(rate = "one over its mean, above 0"), ...)
  new_prior("exponential", c(rate = positive(rate)))
}

#' @rdname prior
#' @export
prior_pc <- function(upper, prob, ...) {
  check_given(c(upper = "a value that is seldom exceeded, above 0", prob = "the probability of exceeding it"), ...)
  upper <- positive(upper)
  prob <- check_number(prob, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  prior_exponential(-log(prob) / upper)
}

#' @rdname prior
#' @export
prior_beta <- function(a, b, ...) {
  check_given(c(a = "first shape, like events seen before, above 0", b = "second shape, like non-events, above 0"), ...)
  new_prior("beta", c(a = positive(a), b = positive(b)))
}

#' @rdname prior
#' @export
prior_gamma <- function(shape, rate, ...) {
  check_given(c(shape = "its shape, like events seen before, above 0", rate = "its rate, like exposure, above 0"), ...)
  new_prior("gamma", c(shape = positive(shape), rate = positive(rate)))
}

#' @rdname prior
#' @export
prior_uniform <- function(min, max, ...) {
  check_given(c(min = "its lower end", max = "its upper end"), ...)
  min <- check_number(min)
  max <- check_number(max)
  if (min >= max) {
    abort_input(c("{.arg min} must be below {.arg max}.", x = "They are {min} and {max}."))
  }
  new_prior("uniform", c(min = min, max = max))
}

#' @rdname prior
#' @export
prior_fixed <- function(value, ...) {
  check_given(c(value = "the value taken as known"), ...)
  new_prior("fixed", c(value = check_number(value)))
}

#' @rdname prior
#' @export
prior_inverse_gamma <- function(shape, rate, ...) {
  check_given(c(shape = "its shape, above 0", rate = "its rate, above 0"), ...)
  shape <- positive(shape)
  rate <- positive(rate)
  if (shape < 0.1 && rate < 0.1) {
    abort_input(c("An inverse gamma prior this vague is refused.",
      x = "shape = {shape}, rate = {rate}.",
      i = "It is not vague near 0, and with few patients it decides the answer (Gelman 2006).",
      i = "Use {.fn prior_half_normal} or {.fn prior_half_t} on the standard deviation."
    ))
  }
  new_prior("inverse_gamma", c(shape = shape, rate = rate))
}

#' @rdname prior
#' @export
prior_lkj <- function(eta, ...) {
  check_given(c(eta = "1 for all correlations alike, more for small ones; above 0"), ...)
  new_prior("lkj", c(eta = positive(eta)))
}

#' @rdname prior
#' @export
prior_mixture <- function(w, ...) {
  check_given(c(w = "the weights of the priors that follow"))
  components <- list(...)
  w <- check_numeric(w, min = 0, min_open = TRUE, length = length(components))
  kinds <- vapply(components, \(p) if (is_prior(p)) prior_kind(p) else NA_character_, "")
  if (length(components) == 0L || anyNA(kinds) || length(unique(kinds)) > 1L || kinds[1] == "mixture") {
    abort_input(c("A mixture needs one or more priors of one kind.",
      i = "For example {.code prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))}.",
      x = "Given: {.val {ifelse(is.na(kinds), 'not a prior', kinds)}}."
    ))
  }
  tell_rescaled(w)
  new_mixture(w, components)
}

# Weights in proportion, as they come out of a computation.
new_mixture <- function(w, components) {
  structure(list(kind = "mixture", w = w / sum(w), components = components), class = "prior")
}

tell_rescaled <- function(w) {
  if (abs(sum(w) - 1) > 1e-8) {
    cli::cli_inform(c("!" = "The weights add up to {format(sum(w), digits = 6)}, not 1, and are divided by it:
      {format(w / sum(w), digits = 3)}."), class = "cordgain_rescaled_weights")
  }
}

# Flat on the whole line: what `mu = NULL` means. Not exported: an improper prior has no name of its own.
flat_prior <- function() new_prior("flat")

# Verbs by which other files look at a prior -----------------------------------

is_prior <- function(x) inherits(x, "prior")

prior_kind <- function(x) x$kind

prior_parameters <- function(x) x$parameters

# The kinds of a prior's components, once each.
prior_base_kind <- function(x) if (prior_kind(x) == "mixture") prior_kind(x$components[[1]]) else prior_kind(x)

check_prior <- function(x, kinds, arg = rlang::caller_arg(x), call = rlang::caller_env()) {
  if (!is_prior(x) || !prior_base_kind(x) %in% kinds) {
    made_by <- paste0("prior_", setdiff(kinds, "flat"), "()")
    abort_input(c("{.arg {arg}} must be a prior made by {.or {.code {made_by}}}.",
      x = if (is_prior(x)) "It is {.code {format(x)}}." else "It is {.obj_type_friendly {x}}."
    ), call = call)
  }
  x
}

# What the core reads: one row per component; weight, code of the kind, three parameters.
prior_components <- function(x) {
  if (prior_kind(x) == "mixture") {
    rows <- lapply(x$components, prior_components)
    rows <- do.call(rbind, rows)
    rows[, "weight"] <- x$w
    return(rows)
  }
  entry <- prior_kinds[[prior_kind(x)]]
  values <- unname(prior_parameters(x)[entry$parameters])
  matrix(c(1, entry$code, c(values, 0, 0, 0)[1:3]), nrow = 1, dimnames = list(NULL, c("weight", "kind", "a", "b", "c")))
}

# Probability above a value of a prior of a standard deviation, in closed form.
prior_above <- function(x, value) {
  if (prior_kind(x) == "mixture") {
    return(sum(x$w * vapply(x$components, prior_above, 0, value = value)))
  }
  p <- as.list(prior_parameters(x))
  switch(prior_kind(x),
    half_normal = 2 * stats::pnorm(-value / p$scale),
    half_t = 2 * stats::pt(-value / p$scale, p$df),
    exponential = exp(-p$rate * value),
    gamma = stats::pgamma(value, p$shape, p$rate, lower.tail = FALSE),
    uniform = stats::punif(value, p$min, p$max, lower.tail = FALSE),
    fixed = as.numeric(p$value > value)
  )
}

# Mean and variance of a beta, normal or gamma prior (mixtures too), in closed form.
prior_moments <- function(x) {
  rows <- prior_components(x)
  a <- rows[, "a"]
  b <- rows[, "b"]
  means <- switch(prior_base_kind(x), beta = a / (a + b), normal = a, gamma = a / b)
  variances <- switch(prior_base_kind(x), beta = a * b / ((a + b)^2 * (a + b + 1)), normal = b^2, gamma = a / b^2)
  mean <- sum(rows[, "weight"] * means)
  list(mean = mean, variance = sum(rows[, "weight"] * (variances + (means - mean)^2)))
}

# Methods ----------------------------------------------------------------------

#' Posterior of a conjugate prior
#'
#' Updates a beta prior (or a mixture of betas) with `events` of `n`, or a gamma
#' prior of a rate with `events` in an exposure of `n`. A mixture stays one; the
#' weight of each component is multiplied by how well it predicted the counts,
#' \deqn{w'_j \propto w_j\, B(a_j + y, b_j + n - y) / B(a_j, b_j).}
#'
#' @param object a `prior` made by [prior_beta()], [prior_gamma()] or a mixture of these.
#' @param events (whole number) events seen.
#' @param n (number) patients (beta) or exposure (gamma).
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return A `prior` of the same kind; `tidy()` shows the posterior weights.
#' @section Conditions: `cordgain_invalid_input` for another kind of prior, or counts
#'   that are none.
#' @references Schmidli and others (2014), Biometrics 70:1023-1032, \doi{10.1111/biom.12242}.
#' @seealso [prior_beta()], [natural_rate()]
#' @examples
#' tidy(update(prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1)), events = 1, n = 4))
#' @export
update.prior <- function(object, events, n, ...) {
  check_given(c(events = "events observed", n = "patients observed, or exposure for a gamma prior"), ...)
  check_prior(object, c("beta", "gamma"), "object")
  if (prior_base_kind(object) == "beta") {
    n <- check_count(n, min = 1)
    events <- check_count(events, max = n)
  } else {
    n <- check_number(n, min = 0, min_open = TRUE)
    events <- check_count(events)
  }
  components <- if (prior_kind(object) == "mixture") object$components else list(object)
  posterior <- lapply(components, \(p) conjugate(p, events, n))
  if (prior_kind(object) != "mixture") {
    return(posterior[[1]]$prior)
  }
  log_w <- log(object$w) + vapply(posterior, \(p) p$log_evidence, 0)
  # A part that the counts rule out keeps the smallest weight there is, so that the mixture keeps its parts.
  w <- pmax(exp(log_w - max(log_w)), .Machine$double.xmin)
  new_mixture(w, lapply(posterior, \(p) p$prior))
}

conjugate <- function(prior, events, n) {
  p <- prior_parameters(prior)
  if (prior_kind(prior) == "beta") {
    a <- p[["a"]] + events
    b <- p[["b"]] + n - events
    return(list(prior = prior_beta(a, b), log_evidence = lbeta(a, b) - lbeta(p[["a"]], p[["b"]])))
  }
  shape <- p[["shape"]] + events
  rate <- p[["rate"]] + n
  log_evidence <- p[["shape"]] * log(p[["rate"]]) - lgamma(p[["shape"]]) + lgamma(shape) - shape * log(rate)
  list(prior = prior_gamma(shape, rate), log_evidence = log_evidence)
}

#' @export
format.prior <- function(x, ...) {
  if (prior_kind(x) == "mixture") {
    parts <- vapply(x$components, format, "")
    return(paste(paste0(signif(x$w, 3), " ", parts), collapse = " + "))
  }
  if (prior_kind(x) == "flat") {
    return("flat")
  }
  p <- prior_parameters(x)
  paste0(prior_kind(x), "(", paste0(names(p), " = ", vapply(p, \(v) format(signif(v, 6)), ""), collapse = ", "), ")")
}

#' @export
print.prior <- function(x, ...) {
  writeLines(wrap_lines(paste0("Prior: ", format(x))))
  invisible(x)
}

#' @export
summary.prior <- function(object, ...) tidy(object)

#' @export
tidy.prior <- function(x, ...) {
  components <- if (prior_kind(x) == "mixture") x$components else list(x)
  weight <- if (prior_kind(x) == "mixture") x$w else 1
  rows <- Map(\(p, w) {
    data.frame(weight = w, kind = prior_kind(p), as.list(prior_parameters(p)))
  }, components, weight)
  do.call(rbind, rows)
}
