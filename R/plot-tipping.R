# Pictures of tipping points: the tail along one assumption, and the map over two.

#' Pictures of tipping points
#'
#' `plot()` of [tipping()] draws the probability that nature alone gives as many responders, against each
#' assumption in turn, with the targets as lines and the answer as it stands. `plot()` of
#' [tipping_map()] draws it over two assumptions in four greys, its borders at 2.5, 5 and 10 %, with
#' the published values as labelled points: with more than ten of them the labels need 6.5 x 4.2 inches.
#'
#' @param x a [tipping()] or a [tipping_map()].
#' @param ... not used.
#' @return A ggplot, to which layers and themes can be added.
#' @section Conditions: `cordgain_no_ggplot2` where ggplot2 is not installed.
#' @seealso [tipping()], [tipping_map()]
#' @examples
#' answer <- excess(keio_ips, natural_rate(0.134), accept = c("endpoint", "grade", "level", "baseline",
#'   "followup", "years", "registry"))
#' if (requireNamespace("ggplot2", quietly = TRUE)) plot(tipping(answer, over = "bias"))
#' @name plot.tipping
#' @export
plot.tipping <- function(x, ...) {
  check_picture(names(formals(plot.tipping)), ...)
  rows <- do.call(rbind, lapply(x$curves, curve_rows))
  rate <- rows$term == "rate"
  rows$value[rate] <- 100 * rows$value[rate]
  rows$title[rate] <- paste(rows$title[rate], "(%)")
  rows$assumption <- factor(rows$title, unique(rows$title))
  parts <- question_parts(x$excess)
  rows <- rows[rows$tail > 0.004 & rows$tail < 0.98, ]
  now <- standing_points(rows, standing_tails(x$excess, rlang::current_env()))
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$value, y = stats::qlogis(.data$tail), group = .data$scenario)) +
    ggplot2::geom_hline(yintercept = stats::qlogis(x$target), linetype = "dashed", colour = plot_ink[["mid"]],
      linewidth = 0.3) +
    ggplot2::geom_line(colour = plot_ink[["dark"]], linewidth = 0.8) +
    (if (nrow(now) > 0L) ggplot2::geom_point(data = now, size = 2.4, colour = plot_ink[["dark"]])) +
    ggplot2::facet_wrap(ggplot2::vars(.data$assumption), scales = "free_x",
      labeller = ggplot2::label_wrap_gen(strip_letters(x))) +
    ggplot2::scale_x_continuous(labels = \(v) format(v, drop0trailing = TRUE, trim = TRUE)) +
    tail_axis(x$target) +
    ggplot2::labs(x = NULL, y = parts$chance, title = tipping_title(x),
      subtitle = subtitle_words("Natural recovery: ", natural_label(parts$natural)),
      caption = if (nrow(now) > 0L) "Points: the answer as it stands.") +
    plot_theme() +
    ggplot2::theme(panel.grid.major.y = ggplot2::element_line(colour = plot_ink[["fill"]]))
}

# Letters of a line above a panel: two panels or three stand beside each other.
strip_letters <- function(x) if (length(x$curves) %in% c(1L, 2L, 4L)) 27 else 17

# Tails on log odds, so that the small ones can be told apart; the targets are among the ticks.
tail_axis <- function(target = numeric()) {
  ticks <- sort(unique(c(0.01, target, 0.25, 0.5, 0.75, 0.9)))
  ggplot2::scale_y_continuous(breaks = stats::qlogis(ticks), labels = percent_text(ticks),
    guide = ggplot2::guide_axis(check.overlap = TRUE))
}

# The part of a curve that its move wants drawn: a bias beyond tenfold is not.
curve_rows <- function(curve) {
  move <- curve$move
  inside <- move$grid >= move$drawn[1] & move$grid <= move$drawn[2]
  rows <- lapply(seq_len(ncol(curve$tail)), \(s) {
    values <- move$grid[inside]
    fine <- seq(min(values), max(values), length.out = 101)
    height <- stats::splinefun(move$grid, stats::qlogis(pmin(pmax(curve$tail[, s], 1e-12), 1 - 1e-12)), "monoH.FC")
    data.frame(term = move$term, title = move$title, scenario = s, value = move$show(fine),
      tail = stats::plogis(height(fine)))
  })
  do.call(rbind, rows)
}

# The tail of every scenario as the answer has it: no bias beyond the evidence's own.
standing_tails <- function(excess, call) {
  nature_tails(excess, natural_move(excess, "bias", list(), call)$nature(0))$fine
}

# Where each curve passes the tail of the answer: at the present value of its assumption, or at what stands for it.
standing_points <- function(rows, tails) {
  pieces <- split(rows, list(rows$assumption, rows$scenario), drop = TRUE)
  do.call(rbind, lapply(pieces, \(piece) {
    above <- stats::qlogis(piece$tail) - stats::qlogis(tails[piece$scenario[1]])
    above[abs(above) < 1e-6] <- 0 # the spline passes it there, by rounding on either side
    before <- which(above[-1] * above[-length(above)] < 0)
    share <- above[before] / (above[before] - above[before + 1L])
    points <- piece[c(before, which(above == 0)), ]
    points$value <- c(piece$value[before] + share * (piece$value[before + 1L] - piece$value[before]),
      piece$value[above == 0])
    points$tail <- rep(tails[piece$scenario[1]], nrow(points))
    points
  }))
}

tipping_title <- function(x) {
  bias <- x$terms[x$terms$term == "bias" & x$terms$target == max(x$target), ]
  gives <- question_parts(x$excess)$rare
  if (nrow(bias) != 1L || is.na(bias$estimate)) {
    return(plot_words("How often nature alone ", gives, " as an assumption moves"))
  }
  moved <- if (bias$unit == "odds multiplier") {
    paste0("once its odds are ", signif(bias$estimate, 2), " times those of the evidence")
  } else {
    paste0("once its mean is ", signif(abs(bias$estimate), 2), " points ", if (bias$estimate < 0) "below" else "above",
      " the evidence")
  }
  plot_words("Nature alone ", gives, " in ", percent_text(bias$target), " of trials ", moved)
}

#' @rdname plot.tipping
#' @export
plot.tipping_map <- function(x, ...) {
  check_picture(names(formals(plot.tipping_map)), ...)
  rows <- data.frame(across = x$axes[[1]]$place(x$grid[[x$over[1]]]), up = x$axes[[2]]$place(x$grid[[x$over[2]]]),
    tail = x$grid$estimate)
  picture <- ggplot2::ggplot(rows, ggplot2::aes(x = .data$across, y = .data$up)) +
    ggplot2::geom_contour_filled(ggplot2::aes(z = .data$tail), breaks = c(-0.001, chance_borders, 1.001)) +
    borders(rows$tail) +
    ggplot2::scale_fill_manual(values = chance_greys, labels = chance_names, drop = FALSE,
      name = "Chance by nature alone") +
    map_axis(x$axes[[1]], "x") + map_axis(x$axes[[2]], "y") +
    ggplot2::labs(title = map_title(x), subtitle = subtitle_words(map_subtitle(x))) +
    plot_theme() +
    ggplot2::theme(legend.position = "bottom", legend.key = ggplot2::element_rect(colour = plot_ink[["mid"]]),
      legend.text = ggplot2::element_text(size = 8), legend.title = ggplot2::element_text(size = 9))
  add_points(picture, x, rows)
}

# Lines between the greys that a map has; where it has one alone there is none, and ggplot2 would warn of that.
borders <- function(tail) {
  at <- borders_within(tail)
  if (length(at) > 0L) {
    ggplot2::geom_contour(ggplot2::aes(z = .data$tail), breaks = at, colour = plot_ink[["dark"]], linewidth = 0.4)
  }
}

borders_within <- function(chance, levels = chance_borders) levels[levels > min(chance) & levels < max(chance)]

# Where one grey of a map ends and the next begins.
chance_borders <- c(0.025, 0.05, 0.1)
chance_greys <- c("#FFFFFF", "#E9E9E9", "#D6D6D6", "#BFBFBF")
chance_names <- c("up to 2.5 %", "2.5 to 5 %", "5 to 10 %", "above 10 %")

map_axis <- function(axis, side) {
  scale <- if (side == "x") ggplot2::scale_x_continuous else ggplot2::scale_y_continuous
  plain <- ggplot2::expansion(0)
  name <- paste(strwrap(axis$title, if (side == "x") 80 else 28), collapse = "\n")
  if (is.null(axis$ticks)) {
    return(scale(name = name, expand = plain))
  }
  scale(name = name, breaks = axis$place(axis$ticks), labels = axis$words, expand = plain)
}

# Where the darkest grey begins: at which rate had the evidence no bias, or at which mean, by the SD. Else the range.
map_title <- function(x) {
  gives <- paste("nature alone", question_parts(x$excess)$rare)
  rate <- map_tip(x$grid, "rate", "bias", 0.1)
  mean <- map_tip(x$grid, "mean", "sd", 0.1)
  if (length(rate) == 1L && !is.na(rate)) {
    return(plot_words("Without bias ", gives, " in more than 10 % of trials once its rate is above ",
      percent_text(rate)))
  }
  if (length(mean) > 0L && !anyNA(mean)) {
    ends <- unique(vapply(signif(range(mean), 2), format, ""))
    return(plot_words("N", substring(gives, 2), " in more than 10 % of trials once its own mean is above ",
      paste(ends, collapse = " to "), if (length(ends) > 1L) ", by the SD"))
  }
  plot_words("Over this map ", gives, " in ", paste(unique(percent_text(range(x$grid$estimate))), collapse = " to "),
    " of trials")
}

# Values of `term` at which the tail passes the target, between two of the map's, for each value of `other` (a bias: for
# none); NA where it does not, or where the map is over something else.
map_tip <- function(grid, term, other, target) {
  if (!all(c(term, other) %in% names(grid))) {
    return(NA_real_)
  }
  if (other == "bias") grid <- grid[abs(log(grid$bias)) < 1e-9, ]
  place <- if (term == "rate") stats::qlogis else identity
  back <- if (term == "rate") stats::plogis else identity
  vapply(split(grid, grid[[other]]), \(rows) {
    rows <- rows[rows$estimate > 0 & rows$estimate < 1, ]
    if (nrow(rows) < 2L || min(rows$estimate) >= target || max(rows$estimate) <= target) {
      return(NA_real_)
    }
    back(stats::approx(stats::qlogis(rows$estimate), place(rows[[term]]), stats::qlogis(target))$y)
  }, 0, USE.NAMES = FALSE)
}

map_subtitle <- function(x) {
  evidence <- natural_label(question_parts(x$excess)$natural)
  if (is.null(x$subtitle)) paste0("Natural recovery: ", evidence) else x$subtitle
}

# Labels as two staircases, every other point's above and below: the leftmost point's label stands furthest from its
# point, so that no label crosses another's line.
add_points <- function(picture, x, rows) {
  at <- points_inside(x, range(rows$across), range(rows$up))
  if (nrow(at) == 0L) {
    return(picture)
  }
  picture +
    ggplot2::geom_segment(data = at, ggplot2::aes(x = .data$across, xend = .data$across, y = .data$up,
      yend = .data$end), linewidth = 0.25, colour = plot_ink[["mid"]]) +
    ggplot2::geom_point(data = at, size = 1.8, colour = plot_ink[["dark"]]) +
    ggplot2::geom_text(data = at, size = 2.7,
      ggplot2::aes(x = .data$begins, y = .data$end, label = .data$label, hjust = .data$side))
}

points_inside <- function(x, wide, high) {
  points <- x$points
  if (is.null(points)) {
    return(data.frame())
  }
  at <- data.frame(across = x$axes[[1]]$place(points[[x$over[1]]]), up = x$axes[[2]]$place(points[[x$over[2]]]),
    label = points$label)
  at <- at[at$across >= wide[1] & at$across <= wide[2] & at$up >= high[1] & at$up <= high[2], , drop = FALSE]
  if (nrow(at) == 0L) {
    return(at)
  }
  at <- at[order(at$across, decreasing = TRUE), , drop = FALSE]
  sign <- rep(c(1, -1), length.out = nrow(at))
  room <- 0.95 * c(high[2] - max(at$up), min(at$up) - high[1])[ifelse(sign > 0, 1, 2)]
  at$end <- at$up + sign * pmin(0.06 * diff(high), room / (nrow(at) / 2 + 1)) * ceiling(seq_len(nrow(at)) / 2)
  # A label that would run out of the picture ends at its edge; a letter takes 1.2 % of the width at 6.5 inches.
  out <- at$across + 0.012 * nchar(at$label) * diff(wide) > wide[2]
  at$begins <- ifelse(out, wide[2], at$across)
  at$side <- ifelse(out, 1.01, -0.03)
  at
}
