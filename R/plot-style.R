# How every picture of the package looks: one theme, greys that survive a copier,
# and words for numbers. ggplot2 is asked for only when a picture is drawn.

# Ink, its softer forms, and the light fill: told apart in grey and by every eye.
plot_ink <- c(dark = "#1A1A1A", mid = "#6E6E6E", light = "#BDBDBD", fill = "#E3E3E3")

plot_theme <- function(base_size = 11) {
  ggplot2::theme_minimal(base_size = base_size) +
    ggplot2::theme(
      plot.title = ggplot2::element_text(face = "bold", size = ggplot2::rel(1.1)),
      plot.subtitle = ggplot2::element_text(colour = plot_ink[["mid"]]),
      plot.caption = ggplot2::element_text(colour = plot_ink[["mid"]], hjust = 0, size = ggplot2::rel(0.8)),
      plot.title.position = "plot", plot.caption.position = "plot",
      panel.grid.minor = ggplot2::element_blank(), panel.grid.major.y = ggplot2::element_blank(),
      axis.text = ggplot2::element_text(colour = plot_ink[["dark"]]),
      axis.title.x = ggplot2::element_text(margin = ggplot2::margin(t = 5)),
      strip.text = ggplot2::element_text(face = "bold", hjust = 0),
      plot.background = ggplot2::element_rect(fill = "white", colour = NA)
    )
}

# Titles say the finding in a sentence, which must not run out of the picture.
# A number stays with its per cent sign, and with "<" before it.
# The name of some evidence with what moves it (bias, landmark, drift); its priors are in print().
with_moves <- function(label, assumptions) {
  paste(c(label, grep("Prior: ", assumptions, value = TRUE, fixed = TRUE, invert = TRUE)), collapse = "; ")
}

plot_words <- function(..., width = 66) {
  lines <- strwrap(gsub("([<>]) ", "\\1\u00a0", gsub(" %", "\u00a0%", paste0(...), fixed = TRUE)), width)
  gsub("\u00a0", " ", paste(lines, collapse = "\n"), fixed = TRUE)
}

# The name of a vertical axis, broken where the axis of half a page ends.
axis_words <- function(..., width = 28) plot_words(..., width = width)

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

# A change with its sign; none has none.
signed_number <- function(x) ifelse(x == 0, "0", sprintf("%+g", x))

# The horizontal axis of a rate or a probability.
percent_axis <- function(...) {
  ggplot2::scale_x_continuous(labels = \(p) paste0(format(100 * p, trim = TRUE, drop0trailing = TRUE), " %"), ...)
}
