# The multiverse of an excess of scores: evidence x heterogeneity x bias x family of the natural change.

#' @rdname sensitivity
#' @param family (list of strings) families of one patient's natural change, see [natural_change()]; `NULL` takes the
#'   evidence's own and, where its range is known, `"normal"`, `"censored"` and `"beta_binomial"`.
#' @param effect prior of the mean excess in points: [prior_normal()] or a mixture; `NULL` is centred on no excess with
#'   the SD between patients, worth one patient.
#' @export
sensitivity.excess_score <- function(excess, natural = list(), tau = NULL, bias = NULL, family = NULL, effect = NULL,
                                     ...) {
  check_no_more(names(formals(sensitivity.excess_score)), ...)
  call <- rlang::current_env()
  own <- score_excess_natural(excess)
  sd <- change_sd(own)
  settings <- c(score_excess_settings(excess)[c("conf.level", "sd_treated")], list(effect = check_effect(effect, sd,
    call)))
  if (is.null(bias)) bias <- list(NULL, prior_normal(0, sd / 4), prior_normal(sd / 4, sd / 4))
  if (is.null(tau)) tau <- if (change_kind(own) == "meta") scaled_priors(change_tau(own)) else list(prior_fixed(0))
  if (is.null(family)) family <- usual_families(own)
  choices <- list(tau = choice_list(tau, change_tau(own), "tau", call),
    bias = choice_list(bias, bias_prior(change_bias(own)), "bias", call),
    family = choice_list(family, change_family(own), "family", call))
  lapply(choices$tau, check_tau, call = call)
  evidence <- change_evidence(own, natural, call)
  x <- score_excess_change(excess)
  rows <- lapply(names(evidence), \(name) change_rows(name, evidence[[name]], x, choices, settings, call))
  table <- rbind(do.call(rbind, rows), change_left_out(excess, own, settings, call))
  table$own <- table$analysis == "choice" & is_own_change(table, own, names(evidence)[1])
  power <- if (!anyNA(change_scores(x))) effect_power(effect_table_of(excess, call), settings$effect)
  new_sensitivity(table, power, excess, c("evidence", "tau", "bias", "family"), c("observed", "n"), change_terms)
}

change_terms <- c("natural_tail", "natural_mean", "mean_excess", "prob_excess", "posterior_excess", "prob_benefit")

# The prior with half and with twice its spread.
scaled_priors <- function(prior) {
  p <- prior_parameters(prior)
  scaled <- \(by) switch(prior_kind(prior),
    half_normal = prior_half_normal(by * p[["scale"]]), half_t = prior_half_t(p[["df"]], by * p[["scale"]]),
    exponential = prior_exponential(p[["rate"]] / by), gamma = prior_gamma(p[["shape"]], p[["rate"]] / by),
    uniform = prior_uniform(by * p[["min"]], by * p[["max"]]), fixed = prior_fixed(by * p[["value"]])
  )
  if (prior_kind(prior) == "mixture") list(prior) else list(scaled(0.5), prior, scaled(2))
}

usual_families <- function(natural) {
  if (is.null(change_range(natural))) {
    return(list(change_family(natural)))
  }
  as.list(unique(c(change_family(natural), "normal", "censored", "beta_binomial")))
}

change_evidence <- function(own, natural, call) {
  evidence_beside(own, natural, change_of_table, is_natural_change, "natural change", call)
}

# The answer's own evidence and the named others; tables of means become natural recovery under its own settings.
# @param of_table (function of table, own evidence, call); `is_one`, `what` the kind and its name
evidence_beside <- function(own, natural, of_table, is_one, what, call) {
  named <- is.list(natural) && !is.data.frame(natural) && !inherits(natural, "natural_recovery") &&
    (length(natural) == 0L || (!is.null(names(natural)) && all(nzchar(names(natural)))))
  if (!named) {
    abort_input(c("{.arg natural} must be a named list of tables of published means or of {what}s.",
      x = "It is {.obj_type_friendly {natural}}.", i = "The names are how the rows are told apart."), call = call)
  }
  made <- lapply(natural, \(x) if (is.data.frame(x)) of_table(x, own, call) else x)
  bad <- !vapply(made, is_one, NA)
  if (any(bad)) abort_input("{.val {names(made)[bad]}} {?is/are} no table and no {what}.", call = call)
  beside_own(own, made)
}

change_of_table <- function(x, own, call) {
  tau <- change_tau(own)
  if (is.null(tau)) {
    abort_input(c("A table needs a prior of the heterogeneity, and the answer has none.",
      i = "Give {.fn natural_change} of the table instead."), call = call)
  }
  made <- natural_change(x, tau = tau, mu = if (prior_kind(change_mu_prior(own)) != "flat") change_mu_prior(own),
    family = change_family(own), range = change_range(own), zero = change_zero(own),
    sd = if (all(is.na(x$sd)) || is.null(x$sd)) change_sd(own), scale = change_scale_of(own))
  refit_change(made, bias = change_bias(own), call = call)
}

# Rows -----------------------------------------------------------------------------------

change_rows <- function(name, natural, x, choices, settings, call) {
  if (change_kind(natural) != "meta") choices$tau <- list("not varied" = NULL)
  grid <- expand.grid(tau = seq_along(choices$tau), family = seq_along(choices$family))
  parts <- lapply(seq_len(nrow(grid)), \(i) {
    tau <- choices$tau[grid$tau[i]]
    family <- choices$family[grid$family[i]]
    base <- tryCatch(unbiased_change(natural, tau[[1]], family[[1]], x, call), cordgain_error = identity)
    rows <- lapply(names(choices$bias), \(b) {
      labels <- data.frame(analysis = "choice", evidence = name, tau = names(tau), bias = b, family = names(family))
      cbind(labels, change_answer(base, check_bias(choices$bias[[b]], call), x, settings, call))
    })
    do.call(rbind, rows)
  })
  do.call(rbind, parts)
}

# The evidence under one prior and one family, before any bias; what excess() would refuse is refused here.
unbiased_change <- function(natural, tau, family, x, call) {
  scales <- list(change_scale_of(natural), change_motor_scale(x))
  if (!is.null(scales[[1]]) && scale_name(scales[[1]]) != scale_name(scales[[2]])) {
    abort_input("The evidence is about {scale_name(scales[[1]])}, the trial about {scale_name(scales[[2]])}.",
      call = call)
  }
  changed <- list(natural, family = family, bias = list(mean = 0, sd = 0), call = call)
  if (family == "hurdle" && is.null(change_zero(natural))) {
    abort_input("A hurdle needs {.arg zero}, the share of untreated patients without any change.", call = call)
  }
  if (family != "normal" && is.null(change_range(natural))) {
    abort_input("Family {.val {family}} needs the {.arg range} of change.", call = call)
  }
  if (!is.null(tau)) changed$tau <- tau
  made <- do.call(refit_change, changed)
  refuse_zero_inflated(x, made, call)
  check_points(made, change_is_whole(x), call)
  made
}

# One row for each outcome that is possible.
change_answer <- function(base, bias, x, settings, call) {
  outcomes <- possible_outcomes(x)
  if (inherits(base, "cordgain_error")) {
    return(do.call(rbind, lapply(outcomes, empty_change, note = error_header(base))))
  }
  natural <- lay_bias(base, bias)
  do.call(rbind, lapply(outcomes, \(y) cbind(outcome_change(y, change_room(x), natural, settings, call), note = "")))
}

empty_change <- function(y, note) {
  unknown <- unknown_numbers(c(change_terms, "conf.low", "conf.high", "num.error"))
  data.frame(observed = mean(y), n = length(y), unknown, note = note)
}

outcome_change <- function(y, room, natural, settings, call) {
  observed <- mean(y)
  nodes <- change_nodes(natural)
  means <- natural_means_of(natural, room, nodes)
  tail <- two_routes(mean_reached(means$fine, observed), mean_reached(means$coarse, observed), "The natural tail", call)
  s <- means_summary(means, c(1 - settings$conf.level, 1 + settings$conf.level) / 2, natural, call)
  law <- score_likelihood(y, room, natural, settings$sd_treated, call, nodes)
  post <- effect_posterior(likelihood_table(law), settings$effect, call)
  errors <- c(tail$error, s$mean$error, s$quantile$error, post$benefit$error, post$mean$error)
  data.frame(observed = observed, n = length(y), natural_tail = tail$value, natural_mean = s$mean$value,
    mean_excess = observed - s$mean$value, prob_excess = 1 - tail$value, posterior_excess = post$mean$value,
    prob_benefit = post$benefit$value, conf.low = observed - s$quantile$value[2],
    conf.high = observed - s$quantile$value[1], num.error = max(errors))
}

# The excess's own settings without each source, and without each patient.
change_left_out <- function(excess, own, settings, call) {
  x <- score_excess_change(excess)
  room <- change_room(x)
  row <- \(analysis, what, answer) cbind(data.frame(analysis = analysis, evidence = what,
    tau = choice_label(change_tau(own)), bias = choice_label(bias_prior(change_bias(own))),
    family = change_family(own)), answer, note = "")
  outcomes <- possible_outcomes(x)
  sources <- if (change_kind(own) == "meta") natural_sources(own)
  without <- lapply(if (NROW(sources) > 1L) seq_len(nrow(sources)), \(k) {
    natural <- refit_change(own, sources = sources[-k, , drop = FALSE], call = call)
    answers <- lapply(outcomes, \(y) outcome_change(y, room, natural, settings, call))
    row("one source left out", paste("without", sources$source[k]), do.call(rbind, answers))
  })
  patients <- if (length(outcomes) == 1L && length(room$low) > 1L) {
    lapply(seq_along(room$low), \(i) {
      rest <- lapply(room, \(end) end[-i])
      row("one patient left out", paste("without patient", change_subjects(x)[i]),
        outcome_change(outcomes[[1]][-i], rest, own, settings, call))
    })
  }
  do.call(rbind, c(without, patients))
}

is_own_change <- function(table, own, name) {
  table$evidence == name & (table$tau == choice_label(change_tau(own)) | table$tau == "not varied") &
    table$bias == choice_label(bias_prior(change_bias(own))) & table$family == change_family(own)
}
