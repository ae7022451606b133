# The multiverse of an excess of repeated scores: evidence x shape x correlation x spread between populations x bias.

#' @rdname sensitivity
#' @param shape,correlation,between_sd (lists) for repeated scores: choices of each, as in [natural_curve()]; `NULL`
#'   takes all shapes; correlations 0.5, 0.7 and 0.9; no spread and a quarter of the SD between patients of the gain at
#'   the last visit.
#' @export
sensitivity.excess_curve <- function(excess, natural = list(), shape = NULL, correlation = NULL, between_sd = NULL,
                                     bias = NULL, effect = NULL, ...) {
  check_no_more(names(formals(sensitivity.excess_curve)), ...)
  call <- rlang::current_env()
  parts <- curve_excess_parts(excess)
  own <- parts$natural
  sd <- gain_sd(excess)
  choices <- course_choices(own, list(shape = shape, correlation = correlation, between_sd = between_sd, bias = bias),
    sd, call)
  settings <- c(parts$settings[c("conf.level", "rise")], list(effect = check_effect(effect, sd, call)))
  evidence <- evidence_beside(own, natural, curve_of_table, is_natural_curve, "natural curve", call)
  rows <- lapply(names(evidence), \(name) {
    course_multiverse(name, evidence[[name]], parts, choices, settings, call)
  })
  table <- rbind(do.call(rbind, rows), course_left_out(parts, settings, call))
  labels <- course_labels(own)
  is_own <- \(name) table[[name]] == labels[[name]] | table[[name]] == "not varied"
  table$own <- table$analysis == "choice" & table$evidence == names(evidence)[1] &
    Reduce(`&`, lapply(names(labels), is_own))
  power <- effect_power(effect_table_of(excess, call), settings$effect)
  new_sensitivity(table, power, excess, c("evidence", names(labels)), c("observed", "n"), course_answer_terms)
}

course_answer_terms <- c("natural_tail", "natural_mean", "mean_excess", "plateau_excess", "prob_excess",
  "posterior_excess", "prob_benefit")

# SD between patients of the gain at the last visit.
gain_sd <- function(excess) sqrt(curve_mean(excess)$own * length(curve_excess_parts(excess)$courses))

course_choices <- function(own, given, sd, call) {
  usual <- list(shape = as.list(names(curve_shapes)), correlation = list(0.5, 0.7, 0.9),
    between_sd = list(0, signif(sd / 4, 2)),
    bias = list(NULL, prior_normal(0, sd / 4), prior_normal(sd / 4, sd / 4)))
  held <- list(shape = curve_shape(own), correlation = curve_correlation(own),
    between_sd = curve_settings(own)$between_sd)
  names <- stats::setNames(nm = names(usual))
  lapply(names, \(name) {
    choice_list(if (is.null(given[[name]])) usual[[name]] else given[[name]], held[[name]], name, call)
  })
}

course_labels <- function(own) {
  list(shape = choice_label(curve_shape(own)), correlation = choice_label(curve_correlation(own)),
    between_sd = choice_label(curve_settings(own)$between_sd), bias = "none")
}

# Tables of means become curves under the answer's own settings.
curve_of_table <- function(x, own, call) {
  if (is.null(curve_correlation(own))) {
    abort_input(c("A table needs the correlation between a patient's visits, and the answer has none.",
      i = "Give {.fn natural_curve} of the table instead."), call = call)
  }
  natural_curve(x, correlation = curve_correlation(own), shape = curve_shape(own),
    between_sd = curve_settings(own)$between_sd, scale = if (is.null(x$measure)) curve_settings(own)$scale)
}

# Rows -----------------------------------------------------------------------------------------

course_multiverse <- function(name, natural, parts, choices, settings, call) {
  if (is.null(curve_shape(natural))) choices$shape <- list("not varied" = NULL)
  if (is.null(curve_correlation(natural))) choices$correlation <- list("not varied" = NULL)
  fits <- expand.grid(shape = seq_along(choices$shape), correlation = seq_along(choices$correlation))
  added <- expand.grid(bias = seq_along(choices$bias), between_sd = seq_along(choices$between_sd))
  rows <- lapply(seq_len(nrow(fits)), \(i) {
    shape <- choices$shape[fits$shape[i]]
    correlation <- choices$correlation[fits$correlation[i]]
    base <- tryCatch(chosen_curve(natural, shape[[1]], correlation[[1]], parts$data, call), cordgain_error = identity)
    do.call(rbind, lapply(seq_len(nrow(added)), \(j) {
      between <- choices$between_sd[added$between_sd[j]]
      bias <- choices$bias[added$bias[j]]
      labels <- data.frame(analysis = "choice", evidence = name, shape = names(shape),
        correlation = names(correlation), between_sd = names(between), bias = names(bias))
      cbind(labels, course_answer(base, parts$courses, settings, call, between[[1]], check_bias(bias[[1]], call)))
    }))
  })
  do.call(rbind, rows)
}

# The evidence under one shape and one correlation; what excess() would refuse is refused here.
chosen_curve <- function(natural, shape, correlation, data, call) {
  scales <- list(curve_settings(natural)$scale, recovery_scale(data))
  if (!is.null(scales[[1]]) && scale_name(scales[[1]]) != scale_name(scales[[2]])) {
    abort_input("The evidence is about {scale_name(scales[[1]])}, the trial about {scale_name(scales[[2]])}.",
      call = call)
  }
  refuse_thoracic_course(data, natural, call)
  if (is.null(shape)) shape <- curve_shape(natural)
  if (is.null(correlation)) correlation <- curve_correlation(natural)
  refit_curve(natural, correlation = correlation, shape = shape)
}

# One row; where the curve or the courses give no answer, unknown numbers and the reason. A bias is of every gain.
course_answer <- function(natural, courses, settings, call, between_sd = NULL, bias = list(mean = 0, sd = 0)) {
  observed <- mean(vapply(courses, \(one) one$gain[length(one$gain)], 0))
  known <- data.frame(observed = observed, n = length(courses))
  model <- tryCatch({
    if (inherits(natural, "cordgain_error")) rlang::cnd_signal(natural)
    if (!is.null(between_sd)) natural <- refit_curve(natural, between_sd = between_sd)
    stacked_model(courses, natural, settings$rise, call)
  }, cordgain_error = identity)
  if (inherits(model, "cordgain_error")) {
    unknown <- unknown_numbers(c(course_answer_terms, "conf.low", "conf.high", "num.error"))
    return(data.frame(known, unknown, note = error_header(model)))
  }
  n <- curve_subjects(natural)
  note <- if (n < 10) paste("the covariance is that of a model of", n, "subjects") else ""
  cbind(known, course_numbers(model, observed, bias, settings, call), note = note)
}

course_numbers <- function(model, observed, bias, settings, call) {
  row <- mean_of_model(model)
  mean <- row$mean - bias$mean
  sd <- sqrt(row$sd^2 + bias$sd^2)
  weights <- gls_weights(model)
  reach <- stats::qnorm((1 + settings$conf.level) / 2) * sd
  post <- effect_posterior(likelihood_table(normal_law(mean, sd)), settings$effect, call)
  data.frame(natural_tail = stats::pnorm(mean / sd, lower.tail = FALSE), natural_mean = observed - mean,
    mean_excess = mean, plateau_excess = sum(weights * (model$e - bias$mean)), prob_excess = stats::pnorm(mean / sd),
    posterior_excess = post$mean$value, prob_benefit = post$benefit$value, conf.low = mean - reach,
    conf.high = mean + reach,
    num.error = max(linear_error(mean, sd, model$off, reach), post$benefit$error, post$mean$error))
}

# The answer's own settings without each patient, each visit of the trial, and each published mean.
course_left_out <- function(parts, settings, call) {
  own <- parts$natural
  labels <- as.data.frame(course_labels(own))
  if (is.null(curve_shape(own))) labels$shape <- "not varied"
  if (is.null(curve_correlation(own))) labels$correlation <- "not varied"
  row <- \(analysis, what, natural, courses) {
    cbind(analysis = paste("one", analysis, "left out"), evidence = paste("without", what), labels,
      course_answer(natural, courses, settings, call))
  }
  courses <- parts$courses
  patients <- lapply(if (length(courses) > 1L) seq_along(courses), \(i) {
    row("patient", paste("patient", courses[[i]]$subject), own, courses[-i])
  })
  times <- sort(unique(visit_time(unlist(lapply(courses, `[[`, "since")))))
  visits <- lapply(if (length(times) > 1L) times, \(time) {
    row("visit", paste("the visit", signif(time, 4), "weeks after treatment"), own, without_visit(courses, time))
  })
  weeks <- curve_weeks(own)
  means <- lapply(seq_along(weeks), \(k) {
    fewer <- tryCatch(refit_curve(own, keep = -k), cordgain_error = identity)
    row("published mean", paste("the published mean of week", signif(weeks[k], 4)), fewer, courses)
  })
  do.call(rbind, c(patients, visits, means))
}

# Patients who were seen at that visit alone go with it: what is left of the others is what `n` counts.
without_visit <- function(courses, time) {
  rest <- lapply(courses, \(one) {
    kept <- visit_time(one$since) != time
    parts <- c("week", "since", "gain")
    one[parts] <- lapply(one[parts], `[`, kept)
    one
  })
  rest[vapply(rest, \(one) length(one$gain) > 0L, NA)]
}
