# The specification curve: every combination of choices in the order of its answer, and beneath it what was chosen.

#' Specification curve of a sensitivity analysis
#'
#' Each point above is one combination of choices, in the order of the natural tail (probability that nature alone
#' gives as many responders or more, or as large a mean); beneath it a mark shows which
#' evidence, prior, bias and so on it used.
#' The answer as it was given is the filled point. Only choices with more than one value are drawn.
#'
#' @param x a [sensitivity()].
#' @param ... not used.
#' @return A ggplot, to which layers and themes can be added.
#' @section Conditions: `cordgain_no_ggplot2` where ggplot2 is not installed.
#' @seealso [sensitivity()]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' answer <- excess(keio_ips, natural_rate(late), accept = c("level", "baseline", "followup", "years"))
#' if (requireNamespace("ggplot2", quietly = TRUE)) plot(sensitivity(answer))
#' @export
plot.sensitivity <- function(x, ...) {
  check_picture(names(formals(plot.sensitivity)), ...)
  table <- as.data.frame(x)
  table <- table[table$analysis == "choice" & !is.na(table$natural_tail), , drop = FALSE]
  table <- table[order(table$natural_tail), , drop = FALSE]
  table$rank <- seq_len(nrow(table))
  marks <- choice_marks(table)
  ticks <- tail_ticks(table$natural_tail)
  positions <- c(stats::setNames(stats::qlogis(ticks), percent_text(ticks)), marks$position)
  curve <- data.frame(rank = table$rank, y = stats::qlogis(table$natural_tail), own = table$own,
    panel = factor("Chance by nature alone", c("Chance by nature alone", unique(marks$rows$panel))))
  if (!is.null(marks$rows)) marks$rows$panel <- factor(marks$rows$panel, levels(curve$panel))
  ggplot2::ggplot(curve, ggplot2::aes(x = .data$rank, y = .data$y)) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$own, size = .data$own), colour = plot_ink[["dark"]],
      fill = plot_ink[["dark"]]) +
    (if (!is.null(marks$rows)) ggplot2::geom_point(data = marks$rows, shape = 15, size = 1.6,
      colour = plot_ink[["mid"]])) +
    ggplot2::scale_shape_manual(values = c(`FALSE` = 21, `TRUE` = 23), guide = "none") +
    ggplot2::scale_size_manual(values = c(`FALSE` = 1.4, `TRUE` = 3.2), guide = "none") +
    ggplot2::scale_y_continuous(breaks = unname(positions), labels = names(positions),
      expand = ggplot2::expansion(add = 0.3)) +
    ggplot2::facet_grid(rows = ggplot2::vars(.data$panel), scales = "free_y", space = "free_y", switch = "y") +
    ggplot2::labs(x = paste(nrow(table), "combinations of choices, in order"), y = NULL,
      title = curve_title(table, question_parts(x$excess)$seen),
      subtitle = "Filled diamond: the answer as it was given") +
    plot_theme() +
    ggplot2::theme(strip.placement = "outside", strip.text.y.left = ggplot2::element_text(angle = 0, hjust = 1),
      axis.title.x = ggplot2::element_text(hjust = 1), # may begin left of a panel that long names make narrow
      panel.grid.major.x = ggplot2::element_blank(),
      panel.grid.major.y = ggplot2::element_line(colour = plot_ink[["fill"]]), axis.text.x = ggplot2::element_blank())
}

# Ticks at least as far apart as two marks, so that their labels do not overprint; nearer only in a range too
# narrow for two of them.
tail_ticks <- function(tail) {
  ticks <- sort(possible_ticks(tail))
  inside <- \(ticks) sum(ticks >= min(tail) & ticks <= max(tail))
  kept <- ticks[1]
  for (tick in ticks[-1]) {
    if (stats::qlogis(tick) - stats::qlogis(kept[length(kept)]) >= mark_distance) kept <- c(kept, tick)
  }
  if (inside(kept) > 1L) kept else ticks
}

mark_distance <- 0.45

possible_ticks <- function(tail) {
  ticks <- c(0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9)
  ticks <- ticks[ticks >= min(tail) / 2 & ticks <= max(tail) * 1.5 + 0.05]
  if (sum(ticks >= min(tail) & ticks <= max(tail)) > 1L) {
    return(ticks)
  }
  fine <- pretty(tail, 4) # a narrow range falls between them
  fine <- fine[fine > 0 & fine < 1]
  if (length(fine) > length(ticks)) fine else ticks
}

# One panel for each choice with several values; its marks stand at heights of their own, so that one scale names them.
choice_marks <- function(table) {
  names <- c(evidence = "Evidence", tau = "Heterogeneity", bias = "Bias", landmark = "Landmark", drift = "Drift",
    family = "Family", shape = "Shape", correlation = "Correlation", between_sd = "Between populations")
  used <- Filter(\(n) length(unique(table[[n]])) > 1L, intersect(names(names), names(table)))
  position <- numeric()
  rows <- NULL
  for (i in seq_along(used)) {
    values <- numbers_in_order(unique(table[[used[i]]]))
    at <- stats::setNames(100 * i + rev(seq_along(values)) * mark_distance, short_label(values))
    position <- c(position, at)
    rows <- rbind(rows, data.frame(rank = table$rank, y = unname(at)[match(table[[used[i]]], values)],
      panel = names[[used[i]]]))
  }
  list(rows = rows, position = position)
}

short_label <- function(x) {
  x <- rounded_label(x)
  ifelse(nchar(x) > 34, paste0(substr(x, 1, 32), "..."), x)
}

curve_title <- function(table, seen) {
  plot_words("Over all choices nature alone gives ", seen, " in ", percent_text(min(table$natural_tail)), " to ",
    percent_text(max(table$natural_tail)), " of trials")
}
