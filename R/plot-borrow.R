# The picture that rates and means share: controls alone, and what each way of borrowing makes of them.

# @param rows (data frame) `group`, `estimate`, `conf.low`, `conf.high`, the first of group "none": no history.
# @param text (function) a value in words; unit (string) of all of them; more (string): what the caption adds.
borrowing_picture <- function(rows, axis, text, unit = "", more = NULL) {
  label <- method_words(rows$group)
  rows$label <- factor(label, rev(label))
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$estimate, y = .data$label)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high), colour = plot_ink[["mid"]],
      linewidth = 1) +
    ggplot2::geom_point(size = 2.6, colour = plot_ink[["dark"]]) +
    ggplot2::labs(x = axis, y = NULL, title = borrowing_title(rows, text, unit),
      caption = caption_words("Dots: posterior means; lines: posterior intervals. Below the first row, each way of ",
        "borrowing from the history.", more)) +
    plot_theme()
}

# Methods as papers write them: abbreviations in capitals.
method_words <- function(group) {
  words <- gsub("\\b(map|sam|leap)\\b", "\\U\\1", gsub("_", " ", group), perl = TRUE)
  ifelse(group == "none", "controls alone", words)
}

borrowing_title <- function(rows, text, unit = "") {
  with <- range(rows$estimate[rows$group != "none"])
  plot_words("Controls alone: ", text(rows$estimate[rows$group == "none"]), "; with the history: ",
    paste(unique(text(with)), collapse = " to "), unit, if (sum(rows$group != "none") > 1L) ", by the way of borrowing")
}
