# What a design does under every truth: type I error and power as a surface over true excess and external bias.

#' Operating characteristics of a design
#'
#' The probability that a design claims success, for every true excess and every external bias, exactly: sums over all
#' outcomes, averaged over the natural rate by quadrature. A bias moves the natural rate of the trial's own patients
#' away from what the evidence says; with concurrent controls it moves both arms.
#'
#' For a [design_course()], repeated scores, trials are simulated in the core from the variances of its `natural` fit,
#' and each is analysed as the real one will be. The registry's natural value is drawn with its error in each trial. A
#' bias is by how many points the trial's patients would do better than the registry's without treatment.
#'
#' @param design a [design_trial()] with a rule for its final outcome (not `"sequential"` or `"two_stage"`, whose
#'   characteristics are in the design), or a [design_course()].
#' @param truth what nature is: a [natural_rate()], over which is averaged (default: the design's own), or one known
#'   rate (number in (0, 1)).
#' @param excess (numeric) true excess. Of a [design_trial()]: added to the natural rate (and kept within 0 and 1), or
#'   with `scale = "log_odds"` to its log odds; left out, 0 to 0.6 in steps of 0.05. Of a [design_course()]: points of
#'   its contrast; left out, 0 alone, which is its type I error.
#' @param bias (numeric, log odds; points of a [design_course()]) external bias.
#' @param scale (string) `"rate"` or `"log_odds"`.
#' @return An `operating_characteristics`, a data frame with one row for each pair: `excess`, `bias`, `term`
#'   (`"type_1_error"` where the excess is 0 or less, else `"power"`), `estimate`, `num.error`, `num.kind`; where
#'   trials are simulated also their standard error and exact 95 % limits. `plot()` draws it.
#' @section Conditions: `cordgain_invalid_input` for arguments out of range.
#' @seealso [design_trial()], [assurance()]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' design <- design_trial(natural_rate(late), "single", n = 20, rule = "plug_in")
#' operating_characteristics(design, excess = c(0, 0.2, 0.4), bias = c(0, log(2)))
#' @order 1
#' @export
operating_characteristics <- function(design, ...) {
  UseMethod("operating_characteristics")
}

#' @rdname operating_characteristics
#' @order 2
#' @export
operating_characteristics.default <- function(design, ...) {
  check_given(c(design = "a design made by design_trial() or design_course()"))
  final_claims(design, rlang::current_env())
}

#' @rdname operating_characteristics
#' @order 3
#' @export
operating_characteristics.trial_design <- function(design, truth = NULL, excess = seq(0, 0.6, by = 0.05), bias = 0,
                                                   scale = c("rate", "log_odds"), ...) {
  rlang::check_dots_empty()
  call <- rlang::current_env()
  claims <- final_claims(design, call)
  truth <- check_truth(truth, design_natural(design), call)
  excess <- check_some(excess, call = call)
  bias <- check_some(bias, min = -20, max = 20, call = call)
  scale <- check_option(scale, c("rate", "log_odds"))
  surface <- claim_surface(claims, truth, excess, bias, scale == "log_odds", call)
  rows <- expand.grid(excess = excess, bias = bias)
  rows <- cbind(rows, term = ifelse(rows$excess <= 0, "type_1_error", "power"), estimate = as.vector(surface$value),
    num.error = as.vector(surface$error), num.kind = "estimate")
  new_operating(rows, design, scale)
}

# True values, at least one, each once.
check_some <- function(x, ..., arg = rlang::caller_arg(x), call) {
  force(arg)
  x <- unique(check_numeric(x, arg, ..., call = call))
  if (length(x) == 0L) abort_input("{.arg {arg}} must hold a value.", call = call)
  x
}

new_operating <- function(rows, design, scale, notes = character()) {
  structure(rows, class = c("operating_characteristics", "data.frame"), design = design, scale = scale, notes = notes)
}

# What the effect is on, and how a bias is written: an odds multiplier, or points.
operating_words <- function(x) {
  points <- attr(x, "scale") == "points"
  list(
    points = points,
    tick = \(e) format((if (attr(x, "scale") == "rate") 100 else 1) * e, trim = TRUE, drop0trailing = TRUE),
    excess = switch(attr(x, "scale"), rate = "True excess over the natural rate (percentage points)",
      log_odds = "True excess (log odds)", points = "True excess over the natural value (points)"),
    bias = if (points) "External bias (points)" else "External bias (odds)",
    level = if (points) {
      \(b) sprintf("%+g", signif(b, 2))
    } else {
      \(b) paste0("\u00d7", vapply(signif(exp(b), 3), format, ""))
    }
  )
}

# How other files look at a design: the outcomes it calls a success (treated events down, control events across), and
# its nature.
design_claims <- function(x) x$claims

design_natural <- function(x) x$natural

final_claims <- function(design, call) {
  if (!inherits(design, "trial_design")) {
    abort_input(c("{.arg design} must be a design.", x = "It is {.obj_type_friendly {design}}.",
      i = "Make it with {.fn design_trial}, or of repeated scores with {.fn design_course}."), call = call)
  }
  if (is.null(design_claims(design))) {
    abort_input("This design decides on the way: its characteristics are in {.code tidy(design)}.", call = call)
  }
  design_claims(design)
}

check_truth <- function(truth, own, call) {
  if (is.null(truth)) {
    return(own)
  }
  if (is.numeric(truth)) truth <- natural_rate(check_number(truth, "truth", 0, 1, TRUE, TRUE, call = call))
  if (!inherits(truth, "natural_rate")) {
    abort_input("{.arg truth} must be a natural rate or one number between 0 and 1.", call = call)
  }
  truth
}

# Both routes of the natural rate, as fine as the claims of so many patients need.
claim_surface <- function(claims, natural, excess, bias, on_log_odds, call) {
  routes <- lapply(patient_rates(natural, nrow(claims) + ncol(claims) - 2, call), \(route) {
    core_operating_surface(claims, list(natural = route, excess = excess, bias = bias, on_log_odds = on_log_odds))
  })
  two_routes(routes$fine, routes$coarse, "The operating characteristics", call)
}

#' @export
tidy.operating_characteristics <- function(x, ...) as.data.frame(x)

#' @export
as.data.frame.operating_characteristics <- function(x, ...) {
  attr(x, "design") <- NULL
  attr(x, "scale") <- NULL
  attr(x, "notes") <- NULL
  class(x) <- "data.frame"
  x
}

#' @export
summary.operating_characteristics <- function(object, ...) object

#' @export
print.operating_characteristics <- function(x, digits = 3, ...) {
  rows <- as.data.frame(x)
  words <- operating_words(x)
  cat(wrap_lines(paste0("Success claimed, by true excess (", sub("_", " ", attr(x, "scale")),
    ") and ", sub("^External", "external", words$bias))), sep = "\n")
  shown <- unique(round(seq(1, length(unique(rows$bias)), length.out = min(7, length(unique(rows$bias))))))
  biases <- unique(rows$bias)[shown]
  rows <- rows[rows$bias %in% biases, ]
  excess <- unique(rows$excess)
  few <- excess[unique(round(seq(1, length(excess), length.out = min(15, length(excess)))))]
  table <- vapply(biases, \(b) signif(rows$estimate[rows$bias == b & rows$excess %in% few], digits),
    numeric(length(few)))
  print(matrix(table, nrow = length(few), dimnames = list(signif(few, 3), words$level(biases))))
  if (length(attr(x, "notes")) > 0L) cat(wrap_lines(attr(x, "notes")), sep = "\n")
  invisible(x)
}

#' @rdname operating_characteristics
#' @param x an `operating_characteristics`.
#' @param ... not used.
#' @export
plot.operating_characteristics <- function(x, ...) {
  check_picture(names(formals(plot.operating_characteristics)), ...)
  rows <- as.data.frame(x)
  words <- operating_words(x)
  if (length(unique(rows$bias)) > 8L && length(unique(rows$excess)) > 1L) {
    return(surface_picture(rows, words))
  }
  rows$level <- factor(words$level(rows$bias), unique(words$level(rows$bias)))
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$excess, y = .data$estimate, linetype = .data$level)) +
    ggplot2::geom_line(colour = plot_ink[["dark"]], linewidth = 0.8) +
    ggplot2::scale_x_continuous(labels = words$tick) +
    ggplot2::scale_y_continuous(labels = percent_text, limits = c(0, 1)) +
    ggplot2::labs(x = words$excess, y = "Success claimed", linetype = words$bias, title = operating_title(rows)) +
    plot_theme() +
    ggplot2::theme(legend.position = "bottom", panel.grid.major.y = ggplot2::element_line(colour = plot_ink[["fill"]]))
}

surface_picture <- function(rows, words) {
  rows$up <- rows$bias
  breaks <- c(-0.001, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 0.9, 1.001)
  names <- c("up to 2.5 %", "2.5 to 5 %", "5 to 10 %", "10 to 25 %", "25 to 50 %", "50 to 80 %", "80 to 90 %",
    "above 90 %")
  lines <- c(0.025, 0.8)
  drawn <- lines[lines > min(rows$estimate) & lines < max(rows$estimate)] # the others are not in the picture
  ticks <- if (words$points) pretty(rows$bias) else log(c(0.125, 0.25, 0.5, 1, 2, 4, 8))
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$excess, y = .data$up, z = .data$estimate)) +
    ggplot2::geom_contour_filled(breaks = breaks) +
    ggplot2::geom_contour(breaks = lines, colour = plot_ink[["dark"]], linewidth = 0.5) +
    ggplot2::scale_fill_manual(values = grDevices::grey(seq(1, 0.45, length.out = 8)), labels = names, drop = FALSE,
      name = "Success claimed") +
    ggplot2::scale_x_continuous(labels = words$tick, expand = ggplot2::expansion(0)) +
    ggplot2::scale_y_continuous(breaks = ticks, labels = words$level(ticks), expand = ggplot2::expansion(0)) +
    ggplot2::labs(x = words$excess, y = words$bias, title = operating_title(rows),
      subtitle = if (length(drawn) > 0L) paste0(if (length(drawn) > 1L) "Lines: " else "Line: ",
        paste(percent_text(drawn), collapse = " and "))) +
    plot_theme() +
    ggplot2::theme(legend.key = ggplot2::element_rect(colour = plot_ink[["mid"]]))
}

# What is claimed where nothing is true, if that was asked.
operating_title <- function(rows) {
  none <- rows[rows$excess == 0, ]
  if (nrow(none) == 0L) {
    return(plot_words("How often the design claims success, by what is true"))
  }
  plot_words("Without a true excess success is claimed in ",
    paste(unique(percent_text(range(none$estimate))), collapse = " to "), " of trials",
    if (nrow(none) > 1L) ", by the bias of the evidence")
}
