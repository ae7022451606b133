# The natural course as a line in its band, over the published means.

#' @export
plot.natural_curve <- function(x, ...) {
  check_picture(names(formals(plot.natural_curve)), ...)
  rows <- drawn_course(x, rlang::current_env())
  scale <- x$settings$scale
  gain <- rows$term[1] == "mean_gain"
  picture <- ggplot2::ggplot(rows, ggplot2::aes(x = .data$time, y = .data$estimate)) +
    ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$conf.low, ymax = .data$conf.high), fill = plot_ink[["fill"]]) +
    ggplot2::geom_line(colour = plot_ink[["dark"]]) +
    (if (!gain) known_score_axis(scale)) +
    ggplot2::labs(x = weeks_axis(scale), y = course_axis(gain, scale), title = course_finding(rows, scale),
      caption = caption_words("Line and band: fitted mean, 95 % interval.",
        if (x$kind != "fit") " Dots: as published.", if (gain) gain_words(scale, "the scores") else
          known_score_words(scale))) +
    plot_theme()
  if (x$kind == "fit") picture else picture + ggplot2::geom_point(ggplot2::aes(x = .data$week, y = .data$mean),
    data = x$table$rows, inherit.aes = FALSE)
}

course_axis <- function(gain, scale) {
  if (is.null(scale)) {
    return(if (gain) "Mean gain" else "Mean score")
  }
  scale_axis(scale, if (gain) "mean gain of " else "mean ")
}

# The course on a fine grid of weeks, so that it bends as it does; where a model knows only the weeks it was fitted to
# (`factor(week)`), on these.
drawn_course <- function(x, call) {
  seen <- if (x$kind == "fit") x$weeks else x$table$rows$week
  weeks <- sort(unique(c(seen, seq(min(seen), max(seen), length.out = 100))))
  tryCatch(mean_course(x, weeks, 0.95, call), cordgain_invalid_input = \(e) mean_course(x, seen, 0.95, call))
}

course_finding <- function(rows, scale = NULL) {
  last <- nrow(rows)
  two <- \(value) format(signif(value, 2), trim = TRUE)
  week <- \(row) format(signif(rows$time[row], 3)) # each by itself: those between have more digits
  if (rows$term[1] == "mean_gain") {
    return(plot_words("Without treatment the mean gain by week ", week(last), " is ", two(rows$estimate[last])))
  }
  ends <- known_score(rows$estimate[c(1L, last)], scale)
  plot_words("Without treatment the mean score goes from ", two(ends[1]), " in week ", week(1), " to ", two(ends[2]),
    " in week ", week(last))
}
