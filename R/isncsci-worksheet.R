# The worksheet as a picture.

#' Draw the worksheet of an explained exam
#'
#' Dermatomes and key muscles from C2 to S4-5, right and left, with the score of
#' each cell, and lines below the sensory and motor level of each side (a line for
#' every level that is possible) and below the neurological level of injury. It
#' estimates nothing: it shows cells and the levels of [explain_isncsci()].
#'
#' The sheet needs 6.5 x 4.2 inches or more.
#'
#' @param x an `isncsci_explanation`.
#' @param ... not used.
#' @return A ggplot.
#' @section Conditions: `cordgain_no_ggplot2` without ggplot2.
#' @references
#' ASIA and ISCoS (2019). International Standards for Neurological Classification of
#' Spinal Cord Injury, worksheet: the order of rows and columns.
#' @seealso [explain_isncsci()]
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'   plot(explain_isncsci(isncsci_simulated[1, ]))
#' }
#' @export
plot.isncsci_explanation <- function(x, ...) {
  check_picture(names(formals(plot.isncsci_explanation)), ...)
  cells <- worksheet_cells(x$cells)
  levels <- worksheet_levels(x$scores)
  ggplot2::ggplot(cells, ggplot2::aes(x = .data$x, y = .data$y)) +
    ggplot2::geom_tile(ggplot2::aes(fill = .data$state), colour = "grey60", linewidth = 0.3) +
    ggplot2::geom_text(ggplot2::aes(label = .data$label), size = 2) +
    ggplot2::geom_segment(
      data = levels, ggplot2::aes(x = .data$x, xend = .data$xend, y = .data$y, yend = .data$y, linetype = .data$line),
      colour = "#b2182b", linewidth = 0.7
    ) +
    ggplot2::scale_fill_manual("Cell", values = state_colours, drop = FALSE) +
    ggplot2::scale_linetype_manual("Last level reached", values = level_lines, drop = FALSE) +
    ggplot2::scale_x_continuous(NULL, breaks = worksheet_x, labels = worksheet_titles, position = "top",
      expand = c(0.01, 0)) +
    ggplot2::scale_y_reverse(NULL,
      breaks = seq_along(isncsci_dermatomes), labels = sub("S45", "S4-5", isncsci_dermatomes),
      expand = c(0.01, 0)
    ) +
    ggplot2::labs(title = worksheet_title(x$scores), subtitle = worksheet_subtitle(x),
      caption = worksheet_caption(x$scores)) +
    plot_theme(base_size = 10) +
    ggplot2::theme(panel.grid.major.x = ggplot2::element_blank(), legend.position = "right",
      axis.text.y = ggplot2::element_text(size = ggplot2::rel(0.65)))
}

# Columns from the right side of the body (left of the sheet) to the left side.
worksheet_columns <- c("r_motor", "r_lt", "r_pp", "l_lt", "l_pp", "l_motor")
worksheet_x <- c(1, 2, 3, 4.5, 5.5, 6.5)
worksheet_titles <- c("Right\nmotor", "Right\nlight touch", "Right\npin prick", "Left\nlight touch", "Left\npin prick",
  "Left\nmotor")

state_colours <- c(normal = "#f7f7f7", impaired = "#d1e5f0", absent = "#92c5de", "not tested" = "#fddbc7",
  tagged = "#fee08b")
level_lines <- c("sensory level" = "dotted", "motor level" = "dashed", "level of injury" = "solid")

worksheet_cells <- function(cells) {
  name <- isncsci_score_cells
  label <- unname(cells[name])
  found <- sub("\\*.*", "", label)
  state <- ifelse(found == cell_top(name), "normal", ifelse(found == "0", "absent", "impaired"))
  state[found == "NT"] <- "not tested"
  state[grepl("*", label, fixed = TRUE)] <- "tagged"
  data.frame(
    x = worksheet_x[match(sub("_[a-z0-9]+$", "", name), worksheet_columns)],
    y = match(toupper(sub(".*_", "", name)), isncsci_dermatomes),
    label = label, state = factor(state, names(state_colours))
  )
}

# A line below the last dermatome of each possible level; none for C1 (above the
# sheet) and INT (below it).
worksheet_levels <- function(scores) {
  lines <- rbind(
    level_line(scores, "sensory_r", 1.5, 3.5, "sensory level"),
      level_line(scores, "motor_level_r", 0.5, 1.5, "motor level"),
    level_line(scores, "sensory_l", 4, 6, "sensory level"), level_line(scores, "motor_level_l", 6, 7, "motor level"),
    level_line(scores, "nli", 3.5, 4, "level of injury")
  )
  lines$line <- factor(lines$line, names(level_lines))
  lines
}

level_line <- function(scores, variable, from, to, line) {
  levels <- strsplit(scores[[paste0(variable, "_set")]], ",", fixed = TRUE)[[1L]]
  at <- c(C1 = 0, stats::setNames(seq_along(isncsci_dermatomes), isncsci_dermatomes), INT = 28)[levels]
  data.frame(x = rep(from, length(at)), xend = rep(to, length(at)), y = unname(at) + 0.5, line = rep(line, length(at)))
}

# "C5 or C6*"; neighbours as a run: "NA or T1 to T12".
shown_value <- function(scores, variable) {
  set <- strsplit(scores[[paste0(variable, "_set")]], ",", fixed = TRUE)[[1L]]
  order <- if (variable == "ais") match(set, LETTERS) else level_number(set)
  run <- cumsum(c(TRUE, !(diff(order) %in% 1L)))
  words <- vapply(split(set, run), \(r) paste(r[c(1L, length(r))], collapse = " to "), "")
  short <- tabulate(run) < 3L
  words[short] <- vapply(split(set, run)[short], paste, "", collapse = " or ")
  paste0(paste(words, collapse = " or "), if (scores[[paste0(variable, "_star")]]) "*")
}

worksheet_title <- function(scores) {
  open <- if (scores[["ais"]] == "ND") " (not determinable)" else ""
  grade <- sub("\\bNA\\b", "no grade", shown_value(scores, "ais"))
  plot_words("Neurological level ", shown_value(scores, "nli"), ", ", if (startsWith(grade, "no grade")) grade else
    paste("AIS", grade), open)
}

worksheet_subtitle <- function(x) {
  finding <- \(v) c(YES = "yes", NO = "no", NT = "not tested")[[x$cells[[v]]]]
  nonkey <- x$cells[isncsci_nonkey]
  levels <- subtitle_words("Sensory level: ", both_sides(x$scores, "sensory"), ". Motor level: ",
    both_sides(x$scores, "motor_level"), ".")
  findings <- subtitle_words(
    "Voluntary anal contraction: ", finding("vac"), ". Deep anal pressure: ", finding("dap"), ".",
    if (any(!is.na(nonkey))) {
      paste0(" Lowest non-key muscle: ",
        paste(c("right", "left")[!is.na(nonkey)], nonkey[!is.na(nonkey)], collapse = ", "), ".")
    }
  )
  paste(levels, findings, sep = "\n")
}

both_sides <- function(scores, variable) {
  paste0("right ", shown_value(scores, paste0(variable, "_r")), ", left ", shown_value(scores, paste0(variable, "_l")))
}

worksheet_caption <- function(scores) {
  caption_words(
    "Zones of partial preservation. Sensory: ", both_sides(scores, "zpp_sensory"), ". Motor: ",
    both_sides(scores, "zpp_motor"), ". Where more than one level is possible, each has its line. *: rests on scores ",
    "assumed for tagged cells."
  )
}
