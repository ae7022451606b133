# How every picture of the package looks: one theme, greys that survive a copier,
# and words for numbers. ggplot2 is asked for only when a picture is drawn.

# Ink, its softer forms, and the light fill: told apart in grey and by every eye.
plot_ink <- c(dark = "#1A1A1A", mid = "#6E6E6E", light = "#BDBDBD", fill = "#E3E3E3")

plot_theme <- function(base_size = 11) {
  ggplot2::theme_minimal(base_size = base_size) +
    ggplot2::theme(
      plot.title = ggplot2::element_text(face = "bold", size = ggplot2::rel(1)),
      plot.subtitle = ggplot2::element_text(colour = plot_ink[["mid"]], size = ggplot2::rel(0.85)),
      plot.caption = ggplot2::element_text(colour = plot_ink[["mid"]], hjust = 0, size = ggplot2::rel(0.75)),
      plot.title.position = "plot", plot.caption.position = "plot",
      panel.grid.minor = ggplot2::element_blank(), panel.grid.major.y = ggplot2::element_blank(),
      axis.text = ggplot2::element_text(colour = plot_ink[["dark"]]),
      axis.title = ggplot2::element_text(size = ggplot2::rel(0.9), lineheight = 1.1),
      axis.title.x = ggplot2::element_text(margin = ggplot2::margin(t = 5)),
      strip.text = ggplot2::element_text(face = "bold", hjust = 0),
      plot.background = ggplot2::element_rect(fill = "white", colour = NA)
    )
}

# The name of some evidence with what moves it (bias, landmark, drift); its priors are in print().
with_moves <- function(label, assumptions) {
  paste(c(label, grep("Prior: ", assumptions, value = TRUE, fixed = TRUE, invert = TRUE)), collapse = "; ")
}

# Letters of a line, so that it ends within half a page (5 inches) at the sizes of plot_theme(), in a wide font too.
plot_widths <- c(title = 52, subtitle = 68, caption = 76)

# Titles say the finding in a sentence, which must not run out of the picture.
# A number stays with its per cent sign, and with "<" before it.
plot_words <- function(..., width = plot_widths[["title"]]) {
  text <- gsub("([<>]) ", "\\1\u00a0", gsub(" %", "\u00a0%", paste0(...), fixed = TRUE))
  gsub("\u00a0", " ", paste(strwrap(text, width + 1), collapse = "\n"), fixed = TRUE)
}

subtitle_words <- function(...) plot_words(..., width = plot_widths[["subtitle"]])
caption_words <- function(...) plot_words(..., width = plot_widths[["caption"]])

# The name of a vertical axis, broken where the axis of half a page ends.
axis_words <- function(..., width = 28) plot_words(..., width = width)

# More patients than a picture of half a page has room for: marks become smaller, names leave the dots.
crowd <- 12

crowded <- function(n) n > crowd

mark_size <- function(size, n) size * min(1, crowd / n)

small_names <- function() ggplot2::element_text(size = ggplot2::rel(0.7))

# Names at the ends of lines (`name`, `x`, `y`), moved apart where they would overprint; of more than a dozen none.
line_names <- function(ends, values) {
  ends <- ends[!is.na(ends$y), , drop = FALSE]
  if (nrow(ends) == 0L || crowded(nrow(ends))) {
    return(NULL)
  }
  gap <- 0.065 * diff(range(values))
  ends$beside <- stats::ave(ends$y, ends$x, FUN = \(y) moved_apart(y, gap))
  ends$name <- paste0("  ", ends$name)
  ggplot2::geom_text(data = ends, ggplot2::aes(x = .data$x, y = .data$beside, label = .data$name), inherit.aes = FALSE,
    hjust = 0, size = 3)
}

# The heights nearest to those given (least squares) of which no two are nearer than `gap`.
moved_apart <- function(y, gap) {
  order <- order(y)
  steps <- gap * seq_along(y)
  y[order] <- stats::isoreg(y[order] - steps)$yf + steps
  y
}

# A probability or rate as a percentage: two digits, one decimal below 10 %, and never a rounded 0 or 100.
percent_text <- function(p) {
  text <- ifelse(100 * p < 9.95, sprintf("%.1f %%", 100 * p), sprintf("%.0f %%", 100 * p))
  text <- ifelse(p > 0 & p < 0.0005, "< 0.1 %", ifelse(p < 1 & p > 0.995, "> 99 %", text))
  text <- ifelse(p == 0, "0 %", ifelse(p > 1 - 1e-9, "100 %", text)) # a sum of probabilities may miss 1 by rounding
  ifelse(is.na(p), "not known", text)
}

# A probability as a decimal of so many digits: without powers of ten, and never a rounded 0 or 1.
probability_text <- function(p, digits = 3) {
  rounded <- signif(p, digits)
  text <- vapply(rounded, format, "", scientific = FALSE)
  text <- ifelse(rounded >= 1 & p < 1 - 1e-9, paste("above", 1 - 10^-digits), text) # a sum may miss 1 by rounding
  ifelse(is.na(p), "not known", ifelse(p > 0 & p < 1e-6, "below 0.000001", text))
}

# A minus that is no hyphen, before a number that nothing is joined to.
true_minus <- function(text) gsub("(?<![0-9A-Za-z])-(?=[0-9])", "\u2212", text, perl = TRUE)

# A number of responders, or an excess of them: three digits, without powers of ten, and never a rounded 0.
count_text <- function(x) {
  text <- vapply(signif(x, 3), format, "", scientific = FALSE)
  small <- !is.na(x) & x != 0 & abs(x) < 0.001
  text[small] <- ifelse(x[small] > 0, "less than 0.001", "between -0.001 and 0")
  text[is.na(x)] <- "not known"
  true_minus(text)
}

# A change with its sign; none has none.
signed_number <- function(x) ifelse(x == 0, "0", sprintf("%+g", x))

# The horizontal axis of a rate or a probability.
percent_axis <- function(...) {
  ggplot2::scale_x_continuous(labels = \(p) paste0(format(100 * p, trim = TRUE, drop0trailing = TRUE), " %"), ...)
}
