# What a natural change answers: moments, quantiles, predictions, and how it looks.

# Mean, SD and quantiles of one of the mixtures, on both routes. A moment that does not exist is NA.
mixture_routes <- function(mixtures, probs, exists, what, call) {
  s <- lapply(mixtures, \(m) core_mixture_summary(m, probs))
  part <- \(name) resolved(two_routes(s$fine[[name]], s$coarse[[name]], what, call), call)
  missing_moment <- list(value = NA_real_, error = 0)
  list(
    mean = if (exists[["mean"]]) part("mean") else missing_moment,
    sd = if (exists[["sd"]]) part("sd") else missing_moment, quantile = part("quantile")
  )
}

# Do mean and SD of a new population's mean exist? The posterior of tau falls as a power of tau: of the likelihood
# K (K - 1 with a flat mu), of a half-t prior df + 1. A mean needs more than 2, an SD more than 3.
change_moments_exist <- function(x) {
  if (x$kind != "meta" || prior_base_kind(x$settings$tau) != "half_t") {
    return(c(mean = TRUE, sd = TRUE))
  }
  df <- min(prior_components(x$settings$tau)[, "b"])
  decay <- nrow(x$sources) - (prior_kind(x$settings$mu) == "flat") + df + 1
  c(mean = decay > 2, sd = decay > 3)
}

change_summary <- function(x, probs, call = rlang::caller_env()) {
  mixture_routes(lapply(x$routes, `[[`, "fresh"), probs, change_moments_exist(x), "The natural mean change", call)
}

# One patient of the published population (its range), or one with his own room.
patient_summary <- function(x, probs, room = NULL, call = rlang::caller_env()) {
  if (is.null(x$model)) {
    abort_input(c("The SD of change between patients is not known.", i = "Give {.arg sd} to {.fn natural_change}."),
      call = call)
  }
  if (change_family(x) == "normal") {
    mixtures <- lapply(x$routes, \(route) {
      list(weight = route$fresh$weight, mean = route$fresh$mean, sd = sqrt(route$fresh$sd^2 + x$settings$sd^2))
    })
    return(mixture_routes(mixtures, probs, change_moments_exist(x), "One patient's natural change", call))
  }
  if (is.null(room)) room <- x$settings$range
  s <- lapply(change_nodes(x), \(nodes) {
    values <- possible_changes(x$model, room[1], room[2], nodes$shift)
    mass <- drop(conditional_masses(x$model, values, nodes, room[1], room[2]) %*% nodes$weight)
    c(mass_moments(values, mass), list(quantile = mass_quantile(values, mass, probs)))
  })
  lapply(stats::setNames(nm = c("mean", "sd", "quantile")), \(name) {
    two_routes(s$fine[[name]], s$coarse[[name]], "One patient's natural change", call)
  })
}

#' Natural change expected of patients
#'
#' What untreated patients would gain: each of them, and the mean of the group. The patients
#' share the uncertain mean \eqn{\theta^*} of their population, so the mean of \eqn{n} of them has
#' variance \eqn{sd^2 / n + Var(\theta^*)}: it does not fall to 0 with more patients.
#'
#' @param object a [natural_change()].
#' @param patients (whole number, or a [score_change()]) how many patients, or which: with a
#'   [score_change()] each has the range that the baseline leaves.
#' @param time not used: a change has no course; see [natural_curve()].
#' @param conf.level (number in (0, 1)) of the prediction intervals.
#' @param ... not used.
#' @return data frame, one row per patient (term `patient_change`) and one for the group
#'   (`mean_change`): estimate, SD, interval and numerical error, in points.
#' @section Conditions: `cordgain_invalid_input` where the SD between patients is not known.
#' @references Roever (2020), Journal of Statistical Software 93(6), \doi{10.18637/jss.v093.i06}.
#' @seealso [natural_change()], [excess()]
#' @examples
#' predict(natural_change(prior_normal(7.8, 1), sd = 6.5), 4)
#' @export
predict.natural_change <- function(object, patients = 1, time = NULL, conf.level = 0.95, ...) {
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  probs <- c(1 - conf.level, 1 + conf.level) / 2
  call <- rlang::current_env()
  own <- is_score_change(patients)
  if (own) check_change_suits(object, change_motor_scale(patients), call)
  subjects <- if (own) change_subjects(patients) else as.character(seq_len(check_count(patients, min = 1, max = 1000)))
  room <- if (own) change_room(patients) else published_room(object, length(subjects))
  distinct <- !duplicated(data.frame(room))
  rows <- lapply(which(distinct), \(i) {
    change_row("patient_change", patient_summary(object, probs, c(room$low[i], room$high[i]), call))
  })
  same <- match(paste(room$low, room$high), paste(room$low, room$high)[distinct])
  rows <- cbind(do.call(rbind, rows)[same, ], subject = subjects)
  rbind(rows, cbind(group_prediction(object, room, probs, call), subject = NA_character_), make.row.names = FALSE)
}

# Patients about whom nothing is said have the range of the published population.
published_room <- function(x, n) {
  range <- if (is.null(x$settings$range)) c(-Inf, Inf) else x$settings$range
  list(low = rep(range[1], n), high = rep(range[2], n))
}

# Mean of the patients: for the normal a mixture of normals, else the sum of their whole points over all shifts.
group_prediction <- function(x, room, probs, call) {
  n <- length(room$low)
  if (change_family(x) != "normal") {
    s <- lapply(change_nodes(x), \(nodes) {
      sum <- sum_of_changes(x$model, room, nodes)
      c(mass_moments(sum$values / n, sum$mass), list(quantile = mass_quantile(sum$values / n, sum$mass, probs)))
    })
    part <- \(name) two_routes(s$fine[[name]], s$coarse[[name]], "The mean natural change", call)
    return(change_row("mean_change", list(mean = part("mean"), sd = part("sd"), quantile = part("quantile"))))
  }
  mixtures <- lapply(x$routes, \(route) {
    list(weight = route$fresh$weight, mean = route$fresh$mean, sd = sqrt(route$fresh$sd^2 + x$settings$sd^2 / n))
  })
  change_row("mean_change", mixture_routes(mixtures, probs, change_moments_exist(x), "The mean natural change", call))
}

#' @export
quantile.natural_change <- function(x, probs = c(0.025, 0.25, 0.5, 0.75, 0.975), of = c("mean", "patient"), ...) {
  of <- check_option(of, c("mean", "patient"))
  probs <- check_numeric(probs, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  if (length(probs) == 0L) abort_input("{.arg probs} must hold at least one probability.")
  s <- if (of == "mean") change_summary(x, probs) else patient_summary(x, probs)
  stats::setNames(s$quantile$value, paste0(format(100 * probs, trim = TRUE), "%"))
}

#' @export
tidy.natural_change <- function(x, conf.level = 0.95, ...) {
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  probs <- c(1 - conf.level, 1 + conf.level) / 2
  call <- rlang::current_env()
  rows <- rbind(
    change_row("mean_change", change_summary(x, probs, call)),
    if (!is.null(x$model)) change_row("patient_change", patient_summary(x, probs, NULL, call)),
    if (x$kind == "meta") tau_row(x, probs, call),
    if (x$kind == "meta") change_row("mu", mu_summary(x, probs, call)),
    change_ess_rows(x, call)
  )
  rows$group <- NA_character_
  if (change_is_known(x)) rows$num.kind <- "exact"
  rbind(rows, if (x$kind == "meta") source_rows(x, probs, call))
}

# As summary_row(), with what does not exist left as NA.
change_row <- function(term, s) {
  term_row(term, s$mean$value, s$quantile$value[1], s$quantile$value[2],
    max(s$mean$error, s$sd$error, s$quantile$error), s$sd$value)
}

mu_summary <- function(x, probs, call) {
  exists <- if (prior_kind(x$settings$mu) == "flat") change_moments_exist(x) else c(mean = TRUE, sd = TRUE)
  mixture_routes(lapply(x$routes, `[[`, "mu"), probs, exists, "The posterior of mu", call)
}

# Posterior of tau: its quantiles are those of u, moved by tau = scale (u / (1 - u))^power.
tau_row <- function(x, probs, call) {
  if (length(x$routes$fine$grid$edges) == 0L) {
    return(fixed_tau_row(x))
  }
  s <- lapply(x$routes, \(route) {
    u <- core_grid_summary(route$grid, probs, FALSE)$quantile
    parts <- length(route$fresh$weight) / length(route$grid$density)
    weight <- colSums(matrix(route$fresh$weight, parts))
    tau <- route$tau[seq(1, length(route$tau), by = parts)]
    mean <- sum(weight * tau)
    list(mean = mean, sd = sqrt(sum(weight * (tau - mean)^2)), quantile = route$scale * (u / (1 - u))^route$power)
  })
  part <- \(name) {
    two_routes(s$fine[[name]], s$coarse[[name]], "The posterior of tau", call)
  }
  exists <- change_moments_exist(x)
  missing_moment <- list(value = NA_real_, error = 0)
  or_missing <- \(name) {
    if (!exists[[name]]) missing_moment else tryCatch(part(name), cordgain_numerical_error = \(e) missing_moment)
  }
  change_row("tau", list(mean = or_missing("mean"), sd = or_missing("sd"), quantile = part("quantile")))
}

fixed_tau_row <- function(x) {
  weight <- x$routes$fine$fresh$weight
  moments <- mass_moments(x$routes$fine$tau, weight)
  term_row("tau", moments$mean, min(x$routes$fine$tau), max(x$routes$fine$tau), 0, moments$sd, "exact")
}

# Each source's own mean, shrunk towards the others.
source_rows <- function(x, probs, call) {
  rows <- lapply(seq_len(nrow(x$sources)), \(k) {
    mixtures <- lapply(x$routes, \(route) {
      list(weight = route$fresh$weight, mean = route$source_mean[k, ], sd = route$source_sd[k, ])
    })
    change_row("source_mean", mixture_routes(mixtures, probs, c(mean = TRUE, sd = TRUE), "A source's mean", call))
  })
  cbind(do.call(rbind, rows), group = x$sources$source)
}

# Effective sizes, in patients with the given SD: sd^2 / Var(theta*); the expected local information
# ratio sd^2 E[-(log pi)''] = sd^2 int pi'^2 / pi; Morita's, sd^2 times the information at the mode (a flattened prior
# has none).
change_ess <- function(x, method, sigma = x$settings$sd, call = rlang::caller_env()) {
  if (change_is_known(x) || is.na(sigma)) {
    return(list(value = NA_real_, error = 0,
      reason = "a known mean, or patients of unknown SD, have no effective size"))
  }
  size <- lapply(c(fine = "fine", coarse = "coarse"), \(route) {
    m <- change_mixture(x, route)
    sigma^2 * switch(method, moment = 1 / core_mixture_summary(m, 0.5)$sd^2, elir = location_information(m, route),
      morita = mode_information(m))
  })
  if (method == "moment" && !change_moments_exist(x)[["sd"]]) {
    return(list(value = NA_real_, error = 0, reason = "the SD of the mean change does not exist"))
  }
  two_routes(size$fine, size$coarse, "The effective sample size", call, limit = 1e-4)
}

# -(log pi)'' at the mode of the mixture, in closed form there.
mode_information <- function(mixture) {
  part <- \(x) mixture$weight * stats::dnorm(x, mixture$mean, mixture$sd)
  s <- core_mixture_summary(mixture, c(0.001, 0.999))
  grid <- seq(s$quantile[1], s$quantile[2], length.out = 401)
  top <- which.max(vapply(grid, \(x) sum(part(x)), 0))
  slope <- \(x) sum(part(x) * (mixture$mean - x) / mixture$sd^2)
  mode <- stats::uniroot(slope, grid[top + c(-1, 1)], tol = 1e-13, extendInt = "downX")$root
  z <- (mode - mixture$mean) / mixture$sd
  sum(part(mode) * (1 - z^2) / mixture$sd^2) / sum(part(mode))
}

location_information <- function(mixture, route) {
  nodes <- core_mixture_nodes(mixture, route == "fine")
  z <- outer(nodes$node, mixture$mean, `-`) / rep(mixture$sd, each = length(nodes$node))
  scaled <- rep(mixture$weight / mixture$sd, each = length(nodes$node)) * stats::dnorm(z)
  density <- rowSums(scaled)
  slope <- rowSums(-scaled * z / rep(mixture$sd, each = length(nodes$node)))
  sum(nodes$weight * (slope / density)^2)
}

change_ess_rows <- function(x, call) {
  rows <- lapply(c("moment", "elir"), \(method) {
    e <- change_ess(x, method, call = call)
    term_row(paste0("ess_", method), e$value, error = e$error)
  })
  do.call(rbind, rows)
}

#' @export
format.natural_change <- function(x, ...) {
  s <- x$settings
  c(
    paste0("Natural change from ", natural_label(x)),
    if (!is.null(s$scale)) paste0("Scale: ", format(s$scale)),
    if (x$kind == "meta") turned_words(s$scale),
    if (x$kind == "meta") format_means(x$sources),
    if (x$kind == "meta") paste0("Prior: tau ~ ", format(s$tau), ", mu ~ ", format(s$mu)),
    if (s$bias$mean != 0 || s$bias$sd != 0) {
      paste0("Bias: N(", signif(s$bias$mean, 4), ", ", signif(s$bias$sd, 4), "^2) points")
    },
    format_family(x)
  )
}

format_means <- function(sources) {
  means <- paste0("  ", format(paste0(format(signif(sources$mean, 4)), " (SE ", format(signif(sources$se, 3)), ")")))
  detail <- paste0(
    sources$source, " (", or_unknown(sources$endpoint), ", ", or_unknown(sources$level), ", ",
    describe_window(sources, rep(FALSE, nrow(sources))), ")"
  )
  paste0(means, "  ", detail)
}

format_family <- function(x) {
  s <- x$settings
  if (is.null(x$model)) {
    return("One patient: SD between patients not known, so only means are predicted.")
  }
  latent <- paste0("latent mean ", signif(x$model$location, 4), ", latent SD ", signif(x$model$spread, 4))
  words <- switch(s$family,
    normal = "normal",
    censored = paste0("normal, censored at ", s$range[1], " and ", s$range[2], ": ", latent),
    beta_binomial = paste0("beta-binomial count of points on ", s$range[1], " to ", s$range[2]),
    hurdle = paste0("no change in ", percent_text(s$zero), ", else 1 to ", s$range[2], " points (beta-binomial)")
  )
  c(paste0("One patient: SD ", signif(s$sd, 4), " (from the registry), ", words), impossible_words(x))
}

# What of the population's mean lies where the family has none, where that shows.
impossible_words <- function(x) {
  ends <- possible_means(x$model)
  below <- if (ends[1] > -Inf) core_mixture_cdf(change_mixture(x, "fine"), ends) else c(0, 1)
  beyond <- below[1] + 1 - below[2]
  if (beyond >= 0.0005) {
    paste0("  Means outside ", signif(ends[1], 4), " to ", signif(ends[2], 4), " are not possible so: taken at the ",
      "end, probability ", probability_text(beyond))
  }
}

#' @export
print.natural_change <- function(x, digits = 3, ...) {
  cat(wrap_lines(format(x)), sep = "\n")
  s <- change_summary(x, c(0.025, 0.5, 0.975))
  q <- signif(s$quantile$value, digits)
  patient <- if (!is.null(x$model)) signif(patient_summary(x, c(0.025, 0.975))$quantile$value, digits)
  cat(wrap_lines(c(
    paste0("Mean change of a new population: mean ", signif(s$mean$value, digits), ", 95 % interval ", q[1], " to ",
      q[3]),
    paste0("One patient: 95 % prediction interval ", patient[1], " to ", patient[2], recycle0 = TRUE)
  )), sep = "\n")
  invisible(x)
}

#' Forest of a natural change
#'
#' The sources with their means and 95 % intervals (normal, from the SE), what each becomes when
#' shrunk towards the others, and below them the mean of a new population and one patient's change.
#'
#' @param x a [natural_change()].
#' @param ... not used.
#' @return A ggplot, to which layers and themes can be added.
#' @section Conditions: `cordgain_no_ggplot2` where ggplot2 is not installed.
#' @seealso [natural_change()]
#' @examples
#' registries <- data.frame(source = c("a", "b", "c"), mean = c(7.8, 10.5, 9), se = c(0.6, 0.9, 1.4))
#' natural <- natural_change(registries, tau = prior_half_normal(2), sd = 6.5)
#' if (requireNamespace("ggplot2", quietly = TRUE)) plot(natural)
#' @export
plot.natural_change <- function(x, ...) {
  check_picture(names(formals(plot.natural_change)), ...)
  rows <- change_forest(x)
  rows$label <- factor(rows$label, levels = rev(unique(rows$label)))
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$estimate, y = .data$label, colour = .data$kind)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$low, xmax = .data$high, linewidth = .data$kind),
      position = ggplot2::position_dodge(width = 0.5)) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$kind), size = 2.6, fill = "white",
      position = ggplot2::position_dodge(width = 0.5)) +
    ggplot2::scale_colour_manual(NULL, values = c(published = plot_ink[["dark"]], shrunk = plot_ink[["mid"]],
      predicted = plot_ink[["dark"]])) +
    ggplot2::scale_shape_manual(NULL, values = c(published = 16, shrunk = 24, predicted = 23)) +
    ggplot2::scale_linewidth_manual(NULL, values = c(published = 0.6, shrunk = 0.6, predicted = 1.6)) +
    ggplot2::labs(
      x = change_axis(x$settings$scale, " without treatment"), y = NULL, title = change_title(x),
      caption = caption_words("Lines: 95 % intervals. Shrunk: each source's mean given all of them. One patient ",
        "varies by the SD of the registry.", gain_words(x$settings$scale))
    ) +
    plot_theme() +
    ggplot2::theme(legend.position = "bottom")
}

change_unit <- function(x) if (is.null(x$settings$scale)) "points" else scale_unit(x$settings$scale)

change_title <- function(x) {
  row <- tidy(x)
  row <- row[row$term == "mean_change", ]
  two <- \(value) format(signif(value, 2), trim = TRUE)
  known <- row$conf.low == row$conf.high
  words <- if (mean_sign(x$settings$scale) > 0) c("change by ", "by ") else c("gain ", "")
  plot_words("Without treatment patients ", words[1], two(row$estimate), " ", change_unit(x), " on average",
    if (known) ", taken as known" else paste0("; ", words[2], two(row$conf.low), " to ", two(row$conf.high),
      " in populations like these"))
}

change_forest <- function(x) {
  rows <- tidy(x)
  row <- \(label, kind, r) {
    data.frame(label = label, kind = kind, estimate = r$estimate, low = r$conf.low, high = r$conf.high)
  }
  s <- x$sources[!is.na(x$sources$mean), ]
  published <- data.frame(label = s$source, kind = rep("published", nrow(s)), estimate = s$mean,
    low = s$mean - stats::qnorm(0.975) * s$se, high = s$mean + stats::qnorm(0.975) * s$se)
  shrunk <- rows[rows$term == "source_mean", ]
  new <- rows[rows$term == "mean_change", ]
  patient <- rows[rows$term == "patient_change", ]
  all <- rbind(published, row(shrunk$group, rep("shrunk", nrow(shrunk)), shrunk),
    row("mean of a new population", "predicted", new),
    if (nrow(patient) > 0L) row("one patient", "predicted", patient))
  all$kind <- factor(all$kind, levels = c("published", "shrunk", "predicted"))
  all
}
