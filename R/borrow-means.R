# Borrowing published means beside concurrent controls whose scores are known: what goes into the methods, and the
# answer.

borrow_means <- function(controls, sources, method, settings, accept, conf.level, call) {
  history <- mean_history(sources, controls, settings, call)
  same_points(controls, history, call)
  accepted <- assert_matched(evidence_differences(match_terms(controls), history$sources), accept, call)
  d <- mean_data(controls, history, method, settings, call)
  d$probs <- c(1 - conf.level, 1 + conf.level) / 2
  rows <- lapply(method, \(name) borrowed_mean_rows(name, mean_methods()[[name]](d), d))
  terms <- do.call(rbind, c(list(borrowed_mean_rows("none", mean_alone(d), d)), rows))
  structure(list(terms = terms, controls = controls, sources = history$sources, accepted = accepted),
    class = c("borrow_means", "borrow"))
}

# History ------------------------------------------------------------------------------------

# What is borrowed from: list(sources, scale, natural, records); `natural` where a predictive distribution was given,
# `records` where single patients were.
mean_history <- function(sources, controls, settings, call) {
  if (is_score_change(sources)) {
    return(history_of_records(sources, call))
  }
  if (is_natural_change(sources)) {
    return(list(sources = natural_sources(sources), scale = change_scale_of(sources), natural = sources))
  }
  if (!is.data.frame(sources)) {
    abort_input(c("{.arg sources} must be published means, a {.fn natural_change}, or a {.fn score_change} of untreated
                   patients.", x = "It is {.obj_type_friendly {sources}}."), call = call)
  }
  table <- as_mean_sources(sources, call = call)
  scale <- scale_of_sources(table, NULL, call)
  own <- change_motor_scale(controls)
  if (is.null(scale)) {
    refuse_unturned(own, table$endpoint[1] %in% scale_name(own), call)
    table$mean <- scale_sign(own) * table$mean # which remain means of a scale without a name, if they are
    return(list(sources = table))
  }
  list(sources = turn_means(table, scale), scale = scale)
}

# Untreated patients' records as a source of one mean.
history_of_records <- function(x, call) {
  if (change_role(x) != "control") {
    abort_input(c("{.arg sources} must hold untreated patients.", x = "Their role is {.val {change_role(x)}}.",
      i = "Say so: {.code score_change(..., role = \"control\")}."), call = call)
  }
  y <- known_changes(x, "sources", call)
  terms <- match_terms(x)
  one <- \(values) if (length(unique(values)) == 1L) unique(values) else NA_character_
  ends <- \(range) rep_len(range, 2L)
  if (length(y) < 2L || stats::var(y) == 0) {
    abort_input("The records of {.arg sources} must be of at least two patients who differ.", call = call)
  }
  row <- data.frame(source = "records", mean = mean(y), sd = stats::sd(y), n = length(y), endpoint = terms$endpoint,
    baseline_grade = one(terms$grade), level = one(terms$level), baseline_from_day = ends(terms$baseline_days)[1],
    baseline_to_day = ends(terms$baseline_days)[2], followup_weeks = mean(terms$followup_weeks),
    years_from = ends(terms$years)[1], years_to = ends(terms$years)[2])
  list(sources = as_mean_sources(row, call = call), scale = change_motor_scale(x), records = y)
}

# Points of one scale are no points of another, and no `accept` makes them so.
same_points <- function(controls, history, call) {
  own <- change_motor_scale(controls)
  other <- history$scale
  if (!is.null(other) && !identical(scale_range(own), scale_range(other))) {
    abort_input(c("Controls and history are on different scales.",
      x = "Controls: {scale_name(own)}, {scale_range(own)[1]} to {scale_range(own)[2]}; history: {scale_name(other)},
           {scale_range(other)[1]} to {scale_range(other)[2]}.",
      i = "Borrowing needs the same points on both sides."), call = call)
  }
  if (!is.null(history$natural)) {
    check_change_suits(history$natural, own, call)
  } else {
    check_changes_on_scale(history$sources$mean, history$sources$sd, own, call)
  }
}

known_changes <- function(x, arg, call) {
  y <- change_scores(x)
  if (anyNA(y)) {
    abort_input(c("Every final score of {.arg {arg}} must be known.", x = "{sum(is.na(y))} {?is/are} not.",
      i = "Ask for the smallest and the largest change that the scale allows, one after the other."), call = call)
  }
  y
}

# What the methods take ------------------------------------------------------------------------

mean_data <- function(controls, history, method, settings, call) {
  y <- known_changes(controls, "controls", call)
  pooled <- pooled_history(history, setdiff(method, c("map", "robust_map")), call)
  mixtures <- predictive_mixtures(history, intersect(method, c("map", "robust_map")), call)
  variance <- variance_prior(settings$sigma, call)
  check_spread(y, variance, call)
  unit <- mean_unit(pooled, history, y, call)
  centre <- mean(y)
  standard <- \(m) list(weight = m$weight, mean = (m$mean - centre) / unit, sd = m$sd / unit)
  list(n = length(y), mean = 0, ss = sum((y - centre)^2) / unit^2, a = variance$a, b = variance$b / unit^2,
    known = if (!is.null(variance$known)) variance$known / unit, n0 = pooled$n, mean0 = (pooled$mean - centre) / unit,
    ss0 = pooled$ss / unit^2, mixtures = lapply(mixtures, standard),
    vague = vague_part(settings$prior, pooled, history, centre, unit, call), vague_weight = settings$vague,
    a0 = settings$a0, tau = settings$tau, records = if (!is.null(history$records)) (history$records - centre) / unit,
    delta = if (!is.null(settings$delta)) check_number(settings$delta, "delta", min = 0, min_open = TRUE, call = call),
    unit = unit, centre = centre, call = call)
}

# All historical patients as one sample: n, mean, sum of squares within and between sources. NULL where sizes are not
# known and no method asks for them.
pooled_history <- function(history, method, call) {
  x <- history$sources
  if (anyNA(x$n) || anyNA(x$sd)) {
    if (length(method) > 0L) {
      abort_input(c("{.val {method}} {?needs/need} {.field sd} and {.field n} of every source.",
        x = "Not known for {.val {x$source[is.na(x$n) | is.na(x$sd)]}}.",
        i = "An SE alone does not say how many patients it rests on."), call = call)
    }
    return(NULL)
  }
  bias <- if (!is.null(history$natural)) change_bias(history$natural)
  if (length(method) > 0L && !is.null(bias) && (bias$mean != 0 || bias$sd != 0)) {
    abort_input(c("{.val {method}} {?knows/know} no bias of the history.",
      i = "Only {.val map} and {.val robust_map} take the {.arg bias} of a {.fn natural_change}."), call = call)
  }
  mean <- sum(x$n * x$mean) / sum(x$n)
  list(n = sum(x$n), mean = mean, ss = sum((x$n - 1) * x$sd^2) + sum(x$n * (x$mean - mean)^2))
}

predictive_mixtures <- function(history, method, call) {
  if (length(method) == 0L) {
    return(NULL)
  }
  if (is.null(history$natural)) {
    abort_input(c("{.val {method}} {?borrows/borrow} from a predictive distribution of the mean.",
      i = "Give {.code natural_change(sources, tau = prior_half_normal(...))}: {.arg tau}, the SD between populations,
           is in points and has no default."), call = call)
  }
  if (any(change_mixture(history$natural, "fine")$sd == 0)) {
    abort_input(c("A mean taken as known cannot be weighed against controls.",
      i = "Give {.fn natural_change} published means or a prior."), call = call)
  }
  lapply(c(fine = "fine", coarse = "coarse"), \(route) change_mixture(history$natural, route))
}

# sigma: NULL is 1 / sigma^2; an inverse gamma of the variance; or the SD itself, known.
variance_prior <- function(sigma, call) {
  if (is.null(sigma)) {
    return(list(a = 0, b = 0))
  }
  check_prior(sigma, c("inverse_gamma", "fixed"), "sigma", call)
  p <- prior_parameters(sigma)
  if (prior_kind(sigma) == "mixture") abort_input("{.arg sigma} must be one prior, no mixture.", call = call)
  if (prior_kind(sigma) == "fixed") {
    return(list(a = 0, b = 0, known = check_number(p[["value"]], "sigma", min = 0, min_open = TRUE, call = call)))
  }
  list(a = 2 * p[["shape"]], b = 2 * p[["rate"]])
}

# Without a prior of sigma the controls alone must say how much patients differ.
check_spread <- function(y, variance, call) {
  if (variance$a > 0 || !is.null(variance$known)) {
    return(invisible(y))
  }
  what <- if (length(y) < 2L) "There is one control." else "All {length(y)} changes are {y[1]}."
  if (length(y) < 2L || all(y == y[1])) {
    abort_input(c("The controls do not say how much patients differ.", x = what,
      i = "Give a prior of the variance, {.code sigma = prior_inverse_gamma(shape, rate)}, or the SD of a registry,
           {.code sigma = prior_fixed(sd)}."), call = call)
  }
}

# The length in which everything is worked out: the history's SD between patients, else the controls'.
mean_unit <- function(pooled, history, y, call) {
  if (!is.null(pooled)) {
    return(sqrt(pooled$ss / (pooled$n - 1)))
  }
  candidates <- c(pooled_sd(history$sources), if (!is.null(history$natural)) change_sd(history$natural),
    if (length(y) > 1L) stats::sd(y), history$sources$se)
  candidates <- candidates[!is.na(candidates) & candidates > 0]
  if (length(candidates) == 0L) {
    candidates <- core_mixture_summary(change_mixture(history$natural, "fine"), 0.5)$sd
  }
  candidates[1]
}

# The vague part: what was given, or one patient's worth around the history.
vague_part <- function(prior, pooled, history, centre, unit, call) {
  if (!is.null(prior)) {
    if (!identical(prior_kind(check_prior(prior, "normal", "prior", call)), "normal")) {
      abort_input("{.arg prior} must be one {.fn prior_normal} for scores.", call = call)
    }
    p <- prior_parameters(prior)
    return(list(mean = (p[["mean"]] - centre) / unit, sd = p[["sd"]] / unit))
  }
  if (!is.null(pooled)) {
    return(list(mean = (pooled$mean - centre) / unit, sd = sqrt(pooled$ss / (pooled$n - 1)) / unit))
  }
  if (is.null(history$natural)) {
    return(NULL)
  }
  middle <- core_mixture_summary(change_mixture(history$natural, "fine"), 0.5)$quantile
  list(mean = (middle - centre) / unit, sd = change_sd(history$natural) / unit)
}

# Rows -------------------------------------------------------------------------------------------

borrowed_mean_rows <- function(name, made, d) {
  error <- d$unit * max(made$mean$error, made$sd$error, made$quantile$error)
  limits <- d$centre + d$unit * made$quantile$value
  mean <- term_row("mean", d$centre + d$unit * made$mean$value, limits[1], limits[2], error, d$unit * made$sd$value)
  if (name == "none") {
    return(cbind(group = name, mean, note = "controls alone"))
  }
  rows <- rbind(mean, term_row("weight", made$weight$value, error = made$weight$error),
    term_row("ess_borrowed", made$size$value - d$n, error = made$size$error))
  updated <- made$updated
  with_updated_weight(cbind(group = name, rows, note = c("", made$weight_name, "")), updated$value, updated$error)
}

# Methods ------------------------------------------------------------------------------------------

#' @export
print.borrow_means <- function(x, digits = 3, ...) {
  y <- change_scores(x$controls)
  n <- x$sources$n
  spread <- if (length(y) > 1L) paste0(", SD ", signif(stats::sd(y), digits))
  cat(wrap_lines(c(
    paste0("Mean change of the concurrent controls (", length(y), ", mean ", signif(mean(y), digits), spread, " ",
      scale_unit(change_motor_scale(x$controls)), ") with borrowing from ", paste(x$sources$source, collapse = ", "),
      if (!anyNA(n)) paste0(" (", sum(n), " patients)"), "."),
    format_accepted(x$accepted)
  )), sep = "\n")
  mean <- x$terms[x$terms$term == "mean", ]
  weight <- x$terms[x$terms$term == "weight", ]
  at <- match(mean$group, weight$group)
  print(data.frame(method = method_words(mean$group), mean = signif(mean$estimate, digits),
    SD = signif(mean$std.error, digits),
    interval = paste(signif(mean$conf.low, digits), "to", signif(mean$conf.high, digits)),
    weight = ifelse(is.na(at), "", paste0(signif(weight$estimate[at], digits), " (", weight$note[at], ")"))),
  row.names = FALSE, right = FALSE)
  if (anyNA(mean$std.error)) {
    cat(wrap_lines("NA: too few patients for this moment to exist; the interval does."), sep = "\n")
  }
  invisible(x)
}

#' @export
plot.borrow_means <- function(x, ...) {
  check_picture(names(formals(plot.borrow_means)), ...)
  rows <- x$terms[x$terms$term == "mean", ]
  rows$estimate <- ifelse(is.na(rows$estimate), mean(change_scores(x$controls)), rows$estimate)
  scale <- change_motor_scale(x$controls)
  axis <- change_axis(scale, " of the concurrent controls", c("Mean change", "Mean gain"))
  borrowing_picture(rows, axis, \(value) format(signif(value, 2), trim = TRUE), paste0(" ", scale_unit(scale)),
    gain_words(scale))
}
