# Pictures of an excess of scores.

#' Pictures of an excess of scores
#'
#' `type = "patients"`: what each patient gained (dot), over what natural recovery would have given
#' (median, middle half, and the interval of prediction). `type = "percentiles"`: the ordered
#' percentiles over the exact bands of as many untreated patients: a treatment that helps some and not
#' others shows at the upper end. Each band is for one rank: dots outside their bands are no count of patients whom the
#' treatment helped. Of more than a dozen patients marks are smaller, and names stand on the axis alone.
#'
#' @param x an [excess()] of a [score_change()].
#' @param type (string) `"patients"` or `"percentiles"`.
#' @param ... not used.
#' @return A ggplot, to which layers and themes can be added.
#' @section Conditions: `cordgain_no_ggplot2` where ggplot2 is not installed; `cordgain_invalid_input` where final
#'   scores are not known and ordered percentiles are asked for.
#' @seealso [excess.score_change()]
#' @examples
#' # simulated patients
#' x <- score_change(c(12, 18, 9, 15), c(36, 31, 11, 15), "uems")
#' all <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")
#' answer <- excess(x, natural_change(7.8, sd = 6.5), accept = all)
#' if (requireNamespace("ggplot2", quietly = TRUE)) plot(answer)
#' @export
plot.excess_score <- function(x, type = c("patients", "percentiles"), ...) {
  check_picture(names(formals(plot.excess_score)), ...)
  type <- check_option(type, c("patients", "percentiles"))
  if (type == "patients") patients_plot(x) else percentiles_plot(x, rlang::current_env())
}

patients_plot <- function(x) {
  change <- score_excess_change(x)
  scale <- change_motor_scale(change)
  y <- change_scores(change)
  room <- change_room(change)
  level <- score_excess_settings(x)$conf.level
  probs <- c((1 - level) / 2, 0.25, 0.5, 0.75, (1 + level) / 2)
  q <- vapply(seq_along(y), \(i) {
    patient_summary(score_excess_natural(x), probs, c(room$low[i], room$high[i]))$quantile$value
  }, numeric(5))
  marks <- \(size) mark_size(size, length(y))
  many <- crowded(length(y))
  drawn <- data.frame(subject = factor(change_subjects(change), levels = rev(change_subjects(change))), change = y,
    low = q[1, ], lower = q[2, ], median = q[3, ], upper = q[4, ], high = q[5, ])
  ggplot2::ggplot(drawn, ggplot2::aes(y = .data$subject)) +
    ggplot2::geom_vline(xintercept = 0, colour = plot_ink[["light"]], linewidth = 0.3) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$low, xmax = .data$high), colour = plot_ink[["light"]],
      linewidth = marks(4)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$lower, xmax = .data$upper), colour = plot_ink[["mid"]],
      linewidth = marks(4)) +
    ggplot2::geom_point(ggplot2::aes(x = .data$median), shape = 124, size = marks(5), colour = "white") +
    ggplot2::geom_point(ggplot2::aes(x = .data$change), size = marks(3), colour = plot_ink[["dark"]], na.rm = TRUE) +
    (if (many) ggplot2::scale_y_discrete(guide = ggplot2::guide_axis(check.overlap = TRUE))) +
    ggplot2::labs(
      x = change_axis(scale, paste0(" of ", scale_name(scale))),
      y = "Patient", title = patients_title(y, drawn, level),
      caption = caption_words("Dots: observed. Bars: what natural recovery alone gives, ", percent_text(level),
        " of patients (light), the middle half (dark) and the median (white).", gain_words(scale))
    ) +
    plot_theme() +
    (if (many) ggplot2::theme(axis.text.y = small_names()))
}

patients_title <- function(y, drawn, level) {
  above <- sum(y > drawn$high, na.rm = TRUE)
  plot_words(above, " of ", sum(!is.na(y)), " patients gained more than the ",
    percent_text(level), " interval of natural recovery")
}

percentiles_plot <- function(x, call) {
  rows <- score_excess_terms(x)
  rows <- rows[rows$term == "ordered_percentile", ]
  if (nrow(rows) == 0L) {
    abort_input("Percentiles cannot be ordered while final scores are not known.", call = call)
  }
  rows$rank <- seq_len(nrow(rows))
  many <- crowded(nrow(rows))
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$rank)) +
    ggplot2::geom_linerange(ggplot2::aes(ymin = .data$conf.low, ymax = .data$conf.high), colour = plot_ink[["light"]],
      linewidth = mark_size(6, nrow(rows))) +
    ggplot2::geom_point(ggplot2::aes(y = .data$estimate), size = mark_size(3, nrow(rows)),
      colour = plot_ink[["dark"]]) +
    (if (!many) ggplot2::geom_text(ggplot2::aes(y = .data$estimate, label = .data$subject), nudge_x = 0.18,
      size = 3.3)) +
    ggplot2::scale_x_continuous(breaks = rows$rank, labels = if (many) rows$subject else ggplot2::waiver(),
      expand = ggplot2::expansion(add = 0.5),
      guide = if (many) ggplot2::guide_axis(check.overlap = TRUE, angle = 90) else ggplot2::waiver()) +
    ggplot2::scale_y_continuous(limits = c(0, 1), labels = \(p) paste0(format(100 * p, trim = TRUE), " %")) +
    ggplot2::labs(
      x = "Patients, from the lowest percentile up", y = "Percentile in natural recovery",
      title = percentiles_title(rows, score_excess_settings(x)$conf.level),
      caption = caption_words("Dots: observed, with the patient. Bars: exact ",
        percent_text(score_excess_settings(x)$conf.level),
        " band of each rank among as many untreated patients, the natural mean as uncertain as it is. ",
        rank_bands_words(nrow(rows)))
    ) +
    plot_theme() +
    (if (many) ggplot2::theme(axis.text.x = small_names()))
}

# Of ranks, not of patients: a count of bands left behind is no count of those whom the treatment helped.
percentiles_title <- function(rows, level) {
  outside <- sum(rows$estimate > rows$conf.high)
  if (is.na(outside)) {
    return("The bands of untreated patients are not known")
  }
  if (nrow(rows) == 1L) {
    return(plot_words("The one patient ", if (outside == 0) "does not lie" else "lies", " above the ",
      percent_text(level), " band of one untreated patient"))
  }
  plot_words(if (outside == 0) "No rank lies above its" else paste(outside, "of", nrow(rows),
    if (outside == 1) "ranks lies above its" else "ranks lie above their"), " own ", percent_text(level), " band")
}
