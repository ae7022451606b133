# Borrowing from history beside concurrent controls. Without controls there is nothing that could say how much to
# borrow, and this is refused.

#' Borrow historical controls beside concurrent ones
#'
#' The rate, or the mean change, of the concurrent controls of a trial, with as much of the history as each method
#' takes. All of them compare *control* patients with history; they are computed exactly (finite sums, or quadrature
#' over at most one dimension more).
#'
#' | method | what is borrowed |
#' |---|---|
#' | `"map"` | the meta-analytic-predictive distribution of the rate ([natural_rate()]) or mean ([natural_change()]) |
#' | `"robust_map"` | the same with a vague part of prior weight `vague`: \eqn{w' \propto w\, m(y)} |
#' | `"power"` | each historical patient counts `a0` |
#' | `"normalised_power"` | the same with \eqn{a_0} uniform on (0, 1), learned from the controls |
#' | `"commensurate"` | log odds (mean) of controls around the history's, standard deviation `tau` (known, or a prior) |
#' | `"sam"` | a mixture of weight \eqn{1 / (1 + R)}, R the likelihood ratio of a difference `delta` to none |
#' | `"elastic"` | the history counts \eqn{g(T)}, T its distance in standard errors; g(0.5) = 0.99, g(2) = 0.01 |
#' | `"leap"` | each historical patient is exchangeable with the controls or not; the share is learned |
#'
#' **Without concurrent controls there is no dynamic borrowing**: the weights would stay at their prior values. And
#' the treated arm is no control: given as one, its effect would look like a conflict with history and be shrunk away.
#' Both are refused (`cordgain_no_concurrent_controls`). For a single arm use [natural_rate()] or [natural_change()]
#' with a bias, and [tipping()].
#'
#' @section Means with unknown variance:
#' Controls given as scores have \eqn{n} changes of mean \eqn{\bar y}, \eqn{q = \sum (y_i - \bar y)^2}{q = sum (y_i -
#' ybar)^2}, \eqn{y_i \sim N(\theta, \sigma^2)}{y_i ~ N(theta, sigma^2)}. The prior of their variance is
#' \eqn{1 / \sigma^2}{1 / sigma^2} or inverse gamma (`sigma`); below \eqn{a}, \eqn{b} are twice its shape and rate (0, 0
#' for the former). The history pooled is \eqn{n_0}, \eqn{\bar y_0}{ybar0}, \eqn{q_0 = \sum_k (n_k - 1) s_k^2 + n_k
#' (\bar y_k - \bar y_0)^2}{q0 = sum (n_k - 1) s_k^2 + n_k (ybar_k - ybar0)^2}.
#'
#' *History about the mean alone* (`"map"`, `"robust_map"`, `"commensurate"`, `"sam"`): the controls' variance is their
#' own, and integrated out it leaves
#' \deqn{p(\theta \mid D) \propto \pi(\theta) \{b + q + n (\bar y - \theta)^2\}^{-(a + n)/2},}{p(theta | D) ~
#'   pi(theta) {b + q + n (ybar - theta)^2}^(-(a + n)/2),}
#' a prior times a Student t. \eqn{\pi} is the predictive distribution of [natural_change()], which takes published
#' standard errors as known (Schmidli 2014); that with a part \eqn{N(m, s^2)} of weight `vague`; \eqn{N(\theta_0,
#' \eta^2)}{N(theta0, eta^2)} averaged over
#' \eqn{\theta_0 \sim \bar y_0 + t_{n_0 - 1} \sqrt{q_0 / ((n_0 - 1) n_0)}}{theta0 ~ ybar0 + t(n0 - 1) sqrt(q0 / ((n0 -
#' 1) n0))} and over the prior `tau` of \eqn{\eta}{eta} (Hobbs 2011, 2012: variances of their own);
#' or that t with weight \eqn{w = 1 / (1 + R)} beside \eqn{N(m, s^2)} (Yang 2023), \eqn{R = \max
#' L(\bar y_0 \pm \delta) / L(\bar y_0)}{R = max L(ybar0 +- delta) / L(ybar0)} with the likelihood \eqn{L} of the second
#' factor above. The variance being unknown, a conflict of many \eqn{\delta}{delta} could be a wide spread as well:
#' \eqn{w} falls and then rises back towards 1/2, and what the history keeps is decided by the update.
#'
#' *History as a likelihood of mean and variance* (`"power"`, `"normalised_power"`, `"elastic"`, `"leap"`): the
#' normal-inverse-gamma form. With \eqn{a_0} (Ibrahim and Chen 2000) and \eqn{N = n + a_0 n_0},
#' \deqn{\theta \mid D \sim \frac{n \bar y + a_0 n_0 \bar y_0}{N} + t_{\nu} \sqrt{\frac{S}{\nu N}},
#'   \quad \nu = a + N - 1, \quad S = b + q + a_0 q_0 + \frac{n a_0 n_0}{N} (\bar y - \bar y_0)^2.}{theta | D ~
#'   (n ybar + a0 n0 ybar0) / N + t(nu) sqrt(S / (nu N)), nu = a + N - 1,
#'   S = b + q + a0 q0 + n a0 n0 / N (ybar - ybar0)^2.}
#' `"normalised_power"` (Duan 2006): \eqn{p(a_0 \mid D) \propto c(n + a_0 n_0, S) / c(a_0 n_0, b + a_0 q_0)}{p(a0 | D) ~
#' c(n + a0 n0, S) / c(a0 n0, b + a0 q0)}, with
#' \eqn{c(k, S) = k^{-1/2} \Gamma((a + k - 1) / 2) (S / 2)^{-(a + k - 1)/2}}{c(k, S) = k^(-1/2) Gamma((a + k - 1) / 2)
#' (S / 2)^(-(a + k - 1)/2)}, \eqn{a_0} uniform where the powered history is a proper prior, from
#' \eqn{(1 - a) / n_0}{(1 - a) / n0} to 1. `"elastic"` (Jiang 2023): \eqn{a_0 = g(T)}, \eqn{T = |\bar y -
#' \bar y_0| / \sqrt{s^2 / n + s_0^2 / n_0}}{T = |ybar - ybar0| / sqrt(s^2 / n + s0^2 / n0)}. `"leap"` (Alt 2024, two
#' classes): the sum over all allocations of the historical patients, the share uniform, the other class with
#' \eqn{\theta_2 \mid \sigma_2 \sim N(m, \sigma_2^2)}{theta2 | sigma2 ~ N(m, sigma2^2)},
#' \eqn{\sigma_2^2 \sim IG(1/2, s^2/2)}{sigma2^2 ~ IG(1/2, s^2/2)} (or `sigma`). Published means
#' hold no patients to allocate: it asks for their scores.
#'
#' With two or three controls and no prior of the variance some moments do not exist; they are `NA`, intervals stand.
#'
#' @param controls concurrent controls: a [trial_arm()] with `role = "control"` and a known number of responders, or a
#'   [score_change()] with `role = "control"` and known final scores.
#' @param sources for counts: a table of sources, or a [natural_rate()] (for the `"map"` methods; a table is given its
#'   default priors; the others take no `bias`, `landmark` or `drift`). For scores: a table of published means with
#'   `sd` and `n`, a [natural_change()] (which the `"map"` methods need, as its `tau` has no default), or a
#'   [score_change()] of untreated patients (which `"leap"` needs).
#' @param method (character) one or several of the above.
#' @param a0 (number in \[0, 1\]) of `"power"`; no default.
#' @param vague (number in (0, 1)) prior weight of the vague part of `"robust_map"`.
#' @param delta (number) of `"sam"`, no default: difference of rates, in (0, 1), or of means, in points.
#' @param tau prior of the standard deviation of `"commensurate"`, on log odds or in points: [prior_fixed()],
#'   [prior_half_normal()] or [prior_half_t()]; no default.
#' @param prior for counts a [prior_beta()]: initial prior of a rate, and the vague part; `NULL` is uniform. For scores
#'   a [prior_normal()]: the vague part \eqn{N(m, s^2)} of `"robust_map"`, `"sam"` and `"leap"`; `NULL` is the history's
#'   mean and SD between patients, worth one patient (Kass and Wasserman 1995).
#' @param accept (character) differences between controls and sources taken on oneself; see [matching].
#' @param conf.level (number in (0, 1)) of intervals.
#' @param sigma for scores: prior of the variance between controls, [prior_inverse_gamma()] (in points squared), or
#'   [prior_fixed()], their SD taken as known; `NULL` is \eqn{1 / \sigma^2}{1 / sigma^2}.
#' @return A `borrow`: `tidy()` has for each method (`group`) the rows `rate` or `mean` (posterior mean, SD and interval
#'   of the controls' rate or mean change), `weight` (what is left to the history; its meaning is in `note`), and
#'   `ess_borrowed` (patients by which the posterior is worth more than that of the controls alone; negative where it
#'   is worth less; by the moment size for a rate, by \eqn{E(\sigma^2 \mid D) / Var(\theta \mid D) - n}{E(sigma^2 | D) /
#'   Var(theta | D) - n} for a mean, which is \eqn{a_0 n_0}{a0 n0} for a power prior); for `"commensurate"` rates with a
#'   known `tau` `log_odds_normal`, the customary normal approximation, for comparison; for `"sam"`, whose `weight` is
#'   the mixture's before the controls update it, `posterior_weight`, that after it. The first rows (`group`
#'   `"none"`) are the controls alone, for scores the t interval. `plot()` draws the intervals.
#' @section Conditions: `cordgain_no_concurrent_controls` without a control arm or with a treated one;
#'   `cordgain_unmatched` where controls and sources differ and the difference is not accepted;
#'   `cordgain_invalid_input` for arguments missing or out of range, controls that do not vary (or one alone) without
#'   `sigma`, sources without `sd` and `n`, different scales, and `"leap"` on published means;
#'   `cordgain_numerical_error` where a number cannot be had to 1e-6.
#' @references
#' Schmidli and others (2014), Biometrics 70:1023-1032, \doi{10.1111/biom.12242}. Ibrahim and Chen (2000),
#' \doi{10.1214/ss/1009212673}. Duan, Ye and Smith (2006), Environmetrics 17:95-106, \doi{10.1002/env.752}. Hobbs and
#' others (2011), Biometrics 67:1047-1056, \doi{10.1111/j.1541-0420.2011.01564.x}; Hobbs, Sargent and Carlin (2012),
#' Bayesian Analysis 7:639-674, \doi{10.1214/12-BA722}. Yang and others (2023), Biometrics,
#' \doi{10.1111/biom.13927}. Jiang, Nie and Yuan (2023), Biometrics, \doi{10.1111/biom.13551}. Alt and others (2024),
#' Biometrics, \doi{10.1093/biomtc/ujae083}. Kass and Wasserman (1995), JASA 90:928-934.
#' @seealso [natural_rate()], [natural_change()], [design_trial()], [tipping()]
#' @examples
#' controls <- trial_arm(responders = 1, n = 4, endpoint = "ais_c", level = "cervical",
#'   baseline_grade = "A", baseline_days = c(14, 28), followup_weeks = 52, years = 2025,
#'   role = "control")
#' history <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' borrow(controls, history, c("map", "robust_map", "leap"), accept = c("level", "baseline", "years"))
#'
#' # simulated scores of four controls beside three published means
#' scores <- score_change(c(12, 18, 9, 15), c(26, 25, 12, 21), "uems", role = "control",
#'   match = list(level = "cervical", baseline_grade = "A"))
#' means <- data.frame(source = c("a", "b", "c"), mean = c(7.8, 10.5, 9), sd = c(6, 7, 6.5),
#'   n = c(100, 60, 22), measure = "uems", level = "cervical", baseline_grade = "A")
#' borrow(scores, natural_change(means, tau = prior_half_normal(2)),
#'   c("robust_map", "power", "commensurate"), a0 = 0.5, tau = prior_half_normal(3),
#'   accept = c("baseline", "followup", "years", "registry"))
#' @export
borrow <- function(controls, sources, method = c("map", "robust_map", "power", "normalised_power", "commensurate",
                     "sam", "leap", "elastic"), a0 = NULL, vague = 0.2, delta = NULL, tau = NULL, prior = NULL,
                   accept = character(), conf.level = 0.95, sigma = NULL, ...) {
  call <- rlang::current_env()
  check_no_more(names(formals(borrow)), ...)
  check_concurrent(rlang::maybe_missing(controls), call)
  if (missing(sources) || is.null(sources)) abort_input(c("{.arg sources} is not given.",
    i = "Give a table of sources, or a {.fn natural_rate} (for means, a {.fn natural_change})."))
  method <- if (missing(method)) "map" else unique(method)
  if (length(method) == 0L) abort_input(c("{.arg method} names no method.",
    i = "One or several of {.val {names(borrow_methods())}}."))
  for (name in method) check_choice(name, names(borrow_methods()), "method")
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  settings <- list(
    a0 = if (!is.null(a0)) check_number(a0, min = 0, max = 1),
    vague = check_number(vague, min = 0, max = 1, min_open = TRUE, max_open = TRUE), delta = delta,
    tau = if (!is.null(tau)) check_between(tau, call), prior = prior, sigma = sigma
  )
  accept <- check_accept(accept, call)
  compare <- if (is_score_change(controls)) borrow_means else borrow_counts
  compare(controls, sources, method, settings, accept, conf.level, call)
}

# The SD of "commensurate"; one taken as known is checked before it is put on another scale.
check_between <- function(tau, call) {
  check_prior(tau, c("fixed", "half_normal", "half_t"), "tau", call)
  if (prior_kind(tau) == "fixed") check_number(prior_parameters(tau)[["value"]], "tau", min = 0, call = call)
  tau
}

borrow_counts <- function(controls, sources, method, settings, accept, conf.level, call) {
  if (!is.null(settings$sigma)) {
    abort_input("{.arg sigma} belongs to scores; counts have no variance of their own.", call = call)
  }
  delta <- settings$delta
  settings["delta"] <- list(if (!is.null(delta)) {
    check_number(delta, min = 0, max = 1, min_open = TRUE, max_open = TRUE, call = call)
  })
  prior <- if (is.null(settings$prior)) prior_beta(1, 1) else settings$prior
  natural <- if (inherits(sources, "natural_rate")) sources else natural_rate(sources)
  accepted <- assert_matched(evidence_differences(match_terms(controls), natural_sources(natural)), accept, call)
  data <- c(borrow_data(controls, natural, check_prior(prior, "beta", "prior", call), method, call),
    settings[c("a0", "vague", "delta", "tau")])
  rows <- lapply(method, \(name) borrow_rows(name, borrow_methods()[[name]](data), data, conf.level))
  terms <- do.call(rbind, c(list(alone_rows(data, conf.level)), rows))
  structure(list(terms = terms, controls = controls, natural = natural, accepted = accepted), class = "borrow")
}

check_concurrent <- function(controls, call) {
  refuse <- \(what) abort_cordgain(c("Borrowing needs concurrent controls.", x = what,
    i = paste("Methods of dynamic borrowing compare control patients with history. Without controls the weight",
      "stays where the prior put it; a treated arm given instead looks like a conflict, and its effect is",
      "shrunk away."),
    i = "For a single arm: {.fn natural_rate} with a bias, {.fn excess}, {.fn tipping}."
  ), "cordgain_no_concurrent_controls", call = call, .envir = rlang::current_env())
  if (rlang::is_missing(controls) || is.null(controls)) refuse("There is no control arm.")
  if (is_score_change(controls)) {
    if (change_role(controls) != "control") refuse("The scores' role is {.val {change_role(controls)}}.")
    return(invisible(controls))
  }
  if (!is_trial_arm(controls)) refuse("{.arg controls} is {.obj_type_friendly {controls}}, no {.fn trial_arm}.")
  if (arm_role(controls) != "control") refuse("The arm's role is {.val {arm_role(controls)}}.")
}

borrow_data <- function(controls, natural, prior, method, call) {
  counts <- arm_counts(controls)
  if (counts$min != counts$max) {
    abort_input(c("The controls' responders must be known.", x = "They are {counts$min} to {counts$max} of {counts$n}.",
      i = "Ask for each number in turn."), call = call)
  }
  if (rate_is_known(natural)) {
    abort_input(c("A rate taken as known cannot be weighed against controls.",
      i = "Give {.fn natural_rate} a table of sources or a prior."), call = call)
  }
  sources <- natural_sources(natural)
  check_pooled(setdiff(method, c("map", "robust_map")), natural, call)
  shape <- prior_parameters(prior)
  list(y = counts$min, n = counts$n, y0 = sum(sources$events), n0 = sum(sources$n), a = shape[["a"]], b = shape[["b"]],
    natural = natural, call = call)
}

# What was laid on the counts of a natural rate.
moved_by <- function(natural) {
  moved <- c(bias = has_bias(natural), landmark = !is.null(natural_landmark(natural)),
    drift = !is.null(natural_drift(natural)))
  names(moved)[moved]
}

# Methods that pool the counts take them as they stand: what was laid on the natural rate would be lost in silence.
check_pooled <- function(method, natural, call) {
  if (length(method) == 0L) {
    return(invisible())
  }
  if (rate_kind(natural) != "meta") {
    abort_input("{.val {method}} need{?s/} a table of sources with counts.", call = call)
  }
  moved <- moved_by(natural)
  if (length(moved) > 0L) {
    abort_input(c("{.val {method}} {?knows/know} no {.arg {moved}} of the history.",
      i = "Only {.val map} and {.val robust_map} take what was laid on a {.fn natural_rate}; give the others its table."
    ), call = call)
  }
}

# Rows --------------------------------------------------------------------------------------

alone_rows <- function(d, conf.level) {
  alone <- list(posterior = beta_mixture(d$a + d$y, d$b + d$n - d$y))
  cbind(group = "none", posterior_row(alone$posterior, conf.level), note = "controls alone")
}

borrow_rows <- function(name, made, d, conf.level) {
  rate <- posterior_row(made$posterior, conf.level)
  alone <- posterior_row(beta_mixture(d$a + d$y, d$b + d$n - d$y), conf.level)
  size <- \(row) row$estimate * (1 - row$estimate) / row$std.error^2 - 1
  error <- (size(rate) + 1) * 4 * rate$num.error / rate$std.error^2
  rows <- rbind(rate, term_row("weight", made$weight, error = made$weight_error),
    term_row("ess_borrowed", size(rate) - size(alone), error = error))
  note <- c("", made$weight_name, "")
  if (!is.null(made$normal) && !is.na(made$normal)) {
    rows <- rbind(rows, term_row("log_odds_normal", made$normal, error = 1e-14))
    note <- c(note, "normal approximation, for comparison")
  }
  with_updated_weight(cbind(group = name, rows, note = note), made$updated, 1e-12)
}

# Mean, SD and equal-tailed interval of a mixture of betas, or of a posterior known by its moments and distribution
# function.
posterior_row <- function(posterior, conf.level) {
  mixture <- is.null(posterior$cdf)
  mean <- if (mixture) mixture_moment(posterior, 1) else posterior$mean
  sd <- if (mixture) sqrt(mixture_moment(posterior, 2) - mean^2) else posterior$sd
  cdf <- if (mixture) \(p) mixture_cdf(posterior, p) else posterior$cdf
  ends <- vapply(c(1 - conf.level, 1 + conf.level) / 2, \(q) rate_limit(cdf, q), 0)
  error <- if (mixture) 1e-10 else max(posterior$error, 1e-10)
  term_row("rate", mean, ends[1], ends[2], error, sd)
}

# Where the distribution function is q; nearer than 1e-12 to 0 or 1 it is that end, within the stated error.
rate_limit <- function(cdf, q) {
  ends <- c(1e-12, 1 - 1e-12)
  if (cdf(ends[1]) >= q) {
    return(0)
  }
  if (cdf(ends[2]) <= q) 1 else stats::uniroot(\(p) cdf(p) - q, ends, tol = 1e-11)$root
}

# Methods ------------------------------------------------------------------------------------

#' @export
tidy.borrow <- function(x, ...) x$terms

#' @export
summary.borrow <- function(object, ...) object

#' @export
print.borrow <- function(x, digits = 3, ...) {
  counts <- arm_counts(x$controls)
  sources <- natural_sources(x$natural)
  cat(wrap_lines(c(
    paste0("Rate of the concurrent controls (", counts$min, " of ", counts$n, ") with borrowing from ",
      natural_label(x$natural), if (!anyNA(sources$events)) paste0(" (", sum(sources$events), " of ", sum(sources$n),
        ")"),
      "."),
    format_accepted(x$accepted)
  )), sep = "\n")
  rate <- x$terms[x$terms$term == "rate", ]
  weight <- x$terms[x$terms$term == "weight", ]
  at <- match(rate$group, weight$group)
  print(data.frame(method = method_words(rate$group), rate = signif(rate$estimate, digits),
    interval = paste(signif(rate$conf.low, digits), "to", signif(rate$conf.high, digits)),
    weight = ifelse(is.na(at), "", paste0(signif(weight$estimate[at], digits), " (", weight$note[at], ")"))),
  row.names = FALSE, right = FALSE)
  invisible(x)
}

#' @rdname borrow
#' @param x a `borrow`.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @export
plot.borrow <- function(x, ...) {
  check_picture(names(formals(plot.borrow)), ...)
  rows <- x$terms[x$terms$term == "rate", ]
  borrowing_picture(rows, "Rate of the concurrent controls", percent_text) + percent_axis(limits = c(0, 1))
}
