# Pictures of a natural rate: the sources with the prediction for a new population,
# and the distribution of the rate.

#' Pictures of a natural rate
#'
#' `type = "forest"`: the sources, each with its share and exact 95 % limits
#' (Clopper-Pearson), and below them the rate predicted in a new population (mean
#' and 95 % interval). `type = "density"`: the distribution of that rate. With
#' `observed` the trial's own share is drawn beside what nature alone gives.
#'
#' @param x a [natural_rate()].
#' @param type (string) `"forest"` or `"density"`.
#' @param observed (trial_arm) a trial to draw beside the natural rate, or `NULL`.
#' @param ... not used.
#' @return A ggplot, to which layers and themes can be added.
#' @section Conditions: `cordgain_no_ggplot2` where ggplot2 is not installed;
#'   `cordgain_invalid_input` where patients have different rates, `observed` is no
#'   [trial_arm()], or a rate without uncertainty is asked for its density.
#' @seealso [natural_rate()], [plot.excess_responders()]
#' @examples
#' natural <- natural_rate(subset(natural_ais, reference & endpoint == "ais_c"))
#' if (requireNamespace("ggplot2", quietly = TRUE)) plot(natural, observed = keio_ips)
#' @export
plot.natural_rate <- function(x, type = c("forest", "density"), observed = NULL, ...) {
  check_picture(names(formals(plot.natural_rate)), ...)
  type <- if (identical(type, rate_pictures)) rate_pictures[1] else check_choice(type, rate_pictures, "type")
  call <- rlang::current_env()
  if (!is.null(observed) && !is_trial_arm(observed)) {
    abort_input(c("{.arg observed} must be a {.fn trial_arm}.", x = "It is {.obj_type_friendly {observed}}."))
  }
  check_one_rate(x, call)
  if (type == "forest") forest_plot(x, observed, call) else density_plot(x, observed, call)
}

rate_pictures <- c("forest", "density")

check_one_rate <- function(x, call) {
  if (length(rate_offset(x)) > 1L) {
    abort_input(c("Patients have different natural rates: there is no one rate to draw.",
      i = "Draw {.fn predict} or the {.fn excess} instead."
    ), call = call)
  }
}

# Forest ---------------------------------------------------------------------------

forest_plot <- function(x, observed, call) {
  rows <- rbind(forest_sources(x), forest_prediction(x, call), if (!is.null(observed)) forest_observed(observed))
  rows$label <- factor(rows$label, levels = rev(unique(rows$label)))
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$rate, y = .data$label, colour = .data$kind, shape = .data$kind)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$lower, xmax = .data$upper, linewidth = .data$kind)) +
    ggplot2::geom_point(ggplot2::aes(fill = .data$kind), size = 3, colour = plot_ink[["dark"]]) +
    ggplot2::scale_fill_manual(values = c(source = plot_ink[["mid"]], new = "white", trial = "white"), guide = "none") +
    ggplot2::geom_text(ggplot2::aes(label = .data$text), x = 1.02, hjust = 0, size = 3.3, show.legend = FALSE) +
    ggplot2::scale_colour_manual(values = c(source = plot_ink[["mid"]], new = plot_ink[["dark"]],
      trial = plot_ink[["dark"]]), guide = "none") +
    ggplot2::scale_shape_manual(values = c(source = 21, new = 23, trial = 21), guide = "none") +
    ggplot2::scale_linewidth_manual(values = c(source = 0.6, new = 2, trial = 0.6), guide = "none") +
    percent_axis(breaks = seq(0, 1, 0.2), limits = c(0, 1), expand = ggplot2::expansion(mult = c(0.01, 0.01))) +
    ggplot2::coord_cartesian(clip = "off") +
    ggplot2::labs(x = paste("Share of patients,", shared_endpoint(x)), y = NULL, title = forest_title(x, observed,
      call),
      caption = caption_words("Lines: exact 95 % limits of each share; thick line: 95 % interval of the rate ",
        "predicted in a ",
        "new population that differs from the sources as they differ from each other.")) +
    plot_theme() +
    ggplot2::theme(plot.margin = ggplot2::margin(6, 76, 6, 6))
}

forest_row <- function(label, kind, rate, lower, upper, text) {
  data.frame(label = label, kind = kind, rate = rate, lower = lower, upper = upper, text = text)
}

counted_row <- function(label, kind, events, n) {
  limits <- core_clopper_pearson(events, n, 0.025, 0.025)
  forest_row(label, kind, events / n, limits$lower, limits$upper, paste0(events, " of ", n))
}

# A prior or a number has no counts, and only the prediction is drawn.
forest_sources <- function(x) {
  sources <- natural_sources(x)
  sources <- sources[!is.na(sources$events), ]
  window <- describe_window(sources, rep(FALSE, nrow(sources)))
  label <- paste0(sources$source, "\n", or_unknown(sources$level), ", ", window)
  rows <- Map(counted_row, label, "source", sources$events, sources$n)
  do.call(rbind, unname(rows))
}

forest_prediction <- function(x, call) {
  s <- rate_summary(x, c(0.025, 0.975), call)
  q <- s$quantile$value
  known <- rate_is_known(x)
  forest_row(if (known) "Natural rate, taken as\nknown: no uncertainty" else "New population,\npredicted", "new",
    s$mean$value,
    q[1], q[2], if (known) percent_text(s$mean$value) else paste("mean", percent_text(s$mean$value)))
}

# Fewest and most responders where reports leave it open: then two rows.
forest_observed <- function(arm) {
  counts <- arm_counts(arm)
  open <- counts$min < counts$max
  rows <- lapply(unique(c(counts$min, counts$max)), \(y) {
    counted_row(paste0("This trial,\nobserved", if (open) paste0(" (", if (y == counts$min) "fewest" else "most", ")")),
      "trial", y, counts$n)
  })
  do.call(rbind, rows)
}

shared_endpoint <- function(x) {
  endpoint <- unique(natural_sources(x)$endpoint)
  if (length(endpoint) == 1L && !is.na(endpoint)) sub(" \\(.*", "", endpoint_label(endpoint)) else "responders"
}

forest_title <- function(x, observed, call) {
  s <- rate_summary(x, c(0.025, 0.975), call)
  q <- s$quantile$value
  nature <- if (rate_is_known(x)) percent_text(q[1]) else paste(percent_text(q[1]), "to", percent_text(q[2]))
  if (is.null(observed)) {
    return(plot_words("Nature alone: ", nature, " of such patients", if (!rate_is_known(x)) paste0(" (mean ",
      percent_text(s$mean$value), ")")))
  }
  plot_words(tail_sentence(x, observed, call))
}

# Observation and natural expectation in one sentence.
# @param y (whole numbers) fewest and most responders; tails, mean (numeric) one value, or the smallest and the largest.
finding_sentence <- function(y, n, tails, mean = NULL) {
  y <- unique(y)
  paste0("Observed ", paste(y, collapse = " to "), " of ", n, "; nature alone gives ",
    if (!is.null(mean)) paste0(paste(unique(count_text(mean)), collapse = " to "), " on average, and "),
    if (length(y) > 1L) "as many or more" else if (y == n) paste("all", n) else paste(y, "or more"),
    " in ", paste(unique(percent_text(tails)), collapse = " to "), " of such trials")
}

tail_sentence <- function(x, arm, call) {
  counts <- arm_counts(arm)
  y <- unique(c(counts$min, counts$max))
  pmf <- responders_pmf(x, counts$n, call)$value
  finding_sentence(y, counts$n, sort(vapply(y, \(k) sum(pmf[seq_along(pmf) > k]), 0)))
}

# Density ----------------------------------------------------------------------------

density_plot <- function(x, observed, call) {
  if (rate_is_known(x)) {
    abort_input(c("A rate taken as known has no density.", i = "Use {.code type = \"forest\"}."), call = call)
  }
  curve <- rate_density(x)
  s <- rate_summary(x, c(0.025, 0.975), call)
  inside <- curve[curve$rate >= s$quantile$value[1] & curve$rate <= s$quantile$value[2], ]
  title <- if (is.null(observed)) forest_title(x, NULL, call) else plot_words(tail_sentence(x, observed, call))
  ggplot2::ggplot(curve, ggplot2::aes(x = .data$rate, y = .data$density)) +
    ggplot2::geom_area(data = inside, fill = plot_ink[["fill"]]) +
    ggplot2::geom_line(colour = plot_ink[["dark"]], linewidth = 0.8) +
    observed_lines(observed, max(curve$density)) +
    percent_axis(breaks = seq(0, 1, 0.1), limits = c(0, 1)) +
    ggplot2::scale_y_continuous(breaks = NULL, expand = ggplot2::expansion(mult = c(0, 0.08))) +
    ggplot2::labs(x = "Natural rate among patients like those of the trial", y = "How plausible", title = title,
      subtitle = subtitle_words(evidence_words(x)), caption = paste0("Shaded: 95 % interval, ",
        percent_text(s$quantile$value[1]), " to ", percent_text(s$quantile$value[2]), "; mean ",
          percent_text(s$mean$value), ".")) +
    plot_theme()
}

evidence_words <- function(natural) with_moves(natural_label(natural), natural_assumptions(natural))

# Density of the rate from differences of its distribution function, on 400 cells.
rate_density <- function(x, cells = 400) {
  edges <- seq(0, 1, length.out = cells + 1)
  grid <- shift_grid(rate_grid(x, "fine"), rate_offset(x))
  below <- vapply(stats::qlogis(edges[-c(1, cells + 1)]), \(theta) core_grid_cdf(grid, theta), 0)
  mass <- diff(c(0, below, 1))
  data.frame(rate = (edges[-1] + edges[-(cells + 1)]) / 2, density = mass * cells)
}

observed_lines <- function(arm, top) {
  if (is.null(arm)) {
    return(NULL)
  }
  counts <- arm_counts(arm)
  y <- unique(c(counts$min, counts$max))
  lines <- data.frame(rate = y / counts$n, text = paste0("  observed\n  ", y, " of ", counts$n))
  list(
    ggplot2::geom_vline(data = lines, ggplot2::aes(xintercept = .data$rate), linetype = "dashed",
      colour = plot_ink[["dark"]]),
    ggplot2::geom_text(data = lines, ggplot2::aes(x = .data$rate, label = .data$text), y = top, hjust = 0, vjust = 1,
      size = 3.8, lineheight = 0.95, colour = plot_ink[["dark"]])
  )
}
