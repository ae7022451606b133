# Pictures of the answer: excess responders as bars, and every outcome against nature.

#' Pictures of an excess of responders
#'
#' `plot()` of an [excess()] draws the whole distribution of the excess among these
#' patients, observed minus natural responders, under the three readings (see
#' [excess()]). Where outcomes or levels are open, bars span the smallest to the
#' largest probability. `plot()` of a [decision_table()] draws, for each number of
#' responders, the probability that nature alone gives as many or more.
#'
#' @param x an [excess()] of responders, or a [decision_table()].
#' @param ... not used.
#' @return A ggplot, to which layers and themes can be added.
#' @section Conditions: `cordgain_no_ggplot2` where ggplot2 is not installed.
#' @seealso [excess()], [decision_table()], [plot.natural_rate()]
#' @examples
#' answer <- excess(keio_ips, natural_rate(0.134), accept = c("endpoint", "grade", "level", "baseline",
#'   "followup", "years", "registry"))
#' if (requireNamespace("ggplot2", quietly = TRUE)) plot(answer)
#' @name plot.excess_responders
#' @export
plot.excess_responders <- function(x, ...) {
  check_picture(names(formals(plot.excess_responders)), ...)
  words <- excess_words(x)
  rows <- reading_rows(excess_scenarios(x))
  many <- length(unique(rows$excess)) > most_labelled[[if (excess_is_bounds(x)) "bounds" else "values"]]
  rows$text <- if (many) "" else bar_text(rows$low, rows$high)
  ggplot2::ggplot(rows, ggplot2::aes(x = factor(.data$excess), y = .data$high)) +
    ggplot2::geom_col(width = 0.75, fill = plot_ink[["light"]]) +
    ggplot2::geom_col(ggplot2::aes(y = .data$low), width = 0.75, fill = plot_ink[["mid"]]) +
    ggplot2::geom_text(ggplot2::aes(label = .data$text), vjust = -0.4, size = 2.7, lineheight = 0.9) +
    ggplot2::facet_wrap(ggplot2::vars(.data$reading), ncol = 3) +
    ggplot2::scale_x_discrete(breaks = if (length(unique(rows$excess)) > 12) round_counts else ggplot2::waiver()) +
    ggplot2::scale_y_continuous(breaks = NULL, expand = ggplot2::expansion(mult = c(0, 0.16))) +
    ggplot2::labs(
      x = "Responders in excess of nature (observed minus natural)",
        y = if (excess_is_bounds(x)) "Probability, per cent" else "Probability",
      title = words[["title"]], subtitle = words[["subtitle"]], caption = words[["caption"]]
    ) +
    plot_theme()
}

# More bars than this have no room for a label each; bounds are two numbers.
most_labelled <- c(values = 9, bounds = 5)

# Of many whole numbers those worth a label: multiples of 5, or of 10, 20, ... where they are still too many.
round_counts <- function(values) {
  numbers <- as.numeric(values)
  step <- 5 * 2^max(0, ceiling(log2(diff(range(numbers)) / 5 / 8)))
  values[numbers %% step == 0]
}

reading_names <- c(
  probability = "Natural rate from\nthe sources alone",
  probability_joint = "These outcomes\ninform the natural\nrate too",
  probability_comonotone = "As much called\nnatural as the\nrates allow"
)

# Bounds stand narrow, so in whole per cent, and what is below one goes without.
bar_text <- function(low, high) {
  span <- paste0(round(100 * low), "-", round(100 * high))
  ifelse(high - low < 1e-9, percent_text(high), ifelse(high < 0.01, "", span))
}

# Smallest and largest probability of each excess over the scenarios; one scenario: both equal.
reading_rows <- function(scenarios) {
  tables <- do.call(rbind, lapply(seq_along(scenarios), \(i) cbind(scenario = i, scenarios[[i]]$satt)))
  values <- sort(unique(tables$excess))
  rows <- lapply(names(reading_names), \(reading) {
    p <- tapply(tables[[reading]], list(factor(tables$excess, values), factor(tables$scenario, seq_along(scenarios))),
      sum)
    p[is.na(p)] <- 0
    data.frame(reading = reading_names[[reading]], excess = values, low = apply(p, 1, min), high = apply(p, 1, max))
  })
  rows <- do.call(rbind, rows)
  rows$reading <- factor(rows$reading, unname(reading_names))
  rows
}

# What is written above and below the picture.
excess_words <- function(x) {
  c(title = excess_title(x),
    subtitle = subtitle_words("Natural recovery: ", evidence_words(excess_natural(x))),
    caption = caption_words("0: nature alone would have given as many; below 0: nature alone would have given more. ",
      if (excess_is_bounds(x)) "Dark: smallest, light: largest probability over what is not known. ",
      "None of the readings is a probability that the treatment works."))
}

excess_title <- function(x) {
  counts <- arm_counts(excess_arm(x))
  terms <- tidy(x)
  plot_words(finding_sentence(c(counts$min, counts$max), counts$n, value_or_bounds(terms, "natural_tail"),
    value_or_bounds(terms, "natural_responders")))
}

#' @rdname plot.excess_responders
#' @export
plot.decision_table <- function(x, ...) {
  check_picture(names(formals(plot.decision_table)), ...)
  observed <- attr(x, "observed")
  rows <- data.frame(responders = x$responders, tail = x$natural_tail, seen = x$responders %in% observed)
  mark <- if (length(observed) > 1L) "\npossible" else "\nobserved"
  rows$text <- paste0(percent_text(rows$tail), ifelse(rows$seen, mark, ""))
  n <- max(x$responders)
  many <- crowded(n)
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$responders, y = .data$tail, fill = .data$seen)) +
    ggplot2::geom_col(width = 0.75) +
    (if (!many) ggplot2::geom_text(ggplot2::aes(label = .data$text), vjust = -0.35, size = 3.8, lineheight = 0.95)) +
    ggplot2::scale_fill_manual(values = c(`FALSE` = plot_ink[["light"]], `TRUE` = plot_ink[["dark"]]), guide = "none") +
    ggplot2::scale_x_continuous(breaks = if (many) ggplot2::waiver() else 0:n) +
    ggplot2::scale_y_continuous(labels = percent_text, breaks = seq(0, 1, 0.25),
      expand = ggplot2::expansion(mult = c(0, 0.14))) +
    ggplot2::labs(x = paste("Responders among", n, "patients"), y = "Chance by nature alone\nof as many or more",
      title = decision_title(x, observed, n), subtitle = subtitle_words("Natural recovery: ",
        with_moves(attr(x, "label"), attr(x, "assumptions")))) +
    plot_theme() +
    ggplot2::theme(panel.grid.major.x = ggplot2::element_blank(),
      panel.grid.major.y = ggplot2::element_line(colour = plot_ink[["fill"]]))
}

decision_title <- function(x, observed, n) {
  if (length(observed) == 1L) {
    return(plot_words(finding_sentence(observed, n, x$natural_tail[x$responders == observed])))
  }
  plot_words("How often nature alone gives as many responders or more, for every outcome of ", n, " patients")
}
