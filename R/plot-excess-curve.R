# Each patient's course over the fan of natural recovery.

#' Courses over the fan of natural recovery
#'
#' One panel per patient: the observed scores, over what natural recovery alone would have given from the last score
#' before treatment on (median, middle half, and the interval of prediction), with the time of treatment. The fan is
#' cut off at the ends of the scale. Where lower is better the axis is turned: better is up, and the scores are those
#' that were given.
#'
#' @param x an [excess()] of a [recovery_data()].
#' @param ... not used.
#' @return A ggplot, to which layers and themes can be added.
#' @section Conditions: `cordgain_no_ggplot2` where ggplot2 is not installed.
#' @seealso [excess.recovery_data()]
#' @examples
#' # two simulated patients
#' visits <- data.frame(id = rep(c("a", "b"), each = 3), week = rep(c(2, 12, 52), 2),
#'   uems = c(10, 18, 30, 14, 16, 22), treated = 3)
#' treated <- recovery_data(visits, subject = id, time = week, score = uems, scale = "uems",
#'   treated_at = treated)
#' rows <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
#' all <- c("grade", "level", "baseline", "followup", "years", "registry")
#' answer <- excess(treated, natural_curve(rows, correlation = 0.8), accept = all)
#' if (requireNamespace("ggplot2", quietly = TRUE)) plot(answer)
#' @export
plot.excess_curve <- function(x, ...) {
  check_picture(names(formals(plot.excess_curve)), ...)
  parts <- curve_excess_parts(x)
  scale <- recovery_scale(parts$data)
  fan <- do.call(rbind, lapply(parts$courses, course_fan, parts = parts))
  seen <- course_points(parts$data)
  treated <- data.frame(subject = vapply(parts$courses, `[[`, "", "subject"),
    week = vapply(parts$courses, `[[`, 0, "treated_at"))
  ggplot2::ggplot(fan, ggplot2::aes(x = .data$week)) +
    ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$low, ymax = .data$high), fill = plot_ink[["fill"]]) +
    ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$lower, ymax = .data$upper), fill = plot_ink[["light"]]) +
    ggplot2::geom_line(ggplot2::aes(y = .data$median), colour = plot_ink[["mid"]]) +
    ggplot2::geom_vline(ggplot2::aes(xintercept = .data$week), data = treated, linetype = 2, linewidth = 0.3) +
    ggplot2::geom_line(ggplot2::aes(y = .data$score), data = seen, colour = plot_ink[["dark"]]) +
    ggplot2::geom_point(ggplot2::aes(y = .data$score), data = seen, size = 1.8, colour = plot_ink[["dark"]]) +
    ggplot2::facet_wrap(ggplot2::vars(.data$subject)) +
    known_score_axis(scale) +
    ggplot2::labs(
      x = weeks_axis(scale), y = scale_axis(scale),
      title = course_title(parts$terms, scale),
      caption = caption_words("Dots: observed; dashed: treatment. Fan: ", natural_words(scale),
        " from the last score before it, ", percent_text(parts$settings$conf.level),
        " of patients (light), the middle half (dark), median.", known_score_words(scale))
    ) +
    plot_theme()
}

course_title <- function(terms, scale) {
  last <- terms[terms$term == "patient_excess", ]
  plot_words(sum(last$conf.low > 0), " of ", nrow(last), " patients end ",
    if (scale_sign(scale) > 0) "above" else "better than", " the interval of ", natural_words(scale))
}

# The fan from the baseline on: normal quantiles of the gain, on a scale that has ends.
course_fan <- function(one, parts) {
  weeks <- seq(one$from, max(one$week), length.out = 60)[-1]
  weeks <- sort(unique(c(weeks, one$week)))
  gains <- tryCatch(curve_gains(parts$natural, one$from, weeks), cordgain_invalid_input = \(e) NULL)
  if (is.null(gains)) { # a covariance at the published weeks alone
    weeks <- one$week
    gains <- curve_gains(parts$natural, one$from, weeks)
  }
  sd <- c(0, sqrt(diag(gains$own) + rowSums(gains$slopes^2)))
  range <- turned_range(recovery_scale(parts$data))
  at <- \(p) pmin(pmax(one$baseline + c(0, gains$mean) + stats::qnorm(p) * sd, range[1]), range[2])
  level <- parts$settings$conf.level
  data.frame(subject = one$subject, week = c(one$from, weeks), low = at((1 - level) / 2), lower = at(0.25),
    median = at(0.5),
    upper = at(0.75), high = at((1 + level) / 2))
}

course_points <- function(data) {
  roles <- recovery_roles(data)
  points <- data.frame(subject = as.character(data[[roles$subject]]), week = data[[roles$time]],
    score = as.double(data[[roles$score]]))
  points[!is.na(points$score), ]
}
